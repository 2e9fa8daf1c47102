"""The list's memory over any history of reads, holds and orders, against a reckoning of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, InForce, Listing, Withdrawn
from cloudsync.errors import SourceRefused, UsageError
from cloudsync.records import LIST
from cloudsync.vetting.leaving import Removals, begin
from cloudsync.vetting.limits import Limits
from cloudsync.vetting.vet import Read, Rules, Vetted, accept, vet
from cloudsync.vetting.withdraw import restore, withdraw
from tests.oracle.listing import Memory

POOL = tuple(f"8.0.{number}.1/32" for number in range(20))
ANCHOR = POOL[0]
FIRST = frozenset(POOL[:12])
RULES = Rules(Limits(), (ip_network(ANCHOR),), Removals(), (), "none")
START = datetime(2026, 11, 24, 12, tzinfo=UTC)
SENDERS = st.sampled_from(POOL)


def network(sender: str) -> Network:
    """A sender as the product has it."""
    found: Network = ip_network(sender)
    return found


def listing(senders: frozenset[str]) -> Listing:
    """A page that shows ``senders``."""
    return Listing("./list.txt", "cidr", tuple(Entry(network(one)) for one in sorted(senders)))


class ListMemory(RuleBasedStateMachine):
    """One installation's list, and what should be so of it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.shown = FIRST
        self.in_force: InForce = begin(listing(FIRST), START, "ann")
        self.memory = Memory(ANCHOR, set(FIRST))

    def vetted(self, read: Read, approved: dict[str, str] | None = None) -> Vetted:
        """What becomes of a read; what is in force goes through the state."""
        found = vet(read, self.in_force, RULES, self.now, approved)
        self.keep(found.in_force)
        return found

    def keep(self, in_force: InForce | None) -> None:
        """Keep it as the state does."""
        assert in_force is not None
        self.in_force = LIST.decode("list", LIST.encode(in_force))

    @rule(hours=st.sampled_from((1, 5, 6, 7, 24, 7 * 24, 7 * 24 + 1)))
    def time_passes(self, hours: int) -> None:
        """Hours, or a week."""
        self.now += timedelta(hours=hours)

    @rule(hours=st.sampled_from((1, 30)))
    def the_clock_goes_back(self, hours: int) -> None:
        """Somebody set it."""
        self.now -= timedelta(hours=hours)

    @rule(sender=SENDERS)
    def one_is_changed(self, sender: str) -> None:
        """The page gains a sender or loses one."""
        self.shown = self.shown ^ {sender}

    @rule(senders=st.frozensets(SENDERS, max_size=9))
    def many_are_changed(self, senders: frozenset[str]) -> None:
        """The page gains some and loses others."""
        self.shown = self.shown ^ (senders - {ANCHOR})

    @rule()
    def it_is_read(self) -> None:
        """A read of the page as it is."""
        found = self.vetted(Read(listing(self.shown)))
        expected = self.memory.is_read(self.shown, self.now)
        verdict = (
            "used" if found.held is None else "held" if found.held.verdict == "hold" else "refused"
        )
        assert verdict == expected

    @rule()
    def it_is_read_and_what_is_held_is_approved(self) -> None:
        """The pass after the approval reads the same."""
        found = self.vetted(Read(listing(self.shown)))
        verdict = self.memory.is_read(self.shown, self.now)
        if found.held is None:
            return
        digest = found.held.digest
        again = self.vetted(Read(listing(self.shown)), {digest: "bob"})
        if verdict == "held":
            assert again.held is None
            assert self.memory.is_read(self.shown, self.now, approved=True) == "used"
        else:
            assert again.held is not None
            self.memory.is_read(self.shown, self.now, approved=True)

    @precondition(lambda self: ANCHOR in self.shown)
    @rule()
    def a_person_accepts_it(self) -> None:
        """Whatever the limits say."""
        self.keep(accept(listing(self.shown), self.in_force, RULES, self.now, "bob"))
        self.memory.is_accepted(self.shown, self.now)

    @rule()
    def the_server_says_that_nothing_changed(self) -> None:
        """That is a read of what was accepted."""
        self.vetted(Read())
        self.memory.is_unchanged(self.now)

    @rule(refused=st.booleans())
    def nothing_is_read(self, refused: bool) -> None:
        """A sweep, or a source that is refused."""
        error = SourceRefused("./list.txt", "E_EMPTY", "0 bytes")
        self.vetted(Read(refused=error) if refused else Read(made=False))
        self.memory.passes(self.now)

    @rule(sender=SENDERS)
    def a_sender_is_taken_off(self, sender: str) -> None:
        """Where it may be."""
        one = Withdrawn(network(sender), "ann", "it sends spam", self.now)
        try:
            self.keep(withdraw(self.in_force, one, RULES))
        except UsageError:
            assert not self.memory.may_take_off(sender)
        else:
            assert self.memory.may_take_off(sender)
            self.memory.off.add(sender)

    @rule(sender=SENDERS)
    def a_sender_is_put_back(self, sender: str) -> None:
        """Where somebody took it off."""
        try:
            self.keep(restore(self.in_force, network(sender)))
        except UsageError:
            assert sender not in self.memory.off
        else:
            self.memory.off.remove(sender)

    @invariant()
    def exactly_these_count(self) -> None:
        """Nobody is missing, and nobody else gets in."""
        assert {str(one.network) for one in self.in_force.wanted} == self.memory.wanted

    @invariant()
    def each_stands_where_it_should(self) -> None:
        """Accepted, ahead, leaving with so many reads, or taken off: once, and nowhere else."""
        rows = [str(one.network) for one in self.in_force.rows]
        assert sorted(rows) == sorted(self.memory.known)
        assert {str(one.network) for one in self.in_force.ahead} == self.memory.ahead
        assert {str(one.network) for one in self.in_force.withdrawn} == self.memory.off
        assert {
            str(one.entry.network): (one.reads, one.last, one.confirmed)
            for one in self.in_force.leaving
        } == {sender: (one.reads, one.last, one.sure) for sender, one in self.memory.gone.items()}


ListMemory.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestListMemory = ListMemory.TestCase
