"""Which dispatch is best under all pairs, by a general solver: fall-back, several sites, cost, least loosening. In MW.

HiGHS over the rows that a solution was seen to violate, until none is left: a relaxation whose solution keeps
every row is the solution of the whole programme.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from taotie.errors import CaseError
from taotie.grid.capacity.redispatch_screen import violated_pairs
from taotie.grid.capacity.redispatch_setup import FloatArray, IntArray, RedispatchProblem
from taotie.grid.case.case import Case
from taotie.grid.dispatch.unit_cost import cost_segments
from taotie.words.language import _

TOLERANCE = 2e-9
ROUNDS = 200
ENTRIES = (
    60_000_000  # of a programme's table: HiGHS and what leads to it hold some 60 bytes of each
)
LINPROG_TOLERANCE = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}


@dataclass
class PairRows:
    """Pairs written down as rows, in the order they turned up."""

    l: list[int] = field(default_factory=list)
    k: list[int] = field(default_factory=list)
    v: list[float] = field(default_factory=list)
    seen: set[tuple[int, int]] = field(default_factory=set)

    def add(self, problem: RedispatchProblem, flow: FloatArray) -> int:
        """Take in what a state violates; returns how many are new."""
        new = 0
        for l, k, v in zip(*violated_pairs(problem, flow, TOLERANCE)[:3], strict=True):
            if (int(l), int(k)) not in self.seen:
                self.seen.add((int(l), int(k)))
                self.l.append(int(l))
                self.k.append(int(k))
                self.v.append(float(v))
                new += 1
        return new

    def over_units(self, problem: RedispatchProblem) -> FloatArray:
        """MW on each row per MW of each unit, shape (n_row, n_unit)."""
        return self._of(problem.net.hg)

    def constant(self, problem: RedispatchProblem) -> FloatArray:
        """What is fixed of each row, shape (n_row,). [MW]"""
        return self._of(problem.room.fixed)

    def over_loads(self, problem: RedispatchProblem, nodes: IntArray) -> FloatArray:
        """MW on each row per MW of load at some nodes, shape (n_row, n_node)."""
        out = np.zeros((len(problem.room.fixed), len(nodes)))
        problem.fill(nodes)
        out[: problem.n_branch] = -problem.net.ht[nodes].T
        return self._of(out)

    def limit(self, problem: RedispatchProblem) -> FloatArray:
        """Rating of each row, shape (n_row,). [MW]"""
        l, k = np.array(self.l, np.int64), np.array(self.k, np.int64)
        return np.asarray(np.where(k < 0, problem.room.rate[l], problem.room.post[l]))

    def _of(self, table: FloatArray) -> FloatArray:
        l, k, v = np.array(self.l, np.int64), np.array(self.k, np.int64), np.array(self.v)
        lost = table[np.maximum(k, 0)] * np.where(k >= 0, v, 0.0).reshape(
            (-1,) + (1,) * (table.ndim - 1)
        )
        return np.asarray(table[l] + lost)


class LargestLoad(NamedTuple):
    """Largest total of some loads.

    Parameters
    ----------
    load_mw : ndarray, shape (n_site,)
    power_mw : ndarray, shape (n_unit,)
    bound_mw : float
        No dispatch serves more in total. [MW]
    loading : float
        Worst of all pairs. [1]
    status : str
        "optimal", "infeasible" or "time limit".
    binding : tuple of (branch, outage)
        Rows of the island, heaviest first; outage -1 where nothing is lost.
    rounds : int
    """

    load_mw: FloatArray
    power_mw: FloatArray
    bound_mw: float
    loading: float
    status: str
    binding: tuple[tuple[int, int], ...]
    rounds: int


def largest_load(
    problem: RedispatchProblem,
    nodes: IntArray,
    least_mw: FloatArray | None = None,
    most_mw: FloatArray | None = None,
    time_limit_s: float = 60.0,
) -> LargestLoad:
    """Largest sum of new loads at some nodes for which one dispatch keeps every pair.

    Parameters
    ----------
    least_mw, most_mw : ndarray, shape (n_site,), optional
        Range of each load; by default free for one site and not below 0 for several. [MW]
    """
    from scipy.optimize import linprog  # half a second, and most answers need none

    room, n, n_site = problem.room, problem.n_unit, len(nodes)
    least = np.full(n_site, -np.inf if n_site == 1 else 0.0) if least_mw is None else least_mw
    most = np.full(n_site, np.inf) if most_mw is None else most_mw
    cost = np.r_[np.zeros(n), -np.ones(n_site)]
    balance = np.r_[np.ones(n), -np.ones(n_site)][None]
    bounds = [*zip(room.low, room.high, strict=True), *zip(least, most, strict=True)]
    problem.fill(nodes)
    rows, until, nothing = PairRows(), time.monotonic() + time_limit_s, np.zeros(0)
    for count in range(1, ROUNDS + 1):
        a = np.hstack([rows.over_units(problem), rows.over_loads(problem, nodes)])
        c, top = rows.constant(problem), rows.limit(problem)
        some = {"A_ub": np.vstack([a, -a]), "b_ub": np.r_[top - c, top + c]} if rows.l else {}
        left = until - time.monotonic()
        if left <= 0:
            break
        r = linprog(
            cost, **some, A_eq=balance, b_eq=[room.demand], bounds=bounds, method="highs",
            options={**LINPROG_TOLERANCE, "time_limit": left},
        )  # fmt: skip
        if r.status == 2:
            return LargestLoad(nothing, nothing, -np.inf, np.nan, "infeasible", (), count)
        if r.status != 0:
            break
        p, x = np.clip(r.x[:n], room.low, room.high), r.x[n:].copy()
        flow = problem.flow_mw(p)
        flow[: problem.n_branch] -= problem.net.ht[nodes].T @ x
        if rows.add(problem, flow) == 0:
            y0 = -float(r.eqlin.marginals[0])
            half = len(rows.l)
            y = -r.ineqlin.marginals[:half] + r.ineqlin.marginals[half:] if half else nothing
            bound = y0 * room.demand + float(np.abs(y) @ top - y @ c)
            s = -(y0 + (y @ a[:, :n] if half else 0.0)) * np.ones(n)
            bound += float(np.maximum(s * room.low, s * room.high).sum())
            g = 1 + y0 - (y @ a[:, n:] if half else 0.0)  # what is left of each load's own weight
            with np.errstate(invalid="ignore"):
                rest = np.where(np.abs(g) < 1e-9, g * x, np.maximum(g * least, g * most))
            bound += float(np.sum(rest))
            heavy = np.lexsort(
                (np.array(rows.k), np.array(rows.l), -np.round(np.abs(y), 9))
            ).tolist()
            binding = tuple((rows.l[i], rows.k[i]) for i in heavy if abs(y[i]) > 1e-9)
            loading = violated_pairs(problem, flow, 0.0)[3]
            return LargestLoad(x, p, bound, loading, "optimal", binding, count)
    return LargestLoad(nothing, nothing, np.inf, np.nan, "time limit", (), count)


class Loosening(NamedTuple):
    """Branches that no dispatch keeps within their rating without any new load.

    Parameters
    ----------
    branch : ndarray
        Rows of the island's branches.
    intact_mw, outage_mw : ndarray
        What is to be added to the rating with all in service and after an outage: the least sum of shares. [MW]
    shortfall : float
        Least sum of overloads over all dispatches, as shares of ratings; 0 where a secure dispatch exists. [1]
    bound : float
        The same from below, by dual weights: positive proves that no secure dispatch exists. [1]
    power_mw : ndarray, shape (n_unit,)
        The dispatch with the least overloads. [MW]
    least : bool
        False where the island is too large for the least one: the branches may carry what the dispatch of the case
        puts on them, and `shortfall` is only an upper bound.
    """

    branch: IntArray
    intact_mw: FloatArray
    outage_mw: FloatArray
    shortfall: float
    bound: float
    power_mw: FloatArray
    least: bool = True


def no_worsening(problem: RedispatchProblem) -> Loosening:
    """What each branch is over by at the dispatch of the case: with that much more it keeps every pair by itself.

    No programme is solved, so it is there for islands of any size. Where the units of the case do not add up to what
    is to be served, all move by the same share of what they have left.
    """
    room, p = problem.room, problem.output_mw
    missing = room.demand - float(p.sum())
    left = (room.high - p) if missing > 0 else (p - room.low)
    if abs(missing) > 0 and left.sum() > 0:
        p = p + missing * left / left.sum()
    flow, m = problem.flow_mw(p), problem.n_branch
    rate, post = room.rate.copy(), room.post.copy()
    for __round in range(ROUNDS):  # the worst pair of each branch at a time
        l, k, v, __ = violated_pairs(problem.with_ratings(rate, post), flow, TOLERANCE)
        if not len(l):
            break
        carried = np.abs(flow[l] + np.where(k >= 0, v * flow[np.maximum(k, 0)], 0.0)) * (1 + 1e-9)
        intact = k < 0
        rate[l[intact]] = np.maximum(rate[l[intact]], carried[intact] + 2 * TOLERANCE)
        post[l[~intact]] = np.maximum(post[l[~intact]], carried[~intact] + 2 * TOLERANCE)
    with np.errstate(invalid="ignore"):
        e0, e1 = (
            np.nan_to_num(new - old, nan=0.0) for new, old in ((rate, room.rate), (post, room.post))
        )
    over = np.flatnonzero((e0 > 0) | (e1 > 0))
    rated = np.isfinite(room.rate[:m]) & (room.rate > 0)
    total = float((e0[rated] / room.rate[rated] + e1[rated] / room.post[rated]).sum())
    return Loosening(over, e0[over], e1[over], total, 0.0, p, False)


def least_loosening(
    case: Case, problem: RedispatchProblem, most_entries: int = ENTRIES
) -> Loosening:
    """Least sum of overloads, as shares of ratings, over all dispatches without new load.

    Parameters
    ----------
    most_entries : int
        Of the programme's table, rows times units; with more, `no_worsening` answers instead.

    Raises
    ------
    CaseError
        The units cannot serve the load at all, whatever the lines carry.
    """
    from scipy.optimize import linprog  # half a second, and most answers need none

    room, n, m = problem.room, problem.n_unit, problem.n_branch
    rated = np.flatnonzero(np.isfinite(room.rate) & (room.rate > 0))
    place = np.full(m, -1)
    place[rated] = np.arange(len(rated))
    nr = len(rated)
    cost = np.r_[np.zeros(n), 1 / room.rate[rated], 1 / room.post[rated]]
    bounds = [*zip(room.low, room.high, strict=True), *([(0, None)] * (2 * nr))]
    balance = np.r_[np.ones(n), np.zeros(2 * nr)][None]
    rows = PairRows()
    for __round in range(ROUNDS):
        half = len(rows.l)
        if half * n > most_entries:
            return no_worsening(problem)
        a, c, top = rows.over_units(problem), rows.constant(problem), rows.limit(problem)
        extra = sp.csr_matrix(
            (
                np.ones(half),
                (np.arange(half), [place[l] + (nr if k >= 0 else 0) for l, k in zip(rows.l, rows.k, strict=True)]),
            ),
            (half, 2 * nr),
        )  # fmt: skip
        some = {}
        if half:
            some = {
                "A_ub": sp.vstack([sp.hstack([sp.csr_matrix(a), -extra]), sp.hstack([sp.csr_matrix(-a), -extra])]).tocsr(),
                "b_ub": np.r_[top - c, top + c],
            }  # fmt: skip
        r = linprog(
            cost, **some, A_eq=balance, b_eq=[room.demand], bounds=bounds, method="highs",
            options=LINPROG_TOLERANCE,
        )  # fmt: skip
        if r.status != 0:
            raise CaseError(
                _(
                    "{case}: its units give between {low:.1f} and {high:.1f} MW, and {demand:.1f} MW are to be served: no dispatch balances the load."
                ).format(
                    case=case.name, low=room.low.sum(), high=room.high.sum(), demand=room.demand
                )
            )
        e0, e1 = np.zeros(m), np.zeros(m)
        e0[rated], e1[rated] = r.x[n : n + nr], r.x[n + nr :]
        p = np.clip(r.x[:n], room.low, room.high)
        wide = problem.with_ratings(room.rate + e0, room.post + e1)
        if rows.add(wide, problem.flow_mw(p)) == 0:
            break
    over = np.flatnonzero((e0 > 1e-7 * room.rate) | (e1 > 1e-7 * room.post))
    bound = 0.0
    if half:
        y0 = float(r.eqlin.marginals[0])
        up, down = r.ineqlin.marginals[:half], r.ineqlin.marginals[half:]
        y = up - down
        s = -(y0 + y @ a)
        bound = y0 * room.demand + float(up @ (top - c) + down @ (top + c))
        bound += float(np.minimum(s * room.low, s * room.high).sum())
        weight = np.asarray(
            cost[n:] + extra.T @ (up + down)
        )  # not below 0 where the weights are allowed
        bound = bound if weight.min() > -1e-7 else 0.0
    return Loosening(over, e0[over], e1[over], float(r.fun), bound, p)


def loosened(problem: RedispatchProblem, wider: Loosening, pad: float = 1e-6) -> RedispatchProblem:
    """The same with the ratings of the named branches at what the least loosening needs."""
    rate, post = problem.room.rate.copy(), problem.room.post.copy()
    l = wider.branch
    rate[l] = rate[l] * (1 + pad) + wider.intact_mw
    post[l] = post[l] * (1 + pad) + wider.outage_mw
    return problem.with_ratings(rate, post)


class SecureCost(NamedTuple):
    """Least cost of a dispatch that keeps every pair.

    Parameters
    ----------
    usd_per_h : float
        NaN where there is no such dispatch. [USD/h]
    power_mw : ndarray, shape (n_gen,)
        [MW]
    """

    usd_per_h: float
    power_mw: FloatArray


def secure_cost(
    case: Case, problem: RedispatchProblem, pieces: int = 10
) -> Callable[[int, float, bool], SecureCost]:
    """Least cost of serving a load at a node under all pairs, or (`network` false) as if lines had no limits.

    Rows found for one load stay for the next.
    """
    room, m = problem.room, problem.n_branch
    column = np.full(case.n_gen, -1)
    for j, units in enumerate(problem.units):
        column[units] = j
    segments = cost_segments(case, None, 0.0, pieces)
    mine = column[segments.unit] >= 0
    of, width, slope = column[segments.unit[mine]], segments.width[mine], segments.slope[mine]
    here = np.flatnonzero(column >= 0)
    floor = np.bincount(column[here], segments.floor_mw[here], minlength=problem.n_unit)
    floor_cost = float(segments.floor_cost[here].sum())
    part = sp.csr_matrix((np.ones(len(of)), (of, np.arange(len(of)))), (problem.n_unit, len(of)))
    rows = PairRows()

    def cost(node: int, load_mw: float, network: bool = True) -> SecureCost:
        from scipy.optimize import linprog  # half a second, and most answers need none

        column_h = problem.column(node) if node >= 0 else np.zeros(m)
        for __round in range(ROUNDS):
            used = rows if network else PairRows()
            some = {}
            # ranges of the problem (limited movement, wider outputs) as rows of their own
            box = sp.vstack([part, -part]).tocsr()
            side = np.r_[room.high - floor, floor - room.low]
            if used.l:
                a = used.over_units(problem)
                c = used.constant(problem) + a @ floor
                x = used.over_loads(problem, np.array([node])) @ [load_mw] if node >= 0 else 0.0
                top = used.limit(problem)
                b = sp.csr_matrix(a) @ part
                some = {
                    "A_ub": sp.vstack([b, -b, box]).tocsr(),
                    "b_ub": np.r_[top - c - x, top + c + x, side],
                }
            else:
                some = {"A_ub": box, "b_ub": side}
            r = linprog(
                slope, **some, A_eq=np.ones((1, len(of))), b_eq=[room.demand + load_mw - floor.sum()],
                bounds=[(0, w) for w in width], method="highs", options=LINPROG_TOLERANCE,
            )  # fmt: skip
            if r.status != 0:
                return SecureCost(np.nan, np.full(case.n_gen, np.nan))
            p = floor + part @ r.x
            flow = problem.flow_mw(p)
            flow[:m] -= column_h * load_mw
            if not network or rows.add(problem, flow) == 0:
                power = segments.floor_mw.copy()
                np.add.at(power, segments.unit[mine], r.x)
                return SecureCost(float(r.fun) + floor_cost, power)
        return SecureCost(np.nan, np.full(case.n_gen, np.nan))

    return cost


def whole_programme(
    problem: RedispatchProblem, node: int, n_rows_max: int = 200_000
) -> tuple[float, NDArray[np.float64]]:
    """The same largest load with every pair written down and a dense table of factors: for tests, small islands.

    Returns
    -------
    load_mw, power_mw
        NaN where no dispatch keeps every pair.
    """
    net, room, m, n = problem.net, problem.room, problem.n_branch, problem.n_unit
    tables, constants, loads, limits = [], [], [], []
    on_load = np.r_[-net.ht[node], np.zeros(len(room.fixed) - m)]

    def write(rows: IntArray, v: FloatArray, k: int, top: FloatArray) -> None:
        keep = np.isfinite(top)
        rows, v, top = rows[keep], v[keep], top[keep]
        lost = (net.hg[k], room.fixed[k], on_load[k]) if k >= 0 else (np.zeros(n), 0.0, 0.0)
        tables.append(net.hg[rows] + v[:, None] * lost[0])
        constants.append(room.fixed[rows] + v * lost[1])
        loads.append(on_load[rows] + v * lost[2])
        limits.append(top)

    every = np.arange(m)
    write(every, np.zeros(m), -1, room.rate)
    for k in range(m):
        if net.inverse[k] != 0:
            others = every[every != k]
            v = (net.ht[net.f[k], others] - net.ht[net.t[k], others]) * net.inverse[k]
            write(others, v, k, room.post[others])
    for g in range(len(net.own)):
        if net.own[g] != 0:
            write(every, -net.hg[:m, g] * net.own[g], m + g, room.post)
    a = np.column_stack([np.vstack(tables), np.concatenate(loads)])
    c, top = np.concatenate(constants), np.concatenate(limits)
    if len(a) > n_rows_max:
        raise CaseError(_("{n} rows are too many to be written down.").format(n=len(a)))
    from scipy.optimize import linprog  # half a second, and most answers need none

    r = linprog(
        np.r_[np.zeros(n), -1.0], A_ub=np.vstack([a, -a]), b_ub=np.r_[top - c, top + c],
        A_eq=np.r_[np.ones(n), -1.0][None], b_eq=[room.demand],
        bounds=[*zip(room.low, room.high, strict=True), (None, None)], method="highs",
        options=LINPROG_TOLERANCE,
    )  # fmt: skip
    if r.status != 0:
        return np.nan, np.full(n, np.nan)
    return float(r.x[-1]), np.asarray(r.x[:-1])
