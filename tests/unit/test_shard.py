"""Which share of a run a process has, by what it is told and what each platform says."""

from __future__ import annotations

from collections import Counter

import pytest

from cloudsync.errors import UsageError
from cloudsync.shards.shard import Shard, number_of, run_name, shard

BATCH = {
    "AWS_BATCH_JOB_ARRAY_INDEX": "2",
    "AWS_BATCH_JOB_ARRAY_SIZE": "4",
    "AWS_BATCH_JOB_ID": "5a1c2b7e-8f0a-4a53-9d0e-1be6f60c9a11:2",
}
RUN = {
    "CLOUD_RUN_TASK_INDEX": "0",
    "CLOUD_RUN_TASK_COUNT": "8",
    "CLOUD_RUN_EXECUTION": "cloudsync-x7k2p",
}
KUBERNETES = {"JOB_COMPLETION_INDEX": "15", "CLOUDSYNC_RUN": "sweep-29415230"}


@pytest.mark.parametrize(
    ("said", "environment", "found"),
    [
        ("1/1", {}, Shard(1, 1)),
        ("3/4", {}, Shard(3, 4)),
        ("3/4", BATCH, Shard(3, 4)),
        ("auto", BATCH, Shard(3, 4)),
        ("auto/4", BATCH, Shard(3, 4)),
        ("auto", RUN, Shard(1, 8)),
        ("auto/16", KUBERNETES, Shard(16, 16)),
    ],
)
def test_a_shard_is_said_or_read_from_the_platform(
    said: str, environment: dict[str, str], found: Shard
) -> None:
    """People count from 1, every platform's index from 0; what is said counts before both."""
    assert shard(said, environment) == found


@pytest.mark.parametrize(
    ("said", "environment", "message"),
    [
        ("4", {}, ("--shard: '4' is no share of a run. Nothing was changed. Write 1/4, 2/4 and so on, "
         "or auto where the platform numbers its processes.")),
        ("0/4", {}, ("--shard: there is no shard 0 of 4 (0/4). Nothing was changed. Shards are 1 to N, "
         "and N is at most 10,000.")),
        ("5/4", {}, ("--shard: there is no shard 5 of 4 (5/4). Nothing was changed. Shards are 1 to N, "
         "and N is at most 10,000.")),
        ("1/10001", {}, ("--shard: there is no shard 1 of 10001 (1/10001). Nothing was changed. Shards "
         "are 1 to N, and N is at most 10,000.")),
        ("auto", {}, ("--shard: auto needs what a platform says, and none of these is set: "
         "AWS_BATCH_JOB_ARRAY_INDEX (AWS Batch), CLOUD_RUN_TASK_INDEX (Cloud Run), "
         "JOB_COMPLETION_INDEX (Kubernetes). Nothing was changed. Write --shard I/N.")),
        ("auto", KUBERNETES, ("--shard: Kubernetes doesn't say how many processes there are. Nothing "
         "was changed. Write auto/N, with the same N as completions: has.")),
        ("auto/15", KUBERNETES, ("--shard: there is no shard 16 of 15 (auto, JOB_COMPLETION_INDEX=15). "
         "Nothing was changed. Shards are 1 to N, and N is at most 10,000.")),
        ("auto/5", BATCH, ("--shard: says 5 shards, and AWS_BATCH_JOB_ARRAY_SIZE says 4. Nothing was "
         "changed. Write auto.")),
        ("auto", {**BATCH, "AWS_BATCH_JOB_ARRAY_SIZE": ""}, ("--shard: AWS_BATCH_JOB_ARRAY_SIZE is '', "
         "and no number. Nothing was changed. Write I/N.")),
        ("auto", {**BATCH, "AWS_BATCH_JOB_ARRAY_INDEX": "٣"}, ("--shard: AWS_BATCH_JOB_ARRAY_INDEX is "
         "'٣', and no number. Nothing was changed. Write I/N.")),
    ],
)  # fmt: skip
def test_what_names_no_shard_is_refused(
    said: str, environment: dict[str, str], message: str
) -> None:
    """A process that took a wrong share would leave accounts unseen; it takes none instead."""
    with pytest.raises(UsageError) as refused:
        shard(said, environment)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("said", "environment", "name"),
    [
        ("nightly-7", RUN, "nightly-7"),
        (None, BATCH, "5a1c2b7e-8f0a-4a53-9d0e-1be6f60c9a11"),
        (None, RUN, "cloudsync-x7k2p"),
        (None, KUBERNETES, "sweep-29415230"),
        (None, {**RUN, "CLOUDSYNC_RUN": "mine"}, "mine"),
    ],
)
def test_all_shards_of_a_run_call_it_the_same(
    said: str | None, environment: dict[str, str], name: str
) -> None:
    """What is said counts, then the variable of ours, then the platform's id without the index."""
    assert run_name(said, environment) == name


@pytest.mark.parametrize(
    ("said", "environment", "message"),
    [
        (None, {"JOB_COMPLETION_INDEX": "1"}, ("--run: isn't given, and no platform says which run the "
         "shards share. Nothing was changed. Give all of them one name: --run NAME, or "
         "CLOUDSYNC_RUN=NAME; a new one each time.")),
        ("a/b", {}, ("--run: 'a/b' is no name of a run. Nothing was changed. Use at most 100 letters, "
         "digits, dots, dashes and underscores.")),
    ],
)  # fmt: skip
def test_what_names_no_run_is_refused(
    said: str | None, environment: dict[str, str], message: str
) -> None:
    """Shards that each called the run otherwise would be as many runs, none of them whole."""
    with pytest.raises(UsageError) as refused:
        run_name(said, environment)
    assert str(refused.value) == message


def test_an_account_has_one_shard_whatever_its_scopes_and_its_spelling() -> None:
    """Regions, networks and targets go where their account goes, and each account goes somewhere."""
    scopes = ["aws:123456789012/eu-west-1", "aws:123456789012/us-east-1/sg-1", "aws:123456789012"]
    assert len({number_of(one, 7) for one in scopes}) == 1
    azure = "azure:3F1C2B7E-8F0A-4A53-9D0E-1BE6F60C9A11"
    assert number_of(azure, 9) == number_of(azure.lower(), 9)
    assert str(Shard(3, 4)) == "shard 3 of 4"
    assert Shard(1, 1).has("gcp:anything")
    for one in scopes:
        assert [Shard(n, 5).has(one) for n in range(1, 6)].count(True) == 1


def test_accounts_are_spread_evenly_and_always_alike() -> None:
    """Of 10,000 accounts over 16 shards none has a fifth more than its share, today and tomorrow."""
    spread = Counter(number_of(f"aws:{number:012d}", 16) for number in range(10_000))
    assert sorted(spread) == list(range(1, 17))
    assert max(spread.values()) < 1.2 * 10_000 / 16
    assert [number_of(f"aws:{number:012d}", 16) for number in range(4)] == [4, 5, 16, 8]
