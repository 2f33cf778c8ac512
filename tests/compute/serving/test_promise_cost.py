"""Cost of a promise: the curve repeats the simulator's own numbers, and stays within its bounded work."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rows import each_row
from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.promise_cost import cost_of_promise, fleet_sizes, shortened
from taotie.compute.serving.service import (
    ReplicaModel,
    ScalingRule,
    ServiceLevel,
    Serving,
    WritingPool,
    simulate,
)
from taotie.errors import RangeError
from taotie.workload.requests import PrefixBlocks, Requests

COSTS = IterationCosts.affine(8, (2 * 10**10, 10**9, 0, 10**8, 0), (10 * 10**9, 10**8, 0, 10**7, 0))
REPLICA = ReplicaModel("made up", COSTS, ReplicaLimits(8, 10_000), idle_mw=100_000)
LEVEL = ServiceLevel(0.5, 0.05, 0.9)


def requests(n: int = 400, span_s: float = 100.0) -> Requests:
    rng = np.random.default_rng(1)
    t = np.sort(rng.uniform(0, span_s, n))
    return Requests(t, rng.integers(1, 200, n), rng.integers(1, 30, n), span_s=span_s)


def test_matches_the_simulator_at_each_size() -> None:
    many, serving = requests(), Serving(REPLICA, 2)
    curve = cost_of_promise(many, serving, LEVEL)
    assert [p.replicas for p in curve.points] == list(fleet_sizes(2))
    assert (curve.chosen, curve.n_request, curve.n_all) == (2, 400, 400)
    for point in curve.points:
        run = simulate(many, replace(serving, replicas=point.replicas))
        assert point.energy_per_request_j * 400 == pytest.approx(run.total_nj / 1e9, rel=1e-12)
        assert point.kept == run.attainment(LEVEL)
        assert point.ttft_s == np.quantile(run.ttft_s, 0.9)


def test_worked_a_run_at_hand_is_not_simulated_again() -> None:
    many, serving = requests(), Serving(REPLICA, 2)
    run = simulate(many, serving)
    steps: list[tuple[int, int, int]] = []
    curve = cost_of_promise(
        many, serving, LEVEL, run=run, progress=lambda *step: steps.append(step)
    )
    assert curve == cost_of_promise(many, serving, LEVEL)
    n = len(fleet_sizes(2))
    assert steps == [*((i, n, m) for i, m in enumerate(fleet_sizes(2))), (n, n, 0)]


def test_property_more_replicas_wait_more() -> None:
    # with idle draw and a light load each further replica adds what it draws waiting
    points = cost_of_promise(requests(40), Serving(REPLICA, 4)).points
    energies = [p.energy_per_request_j for p in points]
    assert energies == sorted(energies)
    assert all(p.kept is None for p in points)


@each_row("chosen", [1, 2, 3, 7, 9, 10, 11, 40, 1000])
def test_property_fleet_sizes_hold_the_chosen_and_stay_few(chosen: int) -> None:
    sizes = fleet_sizes(chosen)
    assert chosen in sizes
    assert sizes == tuple(sorted(set(sizes)))
    assert min(sizes) >= 1
    assert 3 <= len(sizes) <= 11
    assert max(sizes) >= 2 * chosen


def test_worked_shortened_keeps_rate_and_course() -> None:
    # twice the rate in the second half: both halves keep theirs
    t = np.concatenate([np.arange(0, 3600, 1.0), np.arange(3600, 7200, 0.5)])
    many = Requests(t, np.full(len(t), 5), np.full(len(t), 5), span_s=7200.0)
    short = shortened(many, 1080)
    assert len(short) == pytest.approx(1080, rel=0.02)
    assert short.span_s == pytest.approx(720.0)
    halves = np.histogram(short.t_s, [0, 360, 720])[0]
    assert halves[1] == pytest.approx(2 * halves[0], rel=0.02)


def test_worked_shortened_takes_the_prefix_blocks_along() -> None:
    many = requests(1000, 5000.0)
    blocks = PrefixBlocks(np.arange(1000), np.arange(1001))
    short = shortened(replace(many, hash_ids=blocks), 200)
    assert short.hash_ids is not None
    kept = short.hash_ids.ids
    np.testing.assert_array_equal(many.prompt_tokens[kept], short.prompt_tokens)
    curve = cost_of_promise(many, Serving(REPLICA, 1), most_requests=200)
    assert curve.n_request == len(short) < curve.n_all == 1000


def test_error_no_one_number_of_replicas() -> None:
    rule = ScalingRule(10**12, 1.0, 1, 2)
    for serving in (
        Serving(REPLICA, 2, scaling=rule),
        Serving(REPLICA, 2, writing=WritingPool(REPLICA, 1)),
    ):
        with pytest.raises(RangeError, match="one pool that is always on"):
            cost_of_promise(requests(), serving)


def test_error_nobody_was_served_and_no_requests_wanted() -> None:
    long = Requests(np.array([0.0]), np.array([200_000]), np.array([5]))
    with pytest.raises(RangeError, match="no request was served"):
        cost_of_promise(long, Serving(REPLICA, 1))
    with pytest.raises(RangeError, match="below 1"):
        shortened(requests(), 0)
