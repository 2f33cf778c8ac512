"""Forecasts of the past, scored."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from taotie.errors import RangeError
from taotie.fleet.backtest import backtest, crps, rolling_backtest
from taotie.fleet.stock import chip_stock


def test_published_backtest_contains_what_happened() -> None:
    """Notes, test 19: data to the end of 2024 (3675 MW), 8562 MW a year later, a band no wider than x3."""
    one = backtest(date(2024, 12, 31))
    assert chip_stock("nvidia").rated_power_mw[11, 1] == 3675
    assert one.observed == 8562
    assert one.inside
    assert one.width <= 3
    # the last year's growth repeated overshoots: 3.15 x 3675 = 11.6 GW
    assert one.naive_score == pytest.approx(3675 * 3675 / 1168 - 8562)
    assert one.score < one.naive_score / 3


@pytest.mark.parametrize("seed", [1, 2])
def test_published_rolling_backtest_covers(seed: int) -> None:
    all_makers = rolling_backtest(seed=seed)
    assert len(all_makers.rows) == 120
    assert 0.80 <= all_makers.coverage <= 0.97
    assert all_makers.relative_score < all_makers.naive_relative_score / 2
    assert 0.80 <= rolling_backtest(["nvidia"], seed=seed).coverage <= 0.97


def test_worked_a_forecast_does_not_look_ahead() -> None:
    """Quarters after the cutoff do not change what is predicted."""
    stock = chip_stock("nvidia")
    cut = type(stock)(
        "nvidia", stock.dates[:14], stock.units[:14], stock.rated_power_mw[:14]
    )  # two quarters after the cutoff
    assert backtest(date(2024, 12, 31), cut, 2).p50 == backtest(date(2024, 12, 31), quarters=2).p50


def test_matches_crps_by_pairs() -> None:
    x = np.random.default_rng(2).normal(3, 2, 200)
    slow = np.abs(x - 4).mean() - 0.5 * np.abs(x[:, None] - x[None, :]).mean()
    assert crps(x, 4.0) == pytest.approx(slow, rel=1e-12)


def test_error_backtest_dates() -> None:
    with pytest.raises(RangeError, match="ends of quarters"):
        backtest(date(2024, 12, 30))
    with pytest.raises(RangeError, match="not known"):
        backtest(date(2025, 12, 31))
    with pytest.raises(RangeError, match="needs 2"):
        backtest(date(2022, 3, 31))
    with pytest.raises(RangeError, match="history=1"):
        rolling_backtest(history=1)
