"""Cases in names and numbers: the same results on one process or two, bursts kept when the rate is scaled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taotie.compute.serving.case import (
    ServiceLevel,
    ServingCase,
    energy_range,
    faster,
    mean_energy_per_request,
    run_case,
    serving_of,
    setup_of,
    speculation_of,
    sweep,
)
from taotie.errors import RangeError, UnknownNameError
from taotie.workload.requests import Requests
from taotie.workload.trace import read_trace


def requests_of(n=300, rate=2.0, seed=0):
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.gamma(0.3, 1 / 0.3 / rate, n))
    return Requests(t - t[0], rng.integers(50, 1500, n), rng.integers(1, 400, n))


CASE = ServingCase(accelerators=8, replicas=2)


def test_property_scaling_the_rate_keeps_bursts():
    requests = requests_of()
    quick = faster(requests, 4.0)
    one, four = np.diff(requests.t_s), np.diff(quick.t_s)
    assert four.mean() == pytest.approx(one.mean() / 4)
    assert four.std() / four.mean() == pytest.approx(one.std() / one.mean())
    assert quick.span_s == requests.span_s / 4


def test_worked_auto_keeps_the_level_with_as_few_as_can_be():
    requests = faster(requests_of(), 10.0)
    level = ServiceLevel(1.0, 0.05)
    done = run_case(requests, replace(CASE, replicas=None, level=level))
    n = done.serving.replicas
    assert done.summary()["slo_share_kept"] >= 0.99
    assert n > 1
    fewer = run_case(requests, replace(CASE, replicas=n - 1))
    assert fewer.run.attainment(level) < 0.99


@pytest.mark.slow
@pytest.mark.parametrize("processes", [2, 3])
def test_property_processes_do_not_matter(processes):
    cases = [replace(CASE, rate_scale=r, max_batch=b) for r in (1.0, 3.0) for b in (8, 64)]
    requests = requests_of(80)
    assert sweep(requests, cases, processes) == sweep(requests, cases, 1)


def test_property_a_cluster_does_not_matter():
    distributed = pytest.importorskip(
        "distributed", reason="distributed is not installed; `make extras` runs this"
    )
    cases = [replace(CASE, rate_scale=r) for r in (1.0, 3.0, 5.0)]
    requests = requests_of(80)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    ) as cluster:
        there = sweep(requests, cases, cluster=cluster.scheduler_address)
    assert there == sweep(requests, cases)


def test_worked_modes_of_a_case():
    requests = requests_of(120)
    plain = run_case(requests, CASE)
    split = run_case(requests, replace(CASE, prefill_replicas=1))
    assert len(split.run.pools) == 2
    drafted = run_case(requests, replace(CASE, drafted=4, acceptance_rate=0.8))
    assert np.median(drafted.run.tpot_s) < np.median(plain.run.tpot_s)
    scaled = run_case(requests, replace(CASE, replicas=4, least_replicas=1, startup_s=10.0))
    always = run_case(requests, replace(CASE, replicas=4))
    assert scaled.run.pools[0].on_ps.sum() < always.run.pools[0].on_ps.sum()
    cut = run_case(requests, replace(CASE, pipeline_stages=2))
    assert np.median(cut.run.tpot_s) > np.median(plain.run.tpot_s)
    for done in (plain, split, drafted, scaled, cut):
        assert int(done.run.energy_nj.sum()) == done.run.total_nj


def test_worked_a_draft_costs_what_it_costs_in_a_set_up():
    case = replace(CASE, drafted=4, acceptance_rate=0.8)
    assert speculation_of(CASE) is None
    own = speculation_of(case)
    assert own.draft_share == 1 / setup_of(case).model.layers
    assert own.weights_b == 0
    small = speculation_of(replace(case, draft_model="llama-3.2-1b"))
    assert small.draft_share > own.draft_share
    assert small.weights_b > 2e9
    pages = [serving_of(c, 500, 200).replica.limits.kv_pages for c in (case, replace(case, draft_model="llama-3.2-1b"))]  # fmt: skip
    assert pages[1] < pages[0]
    with pytest.raises(RangeError, match="drafts no token"):
        serving_of(replace(CASE, draft_model="llama-3.2-1b"), 500, 200)


def test_worked_fewest_accelerators_by_default():
    assert serving_of(replace(CASE, accelerators=None), 500, 200).replica.accelerators == 4


def test_worked_energy_as_a_figure():
    done = run_case(requests_of(120), CASE)
    figure = mean_energy_per_request(done)
    mean = done.run.total_nj / 120 / 1e9 / 3600
    assert figure.boundary == "server"
    assert float(figure.p50) == pytest.approx(mean, rel=0.01)
    low, high = energy_range(CASE, done.summary()["mean_batch"])
    assert float(figure.p05) == pytest.approx(mean * low, rel=0.03)
    assert float(figure.p95) == pytest.approx(mean * high, rel=0.03)


def test_error_case():
    with pytest.raises(RangeError, match="neither"):
        run_case(requests_of(), ServingCase())
    with pytest.raises(RangeError, match="rate_scale"):
        run_case(requests_of(), replace(CASE, rate_scale=0.0))
    with pytest.raises(UnknownNameError, match="abacus"):
        run_case(requests_of(), replace(CASE, accelerator="abacus"))
    with pytest.raises(RangeError, match="needs"):
        run_case(requests_of(), replace(CASE, accelerators=1))


def test_worked_both_pools_are_scaled():
    case = replace(CASE, replicas=6, prefill_replicas=3, least_replicas=1, load_report_s=0.5)
    done = run_case(faster(requests_of(600), 6.0), case)
    assert done.serving.scaling is not None
    assert done.serving.writing is not None
    assert done.serving.scaling.maximum == 3
    assert done.serving.writing.scaling.maximum == 6
    assert [pool.n_replica for pool in done.run.pools] == [3, 6]
    assert all(int(pool.on_ps.sum()) < pool.n_replica * done.run.span_ps for pool in done.run.pools)
    assert int(done.run.energy_nj.sum()) == done.run.total_nj


def test_worked_cache_in_the_pages_by_name():
    serving = serving_of(replace(CASE, prefix_in_pages=True), 1000, 200)
    assert serving.replica.limits.prefix_in_pages


def test_worked_prefix_aware_routing_of_mooncake(shared_data):
    """The figures of the concept page: of 37.4 % that can be hit, 7.5 % are hit by chance, 31 % if looked for."""
    log = read_trace(shared_data / "traces" / "mooncake_fast25_conversation.parquet")
    case = ServingCase(accelerators=8, replicas=16, prefix_in_pages=True)
    plain, aware = (
        run_case(log, replace(case, routing=routing)).summary()
        for routing in ("least_outstanding", "prefix_aware")
    )
    tokens = int(log.prompt_tokens.sum())
    assert plain["prefix_hit_tokens"] / tokens == pytest.approx(0.075, abs=0.02)
    assert aware["prefix_hit_tokens"] / tokens == pytest.approx(0.314, abs=0.02)
    energy = [s["energy_per_request_j"]["mean"] for s in (plain, aware)]
    assert energy[1] / energy[0] == pytest.approx(0.77, abs=0.05)
    assert aware["ttft_s"]["p99"] > plain["ttft_s"]["p99"]


def test_worked_a_request_too_long_for_memory_is_rejected_and_shapes_nothing():
    """Three million tokens fit no cache: one rejection, and the costs are those of the others."""
    others = Requests(np.array([0.0, 2.0]), np.array([100, 200]), np.array([50, 40]))
    with_giant = Requests(
        np.array([0.0, 1.0, 2.0]), np.array([100, 3_000_000, 200]), np.array([50, 10, 40])
    )
    case = ServingCase("llama-3.1-8b", accelerators=1, replicas=1)
    alone, beside = run_case(others, case), run_case(with_giant, case)
    assert beside.summary()["rejected"] == 1
    assert beside.run.energy_nj.tolist() == alone.run.energy_nj.tolist()


def test_worked_how_a_replica_is_divided_reaches_its_setup_and_its_costs():
    case = ServingCase(
        model="qwen3-235b-a22b",
        accelerator="h100-sxm",
        accelerators=8,
        precision="fp8",
        max_batch=8,
    )
    apart = replace(case, data_parallel=8, expert_parallel=4, software_date="2026-05-20")
    setup = setup_of(apart)
    assert (setup.data_parallel, setup.expert_parallel, setup.software_date) == (8, 4, "2026-05-20")
    plain, other = (serving_of(c, 500, 200).replica.costs.decode for c in (case, apart))
    assert not np.array_equal(plain, other)


@pytest.mark.parametrize(
    "more", [{"data_parallel": 3}, {"expert_parallel": 16}, {"software_date": "May"}]
)
def test_error_a_replica_that_cannot_be_divided_so(more):
    case = ServingCase(
        model="qwen3-235b-a22b", accelerator="h100-sxm", accelerators=8, precision="fp8", **more
    )
    with pytest.raises(RangeError) as caught:
        setup_of(case)
    assert caught.value.hint
