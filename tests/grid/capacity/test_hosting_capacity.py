"""Load hosting capacity: worked by hand, equal to plain loops, and the properties of any grid."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.errors import CaseError, RangeError, UnknownNameError
from taotie.grid.capacity import island as capacity_island
from taotie.grid.capacity.hosting_capacity import (
    CAP_MW,
    TREATMENTS,
    Treatment,
    hosting_capacity_at_bus,
    load_hosting_capacity,
)
from taotie.grid.case.case import Case, read_case
from taotie.grid.flow.contingency import lodf
from taotie.grid.flow.dc_power_flow import branch_flow_mw, dc_model, ptdf

sys.path.insert(0, str(Path(__file__).parent))
from grid_plain_loop import every_pair, refactorized

NAMES = [way.name for way in TREATMENTS]


def bus(number, load=0.0, kind=1):
    return [number, kind, load, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, 0.9]


def line(f, t, x=0.1, rate=100.0, on=1):
    return [f, t, 0, x, 0, rate, 0, 0, 0, 0, on]


def unit(at, power=0.0, pmax=500.0):
    return [at, power, 0, 0, 0, 1, 100, 1, pmax, 0]


def random_case(seed, n=12, extra=10, unrated=0.15, negative=0.05):
    """A connected random grid with bridges, parallel lines and some odd branches."""
    rng = np.random.default_rng(seed)
    tree = [(int(rng.integers(0, i)), i) for i in range(1, n)]
    more = [tuple(sorted(rng.choice(n, 2, replace=False).tolist())) for _ in range(extra)]
    number = rng.permutation(np.arange(1, 5 * n))[:n]
    branch = []
    for f, t in tree + more:
        x = rng.uniform(0.02, 0.3) * (-0.1 if rng.random() < negative else 1)
        rate = 0.0 if rng.random() < unrated else rng.uniform(20, 200)
        branch.append(line(number[f], number[t], x, rate))
    order = rng.permutation(len(branch))
    buses = [bus(b, rng.uniform(0, 30)) for b in number]
    units = [
        unit(b, rng.uniform(0, 60), rng.uniform(50, 200))
        for b in rng.choice(number, 3, replace=False)
    ]
    return Case("random", 100.0, buses, units, [branch[i] for i in order])


def relative(a, b):
    return np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-6), initial=0.0)


def test_worked_two_parallel_lines_of_unequal_reactance():
    """The line of half the reactance takes two thirds: 150 MW fill its 100 MW; alone either takes 100."""
    case = Case(
        "pair", 100.0, [bus(1, 0, 3), bus(2)], [unit(1)], [line(1, 2, x=0.1), line(1, 2, x=0.2)]
    )
    found = load_hosting_capacity(case)
    for name in NAMES:
        assert found[name].n0_mw == pytest.approx([CAP_MW, 150.0])
        assert found[name].load_hosting_capacity_mw == pytest.approx([CAP_MW, 100.0])
    assert found.n1_supply.all()
    assert found.strict.binding_branch[0] == found.strict.binding_outage[0] == -1


def test_worked_overloaded_pair_names_itself():
    """Two lines of 100 MW carry 120 MW: losing one overloads the other, so nothing fits."""
    case = Case(
        "worn", 100.0, [bus(1, 0, 3), bus(2, 120.0)], [unit(1, 120.0)], [line(1, 2), line(1, 2)]
    )
    found = load_hosting_capacity(case)
    assert found.strict.load_hosting_capacity_mw[1] == 0.0
    assert sorted([found.strict.binding_branch[1], found.strict.binding_outage[1]]) == [0, 1]
    assert found.margin.load_hosting_capacity_mw[1] == pytest.approx(5.0)
    assert found.strict.n0_mw[1] == pytest.approx(80.0)
    assert found.pairs_over == 2
    assert found.worst_loading == pytest.approx(1.2)
    one = hosting_capacity_at_bus(case, 2)
    assert one.n1_mw["strict"] == 0.0
    assert "when" in one.binding_label["strict"]


def test_worked_radial_bus():
    """Behind a bridge of 40 MW: a credit on the intact bridge, and said so."""
    case = Case("spur", 100.0, [bus(1, 0, 3), bus(2), bus(3, 10.0)], [unit(1, 10.0)],
                [line(1, 2), line(1, 2), line(2, 3, rate=40.0)])  # fmt: skip
    found = load_hosting_capacity(case)
    assert found.n1_supply.tolist() == [True, True, False]
    assert found.strict.load_hosting_capacity_mw == pytest.approx([CAP_MW, 90.0, 30.0])
    assert (found.strict.binding_branch[2], found.strict.binding_outage[2]) == (2, 2)
    assert found.bridge_branch.tolist() == [2]
    one = hosting_capacity_at_bus(case, 3)
    assert one.n1_mw["strict"] == pytest.approx(30.0)
    assert not one.n1_supply


def test_worked_generator_behind_a_bridge_limits_everyone():
    """Half of every new MW comes over a 50 MW step-up transformer that is empty."""
    case = Case("step_up", 100.0, [bus(1, 0, 3), bus(2), bus(9)], [unit(1, 0, 100), unit(9, 0, 100)],
                [line(1, 2, rate=0), line(1, 2, rate=0), line(2, 9, rate=50.0)])  # fmt: skip
    found = load_hosting_capacity(case)
    assert found.strict.load_hosting_capacity_mw == pytest.approx([100.0, 100.0, 100.0])
    assert found.strict.binding_branch.tolist() == [2, 2, 2]


@pytest.mark.parametrize("name", ["RTS_GMLC", pytest.param("ACTIVSg200", marks=pytest.mark.slow)])
def test_matches_refactorized_outages(name):
    """Every outage solved anew with a dense matrix: no LODF, no contraction."""
    case = read_case(name)
    expected = refactorized(case, TREATMENTS)
    found = load_hosting_capacity(case)
    for w, way in enumerate(NAMES):
        assert relative(found[way].load_hosting_capacity_mw, expected[w]) < 1e-9


@pytest.mark.parametrize("name", ["RTS_GMLC", "ACTIVSg200", "ACTIVSg500"])
def test_matches_plain_loop(name):
    """Every pair of the uncontracted grid, from dense PTDF and LODF."""
    case = read_case(name)
    island = dc_model(case).islands[0]
    h, factors, flow = ptdf(island), lodf(island), island.flow_mw()
    found = load_hosting_capacity(case)
    for way in TREATMENTS:
        expected = every_pair(h, factors, flow, island.rating_mw, way.floor, way.cutoff)
        assert (
            relative(found[way.name].load_hosting_capacity_mw, expected[island.node_of_bus]) < 1e-9
        )


CUT = [(0.3, 1.004), (0.45, None), (0.7, None)]


@pytest.mark.parametrize(
    ("name", "factor", "full"),
    [
        *((name, *cut) for name in ("RTS_GMLC", "ACTIVSg200") for cut in CUT),
        ("ACTIVSg500", *CUT[0]),
        *(pytest.param("ACTIVSg500", *cut, marks=pytest.mark.slow) for cut in CUT[1:]),
    ],
)
def test_matches_plain_loop_where_branches_are_full_or_over_their_rating(name, factor, full):
    """Ratings cut until many branches are over in the intact grid, or just not: then whole rows of outages count.

    All three cuts on the two smaller grids; the largest with the other two is left to `make accept`.
    """
    case = read_case(name)
    rating = case.rate_a_mw * factor
    if full:
        rating = np.maximum(rating, full * np.abs(branch_flow_mw(case)))
    case = case.with_ratings(rating)
    island = dc_model(case).islands[0]
    h, factors, flow = ptdf(island), lodf(island), island.flow_mw()
    assert (np.abs(flow) > island.rating_mw).any() == (full is None)
    ways = (*TREATMENTS, *(Treatment(f"{floor}", floor, 0.0) for floor in (0.001, 0.004, 0.3)))
    found = load_hosting_capacity(case, ways)
    alone = {way.name: load_hosting_capacity(case, (way,)) for way in ways}
    if full:
        assert sum(one.work["rows_scanned"] for one in alone.values()) > 0
    turned = case.branch.copy()  # the same branches, told from their other end
    turned[:, [0, 1]] = turned[:, [1, 0]]
    turned[:, 9] *= -1
    turned = replace(case, branch=turned)
    for way in ways:
        expected = every_pair(h, factors, flow, island.rating_mw, way.floor, way.cutoff)
        # alone: together one treatment's look at a pair serves the others too
        for one in (found, alone[way.name], load_hosting_capacity(turned, (way,))):
            ours = one[way.name].load_hosting_capacity_mw
            assert relative(ours, expected[island.node_of_bus]) < (1e-7 if full else 1e-9)


@pytest.mark.slow
def test_matches_plain_loop_texas():
    """20 billion (pair, bus) combinations for each treatment."""
    test_matches_plain_loop("ACTIVSg2000")


def every_pair_of(model, rows):
    """1/MW of some buses with not one pair skipped: columns of outages, no lists, no bounds."""
    island = model.islands[0]
    place = np.empty(model.case.n_bus, int)
    place[island.bus_row] = island.node_of_bus
    return capacity_island.search_nodes(island, place[rows], TREATMENTS, None, 2, skip=False)[1]


def test_matches_every_pair_of_some_buses():
    model = dc_model(read_case("ACTIVSg500"))
    rows = np.arange(0, 500, 11)
    found, r = load_hosting_capacity(model), every_pair_of(model, rows)
    for w, way in enumerate(NAMES):
        x = np.where(1 / r[w] < 1e-6, 0, 1 / r[w])
        assert relative(found[way].load_hosting_capacity_mw[rows], x) < 1e-9


@pytest.mark.slow
def test_matches_every_pair_of_50_buses_of_the_western_grid():
    model = dc_model(read_case("ACTIVSg10k"))
    rows = np.random.default_rng(50).choice(10_000, 50, replace=False)
    found, r = load_hosting_capacity(model), every_pair_of(model, rows)
    for w, way in enumerate(NAMES):
        assert relative(found[way].load_hosting_capacity_mw[rows], 1 / r[w]) < 1e-9


@given(st.integers(0, 10**6))
def test_property_random_grids_match_refactorized_outages(seed):
    case = random_case(seed)
    try:
        found = load_hosting_capacity(case)
    except CaseError:
        return  # reactances that cancel, or no rating drawn
    expected = refactorized(case, TREATMENTS)
    if len(found.singular_outage):
        return  # a resonance: the plain version has no finite answer either
    for w, way in enumerate(NAMES):
        assert relative(found[way].load_hosting_capacity_mw, expected[w]) < 1e-6
        assert (found[way].load_hosting_capacity_mw <= found[way].n0_mw * (1 + 1e-9)).all()
        assert (
            found.strict.load_hosting_capacity_mw
            <= found[way].load_hosting_capacity_mw * (1 + 1e-9)
        ).all()


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_property_order_of_buses_and_branches_does_not_matter(seed):
    case = random_case(seed, negative=0.0)
    rng = np.random.default_rng(seed)
    rows, lines = rng.permutation(case.n_bus), rng.permutation(case.n_branch)
    shuffled = replace(case, bus=case.bus[rows], branch=case.branch[lines])
    a, b = load_hosting_capacity(case), load_hosting_capacity(shuffled)
    for way in NAMES:
        assert (
            relative(b[way].load_hosting_capacity_mw, a[way].load_hosting_capacity_mw[rows]) < 1e-9
        )


@given(st.integers(0, 10**6))
def test_property_odd_grids_answer_or_say_why(seed):
    """Islands, zero reactance, shifts, branches out, isolated buses, units off: never a traceback."""
    rng = np.random.default_rng(seed)
    case = random_case(seed, n=10, extra=8)
    branch, bus_, gen = case.branch.copy(), case.bus.copy(), case.gen.copy()
    m = len(branch)
    branch[rng.random(m) < 0.1, 3] = 0.0
    branch[:, 10] = rng.random(m) > 0.2
    branch[:, 9] = np.where(rng.random(m) < 0.2, rng.uniform(-10, 10, m), 0.0)
    branch[:, 8] = np.where(rng.random(m) < 0.2, rng.uniform(0.9, 1.1, m), 0.0)
    bus_[rng.random(10) < 0.1, 1] = 4
    gen[:, 7] = rng.random(len(gen)) > 0.2
    odd = replace(case, bus=bus_, gen=gen, branch=branch)
    try:
        model = dc_model(odd)
        found = load_hosting_capacity(model)
    except CaseError:
        return  # no unit, no rating, or reactances that cancel
    scale = 1.0 + np.abs(model.flow_mw).max()
    if scale > 1e7 or len(found.singular_outage):
        return  # reactances that all but cancel
    for row in range(10):
        one = hosting_capacity_at_bus(model, int(odd.bus_number[row]))
        assert one.n1_supply == (found.n1_supply[row] and not found.dead_bus[row])
        for way in NAMES:
            x = found[way].load_hosting_capacity_mw[row]
            assert 0 <= x <= CAP_MW * (1 + 1e-12)
            assert one.n1_mw[way] == pytest.approx(x, rel=1e-6, abs=1e-6)
            assert found.dead_bus[row] <= (x == 0)


def test_property_one_bus_equals_all_buses():
    case = read_case("ACTIVSg500")
    model = dc_model(case)
    found = load_hosting_capacity(model)
    for row in range(0, case.n_bus, 37):
        one = hosting_capacity_at_bus(model, int(case.bus_number[row]))
        for way in NAMES:
            assert one.n1_mw[way] == pytest.approx(
                found[way].load_hosting_capacity_mw[row], rel=1e-9, abs=1e-6
            )
            assert one.n0_mw[way] == pytest.approx(found[way].n0_mw[row], rel=1e-9, abs=1e-6)
        assert one.n1_supply == found.n1_supply[row]


def test_property_binding_pair_reproduces_the_figure():
    case = read_case("RTS_GMLC")
    island = dc_model(case).islands[0]
    place = np.full(case.n_branch, -1)
    place[island.branch_row] = np.arange(island.n_branch)
    h, factors, flow = ptdf(island), np.nan_to_num(lodf(island)), island.flow_mw()
    found = load_hosting_capacity(case).margin
    for row in range(case.n_bus):
        l, k = place[found.binding_branch[row]], place[found.binding_outage[row]]
        d = 0.0 if l == k else factors[l, k]
        b = island.node_of_bus[row]
        v, post, rating = -(h[l, b] + d * h[k, b]), flow[l] + d * flow[k], island.rating_mw[l]
        room = max(rating - np.sign(v) * post, 0.05 * rating)
        assert found.load_hosting_capacity_mw[row] == pytest.approx(room / abs(v), rel=1e-9)


def test_property_bit_for_bit_whatever_the_threads():
    case = read_case("ACTIVSg500")
    a, b = load_hosting_capacity(case, n_threads=1), load_hosting_capacity(case, n_threads=2)
    one, two = (hosting_capacity_at_bus(case, 100, n_threads=n) for n in (1, 2))
    assert one == two
    for way in NAMES:
        for key in ("n0_mw", "load_hosting_capacity_mw", "binding_branch", "binding_outage"):
            assert np.array_equal(getattr(a[way], key), getattr(b[way], key))


def test_property_scaling_flows_and_ratings_scales_the_answer():
    case = read_case("RTS_GMLC")
    bus_, gen, branch, dc = case.bus.copy(), case.gen.copy(), case.branch.copy(), case.dcline.copy()
    bus_[:, [2, 4]] *= 0.5
    gen[:, [1, 8]] *= 0.5
    branch[:, 5] *= 0.5
    dc[:, 3:5] *= 0.5
    half = load_hosting_capacity(replace(case, bus=bus_, gen=gen, branch=branch, dcline=dc))
    full = load_hosting_capacity(case)
    for way in ("strict", "margin"):
        assert (
            relative(2 * half[way].load_hosting_capacity_mw, full[way].load_hosting_capacity_mw)
            < 1e-9
        )


def test_property_splitting_a_line_changes_n1_only():
    case = read_case("RTS_GMLC")
    row = int(np.bincount(load_hosting_capacity(case).margin.binding_outage).argmax())
    halves = np.vstack([case.branch, case.branch[row]])
    halves[[row, -1], 3] *= 2
    halves[[row, -1], 5] /= 2
    a, b = load_hosting_capacity(case), load_hosting_capacity(replace(case, branch=halves))
    assert relative(a.margin.n0_mw, b.margin.n0_mw) < 1e-9
    assert relative(a.margin.load_hosting_capacity_mw, b.margin.load_hosting_capacity_mw) > 1e-6


def test_property_fewer_outages_never_lower_the_answer():
    case = read_case("ACTIVSg200")
    everything = load_hosting_capacity(case)
    few = load_hosting_capacity(case, outages=np.arange(0, case.n_branch, 3))
    none = load_hosting_capacity(case, outages=[])
    for way in NAMES:
        assert (
            few[way].load_hosting_capacity_mw >= everything[way].load_hosting_capacity_mw - 1e-9
        ).all()
        assert relative(none[way].load_hosting_capacity_mw, none[way].n0_mw) < 1e-12
    one = hosting_capacity_at_bus(case, 5, outages=np.arange(0, case.n_branch, 3))
    row = int(case.rows_of_bus([5])[0])
    assert one.n1_mw["margin"] == pytest.approx(few.margin.load_hosting_capacity_mw[row], rel=1e-9)


@pytest.mark.parametrize(
    ("way", "median", "share"),
    [("strict", 0.0, 0.004), ("margin", 114.8, 0.415), ("cutoff", 108.6, 0.385)],
)
def test_matches_texas_of_the_prototype(way, median, share):
    """Regression values of an independent first version."""
    found = texas()[way]
    assert np.median(found.load_hosting_capacity_mw) == pytest.approx(median, abs=0.05)
    assert found.share_of_buses(150) == pytest.approx(share, abs=0.0006)
    assert (~found.n1_supply).sum() == 450
    assert texas().pairs_over == 3
    assert texas().worst_loading == pytest.approx(1.04, abs=0.005)


_TEXAS = []


def texas():
    if not _TEXAS:
        _TEXAS.append(load_hosting_capacity(read_case("ACTIVSg2000")))
    return _TEXAS[0]


def test_worked_islands_and_dead_buses():
    case = Case("parts", 100.0,
                [bus(1, 0, 3), bus(2), bus(5), bus(6), bus(8), bus(9)],
                [unit(1), unit(5)],
                [line(1, 2), line(1, 2), line(5, 6, rate=30), line(5, 6, rate=30), line(8, 9)])  # fmt: skip
    found = load_hosting_capacity(case)
    assert found.strict.load_hosting_capacity_mw == pytest.approx([CAP_MW, 100, CAP_MW, 30, 0, 0])
    assert found.dead_bus.tolist() == [False] * 4 + [True] * 2
    one = hosting_capacity_at_bus(case, 9)
    assert one.n1_mw["strict"] == 0.0
    assert "no running unit" in one.binding_label["strict"]


def test_error_no_ratings_unknown_bus_bad_outage():
    with pytest.raises(CaseError, match="no branch of case118 has a rating"):
        load_hosting_capacity(read_case("ieee118"))
    case = read_case("case39")
    with pytest.raises(UnknownNameError, match="bus 40"):
        hosting_capacity_at_bus(case, 40)
    with pytest.raises(RangeError, match="row 46"):
        load_hosting_capacity(case, outages=[46])
    with pytest.raises(RangeError, match="n_threads=0"):
        load_hosting_capacity(case, n_threads=0)


def test_worked_limits_name_what_is_left_out():
    found = load_hosting_capacity(read_case("ACTIVSg200"))
    text = " ".join(map(str, found.limits))
    for word in ("DC", "slack", "spare generation", "do not add up", "bridges", "synthetic"):
        assert word in text


def test_worked_a_branch_over_with_all_in_service_gives_no_margin():
    """Two lines of 100 MW carry 240 MW: margin gave 5 MW each on top; one of 99 MW still has its 5 %."""
    row = [0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, 0.9]
    for load, takes in ((240.0, 0.0), (198.0, 10.0)):
        case = Case(
            "two", 100.0, bus=[[1, 3, 0, *row[1:]], [2, 1, load, *row[1:]]],
            gen=[[1, load, 0, 0, 0, 1, 100, 1, 500, 0]],
            branch=[[1, 2, 0, 0.1, 0, 100, 0, 0, 0, 0, 1]] * 2,
        )  # fmt: skip
        found = hosting_capacity_at_bus(case, 2, outages=[])
        assert found.n1_mw["margin"] == pytest.approx(takes, abs=1e-9)
        every = load_hosting_capacity(case, outages=[])["margin"].load_hosting_capacity_mw[1]
        assert every == pytest.approx(takes, abs=1e-9)
