"""Does a DC answer hold in AC? The largest load at a bus, not above the DC one, seen to hold with every outage covered.

A filed grid is often over in AC before any load is added, so the rule is *no worsening*: a pair that is over its
rating at the start (an N-1 secure DC dispatch without new load) may rise by one per cent of its rating, a voltage
already outside may move by 0.005; everything else must be inside.

The DC answer itself does not hold: about twenty pairs stand at 100 % of their *MW* there and reactive power puts them
over in MVA, and its dispatch moves thousands of MW where a few hundred do, which drags voltages far away outside. So
the dispatch is looked for anew, from the start: the largest load by first order of the AC states (`first_order`), then
the state itself, then the programme again through what was met there, until a state holds and the next promises no
more than half a per cent.

*Every outage is covered.* All outages are solved once at the start. At an answer the flow after an outage is first
foretold (`foretold`), with the error that this may have; outages that may then be beyond what the rule allows are
solved, and those at the bus, those of branches whose own flow changed by two per cent of their rating, and the sixteen
that stand highest in any case. Where a solve shows that a forecast errs by more than was taken, more is taken and the
rest looked at again. What was solved, what was only foretold and the largest error are part of the answer. The
forecast is of first order, not a proof: `every=True` solves all of them at the answer, and what turns up there is
corrected like the rest.

Held fixed: set-points of voltage, taps, shunts, and which units run; units at a reactive limit stay there after an
outage; losses are shared by Pmax. So an answer is a lower bound: moving taps and shunts could take more.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from taotie.errors import CaseError, RangeError
from taotie.grid.ac.first_order import VOLT, Rows, largest_first_order
from taotie.grid.ac.foretold import foretell, foretell_volts
from taotie.grid.ac.looked_at import loads, volts
from taotie.grid.ac.network import AcNetwork, EndPowers, FloatArray, IntArray
from taotie.grid.ac.outage_batch import WIDE, OutageBatch
from taotie.grid.capacity.redispatch import RedispatchedCapacity
from taotie.grid.capacity.redispatch_lp import LINPROG_TOLERANCE, PairRows
from taotie.grid.capacity.redispatch_screen import violated_pairs
from taotie.grid.capacity.redispatch_setup import RedispatchProblem
from taotie.words.language import _

__all__ = ["AcProof", "AcProver", "AcRule", "ac_proofs"]

Key = tuple[int, int, int]  # branch, outage, end; or bus, outage, 2


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
        Error that the forecasts left as such were taken to have, at most, and the largest excess of a solve over its
        forecast. [1]
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


EXACT = 1e-5  # mismatch, per unit
FEW = WIDE  # outages solved on the way to an answer, the most endangered
TESTED = 16  # outages at the answer that are solved even where their forecast is inside
HEAVY = 0.9  # loadings beyond are kept for the corrections of the start
NOTED = 0.98, 0.002  # of the allowed: so near, flows and voltages enter the programme
WATCHED = 0.8, 0.02  # so near, those in the programme are followed
FLOOR, SHARE = 5e-4, 0.35  # error taken of a forecast: of a rating, and of what the outage moves
FLOOR_V, SHARE_V = 3e-3, 0.5  # the same of a voltage: p.u., and of its change in the intact grid
STRONG = 0.02  # outages of branches whose flow changed by more of their rating are always solved
FAR_V = 0.02  # p.u. outside: first order does not reach so far
AIM = 6e-4  # inside a limit, where the programme aims
GAIN, GAIN_MW = 0.005, 0.05  # a further round is worth so much more load


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
        State and branch of flows beyond `NOTED` or `WATCHED`, with loading relative to the allowed, MW, Mvar, end: shape (n, 4).
    volts : tuple of ndarray
        State and bus of voltages so near to what is allowed, and the voltage.
    error, margin, foretold, strength
        Of the forecasts: largest excess of a solve, largest error assumed of those left, how many those are, and by
        how much their error was taken times.
    """

    at: IntArray
    worst: FloatArray
    beyond: FloatArray
    solved: np.ndarray
    lost: np.ndarray
    pairs: tuple[IntArray, IntArray, FloatArray]
    volts: tuple[IntArray, IntArray, FloatArray]
    lowest: float
    error: float
    margin: float
    foretold: int
    strength: float = 1.0


class AcProver:
    """A case and its N-1 secure start in AC, from which buses are proved.

    Parameters
    ----------
    capacity : RedispatchedCapacity
        Of a case with one island.
    rule : AcRule
    threads : int
        For many outages at one state.
    """

    def __init__(
        self,
        capacity: RedispatchedCapacity,
        rule: AcRule = AcRule(),  # noqa: B008
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
        self.capacity, self.rule, self.threads = capacity, rule, threads
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
            batch = OutageBatch(net, v)
            volts, ok = self._outages(batch, lost)
            at = np.r_[-1, lost]
            ends = net.powers(np.vstack([v[None], volts]), at)
            load = self._loadings(ends)
            flow = problem.flow_mw(p0)[:m]
            solved = np.r_[True, ok]
            if round_ == 0:
                before = np.where(ok[:, None], volts / v, 1).astype(np.complex64)
                kept = problem.with_ratings(
                    *self._corrected(flow, at, heavy_pairs(load, solved), problem, None)
                )
        assert v is not None
        self.p0, self.v0, self.pins = p0, v.copy(), net.pinned.copy()
        self.answer, self.moved = (pg, 0j), np.zeros(len(p0))  # of the last bus proved
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
        by_branch = tuple(np.ascontiguousarray(e[1:].T, np.float32) for e in ends)
        self.intact = np.array([e[0] for e in ends])
        self.start = by_branch
        apart = np.maximum(
            *(
                np.hypot(
                    by_branch[i] - self.intact[i, :, None],
                    by_branch[i + 1] - self.intact[i + 1, :, None],
                )
                for i in (0, 2)
            )
        )
        apart[lost, np.arange(len(lost))] = 0.0
        self.reach = apart.max(axis=1)
        self.allowed_by_branch = np.ascontiguousarray(self.allowed[1:].T)
        self.beyond_by_bus = np.ascontiguousarray(self.beyond[1:].T)
        self.turned = (volts / v).astype(np.complex64)  # 0 where unsolved
        self.volt0 = np.abs(v)
        volt = np.abs(volts)
        volt[~ok] = self.volt0  # always solved
        self.volt = np.ascontiguousarray(volt.T, np.float32)
        self.volt_low = (self.volt + self.beyond_by_bus).min(axis=1)
        self.volt_high = (self.volt - self.beyond_by_bus).max(axis=1)
        problem.fill(np.arange(problem.island.n_node))
        net_ = problem.net
        k = self.outages
        factor = np.zeros((self.case.n_branch, len(k)), np.float32)
        factor[self.rows] = ((net_.ht[net_.f[k]] - net_.ht[net_.t[k]]) * net_.inverse[k][:, None]).T
        self.factor = factor
        # the start stays feasible under the ratings kept
        rate, post = self._corrected(flow, at, heavy_pairs(load, solved), kept, self.allowed)
        after = np.abs(flow[:, None] + factor[self.rows] * flow[k])
        after[k, np.arange(len(k))] = 0.0
        self.floor = (np.abs(flow) + 1e-6, after.max(axis=1) + 1e-6)
        self.kept = problem.with_ratings(
            np.maximum(rate, self.floor[0]), np.maximum(post, self.floor[1])
        )
        self.up = np.maximum(problem.room.high - p0, 0.0)
        self.down = np.maximum(p0 - problem.room.low, 0.0)
        unit_bus = np.array([self.case.gen_row[rows[0]] for rows in problem.units])
        self._place(at)
        self.answers = Rows(batch, self.turned, self._where, unit_bus, self.tan)
        self.eased = (self.allowed != 1).any(axis=0)
        self.eased_bus = (self.beyond != 0).any(axis=0)
        self.first = self._noted(self._seen_at_start(v, volts, ok))
        self.toil = np.concatenate(
            [
                batch.group(
                    lost[i : i + WIDE], before, np.arange(i, i + WIDE)[: len(lost) - i], EXACT
                )[3]
                for i in range(0, len(lost), WIDE)
            ]
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

    def _outages(self, batch: OutageBatch, rows: IntArray) -> tuple[np.ndarray, np.ndarray]:
        """Voltages after outages; those that the shared Jacobian does not solve by a whole Newton method."""
        volts, ok = batch.solve(rows, EXACT, self.threads)
        volts[~ok], ok[~ok] = self._one_by_one(batch, rows[~ok])
        return volts, ok

    def _one_by_one(self, batch: OutageBatch, rows: IntArray) -> tuple[np.ndarray, np.ndarray]:
        """Voltages after outages by a whole Newton method each; zeros where there is no solution."""
        other = self.net.outages(rows, batch.v, self.threads)
        order = np.argsort(other.row)[np.argsort(np.argsort(rows))]
        solved = other.solved[order]
        return np.where(solved[:, None], other.voltage[order], 0), solved

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
        strength: float = 1.0,
        adapt: bool = False,
        every: bool = False,
        known: Sequence[int] = (),
    ) -> Look | None:
        """One AC state: outages foretold, those that may be over solved; None where it has no solution.

        `strength`: times the error that a forecast is taken to have; `adapt`: where a solve shows more, twice that
        and the rest looked at again; `known`: branches whose outages are solved in any case.
        """
        net, k, eps = self.net, self.outages, self.rule.tolerance
        pg = self.problem.unit_power_mw(self.case, p)
        self.answer = pg, x_mw * (1 + 1j * self.tan)
        v = net.state(pg, bus, self.answer[1])
        if v is None:
            return None
        now = np.array([e[0] for e in net.powers(v[None], np.array([-1]))])
        change = now - self.intact
        dv = np.abs(v) - self.volt0
        lost = self.rows[k]
        moved = np.hypot(change[0, lost], change[1, lost])
        always = np.isin(lost, np.flatnonzero((net.f == bus) | (net.t == bus))) | ~self.ok[1:]
        always |= (moved > STRONG * self.rate[lost]) | every
        always |= (named := np.isin(lost, known))
        top, risky = np.zeros(len(k)), np.zeros(len(k))
        top_v, risky_v = np.zeros(len(k)), np.zeros(len(k))
        batch = OutageBatch(net, v)
        done = np.zeros(len(k), bool)
        noted = NOTED if adapt else WATCHED
        states = [self._seen(*_lanes(v[None]), np.array([-1]), np.array([True]), noted)]
        error, taken, taken_v = 0.0, strength, strength
        while True:
            foretell(
                *self.start, self.factor, self.reach, now, change, lost, self.post,
                self.allowed_by_branch, FLOOR, SHARE * taken, top, risky,
            )  # fmt: skip
            foretell_volts(
                self.volt, self.volt_low, self.volt_high, self.beyond_by_bus, dv, net.vmin,
                net.vmax, FLOOR_V, SHARE_V * taken_v, top_v, risky_v,
            )  # fmt: skip
            near = (risky > 1 + eps) | (risky_v > eps) | always
            if len(states) == 1:  # the forecast is always put to a test
                near[np.argsort(-risky)[:TESTED]] = True
                near[np.argsort(-risky_v)[:TESTED]] = True
            todo = np.flatnonzero(near & ~done)
            if not adapt:
                danger = np.maximum(top[todo] - 1, 5 * top_v[todo]) + named[todo]
                todo = todo[np.argsort(-danger)[:FEW]] if len(states) == 1 else todo[:0]
            if not todo.size:
                break
            done[todo] = True
            some = todo[np.argsort(self.toil[todo], kind="stable")]
            part = self._solved(batch, some, noted)
            ok = part.solved
            states.append(part)
            # outages that were not sure to be solved tell how far a forecast may be trusted
            heavy = ok & ~always[some] & (part.worst > 0.97)
            wrong = (part.worst - top[some])[heavy]
            error = max(error, float(wrong.max(initial=0.0)))
            assumed = (risky - top)[some][heavy] - FLOOR
            ratio = (wrong - FLOOR) / np.maximum(assumed / taken, FLOOR)
            taken = max(taken, 1.3 * float(ratio.max(initial=0.0)))
            tight = ok & ~always[some] & (part.beyond > -0.004)
            wrong = part.beyond - np.where(top_v[some] > -1, top_v[some], 0.0)
            wrong = wrong[tight] - FLOOR_V
            assumed = (risky_v - top_v)[some][tight] - FLOOR_V
            ratio = wrong / np.maximum(assumed / taken_v, FLOOR_V)
            taken_v = max(taken_v, 1.3 * float(ratio.max(initial=0.0)))
        left = ~done & (top > HEAVY)
        margin = float((risky - top)[left].max(initial=0.0))
        return _joined(states)._replace(
            error=error, margin=margin, foretold=int((~done).sum()), strength=taken
        )

    def _solved(self, batch: OutageBatch, some: IntArray, noted: tuple[float, float]) -> Look:
        """Outages (in the order of the start) solved and looked at, many side by side."""
        lost = self.rows[self.outages]
        parts: list[Look] = []
        for first in range(0, len(some), WIDE):
            here = some[first : first + WIDE]
            rows = lost[here]
            guess = np.where(self.ok[1 + here], here, -1)
            vr, vi, ok, _steps = batch.group(rows, self.turned, guess, EXACT)
            left = np.flatnonzero(~ok)
            if left.size:
                v, ok[left] = self._one_by_one(batch, rows[left])
                v = np.where(ok[left, None], v, batch.v)
                vr[:, left], vi[:, left] = v.real.T, v.imag.T
            parts.append(self._seen(vr, vi, rows, ok, noted))
        return _joined(parts)

    def _seen_at_start(self, v: np.ndarray, volts: np.ndarray, ok: np.ndarray) -> Look:
        """The intact state and all outages at the start."""
        lost = self.rows[self.outages]
        parts = [self._seen(*_lanes(v[None]), np.array([-1]), np.array([True]), NOTED)]
        for first in range(0, len(lost), WIDE):
            here = slice(first, first + WIDE)
            own = np.where(ok[here, None], volts[here], v)
            parts.append(self._seen(*_lanes(own), lost[here], ok[here], NOTED))
        return _joined(parts)

    def _seen(
        self,
        vr: FloatArray,
        vi: FloatArray,
        at: IntArray,
        ok: np.ndarray,
        noted: tuple[float, float],
    ) -> Look:
        """Loadings and voltages of states side by side; `noted`: how near a limit they are written down.

        Either intact states or states after outages: their ratings differ.
        """
        net, place = self.net, self._place(at)
        rate = np.where(net.on, self.rate if at[0] < 0 else self.post, np.inf)
        worst, beyond = np.zeros(WIDE), np.zeros(WIDE)
        room, n, m = 4096, -1, -1
        while n < 0 or n == room or m == room:  # again with more room
            room *= 2
            pairs = (np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros((room, 4)))
            near = (np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room))
            n = loads(
                vr, vi, at, place, net.f, net.t, net._yff, net._yft, net._ytf, net._ytt, 1 / rate,
                self.eased, self.allowed, noted[0], worst, *pairs,
            )  # fmt: skip
            m, lowest = volts(
                vr, vi, place, net.vmin, net.vmax, self.eased_bus, self.beyond, noted[1], beyond,
                *near,
            )  # fmt: skip
        is_pair, is_near = ok[pairs[0][:n]], ok[near[0][:m]]
        return Look(
            at, np.where(ok, worst[: len(at)], 0.0), np.where(ok, beyond[: len(at)], -1.0), ok,
            ~ok & self.ok[place],
            (pairs[0][:n][is_pair], pairs[1][:n][is_pair], pairs[2][:n][is_pair]),
            (near[0][:m][is_near], near[1][:m][is_near], near[2][:m][is_near]),
            lowest, 0.0, 0.0, 0,
        )  # fmt: skip

    # ---- the programme ------------------------------------------------------------------------------
    def _noted(
        self, seen: Look, known: Iterable[Key] = (), n_flow: int = 3, n_volt: int = 2
    ) -> dict[Key, tuple[float, float]]:
        """Of each branch the outages at which it stands highest, of each bus those nearest to a limit; and the known."""
        found: dict[Key, tuple[float, float]] = {}
        old = set(known)
        most: dict[int, int] = {}
        state, branch, load = seen.pairs
        outage = seen.at[state]
        wanted = np.isin(outage, [key[1] for key in old]) | (load[:, 0] > NOTED[0])
        order = np.flatnonzero(wanted)
        for i in order[np.argsort(-load[order, 0], kind="stable")].tolist():
            key = (int(branch[i]), int(outage[i]), int(load[i, 3]))
            most[key[0]] = most.get(key[0], 0) + 1
            if key in old or (load[i, 0] > NOTED[0] and most[key[0]] <= n_flow):
                found[key] = (float(load[i, 1]), float(load[i, 2]))
        state, bus, volt = seen.volts
        outage = seen.at[state]
        near = np.maximum(self.net.vmin[bus] - volt, volt - self.net.vmax[bus])
        near -= self.beyond[self._place(outage), bus]
        most = {}
        for i in np.argsort(-near, kind="stable").tolist():
            key = (int(bus[i]), int(outage[i]), 2)
            most[key[0]] = most.get(key[0], 0) + 1
            if key in old or (near[i] > -NOTED[1] and most[key[0]] <= n_volt):
                found[key] = (float(volt[i]), 0.0)
        return found

    def _at_start(self, key: Key) -> tuple[float, float]:
        """The value of a row at the start."""
        what, outage, kind = key
        i = int(self._place(np.array([outage]))[0]) - 1
        if kind == 2:
            return float(self.volt[what, i] if i >= 0 else self.volt0[what]), 0.0
        both = (2 * kind, 2 * kind + 1)
        p, q = (self.start[n][what, i] if i >= 0 else self.intact[n, what] for n in both)
        return float(p), float(q)

    def _row(
        self, key: Key, value: tuple[float, float], bus: int, moved: FloatArray, x: float
    ) -> tuple[FloatArray, float, float]:
        """A row of the programme through a value met at what was moved: over units, over load, room. [MW]"""
        what, outage, kind = key
        i = int(self._place(np.array([outage]))[0])
        if kind == 2:
            answers = self.answers.voltage(what, outage)
            low, high = self.net.vmin[what], self.net.vmax[what]
            sign = -1.0 if value[0] < 0.5 * (low + high) else 1.0
            unit, load = sign * answers.unit[0], sign * float(answers.load[0, bus])
            out = value[0] - high if sign > 0 else low - value[0]
            room = (float(self.beyond[i, what]) - out) * VOLT
        else:
            answers = self.answers.flow(what, outage, kind)
            s = float(np.hypot(*value))
            weight = np.array(value) / max(s, 1e-6)
            unit, load = weight @ answers.unit, float(weight @ answers.load[:, bus])
            rate = self.rate[what] if outage < 0 else self.post[what]
            room = rate * float(self.allowed[i, what]) * (1 - AIM) - s
        room += float(unit @ moved) + load * x
        return unit, load, room

    def _largest(
        self,
        rows: dict[Key, tuple[FloatArray, float, float]],
        bus: int,
        node: int,
        most_mw: float,
        bound: set[Key],
    ) -> tuple[FloatArray, float] | None:
        """Largest load by first order; pairs over in DC, with the ratings that hold at the start, are taken in too.

        `bound`: rows to begin with, those that bound before; what binds now is added.
        """
        active = [i for i, key in enumerate(rows) if key in bound]
        for _round in range(6):
            table = list(rows.values())
            unit = np.array([r[0] for r in table]).reshape(len(table), len(self.p0))
            load, room = np.array([r[1] for r in table]), np.array([r[2] for r in table])
            found = largest_first_order(self.up, self.down, unit, load, room, most_mw, active)
            names = list(rows)
            bound.update(names[i] for i in active)
            if found is None:
                return None
            moved, x = found
            flow = self.problem.flow_mw(self.p0 + moved, node, x)
            over = violated_pairs(self.kept, flow, 1e-3)
            broken = False
            for l, k in zip(over[0].tolist(), over[1].tolist(), strict=True):
                branch, outage = int(self.rows[l]), int(self.rows[k]) if k >= 0 else -1
                if any((branch, outage, end) in rows for end in (0, 1)):
                    continue
                size = [np.hypot(*self._at_start((branch, outage, end))) for end in (0, 1)]
                end = int(size[1] > size[0])
                key = (branch, outage, end)
                row = self._row(key, self._at_start(key), bus, 0 * moved, 0.0)
                rows[branch, outage, end] = row
                broken |= bool(row[0] @ moved + row[1] * x > row[2] + 1e-2)
            if not broken:
                break
        return moved, x

    # ---- one bus ----------------------------------------------------------------------------------
    def prove(self, bus: int, every: bool = False, rounds: int = 20) -> AcProof:
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
        eps = self.rule.tolerance
        row = int(self.case.rows_of_bus([bus])[0])
        x_dc = float(self.capacity.capacity_mw[row])
        node = int(
            self.problem.island.node_of_bus[np.flatnonzero(self.problem.island.bus_row == row)[0]]
        )
        # every bus from the same start, so that their order does not matter
        self.net.pin_as(self.pins)
        self.net.v = self.v0.copy()
        zero, most, error, strength = np.zeros(len(self.p0)), max(x_dc, 0.0), 0.0, 1.0
        rows = {key: self._row(key, at, row, zero, 0.0) for key, at in self.first.items()}
        why: set[str] = set()
        best: tuple[float, FloatArray, Look] | None = None
        count, last = 0, (zero, 0.0)
        met: set[int] = set()  # outages that stood in the way
        measured: set[Key] = set()
        bound: set[Key] = set()
        left: dict[Key, int] = {}

        def looked(moved: FloatArray, x: float, last: bool) -> tuple[Look | None, set[str]]:
            nonlocal count, error, strength
            count += 1
            seen = self.look(self.p0 + moved, row, x, strength, last, last and every, sorted(met))
            if seen is not None:
                bad = (seen.worst > 1 + eps) | (seen.beyond > eps)
                order = np.argsort(-np.maximum(seen.worst - 1, 5 * seen.beyond))[:16]
                met.update(seen.at[order[bad[order]]].tolist())
                error, strength = max(error, seen.error), seen.strength
            return seen, _kinds(seen, eps)

        sure = False  # the best was looked at as the answer is
        far = 0.0  # the least load that was too far
        while count < rounds and most > 1e-6:
            if (
                best and best[0] > 0.999 * most and far > 1.05 * best[0]
            ):  # held back by what was too far
                most = 0.5 * (best[0] + far)
            found = self._largest(rows, row, node, most, bound)
            if found is None:  # first order does not reach so far: nearer, where the start holds
                count += 1
                most = 0.5 * (last[1] + (best[0] if best else 0.0))
                rows = {key: (*of[:2], max(of[2], 0.0)) for key, of in rows.items()}
                continue
            if not found[1] > 1e-6:
                why |= set() if best else {"thermal"}
                break
            if best is None and abs(found[1] - last[1]) < 1e-3:  # no nearer by what was met
                most = 0.5 * found[1]
            moved, x = last = found
            if best and (x < best[0] * (1 + GAIN) + GAIN_MW or count > rounds - 4):
                if sure:
                    break
                x, moved = best[:2]  # good enough, if it holds
                sure = True
            seen, kinds = looked(moved, x, sure)
            why |= kinds
            if seen is not None and not kinds:
                best = (x, moved, seen)
                if sure:
                    break
            elif sure:
                best, sure = None, False
            if seen is None or seen.lost.any() or seen.beyond.max() > FAR_V:  # too far
                far = x
                most = 0.5 * (x + (best[0] if best else 0.0))
            if seen is not None:
                met_here = self._noted(seen, rows)
                for key in measured - met_here.keys():  # far from its limit: as at the start,
                    left[key] = left.get(key, 0) + 1
                    if left[key] <= 2:  # but not for ever to and fro
                        rows[key] = self._row(key, self._at_start(key), row, zero, 0.0)
                        measured.discard(key)
                measured |= met_here.keys()
                for key, value in met_here.items():
                    rows[key] = self._row(key, value, row, moved, x)
        if best and not sure:
            last, best = (best[1], best[0]), None
        for part in (1.0, 0.97, 0.9, 0.7, 0.5, 0.25, 0.1) if best is None and last[1] > 0 else ():
            seen, kinds = looked(part * last[0], part * last[1], True)  # back towards the start
            why |= kinds
            if seen is not None and not kinds:
                best = (part * last[1], part * last[0], seen)
                break
        if best is None:  # the start itself
            if x_dc > 0 and not why:
                why.add("thermal")
            self.net.pin_as(self.pins)
            self.net.v = self.v0.copy()
            only = self.look(self.p0, row, 0.0, strength, True, every)
            if only is None:
                return AcProof(
                    bus, x_dc, 0.0, "no solution", count, 0, len(self.outages), self.n_bridge, 0.0,
                    error, np.nan, -1, -1, np.nan, 0, False, time.perf_counter() - tic,
                )  # fmt: skip
            best = (0.0, zero, only)
        x, moved, seen = best
        self.moved = moved
        self.answer = (
            self.problem.unit_power_mw(self.case, self.p0 + moved), x * (1 + 1j * self.tan)
        )  # fmt: skip
        l, k = self._heaviest(seen)
        return AcProof(
            bus, x_dc, x, "+".join(sorted(why)) or "none", count, len(seen.at) - 1, seen.foretold,
            self.n_bridge, seen.margin, error, float(seen.worst.max()), l, k,
            seen.lowest, int((~seen.solved).sum()), seen.foretold == 0, time.perf_counter() - tic,
        )  # fmt: skip

    def _heaviest(self, seen: Look) -> tuple[int, int]:
        """The pair that stands highest against what the rule allows: branch, outage; -1 where none is heavy."""
        state, branch, load = seen.pairs
        if not len(state):
            return -1, -1
        i = int(load[:, 0].argmax())
        return int(branch[i]), int(seen.at[state[i]])


def _lanes(volts: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Real and imaginary part of states, shape (n_state, n_bus), side by side as `OutageBatch.group` has them."""
    side = np.repeat(volts[:1].T, WIDE, axis=1)
    side[:, : len(volts)] = volts.T
    return side.real.copy(), side.imag.copy()


def _joined(looks: Sequence[Look]) -> Look:
    """Looks at states of one dispatch as one."""
    first = np.cumsum([0] + [len(look.at) for look in looks])

    def noted(
        parts: list[tuple[IntArray, IntArray, FloatArray]],
    ) -> tuple[IntArray, IntArray, FloatArray]:
        return (
            np.concatenate([part[0] + n for part, n in zip(parts, first, strict=False)]),
            np.concatenate([part[1] for part in parts]),
            np.concatenate([part[2] for part in parts]),
        )

    at, worst, beyond, solved, lost = (
        np.concatenate([look[i] for look in looks]) for i in range(5)
    )
    return Look(
        at, worst, beyond, solved, lost, noted([look.pairs for look in looks]),
        noted([look.volts for look in looks]), min(look.lowest for look in looks), 0.0, 0.0, 0,
    )  # fmt: skip


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
