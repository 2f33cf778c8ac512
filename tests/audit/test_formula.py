"""Formulas: the grammar, units, ranges, and everything that must be refused."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.audit.formula import Input, evaluated
from taotie.audit.formula_text import FormulaError, parsed
from taotie.errors import RangeError, TaotieError, UnitError, UnknownNameError
from taotie.quantity.unit_text import Unit, parse_unit


def value(formula: str, unit: str, **inputs: Input) -> float:
    return evaluated(formula, inputs).to(parse_unit(unit)[1]).value


def exact(number: float, unit: str = "1") -> Input:
    return Input(number, parse_unit(unit)[1], number, number)


@each_row(
    ("text", "unit", "expected"),
    [
        ("100000 * 700 W * 0.61", "MW", 42.7),
        ("564 MWh/d / 195e6 request/d", "Wh/request", 2.892307692),
        ("564 MWh per day / 195 million request per day", "Wh/request", 2.892307692),
        ("3617 server * 6.5 kW/server * 24 h", "MWh", 564.252),
        ("1,287 MWh / 50 MW", "h", 25.74),
        ("2.907 kWh / 1000 inference", "Wh/inference", 2.907),
        ("1300万 人 * 15 次/人/天", "request/d", 1.95e8),
        ("41781.71亿千瓦时", "TWh", 4178.171),
        ("１００ ＭＷ × ２ h", "MWh", 200.0),
        ("10^6 kWh + 10**6 kWh", "GWh", 2.0),
        ("(4 W * 2 h) ** 2 / (8 W*h)", "Wh", 8.0),
        ("1 - 4 MW / 15 MW", "%", 73.3333333),
        ("-2 + 3 * 4 - -1", "1", 11.0),
        ("2 ** 3 ** 2", "1", 512.0),
        ("-2 ** 2", "1", -4.0),
        ("61% * 700 W", "W", 427.0),
        ("$1.5 billion / 58", "MUSD", 25.86206897),
        ("12 W·h / 2", "Wh", 6.0),
        ("5 kW*server / server", "kW", 5.0),
    ],
)
def test_worked_formulas(text: str, unit: str, expected: float) -> None:
    assert value(text, unit) == pytest.approx(expected, rel=1e-8)


def test_worked_names_win_over_units() -> None:
    # `year` and `image` are units as well; an input of that name is meant
    assert value("serve * year", "MWh", serve=exact(10, "MWh/d"), year=exact(365, "d")) == 3650
    assert value("image / text", "1", image=exact(6, "Wh"), text=exact(3, "Wh")) == 2


def test_worked_counted_things_are_dimensions() -> None:
    r = evaluated("100 request * 2.9 Wh/request / (22 Wh/charge)", None, ["charge"])
    assert r.unit.same_dimension(Unit("1", (("charge", 1),)))
    assert r.value == pytest.approx(13.18, abs=0.005)
    with pytest.raises(UnitError, match="convertible"):
        r.to(Unit("1"))


def test_worked_range_takes_all_corners() -> None:
    low_high = Input(8.35, Unit("kW/server"), 6.5, 10.2)
    n = Input(1.5e6, Unit("server"), 1.5e6, 1.5e6, tol=1e5)
    r = evaluated("n * p", {"n": n, "p": low_high}).to(parse_unit("TWh/a")[1])
    assert (r.low, r.high) == (pytest.approx(85.41), pytest.approx(134.028))
    assert r.widest_low == pytest.approx(1.4e6 * 6.5 * 8760 / 1e9)
    assert r.widest_high == pytest.approx(1.6e6 * 10.2 * 8760 / 1e9)


def test_worked_filled_formula_shows_values_and_keeps_its_value() -> None:
    r = evaluated("a / (b * c)", {"a": exact(29, "Wh"), "b": exact(15, "W"), "c": exact(2, "h")})
    assert r.filled == "29 Wh / (15 W * 2 h)"
    assert evaluated(r.filled).value == pytest.approx(r.value)


positive = st.floats(min_value=1e-6, max_value=1e6)


@given(
    a=positive, b=positive, c=positive,
    da=st.floats(0, 0.5), db=st.floats(0, 0.5),
)  # fmt: skip
def test_property_range_of_a_monotonic_formula_is_exact(
    a: float, b: float, c: float, da: float, db: float
) -> None:
    inputs = {
        "a": Input(a, Unit("W"), a * (1 - da), a * (1 + da)),
        "b": Input(b, Unit("h"), b * (1 - db), b * (1 + db)),
        "c": Input(c, Unit("1"), c, c),
    }
    r = evaluated("a * b / c", inputs)
    found = [
        x * y / c
        for x, y in itertools.product(
            (inputs["a"].low, inputs["a"].high), (inputs["b"].low, inputs["b"].high)
        )
    ]
    assert r.low == pytest.approx(min(found), rel=1e-12)
    assert r.high == pytest.approx(max(found), rel=1e-12)
    assert r.low <= r.value * (1 + 1e-12)
    assert r.value <= r.high * (1 + 1e-12)


@given(a=positive, b=positive, c=positive, d=positive)
def test_matches_python_arithmetic(a: float, b: float, c: float, d: float) -> None:
    text = f"({a!r} + {b!r} * {c!r}) / {d!r} - {b!r} ** 2"
    assert evaluated(text).value == pytest.approx((a + b * c) / d - b**2, rel=1e-9, abs=1e-9)


def outcome(text: str) -> tuple[float, str]:
    """The value, or 0 and what the error says."""
    try:
        return evaluated(text).value, "-"
    except TaotieError as error:
        return 0.0, error.message


@given(st.text(max_size=60))
def test_property_any_text_gives_a_number_or_a_plain_error(text: str) -> None:
    number, said = outcome(text)
    assert math.isfinite(number)
    assert said


@given(st.text(alphabet="0123456789.+-*/() eEkWhMd/per万亿%", max_size=40))
def test_property_near_formulas_never_crash(text: str) -> None:
    number, said = outcome(text)
    assert math.isfinite(number)
    assert said


@each_row(
    ("text", "kind", "says"),
    [
        ("", FormulaError, "empty"),
        ("   ", FormulaError, "empty"),
        ("power * 2 h", UnknownNameError, "power"),
        ("1 / 0", RangeError, "division by zero"),
        ("5 MW / (3 h - 3 h)", RangeError, "division by zero"),
        ("__import__('os')", UnknownNameError, "__import__"),
        ("(1).real", FormulaError, "cannot read"),
        ("abs(3)", TaotieError, "abs"),
        ("3 W(2)", FormulaError, "cannot read"),
        ("9 ** 9 ** 9", FormulaError, "exponent"),
        ("10 ** 400", FormulaError, "exponent"),
        ("1e999 W", RangeError, "too large"),
        ("1e200 * 1e200", FormulaError, "finite"),
        ("٣ MW", RangeError, "U\\+0663"),
        ("५ MW", RangeError, "another script"),
        ("1 MWh + 1 MW", UnitError, "energy is not power"),
        ("1 Wh/request - 1 Wh", UnitError, "cannot be added"),
        ("2 ** (3 W)", UnitError, "exponent has no unit"),
        ("(2 W) ** 0.5", UnitError, "no unit"),
        ("(0 - 8) ** 0.5", RangeError, "negative number"),
        ("0 ** -1", RangeError, "zero to a negative"),
        ("(1 + 2", FormulaError, "bracket"),
        ("1 + ", FormulaError, "ends"),
        ("1 == 1", FormulaError, "cannot read"),
        ("[1, 2]", FormulaError, "not part of a formula"),
        ("'a'", FormulaError, "not part of a formula"),
        ("3 furlong", UnitError, "furlong"),
        ("5 ton", UnitError, "tonne"),
        ("x", UnknownNameError, "x"),
        ("1 +" * 150 + "1", FormulaError, "too long|more than"),
        ("(" * 60 + "1" + ")" * 60, FormulaError, "nested"),
        ("-" * 60 + "1", FormulaError, "nested"),
        ("1;2", FormulaError, "cannot read"),
        ("1_0__0", FormulaError, "cannot read"),
    ],
)
def test_error_what_is_not_a_formula(text: str, kind: type[TaotieError], says: str) -> None:
    with pytest.raises(kind, match=says):
        evaluated(text)


def test_error_attribute_of_an_input() -> None:
    with pytest.raises(FormulaError, match="attributes"):
        evaluated("energy.real", {"energy": exact(1, "Wh")})


def test_error_unknown_name_suggests_the_nearest_input() -> None:
    with pytest.raises(UnknownNameError) as caught:
        evaluated("energie * 2", {"energy": exact(1, "Wh")})
    assert "energy" in caught.value.hint


def test_error_number_glued_to_a_name() -> None:
    with pytest.raises(FormulaError, match="follows a number"):
        evaluated("2 n", {"n": exact(3)})


def test_error_range_across_zero_below_the_line() -> None:
    around = Input(0.5, Unit("h"), -1.0, 2.0)
    with pytest.raises(RangeError, match="division by zero"):
        evaluated("1 MWh / t", {"t": around})


def test_error_too_many_ranges() -> None:
    many = {f"n{i}": Input(1.5, Unit("1"), 1.0, 2.0) for i in range(13)}
    with pytest.raises(FormulaError, match="13 inputs"):
        evaluated(" * ".join(many), many)


def test_worked_only_what_is_written_is_read() -> None:
    tree, literals = parsed("2 kWh / 1000 inference")
    assert tree.kind == "/"
    assert [n.value for n in literals] == [2.0, 1000.0]
