"""Dispatch hour by hour."""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace

import numpy as np
import pytest

from taotie.errors import RangeError
from taotie.grid.case import read_case
from taotie.grid.dispatch import optimal_dispatch, unit_factors_t_per_mwh
from taotie.grid.dispatch_by_hour import hourly_dispatch


def test_matches_dispatch_of_each_hour():
    case = read_case("RTS_GMLC")
    rng = np.random.default_rng(3)
    load = case.load_mw * rng.uniform(0.6, 1.0, (5, 1))
    available = np.maximum(case.gen[:, 8], 0) * rng.uniform(0.7, 1.0, (5, case.n_gen))
    hours = hourly_dispatch(case, load, available)
    assert hours.power_mw.sum(axis=1) + hours.shed_mw == pytest.approx(load.sum(axis=1), rel=1e-6)
    for h in range(5):
        gen = case.gen.copy()
        gen[:, 8] = np.maximum(available[h], 0)
        gen[:, 9] = np.minimum(gen[:, 9], gen[:, 8])
        one = optimal_dispatch(
            replace(case.with_bus_load(load[h]), gen=gen), value_of_lost_load=9000.0
        )
        served = hours.price_usd_per_mwh[h]
        assert served == pytest.approx(one.price_usd_per_mwh, rel=1e-5, abs=1e-4)
        assert (hours.power_mw[h] <= gen[:, 8] + 1e-6).all()


def rts_year(shared_data, hours):
    """Load and availability of RTS-GMLC's day-ahead year, and the fuel of each unit."""
    units = shared_data / "upstream" / "rts-gmlc" / "RTS_Data" / "SourceData" / "gen.csv"
    series = shared_data / "methods" / "rts_gmlc_hourly_cf_load_2020.csv.gz"
    if not units.is_file() or not series.is_file():
        pytest.skip("tables of RTS-GMLC are not beside the project")
    case = read_case("RTS_GMLC")
    with units.open() as file:
        kinds = [(row["Unit Type"], row["Fuel"]) for row in csv.DictReader(file)]
    with gzip.open(series, "rt") as file:
        rows = np.array([[float(v) for v in row.values()] for row in csv.DictReader(file)])[hours]
    area = case.bus[:, 6].astype(int)
    total = np.bincount(area, case.load_mw)
    load = rows[:, 5 + area] + 0.0  # wind_cf, pv_cf, load_r1..3 stand in columns 4 to 8
    load *= case.load_mw / total[area]
    factor = {"WIND": rows[:, 4], "PV": rows[:, 5], "RTPV": rows[:, 5], "CSP": rows[:, 5]}
    one = np.ones(len(rows))
    limit = np.maximum(case.gen[:, 8], 0)
    share = np.column_stack([factor.get(kind, one) for kind, __ in kinds])
    return case, load, share * limit, [fuel for __, fuel in kinds]


def test_worked_days_of_the_rts_year(shared_data):
    """Noon of every tenth day: load is served, prices lie within the units' costs."""
    case, load, available, fuels = rts_year(shared_data, slice(12, None, 240))
    hours = hourly_dispatch(case, load, available, keep_minimum=False)
    assert len(load) == 37
    assert hours.shed_mw.max() == pytest.approx(0, abs=1e-6)
    assert hours.power_mw.sum(axis=1) == pytest.approx(load.sum(axis=1), rel=1e-6)
    factor = {
        "Coal": 0.82,
        "NG": 0.49,
        "Oil": 0.65,
        "Nuclear": 0.012,
        "Hydro": 0.024,
        "Wind": 0.011,
        "Solar": 0.041,
    }
    carbon = hours.average_g_per_kwh([factor.get(fuel, 0.0) for fuel in fuels])
    assert 100 < np.median(carbon) < 700
    prices = np.nanmedian(hours.price_usd_per_mwh, axis=1)
    assert ((prices >= -1e-6) & (prices < 200)).all()


def test_worked_scarcity_and_carbon():
    case = read_case("ACTIVSg200")
    hours = hourly_dispatch(case, np.array([case.load_mw, 3 * case.load_mw]), pieces=2)
    assert hours.shed_mw[0] == pytest.approx(0, abs=1e-6)
    assert hours.shed_mw[1] > 0
    assert np.nanmax(hours.price_usd_per_mwh[1]) >= 9000 - 1e-6
    carbon = hours.average_g_per_kwh(unit_factors_t_per_mwh(case))
    assert ((carbon > 0) & (carbon < 820)).all()


def test_error_shapes():
    case = read_case("case5")
    with pytest.raises(RangeError, match="one row an hour"):
        hourly_dispatch(case, case.load_mw)
    with pytest.raises(RangeError, match="availability"):
        hourly_dispatch(case, [case.load_mw], [[1.0]])
