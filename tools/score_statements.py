"""How many of a file of statements are judged as they should be? Right ones accused, right ones left open, wrong ones caught.

    python tools/score_statements.py FILE.csv ... [--list]

A file has the columns says, from, source_range and expected (right, wrong, or several joined by "|").
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

from taotie.audit import verdict as verdicts
from taotie.audit.check import check
from taotie.errors import TaotieError


def said_of(row: dict[str, str]) -> tuple[str, str]:
    """ "right", "wrong" or "open", and why."""
    try:
        made = check(row["says"], row["from"] or "", source_range=row.get("source_range") or "")
    except TaotieError as error:
        return "open", f"{type(error).__name__}: {error.message}"
    word = made.verdict
    if word == verdicts.NOT_CHECKABLE:
        return "open", made.why
    how = f"{made.chosen.how} {made.chosen.main.text!r}" if made.chosen else ""
    return (
        "right" if word in verdicts.HARMLESS else "wrong"
    ), f"{made.finding.rule}: {how} against {made.recomputed.value:.4g} {made.recomputed.unit.text}"


def scored(path: Path, listed: bool) -> Counter[tuple[str, str]]:
    """Counts by truth and word."""
    counts: Counter[tuple[str, str]] = Counter()
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for n, row in enumerate(rows, 2):
        expected = ["open" if e == "refuse" else e for e in row["expected"].split("|")]
        truth = "right" if expected[0] == "right" else "wrong" if expected[0] == "wrong" else "open"
        said, why = said_of(row)
        counts[truth, truth if said in expected else said] += 1
        if listed and said not in expected:
            print(f"{path.name}:{n} {row['expected']} -> {said}: {row['says']}  [{row['from'] or row.get('source_range')}]\n    {why}")  # fmt: skip
    return counts


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("files", nargs="+", type=Path)
    reader.add_argument("--list", action="store_true", help="name what is judged otherwise")
    asked = reader.parse_args()
    for path in asked.files:
        counts = scored(path, asked.list)
        right = sum(n for (truth, _s), n in counts.items() if truth == "right")
        wrong = sum(n for (truth, _s), n in counts.items() if truth == "wrong")
        print(
            f"{path.name}: right {right}: accused {counts['right', 'wrong']}, open {counts['right', 'open']}; "
            f"wrong {wrong}: caught {counts['wrong', 'wrong']}"
            + (f" ({100 * counts['wrong', 'wrong'] / wrong:.1f} %)" if wrong else "")
            + f", open {counts['wrong', 'open']}, passed {counts['wrong', 'right']}"
        )


if __name__ == "__main__":
    main()
