"""A service killed without warning: every acknowledged job is done after the next start, none of them twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")


def started(folder: Path, *more: str) -> tuple[subprocess.Popen[str], str]:
    """A real `taotie serve` on a free port, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "taotie", "serve", "--port", "0", "--folder", str(folder), "--rate", "0",
         "--workers", "1", "--quiet", *more],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "TAOTIE_LANG": "en"}, cwd=folder.parent,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "http://" in line, line
    address = line.split()[-1]
    until(lambda: reached(address))
    return process, address


def reached(address: str) -> bool:
    try:
        return sent(address + "healthz")["status"] == "ok"
    except OSError:
        return False


def until(true: Callable[[], Any], seconds: float = 120.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come true")


def sent(url: str, body: Any = None, **headers: str) -> Any:
    request = urllib.request.Request(
        url,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def queued(address: str, count: int) -> list[str]:
    return [
        sent(
            f"{address}api/v1/train",
            {"accelerators": 1000 + i, "hours": 24, "samples": 200},
            Prefer="respond-async",
        )["id"]
        for i in range(count)
    ]


def rows(folder: Path) -> dict[str, tuple[str, int, float | None, str | None]]:
    at = sqlite3.connect(f"file:{folder / 'jobs.sqlite'}?mode=ro", uri=True)
    try:
        found = at.execute("SELECT id, state, attempts, ended, result FROM jobs").fetchall()
    finally:
        at.close()
    return {row[0]: row[1:] for row in found}


def children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def killed_in_the_middle(folder: Path, count: int) -> None:
    process, address = started(folder)
    try:
        ids = queued(address, count)
        assert len(set(ids)) == count
        until(lambda: sum(r[0] == "done" for r in rows(folder).values()) >= min(3, count // 3))
        workers = children(process.pid) if sys.platform == "linux" else []
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    # nobody goes on in the dark: what worked for the dead service ends with it
    until(lambda: not any(lives(pid) for pid in workers), 10)
    before = rows(folder)
    assert set(before) == set(ids)
    done = {k: v for k, v in before.items() if v[0] == "done"}
    assert 0 < len(done) < count
    process, address = started(folder)
    try:
        until(lambda: all(r[0] == "done" for r in rows(folder).values()))
        after = rows(folder)
        assert set(after) == set(ids)
        for job, row in done.items():
            assert after[job] == row, "a job that was done was run again"
        assert all(row[1] == 1 for k, row in after.items() if before[k][0] != "running")
        assert {row[1] for k, row in after.items() if before[k][0] == "running"} <= {2}
        assert len({row[3] for row in after.values()}) == count  # each has an answer of its own
    finally:
        process.terminate()
        assert process.wait(30) in (0, -15)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_worked_killed_while_jobs_wait(tmp_path: Path) -> None:
    killed_in_the_middle(tmp_path / "state", 9)


@pytest.mark.slow
def test_worked_killed_while_fifty_jobs_wait(tmp_path: Path) -> None:
    killed_in_the_middle(tmp_path / "state", 50)


@pytest.mark.slow
def test_worked_stopped_in_the_middle_the_job_waits_as_if_new(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    process, address = started(folder)
    queued(address, 20)
    until(lambda: any(r[0] == "done" for r in rows(folder).values()))
    process.terminate()
    assert process.wait(40) in (0, -15)
    assert not [r for r in rows(folder).values() if r[0] == "running"]
    assert all(r[1] <= 1 for r in rows(folder).values())
