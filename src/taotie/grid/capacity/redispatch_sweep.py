"""The largest load at many nodes, or in many hours, one after the other: each starts from the best basis known. In MW.

Moving the load from node to node changes one column of the programme, the basic one. The dual weights y are only
scaled by ``1 / alpha(b)``, with ``alpha(b) = sum_i y_i a_i(b)``, so an old basis stays dual feasible wherever
``alpha(b) > 0``, and it bounds every node: ``x_b <= x_old / alpha(b)``. From hour to hour only right-hand sides
change and every basis stays dual feasible. The search starts from the stored basis with the lowest bound.

Both halves of the proof of a number are computed here, and neither trusts the simplex: the dispatch, cut to the
units' ranges and screened against every pair, and the bound that the dual weights give.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.files.kernels import njit
from taotie.grid.capacity.redispatch_screen import bring_up, screen_pairs
from taotie.grid.capacity.redispatch_setup import FAST, FloatArray, IntArray
from taotie.grid.capacity.redispatch_simplex import OPTIMAL, W_MAX, solve, thin_pool

THIN, AGE = 16, 40  # every so many nodes, rows not violated at the last so many leave the pool
SAME = 1e-9  # weights below this do not count as binding


class Store(NamedTuple):
    """Bases kept: rows, units, sides; what each is worth at every node (`alpha`) and its load."""

    l: IntArray
    k: IntArray
    v: FloatArray
    side: FloatArray
    unit: IntArray
    up: NDArray[np.int8]
    size: IntArray
    x: FloatArray
    alpha: NDArray[np.float32]
    y: FloatArray
    n: IntArray


class Found(NamedTuple):
    """Answers, one row a node (or hour).

    `x`: load; `bound`: no dispatch serves more; `loading`: worst of all pairs; `status`; `steps`; `pair`:
    (branch, outage) that weighs most and how many weigh; `shortfall`: proof of status 1; `power`: dispatch.
    """

    x: FloatArray
    bound: FloatArray
    loading: FloatArray
    status: IntArray
    steps: IntArray
    pair: IntArray
    shortfall: FloatArray
    power: FloatArray


def new_store(n_store: int, n_unit: int, n_node: int) -> Store:
    """The first basis: all units at Pmax, only the balance active. Weighs 1 at every node."""
    ints = [np.zeros((n_store, W_MAX), np.int64) for _row in range(3)]
    floats = [np.zeros((n_store, W_MAX)) for _row in range(3)]
    store = Store(
        ints[0], ints[1], floats[0], floats[1], ints[2], np.ones((n_store, n_unit), np.int8),
        np.ones(n_store, np.int64), np.zeros(n_store), np.zeros((n_store, n_node), np.float32),
        floats[2], np.array([1, 1]),
    )  # fmt: skip
    store.alpha[0] = 1.0
    store.y[0, 0] = -1.0
    return store


def new_found(n: int, n_unit: int) -> Found:
    return Found(
        np.zeros(n), np.full(n, np.inf), np.full(n, np.nan), np.zeros(n, np.int64),
        np.zeros(n, np.int64), np.full((n, 3), -1, np.int64), np.full(n, np.nan),
        np.zeros((n, n_unit)),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def take_basis(store, j, basis):
    """Basis number j of the store."""
    n = store.size[j]
    basis.size[0] = n
    for i in range(n):
        basis.l[i], basis.k[i], basis.v[i] = store.l[j, i], store.k[j, i], store.v[j, i]
        basis.side[i], basis.unit[i] = store.side[j, i], store.unit[j, i]
    for g in range(basis.up.size):
        basis.up[g] = store.up[j, g]


@njit(cache=True, nogil=True, fastmath=FAST)
def keep_basis(store, basis, work, net, x, with_alpha):
    """The basis into the store, with what its weights are worth at every node."""
    if store.n[0] < store.x.size:
        j = store.n[0]
        store.n[0] = j + 1
    else:
        j = store.n[1]
        store.n[1] = j + 1 if j + 1 < store.x.size else 1
    n = basis.size[0]
    store.size[j], store.x[j] = n, x
    for i in range(n):
        store.l[j, i], store.k[j, i], store.v[j, i] = basis.l[i], basis.k[i], basis.v[i]
        store.side[j, i], store.unit[j, i] = basis.side[i], basis.unit[i]
        store.y[j, i] = work.inverse[0, i]
    for g in range(basis.up.size):
        store.up[j, g] = basis.up[g]
    if not with_alpha:
        return
    m, n_node = net.h.shape
    alpha = np.full(n_node, -work.inverse[0, 0])  # weights by response to the load, row by row
    for i in range(1, n):
        z, l, k = work.inverse[0, i], basis.l[i], basis.k[i]
        if z == 0.0:
            continue
        for v in range(n_node):
            alpha[v] -= z * net.h[l, v]
        if 0 <= k < m:
            zk = z * basis.v[i]
            for v in range(n_node):
                alpha[v] -= zk * net.h[k, v]
    for v in range(n_node):
        store.alpha[j, v] = alpha[v]


@njit(cache=True, nogil=True)
def prove(q, b, x, worst, net, room, lists, basis, work, found, sl, sk, sv, again):
    """Both halves of the proof of a solved node into row q of `found`."""
    p, low, high, total, moved = work.p, room.low, room.high, 0.0, False
    for j in range(p.size):
        z = min(max(p[j], low[j]), high[j])
        moved |= z != p[j]
        p[j] = z
        total += z
    x_p = total - room.demand
    if moved or again or abs(x_p - x) > 1e-9:
        bring_up(work.f, work.p_f, work.at, p, x_p, b, net, room.fixed, again)
        n, worst = screen_pairs(work.f, net, room, lists, 0.0, sl, sk, sv)
    found.x[q], found.loading[q] = x_p, worst
    found.power[q, :] = p
    n = basis.size[0]
    y = work.inverse[0]
    top, weight = y[0] * room.demand, 0.0
    for i in range(n):
        weight += y[i] * work.x[i]
    biggest, held = 0.0, 0
    for i in range(1, n):
        lim = room.rate[basis.l[i]] if basis.k[i] < 0 else room.post[basis.l[i]]
        top += abs(y[i]) * lim - y[i] * work.c[i]
        if abs(y[i]) > SAME:
            held += 1
            if abs(y[i]) > biggest:
                biggest = abs(y[i])
                found.pair[q, 0], found.pair[q, 1] = basis.l[i], basis.k[i]
    found.pair[q, 2] = held
    for j in range(p.size):
        s = 0.0
        for i in range(n):
            s -= y[i] * work.a[i, j]
        top += max(s * low[j], s * high[j])
    found.bound[q] = top / weight if weight > 0 else np.inf


@njit(cache=True, nogil=True)
def sweep_nodes(nodes, net, room, lists, basis, pool, work, store, tol, max_steps, found):
    """Every node of `nodes`, each from the stored basis with the lowest bound."""
    m = room.rate.size
    sl, sk, sv = np.empty(2 * m, np.int64), np.empty(2 * m, np.int64), np.empty(2 * m)
    store.x[0] = room.high.sum() - room.demand
    for q in range(nodes.size):
        b, best, pick = nodes[q], np.inf, 0
        for j in range(store.n[0]):
            if store.alpha[j, b] > 1e-6 and store.x[j] / store.alpha[j, b] < best:
                best, pick = store.x[j] / store.alpha[j, b], j
        take_basis(store, pick, basis)
        before = work.counts[0]
        if q % THIN == 0:  # rows that only nodes far behind needed
            thin_pool(pool, q - AGE, net, work.f, net.ht[b])
        if q % 32 == 0:  # flows from scratch now and then, so that rounding does not add up
            bring_up(work.f, work.p_f, work.at, work.p, 0.0, b, net, room.fixed, True)
        x, status, worst = solve(b, net, room, lists, basis, pool, work, q, tol, max_steps)
        found.steps[q], found.status[q] = work.counts[0] - before, status
        if status != OPTIMAL:
            found.x[q] = np.nan
            found.shortfall[q] = work.proof[0]
            work.p[:] = room.low  # no number of a failed search goes on
            bring_up(work.f, work.p_f, work.at, work.p, 0.0, b, net, room.fixed, True)
            continue
        prove(q, b, x, worst, net, room, lists, basis, work, found, sl, sk, sv, q % 32 == 31)
        if store.x.size > 1 and (found.steps[q] > 1 or store.n[0] == 1):
            keep_basis(store, basis, work, net, x, True)
    work.counts[3] = store.n[0]
