"""Which one number does a short text state? A typed value, a source's range, the number of a sentence without a formula."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from taotie.audit.candidate import stated_of
from taotie.audit.formula_text import FormulaError
from taotie.audit.hedge import hedge_around
from taotie.audit.nouns import known_unit
from taotie.audit.reading import Quantity, Reading, read
from taotie.audit.text_form import tidy
from taotie.audit.verdict import Stated
from taotie.errors import TaotieError, UnitError, nearest
from taotie.quantity import unit as physical_units
from taotie.quantity.number_text import number_at, plain
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import WORDS, parse_unit, spelled
from taotie.words import patterns as re
from taotie.words.language import _

MAX_LENGTH = 100_000
MAX_NUMBERS = 300  # each may belong to each
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Statement:
    """What a text states.

    Attributes
    ----------
    stated : Stated
        The value, per the period where one is said.
    """

    text: str
    stated: Stated
    quantity: Quantity
    words: tuple[str, ...] = ()


def read_statement(text: str, counted: Iterable[str] = ()) -> Reading:
    """All quantities of a statement.

    Raises
    ------
    FormulaError, UnitError, RangeError
        If it is empty or too long, states no number, or is nothing but a number and an unknown unit.
    """
    if not isinstance(text, str) or not text.strip():
        raise FormulaError(
            _("nothing is stated."), _("state a number with its unit, such as 42 MWh")
        )
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            _("a statement of {n} characters is too long (limit {limit}).").format(
                n=len(text), limit=MAX_LENGTH
            ),
            _("give the text as a file to taotie audit"),
        )
    names = tuple(counted)
    exact = _strict(text, names)
    if exact is not None:
        return Reading(text, tidy(text), (exact,))
    reading = read(text)
    if len(reading.quantities) > MAX_NUMBERS:
        raise FormulaError(
            _("a statement of {n} numbers is too long (limit {limit}).").format(
                n=len(reading.quantities), limit=MAX_NUMBERS
            ),
            _("give the text as a file to taotie audit"),
        )
    if not reading.quantities:
        thing = _spelled_thing(reading)
        if thing is not None:
            return replace(reading, quantities=(thing,))
        if reading.unread:
            number_at(
                plain(text[: reading.unread[0][1]].strip()[-400:])
            )  # says what is wrong with it
        raise FormulaError(
            _("{text} states no number.").format(text=repr(text[:80])),
            _("state a number with its unit, such as 42 MWh"),
        )
    _refuse_unknown_unit(text, reading, names)
    return reading


def parse_statement(text: str, counted: Iterable[str] = ()) -> Statement:
    """The number a text states: the first with a unit, else the first.

    Raises
    ------
    FormulaError, UnitError, RangeError
        If it is empty or too long, states no number, or its unit is unknown.

    Examples
    --------
    >>> s = parse_statement("ChatGPT uses more than 564 MWh a day").stated
    >>> s.value, s.unit.text, s.hedge
    (564.0, 'MWh/d', 'at_least')
    >>> parse_statement("每天约56.4万度").stated.to(parse_unit("MWh/d")[1]).value
    564.0
    """
    reading = read_statement(text, counted)

    def weight(q: Quantity) -> tuple[int, int]:
        bare = q.kind in ("number", "thing", "short", "year")
        small = q.kind == "count" or q.unit.is_plain or q.unit.same_dimension(parse_unit("h")[1])
        return (0 if bare else 1 if small else 2), -q.start

    best = max(reading.quantities, key=weight)
    return Statement(text, stated_of(best), best, best.words)


_SPELLED_THING = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|a hundred|a dozen)\b(?=\s(?:[a-z-]+\s){0,2}[a-z]+s\b)",
    re.IGNORECASE,
)


def _spelled_thing(reading: Reading) -> Quantity | None:
    """The number of a text with no other: the energy of two smartphone charges."""
    text = reading.form.text
    found = _SPELLED_THING.search(text)
    number = spelled_number_at(text, found.start()) if found else None
    if number is None or found is None:
        return None
    return Quantity(
        text[found.start() : number.end], found.start(), number.end, number.value, number.value, number.half, number.digits, True,
        hedge=hedge_around(text[: found.start()], ""), kind="thing", sentence=(0, len(text)),
    )  # fmt: skip


def _strict(text: str, counted: tuple[str, ...]) -> Quantity | None:
    """A text that is nothing but a number and a unit, as claims files and options write it."""
    if len(text) > 200:
        return None
    try:
        whole = spelled(plain(text)).strip()
    except TaotieError:
        return None
    number = None
    try:
        number = number_at(whole)
        if number is None:
            return None
        rest = whole[number.end :].strip()
        if not rest or (
            rest.isalpha()
            and (len(rest) == 1 or (known_unit(rest) is None and rest not in counted))
        ):
            return None
        scale, unit = parse_unit(rest, counted)
    except TaotieError:
        return None
    if unit.counted and not any(name in counted for name, _n in unit.counted):
        return None
    value, half = number.value * scale, number.half * abs(scale)
    kind = "share" if unit.physical == "%" else "times" if unit.is_plain else "amount"
    if rest.isalpha() and any(
        unit.text == u
        for u in ("request", "household", "person", "accelerator", "server", "image", "token")
    ):
        kind = "count"
    count = next(
        (
            c
            for c in (
                "request",
                "inference",
                "image",
                "token",
                "household",
                "server",
                "accelerator",
                "person",
            )
            if f"/{c}" in unit.text
        ),
        "",
    )
    period = next(
        (
            p
            for p in ("d", "a", "h", "month")
            if unit.text.endswith(f"/{p}") or f"/{p}/" in unit.text
        ),
        "",
    )
    bare = unit * parse_unit(period)[1] if period else unit
    return Quantity(
        text.strip(), 0, len(text), value, value, half, number.digits, number.loose, unit, bare, period, True, count,
        kind=kind, words=number.words, sentence=(0, len(text)),
    )  # fmt: skip


def _refuse_unknown_unit(text: str, reading: Reading, counted: tuple[str, ...]) -> None:
    """A text that is nothing but a number and one or two words must have a known unit."""
    things = [q for q in reading.quantities if q.kind == "thing"]
    if len(reading.quantities) != 1 or not things or len(text.split()) > 2:
        return
    if len(_HAN.findall(text)) > 6:  # a sentence, not a unit
        return
    word = things[0].noun if "/" in things[0].noun else text.split()[-1].strip(" .,")
    try:
        parse_unit(word, counted)
    except UnitError as error:
        known = {*physical_units.known_symbols(), *counted, *(w for w in WORDS if w.isascii())}
        raise UnitError(
            _("unknown unit {name}.").format(name=repr(word)), error.hint or nearest(word, known)
        ) from None
