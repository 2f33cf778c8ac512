"""How does the energy of one request add up from prompt to grid? A Sankey of means.

Widths are means, since medians do not add up; at each node what comes in equals what goes out, draw by draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from taotie.app.report import theme
from taotie.app.report.picture import (
    NARROW,
    WIDE,
    Absent,
    DataTable,
    Picture,
    amount,
    cut,
    source_keys,
    static_svg,
)
from taotie.errors import ResultError
from taotie.language import _
from taotie.quantity.figure import Figure
from taotie.quantity.wording import boundary_word, number, readable
from taotie.study.result import StudyResult

CONSERVED = 1e-9  # what a node may lose, relative to what passes it
N_FLOW_MAX = 100
_BAR = 11  # thickness of a node [px]


@dataclass(frozen=True)
class Band:
    """One flow: from node to node, its mean and its figure."""

    start: str
    end: str
    mean: float
    figure: Figure


@dataclass(frozen=True)
class Node:
    """A node laid out: `along` the flow, `near` to `far` across it. [px]"""

    name: str
    layer: int
    along: float
    near: float
    far: float
    mean: float


@dataclass(frozen=True)
class Ribbon:
    """A band laid out: where it leaves and where it arrives, across the flow. [px]"""

    band: Band
    leaves: tuple[float, float]
    arrives: tuple[float, float]


def picture(result: StudyResult) -> Picture | Absent:
    """The Sankey of a result, in the language in force.

    Raises
    ------
    ResultError
        If a node does not conserve energy.
    """
    title = _("From prompt to grid: where the energy goes")
    bands = bands_of(result)
    if not bands:
        return Absent("energy", title, _("This study computes no energy flow of a request."))
    check_conserved(bands)
    figures = [band.figure for band in bands]
    unit = figures[0].unit
    nodes, _ribbons = layout(bands, 100.0, 100.0, 0.0, 0.0)
    sinks = {b.end for b in bands} - {b.start for b in bands}
    whole = sum(b.mean for b in bands if b.end in sinks)
    sources = {b.start for b in bands} - {b.end for b in bands}
    parts = sorted((b for b in bands if b.start in sources), key=lambda b: -b.mean)
    finding = _(
        "{total} reach the end of the chain; the largest part, {share} %, is {part}."
    ).format(
        total=amount(whole, unit), share=number(100 * parts[0].mean / whole), part=_(parts[0].start)
    )
    rows: list[dict[str, Any]] = [
        {
            "start": _(b.start),
            "end": _(b.end),
            "mean": b.mean,
            "p05": b.figure.p05,
            "p50": b.figure.p50,
            "p95": b.figure.p95,
            "unit": unit,
            "boundary": boundary_word(b.figure.boundary),
        }
        for b in bands
    ]
    columns = {
        "start": _("from"),
        "end": _("into"),
        "mean": _("mean"),
        "p05": "5 %",
        "p50": _("median"),
        "p95": "95 %",
        "unit": _("unit"),
        "boundary": _("boundary"),
    }
    specs = {"wide": spec(bands, unit, wide=True), "narrow": spec(bands, unit, wide=False)}
    alt = _("Flow diagram with {n} nodes: {list}.").format(
        n=len(nodes),
        list="; ".join(f"{r['start']} → {r['end']} {amount(float(r['mean']), unit)}" for r in rows),
    )
    return Picture(
        name="energy",
        title=title,
        finding=finding,
        alt=cut(alt, 1500),
        method=_(
            "Band widths are means over all draws, since medians do not add up; at every node what comes in"
            " equals what goes out. Each band's range is in the table and under the pointer."
        ),
        table=DataTable(columns, tuple(rows)),
        sources=source_keys(figures),
        specs=specs,
        svg=static_svg(specs["wide"]),
    )


def bands_of(result: StudyResult) -> list[Band]:
    """The flows of a result in one readable unit."""
    flows = result.flows[:N_FLOW_MAX]
    if not flows:
        return []
    figures = [result.figures[f.figure] for f in flows]
    unit = readable(max(figures, key=lambda f: f.mean)).unit
    return [
        Band(flow.start, flow.end, figure.to(unit).mean, figure.to(unit))
        for flow, figure in zip(flows, figures, strict=True)
        if np.any(figure.samples)
    ]


def check_conserved(bands: Sequence[Band]) -> None:
    """Refuse flows that lose or make energy at a node.

    Raises
    ------
    ResultError
        If what comes into a node differs from what goes out, in any draw, by more than 1e-9 of it.
    """
    for name in {b.start for b in bands} & {b.end for b in bands}:
        into = sum(b.figure.samples for b in bands if b.end == name)
        out = sum(b.figure.samples for b in bands if b.start == name)
        if not np.allclose(into, out, rtol=CONSERVED, atol=0.0):
            raise ResultError(
                _("node {name} of the energy flow: {into} comes in, {out} goes out.").format(
                    name=name,
                    into=amount(float(np.mean(into)), bands[0].figure.unit, 6),
                    out=amount(float(np.mean(out)), bands[0].figure.unit, 6),
                )
            )


def layers_of(bands: Sequence[Band]) -> dict[str, int]:
    """Layer of each node: after all it is fed by; a source stands right before what it feeds.

    Raises
    ------
    ResultError
        If the flows go round in a circle.
    """
    names = list(dict.fromkeys(n for b in bands for n in (b.start, b.end)))
    layer = dict.fromkeys(names, 0)
    for _round in names:
        for band in bands:
            layer[band.end] = max(layer[band.end], layer[band.start] + 1)
    if any(layer[b.end] <= layer[b.start] for b in bands) or max(layer.values()) >= len(names):
        raise ResultError(_("the energy flow goes round in a circle."))
    fed = {b.end for b in bands}
    for name in names:
        if name not in fed:
            layer[name] = min(layer[b.end] for b in bands if b.start == name) - 1
    return layer


def layout(
    bands: Sequence[Band], length: float, breadth: float, slot: float, gap: float
) -> tuple[dict[str, Node], list[Ribbon]]:
    """Positions of nodes and bands.

    Parameters
    ----------
    length, breadth : float
        Room along and across the flow. [px]
    slot : float
        Least room across for a node, so that its name fits. [px]
    gap : float
        Room between two nodes of a layer. [px]
    """
    layer = layers_of(bands)
    passing = {
        n: max(sum(b.mean for b in bands if b.end == n), sum(b.mean for b in bands if b.start == n))
        for n in layer
    }
    n_layer = max(layer.values()) + 1
    rows: list[list[str]] = [[n for n in layer if layer[n] == i] for i in range(n_layer)]
    place: dict[str, int] = {}
    for row in reversed(rows):  # next to what a node feeds, so that bands cross less
        after = {n: [place[b.end] for b in bands if b.start == n and b.end in place] for n in row}
        row.sort(key=lambda n: sum(after[n]) / len(after[n]) if after[n] else 0.0)
        place |= {n: i for i, n in enumerate(row)}

    def needed(scale: float) -> float:
        return max(
            sum(max(passing[n] * scale, slot) for n in row) + gap * (len(row) - 1) for row in rows
        )

    low, high = 0.0, breadth / max(passing.values())
    for _step in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if needed(middle) <= breadth else (low, middle)
    scale = low
    nodes: dict[str, Node] = {}
    for i, row in enumerate(rows):
        room = [max(passing[n] * scale, slot) for n in row]
        start = 0.5 * (breadth - sum(room) - gap * (len(row) - 1))
        for name, size in zip(row, room, strict=True):
            wide = passing[name] * scale
            near = start + 0.5 * (size - wide)
            along = length * i / max(n_layer - 1, 1)
            nodes[name] = Node(name, i, along, near, near + wide, passing[name])
            start += size + gap
    leaving = {n: nodes[n].near for n in nodes}
    arriving = dict(leaving)
    left: dict[int, tuple[float, float]] = {}
    right: dict[int, tuple[float, float]] = {}
    for i in sorted(range(len(bands)), key=lambda i: nodes[bands[i].end].near):
        edge = leaving[bands[i].start]
        left[i] = (edge, edge + bands[i].mean * scale)
        leaving[bands[i].start] = left[i][1]
    for i in sorted(range(len(bands)), key=lambda i: nodes[bands[i].start].near):
        edge = arriving[bands[i].end]
        right[i] = (edge, edge + bands[i].mean * scale)
        arriving[bands[i].end] = right[i][1]
    return nodes, [Ribbon(b, left[i], right[i]) for i, b in enumerate(bands)]


def _path(ribbon: Ribbon, start: float, end: float, wide: bool) -> str:
    middle = 0.5 * (start + end)

    def at(along: float, across: float) -> str:
        return f"{along:.1f},{across:.1f}" if wide else f"{across:.1f},{along:.1f}"

    (a, b), (c, d) = ribbon.leaves, ribbon.arrives
    return (
        f"M{at(start, a)}C{at(middle, a)} {at(middle, c)} {at(end, c)}"
        f"L{at(end, d)}C{at(middle, d)} {at(middle, b)} {at(start, b)}Z"
    )


def spec(bands: Sequence[Band], unit: str, *, wide: bool) -> dict[str, Any]:
    """The drawing as a Vega specification with ready coordinates; downwards on narrow paper."""
    n_layer = max(layers_of(bands).values()) + 1
    if wide:
        length, breadth, slot, gap = WIDE - 2.0 * _BAR, 330.0, 36.0, 6.0
    else:
        length, breadth, slot, gap = 104.0 * (n_layer - 1), NARROW - 10.0, 96.0, 6.0
    nodes, ribbons = layout(bands, length, breadth, slot, gap)
    drawn = [
        {
            "path": _path(r, nodes[r.band.start].along + _BAR, nodes[r.band.end].along, wide),
            "colour": theme.BLUE if r.band.figure.boundary == "grid" else theme.AMBER,
            "tip": _tip(r.band, unit),
        }
        for r in ribbons
    ]
    boxes, words = [], []
    for node in nodes.values():
        last = node.layer == n_layer - 1
        far = max(node.far, node.near + 1.0)
        along = (node.along, node.along + _BAR)
        x, y = (along, (node.near, far)) if wide else ((node.near, far), along)
        boxes.append({"x": x[0], "x2": x[1], "y": y[0], "y2": y[1]})
        middle = 0.5 * (node.near + node.far)
        if wide:
            at = (node.along - 6 if last else node.along + _BAR + 6, middle)
            align = "right" if last else "left"
        else:
            at = (min(max(middle, 46.0), breadth - 46.0), node.along + _BAR + 16)
            align = "center"
        for line, (text, weight) in enumerate(
            ((_(node.name), "bold"), (amount(node.mean, unit), "normal"))
        ):
            y0 = at[1] + (line - 0.5) * 14 if wide else at[1] + line * 13
            words.append(
                {"x": at[0], "y": y0, "text": text, "align": align, "weight": weight}
            )  # fmt: skip
    height = breadth if wide else length + _BAR + 40
    hover = {"fillOpacity": {"value": 0.62}}
    return {
        "$schema": "https://vega.github.io/schema/vega/v6.json",
        "width": WIDE if wide else NARROW - 10,
        "height": height,
        "padding": 5,
        "background": None,
        "data": [
            {"name": "bands", "values": drawn},
            {"name": "nodes", "values": boxes},
            {"name": "words", "values": words},
        ],
        "marks": [
            {
                "type": "path",
                "from": {"data": "bands"},
                "encode": {
                    "enter": {
                        "path": {"field": "path"},
                        "fill": {"field": "colour"},
                        "tooltip": {"field": "tip"},
                    },
                    "update": {"fillOpacity": {"value": 0.34}},
                    "hover": hover,
                },
            },
            {
                "type": "rect",
                "from": {"data": "nodes"},
                "interactive": False,
                "encode": {
                    "enter": {
                        **{k: {"field": k} for k in ("x", "x2", "y", "y2")},
                        "fill": {"value": theme.INK},
                    }
                },
            },
            {
                "type": "text",
                "from": {"data": "words"},
                "interactive": False,
                "encode": {
                    "enter": {
                        "x": {"field": "x"},
                        "y": {"field": "y"},
                        "text": {"field": "text"},
                        "align": {"field": "align"},
                        "baseline": {"value": "middle"},
                        "fontWeight": {"field": "weight"},
                        "font": {"value": theme.FONT},
                        "fontSize": {"value": 13 if wide else 11.5},
                        "limit": {"value": 190 if wide else 112},
                        "fill": {"value": theme.INK},
                    }
                },
            },
        ],
    }


def _tip(band: Band, unit: str) -> Mapping[str, str]:
    value = band.figure.value
    return {
        "title": f"{_(band.start)} → {_(band.end)}",
        _("mean"): amount(band.mean, unit),
        _("range 5-95 %"): f"{number(value.p05)} {_('to')} {amount(value.p95, unit)}",
        _("boundary"): boundary_word(band.figure.boundary) or "–",
    }
