"""The largest load at one node over all dispatches that keep every pair: a dual simplex over the pairs themselves. In MW.

Basis: active rows W (the balance, and pairs at their rating) and as many basic columns (the load, always, and
units); every other unit stands at one end of its range. W stays small (about twenty rows for 2,000 buses), so its
inverse is kept and changed by one row or column a step. Only rows that a state was seen to violate (the pool) are
followed in every step; once none of them is violated, every pair is screened and what turns up joins the pool.

A step takes out what violates most by steepest edge of the dual (violation^2 over the squared length of its row of
the inverse), and lets units flip from one end to the other as long as that still helps. Dual weights and reduced
costs below `NOISE` keep their side: noise decided ties and sent the search round in circles.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.files.kernels import njit
from taotie.grid.capacity.redispatch_screen import (
    bring_up,
    load_on_pair,
    row_of_pair,
    screen_pairs,
)
from taotie.grid.capacity.redispatch_setup import FAST, FloatArray, IntArray

W_MAX = 200  # rows in a basis, where no more are asked for
TRIES = 12
STALL = 400  # steps after which ties are broken by small costs
ANEW = 50
NOISE = 1e-11
TOLERANCE = 2e-9  # of a rating, and MW: what counts as violated
OPTIMAL, INFEASIBLE, TOO_LONG, TOO_LARGE, SINGULAR_BASIS, WANTING = 0, 1, 2, 3, 4, 5


class Basis(NamedTuple):
    """Active rows and basic units; row 0 is the balance, column 0 the load."""

    l: IntArray
    k: IntArray
    v: FloatArray
    side: FloatArray
    unit: IntArray
    up: IntArray
    size: IntArray


class Pool(NamedTuple):
    """Rows seen violated, and the flows followed for them.

    `i`, `j`: places of the two flows of a row, the same where nothing is lost; `place` of each branch (-1: not followed), `branch` of each place;
    `g`, `flow`, `x`: response to units, flow and response to the load at each place; `size`: rows, places.
    """

    l: IntArray
    k: IntArray
    v: FloatArray
    used: IntArray
    i: NDArray[np.int32]
    j: NDArray[np.int32]
    place: IntArray
    branch: IntArray
    g: FloatArray
    flow: FloatArray
    x: FloatArray
    size: IntArray


class Work(NamedTuple):
    """State of the search that outlives one node.

    `a`, `c`, `x`: active rows over units, their constants, their response to the load; `inverse` of the basis;
    `p`: dispatch; `f`: flows of all branches in the state (`p_f`, `at`); `counts`: steps, screens, largest pool,
    bases; `proof`: MW by which an infeasible row falls short at best.
    """

    a: FloatArray
    c: FloatArray
    x: FloatArray
    inverse: FloatArray
    p: FloatArray
    f: FloatArray
    p_f: FloatArray
    at: FloatArray
    counts: IntArray
    proof: FloatArray


def new_basis(n_unit: int, n_row: int = W_MAX) -> Basis:
    """Only the balance, all units at Pmax: optimal where no branch limits."""
    return Basis(
        np.zeros(n_row, np.int64), np.full(n_row, -1, np.int64), np.zeros(n_row), np.zeros(n_row),
        np.zeros(n_row, np.int64), np.ones(n_unit, np.int64), np.ones(1, np.int64),
    )  # fmt: skip


def new_pool(n_unit: int, n_out: int, n_row: int = 2048) -> Pool:
    n_place = min(n_out, 2 * n_row)
    whole = [np.zeros(n_row, np.int64) for _row in range(3)]
    at = [np.zeros(n_row, np.int32) for _row in range(2)]
    return Pool(
        whole[0], whole[1], np.zeros(n_row), whole[2], at[0], at[1],
        np.full(n_out, -1, np.int64), np.zeros(n_place, np.int64), np.zeros((n_unit, n_place + 24)),
        np.zeros(n_place), np.zeros(n_place), np.zeros(2, np.int64),
    )  # fmt: skip


def new_work(n_unit: int, fixed: FloatArray, n_row: int = W_MAX) -> Work:
    return Work(
        np.zeros((n_row, n_unit)), np.zeros(n_row), np.zeros(n_row), np.zeros((n_row, n_row)),
        np.zeros(n_unit), fixed.copy(), np.zeros(n_unit), np.zeros(2), np.zeros(4, np.int64),
        np.zeros(1),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def invert(k, n, out):
    """Inverse of the first n rows and columns by Gauss-Jordan with row exchange; False where singular."""
    a = np.empty((n, 2 * n))
    for i in range(n):
        for j in range(n):
            a[i, j] = k[i, j]
            a[i, n + j] = 1.0 if i == j else 0.0
    for c in range(n):
        best, row = abs(a[c, c]), c
        for i in range(c + 1, n):
            if abs(a[i, c]) > best:
                best, row = abs(a[i, c]), i
        if not best > 1e-13:
            return False
        if row != c:
            for j in range(2 * n):
                a[c, j], a[row, j] = a[row, j], a[c, j]
        q = 1.0 / a[c, c]
        for j in range(2 * n):
            a[c, j] *= q
        for i in range(n):
            z = a[i, c]
            if i != c and z != 0.0:
                for j in range(c, 2 * n):
                    a[i, j] -= z * a[c, j]
    for i in range(n):
        for j in range(n):
            out[i, j] = a[i, n + j]
    return True


@njit(cache=True, nogil=True)
def invert_basis(n, base_unit, row_a, row_x, ki):
    """The inverse of the basis of n rows from scratch; False where singular."""
    k = np.empty((n, n))
    for i in range(n):
        k[i, 0] = row_x[i]
        for j in range(1, n):
            k[i, j] = row_a[i, base_unit[j]]
    return invert(k, n, ki)


@njit(cache=True, nogil=True)
def write_rows(n, base_l, base_k, base_v, row_a, row_c, row_x, hg, fixed, column):
    """The n active rows as they are with the load at the node of `column`."""
    for j in range(hg.shape[1]):
        row_a[0, j] = 1.0
    row_c[0], row_x[0] = 0.0, -1.0
    for i in range(1, n):
        row_c[i] = row_of_pair(base_l[i], base_k[i], base_v[i], hg, fixed, row_a[i])
        row_x[i] = load_on_pair(base_l[i], base_k[i], base_v[i], column)


@njit(cache=True, nogil=True)
def _follow(branch, place, branch_at, pool_g, pool_flow, pool_x, pool_n, hg, f, column):
    """A place for a branch among those whose flow is followed in every step."""
    at = place[branch]
    if at >= 0:
        return at
    at = pool_n[1]
    pool_n[1] = at + 1
    place[branch], branch_at[at] = at, branch
    for j in range(pool_g.shape[0]):
        pool_g[j, at] = hg[branch, j]
    pool_flow[at] = f[branch]
    pool_x[at] = column[branch] if branch < column.size else 0.0
    return at


@njit(cache=True, nogil=True)
def thin_pool(pool, oldest):
    """Drop rows not violated since `oldest`, and the flows followed for them."""
    (
        pool_l, pool_k, pool_v, used, pool_i, pool_j, place, branch_at, pool_g, pool_flow, pool_x, pool_n,
    ) = pool  # fmt: skip
    n_place, keep = pool_n[1], 0
    to = np.full(n_place, -1)
    for r in range(pool_n[0]):
        if used[r] < oldest:
            continue
        pool_l[keep], pool_k[keep], pool_v[keep], used[keep] = (
            pool_l[r], pool_k[r], pool_v[r], used[r],
        )  # fmt: skip
        pool_i[keep], pool_j[keep] = pool_i[r], pool_j[r]
        to[pool_i[r]] = to[pool_j[r]] = 0
        keep += 1
    n = 0
    for s in range(n_place):
        if to[s] < 0:
            place[branch_at[s]] = -1
            continue
        to[s] = n
        place[branch_at[s]] = n
        branch_at[n], pool_flow[n], pool_x[n] = branch_at[s], pool_flow[s], pool_x[s]
        n += 1
    for j in range(pool_g.shape[0]):
        for s in range(n_place):
            if to[s] >= 0:
                pool_g[j, to[s]] = pool_g[j, s]
    for r in range(keep):
        pool_i[r], pool_j[r] = to[pool_i[r]], to[pool_j[r]]
    pool_n[0], pool_n[1] = keep, n


@njit(cache=True, nogil=True)
def _take_in(pool, n, sl, sk, sv, stamp, hg, f, column):
    """New rows into the pool; where it is full, older ones go, and if need be all."""
    (
        pool_l, pool_k, pool_v, used, pool_i, pool_j, place, branch_at, pool_g, pool_flow, pool_x, pool_n,
    ) = pool  # fmt: skip
    age = 40
    while pool_n[0] + n > pool_l.size or pool_n[1] + 2 * n > branch_at.size:
        if pool_n[0] == 0:
            break
        thin_pool(pool, stamp - age if age > 0 else stamp + 1)
        age = age // 2 if age > 1 else age - 1
    for q in range(n):
        if pool_n[0] >= pool_l.size or pool_n[1] + 2 > branch_at.size:
            return
        r = pool_n[0]
        pool_n[0] = r + 1
        pool_l[r], pool_k[r], pool_v[r], used[r] = sl[q], sk[q], sv[q], stamp
        for side in range(2):
            branch = sk[q] if side == 1 and sk[q] >= 0 else sl[q]
            at = _follow(branch, place, branch_at, pool_g, pool_flow, pool_x, pool_n, hg, f, column)
            (pool_j if side else pool_i)[r] = at


@njit(cache=True, nogil=True)
def _keep_largest(size, which, n, e, w):
    if n < size.size:
        size[n], which[n] = e, w
        return n + 1
    small = 0
    for q in range(1, n):
        if size[q] < size[small]:
            small = q
    if e > size[small]:
        size[small], which[small] = e, w
    return n


@njit(cache=True, nogil=True, fastmath=FAST)
def _reduced_costs(n, row_a, y, cost, d):
    n_unit = d.size
    for j in range(n_unit):
        d[j] = cost[j]
    for i in range(n):
        z = y[i]
        if z != 0.0:
            for j in range(n_unit):
                d[j] -= z * row_a[i, j]


@njit(cache=True, nogil=True, fastmath=FAST)
def _follow_flows(na, branch_at, g, flow, pool_x, fixed, p, old, x, x_old, fresh):
    """Flows at the followed places; by what changed, or from scratch. `old` becomes `p`."""
    if fresh:
        for s in range(na):
            flow[s] = fixed[branch_at[s]]
    dx = x if fresh else x - x_old
    for s in range(na):
        flow[s] -= pool_x[s] * dx
    n, which, by = 0, np.empty(p.size + 3, np.int64), np.zeros(p.size + 3)
    for j in range(p.size):
        dp = p[j] if fresh else p[j] - old[j]
        old[j] = p[j]
        if dp != 0.0:
            which[n], by[n] = j, dp
            n += 1
    for q in range(3):
        which[n + q] = 0  # with a change of 0, so that four can be taken at a time
    for q in range(0, n, 4):
        a, b, c, d = g[which[q]], g[which[q + 1]], g[which[q + 2]], g[which[q + 3]]
        va, vb, vc, vd = by[q], by[q + 1], by[q + 2], by[q + 3]
        for s in range(na):
            flow[s] += va * a[s] + vb * b[s] + vc * c[s] + vd * d[s]


@njit(cache=True, nogil=True)
def _limits(n_row, pool_l, pool_k, rate, post, tol, most):
    """What the flow of each row may be."""
    for r in range(n_row):
        top = rate[pool_l[r]] if pool_k[r] < 0 else post[pool_l[r]]
        most[r] = top * (1 + tol) + tol


@njit(cache=True, nogil=True, fastmath=FAST)
def _scan(n_row, pool_v, used, pool_i, pool_j, flow, most, over, stamp, size, which, n):
    """Violated rows of the pool, the largest kept."""
    for r in range(n_row):
        over[r] = abs(flow[pool_i[r]] + pool_v[r] * flow[pool_j[r]]) - most[r]
    for r in range(n_row):
        if over[r] > 0.0:
            used[r] = stamp
            n = _keep_largest(size, which, n, over[r], r + 1)
    return n


@njit(cache=True, nogil=True, fastmath=FAST)
def _tableau(n, rho, row_a, g):
    """`g` less the active rows weighted by `rho`: what remains on the units that stand at an end."""
    for i in range(n):
        z = rho[i]
        if z != 0.0:
            for j in range(g.size):
                g[j] -= z * row_a[i, j]


@njit(cache=True, nogil=True, fastmath={"nsz", "arcp", "contract", "reassoc"})
def _less_products(table, n, p, out):
    """`out` less the first n rows of a table times p."""
    for i in range(n):
        z = 0.0
        for j in range(p.size):
            z += table[i, j] * p[j]
        out[i] -= z


@njit(cache=True, nogil=True)
def _shortfall(
    sign, constant, limit, rho, g, x_left, n, base_l, base_k, row_c, demand, low, high, rate, post
):  # fmt: skip
    """MW by which the best of all dispatches misses a row: a proof of infeasibility where positive."""
    best = sign * constant + sign * rho[0] * demand
    for i in range(1, n):
        lim = rate[base_l[i]] if base_k[i] < 0 else post[base_l[i]]
        best += abs(rho[i]) * lim - sign * rho[i] * row_c[i]
    total_low, total_high = 0.0, 0.0
    for j in range(g.size):
        best += max(sign * g[j] * low[j], sign * g[j] * high[j])
        total_low += low[j]
        total_high += high[j]
    best += abs(x_left) * max(abs(total_high - demand), abs(total_low - demand))
    return limit - best


@njit(cache=True, nogil=True)
def solve(b, net, room, lists, basis, pool, work, stamp, tol, max_steps):
    """Largest load at node `b`, from the basis given; returns load, status, worst loading met.

    The basis must be dual feasible after units are put to the side their reduced cost asks for: the weight of the
    load in it must be positive. On return `basis`, `work.p` and `work.inverse` hold the answer. `WANTING`: rows of
    factors are missing, and the search goes on from that basis once they are there.
    """
    # taken apart once: each look into a tuple of arrays is paid for when compiling
    ht, _filled, _wanted, _y, hg, hgt, _from, _to, _inverse, _own = net
    fixed, low, high, demand, rate, post = room
    base_l, base_k, base_v, side, base_unit, up, base_n = basis
    (
        pool_l, pool_k, pool_v, used, pool_i, pool_j, _place, branch_at, pool_g, pool_flow, pool_x, pool_n,
    ) = pool  # fmt: skip
    row_a, row_c, row_x, ki, p, f, p_f, at_f, counts, proof = work
    n_unit, w_max, column = low.size, base_l.size, ht[b]
    most, over = np.empty(pool_l.size), np.empty(pool_l.size)
    _limits(pool_n[0], pool_l, pool_k, rate, post, tol, most)
    write_rows(base_n[0], base_l, base_k, base_v, row_a, row_c, row_x, hg, fixed, column)
    for at in range(pool_n[1]):
        pool_x[at] = column[branch_at[at]] if branch_at[at] < column.size else 0.0
    if not invert_basis(base_n[0], base_unit, row_a, row_x, ki):
        return 0.0, SINGULAR_BASIS, np.nan
    in_basis = np.zeros(n_unit, np.bool_)
    for i in range(1, base_n[0]):
        in_basis[base_unit[i]] = True
    old, d, cost = np.zeros(n_unit), np.empty(n_unit), np.zeros(n_unit)
    g, best_row = np.empty(n_unit), np.empty(n_unit)
    cand, ratio = np.empty(n_unit + w_max, np.int64), np.empty(n_unit + w_max)
    m = rate.size
    sl, sk, sv = np.empty(2 * m, np.int64), np.empty(2 * m, np.int64), np.empty(2 * m)
    tried, which = np.empty(TRIES), np.empty(TRIES, np.int64)
    y, rhs, xb = np.zeros(w_max), np.zeros(w_max), np.zeros(w_max)
    rho, best_rho = np.zeros(w_max), np.zeros(w_max)
    active, q_col = np.zeros(w_max), np.zeros(w_max)
    mode, since, x, x_old = 0, 0, 0.0, 0.0
    fresh, dirty, exact = True, False, True
    for step in range(max_steps):
        counts[0] += 1
        nw = base_n[0]
        if since >= ANEW:
            if not invert_basis(nw, base_unit, row_a, row_x, ki):
                return x, SINGULAR_BASIS, np.nan
            since, fresh, exact = 0, True, True
        if mode == 0 and step == STALL:  # in circles: small costs of the units break the ties
            mode = 1
            seed = 12345 + 977 * b
            for j in range(n_unit):
                seed = (seed * 1103515245 + 12345) % 2147483648
                z = 1e-7 * (0.5 + seed / 2147483648.0)
                cost[j] = z if up[j] else -z
        for i in range(nw):
            y[i] = ki[0, i]
            if mode == 1:
                for r in range(1, nw):
                    y[i] += cost[base_unit[r]] * ki[r, i]
        _reduced_costs(nw, row_a, y, cost, d)
        for i in range(1, nw):
            if y[i] > NOISE:
                side[i] = 1.0
            elif y[i] < -NOISE:
                side[i] = -1.0
        # units at the end their reduced cost asks for, then the basic ones
        rhs[0] = demand
        for i in range(1, nw):
            lim = rate[base_l[i]] if base_k[i] < 0 else post[base_l[i]]
            rhs[i] = side[i] * lim - row_c[i]
        for j in range(n_unit):
            if in_basis[j]:
                p[j] = 0.0
                continue
            if d[j] > NOISE:
                up[j] = 1
            elif d[j] < -NOISE:
                up[j] = 0
            p[j] = high[j] if up[j] else low[j]
        _less_products(row_a, nw, p, rhs)
        big = 0.0
        for i in range(nw):
            z = 0.0
            for r in range(nw):
                z += ki[i, r] * rhs[r]
            xb[i] = z
            big = max(big, abs(z))
        x = xb[0]
        for i in range(1, nw):
            p[base_unit[i]] = xb[i]
        # a nearly singular basis sends units to 1e9 MW for a step: then flows from scratch
        if dirty and big < 1e6:
            fresh = True
        dirty = big >= 1e6
        _follow_flows(
            pool_n[1], branch_at, pool_g, pool_flow, pool_x, fixed, p, old, x, x_old, fresh
        )
        fresh = False
        x_old = x
        nt = 0
        for i in range(1, nw):
            j = base_unit[i]
            e = max(low[j] - p[j], p[j] - high[j])
            if e > tol * (1.0 + abs(p[j])):
                nt = _keep_largest(tried, which, nt, e, -i)
        nt = _scan(
            pool_n[0], pool_v, used, pool_i, pool_j, pool_flow, most, over, stamp, tried, which, nt,
        )  # fmt: skip
        if nt == 0:
            if not exact:  # before it counts: the same with an inverse from scratch
                since = ANEW
                continue
            bring_up(f, p_f, at_f, p, x, b, ht, hgt, fixed, False)
            n, worst = screen_pairs(f, net, room, lists, tol, sl, sk, sv)
            counts[1] += 1
            if n < 0:
                return x, WANTING, np.nan
            if n == 0:
                if mode == 1:  # without the small costs again from here
                    mode = 2
                    for j in range(n_unit):
                        cost[j] = 0.0
                    continue
                return x, OPTIMAL, worst
            _take_in(pool, n, sl, sk, sv, stamp, hg, f, column)
            _limits(pool_n[0], pool_l, pool_k, rate, post, tol, most)
            counts[2] = max(counts[2], pool_n[0])
            nt = _scan(
                pool_n[0], pool_v, used, pool_i, pool_j, pool_flow, most, over, stamp, tried, which, nt,
            )  # fmt: skip
            if nt == 0:
                return x, TOO_LARGE, np.nan
        best, pick, sign, e_best, c_best, s = -1.0, 0, 0.0, 0.0, 0.0, 0.0
        for q in range(nt):
            norm = 0.0
            if which[q] < 0:  # a basic unit beyond its range
                i = -which[q]
                for r in range(nw):
                    rho[r] = ki[i, r]
                    if r > 0:
                        norm += rho[r] * rho[r]
                s = 1.0 if p[base_unit[i]] < low[base_unit[i]] else -1.0
            else:
                r = which[q] - 1
                k, v = pool_k[r], pool_v[r]
                val = pool_flow[pool_i[r]] + (v * pool_flow[pool_j[r]] if k >= 0 else 0.0)
                s = 1.0 if val < 0 else -1.0
                active[0] = pool_x[pool_i[r]] * -1.0
                if k >= 0:
                    active[0] -= v * pool_x[pool_j[r]]
                for i in range(1, nw):
                    j = base_unit[i]
                    active[i] = pool_g[j, pool_i[r]]
                    if k >= 0:
                        active[i] += v * pool_g[j, pool_j[r]]
                for i in range(nw):
                    rho[i] = 0.0
                for i in range(nw):
                    z = active[i]
                    if z != 0.0:
                        for j in range(nw):
                            rho[j] += z * ki[i, j]
                norm = 1.0
                for i in range(1, nw):
                    norm += rho[i] * rho[i]
            score = tried[q] * tried[q] / max(norm, 1e-12)
            if score > best:
                best, pick, sign, e_best = score, which[q], s, tried[q]
                for i in range(nw):
                    best_rho[i] = rho[i]
        if pick < 0:
            for j in range(n_unit):
                g[j] = 0.0
        else:
            r = pick - 1
            c_best = row_of_pair(pool_l[r], pool_k[r], pool_v[r], hg, fixed, best_row)
            for j in range(n_unit):
                g[j] = best_row[j]
        _tableau(nw, best_rho, row_a, g)
        # ratio test: units flip as long as the row stays violated
        nc = 0
        for j in range(n_unit):
            if in_basis[j] or high[j] - low[j] <= 0.0:
                continue
            z = sign * g[j]
            if up[j]:
                z = -z
            if z > 1e-10:
                cand[nc], ratio[nc] = j, abs(d[j]) / z
                nc += 1
        for i in range(1, nw):
            z = -sign * best_rho[i] * side[i]
            if z > 1e-10:
                cand[nc], ratio[nc] = -i, abs(y[i]) / z
                nc += 1
        slope, enter, found = e_best, 0, False
        while nc > 0:
            lim = ratio[0]
            for q in range(1, nc):
                if ratio[q] < lim:
                    lim = ratio[q]
            lim += 1e-12
            drop, any_row, top, take = 0.0, False, -1.0, -1
            for q in range(nc):
                if ratio[q] > lim:
                    continue
                j = cand[q]
                if j >= 0:
                    z = abs(g[j])
                    drop += z * (high[j] - low[j])
                else:
                    z = abs(best_rho[-j])
                    any_row = True
                if z > top:
                    top, take = z, j
            if any_row or slope - drop <= 1e-9 * (1 + e_best):
                enter, found = take, True
                break
            slope -= drop
            rest = 0
            for q in range(nc):  # all of them flip; what is left stays
                if ratio[q] <= lim:
                    up[cand[q]] = 1 - up[cand[q]]
                else:
                    cand[rest], ratio[rest] = cand[q], ratio[q]
                    rest += 1
            nc = rest
        if not found:  # even with every unit at its end the row stays violated
            if not exact:
                since = ANEW
                continue
            if pick < 0:
                u = base_unit[-pick]
                g[u] = 0.0
                limit, x_left = low[u] if sign > 0 else -high[u], 0.0
            else:
                r = pick - 1
                limit = -(rate[pool_l[r]] if pool_k[r] < 0 else post[pool_l[r]])
                x_left = load_on_pair(pool_l[r], pool_k[r], pool_v[r], column)
            for i in range(nw):
                x_left -= best_rho[i] * row_x[i]
            proof[0] = _shortfall(
                sign, c_best, limit, best_rho, g, x_left, nw, base_l, base_k, row_c, demand, low, high,
                rate, post,
            )  # fmt: skip
            return x, INFEASIBLE, np.nan
        # change the basis and its inverse
        weak = False
        if enter >= 0:
            for i in range(nw):
                z = 0.0
                for r in range(nw):
                    z += ki[i, r] * row_a[r, enter]
                q_col[i] = z
        if pick < 0:
            i = -pick
            unit = base_unit[i]
            up[unit] = 1 if sign < 0 else 0
            in_basis[unit] = False
            if enter >= 0:  # another unit in its column
                piv = q_col[i]
                weak = abs(piv) < 1e-7
                for c in range(nw):
                    z = best_rho[c] / piv
                    for r in range(nw):
                        if r != i:
                            ki[r, c] -= q_col[r] * z
                    ki[i, c] = z
                base_unit[i] = enter
                in_basis[enter] = True
            else:  # its column and an active row go
                r, last = -enter, nw - 1
                piv = ki[i, r]
                weak = abs(piv) < 1e-7
                for a in range(nw):
                    if a == i:
                        continue
                    z = ki[a, r] / piv
                    for c in range(nw):
                        ki[a, c] -= z * best_rho[c]
                for c in range(nw):
                    ki[i, c] = ki[last, c]
                for a in range(nw):
                    ki[a, r] = ki[a, last]
                base_unit[i] = base_unit[last]
                base_l[r], base_k[r], base_v[r] = base_l[last], base_k[last], base_v[last]
                side[r] = side[last]
                row_c[r], row_x[r] = row_c[last], row_x[last]
                for j in range(n_unit):
                    row_a[r, j] = row_a[last, j]
                base_n[0] = last
        else:
            r = pick - 1
            if enter >= 0:  # one more row, one more column
                if nw >= w_max:
                    return x, TOO_LARGE, np.nan
                piv = g[enter]
                weak = abs(piv) < 1e-7
                for a in range(nw):
                    z = q_col[a] / piv
                    for c in range(nw):
                        ki[a, c] += z * best_rho[c]
                    ki[a, nw] = -z
                for c in range(nw):
                    ki[nw, c] = -best_rho[c] / piv
                ki[nw, nw] = 1.0 / piv
                i = nw
                base_unit[nw] = enter
                in_basis[enter] = True
                base_n[0] = nw + 1
            else:  # in the place of another row
                i = -enter
                piv = best_rho[i]
                weak = abs(piv) < 1e-7
                best_rho[i] -= 1.0
                for a in range(nw):
                    z = ki[a, i] / piv
                    for c in range(nw):
                        ki[a, c] -= z * best_rho[c]
            base_l[i], base_k[i], base_v[i] = pool_l[r], pool_k[r], pool_v[r]
            side[i] = -sign
            row_c[i] = c_best
            row_x[i] = load_on_pair(pool_l[r], pool_k[r], pool_v[r], column)
            for j in range(n_unit):
                row_a[i, j] = best_row[j]
        since = ANEW if weak else since + 1
        exact = False
    return x, TOO_LONG, np.nan
