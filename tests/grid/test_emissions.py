"""Average and marginal carbon intensity."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError, UnknownNameError
from taotie.grid.emissions import (
    attributional_intensity_g_per_kwh,
    coal_delay_t,
    consumed_intensity_g_per_kwh,
    grid_loss_share,
    intensity,
    intensity_regions,
    marginal_intensity_g_per_kwh,
)
from taotie.quantity.catalog import figure, table
from taotie.quantity.figure import exact
from taotie.words.language import use_language

FUELS = ["wind", "solar", "hydro", "oil", "gas", "coal", "nuclear", "other"]
COLUMNS = ["WND", "SUN", "WAT", "OIL", "NG", "COL", "NUC", "OTH"]


def factors():
    return np.array([table("emission_factors").value(fuel, "life_cycle") for fuel in FUELS])


def test_published_pjm_hour():
    mix = [3494, 17, 3044, 241, 33595, 17255, 33745, 722]
    assert attributional_intensity_g_per_kwh(mix, factors()) == pytest.approx(
        341.4337498507, abs=1e-9
    )


def test_worked_gaps_and_negative_generation():
    mix = np.array([[-5.0, 100.0], [0.0, 0.0]])
    found = attributional_intensity_g_per_kwh(mix, [11.0, 490.0])
    assert found[0] == 490.0
    assert np.isnan(found[1])


@pytest.mark.parametrize(
    ("area", "key", "average", "on_all", "closed_up", "on_fossil"),
    [
        ("PJM", "PJM", 359.0, 465.2, 465.5, 574.3),
        ("MISO", "MISO", 437.8, 545.8, 545.8, 606.5),
        ("ERCO", "ERCOT", 346.2, 479.8, 479.8, 542.2),
        ("CISO", "CAISO", 238.2, 89.3, 89.3, 490.0),
    ],
)
def test_matches_hourly_data_of_2022(shared_data, area, key, average, on_all, closed_up, on_fossil):
    """The table's values, from the hourly series they were computed from.

    The note left out hours without data before it took the changes, so that what happened over the 18 hours PJM
    lacks on 13 March counts as the change of one hour: `closed_up`, held to its digits. We skip such a step.
    """
    path = shared_data / "methods" / "eia930_2022_generation_ci_8ba.csv.gz"
    if not path.is_file():
        pytest.skip("hourly generation by fuel is not beside the project")
    with gzip.open(path, "rt") as file:
        rows = [r for r in csv.DictReader(file) if r["ba"] == area]
    g = np.array([[float(r[c]) if r[c] else np.nan for c in COLUMNS] for r in rows])
    fossil = g[:, 3:6]
    e = fossil @ factors()[3:6] / 1000
    total = g.sum(axis=1)
    known = np.isfinite(total)
    assert 1000 * e[known].sum() / total[known].sum() == pytest.approx(average, abs=0.05)
    assert marginal_intensity_g_per_kwh(total, e) == pytest.approx(on_all, abs=0.05)
    closed = marginal_intensity_g_per_kwh(total[known], e[known])
    assert closed == pytest.approx(closed_up, abs=0.05)
    own = marginal_intensity_g_per_kwh(fossil.sum(axis=1), e, total)
    assert own == pytest.approx(on_fossil, abs=0.05)
    assert intensity(key).average.p50 == pytest.approx(average, abs=0.05)
    assert intensity(key).marginal.p50 == pytest.approx(on_fossil, abs=0.05)


def test_published_country_values():
    assert (intensity("USA").average.p50, intensity("USA").year) == (384.4, 2025)
    assert intensity("Sweden").average.p50 < 50 < intensity("Poland").average.p50
    assert (intensity("us-camx").average_basis, intensity("us-camx").year) == ("combustion", 2023)
    assert (intensity("us-spso").average_basis, intensity("us-spso").year) == ("consumption", 2019)
    assert intensity("USA").marginal is None


def test_worked_names_in_both_languages():
    use_language("zh")
    try:
        assert intensity("中国").name == "中国"
    finally:
        use_language("en")
    assert intensity("China").name == "China"
    assert len(intensity_regions()) >= 75


def test_worked_losses_with_figures():
    at_meter = consumed_intensity_g_per_kwh(exact(380.0, "gCO2e/kWh"), grid_loss_share())
    assert at_meter.p50 == pytest.approx(400.0)
    assert "eia_faq_losses" in at_meter.explain()


def test_published_coal_delay():
    found = coal_delay_t(
        exact(1.0, "GW"),
        exact(0.5, "1"),
        figure("pypsa_technology_data2024.coal_plant_emission_factor"),
        figure("pypsa_technology_data2024.gas_combined_cycle_emission_factor"),
        exact(1.0, "a"),
    )
    assert found.p50 / 1e6 == pytest.approx(2.64, abs=0.005)


@given(st.floats(0, 1000), st.lists(st.floats(1, 1e5), min_size=3, max_size=50, unique=True))
def test_property_a_single_fuel_is_its_own_margin(factor, generation):
    g = np.array(generation)
    found = marginal_intensity_g_per_kwh(g, g * factor / 1000, largest_change=np.inf)
    assert found == pytest.approx(factor, rel=1e-6, abs=1e-6)


def test_error_loss_region_factor():
    with pytest.raises(RangeError, match="5 % is written"):
        consumed_intensity_g_per_kwh(380.0, 5.0)
    with pytest.raises(UnknownNameError, match="china"):
        intensity("Chinaa")
    with pytest.raises(RangeError, match="capacity_factor"):
        coal_delay_t(1.0, 50.0, 0.9, 0.3, 1.0)
