"""Keep pint's answers on the units of everyday sentences and of our studies: `python tools/unit_answers.py`.

After `units.txt` has changed the kept answers are not used until this has run again; a test says so.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from taotie.audit.against import against
from taotie.audit.article_text import audit_text
from taotie.audit.catalogue_search import entries
from taotie.audit.check import check
from taotie.audit.reading import read
from taotie.errors import TaotieError
from taotie.fleet.forecast import fleet_forecast
from taotie.quantity import unit
from taotie.quantity.unit_text import WORDS, Unit, parse_unit
from taotie.study.read import read_study
from taotie.study.run import run_study

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases" / "audit"
STUDIES = ROOT / "studies"
QUESTIONS = ("canonical", "dimension", "factor", "product", "quotient")
COMMON = ("Wh", "kWh", "MWh", "GWh", "TWh", "W", "kW", "MW", "GW", "TW", "Wh/request", "TWh/a", "MWh/d", "kWh/d", "GW/a", "%", "1", "h", "d", "a", "request",
          "request/d", "household", "accelerator", "server", "person", "image", "token", "USD", "USD/a", "t", "kg", "tCO2e", "MtCO2e", "L", "ML", "m3", "gCO2e/kWh",
          "L/kWh", "USD/kWh", "USD/MWh", "min", "s", "month", "week", "J", "kJ", "MJ")  # fmt: skip


def main() -> None:
    """Ask everything once, without what was kept, and write what was answered."""
    asked: dict[str, dict[str, Any]] = {question: {} for question in QUESTIONS}
    unit._answers = dict  # type: ignore[assignment]
    for question in QUESTIONS:
        _listen(question, asked[question])
    _ask()
    registry = unit.registry()
    prefixes = sorted({str(p) for p in registry._prefixes})
    names = {str(n) for n in registry._units if not any(c in str(n) for c in "_ ")}
    bare = {n for n in names if not any(p and n.startswith(p) and n[len(p) :] in names for p in prefixes)}  # fmt: skip
    kept = {
        "units": hashlib.sha256(unit.UNITS.read_bytes()).hexdigest(),
        "prefixes": prefixes,
        "names": sorted(bare | (names & set(COMMON))),
        **{q: dict(sorted(found.items())) for q, found in asked.items()},
    }
    text = json.dumps(kept, ensure_ascii=False, indent=0, separators=(",", ":"))
    unit.ANSWERS.write_text(text + "\n", encoding="utf-8")
    print({q: len(found) for q, found in asked.items()}, len(kept["names"]))


def _listen(question: str, found: dict[str, Any]) -> None:
    own: Callable[..., Any] = getattr(unit, question)

    @functools.wraps(own)
    def heard(*names: Any) -> Any:
        answer = own(*names)
        if all(isinstance(n, str) and n and " " not in n for n in names):
            found[" ".join(names)] = answer
        return answer

    setattr(unit, question, heard)


def _ask() -> None:
    for study in ("chat_service", "closed_model", "training_run"):
        _quietly(lambda s=study: run_study(read_study(STUDIES / f"{s}.toml")))
    _quietly(lambda: fleet_forecast().drivers())
    for word in (*WORDS, *COMMON, *{e.unit for e in entries().values()}):
        _quietly(lambda word=word: parse_unit(word)[1].dimension_word)
        for other in COMMON:
            a, b = Unit(word), Unit(other)
            _quietly(lambda a=a, b=b: a.same_dimension(b) and a.factor_to(b))
    for path in sorted(CASES.rglob("*.csv")):
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                says = row.get("says") or ""
                if says:
                    _quietly(lambda s=says: against(read(s)))
                if says and row.get("from"):
                    _quietly(lambda s=says, r=row: check(s, r["from"]).text())
    for path in sorted(CASES.rglob("*.txt")):
        _quietly(lambda p=path: audit_text(p.read_text(encoding="utf-8")))


def _quietly(ask: Callable[[], Any]) -> None:
    with contextlib.suppress(TaotieError):
        ask()


if __name__ == "__main__":
    main()
