"""How much does a bus take where thousands of pairs are full already? From a dispatch that is known to keep them. In MW.

The search of `redispatch_simplex` comes from above: all units at Pmax, and a pair a step until a dispatch is reached that
keeps every one. Where the dispatch of the case fills thousands of pairs, as in the 70,000-bus East, that takes tens
of thousands of steps. Here all units stand where the known dispatch has them but a few, those close to the bus and
those with most left, and the largest load under that is exact and cheap. Its dual weights tell what every unit that
stands still could give at most: those that promise most are let go, until nothing is left to be gained, or the search
has become too long. What is answered is served by a dispatch that was screened against every pair; the bound holds for
all units. Where the two do not meet, the bus takes at least the answer, and the bound says how much more at most.
"""

from __future__ import annotations

import numpy as np

from taotie.grid.capacity.redispatch_setup import FloatArray, IntArray, RedispatchProblem
from taotie.grid.capacity.redispatch_simplex import (
    OPTIMAL,
    TOLERANCE,
    _take_in,
    new_basis,
    new_pool,
    new_work,
    thin_pool,
)
from taotie.grid.capacity.redispatch_sweep import (
    AGE,
    THIN,
    Found,
    _both_halves,
    from_scratch,
    new_found,
    prove,
    solved,
)

__all__ = ["from_base"]

FIRST, MORE = 30, 100  # units let go at first, close by and with most left; let go a round
ROUNDS, STEPS = 12, 1500
LAST_STEPS = 1000  # towards a bound with every unit free, where the rounds end without one
LOCAL = 40  # branches whose rating in the intact grid is looked at before any pair is
CLOSED = 1e-6  # MW, and thousandths of it of the answer: what counts as met


def from_base(
    problem: RedispatchProblem, base_mw: FloatArray, nodes: IntArray, work: dict[str, int]
) -> Found:
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
    """
    room, net, m = problem.room, problem.net, problem.n_branch
    base = np.clip(base_mw, room.low, room.high)
    left = np.argsort(base - room.high, kind="stable")[:FIRST]
    pool, pad = new_pool(problem.n_unit, len(room.fixed)), new_work(problem.n_unit, room.fixed)
    rows = (np.empty(2 * m, np.int64), np.empty(2 * m, np.int64), np.empty(2 * m))
    found, one = new_found(len(nodes), problem.n_unit), new_found(1, problem.n_unit)
    found.x[:], found.loading[:] = np.nan, np.nan
    for q, b in enumerate(nodes.tolist()):
        problem.fill(np.array([b]))
        if q % THIN == 0:
            thin_pool(pool, q - AGE)
        if q % 32 == 0:
            pad.p[:] = base
            from_scratch(pad, b, net, room.fixed)
        column = net.ht[b]
        moved = np.argsort(-np.abs(column), kind="stable")[: 2 * LOCAL]
        close = np.abs(net.hgt[:, moved]).sum(axis=1)
        free = np.zeros(problem.n_unit, bool)
        free[left] = free[np.argsort(-close, kind="stable")[:FIRST]] = True
        with np.errstate(divide="ignore", invalid="ignore"):
            first = np.argsort(-np.nan_to_num(np.abs(column) / room.rate), kind="stable")[:LOCAL]
        none = np.full(len(first), -1, np.int64)
        _take_in(pool, len(first), first, none, np.zeros(len(first)), q, net.hg, pad.f, column)
        basis, bound, before = new_basis(problem.n_unit), np.inf, pad.counts[0]
        for _round in range(ROUNDS):
            few = room._replace(
                low=np.where(free, room.low, base), high=np.where(free, room.high, base)
            )
            x, status, worst = solved(
                b, net, few, problem.lists, basis, pool, pad, q, TOLERANCE, STEPS, problem.fill
            )
            if status != OPTIMAL:
                break
            one.pair[0] = -1
            prove(
                0, b, x, worst, net, room, problem.lists, basis, pad, one, rows, False, problem.fill
            )
            bound = min(bound, float(one.bound[0]))
            found.x[q], found.loading[q], found.power[q] = one.x[0], one.loading[0], one.power[0]
            found.pair[q], found.status[q] = one.pair[0], OPTIMAL
            n = int(basis.size[0])
            y = pad.inverse[0, :n]
            slope, weight = -(y @ pad.a[:n]), float(y @ pad.x[:n])
            promise = np.maximum(slope * room.low, slope * room.high) - slope * base
            promise[free] = 0.0
            if bound - found.x[q] <= CLOSED * max(1.0, 1e-3 * found.x[q]) or weight <= 0:
                break
            let_go = np.argsort(-promise, kind="stable")[:MORE]
            let_go = let_go[promise[let_go] > 0]
            if not let_go.size:
                break
            free[let_go] = True
        if not bound - found.x[q] <= CLOSED * max(1.0, 1e-3 * abs(found.x[q])):
            solved(
                b, net, room, problem.lists, basis, pool, pad, q, TOLERANCE, LAST_STEPS, problem.fill
            )  # fmt: skip
            bound = min(bound, _bound_of(problem, basis.size[0], basis, pad))
        if np.isnan(found.x[q]):  # the known dispatch serves what it serves without new load
            found.x[q], found.power[q], found.loading[q] = 0.0, base, 1.0
        found.bound[q], found.steps[q] = max(bound, found.x[q]), pad.counts[0] - before
    work["steps"] += int(pad.counts[0])
    work["screens"] += int(pad.counts[1])
    return found


def _bound_of(problem: RedispatchProblem, n, basis, pad) -> float:  # type: ignore[no-untyped-def]
    """What the weights of a basis prove, however it was found. [MW]"""
    room = problem.room
    p, pair = pad.p.copy(), np.full(3, -1, np.int64)
    top = _both_halves(
        n, p, room.low, room.high, room.demand, pad.inverse[0], basis.l, basis.k, pad.a, pad.c, pad.x,
        room.rate, room.post, p.copy(), pair,
    )[2]  # fmt: skip
    return float(top)
