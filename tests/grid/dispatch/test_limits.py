"""Angle limits, kinks, dead units, DC lines and true reasons of the dispatch: by hand and from print."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from taotie.errors import CaseError
from taotie.grid.case.case import Case, read_case
from taotie.grid.dispatch.filed import filed_dispatch, require_balance
from taotie.grid.dispatch.optimal import optimal_dispatch
from taotie.grid.flow.dc_power_flow import dc_model


def two_buses(load=100.0, angle=360.0, cost=(10.0, 30.0), pmax=(80.0, 200.0), rate=0.0, **more):
    bus = [
        [1, 3, 0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, 0.9],
        [2, 2, load, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, 0.9],
    ]
    gen = [[1, 50, 0, 0, 0, 1, 100, 1, pmax[0], 0], [2, 50, 0, 0, 0, 1, 100, 1, pmax[1], 0]]
    branch = [[1, 2, 0, 0.1, 0, rate, 0, 0, 0, 0, 1, -angle, angle]]
    gencost = [[2, 0, 0, 2, cost[0], 0], [2, 0, 0, 2, cost[1], 0]]
    return Case("two", 100.0, bus, gen, branch, gencost=gencost, **more)


def test_worked_angle_limit_holds_the_flow():
    """One degree over x = 0.1: 100 MVA x (pi / 180) / 0.1 = 17.45 MW, the rest from the dear unit."""
    best = optimal_dispatch(two_buses(angle=1.0))
    assert best.power_mw[0] == pytest.approx(1000 * np.deg2rad(1.0), abs=1e-6)
    assert best.angle_branch.tolist() == [0]
    assert not len(best.congested_branch)
    zero = two_buses(angle=0.0)  # 0 is no limit, as MATPOWER reads it
    assert optimal_dispatch(zero).power_mw[0] == pytest.approx(80.0)


def test_worked_both_prices_at_a_kink():
    """80 MW at 10, the next at 30: with a load of 80 the last MWh costs 10 and the next one 30."""
    for order in ((10.0, 30.0), (30.0, 10.0)):
        case = two_buses(
            load=80.0, cost=order, pmax=(80.0, 200.0) if order[0] == 10 else (200.0, 80.0)
        )
        best = optimal_dispatch(case)
        assert best.at_kink
        assert best.price_usd_per_mwh == pytest.approx([30.0, 30.0], abs=1e-6)
        assert best.price_below_usd_per_mwh == pytest.approx([10.0, 10.0], abs=1e-6)
    full = optimal_dispatch(two_buses(load=280.0))
    assert full.more_mw == 0.0
    assert full.price_usd_per_mwh == pytest.approx([30.0, 30.0], abs=1e-6)
    between = optimal_dispatch(two_buses(load=100.0))
    assert not between.at_kink
    assert between.price_below_usd_per_mwh is None


def test_worked_points_go_on_beyond_the_last():
    case = two_buses(load=60.0)
    points = [[1, 0, 0, 2, 0, 0, 1, 12], [1, 0, 0, 2, 0, 0, 1, 25]]
    best = optimal_dispatch(replace(case, gencost=np.array(points, float)))
    assert best.cost_usd_per_h == pytest.approx(720.0)


def test_worked_units_at_dead_buses_take_no_part():
    case = two_buses()
    bus = np.vstack([case.bus, [3, 4, 0, *case.bus[0, 3:]], [4, 1, 0, *case.bus[0, 3:]]])
    gen = np.vstack(
        [case.gen, [3, 0, 0, 0, 0, 1, 100, 1, 70, 0], [4, 0, 0, 0, 0, 1, 100, 1, 0, -4]]
    )
    cost = np.vstack([case.gencost, [2, 0, 0, 2, 1, 5], [2, 0, 0, 2, 1, 5]])
    odd = replace(case, bus=bus, gen=gen, gencost=cost)
    assert optimal_dispatch(odd).cost_usd_per_h == optimal_dispatch(case).cost_usd_per_h


def test_worked_load_no_unit_reaches():
    case = two_buses()
    bus = np.vstack([case.bus, [7, 1, 35, *case.bus[0, 3:]]])
    alone = replace(case, bus=bus)
    with pytest.raises(CaseError, match=r"35\.0 MW of load at 1 buses: bus 7"):
        optimal_dispatch(alone)
    shed = optimal_dispatch(alone, value_of_lost_load=1000.0)
    assert shed.unserved_mw == pytest.approx(35.0)
    assert shed.cost_usd_per_h == pytest.approx(optimal_dispatch(case).cost_usd_per_h + 35_000)
    assert filed_dispatch(dc_model(alone)).unserved_mw == 35.0


def test_error_reasons():
    with pytest.raises(CaseError, match="angle limits"):
        optimal_dispatch(two_buses(angle=1.0, pmax=(300.0, 50.0)))
    with pytest.raises(CaseError, match="ratings of all branches"):
        optimal_dispatch(two_buses(rate=10.0, pmax=(300.0, 50.0)))
    with pytest.raises(CaseError, match="running units give 0 to 130 MW"):
        optimal_dispatch(two_buses(load=150.0, pmax=(80.0, 50.0)))
    with pytest.raises(CaseError, match="no costs"):
        optimal_dispatch(replace(two_buses(), gencost=np.zeros((0, 4))))
    isolated = two_buses()
    bus = isolated.bus.copy()
    bus[:, 1] = 4
    with pytest.raises(CaseError, match="isolated"):
        optimal_dispatch(replace(isolated, bus=bus))


def test_worked_imbalance_of_the_file():
    short = filed_dispatch(dc_model(two_buses(load=125.0)))
    assert (short.imbalance_mw, short.share) == (-25.0, -0.2)
    assert "25.0 MW short (20.0 %)" in str(short.said[0])
    with pytest.raises(CaseError, match=r"100\.0 MW for 125\.0 MW"):
        require_balance("two", short)
    require_balance("two", filed_dispatch(dc_model(two_buses(load=96.0))))


def test_published_pglib_objectives(shared_data):
    """Within 2 % of what the authors print, whose susceptances are others; infeasible ones are infeasible."""
    folder = shared_data / "grid" / "pglib-opf"
    if not folder.is_dir():
        pytest.skip("benchmark cases of PGLib are not beside the project")
    with (folder / "published_objectives.csv").open() as file:
        printed = {row["case"]: row["dc_usd_per_h"] for row in csv.DictReader(file)}
    for path in sorted(folder.rglob("*.m")):
        value, case = printed[path.stem], read_case(path)
        if case.n_bus > 120:
            continue
        if value == "inf.":
            with pytest.raises(CaseError, match="angle limits"):
                optimal_dispatch(case)
        else:
            assert optimal_dispatch(case).cost_usd_per_h == pytest.approx(float(value), rel=0.02)
