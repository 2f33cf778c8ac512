"""Does a state keep every (branch, outage) pair within its rating? All pairs, without looking at most. In MW.

The outages of a branch come in falling order of ``reach = |LODF_lk| bound_k``. The few outages that carry most, for
what their lists assume, are tried on every branch. With ``s = max_k |f_k| / bound_k`` of all others,
``|LODF_lk f_k| <= reach s``: once that is below what the branch has left, no later one can pass its rating. Where even
an unlisted outage could, the whole row is computed. So nothing is missed.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from taotie.files.kernels import njit
from taotie.grid.capacity.redispatch_setup import FAST, FloatArray, IntArray, RedispatchProblem

HEAVY, STEPS = 4, 64  # outages tried on every branch; steps by which what they carry is told apart


@njit(cache=True, nogil=True, fastmath=FAST)
def _try_outage(at_f, at_t, inverse, carried, k, f, best, best_k, best_v):
    """One outage on every branch: where it weighs most so far, it is kept."""
    for l in range(best.size):
        v = (at_f[l] - at_t[l]) * inverse
        z = abs(f[l] + v * carried)
        worse = z > best[l] and l != k
        best[l] = z if worse else best[l]
        best_k[l] = k if worse else best_k[l]
        best_v[l] = v if worse else best_v[l]


@njit(cache=True, nogil=True)
def screen_pairs(f, net, room, lists, tol, sl, sk, sv):
    """Worst violated outage of each branch (-1: none lost) and the worst loading met; returns count and loading.

    With a tolerance, outages without a place on a list are looked at only where nothing else is over; without one,
    always.
    A count of -1: rows of factors are missing, named in `net.wanted`.
    """
    ht, filled, wanted, y, hg, hgt, from_, to, inverse, own = net
    _fixed, _low, _high, _demand, rate, post = room
    start, table, first, least, bound = lists
    m, n_trip = rate.size, own.size
    # the few that carry most by hand; what the others carry at most, as a share of what their lists hold for
    share, many = np.zeros(m + n_trip, np.int64), np.zeros(STEPS + 2, np.int64)
    stretch = 0.0
    for k in range(m + n_trip):
        if (inverse[k] if k < m else own[k - m]) != 0.0:
            z = abs(f[k]) / bound[k]
            stretch = max(stretch, z)
            share[k] = int(min(z * STEPS * 0.5, STEPS)) + 1
            many[share[k]] += 1
    heavy, top = 0, STEPS + 1
    while top > 0 and heavy + many[top] <= HEAVY:
        heavy += many[top]
        top -= 1
    if top <= STEPS:
        stretch = min(stretch, top / (STEPS * 0.5))
    best, best_k, best_v = np.zeros(m), np.full(m, -1), np.zeros(m)
    still = np.zeros(m)
    lacking = False
    for k in range(m + n_trip):
        if share[k] > top:
            if k < m and not (filled[from_[k]] and filled[to[k]]):
                wanted[from_[k]] = wanted[to[k]] = lacking = True
            elif k < m:
                _try_outage(
                    ht[from_[k]], ht[to[k]], inverse[k], f[k], k, f, best, best_k, best_v
                )  # fmt: skip
            else:
                _try_outage(still, hgt[k - m], own[k - m], f[k], k, f, best, best_k, best_v)
    n, worst, again = 0, 0.0, np.zeros(m, np.bool_)
    for l in range(m):
        a = abs(f[l])
        if rate[l] < np.inf:
            worst = max(worst, a / rate[l] if rate[l] > 0 else (np.inf if a > tol else 0.0))
            if a > rate[l] * (1 + tol) + tol and n < sl.size:
                sl[n], sk[n], sv[n] = l, -1, 0.0
                n += 1
        if not post[l] < np.inf:
            continue
        most = post[l] * (1 + tol) + tol
        room_l = most - a
        z_l, bk, bv = best[l], best_k[l], best_v[l]
        again[l] = least[l] > 0.0 and -1e-6 * most < room_l < least[l] * stretch
        if first[l] * stretch > room_l:
            for j in range(start[l], start[l + 1]):
                if table[j, 2] * stretch <= room_l:
                    break
                k, v = int(table[j, 0]), table[j, 1]
                z = abs(f[l] + v * f[k])
                if z > z_l:
                    z_l, bk, bv = z, k, v
        if bk >= 0:
            worst = max(worst, z_l / post[l] if post[l] > 0 else (np.inf if z_l > tol else 0.0))
            if z_l > most and n < sl.size:
                sl[n], sk[n], sv[n] = l, bk, bv
                n += 1
    if n > 0 and tol > 0.0:
        return n, worst
    # nothing listed is over: now the branches that outages without a place on their list might bring over
    for l in range(m):
        if not again[l]:
            continue
        if not (filled[from_[l]] and filled[to[l]]):
            wanted[from_[l]] = wanted[to[l]] = lacking = True
            continue
        at_f, at_t = ht[from_[l]], ht[to[l]]
        most, z_l, bk, bv = post[l] * (1 + tol) + tol, 0.0, -1, 0.0
        for k in range(m):
            if inverse[k] == 0.0 or k == l:
                continue
            v = (at_f[k] - at_t[k]) * (y[l] / y[k]) * inverse[k]
            z = abs(f[l] + v * f[k])
            if v != 0.0 and z > z_l:
                z_l, bk, bv = z, k, v
        for g in range(n_trip):
            v = -hg[l, g] * own[g]
            z = abs(f[l] + v * f[m + g])
            if z > z_l:
                z_l, bk, bv = z, m + g, v
        worst = max(worst, z_l / post[l] if post[l] > 0 else (np.inf if z_l > tol else 0.0))
        if z_l > most and n < sl.size:
            sl[n], sk[n], sv[n] = l, bk, bv
            n += 1
    return (-1 if lacking else n), worst


@njit(cache=True, nogil=True)
def row_of_pair(l, k, v, hg, fixed, row):
    """MW on l after losing k per MW of each unit; returns what is fixed of it."""
    n_unit = hg.shape[1]
    if k < 0:
        for j in range(n_unit):
            row[j] = hg[l, j]
        return fixed[l]
    for j in range(n_unit):
        row[j] = hg[l, j] + v * hg[k, j]
    return fixed[l] + v * fixed[k]


@njit(cache=True, nogil=True)
def load_on_pair(l, k, v, column):
    """MW on l after losing k per MW of new load; `column`: MW on each branch per MW put in there."""
    z = -column[l]
    if 0 <= k < column.size:
        z -= v * column[k]
    return z


@njit(cache=True, nogil=True, fastmath=FAST)
def bring_up(f, p_f, at, p, x, b, ht, hgt, fixed, again):
    """Bring the flows `f` of the state (p_f, `at` = [node, MW]) to the state (p, x at b): only what changed.

    The rows of both nodes must be filled.
    """
    m, tot = ht.shape[1], f.size
    if again:
        for l in range(tot):
            f[l] = fixed[l]
        for j in range(p.size):
            p_f[j] = 0.0
    elif at[1] != 0.0:
        o = int(at[0])
        for l in range(m):
            f[l] += ht[o, l] * at[1]
    for j in range(p.size):
        dp = p[j] - p_f[j]
        if dp != 0.0:
            for l in range(tot):
                f[l] += hgt[j, l] * dp
        p_f[j] = p[j]
    for l in range(m):
        f[l] -= ht[b, l] * x
    at[0], at[1] = b, x


def violated_pairs(
    problem: RedispatchProblem, flow_mw: FloatArray, tol: float
) -> tuple[IntArray, IntArray, FloatArray, float]:
    """Worst violated outage of each branch in a state.

    Returns
    -------
    branch, outage, factor : ndarray
        Rows of the island; outage -1 where nothing is lost.
    loading : float
        The worst met. [1]
    """
    m = problem.n_branch
    sl, sk, sv = np.empty(2 * m, np.int64), np.empty(2 * m, np.int64), np.empty(2 * m)
    n, worst = screen_pairs(flow_mw, problem.net, problem.room, problem.lists, tol, sl, sk, sv)
    while n < 0:
        problem.fill()
        n, worst = screen_pairs(flow_mw, problem.net, problem.room, problem.lists, tol, sl, sk, sv)
    return sl[:n], sk[:n], sv[:n], float(worst)
