"""Where on a grid does a load fit? The buses as a map one can click: amber below the load, blue where it is taken."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from taotie.app.charts import theme
from taotie.app.charts.grid_numbers import COLOURS, class_edges, class_of, class_words, mw_text
from taotie.app.web.asked import kept

__all__ = ["bus_legend", "bus_map"]

WIDTH, MARGIN = 1000.0, 18.0
N_LINKED = 3_000
"""Buses that are links of their own; on larger grids the search field takes a bus by name or number."""


def bus_map(
    detail: Any, buses: Sequence[Mapping[str, Any]], load_mw: float, alt: str, *,
    chosen: int | None = None, binds: Mapping[str, Any] | None = None,
    link: Callable[[int], str] | None = None,
) -> str:  # fmt: skip
    """The network with its buses coloured by the load they take with any one branch lost.

    Parameters
    ----------
    detail : CapacityDetail
        Of the answer of every bus: its case and places.
    buses : sequence of mapping
        Rows of the answer: bus, name, firm_mw.
    load_mw : float
        The load asked about. [MW]
    chosen : int, optional
        Number of the bus that is looked at: drawn with a ring.
    binds : mapping, optional
        The branch that limits it and the outage: their labels.
    link : callable, optional
        Address of a bus by its number.
    """
    from taotie.answer.parts.grid import grid_picture

    case = detail.found.case
    drawn = kept(("layout", case.name, case.n_bus), lambda: grid_picture(case, registered=True))
    x, y, height = _paper(np.asarray(drawn.x, float), np.asarray(drawn.y, float), drawn.geographic)
    radius = float(np.clip(230 / math.sqrt(len(x)), 2.4, 13.0))
    firm = np.array([b["firm_mw"] for b in buses], float)
    edges = class_edges(load_mw)
    classes = class_of(firm, edges)
    lines = "".join(
        f"M{x[a]:.0f} {y[a]:.0f}L{x[b]:.0f} {y[b]:.0f}"
        for a, b in zip(drawn.from_row, drawn.to_row, strict=True)
    )
    parts = [f'<path d="{lines}" fill="none" stroke="{theme.GREY}" stroke-width="1.6"/>']
    for label, colour, dash in _limits(binds):
        ends = _ends(case, label)
        if ends is None:
            continue
        a, b = ends
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(
            f'<line x1="{x[a]:.0f}" y1="{y[a]:.0f}" x2="{x[b]:.0f}" y2="{y[b]:.0f}" stroke="{colour}"'
            f' stroke-width="7" stroke-linecap="round"{dashed}><title>{escape(label)}</title></line>'
        )
    linked = link is not None and len(x) <= N_LINKED
    order = np.argsort(classes, kind="stable")
    for i in order:
        one = buses[int(i)]
        name = f"{one['bus']} {one['name']}".strip()
        words = escape(f"{name}: {mw_text(float(firm[i]))} MW")
        dot = (
            f'<circle cx="{x[i]:.0f}" cy="{y[i]:.0f}" r="{radius:.1f}" fill="{COLOURS[int(classes[i])][0]}"'
            f' stroke="{theme.PAPER}" stroke-width="1"><title>{words}</title></circle>'
        )
        if linked and link is not None:
            dot = f'<a href="{escape(link(int(one["bus"])), quote=True)}" aria-label="{words}" data-bus="{one["bus"]}">{dot}</a>'
        parts.append(dot)
        if chosen is not None and one["bus"] == chosen:
            parts.append(
                f'<circle cx="{x[i]:.0f}" cy="{y[i]:.0f}" r="{radius + 9:.1f}" fill="none" stroke="{theme.INK}" stroke-width="4"/>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="100%"'
        f' {"role=" + chr(34) + "group" + chr(34) if linked else "role=" + chr(34) + "img" + chr(34)} aria-label="{escape(alt, quote=True)}">{"".join(parts)}</svg>'
    )


def bus_legend(load_mw: float) -> tuple[tuple[str, str], ...]:
    """Colours of the classes and what they mean."""
    return tuple(
        (light, words)
        for (light, _dark), words in zip(COLOURS, class_words(class_edges(load_mw)), strict=True)
    )


def _limits(binds: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    if not binds:
        return []
    found = []
    if binds.get("outage"):
        found.append((str(binds["outage"]), theme.INK, "14 10"))
    if binds.get("branch"):
        found.append((str(binds["branch"]), theme.LOADING_COLOURS[5], ""))
    return found


def _ends(case: Any, label: str) -> tuple[int, int] | None:
    """Rows of the buses at the ends of a branch by its label, such as ``6240-6287 #2``."""
    a, _dash, b = label.split(" ")[0].partition("-")
    rows = {int(n): i for i, n in enumerate(case.bus_number)}
    try:
        return rows[int(a)], rows[int(b)]
    except (KeyError, ValueError):
        return None


def _paper(x: Any, y: Any, on_map: bool) -> tuple[Any, Any, float]:
    """Positions on the paper, north up."""
    if on_map:
        x = x * math.cos(math.radians(float(np.clip(np.nanmean(y), -80, 80))))
    wide, tall = max(float(np.ptp(x)), 1e-9), max(float(np.ptp(y)), 1e-9)
    room = WIDTH - 2 * MARGIN
    height = float(np.clip(room * tall / wide, 0.45 * room, 0.75 * room))
    if on_map:
        scale = [min(room / wide, height / tall)] * 2
    else:
        scale = [room / wide, height / tall]
    px = MARGIN + (room - wide * scale[0]) / 2 + (x - x.min()) * scale[0]
    py = MARGIN + (height - tall * scale[1]) / 2 + (y.max() - y) * scale[1]
    return px, py, height + 2 * MARGIN
