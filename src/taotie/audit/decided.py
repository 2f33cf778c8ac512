"""Which number of a text is judged, and is it right, wrong or open? Right under one meaning is right; wrong must be wrong under all.

The order: a number that fits is right. Else the one number that is claimed, if only one can be, is wrong unless another meaning of its
sentence makes it fit (`doubt.py`). Else a number of another dimension is wrong where its own unit says what was mixed up. Else nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from taotie.audit import verdict as verdicts
from taotie.audit.candidate import Candidate, stated_of
from taotie.audit.chosen import candidates
from taotie.audit.direction import is_difference
from taotie.audit.doubt import (
    NO_DOUBT,
    PERIOD_SAID,
    PERIODS_H,
    Unless,
    count_missing,
    doubt,
    period_name,
)
from taotie.audit.explained import explained, explains
from taotie.audit.formula import Recomputed
from taotie.audit.reading import Quantity, Reading
from taotie.audit.repeated import Said, by_as_much, ends_of, repeats
from taotie.audit.slip import fits, period_missing, undone
from taotie.audit.told_otherwise import told_otherwise
from taotie.audit.verdict import Finding, Stated, printed_finding
from taotie.quantity.number_text import number_at
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import Unit
from taotie.words import patterns as re

Tried = tuple[Candidate, Finding]


@dataclass(frozen=True)
class Decision:
    """What is to be said of a text.

    Attributes
    ----------
    chosen : Candidate or None
        The number judged; None where none or several could be.
    slip : str
        What was mixed up where the dimension is another.
    unless : Unless
        The meaning under which the number would be right.
    """

    finding: Finding
    chosen: Candidate | None = None
    slip: str = ""
    unless: Unless = NO_DOUBT


def decided(reading: Reading, recomputed: Recomputed) -> Decision:
    """The verdict on a text, by the rules alone.

    Examples
    --------
    >>> from taotie.audit.formula import evaluated
    >>> from taotie.audit.reading import read
    >>> given = evaluated("300 MW")
    >>> [decided(read(t), given).finding.verdict for t in ("It draws 300 MW", "It draws 30 MW", "Each of its ten halls draws 30 MW")]
    ['reproduces', 'inconsistent with source', 'not checkable']
    """
    growth = bool(_GROWTH.search(recomputed.filled)) or is_difference(recomputed.filled)
    said = {q.value for q in reading.quantities if q.unit.is_plain and q.kind != "share"}
    written = inputs = [
        (Said(v) if u.is_plain and v in said else v, u) for v, u in _inputs(recomputed)
    ]
    if growth:  # the 1 of x/y - 1 is no input a text could repeat
        written = inputs = [(v, u) for v, u in inputs if not (v == 1 and u.is_plain)]
    if growth and len(inputs) <= 1:
        inputs = []  # 1.23 - 1 is a share and no input of it
    found = candidates(
        reading, recomputed.unit, inputs, growth, _spans(reading, recomputed, inputs), written, recomputed.value
    )  # fmt: skip
    if _shows_its_arithmetic(reading, inputs):
        found = [_as_multiplied(c) for c in found]
    tried = [(c, printed_finding(c.stated, recomputed)) for c in found]
    right = [t for t in tried if t[1].verdict in verdicts.HARMLESS]
    other = _echoed(right, tried, recomputed, inputs)
    if other is not None:
        return _accused(reading, recomputed, other, inputs)
    if right:
        chosen, result = min(
            right,
            key=lambda t: (
                t[1].verdict != verdicts.REPRODUCES,
                _is_echo(t[0], recomputed),
                t[0].rank,
            ),
        )
        restated = _restatement(reading, chosen, tried, inputs, recomputed)
        if restated is not None:
            chosen, result = restated
        otherwise = told_otherwise(reading, chosen, recomputed, inputs)
        if otherwise:
            return Decision(Finding(verdicts.INCONSISTENT, otherwise, result.ratio), chosen)
        return Decision(result, chosen)
    sure = [
        t
        for t in tried
        if t[0].how != "change"
        and t[0].rank <= 4
        and t[0].main.kind != "short"
        and not (
            t[0].main.kind == "count" and t[0].how == "number" and not _last(reading, t[0], inputs)
        )
        and not (t[0].main.is_range and all(_told(e, inputs) for e in ends_of(t[0].main)))
        and (t[0].main.noun != "PUE" or 1 <= recomputed.value <= 4)
    ]
    own = [t for t in sure if not explained(t[0].main, reading, inputs, recomputed)]
    wrong = _the_one_left(reading, tried, inputs) or _one_meant(reading, own or sure, inputs)
    if wrong is not None:
        return _accused(reading, recomputed, wrong, inputs)
    unexplained = _unexplained(reading, tried, inputs, recomputed)
    if unexplained:
        made = [_accused(reading, recomputed, t, inputs) for t in unexplained]
        return next((d for d in made if d.unless), made[-1])
    if not found:
        slipped = (
            _other_currency(reading, recomputed, inputs)
            or _other_thing(reading, recomputed, inputs)
            or _other_dimension(reading, recomputed, inputs)
        )
        if slipped is not None:
            return slipped
        bare = _left_without_period(reading, recomputed, inputs)
        if bare is not None:
            return _accused(reading, recomputed, bare, inputs)
    return _open("several" if sure else "nothing_fits")


def _echoed(
    right: Sequence[Tried],
    tried: Sequence[Tried],
    recomputed: Recomputed,
    inputs: Sequence[tuple[float, Unit]],
) -> Tried | None:
    """Does only an input fit that is as large as the result, where one other number is told? That one is the claim.

    From 1.1 GW * 24 h/d, "at 1.1 GW it takes 2.64 GWh a day"; from 880 MW - 440 MW, "a trough of 440 MW, a swing of 50 MW".
    """
    if len(recomputed.literals) < 2 or not right:
        return None
    if not all(_is_echo(c, recomputed) for c, _found in right):
        return None
    said = {c.main.start: (c, found) for c, found in tried if c.how == "direct" and c.rank == 0}
    echoes = {c.main.start for c, _found in right}
    others = [t for at, t in said.items() if at not in echoes]
    if len(echoes) != 1 or len(others) != 1:
        return None
    claim, echo = others[0][0].main, right[0][0].main
    if claim.start < echo.end or claim.sentence != echo.sentence or claim.role == "from":
        return None
    return others[0]


def _is_echo(c: Candidate, recomputed: Recomputed) -> bool:
    """Does it say again a number of the formula?"""
    return (
        len(recomputed.literals) > 1
        and c.how == "direct"
        and any(repeats(c.main, n.value, n.unit) for n in recomputed.literals)
    )


MULTIPLIED = 0.05


def _shows_its_arithmetic(reading: Reading, inputs: Sequence[tuple[float, Unit]]) -> bool:
    """Does a text say all that the formula was given, but for a length of time?"""
    given = [(v, u) for v, u in inputs if not u.same_dimension(_H)]
    said = [any(explains(q, v, u) for q in reading.quantities) for v, u in given]
    return len(said) >= 2 and all(said)


def _as_multiplied(c: Candidate) -> Candidate:
    """Beside its own factors a round number is meant: 60 MW and 15 MW are no 80 MW."""
    q, stated = c.main, c.stated
    if not q.loose or q.hedge != "none" or not re.search("[0-9]", q.text) or stated.is_range:
        return c
    return replace(c, stated=replace(stated, tol=min(stated.tol, MULTIPLIED * abs(stated.value))))


def _unexplained(
    reading: Reading,
    tried: Sequence[Tried],
    inputs: Sequence[tuple[float, Unit]],
    recomputed: Recomputed,
) -> list[Tried]:
    """Of several numbers of the formula's dimension those that do not follow from its inputs: none of them fits, so the text is wrong."""
    made: dict[int, Tried] = {}
    for c, found in tried:
        main = c.main
        if c.how in ("change", "ratio", "product", "quotient") or main.role == "from":
            continue
        if main.kind == "short" or (main.noun == "PUE" and not 1 <= recomputed.value <= 4):
            continue
        if main.start not in made and not explained(main, reading, inputs, recomputed):
            made[main.start] = (c, found)
    counted = [c for c, _f in made.values() if c.main.kind in ("count", "thing")]
    if len(counted) > 1:
        return []  # 34 plants and 20 lines: of which the formula speaks is open
    return [made[at] for at in sorted(made)]


def _last(reading: Reading, c: Candidate, inputs: Sequence[tuple[float, Unit]]) -> bool:
    """Does a text end with that number, but for inputs? What is counted there is what it comes to."""
    return all(
        q.start <= c.main.start or _told(q, inputs) for q in reading.quantities if q.kind != "year"
    )


def _the_one_left(
    reading: Reading, tried: Sequence[Tried], inputs: Sequence[tuple[float, Unit]]
) -> Tried | None:
    """The only number of the text that the formula was not given: it must be what is claimed, whatever it counts."""
    text = reading.form.text
    left = [
        q
        for q in reading.quantities
        if q.kind != "year"
        and q.role != "denied"
        and (not _told(q, inputs) or by_as_much(q, text, inputs))
    ]
    left = [q for q in left if not (q.role == "from" and q.value == 1)]
    if len(left) != 1 or left[0].role == "from":
        return None
    return next((t for t in tried if t[0].main == left[0] and t[0].how != "change"), None)


def _left_without_period(
    reading: Reading, recomputed: Recomputed, inputs: Sequence[tuple[float, Unit]]
) -> Tried | None:
    """The only number that is no input, where it does not fit in its period nor without: 240 MWh, told as 240 GWh a day."""
    left = [q for q in reading.quantities if q.kind != "year" and not _told(q, inputs)]
    if len(inputs) < 2 or len(left) != 1 or not left[0].period or left[0].role == "from":
        return None
    if not left[0].bare.same_dimension(recomputed.unit):
        return None
    chosen = Candidate(stated_of(left[0], left[0].bare), (left[0],), "bare", 1)
    return chosen, printed_finding(chosen.stated, recomputed)


def _told(q: Quantity, inputs: Sequence[tuple[float, Unit]]) -> bool:
    """Was the formula given that number, also where it lacks what it is per: 10.7 MWh a home?"""
    forms = [q]
    if q.kind != "count" and q.count and f"/{q.count}" in q.unit.text:
        forms.append(replace(q, unit=q.unit * Unit(q.count), bare=q.bare * Unit(q.count), count=""))
    return any(repeats(form, value, unit) for form in forms for value, unit in inputs)


def _open(rule: str) -> Decision:
    return Decision(Finding(verdicts.NOT_CHECKABLE, rule))


def _accused(
    reading: Reading, recomputed: Recomputed, wrong: Tried, inputs: Sequence[tuple[float, Unit]]
) -> Decision:
    """Wrong, unless another meaning of the sentence makes the number fit."""
    chosen, result = wrong
    if result.rule in ("empty_range", "wide_range"):
        return Decision(result, chosen)
    unless = doubt(reading, chosen, recomputed, inputs)
    if unless:
        return Decision(Finding(verdicts.NOT_CHECKABLE, "unless", result.ratio), chosen, "", unless)
    return Decision(result, chosen)


def _inputs(recomputed: Recomputed) -> list[tuple[float, Unit]]:
    """The numbers of the formula, but not one that is already what it gives."""
    made: list[tuple[float, Unit]] = []
    if len(recomputed.literals) == 1:
        return made  # a value, and nothing it follows from
    for node in recomputed.literals:
        if node.exponent:  # years, and no multiple
            made.append((node.value, Unit("a")))
            continue
        same = node.unit.same_dimension(recomputed.unit)
        if same and abs(
            abs(node.value * node.unit.factor_to(recomputed.unit)) - abs(recomputed.value)
        ) <= 1e-9 * abs(recomputed.value):
            continue
        made.append((node.value, node.unit))
    return made


def _spans(
    reading: Reading, recomputed: Recomputed, inputs: Sequence[tuple[float, Unit]]
) -> list[str]:
    """The periods the formula adds up over: 24 h, 730 h, 8760 h; else the one the text says of its inputs, or more than once."""
    hours = [
        n.value * n.unit.factor_to(_H) for n in recomputed.literals if n.unit.same_dimension(_H)
    ]
    days = {30: "month", 31: "month", 7: "week", 365: "a", 366: "a", 24: "d", 12: "a", 8760: "a"}
    parts = {
        365: "d",
        366: "d",
        30: "d",
        31: "d",
        7: "d",
        12: "month",
        52: "week",
        24: "h",
        8760: "h",
    }
    divided = [parts[int(n)] for n in map(float, _DIVISOR.findall(recomputed.filled)) if n in parts]
    plain = [float(n) for n in _DIVISOR.findall(recomputed.filled)]
    # 1.5 t / 4, of four years: a year's
    divided += [
        q.unit.text
        for q in reading.quantities
        if q.value in plain and q.unit.text in ("a", "month", "d", "h")
    ]
    divided += ["month" for n in plain if n % 12 == 0 and 24 < n <= 360]  # six years are 72 months
    if divided:  # 1,200,000 m3 / 365 is a day's
        return divided
    times = [days[int(n.value)] for n in recomputed.literals if n.value in days and n.unit.is_plain]
    own = times + [
        name
        for name, length in PERIODS_H.items()
        if any(abs(h / length - 1) <= 0.03 for h in hours)
    ]
    if own or len(recomputed.literals) < 2:
        return own
    said = [q for q in reading.quantities if q.period]
    # fifty prompts a day, 0.3 Wh each: their product is a day's
    made = {q.period for q in said if q.kind != "times" and _told(q, inputs)}
    made |= {q.period for q in said if _said_before(reading, q)}
    if not any(n.unit.same_dimension(_H) for n in recomputed.literals):
        made |= {q.period for q in said if _of_an_input(reading, q, inputs)}
    return sorted(made)


def _said_before(reading: Reading, q: Quantity) -> bool:
    """Is the period of a number said of something before it, too?"""
    words = next((words for name, words in PERIOD_SAID if name == q.period), None)
    if words is None:
        return False
    return len(list(words.finditer(reading.form.text, q.sentence[0], q.end))) >= 2


def _of_an_input(reading: Reading, q: Quantity, inputs: Sequence[tuple[float, Unit]]) -> bool:
    """Is its period said of an input before it: 一天十万条就是9.4万度?"""
    words = next((words for name, words in PERIOD_SAID if name == q.period), None)
    if words is None:
        return False
    text = reading.form.text
    ends = [m.end() for m in words.finditer(text, q.sentence[0], q.start)]
    if not ends:
        return False
    between = text[ends[-1] : q.start]
    given = {value for value, unit in inputs if unit.is_plain and value >= 2}
    spelled = (
        spelled_number_at(between, i) or number_at(between, i) for i in range(min(len(between), 4))
    )
    return any(n is not None and n.value in given for n in spelled)


_DIVISOR = re.compile(r"/\s?([0-9]+)(?![0-9.]|\s?[A-Za-z])")
_H = Unit("h")
_GROWTH = re.compile(r"-\s?1(?![0-9.])|(?<![0-9.])1\s?-")
_SAME = re.compile(
    r"(?:[,，、(（]\s?)?(?<![A-Za-z])(?:即|也就是说?|合|折合|相当于|等于|就是|换句话说|换言之|具体说是|或|i\.?e\.?|that is(?: to say)?|that's|namely|in other words|put (?:another way|differently)|or|equal(?:s| to)?|equivalent to|the equivalent of|corresponds? to|(?:the\s)?same as|equates? to|works? out (?:at|to)|is|are|=|\()[^0-9.;。；]{0,12}\Z",
    re.IGNORECASE,
)


def _restatement(
    reading: Reading,
    chosen: Candidate,
    tried: Sequence[Tried],
    inputs: Sequence[tuple[float, Unit]],
    recomputed: Recomputed,
) -> Tried | None:
    """The second of two numbers told as equal, where it is not: 1287 MWh, that is 12.87万度."""
    text = reading.form.text
    fine = {id(c.main) for c, found in tried if found.verdict in verdicts.HARMLESS}
    # 40 kW * 8760 h/a: what only converts a number has it as its result
    given = len(recomputed.literals) > 1 and any(
        repeats(chosen.main, n.value, n.unit) for n in recomputed.literals
    )
    for other, result in tried:
        if id(other.main) in fine:
            continue  # it fits in another way
        a, b = sorted((chosen.main, other.main), key=lambda q: q.start)
        if a.start == b.start or other.rank > 1 or a.role:
            continue
        if b.role and not (given and b.role == "to"):
            continue
        if b is chosen.main and not (
            _apposed(text, a, b) and other.how == "direct" and not _told(a, inputs)
        ):
            continue
        again = a.period and b.period and a.period != b.period
        told_equal = (
            (again and _AGAIN.fullmatch(text, a.end, b.start))
            or (
                again
                and given
                and _ASIDE.fullmatch(text, a.end, b.start)
                and _ENDS.match(text, b.end)
            )
            or _SAME.fullmatch(text[a.end : b.start].strip() + "")
            or _SAME.search(text[a.end : b.start])
            or _apposed(text, a, b)
        )
        if (
            told_equal
            and len(text[a.end : b.start])
            <= (60 if given or (a.kind in _SHARES and _apposed(text, a, b)) else 24)
            and result.verdict not in verdicts.HARMLESS
        ):
            return other, result
    return None


_BY_AS_MUCH = re.compile(
    r",?\s(?:or\s)?by\s(?:as much as\s|about\s|some\s)?|[,，](?:即|也就是)(?:增长|涨|降|下降)?"
)
_SHARES = ("share", "times")
# doubles, growing by 228 per cent; one in eight: 22 %
_ALSO_SAID = re.compile(
    r"(?:[^0-9.;。；,，]{0,48}:|[^0-9.;。；,，]{0,24}[,，]\s?(?:growing|rising|gaining|falling|shrinking|dropping|up|down|(?:a|an) (?:rise|increase|jump|gain|growth|fall|drop|cut|decline) of|which (?:is|means)|that is|i\.e\.|增幅|涨幅|降幅|即|也就是)[^0-9.;。；,，]{0,12})\s?",
    re.IGNORECASE,
)
# 翻了五番，是原来的32倍
_AGAIN_AS_MUCH = re.compile(
    r"[，,]\s?(?:也?就?是|为|达到?|相当于|等于)(?:了)?(?:原来|过去|以前|此前|之前|先前|当年|当初)的[约近]?"
)
_OF_ANOTHER = re.compile(
    r"\s?(?:an?|per|each|every)\s(?:day|week|month|quarter|year)|\s?(?:annually|yearly|a head|of|on|since|from|in|over)\b|[，,]?\s?(?:每年|年均|的)",
    re.IGNORECASE,
)


# 1200 of which 30, 占四分之一
_MAKES_UP = re.compile(
    r"[^0-9.;。；,，]{0,8}[,，]\s?[仅只约近]?占(?:比|了)?(?:约|近|不到|超过|大约)?"
)


def _apposed(text: str, a: Quantity, b: Quantity) -> bool:
    """One in every 25, 4 per cent, goes into: the second share says the first again."""
    if a.kind not in _SHARES or b.kind not in _SHARES:
        return False
    if _BY_AS_MUCH.fullmatch(text, a.end, b.start):
        return True  # threefold, by 300 percent
    if a.kind == b.kind == "times" and _AGAIN_AS_MUCH.fullmatch(text, a.end, b.start):
        return True
    if _ALSO_SAID.fullmatch(text, a.end, b.start) and not _OF_ANOTHER.match(text, b.end):
        return True
    if a.change or b.change:
        return False
    return bool(
        re.fullmatch(r"[^0-9.;,，。；]{0,24}[,，(（]\s?", text[a.end : b.start])
        and re.match(r"\s?(?:[,，)）.。]|\Z)", text[b.end :][:2])
    ) or bool(_MAKES_UP.fullmatch(text, a.end, b.start))


# 4.5 million litres a day to the towers, 1.6 billion a year.
_ASIDE = re.compile(r"[^0-9.;。；,，]{0,32}[,，]\s?(?:or |about |some |roughly |约|合|即){0,2}")
_ENDS = re.compile(r"\s?(?:[,.;。，；)）]|\Z)")
# 7.3 million a year, 20,000 a day; 年用电3.6亿度，平摊下来每月3000万度
_AGAIN = re.compile(
    r"[\s,，(（]{1,3}(?:or |about |some |roughly |around |约|合|即){0,2}"
    r"|[，,]?(?:平摊下来|平均下来|摊下来|摊到|折合到?|折算到?|平均到?|相当于|也就是)(?:就是)?(?:每个?[年月周天日]|月均|日均)(?:就?是|用电|耗电|约|大约){0,2}"
    r"|,? (?:which )?(?:averages?(?: out)?(?: at| to)?|averaging|works? out (?:at|to)|working out (?:at|to)|spread evenly,?|on average,?) (?:about |some |roughly )?",
    re.IGNORECASE,
)


def _one_meant(
    reading: Reading, tried: Sequence[Tried], inputs: Sequence[tuple[float, Unit]]
) -> Tried | None:
    """The one quantity that is claimed, where only one can be; None where it is open."""
    if not tried:
        return None
    mains: dict[tuple[int, str], Tried] = {}
    for c, f in tried:
        mains.setdefault(
            (c.main.start, c.how if c.how in ("product", "quotient", "ratio") else ""), (c, f)
        )
    options = [t for t in mains.values() if t[0].main.role != "from"]
    if not options:
        return None  # only what something is compared with
    best = min(t[0].rank for t in options)
    options = [t for t in options if t[0].rank == best] if best < 3 else options
    if len(options) > 1:
        ends = [t for t in options if t[0].main.role == "to"]
        options = ends or options
    if len(options) > 1:
        text = reading.form.text
        told = [
            t for t in options if _SAME.search(text[max(0, t[0].main.start - 24) : t[0].main.start])
        ]
        options = told or options
    if len(options) > 1:  # what stands before all that the formula was given is no conclusion
        given = [q.start for q in reading.quantities if q.kind != "year" and _told(q, inputs)]
        behind = [t for t in options if given and t[0].main.start > min(given)]
        options = behind if len(behind) == 1 else options
    return options[0] if len(options) == 1 else None


def _held_for(stated: Stated, recomputed: Recomputed) -> str:
    """Is it the power whose energy over the formula's own hours is what the inputs give, or that energy for a power?"""
    for node in recomputed.literals:
        if not node.unit.same_dimension(_H) or not node.value:
            continue
        for unit, factor in (
            (stated.unit * node.unit, node.value),
            (stated.unit / node.unit, 1 / node.value),
        ):
            if unit.same_dimension(recomputed.unit) and fits(
                replace(stated.scaled(factor), unit=unit), recomputed
            ):
                return "power_energy"
    return ""


_CURRENCIES = ("USD", "EUR", "CNY", "GBP")
# no rate is asked for: between these two factors a sum may have been converted
_RATES = {"USD": 1.0, "EUR": 1.1, "GBP": 1.3, "CNY": 0.14}
_RATE_MAY_BE = 1.35


def _other_currency(
    reading: Reading, recomputed: Recomputed, inputs: Sequence[tuple[float, Unit]]
) -> Decision | None:
    """A sum in another currency than the inputs': wrong where the figure is the same, or no rate of exchange could make it so."""
    mine = next((c for c in _CURRENCIES if c in re.split(r"[*/]", recomputed.unit.text)), None)
    sums = [
        q
        for q in reading.quantities
        if q.kind == "money" and q.role != "from" and not _told(q, inputs)
    ]
    if mine is None or len(sums) != 1:
        return None
    other = next((c for c in _CURRENCIES if c in re.split(r"[*/]", sums[0].bare.text)), None)
    if other is None or other == mine:
        return None
    for own in (sums[0].unit, sums[0].bare, sums[0].bare / Unit("a"), sums[0].bare / Unit("month")):
        moved = own / Unit(other) * Unit(mine)
        if not moved.same_dimension(recomputed.unit):
            continue
        stated = stated_of(sums[0], moved)
        here = stated.value * moved.factor_to(recomputed.unit)
        rate = here * _RATES[other] / _RATES[mine] / recomputed.value if recomputed.value else 0.0
        converted = 1 / _RATE_MAY_BE <= rate <= _RATE_MAY_BE
        if converted and not fits(stated, recomputed):
            return None
        return Decision(
            Finding(verdicts.UNIT_ERROR, "dimension"), Candidate(stated_of(sums[0], own), (sums[0],)), "currency"
        )  # fmt: skip
    return None


def _other_thing(
    reading: Reading, recomputed: Recomputed, inputs: Sequence[tuple[float, Unit]]
) -> Decision | None:
    """The number the inputs give, told of the other of two things they count: 64 servers of 8 chips are 512 chips and no 512 servers."""
    counted = [q for q in reading.quantities if q.kind == "count" and q.count]
    for q in counted:
        if q.role == "from" or recomputed.unit.same_dimension(q.bare) or _told(q, inputs):
            continue
        if not any(recomputed.unit.same_dimension(Unit(c.count)) for c in counted):
            continue
        if not any(u.same_dimension(q.bare) for _v, u in inputs):
            continue
        if fits(stated_of(q, recomputed.unit), recomputed):
            return Decision(
                Finding(verdicts.UNIT_ERROR, "dimension"),
                Candidate(stated_of(q), (q,)),
                "dimension",
            )
    return None


def _other_dimension(
    reading: Reading, recomputed: Recomputed, inputs: Sequence[tuple[float, Unit]]
) -> Decision | None:
    """A number of another dimension that fits once one unit is undone: wrong where the text writes that unit, open where it only lacks a count."""
    for q in reading.quantities:
        if q.kind not in ("amount", "count", "money") or q.role == "from":
            continue
        given = any(q.unit.same_dimension(u) and repeats(q, v, u) for v, u in inputs)
        if given and len(reading.quantities) > 1:
            continue  # what the formula was given is no slip
        stated = stated_of(q)
        kind = undone(stated, recomputed) or _held_for(stated, recomputed)
        if not kind and q.unit != q.bare:
            kind = undone(stated_of(q, q.bare), recomputed)
        if kind == "count_lost" and q.kind == "count":
            continue
        if not kind:
            continue
        chosen = Candidate(stated, (q,))
        lost = period_missing(stated, recomputed)
        if lost:
            return Decision(
                Finding(verdicts.NOT_CHECKABLE, "unless"),
                chosen,
                "",
                Unless("period", period_name(lost)),
            )
        missing = count_missing(stated, recomputed) or count_missing(
            stated_of(q, q.bare), recomputed
        )
        if kind == "count_lost" and missing:
            return Decision(
                Finding(verdicts.NOT_CHECKABLE, "unless"), chosen, "", Unless("count", missing)
            )
        unless = doubt(reading, chosen, recomputed)
        if unless.kind == "unread":
            return Decision(Finding(verdicts.NOT_CHECKABLE, "unless"), chosen, "", unless)
        return Decision(Finding(verdicts.UNIT_ERROR, "dimension"), chosen, kind)
    return None
