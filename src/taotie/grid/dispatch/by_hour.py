"""What does each hour cost, at each bus, and how much carbon? Optimal dispatch of many hours, one after the other.

Power in MW, price in $/MWh. Hours are independent: no storage, no ramps, no start-up; units in service stay in
service. The program is built once, only loads and availabilities change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, RangeError
from taotie.grid.case.grid_case import ISOLATED, Case
from taotie.grid.dispatch.optimal import _answer, _network, _program, running_units
from taotie.grid.dispatch.unit_cost import cost_segments
from taotie.grid.flow.dc_power_flow import dc_model
from taotie.words.language import _

__all__ = [
    "HourlyDispatch",
    "hourly_dispatch",
    "hours_checked",
    "least_carbon",
    "marginal_g_per_kwh",
]

FloatArray = NDArray[np.float64]
HOURLY_LIMITS = (
    "hours are independent: no storage, no ramps, no start-up, commitment as in the case",
    "DC, all branches in service",
)


@dataclass(frozen=True)
class HourlyDispatch:
    """Dispatch of some hours.

    Parameters
    ----------
    power_mw : ndarray, shape (n_hour, n_gen)
        NaN in an hour without a dispatch, like all below. [MW]
    price_usd_per_mwh : ndarray, shape (n_hour, n_bus)
        NaN where no unit reaches. [$/MWh]
    cost_usd_per_h : ndarray, shape (n_hour,)
        Without what units cost at their minimum. [$/h]
    shed_mw : ndarray, shape (n_hour,)
        Load not served. [MW]
    solved : ndarray of bool, shape (n_hour,)
        False where no dispatch keeps all limits, shed load or not: as a rule the minima of the
        units in service exceed the load.
    limits : tuple of str
    """

    power_mw: FloatArray
    price_usd_per_mwh: FloatArray
    cost_usd_per_h: FloatArray
    shed_mw: FloatArray
    solved: NDArray[np.bool_]
    limits: tuple[str, ...] = HOURLY_LIMITS

    def average_g_per_kwh(self, factors_t_per_mwh: ArrayLike) -> FloatArray:
        """Average intensity of every hour, shape (n_hour,). [gCO2e/kWh]"""
        p = np.maximum(self.power_mw, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(1000 * (p @ np.asarray(factors_t_per_mwh, float)) / p.sum(axis=1))


def marginal_g_per_kwh(
    before: HourlyDispatch, after: HourlyDispatch, factors_t_per_mwh: ArrayLike
) -> FloatArray:
    """Carbon of what was added, hour by hour: change of emissions over change of generation.

    Parameters
    ----------
    before, after : HourlyDispatch
        The same hours without and with the new load.
    factors_t_per_mwh : array_like, shape (n_gen,)
        [t/MWh]

    Returns
    -------
    intensity : ndarray, shape (n_hour,)
        NaN where generation did not change. Below 0 where congestion makes a cleaner unit replace
        a dirtier one. [gCO2e/kWh]

    Examples
    --------
    One more MW at bus 4 of the 5-bus case, with cost in place of carbon: the price there.

    >>> from taotie.grid.case.case import read_case
    >>> case = read_case("case5")
    >>> now, more = (hourly_dispatch(c, [c.load_mw]) for c in (case, case.with_load(4, 1.0)))
    >>> marginal_g_per_kwh(now, more, [0.014, 0.015, 0.030, 0.040, 0.010]).round(4)
    array([39.9427])
    """
    change = after.power_mw - before.power_mw
    total = change.sum(axis=1)
    emitted = change @ np.asarray(factors_t_per_mwh, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(total) > 1e-6, 1000 * emitted / total, np.nan)


def least_carbon(factors_t_per_mwh: ArrayLike) -> FloatArray:
    """A price on carbon of a ten-thousandth of a dollar a tonne, shape (n_gen,): decides among equal costs only. [$/MWh]

    Wind, sun and water cost nothing in most cases: which of them gives way would be left to the solver, and with it the
    carbon of one more MWh.
    """
    return 1e-4 * np.asarray(factors_t_per_mwh, float)


def hours_checked(
    case: Case, load_mw: ArrayLike, available_mw: ArrayLike | None
) -> tuple[FloatArray, FloatArray | None]:
    """Load, shape (n_hour, n_bus), and availability, shape (n_hour, n_gen), as arrays; refused where they are no such. [MW]"""
    load = np.asarray(load_mw, float)
    if load.ndim != 2 or load.shape[1] != case.n_bus or not len(load) or not np.isfinite(load).all():  # fmt: skip
        raise RangeError(
            _(
                "hourly load has shape {shape}; one row an hour and {n} columns of finite MW are needed."
            ).format(shape=load.shape, n=case.n_bus)
        )
    available = None
    if available_mw is not None:
        available = np.asarray(available_mw, float)
        if available.shape != (len(load), case.n_gen) or not (available >= 0).all():
            raise RangeError(
                _(
                    "availability has shape {shape}; {h} rows and {n} columns of MW not below 0 are needed."
                ).format(shape=available.shape, h=len(load), n=case.n_gen)
            )
    return load, available


def hourly_dispatch(
    case: Case,
    load_mw: ArrayLike,
    available_mw: ArrayLike | None = None,
    value_of_lost_load: float = 9000.0,
    pieces: int = 10,
    keep_minimum: bool = True,
    prefer_usd_per_mwh: ArrayLike | None = None,
) -> HourlyDispatch:
    """The cheapest dispatch of every hour.

    Parameters
    ----------
    case : Case
    load_mw : array_like, shape (n_hour, n_bus)
        [MW]
    available_mw : array_like, shape (n_hour, n_gen), optional
        Most each unit can give, such as wind and sun allow; Pmax by default. [MW]
    value_of_lost_load : float
        Load is shed at this cost rather than the year stopped. [$/MWh]
    pieces : int
        Linear pieces of a quadratic cost.
    keep_minimum : bool
        Hold units above Pmin in every hour; without it any unit may go down to 0, which stands
        for a commitment that follows the load.
    prefer_usd_per_mwh : array_like, shape (n_gen,), optional
        Which of several dispatches of one cost is taken: the one with the least of this, a price far below any
        difference of costs (`least_carbon`). It is in no cost told. [$/MWh]

    Returns
    -------
    hours : HourlyDispatch

    Raises
    ------
    RangeError
        Tables of another shape, with gaps or negative availability.
    CaseError
        Not one hour has a dispatch.

    Examples
    --------
    The 5-bus case at its own load and at half of it:

    >>> from taotie.grid.case.case import read_case
    >>> case = read_case("case5")
    >>> hours = hourly_dispatch(case, [case.load_mw, case.load_mw / 2])
    >>> hours.cost_usd_per_h.round(3).tolist()
    [17479.897, 5000.0]
    """
    load, available = hours_checked(case, load_mw, available_mw)
    if not keep_minimum:
        table = case.gen.copy()
        table[:, 9] = np.minimum(table[:, 9], 0.0)
        case = replace(case, gen=table)
    model = dc_model(case)
    net = _network(model)
    segments = cost_segments(case, None, 0.0, pieces, running_units(case, model.dead_bus))
    program = _program(case, net, segments, value_of_lost_load, ())
    beside = np.zeros(len(program.cost))
    if prefer_usd_per_mwh is not None:
        beside[: program.n_piece] = np.asarray(prefer_usd_per_mwh, float)[segments.unit]
        program = program._replace(cost=program.cost + beside)
    live = net.node_of_bus >= 0
    unreached = ~live & (case.bus[:, 1] != ISOLATED)
    unit, n_piece = segments.unit, program.n_piece
    # MW a unit gives before each of its pieces begins
    before = np.concatenate([[0.0], np.cumsum(segments.width)])[:-1]
    first = np.searchsorted(unit, unit)
    before = before - before[first]
    power = np.zeros((len(load), case.n_gen))
    price = np.full((len(load), case.n_bus), np.nan)
    cost, shed = np.zeros(len(load)), np.zeros(len(load))
    solved, error = np.ones(len(load), bool), None
    for h, row in enumerate(load):
        change = np.bincount(
            net.node_of_bus[live], (row - case.load_mw)[live], minlength=net.n_node
        )
        demand, high, floor = program.demand + change, program.high.copy(), segments.floor_mw
        high[n_piece + net.n_node :] = np.where(live, np.maximum(row, 0), 0.0)
        if available is not None:
            floor = np.minimum(floor, available[h])
            room = (available[h] - floor)[unit] - before
            high[:n_piece] = np.clip(room, 0, segments.width)
            units = np.flatnonzero(case.gen_on & (net.node_of_bus[case.gen_row] >= 0))
            less = (segments.floor_mw - floor)[units]
            demand = demand + np.bincount(
                net.node_of_bus[case.gen_row[units]], less, minlength=net.n_node
            )
        try:
            answer = _answer(case, program._replace(demand=demand, high=high), False)
        except CaseError as problem:  # one hour without an answer does not end the year
            solved[h], error = False, problem
            power[h] = cost[h] = shed[h] = np.nan
            continue
        power[h] = floor
        np.add.at(power[h], unit, answer.x[:n_piece])
        price[h, live] = answer.eqlin.marginals[net.node_of_bus[live]]
        lost = float(np.maximum(row, 0)[unreached].sum())  # no unit reaches it
        shed[h] = answer.x[n_piece + net.n_node :].sum() + lost
        cost[h] = answer.fun - beside @ answer.x + lost * (value_of_lost_load or 0.0)
    if error is not None and not solved.any():
        raise error
    return HourlyDispatch(power, price, cost, shed, solved)
