"""Which questions make every kernel ready? `python -m taotie.answer.ready` asks them once, small, so that nobody waits.

A wheel is built with what this compiles; `make run` and `make test` call it after installing, `simulate` in one
process and what is asked of a grid in another. What a computer lacks (a
package of an extra) is left out and said.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from taotie.answer.asking import ask
from taotie.errors import TaotieError
from taotie.files.atomic import write_text

__all__ = ["make_ready", "questions"]

LOG = "t_s,prompt_tokens,output_tokens,session\n" + "".join(
    f"{0.2 * i},{100 + 7 * i},{1 + 3 * (i % 40)},{i % 9}\n" for i in range(80)
)
ROUTINGS = ("round-robin", "random", "two-choices", "least-outstanding", "prefix-aware")
HOURS = (1.0, 0.9, 0.8)
"""Loads of the hours asked for, over those of the case."""


def questions(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Small questions whose answers need every kernel of the simulator and of the grid; files lie in `folder`."""
    log = folder / "log.csv"
    write_text(log, LOG)
    served = {"trace": str(log), "model": "llama-3.1-8b", "on": "1xh100"}
    for routing in ROUTINGS:
        yield "simulate", served | {"replicas": 2, "routing": routing}
    yield "simulate", served | {"replicas": 2, "routing": "prefix-aware", "prefix_cache": 64}
    yield "simulate", served | {"replicas": 2, "prefill_replicas": 1}
    yield "simulate", served | {"replicas": 2, "least_replicas": 1}
    yield "capacity", {"case": "case30", "contingencies": "none"}
    yield "capacity", {"case": "case30", "redispatch": True}
    yield "capacity", {"case": "case30", "redispatch": True, "unit_outages": True, "bus": "8"}
    hours = folder / "hours.csv"
    write_text(hours, _hours())
    yield "capacity", {"case": "case30", "hours": str(hours)}
    yield "capacity", {"case": "case30", "hours": str(hours), "redispatch": True, "bus": "8"}
    yield "sites", {"case": "case30", "buses": [8, 21]}


def _hours() -> str:
    """Loads of a small case in a few hours, a column a bus."""
    from taotie.grid.case.case import read_case

    case = read_case("case30")
    has = case.load_mw != 0
    rows = [",".join(str(n) for n in case.bus_number[has])]
    rows += [",".join(f"{x * share:.6f}" for x in case.load_mw[has]) for share in HOURS]
    return "\n".join(rows) + "\n"


def make_ready(
    tell: Callable[[str], None] = lambda line: None, only: Collection[str] = ()
) -> list[str]:
    """Ask every question once, or those of the asks in `only`; what could not be asked, in words.

    Examples
    --------
    >>> make_ready()  # doctest: +SKIP
    []
    """
    left: list[str] = []
    with tempfile.TemporaryDirectory(prefix="taotie-ready-") as folder:
        asked = questions(Path(folder))
        while True:
            start = time.perf_counter()
            try:
                name, settings = next(asked)
                if only and name not in only:
                    continue
                ask(name, **settings)
            except StopIteration:
                return left
            except (TaotieError, ImportError) as error:
                left.append(str(error))
                if isinstance(error, ImportError):
                    return left
                continue
            tell(f"{name}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    for line in make_ready(only=sys.argv[1:]):
        sys.stderr.write(line + "\n")
