"""Several new loads at once, and the optimistic end with free redispatch."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from taotie.errors import CaseError, RangeError
from taotie.grid.capacity.hosting_capacity import TREATMENTS, hosting_capacity_at_bus
from taotie.grid.capacity.several_sites import largest_total_load, redispatch_bound
from taotie.grid.case.case import Case, read_case
from taotie.grid.flow.contingency import lodf
from taotie.grid.flow.dc_power_flow import branch_flow_mw, dc_model, ptdf


def bus(number, load=0.0, kind=1):
    return [number, kind, load, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, 0.9]


def line(f, t, x=0.1, rate=100.0):
    return [f, t, 0, x, 0, rate, 0, 0, 0, 0, 1]


def unit(at, power=0.0, pmax=500.0):
    return [at, power, 0, 0, 0, 1, 100, 1, pmax, 0]


def every_pair(case, sites, way):
    """Dense tables: rows of all pairs, for several loads."""
    island = dc_model(case).islands[0]
    h, factors, flow = ptdf(island), lodf(island), island.flow_mw()
    np.fill_diagonal(factors, 0.0)
    node = np.empty(case.n_bus, int)
    node[island.bus_row] = island.node_of_bus
    a = -h[:, node[case.rows_of_bus(sites)]]
    left, right = [], []
    for l in np.flatnonzero(np.isfinite(island.rating_mw)):
        limit = island.rating_mw[l]
        for k in range(island.n_branch):
            d = factors[l, k]
            if np.isnan(d):
                continue
            v = a[l] + d * a[k]
            v = np.where(np.abs(v) >= max(way.cutoff, 1e-7), v, 0.0)
            post = flow[l] + d * flow[k]
            left += [v, -v]
            right += [max(limit - post, way.floor * limit), max(limit + post, way.floor * limit)]
    return np.array(left), np.maximum(np.array(right), 0)


@pytest.mark.parametrize("way", TREATMENTS, ids=lambda w: w.name)
def test_matches_program_over_every_pair(way):
    case = read_case("RTS_GMLC")
    sites = [101, 115, 207, 215, 303, 319]
    left, right = every_pair(case, sites, way)
    expected = linprog(-np.ones(6), A_ub=left, b_ub=right, bounds=[(0, 10_000)] * 6, method="highs")
    found = largest_total_load(case, sites, way)
    assert found.total_mw == pytest.approx(-expected.fun, rel=1e-6, abs=1e-5)
    assert (left @ found.load_mw <= right + 1e-4).all()


@pytest.mark.parametrize("outages", [None, []], ids=["n-1", "intact"])
def test_matches_each_site_searched_alone(outages):
    case = read_case("RTS_GMLC")
    sites = [101, 115, 207, 215, 303, 319]
    for way in TREATMENTS:
        found = largest_total_load(case, sites, way, outages=outages).alone_mw
        alone = [hosting_capacity_at_bus(case, n, (way,), outages).n1_mw[way.name] for n in sites]
        assert found.tolist() == alone, way.name


def test_property_together_at_most_the_sum_and_at_least_the_best_alone():
    case = read_case("ACTIVSg500")
    case = case.with_ratings(np.maximum(case.rate_a_mw, np.abs(branch_flow_mw(case))))
    sites = [5, 60, 150, 320]
    found = largest_total_load(case, sites)
    assert found.alone_mw.max() * (1 - 1e-6) <= found.total_mw
    assert found.total_mw <= found.alone_mw.sum() * 1.5  # loads may also relieve each other
    one = largest_total_load(case, sites[:1])
    alone = hosting_capacity_at_bus(case, sites[0]).n1_mw["margin"]
    assert one.total_mw == pytest.approx(alone, rel=1e-6)
    assert one.binding


def test_worked_spur_and_shared_lines():
    case = Case("spurs", 100.0, [bus(1, 0, 3), bus(2), bus(3), bus(4)], [unit(1)],
                [line(1, 2), line(1, 2), line(2, 3, rate=30), line(2, 4, rate=40)])  # fmt: skip
    found = largest_total_load(case, [3, 4], TREATMENTS[0])
    assert found.load_mw == pytest.approx([30, 40])
    assert not found.n1_supply.any()
    assert largest_total_load(case, [2, 3, 4], TREATMENTS[0]).total_mw == pytest.approx(100.0)


def test_worked_redispatch_two_areas():
    """A unit beside the load helps where fixed shares would draw over the tie."""
    case = Case("tie", 100.0, [bus(1, 0, 3), bus(2)], [unit(1, 0, 300), unit(2, 0, 80)],
                [line(1, 2, rate=50), line(1, 2, rate=50)])  # fmt: skip
    found = redispatch_bound(case, 2)
    assert found.n0_mw == pytest.approx(180.0)
    assert found.n1_mw == pytest.approx(130.0)
    assert found.power_mw == pytest.approx([50, 80])
    assert sorted(found.n1_binding) == [0, 1]
    fixed = hosting_capacity_at_bus(case, 2)
    assert fixed.n1_mw["strict"] < found.n1_mw


def test_matches_redispatch_from_dense_tables():
    """The PTDF form with every pair as a row."""
    case = read_case("case24_ieee_rts")
    island = dc_model(case).islands[0]
    h, factors = ptdf(island), lodf(island)
    np.fill_diagonal(factors, 0.0)
    at = case.gen_row
    place = np.empty(case.n_bus, int)
    place[island.bus_row] = island.node_of_bus
    row = case.rows_of_bus([10])[0]
    move = np.column_stack([h[:, place[at]], -h[:, place[row]]])
    fixed = -h @ np.bincount(place, case.load_mw + case.bus[:, 4])
    left, right = [], []
    for k in range(-1, island.n_branch):
        d = np.zeros(island.n_branch) if k < 0 else factors[:, k]
        if np.isnan(d).any():
            continue
        rows = move + d[:, None] * move[k]
        post = fixed + d * fixed[k]
        left += [rows, -rows]
        right += [island.rating_mw - post, island.rating_mw + post]
    n = case.n_gen
    answer = linprog(
        np.r_[np.zeros(n), -1.0], A_ub=np.vstack(left), b_ub=np.concatenate(right),
        A_eq=[np.r_[np.ones(n), -1.0]], b_eq=[case.total_load_mw + case.bus[:, 4].sum()],
        bounds=[*zip(np.minimum(case.gen[:, 9], 0), case.gen[:, 8], strict=True), (0, 10_000)],
        method="highs",
    )  # fmt: skip
    assert redispatch_bound(case, 10).n1_mw == pytest.approx(-answer.fun, rel=1e-6)


def test_error_inputs():
    case = read_case("RTS_GMLC")
    with pytest.raises(RangeError, match="none twice"):
        largest_total_load(case, [101, 101])
    with pytest.raises(RangeError, match="at least one"):
        largest_total_load(case, [])
    parts = Case("parts", 100.0, [bus(1, 0, 3), bus(2), bus(3), bus(4), bus(5)], [unit(1), unit(3)],
                 [line(1, 2), line(3, 4)])  # fmt: skip
    with pytest.raises(CaseError, match="different islands"):
        largest_total_load(parts, [2, 4])
    with pytest.raises(CaseError, match="reaches bus 5"):
        largest_total_load(parts, [2, 5])
    with pytest.raises(CaseError, match="reaches bus 5"):
        redispatch_bound(parts, 5)
    worn = Case(
        "worn", 100.0, [bus(1, 0, 3), bus(2, 150.0)], [unit(1, 150)], [line(1, 2), line(1, 2)]
    )
    with pytest.raises(CaseError, match="one branch lost"):
        redispatch_bound(worn, 2)
