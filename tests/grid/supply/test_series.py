"""Series of hours: what is read, what is refused, what is said."""

from __future__ import annotations

import gzip
from datetime import datetime

import numpy as np
import pytest

from taotie.errors import DataError, RangeError
from taotie.grid.supply.series import (
    joined,
    means,
    read_series,
    synthetic_year,
    wind_power_curve,
    without_leap_day,
)


def write(path, header, rows):
    path.write_text("\n".join([header, *(",".join(map(str, r)) for r in rows)]) + "\n")
    return path


def test_worked_columns_under_other_names(tmp_path):
    path = write(tmp_path / "a.csv", "Timestamp,Load (MW),Wind,solar_CF,LMP,avg_CI",
                 [("2025-01-01T00:00", 5, 0.5, 0.1, 30, 400), ("2025-01-01T01:00", 6, 0.4, 0.2, -3, 300)])  # fmt: skip
    one = read_series(path)
    assert sorted(one.values) == ["co2_g_per_kwh", "load_mw", "price", "pv_cf", "wind_cf"]
    assert one.values["price"].tolist() == [30, -3]
    assert one.step_h == 1.0


def test_worked_gzip(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"wind_cf\n0.1\n0.2\n"))
    assert read_series(path).values["wind_cf"].tolist() == [0.1, 0.2]


def test_worked_quarter_hours_become_hours(tmp_path):
    rows = [(f"2025-01-01T{h:02d}:{m:02d}", h) for h in range(4) for m in (0, 15, 30, 45)]
    one = read_series(write(tmp_path / "a.csv", "time,load_mw", rows))
    assert one.step_h == 0.25
    assert means(one, 1.0).values["load_mw"].tolist() == [0, 1, 2, 3]


def test_worked_leap_day():
    year = synthetic_year(1, hours=8784)
    year.values["wind_cf"][59 * 24 : 60 * 24] = 0.123
    short = without_leap_day(year)
    assert short.n == 8760
    assert not (short.values["wind_cf"] == 0.123).any()
    assert short.said[-1].code == "leap_day_dropped"
    assert without_leap_day(short) is short


def test_property_a_made_up_year_says_so_and_keeps_its_means():
    for seed in range(3):
        year = synthetic_year(seed, 0.28, 0.15, 52)
        assert year.values["wind_cf"].mean() == pytest.approx(0.28, abs=1e-6)
        assert year.values["pv_cf"].mean() == pytest.approx(0.15, abs=1e-6)
        assert all(v.min() >= 0 and v.max() <= 1 for v in year.values.values())
        assert [s.code for s in year.said] == ["synthetic_year"]
        by_day = year.values["pv_cf"].reshape(365, 24)
        assert by_day[:, 0].max() == 0  # no sun at midnight
        assert by_day[150:200].sum() > by_day[:50].sum()  # summer over winter
    again = synthetic_year(2, 0.28, 0.15, 52)
    assert np.array_equal(again.values["wind_cf"], year.values["wind_cf"])
    assert not np.array_equal(again.values["wind_cf"], synthetic_year(3).values["wind_cf"])


def test_property_wind_power_curve():
    v = np.linspace(0, 40, 400)
    out = wind_power_curve(v)
    assert out.min() == 0
    assert out.max() == 1


@pytest.mark.parametrize(
    ("header", "rows", "says"),
    [
        ("wind_cf", [(0.5,), (45,)], "divide by 100|percent"),
        ("wind_cf", [(0.5,), ("",), (0.4,)], "is not a number"),
        ("wind_cf", [(0.5,), ("n/a",)], "is not a number"),
        ("load_mw", [(5,), (-1,)], "leaves 0"),
        ("clean_share", [(0.5,), (1.2,)], "leaves 0..1"),
        ("co2", [(5,), (1,)], "no column that is known"),
        ("wind,wind_cf", [(0.1, 0.2), (0.1, 0.2)], "two columns of wind_cf"),
        ("time,load", [("2025-01-01", 1), ("2025-01-02", 1), ("2025-01-02", 2)], "does not go forward"),
        ("time,load", [("2025-01-01T00:00", 1), ("2025-01-01T01:00", 1), ("2025-01-01T03:00", 2)], "hours are missing"),
        ("time,load", [("yesterday", 1), ("today", 1)], "is not a time"),
        ("load", [], "no two hours"),
    ],
)  # fmt: skip
def test_error_files(tmp_path, header, rows, says):
    path = write(tmp_path / "a.csv", header, rows)
    with pytest.raises((DataError, RangeError), match=says.split("|")[0]) as error:
        read_series(path)
    assert "a.csv" in str(error.value)


def test_error_lengths_years_and_disagreement(tmp_path):
    a = read_series(write(tmp_path / "a.csv", "wind_cf", [(0.1,)] * 8784))
    b = read_series(write(tmp_path / "b.csv", "pv_cf", [(0.1,)] * 8760))
    with pytest.raises(RangeError, match=r"a\.csv has 8784 steps, b\.csv has 8760") as error:
        joined([a, b])
    assert "--drop-leap-day" in error.value.hint
    assert joined([without_leap_day(a), b]).n == 8760
    c = read_series(write(tmp_path / "c.csv", "time,load", [(f"2024-01-01T{h:02d}:00", 1) for h in range(5)]))  # fmt: skip
    d = read_series(write(tmp_path / "d.csv", "time,pv", [(f"2023-01-01T{h:02d}:00", 0) for h in range(5)]))  # fmt: skip
    with pytest.raises(RangeError, match="different hours"):
        joined([c, d])
    e = read_series(write(tmp_path / "e.csv", "load", [(1,)] * 4 + [(2,)]))
    with pytest.raises(RangeError, match=r"disagree on load_mw: 1 and 2 in step 5"):
        joined([c, e])
    with pytest.raises(RangeError, match="do not divide"):
        means(c, 2.0)
    with pytest.raises(RangeError, match="no multiple"):
        means(c, 1.5)


def test_error_absent_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_series(tmp_path / "nothing.csv")


def test_worked_a_zone_in_one_file_only_is_told(tmp_path):
    zoned = read_series(write(tmp_path / "a.csv", "time,load", [(f"2024-01-01T{h:02d}:00Z", 1) for h in range(5)]))  # fmt: skip
    plain = read_series(write(tmp_path / "b.csv", "time,pv", [(f"2024-01-01T{h:02d}:00", 0) for h in range(5)]))  # fmt: skip
    none = read_series(write(tmp_path / "c.csv", "wind", [(0.1,)] * 5))
    for first, other in ((zoned, plain), (plain, zoned), (zoned, none), (none, zoned)):
        said = [one for one in joined([first, other]).said if one.code == "one_names_a_zone"]
        assert [one.values["a"] for one in said] == ["a.csv"]
    assert not joined([plain, none]).said


def test_worked_semicolons_and_a_comma_before_decimals(tmp_path):
    path = tmp_path / "last.csv"
    path.write_text("time;load_mw;pv_cf\n01.07.2025 00:00;1.040,5;0\n01.07.2025 01:00;44;0,25\n")
    found = read_series(path)
    assert found.start == datetime(2025, 7, 1)
    assert found.values["load_mw"].tolist() == [1040.5, 44.0]
    assert found.values["pv_cf"].tolist() == [0.0, 0.25]
