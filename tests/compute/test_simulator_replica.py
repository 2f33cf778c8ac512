"""The event-skipping kernel against the oracle that walks through every iteration."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hypothesis import given, settings

from taotie.compute import simulator_replica as sr
from taotie.compute.simulator_fleet import run_independent

sys.path.insert(0, str(Path(__file__).parent))
from naive_oracle import NaiveReplica
from simulator_cases import cases, load_of


def assert_equal(costs, limits, requests, bin_ps, kv_comes=False) -> NaiveReplica:
    """Kernel and oracle agree in every integer; energy is conserved to the last nJ."""
    naive = NaiveReplica(costs, limits, bin_ps)
    naive.queue = list(requests)
    naive.run()
    run = run_independent(load_of(requests, kv_comes), costs, limits, 1, bin_ps=bin_ps)
    if not kv_comes:
        np.testing.assert_array_equal(run.ttft, [x.ttft for x in requests])
    np.testing.assert_array_equal(run.finish, [x.finish for x in requests])
    np.testing.assert_array_equal(run.own, [x.own for x in requests])
    shared = [x.shared for x in requests]
    shared[-1] += naive.remainder
    np.testing.assert_array_equal(run.shared, shared)
    assert run.total(sr.ENERGY) == naive.energy
    assert run.total(sr.ENERGY_PREFILL) == naive.energy_prefill
    assert run.total(sr.ITERATIONS) == naive.iterations
    assert run.total(sr.PREEMPTIONS) == naive.preemptions
    assert run.total(sr.BUSY) == naive.busy
    assert run.total(sr.HIT_TOKENS) == naive.hit_tokens
    assert int(run.own.sum() + run.shared.sum()) == naive.energy
    if bin_ps:
        want = np.zeros_like(run.bins)
        for i, cell in naive.bins.items():
            want[i] = cell
        np.testing.assert_array_equal(run.bins, want)
        assert int(run.bins[:, 0].sum()) == naive.energy
        assert int(run.bins[:, 1].sum()) == naive.busy
    # nothing left behind
    assert run.total(sr.ACTIVE) == run.total(sr.CONTEXT) == run.total(sr.READING_PAGES) == 0
    return naive


@given(cases(tight=False, two_lines=False, chunked=True, speculative=False))
@settings(max_examples=200)
def test_matches_naive_base(case):
    assert_equal(*case)


@given(cases(tight=False, chunked=False, speculative=False))
@settings(max_examples=100)
def test_matches_naive_whole_prompts(case):
    assert_equal(*case)


@given(cases(tight=False, two_lines=True, speculative=False))
@settings(max_examples=200)
def test_matches_naive_roofline(case):
    assert_equal(*case)


@given(cases(tight=True, speculative=False))
@settings(max_examples=250)
def test_matches_naive_paged_memory(case):
    assert_equal(*case)


@given(cases(speculative=True))
@settings(max_examples=200)
def test_matches_naive_speculative(case):
    assert_equal(*case)


@given(cases(prefix=True))
@settings(max_examples=250)
def test_matches_naive_prefix_cache(case):
    assert_equal(*case)


@given(cases(kv_comes=True))
@settings(max_examples=200)
def test_matches_naive_kv_from_elsewhere(case):
    costs, limits, requests, bin_ps = case
    requests = [x for x in requests if x.output > 1]
    if requests:
        assert_equal(costs, limits, requests, bin_ps, kv_comes=True)
