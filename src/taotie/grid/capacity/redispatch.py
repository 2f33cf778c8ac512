"""How many MW of new load can each bus take if the units may be told anew what to give? Exact, N-1, every bus. In MW.

The largest load x at a bus for which *one* dispatch exists with every unit between Pmin and Pmax and every flow within
its rating, in the intact grid and after the loss of any one branch, hard: no unit moves after the outage, nothing is
shed, nothing is priced. Where the capacity with fixed shares tells what the filed dispatch leaves free, this one
tells what the grid can do. Every number carries a dispatch that was screened against every pair and a bound from
dual weights that no dispatch beats; they agree, or the difference is told.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import reverse_cuthill_mckee

from taotie.grid.capacity.core import outage_mask, require_ratings, thread_count
from taotie.grid.capacity.redispatch_clearance import clear_dispatch
from taotie.grid.capacity.redispatch_from_base import from_base
from taotie.grid.capacity.redispatch_lp import (
    Loosening,
    largest_load,
    least_loosening,
    loosened,
    secure_cost,
)
from taotie.grid.capacity.redispatch_setup import (
    FloatArray,
    IntArray,
    RedispatchProblem,
    redispatch_problem,
)
from taotie.grid.capacity.redispatch_simplex import (
    INFEASIBLE,
    OPTIMAL,
    TOLERANCE,
    Basis,
    new_basis,
    new_pool,
    new_work,
)
from taotie.grid.capacity.redispatch_sweep import Found, new_found, new_store, sweep_nodes
from taotie.grid.case.case import Case
from taotie.grid.flow.dc_power_flow import DcModel, dc_model
from taotie.grid.ties import falling

__all__ = [
    "Movement",
    "RedispatchedCapacity",
    "SeveralRedispatched",
    "redispatch_cost_usd_per_mwh",
    "redispatched_capacity",
    "redispatched_sites",
]

MAX_STEPS = 4000
NODES_A_PART = 2500  # nodes that share bases; fixed, so that threads do not change a number
N_STORE = 2048
NOTHING_LOOSENED = Loosening(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), 0.0, 0.0, np.zeros(0))


class Movement(NamedTuple):
    """A unit told to give more or less.

    Parameters
    ----------
    unit : tuple of int
        Rows of the unit table: several where they stand at one bus.
    bus : int
        Row of the bus table.
    mw : float
        More than in the case. [MW]
    """

    unit: tuple[int, ...]
    bus: int
    mw: float


@dataclass(frozen=True)
class RedispatchedCapacity:
    """Load each bus takes with units told anew what to give.

    Parameters
    ----------
    case : Case
    capacity_mw : ndarray, shape (n_bus,)
        Not below 0; NaN at buses that were not asked for. [MW]
    largest_mw : ndarray, shape (n_bus,)
        The same where negative: what would have to be taken *off* the bus. [MW]
    bound_mw : ndarray, shape (n_bus,)
        No dispatch serves more. [MW]
    loading : ndarray, shape (n_bus,)
        Worst loading of all pairs at the answer. [1]
    binding_branch, binding_outage : ndarray, shape (n_bus,)
        The pair that weighs most: rows of the branch table; -1 where spare generation alone holds; outage equal to
        branch for the intact grid; the number of branches and above: units (row plus that number).
    n_binding : ndarray, shape (n_bus,)
        Rows that hold together.
    by_highs : ndarray of int
        Rows of buses where the own search stalled and HiGHS answered.
    unanswered : ndarray of int
        Rows of buses for which no answer was found within the time limit.
    loosening : tuple of Loosening
        One an island: branches (rows of the branch table) that no dispatch keeps within rating without any new load.
    infeasible : ndarray of bool, shape (n_bus,)
        No dispatch keeps the ratings, whatever is put here; `shortfall_mw` proves it where positive.
    problems : tuple of RedispatchProblem
        One an island, with the ratings used.
    seconds : dict
        `factors`, `search`: wall time; `processor`: of all threads. [s]
    """

    case: Case
    capacity_mw: FloatArray
    largest_mw: FloatArray
    bound_mw: FloatArray
    loading: FloatArray
    binding_branch: IntArray
    binding_outage: IntArray
    n_binding: IntArray
    infeasible: NDArray[np.bool_]
    shortfall_mw: FloatArray
    by_highs: IntArray
    unanswered: IntArray
    loosening: tuple[Loosening, ...]
    problems: tuple[RedispatchProblem, ...]
    seconds: Mapping[str, float]
    work: Mapping[str, int]
    answers: tuple[Found, ...] = field(repr=False, default=())
    places: tuple[IntArray, ...] = field(repr=False, default=())

    @property
    def gap_mw(self) -> FloatArray:
        """Bound less answer, shape (n_bus,). [MW]"""
        return np.asarray(self.bound_mw - self.largest_mw)

    def share_of_buses(self, load_mw: float) -> float:
        """Share of the buses asked for that take a load of this size. [1]"""
        known = np.isfinite(self.capacity_mw)
        return float((self.capacity_mw[known] >= load_mw).mean())

    def _at(self, bus_row: int) -> tuple[int, int, int]:
        for i, problem in enumerate(self.problems):
            here = np.flatnonzero(problem.island.bus_row == bus_row)
            if here.size:
                node = int(problem.island.node_of_bus[here[0]])
                return i, int(self.places[i][node]), node
        return -1, -1, -1

    def power_mw(self, bus_row: int) -> FloatArray:
        """Output of every row of the unit table at the answer of a bus, shape (n_gen,). [MW]"""
        i, at, __ = self._at(bus_row)
        if at < 0:
            return self.case.gen[:, 1].copy()
        return self.problems[i].unit_power_mw(self.case, self.answers[i].power[at])

    def secure_power_mw(self, bus: int, load_mw: float) -> FloatArray | None:
        """A dispatch that keeps every pair with so much new load at a bus (its number), shape (n_gen,). [MW]

        None where there is none.
        """
        i, at, node = self._at(int(self.case.rows_of_bus([bus])[0]))
        if at < 0:
            return None
        just = np.array([load_mw])
        found = largest_load(self.problems[i], np.array([node]), just, just)
        if found.status != "optimal":
            return None
        return self.problems[i].unit_power_mw(self.case, found.power_mw)

    def moved(self, bus_row: int, n: int = 5) -> tuple[Movement, ...]:
        """The units that move most at the answer of a bus, against the dispatch of the case."""
        i, at, __ = self._at(bus_row)
        if at < 0 or not np.isfinite(self.largest_mw[bus_row]):
            return ()
        problem = self.problems[i]
        change = self.answers[i].power[at] - problem.output_mw
        order = falling(np.abs(change))[:n]
        return tuple(
            Movement(
                tuple(int(g) for g in problem.units[j]),
                int(self.case.gen_row[problem.units[j][0]]),
                float(change[j]),
            )
            for j in order
            if abs(change[j]) > 1e-6
        )


def redispatched_capacity(
    case: Case | DcModel,
    buses: ArrayLike | None = None,
    units_off: bool = False,
    move: float | None = None,
    unit_outages: bool = False,
    post_rating: str | float = "A",
    outages: ArrayLike | None = None,
    loosen: bool = True,
    n_threads: int | None = None,
    time_limit_s: float = 60.0,
) -> RedispatchedCapacity:
    """Largest load of each bus with every other unit free to move, N-1, hard limits.

    Parameters
    ----------
    case : Case or DcModel
    buses : array_like of int, optional
        Bus numbers as in the file; by default all.
    units_off, move, unit_outages, post_rating
        As in `redispatch_problem`.
    outages : array_like of int, optional
        Rows of the branch table that may be lost; by default all. Bridges never count.
    loosen : bool
        Where no dispatch keeps every rating even without new load, give the branches concerned the least room that
        lets one exist (named in `loosening`); otherwise such buses take 0 MW. In an island too large for that
        programme they may carry what the dispatch of the case puts on them.
    n_threads : int, optional
        The result does not depend on it.
    time_limit_s : float
        For HiGHS, one bus. [s]

    Returns
    -------
    capacity : RedispatchedCapacity

    Raises
    ------
    CaseError
        No branch has a rating, or the units cannot serve the load whatever the lines carry.
    RangeError, UnknownNameError
        Options out of range, a bus the case does not have.

    Notes
    -----
    A linear programme with a row for every (branch, outage) pair; see `redispatch_simplex` for the search and
    `redispatch_screen` for why no pair is missed. Losses of the filed state stay where the slack shares put them, so that
    no new load and the filed dispatch is exactly the state of `load_hosting_capacity`. What the dispatch gives beyond the
    load counts as losses up to 5 % of it; more, or less than the load, is a dispatch that does not fit, and the units
    then serve the load as it is.

    Examples
    --------
    Units of 300 and 100 MW at two corners of a triangle of equal lines of 100 MW, 50 MW of load at the third:
    with all lines in service the third corner takes 150 MW more, with any one lost 50 MW.

    >>> from taotie.grid.case.case import Case
    >>> three = Case("three", 100.0,
    ...     bus=[[1, 3, 0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, .9], [2, 2, 0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, .9],
    ...          [3, 1, 50, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, .9]],
    ...     gen=[[1, 50, 0, 0, 0, 1, 100, 1, 300, 0], [2, 0, 0, 0, 0, 1, 100, 1, 100, 0]],
    ...     branch=[[1, 2, 0, .1, 0, 100, 0, 0, 0, 0, 1], [1, 3, 0, .1, 0, 100, 0, 0, 0, 0, 1],
    ...             [2, 3, 0, .1, 0, 100, 0, 0, 0, 0, 1]])
    >>> for lost in ([], None):
    ...     print(redispatched_capacity(three, [3], outages=lost).capacity_mw.round(6)[2])
    150.0
    50.0
    """
    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    require_ratings(case)
    asked = np.ones(case.n_bus, bool)
    if buses is not None:
        asked[:] = False
        asked[case.rows_of_bus(buses)] = True
    mask, n_thread = outage_mask(case, outages), thread_count(n_threads)
    n = case.n_bus
    x, bound, loading, short = (np.full(n, np.nan) for _column in range(4))
    branch, outage, held = (np.full(n, -1, np.int64) for _column in range(3))
    held[:] = 0
    infeasible = np.zeros(n, bool)
    x[model.dead_bus & asked] = bound[model.dead_bus & asked] = 0.0
    loading[model.dead_bus & asked] = 0.0
    seconds = {"factors": 0.0, "search": 0.0, "processor": 0.0}
    work = {"steps": 0, "screens": 0, "bases": 0}
    problems, widened, answers, places, slow, silent = [], [], [], [], [], []
    for island in model.islands:
        wall, processor = time.perf_counter(), time.process_time()
        problem = redispatch_problem(case, island, units_off, move, unit_outages, post_rating, mask)
        seconds["factors"] += time.perf_counter() - wall
        wall = time.perf_counter()
        here = asked[island.bus_row]
        nodes = np.unique(island.node_of_bus[here])
        found, stalled = _searched(problem, nodes, n_thread, work)
        wider = NOTHING_LOOSENED
        if (found.status == INFEASIBLE).any() or (found.x < -1e-6).any() or stalled.size:
            proved = (found.status == INFEASIBLE) & (found.shortfall > 1e-9) | (found.x < -1e-6)
            wider = least_loosening(case, problem)
            if not (wider.least or proved.any()):  # only a search that stalled: nothing to loosen
                wider = NOTHING_LOOSENED
            if wider.branch.size and loosen:
                problem = loosened(problem, wider)
                if wider.least:
                    found, stalled = _searched(problem, nodes, n_thread, work)
                else:  # thousands of pairs are full at the dispatch of the case: on from there
                    base = clear_dispatch(problem, wider.power_mw)
                    found = from_base(problem, base, nodes, work)
                    stalled = np.zeros(0, np.int64)
        place = np.full(island.n_node, -1, np.int64)
        place[nodes] = np.arange(len(nodes))
        for q in stalled.tolist():
            rows = island.bus_row[island.node_of_bus == nodes[q]]
            other = largest_load(problem, nodes[q : q + 1], time_limit_s=time_limit_s)
            if other.status == "time limit":
                silent += rows.tolist()
                found.x[q] = found.bound[q] = np.nan
                continue
            slow += rows.tolist()
            if other.status == "infeasible":
                found.status[q], found.x[q], found.bound[q] = INFEASIBLE, np.nan, np.nan
                continue
            found.status[q] = OPTIMAL
            found.x[q], found.bound[q] = other.load_mw[0], other.bound_mw
            found.loading[q], found.power[q] = other.loading, other.power_mw
            pair = other.binding[0] if other.binding else (-1, -1)
            found.pair[q] = (*pair, len(other.binding))
        of = place[island.node_of_bus]
        rows = island.bus_row[of >= 0]
        of = of[of >= 0]
        x[rows], bound[rows] = found.x[of], found.bound[of]
        loading[rows], short[rows] = found.loading[of], found.shortfall[of]
        held[rows] = np.maximum(found.pair[of, 2], 0)
        infeasible[rows] = found.status[of] == INFEASIBLE
        l, k = found.pair[of, 0], found.pair[of, 1]
        names = np.append(island.branch_row, -1)
        lost = np.where((k >= 0) & (k < island.n_branch), names[np.minimum(k, island.n_branch)], -1)
        if unit_outages:
            unit = np.array([u[0] for u in problem.units])
            tripped = k >= island.n_branch
            lost[tripped] = case.n_branch + unit[k[tripped] - island.n_branch]
        branch[rows] = names[l]
        outage[rows] = np.where(k < 0, branch[rows], lost)
        problems.append(problem)
        answers.append(found)
        places.append(place)
        widened.append(wider._replace(branch=island.branch_row[wider.branch]))
        seconds["search"] += time.perf_counter() - wall
        seconds["processor"] += time.process_time() - processor
    capacity = np.where(infeasible, 0.0, np.maximum(x, 0.0))
    return RedispatchedCapacity(
        case, capacity, x, bound, loading, branch, outage, held, infeasible, short,
        np.array(sorted(slow), np.int64), np.array(sorted(silent), np.int64), tuple(widened),
        tuple(problems), seconds, work, tuple(answers), tuple(places),
    )  # fmt: skip


def _searched(
    problem: RedispatchProblem, nodes: IntArray, n_thread: int, work: dict[str, int]
) -> tuple[Found, IntArray]:
    """Every node by the own search, neighbours one after the other; also places of those without a proven answer."""
    island = problem.island
    link = sp.csr_matrix(
        (np.ones(island.n_branch), (island.f, island.t)), (island.n_node, island.n_node)
    )
    order = np.asarray(
        reverse_cuthill_mckee(sp.csr_matrix(link + link.T), symmetric_mode=True), np.int64
    )
    order = order[np.isin(order, nodes)]
    found = new_found(len(nodes), problem.n_unit)
    problem.fill(nodes)
    parts = np.array_split(np.arange(len(order)), max(1, -(-len(order) // NODES_A_PART)))

    def at_every_node(basis: Basis, y: FloatArray) -> FloatArray:
        n, weight = basis.size[0], np.zeros(len(problem.room.fixed))
        np.add.at(weight, basis.l[1:n], y[1:n])
        lost = basis.k[1:n] >= 0
        np.add.at(weight, basis.k[1:n][lost], (y[1:n] * basis.v[1:n])[lost])
        return np.asarray(-y[0] - problem.at_every_node(weight[: problem.n_branch]))

    def search(part: IntArray) -> IntArray:
        own = new_found(len(part), problem.n_unit)
        n_store = min(N_STORE, len(part) + 2)
        pad = new_work(problem.n_unit, problem.room.fixed)
        sweep_nodes(
            order[part], problem.net, problem.room, problem.lists, new_basis(problem.n_unit),
            new_pool(problem.n_unit, len(problem.room.fixed)), pad,
            new_store(n_store, problem.n_unit, island.n_node), TOLERANCE, MAX_STEPS, own, at_every_node, problem.fill,
        )  # fmt: skip
        to = np.searchsorted(nodes, order[part])
        for mine, all_of in zip(own, found, strict=True):
            all_of[to] = mine
        return pad.counts

    if n_thread <= 1 or len(parts) == 1:
        counts = [search(part) for part in parts]
    else:
        with ThreadPoolExecutor(n_thread) as pool:
            counts = list(pool.map(search, parts))
    for count in counts:
        for name, at in (("steps", 0), ("screens", 1), ("bases", 3)):
            work[name] += int(count[at])
    proven = np.where(
        found.status == OPTIMAL,
        np.abs(found.bound - found.x) <= 1e-6 * np.maximum(1.0, 1e-3 * np.abs(found.x)),
        (found.status == INFEASIBLE) & (found.shortfall > 1e-9),
    )
    return found, np.flatnonzero(~proven)


def searched_nodes(problem: RedispatchProblem, nodes: IntArray) -> Found:
    """The largest loads at some nodes of an island under the ratings of `problem`: own search only, rows as `nodes`."""
    return _searched(problem, nodes, 1, {"steps": 0, "screens": 0, "bases": 0})[0]


class SeveralRedispatched(NamedTuple):
    """The largest total over chosen buses with units told anew what to give.

    Parameters
    ----------
    load_mw : ndarray, shape (n_site,)
        One best way of sharing it. [MW]
    total_mw, bound_mw : float
        Answer, and what no dispatch and no sharing beats. [MW]
    binding : tuple of (branch, outage)
        Rows of the branch table, heaviest first; outage equal to branch for the intact grid.
    power_mw : ndarray, shape (n_gen,)
        [MW]
    loading : float
        Worst of all pairs. [1]
    loosening : tuple of Loosening
    """

    load_mw: FloatArray
    total_mw: float
    bound_mw: float
    binding: tuple[tuple[int, int], ...]
    power_mw: FloatArray
    loading: float
    loosening: tuple[Loosening, ...]


def redispatched_sites(
    case: Case | DcModel,
    buses: Sequence[int],
    most_mw: ArrayLike | None = None,
    units_off: bool = False,
    move: float | None = None,
    post_rating: str | float = "A",
    outages: ArrayLike | None = None,
    time_limit_s: float = 300.0,
) -> SeveralRedispatched:
    """Largest total load at several buses at once, N-1, hard limits, every unit free to move.

    Parameters
    ----------
    buses : sequence of int
        Bus numbers as in the file; they may lie in several islands.
    most_mw : array_like, shape (n_site,), optional
        Largest load wanted at each. [MW]
    units_off, move, post_rating, outages
        As in `redispatched_capacity`.

    Raises
    ------
    CaseError
        No answer within `time_limit_s`.
    """
    from taotie.errors import CaseError
    from taotie.words.language import _

    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    require_ratings(case)
    rows = case.rows_of_bus(list(buses))
    most = np.full(len(rows), np.inf) if most_mw is None else np.asarray(most_mw, float)
    load, power = np.zeros(len(rows)), case.gen[:, 1].copy()
    bound, loading = 0.0, 0.0
    binding: list[tuple[int, int]] = []
    wider = []
    for island in model.islands:
        mine = np.flatnonzero(np.isin(rows, island.bus_row))
        if not mine.size:
            continue
        problem = redispatch_problem(
            case, island, units_off, move, False, post_rating, outage_mask(case, outages)
        )
        place = np.full(case.n_bus, -1)
        place[island.bus_row] = island.node_of_bus
        args = (place[rows[mine]], np.zeros(len(mine)), most[mine], time_limit_s)
        found = largest_load(problem, *args)
        if found.status == "infeasible":
            loose = least_loosening(case, problem)
            wider.append(loose._replace(branch=island.branch_row[loose.branch]))
            problem = loosened(problem, loose)
            found = largest_load(problem, *args)
        if found.status != "optimal":
            raise CaseError(
                _("{case}: no answer for {n} sites within {s:.0f} s ({status}).").format(
                    case=case.name, n=len(mine), s=time_limit_s, status=found.status
                )
            )
        load[mine] = found.load_mw
        bound, loading = bound + found.bound_mw, max(loading, found.loading)
        unit_mw = problem.unit_power_mw(case, found.power_mw)
        for units in problem.units:
            power[units] = unit_mw[units]
        row = island.branch_row
        binding += [(int(row[l]), int(row[l if k < 0 else k])) for l, k in found.binding]
    return SeveralRedispatched(
        load, float(load.sum()), bound, tuple(binding), power, loading, tuple(wider)
    )


def redispatch_cost_usd_per_mwh(
    capacity: RedispatchedCapacity, bus: int, shares: Sequence[float] = (0.5, 0.95)
) -> FloatArray:
    """What a MWh of the new load costs in a secure dispatch beyond the energy itself, at shares of the capacity.

    Parameters
    ----------
    bus : int
        Bus number as in the file.
    shares : sequence of float
        Of its capacity. [1]

    Returns
    -------
    cost : ndarray, shape (n_share,)
        NaN where the case has no costs, the bus takes nothing, or no secure dispatch exists. [USD/MWh]

    Notes
    -----
    Least secure cost with the load less that without it, minus the same difference as if lines had no limits; over
    the load. Negative where the load relieves a line. Unit costs in pieces of constant slope; no start-up.
    """
    case, row = capacity.case, int(capacity.case.rows_of_bus([bus])[0])
    i, at, node = capacity._at(row)
    out = np.full(len(shares), np.nan)
    x = capacity.capacity_mw[row]
    if at < 0 or not len(case.gencost) or not x > 0:
        return out
    cost = secure_cost(case, capacity.problems[i])
    base, free = cost(-1, 0.0, True).usd_per_h, cost(-1, 0.0, False).usd_per_h
    for s, share in enumerate(shares):
        mw = share * x
        out[s] = (
            (cost(node, mw, True).usd_per_h - base) - (cost(node, mw, False).usd_per_h - free)
        ) / mw
    return out
