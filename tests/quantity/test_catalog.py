"""The catalogue: every figure we ship is complete, and a broken file is named with what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from taotie.errors import SourceError, TaotieError
from taotie.quantity import catalog
from taotie.quantity.catalog import (
    figure,
    figure_keys,
    problems,
    source,
    source_keys,
    table,
    table_names,
)
from taotie.quantity.distribution import distribution_from

SOURCE = """
[source]
author = "A. Author"
title = "A title"
where = "A journal 1(1), 2023"
date = "2023"
doi = "10.1000/1"
access = "read"
read_on = "2026-11-22"
"""
FIGURE = """
[energy]
value = 2.9
unit = "Wh/request"
boundary = "server"
kind = "estimated"
bound = "at_most"
locator = "p. 1"
label = { en = "Energy", zh = "能量" }
"""
HEAD = ",".join(catalog.COLUMNS)


def forget() -> None:
    for cached in (catalog._source_file, source_keys, table_names, source, table):
        cached.cache_clear()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Writes files into an empty catalogue."""
    for name in ("figures", "tables"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(catalog, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(catalog, "TABLES", tmp_path / "tables")

    def write(name: str, text: str | bytes) -> Path:
        path = tmp_path / ("figures" if name.endswith(".toml") else "tables") / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        forget()
        return path

    forget()
    yield write
    forget()


# ---- what we ship ---------------------------------------------------------------------------------


def test_published_the_whole_catalogue_is_sound() -> None:
    assert list(problems()) == []
    assert figure_keys()
    assert table_names()


def test_property_every_figure_draws_and_explains_itself() -> None:
    for key in figure_keys():
        made = figure(key)
        assert made.source is not None
        assert f"[{made.source.key}" in made.explain()
        assert made.p05 <= made.p50 <= made.p95


# ---- a small one ------------------------------------------------------------------------------------


def test_worked_a_sound_catalogue(shelf: Callable[..., Path]) -> None:
    shelf("a2023.toml", SOURCE + FIGURE)
    shelf("chips.csv", f"{HEAD}\nh100,tdp,700,,,W/accelerator,measured,a2023,p. 2,read,\n"
          "h100,idle,,60,90,W/accelerator,estimated,a2023,p. 2,read,\n"
          "h100,price,30,20,40,USD,estimated,a2023,p. 2,read,\n"
          "h100,name,H100 SXM,,,text,defined,a2023,p. 2,read,\n"
          "a100,tdp,400,,,W/accelerator,measured,a2023,p. 2,read,\n")  # fmt: skip
    assert list(problems()) == []
    made = figure("a2023.energy")
    assert str(made) == "at most 2.9 Wh/request server, estimated"
    assert (made.locator, made.name, made.source) == ("p. 1", "Energy", source("a2023"))
    assert (
        source("a2023").citation == "A. Author, A title, A journal 1(1), 2023, 2023, doi:10.1000/1"
    )
    assert figure_keys("a2023") == figure_keys() == ["a2023.energy"]
    chips = table("chips")
    assert chips.items() == ["h100", "a100"]
    assert chips.quantities("h100") == ["tdp", "idle", "price", "name"]
    assert chips.value("h100", "tdp") == 700.0
    assert chips.value("h100", "idle") == 75.0
    assert chips.value("h100", "name") == "H100 SXM"
    assert chips.value("a100", "idle") is None  # unknown, not zero
    assert figure("chips/h100/tdp").to("kW/accelerator").p50 == pytest.approx(0.7)
    assert chips.figure("h100", "idle").distribution == distribution_from(
        {"low": 60.0, "high": 90.0}
    )
    assert chips.figure("h100", "price").distribution is not None


@pytest.mark.parametrize(
    "key",
    [
        "energy", "a2023", "a2023.", ".energy", "a2023.source", "a2023.enrgy", "a2024.energy", "../a2023.energy",
        "/etc/passwd.x", "a" * 5000 + ".x", "a2023.energy.more", "chips/h100/tpd", "chips/h200/tdp", "chip/h100/tdp",
        "chips/h100/name", "", ".", "a\x00b.c", "//",
    ],
)  # fmt: skip
def test_error_keys_that_are_not_there(shelf: Callable[..., Path], key: str) -> None:
    shelf("a2023.toml", SOURCE + FIGURE)
    shelf("chips.csv", f"{HEAD}\nh100,tdp,700,,,W/accelerator,measured,a2023,p. 2,read,\n"
          "h100,name,H100,,,text,defined,a2023,p. 2,read,\n")  # fmt: skip
    with pytest.raises(SourceError) as caught:
        figure(key)
    assert caught.value.hint


def test_error_names_the_nearest(shelf: Callable[..., Path]) -> None:
    shelf("a2023.toml", SOURCE + FIGURE)
    for key, near in (("a2024.energy", "a2023"), ("a2023.enrgy", "energy")):
        with pytest.raises(SourceError) as caught:
            figure(key)
        assert near in caught.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SOURCE + FIGURE.replace("Wh/request", "Wh/reqest"), "unknown unit 'reqest'"),
        (SOURCE + FIGURE.replace('unit = "Wh/request"', ""), "unit is missing"),
        (SOURCE + FIGURE.replace('"Wh/request"', '""'), "unit is missing"),
        (SOURCE + FIGURE.replace('"Wh/request"', "5"), "unit=5 is not text"),
        (SOURCE + FIGURE.replace('"Wh/request"', '["Wh"]'), "is not text"),
        (SOURCE + FIGURE.replace("estimated", "guessed"), "kind='guessed'"),
        (SOURCE + FIGURE.replace("estimated", "assumed"), "needs a note"),
        (SOURCE + FIGURE.replace("at_most", "most"), "bound='most'"),
        (SOURCE + FIGURE.replace('"server"', '"rack"'), "is not a boundary"),
        (SOURCE + FIGURE.replace('"server"', "3"), "boundary=3 is not text"),
        (SOURCE + FIGURE.replace("2.9", '"2.9"'), "is not a number"),
        (SOURCE + FIGURE.replace("2.9", "nan"), "not a finite number"),
        (SOURCE + FIGURE.replace("2.9", "2.9\nlow = 3.0\nhigh = 4.0"), "low=3.0 is above"),
        (SOURCE + FIGURE.replace("2.9", "2.9\nlow = 3.0"), "high is missing"),
        (SOURCE + FIGURE.replace("locator", "loctor"), "unknown field loctor"),
        (SOURCE + FIGURE.replace('{ en = "Energy", zh = "能量" }', '"Energy"'), "not a text per language"),
        (SOURCE + FIGURE.replace('zh = "能量"', "zh = 3"), "not a text per language"),
        (SOURCE + FIGURE.replace(', zh = "能量"', ""), "label en or zh is missing"),
        (SOURCE + FIGURE + 'supersedes = "a2022.energy"\n', "supersedes 'a2022.energy'"),
        (SOURCE + FIGURE + FIGURE, "is not TOML"),
        (SOURCE + FIGURE + "value = ", "is not TOML"),
        (FIGURE, "has no [source]"),
        ("source = 3\n" + FIGURE, "has no [source]"),
        (SOURCE.replace('title = "A title"', "") + FIGURE, "has no title"),
        (SOURCE.replace('access = "read"', 'access = "heard"') + FIGURE, "access='heard'"),
        (SOURCE.replace('read_on = "2026-11-22"', "") + FIGURE, "read_on is missing"),
        (SOURCE.replace('author = "A. Author"', "") + FIGURE, "author is missing"),
        (SOURCE.replace('doi = "10.1000/1"', "").replace('where = "A journal 1(1), 2023"', ""), "no doi"),
        (SOURCE.replace("doi =", "dio =") + FIGURE, "unknown field dio"),
        (b"\xff\xfe\x00", "cannot be read"),
        ("", "has no [source]"),
    ],
)  # fmt: skip
def test_error_broken_sources_are_named(
    shelf: Callable[..., Path], text: str | bytes, words: str
) -> None:
    shelf("a2023.toml", text)
    found = list(problems())
    assert any(words in line for line in found), found
    assert all("a2023" in line for line in found)


ROW = "h100,tdp,700,,,W/accelerator,measured,a2023,p. 2,read,\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}\n{ROW}{ROW}", "given twice"),
        (f"{HEAD}\n" + ROW.replace("700", "7OO"), "7OO"),
        (f"{HEAD}\n" + ROW.replace("700", "nan"), "not a finite number"),
        (f"{HEAD}\n" + ROW.replace("700,,", "700,800,900"), "does not hold"),
        (f"{HEAD}\n" + ROW.replace("W/accelerator", "W/acelerator"), "unknown unit"),
        (f"{HEAD}\n" + ROW.replace("W/accelerator", ""), "unit is missing"),
        (f"{HEAD}\n" + ROW.replace("measured", "seen"), "kind 'seen'"),
        (f"{HEAD}\n" + ROW.replace("measured", "assumed"), "needs a note"),
        (f"{HEAD}\n" + ROW.replace("a2023", "a1999"), "no source 'a1999'"),
        (f"{HEAD}\n" + ROW.replace("read", "heard"), "access 'heard'"),
        (f"{HEAD}\n" + ROW.replace(",read,", ""), "is missing"),
        (f"{HEAD}\n" + ROW.replace("\n", ",one,more\n"), "more cells than columns"),
        (ROW, ""),
        (f"{HEAD}\n".replace("item", "itm") + ROW, "column item is missing"),
        (b"\xff\xfe" + ROW.encode("utf-16"), "cannot be read"),
        (f"{HEAD}\n" + ROW.replace("p. 2", '"p. 2') + "x" * 200_000, "cannot be read"),
    ],
)
def test_error_broken_tables_are_named(
    shelf: Callable[..., Path], text: str | bytes, words: str
) -> None:
    shelf("a2023.toml", SOURCE + FIGURE)
    shelf("chips.csv", text)
    found = list(problems())
    if words:
        assert any(words in line and "chips" in line for line in found), found
    else:  # a head alone: no rows, nothing known
        with pytest.raises(TaotieError):
            figure("chips/h100/tdp")


def test_worked_a_byte_order_mark_is_read_over(shelf: Callable[..., Path]) -> None:
    shelf("a2023.toml", SOURCE + FIGURE)
    shelf("chips.csv", b"\xef\xbb\xbf" + f"{HEAD}\n{ROW}".encode())
    assert list(problems()) == []
    assert table("chips").value("h100", "tdp") == 700.0


def test_worked_an_empty_catalogue(shelf: Callable[..., Path]) -> None:
    assert list(problems()) == []
    with pytest.raises(SourceError):
        figure("a2023.energy")
    with pytest.raises(SourceError):
        table("chips")
