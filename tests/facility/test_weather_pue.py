"""PUE and water from weather: published outputs to the last bit, physics that any weather keeps."""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.errors import RangeError
from taotie.facility.climate_year import climate_year
from taotie.facility.liquid_cooling import direct_to_chip_load, drawn_loop, middle_loop
from taotie.facility.moist_air import (
    enthalpy_kj_per_kg,
    humidity_at_enthalpy_g_per_kg,
    humidity_g_per_kg,
    saturation_pressure_pa,
    wet_bulb_c,
)
from taotie.facility.site_pue import site_pue
from taotie.facility.water import site_water_l, wue_l_per_kwh
from taotie.facility.weather_pue import (
    AirEconomizer,
    CoolingLoad,
    SeawaterEconomizer,
    WaterEconomizer,
    air_economizer_load,
    chiller_cop,
    drawn_system,
    middle_system,
    seawater_economizer_load,
    water_economizer_load,
)
from taotie.quantity.sampling import sampling

SUPPLY = {
    "ups_efficiency": 0.980302734,
    "distribution_loss": 0.00560546875,
    "lighting_share": 0.00181445313,
}
AIR = AirEconomizer(
    **SUPPLY,
    supply_low_c=10.3671875,
    supply_high_c=34.1953125,
    air_rise_k=14.7840712,
    water_rise_k=6.91894531,
    tower_water_rise_k=4.28710938,
    fan_pressure_pa=685.058594,
    fan_efficiency=0.829931641,
    tower_fan_pressure_pa=203.417969,
    tower_fan_efficiency=0.897802734,
    humidifier_pressure_pa=7315820.31,
    humidifier_efficiency=0.704492187,
    chilled_pump_pressure_pa=146519.937,
    chilled_pump_efficiency=0.790039062,
    tower_pump_pressure_pa=212001.820,
    tower_pump_efficiency=0.716601562,
    tower_approach_k=6.33818359,
    chiller_load=0.224023438,
    cop_shift=0.105488281,
    liquid_over_gas=1.11914062,
)
WATER = WaterEconomizer(
    **SUPPLY,
    set_point_c=27.3671875,
    air_rise_k=18.8856337,
    water_rise_k=7.50488281,
    tower_water_rise_k=4.13867188,
    fan_pressure_pa=416.992188,
    fan_efficiency=0.713720703,
    tower_fan_pressure_pa=148.339844,
    tower_fan_efficiency=0.745947266,
    humidifier_pressure_pa=6500976.56,
    humidifier_efficiency=0.674023438,
    economizer_pump_pressure_pa=156284.191,
    economizer_pump_efficiency=0.668945312,
    chilled_pump_pressure_pa=171884.552,
    chilled_pump_efficiency=0.745117188,
    tower_pump_pressure_pa=210534.680,
    tower_pump_efficiency=0.709960938,
    tower_approach_k=6.50576172,
    exchanger_approach_k=2.29404297,
    coil_effectiveness=0.816601563,
    sensible_heat_ratio=0.986289063,
    chiller_load=0.224023438,
    cop_shift=0.105488281,
    liquid_over_gas=1.11914062,
)
SEA = SeawaterEconomizer(
    ups_efficiency=0.975556641,
    distribution_loss=0.0135351562,
    lighting_share=0.000560546875,
    set_point_c=34.2578125,
    air_rise_k=14.1438802,
    water_rise_k=9.49707031,
    sea_water_rise_k=7.50488281,
    fan_pressure_pa=413.867188,
    fan_efficiency=0.671240234,
    humidifier_pressure_pa=6656835.94,
    humidifier_efficiency=0.632226562,
    economizer_pump_pressure_pa=136980.148,
    economizer_pump_efficiency=0.628710937,
    chilled_pump_pressure_pa=136194.518,
    chilled_pump_efficiency=0.743945313,
    sea_pump_pressure_pa=699398.438,
    sea_pump_efficiency=0.798242188,
    exchanger_approach_k=2.49814453,
    coil_effectiveness=0.804492187,
    sensible_heat_ratio=0.971992187,
    chiller_load=0.770117188,
    cop_shift=0.00880859375,
)

ANNUAL = {  # site: PUE by air, PUE by water, water by air [L/kWh]
    "sanfrancisco_ca": (1.1193, 1.1343, 0.000),
    "portangeles_wa": (1.1197, 1.1346, 0.001),
    "tucson_az": (1.1270, 1.1401, 0.149),
    "pittsburgh_pa": (1.1294, 1.1386, 0.083),
    "chicago_il": (1.1295, 1.1404, 0.104),
    "denver_co": (1.1308, 1.1434, 0.056),
    "newyork_jfk": (1.1358, 1.1428, 0.168),
    "greensboro_nc": (1.1407, 1.1459, 0.199),
}


@pytest.fixture(scope="module")
def weather(shared_data: Path) -> dict[str, np.ndarray]:
    """Temperature, relative humidity and pressure of a typical year at eight sites."""
    sites: dict[str, list[tuple[float, float, float]]] = {}
    path = shared_data / "methods" / "weather_tmy3_8sites.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            values = (float(row["db_c"]), float(row["rh_pct"]) / 100, float(row["p_pa"]))
            sites.setdefault(row["site"], []).append(values)
    found = {site: np.array(rows).T for site, rows in sites.items()}
    for series in found.values():
        series[1] = np.clip(series[1], 0.01, 1.0)
    return found


def test_published_outputs_of_the_three_systems() -> None:
    assert air_economizer_load(AIR, 20.0, 0.4).pue == pytest.approx(1.0746922969797756, abs=1e-12)
    assert water_economizer_load(WATER, 20.0, 0.4).pue == pytest.approx(
        1.0887168184890426, abs=1e-12
    )
    assert seawater_economizer_load(SEA, 20.0).pue == pytest.approx(1.1140761465494835, abs=1e-12)


def test_published_steps_at_20_c_and_40_percent() -> None:
    vapour = 0.4 * saturation_pressure_pa(20.0)
    assert saturation_pressure_pa(20.0) == pytest.approx(2338.339978, abs=5e-7)
    assert humidity_g_per_kg(vapour, 101_325.0) == pytest.approx(5.795208, abs=5e-7)
    assert enthalpy_kj_per_kg(20.0, humidity_g_per_kg(vapour, 101_325.0)) == pytest.approx(
        34.901284, abs=5e-7
    )
    assert wet_bulb_c(20.0, 0.4, 101_325.0) == pytest.approx(12.304487, abs=5e-7)
    assert wet_bulb_c(35.0, 0.3, 101_325.0) == pytest.approx(21.400147, abs=5e-7)
    assert chiller_cop(20.0, 0.5) == pytest.approx(8.77889525, abs=5e-9)


def test_published_annual_means_at_eight_sites(weather: dict[str, np.ndarray]) -> None:
    assert set(weather) == set(ANNUAL)
    for site, (t, rh, p) in weather.items():
        air = air_economizer_load(middle_system(AirEconomizer), t, rh, p)
        water = water_economizer_load(middle_system(WaterEconomizer), t, rh, p)
        by_air, by_water, litres = ANNUAL[site]
        assert air.pue.mean() == pytest.approx(by_air, abs=5.01e-5)
        assert water.pue.mean() == pytest.approx(by_water, abs=5.01e-5)
        assert wue_l_per_kwh(air).mean() == pytest.approx(litres, abs=5e-4)
        assert 1.674 - 5e-4 <= wue_l_per_kwh(water).mean() <= 1.689 + 5e-4
        if site == "chicago_il":
            assert air.pue.max() == pytest.approx(1.3391, abs=5e-5)


temperatures = st.floats(-30, 48)
humidities = st.floats(0.01, 1.0)
pressures = st.floats(75e3, 104e3)
SYSTEMS = (
    lambda t, rh, p: air_economizer_load(middle_system(AirEconomizer), t, rh, p),
    lambda t, rh, p: water_economizer_load(middle_system(WaterEconomizer), t, rh, p),
    lambda t, rh, p: seawater_economizer_load(middle_system(SeawaterEconomizer), t, p),
)


@given(t=temperatures, rh=humidities, p=pressures)
def test_property_wet_bulb_lies_below_dry_bulb_and_above_dew_point(
    t: float, rh: float, p: float
) -> None:
    bulb = wet_bulb_c(t, rh, p)
    assert bulb <= t + 1e-3
    assert wet_bulb_c(t, min(1.0, rh + 0.05), p) >= bulb
    humidity = humidity_g_per_kg(rh * saturation_pressure_pa(t), p)
    back = humidity_at_enthalpy_g_per_kg(t, enthalpy_kj_per_kg(t, humidity))
    assert back == pytest.approx(humidity, rel=1e-9)


@pytest.mark.parametrize("system", SYSTEMS)
@given(t=temperatures, rh=humidities, p=pressures)
@settings(max_examples=60)
def test_property_parts_are_positive_and_sum_to_the_pue(
    system: object, t: float, rh: float, p: float
) -> None:
    load: CoolingLoad = system(t, rh, p)  # type: ignore[operator]
    parts = [
        getattr(load, key)
        for key in (
            "ups", "distribution", "lighting", "fan", "humidifier", "chiller", "pumps", "tower_fan"
        )
    ]  # fmt: skip
    assert min(float(part) for part in parts) >= 0.0
    assert 1.0 + sum(float(part) for part in parts) == pytest.approx(float(load.pue))
    assert 1.0 < load.pue < 2.0
    assert 0.0 <= load.free_share <= 1.0
    assert wue_l_per_kwh(load) >= 0.0
    if load.free_share == 1.0:
        assert load.chiller == 0.0


@given(t=temperatures, rh=humidities)
@settings(max_examples=40)
def test_property_free_cooling_shrinks_with_heat(t: float, rh: float) -> None:
    system = middle_system(WaterEconomizer)
    a, b = water_economizer_load(system, [t, t + 2.0], rh).free_share
    assert b <= a + 1e-12


def test_matches_samples_against_hours_one_by_one() -> None:
    rng = np.random.default_rng(5)
    t, rh = rng.uniform(-10, 40, 30), rng.uniform(0.1, 1.0, 30)
    drawn = drawn_system(AirEconomizer, 4, np.random.default_rng(1))
    many = air_economizer_load(drawn, t, rh)
    assert many.pue.shape == (4, 30)
    for i in range(4):
        one = AirEconomizer(**{key: float(np.asarray(v)[i, 0]) for key, v in vars(drawn).items()})
        np.testing.assert_array_equal(air_economizer_load(one, t, rh).pue, many.pue[i])


def test_property_drawn_systems_stay_within_their_ranges() -> None:
    for kind in (AirEconomizer, WaterEconomizer, SeawaterEconomizer):
        drawn = vars(drawn_system(kind, 500, np.random.default_rng(2)))
        middle = vars(middle_system(kind))
        for key, values in drawn.items():
            spread = values.max() - values.min()
            assert abs(values.mean() - middle[key]) < 0.1 * spread + 1e-12
    again = vars(drawn_system(AirEconomizer, 3, np.random.default_rng(2)))
    once = vars(drawn_system(AirEconomizer, 3, np.random.default_rng(2)))
    for key in once:
        np.testing.assert_array_equal(once[key], again[key])


def test_worked_blow_down_adds_a_third_at_four_cycles() -> None:
    load = water_economizer_load(WATER, 20.0, 0.4)
    humid = 3600 * load.humidifier_water_kg_per_s
    plain, cycled = wue_l_per_kwh(load), wue_l_per_kwh(load, 4.0)
    assert (cycled - humid) / (plain - humid) == pytest.approx(4 / 3)
    assert site_water_l(1000.0, 0.27) == pytest.approx(270.0)


@given(t=st.floats(-20, 45), rh=humidities)
@settings(max_examples=40)
def test_property_liquid_cooling_spares_fans_and_water(t: float, rh: float) -> None:
    air = air_economizer_load(middle_system(AirEconomizer), t, rh)
    both = direct_to_chip_load(middle_loop(), air, t)
    assert 1.0 < both.pue < 1.6
    assert wue_l_per_kwh(both) <= wue_l_per_kwh(air) + 1e-12
    assert both.humidifier <= air.humidifier
    parts = both.fan + both.humidifier + both.chiller + both.pumps + both.tower_fan
    assert both.pue == pytest.approx(1 + both.ups + both.distribution + both.lighting + parts)


def test_worked_a_loop_that_takes_nothing_is_the_air_system() -> None:
    t, rh = np.array([-5.0, 20.0, 35.0]), 0.6
    air = air_economizer_load(middle_system(AirEconomizer), t, rh)
    none = direct_to_chip_load(replace(middle_loop(), captured_share=0.0), air, t)
    np.testing.assert_allclose(none.pue, air.pue)
    drawn = direct_to_chip_load(drawn_loop(7, np.random.default_rng(0)), air, t)
    assert drawn.pue.shape == (7, 3)


@pytest.mark.parametrize(
    ("t", "rh", "p", "message"),
    [
        (293.0, 0.4, 101_325.0, "temperature_c=293"),
        (20.0, 40.0, 101_325.0, "relative_humidity=40"),
        (20.0, 0.4, 1013.25, "pressure_pa=1013.25"),
        (np.nan, 0.4, 101_325.0, "temperature_c=nan"),
    ],
)
def test_error_impossible_weather(t: float, rh: float, p: float, message: str) -> None:
    with pytest.raises(RangeError, match=message) as caught:
        air_economizer_load(AIR, [20.0, t], rh, p)
    assert caught.value.hint


def test_error_water_and_draws() -> None:
    load = water_economizer_load(WATER, 20.0, 0.4)
    with pytest.raises(RangeError, match=r"cycles=1\.0 is not above 1"):
        wue_l_per_kwh(load, 1.0)
    with pytest.raises(RangeError, match="wue=-1"):
        site_water_l(1.0, -1.0)
    with pytest.raises(RangeError, match="n_sample=0"):
        drawn_system(AirEconomizer, 0, np.random.default_rng(0))
    with pytest.raises(RangeError, match="captured_share"):
        direct_to_chip_load(replace(middle_loop(), captured_share=1.2), load, 20.0)


def test_property_buildings_drawn_before_are_those_of_the_sampling_asked() -> None:
    weather = climate_year("DEU")
    with sampling(200):
        before = site_pue("air", weather, n_building=10).pue
    with sampling(100):
        after = site_pue("air", weather, n_building=10).pue
        assert len((after * 2.0).samples) == len(after.samples) == 100
    assert len(before.samples) == 200
