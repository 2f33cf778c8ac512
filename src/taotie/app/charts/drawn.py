"""How does a chart become a drawing? From its specification to SVG: plots, axes, legends, side by side or stacked.

What is read is the part of Vega-Lite that our charts are written in, so that any renderer of it draws the same; this
one needs no browser and no JavaScript engine, whose start alone costs as much as the arithmetic of a study. The
drawing is all there is: pages hold it as it stands, in each language, for wide and for narrow paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from taotie.app.charts import theme
from taotie.app.charts.letters import fitted, text_width
from taotie.app.charts.marks import Plot, Row, coordinate, drawn_layer, words_at
from taotie.app.charts.scales import Axis, Bands, Continuous, day_number
from taotie.files.read import json_value

__all__ = ["CLOCK", "GROUPED", "drawn"]

Spec = Mapping[str, Any]
GROUPED = "replace(format(datum.value, ',.12~g'), /,/g, ' ')"
"""Labels of an axis grouped as numbers in sentences are; those of every axis of numbers."""
CLOCK = "format(datum.value % 24, '02d') + ':00'"
"""Labels of an axis of hours as a clock shows them."""
_TICK, _LETTERS, _PAD = 5, 12, 5
_LINE = 16
"""From line to line of a legend. [px]"""


def drawn(spec: Spec) -> str:
    """A specification as SVG.

    Raises
    ------
    ValueError
        If it uses what this renderer does not know: a fault of the chart, found by its test.
    """
    part = _part(spec, spec.get("datasets", {}))
    width = part.left + part.width + part.right + 2 * _PAD
    height = part.above + part.height + part.below + 2 * _PAD
    x, y = coordinate(part.left + _PAD), coordinate(part.above + _PAD)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' font-family="{escape(theme.FONT, quote=True)}" font-size="{_LETTERS}"><g transform="translate({x} {y})">{part.shapes}</g></svg>'
    )


@dataclass(frozen=True)
class _Part:
    """A plot, or several: shapes around an origin at its upper left end, and the room they take beyond. [px]"""

    width: float
    height: float
    left: float
    right: float
    above: float
    below: float
    shapes: str


def _part(spec: Spec, data: Mapping[str, Sequence[Row]]) -> _Part:
    if "vconcat" in spec:
        return _stacked([_part(one, data) for one in spec["vconcat"]], float(spec.get("spacing", 20)))  # fmt: skip
    if "hconcat" in spec:
        return _beside([_part(one, data) for one in spec["hconcat"]], float(spec.get("spacing", 20)))  # fmt: skip
    return _view(spec, data)


def _stacked(parts: Sequence[_Part], spacing: float) -> _Part:
    """One below the other; what stands between two of them has room, whatever the spacing."""
    shapes, y, room = "", 0.0, 0.0
    for i, part in enumerate(parts):
        if i:
            y += max(spacing, room + part.above + 6)
        shapes += part.shapes if y == 0 else f'<g transform="translate(0 {coordinate(y)})">{part.shapes}</g>'  # fmt: skip
        y += part.height
        room = part.below
    return _Part(
        max(p.width for p in parts), y, max(p.left for p in parts),
        max(p.width + p.right for p in parts) - max(p.width for p in parts), parts[0].above, room, shapes,
    )  # fmt: skip


def _beside(parts: Sequence[_Part], spacing: float) -> _Part:
    shapes, x, room = "", 0.0, 0.0
    for i, part in enumerate(parts):
        if i:
            x += max(spacing, room + part.left + 6)
        shapes += part.shapes if x == 0 else f'<g transform="translate({coordinate(x)} 0)">{part.shapes}</g>'  # fmt: skip
        x += part.width
        room = part.right
    return _Part(
        x, max(p.height for p in parts), parts[0].left, room, max(p.above for p in parts),
        max(p.height + p.below for p in parts) - max(p.height for p in parts), shapes,
    )  # fmt: skip


# ---- one plot ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layer:
    mark: Mapping[str, Any]
    encoding: Mapping[str, Any]
    rows: Sequence[Row]


def _layers(spec: Spec, data: Mapping[str, Sequence[Row]]) -> list[_Layer]:
    found = []
    for one in spec.get("layer", [spec]):
        rows: Sequence[Row] = data[one["data"]["name"]]
        for step in one.get("transform", ()):  # a constant, in place of a column of equal words
            rows = [{**row, step["as"]: json_value(step["calculate"])} for row in rows]
        found.append(_Layer(one["mark"], one["encoding"], rows))
    return found


def _view(spec: Spec, data: Mapping[str, Sequence[Row]]) -> _Part:
    layers = _layers(spec, data)
    x, y = _axis_of(layers, "x"), _axis_of(layers, "y")
    sizes = []
    for name, axis in (("width", x), ("height", y)):
        size = spec[name]
        if isinstance(size, Mapping):  # room for each band
            assert isinstance(axis, Bands)
            size = float(size["step"]) * axis.steps
        sizes.append(float(size))
    width, height = sizes
    plot = Plot(width, height, x, y, _colours(layers))
    lines, left, left_room = _y_axis(plot, _said(layers, "y"))
    across, foot, (begin, right, below) = _x_axis(plot, _said(layers, "x"))
    shapes = [lines, across]
    shapes += [drawn_layer(plot, one.mark, one.encoding, one.rows) for one in layers]
    shapes += [left, foot]
    above = _TITLE_ABOVE if _title(_said(layers, "y")) else 4.0
    for one in layers:  # words above the plot, such as those of a level
        for channel in ("y", "y2"):
            at = one.encoding.get(channel, {}).get("value")
            if at is not None and at < 0:
                above = max(above, 14.0 - at)
    if spec.get("title"):
        shapes.append(words_at(width / 2, -above - 2, str(spec["title"]), anchor="middle", bold=True, colour=theme.INK))  # fmt: skip
        above += 20.0
    shapes_legend, legend_room, at_top = _legend(layers, plot, above, below)
    shapes.append(shapes_legend)
    if at_top:
        above += legend_room
    else:
        below += legend_room
    left_room = max(left_room, begin, _left_of_words(layers))
    return _Part(width, height, left_room, right, above, below, "".join(shapes))


_TITLE_ABOVE = 26.0


def _left_of_words(layers: Sequence[_Layer]) -> float:
    """Room for names that stand left of the plot."""
    room = 0.0
    for one in layers:
        at = one.encoding.get("x", {}).get("value")
        if one.mark["type"] == "text" and at is not None and at < 0:
            room = max(room, float(one.mark.get("limit", 0)) - at)
    return room


def _said(layers: Sequence[_Layer], channel: str) -> Spec | None:
    """The first entry that puts something on an axis."""
    for one in layers:
        entry = one.encoding.get(channel)
        if entry is not None and "field" in entry:
            return dict(entry)
    return None


def _axis_of(layers: Sequence[_Layer], channel: str) -> Axis | None:
    """What all layers share of one axis: its kind, and ends that hold every value."""
    entry = _said(layers, channel)
    if entry is None:
        return None
    scale: dict[str, Any] = {}
    values: list[Any] = []
    ends: list[Any] = []
    zero = channel == "y" or any(one.mark["type"] == "bar" for one in layers)
    for one in layers:
        for c in (channel, channel + "2"):
            said = one.encoding.get(c)
            if said is None or "value" in said:
                continue
            own = said.get("scale") or {}
            scale = own | scale
            ends += own.get("domain", ())
            if "datum" in said:
                values.append(said["datum"])
            else:
                values += [row.get(said["field"]) for row in one.rows]
    if entry["type"] in ("ordinal", "nominal"):
        names = entry.get("sort") or _names(values, entry["type"] == "ordinal")
        inner = float(scale.get("paddingInner", 0.1))
        return Bands(tuple(names), inner, float(scale.get("paddingOuter", inner / 2)))
    if entry["type"] == "temporal":
        days = [day_number(str(v)) for v in (ends or values) if v is not None]
        return Continuous.over(min(days), max(days), "time", nice=False)
    kind = "log" if scale.get("type") == "log" else "linear"
    numbers = [
        float(v) for v in (ends or values)
        if isinstance(v, int | float) and not isinstance(v, bool) and v == v and (kind == "linear" or v > 0)
    ]  # fmt: skip
    if not numbers:
        return Continuous(1.0 if kind == "log" else 0.0, 10.0 if kind == "log" else 1.0, kind)
    if kind == "linear" and not ends and scale.get("zero", zero):
        numbers.append(0.0)
    nice, clamped = bool(scale.get("nice", not ends)), bool(scale.get("clamp"))
    return Continuous.over(min(numbers), max(numbers), kind, nice, clamped)


def _names(values: Sequence[Any], ordered: bool) -> list[Any]:
    names = list(dict.fromkeys(values))
    return sorted(names) if ordered else names


def _colours(layers: Sequence[_Layer]) -> dict[str, str]:
    """Colour by name of every scale that has names."""
    found: dict[str, str] = {}
    for one in layers:
        scale = one.encoding.get("color", {}).get("scale") or {}
        found |= dict(zip(map(str, scale.get("domain", ())), scale.get("range", ()), strict=True))
    return found


# ---- axes ----------------------------------------------------------------------------------------------


def _title(entry: Spec | None) -> str:
    if entry is None or entry.get("axis", {}) is None:
        return ""
    return str((entry.get("axis") or {}).get("title") or entry.get("title") or "")


def _ticks(axis: Axis, said: Spec, count: int) -> list[Any]:
    if "values" in said:
        return list(said["values"])
    return list(axis.ticks(int(said.get("tickCount", count)), float(said.get("tickMinStep", 0))))


def _grid(axis: Axis, said: Spec) -> bool:
    return bool(said.get("grid", isinstance(axis, Continuous)))


def _label(axis: Axis, said: Spec, value: Any) -> str:
    """A tick in words, grouped as numbers in sentences are."""
    if isinstance(axis, Bands):
        return str(value)
    if axis.kind == "time":
        from datetime import date

        day = date.fromordinal(int(value))
        return day.strftime(said.get("format", "%Y" if axis.high - axis.low > 1000 else "%Y-%m"))
    if said.get("labelExpr") == CLOCK:
        return f"{int(value) % 24:02d}:00"
    if said.get("format") == "d":  # a year, or a number of things
        return f"{value:.0f}"
    return f"{value:,.12g}".replace(",", " ") if abs(value) < 1e12 else f"{value:.6g}"


def _y_axis(plot: Plot, entry: Spec | None) -> tuple[str, str, float]:
    """Grid lines; labels with the line and title; and the room they take at the left."""
    if entry is None or plot.y is None or entry.get("axis", {}) is None:
        return "", "", 0.0
    said = entry.get("axis") or {}
    ticks = _ticks(plot.y, said, max(2, round(plot.height / 45)))
    places = [(t, plot.y_of(t)) for t in ticks]
    inside = [(t, p) for t, p in places if p is not None and -0.5 <= p <= plot.height + 0.5]
    grid = ""
    if _grid(plot.y, said):
        way = "".join(f"M0 {coordinate(p)}h{coordinate(plot.width)}" for _t, p in inside)
        grid = f'<path d="{way}" stroke="{theme.RULE}"/>'
    limit = float(said.get("labelLimit", 180))
    labels = [(fitted(_label(plot.y, said, t), limit, _LETTERS), p) for t, p in inside]
    room = max([float(said.get("minExtent", 0)), *(text_width(w, _LETTERS) + _TICK + 4 for w, _p in labels)])  # fmt: skip
    strokes = "".join(f"M0 {coordinate(p)}h-{_TICK}" for _t, p in inside)
    words = "".join(words_at(-_TICK - 3, p + 0.3 * _LETTERS, w) for w, p in labels)
    shapes = f'<path d="M0 0v{coordinate(plot.height)}{strokes}" fill="none" stroke="{theme.GREY}"/>'  # fmt: skip
    shapes += f'<g text-anchor="end" fill="{theme.QUIET}">{words}</g>'
    if _title(entry):
        shapes += words_at(4 - room, -10, _title(entry), colour=theme.QUIET)
    return grid, shapes, room


_Room = tuple[float, float, float]


def _x_axis(plot: Plot, entry: Spec | None) -> tuple[str, str, _Room]:
    """Grid lines; labels with the line and title; and the room they take at the left, at the right and below."""
    if entry is None or plot.x is None or entry.get("axis", {}) is None:
        return "", "", (0.0, 0.0, 0.0)
    said = entry.get("axis") or {}
    ticks = _ticks(plot.x, said, max(2, round(plot.width / 90)))
    inside = [(t, p) for t, p in ((t, plot.x_of(t)) for t in ticks) if p is not None and -0.5 <= p <= plot.width + 0.5]  # fmt: skip
    grid = ""
    if _grid(plot.x, said):
        way = "".join(f"M{coordinate(p)} 0v{coordinate(plot.height)}" for _t, p in inside)
        grid = f'<path d="{way}" stroke="{theme.RULE}"/>'
    foot = coordinate(plot.height)
    strokes = "".join(f"M{coordinate(p)} {foot}v{_TICK}" for _t, p in inside) if said.get("ticks", True) else ""  # fmt: skip
    shapes = f'<path d="M0 {foot}h{coordinate(plot.width)}{strokes}" fill="none" stroke="{theme.GREY}"/>'  # fmt: skip
    left, right, below = 0.0, 4.0, 2.0
    if said.get("labels", True):
        words, (left, right, below) = _x_labels(plot, said, [(_label(plot.x, said, t), p) for t, p in inside])  # fmt: skip
        shapes += words
    title = str((said.get("title") or entry.get("title")) or "")
    if title:
        below += 17.0
        shapes += words_at(plot.width / 2, plot.height + below - 4, title, anchor="middle", colour=theme.QUIET)  # fmt: skip
    return grid, shapes, (left, right, below)


def _x_labels(plot: Plot, said: Spec, labels: list[tuple[str, float]]) -> tuple[str, _Room]:
    """Labels below an axis, fewer of them where they would touch, or turned as asked; and their room."""
    limit = float(said.get("labelLimit", 180))
    labels = [(fitted(w, limit, _LETTERS), p) for w, p in labels]
    widths = {w: text_width(w, _LETTERS) for w, _p in labels}
    if said.get("labelAngle"):
        turn = float(said["labelAngle"])
        y = plot.height + _TICK + 8
        words = "".join(
            f'<text transform="translate({coordinate(p + 3)} {coordinate(y)}) rotate({turn:g})">{escape(w, quote=False)}</text>'
            for w, p in labels
        )
        deep = 0.7 * max(widths.values(), default=0.0) + _TICK + 12
        return f'<g text-anchor="end" fill="{theme.QUIET}">{words}</g>', (0.0, 8.0, deep)
    if isinstance(plot.x, Bands) and labels:  # names: each in the room of its band, on two lines
        return _band_labels(plot, labels)
    while len(labels) > 1 and any(
        b - a < (widths[v] + widths[w]) / 2 + 8 for (v, a), (w, b) in pairwise(labels)
    ):  # fmt: skip
        labels = labels[::2]
    words = "".join(words_at(p, plot.height + _TICK + 12, w) for w, p in labels)
    right = max((p + widths[w] / 2 - plot.width for w, p in labels), default=0.0)
    left = max((widths[w] / 2 - p for w, p in labels), default=0.0)
    room = (max(left, 0.0), max(right, 4.0), _TICK + 16.0)
    return f'<g text-anchor="middle" fill="{theme.QUIET}">{words}</g>', room


def _band_labels(plot: Plot, labels: Sequence[tuple[str, float]]) -> tuple[str, _Room]:
    assert isinstance(plot.x, Bands)
    room = plot.width / plot.x.steps - 6
    shown = [(_two_lines(w, room), p) for w, p in labels]
    words = "".join(
        words_at(p, plot.height + _TICK + 12 + 14 * i, line)
        for lines, p in shown
        for i, line in enumerate(lines)
    )
    deep = 14.0 * max(len(lines) for lines, _p in shown)
    return f'<g text-anchor="middle" fill="{theme.QUIET}">{words}</g>', (0.0, 4.0, _TICK + 2 + deep)


def _two_lines(words: str, room: float) -> list[str]:
    """Words on one line or broken once, at a space or, without one, between letters."""
    if text_width(words, _LETTERS) <= room:
        return [words]
    cuts = [i for i, c in enumerate(words) if c == " "] or list(range(1, len(words)))
    best = min(cuts, key=lambda i: max(text_width(words[:i], _LETTERS), text_width(words[i:].strip(), _LETTERS)))  # fmt: skip
    return [fitted(line, room, _LETTERS) for line in (words[:best], words[best:].strip())]


# ---- legends -------------------------------------------------------------------------------------------


def _legend(layers: Sequence[_Layer], plot: Plot, above: float, below: float) -> tuple[str, float, bool]:  # fmt: skip
    """Names with their marks, in as many lines as they need; the room that takes, and whether it stands above."""
    entries: dict[str, tuple[str, str]] = {}
    top = True
    for one in layers:
        colour = one.encoding.get("color", {})
        legend = colour.get("legend", {}) if (colour.get("scale") or {}).get("domain") else None
        if legend is None:
            continue
        top = legend.get("orient", "top") != "bottom"
        sign = {"area": "square", "rect": "square", "bar": "square", "point": "circle"}.get(one.mark["type"], "stroke")  # fmt: skip
        sign = legend.get("symbolType", sign)
        for name in colour["scale"]["domain"]:
            entries.setdefault(str(name), (plot.colours[str(name)], sign))
    if not entries:
        return "", 0.0, True
    lines: list[list[tuple[float, str, str, str]]] = [[]]
    x = 0.0
    for name, (colour, sign) in entries.items():
        words = fitted(name, plot.width - 24, _LETTERS)
        width = 22 + text_width(words, _LETTERS)
        if x and x + width > plot.width:
            lines.append([])
            x = 0.0
        lines[-1].append((x, words, colour, sign))
        x += width + 18
    room = _LINE * len(lines) + 6.0
    y = -above - room + 10 if top else plot.height + below + 18
    shapes = []
    for i, line in enumerate(lines):
        for x, words, colour, sign in line:
            shapes.append(_sign(x, y + _LINE * i, colour, sign))
            shapes.append(words_at(x + 20, y + _LINE * i + 0.3 * _LETTERS, words))
    return f'<g fill="{theme.INK}">{"".join(shapes)}</g>', room if top else room + 10, top


def _sign(x: float, y: float, colour: str, sign: str) -> str:
    if sign == "stroke":
        return f'<path d="M{coordinate(x)} {coordinate(y)}h15" stroke="{colour}" stroke-width="3"/>'
    if sign == "circle":
        return f'<circle cx="{coordinate(x + 8)}" cy="{coordinate(y)}" r="4.5" fill="{colour}"/>'
    return f'<rect x="{coordinate(x + 3)}" y="{coordinate(y - 5.5)}" width="11" height="11" fill="{colour}"/>'
