"""Stocks, services and shares of nations, on published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError, SourceError, UnitError
from taotie.fleet.annual_energy import (
    annual_energy_twh,
    daily_energy_mwh,
    energy_per_request_wh,
    national_denominators,
    national_share,
    service_energy_twh,
    share_of_national_use,
)
from taotie.quantity.catalog import figure
from taotie.quantity.figure import exact

numbers = st.floats(0, 1e9)


def test_published_de_vries() -> None:
    np.testing.assert_allclose(annual_energy_twh(1.5e6, [6.5, 10.2]), [85.4, 134.0], atol=0.05)
    np.testing.assert_allclose(annual_energy_twh(1e5, [6.5, 10.2]), [5.7, 8.9], atol=0.05)
    assert daily_energy_mwh(3617, 6.5) == pytest.approx(564, abs=0.5)
    assert energy_per_request_wh(564, 195e6) == pytest.approx(2.9, abs=0.05)
    assert energy_per_request_wh(daily_energy_mwh(512_821, 6.5), 9e9) == pytest.approx(
        8.9, abs=0.05
    )


def test_published_de_vries_from_its_own_figures() -> None:
    stock = figure("devries2023.servers_2027")
    low = annual_energy_twh(stock, figure("devries2023.power_per_server_a100"))
    high = annual_energy_twh(stock, figure("devries2023.power_per_server_h100"))
    printed = figure("devries2023.annual_energy_2027")
    samples = printed.samples
    assert low.p50 == pytest.approx(samples.min(), abs=0.2)
    assert high.p50 == pytest.approx(samples.max(), abs=0.2)
    assert (low.boundary, low.kind) == ("server", "forecast")
    per_request = energy_per_request_wh(
        daily_energy_mwh(
            figure("devries2023.servers_chatgpt"), figure("devries2023.power_per_server_a100")
        ),
        figure("devries2023.requests_per_day_chatgpt"),
    )
    assert per_request.p50 == pytest.approx(
        figure("devries2023.energy_per_request_chatgpt").p50, abs=0.05
    )
    assert per_request.boundary == "server"
    by_users = figure("patel2023.users_chatgpt") * figure("patel2023.requests_per_user_day")
    assert by_users.to("request/d").p50 == figure("devries2023.requests_per_day_chatgpt").p50


def test_published_shares_name_their_denominator() -> None:
    """LBNL's 176 TWh: 4.2 % of generation, 4.4 % of consumption in 2023."""
    energy = figure("shehabi2024.us_energy_2023")
    generation = share_of_national_use(energy, of="net_generation_2023")
    assert 100 * generation.share.p50 == pytest.approx(4.2, abs=0.05)
    assert "United States, 2023: net generation" in generation.of
    assert generation.share.boundary == "facility"
    consumption = share_of_national_use(energy, of="consumption_2023")
    assert 100 * consumption.share.p50 == pytest.approx(4.4, abs=0.05)
    assert "consumption (at customers" in consumption.of
    sweden = share_of_national_use(energy, "sweden")
    assert "Sweden, 2024: demand" in sweden.of
    assert "Ukraine, 2024: demand" in share_of_national_use(energy, "ukraine").of
    assert (
        "carried forward from an earlier count, 20% either way"
        in share_of_national_use(energy, "ukraine").of
    )
    assert "United States, 2024: net generation" in share_of_national_use(energy).of


def test_published_us_generation_fell_by_1_2_percent_in_2023() -> None:
    a = figure("countries/united_states/net_generation_2022").p50
    b = figure("countries/united_states/net_generation_2023").p50
    assert 100 * (b / a - 1) == pytest.approx(-1.24, abs=0.005)


@given(n=numbers, p=st.floats(0, 1e3), u=st.floats(0, 1))
def test_property_a_year_is_365_days_and_load_factor_lowers(n: float, p: float, u: float) -> None:
    year = annual_energy_twh(n, p, u)
    assert daily_energy_mwh(n, p, u) * 365e-6 == pytest.approx(year)
    assert year <= annual_energy_twh(n, p) + 1e-12


@given(n=st.floats(1, 1e12), e=st.floats(0, 1e6))
def test_property_service_and_top_down_are_inverse(n: float, e: float) -> None:
    daily_mwh = service_energy_twh(n, e) * 1e6 / 365
    assert energy_per_request_wh(daily_mwh, n) == pytest.approx(e, rel=1e-9, abs=1e-12)
    assert service_energy_twh(2 * n, e) == pytest.approx(2 * service_energy_twh(n, e))


def test_worked_service_of_the_notes() -> None:
    assert service_energy_twh(200e6, 2.9 * 1.2) * 1e3 == pytest.approx(254.040, abs=5e-4)
    assert service_energy_twh(2.5e9, 0.34 * 1.1) * 1e3 == pytest.approx(341.275, abs=5e-4)


def test_error_inputs() -> None:
    with pytest.raises(RangeError, match=r"load_factor=70\.0 is above 1"):
        annual_energy_twh(1.0, 1.0, 70.0)
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(RangeError, match="servers="):
            annual_energy_twh(bad, 1.0)
    with pytest.raises(RangeError, match="without requests"):
        energy_per_request_wh(1.0, 0.0)
    with pytest.raises(RangeError, match="no share of nothing"):
        national_share(1.0, 0.0)


def test_error_shares() -> None:
    energy = exact(1.0, "TWh/a")
    with pytest.raises(SourceError, match="nowhere"):
        share_of_national_use(energy, "nowhere")
    with pytest.raises(SourceError, match="no sales_1990"):
        share_of_national_use(energy, of="sales_1990")
    for unit in ("TWh", "GW", "Wh/request", "request/d"):
        with pytest.raises(UnitError, match="not a yearly energy"):
            share_of_national_use(exact(1.0, unit))
    daily = share_of_national_use(exact(564.0, "MWh/d"))
    assert daily.share.p50 == pytest.approx(564 * 365 / 4300e6)
    assert "net_generation_2023" in national_denominators()


def test_published_epoch_request_from_its_own_figures() -> None:
    """0.301 Wh: 2 N operations a token at a tenth of an H100's peak, 1275 W x 0.7 x 1.2."""
    source = "epoch2025_chatgpt."
    flop = 2 * figure(source + "active_parameters_gpt4o").p50 * figure(source + "output_tokens").p50
    seconds = flop / (9.89e14 * figure(source + "utilization").p50)
    watt = (
        figure(source + "power_per_accelerator_h100").p50
        * figure(source + "partial_use_factor").p50
        * figure(source + "pue").p50
    )
    assert seconds * watt / 3600 == pytest.approx(0.301, abs=5e-4)
    assert figure(source + "energy_per_request_gpt4o").p50 == pytest.approx(0.301, abs=0.05)
