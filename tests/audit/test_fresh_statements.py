"""Statements as they appear in print, the answers written down before they were tried: who is accused, refused, caught.

Each file was tried once as it was, one after the other; what failed in kind was mended after. The first counts
are in docs/concepts/verdicts.md.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from taotie.audit import verdict as verdicts
from taotie.audit.check import check
from taotie.errors import TaotieError

CASES = Path(__file__).resolve().parents[1] / "cases" / "audit"
ROUNDS = tuple(f"rounds/{p.name}" for p in sorted((CASES / "rounds").glob("*.csv")))
FILES = ("fresh_statements.csv", "later_statements.csv", "last_statements.csv", *ROUNDS)


def _said(row: dict[str, str]) -> str:
    try:
        verdict = check(
            row["says"], row["from"] or "", source_range=row["source_range"] or ""
        ).verdict
    except TaotieError:
        return "refuse"
    if verdict == verdicts.NOT_CHECKABLE:
        return "refuse"
    return "right" if verdict in verdicts.HARMLESS else "wrong"


@pytest.mark.parametrize("name", FILES)
def test_published_statements_apart(name: str) -> None:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    counts: Counter[tuple[str, str]] = Counter()
    failed = []
    every = [_said(row) for row in cases]
    for row, said in zip(cases, every, strict=True):
        expected = row["expected"].split("|")
        truth = "right" if expected[0] == "right" else "wrong"
        open_too = len(expected) > 1 and said in expected  # may be left open, said beforehand
        counts[truth, truth if open_too else said] += 1
        if said not in expected:
            failed.append((row["says"], row["expected"], said))
    right = sum(n for (truth, _s), n in counts.items() if truth == "right")
    wrong = len(cases) - right
    assert counts["right", "wrong"] <= 1, failed
    assert counts["right", "refuse"] <= 0.10 * right, failed
    assert counts["wrong", "wrong"] >= 0.95 * wrong, failed
    kinds = {r["kind"]: True for r in cases if r["kind"] in ("period added", "empty range")}
    for kind in kinds:
        assert all(
            said == "wrong"
            for r, said in zip(cases, every, strict=True)
            if r["kind"] == kind and r["expected"] == "wrong"
        )
