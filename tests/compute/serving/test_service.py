"""The border of the serving simulator: energy sums exactly, fleets are as small as can be, bad input is named."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.service import (
    ROUTINGS,
    ReplicaModel,
    ScalingRule,
    ServiceLevel,
    Serving,
    WritingPool,
    replica_model,
    simulate,
    smallest_fleet,
)
from taotie.compute.serving.setup import Speculation
from taotie.errors import RangeError, UnknownNameError
from taotie.hardware.accelerator import accelerator
from taotie.workload.requests import PrefixBlocks, Requests
from taotie.workload.trace import read_trace

sys.path.insert(0, str(Path(__file__).parent))
from naive_oracle import Request, run_fleet

PS = 10**12
COSTS = IterationCosts.affine(
    16, (8 * 10**9, 10**8, 10**4, 10**7, 0), (4 * 10**9, 10**7, 10**4, 10**7, 0)
)
REPLICA = ReplicaModel(
    "made up", COSTS, ReplicaLimits(16, 500), 1, idle_mw=70_000, host_idle_mw=50_000, host_ppm=9_001
)


def requests_of(n, rate, seed, span=None):
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.exponential(1 / rate, n))
    return Requests(
        t - t[0], rng.integers(1, 900, n), rng.integers(1, 300, n), span_s=span if span else -1.0
    )


@st.composite
def servings(draw):
    routing = st.sampled_from(ROUTINGS)
    n = draw(st.integers(1, 6))
    scaling = writing = None
    kind = draw(st.sampled_from(["plain", "scaling", "split", "scaled split"]))

    def rule(most):
        return ScalingRule(
            draw(st.integers(1, 30)) * PS,
            draw(st.integers(1, 40)),
            1,
            most,
            draw(st.integers(0, 20)) * PS,
        )

    if kind in ("scaling", "scaled split"):
        scaling = rule(n)
    if kind in ("split", "scaled split"):
        other = replace(REPLICA, idle_mw=31_000, host_ppm=17)
        m = draw(st.integers(1, 4))
        writing = WritingPool(other, m, draw(routing), 1e-3, 1e-6, 1e-4)
        if kind == "scaled split":
            writing = replace(writing, scaling=rule(m))
    return Serving(
        REPLICA,
        n,
        draw(routing),
        scaling,
        writing,
        bin_s=draw(st.sampled_from([0.5, 7.0, 60.0])),
        threads=draw(st.integers(1, 2)),
        load_report_s=draw(st.sampled_from([0.0, 0.0, 0.4, 5.0])),
    )


@given(servings(), st.integers(1, 120), st.sampled_from([0.1, 2.0, 50.0]), st.integers(0, 999))
@settings(max_examples=60)
def test_property_energy_sums_exactly(serving, n, rate, seed):
    run = simulate(requests_of(n, rate, seed), serving)
    assert int(run.energy_nj.sum()) == run.total_nj
    assert (run.overhead_nj >= 0).all()
    assert len(run.number) == n
    for pool in run.pools:
        assert (pool.on_ps >= pool.busy_ps).all()
        assert int(pool.bins[:, 1].sum()) == int(pool.busy_ps.sum())
        assert int(pool.on_bins.sum()) == int(pool.on_ps.sum())
        assert (pool.on_bins[: len(pool.bins)] >= pool.bins[: len(pool.on_bins), 1]).all()
    # power times time is energy
    power = run.power()
    joules = float(power.total_w.sum()) * serving.bin_s
    assert joules == pytest.approx((run.total_nj - run.transfer_nj) / 1e9, rel=1e-9)
    summary = run.summary()
    json.dumps(summary, allow_nan=False)
    parts = summary["energy_j"]
    split = sum(parts[k] for k in ("prefill", "decode", "transfer", "idle", "host"))
    assert split == pytest.approx(parts["total"], rel=1e-12)
    assert parts["requests_sum"] == parts["total"]


@given(servings(), st.integers(1, 80), st.integers(0, 999))
@settings(max_examples=25)
def test_matches_naive_at_the_border(serving, n, seed):
    requests = requests_of(n, 3.0, seed)
    serving = replace(serving, scaling=None, writing=None)
    run = simulate(requests, serving)
    plain = [
        Request(round(t * 1e12), int(p), int(o))
        for t, p, o in zip(
            requests.t_s, requests.prompt_tokens, requests.output_tokens, strict=True
        )
    ]
    fleet, sent = run_fleet(
        plain, REPLICA.costs, REPLICA.limits, serving.replicas, serving.routing, serving.seed,
        report_ps=round(serving.load_report_s * PS),
    )  # fmt: skip
    np.testing.assert_array_equal(run.replica, sent)
    np.testing.assert_array_equal(run.finish_ps, [x.finish for x in plain])
    np.testing.assert_array_equal(run.own_nj + run.shared_nj, [x.own + x.shared for x in plain])
    end = max(x.finish for x in plain)
    idle = [70_000 * (end - r.busy) // 10**6 for r in fleet]
    host = [
        50_000 * end // 10**6 + 9_001 * (r.energy + wait) // 10**6
        for r, wait in zip(fleet, idle, strict=True)
    ]
    assert run.total_nj == sum(r.energy for r in fleet) + sum(idle) + sum(host)


def test_property_doubling_fleet_and_load_keeps_energy_per_request():
    one = simulate(requests_of(4000, 4.0, 1), Serving(REPLICA, 2, "random"))
    two = simulate(requests_of(8000, 8.0, 2), Serving(REPLICA, 4, "random"))
    assert two.energy_wh.mean() == pytest.approx(one.energy_wh.mean(), rel=0.05)


def test_property_first_come_first_served():
    run = simulate(requests_of(500, 60.0, 3), Serving(REPLICA, 1))
    assert (np.diff(run.arrival_ps + run.ttft_ps) >= 0).all()


def test_property_scaling_saves_idle_energy():
    requests = requests_of(600, 0.5, 4)
    rule = ScalingRule(30 * PS, 20, 1, 8, 10 * PS, 2, initial=8)
    always = simulate(requests, Serving(REPLICA, 8))
    scaled = simulate(requests, Serving(REPLICA, 8, scaling=rule))
    assert scaled.pools[0].on_ps.sum() < 0.5 * always.pools[0].on_ps.sum()
    assert scaled.total_nj < always.total_nj


def test_worked_smallest_fleet():
    requests = requests_of(800, 30.0, 5)
    level = ServiceLevel(ttft_s=0.1, tpot_s=0.02)
    n, run = smallest_fleet(requests, Serving(REPLICA), level)
    assert run.pools[0].n_replica == n > 1
    assert run.attainment(level) >= 0.99
    assert simulate(requests, Serving(REPLICA, n - 1)).attainment(level) < 0.99


def test_worked_overload_is_told():
    run = simulate(requests_of(3000, 500.0, 6), Serving(REPLICA))
    assert run.queue_growth_per_s > 100
    assert any("queue grows" in note.text() for note in run.notes)
    calm = simulate(requests_of(3000, 0.5, 6), Serving(REPLICA))
    assert calm.queue_growth_per_s == 0
    assert calm.notes == ()


@pytest.mark.parametrize(("more", "rejected"), [(-1, 0), (0, 0), (1, 1)])
def test_worked_a_request_as_long_as_the_cache_is_served(more, rejected):
    room = REPLICA.limits.kv_tokens
    requests = Requests(np.array([0.0, 1.0]), np.array([room - 100 + more, 10]), np.array([100, 5]))
    run = simulate(requests, Serving(REPLICA))
    assert run.rejected == rejected
    assert run.number.tolist() == [0, 1][rejected:]


def test_worked_rejection():
    requests = Requests(np.array([0.0, 1.0]), np.array([8000, 10]), np.array([1, 5]))
    run = simulate(requests, Serving(REPLICA))
    assert run.rejected == 1
    assert run.number.tolist() == [1]
    assert "rejected" in run.notes[0].text()
    assert run.attainment(ServiceLevel(100.0, 100.0)) == 0.5


def test_worked_nobody_fits():
    requests = Requests(np.array([0.0]), np.array([9000]), np.array([1]))
    run = simulate(requests, Serving(REPLICA))
    assert run.summary()["completed"] == 0
    json.dumps(run.summary(), allow_nan=False)


def test_worked_prefix_cache_saves_reading():
    n = 40
    ids = np.tile(np.arange(4), n)
    blocks = PrefixBlocks(ids, np.arange(0, 4 * n + 1, 4))
    t = np.arange(n) * 30.0
    requests = Requests(t, np.full(n, 2048), np.full(n, 4), blocks)
    cached = replace(
        REPLICA, limits=replace(REPLICA.limits, prefix_blocks=100, prefix_block_tokens=512)
    )
    with_cache, without = simulate(requests, Serving(cached)), simulate(requests, Serving(REPLICA))
    # the first reads all, each later one its last token
    assert with_cache.pools[0].hit_tokens == (n - 1) * 2047
    assert with_cache.own_nj[0] == without.own_nj[0]
    assert with_cache.own_nj[1] == 10**7
    assert with_cache.ttft_s[1] < without.ttft_s[1]


def test_worked_sums_beyond_64_bits():
    """A day of 3,000 replicas of 10 kW is 2.6e21 nJ: more than int64 holds, and still exact."""
    hungry = replace(REPLICA, idle_mw=10_000_000, host_idle_mw=0, host_ppm=0)
    requests = requests_of(5000, 1.0, 1, span=86_400.0)
    for routing in ("round_robin", "least_outstanding"):  # the latter never uses most replicas
        run = simulate(requests, Serving(hungry, 3000, routing, bin_s=3600.0))
        total = sum(int(e) for e in run.energy_nj)
        assert total == run.total_nj
        assert total == pytest.approx(3000 * 1e4 * 86_400 * 1e9, rel=1e-3)
        power = run.power()
        assert len(power.t_s) == 24
        assert float(power.total_w.sum()) * 3600 == pytest.approx(total / 1e9, rel=1e-9)
        assert run.summary()["energy_j"]["total"] == total / 1e9


def test_error_endless_queue():
    slow = IterationCosts.affine(1, (10**17, 0, 0, 0, 0), (1, 0, 0, 0, 0))
    model = ReplicaModel("snail", slow, ReplicaLimits(1, 500))
    with pytest.raises(RangeError, match="still not empty"):
        simulate(requests_of(40, 1.0, 0), Serving(model, bin_s=86_400.0))
    with pytest.raises(RangeError, match=r"9\.2 GJ"):
        simulate(
            requests_of(40, 1.0, 0, span=20 * 86_400.0),
            Serving(
                replace(
                    REPLICA,
                    costs=IterationCosts.affine(1, (10**9, 0, 0, 0, 0), (10**10, 0, 0, 0, 0)),
                )
            ),
        )


def test_published_prefix_hits_of_mooncake(shared_data):
    """A cache without limit hits 37.36 % of the prompt tokens of Mooncake's conversation hour, as its hashes say.

    Each prompt still reads at least its last token, and requests that come together do not find each other's
    blocks: that is the difference of 0.004 points.
    """
    log = read_trace(shared_data / "traces" / "mooncake_fast25_conversation.parquet")
    costs = IterationCosts.affine(512, (10**7, 0, 0, 1, 0), (10**6, 0, 0, 1, 0))
    limits = ReplicaLimits(512, 10**8, prefix_blocks=10**7, token_budget=10**6)
    run = simulate(log, Serving(ReplicaModel("at once", costs, limits)))
    share = run.pools[0].hit_tokens / int(log.prompt_tokens.sum())
    assert share == pytest.approx(0.37362, abs=1e-4)


def test_worked_service_level_text():
    assert ServiceLevel.parsed("tpot=40ms, share=95%") == ServiceLevel(math.inf, 0.04, 0.95)


@pytest.mark.parametrize("text", ["ttft=fast", "latency=1s", "ttft", "share=2", "tpot=-1s"])
def test_error_service_level(text):
    with pytest.raises(RangeError):
        ServiceLevel.parsed(text)


def test_error_no_fleet_keeps_the_level():
    with pytest.raises(RangeError, match="no fleet keeps"):
        smallest_fleet(requests_of(20, 1.0, 0), Serving(REPLICA), ServiceLevel(ttft_s=1e-6))


def test_error_serving():
    with pytest.raises(UnknownNameError, match="fastest"):
        Serving(REPLICA, routing="fastest")
    with pytest.raises(RangeError, match="not 0"):
        Serving(REPLICA, 0)
    with pytest.raises(RangeError, match="bins"):
        Serving(REPLICA, bin_s=0)
    long = Requests(np.array([0.0, 1e7]), np.array([1, 1]), np.array([1, 1]))
    with pytest.raises(RangeError, match="days"):
        simulate(long, Serving(REPLICA))


# replicas from the calibrated energy model


def setup(n=8, model="llama-3.1-70b"):
    return ServingSetup(model_architecture(model), accelerator("h100"), n)


def test_matches_energy_model_at_a_held_batch():
    """One iteration costs what the energy model says at the same batch and context."""
    from taotie.compute.energy.energy_per_request import step_cost

    model = replica_model(setup(), prompt_tokens=1000, output_tokens=200)
    for batch in (1, 17, 256):
        row = model.costs.decode[batch]
        want = step_cost(setup(), batch, 1400)
        assert row[0] + row[1] * batch * 1400 == pytest.approx(want.time_s[0] * 1e12, rel=1e-3)
        assert row[4] + row[5] * batch * 1400 == pytest.approx(want.energy_j[0] * 1e9, rel=5e-3)


def test_matches_energy_model_for_a_lone_prompt():
    from taotie.compute.energy.energy_per_request import prefill_of

    model = replica_model(setup(), prompt_tokens=1500, output_tokens=200)
    run = simulate(Requests(np.zeros(1), np.array([1500]), np.array([1])), Serving(model))
    fill = float(prefill_of(setup(), 1500).time_s[0])
    assert fill < run.ttft_s[0] < fill + 0.03


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_matches_mean_field_batch(share):
    """Little's law without queues or bursts: the simulated batch and energy settle where it says."""
    from taotie.compute.energy.energy_per_request import request_energy
    from taotie.compute.energy.steady_batch import largest_rate_per_s, steady_batch

    rate = share * largest_rate_per_s(setup(), 1000, 300)
    rng = np.random.default_rng(1)
    t = np.cumsum(rng.exponential(1 / rate, 4000))
    output = np.maximum(1, rng.gamma(4, 75, 4000).astype(np.int64))
    model = replica_model(setup(), prompt_tokens=1000, output_tokens=300)
    run = simulate(Requests(t - t[0], np.full(4000, 1000), output), Serving(model))
    pool = run.pools[0]
    batch = float(steady_batch(setup(), rate, 1000, 300).batch[0])
    # at four fifths of the largest rate bursts already lift the batch: 8.2 % were seen
    assert pool.bins[:, 2].sum() / pool.busy_ps.sum() == pytest.approx(batch, rel=0.1)
    joules = float(request_energy(setup(), 1000, 300, batch).accelerator_wh[0]) * 3600
    assert pool.busy_nj.sum() / 4000 / 1e9 == pytest.approx(joules, rel=0.05)


def test_property_pipeline_and_speculation_change_costs_as_they_should():
    plain = replica_model(setup(), prompt_tokens=1000, output_tokens=200)
    cut = replica_model(setup(), prompt_tokens=1000, output_tokens=200, pipeline_stages=2)
    # a lone sequence passes both stages one after the other: no faster than half the accelerators
    half = replica_model(setup(4), prompt_tokens=1000, output_tokens=200)
    assert cut.costs.decode[1, 0] > half.costs.decode[1, 0] > plain.costs.decode[1, 0]
    draft = Speculation(0.8, 4, 0.05)
    fast = replica_model(setup(), prompt_tokens=1000, output_tokens=200, speculation=draft)
    request = Requests(np.zeros(1), np.array([1000]), np.array([200]))
    slow_run, fast_run = simulate(request, Serving(plain)), simulate(request, Serving(fast))
    assert 2 < slow_run.tpot_s[0] / fast_run.tpot_s[0] < 3.4


def test_error_replica_model():
    with pytest.raises(RangeError, match="pipeline stages"):
        replica_model(setup(8), prompt_tokens=10, output_tokens=10, pipeline_stages=3)
    with pytest.raises(RangeError, match="needs"):
        replica_model(setup(1), prompt_tokens=10, output_tokens=10)


@pytest.mark.parametrize("change", [{"load_report_s": -1.0}, {"prefix_margin": -1}])
def test_error_router(change):
    with pytest.raises(RangeError):
        Serving(REPLICA, **change)


def test_error_blocks_that_are_not_whole_pages():
    with pytest.raises(RangeError, match="24 tokens"):
        ReplicaLimits(4, 100, prefix_block_tokens=24, prefix_in_pages=True)
    with pytest.raises(RangeError, match="9 blocks"):
        ReplicaLimits(4, 100, prefix_blocks=9, prefix_in_pages=True)


def conversations(n, n_family, seed):
    """Requests of families with a common prefix of three blocks of 512 tokens."""
    rng = np.random.default_rng(seed)
    family = rng.integers(0, n_family, n)
    ids = (3 * family[:, None] + np.arange(3)).ravel()
    blocks = PrefixBlocks(ids, np.arange(0, 3 * n + 1, 3))
    t = np.cumsum(rng.exponential(0.2, n))
    return Requests(t - t[0], np.full(n, 1600), rng.integers(1, 200, n), blocks)


def test_property_prefix_aware_routing_hits_more_and_saves_energy():
    requests = conversations(3000, 60, 7)
    limits = replace(REPLICA.limits, prefix_in_pages=True)
    cached = replace(REPLICA, limits=limits)
    runs = {
        routing: simulate(requests, Serving(cached, 8, routing))
        for routing in ("least_outstanding", "prefix_aware")
    }
    hits = {k: run.pools[0].hit_tokens for k, run in runs.items()}
    assert hits["prefix_aware"] > 1.5 * hits["least_outstanding"] > 0
    assert runs["prefix_aware"].total_nj < runs["least_outstanding"].total_nj
    plain = simulate(requests, Serving(REPLICA, 8, "prefix_aware"))
    assert "needs a prefix cache" in plain.notes[0].text()
    least = simulate(requests, Serving(REPLICA, 8, "least_outstanding"))
    np.testing.assert_array_equal(plain.finish_ps, least.finish_ps)


def test_property_late_reports_load_the_fleet_unevenly():
    requests = requests_of(3000, 60.0, 8)
    fresh = simulate(requests, Serving(REPLICA, 8, "least_outstanding"))
    late = simulate(requests, Serving(REPLICA, 8, "least_outstanding", load_report_s=5.0))
    assert np.quantile(late.ttft_s, 0.99) > np.quantile(fresh.ttft_s, 0.99)


def test_property_blocks_in_pages_give_way_to_requests():
    """A cache in the KV pages never costs a place: no more preemptions than without, and fewer tokens read."""
    requests = conversations(2000, 60, 9)
    tight = replace(REPLICA.limits, kv_pages=700)
    with_cache, without = (
        simulate(requests, Serving(replace(REPLICA, limits=limits), 4))
        for limits in (replace(tight, prefix_in_pages=True), tight)
    )
    assert with_cache.pools[0].hit_tokens > 0
    assert with_cache.pools[0].preemptions <= without.pools[0].preemptions
    assert int(with_cache.own_nj.sum()) < int(without.own_nj.sum())
