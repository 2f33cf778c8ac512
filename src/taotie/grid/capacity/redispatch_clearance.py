"""Which dispatch keeps every pair and stays clear of the ratings where it can? Started from one that keeps them. In MW.

A search that lets few units go needs room: where the dispatch of the case fills thousands of pairs, as in the
70,000-bus East, hardly any few units can serve more without a pair going over. Here the units with the widest
ranges move towards the point with the largest product of what is left on the pairs near their rating and on the units
(Newton's method on its logarithm). Each step is screened against every pair and cut until all hold, so what comes
back is as safe as what was given.
"""

from __future__ import annotations

import numpy as np

from taotie.grid.capacity.redispatch_screen import violated_pairs
from taotie.grid.capacity.redispatch_setup import FloatArray, IntArray, RedispatchProblem

__all__ = ["clear_dispatch"]

UNITS = 2500  # those with the widest ranges move
NEAR = 0.97  # of a rating: pairs from there on count
INWARD = 1e-8  # of its range: how far a unit at an end is put off it at first
UNIT_WEIGHT = 0.1  # of what is left on a unit, beside 1 for a pair
OF_THE_WAY = 0.8  # to the first rating or end in a step's direction
STEPS = 70
HALVES = 30
STEERED = 1e-7  # MW per MW: pairs that no unit moves more are left out
ENOUGH = 1.0  # expected gain of a step, as a logarithm: less is not worth one


def _of_pairs(flow: FloatArray, l: IntArray, k: IntArray, v: FloatArray) -> FloatArray:
    out, lost = flow[l], k >= 0
    out[lost] += v[lost] * flow[k[lost]]
    return np.asarray(out)


def clear_dispatch(
    problem: RedispatchProblem, base_mw: FloatArray, steps: int = STEPS
) -> FloatArray:
    """A dispatch that keeps every pair like `base_mw`, with more left on most, shape (n_unit,). [MW]

    Parameters
    ----------
    problem : RedispatchProblem
        With ratings that `base_mw` keeps in every pair.
    base_mw : ndarray, shape (n_unit,)
        [MW]
    steps : int
        At most; each ends with a dispatch that holds.
    """
    from scipy.linalg import LinAlgError

    room = problem.room
    base = np.clip(base_mw, room.low, room.high)
    width = room.high - room.low
    moves = np.sort(np.argsort(-width, kind="stable")[:UNITS])
    moves = moves[width[moves] > 0]
    low, high = room.low[moves], room.high[moves]
    p = base.copy()
    p[moves] = np.clip(p[moves], low + INWARD * (high - low), high - INWARD * (high - low))
    missing = float(base.sum() - p.sum())
    left = high - p[moves] if missing > 0 else p[moves] - low
    p[moves] += missing * left / max(float(left.sum()), 1e-300)
    near, flow = _NearPairs(problem, moves), problem.flow_mw(p)
    if not _holds(problem, flow):
        return base
    for _step in range(steps):
        near.look(flow)
        up, down = near.left_mw(flow)
        above, below = high - p[moves], p[moves] - low
        if not min(a.min(initial=1.0) for a in (up, down, above, below)) > 0:
            break
        slope = near.table.T @ (1 / up - 1 / down) + UNIT_WEIGHT * (1 / above - 1 / below)
        try:
            to, one = near.solved(
                up, down, above, below, np.column_stack([-slope, np.ones(len(moves))])
            ).T
        except LinAlgError:
            break
        to -= one * (to.sum() / one.sum())  # the load stays served
        gain = -float(slope @ to)
        if not gain > ENOUGH:
            break
        change = near.table @ to
        ahead = np.r_[change / up, -change / down, to / above, -to / below].max()
        length = min(1.0 if gain < 10 * ENOUGH else np.inf, OF_THE_WAY / ahead)
        way = np.zeros(problem.n_unit)
        way[moves] = to
        by = problem.flow_mw(way) - room.fixed
        for _half in range(HALVES):
            if _holds(problem, flow + length * by):
                break
            length *= 0.5
        else:
            break
        p += length * way
        flow += length * by
    # summed anew, and screened once more: what comes back holds
    return p if _holds(problem, problem.flow_mw(p)) else base


def _holds(problem: RedispatchProblem, flow: FloatArray) -> bool:
    return not len(violated_pairs(problem, flow, 0.0)[0])


class _NearPairs:
    """Pairs seen near their rating that some unit steers, over the units that move."""

    def __init__(self, problem: RedispatchProblem, moves: IntArray) -> None:
        self.problem, self.moves = problem, moves
        self.near = problem.with_ratings(NEAR * problem.room.rate, NEAR * problem.room.post)
        self.l, self.k, self.v = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        self.seen, self.table = np.zeros(0, np.int64), np.zeros((0, len(moves)))

    def pairs(self) -> tuple[IntArray, IntArray, FloatArray]:
        return self.l, self.k, self.v

    def look(self, flow: FloatArray) -> None:
        """Take in the worst pair of each branch where it is near."""
        l, k, v, __ = violated_pairs(self.near, flow, 1e-9)
        name = l * (len(flow) + 1) + k + 1
        new = ~np.isin(name, self.seen)
        self.seen = np.r_[self.seen, name[new]]
        l, k, v = l[new], k[new], v[new]
        more = np.empty((len(l), len(self.moves)))
        for j, unit in enumerate(self.moves.tolist()):
            more[:, j] = _of_pairs(self.problem.net.hgt[unit], l, k, v)
        steered = np.abs(more).max(axis=1, initial=0.0) > STEERED
        self.l, self.k, self.v = (
            np.r_[a, b[steered]] for a, b in ((self.l, l), (self.k, k), (self.v, v))
        )
        self.table = np.vstack([self.table, more[steered]])

    def left_mw(self, flow: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Up to the rating and down to it the other way."""
        room, carried = self.problem.room, _of_pairs(flow, *self.pairs())
        rating = np.where(self.k < 0, room.rate[self.l], room.post[self.l])
        return rating - carried, rating + carried

    def solved(
        self,
        up: FloatArray,
        down: FloatArray,
        above: FloatArray,
        below: FloatArray,
        right: FloatArray,
    ) -> FloatArray:
        """The curvature of the logarithm, inverted on some columns."""
        from scipy.linalg import cho_factor, cho_solve

        scaled = self.table * np.sqrt(1 / up**2 + 1 / down**2)[:, None]
        curve = scaled.T @ scaled
        curve[np.diag_indices(len(self.moves))] += UNIT_WEIGHT * (1 / above**2 + 1 / below**2)
        factor = cho_factor(curve, overwrite_a=True, check_finite=False)
        return np.asarray(cho_solve(factor, right, check_finite=False))
