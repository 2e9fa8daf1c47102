"""The reads of the source over several passes: what is kept, what is told, and what decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from cloudsync.allowlist import Entry, Listing
from cloudsync.conditions import ConditionKind
from cloudsync.config import Config
from cloudsync.config.listing import ListSettings
from cloudsync.errors import Exit, SourceRefused, UsageError
from cloudsync.job import Job
from cloudsync.memory.firewall import Firewall
from cloudsync.report import exit_of_run
from cloudsync.source.fetch import Fetched, NotModified
from cloudsync.state import MemoryStore
from cloudsync.track import reads_of
from cloudsync.vetting import intake
from cloudsync.vetting.vet import Read
from cloudsync.worker.passes import Passed, one_pass
from tests.unit.test_reconcile import LISTED, NOW, REFUSED
from tests.unit.test_worker import Shift

PAGE = "https://vendor.example/page"


@dataclass
class Week(Shift):
    """Passes by the hour, with a page beside the file."""

    shown: Callable[[], Listing] = field(default=lambda: listing(*LISTED))
    asked: int = 0

    @property
    def job(self) -> Job:
        """The worker's job, which can read the page."""
        return replace(super().job, page=self.page)

    def page(self, _config: Config) -> Listing:
        """What the page says."""
        self.asked += 1
        return self.shown()

    def later(self, *, sweep: bool = False, hours: int = 1) -> Passed:
        """One pass, an hour later."""
        self.now += timedelta(hours=hours)
        return one_pass(self.job, sweep=sweep)


def listing(*networks: str) -> Listing:
    """What stands on the page."""
    return Listing(PAGE, "article39", tuple(Entry(ip_network(one)) for one in networks))


@pytest.fixture
def week() -> Week:
    """A target in add."""
    return Week({"one": ()}, ({"mode": "add"},))


def kinds(passed: Passed) -> list[ConditionKind]:
    """What holds after a pass."""
    return [one.condition.kind for one in passed.turn.standing]


def test_a_refused_source_is_told_of_after_the_second_read_and_repairs_go_on(week: Week) -> None:
    """Once isn't told, sweeps neither count nor end it, drift is mended, and a good read ends it."""
    week.one_pass()
    week.read = Read(refused=REFUSED, candidates=(ip_network("9.0.0.1"),))
    first = week.later()
    assert (kinds(first), exit_of_run(first.report)) == ([], Exit.SOURCE)
    assert kinds(week.later(sweep=True)) == []
    week.world.edit("one", Firewall(()))
    second = week.later()
    assert (kinds(second), exit_of_run(second.report)) == ([ConditionKind.REFUSED], Exit.SOURCE)
    assert week.world.firewalls["one"].rules
    told, repaired = (one.watched.condition for one in second.turn.tell)
    assert repaired.kind is ConditionKind.REPAIRED
    assert "E_EMPTY" in told.impact
    assert "Seen there and not in the list in force: 9.0.0.1/32." in told.did
    swept = week.later(sweep=True)
    assert (kinds(swept), swept.turn.tell) == ([ConditionKind.REFUSED], ())
    reads = reads_of(week.job)
    assert reads is not None
    assert reads.refusals is not None
    assert reads.refusals.count == 2
    week.read = None
    ended = week.later()
    assert (kinds(ended), [one.event for one in ended.turn.tell]) == ([], ["ended"])


def test_a_day_of_refusals_is_stale_too(week: Week) -> None:
    """The list in force goes on, and is an old one."""
    week.one_pass()
    week.read = Read(refused=REFUSED)
    week.later()
    assert kinds(week.later(hours=24)) == [ConditionKind.REFUSED, ConditionKind.STALE]


def test_the_page_is_compared_when_the_file_is_read_and_decides_nothing(week: Week) -> None:
    """A difference holds through sweeps; nothing of the page is let in, and no run fails by it."""
    week.listing = {"compare_with": PAGE}
    assert kinds(week.one_pass()) == []
    week.shown = lambda: listing(*LISTED, "9.0.0.1")
    differs = week.later()
    assert (kinds(differs), exit_of_run(differs.report)) == ([ConditionKind.DIFFERS], Exit.DONE)
    assert week.stored
    assert week.stored.entries == week.offered.entries
    asked = week.asked
    assert kinds(week.later(sweep=True)) == [ConditionKind.DIFFERS]
    assert week.asked == asked
    week.shown = lambda: listing(*LISTED)
    assert kinds(week.later()) == []

    def away() -> Listing:
        raise SourceRefused(PAGE, "E_TIMEOUT", "no answer in 10 s")

    week.shown = away
    assert kinds(week.later()) == []
    failed = week.later()
    assert (kinds(failed), exit_of_run(failed.report)) == ([ConditionKind.DIFFERS], Exit.DONE)
    week.listing = {}
    assert kinds(week.later()) == []


def test_a_first_list_that_is_refused_by_the_guard_is_counted(week: Week) -> None:
    """Without a list in force too."""
    week.forget()
    week.world.edit("one", Firewall(()))
    week.read = Read(Listing("./list.txt", "cidr", (Entry(ip_network("10.0.0.0/8")),)))
    week.one_pass()
    assert kinds(week.later()) == [ConditionKind.MISSING, ConditionKind.REFUSED]


# ------------------------------------------------------------------------------ what is read


def config(**more: Any) -> Config:
    """A configuration with an operator's file and a page."""
    said = {"source": "./list.txt", "format": "cidr", "compare_with": PAGE, **more}
    return Config.model_validate({"name": "ours", "list": said})


def answers(monkeypatch: pytest.MonkeyPatch, got: Fetched | NotModified | Exception) -> None:
    """Have the next fetch give this."""

    def fetch(source: str, **_more: Any) -> Fetched | NotModified:
        assert source == PAGE
        if isinstance(got, Exception):
            raise got
        return got

    monkeypatch.setattr(intake, "fetch", fetch)


def test_the_page_is_read_as_what_it_is_or_as_it_is_described(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Plain networks by guess; where ``page:`` describes a layout, by that."""
    answers(monkeypatch, Fetched(b"8.0.0.1\n", PAGE, NOW))
    assert [str(one.network) for one in intake.read_page(config()).entries] == ["8.0.0.1/32"]
    layout = {"start": "From", "end": "To", "minimum": 1, "maximum": 9}
    answers(monkeypatch, Fetched(b"x\nFrom\n8.0.0.1\nTo\n", PAGE, NOW))
    assert len(intake.read_page(config(page=layout)).entries) == 1


@pytest.mark.parametrize(
    ("got", "code"),
    [
        (NotModified(PAGE, NOW), "E_NOT_MODIFIED"),
        (UsageError(PAGE, "this is no URL"), "E_UNREACHABLE"),
        (SourceRefused(PAGE, "E_TLS", "no trust"), "E_TLS"),
        (Fetched(b"<p>hello</p>", PAGE, NOW), "E_HTML"),
    ],
)
def test_a_page_that_cant_be_read_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, got: Fetched | NotModified | Exception, code: str
) -> None:
    """Whatever is the matter with it, it is one that the pass can go on from."""
    answers(monkeypatch, got)
    with pytest.raises(SourceRefused) as caught:
        intake.read_page(config())
    assert caught.value.code == code


def test_without_a_page_there_is_none_to_read() -> None:
    """Neither by the configuration, nor in a job that reaches nothing."""
    with pytest.raises(SourceRefused, match="no page is named"):
        intake.read_page(config(compare_with=None))
    job = Shift({"one": ()}, ({"mode": "add"},)).job
    with pytest.raises(SourceRefused, match="nobody can read it here"):
        job.page(job.config)


def test_a_document_that_is_refused_shows_its_candidates(tmp_path: Path) -> None:
    """What looks like an address in a page whose layout changed, beside why it is refused."""
    path = tmp_path / "list.txt"
    path.write_text("8.8.8.8\nsee also 9.9.9.9\n", encoding="utf-8")
    said = Config.model_validate({"name": "ours", "list": {"source": str(path), "format": "cidr"}})
    found = intake.read_config(said, MemoryStore(), None)
    assert found.refused is not None
    assert (found.refused.code, found.refused.line) == ("E_ADDR", 2)
    assert [str(one) for one in found.candidates] == ["8.8.8.8/32", "9.9.9.9/32"]


@pytest.mark.parametrize(
    "said",
    [
        {"compare_with": "./page.html"},
        {"compare_with": "http://vendor.example/"},
        {"compare_with": "https://ann:secret@vendor.example/"},
        {"source": PAGE},
        {"format": "article39"},
    ],
)
def test_only_a_file_is_compared_and_only_with_a_page(said: dict[str, str]) -> None:
    """The page is an https URL without a password, the source a file of networks."""
    usual = {"source": "./list.txt", "format": "cidr", "compare_with": PAGE}
    assert ListSettings.model_validate(usual).compare_with == PAGE
    with pytest.raises(ValueError, match=r"page|URL"):
        ListSettings.model_validate({**usual, **said})
