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

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.files.kernels import njit
from taotie.grid.capacity.redispatch_screen import bring_up, screen_pairs
from taotie.grid.capacity.redispatch_setup import FloatArray, IntArray, Lists, Net, Room
from taotie.grid.capacity.redispatch_simplex import (
    OPTIMAL,
    W_MAX,
    WANTING,
    Basis,
    Pool,
    Work,
    solve,
    thin_pool,
)

THIN, AGE = 16, 40  # every so many nodes, rows not violated at the last so many leave the pool
Fill = Callable[[], None]
AtEveryNode = Callable[[Basis, FloatArray], FloatArray]
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


def from_scratch(work: Work, node: int, net: Net, fixed: FloatArray) -> None:
    """The flows of the dispatch in `work` without load at `node`, summed anew."""
    bring_up(work.f, work.p_f, work.at, work.p, 0.0, node, net.ht, net.hgt, fixed, True)


def take_basis(store: Store, j: int, basis: Basis) -> None:
    """Basis number j of the store."""
    n = store.size[j]
    basis.size[0] = n
    for mine, kept in (
        (basis.l, store.l), (basis.k, store.k), (basis.v, store.v), (basis.side, store.side),
        (basis.unit, store.unit),
    ):  # fmt: skip
        mine[:n] = kept[j, :n]
    basis.up[:] = store.up[j]


def keep_basis(
    store: Store, basis: Basis, work: Work, x: float, at_every_node: AtEveryNode | None
) -> int:
    """The basis into the store, with what its weights are worth at every node; the place it took."""
    if store.n[0] < store.x.size:
        j = store.n[0]
        store.n[0] = j + 1
    else:
        j = store.n[1]
        store.n[1] = j + 1 if j + 1 < store.x.size else 1
    n = basis.size[0]
    store.size[j], store.x[j] = n, x
    for mine, kept in (
        (store.l, basis.l), (store.k, basis.k), (store.v, basis.v), (store.side, basis.side),
        (store.unit, basis.unit), (store.y, work.inverse[0]),
    ):  # fmt: skip
        mine[j, :n] = kept[:n]
    store.up[j] = basis.up
    if at_every_node is not None:
        store.alpha[j] = at_every_node(basis, work.inverse[0])
    return int(j)


@njit(cache=True, nogil=True)
def _both_halves(n, p, low, high, demand, y, l, k, a, c, on_load, rate, post, power, pair):
    """The dispatch cut to its ranges, and the bound of the weights: load, whether anything was cut, bound."""
    moved, total = False, 0.0
    for j in range(p.size):
        z = min(max(p[j], low[j]), high[j])
        if z != p[j]:
            moved = True
        p[j] = power[j] = z
        total += z
    top, weight, held, most = y[0] * demand, y[0] * on_load[0], 0, 0.0
    for i in range(1, n):
        z = abs(y[i])
        top += z * (rate[l[i]] if k[i] < 0 else post[l[i]]) - y[i] * c[i]
        weight += y[i] * on_load[i]
        if z > SAME:
            held += 1
            # of those that weigh alike the first is named
            alike = z > most * (1.0 - SAME)
            first = l[i] < pair[0] or (l[i] == pair[0] and k[i] < pair[1])
            if z > most * (1.0 + SAME) or (alike and first):
                pair[0], pair[1] = l[i], k[i]
            most = max(most, z)
    s = np.zeros(p.size)
    for i in range(n):
        for j in range(p.size):
            s[j] -= y[i] * a[i, j]
    for j in range(p.size):
        top += max(s[j] * low[j], s[j] * high[j])
    pair[2] = held
    return total - demand, moved, top / weight if weight > 0 else np.inf


def prove(
    q: int, b: int, x: float, worst: float, net: Net, room: Room, lists: Lists, basis: Basis, work: Work,
    found: Found, rows: tuple[IntArray, IntArray, FloatArray], again: bool, fill: Fill,
) -> None:  # fmt: skip
    """Both halves of the proof of a solved node into row q of `found`; `rows`: room for violated pairs."""
    x_p, moved, found.bound[q] = _both_halves(
        basis.size[0], work.p, room.low, room.high, room.demand, work.inverse[0], basis.l, basis.k,
        work.a, work.c, work.x, room.rate, room.post, found.power[q], found.pair[q],
    )  # fmt: skip
    if moved or again or abs(x_p - x) > 1e-9:
        bring_up(work.f, work.p_f, work.at, work.p, x_p, b, net.ht, net.hgt, room.fixed, again)
        n, worst = screen_pairs(work.f, net, room, lists, 0.0, *rows)
        while n < 0:
            fill()
            n, worst = screen_pairs(work.f, net, room, lists, 0.0, *rows)
    found.x[q], found.loading[q] = x_p, worst


def solved(
    b: int, net: Net, room: Room, lists: Lists, basis: Basis, pool: Pool, work: Work, stamp: int,
    tol: float, max_steps: int, fill: Fill,
) -> tuple[float, int, float]:  # fmt: skip
    """`solve`, with rows of factors made by `fill` as they are wanted."""
    while True:
        x, status, worst = solve(b, net, room, lists, basis, pool, work, stamp, tol, max_steps)
        if status != WANTING:
            return float(x), int(status), float(worst)
        fill()


def sweep_nodes(
    nodes: IntArray, net: Net, room: Room, lists: Lists, basis: Basis, pool: Pool, work: Work, store: Store,
    tol: float, max_steps: int, found: Found, at_every_node: AtEveryNode, fill: Fill,
) -> None:  # fmt: skip
    """Every node of `nodes`, each from the stored basis with the lowest bound.

    Plain Python around the search: compiled together they took twice as long to compile.
    """
    m = room.rate.size
    rows = (np.empty(2 * m, np.int64), np.empty(2 * m, np.int64), np.empty(2 * m))
    store.x[0] = room.high.sum() - room.demand
    for q in range(nodes.size):
        b = int(nodes[q])
        alpha = store.alpha[: store.n[0], b].astype(float)
        bound = np.divide(
            store.x[: store.n[0]], alpha, out=np.full(len(alpha), np.inf), where=alpha > 1e-6
        )
        take_basis(store, int(np.argmin(bound)), basis)
        before = work.counts[0]
        if q % THIN == 0:  # rows that only nodes far behind needed
            thin_pool(pool, q - AGE)
        if q % 32 == 0:  # flows from scratch now and then, so that rounding does not add up
            from_scratch(work, b, net, room.fixed)
        x, status, worst = solved(b, net, room, lists, basis, pool, work, q, tol, max_steps, fill)
        found.steps[q], found.status[q] = work.counts[0] - before, status
        if status != OPTIMAL:
            found.x[q] = np.nan
            found.shortfall[q] = work.proof[0]
            work.p[:] = room.low  # no number of a failed search goes on
            from_scratch(work, b, net, room.fixed)
            continue
        prove(q, b, x, worst, net, room, lists, basis, work, found, rows, q % 32 == 31, fill)
        if store.x.size > 1 and (found.steps[q] > 1 or store.n[0] == 1):
            keep_basis(store, basis, work, x, at_every_node)
    work.counts[3] = store.n[0]
