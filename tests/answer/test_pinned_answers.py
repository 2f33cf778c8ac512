"""Every answer is pinned: each question with each of its settings, whole, in both languages; and what it refuses.

The cases stand in tests/cases/answers, written by tools/pin_answers.py and read by a person when one changes.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from taotie.answer.asks import ASKS

ROOT = Path(__file__).resolve().parents[2]


def _tool(name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


PIN = _tool("pin_answers")
PRINTED = _tool("pin_printed")
CASES: dict[str, dict[str, Any]] = PIN.cases()
OF_MEASURED = {"validate serving", "validate mlenergy", "predict", "calibrate"}
"""Questions about tables of measured runs, which are not committed; `make accept` asks them beside the data."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the cases read."""
    made = tmp_path_factory.mktemp("answers")
    PIN.write_inputs(made)
    return made


@pytest.fixture(autouse=True)
def _no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAOTIE_DATA", str(ROOT / "tests" / "no_data"))


@pytest.fixture(scope="module")
def pinned() -> dict[str, dict[str, list[tuple[str, str]]]]:
    """What was answered when a person last looked."""
    return {
        name: PIN.read((PIN.PINNED / f"{ASKS[name].flat}.txt").read_text("utf-8")) for name in CASES
    }


@pytest.mark.parametrize("name", list(CASES))
def test_published_answers_are_what_they_were(
    name: str, folder: Path, pinned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers themselves, every case of a question, and of each base what a terminal prints and a page says of it."""
    held, wrong = PRINTED.titles_of(name), []
    printed = _printed(ASKS[name].flat) if held else {}
    for title, settings in PIN.drawn(name, CASES[name]):
        assert title in pinned[name], f"not pinned: python tools/pin_answers.py {name}"
        try:
            lines, answer = PIN.asked(name, title, settings, folder)
            found = PIN.differences(lines, pinned[name][title])
            if title in held:
                with monkeypatch.context() as patch:
                    patch.setenv("COLUMNS", PRINTED.COLUMNS)
                    shown = PRINTED.lines_of(name, title, answer, folder)
                found += [f"printed: {one}" for one in PIN.differences(shown, printed[title])]
        except Exception:  # the cases after it are asked all the same
            found = [traceback.format_exc(limit=-4)]
        if found:
            wrong.append(f"taotie {name}, {title}:\n" + "\n".join(found))
    assert not wrong, "\n\n".join(wrong)


def _printed(name: str) -> dict[str, list[tuple[str, str]]]:
    """What was printed when a person last looked."""
    return PIN.read((PRINTED.PINNED / f"{name}.txt").read_text("utf-8"))


def test_published_what_is_printed_beside_the_answers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", PRINTED.COLUMNS)
    was, made = _printed("others"), dict(PRINTED.others(folder))
    assert list(made) == list(was)
    found = [f"{title}: {d}" for title in made for d in PIN.differences(made[title], was[title])]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", list(CASES))
def test_error_what_a_question_refuses_and_how(name: str, folder: Path, pinned: Any) -> None:
    found = PIN.differences(PIN.refused(name, CASES[name], folder), pinned[name]["refused"])
    assert not found, f"taotie {name}:\n" + "\n".join(found)


def test_published_what_doors_ask_beside_the_questions(folder: Path) -> None:
    pinned = PIN.read((PIN.PINNED / "others.txt").read_text("utf-8"))
    made = PIN.pages_of_others(folder)
    assert list(made) == list(pinned)
    found = [f"{title}: {d}" for title in made for d in PIN.differences(made[title], pinned[title])]
    assert not found, "\n".join(found)


def test_error_what_a_study_is_refused_for(folder: Path) -> None:
    pinned = PIN.read((PIN.PINNED / "wrong_studies.txt").read_text("utf-8"))["studies"]
    found = PIN.differences(PIN.refused_studies(folder), pinned)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", list(CASES))
def test_property_no_setting_is_forgotten(name: str, pinned: Any) -> None:
    assert PIN.untried(name, CASES) == set()
    titles = [title for title, _settings in PIN.drawn(name, CASES[name])]
    assert {*titles, "refused"} == set(pinned[name]), "a case that is asked no longer, or one twice"
    assert len(titles) == len(set(titles))
    held = PRINTED.titles_of(name)
    assert set(held) <= set(titles)
    assert not held or tuple(_printed(ASKS[name].flat)) == held


def test_property_every_question_has_cases() -> None:
    assert set(CASES) == set(ASKS) - OF_MEASURED


def test_property_a_text_of_cases_reads_back() -> None:
    pages = {
        "one": [("a", "x: y = 1"), ("b", ""), ("a #2", "z")],
        "two": [("a", "x: y = 1"), ("b", "other"), ("c", "3")],
    }
    assert PIN.read(PIN.written(pages)) == pages
    assert PIN.differences(pages["one"], pages["two"]) != []
    assert PIN.differences(pages["one"], pages["one"][::-1]) == ["the order of the lines"]
