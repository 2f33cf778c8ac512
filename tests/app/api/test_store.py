"""Jobs and results on disk: claimed once, finished once, never lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")

from taotie.app.api.store import ATTEMPTS, SqliteStore, Store, store_at
from taotie.errors import DataError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = SqliteStore(tmp_path)
    yield made
    made.close()


def test_worked_life_of_a_job(store: Store) -> None:
    job = store.add("prompt", {"settings": {}})
    assert job is not None
    assert (job.state, job.attempts) == ("queued", 0)
    run = store.claim()
    assert run is not None
    assert (run.id, run.state, run.attempts) == (job.id, "running", 1)
    assert store.claim() is None
    assert store.step(run, "half", 1)
    name = store.finish(run, b"{}\n")
    assert name is not None
    done = store.job(job.id)
    assert done is not None
    assert (done.state, done.result, done.step) == ("done", name, "half")
    assert store.result(name) == b"{}\n"
    assert store.finish(run, b"other") is None  # once is enough
    assert store.counts()["done"] == 1


def test_worked_first_come_first_served(store: Store) -> None:
    every = [store.add("prompt", {"n": i}) for i in range(3)]
    assert [one.id if one else "" for one in (store.claim() for _ in every)] == [
        one.id if one else "" for one in every
    ]


def test_property_a_key_begins_one_job(store: Store) -> None:
    first = store.add("prompt", {}, repeated="k")
    again = store.add("prompt", {}, repeated="k")
    other = store.add("prompt", {}, owner="lab", repeated="k")
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.id == again.id != other.id


def test_property_each_job_goes_to_one_of_many_threads(store: Store) -> None:
    for i in range(40):
        store.add("prompt", {"n": i})
    got: list[str] = []

    def work() -> None:
        while (job := store.claim()) is not None:
            got.append(job.id)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(got) == len(set(got)) == 40


def test_worked_cancel_twice_is_once_and_its_run_keeps_nothing(store: Store) -> None:
    job = store.add("prompt", {})
    assert job is not None
    run = store.claim()
    assert run is not None
    for _ in range(2):
        now = store.cancel(job.id)
        assert now is not None
        assert now.state == "cancelled"
    assert not store.ours(run)
    assert store.finish(run, b"late") is None
    assert not store.fail(run, {"status": 500})
    after = store.job(job.id)
    assert after is not None
    assert after.state == "cancelled"
    assert store.cancel("nothing") is None


def test_worked_a_full_queue_takes_nothing(store: Store) -> None:
    assert store.add("prompt", {}, most=1) is not None
    assert store.add("prompt", {}, most=1) is None


def test_worked_jobs_of_a_dead_service_are_taken_up(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path)
    job = first.add("prompt", {})
    assert job is not None
    old = first.claim()
    assert old is not None
    first.close()  # as if killed: nothing was noted
    for attempt in range(2, ATTEMPTS + 1):
        later = SqliteStore(tmp_path)
        assert later.abandoned() == 1
        run = later.claim()
        assert run is not None
        assert (run.id, run.attempts) == (job.id, attempt)
        assert later.finish(old, b"of the dead") is None
        later.close()
    last = SqliteStore(tmp_path)
    assert last.abandoned() == 0
    ended = last.job(job.id)
    assert ended is not None
    assert ended.state == "failed"
    assert ended.problem is not None
    last.close()


def test_worked_a_stop_gives_the_job_back_as_new(store: Store) -> None:
    store.add("prompt", {})
    run = store.claim()
    assert run is not None
    assert store.give_back(run)
    again = store.claim()
    assert again is not None
    assert again.attempts == 1


def test_error_two_services_in_one_folder(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="another service"):
        SqliteStore(tmp_path)


def test_error_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(DataError, match="no database"):
        SqliteStore(tmp_path)
    (tmp_path / "jobs.sqlite").unlink()
    SqliteStore(tmp_path).close()  # the lock was let go


@pytest.mark.parametrize("address", ["mysql://u:secret@h/x", "oops"])
def test_error_an_unknown_address_is_not_repeated(tmp_path: Path, address: str) -> None:
    with pytest.raises(DataError) as caught:
        store_at(address, tmp_path)
    assert "secret" not in str(caught.value)


def test_error_an_unreachable_database_keeps_the_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(DataError) as caught:
        store_at("postgresql://u:secret@127.0.0.1:9/x", tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "0" * 64, "0" * 63 + "G"])
def test_worked_no_such_result(store: Store, name: str) -> None:
    assert store.result(name) is None


def test_worked_files_of_jobs_stay_while_a_job_waits(store: Store) -> None:
    store.put_file("a" * 64, b"x\x00y")
    store.put_file("a" * 64, b"x\x00y")
    store.put_file("b" * 64, b"z")
    store.add("mine", {"files": {"r.csv": {"upload": "a" * 64, "name": "r.csv"}}})
    assert store.uploads_wanted() == {"a" * 64}
    assert store.clear_files(store.uploads_wanted()) == 1
    assert store.file("a" * 64) == b"x\x00y"
    assert store.file("b" * 64) is None


Check = Callable[[Store], None]
EVERY_CHECK: tuple[Check, ...] = (
    test_worked_life_of_a_job,
    test_worked_first_come_first_served,
    test_property_a_key_begins_one_job,
    test_property_each_job_goes_to_one_of_many_threads,
    test_worked_cancel_twice_is_once_and_its_run_keeps_nothing,
    test_worked_a_full_queue_takes_nothing,
    test_worked_a_stop_gives_the_job_back_as_new,
    test_worked_files_of_jobs_stay_while_a_job_waits,
)
"""What a real PostgreSQL must do as well: `tests/services/test_postgres.py` runs these."""


def test_worked_a_job_claimed_in_the_instant_of_a_stop_waits_as_if_new(
    store: Store, tmp_path: Path
) -> None:
    import asyncio
    import time
    from types import SimpleNamespace

    from taotie.app.api.jobs import Jobs
    from taotie.app.api.limits import Limits
    from taotie.app.api.uploads import Uploads

    begun, claim = threading.Event(), store.claim

    def slow() -> Any:
        begun.set()
        time.sleep(0.05)
        return claim()

    store.claim = slow  # type: ignore[method-assign]
    job = store.add("train", {"settings": {}})
    assert job is not None

    async def stopped() -> None:
        jobs = Jobs(store, SimpleNamespace(count=1), Uploads(tmp_path / "u", 1, 1), Limits())  # type: ignore[arg-type]
        await jobs.start()
        await asyncio.to_thread(begun.wait, 5)
        await jobs.stop()

    asyncio.run(stopped())
    left = store.job(job.id)
    assert left is not None
    assert (left.state, left.attempts) == ("queued", 0)
