"""The page: both languages, nothing from outside, every claim with its numbers, and hostile texts kept harmless."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from taotie.app.pages.audit_page import audit_html, write_audit_page
from taotie.audit.article import Audit, audit_claims
from taotie.audit.claims_file import claims_from

pytest.importorskip("jinja2", reason="pages are in the extra `report`")


class Elements(HTMLParser):
    """Every element with its attributes, and which elements stand open."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {k: v or "" for k, v in attrs}))


def elements(html: str) -> list[tuple[str, dict[str, str]]]:
    parser = Elements()
    parser.feed(html)
    return parser.found


@pytest.fixture(scope="module")
def audit() -> Audit:
    return audit_claims("article")


@pytest.fixture(scope="module")
def page(audit: Audit) -> str:
    return audit_html(audit, "en")


def test_nothing_comes_from_outside(page: str) -> None:
    for tag, attributes in elements(page):
        for name in ("src", "action", "srcset", "data", "poster", "background"):
            assert name not in attributes, (tag, attributes)
        if tag in ("link", "use", "image"):
            assert attributes.get("href", "").startswith(("data:", "#"))
        if tag == "a" and not attributes.get("href", "").startswith("#"):
            assert attributes["rel"] == "noreferrer"
        assert not any(name.startswith("on") for name in attributes)
    assert "@import" not in page
    assert not re.search(r"url\((?!['\"]?data:)", page)
    assert "default-src 'none'" in unescape(page)


def test_both_languages_hold_every_claim(page: str, audit: Audit) -> None:
    cards = [a for tag, a in elements(page) if a.get("data-testid") == "claim"]
    per_id = Counter(a["data-id"] for a in cards)
    assert set(per_id.values()) == {2}
    assert set(per_id) == {r.claim.id for r in audit.results}
    mains = [a for tag, a in elements(page) if tag == "main"]
    assert [m["lang"] for m in mains] == ["en", "zh-Hans"]
    for claim in audit.article.claims[:5]:
        assert claim.says["zh"] in page.replace("&#34;", '"')


def test_ids_are_unique_and_anchors_lead_somewhere(page: str) -> None:
    found = elements(page)
    ids = Counter(a["id"] for _tag, a in found if "id" in a)
    assert max(ids.values()) == 1
    anchors = {
        a["href"][1:] for tag, a in found if tag == "a" and a.get("href", "").startswith("#")
    }
    assert anchors <= set(ids)


def test_counts_and_numbers_are_machine_readable(page: str) -> None:
    found = elements(page)
    counts = {
        a["data-verdict"]: a["data-value"] for _t, a in found if a.get("data-testid") == "count"
    }
    assert counts["unit error"] == "4"
    assert counts["reproduces"] == "43"
    squares = re.search(r'class="squares">(.*?)</svg>', page, re.DOTALL)
    assert squares is not None
    assert squares[1].count("<rect") == 98
    ratios = re.search(r'class="ratios">(.*?)</svg>', page, re.DOTALL)
    assert ratios is not None
    assert ratios[1].count("<circle") == 36


def test_computed_and_documented_look_different(page: str) -> None:
    cards = [a["class"] for _t, a in elements(page) if a.get("data-testid") == "claim"]
    assert sum("computed" in c for c in cards) == 72
    assert sum("documented" in c for c in cards) == 124
    squares = re.search(r'class="squares">(.*?)</svg>', page, re.DOTALL)
    assert squares is not None
    assert squares[1].count("stroke-dasharray") == 62


def test_opens_in_the_language_asked_for(audit: Audit) -> None:
    assert '<html lang="zh-Hans" data-opened="zh">' in audit_html(audit.only(system="grid"), "zh")
    with pytest.raises(ValueError, match="fr"):
        audit_html(audit, "fr")


def test_hostile_texts_stay_texts() -> None:
    bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    article = claims_from(
        {
            "article": {"title": bad, "outlet": bad, "url": "javascript:alert(1)"},
            "source": {"s": {"title": bad, "access": "read"}},
            "claim": [
                {
                    "id": "a", "says_en": bad, "system": bad, "kind": "documented",
                    "verdict": "reproduces", "note_en": bad, "sources": ["s"],
                }
            ],
        }
    )  # fmt: skip
    page = audit_html(audit_claims(article), "en")
    assert "<img" not in page
    assert page.count("<script") == 1
    assert "javascript:" not in page


def test_write_audit_page(tmp_path: Path, audit: Audit) -> None:
    path = tmp_path / "audit.html"
    write_audit_page(audit.only(verdict="unit error"), path, "en")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.slow
@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("width", [360, 1100])
def test_page_in_a_browser(audit: Audit, tmp_path: Path, code: str, width: int) -> None:
    """No request, no violation, no error, nothing wider than the screen, no empty box for a character."""
    path = Path(__file__).resolve().parent / "browser.py"
    spec = importlib.util.spec_from_file_location("browser_of_report", path)
    if spec is None or spec.loader is None or not path.is_file():
        pytest.skip("the helper that opens pages is not beside the tests")
    browser = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(browser)
    if browser.chromium() is None:
        pytest.skip("no Chromium on this machine")
    page = tmp_path / "audit.html"
    write_audit_page(audit, page, "en")
    seen = browser.probed(page, tmp_path, language=code, width=width, opened=True)
    assert seen["shown"] == [code]
    for name in ("violations", "errors", "requests", "out", "blank"):
        assert seen[name] == []
    assert seen["scroll"] <= seen["wide"]


def test_property_a_long_audit_says_of_each_claim_the_same_in_few_words(tmp_path: Path) -> None:
    claims = "".join(
        f'[[claim]]\nid = "c{i}"\nsays_en = "{100 + i} MW take {factor * (100 + i) * 8.76:.1f} GWh a year."\nsays_zh = "{100 + i}"\n'
        f'system = "grid"\nkind = "computed"\nstated = {{ value = {factor * (100 + i) * 8.76:.1f}, unit = "GWh" }}\nformula = "p * 8760 h"\n'
        f'[claim.inputs]\np = {{ value = {100 + i}, unit = "MW", source = "note" }}\n'
        for i in range(310)
        for factor in (1.2 if i % 10 == 0 else 1.0,)
    )
    path = tmp_path / "many.toml"
    path.write_text('[article]\noutlet = "w"\ntitle = "t"\ndate = 2025-01-02\n[source.note]\ntitle = "A note"\naccess = "read"\n' + claims)  # fmt: skip
    text = audit_html(audit_claims(str(path)), "en")
    assert text.count('class="claim short wrong computed"') == 2 * 31
    assert text.count('class="claim short fine computed"') == 2 * 279
    assert "<samp>p * 8760\u00a0h = 100\u00a0MW * 8760\u00a0h</samp>" in text
    assert "<small>p: 100\u00a0MW, note read</small>" in text
    assert "It would be true with p = 120\u00a0MW instead of 100\u00a0MW." in text
    squares = re.search(r'class="squares">(.*?)</svg>', text, re.DOTALL)
    assert squares is not None
    assert "<title>31 inconsistent with source</title>" in squares[1]
    assert squares[1].count("M") == 310
    assert len(text) < 60_000 + 310 * 700
