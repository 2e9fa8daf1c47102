"""What is found at a target, and what is planned there, in plain words; it lays nothing out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cloudsync.addresses import INTERNAL, PUBLIC, AddressSet, Network
from cloudsync.exposure import Name
from cloudsync.model import Mode, Note, Verdict
from cloudsync.plan import Mend, TargetPlan
from cloudsync.provider import Refusal, Remark, Step
from cloudsync.report.facts import Facts, Share, facts
from cloudsync.report.listed import Listed
from cloudsync.report.page import NETWORKS_SHOWN, Block, Code, Items, Line, cut, label, quoted
from cloudsync.report.words import counted, listing, natural, port, sentence, share, size


def findings(target: TargetPlan, listed: Listed | None = None) -> Iterator[Block]:
    """Everything there is to say of ``target``, the gravest first, before any step."""
    if target.before is None:
        yield _absent(target)
    else:
        yield from differences(facts(target.before), listed)
        yield from _mode(target)
    if target.refusal:
        yield _refused(target.refusal, planned=bool(target.steps))
    for remark in target.remarks:
        yield _remark(remark)
    if target.mend:
        yield _mended(target.mend)
    said = {remark.note for remark in target.remarks}
    if target.refusal:
        said.add(Note.FAILED)
    unsaid = [note.replace("_", " ") for note in target.notes if note not in said]
    if unsaid:
        yield Block("remark", (f"Not right yet: {listing(unsaid)}.",))


def steps(target: TargetPlan) -> Iterator[Block]:
    """The steps in their order, then what they lead to."""
    for number, step in enumerate(target.steps, 1):
        others = tuple(sorted(set(step.targets) - {target.target}))
        yield Block(
            "step",
            (f"Step {number} {_WILL[step.verb]} {rules_of(step)}:",),
            (("It touches also ", Items(others), "."),) if others else (),
            changes(step),
            whole=not step.own,
        )
    if target.steps and target.before and target.after:
        yield _after(facts(target.before), facts(target.after), target.after.verdict)


def differences(found: Facts, listed: Listed | None) -> Iterator[Block]:
    """Who can get in, and how that differs from what is wanted."""
    where = port(found.ports)
    if found.missing:
        yield _lost(found, listed)
    if found.missing_names:
        yield Block("missing", ("Wanted but not let in: ", _names(found.missing_names), "."))
    if found.excess:
        yield _opened(found)
    else:
        reach = _who(found.possible)
        yield Block("exposure", (f"{reach[0].upper()}{reach[1:]} can reach {where} here.",))
    if found.undetermined:
        who = size(found.undetermined.count())
        head = f"Undetermined: {who}, though wanted, may reach only some of the machines: "
        yield Block("undetermined", (head, _networks(found.undetermined), "."))
    if found.undetermined_names:
        head = "Undetermined: let in by a name that may stand for outside addresses: "
        yield Block("undetermined", (head, _names(found.undetermined_names), "."))
    yield from _shown(found)


def rules_of(step: Step) -> str:
    """``2 rules of ours``: what a step changes, and whose it is. A rewritten rule counts once."""
    signs = [change[:1] for change in step.changes]
    number = max(signs.count("+"), signs.count("-"))
    return f"{counted(number, 'rule')} of {'ours' if step.own else 'somebody else'}"


def changes(step: Step) -> tuple[str, ...]:
    """A step's lines, in one order whatever a cloud lists first."""
    return tuple(sorted(step.changes, key=natural))


_WILL: Final = {"add": "adds", "remove": "removes", "replace": "rewrites"}


def _absent(target: TargetPlan) -> Block:
    if target.verdict is Verdict.GONE:
        reason = f" {sentence(target.reason)}" if target.reason else ""
        return Block(
            "absent", ("Gone: it was there last time and is no longer found.", *quoted(reason))
        )
    reason = f": {target.reason}" if target.reason else ""
    return Block(
        "absent",
        (
            *quoted(sentence(f"Could not be read{reason}")),
            " Nothing is known of it, and nothing is planned.",
        ),
    )


def _lost(found: Facts, listed: Listed | None) -> Block:
    which = _networks(found.missing)
    if listed and found.missing <= listed.addresses:
        who = share(found.missing.count(), listed.addresses.count())
        as_listed = [one for one in listed.networks if AddressSet.of(one) <= found.missing]
        if AddressSet.of(*as_listed) == found.missing:
            which = _items(as_listed)
    else:
        who = f"{size(found.missing.count())}, though wanted,"
    head = f"Mail is lost: {who} can't reach {port(found.ports)}: "
    return Block("missing", (head, which, "."), _ways(found.stops, "stopped by rule"))


def _opened(found: Facts) -> Block:
    count, excess = found.possible.count(), found.excess.count()
    unwanted = "all of them" if excess == count else size(excess)
    head = (
        f"Bypass open: {size(count)} can reach {port(found.ports)} here; not wanted: {unwanted}, "
    )
    witness = (found.excess & PUBLIC).witness() or found.excess.witness() or ""
    end = " for one:" if found.grants else " for one."
    return Block("open", (head, Code(witness), end), _ways(found.grants, "through rule"))


def _ways(shares: tuple[Share, ...], by: str) -> tuple[Line, ...]:
    shown, more = cut(shares, NETWORKS_SHOWN)
    lines: list[Line] = [
        (
            f"{by} ", Code(one.rule), f" ({one.layer})" if one.layer else "",
            f": {size(one.part.count())}", "" if one.full else ", at some of the machines",
        )
        for one in shown
    ]  # fmt: skip
    if more:
        lines.append((f"and {counted(more, 'more rule')}",))
    return tuple(lines)


def _shown(found: Facts) -> Iterator[Block]:
    if found.names:
        yield Block("plain", ("Let in by name: ", _names(found.names), "."))
    if found.internal == INTERNAL:
        yield Block("plain", ("Internal addresses get in too, all of them.",))
    elif found.internal == INTERNAL.ipv4:
        yield Block("plain", ("Internal addresses get in too, all IPv4 ones.",))
    elif found.internal:
        yield Block("plain", ("Internal addresses that get in: ", _networks(found.internal), "."))
    if found.probe:
        yield Block("plain", ("Health checks that get in: ", _networks(found.probe), "."))


def _mode(target: TargetPlan) -> Iterator[Block]:
    if target.verdict is Verdict.IN_SYNC:
        return
    if target.mode is Mode.WATCH:
        yield Block("plain", ("Mode watch: it is reported, and nothing is changed.",))
    elif target.mode is Mode.ADD and _is_open(target):
        yield Block(
            "plain",
            ("Mode add: what others opened stays open; closing it takes enforce, or a person.",),
        )


def _is_open(target: TargetPlan) -> bool:
    return target.before is not None and any(
        one.excess for one in target.before.differences.values()
    )


def _refused(refusal: Refusal, *, planned: bool) -> Block:
    witness: Line = (" For one: ", Code(refusal.witness), ".") if refusal.witness else ()
    done = " What can be done without it is planned." if planned else " Nothing is planned here."
    todo = f" {sentence(refusal.todo)}" if refusal.todo else ""
    return Block(
        "refusal", ("Refused: ", *quoted(sentence(refusal.what)), *witness, done, *quoted(todo))
    )


def _remark(remark: Remark) -> Block:
    note = f"{remark.note.replace('_', ' ').capitalize()}: " if remark.note else ""
    return Block("remark", (*((note,) if note else ()), *quoted(remark.text)))


def _mended(mend: Mend) -> Block:
    return Block(
        "mend",
        (f"What mends it in Terraform's code: {mend.why} ", *quoted(mend.todo)),
        changes=mend.changes,
    )


def _after(before: Facts, after: Facts, verdict: Verdict) -> Block:
    was = size(before.possible.count())
    will = size(after.possible.count()) if after.excess else _who(after.possible)
    reach = f"still {will}" if before.possible == after.possible else f"{will} instead of {was}"
    head = f"After these steps {reach} can reach {port(after.ports)} here"
    if verdict is Verdict.IN_SYNC:
        return Block("after", (f"{head}, and the target is in sync.",))
    rest: list[Line] = []
    if after.missing or after.missing_names:
        names = tuple(name.text for name in after.missing_names)
        rest.append(("still missing: ", Items((*_networks(after.missing).items, *names))))
    if after.excess:
        rest.append((f"still open: {size(after.excess.count())}",))
        rest += _ways(after.grants, "through rule")
    if after.undetermined or after.undetermined_names:
        names = tuple(name.text for name in after.undetermined_names)
        rest.append(("still undetermined: ", Items((*_networks(after.undetermined).items, *names))))
    return Block("remains", (f"{head}, and the target is {label(verdict)}:",), tuple(rest))


def _who(possible: AddressSet) -> str:
    """How many get in. Internal space that is kept is hundreds of millions: it is named apart."""
    outside = possible & PUBLIC
    if not outside or outside == possible:
        return size(possible.count())
    return f"{size(outside.count())} from outside, and internal ones,"


def _networks(part: AddressSet) -> Items:
    return _items(part.networks())


def _items(networks: Iterable[Network]) -> Items:
    """One address alone is written as people write it: without /32 or /128."""
    return Items(tuple(str(one).removesuffix(f"/{one.max_prefixlen}") for one in networks))


def _names(names: Iterable[Name]) -> Items:
    return Items(tuple(name.text for name in names))
