"""Optimal dispatch, prices, and who answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from taotie.errors import CaseError, RangeError, UnknownNameError
from taotie.grid.case.case import read_case
from taotie.grid.dispatch.effects import (
    dispatch_emissions,
    fuel_shares,
    price_change,
    unit_factors_t_per_mwh,
)
from taotie.grid.dispatch.optimal import marginal_response, optimal_dispatch
from taotie.grid.dispatch.unit_cost import unit_cost_usd_per_h
from taotie.grid.flow.contingency import lodf
from taotie.grid.flow.dc_power_flow import branch_flow_mw, dc_model, ptdf


def linear_texas():
    """Synthetic Texas with linear costs c1 + c2 Pmax and no minimum output."""
    case = read_case("ACTIVSg2000")
    cost = np.zeros_like(case.gencost)
    cost[:, 0] = cost[:, 3] = 2
    cost[:, 4] = case.gencost[:, 5] + case.gencost[:, 4] * case.gen[:, 8]
    gen = case.gen.copy()
    gen[:, 9] = 0
    return replace(case, gencost=cost, gen=gen)


def test_published_pjm_five_bus():
    """Li and Bo 2010; digits recomputed from the case file of MATPOWER."""
    best = optimal_dispatch(read_case("case5"))
    assert best.cost_usd_per_h == pytest.approx(17479.897, abs=5e-4)
    assert best.power_mw == pytest.approx([40, 170, 323.495, 0, 466.505], abs=5e-4)
    assert best.price_usd_per_mwh == pytest.approx([16.9774, 26.3845, 30, 39.9427, 10], abs=5e-5)
    assert best.congested_branch.tolist() == [5]
    assert abs(best.flow_mw[5]) == pytest.approx(240.0)


@pytest.mark.parametrize(
    ("name", "cost"), [("case9", 5216.03), ("case30", 565.21), ("case39", 41263.94)]
)
def test_published_dc_opf_of_matpower(name, cost):
    """Quadratic costs; objectives of MATPOWER's DC OPF as its users know them, recalled from memory."""
    assert optimal_dispatch(read_case(name)).cost_usd_per_h == pytest.approx(cost, abs=0.01)


def test_matches_another_solver_on_quadratic_costs():
    """SciPy's sequential quadratic programming on the PTDF form, not the angle form."""
    case = read_case("case30")
    branch = case.branch.copy()
    branch[:, 5] *= 0.75  # so that lines bind
    case = replace(case, branch=branch)
    model = dc_model(case)
    island = model.islands[0]
    h = ptdf(island)
    node = np.empty(case.n_bus, int)
    node[island.bus_row] = island.node_of_bus
    at = h[:, node[case.gen_row]]
    load = np.bincount(node, case.load_mw + case.bus[:, 4], minlength=island.n_node)
    fixed = -h @ load
    c = case.gencost
    limit = island.rating_mw
    answer = minimize(
        lambda p: float((c[:, 4] * p**2 + c[:, 5] * p + c[:, 6]).sum()),
        case.gen[:, 1],
        jac=lambda p: 2 * c[:, 4] * p + c[:, 5],
        bounds=list(zip(case.gen[:, 9], case.gen[:, 8], strict=True)),
        constraints=[
            {"type": "eq", "fun": lambda p: p.sum() - load.sum(), "jac": lambda p: np.ones(len(p))},
            {"type": "ineq", "fun": lambda p: limit - at @ p - fixed, "jac": lambda p: -at},
            {"type": "ineq", "fun": lambda p: limit + at @ p + fixed, "jac": lambda p: at},
        ],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-13},
    )
    best = optimal_dispatch(case)
    assert answer.success
    assert len(best.congested_branch) >= 1
    assert best.cost_usd_per_h == pytest.approx(answer.fun, rel=1e-6)


def test_matches_texas_with_linear_costs():
    """897,269 $/h, the same from PyPSA; uncongested at 18.7 $/MWh."""
    best = optimal_dispatch(linear_texas())
    assert best.cost_usd_per_h == pytest.approx(897_269, abs=0.5)
    assert best.price_usd_per_mwh == pytest.approx(18.708, abs=1e-3)
    assert len(best.congested_branch) == 0


@pytest.mark.parametrize(
    ("name", "buses"), [("case5", [1, 2, 3, 4, 5]), ("ACTIVSg500", [1, 100, 250])]
)
def test_matches_price_as_finite_difference(name, buses):
    case = read_case(name)
    best = optimal_dispatch(case)
    assert len(best.congested_branch) >= 1
    step = 1e-3
    for bus in buses:
        row = case.rows_of_bus([bus])[0]
        up = optimal_dispatch(case.with_load(bus, step)).cost_usd_per_h
        down = optimal_dispatch(case.with_load(bus, -step)).cost_usd_per_h
        slope = (up - down) / (2 * step)
        assert best.price_usd_per_mwh[row] == pytest.approx(slope, rel=2e-3)


def test_worked_who_answers_in_the_five_bus_case():
    best = optimal_dispatch(read_case("case5"))
    change = marginal_response(best, 4)
    assert change == pytest.approx([0, 0, 1.49714, 0, -0.49714], abs=5e-6)


def test_property_cost_in_place_of_carbon_is_the_price():
    case = read_case("case5")
    best = optimal_dispatch(case)
    cost = case.gencost[:, 4]
    for row, bus in enumerate(case.bus_number):
        found = dispatch_emissions(best, cost / 1000, int(bus))
        assert found.marginal_g_per_kwh == pytest.approx(best.price_usd_per_mwh[row], rel=1e-9)
        assert marginal_response(best, int(bus)).sum() == pytest.approx(1.0)
    assert found.average_g_per_kwh == pytest.approx(best.cost_usd_per_h / 1000, rel=1e-9)


def test_matches_response_with_quadratic_costs_as_finite_difference():
    case = read_case("case30")
    branch = case.branch.copy()
    branch[:, 5] *= 0.75
    case = replace(case, branch=branch)
    best = optimal_dispatch(case)
    assert len(best.congested_branch) == 2
    step = 0.05
    for bus in (5, 12, 30):
        up = optimal_dispatch(case.with_load(bus, step)).power_mw
        down = optimal_dispatch(case.with_load(bus, -step)).power_mw
        assert marginal_response(best, bus) == pytest.approx((up - down) / (2 * step), abs=2e-3)


def test_property_balance_and_limits():
    case = read_case("RTS_GMLC")
    best = optimal_dispatch(case)
    on = case.gen_on
    assert (best.power_mw[on] <= case.gen[on, 8] + 1e-6).all()
    assert (best.power_mw[on] >= case.gen[on, 9] - 1e-6).all()
    assert (np.abs(best.flow_mw) <= case.rate_a_mw + 1e-6).all()
    assert best.flow_mw == pytest.approx(
        branch_flow_mw(case.with_dispatch(best.power_mw)), abs=1e-5
    )
    assert unit_cost_usd_per_h(case, best.power_mw).sum() == pytest.approx(best.cost_usd_per_h)


def test_property_secure_dispatch_survives_every_outage():
    case = read_case("ACTIVSg500")
    free, secure = optimal_dispatch(case), optimal_dispatch(case, n_1=True)
    assert secure.cost_usd_per_h > free.cost_usd_per_h
    island = dc_model(case).islands[0]
    flow = secure.flow_mw[island.branch_row]
    factors = np.nan_to_num(lodf(island))
    np.fill_diagonal(factors, 0)
    post = np.abs(flow[:, None] + factors * flow)
    assert (post <= island.rating_mw[:, None] + 1e-2).all()
    assert (secure.congested_branch != secure.congested_outage).any()


def test_worked_shedding():
    """More load than units: an error that says so, or load shed at its value."""
    case = read_case("case5").with_load(3, 700.0)
    with pytest.raises(CaseError, match=r"serves 1700 MW[\s\S]*value_of_lost_load"):
        optimal_dispatch(case)
    best = optimal_dispatch(case, value_of_lost_load=9000.0)
    assert best.shed_mw.sum() >= 1700 - 1530 - 1e-6
    assert best.power_mw.sum() + best.shed_mw.sum() == pytest.approx(1700)
    assert np.nanmax(best.price_usd_per_mwh) >= 9000 - 1e-6


def test_worked_price_rises_with_a_data_centre():
    change = price_change(read_case("case5"), 4, 300.0)
    assert change.at_bus_after >= change.at_bus_before
    assert change.extra_cost_usd_per_mwh == pytest.approx(
        (change.after.cost_usd_per_h - change.before.cost_usd_per_h) / 300
    )


def test_worked_emissions_by_fuel():
    case = read_case("ACTIVSg200")
    best = optimal_dispatch(case)
    found = dispatch_emissions(best, unit_factors_t_per_mwh(case), 1)
    shares = fuel_shares(best)
    assert sum(shares.values()) == pytest.approx(1.0)
    factor = {"coal": 820, "ng": 490, "nuclear": 12, "wind": 11, "hydro": 24, "solar": 41}
    expected = sum(factor[fuel] * share for fuel, share in shares.items())
    assert found.average_g_per_kwh == pytest.approx(expected, rel=1e-9)
    assert fuel_shares(optimal_dispatch(read_case("case5"))) == {}
    with pytest.raises(CaseError, match="fuel"):
        unit_factors_t_per_mwh(read_case("case5"))


def test_error_costs_and_limits():
    case = read_case("case5")
    concave = case.gencost.copy()
    concave = np.hstack([concave, np.zeros((5, 1))])
    concave[:, 3], concave[:, 4], concave[:, 5] = 3, -0.1, 20
    with pytest.raises(CaseError, match="convex"):
        optimal_dispatch(replace(case, gencost=concave))
    gen = case.gen.copy()
    gen[0, 9] = 50
    with pytest.raises(CaseError, match="Pmin"):
        optimal_dispatch(replace(case, gen=gen))
    model = case.gencost.copy()
    model[2, 0] = 3
    with pytest.raises(CaseError, match="cost model"):
        optimal_dispatch(replace(case, gencost=model))
    for row, match in (
        ([2, 0, 0, 3, 10, 0], "announces 3 points or coefficients and holds 2 numbers"),
        ([1, 0, 0, 1, 10, 0], "announces 1 points"),
        ([2, 0, 0, 1.5, 10, 0], r"announces 1\.5 points"),
        ([2, 0, 0, 2, np.nan, 0], "holds nan, not a finite number"),
        ([1, 0, 0, 2, 300, 0, 0, 100], "do not rise in MW"),
    ):
        with pytest.raises(CaseError, match=match):
            optimal_dispatch(replace(case, gencost=np.tile(np.array(row, float), (5, 1))))
    gen[0, 9] = -np.inf
    with pytest.raises(CaseError, match="no lower end"):
        optimal_dispatch(replace(case, gen=gen))
    with pytest.raises(RangeError, match="pieces"):
        optimal_dispatch(case, pieces=1)
    with pytest.raises(RangeError, match="load_mw"):
        price_change(case, 2, 0.0)
    with pytest.raises(UnknownNameError, match="bus 9"):
        price_change(case, 9, 10.0)
