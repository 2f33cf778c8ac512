"""What is a number for, where its sentence says it but not behind the number? Each user, every day, per kilowatt-hour, 每人每天, 每度电."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import lru_cache

from taotie.audit.reading import Quantity, Reading
from taotie.quantity.unit_text import PLAIN, Unit
from taotie.words import patterns as re

_ONE = re.compile(
    r"\b(?:each|every|apiece|(?:a|one|any) single|per (?:head|capita|person)|a head|everybody|everyone|on average)\b|每|人均|户均|平均|单(?:张|台|卡|次|户|机)",
    re.IGNORECASE,
)
NAMES_OF = {
    "person": r"\b(?:man|woman|child|person|user|resident|inhabitant|citizen|employee|worker|capita|head|customer|subscriber|student|passenger|staff)\b|居民|员工|职工|人口|每人|人均|用户",
    "household": r"\b(?:home|house|household|family|customer)\b|家庭|住户|每户|户均",
    "server": r"\b(?:server|machine|node|rack)\b|服务器|节点|每台", "accelerator": r"\b(?:GPU|chip|card|accelerator|processor)\b|[HBA][0-9]{2,3}\b|卡|芯片|GPU",
    "request": r"\b(?:query|prompt|question|request|answer|reply|response|search|message|conversation|chat)\b|问|答|查询|请求|提示|对话|搜索|次",
    "inference": r"\b(?:query|prompt|question|request|answer|inference)\b|推理|次", "image": r"\b(?:image|picture|photo)\b|图|照片|张", "video": r"\b(?:video|clip)\b|视频",
    "token": r"\btoken\b|词元",
}  # fmt: skip
_NAMED = {name: re.compile(words, re.IGNORECASE) for name, words in NAMES_OF.items()}
_IN_EACH = {
    name: re.compile(words, re.IGNORECASE)
    for name, words in (
        ("s", r"\b(?:each(?: and every)?|every(?: single)?|per|a) second\b|每秒"), ("min", r"\b(?:each(?: and every)?|every(?: single)?|per|a) minute\b|每分钟"),
        ("h", r"\b(?:each(?: and every)?|every(?: single)?|per|an) hour\b|\bhourly\b|每小时"), ("d", r"\b(?:each(?: and every)?|every(?: single)?|per|a) day\b|\bdaily\b|每天|每日|日均"),
        ("week", r"\b(?:each(?: and every)?|every(?: single)?|per|a) week\b|\bweekly\b|每周"), ("month", r"\b(?:each(?: and every)?|every(?: single)?|per|a) month\b|\bmonthly\b|每月|月均"),
        ("a", r"\b(?:each(?: and every)?|every(?: single)?|per|a) year\b|\bannual|\byearly\b|每年|全年|年均"),
    )
}  # fmt: skip
_EN = r"\b(?:per|each|every|an?|the price of an?|another)\s(?:extra\s|single\s)?"
_ZH = r"每(?:一|生产|发|消耗|使用|节约|传输)?"
_PER_UNIT = {
    "kWh": re.compile(
        rf"{_EN}(?:kilowatt-?\s?hours?|kWh)\b|{_ZH}(?:度电?|千瓦时)|电价|\b(?:power|electricity) prices?\b",
        re.IGNORECASE,
    ),
    "Wh": re.compile(rf"{_EN}(?:watt-?\s?hours?|Wh)\b|{_ZH}瓦时", re.IGNORECASE),
    "W": re.compile(rf"{_EN}(?:watts?|W)\b(?![- ]?h)|{_ZH}瓦(?!时)", re.IGNORECASE),
    "USD": re.compile(rf"{_EN}dollars?\b|{_ZH}(?:1|一)?美元", re.IGNORECASE),
    "EUR": re.compile(rf"{_EN}euros?\b|{_ZH}(?:1|一)?欧元", re.IGNORECASE),
    "GBP": re.compile(rf"{_EN}(?:pounds?(?: sterling)?|quid)\b|{_ZH}(?:1|一)?英镑", re.IGNORECASE),
    "CNY": re.compile(rf"{_EN}yuan\b|{_ZH}(?:1|一)?(?:元|块)钱?", re.IGNORECASE),
    "L": re.compile(rf"{_EN}lit(?:er|re)s?\b|{_ZH}升", re.IGNORECASE),
    "MWh": re.compile(rf"{_EN}(?:megawatt-?\s?hours?|MWh)\b|{_ZH}兆瓦时", re.IGNORECASE),
    "kW": re.compile(rf"{_EN}(?:kilowatts?|kW)\b(?![- ]?h)|{_ZH}千瓦(?!时)", re.IGNORECASE),
    "MW": re.compile(rf"{_EN}(?:megawatts?|MW)\b(?![- ]?h)|{_ZH}兆瓦(?!时)", re.IGNORECASE),
    "GW": re.compile(rf"{_EN}(?:gigawatts?|GW)\b(?![- ]?h)|{_ZH}吉瓦(?!时)", re.IGNORECASE),
    "t": re.compile(rf"{_EN}(?:metric\s)?tonn?e?s?\b|{_ZH}吨", re.IGNORECASE),
    "m2": re.compile(
        rf"{_EN}(?:square met(?:er|re)|sq\.?\s?m|m2)\b|{_ZH}(?:平方米|平米|平方)", re.IGNORECASE
    ),
    "km": re.compile(rf"{_EN}(?:kilomet(?:er|re)|km)\b|{_ZH}公里", re.IGNORECASE),
    "GB": re.compile(rf"{_EN}(?:gigabytes?|GB)\b|{_ZH}GB", re.IGNORECASE),
}


def said_elsewhere(reading: Reading, q: Quantity, unit: Unit) -> Unit | None:
    """The unit of `q` with the counts and the period its sentence says, where that is of the dimension of `unit`; else None.

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> wanted = Unit("request") / Unit("person") / Unit("d")
    >>> r = read("On average each user asks 9 questions every day")
    >>> said_elsewhere(r, r.quantities[0], wanted).text
    'request/d/person'
    """
    if unit.same_dimension(PLAIN) and not _FOR_EVERY.search(reading.sentence(q)):
        return None  # 300 MW, "per megawatt", is no plain number
    named, units, in_each, carbon = _said(reading.sentence(q))
    units = (*units, *_as_its_like(reading, q))
    owns = dict.fromkeys((q.unit, q.bare))
    if q.kind == "amount" and carbon and not q.substance:
        owns |= dict.fromkeys(own / Unit("g") * Unit("gCO2e") for own in list(owns))
    for own in owns:
        counts = (
            [""]
            if q.count and q.kind != "count"
            else [
                "",
                *(n for n in named if f"/{n}" in unit.text and f"/{n}" not in own.text),
                *units,
            ]
        )
        periods = [""] if q.period and f"/{q.period}" in own.text else ["", *in_each]
        for count, period in itertools.product(counts, periods):
            made = own
            for below in (count, period):
                made = made / Unit(below) if below else made
            if (count or period) and made.same_dimension(unit):
                return made
    if q.count and f"/{q.count}" in q.unit.text:  # "for a typical family" may stand with a total
        for own in (q.unit * Unit(q.count), q.bare * Unit(q.count)):
            if own.same_dimension(unit):
                return own
    return None


def _as_its_like(reading: Reading, q: Quantity) -> Iterable[str]:
    """For what a price before it in the sentence is, where that is raised or lowered to this one: from $84/MWh to $89.04."""
    if q.kind != "money" or q.role != "to" or "/" in q.unit.text:
        return
    for other in reading.quantities:
        if other.kind == "money" and other.sentence == q.sentence and other.end <= q.start:
            money, *below = other.unit.text.split("/")
            if len(below) == 1 and Unit(money).same_dimension(q.bare):
                yield below[0]


_FOR_EVERY = re.compile(r"\b(?:for|of|on|in) (?:every|each)\b|每", re.IGNORECASE)
_CARBON = re.compile(r"\b(?:emission|carbon|CO2|greenhouse)|碳|排放", re.IGNORECASE)


@lru_cache(maxsize=256)
def _said(sentence: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], bool]:
    """Counts, units and periods of which a sentence says each, and whether it speaks of emissions; a sentence is asked for many figures."""
    each = bool(_ONE.search(sentence))
    return (
        tuple(name for name, words in _NAMED.items() if each or words.search(sentence)),
        tuple(name for name, words in _PER_UNIT.items() if words.search(sentence)),
        tuple(name for name, words in _IN_EACH.items() if words.search(sentence)),
        bool(_CARBON.search(sentence)),
    )
