"""A day's course is 24 shares that sum to 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from taotie.errors import RangeError
from taotie.workload.chat import chat_lengths, sampled_requests
from taotie.workload.daily_shape import DailyShape, chat_day, harmonic_shares, observed_day
from taotie.workload.requests import Requests

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


def test_matches_the_course_a_stream_was_sampled_from() -> None:
    stream = sampled_requests(
        chat_lengths(), 200_000, np.random.default_rng(0), shape=chat_day(), duration_h=49.0
    )
    seen = observed_day(stream)
    assert seen is not None
    np.testing.assert_allclose(seen.share, chat_day().share, atol=0.002)
    assert "2 days" in seen.name


def test_worked_the_clock_of_a_log_decides_the_hour() -> None:
    hourly = Requests(
        t_s=np.array([0.0, 3600.0, 3700.0, 86_400.0]),
        prompt_tokens=np.ones(4),
        output_tokens=np.ones(4),
        start_h=22.5,
    )
    seen = observed_day(hourly)
    assert seen is not None
    assert seen.share[22] == pytest.approx(1 / 3)
    assert seen.share[23] == pytest.approx(2 / 3)
    assert observed_day(hourly.first(2)) is None
