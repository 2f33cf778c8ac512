"""Where on the grid does a load fit? Maps coloured by capacity, one a treatment, and bars of the same classes.

Drawn as SVG by ourselves, so that a grid of thousands of buses stays small and needs no script.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from taotie.answer.parts.grid import CapacityPicture, backdrop, share_taking
from taotie.app.charts import theme
from taotie.app.charts.grid_backdrop import Onto, outlines_svg, towns_svg
from taotie.app.charts.grid_numbers import (
    COLOURS,
    N_BUS_DRAWN,
    N_BUS_SINGLE,
    RULES,
    FloatArray,
    capacity_by_way,
    class_edges,
    class_of,
    class_words,
    half_take,
    listed,
    mw_text,
    way_name,
)
from taotie.quantity.wording import percent
from taotie.words.language import _, language

_WIDTH, _MARGIN = 520.0, 10.0
ANSWERS = "margin"  # the treatment of `firm_mw`


@dataclass(frozen=True)
class _Paper:
    """Buses on the paper. [px]"""

    x: FloatArray
    y: FloatArray
    height: float
    radius: float
    onto: Onto
    frame: tuple[float, float, float, float] | None
    """West, south, east, north of the paper; None where buses have no places. [degrees]"""


def _paper(shown: CapacityPicture) -> _Paper:
    drawn = shown.drawn
    x, y = np.asarray(drawn.x, float), np.asarray(drawn.y, float)
    narrow = 1.0
    if drawn.geographic:
        narrow = math.cos(math.radians(float(np.clip(np.mean(y), -80, 80))))
    x = x * narrow
    wide, tall = max(float(np.ptp(x)), 1e-9), max(float(np.ptp(y)), 1e-9)
    room = _WIDTH - 2 * _MARGIN
    height = float(np.clip(room * tall / wide, 0.6 * room, 1.1 * room))
    scale = [min(room / wide, height / tall)] * 2 if drawn.geographic else [room / wide, height / tall]  # fmt: skip
    radius = float(np.clip(100 / math.sqrt(len(x)), 1.0, 6.0))
    left = _MARGIN + (room - wide * scale[0]) / 2 - float(x.min()) * scale[0]
    top = _MARGIN + (height - tall * scale[1]) / 2 + float(y.max()) * scale[1]

    def onto(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
        return left + lon * narrow * scale[0], top - lat * scale[1]

    px, py = _spread(*onto(np.asarray(drawn.x, float), y), radius)
    full = height + 2 * _MARGIN
    frame = None
    if drawn.geographic:
        east = (_WIDTH - left) / scale[0] / narrow
        frame = (-left / scale[0] / narrow, (top - full) / scale[1], east, top / scale[1])
    return _Paper(px, py, full, radius, onto, frame)


def _spread(x: FloatArray, y: FloatArray, radius: float) -> tuple[FloatArray, FloatArray]:
    """Buses of one substation stand side by side instead of one on another."""
    place = np.round(np.column_stack([x, y]), 1)
    _same, which = np.unique(place, axis=0, return_inverse=True)
    order = np.argsort(which, kind="stable")
    first = np.searchsorted(which[order], which[order], side="left")
    rank = np.empty(len(x))
    rank[order] = np.arange(len(x)) - first
    away, angle = 1.2 * radius * np.sqrt(rank), 2.399963 * rank
    return x + away * np.cos(angle), y + away * np.sin(angle)


def maps_html(shown: CapacityPicture) -> str:
    """One map that answers, the other treatments folded; shared lines are drawn once and used again.

    Buses are coloured by capacity, over the borders of their part of the world where their places are known, with the
    names of towns on the first. In a page both languages show the same drawing: where no word is in it, the Chinese half uses the English one.
    """
    found, edges = shown.capacity, class_edges(shown.load_mw)
    paper, name = _paper(shown), f"lines-{language()}"
    behind = None if paper.frame is None else backdrop(*paper.frame)
    lines = _lines(shown, paper)
    if behind is not None:
        lines = outlines_svg(behind, paper.onto) + lines
    hexagons = len(paper.x) > N_BUS_DRAWN
    names = "" if behind is None else towns_svg(behind, paper.onto, _WIDTH, paper.height)
    panels = []
    ways = capacity_by_way(found)
    ways = {k: ways[k] for k in sorted(ways, key=lambda way: way != ANSWERS)}
    for i, (way, mw) in enumerate(ways.items()):
        below = f'<g id="{name}">{lines}</g>' if i == 0 else f'<use href="#{name}"/>'
        map_name, silent = f"map-{way}", len(mw) > N_BUS_SINGLE
        if silent and language() == "zh":
            drawing = f'<use href="#{map_name}"/>'
        else:
            dots = _hexagons(paper, mw, edges) if hexagons else _dots(shown, paper, mw, edges)
            drawing = f'<g id="{map_name}">{below}{dots}</g>' if silent else below + dots
        said = (
            _("{share} % take it").format(share=percent(share_taking(mw, shown.load_mw)))
            if shown.load_mw
            else _("half of the buses take {mw} MW").format(mw=mw_text(half_take(mw)))
        )
        panels.append(
            f'<div data-way="{escape(way)}"><p class="panel"><b>{escape(way_name(way))}</b> {escape(said)}</p>'
            f'<svg class="drawn" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {paper.height:.0f}"'
            f' style="overflow:hidden" focusable="false">{drawing}{names if i == 0 else ""}</svg></div>'
        )
    other = _("The same map under the other treatments: {names}").format(
        names=listed(way_name(way) for way in list(ways)[1:])
    )
    return (
        f'{RULES}<div class="map-first">{panels[0]}</div>{legend_html(edges)}<details class="others">'
        f'<summary>{escape(other)}</summary><div class="maps">{"".join(panels[1:])}</div></details>'
    )


def _lines(shown: CapacityPicture, paper: _Paper) -> str:
    """Branches as one thin path, those shorter than a point or already drawn left out."""
    drawn = shown.drawn
    if len(paper.x) > N_BUS_DRAWN:
        return ""
    x, y = np.round(paper.x).astype(int), np.round(paper.y).astype(int)
    ends = np.column_stack([x[drawn.from_row], y[drawn.from_row], x[drawn.to_row], y[drawn.to_row]])
    turn = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ends[turn] = ends[turn][:, [2, 3, 0, 1]]
    ends = np.unique(ends[np.abs(ends[:, :2] - ends[:, 2:]).max(axis=1) > 1], axis=0)
    path = "".join(f"M{a} {b}L{c} {d}" for a, b, c, d in ends.tolist())
    width = 0.6 if len(ends) > 4_000 else 0.9 if len(ends) > 400 else 1.5
    return f'<path d="{path}" fill="none" stroke="{theme.GREY}" stroke-opacity=".45" stroke-width="{width}"/>'


def _dots(shown: CapacityPicture, paper: _Paper, mw: FloatArray, edges: FloatArray) -> str:
    """Buses by class; the lower a class, the later it is drawn, so that nothing hides a bus that takes little."""
    group = class_of(mw, edges)
    size = 2 * paper.radius
    parts = []
    for c in range(len(COLOURS) - 1, -1, -1):
        rows = np.flatnonzero(group == c)
        colour = COLOURS[c][0]
        if len(mw) <= N_BUS_SINGLE:
            case = shown.capacity.case
            parts += [
                f'<circle cx="{paper.x[i]:.1f}" cy="{paper.y[i]:.1f}" r="{paper.radius:.1f}" fill="{colour}">'
                f"<title>{escape(case.bus_label(int(i)))}: {mw_text(float(mw[i]))} MW</title></circle>"
                for i in rows
            ]
        elif rows.size:
            parts.append(
                f'<path transform="scale(.5)" d="{_points(paper.x[rows], paper.y[rows])}" stroke="{colour}"'
                f' stroke-width="{2 * size:.1f}" stroke-linecap="round"/>'
            )
    return "".join(parts)


def _points(x: FloatArray, y: FloatArray) -> str:
    """Dots as lines without length, each from the one before: half a pixel is near enough."""
    at = np.round(2 * np.column_stack([x, y])).astype(int)
    at = at[np.lexsort((at[:, 1], at[:, 0]))]
    step = np.diff(at, axis=0, prepend=0)
    return "".join(f"m{dx} {dy}h0" if dy >= 0 else f"m{dx}{dy}h0" for dx, dy in step.tolist())


def hexagon_of(x: FloatArray, y: FloatArray, side: float) -> NDArray[np.int64]:
    """Row and column of the hexagon each point lies in, shape (n, 2)."""
    wide, tall = math.sqrt(3) * side, 1.5 * side
    best = np.zeros((len(x), 2), np.int64)
    near = np.full(len(x), np.inf)
    for odd in (0, 1):
        row = 2 * np.round((y / tall - odd) / 2).astype(np.int64) + odd
        column = np.round(x / wide - 0.5 * odd).astype(np.int64)
        away = (x - (column + 0.5 * odd) * wide) ** 2 + (y - row * tall) ** 2
        closer = away < near
        best[closer] = np.column_stack([row, column])[closer]
        near = np.minimum(near, away)
    return best


def _hexagons(paper: _Paper, mw: FloatArray, edges: FloatArray) -> str:
    """Median of the buses in each hexagon, by class; the more buses, the larger."""
    side = 5.2
    cells, which, count = np.unique(
        hexagon_of(paper.x, paper.y, side), axis=0, return_inverse=True, return_counts=True
    )
    order = np.lexsort((mw, which))
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    middle = mw[order][start + (count - 1) // 2]
    group = class_of(middle, edges)
    size = side * np.clip(np.sqrt(count / np.percentile(count, 90)), 0.35, 1.0)
    y = cells[:, 0] * 1.5 * side
    x = (cells[:, 1] + 0.5 * (cells[:, 0] % 2)) * math.sqrt(3) * side
    corner = np.pi / 6 + np.pi / 3 * np.arange(6)
    parts = []
    for c, (colour, _dark) in enumerate(COLOURS):
        path = []
        for i in np.flatnonzero(group == c):
            at = [
                f"{x[i] + size[i] * math.cos(a):.1f} {y[i] + size[i] * math.sin(a):.1f}"
                for a in corner
            ]
            path.append(f"M{'L'.join(at)}z")
        if path:
            parts.append(f'<path d="{"".join(path)}" fill="{colour}"/>')
    return "".join(parts)


def legend_html(edges: FloatArray) -> str:
    """The colours in words."""
    rows = [
        f'<li><svg viewBox="0 0 16 16" class="key" aria-hidden="true"><circle cx="8" cy="8" r="6" fill="{colour}"/></svg>'
        f" {escape(words)}</li>"
        for (colour, _dark), words in zip(COLOURS, class_words(edges), strict=True)
    ]
    return f'<ul class="legend">{"".join(rows)}</ul>'


def classes_html(shown: CapacityPicture) -> str:
    """Histogram: one bar a treatment, cut into the classes of the map."""
    edges = class_edges(shown.load_mw)
    rows = []
    for way, mw in capacity_by_way(shown.capacity).items():
        count = np.bincount(class_of(mw, edges), minlength=len(COLOURS))
        at, parts = 0.0, []
        for c, n in enumerate(count):
            wide = 100 * n / len(mw)
            if n:
                parts.append(
                    f'<rect x="{at:.3f}" y="0" width="{wide:.3f}" height="10" fill="{COLOURS[c][0]}"/>'
                )
            at += wide
        rows.append(
            f'<span>{escape(way_name(way))}</span><svg class="drawn" viewBox="0 0 100 10" preserveAspectRatio="none"'
            f' focusable="false" data-bar="{escape(way)}">{"".join(parts)}</svg>'
        )
    return f'<div class="classes">{"".join(rows)}</div>'
