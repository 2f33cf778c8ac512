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

*Ties.* Two pairs often limit a load to the same MW: either of two lines into a bus when the other is lost, or all that are
at a floor. Rounding would name one or the other, and another processor another. So pairs are searched a little beyond
the limit (`TIE`), and of those that tie the first is named: the intact grid, then by branch, then by outage.

*What is not even solved.* A pair that matters has ``|a_l| + |d| |a_k| >= max(margin / X, cutoff)``, so one of its
branches brings half of that. Sixteen nodes that lie together are solved down the elimination tree, and a part
of the grid whose bound (`parts.py`) is below what any of its branches would need is left out; so is a part
in which a lost branch shifts too little. On 82,000 buses that leaves a small share of the tree.

Nothing dense of size branch x branch or branch x bus is ever held: columns of 16 nodes and rows of
16 branches are solved when needed, so memory grows with the grid, not with its square.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taotie.files.kernels import njit
from taotie.grid.capacity.parts import LOOSE, climb, solve_at, solve_path, spans
from taotie.grid.flow.sparse_solve import FAST, LANES, solve_lanes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SEEDS = 6  # outages of a branch looked at before the bounds are tightened
THETA = 0.01  # relative slack of a branch below which its whole row of outages is looked at
CUT_LEAST = 1e-3  # cutoff of a treatment from which on far branches are left out by it
CAP_MW = 10_000.0
NOISE = 1e-7  # factors below are rounding, not physics: 10 GW times it is 1 kW
TINY_MW = 1e-18  # margin of a pair already at its limit
OVER = 1 + 1e-6  # of a rating: an optimal dispatch that fills a branch is not over it
ZERO_MW = 1e-6
TIE = 1e-9  # pairs whose limits differ by less, relatively, tie: which is named must not hang on rounding
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


@njit(inline="always")
def next_place(
    j, u_start, u_column, u_value, u_inverse, first, part_at, grounded, shift, still, per_span, x, known, stamp,
    r, span, far,
):  # fmt: skip
    """The next place at or under `j` in the order of a solve that has to be looked at, -1 at the end.

    Parts in which ``x (still + per_span span) <= 1`` in every lane are left out; `far[:, part]` keeps the
    largest `x` and ``x span`` under which that was done.
    """
    while j >= 0:
        if known[j] == stamp:
            return j
        s = part_at[j]
        if s >= 0:
            spans(u_start, u_column, j, grounded[s], shift, r, span)
            top, least, most = 0.0, 0.0, 0.0
            one, other = still[s], per_span[s]
            for c in range(LANES):
                z = x[c] * span[0, c]
                least, most = max(least, x[c]), max(most, z)
                top = max(top, x[c] * one + other * z)
            if top <= 1.0:
                far[s, 0], far[s, 1] = max(far[s, 0], least), max(far[s, 1], most)
                j = first[j] - 1
                continue
        solve_at(u_start, u_column, u_value, u_inverse, j, r)
        known[j] = stamp
        return j
    return -1


@njit(inline="always")
def _replaces(z, l, k, best, l_best, k_best):
    """Whether a pair at `z` per MW is named in place of the one that is: clearly more, or first of those that tie."""
    if z > best * (1.0 + TIE):
        return True
    if z < best * (1.0 - TIE) or l_best < 0:
        return False
    if (k == l) != (k_best == l_best):
        return k == l
    return l < l_best or (l == l_best and k < k_best)


@njit(cache=True, nogil=True, fastmath=LOOSE)
def _largest(rq, x):
    """The load each lane may still take in its loosest treatment, and a little more, so that what ties is seen."""
    x[:] = 0.0
    for w in range(len(rq)):
        for c in range(LANES):
            x[c] = max(x[c], (1.0 + TIE) / rq[w, c])


@njit(cache=True, nogil=True, fastmath=LOOSE)
def intact_pass(
    first, last, order, solver, y, f_at, t_at, put, get, potential, parts, near, wide, flow, up, down, cutoff,
    r_start, r_out, pair_out, own, across,
):  # fmt: skip
    """Limits of the intact core for blocks `first..last`; largest |flow| and swing each branch may see.

    `near` and `wide`: of each part what `steepest` says of the margins, and of what a swing may be and still be
    called small. Also keeps the entries of the inverse that the outage factors need: `own`
    (diagonal), `across`.
    """
    whole, parent, below, part_at, begin, start, branch, grounded, moved, drawn = parts
    l_start, l_row, l_value, u_start, u_column, u_value, u_inverse = solver
    m, n_way, n = len(y), len(cutoff), len(parent)
    r = np.zeros((n + 1, LANES))
    bound, far = np.zeros((2, m)), np.zeros((len(branch), 2))
    unused = np.zeros((len(branch), 2))
    bound[0] = np.abs(flow)
    known, upward = np.full(n, -1, np.int64), np.empty(n, np.int64)
    nodes, places = np.empty(LANES, np.int64), np.empty(LANES, np.int64)
    rq, pq = np.empty((n_way, LANES)), np.empty((n_way, LANES))
    a, x, span = np.empty(LANES), np.empty(LANES), np.empty((2, LANES))
    for q in range(first, last):
        width = min(LANES, len(order) - q * LANES)
        for c in range(LANES):
            nodes[c] = order[q * LANES + min(c, width - 1)]
            places[c] = get[nodes[c]] if put[nodes[c]] >= 0 else -1
        count = climb(places, whole, parent, known, q, upward)
        for i in range(count):
            r[upward[i], :] = 0.0
        for c in range(LANES):
            if put[nodes[c]] >= 0:
                r[put[nodes[c]], c] = 1.0
        solve_path(
            l_start, l_row, l_value, u_start, u_column, u_value, u_inverse, upward, count, r
        )  # fmt: skip
        for c in range(width):
            p = places[c]
            own[nodes[c]] = r[p, c] if p >= 0 else 0.0
            for l in range(begin[p], begin[p + 1] if p >= 0 else 0):
                across[l] = r[max(f_at[l], t_at[l]), c]
        for w in range(n_way):
            for c in range(LANES):
                rq[w, c], pq[w, c] = r_start[w, nodes[c]], -1.0
        # what lies above the nodes first: it bounds what the rest may be asked for
        for turn in range(2):
            i, j, changed = 0, n - 1, True
            while True:
                if changed:
                    _largest(rq, x)
                changed = False
                if turn == 0:
                    if i == count:
                        break
                    j = upward[i]
                    i += 1
                else:
                    j = next_place(
                        j, u_start, u_column, u_value, u_inverse, below, part_at, grounded, potential, near[0],
                        near[1], x, known, q, r, span, unused,
                    )  # fmt: skip
                    if j < 0:
                        break
                for l in range(begin[j], begin[j + 1]):
                    f, t, yl = f_at[l], t_at[l], y[l]
                    off = yl * (potential[f] - potential[t])
                    for c in range(LANES):
                        a[c] = off - yl * (r[f, c] - r[t, c])
                    for w in range(n_way):
                        plus, minus, cut, ahead = up[w, l], down[w, l], cutoff[w], 0.0
                        for c in range(LANES):
                            v = a[c]
                            z = max(v * plus, v * minus) if abs(v) >= cut else 0.0
                            ahead = max(ahead, z - (1.0 - TIE) * rq[w, c])
                        if ahead > 0.0:
                            for c in range(LANES):
                                v = a[c]
                                z = max(v * plus, v * minus) if abs(v) >= cut else 0.0
                                changed |= z > rq[w, c]
                                if _replaces(z, l, l, rq[w, c], int(pq[w, c]), int(pq[w, c])):
                                    pq[w, c] = float(l)
                                rq[w, c] = max(rq[w, c], z)
                j -= 1
        for w in range(n_way):
            for c in range(width):
                r_out[w, nodes[c]] = rq[w, c]
                pair_out[w, nodes[c]] = np.int64(pq[w, c])
        j = n - 1
        while True:
            j = next_place(
                j, u_start, u_column, u_value, u_inverse, below, part_at, grounded, potential, wide[0],
                wide[1], x, known, q, r, span, far,
            )  # fmt: skip
            if j < 0:
                break
            for l in range(begin[j], begin[j + 1]):
                f, t, yl, fl = f_at[l], t_at[l], y[l], flow[l]
                off = yl * (potential[f] - potential[t])
                z, s = bound[0, l], bound[1, l]
                for c in range(LANES):
                    ax = (off - yl * (r[f, c] - r[t, c])) * x[c]
                    z = max(z, abs(fl + ax))
                    s = max(s, abs(ax))
                bound[0, l], bound[1, l] = z, s
            j -= 1
    for s in range(len(branch)):
        if far[s, 0] > 0.0:
            for i in range(start[s], start[s + 1]):
                l = branch[s] + i - start[s]
                z = drawn[i] * far[s, 0] + moved[i] * far[s, 1]
                bound[0, l], bound[1, l] = max(bound[0, l], abs(flow[l]) + z), max(bound[1, l], z)
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


@njit(cache=True, nogil=True, fastmath=LOOSE)
def candidate_rows(
    first, last, rated, solver, y, f_at, t_at, put_f, put_t, parts, pull, push, inverse, bound, swing, rating, flow, worst_before,
    count, stats, best,
):  # fmt: skip
    """Outages that could matter to branches `rated[first*16 .. last*16]`, most urgent first.

    `pull`, `push`: of each part the largest |LODF| per unit of span on its edge and of `y`, times what may flow and
    what flows on the branch that is lost.
    Returns rows of (urgency, margin, factor, outage), one after the other so that a pair is one place in
    memory; `count` is filled per branch. `stats`: pairs over the rating before anything is added, and
    the worst loading, `best` its pair, where it is worse than any before it and than `worst_before`.
    """
    whole, parent, below, part_at, begin, _start, _branch, grounded, _moved, _drawn = parts
    l_start, l_row, l_value, u_start, u_column, u_value, u_inverse = solver
    m, n = len(y), len(parent)
    r, d = np.zeros((n + 1, LANES)), np.empty((m, LANES))
    level = np.zeros(n + 1)
    known, upward = np.full(n, -1, np.int64), np.empty(n, np.int64)
    places, seen = np.empty(2 * LANES, np.int64), np.empty(m, np.int64)
    room = max(1024, 64 * (last - first) * LANES)
    listed = np.empty((room, 4))
    used = 0
    need, lane_count = np.empty(LANES), np.zeros(LANES, np.int64)
    spare, span, yl = np.empty(LANES), np.empty((2, LANES)), np.empty(LANES)
    rows, at = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    f_l, f_max, s_l, over = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    worst, where = np.empty(LANES), np.empty(LANES)
    record = worst_before
    for q in range(first, last):
        width = min(LANES, len(rated) - q * LANES)
        for j in range(LANES):
            l = rated[q * LANES + min(j, width - 1)]
            rows[j] = l
            places[2 * j], places[2 * j + 1] = min(f_at[l], t_at[l]), max(f_at[l], t_at[l])
            if places[2 * j + 1] == n:
                places[2 * j + 1] = -1
            yl[j] = y[l] if j < width else 0.0
            need[j] = max(rating[l] - bound[l], THETA * rating[l]) if j < width else np.inf
            # an outage that shifts less neither fills the branch nor sets a record
            spare[j] = min(record, 1.0) * rating[l] - abs(flow[l]) if j < width else np.inf
            f_l[j], f_max[j], s_l[j], over[j] = flow[l], rating[l], swing[l], 0.0
            worst[j], where[j] = abs(flow[l]), -1.0
        count_up = climb(places, whole, parent, known, q, upward)
        for i in range(count_up):
            r[upward[i], :] = 0.0
        for j in range(width):
            if put_f[rows[j]] >= 0:
                r[put_f[rows[j]], j] += 1.0
            if put_t[rows[j]] >= 0:
                r[put_t[rows[j]], j] -= 1.0
        solve_path(
            l_start, l_row, l_value, u_start, u_column, u_value, u_inverse, upward, count_up, r
        )  # fmt: skip
        n_seen, p = 0, n - 1
        while p >= 0:
            s = part_at[p]
            if known[p] != q and s >= 0:
                spans(u_start, u_column, p, grounded[s], level, r, span)
                quiet = True
                for j in range(LANES):
                    z = abs(yl[j]) * span[0, j]
                    quiet &= (z * pull[s] <= need[j]) & (z * push[s] <= spare[j])
                if quiet:
                    p = below[p] - 1
                    continue
            if known[p] != q:
                solve_at(u_start, u_column, u_value, u_inverse, p, r)
            for k in range(begin[p], begin[p + 1]):
                f, t, g = f_at[k], t_at[k], inverse[k]
                if g != 0.0:
                    seen[n_seen] = k
                    n_seen += 1
                    for j in range(LANES):
                        d[k, j] = g * yl[j] * (r[f, j] - r[t, j])
            p -= 1
        for j in range(width):
            d[rows[j], j] = 0.0
        lane_count[:] = 0
        for i in range(n_seen):
            k = seen[i]
            top, f_k, s_k, code = bound[k], flow[k], swing[k], float(k)
            for j in range(LANES):
                z, post = abs(d[k, j]), abs(f_l[j] + d[k, j] * f_k)
                over[j] += post > f_max[j] * (1.0 + 1e-9)
                hit = post > worst[j] * (1.0 + TIE)
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
            record = max(record, worst[j] / rating[l])
            best[q * LANES + j] = np.int64(where[j])
            at[j] = used + total
            total += lane_count[j]
        if total == 0:
            continue
        while used + total > len(listed):
            listed = np.concatenate((listed, np.empty(listed.shape)))
        for i in range(n_seen - 1, -1, -1):
            k = seen[i]
            top, f_k, s_k, code = bound[k], flow[k], swing[k], float(k)
            for j in range(width):
                z = abs(d[k, j])
                if z * top > need[j]:
                    margin = f_max[j] - abs(f_l[j] + d[k, j] * f_k)
                    if margin < s_l[j] + z * s_k:
                        listed[at[j], 0], listed[at[j], 1] = margin - z * s_k, margin
                        listed[at[j], 2], listed[at[j], 3] = d[k, j], code
                        at[j] += 1
        begin_at = used
        for j in range(width):
            end = at[j]
            listed[begin_at:end] = listed[begin_at:end][
                np.argsort(listed[begin_at:end, 0], kind="mergesort")
            ]
            begin_at = end
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
    _largest(rq, x)
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
            if _replaces(z, l, k, rq[w, c], lq[w, c], kq[w, c]):
                lq[w, c], kq[w, c] = l, k
            rq[w, c] = max(rq[w, c], z)


@njit(cache=True, nogil=True, fastmath=FAST)
def _reach(a, rq, reach, swing):
    """Largest factor of each branch over lanes, and its swing within each treatment's present limit."""
    for k in range(a.shape[0]):
        z = 0.0
        for c in range(LANES):
            z = max(z, abs(a[k, c]))
        reach[k] = z
    for w in range(len(rq)):
        x = (1.0 + TIE) / rq[w]
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
            ax = a[l, c] * (1.0 + TIE) / rq[w, c]
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
            if up[w] + far > max(limit - post, least) or down[w] + far > max(limit + post, least):
                seen += 1
                _evaluate(l, k, d, flow, rating, floor, cutoff, a, rq, lq, kq)
                break
    return seen


@njit(cache=True, nogil=True)
def tightest_first(listed, rows, count):
    """Pairs of `candidate_rows`, those of a branch by their margin: less than half of the memory.

    Returns for each pair the branch that may fill, the one that is lost, its factor, and its margin rounded down.
    """
    n = len(listed)
    fill, lost = np.empty(n, np.int32), np.empty(n, np.int32)
    factor, margin = np.empty(n), np.empty(n, np.float32)
    begin = 0
    for i in range(len(rows)):
        ranked = np.argsort(listed[begin : begin + count[i], 1], kind="mergesort")
        for e in range(len(ranked)):
            one = begin + ranked[e]
            z = listed[one, 1]
            fill[begin + e], lost[begin + e] = rows[i], np.int32(listed[one, 3])
            factor[begin + e], margin[begin + e] = listed[one, 2], z - 1e-6 * abs(z)
        begin += len(ranked)
    return fill, lost, factor, margin


@njit(cache=True, nogil=True)
def tightest(pairs, n_branch):
    """Of each branch, the smallest margin that its pairs leave it, and its largest factor when lost, 1 at least."""
    fill, lost, factors, margins = pairs
    least, factor = np.full(n_branch, np.inf), np.ones(n_branch)
    for e in range(len(fill)):
        l, k = fill[e], lost[e]
        margin, z = np.float64(margins[e]), abs(factors[e])
        least[l] = min(least[l], margin)
        least[k], factor[k] = min(least[k], margin / z), max(factor[k], z)
    return least, factor


@njit(cache=True, nogil=True)
def by_lost_branch(pairs, n_branch):
    """Pairs by the branch that is lost, the tightest first.

    Returns where each branch begins, the pairs, and the smallest flow that together with as much from the other
    branch passes the margin, twice over: ``margin / |factor|``, rounded down.
    """
    _fill, lost, factor, margin = pairs
    n = len(lost)
    start, pair, key = (
        np.zeros(n_branch + 1, np.int64),
        np.empty(n, np.int32),
        np.empty(n, np.float32),
    )
    for e in range(n):
        start[lost[e] + 1] += 1
    for k in range(n_branch):
        start[k + 1] += start[k]
    at = start[:-1].copy()
    for e in range(n):
        pair[at[lost[e]]] = e
        at[lost[e]] += 1
    for k in range(n_branch):
        b, end = start[k], start[k + 1]
        these, needed = pair[b:end].copy(), np.empty(end - b)
        for e in range(end - b):
            needed[e] = margin[these[e]] / abs(factor[these[e]])
        ranked = np.argsort(needed, kind="mergesort")
        for e in range(end - b):
            z = needed[ranked[e]]
            pair[b + e], key[b + e] = these[ranked[e]], z - 1e-6 * abs(z)
    return start, pair, key


@njit(inline="always")
def _solve_up_to(j, u_start, u_column, u_value, u_inverse, parent, known, stamp, r, stack):
    """Make sure that the angle at place `j` is known, and so those above it."""
    depth = 0
    while j >= 0 and known[j] != stamp:
        stack[depth] = j
        depth += 1
        j = parent[j]
    while depth > 0:
        depth -= 1
        solve_at(u_start, u_column, u_value, u_inverse, stack[depth], r)
        known[stack[depth]] = stamp


@njit(inline="always")
def _response(l, y, f_at, t_at, potential, r, a, fresh, stamp):
    """Fill row `l` of the load responses, once a block."""
    if fresh[l] != stamp:
        f, t, yl = f_at[l], t_at[l], y[l]
        off = yl * (potential[f] - potential[t])
        for c in range(LANES):
            a[l, c] = off - yl * (r[f, c] - r[t, c])
        fresh[l] = stamp


@njit(cache=True, nogil=True, fastmath=LOOSE)
def outage_pass(
    first, last, order, solver, y, f_at, t_at, put, get, put_f, put_t, potential, parts, by_margin,
    by_factor, by_spare, cut_off, inverse, flow, rating, floor, cutoff, rated, bound_all, fills, start, pairs,
    lose, kept, kept_at, r_in, pair_in, r_out, branch_out, outage_out, visits,
):  # fmt: skip
    """All outages for blocks `first..last`, from the limits of the intact grid downwards.

    A pair gives less than the lanes take at present only where one of its two branches brings half of the flow that is
    missing, and half of the factor that a treatment looks at: so pairs are found from branches which the
    load moves, and parts of the grid where it moves none enough are left out. `by_margin`, `by_factor`,
    `by_spare`: of each part what `steepest` says of the pairs' margins, of the factors looked at
    (`cut_off`; 0 where a treatment looks at all), and of what is short of a rating. A treatment that gives
    nothing in the intact grid is not looked at again. `kept[kept_at[l]]`: the whole row of outage
    factors of branch l, where it is kept.
    """
    whole, parent, below, part_at, begin, _start, _branch, grounded, _moved, _drawn = parts
    l_start, l_row, l_value, u_start, u_column, u_value, u_inverse = solver
    fill, lost, factor_of, margin_of = pairs
    lose_start, lose_pair, lose_key = lose
    margin_still, margin_span = by_margin
    factor_still, factor_span = by_factor
    spare_still, spare_span = by_spare
    m, n_way, n = len(y), len(cutoff), len(parent)
    r, a = np.zeros((n + 1, LANES)), np.empty((m, LANES))
    d = np.empty((m, LANES))
    bound, swing = np.empty(m), np.empty(m)
    known, fresh = np.full(n, -1, np.int64), np.full(m, -1, np.int64)
    visited = np.full(n, -1, np.int64)
    upward, stack = np.empty(n, np.int64), np.empty(n, np.int64)
    nodes, places, seen = (
        np.empty(LANES, np.int64),
        np.empty(LANES, np.int64),
        np.empty(m, np.int64),
    )
    rq, x, span = np.empty((n_way, LANES)), np.empty(LANES), np.empty((2, LANES))
    lq, kq = np.empty((n_way, LANES), np.int64), np.empty((n_way, LANES), np.int64)
    dense, look = np.empty(len(rated), np.int64), np.empty((len(rated) + 1, n_way), np.bool_)
    done, live = np.empty(n_way, np.bool_), np.empty(n_way, np.bool_)
    reach_of, swing_of = np.empty(m), np.empty((n_way, m))
    rows = np.zeros(LANES, np.int64)
    n_listed = 0
    for q in range(first, last):
        width = min(LANES, len(order) - q * LANES)
        for c in range(LANES):
            nodes[c] = order[q * LANES + min(c, width - 1)]
            places[c] = get[nodes[c]] if put[nodes[c]] >= 0 else -1
        some, local = False, cut_off > 0.0
        for w in range(n_way):
            live[w] = False
            for c in range(LANES):
                rq[w, c] = r_in[w, nodes[c]]
                lq[w, c] = kq[w, c] = pair_in[w, nodes[c]]
                live[w] |= rq[w, c] < 1.0 / ZERO_MW
            some |= live[w]
            local &= (not live[w]) or cutoff[w] >= cut_off
        half = 0.5 * cut_off * (1.0 - 1e-9) if local else 0.0
        count = climb(places, whole, parent, known, q, upward) if some else 0
        for i in range(count):
            r[upward[i], :] = 0.0
        for c in range(LANES):
            if put[nodes[c]] >= 0:
                r[put[nodes[c]], c] = 1.0
        solve_path(
            l_start, l_row, l_value, u_start, u_column, u_value, u_inverse, upward, count, r
        )  # fmt: skip
        i, j, n_seen, changed = 0, n - 1, 0, True
        while some:
            if changed:
                x[:] = 0.0
                for w in range(n_way):
                    if live[w]:
                        for c in range(LANES):
                            x[c] = max(x[c], (1.0 + TIE) / rq[w, c])
            changed = False
            if i < count:  # what lies above the nodes first, then all that may matter
                j = upward[i]
            else:
                if i == count:
                    j = n - 1
                found = False
                while j >= 0 and not found:
                    s = part_at[j]
                    if known[j] != q and s >= 0:
                        spans(u_start, u_column, j, grounded[s], potential, r, span)
                        top = 0.0
                        if local:
                            one, other, third, fourth = (
                                factor_still[s],
                                factor_span[s],
                                spare_still[s],
                                spare_span[s],
                            )
                            for c in range(LANES):
                                z = max(
                                    one + other * span[0, c], x[c] * (third + fourth * span[0, c])
                                )
                                top = max(top, z)
                        else:
                            one, other = margin_still[s], margin_span[s]
                            for c in range(LANES):
                                top = max(top, x[c] * (one + other * span[0, c]))
                        if top <= 1.0:
                            j = below[j] - 1
                            continue
                    found = True
                if j < 0:
                    break
                if known[j] != q:
                    solve_at(u_start, u_column, u_value, u_inverse, j, r)
                    known[j] = q
            for b in range(begin[j], begin[j + 1] if visited[j] != q else 0):
                _response(b, y, f_at, t_at, potential, r, a, fresh, q)
                seen[n_seen] = b
                n_seen += 1
                own, reach = 0.0, 0.0
                for c in range(LANES):
                    own, reach = max(own, abs(a[b, c]) * x[c]), max(reach, abs(a[b, c]))
                at = fills[b]
                for turn in range(2):
                    if turn == 0:
                        e, end = (start[at], start[at + 1]) if at >= 0 and reach >= half else (0, 0)
                    else:
                        e, end = lose_start[b], lose_start[b + 1]
                    while e < end:
                        if turn == 0:
                            pair, key = e, margin_of[e]
                        else:
                            pair, key = lose_pair[e], lose_key[e]
                        if key >= 2.0 * own:
                            break
                        e += 1
                        n_listed += 1
                        d_e, z = factor_of[pair], abs(factor_of[pair])
                        l, k = b, int(lost[pair])
                        if turn == 1:
                            if z * reach < half:
                                continue
                            l = int(fill[pair])
                        far = k if turn == 0 else l
                        if fresh[far] != q:
                            _solve_up_to(
                                min(f_at[far], t_at[far]), u_start, u_column, u_value, u_inverse, parent, known, q,
                                r, stack,
                            )  # fmt: skip
                            _response(far, y, f_at, t_at, potential, r, a, fresh, q)
                        most = 0.0
                        for c in range(LANES):
                            most = max(most, abs(a[l, c] + d_e * a[k, c]) * x[c])
                        if most <= margin_of[pair]:
                            continue
                        visits[0] += 1
                        post, limit = flow[l] + d_e * flow[k], rating[l]
                        for w in range(n_way):
                            if not live[w]:
                                continue
                            least = max(floor[w] * limit, TINY_MW)
                            up, down = (
                                1.0 / max(limit - post, least),
                                -1.0 / max(limit + post, least),
                            )
                            cut, ahead = cutoff[w], 0.0
                            for c in range(LANES):
                                v = a[l, c] + d_e * a[k, c]
                                z = max(v * up, v * down) if abs(v) >= cut else 0.0
                                ahead = max(ahead, z - (1.0 - TIE) * rq[w, c])
                            if ahead > 0.0:
                                for c in range(LANES):
                                    v = a[l, c] + d_e * a[k, c]
                                    z = max(v * up, v * down) if abs(v) >= cut else 0.0
                                    changed |= z > rq[w, c]
                                    if _replaces(z, l, k, rq[w, c], lq[w, c], kq[w, c]):
                                        lq[w, c], kq[w, c] = l, k
                                    rq[w, c] = max(rq[w, c], z)
            visited[j] = q
            if i < count:
                i += 1
            else:
                i = count + 1
                j -= 1
        # branches so close to their limit that a list does not suffice: their whole row
        for w in range(n_way):
            finished = True
            for c in range(LANES):
                finished &= rq[w, c] >= 1.0 / ZERO_MW
            done[w] = finished
        n_dense = 0
        for i in range(len(rated) if some else 0):
            l = rated[i]
            if fresh[l] != q:
                if not (local and kept_at[l] >= 0):
                    continue
                _solve_up_to(
                    min(f_at[l], t_at[l]), u_start, u_column, u_value, u_inverse, parent, known, q, r, stack
                )  # fmt: skip
                _response(l, y, f_at, t_at, potential, r, a, fresh, q)
            # outages off the list have |d| bound_all <= rest, and a swing of at most twice that
            rest = max(rating[l] - bound_all[l], THETA * rating[l])
            asked, reach = False, 0.0
            for c in range(LANES):
                reach = max(reach, abs(a[l, c]))
            for w in range(n_way):
                look[n_dense, w] = False
                if done[w] or not live[w]:
                    continue
                z, s, lowest = abs(flow[l]), 0.0, np.inf
                for c in range(LANES):
                    if rq[w, c] < 1.0 / ZERO_MW:
                        ax = a[l, c] * (1.0 + TIE) / rq[w, c]
                        z, s = max(z, abs(flow[l] + ax)), max(s, abs(ax))
                        lowest = min(lowest, 1.0 / rq[w, c])
                close = rating[l] - z < THETA * rating[l]
                guarded = s + 2.0 * rest <= floor[w] * rating[l]
                look[n_dense, w] = (
                    close and not guarded and reach + 2.0 * rest / lowest >= cutoff[w]
                )
                asked |= look[n_dense, w]
            if asked and local and kept_at[l] >= 0 and reach < half:
                row = kept[kept_at[l]]
                for e in range(n_seen):
                    k = seen[e]
                    most = 0.0
                    for c in range(LANES):
                        most = max(most, abs(a[k, c]))
                    if abs(row[k]) * most >= half:
                        visits[0] += 1
                        _evaluate(l, k, row[k], flow, rating, floor, cutoff, a, rq, lq, kq)
                asked = False
            if asked:
                dense[n_dense] = l
                n_dense += 1
        visits[2] += n_dense
        if n_dense:
            for j in range(n - 1, -1, -1):
                if known[j] != q:
                    solve_at(u_start, u_column, u_value, u_inverse, j, r)
                for b in range(begin[j], begin[j + 1]):
                    _response(b, y, f_at, t_at, potential, r, a, fresh, q)
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
                b = nodes[c]
                if r_in[w, b] >= 1.0 / ZERO_MW:  # whatever is lost then
                    rq[w, c], lq[w, c], kq[w, c] = r_in[w, b], pair_in[w, b], pair_in[w, b]
                r_out[w, b], branch_out[w, b], outage_out[w, b] = rq[w, c], lq[w, c], kq[w, c]
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
                        if _replaces(s, l, k, r[w, b], branch[w, b], outage[w, b]):
                            branch[w, b], outage[w, b] = l, k
                        r[w, b] = max(r[w, b], s)


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
            if inside[e] > best[depth] * (1.0 + TIE):
                best[depth], best_at[depth] = inside[e], e
        r[v], which[v] = best[depth], best_at[depth]
        for i in range(len(ranked)):
            e = ranked[i]
            if outside[e] <= r[v] * (1.0 + TIE):
                break
            u = below[e]
            if not (entered[u] <= p < end_of[u]):
                r[v], which[v] = outside[e], e
                break
