"""How are hours with much the same flows searched together? Exact, in MW.

Hours are sorted into groups in which the flow of every branch stays within ``low..high``. A block of 16 nodes
looks at a group once, with bounds that hold in each of its hours; only the few pairs that may lower a node
somewhere in the group are evaluated hour by hour, side by side.

*Why nothing is missed.* With X the most a node takes in any hour of the group, a pair (l, k) with factor d has a margin of
at least ``F_l - |mid_l + d mid_k| - rad_l - |d| rad_k`` in all of its hours, and swings by at most ``|a_l| X + |d| |a_k| X``:
where the first is at least the second, it gives X or more. ``|d| U_k <= F_l - U_l`` with U over all hours does the same.
X only falls while pairs are evaluated, so bounds taken earlier stay valid, and so does the list made for the year.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taotie.files.kernels import njit
from taotie.grid.capacity import search
from taotie.grid.flow.sparse_solve import FAST, LANES

__all__ = ["alike_groups", "alike_pass"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

GROUP = 64  # hours of a group at most
REMEMBERED = 64  # pairs that decided in the group before, looked at first
KEPT_ROWS = 512  # whole rows of outage factors kept by a thread
TELLING = 64  # branches whose flows sort the hours
NO_GAPS = {*FAST, "nnan"}


def alike_groups(flow: FloatArray, rating: FloatArray) -> tuple[IntArray, IntArray]:
    """An order of the hours, and where its groups begin and end; `flow` has shape (branch, hour).

    Groups are halved at the branch whose flow differs most within them, as a share of its rating.
    """
    spread = np.where(np.isfinite(rating), np.ptp(flow, axis=1) / rating, 0.0)
    telling = np.argsort(-spread, kind="stable")[:TELLING]
    share = flow[telling] / np.where(np.isfinite(rating), rating, 1.0)[telling, None]
    order, start, todo = [], [0], [np.arange(flow.shape[1])]
    while todo:
        hours = todo.pop()
        if len(hours) <= GROUP:
            order.append(hours)
            start.append(start[-1] + len(hours))
            continue
        widest = share[np.argmax(np.ptp(share[:, hours], axis=1))]
        ranked = hours[np.argsort(widest[hours], kind="stable")]
        half = GROUP * -(-len(hours) // (2 * GROUP))  # groups are full
        todo += [ranked[half:], ranked[:half]]
    return np.concatenate(order), np.array(start, np.int64)


@njit(cache=True, nogil=True, fastmath=NO_GAPS)
def _bounds(a, r_least, low, high, x, bound, swing, reach):
    """Most MW of every lane; of every branch the largest |flow|, swing, and swing with half the range of its flow."""
    x[:] = 1.0 / r_least
    for l in range(len(low)):
        up, down = 0.0, 0.0
        for c in range(LANES):
            ax = a[l, c] * x[c]
            up, down = max(up, ax), max(down, -ax)
        bound[l] = max(high[l] + up, down - low[l])
        swing[l] = max(up, down)
        reach[l] = swing[l] + 0.5 * (high[l] - low[l]) * (1.0 + 1e-9) + 1e-9


@njit(cache=True, nogil=True, fastmath=NO_GAPS)
def _evaluate(flow_l, flow_k, d, a_l, a_k, limit, floor, cut, given, post, r, r_least):
    """One pair in all hours of a group and for all lanes; whether it lowers one. `given`: a branch that is over is full."""
    n, full = len(flow_l), limit * search.OVER
    top, bottom = -np.inf, np.inf
    for h in range(n):
        p = flow_l[h] + d * flow_k[h]
        post[0, h] = p
        top, bottom = max(top, p), min(bottom, p)
    least = max(floor * limit, search.TINY_MW)
    room_up = search.TINY_MW if given and top > full else max(limit - top, least)
    room_down = search.TINY_MW if given and bottom < -full else max(limit + bottom, least)
    have_up, have_down, lower = False, False, False
    for c in range(LANES):
        v = a_l[c] + d * a_k[c]
        if abs(v) < cut:
            continue
        if v > 0.0:
            if v <= r_least[c] * room_up:
                continue
            if not have_up:
                have_up = True
                for h in range(n):
                    p = post[0, h]
                    floored = search.TINY_MW if given and abs(p) > full else least
                    post[1, h] = 1.0 / max(limit - p, floored)
            row = post[1]
        else:
            if -v <= r_least[c] * room_down:
                continue
            if not have_down:
                have_down = True
                for h in range(n):
                    p = post[0, h]
                    floored = search.TINY_MW if given and abs(p) > full else least
                    post[2, h] = 1.0 / max(limit + p, floored)
            row = post[2]
            v = -v
        mine, found, more = r[c], np.inf, 0.0
        for h in range(n):
            had = mine[h]
            z = max(had, v * row[h])
            more = max(more, z - had)
            mine[h] = z
            found = min(found, z)
        r_least[c] = found
        lower |= more > 0.0
    return lower


@njit(cache=True, nogil=True, fastmath=NO_GAPS)
def _may_lower(l, k, d, low, high, rating, floor, a, bound, swing, reach, x):
    """Can losing k make l lower a lane in any hour of the group? False only where it cannot."""
    limit, z = rating[l], abs(d)
    least = floor * limit
    if z * bound[k] <= limit - bound[l] or least >= swing[l] + z * swing[k]:
        return False
    post = 0.5 * (low[l] + high[l]) + d * 0.5 * (low[k] + high[k])
    if limit - abs(post) >= reach[l] + z * reach[k]:
        return False
    half = reach[l] - swing[l] + z * (reach[k] - swing[k])
    up, down = 0.0, 0.0
    for c in range(LANES):
        v = (a[l, c] + d * a[k, c]) * x[c]
        up, down = max(up, v), max(down, -v)
    return up > max(limit - post - half, least) or down > max(limit + post - half, least)


@njit(cache=True, nogil=True, fastmath=NO_GAPS)
def _lower(r_least, before):
    """Does a lane take less than before by more than 1 %? Then bounds are worth taking again; kept in `before`."""
    for c in range(LANES):
        if r_least[c] > before[c] * 1.01:
            before[:] = r_least
            return True
    return False


@njit(cache=True, nogil=True, fastmath=NO_GAPS)
def _remember(l, k, d, known_l, known_k, known_d, n):
    """Keep a pair that lowered a lane, for the group that follows; how many are kept."""
    if n == len(known_l):
        return n
    known_l[n], known_k[n], known_d[n] = l, k, d
    return n + 1


@njit(cache=True, nogil=True, fastmath=NO_GAPS)
def _keep(wanted, n, solver, y, f_at, t_at, put_f, put_t, inverse, solved, d, kept, kept_at):
    """Whole rows of outage factors of the branches wanted, beside those kept already; all go where they do not fit in."""
    missing = 0
    for l in wanted:
        missing += kept_at[l] < 0
    if n + missing > len(kept):
        kept_at[:], n = -1, 0
    rows, width = np.zeros(LANES, np.int64), 0
    for i in range(len(wanted)):
        if kept_at[wanted[i]] < 0:
            rows[width] = wanted[i]
            width += 1
        if width == LANES or (width and i == len(wanted) - 1):
            search.outage_rows(rows, width, solver, y, f_at, t_at, put_f, put_t, inverse, solved, d)
            for j in range(width):
                kept[n], kept_at[rows[j]] = d[:, j], n
                n += 1
            width = 0
    return n


@njit(cache=True, nogil=True, fastmath=NO_GAPS)
def alike_pass(
    first, last, order, solver, y, offset, f_at, t_at, put, put_f, put_t, inverse, flow, begin, lows,
    highs, rating, floors, cutoffs, rated, radius, bound_all, start, seeds, after, listed, r_year, out,
):  # fmt: skip
    """`out[node, hour]`: 1/MW of blocks `first..last`; `flow` has shape (branch, hour), `lows` and `highs` (group, branch)."""
    m, floor, cut = len(y), floors[0], cutoffs[0]
    solved, a, d = np.zeros((len(put) + 1, LANES)), np.empty((m, LANES)), np.empty((m, LANES))
    bound, swing, reach = np.empty(m), np.empty(m), np.empty(m)
    nodes = np.empty(LANES, np.int64)
    r, r_least, post = np.empty((LANES, GROUP)), np.empty(LANES), np.empty((3, GROUP))
    before, nothing, x = np.empty(LANES), np.zeros(LANES), np.empty(LANES)
    known_l, known_k = np.zeros(REMEMBERED, np.int64), np.zeros(REMEMBERED, np.int64)
    known_d = np.zeros(REMEMBERED)
    dense = np.empty(len(rated), np.int64)
    kept, kept_at, n_kept = np.empty((min(KEPT_ROWS, m), m)), np.full(m, -1, np.int64), 0
    for q in range(first, last):
        width = min(LANES, len(order) - q * LANES)
        for c in range(LANES):
            nodes[c] = order[q * LANES + min(c, width - 1)]
        search.responses(solver, y, offset, f_at, t_at, put, nodes, solved, a)
        n_known = 0
        for g in range(len(begin) - 1):
            hours, low, high = slice(begin[g], begin[g + 1]), lows[g], highs[g]
            for c in range(LANES):
                r_least[c] = r_year[nodes[c]]
                r[c, :] = r_least[c]
            n_before, n_known = n_known, 0
            for p in range(n_before):
                l, k, d_e = known_l[p], known_k[p], known_d[p]
                none = k < 0
                if _evaluate(
                    flow[l, hours], flow[l if none else k, hours], d_e, a[l], nothing if none else a[k],
                    rating[l], floor, cut, none, post, r, r_least,
                ):  # fmt: skip
                    n_known = _remember(l, k, d_e, known_l, known_k, known_d, n_known)
            _bounds(a, r_least, low, high, x, bound, swing, reach)
            before[:] = r_least
            for i in range(len(rated)):  # the intact grid, and the most urgent outages
                l = rated[i]
                limit, least = rating[l], floor * rating[l]
                full = limit * search.OVER
                up = search.TINY_MW if high[l] > full else max(limit - high[l], least)
                down = search.TINY_MW if low[l] < -full else max(limit + low[l], least)
                if swing[l] > min(up, down) and _evaluate(
                    flow[l, hours], flow[l, hours], 0.0, a[l], nothing, limit, floor, cut, True, post,
                    r, r_least,
                ):  # fmt: skip
                    n_known = _remember(l, -1, 0.0, known_l, known_k, known_d, n_known)
                for e in range(search.SEEDS):
                    if seeds[i, e, 0] >= swing[l] + radius[l]:
                        break
                    d_e, k = seeds[i, e, 2], int(seeds[i, e, 3])
                    if _may_lower(
                        l, k, d_e, low, high, rating, floor, a, bound, swing, reach, x
                    ) and _evaluate(
                        flow[l, hours], flow[k, hours], d_e, a[l], a[k], limit, floor, cut, False, post,
                        r, r_least,
                    ):  # fmt: skip
                        n_known = _remember(l, k, d_e, known_l, known_k, known_d, n_known)
            if _lower(r_least, before):
                _bounds(a, r_least, low, high, x, bound, swing, reach)
            for i in range(len(rated)):
                l = rated[i]
                if after[i] >= swing[l] + radius[l]:
                    continue
                for e in range(start[i] + search.SEEDS, start[i + 1]):
                    if listed[e, 0] >= swing[l] + radius[l]:
                        break
                    d_e, k = listed[e, 2], int(listed[e, 3])
                    if _may_lower(
                        l, k, d_e, low, high, rating, floor, a, bound, swing, reach, x
                    ) and _evaluate(
                        flow[l, hours], flow[k, hours], d_e, a[l], a[k], rating[l], floor, cut, False,
                        post, r, r_least,
                    ):  # fmt: skip
                        n_known = _remember(l, k, d_e, known_l, known_k, known_d, n_known)
            if _lower(r_least, before):
                _bounds(a, r_least, low, high, x, bound, swing, reach)
            # branches so close to their limit that a list does not suffice: their whole row
            x_least, n_dense = x.min(), 0
            for i in range(len(rated)):
                l = rated[i]
                if rating[l] - bound[l] >= search.THETA * rating[l]:
                    continue
                # outages off the list have |d| bound_all <= rest, and a swing of at most twice that
                rest = max(rating[l] - bound_all[l], search.THETA * rating[l])
                largest = 0.0
                for c in range(LANES):
                    largest = max(largest, abs(a[l, c]))
                if (
                    swing[l] + 2.0 * rest > floor * rating[l]
                    and largest + 2.0 * rest / x_least >= cut
                ):
                    dense[n_dense] = l
                    n_dense += 1
            for first_dense in range(0, n_dense, len(kept)):
                now = dense[first_dense : min(first_dense + len(kept), n_dense)]
                n_kept = _keep(
                    now,
                    n_kept,
                    solver,
                    y,
                    f_at,
                    t_at,
                    put_f,
                    put_t,
                    inverse,
                    solved,
                    d,
                    kept,
                    kept_at,
                )
                for l in now:
                    row = kept[kept_at[l]]
                    for k in range(m):
                        if (
                            inverse[k] != 0.0
                            and _may_lower(
                                l, k, row[k], low, high, rating, floor, a, bound, swing, reach, x
                            )
                            and _evaluate(
                                flow[l, hours], flow[k, hours], row[k], a[l], a[k], rating[l], floor, cut,
                                False, post, r, r_least,
                            )
                        ):  # fmt: skip
                            n_known = _remember(l, k, row[k], known_l, known_k, known_d, n_known)
            for c in range(width):
                out[nodes[c], hours] = r[c, : begin[g + 1] - begin[g]]
