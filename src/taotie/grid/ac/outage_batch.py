"""What becomes of a solved AC state when single branches are lost, many at a time? Voltages in p.u.

Sixteen outages side by side share one factorised Jacobian, that of the intact state. What the lost branch takes out
of it touches four rows and four columns, so it is put right by a correction of rank four (Woodbury), and the steps of
Newton's method with that Jacobian then converge in a few triangular solves. Buses at a reactive limit stay there and
losses are shared by the same weights, so a state found here is the one a full Newton solver finds; where the steps
do not come to rest the outage is handed back unsolved, for such a solver to decide.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from taotie.files.kernels import njit
from taotie.grid.flow.sparse_solve import FAST, LANES, solve_lanes, triangles

if TYPE_CHECKING:
    from taotie.grid.ac.network import AcNetwork

__all__ = ["OutageBatch", "taken_out"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ComplexArray = NDArray[np.complex128]
STEPS = 20
HOPELESS = 1e3  # p.u. of mismatch: such steps lead nowhere


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
def _solve_group(
    solver, put, get, n_bus, column_v, ref, y_start, y_column, y_re, y_im, p, q, held, weight,
    lost, f, t, yff, yft, ytf, ytt, v, tolerance, vr, vi, left,
):  # fmt: skip
    """States of up to 16 outages, in place in `vr`, `vi` (a first guess), shape (n_bus, 16).

    `column_v[i]`: place of the voltage of bus i among the unknowns, -1 where it is held; `left`: mismatch at the end.
    """
    size = len(solver[6])
    n_lane = len(lost)
    r = np.zeros((size + 1, LANES))
    w = np.zeros((4, size + 1, LANES))
    k = np.zeros((LANES, 4, 4))
    at = np.full((LANES, 4), -1, np.int64)  # columns of each lane
    into = np.full((LANES, 4), -1, np.int64)  # rows
    slack = np.zeros(LANES)
    for c in range(n_lane):
        a, b = f[lost[c]], t[lost[c]]
        for e in range(2):
            i = a if e == 0 else b
            into[c, 2 * e] = put[i]
            if i != ref:
                at[c, 2 * e] = get[i]
            if column_v[i] >= 0:
                into[c, 2 * e + 1] = put[column_v[i]]
                at[c, 2 * e + 1] = get[column_v[i]]
    for a in range(4):
        for c in range(n_lane):
            if into[c, a] >= 0:
                w[a, into[c, a], c] = 1.0
        solve_lanes(
            solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], solver[6], w[a]
        )
    d, m = np.zeros((4, 4), np.float64), np.zeros((4, 4), np.float64)
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
        r[:, :] = 0.0
        for c in range(LANES):
            left[c] = 0.0
        for i in range(n_bus):
            pi, qi = np.zeros(LANES), np.zeros(LANES)
            for z in range(y_start[i], y_start[i + 1]):
                j, g, s = y_column[z], y_re[z], y_im[z]
                for c in range(LANES):
                    pi[c] += g * vr[j, c] - s * vi[j, c]
                    qi[c] += g * vi[j, c] + s * vr[j, c]
            row, other = put[i], -1
            if column_v[i] >= 0:
                other = put[column_v[i]]
            for c in range(LANES):
                re = vr[i, c] * pi[c] + vi[i, c] * qi[c]
                im = vi[i, c] * pi[c] - vr[i, c] * qi[c]
                r[row, c] = p[i] + weight[i] * slack[c] - re
                if other >= 0:
                    r[other, c] = q[i] - im
        for c in range(n_lane):  # the lost branch carries nothing
            l = lost[c]
            a = complex(vr[f[l], c], vi[f[l], c])
            b = complex(vr[t[l], c], vi[t[l], c])
            sf = a * np.conj(yff[l] * a + yft[l] * b)
            st = b * np.conj(ytf[l] * a + ytt[l] * b)
            r[into[c, 0], c] += sf.real
            r[into[c, 2], c] += st.real
            if into[c, 1] >= 0:
                r[into[c, 1], c] += sf.imag
            if into[c, 3] >= 0:
                r[into[c, 3], c] += st.imag
        for row in range(size):
            for c in range(LANES):
                left[c] = max(left[c], abs(r[row, c]))
        worst = 0.0
        for c in range(n_lane):
            if left[c] < HOPELESS:
                worst = max(worst, left[c])
            elif not left[c] >= 0:
                left[c] = np.inf
        if worst < tolerance or step == STEPS:
            break
        for c in range(LANES):
            if c >= n_lane or not left[c] < HOPELESS:
                for row in range(size):
                    r[row, c] = 0.0
        solve_lanes(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], solver[6], r)
        u = np.zeros((4, LANES))
        for c in range(n_lane):
            for a in range(4):
                for e in range(4):
                    if at[c, e] >= 0:
                        u[a, c] += k[c, a, e] * r[at[c, e], c]
        for row in range(size):
            for c in range(LANES):
                r[row, c] -= (
                    w[0, row, c] * u[0, c] + w[1, row, c] * u[1, c]
                    + w[2, row, c] * u[2, c] + w[3, row, c] * u[3, c]
                )  # fmt: skip
        for i in range(n_bus):
            turn = get[i] if i != ref else size
            more = get[column_v[i]] if column_v[i] >= 0 else size
            for c in range(LANES):
                x, y, h = vr[i, c], vi[i, c], r[turn, c]
                # turned by the arc whose tangent is the step: the same at rest, and no sine
                scale = (1 + r[more, c] / np.sqrt(x * x + y * y)) / np.sqrt(1 + h * h)
                vr[i, c], vi[i, c] = scale * (x - h * y), scale * (y + h * x)
        for c in range(LANES):
            slack[c] += r[get[ref], c]


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
        on = np.flatnonzero(net.on)
        f, t = net.f[on], net.t[on]
        per = 1 / net.base
        here = np.arange(n)
        y = sp.coo_matrix(
            (
                np.concatenate([net._yff[on], net._yft[on], net._ytf[on], net._ytt[on], net._shunt])
                * per,
                (np.concatenate([f, f, t, t, here]), np.concatenate([f, t, f, t, here])),
            ),
            (n, n),
        ).tocsr()
        y.sort_indices()
        self._y = (y.indptr.astype(np.int64), y.indices.astype(np.int64), y.data.real.copy(), y.data.imag.copy())  # fmt: skip
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
        unit = v / np.abs(v)
        d_v, d_i, d_u = sp.diags(v), sp.diags(current), sp.diags(unit)
        by_angle = (1j * d_v @ (d_i - y @ d_v).conj()).tocsc()
        by_size = (d_v @ (y @ d_u).conj() + d_i.conj() @ d_u).tocsc()[:, free]
        angle_p = by_angle.real.tolil()
        angle_q = by_angle.imag[free].tolil()
        angle_p[:, self.ref], angle_q[:, self.ref] = -self.weight[:, None], 0.0
        jacobian = sp.bmat([[angle_p, by_size.real], [angle_q, by_size.imag[free]]], format="csc")
        lu = splu(
            jacobian, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01,
            options={"SymmetricMode": True},
        )  # fmt: skip
        self.lu = lu
        self._solver = triangles(lu)
        self._put = lu.perm_r.astype(np.int64)
        self._get = lu.perm_c.astype(np.int64)

    def solve(
        self,
        rows: IntArray,
        guess: ComplexArray | None = None,
        tolerance: float = 1e-5,
        threads: int = 1,
    ) -> tuple[ComplexArray, BoolArray]:
        """Voltages after the loss of each branch, and which were solved.

        Parameters
        ----------
        rows : ndarray, shape (n_outage,)
            Branch rows, none of them a bridge.
        guess : ndarray, shape (n_outage, n_bus), optional
            Where to begin; by default at the intact state.
        tolerance : float
            Largest mismatch. [p.u.]

        Returns
        -------
        voltage : ndarray, shape (n_outage, n_bus)
            Zeros where no solution was found.
        solved : ndarray of bool, shape (n_outage,)
        """
        net, n = self.net, self.net.n
        volts = np.zeros((len(rows), n), complex)
        solved = np.zeros(len(rows), bool)

        def group(first: int) -> None:
            some = np.asarray(rows[first : first + LANES], np.int64)
            begin = np.repeat(self.v[:, None], LANES, axis=1)
            if guess is not None:
                begin[:, : len(some)] = guess[first : first + LANES].T
                begin[self.held] *= np.abs(self.v[self.held, None]) / np.abs(begin[self.held])
            vr, vi, left = begin.real.copy(), begin.imag.copy(), np.zeros(LANES)
            _solve_group(
                self._solver, self._put, self._get, n, self.column_v, self.ref, *self._y,
                self.p, self.q, self.held, self.weight, some, net.f, net.t, *self.branch, self.v,
                tolerance, vr, vi, left,
            )  # fmt: skip
            ok = left[: len(some)] < tolerance
            solved[first : first + LANES] = ok
            volts[first : first + LANES] = np.where(ok[:, None], (vr + 1j * vi).T[: len(some)], 0)

        starts = range(0, len(rows), LANES)
        if threads > 1 and len(starts) > 1:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(group, starts))
        else:
            for first in starts:
                group(first)
        return volts, solved
