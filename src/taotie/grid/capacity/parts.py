"""Which parts of a grid need no look, because a load or an outage is too far to move them? Kernels and bounds.

A *part* is what lies under one place of the elimination tree. It hangs on the rest by its edge, a few places above
it. With nothing put in inside, its angles are a linear map of the angles on its edge that keeps constants,
and so is the flow on each of its branches: at most half the sum of the map's moduli (`moved`)
times the span of the angles on the edge, plus what the slack shares inside draw (`drawn`). The map is
computed, not assumed: negative reactances are as good as any. A solve goes down the tree and leaves out
each part whose bound says that nothing in it can matter.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.files.kernels import njit
from taotie.grid.flow.elimination_tree import parents
from taotie.grid.flow.sparse_solve import FAST, LANES

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LOOSE = FAST | {"nnan"}  # nothing here is undefined
INFINITE = 1e300
SMALLEST = 8  # places of a part; smaller ones cost more to look at than to solve
SAFE = 1.0 + 1e-6  # over the rounding of a bound


class Parts(NamedTuple):
    """The tree, and the parts whose bounds are kept: the largest under each doubling of size.

    Parameters
    ----------
    whole : bool
        Nothing is left out: pivoting broke the symmetry, so that the tree says nothing.
    parent : ndarray, shape (n_place,)
        -1 at the top.
    first : ndarray, shape (n_place,)
        First place of what lies under a place, which ends with the place itself.
    at : ndarray, shape (n_place,)
        The part that ends with a place, or -1.
    begin : ndarray, shape (n_place + 1,)
        Branches by the lower of their two places.
    start : ndarray, shape (n_part + 1,)
        Where the bounds of a part's branches begin.
    branch : ndarray, shape (n_part,)
        First branch of a part.
    grounded : ndarray of bool, shape (n_part,)
        The reference lies on the edge.
    moved, drawn : ndarray
        Flow of a branch per unit of span on the edge, and by the slack shares inside.
    """

    whole: bool
    parent: IntArray
    first: IntArray
    at: IntArray
    begin: IntArray
    start: IntArray
    branch: IntArray
    grounded: NDArray[np.bool_]
    moved: FloatArray
    drawn: FloatArray


def parts_of(
    solver: tuple[Any, ...],
    y: FloatArray,
    f_at: IntArray,
    t_at: IntArray,
    slack_at: FloatArray,
    symmetric: bool,
) -> Parts:
    """The parts of an island whose branches are ordered by the lower of their places.

    Parameters
    ----------
    solver : tuple
        As `side_by_side` gives it.
    y, f_at, t_at : ndarray, shape (n_branch,)
    slack_at : ndarray, shape (n_place,)
        Slack shares by place.
    symmetric : bool
        Pivots were taken on the diagonal.
    """
    n = len(slack_at)
    parent = parents(solver[3], solver[4])
    if not symmetric:
        parent[:] = np.append(np.arange(1, n), -1)[:n]
    size = _sizes(parent)
    lowest = np.minimum(f_at, t_at)
    begin = np.searchsorted(lowest, np.arange(n + 1))
    level = np.floor(np.log2(size)).astype(np.int64)
    top = np.flatnonzero((size >= SMALLEST) & (parent >= 0) & symmetric)
    top = top[level[top] < level[parent[top]]]
    at = np.full(n, -1, np.int64)
    at[top] = np.arange(len(top))
    first = np.arange(n) - size + 1
    count = begin[top + 1] - begin[first[top]]
    start = np.concatenate([[0], np.cumsum(count)])
    near = np.zeros(n, np.bool_)  # the reference is a neighbour of something under a place
    near[lowest[np.maximum(f_at, t_at) == n]] = True
    _pass_up(parent, near)
    moved, drawn = np.zeros(start[-1]), np.zeros(start[-1])
    _bounds(*solver, y, f_at, t_at, slack_at, top, first, begin, start, near[top], moved, drawn)
    return Parts(
        not symmetric, parent, first, at, begin, start, begin[first[top]], near[top], moved, drawn
    )


@njit(cache=True, nogil=True)
def _sizes(parent):
    size = np.ones(len(parent), np.int64)
    for j in range(len(parent)):
        if parent[j] >= 0:
            size[parent[j]] += size[j]
    return size


@njit(cache=True, nogil=True)
def _pass_up(parent, mark):
    for j in range(len(parent)):
        if parent[j] >= 0 and mark[j]:
            mark[parent[j]] = True


@njit(cache=True, nogil=True, fastmath=FAST)
def _bounds(
    l_start, l_row, l_value, u_start, u_column, u_value, u_inverse, y, f_at, t_at, slack_at, top,
    first, begin, start, grounded, moved, drawn,
):  # fmt: skip
    """Fill `moved` and `drawn`: the flow per angle of each place of the edge, and with the edge held at 0."""
    n = len(u_inverse)
    r, whole = np.zeros((n + 1, LANES)), np.zeros(n + 1)
    inside, alone = slack_at.copy(), np.zeros(n + 1)
    for j in range(n):
        for q in range(l_start[j], l_start[j + 1]):
            inside[l_row[q]] -= l_value[q] * inside[j]
    for s in range(len(top)):
        j, lo = top[s], first[top[s]]
        edge, end = u_start[j], u_start[j + 1]
        for q in range(edge, end):
            alone[u_column[q]] = 0.0
            whole[u_column[q]] = 1.0
        for i in range(j, lo - 1, -1):
            z = inside[i]
            for q in range(u_start[i], u_start[i + 1]):
                z -= u_value[q] * alone[u_column[q]]
            alone[i], whole[i] = z * u_inverse[i], 0.0
        b = begin[lo]
        for l in range(b, begin[j + 1]):
            drawn[start[s] + l - b] = abs(y[l] * (alone[f_at[l]] - alone[t_at[l]])) * SAFE
        for q in range(edge, end):
            for c in range(LANES):
                r[u_column[q], c] = 0.0
        for some in range(edge, end, LANES):
            for c in range(min(LANES, end - some)):
                r[u_column[some + c], c] = 1.0
            for i in range(j, lo - 1, -1):
                for c in range(LANES):
                    r[i, c] = 0.0
                for q in range(u_start[i], u_start[i + 1]):
                    x, k = u_value[q], u_column[q]
                    for c in range(LANES):
                        r[i, c] -= x * r[k, c]
                x, z = u_inverse[i], 0.0
                for c in range(LANES):
                    r[i, c] *= x
                    z += r[i, c]
                whole[i] += z
            for l in range(b, begin[j + 1]):
                f, t, z = f_at[l], t_at[l], 0.0
                for c in range(LANES):
                    z += abs(r[f, c] - r[t, c])
                moved[start[s] + l - b] += z
            for c in range(min(LANES, end - some)):
                r[u_column[some + c], c] = 0.0
        for l in range(b, begin[j + 1]):
            at = start[s] + l - b
            # what the edge does not hold of a constant, the reference does
            z = abs(whole[f_at[l]] - whole[t_at[l]]) if grounded[s] else 0.0
            moved[at] = 0.5 * abs(y[l]) * (moved[at] + z) * SAFE


@njit(cache=True, nogil=True)
def steepest(start, branch, moved, drawn, scale):
    """Largest of `drawn` and of `moved` in each part, each branch over its own `scale`."""
    still, per_span = np.zeros(len(branch)), np.zeros(len(branch))
    for s in range(len(branch)):
        for i in range(start[s], start[s + 1]):
            one = scale[branch[s] + i - start[s]]
            still[s] = max(still[s], drawn[i] / one)
            per_span[s] = max(per_span[s], moved[i] / one)
    return still, per_span


@njit(cache=True, nogil=True)
def climb(places, whole, parent, known, stamp, upward):
    """Places above and with `places`, or all of them, those below first; each gets `stamp`. How many."""
    n, count = len(upward), 0
    for place in places:
        if whole:
            place = 0
        j, some = place, 0
        while j >= 0 and known[j] != stamp:
            known[j] = stamp
            some += 1
            j = parent[j]
        # what is new comes before what was met earlier: it leans on it
        count += some
        j = place
        for i in range(n - count, n - count + some):
            upward[i] = j
            j = parent[j]
    for i in range(count):
        upward[i] = upward[n - count + i]
    return count


@njit(cache=True, nogil=True, fastmath=LOOSE)
def solve_path(
    l_start, l_row, l_value, u_start, u_column, u_value, u_inverse, upward, count, r
):  # fmt: skip
    """Both triangular solves at the places of a path, for what was put in at some of them."""
    for i in range(count):
        j = upward[i]
        for q in range(l_start[j], l_start[j + 1]):
            k, x = l_row[q], l_value[q]
            for c in range(LANES):
                r[k, c] -= x * r[j, c]
    for i in range(count - 1, -1, -1):
        _lean(u_start, u_column, u_value, u_inverse, upward[i], r)


@njit(inline="always")
def solve_at(u_start, u_column, u_value, u_inverse, j, r):
    """The angle at a place with nothing put in at it or under it, from those above it."""
    for c in range(LANES):
        r[j, c] = 0.0
    _lean(u_start, u_column, u_value, u_inverse, j, r)


@njit(inline="always")
def _lean(u_start, u_column, u_value, u_inverse, j, r):
    q, end = u_start[j], u_start[j + 1]
    while q + 4 <= end:  # four at a time: each sum waits for the one before it
        k0, k1, k2, k3 = u_column[q], u_column[q + 1], u_column[q + 2], u_column[q + 3]
        x0, x1, x2, x3 = u_value[q], u_value[q + 1], u_value[q + 2], u_value[q + 3]
        for c in range(LANES):
            r[j, c] -= (x0 * r[k0, c] + x1 * r[k1, c]) + (x2 * r[k2, c] + x3 * r[k3, c])
        q += 4
    while q < end:
        k, x = u_column[q], u_value[q]
        for c in range(LANES):
            r[j, c] -= x * r[k, c]
        q += 1
    x = u_inverse[j]
    for c in range(LANES):
        r[j, c] *= x


@njit(inline="always")
def spans(u_start, u_column, j, grounded, shift, r, span):
    """Span of the angles on the edge of what lies under a place, `span[0]` per lane; `shift` is taken off."""
    for c in range(LANES):
        span[0, c] = 0.0 if grounded else -INFINITE
        span[1, c] = 0.0 if grounded else INFINITE
    for q in range(u_start[j], u_start[j + 1]):
        k = u_column[q]
        off = shift[k]
        for c in range(LANES):
            z = r[k, c] - off
            span[0, c], span[1, c] = max(span[0, c], z), min(span[1, c], z)
    for c in range(LANES):
        span[0, c] -= span[1, c]
