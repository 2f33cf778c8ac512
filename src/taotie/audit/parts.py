"""Do parts and their shares of one sentence hold? Of which 96, 占六成; 74.6 % of it, the missing 1.0; this cut by 40 percent, to 184."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from taotie.audit import verdict as verdicts
from taotie.audit.between import Between, slack_of
from taotie.audit.reading import Quantity
from taotie.quantity.unit_text import PLAIN
from taotie.words import patterns as re

_AMOUNTS = ("amount", "money", "count", "thing")
_NEAR = 6.0  # a number further off than this was not meant of these
_SAID = ("none", "about", "exact")


def parts_told(text: str, said: Sequence[Quantity]) -> Iterator[Between]:
    """What a sentence tells of a whole, its part and the share it is.

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> def tried(text):
    ...     return [(b.whole.text, b.verdict) for b in parts_told(text, read(text).quantities)]
    >>> tried("在册员工160人，其中96人做运维，占五成。")
    [('五成', 'inconsistent with source')]
    >>> tried("两项合计2.94亿度，约为基地用电的74.6%，不足的1.002亿度由电网补上。")
    [('74.6%', 'reproduces')]
    >>> tried("The year stands for 306,600 tonnes. It wants to cut this by 40 percent, to 122,640 tonnes.")
    [('122,640 tonnes', 'inconsistent with source')]
    """
    for i, share in enumerate(said):
        if share.kind != "share" or share.is_range or not share.value > 0:
            continue
        yield from _of_which(text, said, i)
        yield from _and_the_rest(text, said, i)
        yield from _cut_to(text, said, i)


def _alike(a: Quantity, b: Quantity) -> bool:
    """Two amounts of one kind, of which one may be a part of the other."""
    if a.kind not in _AMOUNTS or a.kind != b.kind or a.is_range or b.is_range or a.count != b.count:
        return False
    if not (a.value > 0 and b.value > 0 and a.bare.same_dimension(b.bare)):
        return False
    return not (a.period and b.period and a.period != b.period)


def _told(
    parts: tuple[Quantity, ...], whole: Quantity, ratio: float, sign: str = "/"
) -> Iterator[Between]:
    """Right where it agrees in its digits; wrong where it is clearly off and no bound."""
    slack = 0.02 + slack_of((whole, *parts))
    if abs(ratio - 1) <= slack:
        yield Between(parts, whole, ratio, verdicts.REPRODUCES, sign)
    elif 1 / _NEAR < ratio < _NEAR and whole.hedge in _SAID:
        yield Between(parts, whole, ratio, verdicts.INCONSISTENT, sign)


# ---- of which so many, so large a share -------------------------------------------------------------------

_WHICH = re.compile(
    r"[^0-9.;。；，,]{0,16}[,，(（]\s?(?:其中(?!之一)|(?:\d\s)?of (?:which|whom|these|those)\b)[^0-9.;:。；，,]{0,24}",
    re.IGNORECASE,
)
_MAKES_UP = re.compile(
    r"[^0-9.;。；，,占]{0,14}[,，(（]\s?占(?:比|到|了)?[约近]?"
    r"|[^0-9.;,]{0,40}[,(]\s?(?:or|that is|which is|a share of)\s(?:about\s|some\s|roughly\s|around\s)?",
    re.IGNORECASE,
)


def _of_which(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """160 employees, of whom 96 run the halls, or 60 percent."""
    if i < 2 or said[i].change:
        return
    whole, part, share = said[i - 2], said[i - 1], said[i]
    if not _alike(whole, part) or part.sentence != share.sentence or part.change:
        return
    if not (
        _WHICH.fullmatch(text, whole.end, part.start)
        and _MAKES_UP.fullmatch(text, part.end, share.start)
    ):
        return
    known = part.value * part.bare.factor_to(whole.bare) / whole.value
    told = share.value * share.unit.factor_to(PLAIN)
    if known < 1:
        yield from _told((part, whole), share, told / known)


# ---- so large a share, and the rest ------------------------------------------------------------------------

_IS_SHARE = re.compile(
    r"[，,]\s?[约]?(?:为|占|相当于|是)[^，。；,;0-9]{1,14}的[约近]?"
    r"|,\s(?:which is |that is |or |equal to )?(?:about |some |roughly |around )?",
)
_REST = re.compile(
    r"(?:\A|[，,])\s?(?:不足的?|缺口|其余的?|剩下的?|剩余的?|余下的?|缺的)(?:部分)?[^，。；,;0-9]{0,4}\Z"
    r"|,\s(?:with |and |while )?the (?:remaining|missing|rest,?|other)\s(?:about\s|some\s)?\Z",
    re.IGNORECASE,
)


def _and_the_rest(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """2.94, 74.6 % of what it uses; the missing 1.002 comes from the grid: both make up the whole."""
    if not 0 < i < len(said) - 1 or said[i].change:
        return
    part, share, rest = said[i - 1], said[i], said[i + 1]
    if not _alike(part, rest) or not part.sentence == share.sentence == rest.sentence:
        return
    if not (
        _IS_SHARE.fullmatch(text, part.end, share.start)
        and _REST.search(text[share.end : rest.start])
    ):
        return
    size = rest.value * rest.bare.factor_to(part.bare)
    told = share.value * share.unit.factor_to(PLAIN)
    if told < 1:
        yield from _told((part, rest), share, told * (part.value + size) / part.value)


# ---- this by so much, to so much ---------------------------------------------------------------------------

_THIS_BY = re.compile(
    r"\b(?:this|it|that|these|them)\s(?:by\s)(?:about\s|some\s|roughly\s|around\s)?\Z|(?:将其|把它|将这一数字|把这一数字|将这个数)[^，。；,;0-9]{0,8}\Z",
    re.IGNORECASE,
)
_TO = re.compile(
    r",?\s(?:down\s|up\s)?to\s(?:about\s|some\s|roughly\s|around\s)?|[，,]?\s?(?:降|减|压|压减|升|增|提)?(?:至|到)[约近]?",
    re.IGNORECASE,
)


def _cut_to(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """306,600 tonnes. It wants to cut this by 40 percent, to 183,960: the one amount of the kind said before."""
    share = said[i]
    if not share.change or not 0 < i < len(said) - 1:
        return
    left = said[i + 1]
    if left.sentence != share.sentence or not _TO.fullmatch(text, share.end, left.start):
        return
    if not _THIS_BY.search(text, max(share.sentence[0], share.start - 40), share.start):
        return
    start = text.rfind("\n", 0, share.start)
    before = [
        q
        for q in said[max(0, i - 6) : i]
        if q.start > start and share.start - q.start < 300 and _alike(q, left)
    ]
    if len(before) != 1:
        return
    factor = 1 + share.change * share.value * share.unit.factor_to(PLAIN)
    known = before[0].value * before[0].bare.factor_to(left.bare) * factor
    if known > 0:
        yield from _told((before[0], share), left, left.value / known, "×")
