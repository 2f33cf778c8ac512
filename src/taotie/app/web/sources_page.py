"""Where does each number come from? Every source, searched in both languages, with its figures and its citation."""

from __future__ import annotations

from typing import Any

from taotie.app.pages.tables import source_row
from taotie.app.web.asked import kept
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Place, range_chart
from taotie.app.web.parts import NOTHING
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import RangeError, TaotieError, UnknownNameError, nearest
from taotie.quantity import catalog
from taotie.quantity.wording import note_text, number, text
from taotie.words.language import _, language

FIELDS = ("q", "key", "cite", "access", "start")
N_SHOWN = 40


def build(state: State) -> View:
    """The bibliography."""
    from taotie.answer.parts.web import STYLES

    title = _("Every number has a source")
    style = state.get("cite", "text")
    values: dict[str, Any] = NOTHING | {
        "q": state.get("q"), "found": (), "rows": (), "one": None, "figures": (), "cited": "", "style": style,
        "styles": [(s, s) for s in STYLES], "next": "", "access": state.get("access"),
        "accesses": [("", _("all")), ("read", _("read")), ("quoted", _("quoted elsewhere, page not opened")), ("memory", _("from memory, to be looked up"))],
    }  # fmt: skip
    keys = catalog.source_keys()
    by_access = kept(("access", "sources"), lambda: {k: catalog.source(k).access for k in keys})
    charts = (how_read(by_access),)
    try:
        if style not in STYLES:
            raise UnknownNameError(_("{style} is no style of citation.").format(style=repr(style)), nearest(style, STYLES))  # fmt: skip
        if state.get("key"):
            values |= one_source(state.get("key"), style)
        elif state.get("q"):
            values["found"] = found(state.get("q"))
        else:
            wanted = [k for k in keys if values["access"] in ("", by_access[k])]
            start = _whole(state.get("start", "0"), len(wanted))
            most = len(wanted) if state.posted.get("all") else N_SHOWN
            values["rows"] = [source_row(catalog.source(k)) for k in wanted[start : start + most]]
            values["next"] = str(start + most) if start + most < len(wanted) else ""
            values["lead"] = _("{n} sources.").format(n=len(wanted))
    except TaotieError as error:
        return View(title, values, charts, error=error, known=FIELDS, status=422)
    return View(title, values, charts, known=FIELDS, share=(title, _("{n} sources.").format(n=len(keys))))  # fmt: skip


def _whole(text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise RangeError(_("start={value} is not a place in the list of {n}.").format(value=repr(text[:20]), n=most), "start=0")  # fmt: skip
    return int(text)


def one_source(key: str, style: str) -> dict[str, Any]:
    """A source with its figures and its citation in a style.

    Raises
    ------
    SourceError
        If there is none; the message names the nearest.
    """
    from taotie.answer.parts.audit import citation

    origin = catalog.source(key)
    figures = [catalog.figure(k) for k in catalog.figure_keys(key)]
    return {
        "one": source_row(origin),
        "cited": citation(origin, style),
        "figures": [
            {
                "key": f.key,
                "name": f.name,
                "text": text(f),
                "locator": f.locator,
                "note": note_text(f),
            }
            for f in figures[:200]
        ],
    }


def found(words: str) -> list[dict[str, Any]]:
    """Figures that speak of something, the nearest first.

    Raises
    ------
    UnknownNameError
        If the catalogue has none.
    """
    from taotie.answer.parts.audit import search

    entries = [entry for entry, _score in search(words, 25)]
    if not entries:
        raise UnknownNameError(_("nothing in the catalogue speaks of {words}.").format(words=repr(words[:80])), _("write other words, in English or Chinese"))  # fmt: skip
    zh = language() == "zh"
    return [
        {
            "key": e.key, "label": (e.label_zh if zh else e.label_en) or e.key, "source": e.source,
            "text": text(catalog.figure(e.key)), "citation": catalog.source(e.source).citation,
        }
        for e in entries
    ]  # fmt: skip


def how_read(by_access: dict[str, str]) -> Chart:
    """How many sources were opened."""
    words = {"read": _("read"), "quoted": _("quoted elsewhere, page not opened"), "memory": _("from memory, to be looked up")}  # fmt: skip
    counts = {a: sum(v == a for v in by_access.values()) for a in words}
    total = sum(counts.values())
    finding = _("{share} % of the sources were opened and read.").format(share=number(100 * counts["read"] / total))  # fmt: skip
    rows = [Place(words[a], 0.0, n, n, str(n)) for a, n in counts.items()]
    return Chart(
        "access", _("How we know"), finding, range_chart(rows, _("sources"), finding, log=False),
        data({"access": _("how we know"), "n": _("sources")}, [{"access": words[a], "n": n} for a, n in counts.items()]),
        _("A figure may carry a mark of its own where it was read elsewhere than its source."),
    )  # fmt: skip
