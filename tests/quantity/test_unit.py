"""Units: spelling, dimension, conversion, and what a stranger may write into a unit field."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.errors import UnitError
from taotie.quantity import unit as units

WRITTEN = (
    "W kW MW GW TW J kJ MJ Wh kWh MWh GWh TWh s min h d a B kB MB GB TB GiB TiB FLOP TFLOP EFLOP request token "
    "inference image video server accelerator household person site g kg t Mt gCO2e kgCO2e tCO2e MtCO2e L m3 m2 km2 "
    "USD EUR CNY 1 % H TH K degC V A VA Hz month week parameter lb m km Wh/request gCO2e/kWh USD/kWh TB/s FLOP/s "
    "1/a kW/server L/kWh J/token FLOP/s/accelerator Wh/request/d K/W"
)
KNOWN = WRITTEN.split()


@each_row(
    ("written", "meant"),
    [
        ("watt_hour / request", "Wh/request"),
        ("Wh per request", "Wh/request"),
        ("Wh/prompt", "Wh/request"),
        ("Wh/query", "Wh/request"),
        ("chip", "accelerator"),
        ("%", "%"),
        ("", "1"),
        (" 1 ", "1"),
        ("m²", "m**2"),
        ("µs", "us"),
        ("μs", "us"),
        ("tokens/s", "token/s"),
        ("°C", "degC"),
        ("h*h**-1", "1"),
        ("Wh/request/request", "Wh/request**2"),
    ],
)
def test_worked_one_spelling(written: str, meant: str) -> None:
    assert units.canonical(written) == meant


@each_row(
    ("source", "target", "expected"),
    [
        ("TWh", "kWh", 1e9),
        ("kWh", "MJ", 3.6),
        ("MWh/d", "kW", 1000 / 24),
        ("a", "h", 8760.0),
        ("a", "d", 365.0),
        ("%", "1", 0.01),
        ("t", "kg", 1000.0),
        ("MtCO2e", "tCO2e", 1e6),
        ("GiB", "B", 2.0**30),
        ("km2", "m2", 1e6),
        ("mm2", "m2", 1e-6),
        ("cm3", "L", 1e-3),
        ("km2", "m**2", 1e6),
        ("m3", "L", 1000.0),
        ("K/W", "degC/W", 1.0),
        ("lb", "kg", 0.45359237),
        ("TH", "H", 1e12),
    ],
)
def test_worked_factors(source: str, target: str, expected: float) -> None:
    assert units.factor(units.canonical(source), units.canonical(target)) == pytest.approx(
        expected, rel=1e-14
    )


@each_row(
    ("one", "other"),
    [
        ("Th", "TH"),  # tera-hour, terahash
        ("Pa", "petayear"),
        ("min", "m"),
        ("MW", "MWh"),
        ("gCO2e", "g"),
        ("USD", "EUR"),
        ("request", "token"),
        ("Wh/request", "Wh/inference"),
        ("Wh/request/request", "Wh/request"),
        ("kW", "kW/server"),
        ("deg", "degC"),
    ],
)
def test_worked_look_alikes_differ(one: str, other: str) -> None:
    assert not units.same_dimension(one, other)
    with pytest.raises(UnitError):
        units.factor(units.canonical(one), units.canonical(other))


def test_worked_pascal_is_no_petayear() -> None:
    assert units.same_dimension("Pa", "kg/m/s**2")
    assert units.canonical("petayear") != "Pa"


@given(st.sampled_from(KNOWN), st.sampled_from(KNOWN))
def test_property_conversion_goes_there_and_back(a: str, b: str) -> None:
    a, b = units.canonical(a), units.canonical(b)
    if units.same_dimension(a, b) and (a == b or "degC" not in (a, b)):
        assert units.factor(a, b) * units.factor(b, a) == pytest.approx(1.0, rel=1e-14)
    else:
        with pytest.raises(UnitError):
            units.factor(a, b)


@given(st.lists(st.tuples(st.sampled_from(KNOWN), st.integers(-2, 2)), min_size=1, max_size=4))
def test_property_the_canonical_spelling_reads_back(parts: list[tuple[str, int]]) -> None:
    unit = "1"
    for part, exponent in parts:
        unit = units.product(unit, units.power(units.canonical(part), exponent))
    assert units.canonical(unit) == unit
    assert units.quotient(unit, unit) == "1"
    assert units.quotient(units.product(unit, "Wh"), "Wh") == unit


def test_property_no_prefixed_symbol_is_taken_for_another_unit() -> None:
    """Prefix and symbol together never read back as something else (Pa, min, cd ...)."""
    registry = units.registry()
    prefixes = {p.symbol for p in registry._prefixes.values()}
    names = [n for n, d in registry._units.items() if not n.startswith("delta_") and d.name == n]
    for prefix, name in itertools.product(sorted(prefixes), names):
        long = registry._prefixes[prefix].name + name if prefix else name
        try:
            short = units.canonical(long)
        except UnitError:
            continue  # kilo-square_meter and the like are refused
        assert units.same_dimension(short, long)
        if "degree_Celsius" not in long:
            assert units.factor(short, units.canonical(long)) == 1.0
            assert registry.parse_units(short) == registry.parse_units(long)


@each_row(
    "text",
    [
        "x" * 1000,
        "Wh" * 50_000,
        "__import__('os').system('true')",
        "1e9999",
        "9**9**9**9",
        "((9**99)**99)**99",
        "m**9**9**9",
        "m**" + "9" * 40,
        "((m**99)**99)**99",
        "10%",
        "1000 request",
        "Wh/1000 request",
        "nan",
        "inf*Wh",
        "lambda: 1",
        "[length]",
        "Wh-h",
        "Wh+Wh",
        "Wh/",
        "/a",
        "(",
        "Wh)",
        "()",
        "\x00",
        "Wh\x00",
        "瓦时",
        "💡",
        "W;h",
        "Wh,request",
        "{0}",
        "%s%n",
        "kilowatt hours per",
        "µ",
        "²",
        "m²²²²²²²²²²²²",
        "dm2",
        "km3km2hm2",
        "um2",
        "Mm3",
        "None",
        "e" * 200,
        "(" * 200,
        None,
        5,
        2.5,
        ["Wh"],
        {"unit": "Wh"},
        True,
    ],
)
def test_error_hostile_units(text: object) -> None:
    with pytest.raises(UnitError) as caught:
        units.canonical(text)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 3000


@given(st.text(max_size=60))
def test_property_any_text_is_a_unit_or_a_unit_error(text: str) -> None:
    try:
        found = units.canonical(text)
    except UnitError:
        return
    assert units.canonical(found) == found


@given(
    st.lists(
        st.sampled_from(
            ["Wh", "kg", "%", "1", "9", "*", "/", "**", "(", ")", " ", "-", ".", "e", "^"]
        ),
        max_size=25,
    )
)
def test_property_any_expression_is_a_unit_or_a_unit_error(tokens: list[str]) -> None:
    try:
        found = units.canonical("".join(tokens))
    except UnitError:
        return
    assert units.canonical(found) == found


@each_row(
    ("wrong", "right"),
    [
        ("mw", "MW, mW"),
        ("kwh", "kWh"),
        ("KWh", "kWh"),
        ("gw", "GW"),
        ("Kg", "kg"),
        ("KB", "kB"),
        ("mib", "MiB"),
        ("TFLOPS", "TFLOP/s"),
        ("gCO2", "gCO2e"),
        ("tokn", "token"),
        ("servr", "server"),
        ("$/kWh", "USD"),
        ("€", "EUR"),
    ],
)
def test_error_names_the_right_spelling(wrong: str, right: str) -> None:
    with pytest.raises(UnitError) as caught:
        units.canonical(wrong)
    assert right in caught.value.hint


def test_error_a_number_belongs_into_the_value() -> None:
    with pytest.raises(UnitError, match="holds a number") as caught:
        units.canonical("Wh/1000 requests")
    assert "value 1000" in caught.value.hint


def test_error_squared_prefix_is_ambiguous() -> None:
    with pytest.raises(UnitError, match="ambiguous") as caught:
        units.canonical("um2")
    assert "km**2" in caught.value.hint


@pytest.mark.parametrize(
    ("source", "target", "words", "hint"),
    [
        ("W", "Wh", "power is not energy", "multiplied by a time"),
        ("MWh", "MW", "energy is not power", "divided by a time"),
        ("Wh", "Wh/request", "energy is not energy per request", "per request"),
        ("kW", "kW/server", "power", "per server"),
    ],
)
def test_error_the_usual_slips(source: str, target: str, words: str, hint: str) -> None:
    with pytest.raises(UnitError) as caught:
        units.factor(source, target)
    assert words in caught.value.message
    assert hint in caught.value.hint


def test_error_celsius_is_not_scaled() -> None:
    with pytest.raises(UnitError, match="Celsius"):
        units.factor("degC", "K")


def test_error_beyond_floating_point() -> None:
    big = units.power("EFLOP", 20)
    with pytest.raises(UnitError, match="out of reach"):
        units.factor(big, units.power("nFLOP", 20))


@pytest.mark.parametrize("exponent", [100.0, 1e9, -1e9])
def test_error_a_unit_to_a_huge_power(exponent: float) -> None:
    with pytest.raises(UnitError):
        units.power("Wh", exponent)


def test_property_roots_are_undone() -> None:
    third = units.power("m", 1 / 3)
    assert units.canonical(third) == third
    assert units.same_dimension(units.power(third, 3), "m")
    assert math.isclose(units.factor(units.power("km**2", 0.5), "km"), 1.0)


def test_matches_one_registry_for_all_threads() -> None:
    """Two registries, built by two threads at once, would not multiply with each other."""
    code = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from taotie.quantity import unit
names = ["Wh", "request", "s", "kW", "server", "USD", "token", "J"]
start = Barrier(len(names))
def first(name):
    start.wait()
    return unit.product(name, "h")
with ThreadPoolExecutor(len(names)) as pool:
    list(pool.map(first, names))
for a in names:
    for b in names:
        unit.product(a, b), unit.quotient(a, b)
print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "done", done.stderr[-500:]


def test_matches_threads_agree() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: units.product(KNOWN[i % 40], "1/a"), range(400)))
    assert found == [units.product(KNOWN[i % 40], "1/a") for i in range(400)]


def test_matches_kept_answers_are_those_of_pint(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = units._answers()
    assert kept, "units.txt has changed: run tools/unit_answers.py"
    monkeypatch.setattr(units, "_answers", dict)
    for name in ("_canonical", "dimension", "factor", "product", "quotient"):
        asked = getattr(units, name).__wrapped__
        for question, answer in kept[name.strip("_")].items():
            assert asked(*question.split(" ")) == answer, (name, question)


def test_matches_what_is_put_together_from_symbols_is_what_pint_says() -> None:
    kept = units._answers()
    for question, sign in (("product", 1), ("quotient", -1)):
        made = [(units._composed(*asked.split(" "), sign), answer) for asked, answer in kept[question].items()]  # fmt: skip
        assert all(own in ("", answer) for own, answer in made)
        assert sum(own != "" for own, _answer in made) > 0.8 * len(made)
    made = [(units._composed_dimension(asked), answer) for asked, answer in kept["dimension"].items()]  # fmt: skip
    assert all(own in ("", answer) for own, answer in made)
    assert sum(own != "" for own, _answer in made) > 0.8 * len(made)
    assert units._composed("mW", "MW", 1) == ""  # which stands first is pint's to say
    assert units._composed("Wh/furlong", "d", 1) == ""  # nobody asked pint for that one


def test_property_a_word_that_is_a_unit_may_be_one() -> None:
    for word in (
        "kWh",
        "terawatts",
        "kilowatt",
        "gCO2e",
        "MtCO2e",
        "requests",
        "km",
        "hours",
        "m3",
    ):
        assert units.may_be_unit(word), word
    for word in ("northern", "Virginia", "electricity", "the"):
        assert not units.may_be_unit(word), word
