"""Which numbers of a text only say again what the formula was given? They are inputs and no claim."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from taotie.audit.candidate import Candidate
from taotie.audit.reading import Quantity
from taotie.quantity.copied import replace
from taotie.quantity.unit_text import PLAIN, Unit
from taotie.words import patterns as re

# 1,000 texts took 2 Wh, so each one costs 2 Wh
_SO_EACH = re.compile(
    r"\b(?:so|thus|hence|therefore|meaning|or|i\.e\.)\s(?:that\s)?(?:for\s)?(?:each|every|one|a single)\b|(?:即|所以|因此|也就是|合|平均|折合)[^，。；]{0,3}(?:每|单)",
    re.IGNORECASE,
)


# grew by 530 TWh, 增长530太瓦时: how much, and not to what
_BY = re.compile(
    r"\b(?:by|a (?:rise|gain|fall|drop|growth|cut|jump|increase) of)\s(?:about |some |around |nearly |almost |roughly |over |more than |as much as )?\Z|(?:增长|增加|上升|提高|攀升|下降|减少|降低|新增|多出|蒸发|缩水|流失|少|多)了?[约近]?\Z|\b(?:los(?:e[sd]?|ing|t)|shed(?:s|ding)?|wip(?:es?|ed|ing) (?:out|off)|gain(?:s|ed|ing)?|add(?:s|ed|ing)?)\s(?:about |some |around |nearly |almost |roughly )?\Z",
    re.IGNORECASE,
)


def by_as_much(q: Quantity, text: str, inputs: Sequence[tuple[float, Unit]]) -> bool:
    """Is a number told as a change, where the formula takes the difference or the ratio of two of its kind? Then it is the claim."""
    if not q.change or q.role or q.kind not in ("amount", "money", "count", "share"):
        return False
    if q.kind == "share" and len([u for _v, u in inputs if u.text == "%"]) < 2:
        return False
    if len([u for _v, u in inputs if any(own.same_dimension(u) for own in _owns(q, u))]) < 2:
        return False
    return bool(_BY.search(text[max(0, q.start - 40) : q.start]))


def without_inputs(
    found: list[Candidate], inputs: Sequence[tuple[float, Unit]], text: str, value: float = 0.0, unit: Unit = PLAIN
) -> list[Candidate]:  # fmt: skip
    """Without those that only repeat an input of the formula, which gives `value` in `unit`."""
    ends = {id(c.main): ends_of(c.main) for c in found}
    plain = [value for value, unit in inputs if unit.is_plain]
    # 1.9 and 4.4 percent, in 4.4 / 1.9: two of them, since one may be by chance
    same = [v for v in plain if any(_shares_digits(e, v) for e in itertools.chain(*ends.values()))]
    digits = same if len(set(same)) >= 2 else []

    def told(q: Quantity) -> bool:
        part = q.value * q.unit.factor_to(PLAIN) if q.kind == "share" and unit.is_plain else 0.0
        if (
            part
            and value
            and abs(part / value - 1) < 0.01
            and not any(_shares_digits(q, v) or abs(part / v - 1) < 1e-6 for v in plain if v)
        ):
            return False  # what the formula gives; that 0.8 is all but a fifth is chance
        free = [(v, u) for v, u in inputs if not (q.kind == "times" and u.is_plain and v in digits)]
        return any(repeats(q, v, u) for v, u in free) or any(_shares_digits(q, v) for v in digits)

    def printed(c: Candidate) -> bool:
        """300 MW, taken as a plain number, where the formula has 300."""
        same = c.how == "number" and c.main.kind in ("amount", "money")
        return same and any(abs(c.stated.value / v - 1) < 1e-6 for v in plain if v)

    def again(q: Quantity) -> bool:
        """Raised by 1.6 %, from 1.6 % to 3.2 %: the change is no input, though it has the digits of one."""
        return any(
            c.main.end <= q.start
            and c.main.text == q.text
            and c.main.kind == q.kind
            and not q.role
            and (
                q.change != 0
                or (q.kind in ("share", "times") and _CONCLUDED.search(text, c.main.end, q.start))
            )
            for c in found
        ) or any(
            c.main.end <= q.start
            and c.main.bare.same_dimension(q.bare)
            and abs(c.main.value * c.main.bare.factor_to(q.bare) - q.value) <= 1e-6 * abs(q.value)
            and _SO_EACH.search(text, c.main.end, q.start)
            for c in found
        )

    def left_over(q: Quantity) -> bool:
        """60 and 25 percent, the remaining 25: what is left is told, and no part said again."""
        return (
            not q.is_range
            and bool(_LEFT_OVER.search(text[max(0, q.start - 24) : q.start]))
            and any(
                c.main.end <= q.start
                and c.main.kind == q.kind
                and abs(c.main.value - q.value) <= 1e-9 * abs(q.value)
                for c in found
            )
        )

    def in_its_period(c: Candidate) -> tuple[Quantity, ...]:
        """9 billion a year is no 9 billion, where the formula's result is for each year."""
        own = ends[id(c.main)]
        off = (
            abs(c.stated.value * c.stated.unit.factor_to(unit) / value - 1) > 0.05
            if value
            else False
        )
        if off and c.how == "direct" and c.main.period and c.main.firm:
            return tuple(replace(e, bare=e.unit) for e in own)
        return own

    return [
        c
        for c in found
        if again(c.main)
        or left_over(c.main)
        or by_as_much(c.main, text, inputs)
        or not (printed(c) or all(told(e) for e in in_its_period(c)))
    ]


def ends_of(q: Quantity) -> tuple[Quantity, ...]:
    """A number, or both ends of a range as two."""
    return (replace(q, high=q.low), replace(q, low=q.high)) if q.is_range else (q,)


def _shares_digits(q: Quantity, value: float) -> bool:
    return q.kind == "share" and value != 0 and abs(q.value / value - 1) < 1e-6


_LEFT_OVER = re.compile(
    r"\b(?:remaining|remainder of|remainder,|rest,|rest of|balance of|other|leaves?|leaving|left with)\s(?:the\s|some\s|about\s|only\s|just\s){0,2}\Z|(?:剩余|其余|余下|剩下|另外|还剩|只剩)的?[约近]?\Z",
    re.IGNORECASE,
)
_CONCLUDED = re.compile(
    r"\b(?:so|thus|hence|therefore|which means|meaning)\b|所以|因此|因而|也就是|于是", re.IGNORECASE
)
_PART_WORDS = re.compile(r"\b(?:third|sixth|seventh|ninth)s?\b|[三六七九]分之", re.IGNORECASE)


class Said(float):
    """A number of the formula that the text says as it stands: where it says 1.2, a fifth does not say 1.2 again as growth."""


def repeats(q: Quantity, value: float, unit: Unit) -> bool:
    """Does a quantity only say again what the formula was given?"""
    if q.is_range or not value:
        return False
    near = 5e-3 if _PART_WORDS.search(q.text) else 1e-6  # a third, in 0.333 Wh
    digits = abs(q.value / value - 1) < near
    if digits and unit.is_plain and q.kind == "count":
        return True  # 100 prompts, in 100 * 0.34 Wh
    if digits and unit.is_plain and q.kind in ("money", "amount") and value % 1:
        return True  # 1.2 yuan and 0.3, in (1.2 - 0.3) CNY/kWh
    if (
        unit.is_plain and q.kind == "share" and value > 0 and not isinstance(value, Said)
    ):  # 12 per cent, in 1.12^6
        part = q.value * q.unit.factor_to(PLAIN)
        if any(abs(x / value - 1) < 1e-6 for x in (1 + part, 1 - part)):
            return True
    if digits and not unit.is_plain and q.kind == "number" and q.value not in (1, 10, 100):
        return True  # 176 TWh of 4,000
    return any(
        own.same_dimension(unit) and abs(q.value * own.factor_to(unit) / value - 1) < near
        for own in _owns(q, unit)
    )


def _owns(q: Quantity, unit: Unit) -> list[Unit]:
    """In which units a text may say again what the formula has in `unit`."""
    each = [
        Unit(c)
        for c in unit.text.split("/")[1:]
        if f"/{c}" not in q.unit.text and not c.startswith("(")
    ]
    if len(each) > 1:  # 2,500 kWh, in 2500 kWh/household/a
        each.append(math.prod(each[1:], start=each[0]))
    carbonless = (q.bare / Unit("g") * Unit("gCO2e"),) if "CO2e" in unit.physical and "CO2e" not in q.bare.physical else ()  # fmt: skip
    return [
        # 3,600 MWh a day is no 150 MW, and 2,880 kWh a year no 240 a month
        *((q.unit,) if not q.period or f"/{q.period}" in unit.text else ()),
        q.bare,
        # "1.3 kW apiece" is 1.3 kW/accelerator, "at eight cents" 0.08 USD/kWh
        *(own / below for own in (q.unit, q.bare) for below in each),
        # 284 tonnes of CO2, in 284 t / 5 t
        *((q.bare / Unit("gCO2e") * Unit("g"),) if "CO2e" in q.bare.physical else ()),
        *carbonless,
        *(own / below for own in carbonless for below in each),
    ]


def divides(q: Quantity, value: float, unit: Unit) -> bool:
    """Is it the part a formula divides by: a quarter, in 60 MW / 4?"""
    part = (
        q.value * q.unit.factor_to(PLAIN) if q.kind in ("share", "times") and unit.is_plain else 0.0
    )
    return part > 0 and abs(part * value - 1) < 1e-6
