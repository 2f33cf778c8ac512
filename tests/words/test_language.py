"""Language: chosen by context, then environment; Chinese from a catalogue, English without one."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from taotie.errors import BoundaryError, RangeError
from taotie.quantity import boundary
from taotie.quantity.figure import leaf
from taotie.words import language as lang
from taotie.words.said import as_given, joined, spoken_range

VARIABLES = ("TAOTIE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def apart(work: Callable[[], Any]) -> Any:
    """Run in a context of its own, so that no other test sees the language chosen there."""
    return contextvars.copy_context().run(work)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small Chinese catalogue in place of the real one."""
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="zh")
    catalog.add("hint", "提示")
    catalog.add("{level} is not a boundary.", "{level} 不是边界。")
    catalog.add("assumed", "假设")
    with (folder / "taotie.mo").open("wb") as file:
        write_mo(file, catalog)
    monkeypatch.setattr(lang, "LOCALE_DIR", tmp_path)
    lang._translations.cache_clear()
    yield
    lang._translations.cache_clear()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        ({"TAOTIE_LANG": "zh", "LC_ALL": "en_US.UTF-8"}, "zh"),
        ({"TAOTIE_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"TAOTIE_LANG": "", "LANG": "zh_CN.UTF-8"}, "zh"),
        ({"TAOTIE_LANG": "ZH-hans"}, "zh"),
    ],
)
def test_worked_language_from_the_environment(
    plain: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name, value in variables.items():
        plain.setenv(name, value)
    assert apart(lang.language) == expected


def test_worked_a_choice_holds_in_its_context_only(plain: pytest.MonkeyPatch) -> None:
    def choose() -> str:
        lang.use_language("zh")
        return lang.language()

    assert apart(choose) == "zh"
    assert lang.language() == "en"
    seen: list[str] = []
    thread = Thread(target=lambda: seen.append(choose()))
    thread.start()
    thread.join()
    assert seen == ["zh"]
    assert lang.language() == "en"


def test_error_unknown_language() -> None:
    with pytest.raises(ValueError, match="language 'fr' is not one of en, zh"):
        lang.use_language("fr")


def test_worked_messages_switch(plain: pytest.MonkeyPatch, chinese: None) -> None:
    def failed() -> str:
        lang.use_language("zh")
        with pytest.raises(BoundaryError) as caught:
            boundary.check("机架")
        return str(caught.value)

    text = apart(failed)
    assert text.startswith("'机架' 不是边界。")
    assert "提示: " in text
    with pytest.raises(BoundaryError) as caught:
        boundary.check("rack")
    assert str(caught.value).startswith("'rack' is not a boundary.\n\nhint: ")


def test_worked_figures_switch(plain: pytest.MonkeyPatch, chinese: None) -> None:
    def shown() -> str:
        lang.use_language("zh")
        return str(leaf("x", unit="Wh", kind="assumed", note="n", value=2.0))

    assert apart(shown) == "2 Wh 假设"


def test_worked_what_has_no_translation_stays_english(chinese: None) -> None:
    assert lang.in_language("not in the catalogue", "zh") == "not in the catalogue"
    assert lang.in_language("hint", "zh") == "提示"
    assert lang.in_language("hint", "en") == "hint"


def test_worked_without_a_catalogue(plain: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain.setattr(lang, "LOCALE_DIR", tmp_path / "nothing")
    lang._translations.cache_clear()
    try:
        assert lang.in_language("hint", "zh") == "hint"
    finally:
        lang._translations.cache_clear()


def test_worked_nothing_stays_nothing(chinese: None) -> None:
    """gettext answers the empty message with the header of its catalogue."""

    def empty() -> str:
        lang.use_language("zh")
        return lang._("")

    assert apart(empty) == ""
    assert lang.in_language("", "zh") == ""


def test_worked_an_error_keeps_its_words(chinese: None) -> None:
    """Made in one language, shown in the other: only the word for hint follows."""
    error = RangeError("x=1 is wrong.", "take 2")

    def shown() -> str:
        lang.use_language("zh")
        return str(error)

    assert apart(shown) == "x=1 is wrong.\n\n提示: take 2"


def test_property_every_note_of_an_assumed_figure_is_said_in_chinese() -> None:
    """Notes stand on Chinese pages beside what they explain: one written out in the code is a message."""
    import ast

    alone = {"stated", "meter", "simulated", "closed models"}  # of figures that no page explains
    bare = []
    for path in sorted((Path(lang.__file__).parents[1]).rglob("*.py")):
        text = path.read_text("utf-8")
        if "leaf(" not in text or "note=" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "leaf"):
                continue
            bare += [
                f"{path.name}: {key.value.value}"
                for key in node.keywords
                if key.arg == "note"
                and isinstance(key.value, ast.Constant)
                and key.value.value not in alone
            ]
    assert not bare


def test_worked_sayings_made_of_others_keep_their_codes() -> None:
    parts = [as_given("mine", "a"), spoken_range("1 to 2")]
    assert [one.code for one in (*parts, joined(parts))] == ["mine", "range", "joined"]
    assert [joined(parts).text(code) for code in ("en", "zh")] == ["a, 1 to 2", "a、1 至 2"]
