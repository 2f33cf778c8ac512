"""What a person reads: rounding, prefixes, one line, and the tree."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.fleet.annual_energy import annual_energy_twh
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.sampling import Sampling
from taotie.quantity.source import Source
from taotie.quantity.wording import (
    bound_word,
    mean_text,
    number,
    ranges_in,
    readable,
    text,
    texts_of_ranges,
    tree,
    value_text,
    within,
)
from taotie.words.language import speaking, use_language

Make = Callable[..., Figure]


@each_row(
    ("value", "digits", "expected"),
    [
        (0.04567, 2, "0.046"),
        (134.2, 3, "134"),
        (1287.4, 4, "1 287"),
        (2.0e8, 2, "200 million"),
        (1.5e9, 2, "1.5 billion"),
        (0.0, 2, "0"),
        (-2.5, 2, "-2.5"),
        (float("nan"), 2, "nan"),
        (float("inf"), 2, "inf"),
        (6.02e23, 3, "6.02e23"),
        (1.6e-19, 2, "1.6e-19"),
        (12345.0, 3, "12 300"),
    ],
)
def test_worked_numbers(value: float, digits: int, expected: str) -> None:
    assert number(value, digits) == expected


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300))
def test_property_printed_numbers_are_close(value: float) -> None:
    shown = number(value, 3).replace(" ", "").replace("−", "-")
    for word, size in (("million", 1e6), ("billion", 1e9), ("trillion", 1e12)):
        if shown.endswith(word):
            shown = repr(float(shown.removesuffix(word)) * size)
    assert float(shown) == pytest.approx(value, rel=0.006)


@each_row(
    ("three", "expected"),
    [
        ((262.3, 201.2, 358.8), ("260", "200", "360")),
        ((1287.0, 1003.0, 1602.0), ("1 300", "1 000", "1 600")),
        ((2.62e8, 2.01e8, 3.59e8), ("260 million", "200 million", "360 million")),
        ((0.001234, 0.0009, 0.0018), ("0.0012", "0.00090", "0.0018")),
        ((114.63, 112.4, 118.0), ("115", "112", "118")),
        ((1.0912, 1.0811, 1.1004), ("1.091", "1.081", "1.100")),
        ((99.96, 99.8, 100.1), ("100.0", "99.8", "100.1")),
        ((5.0, 5.0, 5.0), ("5.000", "5.000", "5.000")),
        ((0.01, -4.1, 5.2), ("0", "-4.1", "5.2")),
        ((-12.3, -20.0, -3.0), ("-12", "-20", "-3.0")),
        ((3e-7, 1e-7, 9e-7), ("3.0e-7", "1.0e-7", "9.0e-7")),
        ((-0.5, -20.0, 0.0), ("-0.50", "-20", "0")),  # zero at an end is not within
        ((0.5, 0.0, 20.0), ("0.50", "0", "20")),
    ],
)
def test_worked_no_more_digits_than_a_range_allows(
    three: tuple[float, float, float], expected: tuple[str, str, str]
) -> None:
    assert within(*three) == expected


def _significant(shown: str) -> tuple[float, int, int]:
    """Value of a printed number, its digits without zeros at its ends, and the power of ten of the last of them."""
    plain = shown.replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
    scale = 0
    for word, power in (("million", 6), ("billion", 9), ("trillion", 12)):
        if plain.endswith(word):
            plain, scale = plain.removesuffix(word), power
    mantissa, _e, exponent = plain.partition("e")
    whole, _dot, decimals = mantissa.lstrip("-").partition(".")
    digits = (whole + decimals).lstrip("0")
    kept = digits.rstrip("0")
    last = len(digits) - len(kept) - len(decimals) + int(exponent or 0) + scale
    return float(mantissa) * 10.0 ** (int(exponent or 0) + scale), len(kept), last


@given(
    st.lists(
        st.floats(min_value=1e-12, max_value=1e14).filter(lambda x: x == 0 or abs(x) > 1e-12),
        min_size=3, max_size=3,
    )
)  # fmt: skip
def test_property_digits_follow_the_width_of_a_range(values: list[float]) -> None:
    """Close to the value, in order, and beyond the second digit none below that of half the width."""
    low, middle, high = sorted(values)
    shown = within(middle, low, high)
    numbers = [_significant(one) for one in shown]
    assert numbers[1][0] <= numbers[0][0] <= numbers[2][0]
    half = 0.5 * (high - low)
    for (value, digits, last), true in zip(numbers, (middle, low, high), strict=True):
        assert value == pytest.approx(true, rel=0.0501)
        assert digits <= 4
        if digits > 2 and half > 0:
            assert last >= math.floor(math.log10(half) - 1e-3)


def test_worked_ranges_of_a_table() -> None:
    names = ["area", "p05_mw", "p50_mw", "p95_mw", "n"]
    assert ranges_in(names) == [(2, 1, 3)]
    assert texts_of_ranges(names, ["A", 201.2, 262.3, 358.8, 12]) == {1: "200", 2: "260", 3: "360"}
    assert texts_of_ranges(names, ["A", None, 262.3, 358.8, 12]) == {}
    assert ranges_in(["p01", "p05", "p50", "p95", "p99"]) == []
    assert ranges_in(["low_wh", "energy_wh", "high_wh"]) == [(1, 0, 2)]


def test_worked_ranges_of_a_table_of_several_quantities() -> None:
    names = ["low_w", "middle_w", "high_w", "p05", "p50", "p95", "p05_mw", "p25_mw", "p50_mw", "p95_mw"]  # fmt: skip
    assert sorted(ranges_in(names)) == [(1, 0, 2), (4, 3, 5)]  # four percentiles are a distribution
    row = [1.0, 2.0, 3.0, 10.04, 10.24, 10.44, 1.0, 2.0, 3.0, 4.0]
    told = {0: "1.0", 1: "2.0", 2: "3.0", 3: "10.0", 4: "10.2", 5: "10.4"}
    assert texts_of_ranges(names, row) == told
    for odd in (
        math.inf,
        math.nan,
        1,
        "1.0",
        None,
    ):  # one end that is none: the cells stand as they are
        assert texts_of_ranges(names, [odd, *row[1:]]) == {k: v for k, v in told.items() if k > 2}
    assert within(1.2345, math.nan, 2.0) == ("1.2", "nan", "2.0")
    assert within(math.inf, 1.2345, 2.0) == ("inf", "1.2", "2.0")
    assert within(1.2345, 1.0, math.inf) == ("1.2", "1.0", "inf")


def test_worked_the_mean_of_figures_that_run_together() -> None:
    """Their samples are added one by one; a sum that is the same in all of them has no range."""

    def of(*samples: float) -> Any:
        return SimpleNamespace(samples=np.asarray(samples if len(samples) > 1 else samples[0]))

    assert mean_text([of(1234.0), of(0.5)]) == "1 230"  # one number each
    assert mean_text([of(1.0, 2.0, 4.0), of(4.0, 3.0, 1.0)]) == "5.0"
    assert mean_text([of(2.0, 2.5, 3.0), of(4.0, 3.0, 1.0)]) == "5.2"
    # the mean, not the median; the 90 % range, not the whole, says how many digits
    rare = [100.0] * 97 + [900.0] * 3
    assert mean_text([of(*rare)]) == "124.0"
    wide = [100.0] * 90 + [300.0] * 10
    assert mean_text([of(*wide)]) == "120"
    assert mean_text([of(*[v - 200.0 for v in reversed(wide)])]) == "-80"
    assert mean_text([of(*([0.0] * 4 + [114.0, 114.1] * 48))]) == "109.5"


@each_row(
    ("value", "unit", "expected"),
    [
        (2_540_000.0, "Wh", "MWh"),
        (0.25, "Wh/request", "Wh/request"),
        (0.002, "kWh/request", "Wh/request"),
        (85.4e9, "kWh/a", "TWh/a"),
        (5e-7, "Wh", "Wh"),
        (1234.0, "gCO2e", "kgCO2e"),
        (12.0, "request", "request"),
        (0.0, "Wh", "Wh"),
    ],
)
def test_worked_a_readable_prefix(value: float, unit: str, expected: str) -> None:
    shown = readable(exact(value, unit))
    assert shown.unit == expected
    assert shown.to(unit).p50 == pytest.approx(value)


def test_worked_lines(make: Make, few: Sampling) -> None:
    assert text(exact(8760.0, "h/a")) == "8 760 h/a defined"
    bound = make("x", "Wh/request", "server", value=2.9, bound="at_most")
    assert text(bound) == "at most 2.9 Wh/request server, assumed"
    assert value_text(exact(3.0, "m**2")) == "3 m²"
    assert value_text(exact(21.0, "degC")) == "21 °C"
    assert value_text(exact(0.1, "degC/W")) == "0.1 °C/W"
    assert value_text(exact(0.5, "1")) == "0.5"
    assert value_text(make("p", "%", low=10.0, high=20.0)).endswith(" % [10 to 20]")
    assert bound_word("at_least") == "at least"


def test_worked_the_tree_of_a_chain(make: Make, few: Sampling) -> None:
    source = Source("devries2023", "Title", access="quoted")
    stock = leaf(
        "stock", unit="server", kind="forecast", value=1.5e6, source=source, locator="p. 3", label={"en": "Servers"}
    )  # fmt: skip
    power = make("power", "kW/server", low=6.5, mode=7.0, high=10.2)
    year = annual_energy_twh(stock, power).named("year", en="A year")
    total = (year.to("GWh/a") + year * 0.5).named("total")
    lines = tree(total).splitlines()
    assert lines[0].startswith("total = ")
    assert lines[0].endswith("<- year + year * 0.5")
    assert any(
        "Servers = 1.5 million server" in x and "[devries2023, p. 3; quoted, page not opened]" in x
        for x in lines
    )
    assert any("[assumed: for a test]" in x for x in lines)
    assert sum("(see above)" in x for x in lines) == 1
    assert tree(total, depth=0).endswith(" ...")
    assert tree(total, depth=0).count("\n") == 0


def test_worked_a_minus_sign_is_shown(make: Make, few: Sampling) -> None:
    a, b = make("a", low=1.0, high=2.0), make("b", low=1.0, high=2.0)
    assert "<- -" in tree(-(a * b)).splitlines()[0]


def test_worked_a_sum_lies_flat(make: Make, few: Sampling) -> None:
    a, b, c = (make(x, "kWh", low=1.0, high=2.0) for x in "abc")
    lines = tree(a + b + c).splitlines()
    assert len(lines) == 4
    assert [x[:6] for x in lines[1:]] == ["├─ a =", "├─ b =", "└─ c ="]


def test_worked_a_step_along_the_chain_is_not_flattened(make: Make, few: Sampling) -> None:
    chips = make("a", "kWh", "accelerator", value=1.0) + make("b", "kWh", "accelerator", value=1.0)
    lines = tree(chips.joined("server", make("c", "kWh", "server", value=1.0))).splitlines()
    assert len(lines) == 5
    assert "accelerator" in lines[1]


def test_worked_labels_follow_the_language(make: Make, few: Sampling) -> None:
    import contextvars

    figure = make("x", value=1.0, label={"en": "Energy", "zh": "能量"})

    def chinese() -> str:
        use_language("zh")
        return figure.name

    assert figure.name == "Energy"
    assert contextvars.copy_context().run(chinese) == "能量"
    assert figure.name == "Energy"


def test_worked_chinese_counts_in_ten_thousands():
    with speaking("zh"):
        assert [number(x, 3) for x in (1.0e6, 2.0e8, 70.6e9, 1.75e12, 9_500.0)] == [
            "100 万", "2 亿", "706 亿", "1.75 万亿", "9 500",
        ]  # fmt: skip


def test_worked_shares_too_small_for_digits() -> None:
    """A share of 2.7e-5 % is told as below 0.001 %; four digits are more than a median has."""
    small, large = (
        leaf(f"share_{v}", low=v, high=2 * v, unit="%", kind="assumed", note="example") for v in (2e-5, 2e-3)
    )  # fmt: skip
    assert value_text(small) == "< 0.001 %"
    assert value_text(large).startswith("0.0028 %")
    assert (number(1041.3), number(1287.4, 4), number(998.2)) == ("1 040", "1 287", "998")


def test_worked_what_has_no_range_and_what_is_a_share() -> None:
    """Over and times one figure is itself but for the last bits; a share is told in per cent."""
    pue = leaf("pue", low=1.1, high=1.3, unit="1", kind="assumed", note="example")
    power = exact(100.0, "MW") / pue * pue
    assert power.value.certain
    assert value_text(power) == "100 MW"
    assert value_text(exact(16384.0, "accelerator")).startswith("16 384")
    part = leaf("share_of_capacity", low=0.8, high=0.9, unit="1", kind="assumed", note="example")
    assert (readable(part).unit, round(readable(part).p50)) == ("%", 85)
