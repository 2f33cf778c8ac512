"""Hosting capacity hour by hour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taotie.errors import CaseError, RangeError
from taotie.grid.capacity_by_hour import hourly_area_load_mw, hourly_hosting_capacity
from taotie.grid.case import read_case
from taotie.grid.hosting_capacity import TREATMENTS, load_hosting_capacity


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
