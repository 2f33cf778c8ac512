"""Which number does a sentence state? The value, its unit, its period and how it is hedged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from taotie.audit.formula_text import FormulaError
from taotie.audit.verdict import Stated
from taotie.errors import TaotieError
from taotie.quantity.number_text import PrintedNumber, number_at, plain
from taotie.quantity.unit_text import PLAIN, Unit, count_at, parse_unit, spelled, unit_at
from taotie.words.language import _

MAX_LENGTH = 1_000
_HEDGES: tuple[tuple[str, str], ...] = (
    ("at_most", r"no more than|not more than|at most|up to|less than|below|under|fewer than|maximum of|<=|≤|<"
                r"|至多|最多|不超过|不到|低于|少于|以下|以内"),
    ("at_least", r"no less than|at least|more than|over|above|exceed(?:s|ing)?|>=|≥|>|or more"
                 r"|至少|超过|多于|逾|以上|不低于|不少于"),
    ("comparable", r"comparable to|close to|on par with|rival(?:s|ling)?|比肩|接近|相当于|堪比"),
    ("about", r"about|around|roughly|approximately|nearly|almost|some|circa|~|≈|大约|约|近|几乎|左右"),
)  # fmt: skip
_RANGE = re.compile(r"\s*(?:-|to|and|至|到|~)\s*")
_PERIOD = {
    "day": "d", "year": "a", "hour": "h", "month": "month", "week": "week", "second": "s", "minute": "min",
}  # fmt: skip
_AFTER = re.compile(
    r"\s*(?:of (?:electricity|energy|power)\s+)?(?:(?:a|per|each|every)\s+(day|year|hour|month|week|second|minute)\b"
    r"|(daily|annually|yearly|hourly|monthly|per annum|p\.\s?a\.))",
    re.IGNORECASE,
)
_ADVERBS = {
    "daily": "d",
    "annually": "a",
    "yearly": "a",
    "hourly": "h",
    "monthly": "month",
    "per annum": "a",
}
_BEFORE: tuple[tuple[str, str], ...] = (
    (r"每千次|每一千次|每1,?000次", "1000 request"),
    (r"每次推理", "inference"),
    (r"每次", "request"),
    (r"每张", "image"),
    (r"每台", "server"),
    (r"每户", "household"),
    (r"每天|每日|日均|日耗电量?|日用电量?|一天", "d"),
    (r"每年|年均|年耗电量?|年用电量?|一年", "a"),
    (r"每小时", "h"),
)
_PER_COUNT = re.compile(r"\s*(?:(?:per|for|a|an|each|every)\s+|/\s*|每)(?=[\w])", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """What a sentence states, and the words it uses for it.

    Attributes
    ----------
    stated : Stated
        The value, per the period where one is said.
    without_period : Stated
        The value as if no period were said: "564 MWh a day" is also 564 MWh.
    """

    text: str
    stated: Stated
    without_period: Stated
    words: tuple[str, ...]
    unit_text: str


def parse_statement(text: str, counted: Iterable[str] = ()) -> Statement:
    """The number a sentence states.

    Raises
    ------
    FormulaError, UnitError, RangeError
        If it is too long, states no number, or its unit is unknown.

    Examples
    --------
    >>> s = parse_statement("ChatGPT uses more than 564 MWh a day").stated
    >>> s.value, s.unit.text, s.hedge
    (564.0, 'MWh/d', 'at_least')
    >>> parse_statement("每天约56.4万度").stated.to(Unit("MWh/d")).value
    564.0
    """
    if not isinstance(text, str) or not text.strip():
        raise FormulaError(
            _("nothing is stated."), _("state a number with its unit, such as 42 MWh")
        )
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            _("a statement of {n} characters is too long (limit {limit}).").format(
                n=len(text), limit=MAX_LENGTH
            )
        )
    tidy = spelled(plain(text)).strip()
    names = tuple(counted)
    found = _candidates(tidy, names)
    if not found:
        raise FormulaError(
            _("{text} states no number.").format(text=repr(text[:80])),
            _("state a number with its unit, such as 42 MWh"),
        )

    def weight(c: _Candidate) -> tuple[int, bool, int]:
        said = _after_verb(tidy, c)
        return c.rank + said, said, -c.start

    best = max(found, key=weight)
    return _statement(text, tidy, best, names)


_VERB = re.compile(
    r"(?:\b(?:is|are|was|were|equals?|makes?|uses?|used|takes?|took|needs?|draws?|drew|consumes?|consumed|delivers?"
    r"|delivered|costs?|emits?|emitted|saves?|saved)\b|=|等于|合|即|耗电|用电|消耗|需要|排放)[^\d;,。,]{0,24}$"
)


def _after_verb(text: str, candidate: _Candidate) -> bool:
    """Does it stand behind "is", "uses" or the like (`1 TWh is 10^6 kWh`)?"""
    return bool(_VERB.search(text[: candidate.start]))


@dataclass(frozen=True)
class _Candidate:
    start: int
    end: int
    low: PrintedNumber
    high: PrintedNumber
    scale: float
    unit: Unit
    unit_text: str
    rank: int


def _candidates(text: str, counted: tuple[str, ...]) -> list[_Candidate]:
    made: list[_Candidate] = []
    at = 0
    while at < len(text):
        if not (text[at].isdigit() or text[at] in "-.$€¥") or _inside_a_word(text, at):
            at += 1
            continue
        start = at
        money = unit_at(text, at, counted) if text[at] in "$€¥" else None
        if money is not None:
            at = money[2]
        else:
            named = re.search(r"\b(USD|EUR|CNY|RMB)\s*$", text[:at])
            if named:
                start = named.start()
                money = (*unit_at(text, start, counted)[:2], at)  # type: ignore[index]
        first = number_at(text, at)
        if first is None or (text[at] == "-" and _inside_a_word(text, at)):
            at = start + 1
            continue
        made.append(_candidate(text, start, first, money, counted))
        at = max(made[-1].end, start + 1)
    return made


def _candidate(
    text: str,
    start: int,
    first: PrintedNumber,
    money: tuple[float, Unit, int] | None,
    counted: tuple[str, ...],
) -> _Candidate:
    last = first
    link = _RANGE.match(text, first.end)
    if link:
        second = number_at(text, link.end())
        if second is not None and text[link.end() : link.end() + 1] not in "+-":
            last = second
            if not first.words and second.words:
                ratio = second.value / (number_at_without_words(text, link.end()) or second.value)
                first = PrintedNumber(
                    first.value * ratio, first.tol * ratio, second.words, first.end
                )
    at = last.end
    spaces = len(text[at:]) - len(text[at:].lstrip(" "))
    try:
        unit = money or unit_at(text, at + spaces, counted)
    except TaotieError:
        _strict_unit(text, start, at, counted)
        unit = None
    if unit is None:
        return _Candidate(start, at, first, last, 1.0, PLAIN, "", 0)
    end = at if money else unit[2]
    bare = unit[1].is_plain or unit[1].counted or _is_bare(unit[1])
    unit_text = unit[1].text if money else text[at + spaces : end]
    return _Candidate(start, end, first, last, unit[0], unit[1], unit_text, 1 if bare else 2)


def number_at_without_words(text: str, at: int) -> float | None:
    """The digits printed at `at` without their number word."""
    match = re.match(r"\d[\d,]*(?:\.\d+)?", text[at:])
    return float(match[0].replace(",", "")) if match else None


def _is_bare(unit: Unit) -> bool:
    """A time or a count alone: seldom what a sentence is about."""
    return any(unit.same_dimension(Unit(u)) for u in ("h", "request", "server", "accelerator"))


def _inside_a_word(text: str, at: int) -> bool:
    """Is this digit part of a name, such as H100, GPT-3 or CO2?"""
    before = text[:at]
    return (
        bool(re.search(r"[A-Za-z_]$|[A-Za-z]-$|[A-Za-z][A-Za-z0-9]*$", before)) and text[at] != "$"
    )


def _strict_unit(text: str, start: int, at: int, counted: tuple[str, ...]) -> None:
    """A statement that is nothing but a number and one word must have a known unit."""
    head, tail = text[:start], text[at:].strip().rstrip(".")
    if len(head.split()) <= 2 and len(tail.split()) == 1:
        parse_unit(tail, counted)


def _statement(text: str, tidy: str, best: _Candidate, counted: tuple[str, ...]) -> Statement:
    before, after = tidy[: best.start], tidy[best.end :]
    hedge = _hedge(before, after)

    def made(scale: float, unit: Unit) -> Stated:
        low, high = sorted((best.low.value * scale, best.high.value * scale))
        return Stated(low, high, unit, max(best.low.tol, best.high.tol) * abs(scale), hedge)

    scale, unit = _with_period(before, after, best.scale, best.unit, counted)
    stated, bare = made(scale, unit), made(best.scale, best.unit)
    is_period = (best.unit / unit).same_dimension(Unit("h"))
    words = tuple(dict.fromkeys((*best.low.words, *best.high.words)))
    return Statement(text, stated, bare if is_period else stated, words, best.unit_text)


def _with_period(
    before: str, after: str, scale: float, unit: Unit, counted: tuple[str, ...]
) -> tuple[float, Unit]:
    if unit.is_plain:
        return scale, unit
    period = _AFTER.match(after)
    if period:
        name = _PERIOD.get((period[1] or "").lower()) or _ADVERBS.get(
            (period[2] or "").lower(), "a"
        )
        return scale, unit / Unit(name)
    per = _PER_COUNT.match(after)
    if per:
        count, at = count_at(after, per.end())
        try:
            below = unit_at(after, at, counted)
        except TaotieError:
            below = None
        if below is not None and count:
            return scale / (count * below[0]), unit / below[1]
    if "/" not in unit.text:
        for pattern, word in _BEFORE:
            if re.search(rf"(?:{pattern})[^\d,;。,;]{{0,12}}$", before):
                number = number_at(word)
                count, name = (number.value, word[number.end :]) if number else (1.0, word)
                return scale / count, unit / Unit(name.strip())
    return scale, unit


def _hedge(before: str, after: str) -> str:
    for name, pattern in _HEDGES:
        if re.search(
            rf"(?:(?<![A-Za-z])(?:{pattern}))\s*(?:(?:the|a|an|USD|为|达)\s*)?$",
            before,
            re.IGNORECASE,
        ):
            return name
    for name, pattern in _HEDGES:
        tail = [w for w in pattern.split("|") if w in ("or more", "以上", "以下", "以内", "左右")]
        if tail and re.match(rf"\s*(?:{'|'.join(tail)})", after):
            return name
    return "none"
