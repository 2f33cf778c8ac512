"""How many MW of new load can each bus take? Exact, every bus, with any one branch lost (N-1). In MW.

Three treatments are always given together, since grids are rarely clean before anything is added:

- *strict*: a (branch, outage) pair already over its rating allows no worsening; the answer is then 0.
- *margin*: every pair may be used for at least 5 % of its rating, also one that is already worn.
- *cutoff*: pairs whose post-outage factor is below 5 % are not looked at, as in practice [1]_.

DC, thermal, rating A in all states, fixed slack shares, one load at a time. What that leaves out is
in `LIMITS` and belongs beside every number.

References
----------
.. [1] Distribution-factor cutoffs of MISO 20 % (10 % for some areas) and about 3-5 % in PJM are in
   use; 5 % is this project's choice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph as csgraph
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, RangeError
from taotie.grid import capacity_search as search
from taotie.grid.case import Case
from taotie.grid.contingency import SINGULAR, Bridges, bridges
from taotie.grid.dc_power_flow import DcModel, Island, dc_model, factorize
from taotie.language import _

__all__ = [
    "CAP_MW",
    "TREATMENTS",
    "Binding",
    "BusHostingCapacity",
    "HostingCapacity",
    "HostingCapacityByTreatment",
    "Treatment",
    "hosting_capacity_at_bus",
    "hosting_capacity_limits",
    "load_hosting_capacity",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
CAP_MW = search.CAP_MW
T = TypeVar("T")


class Treatment(NamedTuple):
    """How pairs that are already worn are looked at.

    Parameters
    ----------
    name : str
    floor : float
        Share of a rating every pair may at least be used for. [1]
    cutoff : float
        Factors below this are not looked at. [1]
    """

    name: str
    floor: float
    cutoff: float


TREATMENTS = (
    Treatment("strict", 0.0, 0.0),
    Treatment("margin", 0.05, 0.0),
    Treatment("cutoff", 0.0, 0.05),
)


class Binding(NamedTuple):
    """What limits a bus: rows of the branch table; -1 at the cap, equal for the intact grid."""

    branch: int
    outage: int


@dataclass(frozen=True)
class HostingCapacity:
    """Load each bus can take under one treatment.

    Parameters
    ----------
    treatment : Treatment
    n0_mw : ndarray, shape (n_bus,)
        With all branches in service. [MW]
    load_hosting_capacity_mw : ndarray, shape (n_bus,)
        With any one branch lost as well. [MW]
    binding_branch, binding_outage : ndarray, shape (n_bus,)
        Rows of the branch table; outage equal to branch means the intact grid, -1 the cap.
    n1_supply : ndarray of bool, shape (n_bus,)
        False where one outage cuts the bus off: the figure is then a credit on the intact bridge.
    """

    treatment: Treatment
    n0_mw: FloatArray
    load_hosting_capacity_mw: FloatArray
    binding_branch: IntArray
    binding_outage: IntArray
    n1_supply: NDArray[np.bool_]

    def share_of_buses(self, load_mw: float) -> float:
        """Share of buses that take a load of this size. [1]"""
        return float((self.load_hosting_capacity_mw >= load_mw).mean())


@dataclass(frozen=True)
class HostingCapacityByTreatment:
    """All buses of a case, all treatments.

    Parameters
    ----------
    case : Case
    by_treatment : dict of str to HostingCapacity
    dead_bus : ndarray of bool, shape (n_bus,)
        Buses no running unit reaches; they take 0 MW.
    bridge_branch : ndarray
        Rows of branches whose loss splits the grid: never an outage here.
    singular_outage : ndarray
        Rows of branches that no bridge test names but whose outage has no finite factor.
    pairs_over, worst_loading : int, float
        Pairs above their rating before anything is added, and the worst loading. [1]
    spare_generation_mw : float
        Pmax of running units less load. [MW]
    seconds : dict
        Wall time: `ptdf_lodf` (factors, limits of the intact grid), `capacity` (outages). [s]
    limits : tuple of str
        What the method leaves out, and what is odd about the case.
    work : dict
        How many pairs the search looked at, per block of 16 nodes.
    """

    case: Case
    by_treatment: Mapping[str, HostingCapacity]
    dead_bus: NDArray[np.bool_]
    bridge_branch: IntArray
    singular_outage: IntArray
    pairs_over: int
    worst_loading: float
    worst_pair: Binding
    spare_generation_mw: float
    seconds: Mapping[str, float]
    limits: tuple[str, ...]
    work: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> HostingCapacity:
        return self.by_treatment[name]

    @property
    def strict(self) -> HostingCapacity:
        return self.by_treatment["strict"]

    @property
    def margin(self) -> HostingCapacity:
        return self.by_treatment["margin"]

    @property
    def cutoff(self) -> HostingCapacity:
        return self.by_treatment["cutoff"]

    @property
    def n1_supply(self) -> NDArray[np.bool_]:
        return next(iter(self.by_treatment.values())).n1_supply


@dataclass(frozen=True)
class BusHostingCapacity:
    """One bus, all treatments.

    Parameters
    ----------
    case_name : str
    bus : int
        Bus number as in the file.
    bus_label : str
        Number and name.
    n0_mw, n1_mw : dict of str to float
        By treatment: all branches in service; any one lost. [MW]
    binding : dict of str to Binding
        What limits `n1_mw`.
    binding_label : dict of str to str
        The same in words.
    n1_supply : bool
        False where one outage cuts the bus off.
    spare_generation_mw : float
        Pmax of running units less load. [MW]
    limits : tuple of str
    """

    case_name: str
    bus: int
    bus_label: str
    n0_mw: Mapping[str, float]
    n1_mw: Mapping[str, float]
    binding: Mapping[str, Binding]
    binding_label: Mapping[str, str]
    n1_supply: bool
    spare_generation_mw: float
    limits: tuple[str, ...]


def hosting_capacity_limits(case: Case, n_bridge: int | None = None) -> tuple[str, ...]:
    """What must stand beside every number: the method's limits, then the case's oddities."""
    texts = [
        _(
            "DC and thermal only, rating A in all states: no voltage, stability, short circuit or protection"
        ),
        _(
            "fixed slack shares (running units by Pmax): no redispatch, and no unit is held to its Pmax"
        ),
        _(
            "spare generation is {mw:.0f} MW: more load than that needs new units, whatever the lines carry"
        ).format(mw=case.spare_generation_mw),
        _("one load at a time, up to {cap:.0f} MW: figures of several buses do not add up").format(
            cap=CAP_MW
        ),
        _("one moment of one grid, as dispatched in the case file"),
    ]
    if n_bridge:
        texts.append(
            _(
                "{n} branches are bridges: their loss cuts buses off and is not an outage here (n1_supply tells which buses)"
            ).format(n=n_bridge)
        )
    return tuple(texts + [note.text for note in case.notes])


# ---- the core: the island with its bridges contracted ----------------------------------------


@dataclass(frozen=True)
class _Core:
    """All nodes joined by bridges are one node: their load moves the same MW on all other branches."""

    group: IntArray
    branch: IntArray
    f: IntArray
    t: IntArray
    y: FloatArray
    flow: FloatArray
    rating: FloatArray
    offset: FloatArray
    put: IntArray
    get: IntArray
    solver: tuple[Any, ...]
    order: IntArray

    @property
    def n(self) -> int:
        return len(self.put)

    @property
    def f_at(self) -> IntArray:
        return self.get[self.f]

    @property
    def t_at(self) -> IntArray:
        return self.get[self.t]


def _core(island: Island, b: Bridges, flow: FloatArray) -> _Core:
    bridge = np.flatnonzero(b.is_bridge)
    n = island.n_node
    graph = sp.csr_matrix((np.ones(bridge.size), (island.f[bridge], island.t[bridge])), (n, n))
    n_core, group = csgraph.connected_components(graph, directed=False)
    group = group.astype(np.int64)
    branch = np.flatnonzero(~b.is_bridge)
    f, t, y = group[island.f[branch]], group[island.t[branch]], island.y[branch]
    put, get = np.full(n_core, -1, np.int64), np.full(n_core, n_core - 1, np.int64)
    slack = np.bincount(group, island.slack, minlength=n_core)
    offset, order = np.zeros(len(branch)), np.arange(n_core)
    empty = (np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0))
    solver: tuple[Any, ...] = (*empty, *empty, np.zeros(0))
    if n_core > 1:
        lu = factorize(f, t, y, n_core)
        put[1:], get[1:] = lu.perm_r, lu.perm_c
        # neighbours in the factors side by side: branches are read in this order again and again
        near_first = np.lexsort((np.maximum(get[f], get[t]), np.minimum(get[f], get[t])))
        branch, f, t, y = branch[near_first], f[near_first], t[near_first], y[near_first]
        potential = np.zeros(n_core)
        potential[1:] = lu.solve(slack[1:])
        offset = y * (potential[f] - potential[t])
        solver = _triangles(lu)
        near = sp.csr_matrix((np.ones(len(f)), (f, t)), (n_core, n_core))
        order = csgraph.reverse_cuthill_mckee(sp.csr_matrix(near + near.T), symmetric_mode=True)
    return _Core(
        group, branch, f, t, y, flow[branch], island.rating_mw[branch], offset, put, get, solver,
        np.asarray(order, np.int64),
    )  # fmt: skip


def _triangles(lu: Any) -> tuple[Any, ...]:
    """L by columns without its unit diagonal; U by rows, its diagonal inverted."""
    lower, upper = sp.tril(lu.L, -1).tocsc(), lu.U.tocsr()
    inverse = 1 / upper.diagonal()
    upper = sp.triu(upper, 1).tocsr()
    return (
        lower.indptr.astype(np.int64), lower.indices.astype(np.int32), lower.data,
        upper.indptr.astype(np.int64), upper.indices.astype(np.int32), upper.data, inverse,
    )  # fmt: skip


def _in_parallel(work: Callable[[int, int], T], n_block: int, n_thread: int) -> list[T]:
    """`work(first, last)` over ranges of blocks, results in order; the ranges do not depend on threads."""
    step = max(1, -(-n_block // 64))
    ranges = [(i, min(n_block, i + step)) for i in range(0, n_block, step)]
    if n_thread <= 1 or len(ranges) < 2:
        return [work(*r) for r in ranges]
    with ThreadPoolExecutor(n_thread) as pool:
        return list(pool.map(lambda r: work(*r), ranges))


def _threads(n_threads: int | None) -> int:
    if n_threads is None:
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    if n_threads < 1:
        raise RangeError(_("n_threads={n} is below 1.").format(n=n_threads))
    return n_threads


def _parameters(ways: Sequence[Treatment]) -> tuple[FloatArray, FloatArray]:
    floor = np.array([w.floor for w in ways])
    cutoff = np.maximum([w.cutoff for w in ways], search.NOISE)
    return floor, cutoff


def _inverse_margins(
    flow: FloatArray, rating: FloatArray, floor: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """1/MW a branch still takes in either direction in the intact grid, shape (treatment, branch)."""
    least = np.maximum(floor[:, None] * rating, search.TINY_MW)
    with np.errstate(invalid="ignore"):
        return 1 / np.maximum(rating - flow, least), -1 / np.maximum(rating + flow, least)


def _bridge_limits(
    island: Island, b: Bridges, flow: FloatArray, floor: FloatArray, cutoff: FloatArray
) -> tuple[FloatArray, IntArray]:
    """1/MW and branch by which bridges limit each node, shape (treatment, node)."""
    n, n_way = island.n_node, len(floor)
    r, which = np.zeros((n_way, n)), np.full((n_way, n), -1, np.int64)
    rows = np.flatnonzero(b.is_bridge & np.isfinite(island.rating_mw))
    if not rows.size:
        return r, which
    below = b.below[rows]
    walked = np.concatenate([[0.0], np.cumsum(island.slack[b.order])])
    start, end = b.entered[below], b.entered[below] + b.size[below]
    share = walked[end] - walked[start]
    inward = np.where(island.t[rows] == below, 1.0, -1.0)
    bridge_of = np.full(n, -1, np.int64)
    bridge_of[below] = np.arange(rows.size)
    end_of = b.entered + b.size
    up, down = _inverse_margins(flow[rows], island.rating_mw[rows], floor)
    for w in range(n_way):
        side = []
        for a in (inward * (1 - share), -inward * share):
            z = np.maximum(a * up[w], a * down[w])
            side.append(np.where(np.abs(a) >= cutoff[w], z, 0.0))
        ranked = np.argsort(-side[1], kind="stable")
        ranked = ranked[side[1][ranked] > 0]
        search.bridge_pass(b.order, end_of, bridge_of, side[0], side[1], ranked, r[w], which[w])
    which[which >= 0] = rows[which[which >= 0]]
    return r, which


# ---- the search ------------------------------------------------------------------------------


class _IslandAnswer(NamedTuple):
    """Per treatment and node: 1/MW and local branch rows."""

    r_intact: FloatArray
    r: FloatArray
    branch: IntArray
    outage: IntArray
    main: NDArray[np.bool_]
    bridge: IntArray
    singular: IntArray
    pairs_over: int
    worst: float
    worst_pair: tuple[int, int]
    visits: IntArray
    sensitivity_s: float


def _allowed(core: _Core, island: Island, outages: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    if outages is None:
        return np.ones(len(core.branch), bool)
    return outages[island.branch_row[core.branch]]


def _search_island(
    island: Island,
    ways: Sequence[Treatment],
    outages: NDArray[np.bool_] | None,
    n_thread: int,
) -> _IslandAnswer:
    tic, sensitivity_s = time.perf_counter(), 0.0
    floor, cutoff = _parameters(ways)
    n_way = len(ways)
    b, flow = bridges(island), island.flow_mw()
    r_bridge, at_bridge = _bridge_limits(island, b, flow, floor, cutoff)
    core = _core(island, b, flow)
    m, n = len(core.branch), core.n
    rated = np.flatnonzero(np.isfinite(core.rating))
    # a bound that holds for every bus of a group: the loosest of their bridges, and the cap
    r_start = np.full((n_way, n), np.inf)
    for w in range(n_way):
        np.minimum.at(r_start[w], core.group, r_bridge[w])
    r_start = np.maximum(r_start, 1 / search.CAP_MW)

    up, down = _inverse_margins(
        core.flow, np.where(np.isfinite(core.rating), core.rating, 1e18), floor
    )
    adjacent = np.argsort(core.f, kind="stable")
    adjacent_start = np.searchsorted(core.f[adjacent], np.arange(n + 1))
    r_core, pair = np.empty((n_way, n)), np.empty((n_way, n), np.int64)
    own, across = np.zeros(n), np.zeros(m)
    n_block = -(-n // search.LANES)
    f_at, t_at = core.f_at, core.t_at

    def intact(first: int, last: int) -> FloatArray:
        bound: FloatArray = search.intact_pass(
            first, last, core.order, core.solver, core.y, core.offset, f_at, t_at, core.put,
            core.get, adjacent_start, adjacent, core.flow, up, down, cutoff, rated, r_start,
            r_core, pair, own, across,
        )  # fmt: skip
        return bound

    bound, swing = (
        np.max(_in_parallel(intact, n_block, n_thread), axis=0) if m else np.zeros((2, 0))
    )
    if not m:
        r_core[:], pair[:] = r_start, -1
    r_intact = np.maximum(r_core[:, core.group], r_bridge)
    branch = outage = pair
    r_all, over, worst, worst_pair = r_core, 0, 0.0, (-1, -1)
    visits = np.zeros(3, np.int64)
    singular = np.zeros(0, np.int64)
    if m and rated.size:
        denominator = 1 - core.y * (own[core.f] + own[core.t] - 2 * across)
        lost = np.abs(denominator) < SINGULAR
        singular = core.branch[lost]
        usable = ~lost & _allowed(core, island, outages)
        inverse = np.where(usable, 1 / np.where(lost, 1.0, denominator), 0.0)
        put_f, put_t = core.put[core.f], core.put[core.t]
        stats, best = np.zeros((rated.size, 2)), np.zeros(rated.size, np.int64)
        stats[:, 1] = np.abs(core.flow[rated]) / core.rating[rated]
        count = np.zeros(rated.size, np.int64)

        def rows(first: int, last: int) -> tuple[IntArray, FloatArray]:
            which, value = search.candidate_rows(
                first, last, rated, core.solver, core.y, f_at, t_at, put_f, put_t, inverse, bound,
                swing, core.rating, core.flow, n, count, stats, best,
            )  # fmt: skip
            return which, value

        parts = _in_parallel(rows, -(-rated.size // search.LANES), n_thread)
        which = np.concatenate([p[0] for p in parts])
        value = np.concatenate([p[1] for p in parts], axis=1)
        del parts
        start = np.concatenate([[0], np.cumsum(count)])
        r_all = np.empty_like(r_core)
        branch, outage = np.empty_like(pair), np.empty_like(pair)

        def lose(first: int, last: int) -> IntArray:
            seen = np.zeros(3, np.int64)
            search.outage_pass(
                first, last, core.order, core.solver, core.y, core.offset, f_at, t_at, core.put,
                put_f, put_t, inverse, core.flow, core.rating, floor, cutoff, rated, bound, start,
                which, value, r_core, pair, r_all, branch, outage, seen,
            )  # fmt: skip
            return seen

        sensitivity_s = time.perf_counter() - tic
        visits = np.sum(_in_parallel(lose, n_block, n_thread), axis=0)
        over = int(stats[:, 0].sum())
        i = int(stats[:, 1].argmax())
        worst = float(stats[i, 1])
        row = int(core.branch[rated[i]])
        worst_pair = (row, row if best[i] < 0 else int(core.branch[best[i]]))
    bridge_load = np.abs(flow) / island.rating_mw
    bridge_load[~b.is_bridge] = 0.0
    over += int((bridge_load > 1 + 1e-9).sum())
    if len(bridge_load) and bridge_load.max() > worst:
        i = int(bridge_load.argmax())
        worst, worst_pair = float(bridge_load[i]), (i, i)
    over += int((np.abs(core.flow[rated]) > core.rating[rated] * (1 + 1e-9)).sum())

    # from groups to nodes: a node's own bridges may bind before the core does
    r_node = np.maximum(r_all[:, core.group], r_bridge)
    by_bridge = r_bridge >= r_all[:, core.group]
    row_of = np.append(core.branch, -1)  # -1 stays -1
    core_branch = row_of[branch[:, core.group]]
    core_outage = row_of[outage[:, core.group]]
    return _IslandAnswer(
        r_intact, r_node,
        np.where(by_bridge, at_bridge, core_branch), np.where(by_bridge, at_bridge, core_outage),
        b.main, np.flatnonzero(b.is_bridge), singular, over, worst, worst_pair, visits,
        sensitivity_s,
    )  # fmt: skip


def _mw(r: FloatArray) -> FloatArray:
    """Back to MW; less than a watt is 0."""
    x: FloatArray = 1 / r
    return np.where(x < search.ZERO_MW, 0.0, x)


def load_hosting_capacity(
    case: Case | DcModel,
    treatments: Sequence[Treatment] = TREATMENTS,
    outages: ArrayLike | None = None,
    n_threads: int | None = None,
) -> HostingCapacityByTreatment:
    """Largest extra load of every bus such that no rating is passed, with any one branch lost.

    Parameters
    ----------
    case : Case or DcModel
    treatments : sequence of Treatment
        How worn pairs are looked at.
    outages : array_like of int, optional
        Rows of the branch table that may be lost; by default all. Bridges never count.
    n_threads : int, optional
        Threads; the result does not depend on it.

    Returns
    -------
    capacity : HostingCapacityByTreatment

    Raises
    ------
    CaseError
        No branch has a rating, or the DC equations have no solution.

    Notes
    -----
    ``x_b = min over l, k of margin_lk / |a_l(b) + LODF_lk a_k(b)|``; exact, see `capacity_search` for
    the proof of what is skipped.

    Examples
    --------
    The 24-bus reliability test system, as it is and with one branch lost; regression values of this
    project, equal to a loop over every pair:

    >>> from taotie.grid.case import read_case
    >>> capacity = load_hosting_capacity(read_case("case24_ieee_rts"))
    >>> half_of_buses = [np.median(x) for x in (capacity.strict.n0_mw, capacity.strict.load_hosting_capacity_mw)]
    >>> [round(float(mw), 1) for mw in half_of_buses]
    [662.7, 112.9]
    """
    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    _require_ratings(case)
    n_thread, n_way = _threads(n_threads), len(treatments)
    allowed = _outage_mask(case, outages)
    tic = time.perf_counter()
    x0, x1 = np.zeros((n_way, case.n_bus)), np.zeros((n_way, case.n_bus))
    branch = np.full((n_way, case.n_bus), -1, np.int64)
    outage = np.full((n_way, case.n_bus), -1, np.int64)
    supply = np.zeros(case.n_bus, bool)
    bridge, singular, over, worst, worst_pair = [], [], 0, 0.0, Binding(-1, -1)
    visits, sensitivity_s = np.zeros(3, np.int64), 0.0
    for island in model.islands:
        answer = _search_island(island, treatments, allowed, n_thread)
        rows, node = island.bus_row, island.node_of_bus
        x0[:, rows], x1[:, rows] = _mw(answer.r_intact)[:, node], _mw(answer.r)[:, node]
        row_of = np.append(island.branch_row, -1)
        branch[:, rows] = row_of[answer.branch][:, node]
        outage[:, rows] = row_of[answer.outage][:, node]
        supply[rows] = answer.main[node]
        bridge.append(island.branch_row[answer.bridge])
        singular.append(island.branch_row[answer.singular])
        over, visits = over + answer.pairs_over, visits + answer.visits
        sensitivity_s += answer.sensitivity_s
        if answer.worst > worst:
            worst, pair = answer.worst, answer.worst_pair
            worst_pair = Binding(int(row_of[pair[0]]), int(row_of[pair[1]]))
    dead = model.dead_bus
    x0[:, dead] = x1[:, dead] = 0.0
    branch[:, dead] = outage[:, dead] = -1
    bridge_rows = np.sort(np.concatenate(bridge))
    return HostingCapacityByTreatment(
        case=case,
        by_treatment={
            way.name: HostingCapacity(way, x0[w], x1[w], branch[w], outage[w], supply)
            for w, way in enumerate(treatments)
        },
        dead_bus=dead,
        bridge_branch=bridge_rows,
        singular_outage=np.sort(np.concatenate(singular)),
        pairs_over=over,
        worst_loading=worst,
        worst_pair=worst_pair,
        spare_generation_mw=case.spare_generation_mw,
        seconds={
            "ptdf_lodf": sensitivity_s,
            "capacity": time.perf_counter() - tic - sensitivity_s,
        },
        limits=hosting_capacity_limits(case, len(bridge_rows)),
        work=dict(
            zip(("pairs_evaluated", "pairs_listed", "rows_scanned"), visits.tolist(), strict=True)
        ),
    )


def _require_ratings(case: Case) -> None:
    if not np.isfinite(case.rate_a_mw[case.branch_on]).any():
        raise CaseError(
            _("no branch of {case} has a rating, so nothing limits a load.").format(case=case.name),
            _(
                "take a case with ratings, such as RTS_GMLC, case39 or ACTIVSg2000, or set them with case.with_ratings(rate_a_mw)."
            ),
        )


def _outage_mask(case: Case, outages: ArrayLike | None) -> NDArray[np.bool_] | None:
    if outages is None:
        return None
    rows = np.asarray(outages, np.int64)
    if rows.size and (rows.min() < 0 or rows.max() >= case.n_branch):
        raise RangeError(
            _("outages name branch row {row}; {case} has rows 0 to {last}.").format(
                row=int(rows.max() if rows.max() >= case.n_branch else rows.min()),
                case=case.name,
                last=case.n_branch - 1,
            )
        )
    mask = np.zeros(case.n_branch, bool)
    mask[rows] = True
    return mask


# ---- one bus, or a few -----------------------------------------------------------------------


def _chosen(
    island: Island,
    nodes: IntArray,
    ways: Sequence[Treatment],
    outages: NDArray[np.bool_] | None,
    n_thread: int,
    skip: bool = True,
) -> tuple[FloatArray, FloatArray, IntArray, IntArray, NDArray[np.bool_], int]:
    """1/MW intact and N-1, local rows of branch and outage, for a few nodes of an island.

    With `skip` false every pair is evaluated, also those whose flow bound rules them out.
    """
    floor, cutoff = _parameters(ways)
    n_way = len(ways)
    b, flow = bridges(island), island.flow_mw()
    r_bridge, at_bridge = _bridge_limits(island, b, flow, floor, cutoff)
    core = _core(island, b, flow)
    rated = np.flatnonzero(np.isfinite(core.rating))
    r = np.maximum(r_bridge[:, nodes], 1 / search.CAP_MW)
    branch = np.where(r_bridge[:, nodes] >= 1 / search.CAP_MW, at_bridge[:, nodes], -1)
    if not (len(core.branch) and rated.size):
        return r, r, branch, branch.copy(), b.main[nodes], int(b.is_bridge.sum())
    a = np.empty((len(core.branch), len(nodes)))
    work, lanes = np.zeros((core.n + 1, search.LANES)), np.empty((len(core.branch), search.LANES))
    for i in range(0, len(nodes), search.LANES):
        part = core.group[nodes[i : i + search.LANES]]
        search.responses(
            core.solver, core.y, core.offset, core.f_at, core.t_at, core.put, part, work, lanes
        )
        a[:, i : i + len(part)] = lanes[:, : len(part)]
    up, down = _inverse_margins(core.flow[rated], core.rating[rated], floor)
    for w in range(n_way):
        z = np.maximum(a[rated] * up[w][:, None], a[rated] * down[w][:, None])
        z = np.where(np.abs(a[rated]) >= cutoff[w], z, 0.0)
        at = z.argmax(axis=0)
        top = z[at, np.arange(len(nodes))]
        branch[w] = np.where(top > r[w], core.branch[rated[at]], branch[w])
        r[w] = np.maximum(r[w], top)
    outage, r_intact = branch.copy(), r.copy()
    x = 1 / r.min(axis=0)
    bound = np.maximum(np.abs(core.flow), np.abs(core.flow[:, None] + a * x).max(axis=1))
    bound = bound if skip else np.full_like(bound, np.inf)
    allowed = np.flatnonzero(_allowed(core, island, outages))
    put_f, put_t = core.put[core.f], core.put[core.t]
    f_at, t_at = core.f_at, core.t_at

    def lose(first: int, last: int) -> tuple[FloatArray, IntArray, IntArray]:
        own = r.copy()
        at_branch, at_outage = np.full(r.shape, -1, np.int64), np.full(r.shape, -1, np.int64)
        search.chosen_pass(
            first, last, core.solver, core.y, f_at, t_at, put_f, put_t, core.flow, core.rating,
            floor, cutoff, rated, allowed, a, bound, core.n, own, at_branch, at_outage,
        )  # fmt: skip
        return own, at_branch, at_outage

    r_n1 = r.copy()
    for own, at_branch, at_outage in _in_parallel(lose, -(-len(allowed) // search.LANES), n_thread):
        better = own > r_n1
        branch = np.where(better, core.branch[at_branch], branch)
        outage = np.where(better, core.branch[at_outage], outage)
        r_n1 = np.where(better, own, r_n1)
    return r_intact, r_n1, branch, outage, b.main[nodes], int(b.is_bridge.sum())


def hosting_capacity_at_bus(
    case: Case | DcModel,
    bus: int,
    treatments: Sequence[Treatment] = TREATMENTS,
    outages: ArrayLike | None = None,
    n_threads: int | None = None,
) -> BusHostingCapacity:
    """Largest extra load of one bus, by the plain loop over every pair; cheap for one bus.

    Parameters
    ----------
    case : Case or DcModel
    bus : int
        Bus number as in the file.
    treatments, outages, n_threads
        As in `load_hosting_capacity`.

    Returns
    -------
    capacity : BusHostingCapacity

    Raises
    ------
    UnknownNameError
        The case has no such bus.
    CaseError
        No branch has a rating.

    Examples
    --------
    Between two buses joined by two lines of 100 MW, load at the far one: 200 MW with both, 100 MW
    with either lost.

    >>> from taotie.grid.case import Case
    >>> two = Case("two", 100.0,
    ...     bus=[[1, 3, 0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, .9], [2, 1, 0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, .9]],
    ...     gen=[[1, 0, 0, 0, 0, 1, 100, 1, 500, 0]],
    ...     branch=[[1, 2, 0, .1, 0, 100, 0, 0, 0, 0, 1], [1, 2, 0, .1, 0, 100, 0, 0, 0, 0, 1]])
    >>> found = hosting_capacity_at_bus(two, 2)
    >>> round(found.n0_mw["strict"], 6), round(found.n1_mw["strict"], 6), found.binding_label["strict"]
    (200.0, 100.0, '1-2 #2 when 1-2 #1 is lost')
    """
    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    _require_ratings(case)
    row = int(case.rows_of_bus([bus])[0])
    names = [way.name for way in treatments]
    label = case.bus_label(row)
    if model.dead_bus[row]:
        none = dict.fromkeys(names, 0.0)
        text = dict.fromkeys(names, _("no running unit reaches this bus"))
        cap = dict.fromkeys(names, Binding(-1, -1))
        return BusHostingCapacity(
            case.name, bus, label, none, none, cap, text, False, case.spare_generation_mw,
            hosting_capacity_limits(case),
        )  # fmt: skip
    island = next(i for i in model.islands if row in i.bus_row)
    node = island.node_of_bus[np.flatnonzero(island.bus_row == row)]
    r0, r1, branch, outage, main, n_bridge = _chosen(
        island, node, treatments, _outage_mask(case, outages), _threads(n_threads)
    )
    row_of = np.append(island.branch_row, -1)
    binding = {
        name: Binding(int(row_of[branch[w, 0]]), int(row_of[outage[w, 0]]))
        for w, name in enumerate(names)
    }
    return BusHostingCapacity(
        case_name=case.name,
        bus=bus,
        bus_label=label,
        n0_mw=dict(zip(names, _mw(r0)[:, 0].tolist(), strict=True)),
        n1_mw=dict(zip(names, _mw(r1)[:, 0].tolist(), strict=True)),
        binding=binding,
        binding_label={name: binding_label(case, pair) for name, pair in binding.items()},
        n1_supply=bool(main[0]),
        spare_generation_mw=case.spare_generation_mw,
        limits=hosting_capacity_limits(case, n_bridge),
    )


def binding_label(case: Case, pair: Binding) -> str:
    """What limits a bus, in words."""
    if pair.branch < 0:
        return _("the cap of {cap:.0f} MW").format(cap=CAP_MW)
    branch = case.branch_label(pair.branch)
    if pair.outage == pair.branch:
        return _("{branch} with all branches in service").format(branch=branch)
    return _("{branch} when {outage} is lost").format(
        branch=branch, outage=case.branch_label(pair.outage)
    )
