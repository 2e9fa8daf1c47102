from __future__ import annotations

import functools
import socket
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from cloudsync import database, intake
from cloudsync.source.fetch import fetch
from tests.e2e.world import LIST, REGION, SCOPE, WORLD4, WORLD6, Ran, World, block, enforce, tcp

ENFORCED = "mode: enforce\n    path: direct\n    internal: keep"
ACCEPT = "Say accept_risk: {by: …, reason: …, until: …}, or set mode: add."
MODES = (
    "Say one of: watch (looks and reports, changes nothing), add (lets the list in, closes "
    "nothing), enforce (as add, then closes what else is open)."
)


@pytest.fixture
def ready(world: World) -> World:
    """A group that is open to the world, a configuration in add, and a list that is in force."""
    world.group("open", *tcp(WORLD4, WORLD6))
    world.config()
    world.accepted()
    return world


def refused(world: World, ran: Ran, code: int, message: str) -> None:
    """The command ended with this code and message alone, and no cloud was changed."""
    assert ran == Ran(code, "", f"{message}\n")
    assert world.mutations == []


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
        "cloudsync.yaml:6: targets[0].accept_risk: enforce needs somebody who answers for closing "
        f"without preflight, and names nobody. Nothing was changed. {ACCEPT}"),
    ),
    "enforce by domains": (
        ("mode: add", f"{ENFORCED}\n    domains: [example.com]"),
        ("cloudsync.yaml:10: targets[0].domains: preflight, which would try these domains, isn't "
        f"part of this release. Nothing was changed. {ACCEPT}"),
    ),
    "enforce behind a proxy": (
        ("mode: add", (f"{ENFORCED.replace('direct', 'proxied')}\n"
         "    accept_risk: {by: ann, reason: tried, until: never}")),
        ("cloudsync.yaml:8: targets[0].path: 'proxied' says that these machines see the balancer's "
        "address in place of the sender's, so closing by the list would stop all mail. Nothing "
        "was changed. Put the list on the balancer's own firewall, and set mode: watch here."),
    ),
    "a risk no longer accepted": (
        ("mode: add", f"{ENFORCED}\n    accept_risk: {{by: ann, reason: tried, until: 2020-01-01}}"),
        ("cloudsync.yaml:10: targets[0].accept_risk.until: what 'ann' accepted ended with "
        "2020-01-01. Nothing was changed. Look at the target again and set a later until:, or "
        "set mode: add."),
    ),
    "no target with the tags": (
        ("smtp}", "smpt}"),
        (f"cloudsync.yaml:9: targets[0].select: no target matched, in {SCOPE}. Nothing was "
        "changed. Tag the groups that guard mail servers, or name them by ids."),
    ),
    "no target with the ids": (
        ("tags: {cloudsync: smtp}", "ids: [sg-0123]"),
        (f"cloudsync.yaml:9: targets[0].select: no target matched, in {SCOPE}. Nothing was "
        "changed. Tag the groups that guard mail servers, or name them by ids."),
    ),
    "another account": (
        ("mode: add", 'mode: add\n    accounts: [{id: "210987654321"}]'),
        ("cloudsync.yaml:8: targets[0].accounts: names account 210987654321, and the credentials "
        "belong to 123456789012. Nothing was changed. Use credentials of the account that is "
        "named."),
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
        "Installed are: aws, memory. A provider of yours is found by the entry point "
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


# --------------------------------------------------------------------------------- the source


def test_a_directory_as_source(ready: World) -> None:
    """A directory in the place of the list is an error in use, whatever the command."""
    place = ready.folder / "list.txt"
    place.unlink()
    place.mkdir()
    message = (
        f"{place}: this is a directory. Nothing was changed. Name the file that holds the list."
    )
    for command in ("apply --yes", "plan", "drift", "list", "list accept --yes"):
        refused(ready, ready.run(*command.split()), 1, message)
    refused(ready, ready.run("list", "--source", "list.txt"), 1,
            message.replace(str(place), "list.txt"))  # fmt: skip


SOURCES = {
    "an empty source": (
        b"",
        ": E_EMPTY: 0 bytes. The list in force is unchanged. Check what the source points at.",
    ),
    "comments only": (
        b"# nothing yet\n\n",
        (
            ": E_EMPTY: comments and blank lines only, 0 networks. The list in force is unchanged. "
            "Check what the source points at."
        ),
    ),
    "an internal network": (
        b"69.20.58.226\n10.0.0.0/8\n",
        (
            ":2: E_NOT_GLOBAL: 10.0.0.0/8 lies in 10.0.0.0/8, private use. The list in force is "
            "unchanged. Correct the line, or wait until the publisher does; no line is ever skipped."
        ),
    ),
    "everybody": (
        b"69.20.58.226\n0.0.0.0/0\n",
        (
            ":2: E_TOO_WIDE: 0.0.0.0/0 is wider than /20. The list in force is "
            "unchanged. Correct the line, or wait until the publisher does; no line is ever skipped."
        ),
    ),
    "no address": (
        b"69.20.58.226\nmail.example.com\n",
        (
            ":2: E_ADDR: 'mail.example.com' is no address. The list in force is unchanged. Correct "
            "the line, or wait until the publisher does; no line is ever skipped."
        ),
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_refused_source_leaves_the_list_in_force(ready: World, case: str) -> None:
    """A source that can't be used ends with 5; the run goes on with the list in force."""
    first = ready.run("apply", "--yes")
    assert (first.code, first.err) == (0, "")
    ready.forget()
    body, message = SOURCES[case]
    place = ready.folder / "list.txt"
    place.write_bytes(body)
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (5, f"{place}{message}\n")
    assert ready.mutations == []
    assert ready.run("list").code == 5
    place.write_text("".join(f"{one}\n" for one in LIST), encoding="utf-8")
    assert ready.run("apply", "--yes").code == 0
    assert ready.mutations == []


def test_a_refused_source_and_no_list_in_force(world: World) -> None:
    """Without a list in force a refused source leaves nothing to go on with, and no report."""
    group = world.group("open", *tcp(WORLD4))
    world.config()
    place = world.offer()
    refused(
        world,
        world.run("apply", "--yes"),
        5,
        f"{place}: E_EMPTY: 0 bytes. The list in force is unchanged. Check what the source points "
        "at.",
    )
    assert world.networks(group) == [WORLD4]


def test_a_source_that_isnt_there(ready: World) -> None:
    """A source out of reach ends with 5, and the run goes on with the list in force."""
    place = ready.folder / "list.txt"
    place.unlink()
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (
        5,
        (
            f"{place}: E_UNREACHABLE: No such file or directory. The list in force is unchanged. "
            "Check the name, the path and the way there.\n"
        ),
    )
    assert ready.mutations == ["AuthorizeSecurityGroupIngress"]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a page on a real https server, which says that it has moved."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("list.example.net").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    trust = ssl.create_default_context()
    authority.configure_trust(trust)  # pyright: ignore[reportUnknownMemberType]
    moved = b"HTTP/1.1 302 Found\r\nLocation: https://evil.example.org/a39\r\n\r\n"

    def answer(listener: socket.socket) -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.recv(65_536)
                connection.sendall(moved)

    # The one thing that is put in by hand: that the host is this machine, and may be.
    here = functools.partial(
        fetch, trust=trust, resolve=lambda _host, _port: ["127.0.0.1"], reach=lambda _address: True
    )
    monkeypatch.setattr(intake, "fetch", here)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        yield f"https://list.example.net:{listener.getsockname()[1]}/a39"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_a_host_that_redirects(ready: World, elsewhere: str) -> None:
    """A page that moved is news for a person: nobody follows it, and the list in force goes on."""
    ready.run("apply", "--yes")
    ready.forget()
    ready.config(source=elsewhere)
    message = (
        f"{elsewhere}: E_REDIRECT: status 302 points to 'https://evil.example.org/a39'. The list in force "
        "is unchanged. Open the new address, and if it is right, set it as source.\n"
    )
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (5, message)
    assert ready.mutations == []
    assert ready.run("list") == Ran(5, "", message)


def test_a_list_that_shrank(ready: World) -> None:
    """A list that lost entries beyond the limits is held, and every one of them still gets in."""
    ready.run("apply", "--yes")
    (group,) = ready.guarded
    before = ready.networks(group)
    ready.forget()
    place = ready.offer(*LIST[:7])
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (
        4,
        (
            f"{place}: the list is held: 8 entries are gone, 15 in force (53.4%); the limits are 8 "
            "and 20%: 69.20.58.234/32, 69.20.60.122/32, 72.32.252.16/32, 72.32.252.97/32 and 4 more; "
            "8 IPv4 addresses are gone, 15 in force (53.4%); the limits are 1,024 and 20%. The list "
            "in force is unchanged. Look at it with cloudsync list, and let it through with cloudsync "
            "list accept.\n"
        ),
    )
    assert ready.mutations == []
    assert ready.networks(group) == before


# --------------------------------------------------------------------------------- the cloud


def test_no_credentials(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials nothing can be done at all: an error in use, said once."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    message = (
        "provider aws: no credentials were found (Unable to locate credentials). Nothing was "
        "changed. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where "
        "a role is attached."
    )
    for command in ("apply --yes", "plan", "drift", f"explain 69.20.58.226 {SCOPE}/sg-0"):
        refused(ready, ready.run(*command.split()), 1, message)


def test_a_missing_sdk(ready: World) -> None:
    """A machine without boto3 is told what to install, and shows no traceback."""
    without = """
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, *more):
        hidden = name.partition(".")[0] in {"boto3", "botocore"}
        return None if hidden else self.finder.find_spec(name, *more)
    def __getattr__(self, name):
        return getattr(self.finder, name)
sys.meta_path[:] = [Without(one) for one in sys.meta_path]
"""
    refused(
        ready,
        ready.start("apply", "--yes", code=without),
        1,
        "provider aws: boto3 isn't installed. Nothing was changed. Install cloudsync-smtp[aws].",
    )


def test_an_endpoint_that_is_down(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud that can't be reached is unreadable, never in sync, and ends with 3."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    for command in ("apply --yes", "plan", "drift"):
        ran = ready.run(*command.split())
        assert (ran.code, ran.err) == (
            3,
            (
                "aws: http://127.0.0.1:1 can't be reached. Nothing was changed. Check the network, "
                "and endpoint or AWS_ENDPOINT_URL.\n"
            ),
        )
        assert "1 target: 1 unreadable; no step." in ran.out
    assert ready.mutations == []


def test_access_denied_to_look(ready: World) -> None:
    """Where looking is denied, the message names the action to allow, once for the scope."""
    ready.run("apply", "--yes")
    ready.forget()
    ready.sandbox.faults.denied("DescribeSecurityGroups")
    for command in ("apply --yes", "plan", "drift"):
        ran = ready.run(*command.split())
        assert (ran.code, ran.err) == (
            3,
            (
                f"{SCOPE}: access to DescribeSecurityGroups was denied (UnauthorizedOperation). "
                "Nothing was changed. Allow ec2:DescribeSecurityGroups; "
                "providers/aws/permissions/watch.json holds all that is needed.\n"
            ),
        )
        # The scope, and the target that was there last time.
        assert "2 targets: 2 unreadable; no step." in ran.out
    assert ready.mutations == []


def test_access_denied_to_change(world: World) -> None:
    """Where changing is denied, the message names the action, and the target stays as it is."""
    group = world.group("open", *tcp(WORLD4))
    world.config()
    world.accepted()
    world.sandbox.faults.denied("AuthorizeSecurityGroupIngress")
    ran = world.run("apply", "--yes")
    assert (ran.code, ran.err) == (
        3,
        (
            f"{SCOPE}/{group}: AuthorizeSecurityGroupIngress: You are not authorized to perform this "
            "operation (UnauthorizedOperation). This step was not done. Allow "
            "ec2:AuthorizeSecurityGroupIngress; providers/aws/permissions/write.json holds all that "
            "is needed.\n"
        ),
    )
    assert world.networks(group) == [WORLD4]


def test_a_group_deleted_between_plan_and_apply(ready: World) -> None:
    """A group that vanishes while its step is under way is gone, and never silently in sync."""
    group = ready.guarded[0]
    seen = 0

    def delete(call: object) -> None:
        nonlocal seen
        if getattr(call, "action", "") == "DescribeSecurityGroups":
            seen += 1
            # The look before the plan is answered from what was; then somebody deletes it.
            if seen == 1:
                ready.sandbox.delete_group(REGION, group)

    ready.sandbox.after_call(delete)
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (
        3,
        (
            f"{SCOPE}/{group}: AuthorizeSecurityGroupIngress: The security group '{group}' does not "
            "exist (InvalidGroup.NotFound). This step was not done. The group changed meanwhile; the "
            "next run looks again.\n"
            f"{SCOPE}/{group}: it was there when the run began and isn't now. Nothing was changed. "
            "Find out who deleted it or took its tags away.\n"
        ),
    )
    assert group not in ready.sandbox.groups(REGION)


def test_a_group_deleted_since_the_last_run(ready: World) -> None:
    """A target that was there last time and is gone is reported as gone, with another beside it."""
    gone = ready.group("going", *tcp(WORLD4))
    ready.run("apply", "--yes")
    ready.forget()
    ready.sandbox.delete_group(REGION, gone)
    for command in ("apply --yes", "plan", "drift"):
        ran = ready.run(*command.split())
        assert ran.code == 3
        when = ran.err.partition(" on ")[2].partition(" UTC")[0]
        assert ran.err == (
            f"{SCOPE}/{gone}: it was there on {when} UTC and isn't now; if that is right, say "
            f"cloudsync forget {SCOPE}/{gone}. Nothing was changed. Find out who deleted it or "
            "took its tags away.\n"
        )
        assert "2 targets: 1 gone and 1 open; no step." in ran.out
    assert ready.mutations == []


def test_a_group_that_is_gone_for_good(ready: World) -> None:
    """A target that was deleted on purpose is missed until somebody says that it may be forgotten."""
    gone = ready.group("going", *tcp(WORLD4))
    ready.run("apply", "--yes")
    ready.sandbox.delete_group(REGION, gone)
    assert ready.run("drift").code == 3
    assert ready.run("forget", f"{SCOPE}/{gone}") == Ran(
        0, "", f"{SCOPE}/{gone}: it is missed no more. No cloud was changed.\n"
    )
    ran = ready.run("drift")
    assert (ran.code, ran.err) == (2, "")
    assert ran.out.startswith("1 target: 1 open; no step.\n")
    assert ready.run("forget", f"{SCOPE}/{gone}") == Ran(
        1,
        "",
        f"{SCOPE}/{gone}: it isn't remembered. Nothing was changed. Take a name from cloudsync "
        "drift.\n",
    )


# --------------------------------------------------------------------------------- the state


RESTORE = (
    "Nothing was changed. Restore it from a backup, or move it away: without state the own rules "
    "in the clouds are the list to compare with."
)


def test_damaged_state(ready: World) -> None:
    """A state that isn't what was written is never taken for an empty one."""
    place = ready.folder / "cloudsync.db"
    place.write_bytes(b"not a database, but long enough to be looked at as one by its header" * 9)
    refused(
        ready,
        ready.run("apply", "--yes"),
        1,
        f"{place}: the file isn't a database (file is not a database). {RESTORE}",
    )
    place.write_bytes(b"")
    refused(
        ready, ready.run("apply", "--yes"), 1, f"{place}: the database is empty, 0 bytes. {RESTORE}"
    )


def test_state_of_a_newer_release(ready: World) -> None:
    """A state that a newer release wrote isn't touched by an older one."""
    place = ready.folder / "cloudsync.db"
    connection = sqlite3.connect(place)
    connection.execute("pragma user_version = 9")
    connection.close()
    refused(
        ready,
        ready.run("apply", "--yes"),
        1,
        f"{place}: its schema is version 9, this release knows 1. Nothing was changed. Use the "
        "release that wrote it, or a newer one.",
    )


@pytest.mark.parametrize("more", [(), ("69.20.58.235",)])
def test_read_only_state(
    ready: World, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """A state that can't be written stops the run before the first call that changes anything."""

    def read_only(path: str, busy: float) -> sqlite3.Connection:
        # Root may write whatever the mode says, so that the mode alone would test nothing there.
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=busy, isolation_level=None)

    monkeypatch.setattr(database, "_connect", read_only)
    ready.offer(*LIST, *more)
    refused(
        ready,
        ready.run("apply", "--yes"),
        1,
        f"{ready.folder}/cloudsync.db: the database can't be written (attempt to write a readonly "
        "database). Nothing was changed. Allow this user to write to it and its folder.",
    )


def test_state_that_another_process_holds(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that is locked when a run ends loses no report of what the run did."""
    place = str(ready.folder / "cloudsync.db")
    impatient = functools.partial(database.SqliteStore.open, busy=0.1)
    monkeypatch.setattr(database.SqliteStore, "open", impatient)
    other = sqlite3.connect(place, isolation_level=None, check_same_thread=False)

    def hold(call: object) -> None:
        if getattr(call, "mutating", False):
            other.execute("begin immediate")

    ready.sandbox.after_call(hold)
    try:
        ran = ready.run("apply", "--yes")
    finally:
        other.close()
    assert (ran.code, ran.err) == (
        1,
        (
            f"{place}: another process holds the database (database is locked). What was done in the "
            "clouds is kept, and is in the report. Wait for it to end, or stop it.\n"
        ),
    )
    assert ran.out.startswith("1 of 1 step done.\n")
    ready.sandbox.after_call(None)
    assert ready.run("apply", "--yes").code == 0
    assert ready.mutations == ["AuthorizeSecurityGroupIngress"]


def test_state_in_a_folder_that_isnt_there(ready: World) -> None:
    """A state whose folder is missing is said to be so: no folder is made by a misspelling."""
    ready.config(more="state: sqlite:///stat/cloudsync.db")
    refused(
        ready,
        ready.run("apply", "--yes"),
        1,
        f"{ready.folder}/stat/cloudsync.db: the folder {ready.folder}/stat isn't there. Nothing "
        "was changed. Make it, or correct state:.",
    )


# --------------------------------------------------------------------------------- saved plans


SAVE = "Save one with cloudsync plan --format json --out FILE."


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("", "it is no saved plan"),
        ("[1]", "it is no saved plan"),
        ("{}", "it is no saved plan"),
        ("\xff", "it is no saved plan"),
        ('{"schema": "cloudsync.list/1"}', "it is a cloudsync.list/1, not a cloudsync.plan/1"),
        (None, "can't be read: No such file or directory"),
    ],
)
def test_a_file_that_is_no_saved_plan(ready: World, body: str | None, what: str) -> None:
    """What isn't a saved plan is never applied, and nothing is applied in its place."""
    if body is not None:
        Path("plan.json").write_bytes(body.encode("latin-1"))
    refused(
        ready,
        ready.run("apply", "plan.json"),
        1,
        f"plan.json: {what}. Nothing was changed. {SAVE}",
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
