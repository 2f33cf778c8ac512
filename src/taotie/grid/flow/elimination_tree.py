"""Which unknowns does an unknown of the DC equations lean on? The elimination tree, its branches side by side.

Row j of the upper triangle holds the places that place j leans on; the first of them is its parent. Whatever
is known of a place hangs on the places above it alone, and a part of the grid that lies under one
place hangs on the few places which that place's row holds: its edge.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from taotie.files.kernels import njit

IntArray = NDArray[np.int64]

__all__ = ["parents", "side_by_side"]


@njit(cache=True, nogil=True)
def parents(u_start, u_column):
    """Parent of each place, -1 at the top; `u_column` rises within a row."""
    n = len(u_start) - 1
    parent = np.full(n, -1, np.int64)
    for j in range(n):
        if u_start[j + 1] > u_start[j]:
            parent[j] = u_column[u_start[j]]
    return parent


@njit(cache=True, nogil=True)
def _below_first(parent):
    """Places in an order where all that lies under a place comes right before it."""
    n = len(parent)
    youngest, older = np.full(n + 1, -1, np.int64), np.full(n, -1, np.int64)
    for j in range(n):
        p = parent[j] if parent[j] >= 0 else n
        older[j] = youngest[p]
        youngest[p] = j
    order, stack = np.empty(n, np.int64), np.empty(n + 1, np.int64)
    depth, at = 0, n
    stack[0] = n
    while depth >= 0:  # a place is written down before what lies under it, from the end backwards
        v = stack[depth]
        depth -= 1
        if v < n:
            at -= 1
            order[at] = v
        w = youngest[v]
        while w >= 0:
            depth += 1
            stack[depth] = w
            w = older[w]
    return order


def side_by_side(
    solver: tuple[Any, ...], put: IntArray, get: IntArray
) -> tuple[tuple[Any, ...], IntArray, IntArray]:
    """The same triangles and places, numbered so that what lies under a place comes right before it.

    Solves then work on neighbours one after the other, within the cache.

    Parameters
    ----------
    solver : tuple
        As of `triangles`.
    put, get : ndarray, shape (n_node,)
        As of `places`.

    Returns
    -------
    solver, put, get
    """
    l_start, l_row, l_value, u_start, u_column, u_value, inverse = solver
    n = len(inverse)
    if (put[1:] != get[1:]).any():  # pivots off the diagonal: there is no one tree
        return solver, put, get
    order = _below_first(parents(u_start, u_column))
    new = np.empty(n + 1, np.int64)
    new[order], new[n] = np.arange(n), n
    lower = sp.csc_matrix((l_value, l_row, l_start), (n, n))[order][:, order].tocsc()
    upper = sp.csr_matrix((u_value, u_column, u_start), (n, n))[order][:, order].tocsr()
    lower.sort_indices()
    upper.sort_indices()
    placed = put.copy()
    placed[put >= 0] = new[put[put >= 0]]
    numbered = (
        lower.indptr.astype(np.int64), lower.indices.astype(np.int32), lower.data,
        upper.indptr.astype(np.int64), upper.indices.astype(np.int32), upper.data, inverse[order],
    )  # fmt: skip
    return numbered, placed, new[get]
