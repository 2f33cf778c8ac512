"""How is a verdict said? Numbers, rules and slips as sentences, in English and in Chinese."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from taotie.audit.verdict import (
    INCONSISTENT,
    NOT_CHECKABLE,
    OUTDATED,
    REPRODUCES,
    ROUNDING,
    UNIT_ERROR,
    Finding,
    Stated,
)
from taotie.quantity import unit as physical_units
from taotie.quantity.number_text import number_at, plain
from taotie.quantity.unit_text import Unit, parse_unit
from taotie.quantity.unit_word import unit_word
from taotie.words.language import LANGUAGES, N_, _, language, speaking

MARKS = {
    REPRODUCES: "✓",
    ROUNDING: "≈",
    UNIT_ERROR: "⨯",
    INCONSISTENT: "≠",
    OUTDATED: "↺",
    NOT_CHECKABLE: "?",
}
_LADDERS: dict[str, tuple[str, ...]] = {
    "Wh": ("mWh", "Wh", "kWh", "MWh", "GWh", "TWh"),
    "W": ("mW", "W", "kW", "MW", "GW", "TW"),
    "m2": ("m2", "km2"),
    "h": ("s", "min", "h", "d", "a"),
    "g": ("g", "kg", "t", "kt", "Mt"),
    "gCO2e": ("gCO2e", "kgCO2e", "tCO2e", "ktCO2e", "MtCO2e"),
}
_HEADS = (
    "Wh", "W", "h", "gCO2e", "g", "USD", "EUR", "CNY", "B", "FLOP", "FLOP/s", "1/h", "L", "1", "m2", "km",
)  # fmt: skip
_TAILS = (
    "", "/request", "/inference", "/image", "/video", "/token", "/server", "/accelerator",
    "/household", "/person", "/site", "/d", "/kWh", "/km",
)  # fmt: skip


def in_each_language(say: Callable[[], str]) -> dict[str, str]:
    """What `say` says in every language, whatever language is in force."""

    made: dict[str, str] = {}
    for code in LANGUAGES:
        with speaking(code):
            made[code] = say()
    return made


# ---- numbers ---------------------------------------------------------------------------------------


def number(value: float, digits: int = 4) -> str:
    """`value` with `digits` significant digits; words for large numbers.

    Examples
    --------
    >>> number(42.7), number(564000), number(1.95e8), number(0.04), number(1289.376)
    ('42.7', '564,000', '195 million', '0.04', '1,289')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    size = abs(value)
    if size >= 1e15 or size < 1e-4:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{short}×10^{int(exponent)}"
    if language() == "zh":
        for limit, word in ((1e12, "万亿"), (1e8, "亿"), (1e5, "万")):
            if size >= limit:
                return _digits(value / limit * (10 if word == "万" else 1), digits) + word
        return _digits(value, digits)
    for limit, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if size >= limit:
            return f"{_digits(value / limit, digits)} {word}"
    return _digits(value, digits)


def _digits(value: float, digits: int) -> str:
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def readable(value: float, unit: Unit) -> tuple[float, Unit]:
    """The same quantity in a unit people use: `h*kW` becomes MWh, `MWh/MW` becomes hours.

    Examples
    --------
    >>> value, unit = readable(564252.0, Unit("h*kW"))
    >>> round(value, 1), unit.text
    (564.3, 'MWh')
    """
    for tail in _TAILS:
        for head in _HEADS:
            if tail == "/km" and head in ("1", "L", "m2", "km"):
                continue  # an area, a length, a number
            spelled = f"1{tail}" if head == "1" and tail else head + tail
            if not physical_units.same_dimension(unit.physical, spelled):
                continue
            size = abs(value * physical_units.factor(unit.physical, spelled))
            best = spelled
            for step in _LADDERS.get(head, ()):
                scaled = size * physical_units.factor(head, step)
                best = step + tail
                if scaled < 1000 and (head != "h" or scaled < _TOO_LARGE[step]):
                    break
            target = physical_units.canonical(best)
            return value * physical_units.factor(unit.physical, target), Unit(target, unit.counted)
    return value, unit


def prefixed(value: float, unit: Unit) -> tuple[float, Unit]:
    """The same quantity with another prefix only: `205952 MWh/a` becomes GWh/a.

    Examples
    --------
    >>> value, unit = prefixed(205952.0, Unit("MWh/a"))
    >>> round(value, 1), unit.text
    (206.0, 'GWh/a')
    """
    head, slash, tail = unit.physical.partition("/")
    for base, ladder in _LADDERS.items():
        if head not in ladder or base == "h":
            continue
        for step in ladder:
            if abs(value) * physical_units.factor(head, step) < 1000:
                break
        factor = physical_units.factor(head, step)
        return value * factor, Unit(physical_units.canonical(step + slash + tail), unit.counted)
    return value, unit


_TOO_LARGE = {"s": 90.0, "min": 90.0, "h": 72.0, "d": 400.0, "a": math.inf}


_MONEY = (("GUSD", 1e9, "USD"), ("MUSD", 1e6, "USD"), ("kUSD", 1e3, "USD"))


def _unit_text(unit: Unit) -> str:
    """A unit as printed behind a number: nothing for plain numbers."""
    text = unit.text
    return "" if text == "1" else text.replace("**2", "²").replace("**3", "³")


def quantity(value: float, unit: Unit, digits: int = 4) -> str:
    """A number with its unit.

    Examples
    --------
    >>> quantity(1.52, Unit("GUSD")), quantity(0.61, Unit("1")), quantity(42.7, Unit("MW"))
    ('USD 1.52 billion', '0.61', '42.7 MW')
    """
    return _with_unit(number(value, digits), value, unit, digits)


_THINGS_ZH = {
    "household": "户", "person": "人", "server": "台", "accelerator": "颗芯片", "request": "次", "site": "座",
    "token": "词元", "image": "张", "inference": "次推理", "parameter": "个参数",
}  # fmt: skip


def _thing(word: str, value: float) -> str:
    """A counted thing as a word: "households" rather than the unit's name."""
    if language() == "zh":
        return _THINGS_ZH.get(word, word)
    if value == 1:
        return word
    return "people" if word == "person" else f"{word}s"


def _with_unit(shown: str, value: float, unit: Unit, digits: int, high: float | None = None) -> str:
    words = _unit_text(unit)
    if words in _THINGS_ZH or (unit.counted and words == unit.counted[0][0]):
        words = _thing(words, value if high is None else 0.0)
    for prefix, scale, currency in _MONEY:
        if words.startswith(prefix):
            tail = words[len(prefix) :]
            amount = number(value * scale, digits)
            if high is not None:
                amount = f"{amount}–{number(high * scale, digits)}"
            return (
                f"{amount}美元{unit_word(tail)}"
                if language() == "zh"
                else f"{currency} {amount}{tail}"
            )
    space = "" if words in ("", "%") else " "
    return f"{shown}{space}{unit_word(words)}"


def interval(low: float, high: float, unit: Unit, digits: int = 4) -> str:
    """A range with its unit, or one number where the ends meet."""
    if low == high:
        return quantity(low, unit, digits)
    return _with_unit(f"{number(low, digits)}–{number(high, digits)}", low, unit, digits, high)


def percent(share: float) -> str:
    """A share as a percentage with two significant digits or one decimal."""
    value = 100 * share
    return f"{value:.1f} %" if value < 100 else f"{value:,.0f} %"


def duration(hours: float) -> str:
    """A time in the unit that makes it an ordinary number.

    Examples
    --------
    >>> duration(25.74), duration(0.983), duration(8760 * 3)
    ('25.7 h', '59 min', '3 a')
    """
    value, unit = readable(hours, Unit("h"))
    return f"{number(value, 3 if unit.text != 'min' else 2)} {unit.text}"


# ---- words -----------------------------------------------------------------------------------------


INCONSISTENT_INPUTS = "inconsistent with its inputs"
_VERDICTS = {
    REPRODUCES: N_("reproduces"),
    ROUNDING: N_("rounding"),
    UNIT_ERROR: N_("unit error"),
    INCONSISTENT: N_("inconsistent with source"),
    OUTDATED: N_("outdated"),
    NOT_CHECKABLE: N_("not checkable"),
    INCONSISTENT_INPUTS: N_("inconsistent with its inputs"),
}


def verdict_word(verdict: str) -> str:
    """The verdict in the language in force."""
    return _(_VERDICTS[verdict])


_DECIDED = {
    "computed": N_("computed"),
    "documented": N_("documented"),
    "proposed": N_("proposed"),
}


def decided_word(decided_by: str) -> str:
    """How a verdict was reached, in the language in force."""
    return _(_DECIDED[decided_by])


_SYSTEMS = {
    "chat": N_("chat"),
    "search": N_("search"),
    "image_and_tasks": N_("images and tasks"),
    "training": N_("training"),
    "fleet": N_("server fleet"),
    "mining": N_("mining"),
    "data_centers": N_("data centres"),
    "national_electricity": N_("national electricity"),
    "grid": N_("grid"),
    "siting": N_("siting"),
    "supply": N_("supply"),
    "policy": N_("policy"),
    "emissions": N_("emissions"),
    "efficiency": N_("efficiency"),
    "context": N_("context"),
}


def system_word(system: str) -> str:
    """What a claim is about, in the language in force; unknown names as they are."""
    found = _SYSTEMS.get(system)
    return system.replace("_", " ") if found is None else _(found)


_ACCESS = {
    "read": N_("read"),
    "quoted": N_("quoted, page not opened"),
    "memory": N_("from memory, to be looked up"),
}


def access_word(access: str) -> str:
    """How a value was come by, in the language in force."""
    return _(_ACCESS[access])


_BOUNDS = {
    "": "",
    "upper": N_("upper bound"),
    "lower": N_("lower bound"),
    "central": N_("central value"),
    "mean": N_("mean"),
    "median": N_("median"),
    "measured": N_("measured"),
    "forecast": N_("forecast"),
}


def bound_word(bound: str) -> str:
    """What kind of value the source gives, in the language in force."""
    return _(_BOUNDS[bound])


_HEDGES = {
    "none": "",
    "about": N_("about"),
    "comparable": N_("comparable to"),
    "at_least": N_("at least"),
    "at_most": N_("at most"),
    "greater": N_("more than"),
    "nearly": N_("nearly"),
    "exact": N_("exactly"),
}


def hedge_word(hedge: str) -> str:
    """How a statement qualifies its number, in the language in force."""
    return _(_HEDGES[hedge])


def per_interval(low: float, high: float, unit: Unit, per: str, digits: int = 4) -> str:
    """A range per what the text counts by, such as ``2.9 kWh per 1,000 inference``."""
    return _per_interval(low, high, unit, per, digits, language())


@lru_cache(4096)  # a page says each number of a claim several times
def _per_interval(low: float, high: float, unit: Unit, per: str, digits: int, _code: str) -> str:
    tidy = plain(per).strip()
    found = number_at(tidy)
    if found is None:
        return interval(low, high, unit, digits)
    counted = parse_unit(tidy[found.end :])[1]
    return _("{value} per {count}").format(
        value=interval(low * found.value, high * found.value, unit * counted, digits),
        count=f"{number(found.value)} {counted.text}",
    )


def bare_text(stated: Stated, per: str = "") -> str:
    """A stated value without its hedge; with `per`, such as "1000 inference", as printed."""
    return per_interval(stated.low, stated.high, stated.unit, per, 7)


def stated_text(stated: Stated, per: str = "") -> str:
    """A stated value with its hedge."""
    text, hedge = bare_text(stated, per), hedge_word(stated.hedge)
    gap = "" if language() == "zh" else " "
    return f"{hedge}{gap}{text}" if hedge else text


# ---- why -------------------------------------------------------------------------------------------


_RULES = {
    "dimension": N_(
        "{stated} is {dim_stated}, the inputs give {recomputed}, which is {dim_recomputed}: "
        "the two never convert into one another."
    ),
    "power_of_1000": N_(
        "{stated} against {recomputed}: a factor of {factor}. It looks like a slip of the unit."
    ),
    "within_digits": N_("{recomputed} agrees with {stated} within the printed digits."),
    "inside_stated_range": N_("{recomputed} lies within the stated {stated}."),
    "ends_agree": N_("Both ends of {recomputed} agree with {stated}."),
    "swapped": N_("{stated} the other way round: the text's own numbers say the opposite."),
    "points": N_(
        "{stated} is a growth in per cent; percentage points are the difference of two shares."
    ),
    "of_each": N_("{stated} is what all of them use; the text says it of each."),
    "own_total": N_("{stated} agrees, but not with the total that the text makes of it."),
    "misquoted": N_("{stated} agrees, but the text gives another number for one of its inputs."),
    "ends_differ": N_("The ends of {stated} are not those of {recomputed}."),
    "ends_close": N_("Both ends of {recomputed} are within 5 % of {stated}."),
    "range_inside": N_("All of {recomputed} lies within {stated}."),
    "meets_part": N_("{stated} meets only part of {recomputed}."),
    "edges_close": N_("{stated} and {recomputed} miss each other by less than 5 %."),
    "comparable": N_("{recomputed} is within 10 % of {stated}."),
    "comparable_partly": N_("{recomputed} comes within 20 % of {stated} only at its near end."),
    "not_comparable": N_("{recomputed} is not comparable to {stated}."),
    "bound_holds": N_("{stated} holds, and {recomputed} is within 10 % of it."),
    "bound_loose": N_("{stated} is loose: {recomputed}."),
    "bound_fails": N_("{stated} does not hold: {recomputed}."),
    "bound_far": N_("{stated} is far from {recomputed}: true, but it misleads."),
    "greater": N_("{recomputed} is more than {stated_value}."),
    "not_greater": N_("{recomputed} is not more than {stated_value}."),
    "nearly": N_("{recomputed} is just short of {stated_value}."),
    "empty_range": N_("{stated} is so wide that it says nothing: {recomputed}."),
    "wide_range": N_("{stated} is too wide to be right or wrong: {recomputed}."),
    "gap_small": N_("{recomputed} against {stated}: {gap} apart."),
    "far": N_("{stated} is {ratio} times what the inputs give, {recomputed}."),
    "inside_source_range": N_("{stated} lies within the source's range {recomputed}."),
    "bound_as_typical": N_(
        "The source gives a bound, {recomputed}; {stated} is said as if it were typical."
    ),
    "only_a_bound": N_("The source gives only a bound, {recomputed}; it does not decide {stated}."),
}
"""Sentences of the rules."""


def rule_sentence(
    finding: Finding, stated: str, bare: str, recomputed: str, dimensions: tuple[str, str]
) -> str:
    """Which rule fired, with the numbers it compared; `bare` is the stated value without its hedge."""
    template = _(_RULES[finding.rule])
    gap = finding.gap
    ratio = finding.ratio
    return template.format(
        stated=stated,
        stated_value=bare,
        recomputed=recomputed,
        dim_stated=dimensions[0],
        dim_recomputed=dimensions[1],
        factor=f"10^{3 * finding.power}" if abs(finding.power) > 1 else _thousandth(finding.power),
        gap=percent(gap) if gap is not None and math.isfinite(gap) else "-",
        ratio=number(ratio, 3) if ratio is not None and math.isfinite(ratio) else "∞",
    )


def _thousandth(power: int) -> str:
    return "1000" if power >= 0 else "1/1000"


def bound_sentence(bound: str, hedge: str) -> str:
    """The weak point of a value that is a bound at its source, or nothing."""
    if bound == "upper" and hedge not in ("at_most",):
        return _("At its source the value is an upper bound; here it is told as typical.")
    if bound == "lower" and hedge not in ("at_least",):
        return _("At its source the value is a lower bound; here it is told as typical.")
    return ""
