"""Could a number that does not fit be right after all? Another period or number of its sentence, a count nobody says, a unit not read.

An accusation needs a contradiction. What is only missing (the period of a total, what a figure is for, words behind a unit that
were not understood) contradicts nothing: where one of these, taken as the text may mean it, makes the number fit, no verdict is given.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from taotie.audit.candidate import Candidate
from taotie.audit.formula import Recomputed
from taotie.audit.reading import Quantity, Reading
from taotie.audit.repeated import divides, repeats
from taotie.audit.slip import COUNTED, fits
from taotie.audit.verdict import REPRODUCES, Stated, printed_finding
from taotie.quantity.copied import replace
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import PLAIN, Unit
from taotie.words import patterns as re
from taotie.words.language import _

_WORD = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|sixteen|twenty|thirty|forty|fifty|hundred|dozen)\b(?![ -](?:second|minute|hour|day|week|month|year|quarter)s?\b)|[两三四五六七八九十百](?=[座栋个家台期处条])",
    re.IGNORECASE,
)
_H = Unit("h")
PERIODS_H = {
    "s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "week": 168.0, "month": 730.0, "a": 8760.0,
}  # fmt: skip
_PERIOD_WORDS = (
    ("s", r"\bseconds?\b|每秒|秒钟"), ("min", r"\bminutes?\b|分钟"), ("h", r"\bhours?\b|\bhourly\b|小时"),
    ("d", r"\bdays?\b|\bdaily\b|\bovernight\b|每天|每日|日均|一天|单日|昼夜"), ("week", r"\bweeks?\b|\bweekly\b|每周|一周|星期"),
    ("month", r"\bmonths?\b|\bmonthly\b|每月|月均|个月|单月|月度"), ("a", r"\byears?\b|\bannual(?:ly)?\b|\byearly\b|每年|全年|一年|年均|年度"),
)  # fmt: skip
PERIOD_SAID = tuple((name, re.compile(words, re.IGNORECASE)) for name, words in _PERIOD_WORDS)
_UNREAD = re.compile(
    r"[ -]?(?:hours?|hrs?)\b|\s?小?时(?![间代候刻])|/[A-Za-z\u4e00-\u9fff]|[·*][A-Za-z]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Unless:
    """What would make a number right that does not fit as it was read.

    Attributes
    ----------
    kind : str
        period | number | count | unread
    with_what : str
        The words of the text, or the period or count it would need.
    """

    kind: str
    with_what: str

    def __bool__(self) -> bool:
        return bool(self.kind)

    def text(self, stated: str) -> str:
        """The sentence for it, in the language in force."""
        template = {
            "period": _(
                "{stated} is what the inputs give if it is meant per {what}; the text does not say so."
            ),
            "number": _(
                "{stated} is what the inputs give if “{what}” belongs to it; the text leaves that open."
            ),
            "count": _(
                "{stated} is what the inputs give if it is meant per {what}; the text does not say so."
            ),
            "unread": _("What stands behind {stated} was not understood: “{what}”."),
        }[self.kind]
        return template.format(stated=stated, what=self.with_what)


NO_DOUBT = Unless("", "")


def doubt(
    reading: Reading,
    chosen: Candidate,
    recomputed: Recomputed,
    inputs: Sequence[tuple[float, Unit]] = (),
) -> Unless:
    """Under which other meaning of its sentence the number would fit; `NO_DOUBT` where under none.

    Examples
    --------
    >>> from taotie.audit.chosen import candidates
    >>> from taotie.audit.formula import evaluated
    >>> from taotie.audit.reading import read
    >>> def tried(text, formula):
    ...     reading, given = read(text), evaluated(formula)
    ...     found = doubt(reading, candidates(reading, given.unit)[0], given)
    ...     return found.kind, found.with_what
    >>> tried("Each of the 12 halls needs 30 MW", "360 MW"), tried("The 12 halls need 30 MW", "500 MW")
    (('number', '12'), ('', ''))
    """
    main = chosen.main
    rest = _UNREAD.match(reading.form.text, main.end)
    if rest is not None:
        return Unless("unread", reading.form.text[main.end : main.end + 12].strip())
    for unless, factor in [*_periods(reading, chosen), *_numbers(reading, chosen, inputs)]:
        if factor != 1 and _agrees(_plainly(chosen.stated.scaled(factor)), recomputed):
            return unless
    return NO_DOUBT


CLOSE = 0.02


def _agrees(stated: Stated, recomputed: Recomputed) -> bool:
    """Does the number agree in its digits? A doubt that only comes near is none."""
    if not fits(stated, recomputed):
        return False
    found = printed_finding(stated, recomputed)
    return found.verdict == REPRODUCES or (found.gap is not None and found.gap <= CLOSE)


def _plainly(stated: Stated) -> Stated:
    """Without its bound: a doubt must make the number fit, not only hold."""
    return replace(stated, hedge="none") if stated.hedge in ("at_least", "at_most") else stated


def _periods(reading: Reading, chosen: Candidate) -> Iterable[tuple[Unless, float]]:
    """Another period for a number whose own is not said right at it."""
    main = chosen.main
    if chosen.how == "annual":
        for name, hours in PERIODS_H.items():
            yield Unless("period", period_name(name)), 8760.0 / hours
        return
    if not main.period or main.firm or main.period not in PERIODS_H or chosen.how == "bare":
        return
    sentence = reading.sentence(main)
    own = _CLAUSES.split(reading.form.text[main.sentence[0] : main.end])[-1]
    if any(name == main.period and words.search(own) for name, words in PERIOD_SAID):
        sentence = own  # its own clause says what it is for
    for name, words in PERIOD_SAID:
        if name != main.period and words.search(sentence):
            yield Unless("period", period_name(name)), PERIODS_H[main.period] / PERIODS_H[name]


_CLAUSES = re.compile(r"[,，;；:：](?![0-9])")


def period_name(name: str) -> str:
    return {
        "s": _("second"), "min": _("minute"), "h": _("hour"), "d": _("day"), "week": _("week"), "month": _("month"),
        "a": _("year"),
    }[name]  # fmt: skip


def _numbers(
    reading: Reading, chosen: Candidate, inputs: Sequence[tuple[float, Unit]]
) -> Iterable[tuple[Unless, float]]:
    """Another number of the sentence as a count, a share or a multiple: for each of 12, 80 % of it, three times as much."""
    for q in reading.quantities:
        if q.role == "denied" or any(repeats(q, value, unit) for value, unit in inputs):
            continue  # the formula has it
        if q.kind in ("number", "thing") and q.value > 0 and chosen.stated.value > 0:
            yield (
                Unless("number", " ".join(q.text.split())),
                q.value / chosen.main.value if chosen.how == "direct" else 1.0,
            )
    if chosen.stated.unit.same_dimension(PLAIN):
        if not inputs:  # else the ratio the formula takes
            yield from _ratios(reading, chosen)
        return  # of shares and multiples the text tells which two they compare
    start, end = chosen.main.sentence
    if _ALL_OF_THEM.search(reading.form.text, start, end):
        return  # what they use between them is no one's alone
    for word in _WORD.finditer(reading.form.text, start, end):  # "each of its ten halls"
        if any(q.start <= word.start() < q.end for q in reading.quantities):
            continue
        spelled = spelled_number_at(reading.form.text, word.start())
        if (
            spelled is not None
            and spelled.value >= 2
            and not any(v == spelled.value for v, _u in inputs)
        ):
            unless = Unless("number", reading.form.text[word.start() : spelled.end])
            yield unless, spelled.value
            yield unless, 1 / spelled.value
    own = [(p.start, p.end) for p in chosen.parts]
    for q in reading.quantities:
        if (
            q.sentence != chosen.main.sentence
            or q.kind in ("year", "short", "money")
            or q.role == "denied"
        ):
            continue
        if any(start < q.end and q.start < end for start, end in own) or not q.value > 0:
            continue
        if q.kind == "count" and f"/{q.count}" in chosen.main.unit.text:
            continue  # already what it is per
        if any(repeats(q, value, unit) or divides(q, value, unit) for value, unit in inputs):
            continue  # the formula has it
        if q.kind == "share" and _is_quotient(q.value * q.unit.factor_to(PLAIN), inputs):
            continue  # 3/10, of every ten three
        if q.unit.same_dimension(_H) and chosen.how not in ("annual", "bare"):
            continue
        unless = Unless("number", " ".join(q.text.split()))
        for factor in _factors(q):
            yield unless, factor


_ALL_OF_THEM = re.compile(
    r"\b(?:between them|put together|all told|altogether|combined)\b|加起来|合计|总共|一共|共计",
    re.IGNORECASE,
)


def _is_quotient(part: float, inputs: Sequence[tuple[float, Unit]]) -> bool:
    plain = [v for v, u in inputs if u.is_plain and v]
    return any(abs(a / b - part) <= 1e-6 * part for a, b in itertools.permutations(plain, 2))


def _ratios(reading: Reading, chosen: Candidate) -> Iterable[tuple[Unless, float]]:
    """Two amounts of the sentence over each other: 17 yuan of every 100."""
    kinds = ("amount", "money", "count")
    said = [q for q in reading.quantities if q.kind in kinds and q.sentence == chosen.main.sentence]
    for a, b in itertools.permutations(said[:8], 2):
        if a.bare.same_dimension(b.bare) and a.value > 0 and b.value > 0 and chosen.stated.value:
            share = a.value * a.bare.factor_to(b.bare) / b.value
            stated = chosen.stated.value * chosen.stated.unit.factor_to(PLAIN)
            yield Unless("number", " ".join(a.text.split())), share / stated


def _factors(q: Quantity) -> Iterable[float]:
    if q.kind == "share":
        part = q.value * q.unit.factor_to(PLAIN)
        yield from (part, 1 + part, 1 - part)
        yield from (1 / x for x in (part, 1 + part, 1 - part) if x > 0)
    elif q.kind in ("times", "number", "thing", "count"):
        if q.value != 1:
            yield from (q.value, 1 / q.value)
    elif q.kind == "amount" and q.unit.same_dimension(_H):
        yield from (q.value, 1 / q.value)  # three years, of which one


def count_missing(stated: Stated, recomputed: Recomputed) -> str:
    """What a number would have to be said per to be of the formula's dimension; empty if no count does."""
    over = stated.unit / recomputed.unit
    return next((n for n in COUNTED if over.same_dimension(Unit(n))), "")
