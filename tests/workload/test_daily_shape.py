"""A day's course is 24 shares that sum to 1; a week's has seven factors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from taotie.errors import RangeError
from taotie.workload.chat import chat_lengths, sampled_requests
from taotie.workload.daily_shape import (
    DailyShape,
    WeeklyShape,
    chat_day,
    harmonic_shares,
    observed_day,
    observed_week,
)
from taotie.workload.refit import language_service_rates
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


def test_worked_a_working_week() -> None:
    week = WeeklyShape.working_week(DailyShape.flat(), 0.3)
    assert week.factor.mean() == pytest.approx(1.0)
    edges, rate = week.steps(2400.0, 0.0, 168.0)
    assert (rate * np.diff(edges)).sum() == pytest.approx(7 * 2400.0)
    by_day = (rate * np.diff(edges)).reshape(7, 24).sum(axis=1)
    np.testing.assert_allclose(by_day, 2400 * week.factor)
    # Friday noon to Saturday noon
    edges, rate = week.steps(2400.0, 4 * 24 + 12.0, 24.0)
    np.testing.assert_allclose(rate[[0, -1]], 100 * week.factor[[4, 5]])
    # no weekend is assumed where nothing is said
    assert WeeklyShape.working_week(chat_day()).factor.tolist() == [1.0] * 7


def test_matches_the_week_a_stream_was_sampled_from() -> None:
    week = WeeklyShape.working_week(chat_day(), 0.4)
    stream = sampled_requests(
        chat_lengths(), 20_000, np.random.default_rng(1), shape=week, duration_h=15 * 24.0
    )
    seen = observed_week(stream)
    assert seen is not None
    np.testing.assert_allclose(seen.factor, week.factor, atol=0.02)
    np.testing.assert_allclose(seen.day.share, chat_day().share, atol=0.003)
    assert "2 weeks" in seen.name
    later = observed_week(stream, first_day=2)
    assert later is not None
    np.testing.assert_allclose(later.factor, np.roll(seen.factor, 2))
    assert observed_week(stream.first(50_000)) is None


def test_published_servegen_services_have_no_common_week(shared_data: Path) -> None:
    """The reason the table gives for assuming no weekend."""
    rates = language_service_rates(shared_data / "traces" / "servegen_rates.csv").mean(axis=2)
    weeks = rates.reshape(3, 2, 7)
    weeks = weeks / weeks.mean(axis=2, keepdims=True)
    again = [float(np.corrcoef(first, second)[0, 1]) for first, second in weeks]
    assert [round(min(again), 2), round(max(again), 2)] == [0.33, 0.68]
    assert len({int(week.mean(axis=0).argmax()) for week in weeks}) == 3


@pytest.mark.parametrize("factor", [np.ones(6), -np.ones(7), np.full(7, np.nan)])
def test_error_bad_weeks(factor: np.ndarray) -> None:
    with pytest.raises(RangeError, match="7 finite factors"):
        WeeklyShape(DailyShape.flat(), factor)


def test_error_empty_weeks() -> None:
    with pytest.raises(RangeError, match="at least one day"):
        WeeklyShape(DailyShape.flat(), np.zeros(7))
    with pytest.raises(RangeError, match="weekend=-1"):
        WeeklyShape.working_week(DailyShape.flat(), -1.0)
