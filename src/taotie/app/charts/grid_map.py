"""Where on the grid does the load stand, and which branch gives way first? The network by loading.

Drawn as SVG by ourselves: one element a branch, with its loading under the pointer, while there are few; one
path a colour when there are many, so that a grid of ten thousand branches stays small and quick.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from taotie.answer.parts.every_bus import ON_MAP, EveryBus
from taotie.answer.parts.grid import CapacityPicture
from taotie.answer.parts.study import GridPicture, StudyResult
from taotie.app.charts import grid_charts, theme
from taotie.app.charts.picture import Absent, DataTable, Picture, cut, sentences, source_keys
from taotie.quantity.figure import Figure
from taotie.quantity.wording import number
from taotie.words.language import _

N_SINGLE_MAX = 1_500  # branches drawn one by one
N_BRANCH_MAX = 20_000  # branches drawn at all; beyond, the least loaded are left out
N_ROW_MAX = 600  # branches in the download
_WIDTH, _HEIGHT, _MARGIN = 760.0, 560.0, 22.0


def picture(result: StudyResult) -> Picture | Absent:
    """The place of the load on its grid, in the language in force."""
    title = _("The place on the grid")
    grid = result.grid
    if grid is None:
        return Absent("grid", title, _("This study names no grid, so the load is placed nowhere."))
    if isinstance(grid, EveryBus) and grid.everywhere is not None:
        return _every_bus(result, grid.everywhere)
    loading = np.asarray(grid.loading, dtype=float)
    rated = np.isfinite(loading)
    over = int(np.sum(loading[rated] > 1.0))
    tight = int(np.sum(loading[rated] >= 0.8))
    finding = _("{case}: {n_bus} buses, {n_branch} branches; the ring marks the load.").format(
        case=grid.case, n_bus=number(len(grid.x), 6), n_branch=number(len(loading), 6)
    )
    if rated.any():
        tight_words = (
            _(
                "With it on, {tight} branches carry 80 % of their rating or more, {over} of them more than all of it."
            )
            if over
            else _(
                "With it on, {tight} branches carry 80 % of their rating or more; none is overloaded."
            )
        )
        finding = sentences(finding, tight_words.format(tight=tight, over=over))
    remarks = [
        _("Synthetic or test grid: no actual grid, and no statement on one."),
        grid.placed_by.text(),
    ]
    if grid.binding_branch is not None:
        remarks.append(_binding(grid))
    remarks += [note.text() for note in result.notes if note.code == "binding"]
    if len(loading) > N_BRANCH_MAX:
        remarks.append(
            _("Of {n} branches the {shown} most loaded are drawn.").format(
                n=number(len(loading), 6), shown=number(N_BRANCH_MAX, 6)
            )
        )
    if len(loading) > N_ROW_MAX:
        remarks.append(_("The data hold the {n} most loaded branches.").format(n=N_ROW_MAX))
    columns = {
        "branch": _("branch (row of the case, from 0)"),
        "from": _("from bus (row)"),
        "to": _("to bus (row)"),
        "loading": _("loading, % of rating"),
    }
    order = np.argsort(np.where(rated, -loading, np.inf), kind="stable")
    rows = [
        {
            "branch": int(i),
            "from": int(grid.branch_from[i]),
            "to": int(grid.branch_to[i]),
            "loading": float(100 * loading[i]) if rated[i] else None,
        }
        for i in order[:N_ROW_MAX]
    ]
    beside = capacity_figures(result)
    return Picture(
        name="grid",
        title=title,
        finding=finding,
        alt=cut(sentences(finding, *remarks), 1500),
        method=_("Linear (DC) power flow on the case as published, with the load at its bus."),
        table=DataTable(columns, tuple(rows)),
        sources=source_keys([f for _key, f in beside]) if beside else (),
        svg=network_svg(grid),
        remarks=tuple(remarks),
        legend=_legend(grid),
        beside=tuple({"key": k, "figure": f} for k, f in beside),
        beside_title=_("What the grid can take here"),
        limits=limits_of(result),
    )


def _every_bus(result: StudyResult, shown: CapacityPicture) -> Picture:
    """Maps by capacity, shares and limiting pairs, where a study asks for every bus."""
    beside = capacity_figures(result)
    said = [n.text() for n in result.notes if n.code == "several_sites"]
    made = grid_charts.all_in_one(shown)
    return replace(
        made,
        remarks=(*made.remarks, *said),
        sources=source_keys([f for _key, f in beside]),
        beside=tuple({"key": k, "figure": f} for k, f in beside),
        beside_title=_("What the grid can take"),
        limits=limits_of(result),
    )


def _binding(grid: GridPicture) -> str:
    if grid.binding_outage is None:
        return _("The branch that gives way first is drawn thick.")
    return _("The branch that gives way first is drawn thick, the one whose outage does it dashed.")


def limits_of(result: StudyResult) -> tuple[str, ...]:
    """What the method does not see: as the grid room says it, or in general."""
    said = tuple(note.text() for note in result.notes if note.code == "grid_limit")
    return said or (
        _("Linear flow: voltages, reactive power and losses are not seen."),
        _("One snapshot of load and generation, not a year of hours."),
        _("Thermal ratings of branches only; no stability, no protection, no short circuit."),
        _("Outages are of single branches; generators stay."),
        _("No queue, no permits, no plans of the operator: not a connection study."),
    )


def capacity_figures(result: StudyResult) -> list[tuple[str, Figure]]:
    """Named figures on what the grid takes, shown beside the drawing."""
    return [
        (key, figure)
        for key, figure in result.figures.items()
        if "hosting_capacity" in key
        or key.startswith(
            (
                "share_of_capacity", "share_of_buses", "median_capacity", "several_sites",
                "spare_generation",
            )
        )
    ][:14]  # fmt: skip


NOTES_HERE = (
    "binding",
    "grid_limit",
    "several_sites",
)  # said beside the drawing, so not among the other notes


def _legend(grid: GridPicture) -> tuple[tuple[str, str], ...]:
    """Colour and words for each loading class that occurs."""
    words = []
    low = 0.0
    for step, colour in zip(theme.LOADING_STEPS, theme.LOADING_COLOURS, strict=False):
        words.append((colour, f"{100 * low:.0f}–{100 * step:.0f} %"))
        low = step
    words.append((theme.LOADING_COLOURS[-1], "≥ 100 %"))
    loading = np.asarray(grid.loading, dtype=float)
    used = {theme.loading_colour(float(v)) for v in loading}
    return (
        *((c, w) for c, w in words if c in used),
        *(((theme.GREY, _("no rating known")),) if theme.GREY in used else ()),
        ("bus", _("the load")),
        *((("binding", _("gives way first")),) if grid.binding_branch is not None else ()),
    )


def network_svg(grid: GridPicture) -> str:
    """The network as an SVG that scales with the page; numbers only, no words."""
    x, y = _positions(
        np.asarray(grid.x, dtype=float),
        np.asarray(grid.y, dtype=float),
        on_map=grid.placed_by.code == ON_MAP,
    )
    start = np.asarray(grid.branch_from, dtype=int)
    end = np.asarray(grid.branch_to, dtype=int)
    loading = np.asarray(grid.loading, dtype=float)
    drawn = np.arange(len(loading))
    if len(drawn) > N_BRANCH_MAX:
        drawn = np.sort(np.argsort(-np.nan_to_num(loading, nan=-1.0))[:N_BRANCH_MAX])
    drawn = drawn[np.isfinite(x[start[drawn]] + x[end[drawn]])]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" '
        'width="100%" focusable="false">'
    ]
    width = 1.0 if len(drawn) > 2000 else 1.6 if len(drawn) > 300 else 2.4
    if len(drawn) <= N_SINGLE_MAX:
        for i in drawn[np.argsort(np.nan_to_num(loading[drawn], nan=-1.0), kind="stable")]:
            parts.append(
                f'<line x1="{x[start[i]]:.1f}" y1="{y[start[i]]:.1f}" x2="{x[end[i]]:.1f}" y2="{y[end[i]]:.1f}" '
                f'stroke="{theme.loading_colour(float(loading[i]))}" '
                f'stroke-width="{_stroke(float(loading[i]), width):.1f}" stroke-linecap="round">'
                f"<title>{i}: {_percent(float(loading[i]))}</title></line>"
            )
    else:
        parts += _classes(x, y, start, end, loading, drawn, width)
    if len(x) <= N_SINGLE_MAX:
        radius = 4.0 if len(x) <= 60 else 2.6 if len(x) <= 300 else 1.6
        dots = "".join(
            f"M{a - radius:.1f},{b:.1f}a{radius},{radius} 0 1,0 {2 * radius},0a{radius},{radius} 0 1,0 {-2 * radius},0"
            for a, b in zip(x, y, strict=True)
            if math.isfinite(a + b)
        )
        parts.append(f'<path d="{dots}" fill="{theme.INK}"/>')
    for branch, dashed in ((grid.binding_branch, False), (grid.binding_outage, True)):
        if branch is None or not 0 <= branch < len(start):
            continue
        a, b = start[branch], end[branch]
        if not math.isfinite(x[a] + x[b] + y[a] + y[b]):
            continue
        dash = ' stroke-dasharray="9 7"' if dashed else ""
        line = f'x1="{x[a]:.1f}" y1="{y[a]:.1f}" x2="{x[b]:.1f}" y2="{y[b]:.1f}"'
        parts.append(
            f'<line {line} stroke="{theme.INK}" stroke-width="9" stroke-linecap="round" opacity="0.28"/>'
            f'<line {line} stroke="{theme.INK if dashed else theme.LOADING_COLOURS[5]}" stroke-width="4"'
            f' stroke-linecap="round"{dash}/>'
        )
    if 0 <= grid.bus < len(x) and math.isfinite(x[grid.bus] + y[grid.bus]):
        at = f'cx="{x[grid.bus]:.1f}" cy="{y[grid.bus]:.1f}"'
        parts.append(
            f'<circle {at} r="15" fill="none" stroke="{theme.AMBER}" stroke-width="4"/>'
            f'<circle {at} r="6.5" fill="{theme.AMBER}" stroke="{theme.PAPER}" stroke-width="1.5"/>'
        )
    parts.append("</svg>")
    return "".join(parts)


def _positions(x: np.ndarray, y: np.ndarray, on_map: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates on the paper, north up; a layout may be bent to fill it, a map is not. [px]"""
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return np.full(len(x), np.nan), np.full(len(x), np.nan)
    if on_map:  # a degree of longitude is shorter than one of latitude
        x = x * math.cos(math.radians(float(np.clip(np.mean(y[known]), -80, 80))))
    size = [max(float(np.ptp(v[known])), 1e-12) for v in (x, y)]
    room = (_WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN)
    scale = min(room[0] / size[0], room[1] / size[1])
    # a long thin layout may fill the paper, at most twice as far one way as the other
    scales = [scale if on_map else min(room[i] / size[i], 2.0 * scale) for i in (0, 1)]
    left = 0.5 * (_WIDTH - scales[0] * size[0])
    top = 0.5 * (_HEIGHT - scales[1] * size[1])
    placed_x = left + scales[0] * (x - float(np.min(x[known])))
    placed_y = top + scales[1] * (float(np.max(y[known])) - y)
    return np.where(known, placed_x, np.nan), np.where(known, placed_y, np.nan)


def _classes(
    x: np.ndarray,
    y: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    loading: np.ndarray,
    drawn: np.ndarray,
    width: float,
) -> list[str]:
    """One path a colour, least loaded first; lines shorter than a point or drawn already are left out."""
    classes: dict[str, list[Any]] = {c: [] for c in (theme.GREY, *theme.LOADING_COLOURS)}
    seen: set[tuple[int, int, int, int, str]] = set()
    for i in drawn:
        colour = theme.loading_colour(float(loading[i]))
        place = (
            round(x[start[i]]), round(y[start[i]]), round(x[end[i]]), round(y[end[i]]), colour,
        )  # fmt: skip
        if place[:2] == place[2:4] or place in seen:
            continue
        seen.add(place)
        classes[colour].append(place)
    strokes = {theme.GREY: 0.4} | dict(
        zip(theme.LOADING_COLOURS, (0.2, 0.5, 0.7, 0.85, 0.97, 1.1), strict=True)
    )
    return [
        f'<path d="{"".join(f"M{a} {b}L{c} {d}" for a, b, c, d, _colour in lines)}" fill="none" '
        f'stroke="{colour}" stroke-width="{_stroke(strokes[colour], width):.1f}"/>'
        for colour, lines in classes.items()
        if lines
    ]


def _stroke(loading: float, width: float) -> float:
    return width * (1.0 + min(loading, 1.2)) if loading == loading else width


def _percent(loading: float) -> str:
    return f"{100 * loading:.0f} %" if loading == loading else "–"
