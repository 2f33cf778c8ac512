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
