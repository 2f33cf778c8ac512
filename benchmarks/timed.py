"""How long does a command take? Processor seconds of a process and its children, of two checkouts in turn."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def processor_s(command: Sequence[str], source: Path, cwd: Path, **environment: str) -> float:
    """Processor seconds of `taotie` with `command`, the package taken from `source`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "taotie.app.cli.main", *command],
        cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(source), "OPENBLAS_NUM_THREADS": "1", **environment},
    )  # fmt: skip
    if done.returncode not in (0, 1):  # 1: it ran, and something was found wrong
        raise SystemExit(f"taotie {' '.join(command)} failed: {done.stderr[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_turn(
    command: Sequence[str], sources: Sequence[Path], cwd: Path, runs: int
) -> list[list[float]]:
    """Processor seconds of each run, a list a checkout; one run of each first, which does not count."""
    found: list[list[float]] = [[] for _source in sources]
    for turn in range(runs + 1):
        for times, source in zip(found, sources, strict=True):
            took = processor_s(command, source, cwd)
            if turn:
                times.append(took)
    return found


def median(times: Sequence[float]) -> float:
    return round(statistics.median(times), 3)
