"""Golden numbers of efficiency and rebound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError
from taotie.fleet.efficiency import (
    efficiency_bands,
    efficiency_trend,
    energy_after_efficiency,
    energy_after_efficiency_and_share,
    generations,
    rebound,
)


def test_published_rebound() -> None:
    ratios = energy_after_efficiency(5.0, np.array([0.5, 1.0, 1.5]))
    assert ratios.round(3).tolist() == [0.447, 1.0, 2.236]
    assert round(float(energy_after_efficiency_and_share(5.0, 2.5, 0.5)), 3) == 0.717
    assert round(5.0 ** (0.5 * 2.5 - 1), 3) == 1.495  # the approximation says the opposite
    assert rebound(1.0, 5.0) == 1.0


def test_published_chips_by_generation() -> None:
    per_watt = [g.tflop_per_w for g in generations()]
    np.testing.assert_allclose(per_watt, [0.071, 0.417, 0.780, 1.413, 2.25], atol=5e-4)
    trend = efficiency_trend(per_watt[0], per_watt[-1], 8.0)
    assert round(trend.factor, 1) == 31.8
    assert round(trend.per_year, 2) == 0.54
    assert round(trend.doubling_a, 2) == 1.60


def test_published_million_fold() -> None:
    """A million times in ten years is 3.98 a year; 40 to 50 % a year give 29 to 58 times."""
    assert round(1e6**0.1, 2) == 3.98
    bands = efficiency_bands()
    assert len(bands) == 3
    leading = bands[0]
    assert (round(leading.low), round(leading.high)) == (29, 58)
    assert f"{leading.rest_low:.1e}" == "1.7e+04"
    for band in bands:
        assert band.low * band.rest_high == pytest.approx(1e6)


@given(st.floats(1.01, 100), st.floats(0, 4))
def test_property_all_price_is_energy(k: float, eps: float) -> None:
    whole = energy_after_efficiency_and_share(k, eps, 1.0)
    assert float(whole) == pytest.approx(float(energy_after_efficiency(k, eps)), rel=1e-9)
    none = energy_after_efficiency_and_share(k, eps, 0.0)
    assert float(none) == pytest.approx(1 / k)


def test_error_inputs() -> None:
    with pytest.raises(RangeError, match="energy_share"):
        energy_after_efficiency_and_share(2.0, 1.0, 1.5)
    with pytest.raises(RangeError, match="nothing grows"):
        efficiency_trend(2.0, 1.0, 5.0)
    with pytest.raises(RangeError, match="not above 1"):
        rebound(0.5, 1.0)
