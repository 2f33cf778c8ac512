"""The whole page: one file, both languages, everything in it and nothing foreign."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hand_made import make_result

from taotie.app.pages.page import report_html, write_report
from taotie.errors import DataError, ResultError
from taotie.quantity.figure import leaf
from taotie.quantity.sampling import sampling
from taotie.study.result import Default, Flow, StudyResult
from taotie.words.language import language, use_language
from taotie.words.said import Said

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


class Reader(HTMLParser):
    """Elements of a page with their attributes, scripts apart."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self.open.append(tag)
        if tag == "script":
            self.scripts.append((dict(attributes), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)

    def with_test_id(self, name: str) -> list[dict[str, str | None]]:
        return [a for _tag, a in self.elements if a.get("data-testid") == name]


@pytest.fixture(scope="module")
def page(result: StudyResult) -> str:
    """The report of the hand-made result."""
    with pytest.MonkeyPatch.context() as patch:
        from hand_made import published

        from taotie.app.charts import range_chart

        patch.setattr(range_chart, "published_figure", published)
        return report_html(result, "en")


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_worked_headline_carries_its_raw_number_in_both_languages(
    page: str, result: StudyResult
) -> None:
    shown = read(page).with_test_id("headline")
    assert [float(a["data-value"] or "nan") for a in shown] == [
        result.figures["energy_per_request"].p50
    ] * 2


def test_worked_every_named_figure_is_in_the_table(page: str, result: StudyResult) -> None:
    shown = {(a["data-key"], a["data-value"]) for a in read(page).with_test_id("figure")}
    assert {(k, str(f.p50)) for k, f in result.figures.items()} <= shown


def test_worked_five_pictures_each_with_words_table_and_downloads(page: str) -> None:
    reader = read(page)
    names = [a["data-picture"] for a in reader.with_test_id("picture")]
    assert names == ["energy", "range", "day", "doubt", "grid"] * 2
    drawings = [a for _t, a in reader.elements if a.get("role") == "img"]
    assert len(drawings) == 10
    assert all(len(a["aria-label"] or "") > 20 for a in drawings)
    downloads = [a["download"] for _t, a in reader.elements if "download" in a]
    assert sorted(downloads) == sorted(
        f"{n}.{ending}" for n in names for ending in ("csv", "json", "svg", "png")
    )
    csv = next(a for _t, a in reader.elements if a.get("download") == "energy.csv")
    text = base64.b64decode((csv["href"] or "").partition("base64,")[2]).decode()
    assert text.splitlines()[1].startswith("decode") or "decode" in text


def test_worked_defaults_warnings_files_and_sources_are_all_listed(
    page: str, result: StudyResult
) -> None:
    reader = read(page)
    assert [a["data-key"] for a in reader.with_test_id("default")] == [
        d.key for d in result.defaults
    ] * 2
    assert "The request trace azure-2023 was not found." in page
    assert "abababababab" in page
    assert [a["data-key"] for a in reader.with_test_id("source")] == [
        "devries2023", "epoch2025", "lab2024",
    ] * 2  # fmt: skip
    assert "taotie run --check-result result.json" in page
    assert "seed 7" in page


def test_property_nothing_is_fetched(page: str) -> None:
    """Addresses stand in plain links only; no element loads anything."""
    reader = read(page)
    for tag, attributes in reader.elements:
        for name in ("src", "srcset", "poster", "data", "action", "formaction", "background"):
            assert name not in attributes, (tag, name)
        address = attributes.get("href") or ""
        if tag == "a":
            assert address.startswith(("#", "data:text/csv", "data:application/json", "https://"))
        elif address:
            assert (tag, address) == ("link", "data:,")
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert "javascript:alert" not in page  # an address of a source that is none


def test_property_policy_names_every_script_by_hash(page: str) -> None:
    reader = read(page)
    policy = next(
        a["content"] or ""
        for _t, a in reader.elements
        if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none';")
    run = [text for a, text in reader.scripts if a.get("type") == "module"]
    assert len(run) == 1
    digest = base64.b64encode(hashlib.sha256(run[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert len(reader.scripts) == 1


def test_property_every_chart_stands_there_for_wide_and_narrow_paper(page: str) -> None:
    """Nothing has to be drawn by a script: both are in the page, in each language."""
    drawn = re.findall(r'<div class="drawing( both)?" role="img"[^>]*>(.*?)</div>', page, re.S)
    assert len(drawn) == 10
    for both, inside in drawn:
        widths = [float(w) for w in re.findall(r'<svg [^>]*?viewBox="\S+ \S+ (\S+) ', inside)]
        assert len(widths) == (2 if both else 1)
        if both:
            assert widths[0] > 900
            assert widths[1] < 400
    assert sum(both != "" for both, _inside in drawn) == 8


def test_property_headings_go_down_one_step_at_a_time(page: str) -> None:
    levels = [int(t[1]) for t, _a in read(page).elements if re.fullmatch(r"h[1-6]", t)]
    assert levels.count(1) == 2
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_property_anchors_are_unique_and_lead_somewhere(page: str) -> None:
    elements = read(page).elements
    ids = [a["id"] for _t, a in elements if "id" in a]
    assert len(ids) == len(set(ids))
    wanted = {(a.get("href") or "")[1:] for _t, a in elements if (a.get("href") or "")[:1] == "#"}
    assert wanted <= set(ids)


def test_property_words_from_outside_are_escaped() -> None:
    with sampling(500, 7):
        mean = leaf(
            "evil_leaf", low=1, high=2, unit="Wh/request", boundary="server", kind="assumed", note=EVIL,
            label={"en": EVIL, "zh": EVIL},
        )  # fmt: skip
        evil = (mean * 1.0).named("evil", en=EVIL, zh=EVIL, note=EVIL)
    page = report_html(
        make_result(
            title={"en": EVIL, "zh": EVIL},
            study={EVIL: EVIL},
            figures={"evil": evil},
            headline="evil",
            published_beside="evil",
            flows=(Flow(EVIL, "server", "evil"),),
            show=("evil",),
            profiles={},
            defaults=(Default(EVIL, EVIL, mean, Said(EVIL, EVIL.replace("{", ""))),),
            warnings=(Said(EVIL, EVIL),),
            notes=(Said(EVIL, EVIL),),
            files=({"name": EVIL, "sha256": EVIL, "bytes": 1, "role": EVIL, "licence": EVIL},),
        )
    )
    reader = read(page)
    assert not [a for _t, a in reader.elements if "onerror" in a]
    assert "img" not in {t for t, _a in reader.elements}
    assert [
        t for a, t in reader.scripts if "alert(1)" in t and a.get("type") != "application/json"
    ] == []
    assert len([1 for a, _t in reader.scripts if a.get("type") == "module"]) == 1
    assert EVIL in unescape(page)


def test_worked_parts_that_are_absent_say_so() -> None:
    page = report_html(
        make_result(
            flows=(), published=(), request_energy_wh=None, profiles={}, grid=None, defaults=(),
            files=(), warnings=(), notes=(), show=(),
        )
    )  # fmt: skip
    reader = read(page)
    assert [a["data-picture"] for a in reader.with_test_id("absent")] == [
        "energy", "range", "day", "grid",
    ] * 2  # fmt: skip
    assert [a["data-picture"] for a in reader.with_test_id("picture")] == ["doubt"] * 2
    assert "the study gave every value" in page


TITLES = {"en": "A chat service, from prompt to grid", "zh": "一项聊天服务:从提示词到电网"}


def test_worked_opens_in_the_language_given(page: str, result: StudyResult) -> None:
    before = language()
    chinese = report_html(result, "zh")
    assert language() == before
    for text, code, tag in ((page, "en", "en"), (chinese, "zh", "zh-Hans")):
        assert f'<html lang="{tag}" data-opened="{code}">' in text
        assert f"<title>{TITLES[code]} · taotie</title>" in text
        assert all(f"<h1>{title}</h1>" in text for title in TITLES.values())


def test_property_the_language_in_force_does_not_change_the_page(
    page: str, result: StudyResult
) -> None:
    from contextvars import copy_context

    def in_chinese() -> str:
        use_language("zh")
        return report_html(result, "en")

    assert copy_context().run(in_chinese) == page


def test_property_size_is_bounded(page: str) -> None:
    assert len(page.encode()) < 3_000_000


def test_worked_many_figures_stay_bounded(result: StudyResult) -> None:
    figures = dict(result.figures)
    whole = result.figures["annual_energy"]
    for i in range(600):
        figures[f"more_{i}"] = (whole * 1.0).named(f"more_{i}", en=f"More {i}")
    page = report_html(make_result(figures=figures))
    assert len(page.encode()) < 4_000_000
    assert len(read(page).with_test_id("figure")) < 2 * 450


def test_worked_written_whole_or_not_at_all(result: StudyResult, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    write_report(result, target, "zh")
    text = target.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")
    broken = make_result(flows=(*result.flows, Flow("decode", "facility", "prefill")))
    with pytest.raises(ResultError, match="facility"):
        write_report(broken, target)
    assert target.read_text(encoding="utf-8") == text
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_error_language_and_place(result: StudyResult, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'de'"):
        report_html(result, "de")
    with pytest.raises(DataError, match="nowhere"):
        write_report(result, tmp_path / "nowhere" / "report.html")
