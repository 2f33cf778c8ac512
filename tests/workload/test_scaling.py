"""What each way of scaling keeps: intervals, index of dispersion, course of the day, conversations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError, UnknownNameError
from taotie.workload.chat import chat_lengths, sampled_requests
from taotie.workload.daily_shape import chat_day, observed_day
from taotie.workload.requests import PrefixBlocks, Requests
from taotie.workload.scaling import (
    SCALINGS,
    burstiness,
    compressed,
    index_of_dispersion,
    interval_variation,
    scaled,
    superposed,
    thinned,
)
from taotie.workload.trace import read_trace


def bursty(hours: float = 24.0, seed: int = 0) -> Requests:
    """A base rate and bursts of 20 s, twenty an hour, over a day with a course."""
    rng = np.random.default_rng(seed)
    calm = sampled_requests(chat_lengths(), 40_000, rng, shape=chat_day(), duration_h=hours)
    begins = rng.random(int(20 * hours)) * 3600 * hours
    extra = (begins[:, None] + 20.0 * rng.random((begins.size, 60))).ravel()
    t = np.sort(np.concatenate([calm.t_s, extra[extra < calm.span_s]]))
    prompt, output = chat_lengths().sample(t.size, rng)
    return Requests(t, prompt, output, span_s=3600.0 * hours)


def test_worked_poisson_is_one() -> None:
    t = np.sort(np.random.default_rng(0).random(200_000)) * 10_000
    assert interval_variation(t) == pytest.approx(1.0, abs=0.01)
    assert index_of_dispersion(t, 10_000.0, 1.0) == pytest.approx(1.0, abs=0.05)
    assert np.isnan(interval_variation([1.0]))
    assert np.isnan(index_of_dispersion([1.0], 1.0, 5.0))


def test_property_time_keeps_intervals_and_moves_the_windows() -> None:
    log = bursty()
    fast = compressed(log, 4.0)
    assert interval_variation(fast.t_s) == pytest.approx(interval_variation(log.t_s), rel=1e-9)
    assert index_of_dispersion(fast.t_s, fast.span_s, 10.0) == pytest.approx(
        index_of_dispersion(log.t_s, log.span_s, 40.0), rel=1e-6
    )
    # the same window sees more of a burst's beginning: dispersion at a fixed window does change
    assert index_of_dispersion(fast.t_s, fast.span_s, 10.0) > 1.5 * index_of_dispersion(
        log.t_s, log.span_s, 10.0
    )
    assert fast.span_s == pytest.approx(log.span_s / 4)  # and the day is a quarter of one


@pytest.mark.parametrize("factor", [2.0, 5.0, 2.5])
def test_property_copies_keep_dispersion_and_the_day(factor: float) -> None:
    log = bursty()
    made = [superposed(log, factor, np.random.default_rng(seed)) for seed in range(6)]
    more = made[0]
    assert more.rate_per_s == pytest.approx(factor * log.rate_per_s, rel=0.01)
    assert more.span_s == pytest.approx(log.span_s, abs=60)
    found = np.mean([burstiness(one).dispersion for one in made], axis=0)
    # bursts of 20 s in windows of up to 60 s now and then meet those of another copy within the hour
    meet = (np.ceil(factor) - 1) * (20 + 60) / 3600
    np.testing.assert_allclose(found, burstiness(log).dispersion, rtol=0.1 + meet)
    a, b = observed_day(_whole_day(log)), observed_day(_whole_day(more))
    assert a is not None
    assert b is not None
    np.testing.assert_allclose(24 * b.share, 24 * a.share, atol=0.1)
    # independent users smooth each other: the intervals come nearer to chance
    assert abs(interval_variation(more.t_s) - 1) < abs(interval_variation(log.t_s) - 1)


def _whole_day(log: Requests) -> Requests:
    from dataclasses import replace

    return replace(log, span_s=max(log.span_s, 86_400.0))


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_property_thinning_of_single_requests_moves_dispersion_towards_chance(share: float) -> None:
    log = bursty()
    fewer = thinned(log, share, np.random.default_rng(2))
    assert len(fewer) == pytest.approx(share * len(log), rel=0.05)
    for window in (10.0, 60.0):
        before = index_of_dispersion(log.t_s, log.span_s, window)
        after = index_of_dispersion(fewer.t_s, fewer.span_s, window)
        assert after == pytest.approx(1 + share * (before - 1), rel=0.08)
    a, b = observed_day(_whole_day(log)), observed_day(_whole_day(fewer))
    assert a is not None
    assert b is not None
    np.testing.assert_allclose(24 * b.share, 24 * a.share, atol=0.25)  # by chance


def test_published_azure_hour_keeps_its_dispersion_in_copies(shared_data: Path) -> None:
    log = read_trace(
        shared_data / "upstream" / "azure-llm-2023" / "data" / "AzureLLMInferenceTrace_conv.csv"
    )
    was = burstiness(log)
    assert was.interval_variation == pytest.approx(1.09, abs=0.005)
    assert was.dispersion[2] == pytest.approx(16, abs=0.5)  # requests per minute
    fast = burstiness(scaled(log, 4.0, "time"))
    assert fast.interval_variation == pytest.approx(was.interval_variation, rel=1e-9)
    assert fast.dispersion[2] > 2.5 * was.dispersion[2]
    # random shifts: kept in the mean over draws
    made = [scaled(log, 4.0, "copies", np.random.default_rng(seed)) for seed in range(8)]
    found = np.mean([burstiness(log).dispersion for log in made], axis=0)
    np.testing.assert_allclose(found, was.dispersion, rtol=0.35)
    thin = burstiness(scaled(log, 0.25, "thinning"))
    np.testing.assert_allclose(thin.dispersion, 1 + 0.25 * (np.array(was.dispersion) - 1), rtol=0.2)


sessions = st.lists(
    st.tuples(st.integers(-1, 5), st.floats(0, 1e5), st.integers(0, 3)), min_size=2, max_size=60
)


@given(rows=sessions, factor=st.floats(0.2, 4.0), seed=st.integers(0, 99))
def test_property_conversations_stay_whole_and_copies_are_other_people(
    rows: list[tuple[int, float, int]], factor: float, seed: int
) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    size = np.array([row[2] for row in rows])
    owner = np.repeat([row[0] for row in rows], size)
    place = np.concatenate([np.arange(n) for n in size]) if size.sum() else np.zeros(0, int)
    log = Requests(
        np.array([row[1] for row in rows]),
        1 + np.arange(len(rows)),
        np.ones(len(rows)),
        session=np.array([row[0] for row in rows]),
        hash_ids=PrefixBlocks(
            np.asarray(7 + 10 * (owner + 1) + place, dtype=np.int64),
            np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
        ),
    )
    try:
        got = scaled(log, factor, "copies", np.random.default_rng(seed))
    except RangeError:
        assert factor < 1
        return
    assert (np.diff(got.t_s) >= 0).all()
    assert got.t_s[-1] <= got.span_s
    assert got.session is not None
    assert log.session is not None
    counts = {s: int((log.session == s).sum()) for s in set(log.session.tolist()) if s >= 0}
    for s in set(got.session.tolist()) - {-1}:
        assert (got.session == s).sum() == counts[s % (max(log.session.max(), 0) + 1)]
    # every request is one of the log's, as often as its conversation was copied
    assert set(got.prompt_tokens.tolist()) <= set(log.prompt_tokens.tolist())
    assert got.hash_ids is not None
    for i in range(len(got)):
        was = int(got.prompt_tokens[i]) - 1
        assert got.hash_ids.of(i).size == size[was]


def test_worked_a_system_prompt_stays_shared_in_copies() -> None:
    log = Requests(
        np.arange(4.0) * 1000,
        np.full(4, 2000),
        np.ones(4),
        hash_ids=PrefixBlocks(np.array([0, 1, 0, 2, 0, 3, 0, 4]), np.arange(0, 9, 2)),
    )
    got = scaled(log, 3.0, "copies")
    assert got.hash_ids is not None
    firsts = {int(got.hash_ids.of(i)[0]) for i in range(12)}
    seconds = {int(got.hash_ids.of(i)[1]) for i in range(12)}
    assert len(firsts) == 1
    assert len(seconds) == 12


def test_worked_the_note_tells_the_way() -> None:
    log = bursty(hours=2.0)
    for way in SCALINGS:
        factor = 0.5 if way == "thinning" else 2.0
        assert scaled(log, factor, way).said[-1].code == "scaled"
    assert scaled(log, 1.0, "copies") is log


def test_error_scaling() -> None:
    log = bursty(hours=1.0)
    with pytest.raises(UnknownNameError, match="'copy'") as caught:
        scaled(log, 2.0, "copy")
    assert "copies" in caught.value.hint
    with pytest.raises(RangeError, match="thinning can only lower") as higher:
        scaled(log, 2.0, "thinning")
    assert "copies" in higher.value.hint
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(RangeError, match="not above 0"):
            scaled(log, bad, "time")
    with pytest.raises(RangeError, match="too many to list"):
        scaled(log, 1e9, "copies")
    with pytest.raises(RangeError, match="nothing is left"):
        scaled(log.first(2), 1e-9, "thinning")
