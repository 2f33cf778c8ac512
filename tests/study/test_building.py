"""Cooling by name and weather by file or place: hourly PUE and water in the chain, and one sentence where it cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.answer.facility import facility
from taotie.answer.study import run
from taotie.errors import StudyError
from taotie.facility.climate_year import climate_keys, climate_year, made_year, nearest_climate
from taotie.facility.site_pue import cooling_load
from taotie.facility.weather_file import Weather
from taotie.study.run import run_study

BASE = """
title = "a cooled service"
samples = 200
[workload]
requests_per_day = 1e6
[compute]
model = "llama-3.1-8b"
accelerator = "h100-sxm"
"""
HEAD = "LOCATION,Testville,NC,USA,TMY3,723170,36.1,-79.95,-5.0,270.0\n" + "X\n" * 7


def _study(tmp_path: Path, more: str) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(BASE + more, encoding="utf-8")
    return path


def _epw(path: Path, drop: int = -1, hours: int = 8760, shift: float = 0.0) -> None:
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    lines, i = [], 0
    for month, n in enumerate(days, 1):
        for day in range(1, n + 1):
            for hour in range(1, 25):
                t = 12 - 12 * np.cos(2 * np.pi * i / 8760) + 5 * np.sin(2 * np.pi * (hour - 9) / 24)
                if i != drop and i < hours:
                    lines.append(
                        f"2019,{month},{day},{hour},0,?9,{t + shift:.1f},6.0,60,101325" + ",0" * 25
                    )
                i += 1
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "cooling", ["air-economizer", "water-economizer", "direct-to-chip", "direct-to-chip+water-economizer"]
)  # fmt: skip
def test_worked_a_place_and_a_cooling_give_hours(tmp_path, cooling):
    made = run(
        _study(tmp_path, f'[facility]\ncooling = "{cooling}"\n[place]\nstate = "virginia"\n')
    )
    figures = made.figures
    assert 1.02 < figures["pue"].p50 < 1.3
    assert figures["pue_worst_hour"].p50 > figures["pue"].p50
    assert figures["wue"].p50 >= 0
    assert len(made.series["pue_by_hour"].terms[0][0]) == 8760
    highest = figures["highest_it_power"].to("MW").samples
    worst = figures["pue_worst_hour"].samples
    busiest = figures["peak_facility_power"].to("MW").samples
    most = np.maximum(highest * worst, busiest)
    assert np.allclose(figures["connection"].to("MW").samples, most)
    water = figures["water_per_request_onsite"] / figures["energy_per_request_server"]
    assert water.to("L/kWh").p50 == pytest.approx(figures["wue"].p50, rel=1e-6)
    assert {"weather_from_climate", "worst_hour"} <= {s.code for s in made.said}
    assert "wue_assumed" not in {s.code for s in made.said}


def test_worked_a_weather_file_decides(tmp_path):
    _epw(tmp_path / "mild.epw")
    _epw(tmp_path / "hot.epw", shift=14.0)
    pues = {}
    for name in ("mild", "hot"):
        made = run(
            _study(tmp_path, f'[facility]\ncooling = "air-economizer"\n[place]\nweather = "{name}.epw"\n')
        )  # fmt: skip
        pues[name] = made.figures["pue"].p50
        said = {s.code: str(s) for s in made.said}
        assert "2019" in said["weather_year"]
        assert "weather_from_climate" not in said
    assert pues["hot"] > pues["mild"]
    # the same rule asked alone: a region or coordinates beside a file are told, and its hours decide
    alone = facility("air-economizer", weather=tmp_path / "hot.epw", region="SWE", samples=200)
    assert any("hot.epw" in str(s) and "Sweden" in str(s) for s in alone.said)
    assert alone.figures["pue"].p50 > pues["mild"]


def test_worked_coordinates_take_the_nearest_climate(tmp_path):
    more = '[facility]\ncooling = "air-economizer"\n[place]\nlatitude = 50.0\nlongitude = 8.6\n'
    made = run(_study(tmp_path, more))
    assert any("Frankfurt" in str(s) for s in made.said)


@pytest.mark.slow
def test_worked_the_report_draws_the_year_and_marks_the_worst_hour(tmp_path):
    pytest.importorskip("jinja2", reason="pages are in the extra `report`")
    from taotie.app.pages.page import report_html

    more = '[facility]\ncooling = "air-economizer"\n[place]\ncountry = "Germany"\n'
    html = report_html(run_study(_study(tmp_path, more)))
    assert "over 8,760 hours" in html
    assert "worst hour" in html


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('cooling = "fan"\n[place]\ncountry = "Germany"\n', "cooling='fan' is not known"),
        ('cooling = "air-economizer"\n', "needs weather"),
        ('cooling = "air-economizer"\npue = 1.2\n[place]\ncountry = "Germany"\n', "both given"),
        ('cooling = "air-economizer"\n[place]\nweather = "gap.epw"\n', "hours are missing before it"),
        ('cooling = "air-economizer"\n[place]\nweather = "short.epw"\n', "a year has 8760"),
        ('cooling = "air-economizer"\n[place]\nweather = "none.epw"\n', "cannot be read"),
        ('cooling = "air-economizer"\n[place]\nlatitude = -60\nlongitude = -120\n', "no climate is held"),
    ],
)  # fmt: skip
def test_error_of_a_building_is_one_sentence(tmp_path, more, words):
    _epw(tmp_path / "gap.epw", drop=4000)
    _epw(tmp_path / "short.epw", hours=700)
    with pytest.raises(StudyError, match=words):
        run(_study(tmp_path, "[facility]\n" + more))


@pytest.mark.parametrize("of", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_property_every_climate_makes_a_year(of):
    """Of a third of them, and what each holds; `make accept` makes the year of every one."""
    assert len(climate_keys()) >= 140
    for key in climate_keys()[::of]:
        made = climate_year(key)
        assert len(made) == 8760
        assert 1.0 < cooling_load("air", made).pue.mean() < 1.6, key
        months = np.array([m.mean() for m in np.array_split(made.temperature_c, 12)])
        assert -25 < months.min() < months.max() < 42


def test_property_the_same_name_the_same_year():
    a, b = made_year(0, 20, 10, 0.7, name="x"), made_year(0, 20, 10, 0.7, name="x")
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert nearest_climate(39.0, -77.4)[0] in ("US-VA", "USA")


def test_published_made_years_against_typical_years(shared_data: Path):
    """Five numbers of a site against its typical year: yearly PUE within 7 % of what the building adds."""
    import csv
    import gzip

    path = shared_data / "methods" / "weather_tmy3_8sites.csv.gz"
    if not path.is_file():
        pytest.skip("typical years are not beside the project")
    sites: dict[str, list[tuple[float, float, float]]] = {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            values = (float(row["db_c"]), float(row["rh_pct"]), float(row["p_pa"]))
            sites.setdefault(row["site"], []).append(values)
    missed = []
    for site, rows in sites.items():
        t, rh, p = (np.array(c) for c in zip(*rows[:8760], strict=True))
        true = Weather(t, np.clip(rh / 100, 0.01, 1.0), p)
        months = np.array([m.mean() for m in np.array_split(t, 12)])
        day = t.reshape(-1, 24)
        height = (1 - (p.mean() / 101_325) ** (1 / 5.2559)) / 2.25577e-5
        made = Weather(
            *made_year(
                months.min(), months.max(), float((day.max(1) - day.min(1)).mean()), rh.mean() / 100, height, True, site
            )
        )  # fmt: skip
        for cooling in ("air", "water", "air+liquid"):
            a, b = (float(cooling_load(cooling, w).pue.mean()) for w in (true, made))
            missed.append((b - 1) / (a - 1))
    assert len(missed) == 24
    assert 0.93 < min(missed) < max(missed) < 1.08
    assert np.median(np.abs(np.log(missed))) < 0.015


def test_matches_pvlib_on_a_typical_year(tmp_path):
    pvlib = pytest.importorskip("pvlib", reason="pvlib is not installed: make extras runs this")
    from taotie.facility.weather_file import read_epw, read_weather, whole_year

    folder = Path(pvlib.__file__).parent / "data"
    made = whole_year(read_weather(folder / "723170TYA.CSV"))
    assert (len(made), made.name) == (8760, "GREENSBORO PIEDMONT TRIAD INT")
    assert cooling_load("air", made).pue.mean() == pytest.approx(
        1.1407, abs=5e-4
    )  # the note's Greensboro
    assert len(whole_year(read_weather(folder / "12839.tm2"))) == 8760
    _epw(tmp_path / "a.epw")
    theirs, _about = pvlib.iotools.read_epw(str(tmp_path / "a.epw"))
    ours = read_epw(tmp_path / "a.epw")
    assert np.allclose(ours.temperature_c, theirs["temp_air"])
    assert np.allclose(ours.relative_humidity, theirs["relative_humidity"] / 100)
    assert np.allclose(ours.pressure_pa, theirs["atmospheric_pressure"])


def test_worked_a_damp_night_is_the_worst_hour_and_the_made_day_is_warmest_in_the_afternoon():
    """Ningxia: 23:00 at 28 C. The clock is local: it is the damp that shuts outside air out, not a shift of zones."""
    weather = climate_year("CN-NX")
    day = weather.temperature_c.reshape(365, 24).mean(axis=0)
    assert int(day.argmax()) == 15
    assert int(weather.relative_humidity.reshape(365, 24).mean(axis=0).argmax()) in (3, 4)
    load = cooling_load("air", weather)
    worst = int(load.pue.argmax())
    noon = worst // 24 * 24 + 15
    assert worst % 24 in (22, 23, 0, 1, 2, 3, 4)
    assert weather.relative_humidity[worst] > 0.8 > weather.relative_humidity[noon]
    assert weather.temperature_c[worst] < weather.temperature_c[noon]
    assert (load.free_share[worst], load.free_share[noon]) == (0.0, 1.0)
    said = {s.code: s.text() for s in facility(region="Ningxia").said}
    assert "local standard time" in said["worst_hour"]
    assert "% humidity" in said["worst_hour"]
    assert "shut out" in said["outside_air_shut_out"]
    # where a tower cools, no outside air is shut out
    codes = {s.code for s in facility(region="Ningxia", cooling="water-economizer").said}
    assert "outside_air_shut_out" not in codes
