"""What becomes of a solved AC state when single branches are lost, many at a time? Voltages in p.u.

Sixty-four outages side by side share one factorised Jacobian, that of the intact state. What the lost branch takes
out of it touches four rows and four columns, so it is put right by a correction of rank four (Woodbury), and the
steps of Newton's method with that Jacobian then converge in a few triangular solves, for which single precision is
enough: the mismatch itself is in double. Buses at a reactive limit stay there and losses are shared by the same
weights, so a state found here is the one a full Newton solver finds; where the steps do not come to rest the outage
is handed back unsolved, for such a solver to decide.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from taotie.files.kernels import njit
from taotie.grid.flow.sparse_solve import FAST

if TYPE_CHECKING:
    from taotie.grid.ac.network import AcNetwork

__all__ = ["WIDE", "OutageBatch", "taken_out"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ComplexArray = NDArray[np.complex128]
WIDE = 64  # outages side by side: a row of them is four cache lines in single precision
STEPS = 20
HOPELESS = 1e3  # p.u. of mismatch: such steps lead nowhere
KINDS = (np.uint32, np.uint32, np.float32)  # of starts, columns, values in a triangle


@njit(cache=True, nogil=True)
def taken_out(vf, vt, yff, yft, ytf, ytt, d):
    """Minus what a branch adds to the Jacobian: rows P, Q at both ends; columns angle, voltage at both ends."""
    for side in range(2):
        a, b = (vf, vt) if side == 0 else (vt, vf)
        own, across = (yff, yft) if side == 0 else (ytt, ytf)
        over = a * np.conj(across * b)
        s = a * np.conj(own * a) + over
        terms = (
            1j * over, s / abs(a) + abs(a) * np.conj(own), -1j * over, over / abs(b),
        )  # fmt: skip
        for c in range(4):
            at = c if side == 0 else (c + 2) % 4
            d[2 * side, at], d[2 * side + 1, at] = -terms[c].real, -terms[c].imag


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _solve_wide(l_start, l_column, l_value, u_start, u_column, u_value, row, r):
    """Both triangular solves in place, row by row; the diagonal stands last in rows of L and, inverted, first in U."""
    n = len(l_start) - 1
    for j in range(n):
        for c in range(WIDE):
            row[c] = r[j, c]
        for q in range(l_start[j], l_start[j + 1] - 1):
            i, x = l_column[q], l_value[q]
            for c in range(WIDE):
                row[c] -= x * r[i, c]
        for c in range(WIDE):
            r[j, c] = row[c]
    for j in range(n - 1, -1, -1):
        for c in range(WIDE):
            row[c] = r[j, c]
        for q in range(u_start[j] + 1, u_start[j + 1]):
            i, x = u_column[q], u_value[q]
            for c in range(WIDE):
                row[c] -= x * r[i, c]
        x = u_value[u_start[j]]
        for c in range(WIDE):
            r[j, c] = row[c] * x


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _begin(v, turned, place, held, vr, vi):
    """A first guess: the intact state, turned for each lane by a row of `turned` where `place` names one."""
    for i in range(len(v)):
        for c in range(WIDE):
            vr[i, c], vi[i, c] = v[i].real, v[i].imag
    for c in range(len(place)):
        if place[c] < 0:
            continue
        by = turned[place[c]]
        for i in range(len(v)):
            a = v[i] * by[i]
            if held[i]:
                a *= abs(v[i]) / abs(a)
            vr[i, c], vi[i, c] = a.real, a.imag


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _solve_group(
    solver, put, get, column_v, ref, y_start, y_column, y_re, y_im, p, q, weight, lost, f, t,
    yff, yft, ytf, ytt, v, tolerance, vr, vi, left, steps, r, w,
):  # fmt: skip
    """States of up to `WIDE` outages, in place in `vr`, `vi` (a first guess), shape (n_bus, WIDE).

    `column_v[i]`: place of the voltage of bus i among the unknowns, -1 where it is held; `left`: mismatch at the end;
    `steps`: how many each needed; `r`, `w`: room to work in, the last row of `r` stays 0.
    """
    size, n_bus, n_lane = len(put), len(v), len(lost)
    row, pi, qi = np.zeros(WIDE, np.float32), np.zeros(WIDE), np.zeros(WIDE)
    k = np.zeros((WIDE, 4, 4))
    at = np.full((WIDE, 4), -1, np.int64)  # columns of each lane
    into = np.full((WIDE, 4), -1, np.int64)  # rows
    slack, u = np.zeros(WIDE), np.zeros((4, WIDE), np.float32)
    inverse = 1 / np.abs(v)
    for c in range(n_lane):
        for e in range(2):
            i = f[lost[c]] if e == 0 else t[lost[c]]
            into[c, 2 * e] = put[i]
            if i != ref:
                at[c, 2 * e] = get[i]
            if column_v[i] >= 0:
                into[c, 2 * e + 1] = put[column_v[i]]
                at[c, 2 * e + 1] = get[column_v[i]]
    w[:, :, :] = 0.0
    for a in range(4):
        for c in range(n_lane):
            if into[c, a] >= 0:
                w[a, into[c, a], c] = 1.0
        _solve_wide(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], row, w[a])
    d, m = np.zeros((4, 4)), np.zeros((4, 4))
    for c in range(n_lane):
        l = lost[c]
        taken_out(v[f[l]], v[t[l]], yff[l], yft[l], ytf[l], ytt[l], d)
        for a in range(4):
            if into[c, a] < 0:
                d[a, :] = 0.0
            if at[c, a] < 0:
                d[:, a] = 0.0
        for a in range(4):
            for b in range(4):
                m[a, b] = 1.0 if a == b else 0.0
                for e in range(4):
                    if at[c, e] >= 0:
                        m[a, b] += d[a, e] * w[b, at[c, e], c]
        if abs(np.linalg.det(m)) > 1e-12:
            k[c] = np.linalg.solve(m, d)
    for step in range(STEPS + 1):
        for i in range(n_bus):
            for c in range(WIDE):
                pi[c], qi[c] = 0.0, 0.0
            for z in range(y_start[i], y_start[i + 1]):
                j, g, s = y_column[z], y_re[z], y_im[z]
                for c in range(WIDE):
                    pi[c] += g * vr[j, c] - s * vi[j, c]
                    qi[c] += g * vi[j, c] + s * vr[j, c]
            own, share, into_p = p[i], weight[i], put[i]
            for c in range(WIDE):
                r[into_p, c] = own + share * slack[c] - (vr[i, c] * pi[c] + vi[i, c] * qi[c])
            if column_v[i] >= 0:
                own, into_q = q[i], put[column_v[i]]
                for c in range(WIDE):
                    r[into_q, c] = own - (vi[i, c] * pi[c] - vr[i, c] * qi[c])
        for c in range(n_lane):  # the lost branch carries nothing: its ends anew, in double
            l = lost[c]
            at_f = complex(vr[f[l], c], vi[f[l], c])
            at_t = complex(vr[t[l], c], vi[t[l], c])
            for e in range(2):
                i = f[l] if e == 0 else t[l]
                here = at_f if e == 0 else at_t
                flow = (yff if e == 0 else ytf)[l] * at_f + (yft if e == 0 else ytt)[l] * at_t
                for z in range(y_start[i], y_start[i + 1]):
                    j = y_column[z]
                    flow -= complex(y_re[z], y_im[z]) * complex(vr[j, c], vi[j, c])
                over = here * np.conj(flow) + complex(p[i] + weight[i] * slack[c], q[i])
                r[into[c, 2 * e], c] = over.real
                if into[c, 2 * e + 1] >= 0:
                    r[into[c, 2 * e + 1], c] = over.imag
        if step == 0:  # losses of the guess
            for i in range(n_bus):
                for c in range(WIDE):
                    slack[c] -= r[put[i], c]
            for i in range(n_bus):
                for c in range(WIDE):
                    r[put[i], c] += weight[i] * slack[c]
        row[:] = 0.0
        for j in range(size):
            for c in range(WIDE):
                row[c] = max(row[c], abs(r[j, c]))
        busy = False
        for c in range(n_lane):
            left[c] = row[c] if row[c] < HOPELESS else np.inf
            if left[c] >= tolerance:
                steps[c] = step + 1
                busy |= left[c] < HOPELESS
        if not busy or step == STEPS:
            break
        for c in range(WIDE):
            if c >= n_lane or not left[c] < HOPELESS:
                for j in range(size):
                    r[j, c] = 0.0
        _solve_wide(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], row, r)
        u[:, :] = 0.0
        for c in range(n_lane):
            for a in range(4):
                for e in range(4):
                    if at[c, e] >= 0:
                        u[a, c] += k[c, a, e] * r[at[c, e], c]
        for j in range(size):
            for c in range(WIDE):
                r[j, c] -= (
                    w[0, j, c] * u[0, c] + w[1, j, c] * u[1, c]
                    + w[2, j, c] * u[2, c] + w[3, j, c] * u[3, c]
                )  # fmt: skip
        for i in range(n_bus):
            turn = get[i] if i != ref else size
            more = get[column_v[i]] if column_v[i] >= 0 else size
            own = inverse[i]
            for c in range(WIDE):
                x, y, h = vr[i, c], vi[i, c], r[turn, c]
                # turned by the arc whose tangent is the step: the same at rest, and no sine
                scale = (1 + r[more, c] * own) / np.sqrt(1 + h * h)
                vr[i, c], vi[i, c] = scale * (x - h * y), scale * (y + h * x)
        for c in range(WIDE):
            slack[c] += r[get[ref], c]


@njit(cache=True, nogil=True)
def _back(vr, vi, ok, volts):
    for c in range(len(ok)):
        for i in range(len(vr)):
            volts[c, i] = complex(vr[i, c], vi[i, c]) if ok[c] else 0.0


class OutageBatch:
    """The intact state of a network, from which outages are solved.

    Parameters
    ----------
    net : AcNetwork
        As it was when `v` was solved: buses at their reactive limits and weights of the slack are read from it.
    v : ndarray, shape (n_bus,)
        Voltages of the intact state.
    """

    def __init__(self, net: AcNetwork, v: ComplexArray) -> None:
        n, self.net, self.v = net.n, net, v
        y = net.admittance
        self._y = (y.indptr.astype(np.int64), y.indices.astype(np.int64), y.data.real.copy(), y.data.imag.copy())  # fmt: skip
        per = 1 / net.base
        self.branch = tuple(a * per for a in (net._yff, net._yft, net._ytf, net._ytt))
        self.held = net._held & (net.pinned == 0)
        weight = net.slack_weight()
        self.weight = weight / weight.sum()
        self.ref = int(np.argmax(self.weight))
        free = np.flatnonzero(~self.held)
        self.column_v = np.full(n, -1, np.int64)
        self.column_v[free] = n + np.arange(len(free))
        current = y @ v
        s = v * np.conj(current)
        self.p, self.q = s.real.copy(), s.imag.copy()
        lu = splu(
            self._jacobian(current), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01,
            options={"SymmetricMode": True},
        )  # fmt: skip
        self.lu = lu
        self._solver = _rows_of(lu)
        self._put = lu.perm_r.astype(np.int64)
        self._get = lu.perm_c.astype(np.int64)

    def _jacobian(self, current: ComplexArray) -> sp.csc_matrix:
        """Of active and reactive power by angles and voltages; the column of the angle of `ref` is that of the slack."""
        y, v, n = self.net.admittance, self.v, len(self.v)
        i, j = np.repeat(np.arange(n), np.diff(y.indptr)), y.indices
        by_angle = -1j * v[i] * np.conj(y.data * v[j])
        by_size = 1j * by_angle / np.abs(v[j])
        own = i == j
        by_angle[own] += 1j * v * np.conj(current)
        by_size[own] += v / np.abs(v) * np.conj(current)
        row_q, column_v, angle = self.column_v[i], self.column_v[j], j != self.ref
        parts = (
            (by_angle.real, i, j, angle),
            (by_angle.imag, row_q, j, angle & (row_q >= 0)),
            (by_size.real, i, column_v, column_v >= 0),
            (by_size.imag, row_q, column_v, (row_q >= 0) & (column_v >= 0)),
            (-self.weight, np.arange(n), np.full(n, self.ref), self.weight > 0),
        )
        values, rows, columns = (np.concatenate([q[m][q[3]] for q in parts]) for m in range(3))
        size = n + int((~self.held).sum())
        return sp.csc_matrix((values, (rows, columns)), (size, size))

    def group(
        self, rows: IntArray, turned: NDArray[np.complex64], place: IntArray, tolerance: float
    ) -> tuple[FloatArray, FloatArray, BoolArray, IntArray]:
        """Up to `WIDE` outages side by side.

        Parameters
        ----------
        rows : ndarray, shape (n_outage,)
            Branch rows, none of them a bridge.
        turned, place : ndarray
            Where to begin: at the intact voltages times ``turned[place]``, where `place` is not -1.
        tolerance : float
            Largest mismatch. [p.u.]

        Returns
        -------
        vr, vi : ndarray, shape (n_bus, WIDE)
            Voltages, real and imaginary part.
        solved, steps : ndarray, shape (n_outage,)
            And the steps it took.
        """
        net, size = self.net, self.lu.shape[0]
        vr, vi, left = np.empty((net.n, WIDE)), np.empty((net.n, WIDE)), np.zeros(WIDE)
        _begin(self.v, turned, place, self.held, vr, vi)
        steps = np.zeros(WIDE, np.int64)
        r = np.zeros((size + 1, WIDE), np.float32)
        w = np.empty((4, size, WIDE), np.float32)
        _solve_group(
            self._solver, self._put, self._get, self.column_v, self.ref, *self._y, self.p, self.q,
            self.weight, rows, net.f, net.t, *self.branch, self.v, tolerance, vr, vi, left, steps,
            r, w,
        )  # fmt: skip
        n = len(rows)
        return vr, vi, left[:n] < tolerance, steps[:n]

    def solve(
        self, rows: IntArray, tolerance: float = 1e-5, threads: int = 1
    ) -> tuple[ComplexArray, BoolArray]:
        """Voltages after the loss of each branch, from the intact ones, and which were solved.

        Parameters
        ----------
        rows : ndarray, shape (n_outage,)
            Branch rows, none of them a bridge.
        tolerance : float
            Largest mismatch. [p.u.]

        Returns
        -------
        voltage : ndarray, shape (n_outage, n_bus)
            Zeros where no solution was found.
        solved : ndarray of bool, shape (n_outage,)
        steps : ndarray, shape (n_outage,)
        """
        volts = np.empty((len(rows), self.net.n), complex)
        solved, steps = np.zeros(len(rows), bool), np.zeros(len(rows), np.int64)
        none, nowhere = np.zeros((1, 1), np.complex64), np.full(WIDE, -1)

        def group(first: int) -> None:
            some = slice(first, first + WIDE)
            lost = np.asarray(rows[some], np.int64)
            vr, vi, solved[some], steps[some] = self.group(lost, none, nowhere, tolerance)
            _back(vr, vi, solved[some], volts[some])

        starts = range(0, len(rows), WIDE)
        if threads > 1 and len(starts) > 1:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(group, starts))
        else:
            for first in starts:
                group(first)
        return volts, solved


def _rows_of(lu: Any) -> tuple[Any, ...]:
    """Both triangles by rows, as `_solve_wide` takes them."""
    lower, upper = lu.L.tocsr(), lu.U.tocsr()
    lower.sort_indices()
    upper.sort_indices()
    upper.data[upper.indptr[:-1]] = 1 / upper.data[upper.indptr[:-1]]
    return tuple(
        part.astype(kind)
        for m in (lower, upper)
        for part, kind in zip((m.indptr, m.indices, m.data), KINDS, strict=True)
    )
