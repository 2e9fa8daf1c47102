"""After a pass: letters of what is to be told, kept, sent, and kept again where they couldn't be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cloudsync import records
from cloudsync.alert.channels import Send
from cloudsync.alert.ledger import OUTBOX, OUTBOX_KEY
from cloudsync.alert.letters import letters
from cloudsync.alert.outbox import Outbox
from cloudsync.conditions.turn import Told
from cloudsync.job import Job
from cloudsync.trace import span

MOST: Final = 10
"""So many letters are tried in one pass: a channel that hangs must not hold up the next sweep."""


def waiting(job: Job) -> Outbox:
    """What waits to be sent.

    Raises:
        StateError: the state can't be read.
    """
    stored = records.load(job.store, OUTBOX_KEY, OUTBOX)
    names = (one.name for one in job.config.alerts.channels)
    return (stored.value if stored else Outbox()).of(names)


def deliver(job: Job, ways: Mapping[str, Send], tell: Iterable[Told]) -> Outbox:
    """Send what is to be told and what waits; gives what waits afterwards.

    Raises:
        StateError: the state can't be written; what it holds is sent by the next pass.
    """
    stored = records.load(job.store, OUTBOX_KEY, OUTBOX)
    before = stored.value if stored else Outbox()
    told, now = tuple(tell), job.now()
    new = [
        letter
        for channel in job.config.alerts.channels
        for letter in letters(
            job.config.name,
            channel,
            told,
            now,
            job.config.alerts.runbook,
            job.run,
            job.config.file,
        )
    ]
    outbox = before.of(ways).with_(new)
    generation = stored.generation if stored else None
    if outbox != before:
        # Before anything is sent: a process that dies sends it again.
        generation = records.save(job.store, OUTBOX_KEY, OUTBOX, outbox, generation).generation
    kept = outbox
    down: set[str] = set()
    tried = 0
    for one in outbox.due(now):
        channel = one.letter.channel
        # What waits for a channel that is down takes no turn from the others.
        if channel in down or tried == MOST:
            continue
        tried += 1
        with span("deliver", {"cloudsync.channel": channel}) as part:
            error = ways[channel](one.letter)
            if error:
                part.fail("undelivered", error)
        if error:
            down.add(channel)
        outbox = outbox.changed(one, one.failed(error, now)) if error else outbox.sent(one)
    if outbox != kept:
        records.save(job.store, OUTBOX_KEY, OUTBOX, outbox, generation)
    return outbox
