"""Which shapes does one layer of a chart become? Paths, circles, bars and words between the ends of two axes. [px]"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from taotie.app.charts import theme
from taotie.app.charts.letters import fitted, text_width
from taotie.app.charts.scales import Axis, Bands

__all__ = ["Plot", "Row", "coordinate", "drawn_layer", "words_at"]

Row = Mapping[str, Any]
Point = tuple[float, float]
_BASELINE = {"top": 0.79, "middle": 0.3, "bottom": -0.21}
"""How far below its place a text's letters stand, in letter heights."""


def coordinate(value: float) -> str:
    """A tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0").replace("-0.", "-.") if value != 0 else "0"


@dataclass(frozen=True)
class Plot:
    """The paper between two axes."""

    width: float
    height: float
    x: Axis | None
    y: Axis | None
    colours: Mapping[str, str]

    def x_of(self, value: Any) -> float | None:
        share = self.x.share(value) if self.x is not None else None
        return None if share is None else share * self.width

    def y_of(self, value: Any) -> float | None:
        share = self.y.share(value) if self.y is not None else None
        if share is None:
            return None
        return self.height * (share if isinstance(self.y, Bands) else 1 - share)


def drawn_layer(plot: Plot, mark: Mapping[str, Any], encoding: Mapping[str, Any], rows: Sequence[Row]) -> str:  # fmt: skip
    """The shapes of one layer.

    Raises
    ------
    ValueError
        If it asks for what is not drawn here, which would else be left out without a word.
    """
    unknown = (
        (set(mark) - _MARK_KEYS) | (set(encoding) - _CHANNELS) | ({mark["type"]} - set(_MARKS))
    )
    if unknown:
        raise ValueError(f"a chart asks for {', '.join(sorted(unknown))}, which is not drawn")
    return _MARKS[mark["type"]](_Layer(plot, mark, encoding, rows))


class _Layer:
    """What its encoding says of each row."""

    def __init__(self, plot: Plot, mark: Mapping[str, Any], encoding: Mapping[str, Any], rows: Sequence[Row]) -> None:  # fmt: skip
        self.plot, self.mark, self.encoding, self.rows = plot, mark, encoding, rows

    def at(self, channel: str, row: Row) -> float | None:
        """Where a row stands on the paper along x, x2, y or y2; None: nowhere."""
        said = self.encoding.get(channel)
        if said is None:
            return None
        if "value" in said:
            return float(said["value"])
        value = said["datum"] if "datum" in said else row.get(said["field"])
        return self.plot.x_of(value) if channel[0] == "x" else self.plot.y_of(value)

    def places(self, *channels: str) -> Iterable[tuple[Row, list[float]]]:
        """Rows that have a place in every channel, with these places; `yOffset` added."""
        down = float(self.mark.get("yOffset", 0))
        for row in self.rows:
            found = [self.at(c, row) for c in channels]
            known = [p for p in found if p is not None]
            if len(known) == len(channels):
                yield row, [p + (down if c[0] == "y" else 0) for p, c in zip(known, channels, strict=True)]  # fmt: skip

    def said(self, channel: str, row: Row, otherwise: Any) -> Any:
        """What a channel that is no place says of a row, through the colours of its scale where it has one."""
        entry = self.encoding.get(channel)
        if entry is None:
            return otherwise
        value = entry["value"] if "value" in entry else row.get(entry["field"])
        return value if "value" in entry or entry.get("scale", 0) is None else self.plot.colours.get(str(value), otherwise)  # fmt: skip

    def colour(self, row: Row) -> str:
        return str(self.said("color", row, self.mark.get("color", theme.AMBER)))

    def grouped(self) -> list[tuple[str, list[Row]]]:
        """Rows that share a colour, one line each, in the order they stand in."""
        entry = self.encoding.get("color", {})
        if "field" not in entry:
            return [(self.colour({}), list(self.rows))]
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(self.colour(row), []).append(row)
        return list(groups.items())

    def style(self, **given: str | float | None) -> str:
        """Attributes of a shape; opacity from its mark, as such that a group may carry for its shapes."""
        opacity = self.mark.get("opacity", 1)
        if opacity != 1:
            given |= {f"{k}_opacity": opacity for k in ("fill", "stroke") if given.get(k, "none") not in ("none", None)}  # fmt: skip
        return "".join(
            f' {k.replace("_", "-")}="{escape(str(v))}"' for k, v in given.items() if v is not None
        )

    def tip(self, row: Row) -> str:
        """What is said of a row under the pointer."""
        lines = []
        for entry in self.encoding.get("tooltip", ()):
            value = row.get(entry["field"])
            if value is None or value == "":
                continue
            if isinstance(value, float | int):
                value = format(value, entry.get("format", ".6g" if isinstance(value, float) else "d"))  # fmt: skip
            title = entry.get("title")
            lines.append(f"{title}: {value}" if title else str(value))
        return f"<title>{escape(chr(10).join(lines), quote=False)}</title>" if lines else ""


class _Shapes:
    """Shapes one after the other; what neighbours share of their style is written once, on a group."""

    def __init__(self) -> None:
        self._runs: list[tuple[str, list[str]]] = []

    def add(self, tag: str, place: str, style: str, inside: str) -> None:
        shape = f"<{tag}{place}>{inside}</{tag}>" if inside else f"<{tag}{place}/>"
        if not self._runs or self._runs[-1][0] != style:
            self._runs.append((style, []))
        self._runs[-1][1].append(shape)

    def text(self) -> str:
        return "".join(f"<g{style}>{''.join(shapes)}</g>" for style, shapes in self._runs)


def _box(drawn: _Shapes, layer: _Layer, row: Row, a: Point, b: Point) -> None:
    x, y = min(a[0], b[0]), min(a[1], b[1])
    edge = layer.mark.get("stroke")
    style = layer.style(
        fill=layer.colour(row), stroke=edge, stroke_width=layer.mark.get("strokeWidth") if edge else None
    )  # fmt: skip
    width, height = coordinate(abs(b[0] - a[0])), coordinate(abs(b[1] - a[1]))
    place = f' x="{coordinate(x)}" y="{coordinate(y)}" width="{width}" height="{height}"'
    drawn.add("rect", place, style, layer.tip(row))


def _rects(layer: _Layer) -> str:
    drawn = _Shapes()
    for row, (x, x2, y, y2) in layer.places("x", "x2", "y", "y2"):
        _box(drawn, layer, row, (x, y), (x2, y2))
    return drawn.text()


def _bars(layer: _Layer) -> str:
    """From a band's foot, or from a second value, to a value."""
    plot = layer.plot
    level = isinstance(plot.y, Bands)
    along, across = ("x", "y") if level else ("y", "x")
    bands = plot.y if level else plot.x
    assert isinstance(bands, Bands)
    length = plot.height if level else plot.width
    thick = float(layer.mark.get("size", bands.width * length))
    zero = plot.x_of(0) if level else plot.y_of(0)
    foot = zero if zero is not None else 0.0 if level else plot.height
    drawn = _Shapes()
    for row, (end, middle) in layer.places(along, across):
        start = layer.at(f"{along}2", row) if f"{along}2" in layer.encoding else foot
        if start is None:
            continue
        a, b = (start, middle - thick / 2), (end, middle + thick / 2)
        _box(drawn, layer, row, a if level else a[::-1], b if level else b[::-1])
    return drawn.text()


def _stroke(drawn: _Shapes, layer: _Layer, row: Row, a: Point, b: Point, width: float) -> None:
    dash = layer.mark.get("strokeDash")
    style = layer.style(
        stroke=layer.colour(row), stroke_width=width,
        stroke_dasharray=" ".join(map(str, dash)) if dash and dash[1] else None,
    )  # fmt: skip
    x1, y1, x2, y2 = map(coordinate, (*a, *b))
    drawn.add("line", f' x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"', style, layer.tip(row))


def _rules(layer: _Layer) -> str:
    """From a value to a second one; without a second one, across the whole plot."""
    width, down = float(layer.mark.get("strokeWidth", 1)), float(layer.mark.get("yOffset", 0))
    drawn = _Shapes()
    for row, _none in layer.places(*(c for c in ("x", "x2", "y", "y2") if c in layer.encoding)):
        x, y, x2, y2 = (layer.at(c, row) for c in ("x", "y", "x2", "y2"))
        if x2 is None:
            x2 = x if x is not None else layer.plot.width
        if y2 is None:
            y2 = y if y is not None else layer.plot.height
        _stroke(drawn, layer, row, (x or 0.0, (y or 0.0) + down), (x2, y2 + down), width)
    return drawn.text()


def _ticks(layer: _Layer) -> str:
    """A short stroke across a band."""
    upright = isinstance(layer.plot.y, Bands)
    bands = layer.plot.y if upright else layer.plot.x
    assert isinstance(bands, Bands)
    length = layer.plot.height if upright else layer.plot.width
    half = float(layer.mark.get("size", bands.width * length)) / 2
    thick = float(layer.mark.get("thickness", 1))
    drawn = _Shapes()
    for row, (x, y) in layer.places("x", "y"):
        a, b = ((x, y - half), (x, y + half)) if upright else ((x - half, y), (x + half, y))
        _stroke(drawn, layer, row, a, b, thick)
    return drawn.text()


def _points(layer: _Layer) -> str:
    drawn = _Shapes()
    for row, (x, y) in layer.places("x", "y"):
        r = float(layer.said("size", row, layer.mark.get("size", 30))) ** 0.5 / 2
        colour = layer.colour(row)
        fill = layer.said("fill", row, colour if layer.mark.get("filled") else "none")
        stroke = layer.said("stroke", row, None if layer.mark.get("filled") else colour)
        style = layer.style(
            fill=fill, stroke=stroke, stroke_width=layer.mark.get("strokeWidth", 1.5) if stroke else None
        )  # fmt: skip
        turned = {"triangle-left": 1, "triangle-right": -1}.get(str(layer.said("shape", row, "")), 0)  # fmt: skip
        if turned:
            tip, back = x - turned * r, x + turned * 0.75 * r
            path = "L".join(f"{coordinate(a)} {coordinate(b)}" for a, b in ((tip, y), (back, y - r), (back, y + r)))  # fmt: skip
            drawn.add("path", f' d="M{path}Z"', style, layer.tip(row))
        else:
            place = f' cx="{coordinate(x)}" cy="{coordinate(y)}" r="{coordinate(r)}"'
            drawn.add("circle", place, style, layer.tip(row))
    return drawn.text()


def words_at(
    x: float, y: float, words: str, *, size: float = 12, anchor: str = "", colour: str = "", bold: bool = False
) -> str:  # fmt: skip
    """A text with its baseline at `y`; what is left out is what its group says."""
    style = f' font-size="{size:g}"' if size != 12 else ""
    style += f' text-anchor="{anchor}"' if anchor else ""
    style += f' fill="{colour}"' if colour else ""
    style += ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{coordinate(x)}" y="{coordinate(y)}"{style}>{escape(words, quote=False)}</text>'
    )


def _texts(layer: _Layer) -> str:
    """Words at their places; those beside a mark stay on the plot and off each other where there is room."""
    mark = layer.mark
    size, bold = float(mark.get("fontSize", 12)), mark.get("fontWeight") == "bold"
    down = float(mark.get("dy", 0)) + size * _BASELINE.get(mark.get("baseline", "middle"), 0)
    beside_a_mark = "field" in layer.encoding["x"] and "field" in layer.encoding["y"]
    taken: list[tuple[float, float, float]] = []
    drawn = []
    for row, (x, y) in layer.places("x", "y"):
        words = str(row.get(layer.encoding["text"]["field"]) or "")
        if "limit" in mark:
            words = fitted(words, float(mark["limit"]), size, bold)
        if not words:
            continue
        align, dx = mark.get("align", "center"), float(mark.get("dx", 0))
        if beside_a_mark:
            width = text_width(words, size, bold)
            if align == "left" and x + dx + width > layer.plot.width + 6 and x - dx - width > 0:
                align, dx = "right", -dx
            elif align == "right" and x + dx - width < 0:
                align, dx = "left", -dx
            begin = x + dx - {"left": 0.0, "right": width}.get(align, width / 2)
            y = _free(taken, begin, begin + width, y, size)
        anchor = {"right": "end", "left": ""}.get(align, "middle")
        colour = str(layer.said("color", row, mark.get("color", theme.INK)))
        drawn.append(words_at(x + dx, y + down, words, size=size, anchor=anchor, colour=colour, bold=bold))  # fmt: skip
    return "".join(drawn)


def _free(taken: list[tuple[float, float, float]], begin: float, end: float, y: float, size: float) -> float:  # fmt: skip
    """The height nearest to `y` at which words hide no others; where none is near, `y` itself."""
    step = size + 1
    for shift in (0.0, -step, step, -2 * step, 2 * step):
        if all(end < a or begin > b or abs(y + shift - at) >= step for a, b, at in taken):
            y += shift
            break
    taken.append((begin, end, y))
    return y


# ---- lines and areas -------------------------------------------------------------------------------------


def _runs(layer: _Layer, rows: Sequence[Row], *channels: str) -> list[list[list[float]]]:
    """Places of rows one after the other, cut where a row has none."""
    runs: list[list[list[float]]] = [[]]
    for row in rows:
        found = [layer.at(c, row) for c in channels]
        if any(p is None for p in found):
            runs.append([])
        else:
            runs[-1].append([float(p) for p in found if p is not None])
    return [run for run in runs if run]


def _path(points: Sequence[Point], how: str) -> str:
    """A way through points, without its first M."""
    if how == "monotone" and len(points) > 2:
        return _smooth(points)
    if how == "step-after":
        return _stairs([(b[0], a[1]) if k else b for a, b in pairwise([points[0], *points]) for k in (1, 0)][1:])  # fmt: skip
    return "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)


def _stairs(points: Sequence[Point]) -> str:
    """A way through points of which each lies beside or below the one before; steps of no height are left out."""
    (x, y), *rest = [(coordinate(a), coordinate(b)) for a, b in points]
    parts, pending = [f"{x} {y}"], ""
    for a, b in rest:
        if b != y:
            parts.append(pending + f"V{b}")
            pending, y = "", b
        if a != x:
            pending, x = f"H{a}", a
    return "".join([*parts, pending])


def _smooth(points: Sequence[Point]) -> str:
    """Cubic pieces that rise and fall only where the points do (Steffen 1990)."""
    n = len(points)
    step = [points[i + 1][0] - points[i][0] or 1e-9 for i in range(n - 1)]
    slope = [(points[i + 1][1] - points[i][1]) / step[i] for i in range(n - 1)]
    at = [0.0] * n
    for i in range(1, n - 1):
        a, b = slope[i - 1], slope[i]
        mean = (a * step[i] + b * step[i - 1]) / (step[i - 1] + step[i])
        sign = (a > 0) - (a < 0) + (b > 0) - (b < 0)
        at[i] = sign * min(abs(a), abs(b), 0.5 * abs(mean))
    at[0], at[-1] = (3 * slope[0] - at[1]) / 2, (3 * slope[-1] - at[-2]) / 2
    parts = [f"{coordinate(points[0][0])} {coordinate(points[0][1])}"]
    for i in range(n - 1):
        (x0, y0), (x1, y1), d = points[i], points[i + 1], step[i] / 3
        ends = ((x0 + d, y0 + d * at[i]), (x1 - d, y1 - d * at[i + 1]), (x1, y1))
        parts.append("C" + " ".join(f"{coordinate(x)} {coordinate(y)}" for x, y in ends))
    return "".join(parts)


def _lines(layer: _Layer) -> str:
    drawn = []
    order = layer.encoding.get("order", {}).get("field")
    for colour, rows in layer.grouped():
        if order:
            rows = sorted(rows, key=lambda r: r[order])
        runs = _runs(layer, rows, "x", "y")
        path = "M".join(_path([(x, y) for x, y in run], layer.mark.get("interpolate", "linear")) for run in runs)  # fmt: skip
        if path:
            style = layer.style(fill="none", stroke=colour, stroke_width=layer.mark.get("strokeWidth", 2), stroke_linejoin="round")  # fmt: skip
            drawn.append(f'<path d="M{path}"{style}/>')
        # a value between two unknown ones is a line of no length: its point is shown
        alone = [run[0] for run in runs if len(run) == 1]
        shown = [p for run in runs for p in run] if layer.mark.get("point") else alone
        for x, y in shown:
            drawn.append(f'<circle cx="{coordinate(x)}" cy="{coordinate(y)}" r="2.6" fill="{colour}"/>')  # fmt: skip
    return "".join(drawn)


def _areas(layer: _Layer) -> str:
    """Between a value and a second one, or the foot of the plot."""
    how = layer.mark.get("interpolate", "linear")
    two = "y2" in layer.encoding
    foot = layer.plot.y_of(0)
    foot = layer.plot.height if foot is None else foot
    drawn = []
    for colour, rows in layer.grouped():
        for run in _runs(layer, rows, "x", "y", *(("y2",) if two else ())):
            top = [(p[0], p[1]) for p in run]
            low = [(p[0], p[2] if two else foot) for p in run]
            if how == "step-after":  # back along the stairs: down first, then to the left
                back = [low[-1]]
                for i in range(len(low) - 2, -1, -1):
                    back += [(low[i + 1][0], low[i][1]), low[i]]
                way = _stairs(back)
            else:
                way = _path(low[::-1], how)
            drawn.append(f'<path d="M{_path(top, how)}L{way}Z"{layer.style(fill=colour)}/>')
    edge = layer.mark.get("line")
    if edge:
        drawn.append(_lines(_Layer(layer.plot, {"type": "line", **edge}, {k: v for k, v in layer.encoding.items() if k != "color"}, layer.rows)))  # fmt: skip
    return "".join(drawn)


_MARKS = {
    "area": _areas, "bar": _bars, "line": _lines, "point": _points, "rect": _rects, "rule": _rules, "text": _texts, "tick": _ticks,
}  # fmt: skip
_MARK_KEYS = {
    "align", "baseline", "color", "dx", "dy", "filled", "fontSize", "fontWeight", "interpolate", "limit", "line", "opacity", "point", "size",
    "stroke", "strokeDash", "strokeWidth", "thickness", "type", "yOffset",
}  # fmt: skip
_CHANNELS = {"color", "fill", "order", "shape", "size", "stroke", "text", "tooltip", "x", "x2", "y", "y2"}  # fmt: skip
