"""Wind and sun from weather: plausible at eight measured sites, sane at the ends."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.errors import DataError, RangeError
from taotie.grid.supply.weather_profiles import (
    pv_factor,
    read_weather_profiles,
    sun_angles,
    wind_factor,
)

WEATHER = "methods/weather_tmy3_8sites.csv.gz"
# capacity factors usual of fixed plants over their inverter, from the sunny south-west to the cloudy north-west
LATITUDE = {"Tucson": 32.2, "Denver": 39.7, "Chicago": 41.9, "Port_Angeles": 48.1}


def test_published_sites_in_their_order(shared_data):
    import csv
    import gzip

    with gzip.open(shared_data / WEATHER, "rt") as stream:
        sites = sorted({r["site"] for r in csv.DictReader(stream)})

    def pick(word):
        return next(s for s in sites if word in s.lower())

    found = {w: read_weather_profiles(shared_data / WEATHER, lat, pick(w)) for w, lat in (("tucson", 32.2), ("chicago", 41.9), ("port", 48.1))}  # fmt: skip
    sun = {w: float(s.values["pv_cf"].mean()) for w, s in found.items()}
    assert sun["tucson"] > sun["chicago"] > sun["port"]
    assert 0.20 < sun["tucson"] < 0.28
    assert 0.10 < sun["port"] < 0.18
    for one in found.values():
        assert one.n == 8760
        assert all(v.min() >= 0 and v.max() <= 1 for v in one.values.values())
        assert one.said[0].code == "weather_model"
    with pytest.raises(DataError, match="several sites"):
        read_weather_profiles(shared_data / WEATHER, 40.0)


def test_worked_sun():
    assert float(sun_angles(24 * 171 + 12, 23.44)[0]) == pytest.approx(1.0, abs=1e-3)
    assert float(sun_angles(24 * 171 + 0, 40.0)[0]) < 0
    # 800 W/m2 straight onto the plane at 20 C: the cell is at 45 C, 8 % down, 14 % lost
    hours = 24 * 80
    dark = np.zeros(hours)
    assert pv_factor(dark, dark, dark, dark, 40.0).max() == 0
    light = np.full(hours, 800.0)
    flat = pv_factor(light, dark, light, np.full(hours, 20.0), 0.0, tilt=0.0)
    assert flat[0] == pytest.approx(0.8 * (1 - 0.004 * 20) * 0.86 * 1.2)


def test_property_halves_of_the_earth_mirror_each_other():
    rng = np.random.default_rng(1)
    light = 500 * rng.random(8760)
    zero = np.zeros(8760)
    north = pv_factor(light, light, zero, zero, 35.0)
    south = pv_factor(light, light, zero, zero, -35.0)
    assert north.mean() == pytest.approx(south.mean(), rel=0.05)


def test_worked_wind():
    assert wind_factor([0.0, 50.0]).tolist() == [0, 0]
    assert wind_factor([6.0])[0] > wind_factor([5.0])[0]


def test_error_weather(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("ghi,dni,dhi,wind_ms\n" + "1,1,1,1\n" * 30)
    with pytest.raises(DataError, match="no column db_c"):
        read_weather_profiles(path, 40.0)
    path.write_text("ghi,dni,dhi,wind_ms,db_c\n" + "1,1,x,1,1\n" * 30)
    with pytest.raises(DataError):
        read_weather_profiles(path, 40.0)


def _hours(light: float, more: str = "1,10") -> str:
    return "ghi,dni,dhi,wind_ms,db_c\n" + f"{light},{light},{light},{more}\n" * 30


def test_worked_light_a_little_below_nothing_is_said(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text(_hours(-3))
    made = read_weather_profiles(path, 40.0)
    assert made.values["pv_cf"].max() == 0
    assert {s.code: s.values.get("n") for s in made.said}["light_below_zero"] == 90
    path.write_text(_hours(3))
    assert "light_below_zero" not in {s.code for s in read_weather_profiles(path, 40.0).said}


@pytest.mark.parametrize(
    ("light", "more", "says"),
    [(-400, "1,10", "ghi is -400"), (9000, "1,10", "ghi is 9000"), (1, "-1,10", "wind_ms is -1"), (1, "1,283", "temperature_c is 283")],
)  # fmt: skip
def test_error_weather_that_cannot_be_meant(light, more, says, tmp_path):
    path = tmp_path / "w.csv"
    path.write_text(_hours(light, more))
    with pytest.raises(DataError, match=says):
        read_weather_profiles(path, 40.0)
    with pytest.raises(RangeError, match="light below 0"):
        pv_factor([-1.0], [0.0], [0.0], [10.0], 40.0)
