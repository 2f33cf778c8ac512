"""The event-skipping kernel against the oracle that walks through every iteration."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.compute.serving import state as sr
from taotie.compute.serving.fleet import run_independent

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
        came = np.array([x.arrival for x in requests])
        assert (np.diff(came + run.ttft) >= 0).all()  # first come, first served
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


KINDS = {
    "base": {"tight": False, "two_lines": False, "chunked": True, "speculative": False},
    "whole_prompts": {"tight": False, "chunked": False, "speculative": False},
    "roofline": {"tight": False, "two_lines": True, "speculative": False},
    "paged_memory": {"tight": True, "speculative": False},
    "speculative": {"speculative": True},
    "prefix_cache": {"prefix": True},
    "prefix_in_pages": {"prefix": "pages"},
    "prefix_in_few_pages": {"prefix": "pages", "tight": True},
    "kv_from_elsewhere": {"kv_comes": True},
    "everything": {"tight": True, "two_lines": True, "speculative": True, "prefix": "any"},
}


def check(kind, data):
    costs, limits, requests, bin_ps = data.draw(cases(**KINDS[kind]))
    kv_comes = kind == "kv_from_elsewhere"
    if kv_comes:  # a request of one token never comes here
        requests = [x for x in requests if x.output > 1]
    if requests:
        assert_equal(costs, limits, requests, bin_ps, kv_comes)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=16)
def test_matches_naive(kind, data):
    check(kind, data)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=400)
def test_matches_naive_at_length(kind, data):
    check(kind, data)


def test_worked_random_cases_meet_every_event():
    """The random cases do preempt, hit the cache and cross the lines; else the comparison would be empty."""
    met = dict.fromkeys(("preempted", "hit", "second line", "evicted", "shared", "hit in pages"), 0)

    @given(cases(tight=True, two_lines=True, prefix=True))
    @settings(max_examples=60, database=None)
    def count(case):
        naive = assert_equal(*case)
        met["preempted"] += naive.preemptions > 0
        met["hit"] += naive.hit_tokens > 0
        met["second line"] += naive.crossings > 0

    @given(cases(tight=True, prefix="pages"))
    @settings(max_examples=60, database=None)
    def count_in_pages(case):
        naive = assert_equal(*case)
        met["evicted"] += naive.evictions > 0
        met["shared"] += naive.shared_blocks > 0
        met["hit in pages"] += naive.hit_tokens > 0

    count()
    count_in_pages()
    assert min(met.values()) >= 5, met
