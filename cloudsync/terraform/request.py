"""A release as the text of a pull request, or of a commit: which addresses came and went, and why; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloudsync.allowlist import InForce
from cloudsync.plural import agreeing
from cloudsync.report.words import counted
from cloudsync.terraform.contents import written
from cloudsync.terraform.release import Release

_LAST: Final = (
    "A plan shows the addresses above and nothing else. Additions can be applied at once: until they "
    "are, mail from them is lost."
)


def title(made: Release) -> str:
    """One line: the version, and in how much it differs."""
    if made.before is None:
        return (
            f"Mail filter's addresses {written(made.version)}: {counted(len(made.came), 'network')}"
        )
    parts = [
        *([f"{len(made.came):,} came"] if made.came else []),
        *([f"{len(made.went):,} went"] if made.went else []),
        *([f"{counted(len(made.broke), 'input')} broke"] if made.broke else []),
    ]
    return f"Mail filter's addresses {written(made.version)}: {', '.join(parts) or 'the same'}"


def body(made: Release, listing: InForce) -> str:
    """Markdown, whose every cell is a network, a group, or text of ours: no label stands in it."""
    lines: list[str] = []
    if made.before:
        lines += [f"From {written(made.before)} to {written(made.version)}.", ""]
    lines += _came(made, listing)
    lines += _section(
        "Went", made.went,
        "no longer listed, by as many reads as were asked for, and its grace is over: "
        "nothing delivers from there any more",
    )  # fmt: skip
    lines += _section("Broke", made.broke, "what calls the module must be changed with it")
    waiting = len(listing.leaving)
    if waiting:
        verb = agreeing(waiting, "is", "are")
        lines += [
            f"{counted(waiting, 'network')} more {verb} on the way out, and still let in until then.",
            "",
        ]
    lines += [_LAST]
    return "\n".join(lines) + "\n"


def _came(made: Release, listing: InForce) -> list[str]:
    day = f", published {listing.published}" if listing.published else ""
    at = f", accepted {listing.accepted_at:%Y-%m-%d %H:%M} UTC" if listing.accepted_at else ""
    return _section("Came", made.came, f"listed by the vendor{day}{at}: it may deliver from now on")


def _section(head: str, rows: Iterable[str], why: str) -> list[str]:
    rows = list(rows)
    if not rows:
        return []
    said = f"{why[0].upper()}{why[1:]}."
    return [f"### {head} ({len(rows):,})", "", said, "", *(f"- `{one}`" for one in rows), ""]
