"""Which of a text's quantities does a formula speak of? The one of its dimension; a product or a quotient where the text says its parts.

A candidate is one way to take the text: a quantity as it stands, without a period that is only said nearby, a power with a
time, a total with a count, two ends of a change. Nothing is taken that the text does not say; where nothing fits there is no
candidate, and no verdict.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from taotie.audit.hedge import WINDOW, hedge_around
from taotie.audit.nouns import FLOWS
from taotie.audit.reading import Quantity, Reading
from taotie.audit.said_elsewhere import said_elsewhere
from taotie.audit.verdict import Stated
from taotie.quantity.number_text import number_at
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import PLAIN, Unit

_H = Unit("h")
_W = Unit("W")
_WH = Unit("Wh")
_PERCENT = Unit("%")
_OF = re.compile(
    r"\s(?:of|out of)\s(?:the\s|a\s|its\s|some\s|about\s|around\s|roughly\s){0,2}[^0-9.;,]{0,24}",
    re.IGNORECASE,
)
_ASKS = ("request", "inference", "image", "video")
_LOOSE_SHARE = 0.15
ANNUAL_TOTAL_TWH = 1.0


@dataclass(frozen=True)
class Candidate:
    """One way to take a text.

    Attributes
    ----------
    stated : Stated
        In a unit of the formula's dimension.
    parts : tuple of Quantity
        What it is made of.
    how : str
        direct | bare | annual | per | product | quotient | ratio | change | number
    rank : int
        The lower the surer.
    """

    stated: Stated
    parts: tuple[Quantity, ...]
    how: str = "direct"
    rank: int = 0

    @property
    def main(self) -> Quantity:
        """The quantity a reader would point at."""
        return self.parts[0]


def stated_of(q: Quantity, unit: Unit | None = None, factor: float = 1.0) -> Stated:
    """A quantity as a stated value with the tolerance of its print."""
    low, high = sorted((q.low * factor, q.high * factor))
    size = max(abs(low), abs(high))
    half = q.half * abs(factor)
    if q.loose:
        half = min(half, _LOOSE_SHARE * size)
    if q.spread != (1.0, 1.0) and q.kind == "amount":
        # a ton is 907 to 1016 kg
        half = max(half, (1 - q.spread[0]) * size)
    return Stated(
        low, high, unit or q.unit, half, q.hedge if q.hedge in _KNOWN else "none", q.digits
    )


_KNOWN = ("none", "about", "comparable", "at_least", "at_most", "nearly", "exact")


def candidates(
    reading: Reading,
    unit: Unit,
    inputs: Sequence[tuple[float, Unit]] = (),
    growth: bool = False,
    spans: Sequence[str] = (),
    written: Sequence[tuple[float, Unit]] = (),
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

    Examples
    --------
    >>> from taotie.audit.reading import read
    >>> c = candidates(read("600 queries use 180 Wh"), Unit("Wh") / Unit("request"))
    >>> c[0].stated.value, c[0].how
    (0.3, 'quotient')
    >>> [c.how for c in candidates(read("a 60 W bulb for 3 minutes"), Unit("Wh"))]
    ['product']
    """
    usable = [q for q in reading.quantities if q.kind not in ("year",)]
    once = any(q.period == "a" for q in usable) and _once(reading, usable)
    per = frozenset(name for q in usable for name in q.bare.physical.split("/")[1:])
    wet = _is_volume(unit) and bool(_WATER.search(reading.form.text))
    direct = [c for q in usable for c in _direct(q, unit, growth, spans, once, wet, per)]
    given = [q for q in usable if any(repeats(q, value, own) for value, own in inputs)]
    best = _without_inputs(direct, inputs, reading.form.text)
    named = [c for c in best if c.main.noun != "model"] or best
    if named:
        sure = [c for c in named if c.rank < 5]
        named = sure or named
    shares = _shares_of(reading, usable, unit)
    named = [*(c for c in shares if not named or any(p not in given for p in c.parts[1:])), *named]
    if all(c.main.role == "from" for c in named):
        named = named + _said_of_one(reading, usable, unit, given)
    if not named and unit.same_dimension(_H):
        named = _one_period(reading)
    if not named and unit.same_dimension(PLAIN) and inputs:
        named = _many_in_words(reading, inputs)
    if all(c.rank >= 5 for c in named):
        named = named + _in_its_unit(usable, unit)
        made = _composed(reading, usable, unit)
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


_IN_WORDS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|a (?:hundred|dozen)|half a dozen)\b"
    r"(?=[ -](?:[a-z-]+ |[A-Z][a-z]+ ){0,2}(?!hours|days|weeks|months|years|minutes|seconds|times|percent|others|ways)[a-z]+s\b)",
    re.IGNORECASE,
)


def _many_in_words(reading: Reading, inputs: Sequence[tuple[float, Unit]]) -> list[Candidate]:
    """Things counted in words, where a plain number is asked for and nothing else says one: twenty large reactors."""
    text = reading.form.text
    made = []
    for found in _IN_WORDS.finditer(text):
        number = spelled_number_at(text, found.start())
        if number is None or any(q.start <= found.start() < q.end for q in reading.quantities):
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


def _one_period(reading: Reading) -> list[Candidate]:
    """A time said without a number, where a time is asked for: a little over a minute, 半小时."""
    text = reading.form.text
    made = []
    for found in _ONE_PERIOD.finditer(text):
        if re.search(
            r"(?:\b(?:per|each|every|twice|once|times)\s|每)\Z",
            text[: found.start()],
            re.IGNORECASE,
        ):
            continue
        many, name = _PERIOD_UNIT[(found["en"] or found["bzh"] or found["zh"]).lower()]
        value = many * (0.5 if found["half"] or found["ban"] else 1.0)
        before, behind = (
            text[max(0, found.start() - WINDOW) : found.start()],
            text[found.end() :][:24],
        )
        q = Quantity(
            found[0], found.start(), found.end(), value, value, 0.12 * value, 1, True, Unit(name), Unit(name),
            hedge=hedge_around(before, behind), kind="amount", sentence=(0, len(text)),
        )  # fmt: skip
        if found["more"] or found["over"]:  # 一个多小时
            q = replace(q, high=2 * value, half=0.0, hedge="none")
        made.append(Candidate(stated_of(q), (q,), "direct", 3))
    return made


def _says_more(c: Candidate, given: list[Quantity]) -> bool:
    """Does a product say more than the formula was given? A power times the formula's own hours is a power and no energy."""
    new = [p for p in c.parts if p not in given]
    return bool(new) and not any(p.unit.same_dimension(_H) for p in c.parts if p in given)


# 1,000 texts took 2 Wh, so each one costs 2 Wh
_SO_EACH = re.compile(
    r"\b(?:so|thus|hence|therefore|meaning|or|i\.e\.)\s(?:that\s)?(?:for\s)?(?:each|every|one|a single)\b|(?:即|所以|因此|也就是|合|平均|折合)[^，。；]{0,3}(?:每|单)",
    re.IGNORECASE,
)


def _without_inputs(
    found: list[Candidate], inputs: Sequence[tuple[float, Unit]], text: str
) -> list[Candidate]:
    """Without those that only repeat an input of the formula."""
    ends = {id(c.main): ends_of(c.main) for c in found}
    plain = [value for value, unit in inputs if unit.is_plain]
    # 1.9 and 4.4 percent, in 4.4 / 1.9: two of them, since one may be by chance
    same = [v for v in plain if any(_shares_digits(e, v) for e in itertools.chain(*ends.values()))]
    digits = same if len(set(same)) >= 2 else []

    def told(q: Quantity) -> bool:
        free = [(v, u) for v, u in inputs if not (q.kind == "times" and u.is_plain and v in digits)]
        return any(repeats(q, v, u) for v, u in free) or any(_shares_digits(q, v) for v in digits)

    def again(q: Quantity) -> bool:
        """Raised by 1.6 %, from 1.6 % to 3.2 %: the change is no input, though it has the digits of one."""
        return (
            q.change != 0
            and not q.role
            and any(
                c.main.end <= q.start and c.main.text == q.text and c.main.kind == q.kind
                for c in found
            )
        ) or any(
            c.main.end <= q.start
            and c.main.bare.same_dimension(q.bare)
            and abs(c.main.value * c.main.bare.factor_to(q.bare) - q.value) <= 1e-6 * abs(q.value)
            and _SO_EACH.search(text, c.main.end, q.start)
            for c in found
        )

    return [c for c in found if again(c.main) or not all(told(e) for e in ends[id(c.main)])]


def ends_of(q: Quantity) -> tuple[Quantity, ...]:
    """A number, or both ends of a range as two."""
    return (replace(q, high=q.low), replace(q, low=q.high)) if q.is_range else (q,)


def _shares_digits(q: Quantity, value: float) -> bool:
    return q.kind == "share" and value != 0 and abs(q.value / value - 1) < 1e-6


def repeats(q: Quantity, value: float, unit: Unit) -> bool:
    """Does a quantity only say again what the formula was given?"""
    if q.is_range or not value:
        return False
    digits = abs(q.value / value - 1) < 1e-6
    if digits and unit.is_plain and q.kind == "count":
        return True  # 100 prompts, in 100 * 0.34 Wh
    if digits and unit.is_plain and q.kind in ("money", "amount") and value % 1:
        return True  # 1.2 yuan and 0.3, in (1.2 - 0.3) CNY/kWh
    if unit.is_plain and q.kind == "share" and value > 0:  # 12 per cent, in 1.12^6
        part = q.value * q.unit.factor_to(PLAIN)
        if any(abs((1 + s * part) / value - 1) < 1e-6 for s in (1, -1)):
            return True
    if digits and not unit.is_plain and q.kind == "number" and q.value not in (1, 10, 100):
        return True  # 176 TWh of 4,000
    each = [
        Unit(c)
        for c in unit.text.split("/")[1:]
        if f"/{c}" not in q.unit.text and not c.startswith("(")
    ]
    if len(each) > 1:  # 2,500 kWh, in 2500 kWh/household/a
        each.append(math.prod(each[1:], start=each[0]))
    owns = [
        # 3,600 MWh a day is no 150 MW, and 2,880 kWh a year no 240 a month
        *((q.unit,) if not q.period or f"/{q.period}" in unit.text else ()),
        q.bare,
        # "1.3 kW apiece" is 1.3 kW/accelerator, "at eight cents" 0.08 USD/kWh
        *(own / below for own in (q.unit, q.bare) for below in each),
        # 284 tonnes of CO2, in 284 t / 5 t
        *((q.bare / Unit("gCO2e") * Unit("g"),) if "CO2e" in q.bare.physical else ()),
    ]
    return any(
        own.same_dimension(unit) and abs(q.value * own.factor_to(unit) / value - 1) < 1e-6
        for own in owns
    )


# ---- one quantity ------------------------------------------------------------------------------------------


def _once(reading: Reading, usable: list[Quantity]) -> bool:
    """Is something that happens once, a training, told as if it were every year's?"""
    text = reading.form.text[
        min(q.sentence[0] for q in usable) : max(q.sentence[1] for q in usable)
    ]
    return bool(_ONCE.search(text) and _YEARLY.search(text))


_ONCE = re.compile(r"\b(?:pre-?)?train(?:ed|ing|s)?\b|训练", re.IGNORECASE)

_YEARLY = re.compile(r"\b(?:each|every|per|a) year\b|\b(?:annual|year)ly\b|每年", re.IGNORECASE)


_WATER = re.compile(r"\bwater\b|水", re.IGNORECASE)


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
    if q.kind == "count" and unit.same_dimension(PLAIN) and not q.period:
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
    seen = False
    for own, how, rank in _options(q, spans, once):
        for scale, name in _as_dimension(own, unit):
            if not seen or how in ("bare", "annual"):
                yield Candidate(stated_of(q, name, scale), (q,), how, rank)
                seen = True
            break
        if seen:
            break


def _by_volume(q: Quantity) -> Quantity:
    """A ton of water is a cubic meter, whichever ton is meant."""
    mass = re.fullmatch(r"(t|kg|g|Mt|kt)(/.*)?", q.bare.physical)
    if mass is None:
        return q
    swap = Unit("m3") / Unit("t")
    return replace(q, unit=q.unit * swap, bare=q.bare * swap)


def _options(
    q: Quantity, spans: Sequence[str] = (), once: bool = False
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
    if q.period == "a" and q.firm and q.bare.same_dimension(_WH):
        total = q.high * q.bare.factor_to(Unit("TWh"))
        if total >= ANNUAL_TOTAL_TWH:
            yield q.bare, "bare", 1  # a year's total: how annual statistics are printed
    if not q.period and not q.firm and q.kind == "amount":
        yield q.unit / Unit("a"), "annual", 1
    if q.kind == "count" and q.count in FLOWS and q.period:
        yield q.bare, "bare", 2


def _as_dimension(own: Unit, unit: Unit) -> Iterable[tuple[float, Unit]]:
    """The unit to state it in, and a factor, where `own` can be taken as `unit`."""
    if own.same_dimension(unit):
        yield 1.0, own
        return
    carbon = Unit("gCO2e") / Unit("g")
    for step in (carbon, PLAIN / carbon):
        if (own * step).same_dimension(unit):
            yield (
                own.factor_to(Unit("g")) if own.same_dimension(Unit("g")) else 1.0,
                _carbon(own, step, unit),
            )
            return
    for mine in _ASKS:
        for other in _ASKS:
            if mine != other and f"/{mine}" in own.text and f"/{other}" in unit.text:
                moved = own * Unit(mine) / Unit(other)
                if moved.same_dimension(unit) and "inference" in (mine, other):
                    yield 1.0, moved
                    return


def _carbon(own: Unit, step: Unit, unit: Unit) -> Unit:
    del unit
    if own.same_dimension(Unit("g")):
        return Unit("gCO2e")
    return own * step


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
        if growth:
            yield _changed(q, made, low - 1, high - 1)
            yield _changed(
                q,
                made,
                1 - 1 / low if q.change < 0 else 1 - low,
                1 - 1 / high if q.change < 0 else 1 - high,
            )


def _turned(q: Quantity, made: Quantity, half: float) -> Iterable[Candidate]:
    """A tenth of the other is the other ten times over: a ratio may be printed either way round."""
    if (
        not q.change
        and not q.is_range
        and made.low > 0
        and (q.kind == "times" or "分之" in q.text or q.text[0].isalpha())
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
        yield Candidate(stated_of(q, counted), (q,), "number", 6)


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


# ---- several quantities ------------------------------------------------------------------------------------


def _composed(reading: Reading, usable: list[Quantity], unit: Unit) -> list[Candidate]:
    del reading
    made: list[Candidate] = []
    amounts = [q for q in usable if q.kind in ("amount", "money")]
    counts = [q for q in usable if q.kind == "count"]
    for a in amounts:
        for b in [*amounts, *counts]:
            if a is b or abs(a.start - b.start) > 240:
                continue
            near = 2 if a.sentence == b.sentence else 4
            if b.kind == "amount" and b.unit.same_dimension(_H):
                for own in {a.unit, a.bare}:
                    made += _product(a, b, own, unit, near)
                    made += _quotient(a, b, own, b.unit, unit, near)
            elif b.kind == "count":
                for own in (a.unit, a.bare):
                    for below in (b.unit, b.bare):
                        made += _quotient(a, b, own, below, unit, near)
                    made += _product(a, b, own, unit, near + 1)
    if unit.same_dimension(PLAIN):
        made += _ratios(usable)
    return list({(c.stated.low, c.stated.high, c.how): c for c in made}.values())


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


def _product(a: Quantity, b: Quantity, own: Unit, unit: Unit, rank: int) -> list[Candidate]:
    whole = own * b.unit
    for scale, name in _as_dimension(whole, unit):
        low, high = sorted((a.low * b.low * scale, a.high * b.high * scale))
        half = abs(high) * (_share(a) + _share(b))
        hedge = a.hedge if a.hedge != "none" else b.hedge
        stated = Stated(
            low,
            high,
            name,
            half,
            hedge if hedge in _KNOWN else "none",
            min(a.digits, b.digits),
        )
        return [Candidate(stated, (a, b), "product", rank)]
    return []


def _quotient(
    a: Quantity, b: Quantity, own: Unit, below: Unit, unit: Unit, rank: int
) -> list[Candidate]:
    if b.low <= 0:
        return []
    whole = own / below
    for scale, name in _as_dimension(whole, unit):
        low, high = sorted((a.low / b.high * scale, a.high / b.low * scale))
        half = abs(high) * (_share(a) + _share(b))
        hedge = a.hedge if a.hedge != "none" else "none"
        stated = Stated(
            low,
            high,
            name,
            half,
            hedge if hedge in _KNOWN else "none",
            min(a.digits, b.digits),
        )
        return [Candidate(stated, (a, b), "quotient", rank)]
    return []


def _share(q: Quantity) -> float:
    """Half a unit of the last digit as a share; a part of a product is seldom rounded to its zeros."""
    return min(q.half / abs(q.value), 0.05) if q.value else 0.0


def _ratios(usable: list[Quantity]) -> list[Candidate]:
    """from 61 TWh to 183 TWh: three times, a rise of 200 %."""
    made: list[Candidate] = []
    ends = [q for q in usable if q.kind in ("amount", "money", "count")]
    for a in ends:
        for b in ends:
            if (
                a is b
                or not a.bare.same_dimension(b.bare)
                or a.value <= 0
                or a.sentence != b.sentence
            ):
                continue
            pair = a.role == "from" and b.role == "to"
            if not pair and len(ends) != 2:
                continue
            ratio = b.value * b.bare.factor_to(a.bare) / a.value
            half = ratio * (_share(a) + _share(b))
            rank = 3 if pair else 7
            made.append(
                Candidate(
                    Stated(ratio, ratio, PLAIN, half, "none", min(a.digits, b.digits)),
                    (b, a),
                    "ratio",
                    rank,
                )
            )
            made.append(
                Candidate(
                    Stated(ratio - 1, ratio - 1, PLAIN, half, "none", min(a.digits, b.digits)),
                    (b, a),
                    "ratio",
                    rank,
                )
            )
    return made
