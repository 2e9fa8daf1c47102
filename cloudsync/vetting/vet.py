"""What becomes of a read of the source: accepted, held or refused, and the list then in force; pure.

The list in force only ever changes here, by rules that are told the time and never ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from cloudsync.addresses import Network
from cloudsync.allowlist import InForce, Listing, Widen, absent
from cloudsync.config import Config
from cloudsync.errors import Exit, SourceRefused
from cloudsync.immutable import immutable
from cloudsync.source.bundled import SOURCE as BUNDLED
from cloudsync.vetting import leaving
from cloudsync.vetting.ahead import ahead
from cloudsync.vetting.guard import Judgement, judge
from cloudsync.vetting.limits import Limits
from cloudsync.wants import groups_of, widening_of


@immutable
class Read:
    """One read of the source: a listing, the word that nothing changed, or a refusal.

    ``validators`` are what the server called the body, for whoever keeps them. ``made`` is False
    where the source wasn't asked at all: that agrees with nothing and is no read that counts.
    ``candidates`` are what looks like an address in a document that was refused, for a person.
    """

    listing: Listing | None = None
    refused: SourceRefused | None = None
    validators: Any = None
    made: bool = True
    candidates: tuple[Network, ...] = ()


@immutable
class Vetted:
    """The list in force after a read, and what was said of the list on offer.

    ``in_force`` is None where there is none yet. ``held`` is the judgement of a list that waits
    for a person. ``absent`` are groups that the configuration chooses and no entry belongs to.
    ``standing`` is what earlier reads called for, where the source wasn't asked this time.
    """

    in_force: InForce | None
    offer: Listing | None = None
    judgement: Judgement | None = None
    refused: SourceRefused | None = None
    absent: tuple[str, ...] = ()
    standing: tuple[Exit, ...] = ()

    @property
    def codes(self) -> tuple[Exit, ...]:
        """What the list alone calls for, whatever becomes of the targets."""
        refused = (Exit.SOURCE,) if self.refused else ()
        held = (Exit.HELD,) if self.held else ()
        return *refused, *held, *self.standing

    @property
    def waits(self) -> bool:
        """Whether a list isn't used until a person has decided, or its source is mended."""
        return Exit.HELD in self.codes

    @property
    def held(self) -> Judgement | None:
        """The judgement, where it holds or refuses the list on offer."""
        if self.judgement is None or self.judgement.verdict == "accept":
            return None
        return self.judgement


def removals_of(config: Config) -> leaving.Removals:
    """How entries leave, as ``config`` says."""
    given = config.removals
    return leaving.Removals(given.reads, given.apart, given.grace)


@immutable
class Rules:
    """What the configuration says about lists."""

    limits: Limits
    anchors: tuple[Network, ...]
    removals: leaving.Removals
    shoreline: tuple[str, ...]
    widen: Widen

    @staticmethod
    def of(config: Config) -> Rules:
        """Taken from ``config``; targets that widen or choose groups count too."""
        return Rules(
            limits=Limits(**config.list.limits),
            anchors=config.list.anchors,
            removals=removals_of(config),
            shoreline=groups_of(config),
            widen=widening_of(config),
        )


def vet(
    read: Read,
    in_force: InForce | None,
    rules: Rules,
    now: datetime,
    approved: Mapping[str, str] | None = None,
) -> Vetted:
    """Judge a read against the list in force.

    ``approved`` has the digests that people let through, and who did.
    Without a listing the list in force goes on: a refusal is no outage. Additions of a list that
    the guard lets through count at once; what it lacks starts leaving. Of a list that is held the
    additions count too, where they alone would be let through.
    """
    found = _vet(read, in_force, rules, now, approved or {})
    known = found.offer or found.in_force
    # Own rules don't tell which group an address was listed in.
    if known is None or known.source == leaving.OWN_RULES:
        return found
    return replace(found, absent=absent(known.entries, rules.shoreline))


def _vet(
    read: Read,
    in_force: InForce | None,
    rules: Rules,
    now: datetime,
    approved: Mapping[str, str],
) -> Vetted:
    if read.listing is None:
        if in_force is None:
            return Vetted(None, refused=read.refused)
        passes = leaving.agree if read.made and not read.refused else leaving.settle
        return Vetted(passes(in_force, now, rules.removals), refused=read.refused)
    offer = read.listing
    judgement = _judged(offer, in_force, rules)
    if in_force is None and offer.source == BUNDLED and judgement.verdict == "hold":
        # It came with the program, can't change but by a release, and reaches no real cloud.
        return Vetted(leaving.begin(offer, now, "the release"), offer)
    if not judgement.passes(approved):
        after = _meanwhile(in_force, offer, judgement, rules, now)
        # A grace that ended, or what came ahead and went again, is in the numbers that are told. What
        # is told, and then approved, has to be what the next read of this list will wait for.
        later = _judged(offer, after, rules)
        return Vetted(after, offer, later if later.verdict == judgement.verdict else judgement)
    if in_force is None:
        return Vetted(leaving.begin(offer, now, approved[judgement.digest]), offer)
    by = "guard" if judgement.verdict == "accept" else approved[judgement.digest]
    return Vetted(
        leaving.advance(
            in_force,
            offer,
            now,
            rules.removals,
            accepted_by=by,
            shoreline=rules.shoreline,
            widen=rules.widen,
        ),
        offer,
    )


def _judged(offer: Listing, in_force: InForce | None, rules: Rules) -> Judgement:
    return judge(
        offer,
        in_force,
        rules.limits,
        anchors=rules.anchors,
        promised=in_force.minimum if in_force else None,
        shoreline=rules.shoreline,
        widen=rules.widen,
    )


def _meanwhile(
    in_force: InForce | None, offer: Listing, judgement: Judgement, rules: Rules, now: datetime
) -> InForce | None:
    """The list in force while the one on offer isn't used, or not as a whole."""
    if in_force is None:
        return None
    more = ahead(
        offer, in_force, judgement, rules.limits, shoreline=rules.shoreline, widen=rules.widen
    )
    if more is None:
        return leaving.settle(in_force, now, rules.removals)
    return leaving.go_ahead(in_force, offer, more, now, rules.removals)


def accept(
    offer: Listing, in_force: InForce | None, rules: Rules, now: datetime, by: str
) -> InForce:
    """The list in force once a person accepted ``offer``; the entries it lacks start leaving."""
    if in_force is None:
        return leaving.begin(offer, now, by)
    after = leaving.advance(
        in_force,
        offer,
        now,
        rules.removals,
        accepted_by=by,
        shoreline=rules.shoreline,
        widen=rules.widen,
    )
    # A person has looked at the whole list: what somebody took off of it is wanted again.
    return replace(after, accepted_by=by, accepted_at=now, withdrawn=())
