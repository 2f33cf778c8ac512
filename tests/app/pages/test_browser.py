"""What a person sees: charts drawn, nothing cut off, both languages, no request to anyone."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import chromium, probed
from hand_made import make_result, published

from taotie.app.charts import range_chart
from taotie.app.pages.page import write_report

pytestmark = pytest.mark.skipif(
    chromium() is None,
    reason="no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)",
)
CHARTS = ["energy", "range", "day", "doubt"]
TITLES = {"en": "A chat service, from prompt to grid", "zh": "一项聊天服务:从提示词到电网"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on the disk."""
    target = tmp_path_factory.mktemp("page") / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(range_chart, "published_figure", published)
        write_report(make_result(), target, "en")
    return target


@pytest.mark.parametrize(
    ("code", "width"),
    [("en", 1280), ("zh", 390), *(pytest.param(*x, marks=pytest.mark.slow) for x in (("en", 390), ("zh", 1280)))],
)  # fmt: skip
def test_worked_page_as_it_is_seen(page: Path, tmp_path: Path, code: str, width: int) -> None:
    seen = probed(page, tmp_path, language=code, width=width)
    assert seen["ready"] == code
    assert seen["shown"] == [code]
    assert seen["lang"] == {"en": "en", "zh": "zh-Hans"}[code]
    assert seen["title"] == f"{TITLES[code]} · taotie"
    drawn = {name: (ready, marks) for name, ready, marks in seen["charts"]}
    assert list(drawn) == CHARTS
    for ready, marks in drawn.values():
        assert ready == ("wide" if width > 700 else "narrow")
        assert marks > 15
    assert seen["wide"] == width
    assert seen["scroll"] <= width
    assert seen["out"] == []
    assert seen["violations"] == []
    assert seen["errors"] == []
    assert seen["requests"] == []
    assert float(seen["headline"]) == pytest.approx(2.0, rel=0.1)
    assert "\ufffd" not in seen["text"]
    assert seen["control"] == [True, True]  # characters no font has are found out
    assert seen["blank"] == []
    assert seen["hidden"] == 0
    assert [kind for kind, _size in seen["images"]] == ["image/svg+xml", "image/png"]
    assert all(size > 2000 for _kind, size in seen["images"])


@pytest.mark.slow
def test_worked_opened_details_do_not_widen_the_page(page: Path, tmp_path: Path) -> None:
    seen = probed(page, tmp_path, language="zh", width=360, opened=True)
    assert seen["scroll"] <= 360
    assert seen["out"] == []


def test_worked_switch_changes_the_language_in_place(page: Path, tmp_path: Path) -> None:
    seen = probed(page, tmp_path, language="en", width=1280, click="zh")
    assert seen["hash"].startswith("#zh")
    assert seen["shown"] == ["zh"]
    assert seen["lang"] == "zh-Hans"
    assert seen["title"] == f"{TITLES['zh']} · taotie"
    assert [ready for _name, ready, _marks in seen["charts"]] == ["wide"] * 4
    assert seen["errors"] == []
