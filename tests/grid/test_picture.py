"""Positions for a picture of the grid."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pytest

from taotie.errors import CaseError, DataError
from taotie.grid.case.case import read_case
from taotie.grid.picture import (
    bus_coordinates,
    grid_layout,
    grid_picture,
    picture_note,
    registered_coordinates,
)


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
    with pytest.raises(DataError, match="no columns bus_id, lat, lon") as caught:
        bus_coordinates(case, path)
    assert "bus, lat" in caught.value.hint
    path.write_text("bus_id,lat,lon\n77,1,2\n")
    with pytest.raises(CaseError, match="no bus"):
        bus_coordinates(case, path)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1,-97.5,31.2", ["line 2", "no place on Earth", "swapped"]),
        ("1,north,31.2", ["line 2", "no place on Earth"]),
        ("1,inf,31.2", ["line 2", "no place on Earth"]),
        ("one,31.2,-97", ["line 2", "'one'"]),
    ],
)
def test_error_coordinates_name_line_and_value(tmp_path, row, words):
    path = tmp_path / "at.csv"
    path.write_text(f"bus_id,lat,lon\n{row}\n")
    with pytest.raises(DataError) as caught:
        bus_coordinates(read_case("case5"), path)
    for word in words:
        assert word in str(caught.value)


def test_error_coordinates_cut_short(tmp_path):
    path = tmp_path / "at.csv.gz"
    whole = gzip.compress(b"bus_id,lat,lon\n" + b"1,31.2,-97\n" * 500)
    for content in (whole[: len(whole) // 2], b"no gzip at all", b""):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"at\.csv\.gz"):
            bus_coordinates(read_case("case5"), path)
    path = tmp_path / "at.csv"
    path.write_bytes("bus_id,lat,lon\n1,31,\u00e9".encode("utf-16"))
    with pytest.raises(DataError, match="cannot be read"):
        bus_coordinates(read_case("case5"), path)


def test_worked_rows_that_end_early_or_are_empty_are_unknown(tmp_path):
    path = tmp_path / "at.csv"
    path.write_text("lon,bus_id,name,lat\n-97,1,a,31\n-98,2\n,3,c,\n\n-99,4,d,33\n")
    x, y = bus_coordinates(read_case("case5"), path)
    assert x[0] == -97
    assert np.isnan(x[[1, 2, 4]]).all()
    assert y[3] == 33


def test_worked_buses_without_a_place_stand_among_their_neighbours(tmp_path):
    case = read_case("case5")  # lines 1-2 1-4 1-5 2-3 3-4 4-5
    path = tmp_path / "at.csv"
    path.write_text("bus_id,lat,lon\n1,30,-90\n3,34,-94\n")
    picture = grid_picture(case, path)
    assert picture.n_lost == 3
    # 2 and 4 lie between 1 and 3; 5 beside 1 in the same round
    assert (picture.x[1], picture.y[1]) == (-92, 32)
    assert (picture.x[3], picture.y[3]) == (-92, 32)
    assert (picture.x[4], picture.y[4]) == (-90, 30)
    assert "3 buses without coordinates" in picture.note
    assert "3 buses" in picture_note(case, picture)


def test_worked_registered_coordinates_when_the_files_are_there(shared_data, monkeypatch):
    monkeypatch.setenv("TAOTIE_DATA", str(shared_data / "upstream"))
    found = registered_coordinates(read_case("ACTIVSg2000"))
    if found is None:
        pytest.skip("the coordinates of the synthetic US grid are not beside the project")
    x, y = found
    assert -107 < x.min() < x.max() < -93
    assert 25 < y.min() < y.max() < 37
    picture = grid_picture(read_case("ACTIVSg2000"), registered=True)
    assert picture.geographic
    assert "CC BY 4.0" in picture.note
    assert registered_coordinates(read_case("case5")) is None


def test_worked_never_fetched_means_a_layout(tmp_path, monkeypatch):
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    assert registered_coordinates(read_case("ACTIVSg2000")) is None
    picture = grid_picture(read_case("case39"), registered=True)
    assert not picture.geographic
    assert "not by geography" in picture.note


def test_error_a_registered_file_that_is_another_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    folder = tmp_path / "powersimdata-usa/powersimdata/network/usa_tamu/data"
    folder.mkdir(parents=True)
    (folder / "sub.csv").write_text("sub_id,lat,lon\n1,2,3\n")
    with pytest.raises(DataError, match="taotie data fetch powersimdata-usa"):
        registered_coordinates(read_case("ACTIVSg2000"))


def test_property_single_bus_and_islands_get_a_place():
    case = read_case("case5")
    alone = replace(case, branch=case.branch[:0])
    x, y = grid_layout(alone)
    assert np.isfinite([x, y]).all()
    cut = replace(case, branch=case.branch[:3])
    assert np.isfinite(grid_layout(cut)).all()
