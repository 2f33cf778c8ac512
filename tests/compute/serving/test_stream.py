"""The day in flat memory: same integers as the plain run, threads do not matter, quantiles close to exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.compute.serving import state as sr
from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.fleet import Load, run_independent
from taotie.compute.serving.routing import drawn
from taotie.compute.serving.setup import ReplicaModel
from taotie.compute.serving.stream import Histogram, poisson_stream, simulate_stream
from taotie.errors import RangeError

COSTS = IterationCosts.affine(
    16, (8 * 10**9, 10**8, 10**4, 10**7, 0), (4 * 10**9, 10**7, 10**4, 10**7, 0)
)
REPLICA = ReplicaModel("made up", COSTS, ReplicaLimits(16, 500), 1, 70_000, 50_000, 9_001)
EDGES, RATE = np.array([0.0, 50.0, 90.0, 200.0]), np.array([2.0, 0.0, 9.0])
PROMPT, OUTPUT = np.array([10, 200, 900]), np.array([1, 40, 300])


def test_matches_the_plain_run():
    stream = simulate_stream(REPLICA, 3, EDGES, RATE, PROMPT, OUTPUT, bin_s=7.0, seed=5)
    edges = np.rint(EDGES * 1e12).astype(np.int64)
    arrivals, lengths, who = [], [], []
    for r in range(3):
        arrival, pick = np.zeros(9999, np.int64), np.zeros(9999, np.int32)
        n = poisson_stream(drawn(5, r), edges, RATE / 3 / 1e12, 3, arrival, pick)
        arrivals.append(arrival[:n])
        lengths.append(pick[:n])
        who.append(np.full(n, r))
    at = np.concatenate(arrivals)
    order = np.argsort(at, kind="stable")
    pick = np.concatenate(lengths)[order]
    load = Load(at[order], PROMPT[pick].astype(np.int32), OUTPUT[pick].astype(np.int32))
    to = np.concatenate(who)[order].astype(np.int32)
    run = run_independent(load, COSTS, REPLICA.limits, 3, to, bin_ps=7 * 10**12)
    assert stream.requests == len(at)
    np.testing.assert_array_equal(stream.account.busy_nj, run.states[:, sr.ENERGY])
    np.testing.assert_array_equal(stream.account.bins, run.bins)
    want = [Histogram(), Histogram()]
    want[0].add(run.ttft)
    want[1].add(run.own + run.shared)
    np.testing.assert_array_equal(stream.ttft_ps.counts, want[0].counts)
    np.testing.assert_array_equal(stream.energy_nj.counts, want[1].counts)
    assert stream.energy_nj.sum == int(run.own.sum() + run.shared.sum())
    assert stream.energy_nj.sum == int(stream.account.busy_nj.sum())
    # nothing arrives while the rate is 0
    assert not ((at > 50e12) & (at < 90e12)).any()


def test_property_threads_do_not_matter():
    runs = [
        simulate_stream(REPLICA, 5, EDGES, RATE, PROMPT, OUTPUT, seed=2, threads=t) for t in (1, 2)
    ]
    for name in ("busy_nj", "prefill_nj", "busy_ps", "idle_nj", "host_nj", "bins", "on_bins"):
        np.testing.assert_array_equal(*(getattr(run.account, name) for run in runs))
    for name in ("ttft_ps", "tpot_ps", "energy_nj"):
        np.testing.assert_array_equal(*(getattr(run, name).counts for run in runs))
    assert runs[0].total_nj == runs[1].total_nj
    assert runs[0].requests == runs[1].requests


def test_property_arrivals_are_poisson():
    edges = np.array([0, 10**15])
    arrival, pick = np.zeros(200_000, np.int64), np.zeros(200_000, np.int32)
    n = poisson_stream(7, edges, np.array([1e-10]), 5, arrival, pick)
    assert abs(n - 100_000) < 5 * np.sqrt(100_000)
    gaps = np.diff(arrival[:n])
    assert gaps.min() >= 0
    assert gaps.std() / gaps.mean() == pytest.approx(1.0, abs=0.02)
    assert np.corrcoef(gaps[:-1], gaps[1:])[0, 1] == pytest.approx(0.0, abs=0.02)
    assert np.bincount(pick[:n]).std() < 5 * np.sqrt(20_000)


@given(st.lists(st.integers(0, 2**60), min_size=1, max_size=300), st.floats(0, 0.999))
def test_property_quantiles_are_close(values, q):
    h = Histogram()
    h.add(np.array(values, np.int64))
    exact = sorted(values)[min(int(q * len(values)), len(values) - 1)]
    assert h.quantile(q) == pytest.approx(exact, rel=1 / 256, abs=0)
    assert h.mean == pytest.approx(np.mean([float(v) for v in values]), rel=1e-12)
    assert h.share_up_to(2.0**62) == 1.0


def test_error_stream():
    with pytest.raises(RangeError, match="do not fit"):
        simulate_stream(REPLICA, 1, EDGES, RATE, np.array([9000]), np.array([1]))
    with pytest.raises(RangeError, match="rising edges"):
        simulate_stream(REPLICA, 1, EDGES[::-1], RATE, PROMPT, OUTPUT)
