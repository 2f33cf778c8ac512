"""Every name that is shown stands in the language asked for; what is left in Latin letters is a proper name or a unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from taotie.answer.prompt import prompt
from taotie.answer.train import train
from taotie.quantity import catalog
from taotie.quantity.figure import Figure, leaves
from taotie.study.run import run_study

STUDIES = sorted((Path(__file__).resolve().parents[2] / "studies").glob("*.toml"))
QUICK = ("closed_model", "coding_agents", "campus_texas")
ENGLISH = re.compile(r"(?<![A-Za-zÀ-ɏ_])[a-z]{3,}(?![A-Za-zÀ-ɏ0-9_])")
HAN = re.compile(r"[\u4e00-\u9fff]")
CODES = {"headroom", "hourly_intensity"}
"""Tables whose items are codes of balancing areas."""
PROPER = {
    "accelerators", "closed_model_energy", "diffusion_models", "large_load_rules", "models", "published_forecasts",
    "servers", "us_generation",
}  # fmt: skip
"""Tables whose items are names of products, papers, laws or years, the same in every language."""


def _cells() -> Iterator[tuple[str, catalog.Table, str, str]]:
    for name in catalog.table_names():
        held = catalog.table(name)
        for (item, quantity), row in held.cells.items():
            if row["unit"] != "text" and (row["value"] or row["low"]):
                yield name, held, item, quantity


@lru_cache(maxsize=1)
def _names() -> str:
    """All proper names of the tables in one text."""
    found = []
    for name in catalog.table_names():
        for (item, quantity), row in catalog.table(name).cells.items():
            if name in PROPER or quantity.startswith(("label", "name")):
                found += [item, row["value"]]
    return " ".join(found)


def english_in(label: str, names: str) -> list[str]:
    """English words of a Chinese label that are no part of a name or a key."""
    return [w for w in ENGLISH.findall(label) if not re.search(rf"\b{re.escape(w)}\b", names)]


def test_property_every_quantity_of_a_table_has_a_word_in_each_language() -> None:
    lacking = {
        (name, quantity)
        for name, _held, _item, quantity in _cells()
        for code in ("en", "zh")
        if catalog._word("quantity", quantity, code) is None
    }
    assert not lacking


def test_property_no_label_of_a_table_is_english_in_chinese() -> None:
    names = _names()
    wrong = {
        label["zh"]
        for name, held, item, quantity in _cells()
        if name not in CODES
        for label in [held._label(item, quantity)]
        if not HAN.search(label["zh"].partition("：")[2].replace("PUE", "中"))
        or (name not in PROPER and english_in(label["zh"], names))
    }
    assert not wrong


def test_worked_a_number_at_the_end_of_a_key_stands_beside_its_word() -> None:
    assert catalog.table("countries")._label("china", "demand_2024") == {
        "en": "China: electricity in a year (2024)",
        "zh": "中国：一年的用电量（2024）",
    }
    assert (
        catalog.table("hourly_intensity")._label("PJM", "hour_07")["zh"]
        == "PJM：07时与全年平均之比"
    )
    assert catalog._word("quantity", "nobody_knows_2024", "zh") is None


def _english_labels(figures: list[Figure]) -> set[str]:
    """Chinese labels of figures and of all that stands behind them in which an English word is left."""
    every = [one for figure in figures for one in (figure, *leaves(figure))]
    labels = {str(one.label["zh"]) for one in every if one.label.get("zh")}
    return {label for label in labels if english_in(label, _names())}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(p, id=p.stem, marks=() if p.stem in QUICK else pytest.mark.slow)
        for p in STUDIES
    ],
)
def test_property_no_label_of_a_shipped_study_is_english_in_chinese(
    path: Path, tmp_path: Path
) -> None:
    text = re.sub(r"^samples = .*$", "samples = 100", path.read_text("utf-8"), flags=re.M)
    (tmp_path / path.name).write_text(text, encoding="utf-8")
    result = run_study(tmp_path / path.name)
    assert not _english_labels(list(result.figures.values()))
    unnamed = {
        key for key, one in result.profiles.items() if not HAN.search(one.label.get("zh", ""))
    }
    assert not unnamed


def test_property_no_label_of_an_answer_is_english_in_chinese() -> None:
    made = [
        prompt(region="Germany", samples=100), prompt("gpt-5", region="aws:us-east-1"),
        prompt("deepseek-v3", region="Sichuan", samples=100), train(accelerators=1000, hours=100, samples=100),
    ]  # fmt: skip
    assert not _english_labels([f for one in made for f in one.figures.values()])


def test_worked_an_english_word_in_a_chinese_label_is_seen() -> None:
    assert english_in("推理：thought multiplier", _names()) == ["thought", "multiplier"]
    assert not english_in("Amazon Web Services us-east-1（US East (N. Virginia)）：PUE", _names())
