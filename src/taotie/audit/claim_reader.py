"""How is one claim of a file read? Field by field; every complaint names file, claim and field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taotie.audit import verdict as verdicts
from taotie.audit.claim import (
    Alternative,
    Claim,
    ClaimError,
    ClaimInput,
    worst_access,
)
from taotie.audit.formula import Input
from taotie.audit.formula_text import parsed
from taotie.errors import TaotieError, nearest
from taotie.quantity import catalog
from taotie.quantity.number_text import number_at, plain, printed_tolerance
from taotie.quantity.source import ACCESS, Source
from taotie.quantity.unit_text import Unit, parse_unit
from taotie.words import patterns as re
from taotie.words.language import _
from taotie.words.listing import listing

if TYPE_CHECKING:
    from taotie.quantity.figure import Figure

MAX_TEXT = 1_000
BOUND_WORDS = ("upper", "lower", "central", "mean", "median", "measured", "forecast")
OUTDATED_WAYS = ("stale_at_publication", "overtaken")
BOUNDARIES = ("accelerator", "server", "machine", "facility", "grid")

_CLAIM_FIELDS = {
    "id", "line", "says_en", "says_zh", "system", "kind", "stated", "formula", "inputs", "bound",
    "boundary", "edition", "outdated", "verdict", "note_en", "note_zh", "sources", "source_value",
    "alternative", "instead",
}  # fmt: skip
_STATED_FIELDS = {"value", "low", "high", "unit", "per", "tol", "hedge", "origin"}
_INPUT_FIELDS = {
    "figure", "between", "end", "value", "low", "high", "unit", "per", "source", "access", "tol", "note",
}  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass
class ClaimReader:
    """Reads one claim; every complaint names file, claim and field."""

    file: str
    position: int
    entry: Any
    counted: tuple[str, ...]
    own: Mapping[str, Source]
    id: str = ""

    def fail(self, name: str, what: str, hint: str = "") -> ClaimError:
        shown = self.id or f"no. {self.position}"
        return ClaimError(
            _("{file}: claim {id}, field {name}: {what}").format(
                file=self.file, id=shown, name=name, what=what
            ),
            hint,
        )

    def wrapped(self, name: str, error: TaotieError) -> ClaimError:
        return self.fail(name, error.message, error.hint)

    def claim(self) -> Claim:
        entry = self.entry
        if not isinstance(entry, Mapping):
            raise self.fail("id", _("a claim is a table."))
        self.id = self.text(entry, "id", required=True)
        if not _ID.fullmatch(self.id):
            raise self.fail(
                "id", _("{id} is no id.").format(id=repr(self.id)),
                _("letters, digits, dots and hyphens, at most 64"),
            )  # fmt: skip
        for name in sorted(set(entry) - _CLAIM_FIELDS):
            raise self.fail(name, _("unknown field."), nearest(name, _CLAIM_FIELDS))
        says = {c: self.text(entry, f"says_{c}") for c in ("en", "zh")}
        if not any(says.values()):
            raise self.fail("says_en", _("is missing."), _("say in one sentence what is claimed"))
        says = {c: t or says["en"] or says["zh"] for c, t in says.items()}
        kind = self.choice(entry, "kind", ("computed", "documented"), required=True)
        system = self.text(entry, "system", required=True)
        stated, per = self.stated(entry)
        inputs = self.inputs(entry)
        formula = self.text(entry, "formula")
        computed = kind == "computed"
        if computed and not formula:
            raise self.fail(
                "formula", _("is missing."),
                _("a computed claim needs one; without a formula use kind = \"documented\""),
            )  # fmt: skip
        if computed and stated is None:
            raise self.fail("stated", _("is missing."), _("a computed claim states a number"))
        if formula:
            self.check_formula(formula, inputs)
        sources = self.sources(entry, required=not computed)
        verdict = self.choice(entry, "verdict", verdicts.VERDICTS, required=not computed)
        if computed and verdict:
            raise self.fail(
                "verdict", _("a computed claim stores no verdict."),
                _("leave it out: the rules decide"),
            )  # fmt: skip
        note = {c: self.text(entry, f"note_{c}") for c in ("en", "zh")}
        if not computed and not any(note.values()):
            raise self.fail("note_en", _("is missing."), _("say what the source says"))
        line = entry.get("line")
        if line is not None and (isinstance(line, bool) or not isinstance(line, int)):
            raise self.fail("line", _("is not a whole number."))
        return Claim(
            id=self.id, system=system, decided_by=kind, says=says, line=line, stated=stated,
            stated_per=per, formula=formula, inputs=inputs,
            bound=self.choice(entry, "bound", BOUND_WORDS),
            boundary=self.choice(entry, "boundary", BOUNDARIES),
            edition=self.text(entry, "edition"),
            outdated=self.choice(entry, "outdated", OUTDATED_WAYS),
            verdict=verdict,
            note={c: t or note["en"] or note["zh"] for c, t in note.items()},
            sources=sources,
            source_value=self.source_value(entry),
            alternative=self.alternative(entry, inputs),
            instead=self.instead(entry),
        )  # fmt: skip

    # ---- fields --------------------------------------------------------------------------------

    def text(self, table: Mapping[str, Any], name: str, required: bool = False) -> str:
        value = table.get(name, "")
        if required and (value is None or value == ""):
            raise self.fail(name, _("is missing."))
        if not isinstance(value, str):
            raise self.fail(name, _("{value} is not a text.").format(value=repr(value)[:60]))
        if len(value) > MAX_TEXT:
            raise self.fail(name, _("has more than {n} characters.").format(n=MAX_TEXT))
        return value

    def choice(
        self, table: Mapping[str, Any], name: str, known: tuple[str, ...], required: bool = False
    ) -> str:
        value = self.text(table, name, required)
        if value and value not in known:
            raise self.fail(
                name,
                _("{value} is not one of {known}.").format(value=repr(value), known=listing(known)),
                nearest(value, known),
            )
        return value

    def number(self, table: Mapping[str, Any], name: str, field_name: str) -> float | None:
        value = table.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            try:
                printed = number_at(plain(value).strip())
            except TaotieError as error:
                raise self.wrapped(f"{field_name}.{name}", error) from None
            if printed is None or printed.end != len(plain(value).strip()):
                raise self.fail(
                    f"{field_name}.{name}", _("{value} is not a number.").format(value=repr(value))
                )
            return printed.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(
                f"{field_name}.{name}", _("{value} is not a number.").format(value=repr(value)[:60])
            )
        if (
            not -1e300 < value < 1e300
        ):  # also false for a NaN; a whole number is not converted first
            raise self.fail(f"{field_name}.{name}", _("is not a finite number."))
        return float(value)

    def unit(self, table: Mapping[str, Any], field_name: str) -> tuple[float, Unit]:
        text = self.text(table, "unit")
        if not text:
            raise self.fail(
                f"{field_name}.unit", _("is missing."), _("write \"1\" for a plain number")
            )  # fmt: skip
        try:
            return parse_unit(text, self.counted)
        except TaotieError as error:
            raise self.wrapped(f"{field_name}.unit", error) from None

    def denominator(self, table: Mapping[str, Any], field_name: str) -> tuple[float, Unit]:
        """The field `per`, such as "1000 inference": how many of what."""
        text = self.text(table, "per")
        if not text:
            return 1.0, Unit()
        tidy = plain(text).strip()
        try:
            number = number_at(tidy)
            count, end = (number.value, number.end) if number else (1.0, 0)
            scale, unit = parse_unit(tidy[end:], self.counted)
        except TaotieError as error:
            raise self.wrapped(f"{field_name}.per", error) from None
        if count * scale == 0:
            raise self.fail(f"{field_name}.per", _("is zero."))
        return count * scale, unit

    def table(self, name: str) -> Mapping[str, Any] | None:
        value = self.entry.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.fail(name, _("is not a table."))
        return value

    def known_fields(self, table: Mapping[str, Any], known: set[str], name: str) -> None:
        for strange in sorted(set(table) - known):
            raise self.fail(f"{name}.{strange}", _("unknown field."), nearest(strange, known))

    def ends(self, table: Mapping[str, Any], name: str) -> tuple[float, float, float]:
        """Central value, low and high of a table with `value`, or `low` and `high`."""
        value, low, high = (self.number(table, n, name) for n in ("value", "low", "high"))
        if value is None and (low is None or high is None):
            raise self.fail(
                f"{name}.value", _("is missing."), _("give value, or low and high")
            )  # fmt: skip
        if low is None or high is None:
            assert value is not None
            return value, value, value
        if low > high:
            raise self.fail(
                f"{name}.low", _("{low:g} is above high={high:g}.").format(low=low, high=high)
            )
        return (0.5 * (low + high) if value is None else value), low, high

    def stated(self, entry: Mapping[str, Any]) -> tuple[verdicts.Stated | None, str]:
        table = self.table("stated")
        if table is None:
            return None, ""
        self.known_fields(table, _STATED_FIELDS, "stated")
        _value, low, high = self.ends(table, "stated")
        scale, unit = self.unit(table, "stated")
        count, per = self.denominator(table, "stated")
        tol = self.number(table, "tol", "stated")
        if tol is None:
            tol = max(_digits_of(table[n]) for n in ("value", "low", "high") if n in table)
        hedge = self.choice(table, "hedge", verdicts.HEDGES) or "none"
        factor = scale / count
        try:
            made = verdicts.Stated(
                low * factor, high * factor, unit / per, tol * abs(factor), hedge
            )
        except TaotieError as error:
            raise self.wrapped("stated", error) from None
        return made, self.text(table, "per")

    def inputs(self, entry: Mapping[str, Any]) -> dict[str, ClaimInput]:
        table = self.table("inputs") or {}
        made: dict[str, ClaimInput] = {}
        for name, fields in table.items():
            where = f"inputs.{name}"
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,40}", name):
                raise self.fail(
                    where, _("is no name for an input."), _("use letters, digits and _")
                )
            if not isinstance(fields, Mapping):
                raise self.fail(where, _("is not a table."))
            self.known_fields(fields, _INPUT_FIELDS, where)
            made[name] = self.input(name, fields, where)
        return made

    def input(self, name: str, fields: Mapping[str, Any], where: str) -> ClaimInput:
        tol = self.number(fields, "tol", where) or 0.0
        keys = [fields["figure"]] if "figure" in fields else fields.get("between", [])
        if keys:
            if not isinstance(keys, list) or not all(isinstance(k, str) for k in keys):
                raise self.fail(where, _("figure is one key, between a list of two."))
            try:
                figures = tuple(catalog.figure(k) for k in keys)
                numbers = numbers_of(figures, tol)
            except TaotieError as error:
                raise self.wrapped(f"{where}.figure", error) from None
            end = self.choice(fields, "end", ("low", "high"))
            if end:
                one = numbers.low if end == "low" else numbers.high
                numbers = Input(one, numbers.unit, one, one, tol)
            count, per = self.denominator(fields, where)
            if count != 1.0 or not per.is_plain:
                numbers = Input(
                    numbers.value / count, numbers.unit / per, numbers.low / count,
                    numbers.high / count, numbers.tol / count,
                )  # fmt: skip
            return ClaimInput(
                name,
                numbers,
                figures,
                figures[0].source.key if figures[0].source else "",
                worst_access([catalog.access_of(k) for k in keys]),
                self.text(fields, "note"),
            )
        value, low, high = self.ends(fields, where)
        scale, unit = self.unit(fields, where)
        count, per = self.denominator(fields, where)
        key = self.text(fields, "source")
        if not key:
            raise self.fail(
                f"{where}.source", _("is missing."),
                _("name a figure of the catalogue, or a source for the value"),
            )  # fmt: skip
        access = self.choice(fields, "access", ACCESS) or self.source(key, f"{where}.source").access
        f = scale / count
        return ClaimInput(
            name,
            Input(value * f, unit / per, low * f, high * f, abs(tol * f)),
            (),
            key,
            access,
            self.text(fields, "note"),
        )

    def source(self, key: str, where: str) -> Source:
        if key in self.own:
            return self.own[key]
        try:
            return catalog.source(key)
        except TaotieError:
            raise self.fail(
                where,
                _("unknown source {key}.").format(key=repr(key)),
                nearest(key, [*self.own, *catalog.source_keys()]),
            ) from None

    def sources(self, entry: Mapping[str, Any], required: bool) -> tuple[str, ...]:
        value = entry.get("sources", [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.fail("sources", _("is not a list of keys."))
        if required and not value:
            raise self.fail(
                "sources", _("is missing."), _("a documented claim names what decides it")
            )
        for key in value:
            self.source(key, "sources")
        return tuple(value)

    def check_formula(self, formula: str, inputs: Mapping[str, ClaimInput]) -> None:
        try:
            parsed(formula, inputs, self.counted)
        except TaotieError as error:
            raise self.wrapped("formula", error) from None

    def source_value(self, entry: Mapping[str, Any]) -> Input | None:
        table = self.table("source_value")
        if table is None:
            return None
        self.known_fields(table, _INPUT_FIELDS, "source_value")
        if "figure" in table:
            return self.input("source_value", table, "source_value").numbers
        value, low, high = self.ends(table, "source_value")
        scale, unit = self.unit(table, "source_value")
        count, per = self.denominator(table, "source_value")
        f = scale / count
        return Input(value * f, unit / per, low * f, high * f)

    def alternative(
        self, entry: Mapping[str, Any], inputs: Mapping[str, ClaimInput]
    ) -> Alternative | None:
        table = self.table("alternative")
        if table is None:
            return None
        self.known_fields(table, {"formula", "note_en", "note_zh"}, "alternative")
        formula = self.text(table, "formula", required=True)
        self.check_formula(formula, inputs)
        note = {c: self.text(table, f"note_{c}") for c in ("en", "zh")}
        return Alternative(formula, {c: t or note["en"] or note["zh"] for c, t in note.items()})

    def instead(self, entry: Mapping[str, Any]) -> tuple[str, ...]:
        value = entry.get("instead", [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.fail("instead", _("is not a list of keys of figures."))
        for key in value:
            try:
                catalog.figure(key)
            except TaotieError as error:
                raise self.wrapped("instead", error) from None
        return tuple(value)


def _digits_of(value: Any) -> float:
    """Print precision of a number in a claims file; write it as a text to keep a last zero."""
    if isinstance(value, str):
        printed = number_at(plain(value).strip())
        return printed.tol if printed else 0.0
    text = f"{abs(value):.15g}"
    if "e" in text:
        mantissa = text.split("e")[0]
        return printed_tolerance(mantissa, abs(float(value)))
    return printed_tolerance(text, abs(float(value)))


def numbers_of(figures: tuple[Figure, ...], tol: float) -> Input:
    """The numbers of one figure, or from the lower to the higher of several."""
    import numpy as np

    unit = Unit(figures[0].unit)
    lows: list[float] = []
    middles: list[float] = []
    highs: list[float] = []
    for figure in figures:
        assert figure.distribution is not None
        f = Unit(figure.unit).factor_to(unit)
        numbers = figure.distribution.to_dict()
        middle = float(figure.distribution.ppf(np.asarray(0.5))) * f
        middles.append(middle)
        lows.append(float(numbers.get("low", numbers.get("value", middle / f))) * f)
        highs.append(float(numbers.get("high", numbers.get("value", middle / f))) * f)
    low, high = min(lows), max(highs)
    value = middles[0] if len(figures) == 1 else 0.5 * (low + high)
    return Input(value, unit, low, high, tol)
