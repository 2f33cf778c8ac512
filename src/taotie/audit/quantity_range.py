"""Are two numbers of a text one quantity? Linked by to, and, -, 至: a range, or the ends of a change."""

from __future__ import annotations

import math

from taotie.audit.hedge import WINDOW
from taotie.audit.one_number import first_number, one_number, year_at
from taotie.audit.quantity_said import Quantity
from taotie.quantity.copied import replace
from taotie.quantity.number_text import CHINESE_WORDS, ENGLISH_WORDS, PrintedNumber
from taotie.quantity.number_words import fraction_at, spelled_number_at
from taotie.quantity.unit_text import PLAIN
from taotie.words import patterns as re

_LINK = re.compile(
    r"\s?(?P<dash>-|~|至|到)\s?|\s(?P<word>to|and|or|through)\s|\s?(?P<zh>和|与|或)\s?",
    re.IGNORECASE,
)
_ASIDE = 20.0
_TURNED = re.compile(
    r"\b(?:doubl|tripl|quadrupl|halv|quintupl)\w{1,4},?\s(?:[a-z]+\s){0,2}from\s\Z|(?:翻[了一倍番]{1,3}|减半|腰斩)[，,]?从[^，。0-9]{0,6}\Z",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"(?:\bbetween\b|\branging\b|\brange\b|\bfrom\b|介于|在|从|由)[^.;。；0-9]{0,20}\Z",
    re.IGNORECASE,
)


def ranged(
    text: str, first: Quantity, end: int, money: bool, sign: str, spelled: bool
) -> tuple[Quantity, int]:
    """Two numbers linked by to, and, -, 至: a range, or the ends of a change."""
    link = _LINK.match(text, end)
    if link is None or first.kind == "year":
        return first, end
    before = text[max(0, first.start - WINDOW) : first.start]
    joined = (link["word"] or link["zh"] or "").lower()
    if joined in ("or", "与", "或", "和", "and") and not (
        joined in ("and", "和", "与") and _BETWEEN.search(before)
    ):
        return first, end
    at = link.end()
    own_sign = re.compile(r"(?:US)?\$\s?|[€£¥]\s?").match(text, at)
    if own_sign:
        at = own_sign.end()
    if text[at : at + 1] in ("+", "-"):
        return first, end
    number, second_spelled = first_number(text, at)
    part = fraction_at(text, at) if number is None else None
    if part is not None:  # between one percent and half
        return _to_fraction(text, first, at, part, end)
    if number is None or (
        second_spelled
        and not number.words
        and number.value == 1
        and "分之" not in text[at : number.end]
    ):
        return first, end
    if year_at(text, at, number, second_spelled) is not None and first.kind not in ("number",):
        return first, end
    one = one_number(
        text,
        at,
        at,
        number,
        money or bool(own_sign),
        sign or (own_sign[0].strip() if own_sign else ""),
        second_spelled,
    )
    if one is None:
        return first, end
    second, after = one
    if second.kind in ("thing",) and first.kind not in ("thing", "number"):
        return first, end
    low, half = _lower_end(first, second)
    if low is None:
        return first, end
    changing = first.role == "from" and (first.change != 0 or bool(_TURNED.search(before))) and not re.search(r"\brang|\bbetween", before)  # fmt: skip
    if changing and (second.kind not in ("number", "thing") or first.kind in ("number", "thing")):
        unit = second.unit
        made_first = replace(
            first,
            low=low,
            high=low,
            half=half,
            unit=unit,
            bare=second.bare,
            kind=second.kind,
            period=second.period,
            role="from",
        )
        # the second end is found again when reading goes on
        return made_first, link.end()
    aside = (
        link["dash"] == "-"
        and link[0] == " - "
        and first.kind == "amount"
        and second.high > _ASIDE * low
    )
    if aside:
        return first, end  # kettles of 3 kW - 81 MW
    if low > second.high or _step_and_end(first, second, joined, text, link.end()):
        return first, end
    return (
        replace(
            second, text=text[first.start : after], start=first.start, low=low, half=_of_both(first, half, second, low), hedge=_range_hedge(first, second),
            role=first.role if first.role == "to" else "", change=first.change, loose=first.loose and second.loose,
        ),
        after,
    )  # fmt: skip


def _of_both(first: Quantity, half: float, second: Quantity, low: float) -> float:
    """How far the ends of a range are open: by the end that tells more, as 25 of 20 to 25."""
    sharper = sorted((half, second.half))[0]
    return min(sharper, 0.05 * abs(low)) if first.loose and second.loose and low else sharper


_POINTS = re.compile(r"percentage points?|\bp\.?p(?:ts?)?\b|\bpoints?\b|百分点", re.IGNORECASE)
_CHANGED_BY = re.compile(
    r"\b(?:r(?:ose|ises?|isen)|gr[eo]ws?|grown|increased?|increases|climb(?:s|ed)?|jump(?:s|ed)?|surged?|soar(?:s|ed)?|fell|falls?|drop(?:s|ped)?|declined?|up|down|by)\s(?:by\s|about\s|some\s|around\s)?\Z"
    r"|(?:增长|增加|上升|提高|攀升|下降|减少|降低|升|涨|降)了?约?\Z",
    re.IGNORECASE,
)


def _step_and_end(first: Quantity, second: Quantity, joined: str, text: str, at: int) -> bool:
    """Rose 2.5 percentage points to 4.4 per cent, grew 530 TWh to 945 TWh: how much and to what, no range."""
    del at
    if bool(_POINTS.search(first.text)) != bool(_POINTS.search(second.text)):
        return bool(_POINTS.search(first.text)) or first.kind == "share"
    before = text[max(0, first.start - WINDOW) : first.start]
    own_unit = first.kind == second.kind == "amount"
    return joined in ("to", "至", "到") and own_unit and bool(_CHANGED_BY.search(before))


def _to_fraction(
    text: str, first: Quantity, at: int, part: PrintedNumber, end: int
) -> tuple[Quantity, int]:
    low = first.low * first.unit.factor_to(PLAIN) if first.kind == "share" else part.value
    if low >= part.value:
        return first, end
    made = Quantity(
        text[first.start : part.end], first.start, part.end, low, part.value, part.half, 1, True, kind="share", hedge=first.hedge,
    )  # fmt: skip
    return made, part.end


def _range_hedge(first: Quantity, second: Quantity) -> str:
    for hedge in (second.hedge, first.hedge):
        if hedge in ("about", "exact"):
            return hedge
    return "none"


def _lower_end(first: Quantity, second: Quantity) -> tuple[float | None, float]:
    """The first number in the unit of the second; None where they are of different kinds."""
    if first.kind in ("number", "thing", "short"):
        if first.short or _scaled_by_words(first):
            return first.low, first.half
        # 5-6 million accelerators, 300 to 620 TWh
        bare = _bare_value(second)
        scale = second.high / bare if bare else 1.0
        if first.low <= bare or first.low * scale <= second.high:
            return first.low * scale, first.half * scale
        return (first.low, first.half) if first.low <= second.high else (None, 0.0)
    if second.kind in ("number", "thing", "short"):
        return None, 0.0
    if first.unit.same_dimension(second.unit):
        factor = first.unit.factor_to(second.unit)
        if first.kind == "money" and not first.words and second.words:
            bare = _bare_value(second)
            scale = second.high / bare if bare else 1.0
            if first.low <= bare:
                return first.low * scale, first.half * scale
        return first.low * factor, first.half * factor
    if first.bare.same_dimension(second.bare):
        factor = first.bare.factor_to(second.bare)
        return first.low * factor, first.half * factor
    return None, 0.0


def _scaled_by_words(q: Quantity) -> bool:
    """Does a number say its own size: three million, 三千; but not three, 三?"""
    return any(
        word in ENGLISH_WORDS or word[-1] in "十百千万亿" or word.isascii() for word in q.words
    )


def _size_of(word: str) -> float:
    """million is a million, 四千万 ten millions of four."""
    tail = word[len(word.rstrip("十百千万亿")) or 1 :]
    return ENGLISH_WORDS.get(word) or math.prod(CHINESE_WORDS[c] for c in tail)


def _bare_value(quantity: Quantity) -> float:
    """The digits of a quantity without number word and unit."""
    found = re.search(r"[0-9]", quantity.text)
    if found is None:
        spelled = next(
            (n for i in range(len(quantity.text)) if (n := spelled_number_at(quantity.text, i))),
            None,
        )
        if spelled is None:
            return quantity.high
        return spelled.value / math.prod(map(_size_of, spelled.words))
    at = found.start() - (quantity.text[found.start() - 1 : found.start()] == ".")
    digits = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+").match(quantity.text, max(at, 0))
    return float(digits[0].replace(",", "")) if digits else quantity.high
