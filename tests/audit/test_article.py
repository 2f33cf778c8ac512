"""The article of April 2024: 98 claims, 51 formulas, 36 computed verdicts; and what happens when a number is moved."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rows import each_row
from taotie.audit.article import Audit, Result, audit_claims, audited, needed_text
from taotie.audit.article_text import audit_text
from taotie.audit.claim import Claim
from taotie.audit.claims_file import memory_marked, read_claims
from taotie.audit.verdict import (
    HARMLESS,
    INCONSISTENT,
    REPRODUCES,
    ROUNDING,
    UNIT_ERROR,
    VERDICTS,
)
from taotie.quantity import catalog
from taotie.quantity.unit_text import Unit, parse_unit

CASE = Path(__file__).resolve().parents[1] / "cases" / "audit" / "article_2024_04_09"
UNIT_ERRORS = {"h100-42mwh", "helion-1-25", "hf-2.9kwh-image", "twh-def"}


def expected() -> list[dict[str, str]]:
    with (CASE / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def audit() -> Audit:
    return audit_claims("article")


def computed_ids() -> list[str]:
    return [row["id"] for row in expected() if row["decided_by"] == "computed"]


@each_row("row", expected(), ids=lambda row: row["id"])
def test_published_verdicts(audit: Audit, row: dict[str, str]) -> None:
    result = audit.result(row["id"])
    assert (result.claim.decided_by, result.verdict) == (row["decided_by"], row["verdict"])


@each_row(
    "row", [r for r in expected() if r["expected"] or r["expected_low"]], ids=lambda row: row["id"]
)
def test_published_formulas_within_two_in_a_thousand(audit: Audit, row: dict[str, str]) -> None:
    result = audit.result(row["id"])
    assert result.recomputed is not None
    per, unit = (1e-3, "kWh/inference") if "1000" in row["unit"] else (1.0, row["unit"])
    found = result.recomputed.to(parse_unit(unit, audit.article.counted)[1])
    pairs = [(found.value, row["expected"])]
    if row["expected_low"]:
        pairs = [(found.low, row["expected_low"]), (found.high, row["expected_high"])]
    for value, text in pairs:
        assert value == pytest.approx(float(text) * per, rel=2e-3)


def test_published_numbers_of_claims_and_formulas(audit: Audit) -> None:
    rows = expected()
    assert len(rows) == len(audit.results) == 98
    assert sum(bool(r.claim.formula) for r in audit.results) == 51
    assert sum(r.claim.decided_by == "computed" for r in audit.results) == 36


def test_published_counts(audit: Audit) -> None:
    assert audit.counts == {
        "reproduces": 43, "rounding": 13, "unit error": 4, "inconsistent with source": 17, "outdated": 7,
        "not checkable": 14,
    }  # fmt: skip


def test_published_unit_errors_are_found_by_the_rules_alone(audit: Audit) -> None:
    assert {r.claim.id for r in audit.results if r.verdict == UNIT_ERROR} == UNIT_ERRORS
    assert audit.result("h100-42mwh").finding.rule == "dimension"  # type: ignore[union-attr]
    assert audit.result("hf-2.9kwh-image").finding.power == 1  # type: ignore[union-attr]
    assert audit.result("twh-def").finding.power == -1  # type: ignore[union-attr]


def test_no_verdict_is_stored_for_a_computed_claim() -> None:
    article = read_claims()
    assert all(not c.verdict for c in article.claims if c.decided_by == "computed")
    text = (Path(catalog.DATA) / "claims" / "article_2024_04_09.toml").read_text(encoding="utf-8")
    blocks = [b for b in text.split("[[claim]]")[1:] if 'kind = "computed"' in b]
    assert len(blocks) == 36
    assert not any("\nverdict" in b for b in blocks)


def test_inputs_of_computed_claims_are_catalogue_figures() -> None:
    for claim in read_claims().claims:
        if claim.decided_by == "computed":
            assert all(i.figures for i in claim.inputs.values()), claim.id


def test_every_source_is_in_the_catalogue() -> None:
    known = set(catalog.source_keys())
    for claim in read_claims().claims:
        keys = {*claim.sources, *(i.source_key for i in claim.inputs.values())}
        assert keys <= known, claim.id


# ---- moving the stated value --------------------------------------------------------------------


def moved(audit: Audit, claim_id: str, factor: float) -> Result:
    claim = audit.article.claim(claim_id)
    assert claim.stated is not None
    changed = replace(claim, stated=claim.stated.scaled(factor))
    return audited(changed, audit.article)


def allowed_by_hand(claim: Claim, before: Result, factor: float) -> set[str]:
    """Verdicts a moved value may get, by arithmetic on the numbers, written without the rules' code."""
    stated, found = claim.stated, before.recomputed
    assert stated is not None
    assert found is not None
    c = found.to(stated.unit)
    ratio = factor * stated.value / c.value
    if stated.hedge == "greater":
        return {REPRODUCES} if factor * stated.value < c.low else {INCONSISTENT}
    if any(abs(ratio / 1000.0**k - 1) <= 0.05 for k in (-3, -2, -1, 1, 2, 3)):
        return {UNIT_ERROR}
    if stated.hedge in ("at_least", "at_most"):
        size = 1 / ratio if stated.hedge == "at_least" else ratio
        if 0.999 <= size <= 1.10:
            return {REPRODUCES}
        return {ROUNDING} if 0.95 <= size <= 1.50 else {INCONSISTENT}
    band, near = (0.10, 0.20) if stated.hedge == "comparable" else (0.0, 0.05)
    low, high = sorted((factor * stated.low * (1 - band), factor * stated.high * (1 + band)))
    tol = factor * stated.tol
    gap = max(c.widest_low - high, low - c.widest_high, 0.0)
    if gap > (near + 0.02) * abs(c.high) + tol:
        return {INCONSISTENT}
    if gap > 0.9 * near * abs(c.low):
        return {ROUNDING, INCONSISTENT}
    if gap == 0 and not c.has_range and not stated.is_range:
        return {REPRODUCES}
    if abs(ratio - 1) < 1e-9 and not c.has_range:
        return {REPRODUCES}
    return {REPRODUCES, ROUNDING}


@pytest.mark.parametrize("claim_id", computed_ids())
@pytest.mark.parametrize("factor", [2.0, 0.5, 1000.0, 0.001])
def test_moved_stated_value_changes_the_verdict(audit: Audit, claim_id: str, factor: float) -> None:
    before = audit.result(claim_id)
    after = moved(audit, claim_id, factor)
    if before.finding is not None and before.finding.rule == "dimension":
        assert after.verdict == UNIT_ERROR  # no factor mends a wrong dimension
    else:
        assert after.verdict in allowed_by_hand(before.claim, before, factor)


@each_row("claim_id", computed_ids())
def test_twice_the_stated_value_is_no_longer_right(audit: Audit, claim_id: str) -> None:
    before, after = audit.result(claim_id), moved(audit, claim_id, 2.0)
    hedge = before.claim.stated.hedge  # type: ignore[union-attr]
    if before.verdict == REPRODUCES and hedge != "greater":
        assert after.verdict != REPRODUCES


@each_row("claim_id", computed_ids())
def test_a_thousandfold_right_value_is_a_unit_error(audit: Audit, claim_id: str) -> None:
    before, after = audit.result(claim_id), moved(audit, claim_id, 1000.0)
    hedge = before.claim.stated.hedge  # type: ignore[union-attr]
    if before.finding.ratio and abs(before.finding.ratio - 1) <= 0.05 and hedge != "greater":  # type: ignore[union-attr]
        assert after.verdict == UNIT_ERROR
    assert after.verdict != REPRODUCES or claim_id == "twh-def"


@each_row("claim_id", computed_ids())
def test_another_dimension_is_a_unit_error(audit: Audit, claim_id: str) -> None:
    claim = audit.article.claim(claim_id)
    assert claim.stated is not None
    other = replace(claim.stated, unit=claim.stated.unit * Unit("lb"))
    result = audited(replace(claim, stated=other), audit.article)
    assert (result.verdict, result.finding.rule) == (UNIT_ERROR, "dimension")  # type: ignore[union-attr]


@each_row("claim_id", computed_ids())
def test_moved_input_moves_the_result(audit: Audit, claim_id: str) -> None:
    claim = audit.article.claim(claim_id)
    before = audit.result(claim_id).recomputed
    for name, given in claim.inputs.items():
        if name not in claim.formula:
            continue
        n = given.numbers
        more = replace(n, value=n.value * 3, low=n.low * 3, high=n.high * 3)
        inputs = {**claim.inputs, name: replace(given, numbers=more)}
        after = audited(replace(claim, inputs=inputs), audit.article).recomputed
        assert after.value != before.value  # type: ignore[union-attr]


# ---- what is said --------------------------------------------------------------------------------


def test_worked_splices_are_named(audit: Audit) -> None:
    needed = audit.result("households-17k").would_need
    assert needed["per_household"][0] == pytest.approx(33.18, abs=0.01)
    assert needed["energy"][0] == pytest.approx(493, abs=0.1)
    assert "33.2 kWh" in needed_text(audit.result("households-17k"))


def test_worked_slips_of_the_article(audit: Audit) -> None:
    kinds = {r.claim.id: r.likely_slip.kind for r in audit.results if r.likely_slip}
    assert kinds == {
        "twh-def": "thousand", "hf-2.9kwh-image": "per_thousand", "h100-42mwh": "power_energy",
        "helion-1-25": "power_energy",
    }  # fmt: skip


def test_worked_what_the_rules_would_say_of_documented_claims(audit: Audit) -> None:
    # a qualifier lost or another quantity: only a person sees it
    differ = {r.claim.id: r.rules_alone for r in audit.results if r.rules_alone}
    assert differ == {
        "palisades-loan": "reproduces", "georgia-17x": "reproduces", "helion-ppa": "reproduces",
    }  # fmt: skip


def test_worked_alternatives(audit: Audit) -> None:
    values = {
        "households-17k": ("household", 17241.4), "fleet-11.4m-chips": ("TWh/a", 81.14), "moon": ("roundtrip", 0.9155), "hf-eq-100": ("request/inference", 1000.0),
        "aisearch-8.9": ("Wh/request", 6.933), "h100-42mwh": ("GWh", 374.1), "helion-1-25": ("1", 306.3),
        "phone-100": ("charge", 24.17), "chatgpt-564mwh": ("MWh/d", 580.0),
    }  # fmt: skip
    for claim_id, (unit, value) in values.items():
        found = audit.result(claim_id).alternative
        assert found is not None
        unit_of = parse_unit(unit, audit.article.counted)[1]
        assert found.to(unit_of).value == pytest.approx(value, rel=1e-3), claim_id


def test_worked_upper_bound_told_as_typical_is_said(audit: Audit) -> None:
    why = audit.result("chatgpt-2.9wh").to_json()["why_en"]
    assert "upper bound" in why


def test_json_has_the_promised_shape(audit: Audit) -> None:
    made = json.loads(json.dumps(audit.to_json(), allow_nan=False))
    assert set(made) == {"counts", "claims"}
    assert list(made["counts"]) == list(VERDICTS)
    assert sum(made["counts"].values()) == len(made["claims"]) == 98
    keys = {
        "id", "system", "decided_by", "verdict", "stated", "recomputed", "unit", "why_en", "why_zh", "sources",
    }  # fmt: skip
    for claim in made["claims"]:
        assert set(claim) == keys
        assert claim["why_en"]
        assert any("\u4e00" <= c <= "\u9fff" for c in claim["why_zh"])
        if claim["decided_by"] == "computed":
            assert claim["recomputed"] is not None
            assert claim["unit"]
        else:
            assert claim["sources"]
    h100 = next(c for c in made["claims"] if c["id"] == "h100-42mwh")
    assert (h100["stated"], h100["recomputed"], h100["unit"]) == (42.0, 42.7, "MW")


def test_computed_and_documented_are_told_apart(audit: Audit) -> None:
    for result in audit.results:
        why = result.to_json()["why_en"]
        assert why.startswith("Decided by a document") == (result.claim.decided_by == "documented")


def test_filters(audit: Audit) -> None:
    grid = audit.only(system="grid")
    assert 0 < len(grid.results) < 98
    assert {r.claim.system for r in grid.results} == {"grid"}
    assert len(audit.only(verdict="unit error", decided_by="computed").results) == 4
    with pytest.raises(ValueError, match="griddd"):
        audit.only(system="griddd")


def test_access_is_counted_and_memory_is_listed(audit: Audit) -> None:
    counts = audit.access_counts
    assert set(counts) == {"read", "quoted", "memory"}
    listed = list(memory_marked(audit.article))
    assert counts["memory"] == len(listed)
    for claim_id, name, source in listed:
        assert audit.article.claim(claim_id).inputs[name].access == "memory"
        assert source


def claims_with(verdict: str, audit: Audit) -> Iterator[Result]:
    return (r for r in audit.results if r.verdict == verdict)


def test_outdated_is_never_computed(audit: Audit) -> None:
    for verdict in ("outdated", "not checkable"):
        assert all(r.claim.decided_by == "documented" for r in claims_with(verdict, audit))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("一座数据中心每天耗电564兆瓦时。一户美国家庭每天平均用电29千瓦时。也就是说，它一天的用电相当于{}万户家庭。", (("1.7", False), ("1.94", True))),
        ("A campus uses 564 MWh a day. An American home uses 29 kWh a day. That is as much as {} homes use.", (("17,000", False), ("19,400", True))),
    ],
)  # fmt: skip
def test_a_count_that_a_text_concludes_is_held_against_its_parts(
    text: str, told: tuple[tuple[str, bool], ...]
) -> None:
    for number, right in told:
        found = audit_text(text.format(number)).between
        assert [b.verdict in HARMLESS for b in found] == [right]
