"""What do a MW of a unit and a MW of new load change in AC, after each outage? First order at the start. In MW, p.u.

The state after an outage answers to a change of injections by the Jacobian it was solved with: that of the intact
state less the lost branch, a correction of rank four. One transposed solve gives a flow's or a voltage's answer to
*every* unit and to a load at *every* bus, so a row serves all buses; rows are kept once they are made.

The largest load is then a linear programme over what each unit moves from the start. A MW moved counts as `MOVED` MW
of load: without that price the programme moves thousands of MW for nothing, and drags voltages far away outside.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from taotie.grid.ac.outage_batch import OutageBatch, taken_out
from taotie.grid.capacity.redispatch_lp import LINPROG_TOLERANCE

__all__ = ["MOVED", "VOLT", "Answers", "Rows", "largest_first_order"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
MOVED = 1e-3  # MW of load that a MW moved is worth
VOLT = 1e4  # a voltage counts as so many MW per p.u., beside the MVA of flows
SLACK = 1e-3  # MW a row may be over in the programme


class Answers(NamedTuple):
    """What one flow or one voltage answers.

    Parameters
    ----------
    unit : ndarray, shape (2, n_unit)
        Active and reactive power per MW of a unit; a voltage has its own in the first. [1]
    load : ndarray, shape (2, n_bus)
        The same per MW of new load at a bus, with its reactive power.
    """

    unit: NDArray[np.float32]
    load: NDArray[np.float32]


class Rows:
    """Answers at one intact state, made as they are wanted.

    Parameters
    ----------
    batch : OutageBatch
        The state, with its factors.
    turned : ndarray, shape (n_outage, n_bus)
        Voltages after each outage relative to the intact ones; 0 where unsolved.
    place : ndarray, shape (n_branch + 1,)
        Row in `turned` plus one of each branch lost; 0 for none.
    unit_bus : ndarray, shape (n_unit,)
        Bus of each unit.
    tan : float
        Reactive over active power of the new load.
    """

    def __init__(
        self,
        batch: OutageBatch,
        turned: NDArray[np.complex64],
        place: IntArray,
        unit_bus: IntArray,
        tan: float,
    ) -> None:
        self._batch, self._turned, self._place = batch, turned, place
        self._unit_bus, self._tan = unit_bus, tan
        self._kept: dict[tuple[int, int, int], Answers] = {}

    def flow(self, branch: int, outage: int, end: int) -> Answers:
        """Power into a branch at an end (0 from, 1 to) after an outage (-1: intact)."""
        return self._answers(branch, outage, end)

    def voltage(self, bus: int, outage: int) -> Answers:
        """Voltage of a bus after an outage. [`VOLT` MW per p.u.]"""
        return self._answers(bus, outage, 2)

    def _answers(self, what: int, outage: int, kind: int) -> Answers:
        key = (what, outage, kind)
        if key not in self._kept:
            if len(self._kept) > 20000:
                self._kept.clear()
            self._kept[key] = self._made(what, outage, kind)
        return self._kept[key]

    def _columns(self, f: int, t: int) -> IntArray:
        """Unknowns of the angle and voltage at both ends, -1 where held."""
        b = self._batch
        return np.array(
            [-1 if f == b.ref else f, b.column_v[f], -1 if t == b.ref else t, b.column_v[t]]
        )

    def _made(self, what: int, outage: int, kind: int) -> Answers:
        b = self._batch
        n, size = len(b.v), len(b.v) + int((~b.held).sum())
        volts = b.v * (self._turned[self._place[outage] - 1] if outage >= 0 else 1.0)
        wanted = np.zeros((size, 2))
        if kind == 2:
            if b.column_v[what] < 0:
                return Answers(
                    np.zeros((2, len(self._unit_bus)), np.float32), np.zeros((2, n), np.float32)
                )
            wanted[b.column_v[what], 0] = 1.0
        else:
            net = b.net
            f, t = int(net.f[what]), int(net.t[what])
            yff, yft, ytf, ytt = (complex(y[what]) for y in b.branch)
            left = np.zeros((4, 4))
            taken_out(volts[f], volts[t], yff, yft, ytf, ytt, left)
            for column, value in zip(self._columns(f, t), -left.T, strict=True):
                if column >= 0:
                    wanted[column] = value[2 * kind : 2 * kind + 2]
        back = b.lu.solve(wanted, "T")
        if outage >= 0:
            net = b.net
            f, t = int(net.f[outage]), int(net.t[outage])
            d = np.zeros((4, 4))
            taken_out(b.v[f], b.v[t], *(complex(y[outage]) for y in b.branch), d)
            into = np.array([f, b.column_v[f], t, b.column_v[t]])
            at = self._columns(f, t)
            d[into < 0], d[:, at < 0] = 0.0, 0.0
            units = np.zeros((size, 4))
            units[at[at >= 0], np.flatnonzero(at >= 0)] = 1.0
            z = b.lu.solve(units, "T")
            core = np.eye(4) + d.T @ z[into]
            back = back - z @ np.linalg.solve(core, d.T @ back[into])
        active = back[:n].T
        reactive = np.zeros((2, n))
        free = ~b.held
        reactive[:, free] = back[b.column_v[free]].T
        if kind == 2:
            per = VOLT / b.net.base
            active, reactive = active * per, reactive * per
        return Answers(
            active[:, self._unit_bus].astype(np.float32),
            (-(active + self._tan * reactive)).astype(np.float32),
        )


def largest_first_order(
    up: FloatArray,
    down: FloatArray,
    unit: FloatArray,
    load: FloatArray,
    room: FloatArray,
    most_mw: float,
    active: list[int],
) -> tuple[FloatArray, float] | None:
    """The largest load and what each unit moves for it, rows taken in as they are broken.

    Parameters
    ----------
    up, down : ndarray, shape (n_unit,)
        How far units may move from the start. [MW]
    unit, load, room : ndarray, shape (n_row, n_unit), (n_row,), (n_row,)
        Rows: ``unit @ moved + load * x <= room``.
    most_mw : float
        No more load than this.
    active : list of int
        Rows to begin with; those taken in are added.

    Returns
    -------
    moved, x : ndarray, float
        None where the solver gives no answer.
    """
    n = len(up)
    cost = np.r_[np.full(2 * n, MOVED), -1.0]
    balance = sp.csr_matrix(np.r_[np.ones(n), -np.ones(n), -1.0][None])
    bounds = np.vstack([np.c_[np.zeros(2 * n), np.r_[up, down]], [[0.0, most_mw]]])
    for _round in range(30):
        some = np.array(active, np.int64)
        a = np.hstack([unit[some], -unit[some], load[some, None]])
        a[np.abs(a) < 1e-6] = 0.0
        r = linprog(
            cost, A_ub=a if len(some) else None, b_ub=room[some] if len(some) else None,
            A_eq=balance.toarray(), b_eq=[0.0], bounds=bounds, method="highs-ds",
            options={**LINPROG_TOLERANCE, "presolve": False},
        )  # fmt: skip
        if r.status != 0:
            return None
        moved, x = r.x[:n] - r.x[n : 2 * n], float(r.x[-1])
        over = unit @ moved + load * x - room
        over[some] = 0.0
        broken = np.flatnonzero(over > SLACK)
        if not broken.size:
            return moved, x
        active.extend(broken[np.argsort(-over[broken])[:40]].tolist())
    return None
