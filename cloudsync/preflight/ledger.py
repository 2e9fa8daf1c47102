"""What preflight remembers, as documents: domains look by look, and armed targets; it decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal, cast, get_args

from cloudsync import records
from cloudsync.preflight.arming import Armed, Known, Risk
from cloudsync.preflight.quiet import Memory
from cloudsync.records import Kind, text, time, time_text
from cloudsync.state import Store, Value

DOMAINS_KEY: Final = "preflight"
ARMED_KEY: Final = "armed"

_Way = Literal["preflight", "accept_risk"]


def known(store: Store) -> Known:
    """Everything that is remembered.

    Raises:
        StateError: the state can't be used as it is.
    """
    domains = records.load(store, DOMAINS_KEY, DOMAINS)
    armed = records.load(store, ARMED_KEY, ARMED)
    return Known(armed.value if armed else {}, domains.value if domains else {})


def keep_domains(store: Store, looked: Mapping[str, Memory]) -> None:
    """Remember these domains; the others stay as they are.

    Raises:
        StateError: the state can't be written, or another command wrote it meanwhile.
    """
    stored = records.load(store, DOMAINS_KEY, DOMAINS)
    now = {**(stored.value if stored else {}), **looked}
    records.save(store, DOMAINS_KEY, DOMAINS, now, stored.generation if stored else None)


def keep_armed(store: Store, armed: Mapping[str, Armed]) -> None:
    """Remember how these targets were armed; the others stay as they are.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    if not armed:
        return
    stored = records.load(store, ARMED_KEY, ARMED)
    now = {**(stored.value if stored else {}), **armed}
    records.save(store, ARMED_KEY, ARMED, now, stored.generation if stored else None)


def _domains_value(domains: Mapping[str, Memory]) -> Value:
    return {
        "domains": {
            domain: {
                "looked": time_text(one.looked),
                "since": time_text(one.since) if one.since else None,
                "clean": time_text(one.clean) if one.clean else None,
                "counted": int(one.counted.total_seconds()),
                "dirty": time_text(one.dirty) if one.dirty else None,
                "ttl": one.ttl,
                "found": list(one.found),
            }
            for domain, one in domains.items()
        }
    }


def _domains(value: Value) -> Mapping[str, Memory]:
    return {
        domain: Memory(
            time(one["looked"]),
            time(one["since"]) if one["since"] else None,
            time(one["clean"]) if one["clean"] else None,
            timedelta(seconds=_seconds(one["counted"])),
            time(one["dirty"]) if one["dirty"] else None,
            _seconds(one["ttl"]),
            tuple(text(found) for found in one["found"]),
        )
        for domain, one in value["domains"].items()
    }


def _armed_value(armed: Mapping[str, Armed]) -> Value:
    return {
        "targets": {
            target: {
                "at": time_text(one.at),
                "way": one.way,
                "domains": list(one.domains),
                "risks": [
                    {
                        "by": risk.by, "reason": risk.reason, "until": risk.until,
                        "at": time_text(risk.at),
                    }
                    for risk in one.risks
                ],
            }
            for target, one in armed.items()
        }
    }  # fmt: skip


def _armed(value: Value) -> Mapping[str, Armed]:
    return {
        target: Armed(
            time(one["at"]),
            _way(one["way"]),
            tuple(text(domain) for domain in one["domains"]),
            tuple(
                Risk(text(risk["by"]), text(risk["reason"]), text(risk["until"]), time(risk["at"]))
                for risk in one["risks"]
            ),
        )
        for target, one in value["targets"].items()
    }


def _way(value: Any) -> _Way:
    if value not in get_args(_Way):
        raise ValueError(f"{value!r} is no way to arm a target")
    return cast("_Way", value)


def _seconds(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no number of seconds")
    return value


DOMAINS: Final[Kind[Mapping[str, Memory]]] = Kind("preflight", 1, _domains_value, _domains)
ARMED: Final[Kind[Mapping[str, Armed]]] = Kind("armed", 1, _armed_value, _armed)
