"""Starting and stopping replicas against a walk through time, and overhead that is shared to the last nJ."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.compute.serving.overhead import OverheadShares, overhead_shares
from taotie.compute.serving.schedule import (
    NEVER,
    ScalingRule,
    on_intervals,
    on_time,
    sessions,
)
from taotie.errors import RangeError


def apportioned(total, weight):
    """Integer parts of a total in proportion to weights, each a step between rounded readings of the running share."""
    n = len(weight)
    if n == 0:
        return np.zeros(0, np.int64)
    running = np.cumsum(weight, dtype=np.float64)
    if running[-1] <= 0:
        running = np.arange(1, n + 1, dtype=np.float64)
    reading = np.minimum((running / running[-1] * float(total)).astype(np.int64), total)
    reading[-1] = total
    return np.diff(reading, prepend=0)


@st.composite
def plans(draw):
    arrival = np.sort(np.array(draw(st.lists(st.integers(0, 400), min_size=1, max_size=60))))
    low = draw(st.integers(1, 3))
    high = low + draw(st.integers(0, 5))
    rule = ScalingRule(
        draw(st.integers(3, 60)),
        draw(st.integers(1, 8)) / draw(st.integers(1, 3)),
        low,
        high,
        draw(st.integers(0, 90)),
        draw(st.integers(1, 3)),
        draw(st.one_of(st.none(), st.integers(low, high))),
    )
    return arrival.astype(np.int64), rule


@given(plans())
@settings(max_examples=80)
def test_matches_walk_through_time(plan):
    """One ps at a time: a list of replicas, each with the time from which it is ready."""
    arrival, rule = plan
    got = sessions(arrival, rule)
    ready_from = [0] * (rule.initial or rule.minimum)
    history: list[int] = []
    log = []
    for t in range(int(arrival[-1]) + 2 * rule.window_ps):
        if t and t % rule.window_ps == 0 and t - rule.window_ps <= arrival[-1]:
            came = int(((arrival >= t - rule.window_ps) & (arrival < t)).sum())
            want = min(max(math.ceil(came / rule.requests_per_window), rule.minimum), rule.maximum)
            if want < len(ready_from):
                history.append(want)
                if len(history) == rule.hold_windows:
                    ready_from = ready_from[: max(history)]
                    history = []
            else:
                history = []
                ready_from += [t + rule.startup_ps] * (want - len(ready_from))
        log.append((len(ready_from), sum(r <= t for r in ready_from)))
    t = np.arange(len(log))
    switched = ((got.start_ps[:, None] <= t) & (t < got.stop_ps[:, None])).sum(axis=0)
    np.testing.assert_array_equal(switched, [x[0] for x in log])
    np.testing.assert_array_equal(got.ready_at(t), [x[1] for x in log])


@given(plans(), st.integers(0, 2**32 - 1), st.integers(1, 50))
def test_property_on_time_covers_all_work(plan, seed, bin_ps):
    arrival, rule = plan
    rng = np.random.default_rng(seed)
    got = sessions(arrival, rule)
    replica = rng.integers(0, got.ready_at(arrival)).astype(np.int32)
    finish = arrival + rng.integers(1, 200, len(arrival))
    end = int(finish.max()) + 10
    r, begin, until = on_intervals(got, arrival, finish, replica, end)
    # ps by ps: on from a start until told to stop and done with what came before
    on = np.zeros((int(got.replica.max()) + 1, end), bool)
    for s in range(len(got.replica)):
        on[got.replica[s], got.start_ps[s] : min(got.stop_ps[s], end)] = True
        mine = (
            (replica == got.replica[s]) & (arrival >= got.start_ps[s]) & (arrival < got.stop_ps[s])
        )
        if mine.any():
            on[got.replica[s], got.start_ps[s] : finish[mine].max()] = True
    for x in range(len(on)):
        assert on[x].sum() == (until - begin)[r == x].sum()
    n_bin = -(-end // bin_ps)
    want = np.add.reduceat(on.sum(axis=0), np.arange(0, end, bin_ps))
    np.testing.assert_array_equal(on_time(begin, until, bin_ps, n_bin), want)
    assert (until <= end).all()
    assert end < NEVER


@given(
    st.lists(st.integers(0, 10**13), min_size=1, max_size=40),
    st.lists(st.integers(0, 10**17), min_size=1, max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_property_overhead_is_shared_out_exactly(weight, overhead, seed):
    weights, amounts = np.array(weight), np.array(overhead)
    replica = np.random.default_rng(seed).integers(0, len(amounts), len(weights))
    got = overhead_shares(amounts, weights, replica)
    assert got.sum() == amounts.sum()
    assert (got >= 0).all()
    one = apportioned(overhead[0], weights)
    if weights.sum():
        np.testing.assert_allclose(one, overhead[0] * (weights / weights.sum()), rtol=1e-9, atol=40)


@given(
    st.lists(st.integers(0, 3) | st.integers(0, 10**13), min_size=1, max_size=40),
    st.lists(st.integers(0, 10**17) | st.just(0), min_size=1, max_size=5),
    st.integers(0, 2**32 - 1),
    st.integers(1, 41),
)
def test_matches_each_replica_apportioned_alone(weight, overhead, seed, size):
    """One walk along the requests, whole or in parts, gives in every bit what replica after replica gives."""
    weights, amounts = np.array(weight), np.array(overhead)
    replica = np.random.default_rng(seed).integers(0, len(amounts), len(weights)).astype(np.int32)
    want, unserved = np.zeros(len(weights), np.int64), 0
    for r, amount in enumerate(overhead):
        mine = replica == r
        if mine.any():
            want[mine] = apportioned(amount, weights[mine])
        else:
            unserved += amount
    want += apportioned(unserved, weights)
    assert overhead_shares(amounts, weights, replica).tolist() == want.tolist()
    parts = OverheadShares(amounts)
    pieces = [slice(low, low + size) for low in range(0, len(weights), size)]
    for one in pieces:
        parts.weigh(weights[one], replica[one])
    got = [parts.shares(weights[one], replica[one]) for one in pieces]
    assert np.concatenate(got).tolist() == want.tolist()


def test_error_scaling_rule():
    with pytest.raises(RangeError, match="between 3 and 2"):
        ScalingRule(10, 1, 3, 2)
    with pytest.raises(RangeError, match="window"):
        ScalingRule(0, 1, 1, 2)
    with pytest.raises(RangeError, match="at the start"):
        ScalingRule(10, 1, 1, 2, initial=7)
