"""Success, delay, and megawatts by year."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError, UnknownNameError
from taotie.fleet.time_to_power import (
    energised_fan,
    energised_mw,
    gap_gw,
    power_option,
    power_options,
    probability_by,
)
from taotie.quantity.distribution import Lognormal


def test_published_queue() -> None:
    """Golden: 2.3 to 9.2 years, sigma 0.4214, 57.8 % within 5 years."""
    assert power_option("grid_queue").delay_range == (2.3, 9.2)
    assert round(Lognormal(2.3, 9.2).sigma, 4) == 0.4214
    assert round(float(probability_by(5.0, (2.3, 9.2))), 3) == 0.578


def test_published_medians() -> None:
    got = [round(float(np.sqrt(np.prod(power_option(k).delay_range))), 2) for k in power_options()]
    assert got[:5] == [4.60, 4.95, 1.26, 2.74, 9.49]
    fusion = power_option("fusion")
    assert np.sqrt(np.prod(fusion.delay_range)) == pytest.approx(8.0)
    assert fusion.earliest == 2.0
    assert all(power_option(k).success.kind == "assumed" for k in power_options())


def test_matches_draws_and_formula() -> None:
    option = power_option("gas_ccgt")
    years = np.array([2.0, 4.0, 6.0, 10.0])
    draws = energised_mw({"gas_ccgt": [100.0]}, years, np.random.default_rng(1), 200_000)
    chance = np.mean(option.success_range)
    by_hand = probability_by(years, option.delay_range, chance)
    np.testing.assert_allclose(draws.mean(axis=0) / 100, by_hand, atol=0.005)


@given(st.lists(st.floats(0, 500), min_size=1, max_size=4), st.sampled_from(power_options()))
def test_property_never_falls_and_never_over_the_sum(sizes: list[float], key: str) -> None:
    draws = energised_mw({key: sizes}, range(12), np.random.default_rng(0), 200)
    assert (np.diff(draws, axis=1) >= 0).all()
    assert draws.max() <= sum(sizes) * (1 + 1e-12)


def test_worked_fan_and_gap() -> None:
    fan = energised_fan({"gas_engine": [50.0] * 4, "grid_queue": [500.0]}, range(11))
    assert fan.p05_mw[0] == fan.p95_mw[0] == 0
    assert (fan.p05_mw <= fan.p50_mw).all()
    assert (fan.p50_mw <= fan.p95_mw).all()
    assert fan.p50_mw[3] >= 150  # engines come within two years
    assert gap_gw([[5.0]], [[7.0]])[0, 0] == 0


def test_error_options_and_ranges() -> None:
    with pytest.raises(UnknownNameError, match="fusion"):
        power_option("fussion")
    with pytest.raises(RangeError, match="empty"):
        energised_mw({}, [1], np.random.default_rng(0))
    with pytest.raises(RangeError, match="-5"):
        energised_mw({"smr": [-5.0]}, [1], np.random.default_rng(0))
    with pytest.raises(RangeError, match=r"success=1\.5"):
        probability_by(1.0, (1.0, 2.0), 1.5)
    with pytest.raises(RangeError, match="delay"):
        probability_by(1.0, (2.0, 1.0))
