"""Sentences: which number they state, in which unit, how hedged."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.audit.reading import read
from taotie.audit.statement import parse_statement
from taotie.errors import TaotieError
from taotie.quantity.number_text import number_at, plain, printed_tolerance
from taotie.quantity.unit_text import Unit, parse_unit


@each_row(
    ("text", "value", "unit", "hedge"),
    [
        ("42 MWh", 42, "MWh", "none"),
        ("ChatGPT uses more than 564 MWh a day", 564, "MWh/d", "at_least"),
        ("每天约56.4万度", 564000, "kWh/d", "about"),
        ("每千次2.9千瓦时", 0.0029, "kWh/request", "none"),
        ("about 200 million requests a day", 2e8, "request/d", "about"),
        ("In 2023 it was 4,178.171 TWh", 4178.171, "TWh", "none"),
        ("100,000 H100 use 42 MWh", 42, "MWh", "none"),
        ("GPT-3 took 1287 megawatt-hours", 1287, "MWh", "none"),
        ("up to 8.9 Wh per search", 8.9, "Wh/request", "at_most"),
        ("85-134 TWh a year", 109.5, "TWh/a", "none"),
        ("between 85 and 134 TWh", 109.5, "TWh", "none"),
        ("USD 1.5 billion", 1.5e9, "USD", "none"),
        ("$1.52 billion", 1.52e9, "USD", "none"),
        ("15亿美元", 1.5e9, "USD", "none"),
        ("2.9 kWh per 1,000 images", 0.0029, "kWh/image", "none"),
        ("至少100兆瓦", 100, "MW", "at_least"),
        ("552 t CO2e", 552, "tCO2e", "none"),
        ("10⁶ kWh", 1e6, "kWh", "none"),
        ("down 1.2 %", 1.2, "%", "none"),
        ("-1.2 %", -1.2, "%", "none"),
        ("1.3 to 1.5 million servers", 1.4e6, "server", "none"),
    ],
)
def test_worked_statements(text: str, value: float, unit: str, hedge: str) -> None:
    stated = parse_statement(text).stated
    assert stated.unit.same_dimension(parse_unit(unit)[1])
    assert stated.to(parse_unit(unit)[1]).value == pytest.approx(value)
    assert stated.hedge == hedge


READINGS = Path(__file__).resolve().parents[1] / "cases" / "audit" / "readings.csv"


def test_worked_readings_of_three_hundred_phrases() -> None:
    """Each phrase of readings.csv, alone: the last number of it, its unit and what qualifies it."""
    with READINGS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 300
    wrong = []
    for row in rows:
        q = read(row["text"]).quantities[-1]
        unit = parse_unit(row["unit"])[1] if row["unit"] != "1" else Unit()
        same = q.unit.same_dimension(unit)
        ends = [x * q.unit.factor_to(unit) for x in (q.low, q.high)] if same else []
        meant = [float(row["low"]), float(row["high"])]
        if ends != pytest.approx(meant, rel=1e-4) or q.hedge != row["hedge"]:
            wrong.append((row["text"], q.low, q.high, q.unit.text, q.hedge))
    assert not wrong


@each_row(
    ("printed", "number", "tol"),
    [
        ("42", 42, 0.5), ("42.0", 42, 0.05), ("17000", 17000, 500), ("100", 100, 2), ("0.3", 0.3, 0.006),
        ("0.047", 0.047, 0.0005), ("1,287", 1287, 0.5), ("2.0", 2, 0.05), ("0", 0, 0), ("4178.171", 4178.171, 0.0005),
    ],
)  # fmt: skip
def test_worked_print_precision(printed: str, number: float, tol: float) -> None:
    assert printed_tolerance(printed, number) == pytest.approx(tol)


@each_row(
    ("text", "value"),
    [("1,287", 1287), ("1 287", 1287), ("12万", 120000), ("1.2万亿", 1.2e12), ("3×10^8", 3e8), ("4e-3", 0.004), (".5", 0.5)],
)  # fmt: skip
def test_worked_numbers(text: str, value: float) -> None:
    found = number_at(plain(text))
    assert found is not None
    assert found.value == pytest.approx(value)


def test_worked_prefix_is_no_number_word() -> None:
    # 千 in 千瓦时 is a prefix, in 千次 a number
    assert parse_statement("5千瓦时").stated.value == 5
    assert parse_statement("5千次").stated.value == 5000


@each_row(
    ("text", "unit"),
    [("度/天", "kWh/d"), ("kwh", "kWh"), ("MWH", "MWh"), ("1/h", "1/h"), ("W/chip", "W/accelerator"), ("tokens", "token")],
)  # fmt: skip
def test_worked_units(text: str, unit: str) -> None:
    scale, found = parse_unit(text)
    assert scale == 1.0
    assert found.physical == Unit(parse_unit(unit)[1].physical).physical


@given(st.text(max_size=80))
def test_property_any_sentence_is_read_or_refused(text: str) -> None:
    try:
        stated = parse_statement(text).stated
    except TaotieError as error:
        low, high, said = 0.0, 0.0, error.message
    else:
        low, high, said = stated.low, stated.high, "-"
    assert low <= high
    assert said


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "nothing"), ("no number here", "no number"), ("42 foo", "foo"), ("9 MWH/blah", "blah"), ("x" * 100_001, "too long")],
)  # fmt: skip
def test_error_statements(text: str, says: str) -> None:
    with pytest.raises(TaotieError, match=says):
        parse_statement(text)


def test_error_unknown_unit_names_the_nearest() -> None:
    with pytest.raises(TaotieError) as caught:
        parse_unit("MWj")
    assert caught.value.hint
    with pytest.raises(TaotieError, match="not a unit"):
        parse_unit("kWh!")
