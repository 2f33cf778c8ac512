"""Firm and curtailable capacity: by hand, against plain search, hours against single states."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from taotie.errors import RangeError
from taotie.grid.capacity.by_hour import hourly_area_load_mw
from taotie.grid.capacity.curtailable import curtailable_capacity, curtailable_load_mw
from taotie.grid.capacity.hours_that_bind import room_of_year
from taotie.grid.capacity.redispatch import redispatched_capacity
from taotie.grid.capacity.redispatch_hours import redispatched_by_hour
from taotie.grid.case.case import read_case
from taotie.grid.headroom import curtailable_capacity_mw


def _in_proportion(case, total_mw):
    """Outputs within 0..Pmax that add up, in proportion to those of the case."""
    most = np.where(case.gen_on, case.gen[:, 8], 0)

    def out(scale):
        return np.clip(case.gen[:, 1] * scale, 0, most)

    scale = brentq(lambda s: out(s).sum() - total_mw, 0, 10, xtol=1e-14)
    return np.where(case.gen_on, out(scale), case.gen[:, 1])


def test_worked_ten_hours():
    """One hour of 40 MW, one of 0, eight of 100: 5 % of 10 hours is half a load-hour, less than the hour at 0 takes."""
    room = np.array([[40.0], [0.0], *[[100.0]] * 8])
    assert curtailable_load_mw(room, (0.0, 0.05))[:, 0].tolist() == [0.0, 0.0]
    # 1.5 load-hours of 10: 2 L - 40 = 1.5 L -> 80 MW
    assert curtailable_load_mw(room, (0.15,))[0, 0] == pytest.approx(80)
    # one call is enough for both hours side by side, and half the load must run in every hour
    assert curtailable_load_mw(room, (0.15,), calls=1)[0, 0] == pytest.approx(80)
    assert curtailable_load_mw(room, (0.15,), depth=0.5)[0, 0] == 0.0


def test_worked_calls():
    """Two hours apart are two calls: with one allowed the second lowest hour is the end."""
    room = np.array([[10.0], [100.0], [30.0], [100.0]])
    assert curtailable_load_mw(room, (0.5,), calls=1)[0, 0] == pytest.approx(30)
    assert curtailable_load_mw(room, (0.5,), calls=0)[0, 0] == pytest.approx(10)
    assert curtailable_load_mw(room, (0.5,), calls=2)[0, 0] > 30


@given(
    st.lists(st.floats(0, 500), min_size=2, max_size=60),
    st.floats(1e-4, 0.5),
)
@settings(max_examples=60, deadline=None)
def test_property_cut_share_equals_the_limit(room, share):
    room = np.array(room)
    load = curtailable_load_mw(room[:, None], (share,))[0, 0]
    assert load == pytest.approx(curtailable_capacity_mw(room, share), rel=1e-9, abs=1e-9)

    def over(x):
        return np.maximum(0, x - room).sum() - share * len(room) * x

    if load > 1e-3:
        assert load == pytest.approx(brentq(over, load * 0.5, load * 2 + 1), rel=1e-6)


def test_property_more_leave_never_takes_less():
    room = np.abs(np.random.default_rng(1).normal(100, 40, (500, 3)))
    load = curtailable_load_mw(room)
    assert (np.diff(load, axis=0) >= 0).all()
    assert load[0] == pytest.approx(room.min(axis=0))
    assert (curtailable_load_mw(room, calls=3) <= load + 1e-9).all()
    assert (curtailable_load_mw(room, depth=0.3) <= load + 1e-9).all()


def test_matches_single_states_with_redispatch():
    """Hours one after the other from stored bases, against a case of its own for each hour."""
    case = read_case("ACTIVSg200")
    hours = hourly_area_load_mw(case, slice(0, 8784, 1100))
    buses = case.bus_number[[5, 60, 140]]
    found = redispatched_by_hour(case, buses, hours)
    assert np.abs(found.bound_mw - found.capacity_mw)[~found.infeasible].max() < 1e-6
    surplus = case.gen[case.gen_on, 1].sum() - case.load_mw.sum()  # losses: they stay
    for t in (0, 3, 6):
        load = hours[t]
        out = _in_proportion(case, load.sum() + surplus)
        moved = case.with_bus_load(load).with_dispatch(out)
        one = redispatched_capacity(moved, buses, units_off=True, loosen=False)
        rows = case.rows_of_bus(buses)
        assert found.capacity_mw[t] == pytest.approx(one.capacity_mw[rows], abs=1e-6)


def test_matches_every_hour_where_only_those_that_decide_are_solved():
    case = read_case("ACTIVSg200")
    hours = hourly_area_load_mw(case, slice(0, 8784, 14))
    buses, shares = case.bus_number[[5, 60, 140]], (0.0, 0.005, 0.05)
    every = redispatched_by_hour(case, buses, hours)
    brute = curtailable_load_mw(every.capacity_mw, shares)
    found = room_of_year(case, buses, hours, shares, within_mw=0.01)
    assert (found.load_mw <= brute + 1e-6).all()
    assert (brute <= found.bound_mw + 1e-6).all()
    assert (found.bound_mw - found.load_mw).max() <= 0.01
    assert (found.room_mw <= every.capacity_mw + 1e-6).all()
    assert (found.solved < len(hours)).any()
    calls = room_of_year(case, buses, hours, shares, calls=2, depth=0.9)
    brute = curtailable_load_mw(every.capacity_mw, shares, 2, 0.9)
    assert calls.load_mw == pytest.approx(brute, abs=1e-6)
    named = room_of_year(case, buses[:1], hours, shares, every=True)
    below = every.capacity_mw[:, 0] < named.load_mw[-1, 0] - 1e-6
    assert named.room_mw[below, 0] == pytest.approx(every.capacity_mw[below, 0], abs=1e-6)


def test_matches_every_hour_where_each_bus_goes_its_own_way():
    """Loads without a pattern have as many directions as hours: none lies between others, all are solved."""
    case = read_case("ACTIVSg200")
    hours = case.load_mw * np.random.default_rng(2).uniform(0.7, 1.0, (40, case.n_bus))
    found = room_of_year(case, case.bus_number[:2], hours, (0.0, 0.01))
    brute = redispatched_by_hour(case, case.bus_number[:2], hours).capacity_mw
    assert found.load_mw == pytest.approx(curtailable_load_mw(brute, (0.0, 0.01)), abs=1e-6)
    assert found.solved.tolist() == [40, 40]


@pytest.mark.slow
def test_matches_brute_force_at_200_buses_of_texas_in_100_hours():
    case = read_case("ACTIVSg2000")
    hours = hourly_area_load_mw(case, slice(0, 8784, 88))
    buses = np.random.default_rng(7).choice(case.bus_number, 200, replace=False)
    found = curtailable_capacity(case, hours, redispatch=True, buses=buses)
    brute = redispatched_by_hour(case, buses, hours).capacity_mw
    assert found.load_mw == pytest.approx(curtailable_load_mw(brute), abs=1e-6)


def test_property_units_given_by_hour():
    case = read_case("ACTIVSg200")
    hours = hourly_area_load_mw(case, slice(4000, 4004))
    bus = case.bus_number[[60]]
    free = redispatched_by_hour(case, bus, hours).capacity_mw
    most = np.full((4, case.n_gen), np.nan)
    assert redispatched_by_hour(case, bus, hours, most).capacity_mw == pytest.approx(free, abs=1e-6)
    big = int(np.argmax(np.where(case.gen_on, case.gen[:, 8], 0)))
    most[2, big] = 0.0
    less = redispatched_by_hour(case, bus, hours, most).capacity_mw
    assert less[[0, 1, 3]] == pytest.approx(free[[0, 1, 3]], abs=1e-6)
    assert less[2, 0] <= free[2, 0] + 1e-6


def test_worked_firm_and_worst_hours():
    case = read_case("ACTIVSg200")
    hours = hourly_area_load_mw(case, slice(0, 8784, 500))
    found = curtailable_capacity(case, hours)
    assert (found.load_mw[0] == found.firm_mw).all()
    bus = int(case.bus_number[np.argmax(found.load_mw[2] - found.load_mw[0])])
    worst = found.worst_hours(bus, 0.005)
    row = case.rows_of_bus([bus])[0]
    cut = np.maximum(0, found.load_mw[2, row] - found.room_mw[:, row])
    assert worst.hours == (cut > 1e-9).sum() >= worst.calls >= 1
    assert cut.sum() == pytest.approx(0.005 * len(hours) * found.load_mw[2, row])
    assert worst.cut_mw[0] == pytest.approx(cut.max())


def test_error_limits():
    with pytest.raises(RangeError, match=r"0\.5 % is written"):
        curtailable_load_mw([[1.0]], (5.0,))
    with pytest.raises(RangeError, match="calls=-1"):
        curtailable_load_mw([[1.0]], calls=-1)
    with pytest.raises(RangeError, match="depth=2"):
        curtailable_load_mw([[1.0]], depth=2)
    with pytest.raises(RangeError, match="gap"):
        curtailable_load_mw([[np.nan]])
