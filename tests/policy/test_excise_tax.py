"""The proposed mining tax: its base is cost, its rates rise, and on AI it is a counterfactual."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError, UnitError
from taotie.policy.excise_tax import (
    DAME_SCHEDULE,
    break_even_price_usd_per_mwh,
    excise_tax,
    excise_tax_usd,
    tax_rate,
)
from taotie.quantity.catalog import figure
from taotie.quantity.figure import exact

amounts = st.floats(0, 1e12)
rates = st.floats(0, 1)


@pytest.mark.parametrize(
    ("year", "million"), [(2023, 0.0), (2024, 0.6), (2025, 1.2), (2026, 1.8), (2030, 1.8)]
)
def test_worked_100_gwh_at_60_dollars(year: int, million: float) -> None:
    assert excise_tax_usd(100e3, 60.0, tax_rate(year)) == pytest.approx(million * 1e6)
    levy = excise_tax(exact(100.0, "GWh"), exact(60.0, "USD/MWh"), year)
    assert levy.tax.to("USD").p50 == pytest.approx(million * 1e6)
    assert levy.cost.p50 == pytest.approx(6e6)


def test_published_rates_are_those_of_the_catalogue() -> None:
    keys = ("rate_first_year", "rate_second_year", "rate_from_third_year")
    assert tuple(figure(f"cea2023_dame.{key}").p50 for key in keys) == DAME_SCHEDULE


@given(energy=amounts, price=st.floats(0, 1e4), rate=rates)
def test_property_tax_is_linear_and_never_above_the_cost(
    energy: float, price: float, rate: float
) -> None:
    tax = excise_tax_usd(energy, price, rate)
    assert 0 <= tax <= energy * price * (1 + 1e-12)
    assert excise_tax_usd(energy, 2 * price, rate) == pytest.approx(2 * tax)


@given(year=st.integers(1990, 2100), start=st.integers(2000, 2050))
def test_property_rates_never_fall(year: int, start: int) -> None:
    assert tax_rate(year, start=start) <= tax_rate(year + 1, start=start)


@given(price=st.floats(0, 1e4), rate=rates)
def test_property_break_even_plus_tax_is_the_old_price(price: float, rate: float) -> None:
    net = break_even_price_usd_per_mwh(price, rate)
    assert net + excise_tax_usd(1.0, net, rate) == pytest.approx(price)


def test_worked_ai_is_headed_as_a_counterfactual() -> None:
    day = figure("devries2023.daily_energy_chatgpt")
    levy = excise_tax(day.to("TWh/a"), exact(60.0, "USD/MWh"), 2025, apply_to="ai")
    assert levy.counterfactual
    assert "Counterfactual" in levy.heading
    assert levy.tax.p50 == pytest.approx(0.2 * 564 * 365 * 60)
    mining = excise_tax(exact(1.0, "GWh"), exact(60.0, "USD/MWh"), 2025)
    assert "never enacted" in mining.heading
    assert "20% of the cost of electricity (purchase)" in mining.note


def test_error_choices() -> None:
    energy, price = exact(1.0, "GWh"), exact(60.0, "USD/MWh")
    with pytest.raises(RangeError, match="off-grid electricity has no purchase price"):
        excise_tax(energy, price, 2025, off_grid=True)
    assert excise_tax(energy, price, 2025, off_grid=True, price_kind="estimated").tax.p50 == 12e3
    with pytest.raises(RangeError, match="price_kind='guess'"):
        excise_tax(energy, price, 2025, price_kind="guess")  # type: ignore[arg-type]
    with pytest.raises(RangeError, match="apply_to='aviation'"):
        excise_tax(energy, price, 2025, apply_to="aviation")  # type: ignore[arg-type]
    with pytest.raises(UnitError):
        excise_tax(exact(1.0, "GW"), price, 2025)


def test_error_numbers() -> None:
    with pytest.raises(RangeError, match="no rate"):
        tax_rate(2024, ())
    with pytest.raises(RangeError, match=r"leaves 0\.\.1"):
        tax_rate(2024, (10, 20, 30))
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(RangeError, match="energy_mwh="):
            excise_tax_usd(bad, 60.0, 0.1)
    with pytest.raises(RangeError, match=r"rate=30\.0 is above 1"):
        excise_tax_usd(1.0, 60.0, 30.0)
