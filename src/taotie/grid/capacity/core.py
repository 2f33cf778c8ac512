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
from taotie.grid.capacity.parts import Parts, parts_of, steepest
from taotie.grid.case.case import Case
from taotie.grid.flow.contingency import Bridges
from taotie.grid.flow.dc_power_flow import Island, factorize
from taotie.grid.flow.elimination_tree import side_by_side
from taotie.grid.flow.sparse_solve import places, triangles
from taotie.words.language import _

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
T = TypeVar("T")
SMALL = 1.0  # of a rating: below it the bound of a swing does, the swing is not looked at
UNRATED_MW = 100.0  # stands for the rating of a branch without one, there alone


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
    potential: FloatArray
    parts: Parts
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
    symmetric = True
    offset, order, potential = np.zeros(len(branch)), np.arange(n_core), np.zeros(n_core)
    slack_at = np.zeros(max(n_core - 1, 0))
    empty = (np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0))
    solver: tuple[Any, ...] = (*empty, *empty, np.zeros(0))
    if n_core > 1:
        lu = factorize(f, t, y, n_core)
        solver, put, get = side_by_side(triangles(lu), *places(lu, n_core))
        # neighbours in the factors side by side: branches are read in this order again and again
        near_first = np.lexsort((np.maximum(get[f], get[t]), np.minimum(get[f], get[t])))
        branch, f, t, y = branch[near_first], f[near_first], t[near_first], y[near_first]
        potential[get[1:]] = lu.solve(slack[1:])
        offset = y * (potential[get[f]] - potential[get[t]])
        slack_at[put[1:]] = slack[1:]
        symmetric = bool((put[1:] == get[1:]).all())
        order = np.argsort(put, kind="stable")
    return Core(
        group, branch, f, t, y, flow[branch], island.rating_mw[branch], offset, potential,
        parts_of(solver, y, get[f], get[t], slack_at, symmetric), put, get, solver, np.asarray(order, np.int64),
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


def first_of_most(value: FloatArray) -> int:
    """Where the largest value stands, the first of those that tie."""
    return int((value >= value.max() * (1 - search.TIE)).argmax())


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


def small_swings(core: Core, rating: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of each part, the largest flow its edge and its slack shares move, over a swing that is called small.

    Which swings are small decides how much is looked at, never what is found: `intact_pass` keeps a bound of each.
    """
    scale = np.where(np.isfinite(rating), rating, np.maximum(np.abs(core.flow), UNRATED_MW))
    p = core.parts
    found: tuple[FloatArray, FloatArray] = steepest(
        p.start, p.branch, p.moved, p.drawn, SMALL * scale
    )
    return found


def close_margins(core: Core, up: FloatArray, down: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same over what each branch still takes in the intact grid, in the treatment that allows least."""
    p = core.parts
    margin = 1 / np.maximum(up, -down).max(axis=0)
    found: tuple[FloatArray, FloatArray] = steepest(p.start, p.branch, p.moved, p.drawn, margin)
    return found


def outage_pulls(core: Core, inverse: FloatArray, of: FloatArray) -> FloatArray:
    """Of each part, the largest |LODF| per unit of span on its edge and of `y`, times `of` the branch that is lost."""
    p = core.parts
    with np.errstate(divide="ignore"):
        scale = np.abs(core.y) / (np.abs(inverse) * of)
    return np.asarray(steepest(p.start, p.branch, p.moved, p.drawn, scale)[1])


class Reach(NamedTuple):
    """What `steepest` says of each part, for the three ways in which a branch may take part in a pair that matters."""

    by_margin: tuple[FloatArray, FloatArray]
    by_factor: tuple[FloatArray, FloatArray]
    by_spare: tuple[FloatArray, FloatArray]
    cut_off: float


def reach_of_pairs(
    core: Core,
    cutoff: FloatArray,
    rated: IntArray,
    pairs: tuple[Any, ...],
    kept: FloatArray,
    kept_at: IntArray,
) -> Reach:
    """How much of a load a part must see before one of its branches can be in a pair that matters.

    Half of a pair's margin, or of the factor looked at, must come from one of its two branches. `kept`: rows of
    branches all of whose pairs are looked at where only factors above a cutoff count.
    """
    m, p = len(core.branch), core.parts
    least, factor = search.tightest(pairs, m)
    if len(kept):
        factor = np.maximum(factor, np.maximum(kept.max(axis=0), -kept.min(axis=0)))
    short = np.full(m, np.inf)
    short[rated] = (1 - search.THETA) * core.rating[rated] - np.abs(core.flow[rated])
    cuts = cutoff[cutoff >= search.CUT_LEAST]
    cut = float(cuts.min()) if cuts.size else 0.0
    known = (p.start, p.branch, p.moved, p.drawn)
    by_margin = steepest(*known, np.maximum(np.minimum(0.5 * least, short), search.TINY_MW))
    by_factor = steepest(*known, np.maximum(0.5 * cut * (1 - 1e-9) / factor, search.TINY_MW))
    # a pair off the list brings half a factor only to loads below theta F / half: then l was this full before
    full = short < search.THETA * core.rating * (1 + 1e-9)
    looked_at = np.where(full & (kept_at < 0), short, np.inf)
    by_spare = steepest(*known, np.maximum(looked_at, search.TINY_MW))
    return Reach(by_margin, by_factor, by_spare, cut)


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
        # of those that tie the first: what differs by less than the last digits that count is the same here
        mantissa, power = np.frexp(side[1])
        ranked = np.argsort(-np.ldexp(np.round(mantissa * 2.0**33), power), kind="stable")
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
