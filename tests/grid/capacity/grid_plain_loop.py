"""Slow, obvious versions that the fast ones must equal. No code shared with the search."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import splu

from taotie.grid.case.case import Case

CAP_MW = 10_000.0
NOISE = 1e-7
OVER = 1 + 1e-6


def tables(case: Case):
    """Dense matrices of a connected case with all branches in service."""
    n = case.n_bus
    rows = np.flatnonzero(case.branch_on)
    f, t = case.from_row[rows], case.to_row[rows]
    tap = np.where(case.branch[rows, 8] == 0, 1.0, case.branch[rows, 8])
    y = 1 / (case.branch[rows, 3] * tap)
    shift = case.base_mva * y * np.deg2rad(case.branch[rows, 9])
    p = -case.bus[:, 2] - case.bus[:, 4]
    weight = np.zeros(n)
    for row, unit in zip(case.gen_row, case.gen, strict=True):
        if unit[7] > 0:
            p[row] += unit[1]
            weight[row] += max(unit[8], 0)
    for line in case.dcline:
        if line[2] > 0:
            p[case.rows_of_bus([line[0]])[0]] -= line[3]
            p[case.rows_of_bus([line[1]])[0]] += line[4]
    weight /= weight.sum()
    p -= p.sum() * weight
    return rows, f, t, y, shift, p, weight, case.rate_a_mw[rows]


def flows(f, t, y, shift, injections):
    """Flows for each column of injections, factorized anew with pivoting, without node 0."""
    n, m = len(injections), len(f)
    ends = (np.r_[np.ones(m), -np.ones(m)], (np.r_[:m, :m], np.r_[f, t]))
    a = csr_matrix(ends, shape=(m, n))
    b = (a.T @ diags(y) @ a).tocsc()
    right = injections + (a.T @ shift).reshape(n, *[1] * (injections.ndim - 1))
    theta = np.zeros_like(right)
    theta[1:] = splu(b[1:, 1:]).solve(right[1:])
    return y.reshape(m, *[1] * (injections.ndim - 1)) * (a @ theta) - shift.reshape(
        m, *[1] * (injections.ndim - 1)
    )


def connected(f, t, n):
    """Is everything reachable from node 0?"""
    reached = np.zeros(n, bool)
    reached[0] = True
    while True:
        more = reached.copy()
        more[f[reached[t]]] = True
        more[t[reached[f]]] = True
        if (more == reached).all():
            return bool(reached.all())
        reached = more


def update(x, flow, response, rating, floor, cutoff, intact=False):
    """Lower x by one state of the grid; what is over in the intact one takes nothing more."""
    rated = np.isfinite(rating)
    v, f, limit = response[rated], flow[rated], rating[rated]
    least = np.where(intact & (np.abs(f) > limit * OVER), 0.0, floor * limit)
    up, down = np.maximum(limit - f, least), np.maximum(limit + f, least)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(v > 0, up[:, None], down[:, None]) / np.abs(v)
    room = np.where(np.abs(v) >= max(cutoff, NOISE), np.maximum(room, 0), CAP_MW)
    return np.minimum(x, room.min(axis=0, initial=CAP_MW))


def refactorized(case: Case, treatments):
    """Every outage solved anew without its branch; islanding ones skipped. Shape (treatment, bus)."""
    rows, f, t, y, shift, p, weight, rating = tables(case)
    n = case.n_bus
    columns = np.column_stack([p, weight[:, None] - np.eye(n)])
    x = np.full((len(treatments), n), CAP_MW)
    for k in range(-1, len(rows)):
        keep = np.arange(len(rows)) != k
        if k >= 0 and not connected(f[keep], t[keep], n):
            continue
        solved = flows(f[keep], t[keep], y[keep], shift[keep], columns)
        # only the first column carries the phase shifts
        offset = flows(f[keep], t[keep], y[keep], shift[keep], np.zeros(n))
        for w, way in enumerate(treatments):
            x[w] = update(
                x[w],
                solved[:, 0],
                solved[:, 1:] - offset[:, None],
                rating[keep],
                way.floor,
                way.cutoff,
                k < 0,
            )
    return x


def every_pair(h, n_factor, flow, rating, floor, cutoff):
    """The plain loop over every pair with given PTDF (n_branch, n_bus) and LODF (NaN = no outage)."""
    r = np.full(h.shape[1], 1 / CAP_MW)
    _every_pair(h, n_factor, flow, rating, floor, max(cutoff, NOISE), r)
    return np.where(1 / r < 1e-6, 0.0, 1 / r)


@njit(cache=True)
def _every_pair(h, d, flow, rating, floor, cutoff, r):
    m, n = h.shape
    for l in range(m):
        if rating[l] == np.inf:
            continue
        for k in range(m):
            f = 0.0 if k == l else d[l, k]
            if np.isnan(f):
                continue
            post = flow[l] + f * flow[k]
            over = k == l and abs(flow[l]) > rating[l] * OVER
            least = 1e-18 if over else max(floor * rating[l], 1e-18)
            up, down = 1 / max(rating[l] - post, least), -1 / max(rating[l] + post, least)
            for b in range(n):
                v = -(h[l, b] + f * h[k, b])
                if abs(v) >= cutoff:
                    r[b] = max(r[b], max(v * up, v * down))


def units_tripped(case: Case, treatments, units, x):
    """Lower x, shape (treatment, bus), by every unit lost: the case solved anew without it."""
    for g in units:
        without = case.gen.copy()
        without[g, 7] = 0
        if not (without[:, 7] > 0).any() or without[without[:, 7] > 0, 8].sum() <= 0:
            continue
        lost = Case(case.name, case.base_mva, case.bus, without, case.branch, dcline=case.dcline)
        __, f, t, y, shift, p, weight, rating = tables(lost)
        response = flows(f, t, y, 0 * shift, weight[:, None] - np.eye(case.n_bus))
        flow = flows(f, t, y, shift, p)
        for w, way in enumerate(treatments):
            x[w] = update(x[w], flow, response, rating, way.floor, way.cutoff)
    return x
