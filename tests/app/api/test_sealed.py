"""A sealed process reads the ledger that a recorder is writing, writes nothing beside it, and reads nothing else."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SEALED = """
import sqlite3, sys
from pathlib import Path
from taotie.app.api.sealed import seal
from taotie.metering.ledger import opened
ledger, own, other = map(Path, sys.argv[1:])
if seal(own) == "no":
    print("no seal")
    raise SystemExit
db = opened(ledger)
print(db.execute("SELECT count(*) FROM meta").fetchone()[0] > 0)
for work in (lambda: (ledger.parent / "x").write_text("x"), other.read_text):
    try:
        work()
    except PermissionError:
        print("refused")
"""


def test_matches_the_ledger_of_a_recorder_at_work(tmp_path: Path) -> None:
    from taotie.metering.ledger import Ledger

    (tmp_path / "meters").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "other.txt").write_text("other")
    path = tmp_path / "meters" / "meter.db"
    writing = Ledger(path)
    try:
        done = subprocess.run(
            [sys.executable, "-c", SEALED, str(path), str(tmp_path / "own"), str(tmp_path / "other.txt")],
            env=dict(os.environ) | {"TAOTIE_LEDGER": str(path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        writing.close()
    if done.stdout.strip() == "no seal":
        pytest.skip("this kernel has no Landlock")
    assert done.stdout.split() == ["True", "refused", "refused"], done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are not waited for there")
def test_worked_a_process_nobody_asks_sees_that_nobody_does() -> None:
    from taotie.app.api.worker import _asked_within

    end, begin = os.pipe()
    with os.fdopen(end, "rb") as frames, os.fdopen(begin, "wb", buffering=0) as asker:
        assert not _asked_within(frames, 0.01)
        asker.write(b"x")
        assert _asked_within(frames, 5.0)


def test_worked_a_task_cancelled_twice_loses_no_process(tmp_path: Path, monkeypatch: Any) -> None:
    """Two tabs cancel one job: its process is stopped, and another stands in its place."""
    from taotie.app.api import pool as pools

    class Asleep:
        """A process that never answers."""

        answered, alive, made = 0, True, 0

        def __init__(self, place: Path, *_: Any) -> None:
            self.place = place
            Asleep.made += 1

        async def start(self) -> None:
            self.place.mkdir(parents=True)

        async def run(self, task: Any, tell: Any) -> bytes:
            await asyncio.Event().wait()
            return b""

        async def stop(self) -> None:
            self.alive = False

    monkeypatch.setattr(pools, "_Worker", Asleep)

    async def cancelled_twice() -> None:
        pool = pools.Pool(1, tmp_path, memory=1)
        await pool.start()
        for _ in range(3):
            task = asyncio.ensure_future(pool.run({}, 60.0, place=lambda folder: None))
            while pool.free.qsize() or not list(tmp_path.glob("*/task-*")):
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with asyncio.timeout(5):
                pool.free.put_nowait(await pool.free.get())
            for left in tmp_path.glob("*/task-*"):
                left.rmdir()
        await pool.stop()

    asyncio.run(cancelled_twice())
    assert Asleep.made == 4
