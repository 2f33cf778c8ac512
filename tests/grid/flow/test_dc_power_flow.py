"""DC flows and sensitivities."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from taotie.errors import CaseError
from taotie.grid.case.case import Case, read_case
from taotie.grid.flow.contingency import bridges, contingency_table, lodf, n1_loading
from taotie.grid.flow.dc_power_flow import branch_flow_mw, dc_model, ptdf

sys.path.insert(0, str(Path(__file__).parents[1] / "capacity"))
from grid_plain_loop import connected, flows, tables


def bus(number, load=0.0, kind=1):
    return [number, kind, load, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, 0.9]


def line(f, t, x=0.1, rate=100.0, on=1, tap=0.0, shift=0.0):
    return [f, t, 0, x, 0, rate, 0, 0, tap, shift, on]


def unit(at, power=0.0, pmax=500.0, on=1):
    return [at, power, 0, 0, 0, 1, 100, on, pmax, 0]


def triangle(**kw):
    return Case("triangle", 100.0, [bus(1, 0, 3), bus(2, 60.0), bus(3, 30.0)], [unit(1, 90.0)],
                [line(1, 2, **kw), line(1, 3), line(2, 3)])  # fmt: skip


def test_worked_triangle():
    """Equal lines: the direct way takes two thirds."""
    assert branch_flow_mw(triangle()) == pytest.approx([50.0, 40.0, -10.0])


def test_worked_tap_and_shift():
    """A shift of one degree on one of two parallel paths drives a circulating flow."""
    case = triangle(shift=1.0)
    circulating = 100 * np.deg2rad(1.0) / (3 * 0.1)
    assert branch_flow_mw(case) == pytest.approx(
        [50 - circulating, 40 + circulating, -10 - circulating]
    )
    halved = triangle(tap=2.0)  # twice the reactance on 1-2
    assert branch_flow_mw(halved)[0] == pytest.approx(60 * 2 / 4 + 30 * 1 / 4)


@pytest.mark.parametrize("name", ["case39", "RTS_GMLC", "ACTIVSg200", "case300"])
def test_matches_dense_solution(name):
    case = read_case(name)
    rows, f, t, y, shift, p, *__ = tables(case)
    expected = np.zeros(case.n_branch)
    expected[rows] = flows(f, t, y, shift, p)
    assert branch_flow_mw(case) == pytest.approx(expected, abs=1e-6)


def test_property_injections_balance_flows():
    for name in ("ACTIVSg2000", "case2848rte"):
        model = dc_model(read_case(name))
        for island in model.islands:
            out = island.incidence.T @ island.flow_mw()
            assert out == pytest.approx(island.injection_mw, abs=1e-6)
            assert island.slack.sum() == pytest.approx(1.0)


def test_worked_ptdf_of_the_triangle():
    island = dc_model(triangle()).islands[0]
    # inject at 2, take out at 1 (the only unit)
    assert ptdf(island)[:, 1] == pytest.approx([-2 / 3, -1 / 3, 1 / 3])


def test_matches_lodf_with_branches_really_removed():
    case = read_case("case39")
    rows, f, t, y, shift, p, *__ = tables(case)
    island = dc_model(case).islands[0]
    factors = lodf(island)
    base = island.flow_mw()
    split = bridges(island).is_bridge
    for k in range(len(rows)):
        keep = np.arange(len(rows)) != k
        assert split[k] == (not connected(f[keep], t[keep], case.n_bus))
        if split[k]:
            assert np.isnan(np.delete(factors[:, k], k)).all()
        else:
            after = flows(f[keep], t[keep], y[keep], shift[keep], p)
            assert base[keep] + factors[keep, k] * base[k] == pytest.approx(after, abs=1e-6)


def test_worked_parallel_lines_are_no_bridge():
    case = Case("pair", 100.0, [bus(1, 0, 3), bus(2, 10.0), bus(3, 5.0)], [unit(1)],
                [line(1, 2), line(2, 1), line(2, 3)])  # fmt: skip
    b = bridges(dc_model(case).islands[0])
    assert b.is_bridge.tolist() == [False, False, True]
    assert b.main.tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("name", "n"), [("RTS_GMLC", 2), ("ACTIVSg200", 72), ("ACTIVSg500", 254), ("ACTIVSg2000", 450)]
)
def test_matches_bridge_counts(name, n):
    assert bridges(dc_model(read_case(name)).islands[0]).is_bridge.sum() == n


@pytest.mark.parametrize(
    ("name", "pairs", "branches", "worst"),
    [("RTS_GMLC", 15, 6, 1.28), ("ACTIVSg500", 338, 13, 1.77)],
)
def test_matches_overloads_before_anything_is_added(name, pairs, branches, worst):
    """Regression values; 338 = 337 after an outage and one in the intact grid."""
    found = n1_loading(dc_model(read_case(name)))
    assert (found.pairs_over, found.branches_over) == (pairs, branches)
    assert found.worst == pytest.approx(worst, abs=0.006)


def test_worked_islands_zero_reactance_and_dead_buses():
    case = Case("parts", 100.0,
                [bus(1, 0, 3), bus(2, 20.0), bus(3, 10.0), bus(4, 7.0), bus(5), bus(6, 3.0), bus(7, 9.0, 4)],
                [unit(1, 30.0), unit(5, 4.0)],
                [line(1, 2), line(2, 3, x=0.0), line(1, 3), line(5, 6), line(4, 7)])  # fmt: skip
    model = dc_model(case)
    assert [len(i.bus_row) for i in model.islands] == [3, 2]
    assert model.dead_bus.tolist() == [False, False, False, True, False, False, True]
    # 2 and 3 are one node: both lines share its 30 MW; the surplus of 1 MW goes back to unit 5
    assert model.flow_mw == pytest.approx([15.0, 0.0, 15.0, 3.0, 0.0])
    assert model.handed_back_mw == pytest.approx(1.0)


def test_worked_dc_line_is_a_fixed_injection():
    case = triangle()
    tied = replace(case, dcline=[[2, 3, 1, 20.0, 19.0, *[0] * 12]])
    moved = replace(case, bus=[bus(1, 0, 3), bus(2, 80.0), bus(3, 11.0)])
    assert branch_flow_mw(tied) == pytest.approx(branch_flow_mw(moved))


def test_error_no_unit_running():
    case = triangle()
    with pytest.raises(CaseError, match="no unit is running"):
        dc_model(replace(case, gen=[unit(1, 90.0, on=0)]))


def test_error_reactances_that_cancel():
    case = Case(
        "cancel", 100.0, [bus(1, 0, 3), bus(2, 10.0)], [unit(1)], [line(1, 2), line(1, 2, x=-0.1)]
    )
    with pytest.raises(CaseError, match="singular"):
        dc_model(case).flow_mw


def test_worked_contingency_table():
    assert len(contingency_table(read_case("ACTIVSg200")).branches) == 245
    with pytest.raises(CaseError, match="contingency table"):
        contingency_table(read_case("case39"))


@pytest.mark.parametrize("name", ["RTS_GMLC", "ACTIVSg200", "case2848rte"])
def test_property_factors_give_the_flows_of_any_injection(name):
    """Flows of injections that add up to zero; what the slack shares inject themselves moves nothing."""
    island = dc_model(read_case(name)).islands[0]
    factors = ptdf(island)
    p = np.random.default_rng(3).normal(0, 50, island.n_node)
    p -= p.sum() * island.slack
    assert factors @ p == pytest.approx(island.flow_mw(p) - island.flow_mw(0 * p), abs=1e-7)
    assert np.abs(factors @ island.slack).max() < 1e-10
