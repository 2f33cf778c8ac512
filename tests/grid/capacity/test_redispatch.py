"""Capacity with redispatch against one full programme with every pair written down, against proofs, and by hand."""

import numpy as np
import pytest

from taotie.errors import CaseError, RangeError
from taotie.grid.capacity import redispatch, redispatch_from_base, redispatch_setup
from taotie.grid.capacity.redispatch import (
    redispatch_cost_usd_per_mwh,
    redispatched_capacity,
    redispatched_sites,
    searched_nodes,
)
from taotie.grid.capacity.redispatch_clearance import clear_dispatch
from taotie.grid.capacity.redispatch_from_base import from_base
from taotie.grid.capacity.redispatch_lp import (
    largest_load,
    least_loosening,
    loosened,
    whole_programme,
)
from taotie.grid.capacity.redispatch_screen import violated_pairs
from taotie.grid.capacity.redispatch_setup import redispatch_problem
from taotie.grid.case.case import Case, read_case
from taotie.grid.flow.contingency import lodf
from taotie.grid.flow.dc_power_flow import dc_model

EXACT_MW = 1e-6


def _bus(number, load=0.0, kind=1):
    return [number, kind, load, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, 0.9]


def _three(rating=100.0, load=50.0, out=None, pmax=(300.0, 100.0), extra=()):
    out = (load, 0.0) if out is None else out
    return Case(
        "three", 100.0,
        bus=[_bus(1, kind=3), _bus(2, kind=2), _bus(3, load)],
        gen=[[1, out[0], 0, 0, 0, 1, 100, 1, pmax[0], 0], [2, out[1], 0, 0, 0, 1, 100, 1, pmax[1], 0], *extra],
        branch=[[f, t, 0, 0.1, 0, rating, 0, 0, 0, 0, 1] for f, t in ((1, 2), (1, 3), (2, 3))],
    )  # fmt: skip


def _random_case(rng, n=7):
    """A ring with chords; ratings wide enough that most are secure."""
    ends = [(i, (i + 1) % n) for i in range(n)] + [(0, n // 2), (1, n - 2), (2, n - 1)]
    load = rng.uniform(0, 60, n)
    pmax = rng.uniform(50, 250, 3)
    out = pmax / pmax.sum() * load.sum()
    units = rng.choice(n, 3, replace=False)
    gen = [
        [u + 1, o, 0, 0, 0, 1, 100, 1, p, rng.choice([0.0, 0.2]) * o]
        for u, o, p in zip(units, out, pmax, strict=True)
    ]
    branch = [
        [f + 1, t + 1, 0, rng.uniform(0.05, 0.3), 0, rng.choice([0.0, *rng.uniform(80, 220, 4)]), 0, 0, 0,
         rng.choice([0.0, 0.0, 2.0]), 1]
        for f, t in ends
    ]  # fmt: skip
    branch[0][5] = 150.0
    return Case(
        "random", 100.0,
        bus=[_bus(i + 1, load[i], 3 if i == units[0] else 1) for i in range(n)],
        gen=gen, branch=branch,
    )  # fmt: skip


def _equals_whole_programme(case, rows=None, **options):
    found = redispatched_capacity(case, loosen=False, **options)
    problem = found.problems[0]
    for i, node in enumerate(problem.island.node_of_bus):
        row = problem.island.bus_row[i]
        if rows is not None and row not in rows:
            continue
        x, __ = whole_programme(problem, int(node))
        if np.isnan(x):
            assert found.infeasible[row], row
            assert found.shortfall_mw[row] > 0 or row in found.by_highs
        else:
            assert abs(found.largest_mw[row] - x) < EXACT_MW, (row, found.largest_mw[row], x)
            assert abs(found.gap_mw[row]) < EXACT_MW
            assert found.loading[row] < 1 + 1e-8
    return found


def test_worked_three_buses():
    """By hand: bus 1 has 300 MW of its own and 100 MW from bus 2; the others hang on lines of 100 MW."""
    assert redispatched_capacity(_three()).capacity_mw.round(6).tolist() == [350.0, 150.0, 50.0]
    assert redispatched_capacity(_three(), outages=[]).capacity_mw[2] == pytest.approx(150)


def test_worked_what_binds_and_who_moves():
    found = redispatched_capacity(_three())
    assert found.n_binding[0] == 0  # spare generation alone
    assert found.binding_branch[0] == -1
    assert {found.binding_branch[2], found.binding_outage[2]} == {1, 2}
    assert sum(m.mw for m in found.moved(2)) == pytest.approx(50)
    assert found.power_mw(2).sum() == pytest.approx(100)


def test_worked_units_that_hardly_move():
    """Unit 1 gives 50 MW and may move by 10 % of 300 MW, unit 2 by 10 % of 100 MW: 40 MW more at most."""
    found = redispatched_capacity(_three(), move=0.1)
    assert found.capacity_mw[0] == pytest.approx(40)
    assert redispatched_capacity(_three(), move=0.0).capacity_mw.max() == pytest.approx(0)


def test_worked_post_rating():
    """With 120 MW allowed after an outage, the two lines that remain carry 120 MW to bus 3."""
    assert redispatched_capacity(_three(), [3], post_rating=1.2).capacity_mw[2] == pytest.approx(70)


def test_worked_two_sites():
    """Buses 2 and 3 together: all 400 MW less 50 would need 250 MW out of bus 1 over one line left."""
    found = redispatched_sites(_three(), [2, 3])
    assert found.total_mw == pytest.approx(150)
    assert found.bound_mw == pytest.approx(150)
    assert redispatched_sites(_three(), [1, 2, 3]).total_mw == pytest.approx(350)
    assert redispatched_sites(_three(), [1], most_mw=[10]).total_mw == pytest.approx(10)


def test_worked_no_secure_dispatch_names_the_branch():
    """150 MW at bus 3 and two lines of 100 MW: with one lost the other carries 150, whoever gives."""
    strict = redispatched_capacity(_three(load=150), loosen=False)
    assert strict.infeasible.tolist() == [True, True, False]
    assert strict.largest_mw[2] == pytest.approx(-50)  # 50 MW less there would do
    assert strict.capacity_mw.tolist() == [0, 0, 0]
    found = redispatched_capacity(_three(load=150))
    wide = found.loosening[0]
    assert set(wide.branch.tolist()) == {1, 2}
    assert wide.outage_mw == pytest.approx([50, 50])
    assert wide.bound == pytest.approx(wide.shortfall) == pytest.approx(1.0)
    assert found.capacity_mw[2] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    "options",
    [{}, {"units_off": True}, {"move": 0.2}, {"unit_outages": True}, {"post_rating": 1.1}],
    ids=["filed", "off", "move", "units", "post"],
)
def test_matches_whole_programme_24_buses(options):
    rows = None if not options else range(1, 24, 5)
    _equals_whole_programme(read_case("case24_ieee_rts"), rows, **options)


def test_matches_whole_programme_30_buses():
    _equals_whole_programme(read_case("case30"))


def test_matches_whole_programme_infeasible():
    """39 buses: no dispatch keeps the ratings for most of them; the same ones as the whole programme says."""
    case = read_case("case39")
    found = _equals_whole_programme(case, rows=range(0, 39, 4))
    assert found.infeasible.sum() > 20


def test_property_random_grids_equal_the_whole_programme():
    for seed in range(16):
        rng = np.random.default_rng(seed)
        options = [{}, {"units_off": True}, {"unit_outages": True}, {"move": 0.3}][seed % 4]
        _equals_whole_programme(_random_case(rng), **options)


def test_property_more_freedom_never_takes_less():
    case = read_case("case24_ieee_rts")
    base = redispatched_capacity(case).capacity_mw
    for options in ({"units_off": True}, {"post_rating": 1.2}, {"outages": []}):
        assert (redispatched_capacity(case, **options).capacity_mw >= base - EXACT_MW).all()
    for options in ({"move": 0.1}, {"unit_outages": True}):
        got = redispatched_capacity(case, loosen=False, **options).capacity_mw
        assert (got <= base + EXACT_MW).all()


def test_property_independent_network_solve_finds_nothing_over():
    """Flows by a sparse solve of the network with the dispatch of the answer, outages by the dense table of factors."""
    case = read_case("RTS_GMLC")
    found = redispatched_capacity(case)
    problem = found.problems[0]
    post, rate = problem.room.post, problem.room.rate
    for row in (3, 20, 57):
        moved = case.with_dispatch(found.power_mw(row))
        model = dc_model(moved.with_load(int(case.bus_number[row]), found.capacity_mw[row]))
        island = model.islands[0]
        # losses stay where they were: the same injections as in the search
        p = problem.island.injection_mw.copy()
        np.add.at(p, problem.island.node_of_bus[case.gen_row], found.power_mw(row) - case.gen[:, 1])
        p[problem.island.node_of_bus[row]] -= found.largest_mw[row]
        flow = island.flow_mw(p)
        assert (np.abs(flow) <= rate * (1 + 1e-8)).all()
        table = lodf(island)
        after = flow[:, None] + table * flow[None]
        np.fill_diagonal(after, 0)
        after = after[:, np.isfinite(table).all(axis=0)]
        assert (np.abs(after) <= post[:, None] * (1 + 1e-8)).all()


def test_matches_highs_fall_back():
    case = read_case("case24_ieee_rts")
    found = redispatched_capacity(case)
    problem = found.problems[0]
    for node in (2, 9, 17):
        other = largest_load(problem, np.array([node]))
        row = problem.island.bus_row[problem.island.node_of_bus == node][0]
        assert other.load_mw[0] == pytest.approx(found.largest_mw[row], abs=EXACT_MW)
        assert other.bound_mw == pytest.approx(other.load_mw[0], abs=EXACT_MW)


def test_matches_highs_when_the_search_gives_up(monkeypatch):
    """Every bus stalls at once: HiGHS answers, and it is told."""
    case = read_case("case24_ieee_rts")
    right = redispatched_capacity(case).capacity_mw
    monkeypatch.setattr("taotie.grid.capacity.redispatch.MAX_STEPS", 1)
    found = redispatched_capacity(case)
    assert len(found.by_highs) > 3
    assert found.capacity_mw == pytest.approx(right, abs=EXACT_MW)
    assert not len(found.unanswered)


def test_matches_factors_made_as_they_are_wanted(monkeypatch):
    # grids too large for one table of factors make its rows when a screen asks for them
    case = read_case("RTS_GMLC")
    whole = redispatched_capacity(case)
    monkeypatch.setattr(redispatch_setup, "FACTORS_ALL", 0)
    some = redispatched_capacity(case, case.bus_number[::9])
    asked = np.isfinite(some.largest_mw)
    assert some.largest_mw[asked] == pytest.approx(whole.largest_mw[asked], abs=EXACT_MW)
    monkeypatch.setattr(redispatch_setup, "FACTORS_MAX", 0)
    with pytest.raises(CaseError, match="fewer buses at a time"):
        redispatched_capacity(case)


def test_property_no_worsening_needs_no_programme_and_is_exact():
    """Too large for the least loosening: the dispatch of the case keeps what it is given, and answers are the LP's."""
    case = read_case("RTS_GMLC")
    problem = redispatch_problem(case, dc_model(case).islands[0])
    wide = least_loosening(case, problem, most_entries=0)
    assert not wide.least
    assert wide.shortfall >= least_loosening(case, problem).shortfall
    wider = loosened(problem, wide)
    assert not len(violated_pairs(wider, wider.flow_mw(wide.power_mw), 1e-6)[0])
    spared = np.setdiff1d(np.arange(problem.n_branch), wide.branch)
    assert (wider.room.post[spared] == problem.room.post[spared]).all()
    nodes = np.array([3, 44])
    found = searched_nodes(wider, nodes)
    assert (found.x > -1e-6).all()
    for node, x in zip(nodes, found.x, strict=True):
        assert whole_programme(wider, int(node))[0] == pytest.approx(x, abs=1e-6)


def test_property_from_a_known_dispatch_units_are_let_go_until_bound_and_answer_meet(monkeypatch):
    case = read_case("RTS_GMLC")
    problem = redispatch_problem(case, dc_model(case).islands[0])
    wide = least_loosening(case, problem, most_entries=0)
    wider = loosened(problem, wide)
    monkeypatch.setattr(redispatch_from_base, "FIRST", 3)
    monkeypatch.setattr(redispatch_from_base, "MORE", 4)
    nodes = np.arange(0, problem.island.n_node, 6)
    exact = searched_nodes(wider, nodes).x
    found = from_base(wider, wide.power_mw, nodes, {"steps": 0, "screens": 0})
    assert (found.loading < 1 + 1e-6).all()
    assert (found.x <= exact + 1e-6).all()
    assert (found.bound >= exact - 1e-6).all()
    assert np.isclose(found.x, exact, atol=1e-6).mean() > 0.8
    # cut short, what is answered still holds, and so does the bound
    monkeypatch.setattr(redispatch_from_base, "ROUNDS", 1)
    monkeypatch.setattr(redispatch_from_base, "LAST_STEPS", 5)
    found = from_base(wider, wide.power_mw, nodes, {"steps": 0, "screens": 0})
    assert (found.x > -1e-6).all()
    assert (found.x <= exact + 1e-6).all()
    assert (found.bound >= exact - 1e-6).all()
    assert (found.bound > found.x + 1e-3).any()


def test_property_where_units_may_trip_the_search_from_a_known_dispatch_agrees_too(monkeypatch):
    """Then every unit is an outage, and keeps its column though it stands still."""
    case = read_case("RTS_GMLC")
    problem = redispatch_problem(case, dc_model(case).islands[0], unit_outages=True)
    wide = least_loosening(case, problem, most_entries=0)
    wider = loosened(problem, wide)
    monkeypatch.setattr(redispatch_from_base, "MORE", 20)
    nodes = np.arange(0, problem.island.n_node, 12)
    exact = searched_nodes(wider, nodes).x
    found = from_base(wider, wide.power_mw, nodes, {"steps": 0, "screens": 0})
    assert (found.loading < 1 + 1e-6).all()
    assert (found.x <= exact + 1e-6).all()
    assert (found.bound >= exact - 1e-6).all()
    assert np.isclose(found.x, exact, atol=1e-6).mean() > 0.5


def test_property_a_dispatch_clear_of_the_ratings_holds_and_answers_from_it_are_the_full_programmes():
    case = read_case("RTS_GMLC")
    problem = redispatch_problem(case, dc_model(case).islands[0])
    wide = least_loosening(case, problem, most_entries=0)
    wider = loosened(problem, wide)
    clear = clear_dispatch(wider, wide.power_mw)
    room = wider.room
    assert clear.sum() == pytest.approx(wide.power_mw.sum(), abs=1e-6)
    assert ((clear >= room.low) & (clear <= room.high)).all()
    assert not len(violated_pairs(wider, wider.flow_mw(clear), 0.0)[0])

    def full(power):  # branches with a pair within a thousandth of its rating
        close = wider.with_ratings(0.999 * room.rate, 0.999 * room.post)
        return len(np.unique(violated_pairs(close, wider.flow_mw(power), 0.0)[0]))

    assert full(clear) < full(wide.power_mw)
    nodes = np.array([3, 20, 44])
    found = from_base(wider, clear, nodes, {"steps": 0, "screens": 0})
    for node, x in zip(nodes, found.x, strict=True):
        assert whole_programme(wider, int(node))[0] == pytest.approx(x, abs=1e-6)
    # a dispatch that does not hold is given back as it is, and so is one that may take no step
    over = np.clip(2 * wide.power_mw, room.low, room.high)
    assert (clear_dispatch(wider, over) == over).all()
    assert clear_dispatch(wider, wide.power_mw, steps=0) == pytest.approx(wide.power_mw, abs=1e-3)


def test_property_a_grid_too_large_for_the_least_loosening_is_answered_all_the_same(monkeypatch):
    case = read_case("RTS_GMLC")
    monkeypatch.setattr(
        redispatch, "least_loosening", lambda case, problem: least_loosening(case, problem, 0)
    )
    asked = case.bus_number[[5, 30, 61]]
    found = redispatched_capacity(case, asked)
    rows = case.rows_of_bus(asked)
    problem = found.problems[0]
    assert not found.loosening[0].least
    for row in rows.tolist():
        node = problem.island.node_of_bus[problem.island.bus_row == row][0]
        assert found.largest_mw[row] == pytest.approx(
            whole_programme(problem, int(node))[0], abs=1e-6
        )
        assert found.gap_mw[row] < 1e-6 * max(1.0, 1e-3 * found.largest_mw[row])
    assert (found.loading[rows] <= 1 + 1e-9).all()


def test_property_loosening_is_enough_and_needed():
    case = read_case("case39")
    island = dc_model(case).islands[0]
    problem = redispatch_problem(case, island)
    wide = least_loosening(case, problem)
    assert wide.bound == pytest.approx(wide.shortfall, rel=1e-6)
    assert wide.shortfall > 0
    rate, post = problem.room.rate.copy(), problem.room.post.copy()
    rate[wide.branch] += wide.intact_mw
    post[wide.branch] += wide.outage_mw
    eased = problem.with_ratings(rate, post)
    assert not len(violated_pairs(eased, eased.flow_mw(wide.power_mw), 1e-7)[0])


def test_property_several_sites_between_best_and_sum():
    case = read_case("case24_ieee_rts")
    alone = redispatched_capacity(case).capacity_mw
    buses = [3, 9, 14]
    together = redispatched_sites(case, buses)
    rows = case.rows_of_bus(buses)
    assert alone[rows].max() - EXACT_MW <= together.total_mw <= alone[rows].sum() + EXACT_MW
    assert together.bound_mw == pytest.approx(together.total_mw, abs=EXACT_MW)
    one = redispatched_sites(case, [9])
    assert one.total_mw == pytest.approx(alone[case.rows_of_bus([9])[0]], abs=EXACT_MW)


def test_property_cost_rises_towards_the_end():
    found = redispatched_capacity(read_case("case24_ieee_rts"))
    cost = redispatch_cost_usd_per_mwh(found, 3, (0.5, 0.95))
    assert np.isfinite(cost).all()
    assert cost[1] >= cost[0] - 1e-6
    assert np.isnan(redispatch_cost_usd_per_mwh(redispatched_capacity(_three()), 3)).all()


def test_worked_several_islands_and_dead_buses():
    three = _three()
    case = Case(
        "parts", 100.0,
        bus=[*three.bus.tolist(), _bus(4, kind=3), _bus(5, 10.0), _bus(6)],
        gen=[*three.gen.tolist(), [4, 10, 0, 0, 0, 1, 100, 1, 60, 0]],
        branch=[*three.branch.tolist(), [4, 5, 0, 0.1, 0, 30, 0, 0, 0, 0, 1]],
    )  # fmt: skip
    found = redispatched_capacity(case)
    assert found.capacity_mw.round(6).tolist() == [350.0, 150.0, 50.0, 50.0, 20.0, 0.0]


def test_worked_dispatch_that_misses_its_load():
    """No output in the file: the units serve the 50 MW all the same, and nothing is counted twice."""
    found = redispatched_capacity(_three(out=(0.0, 0.0)))
    assert found.capacity_mw.round(6).tolist() == [350.0, 150.0, 50.0]
    much = redispatched_capacity(_three(out=(200.0, 50.0)))
    assert much.capacity_mw.round(6).tolist() == [350.0, 150.0, 50.0]
    losses = redispatched_capacity(_three(out=(52.0, 0.0)))  # 2 MW of losses stay to be served
    assert losses.capacity_mw[0] == pytest.approx(348)


def test_error_options():
    with pytest.raises(RangeError, match=r"move=1\.5"):
        redispatched_capacity(_three(), move=1.5)
    with pytest.raises(RangeError, match=r"0\.5 times rating A"):
        redispatched_capacity(_three(), post_rating=0.5)
    with pytest.raises(CaseError, match="no rating B"):
        redispatched_capacity(_three(), post_rating="B")


@pytest.mark.slow
def test_matches_whole_programme_larger():
    """RTS-GMLC loosened (14,162 rows), case57 and ACTIVSg200 (42,457 rows)."""
    case = read_case("RTS_GMLC")
    found = redispatched_capacity(case)
    problem = found.problems[0]
    for row in range(case.n_bus):
        x, __ = whole_programme(problem, int(problem.island.node_of_bus[row]))
        assert found.largest_mw[row] == pytest.approx(x, abs=EXACT_MW)
    case = read_case("ACTIVSg200")
    _equals_whole_programme(case, rows=range(0, 200, 8))


@pytest.mark.slow
def test_published_texas_every_bus():
    """2,000 buses: median 148.5 MW, 57.1 % take 126 MW (this project's first version, notes of the room)."""
    found = redispatched_capacity(read_case("ACTIVSg2000"))
    assert np.median(found.capacity_mw) == pytest.approx(148.548172, abs=1e-5)
    assert found.share_of_buses(126) == pytest.approx(0.5705)
    assert np.abs(found.gap_mw).max() < EXACT_MW
    assert found.loading.max() < 1 + 1e-8
    assert not len(found.unanswered)
