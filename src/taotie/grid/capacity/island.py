"""Which pair limits each node of an island? The search over all nodes, and the plain loop over a few. In 1/MW."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.grid.capacity import search
from taotie.grid.capacity.core import (
    FloatArray,
    IntArray,
    Treatment,
    allowed_outages,
    bridge_limits,
    close_margins,
    contracted,
    first_of_most,
    in_parallel,
    inverse_margins,
    outage_pulls,
    parameters,
    reach_of_pairs,
    small_swings,
)
from taotie.grid.flow.contingency import SINGULAR, bridges
from taotie.grid.flow.dc_power_flow import Island
from taotie.grid.flow.sparse_solve import LANES


class IslandAnswer(NamedTuple):
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


def search_island(
    island: Island,
    ways: Sequence[Treatment],
    outages: NDArray[np.bool_] | None,
    n_thread: int,
    post_mw: FloatArray | None = None,
) -> IslandAnswer:
    """The search; `post_mw`: ratings after an outage, shape (n_branch,), where they are others."""
    tic, sensitivity_s = time.perf_counter(), 0.0
    floor, cutoff = parameters(ways)
    n_way = len(ways)
    b, flow = bridges(island), island.flow_mw()
    r_bridge, at_bridge = bridge_limits(island, b, flow, floor, cutoff)
    core = contracted(island, b, flow)
    m, n = len(core.branch), core.n
    rated = np.flatnonzero(np.isfinite(core.rating))
    # a bound that holds for every bus of a group: the loosest of their bridges, and the cap
    r_start = np.full((n_way, n), np.inf)
    for w in range(n_way):
        np.minimum.at(r_start[w], core.group, r_bridge[w])
    r_start = np.maximum(r_start, 1 / search.CAP_MW)

    up, down = inverse_margins(
        core.flow, np.where(np.isfinite(core.rating), core.rating, 1e18), floor
    )
    intact_rating = core.rating
    intact_rated = rated
    if (
        post_mw is not None
    ):  # everything below is about states after an outage, but for the intact pass
        core = replace(core, rating=post_mw[core.branch])
        rated = np.flatnonzero(np.isfinite(core.rating))
    near, wide = close_margins(core, up, down), small_swings(core, intact_rating)
    r_core, pair = np.empty((n_way, n)), np.empty((n_way, n), np.int64)
    own, across = np.zeros(n), np.zeros(m)
    n_block = -(-n // LANES)
    f_at, t_at = core.f_at, core.t_at

    def intact(first: int, last: int) -> FloatArray:
        bound: FloatArray = search.intact_pass(
            first, last, core.order, core.solver, core.y, f_at, t_at, core.put, core.get,
            core.potential, tuple(core.parts), near, wide, core.flow, up, down, cutoff, r_start,
            r_core, pair, own, across,
        )  # fmt: skip
        return bound

    bound, swing = np.max(in_parallel(intact, n_block, n_thread), axis=0) if m else np.zeros((2, 0))
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
        usable = ~lost & allowed_outages(core, island, outages)
        inverse = np.where(usable, 1 / np.where(lost, 1.0, denominator), 0.0)
        put_f, put_t = core.put[core.f], core.put[core.t]
        stats, best = np.zeros((rated.size, 2)), np.zeros(rated.size, np.int64)
        stats[:, 1] = np.abs(core.flow[rated]) / intact_rating[rated]
        count = np.zeros(rated.size, np.int64)
        pull = outage_pulls(core, inverse, bound)
        push = outage_pulls(core, inverse, np.abs(core.flow))
        worst_before = float(stats[:, 1].max())

        def rows(first: int, last: int) -> tuple[NDArray[Any], ...]:
            listed: FloatArray = search.candidate_rows(
                first, last, rated, core.solver, core.y, f_at, t_at, put_f, put_t,
                tuple(core.parts), pull, push, inverse, bound, swing, core.rating, core.flow,
                worst_before, count, stats, best,
            )  # fmt: skip
            mine = slice(first * LANES, last * LANES)
            found: tuple[NDArray[Any], ...] = search.tightest_first(
                listed, rated[mine], count[mine]
            )
            return found

        parts = in_parallel(rows, -(-rated.size // LANES), n_thread)
        start = np.concatenate([[0], np.cumsum(count)])
        pairs = tuple(np.empty(start[-1], column.dtype) for column in parts[0])
        end = 0
        while parts:  # never held twice
            part = parts.pop(0)
            begin, end = end, end + len(part[0])
            for whole, column in zip(pairs, part, strict=True):
                whole[begin:end] = column
        fills = np.full(m, -1, np.int64)
        fills[rated] = np.arange(rated.size)
        r_all = np.empty_like(r_core)
        branch, outage = np.empty_like(pair), np.empty_like(pair)
        spare = core.rating[rated] - np.abs(core.flow[rated])
        worn = rated[spare < search.THETA * core.rating[rated]][: search.KEPT_ROWS]
        kept_at = np.full(m, -1, np.int64)
        kept_at[worn] = np.arange(len(worn))
        kept = search.whole_rows(worn, core.solver, core.y, f_at, t_at, put_f, put_t, inverse, n)
        reach = reach_of_pairs(core, cutoff, rated, pairs, kept, kept_at)
        by_lost = search.by_lost_branch(pairs, m)

        def lose(first: int, last: int) -> IntArray:
            seen = np.zeros(3, np.int64)
            search.outage_pass(
                first, last, core.order, core.solver, core.y, f_at, t_at, core.put,
                core.get, put_f, put_t, core.potential, tuple(core.parts), *reach, inverse,
                core.flow, core.rating, floor, cutoff, rated, bound, fills, start, pairs, by_lost, kept,
                kept_at, r_core, pair, r_all, branch, outage, seen,
            )  # fmt: skip
            return seen

        sensitivity_s = time.perf_counter() - tic
        visits = np.sum(in_parallel(lose, n_block, n_thread), axis=0)
        over = int(stats[:, 0].sum())
        i = first_of_most(stats[:, 1])
        worst = float(stats[i, 1])
        row = int(core.branch[rated[i]])
        worst_pair = (row, row if best[i] < 0 else int(core.branch[best[i]]))
    bridge_load = np.abs(flow) / island.rating_mw
    bridge_load[~b.is_bridge] = 0.0
    over += int((bridge_load > 1 + 1e-9).sum())
    if len(bridge_load) and bridge_load.max() > worst * (1 + search.TIE):
        i = first_of_most(bridge_load)
        worst, worst_pair = float(bridge_load[i]), (i, i)
    over_intact = np.abs(core.flow[intact_rated]) > intact_rating[intact_rated] * (1 + 1e-9)
    over += int(over_intact.sum())

    # from groups to nodes: a node's own bridges may bind before the core does
    r_node = np.maximum(r_all[:, core.group], r_bridge)
    by_bridge = r_bridge * (1 + search.TIE) >= r_all[:, core.group]
    row_of = np.append(core.branch, -1)  # -1 stays -1
    core_branch = row_of[branch[:, core.group]]
    core_outage = row_of[outage[:, core.group]]
    return IslandAnswer(
        r_intact, r_node,
        np.where(by_bridge, at_bridge, core_branch), np.where(by_bridge, at_bridge, core_outage),
        b.main, np.flatnonzero(b.is_bridge), singular, over, worst, worst_pair, visits,
        sensitivity_s,
    )  # fmt: skip


def search_nodes(
    island: Island,
    nodes: IntArray,
    ways: Sequence[Treatment],
    outages: NDArray[np.bool_] | None,
    n_thread: int,
    skip: bool = True,
    post_mw: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray, IntArray, IntArray, NDArray[np.bool_], int]:
    """1/MW intact and N-1, local rows of branch and outage, for a few nodes of an island.

    With `skip` false every pair is evaluated, also those whose flow bound rules them out.
    """
    floor, cutoff = parameters(ways)
    n_way = len(ways)
    b, flow = bridges(island), island.flow_mw()
    r_bridge, at_bridge = bridge_limits(island, b, flow, floor, cutoff)
    core = contracted(island, b, flow)
    rated = np.flatnonzero(np.isfinite(core.rating))
    r = np.maximum(r_bridge[:, nodes], 1 / search.CAP_MW)
    branch = np.where(r_bridge[:, nodes] >= 1 / search.CAP_MW, at_bridge[:, nodes], -1)
    post = core.rating if post_mw is None else post_mw[core.branch]
    post_rated = np.flatnonzero(np.isfinite(post))
    if not (len(core.branch) and rated.size):
        return r, r, branch, branch.copy(), b.main[nodes], int(b.is_bridge.sum())
    a = np.empty((len(core.branch), len(nodes)))
    work, lanes = np.zeros((core.n + 1, LANES)), np.empty((len(core.branch), LANES))
    for i in range(0, len(nodes), LANES):
        part = core.group[nodes[i : i + LANES]]
        search.responses(
            core.solver, core.y, core.offset, core.f_at, core.t_at, core.put, part, work, lanes
        )
        a[:, i : i + len(part)] = lanes[:, : len(part)]
    up, down = inverse_margins(core.flow[rated], core.rating[rated], floor)
    for w in range(n_way):
        z = np.maximum(a[rated] * up[w][:, None], a[rated] * down[w][:, None])
        z = np.where(np.abs(a[rated]) >= cutoff[w], z, 0.0)
        top = z.max(axis=0)
        at = (z >= top * (1 - search.TIE)).argmax(axis=0)  # the first of those that tie
        branch[w] = np.where(top > r[w] * (1 + search.TIE), core.branch[rated[at]], branch[w])
        r[w] = np.maximum(r[w], top)
    outage, r_intact = branch.copy(), r.copy()
    x = (1 + search.TIE) / r.min(axis=0)
    bound = np.maximum(np.abs(core.flow), np.abs(core.flow[:, None] + a * x).max(axis=1))
    bound = bound if skip else np.full_like(bound, np.inf)
    allowed = np.flatnonzero(allowed_outages(core, island, outages))
    put_f, put_t = core.put[core.f], core.put[core.t]
    f_at, t_at = core.f_at, core.t_at

    def lose(first: int, last: int) -> tuple[FloatArray, IntArray, IntArray]:
        own = r.copy()
        at_branch, at_outage = np.full(r.shape, -1, np.int64), np.full(r.shape, -1, np.int64)
        search.chosen_pass(
            first, last, core.solver, core.y, f_at, t_at, put_f, put_t, core.flow, post,
            floor, cutoff, post_rated, allowed, a, bound, core.n, own, at_branch, at_outage,
        )  # fmt: skip
        return own, at_branch, at_outage

    r_n1 = r.copy()
    named = np.full(r.shape, -1, np.int64)  # by branch, then by outage
    for own, at_branch, at_outage in in_parallel(lose, -(-len(allowed) // LANES), n_thread):
        pair = at_branch * len(core.branch) + at_outage
        ties = (own >= r_n1 * (1 - search.TIE)) & (named >= 0) & (pair < named)
        better = (at_branch >= 0) & ((own > r_n1 * (1 + search.TIE)) | ties)
        branch = np.where(better, core.branch[at_branch], branch)
        outage = np.where(better, core.branch[at_outage], outage)
        named = np.where(better, pair, named)
        r_n1 = np.maximum(own, r_n1)
    return r_intact, r_n1, branch, outage, b.main[nodes], int(b.is_bridge.sum())
