"""What the state holds, as typed values and as documents; it opens no store."""

from cloudsync.records.approval import (
    APPROVAL,
    Approval,
    Approved,
    approval_key,
    closing_from,
    closing_value,
)
from cloudsync.records.fields import maybe, number, text, time, time_text, truth
from cloudsync.records.kind import Kind, Stored, load, save
from cloudsync.records.listing import LIST, LIST_KEY
from cloudsync.records.run import (
    CHANGES,
    RUN,
    SEEN,
    SEEN_KEY,
    RunRecord,
    Seen,
    changes_key,
    run_key,
)

__all__ = [
    "APPROVAL",
    "CHANGES",
    "LIST",
    "LIST_KEY",
    "RUN",
    "SEEN",
    "SEEN_KEY",
    "Approval",
    "Approved",
    "Kind",
    "RunRecord",
    "Seen",
    "Stored",
    "approval_key",
    "changes_key",
    "closing_from",
    "closing_value",
    "load",
    "maybe",
    "number",
    "run_key",
    "save",
    "text",
    "time",
    "time_text",
    "truth",
]
