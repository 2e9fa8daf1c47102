"""The outbox as the state's document holds it; it opens no store."""

from __future__ import annotations

from typing import Final

from cloudsync.alert.letters import Letter
from cloudsync.alert.outbox import Outbox, Waiting
from cloudsync.conditions.condition import Severity
from cloudsync.records import Kind, number, text, time, time_text, truth
from cloudsync.state import Value

OUTBOX_KEY: Final = "outbox"


def _to_value(outbox: Outbox) -> Value:
    return {
        "waiting": [
            {
                "channel": one.letter.channel,
                "severity": str(one.letter.severity),
                "subject": one.letter.subject,
                "body": one.letter.body,
                "at": time_text(one.letter.at),
                "over": one.letter.over,
                "due": time_text(one.due),
                "tried": one.tried,
                "error": one.error,
            }
            for one in outbox.waiting
        ],
        "dropped": dict(outbox.dropped or {}),
    }


def _from_value(value: Value) -> Outbox:
    return Outbox(
        tuple(
            Waiting(
                Letter(
                    text(one["channel"]),
                    Severity(one["severity"]),
                    text(one["subject"]),
                    text(one["body"]),
                    time(one["at"]),
                    truth(one["over"]),
                ),
                time(one["due"]),
                number(one["tried"]),
                text(one["error"]),
            )
            for one in value["waiting"]
        ),
        {text(key): number(count) for key, count in value["dropped"].items()},
    )


OUTBOX: Final[Kind[Outbox]] = Kind("outbox", 1, _to_value, _from_value)
