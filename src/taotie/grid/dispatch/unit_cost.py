"""What does each unit's output cost? Cost tables as pieces of constant slope. In MW and $/h."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError
from taotie.grid.case.grid_case import Case
from taotie.words.language import _

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class CostSegments(NamedTuple):
    """Convex cost of each unit as pieces of constant slope."""

    unit: IntArray
    width: FloatArray
    slope: FloatArray
    floor_mw: FloatArray
    floor_cost: FloatArray


def cost_polynomial(row: FloatArray) -> FloatArray:
    n = int(row[3])
    return np.asarray(row[4 : 4 + n])


def cost_row(case: Case, unit: int) -> FloatArray:
    """The cost of one unit, refused where the row does not hold what it announces.

    Raises
    ------
    CaseError
        Another model than 1 and 2, fewer numbers than announced, points that do not rise.
    """
    row: FloatArray = case.gencost[unit]
    model, n, given = row[0], row[3], row[4:]
    if model not in (1, 2):
        raise CaseError(
            _("{case}: row {row} of gencost has the cost model {model}; 1 and 2 exist.").format(
                case=case.name, row=unit + 1, model=model
            )
        )
    need = n * (2 if model == 1 else 1)
    if n != int(n) or n < (2 if model == 1 else 0) or need > len(given):
        raise CaseError(
            _(
                "{case}: row {row} of gencost announces {n:g} points or coefficients and holds {given} numbers after column 4."
            ).format(case=case.name, row=unit + 1, n=n, given=len(given)),
            _(
                "model 1 needs two numbers a point and two points at least, model 2 one a coefficient."
            ),
        )
    used = given[: int(need)]
    if not np.isfinite(used).all():
        raise CaseError(
            _("{case}: row {row} of gencost holds {value}, not a finite number.").format(
                case=case.name, row=unit + 1, value=used[~np.isfinite(used)][0]
            )
        )
    if model == 1 and (np.diff(used[::2]) <= 0).any():
        raise CaseError(
            _("{case}: the points of row {row} of gencost do not rise in MW.").format(
                case=case.name, row=unit + 1
            ),
            _("give the points of a unit in the order of their output, each output once."),
        )
    return row


def unit_cost_usd_per_h(
    case: Case, power_mw: ArrayLike, running: ArrayLike | None = None
) -> FloatArray:
    """True cost of each running unit at an output, shape (n_gen,). [$/h]

    A table of points goes straight on beyond its first and last one. `running`: which units count; by
    default those in service.
    """
    p = np.asarray(power_mw, float)
    cost = np.zeros(case.n_gen)
    on = case.gen_on if running is None else np.asarray(running, bool)
    for i in np.flatnonzero(on) if len(case.gencost) else ():
        row = cost_row(case, int(i))
        if row[0] == 2:
            cost[i] = np.polyval(cost_polynomial(row), p[i])
        else:
            points = row[4 : 4 + 2 * int(row[3])].reshape(-1, 2)
            cost[i] = _along(points, p[i : i + 1])[0]
    return cost


def cost_segments(
    case: Case,
    around: FloatArray | None,
    width: float,
    pieces: int,
    running: ArrayLike | None = None,
) -> CostSegments:
    """Pieces of every running unit; quadratic ones get `pieces`, narrower ones `around` a dispatch."""
    unit, widths, slopes = [], [], []
    floor_mw, floor_cost = np.zeros(case.n_gen), np.zeros(case.n_gen)
    on = case.gen_on if running is None else np.asarray(running, bool)
    for i in np.flatnonzero(on):
        low, high = float(case.gen[i, 9]), float(case.gen[i, 8])
        if not np.isfinite(low):
            raise CaseError(
                _("{case}: unit {row} has a Pmin of {low} MW, no lower end to begin at.").format(
                    case=case.name, row=i + 1, low=low
                )
            )
        if low > high:
            raise CaseError(
                _("{case}: unit {row} has Pmin {low} MW above Pmax {high} MW.").format(
                    case=case.name, row=i + 1, low=low, high=high
                )
            )
        if not np.isfinite(high):
            high = max(low, 0.0) + 2 * abs(case.total_load_mw) + 1.0
        edges = np.array([low, high])
        value = np.zeros(2)
        if len(case.gencost):
            row = cost_row(case, int(i))
            if row[0] == 2:
                c = cost_polynomial(row)
                curved = len(c) > 2 and np.any(c[:-2] != 0)
                if curved:
                    edges = np.linspace(low, high, pieces + 1)
                    if around is not None:
                        near = around[i] + width * (high - low) * np.linspace(-1, 1, pieces + 1)
                        edges = np.unique(np.clip(np.r_[low, near, high], low, high))
                value = np.polyval(c, edges)
            else:
                points = row[4 : 4 + 2 * int(row[3])].reshape(-1, 2)
                inner = points[(points[:, 0] > low) & (points[:, 0] < high), 0]
                edges = np.unique(np.r_[low, inner, high])
                value = _along(points, edges)
        floor_mw[i], floor_cost[i] = edges[0], value[0]
        w = np.diff(edges)
        wide = w > 1e-9 * max(1.0, high - low)
        s = np.diff(value)[wide] / w[wide]
        w = w[wide]
        # tables round their points: a fall of slope below 0.01 % is not concave
        if (np.diff(s) < -1e-4 * np.maximum(1.0, np.abs(s[1:]))).any():
            raise CaseError(
                _(
                    "{case}: the marginal cost of unit {row} falls with output; only convex costs are solved."
                ).format(case=case.name, row=i + 1)
            )
        s = np.maximum.accumulate(s)
        unit += [i] * len(w)
        widths += w.tolist()
        slopes += s.tolist()
    return CostSegments(
        np.array(unit, np.int64), np.array(widths), np.array(slopes), floor_mw, floor_cost
    )


def _along(points: FloatArray, x: FloatArray) -> FloatArray:
    """Piecewise linear through `points`, straight on beyond its ends."""
    y = np.interp(x, points[:, 0], points[:, 1])
    for end, inner, beyond in ((0, 1, x < points[0, 0]), (-1, -2, x > points[-1, 0])):
        step = points[inner] - points[end]
        if step[0]:
            y[beyond] = points[end, 1] + (x[beyond] - points[end, 0]) * step[1] / step[0]
    return y
