"""How is the exact N-1 load capacity of every bus found without visiting every (branch, outage) pair? Kernels.

Powers in MW. A load ``x`` at a node, outage ``k`` (none: factor 0): ``flow_l(x) = post + x v`` with
``post = f_l + d f_k``, ``v = a_l + d a_k``, ``d = LODF[l, k]``, ``a`` the load response (minus PTDF). The
capacity is the smallest ``margin / |v|`` over monitored branches and outages.

*Proof that skipping is exact.* For ``0 <= x <= X`` the flow on l after losing k stays within
``|post| + W_l + |d| W_k``, ``W = |a| X`` being the swing of a branch. Where the margin ``F_l - |post|``, or
the share of the rating that a treatment guarantees, is at least that swing, the pair cannot give
less than ``X``. The same holds where ``U_l + |d| U_k <= F_l`` with ``U = max(|f|, |f + a X|)``, which needs no
look at the pair itself: that is why small factors never enter a list. Where ``|a_l| + |d| |a_k|`` is
below the cutoff, the pair is not looked at by definition. X only falls while pairs are evaluated,
so bounds taken earlier stay valid. Nothing here needs positive reactances.

Nothing dense of size branch x branch or branch x bus is ever held: columns of 16 nodes and rows of
16 branches are solved when needed, so memory grows with the grid, not with its square.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taotie.files.kernels import njit
from taotie.grid.flow.sparse_solve import FAST, LANES, solve_lanes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SEEDS = 6  # outages of a branch looked at before the bounds are tightened
THETA = 0.01  # relative slack of a branch below which its whole row of outages is looked at
CAP_MW = 10_000.0
NOISE = 1e-7  # factors below are rounding, not physics: 10 GW times it is 1 kW
TINY_MW = 1e-18  # margin of a pair already at its limit
OVER = 1 + 1e-6  # of a rating: an optimal dispatch that fills a branch is not over it
ZERO_MW = 1e-6
ROUNDING = 1.0 + 1e-12  # a pair that changes the answer by less is not worth looking at
KEPT_ROWS = (
    256  # rows of branches at their limit in the intact grid, kept rather than solved per block
)


@njit(cache=True, nogil=True, fastmath=FAST)
def responses(solver, y, offset, f_at, t_at, put, nodes, r, a):
    """Load response `a[l, c]` of every core branch to a load at `nodes[c]`."""
    r[:, :] = 0.0
    for c in range(len(nodes)):
        if put[nodes[c]] >= 0:
            r[put[nodes[c]], c] = 1.0
    solve_lanes(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], solver[6], r)
    for l in range(len(y)):
        f, t, yl, off = f_at[l], t_at[l], y[l], offset[l]
        for c in range(LANES):
            a[l, c] = off - yl * (r[f, c] - r[t, c])


@njit(cache=True, nogil=True, fastmath=FAST)
def intact_pass(
    first,
    last,
    order,
    solver,
    y,
    offset,
    f_at,
    t_at,
    put,
    get,
    adjacent_start,
    adjacent,
    flow,
    up,
    down,
    cutoff,
    rated,
    r_start,
    r_out,
    pair_out,
    own,
    across,
):
    """Limits of the intact core for blocks `first..last`; largest |flow| and swing each branch may see.

    Also keeps the entries of the inverse that the outage factors need: `own` (diagonal), `across`.
    """
    m, n_way = len(y), len(cutoff)
    r, a = np.zeros((len(put) + 1, LANES)), np.empty((m, LANES))
    bound = np.zeros((2, m))
    bound[0] = np.abs(flow)
    nodes = np.empty(LANES, np.int64)
    rq, pq, x = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for q in range(first, last):
        width = min(LANES, len(order) - q * LANES)
        for c in range(LANES):
            nodes[c] = order[q * LANES + min(c, width - 1)]
        responses(solver, y, offset, f_at, t_at, put, nodes, r, a)
        for c in range(width):
            b = nodes[c]
            own[b] = r[get[b], c]
            for e in range(adjacent_start[b], adjacent_start[b + 1]):
                across[adjacent[e]] = r[t_at[adjacent[e]], c]
        x[:] = 0.0
        for w in range(n_way):
            for c in range(LANES):
                rq[c], pq[c] = r_start[w, nodes[c]], -1.0
            cut = cutoff[w]
            for i in range(len(rated)):
                l = rated[i]
                plus, minus, code = up[w, l], down[w, l], float(l)
                for c in range(LANES):
                    v = a[l, c]
                    z = max(v * plus, v * minus) if abs(v) >= cut else 0.0
                    hit = z > rq[c]
                    rq[c] = z if hit else rq[c]
                    pq[c] = code if hit else pq[c]
            for c in range(width):
                r_out[w, nodes[c]] = rq[c]
                pair_out[w, nodes[c]] = np.int64(pq[c])
            for c in range(LANES):
                x[c] = max(x[c], 1.0 / rq[c])
        for l in range(m):
            z, s, fl = bound[0, l], bound[1, l], flow[l]
            for c in range(LANES):
                ax = a[l, c] * x[c]
                z = max(z, abs(fl + ax))
                s = max(s, abs(ax))
            bound[0, l], bound[1, l] = z, s
    return bound


@njit(cache=True, nogil=True, fastmath=FAST)
def outage_rows(rows, width, solver, y, f_at, t_at, put_f, put_t, inverse, r, d):
    """`d[k, j]` = LODF of branch `rows[j]` for every outage k; `inverse` is 0 for outages left out."""
    r[:, :] = 0.0
    for j in range(width):
        l = rows[j]
        if put_f[l] >= 0:
            r[put_f[l], j] += 1.0
        if put_t[l] >= 0:
            r[put_t[l], j] -= 1.0
    solve_lanes(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], solver[6], r)
    yl = np.zeros(LANES)
    for j in range(width):
        yl[j] = y[rows[j]]
    for k in range(len(y)):
        f, t, g = f_at[k], t_at[k], inverse[k]
        for j in range(LANES):
            d[k, j] = g * yl[j] * (r[f, j] - r[t, j])
    for j in range(width):
        d[rows[j], j] = 0.0


@njit(cache=True, nogil=True, fastmath=FAST)
def whole_rows(branches, solver, y, f_at, t_at, put_f, put_t, inverse, n_node):
    """LODF of some branches for every outage, shape (len(branches), branch)."""
    r, d = np.zeros((n_node + 1, LANES)), np.empty((len(y), LANES))
    kept, rows = np.empty((len(branches), len(y))), np.zeros(LANES, np.int64)
    for s in range(0, len(branches), LANES):
        width = min(LANES, len(branches) - s)
        rows[:width] = branches[s : s + width]
        outage_rows(rows, width, solver, y, f_at, t_at, put_f, put_t, inverse, r, d)
        for j in range(width):
            kept[s + j] = d[:, j]
    return kept


@njit(cache=True, nogil=True, fastmath=FAST)
def candidate_rows(
    first, last, rated, solver, y, f_at, t_at, put_f, put_t, inverse, bound, swing, rating, flow,
    n_node, count, stats, best,
):  # fmt: skip
    """Outages that could matter to branches `rated[first*16 .. last*16]`, most urgent first.

    Returns rows of (urgency, margin, factor, outage), one after the other so that a pair is one place in
    memory; `count` is filled per branch. `stats`: pairs over the rating before anything is added, and
    the worst loading, `best` its pair.
    """
    r, d = np.zeros((n_node + 1, LANES)), np.empty((len(y), LANES))
    m = len(y)
    room = max(1024, 64 * (last - first) * LANES)
    listed = np.empty((room, 4))
    used = 0
    need, lane_count = np.empty(LANES), np.zeros(LANES, np.int64)
    rows, at = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    f_l, f_max, s_l, over = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    worst, where = np.empty(LANES), np.empty(LANES)
    for q in range(first, last):
        width = min(LANES, len(rated) - q * LANES)
        for j in range(LANES):
            l = rated[q * LANES + min(j, width - 1)]
            rows[j] = l
            need[j] = max(rating[l] - bound[l], THETA * rating[l]) if j < width else np.inf
            f_l[j], f_max[j], s_l[j], over[j] = flow[l], rating[l], swing[l], 0.0
            worst[j], where[j] = abs(flow[l]), -1.0
        outage_rows(rows, width, solver, y, f_at, t_at, put_f, put_t, inverse, r, d)
        lane_count[:] = 0
        for k in range(m):
            if inverse[k] == 0.0:
                continue
            top, f_k, s_k, code = bound[k], flow[k], swing[k], float(k)
            for j in range(LANES):
                z, post = abs(d[k, j]), abs(f_l[j] + d[k, j] * f_k)
                over[j] += post > f_max[j] * (1.0 + 1e-9)
                hit = post > worst[j]
                worst[j] = post if hit else worst[j]
                where[j] = code if hit else where[j]
                lane_count[j] += (z * top > need[j]) & (f_max[j] - post < s_l[j] + z * s_k)
        total = 0
        for j in range(width):
            l = rows[j]
            count[q * LANES + j] = lane_count[j]
            if abs(flow[l]) > rating[l] * (1.0 + 1e-9) and inverse[l] != 0.0:
                over[j] -= 1.0  # k == l stands for the intact grid
            stats[q * LANES + j, 0] = over[j]
            stats[q * LANES + j, 1] = worst[j] / rating[l]
            best[q * LANES + j] = np.int64(where[j])
            at[j] = used + total
            total += lane_count[j]
        if total == 0:
            continue
        while used + total > len(listed):
            listed = np.concatenate((listed, np.empty(listed.shape)))
        for k in range(m):
            if inverse[k] == 0.0:
                continue
            top, f_k, s_k, code = bound[k], flow[k], swing[k], float(k)
            for j in range(width):
                z = abs(d[k, j])
                if z * top > need[j]:
                    margin = f_max[j] - abs(f_l[j] + d[k, j] * f_k)
                    if margin < s_l[j] + z * s_k:
                        listed[at[j], 0], listed[at[j], 1] = margin - z * s_k, margin
                        listed[at[j], 2], listed[at[j], 3] = d[k, j], code
                        at[j] += 1
        begin = used
        for j in range(width):
            end = at[j]
            listed[begin:end] = listed[begin:end][
                np.argsort(listed[begin:end, 0], kind="mergesort")
            ]
            begin = end
        used += total
    return listed[:used].copy()


def list_heads(listed: FloatArray, start: IntArray) -> tuple[FloatArray, FloatArray]:
    """The most urgent entries of every list side by side, and the urgency of the first that follows them.

    Returns `seeds`, shape (list, SEEDS, 4), infinitely unurgent where a list is shorter, and `after`, shape
    (list,). Most lists are left within their seeds: read in one stream, they need not be fetched
    from all over the memory.
    """
    count = np.diff(start)
    seeds, after = np.full((len(count), SEEDS, 4), np.inf), np.full(len(count), np.inf)
    for e in range(SEEDS):
        has = count > e
        seeds[has, e] = listed[start[:-1][has] + e]
    has = count > SEEDS
    after[has] = listed[start[:-1][has] + SEEDS, 0]
    return seeds, after


@njit(cache=True, nogil=True, fastmath=FAST)
def _flow_bounds(flow, a, rq, bound, swing):
    """Largest |flow| and swing of each branch over lanes, each within its loosest treatment."""
    x = np.zeros(LANES)
    for w in range(len(rq)):
        for c in range(LANES):
            x[c] = max(x[c], 1.0 / rq[w, c])
    for l in range(len(flow)):
        fl = flow[l]
        z, s = abs(fl), 0.0
        for c in range(LANES):
            ax = a[l, c] * x[c]
            z = max(z, abs(fl + ax))
            s = max(s, abs(ax))
        bound[l], swing[l] = z, s


@njit(cache=True, nogil=True, fastmath=FAST)
def _evaluate(l, k, d, flow, rating, floor, cutoff, a, rq, lq, kq):
    """One pair for all lanes and treatments."""
    post, limit = flow[l] + d * flow[k], rating[l]
    for w in range(len(floor)):
        least = max(floor[w] * limit, TINY_MW)
        up, down = 1.0 / max(limit - post, least), -1.0 / max(limit + post, least)
        cut = cutoff[w]
        for c in range(LANES):
            v = a[l, c] + d * a[k, c]
            z = max(v * up, v * down) if abs(v) >= cut else 0.0
            if z > rq[w, c]:
                rq[w, c], lq[w, c], kq[w, c] = z, l, k


@njit(cache=True, nogil=True, fastmath=FAST)
def _reach(a, rq, reach, swing):
    """Largest factor of each branch over lanes, and its swing within each treatment's present limit."""
    for k in range(a.shape[0]):
        z = 0.0
        for c in range(LANES):
            z = max(z, abs(a[k, c]))
        reach[k] = z
    for w in range(len(rq)):
        x = 1.0 / rq[w]
        for k in range(a.shape[0]):
            z = 0.0
            for c in range(LANES):
                z = max(z, abs(a[k, c]) * x[c])
            swing[w, k] = z


@njit(cache=True, nogil=True, fastmath=FAST)
def _evaluate_row(
    l, row, inverse, flow, rating, floor, cutoff, a, bound, reach, swing, look, rq, lq, kq
):
    """Every outage of one branch that could still matter to a lane; how many were evaluated.

    A pair can lower a lane of treatment w only if ``max over lanes of a_l x + |d| swing_k`` passes
    its margin in that direction, x being what the lane takes at present; lanes that already stand
    at 0 MW are done.
    """
    n_way, seen = len(floor), 0
    up, down = np.zeros(n_way), np.zeros(n_way)
    for w in range(n_way):
        up[w] = down[w] = -np.inf
        for c in range(LANES):
            ax = a[l, c] / rq[w, c]
            up[w], down[w] = max(up[w], ax), max(down[w], -ax)
    limit, own = rating[l], reach[l]
    for k in range(len(row)):
        if inverse[k] == 0.0:
            continue
        d = row[k]
        z = abs(d)
        if z * bound[k] <= limit - bound[l]:
            continue
        post = flow[l] + d * flow[k]
        for w in range(n_way):
            if not look[w] or own + z * reach[k] < cutoff[w]:
                continue
            least = max(floor[w] * limit, TINY_MW)
            far = z * swing[w, k]
            if (
                up[w] + far > max(limit - post, least) * ROUNDING
                or down[w] + far > max(limit + post, least) * ROUNDING
            ):
                seen += 1
                _evaluate(l, k, d, flow, rating, floor, cutoff, a, rq, lq, kq)
                break
    return seen


@njit(cache=True, nogil=True, fastmath=FAST)
def outage_pass(
    first, last, order, solver, y, offset, f_at, t_at, put, put_f, put_t, inverse, flow, rating,
    floor, cutoff, rated, bound_all, start, seeds, after, listed, kept, kept_at, r_in, pair_in, r_out,
    branch_out, outage_out, visits,
):  # fmt: skip
    """All outages for blocks `first..last`, from the limits of the intact grid downwards.

    `kept[kept_at[l]]`: the whole row of outage factors of branch l, where it is kept.
    """
    m, n_way = len(y), len(cutoff)
    r, a = np.zeros((len(put) + 1, LANES)), np.empty((m, LANES))
    d = np.empty((m, LANES))
    bound, swing = np.empty(m), np.empty(m)
    nodes = np.empty(LANES, np.int64)
    rq = np.empty((n_way, LANES))
    lq, kq = np.empty((n_way, LANES), np.int64), np.empty((n_way, LANES), np.int64)
    dense, look = np.empty(len(rated), np.int64), np.empty((len(rated) + 1, n_way), np.bool_)
    done = np.empty(n_way, np.bool_)
    reach_of, swing_of = np.empty(m), np.empty((n_way, m))
    rows, n_listed = np.zeros(LANES, np.int64), 0
    for q in range(first, last):
        width = min(LANES, len(order) - q * LANES)
        for c in range(LANES):
            nodes[c] = order[q * LANES + min(c, width - 1)]
        responses(solver, y, offset, f_at, t_at, put, nodes, r, a)
        for w in range(n_way):
            for c in range(LANES):
                rq[w, c] = r_in[w, nodes[c]]
                lq[w, c] = kq[w, c] = pair_in[w, nodes[c]]
        _flow_bounds(flow, a, rq, bound, swing)
        for i in range(len(rated)):
            l = rated[i]
            own, spare = swing[l], rating[l] - bound[l]
            for e in range(SEEDS):
                if seeds[i, e, 0] >= own:
                    break
                d_e, k = seeds[i, e, 2], int(seeds[i, e, 3])
                z = abs(d_e)
                n_listed += 1
                if seeds[i, e, 1] >= own + z * swing[k] or z * bound[k] <= spare:
                    continue
                visits[0] += 1
                _evaluate(l, k, d_e, flow, rating, floor, cutoff, a, rq, lq, kq)
        _flow_bounds(flow, a, rq, bound, swing)
        for i in range(len(rated)):
            l = rated[i]
            own, spare = swing[l], rating[l] - bound[l]
            if after[i] >= own:
                continue
            for e in range(start[i] + SEEDS, start[i + 1]):
                if listed[e, 0] >= own:
                    break
                d_e, k = listed[e, 2], int(listed[e, 3])
                z = abs(d_e)
                n_listed += 1
                if listed[e, 1] >= own + z * swing[k] or z * bound[k] <= spare:
                    continue
                visits[0] += 1
                _evaluate(l, k, d_e, flow, rating, floor, cutoff, a, rq, lq, kq)
        # branches so close to their limit that a list does not suffice: their whole row
        for w in range(n_way):
            finished = True
            for c in range(LANES):
                finished &= rq[w, c] >= 1.0 / ZERO_MW
            done[w] = finished
        n_dense = 0
        for i in range(len(rated)):
            l = rated[i]
            if rating[l] - bound[l] >= THETA * rating[l]:
                continue
            # outages off the list have |d| bound_all <= rest, and a swing of at most twice that
            rest = max(rating[l] - bound_all[l], THETA * rating[l])
            asked = False
            for w in range(n_way):
                z, s, reach, least = abs(flow[l]), 0.0, 0.0, np.inf
                for c in range(LANES):
                    ax = a[l, c] / rq[w, c]
                    z = max(z, abs(flow[l] + ax))
                    s = max(s, abs(ax))
                    reach = max(reach, abs(a[l, c]))
                    least = min(least, 1.0 / rq[w, c])
                close = rating[l] - z < THETA * rating[l]
                guarded = s + 2.0 * rest <= floor[w] * rating[l]
                wanted = close and not guarded and reach + 2.0 * rest / least >= cutoff[w]
                look[n_dense, w] = wanted and not done[w]
                asked |= look[n_dense, w]
            if asked:
                dense[n_dense] = l
                n_dense += 1
        visits[2] += n_dense
        if n_dense:
            _flow_bounds(flow, a, rq, bound, swing)
            _reach(a, rq, reach_of, swing_of)
        s = 0
        while s < n_dense:
            if kept_at[dense[s]] >= 0:
                part = 1
            else:
                part = 0
                while s + part < n_dense and part < LANES and kept_at[dense[s + part]] < 0:
                    rows[part] = dense[s + part]
                    part += 1
                outage_rows(rows, part, solver, y, f_at, t_at, put_f, put_t, inverse, r, d)
            for j in range(part):
                l = dense[s + j]
                row = kept[kept_at[l]] if kept_at[l] >= 0 else d[:, j]
                visits[0] += _evaluate_row(
                    l, row, inverse, flow, rating, floor, cutoff, a, bound, reach_of, swing_of,
                    look[s + j], rq, lq, kq,
                )  # fmt: skip
            s += part
        for w in range(n_way):
            for c in range(width):
                r_out[w, nodes[c]] = rq[w, c]
                branch_out[w, nodes[c]] = lq[w, c]
                outage_out[w, nodes[c]] = kq[w, c]
    visits[1] += n_listed


@njit(cache=True, nogil=True, fastmath=FAST)
def chosen_pass(
    first,
    last,
    solver,
    y,
    f_at,
    t_at,
    put_f,
    put_t,
    flow,
    rating,
    floor,
    cutoff,
    rated,
    allowed,
    a,
    bound,
    n_node,
    r,
    branch,
    outage,
):
    """All pairs for a few chosen nodes: columns of 16 outages at a time, nothing kept.

    `a` has shape (branch, node); `r`, `branch`, `outage` have shape (treatment, node) and start
    from the intact grid, as does `bound`, shape (branch,), over all treatments.
    """
    n_way = len(cutoff)
    z_ = np.zeros((n_node + 1, LANES))
    ks = np.zeros(LANES, np.int64)
    for q in range(first, last):
        width = min(LANES, len(allowed) - q * LANES)
        z_[:, :] = 0.0
        for j in range(width):
            k = allowed[q * LANES + j]
            ks[j] = k
            if put_f[k] >= 0:
                z_[put_f[k], j] += 1.0
            if put_t[k] >= 0:
                z_[put_t[k], j] -= 1.0
        solve_lanes(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], solver[6], z_)
        for j in range(width):
            k = ks[j]
            denominator = 1.0 - y[k] * (z_[f_at[k], j] - z_[t_at[k], j])
            if abs(denominator) < NOISE:
                continue
            for i in range(len(rated)):
                l = rated[i]
                if l == k:
                    continue
                d = y[l] * (z_[f_at[l], j] - z_[t_at[l], j]) / denominator
                if abs(d) * bound[k] + bound[l] <= rating[l]:
                    continue
                post = flow[l] + d * flow[k]
                for w in range(n_way):
                    least = max(floor[w] * rating[l], TINY_MW)
                    up = 1.0 / max(rating[l] - post, least)
                    down = -1.0 / max(rating[l] + post, least)
                    for b in range(a.shape[1]):
                        v = a[l, b] + d * a[k, b]
                        if abs(v) < cutoff[w]:
                            continue
                        s = max(v * up, v * down)
                        if s > r[w, b]:
                            r[w, b], branch[w, b], outage[w, b] = s, l, k


@njit(cache=True, nogil=True)
def bridge_pass(walk, end_of, bridge_of, inside, outside, ranked, r, which):
    """Limits by bridges: their flow depends only on what hangs behind them, whatever else is lost.

    `walk`: nodes in depth-first order; `bridge_of[v]`: the bridge above node v or -1; `end_of[v]`:
    where its interval ends. `inside[e]`, `outside[e]`: 1/MW for a load behind the bridge or not.
    `ranked`: bridges by falling `outside`. Fills `r` and `which` per node.
    """
    n = len(walk)
    stack, best, best_at = np.empty(n + 1, np.int64), np.empty(n + 1), np.empty(n + 1, np.int64)
    entered = np.empty(n, np.int64)
    for p in range(n):
        entered[walk[p]] = p
    depth = 0
    best[0], best_at[0] = 0.0, -1
    below = np.full(len(inside), -1, np.int64)
    for v in range(n):
        if bridge_of[v] >= 0:
            below[bridge_of[v]] = v
    for p in range(n):
        v = walk[p]
        while depth > 0 and end_of[stack[depth]] <= p:
            depth -= 1
        e = bridge_of[v]
        if e >= 0:
            depth += 1
            stack[depth] = v
            best[depth], best_at[depth] = best[depth - 1], best_at[depth - 1]
            if inside[e] > best[depth]:
                best[depth], best_at[depth] = inside[e], e
        r[v], which[v] = best[depth], best_at[depth]
        for i in range(len(ranked)):
            e = ranked[i]
            if outside[e] <= r[v]:
                break
            u = below[e]
            if not (entered[u] <= p < end_of[u]):
                r[v], which[v] = outside[e], e
                break
