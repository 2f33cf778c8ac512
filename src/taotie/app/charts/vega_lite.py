"""How is a chart written down? Vega-Lite as plain mappings: rows by name, layers, panels that share an axis.

A page of many panels written with Altair costs seconds of copying; as mappings it costs nothing, and one test
holds them against Altair's schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taotie.app.charts import theme
from taotie.app.charts.picture import NARROW, WIDE, static_svg

__all__ = [
    "EDGE",
    "GROUPED",
    "Sheet",
    "below",
    "beside",
    "both",
    "five",
    "log_ticks",
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
GROUPED = "replace(format(datum.value, ',.12~g'), /,/g, ' ')"
"""Labels of an axis grouped as numbers in sentences are."""


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
        """The finished specification with its rows and our configuration."""
        rows = {name: list(held) for name, held in self.held.items()}
        return {"$schema": SCHEMA, "config": theme.chart_config(), **chart, "datasets": rows}


def both(make: Callable[[bool], Spec]) -> tuple[dict[str, Spec], str]:
    """Specifications for wide and narrow paper, and the wide one drawn."""
    specs = {"wide": make(True), "narrow": make(False)}
    return specs, static_svg(specs["wide"])


def panel_width(wide: bool) -> int:
    """Width of a plot between its axes. [px]"""
    return (WIDE if wide else NARROW) - EDGE - 40


def panel(layers: Sequence[Spec], width: int, height: int) -> Spec:
    """Layers in one plot."""
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


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between two ends of a logarithmic axis: 1-2-5, or decades where those are too many.

    Examples
    --------
    >>> log_ticks(30, 3000, 8), log_ticks(30, 3000, 4)
    ([50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0], [100.0, 1000.0])
    """
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    ticks: list[float] = []
    for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        ticks = [
            float(f"{m * 10.0**e:.3g}")
            for e in range(first, last + 1)
            for m in steps
            if low <= m * 10.0**e <= high
        ]
        if len(ticks) <= most:
            return ticks
    return ticks[:: -(-len(ticks) // most)]


def stacked(
    sheet: Sheet,
    rows: Sequence[Mapping[str, Any]],
    mark: Mapping[str, Any],
    parts: Sequence[tuple[str, str]],
    wide: bool,
    orient: str = "top",
    *,
    y: Mapping[str, Any],
    **x: Any,
) -> list[Spec]:
    """Parts one above the other: part `i`, a name and a colour, lies between the fields `s{i}` and `s{i+1}`.

    The top one is named first.
    """
    names, colours = [name for name, _c in parts][::-1], [colour for _n, colour in parts][::-1]
    legend = {
        "orient": orient, "title": None, "symbolType": "square", "labelLimit": panel_width(wide) - 20,
        "direction": "horizontal" if wide else "vertical", "columns": 4 if wide else 1,
    }  # fmt: skip
    scale = {"domain": names, "range": colours}
    colour = {"field": "part", "type": "nominal", "scale": scale, "legend": legend}
    layers = []
    for i, (name, _colour) in enumerate(parts):
        ends = {"y": quantity(f"s{i}", **y), "y2": {"field": f"s{i + 1}"}}
        layer = sheet.layer(rows, mark, **x, **ends, color=colour)
        # a constant with a scale and a legend, as the schema wants it
        layers.append({**layer, "transform": [{"calculate": json.dumps(name), "as": "part"}]})
    return layers
