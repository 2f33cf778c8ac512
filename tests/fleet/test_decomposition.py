"""Golden numbers of LMDI, Shapley, efficiency and rebound."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError, UnknownNameError
from taotie.fleet.decomposition import (
    chained,
    chat_growth,
    decomposition,
    logarithmic_mean,
    shapley,
)
from taotie.quantity.distribution import Lognormal

THEN = {"requests": 200e6, "energy": 2.9, "pue": 1.2}
NOW = {"requests": 2.5e9, "energy": 0.34, "pue": 1.1}
factors = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=5)


def test_published_lmdi_and_shapley() -> None:
    lmdi = decomposition(THEN, NOW, scale=365e-9)
    assert [round(v, 3) for v in lmdi.contributions.values()] == [746.390, -633.442, -25.713]
    assert (round(lmdi.first, 3), round(lmdi.last, 3)) == (254.040, 341.275)
    assert round(lmdi.change, 3) == 87.235
    other = decomposition(THEN, NOW, "shapley", scale=365e-9)
    assert [round(v, 3) for v in other.contributions.values()] == [1581.898, -1432.747, -61.916]


def test_published_lognormal() -> None:
    d = Lognormal(0.3, 4.0)
    assert (round(d.median, 4), round(d.sigma, 4), round(d.mean, 4)) == (1.0954, 0.7874, 1.4935)


def test_published_blackwell() -> None:
    """8000 GPUs at 15 MW against 2000 at 4 MW, 90 days: 73.3 % less energy, but more watts a GPU."""
    before, after = 15 * 90 * 24, 4 * 90 * 24
    assert (before, after) == (32_400, 8_640)
    parts = decomposition({"gpus": 8000, "kw": 1.875}, {"gpus": 2000, "kw": 2.0}, scale=2.16)
    assert parts.first == pytest.approx(before)
    assert parts.change / parts.first == pytest.approx(-0.733, abs=5e-4)
    assert parts.contributions["kw"] > 0 > parts.contributions["gpus"]


@given(factors, factors)
def test_property_both_methods_add_up(a: list[float], b: list[float]) -> None:
    n = min(len(a), len(b))
    before = {str(i): a[i] for i in range(n)}
    after = {str(i): b[i] for i in range(n)}
    for method in ("lmdi", "shapley"):
        made = decomposition(before, after, method)
        size = max(made.first, made.last, *(abs(v) for v in made.contributions.values()))
        # Shapley adds products of mixed factors, far larger than the ends: the last bits are theirs
        room = (
            size * 1e-9
            if method == "lmdi"
            else math.prod(max(x, y) for x, y in zip(a[:n], b[:n], strict=True)) * 1e-9
        )
        assert abs(sum(made.contributions.values()) - made.change) <= room + 1e-12


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_property_logarithmic_mean_lies_between(a: float, b: float) -> None:
    mean = float(logarithmic_mean(a, b))
    assert math.sqrt(a * b) * (1 - 1e-9) <= mean <= 0.5 * (a + b) * (1 + 1e-9)


def test_worked_chain_of_years() -> None:
    years = [THEN, {"requests": 1e9, "energy": 1.0, "pue": 1.15}, NOW]
    chain = chained(years, scale=365e-9)
    assert sum(chain.contributions.values()) == pytest.approx(87.235, abs=5e-4)
    # the same factor before and after, but a detour between: LMDI chained is not one step
    one = decomposition(THEN, NOW, scale=365e-9)
    assert chain.contributions["requests"] != pytest.approx(one.contributions["requests"], rel=1e-3)


def test_worked_shapley_of_any_function() -> None:
    shares = shapley(lambda a, b: max(a, b), {"a": 0.0, "b": 0.0}, {"a": 2.0, "b": 2.0})
    assert shares == {"a": 1.0, "b": 1.0}


def test_published_chat_growth() -> None:
    """De Vries's 564 MWh a day in a building, to 2.5 billion requests at 0.34 Wh."""
    made = chat_growth()
    assert made.first == pytest.approx(195e6 * 2.9 * 1.2 * 365e-9)
    assert made.last == pytest.approx(2.5e9 * 0.34 * 1.09 * 365e-9)
    assert sum(made.contributions.values()) == pytest.approx(made.change)
    other = chat_growth("shapley")
    assert other.change == pytest.approx(made.change)
    assert other.contributions["requests"] > 1.9 * made.contributions["requests"]


def test_error_inputs() -> None:
    with pytest.raises(RangeError, match="pue"):
        decomposition(THEN, {"requests": 1.0, "energy": 1.0})
    with pytest.raises(RangeError, match="energy=0"):
        decomposition(THEN, {**NOW, "energy": 0.0})
    with pytest.raises(UnknownNameError, match="lmdi, shapley"):
        decomposition(THEN, NOW, "laspeyres")
    with pytest.raises(RangeError, match="two"):
        chained([THEN])
