"""Errors planted in articles: shares, parts, multiples, sums, growth. Which are found by the articles' own numbers, and is anybody right accused?

Texts and answers, written down first, stand in tests/cases/audit/planted: two of ours, the rest by strangers.
"""

from __future__ import annotations

import csv
from pathlib import Path

from rows import each_row
from taotie.audit import verdict as verdicts
from taotie.audit.reading import read
from taotie.audit.related import related

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "audit" / "planted"
LEAST_CAUGHT = {
    "redstone": 7,
    "qingshi": 5,
    "nordhavn": 6,
    "linden": 4,
    "yunling": 4,
    "harbor": 0,
    "saltlake": 0,
    "isle": 1,
    "guichuan": 1,
    "estmark": 3,
    "lanshi": 2,
}


@each_row("name", sorted(LEAST_CAUGHT))
def test_published_planted_errors_are_caught_and_nobody_right_is_accused(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    reading = read(text)
    told = [b for b in related(reading.form.text, reading.quantities) if b.verdict not in verdicts.HARMLESS]  # fmt: skip
    places = [(*reading.place(b.whole), b.whole.text) for b in told]
    wrong = [(text.rindex(r["text"]), r["text"]) for r in rows if r["expected"] == "wrong"]
    caught = [w for at, w in wrong if any(a < at + len(w) and b > at for a, b, _t in places)]
    accused = [t for a, b, t in places if not any(a < at + len(w) and b > at for at, w in wrong)]
    assert not accused
    assert len(caught) >= LEAST_CAUGHT[name], set(dict(wrong).values()) - set(caught)
