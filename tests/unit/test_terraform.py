from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import IPv4Network, IPv6Network

import pytest

from cloudsync.allowlist import Entry, InForce, Leaving
from cloudsync.errors import UsageError
from cloudsync.terraform import request
from cloudsync.terraform.contents import Contents, contents, read, rendered
from cloudsync.terraform.inputs import broken
from cloudsync.terraform.release import LIST, LOG, release

DAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
ONE = Entry(IPv4Network("192.0.2.1/32"), "one")
TWO = Entry(IPv4Network("192.0.2.2/32"))
SIX = Entry(IPv6Network("2001:db8::/32"), group="EXG3")
MODULES = {
    "modules/aws/main.tf": "locals {}\n",
    "modules/aws/variables.tf": 'variable "name" {\n  type = string\n}\n',
    LIST: "whatever the program carries",
}


def made(*entries: Entry) -> Contents:
    """Contents with these entries."""
    return Contents("list.txt", entries)


def test_the_first_release_is_1_0_0() -> None:
    """Into an empty folder: the modules as they are, the list, and a change log that counts."""
    first = release({}, MODULES, made(ONE, TWO), DAY)
    assert (first.version, first.before, first.changed) == ((1, 0, 0), None, True)
    assert first.files == {
        "modules/aws/main.tf": MODULES["modules/aws/main.tf"],
        "modules/aws/variables.tf": MODULES["modules/aws/variables.tf"],
        LIST: rendered(made(ONE, TWO), (1, 0, 0)),
        LOG: (
            "# Changes\n\nAn address that came is a patch version, one that went a minor version, "
            "an input that broke a major one.\n\n"
            "## 1.0.0 (2026-11-24)\n\nThe first version: 2 networks.\n"
        ),
    }


def test_nothing_changed_is_the_same_version_byte_for_byte() -> None:
    """A second release of an unchanged list is what stands there already, on any later day."""
    first = release({}, MODULES, made(ONE), DAY)
    again = release(first.files, MODULES, made(ONE), date(2030, 1, 1))
    assert not again.changed
    assert again.files == first.files


@pytest.mark.parametrize(
    ("entries", "version", "lines"),
    [
        ((ONE, TWO, SIX), (1, 0, 1), "- Came: `192.0.2.2/32 base`\n- Came: `2001:db8::/32 EXG3`\n"),
        ((), (1, 1, 0), "- Went: `192.0.2.1/32 base`\n"),
        ((TWO,), (1, 1, 0), "- Came: `192.0.2.2/32 base`\n- Went: `192.0.2.1/32 base`\n"),
        (
            (replace(ONE, name="another"),),
            (1, 0, 1),
            "The same networks: the modules' own text or the list's dates changed.\n",
        ),
    ],
)
def test_the_version_says_what_a_plan_will_show(
    entries: tuple[Entry, ...], version: tuple[int, int, int], lines: str
) -> None:
    """An address that came is a patch, one that went a minor version; the newest entry stands first."""
    first = release({}, MODULES, made(ONE), DAY)
    then = release(first.files, MODULES, made(*entries), DAY)
    assert then.version == version
    head, *entries_ = then.files[LOG].split("\n## ")
    assert head.startswith("# Changes\n")
    number = ".".join(map(str, version))
    assert entries_ == [
        f"{number} (2026-11-24)\n\n{lines}",
        "1.0.0 (2026-11-24)\n\nThe first version: 1 network.\n",
    ]


def test_an_input_that_broke_is_a_major_version() -> None:
    """Who upgrades from 1 to 2 has to look at their module block, and is told where."""
    first = release({}, MODULES, made(ONE), DAY)
    new = {**MODULES, "modules/aws/variables.tf": 'variable "mark" {\n  type = string\n}\n'}
    then = release(first.files, new, made(TWO), DAY)
    assert then.version == (2, 0, 0)
    assert then.broke == ("aws: the input mark must be given", "aws: the input name is gone")
    assert "- Broke aws: the input name is gone\n" in then.files[LOG]


def test_a_changed_module_is_a_patch() -> None:
    """Text that breaks nobody, with the same list, is a version all the same."""
    first = release({}, MODULES, made(ONE), DAY)
    then = release(first.files, {**MODULES, "modules/aws/main.tf": ""}, made(ONE), DAY)
    assert then.version == (1, 0, 1)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", 'variable "a" {\n  type = string\n}\n', ("the input a must be given",)),
        ("", 'variable "a" {\n  default = 1\n}\n', ()),
        ('variable "a" {\n}\n', "", ("the input a is gone",)),
        (
            'variable "a" {\n  type    = string\n  default = null\n}\n',
            'variable "a" {\n  type = string\n}\n',
            ("the input a must be given",),
        ),
        (
            'variable "a" {\n  type = object({\n    b = string\n  })\n  nullable = false\n}\n',
            'variable "a" {\n  nullable = false\n  type     = object({\n    b = number\n  })\n}\n',
            ("the input a takes object({ b = number }), not object({ b = string })",),
        ),
        ('variable "a" {\n}\n', 'variable "a" {\n  default = 1\n}\n', ()),
    ],
)
def test_what_breaks_a_caller(before: str, after: str, said: tuple[str, ...]) -> None:
    """An input that is gone, must be given, or takes another type; nothing else does."""
    assert broken(before, after) == said


def test_the_list_in_force_with_what_is_leaving() -> None:
    """An entry in its grace is still wanted; a path says nothing of where it lay."""
    listing = InForce(
        "/home/ann/list.txt", "cidr", (TWO, ONE, TWO), (Leaving(SIX, AT, AT),), accepted_at=AT
    )
    assert contents(listing) == Contents(
        "list.txt", (ONE, TWO, SIX), None, "2026-11-24T08:00:00Z", None
    )
    bundled = InForce("bundled", "article39", (ONE,), published=date(2009, 9, 18))
    assert contents(bundled) == Contents("bundled", (ONE,), "2009-09-18", None, "2009-09-18")
    web = InForce("https://example.com/list", "page", (ONE,))
    assert contents(web).source == "https://example.com/list"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[]",
            "it lacks what a list of cloudsync.modules/1 holds (list indices must be integers or slices, not str)",
        ),
        ('{"schema": "x"}', "it says schema 'x', not 'cloudsync.modules/1'"),
        (
            '{"schema": "cloudsync.modules/1"}',
            "it lacks what a list of cloudsync.modules/1 holds ('version')",
        ),
        (
            '{"schema": "cloudsync.modules/1", "version": "1.0"}',
            "not enough values to unpack (expected 3, got 2)",
        ),
    ],
)
def test_a_strange_list_is_no_release(text: str, said: str) -> None:
    """What wasn't written here is never taken for the version before."""
    with pytest.raises(ValueError) as refused:
        read(text)
    assert str(refused.value) == said


def test_a_pull_request_says_what_came_and_went_and_why() -> None:
    """Each address under its reason; what is still on its way out is counted."""
    before = release({}, MODULES, made(ONE), DAY)
    after = release(before.files, MODULES, made(TWO), DAY)
    since = Leaving(ONE, AT, AT, 2, AT)
    listing = InForce(
        "list.txt", "cidr", (TWO,), published=DAY, accepted_at=AT, leaving=(since, since)
    )
    assert request.title(before) == "Mail filter's addresses 1.0.0: 1 network"
    assert request.title(after) == "Mail filter's addresses 1.1.0: 1 came, 1 went"
    assert request.body(after, listing) == (
        "From 1.0.0 to 1.1.0.\n\n"
        "### Came (1)\n\n"
        "Listed by the vendor, published 2026-11-24, accepted 2026-11-24 08:00 UTC: it may deliver "
        "from now on.\n\n"
        "- `192.0.2.2/32 base`\n\n"
        "### Went (1)\n\n"
        "No longer listed, by as many reads as were asked for, and its grace is over: nothing delivers "
        "from there any more.\n\n"
        "- `192.0.2.1/32 base`\n\n"
        "2 networks more are on the way out, and still let in until then.\n\n"
        "A plan shows the addresses above and nothing else. Additions can be applied at once: until "
        "they are, mail from them is lost.\n"
    )
    first = request.body(before, InForce("list.txt", "cidr", (ONE,), leaving=(since,)))
    assert first.startswith(
        "### Came (1)\n\nListed by the vendor: it may deliver from now on.\n\n- `192.0.2.1/32 base`\n\n"
        "1 network more is on the way out, and still let in until then.\n\n"
    )
    assert "way out" not in request.body(before, InForce("list.txt", "cidr", (ONE,)))
    broken = {**MODULES, "modules/aws/variables.tf": ""}
    major = release(before.files, broken, made(ONE), DAY)
    assert request.title(major) == "Mail filter's addresses 2.0.0: 1 input broke"
    text = {**MODULES, "modules/aws/main.tf": "locals { }\n"}
    assert request.title(release(before.files, text, made(ONE), DAY)).endswith("1.0.1: the same")


@pytest.mark.parametrize("half", ["\ud800", "x\udfffx"])
def test_half_a_character_in_a_name_is_refused(half: str) -> None:
    """Terraform would write another character in its place, and what goes in must come out."""
    listing = InForce("list.txt", "cidr", (ONE, replace(TWO, name=half)))
    number = f"U+{ord(half.strip('x')):04X}"
    with pytest.raises(UsageError) as refused:
        contents(listing)
    assert str(refused.value) == (
        f"list: 192.0.2.2/32: its name holds half a character ({number}, a lone surrogate). The "
        "modules stay as they are. Correct the name in the list's source."
    )


def test_a_nul_and_whatever_else_a_name_holds_is_escaped_text() -> None:
    """The file is plain ASCII, and gives back each character as it was."""
    name = '\0${file("/etc/passwd")}\x1b[2J\u202e\U0001f48c'
    text = rendered(contents(InForce("l", "cidr", (replace(ONE, name=name),))), (1, 0, 0))
    assert text.isascii()
    assert "\0" not in text
    assert json.loads(text)["entries"][0]["name"] == name
