"""How long does the grid room take? Medians, wall and processor time, of exact work.

    python benchmarks/bench_grid.py                 # 2,000 and 10,000 buses, a week of hours, dispatch
    python benchmarks/bench_grid.py --large         # 25,000, 70,000 and 82,000 buses, one run each
    python benchmarks/bench_grid.py --year          # all 8,784 hours of synthetic Texas
    python benchmarks/bench_grid.py --dense         # the dense exact loop over every pair (20 s and more)

Compilation is not counted. Each search gives all three treatments unless it says otherwise, with the
binding pair of every bus, factors included. On a shared machine compare processor time: wall
time then also counts others' work.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
from numba import njit, prange

from taotie.grid.capacity.by_hour import hourly_area_load_mw, hourly_hosting_capacity
from taotie.grid.capacity.hosting_capacity import (
    CAP_MW,
    TREATMENTS,
    hosting_capacity_at_bus,
    load_hosting_capacity,
)
from taotie.grid.case.case import Case, read_case
from taotie.grid.dispatch.optimal import optimal_dispatch
from taotie.grid.flow.contingency import lodf
from taotie.grid.flow.dc_power_flow import dc_model, ptdf


@njit(parallel=True, fastmath=True)
def every_pair(h, d, flow, rating, floor, cutoff):
    """The dense exact loop: every branch, outage and bus. 1/MW per bus."""
    m, n = h.shape
    r = np.full(n, 1 / CAP_MW)
    part = (n + 15) // 16
    for q in prange(16):
        for l in range(m):
            if rating[l] == np.inf:
                continue
            for k in range(m):
                f = 0.0 if k == l else d[l, k]
                if np.isnan(f):
                    continue
                post = flow[l] + f * flow[k]
                least = max(floor * rating[l], 1e-18)
                up, down = 1 / max(rating[l] - post, least), -1 / max(rating[l] + post, least)
                for b in range(q * part, min(n, (q + 1) * part)):
                    v = -(h[l, b] + f * h[k, b])
                    z = max(v * up, v * down) if abs(v) >= cutoff else 0.0
                    r[b] = max(r[b], z)
    return r


def measure(name: str, work: Callable[[], object], runs: int) -> None:
    wall, busy = [], []
    for _ in range(runs):
        tic, own = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - tic)
        busy.append(time.process_time() - own)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{name:58} {runs:3d} runs  wall {statistics.median(wall):8.3f} s  (best {min(wall):8.3f})  "
        f"processor {statistics.median(busy):8.3f} s  peak {peak:.2f} GB",
        flush=True,
    )


def capacity(case: Case, runs: int) -> None:
    model = dc_model(case)
    label = f"{case.name}: {case.n_bus} buses"
    measure(f"{label}, all treatments", lambda: load_hosting_capacity(model), runs)
    if runs > 1:
        for way in TREATMENTS:
            measure(f"{label}, {way.name}", lambda w=way: load_hosting_capacity(model, (w,)), runs)
        bus = int(case.bus_number[case.n_bus // 2])
        measure(f"{label}, one bus", lambda: hosting_capacity_at_bus(model, bus), runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for flag in ("--large", "--year", "--dense"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} before the start")
    small = read_case("ACTIVSg200")
    load_hosting_capacity(small)  # compile
    hosting_capacity_at_bus(small, 1)
    hourly_hosting_capacity(small, hourly_area_load_mw(small, slice(0, 2)))
    texas = read_case("ACTIVSg2000")
    if options.large:
        for name in ("ACTIVSg25k", "ACTIVSg70k", "SyntheticUSA"):
            capacity(read_case(name), 1)
        return
    hours = hourly_area_load_mw(texas)
    if options.year:
        measure(
            "synthetic Texas, 8,784 hours, margin", lambda: hourly_hosting_capacity(texas, hours), 1
        )
        return
    if options.dense:
        island = dc_model(texas).islands[0]
        h, d, flow = ptdf(island), lodf(island), island.flow_mw()
        every_pair(h[:50, :16], d[:50, :50], flow[:50], island.rating_mw[:50], 0.05, 1e-7)
        r = every_pair(h, d, flow, island.rating_mw, 0.05, 1e-7)
        ours = load_hosting_capacity(texas).margin.load_hosting_capacity_mw
        gap = np.abs(ours[island.bus_row] * r[island.node_of_bus] - 1).max()
        print(f"largest relative difference of the search from the dense loop: {gap:.1e}")
        measure(
            "dense loop over every pair, 2,000 buses, margin, no factors",
            lambda: every_pair(h, d, flow, island.rating_mw, 0.05, 1e-7), 1,
        )  # fmt: skip
        measure(
            "dense PTDF and LODF of contingency.py",
            lambda: (ptdf(island), lodf(island)), 3,
        )  # fmt: skip
        return
    measure("read synthetic Texas (2,000 buses)", lambda: read_case("ACTIVSg2000"), 5)
    capacity(texas, 7)
    capacity(read_case("ACTIVSg10k"), 5)
    measure(
        "synthetic Texas, one week of hours, margin",
        lambda: hourly_hosting_capacity(texas, hours[:168]),
        1,
    )
    measure(
        "DC optimal power flow, synthetic Texas, quadratic costs",
        lambda: optimal_dispatch(texas),
        3,
    )


if __name__ == "__main__":
    main()
