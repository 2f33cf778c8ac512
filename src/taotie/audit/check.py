"""Is one published number right? A sentence, the inputs it should follow from, one verdict and the likely slip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from taotie.audit import verdict as verdicts
from taotie.audit.claims_file import catalogue_input
from taotie.audit.formula import Recomputed, evaluated
from taotie.audit.formula_text import FormulaError
from taotie.audit.slip import Context, Slip, likely_slip, slip_hint, slip_word
from taotie.audit.statement import Statement, parse_statement
from taotie.audit.verdict import Finding, Stated
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
from taotie.words.language import _


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
    """

    statement: Statement
    recomputed: Recomputed
    finding: Finding
    verdict: str
    slip: str
    formula: str
    source: Stated | None = None
    _slip: Slip | None = None

    @property
    def is_fine(self) -> bool:
        """Is nothing worse than a rounding?"""
        return self.verdict in verdicts.HARMLESS

    @property
    def stated(self) -> Stated:
        """What the statement says."""
        return self.statement.stated

    @property
    def unit(self) -> Unit:
        """The unit both numbers are given in; that of the recomputed one where the dimensions differ."""
        return _common_unit(self.stated, self.recomputed)

    @property
    def why(self) -> str:
        """Which rule fired, in the language in force."""
        return _why(self.finding, self.stated, self.recomputed, self.source)

    @property
    def hint(self) -> str:
        """What to write instead, in the language in force; empty if nothing is wrong."""
        if self.is_fine:
            return ""
        if self.finding.rule in ("bound_as_typical", "only_a_bound"):
            return _('say "at most" or "at least", as the source does')
        return slip_hint(self._slip, self.stated, self.recomputed)

    def to_json(self) -> dict[str, Any]:
        """Plain values: verdict, slip, stated, recomputed, unit, hint in both languages.

        `stated` and `recomputed` are in `unit`; where the dimensions differ `stated` is in the unit it was
        printed in and `unit` belongs to `recomputed`.
        """
        unit = self.unit
        stated, shown = self.stated, self.recomputed.to(unit)
        if stated.unit.same_dimension(unit):
            stated = stated.to(unit)
        hints = in_each_language(lambda: self.hint or self.why)
        return {
            "verdict": self.verdict,
            "slip": self.slip or None,
            "stated": _numbers(stated.low, stated.high),
            "recomputed": _numbers(shown.low, shown.high, shown.value),
            "unit": unit.text,
            "hint_en": hints["en"],
            "hint_zh": hints["zh"],
        }

    def text(self) -> str:
        """What a terminal shows."""
        shown = self.recomputed.to(self.unit)
        head = _("{verdict}   says {stated}   from {recomputed}").format(
            verdict=verdict_word(self.verdict),
            stated=stated_text(self.stated),
            recomputed=interval(shown.low, shown.high, shown.unit, 3),
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
    statement = _read(_("what is said"), lambda: parse_statement(says, names))
    if not given.strip() and not source_range.strip():
        raise FormulaError(
            _("there is nothing to check {text} against.").format(text=repr(says[:80])),
            _("give the inputs as a formula (--from), or what the source says (--source-range)"),
        )
    recomputed: Recomputed | None = None
    if given.strip():
        recomputed = _read(
            _("the formula"),
            lambda: evaluated(given, None, names, lambda key: _catalogue(key)),
        )
        if per:
            count, unit = _read("per", lambda: _denominator(per, names))
            recomputed = recomputed.per(count, unit)
    if source_range.strip():
        return _against_source(statement, recomputed, given, source_range, per, names)
    assert recomputed is not None
    recomputed = _as_emissions(recomputed, statement.stated.unit)
    statement = _period_dropped(statement, recomputed.unit)
    found = verdicts.finding(statement.stated, recomputed)
    word = INCONSISTENT_INPUTS if found.verdict == verdicts.INCONSISTENT else found.verdict
    return _checked(statement, recomputed, found, word, given, per)


def _period_dropped(statement: Statement, unit: Unit) -> Statement:
    """The statement without its period where the inputs give an amount: "134 TWh a year" from 134 TWh.

    Not for power: "300 MW a year" is a slip of its own.
    """
    bare = statement.without_period
    if bare.unit.same_dimension(unit) and not bare.unit.same_dimension(Unit("W")):
        return replace(statement, stated=bare)
    return statement


def _as_emissions(recomputed: Recomputed, unit: Unit) -> Recomputed:
    """A mass from the inputs read as a mass of CO2e where the statement speaks of CO2e, and the other way round."""
    carbon = Unit("gCO2e") / Unit("g")
    for step in (carbon, Unit() / carbon):
        if (recomputed.unit * step).same_dimension(unit):
            return replace(recomputed, unit=recomputed.unit * step)
    return recomputed


def _catalogue(key: str) -> Any:
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
    statement: Statement,
    recomputed: Recomputed | None,
    given: str,
    source_range: str,
    per: str,
    counted: tuple[str, ...],
) -> Check:
    source = _read(_("the source's range"), lambda: parse_statement(source_range, counted)).stated
    if per and source.unit.same_dimension(Unit()) is False and recomputed is None:
        count, unit = _read("per", lambda: _denominator(per, counted))
        source = Stated(
            source.low / count,
            source.high / count,
            source.unit / unit,
            source.tol / count,
            source.hedge,
        )
    as_found = Recomputed(
        source.value, source.low, source.high, source.low - source.tol, source.high + source.tol,
        source.unit, source_range.strip(),
    )  # fmt: skip
    statement = _period_dropped(statement, source.unit)
    stated = statement.stated
    found = verdicts.finding(stated, as_found)
    if stated.unit.same_dimension(source.unit) and found.rule != "power_of_1000":
        here = as_found.to(stated.unit)
        if source.hedge in ("at_most", "at_least") and stated.hedge not in (
            source.hedge,
            "greater",
        ):
            found = _against_bound(stated, here, source.hedge, found)
        elif source.is_range and not stated.is_range and stated.hedge in ("none", "about"):
            inside = here.widest_low - stated.tol <= stated.value <= here.widest_high + stated.tol
            if inside:
                found = Finding(verdicts.REPRODUCES, "inside_source_range", found.ratio)
    if recomputed is not None and found.verdict in verdicts.HARMLESS:
        by_formula = verdicts.finding(stated, recomputed)
        if by_formula.verdict == verdicts.UNIT_ERROR:
            return _checked(statement, recomputed, by_formula, by_formula.verdict, given, per)
    made = _checked(statement, as_found, found, found.verdict, "", per, given)
    return replace(made, source=source)


def _against_bound(stated: Stated, source: Recomputed, bound: str, found: Finding) -> Finding:
    """A bound told as a typical value is wrong; a value inside the bound is not decided by it."""
    ratio = stated.value / source.value if source.value else None
    near = found.verdict in verdicts.HARMLESS
    if near:
        return Finding(verdicts.INCONSISTENT, "bound_as_typical", ratio)
    inside = stated.high < source.value if bound == "at_most" else stated.low > source.value
    if inside:
        return Finding(verdicts.NOT_CHECKABLE, "only_a_bound", ratio)
    return found


def _checked(
    statement: Statement,
    recomputed: Recomputed,
    found: Finding,
    word: str,
    given: str,
    per: str,
    more: str = "",
) -> Check:
    slip: Slip | None = None
    explained = found.rule in ("bound_as_typical", "only_a_bound")
    if word not in verdicts.HARMLESS and not explained:
        context = Context(
            says=statement.text,
            given=f"{given} {more} {recomputed.filled}",
            words=statement.words,
            literals=recomputed.literals,
            per=per,
        )
        slip = likely_slip(statement.stated, recomputed, context)
    return Check(
        statement, recomputed, found, word, slip.kind if slip else "", given.strip(), _slip=slip
    )


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
