"""One number with its unit, as people type it into options, forms and files."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.errors import RangeError, TaotieError, UnitError
from taotie.quantity.number_text import number_at, plain, significant_digits
from taotie.quantity.number_words import chinese_value, fraction_at, spelled_number_at
from taotie.quantity.quantity_text import parse_quantity


@each_row(
    ("text", "unit", "value"),
    [
        ("150W", "MW", 1.5e-4), ("150 MW", "MW", 150), ("1.2GW", "MW", 1200), ("1,5GW", "MW", 1500),
        ("1,500 MW", "MW", 1500), ("1,500.5 MW", "MW", 1500.5), ("1 500 MW", "MW", 1500), ("1_000 MW", "MW", 1000),
        ("1.2 gigawatts", "MW", 1200), ("3万千瓦", "MW", 30), ("５０ＭＷ", "MW", 50), ("three gigawatts", "MW", 3000),
        ("500 EH/s", "TH/s", 5e8), ("3 TH/s", "EH/s", 3e-6), ("0,5", "1", 0.5), ("12 %", "1", 0.12),
        ("2.5B", "request/d", 2.5e9), ("2.5B/d", "request/d", 2.5e9), ("2.5B requests/day", "request/d", 2.5e9),
        ("650M users", "person", 6.5e8), ("500K", "household", 5e5), ("70B", "parameter", 7e10), ("$1.4T", "USD", 1.4e12),
        ("1.4T USD", "USD", 1.4e12), ("2.5B", "B", 2.5), ("500K", "K", 500), ("5 kWh/h", "kW", 5), ("0.3 Wh/query", "Wh/request", 0.3),
        ("-3 MW", "MW", -3), ("260 Mrd. kWh", "TWh", 260), ("56.4万度", "MWh", 564), ("1亿2000万度", "GWh", 120),
    ],
)  # fmt: skip
def test_worked_quantities(text: str, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-12)


@each_row(
    ("text", "unit", "kind", "says"),
    [
        ("150", "MW", UnitError, "no unit"), ("150 M", "MW", UnitError, "prefix without a unit"), ("", "MW", UnitError, "number"),
        ("150MWh", "MW", UnitError, "is energy"), ("1.2 mw", "MW", UnitError, "mw"), ("MW", "MW", UnitError, "number"),
        ("1.500,5 MW", "MW", UnitError, "two ways"), ("1.500.000 W", "MW", UnitError, "two ways"),
        ("1e308GW", "MW", RangeError, "finite"), ("1e999 W", "MW", RangeError, "large"), ("nan MW", "MW", RangeError, "finite"),
        ("inf", "1", RangeError, "finite"), ("9" * 150, "1", RangeError, "150 digits"), ("9" * 400, "1", UnitError, "400 characters"),
        ("5 MW MW", "MW", UnitError, "MW"), ("0x10 MW", "MW", UnitError, "x10"), ("٣ MW", "MW", RangeError, "another script"),
        ("5 tons", "t", UnitError, "tons"), ("$5 MW", "MW", UnitError, "two units"),
    ],
)  # fmt: skip
def test_error_quantities(text: str, unit: str, kind: type[TaotieError], says: str) -> None:
    with pytest.raises(kind, match=says):
        parse_quantity(text, unit)


def test_error_names_the_option_and_its_limits() -> None:
    with pytest.raises(RangeError, match=r"facility\.pue: '0\.9' is below 1") as caught:
        parse_quantity("0.9", "1", low=1.0, high=3.0, name="facility.pue")
    assert caught.value.hint == "allowed: 1 to 3"
    with pytest.raises(UnitError, match="--load"):
        parse_quantity("5 kWh", "MW", name="--load")


def test_worked_bare_numbers() -> None:
    assert parse_quantity("150", "MW", bare="MW") == 150
    assert parse_quantity(150, "MW", bare="GW") == 150000
    with pytest.raises(UnitError):
        parse_quantity(150, "MW")


@given(st.floats(min_value=1e-6, max_value=1e12), st.sampled_from(["W", "kW", "MW", "GW", "TW"]))
def test_property_written_and_read_again(value: float, unit: str) -> None:
    assert parse_quantity(f"{value!r} {unit}", unit) == pytest.approx(value, rel=1e-12)


@given(st.text(max_size=60))
def test_property_read_or_refused(text: str) -> None:
    try:
        value = parse_quantity(text, "MW", bare="MW")
    except TaotieError:
        value = 0.0
    assert math.isfinite(value)


@each_row(
    ("text", "value"),
    [
        ("three", 3), ("twenty-five", 25), ("half a million", 5e5), ("a thousand", 1000), ("two hundred", 200), ("a dozen", 12),
        ("two point five million", 2.5e6), ("一千亿", 1e11), ("两百亿", 2e10), ("十五", 15), ("三千二百", 3200), ("百分之一点五", 0.015),
        ("百分之15", 0.15), ("三分之一", 1 / 3), ("千分之三", 0.003), ("一万亿", 1e12), ("二十", 20), ("五分之二", 0.4), ("10分之1", 0.1),
    ],
)  # fmt: skip
def test_worked_numbers_in_words(text: str, value: float) -> None:
    found = spelled_number_at(text)
    assert found is not None
    assert found.value == pytest.approx(value)
    assert found.end == len(text)


@each_row("text", ["ones", "a home", "two thirds", "千瓦", "often", "bone", "万", "someone"])
def test_worked_no_number_in_words(text: str) -> None:
    assert spelled_number_at(text) is None


def test_worked_shares_and_digits() -> None:
    share = fraction_at("two-thirds of it")
    assert share is not None
    assert share.value == pytest.approx(2 / 3)
    assert fraction_at("third quarter") is None
    assert chinese_value("十二万三千") == 123000
    assert significant_digits("0.6")[:2] == (1, 0.05)
    found = number_at(plain("2.0 billion"))
    assert found is not None
    assert (found.digits, found.half, found.loose) == (2, 5e7, False)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("$40/MWh", "USD/kWh", 0.04),
        ("US$40 per MWh", "USD/kWh", 0.04),
        ("$3/Mtok", "USD/Mtoken", 3.0),
        ("820lb/MWh", "gCO2e/kWh", 371.9457),
        ("300 g CO₂/kWh", "gCO2e/kWh", 300.0),
        ("2000 images/day", "request/d", 2000.0),
    ],
)
def test_worked_money_and_carbon_as_people_write_them(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("text", ["80EUR/MWh", "0.6元/度", "€80/MWh"])
def test_error_no_exchange_rate_is_held(text):
    with pytest.raises(UnitError) as error:
        parse_quantity(text, "USD/kWh")
    assert "no exchange rate" in error.value.hint
