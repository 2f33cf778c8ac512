"""Routing over several replicas against the oracle, and independence of threads."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taotie.compute.serving import state as sr
from taotie.compute.serving import window as simulator_window
from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.fleet import Load, run_independent
from taotie.compute.serving.routing import ROUTED, random_replicas
from taotie.compute.serving.window import run_routed

sys.path.insert(0, str(Path(__file__).parent))
from naive_oracle import Request, run_fleet
from simulator_cases import cases, load_of


@st.composite
def fleets(draw, **kinds):
    costs, limits, requests, bin_ps = draw(cases(**kinds))
    n_replica = draw(st.integers(1, 7))
    ready = None
    if draw(st.booleans()):
        ready = [draw(st.integers(1, n_replica)) for _ in requests]
    return costs, limits, requests, bin_ps, n_replica, ready, draw(st.integers(0, 2**40))


reports = st.sampled_from([700, 30_000, 300_000, 2 * 10**6])


def check(case, routing, report_ps=0, margin=8, threads=1):
    costs, limits, requests, bin_ps, n_replica, ready, seed = case
    load = load_of(requests)
    fleet, sent = run_fleet(
        requests, costs, limits, n_replica, routing, seed, ready, bin_ps, report_ps, margin
    )
    open_to = None if ready is None else np.array(ready, np.int32)
    how = (n_replica, routing, seed, open_to, bin_ps, report_ps, margin, threads)
    with patch.object(simulator_window, "BLOCK", 1 + seed % 7):  # no result depends on it
        runs = [run_routed(load, costs, limits, *how)]
    if routing not in ROUTED:
        to = None if ready is None else (np.arange(len(requests)) % open_to).astype(np.int32)
        if routing == "random":
            none = np.zeros(0, np.int32)
            to = random_replicas(len(requests), none if ready is None else open_to, n_replica, seed)
        runs.append(run_independent(load, costs, limits, n_replica, to, bin_ps))
    for run in runs:
        compare(run, load, requests, fleet, sent, bin_ps)


def compare(run, load, requests, fleet, sent, bin_ps):
    np.testing.assert_array_equal(run.replica, sent)
    np.testing.assert_array_equal(run.ttft, [x.ttft for x in requests])
    np.testing.assert_array_equal(run.finish, [x.finish for x in requests])
    np.testing.assert_array_equal(run.own, [x.own for x in requests])
    np.testing.assert_array_equal(run.shared, [x.shared for x in requests])
    np.testing.assert_array_equal(run.states[:, sr.ENERGY], [r.energy for r in fleet])
    np.testing.assert_array_equal(run.states[:, sr.BUSY], [r.busy for r in fleet])
    np.testing.assert_array_equal(run.states[:, sr.ITERATIONS], [r.iterations for r in fleet])
    assert run.own.sum() + run.shared.sum() == sum(r.energy for r in fleet)
    for r in range(len(fleet)):  # first come, first served
        assert (np.diff((load.arrival + run.ttft)[run.replica == r]) >= 0).all()
    if bin_ps:
        want = np.zeros_like(run.bins)
        for replica in fleet:
            for i, cell in replica.bins.items():
                want[i] += cell
        np.testing.assert_array_equal(run.bins, want)


@pytest.mark.parametrize("routing", ["round_robin", "random"])
@given(case=fleets())
@settings(max_examples=15)
def test_matches_naive_blind_routing(case, routing):
    check(case, routing)


@pytest.mark.parametrize("routing", ["two_choices", "least_outstanding"])
@given(case=fleets())
@settings(max_examples=15)
def test_matches_naive_routing_on_state(case, routing):
    check(case, routing)


@pytest.mark.parametrize("routing", ["two_choices", "least_outstanding"])
@given(case=fleets(prefix="any"))
@settings(max_examples=12)
def test_matches_naive_routing_with_prefix_caches(case, routing):
    check(case, routing)


@given(case=fleets(prefix="any"), margin=st.integers(0, 9))
@settings(max_examples=15)
def test_matches_naive_prefix_aware_routing(case, margin):
    check(case, "prefix_aware", 0, margin)


@pytest.mark.parametrize("routing", ["two_choices", "least_outstanding"])
@pytest.mark.parametrize("second", [4999, 5000, 5001, 9000])
def test_matches_naive_when_bounds_are_exact(routing, second):
    """Every iteration takes 1000 ps: the first request finishes at 5000 ps, and is seen to at once."""
    costs = IterationCosts.affine(4, (1000, 0, 0, 0, 0), (5, 0, 0, 0, 0))
    requests = [Request(t, 3, 5, (), i) for i, t in enumerate([0, second, 2 * second, 3 * second])]
    for seed in range(5):
        fresh = [Request(x.arrival, x.prompt, x.output, (), x.number) for x in requests]
        check((costs, ReplicaLimits(4, 100), fresh, 0, 2, None, seed), routing)


@pytest.fixture
def threads_always(monkeypatch):
    monkeypatch.setattr(simulator_window, "WORTH_THREADS", 0)


@pytest.mark.usefixtures("threads_always")
@pytest.mark.parametrize("routing", ROUTED)
@given(case=fleets(prefix="any"), report_ps=reports, threads=st.sampled_from([1, 1, 2]))
@settings(max_examples=16, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_matches_naive_routing_by_reports(case, routing, report_ps, threads):
    check(case, routing, report_ps, 3, threads)


@pytest.mark.usefixtures("threads_always")
@pytest.mark.parametrize("routing", ROUTED)
def test_property_threads_do_not_matter_between_reports(routing):
    rng = np.random.default_rng(0)
    n, second = 20_000, 10**12
    load = Load(
        np.sort(rng.integers(0, 100 * second, n)),
        rng.integers(1, 900, n).astype(np.int32),
        rng.integers(1, 200, n).astype(np.int32),
        np.zeros(n, np.int64),
        np.ones(n, np.int32),
        np.arange(40, dtype=np.int32),
    )
    load = load._replace(block_low=rng.integers(0, 40, n))
    costs = IterationCosts.affine(
        16, (8 * 10**9, 10**8, 10**4, 10**7, 0), (4 * 10**9, 10**7, 10**4, 10**7, 0)
    )
    limits = ReplicaLimits(16, 500, prefix_in_pages=True)
    how = (costs, limits, 30, routing, 5, None, second, 10 * second)
    one, two = run_routed(load, *how, threads=1), run_routed(load, *how, threads=3)
    for name in ("ttft", "finish", "own", "shared", "replica", "states", "bins", "last_finish"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@given(case=fleets(), threads=st.integers(2, 4))
@settings(max_examples=10)
def test_property_threads_do_not_matter(case, threads):
    costs, limits, requests, bin_ps, n_replica, _ready, _seed = case
    load = load_of(requests)
    one = run_independent(load, costs, limits, n_replica, None, bin_ps, threads=1)
    two = run_independent(load, costs, limits, n_replica, None, bin_ps, threads=threads)
    for name in ("ttft", "finish", "own", "shared", "replica", "states", "bins", "last_finish"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.slow
@pytest.mark.parametrize("routing", ["round_robin", "random", *ROUTED])
@given(data=st.data())
@settings(max_examples=250)
def test_matches_naive_routing_at_length(routing, data):
    prefix = data.draw(st.sampled_from([False, True, "pages"]))
    report_ps = data.draw(st.one_of(st.just(0), reports)) if routing in ROUTED else 0
    check(
        data.draw(fleets(prefix=prefix)),
        routing,
        report_ps,
        data.draw(st.integers(0, 9)),
        data.draw(st.integers(1, 2)),
    )
