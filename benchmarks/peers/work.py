"""What every peer's script shares: the case it gets, the clock, the answers it hands back.

Started by bench_grid_peers.py as `python SCRIPT FOLDER` in the peer's own environment.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(sys.argv[1])
NAME = Path(sys.argv[0]).stem.removesuffix("_peer")
RUNS, ENOUGH_S = 5, 20.0  # no further run once these many seconds have gone


class Work:
    """Timed pieces of work of one peer, and the arrays to be compared."""

    def __init__(self, package: str) -> None:
        self.rows: list[dict[str, Any]] = []
        self.arrays: dict[str, np.ndarray] = {}
        self.version = f"{package} {version(package)}"

    def time(self, line: str, what: str, work: Callable[[], Any], runs: int = RUNS) -> Any:
        """Run and note down; an exception is noted as well, and gives None."""
        wall, busy, answer = [], [], None
        try:
            while len(wall) < runs and sum(wall) < ENOUGH_S:
                tic, own = time.perf_counter(), time.process_time()
                answer = work()
                wall.append(time.perf_counter() - tic)
                busy.append(time.process_time() - own)
        except Exception as error:  # whatever the peer raises is its result
            self.fail(line, what, error)
            return None
        self.rows.append({"line": line, "what": what, "wall": wall, "busy": busy})
        self.done()  # what comes next may be killed
        return answer

    def fail(self, line: str, what: str, error: Exception) -> None:
        reason = f"{type(error).__name__}: {str(error)[:200]}"
        self.rows.append({"line": line, "what": what, "failed": reason})

    def done(self) -> None:
        np.savez(FOLDER / f"{NAME}.npz", **self.arrays)
        answer = {"version": self.version, "rows": self.rows}
        (FOLDER / f"{NAME}.json").write_text(json.dumps(answer), encoding="utf-8")


def inputs() -> tuple[Any, Any]:
    """The case and `keep`, the rows of branches whose loss leaves the grid whole."""
    from taotie.grid.case.case import read_case

    return read_case(FOLDER / "case.m"), np.load(FOLDER / "keep.npy")
