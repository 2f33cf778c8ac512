"""Which buses take a load, and what limits them? Maps by capacity, share of buses by load, limiting pairs. MW.

Drawn as SVG and HTML by ourselves, so that a grid of thousands of buses stays small and needs no script. Colours
fall into classes around the load asked about: amber below it, blue at and above it, which the colour-blind tell apart.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.app.report import theme
from taotie.app.report.picture import Cell, DataTable, Picture, _data_uri, cut, sentences
from taotie.grid.hosting_capacity import HostingCapacityByTreatment, hosting_capacity_limits
from taotie.grid.layout import CapacityPicture, picture_note
from taotie.grid.limiting import limiting_pairs, pair_words
from taotie.language import _, language
from taotie.quantity.wording import number

FloatArray = NDArray[np.float64]

N_BUS_DRAWN = 12_000  # more buses are drawn as hexagons
N_BUS_SINGLE = 300  # up to here each bus has its own words under the pointer
N_BUS_NAMED = 4_000  # more buses: their table leaves out what binds each
N_LIMIT = 15
REFERENCE_MW = 100.0  # middle of the colour scale where no load is asked about
ALL_IN = "n0"
_WIDTH, _MARGIN = 520.0, 10.0

# light paper, dark paper; under a quarter of the load ... four times the load and more
COLOURS = (
    ("#7a2e00", "#ffc49c"),
    ("#c2570c", "#e8842f"),
    ("#eda13a", "#9c5a17"),
    ("#6db3e6", "#2f6ea3"),
    ("#2b78bd", "#62aee8"),
    ("#0b3c73", "#c4e2ff"),
)
# colour and dashes of a line by treatment
LINES = {
    ALL_IN: (theme.GREY, "2 4"),
    "strict": (theme.AMBER_DEEP, ""),
    "margin": (theme.BLUE, ""),
    "cutoff": (theme.INK, "7 4"),
}

RULES = """<style>
.maps { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px 26px }
.maps .panel, .limiting .panel { margin: 0 0 3px; font-size: .9rem; line-height: 1.35 }
.maps .panel b, .limiting .panel b { margin-right: .35em }
.maps .drawn, .shares .drawn, .classes .drawn { display: block; width: 100%; height: auto }
.classes { display: grid; grid-template-columns: minmax(5.5em, auto) minmax(0, 1fr); gap: 3px 12px; align-items: center; font-size: .86rem; margin: 14px 0 2px }
.drawing .classes svg { height: 15px }
.shares .narrow { display: none }
.limiting { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 270px), 1fr)); gap: 18px 30px }
.limiting ol { list-style: none; padding: 0; margin: 0; font-size: .82rem; line-height: 1.3 }
.limiting li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 8px; padding: 4px 0 5px; border-bottom: 1px solid var(--rule) }
.limiting .bar { display: block; grid-column: 1 / -1; position: static; padding: 0; border: 0; height: 5px; background: var(--wash) }
.limiting .bar i { display: block; height: 5px; background: var(--blue) }
.drawing h3 { margin: 22px 0 6px }
@media screen and (max-width: 700px) { .shares .wide { display: none } .shares .narrow { display: block } .maps { grid-template-columns: minmax(0, 1fr) } }
@media screen and (prefers-color-scheme: dark) {
DARK
}
</style>""".replace(
    "DARK",
    "\n".join(
        f'.drawing svg [{what}="{light}"] {{ {what}: {dark} }}'
        for light, dark in COLOURS
        for what in ("fill", "stroke")
    ),
)


# ---- words and numbers -------------------------------------------------------------------------------


def case_name(found: HostingCapacityByTreatment) -> str:
    """The case as people call it."""
    return found.case.name.removeprefix("case_")


def way_name(way: str) -> str:
    """A treatment in the language in force."""
    return {
        ALL_IN: _("all branches in service"),
        "strict": _("strict"),
        "margin": _("margin (5 %)"),
        "cutoff": _("cutoff (5 %)"),
    }.get(way, way)


def capacity_by_way(found: HostingCapacityByTreatment) -> dict[str, FloatArray]:
    """MW each bus takes: all branches in service (strict), then any one lost under each treatment."""
    ways = {k: way.load_hosting_capacity_mw for k, way in found.by_treatment.items()}
    return {ALL_IN: next(iter(found.by_treatment.values())).n0_mw, **ways}


def share_taking(mw: FloatArray, load_mw: float) -> float:
    """Share of buses that take a load. [1]"""
    return float((mw >= load_mw).mean())


def listed(parts: Iterable[str]) -> str:
    """Parts of a sentence, one after the other."""
    return ("；" if language() == "zh" else "; ").join(parts)


def named(name: str, value: str) -> str:
    """A name and what it stands for."""
    return f"{name}：{value}" if language() == "zh" else f"{name}: {value}"


def percent(share: float) -> str:
    """A share as printed, without the sign; never 0 or 100 unless it is."""
    value = 100 * share
    if 0 < value < 1:
        return f"{value:.2g}"
    if 99.95 <= value < 100:
        return "> 99.9"
    return f"{value:.1f}".removesuffix(".0")


def span(shares: Sequence[float]) -> str:
    """The lowest and the highest of some shares as printed, without the sign."""
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else _("{low} to {high}").format(low=low, high=high)


def mw_text(mw: float) -> str:
    """Megawatts as printed, three digits where that many are known."""
    return number(mw, 4) if mw >= 100 else number(mw, 3) if mw >= 1 else f"{mw:.2g}"


def class_edges(load_mw: float | None) -> FloatArray:
    """Ends of the colour classes; the third is the load itself. [MW]"""
    return (load_mw or REFERENCE_MW) * np.array([0.25, 0.5, 1.0, 2.0, 4.0])


def class_of(mw: FloatArray, edges: FloatArray) -> NDArray[np.int64]:
    """Colour class of each bus: 3 and more take the load."""
    return np.searchsorted(edges, mw, side="right").astype(np.int64)


def class_words(edges: FloatArray) -> list[str]:
    """The classes as printed."""
    ends = [number(float(e), 3) for e in edges]
    inner = [f"{a} - {b} MW" for a, b in pairwise(ends)]
    return [f"< {ends[0]} MW", *inner, f"≥ {ends[-1]} MW"]


# ---- maps ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Paper:
    """Buses on the paper. [px]"""

    x: FloatArray
    y: FloatArray
    height: float
    radius: float


def _paper(shown: CapacityPicture) -> _Paper:
    drawn = shown.drawn
    x, y = np.asarray(drawn.x, float), np.asarray(drawn.y, float)
    if drawn.geographic:
        x = x * math.cos(math.radians(float(np.clip(np.mean(y), -80, 80))))
    wide, tall = max(float(np.ptp(x)), 1e-9), max(float(np.ptp(y)), 1e-9)
    room = _WIDTH - 2 * _MARGIN
    height = float(np.clip(room * tall / wide, 0.6 * room, 1.1 * room))
    scale = [min(room / wide, height / tall)] * 2 if drawn.geographic else [room / wide, height / tall]  # fmt: skip
    radius = float(np.clip(100 / math.sqrt(len(x)), 1.0, 6.0))
    px = _MARGIN + (room - wide * scale[0]) / 2 + (x - x.min()) * scale[0]
    py = _MARGIN + (height - tall * scale[1]) / 2 + (y.max() - y) * scale[1]
    px, py = _spread(px, py, radius)
    return _Paper(px, py, height + 2 * _MARGIN, radius)


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
    """One map a treatment, buses coloured by capacity; shared lines are drawn once and used again."""
    found, edges = shown.capacity, class_edges(shown.load_mw)
    paper, name = _paper(shown), f"lines-{language()}"
    lines = _lines(shown, paper)
    hexagons = len(paper.x) > N_BUS_DRAWN
    panels = []
    for i, (way, mw) in enumerate(capacity_by_way(found).items()):
        below = f'<g id="{name}">{lines}</g>' if i == 0 else f'<use href="#{name}"/>'
        dots = _hexagons(paper, mw, edges) if hexagons else _dots(shown, paper, mw, edges)
        said = (
            _("{share} % take it").format(share=percent(share_taking(mw, shown.load_mw)))
            if shown.load_mw
            else _("half of the buses take {mw} MW").format(mw=mw_text(float(np.median(mw))))
        )
        panels.append(
            f'<div data-way="{escape(way)}"><p class="panel"><b>{escape(way_name(way))}</b> {escape(said)}</p>'
            f'<svg class="drawn" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {paper.height:.0f}"'
            f' focusable="false">{below}{dots}</svg></div>'
        )
    return f'{RULES}<div class="maps">{"".join(panels)}</div>{legend_html(edges)}'


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


# ---- share of buses by load -------------------------------------------------------------------------------


def shares_html(shown: CapacityPicture) -> str:
    """Share of buses that take at least so much, by treatment, for wide and narrow paper; a legend in words."""
    ways = capacity_by_way(shown.capacity)
    rows, colon = [], named("", "")
    for way, mw in ways.items():
        colour, dash = LINES.get(way, (theme.GREY, ""))
        dashes = f' stroke-dasharray="{dash.replace("7 4", "4 2")}"' if dash else ""
        said = _("half of the buses take {mw} MW or more").format(
            mw=mw_text(float(np.percentile(mw, 50, method="lower")))
        )
        if shown.load_mw:
            said = _("{share} % of the buses take {load} MW; {half}").format(
                share=percent(share_taking(mw, shown.load_mw)),
                load=mw_text(shown.load_mw),
                half=said,
            )
        rows.append(
            f'<li><svg viewBox="0 0 16 16" class="key" aria-hidden="true"><line x1="0" x2="16" y1="8" y2="8"'
            f' stroke="{colour}" stroke-width="3"{dashes}/></svg> <b>{escape(way_name(way))}</b>{colon}{escape(said)}</li>'
        )
    return (
        f'{RULES}<div class="shares"><div class="wide">{_shares_svg(ways, shown.load_mw, 720, 330)}</div>'
        f'<div class="narrow">{_shares_svg(ways, shown.load_mw, 350, 260)}</div></div>'
        f'<ul class="legend">{"".join(rows)}</ul>'
    )


def _shares_svg(ways: dict[str, FloatArray], load_mw: float | None, wide: int, tall: int) -> str:
    left, right, top, bottom = 46.0, 12.0, 22.0, 44.0
    high = max(float(mw.max()) for mw in ways.values())
    last = 10 ** math.ceil(math.log10(max(high, 1.001 * (load_mw or 0), 100)) - 1e-9)

    def across(mw: float) -> float:
        return left + (wide - left - right) * math.log10(max(mw, 1.0)) / math.log10(last)

    def down(share: float) -> float:
        return top + (tall - top - bottom) * (1 - share)

    size = 12
    text = f'font-size="{size}" fill="{theme.QUIET}" font-family="inherit"'
    parts = [
        f'<svg class="drawn" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" focusable="false">'
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = down(share)
        parts.append(
            f'<line x1="{left}" x2="{wide - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{theme.RULE}"/>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" {text}>{100 * share:.0f} %</text>'
        )
    step = 1
    while step <= last:
        x = across(step)
        end = ' text-anchor="end"' if step == last else ' text-anchor="middle"'
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{tall - bottom}" y2="{tall - bottom + 5}" stroke="{theme.GREY}"/>'
            f'<text x="{x:.1f}" y="{tall - bottom + 19}"{end} {text}>{number(float(step), 1)}</text>'
        )
        step *= 10
    axis = _("new load at the bus, MW")
    parts.append(
        f'<text x="{(left + wide - right) / 2:.0f}" y="{tall - 6}" text-anchor="middle" {text}>'
        f"{escape(axis)}</text>"
    )
    grid_mw = np.geomspace(1.0, last, 241)
    for way, mw in ways.items():
        colour, dash = LINES.get(way, (theme.GREY, ""))
        taking = 1 - np.searchsorted(np.sort(mw), grid_mw, side="left") / len(mw)
        path = "L".join(
            f"{across(float(a)):.1f} {down(float(b)):.1f}"
            for a, b in zip(grid_mw, taking, strict=True)
        )
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2.4"{dashes}/>'
        )
    if load_mw:
        x = across(load_mw)
        side = "end" if x > 0.7 * wide else "start"
        mark = _("the load: {mw} MW").format(mw=mw_text(load_mw))
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 6}" y2="{tall - bottom}" stroke="{theme.INK}" stroke-width="1.4"/>'
            f'<text x="{x + (-6 if side == "end" else 6):.1f}" y="{top - 8}" text-anchor="{side}" font-size="{size}"'
            f' font-weight="650" fill="{theme.INK}" font-family="inherit">{escape(mark)}</text>'
        )
        for way, mw in ways.items():
            y = down(share_taking(mw, load_mw))
            colour = LINES.get(way, (theme.GREY, ""))[0]
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.2" fill="{colour}"/>')
    parts.append("</svg>")
    return "".join(parts)


# ---- what binds -----------------------------------------------------------------------------------------------


def limiting_html(shown: CapacityPicture, n: int = N_LIMIT) -> str:
    """One list a treatment: the pairs that limit most buses, with bars."""
    found = shown.capacity
    lists = []
    for way in found.by_treatment:
        pairs = limiting_pairs(found, way)
        top = max(pairs[0].buses, 1) if pairs else 1
        rows = "".join(
            f'<li><span>{escape(pair_words(found, p))}</span><span class="num">{number(p.buses, 6)}</span>'
            f'<span class="bar"><i style="width:{100 * p.buses / top:.1f}%"></i></span></li>'
            for p in pairs[:n]
        )
        said = _("{n} pairs limit some bus; these limit most").format(n=number(len(pairs), 6))
        lists.append(
            f'<div data-way="{escape(way)}"><p class="panel"><b>{escape(way_name(way))}</b> {escape(said)}</p><ol>{rows}</ol></div>'
        )
    return f'{RULES}<div class="limiting">{"".join(lists)}</div>'


# ---- tables -----------------------------------------------------------------------------------------------


class ColumnTable(DataTable):
    """A long table whose JSON says the column names once."""

    def json_uri(self) -> str:
        """All rows as a JSON file inside a link: columns, then rows as lists."""
        rows = [[row.get(k) for k in self.columns] for row in self.rows]
        content = {"columns": list(self.columns), "rows": rows}
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return _data_uri("application/json", text)


def bus_table(found: HostingCapacityByTreatment) -> DataTable:
    """Every bus; of grids with more than `N_BUS_DRAWN` the classes only."""
    case = found.case
    if case.n_bus > N_BUS_DRAWN:
        return _quantile_table(found)
    digits = 3 if case.n_bus <= N_BUS_NAMED else 1
    ways = {k: np.round(v, digits).tolist() for k, v in capacity_by_way(found).items()}
    columns = {"bus": _("bus")}
    named = len(case.bus_name) == case.n_bus and case.n_bus <= N_BUS_NAMED
    if named:
        columns["name"] = _("name")
    columns |= {f"{k}_mw": f"{way_name(k)}, MW" for k in ways}
    columns["n1_supply"] = _("fed after any outage")
    rows: list[dict[str, Cell]] = [
        {
            "bus": int(bus),
            **({"name": case.bus_name[i].strip()} if named else {}),
            **{f"{k}_mw": v[i] for k, v in ways.items()},
            "n1_supply": int(found.n1_supply[i]),
        }
        for i, bus in enumerate(case.bus_number)
    ]
    if case.n_bus <= N_BUS_NAMED:
        labels = (*case.branch_labels, None)  # -1 is the last: the cap
        for way, one in found.by_treatment.items():
            columns[f"{way}_branch"] = _("{way}: limited by").format(way=way_name(way))
            columns[f"{way}_outage"] = _("{way}: when lost").format(way=way_name(way))
            pairs = zip(one.binding_branch.tolist(), one.binding_outage.tolist(), strict=True)
            for row, (branch, outage) in zip(rows, pairs, strict=True):
                row[f"{way}_branch"] = labels[branch]
                row[f"{way}_outage"] = None if outage == branch else labels[outage]
    return ColumnTable(columns, tuple(rows))


def _quantile_table(found: HostingCapacityByTreatment) -> DataTable:
    at = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
    rows: list[dict[str, Cell]] = []
    for way, mw in capacity_by_way(found).items():
        values = np.percentile(mw, at)
        rows.append(
            {"way": way_name(way)} | {f"p{a}": float(v) for a, v in zip(at, values, strict=True)}
        )
    return DataTable({"way": _("treatment")} | {f"p{a}": f"{a} %" for a in at}, tuple(rows))


def share_table(shown: CapacityPicture) -> DataTable:
    """Share of buses by load; the load asked about is one row."""
    ways = capacity_by_way(shown.capacity)
    loads = [
        1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000,
    ]  # fmt: skip
    every = sorted({float(v) for v in loads} | ({shown.load_mw} if shown.load_mw else set()))
    rows: list[dict[str, Cell]] = [
        {"load_mw": load, **{k: 100 * share_taking(mw, load) for k, mw in ways.items()}}
        for load in every
    ]
    columns = {"load_mw": _("load, MW")} | {
        k: _("{way}, % of buses").format(way=way_name(k)) for k in ways
    }
    return DataTable(columns, tuple(rows))


def limiting_table(found: HostingCapacityByTreatment) -> DataTable:
    """Pairs that limit buses, per treatment, the first hundred of each."""
    case = found.case
    labels = (*case.branch_labels, None)
    rows: list[dict[str, Cell]] = []
    for way in found.by_treatment:
        for p in limiting_pairs(found, way)[:100]:
            ends = () if p.branch < 0 else (case.from_row[p.branch], case.to_row[p.branch])
            rows.append(
                {
                    "way": way_name(way), "buses": p.buses, "branch": labels[p.branch],
                    "outage": None if p.outage == p.branch else labels[p.outage],
                    "ends": " - ".join(case.bus_label(int(e)) for e in ends) or None,
                }
            )  # fmt: skip
    columns = {
        "way": _("treatment"), "buses": _("buses limited"), "branch": _("branch"),
        "outage": _("when this one is lost"), "ends": _("ends of the branch"),
    }  # fmt: skip
    return DataTable(columns, tuple(rows))


# ---- pictures -----------------------------------------------------------------------------------------------


def finding(shown: CapacityPicture) -> str:
    """What the pictures say, in one or two sentences."""
    found = shown.capacity
    ways = capacity_by_way(found)
    all_in = ways.pop(ALL_IN)
    if not shown.load_mw:
        low, high = (f(float(np.median(v)) for v in ways.values()) for f in (min, max))
        return _(
            "With any one branch lost, half of the buses take {low} to {high} MW or more, depending on how branches that are full already are treated; with all branches in service {all_in} MW."
        ).format(low=mw_text(low), high=mw_text(high), all_in=mw_text(float(np.median(all_in))))
    shares = [share_taking(v, shown.load_mw) for v in ways.values()]
    return _(
        "{span} % of the buses take {load} MW with any one branch lost, depending on how branches that are full already are treated; {all_in} % do with all branches in service."
    ).format(
        span=span(shares),
        load=mw_text(shown.load_mw),
        all_in=percent(share_taking(all_in, shown.load_mw)),
    )


def treatment_words() -> str:
    """The three treatments explained."""
    return _(
        "Strict: a branch that is over its rating in some outage allows no worsening. Margin: every branch may be used for at least 5 % of its rating. Cutoff: branches that take less than 5 % of the new load are not looked at."
    )


def _remarks(shown: CapacityPicture) -> tuple[str, ...]:
    note = picture_note(shown.capacity.case, shown.drawn)
    remarks = [_("{text}.").format(text=note[:1].upper() + note[1:])] if note else []
    if shown.outages != "all":
        remarks.append(
            _("No outage is looked at: all figures are for the intact grid.")
            if shown.outages == "none"
            else _("Only the outages of the case's own table are looked at.")
        )
    if shown.load_mw is None:
        remarks.append(
            _("No load was asked about: the colours turn at {mw} MW.").format(
                mw=mw_text(REFERENCE_MW)
            )
        )
    n = shown.capacity.case.n_bus
    if n > N_BUS_DRAWN:
        remarks.append(
            _(
                "{n} buses are too many to draw one by one: each hexagon has the colour of the median of its buses and is larger where there are more; branches are left out. `taotie grid capacity CASE --json` prints every bus."
            ).format(n=number(n, 6))
        )
    elif n > N_BUS_NAMED:
        remarks.append(
            _("What limits each of the {n} buses is in `taotie grid capacity CASE --json`.").format(
                n=number(n, 6)
            )
        )
    return tuple(remarks)


def _method(shown: CapacityPicture) -> str:
    case = shown.capacity.case
    return sentences(
        _(
            "Linear (DC) power flow, every bus and every outage of one branch, exact. Load grows at one bus at a time until some branch reaches its rating."
        ),
        treatment_words(),
        _("Grid: {case}, {licence}.").format(case=case_name(shown.capacity), licence=case.licence),
    )


def _colours_said(shown: CapacityPicture) -> str:
    text = (
        _(
            "Each hexagon stands for its buses: blue where half of them or more take {mw} MW as the only new load, amber where not; the more it stands out, the further it is from that."
        )
        if shown.capacity.case.n_bus > N_BUS_DRAWN
        else _(
            "Each dot is a bus. Blue takes {mw} MW as the only new load, amber does not; the more it stands out, the further it is from that."
        )
    )
    return text.format(mw=mw_text(shown.load_mw or REFERENCE_MW))


def map_picture(shown: CapacityPicture) -> Picture:
    """Maps of the grid, one a treatment, and the histogram by the same classes."""
    found = shown.capacity
    ways = capacity_by_way(found)
    load = shown.load_mw
    title = _("Where the load fits") if load else _("Where there is room for new load")
    alt = listed(
        named(way_name(k), "")
        + ", ".join(
            f"{words} {percent(float(n) / len(v))} %"
            for words, n in zip(
                class_words(class_edges(load)),
                np.bincount(class_of(v, class_edges(load)), minlength=len(COLOURS)),
                strict=True,
            )
        )
        for k, v in ways.items()
    )
    return Picture(
        name="map",
        title=title,
        finding=_colours_said(shown),
        alt=cut(alt, 1500),
        method=_method(shown),
        table=bus_table(found),
        svg=maps_html(shown) + classes_html(shown),
        remarks=_remarks(shown),
    )


def limits_of(found: HostingCapacityByTreatment) -> tuple[str, ...]:
    """What the method leaves out and what is odd about the case, in the language in force."""
    return hosting_capacity_limits(found.case, len(found.bridge_branch))


def share_picture(shown: CapacityPicture, limits: bool = True) -> Picture:
    """Share of buses by load, with the limits of the method beside it."""
    ways = capacity_by_way(shown.capacity)
    alt = listed(
        named(way_name(k), "")
        + ", ".join(
            f"{x} MW {percent(share_taking(v, x))} %" for x in (10, 50, 100, 200, 500, 1000)
        )
        for k, v in ways.items()
    )
    return Picture(
        name="shares",
        title=_("How many buses take how much"),
        finding=_(
            "The distance between the lines is not chance but the answer to one question: what may a new load do to branches that are full already?"
        ),
        alt=cut(alt, 1500),
        method=sentences(
            treatment_words(),
            _("A line stands at the share of buses whose capacity is at least so much."),
        ),
        table=share_table(shown),
        svg=shares_html(shown),
        limits=limits_of(shown.capacity) if limits else (),
    )


def limiting_picture(shown: CapacityPicture) -> Picture:
    """The branches and outages that limit most buses."""
    found = shown.capacity
    parts = []
    for way in found.by_treatment:
        pairs = limiting_pairs(found, way)
        if pairs:
            parts.append(
                _("{way}: {what}, {n} of {all} buses").format(
                    way=way_name(way), what=pair_words(found, pairs[0]),
                    n=number(pairs[0].buses, 6), all=number(found.case.n_bus, 6),
                )
            )  # fmt: skip
    cut_off = float(1 - found.n1_supply.mean())
    remarks = [
        _(
            "{share} % of the buses hang on one branch: its loss cuts them off, which is not counted as an outage here."
        ).format(share=percent(cut_off))
    ]
    if found.pairs_over:
        remarks.append(
            _(
                "Before anything is added {n} pairs are over their rating, the worst at {worst} %; the strict treatment lets no load worsen them."
            ).format(n=number(found.pairs_over, 6), worst=f"{100 * found.worst_loading:.0f}")
        )
    return Picture(
        name="limiting",
        title=_("What gives way first"),
        finding=_("What limits most buses. {list}.").format(list=listed(parts)),
        alt=cut(listed(parts), 1500),
        method=_(
            "For each bus the pair (branch, outage) whose rating is reached first; counted over all buses."
        ),
        table=limiting_table(found),
        svg=limiting_html(shown),
        remarks=tuple(remarks),
    )


def all_in_one(shown: CapacityPicture, **changes: Any) -> Picture:
    """Maps, shares and limiting pairs as one picture, for a report that has others."""
    one, two, three = (
        map_picture(shown),
        share_picture(shown, limits=False),
        limiting_picture(shown),
    )
    svg = (
        one.svg
        + f"<h3>{escape(two.title)}</h3>{shares_html(shown).removeprefix(RULES)}"
        + f"<h3>{escape(three.title)}</h3>{limiting_html(shown, 8).removeprefix(RULES)}"
    )
    made = replace(
        one, name="grid", svg=svg, finding=sentences(finding(shown), one.finding), alt=cut(sentences(one.alt, two.alt, three.alt), 3000),
        remarks=(*one.remarks, *three.remarks),
    )  # fmt: skip
    return replace(made, **changes)
