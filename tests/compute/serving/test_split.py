"""Reading and writing on two pools, against the oracle."""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.schedule import ScalingRule, sessions
from taotie.compute.serving.split import ROUTINGS, Pool, run_pool, run_split
from taotie.errors import UnknownNameError

sys.path.insert(0, str(Path(__file__).parent))
from naive_oracle import Request, run_fleet
from simulator_cases import cases, load_of

routings = st.sampled_from(ROUTINGS)


@st.composite
def rules(draw, n):
    if draw(st.booleans()):
        return None
    low = draw(st.integers(1, n))
    window = draw(st.sampled_from([1000, 100_000, 10**6]))
    return ScalingRule(window, draw(st.integers(1, 5)), low, n, draw(st.integers(0, 10**5)))


@st.composite
def splits(draw):
    costs, limits, requests, bin_ps = draw(cases(prefix=draw(st.sampled_from([False, "any"]))))
    other_costs, other_limits, more, _bin = draw(cases())
    if draw(st.booleans()):
        requests = requests + [
            Request(requests[-1].arrival + x.arrival, x.prompt, x.output) for x in more
        ]
    need = max(x.prompt + x.output for x in requests)
    room = [
        max(lim.kv_pages, -(-need // lim.page_tokens)) for lim in (limits, other_limits)
    ]  # each pool can hold the longest
    limits, other_limits = (copy.copy(lim) for lim in (limits, other_limits))
    object.__setattr__(limits, "kv_pages", room[0])
    object.__setattr__(other_limits, "kv_pages", room[1])
    seen = (draw(st.sampled_from([0, 0, 900, 50_000])), draw(st.integers(0, 5)))
    pools = (
        Pool(costs, limits, draw(st.integers(1, 4)), draw(routings), *seen),
        Pool(other_costs, other_limits, draw(st.integers(1, 4)), draw(routings), *seen),
    )
    scaling = tuple(draw(rules(pool.n_replica)) for pool in pools)
    move = (draw(st.integers(0, 5000)), draw(st.integers(0, 99)), draw(st.integers(0, 9)))
    return requests, pools, move, bin_ps, draw(st.integers(0, 99)), scaling


@given(splits())
@settings(max_examples=30)
def test_matches_naive_split(case):
    check(case)


@pytest.mark.slow
@given(splits())
@settings(max_examples=250)
def test_matches_naive_split_at_length(case):
    check(case)


def walk(requests, pool, rule, seed, bin_ps=0):
    """The oracle's pool, with as many replicas ready as the rule says."""
    arrival = np.array([x.arrival for x in requests], np.int64)
    ready = None if rule is None else sessions(arrival, rule).ready_at(arrival).tolist()
    return run_fleet(
        requests, pool.costs, pool.limits, pool.n_replica, pool.routing, seed, ready, bin_ps,
        pool.report_ps, pool.margin,
    )  # fmt: skip


def check(case):
    requests, (one, two), (hop, token_ps, token_nj), bin_ps, seed, scaling = case
    load = load_of(requests)
    run = run_split(load, one, two, hop, token_ps, token_nj, seed, bin_ps, scaling=scaling)
    firsts = [Request(x.arrival, x.prompt, 1, x.blocks, i) for i, x in enumerate(requests)]
    fleet, _sent = walk(firsts, one, scaling[0], seed)
    energy = sum(r.energy for r in fleet)
    own = [x.own for x in firsts]
    shared = [x.shared for x in firsts]
    finish = [x.finish for x in firsts]
    seconds = []
    for i, (x, read) in enumerate(zip(requests, firsts, strict=True)):
        if x.output > 1:
            comes = read.finish + hop + token_ps * x.prompt
            seconds.append(Request(comes, x.prompt, x.output, number=i, kv_comes=True))
            own[i] += token_nj * x.prompt
            energy += token_nj * x.prompt
    seconds.sort(key=lambda x: (x.arrival, x.number))
    fleet, _sent = walk(seconds, two, scaling[1], seed + 1, bin_ps)
    energy += sum(r.energy for r in fleet)
    for x in seconds:
        finish[x.number] = x.finish
        own[x.number] += x.own
        shared[x.number] += x.shared
    np.testing.assert_array_equal(run.ttft, [x.ttft for x in firsts])
    np.testing.assert_array_equal(run.finish, finish)
    np.testing.assert_array_equal(run.own, own)
    np.testing.assert_array_equal(run.shared, shared)
    assert run.own.sum() + run.shared.sum() == energy
    if bin_ps:
        assert run.writing.bins[:, 0].sum() == sum(r.energy for r in fleet)


def test_error_unknown_routing():
    costs = IterationCosts.affine(2, (100, 10, 1, 5, 0), (7, 0, 0, 0, 0))
    pool = Pool(costs, ReplicaLimits(2, 10), 1, "round-robin")
    with pytest.raises(UnknownNameError, match="round-robin"):
        run_pool(load_of([Request(0, 1, 1)]), pool)
