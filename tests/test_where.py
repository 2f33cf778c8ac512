"""The map of the code names what exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMES = re.findall(r"`(taotie\.[\w.]+)`", (ROOT / "docs" / "where.md").read_text("utf-8"))


def test_worked_the_map_is_read() -> None:
    assert len(NAMES) >= 30
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_worked_every_name_imports_and_says_what_it_is(name: str) -> None:
    module, _dot, attribute = name.rpartition(".")
    found = getattr(importlib.import_module(module), attribute)
    assert found.__doc__


def test_worked_energy_per_request_is_found_by_its_question() -> None:
    table = (ROOT / "docs" / "where.md").read_text("utf-8")
    assert "| energy per request | Wh/request | `taotie.compute.energy.energy_per_request" in table
    assert (ROOT / "src/taotie/compute/energy/energy_per_request.py").is_file()


def test_property_every_quantity_is_reached_by_a_command_or_a_study_key() -> None:
    """From the questions, the commands and the kinds of a study, import by import."""
    import grimp

    from taotie.answer.asks import ASKS

    text = (ROOT / "docs" / "where.md").read_text("utf-8")
    rows = re.findall(r"^\| .+? \| (.+?) \| `(taotie\.[\w.]+)` \|", text, re.M)
    graph = grimp.build_graph("taotie", cache_dir=None)
    doors = ("taotie.app.", "taotie.study.workloads.", "taotie.study.steps.")
    open_ = [one.module for one in ASKS.values()]
    open_ += [m for m in graph.modules if m.startswith(doors)]
    reached: set[str] = set()
    while open_:
        module = open_.pop()
        if module not in reached:
            reached.add(module)
            open_ += graph.find_modules_directly_imported_by(module)
    quantities = [name for unit, name in rows if unit.strip() not in ("-", "")]
    lost = {name for name in quantities if name.rpartition(".")[0] not in reached}
    assert len(quantities) > 100
    assert not lost
