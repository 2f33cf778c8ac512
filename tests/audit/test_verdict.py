"""Rules: each one by hand, their order, and what must hold for any pair of numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rows import each_row
from taotie.audit.formula import Input, Recomputed, evaluated
from taotie.audit.verdict import (
    INCONSISTENT,
    REPRODUCES,
    ROUNDING,
    UNIT_ERROR,
    Stated,
    finding,
    power_of_1000,
)
from taotie.errors import RangeError
from taotie.quantity.unit_text import Unit, parse_unit

MW = Unit("MW")


def point(value: float, unit: str = "MW", tol: float = 0.0, hedge: str = "none") -> Stated:
    return Stated(value, value, parse_unit(unit)[1], tol, hedge)


def between(low: float, high: float, unit: str = "MW", tol: float = 0.0) -> Recomputed:
    u = parse_unit(unit)[1]
    return Recomputed(0.5 * (low + high), low, high, low - tol, high + tol, u)


@each_row(
    ("stated", "recomputed", "verdict", "rule"),
    [
        # the acceptance lines: 42.7 MW from 100000 * 700 W * 0.61
        (point(42, "MWh", 0.5), between(42.7, 42.7), UNIT_ERROR, "dimension"),
        (point(42, "MW", 0.5), between(42.7, 42.7), ROUNDING, "gap_small"),
        (point(43, "MW", 0.5), between(42.7, 42.7), REPRODUCES, "within_digits"),
        (point(42.7, "kW", 0.05), between(42.7, 42.7), UNIT_ERROR, "power_of_1000"),
        (point(50, "MW", 1), between(42.7, 42.7), INCONSISTENT, "far"),
        # denominators
        (point(2.9, "kWh/inference", 0.05), between(2.907, 2.907, "Wh/inference"), UNIT_ERROR, "power_of_1000"),
        (point(2.9, "kWh", 0.05), between(2.907, 2.907, "Wh/inference"), UNIT_ERROR, "dimension"),
        # ranges
        (point(0.5, "%", 0.01), between(0.35, 0.549, "%"), ROUNDING, "meets_part"),
        (Stated(85, 134, MW, 0.5), between(85.41, 134.03), REPRODUCES, "ends_agree"),
        (Stated(80, 140, MW, 0.5), between(83, 136), ROUNDING, "ends_close"),
        (Stated(2, 3, MW), between(2.28, 2.28), REPRODUCES, "inside_stated_range"),
        (Stated(2, 3, MW, 0.1), between(3.2, 3.2), ROUNDING, "edges_close"),
        (Stated(85, 134, MW, 0.5), between(39.95, 39.95), INCONSISTENT, "far"),
        (point(100, "MW", 20), between(95, 105), REPRODUCES, "range_inside"),
        (point(100, "MW", 1), between(102, 110), ROUNDING, "edges_close"),
        (point(100, "MW", 1), between(120, 130), INCONSISTENT, "far"),
        # hedges
        (point(1, "1", 0, "comparable"), between(0.95, 1.05, "1"), REPRODUCES, "comparable"),
        (point(1, "1", 0, "comparable"), between(0.514, 0.807, "1"), ROUNDING, "comparable_partly"),
        (point(1, "1", 0, "comparable"), between(0.3, 0.6, "1"), INCONSISTENT, "not_comparable"),
        (point(564, "MW", 0, "at_least"), between(564.25, 564.25), REPRODUCES, "bound_holds"),
        (point(4, "%", 0, "at_least"), between(4.914, 4.914, "%"), ROUNDING, "bound_loose"),
        (point(4, "%", 0, "at_least"), between(3, 3, "%"), INCONSISTENT, "bound_fails"),
        (point(4, "%", 0, "at_least"), between(9, 9, "%"), INCONSISTENT, "bound_far"),
        (point(4, "%", 0, "at_most"), between(3.9, 3.9, "%"), REPRODUCES, "bound_holds"),
        (point(4, "%", 0, "at_most"), between(5, 5, "%"), INCONSISTENT, "bound_fails"),
        (point(1, "1", 0, "greater"), between(159, 161, "1"), REPRODUCES, "greater"),
        (point(1, "1", 0, "greater"), between(0.5, 2, "1"), INCONSISTENT, "not_greater"),
        (point(-1.2, "%", 0.05), between(-1.241, -1.241, "%"), REPRODUCES, "within_digits"),
        (point(0, "MW"), between(0, 0), REPRODUCES, "within_digits"),
        (point(5, "MW"), between(0, 0), INCONSISTENT, "far"),
    ],
)  # fmt: skip
def test_worked_rules(stated: Stated, recomputed: Recomputed, verdict: str, rule: str) -> None:
    found = finding(stated, recomputed)
    assert (found.verdict, found.rule) == (verdict, rule)


def test_worked_a_true_thousandfold_is_a_slip_only_where_a_size_is_stated() -> None:
    # "more than once" against a true ratio of 1000 is no slip
    assert finding(point(1, "1", 0, "greater"), between(1000, 1000, "1")).verdict == REPRODUCES
    assert finding(point(1, "1", 0.02), between(1000, 1000, "1")).verdict == UNIT_ERROR


@given(
    k=st.integers(-4, 4).filter(bool),
    off=st.floats(-0.049, 0.049),
    value=st.floats(1e-9, 1e9),
)
def test_property_powers_of_1000_are_found(k: int, off: float, value: float) -> None:
    stated = point(value * 1000.0**k * (1 + off))
    found = finding(stated, between(value, value))
    assert (found.verdict, found.power) == (UNIT_ERROR, k)


@given(ratio=st.floats(1e-12, 1e12))
def test_property_power_of_1000_by_definition(ratio: float) -> None:
    near = [k for k in range(-4, 5) if k and abs(ratio / 1000.0**k - 1) <= 0.05]
    assert power_of_1000(ratio) == (near[0] if near else 0)


positive = st.floats(1e-6, 1e6)


@given(value=positive, true=positive, tol=st.floats(0, 0.02))
def test_property_units_do_not_matter(value: float, true: float, tol: float) -> None:
    # the same two quantities said in other units get the same verdict
    assume(abs(abs(value / true - 1) - 0.05) > 1e-6)
    assume(abs(abs(value - true) - tol * value) > 1e-9 * true)
    assume(power_of_1000(value / true * (1 + 1e-9)) == power_of_1000(value / true * (1 - 1e-9)))
    one = finding(point(value, "MW", tol * value), between(true, true, "MW"))
    two = finding(
        point(value * 1e3, "kW", tol * value * 1e3), between(true / 1e3, true / 1e3, "GW")
    )
    assert (one.verdict, one.rule) == (two.verdict, two.rule)


@given(true=positive, gap=st.floats(0, 3), tol=st.floats(0, 0.02))
def test_property_further_off_is_never_better(true: float, gap: float, tol: float) -> None:
    order = (REPRODUCES, ROUNDING, INCONSISTENT)
    ranks = []
    for g in (gap, gap + 0.3):
        ranks.append(
            order.index(
                finding(point(true * (1 + g), "MW", tol * true), between(true, true)).verdict
            )
        )
    assert ranks[0] <= ranks[1]


@given(value=positive, tol=st.floats(0, 0.1))
def test_property_a_value_agrees_with_itself(value: float, tol: float) -> None:
    assert finding(point(value, "MW", tol), between(value, value)).verdict == REPRODUCES


@given(a=positive, b=positive, unit=st.sampled_from(["Wh", "Wh/request", "1", "t", "USD", "h", "request"]))  # fmt: skip
def test_property_another_dimension_is_always_a_unit_error(a: float, b: float, unit: str) -> None:
    assert finding(point(a, unit), between(b, b, "MW")).rule == "dimension"


def test_matches_print_precision_of_inputs() -> None:
    # GPT-3: 1,287 printed, 1,289.4 from rounded inputs: inside their rounding
    days = Input(14.8, Unit("d"), 14.8, 14.8, tol=0.05)
    watts = Input(330, Unit("W"), 330, 330, tol=0.5)
    r = evaluated("10000 * p * t * 1.1", {"p": watts, "t": days})
    assert finding(point(1287, "MWh", 0.5), r).verdict == REPRODUCES
    exact = evaluated("10000 * 330 W * 14.8 d * 1.1")
    assert finding(point(1287, "MWh", 0.5), exact).verdict == ROUNDING


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((3, 2, MW), "above"),
        ((math.nan, 1, MW), "finite"),
        ((1, math.inf, MW), "finite"),
        ((1, 1, MW, -1), "negative"),
        ((1, 1, MW, 0, "roughly"), "roughly"),
    ],
)
def test_error_stated(arguments: tuple, says: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(RangeError, match=says):
        Stated(*arguments)
