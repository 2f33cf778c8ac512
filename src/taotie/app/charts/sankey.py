"""How does the energy divide, or add up, between the grid and the prompt? A Sankey of means.

Widths are means, since medians do not add up; at each node what comes in equals what goes out, draw by draw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from taotie.answer.parts.study import StudyResult
from taotie.app.charts import theme
from taotie.app.charts.letters import fitted, lines_within
from taotie.app.charts.picture import (
    NARROW,
    WIDE,
    Absent,
    DataTable,
    Picture,
    cut,
    source_keys,
    span_text,
)
from taotie.app.charts.sankey_layout import (
    Band,
    check_conserved,
    layers_of,
    layout,
    passing_text,
    ribbon_path,
)
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import boundary_word, number, readable
from taotie.words.language import _

N_FLOW_MAX = 100
_BAR = 8  # thickness of a node [px]
_PAD = 5  # paper around the drawing [px]


def picture(result: StudyResult) -> Picture | Absent:
    """The Sankey of a result, in the language in force.

    Raises
    ------
    ResultError
        If a node does not conserve energy.
    """
    bands = bands_of(result)
    title = _("Where the energy goes between the grid and the prompt")
    if bands and not bands[0].figure.unit.endswith("/request"):
        title = _("Where the power goes between the grid and the machines")
    if not bands:
        return Absent("energy", title, _("This study computes no energy flow of a request."))
    check_conserved(bands)
    figures = [band.figure for band in bands]
    unit = figures[0].unit
    nodes, _ribbons = layout(bands, 100.0, 100.0, 0.0, 0.0)
    finding = _finding(bands, unit)
    rows: list[dict[str, Any]] = [
        {
            "start": node_word(b.start),
            "end": node_word(b.end),
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
        "start": _("from node"),
        "end": _("into node"),
        "mean": _("mean"),
        "p05": "5 %",
        "p50": _("median"),
        "p95": "95 %",
        "unit": _("unit"),
        "boundary": _("boundary"),
    }
    alt = _("Flow diagram with {n} nodes: {list}.").format(
        n=len(nodes),
        list="; ".join(
            f"{r['start']} → {r['end']} {passing_text([b], unit)}"
            for r, b in zip(rows, bands, strict=True)
        ),
    )
    return Picture(
        name="energy",
        title=title,
        finding=finding,
        alt=cut(alt, 1500),
        method=_(
            "Band widths are averages over all samples, since medians do not add up; at every node what comes in"
            " equals what goes out. Each band's range is in the table and under the pointer."
        ),
        table=DataTable(columns, tuple(rows)),
        sources=source_keys(figures),
        svg=svg_of(spec(bands, unit, wide=True)),
        narrow=svg_of(spec(bands, unit, wide=False)),
    )


def _finding(bands: Sequence[Band], unit: str) -> str:
    """The largest part of the whole, whichever way the bands run."""
    starts, ends = {b.start for b in bands}, {b.end for b in bands}
    whole_names = sorted(starts - ends)
    parts = [(b.end, b) for b in bands if b.end not in starts]
    if len(whole_names) > 1:  # many sources run together
        whole_names = sorted(ends - starts)
        parts = [(b.start, b) for b in bands if b.start not in ends]
    whole = sum(b.mean for _name, b in parts)
    name, most = max(parts, key=lambda part: part[1].mean)
    return _(
        "At the {whole} it is {total} in the mean; the largest part, {share} %, goes into: {part}."
    ).format(
        whole=node_word(whole_names[0]),
        total=passing_text([b for _name, b in parts], unit),
        share=number(100 * most.mean / whole),
        part=node_word(name),
    )


def node_word(name: str) -> str:
    """A node in the language in force."""
    return {
        "prompt": _("prompt"),
        "request": _("request"),
        "prefill": _("reading (prefill)"),
        "decode": _("writing (decode)"),
        "idle": _("waiting"),
        "host": _("host"),
        "cooling": _("cooling and conversion"),
        "network": _("network losses"),
        "accelerator": _("accelerators"),
        "server": _("machines"),
        "facility": _("facility"),
        "grid": _("grid"),
    }.get(name, _(name))


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


def spec(bands: Sequence[Band], unit: str, *, wide: bool) -> dict[str, Any]:
    """Where everything stands: bands, nodes and words; downwards on narrow paper."""
    layers = layers_of(bands)
    n_layer = max(layers.values()) + 1
    crowd = max(Counter(layers.values()).values())  # nodes side by side
    if wide:
        length, breadth, slot, gap = WIDE - 175.0, 330.0, 36.0, 6.0
    else:
        length, breadth, slot, gap = 104.0 * (n_layer - 1), NARROW - 10.0, 105.0, 6.0
    slot = min(slot, breadth / crowd - gap)
    nodes, ribbons = layout(bands, length, breadth, slot, gap)
    step = length / max(n_layer - 1, 1)
    drawn = [
        {
            "path": ribbon_path(r, nodes[r.band.start].along + _BAR, nodes[r.band.end].along, wide),
            "colour": theme.BLUE if r.band.figure.boundary == "grid" else theme.AMBER,
            "tip": _tip(r.band, unit),
        }
        for r in ribbons
    ]
    boxes, words = [], []
    letters: float = 13 if wide else 11.5
    tallest = 1
    centre = {n.name: 0.5 * (n.near + n.far) for n in nodes.values()}
    room: dict[int, float] = {}
    if not wide:  # names stand side by side, on the paper and apart
        centre = {k: min(max(x, 0.5 * slot), breadth - 0.5 * slot) for k, x in centre.items()}
        for layer in set(layers.values()):
            middles = sorted(centre[n.name] for n in nodes.values() if n.layer == layer)
            apart = [b - a for a, b in pairwise(middles)]
            room[layer] = min([*apart, 2 * middles[0], 2 * (breadth - middles[-1])])
    for node in nodes.values():
        far = max(node.far, node.near + 1.0)
        along = (node.along, node.along + _BAR)
        x, y = (along, (node.near, far)) if wide else ((node.near, far), along)
        boxes.append({"x": x[0], "x2": x[1], "y": y[0], "y2": y[1]})
        if wide:
            at, align = (node.along + _BAR + 6, centre[node.name]), "left"
            limit = 165.0 if node.layer == n_layer - 1 else step - 20.0
        else:
            at, align = (centre[node.name], node.along + _BAR + 16), "center"
            limit = room[node.layer] - gap
        lines = [
            (text, weight)
            for said, weight in (
                (node_word(node.name), "bold"),
                (passing_text(bands, unit, node.name), "normal"),
            )
            for text in lines_within(said, limit, letters, weight == "bold")
        ]
        tallest = max(tallest, len(lines))
        for line, (text, weight) in enumerate(lines):
            y0 = at[1] + (line - 0.5 * (len(lines) - 1)) * 14 if wide else at[1] + line * 13
            words.append(
                {"x": at[0], "y": y0, "text": text, "align": align, "weight": weight, "limit": limit}
            )  # fmt: skip
    height = breadth if wide else length + _BAR + 14 + 13 * tallest
    return {
        "width": WIDE if wide else NARROW - 10,
        "height": height,
        "letters": letters,
        "bands": drawn,
        "nodes": boxes,
        "words": words,
    }


def svg_of(drawing: Mapping[str, Any]) -> str:
    """The drawing as SVG; what a band carries is said under the pointer."""
    width, height, letters = drawing["width"], drawing["height"], drawing["letters"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + 2 * _PAD:.0f}" height="{height + 2 * _PAD:.0f}"'
        f' viewBox="{-_PAD} {-_PAD} {width + 2 * _PAD:.0f} {height + 2 * _PAD:.0f}" font-family="{escape(theme.FONT, quote=True)}"'
        f' font-size="{letters}">'
    ]
    parts += [
        f'<path d="{b["path"]}" fill="{b["colour"]}" fill-opacity="0.34"><title>{escape(b["tip"], quote=False)}</title></path>'
        for b in drawing["bands"]
    ]
    parts += [
        f'<rect x="{b["x"]:.1f}" y="{b["y"]:.1f}" width="{b["x2"] - b["x"]:.1f}" height="{b["y2"] - b["y"]:.1f}"'
        f' fill="{theme.INK}"/>'
        for b in drawing["nodes"]
    ]
    for w in drawing["words"]:
        words = fitted(w["text"], w["limit"], letters, w["weight"] == "bold")
        anchor = ' text-anchor="middle"' if w["align"] == "center" else ""
        parts.append(
            f'<text x="{w["x"]:.1f}" y="{w["y"] + 0.3 * letters:.1f}"{anchor} font-weight="{w["weight"]}" fill="{theme.INK}">{escape(words)}</text>'
        )
    return "".join([*parts, "</svg>"])


def _tip(band: Band, unit: str) -> str:
    value = band.figure.value
    return "\n".join(
        (
            f"{node_word(band.start)} → {node_word(band.end)}",
            f"{_('mean')}: {passing_text([band], unit)}",
            f"{_('range 5-95 %')}: {span_text(value.p05, value.p95)} {unit_word(unit)}",
            f"{_('boundary')}: {boundary_word(band.figure.boundary) or '–'}",
        )
    )
