from __future__ import annotations

import pytest

from tests.e2e.world import (
    PROVIDERS,
    SCOPE,
    World,
    block,
    enforce,
    refused,
)

ENFORCED = "mode: enforce\n    path: direct\n    internal: keep"
MODES = (
    "Say one of: watch (looks and reports, changes nothing), add (lets the list in, closes "
    "nothing), enforce (as add, then closes what else is open)."
)


CONFIGURATIONS = {
    "unknown key": (
        ("mode: add", "mode: add\n    moed: add"),
        "cloudsync.yaml:8: targets[0].moed: unknown key. Nothing was changed. Did you mean mode?",
    ),
    "malformed YAML": (
        ("mode: add", "mode: [add"),
        ("cloudsync.yaml:8: isn't YAML: expected ',' or ']', but got ':' (column 12). "
        "Nothing was changed. Mend this line, or the one before it."),
    ),
    "a tab": (
        ("    mode: add", "\tmode: add"),
        ("cloudsync.yaml:7: isn't YAML: a tab stands before the text. Nothing was changed. "
        "Indent with spaces only."),
    ),
    "unquoted id": (
        ("mode: add", "mode: add\n    accounts: [{id: 012345678901}]"),
        ("cloudsync.yaml:8: targets[0].accounts[0].id: 012345678901 is read as a number. "
        'Nothing was changed. Quote it: "012345678901".'),
    ),
    "unknown mode": (
        ("mode: add", "mode: block"),
        ("cloudsync.yaml:7: targets[0].mode: 'block' isn't a mode. "
        f"Nothing was changed. {MODES}"),
    ),
    "no mode": (
        ("    mode: add\n", ""),
        ("cloudsync.yaml:6: targets[0].mode: is missing, and has no default. "
        f"Nothing was changed. {MODES}"),
    ),
    "enforce alone": (
        ("mode: add", "mode: enforce"),
        ("cloudsync.yaml:6: targets[0].path: enforce needs to know how mail comes here, and it "
        "isn't said. Nothing was changed. Say path: direct where senders connect to these "
        "machines, or path: preserved where a balancer keeps the sender's address.\n"
        "cloudsync.yaml:6: targets[0].internal: enforce needs to know what becomes of internal "
        "addresses, and it isn't said. Nothing was changed. Say internal: keep to go on letting "
        "them in, or internal: close.\n"
        "cloudsync.yaml:6: targets[0].domains: enforce needs the mail domains that preflight tries, "
        "or somebody who answers for closing without it, and names neither. Nothing was changed. "
        "Say domains: [DOMAIN, …] and own_addresses: [ADDRESS, …], or accept_risk: {by: …, reason: "
        "…, until: …}, or set mode: add."),
    ),
    "enforce behind a proxy": (
        ("mode: add", (f"{ENFORCED.replace('direct', 'proxied')}\n"
         "    accept_risk: {by: ann, reason: tried, until: never}")),
        ("cloudsync.yaml:8: targets[0].path: 'proxied' says that these machines see the balancer's "
        "address in place of the sender's, so closing by the list would stop all mail. Nothing "
        "was changed. Put the list on the balancer's own firewall, and set mode: watch here."),
    ),
    "no target with the tags": (
        ("smtp}", "smpt}"),
        (f"cloudsync.yaml:9: targets[0].select: no target matched, in {SCOPE}. Nothing was "
        "changed. Correct select: tag what guards mail servers as it says, or name it there."),
    ),
    "no target with the ids": (
        ("tags: {cloudsync: smtp}", "ids: [sg-0123]"),
        (f"cloudsync.yaml:9: targets[0].select: no target matched, in {SCOPE}. Nothing was "
        "changed. Correct select: tag what guards mail servers as it says, or name it there."),
    ),
    "another account": (
        ("mode: add", 'mode: add\n    accounts: [{id: "210987654321"}]'),
        ("cloudsync.yaml:8: targets[0].accounts: names account 210987654321, and the credentials "
        "belong to 123456789012. Nothing was changed. Use credentials of the account that is named, "
        "or name the role: to assume there."),
    ),
    "the bundled list on a real cloud": (
        ("source: list.txt\n  format: cidr", "source: bundled\n  format: article39"),
        ("cloudsync.yaml:7: targets[0].mode: mode: add would change a real cloud by the bundled "
        "list, which carries the facts of 2009-09-18. Nothing was changed. Name a source of your "
        "own under list:, or set mode: watch."),
    ),
    "an unknown cloud": (
        ("provider: aws", "provider: asw"),
        ("cloudsync.yaml:6: targets[0].provider: is not installed. Nothing was changed. "
        f"Installed are: {PROVIDERS}. A provider of yours is found by the entry point "
        "cloudsync.providers."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_a_wrong_configuration_is_one_message_and_no_change(
    ready: World, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a configuration has wrong is said with its line and the advice, whatever the command."""
    (old, new), message = CONFIGURATIONS[case]
    path = ready.folder / "cloudsync.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    if case == "the bundled list on a real cloud":
        # Nothing is asked there before the refusal: the name leads nowhere.
        monkeypatch.setenv("AWS_ENDPOINT_URL", "https://ec2.invalid")
    for command in ("apply --yes", "plan", "drift"):
        refused(ready, ready.run(*command.split()), 1, message)


FILES = {
    "an empty file": (
        b"",
        "other.yaml: is empty. Nothing was changed. Run cloudsync init, which writes a first one.",
    ),
    "another encoding": (
        "name: mail\n# für alle\n".encode("latin-1"),
        "other.yaml:2: byte 0xfc isn't UTF-8. Nothing was changed. Save the file as UTF-8.",
    ),
    "no mapping": (
        b"- mail\n",
        (
            "other.yaml:1: holds a list, not keys with values. Nothing was changed. Begin with name:, "
            "list: and targets:."
        ),
    ),
    "a NUL": (
        b"name: mail\0\n",
        (
            "other.yaml: isn't YAML: unacceptable character #x0000: special characters are not "
            "allowed. Nothing was changed. Save it as plain UTF-8 text and try again."
        ),
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_configuration(ready: World, case: str) -> None:
    """A file that holds something else is named with what it holds."""
    body, message = FILES[case]
    (ready.folder / "other.yaml").write_bytes(body)
    refused(ready, ready.run("plan", "-c", "other.yaml"), 1, message)


def test_a_configuration_that_isnt_there(ready: World) -> None:
    """A directory, or nothing at all, in the place of the configuration is said as what it is."""
    refused(
        ready,
        ready.run("plan", "-c", "nowhere.yaml"),
        1,
        "nowhere.yaml: there is no such file. Nothing was changed. Write one with cloudsync init, "
        "or name one with -c FILE.",
    )
    refused(
        ready,
        ready.run("plan", "-c", "."),
        1,
        ".: is a directory. Nothing was changed. Name the configuration file in it with -c.",
    )


COMMAND_LINES = {
    "": "Missing command.",
    "aply": "No such command 'aply'. Did you mean 'apply'?",
    "list acept": "No such command 'acept'. Did you mean 'accept'?",
    "plan --fromat json": "No such option: --fromat (Possible options: --format, --out).",
    "plan --format yaml": "Invalid value for '--format': 'yaml' is not one of 'text', 'json', "
    "'markdown', 'html'.",
    "explain 192.0.2.1": "Missing argument 'TARGET'.",
    "plan -c": "Option '-c' requires an argument.",
}


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_a_misspelt_command_line(ready: World, line: str) -> None:
    """What can't be understood ends with 1, never with 2, which says that steps are pending."""
    refused(
        ready,
        ready.run(*line.split()),
        1,
        f"command line: {COMMAND_LINES[line]} Nothing was changed. See cloudsync --help.",
    )


def test_questions_that_explain_cant_answer(ready: World) -> None:
    """An address that is none, and a target that nothing selects, are errors in use."""
    refused(
        ready,
        ready.run("explain", "69.20.58.999", f"{SCOPE}/sg-0"),
        1,
        "69.20.58.999: isn't an address. Nothing was changed. Give one address, such as "
        "69.20.58.226.",
    )
    for target in (f"{SCOPE}/sg-0", f"aws:123456789012/eu-west-1/{SCOPE}", "sg-0", "azure:1/2/3"):
        refused(
            ready,
            ready.run("explain", "69.20.58.226", target),
            1,
            f"{target}: no target block of the configuration selects it. Nothing was changed. "
            "Take a name from cloudsync plan.",
        )


def test_several_blocks_of_one_group(ready: World) -> None:
    """A group that two blocks select could be wanted two ways: refused before the first change."""
    group = ready.guarded[0]
    ready.config(block("add"), enforce())
    refused(
        ready,
        ready.run("apply", "--yes"),
        1,
        f"cloudsync.yaml:10: targets[1]: {SCOPE}/{group} is a target of an earlier block too. "
        "Nothing was changed. Select it in one block only.",
    )
