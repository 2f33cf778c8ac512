"""Joules to requests: conservation, the worked example, and a plain loop that does the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.errors import MeterError
from taotie.metering.attribution import (
    GroupCourse,
    attribution,
    group_course,
    idle_power_w,
    joules_per_token,
    largest_remainder,
    mig_split,
)
from taotie.metering.channel import Channel
from taotie.metering.steps import Readings

S = 10**9


def course(edges_s, joules, known=None):
    energy = np.asarray(np.rint(np.asarray(joules, float) * 1e6), np.int64)
    return GroupCourse(
        np.asarray(np.rint(np.asarray(edges_s, float) * S), np.int64),
        energy,
        np.ones(len(energy), bool) if known is None else known,
    )


def test_published_worked_example() -> None:
    """Three requests in 10 s of 3000 J, 100 W of it waiting; weights 1 computed, 0.05 cached, 10 written."""
    weights = [1000 + 10 * 100, 1000 + 0.05 * 3000 + 10 * 300, 500 + 10 * 600]
    made = attribution(
        course([0, 10], [3000]),
        [0, 0, 3 * S],
        [0, 0, 3 * S],
        [4 * S, 8 * S, 9 * S],
        [0, 0, 0],
        weights,
        idle_w=100.0,
    )
    assert made.active_uj.tolist() == [316_205_534, 656_126_482, 1_027_667_984]
    assert [round(v / 1e6, 3) for v in made.idle_uj.tolist()] == [183.333, 383.333, 333.333]
    assert (made.request_uj / 1e6).tolist() == pytest.approx(
        [499.538867, 1039.459816, 1361.001318], abs=2e-6
    )
    assert made.unallocated_uj == 100_000_000
    assert made.unexplained_uj == 0
    assert int(made.request_uj.sum()) + made.unallocated_uj == 3_000_000_000
    assert int(made.full_uj.sum()) == 3_000_000_000


def test_published_largest_remainder_and_the_rule_of_peers() -> None:
    assert largest_remainder(2_000_000, [2000, 4150, 6500]).tolist() == [316206, 656126, 1027668]
    assert largest_remainder(3000, [100, 300, 600]).tolist() == [300, 900, 1800]


def random_case(seed, n_interval=30, n_request=40, blind=False):
    rng = np.random.default_rng(seed)
    edges = np.concatenate([[0], np.cumsum(rng.uniform(0.2, 3.0, n_interval))])
    known = np.ones(n_interval, bool)
    if blind:
        known[rng.integers(0, n_interval, 3)] = False
    joules = rng.uniform(0, 900, n_interval)
    start = rng.uniform(-5, edges[-1] + 5, n_request)
    first = start + rng.exponential(1.0, n_request) * rng.integers(0, 2, n_request)
    end = first + rng.exponential(4.0, n_request) * rng.integers(0, 2, n_request)
    ns = [np.rint(v * S).astype(np.int64) for v in (start, first, end)]
    return (
        course(edges, joules, known),
        ns,
        rng.uniform(0, 5, n_request),
        rng.uniform(0, 50, n_request),
    )


@given(st.integers(0, 2**31), st.floats(0, 500))
def test_property_conservation_is_exact(seed: int, idle_w: float) -> None:
    made_course, (start, first, end), fill, write = random_case(seed, blind=True)
    made = attribution(made_course, start, first, end, fill, write, idle_w)
    total = (
        int(made.active_uj.sum() + made.idle_uj.sum()) + made.unallocated_uj + made.unexplained_uj
    )
    assert total == made.total_uj == int(made_course.energy_uj.sum())
    assert (made.request_uj >= 0).all()
    assert made.unallocated_uj >= 0
    assert made.unexplained_uj >= 0


@each_row("seed", range(12))
def test_matches_a_plain_loop(seed: int) -> None:
    made_course, (start, first, end), fill, write = random_case(seed)
    idle_w = 80.0
    made = attribution(made_course, start, first, end, fill, write, idle_w)
    edges = made_course.edges_ns
    n = len(start)
    active, idle = np.zeros(n), np.zeros(n)

    def overlap(a, b, lo, hi):
        return max(0, min(b, hi) - max(a, lo))

    for k in range(len(edges) - 1):
        lo, hi = int(edges[k]), int(edges[k + 1])
        energy = int(made_course.energy_uj[k])
        wait = min(energy, int(np.floor(idle_w * (hi - lo) / 1e3)))
        part = np.zeros(n)
        for r in range(n):
            for a, b, w in ((start[r], first[r], fill[r]), (first[r], end[r], write[r])):
                if b > a:
                    part[r] += w * overlap(a, b, lo, hi) / (b - a)
                elif lo <= a < hi:
                    part[r] += w
        if part.sum() > 0:
            active += (energy - wait) * part / part.sum()
        instants = np.unique(
            np.concatenate([[lo, hi], np.clip(start, lo, hi), np.clip(end, lo, hi)])
        )
        for u, v in itertools.pairwise(instants):
            flying = (start <= u) & (end >= v)
            if flying.any():
                idle[flying] += wait * (v - u) / (hi - lo) / flying.sum()
    np.testing.assert_allclose(made.active_uj, active, rtol=1e-6, atol=3)
    np.testing.assert_allclose(made.idle_uj, idle, rtol=1e-6, atol=3)


@each_row("seed", range(0, 200, 10))
def test_property_a_recorded_day_is_conserved(seed: int) -> None:
    _day(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_property_two_hundred_recorded_days_are_conserved(seed: int) -> None:
    _day(seed)


def _day(seed: int) -> None:
    """Counters of 1 to 8 boards with wraps of reading, silence and restarts; against first and last raw value."""
    rng = np.random.default_rng(seed)
    readings = []
    true = 0
    seconds = np.cumsum(rng.uniform(0.5, 2.5, 3000)) * 10
    for i in range(int(rng.integers(1, 9))):
        raw = int(rng.integers(0, 10**12)) + np.cumsum(
            rng.integers(0, 700_000, len(seconds)) * 10
        ).astype(np.int64)
        keep = rng.random(len(seconds)) > 0.05
        keep[[0, -1]] = True
        readings.append(
            Readings.of(Channel(f"g{i}", "mJ"), (seconds * S).astype(np.int64)[keep], raw[keep])
        )
        true += int(raw[-1] - raw[0])
    start = np.sort(rng.uniform(seconds[0], seconds[-1], 2000))
    first = start + rng.exponential(2, 2000)
    end = first + rng.exponential(40, 2000)
    made = attribution(
        group_course(readings),
        *((v * S).astype(np.int64) for v in (start, first, end)),
        rng.uniform(1, 9, 2000),
        rng.uniform(1, 99, 2000),
    )
    told = int(made.request_uj.sum()) + made.unallocated_uj + made.unexplained_uj
    assert told == made.total_uj
    assert abs(told / (true * 1000) - 1) < 0.001


def test_worked_idle_is_the_median_of_quiet_times() -> None:
    made = course(np.arange(0, 101), [60.0] * 40 + [500.0] * 20 + [61.0] * 39 + [5.0])
    starts, ends = [40 * S], [60 * S]
    assert idle_power_w(made, starts, ends) == pytest.approx(60.0)
    assert idle_power_w(course([0, 1], [60]), [0], [S]) is None


def test_worked_work_without_a_request_is_unexplained() -> None:
    made = attribution(
        course([0, 10, 20], [1000, 1000]), [0], [0], [10 * S], [0.0], [1.0], idle_w=20.0
    )
    assert made.active_uj.tolist() == [800_000_000]
    assert (made.unallocated_uj, made.unexplained_uj) == (200_000_000, 800_000_000)


def test_worked_requests_outside_and_cut() -> None:
    made = attribution(
        course([0, 10], [1000]),
        [-20 * S, -5 * S, 2 * S],
        [-20 * S, -5 * S, 2 * S],
        [-10 * S, 5 * S, 4 * S],
        [0, 0, 0],
        [5, 2, 1],
        idle_w=0.0,
    )
    assert (made.outside, made.cut) == (1, 1)
    assert made.active_uj.tolist() == [0, 500_000_000, 500_000_000]


def test_worked_no_request_at_all() -> None:
    made = attribution(course([0, 10], [1000]), [], [], [], [], [], idle_w=60.0)
    assert (made.unallocated_uj, made.unexplained_uj) == (600_000_000, 400_000_000)


def test_worked_cached_tokens_weigh_less_and_two_models_two_boards() -> None:
    """aitra 89: all boards charged to one model. Each group has its own requests."""
    for joules in (4000, 1000):
        made = attribution(course([0, 10], [joules]), [0], [0], [10 * S], [1], [1], idle_w=0)
        assert made.request_uj.tolist() == [joules * 10**6]


@given(st.integers(0, 10**15), st.lists(st.integers(1, 2), min_size=1, max_size=3), st.data())
def test_property_slices_add_up_to_the_card(
    board: int, slices: list[int], data: st.DataObject
) -> None:
    activity = [data.draw(st.floats(0, 1)) for _s in slices]
    idle = data.draw(st.integers(0, board))
    parts = mig_split(board, idle, slices, activity)
    assert int(parts.sum()) == board
    assert (parts >= 0).all()


def test_error_impossible_inputs() -> None:
    with pytest.raises(MeterError, match="before its start"):
        attribution(course([0, 1], [1]), [5], [4], [6], [1], [1])
    with pytest.raises(MeterError, match="not negative"):
        attribution(course([0, 1], [1]), [5], [5], [6], [-1.0], [1])
    with pytest.raises(MeterError, match="cannot be"):
        mig_split(10, 1, [4, 4], [1, 1])
    with pytest.raises(MeterError, match="too few"):
        joules_per_token([1], [1], [1], 1, 100)
    with pytest.raises(MeterError, match="too short"):
        joules_per_token(np.ones(30), np.ones(30), np.ones(30), 10, 100)
    with pytest.raises(MeterError, match="share no time"):
        group_course(
            [Readings.of(Channel(c, "mJ"), [a, a + S], [0, 1]) for c, a in (("a", 0), ("b", 9 * S))]
        )


def test_worked_time_below_the_waiting_that_was_given_is_counted() -> None:
    made = attribution(course([0, 1, 2, 3], [100, 50, 100]), [0], [1], [3 * S], [1], [1], 80.0)
    assert made.below_idle_s == 1.0
    assert made.idle_w == 80.0
