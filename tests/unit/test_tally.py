"""Answers of the clouds are counted for the job that asked, on every thread it begins."""

from __future__ import annotations

import threading

from cloudsync.abreast import Abreast
from cloudsync.status.tally import called, counting, here


def test_each_job_counts_for_itself() -> None:
    """Threads that it begins count for it, a job beside it for itself, and nobody for nobody."""
    with counting() as mine:
        Abreast(3)(lambda one: called("aws", one, "ok"), ["a", "b", "b", "c"], str)

        def other() -> None:
            with counting() as theirs:
                called("gcp", "x", "", throttled=True)
                assert theirs.taken() == ({("gcp", "x", "lost"): 1}, {"gcp": 1})

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert mine.taken() == (
            {("aws", "a", "ok"): 1, ("aws", "b", "ok"): 2, ("aws", "c", "ok"): 1}, {},
        )  # fmt: skip
        assert mine.taken() == ({}, {})
    called("aws", "a", "ok")
    assert here().taken() == ({}, {})
