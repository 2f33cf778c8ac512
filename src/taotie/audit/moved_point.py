"""Has a number the digits of what its neighbours make, and the point elsewhere, or a growth those of the ratio? 216,000 kW, therefore 51.84 GWh a day.

Only that is told here: equal digits are seldom chance, so that fewer words need to draw the conclusion than elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from taotie.audit import verdict as verdicts
from taotie.audit.between import Between
from taotie.audit.reading import Quantity
from taotie.quantity.unit_text import Unit
from taotie.words import patterns as re

_W, _WH, _H = Unit("W"), Unit("Wh"), Unit("h")
_PERIOD_H = {"h": 1.0, "d": 24.0, "week": 168.0, "month": 730.0, "a": 8760.0}
_AMOUNTS = ("amount", "money")
_FAR = 300
MOST_PLACES = 4


def moved_point(text: str, said: Sequence[Quantity]) -> Iterator[Between]:
    """Numbers of an article that are off by a power of ten of what the ones before them make.

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> def tried(text):
    ...     return [(b.whole.text, round(b.ratio)) for b in moved_point(text, read(text).quantities)]
    >>> tried("园区取用的功率是21.6万千瓦，每天因此耗电5184万度。")
    [('5184万度', 10)]
    >>> tried("107 MW would be on offer, enough for 267,500 flats that each require 4 kW.")
    [('267,500 flats', 10)]
    >>> tried("Each would owe $542; paid off in 120 monthly instalments, this comes to $45.17 a month.")
    [('$45.17 a month', 10)]
    >>> tried("Last year it was 4 TWh. It went up to 6.4 TWh, a rise of 160 percent.")
    [('160 percent', 3)]
    """
    for i, q in enumerate(said):
        if q.is_range or not q.value > 0 or q.hedge not in ("none", "about", "exact"):
            continue
        before = [
            p
            for p in said[max(0, i - 4) : i]
            if q.start - p.start < _FAR and "\n" not in text[p.end : q.start]
        ]
        yield from _of_a_power(q, before)
        yield from _enough_for(text, said, i)
        yield from _by_instalments(text, q, before)
        yield from _ratio_as_growth(text, said, i)


def is_moved(q: Quantity, value: float) -> bool:
    """Has a printed number three digits or more of `value`, in its own unit, and the point elsewhere?"""
    ratio = q.value / value if value > 0 else 0.0
    if q.digits < 3 or ratio <= 0:
        return False
    places = round(math.log10(ratio))
    near = 0.002 + q.half / q.value
    return 0 < abs(places) <= MOST_PLACES and abs(ratio / 10.0**places - 1) <= min(near, 0.006)


def _of_a_power(q: Quantity, before: Sequence[Quantity]) -> Iterator[Between]:
    """A power, and the energy of a day or a year behind it."""
    hours = _PERIOD_H.get(q.period)
    if q.kind != "amount" or hours is None or q.counts or not q.bare.same_dimension(_WH):
        return
    for p in reversed(before):
        if p.kind == "share" and p.value in (1.0, 10.0):
            return  # a load of 10 %
        if p.kind != "amount" or p.count or p.is_range or not p.unit.same_dimension(_W):
            continue
        value = p.value * (p.unit * _H).factor_to(q.bare) * hours
        if is_moved(q, value):
            yield Between((p,), q, q.value / value, verdicts.INCONSISTENT)
        return


_ENOUGH = re.compile(
    r"\b(?:enough|suffic\w+|suppl\w+|power|serve|feed|heat|cool|run|for)\b|够|可供|能供|满足|供给|支撑",
    re.IGNORECASE,
)
_EACH = re.compile(r"\b(?:each|every one|apiece)\b|每|各", re.IGNORECASE)


def _enough_for(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """So much, enough for so many that each need so much."""
    if i + 2 >= len(said):
        return
    whole, many, each = said[i : i + 3]
    if whole.kind != "amount" or each.kind != "amount" or many.kind not in ("count", "thing"):
        return
    if not whole.sentence == many.sentence == each.sentence or each.is_range or each.value <= 0:
        return
    if not _ENOUGH.search(text[whole.end : many.start]) or not _EACH.search(
        text[many.start : each.end + 9]
    ):
        return
    below = (
        each.bare * Unit(each.count)
        if each.count and f"/{each.count}" in each.bare.text
        else each.bare
    )
    if whole.period != each.period or not whole.bare.same_dimension(below):
        return
    value = whole.value * whole.bare.factor_to(below) / each.value
    if is_moved(many, value):
        yield Between((whole, each), many, many.value / value, verdicts.INCONSISTENT, "/")


_PARTS = re.compile(
    r"\A\s?(?:equal\s|monthly\s|yearly\s|annual\s|weekly\s|quarterly\s)?(?:instal(?:l)?ments?|payments?|rates?|months?|years?)\b|\A(?:个月|期|年|份)",
    re.IGNORECASE,
)


def _by_instalments(text: str, q: Quantity, before: Sequence[Quantity]) -> Iterator[Between]:
    """A sum, paid in so many parts, and what one of them comes to."""
    if q.kind != "money" or not q.period or len(before) < 2:
        return
    whole, many = before[-2:]
    if whole.kind != "money" or whole.is_range or not many.value > 1:
        return
    digits = re.match(r"[0-9,]+", many.text)
    behind = text[many.start + (digits.end() if digits else len(many.text)) :][:40]
    if not _PARTS.match(behind) or not whole.bare.same_dimension(q.bare):
        return
    number = float(digits[0].replace(",", "")) if digits and digits[0].strip(",") else many.value
    value = whole.value * whole.bare.factor_to(q.bare) / number
    if is_moved(q, value):
        yield Between((whole, many), q, q.value / value, verdicts.INCONSISTENT, "/")


_PER_YEAR = re.compile(
    r"\b(?:annual|yearly|average|compound|a year|per year|each year)|年均|每年|平均", re.IGNORECASE
)


def _ratio_as_growth(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """From 4 to 6.4 TWh, a rise of 160 percent: the ratio, told as what was added; no pair of the article has that growth."""
    growth = said[i]
    percent = growth.kind == "share" and growth.value >= 100
    times = growth.kind == "times" and growth.value % 1 > 0 and growth.text.endswith("倍")
    if not (percent or times) or growth.change <= 0 or growth.role or growth.digits < 2:
        return
    if _PER_YEAR.search(text[growth.start - 30 : growth.end + 16]):
        return
    before = [
        q
        for q in said[max(0, i - 4) : i]
        if q.kind in _AMOUNTS and growth.start - q.end < 160 and not q.count
    ]
    if not before or before[-1].is_range or not before[-1].value > 0:
        return
    last = before[-1]
    alike = [
        q
        for q in said
        if q is not last
        and q.kind == last.kind
        and not q.is_range
        and q.value > 0
        and q.bare.same_dimension(last.bare)
    ]
    value = growth.value * (0.01 if percent else 1.0)
    near = 0.002 + growth.half / growth.value
    ratios = [(q, last.value * last.bare.factor_to(q.bare) / q.value) for q in alike]
    if any(abs((r - 1) / value - 1) <= max(near, 0.03) for _q, r in ratios):
        return
    same = [(q, r) for q, r in ratios if abs(r / value - 1) <= min(near, 0.006)]
    if len({r for _q, r in same}) == 1:
        base, ratio = same[0]
        yield Between((base, last), growth, value / (ratio - 1), verdicts.INCONSISTENT, "→")
