"""Everyday things and countries beside an energy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.errors import RangeError, SourceError, UnitError
from taotie.fleet.comparison import (
    countries,
    country_demand,
    demand_year,
    demand_years,
    equivalent,
    equivalent_names,
    equivalents,
    latest_demand,
    nearest_countries,
)
from taotie.quantity.catalog import figure, table
from taotie.quantity.figure import exact, leaf
from taotie.words.language import use_language


def test_published_ten_times_a_search() -> None:
    """2.9 Wh over 0.3 Wh: the "ten times a Google search" of 2023."""
    got = equivalent(figure("devries2023.energy_per_request_chatgpt"), "google_search")
    assert got.count.p50 == pytest.approx(9.67, abs=0.005)


def test_published_homes_of_chatgpt() -> None:
    """564 MWh a day are 19,200 US homes, not the 17,000 often printed."""
    got = equivalent(figure("devries2023.daily_energy_chatgpt"), "us_household_day")
    assert got.count.p50 == pytest.approx(19_210, abs=10)


def test_published_countries_of_the_2027_range() -> None:
    assert "sweden" in {m.key for m in nearest_countries(exact(134.0, "TWh/a"), 5)}
    assert "netherlands" in {m.key for m in nearest_countries(exact(120.0, "TWh/a"), 3)}
    (nearest,) = nearest_countries(exact(197.0, "TWh/a"), 1)
    assert (nearest.key, nearest.year) == ("malaysia", 2024)
    assert nearest.ratio.p50 == pytest.approx(1.0, abs=2e-3)
    assert figure("countries/egypt/demand").p50 == 174.67
    assert figure("countries/egypt/demand_2020").p50 < country_demand("egypt").p05


def test_property_every_country_is_of_2024_and_only_a_missing_count_is_carried_forward() -> None:
    """A value carried from an earlier year is marked as assumed, and wider than any that was counted."""
    cells = table("countries")
    width = {}
    for key in countries():
        assert demand_year(key) >= 2024
        row = cells.cell(key, latest_demand(key))
        width[key] = float(row["high"] or row["value"]) / float(row["value"])
        assert row["source"] in ("owid2026_energy", "china2025", "taotie_nations2026")
    assumed = {k for k in countries() if country_demand(k).kind == "assumed"}
    assert assumed == {"ukraine"}
    assert width["ukraine"] == max(width.values())


def test_worked_demand_of_2024_against_the_file_of_our_world_in_data() -> None:
    assert country_demand("germany").p50 == pytest.approx(522.26, rel=1e-3)
    assert country_demand("norway").p50 == pytest.approx(138.67, rel=1e-3)
    assert country_demand("indonesia").p50 == pytest.approx(372.5, rel=1e-3)
    assert country_demand("ireland").p50 == pytest.approx(36.14, rel=1e-3)


def test_worked_units_of_one_request_one_day_one_year() -> None:
    assert equivalent(exact(18.0, "Wh"), "led_bulb_hour").count.p50 == pytest.approx(2)
    assert equivalent(exact(18.0, "Wh/request"), "led_bulb_hour").count.p50 == pytest.approx(2)
    assert equivalent(exact(18.0, "Wh/d"), "led_bulb_hour").count.p50 == pytest.approx(2)
    assert equivalent(exact(18e-12, "TWh/a"), "led_bulb_hour").count.p50 == pytest.approx(2)
    assert equivalent(exact(64.8, "kJ"), "led_bulb_hour").count.p50 == pytest.approx(2)


def test_worked_a_nation_sized_energy_is_told_in_homes() -> None:
    found = {one.key: one.count.p50 for one in equivalents(exact(100.0, "TWh/a"))}
    assert found["us_household_year"] == pytest.approx(9.33e6, rel=1e-3)
    assert "led_bulb_hour" not in found
    assert [one.key for one in equivalents(exact(9.0, "Wh"), low=0.9, high=1.1)] == [
        "led_bulb_hour"
    ]


def test_worked_words_in_both_languages() -> None:
    one = equivalent(exact(18.0, "Wh"), "led_bulb_hour")
    try:
        use_language("en")
        assert str(one) == "2 hours of a 9 W LED lamp"
        use_language("zh")
        assert str(one) == "2 小时9瓦LED灯照明"
    finally:
        use_language("en")


def test_worked_a_count_has_no_more_digits_than_its_range() -> None:
    """A count of `9.13e+04` days stood beside an energy known within a third."""
    run = leaf(
        "a.run", low=2.0, high=3.6, unit="GWh", kind="assumed", boundary="facility", note="of a run"
    )
    assert str(equivalent(run, "us_household_day")) in (
        "91 000 days of a US home",
        "92 000 days of a US home",
    )


@given(wh=st.floats(1e-3, 1e15))
@settings(max_examples=25)
def test_property_counts_are_imaginable_and_scale(wh: float) -> None:
    for one in equivalents(exact(wh, "Wh")):
        assert 0.1 <= one.count.p50 <= 1e9
        twice = equivalent(exact(2 * wh, "Wh"), one.key)
        assert twice.count.p50 == pytest.approx(2 * one.count.p50)


@given(twh=st.floats(1.0, 1e4))
@settings(max_examples=25)
def test_property_nearest_countries_come_nearest_first(twh: float) -> None:
    ratios = [m.ratio.p50 for m in nearest_countries(exact(twh, "TWh/a"), 5)]
    away = [max(r, 1 / r) for r in ratios]
    assert away == sorted(away)


def test_property_countries_are_whole_and_fall() -> None:
    demand = [country_demand(key).p50 for key in countries()]
    assert demand == sorted(demand, reverse=True)
    assert len(demand) >= 40
    for key in countries():
        (first,) = nearest_countries(country_demand(key), 1)
        assert first.label["en"]
        assert first.label["zh"]


def test_matches_the_file_the_countries_were_taken_from(shared_data: Path) -> None:
    import csv

    path = shared_data / "macro" / "country" / "owid_electricity_population_2000_2021.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        theirs = {
            (row["country"].lower().replace(" ", "_"), row["year"]): row["electricity_demand_twh"]
            for row in csv.DictReader(stream)
        }
    held = [key for key in countries() if "demand" in demand_years(key)]
    assert len(held) > 40
    for key in held:  # later years are of other files
        demand = figure(f"countries/{key}/demand")
        year = demand.locator.rpartition(" ")[2]
        assert float(theirs[key, year]) == demand.p50


def test_error_what_cannot_be_compared() -> None:
    with pytest.raises(UnitError, match="is not an energy"):
        equivalent(exact(1.0, "MW"), "phone_charge")
    with pytest.raises(UnitError, match="is not an energy"):
        equivalent(exact(1.0, "request"), "phone_charge")
    with pytest.raises(SourceError, match="phone_charge"):
        equivalent(exact(1.0, "Wh"), "phone_charges")
    with pytest.raises(UnitError, match="not a yearly energy"):
        nearest_countries(exact(1.0, "GW"))
    with pytest.raises(RangeError, match="near no country"):
        nearest_countries(exact(0.0, "TWh/a"))
    assert equivalent_names()
