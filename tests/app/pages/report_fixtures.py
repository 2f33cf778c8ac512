"""Fixtures for the report: a hand-made result, and published figures of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that tests here find `hand_made` and `browser`

from hand_made import make_result, published

from taotie.app.charts import range_chart
from taotie.study.result import StudyResult


@pytest.fixture(autouse=True)
def own_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Published figures of the fixture instead of those of the catalogue."""
    monkeypatch.setattr(range_chart, "published_figure", published)


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine speaks."""
    monkeypatch.setenv("TAOTIE_LANG", "en")


@pytest.fixture(scope="session")
def result() -> StudyResult:
    """A result with every part."""
    return make_result()
