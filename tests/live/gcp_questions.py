"""What Google's documents leave open, each question with how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.live.gcp import GcpTrial
from tests.live.kit import Question


def _about_sources(trial: GcpTrial) -> Sequence[Question]:
    """What a rule without a source stands for: it may be everybody."""

    def left_out() -> str:
        return f"sourceRanges {trial.have('open', sourceRanges=None).get('sourceRanges')}"

    def emptied() -> str:
        trial.have("emptied")
        ended = trial.end_of(trial.patch("emptied", sourceRanges=[]))
        stored = trial.ask("GET", trial.rule("emptied")).value
        return f"{ended}, sourceRanges {stored.get('sourceRanges')}"

    def refused(end: str, *ranges: str) -> Callable[[], str]:
        return lambda: trial.end_of(trial.insert(end, sourceRanges=list(ranges)))

    many = [f"10.{each // 256}.{each % 256}.0/24" for each in range(5001)]
    return (
        Question("no source", "What is stored for missing sourceRanges?", left_out),
        Question("emptied", "What does a patch with no sourceRanges leave?", emptied),
        Question(
            "families", "Both families in one rule", refused("mixed", "192.0.2.0/24", "2001:db8::/32")
        ),
        Question("host bits", "A source with host bits", refused("bits", "192.0.2.1/24")),
        Question(
            "twice", "The same source twice in a rule", refused("twice", "192.0.2.0/24", "192.0.2.0/24")
        ),
        Question("too many", "5,001 sources in a rule", refused("many", *many)),
    )  # fmt: skip


def _about_writes(trial: GcpTrial) -> Sequence[Question]:
    """How writes end, also when they meet."""

    def answers() -> str:
        heard = trial.insert("answers")
        state = heard.value.get("status")
        ended = trial.end_of(heard)
        shown = trial.ask("GET", trial.rule("answers")).said
        return f"{heard.status} {state}, {ended}, read at once: {shown}"

    def at_once() -> str:
        trial.have("busy")
        first = trial.patch("busy", description="first")
        second = trial.patch("busy", description="second")
        ends = (trial.end_of(first), trial.end_of(second))
        stored = trial.ask("GET", trial.rule("busy")).value.get("description")
        return f"first: {ends[0]}; second: {ends[1]}; stored: {stored}"

    def same_name() -> str:
        first, second = trial.insert("same"), trial.insert("same")
        return f"first: {trial.end_of(first)}; second: {trial.end_of(second)}"

    def gone_twice() -> str:
        trial.have("gone")
        first = trial.ask("DELETE", trial.rule("gone"))
        second = trial.ask("DELETE", trial.rule("gone"))
        return f"first: {trial.end_of(first)}; second: {trial.end_of(second)}"

    def repeated() -> str:
        key = trial.key()
        first, second = trial.insert("again", request=key), trial.insert("again", request=key)
        same = first.value.get("name") == second.value.get("name")
        trial.end_of(first)
        return f"{second.said}, the same operation: {'yes' if same else 'no'}"

    return (
        Question("answers", "What does a write answer, and is it read at once?", answers),
        Question("busy", "Two patches of one rule at once", at_once),
        Question("same name", "Two inserts of one name at once: where is it said?", same_name),
        Question("gone twice", "Two deletes at once: where is it said?", gone_twice),
        Question("repeated", "The same request id twice", repeated),
    )


def questions(trial: GcpTrial) -> Sequence[Question]:
    """Every question, in the order in which they are asked."""

    def quota() -> str:
        told: Sequence[dict[str, Any]] = trial.ask("GET", trial.root).value.get("quotas", ())
        return ", ".join(f"{one['limit']:g}" for one in told if one["metric"] == "FIREWALLS")

    def text(length: int) -> str:
        ended = trial.end_of(trial.insert(f"text{length}", description="x" * length))
        return f"{length}: {ended}"

    def lengths() -> str:
        return ", ".join(text(length) for length in (2048, 2049, 65_536))

    def protocol() -> str:
        stored = trial.have("number", allowed=[{"IPProtocol": "6", "ports": ["25-25"]}])
        return str(stored.get("allowed"))

    def turned() -> str:
        trial.have("turned")
        return trial.end_of(trial.patch("turned", direction="EGRESS"))

    def unknown() -> str:
        return trial.end_of(trial.insert("unknown", nonsense="x"))

    return (
        *_about_sources(trial),
        *_about_writes(trial),
        Question("quota", "What is the project's FIREWALLS quota?", quota),
        Question("text", "How long may a description be?", lengths),
        Question("protocol", "How do protocol 6 and port 25-25 come back?", protocol),
        Question("turned", "A patch of the direction", turned),
        Question("unknown", "A field that there isn't", unknown),
    )
