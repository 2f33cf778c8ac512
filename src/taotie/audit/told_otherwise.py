"""Does a sentence say something else than the number that fits? A multiple the other way round; of each what all use together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from taotie.audit.chosen import Candidate, repeats
from taotie.audit.formula import Recomputed
from taotie.audit.reading import Quantity, Reading
from taotie.quantity.unit_text import PLAIN, Unit

Inputs = Sequence[tuple[float, Unit]]


def told_otherwise(
    reading: Reading, chosen: Candidate, recomputed: Recomputed, inputs: Inputs
) -> str:
    """The rule a fitting number breaks by what is said around it: "swapped", "of_each"; empty if none.

    Examples
    --------
    >>> from taotie.audit.check import check
    >>> check("A search takes ten times as much as a prompt: 0.3 Wh against 3 Wh", "0.3 Wh / 3 Wh").finding.rule
    'swapped'
    >>> check("Each of the 1,000 chips draws 700 kW", "1000 * 700 W").finding.rule
    'of_each'
    """
    if _swapped(reading, chosen, recomputed):
        return "swapped"
    return "of_each" if _of_each(reading, chosen, recomputed, inputs) else ""


# ---- a multiple the other way round ------------------------------------------------------------------------

# between the two amounts: 0.3 Wh against 3
_AGAINST = re.compile(
    r"[^0-9.;。；]{0,40}(?:\b(?:against|versus|vs\.?|compared (?:with|to)|to)\b|对|比|[,，])[^0-9.;。；]{0,24}",
    re.IGNORECASE,
)
_IS = re.compile(
    r"[是为]|相当于|等于|达|\b(?:is|was|uses?|takes?|needs?|consumes?)\b", re.IGNORECASE
)


def _swapped(reading: Reading, chosen: Candidate, recomputed: Recomputed) -> bool:
    """Does the sentence say "A is ten times B" and give A as a tenth of B?"""
    times = chosen.main
    if times.kind != "times" or times.change or chosen.how not in ("direct", "change"):
        return False
    ends = _first_and_second(reading, times)
    if ends is None:
        return False
    first, second = ends
    if not (first.value > 0 and second.value > 0 and times.value > 0):
        return False
    said = first.value * first.bare.factor_to(second.bare) / second.value
    claimed = times.value * times.unit.factor_to(PLAIN)
    if abs(claimed - 1) < 0.2:
        return False
    return abs(said * claimed - 1) <= 0.15 < abs(said / claimed - 1)


def _first_and_second(reading: Reading, times: Quantity) -> tuple[Quantity, Quantity] | None:
    """The amount that is said to be the multiple, and the one it is a multiple of, where the order tells."""
    text = reading.form.text
    said = [
        q
        for q in reading.quantities
        if q.sentence == times.sentence and q.kind in ("amount", "money", "count", "number")
    ]
    said = [q for q in said if q.start != times.start and q.role != "to"]
    if len(said) != 2:
        return None
    a, b = said
    if not a.bare.same_dimension(b.bare):
        return None
    if times.end <= a.start:
        return (a, b) if _AGAINST.fullmatch(text, a.end, b.start) else None
    if a.end <= times.start and times.end <= b.start:
        between = text[times.end : b.start]
        return (a, b) if a.role != "from" and re.search(r"\b(?:as|than|of)\b", between) else None
    # 一次搜索0.3瓦时，是一次问答(3瓦时)的十倍
    behind = re.fullmatch(r"[)）]?\s?的\s?[约近]?", text[b.end : times.start])
    return (a, b) if behind and _IS.search(text, a.end, b.start) and a.role != "from" else None


# ---- of each what is for all -------------------------------------------------------------------------------

_EACH_OF = re.compile(
    r"\b(?:each|every(?:\s(?:single\s)?one)?)\s(?:and every one\s)?of\s[^,;.:0-9]{0,40}\Z",
    re.IGNORECASE,
)
_EACH_BEHIND = re.compile(r"每一?(?:[块张颗台个座枚片户家栋次条]|机柜)", re.IGNORECASE)


def _of_each(reading: Reading, chosen: Candidate, recomputed: Recomputed, inputs: Inputs) -> bool:
    """Is what the inputs give for all of many told of each of them?"""
    main = chosen.main
    if chosen.how not in ("direct", "bare", "annual") or main.kind not in ("amount", "money"):
        return False
    text = reading.form.text
    for many in reading.quantities:
        if many.sentence != main.sentence or many.end > main.start or many.value < 2:
            continue
        if many.kind not in ("count", "number", "thing") or not _multiplies(many, recomputed):
            continue
        if not any(repeats(many, value, unit) or many.value == value for value, unit in inputs):
            continue
        gap = text[many.end : main.start]
        if re.search(r"[0-9;；。]", gap):
            continue
        if _EACH_OF.search(text, max(0, many.start - 60), many.start) and not re.search(
            r"[,，]", gap
        ):
            return True
        if _EACH_BEHIND.search(gap):
            return True
    return False


def _multiplies(many: Quantity, recomputed: Recomputed) -> bool:
    """Does the formula multiply by that many, and not divide?"""
    for node in recomputed.literals:
        if abs(node.value - many.value) <= 1e-9 * abs(many.value):
            return not re.search(r"/\s*\(?\s*" + re.escape(node.text), recomputed.filled)
    return False
