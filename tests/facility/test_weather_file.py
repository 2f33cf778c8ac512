"""Weather files: what is read, and what is refused with file, line and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.errors import DataError, RangeError, TaotieError
from taotie.facility.site_pue import COOLING, cooling_load, site_pue
from taotie.facility.weather_file import Weather, read_weather

HEAD = "LOCATION,Testville,NC,USA,TMY3,723170,36.1,-79.95,-5.0,270.0\n" + "X\n" * 7


def epw_line(t: object = 20.0, rh: object = 40, p: object = 101325) -> str:
    return f"1999,1,1,1,0,?9?9,{t},6.0,{rh},{p}" + ",0" * 25 + "\n"


def read(folder: Path, text: str | bytes, name: str) -> Weather:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_weather(path)


def test_worked_epw(tmp_path: Path) -> None:
    got = read(tmp_path, HEAD + epw_line() + epw_line(-3.5, 101, 98000), "a.epw")
    assert got.name == "Testville, NC, USA"
    assert got.temperature_c.tolist() == [20.0, -3.5]
    assert got.relative_humidity.tolist() == [0.4, 1.0]
    assert got.pressure_pa.tolist() == [101325.0, 98000.0]
    assert [s.code for s in got.said] == ["humidity_clipped"]


def test_worked_csv_in_percent_and_without_pressure(tmp_path: Path) -> None:
    got = read(tmp_path, "hour,db_c,rh_pct\n0,20,40\n1,21,0\n\n", "a.csv")
    assert got.relative_humidity.tolist() == [0.4, 0.01]
    assert got.pressure_pa.tolist() == [101325.0, 101325.0]
    assert {s.code for s in got.said} == {"pressure_assumed", "humidity_clipped"}
    hpa = read(tmp_path, "temperature_c,relative_humidity,pressure_hPa\n20,0.4,1013.25\n", "b.csv")
    assert hpa.pressure_pa[0] == pytest.approx(101325.0)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.epw", "", "is empty"),
        ("a.epw", "\n\n", "is empty"),
        ("a.epw", "hello\n" * 20, "no LOCATION line"),
        ("a.epw", HEAD, "holds no hour"),
        ("a.epw", HEAD + "\n", "holds no hour"),
        ("a.epw", HEAD + "1999,1,1\n", "line 9, column columns: 3 are too few"),
        ("a.epw", HEAD + epw_line(99.9), "line 9, column temperature_c: '99.9' means missing"),
        ("a.epw", HEAD + epw_line(rh=999), "column relative_humidity: '999' means missing"),
        ("a.epw", HEAD + epw_line(p=999999), "column pressure_pa: '999999' means missing"),
        ("a.epw", HEAD + epw_line("warm"), "column temperature_c: 'warm' is not a number"),
        ("a.epw", HEAD + epw_line(80), "temperature_c=80"),
        ("a.epw", HEAD + epw_line("nan"), "temperature_c=nan"),
        ("a.epw", HEAD + epw_line(rh=-5), "relative_humidity=-0.05"),
        ("a.csv", "t,rh\n1,2\n", "no column temperature_c"),
        ("a.csv", "temperature_c\n1\n", "no column relative_humidity"),
        ("a.csv", "temperature_c,relative_humidity\n", "holds no hour"),
        ("a.csv", "temperature_c,relative_humidity\n20\n", "column relative_humidity: '' is missing"),
        ("a.csv", "temperature_c,relative_humidity\n20,40\n", "relative_humidity=40"),
        ("a.csv", b"\xff\xfe\n", "cannot be read"),
        ("a.txt", "x", "ends in .epw or .csv"),
    ],
)  # fmt: skip
def test_error_weather_files(tmp_path: Path, name: str, text: str | bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text, name)
    assert message in caught.value.message
    assert name in caught.value.message
    assert caught.value.hint


def test_error_places(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_weather(tmp_path / "nowhere.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="it is a folder"):
        read_weather(tmp_path / "folder.csv")
    with (tmp_path / "huge.csv").open("wb") as stream:
        stream.truncate(60_000_000)
    with pytest.raises(DataError, match="it has 60 MB"):
        read_weather(tmp_path / "huge.csv")


@given(
    name=st.sampled_from(["a.epw", "a.csv"]),
    start=st.sampled_from(["", HEAD, HEAD + epw_line(), "temperature_c,relative_humidity\n"]),
    junk=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)),
)
def test_property_any_bytes_give_weather_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, start: str, junk: bytes
) -> None:
    message = name
    try:
        got = read(tmp_path_factory.mktemp("w"), start.encode() + junk, name)
    except TaotieError as error:
        message = error.message
    else:
        assert len(got) >= 1
        assert ((got.relative_humidity >= 0) & (got.relative_humidity <= 1)).all()
    assert name in message


def a_year(t: float, rh: float) -> Weather:
    hours = np.arange(240)
    swing = 8 * np.sin(2 * np.pi * hours / 24)
    return Weather(t + swing, np.full(240, rh), np.full(240, 101_325.0), name="Nowhere")


@each_row("cooling", COOLING)
def test_worked_site_pue_is_a_figure_with_source_and_range(cooling: str) -> None:
    sea = np.full(240, 12.0) if "sea" in cooling else None
    got = site_pue(cooling, a_year(15.0, 0.6), n_building=30, sea_c=sea)  # type: ignore[arg-type]
    assert 1.0 < got.pue.p05 < got.pue.p50 < got.pue.p95 < 1.4
    assert got.pue.source is not None
    assert got.pue.source.key == "lei2020"
    assert got.hourly_pue.shape == (240,)
    assert got.pue.p05 < got.hourly_pue.mean() < got.pue.p95
    assert got.wue.unit == "L/kWh"
    assert got.wue.p05 >= 0.0
    again = site_pue(cooling, a_year(15.0, 0.6), n_building=30, sea_c=sea)  # type: ignore[arg-type]
    np.testing.assert_array_equal(got.pue.samples, again.pue.samples)


def test_worked_a_cool_place_needs_less_than_a_hot_one() -> None:
    cool = site_pue("air", a_year(8.0, 0.6), n_building=20)
    hot = site_pue("air", a_year(30.0, 0.6), n_building=20)
    assert cool.pue.p50 < hot.pue.p50
    assert cool.wue.p50 < hot.wue.p50
    dry = cooling_load("water+liquid", a_year(30.0, 0.6))
    wet = cooling_load("water", a_year(30.0, 0.6))
    assert dry.tower_heat.mean() < 0.5 * wet.tower_heat.mean()


def test_error_site() -> None:
    with pytest.raises(RangeError, match="cooling='fan'"):
        site_pue("fan", a_year(15.0, 0.6))  # type: ignore[arg-type]
    with pytest.raises(RangeError, match="n_building=1"):
        site_pue("air", a_year(15.0, 0.6), n_building=1)
    with pytest.raises(RangeError, match="three series of one length"):
        Weather(np.zeros(3), np.full(2, 0.5), np.full(3, 1e5))


@pytest.mark.parametrize(
    ("column", "value"),
    [("pressure_pa", 90_000), ("pressure_hpa", 900), ("pressure_mbar", 900), ("Pressure (kPa)", 90), ("pressure_bar", 0.9)],
)  # fmt: skip
def test_worked_pressure_in_its_own_unit(column: str, value: float, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text(f"temperature_c,rh_pct,{column}\n" + f"10,50,{value}\n" * 24)
    assert read_weather(path).pressure_pa == pytest.approx(90_000)


@pytest.mark.parametrize("column", ["pressure", "press_inhg", "station pressure (psi)", "SLP"])
def test_error_pressure_of_no_known_unit(column: str, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text(f"temperature_c,rh_pct,{column}\n" + "10,50,29.9\n" * 24)
    with pytest.raises(DataError, match="unit of column") as caught:
        read_weather(path)
    assert "pressure_mbar" in (caught.value.hint or "")


def test_worked_a_table_with_semicolons_and_decimal_commas(tmp_path):
    path = tmp_path / "wetter.csv"
    path.write_text("temperature_c;relative_humidity\n" + "7,5;0,615\n" * 8760)
    found = read_weather(path)
    assert found.temperature_c[0] == 7.5
    assert found.relative_humidity[-1] == pytest.approx(0.615)
