"""How are many right-hand sides of the DC equations solved fast? Sixteen at a time, both triangles compiled."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from taotie.files.kernels import njit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LANES = 16  # right-hand sides solved together: one or two cache lines
FAST = {"nsz", "arcp", "contract"}


def triangles(lu: Any) -> tuple[Any, ...]:
    """L by columns without its unit diagonal; U by rows, its diagonal inverted: what `solve_lanes` takes."""
    lower, upper = sp.tril(lu.L, -1).tocsc(), lu.U.tocsr()
    inverse = 1 / upper.diagonal()
    upper = sp.triu(upper, 1).tocsr()
    return (
        lower.indptr.astype(np.int64), lower.indices.astype(np.int32), lower.data,
        upper.indptr.astype(np.int64), upper.indices.astype(np.int32), upper.data, inverse,
    )  # fmt: skip


def places(lu: Any, n: int) -> tuple[IntArray, IntArray]:
    """Where node b's injection goes in, and where its angle comes out; node 0 is the reference.

    `put[0]` is -1: its injection has no row. `get[0]` is the last row, which stays 0.
    """
    put, get = np.full(n, -1, np.int64), np.full(n, n - 1, np.int64)
    put[1:], get[1:] = lu.perm_r, lu.perm_c
    return put, get


@njit(cache=True, nogil=True, fastmath=FAST)
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


@njit(cache=True, nogil=True, fastmath=FAST)
def dense_factors(solver, y, offset, f_at, t_at, put, out):
    """`out[l, b]`: flow on l per unit injected at node b, less `offset[l]`."""
    n = len(put)
    r = np.zeros((n + 1, LANES))
    for first in range(0, n, LANES):
        width = min(LANES, n - first)
        r[:, :] = 0.0
        for c in range(width):
            if put[first + c] >= 0:
                r[put[first + c], c] = 1.0
        solve_lanes(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], solver[6], r)
        for l in range(len(y)):
            f, t, yl, off = f_at[l], t_at[l], y[l], offset[l]
            for c in range(width):
                out[l, first + c] = yl * (r[f, c] - r[t, c]) - off


@njit(cache=True, nogil=True, fastmath=FAST)
def dense_factors_by_node(solver, y, offset, f_at, t_at, put, out):
    """`out[b, l]`: flow on l per unit injected where `put[b]` says, less `offset[l]`."""
    n = len(put)
    r = np.zeros((len(solver[6]) + 1, LANES))
    for first in range(0, n, LANES):
        width = min(LANES, n - first)
        r[:, :] = 0.0
        for c in range(width):
            if put[first + c] >= 0:
                r[put[first + c], c] = 1.0
        solve_lanes(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], solver[6], r)
        for l in range(len(y)):
            f, t, yl, off = f_at[l], t_at[l], y[l], offset[l]
            for c in range(width):
                out[first + c, l] = yl * (r[f, c] - r[t, c]) - off


@njit(cache=True, nogil=True, fastmath=FAST)
def factors_of_transfers(solver, y, f_at, t_at, put_f, put_t, out):
    """`out[c, l]`: flow on l per unit put in where `put_f[c]` says and taken out where `put_t[c]` says; 16 at most."""
    r = np.zeros((len(solver[6]) + 1, LANES))
    for c in range(len(put_f)):
        if put_f[c] >= 0:
            r[put_f[c], c] = 1.0
        if put_t[c] >= 0:
            r[put_t[c], c] = -1.0
    solve_lanes(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], solver[6], r)
    for l in range(len(y)):
        f, t, yl = f_at[l], t_at[l], y[l]
        for c in range(len(put_f)):
            out[c, l] = yl * (r[f, c] - r[t, c])


@njit(cache=True, nogil=True, fastmath=FAST)
def moved_shares(h, f, t, inverse, out):
    """`out[l, k] = (h[l, f_k] - h[l, t_k]) inverse_k`."""
    for l in range(len(f)):
        row = h[l]
        for k in range(len(f)):
            out[l, k] = (row[f[k]] - row[t[k]]) * inverse[k]
