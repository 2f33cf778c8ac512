"""Jobs on a Dask scheduler: the same answer, with the same limits. Runs where `distributed` is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")
pytest.importorskip("distributed", reason="distributed is not installed; `make web` runs this")

from fastapi.testclient import TestClient

from taotie.app.api.limits import Limits
from taotie.app.api.server import create_app
from taotie.app.api.service import ServiceSetup

QUICK = {"accelerators": 1000, "hours": 24, "samples": 200}


def sent(client: TestClient, ask: str, body: Any, **headers: str) -> Any:
    return client.post(f"/api/v1/{ask}", json=body, headers=headers)


def over(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    with client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as events:
        lines = [line for line in events.iter_lines() if line.startswith("data: ")]
    return dict(json.loads(lines[-1].removeprefix("data: ")))


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with one worker, as processes of their own."""
    code = (
        "if __name__ == '__main__':\n"
        "    from distributed import LocalCluster\n"
        "    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host='127.0.0.1') as at:\n"
        "        print(at.scheduler_address, flush=True)\n"
        "        input()\n"
    )
    script = tmp_path_factory.mktemp("dask") / "cluster.py"
    script.write_text(code)
    process = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    assert process.stdin is not None
    process.stdin.close()
    process.wait(30)


def test_worked_a_job_on_the_cluster_gives_the_same_bytes(scheduler: str, tmp_path: Path) -> None:
    setup = ServiceSetup(folder=tmp_path, workers=1, scheduler=scheduler)
    with TestClient(create_app(setup), base_url="http://127.0.0.1") as client:
        job = over(client, sent(client, "train", QUICK, Prefer="respond-async").json())
        assert job["state"] == "done", job
        assert client.get(job["result"]).content == sent(client, "train", QUICK).content
        text = "date,hashrate_th_s,price_usd\n2024-01-01,5e8,42000\n2024-01-02,5.1e8,43000\n"
        mine = {"date": "2024-01-02", "series": {"name": "r.csv", "text": text}, "price": 0.01}
        there = over(client, sent(client, "mine", mine, Prefer="respond-async").json())
        here = sent(client, "mine", mine)
        if here.status_code == 200:
            assert client.get(there["result"]).content == here.content
        else:
            assert there["problem"]["detail"] == here.json()["detail"]


def test_worked_what_takes_too_long_there_is_stopped_there(scheduler: str, tmp_path: Path) -> None:
    setup = ServiceSetup(folder=tmp_path, workers=1, scheduler=scheduler, limits=Limits(job_s=0.05))
    with TestClient(create_app(setup), base_url="http://127.0.0.1") as client:
        job = over(client, sent(client, "train", QUICK, Prefer="respond-async").json())
        assert job["state"] == "failed"
        assert "0.05 s" in job["problem"]["detail"]
