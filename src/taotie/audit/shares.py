"""Do shares, parts and multiples that a text tells of its own numbers hold? A quarter of the city's use, 其中, five times as much as.

Where the text names the whole ("the city's electricity", 全市用电) it is looked up among the numbers said of the same words; a share, a
part or a multiple is told as wrong only where the whole is found so and no number of the neighborhood makes it right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from taotie.audit import verdict as verdicts
from taotie.audit.between import Between, slack_of
from taotie.audit.reading import Quantity
from taotie.quantity.unit_text import PLAIN, Unit
from taotie.words import patterns as re

_H = Unit("h")
_AMOUNTS = ("amount", "money")
_COUNTS = ("count", "thing", "number")
_NEAR = 6.0  # a share further off than this was not meant of these two numbers


def shares_told(text: str, said: Sequence[Quantity]) -> Iterator[Between]:
    """What a text tells as part, share or multiple of another of its numbers.

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> def tried(text):
    ...     return [(b.whole.text, b.verdict) for b in shares_told(text, read(text).quantities)]
    >>> tried("全市用电120亿度，其中工业用电131亿度。")
    [('131亿度', 'inconsistent with source')]
    >>> tried("The park used 21.9 TWh. The city's electricity came to 120 TWh; the park takes a quarter of the city's electricity.")
    [('a quarter', 'inconsistent with source')]
    >>> tried("The new hall draws 60 MW, five times as much as the 20 MW of the old one.")
    [('five times', 'inconsistent with source')]
    """
    for i, q in enumerate(said):
        yield from _part_of(text, said, i)
        if q.kind == "share" and not q.change and not q.is_range and q.value > 0:
            yield from _share_of_named(text, said, i)
        if q.kind == "times" and not q.change and not q.is_range and q.noun != "PUE":
            yield from _times_another(text, said, i)
        if q.noun == "PUE":
            yield from _by_pue(text, said, i)


# ---- a part that is larger than its whole -----------------------------------------------------------------

_OF_WHICH = re.compile(
    r"(?:[^0-9.;。；]{0,24}[,，(（]\s?(?:其中(?!之一)|of (?:which|that|these|this)\b)|\s?[,(]\s?including\b)[^0-9.;:。；，]{0,40}",
    re.IGNORECASE,
)


def _part_of(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """全市用电120亿度，其中工业用电131亿度: no part is larger than the whole it is of."""
    if i + 1 >= len(said):
        return
    whole, part = said[i], said[i + 1]
    if whole.kind not in (*_AMOUNTS, *_COUNTS) or part.kind != whole.kind or part.role == "from":
        return
    if (
        not part.bare.same_dimension(whole.bare)
        or part.count != whole.count
        or whole.hedge == "at_least"
    ):
        return
    if part.period != whole.period and part.period and whole.period:
        return
    if whole.kind in ("thing", "number") or not _OF_WHICH.fullmatch(text, whole.end, part.start):
        return
    share = part.low * part.bare.factor_to(whole.bare) / whole.high if whole.high > 0 else 0.0
    if share > 1 + slack_of((whole, part)) and share < 1000:
        yield Between((whole,), part, share, verdicts.INCONSISTENT)


# ---- a share of something named ---------------------------------------------------------------------------

_NAME_BEFORE = re.compile(r"占(?:到了?|了|据|比)?(?P<name>[^，。；,;0-9占]{2,16}?)的?[约近仅]?\Z")
_NAME_BEHIND = re.compile(
    r"\s(?:share )?of (?:(?:the|its|their|all|this|that|our)\s){0,2}(?P<name>[a-zA-Z][^,.;:0-9]{2,40})",
    re.IGNORECASE,
)
_TAKES = re.compile(
    r"\b(?:tak(?:es?|ing)|us(?:es|ing)|accounts? for|accounting for|mak(?:es?|ing) up|swallow(?:s|ing)?|consum(?:es?|ing)|equals?|is|are|was|were|or|about|some|nearly|roughly|represent(?:s|ing)|claim(?:s|ing)?|draw(?:s|ing)?|absorb(?:s|ing)?)\s(?:up\s|about\s|some\s|nearly\s|roughly\s|around\s|just\s|almost\s|only\s)*\Z",
    re.IGNORECASE,
)
_PLAIN_WORDS = frozenset((
    "the", "all", "its", "their", "this", "that", "year", "total", "whole", "about", "demand", "use", "supply", "and", "for", "with", "entire", "one", "was", "has",
))  # fmt: skip
_PLAIN_ZH = frozenset(
    ("用电", "电量", "总量", "总用", "耗电", "一年", "每年", "年用", "年耗", "水量", "用水", "负荷")
)


def _words(text: str) -> set[str]:
    """What a name is made of: words of three letters and more, Chinese by pairs."""
    latin = {
        w.rstrip("s")
        for w in re.findall(r"[a-z]{3,}", text.lower().replace("'s", "").replace("’s", ""))
    }
    han = re.findall(r"[\u4e00-\u9fff]+", text)
    places = {c for c in text if c in "国省市州县区镇村"}
    return (
        (latin - _PLAIN_WORDS)
        | ({run[i : i + 2] for run in han for i in range(len(run) - 1)} - _PLAIN_ZH)
        | places
    )


def _clause(text: str, q: Quantity) -> str:
    """The words a number is said of: from the last stop to it, and a few behind."""
    start = max(q.sentence[0], q.start - 60)
    return (
        re.split(r"[,，;；。:：(（]", text[start : q.start])[-1]
        + " "
        + re.split(r"[,，;；。.]", text[q.end : q.end + 30])[0]
    )


def _share_of_named(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """算力园占到全市用电的四分之一, where 全市用电 was given: a share that no number of the paragraph makes of the whole that is named."""
    share = said[i]
    before = text[max(share.sentence[0], share.start - 40) : share.start]
    named = _NAME_BEFORE.search(before)
    if named is None:
        if not _TAKES.search(before):
            return
        named = _NAME_BEHIND.match(text, share.end)
    if named is None:
        return
    wanted = _words(named["name"])
    start = text.rfind("\n", 0, share.start)
    start = text.rfind("\n", 0, max(start - 1, 0)) if share.start - start < 400 else start
    end = text.find("\n", share.end)
    near = [
        q for q in said[max(0, i - 16) : i + 8]
        if start < q.start < (end if end > 0 else len(text)) and q.kind in (*_AMOUNTS, "count") and not q.is_range and q.value > 0
    ]  # fmt: skip
    wholes = [
        q for q in near if q.role != "from" and not q.change and wanted & _words(_clause(text, q))
    ]
    if not wanted or len(wholes) != 1:
        return
    whole = wholes[0]
    told = share.value * share.unit.factor_to(PLAIN)
    tried: list[tuple[Quantity, float]] = []
    for q in near:
        if (
            q is whole
            or q.bare.same_dimension(_H)
            or q.kind != whole.kind
            or not q.bare.same_dimension(whole.bare)
        ):
            continue
        if q.count != whole.count or (q.period and whole.period and q.period != whole.period):
            continue
        tried.append((q, q.value * q.bare.factor_to(whole.bare) / whole.value))
    parts = [(q, x) for q, x in tried if x < 1]
    before_it = [(q, x) for q, x in parts if q.start < share.start and not q.role]
    if not before_it or len(parts) > 3:
        return
    slack = 0.03 + slack_of((share,)) + slack_of((whole,))
    if share.hedge in ("at_least", "at_most", "nearly"):
        slack += 0.15
    fits = [
        (q, x)
        for q, x in tried
        if abs(told - x) <= (slack + slack_of((q,))) * x
        or abs(told - abs(1 - x)) <= slack * abs(1 - x)
    ]
    if fits:
        yield Between((fits[0][0], whole), share, told / fits[0][1], verdicts.REPRODUCES, "/")
        return
    q, x = min(before_it, key=lambda t: abs(t[1] / told - 1))
    several = _SEVERAL.search(text[max(share.sentence[0], share.start - 60) : share.start])
    if 1 / _NEAR < told / x < _NEAR and _told_of(text, q, share) and not several:
        yield Between((q, whole), share, told / x, verdicts.INCONSISTENT, "/")


_SEVERAL = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|all|both|together|they|these|those|combined|jointly)\b|合计|都|[两三四五六七八九]家|一起|共",
    re.IGNORECASE,
)


def _told_of(text: str, part: Quantity, share: Quantity) -> bool:
    """Is the share said of what the part was said of: in the same words, right behind it, or of the only thing there is?"""
    if part.sentence == share.sentence and share.start - part.end < 40:
        return True
    subject = _words(text[max(share.sentence[0], share.start - 60) : share.start])
    start = text.rfind("\n", 0, part.start) + 1
    return (
        bool(subject & _words(text[max(start, part.sentence[0]) : part.start]))
        or text.find("\n", part.end, share.start) < 0
    )


# ---- a multiple of another number -------------------------------------------------------------------------

_AS_MUCH = re.compile(
    r"\s(?:as (?:much|many|large|big|high)(?: [a-z]+)? as|the|that of|higher than|more than)\s[^0-9.;:,，]{0,24}",
    re.IGNORECASE,
)
_IS_IT = re.compile(
    r"[,，]\s?(?:which is |that is |or |about |roughly |nearly |some |almost |more than ){0,3}",
    re.IGNORECASE,
)
_ZH_OF = re.compile(r"[^0-9，。；]{0,12}?的[约近]?")
_ZH_IS = re.compile(r"[^0-9。；]{0,8}?[，,]?\s?(?:约|大约)?(?:是|为|相当于)[^0-9，。；]{0,14}")


def _times_another(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """60 MW, five times as much as the 20 MW of the old one; 60兆瓦，是旧机房20兆瓦的五倍."""
    times = said[i]
    a = b = None
    if 0 < i < len(said) - 1:
        before, behind = said[i - 1], said[i + 1]
        if _IS_IT.fullmatch(text, before.end, times.start) and _AS_MUCH.fullmatch(
            text, times.end, behind.start
        ):
            a, b = before, behind
    if a is None and i >= 2:
        first, second = said[i - 2], said[i - 1]
        if _ZH_OF.fullmatch(text, second.end, times.start) and _ZH_IS.fullmatch(
            text, first.end, second.start
        ):
            a, b = first, second
    if a is None or b is None or a.kind != b.kind or a.kind not in (*_AMOUNTS, "count"):
        return
    if (
        a.is_range
        or b.is_range
        or not a.value > 0
        or not b.value > 0
        or a.sentence != b.sentence
        or a.count != b.count
    ):
        return
    if (
        a.bare.same_dimension(_H)
        or not a.bare.same_dimension(b.bare)
        or (a.period and b.period and a.period != b.period)
    ):
        return
    known = a.value * a.bare.factor_to(b.bare) / b.value
    slack = 0.05 + slack_of((a, b, times))
    off = times.value / known
    if abs(off - 1) <= slack or abs((times.value + 1) / known - 1) <= slack:
        yield Between((a, b), times, off, verdicts.REPRODUCES, "/")
    elif 1 / _NEAR < off < _NEAR and times.hedge in ("none", "about", "exact"):
        yield Between((a, b), times, off, verdicts.INCONSISTENT, "/")


# ---- a building and its machines ----------------------------------------------------------------------------

_IT = re.compile(r"(?<![A-Za-z])IT(?![A-Za-z])|机柜|服务器|\bservers?\b|\bracks?\b|\bcomputing\b")
_ALL = re.compile(
    r"总|全园|整个|\b(?:total|overall|whole|meter|grid|facility|building)\b", re.IGNORECASE
)


def _by_pue(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """IT负荷合计32万千瓦；按PUE为1.2计算，总负荷38.4万千瓦: the building's power over that of its machines."""
    pue = said[i]
    same = [
        q
        for q in said[max(0, i - 4) : i + 4]
        if q.sentence == pue.sentence and q.kind == "amount" and not q.is_range and q.value > 0
    ]
    machines = [q for q in same if _IT.search(_clause(text, q)) and not q.count]
    wholes = [q for q in same if _ALL.search(_clause(text, q)) and q not in machines]
    if len(machines) != 1 or len(wholes) != 1:
        return
    a, b = machines[0], wholes[0]
    if not a.unit.same_dimension(b.unit) or pue.is_range:
        return
    known = b.value * b.unit.factor_to(a.unit) / a.value
    slack = 0.01 + sum(
        min(q.half / abs(q.value), 0.02) for q in (a, b, pue)
    )  # beside each other round numbers are meant
    if abs(pue.value / known - 1) <= slack:
        yield Between((a, pue), b, known / pue.value, verdicts.REPRODUCES)
    elif 0.2 < pue.value / known < 5:
        yield Between((a, pue), b, known / pue.value, verdicts.INCONSISTENT)
