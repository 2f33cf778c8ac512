"""A clock that jumps, by years and in both directions: jobs, results, uploads and limits go on as if nothing had been."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")

from fastapi.testclient import TestClient
from starlette.responses import Response

from taotie.app.api.guard import Guard
from taotie.app.api.limits import Limits
from taotie.app.api.metrics import Metrics
from taotie.app.api.server import create_app
from taotie.app.api.service import ServiceSetup
from taotie.app.api.store import SqliteStore
from taotie.app.api.uploads import Uploads

YEAR = 365.25 * 86_400
QUICK = {"accelerators": 1000, "hours": 24, "samples": 200}


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the computer's clock by so many years from where it really is; the clock of a process goes on."""
    real, moved = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + moved[0])

    def to(years: float) -> None:
        moved[0] = years * YEAR

    return to


@pytest.mark.slow
def test_worked_a_job_lives_through_jumps(tmp_path: Path, jump: Callable[[float], None]) -> None:
    """Ordered today, worked on in 2076, read in 1996: the same job, its result, and its tag for ever."""
    setup = ServiceSetup(folder=tmp_path / "state", workers=1, limits=Limits(rate_per_s=0))
    header = {"Content-Type": "application/json", "Prefer": "respond-async"}
    with TestClient(create_app(setup), base_url="http://127.0.0.1") as client:
        log = client.post(
            "/api/v1/uploads?name=log.csv",
            content=b"time,prompt_tokens,output_tokens\n0,5,5\n",
            headers={"Content-Type": "application/octet-stream"},
        ).json()
        job = client.post("/api/v1/train", content=json.dumps(QUICK), headers=header).json()
        jump(50)
        with client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as events:
            last = [line for line in events.iter_lines() if line.startswith("data: ")][-1]
        done = json.loads(last.removeprefix("data: "))
        assert done["state"] == "done"
        service = client.app.state.service  # type: ignore[attr-defined]
        assert service.uploads.clear(set()) == 0
        assert service.uploads.path(log["id"]).is_file()
        tag = client.get(done["result"]).headers["etag"]
        jump(-30)
        again = client.get(done["result"], headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        # ordered again under its key, it is the same one; cancelled from two tabs, it stays done
        for _tab in range(2):
            assert client.delete(f"/api/v1/jobs/{job['id']}").json()["state"] == "done"
        later = client.post("/api/v1/train", content=json.dumps(QUICK), headers=header).json()
        with client.stream("GET", f"/api/v1/jobs/{later['id']}/events") as events:
            assert '"done"' in "".join(events.iter_lines())


def test_worked_jobs_wait_in_their_order(tmp_path: Path, jump: Callable[[float], None]) -> None:
    store = SqliteStore(tmp_path)
    made = []
    for years in (0, -40, 40, -10):
        jump(years)
        job = store.add("train", {"settings": {}})
        assert job is not None
        made.append(job.id)
    jump(-50)
    for wanted in made:
        claimed = store.claim()
        assert claimed is not None
        assert claimed.id == wanted
        assert store.finish(claimed, b"x") is not None
    assert store.counts()["done"] == 4
    store.close()


def test_worked_the_limit_of_requests_does_not_move(jump: Callable[[float], None]) -> None:
    """A jump gives nobody requests as a present, and locks nobody out."""

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await Response("here")(scope, receive, send)

    limits = Limits(rate_per_s=0.001, burst=3)
    client = TestClient(Guard(inner, limits=limits, metrics=Metrics()), base_url="http://127.0.0.1")
    seen = []
    for years in (0, 20, -20, 60, 0):
        jump(years)
        seen.append(client.get("/api/v1/asks"))
    assert [one.status_code for one in seen] == [200, 200, 200, 429, 429]
    assert 1 <= int(seen[-1].headers["retry-after"]) <= 1001


async def _once(content: bytes) -> Any:
    yield content


def test_worked_uploads_leave_after_a_week_and_not_before(
    tmp_path: Path, jump: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A week is counted by the process: what it took itself, and what the last one left behind."""
    import asyncio

    left = tmp_path / ("0" * 64)
    left.write_bytes(b"of the last process")
    os.utime(left, (time.time() - 86_400, time.time() - 86_400))
    uploads = Uploads(tmp_path, 1000, 10_000)
    own = asyncio.run(uploads.take("log.csv", _once(b"1,2\n")))
    for years in (30, -30):
        jump(years)
        assert uploads.clear(set()) == 0
    jump(0)
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + 6.5 * 86_400)
    assert uploads.clear(set()) == 1
    assert not left.exists()
    monkeypatch.setattr(time, "monotonic", lambda: real() + 7.1 * 86_400)
    assert uploads.clear({own.id}) == 0
    assert uploads.clear(set()) == 1
