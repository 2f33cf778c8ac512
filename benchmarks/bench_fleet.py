"""What does a fleet forecast cost? A million draws to 2035, the growth paths, the backtest, Bitcoin by day.

    python benchmarks/bench_fleet.py [n_sample]

Each time is the median of several runs, wall and processor; the load of the machine is printed, since others may
use it. The bar is two seconds for a forecast of a million draws with all its percentiles.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from taotie.compute.mining_energy import example_miners, mining_energy
from taotie.fleet.backtest import rolling_backtest
from taotie.fleet.forecast import fleet_forecast
from taotie.quantity.sampling import sampling
from taotie.workload.mining import HashRates

RUNS = 5


def median_s(work: Callable[[int], object], runs: int = RUNS) -> tuple[float, float]:
    """Median wall and processor seconds; each run has a seed of its own, so nothing is kept. [s]"""
    wall, cpu = [], []
    for run in range(runs):
        started, used = time.perf_counter(), time.process_time()
        work(run)
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return statistics.median(wall), statistics.median(cpu)


def fan(n_sample: int, seed: int) -> object:
    """Growth paths, all draws, 5, 50 and 95 % points of three scopes and twelve years."""
    with sampling(n_sample, seed):
        return fleet_forecast(seed=seed).fan()


def figure_by_figure(n_sample: int, seed: int) -> object:
    """The same points, asked of each figure."""
    with sampling(n_sample, seed):
        made = fleet_forecast(seed=seed)
        return [f.value for series in made.scopes.values() for f in series]


def bitcoin(seed: int) -> object:
    """Ten years of days against 86 machines."""
    days = np.arange(np.datetime64("2016-06-01"), np.datetime64("2026-06-01"))
    rate = 1e6 * np.exp(np.linspace(0, 7, days.size))
    earned = np.random.default_rng(seed).uniform(1e7, 5e7, days.size)
    return mining_energy(HashRates(days, rate, earned), example_miners())


def main() -> None:
    """Print the table."""
    n_sample = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    fan(1000, 99)  # imports and first calls are not what is measured
    rows = (
        (f"forecast, {n_sample:,} draws, all percentiles", lambda k: fan(n_sample, k), RUNS),
        ("the same, figure by figure", lambda k: figure_by_figure(n_sample, k), 1),
        ("forecast, 10,000 draws", lambda k: fan(10_000, k), RUNS),
        ("rolling backtest, 120 forecasts", lambda k: rolling_backtest(seed=k), 3),
        ("Bitcoin, 3,652 days", bitcoin, RUNS),
    )
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print(f"{'':45s} {'wall s':>8s} {'cpu s':>8s}")
    for name, work, runs in rows:
        wall, cpu = median_s(work, runs)
        print(f"{name:45s} {wall:8.3f} {cpu:8.3f}")


if __name__ == "__main__":
    main()
