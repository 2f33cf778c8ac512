"""The built-in lengths fit the trace they come from, and their means are those of their samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rows import each_row
from taotie.errors import RangeError
from taotie.workload.chat import TokenLengths, chat_lengths, sampled_requests
from taotie.workload.daily_shape import DailyShape, chat_day
from taotie.workload.refit import day_waves, fit_lengths, fit_quality, language_service_rates
from taotie.workload.requests import token_moments
from taotie.workload.trace import read_trace


def one_cluster(**change: object) -> TokenLengths:
    values: dict[str, object] = {
        "weight": [1.0],
        "ln_prompt": [6.0],
        "ln_output": [5.0],
        "sd_prompt": [0.5],
        "sd_output": [0.4],
        "correlation": [0.3],
        "max_prompt": 1e9,
        "max_output": 1e9,
    }
    return TokenLengths(**(values | change))  # type: ignore[arg-type]


def azure(shared_data: Path) -> Path:
    return shared_data / "upstream" / "azure-llm-2023" / "data" / "AzureLLMInferenceTrace_conv.csv"


def test_worked_moments_of_one_cluster_are_the_closed_form() -> None:
    m = one_cluster().moments
    p, o = np.exp(6.0 + 0.125), np.exp(5.0 + 0.08)
    assert m.mean_prompt == pytest.approx(p, rel=1e-9)
    assert m.mean_output == pytest.approx(o, rel=1e-9)
    assert m.mean_prompt_output == pytest.approx(p * o * np.exp(0.3 * 0.5 * 0.4), rel=1e-9)
    assert m.mean_prompt_squared == pytest.approx(p * p * np.exp(0.25), rel=1e-9)


def test_matches_moments_and_samples() -> None:
    lengths = chat_lengths()
    p, o = lengths.sample(400_000, np.random.default_rng(7))
    drawn = token_moments(p, o)
    for ours, theirs, tolerance in zip(
        lengths.moments, drawn, (0.01, 0.01, 0.01, 0.02, 0.02, 0.01), strict=True
    ):
        assert ours == pytest.approx(theirs, rel=tolerance)


def test_matches_the_trace_it_was_fitted_to(shared_data: Path) -> None:
    """The quality the table states is the quality measured."""
    trace = read_trace(azure(shared_data))
    quality = fit_quality(
        chat_lengths(), trace.prompt_tokens, trace.output_tokens, np.random.default_rng(0)
    )
    assert quality.ks_prompt < 0.035
    assert quality.ks_output < 0.035
    for error in quality[2:]:
        assert abs(error) < 0.005


@pytest.mark.slow
def test_matches_a_refit(shared_data: Path) -> None:
    trace = read_trace(azure(shared_data))
    again = fit_lengths(trace.prompt_tokens, trace.output_tokens)
    shipped = chat_lengths()
    for key in ("weight", "ln_prompt", "ln_output", "sd_prompt", "sd_output", "correlation"):
        np.testing.assert_allclose(getattr(shipped, key), getattr(again, key), atol=2e-4)


def test_matches_a_refit_of_the_day(shared_data: Path) -> None:
    rates = language_service_rates(shared_data / "traces" / "servegen_rates.csv")
    assert rates.shape == (3, 14, 24)
    cosines, sines = day_waves(rates)
    from taotie.workload.daily_shape import harmonic_shares

    np.testing.assert_allclose(chat_day().share, harmonic_shares(cosines, sines), atol=1e-5)
    days = rates / rates.mean(axis=-1, keepdims=True)
    peaks = days.max(axis=-1).mean(axis=-1)
    assert [round(float(x), 2) for x in (peaks.min(), peaks.mean(), peaks.max())] == [
        1.37,
        1.49,
        1.58,
    ]
    course = 24.0 * chat_day().share
    explained = [1 - ((d - course) ** 2).sum() / ((d - 1) ** 2).sum() for d in days]
    assert [round(min(explained), 2), round(max(explained), 2)] == [-0.11, 0.36]


@given(p=st.floats(50, 5e4), o=st.floats(20, 5e3))
@settings(max_examples=20)
def test_property_scaling_meets_the_wanted_means(p: float, o: float) -> None:
    m = chat_lengths().scaled(p, o).moments
    assert m.mean_prompt == pytest.approx(p, rel=5e-3)
    assert m.mean_output == pytest.approx(o, rel=5e-3)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=20)
def test_property_same_seed_same_lengths_within_the_limits(seed: int) -> None:
    lengths = chat_lengths()
    a = lengths.sample(200, np.random.default_rng(seed))
    b = lengths.sample(200, np.random.default_rng(seed))
    np.testing.assert_array_equal(a, b)
    assert 1 <= a[0].min() <= a[0].max() <= lengths.max_prompt
    assert 1 <= a[1].min() <= a[1].max() <= lengths.max_output


def test_worked_sampled_stream_has_rate_shape_and_span() -> None:
    rng = np.random.default_rng(3)
    got = sampled_requests(chat_lengths(), 240_000, rng, shape=chat_day())
    assert len(got) == pytest.approx(240_000, abs=5 * np.sqrt(240_000))
    assert got.span_s == pytest.approx(86_400, abs=60)
    by_hour = np.histogram(got.t_s / 3600, bins=np.arange(25))[0] / len(got)
    np.testing.assert_allclose(by_hour, chat_day().share, atol=0.002)
    assert "sampled" in got.notes[0]


@pytest.mark.parametrize("cv", [0.3, 1.0, 3.0])
def test_worked_intervals_have_the_asked_variation(cv: float) -> None:
    rng = np.random.default_rng(11)
    got = sampled_requests(chat_lengths(), 200_000, rng, interval_cv=cv)
    gaps = np.diff(got.t_s)
    assert gaps.std() / gaps.mean() == pytest.approx(cv, rel=0.03)
    assert len(got) == pytest.approx(200_000, abs=6 * cv * np.sqrt(200_000))


@given(cv=st.floats(0.05, 20), hours=st.floats(0.5, 30), seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_property_any_stream_stays_within_its_time(cv: float, hours: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    try:
        got = sampled_requests(
            chat_lengths(), 2400.0, rng, shape=chat_day(), duration_h=hours, interval_cv=cv
        )
    except RangeError:
        assert cv > 3  # so bursty that nobody came
        return
    assert got.t_s[-1] <= got.span_s <= 3600 * hours + 1e-6


@given(start=st.floats(0, 48), hours=st.floats(0.01, 60))
def test_property_steps_cover_the_time_and_the_requests(start: float, hours: float) -> None:
    edges, rate = DailyShape.flat().steps(2400.0, start, hours)
    assert edges[0] == 0.0
    assert edges[-1] == pytest.approx(hours)
    assert (np.diff(edges) > 0).all()
    assert (rate * np.diff(edges)).sum() == pytest.approx(100.0 * hours)


def test_property_a_whole_day_from_any_start_has_the_days_requests() -> None:
    for start in (0.0, 0.5, 13.25, 23.999):
        edges, rate = chat_day().steps(1000.0, start, 24.0)
        assert (rate * np.diff(edges)).sum() == pytest.approx(1000.0)


@each_row(
    ("change", "message"),
    [
        ({"weight": [0.5]}, "sum to 0.5"),
        ({"weight": [-1.0]}, "sum to"),
        ({"sd_prompt": [0.0]}, "not above 0"),
        ({"correlation": [1.5]}, "leaves -1..1"),
        ({"ln_prompt": [np.nan]}, "not finite"),
        ({"ln_prompt": [1.0, 2.0]}, "wrong shape"),
        ({"max_output": 0.0}, "at least 1 token"),
    ],
)
def test_error_impossible_lengths(change: dict[str, object], message: str) -> None:
    with pytest.raises(RangeError, match=message):
        one_cluster(**change)


def test_error_impossible_streams() -> None:
    rng = np.random.default_rng(0)
    for value in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(RangeError, match="requests_per_day"):
            sampled_requests(chat_lengths(), value, rng)
        with pytest.raises(RangeError, match="interval_cv"):
            sampled_requests(chat_lengths(), 1e4, rng, interval_cv=value)
    with pytest.raises(RangeError, match="too many to list"):
        sampled_requests(chat_lengths(), 1e9, rng)
    with pytest.raises(RangeError, match="no request falls"):
        sampled_requests(chat_lengths(), 1e-6, rng)
    with pytest.raises(RangeError, match="mean_output=0"):
        chat_lengths().scaled(mean_output=0)


def test_worked_replacing_the_limit_keeps_the_fit() -> None:
    longer = replace(chat_lengths(), max_prompt=100_000.0)
    assert longer.moments.mean_prompt > chat_lengths().moments.mean_prompt
