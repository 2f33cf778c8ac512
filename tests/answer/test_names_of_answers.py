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
    text += 'Field("energy", x) if y else Field("energy", z)\nparse_quantity(v, "1", low=1.0, high=64.0, name="draft")\n'
    assert pin.names_in(text) == {
        "sentence no_meter": 1, "sentence one": 1, "column bus": 1, "figure pue": 1, "key load_mw": 1, "key a.b": 1, "field energy": 2,
        'range low=1.0, high=64.0, name="draft"': 1,
    }  # fmt: skip
    room = pin.pinned()
    assert room["policy"]["field energy"] > 1
    room["answer"]["column bus"] -= 1
    room["policy"]["field energy"] -= 1
    assert pin.gone(room) == ["answer column bus", "policy field energy"]
