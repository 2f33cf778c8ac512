"""What stands in a printed cell: a rounded number, its unit, its range, its words, in both languages.

The cells stand in tests/cases/answers/cells.txt, written by tools/pin_cells.py and read by a person when one changes.
"""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from taotie.quantity.figure import leaf
from taotie.quantity.sampling import sampling

ROOT = Path(__file__).resolve().parents[2]


def _pin() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pin_cells", ROOT / "tools" / "pin_cells.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_published_every_cell_reads_as_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _pin()
    monkeypatch.setenv("COLUMNS", made.COLUMNS)
    ours = made.written(made.lines()).splitlines()
    pinned = made.PINNED.read_text("utf-8").splitlines()
    differ = [f"was: {p}\nnow: {o}" for o, p in zip(ours, pinned, strict=False) if o != p]
    assert not differ, "\n".join(differ[:5])
    assert len(ours) == len(pinned)


def test_worked_what_an_assistant_is_handed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Account, answer and every figure's row as one JSON; here, where its lines are seen, and not in a working process."""
    from taotie.answer.answer import Answer
    from taotie.app.api.worker import answer_text
    from taotie.app.mcp import account

    with sampling(200, 1):
        answer = _pin().answer()
        asked: list[Any] = []

        def ask(name: str, tell: Any = None, **settings: Any) -> Answer:
            asked.append((name, tell, settings))
            return answer

        monkeypatch.setattr(account, "ask", ask)
        told = json.loads(account.told("prompt", {"samples": 7}, print))
        assert asked == [("prompt", print, {"samples": 7})]
        assert told == {"account": account.account(answer), "json": answer_text(answer), "rows": told["rows"]}  # fmt: skip
        names = ("key", "name", "value", "range", "unit", "boundary", "kind")
        assert told["rows"] == [{n: getattr(r, n) for n in names} for r in answer.shown(every=True)]
        assert len(told["rows"]) > len(answer.shown())


def test_worked_a_column_known_to_few_digits_prints_no_more() -> None:
    """Where a table would print more of a number than it is known to."""
    from taotie.answer.answer import Column

    three, two = Column("mw", "MW", digits=3), Column("mw", "MW", words=str.upper, digits=2)
    assert [three.shown(v) for v in (1287.4, 0.012345, 123456.0)] == ["1 290", "0.0123", "123 000"]
    assert [two.shown(v) for v in (1287.4, 9.96, math.nan, -math.inf)] == ["1 300", "10", "nan", "-inf"]  # fmt: skip
    assert [two.shown(v) for v in (1287, "ab", None, True)] == [1287, "AB", None, True]
    assert Column("mw").shown(1287.4) == 1287.4


def test_worked_a_long_name_of_a_figure_is_printed_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from taotie.answer.answer import Answer
    from taotie.app.cli.shown import print_rows

    monkeypatch.setenv("COLUMNS", "60")
    named = {word: leaf(word, value=1.0, unit="MW", kind="assumed", note="x", label={"en": 150 * word, "zh": word}) for word in "wq"}  # fmt: skip
    print_rows(Answer("long", figures=named))
    shown = capsys.readouterr().out
    assert [shown.count(word) for word in "wq"] == [150, 150]
