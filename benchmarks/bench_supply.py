"""How long does a year of `taotie supply` take? Steps of 3 h and of 1 h, of a made-up year unless a file is given.

python benchmarks/bench_supply.py [--steps 3,1] [--series wind_cf-and-pv_cf.csv] [--with wind,pv,battery]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from taotie.grid.supply.matching import SupplyProblem, solve_supply
from taotie.grid.supply.series import means, read_series, synthetic_year
from taotie.grid.supply.technology import technologies


def main() -> None:
    """Solve, print wall and processor time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", default="3,1", help="lengths of a step, h")
    parser.add_argument("--series", help="CSV with wind_cf and pv_cf")
    parser.add_argument("--with", dest="keys", default="wind,pv,battery")
    parser.add_argument("--score", type=float, default=0.9)
    args = parser.parse_args()
    whole = read_series(args.series) if args.series else synthetic_year(0)
    for step in (float(s) for s in args.steps.split(",")):
        year = means(whole, step)
        one = np.ones(year.n)
        profiles = {"wind": year.values["wind_cf"], "pv": year.values["pv_cf"]}
        problem = SupplyProblem(
            100 * one, step, profiles, technologies(args.keys.split(","), "eu2030"),
            60 * one, 400 * one, 0 * one,
        )  # fmt: skip
        wall, cpu = time.perf_counter(), time.process_time()
        plan = solve_supply(problem, args.score)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(
            f"{args.keys} at {args.score:g}, {year.n} steps of {step:g} h: {wall:.1f} s wall, {cpu:.1f} s processor, "
            f"{plan.cost_per_mwh:.2f}/MWh, balance off by {abs(plan.imbalance).max():.1e}"
        )


if __name__ == "__main__":
    main()
