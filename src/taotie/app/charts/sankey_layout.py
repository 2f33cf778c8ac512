"""Where do the nodes and bands of a Sankey stand? Layers, order, widths and edges. [px]

Widths are means: a node is as wide as what passes it, and what comes in equals what goes out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taotie.app.charts.picture import amount
from taotie.errors import ResultError
from taotie.quantity.figure import Figure
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import mean_text
from taotie.words.language import _

CONSERVED = 1e-9  # what a node may lose, relative to what passes it


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
                    into=amount(
                        math.fsum(b.figure.mean for b in bands if b.end == name),
                        bands[0].figure.unit,
                        6,
                    ),
                    out=amount(
                        math.fsum(b.figure.mean for b in bands if b.start == name),
                        bands[0].figure.unit,
                        6,
                    ),
                )
            )


def passing_text(bands: Sequence[Band], unit: str, name: str = "") -> str:
    """The mean of what passes a node, or of all bands without a `name`, with the digits that its range allows."""
    into = [b for b in bands if b.end == name]
    out = [b for b in bands if b.start == name]
    # both sides of a node carry the same, draw by draw: `check_conserved`
    through = (into or out) if name else bands
    return f"{mean_text([b.figure for b in through])} {unit_word(unit)}"


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
    _order(rows, bands)

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


def _order(rows: list[list[str]], bands: Sequence[Band]) -> None:
    """Sort each layer next to what its nodes are fed by, or feed, so that bands cross less."""
    one_source = len(rows[0]) == 1
    place: dict[str, int] = {}
    for row in rows if one_source else reversed(rows):
        centre: dict[str, float] = {}
        for name in row:
            near = [b.start if one_source else b.end for b in bands
                    if name == (b.end if one_source else b.start)]  # fmt: skip
            known = [place[n] for n in near if n in place]
            centre[name] = sum(known) / len(known) if known else 0.0
        row.sort(key=centre.__getitem__)
        place |= {name: i for i, name in enumerate(row)}


def ribbon_path(ribbon: Ribbon, start: float, end: float, wide: bool) -> str:
    """Outline of a band between two layers, as an SVG path; downwards unless `wide`."""
    middle = 0.5 * (start + end)

    def at(along: float, across: float) -> str:
        return f"{along:.1f},{across:.1f}" if wide else f"{across:.1f},{along:.1f}"

    (a, b), (c, d) = ribbon.leaves, ribbon.arrives
    return (
        f"M{at(start, a)}C{at(middle, a)} {at(middle, c)} {at(end, c)}"
        f"L{at(end, d)}C{at(middle, d)} {at(middle, b)} {at(start, b)}Z"
    )
