"""How is a chart written down? Vega-Lite as plain mappings: rows by name, layers, panels that share an axis.

`drawn` draws them; a test holds them against the published schema of Vega-Lite.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taotie.app.charts.drawn import GROUPED, drawn
from taotie.app.charts.picture import NARROW, WIDE
from taotie.app.charts.scales import log_ticks

__all__ = [
    "EDGE",
    "GROUPED",
    "Sheet",
    "as_it_says",
    "below",
    "beside",
    "both",
    "five",
    "log_x",
    "panel",
    "panel_width",
    "quantity",
    "stacked",
    "tips",
    "y_axis",
]

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
EDGE = 46
"""Room for the labels of every y axis, so that panels below each other share one axis. [px]"""


class Sheet:
    """Rows a drawing refers to by name, so that layers share them."""

    def __init__(self) -> None:
        self.held: dict[str, Sequence[Mapping[str, Any]]] = {}

    def layer(self, rows: Sequence[Mapping[str, Any]], mark: Mapping[str, Any], **encoding: Any) -> Spec:  # fmt: skip
        """Marks for rows; rows that are the same object are written once."""
        name = next((k for k, known in self.held.items() if known is rows), f"rows{len(self.held)}")
        self.held[name] = rows
        return {"data": {"name": name}, "mark": dict(mark), "encoding": encoding}

    def spec(self, chart: Mapping[str, Any]) -> Spec:
        """The finished specification with its rows."""
        rows = {name: list(held) for name, held in self.held.items()}
        return {"$schema": SCHEMA, **chart, "datasets": rows}


def both(make: Callable[[bool], Spec]) -> dict[str, Any]:
    """What a picture holds of a chart: specifications for wide and narrow paper, and both drawn."""
    specs = {"wide": make(True), "narrow": make(False)}
    return {"specs": specs, "svg": drawn(specs["wide"]), "narrow": drawn(specs["narrow"])}


def panel_width(wide: bool) -> int:
    """Width of a plot between its axes. [px]"""
    return (WIDE if wide else NARROW) - EDGE - 40


def panel(layers: Sequence[Spec], width: int, height: int | Mapping[str, int]) -> Spec:
    """Layers in one plot; `{"step": n}` is the room of each row of an axis of rows."""
    return {"layer": list(layers), "width": width, "height": height}


def below(panels: Sequence[Spec], spacing: int) -> Spec:
    """Plots one below the other, aligned by their axes."""
    if len(panels) == 1:
        return dict(panels[0])
    return {"vconcat": list(panels), "spacing": spacing, "bounds": "flush"}


def beside(panels: Sequence[Spec], spacing: int) -> Spec:
    """Plots one beside the other."""
    return {"hconcat": list(panels), "spacing": spacing, "bounds": "flush"}


def five(value: float) -> float | None:
    """Five digits are enough to draw; None for what is not a number."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def quantity(field: str, **more: Any) -> Spec:
    """A field that holds numbers."""
    return {"field": field, "type": "quantitative", **more}


def as_it_says(field: str, kind: str = "nominal") -> Spec:
    """A field that holds a colour, shape or size as it is drawn."""
    return {"field": field, "type": kind, "scale": None}


def tips(*fields: tuple[str, str], words: Sequence[str] = (), **formats: str) -> list[Spec]:
    """What is shown under the pointer: field and title; those in `words` hold text."""
    return [
        {
            "field": field,
            "type": "nominal" if field in words else "quantitative",
            "title": title,
            **({"format": formats[field]} if field in formats else {}),
        }
        for field, title in fields
    ]


def y_axis(title: str, **more: Any) -> Spec:
    """A y axis of fixed room with its title above."""
    count = {} if "values" in more else {"tickCount": 5}
    return {
        "labelExpr": GROUPED, "minExtent": EDGE, "maxExtent": EDGE, "title": title, "titleAngle": 0, "titleAlign": "left",
        "titleAnchor": "start", "titleX": 4 - EDGE, "titleY": -10, "titleBaseline": "bottom", **count, **more,
    }  # fmt: skip


def log_x(field: str, title: str, low: float, high: float, wide: bool, **more: Any) -> Spec:
    """A logarithmic x axis from a low to a high value."""
    ticks = log_ticks(low, high, 9 if wide else 5)
    return quantity(
        field,
        title=title,
        scale={"type": "log", "domain": [low, high], "nice": False, "clamp": True},
        axis={"grid": False, "labelExpr": GROUPED, "values": ticks, **more},
    )


def stacked(
    sheet: Sheet,
    rows: Sequence[Mapping[str, Any]],
    mark: Mapping[str, Any],
    parts: Sequence[tuple[str, str]],
    orient: str = "top",
    *,
    y: Mapping[str, Any],
    **x: Any,
) -> list[Spec]:
    """Parts one above the other: part `i`, a name and a colour, lies between the fields `s{i}` and `s{i+1}`.

    The top one is named first.
    """
    names, colours = [name for name, _c in parts][::-1], [colour for _n, colour in parts][::-1]
    legend = {"orient": orient, "title": None, "symbolType": "square"}
    scale = {"domain": names, "range": colours}
    colour = {"field": "part", "type": "nominal", "scale": scale, "legend": legend}
    layers = []
    for i, (name, _colour) in enumerate(parts):
        ends = {"y": quantity(f"s{i}", **y), "y2": {"field": f"s{i + 1}"}}
        layer = sheet.layer(rows, mark, **x, **ends, color=colour)
        # a constant with a scale and a legend, as the schema wants it
        layers.append({**layer, "transform": [{"calculate": json.dumps(name), "as": "part"}]})
    return layers
