"""Where in the world is this part of the map? Borders under the buses, names of towns over them. [px]"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np
from numpy.typing import NDArray

from taotie.answer.parts.grid import Backdrop, Town
from taotie.app.charts import theme

FloatArray = NDArray[np.float64]
Onto = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
"""Longitude and latitude to the paper."""
LARGE, SMALL = 14.0, 10.0  # letters: on a narrow screen the large ones are read, on a wide one both
N_LARGE, N_SMALL = 7, 16
WIDE_LETTER = 0.6  # of its height

RULES = (
    f".town{{font-size:{SMALL:.0f}px}}@media screen and (max-width:700px){{"
    f".town{{font-size:{LARGE:.0f}px}}.town.small{{display:none}}}}"
)


def outlines_svg(behind: Backdrop, onto: Onto) -> str:
    """Borders and coasts as one path in whole pixels."""
    parts = []
    for line in behind.lines:
        x, y = (np.round(v).astype(int) for v in onto(line[:, 0], line[:, 1]))
        moved = np.r_[True, (np.diff(x) != 0) | (np.diff(y) != 0)]
        x, y = x[moved], y[moved]
        if len(x) > 1:
            steps = "".join(f"l{a} {b}" for a, b in zip(np.diff(x), np.diff(y), strict=True))
            parts.append(f"M{x[0]} {y[0]}{steps}")
    if not parts:
        return ""
    return (
        f'<path class="borders" d="{"".join(parts)}" fill="none" stroke="{theme.GREY}" stroke-opacity=".8"'
        ' stroke-width="1.2" stroke-linejoin="round"/>'
    )


def towns_svg(behind: Backdrop, onto: Onto, wide: float, tall: float) -> str:
    """Names of the largest towns that have room, none on another."""
    taken: list[tuple[float, float, float, float]] = []
    parts: list[str] = []
    named: set[Town] = set()
    for size, most, kind in ((LARGE, N_LARGE, "town"), (SMALL, N_SMALL, "town small")):
        for town in behind.towns:
            if len(parts) >= most:
                break
            made = None if town in named else _label(town, onto, size, (wide, tall), taken)
            if made is not None:
                named.add(town)
                parts.append(f'<text class="{kind}" {made}>{escape(town.name)}</text>')
    if not parts:
        return ""
    return (
        f'<g fill="{theme.INK}" stroke="{theme.PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
        f' font-family="inherit" font-size="{SMALL:.0f}">{"".join(parts)}</g>'
    )


def _label(
    town: Town,
    onto: Onto,
    size: float,
    paper: tuple[float, float],
    taken: list[tuple[float, float, float, float]],
) -> str | None:
    """Place and anchor of a name, beside its town to the right or, at the edge, to the left; None without room."""
    at_x, at_y = onto(np.array([town.lon]), np.array([town.lat]))
    x, y = float(at_x[0]), float(at_y[0])
    long = WIDE_LETTER * size * len(town.name)
    for left, anchor in ((x + 4, ""), (x - 4 - long, ' text-anchor="end"')):
        box = (left, y - 0.6 * size, left + long, y + 0.6 * size)
        if box[0] < 0 or box[2] > paper[0] or box[1] < 0 or box[3] > paper[1]:
            continue
        if all(box[0] > b[2] or box[2] < b[0] or box[1] > b[3] or box[3] < b[1] for b in taken):
            taken.append(box)
            return f'x="{x + (4 if not anchor else -4):.0f}" y="{y + 0.35 * size:.0f}"{anchor}'
    return None
