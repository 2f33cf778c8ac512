"""No name that programs read in answers, records and results goes unnoticed, also where no question of the tests leads.

The names stand in tests/cases/answers/names.txt, written by tools/pin_names.py; each that goes is told in `changes/`.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pin() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pin_names", ROOT / "tools" / "pin_names.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_published_no_name_is_gone(pin: ModuleType) -> None:
    now = pin.names()
    assert pin.gone(now) == []
    assert {room: len(found) > 50 for room, found in now.items()} == dict.fromkeys(pin.ROOMS, True)


def test_worked_what_counts_as_a_name(pin: ModuleType) -> None:
    text = 'Said("no_meter", N_("x"))\nwalk.note(\n    "one", n=1)\nColumn("bus", "MW")\nwalk.keep("pue", x)\n'
    text += 'rows = {"load_mw": 1, **{"a.b": 2}, "Not a name": 3, kind: "chat"}\nspan = x["low":"high"]\n'
    assert pin.names_in(text) == {
        "sentence no_meter", "sentence one", "column bus", "figure pue", "key load_mw", "key a.b",
    }  # fmt: skip
    room = {"answer": pin.pinned()["answer"] - {"column bus"}, **{r: pin.pinned()[r] for r in ("study", "policy")}}  # fmt: skip
    assert pin.gone(room) == ["answer column bus"]
