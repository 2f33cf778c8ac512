"""How long does a command take? Processor seconds of a process and its children, of two checkouts in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Used(NamedTuple):
    """What a command used: processor seconds, largest memory [MB], and the size of the page it wrote [B]."""

    seconds: float
    mb: float
    page: int = 0


def used(command: Sequence[str], source: Path, cwd: Path, **environment: str) -> Used:
    """Run `taotie` with `command`, the package taken from `source`."""
    with tempfile.TemporaryFile() as said:
        begun = subprocess.Popen(
            [sys.executable, "-m", "taotie.app.cli.main", *command],
            cwd=cwd, stdout=said, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(source), "OPENBLAS_NUM_THREADS": "1", **environment},
        )  # fmt: skip
        _pid, status, of = os.wait4(begun.pid, 0)
        begun.returncode = os.waitstatus_to_exitcode(status)
        if begun.returncode not in (0, 1):  # 1: it ran, and something was found wrong
            said.seek(0)
            told = said.read().decode(errors="replace")
            raise SystemExit(f"taotie {' '.join(command)} failed: {told[-500:]}")
    page = cwd / "page.html"
    size = page.stat().st_size if page.is_file() else 0
    return Used(of.ru_utime + of.ru_stime, of.ru_maxrss / 1000, size)


def processor_s(command: Sequence[str], source: Path, cwd: Path, **environment: str) -> float:
    """Processor seconds of `taotie` with `command`, the package taken from `source`."""
    return used(command, source, cwd, **environment).seconds


def in_turn(
    command: Sequence[str], sources: Sequence[Path], cwd: Path, runs: int
) -> list[list[Used]]:
    """What each run used, a list a checkout; one run of each first, which does not count."""
    found: list[list[Used]] = [[] for _source in sources]
    for turn in range(runs + 1):
        for times, source in zip(found, sources, strict=True):
            took = used(command, source, cwd)
            if turn:
                times.append(took)
    return found


def median(times: Sequence[float]) -> float:
    return round(statistics.median(times), 3)
