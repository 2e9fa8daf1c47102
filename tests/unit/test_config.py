from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.config import (
    Config,
    ConfigError,
    Settings,
    TargetSettings,
    active,
    demands,
    load,
    read,
)
from cloudsync.config.document import MAX_CHARACTERS, parse
from cloudsync.config.schema import schema
from cloudsync.config.times import duration, written_duration
from cloudsync.config.values import on_loopback
from cloudsync.errors import CloudsyncError, Exit, UsageError
from cloudsync.vetting.limits import Limits
from tests.needs import missing

FILE = Path("/etc/cloudsync/mail.yaml")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MODES = (
    "Say one of: watch (looks and reports, changes nothing), add (lets the list in, closes "
    "nothing), enforce (as add, then closes what else is open)."
)


class Where(Settings):
    """What the toy cloud selects by."""

    ids: tuple[str, ...] = ()
    """Ids."""


class ToySettings(TargetSettings):
    """A target block of a cloud that doesn't exist."""

    provider: Literal["toy"] = "toy"
    """toy."""
    account: str | None = None
    """An id."""
    select: Where = Where()
    """What is meant."""


def providers(name: str) -> type[TargetSettings]:
    """The only provider there is."""
    if name == "toy":
        return ToySettings
    raise UsageError(name, f"no provider is called '{name}'; there is toy", todo="Install it.")


TOP = "name: mail-prod\nlist: {source: a.txt, format: cidr}\n"
TARGET = "targets:\n  - provider: toy\n    mode: watch\n"
WHOLE = TOP + TARGET


def reading(text: str) -> Config:
    """The configuration that ``text`` is."""
    return read(text, FILE, providers=providers)


def refusal(text: str) -> str:
    """The whole message that ``text`` gets, with the file's name cut off each line."""
    with pytest.raises(UsageError) as caught:
        reading(text)
    assert caught.value.exit_code is Exit.ERROR
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(FILE)) for line in lines)
    return "\n".join(line.removeprefix(str(FILE)) for line in lines)


# ---------------------------------------------------------------------------------- what is read


def test_a_short_file_has_every_default() -> None:
    """Name, list and one target with its mode are enough; the rest has its documented default."""
    config = reading(WHOLE)
    assert config.name == "mail-prod"
    assert config.removals.reads == 2
    assert config.removals.apart == timedelta(hours=6)
    assert config.removals.grace == timedelta(days=7)
    assert config.settle == timedelta(seconds=90)
    assert (config.list.widen, config.list.shoreline, config.list.limits) == ("none", (), {})
    (target,) = config.targets
    assert (target.mode, target.ports, target.widen, target.shoreline) == (
        "watch",
        (25,),
        None,
        None,
    )
    assert not (target.override_denies)
    assert not (target.close_opaque)
    assert not (target.shared)


FULL = """\
name: mail-prod                 # a comment
list:
  source: https://lists.example/filter
  format: page
  widen: 24
  accept_bundled: 2009-09-18
  limits: {grow_entries: 3, grow_ipv6: 1208925819614629174706176}
  anchors: [192.0.2.0/24, "2001:db8::/32"]
  page: {start: From here, end: To here, minimum: 1, maximum: 40, host_suffixes: [Example.com.]}
removals: {reads: 3, apart: 90m, grace: 2w}
settle: 30s
state: sqlite:////var/lib/cloudsync.db
targets:
  - provider: toy
    mode: enforce
    ports: [25, 2525]
    widen: none
    shoreline: [EXG3]
    also_allow:
      - {network: 10.20.0.0/16, owner: mail team, reason: relays, until: never}
      - {group: sg-0abc, owner: mail team, reason: relays, until: 2026-12-31}
      - {prefix_list: pl-0abc, owner: mail team, reason: relays, until: "2026-12-31T18:00+01:00"}
      - {tag: no, owner: mail team, reason: relays, until: 2026-12-31T18:00Z}
    internal: keep
    path: preserved
    domains: [example.com]
    own_addresses: [203.0.113.25, "2001:db8::25"]
    accept_risk: {by: A. Person, reason: tried by hand, until: 2027-01-31}
    override_denies: true
    close_opaque: true
    shared: true
    priority: {from: 100, to: 199}
    managed_by: Terraform
    endpoint: http://127.0.0.1:5000
    account: "012345670123"
"""


def test_every_key_is_read() -> None:
    """Each key of the format arrives as the value it stands for."""
    config = reading(FULL)
    assert config.list.widen == "24"
    assert config.list.accept_bundled == date(2009, 9, 18)
    assert Limits(**config.list.limits) == Limits(grow_entries=3, grow_ipv6=2**80)
    assert config.list.anchors == (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
    assert config.list.page is not None
    assert config.list.page.host_suffixes == ("example.com",)
    assert (config.list.page.widest_ipv4, config.list.page.widest_ipv6) == (20, 32)
    assert config.removals.apart == timedelta(minutes=90)
    assert config.removals.grace == timedelta(weeks=2)
    (target,) = config.targets
    assert isinstance(target, ToySettings)
    assert [also.source for also in target.also_allow] == [
        "10.20.0.0/16",
        "sg-0abc",
        "pl-0abc",
        "no",
    ]
    assert [also.until for also in target.also_allow] == [
        "never",
        date(2026, 12, 31),
        datetime(2026, 12, 31, 17, tzinfo=UTC),
        datetime(2026, 12, 31, 18, tzinfo=UTC),
    ]
    assert target.own_addresses == (ip_address("203.0.113.25"), ip_address("2001:db8::25"))
    assert target.priority is not None
    assert (target.priority.first, target.priority.last) == (100, 199)
    assert target.account == "012345670123"
    assert target.on_loopback
    assert (target.index, target.where) == (0, f"{FILE}:14: targets[0]")
    assert target.at("also_allow", 1, "until") == f"{FILE}:21: targets[0].also_allow[1].until"


def test_relative_paths_start_from_the_folder_of_the_file() -> None:
    """A relative list and a relative database are beside the configuration, wherever it is run."""
    config = reading(WHOLE)
    assert config.source == "/etc/cloudsync/a.txt"
    assert config.state_url == "sqlite:////etc/cloudsync/cloudsync.db"
    assert config.file == FILE


def test_absolute_places_stay_as_they_are() -> None:
    """An absolute path, a URL, the bundled list and another kind of state aren't touched."""
    full = reading(FULL)
    assert full.source == "https://lists.example/filter"
    assert full.state_url == "sqlite:////var/lib/cloudsync.db"
    other = reading(
        WHOLE.replace("a.txt, format: cidr", "bundled, format: article39") + "state: memory://\n"
    )
    assert (other.source, other.state_url) == ("bundled", "memory://")
    assert reading(WHOLE.replace("a.txt", "/srv/a.txt")).source == "/srv/a.txt"


def test_the_digest_is_of_what_is_said() -> None:
    """Comments, order and a default written out change no digest; any value does."""
    digest = reading(WHOLE).digest
    assert reading(f"# a comment\n{TARGET}{TOP}settle: 90s\n").digest == digest
    assert reading(WHOLE.replace("watch", "add")).digest != digest
    assert reading(f"{WHOLE}    account: x\n").digest != digest
    assert digest.startswith("sha256:")


def test_a_file_is_loaded_with_its_byte_order_mark(tmp_path: Path) -> None:
    """A file of an editor that writes a byte order mark is read like any other."""
    path = tmp_path / "mail.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.encode())
    config = load(str(path), providers=providers)
    assert config.digest == reading(WHOLE).digest
    assert config.source == str(tmp_path / "a.txt")


def test_a_target_made_in_code_names_itself_in_messages() -> None:
    """Without a file, a message still names the block and the key."""
    assert ToySettings(mode="watch").at("path") == "targets[0].path"


# ---------------------------------------------------------------------------------- the file itself


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that isn't there gets the way to a first one."""
    path = tmp_path / "no.yaml"
    with pytest.raises(UsageError) as caught:
        load(path, providers=providers)
    assert str(caught.value) == (
        f"{path}: there is no such file. Nothing was changed. "
        "Run cloudsync init, which writes one, or name another with -c."
    )


def test_a_directory_is_no_configuration(tmp_path: Path) -> None:
    """A directory is refused as one."""
    with pytest.raises(UsageError) as caught:
        load(tmp_path, providers=providers)
    assert str(caught.value) == (
        f"{tmp_path}: is a directory. Nothing was changed. "
        "Name the configuration file in it with -c."
    )


def test_a_path_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """What the system says about a path is passed on."""
    path = tmp_path / "file" / "mail.yaml"
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError) as caught:
        load(path, providers=providers)
    assert str(caught.value) == (
        f"{path}: can't be read: {os.strerror(20)}. Nothing was changed. "
        "Mend that, or name another file with -c."
    )
    with pytest.raises(UsageError) as caught:
        load("a\0b", providers=providers)
    assert caught.value.what == "can't be read: embedded null byte"


def test_bytes_that_are_not_utf8_are_refused_with_their_line(tmp_path: Path) -> None:
    """Another encoding is refused, not guessed."""
    path = tmp_path / "mail.yaml"
    path.write_bytes(b"name: x\nlist: \xe4\n")
    with pytest.raises(UsageError) as caught:
        load(path, providers=providers)
    assert str(caught.value) == (
        f"{path}:2: byte 0xe4 isn't UTF-8. Nothing was changed. Save the file as UTF-8."
    )


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": is empty. Nothing was changed. Run cloudsync init, which writes a first one."),
        (
            "# only a comment\n---\n",
            ": is empty. Nothing was changed. Run cloudsync init, which writes a first one.",
        ),
        (
            "just words\n",
            (
                ":1: holds text, not keys with values. Nothing was changed. "
                "Begin with name:, list: and targets:."
            ),
        ),
        (
            "\n- a\n- b\n",
            (
                ":2: holds a list, not keys with values. Nothing was changed. "
                "Begin with name:, list: and targets:."
            ),
        ),
        (
            "name: x\nlist:\n\tsource: y\n",
            (
                ":3: isn't YAML: a tab stands before the text. Nothing was changed. "
                "Indent with spaces only."
            ),
        ),
        (
            "name: x\nlist: {source: y\ntargets: z\n",
            (
                ":3: isn't YAML: expected ',' or '}', but got ':' (column 8). Nothing was changed. "
                "Mend this line, or the one before it."
            ),
        ),
        (
            "name: x: y\n",
            (
                ":1: isn't YAML: mapping values are not allowed here (column 8). Nothing was changed. "
                "Mend this line, or the one before it."
            ),
        ),
        (
            "name: \x07\n",
            (
                ": isn't YAML: unacceptable character #x0007: special characters are not allowed. "
                "Nothing was changed. Save it as plain UTF-8 text and try again."
            ),
        ),
        (
            f"{WHOLE}---\nname: other\n",
            (
                ":6: a second document begins here. Nothing was changed. "
                "Write one installation a file, without a line of dashes."
            ),
        ),
        (
            f"name: {'[' * 40}{']' * 40}\n",
            (
                ":1: nests deeper than 16 levels. Nothing was changed. "
                "Look for brackets or dashes that don't belong here."
            ),
        ),
        (
            "? [a, b]\n: c\n",
            ":1: a key here isn't plain text. Nothing was changed. Write KEY: VALUE.",
        ),
        (
            "x" * (MAX_CHARACTERS + 1),
            (
                ": has 1,048,577 characters, the limit is 1,048,576. Nothing was changed. "
                "Split it: one file for each installation."
            ),
        ),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_whole(text: str, message: str) -> None:
    """What isn't one mapping in YAML gets one line, with its place."""
    assert refusal(text) == message


# ---------------------------------------------------------------------------------- its values


def target(*lines: str) -> str:
    """A configuration whose target has these further lines, the first of them on line 6."""
    return WHOLE + "".join(f"    {line}\n" for line in lines)


ALSO = "also_allow: [{owner: o, reason: r, until: never, "
NEVER = "Nothing was changed."
HOLE = f"nothing stands behind it. {NEVER} Give a value, or leave it out."
DATES = "Write never, a day (2026-12-31), or a moment with its zone (2026-12-31T18:00Z)."
LENGTHS = "Write a number and one of s, m, h, d, w: 90s, 6h, 7d."
SECRET = "the URL holds a user or a password"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{WHOLE}nmae: x\n", f":6: nmae: unknown key. {NEVER} Did you mean name?"),
        (
            f"{WHOLE}zzzzzz: x\n",
            (
                f":6: zzzzzz: unknown key. {NEVER} Known here: name, list, removals, history, "
                "approvals, schedule, ping, settle, at_once, deadline, state, preflight, targets, "
                "alerts, blind, exports, terraform."
            ),
        ),
        (target("pth: direct"), f":6: targets[0].pth: unknown key. {NEVER} Did you mean path?"),
        (
            target("select: {id: [x]}"),
            f":6: targets[0].select.id: unknown key. {NEVER} Did you mean ids?",
        ),
        (
            target("priority: {form: 1, to: 2}"),
            (
                f":6: targets[0].priority.from: is missing. {NEVER} "
                "Add from: the first number: own allows stand here.\n"
                f":6: targets[0].priority.form: unknown key. {NEVER} Did you mean from?"
            ),
        ),
        (
            target("priority: {first: 1, to: 2}"),
            (
                f":6: targets[0].priority.from: is missing. {NEVER} "
                "Add from: the first number: own allows stand here.\n"
                f":6: targets[0].priority.first: unknown key. {NEVER} Known here: from, to."
            ),
        ),
        (
            f"{WHOLE}name: other\n",
            f":6: name: stands here again, and first on line 1. {NEVER} Keep one of the two.",
        ),
        (
            f"{WHOLE}name: [{{a: ~}}]\n",
            f":6: name: stands here again, and first on line 1. {NEVER} Keep one of the two.",
        ),
        (target("account:"), f":6: targets[0].account: {HOLE}"),
        (target("domains: [a.example, ~]"), f":6: targets[0].domains[1]: {HOLE}"),
        (f"name:\n{WHOLE.partition(chr(10))[2]}", f":1: name: {HOLE}"),
        (
            target("account: 012345670123"),
            (
                f":6: targets[0].account: 012345670123 is read as a number. {NEVER} "
                'Quote it: "012345670123".'
            ),
        ),
        (
            target("account: 1_000", "managed_by: 1e5"),
            f':7: targets[0].managed_by: 1e5 is read as a number. {NEVER} Quote it: "1e5".',
        ),
        (
            target("account: true"),
            f':6: targets[0].account: true is read as true or false. {NEVER} Quote it: "true".',
        ),
        (
            target("account: [x]"),
            f":6: targets[0].account: is a list, not text. {NEVER} Write one value.",
        ),
        (
            WHOLE.replace("watch", "wach"),
            f":5: targets[0].mode: 'wach' isn't a mode. {NEVER} {MODES}",
        ),
        (
            WHOLE.replace("    mode: watch\n", ""),
            f":4: targets[0].mode: is missing, and has no default. {NEVER} {MODES}",
        ),
        (WHOLE.replace("watch", "on"), f":5: targets[0].mode: 'on' isn't a mode. {NEVER} {MODES}"),
        (
            WHOLE.replace("watch", ""),
            f":5: targets[0].mode: {HOLE}",
        ),
        (
            WHOLE.replace("provider: toy", "provider: tyo"),
            (
                f":4: targets[0].provider: no provider is called 'tyo'; there is toy. {NEVER} "
                "Install it."
            ),
        ),
        (
            WHOLE.replace("provider: toy", "kind: x"),
            f":4: targets[0].provider: is missing. {NEVER} Name the cloud, such as provider: aws.",
        ),
        (
            WHOLE.replace("provider: toy", "provider: 7"),
            (
                f":4: targets[0].provider: is a number, not a provider's name. {NEVER} "
                "Name the cloud, such as provider: aws."
            ),
        ),
        (WHOLE.replace("provider: toy", "provider:"), f":4: targets[0].provider: {HOLE}"),
        (
            f"{TOP}targets: [toy]\n",
            (
                f":3: targets[0]: is text, not keys with values. {NEVER} "
                "Begin with provider: and mode:."
            ),
        ),
        (f"{TOP}targets: []\n", f":3: targets: is empty. {NEVER} Name at least one."),
        (
            f"{TOP}targets: toy\n",
            f":3: targets: is text, not a list. {NEVER} Write [ONE, ANOTHER].",
        ),
        (TOP, f":1: targets: is missing. {NEVER} Add targets: what is guarded."),
        (
            WHOLE.replace("list: {source: a.txt, format: cidr}", "list: a.txt"),
            f":2: list: is text, not keys with values. {NEVER} Write KEY: VALUE below it.",
        ),
        (
            WHOLE.replace("cidr", "csv"),
            (
                f":2: list.format: 'csv' isn't known here. {NEVER} "
                "Say one of: 'article39', 'page' or 'cidr'."
            ),
        ),
        (
            target("ports: [0, 65536, x]"),
            (
                f":6: targets[0].ports[0]: '0' is less than 1. {NEVER} Write 1 or more.\n"
                f":6: targets[0].ports[1]: '65536' is more than 65535. {NEVER} "
                "Write 65535 or less.\n"
                f":6: targets[0].ports[2]: 'x' isn't a number. {NEVER} "
                "Write a whole number, without quotes."
            ),
        ),
        (
            target("ports: [25, 26, 25]"),
            f":6: targets[0].ports[2]: 25 stands twice. {NEVER} Keep one of the two.",
        ),
        (
            target("shared: yes"),
            (
                f":6: targets[0].shared: 'yes' is neither true nor false. {NEVER} "
                "Say true or false, without quotes."
            ),
        ),
        (
            target("managed_by: ' '"),
            f":6: targets[0].managed_by: is empty. {NEVER} Give a value, or leave it out.",
        ),
        (
            target(f"managed_by: {'x' * 201}"),
            f":6: targets[0].managed_by: is longer than 200 characters. {NEVER} Shorten it.",
        ),
        (
            target("shoreline: [EXGX]"),
            (
                f":6: targets[0].shoreline[0]: 'EXGX' isn't of the right shape. {NEVER} "
                "Write EXG3 or EXG4."
            ),
        ),
        (
            target("priority: {from: 9, to: 8}"),
            f":6: targets[0].priority: from 9 to 8 holds no number. {NEVER} Swap the two.",
        ),
        (
            WHOLE.replace("mail-prod", "Mail"),
            (
                f":1: name: 'Mail' isn't of the right shape. {NEVER} "
                "Use up to 40 of a-z, 0-9 and hyphens, such as mail-prod."
            ),
        ),
        (
            WHOLE.replace("mail-prod", "a" * 41),
            (
                f":1: name: '{'a' * 41}' isn't of the right shape. {NEVER} "
                "Use up to 40 of a-z, 0-9 and hyphens, such as mail-prod."
            ),
        ),
        (
            WHOLE.replace("mail-prod", "terraform"),
            (
                f":1: name: 'terraform' is what our Terraform modules are marked with. {NEVER} "
                "Choose another."
            ),
        ),
        (
            WHOLE.replace("mail-prod", "mail-list"),
            (
                f":1: name: 'mail-list': 'list' in it could be read as a rule's purpose. {NEVER} "
                "Choose another, such as mail-prod."
            ),
        ),
        (
            WHOLE.replace("mail-prod", "mail-"),
            f":1: name: 'mail-': has a hyphen too many. {NEVER} Choose another, such as mail-prod.",
        ),
        (
            f"{WHOLE}settle: 90\n",
            f":6: settle: 90 isn't a length of time. {NEVER} {LENGTHS}",
        ),
        (
            f"{WHOLE}settle: 9 s\n",
            f":6: settle: '9 s' isn't a length of time. {NEVER} {LENGTHS}",
        ),
        (
            f"{WHOLE}settle: [9s]\n",
            f":6: settle: a list isn't a length of time. {NEVER} {LENGTHS}",
        ),
        (
            f"{WHOLE}settle: 3651d\n",
            f":6: settle: '3651d' is longer than 3,650 days. {NEVER} Write less.",
        ),
        (
            f"{WHOLE}removals: {{reads: 0}}\n",
            f":6: removals.reads: '0' is less than 1. {NEVER} Write 1 or more.",
        ),
        (
            f"{WHOLE}state: cloudsync.db\n",
            (
                f":6: state: 'cloudsync.db' names no state. {NEVER} "
                "Write sqlite:///FILE, which is beside this file."
            ),
        ),
        (
            f"{WHOLE}state: postgresql://me:pw@db/x\n",
            f":6: state: {SECRET}. {NEVER} Take it out: no secret stands here.",
        ),
        (
            f"{WHOLE}a: &x 1\nb: *x\nstate: !!str s\n",
            (
                f":6: a: '&x' is an anchor, and a configuration has none. {NEVER} "
                "Write the value out.\n"
                f":7: b: '*x' is an alias, and a configuration has none. {NEVER} "
                "Write the value out.\n"
                f":8: state: 'tag:yaml.org,2002:str' is a tag, and a configuration has none. {NEVER} "
                "Write the value out."
            ),
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_the_way_out(text: str, message: str) -> None:
    """Each mistake gets its whole line: where, which key, what, what was done, what to do."""
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("also", "message"),
    [
        (
            "network: 10.0.0.1/8",
            (
                ".network: '10.0.0.1/8' has bits beyond its length. Nothing was changed. "
                "Write 10.0.0.0/8, or the address that was meant with /32."
            ),
        ),
        (
            "network: 010.0.0.0/8",
            (
                ".network: '010.0.0.0/8' isn't a network. Nothing was changed. "
                "Write it as ADDRESS/LENGTH: 10.20.0.0/16."
            ),
        ),
        (
            "network: 10.0",
            (
                ".network: 10.0 isn't a network. Nothing was changed. "
                "Write it as ADDRESS/LENGTH: 10.20.0.0/16."
            ),
        ),
        (
            "network: 10.0.0.0/255.0.0.0",
            (
                ".network: '10.0.0.0/255.0.0.0' isn't a network. Nothing was changed. "
                "Write it as ADDRESS/LENGTH: 10.20.0.0/16."
            ),
        ),
        (
            'network: "::ffff:10.0.0.0/104"',
            (
                ".network: '::ffff:10.0.0.0/104' is an IPv4 network in IPv6 form. "
                "Nothing was changed. Write it as IPv4."
            ),
        ),
        (
            "network: 0.0.0.0/0",
            (
                ".network: 0.0.0.0/0 is wider than /8, the widest that may be let in beside the list. "
                "Nothing was changed. Name the networks that send mail here."
            ),
        ),
        (
            'network: "fc00::/6"',
            (
                ".network: fc00::/6 is wider than /7, the widest that may be let in beside the list. "
                "Nothing was changed. Name the networks that send mail here."
            ),
        ),
        (
            "network: 10.0.0.0/8, tag: x",
            (
                ": names 2 sources (network, tag). Nothing was changed. Give exactly one of network, "
                "group, prefix_list, tag; write one entry for each."
            ),
        ),
    ],
)
def test_a_wrong_exception_is_refused(also: str, message: str) -> None:
    """What is let in beside the list is one exact source, and never the world."""
    assert refusal(target(f"{ALSO}{also}}}]")) == f":6: targets[0].also_allow[0]{message}"


def test_an_exception_without_a_source_is_refused() -> None:
    """Somebody who answers for nothing is told so."""
    assert refusal(target("also_allow: [{owner: o, reason: r, until: never}]")) == (
        ":6: targets[0].also_allow[0]: names no source. Nothing was changed. Give exactly one of "
        "network, group, prefix_list, tag; write one entry for each."
    )


def test_an_exception_says_who_why_and_until_when() -> None:
    """Owner, reason and end have no default."""
    assert refusal(target("also_allow: [{network: 10.0.0.0/8}]")) == "\n".join(
        f":6: targets[0].also_allow[0].{key}: is missing. Nothing was changed. Add {key}: {what}."
        for key, what in (
            ("owner", "who answers for it"),
            ("reason", "why it is needed"),
            (
                "until",
                "when it ends: never, a day (which still counts, in UTC), or a moment with its zone",
            ),
        )
    )


@pytest.mark.parametrize(
    "until",
    ["2026-02-30", "20261231", "tomorrow", "2026-12-31T18:00", "2026-12-31T25:00Z", "Never"],
)
def test_an_end_that_is_no_date_is_refused(until: str) -> None:
    """An end is never, a real day, or a moment with its zone."""
    text = target(f"also_allow: [{{network: 10.0.0.0/8, owner: o, reason: r, until: '{until}'}}]")
    assert refusal(text) == (
        f":6: targets[0].also_allow[0].until: '{until}' isn't a date. Nothing was changed. {DATES}"
    )


@pytest.mark.parametrize(
    ("address", "what", "todo"),
    [
        ("203.0.113.0/24", "'203.0.113.0/24' isn't an address", None),
        ("host", "'host' isn't an address", None),
        ("1.2.3", "'1.2.3' isn't an address", None),
        (
            "::ffff:1.2.3.4",
            "'::ffff:1.2.3.4' is an IPv4 address in IPv6 form",
            "Write it as IPv4.",
        ),
    ],
)
def test_a_wrong_own_address_is_refused(address: str, what: str, todo: str | None) -> None:
    """An own address is one address, in its own family."""
    assert refusal(target(f'own_addresses: ["{address}"]')) == (
        f":6: targets[0].own_addresses[0]: {what}. Nothing was changed. "
        f"{todo or 'Write one address, without a length: 203.0.113.25.'}"
    )


@pytest.mark.parametrize(
    "domain", ["localhost", "exa mple.com", "bücher.example", "1.2.3.4", "a..b"]
)
def test_a_wrong_domain_is_refused(domain: str) -> None:
    """A domain is written as DNS has it."""
    assert refusal(target(f"domains: [{domain}]")) == (
        f":6: targets[0].domains[0]: '{domain}' isn't a domain name. Nothing was changed. "
        "Write it in ASCII, as it stands in DNS: example.com."
    )


@pytest.mark.parametrize(
    ("endpoint", "what", "todo"),
    [
        ("ec2.example", "'ec2.example' isn't a URL", "Write https://HOST or https://HOST:PORT."),
        ("https://h:x", "'https://h:x' isn't a URL", "Write https://HOST or https://HOST:PORT."),
        ("https://h:0", "'https://h:0' isn't a URL", "Write https://HOST or https://HOST:PORT."),
        (
            "https://me:pw@h",
            "the URL holds more than a host, a port and a path",
            "Write https://HOST:PORT; a secret never stands in this file.",
        ),
        (
            "http://ec2.example",
            "'http://ec2.example' isn't encrypted",
            "Use https; http is for loopback only.",
        ),
    ],
)
def test_a_wrong_endpoint_is_refused(endpoint: str, what: str, todo: str) -> None:
    """An endpoint is encrypted or on this machine, and holds no secret, which isn't repeated."""
    assert refusal(target(f'endpoint: "{endpoint}"')) == (
        f":6: targets[0].endpoint: {what}. Nothing was changed. {todo}"
    )


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://127.0.0.1:5000", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:5000", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1.example", False),
        ("https://10.0.0.1", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_alone(url: str, answer: bool) -> None:
    """A name that only looks like loopback isn't."""
    assert on_loopback(url) is answer


def listed(rest: str) -> str:
    """A configuration with this under ``list:``."""
    return f"name: x\nlist: {{{rest}}}\n{TARGET}"


LAYOUT = "page: {start: a, end: b, minimum: 2, maximum: 9}"


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (
            "source: ' ', format: cidr",
            ".source: names nothing. Nothing was changed. Name a file, an https URL, or bundled.",
        ),
        (
            'source: "http://lists.example/x", format: cidr',
            (
                ".source: 'http://lists.example/x' isn't an https URL. Nothing was changed. "
                "Name a file, an https URL, or bundled."
            ),
        ),
        (
            'source: "https://[x", format: cidr',
            (
                ".source: 'https://[x' isn't an https URL. Nothing was changed. "
                "Name a file, an https URL, or bundled."
            ),
        ),
        (
            'source: "https://me:pw@h/x", format: cidr',
            f".source: {SECRET}. Nothing was changed. Take it out: no secret stands here.",
        ),
        (
            "source: bundled, format: cidr",
            (
                ".format: the bundled snapshot is an article39, not a cidr. Nothing was changed. "
                "Set format: article39."
            ),
        ),
        (
            "source: a, format: cidr, shoreline: [EXG3]",
            ".shoreline: a cidr has no Shoreline groups. Nothing was changed. Leave it out.",
        ),
        (
            "source: a, format: page",
            (
                ": format: page needs a layout. Nothing was changed. "
                "Add page: with start, end, minimum, maximum."
            ),
        ),
        (
            f"source: a, format: cidr, {LAYOUT}",
            ".page: a layout has no meaning with format: cidr. Nothing was changed. Leave it out.",
        ),
        (
            f"source: a, format: page, {LAYOUT.replace('9', '1')}",
            (
                ".page: a minimum of 2 and a maximum of 1 admit no page. Nothing was changed. "
                "Swap the two."
            ),
        ),
        (
            f"source: a, format: page, {LAYOUT.replace('b,', 'a,')}",
            (
                ".page: start and end are the same line. Nothing was changed. "
                "Name the line below the rows as end."
            ),
        ),
        (
            "source: a, format: cidr, widen: 25",
            ".widen: '25' isn't known here. Nothing was changed. Say one of: 'none' or '24'.",
        ),
        (
            "source: a, format: cidr, widen: true",
            ".widen: 'true' isn't known here. Nothing was changed. Say one of: 'none' or '24'.",
        ),
        (
            "source: a, format: cidr, accept_bundled: 2009-9-18",
            (
                ".accept_bundled: '2009-9-18' isn't a date. Nothing was changed. "
                "Write it as YEAR-MONTH-DAY: 2026-12-31."
            ),
        ),
        (
            "source: a, format: cidr, accept_bundled: 2009-02-30",
            (
                ".accept_bundled: '2009-02-30' isn't a date. Nothing was changed. "
                "Write it as YEAR-MONTH-DAY: 2026-12-31."
            ),
        ),
        (
            "source: a, format: cidr, limits: {grow_entry: 1}",
            ".limits.grow_entry: unknown limit. Nothing was changed. Did you mean grow_entries?",
        ),
        (
            "source: a, format: cidr, limits: {zzz: 1}",
            (
                ".limits.zzz: unknown limit. Nothing was changed. Known here: "
                f"{', '.join(Limits.__dataclass_fields__)}."
            ),
        ),
        (
            "source: a, format: cidr, limits: {widest_ipv4: 33}",
            (
                ".limits.widest_ipv4: widest_ipv4 is 33; the most is 32. Nothing was changed. "
                "Write a number within that."
            ),
        ),
        (
            "source: a, format: cidr, limits: {grow_entries: 0.5}",
            (
                ".limits.grow_entries: '0.5' isn't a number. Nothing was changed. "
                "Write a whole number, without quotes."
            ),
        ),
        (
            "source: a, format: cidr, limits: 3",
            (
                ".limits: is a number, not keys with values. Nothing was changed. "
                "Write KEY: VALUE below it."
            ),
        ),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(rest: str, message: str) -> None:
    """Source, format and what goes with a format must fit together."""
    assert refusal(listed(rest)) == f":2: list{message}"


def test_the_narrowest_bounds_are_taken() -> None:
    """A range of one priority, and a page whose minimum is its maximum, contradict nothing."""
    (one,) = reading(target("priority: {from: 9, to: 9}")).targets
    assert one.priority is not None
    assert (one.priority.first, one.priority.last) == (9, 9)
    page = reading(listed(f"source: a, format: page, {LAYOUT.replace('9', '2')}")).list.page
    assert page is not None
    assert (page.minimum, page.maximum) == (2, 2)


def test_every_problem_is_reported_in_the_order_of_the_lines() -> None:
    """One run shows all that is wrong, a line each, and the error holds them apart."""
    text = "nam: x\nlist: {source: a}\ntargets:\n  - provider: toy\n    mode: x\n  - provider: y\n"
    with pytest.raises(ConfigError) as caught:
        reading(text)
    assert [str(problem).partition(". Nothing")[0] for problem in caught.value.problems] == [
        f"{FILE}:1: name: is missing",
        f"{FILE}:1: nam: unknown key",
        f"{FILE}:2: list.format: is missing",
        f"{FILE}:5: targets[0].mode: 'x' isn't a mode",
        f"{FILE}:6: targets[1].provider: no provider is called 'y'; there is toy",
        f"{FILE}:6: targets[1].mode: is missing, and has no default",
    ]
    assert caught.value.what == "6 problems"
    assert str(caught.value) == "\n".join(str(problem) for problem in caught.value.problems)


def test_hostile_text_is_shown_harmlessly() -> None:
    """Control characters and endless values don't reach a terminal as they are."""
    text = WHOLE.replace("watch", f'"\\e[31m{"x" * 99}"')
    assert refusal(text).startswith(f":5: targets[0].mode: '\\u001b[31m{'x' * 49}…' isn't a mode.")


def test_nested_aliases_are_never_expanded() -> None:
    """Aliases upon aliases are refused where they stand, however many values they stand for."""
    rows = [f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]" for n in range(1, 40)]
    with pytest.raises(ConfigError) as caught:
        reading("k0: &k0 x\n" + "\n".join(rows))
    assert len(caught.value.problems) < 500


# ---------------------------------------------------------------------------------- enforce


def enforcing(*lines: str) -> list[str]:
    """What enforce demands of a target with these further lines."""
    config = reading(target(*lines).replace("watch", "enforce"))
    return [str(problem).removeprefix(str(FILE)) for problem in demands(config.targets[0])]


RISK = "accept_risk: {by: A. Person, reason: tried, until: 2026-11-24}"


def test_enforce_with_all_it_demands_may_begin() -> None:
    """A direct or preserved path, a word on internal space and an accepted risk are enough."""
    assert enforcing("path: direct", "internal: close", RISK) == []
    assert enforcing("path: preserved", "internal: keep", "domains: [a.example]", RISK) == []


def test_the_other_modes_demand_nothing() -> None:
    """Watch and add need no word on path, internal space or risk."""
    for mode in ("watch", "add"):
        assert demands(reading(WHOLE.replace("watch", mode)).targets[0]) == []


def test_enforce_says_all_that_it_lacks() -> None:
    """Each unmet demand is an error of its own, with its line and what to say."""
    assert enforcing() == [
        (
            ":4: targets[0].path: enforce needs to know how mail comes here, and it isn't said. "
            "Nothing was changed. Say path: direct where senders connect to these machines, or path: "
            "preserved where a balancer keeps the sender's address."
        ),
        (
            ":4: targets[0].internal: enforce needs to know what becomes of internal addresses, and it "
            "isn't said. Nothing was changed. Say internal: keep to go on letting them in, or "
            "internal: close."
        ),
        (
            ":4: targets[0].domains: enforce needs the mail domains that preflight tries, or somebody "
            "who answers for closing without it, and names neither. Nothing was changed. Say domains: "
            "[DOMAIN, …] and own_addresses: [ADDRESS, …], or accept_risk: {by: …, reason: …, until: "
            "…}, or set mode: add."
        ),
    ]


def test_enforce_behind_a_proxy_is_sent_to_the_proxy() -> None:
    """Where the sender's address is replaced, the message says where the list belongs."""
    assert enforcing("path: proxied", "internal: keep", RISK) == [
        (
            ":6: targets[0].path: 'proxied' says that these machines see the balancer's address in "
            "place of the sender's, so closing by the list would stop all mail. Nothing was changed. "
            "Put the list on the balancer's own firewall, and set mode: watch here."
        )
    ]


def test_domains_or_a_risk_are_asked_of_the_state_and_not_of_the_file() -> None:
    """Whether preflight passed, or an acceptance has ended, is a matter of each target."""
    past = RISK.replace("-24", "-23")
    assert enforcing("path: direct", "internal: keep", "domains: [a.example]") == []
    assert enforcing("path: direct", "internal: keep", past) == []


@pytest.mark.parametrize(
    ("until", "last", "first_over"),
    [
        ("2026-11-24", "2026-11-24T23:59:59.999999+00:00", "2026-11-25T00:00:00+00:00"),
        ("2026-11-24", "2026-11-25T00:59:59+01:00", "2026-11-25T01:00:00+01:00"),
        ("2026-11-24T18:00+01:00", "2026-11-24T16:59:59+00:00", "2026-11-24T17:00:00+00:00"),
        ("9999-12-31", "9999-12-31T23:59:59+00:00", None),
        ("never", "9999-12-31T23:59:59+00:00", None),
    ],
)
def test_an_exception_ends_at_its_end(until: str, last: str, first_over: str | None) -> None:
    """A day counts to its end in UTC, a moment to itself, and never has none."""
    text = target(f"{ALSO}network: 10.0.0.0/8}}]").replace("never", f'"{until}"')
    (also,) = reading(text).targets[0].also_allow
    assert active(also, datetime.fromisoformat(last))
    assert first_over is None or not active(also, datetime.fromisoformat(first_over))


# ---------------------------------------------------------------------------------- schema


SCHEMA = schema({"toy": ToySettings})


def validator() -> Any:
    """A checker of another hand for the schema; the library comes without types."""
    try:
        return import_module("jsonschema").Draft202012Validator
    except ModuleNotFoundError:
        missing("jsonschema", "it checks the JSON Schema of the configuration")


def faults(text: str) -> list[str]:
    """What the JSON Schema says about ``text``."""
    data = parse(text, "x").data
    return [error.json_path for error in validator()(SCHEMA).iter_errors(data)]


def test_the_schema_is_one_and_takes_what_is_loaded() -> None:
    """The schema is a valid draft 2020-12 schema, and files that load agree with it."""
    validator().check_schema(SCHEMA)
    assert faults(WHOLE) == []
    assert faults(FULL) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"{WHOLE}nmae: x\n", "$"),
        (f"{WHOLE}settle: 90\n", "$.settle"),
        (WHOLE.replace("watch", "wach"), "$.targets[0]"),
        (target("account: 012345670123"), "$.targets[0]"),
        (listed("source: a, format: cidr, limits: {x: 1}"), "$.list.limits"),
    ],
)
def test_the_schema_refuses_what_load_refuses(text: str, path: str) -> None:
    """An editor with the schema shows an unknown key, a wrong type and a wrong mode."""
    assert faults(text) == [path]


def test_the_defaults_in_the_schema_can_be_loaded() -> None:
    """What an editor fills in from the schema is in the file's own notation."""
    defaults = SCHEMA["properties"]["settle"]["default"], SCHEMA["properties"]["state"]["default"]
    removals = SCHEMA["$defs"]["Removals"]["properties"]
    text = f"settle: {defaults[0]}\nstate: {defaults[1]}\nremovals: {{" + ", ".join(
        f"{key}: {value['default']}" for key, value in removals.items()
    )
    assert reading(f"{WHOLE}{text}}}\n") == reading(WHOLE)


# ---------------------------------------------------------------------------------- anything at all


@given(st.integers(0, 3_650 * 24 * 3_600))
def test_a_length_of_time_is_written_as_it_is_read(seconds: int) -> None:
    """Every length survives being written and read again."""
    length = timedelta(seconds=seconds)
    assert duration(written_duration(length)) == length


def outcome(text: str) -> None:
    """Read ``text``, which must end in a configuration or in an error for a person."""
    try:
        reading(text)
    except CloudsyncError as error:
        lines = str(error).splitlines()
        assert lines
        assert all(line.startswith(f"{FILE}:") and "Nothing was changed." in line for line in lines)


@given(st.text(max_size=80) | st.text("[]{}:,-?&*!|>'\"%@`#~ \n\tab01", max_size=60))
def test_any_text_is_a_configuration_or_an_error_for_a_person(text: str) -> None:
    """No text whatever brings a traceback."""
    outcome(text)


MARKS = st.text("[]{}:,-?&*!|>'\"%@`#~\\ \n\t\r\x00\x850a\u2028", max_size=4)


@given(st.integers(0, len(FULL)), st.integers(0, 12), MARKS)
def test_any_change_of_a_file_is_a_configuration_or_an_error(at: int, cut: int, put: str) -> None:
    """A configuration with a piece cut out and another put in brings no traceback."""
    outcome(FULL[:at] + put + FULL[at + cut :])


@given(
    st.integers(0, FULL.count("\n")), st.sampled_from(["~", "[]", "{}", "7", "x", "[[~]]", "true"])
)
def test_any_value_in_any_place_is_a_configuration_or_an_error(row: int, value: str) -> None:
    """A value of any kind behind any key brings no traceback."""
    rows: list[str] = [*FULL.splitlines()]
    if row < len(rows):
        rows[row] = f"{rows[row].partition(':')[0]}: {value}"
    outcome("\n".join(rows))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_configuration_or_an_error(body: bytes) -> None:
    """No bytes whatever bring a traceback."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    outcome(text)
