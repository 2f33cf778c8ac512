"""Jobs and results in a real PostgreSQL (Debian's), on loopback: `make services`."""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.services
pytest.importorskip("psycopg", reason="psycopg is not installed")

from taotie.app.api.store import PostgresStore  # noqa: E402

HERE = Path(__file__).resolve().parents[1]


def _binary(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
            if (folder / name).is_file():
                found = str(folder / name)
                break
    if found is None:
        pytest.skip("postgresql is not installed (Debian package postgresql)")
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of this test's own, as a user who is not root."""
    initdb, server = _binary("initdb"), _binary("postgres")
    folder = tmp_path_factory.mktemp("postgres")
    who: dict[str, str] = {}
    if os.geteuid() == 0:
        name = next(n for n in ("postgres", "nobody") if n in {p.pw_name for p in pwd.getpwall()})
        who = {"user": name}
        folder.chmod(0o777)
        for parent in folder.parents:
            if parent == Path("/tmp"):
                break
            parent.chmod(parent.stat().st_mode | 0o055)
    data = folder / "data"
    subprocess.run(
        [initdb, "-D", str(data), "-U", "taotie", "--auth=trust", "-E", "UTF8", "--no-sync"],
        check=True, capture_output=True, cwd="/", **who,
    )  # type: ignore[call-overload]  # fmt: skip
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    process = subprocess.Popen(
        [server, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **who,
    )  # type: ignore[call-overload]  # fmt: skip
    made = f"postgresql://taotie@127.0.0.1:{port}/postgres"
    try:
        import time

        import psycopg

        for _ in range(100):
            try:
                psycopg.connect(made).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        else:
            pytest.fail("PostgreSQL did not start")
        yield made
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def store(address: str) -> Iterator[PostgresStore]:
    made = PostgresStore(address)
    with made._transaction() as at:
        at.execute("TRUNCATE jobs, results, files")
    yield made
    made.close()


def _same_checks() -> list[object]:
    spec = importlib.util.spec_from_file_location("of_sqlite", HERE / "app/api/test_store.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.EVERY_CHECK)


@pytest.mark.parametrize("check", _same_checks(), ids=lambda c: c.__name__)
def test_matches_sqlite(store: PostgresStore, check) -> None:
    check(store)


def test_worked_two_services_share_one_queue_and_take_up_the_dead_ones_jobs(
    store: PostgresStore, address: str
) -> None:
    other = PostgresStore(address)
    for i in range(10):
        store.add("prompt", {"n": i})
    mine = [store.claim() for _ in range(5)]
    others = [other.claim() for _ in range(5)]
    ids = {job.id for job in (*mine, *others) if job is not None}
    assert len(ids) == 10
    assert store.abandoned() == 0  # both live
    other.close()  # its lock falls with its connection, as by kill -9
    assert store.abandoned() == 5
    again = [store.claim() for _ in range(5)]
    assert {j.id for j in again if j} == {j.id for j in others if j}
    assert all(j is not None and j.attempts == 2 for j in again)


def test_worked_a_broken_connection_is_opened_again(store: PostgresStore, address: str) -> None:
    import psycopg

    store.add("prompt", {})
    run = store.claim()
    assert run is not None
    with psycopg.connect(address, autocommit=True) as at:
        at.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    with pytest.raises(psycopg.Error):
        store.counts()
    assert store.counts()["running"] == 1
    assert store.finish(run, b"x") is not None


def test_property_texts_with_zero_bytes_and_half_characters_are_kept(store: PostgresStore) -> None:
    job = store.add("prompt", {"settings": {"says": "a\x00b \U0001f600"}})
    assert job is not None
    back = store.job(job.id)
    assert back is not None
    assert back.task["settings"]["says"] == "a\x00b \U0001f600"


def test_worked_a_job_sent_to_one_service_is_done_by_another(address: str, tmp_path: Path) -> None:
    """With the file it reads, which only the first one was sent."""
    from fastapi.testclient import TestClient

    from taotie.app.api.server import create_app
    from taotie.app.api.service import ServiceSetup

    text = "date,hashrate_th_s,price_usd\n2024-01-01,5e8,42000\n2024-01-02,5.1e8,43000\n"
    body = {"date": "2024-01-02", "series": {"name": "r.csv", "text": text}}
    first = ServiceSetup(folder=tmp_path / "a", database=address, workers=1)
    second = ServiceSetup(folder=tmp_path / "b", database=address, workers=1)
    with TestClient(create_app(first), base_url="http://127.0.0.1") as one:
        here = one.post("/api/v1/mine", json=body)
        # its own runners step aside, as if they were busy for hours
        one.portal.call(one.app.state.service.jobs.stop)
        job = one.post("/api/v1/mine", json=body, headers={"Prefer": "respond-async"}).json()
        with TestClient(create_app(second), base_url="http://127.0.0.1") as two:
            with two.stream("GET", f"/api/v1/jobs/{job['id']}/events") as events:
                last = [line for line in events.iter_lines() if line.startswith("data: ")][-1]
            ended = json.loads(last.removeprefix("data: "))
        if here.status_code == 200:
            assert ended["state"] == "done"
            assert one.get(ended["result"]).content == here.content
        else:
            assert ended["problem"]["detail"] == here.json()["detail"]
