"""No line of a page ends inside a number: `1 088` at the end of a line would be read as 1, then 88."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rows import each_row

pytest.importorskip("jinja2", reason="jinja2 is not installed")
sys.path.insert(0, str(Path(__file__).parent / "pages"))

from hand_made import make_result

from taotie.app.pages.page import report_html
from taotie.app.pages.tied import tied
from taotie.app.web.site import PAGES, page_html
from taotie.app.web.state import State
from taotie.words.language import LANGUAGES
from taotie.words.spacing import GAP

BREAKS = re.compile(r"\d[ \u2009](?:\d{3}(?!\d)|%|[万亿]|[kMGT]?Wh?\b|tCO2e\b)")
TIED = re.compile(r"\d\u00a0(?:\d{3}|%|[万亿]|[kMGT]?Wh?\b)")
COPIED = {"script", "style", "pre", "code", "textarea", "option"}
"""Whose letters somebody copies, sends back or runs: nothing in them is exchanged."""


class Words(HTMLParser):
    """What a page says, piece by piece; what is copied apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []
        self.copied: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in COPIED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        (self.copied if self.open else self.said).append(data)


def held(html: str) -> int:
    """Numbers of a page that were tied; none of them breaks."""
    words = Words(html)
    assert [one for one in words.said if BREAKS.search(one)] == []
    assert [one for one in words.copied if TIED.search(one)] == []
    return sum(len(TIED.findall(one)) for one in words.said)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", sorted(set(PAGES) - {"grid", "supply"}))
def test_property_numbers_of_pages_of_the_service_stay_whole(name: str, code: str) -> None:
    fields = {"samples": "200"} if name in ("prompt", "fleet") else {}
    tied_here = held(page_html(name, State.of(fields.items(), code)).html)
    assert tied_here or name not in ("prompt", "fleet", "audit", "sources", "validation")


@pytest.mark.parametrize("code", LANGUAGES)
def test_property_numbers_of_a_report_stay_whole(code: str) -> None:
    assert held(report_html(make_result(), code)) > 20


def test_matches_letter_for_letter_what_is_copied() -> None:
    """Scripts keep the hash that the policy names, commands can be typed, fields are sent as they were shown."""
    kept = (
        '<script>const a = "1 000 %"</script><input value="2 400"><textarea>3 000</textarea><!-- 4 000 -->'
        "<pre>taotie x --years 1 000</pre><select><option>5 000</option></select><code>6 000</code>"
    )
    assert tied(kept) == kept
    assert tied("in 12 345 678 of 1 2345 or 7 %") == "in 12\u00a0345\u00a0678 of 1 2345 or 7\u00a0%"
    assert tied("8 H100 of 700 W, 3 hours") == "8 H100 of 700\u00a0W, 3 hours"


@each_row("name", sorted(set(PAGES) - {"grid", "supply"}))
def test_property_no_space_beside_full_width_punctuation(name: str) -> None:
    fields = {"samples": "200"} if name in ("prompt", "fleet") else {}
    words = Words(page_html(name, State.of(fields.items(), "zh")).html)
    assert [one for one in words.said if re.search(GAP, one)] == []


def test_matches_what_is_copied_keeps_its_spaces_beside_full_width_punctuation() -> None:
    kept = '<code>（1） 报告.csv</code><input value="（1） 报告">'
    assert tied(kept) == kept
    assert tied("<b>vLLM 0.11（2025 年末） 测量过</b>") == "<b>vLLM 0.11（2025 年末）测量过</b>"
