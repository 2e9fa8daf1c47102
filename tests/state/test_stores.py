from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudsync.errors import Exit
from cloudsync.state import Conflict, Document, MemoryStore, Store, open_state
from tests.state.conftest import KINDS


def value(number: int = 1) -> dict[str, Any]:
    """A document's value."""
    return {"schema": "cloudsync.state.test/1", "number": number}


def test_a_document_comes_back_as_it_was_put(store: Store) -> None:
    """What was put is read with its generation, and what was never put is None."""
    assert store.get("list") is None
    assert store.put("list", value(), None) == Document(value(), 1)
    assert store.get("list") == Document(value(), 1)


def test_each_change_names_the_generation_it_was_made_for(store: Store) -> None:
    """A change for the generation that is there is made, and the generation grows."""
    store.put("list", value(), None)
    assert store.put("list", value(2), 1) == Document(value(2), 2)
    assert store.get("list") == Document(value(2), 2)


def test_a_change_of_what_moved_is_a_conflict(store: Store) -> None:
    """A change for an older generation changes nothing, and says what it met."""
    store.put("list", value(), None)
    store.put("list", value(2), 1)
    with pytest.raises(Conflict) as caught:
        store.put("list", value(3), 1)
    error = caught.value
    assert (error.key, error.expected, error.found) == ("list", 1, 2)
    assert error.exit_code is Exit.LEASE
    assert str(error) == (
        f"{error.where}: list is at generation 2, this run read at generation 1; another run "
        "changed it meanwhile. The document was left as it is. Run again."
    )
    assert store.get("list") == Document(value(2), 2)


def test_what_is_there_is_not_created_again(store: Store) -> None:
    """Creation is for keys without a document."""
    store.put("list", value(), None)
    with pytest.raises(Conflict) as caught:
        store.put("list", value(2), None)
    assert (caught.value.expected, caught.value.found) == (None, 1)
    assert store.get("list") == Document(value(), 1)


def test_what_is_not_there_is_not_changed(store: Store) -> None:
    """A change of a document that isn't there is a conflict, and makes none."""
    with pytest.raises(Conflict) as caught:
        store.put("list", value(), 1)
    assert str(caught.value) == (
        f"{caught.value.where}: list is not there, this run read at generation 1; another run "
        "changed it meanwhile. The document was left as it is. Run again."
    )
    assert store.get("list") is None


def test_a_deleted_document_is_gone_and_its_generations_are_not_used_again(store: Store) -> None:
    """A change made before a deletion and a new creation meets a conflict, not the new document."""
    store.put("list", value(), None)
    store.delete("list", 1)
    assert store.get("list") is None
    assert store.keys() == ()
    assert store.put("list", value(2), None) == Document(value(2), 3)
    with pytest.raises(Conflict) as caught:
        store.put("list", value(3), 1)
    assert caught.value.found == 3


def test_nothing_stays_of_deleted_documents_that_were_cleared(store: Store) -> None:
    """Under the prefix alone, and of documents that are there, all."""
    for key in ("runs/a", "runs/b", "run%/a", "list"):
        store.put(key, value(), None)
    for key in ("runs/a", "list"):
        store.delete(key, 1)
    store.clear("run%")
    store.clear("runs/")
    store.clear("runs/")
    assert store.keys() == ("run%/a", "runs/b")
    assert store.get("runs/b") == Document(value(), 1)
    # One begins anew, of the other it is remembered what it was.
    assert store.put("runs/a", value(), None).generation == 1
    assert store.put("list", value(), None).generation == 3


def test_only_the_generation_that_was_read_is_deleted(store: Store) -> None:
    """Deleting what moved, or what isn't there, is a conflict."""
    store.put("list", value(), None)
    store.put("list", value(2), 1)
    for key, generation, found in (("list", 1, 2), ("other", 1, None)):
        with pytest.raises(Conflict) as caught:
            store.delete(key, generation)
        assert caught.value.found == found
    assert store.get("list") == Document(value(2), 2)


def test_keys_are_listed_by_prefix_in_order(store: Store) -> None:
    """A prefix is taken literally, and keys come sorted."""
    for key in ("runs/b", "runs/a", "list", "Runs/c", "run%", "runs"):
        store.put(key, value(), None)
    assert store.keys("runs/") == ("runs/a", "runs/b")
    assert store.keys("run%") == ("run%",)
    assert store.keys() == ("Runs/c", "list", "run%", "runs", "runs/a", "runs/b")


def test_a_value_is_not_shared_with_who_put_it(store: Store) -> None:
    """Changing a dict after it was put or got changes no document."""
    mine = value()
    put = store.put("list", mine, None)
    mine["number"] = put.value["number"] = 99
    got = store.get("list")
    assert got is not None
    assert got == Document(value(), 1)
    got.value["number"] = 99
    assert store.get("list") == Document(value(), 1)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"number": 1}, "a document needs a schema"),
        ({"schema": ""}, "a document needs a schema"),
        ({"schema": 1}, "a document needs a schema"),
        (
            {"schema": "x/1", "n": float("nan")},
            "Out of range float values are not JSON compliant",
        ),
    ],
)
def test_what_no_reader_could_read_is_not_put(
    store: Store, bad: dict[str, Any], message: str
) -> None:
    """A value without a schema, or that isn't JSON, is refused and leaves nothing behind."""
    with pytest.raises(ValueError) as caught:
        store.put("list", bad, None)
    assert str(caught.value).partition(":")[0] == message
    assert store.get("list") is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "delete"]),
        st.sampled_from(["a", "b"]),
        st.one_of(st.none(), st.integers(1, 4)),
        st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.none()), max_size=2),
    ),
    max_size=12,
)


@pytest.mark.parametrize("kind", KINDS[1:])
@given(steps=STEPS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_store_answers_like_memory(
    fresh: Callable[[str], str],
    kind: str,
    steps: list[tuple[str, str, int | None, dict[str, Any]]],
) -> None:
    """Whatever the calls, each store gives memory's answers and conflicts."""
    with closing(open_state(fresh(kind))) as kept:
        memory = MemoryStore()
        for what, key, expect, more in steps:
            answers: list[object] = []
            stores: tuple[Store, ...] = (kept, memory)
            for store in stores:
                try:
                    if what == "put":
                        answers.append(store.put(key, {**more, "schema": "x/1"}, expect))
                    else:
                        store.delete(key, expect or 1)
                        answers.append(None)
                except Conflict as error:
                    answers.append((error.expected, error.found))
            assert answers[0] == answers[1]
            assert kept.get(key) == memory.get(key)
            assert kept.keys() == memory.keys()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_documents_outlive_whoever_wrote_them(fresh: Callable[[str], str], kind: str) -> None:
    """What was put is there when the state is opened again, deletions included."""
    url = fresh(kind)
    with closing(open_state(url)) as first:
        first.put("list", value(), None)
        first.put("gone", value(), None)
        first.delete("gone", 1)
    with closing(open_state(url)) as second:
        assert second.get("list") == Document(value(), 1)
        assert second.keys() == ("list",)
        assert second.put("gone", value(), None) == Document(value(), 3)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_runs_that_add_up_lose_nothing(fresh: Callable[[str], str], kind: str) -> None:
    """Three that open the state at once and change one document make every step count."""
    url = fresh(kind)
    failed: list[BaseException] = []

    def add() -> None:
        try:
            with closing(open_state(url)) as store:
                done = 0
                while done < 5:
                    read = store.get("count")
                    try:
                        store.put(
                            "count",
                            value(read.value["number"] + 1 if read else 1),
                            read.generation if read else None,
                        )
                    except Conflict:
                        continue
                    done += 1
        except BaseException as error:  # noqa: BLE001 - a thread's failure is told by the test
            failed.append(error)

    threads = [Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with closing(open_state(url)) as store:
        assert store.get("count") == Document(value(15), 15)


@pytest.mark.parametrize(
    "key",
    [
        "taken/20261124T120000Z-abc/aws:123456789012/eu-west-1/sg-0abc",
        "a//b",
        "./x/..",
        "~%=é",
        "/",
    ],
)
def test_any_key_comes_back(store: Store, key: str) -> None:
    """A key is taken as it is, whatever its characters mean to a store's paths."""
    store.put(key, value(), None)
    assert store.get(key) == Document(value(), 1)
    assert store.keys() == (key,)
    assert store.keys(key[:-1]) == (key,)
