"""What does a bus take over a year if units are told anew in every hour, without solving every hour? In MW, proved.

The load a bus takes in an hour is the value of a linear programme whose right-hand sides are linear in the load of
the hour: a *concave* function of it. Hours mostly move along a few directions (the areas of a grid), so

- a solved hour bounds every other from above: the weights of its pairs hold there too (`_slope`);
- an hour that lies between solved ones, ``load = sum w_i load_i``, takes at least ``sum w_i x_i``.

Some hours that enclose most others (anchors, alike for all buses) are solved first; then, bus by bus, those that
leave the answer most open, until the load for every share of energy is known within `within_mw`. Hours in which
the bus takes more than the answer are never solved. What is given holds; `bound_mw` is what no dispatch beats.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import qr

from taotie.errors import RangeError
from taotie.files.kernels import njit
from taotie.grid.capacity.core import thread_count
from taotie.grid.capacity.curtailable_load import curtailable_load_mw
from taotie.grid.capacity.redispatch_hours import (
    Hours,
    change_by_node,
    hourly_load,
    new_state,
    redispatched_by_hour,
    solve_hours,
)
from taotie.grid.capacity.redispatch_setup import (
    FAST,
    FloatArray,
    IntArray,
    RedispatchProblem,
    redispatch_problem,
)
from taotie.grid.capacity.redispatch_simplex import INFEASIBLE
from taotie.grid.case.case import Case
from taotie.grid.flow.dc_power_flow import DcModel, dc_model
from taotie.words.language import _

WAYS_MAX = 24  # directions in which hours may differ; more, and every hour is solved
ANCHORS = 150
OUTWARD = (
    1.4  # the outermost hours once more, that much further from the middle: they enclose the others
)
EVERY = 400  # fewer hours than this are all solved
BATCH = 32


@dataclass(frozen=True)
class HourSpace:
    """The hours as points in a few directions.

    Parameters
    ----------
    at : ndarray, shape (n_hour, n_way)
        Place of each hour.
    anchor : ndarray, shape (n_anchor, n_way)
        Points solved at every bus.
    which, weight : ndarray, shape (n_hour, n_way + 1)
        Anchors an hour lies between, and their weights; all 0 where it lies outside.
    own : ndarray, shape (n_hour,)
        Anchor that is this very hour, or -1.
    along : ndarray, shape (n_out, n_way)
        What a step in each direction adds to the flow that stands still. [MW]
    more : ndarray, shape (n_way,)
        And to the demand. [MW]
    """

    at: FloatArray
    anchor: FloatArray
    which: IntArray
    weight: FloatArray
    own: IntArray
    along: FloatArray
    more: FloatArray


def hour_space(problem: RedispatchProblem, change: FloatArray) -> HourSpace | None:
    """Directions, anchors and weights of hours, shape (n_hour, n_node) of load less that of the case. [MW]

    None where they move in more than `WAYS_MAX` directions; few hours have no anchors.
    """
    n_hour = len(change)
    rng = np.random.default_rng(20)
    sketch = change @ rng.standard_normal((change.shape[1], WAYS_MAX + 2))
    __, r, order = qr(sketch.T, mode="economic", pivoting=True)
    size = np.abs(np.diag(r))
    n_way = max(int((size > 1e-9 * max(size[0], 1e-9)).sum()), 1)
    base = change[order[:n_way]]
    at = np.linalg.lstsq(sketch[order[:n_way]].T, sketch.T, rcond=None)[0].T
    if n_way > WAYS_MAX or np.abs(at @ base - change).max() > 1e-6:
        return None
    # turned so that distances are MW and the widest direction is the last
    value, turn = np.linalg.eigh(base @ base.T)
    keep = value > 1e-12 * max(float(value.max(initial=0.0)), 1e-12)
    scale = np.sqrt(value[keep])
    at = (at @ turn[:, keep]) * scale
    base = (turn[:, keep] / scale).T @ base
    m, n_out = problem.n_branch, len(problem.room.fixed)
    along = np.zeros((n_out, len(base)))
    along[:m] = -problem.flows_of(base).T
    empty = np.zeros((n_hour, 0), np.int64)
    space = HourSpace(
        at, at[:0], empty, np.zeros((n_hour, 0)), np.full(n_hour, -1), along, base.sum(axis=1)
    )
    if n_hour <= EVERY or not len(base):
        return space
    return _with_anchors(space, rng)


def _with_anchors(space: HourSpace, rng: np.random.Generator) -> HourSpace:
    from scipy.optimize import nnls  # half a second, and most answers need none

    at = space.at - space.at.mean(axis=0)
    n_hour, n_way = at.shape
    looks = rng.standard_normal((300, n_way)) / np.maximum(at.std(axis=0), 1e-9)
    outer = [*(at @ looks.T).argmax(axis=0), *at.argmax(axis=0), *at.argmin(axis=0)]
    pick = list(dict.fromkeys(int(i) for i in outer))[:ANCHORS]
    n_outer = len(pick)
    apart = np.min([((at - at[i]) ** 2).sum(axis=1) for i in pick], axis=0)
    while len(pick) < min(ANCHORS, n_hour):
        pick.append(int(apart.argmax()))
        apart = np.minimum(apart, ((at - at[pick[-1]]) ** 2).sum(axis=1))
    own = np.full(n_hour, -1)
    own[pick] = np.arange(len(pick))
    anchor = np.vstack([at[pick], OUTWARD * at[pick[:n_outer]]])
    which, weight = np.zeros((n_hour, n_way + 1), np.int64), np.zeros((n_hour, n_way + 1))
    size = max(float(np.abs(at).max()), 1.0)
    for t in range(n_hour):
        near = ((anchor - at[t]) ** 2).sum(axis=1)
        order = np.argsort(near, kind="stable")
        for n in (3 * n_way, 8 * n_way, len(order)):
            some = order[:n]
            table = np.vstack([(anchor[some] - at[t]).T / size, np.ones(len(some))])
            w, miss = nnls(table, np.r_[np.zeros(n_way), 1.0])
            if miss < 1e-10:
                used = np.flatnonzero(w)[: n_way + 1]
                which[t, : len(used)] = some[used]
                weight[t, : len(used)] = w[used] / w[used].sum()
                break
    order = np.argsort(anchor[:, -1], kind="stable")  # one after the other along the widest way
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    own[own >= 0] = rank[own[own >= 0]]
    return HourSpace(
        space.at, anchor[order] + space.at.mean(axis=0), rank[which], weight, own, space.along,
        space.more,
    )  # fmt: skip


@dataclass(frozen=True)
class RoomOfYear:
    """What buses take by hour, as far as it decides what they take over the year.

    Parameters
    ----------
    bus_number : ndarray, shape (n_bus,)
    room_mw : ndarray, shape (n_hour, n_bus)
        Holds in each hour: exact where it was solved, else at least this. Below 0: that much too little. [MW]
    load_mw, bound_mw : ndarray, shape (n_share, n_bus)
        Largest load for each share of energy: what holds, and what no dispatch beats. [MW]
    solved : ndarray, shape (n_bus,)
        Linear programmes solved.
    by_highs : int
        Of them, answered by HiGHS.
    unanswered : ndarray, shape (n_bus,)
        Hours without an answer in time; they count as 0 MW.
    seconds : dict
        `wall`, `processor`. [s]
    """

    bus_number: IntArray
    room_mw: FloatArray
    load_mw: FloatArray
    bound_mw: FloatArray
    solved: IntArray
    by_highs: int
    unanswered: IntArray
    seconds: dict[str, float]


def room_of_year(
    case: Case | DcModel,
    buses: ArrayLike,
    load_mw: ArrayLike,
    shares: Sequence[float],
    calls: int | None = None,
    depth: float | None = None,
    within_mw: float = 0.5,
    every: bool = False,
    units_off: bool = True,
    post_rating: str | float = "A",
    n_threads: int | None = None,
    time_limit_s: float = 20.0,
    step: Callable[[int, int], None] | None = None,
) -> RoomOfYear:
    """Largest constant loads of some buses over all hours, units told anew in each.

    Parameters
    ----------
    case : Case or DcModel
        Of one island.
    buses : array_like of int
        Bus numbers as in the file.
    load_mw : array_like, shape (n_hour, n_bus of the case)
        Load of every bus in each hour; losses stay as in the case. [MW]
    shares, calls, depth
        As in `curtailable_load_mw`.
    within_mw : float
        How near answer and bound must come for every share. [MW]
    every : bool
        Solve also those hours below the largest answer that need not be: for the worst hours by name.
    step : callable, optional
        Told after each bus how many are done, and of how many.

    Raises
    ------
    CaseError, RangeError
        As in `redispatched_by_hour`; `within_mw` not above 0.
    """
    if not within_mw > 0:
        raise RangeError(_("within_mw={value} is not above 0.").format(value=within_mw))
    wall, processor = time.perf_counter(), time.process_time()
    model = case if isinstance(case, DcModel) else dc_model(case)
    load = hourly_load(model, load_mw)
    grid, island = model.case, model.islands[0]
    problem = redispatch_problem(grid, island, units_off=units_off, post_rating=post_rating)
    space = hour_space(problem, change_by_node(model, load))
    rows = grid.rows_of_bus(buses)
    place = np.full(grid.n_bus, -1)
    place[island.bus_row] = island.node_of_bus
    rule = (tuple(float(s) for s in shares), calls, depth)
    curtailable_load_mw(np.ones((1, 1)), *rule)  # what cannot be is said before the search
    if space is None:
        return _every_hour(model, buses, load, rule, units_off, post_rating, time_limit_s)
    done = 0
    alike: dict[int, Any] = {}

    def search(node: int) -> Any:
        nonlocal done
        found = _Bus(problem, node, space, time_limit_s).searched(rule, within_mw, every)
        done += 1
        if step is not None:
            step(done, len(nodes))
        return found

    nodes = np.unique(place[rows][place[rows] >= 0]).tolist()
    n_thread = thread_count(n_threads)
    if n_thread <= 1 or len(nodes) < 2:
        alike = {node: search(node) for node in nodes}
    else:
        with ThreadPoolExecutor(n_thread) as pool:
            alike = dict(zip(nodes, pool.map(search, nodes), strict=True))
    n_bus = len(rows)
    room = np.zeros((len(load), n_bus))
    answer, bound = np.zeros((len(shares), n_bus)), np.zeros((len(shares), n_bus))
    solved, silent = np.zeros(n_bus, np.int64), np.zeros(n_bus, np.int64)
    for i, row in enumerate(rows):
        if place[row] >= 0:  # a dead bus takes nothing
            room[:, i], answer[:, i], bound[:, i], solved[i], __, silent[i] = alike[place[row]]
    return RoomOfYear(
        grid.bus_number[rows], room, answer, bound, solved,
        sum(one[4] for one in alike.values()), silent,
        {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor},
    )  # fmt: skip


def _every_hour(
    model: DcModel,
    buses: ArrayLike,
    load: FloatArray,
    rule: Any,
    units_off: bool,
    post_rating: str | float,
    time_limit_s: float,
) -> RoomOfYear:
    """The same where hours have too many directions to lie between each other: all of them solved."""
    wall, processor = time.perf_counter(), time.process_time()
    found = redispatched_by_hour(
        model, buses, load, units_off=units_off, post_rating=post_rating, time_limit_s=time_limit_s
    )
    silent = np.isnan(found.capacity_mw)
    room = np.where(silent, 0.0, found.capacity_mw)
    answer = curtailable_load_mw(room, *rule)
    bound = curtailable_load_mw(np.where(silent, 0.0, found.bound_mw), *rule)
    solved = np.full(room.shape[1], len(load))
    return RoomOfYear(
        found.bus_number, room, answer, bound, solved, found.by_highs, silent.sum(axis=0),
        {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor},
    )  # fmt: skip


@njit(cache=True, nogil=True, fastmath=FAST)
def _lower_tops(at, matters, slope, start, high):
    """Bounds from above of the hours that matter, by planes ``start + at slope``; `slope`: (way, plane)."""
    top = np.empty(start.size)
    for t in range(high.size):
        if not matters[t]:
            continue
        for i in range(start.size):
            top[i] = start[i]
        for w in range(at.shape[1]):
            z = at[t, w]
            for i in range(start.size):
                top[i] += z * slope[w, i]
        for i in range(start.size):
            if top[i] < high[t]:
                high[t] = top[i]


class _Bus:
    """Bounds of every hour at one bus, from below and above, as hours are solved."""

    def __init__(
        self, problem: RedispatchProblem, node: int, space: HourSpace, time_limit_s: float
    ) -> None:
        self.problem, self.node, self.space = problem, node, space
        self.time_limit_s = time_limit_s
        n_hour = len(space.at)
        self.state = new_state(problem, n_hour)
        self.low, self.high = np.full(n_hour, -np.inf), np.full(n_hour, np.inf)
        self.exact = np.zeros(n_hour, bool)
        self.matters = np.ones(n_hour, bool)  # hours whose bound from above may still tell
        self.silent = np.zeros(n_hour, bool)
        self.solved = self.by_highs = 0

    def solve(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Loads at some points, and how each bounds every hour; -inf where no dispatch exists, NaN where unknown."""
        space, room = self.space, self.problem.room
        n = len(at)
        hours = Hours(
            room.fixed + np.einsum("hw,ow->ho", at, space.along),  # a small product: no threads
            room.demand + np.einsum("hw,w->h", at, space.more),
            room.low[None],
            room.high[None],
        )
        found, slope, stalled = solve_hours(
            self.problem, self.node, hours, self.state, space.along, space.more, self.time_limit_s
        )
        self.solved += n
        self.by_highs += stalled
        x = np.where(found.status == INFEASIBLE, -np.inf, found.x)
        good = np.isfinite(x) & np.isfinite(slope).all(axis=1)
        start = found.bound[good] - np.einsum("iw,iw->i", at[good], slope[good])
        _lower_tops(space.at, self.matters, np.ascontiguousarray(slope[good].T), start, self.high)
        return x, found.bound

    def take(self, hours: IntArray) -> None:
        """Solve some hours."""
        x, bound = self.solve(self.space.at[hours])
        unknown = np.isnan(x)
        self.low[hours] = np.where(unknown, self.low[hours], x)
        self.high[hours] = np.where(unknown, self.high[hours], np.where(np.isfinite(x), bound, x))
        self.exact[hours] = True
        self.silent[hours] |= unknown

    def searched(self, rule: Any, within_mw: float, every: bool) -> tuple[Any, ...]:
        """Rooms, answers, bounds, hours solved, by HiGHS, and without an answer."""
        space = self.space
        n_hour = len(space.at)
        if len(space.anchor):
            x, bound = self.solve(space.anchor)
            x = np.where(np.isnan(x), -np.inf, x)
            whole = space.weight.sum(axis=1) > 0.5
            with np.errstate(invalid="ignore"):
                between = np.where(space.weight > 0, space.weight * x[space.which], 0.0)
            self.low[whole] = between[whole].sum(axis=1)
            known = np.flatnonzero(space.own >= 0)
            self.low[known] = x[space.own[known]]
            self.high[known] = np.minimum(self.high[known], bound[space.own[known]])
            self.exact[known] = np.isfinite(self.low[known])
        else:
            for first in range(0, n_hour, 512):
                self.take(np.arange(first, min(first + 512, n_hour)))
        while True:
            low, high = self.answers(rule)
            open_ = ~self.exact & (self.low < high.max())
            if (high - low).max() <= within_mw and not (every or rule[1] is not None):
                break
            if not open_.any():
                break
            most = high.max()
            self.matters = open_
            gain = np.minimum(self.high, most) - np.maximum(self.low, 0.0)
            worst = np.argsort(-np.where(open_, gain, -np.inf), kind="stable")[:BATCH]
            self.take(worst[open_[worst]])
        room = np.where(self.silent, 0.0, self.low)
        return (
            room, *self.answers(rule), self.solved, self.by_highs, int(self.silent.sum()),
        )  # fmt: skip

    def answers(self, rule: Any) -> tuple[FloatArray, FloatArray]:
        """Loads by the lower and by the upper bounds of the hours. [MW]"""
        low = np.where(self.silent, 0.0, self.low)
        both = np.column_stack([low, np.maximum(self.high, low)])
        found = curtailable_load_mw(np.minimum(both, 1e9), *rule)
        return found[:, 0], found[:, 1]
