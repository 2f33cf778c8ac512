"""Pages without a browser: numbers of the ask, files of charts, markup as text, links of other versions."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rows import each_row

pytest.importorskip("jinja2", reason="jinja2 is not installed")

from taotie import __version__
from taotie.app.web.site import PAGES, Addresses, chart_of, page_html
from taotie.app.web.state import State
from taotie.errors import UnknownNameError

MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
QUICK = {"samples": "200"}


class Parts(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.words: list[str] = []
        """What drawings and the first cells of rows say."""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\u00a0", " ")
        tag, attrs = self.tags[-1] if self.tags else ("", {})
        if tag == "text" or (tag == "th" and attrs.get("scope") == "row"):
            self.words.append(data.replace("\u00a0", " "))

    def named(self, testid: str) -> dict[str, str | None]:
        return next(a for _t, a in self.tags if a.get("data-testid") == testid)


def shown(page: str, language: str = "en", **fields: str) -> tuple[Parts, int]:
    rendered = page_html(page, State.of(fields.items(), language))
    return Parts(rendered.html), rendered.status


def test_matches_the_first_page_shows_the_answer_of_the_ask() -> None:
    from taotie.answer.asks import function_of

    fields = {"model": "llama-3.1-8b", "on": "h100-sxm:1", "words": "75", "kind": "search", "region": "SWE", **QUICK}  # fmt: skip
    parts, status = shown("prompt", **fields)
    answer = function_of("crowd")(**{**fields, "people": 1e6, "per_person": 10, "days": 365})
    assert status == 200
    assert float(str(parts.named("figure-energy_per_request")["data-value"])) == answer.figures["energy_per_request"].p50  # fmt: skip
    for key in ("energy", "power", "emissions", "share"):
        assert float(str(parts.named(f"figure-{key}")["data-value"])) == answer.figures[key].p50


def test_matches_the_checked_sentence() -> None:
    parts, _status = shown("check", says="42 MWh", **{"from": "100000 * 700 W * 0.61"})
    assert parts.named("verdict")["data-value"] == "unit error"
    assert "42.7 MW" in parts.text


def test_worked_an_article_is_tinted_where_it_states_something() -> None:
    text = (
        "ChatGPT uses 564 MWh a day. 42 <b>cats</b>. Data centres worldwide used 900 TWh in 2024."
    )
    parts = Parts(page_html("check", State(posted={"article": text})).html)
    marks = [a.get("class") for t, a in parts.tags if t == "mark"]
    assert marks.count("good") >= 2
    assert "<b>cats</b>" in parts.text


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_property_pages_stand_alone(page: str, language: str) -> None:
    parts, status = shown(page, language)
    assert status == 200
    for tag, attrs in parts.tags:
        assert "style" not in attrs, f"{page}: a style inside <{tag}> breaks the content policy"
        assert not [k for k in attrs if k.startswith("on")], f"{page}: a script inside <{tag}>"
        for key in ("src", "action"):
            assert (attrs.get(key) or "/").startswith("/")
        if tag in ("link", "script") and "hreflang" not in attrs:
            assert (attrs.get("href") or attrs.get("src") or "").startswith("/static/")
    assert not [t for t, a in parts.tags if t == "script" and "src" not in a]
    # else what is changed while an answer is on its way is never asked for, and the page shows another question's answer
    asking = [a for t, a in parts.tags if t == "form" and "hx-get" in a]
    assert all(a.get("hx-sync") == "this:replace" for a in asking), page
    ids = [a["id"] for _t, a in parts.tags if a.get("id")]
    assert len(ids) == len(set(ids)), f"{page}: an id stands twice"
    headings = [int(t[1]) for t, _a in parts.tags if re.fullmatch("h[1-6]", t)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    keys = [w for w in parts.words if re.search("[a-z]_[a-z]", w)]
    # the fields of a form have the names that the form gives them
    assert page == "disclose" or not keys, f"{page}: keys where words belong"
    if language == "zh":
        assert re.search("[\u4e00-\u9fff]", parts.text)


@pytest.mark.parametrize("page", PAGES)
def test_error_markup_in_every_field_is_shown_as_text(page: str) -> None:
    plain, _status = shown(page)
    names = {
        str(a["name"]) for t, a in plain.tags if t in ("input", "select", "textarea") and a.get("name")
    }  # fmt: skip
    for name in sorted(names):
        parts, status = shown(page, **{name: MARKUP})
        assert status in (200, 422), f"{page}: {name}"
        assert not [a for t, a in parts.tags if t == "img" or any(k.startswith("on") for k in a)]
        assert not [t for t, a in parts.tags if t == "script" and "src" not in a], name
        if status == 422:
            assert parts.named("problem"), f"{page}: {name}"


@each_row("page", PAGES)
def test_matches_files_of_every_chart(page: str) -> None:
    from taotie.app.web.site import view_of

    state = State()
    charts = view_of(page, state).charts
    assert charts or page in ("check", "meter", "service")
    for chart in charts:
        found = chart_of(page, chart.name, state)
        rows = list(csv.reader(io.StringIO(found.csv().removeprefix("\ufeff"))))
        data = json.loads(found.json())
        assert len(rows) - 1 == len(data["rows"]) == len(found.table.rows) > 0
        assert rows[0] == list(data["columns"])
        assert found.file_svg().startswith("<svg")
        assert "<script" not in found.file_svg()
    with pytest.raises(UnknownNameError, match="no chart"):
        chart_of(page, "nothing", state)


def test_error_a_link_of_another_version_says_so() -> None:
    parts, status = shown("prompt", v="0.0.1", gone="7", **QUICK)
    assert status == 200
    assert "made with taotie 0.0.1" in parts.text
    assert "gone" in parts.text
    assert "made with" not in shown("prompt", v=__version__, **QUICK)[0].text


def test_error_keeps_what_was_written() -> None:
    parts, status = shown("prompt", model="no-such-model", words="7")
    assert status == 422
    assert "no-such-model" in parts.text
    values = {a["name"]: a.get("value") for t, a in parts.tags if t == "input" and a.get("name")}
    assert values["model"] == "no-such-model"
    assert values["words"] == "7"


def test_property_the_share_link_leads_to_the_same_state() -> None:
    at, state = Addresses(), State.of([("model", "a&b c"), ("words", "5")], "zh")
    from urllib.parse import parse_qsl, urlsplit

    address = urlsplit(at.page("prompt", state, v=__version__))
    again = State.of(parse_qsl(address.query), "zh")
    assert address.path == "/zh/"
    assert again.values == state.values
    assert not again.told


def test_property_dark_colours_of_drawings_are_those_of_the_theme() -> None:
    from taotie.app.charts import theme
    from taotie.app.charts.grid_numbers import COLOURS
    from taotie.app.web.site import ASSETS

    css = (ASSETS / "web.css").read_text()
    for light, dark in theme.DARK.items():
        assert f'.drawn svg [fill="{light}"] {{ fill: {dark} }}' in css
        assert f'.drawn svg [stroke="{light}"] {{ stroke: {dark} }}' in css
    for light, dark in COLOURS:
        assert f'.drawn svg [fill="{light}"] {{ fill: {dark} }}' in css


def test_property_assets_are_light() -> None:
    from taotie.app.web.site import ASSETS

    size = sum(p.stat().st_size for p in ASSETS.iterdir() if p.suffix in (".css", ".js"))
    for page in PAGES:
        html = page_html(page, State()).html
        bare = re.sub(r"<svg.*?</svg>", "", html, flags=re.S)
        assert size + len(bare.encode()) < 400_000, page


@pytest.mark.slow
def test_worked_a_static_copy_stands_anywhere(tmp_path: Path) -> None:
    """Every link of every exported file leads to a file of the folder."""
    from taotie.app.web.export import export
    from taotie.errors import DataError

    for path in export(tmp_path / "copy"):
        if path.suffix != ".html":
            continue
        for _tag, attrs in Parts(path.read_text("utf-8")).tags:
            link = attrs.get("href") or attrs.get("src") or ""
            if link and not link.startswith(("http", "#", "data:")):
                assert (path.parent / link.partition("#")[0]).is_file(), f"{path.name}: {link}"
    with pytest.raises(DataError, match="not empty"):
        export(tmp_path / "copy")


def test_property_sources_of_defaults_can_be_opened() -> None:
    """What a default cites leads to a page with its citation."""
    from taotie.answer.asks import ASKS

    cited = {s.source for one in ASKS.values() for s in one.settings.values() if s.source}
    assert cited
    for key in sorted(cited):
        parts, status = shown("sources", key=key)
        assert status == 200, key
        assert parts.named("citation") is not None


@pytest.mark.parametrize("name", ["compare", "fleet", "disclose"])
def test_property_a_page_says_its_sentence_once(name: str) -> None:
    """The lead is not said again above the first chart; the chart by itself, in a frame, still says it."""
    html = page_html(name, State.of((("samples", "200"),) if name == "fleet" else (), "en")).html
    lead = re.search(r'<p class="lead" data-testid="lead"[^>]*>([^<]+)</p>', html)
    assert lead is not None
    assert f'<p class="finding">{lead.group(1)}</p>' not in html


def test_property_a_claim_without_a_stated_value_says_none() -> None:
    html = page_html("audit", State.of((), "en")).html
    assert re.findall(r"<p>[^<]*<b></b>", html) == []
