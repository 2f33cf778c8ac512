"""Which of a text's quantities does a formula speak of? The one of its dimension; a product or a quotient where the text says its parts.

A candidate is one way to take the text: a quantity as it stands, without a period that is only said nearby, a power with a
time, a total with a count, two ends of a change. Nothing is taken that the text does not say; where nothing fits there is no
candidate, and no verdict.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import lru_cache

from taotie.audit.candidate import Candidate, as_dimension, stated_of
from taotie.audit.composed import composed
from taotie.audit.in_words import many_in_words, one_period
from taotie.audit.nouns import FLOWS
from taotie.audit.reading import Quantity, Reading, spoken
from taotie.audit.repeated import by_as_much, divides, ends_of, repeats, without_inputs
from taotie.audit.said_elsewhere import said_elsewhere
from taotie.quantity.copied import replace
from taotie.quantity.number_text import ENGLISH_WORDS, number_at
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import PLAIN, Unit
from taotie.words import patterns as re

_H = Unit("h")
_WH = Unit("Wh")
_OF = re.compile(
    r"\s(?:of|out of)\s(?:the\s|a\s|its\s|some\s|about\s|around\s|roughly\s){0,2}[^0-9.;,]{0,24}",
    re.IGNORECASE,
)
ANNUAL_TOTAL_TWH = 1.0


def candidates(
    reading: Reading,
    unit: Unit,
    inputs: Sequence[tuple[float, Unit]] = (),
    growth: bool = False,
    spans: Sequence[str] = (),
    written: Sequence[tuple[float, Unit]] = (),
    value: float = 0.0,
) -> list[Candidate]:
    """All ways to take the text as a statement of the dimension of `unit`, the surest first.

    Parameters
    ----------
    inputs : sequence of (value, unit)
        Numbers the formula was given: a quantity that only repeats one of them is not the claim.
    growth : bool
        Does the formula give a change (x/y - 1) and not a ratio?
    spans : sequence of str
        Periods the formula adds up over (24 h, 8760 h): what it gives is what is used in one of them.
    written : sequence of (value, unit)
        All numbers of the formula: what is made of these alone only repeats it.
    value : float
        What the formula gives; 0 where it is not known. [unit]

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> c = candidates(read("600 queries use 180 Wh"), Unit("Wh") / Unit("request"))
    >>> c[0].stated.value, c[0].how
    (0.3, 'quotient')
    >>> [c.how for c in candidates(read("a 60 W bulb for 3 minutes"), Unit("Wh"))]
    ['product']
    """
    usable = [q for q in reading.quantities if q.kind != "year" and q.role != "denied"]
    once = any(q.period == "a" for q in usable) and _once(reading)
    per = frozenset(name for q in usable for name in q.bare.physical.split("/")[1:])
    wet = _is_volume(unit) and bool(_WATER.search(spoken(reading)))
    yearly = _of_a_rate(inputs)
    direct = [c for q in usable for c in _direct(q, unit, growth, spans, once, wet, per, yearly)]
    given = [
        q
        for q in (usable if inputs else ())
        if all(
            any(repeats(e, value, own) or divides(e, value, own) for value, own in inputs)
            for e in ends_of(q)
        )
        and not by_as_much(q, reading.form.text, inputs)
    ]
    best = without_inputs(direct, inputs, reading.form.text, value, unit) if inputs else direct
    named = [c for c in best if c.main.noun != "model"] or best
    if named:
        sure = [c for c in named if c.rank < 5]
        named = sure or named
    shares = _shares_of(reading, usable, unit)
    named = [*(c for c in shares if not named or any(p not in given for p in c.parts[1:])), *named]
    if all(c.main.role == "from" for c in named):
        named = named + _said_of_one(reading, usable, unit, given)
    if not named and unit.same_dimension(_H) and inputs:
        named = one_period(reading)
    if not named and unit.same_dimension(PLAIN) and inputs:
        named = many_in_words(reading, inputs)
    if not named and unit.same_dimension(PLAIN) and len(inputs) >= 2:
        named = _printed_plainly(usable, inputs)
    if all(c.rank >= 5 for c in named):
        named = named + _in_its_unit(usable, unit)
        made = composed(usable, unit)
        if len(given) < len([q for q in usable if q.kind in ("amount", "money", "count")]):
            made = [c for c in made if _says_more(c, given)]
        if named:
            made = [
                c
                for c in made
                if not all(any(repeats(p, v, u) for v, u in written) for p in c.parts)
            ]
        named = [*made, *named]
    return sorted(
        named,
        key=lambda c: (
            c.rank,
            c.main.role == "from",
            -c.main.start if c.main.role == "to" else c.main.start,
        ),
    )


def _printed_plainly(
    usable: list[Quantity], inputs: Sequence[tuple[float, Unit]]
) -> list[Candidate]:
    """Numbers of units, where the formula has none: 600 * 666.67 is 400,000 square meters."""
    made: list[Candidate] = []
    if not all(u.same_dimension(PLAIN) or u.text == "a" for _v, u in inputs):
        return made
    for q in usable:
        printed = (
            (number_at(q.text.lstrip("US$€£¥ ")) or spelled_number_at(q.text))
            if q.kind in ("amount", "money") and not q.is_range
            else None
        )
        if printed is None or any(abs(printed.value / v - 1) < 1e-6 for v, _u in inputs if v):
            continue
        scale = printed.value / q.low if q.low else 1.0
        made.append(Candidate(stated_of(q, PLAIN, scale), (q,), "number", 4))
    return made


def _says_more(c: Candidate, given: list[Quantity]) -> bool:
    """Does a product say more than the formula was given? A power times the formula's own hours is a power and no energy."""
    new = [p for p in c.parts if p not in given]
    return bool(new) and not any(p.unit.same_dimension(_H) for p in c.parts if p in given)


# ---- one quantity ------------------------------------------------------------------------------------------


def _of_a_rate(inputs: Sequence[tuple[float, Unit]]) -> bool:
    """Does a formula multiply an amount of the size of a year's, 500 GWh, with what each kilowatt-hour takes?"""
    rates = [u for _v, u in inputs if "/kWh" in u.text or "/MWh" in u.text]
    large = [v for v, u in inputs if u.same_dimension(_WH) and v * u.factor_to(_WH) >= 1e10]
    return len(rates) == 1 and len(large) == 1


def _once(reading: Reading) -> bool:
    """Is something that happens once, a training, told as if it were every year's?"""
    return _once_a_year(spoken(reading))


@lru_cache(maxsize=64)
def _once_a_year(text: str) -> bool:
    return bool(_ONCE.search(text) and _YEARLY.search(text))


_ONCE = re.compile(r"\b(?:pre-?)?train(?:ed|ing|s)?\b|训练", re.IGNORECASE)

_YEARLY = re.compile(r"\b(?:each|every|per|a) year\b|\b(?:annual|year)ly\b|每年", re.IGNORECASE)


_WATER = re.compile(r"\bwater\b|水", re.IGNORECASE)


@lru_cache(maxsize=1024)
def _is_volume(unit: Unit) -> bool:
    """Is it a volume, or one in each period or for each of something?"""
    return "L" in re.split(r"[*/]", unit.physical.split("/")[0]) or any(
        name in ("mL", "ML", "GL", "m3", "kL") for name in re.split(r"[*/]", unit.physical)
    )


def _direct(
    q: Quantity,
    unit: Unit,
    growth: bool = False,
    spans: Sequence[str] = (),
    once: bool = False,
    wet: bool = False,
    per: frozenset[str] = frozenset(),
    yearly: bool = False,
) -> Iterable[Candidate]:
    if q.kind == "short":
        yield from _open_short(q, unit)
        return
    if q.kind in ("number", "thing"):
        yield from _bare_number(q, unit)
        return
    if unit.same_dimension(PLAIN) and q.kind in ("share", "times"):
        yield from _plain(q, growth)
        return
    if q.kind in ("share", "times"):
        return
    if q.kind == "count" and unit.same_dimension(PLAIN):
        # 1287 MWh / 10.5 MWh gives a number; of what, the text says
        yield Candidate(stated_of(q, PLAIN), (q,), "number", 4)
        return
    if q.kind == "amount" and unit.same_dimension(PLAIN) and q.bare.physical in per:
        printed = number_at(q.text)  # of miles, whatever they are in kilometers
        if printed is not None and printed.value and q.low == q.high:
            yield Candidate(stated_of(q, PLAIN, printed.value / q.low), (q,), "number", 4)
        return
    if wet and q.kind == "amount" and q.substance != "carbon":
        q = _by_volume(q)
    yield from _for_so_many(q, unit)
    seen = False
    for own, how, rank in _options(q, spans, once, yearly):
        for scale, name in as_dimension(own, unit):
            if not seen or how in ("bare", "annual"):
                yield Candidate(stated_of(q, name, scale), (q,), how, rank)
                seen = True
            break
        if seen:
            break


_SO_MANY = re.compile(
    r"(?:\bper\b|\bevery\b|\bfor each\b|/|每)\s?(?P<word>hundred|thousand|million|billion|trillion)?",
    re.IGNORECASE,
)


def _for_so_many(q: Quantity, unit: Unit) -> Iterable[Candidate]:
    """0.2 Wh per thousand tokens, where the formula has multiplied by the thousand."""
    if q.kind not in ("amount", "money") or not q.count or f"/{q.count}" not in q.unit.text:
        return
    link = _SO_MANY.search(q.text)
    if link is None:
        return
    number = number_at(q.text, link.end())
    many = ENGLISH_WORDS[link["word"].lower()] if link["word"] else number.value if number else 1.0
    whole = q.bare * Unit(q.count)
    if many > 1 and whole.same_dimension(unit):
        yield Candidate(stated_of(q, whole, many), (q,), "per", 1)


def _by_volume(q: Quantity) -> Quantity:
    """A ton of water is a cubic meter, whichever ton is meant."""
    mass = re.fullmatch(r"(t|kg|g|Mt|kt)(/.*)?", q.bare.physical)
    if mass is None:
        return q
    swap = Unit("m3") / Unit("t")
    return replace(q, unit=q.unit * swap, bare=q.bare * swap)


def _options(
    q: Quantity, spans: Sequence[str] = (), once: bool = False, yearly: bool = False
) -> Iterable[tuple[Unit, str, int]]:
    """Units a quantity may be meant in: as it stands first. What happens once (`once`, a training) is not used every year."""
    for count in q.counts:
        yield q.unit / Unit(count), "per", 1
    yield q.unit, "direct", 0
    if q.period and not q.firm:
        for count in q.counts:
            yield q.bare / Unit(count), "per", 1
        if not (once and q.period == "a"):
            yield q.bare, "bare", 1
    if q.period in spans:
        yield q.bare, "bare", 1
    if q.period == "a" and q.firm and yearly and not once:
        yield (
            q.bare,
            "bare",
            1,
        )  # what is worked out of a year's amount is a year's, though only the result says so
    if q.period == "a" and q.firm and q.bare.same_dimension(_WH):
        total = q.high * q.bare.factor_to(Unit("TWh"))
        if total >= ANNUAL_TOTAL_TWH:
            yield q.bare, "bare", 1  # a year's total: how annual statistics are printed
    if not q.period and not q.firm and q.kind == "amount":
        yield q.unit / Unit("a"), "annual", 1
        for count in q.counts:  # the average home used 10,791 kWh in 2022
            yield q.unit / Unit(count) / Unit("a"), "annual", 1
    if q.kind == "count" and q.count in FLOWS and q.period:
        yield q.bare, "bare", 2


def _plain(q: Quantity, growth: bool) -> Iterable[Candidate]:
    yield Candidate(stated_of(q), (q,))
    if q.noun == "PUE":
        return
    factor = q.unit.factor_to(PLAIN)
    low, high, half = q.low * factor, q.high * factor, q.half * factor
    made = replace(q, unit=PLAIN, bare=PLAIN, low=low, high=high, half=half)
    yield from _turned(q, made, half)
    if q.kind == "share" and q.change and q.role != "to":
        yield _changed(q, made, -high, -low)
        if not growth:
            yield _changed(q, made, 1 + q.change * low, 1 + q.change * high)
    if q.kind == "times" and low > 0:
        if q.change < 0:
            yield _changed(q, replace(made, half=half / (low * high)), 1 / high, 1 / low)
        if q.change > 0 and q.role != "to" and not growth:
            yield _changed(q, made, low + 1, high + 1)
        if growth and not (
            q.change > 0 and q.text.endswith("倍") and q.role != "to"
        ):  # 涨了两倍 is a growth of two
            yield _changed(q, made, low - 1, high - 1)
            yield _changed(
                q,
                made,
                1 - 1 / low if q.change < 0 else 1 - low,
                1 - 1 / high if q.change < 0 else 1 - high,
            )


def _turned(q: Quantity, made: Quantity, half: float) -> Iterable[Candidate]:
    """An eighteenth of the other's is the other's eighteen times over; but what is three times another is no third of it."""
    if (
        q.kind == "share"
        and not q.change
        and not q.is_range
        and made.low > 0
        and ("分之" in q.text or q.text[0].isalpha())
    ):
        turned = replace(made, half=half / (made.low * made.high))
        yield _changed(q, turned, 1 / made.high, 1 / made.low)


def _changed(q: Quantity, made: Quantity, low: float, high: float) -> Candidate:
    low, high = sorted((low, high))
    return Candidate(stated_of(replace(made, low=low, high=high)), (q,), "change", 2)


def _bare_number(q: Quantity, unit: Unit) -> Iterable[Candidate]:
    """A number without a unit: a plain number, or a count whose thing is not named."""
    if unit.same_dimension(PLAIN):
        yield Candidate(stated_of(q), (q,), "number", 3 if q.kind == "number" else 5)
    elif (counted := _counts(unit)) is not None:
        # a nine-figure bill
        yield Candidate(stated_of(q, counted), (q,), "number", 6 if q.digits else 3)


def _open_short(q: Quantity, unit: Unit) -> Iterable[Candidate]:
    """405B, 500K: a number word where a count is asked for, a unit where that is."""
    counted = _counts(unit)
    if counted is not None or unit.same_dimension(PLAIN):
        yield Candidate(stated_of(q, counted or PLAIN), (q,), "number", 6)
    literal = {"B": "B", "K": "K", "T": "t"}.get(q.short)
    if literal == "B" and unit.same_dimension(Unit("B")):
        yield Candidate(stated_of(q, Unit("B"), 1e-9), (q,), "direct", 4)


_COUNTS = (
    "request", "inference", "image", "video", "token", "server", "accelerator", "household", "person", "site", "parameter", "USD", "EUR", "CNY",
)  # fmt: skip


@lru_cache(maxsize=1024)
def _counts(unit: Unit) -> Unit | None:
    """The thing or the money a unit counts, however the formula spells it: GWh*CNY/kWh is yuan."""
    return next((Unit(n) for n in _COUNTS if unit.same_dimension(Unit(n))), None)


def _in_its_unit(usable: list[Quantity], unit: Unit) -> list[Candidate]:
    """Three turbines of 16 MW make 48: a bare number in the unit of the amount before it."""
    made = []
    for before, q in itertools.pairwise(usable):
        if (
            q.kind != "number"
            or before.kind not in ("amount", "money")
            or before.sentence != q.sentence
        ):
            continue
        if before.bare.same_dimension(unit):
            made.append(Candidate(stated_of(q, before.bare), (q,), "number", 6))
    return made


def _said_of_one(
    reading: Reading, usable: list[Quantity], unit: Unit, given: list[Quantity]
) -> list[Candidate]:
    """What is for each of something, or in each day, where the sentence says so and not behind its number: every woman and child uses 31 kW."""
    made = [
        (q, said_elsewhere(reading, q, unit))
        for q in usable
        if q.kind in ("amount", "money", "count") and q not in given
    ]
    return [Candidate(stated_of(q, own), (q,), "per", 2) for q, own in made if own is not None]


def _shares_of(reading: Reading, usable: list[Quantity], unit: Unit) -> list[Candidate]:
    """4.4 % of 4,000 TWh, a quarter of the 200 TWh."""
    made: list[Candidate] = []
    for a, b in itertools.pairwise(usable):
        if a.kind != "share" or b.kind not in ("amount", "money", "count"):
            continue
        if not _OF.fullmatch(reading.form.text[a.end : b.start]):
            continue
        factor = a.unit.factor_to(PLAIN)
        part = replace(b, low=b.low * a.low * factor, high=b.high * a.high * factor, half=b.half * a.high * factor + a.half * factor * b.high,
                       hedge=a.hedge, digits=min(a.digits, b.digits), text=reading.form.text[a.start : b.end], start=a.start, loose=False)  # fmt: skip
        made += [replace(c, parts=(part, a, b), how="share", rank=1) for c in _direct(part, unit)]
    return made
