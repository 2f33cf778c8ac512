"""Growth of additions, backtest, and the forecast as figures."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.errors import BoundaryError, RangeError
from taotie.fleet.forecast import (
    FleetForecast,
    FleetScenario,
    counted_quarters,
    fleet_forecast,
    server_energy_twh,
)
from taotie.quantity.catalog import figure
from taotie.quantity.figure import exact, leaf
from taotie.quantity.record import recompute, sources_of, to_record
from taotie.quantity.sampling import sampling


@pytest.fixture(scope="module")
def made() -> FleetForecast:
    return fleet_forecast()


def test_published_run_rate_of_the_notes() -> None:
    """End of 2025 at the notes' ranges, without retirement: 82/124/179 TWh/a; utilization is most of the doubt."""
    with sampling(50_000, 1):
        from taotie.fleet.stock import installed_power

        energy = server_energy_twh(
            installed_power().to("GW"),
            figure("taotie_fleet2026.overhead"),
            figure("taotie_fleet2026.utilization"),
        ).at_boundary("facility", figure("taotie_fleet2026.pue"))
    np.testing.assert_allclose([energy.p05, energy.p50, energy.p95], [82, 124, 179], rtol=0.02)


def test_worked_series_is_ordered_and_labelled(made: FleetForecast) -> None:
    assert (made.years[0], made.years[-1]) == (2024, 2035)
    for scope, place in (
        ("ai_chips_rated", "accelerator"),
        ("ai_servers", "server"),
        ("ai_facilities", "facility"),
    ):
        for year in made.years:
            one = made.at(scope, year)
            assert one.p05 <= one.p50 <= one.p95
            assert one.boundary == place
            assert one.kind == ("modelled" if year <= 2025 else "forecast")
    end = made.at("ai_chips_rated", 2025)
    assert 11 < end.p05 < end.p50 < 12.4  # a little has retired
    with pytest.raises(BoundaryError):
        made.at("ai_servers", 2030) + made.at("ai_facilities", 2030)
    with pytest.raises(BoundaryError):
        made.at("ai_chips_rated", 2030) + made.at("ai_servers", 2030)


def test_matches_fan_and_figures(made: FleetForecast) -> None:
    for scope, points in made.fan().items():
        for i, one in enumerate(made.scopes[scope]):
            np.testing.assert_allclose(points[:, i], [one.p05, one.p50, one.p95], rtol=1e-12)


def test_matches_record_recomputes(made: FleetForecast) -> None:
    one = made.at("ai_facilities", 2030)
    assert one.sampling is not None
    assert recompute(to_record([one]), one.sampling, sources_of([one])) == []


def test_worked_drivers_change_with_the_year(made: FleetForecast) -> None:
    """Of a year that was counted utilization is the doubt, of a far year growth."""
    now, later = made.drivers(2025), made.drivers(2035)
    assert now.rows[0].leaf.key == "taotie_fleet2026.utilization"
    assert later.rows[0].leaf.key == "taotie_fleet2026.growth_path"


def test_property_energy_is_linear_in_pue() -> None:
    energies = []
    for pue in (1.1, 1.32):
        scenario = FleetScenario(horizon=2026, pue=exact(pue, "1"))
        energies.append(fleet_forecast(scenario).at("ai_facilities", 2026).samples)
    np.testing.assert_allclose(energies[1], 1.2 * energies[0], rtol=1e-12)


def test_worked_without_supply_limit_is_higher() -> None:
    free = fleet_forecast(FleetScenario(limited=False))
    held = fleet_forecast()
    assert free.at("ai_facilities", 2035).p95 > 1.2 * held.at("ai_facilities", 2035).p95


def test_worked_same_seed_same_numbers() -> None:
    a, b, c = (fleet_forecast(seed=s).at("ai_servers", 2030).p50 for s in (1, 1, 2))
    assert a == b
    assert a == pytest.approx(c, rel=0.05)


def test_published_servers_of_de_vries_are_an_old_upper_bound(made: FleetForecast) -> None:
    """His 2027 range was meant as an upper bound; the chips counted since have passed it."""
    assert made.at("ai_servers", 2027).p05 > figure("devries2023.annual_energy_2027").samples.max()


def test_worked_quarters_add_up_to_years(made: FleetForecast) -> None:
    rows = [r for r in counted_quarters() if r.end.year == 2025]
    assert len(rows) == 4
    total = sum(r.energy.p50 for r in rows)
    assert total == pytest.approx(made.at("ai_facilities", 2025).p50, rel=0.01)
    assert rows[-1].rated.p50 == pytest.approx(made.at("ai_chips_rated", 2025).p50, rel=0.01)
    assert (rows[0].energy.boundary, rows[0].energy.unit) == ("facility", "TWh")


def test_worked_tornado_is_ordered_and_around_the_middle(made: FleetForecast) -> None:
    swings = made.tornado(2030)
    widths = [s.high - s.low for s in swings]
    assert widths == sorted(widths, reverse=True)
    assert swings[0].key == "growth_path"
    assert all(s.low < s.middle < s.high for s in swings)
    assert swings[0].middle == pytest.approx(made.at("ai_facilities", 2030).p50, rel=0.1)


def test_error_horizon_factors_and_forms() -> None:
    with pytest.raises(RangeError, match="horizon=2020"):
        fleet_forecast(FleetScenario(horizon=2020))
    with pytest.raises(RangeError, match="DCiE"):
        fleet_forecast(FleetScenario(pue=exact(0.92, "1")))
    wide = leaf("u", low=0.5, high=1.2, spread="uniform", unit="1", kind="assumed", note="wrong")
    with pytest.raises(RangeError, match=r"utilization=1\.\d+ is outside"):
        fleet_forecast(FleetScenario(utilization=wide)).at("ai_servers", 2030).samples
    with pytest.raises(RangeError, match="ai_chips_rated"):
        fleet_forecast(FleetScenario(horizon=2026)).at("all", 2026)
