"""What do figures cost? A tree at a million draws, its summary, its record, its drivers; and the imports.

    python benchmarks/bench_quantity.py [n_sample] [n_leaf]

Sweeps nothing by default: 20 leaves and 19 operations (a 39-figure tree) at 1,000,000 draws. Each time is the
median of several runs; the load of the machine is printed, since others may use it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from taotie.quantity.figure import Figure, leaf, topological
from taotie.quantity.record import recompute, to_record
from taotie.quantity.sampling import Sampling, sampling

RUNS = 5


def tree(n_leaf: int) -> Figure:
    """A chain of sums and products of lognormal, triangular, uniform and PERT leaves."""
    ranges: tuple[dict[str, object], ...] = (
        {"low": 1.0, "high": 3.0},
        {"low": 1.0, "high": 2.0},
        {"low": 1.0, "mode": 1.2, "high": 2.0},
        {"low": 1.0, "high": 2.0, "spread": "uniform"},
        {"low": 1.0, "mode": 1.3, "high": 2.0, "spread": "pert"},
    )
    parts = [
        leaf(f"leaf {i}", unit="1", kind="assumed", note="benchmark", **ranges[i % 5])
        for i in range(n_leaf)
    ]
    total = parts[0]
    for i, part in enumerate(parts[1:]):
        total = total * part if i % 2 else total + part
    return total


def median_s(
    prepare: Callable[[], Figure], work: Callable[[Figure], object]
) -> tuple[float, float]:
    """Median wall and processor seconds of `work` on a figure nobody has drawn yet. [s]"""
    wall, cpu = [], []
    for _ in range(RUNS):
        figure = prepare()
        started, used = time.perf_counter(), time.process_time()
        work(figure)
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return statistics.median(wall), statistics.median(cpu)


def import_s(code: str) -> float:
    """Median seconds of a fresh interpreter running `code`, less one that runs nothing. [s]"""

    def run(text: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", text], check=True)
        return time.perf_counter() - started

    pairs = [run(code) - run("pass") for _ in range(7)]
    return statistics.median(pairs)


def main() -> None:
    n_sample = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    n_leaf = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    print(f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.2f}, median of {RUNS} runs")
    with sampling(1000):
        tree(n_leaf).drivers()  # imports and caches of units

    def fresh() -> Figure:
        with sampling(n_sample):
            return tree(n_leaf)

    n_figure = len(topological(fresh()))
    print(f"{n_figure} figures, {n_leaf} leaves, {n_sample:,} draws     wall      processor")
    for name, work in (
        ("samples", lambda f: f.samples),
        ("samples and percentiles", lambda f: f.value),
        ("record of every figure", lambda f: to_record([f])),
        ("drivers (Sobol)", lambda f: f.drivers()),
    ):
        wall, cpu = median_s(fresh, work)
        print(f"{name:30} {wall:8.3f} s {cpu:8.3f} s")
    chosen = Sampling(10_000)
    with sampling(chosen.n):
        record = to_record([tree(n_leaf)])
    started = time.perf_counter()
    assert recompute(record, chosen) == []
    print(f"{'recomputing a record, 10,000':30} {time.perf_counter() - started:8.3f} s")
    print("imports, less an empty interpreter")
    for code in (
        "import taotie",
        "import taotie; taotie.leaf",
        "import taotie; taotie.leaf('x', unit='Wh', kind='assumed', note='n', low=1, high=2).value",
    ):
        print(f"{code.rpartition('; ')[2][:30]:30} {import_s(code):8.3f} s")
    print(f"load {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
