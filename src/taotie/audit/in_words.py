"""What does a sentence say without a number? One minute, half a year, twenty large reactors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taotie.audit.candidate import Candidate, stated_of
from taotie.audit.hedge import WINDOW, hedge_around
from taotie.audit.reading import Quantity, Reading, spoken
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import Unit
from taotie.words import patterns as re

_IN_WORDS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|a (?:hundred|dozen)|half a dozen)\b"
    r"(?=[ -](?:[a-z-]+ |[A-Z][a-z]+ ){0,2}(?!hours|days|weeks|months|years|minutes|seconds|times|percent|others|ways)[a-z]+s\b)",
    re.IGNORECASE,
)


def many_in_words(reading: Reading, inputs: Sequence[tuple[float, Unit]]) -> list[Candidate]:
    """Things counted in words, where a plain number is asked for and nothing else says one: twenty large reactors."""
    text, at = spoken(reading), min((q.sentence[0] for q in reading.quantities), default=0)
    made = []
    for found in _IN_WORDS.finditer(text):
        number = spelled_number_at(text, found.start())
        if number is None or any(q.start <= at + found.start() < q.end for q in reading.quantities):
            continue
        if any(unit.is_plain and value == number.value for value, unit in inputs):
            continue
        q = Quantity(
            found[0], found.start(), number.end, number.value, number.value, number.half, number.digits, True,
            hedge=hedge_around(text[max(0, found.start() - WINDOW) : found.start()], ""), kind="thing", sentence=(0, len(text)),
        )  # fmt: skip
        made.append(Candidate(stated_of(q), (q,), "number", 4))
    return made


_ONE_PERIOD = re.compile(
    r"\b(?:(?P<half>half an?)|an?|one|a full|a whole)\s(?P<en>second|minute|hour|day|week|month|year|decade|century)\b"
    r"|(?P<ban>半)个?(?P<bzh>小时|天|年|分钟|月)|一整?个?(?P<more>多)?(?P<zh>秒|分钟|小时|钟头|天|周|星期|月|年|世纪)(?![代级度底初末均活期边])(?P<over>多)?",
    re.IGNORECASE,
)
_PERIOD_UNIT = {
    "second": (1, "s"), "minute": (1, "min"), "hour": (1, "h"), "day": (1, "d"), "week": (1, "week"), "month": (1, "month"), "year": (1, "a"),
    "decade": (10, "a"), "century": (100, "a"), "秒": (1, "s"), "分钟": (1, "min"), "小时": (1, "h"), "钟头": (1, "h"), "天": (1, "d"), "周": (1, "week"),
    "星期": (1, "week"), "月": (1, "month"), "年": (1, "a"), "世纪": (100, "a"),
}  # fmt: skip


def one_period(reading: Reading) -> list[Candidate]:
    """A time said without a number, where a time is asked for: a little over a minute, 半小时."""
    text = spoken(reading)
    made = []
    for found in _ONE_PERIOD.finditer(text):
        if re.search(
            r"(?:\b(?:per|each|every|twice|once|times)\s|每)\Z",
            text[max(0, found.start() - 10) : found.start()],
            re.IGNORECASE,
        ):
            continue
        many, name = _PERIOD_UNIT[(found["en"] or found["bzh"] or found["zh"]).lower()]
        value = many * (0.5 if found["half"] or found["ban"] else 1.0)
        before, behind = (
            text[max(0, found.start() - WINDOW) : found.start()],
            text[found.end() : found.end() + 24],
        )
        q = Quantity(
            found[0], found.start(), found.end(), value, value, 0.12 * value, 1, True, Unit(name), Unit(name),
            hedge=hedge_around(before, behind), kind="amount", sentence=(0, len(text)),
        )  # fmt: skip
        if found["more"] or found["over"]:  # 一个多小时
            q = replace(q, high=2 * value, half=0.0, hedge="none")
        made.append(Candidate(stated_of(q), (q,), "direct", 3))
    return made
