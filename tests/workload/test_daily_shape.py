"""A day's course is 24 shares that sum to 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from taotie.errors import RangeError
from taotie.workload.daily_shape import DailyShape, chat_day, harmonic_shares

shares = st.lists(st.floats(0, 1e6), min_size=24, max_size=24)


@given(share=shares, requests=st.floats(0, 1e12))
def test_property_hours_sum_to_the_day(share: list[float], requests: float) -> None:
    assume(sum(share) > 1e-6)
    shape = DailyShape(np.array(share))
    assert shape.share.sum() == pytest.approx(1.0)
    assert shape.requests_per_hour(requests).sum() == pytest.approx(requests)
    assert shape.peak_over_mean >= 1.0 - 1e-12


@given(hours=st.integers(-100, 100))
def test_property_shifting_moves_the_hours_only(hours: int) -> None:
    moved = chat_day().shifted(hours)
    assert sorted(moved.share) == sorted(chat_day().share)
    assert moved.share[hours % 24] == chat_day().share[0]


@given(peak=st.floats(1.0, 1.5))
def test_property_with_peak_meets_it(peak: float) -> None:
    assert chat_day().with_peak(peak).peak_over_mean == pytest.approx(peak)


def test_worked_samples_get_their_own_day() -> None:
    got = DailyShape.flat().requests_per_hour([24.0, 48.0])
    assert got.shape == (2, 24)
    np.testing.assert_allclose(got[1], 2.0)


def test_worked_one_wave() -> None:
    share = harmonic_shares([0.0], [0.5])
    assert share.argmax() in (5, 6)
    assert share.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "share", [np.ones(23), -np.ones(24), np.full(24, np.nan), np.ones((24, 1))]
)
def test_error_bad_shares(share: np.ndarray) -> None:
    with pytest.raises(RangeError, match="24 finite shares"):
        DailyShape(share)


def test_error_empty_day_and_impossible_peaks() -> None:
    with pytest.raises(RangeError, match="at least one hour"):
        DailyShape(np.zeros(24))
    with pytest.raises(RangeError, match="cannot be had"):
        DailyShape.flat().with_peak(1.2)
    with pytest.raises(RangeError, match="cannot be had"):
        chat_day().with_peak(0.9)
    with pytest.raises(RangeError, match="quietest hour negative"):
        chat_day().with_peak(2.0)
