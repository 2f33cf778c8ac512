"""What follows from a dispatch: carbon on average and of one more MWh, prices before and after a load, fuels.

Carbon in t/h and gCO2e/kWh, prices in $/MWh of the case's own money.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, RangeError
from taotie.grid.case.case import Case
from taotie.grid.dispatch.optimal import Dispatch, marginal_response, optimal_dispatch
from taotie.quantity.catalog import table
from taotie.words.language import _

__all__ = [
    "DispatchEmissions",
    "PriceChange",
    "dispatch_emissions",
    "fuel_shares",
    "price_change",
    "unit_factors_t_per_mwh",
    "unit_fuels",
]

FloatArray = NDArray[np.float64]

FUEL = {
    "coal": "coal", "ng": "gas", "gas": "gas", "nuclear": "nuclear", "hydro": "hydro", "wind": "wind",
    "solar": "solar", "dfo": "oil", "oil": "oil", "rfo": "oil", "biomass": "other", "wood": "other",
    "other": "other", "unknown": "other", "geothermal": "other", "ess": "other",
}  # fmt: skip


def unit_fuels(case: Case) -> tuple[str, ...]:
    """Fuel of each unit, as the table `emission_factors` calls it; what it does not know is "other".

    Raises
    ------
    CaseError
        The case does not name the fuel of its units.

    Examples
    --------
    >>> from taotie.grid.case.case import read_case
    >>> sorted(set(unit_fuels(read_case("ACTIVSg200"))))
    ['coal', 'gas', 'nuclear', 'wind']
    """
    if len(case.gen_fuel) != case.n_gen:
        raise CaseError(
            _("{case} does not say which fuel its units burn.").format(case=case.name),
            _("take a case with mpc.genfuel (the ACTIVSg cases), or give factors yourself."),
        )
    return tuple(FUEL.get(fuel.strip().lower(), "other") for fuel in case.gen_fuel)


def unit_factors_t_per_mwh(case: Case) -> FloatArray:
    """Life-cycle emissions of each unit by its fuel (table `emission_factors`), shape (n_gen,). [t/MWh]

    Raises
    ------
    CaseError
        The case does not name the fuel of its units.
    """
    cells = table("emission_factors")
    by_fuel = {fuel: float(str(cells.value(fuel, "life_cycle"))) / 1000 for fuel in cells.items()}
    return np.array([by_fuel[fuel] for fuel in unit_fuels(case)])


class DispatchEmissions(NamedTuple):
    """Carbon of a dispatch: average of all, and of one more MWh at a bus.

    Parameters
    ----------
    total_t_per_h : float
        [t/h]
    average_g_per_kwh : float
        [gCO2e/kWh]
    marginal_g_per_kwh : float
        At the bus asked for; NaN where the dispatch is degenerate. [gCO2e/kWh]
    """

    total_t_per_h: float
    average_g_per_kwh: float
    marginal_g_per_kwh: float


def dispatch_emissions(
    dispatch: Dispatch, factors_t_per_mwh: ArrayLike, bus: int
) -> DispatchEmissions:
    """Average and marginal intensity of a dispatch; with cost in place of carbon the latter is the price.

    Examples
    --------
    >>> from taotie.grid.case.case import read_case
    >>> from taotie.grid.dispatch.optimal import optimal_dispatch
    >>> best = optimal_dispatch(read_case("case5"))
    >>> dispatch_emissions(best, [0.014, 0.015, 0.03, 0.04, 0.01], bus=4)._asdict()["marginal_g_per_kwh"]
    39.9427...
    """
    factors = np.asarray(factors_t_per_mwh, float)
    p = np.maximum(dispatch.power_mw, 0)
    total = float(factors @ p)
    change = marginal_response(dispatch, bus)
    return DispatchEmissions(
        total,
        1000 * total / float(p.sum()) if p.sum() else float("nan"),
        1000 * float(factors @ change),
    )


class PriceChange(NamedTuple):
    """A new load's effect on price and cost.

    Parameters
    ----------
    before, after : Dispatch
    at_bus_before, at_bus_after : float
        Price at the load's bus. [$/MWh]
    mean_before, mean_after : float
        Load-weighted price. [$/MWh]
    extra_cost_usd_per_mwh : float
        Extra generation cost over the new energy. [$/MWh]
    """

    before: Dispatch
    after: Dispatch
    at_bus_before: float
    at_bus_after: float
    mean_before: float
    mean_after: float
    extra_cost_usd_per_mwh: float


def price_change(case: Case, bus: int, load_mw: float, **options: float) -> PriceChange:
    """Price before and after a new load at a bus.

    Parameters
    ----------
    case : Case
    bus : int
    load_mw : float
        New constant load. [MW]
    **options
        Passed to `optimal_dispatch`.

    Raises
    ------
    CaseError
        The load cannot be served.

    Examples
    --------
    100 MW more at bus 2 of the 5-bus case:

    >>> from taotie.grid.case.case import read_case
    >>> change = price_change(read_case("case5"), 2, 100.0)
    >>> round(change.at_bus_before, 2), round(change.at_bus_after, 2)
    (26.38, 26.38)
    """
    if load_mw <= 0:
        raise RangeError(_("load_mw={value} MW is not above 0.").format(value=load_mw))
    row = int(case.rows_of_bus([bus])[0])
    before = optimal_dispatch(case, **options)  # type: ignore[arg-type]
    after = optimal_dispatch(case.with_load(bus, load_mw), **options)  # type: ignore[arg-type]
    weight = np.where(np.isnan(before.price_usd_per_mwh), 0.0, np.maximum(case.load_mw, 0))

    def mean(prices: FloatArray) -> float:
        return float(np.nansum(prices * weight) / weight.sum()) if weight.sum() else float("nan")

    return PriceChange(
        before,
        after,
        float(before.price_usd_per_mwh[row]),
        float(after.price_usd_per_mwh[row]),
        mean(before.price_usd_per_mwh),
        mean(after.price_usd_per_mwh),
        (after.cost_usd_per_h - before.cost_usd_per_h) / load_mw,
    )


def fuel_shares(dispatch: Dispatch) -> Mapping[str, float]:
    """Share of generation by fuel, in falling order; empty where the case names no fuels. [1]"""
    if len(dispatch.case.gen_fuel) != dispatch.case.n_gen:
        return {}
    total: dict[str, float] = {}
    for fuel, p in zip(dispatch.case.gen_fuel, dispatch.power_mw, strict=True):
        total[fuel] = total.get(fuel, 0.0) + max(float(p), 0.0)
    everything = sum(total.values()) or 1.0
    return {k: v / everything for k, v in sorted(total.items(), key=lambda i: -i[1])}
