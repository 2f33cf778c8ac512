"""Which pages are there, and how does one become HTML? The list of pages, their frame, their addresses.

A page is a function of its state (the address) and gives a `View`: a template with values, and its charts. It
computes nothing: it asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from taotie import __version__
from taotie.app.pages.tied import tied
from taotie.app.web.chart import Chart, citation
from taotie.app.web.state import State
from taotie.errors import MissingExtraError, TaotieError, UnknownNameError, nearest
from taotie.words.language import LANGUAGES, N_, _, in_language, language, speaking
from taotie.words.listing import listing

__all__ = [
    "PAGES",
    "Addresses",
    "Page",
    "Rendered",
    "View",
    "chart_of",
    "page_html",
    "page_of",
    "waiting_html",
]

HERE = Path(__file__).parent
TEMPLATES, ASSETS = HERE / "templates", HERE / "static"
HTML_LANG = {"en": "en", "zh": "zh-Hans"}
OWN_NAME = {"en": "English", "zh": "中文"}


@dataclass(frozen=True)
class Page:
    """One page: the last part of its address, its name in the menu, the question it answers."""

    name: str
    title: str
    question: str
    group: str
    fixed: bool = False
    """Shows what is held, asks for nothing: belongs into a static copy as it is."""


PAGES: dict[str, Page] = {
    one.name: one
    for one in (
        Page("prompt", N_("One prompt"), N_("How much electricity does one prompt take, from the chip to the grid?"), "ask"),
        Page("compare", N_("Compare"), N_("Which models, chips and tasks take how much?"), "ask"),
        Page("check", N_("Check a sentence"), N_("Is a published number right?"), "ask"),
        Page("audit", N_("An article audited"), N_("How many numbers of one article hold?"), "ask", fixed=True),
        Page("service", N_("A service"), N_("What does a request log do to machines: latency, energy, power?"), "place"),
        Page("grid", N_("A grid"), N_("Where on a grid does a new load fit?"), "place"),
        Page("supply", N_("Supply"), N_("What supplies a load around the clock, and at what cost?"), "place"),
        Page("fleet", N_("The fleet"), N_("How much power do the world's AI machines draw, and what next?"), "place", fixed=True),
        Page("meter", N_("Meters"), N_("What does this machine draw now, and what did a meter record?"), "record"),
        Page("disclose", N_("Disclose"), N_("Which fields of a form are there, and which are missing?"), "record"),
        Page("sources", N_("Sources"), N_("Where does each number come from?"), "know", fixed=True),
        Page("methods", N_("Methods"), N_("How is it computed, and what is taken where nothing is said?"), "know", fixed=True),
        Page("validation", N_("Validation"), N_("How wrong are we, by chip and by model?"), "know", fixed=True),
    )
}  # fmt: skip
"""By name, in the order of the menu; the first stands at the root."""
FIRST = "prompt"


@dataclass(frozen=True)
class View:
    """What a page shows in the language in force."""

    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    charts: tuple[Chart, ...] = ()
    error: TaotieError | None = None
    known: tuple[str, ...] = ()
    """Fields the page has; others in the address are named as unknown."""
    share: tuple[str, ...] = ()
    """Lines of the picture that other programs show beside a link."""
    status: int = 200


class Builder(Protocol):
    """The function a page module has."""

    def __call__(self, state: State) -> View: ...


@dataclass(frozen=True)
class Rendered:
    """A page as bytes go out."""

    html: str
    status: int


class Addresses:
    """Where pages, their files and assets stand. A static copy has its own."""

    live = True
    """A service stands behind them: what is typed into a form is answered."""

    def page(self, name: str, state: State, lang: str = "", **changes: Any) -> str:
        """Address of a page with a state, in its language or in another."""
        return f"{self.action(name, lang or state.language)}{state.query(**changes)}"

    def action(self, name: str, lang: str) -> str:
        """Address a form goes to; its fields follow."""
        return f"/{lang}/" if name == FIRST else f"/{lang}/{name}"

    def source(self, key: str, state: State) -> str:
        """Address of a source in the list of sources."""
        return f"{self.page('sources', state.bare(), key=key)}#source-{key}"

    def chart(self, page: str, chart: str, kind: str, state: State) -> str:
        """Address of a chart's file: csv, json, svg, or embed (a page of its own that others may frame)."""
        if kind == "embed":
            return f"/{state.language}/embed/{page}/{chart}{state.query()}"
        return f"/{state.language}/{page}/chart/{chart}.{kind}{state.query()}"

    def share_picture(self, page: str, state: State) -> str:
        """Address of the picture shown beside a link."""
        return f"/{state.language}/{page}/share.png{state.query()}"

    def asset(self, name: str) -> str:
        """Address of a style, script or picture; changes with its content, so it may be kept for ever."""
        return f"/static/{name}?h={asset_hash(name)}"


@lru_cache
def asset_hash(name: str) -> str:
    """Short hash of an asset's bytes."""
    return hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]


def page_of(name: str) -> Page:
    """A page by name.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in PAGES:
        raise UnknownNameError(
            _("There is no page {name}.").format(name=repr(name[:60])), nearest(name, PAGES)
        )
    return PAGES[name]


def view_of(name: str, state: State) -> View:
    """What a page shows, in the language in force."""
    build: Builder = import_module(f"taotie.app.web.{name}_page").build
    return build(state)


def chart_of(name: str, chart: str, state: State) -> Chart:
    """One chart of a page, in the language of the state.

    Raises
    ------
    UnknownNameError
        If the page has no such chart with these settings.
    TaotieError
        If the settings are refused.
    """
    page_of(name)
    with speaking(state.language):
        view = view_of(name, state)
        if view.error is not None:
            raise view.error
        found = {c.name: c for c in view.charts}
        if chart not in found:
            raise UnknownNameError(
                _("The page {page} has no chart {chart}.").format(
                    page=name, chart=repr(chart[:60])
                ),
                nearest(chart, found),
            )
        return found[chart]


def page_html(name: str, state: State, addresses: Addresses | None = None, origin: str = "") -> Rendered:  # fmt: skip
    """A page as HTML.

    Parameters
    ----------
    name : str
        One of `PAGES`.
    state : State
    addresses : Addresses, optional
        Where its links go.
    origin : str
        Scheme and host, for links that leave the browser: share picture, citation.

    Raises
    ------
    UnknownNameError
        If there is no such page.
    MissingExtraError
        If Jinja2 is not installed.
    """
    page = page_of(name)
    with speaking(state.language):
        view = view_of(name, state)
        return Rendered(_framed(page, view, state, addresses or Addresses(), origin), view.status)


def embedded_html(name: str, chart: Chart, state: State, addresses: Addresses, origin: str = "") -> str:  # fmt: skip
    """One chart as a page that other sites may show in a frame."""
    with speaking(state.language):
        return tied(
            environment().get_template("embed.html").render(
                chart=chart, state=state, at=addresses, page=page_of(name), lang=HTML_LANG[state.language], origin=origin,
            )
        )  # fmt: skip


def problem_html(problem: Mapping[str, Any]) -> str:
    """A problem (title, detail, hint) as a page with the menu, in the language in force."""
    error = TaotieError(str(problem.get("detail", "")), str(problem.get("hint", "")))
    view = View(str(problem.get("title", "")), error=error)
    return _framed(Page("", view.title, "", ""), view, State(language=language()), Addresses(), "")


def waiting_html(name: str, state: State, origin: str = "") -> str:
    """A page whose answer is not there yet: its frame, and a place that fills itself."""
    page = page_of(name)
    view = View(in_language(page.title, language()))
    return _framed(page, view, state, Addresses(), origin, "waiting.html")


def _framed(
    page: Page, view: View, state: State, at: Addresses, origin: str, template: str = ""
) -> str:
    unknown = state.unknown(view.known) if view.known else ()
    told = [one.text() for one in state.told]
    if unknown:
        told.append(
            _("The link names what this page does not know, so it was left out: {names}.").format(
                names=listing(u[:40] for u in unknown[:12])
            )
        )
    address = at.page(page.name, state, v=__version__) if page.name else ""
    template = template or f"{page.name or 'problem'}.html"
    return tied(
        environment().get_template(template).render(
            **view.values,
            page=page,
            pages={k: v for k, v in PAGES.items() if k == FIRST or at.action(k, "en") != at.action(FIRST, "en")},
            groups=GROUPS,
            title=view.title,
            view=view,
            charts={c.name: c for c in view.charts},
            error=view.error,
            told=told,
            state=state,
            at=at,
            lang=HTML_LANG[state.language],
            languages=[(code, OWN_NAME[code], HTML_LANG[code]) for code in LANGUAGES],
            share=origin + address,
            cite=citation(view.title, origin + address),
            cite_chart=lambda chart: citation(chart.title, f"{origin}{address}#{chart.name}"),
            origin=origin,
            version=__version__,
        )
    )  # fmt: skip


GROUPS = {
    "ask": N_("Ask"),
    "place": N_("Machines and grid"),
    "record": N_("Measure and report"),
    "know": N_("How we know"),
}


@lru_cache
def environment() -> Any:
    """The templates, every value escaped, `_` in the language in force."""
    try:
        import jinja2
    except ImportError:
        raise MissingExtraError("jinja2", "serve") from None
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.globals["_"] = _
    made.globals["fill"] = filled
    made.globals["data_of"] = data_of
    made.globals["word"] = lambda message: in_language(message, language())
    made.filters["svg"] = _drawing
    return made


N_CELLS = 900
"""Most cells of a table in a page; the rest is in the files."""


def data_of(chart: Chart) -> dict[str, Any]:
    """The table under a chart, as printed."""
    n = max(N_CELLS // max(len(chart.table.columns), 1), 5)
    rows = chart.table.shown()[:n]
    for i, key in enumerate(chart.table.columns):
        if (named := chart.named.get(key)) is not None:
            for row in rows:
                row[i] = named(row[i])
    return {
        "heads": list(chart.table.columns.values()),
        "rows": rows,
        "numeric": chart.table.numeric(),
        "left_out": len(chart.table.rows) - len(rows),
    }


def filled(message: str, **parts: Any) -> Any:
    """A sentence of one language with fields of a form in it, in that language's order."""
    from markupsafe import Markup, escape

    return Markup(escape(message)).format(**parts)


def _drawing(svg: str) -> Any:
    """A drawing of ours as it is: `drawing` and its neighbours escape every word in it."""
    from markupsafe import Markup

    return Markup(svg)
