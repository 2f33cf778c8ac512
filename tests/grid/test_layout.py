"""Positions for a picture of the grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taotie.errors import CaseError, DataError
from taotie.grid.case import read_case
from taotie.grid.layout import bus_coordinates, grid_layout, grid_picture


def test_property_same_every_time_and_spread_out():
    case = read_case("case39")
    first, second = grid_layout(case), grid_layout(case)
    assert np.array_equal(first, second)
    x, y = first
    assert (x.min(), x.max(), y.min(), y.max()) == (0, 1, 0, 1)
    apart = np.hypot(x[:, None] - x, y[:, None] - y)[np.triu_indices(39, 1)]
    assert apart.min() > 1e-4


def test_property_neighbours_lie_closer_than_others():
    case = read_case("ACTIVSg500")
    x, y = grid_layout(case)
    f, t = case.from_row, case.to_row
    linked = np.hypot(x[f] - x[t], y[f] - y[t]).mean()
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 500, (2, 2000))
    assert linked < 0.3 * np.hypot(x[a] - x[b], y[a] - y[b]).mean()


def test_worked_coordinates(tmp_path):
    case = read_case("case5")
    path = tmp_path / "at.csv"
    path.write_text("bus_id,lat,lon\n" + "".join(f"{i},{30 + i},{-90 - i}\n" for i in range(1, 5)))
    x, y = bus_coordinates(case, path)
    assert x[0] == -91
    assert np.isnan(y[4])
    picture = grid_picture(case, path)
    assert picture.geographic
    assert np.isfinite(picture.x).all()
    assert picture.loading[5] == pytest.approx(1.0, abs=1e-3)
    assert np.isnan(picture.loading[1])


def test_matches_synthetic_texas(shared_data):
    path = shared_data / "grid" / "us-synthetic-coords" / "bus_coordinates.csv.gz"
    if not path.is_file():
        pytest.skip("bus coordinates are not beside the project")
    x, y = bus_coordinates(read_case("ACTIVSg2000"), path)
    assert np.isfinite(x).all()
    assert -107 < x.min() < x.max() < -93
    assert 25 < y.min() < y.max() < 37


def test_error_coordinates(tmp_path):
    case = read_case("case5")
    with pytest.raises(DataError, match="cannot be read"):
        bus_coordinates(case, tmp_path / "absent.csv")
    path = tmp_path / "at.csv"
    path.write_text("bus,lat\n1,2\n")
    with pytest.raises(DataError, match="no columns"):
        bus_coordinates(case, path)
    path.write_text("bus_id,lat,lon\n77,1,2\n")
    with pytest.raises(CaseError, match="no bus"):
        bus_coordinates(case, path)


def test_property_single_bus_and_islands_get_a_place():
    case = read_case("case5")
    alone = replace(case, branch=case.branch[:0])
    x, y = grid_layout(alone)
    assert np.isfinite([x, y]).all()
    cut = replace(case, branch=case.branch[:3])
    assert np.isfinite(grid_layout(cut)).all()
