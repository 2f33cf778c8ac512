"""Every function of the room on both sides of its turns, and what each refuses: rules, forms, taxes, labels.

What they say stands in tests/cases/policy/turns.txt, written by tools/pin_policy.py and read by a person when it changes.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "pin_policy.py"


def test_published_every_turn_reads_as_it_did() -> None:
    spec = importlib.util.spec_from_file_location("pin_policy", TOOL)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    ours = dict(made.lines())
    pinned = dict(line.split(": ", 1) for line in made.PINNED.read_text("utf-8").splitlines())
    differ = [f"{k}\nwas: {pinned.get(k)}\nnow: {v}" for k, v in ours.items() if pinned.get(k) != v]
    assert not differ, "\n".join(differ[:5])
    assert list(ours) == list(pinned)
