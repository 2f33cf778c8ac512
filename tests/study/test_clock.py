"""Loads and weather on one clock: whatever zone the stamps name, the hours are those of the place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from taotie.errors import DataError, UnknownNameError
from taotie.facility.weather_file import on_clock, read_weather
from taotie.grid.demand_series import read_hourly_demand
from taotie.grid.place import place
from taotie.study.clock import course_of_day, offset_of
from taotie.study.run import run_study

HOURS = 8760
START = datetime(2023, 1, 1)
AFTERNOON = 15


def peaked(hour: int) -> float:
    """Most at 15 h by the local standard clock, a third of it at night. [MW]"""
    return 20.0 + 10.0 * np.cos(2 * np.pi * (hour - AFTERNOON) / 24)


def written(path: Path, zone: str, form: str) -> Path:
    """A year of load that peaks at 15 h standard time of a zone, its stamps in some form."""
    at = ZoneInfo(zone)
    standard = min((datetime(2023, m, 15, tzinfo=at).utcoffset() or timedelta()) for m in (1, 7))
    lines = ["time,load_mw"]
    for i in range(HOURS):
        instant = (START + timedelta(hours=i)).replace(tzinfo=UTC)
        shown = instant + standard
        local = instant.astimezone(at)
        stamp = {
            "Z": f"{instant:%Y-%m-%dT%H:%M}Z",
            "utc offset": f"{instant:%Y-%m-%dT%H:%M}+00:00",
            "local offset": local.isoformat(timespec="minutes"),
            "name": f"{local:%Y-%m-%d %H:%M} {zone}",
            "no zone": f"{shown:%Y-%m-%d %H:%M}",
            "misread": f"{instant:%Y-%m-%d %H:%M}",
        }[form]
        lines.append(f"{stamp},{peaked(shown.hour):.4f}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


# what names Greenwich is written alike everywhere; clocks that change are those of two of the three
WRITTEN = (
    ("Europe/Berlin", "Z"), ("Asia/Shanghai", "utc offset"), ("Asia/Shanghai", "name"),
    ("Europe/Berlin", "local offset"), ("America/New_York", "local offset"), ("America/New_York", "name"),
)  # fmt: skip


@pytest.mark.parametrize(("zone", "form"), WRITTEN)
def test_hours_with_a_zone_peak_where_the_place_has_its_afternoon(
    tmp_path: Path, zone: str, form: str
) -> None:
    """Through both changes of clocks: standard time all year, as weather has it."""
    found = read_hourly_demand(written(tmp_path / "load.csv", zone, form))
    assert found.zoned
    offset = {"Europe/Berlin": 1.0, "Asia/Shanghai": 8.0, "America/New_York": -5.0}[zone]
    local = found.on_clock(offset)
    day = course_of_day(local, local.demand_mw[:, 0])
    assert day is not None
    wanted = np.array([peaked(h) for h in range(24)])
    np.testing.assert_allclose(day, wanted / wanted.mean(), rtol=2e-3)
    assert len(local.demand_mw) == HOURS
    assert not [s for s in found.told if s.code in ("steps_missing", "steps_twice")]


def test_half_an_hour_lies_between_two(tmp_path: Path) -> None:
    """An hour that begins at 20:30 of India is half that of 20 and half that of 21."""
    lines = ["time,load_mw"]
    for i in range(240):
        instant = START + timedelta(hours=i)
        lines.append(f"{instant:%Y-%m-%dT%H:%M}Z,{2.0 if instant.hour == 15 else 1.0}")
    path = tmp_path / "load.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = read_hourly_demand(path).on_clock(5.5)
    day = course_of_day(found, found.demand_mw[:, 0])
    assert day is not None
    np.testing.assert_allclose(day / day[0], [1.5 if h in (20, 21) else 1.0 for h in range(24)])


def test_parquet_with_a_zone_is_an_instant(tmp_path: Path) -> None:
    duckdb = pytest.importorskip(
        "duckdb", reason="Parquet files are in the extra `data`, which make test installs"
    )
    made = "select {t} + to_hours(i::int) as time, 10.0 + (i % 24) as load_mw from range(48) r(i)"
    for kind, zoned in (
        ("timestamptz '2023-01-01 00:00:00+08'", True),
        ("timestamp '2023-01-01'", False),
    ):
        path = tmp_path / f"{zoned}.parquet"
        duckdb.sql(f"copy ({made.format(t=kind)}) to '{path}' (format parquet)")
        found = read_hourly_demand(path).on_clock(8.0)
        assert found.when is not None
        assert str(found.when[0]) == "2023-01-01T00:00:00"
        assert read_hourly_demand(path).zoned == zoned


def test_error_zone_of_some_stamps_only_or_of_no_place(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_text("time,a\n2023-01-01 00:00Z,1\n2023-01-01 01:00,1\n", encoding="utf-8")
    with pytest.raises(DataError, match="1 times of 2 name a zone"):
        read_hourly_demand(path)
    path.write_text("time,a\n2023-01-01 00:00 Mars/Olympus,1\n", encoding="utf-8")
    with pytest.raises(UnknownNameError, match="Mars/Olympus"):
        read_hourly_demand(path)


def weather(path: Path, shift_h: int, stamp: str) -> Path:
    """A year of weather, hottest at 15 h local time, in a clock so far behind it."""
    lines = ["time,temperature_c,relative_humidity,pressure_pa"]
    for i in range(HOURS):
        local = (i + shift_h) % HOURS
        season = 12.0 - 14.0 * np.cos(2 * np.pi * local / HOURS)
        warm = season + 8.0 * np.cos(2 * np.pi * (local % 24 - AFTERNOON) / 24)
        lines.append(f"{START + timedelta(hours=i):%Y-%m-%dT%H:%M}{stamp},{warm:.3f},0.5,101325")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_weather_in_utc_is_turned_to_the_place(tmp_path: Path) -> None:
    utc = read_weather(weather(tmp_path / "utc.csv", 8, "Z"))
    local = read_weather(weather(tmp_path / "local.csv", 0, ""))
    assert (utc.utc_offset_h, local.utc_offset_h) == (0.0, None)
    assert offset_of(utc, None, None, place("Sichuan")) == 8.0
    np.testing.assert_allclose(on_clock(utc, 8.0).temperature_c, local.temperature_c, atol=2e-3)
    between = on_clock(utc, 5.5).temperature_c
    np.testing.assert_allclose(
        between[5:8], (utc.temperature_c[:3] + np.roll(utc.temperature_c, 1)[:3]) / 2
    )


def beyond_it(folder: Path, load: Path, weather_file: Path) -> float:
    study = folder / "study.toml"
    study.write_text(
        f'title = "x"\nsamples = 200\n[workload]\nkind = "campus"\nload = "{load.name}"\n'
        f'[place]\nregion = "Sichuan"\nweather = "{weather_file.name}"\n[facility]\ncooling = "air-economizer"\n',
        encoding="utf-8",
    )
    result = run_study(study)
    return float(result.figures["pue"].p50) - 1.0


def test_a_study_is_the_same_however_its_hours_are_written(tmp_path: Path) -> None:
    """The load peaks in the hottest hour: with its hours read eight hours off, it would meet cool nights."""
    here = weather(tmp_path / "weather.csv", 0, "")
    by_form = {
        form: beyond_it(tmp_path, written(tmp_path / "load.csv", "Asia/Shanghai", form), here)
        for form in ("no zone", "Z", "name", "misread")
    }
    right = by_form["no zone"]
    assert by_form["Z"] == pytest.approx(right, rel=1e-6)
    assert by_form["name"] == pytest.approx(right, rel=1e-6)
    assert abs(by_form["misread"] / right - 1) > 1e-3
    there = weather(tmp_path / "weather.csv", 8, "Z")
    load = written(tmp_path / "load.csv", "Asia/Shanghai", "no zone")
    assert beyond_it(tmp_path, load, there) == pytest.approx(right, rel=1e-6)


def test_series_of_two_zones_are_matched_by_the_moment(tmp_path: Path) -> None:
    """Two years that begin at midnight of two clocks are eight hours apart, not the same hours."""
    from taotie.grid.supply.series import joined, read_series

    def made(name: str, column: str, zone: str, shift: int) -> Path:
        rows = [f"time,{column}"]
        for i in range(HOURS):
            value = (i + shift) % HOURS / HOURS
            rows.append(f"{START + timedelta(hours=i):%Y-%m-%dT%H:%M}{zone},{value:.6f}")
        path = tmp_path / name
        path.write_text("\n".join(rows), encoding="utf-8")
        return path

    load = read_series(made("load.csv", "load_mw", "+08:00", 0))
    wind = read_series(made("wind.csv", "wind_cf", "Z", 8))
    both = joined([load, wind])
    np.testing.assert_allclose(both.values["load_mw"], both.values["wind_cf"])
    assert [s.code for s in both.said] == ["series_turned"]
