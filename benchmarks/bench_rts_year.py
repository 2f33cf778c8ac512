"""How long does a year of dispatch take, and what comes out? RTS-GMLC, 73 buses, 158 units, hour by hour.

    python benchmarks/bench_rts_year.py           # a fortnight
    python benchmarks/bench_rts_year.py --year    # all 8,784 hours, four times over

Reads NREL's files from `--data FOLDER` (a copy of GridMod/RTS-GMLC; by default
upstream/rts-gmlc of the shared data beside the project) and says so where they are missing. Hours
are independent: no storage, ramps, start-up or no-load fuel. Carbon is what leaves the stack, at
full-load heat rates.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from taotie.errors import DataError
from taotie.grid.capacity.hosting_capacity import load_hosting_capacity
from taotie.grid.dispatch.by_hour import HourlyDispatch, hourly_dispatch, marginal_g_per_kwh
from taotie.grid.dispatch.rts_gmlc_year import RtsGmlcYear, rts_gmlc_year

HERE = Path(__file__).resolve()
SHARED = Path(os.environ.get("TAOTIE_SHARED", HERE.parents[2] / "shared"))


def dispatched(name: str, year: RtsGmlcYear, load: np.ndarray, keep: bool) -> HourlyDispatch:
    """Solve and print."""
    tic, own = time.perf_counter(), time.process_time()
    hours = hourly_dispatch(year.case, load, year.available_mw, keep_minimum=keep)
    wall, busy = time.perf_counter() - tic, time.process_time() - own
    done = hours.solved
    energy = float(hours.power_mw[done].sum())
    carbon = float((np.maximum(hours.power_mw[done], 0) @ year.factor_t_per_mwh).sum())
    weather = year.from_weather
    offered = float(year.available_mw[done][:, weather].sum())
    taken = float(hours.power_mw[done][:, weather].sum())
    fuel = float((np.maximum(hours.power_mw[done], 0) @ year.fuel_usd_per_mwh).sum())
    hydro = np.isin(year.kind, ("HYDRO", "ROR"))
    spilt = float((year.available_mw[done] - hours.power_mw[done])[:, hydro].sum())
    price = np.nanmean(hours.price_usd_per_mwh[done], axis=1)
    spread = np.nanmax(hours.price_usd_per_mwh[done], axis=1) - np.nanmin(
        hours.price_usd_per_mwh[done], axis=1
    )
    print(
        f"\n{name}: {wall:.1f} s wall, {busy:.1f} s processor, {1000 * busy / len(load):.1f} ms an hour, load {os.getloadavg()[0]:.1f}\n"
        f"  hours without a dispatch {int((~done).sum())} of {len(done)}; hours that shed load {int((hours.shed_mw[done] > 1e-3).sum())} "
        f"({hours.shed_mw[done].sum():.1f} MWh)\n"
        f"  generation {energy / 1e6:.4f} TWh; cost {hours.cost_usd_per_h[done].sum() / 1e6:.2f} million $ at incremental cost, fuel {fuel / 1e6:.2f} million $ at full-load heat rates\n"
        f"  carbon {carbon / 1e6:.4f} Mt, average {1000 * carbon / energy:.1f} g/kWh\n"
        f"  wind and sun {taken / 1e6:.4f} TWh taken of {offered / 1e6:.4f}: {100 * (1 - taken / offered):.2f} % curtailed; water spilt {spilt / 1e6:.4f} TWh\n"
        f"  mean price {price.mean():.2f} $/MWh, hours with a congested branch {int((spread > 0.01).sum())}",
        flush=True,
    )
    return hours


def added(name: str, year: RtsGmlcYear, before: HourlyDispatch, after: HourlyDispatch) -> None:
    """What the new load costs and emits."""
    both = before.solved & after.solved
    mwh = float((after.power_mw - before.power_mw)[both].sum())
    carbon = float(((after.power_mw - before.power_mw)[both] @ year.factor_t_per_mwh).sum())
    cost = float((after.cost_usd_per_h - before.cost_usd_per_h)[both].sum())
    each = marginal_g_per_kwh(before, after, year.factor_t_per_mwh)[both]
    weather = float((after.power_mw - before.power_mw)[both][:, year.from_weather].sum())
    parts = np.nanpercentile(each, [5, 50, 95])
    print(
        f"  {name}: {mwh:.0f} MWh more, {1000 * carbon / mwh:.1f} g/kWh marginal (hours: P5 {parts[0]:.0f}, median {parts[1]:.0f}, P95 {parts[2]:.0f}), "
        f"{cost / mwh:.2f} $/MWh, {100 * weather / mwh:.1f} % of it from wind and sun otherwise curtailed"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--year", action="store_true", help="all 8,784 hours")
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "upstream" / "rts-gmlc")
    parser.add_argument("--mw", type=float, default=100.0, help="constant new load, MW")
    parser.add_argument("--bus", type=int, help="its bus; by default the one that can take most")
    options = parser.parse_args()
    tic = time.perf_counter()
    try:
        year = rts_gmlc_year(options.data, slice(None) if options.year else slice(0, 336))
    except DataError as error:
        print(f"not run: {error}")
        return
    n = len(year.load_mw)
    print(
        f"read {n} hours in {time.perf_counter() - tic:.1f} s, load {year.load_mw.sum() / 1e6:.4f} TWh"
    )
    plain = dispatched("units may go down to 0", year, year.load_mw, keep=False)
    more = dispatched("1 % more load everywhere", year, 1.01 * year.load_mw, keep=False)
    added("1 % more", year, plain, more)
    bus = options.bus
    if bus is None:
        found = load_hosting_capacity(year.case).margin.load_hosting_capacity_mw
        bus = int(year.case.bus_number[int(np.argmax(found))])
    load = year.load_mw.copy()
    load[:, year.case.rows_of_bus([bus])[0]] += options.mw
    campus = dispatched(f"{options.mw:.0f} MW more at bus {bus}, all hours", year, load, keep=False)
    added(f"{options.mw:.0f} MW", year, plain, campus)
    dispatched("every unit held above its minimum, none ever off", year, year.load_mw, keep=True)


if __name__ == "__main__":
    main()
