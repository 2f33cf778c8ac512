"""More draws than figures keep: what kernels gave is kept while its inputs live, values are those of each alone."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from taotie.quantity import evaluation
from taotie.quantity.figure import Figure, values_together
from taotie.quantity.lift import lifted
from taotie.quantity.sampling import sampling

Make = Callable[..., Figure]


class Parts(NamedTuple):
    low: Any
    high: Any


calls: list[int] = []


@lifted(power="MW", share="1", returns={"low": "MW", "high": "MW"}, kind="modelled")
def parts(power: Any, share: Any) -> Parts:
    calls.append(np.size(power))
    return Parts(power * share, power * (1.0 - share))


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred draws stand for the million."""
    monkeypatch.setattr(evaluation, "N_KEPT", 50)
    monkeypatch.setattr(evaluation, "N_DRAWS_KEPT", 50)
    monkeypatch.setattr("taotie.quantity.figure.N_KEPT", 50)
    calls.clear()


def inputs(make: Make, name: str) -> tuple[Figure, Figure]:
    return (
        make(f"power {name}", "MW", low=1.0, high=4.0, spread="uniform"),
        make(f"share {name}", "1", low=0.2, high=0.6, spread="uniform"),
    )


def test_worked_the_fields_of_one_call_are_made_once(make: Make) -> None:
    with sampling(100, 7):
        power, share = inputs(make, "a")
        made = parts(power, share)
        low, high = made.low.samples, made.high.samples
    assert calls == [100]
    assert np.array_equal(low, power.samples * share.samples)
    assert np.array_equal(high, power.samples * (1.0 - share.samples))


def test_matches_other_inputs_get_results_of_their_own(make: Make) -> None:
    with sampling(100, 7):
        for name in ("a", "b", "c"):
            power, share = inputs(make, name)
            assert np.array_equal(
                parts(power, share).high.samples, power.samples * (1.0 - share.samples)
            )
            del power, share  # another figure may stand at their place in memory
            gc.collect()
    assert calls == [100, 100, 100]


def test_property_nothing_outlives_its_inputs(make: Make) -> None:
    kept = evaluation._large_calls.kept
    kept.clear()
    with sampling(100, 7):
        made = parts(*inputs(make, "a"))
        made.low.samples
    assert len(kept) == 1
    del made
    gc.collect()
    assert not kept


def test_property_what_is_kept_has_a_bound(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_B_CALLS_KEPT", 3 * 2 * 100 * 8)
    kept = evaluation._large_calls.kept
    kept.clear()
    with sampling(100, 7):
        every = [parts(*inputs(make, str(i))) for i in range(5)]
        for one in every:
            one.low.samples
        assert len(kept) == 3
        again = every[0].high.samples
    assert calls == [100] * 6
    assert np.array_equal(again, every[0].high.samples)


def test_matches_values_together_and_each_alone(make: Make) -> None:
    def tree() -> list[Figure]:
        power, share = inputs(make, "a")
        made = parts(power, share)
        total = made.low + made.high * make("factor", "1", value=2.0)
        return [power, made.low, made.high, total, total / power, total * 0.0 + power]

    with sampling(100, 7):
        alone = [figure.value for figure in tree()]
        every = tree()
        calls.clear()
        values_together(every)
    assert [figure.value for figure in every] == alone
    assert len(calls) <= 1
    assert "samples" not in every[-1].__dict__
