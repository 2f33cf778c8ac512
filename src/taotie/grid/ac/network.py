"""AC states of a case, intact and after outages, by lightsim2grid; loads and outputs change between solves. MW, Mvar, p.u.

Reactive limits are kept bus by bus (the sum of its units' limits) and switch both ways: a bus at a limit is freed
again once its voltage says so. Losses are shared by Pmax. A state without a solution is a result, not an error.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from taotie.errors import CaseError, MissingExtraError
from taotie.files.kernels import njit
from taotie.grid.case.case import Case
from taotie.words.language import _

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ComplexArray = NDArray[np.complex128]
MISMATCH = 1e-5  # per unit of base MVA
STEPS = 12
ROUNDS = 12  # of switching between held voltage and reactive limit


class EndPowers(NamedTuple):
    """Active and reactive power into each branch at both ends, shape (n_state, n_branch). [MW], [Mvar]"""

    p_f: FloatArray
    q_f: FloatArray
    p_t: FloatArray
    q_t: FloatArray


class Outages(NamedTuple):
    """States after single outages.

    Parameters
    ----------
    row : ndarray, shape (n_outage,)
        Branch rows.
    voltage : ndarray, shape (n_outage, n_bus)
        Zeros where no solution was found.
    solved : ndarray of bool, shape (n_outage,)
    """

    row: IntArray
    voltage: ComplexArray
    solved: BoolArray


@njit(cache=True, nogil=True)
def _end_powers(v, out, f, t, yff, yft, ytf, ytt, on, p_f, q_f, p_t, q_t):
    for i in range(v.shape[0]):
        for l in range(len(f)):
            if l == out[i] or not on[l]:
                continue
            a, b = v[i, f[l]], v[i, t[l]]
            s = a * np.conj(yff[l] * a + yft[l] * b)
            r = b * np.conj(ytf[l] * a + ytt[l] * b)
            p_f[i, l], q_f[i, l], p_t[i, l], q_t[i, l] = s.real, s.imag, r.real, r.imag


class AcNetwork:
    """A case in lightsim2grid, to be solved again and again.

    Parameters
    ----------
    case : Case
        One synchronous part without dead buses.

    Raises
    ------
    MissingExtraError
        lightsim2grid is not installed.
    CaseError
        Several parts, dead buses, or data the solver does not take.
    """

    def __init__(self, case: Case) -> None:
        try:
            reader = import_module("lightsim2grid.network").init_from_matpower
            engine = import_module("lightsim2grid.lightsim2grid_cpp")
        except ImportError:
            raise MissingExtraError("lightsim2grid", "ac") from None
        self._analysis: Any = engine.ContingencyAnalysisCPP
        self.case = case
        bus, gen, branch = case.bus.copy(), case.gen.copy(), case.branch.copy()
        for line in case.dcline[case.dcline[:, 2] > 0]:  # DC lines as loads at their ends
            ends = case.rows_of_bus(line[:2])
            bus[ends[0], 2] += line[3]
            bus[ends[1], 2] -= line[4]
        self.pd, self.qd = bus[:, 2].copy(), bus[:, 3].copy()
        bus[(bus[:, 2] == 0) & (bus[:, 3] == 0), 2] = 1e-9  # a load to be changed at every bus
        self.n, self.base = case.n_bus, case.base_mva
        try:
            self._grid: Any = reader(
                {"bus": bus, "gen": gen, "branch": branch, "baseMVA": case.base_mva}
            )
        except Exception as error:  # the reader raises whatever comes
            raise CaseError(
                _("lightsim2grid does not take {case}: {reason}.").format(
                    case=case.name, reason=error
                )
            ) from error
        g = self._grid
        self._load = np.full(self.n, -1)
        for unit in g.get_loads():
            self._load[unit.bus_id] = unit.id
        self.f, self.t = case.from_row, case.to_row
        self._number_branches(bus, branch)
        self.on = case.branch_on.copy()
        tap = np.where(branch[:, 8] == 0, 1.0, branch[:, 8]) * np.exp(1j * np.deg2rad(branch[:, 9]))
        y = 1 / (branch[:, 2] + 1j * np.where(self.on, branch[:, 3], 1.0))
        self._ytt = (y + 0.5j * branch[:, 4]) * self.base
        self._yff = self._ytt / np.abs(tap) ** 2
        self._yft, self._ytf = -y / np.conj(tap) * self.base, -y / tap * self.base
        self._shunt = bus[:, 4] + 1j * bus[:, 5]
        on, here = np.flatnonzero(self.on), np.arange(self.n)
        f, t = self.f[on], self.t[on]
        every = [self._yff[on], self._yft[on], self._ytf[on], self._ytt[on], self._shunt]
        places = (np.concatenate([f, f, t, t, here]), np.concatenate([f, t, f, t, here]))
        self.admittance = sp.csr_matrix(
            (np.concatenate(every) / self.base, places), (self.n, self.n)
        )
        self.admittance.sort_indices()
        self.rate, self.vmin, self.vmax = case.rate_a_mw, bus[:, 12].copy(), bus[:, 11].copy()
        self.at, self.run = case.gen_row, case.gen_on.copy()
        self._qmax = np.bincount(self.at[self.run], gen[self.run, 3], self.n)
        self._qmin = np.bincount(self.at[self.run], gen[self.run, 4], self.n)
        self._vset = np.ones(self.n)
        self._vset[self.at[self.run]] = gen[self.run, 5]
        self._here = [np.flatnonzero(self.run & (self.at == i)) for i in range(self.n)]
        self._held = np.array([len(units) > 0 for units in self._here])
        self.pinned = np.zeros(self.n, np.int64)  # +1 at Qmax, -1 at Qmin
        for unit in g.get_generators():
            if unit.is_slack:
                g.remove_gen_slackbus(unit.id)
        pmax = np.where(np.isfinite(gen[:, 8]), gen[:, 8], 2 * abs(case.total_load_mw))
        self._weight = np.where(self.run, np.maximum(pmax, 0), 0)
        for i in np.flatnonzero(self._weight > 0):
            g.add_gen_slackbus(int(i), float(self._weight[i]))
        g.change_algorithm("NR_KLU")
        self.v: ComplexArray = np.asarray(bus[:, 7] * np.exp(1j * np.deg2rad(bus[:, 8])), complex)
        self._pg, self._extra = gen[:, 1].copy(), np.zeros(self.n, complex)
        self.solves = 0

    def _number_branches(self, bus: FloatArray, branch: FloatArray) -> None:
        """Number of each branch row in the solver's list of outages."""
        lines, trafos = list(self._grid.get_lines()), list(self._grid.get_trafos())
        is_trafo = (branch[:, 8] != 0) | (branch[:, 9] != 0)
        if is_trafo.sum() != len(trafos):
            is_trafo |= bus[self.f, 9] != bus[self.t, 9]
        order = np.empty(len(branch), np.int64)
        order[~is_trafo] = np.arange((~is_trafo).sum())
        order[is_trafo] = (~is_trafo).sum() + np.arange(is_trafo.sum())
        fits = (
            (self._load >= 0).all()
            and is_trafo.sum() == len(trafos)
            and len(lines) + len(trafos) == len(branch)
        )
        if fits:
            ends = [{e.bus1_id, e.bus2_id} for e in lines + trafos]
            live = self.case.branch_on
            fits = all(
                ends[order[i]] == {int(self.f[i]), int(self.t[i])}
                for i in range(len(branch))
                if live[i]
            )
        if not fits:
            raise CaseError(
                _(
                    "lightsim2grid orders the branches or loads of {case} in a way not known here."
                ).format(case=self.case.name)
            )
        self._id = order
        self._row = np.empty(len(branch), np.int64)
        self._row[order] = np.arange(len(branch))

    def _put(self, i: int) -> None:
        """Load of a bus as the solver sees it: with its pinned units as a negative load."""
        p, q = self.pd[i] + self._extra[i].real, self.qd[i] + self._extra[i].imag
        if self.pinned[i]:
            p -= self._pg[self._here[i]].sum()
            q -= self._qmax[i] if self.pinned[i] > 0 else self._qmin[i]
        self._grid.change_p_load(int(self._load[i]), float(p))
        self._grid.change_q_load(int(self._load[i]), float(q))

    def _pin(self, i: int, side: int) -> None:
        if (side != 0) != (self.pinned[i] != 0):
            for u in self._here[i].tolist():
                if side:
                    if self._weight[u] > 0:
                        self._grid.remove_gen_slackbus(u)
                    self._grid.deactivate_gen(u)
                else:
                    self._grid.reactivate_gen(u)
                    self._grid.change_p_gen(u, float(self._pg[u]))
                    if self._weight[u] > 0:
                        self._grid.add_gen_slackbus(u, float(self._weight[u]))
        self.pinned[i] = side
        self._put(i)

    def pin_as(self, pinned: IntArray) -> None:
        """The buses at their reactive limits as they were in another state."""
        for i in np.flatnonzero(self.pinned != pinned):
            self._pin(int(i), int(pinned[i]))

    def slack_weight(self) -> FloatArray:
        """How much of a change of losses each bus takes, shape (n_bus,); none where it stands at a limit."""
        weight = np.bincount(self.at, self._weight, self.n)
        return np.asarray(np.where(self.pinned == 0, weight, 0.0))

    def injected_mva(self, v: ComplexArray) -> ComplexArray:
        """MVA into the network at each bus, from voltages alone."""
        a, b, on = v[self.f], v[self.t], self.on
        s = np.conj(self._shunt) * np.abs(v) ** 2
        np.add.at(s, self.f[on], (a * np.conj(self._yff * a + self._yft * b))[on])
        np.add.at(s, self.t[on], (b * np.conj(self._ytf * a + self._ytt * b))[on])
        return np.asarray(s)

    def state(
        self, pg: FloatArray, bus: int = -1, mva: complex = 0j, q_limits: bool = True
    ) -> ComplexArray | None:
        """Voltages with all in service; None where no solution was found.

        Parameters
        ----------
        pg : ndarray, shape (n_gen,)
            Output of every row of the unit table. [MW]
        bus, mva
            Row of a bus and its new load. [MVA]
        """
        old = np.flatnonzero(self._extra).tolist()
        self._extra[:] = 0
        if bus >= 0:
            self._extra[bus] = mva
        moved = np.flatnonzero(self.run & (pg != self._pg))
        self._pg = pg.copy()
        for u in moved.tolist():
            if self.pinned[self.at[u]] == 0:
                self._grid.change_p_gen(u, float(pg[u]))
        for i in {*old, *self.at[moved].tolist(), *([bus] if bus >= 0 else [])}:
            self._put(int(i))
        seen = np.zeros(self.n, np.int64)
        for _round in range(ROUNDS):
            v = self._grid.ac_pf(self.v.copy(), STEPS, MISMATCH)
            self.solves += 1
            if not len(v):
                v = self._grid.ac_pf(np.ones(self.n, complex), 3 * STEPS, MISMATCH)
                if not len(v):
                    return None
            self.v = np.asarray(v)
            if not q_limits:
                break
            q = self.injected_mva(self.v).imag + self.qd + self._extra.imag
            w = np.abs(self.v)
            free = self._held & (self.pinned == 0)
            over, under = free & (q > self._qmax + 0.1), free & (q < self._qmin - 0.1)
            back = (self.pinned > 0) & (w > self._vset + 1e-4)
            back |= (self.pinned < 0) & (w < self._vset - 1e-4)
            change = over | under | (back & (seen < 2))
            if not change.any():
                break
            for i in np.flatnonzero(change):
                self._pin(int(i), 1 if over[i] else -1 if under[i] else 0)
                seen[i] += 1
        return self.v

    def outages(self, rows: IntArray, v: ComplexArray, threads: int = 1) -> Outages:
        """States after the loss of single branches, from the state `v`; buses at a limit stay there."""
        if not len(rows):
            none = np.zeros(0, np.int64)
            return Outages(none, np.zeros((0, self.n), complex), np.zeros(0, bool))
        c = self._analysis(self._grid)
        c.nb_thread = threads
        c.add_multiple_n1([int(self._id[r]) for r in rows])
        c.compute(v.copy(), STEPS, MISMATCH)
        order = np.array([self._row[d[0]] for d in c.my_defaults()], np.int64)
        volts = np.ascontiguousarray(np.asarray(c.get_voltages())[:, : self.n])
        self.solves += len(rows)
        return Outages(order, volts, np.asarray(c.converged_mask(), bool))

    def powers(self, v: ComplexArray, out: IntArray) -> EndPowers:
        """Power into each branch at both ends; `out`: the branch lost in each state, -1 for none."""
        shape = (len(v), len(self.f))
        ends = EndPowers(*(np.zeros(shape) for _end in range(4)))
        _end_powers(
            np.ascontiguousarray(v), out, self.f, self.t, self._yff, self._yft, self._ytf,
            self._ytt, self.on, *ends,
        )  # fmt: skip
        return ends

    def loading(self, ends: EndPowers, rate: FloatArray) -> FloatArray:
        """MVA at the heavier end over a rating, 0 where none, shape (n_state, n_branch). [1]"""
        s = np.sqrt(np.maximum(ends.p_f**2 + ends.q_f**2, ends.p_t**2 + ends.q_t**2))
        return np.asarray(np.where(np.isfinite(rate), s / rate, 0.0))

    def outside(self, v: ComplexArray) -> FloatArray:
        """By how much each voltage is outside its own range; negative inside. [p.u.]"""
        w = np.abs(v)
        return np.asarray(np.maximum(self.vmin - w, w - self.vmax))
