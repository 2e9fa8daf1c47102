"""What is installed against what is wanted, as addresses and, where every line counts, as lines; pure."""

from __future__ import annotations

from itertools import zip_longest

from cloudsync.addresses import AddressSet
from cloudsync.export.format import Artifact, Format
from cloudsync.export.material import MARK
from cloudsync.immutable import immutable
from cloudsync.report.words import counted, size


@immutable
class Difference:
    """What is installed against what is wanted; empty where it matches.

    ``missing`` may connect no more or not yet, ``excess`` may and should not, ``line`` is the
    first other line that differs.
    """

    missing: AddressSet
    excess: AddressSet
    line: int = 0

    def __bool__(self) -> bool:
        return bool(self.missing or self.excess or self.line)

    @property
    def words(self) -> str:
        """What differs, with numbers, on one line."""
        parts: list[str] = []
        if self.missing:
            parts.append(f"{size(self.missing.count())} can't connect ({_first(self.missing)})")
        if self.excess:
            parts.append(f"{size(self.excess.count())} can and should not ({_first(self.excess)})")
        if self.line:
            parts.append(f"the networks match, but line {self.line} isn't as it is written today")
        return "; ".join(parts)


def compare(form: Format, made: Artifact, found: str, *, lines: bool = True) -> Difference:
    """``found``, an installed file's text or a device's answer, against the artifact.

    Without ``lines``, addresses alone count.

    Raises:
        UsageError: an address in it can't be read.
    """
    there = form.parse(found)
    missing, excess = made.allowed - there, there - made.allowed
    if missing or excess or not lines or not (form.whole or MARK in found):
        return Difference(missing, excess)
    return Difference(missing, excess, _differs(form, made.text, found))


def as_lines(difference: Difference) -> str:
    """``+ NETWORK`` for what would be let in, ``- NETWORK`` for what would no longer be."""
    lines = [f"+ {one}" for one in difference.missing.cidrs()]
    lines += [f"- {one}" for one in difference.excess.cidrs()]
    if difference.line:
        lines.append(f"line {difference.line} isn't as it is written today")
    return "".join(f"{line}\n" for line in lines) or "no difference\n"


def _differs(form: Format, made: str, found: str) -> int:
    """The first line of ``found`` that means something and isn't the artifact's; 0 for none."""
    theirs = _meant(form, found)
    ours = [line for _, line in _meant(form, made)]
    last = len(found.splitlines()) + 1
    for there, mine in zip_longest(theirs, ours):
        if there is None or mine is None or there[1] != mine:
            return there[0] if there else last
    return 0


def _meant(form: Format, text: str) -> list[tuple[int, str]]:
    return [
        (number, line.split(" # ")[0].rstrip() if form.comment == "#" else line.rstrip())
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith(form.comment)
    ]


def _first(found: AddressSet) -> str:
    number = sum(1 for _ in found.networks())
    first = next(found.networks())
    return f"{first}" if number == 1 else f"{first} and {counted(number - 1, 'network')} more"
