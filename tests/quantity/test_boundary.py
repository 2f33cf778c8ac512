"""Boundaries: nothing measured at one place is added to what is measured at another."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import BoundaryError
from taotie.quantity import boundary
from taotie.quantity.figure import Figure
from taotie.quantity.profile import Profile

PLACES = (None, *boundary.LEVELS)


def test_worked_the_steps_along_the_chain() -> None:
    assert boundary.step("server", "facility") == boundary.step("facility", "server")
    assert "PUE" in boundary.step("server", "facility")
    assert boundary.step("accelerator", "grid").count(";") == 2
    assert boundary.step("grid", "grid") == ""


def test_worked_products_and_shares() -> None:
    assert boundary.of_product("server", None, "x") == "server"
    assert boundary.of_product(None, None, "x") is None
    assert boundary.of_quotient("server", "server", "x") is None
    assert boundary.of_quotient(None, "server", "x") == "server"


@given(st.sampled_from(PLACES), st.sampled_from(PLACES), st.sampled_from(("+", "-", "profile")))
def test_property_mixing_always_raises(
    make: Callable[..., Figure], a: str | None, b: str | None, how: str
) -> None:
    one, other = make("one", "Wh", a, value=1.0), make("other", "kWh", b, value=1.0)

    def mixed() -> str | None:
        if how == "profile":
            return Profile((([1.0], one), ([1.0], other))).boundary  # type: ignore[arg-type]
        return (one + other if how == "+" else one - other).boundary

    if a == b:
        assert mixed() == a
    else:
        with pytest.raises(BoundaryError) as caught:
            mixed()
        assert str(a or b) in caught.value.message
        assert caught.value.hint


@given(st.sampled_from(boundary.LEVELS), st.sampled_from(boundary.LEVELS))
def test_property_products_and_ratios_of_two_places_raise(
    make: Callable[..., Figure], a: str, b: str
) -> None:
    one, other = make("one", "Wh", a, value=1.0), make("other", "Wh", b, value=2.0)
    if a == b:
        assert (one * other).boundary == a
        assert (one / other).boundary is None
    else:
        for operation in (lambda: one * other, lambda: one / other):
            with pytest.raises(BoundaryError):
                operation()


def test_error_names_the_step_that_converts(make: Callable[..., Figure]) -> None:
    chip = make("chip", "Wh", "accelerator", value=1.0)
    building = make("building", "Wh", "facility", value=2.0)
    with pytest.raises(
        BoundaryError, match="accelerator boundary, the other at facility"
    ) as caught:
        chip + building
    assert "PUE" in caught.value.hint
    assert "host" in caught.value.hint


@pytest.mark.parametrize("level", ["rack", "Server", "", 3, ["server"]])
def test_error_unknown_boundary(level: object) -> None:
    with pytest.raises(BoundaryError, match="is not a boundary"):
        boundary.check(level)  # type: ignore[arg-type]


@pytest.mark.parametrize(("low", "high"), list(itertools.combinations(boundary.LEVELS, 2)))
def test_worked_at_boundary_takes_the_step(
    make: Callable[..., Figure], low: str, high: str
) -> None:
    energy = make("energy", "kWh", low, value=10.0)
    pue = make("pue", "1", low=1.1, mode=1.2, high=1.5)
    moved = energy.at_boundary(high, pue)
    assert moved.boundary == high
    assert moved.unit == "kWh"
    assert moved.p50 == pytest.approx(10 * pue.p50)
    assert energy.at_boundary(high, 1.5).p50 == 15.0
    with pytest.raises(BoundaryError, match="not further along"):
        moved.at_boundary(low, pue)
    with pytest.raises(BoundaryError, match="not further along"):
        moved.at_boundary(high, pue)
