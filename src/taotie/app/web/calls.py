"""What of a page runs in a process that can be stopped? The page, a chart's file, the share picture, from plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from taotie.app.web.share import share_png
from taotie.app.web.site import Addresses, chart_of, embedded_html, page_html
from taotie.app.web.state import State
from taotie.words.language import language

__all__ = ["chart", "embed", "page", "share"]

Pairs = Sequence[Sequence[str]]


def _state(pairs: Pairs, posted: Mapping[str, str]) -> State:
    state = State.of([(k, v) for k, v in pairs], language())
    return State(state.values, state.language, state.told, dict(posted))


def page(name: str, pairs: Pairs, posted: Mapping[str, str], origin: str) -> str:
    """A page and its status, as JSON."""
    found = page_html(name, _state(pairs, posted), Addresses(), origin)
    return json.dumps({"html": found.html, "status": found.status})


def chart(name: str, which: str, kind: str, pairs: Pairs, posted: Mapping[str, str]) -> str:
    """A chart as csv, json or svg."""
    found = chart_of(name, which, _state(pairs, posted))
    return {"csv": found.csv, "json": found.json, "svg": found.file_svg}[kind]()


def embed(name: str, which: str, pairs: Pairs, posted: Mapping[str, str], origin: str) -> str:
    """A chart as a page of its own."""
    state = _state(pairs, posted)
    return embedded_html(name, chart_of(name, which, state), state, Addresses(), origin)


def share(name: str, pairs: Pairs, posted: Mapping[str, str]) -> bytes:
    """The picture beside a link."""
    return share_png(name, _state(pairs, posted))
