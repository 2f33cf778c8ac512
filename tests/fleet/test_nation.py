"""US generation with vintages, states, sectors, countries, shares that name their denominator."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from taotie.errors import RangeError, UnitError, UnknownNameError
from taotie.fleet.comparison import countries
from taotie.fleet.nation import (
    country,
    denominators,
    fuels,
    net_generation,
    sales,
    sectors,
    share_of,
    state_generation,
    state_name,
    states,
    vintages,
    years,
)
from taotie.quantity.catalog import figure
from taotie.quantity.figure import exact
from taotie.words.language import use_language

PRINTED = {
    1950: 334.09, 2005: 4055.42, 2007: 4156.74, 2010: 4125.06, 2013: 4065.96, 2015: 4078.71,
    2018: 4180.99, 2019: 4130.57, 2020: 4009.77, 2021: 4109.70, 2022: 4230.67, 2023: 4178.17,
}  # fmt: skip


def test_published_years() -> None:
    assert (years()[0], years()[-1], len(years())) == (1949, 2023, 75)
    for year, printed in PRINTED.items():
        assert net_generation(year).p50 == pytest.approx(printed, abs=0.005)


def test_published_2023_has_two_values() -> None:
    assert vintages(2023) == ["", "2024_07"]
    first, revised = net_generation(2023), net_generation(2023, "2024_07")
    assert (round(first.p50, 2), round(revised.p50, 2)) == (4178.17, 4184.07)
    assert first.source.key != revised.source.key
    assert vintages(2024) == ["press"]  # settled by no edition we hold


def test_published_states() -> None:
    assert len(states()) == 51
    assert not any(s.upper().startswith("US") for s in states())  # the trap: totals beside states
    total = sum(state_generation(s).p50 for s in states())
    assert total == pytest.approx(4109.70, rel=1e-5)
    printed = {"TX": 481.8, "FL": 247.9, "PA": 241.3, "CA": 197.2, "IL": 181.6, "AL": 142.7,
               "NC": 129.9, "OH": 125.9, "NY": 124.8, "GA": 124.2, "VA": 93.5, "VT": 2.1}  # fmt: skip
    for state, value in printed.items():
        assert state_generation(state).p50 == pytest.approx(value, abs=0.05)
    assert 100 * state_generation("texas").p50 / total == pytest.approx(11.72, abs=0.005)


def test_published_sectors_add_up() -> None:
    for year in (2014, 2019, 2020, 2021, 2022, 2023):
        parts = sum(sales(year, s).p50 for s in sectors(year) if s != "all_sectors")
        assert parts == pytest.approx(sales(year).p50, abs=0.002)
    assert sales(2022).p50 == pytest.approx(figure("countries/united_states/sales_2022").p50, abs=1)


def test_published_fuels_add_up_to_nearly_all() -> None:
    for year in (1950, 2007, 2022):
        part = sum(net_generation(year, fuel=f).p50 for f in fuels(year)) / net_generation(year).p50
        assert 0.98 < part <= 1.001


def test_matches_the_publishers_table(shared_data: Path) -> None:
    path = shared_data / "upstream" / "eia-mer-7.2a" / "MER_T07_02A.csv"
    with path.open() as file:
        totals = {
            int(r["YYYYMM"][:4]): float(r["Value"]) / 1e3
            for r in csv.DictReader(file)
            if r["MSN"] == "ELETPUS" and r["YYYYMM"].endswith("13")
        }
    for year in years():
        assert net_generation(year).p50 == pytest.approx(totals[year], abs=2e-5)


def test_published_countries() -> None:
    assert len(countries()) >= 40
    for name, old in (("Egypt", 208.2), ("sweden", 146.2), ("Netherlands", 121.1)):
        assert 0.9 * old < country(name).demand.p50 < 1.2 * old
    assert country("China").demand.p50 == 9852.1
    with_intensity = [k for k in countries() if country(k).carbon_intensity is not None]
    assert len(with_intensity) >= 40


def test_published_shares() -> None:
    energy = figure("shehabi2024.us_energy_2023")
    assert 100 * share_of(energy, "united_states", "consumption_2023").share.p50 == pytest.approx(
        4.4, abs=0.05
    )
    virginia = share_of(energy, "VA", "net_generation_2021")
    assert virginia.share.p50 > 1.8  # all US data centres against one state
    assert "Virginia, 2021: net generation" in virginia.of
    assert denominators("Sweden") == ["demand", "demand_2024"]


def test_worked_both_languages() -> None:
    use_language("zh")
    try:
        assert (state_name("VA"), country("埃及").name) == ("弗吉尼亚", "埃及")
    finally:
        use_language("en")


def test_error_names_and_denominators() -> None:
    energy = exact(176.0, "TWh/a")
    with pytest.raises(RangeError, match="net_generation_2023"):
        share_of(energy, "united_states", "")
    with pytest.raises(RangeError, match="net_generation_2021"):
        share_of(energy, "VA", "consumption_2021")
    with pytest.raises(UnknownNameError, match="sweden"):
        country("Swedem")
    with pytest.raises(UnknownNameError, match="Virginia"):
        state_generation("Virgina")
    with pytest.raises(RangeError, match="1949"):
        net_generation(1948)
    with pytest.raises(UnknownNameError, match="2024_07"):
        net_generation(2023, "2025_01")
    with pytest.raises(UnknownNameError, match="commercial"):
        sales(2022, "comercial")
    with pytest.raises(UnknownNameError):
        denominators("atlantis")
    with pytest.raises(UnitError):
        share_of(exact(5.0, "GW"), "VA", "net_generation_2021")
