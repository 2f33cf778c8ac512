"""A promise to nearly every request: what it asks beyond the mean request, held to cases that can be worked out."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.compute.energy.energy_per_request import prefill_of, step_cost
from taotie.compute.energy.kept_promise import late_share, replicas_kept
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator

SETUP = ServingSetup(model_architecture("qwen3-32b"), accelerator("h100-sxm"))
PROMPT, ANSWER = 1500.0, 200.0


def same(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return np.full(n, int(PROMPT)), np.full(n, int(ANSWER))


def late(**given: float) -> float:
    n = 2000
    return late_share(
        SETUP, np.full(n, PROMPT), np.full(n, ANSWER),
        given.get("ttft", 10.0), given.get("tpot", 1.0), int(given.get("beside", 0)), given.get("rate", 0.0),
    )  # fmt: skip


def test_worked_alone_only_the_own_prompt_counts() -> None:
    own = float(prefill_of(SETUP, PROMPT).time_s[0])
    assert late(ttft=1.01 * own) == 0
    assert late(ttft=0.99 * own) == 1
    assert late(ttft=1.01 * own, beside=1) == 1  # a step of the other comes before


def test_worked_later_tokens_wait_for_the_prompts_that_join() -> None:
    own = float(prefill_of(SETUP, PROMPT).time_s[0])
    step = float(step_cost(SETUP, 1.0, PROMPT + ANSWER / 2).time_s[0])
    one_joins = step + own / (ANSWER - 1)
    # with a promise between no and one prompt meanwhile, late are those that any joins
    rate = 0.05
    expected = -np.expm1(-rate * step * (ANSWER - 1))
    assert late(tpot=(step + one_joins) / 2, rate=rate) == pytest.approx(expected, abs=0.03)
    assert late(tpot=one_joins * 1.001, rate=0.0) == 0


def test_property_a_tighter_promise_takes_more_replicas_and_a_larger_load_too() -> None:
    rate = np.full(24, 2.0)
    own = float(prefill_of(SETUP, PROMPT).time_s[0])
    found = [
        replicas_kept(SETUP, same, rate, ttft, 0.05, 0.99, 64)
        for ttft in (40 * own, 4 * own, 1.02 * own)
    ]
    assert found == sorted(found)
    assert found[-1] > 2 * found[0]
    assert replicas_kept(SETUP, same, 10 * rate, 1.02 * own, 0.05, 0.99, 64) > 4 * found[-1]
    assert replicas_kept(SETUP, same, rate, 40 * own, 0.05, 0.99, 64, at_least=50) == 50


def test_worked_where_sharing_is_too_late_requests_stand_alone() -> None:
    """Whoever finds no free replica is late: with Poisson many in service, all but 1 % must find one."""
    from scipy.stats import poisson

    rate = np.full(24, 4.0)
    own = float(prefill_of(SETUP, PROMPT).time_s[0])
    found = replicas_kept(SETUP, same, rate, 1.01 * own, 1.0, 0.99, 64)
    step = float(step_cost(SETUP, 1.0, PROMPT + ANSWER / 2).time_s[0])
    inside = 4.0 * (own + ANSWER * step)
    assert found == pytest.approx(poisson.ppf(0.99, inside) + 1, rel=0.05)


def test_error_a_promise_that_a_lone_replica_breaks() -> None:
    with pytest.raises(RangeError, match="on a replica of their own"):
        replicas_kept(SETUP, same, np.full(24, 1.0), 1e-3, 1.0, 0.99, 64)
