"""How does a drawing fit a phone and a wall without being drawn twice? SVG whose widths are percentages.

Heights and letters are pixels, widths are shares of the paper, so that one drawing serves 320 px and 1200 px and its
words stay as large as they are. Colours are those of `theme` as attributes, which style rules turn dark: a drawing
that is taken out of its page still looks like itself, and no style stands inside it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate

from taotie.app.charts import theme
from taotie.app.charts.answer_charts import COLOURS
from taotie.app.charts.picture import cut
from taotie.app.charts.scales import log_ticks
from taotie.quantity.wording import number

__all__ = [
    "Line",
    "Place",
    "line_chart",
    "range_chart",
    "scaled_ticks",
    "standing_alone",
    "width_of",
]

FONT_PX = 13
ROW_PX, LINE_PX = 42, 17


@dataclass(frozen=True)
class Place:
    """One row of a range chart: a value with its range, or a single published number.

    Attributes
    ----------
    low, middle, high : float
        5 %, median and 95 % points; all the same where no range is known.
    value : str
        As printed at the right.
    kind : str
        "ours", "published" or "limit": its colour and mark.
    """

    name: str
    low: float
    middle: float
    high: float
    value: str
    kind: str = "ours"
    link: str = ""


@dataclass(frozen=True)
class Line:
    """One line over a number, with a band around it where its range is known."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    colour: str = ""
    step: bool = False


def _f(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def text(
    x: float, y: float, words: str, *, anchor: str = "start", colour: str = theme.INK,
    size: float = FONT_PX, bold: bool = False, dx: float = 0.0, only: str = "", over: bool = False,
) -> str:  # fmt: skip
    """Words at a share of the width [%] and a height [px]; `only` "wide" or "narrow" paper; legible `over` lines."""
    weight = ' font-weight="650"' if bold else ""
    if over:
        weight += (
            f' stroke="{theme.PAPER}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
        )
    moved = f' dx="{_f(dx)}"' if dx else ""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    if only:  # without style rules a drawing is taken as wide
        moved += f' class="{only}"' + (' display="none"' if only == "narrow" else "")
    return f'<text x="{_f(x)}%" y="{_f(y)}"{moved}{place} font-size="{_f(size)}" fill="{colour}"{weight}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1.0, dash: str = "") -> str:  # fmt: skip
    """A stroke between two places; x in %, y in px."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{_f(x1)}%" y1="{_f(y1)}" x2="{_f(x2)}%" y2="{_f(y2)}" stroke="{colour}" stroke-width="{_f(width)}"{dashed}/>'


def framed(body: str, height: float, alt: str) -> str:
    """A drawing as it stands in a page."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{_f(height)}" role="img" focusable="false"'
        f' aria-label="{escape(alt, quote=True)}" font-family="{escape(theme.FONT, quote=True)}">{body}</svg>'
    )


def standing_alone(svg: str, width: int = 900, title: str = "") -> str:
    """The same drawing as a file of its own: a width in pixels, paper behind it, its title above."""
    head, _mark, rest = svg.partition(">")
    is_map = "viewBox" in head
    if is_map or 'width="100%"' not in head:
        return svg
    height = float(head.split('height="')[1].split('"')[0])
    above = 44 if title else 12
    head = head.replace('width="100%"', f'width="{width}"').replace(
        f'height="{_f(height)}"', f'height="{_f(height + above + 12)}"'
    )
    words = text(0, 26, cut(title, 110), size=15, bold=True, dx=12) if title else ""
    inner = rest.removesuffix("</svg>")
    return (
        f'{head}><rect width="100%" height="100%" fill="{theme.PAPER}"/>{words}'
        f'<svg x="12" y="{above}" width="{width - 24}" height="{_f(height)}" overflow="visible">{inner}</svg></svg>'
    )


NARROW_LETTERS, WIDE_LETTERS = 30, 90


def width_of(words: str) -> int:
    """Letters a text is wide; a Chinese one counts as two."""
    return sum(2 if ord(c) > 0x2E80 else 1 for c in words)


def wrapped(words: str, most: int) -> list[str]:
    """A text in as few lines of at most so many letters as it takes, of like lengths: nothing of it is cut off.

    Examples
    --------
    >>> wrapped("energy per request", 10), wrapped("每个请求的能耗", 10), wrapped("short", 10)
    (['energy per', 'request'], ['每个请求', '的能耗'], ['short'])
    >>> wrapped("Growth and retirement of the stock", 20)
    ['Growth and', 'retirement', 'of the stock']
    """
    lines = _lines(words, most)
    longest = max(map(len, re.findall(r"[^\s\u2e80-\uffff]+", words)), default=0)
    while len(lines) > 1 and most > longest and len(shorter := _lines(words, most - 1)) == len(lines):  # fmt: skip
        lines, most = shorter, most - 1
    return lines


def _lines(words: str, most: int) -> list[str]:
    lines, line = [], ""
    for c in words:
        if line and width_of(line + c) > most:
            at = _last_gap(line + c)
            lines.append(line[:at].rstrip())
            line = line[at:]
        line = (line + c).lstrip()
    return [*lines, line]


def _last_gap(words: str) -> int:
    """The last place where a line may end before the last letter: at a blank or beside a Chinese letter; else in a word."""
    for at in range(len(words) - 1, 0, -1):
        if any(c == " " or width_of(c) == 2 for c in words[at - 1 : at + 1]):
            return at
    return len(words) - 1


# ---- axes ----------------------------------------------------------------------------------------------


def scaled_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values of a linear axis.

    Examples
    --------
    >>> scaled_ticks(0, 23)
    [0.0, 5.0, 10.0, 15.0, 20.0]
    """
    if not high > low:
        return [low]
    raw = (high - low) / most
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


class Scale:
    """Where a value stands across the paper. [%]"""

    def __init__(self, low: float, high: float, log: bool) -> None:
        self.log = log
        if log:
            self.low, self.high = math.log10(low), math.log10(high)
        else:
            self.low, self.high = low, high
        if self.high <= self.low:
            self.high = self.low + 1.0

    def __call__(self, value: float) -> float:
        if self.log:
            value = math.log10(max(value, 1e-300))
        share = (value - self.low) / (self.high - self.low)
        return 100.0 * min(max(share, 0.0), 1.0)


# ---- charts --------------------------------------------------------------------------------------------


def range_chart(rows: Sequence[Place], unit: str, alt: str, *, log: bool = True) -> str:
    """Rows of values with their ranges on one axis: name and value above, whisker and dot below.

    A log axis takes positive values; a row that is not positive makes the axis linear.
    """
    finite = [v for r in rows for v in (r.low, r.middle, r.high) if math.isfinite(v)]
    if not finite:
        return ""
    log = log and min(finite) > 0
    low, high = min(finite), max(finite)
    if log:
        low, high = low / 1.25, high * 1.25
        ticks = log_ticks(low, high, 6)
    else:
        low, high = min(low, 0.0), high * 1.02 or 1.0
        ticks = scaled_ticks(low, high)
    at = Scale(low, high, log)
    names = [(wrapped(r.name, NARROW_LETTERS), wrapped(r.name, WIDE_LETTERS)) for r in rows]
    # what names of several lines add to their rows, and to those below
    added = [LINE_PX * n for n in accumulate(len(narrow) - 1 for narrow, _wide in names)]
    bottom = ROW_PX * len(rows) + added[-1] + 6
    parts = []
    for tick in ticks:
        x = at(tick)
        parts.append(line(x, 0, x, bottom, theme.RULE))
        anchor = "start" if x < 8 else "end" if x > 92 else "middle"
        parts.append(
            text(x, bottom + 17, number(tick, 3), anchor=anchor, colour=theme.QUIET, size=12)
        )
    parts.append(text(100, bottom + 35, unit, anchor="end", colour=theme.QUIET, size=12))
    for i, row in enumerate(rows):
        # names end above their bar, however many lines they have
        top = ROW_PX * i + added[i]
        narrow, wide = names[i]
        colour = {"ours": theme.AMBER, "limit": theme.LOADING_COLOURS[5]}.get(row.kind, theme.GREY)
        y = top + 29
        a, m, b = at(row.low), at(row.middle), at(row.high)
        bold = row.kind == "ours"
        if narrow == wide:
            parts.append(text(0, top + 16, row.name, bold=bold))
        else:
            for lines, only in ((wide, "wide"), (narrow, "narrow")):
                for k, words in enumerate(reversed(lines)):
                    parts.append(text(0, top + 16 - LINE_PX * k, words, bold=bold, only=only))
        parts.append(text(100, top + 16, row.value, anchor="end"))
        parts.append(line(0, y, 100, y, theme.RULE, 1))
        if row.high > row.low:
            parts.append(line(a, y, b, y, colour, 6))
        mark = f'<circle cx="{_f(m)}%" cy="{_f(y)}" r="5.5" fill="{theme.INK if row.kind == "ours" else theme.PAPER}" stroke="{theme.INK}" stroke-width="1.6"/>'
        parts.append(mark)
    return framed("".join(parts), bottom + 42, alt)


def line_chart(
    lines: Sequence[Line], alt: str, *, x_unit: str = "", y_unit: str = "", height: int = 260,
    log_y: bool = False, zero: bool = True, x_words: Sequence[tuple[float, str]] = (), dots: Sequence[tuple[float, float, str]] = (),
    marks: Sequence[tuple[float, str]] = (),
) -> str:  # fmt: skip
    """Lines over a number with their bands; labels of the y axis stand on its grid lines.

    Parameters
    ----------
    x_words : sequence of (float, str)
        Ticks of the x axis in words; default: round numbers.
    dots : sequence of (float, float, str)
        Single published values: x, y, name.
    marks : sequence of (float, str)
        Horizontal limits: y and name.
    """
    ys = [v for one in lines for v in (*one.y, *one.low, *one.high) if math.isfinite(v)]
    ys += [y for _x, y, _n in dots] + [y for y, _n in marks]
    xs = [v for one in lines for v in one.x] + [x for x, _y, _n in dots]
    if not ys or not xs:
        return ""
    log_y = log_y and min(ys) > 0
    low, high = (min(ys) / 1.1, max(ys) * 1.1) if log_y else (min(ys), max(ys))
    if zero and not log_y:
        low, high = min(low, 0.0), max(high, 0.0)
    if high <= low:
        high = low + (abs(low) or 1.0)
    pad = 0.0 if log_y else 0.06 * (high - low)
    up = Scale(low, high + pad, log_y)
    across = Scale(min(xs), max(xs), False)
    named = [one for one in lines if one.name]
    legend = 20.0 * len(named) if len(named) > 1 else 0.0
    top = legend + (22.0 if y_unit else 8.0)

    def y_at(value: float) -> float:
        return top + height * (1 - up(value) / 100)

    parts = []
    if legend:
        for i, one in enumerate(named):
            colour = one.colour or COLOURS[lines.index(one) % len(COLOURS)]
            y = 20.0 * i + 10
            parts.append(
                f'<line x1="0" y1="{_f(y)}" x2="22" y2="{_f(y)}" stroke="{colour}" stroke-width="3"/>'
            )
            parts.append(text(0, y + 4.5, cut(one.name, 60), dx=30))
    if y_unit:
        parts.append(text(0, top - 9, y_unit, colour=theme.QUIET, size=12))
    ticks = log_ticks(low, high, 6) if log_y else scaled_ticks(low, high + pad)
    for tick in ticks:
        y = y_at(tick)
        parts.append(line(0, y, 100, y, theme.RULE))
    curves = []
    for i, one in enumerate(lines):
        colour = one.colour or COLOURS[i % len(COLOURS)]
        if len(one.low):
            edge = [(across(x), up(v)) for x, v in zip(one.x, one.high, strict=True)]
            edge += [(across(x), up(v)) for x, v in zip(one.x, one.low, strict=True)][::-1]
            path = "L".join(f"{10 * x:.1f} {1000 - 10 * y:.1f}" for x, y in edge)
            curves.append(f'<path d="M{path}Z" fill="{colour}" fill-opacity="0.2"/>')
        curves.append(
            f'<path d="{_curve(one, across, up)}" fill="none" stroke="{colour}" stroke-width="2.2"'
            ' vector-effect="non-scaling-stroke" stroke-linejoin="round"/>'
        )
    parts.append(
        f'<svg x="0" y="{_f(top)}" width="100%" height="{height}" viewBox="0 0 1000 1000"'
        f' preserveAspectRatio="none">{"".join(curves)}</svg>'
    )
    for tick in ticks:  # over the curves, so that they stay legible
        parts.append(
            text(0, y_at(tick) - 4, number(tick, 3), colour=theme.QUIET, size=12, over=True)
        )
    for value, name in marks:
        y = y_at(value)
        parts.append(line(0, y, 100, y, theme.LOADING_COLOURS[5], 1.5, "6 4"))
        parts.append(
            text(
                100, y - 5, name, anchor="end", colour=theme.LOADING_COLOURS[5], size=12, over=True
            )
        )
    for x, y, name in dots:
        px = across(x)
        parts.append(
            f'<circle cx="{_f(px)}%" cy="{_f(y_at(y))}" r="4.5" fill="{theme.PAPER}" stroke="{theme.INK}"'
            f' stroke-width="1.6"><title>{escape(name)}</title></circle>'
        )
    bottom = top + height
    words = x_words or [(t, f"{t:g}") for t in scaled_ticks(min(xs), max(xs), 6)]
    for value, word in words:
        x = across(value)
        anchor = "start" if x < 6 else "end" if x > 94 else "middle"
        parts.append(line(x, bottom, x, bottom + 4, theme.GREY))
        parts.append(text(x, bottom + 18, word, anchor=anchor, colour=theme.QUIET, size=12))
    if x_unit:
        parts.append(text(100, bottom + 35, x_unit, anchor="end", colour=theme.QUIET, size=12))
    return framed("".join(parts), bottom + (42 if x_unit else 26), alt)


def _curve(one: Line, across: Scale, up: Scale) -> str:
    """A line as a path in 1000 x 1000; gaps where a value is not finite."""
    parts: list[str] = []
    pen = False
    last = 0.0
    for x, y in zip(one.x, one.y, strict=True):
        if not math.isfinite(y):
            pen = False
            continue
        px, py = 10 * across(x), 1000 - 10 * up(y)
        if one.step and pen:
            parts.append(f"L{px:.1f} {last:.1f}")
        parts.append(f"{'L' if pen else 'M'}{px:.1f} {py:.1f}")
        pen, last = True, py
    return "".join(parts)
