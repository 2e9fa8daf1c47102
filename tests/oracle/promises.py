"""Judges a change by the promises, at every address where it could matter; imports nothing of ours.

It asks the world before and the world after one mutation, machine by machine and under every
meaning of the opaque names that is tried. What is certain gets in to every machine under any
meaning; what is possible gets in to at least one machine under some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tests.oracle.packets import (
    Meaning,
    Networks,
    Point,
    Row,
    World,
    deciding,
    edges,
    gets_in,
    inside,
    joined,
    matches,
    networks,
    text,
)

# Written out again from the specification; not imported, so that a slip there shows.
INTERNAL = networks((
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
    "169.254.0.0/16", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4",
    "fc00::/7", "::/128", "::1/128", "fe80::/10", "fec0::/10", "ff00::/8",
))  # fmt: skip
PURPOSES = ("list", "also", "internal", "probe", "deny")
OTHER_PORTS = (1, 24, 26, 443, 65_535)


@dataclass(frozen=True)
class Wish:
    """What was wanted of one target in one run, in plain words and CIDR strings."""

    installation: str
    mode: str
    networks: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    internal: str | None = None
    ports: tuple[int, ...] = (25,)
    probes: tuple[str, ...] = ()
    meanings: tuple[Meaning, ...] = field(default=({},))
    revokes: bool = False  # whether this cloud's enforce may take foreign rules away

    @cached_property
    def senders(self) -> Networks:
        """The networks that are wanted, laid out."""
        return networks((*self.networks, *self.also))

    def wants(self, point: Point, meaning: Meaning) -> bool:
        """Whether a sender is wanted, by address or because a wanted name stands for it."""
        return inside(point, self.senders) or any(
            inside(point, meaning.get(name, ())) for name in self.names
        )

    def keeps(self, point: Point) -> bool:
        """Whether a sender is neither wanted nor to be shut out."""
        return self.internal == "keep" and inside(point, INTERNAL)


def purpose(row: Row, wish: Wish) -> str:
    """Which of the installation's purposes a row serves; empty for a row that isn't its own.

    A row is one target's, and has no machines, unless it says ``beside``: then it is the
    installation's for another target, some of whose machines are this one's too. Whose an
    row is that stands in a list, its ``entry``, doesn't depend on the machines that it serves.
    """
    for one in PURPOSES:
        alone = row["protocol"] == "tcp" and any(row["ports"] == (p, p) for p in wish.ports)
        if (
            row["label"] == f"cloudsync/{wish.installation} {one}"
            and alone
            and (not row["machines"] or row.get("beside") or row.get("entry"))
            and row["allow"] is (one != "deny")
            # We write addresses or one name; a row of both is one that somebody has reshaped.
            and not (row["names"] and row["sources"])
        ):
            return one
    return ""


def tried(asked: Sequence[Row], meanings: Sequence[Meaning]) -> Sequence[Meaning]:
    """The meanings that make a difference to these rows: one, where none of them has a name."""
    return meanings if any(row["names"] for row in asked) else ({},)


def answers(
    asked: Sequence[Row], point: Point, machines: Sequence[str], meanings: Sequence[Meaning]
) -> set[bool]:
    """Every answer that a sender gets, over the machines and the meanings tried."""
    return {gets_in(asked, point, machine, meaning) for machine in machines for meaning in meanings}


def might(asked: Sequence[Row], point: Point, meanings: Sequence[Meaning]) -> bool:
    """Whether a sender may get in as far as anybody can know who can't see machines or names.

    A rule for some machines, or from a name, lets in or doesn't: as a deny it stops nobody for
    sure, as an allow it may let in whoever its name can stand for.
    """
    for row in asked:
        vague = row["machines"] or (row["names"] and not inside(point, row["sources"]))
        if vague and not row["allow"]:
            continue
        if any(
            matches(row, point, one, meaning)
            for one in (*row["machines"], "")
            for meaning in meanings
        ):
            return bool(row["allow"])
    return False


def by_names(asked: Sequence[Row], point: Point, machine: str, meaning: Meaning) -> frozenset[str]:
    """The names by which alone the row that decides speaks of a sender; none, if by address."""
    for row in asked:
        if matches(row, point, machine, meaning):
            if not row["sources"] and not row["names"]:
                return frozenset()
            if inside(point, row["sources"]):
                return frozenset()
            return frozenset(one for one in row["names"] if inside(point, meaning.get(one, ())))
    return frozenset()


def broken(before: World, after: World, wish: Wish, points: Sequence[Point]) -> list[str]:
    """Every way in which one mutation breaks promises 1 to 4, in words; empty if it keeps them."""
    found: list[str] = []
    found += _senders(before, after, wish, points)
    found += _foreign(before, after, wish)
    found += _elsewhere(before, after, wish, points)
    return found


def _senders(before: World, after: World, wish: Wish, points: Sequence[Point]) -> Iterator[str]:
    """Promises 1 and 2: nobody who is wanted is stopped, nobody who isn't is let in."""
    withdrawn = [
        cidr for row in before.rows if purpose(row, wish) == "also" for cidr in row["sources"]
    ]
    withdrawn_names = [
        name
        for row in before.rows if purpose(row, wish) == "also"
        for name in row["names"] if name not in wish.names
    ]  # fmt: skip
    for port in wish.ports:
        ahead, behind = joined(deciding(before, port)), joined(deciding(after, port))
        if ahead == behind:
            continue
        meanings = tried([*ahead, *behind], wish.meanings)
        for point in points:
            for meaning in meanings:
                old = [gets_in(ahead, point, one, meaning) for one in before.machines]
                new = [gets_in(behind, point, one, meaning) for one in before.machines]
                if old == new:
                    continue
                lost = [
                    machine
                    for machine, before_it, after_it in zip(before.machines, old, new, strict=True)
                    if before_it and not after_it
                ]
                let_go = inside(point, withdrawn) or any(
                    inside(point, meaning.get(name, ())) for name in withdrawn_names
                )
                called = frozenset(
                    name for machine in lost for name in by_names(ahead, point, machine, meaning)
                )
                why = _claim(point, wish, called, let_go=let_go)
                where = f"port {port}, where names mean {dict(meaning)}"
                if lost and why:
                    yield f"promise 1: {text(point)} is {why} and no longer gets in to {lost}: {where}"
                let_in = any(new) and not wish.wants(point, meaning)
                if let_in and not might(ahead, point, meanings):
                    yield f"promise 2: {text(point)} is not wanted and now gets in: {where}"


def _claim(point: Point, wish: Wish, called: frozenset[str], *, let_go: bool) -> str:
    """Why a sender must not be stopped; empty if it may be.

    ``called`` are the names by which alone it got in. A wanted name has a claim for whoever it
    stands for only where it is by the name that he got in: nobody can know that an address in
    another rule is the name's. Likewise a wanted address that got in only because some other name
    happens to stand for it was never known to get in.
    """
    if not called and inside(point, wish.senders):
        return "wanted"
    if called & set(wish.names):
        return "wanted by name"
    if wish.keeps(point) and not let_go:
        return "internal, and kept"
    if inside(point, wish.probes) and not let_go:
        return "a health check"
    return ""


def _key(row: Row) -> tuple[object, ...]:
    return tuple((name, row[name]) for name in sorted(row))


def _foreign(before: World, after: World, wish: Wish) -> Iterator[str]:
    """Promise 3: whose rows were touched, and whether the mode allows it."""
    was, will = Counter(map(_key, before.rows)), Counter(map(_key, after.rows))
    if wish.mode == "watch" and was != will:
        yield "promise 3: something was changed in watch"
    for key in will - was:
        if not purpose(dict(key), wish):  # type: ignore[arg-type]
            yield f"promise 3: a row that isn't ours was made: {dict(key)}"  # type: ignore[arg-type]
    standing = [row for row in after.rows if purpose(row, wish) and row["allow"]]
    for key in was - will:
        row: Row = dict(key)  # type: ignore[arg-type]
        if purpose(row, wish):
            continue
        if wish.mode != "enforce" or not wish.revokes:
            yield f"promise 3: somebody else's row was taken: {row}"
        elif row["label"].startswith(("cloudsync/", "cloudsync-terraform/")):
            yield f"promise 3: another installation's row was taken: {row}"
        else:
            yield from _taken(row, standing, after, wish)


def _taken(row: Row, standing: Sequence[Row], after: World, wish: Wish) -> Iterator[str]:
    """Whether a foreign row might be taken: for our port alone, addresses, and some unwanted."""
    if not (row["protocol"] == "tcp" and any(row["ports"] == (p, p) for p in wish.ports)):
        yield f"promise 3: a row that is broader than our port was taken: {row}"
    if row["names"] or not row["sources"]:
        yield f"promise 3: a row that names no address was taken: {row}"
    inner = [point for point in edges(row["sources"]) if inside(point, row["sources"])]
    every = (*row["sources"], *wish.networks, *wish.also, *INTERNAL)
    inner += [point for point in edges(every) if inside(point, row["sources"])]
    if all(wish.wants(point, {}) or wish.keeps(point) for point in inner):
        yield f"promise 3: a row was taken that lets in nobody unwanted: {row}"
    own = [cidr for one in standing for cidr in one["sources"]]
    # A stranger's row for the very network is as good as one of ours, where it stays.
    own += [
        cidr
        for one in after.rows
        if one["allow"] and one["protocol"] == "tcp" and one["ports"] == row["ports"]
        if not one["names"] and not one["machines"]
        for cidr in one["sources"]
        if cidr in (*wish.networks, *wish.also)
    ]
    bare = [point for point in inner if wish.wants(point, {}) and not inside(point, own)]
    if bare:
        yield f"promise 3: {text(bare[0])} stands in no row of ours, and {row} was taken"


def _elsewhere(before: World, after: World, wish: Wish, points: Sequence[Point]) -> Iterator[str]:
    """Promise 4: other ports, other protocols and outbound traffic are as they were."""
    if before.outbound != after.outbound:
        yield "promise 4: outbound rules were changed"
    for rule in sorted(after.beyond - before.beyond):
        yield f"promise 4: a rule of ours holds for machines that aren't guarded: {rule}"
    for port in OTHER_PORTS:
        for protocol in ("tcp", "udp"):
            ahead = joined(deciding(before, port, protocol))
            behind = joined(deciding(after, port, protocol))
            if ahead == behind or port in wish.ports:
                continue
            for point in points:
                for machine in before.machines:
                    old = gets_in(ahead, point, machine, wish.meanings[0])
                    if old is not gets_in(behind, point, machine, wish.meanings[0]):
                        yield f"promise 4: {text(point)} at {protocol}/{port} is decided otherwise"


def _exact(asked: Sequence[Row], point: Point, meanings: Sequence[Meaning]) -> bool:
    """Whether anybody can tell if a sender gets in: nothing vague speaks of him before he is decided.

    A row that is for other machines for sure, ``elsewhere``, says nothing, and may mislead nobody.
    """
    for row in asked:
        if row.get("elsewhere"):
            continue
        here = inside(point, row["sources"]) or not (row["sources"] or row["names"])
        named = any(
            inside(point, meaning.get(name, ())) for name in row["names"] for meaning in meanings
        )
        if named or (row["names"] and not row["allow"]):
            return False
        if row["machines"] and (here or row["names"]):
            return False
        if here and not row["machines"]:
            return True
    return True


def misjudged(
    world: World,
    port: int,
    points: Sequence[Point],
    meanings: Sequence[Meaning],
    says_certain: Callable[[str], bool],
    says_possible: Callable[[str], bool],
    names: Sequence[str],
) -> list[str]:
    """Where somebody else's reading of a world is wrong: too sure, blind, or inexact for no reason.

    ``names`` are the opaque sources that the other reading says are let in.
    """
    found: list[str] = []
    asked = joined(deciding(world, port))
    # Azure's ids are the same in whatever case they are written.
    called = {name.casefold() for name in names}
    worth = tried(asked, meanings)
    for point in points:
        got = answers(asked, point, world.machines, worth)
        sure, maybe = got == {True}, True in got
        address = text(point)
        if says_certain(address) and not sure:
            found.append(f"{address} is said to be certain, and is not")
        named = any(
            inside(point, cidrs)
            for meaning in meanings
            for name, cidrs in meaning.items()
            if name.casefold() in called
        )
        if maybe and not says_possible(address) and not named:
            found.append(f"{address} may get in, and is said not to")
        if _exact(asked, point, worth) and (
            says_certain(address) is not sure or says_possible(address) is not maybe
        ):
            found.append(f"{address} is misjudged though nothing is partial or opaque")
    return found
