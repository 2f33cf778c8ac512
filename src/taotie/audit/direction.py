"""Does a text tell a rise as a fall, or the smaller of two amounts as the larger? The numbers agree, and the words contradict them."""

from __future__ import annotations

import itertools

from taotie.audit.candidate import Candidate
from taotie.audit.formula import Recomputed
from taotie.audit.reading import Quantity, Reading
from taotie.words import patterns as re

# ---- the smaller told as the larger ------------------------------------------------------------------------

_QUITE = r"(?:\s(?:already|still|well|far|slightly|just|comfortably|much|even))*\s"
_IS = r"(?:\s(?:of|in|from)\s[a-z'’ ]{2,24}?)?(?:,\s(?:which|that))?\s(?:is|are|was|were|stayed|stays|remained|remains|came in|comes in)"
_USES = r"(?:draws?|drew|uses?|used|needs?|needed|takes?|took|consumes?|consumed|burns?|pulls?)"
_BEHIND = r"\s(?:even\s)?(?:(?!by\b)[a-z'’-]+\s){0,4}"
_THE = r"\s(?:even\s)?(?:the|its|their|that|what|[a-z]+['’]s)\s(?:(?!by\b)[a-z'’-]+\s){0,3}"
_ALREADY = "[，,]?(?:已经?|还|仍然?|明显|远远?|大大)*"


def _told(more: str, verbs: str, zh: str, zh_plain: str) -> re.Pattern[str]:
    """Words between two amounts that compare them; 60 MW campus, below 50 in winter, compares nothing."""
    return re.compile(
        rf"{_IS}{_QUITE}(?:{more}){_BEHIND}|,{_QUITE}(?:{more}){_THE}|(?:\s[a-z'’]+){{1,4}}?\s(?P<at>{_USES}){_QUITE}(?:{more}){_THE}"
        rf"{verbs}|{_ALREADY}(?:{zh})了?(?:[^0-9，。；,;]{{0,12}}的|(?P<named>[^0-9，。；,;的]{{1,12}}))?|(?:{zh_plain})",
        re.IGNORECASE,
    )


_LARGER = _told(
    "more than|above|higher than|greater than|larger than|bigger than",
    rf"|,?(?:\s(?:which|that))?\s(?:exceeds|exceeded|exceeding|surpasses|surpassed|topped|tops){_BEHIND}",
    "超过|高于|大于|多于|超出",
    "超过",
)
_SMALLER = _told(
    "less than|below|under|lower than|smaller than|fewer than|short of",
    "",
    "低于|小于|少于|没有超过|未超过",
    "不到|不足|不超过",
)
# 310亿度，比火电的350亿度还多
_THAN_ZH = re.compile(r"[，,]?(?:甚至|已经?)?比[^0-9，。；,;]{0,14}")
_MORE_ZH = re.compile(r"(?:还|更|都|要){0,2}(?:多|高|大|贵|强)(?![少低小])")
_LESS_ZH = re.compile(r"(?:还|更|都|要){0,2}(?:少|低|小|便宜)")
_AT = re.compile(r"\bat\s(?:about\s|around\s|some\s)?\Z", re.IGNORECASE)
_PART_OF_IT = re.compile(
    r"\s?的\s?(?:[一二两三四五六七八九十0-9半]|约|近|大约|部分|时)|['’]s\b|\s(?:of which|of it|of them)\b|[^，。；,;的\s.)）]"
)
_NAMED_BEHIND = re.compile(r"的[\u4e00-\u9fff]")
_CLEAR = 0.01


def told_larger(reading: Reading) -> bool:
    """Is one of two amounts beside each other told as more than the other, and is less: 1.9 TWh is more than the 2,100 GWh?

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> told_larger(read("The 1.9 TWh of the plant is more than the 2,100 GWh of the island.")), told_larger(read("6.2 GWh stayed above the 6,000 MWh."))
    (True, False)
    """
    text = reading.form.text
    return any(
        _comparable(a, b)
        and (
            _than_contradicted(text, a, b)
            or (_contradicted(text, a, b) and not _PART_OF_IT.match(text, b.end))
        )
        for a, b in itertools.pairwise(reading.amounts)
    )


def _comparable(a: Quantity, b: Quantity) -> bool:
    if a.kind not in ("amount", "money", "count") or b.kind != a.kind or a.sentence != b.sentence:
        return False
    if a.is_range or b.is_range or a.change or a.role in ("from", "denied") or b.role == "denied":
        return False
    if a.hedge not in ("none", "about", "exact") or a.count != b.count:
        return False
    if a.period and b.period and a.period != b.period:
        return False
    return a.value > 0 and b.value > 0 and a.bare.same_dimension(b.bare)


def _than_contradicted(text: str, a: Quantity, b: Quantity) -> bool:
    """310亿度，比火电的350亿度还多: is the comparison behind the second amount the other way round?"""
    size = a.value * a.bare.factor_to(b.bare) / b.value
    if abs(size - 1) <= _CLEAR or not _THAN_ZH.fullmatch(text, a.end, b.start):
        return False
    return bool((_MORE_ZH if size < 1 else _LESS_ZH).match(text, b.end))


def _contradicted(text: str, a: Quantity, b: Quantity) -> bool:
    size = a.value * a.bare.factor_to(b.bare) / b.value
    if abs(size - 1) <= _CLEAR:
        return False
    told = (_LARGER if size < 1 else _SMALLER).fullmatch(text, a.end, b.start)
    if told is None:
        return False
    if told["at"]:  # at 410 MW the campus draws less than the 400 MW
        return bool(_AT.search(text, max(0, a.start - 12), a.start))
    # 低于计划2亿度 may be how much below
    return not told["named"] or bool(_NAMED_BEHIND.match(text, b.end))


# ---- a rise told as a fall ---------------------------------------------------------------------------------

_FELL = re.compile(
    r"(?:(?:下降|减少|降低|下跌|下滑|降|减|跌)了?[约近]?|\b(?:fell|fallen|dropped|declined|decreased|down|shrank|shrunk)\s(?:by\s)?(?:about\s|some\s|roughly\s|around\s|nearly\s)?|\b(?:fall|drop|decline|decrease) of\s(?:about\s|some\s|roughly\s|around\s|nearly\s)?)\Z",
    re.IGNORECASE,
)
_FELL_BEHIND = re.compile(
    r"\s(?:below|under|less|lower|fewer|smaller|fall|drop|decline|decrease)\b"
)
_ROSE = re.compile(
    r"(?:(?:增长|上升|上涨|增加|攀升|涨|增)了?[约近]?|\b(?:rose|risen|grew|grown|increased|up|climbed|jumped|expanded|swelled)\s(?:by\s)?(?:about\s|some\s|roughly\s|around\s|nearly\s)?|\b(?:rise|increase|jump|growth|gain) of\s(?:about\s|some\s|roughly\s|around\s|nearly\s)?)\Z",
    re.IGNORECASE,
)
_ROSE_BEHIND = re.compile(
    r"\s(?:above|over|more|higher|larger|greater|rise|increase|jump|growth)\b"
)
# less of one thing is more of the other: so much per watt, so fast, so cheap
_OF_ANOTHER = re.compile(
    r"效|性能|速度|吞吐|每瓦|密度|寿命|[节省]|\b(?:efficien\w+|productiv\w+|perform\w+|throughput|speeds?|fast\w*|slow\w*|per watt|per joule|sav\w+|cheap\w*|improv\w+|better)\b",
    re.IGNORECASE,
)
_OVER = re.compile(r"(?P<fall>1 - )?[^()+-]+/ \(?[^()+-]+\)?(?P<rise> - 1)?")
_NUMBER = r"[^()+*-]+"
_DIFFERENCE = re.compile(
    rf"\(?\s*\((?P<a>{_NUMBER})\s-\s(?P<b>{_NUMBER})\)\s*/\s*\(?(?:(?P<first>(?P=a))|(?P<second>(?P=b)))\)?\s*\)?"
)


def is_difference(formula: str) -> bool:
    """Is a formula a difference over one of its ends: (2 L - 0.5 L) / (2 L)?"""
    return bool(_DIFFERENCE.fullmatch(formula.strip()))


def told_backwards(reading: Reading, chosen: Candidate, recomputed: Recomputed) -> bool:
    """Is a rise told as a fall, or a fall as a rise: 去年9.2亿度，今年11.5亿度，下降25%?

    Only a formula that says itself which of the two is the earlier (x/y - 1, 1 - x/y, a difference over one end) tells.
    """
    main = chosen.main
    if main.kind not in ("share", "times") or not main.change or not recomputed.value:
        return False
    way = _way(recomputed.filled.strip())
    text = reading.form.text
    if not way or _OF_ANOTHER.search(text, *main.sentence):
        return False
    way = way if recomputed.value > 0 else -way
    before, behind = text[max(0, main.start - 30) : main.start], text[main.end : main.end + 12]
    fell = bool(_FELL.search(before) or _FELL_BEHIND.match(behind))
    rose = bool(_ROSE.search(before) or _ROSE_BEHIND.match(behind))
    return fell != rose and (fell if way > 0 else rose)


def _way(formula: str) -> int:
    """1 where a positive result is a rise, -1 where it is a fall, 0 where the formula does not tell."""
    over = _OVER.fullmatch(formula)
    if over is not None and bool(over["fall"]) != bool(over["rise"]):
        return 1 if over["rise"] else -1
    difference = _DIFFERENCE.fullmatch(formula)
    if difference is None:
        return 0
    return -1 if difference["first"] else 1
