"""Mistakes that somebody could make in the product, each a patch for a copy of the tree.

The product has no switches for them. A patch names the text that it takes the place of, which must
stand in its file exactly once, so that a patch that no longer fits is found at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulator.timeline import World


@dataclass(frozen=True, slots=True)
class Change:
    """``new`` in the place of ``old``, in a file named from the root of the tree."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Bug:
    """One mistake: its name, the changes that make it, and the world in which it shows."""

    name: str
    world: World
    changes: tuple[Change, ...]


def patched(tree: Path, change: Change) -> str:
    """The file of ``change`` in ``tree`` with the change made.

    Raises:
        ValueError: the text to be replaced doesn't stand there exactly once.
    """
    text = (tree / change.file).read_text()
    count = text.count(change.old)
    if count != 1:
        raise ValueError(f"{change.file}: stands there {count} times: {change.old!r}")
    return text.replace(change.old, change.new)


_ENGINE: Final = "cloudsync/engine.py"
_AWS: Final = "providers/aws/cloudsync_aws/"
_AZURE: Final = "providers/azure/cloudsync_azure/"
_NO_PROOF_OF_FOREIGN: Final = Change(
    "cloudsync/prove.py",
    "    return _foreign_broken(before, after, step, target, want, order)",
    "    return None",
)

# Steps of another plan than the one that is carried out have no reversal in it.
_ANY_STEP: Final = (
    Change(_ENGINE, "dict(zip(plan.steps, plan.reversals, strict=True))", "defaultdict(Reversal)"),
    Change(_ENGINE, "import time\n", "import time\nfrom collections import defaultdict\n"),
)

BUGS: Final = (
    Bug("remove first", "aws", (
        Change(
            _ENGINE,
            "self._carry_out(plan, [step for step in plan.steps if not step.later])",
            "self._carry_out(plan, sorted(plan.steps, key=lambda step: not step.later))",
        ),
        Change("cloudsync/plan.py", "steps, reversals = proof.steps, ", "_, reversals = proof.steps, "),
        *_ANY_STEP,
    )),
    Bug("no second look", "aws", (
        Change(
            _ENGINE,
            "        seen = self._settled()",
            "        seen = dict(self.plans)",
        ),
        Change(_ENGINE, "if any(not step.later for step in now.steps):", "if target in self.failed:"),
        Change(
            _ENGINE,
            "steps = [step for step in now.steps if _changes([step]) <= allowed]",
            "steps = [step for step in now.steps if step.later and _changes([step]) <= allowed]",
        ),
    )),
    Bug("removal though what was added isn't seen", "aws", (
        Change(_ENGINE, "if any(not step.later for step in now.steps):", "if target in self.failed:"),
        Change(
            _ENGINE,
            "steps = [step for step in now.steps if _changes([step]) <= allowed]",
            "steps = [step for step in plan.steps if step.later and _changes([step]) <= allowed]",
        ),
        *_ANY_STEP,
    )),
    Bug("no ownership check: a reshaped rule is taken for ours", "aws", (
        Change(
            _AWS + "marks.py",
            "if purpose is None or not rule.alone(ports):",
            "if purpose is None:",
        ),
        Change(
            _AWS + "decide.py",
            "(rule.first or 0, rule.source): rule for rule in rules_of(group) "
            "if rule.alone(want.ports)",
            "(rule.first or 0, rule.source): rule for rule in rules_of(group) "
            "if rule.alone(want.ports) or rule.description.startswith(OUR_MARKS)",
        ),
        Change(
            "cloudsync/prove.py",
            "    if before.elsewhere != after.elsewhere:",
            "    if not want.ports:",
        ),
    )),
    Bug("no ownership check: another installation's rule is revoked", "aws", (
        Change(
            _AWS + "decide.py",
            "    if rule.description.startswith(OUR_MARKS):\n        return False\n",
            "",
        ),
        _NO_PROOF_OF_FOREIGN,
    )),
    Bug("IPv6 is forgotten when rules are read", "aws", (
        Change(
            _AWS + "ingress.py",
            'for one in permission.get("Ipv6Ranges", ()):',
            'for one in permission.get("Ipv4Ranges", ()):',
        ),
    )),
    Bug("IPv6 is forgotten when places are found", "ties", (
        Change(
            "cloudsync/place.py",
            '_FAMILIES = (("ipv4", EVERY_IPV4), ("ipv6", EVERY_IPV6))',
            '_FAMILIES = (("ipv4", EVERY_IPV4), ("ipv6", EVERY_IPV6))[:1]',
        ),
    )),
    Bug("an empty list deletes all", "ties", (
        Change(
            "cloudsync/vetting/guard.py",
            '    verdict: Verdict = "refuse" if "refuse" in verdicts',
            '    verdict: Verdict = "accept" if not new.entries else "refuse" if "refuse" in verdicts',
        ),
    )),
    Bug("the limits on a list are ignored", "aws", (
        Change(
            "cloudsync/vetting/guard.py",
            "    if count <= most and count * 100 <= percent * was:\n",
            "    if count >= 0:\n",
        ),
    )),
    Bug("off by one at the end of a range of ports", "aws", (
        Change(
            _AWS + "rule.py",
            "first <= port <= (first if last is None else last)",
            "first <= port < (first if last is None else last)",
        ),
    )),
    Bug("a broad rule counts as cover", "ties", (
        Change(
            "cloudsync/place.py",
            "    allows = _allows(wanted, blocked)",
            '    broad = first_match((rule.clause for rule in standing if not rule.slot), "")\n'
            "    allows = _allows(wanted, blocked | broad.possible)",
        ),
    )),
    Bug("the own deny is made ahead of the own allow", "ties", (
        Change("cloudsync/moves.py", "for turn in range(3):", "for turn in (2, 1, 0):"),
    )),
    Bug("the own deny is made ahead of the own allow, and nothing is proved", "ties", (
        Change("cloudsync/moves.py", "for turn in range(3):", "for turn in (2, 1, 0):"),
        Change(
            "cloudsync/prove.py",
            "    for old, new in ((was.certain, will.certain), (was.possible, will.possible)):\n",
            "    for old, new in ():\n",
        ),
    )),
    Bug("what is partial counts as certain", "ties", (
        Change(
            "cloudsync/exposure.py",
            "            if clause.full:\n                certain.append",
            "            if clause.allow:\n                certain.append",
        ),
    )),
    Bug("the grace of a removal is ignored", "aws", (
        Change("cloudsync/vetting/leaving.py", "now - leaving.confirmed >= removals.grace", "removals"),
    )),
    Bug("an entry that is leaving is no longer wanted", "unique", (
        Change(
            "cloudsync/allowlist.py",
            "return *self.entries, *self.ahead, *(leaving.entry for leaving in self.leaving)",
            "return *self.entries, *self.ahead",
        ),
    )),
    Bug("a foreign rule is revoked in add", "aws", (
        Change(
            _AWS + "decide.py",
            "if mode is Mode.ENFORCE and whose[key] is None and _revocable(group, rule, want)",
            "if whose[key] is None and _revocable(group, rule, want)",
        ),
        Change(
            "cloudsync/prove.py",
            "    if want.mode is not Mode.ENFORCE or step.own:",
            "    if step.own:",
        ),
    )),
    Bug("health checks are forgotten when closing", "unique", (
        Change(
            "cloudsync/place.py",
            "allows | _probes(exposure, probes) | ",
            "allows | ",
        ),
        Change("cloudsync/prove.py", "lost = (probes & old) - new - withdrawn", "lost = NOBODY"),
        Change("cloudsync/prove.py", "    kept = (want.kept, probes)", "    kept = (want.kept,)"),
    )),
    Bug("a rule for some source ports counts as one for all", "azure", (
        Change(
            _AZURE + "clauses.py",
            "    everywhere = rule.any_source_port",
            "    everywhere = True",
        ),
    )),
    Bug("the tag Internet is taken for IPv4 alone", "azure", (
        Change(
            _AZURE + "clauses.py",
            "            found.append(PUBLIC)",
            "            found.append(PUBLIC & EVERY_IPV4)",
        ),
    )),
    Bug("a list that serves a route table too is written unasked", "aws-lists", (
        Change(_AWS + "list_decide.py", "return [*found, *one.others]", "return found"),
    )),
    Bug("a list of groups that nobody selected is written unasked", "aws-lists", (
        Change(_AWS + "list_decide.py", "if rules and not group.selected:", "if not rules and not group.selected:"),
    )),
    Bug("a list that outbound rules name is written unasked", "aws-lists", (
        Change(
            _AWS + "list_decide.py",
            "        if group.refers_outbound(one.id):\n            found.append",
            "        if group.refers_outbound(group.id):\n            found.append",
        ),
    )),
    Bug("entries are taken from a list that decides more", "aws-lists", (
        Change(
            _AWS + "list_decide.py",
            "and all(rule.alone(ports) for rule in rules)",
            "and any(rule.alone(ports) for rule in rules)",
        ),
    )),
    Bug("another installation's entry is taken for ours", "aws-lists", (
        Change(
            _AWS + "list_decide.py",
            "return marks(installation).get(entry.description)",
            'return marks(installation).get(entry.description.replace("theirs", installation))',
        ),
    )),
    Bug("what some groups refer to counts as certain", "aws-lists", (
        Change(
            _AWS + "list_rules.py",
            'full = all("full" in found for found in covers.values())',
            'full = any("full" in found for found in covers.values())',
        ),
    )),
    Bug("a list never grows", "aws-lists", (
        Change(_AWS + "list_room.py", "    if needed <= one.size:", "    if needed <= MOST_ENTRIES:"),
    )),
    Bug("a list grows past what a group has room for", "aws-lists", (
        Change(
            _AWS + "list_room.py",
            "            if times:\n",
            "            if times and group is snapshot.groups[-1]:\n",
        ),
    )),
    Bug("a change names the target's own list alone", "aws-lists", (
        Change(
            _AWS + "lists.py",
            "                if other in found or any(one.rules(each.id) for one in groups)",
            "                if other in found",
        ),
    )),
    Bug("a list for another port takes mail in", "aws-lists", (
        Change(
            _AWS + "list_decide.py",
            "        if any(rule.cover(port) in covers for rule in group.rules(one.id))",
            "        if group.rules(one.id)",
        ),
    )),
    Bug("an answer that was lost is taken for done", "aws-lists", (
        Change(
            _AWS + "list_carry_out.py",
            'return Outcome("done") if _stands(caller, call, deadline) else ended',
            'return Outcome("done")',
        ),
    )),
    Bug("own entries that nobody wants stay", "aws-lists", (
        Change(_AWS + "list_steps.py", "    for entries in _batches(decision.removed):", "    for entries in _batches(decision.removed[1:]):"),
    )),
    Bug("the number of a rule for other machines is free", "azure-part", (
        Change(
            _AZURE + "decide.py",
            "if not slot and not clauses(rule, protect)}",
            "if not slot and not rule}",
        ),
    )),
    Bug("the rule for health checks holds for every machine", "azure-part", (
        Change(
            _AZURE + "decide.py",
            "    return protect.destinations(EVERY_IPV4)\n",
            "    return protect.destinations(EVERY_IPV4) if protect.groups else ((ANY,), ())\n",
        ),
    )),
    Bug("one of two protected groups counts as both", "azure-part", (
        Change(
            _AZURE + "clauses.py",
            "set(protect.groups) <= set(rule.destination_groups)",
            "set(protect.groups) & set(rule.destination_groups)",
        ),
    )),
    Bug("some of the protected addresses count as all", "azure-part", (
        Change(_AZURE + "clauses.py", "        if guarded <= reach:", "        if guarded & reach:"),
    )),
    Bug("own rules hold for machines of no protected group", "azure-part", (
        Change(_AZURE + "clauses.py", "            return (), self.groups", "            return (ANY,), ()"),
    )),
    Bug("own allows don't follow who is guarded", "azure-part", (
        Change(
            _AZURE + "decide.py",
            "    yield from _bound_anew(now, placement, protect, allow=True)\n",
            "",
        ),
    )),
    Bug("own denies don't follow who is guarded", "azure-part", (
        Change(
            _AZURE + "decide.py",
            "    yield from _bound_anew(now, placement, protect, allow=False)\n",
            "",
        ),
    )),
    Bug("a rule for other machines counts as one for some of ours", "azure-part", (
        Change(
            _AZURE + "clauses.py",
            "        if not (guarded & reach or tags or rule.destination_groups):",
            "        if not (reach or tags or rule.destination_groups):",
        ),
    )),
    Bug("a target that is gone is passed over", "aws", (
        Change(
            "cloudsync/observe.py",
            "    plans += gone(blocks, known, {*read, *(plan.target for plan in plans)}, digest)\n",
            "",
        ),
    )),
)  # fmt: skip
