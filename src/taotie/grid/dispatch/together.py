"""What is the cheapest course of many hours that hang together: storage, ramps, start-up? One linear programme. MW, $/h.

Hours share what is stored, how fast units move and, on request, what it costs to start them; commitment is relaxed, a
unit may be on by a part. Solved by HiGHS through SciPy, all hours at once, or in windows that overlap where there are
many. Ratings and angle limits join when a solution breaks them, so that a year of an easy grid stays small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, RangeError
from taotie.grid.case.grid_case import ISOLATED, Case
from taotie.grid.dispatch.by_hour import hours_checked
from taotie.grid.dispatch.optimal import _Network, _network, running_units
from taotie.grid.dispatch.unit_cost import CostSegments, cost_segments
from taotie.grid.flow.dc_power_flow import DcModel, dc_model, scheduled_injection_mw
from taotie.words.language import _

__all__ = ["HoursTogether", "Storage", "dispatch_together", "ramp_mw_per_h"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
OVER_MW = 1e-6  # a flow beyond its limit by more joins the programme
N_ROUND = 60
WHOLE_COLUMNS = 400_000  # up to here all hours are solved at once unless a window is asked for
RAMP_AGC, RAMP_10, RAMP_30 = 16, 17, 18


@dataclass(frozen=True)
class Storage:
    """A storage at a bus.

    Parameters
    ----------
    bus : int
        Its number.
    charge_mw, discharge_mw : float
        Most it takes and gives. [MW]
    energy_mwh : float
        Most it holds. [MWh]
    efficiency : float
        Of a round trip; the same share is lost on both ways. [1]
    start, end : float
        Share held before the first hour, and at least after the last. [1]
    """

    bus: int
    charge_mw: float
    discharge_mw: float
    energy_mwh: float
    efficiency: float
    start: float
    end: float

    def __post_init__(self) -> None:
        for name, value in (("charge_mw", self.charge_mw), ("discharge_mw", self.discharge_mw), ("energy_mwh", self.energy_mwh)):  # fmt: skip
            if not 0 < value < np.inf:
                raise RangeError(_("storage at bus {bus}: {name}={value} is not above 0.").format(bus=self.bus, name=name, value=f"{value:g}"))  # fmt: skip
        for name, value in (("efficiency", self.efficiency), ("start", self.start), ("end", self.end)):  # fmt: skip
            if not (0 < value <= 1 if name == "efficiency" else 0 <= value <= 1):
                raise RangeError(
                    _("storage at bus {bus}: {name}={value} is not within 0 to 1.").format(bus=self.bus, name=name, value=f"{value:g}"),
                    _("85 % is written 0.85."),
                )  # fmt: skip


@dataclass(frozen=True)
class HoursTogether:
    """The cheapest course of some hours.

    Parameters
    ----------
    power_mw : ndarray, shape (n_hour, n_gen)
        [MW]
    price_usd_per_mwh : ndarray, shape (n_hour, n_bus)
        NaN where no unit reaches. [$/MWh]
    cost_usd_per_h : ndarray, shape (n_hour,)
        Of units, from nothing on, of their starts and of load shed. [$/h]
    shed_mw : ndarray, shape (n_hour, n_bus)
        [MW]
    charge_mw, discharge_mw, energy_mwh : ndarray, shape (n_hour, n_storage)
        Energy at the end of each hour. [MW, MW, MWh]
    on : ndarray, shape (n_hour, n_gen)
        Part of each unit that is on; 0 or 1 where commitment is that of the case. [1]
    started : ndarray, shape (n_hour, n_gen)
        Part of each unit that was started; 0 where starts are not counted. [1]
    windows : tuple of (int, int, int)
        First hour of each programme, first one it does not keep, first one it does not see.
    """

    power_mw: FloatArray
    price_usd_per_mwh: FloatArray
    cost_usd_per_h: FloatArray
    shed_mw: FloatArray
    charge_mw: FloatArray
    discharge_mw: FloatArray
    energy_mwh: FloatArray
    on: FloatArray
    started: FloatArray
    windows: tuple[tuple[int, int, int], ...]


def ramp_mw_per_h(case: Case) -> FloatArray:
    """What a unit may move in an hour by the columns of the case, shape (n_gen,); NaN where it states none. [MW/h]

    MATPOWER has three: MW a minute (RAMP_AGC), MW in ten (RAMP_10) and in thirty minutes (RAMP_30). The fastest of them
    counts: files that write one number into all three mean MW a minute.

    Examples
    --------
    >>> from taotie.grid.case.case import read_case
    >>> ramp_mw_per_h(read_case("RTS_GMLC"))[:3]
    array([180., 180., 120.])
    """
    table = np.zeros((case.n_gen, RAMP_30 + 1))
    wide = min(case.gen.shape[1], RAMP_30 + 1)
    table[:, :wide] = case.gen[:, :wide]
    most = np.max([60 * table[:, RAMP_AGC], 6 * table[:, RAMP_10], 2 * table[:, RAMP_30]], axis=0)
    return np.where(most > 0, most, np.nan)


class _Grid(NamedTuple):
    """What all windows share."""

    case: Case
    model: DcModel
    net: _Network
    segments: CostSegments
    prefer: FloatArray  # of each piece, $/MWh: decides among equal costs, in no cost told
    island: IntArray  # of each node
    low: FloatArray  # flow by angles that each branch of the network may have, MW
    high: FloatArray
    demand: FloatArray  # of each node as filed, less what units give at their floor
    cost_of_lost_load: float
    storage: tuple[Storage, ...]
    ramp: FloatArray  # MW/h, inf where free
    start_cost: FloatArray | None  # $ a start; None: commitment of the case


class _State(NamedTuple):
    """What one window leaves to the next."""

    power: FloatArray
    on: FloatArray
    energy: FloatArray


def dispatch_together(
    case: Case,
    load_mw: ArrayLike,
    available_mw: ArrayLike | None = None,
    *,
    storage: Sequence[Storage] = (),
    ramp_mw: ArrayLike | None = None,
    start_cost_usd: ArrayLike | None = None,
    value_of_lost_load: float = 9000.0,
    pieces: int = 10,
    keep_minimum: bool = True,
    prefer_usd_per_mwh: ArrayLike | None = None,
    window: int | None = None,
    overlap: int = 24,
) -> HoursTogether:
    """The cheapest course of all hours.

    Parameters
    ----------
    case : Case
    load_mw : array_like, shape (n_hour, n_bus)
        [MW]
    available_mw : array_like, shape (n_hour, n_gen), optional
        Most each unit can give; Pmax by default. A minimum above it gives way. [MW]
    storage : sequence of Storage
    ramp_mw : array_like, shape (n_gen,), optional
        What each unit may move from hour to hour, inf or NaN where it is free; the first hour is free. [MW/h]
    start_cost_usd : array_like, shape (n_gen,), optional
        Of one start. With it a unit may be on by any part of itself, and stays above that part of its Pmin; without it
        units in service stay on. Being on before the first hour costs nothing. [$]
    value_of_lost_load : float
        [$/MWh]
    pieces : int
        Linear pieces of a quadratic cost.
    keep_minimum : bool
        Without it units may go down to 0.
    prefer_usd_per_mwh : array_like, shape (n_gen,), optional
        As in `hourly_dispatch`.
    window, overlap : int, optional
        Hours kept of each programme, and hours it looks ahead beyond them; all hours at once where they fit.

    Returns
    -------
    hours : HoursTogether

    Raises
    ------
    RangeError
        Tables of another shape; a window without hours.
    CaseError
        No course keeps all limits, with the first limit that is in the way; the solver stopped.

    Notes
    -----
    ``min sum c'P + S's + V'shed``, ``e[h] = e[h-1] + r c[h] - d[h] / r`` with ``r = sqrt(efficiency)``,
    ``|P[h] - P[h-1]| <= R``, ``u[h] - u[h-1] <= s[h]``, ``u Pmin <= P <= u Pmax``, flows within their limits.

    Examples
    --------
    The 5-bus case at night and by day; a storage at bus 4 takes cheap energy over:

    >>> from taotie.grid.case.case import read_case
    >>> case = read_case("case5")
    >>> hours = [0.6 * case.load_mw, case.load_mw]
    >>> alone = dispatch_together(case, hours).cost_usd_per_h.sum()
    >>> store = Storage(4, 50.0, 50.0, 100.0, 1.0, 0.0, 0.0)
    >>> made = dispatch_together(case, hours, storage=[store])
    >>> made.energy_mwh.ravel().round(6).tolist(), bool(made.cost_usd_per_h.sum() < alone)
    ([50.0, 0.0], True)
    """
    load, available = hours_checked(case, load_mw, available_mw)
    if (window is not None and window < 1) or overlap < 0:
        raise RangeError(
            _("there is no window of {window} hours that looks {overlap} hours further.").format(window=window, overlap=overlap),
            _("give a window of 1 hour or more, and an overlap of 0 or more."),
        )  # fmt: skip
    grid = _grid(
        case, storage, ramp_mw, start_cost_usd, value_of_lost_load, pieces, keep_minimum,
        prefer_usd_per_mwh,
    )  # fmt: skip
    n_hour = len(load)
    if window is None:
        n_column = len(grid.segments.unit) + int(np.count_nonzero(load.max(axis=0) > 0))
        fits = n_hour * n_column <= WHOLE_COLUMNS
        window = n_hour if fits else max(24, int(WHOLE_COLUMNS // n_column) - overlap)
    state: _State | None = None
    watched: set[int] = set()
    kept, windows = [], []
    first = 0
    while first < n_hour:
        seen = min(first + window + overlap, n_hour)
        last = seen if seen == n_hour else first + window
        part = _solve(
            grid, load[first:seen], None if available is None else available[first:seen], state,
            n_hour - seen, watched, first,
        )  # fmt: skip
        n = last - first
        kept.append([one[:n] for one in part])
        state = _State(part.power[n - 1], part.on[n - 1], part.energy[n - 1])
        windows.append((first, last, seen))
        first = last
    whole = _Part(*(np.concatenate(parts) for parts in zip(*kept, strict=True)))
    return HoursTogether(
        whole.power, whole.price, whole.cost, whole.shed, whole.charge, whole.discharge,
        whole.energy, whole.on, whole.started, tuple(windows),
    )  # fmt: skip


class _Part(NamedTuple):
    """A window's hours, in the order of `HoursTogether`."""

    power: FloatArray
    price: FloatArray
    cost: FloatArray
    shed: FloatArray
    charge: FloatArray
    discharge: FloatArray
    energy: FloatArray
    on: FloatArray
    started: FloatArray


def _grid(
    case: Case,
    storage: Sequence[Storage],
    ramp_mw: ArrayLike | None,
    start_cost_usd: ArrayLike | None,
    value_of_lost_load: float,
    pieces: int,
    keep_minimum: bool,
    prefer: ArrayLike | None,
) -> _Grid:
    model = dc_model(case)
    net = _network(model)
    if not keep_minimum:
        from dataclasses import replace

        table = case.gen.copy()
        table[:, 9] = np.minimum(table[:, 9], 0.0)
        case = replace(case, gen=table)
    segments = cost_segments(case, None, 0.0, pieces, running_units(case, model.dead_bus))
    among = np.zeros(case.n_gen) if prefer is None else np.asarray(prefer, float)
    island = np.concatenate([np.full(one.n_node, i) for i, one in enumerate(model.islands)])
    strength = np.concatenate([one.y for one in model.islands]) * case.base_mva
    low, high = -net.rating_mw + net.shift_mw, net.rating_mw + net.shift_mw
    ends = np.sort(np.column_stack([strength[net.angle_row] * net.angle_low, strength[net.angle_row] * net.angle_high]), axis=1)  # fmt: skip
    low[net.angle_row] = np.maximum(low[net.angle_row], ends[:, 0])
    high[net.angle_row] = np.minimum(high[net.angle_row], ends[:, 1])
    live = net.node_of_bus >= 0
    fixed = scheduled_injection_mw(case)
    on = case.gen_on & live[case.gen_row]
    np.add.at(fixed, case.gen_row[on], -case.gen[on, 1])
    fixed += case.load_mw  # loads come by the hour
    taken = np.bincount(net.node_of_bus[live], fixed[live], minlength=net.n_node)
    for one in storage:
        row = int(case.rows_of_bus([one.bus])[0])
        if not live[row]:
            raise CaseError(
                _("the storage stands at bus {bus}, which no running unit reaches.").format(bus=one.bus)
            )  # fmt: skip
    ramp = np.full(case.n_gen, np.inf)
    if ramp_mw is not None:
        given = np.asarray(ramp_mw, float)
        if given.shape != (case.n_gen,) or (given < 0).any():
            raise RangeError(
                _("ramps have shape {shape}; one of 0 MW/h or more a unit is needed, {n} in all.").format(shape=given.shape, n=case.n_gen)
            )  # fmt: skip
        ramp = np.where(np.isnan(given), np.inf, given)
    start = None if start_cost_usd is None else np.asarray(start_cost_usd, float)
    if start is not None and (start.shape != (case.n_gen,) or not (start >= 0).all()):
        raise RangeError(
            _("costs of a start have shape {shape}; one of 0 or more a unit is needed, {n} in all.").format(shape=start.shape, n=case.n_gen)
        )  # fmt: skip
    return _Grid(
        case, model, net, segments, among[segments.unit], island, low, high,
        -taken.astype(np.float64) - net.incidence.T @ net.shift_mw,
        value_of_lost_load, tuple(storage), ramp, start,
    )  # fmt: skip


class _Columns(NamedTuple):
    """Where each kind of variable begins in an hour's block."""

    piece: int
    shed: int
    charge: int
    discharge: int
    energy: int
    on: int
    started: int
    n: int


def _solve(
    grid: _Grid,
    load: FloatArray,
    available: FloatArray | None,
    state: _State | None,
    hours_left: int,
    watched: set[int],
    first: int,
) -> _Part:
    """One programme; `hours_left` follow it, `watched` are branches whose limits were broken before."""
    made = _Programme(grid, load, available, state, hours_left)
    rows: set[tuple[int, int]] = {(h, l) for h in range(len(load)) for l in watched}
    for __ in range(N_ROUND):
        answer = made.solved(sorted(rows))
        if answer.status != 0:
            raise made.why_not(answer, sorted(rows), first)
        flow = made.flows(answer.x)
        over = np.maximum(flow - grid.high, grid.low - flow)
        new = {(int(h), int(l)) for h, l in zip(*np.nonzero(over > OVER_MW), strict=True)} - rows
        if not new:
            return made.part(answer, sorted(rows))
        rows |= new
        watched |= {l for __h, l in new}
    raise CaseError(
        _("the limits of all branches were not kept within {n} rounds.").format(n=N_ROUND)
    )


class _Programme:
    """The linear programme of some hours."""

    def __init__(
        self,
        grid: _Grid,
        load: FloatArray,
        available: FloatArray | None,
        state: _State | None,
        hours_left: int,
    ) -> None:
        self.grid, self.load, self.state, self.hours_left = grid, load, state, hours_left
        case, net, seg = grid.case, grid.net, grid.segments
        self.live = net.node_of_bus >= 0
        self.shed_row = np.flatnonzero(self.live & (load.max(axis=0) > 0))
        self.units = np.flatnonzero(running_units(case, grid.model.dead_bus))
        n_piece, n_shed, n_store = len(seg.unit), len(self.shed_row), len(grid.storage)
        n_on = len(self.units) if grid.start_cost is not None else 0
        at = np.cumsum([0, n_piece, n_shed, n_store, n_store, n_store, n_on, n_on])
        self.at = _Columns(*at.tolist())
        self.relaxed = bool(n_on)
        self.hours = len(load)
        self.floor = np.tile(seg.floor_mw, (self.hours, 1))
        width = np.tile(seg.width, (self.hours, 1))
        if available is not None:
            self.floor = np.minimum(self.floor, available)
            before = np.concatenate([[0.0], np.cumsum(seg.width)])[:-1]
            before = before - before[np.searchsorted(seg.unit, seg.unit)]
            width = np.clip((available - self.floor)[:, seg.unit] - before, 0, seg.width)
        self.width = width
        self.fixed_floor = np.zeros_like(self.floor) if self.relaxed else self.floor
        # nodes: where each column of an hour feeds in, MW per unit
        node = net.node_of_bus
        store = np.array([node[int(case.rows_of_bus([s.bus])[0])] for s in grid.storage], np.int64)
        column = [np.arange(n_piece), self.at.shed + np.arange(n_shed), self.at.charge + np.arange(n_store), self.at.discharge + np.arange(n_store)]  # fmt: skip
        row = [node[case.gen_row[seg.unit]], node[self.shed_row], store, store]
        value = [np.ones(n_piece), np.ones(n_shed), -np.ones(n_store), np.ones(n_store)]
        self.feed_fixed = (np.concatenate(row), np.concatenate(column), np.concatenate(value))
        self.unit_node = node[case.gen_row[self.units]]
        demand = np.zeros((self.hours, net.n_node))
        for h in range(self.hours):
            demand[h] = np.bincount(node[self.live], load[h, self.live], minlength=net.n_node)
        demand += grid.demand
        give = self.fixed_floor[:, self.units]
        np.add.at(demand.T, self.unit_node, -give.T)
        self.demand = demand
        self._factors: dict[int, FloatArray] = {}
        self.base = self._base()

    def feed(self, h: int) -> sp.csr_matrix:
        """Node x column of one hour."""
        row, column, value = self.feed_fixed
        if self.relaxed:
            row = np.r_[row, self.unit_node]
            column = np.r_[column, self.at.on + np.arange(len(self.units))]
            value = np.r_[value, self.floor[h, self.units]]
        return sp.csr_matrix((value, (row, column)), shape=(self.grid.net.n_node, self.at.n))

    def _base(self) -> dict[str, Any]:
        """Costs, bounds and rows without ratings."""
        grid, seg, at, n_hour = self.grid, self.grid.segments, self.at, self.hours
        n_island = len(grid.model.islands)
        cost = np.zeros((n_hour, at.n))
        low, high = np.zeros((n_hour, at.n)), np.zeros((n_hour, at.n))
        cost[:, : at.shed] = seg.slope
        high[:, : at.shed] = self.width
        cost[:, at.shed : at.charge] = grid.cost_of_lost_load
        high[:, at.shed : at.charge] = np.maximum(self.load[:, self.shed_row], 0)
        for i, one in enumerate(grid.storage):
            high[:, at.charge + i], high[:, at.discharge + i] = one.charge_mw, one.discharge_mw
            high[:, at.energy + i] = one.energy_mwh
            # what is left for later hours to fill must be within their reach
            reach = self.hours_left * one.charge_mw * np.sqrt(one.efficiency)
            low[-1, at.energy + i] = max(0.0, one.end * one.energy_mwh - reach)
        if self.relaxed:
            assert grid.start_cost is not None
            cost[:, at.on : at.started] = seg.floor_cost[self.units]
            cost[:, at.started :] = grid.start_cost[self.units]
            high[:, at.on :] = 1.0
        belongs = sp.csr_matrix((np.ones(len(grid.island)), (grid.island, np.arange(len(grid.island)))), shape=(n_island, len(grid.island)))  # fmt: skip
        feeds = [self.feed(h) for h in range(n_hour)] if self.relaxed else [self.feed(0)] * n_hour
        self.feeds = feeds
        equal = [sp.block_diag([belongs @ f for f in feeds], format="csr")]
        right = [(belongs @ self.demand.T).T.ravel()]
        equal_more, right_more = self._stored()
        less, most = self._moving()
        return {
            "cost": cost.ravel(), "low": low.ravel(), "high": high.ravel(),
            "a_eq": sp.vstack([*equal, *equal_more], format="csc"), "b_eq": np.concatenate([*right, *right_more]),
            "a_ub": less, "b_ub": most,
        }  # fmt: skip

    def _stored(self) -> tuple[list[sp.csr_matrix], list[FloatArray]]:
        rows, rights, at, n_hour = [], [], self.at, self.hours
        hour = np.arange(n_hour)
        for i, one in enumerate(self.grid.storage):
            way = np.sqrt(one.efficiency)
            r = np.r_[hour, hour[1:], hour, hour]
            c = np.r_[hour * at.n + at.energy + i, hour[:-1] * at.n + at.energy + i, hour * at.n + at.charge + i, hour * at.n + at.discharge + i]  # fmt: skip
            v = np.r_[np.ones(n_hour), -np.ones(n_hour - 1), np.full(n_hour, -way), np.full(n_hour, 1 / way)]  # fmt: skip
            rows.append(sp.csr_matrix((v, (r, c)), shape=(n_hour, n_hour * at.n)))
            right = np.zeros(n_hour)
            right[0] = one.start * one.energy_mwh if self.state is None else self.state.energy[i]
            rights.append(right)
        return rows, rights

    def output(self, h: int, units: IntArray) -> sp.csr_matrix:
        """Output of units above their fixed floor, from the columns of one hour: unit x all columns."""
        place = np.full(self.grid.case.n_gen, -1)
        place[units] = np.arange(len(units))
        pieces = np.flatnonzero(place[self.grid.segments.unit] >= 0)
        row, column, value = place[self.grid.segments.unit[pieces]], pieces, np.ones(len(pieces))
        if self.relaxed:
            own = np.flatnonzero(place[self.units] >= 0)
            row = np.r_[row, place[self.units[own]]]
            column = np.r_[column, self.at.on + own]
            value = np.r_[value, self.floor[h, self.units[own]]]
        shape = (len(units), self.hours * self.at.n)
        return sp.csr_matrix((value, (row, column + h * self.at.n)), shape=shape)

    def _moving(self) -> tuple[sp.csr_matrix | None, FloatArray | None]:
        """Ramps, units that are on by a part, starts: rows that are at most something."""
        grid, at = self.grid, self.at
        rows, most = [], []
        ramped = self.units[np.isfinite(grid.ramp[self.units])]
        # a ramp wider than the unit's whole range binds nothing
        reach = np.maximum(grid.segments.floor_mw, 0.0) * self.relaxed
        np.add.at(reach, grid.segments.unit, grid.segments.width)
        ramped = ramped[grid.ramp[ramped] < reach[ramped] + np.ptp(self.floor, axis=0)[ramped]]
        if ramped.size:
            for h in range(0 if self.state is not None else 1, self.hours):
                now, fixed = self.output(h, ramped), self.fixed_floor[h, ramped]
                if h:
                    step, gap = now - self.output(h - 1, ramped), fixed - self.fixed_floor[h - 1, ramped]  # fmt: skip
                else:
                    assert self.state is not None
                    step, gap = now, fixed - self.state.power[ramped]
                rows += [step, -step]
                most += [grid.ramp[ramped] - gap, grid.ramp[ramped] + gap]
        if self.relaxed:
            n_unit, n_all = len(self.units), self.hours * at.n
            place = np.full(grid.case.n_gen, -1)
            place[self.units] = np.arange(n_unit)
            piece, unit = np.arange(at.shed), place[grid.segments.unit]
            for h in range(self.hours):
                block = h * at.n
                r, c = np.r_[piece, piece], np.r_[block + piece, block + at.on + unit]
                v = np.r_[np.ones(at.shed), -self.width[h]]
                rows.append(sp.csr_matrix((v, (r, c)), shape=(at.shed, n_all)))
                most.append(np.zeros(at.shed))
                k = np.arange(n_unit)
                if h:
                    r = np.r_[k, k, k]
                    c = np.r_[block + at.on + k, block - at.n + at.on + k, block + at.started + k]
                    v = np.r_[np.ones(n_unit), -np.ones(n_unit), -np.ones(n_unit)]
                    right = np.zeros(n_unit)
                elif self.state is not None:
                    r, c = np.r_[k, k], np.r_[at.on + k, at.started + k]
                    v, right = np.r_[np.ones(n_unit), -np.ones(n_unit)], self.state.on[self.units]
                else:
                    continue
                rows.append(sp.csr_matrix((v, (r, c)), shape=(n_unit, n_all)))
                most.append(right)
        if not rows:
            return None, None
        return sp.vstack(rows, format="csr"), np.concatenate(most)

    def factors(self, l: int) -> FloatArray:
        """Flow by angles of a branch of the network per MW at each node, shape (n_node,)."""
        if l not in self._factors:
            start, node = 0, 0
            made = np.zeros(self.grid.net.n_node)
            for one in self.grid.model.islands:
                if l < start + one.n_branch:
                    k = l - start
                    right = np.zeros((one.n_node, 1))
                    right[one.f[k], 0], right[one.t[k], 0] = 1.0, -1.0
                    made[node : node + one.n_node] = one.y[k] * one.angles(right)[:, 0]
                    break
                start, node = start + one.n_branch, node + one.n_node
            self._factors[l] = made
        return self._factors[l]

    def solved(
        self,
        rows: list[tuple[int, int]],
        ramps: bool = True,
        ends: bool = True,
        minima: bool = True,
    ) -> Any:
        """The solution with the limits of these (hour, branch), or without some kind of limit."""
        from scipy.optimize import linprog

        base, grid = self.base, self.grid
        a_ub, b_ub = (base["a_ub"], base["b_ub"]) if ramps else (None, None)
        low = base["low"] if ends else np.zeros_like(base["low"])
        limits, most = self._limits(rows)
        parts = [p for p in (a_ub, limits) if p is not None]
        rights = [p for p in (b_ub, most) if p is not None]
        a_eq, b_eq = base["a_eq"], base["b_eq"]
        cost, high = base["cost"].reshape(self.hours, -1).copy(), base["high"]
        cost[:, : self.at.shed] += grid.prefer
        cost = cost.ravel()
        if not minima:  # power that nobody takes, one column an island and hour
            n = self.hours * len(grid.model.islands)
            spill = sp.vstack([-sp.eye(n), sp.csr_matrix((a_eq.shape[0] - n, n))])
            a_eq = sp.hstack([a_eq, spill], format="csc")
            parts = [sp.hstack([p, sp.csr_matrix((p.shape[0], n))]) for p in parts]
            cost, low, high = np.r_[cost, np.zeros(n)], np.r_[low, np.zeros(n)], np.r_[high, np.full(n, np.inf)]  # fmt: skip
        for method in ("highs", "highs-ipm"):
            answer = linprog(
                cost,
                A_ub=sp.vstack(parts, format="csc") if parts else None,
                b_ub=np.concatenate(rights) if rights else None,
                A_eq=a_eq, b_eq=b_eq, bounds=np.column_stack([low, high]), method=method,
            )  # fmt: skip
            if answer.status in (0, 2, 3):
                break
        return answer

    def _limits(self, rows: list[tuple[int, int]]) -> tuple[sp.csr_matrix | None, FloatArray | None]:  # fmt: skip
        if not rows:
            return None, None
        at, grid = self.at, self.grid
        hour, column, value = [], [], []
        right: list[float] = []
        for h, l in rows:
            factors = self.factors(l)
            line = factors @ self.feeds[h]
            still = float(factors @ self.demand[h])
            used = np.flatnonzero(line)
            for way, end in ((1.0, grid.high[l]), (-1.0, -grid.low[l])):
                if np.isfinite(end):
                    hour.append(np.full(used.size, len(right)))
                    column.append(h * at.n + used)
                    value.append(way * line[used])
                    right.append(end + way * still)
        shape = (len(right), self.hours * at.n)
        matrix = sp.csr_matrix((np.concatenate(value), (np.concatenate(hour), np.concatenate(column))), shape=shape)  # fmt: skip
        return matrix, np.array(right)

    def flows(self, x: FloatArray) -> FloatArray:
        """Flow by angles of every branch of the network in every hour, shape (n_hour, n_branch). [MW]"""
        by_hour = x.reshape(self.hours, self.at.n)
        injected = np.array([self.feeds[h] @ by_hour[h] for h in range(self.hours)]) - self.demand
        parts, node = [], 0
        for one in self.grid.model.islands:
            theta = one.angles(injected[:, node : node + one.n_node].T)
            parts.append((one.y[:, None] * (theta[one.f] - theta[one.t])).T)
            node += one.n_node
        return np.concatenate(parts, axis=1)

    def part(self, answer: Any, rows: list[tuple[int, int]]) -> _Part:
        """What the solution says, hour by hour."""
        grid, at, case = self.grid, self.at, self.grid.case
        x = answer.x.reshape(self.hours, at.n)
        power = self.fixed_floor.copy()
        np.add.at(power.T, grid.segments.unit, x[:, : at.shed].T)
        on, started = np.zeros_like(power), np.zeros_like(power)
        if self.relaxed:
            on[:, self.units] = x[:, at.on : at.started]
            started[:, self.units] = x[:, at.started :]
            power += self.floor * on
        else:
            on[:, self.units] = 1.0
        n_island = len(grid.model.islands)
        balance = answer.eqlin.marginals[: self.hours * n_island].reshape(self.hours, n_island)
        node_price = balance[:, grid.island]
        if rows:
            n_before = 0 if self.base["b_ub"] is None else len(self.base["b_ub"])
            duals = answer.ineqlin.marginals[n_before:]
            k = 0
            for h, l in rows:
                for way, end in ((1.0, grid.high[l]), (-1.0, -grid.low[l])):
                    if np.isfinite(end):
                        if duals[k]:
                            node_price[h] += way * duals[k] * self.factors(l)
                        k += 1
        price = np.full((self.hours, case.n_bus), np.nan)
        price[:, self.live] = node_price[:, grid.net.node_of_bus[self.live]]
        shed = np.zeros((self.hours, case.n_bus))
        shed[:, self.shed_row] = x[:, at.shed : at.charge]
        dark = ~self.live & (case.bus[:, 1] != ISOLATED)
        shed[:, dark] = np.maximum(self.load[:, dark], 0)
        cost = (x * self.base["cost"].reshape(x.shape)).sum(axis=1)
        cost += grid.cost_of_lost_load * shed[:, dark].sum(axis=1)
        if not self.relaxed:
            cost += grid.segments.floor_cost[self.units].sum()
        return _Part(
            power, price, cost, shed, x[:, at.charge : at.discharge], x[:, at.discharge : at.energy],
            x[:, at.energy : at.on], on, started,
        )  # fmt: skip

    def why_not(self, answer: Any, rows: list[tuple[int, int]], first: int) -> CaseError:
        """The limit in the way: left out one after the other until there is a course."""
        span = f"{first}:{first + self.hours}"
        if answer.status != 2:
            return CaseError(
                _("the hours {span} of {case} were not solved: {reason}.").format(
                    span=span, case=self.grid.case.name, reason=str(answer.message).strip().rstrip(".")
                ),
                _("fewer hours a window, or another unit of cost, may help."),
            )  # fmt: skip
        hint = _("let units go below their minimum (--units-down) or give other limits.")
        if self.solved([]).status == 0:
            return CaseError(
                _("no course of the hours {span} of {case} keeps the ratings of all branches.").format(span=span, case=self.grid.case.name),
                hint,
            )  # fmt: skip
        if self.base["a_ub"] is not None and self.solved([], ramps=False).status == 0:
            return CaseError(
                _("no course of the hours {span} of {case} keeps the ramps of all units.").format(span=span, case=self.grid.case.name),
                hint,
            )  # fmt: skip
        if self.grid.storage and self.solved([], ends=False).status == 0:
            return CaseError(
                _("no course of the hours {span} of {case} fills the storage to its end.").format(span=span, case=self.grid.case.name),
                _("a lower end, more charging or more hours are needed."),
            )  # fmt: skip
        if self.solved([], minima=False).status == 0:
            return CaseError(
                _("in some of the hours {span} of {case} the minima of the units in service exceed the load.").format(span=span, case=self.grid.case.name),
                hint,
            )  # fmt: skip
        return CaseError(
            _("no course of the hours {span} of {case} keeps all limits.").format(span=span, case=self.grid.case.name),
            hint,
        )  # fmt: skip
