"""Hosting capacity hour by hour."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from taotie.errors import CaseError, RangeError
from taotie.grid.capacity.alike_hours import GROUP, alike_groups
from taotie.grid.capacity.by_hour import hourly_area_load_mw, hourly_hosting_capacity
from taotie.grid.capacity.hosting_capacity import TREATMENTS, load_hosting_capacity
from taotie.grid.case.case import read_case


def at_hour(case, load):
    """The case as dispatched for that hour: units in proportion to the load."""
    gen = case.gen.copy()
    gen[:, 1] *= load.sum() / case.total_load_mw
    return replace(case.with_bus_load(load), gen=gen)


@pytest.mark.parametrize("way", TREATMENTS, ids=lambda w: w.name)
@pytest.mark.parametrize("name", ["RTS_GMLC", "ACTIVSg500"])
def test_matches_search_of_each_hour(name, way):
    case = read_case(name)
    rng = np.random.default_rng(5)
    load = case.load_mw * rng.uniform(0.4, 1.15, (6, 1)) * rng.uniform(0.8, 1.2, (6, case.n_bus))
    found = hourly_hosting_capacity(case, load, way)
    for h in range(6):
        expected = load_hosting_capacity(at_hour(case, load[h]), (way,))[
            way.name
        ].load_hosting_capacity_mw
        error = np.abs(found.capacity_mw[h] - expected) / np.maximum(expected, 1e-6)
        assert error.max() < 1e-9


def test_worked_hourly_loads_of_the_synthetic_cases():
    case = read_case("ACTIVSg200")
    load = hourly_area_load_mw(case)
    assert load.shape == (8760, 200)
    assert load[0].sum() == pytest.approx(412.8 + 144.2 + 204.5 + 208.2 + 64.2 + 228.5)
    with pytest.raises(CaseError, match="hourly loads"):
        hourly_area_load_mw(read_case("case39"))


def test_property_summaries():
    case = read_case("ACTIVSg200")
    load = hourly_area_load_mw(case, slice(0, 48))
    found = hourly_hosting_capacity(case, load)
    again = hourly_hosting_capacity(case, load, n_threads=1)
    assert np.array_equal(found.capacity_mw, again.capacity_mw)
    assert (found.least_mw <= found.percentile_mw(50)).all()
    assert (found.hours_at_least(0.0) == 48).all()
    patient = found.curtailable_mw(0.02)
    assert (patient >= found.least_mw * (1 - 1e-9)).all()
    assert (patient >= found.curtailable_mw(0.0) * (1 - 1e-9)).all()


def test_error_shapes_and_islands():
    case = read_case("ACTIVSg200")
    with pytest.raises(RangeError, match="one row an hour"):
        hourly_hosting_capacity(case, case.load_mw)
    with pytest.raises(RangeError, match="one row an hour"):
        hourly_hosting_capacity(case, np.full((1, 200), np.nan))


def test_matches_search_of_each_hour_with_units_told_what_to_do():
    """Wind and sun by hour: the case with those outputs, the rest scaled by hand, searched alone."""
    case = read_case("RTS_GMLC")
    rng = np.random.default_rng(7)
    load = case.load_mw * rng.uniform(0.6, 1.1, (5, 1))
    told = np.full((5, case.n_gen), np.nan)
    free = np.flatnonzero(case.gen_on)[::3]
    told[:, free] = rng.uniform(0, 1, (5, free.size)) * case.gen[free, 8]
    found = hourly_hosting_capacity(case, load, unit_mw=told)
    for h in range(5):
        gen = case.gen.copy()
        running = case.gen_on
        wanted = gen[running, 1].sum() * load[h].sum() / case.total_load_mw
        follows = running & np.isnan(told[h])
        gen[:, 1] *= max((wanted - told[h, free].sum()) / gen[follows, 1].sum(), 0.0)
        gen[free, 1] = told[h, free]
        alone = load_hosting_capacity(replace(case.with_bus_load(load[h]), gen=gen)).margin
        error = np.abs(found.capacity_mw[h] - alone.load_hosting_capacity_mw)
        assert (error / np.maximum(alone.load_hosting_capacity_mw, 1e-6)).max() < 1e-9


def test_property_units_told_what_they_would_do_anyway_change_nothing():
    case = read_case("ACTIVSg200")
    load = hourly_area_load_mw(case, slice(0, 12))
    usual = hourly_hosting_capacity(case, load)
    scale = load.sum(axis=1) / case.total_load_mw
    told = scale[:, None] * np.where(case.gen_on, case.gen[:, 1], 0.0)
    told[:, ::2] = np.nan
    again = hourly_hosting_capacity(case, load, unit_mw=told)
    assert again.capacity_mw == pytest.approx(usual.capacity_mw, rel=1e-9)
    assert "do as told" in str(again.limits[-1])


def test_error_units_of_another_shape():
    case = read_case("ACTIVSg200")
    load = hourly_area_load_mw(case, slice(0, 2))
    with pytest.raises(RangeError, match="hourly output of units"):
        hourly_hosting_capacity(case, load, unit_mw=np.zeros((2, 3)))
    with pytest.raises(RangeError, match="hourly output of units"):
        hourly_hosting_capacity(case, load, unit_mw=np.full((2, case.n_gen), np.inf))


def test_property_groups_hold_every_hour_once_and_are_narrower_than_the_year():
    rng = np.random.default_rng(3)
    flow, rating = rng.normal(0, 1, (5, 1000)).cumsum(axis=1), np.array([1.0, 2, 3, np.inf, 5])
    order, begin = alike_groups(flow, rating)
    assert np.array_equal(np.sort(order), np.arange(1000))
    size = np.diff(begin)
    assert (begin[0], begin[-1]) == (0, 1000)
    assert size.max() <= GROUP
    assert size[:-1].min() > GROUP / 2
    rated = np.flatnonzero(np.isfinite(rating))
    width = [np.ptp(flow[rated][:, order[s:e]], axis=1) for s, e in pairwise(begin)]
    assert (np.mean(width, axis=0) < 0.5 * np.ptp(flow[rated], axis=1)).all()


@pytest.mark.parametrize("way", TREATMENTS, ids=lambda w: w.name)
def test_matches_search_of_each_hour_in_groups_of_many(way):
    """Two hundred hours in full groups, branches over their limit among them; some searched by themselves."""
    case = read_case("RTS_GMLC")
    rng = np.random.default_rng(11)
    load = case.load_mw * rng.uniform(0.3, 1.3, (200, 1)) * rng.uniform(0.7, 1.3, (200, case.n_bus))
    found = hourly_hosting_capacity(case, load, way)
    for h in range(0, 200, 23):
        alone = load_hosting_capacity(at_hour(case, load[h]), (way,))[way.name]
        expected = alone.load_hosting_capacity_mw
        error = np.abs(found.capacity_mw[h] - expected) / np.maximum(expected, 1e-6)
        assert error.max() < 1e-9
