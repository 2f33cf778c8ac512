"""How much does a bus take where thousands of pairs are full already? From a dispatch that is known to keep them. In MW.

The search of `redispatch_simplex` comes from above: all units at Pmax, and a pair a step until a dispatch is reached that
keeps every one. Where the dispatch of the case fills thousands of pairs, as in the 70,000-bus East, that takes tens
of thousands of steps. Here all units stand where the known dispatch has them but a few, those close to the bus and
those with most left, and the largest load under that is exact and cheap, since only the columns of those few are
held. Its dual weights tell what every unit that stands still could give at most: those that promise most are let
go, until nothing is left to be gained, or the rounds are over. Where they end without a bound, one is looked for among
the ratings close to the bus alone, every unit free. What is answered is served by a dispatch that was screened against
every pair; the bound holds for all units. Where the two do not meet, the bus takes at least the answer, and the bound
says how much more at most.
"""

from __future__ import annotations

import numpy as np

from taotie.grid.capacity.redispatch_screen import violated_pairs
from taotie.grid.capacity.redispatch_setup import (
    FloatArray,
    IntArray,
    Net,
    RedispatchProblem,
    Room,
)
from taotie.grid.capacity.redispatch_simplex import (
    OPTIMAL,
    TOLERANCE,
    Basis,
    Work,
    _take_in,
    new_basis,
    new_pool,
    new_work,
)
from taotie.grid.capacity.redispatch_sweep import (
    Found,
    new_found,
    prove,
    solved,
)

__all__ = ["from_base"]

FIRST, MORE = 30, 100  # units let go at first, close by and with most left; let go a round
ROUNDS, STEPS = 6, 2000
ROWS, POOL = 400, 4096  # in a basis, among those followed
LAST_STEPS = 60  # towards a bound from the ratings close by, where the rounds end without one
LOCAL = 40  # branches whose rating in the intact grid is looked at before any pair is
CLOSED = 1e-6  # MW, and thousandths of it of the answer: what counts as met


def from_base(
    problem: RedispatchProblem, base_mw: FloatArray, nodes: IntArray, work: dict[str, int],
    flow_mw: FloatArray | None = None,
) -> Found:  # fmt: skip
    """Largest loads at some nodes, rows as `nodes`.

    Parameters
    ----------
    problem : RedispatchProblem
        With ratings that `base_mw` keeps in every pair.
    base_mw : ndarray, shape (n_unit,)
        A dispatch without new load. [MW]
    nodes : ndarray of int
    work : dict
        Steps and screens are added to it.
    flow_mw : ndarray, optional
        Of that dispatch, where it is known already. [MW]
    """
    room = problem.room
    base = np.clip(base_mw, room.low, room.high)
    flow = problem.flow_mw(base) if flow_mw is None else flow_mw
    left = np.argsort(base - room.high, kind="stable")[:FIRST]
    some = _Columns(problem, base, flow)
    found = new_found(len(nodes), problem.n_unit)
    for q, b in enumerate(nodes.tolist()):
        problem.fill(np.array([b]))
        some.start(np.union1d(left, _close(problem, b)[:FIRST]))
        _at_node(problem, base, some, b, q, found, work)
        # the whole state summed anew, every unit, and screened: what is answered does not rest on the search
        anew = problem.flow_mw(found.power[q], b, float(found.x[q]))
        found.loading[q] = violated_pairs(problem, anew, 0.0)[3]
        if not found.bound[q] - found.x[q] <= _met(found.x[q]):
            found.bound[q] = min(found.bound[q], _bound_close_by(problem, base, flow, b, work))
        found.bound[q] = max(found.bound[q], found.x[q])
    return found


def _met(x: float) -> float:
    return CLOSED * max(1.0, 1e-3 * abs(x))


def _close(problem: RedispatchProblem, b: int) -> IntArray:
    """Units by how much they move the branches that a load at `b` moves most, the most first."""
    moved = np.argsort(-np.abs(problem.net.ht[b]), kind="stable")[: 2 * LOCAL]
    return np.argsort(-np.abs(problem.net.hgt[:, moved]).sum(axis=1), kind="stable")


def _by_load(problem: RedispatchProblem, b: int) -> IntArray:
    """Branches by the share of their rating that a load at `b` takes, the largest first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.abs(problem.net.ht[b]) / problem.room.rate
    return np.argsort(-np.nan_to_num(share), kind="stable")[:LOCAL]


class _Columns:
    """The units let go, as a problem of their own in which all others stand still."""

    def __init__(self, problem: RedispatchProblem, base: FloatArray, flow: FloatArray) -> None:
        self.problem, self.base, self.flow = problem, base, flow
        # units that may trip are outages too: all stay, moving or not
        self.every = problem.net.own.size > 0
        n = problem.n_unit
        most = n if self.every else min(n, 2 * FIRST + ROUNDS * MORE)
        self.table = problem.net.hgt if self.every else np.empty((most, len(flow)))
        self.unit = np.arange(n if self.every else 0)
        self.free = np.zeros(n, bool)

    def start(self, units: IntArray) -> None:
        self.free[:] = False
        if not self.every:
            self.unit = self.unit[:0]
        self.let_go(units)

    def let_go(self, units: IntArray) -> None:
        self.free[units] = True
        if not self.every:
            n = len(self.unit)
            self.table[n : n + len(units)] = self.problem.net.hgt[units]
            self.unit = np.r_[self.unit, units]

    def with_these(self) -> tuple[Net, Room]:
        """Factors and ranges of these units; the others are part of what is fixed."""
        net, room, at = self.problem.net, self.problem.room, self.base[self.unit]
        low, high = (
            np.where(self.free, end, self.base)[self.unit] for end in (room.low, room.high)
        )
        if self.every:
            return net, room._replace(low=low, high=high)
        table = self.table[: len(self.unit)]
        # the layout that the kernels are compiled for already
        across = np.ascontiguousarray(table.T) if net.hg.flags.c_contiguous else table.T
        served = room.demand - float(np.delete(self.base, self.unit).sum())
        return net._replace(hgt=table, hg=across), room._replace(
            fixed=self.flow - table.T @ at, low=low, high=high, demand=served
        )


def _at_node(
    problem: RedispatchProblem, base: FloatArray, some: _Columns, b: int, q: int, found: Found,
    work: dict[str, int],
) -> None:  # fmt: skip
    """Rounds of letting units go, for the load at one node, into row q of `found`."""
    m = problem.n_branch
    rows = (np.empty(2 * m, np.int64), np.empty(2 * m, np.int64), np.empty(2 * m))
    first = _by_load(problem, b)
    pairs = (first, np.full(len(first), -1, np.int64), np.zeros(len(first)))
    # the known dispatch serves what it serves without new load
    found.x[q], found.power[q], found.status[q] = 0.0, base, OPTIMAL
    old = new_basis(0, ROWS)
    for round_ in range(ROUNDS):
        net, few = some.with_these()
        n_unit = len(some.unit)
        basis = old._replace(up=np.r_[old.up, np.ones(n_unit - len(old.up), np.int64)])
        pool, pad = new_pool(n_unit, len(few.fixed), POOL), new_work(n_unit, few.fixed, ROWS)
        pad.f[:], pad.p_f[:], pad.at[0] = some.flow, base[some.unit], b
        _take_in(pool, len(pairs[0]), *pairs, 0, net.hg, pad.f, net.ht[b])
        x, status, worst = solved(
            b, net, few, problem.lists, basis, pool, pad, 0, TOLERANCE, STEPS, problem.fill
        )
        work["steps"] += int(pad.counts[0])
        work["screens"] += int(pad.counts[1])
        found.steps[q] += int(pad.counts[0])
        bound, promise = _bound_of(problem, basis, pad, base)
        found.bound[q] = min(found.bound[q], bound)
        if status != OPTIMAL:
            break
        one = new_found(1, n_unit)
        prove(0, b, x, worst, net, few, problem.lists, basis, pad, one, rows, False, problem.fill)
        found.x[q], found.pair[q] = one.x[0], one.pair[0]
        found.power[q] = base
        found.power[q, some.unit] = one.power[0]
        promise[some.free] = 0.0
        if found.bound[q] - found.x[q] <= _met(found.x[q]) or round_ + 1 == ROUNDS:
            break
        more = np.argsort(-promise, kind="stable")[:MORE]
        more = more[promise[more] > 0]
        if not more.size:
            break
        some.let_go(more)
        old, n = basis, int(pool.size[0])
        pairs = (pool.l[:n].copy(), pool.k[:n].copy(), pool.v[:n].copy())


def _bound_of(
    problem: RedispatchProblem, basis: Basis, pad: Work, base: FloatArray
) -> tuple[float, FloatArray]:
    """What the weights of a basis prove for all units, however it was found; what each unit gives to that beyond `base`. [MW]"""
    room, n = problem.room, int(basis.size[0])
    y, l, k, v = pad.inverse[0, :n], basis.l[1:n], basis.k[1:n], basis.v[1:n]
    lost = k >= 0
    weight = np.zeros(len(room.fixed))
    np.add.at(weight, l, y[1:])
    np.add.at(weight, k[lost], (y[1:] * v)[lost])
    touched = np.flatnonzero(weight)
    slope = -(y[0] + problem.net.hgt[:, touched] @ weight[touched])
    limit = np.where(lost, room.post[l], room.rate[l])
    best = np.maximum(slope * room.low, slope * room.high)
    top = y[0] * room.demand + np.abs(y[1:]) @ limit - weight @ room.fixed + best.sum()
    on_load = float(y @ pad.x[:n])
    return float(top / on_load) if on_load > 0 else np.inf, np.asarray(best - slope * base)


def _bound_close_by(
    problem: RedispatchProblem, base: FloatArray, flow: FloatArray, b: int, work: dict[str, int]
) -> float:
    """No dispatch serves more even if only the branches close by had ratings. [MW]"""
    room, net, m = problem.room, problem.net, problem.n_branch
    close = _by_load(problem, b)
    rate, post = np.full(m, np.inf), np.full(m, np.inf)
    rate[close], post[close] = room.rate[close], room.post[close]
    few = room._replace(rate=rate, post=post)
    basis = new_basis(problem.n_unit)
    pool, pad = (
        new_pool(problem.n_unit, len(room.fixed), 4 * LOCAL),
        new_work(problem.n_unit, room.fixed),
    )
    pad.f[:], pad.p_f[:], pad.at[0] = flow, base, b
    none = np.full(len(close), -1, np.int64)
    _take_in(pool, len(close), close, none, np.zeros(len(close)), 0, net.hg, pad.f, net.ht[b])
    solved(b, net, few, problem.lists, basis, pool, pad, 0, TOLERANCE, LAST_STEPS, problem.fill)
    work["steps"] += int(pad.counts[0])
    return _bound_of(problem, basis, pad, base)[0]
