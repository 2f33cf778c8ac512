"""How far is a thing from its yardstick, both in one run of this build? One JSON line a row, as of bench_ratios.py.

    python benchmarks/yardsticks.py [--runs 5] [--only NAME ...] [--rows 2000000] [--peer PYTHON]

`old_s` is the yardstick, `new_s` the thing, processor seconds, medians, in turn: requests routed with every feature over
the same number sent in turn with none (the bar of 0.7 is in requests a second: at most 1.43 here); a log in Parquet read
over DuckDB's own fetch of its three columns; an estimate over one by EcoLogits (installed from PyPI into .cache/peers
unless its Python is named).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
Work = Callable[[], object]


def log_of(rows: int, place: Path) -> None:
    """A log of `rows` requests, four milliseconds apart in the mean; the same each time."""
    import duckdb

    duckdb.sql(
        "copy (select i * 0.004 + (hash(i) % 1000) * 1e-6 as arrived_at, "
        "(50 + hash(i) % 3000 * (hash(i + 1) % 1000) / 1000)::integer as num_prefill_tokens, "
        "(20 + hash(i + 2) % 600 * (hash(i + 3) % 1000) / 1000)::integer as num_decode_tokens "
        f"from range({rows}) r(i)) to '{place}' (format parquet)"
    )


def routing() -> tuple[Work, Work]:
    """200,000 requests on 40 replicas at 5 a second each: in turn, and by the least outstanding with every feature."""
    from bench_simulator import PS, arrivals, every_feature, requests

    from taotie.compute.serving.fleet import Load, run_independent
    from taotie.compute.serving.window import run_routed

    n_replica = 40
    prompts, outputs, pick, gaps, setup, model, rng, _origin = requests(200_000)
    work = Load(
        arrivals(gaps, 5.0 * n_replica), prompts[pick].astype("i4"), outputs[pick].astype("i4")
    )
    blocks, costs, limits = every_feature(setup, model, work, rng)
    return (
        lambda: run_independent(work, model.costs, model.limits, n_replica, bin_ps=60 * PS),
        lambda: run_routed(blocks, costs, limits, n_replica, "least_outstanding", bin_ps=PS),
    )


def reading(place: Path) -> tuple[Work, Work]:
    """A log in Parquet: its three columns by DuckDB as arrays, and as checked requests."""
    import duckdb

    from taotie.workload.trace import read_trace

    def fetch() -> object:
        with duckdb.connect(config={"threads": "2"}) as base:
            return base.execute("select * from read_parquet(?)", [str(place)]).fetchnumpy()

    return fetch, lambda: read_trace(place)


def seconds(work: Work) -> float:
    """Processor time of one go."""
    began = time.process_time()
    work()
    return time.process_time() - began


def line(name: str, base: list[float], other: list[float]) -> None:
    """Say one row."""
    old, new = statistics.median(base), statistics.median(other)
    row = {"name": name, "old_s": round(old, 6), "new_s": round(new, 6), "ratio": round(new / old, 3), "runs": len(base)}  # fmt: skip
    print(json.dumps(row), flush=True)


NAMES = {
    "routing with every feature over none in turn": "routing",
    "reading a Parquet log over DuckDB's own fetch": "reading",
    "one estimate over EcoLogits": "estimate",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=list(NAMES), choices=list(NAMES))
    parser.add_argument("--rows", type=int, default=2_000_000, help="of the log that is read")
    parser.add_argument("--peer", default="", help="a Python that has EcoLogits")
    asked = parser.parse_args()
    for name in asked.only:
        if NAMES[name] == "estimate":
            peer = ["--peer", asked.peer] if asked.peer else []
            done = subprocess.run(
                [sys.executable, str(HERE / "bench_estimate.py"), "--runs", str(asked.runs), "--json", *peer],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                print(f"{name}: {done.stderr[-300:]}", file=sys.stderr)
                continue
            found = json.loads(done.stdout)
            line(name, found["ecologits"], found["estimate"])
            continue
        with tempfile.TemporaryDirectory() as folder:
            if NAMES[name] == "reading":
                log_of(asked.rows, Path(folder) / "log.parquet")
                base, other = reading(Path(folder) / "log.parquet")
            else:
                base, other = routing()
            base(), other()
            times = [(seconds(base), seconds(other)) for _run in range(asked.runs)]
            line(name, [a for a, _b in times], [b for _a, b in times])


if __name__ == "__main__":
    main()
