"""What does a load meet before any outage is looked at? The island with its bridges contracted. In MW.

A bridge's flow is fixed by what hangs behind it: no outage changes it, and all nodes joined by bridges
move the same MW on all other branches. So one node stands for all of them, and the bridges are
looked at by themselves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph as csgraph
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, RangeError
from taotie.grid.capacity import search
from taotie.grid.case.case import Case
from taotie.grid.flow.contingency import Bridges
from taotie.grid.flow.dc_power_flow import Island, factorize
from taotie.grid.flow.sparse_solve import places, triangles
from taotie.words.language import _

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
T = TypeVar("T")


class Treatment(NamedTuple):
    """How pairs that are already worn are looked at.

    Parameters
    ----------
    name : str
    floor : float
        Share of a rating every pair may at least be used for; not where a branch is over with all in service. [1]
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


@dataclass(frozen=True)
class Core:
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


def contracted(island: Island, b: Bridges, flow: FloatArray) -> Core:
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
        put, get = places(lu, n_core)
        # neighbours in the factors side by side: branches are read in this order again and again
        near_first = np.lexsort((np.maximum(get[f], get[t]), np.minimum(get[f], get[t])))
        branch, f, t, y = branch[near_first], f[near_first], t[near_first], y[near_first]
        potential = np.zeros(n_core)
        potential[1:] = lu.solve(slack[1:])
        offset = y * (potential[f] - potential[t])
        solver = triangles(lu)
        near = sp.csr_matrix((np.ones(len(f)), (f, t)), (n_core, n_core))
        order = csgraph.reverse_cuthill_mckee(sp.csr_matrix(near + near.T), symmetric_mode=True)
    return Core(
        group, branch, f, t, y, flow[branch], island.rating_mw[branch], offset, put, get, solver,
        np.asarray(order, np.int64),
    )  # fmt: skip


def in_parallel(work: Callable[[int, int], T], n_block: int, n_thread: int) -> list[T]:
    """`work(first, last)` over ranges of blocks, results in order; the ranges do not depend on threads."""
    step = max(1, -(-n_block // 64))
    ranges = [(i, min(n_block, i + step)) for i in range(0, n_block, step)]
    if n_thread <= 1 or len(ranges) < 2:
        return [work(*r) for r in ranges]
    with ThreadPoolExecutor(n_thread) as pool:
        return list(pool.map(lambda r: work(*r), ranges))


def thread_count(n_threads: int | None) -> int:
    if n_threads is None:
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    if n_threads < 1:
        raise RangeError(_("n_threads={n} is below 1.").format(n=n_threads))
    return n_threads


def parameters(ways: Sequence[Treatment]) -> tuple[FloatArray, FloatArray]:
    floor = np.array([w.floor for w in ways])
    cutoff = np.maximum([w.cutoff for w in ways], search.NOISE)
    return floor, cutoff


def inverse_margins(
    flow: FloatArray, rating: FloatArray, floor: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """1/MW a branch still takes in either direction in the intact grid, shape (treatment, branch).

    A branch that is over with everything in service takes nothing more, whatever the floor.
    """
    given = np.where(np.abs(flow) > rating * search.OVER, 0.0, rating)
    least = np.maximum(floor[:, None] * given, search.TINY_MW)
    with np.errstate(invalid="ignore"):
        return 1 / np.maximum(rating - flow, least), -1 / np.maximum(rating + flow, least)


def bridge_limits(
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
    up, down = inverse_margins(flow[rows], island.rating_mw[rows], floor)
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


def allowed_outages(
    core: Core, island: Island, outages: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    if outages is None:
        return np.ones(len(core.branch), bool)
    return outages[island.branch_row[core.branch]]


def capacity_mw(r: FloatArray) -> FloatArray:
    """Back to MW; less than a watt is 0."""
    x: FloatArray = 1 / r
    return np.where(x < search.ZERO_MW, 0.0, x)


def require_ratings(case: Case) -> None:
    if not case.branch_on.any():
        raise CaseError(
            _("no branch of {case} is in service, so no load is reached.").format(case=case.name),
            _("look at column 11 of branch: is every row as long as it should be?"),
        )
    if not np.isfinite(case.rate_a_mw[case.branch_on]).any():
        raise CaseError(
            _("no branch of {case} has a rating, so nothing limits a load.").format(case=case.name),
            _(
                "take a case with ratings, such as RTS_GMLC, case39 or ACTIVSg2000, or set them with case.with_ratings(rate_a_mw)."
            ),
        )


def outage_mask(case: Case, outages: ArrayLike | None) -> NDArray[np.bool_] | None:
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
