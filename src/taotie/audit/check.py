"""Is one published number right? A sentence, the inputs it should follow from, one verdict and the likely slip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from taotie.audit import verdict as verdicts
from taotie.audit.candidate import Candidate
from taotie.audit.chosen import candidates
from taotie.audit.decided import decided
from taotie.audit.doubt import NO_DOUBT, Unless
from taotie.audit.formula import Recomputed, evaluated
from taotie.audit.formula_text import FormulaError
from taotie.audit.reading import Quantity, Reading
from taotie.audit.slip import COUNTED, Context, Slip, fits, likely_slip, slip_hint, slip_word
from taotie.audit.statement import parse_statement, read_statement
from taotie.audit.verdict import Finding, Stated, printed_finding
from taotie.audit.wording import (
    INCONSISTENT_INPUTS,
    bare_text,
    in_each_language,
    interval,
    readable,
    rule_sentence,
    stated_text,
    verdict_word,
)
from taotie.errors import TaotieError, UnitError
from taotie.quantity.number_text import number_at, plain
from taotie.quantity.unit_text import Unit, parse_unit
from taotie.words import patterns as re
from taotie.words.language import _

TOP_LOOSE = 1.15
THOUSANDS = ("thousand", "per_thousand", "token_scale", "long_scale", "du")


@dataclass(frozen=True)
class Check:
    """What is to be said of one statement.

    Attributes
    ----------
    verdict : str
        "reproduces", "rounding", "unit error", "inconsistent with its inputs", "inconsistent with source"
        or "not checkable".
    slip : str
        Kind of the likely slip (`slip.SLIPS`), or empty.
    chosen : Candidate or None
        What of the text was judged; None where nothing in it speaks of what the inputs give.
    """

    reading: Reading
    recomputed: Recomputed
    finding: Finding
    verdict: str
    slip: str
    formula: str
    chosen: Candidate | None = None
    source: Stated | None = None
    _slip: Slip | None = None
    unless: Unless = NO_DOUBT

    @property
    def is_fine(self) -> bool:
        """Is nothing worse than a rounding?"""
        return self.verdict in verdicts.HARMLESS

    @property
    def stated(self) -> Stated | None:
        """What the statement says of it."""
        return self.chosen.stated if self.chosen else None

    @property
    def unit(self) -> Unit:
        """The unit both numbers are given in; that of the recomputed one where the dimensions differ."""
        if self.stated is None:
            return readable(self.recomputed.value, self.recomputed.unit)[1]
        return _common_unit(self.stated, self.recomputed)

    @property
    def why(self) -> str:
        """Which rule fired, in the language in force."""
        if self.stated is None:
            return self._nothing_fits()
        if self.unless:
            return self.unless.text(stated_text(self.stated))
        return _why(self.finding, self.stated, self.recomputed, self.source)

    def _nothing_fits(self) -> str:
        shown = self.recomputed.to(self.unit)
        given = interval(shown.low, shown.high, shown.unit, 3)
        if self.finding.rule == "several":
            return _(
                "I read: {read}. Several of them could be what the inputs give, {given}, and none agrees with it."
            ).format(read=self.read_text, given=given)
        return _("I read: {read}. None of it speaks of what the inputs give, {given}.").format(
            read=self.read_text, given=given
        )

    @property
    def read_text(self) -> str:
        """Everything that was read, in the language in force."""
        parts = [_quantity_text(q) for q in self.reading.quantities[:8]]
        more = len(self.reading.quantities) - len(parts)
        return ", ".join(parts) + (_(", and {n} more").format(n=more) if more > 0 else "")

    @property
    def hint(self) -> str:
        """What to write instead, in the language in force; empty if nothing is wrong."""
        if self.is_fine:
            return ""
        if self.stated is None:
            return _("name the quantity the inputs should give, or check the sentence without them")
        if self.unless:
            return _("say what the number is for, and for how long")
        if self.finding.rule in ("bound_as_typical", "only_a_bound"):
            return _('say "at most" or "at least", as the source does')
        if self.finding.rule in ("empty_range", "wide_range"):
            return _("say a range that could be wrong")
        if self.finding.rule == "swapped":
            return _("turn the comparison round")
        if self.finding.rule == "points":
            return _("say per cent")
        if self.finding.rule == "misquoted":
            return _("quote the inputs as they are, or work it out from those of the text")
        if self.finding.rule == "own_total":
            return _("multiply again")
        if self.finding.rule == "of_each":
            return _("say it of all of them together, or what each of them uses")
        return slip_hint(self._slip, self.stated, self.recomputed)

    @property
    def ratio(self) -> float | None:
        """Stated over recomputed, where both have one dimension."""
        found = self.finding.ratio
        return None if found is None or abs(found) == float("inf") else _tidy(found)

    def to_json(self) -> dict[str, Any]:
        """Plain values: what was read and chosen, verdict, slip, ratio, stated, recomputed, unit, hint in both languages.

        `stated` and `recomputed` are in `unit`; where the dimensions differ `stated` is in the unit it was
        printed in and `unit` belongs to `recomputed`.
        """
        unit = self.unit
        shown = self.recomputed.to(unit)
        hints = in_each_language(lambda: self.hint or self.why)
        whys = in_each_language(lambda: self.why)
        stated = None
        if self.stated is not None:
            there = self.stated.to(unit) if self.stated.unit.same_dimension(unit) else self.stated
            stated = _numbers(there.low, there.high)
        return {
            "read": [self.reading.to_json(q) for q in self.reading.quantities],
            "chosen": self._chosen_json(),
            "verdict": self.verdict,
            "slip": self.slip or None,
            "ratio": self.ratio,
            "stated": stated,
            "recomputed": _numbers(shown.low, shown.high, shown.value),
            "unit": unit.text,
            "why_en": whys["en"],
            "why_zh": whys["zh"],
            "hint_en": hints["en"],
            "hint_zh": hints["zh"],
        }

    def _chosen_json(self) -> dict[str, Any] | None:
        if self.chosen is None:
            return None
        main = self.chosen.main
        stated = self.chosen.stated
        made = self.reading.to_json(main)
        if self.chosen.how != "direct":
            made |= {
                "value": _tidy(stated.value),
                "low": _tidy(stated.low),
                "high": _tidy(stated.high),
                "unit": stated.unit.text,
            }
        listed = list(self.reading.quantities)
        made["how"] = self.chosen.how
        made["parts"] = [listed.index(q) for q in self.chosen.parts if q in listed]
        return made

    def text(self) -> str:
        """What a terminal shows."""
        shown = self.recomputed.to(self.unit)
        from_text = interval(shown.low, shown.high, shown.unit, 3)
        if self.stated is None:
            lines = [
                f"{verdict_word(self.verdict)}   {self.why}",
                _("hint: {hint}").format(hint=self.hint),
            ]
            return "\n".join(lines)
        head = _("{verdict}   says {stated}   from {recomputed}").format(
            verdict=verdict_word(self.verdict),
            stated=stated_text(self.stated),
            recomputed=from_text,
        )
        lines = [head]
        if self.formula:
            filled = self.recomputed.filled
            lines.append(f"  {filled} = {interval(shown.low, shown.high, shown.unit, 4)}")
        lines.append(f"  {self.why}")
        if self.slip:
            lines.append(_("likely slip: {slip}").format(slip=slip_word(self.slip)))
        if self.hint:
            lines.append(_("hint: {hint}").format(hint=self.hint))
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()


def _quantity_text(q: Quantity) -> str:
    text = " ".join(q.text.split())
    return text if len(text) <= 40 else text[:37] + "..."


def check(
    says: str,
    given: str = "",
    *,
    per: str = "",
    source_range: str = "",
    counted: Iterable[str] = (),
) -> Check:
    """Check one statement against the inputs it should follow from.

    Parameters
    ----------
    says : str
        The statement: a number with a unit, or a sentence that holds one, English or Chinese.
    given : str, optional
        The formula it should follow from, with units; keys of the catalogue may stand in it.
    per : str, optional
        What the formula's value is published per, such as ``1000 inference``.
    source_range : str, optional
        What the source gives: a range, or a bound such as ``at most 2.9 Wh/request``.
    counted : iterable of str, optional
        Further things that are counted.

    Raises
    ------
    FormulaError, UnknownNameError, UnitError, RangeError
        If one of the texts cannot be read.

    Examples
    --------
    >>> c = check("42 MWh", "100000 * 700 W * 0.61")
    >>> c.verdict, c.slip
    ('unit error', 'power_energy')
    >>> print(c.hint)
    42.7 MW held for a year is 374 GWh; 42 MWh lasts 59 min at that power
    >>> check("42 MW", "100000 * 700 W * 0.61").verdict
    'rounding'
    >>> check("50 MW", "100000 * 700 W * 0.61").verdict
    'inconsistent with its inputs'
    """
    names = tuple(counted)
    reading = _read(_("what is said"), lambda: read_statement(says, names))
    if not given.strip() and not source_range.strip():
        raise FormulaError(
            _("there is nothing to check {text} against.").format(text=repr(says[:80])),
            _("give the inputs as a formula (--from), or what the source says (--source-range)"),
        )
    recomputed: Recomputed | None = None
    bound, formula = _bound_before(given)
    if given.strip():
        recomputed = _read(
            _("the formula"),
            lambda: evaluated(formula, None, names, lambda key: _catalogue(key)),
        )
        if per:
            count, unit = _read("per", lambda: _denominator(per, names))
            recomputed = recomputed.per(count, unit)
    if recomputed is not None:
        recomputed = _each(_plainly_counted(recomputed), reading)
    if source_range.strip():
        return _against_source(reading, recomputed, given, source_range, per, names)
    assert recomputed is not None
    if bound:
        value = recomputed.value
        limit = Stated(value, value, recomputed.unit, 0.0, bound)
        return _held_to(reading, recomputed, limit, formula, per)
    return judged(reading, recomputed, given, per)


_BOUNDS = re.compile(
    r"\s*(?:(?P<at_most><=?|≤|at most|up to|no more than|不超过|至多|最多)|(?P<at_least>>=?|≥|at least|no less than|不少于|不低于|至少|最少))\s*",
    re.IGNORECASE,
)


def _bound_before(given: str) -> tuple[str, str]:
    """The bound a formula begins with (<= 700 W * 24 h), and the formula."""
    found = _BOUNDS.match(given)
    return (str(found.lastgroup), given[found.end() :]) if found else ("", given)


def _plainly_counted(recomputed: Recomputed) -> Recomputed:
    """GWh*household/MWh is a number of households, MWh/kWh a number."""
    if not {"*", "/"} & set(recomputed.unit.text):
        return recomputed
    for name in ("1", *(c for c in COUNTED if f"*{c}" in f"*{recomputed.unit.text}")):
        if recomputed.unit.same_dimension(Unit(name)):
            return recomputed.to(Unit(name))
    return recomputed


_PERIODS = ("d", "h", "a", "s", "month", "week")


def _each(recomputed: Recomputed, reading: Reading) -> Recomputed:
    """500000 homes * 1.2 kW means 1.2 kW each, where the text says a power and none times homes: the formula shown says so.

    Only a count that the formula itself writes as a number of things, or of things in a time, is taken so.
    """
    said = [own for q in reading.quantities for own in (q.unit, q.bare)]
    if any(own.same_dimension(recomputed.unit) for own in said):
        return recomputed
    for name in COUNTED:
        count = Unit(name)
        counts = [count, *(count / Unit(period) for period in _PERIODS)]
        if not any(n.unit.same_dimension(c) for n in recomputed.literals for c in counts):
            continue
        one = recomputed.per(1.0, count)
        named = next((own for own in said if own.same_dimension(one.unit)), None)
        if named is not None:
            return replace(one.to(named), filled=f"{recomputed.filled} / {name}")
    return recomputed


def judged(reading: Reading, recomputed: Recomputed, given: str = "", per: str = "") -> Check:
    """The verdict on what a text says of the value its inputs give.

    Parameters
    ----------
    reading : Reading
        The text, read.
    recomputed : Recomputed
        What the inputs give.
    given, per : str
        The formula, and what its value is published per, as written.
    """
    made = decided(reading, recomputed)
    if made.chosen is None or made.slip or made.unless:
        return Check(
            reading, recomputed, made.finding, made.finding.verdict, made.slip, given.strip(), made.chosen, None,
            Slip(made.slip) if made.slip else None, made.unless,
        )  # fmt: skip
    return _checked(reading, made.chosen, recomputed, made.finding, _word(made.finding), given, per)


def _word(found: Finding) -> str:
    return INCONSISTENT_INPUTS if found.verdict == verdicts.INCONSISTENT else found.verdict


def _catalogue(key: str) -> Any:
    from taotie.audit.claims_file import catalogue_input

    return catalogue_input(key)


def _read(what: str, reader: Any) -> Any:
    try:
        return reader()
    except TaotieError as error:
        error.message = f"{what}: {error.message}"
        error.args = (error.message,)
        raise


def _denominator(per: str, counted: tuple[str, ...]) -> tuple[float, Unit]:
    tidy = plain(per).strip()
    number = number_at(tidy)
    count, end = (number.value, number.end) if number else (1.0, 0)
    scale, unit = parse_unit(tidy[end:], counted)
    if not count * scale:
        raise UnitError(_("a value per zero is no value."))
    return count * scale, unit


def _against_source(
    reading: Reading,
    recomputed: Recomputed | None,
    given: str,
    source_range: str,
    per: str,
    counted: tuple[str, ...],
) -> Check:
    source = _read(_("the source's range"), lambda: parse_statement(source_range, counted)).stated
    if per and source.unit.same_dimension(Unit()) is False and recomputed is None:
        count, unit = _read("per", lambda: _denominator(per, counted))
        source = replace(source.scaled(1 / count), unit=source.unit / unit)
    as_found = Recomputed(
        source.value, source.low, source.high, source.low - source.tol, source.high + source.tol,
        source.unit, source_range.strip(),
    )  # fmt: skip
    best = _held_to(reading, as_found, source, "", per, given)
    if recomputed is not None and best.is_fine and best.stated is not None:
        by_formula = judged(reading, recomputed, given, per)
        if by_formula.verdict == verdicts.UNIT_ERROR:
            return by_formula
    return best


def _held_to(
    reading: Reading,
    as_found: Recomputed,
    source: Stated,
    formula: str,
    per: str,
    more: str = "",
) -> Check:
    """The verdict on a text against a bound or a range: a value told as typical is none."""
    made = judged(reading, as_found, formula, per)
    if made.chosen is None or not made.chosen.stated.unit.same_dimension(source.unit):
        return replace(made, source=source)
    best = made
    for chosen in candidates(reading, source.unit) or [made.chosen]:
        found = _by_source(chosen.stated, source, as_found)
        tried = _checked(reading, chosen, as_found, found, found.verdict, formula, per, more)
        if chosen == made.chosen or (tried.is_fine and not best.is_fine):
            best = tried
    return replace(best, source=source)


def _by_source(stated: Stated, source: Stated, as_found: Recomputed) -> Finding:
    found = printed_finding(stated, as_found)
    here = as_found.to(stated.unit)
    if source.hedge in ("at_most", "at_least") and stated.hedge not in (source.hedge, "greater"):
        return _against_bound(stated, here, source.hedge, found)
    top = source.is_range and stated.hedge == "at_most" and not stated.is_range and here.high > 0
    if top and stated.value > TOP_LOOSE * here.high and found.verdict in verdicts.HARMLESS:
        # "up to" tells the upper end
        return Finding(verdicts.INCONSISTENT, "bound_far", found.ratio)
    if (
        source.is_range
        and not stated.is_range
        and stated.hedge in ("none", "about", "nearly", "exact")
    ):
        inside = here.low * (1 - 1e-9) <= stated.value <= here.high * (1 + 1e-9)
        if inside:
            return Finding(verdicts.REPRODUCES, "inside_source_range", found.ratio)
        rounded = min(abs(stated.value - end) for end in (here.low, here.high)) <= stated.tol
        if not rounded and found.verdict in verdicts.HARMLESS:
            return Finding(verdicts.INCONSISTENT, "far", found.ratio)
    return found


def _against_bound(stated: Stated, source: Recomputed, bound: str, found: Finding) -> Finding:
    """A bound told as a typical value is wrong; a value inside the bound is not decided by it."""
    ratio = stated.value / source.value if source.value else None
    if found.verdict in verdicts.HARMLESS:
        return Finding(verdicts.INCONSISTENT, "bound_as_typical", ratio)
    inside = stated.high < source.value if bound == "at_most" else stated.low > source.value
    slipped = any(fits(stated.scaled(1000.0**k), source) for k in (1, -1))
    if inside and not slipped:
        return Finding(verdicts.NOT_CHECKABLE, "only_a_bound", ratio)
    return found


def _checked(
    reading: Reading,
    chosen: Candidate,
    recomputed: Recomputed,
    found: Finding,
    word: str,
    given: str,
    per: str,
    more: str = "",
) -> Check:
    slip: Slip | None = None
    explained = (
        "bound_as_typical", "only_a_bound", "empty_range", "wide_range", "swapped", "of_each", "own_total", "misquoted", "points",
    )  # fmt: skip
    if word not in verdicts.HARMLESS and found.rule not in explained:
        context = Context(
            says=reading.source[:2000],
            given=f"{given} {more} {recomputed.filled}",
            words=chosen.main.words,
            literals=recomputed.literals,
            per=per,
        )
        slip = likely_slip(chosen.stated, recomputed, context)
        if slip is not None and slip.kind in THOUSANDS and found.rule != "dimension":
            power = verdicts.power_of_1000(slip.factor)
            found = Finding(verdicts.UNIT_ERROR, "power_of_1000", found.ratio, power)
            word = verdicts.UNIT_ERROR
    return Check(
        reading, recomputed, found, word, slip.kind if slip else "", given.strip(), chosen, None, slip
    )  # fmt: skip


# ---- how it is shown -------------------------------------------------------------------------------


def _common_unit(stated: Stated, recomputed: Recomputed) -> Unit:
    if stated.unit.same_dimension(recomputed.unit):
        return stated.unit
    return readable(recomputed.value, recomputed.unit)[1]


def _why(
    found: Finding, stated: Stated, recomputed: Recomputed, source: Stated | None = None
) -> str:
    unit = _common_unit(stated, recomputed)
    shown = recomputed.to(unit)
    text = interval(shown.low, shown.high, shown.unit)
    if source is not None and source.hedge != "none":
        text = stated_text(source.to(unit))
    return rule_sentence(
        found,
        stated_text(stated),
        bare_text(stated),
        text,
        (stated.unit.dimension_word, recomputed.unit.dimension_word),
    )


def _numbers(low: float, high: float, value: float | None = None) -> float | list[float]:
    """One number, or the two ends of a range; free of the dust of binary fractions."""
    if low == high:
        return _tidy(low if value is None else value)
    return [_tidy(low), _tidy(high)]


def _tidy(value: float) -> float:
    return float(f"{value:.12g}")
