"""Does a state keep every (branch, outage) pair within its rating? All pairs, without looking at most. In MW.

The outages of a branch come in falling order of ``reach = |LODF_lk| bound_k``. With ``s = max_k |f_k| / bound_k``
of the state, ``|LODF_lk f_k| <= reach s``: once that is below what the branch has left, no later one can pass its
rating. Where even an unlisted outage could, the whole row is computed. So nothing is missed.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from taotie.files.kernels import njit
from taotie.grid.capacity.redispatch_setup import FAST, FloatArray, IntArray, RedispatchProblem


@njit(cache=True, nogil=True)
def screen_pairs(f, net, room, lists, tol, sl, sk, sv):
    """Worst violated outage of each branch (-1: none lost) and the worst loading met; returns count and loading."""
    h, _ht, hg, _hgt, from_, to, inverse, own = net
    _fixed, _low, _high, _demand, rate, post = room
    start, out, factor, reach, least, bound = lists
    m, n_trip = rate.size, own.size
    stretch = 0.0
    for k in range(m + n_trip):
        stretch = max(stretch, abs(f[k]) / bound[k])
    n, worst = 0, 0.0
    for l in range(m):
        a = abs(f[l])
        if rate[l] < np.inf:
            worst = max(worst, a / rate[l] if rate[l] > 0 else (np.inf if a > tol else 0.0))
            if a > rate[l] * (1 + tol) + tol and n < sl.size:
                sl[n], sk[n], sv[n] = l, -1, 0.0
                n += 1
        if not post[l] < np.inf:
            continue
        top = post[l] * (1 + tol) + tol
        room_l = top - a
        best, bk, bv = 0.0, -1, 0.0
        if room_l < least[l] * stretch:
            for k in range(m):
                v = (h[l, from_[k]] - h[l, to[k]]) * inverse[k]
                z = abs(f[l] + v * f[k])
                if k != l and v != 0.0 and z > best:
                    best, bk, bv = z, k, v
            for g in range(n_trip):
                v = -hg[l, g] * own[g]
                z = abs(f[l] + v * f[m + g])
                if z > best:
                    best, bk, bv = z, m + g, v
        else:
            for j in range(start[l], start[l + 1]):
                if reach[j] * stretch <= room_l:
                    break
                z = abs(f[l] + factor[j] * f[out[j]])
                if z > best:
                    best, bk, bv = z, out[j], factor[j]
        if bk >= 0:
            worst = max(worst, best / post[l] if post[l] > 0 else (np.inf if best > tol else 0.0))
            if best > top and n < sl.size:
                sl[n], sk[n], sv[n] = l, bk, bv
                n += 1
    return n, worst


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
    """Bring the flows `f` of the state (p_f, `at` = [node, MW]) to the state (p, x at b): only what changed."""
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
    return sl[:n], sk[:n], sv[:n], float(worst)
