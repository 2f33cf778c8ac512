"""How well is an article read? Numbers found, read right, right ones accused, planted errors caught.

    python tools/score_article.py ARTICLE.txt ... [--list]

Beside each text stands a table of the same name (.csv) with the columns text, low, high (or value), unit and truth (or expected: right, wrong or open).
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

from taotie.audit import verdict as verdicts
from taotie.audit.article_text import TextAudit, audit_text
from taotie.audit.reading import Quantity
from taotie.errors import TaotieError
from taotie.quantity.unit_text import Unit, parse_unit

ACCUSED = (verdicts.UNIT_ERROR, verdicts.INCONSISTENT, verdicts.OUTDATED)
PERIODS = ("d", "a", "month", "request", "accelerator", "household")


def read_right(q: Quantity, low: float, high: float, unit: Unit) -> bool:
    """Is the number the one expected, in the unit expected or in that without what it is per?"""
    wanted = [unit, *(unit * Unit(p) for p in PERIODS if unit.text.endswith(f"/{p}"))]
    carbon = Unit("gCO2e") / Unit("g")  # tons of it are tons
    owns = [q.unit, q.bare, *(u / Unit(c) for c in q.counts for u in (q.unit, q.bare))]
    for own in owns:
        for want in [*wanted, *(w / carbon for w in wanted), *(w * carbon for w in wanted)]:
            if own.same_dimension(want):
                factor = own.factor_to(want)
                ends = ((q.low, low), (q.high, high))
                if all(abs(x * factor - y) <= 0.011 * abs(y) for x, y in ends):
                    return True
    return False


def places(text: str, rows: list[dict[str, str]]) -> list[int]:
    """Where each row's text stands: behind the row before it if it does there, and at no number that is only a part of another."""
    found: list[int] = []
    for row in rows:
        begins = r"(?<![0-9.,])" if row["text"][:1].isdigit() else ""
        wanted = re.compile(begins + re.escape(row["text"]))
        last = max((at for at in found if at >= 0), default=-1)
        at = wanted.search(text, last + 1) or wanted.search(text)
        found.append(at.start() if at else text.find(row["text"]))
    return found


def scored(path: Path, listed: bool) -> dict[str, list[str]]:
    """Rows by what became of them."""
    text = path.read_text(encoding="utf-8")
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = [
            {
                "low": r.get("value", ""),
                "high": r.get("value", ""),
                "truth": r.get("expected", "open"),
            }
            | r
            for r in csv.DictReader(file)
        ]
    audit: TextAudit = audit_text(text, path.stem)
    made: dict[str, list[str]] = {k: [] for k in ("all", "missed", "misread", "accused", "wrong", "caught")}  # fmt: skip
    starts = places(text, rows)
    spots = [audit.reading.place(c.quantity) for c in audit.claims]
    for row, at in zip(rows, starts, strict=True):
        if not row["low"] or at < 0:
            continue
        made["all"].append(row["text"])
        near = [
            c for c, (a, b) in zip(audit.claims, spots, strict=True) if a < at + len(row["text"]) and b > at
        ]  # fmt: skip
        try:
            scale, unit = parse_unit(row["unit"])
        except TaotieError:
            scale, unit = 1.0, Unit(row["unit"])
        if not near:
            made["missed"].append(row["text"])
        elif not any(read_right(c.quantity, float(row["low"]) * scale, float(row["high"]) * scale, unit) for c in near):  # fmt: skip
            made["misread"].append(f"{row['text']} [{row['unit']}] as " + "; ".join(f"{c.quantity.low:g} {c.quantity.unit.text}" for c in near))  # fmt: skip
    accused = [
        (a, b, f"{c.verdict} {c.best.entry.key if c.best else ''}")
        for c, (a, b) in zip(audit.claims, spots, strict=True)
        if c.verdict in ACCUSED
    ]
    accused += [
        (*audit.reading.place(b.whole), f"between {[p.text for p in b.parts]} {b.ratio:.3g}")
        for b in audit.between
        if b.verdict in ACCUSED
    ]
    wrong = [(at, at + len(r["text"])) for r, at in zip(rows, starts, strict=True) if r["truth"] == "wrong"]  # fmt: skip
    made["wrong"] = [text[a:b] for a, b in wrong]
    made["caught"] = [text[a:b] for a, b in wrong if any(x < b and y > a for x, y, _why in accused)]
    made["accused"] = [
        f"{text[x:y]} ({why})"
        for x, y, why in accused
        if not any(x < b and y > a for a, b in wrong)
    ]
    if listed:
        for key in ("missed", "misread", "accused"):
            for what in made[key]:
                print(f"  {key}: {what}")
        for what in made["wrong"]:
            if what not in made["caught"]:
                print(f"  not caught: {what}")
    return made


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("files", nargs="+", type=Path)
    reader.add_argument("--list", action="store_true", help="name what is missed")
    asked = reader.parse_args()
    for path in asked.files:
        made = scored(path, asked.list)
        found = len(made["all"]) - len(made["missed"])
        print(
            f"{path.stem}: {len(made['all'])} numbers, found {found} ({100 * found / max(len(made['all']), 1):.0f} %), read right "
            f"{found - len(made['misread'])} ({100 * (found - len(made['misread'])) / max(found, 1):.0f} %); accused {len(made['accused'])}; "
            f"wrong {len(made['wrong'])}: caught {len(made['caught'])}"
        )


if __name__ == "__main__":
    main()
