"""Every worked number of the notes is held by a test that is named, and the number stands in it."""

from __future__ import annotations

import ast
import csv
import re
from functools import cache
from pathlib import Path

import pytest

from rows import each_row

ROOT = Path(__file__).resolve().parents[1]
with (ROOT / "tests" / "cases" / "notes" / "numbers.csv").open(
    encoding="utf-8", newline=""
) as _file:
    NUMBERS = list(csv.DictReader(_file))


@cache
def _parts(path: str) -> dict[str, str]:
    """Text of each function and constant of a file, its decorators with it."""
    text = (ROOT / path).read_text("utf-8")
    lines = text.split("\n")
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            first = min(node.lineno, *(d.lineno for d in node.decorator_list), node.lineno)
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = "\n".join(lines[node.lineno - 1 : node.end_lineno])
    return found


def stands_in(number: str, text: str) -> bool:
    """Is the number written in a text, with or without zeros at its ends and signs between thousands?"""
    short = number.rstrip("0").rstrip(".") if "." in number else number
    ways = {number, short, number.removeprefix("0"), short.removeprefix("0"), f"{float(number):_}"}
    every = "|".join(re.escape(way) for way in ways)
    return (
        re.search(rf"(?<![\d.])0?(?:{every})0*(?![\d])(?!\.\d)", text.replace(",", ", "))
        is not None
    )


@each_row("row", [r for r in NUMBERS if r["test"]], ids=lambda r: f"{r['section']} {r['number']}")
def test_worked_a_number_of_the_note_stands_in_its_test(row: dict[str, str]) -> None:
    path, _sep, name = row["test"].partition("::")
    assert name in _parts(path), f"{row['test']} is gone"
    assert stands_in(row["number"], _parts(path)[name])


def test_worked_what_no_test_holds_says_why() -> None:
    lacking = [r for r in NUMBERS if not r["test"]]
    assert all(len(r["why_not"]) > 20 for r in lacking)
    assert len(lacking) == 12
    assert len(NUMBERS) > 150


def test_worked_every_worked_number_of_a_footprint_has_its_test(shared_data: Path) -> None:
    path = shared_data / "footprint" / "goldens.csv"
    if not path.is_file():
        pytest.skip("the worked numbers of the note are not beside the project")
    with path.open(encoding="utf-8", newline="") as file:
        wanted = [row["id"] for row in csv.DictReader(file)]
    held = (
        _parts("tests/study/test_footprint.py")["OURS"]
        + _parts("tests/compute/metered/test_closed_model.py")["GOLDEN"]
    )
    assert len(wanted) == 37
    assert not [key for key in wanted if f'"{key}"' not in held]


def test_worked_a_number_that_is_not_there_is_missed() -> None:
    assert stands_in("44.20", "{0.0: 44.20, 0.8: 47.71}")
    assert stands_in("0.447", "abs(x - .447)")
    assert not stands_in("44.21", "{0.0: 44.20, 0.8: 47.71}")
    assert not stands_in("4.6", "14.6, 4.61")
