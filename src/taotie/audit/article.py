"""What does the audit of a whole claims file say? Every claim recomputed, its verdict, why, and the counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from taotie.audit.claim import Article, Claim, ClaimError, worst_access
from taotie.audit.claims_file import read_claims
from taotie.audit.formula import Input, Recomputed, evaluated
from taotie.audit.formula_text import FormulaError
from taotie.audit.slip import Context, Slip, likely_slip
from taotie.audit.verdict import COMPUTED, VERDICTS, Finding, finding
from taotie.audit.wording import (
    bare_text,
    bound_sentence,
    in_each_language,
    per_interval,
    prefixed,
    quantity,
    readable,
    rule_sentence,
    stated_text,
)
from taotie.errors import TaotieError
from taotie.quantity.unit_text import Unit
from taotie.words.language import _, language, once_a_language


@dataclass(frozen=True)
class Result:
    """A claim with its verdict.

    Attributes
    ----------
    finding : Finding or None
        Verdict by the rules, where a formula or a source's number can be set against the stated one.
    recomputed : Recomputed or None
        What the formula gives, or the source's own value where there is no formula.
    """

    claim: Claim
    verdict: str
    finding: Finding | None = None
    recomputed: Recomputed | None = None
    formula_supports: bool = False
    alternative: Recomputed | None = None
    would_need: Mapping[str, tuple[float, Unit]] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Stated over recomputed, where both have one dimension."""
        return self.finding.ratio if self.finding else None

    @property
    def access(self) -> str:
        """The weakest access mark among the inputs."""
        return worst_access([i.access for i in self.claim.inputs.values()])

    @cached_property
    def likely_slip(self) -> Slip | None:
        """The slip that would explain a computed claim that is wrong, or None."""
        claim, found = self.claim, self.recomputed
        if claim.decided_by != "computed" or claim.stated is None or found is None:
            return None
        if self.verdict not in ("unit error", "inconsistent with source"):
            return None
        notes = " ".join(i.note for i in claim.inputs.values())
        context = Context(
            says=claim.says["en"], given=f"{found.filled} {notes}", literals=found.literals
        )
        slip = likely_slip(claim.stated, found, context)
        # a factor of ten explains too much to be worth printing
        return None if slip is None or slip.kind == "decimal" else slip

    @property
    def rules_alone(self) -> str:
        """For a documented claim: the verdict the rules would propose where it differs; else empty."""
        if self.finding is None or self.claim.decided_by != "documented":
            return ""
        if self.verdict not in COMPUTED:
            return ""  # editions and missing sources are beyond the rules
        return self.finding.verdict if self.finding.verdict != self.verdict else ""

    @property
    def unit(self) -> Unit | None:
        """The unit both numbers are given in; that of the recomputed one where dimensions differ."""
        stated, found = self.claim.stated, self.recomputed
        if found is None:
            return stated.unit if stated else None
        if stated is not None and stated.unit.same_dimension(found.unit):
            return stated.unit
        return readable(found.value, found.unit)[1]

    @property
    @once_a_language
    def recomputed_text(self) -> str:
        """The recomputed value with its unit, in the language in force."""
        if self.recomputed is None or self.unit is None:
            return ""
        shown = self.recomputed.to(self.unit)
        if self.finding is not None and self.finding.rule == "power_of_1000":
            shown = shown.to(prefixed(shown.value, shown.unit)[1])
        same = self.claim.stated is not None and self.claim.stated.unit == shown.unit
        return per_interval(
            shown.low, shown.high, shown.unit, self.claim.stated_per if same else ""
        )

    @property
    @once_a_language
    def stated_text(self) -> str:
        """The stated value with its unit and hedge, in the language in force."""
        claim = self.claim
        return stated_text(claim.stated, claim.stated_per) if claim.stated else ""

    @property
    def filled(self) -> str:
        """The formula with the numbers filled in."""
        return self.recomputed.filled if self.recomputed and self.claim.formula else ""

    @property
    @once_a_language
    def why(self) -> str:
        """The rule that fired and what the source says, in the language in force."""
        claim = self.claim
        parts: list[str] = []
        if claim.decided_by == "computed" and self.finding and self.recomputed and claim.stated:
            parts.append(
                rule_sentence(
                    self.finding,
                    self.stated_text,
                    bare_text(claim.stated, claim.stated_per),
                    self.recomputed_text,
                    (claim.stated.unit.dimension_word, self.recomputed.unit.dimension_word),
                )
            )
            parts.append(bound_sentence(claim.bound, claim.stated.hedge))
        else:
            sources = ", ".join(claim.sources)
            parts.append(
                _("Decided by a document ({sources}), not by a formula:").format(sources=sources)
            )
        parts.append(claim.note.get(language()) or claim.note.get("en", ""))
        gap = "" if language() == "zh" else " "
        return gap.join(p for p in parts if p)

    def to_json(self) -> dict[str, Any]:
        """Plain values: id, system, decided_by, verdict, stated, recomputed, unit, why in both languages, sources."""
        claim, unit = self.claim, self.unit
        stated: float | list[float] | None = None
        if claim.stated is not None and unit is not None:
            same = claim.stated.unit.same_dimension(unit)
            shown = claim.stated.to(unit) if same else claim.stated
            stated = _numbers(shown.low, shown.high, shown.value)
        found: float | list[float] | None = None
        if self.recomputed is not None and unit is not None:
            r = self.recomputed.to(unit)
            found = _numbers(r.low, r.high, r.value)
        why = in_each_language(lambda: self.why)
        return {
            "id": claim.id,
            "system": claim.system,
            "decided_by": claim.decided_by,
            "verdict": self.verdict,
            "stated": stated,
            "recomputed": found,
            "unit": unit.text if unit is not None else None,
            "why_en": why["en"],
            "why_zh": why["zh"],
            "sources": self.source_keys,
        }

    @property
    def source_keys(self) -> list[str]:
        """Keys of everything the verdict rests on."""
        keys = [*self.claim.sources, *(i.source_key for i in self.claim.inputs.values())]
        return [k for k in dict.fromkeys(keys) if k]


def _numbers(low: float, high: float, value: float) -> float | list[float]:
    def tidy(x: float) -> float:
        return float(f"{x:.12g}")

    return tidy(value) if low == high else [tidy(low), tidy(high)]


@dataclass(frozen=True)
class Audit:
    """All claims of an article with their verdicts."""

    article: Article
    results: tuple[Result, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Claims by verdict, in the order of the rules."""
        return {v: sum(r.verdict == v for r in self.results) for v in VERDICTS}

    @property
    def access_counts(self) -> dict[str, int]:
        """Inputs by how they were come by: the audit is judged by its own standard."""
        marks = [i.access for r in self.results for i in r.claim.inputs.values()]
        return {mark: marks.count(mark) for mark in ("read", "quoted", "memory")}

    @property
    def systems(self) -> list[str]:
        """Systems in the order of the article."""
        return list(dict.fromkeys(r.claim.system for r in self.results))

    def only(
        self, system: str | None = None, verdict: str | None = None, decided_by: str | None = None
    ) -> Audit:
        """The claims of one system, verdict or way of deciding.

        Raises
        ------
        ClaimError
            If no claim has that system or verdict.
        """
        from taotie.errors import nearest

        known = {
            "system": (system, self.systems),
            "verdict": (verdict, list(VERDICTS)),
            "decided_by": (decided_by, ["computed", "documented"]),
        }
        for name, (value, values) in known.items():
            if value is not None and value not in values:
                raise ClaimError(
                    _("{name}={value} is not an input of this file.").format(
                        name=name, value=repr(value)
                    ),
                    nearest(value, values),
                )
        kept = tuple(
            r
            for r in self.results
            if system in (None, r.claim.system)
            and verdict in (None, r.verdict)
            and decided_by in (None, r.claim.decided_by)
        )
        return Audit(self.article, kept)

    def result(self, claim_id: str) -> Result:
        """The result of one claim."""
        claim = self.article.claim(claim_id)
        return next(r for r in self.results if r.claim.id == claim.id)

    def to_json(self) -> dict[str, Any]:
        """Plain values: counts by verdict, and the claims."""
        return {"counts": self.counts, "claims": [r.to_json() for r in self.results]}


def audit_claims(claims: str | Path | Article = "article") -> Audit:
    """Recompute every claim of a file.

    Parameters
    ----------
    claims : str, Path or Article
        A claims file, the name of a shipped one, or an article already read.

    Raises
    ------
    ClaimError
        If the file or one of its formulas cannot be read or evaluated.

    Examples
    --------
    >>> audit = audit_claims("article")
    >>> audit.counts["unit error"], sum(audit.counts.values())
    (4, 98)
    >>> audit.result("h100-42mwh").verdict
    'unit error'
    """
    article = claims if isinstance(claims, Article) else read_claims(claims)
    return Audit(article, tuple(audited(c, article) for c in article.claims))


def audited(claim: Claim, article: Article) -> Result:
    """One claim recomputed.

    Raises
    ------
    ClaimError
        If its formula cannot be evaluated; the message names claim and field.
    """
    numbers = {name: i.numbers for name, i in claim.inputs.items()}
    recomputed = _evaluated(claim, article, "formula", claim.formula, numbers)
    alternative = None
    if claim.alternative is not None:
        alternative = _evaluated(claim, article, "alternative", claim.alternative.formula, numbers)
    if claim.decided_by == "computed":
        assert claim.stated is not None  # the reader refuses a computed claim without one
        assert recomputed is not None
        found = finding(claim.stated, recomputed)
        return Result(
            claim, found.verdict, found, recomputed, alternative=alternative,
            would_need=_would_need(claim, article, numbers) if found.verdict == "inconsistent with source" else {},
        )  # fmt: skip
    supports = recomputed is not None
    shown = recomputed or _as_recomputed(claim.source_value)
    proposal = _as_recomputed(claim.source_value) or recomputed
    found_by_rule = None
    if claim.stated and proposal and claim.stated.unit.same_dimension(proposal.unit):
        found_by_rule = finding(claim.stated, proposal)
    return Result(
        claim,
        claim.verdict,
        found_by_rule,
        shown,
        formula_supports=supports,
        alternative=alternative,
    )


def _as_recomputed(value: Input | None) -> Recomputed | None:
    if value is None:
        return None
    return Recomputed(value.value, value.low, value.high, value.low, value.high, value.unit)


def _evaluated(
    claim: Claim, article: Article, field_name: str, formula: str, numbers: Mapping[str, Input]
) -> Recomputed | None:
    if not formula:
        return None
    try:
        return evaluated(formula, numbers, article.counted)
    except TaotieError as error:
        raise ClaimError(
            _("{file}: claim {id}, field {name}: {what}").format(
                file=article.path, id=claim.id, name=field_name, what=error.message
            ),
            error.hint,
        ) from None


def _would_need(
    claim: Claim, article: Article, numbers: Mapping[str, Input]
) -> dict[str, tuple[float, Unit]]:
    """For each input, the value that would make the claim true: where two sources were spliced, it is telling."""
    assert claim.stated is not None
    needed: dict[str, tuple[float, Unit]] = {}
    for name, given in numbers.items():
        if given.has_range or not given.value:
            continue

        def at(factor: float, name: str = name, given: Input = given) -> float:
            moved = Input(given.value * factor, given.unit, given.low * factor, given.high * factor)
            return evaluated(claim.formula, {**numbers, name: moved}, article.counted).value

        try:
            one, two, four = at(1.0), at(2.0), at(4.0)
        except (TaotieError, FormulaError):
            continue
        unit = evaluated(claim.formula, numbers, article.counted).unit
        target = claim.stated.value * claim.stated.unit.factor_to(unit)
        if not one or not target:
            continue
        # only inputs the value follows in direct or inverse proportion
        for power in (1, -1):
            if abs(two / one / 2.0**power - 1) < 1e-9 and abs(four / one / 4.0**power - 1) < 1e-9:
                needed[name] = (given.value * (target / one) ** power, given.unit)
    return needed


def needed_text(result: Result) -> str:
    """The inputs that would make a wrong claim true, in the language in force."""
    if not result.would_need:
        return ""
    parts = [
        _("{name} = {value} instead of {now}").format(
            name=name,
            value=quantity(value, unit, 3),
            now=quantity(result.claim.inputs[name].numbers.value, unit, 3),
        )
        for name, (value, unit) in result.would_need.items()
    ]
    return _("It would be true with {changes}.").format(changes=_(" or ").join(parts))
