"""How is the exact N-1 load capacity of every bus found without visiting every (branch, outage) pair? Kernels.

Powers in MW. A load ``x`` at a node, outage ``k`` (none: factor 0): ``flow_l(x) = post + x v`` with
``post = f_l + d f_k``, ``v = a_l + d a_k``, ``d = LODF[l, k]``, ``a`` the load response (minus PTDF). The
capacity is the smallest ``margin / |v|`` over monitored branches and outages.

*Proof that skipping is exact.* For ``0 <= x <= X`` a flow is linear in x, so its modulus is at most
``U_l = max(|f_l|, |f_l + a_l X|)``. After losing k it is at most ``U_l + |d| U_k``. Where that stays
within the rating the pair cannot give less than ``X``. Where ``W_l + |d| W_k <= floor F_l`` with
``W = |a| X``, the guaranteed margin suffices; where ``|a_l| + |d| |a_k|`` is below the cutoff, the pair
is not looked at by definition. X only falls while pairs are evaluated, so bounds taken earlier
stay valid. Nothing here needs positive reactances.

Nothing dense of size branch x branch or branch x bus is ever held: columns of 16 nodes and rows of
16 branches are solved when needed, so memory grows with the grid, not with its square.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numba import njit

LANES = 16  # nodes or branches solved together: one or two cache lines
SEEDS = 6  # outages of a branch looked at before the bounds are tightened
THETA = 0.01  # relative slack of a branch below which its whole row of outages is looked at
CAP_MW = 10_000.0
NOISE = 1e-7  # factors below are rounding, not physics: 10 GW times it is 1 kW
TINY_MW = 1e-18  # margin of a pair already at its limit
ZERO_MW = 1e-6

_FAST = {"nsz", "arcp", "contract"}


@njit(cache=True, nogil=True, fastmath=_FAST)
def solve_lanes(l_start, l_row, l_value, u_start, u_column, u_value, u_inverse, r):
    """Both triangular solves in place for 16 right-hand sides; the last row of `r` is the reference."""
    n = len(u_inverse)
    for j in range(n):
        busy = False
        for c in range(LANES):
            busy |= r[j, c] != 0.0
        if not busy:
            continue
        for q in range(l_start[j], l_start[j + 1]):
            i = l_row[q]
            x = l_value[q]
            for c in range(LANES):
                r[i, c] -= x * r[j, c]
    for j in range(n - 1, -1, -1):
        for q in range(u_start[j], u_start[j + 1]):
            i = u_column[q]
            x = u_value[q]
            for c in range(LANES):
                r[j, c] -= x * r[i, c]
        x = u_inverse[j]
        for c in range(LANES):
            r[j, c] *= x


@njit(cache=True, nogil=True, fastmath=_FAST)
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


@njit(cache=True, nogil=True, fastmath=_FAST)
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
    """Limits of the intact core for blocks `first..last`; the largest |flow| each branch may see.

    Also keeps the entries of the inverse that the outage factors need: `own` (diagonal), `across`.
    """
    m, n_way = len(y), len(cutoff)
    r, a = np.zeros((len(put) + 1, LANES)), np.empty((m, LANES))
    bound = np.abs(flow)
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
            z, fl = bound[l], flow[l]
            for c in range(LANES):
                z = max(z, abs(fl + a[l, c] * x[c]))
            bound[l] = z
    return bound


@njit(cache=True, nogil=True, fastmath=_FAST)
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


@njit(cache=True, nogil=True, fastmath=_FAST)
def candidate_rows(
    first,
    last,
    rated,
    solver,
    y,
    f_at,
    t_at,
    put_f,
    put_t,
    inverse,
    bound,
    rating,
    flow,
    n_node,
    count,
    stats,
    best,
):
    """Outages that could matter to branches `rated[first*16 .. last*16]`, strongest first.

    Returns flat arrays of outage and factor; `count` is filled per branch. `stats`: pairs over the
    rating before anything is added, and the worst loading, `best` its pair.
    """
    r, d = np.zeros((n_node + 1, LANES)), np.empty((len(y), LANES))
    m = len(y)
    room = max(1024, 64 * (last - first) * LANES)
    which, value = np.empty(room, np.int32), np.empty(room)
    used = 0
    need, lane_count = np.empty(LANES), np.zeros(LANES, np.int64)
    rows = np.zeros(LANES, np.int64)
    for q in range(first, last):
        width = min(LANES, len(rated) - q * LANES)
        for j in range(LANES):
            rows[j] = rated[q * LANES + min(j, width - 1)]
            l = rows[j]
            need[j] = max(rating[l] - bound[l], THETA * rating[l]) if j < width else np.inf
        outage_rows(rows, width, solver, y, f_at, t_at, put_f, put_t, inverse, r, d)
        lane_count[:] = 0
        for k in range(m):
            top = bound[k]
            for j in range(LANES):
                lane_count[j] += abs(d[k, j]) * top > need[j]
        for j in range(width):
            l, n = rows[j], lane_count[j]
            count[q * LANES + j] = n
            over, worst, at = 0, stats[q * LANES + j, 1], -1
            for k in range(m):
                load = abs(flow[l] + d[k, j] * flow[k]) / rating[l]
                over += load > 1.0 + 1e-9 and k != l
                if load > worst:
                    worst, at = load, k
            stats[q * LANES + j, 0] = over
            stats[q * LANES + j, 1] = worst
            best[q * LANES + j] = at
            if n == 0:
                continue
            while used + n > len(which):
                which = np.concatenate((which, np.empty(len(which), np.int32)))
                value = np.concatenate((value, np.empty(len(value))))
            ks, strength, i = np.empty(n, np.int32), np.empty(n), 0
            for k in range(m):
                z = abs(d[k, j]) * bound[k]
                if z > need[j]:
                    ks[i], strength[i] = k, -z
                    i += 1
            ranked = np.argsort(strength, kind="mergesort")
            for i in range(n):
                which[used + i] = ks[ranked[i]]
                value[used + i] = d[ks[ranked[i]], j]
            used += n
    return which[:used].copy(), value[:used].copy()


@njit(cache=True, nogil=True, fastmath=_FAST)
def _flow_bounds(flow, a, rq, bound, swing):
    """Largest |flow| and largest change of flow any lane can cause within its own bound."""
    x = np.empty(LANES)
    for c in range(LANES):
        x[c] = 1.0 / rq[c]
    for l in range(len(flow)):
        fl = flow[l]
        z, s = abs(fl), 0.0
        for c in range(LANES):
            ax = a[l, c] * x[c]
            z = max(z, abs(fl + ax))
            s = max(s, abs(ax))
        bound[l], swing[l] = z, s


@njit(cache=True, nogil=True, fastmath=_FAST)
def _evaluate(l, k, d, flow, rating, floor, cut, a, rq, lq, kq):
    """One pair for all lanes."""
    post = flow[l] + d * flow[k]
    least = max(floor * rating[l], TINY_MW)
    up, down = 1.0 / max(rating[l] - post, least), -1.0 / max(rating[l] + post, least)
    for c in range(LANES):
        v = a[l, c] + d * a[k, c]
        z = max(v * up, v * down) if abs(v) >= cut else 0.0
        if z > rq[c]:
            rq[c], lq[c], kq[c] = z, l, k


@njit(cache=True, nogil=True, fastmath=_FAST)
def outage_pass(
    first,
    last,
    order,
    solver,
    y,
    offset,
    f_at,
    t_at,
    put,
    put_f,
    put_t,
    inverse,
    flow,
    rating,
    floor,
    cutoff,
    rated,
    bound_all,
    start,
    which,
    value,
    r_in,
    pair_in,
    r_out,
    branch_out,
    outage_out,
    visits,
):
    """All outages for blocks `first..last`, from the limits of the intact grid downwards."""
    m, n_way = len(y), len(cutoff)
    r, a = np.zeros((len(put) + 1, LANES)), np.empty((m, LANES))
    d = np.empty((m, LANES))
    reach = np.empty(m)
    bound, swing = np.empty(m), np.empty(m)
    nodes = np.empty(LANES, np.int64)
    rq, lq, kq = np.empty(LANES), np.empty(LANES, np.int64), np.empty(LANES, np.int64)
    dense = np.empty(len(rated), np.int64)
    rows = np.zeros(LANES, np.int64)
    for q in range(first, last):
        width = min(LANES, len(order) - q * LANES)
        for c in range(LANES):
            nodes[c] = order[q * LANES + min(c, width - 1)]
        responses(solver, y, offset, f_at, t_at, put, nodes, r, a)
        for l in range(m):
            z = 0.0
            for c in range(LANES):
                z = max(z, abs(a[l, c]))
            reach[l] = z
        for w in range(n_way):
            cut, low = cutoff[w], floor[w]
            for c in range(LANES):
                rq[c] = r_in[w, nodes[c]]
                lq[c] = kq[c] = pair_in[w, nodes[c]]
            for sweep in range(2):
                _flow_bounds(flow, a, rq, bound, swing)
                for i in range(len(rated)):
                    l = rated[i]
                    spare = rating[l] - bound[l]
                    guard = low * rating[l]
                    begin = start[i] if sweep == 0 else start[i] + SEEDS
                    end = min(start[i] + SEEDS, start[i + 1]) if sweep == 0 else start[i + 1]
                    for e in range(begin, end):
                        k, z = which[e], abs(value[e])
                        if z * bound_all[k] <= spare:
                            break
                        if z * bound[k] <= spare or swing[l] + z * swing[k] <= guard:
                            continue
                        if reach[l] + z * reach[k] < cut:
                            continue
                        visits[0] += LANES
                        _evaluate(l, k, value[e], flow, rating, low, cut, a, rq, lq, kq)
            # branches so close to their limit that a list does not suffice: their whole row
            _flow_bounds(flow, a, rq, bound, swing)
            n_dense = 0
            x_least = np.inf
            for c in range(LANES):
                x_least = min(x_least, 1.0 / rq[c])
            for i in range(len(rated)):
                l = rated[i]
                if rating[l] - bound[l] >= THETA * rating[l]:
                    continue
                # outages off the list have |d| bound_all <= rest, and swing <= 2 bound_all
                rest = max(rating[l] - bound_all[l], THETA * rating[l])
                if swing[l] + 2.0 * rest <= low * rating[l]:
                    continue
                if reach[l] + 2.0 * rest / x_least < cut:
                    continue
                dense[n_dense] = l
                n_dense += 1
            visits[1] += n_dense
            for s in range(0, n_dense, LANES):
                part = min(LANES, n_dense - s)
                for j in range(part):
                    rows[j] = dense[s + j]
                outage_rows(rows, part, solver, y, f_at, t_at, put_f, put_t, inverse, r, d)
                for k in range(m):
                    if inverse[k] == 0.0:
                        continue
                    for j in range(part):
                        l, z = rows[j], abs(d[k, j])
                        if z * bound[k] <= rating[l] - bound[l]:
                            continue
                        if swing[l] + z * swing[k] <= low * rating[l]:
                            continue
                        if reach[l] + z * reach[k] < cut:
                            continue
                        visits[0] += LANES
                        _evaluate(l, k, d[k, j], flow, rating, low, cut, a, rq, lq, kq)
            for c in range(width):
                r_out[w, nodes[c]] = rq[c]
                branch_out[w, nodes[c]] = lq[c]
                outage_out[w, nodes[c]] = kq[c]


@njit(cache=True, nogil=True, fastmath=_FAST)
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
                if abs(d) * bound[k] <= rating[l] - bound[l]:
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
