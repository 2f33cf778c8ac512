"""How many MW does a bus take in every hour when the units may be told anew each hour? Exact. In MW.

From hour to hour only right-hand sides change (load, what units may give), so every basis of a bus stays dual
feasible and bounds every hour: the search starts from the stored basis with the lowest bound.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from taotie.errors import CaseError, RangeError
from taotie.files.kernels import njit
from taotie.grid.capacity.redispatch_lp import largest_load
from taotie.grid.capacity.redispatch_setup import (
    FloatArray,
    IntArray,
    Lists,
    Net,
    RedispatchProblem,
    Room,
    redispatch_problem,
    unit_range,
)
from taotie.grid.capacity.redispatch_simplex import (
    INFEASIBLE,
    OPTIMAL,
    TOLERANCE,
    Basis,
    Pool,
    Work,
    new_basis,
    new_pool,
    new_work,
)
from taotie.grid.capacity.redispatch_sweep import (
    Fill,
    Found,
    Store,
    from_scratch,
    keep_basis,
    new_found,
    new_store,
    prove,
    solved,
    take_basis,
)
from taotie.grid.case.case import Case
from taotie.grid.flow.dc_power_flow import DcModel, dc_model
from taotie.words.language import _

MAX_STEPS = 2000
BASES = 160  # kept a bus
HOURS_A_PART = 512


@dataclass(frozen=True)
class RedispatchedByHour:
    """Load some buses take in every hour with units told anew each hour.

    Parameters
    ----------
    bus_number : ndarray, shape (n_bus,)
    capacity_mw, bound_mw : ndarray, shape (n_hour, n_bus)
        Not below 0, and what no dispatch beats; 0 where no dispatch keeps the ratings in that hour; NaN where no
        answer was found in time. [MW]
    infeasible : ndarray of bool, shape (n_hour, n_bus)
    by_highs : int
        Bus-hours in which the own search stalled and HiGHS answered.
    """

    bus_number: IntArray
    capacity_mw: FloatArray
    bound_mw: FloatArray
    infeasible: np.ndarray
    by_highs: int


@njit(cache=True, nogil=True)
def _lowest_bound(
    n, size, base_x, base_y, base_l, base_k, base_v, fixed, demand, low, high, ends, of_ends
):
    """The one of n bases that bounds an hour lowest; `ends`: weight of each unit in it, `of_ends`: what they come to.

    Without `of_ends` (length 0) that is summed here: where units may give another amount each hour.
    """
    best, pick = np.inf, 0
    for j in range(n):
        z = base_x[j] + base_y[j, 0] * demand
        for i in range(1, size[j]):
            z -= base_y[j, i] * fixed[base_l[j, i]]
            if base_k[j, i] >= 0:
                z -= base_y[j, i] * base_v[j, i] * fixed[base_k[j, i]]
        if of_ends.size:
            z += of_ends[j]
        else:
            for g in range(low.size):
                z += max(ends[j, g] * low[g], ends[j, g] * high[g])
        if z < best:
            best, pick = z, j
    return pick


@njit(cache=True, nogil=True)
def _slope(n, y, l, k, v, on_load, along, more, out):
    """How the bound of a solved hour changes per step of each way. [MW]"""
    weight = y[0] * on_load[0]
    for w in range(more.size):
        out[w] = y[0] * more[w]
    for i in range(1, n):
        weight += y[i] * on_load[i]
        for w in range(more.size):
            out[w] -= y[i] * along[l[i], w]
            if k[i] >= 0:
                out[w] -= y[i] * v[i] * along[k[i], w]
    for w in range(more.size):
        out[w] /= weight


@njit(cache=True, nogil=True)
def _weigh(n, y, l, k, a, rate, post, low, high, ends):
    """What a kept basis makes of its limits and of the ends of units; `ends`: weight of each unit."""
    limits, of_ends = 0.0, 0.0
    for i in range(1, n):
        limits += abs(y[i]) * (rate[l[i]] if k[i] < 0 else post[l[i]])
    for j in range(ends.size):
        ends[j] = 0.0
    for i in range(n):
        for j in range(ends.size):
            ends[j] -= y[i] * a[i, j]
    for j in range(ends.size):
        of_ends += max(ends[j] * low[j], ends[j] * high[j])
    return limits, of_ends


def sweep_hours(
    b: int, net: Net, hours: Hours, rate: FloatArray, post: FloatArray, lists: Lists, basis: Basis,
    pool: Pool, work: Work, store: Store, ends: FloatArray, of_ends: FloatArray, found: Found,
    along: FloatArray, more: FloatArray, slope: FloatArray, fill: Fill,
) -> None:  # fmt: skip
    """Every hour at node `b`.

    `slope` (hour, way): MW by which the bound of the hour changes per step of `along` (out, way) and `more` (way).
    The walk itself is plain Python with a few small kernels, so that the search is not compiled a second time in it.
    """
    m = rate.size
    spare = (np.empty(2 * m, np.int64), np.empty(2 * m, np.int64), np.empty(2 * m))
    fixed, alike = hours.fixed, len(hours.low) == 1
    if alike:
        of_ends[0] = np.maximum(ends[0] * hours.low[0], ends[0] * hours.high[0]).sum()
    for t in range(hours.demand.size):
        i = 0 if alike else t
        room = Room(fixed[t], hours.low[i], hours.high[i], float(hours.demand[t]), rate, post)
        pick = _lowest_bound(
            store.n[0], store.size, store.x, store.y, store.l, store.k, store.v, fixed[t], room.demand,
            room.low, room.high, ends, of_ends if alike else of_ends[:0],
        )  # fmt: skip
        take_basis(store, pick, basis)
        before = work.counts[0]
        if t % 32 == 0:  # flows from scratch now and then, so that rounding does not add up
            from_scratch(work, b, net, room.fixed)
        else:
            work.f[:] += fixed[t] - fixed[t - 1]
        x, status, worst = solved(
            b, net, room, lists, basis, pool, work, t, TOLERANCE, MAX_STEPS, fill
        )
        found.steps[t], found.status[t] = work.counts[0] - before, status
        if status != OPTIMAL:
            found.x[t] = np.nan
            found.shortfall[t] = work.proof[0]
            work.p[:] = room.low
            continue
        prove(t, b, x, worst, net, room, lists, basis, work, found, spare, t % 32 == 31, fill)
        n, y = basis.size[0], work.inverse[0]
        if len(more):
            _slope(n, y, basis.l, basis.k, basis.v, work.x, along, more, slope[t])
        if found.steps[t] > 1 or store.n[0] == 1:
            j = keep_basis(store, basis, work, x, None)
            store.x[j], of_ends[j] = _weigh(
                n, y, basis.l, basis.k, work.a, rate, post, room.low, room.high, ends[j]
            )  # fmt: skip


class Hours(NamedTuple):
    """Right-hand sides of some hours: `fixed` (hour, out), `demand` (hour,), `low` and `high` (hour, unit). [MW]

    `low` and `high` have one row where they are alike in all hours.
    """

    fixed: FloatArray
    demand: FloatArray
    low: FloatArray
    high: FloatArray


def new_state(problem: RedispatchProblem, n_hour: int) -> tuple[Any, ...]:
    """What one bus keeps from hour to hour: basis, pool, work, stored bases and the weight of each unit in them."""
    n_store = min(BASES, n_hour + 2)
    return (
        new_basis(problem.n_unit), new_pool(problem.n_unit, len(problem.room.fixed)),
        new_work(problem.n_unit, problem.room.fixed), new_store(n_store, problem.n_unit, 1),
        np.full((n_store, problem.n_unit), 1.0), np.zeros(n_store),
    )  # fmt: skip


def solve_hours(
    problem: RedispatchProblem,
    node: int,
    hours: Hours,
    state: tuple[Any, ...],
    along: FloatArray,
    more: FloatArray,
    time_limit_s: float,
) -> tuple[Found, FloatArray, int]:
    """Largest load at a node in some hours, one row each; slopes of their bounds (`_slope`); how many HiGHS answered.

    A bound from HiGHS has no slope: its row is NaN.
    """
    found = new_found(len(hours.demand), problem.n_unit)
    slope = np.zeros((len(hours.demand), len(more)))
    basis, pool, work, store, ends, of_ends = state
    sweep_hours(
        node, problem.net, hours, problem.room.rate, problem.room.post, problem.lists, basis, pool, work,
        store, ends, of_ends, found, along, more, slope, problem.fill,
    )  # fmt: skip
    sure = np.where(
        found.status == OPTIMAL,
        np.abs(found.bound - found.x) <= 1e-6 * np.maximum(1, 1e-3 * np.abs(found.x)),
        (found.status == INFEASIBLE) & (found.shortfall > 1e-9),
    )
    stalled = np.flatnonzero(~sure)
    for t in stalled:
        i = t if len(hours.low) > 1 else 0
        room = Room(
            hours.fixed[t], hours.low[i], hours.high[i], float(hours.demand[t]), problem.room.rate,
            problem.room.post,
        )  # fmt: skip
        other = largest_load(
            replace(problem, room=room), np.array([node]), time_limit_s=time_limit_s
        )
        found.status[t] = INFEASIBLE if other.status == "infeasible" else OPTIMAL
        found.x[t] = other.load_mw[0] if other.status == "optimal" else np.nan
        found.bound[t] = other.bound_mw if other.status == "optimal" else np.nan
        slope[t] = np.nan
    return found, slope, len(stalled)


def hourly_load(model: DcModel, load_mw: ArrayLike) -> FloatArray:
    """The hourly load of every bus, checked.

    Raises
    ------
    CaseError
        Several islands.
    RangeError
        A table of another shape, with gaps, or empty.
    """
    case, load = model.case, np.asarray(load_mw, float)
    if len(model.islands) > 1:
        raise CaseError(
            _("{case} has {n} islands; hours are searched for one.").format(
                case=case.name, n=len(model.islands)
            )
        )
    if (
        load.ndim != 2
        or load.shape[1] != case.n_bus
        or not len(load)
        or not np.isfinite(load).all()
    ):
        raise RangeError(
            _(
                "hourly load has shape {shape}; one row an hour and {n} columns of finite MW are needed."
            ).format(shape=load.shape, n=case.n_bus)
        )
    return load


def change_by_node(model: DcModel, load_mw: FloatArray) -> FloatArray:
    """Load of each hour less that of the case, shape (n_hour, n_node). [MW]"""
    island, case = model.islands[0], model.case
    more = load_mw[:, island.bus_row] - case.load_mw[island.bus_row]
    at = sp.csr_matrix(
        (np.ones(len(island.bus_row)), (np.arange(len(island.bus_row)), island.node_of_bus)),
        (len(island.bus_row), island.n_node),
    )
    return np.asarray(more @ at)


def redispatched_by_hour(
    case: Case | DcModel,
    buses: ArrayLike,
    load_mw: ArrayLike,
    unit_max_mw: ArrayLike | None = None,
    units_off: bool = True,
    post_rating: str | float = "A",
    time_limit_s: float = 20.0,
) -> RedispatchedByHour:
    """Largest load of some buses in every hour.

    Parameters
    ----------
    case : Case or DcModel
        Of one island.
    buses : array_like of int
        Bus numbers as in the file.
    load_mw : array_like, shape (n_hour, n_bus of the case)
        Load of every bus in each hour; losses stay as in the case. [MW]
    unit_max_mw : array_like, shape (n_hour, n_gen), optional
        What units may give at most in each hour, such as wind and sun, 0 where a unit is off; NaN: as in the
        case. [MW]
    units_off : bool
        Units may go off (their Pmin counts as 0): without it light hours may have no dispatch at all.

    Raises
    ------
    CaseError
        Several islands.
    RangeError
        A table of another shape.
    """
    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    load = hourly_load(model, load_mw)
    island, rows = model.islands[0], case.rows_of_bus(buses)
    problem = redispatch_problem(case, island, units_off=units_off, post_rating=post_rating)
    low, high, short = _ranges_by_hour(case, problem, unit_max_mw, len(load), units_off)
    place = np.full(case.n_bus, -1)
    place[island.bus_row] = island.node_of_bus
    n_hour, n_out, m = len(load), len(problem.room.fixed), problem.n_branch
    x, bound = np.zeros((n_hour, len(rows))), np.full((n_hour, len(rows)), np.nan)
    dark = np.zeros((n_hour, len(rows)), bool)
    by_highs = 0
    states = [new_state(problem, n_hour) for __ in rows]
    along, more = np.zeros((n_out, 0)), np.zeros(0)
    for first in range(0, n_hour, HOURS_A_PART):
        part = slice(first, first + HOURS_A_PART)
        change = change_by_node(model, load[part])
        fixed = np.tile(problem.room.fixed, (len(change), 1))
        fixed[:, :m] -= problem.flows_of(change)
        if short is not None:  # units that stand still in the case but not in this hour
            fixed[:, :m] += problem.flows_of(short[part])
        demand = problem.room.demand + change.sum(axis=1)
        if short is not None:
            demand -= short[part].sum(axis=1)
        for q, row in enumerate(rows):
            node = int(place[row])
            if node < 0:
                continue
            of = part if len(low) > 1 else slice(None)
            hours = Hours(fixed, demand, low[of], high[of])
            found, __, stalled = solve_hours(
                problem, node, hours, states[q], along, more, time_limit_s
            )
            by_highs += stalled
            none = found.status == INFEASIBLE
            x[part, q] = np.where(none, 0.0, np.maximum(found.x, 0.0))
            bound[part, q] = np.where(none, 0.0, found.bound)
            dark[part, q] = none
    return RedispatchedByHour(case.bus_number[rows], x, bound, dark, by_highs)


def _ranges_by_hour(
    case: Case,
    problem: RedispatchProblem,
    unit_max_mw: ArrayLike | None,
    n_hour: int,
    units_off: bool,
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Pmin and Pmax of each column by hour, and what still units give less by node."""
    room = problem.room
    if unit_max_mw is None:
        return room.low[None], room.high[None], None
    low, high = np.tile(room.low, (n_hour, 1)), np.tile(room.high, (n_hour, 1))
    most = np.asarray(unit_max_mw, float)
    if most.shape != (n_hour, case.n_gen) or np.isinf(most).any() or (most < 0).any():
        raise RangeError(
            _(
                "hourly output of units has shape {shape}; {n} hours and {g} columns of finite MW, or NaN, are needed."
            ).format(shape=most.shape, n=n_hour, g=case.n_gen)
        )
    for j, units in enumerate(problem.units):
        if np.isnan(most[:, units]).all():
            continue
        least, top = unit_range(case, units)
        if units_off:
            least = np.minimum(least, 0.0)
        top_h = np.where(np.isnan(most[:, units]), top, most[:, units])
        low_h = np.where(np.isnan(most[:, units]), least, np.minimum(least, top_h))
        high[:, j], low[:, j] = top_h.sum(axis=1), low_h.sum(axis=1)
    moving = np.concatenate(problem.units) if problem.units else np.zeros(0, np.int64)
    still = np.setdiff1d(np.flatnonzero(case.gen_on & ~np.isnan(most).all(axis=0)), moving)
    if not still.size:
        return low, high, None
    node = np.full(case.n_bus, -1)
    node[problem.island.bus_row] = problem.island.node_of_bus
    short = np.zeros((n_hour, problem.island.n_node))
    for g in still:
        fixed_mw = float(unit_range(case, np.array([g]))[0][0])
        change = np.where(np.isnan(most[:, g]), 0.0, np.minimum(most[:, g], fixed_mw) - fixed_mw)
        if node[case.gen_row[g]] >= 0:
            short[:, node[case.gen_row[g]]] += change
    return low, high, short
