"""A sealed process reads the ledger that a recorder is writing, writes nothing beside it, and reads nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
