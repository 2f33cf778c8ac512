"""Does a DC answer hold in AC? The largest load at a bus, not above the DC one, seen to hold with every outage covered.

A filed grid is often over in AC before any load is added, so the rule is *no worsening*: a pair that is over its
rating at the start (an N-1 secure DC dispatch without new load) may rise by one per cent of its rating, a voltage
already outside may move by 0.005; everything else must be inside.

Simply less load at the same dispatch does not help, since about twenty pairs stand at 100 % of their *MW* there and
reactive power puts them over in MVA. So the DC ratings of what was seen are cut to ``sqrt(A^2 - Q^2)`` and the DC
programme is solved again, until nothing is over.

*Every outage is covered.* All outages are solved once at the start. On the way to an answer the flow after an outage
is first foretold: what was solved at the start, plus the change of active power with the outage's factor, plus the
change of reactive power and voltage of the intact state. Outages foretold within `margin` of a limit, and those at
the bus itself, are solved; where a solve shows that the forecast errs by more than half the margin, the margin is
widened and the rest looked at again. What was solved, what was only foretold and the largest error are part of the
answer. The forecast is of first order, not a proof: `every=True` solves all of them at the answer, and what turns up
there is corrected like the rest.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from taotie.errors import CaseError, RangeError
from taotie.files.kernels import njit
from taotie.grid.ac.network import AcNetwork, EndPowers, FloatArray, IntArray
from taotie.grid.ac.outage_batch import OutageBatch
from taotie.grid.capacity.redispatch import RedispatchedCapacity, searched_nodes
from taotie.grid.capacity.redispatch_lp import LINPROG_TOLERANCE, PairRows
from taotie.grid.capacity.redispatch_setup import RedispatchProblem
from taotie.words.language import _

__all__ = ["AcProof", "AcProver", "AcRule", "ac_proofs"]


class AcRule(NamedTuple):
    """What counts as holding.

    Parameters
    ----------
    power_factor : float
        Of the new load. [1]
    tolerance : float
        Over a rating, and per unit of voltage: not counted. [1]
    more_loading : float
        What a branch over its rating without the load may rise by. [1]
    more_voltage : float
        What a voltage outside its range without the load may move by. [p.u.]
    """

    power_factor: float = 0.98
    tolerance: float = 5e-4
    more_loading: float = 0.01
    more_voltage: float = 5e-3


@dataclass(frozen=True)
class AcProof:
    """One bus.

    Parameters
    ----------
    bus : int
        Number as in the file.
    dc_mw, ac_mw : float
        What it takes in DC, and what was seen to hold in AC: at least. [MW]
    cut_by : str
        "none", "thermal", "voltage", "no solution", or several with +.
    rounds : int
        DC programmes solved.
    solved, foretold, bridges : int
        Outages solved at the answer, those only foretold, and bridges, which are no outages.
    margin, forecast_error : float
        Loading margin within which outages were solved, and the largest excess of a solve over its forecast. [1]
    loading : float
        Worst at the answer, relative to what the rule allows; pair in `branch`, `outage` (-1: intact). [1]
    lowest_pu : float
        Lowest voltage in all states solved. [p.u.]
    unsolved : int
        Outages without a solution, here and at the start alike.
    every : bool
        All outages were solved at the answer.
    seconds : float
        Wall time. [s]
    """

    bus: int
    dc_mw: float
    ac_mw: float
    cut_by: str
    rounds: int
    solved: int
    foretold: int
    bridges: int
    margin: float
    forecast_error: float
    loading: float
    branch: int
    outage: int
    lowest_pu: float
    unsolved: int
    every: bool
    seconds: float


@njit(cache=True, nogil=True)
def _foretell(
    p_f, q_f, p_t, q_t, factor, dp_f, dq_f, dp_t, dq_t, out, rate, allowed, dv, vmin, vmax, volt,
    beyond, worst, worst_v,
):  # fmt: skip
    """Worst loading (relative to the allowed) and voltage (beyond the allowed) foretold for each outage.

    `p_f` ...: solved at the start, shape (outage, branch); `dp_f` ...: change of the intact state; `volt`: voltages
    at the start, `beyond`: what the rule allows outside.
    """
    for i in range(len(out)):
        k = out[i]
        top = 0.0
        for l in range(len(rate)):
            if not np.isfinite(rate[l]) or l == k:
                continue
            d = factor[i, l] * dp_f[k]
            a, b = p_f[i, l] + dp_f[l] + d, q_f[i, l] + dq_f[l]
            s = a * a + b * b
            a, b = p_t[i, l] + dp_t[l] - d, q_t[i, l] + dq_t[l]
            s = max(s, a * a + b * b) / (rate[l] * rate[l] * allowed[i, l] * allowed[i, l])
            if s > top:
                top = s
        worst[i] = np.sqrt(top)
        far = -1.0
        for n in range(len(vmin)):
            w = volt[i, n] + dv[n]
            e = max(vmin[n] - w, w - vmax[n]) - beyond[i, n]
            if e > far:
                far = e
        worst_v[i] = far


@njit(cache=True, nogil=True)
def _loads(
    v, out, f, t, yff, yft, ytf, ytt, on, inverse, allowed, from_, over, state, branch, load
):
    """Loadings of states: the worst relative to the allowed of each, and the pairs beyond `from_` of a rating.

    `inverse`: one over the rating, 0 where there is none. Returns how many pairs were written down.
    """
    n = 0
    for i in range(v.shape[0]):
        top = 0.0
        for l in range(len(f)):
            if l == out[i] or not on[l] or inverse[l] == 0.0:
                continue
            a, b = v[i, f[l]], v[i, t[l]]
            s = a * np.conj(yff[l] * a + yft[l] * b)
            r = b * np.conj(ytf[l] * a + ytt[l] * b)
            x = np.sqrt(max(s.real**2 + s.imag**2, r.real**2 + r.imag**2)) * inverse[l]
            top = max(top, x / allowed[i, l])
            if x > from_ and n < len(load):
                state[n], branch[n], load[n] = i, l, x
                n += 1
        over[i] = top
    return n


EXACT, ROUGH = 1e-5, 1e-3  # mismatch, per unit: near a limit and elsewhere
NEAR = 0.005  # of a limit: so near, states are solved exactly
AT_ONCE = 512  # outages whose voltages are held at once
HEAVY = 0.9  # loadings beyond are kept for corrections


class Look(NamedTuple):
    """A state and the outages solved at it; first row: intact.

    Parameters
    ----------
    at : ndarray, shape (n_state,)
        Branch lost, -1 for none.
    worst : ndarray, shape (n_state,)
        Largest loading relative to what the rule allows. [1]
    beyond : ndarray, shape (n_state,)
        Worst voltage beyond what the rule allows; negative inside. [p.u.]
    solved, lost : ndarray of bool, shape (n_state,)
        With a solution; without one, though there is one at the start.
    pairs : tuple of ndarray
        State, branch, loading relative to the rating: those beyond `HEAVY`.
    """

    at: IntArray
    worst: FloatArray
    beyond: FloatArray
    solved: np.ndarray
    lost: np.ndarray
    pairs: tuple[IntArray, IntArray, FloatArray]
    lowest: float
    error: float
    margin: float
    foretold: int


class AcProver:
    """A case and its N-1 secure start in AC, from which buses are proved.

    Parameters
    ----------
    capacity : RedispatchedCapacity
        Of a case with one island.
    rule : AcRule
    margin : float
        Loading within which of a limit outages are solved rather than foretold. [1]
    threads : int
        For many outages at one state.
    """

    def __init__(
        self,
        capacity: RedispatchedCapacity,
        rule: AcRule = AcRule(),  # noqa: B008
        margin: float = 0.03,
        threads: int = 1,
    ) -> None:
        if not 0 < rule.power_factor <= 1:
            raise RangeError(
                _("power_factor={value} is outside 0 to 1.").format(value=rule.power_factor)
            )
        case = capacity.case
        if len(capacity.problems) != 1 or len(capacity.problems[0].island.bus_row) != case.n_bus:
            raise CaseError(
                _(
                    "{case} has several parts or dead buses; the proof in AC is for one part."
                ).format(case=case.name)
            )
        self.capacity, self.rule, self.margin0, self.threads = capacity, rule, margin, threads
        self.problem = capacity.problems[0]
        self.case = case
        self.net = AcNetwork(case)
        self.tan = float(np.tan(np.arccos(rule.power_factor)))
        m, self.rows = self.problem.n_branch, self.problem.island.branch_row
        self._island = np.full(self.case.n_branch, -1)
        self._island[self.rows] = np.arange(m)
        self.outages = np.flatnonzero(self.problem.net.inverse != 0)
        self.n_bridge = m - len(self.outages)
        rate = np.full(case.n_branch, np.inf)
        post = rate.copy()
        rate[self.rows], post[self.rows] = self.problem.room.rate, self.problem.room.post
        self.rate, self.post = rate, post
        self._start()

    # ---- the start ----------------------------------------------------------------------------
    def _start(self) -> None:
        """Two rounds: secure in DC, solved in AC with all outages, ratings corrected; then the allowances."""
        problem, net, rule = self.problem, self.net, self.rule
        m = problem.n_branch
        self.floor = (np.full(m, 1e-3), np.full(m, 1e-3))
        kept = problem
        self.allowed = np.ones((len(self.outages) + 1, self.case.n_branch), np.float32)
        for round_ in range(2):
            p0, stubborn = secure_start(kept)
            pg = problem.unit_power_mw(self.case, p0)
            v = net.state(pg)
            if v is None:
                raise CaseError(
                    _(
                        "{case} has no AC solution without new load, all branches in service."
                    ).format(case=self.case.name)
                )
            lost = self.rows[self.outages]
            volts, ok = self._outages(OutageBatch(net, v), lost, None)
            at = np.r_[-1, lost]
            ends = net.powers(np.vstack([v[None], volts]), at)
            load = self._loadings(ends)
            flow = problem.flow_mw(p0)[:m]
            solved = np.r_[True, ok]
            if round_ == 0:
                kept = problem.with_ratings(
                    *self._corrected(flow, at, heavy_pairs(load, solved), problem, None)
                )
        assert v is not None
        self.p0, self.v0, self.pins = p0, v.copy(), net.pinned.copy()
        self.ok = solved
        outside = np.vstack([net.outside(v)[None], net.outside(volts)])
        eps = rule.tolerance
        over = (load > 1 + eps) & solved[:, None]
        self.pairs_over = int(over.sum())
        self.volt_over = int(((outside > eps) & solved[:, None]).any(axis=1).sum())
        self.worst_at_start = float(load[solved].max())
        self.allowed = np.where(over, load + rule.more_loading, 1.0).astype(np.float32)
        own = self.rows[stubborn]  # no dispatch relieves these
        self.allowed[:, own] = np.maximum(
            self.allowed[:, own], np.maximum(load[:, own], 1) + rule.more_loading
        )
        self.beyond = np.where(outside > eps, outside + rule.more_voltage, 0.0).astype(np.float32)
        self.start = EndPowers(*(e[1:].astype(np.float32) for e in ends))  # type: ignore[arg-type]
        self.intact = EndPowers(*(e[0].copy() for e in ends))
        self.volt = np.abs(volts).astype(np.float32)
        self.turned = (volts / v).astype(np.complex64)  # 0 where unsolved
        self.volt0 = np.abs(v)
        problem.fill(np.arange(problem.island.n_node))
        net_ = problem.net
        k = self.outages
        factor = np.zeros((len(k), self.case.n_branch), np.float32)
        factor[:, self.rows] = (net_.ht[net_.f[k]] - net_.ht[net_.t[k]]) * net_.inverse[k][:, None]
        self.factor = factor
        # the start stays feasible under the ratings kept
        rate, post = self._corrected(flow, at, heavy_pairs(load, solved), kept, self.allowed)
        after = np.abs(flow[:, None] + factor[:, self.rows].T * flow[k])
        after[k, np.arange(len(k))] = 0.0
        self.floor = (np.abs(flow) + 1e-6, after.max(axis=1) + 1e-6)
        self.kept = problem.with_ratings(
            np.maximum(rate, self.floor[0]), np.maximum(post, self.floor[1])
        )

    def _loadings(self, ends: EndPowers) -> FloatArray:
        load = self.net.loading(ends, self.post)
        load[0] = self.net.loading(EndPowers(*(e[:1] for e in ends)), self.rate)[0]
        return load

    def _corrected(
        self,
        flow: FloatArray,
        at: IntArray,
        pairs: tuple[IntArray, IntArray, FloatArray],
        problem: RedispatchProblem,
        allowed: np.ndarray | None,
    ) -> tuple[FloatArray, FloatArray]:
        """DC ratings under which the AC loading seen would be just allowed: ``sqrt(A^2 - Q^2)``, never above A."""
        base, net = self.problem, self.problem.net
        rate, post = problem.room.rate.copy(), problem.room.post.copy()
        state, row, load = pairs
        l, lost = self._island[row], at[state]
        k = np.where(lost >= 0, self._island[lost], 0)
        gone = lost >= 0
        a = np.where(gone, base.room.post[l], base.room.rate[l])
        more = np.ones(len(l))
        if allowed is not None:
            more = allowed[self._place(lost), row].astype(float)
        d = (net.ht[net.f[k], l] - net.ht[net.t[k], l]) * net.inverse[k]
        dc = np.abs(flow[l] + np.where(gone, d * flow[k], 0.0))
        s = load * a
        q2 = np.maximum(s * s - dc * dc, 0.0)
        limit = np.sqrt(np.maximum((a * more) ** 2 - q2, 0.0)) - 3e-4 * a
        limit = np.minimum(limit + np.maximum(dc - s, 0.0), a * more)  # where DC overstates
        # what was cut stays cut while it is still over
        limit = np.where(load > more, limit, np.maximum(limit, dc))
        np.minimum.at(rate, l[~gone], limit[~gone])
        np.minimum.at(post, l[gone], limit[gone])
        return np.maximum(rate, self.floor[0]), np.maximum(post, self.floor[1])

    def _outages(
        self, batch: OutageBatch, rows: IntArray, guess: np.ndarray | None, mismatch: float = EXACT
    ) -> tuple[np.ndarray, np.ndarray]:
        """Voltages after outages; those that the shared Jacobian does not solve by a whole Newton method."""
        volts, ok = batch.solve(rows, guess, mismatch, self.threads)
        if not ok.all():
            other = self.net.outages(rows[~ok], batch.v, self.threads)
            back = np.argsort(np.argsort(rows[~ok]))
            order = np.argsort(other.row)[back]
            volts[~ok] = np.where(other.solved[order, None], other.voltage[order], 0)
            ok[~ok] = other.solved[order]
        return volts, ok

    def _allow(self, at: IntArray) -> np.ndarray:
        return self.allowed[self._place(at)]

    def _place(self, at: IntArray) -> IntArray:
        """Rows of the tables of the start: 0 intact, then outages in order."""
        if not hasattr(self, "_where"):
            self._where = np.zeros(self.case.n_branch + 1, np.int64)
            self._where[self.rows[self.outages]] = 1 + np.arange(len(self.outages))
            self._where[-1] = 0
        return np.asarray(self._where[at])

    def twin(self) -> AcProver:
        """Another to work beside this one: the same start, a network of its own."""
        other = copy.copy(self)
        other.net, other.threads = AcNetwork(self.case), 1
        return other

    # ---- one state ------------------------------------------------------------------------------
    def look(
        self,
        p: FloatArray,
        bus: int,
        x_mw: float,
        known: IntArray,
        margin: float,
        every: bool = False,
    ) -> Look | None:
        """One AC state: outages foretold, those near a limit solved; None where it has no solution."""
        net, k = self.net, self.outages
        pg = self.problem.unit_power_mw(self.case, p)
        self.answer = pg, x_mw * (1 + 1j * self.tan)
        v = net.state(pg, bus, self.answer[1])
        if v is None:
            return None
        here = net.powers(v[None], np.array([-1]))
        change = [a[0] - b for a, b in zip(here, self.intact, strict=True)]
        worst, worst_v = np.zeros(len(k)), np.zeros(len(k))
        dv = np.abs(v) - self.volt0
        _foretell(
            *self.start, self.factor, *change, self.rows[k], self.post, self.allowed[1:], dv,
            net.vmin, net.vmax, self.volt, self.beyond[1:], worst, worst_v,
        )  # fmt: skip
        at_bus = np.isin(self.rows[k], np.flatnonzero((net.f == bus) | (net.t == bus)))
        batch = OutageBatch(net, v)
        done = np.zeros(len(k), bool)
        states = [self._seen(v[None], np.array([-1]), np.array([True]))]
        error, v_margin = 0.0, margin / 10
        while True:
            near = (worst > 1 - margin) | (worst_v > -v_margin) | at_bus | ~self.ok[1:]
            near |= np.isin(self.rows[k], known) | every
            todo = np.flatnonzero(near & ~done)[:AT_ONCE]
            if not todo.size:
                break
            rows = self.rows[k[todo]]
            done[todo] = True
            known_at = self.ok[1 + todo]
            guess = np.where(known_at[:, None], self.turned[todo], 1) * v
            volts, ok = self._outages(batch, rows, guess, ROUGH)
            part = self._seen(volts, rows, ok)
            again = np.flatnonzero(ok & ((part.worst > 1 - NEAR) | (part.beyond > -NEAR)))
            if again.size:
                volts[again], ok[again] = self._outages(batch, rows[again], volts[again])
                part = self._seen(volts, rows, ok)
            states.append(part)
            got = np.where(ok, states[-1].worst - worst[todo], 0.0)
            error = max(error, float(got[states[-1].worst > 0.9].max(initial=0.0)))
            if error > margin / 2:
                margin = min(2.5 * error, 0.5)
            got = np.where(ok, states[-1].beyond - worst_v[todo], 0.0)
            wrong = float(got[states[-1].beyond > -0.01].max(initial=0.0))
            v_margin = max(v_margin, min(2 * wrong, 0.1))
        first = np.cumsum([0] + [len(part.at) for part in states])
        pairs: tuple[IntArray, IntArray, FloatArray] = (
            np.concatenate([part.pairs[0] + n for part, n in zip(states, first, strict=False)]),
            np.concatenate([part.pairs[1] for part in states]),
            np.concatenate([part.pairs[2] for part in states]),
        )
        at, top, beyond, solved, lost = (
            np.concatenate([part[i] for part in states]) for i in range(5)
        )
        lowest = min(part.lowest for part in states)
        return Look(at, top, beyond, solved, lost, pairs, lowest, error, margin, int((~done).sum()))

    def _seen(self, v: np.ndarray, at: IntArray, ok: np.ndarray) -> Look:
        """Loadings and voltages of states solved."""
        net, place = self.net, self._place(at)
        inverse = 1 / (self.rate if at[0] < 0 else self.post)  # 0 where there is no rating
        top, good = np.zeros(len(at)), np.flatnonzero(ok)
        worst, room, n = np.zeros(len(good)), 64 * len(at) + 4096, -1
        while n < 0 or n == room:  # again with more room
            room *= 2
            pairs = (np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room))
            n = _loads(
                np.ascontiguousarray(v[good]), at[good], net.f, net.t, net._yff, net._yft, net._ytf,
                net._ytt, net.on, inverse, self.allowed[place[good]], HEAVY, worst, *pairs,
            )  # fmt: skip
        top[good] = worst
        kept = (good[pairs[0][:n]], pairs[1][:n], pairs[2][:n])
        size = np.abs(v)
        beyond = np.full(len(at), -1.0)
        outside = np.maximum(net.vmin - size[good], size[good] - net.vmax)
        beyond[good] = (outside - self.beyond[place[good]]).max(axis=1)
        lowest = float(size[good].min()) if good.size else np.inf
        return Look(
            at, top, beyond, ok, ~ok & self.ok[place], kept, lowest, 0.0, 0.0, 0
        )  # fmt: skip

    # ---- one bus ----------------------------------------------------------------------------------
    def prove(self, bus: int, every: bool = False, rounds: int = 10) -> AcProof:
        """The largest load seen to hold at a bus.

        Parameters
        ----------
        bus : int
            Number as in the file.
        every : bool
            Solve all outages at the answer, not only those foretold near a limit; what turns up is corrected like
            the rest.
        """
        tic = time.perf_counter()
        eps, m = self.rule.tolerance, self.problem.n_branch
        row = int(self.case.rows_of_bus([bus])[0])
        x_dc = float(self.capacity.capacity_mw[row])
        node = int(
            self.problem.island.node_of_bus[np.flatnonzero(self.problem.island.bus_row == row)[0]]
        )
        # every bus from the same start, so that their order does not matter
        self.net.pin_as(self.pins)
        self.net.v = self.v0.copy()
        problem, margin, error = self.kept, self.margin0, 0.0
        known, why = np.zeros(0, np.int64), set()
        x, p, seen, done, count = 0.0, self.p0, None, False, 0
        for _round in range(rounds):
            count += 1
            found = searched_nodes(problem, np.array([node]))
            if found.status[0] != 0 or not found.x[0] > 0 or not x_dc > 0:
                x, p = 0.0, self.p0
                break
            x, p = float(found.x[0]), found.power[0].copy()
            if x > x_dc:  # allowances take it past the DC answer: back along the way to the start
                x, p = x_dc, self.p0 + x_dc / x * (p - self.p0)
            seen = self.look(p, row, x, known, margin)
            if every and seen is not None and not _kinds(seen, eps):
                margin, error = max(margin, min(seen.margin, 0.5)), max(error, seen.error)
                seen = self.look(p, row, x, known, margin, True)
            if seen is None:
                break
            margin, error = max(margin, min(seen.margin, 0.5)), max(error, seen.error)
            kinds = _kinds(seen, eps)
            if "thermal" not in kinds:
                done = not kinds
                break
            why.add("thermal")
            known = np.union1d(known, seen.at[1:][seen.worst[1:] > 0.99])
            flow = problem.flow_mw(p, node, x)[:m]
            problem = problem.with_ratings(
                *self._corrected(flow, seen.at, seen.pairs, problem, self.allowed)
            )
        if not done and x > 0:  # along the way back to the start without load
            x1, p1 = x, p
            why |= _kinds(seen, eps)
            low, high = 0.0, 1.0
            for _again in range(4):
                for step in (0.9, 0.5, 0.5, 0.5, 0.5, 0.5):
                    s = low + step * (high - low)
                    tried = self.look(self.p0 + s * (p1 - self.p0), row, s * x1, known, margin)
                    count += 1
                    kinds = _kinds(tried, eps)
                    low, high = (s, high) if not kinds else (low, s)
                    why |= kinds
                x, p = low * x1, self.p0 + low * (p1 - self.p0)
                seen = self.look(p, row, x, known, margin, every)
                kinds = _kinds(seen, eps)
                if not kinds:
                    done = True
                    break
                why |= kinds
                if seen is not None:
                    bad = (seen.worst > 1 + eps) | (seen.beyond > eps) | seen.lost
                    known = np.union1d(known, seen.at[bad & (seen.at >= 0)])
                low, high = 0.0, low
        if not done:  # the start itself
            if x_dc > 0:
                why.add("thermal" if not why else next(iter(why)))
            x, p = 0.0, self.p0
            self.net.pin_as(self.pins)
            self.net.v = self.v0.copy()
            seen = self.look(p, row, x, known, margin, every)
        if seen is None:
            return AcProof(
                bus, x_dc, 0.0, "no solution", count, 0, len(self.outages), self.n_bridge, margin,
                error, np.nan, -1, -1, np.nan, 0, False, time.perf_counter() - tic,
            )  # fmt: skip
        l, k = self._heaviest(seen)
        return AcProof(
            bus, x_dc, x, "+".join(sorted(why)) or "none", count, len(seen.at) - 1, seen.foretold,
            self.n_bridge, seen.margin, max(error, seen.error), float(seen.worst.max()), l, k,
            seen.lowest, int((~seen.solved).sum()), seen.foretold == 0, time.perf_counter() - tic,
        )  # fmt: skip

    def _heaviest(self, seen: Look) -> tuple[int, int]:
        """The pair that stands highest against what the rule allows: branch, outage; -1 where none is heavy."""
        state, branch, load = seen.pairs
        if not len(state):
            return -1, -1
        i = int((load / self.allowed[self._place(seen.at[state]), branch]).argmax())
        return int(branch[i]), int(seen.at[state[i]])


def heavy_pairs(load: FloatArray, solved: np.ndarray) -> tuple[IntArray, IntArray, FloatArray]:
    """State, branch and loading of what is beyond `HEAVY` in a table of states by branches."""
    state, branch = np.nonzero((load > HEAVY) & solved[:, None])
    return state, branch, load[state, branch]


def _kinds(look: Look | None, eps: float) -> set[str]:
    """What stands in the way in a state."""
    if look is None:
        return {"no solution"}
    kinds = set()
    if (look.worst > 1 + eps).any():
        kinds.add("thermal")
    if (look.beyond > eps).any():
        kinds.add("voltage")
    if look.lost.any():
        kinds.add("no solution")
    return kinds


def secure_start(
    problem: RedispatchProblem, part: float = 0.99, dear: float = 50.0
) -> tuple[FloatArray, IntArray]:
    """The dispatch nearest to the filed one that keeps `part` of every rating, without new load.

    Returns
    -------
    power_mw : ndarray, shape (n_unit,)
    stubborn : ndarray
        Branches that no dispatch holds that far away: they take room back from the margin, dearly.
    """
    n, p0, room = problem.n_unit, problem.output_mw, problem.room
    tight = problem.with_ratings(room.rate * part, room.post * part)
    rows, p = PairRows(), p0
    stubborn = np.zeros(0, np.int64)
    for _round in range(100):
        if rows.add(tight, problem.flow_mw(p)) == 0:
            return p, stubborn
        a, top = rows.over_units(tight), rows.limit(tight)
        c = rows.constant(tight) + a @ p0
        e = -np.eye(len(c))
        r = linprog(
            np.r_[np.ones(2 * n), np.full(len(c), dear)],
            A_ub=np.block([[a, -a, e], [-a, a, e]]), b_ub=np.r_[top - c, top + c],
            A_eq=np.r_[np.ones(n), -np.ones(n), np.zeros(len(c))][None],
            b_eq=[room.demand - p0.sum()],
            bounds=[(0, max(u, 0)) for u in room.high - p0] + [(0, max(u, 0)) for u in p0 - room.low]
            + [(0, None)] * len(c), method="highs", options=LINPROG_TOLERANCE,
        )  # fmt: skip
        if r.status != 0:
            raise CaseError(_("no dispatch serves the load without new load."))
        p = np.clip(p0 + r.x[:n] - r.x[n : 2 * n], room.low, room.high)
        held = r.x[2 * n :]
        stubborn = np.unique(np.array(rows.l, np.int64)[held > 1e-6])
    raise CaseError(_("no secure dispatch was found without new load."))


@dataclass(frozen=True)
class AcProofs:
    """Several buses proved.

    Parameters
    ----------
    proofs : tuple of AcProof
    pairs_over, voltages_over : int
        At the start, without any new load: pairs over their rating, outages with a voltage outside.
    worst_loading : float
        At the start. [1]
    rule : AcRule
    seconds : dict
        `start`, `proofs`: wall time. [s]
    """

    proofs: tuple[AcProof, ...]
    pairs_over: int
    voltages_over: int
    worst_loading: float
    rule: AcRule
    seconds: dict[str, float] = field(default_factory=dict)

    def gap_percentiles(self, q: Sequence[float] = (5, 25, 50, 75, 95)) -> FloatArray:
        """Percentiles over buses of AC over DC. [1]"""
        share = [p.ac_mw / p.dc_mw for p in self.proofs if p.dc_mw > 0]
        return np.percentile(share, q) if share else np.full(len(q), np.nan)


def ac_proofs(
    capacity: RedispatchedCapacity,
    buses: Sequence[int] | None = None,
    rule: AcRule = AcRule(),  # noqa: B008
    every: bool = False,
    threads: int = 1,
    step: Callable[[str], None] | None = None,
) -> AcProofs:
    """Prove the redispatched capacity of buses in AC.

    Parameters
    ----------
    capacity : RedispatchedCapacity
    buses : sequence of int, optional
        Numbers as in the file; by default all.
    rule : AcRule
    every : bool
        Solve all outages at each answer, not only those foretold near a limit.
    threads : int
        Buses at a time; the answers do not depend on it.
    step : callable, optional
        Told the number of each bus when it is done.

    Returns
    -------
    proofs : AcProofs
    """
    tic = time.perf_counter()
    prover = AcProver(capacity, rule, threads=threads)
    start_s = time.perf_counter() - tic
    asked = [int(b) for b in (capacity.case.bus_number if buses is None else buses)]
    free: SimpleQueue[AcProver] = SimpleQueue()
    free.put(prover)
    for _other in range(min(threads, len(asked)) - 1):
        free.put(prover.twin())
    prover.threads = 1  # each bus by one thread

    def one(bus: int) -> AcProof:
        own = free.get()
        try:
            proof = own.prove(bus, every)
        finally:
            free.put(own)
        if step is not None:
            step(str(bus))
        return proof

    with ThreadPoolExecutor(max(1, min(threads, len(asked)))) as pool:
        found = list(pool.map(one, asked))
    return AcProofs(
        tuple(found), prover.pairs_over, prover.volt_over, prover.worst_at_start, rule,
        {"start": start_s, "proofs": time.perf_counter() - tic - start_s},
    )  # fmt: skip
