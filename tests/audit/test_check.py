"""One statement: the verdict, the likely slip, ranges and bounds of a source."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.audit.check import check
from taotie.audit.formula_text import FormulaError
from taotie.audit.slip import SLIPS
from taotie.errors import TaotieError

CASES = Path(__file__).resolve().parents[1] / "cases" / "audit"


def rows(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_error_a_statement_of_too_many_numbers_is_refused() -> None:
    with pytest.raises(FormulaError, match="301 numbers"):
        check("5 MW " * 301, "5 MW")


def test_worked_growth_of_many_years() -> None:
    assert check("at 7 percent a year it is 2.8 times as much after 15 years", "1.07^15").is_fine


def test_published_slips_are_named() -> None:
    cases = rows("slips.csv")
    assert len(cases) == 40
    named = [check(r["says"], r["from"], per=r["per"]).slip == r["slip"] for r in cases]
    # five of them state a number that does not fit even once the slip is undone: they get no slip, and no verdict
    assert sum(named) >= 35, [r["says"] for r, ok in zip(cases, named, strict=True) if not ok]


def test_published_every_kind_of_slip_is_tried() -> None:
    assert {r["slip"] for r in rows("slips.csv")} <= set(SLIPS)
    wanted = {
        "power_energy", "thousand", "per_thousand", "day_year", "wan_yi", "du", "pound_kilogram", "token_scale",
        "long_scale",
    }  # fmt: skip
    assert {r["slip"] for r in rows("slips.csv")} == wanted


@each_row("row", rows("slips.csv"), ids=lambda r: r["says"][:40])
def test_no_slip_passes_as_right(row: dict[str, str]) -> None:
    assert not check(row["says"], row["from"], per=row["per"]).is_fine


@each_row("row", rows("correct_statements.csv"), ids=lambda r: r["says"][:40])
def test_no_correct_statement_is_called_wrong(row: dict[str, str]) -> None:
    made = check(row["says"], row["from"], per=row["per"], source_range=row["source_range"])
    assert made.is_fine, made.text()
    assert made.slip == ""


def test_correct_statements_are_forty() -> None:
    assert len(rows("correct_statements.csv")) == 40


def test_published_held_out_statements() -> None:
    """Written after the rules were finished; the shares are reported, not tuned."""
    cases = rows("held_out_statements.csv")
    slips = [r for r in cases if r["slip"]]
    right = [r for r in cases if not r["slip"]]
    assert sum(check(r["says"], r["from"]).slip == r["slip"] for r in slips) >= 0.8 * len(slips)
    assert all(check(r["says"], r["from"]).is_fine for r in right)


@each_row(
    ("says", "verdict"),
    [
        ("42 MWh", "unit error"), ("42 MW", "rounding"), ("43 MW", "reproduces"), ("42.7 MW", "reproduces"),
        ("42.7 kW", "unit error"), ("50 MW", "inconsistent with its inputs"),
    ],
)  # fmt: skip
def test_worked_acceptance_lines(says: str, verdict: str) -> None:
    assert check(says, "100000 * 700 W * 0.61").verdict == verdict


@each_row(
    ("says", "inputs"),
    [
        ("350 gCO2/kWh", "771 lb/MWh"),
        ("4 kWh per million tokens", "4 kWh / 1e6 token"),
        ("42,7 MW", "100000 * 700 W * 0.61"),
        ("2.9 kWh per 1,000 images", "2.907 kWh per 1000 image"),
        ("552 tonnes of CO2", "1287 MWh * 0.429 kg/kWh"),
        ("552 metric tons of CO2 equivalent", "1287 MWh * 0.429 kg CO2e/kWh"),
        ("415 TWh p.a.", "415 TWh/a"),
        ("10 million queries per day", "1e7 query/d"),
        ("34 Wh per thousand prompts", "0.034 Wh/prompt"),
        ("12,345 MW", "12345 MW"),
        ("600,000 kilowatt-hours a day", "25 MW"),
        ("25.7小时", "1287 MWh / 50 MW"),
        ("3.46 billion dollars", "3460 MUSD"),
        ("17.2 thousand homes", "500 MWh/d / (29 kWh/household/d)"),
    ],
)
def test_worked_spellings(says: str, inputs: str) -> None:
    made = check(says, inputs)
    assert made.verdict == "reproduces", made.text()


def test_worked_carbon_and_mass_are_read_alike_but_not_energy() -> None:
    assert check("771 gCO2/kWh", "771 lb/MWh").slip == "pound_kilogram"
    assert check("771 gCO2e", "771 Wh").verdict == "not checkable"


def test_worked_hint_of_the_article() -> None:
    made = check("42 MWh", "100000 * 700 W * 0.61")
    assert made.hint == "42.7 MW held for a year is 374 GWh; 42 MWh lasts 59 min at that power"


@each_row(
    ("says", "source", "verdict", "rule"),
    [
        ("0.34 Wh/request", "0.18-0.67 Wh/request", "reproduces", "inside_source_range"),
        ("0.9 Wh/request", "0.18-0.67 Wh/request", "inconsistent with source", "far"),
        ("340 Wh/request", "0.18-0.67 Wh/request", "inconsistent with source", "far"),
        (
            "2.9 Wh/request",
            "at most 2.9 Wh/request",
            "inconsistent with source",
            "bound_as_typical",
        ),
        ("at most 2.9 Wh/request", "at most 2.9 Wh/request", "reproduces", "bound_holds"),
        ("0.3 Wh/request", "at most 2.9 Wh/request", "not checkable", "only_a_bound"),
        ("29 Wh/request", "at most 2.9 Wh/request", "inconsistent with source", "far"),
        ("2.9 kWh/request", "at most 2.9 Wh/request", "unit error", "power_of_1000"),
        ("2.9 Wh", "at most 2.9 Wh/request", "not checkable", "unless"),
        ("85-134 TWh a year", "85.4-134 TWh/a", "reproduces", "ends_agree"),
    ],
)
def test_worked_ranges_and_bounds_of_a_source(
    says: str, source: str, verdict: str, rule: str
) -> None:
    made = check(says, source_range=source)
    assert (made.verdict, made.finding.rule) == (verdict, rule)


def test_worked_a_value_inside_the_range_of_the_source_is_not_wrong() -> None:
    # the formula gives the middle, the source a 90 % range around it
    made = check("0.5 Wh/request", "0.34 Wh/request", source_range="0.18-0.67 Wh/request")
    assert made.is_fine
    assert not check("0.5 Wh/request", "0.34 Wh/request").is_fine


def test_worked_catalogue_figures_in_a_formula() -> None:
    made = check("134 TWh a year", "devries2023.servers_2027 * devries2023.power_per_server_h100")
    assert made.verdict == "reproduces"


def test_json_has_the_promised_shape() -> None:
    made = json.loads(json.dumps(check("42 MWh", "100000 * 700 W * 0.61").to_json()))
    assert set(made) >= {
        "read",
        "chosen",
        "ratio",
        "verdict",
        "slip",
        "stated",
        "recomputed",
        "unit",
        "hint_en",
        "hint_zh",
    }
    assert (made["verdict"], made["slip"]) == ("unit error", "power_energy")
    assert (made["stated"], made["recomputed"], made["unit"]) == (42.0, 42.7, "MW")
    fine = check("42.7 MW", "100000 * 700 W * 0.61").to_json()
    assert fine["slip"] is None
    assert fine["hint_en"]


@given(
    value=st.floats(1e-3, 1e6),
    unit=st.sampled_from(
        ["MWh", "kW", "Wh/request", "tCO2e", "token", "MWh/d", "USD/kWh", "L/kWh"]
    ),
)
def test_property_a_statement_of_its_own_value_is_right(value: float, unit: str) -> None:
    text = f"{value:.6g} {unit}"
    assert check(text, text).verdict == "reproduces"


@given(k=st.sampled_from([-2, -1, 1, 2]), digits=st.integers(101, 998))
def test_property_thousandfold_energy_is_named(k: int, digits: int) -> None:
    made = check(f"{digits * 1000.0**k:.10g} MWh", f"{digits} MWh")
    assert (made.verdict, made.slip) == ("unit error", "thousand")


PIECES = (
    "1", "2.5", "1e9", "10^6", "0", "-", "+", "*", "/", "**", "(", ")", "MWh", "kW", "%", "server", "/server", "万",
    "亿", "度", "a day", "per", "1000", "request", "每天", "约", "more than", "to", "至", "USD", "$", "billion",
    "tokens", "lb", "kg", "CO2e", "H100", "devries2023.servers_2027", ".", "10**400", "1,000", "²", "⁶", "∞", "½",
    "１", "٣", "\u200b", "=", "is", "1/h", "m3", "2d", "W·h",
)  # fmt: skip
piece = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map(" ".join)


@given(says=piece, given_=piece, per=st.sampled_from(["", "1000 request", "0", "x"]))
def test_property_any_words_are_answered_or_refused(says: str, given_: str, per: str) -> None:
    try:
        made = check(says, given_, per=per)
        said = json.dumps(made.to_json(), allow_nan=False) + made.text()
    except TaotieError as error:
        said = error.message
    assert said


@each_row(
    ("says", "given_", "more", "words"),
    [
        ("42 MWh", "", {}, ["nothing to check"]),
        ("", "1 W", {}, ["nothing is stated"]),
        ("42 quux", "1 W", {}, ["what is said", "quux"]),
        ("42 MWh", "1 quux", {}, ["the formula", "quux"]),
        ("42 MWh", "1 MW", {"per": "0 request"}, ["per", "zero"]),
        ("42 MWh", "1 MW", {"per": "1000 quux"}, ["per", "quux"]),
        ("42 MWh", "", {"source_range": "nothing"}, ["the source's range", "no number"]),
        ("42 MWh", "devries2023.no_such_figure * 1", {}, ["the formula", "no_such_figure"]),
        ("42 MWh", "os.system('x')", {}, ["the formula"]),
    ],
)
def test_error_says_which_text_is_wrong(
    says: str, given_: str, more: dict[str, str], words: list[str]
) -> None:
    with pytest.raises(TaotieError) as caught:
        check(says, given_, **more)
    for word in words:
        assert word in str(caught.value)


def test_published_printed_statements() -> None:
    """Sentences as print writes them, answers written before the first run: 125 right, 56 wrong, in both languages."""
    verdicts = {"reproduces": "right", "rounding": "right", "not checkable": "refuse"}
    accused, refused, passed = [], [], []
    cases = rows("printed_statements.csv")
    for row in cases:
        try:
            made = check(row["says"], row["from"], source_range=row["source_range"])
        except TaotieError:
            got = "refuse"
        else:
            got = verdicts.get(made.verdict, "wrong")
        if "right" in row["expected"] and got == "wrong" and "wrong" not in row["expected"]:
            accused.append(row["says"])
        elif row["expected"] == "right" and got == "refuse":
            refused.append(row["says"])
        elif row["expected"] == "wrong" and got != "wrong":
            passed.append(row["says"])
    assert len(cases) >= 150
    assert (accused, refused, passed) == ([], [], [])


@pytest.mark.parametrize(
    ("says", "given", "verdict"),
    [
        ("It would take 600 MW to supply half a million homes.", "500000 homes * 1.2 kW", "reproduces"),
        ("It would take 60 MW to supply half a million homes.", "500000 homes * 1.2 kW", "inconsistent with its inputs"),
        ("It used 340 MWh a day", "1e9 request/d * 0.34 Wh", "reproduces"),
        ("A thousand queries use 340 Wh", "1000 request * 0.34 Wh", "reproduces"),
        ("十万张卡共70兆瓦", "100000 accelerators * 700 W", "reproduces"),
    ],
)  # fmt: skip
def test_worked_an_amount_beside_a_count_is_meant_for_each(
    says: str, given: str, verdict: str
) -> None:
    made = check(says, given)
    assert made.verdict == verdict
    assert " / " in made.recomputed.filled


@pytest.mark.parametrize(
    ("says", "given"),
    [
        ("Eight prompts use as much as 2.7 watt-hours.", "0.34 Wh * 8"),
        ("An image costs some 30 times as much as a text answer.", "10 Wh / 0.3 Wh"),
    ],
)
def test_worked_a_rounded_bound_and_a_gap_on_the_line_are_no_error(says: str, given: str) -> None:
    assert check(says, given).verdict == "rounding"


def test_worked_a_bound_beyond_its_rounding_fails() -> None:
    assert check("as much as 2.7 Wh", "0.34 Wh * 8.2").verdict == "inconsistent with its inputs"
