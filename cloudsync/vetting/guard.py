"""Whether a new list may take the place of the one in force; it never changes either.

Two bad lists are guarded against: one that lost entries (mail is lost), and one that gained some
(the bypass opens). Every measure is taken on what applies, so that a wide group nobody chose
can't hide the loss of single addresses, and every reason is collected, not only the first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Final, Literal

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import BASE, InForce, Listing, Widen
from cloudsync.immutable import immutable
from cloudsync.plural import agreeing, counted
from cloudsync.source.special import special_use
from cloudsync.vetting.compared import Compared, compared
from cloudsync.vetting.limits import Limits

Verdict = Literal["accept", "hold", "refuse"]


@immutable
class Reason:
    """Why a list isn't simply accepted: a stable code, a sentence with its numbers and limits."""

    code: str
    message: str
    verdict: Literal["hold", "refuse"] = "hold"


@immutable
class Judgement:
    """What the guard says of one change from list to list, with every reason there is.

    ``digest`` (``sha256:…``) is what ``list accept`` and ``approve`` let through: it stands for
    this old list, this new list and these reasons, numbers and limits included. When any of them
    changes, an approval of it is void.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    digest: str

    def passes(self, approved: Collection[str] = ()) -> bool:
        """Whether the new list may be used, given the digests that people approved.

        A refusal can't be approved away: what would be let through isn't a list of the filter.
        """
        return self.verdict == "accept" or (self.verdict == "hold" and self.digest in approved)


def judge(
    new: Listing,
    in_force: InForce | None,
    limits: Limits,
    *,
    anchors: Sequence[Network] = (),
    promised: int | None = None,
    shoreline: Collection[str] = (),
    widen: Widen = "none",
) -> Judgement:
    """What to do with ``new``, measured against the list in force.

    ``anchors`` are the networks that the configuration says must be there. Without any, the list
    in force gives them: of each family the one network that is broader than every other, if
    there is one. ``promised`` is the minimum that the document of the list in force stated.
    ``shoreline`` and ``widen`` are the groups and the mask that any target uses.

    What is already in force isn't asked about again: breadth and totals are held when this change
    brings them. Removals are counted together with the entries that are still leaving, so that
    many small steps are no way round a limit.

    Without a list in force the new one is a first list, and a person accepts it. Against a list
    that was recovered from own rules (``source`` is ``OWN_RULES``) it needs no acceptance within
    the limits: the comparison is by addresses as applied, and source, format and dates aren't
    known to compare.
    """
    both = compared(new, in_force, shoreline, widen)
    reasons = (
        *_unusable(both, anchors),
        *_provenance(both, promised),
        *_anchored(both, anchors),
        *_broad(both, limits),
        *_measured(both, limits),
        *_totals(both, limits),
    )
    verdicts = {reason.verdict for reason in reasons}
    verdict: Verdict = "refuse" if "refuse" in verdicts else "hold" if verdicts else "accept"
    return Judgement(verdict, reasons, _digest(new, in_force, reasons))


def _unusable(both: Compared, anchors: Sequence[Network]) -> Iterator[Reason]:
    """What no person should be asked to approve."""
    new = both.new
    if not both.after:
        message = f"no network of it applies; {counted(len(new.entries), 'entry')} in all"
        yield Reason("empty", message, "refuse")
    listed = len({entry.network for entry in new.entries if entry.group == BASE})
    if new.minimum is not None and listed < new.minimum:
        message = f"{counted(listed, 'entry')}, each counted once; the document promises at least {new.minimum}"
        yield Reason("short", message, "refuse")
    special = [
        network
        for network in dict.fromkeys(entry.network for entry in new.entries)
        if special_use(network)
    ]
    if special:
        message = f"{counted(len(special), 'entry')} in special-use space, the limit is 0: {_some(special)}"
        yield Reason("special_use", message, "refuse")
    lost = [anchor for anchor in anchors if not AddressSet.of(anchor) <= both.after_addresses]
    if lost:
        message = f"{len(lost)} of {counted(len(anchors), 'anchor')} of the configuration {agreeing(len(lost), 'is', 'are')} missing: "
        yield Reason("anchor_missing", message + _some(lost), "refuse")


def _provenance(both: Compared, promised: int | None) -> Iterator[Reason]:
    new, known = both.new, both.known
    if both.first:
        message = (
            f"a first list, from {new.source} as {new.format}: {counted(len(both.after), 'entry')}"
        )
        yield Reason("first", message)
        return
    moved = known is None or (new.source, new.format) != (known.source, known.format)
    if both.before and both.after and not both.before_addresses & both.after_addresses:
        message = (
            f"no address in common: {counted(len(both.after), 'entry')} listed, "
            f"{counted(len(both.before), 'entry')} in force"
        )
        # From the same source it is the wrong document. From another, or with lost state, it may
        # be what somebody means, and there must be a way to say so.
        yield Reason("foreign", message, "hold" if moved else "refuse")
    if known is None:
        return
    if new.source != known.source:
        message = f"the source is {new.source}, the list in force is from {known.source}"
        yield Reason("source_changed", message)
    if new.format != known.format:
        message = f"the format is {new.format}, the list in force was read as {known.format}"
        yield Reason("format_changed", message)
    if known.published and new.published and new.published < known.published:
        message = f"published {new.published}, the list in force {known.published}: an old copy"
        yield Reason("older", message)
    if promised is not None and (new.minimum or 0) < promised:
        message = f"the document promises {counted(new.minimum or 0, 'entry')}, it promised {promised} before"
        yield Reason("promise_fell", message)


def anchors_of(
    standing: Sequence[Network], configured: Sequence[Network] = ()
) -> tuple[Network, ...]:
    """What no list may lack: ``configured``, or else the broadest of each family in ``standing``.

    Among equals none stands out, and the limits on shrinking speak alone.
    """
    if configured:
        return tuple(configured)
    found: list[Network] = []
    for version in (4, 6):
        family = [network for network in standing if network.version == version]
        widest = min((network.prefixlen for network in family), default=0)
        broadest = [network for network in family if network.prefixlen == widest]
        found += broadest if len(broadest) == 1 else ()
    return tuple(found)


def _anchored(both: Compared, configured: Sequence[Network]) -> Iterator[Reason]:
    if configured:
        return
    for anchor in anchors_of(both.standing):
        if not AddressSet.of(anchor) <= both.after_addresses:
            yield Reason("anchor_gone", f"the broadest entry in force is gone: {anchor}")


def _broad(both: Compared, limits: Limits) -> Iterator[Reason]:
    # Every group, not only those that apply: a person who chooses one later meets no guard then.
    listed = dict.fromkeys(entry.network for entry in both.new.entries)
    for version, widest in ((4, limits.widest_ipv4), (6, limits.widest_ipv6)):
        broad = [
            network
            for network in listed
            if network.version == version
            and network.prefixlen < widest
            and not AddressSet.of(network) <= both.listed_addresses
        ]
        if broad:
            message = f"{counted(len(broad), 'entry')} wider than /{widest}: {_some(broad)}"
            yield Reason(f"broad_ipv{version}", message)


def _measured(both: Compared, limits: Limits) -> Iterator[Reason]:
    if both.first:
        return
    before, after = both.before_addresses, both.after_addresses
    gained, lost = (after - before).count(), (before - after).count()
    # Only a change that takes something away is measured, together with what is still leaving:
    # a removal that was let through must not be held again at every read.
    taken = (both.standing_addresses - after).count()
    had = before.count()

    new = [one for one in both.after if not AddressSet.of(one) <= before]
    yield from _over(
        "grown_entries", ("entry is new", "entries are new"), len(new), len(both.before),
        limits.grow_entries, limits.grow_entries_percent, new,
    )  # fmt: skip
    if any(taken):
        gone = [one for one in both.before if not AddressSet.of(one) <= after]
        yield from _over(
            "shrunk_entries", ("entry is gone", "entries are gone"), len(gone), len(both.before),
            limits.shrink_entries, limits.shrink_entries_percent, gone,
        )  # fmt: skip
    for family, grown, shrunk, now, was, most_grown, most_shrunk in (
        (4, gained.ipv4, lost.ipv4, taken.ipv4, had.ipv4, limits.grow_ipv4, limits.shrink_ipv4),
        (6, gained.ipv6, lost.ipv6, taken.ipv6, had.ipv6, limits.grow_ipv6, limits.shrink_ipv6),
    ):
        code = f"grown_ipv{family}"
        words = f"IPv{family} address is new", f"IPv{family} addresses are new"
        yield from _over(code, words, grown, was, most_grown, limits.grow_percent)
        if now:
            code = f"shrunk_ipv{family}"
            words = f"IPv{family} address is gone", f"IPv{family} addresses are gone"
            yield from _over(code, words, shrunk, was, most_shrunk, limits.shrink_percent)


def _over(
    code: str,
    words: tuple[str, str],
    count: int,
    was: int,
    most: int,
    percent: int,
    networks: Sequence[Network] = (),
) -> Iterator[Reason]:
    """A reason if ``count``, of ``was`` in force, is over ``most`` or over ``percent``."""
    # With nothing before, anything is over any percentage: the first of a family is looked at.
    if count <= most and count * 100 <= percent * was:
        return
    message = (
        f"{count:,} {words[count != 1]}, {was:,} in force ({_share(count, was)}); "
        f"the limits are {most:,} and {percent}%"
    )
    yield Reason(code, f"{message}: {_some(networks)}" if networks else message)


def _share(count: int, was: int) -> str:
    if not was:
        return "there were none"
    # Rounded up, so that what is over a limit never reads like the limit.
    whole, tenth = divmod(-(-count * 1000 // was), 10)
    return f"{whole:,}.{tenth}%" if tenth else f"{whole:,}%"


def _totals(both: Compared, limits: Limits) -> Iterator[Reason]:
    after, standing = both.after_addresses.count(), both.standing_addresses.count()
    for code, words, count, was, most in (
        ("total_entries", "entries", len(both.after), len(both.standing), limits.total_entries),
        ("total_ipv4", "IPv4 addresses", after.ipv4, standing.ipv4, limits.total_ipv4),
        ("total_ipv6", "IPv6 addresses", after.ipv6, standing.ipv6, limits.total_ipv6),
    ):
        if count > most and count > was:
            yield Reason(code, f"{count:,} {words} in all; the limit is {most:,}")


_SHOWN: Final = 4


def _some(networks: Sequence[Network]) -> str:
    shown = ", ".join(str(network) for network in networks[:_SHOWN])
    more = len(networks) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _digest(new: Listing, in_force: InForce | None, reasons: tuple[Reason, ...]) -> str:
    body = [
        in_force.digest if in_force else None,
        new.digest,
        [[reason.verdict, reason.code, reason.message] for reason in reasons],
    ]
    return f"sha256:{hashlib.sha256(json.dumps(body).encode()).hexdigest()}"
