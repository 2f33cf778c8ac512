"""What would the proposed excise tax on mining electricity cost? US dollars a year [USD/a].

The DAME tax (Digital Asset Mining Energy) was proposed in the US budgets for 2024 and 2025 and never enacted. Its
base is the *cost* of the electricity, not the energy: 10 % in the first year, 20 % in the second, 30 % from then
on. It concerns the mining of digital assets only; applied to AI it is a counterfactual and is headed as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.quantity.figure import Figure, exact
from taotie.quantity.lift import lifted
from taotie.quantity.unit_word import with_unit
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = [
    "DAME_SCHEDULE",
    "DAME_START",
    "Levy",
    "break_even_price_usd_per_mwh",
    "excise_tax",
    "excise_tax_usd",
    "tax_rate",
]

Floats = npt.NDArray[np.float64]
PriceKind = Literal["purchase", "lease", "estimated"]
Base = Literal["mining", "ai"]

DAME_SCHEDULE = (0.10, 0.20, 0.30)
"""Rates of the first, second, third and all later years. Source ``cea2023_dame``. [1]"""
DAME_START = 2024
"""Tax years beginning after 31 December 2023. Source ``cea2023_dame``."""

_PRICE_KINDS = ("purchase", "lease", "estimated")


def tax_rate(
    year: int, schedule: Sequence[float] = DAME_SCHEDULE, start: int = DAME_START
) -> float:
    """Rate of the tax in a tax year.

    Parameters
    ----------
    year : int
        Calendar year in which the tax year begins.
    schedule : sequence of float
        Rates by year; the last holds for all later years. [1]
    start : int
        First year of the tax; before it the rate is 0.

    Returns
    -------
    rate : float
        [1]

    Raises
    ------
    RangeError
        If the schedule is empty or a rate leaves 0..1.

    Examples
    --------
    >>> [tax_rate(y) for y in (2023, 2024, 2025, 2026, 2030)]
    [0.0, 0.1, 0.2, 0.3, 0.3]
    """
    if not schedule:
        raise RangeError(_("the schedule of the tax has no rate."))
    for rate in schedule:
        if not 0.0 <= rate <= 1.0:
            raise RangeError(
                _("a tax rate of {rate} leaves 0..1.").format(rate=rate), _("10 % is 0.10")
            )
    if year < start:
        return 0.0
    return float(schedule[min(year - start, len(schedule) - 1)])


@lifted(energy_mwh="MWh", price_usd_per_mwh="USD/MWh", rate="1", returns="USD", boundary=None)
def excise_tax_usd(
    energy_mwh: npt.ArrayLike, price_usd_per_mwh: npt.ArrayLike, rate: npt.ArrayLike
) -> Floats:
    """Tax on the cost of electricity.

    Parameters
    ----------
    energy_mwh : array_like
        Electricity used in the tax year. [MWh]
    price_usd_per_mwh : array_like, broadcastable
        What it cost, or is estimated to have cost if self-produced. [USD/MWh]
    rate : array_like, broadcastable
        See `tax_rate`. [1]

    Returns
    -------
    tax_usd : ndarray
        [USD]

    Raises
    ------
    RangeError
        If energy or price is negative or not finite, or a rate leaves 0..1. (Hours of negative prices lower
        the cost of a year; a negative mean price has no tax.)

    Notes
    -----
    ``tax = rate E price``

    References
    ----------
    .. [1] Source ``cea2023_dame``.

    Examples
    --------
    100 GWh at 60 USD/MWh in 2024, 2025 and 2026, in million dollars:

    >>> excise_tax_usd(100e3, 60.0, [0.1, 0.2, 0.3]) / 1e6
    array([0.6, 1.2, 1.8])
    """
    energy = _not_negative("energy_mwh", energy_mwh, "MWh")
    price = _not_negative("price_usd_per_mwh", price_usd_per_mwh, "USD/MWh")
    share = _not_negative("rate", rate, "1")
    if (share > 1.0).any():
        raise RangeError(
            _("rate={value} is above 1.").format(value=float(share.max())), _("30 % is 0.30")
        )
    return np.asarray(share * energy * price)


@lifted(break_even_usd_per_mwh="USD/MWh", rate="1", returns="USD/MWh", boundary=None)
def break_even_price_usd_per_mwh(
    break_even_usd_per_mwh: npt.ArrayLike, rate: npt.ArrayLike
) -> Floats:
    """The electricity price at which a miner still breaks even once the tax is due.

    Parameters
    ----------
    break_even_usd_per_mwh : array_like
        Price at which the machine breaks even without the tax. [USD/MWh]
    rate : array_like, broadcastable
        See `tax_rate`. [1]

    Returns
    -------
    price : ndarray
        [USD/MWh]

    Raises
    ------
    RangeError
        If an input is negative or not finite.

    Notes
    -----
    ``p_tax = p / (1 + rate)``: the miner bears the whole tax, for the coin's price does not answer.

    Examples
    --------
    >>> break_even_price_usd_per_mwh(78.0, 0.3)
    array(60.)
    """
    price = _not_negative("break_even_usd_per_mwh", break_even_usd_per_mwh, "USD/MWh")
    return np.asarray(price / (1.0 + _not_negative("rate", rate, "1")))


@dataclass(frozen=True)
class Levy:
    """A tax with what has to be said beside it.

    Attributes
    ----------
    tax : Figure
        [USD]
    cost : Figure
        Its base: cost of the electricity. [USD]
    energy : Figure
        [MWh]
    rate : float
        [1]
    year : int
        Calendar year in which the tax year begins.
    price_kind : {"purchase", "lease", "estimated"}
        Where the cost comes from.
    counterfactual : bool
        True if no such tax was ever proposed for this use.
    heading, note : str
        In words; a counterfactual's heading says so.
    """

    tax: Figure
    cost: Figure
    energy: Figure
    rate: float
    year: int
    price_kind: PriceKind
    counterfactual: bool
    heading: str
    note: str


def excise_tax(
    energy: Figure,
    price: Figure,
    year: int,
    *,
    apply_to: Base = "mining",
    price_kind: PriceKind = "purchase",
    off_grid: bool = False,
    schedule: Sequence[float] = DAME_SCHEDULE,
    start: int = DAME_START,
) -> Levy:
    """The proposed tax on a year's electricity, from figures.

    Parameters
    ----------
    energy : Figure
        Electricity of a tax year. [MWh, or TWh/a for one year]
    price : Figure
        [USD/MWh]
    year : int
        Calendar year in which the tax year begins.
    apply_to : {"mining", "ai"}
        The proposal covers mining; `"ai"` is a counterfactual.
    price_kind : {"purchase", "lease", "estimated"}
        Bought; the lessor's electricity attributable to a lease; or estimated.
    off_grid : bool
        Self-produced electricity: its cost is an estimate, so `price_kind` must say so.
    schedule, start
        See `tax_rate`.

    Returns
    -------
    levy : Levy

    Raises
    ------
    RangeError
        If a choice is unknown, or off-grid electricity has a price that is not marked as estimated.
    UnitError
        If units do not fit.
    """
    if price_kind not in _PRICE_KINDS:
        raise RangeError(
            _("price_kind={value} is not one of {known}.").format(
                value=repr(price_kind), known=listing(_PRICE_KINDS)
            )
        )
    if apply_to not in ("mining", "ai"):
        raise RangeError(
            _("apply_to={value} is not mining or ai.").format(value=repr(apply_to)),
        )
    if off_grid and price_kind != "estimated":
        raise RangeError(
            _("off-grid electricity has no purchase price; price_kind={value} cannot hold.").format(
                value=repr(price_kind)
            ),
            _("the proposal taxes its estimated cost: price_kind = 'estimated'"),
        )
    rate = tax_rate(year, schedule, start)
    used = energy * exact(1.0, "a") if energy.unit.endswith("/a") else energy
    cost = (used.to("MWh") * price).to("USD")
    tax: Figure = excise_tax_usd(used, price, exact(rate, "1", key="tax_rate"))  # type: ignore[arg-type, assignment]
    counterfactual = apply_to == "ai"
    if counterfactual:
        heading = _("Counterfactual: no such tax on AI electricity was ever proposed")
    else:
        heading = _("DAME tax on mining electricity: proposed in the US, never enacted")
    note = _("{rate:.0%} of the cost of electricity ({kind}) in a tax year that begins in {year}")
    return Levy(
        tax=tax,
        cost=cost,
        energy=used,
        rate=rate,
        year=year,
        price_kind=price_kind,
        counterfactual=counterfactual,
        heading=heading,
        note=note.format(rate=rate, kind=price_kind, year=year),
    )


def _not_negative(name: str, value: npt.ArrayLike, unit: str) -> Floats:
    values = np.asarray(value, dtype=np.float64)
    bad = ~(values >= 0.0) | ~np.isfinite(values)
    if bad.any():
        raise RangeError(
            _("{name}={value} is not a number of at least 0.").format(
                name=name, value=with_unit(float(values[bad].flat[0]), unit)
            )
        )
    return values
