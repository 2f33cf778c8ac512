"""What stands in a printed cell: a rounded number, its unit, its range, its words, in both languages.

The cells stand in tests/cases/answers/cells.txt, written by tools/pin_cells.py and read by a person when one changes.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_published_every_cell_reads_as_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("pin_cells", ROOT / "tools" / "pin_cells.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    monkeypatch.setenv("COLUMNS", made.COLUMNS)
    ours = made.written(made.lines()).splitlines()
    pinned = made.PINNED.read_text("utf-8").splitlines()
    differ = [f"was: {p}\nnow: {o}" for o, p in zip(ours, pinned, strict=False) if o != p]
    assert not differ, "\n".join(differ[:5])
    assert len(ours) == len(pinned)
