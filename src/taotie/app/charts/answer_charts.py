"""How is an answer drawn? Bars, lines and stacked areas from the tables and series of an `Answer`; units as there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taotie.app.charts import theme
from taotie.app.charts.picture import Cell, DataTable, Picture
from taotie.app.charts.vega_lite import (
    Sheet,
    both,
    five,
    panel,
    panel_width,
    quantity,
    stacked,
    y_axis,
)

__all__ = ["COLOURS", "area_picture", "bar_picture", "column_picture", "line_picture"]

COLOURS = (
    "#2b6cb0", "#d98a00", "#3f8f6b", "#b3261e", "#7a5ca8", "#5aa6c4", "#8c949b", "#8f5600", "#c26a9d", "#4a5a6a",
)  # fmt: skip
Rows = Sequence[Mapping[str, Cell]]


def _frame(
    name: str,
    title: str,
    finding: str,
    method: str,
    columns: Mapping[str, str],
    rows: Rows,
    **more: Any,
) -> dict[str, Any]:
    return {
        "name": name, "title": title, "finding": finding, "alt": more.pop("alt", "") or finding, "method": method,
        "table": DataTable(dict(columns), tuple(rows)), **more,
    }  # fmt: skip


def bar_picture(
    name: str,
    title: str,
    finding: str,
    method: str,
    columns: Mapping[str, str],
    rows: Rows,
    *,
    category: str,
    value: str,
    mark: str = "",
    limit: str = "",
    **more: Any,
) -> Picture:
    """Horizontal bars: one row a category; `mark` names a column whose true cells are drawn in red, `limit` one that is a stroke."""
    order = [str(r[category]) for r in rows]
    shown = [
        {"c": str(r[category]), "v": r[value], "colour": theme.LOADING_COLOURS[5] if mark and r.get(mark) else theme.AMBER, "l": r.get(limit) if limit else None}
        for r in rows
    ]  # fmt: skip

    def make(wide: bool) -> dict[str, Any]:
        sheet = Sheet()
        y = {"field": "c", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 150 if wide else 90}}  # fmt: skip
        colour = {"field": "colour", "type": "nominal", "scale": None}
        counts = {"axis": {"tickMinStep": 1, "format": "d"}} if all(isinstance(r[value], int) for r in rows) else {}  # fmt: skip
        layers = [sheet.layer(shown, {"type": "bar"}, y=y, x=quantity("v", title=columns[value], **counts), color=colour)]  # fmt: skip
        if limit:
            layers.append(
                sheet.layer(shown, {"type": "tick", "thickness": 3, "color": theme.INK, "size": 22}, y=y, x=quantity("l"))
            )  # fmt: skip
        return sheet.spec(panel(layers, panel_width(wide) - 120, 34 * max(len(rows), 1) + 10))

    drawn = both(make)
    return Picture(**_frame(name, title, finding, method, columns, rows, **drawn, **more))


def column_picture(
    name: str,
    title: str,
    finding: str,
    method: str,
    columns: Mapping[str, str],
    rows: Rows,
    *,
    category: str,
    bars: str,
    strokes: str = "",
    **more: Any,
) -> Picture:
    """Upright bars in the order given, a stroke over each where `strokes` names a column; no bar for None."""
    order = [str(r[category]) for r in rows]
    shown = [{"c": str(r[category]), "v": r[bars], "s": r.get(strokes)} for r in rows]

    def make(wide: bool) -> dict[str, Any]:
        sheet = Sheet()
        every = max(1, -(-len(rows) // (16 if wide else 5)))
        labels = order[::every]
        x = {"field": "c", "type": "nominal", "sort": order, "title": columns[category], "axis": {"values": labels, "labelAngle": -40, "labelLimit": 90}}  # fmt: skip
        layers = [
            sheet.layer(shown, {"type": "bar", "color": theme.AMBER}, x=x, y=quantity("v", axis=y_axis(columns[bars])))
        ]  # fmt: skip
        if strokes and any(r["s"] is not None for r in shown):
            layers.append(
                sheet.layer(shown, {"type": "tick", "thickness": 2, "color": theme.INK}, x=x, y=quantity("s"))
            )  # fmt: skip
        return sheet.spec(panel(layers, panel_width(wide), 240))

    drawn = both(make)
    return Picture(**_frame(name, title, finding, method, columns, rows, **drawn, **more))


def line_picture(
    name: str,
    title: str,
    finding: str,
    method: str,
    columns: Mapping[str, str],
    rows: Rows,
    *,
    x: str,
    lines: Sequence[str],
    band: tuple[str, str] | None = None,
    y_title: str = "",
    log_x: bool = False,
    log_y: bool = False,
    points: bool = False,
    height: int = 320,
    **more: Any,
) -> Picture:
    """Lines over a number, with a grey band between two columns if named."""
    names = [columns[c] for c in lines]
    # where nothing is known the line breaks off
    shown = [{"x": r[x], "v": r.get(c), "n": columns[c]} for c in lines for r in rows]

    def make(wide: bool) -> dict[str, Any]:
        sheet = Sheet()
        scale_x = {"scale": {"type": "log"}} if log_x else {"scale": {"zero": False, "nice": False}}
        scale_y = {"scale": {"type": "log"}} if log_y else {}
        across = quantity("x", title=columns[x], **scale_x, axis={"grid": False})
        layers = []
        if band is not None:
            low, high = band
            rows_band = [{"x": r[x], "a": r[low], "b": r[high]} for r in rows]
            layers.append(
                sheet.layer(rows_band, {"type": "area", "color": theme.GREY, "opacity": 0.25}, x=across, y=quantity("a", **scale_y), y2={"field": "b"})
            )  # fmt: skip
        colour: dict[str, Any] = {
            "field": "n", "type": "nominal", "scale": {"domain": names, "range": list(COLOURS[: len(names)])},
            "legend": {"orient": "top", "title": None} if len(names) > 1 else None,
        }  # fmt: skip
        mark: dict[str, Any] = {"type": "line", "strokeWidth": 2}
        if points:
            mark["point"] = True
        layers.append(
            sheet.layer(shown, mark, x=across, y=quantity("v", axis=y_axis(y_title or columns[lines[0]]), **scale_y), color=colour)
        )  # fmt: skip
        return sheet.spec(panel(layers, panel_width(wide), height))

    drawn = both(make)
    return Picture(**_frame(name, title, finding, method, columns, rows, **drawn, **more))


def area_picture(
    name: str,
    title: str,
    finding: str,
    method: str,
    columns: Mapping[str, str],
    rows: Rows,
    *,
    x: str,
    areas: Sequence[str],
    line: str = "",
    y_title: str = "",
    height: int = 320,
    **more: Any,
) -> Picture:
    """Areas one above the other over a number, and one line over them."""
    heights = [[np.nan if r[c] is None else float(r[c]) for r in rows] for c in areas]  # type: ignore[arg-type]
    levels = np.cumsum([[0.0] * len(rows), *heights], axis=0)
    shown = [
        {"x": r[x]} | {f"s{k}": five(level[i]) for k, level in enumerate(levels)}
        for i, r in enumerate(rows)
    ]
    parts = [(columns[c], COLOURS[i % len(COLOURS)]) for i, c in enumerate(areas)]

    def make(wide: bool) -> dict[str, Any]:
        sheet = Sheet()
        across = quantity(
            "x", title=columns[x], scale={"zero": False, "nice": False}, axis={"grid": False}
        )
        mark = {"type": "area", "interpolate": "step-after", "opacity": 1}
        layers = stacked(sheet, shown, mark, parts, x=across, y={"axis": y_axis(y_title)})
        if line:
            rows_line = [{"x": r[x], "v": r[line]} for r in rows]
            layers.append(
                sheet.layer(rows_line, {"type": "line", "interpolate": "step-after", "color": theme.INK, "strokeWidth": 1.5}, x=across, y=quantity("v"))
            )  # fmt: skip
        return sheet.spec(panel(layers, panel_width(wide), height))

    drawn = both(make)
    return Picture(**_frame(name, title, finding, method, columns, rows, **drawn, **more))
