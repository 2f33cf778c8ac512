"""Write what the shipped studies give now into tests/cases/study: `python tools/pin_studies.py [name ...]`.

Only after a figure was meant to move: the same change says in `changes/` which, and why.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from taotie.study.run import run_study

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases" / "study"
WHY = "a figure of the report; moves only with a line in changes/"


def pin(name: str) -> None:
    """One study."""
    result = run_study(ROOT / "studies" / f"{name}.toml")
    folder = CASES / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "expected.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["key", "p05", "p50", "p95", "tolerance", "why"])
        for key, figure in result.figures.items():
            value = figure.value
            rows.writerow(
                [key, *(f"{v:.9g}" for v in (value.p05, value.p50, value.p95)), "1e-6", WHY]
            )
        for key, profile in result.profiles.items():
            for hour, row in enumerate(profile.percentiles().T):
                rows.writerow([f"{key}[{hour}]", *(f"{v:.9g}" for v in row), "1e-6", WHY])


if __name__ == "__main__":
    for study in sys.argv[1:] or sorted(p.stem for p in (ROOT / "studies").glob("*.toml")):
        pin(study)
