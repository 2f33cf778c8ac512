"""Dispatch hour by hour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taotie.errors import CaseError, RangeError
from taotie.grid.case.case import read_case
from taotie.grid.dispatch.by_hour import hourly_dispatch, marginal_g_per_kwh
from taotie.grid.dispatch.effects import unit_factors_t_per_mwh
from taotie.grid.dispatch.optimal import optimal_dispatch


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


def test_worked_scarcity_and_carbon():
    case = read_case("ACTIVSg200")
    hours = hourly_dispatch(case, np.array([case.load_mw, 3 * case.load_mw]), pieces=2)
    assert hours.shed_mw[0] == pytest.approx(0, abs=1e-6)
    assert hours.shed_mw[1] > 0
    assert np.nanmax(hours.price_usd_per_mwh[1]) >= 9000 - 1e-6
    carbon = hours.average_g_per_kwh(unit_factors_t_per_mwh(case))
    assert ((carbon > 0) & (carbon < 820)).all()


def held_at(low):
    """The 5-bus case with its first unit not below `low` MW."""
    case = read_case("case5")
    gen = case.gen.copy()
    gen[4, 9] = low
    return replace(case, gen=gen)


def test_worked_hour_below_the_minimum_is_told_and_the_others_are_solved():
    """600 MW is the least unit 5 gives; 300 MW of load cannot take that, 1000 MW can."""
    case = held_at(600.0)
    gen = case.gen.copy()
    gen[4, 8] = 600.0
    case = replace(case, gen=gen).with_ratings(np.zeros(case.n_branch))
    load = case.load_mw * np.array([[1.0], [0.3]])
    hours = hourly_dispatch(case, load)
    assert hours.solved.tolist() == [True, False]
    assert hours.power_mw[0].sum() == pytest.approx(1000.0)
    assert np.isnan(hours.power_mw[1]).all()
    assert np.isnan([hours.cost_usd_per_h[1], hours.shed_mw[1]]).all()
    assert np.isnan(hours.average_g_per_kwh(np.ones(5))[1])
    assert hourly_dispatch(case, load, keep_minimum=False).solved.all()


def test_error_not_one_hour_is_solved():
    case = held_at(600.0)
    with pytest.raises(CaseError, match="no dispatch"):
        hourly_dispatch(case, [0.3 * case.load_mw])


def test_matches_price_when_cost_stands_for_carbon():
    """One more MW at a bus costs its price: with $/MWh in place of t/MWh the marginal intensity is 1000 times it."""
    case = read_case("case5")
    extra = np.zeros(5)
    extra[1] = 1e-3
    before = hourly_dispatch(case, [case.load_mw, 0.7 * case.load_mw])
    after = hourly_dispatch(case, [case.load_mw + extra, 0.7 * case.load_mw + extra])
    found = marginal_g_per_kwh(before, after, case.gencost[:, 4])
    assert found / 1000 == pytest.approx(before.price_usd_per_mwh[:, 1], rel=1e-5)


def test_worked_no_change_has_no_marginal_intensity():
    case = read_case("case5")
    hours = hourly_dispatch(case, [case.load_mw])
    assert np.isnan(marginal_g_per_kwh(hours, hours, np.ones(5))).all()


def test_error_shapes():
    case = read_case("case5")
    with pytest.raises(RangeError, match="one row an hour"):
        hourly_dispatch(case, case.load_mw)
    with pytest.raises(RangeError, match="availability"):
        hourly_dispatch(case, [case.load_mw], [[1.0]])
