"""Which numbers of an article does it work out from others, and do they follow? A rate times an amount, a share of it, a power for a time.

Where a sentence concludes (so, or about, which makes, 即, 相当于), the number concluded is tried on every number of the article it could have
been worked out from. It is told as wrong only if there is such a number and none of them gives it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from taotie.audit import verdict as verdicts
from taotie.audit.between import Between, slack_of
from taotie.audit.moved_point import is_moved
from taotie.audit.reading import Quantity
from taotie.quantity.unit_text import PLAIN, Unit
from taotie.words import patterns as re

_H, _W, _WH = Unit("h"), Unit("W"), Unit("Wh")
_AMOUNTS = ("amount", "money")
_MARGIN = 0.02
NEAR = 8.0  # a number further off than this was not meant to be worked out from it
MOST = 400
_PERIOD_H = {"h": 1.0, "d": 24.0, "week": 168.0, "month": 730.0, "a": 8760.0}
_OR = r"or(?: about| some| roughly| nearly| around| almost| close to)?"
_SO = re.compile(
    rf"\b(?:{_OR}|which (?:puts?|makes?|means|comes|is|gives|brings|works|amounts)|so|therefore|thus|hence|that (?:still |alone )?(?:is|makes|comes|means|puts)|this (?:is|makes|comes|means)|i\.e\.|comes? to|works? out|amounts? to|multiply|answers? for|meaning|from (?:this|that|which|these)|deriv(?:es|ed)|derives?)\b|=|据此|由此|折算|也就是|折合|合计|[，,]合|即|相当于|因此|所以|算下来|就是",
    re.IGNORECASE,
)


def worked_out(text: str, said: Sequence[Quantity]) -> list[Between]:
    """Numbers concluded from others of the article.

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> def tried(text):
    ...     return [(b.whole.text, b.verdict) for b in worked_out(text, read(text).quantities)]
    >>> tried("The halls draw 480 MW. They cost $4.3 billion, or about $14 million for every megawatt.")
    [('$14 million for every megawatt', 'inconsistent with source')]
    >>> tried("The halls may take 480 MW. It expects a load of 75 percent, or 360 megawatts around the clock.")
    [('360 megawatts', 'reproduces')]
    >>> tried("It needs 360 MW around the clock. That comes to 6.84 GWh a day.")
    [('6.84 GWh a day', 'inconsistent with source')]
    """
    if len(said) > MOST:
        said = [q for q in said if q.kind != "thing"][:MOST]
    made: list[Between] = []
    for i, q in enumerate(said):
        if q.is_range or not q.value > 0:
            continue
        made += _rate(text, said, i)
        made += _of_each(text, said, i)
        made += _share(text, said, i)
        made += _power_for_a_time(text, said, i)
        made += _converted(text, said, i)
        made += _the_rest(text, said, i)
    made += _as_many(text, said)
    return made


def _found(
    parts: Sequence[tuple[Quantity, float]],
    by: Sequence[Quantity],
    whole: Quantity,
    sign: str = "×",
) -> Iterator[Between]:
    """`whole` against what each of `parts` would make of it (its value in the whole's own unit); wrong where none agrees."""
    tried = [(q, whole.value / value) for q, value in parts if value > 0]
    if not tried:
        return
    q, near = min(tried, key=lambda t: abs(t[1] - 1))
    slack = _MARGIN + _spread((*by, whole, q))
    if any(abs(r - 1) <= _MARGIN + _spread((*by, whole, p)) for p, r in tried):
        yield Between((*by, q), whole, near, verdicts.REPRODUCES, sign)
    elif 1 / NEAR < near < NEAR and abs(near - 1) > slack and _holds(whole, near):
        yield Between((*by, q), whole, near, verdicts.INCONSISTENT, sign)
    else:
        moved = [(q, whole.value / value) for q, value in parts if is_moved(whole, value)]
        if moved:
            yield Between((*by, moved[0][0]), whole, moved[0][1], verdicts.INCONSISTENT, sign)


def _spread(numbers: Sequence[Quantity]) -> float:
    """How far the digits of several numbers leave their product open; they are seldom all off the same way."""
    return math.hypot(*(slack_of((q,)) for q in numbers))


def _holds(whole: Quantity, ratio: float) -> bool:
    """May a bound be off that way? "Over 300 MW" of 320 is."""
    if whole.hedge == "at_least":
        return ratio > 1
    return (
        ratio < 1
        if whole.hedge in ("at_most", "nearly") and ratio > 1.02
        else whole.hedge != "comparable"
    )


def _same_paragraph(text: str, a: Quantity, b: Quantity) -> bool:
    return "\n" not in text[min(a.end, b.end) : max(a.start, b.start)]


def _han(q: Quantity) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in q.text)


def _energies(
    said: Sequence[Quantity], unit: Unit, *without: Quantity
) -> Iterator[tuple[Quantity, float, str]]:
    """Numbers of the article as amounts of `unit`: as they stand, for each period, a power by the hours of a day and a year. [unit]"""
    for q in said:
        if (
            any(q is w for w in without)
            or (
                without and _han(q) != _han(without[-1])
            )  # of two languages each tells its own story
            or q.kind not in (*_AMOUNTS, "count")
            or q.is_range
            or not q.value > 0
        ):
            continue
        if q.bare.same_dimension(unit):
            yield q, q.value * q.bare.factor_to(unit), q.period
        elif (q.bare * _H).same_dimension(unit) and not q.period:
            for name in ("h", "d", "a"):
                yield q, q.value * (q.bare * _H).factor_to(unit) * _PERIOD_H[name], name


def _rate(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """1.6 L/kWh, so 13,800 cubic meters; $4.3 billion, or $11 million for every megawatt."""
    rate = said[i]
    names = rate.bare.text.split("/")
    if rate.kind not in _AMOUNTS or len(names) != 2 or rate.period:
        return
    below = Unit(names[1])
    own = carbonless(rate.bare * below)
    for j in range(max(0, i - 4), min(len(said), i + 5)):
        whole = said[j]
        if (
            j == i
            or whole.kind not in _AMOUNTS
            or whole.is_range
            or not whole.value > 0
            or whole.role == "from"
        ):
            continue
        if "/" in whole.bare.text or not _same_paragraph(text, rate, whole):
            continue
        if not own.same_dimension(carbonless(whole.bare)):
            continue
        backwards = whole.end <= rate.start
        gap = text[whole.end : rate.start] if backwards else text[rate.end : whole.start]
        if len(gap) > (48 if backwards else 260) or not _SO.search(gap) or ";" in gap:
            continue
        if backwards and whole.sentence != rate.sentence:
            continue
        if (
            not backwards
            and any(
                carbonless(q.bare).same_dimension(carbonless(whole.bare)) for q in said[i + 1 : j]
            )
            and not _OVER.search(gap[-40:])
        ):
            continue
        scale = own.factor_to(carbonless(whole.bare))
        amounts = list(_energies(said, below, rate, whole))
        known = [(q, n * rate.value * scale / _in_period(name, whole)) for q, n, name in amounts]
        if backwards:
            yield from _found(
                [(q, whole.value / (scale * amount)) for q, amount, _n in amounts],
                (whole,),
                rate,
                "/",
            )
        else:
            yield from _found(known, (rate,), whole)


def _of_each(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """180 jobs for 14 million a year: that is $78,000 a job."""
    rate = said[i]
    if rate.kind not in _AMOUNTS or not rate.count or f"/{rate.count}" not in rate.unit.text:
        return
    if not _SO.search(text[max(rate.sentence[0], rate.start - 30) : rate.start]):
        return
    before = [
        q
        for q in said[max(0, i - 5) : i]
        if _same_paragraph(text, q, rate) and not q.is_range and q.value > 0
    ]
    many = [q for q in before if q.kind == "count" and q.count == rate.count]
    whole = rate.bare * Unit(rate.count)
    totals = [q for q in before if q.kind == rate.kind and q.bare.same_dimension(whole)]
    if len(many) != 1:
        return
    known = [(q, q.value * q.bare.factor_to(whole) / many[0].value) for q in totals]
    yield from _found(known, many, rate, "/")


_OVER = re.compile(r"\b(?:over|in|for) (?:the|a) (?:whole |full )?year\b|全年|一年", re.IGNORECASE)


def carbonless(unit: Unit) -> Unit:
    """Tons of CO2 as tons: a text seldom says each time what its tons are of."""
    for name in ("gCO2e", "kgCO2e", "tCO2e", "MtCO2e", "ktCO2e"):
        if name in re.split(r"[*/]", unit.physical):
            return (
                unit / Unit(name) * Unit(name.removesuffix("CO2e"))
                if f"/{name}" not in unit.physical
                else unit
            )
    return unit


def _in_period(name: str, whole: Quantity) -> float:
    """By how much an amount for `name` is divided to be one for the whole's period; 1 where either is for none."""
    if not name or not whole.period or name not in _PERIOD_H or whole.period not in _PERIOD_H:
        return 1.0
    return _PERIOD_H[name] / _PERIOD_H[whole.period]


_OR_THAT = re.compile(
    rf"[\s,，(（]{{1,3}}(?:{_OR}|that is|i\.e\.|which is|namely|即|也就是|合|约合)?[\s,，]{{0,2}}(?:about |around |some |roughly |约)?",
    re.IGNORECASE,
)


_MEANING = re.compile(
    r"[\s,，]{0,3}(?:也就是说|即|这意味着|meaning|which means|so)[^0-9.;:。；]{0,28}", re.IGNORECASE
)


def _share(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """An average load of 75 percent, or 360 megawatts."""
    share = said[i]
    if share.kind != "share" or share.change or i + 1 >= len(said):
        return
    whole = said[i + 1]
    if (
        whole.kind not in (*_AMOUNTS, "count")
        or whole.is_range
        or whole.change
        or (whole.count and whole.kind != "count")
    ):
        return
    if whole.bare.same_dimension(_H):
        return  # one percent, or 88 hours: of a year that nobody says
    link = text[share.end : whole.start]
    if (
        not (_OR_THAT.fullmatch(link) or _MEANING.fullmatch(link))
        or not re.search(r"[A-Za-z\u4e00-\u9fff]", link)
        or whole.sentence != share.sentence
    ):
        return
    part = share.value * share.unit.factor_to(PLAIN)
    known = [
        (q, n * part / _in_period(q.period, whole))
        for q in said
        if q is not whole
        and q.kind == whole.kind
        and not q.is_range
        and q.value > 0
        and q.bare.same_dimension(whole.bare)
        for n in (q.value * q.bare.factor_to(whole.bare),)
    ]
    yield from _found(known, (share,), whole)


_FLAT = re.compile(
    r"\b(?:around the clock|non-?stop|continuous(?:ly)?|constant(?:ly)?|steady|steadily|day and night|24/7|average|flat out|without (?:a )?(?:break|pause)|all year)\b|不间断|满负荷|满载|平均|全天候|连续|昼夜",
    re.IGNORECASE,
)


def _power_for_a_time(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """360 MW around the clock; that comes to 8.64 GWh a day and 3.15 TWh over a year."""
    whole = said[i]
    if (
        whole.kind != "amount"
        or not whole.bare.same_dimension(_WH)
        or whole.count
        or whole.counts
        or whole.role == "from"
    ):
        return
    hours = _PERIOD_H.get(whole.period)
    if hours is None or "\n" in text[whole.start - 1 : whole.start]:
        return
    before = [
        q
        for q in said[max(0, i - 4) : i]
        if whole.start - q.start < 300 and _same_paragraph(text, q, whole)
    ]
    powers = [
        q
        for q in before
        if q.kind == "amount"
        and q.unit.same_dimension(_W)
        and not q.period
        and not q.count
        and not q.is_range
    ]
    if not powers:
        return
    last = powers[-1]
    near = text[
        max(last.sentence[0], last.start - 40) : min(last.sentence[1], last.end + 30, whole.start)
    ]
    gap = text[last.end : whole.start]
    if not _FLAT.search(near) or not (
        _SO.search(gap) or re.search(r"\buse|consum|\btak|\bneed|\bburn|用电|耗电", gap)
    ):
        return
    # an average load of 75 percent may be said between
    loads = [
        q.value * q.unit.factor_to(PLAIN)
        for q in said[max(0, i - 4) : i]
        if q.kind == "share" and not q.change and q.start > powers[0].start
    ]
    known = [
        (q, q.value * (q.unit * _H).factor_to(whole.bare) * hours * load)
        for q in powers
        for load in (1.0, *loads)
    ]
    yield from _found(known, (), whole)


_OR_ABOUT = re.compile(
    rf"[^0-9.;:。；]{{0,36}}[,，(]\s?(?:{_OR}|that is|i\.e\.|即|也就是|折合|合)\s?(?:about |around |some |roughly |约)?",
    re.IGNORECASE,
)


def _converted(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """2.4 cubic meters a second in a dry August, or around 207,000 cubic meters a day: one flow told for two periods."""
    if i + 1 >= len(said):
        return
    a, b = said[i], said[i + 1]
    if (
        a.kind != "amount"
        or b.kind != "amount"
        or b.is_range
        or a.sentence != b.sentence
        or not (a.period and b.period)
    ):
        return
    if (
        a.period == b.period
        or not a.unit.same_dimension(b.unit)
        or a.role
        or b.role
        or a.change
        or b.change
    ):
        return
    if _OR_ABOUT.fullmatch(text, a.end, b.start):
        yield from _found([(a, a.value * a.unit.factor_to(b.unit))], (), b)


_OTHER = re.compile(r"\bthe (?:other|remaining|rest,?)\s\Z|(?:其余|剩下|另外)的?\Z", re.IGNORECASE)
_OF = re.compile(r"(?:\A|[\s\"“(])(?:of|out of|among)\s(?:the |its |their |all )?\Z", re.IGNORECASE)


def _the_rest(text: str, said: Sequence[Quantity], i: int) -> Iterator[Between]:
    """Of 3,100 residents 1,240 were for it; the other 1,860 were not."""
    whole = said[i]
    if whole.kind not in ("count", "number", "thing") or not _OTHER.search(
        text[max(0, whole.start - 16) : whole.start]
    ):
        return
    before = [
        q
        for q in said[max(0, i - 5) : i]
        if q.kind in ("count", "number", "thing") and not q.period and whole.start - q.start < 300
    ]
    totals = [q for q in before if _OF.search(text[max(0, q.start - 12) : q.start])]
    parts = [q for q in before if totals and q is not totals[-1] and q.start > totals[-1].start]
    if len(parts) != 1 or not totals[-1].value > parts[0].value:
        return
    yield from _found([(parts[0], totals[-1].value - parts[0].value)], (totals[-1],), whole, "-")


_AS_MANY = re.compile(
    r"\b(?:as (?:much|many) as|enough (?:for|to)|equivalent|equals?(?: to)?|the same as|could (?:power|supply|run|feed)|would (?:power|supply|run|feed)|match(?:es)?|(?:it is|that is|so|hence|therefore)\b[^.;]{0,40})|相当于|够|可供|足以|等于|[顶抵]得?上|能满足",
    re.IGNORECASE,
)
_ONE_OF = re.compile(
    r"[\s,]{0,2}(?:of \w+ )?(?:for|per|a|an|each|every)\s(?:the |an? )?(?:average |typical |ordinary |single |mean )?(?P<noun>[a-z]{3,14})\b",
    re.IGNORECASE,
)
_MANY_OF = re.compile(r"\s(?:average |typical |ordinary )?(?P<noun>[a-z]{3,14})\b", re.IGNORECASE)


def _as_many(text: str, said: Sequence[Quantity]) -> Iterator[Between]:
    """10,500 kWh for a home, so the campus matches 300,000 homes; at 4.6 tons for the average car, 267,000 cars."""
    for i, each in enumerate(said):
        if (
            each.kind != "amount"
            or each.is_range
            or not each.value > 0
            or each.bare.same_dimension(_H)
        ):
            continue
        behind = _ONE_OF.match(text, each.end)
        for many in said[i + 1 : i + 4]:
            if (
                (many.sentence != each.sentence and not _same_paragraph(text, each, many))
                or many.is_range
                or many.kind not in ("count", "thing")
                or many.period
            ):
                continue
            if many.value < 10 or not _AS_MANY.search(text[each.end : many.start]):
                continue
            count = ""
            if many.kind == "count" and (many.count == each.count or many.count in each.counts):
                count = many.count
            else:
                noun = _MANY_OF.match(text, many.start + len(many.text)) or _MANY_OF.search(
                    many.text
                )
                same = (
                    behind
                    and noun
                    and noun["noun"].lower().rstrip("s") == behind["noun"].lower().rstrip("s")
                )
                if not same:
                    continue
            own = each.bare * Unit(count) if count and f"/{count}" in each.bare.text else each.bare
            known = []
            for q in said:
                if (
                    q is each
                    or q is many
                    or q.kind not in _AMOUNTS
                    or q.count
                    or q.is_range
                    or not q.value > 0
                ):
                    continue
                for unit, period in ((q.bare, q.period), *(((q.bare * _H), "h"),)):
                    if carbonless(unit).same_dimension(carbonless(own)):
                        total = q.value * carbonless(unit).factor_to(carbonless(own))
                        known += [(q, total * f / each.value) for f in _spans(period, each.period)]
            yield from _found(known, (each,), many, "/")
            break


def _spans(own: str, wanted: str) -> Iterable[float]:
    """By what an amount for one period is multiplied to be one for another; a year where none is said."""
    if own in _PERIOD_H:
        return (
            {
                _PERIOD_H[wanted or "a"] / _PERIOD_H[own] if (wanted or "a") in _PERIOD_H else 1.0,
                1.0,
            }
            if own != "h"
            else {8760.0}
        )
    return {1.0}
