"""Whole replicas: at least one, waiting counted, and the closed form held against the simulation."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.answer.simulate import simulate
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.energy.steady_batch import largest_rate_per_s
from taotie.compute.energy.whole_replicas import largest_kept_batch, load_state, served_day
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator

SETUP = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100-sxm"), 1)
NAMES = {
    "prompt": 300.0, "output": 300.0, "model": "llama-3.1-8b", "accelerator": "h100-sxm",
    "accelerators_per_replica": 1, "precision": "bf16", "runtime": "vllm-0.11",
}  # fmt: skip
FLAT = np.full(24, 1 / 24)


def test_worked_replicas_are_whole_and_held_ready() -> None:
    one = largest_rate_per_s(SETUP, 300, 300)
    per_day = np.array([1.0, 0.6, 1.2, 3.0]) * one * 86_400 * 0.5
    made = served_day(per_day, 0.5, 1.0, FLAT, **NAMES)
    assert made.replicas.tolist() == [1, 1, 2, 3]
    assert served_day(per_day, 0.5, 1.0, FLAT, redundancy=1, **NAMES).replicas[0] == 2
    # machines are bought for the busiest hour
    assert served_day(per_day, 0.5, 2.0, FLAT, **NAMES).replicas.tolist() == [2, 2, 3, 6]


def test_worked_batch_is_the_harmonic_mean_over_requests() -> None:
    one = largest_rate_per_s(SETUP, 300, 300)
    day = np.concatenate([np.full(12, 1.0), np.full(12, 9.0)])
    day = day / day.sum()
    made = served_day(0.4 * one * 86_400, 1.0, 1.8, day, **NAMES)
    state = load_state(SETUP, 0.4 * one * 24 * day, 300, 300)
    assert made.batch[0] == pytest.approx(1 / np.sum(day / state.batch), rel=0.01)
    assert made.batch[0] < 0.9 * np.sum(day * state.batch)
    assert made.busy_share[0] == pytest.approx(state.busy_share.mean(), rel=0.01)


def test_worked_promise_limits_the_batch() -> None:
    loose, tight = (largest_kept_batch(SETUP, 300, 300, t) for t in (0.05, 0.01))
    assert loose > tight >= 1
    rate = largest_rate_per_s(SETUP, 300, 300, tight)
    assert tight / (rate * 300) <= 0.01
    with pytest.raises(RangeError, match="no fleet keeps"):
        largest_kept_batch(SETUP, 300, 300, 1e-5)


def test_error_values_that_cannot_be() -> None:
    with pytest.raises(RangeError):
        served_day(1000.0, 1.5, 1.0, FLAT, **NAMES)


@pytest.mark.parametrize("per_day", [2_000, 40_000, 600_000])
def test_matches_the_simulation(per_day: float) -> None:
    """Mean batch while anybody is served, and the share of the time, as the simulator has them."""
    run = simulate(
        "chat", model="llama-3.1-8b", on="h100-sxm:1", replicas=1, per_day=per_day, day="flat",
        sampled_hours=24 if per_day < 100_000 else 3, mean_prompt=300, mean_answer=300,
    ).own  # fmt: skip
    made = served_day(float(per_day), 0.9, 1.0, FLAT, **NAMES)
    assert made.replicas[0] == 1
    assert made.batch[0] == pytest.approx(run["mean_batch"], rel=0.15)
