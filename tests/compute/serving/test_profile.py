"""What is drawn of a run sums to the run: energy, time, requests."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.profile import (
    cumulative,
    energy_by_length,
    energy_distribution,
    time_at_batch,
    time_course,
)
from taotie.compute.serving.service import ReplicaModel, ScalingRule, Serving, WritingPool, simulate
from taotie.errors import RangeError
from taotie.workload.requests import Requests

COSTS = IterationCosts.affine(8, (2 * 10**10, 10**9, 0, 10**8, 0), (10 * 10**9, 10**8, 0, 10**7, 0))
REPLICA = ReplicaModel(
    "made up",
    COSTS,
    ReplicaLimits(8, 10_000),
    idle_mw=100_000,
    host_idle_mw=50_000,
    host_ppm=200_000,
)


def requests(n: int = 500, span_s: float = 300.0) -> Requests:
    rng = np.random.default_rng(3)
    t = np.sort(rng.uniform(0, span_s, n))
    return Requests(t, rng.integers(1, 300, n), rng.integers(1, 60, n), span_s=span_s)


SERVINGS = {
    "one pool": Serving(REPLICA, 3, bin_s=0.5),
    "scaled": Serving(REPLICA, 3, scaling=ScalingRule(20 * 10**12, 30.0, 1, 3, 10**12), bin_s=0.5),
    "two pools": Serving(REPLICA, 2, writing=WritingPool(REPLICA, 2), bin_s=0.5),
}


@pytest.fixture(scope="module")
def runs():
    return {name: simulate(requests(), serving) for name, serving in SERVINGS.items()}


@pytest.mark.parametrize("name", list(SERVINGS))
@pytest.mark.parametrize("most", [1, 7, 60, 10_000])
def test_property_energy_of_the_steps_is_the_runs(runs, name: str, most: int) -> None:
    run = runs[name]
    course = time_course(run, most=most)
    summary = run.summary()["energy_j"]
    assert len(course.begin_s) <= most
    assert course.total_j.sum() == pytest.approx(summary["total"], rel=1e-9)
    assert course.idle_j.sum() == pytest.approx(summary["idle"], rel=1e-6)
    assert course.host_j.sum() == pytest.approx(summary["host"], rel=1e-6)
    assert course.reading_j is not None
    assert course.writing_j is not None
    assert (course.reading_j >= 0).all()
    assert (course.writing_j >= -1e-9).all()
    assert course.busy_j.sum() == pytest.approx(summary["prefill"] + summary["decode"], rel=1e-9)
    assert course.end_s[-1] == pytest.approx(run.span_ps / 1e12)
    np.testing.assert_allclose(course.begin_s[1:], course.end_s[:-1])


@pytest.mark.parametrize("name", list(SERVINGS))
def test_property_power_integrated_is_energy(runs, name: str) -> None:
    run = runs[name]
    course = time_course(run, most=50)
    power_w = course.total_j / course.width_s
    assert (power_w * course.width_s).sum() == pytest.approx(run.total_nj / 1e9, rel=1e-9)
    assert power_w.max() <= run.summary()["peak_power_w"] * (1 + 1e-9)


def test_worked_reading_is_exact_in_sum(runs) -> None:
    one, two = time_course(runs["one pool"]), time_course(runs["two pools"])
    assert one.reading_j.sum() == pytest.approx(
        runs["one pool"].summary()["energy_j"]["prefill"], rel=1e-9
    )
    assert not one.reading_exact
    assert two.reading_exact
    pool = runs["two pools"].pools[0]
    assert two.reading_j.sum() == pytest.approx(float(pool.busy_nj.sum()) / 1e9, rel=1e-9)


@pytest.mark.parametrize("name", list(SERVINGS))
def test_property_requests_and_batch_are_kept(runs, name: str) -> None:
    run = runs[name]
    course = time_course(run, requests().t_s, most=40)
    assert course.arrivals.sum() == 500
    summary = run.summary()
    assert course.batch_s.sum() / course.busy_s.sum() == pytest.approx(summary["mean_batch"])
    # Little's law: time in the system is time in iterations and waiting
    present = float((run.finish_ps - run.arrival_ps).sum()) / 1e12
    batches = sum(float(p.bins[:, 2].sum()) for p in run.pools) / 1e12
    assert course.waiting_s.sum() >= present - batches - 1e-6
    assert course.waiting_s.sum() <= present


def test_matches_a_plain_loop_over_time(runs) -> None:
    run = runs["one pool"]
    found = time_at_batch(run)
    assert found.share.sum() == pytest.approx(1.0)
    first, last = run.arrival_ps + run.ttft_ps, run.finish_ps
    rng = np.random.default_rng(0)
    at = rng.integers(0, run.span_ps, 4000)
    seen = np.zeros(len(found.share) + 5)
    for t in at:
        on = (first <= t) & (t < last)
        for r in range(3):
            seen[int((on & (run.replica == r)).sum())] += 1
    np.testing.assert_allclose(seen[: len(found.share)] / seen.sum(), found.share, atol=0.02)


def test_worked_one_request_at_a_time() -> None:
    # 2 answers of 3 tokens on one replica, far apart: 2 later tokens each of 22 ms, batch 1
    costs = IterationCosts.affine(4, (10**12, 0, 0, 0, 0), (10**9, 0, 0, 0, 0))
    two = Requests(np.array([0.0, 50.0]), np.array([1, 1]), np.array([3, 3]), span_s=100.0)
    run = simulate(two, Serving(ReplicaModel("made up", costs, ReplicaLimits(4, 100)), bin_s=1.0))
    found = time_at_batch(run)
    # each answers for 2 s after its first token, of 100 s
    np.testing.assert_allclose(found.share, [0.96, 0.04])


def test_worked_few_replicas_stand_for_many(runs) -> None:
    few = time_at_batch(runs["one pool"], most=200)
    assert few.n_replica < 3
    assert few.share.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("name", list(SERVINGS))
def test_property_distribution_holds_all_requests_and_energy(runs, name: str) -> None:
    run = runs[name]
    found = energy_distribution(run)
    assert found.share.sum() == pytest.approx(1.0)
    parts = [float(np.sum(p)) for p in (found.own_j, found.shared_j, found.overhead_j)]
    assert sum(parts) == pytest.approx(run.energy_nj.sum() / 1e9, rel=1e-12)
    assert parts[0] == pytest.approx(run.own_nj.sum() / 1e9, rel=1e-12)
    assert (np.diff(found.edges_j) > 0).all()


def test_worked_classes_of_length(runs) -> None:
    run = runs["one pool"]
    found = energy_by_length(run, n_bin=6, least=1)
    assert found.requests.sum() == 500
    assert found.low_tokens[0] == run.output.min()
    assert found.high_tokens[-1] == run.output.max()
    assert (found.low_tokens[1:] > found.high_tokens[:-1]).all()
    mine = (run.output >= found.low_tokens[2]) & (run.output <= found.high_tokens[2])
    assert found.p50_j[2] == np.quantile(run.energy_nj[mine] / 1e9, 0.5)
    assert found.requests[2] == mine.sum()


def test_error_nobody_was_served() -> None:
    long = Requests(np.array([0.0]), np.array([200_000]), np.array([5]))
    run = simulate(long, Serving(REPLICA, 1))
    for ask in (energy_distribution, energy_by_length):
        with pytest.raises(RangeError, match="no request was served"):
            ask(run)
    assert time_at_batch(run).share.tolist() == [1.0]
    assert len(cumulative(run.ttft_s)[0]) == 0
