"""The map of the code names what exists."""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from rows import each_row

ROOT = Path(__file__).resolve().parents[1]
NAMES = re.findall(r"`(taotie\.[\w.]+)`", (ROOT / "docs" / "where.md").read_text("utf-8"))


def test_worked_the_map_is_read() -> None:
    assert len(NAMES) >= 30
    assert len(set(NAMES)) == len(NAMES)


@each_row("name", NAMES)
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


ANSWERS = ROOT / "tests" / "cases" / "answers"


@lru_cache(maxsize=1)
def _commands() -> Any:
    """The whole command tree."""
    from taotie.app.cli.main import build

    return build()


def _reached(said: str) -> bool:
    """Whether a command, an option, a key of a study or a part of a pinned answer is there."""
    from taotie.study.schema import Study

    if said.startswith("study: "):
        table, key = said.removeprefix("study: [").split("] ")
        part = Study.model_fields[table].annotation
        return key in part.model_fields  # type: ignore[union-attr]
    if ": " in said:
        ask, key = said.split(": ")
        pinned = (ANSWERS / f"{ask.replace(' ', '_')}.txt").read_text("utf-8")
        words = rf"^(?:(?:figure|table|series|said) )?{re.escape(key)}(?: #\d+)?(?: =|:| row| columns| \w)"
        # a setting that is refused by this name is no figure of the answer
        return any(
            "Error: " not in pinned[m.start() : pinned.find("\n", m.start())]
            for m in re.finditer(words, pinned, re.M)
        )
    name, _dash, option = said.partition(" --")
    command = _commands()
    for word in name.split():
        here = command.commands
        command = here[word] if word in here else here["grid"].commands[word]
    return not option or any(f"--{option}" in p.opts for p in command.params)


def test_property_every_row_of_a_quantity_names_what_asks_for_it() -> None:
    """An import is no door: the figure, the option or the key must be there for somebody to ask."""
    text = (ROOT / "docs" / "where.md").read_text("utf-8")
    rows = re.findall(r"^\| .+? \| (.*?) \| `taotie\.[\w.]+` \|(.*)\|$", text, re.M)
    asked = [said.strip() for unit, said in rows if unit.strip() not in ("-", "")]
    assert len(asked) > 140
    assert all(asked)
    assert [one for one in dict.fromkeys(asked) if not _reached(one)] == []
