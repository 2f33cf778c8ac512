"""How much carbon does a kilowatt-hour cause? Average and marginal, labelled and never mixed. In gCO2e/kWh.

*Average* shares out all emissions of a region over all its energy: for accounting. *Marginal* is what
one more kilowatt-hour sets off: for decisions. *Generation* figures hold at the power station;
*consumption* figures include the losses on the way to the meter.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import RangeError
from taotie.grid.region_names import chain, place_key, place_name
from taotie.quantity.catalog import figure, table
from taotie.quantity.figure import Figure
from taotie.quantity.lift import lifted
from taotie.words.language import N_, _

__all__ = [
    "AT_USE",
    "BASES",
    "Intensity",
    "attributional_intensity_g_per_kwh",
    "coal_delay_t",
    "consumed_intensity_g_per_kwh",
    "grid_loss_share",
    "intensity",
    "intensity_regions",
    "marginal_intensity_g_per_kwh",
    "region_name",
    "year_of",
]

FloatArray = NDArray[np.float64]
TABLE = "carbon_intensity"
_AVERAGE = {
    "average_consumption_2023": "consumption_co2",
    "average_generation_2025": "generation",
    "average_combustion_2023": "combustion",
    "average_generation": "generation",
    "average_consumption": "consumption",
    "average_fossil_only": "fossil_only",
}
"""Quantities of the table, the newest edition first, and what each stands for. Of a country the ministry's own factor
comes before a life-cycle average, of a US state or subregion eGRID2023 before the rows of 2019."""

BASES = {
    "generation": N_("life cycle, at the power station"),
    "combustion": N_("combustion, CO2e at the power station"),
    "consumption": N_("combustion, at the point of use"),
    "consumption_co2": N_("combustion, CO2 only, electricity consumed"),
    "fossil_only": N_("life cycle of oil, gas and coal alone"),
}
"""What an average stands for, in words. Never mix two of them in one comparison unsaid."""
AT_USE = ("consumption", "consumption_co2")
"""Bases that hold where power is used: network losses are in them."""


class Intensity(NamedTuple):
    """What is known of a region.

    Parameters
    ----------
    region : str
        Key in the table: ISO 3166 alpha-3, `US-` and eGRID subregion, or a balancing area.
    name : str
        Name in the language in force.
    average : Figure
        Average intensity. [gCO2e/kWh]
    average_basis : str
        One of `BASES`: what the average stands for.
    marginal : Figure or None
        Short-run marginal intensity; None where none is published or computed. [gCO2e/kWh]
    year : int
        Year that the average is of.
    of : str
        Key of the place it is held for: the region itself, or the next that contains it.
    """

    region: str
    name: str
    average: Figure
    average_basis: str
    marginal: Figure | None
    year: int = 0
    of: str = ""


def intensity_regions() -> tuple[str, ...]:
    """Regions the table knows, in its order.

    Examples
    --------
    >>> {"USA", "WORLD", "US-ERCT", "PJM"} <= set(intensity_regions())
    True
    """
    return tuple(table(TABLE).items())


def region_name(region: str) -> str:
    """Name of a region in the language in force."""
    return place_name(region)


def year_of(key: str, quantity: str) -> int:
    """Year that a cell of the table is of; 0 if it does not say.

    Examples
    --------
    >>> year_of("DEU", "average_generation_2025"), year_of("US-VA", "average_combustion_2023")
    (2025, 2023)
    """
    if quantity[-4:].isdigit():
        return int(quantity[-4:])
    cell = table(TABLE).cell(key, quantity)
    years = re.findall(r"(?:19|20)\d\d", cell["locator"]) if cell else []
    return int(years[-1]) if years else 0


def intensity(region: str) -> Intensity:
    """Average and marginal intensity of a country, state, province, US subregion, market area or cloud region.

    Parameters
    ----------
    region : str
        `USA`, `China`, `中国`, `Virginia`, `US-ERCT`, `PJM`, `aws:us-east-1` ... Of what is not held, that of the
        place which contains it.

    Returns
    -------
    intensity : Intensity

    Raises
    ------
    UnknownNameError
        Region not in the table; the hint names the nearest.

    Examples
    --------
    Ember's average for the United States in 2025, eGRID's for Virginia in 2023, and two for PJM in 2022:

    >>> round(intensity("United States").average.p50, 1), intensity("Virginia").year
    (384.4, 2023)
    >>> pjm = intensity("PJM")
    >>> round(pjm.average.p50, 1), round(pjm.marginal.p50, 1)
    (359.0, 574.3)
    """
    key = place_key(region)
    cells = table(TABLE)
    held = set(cells.items())
    for one in chain(key):
        known = set(cells.quantities(one)) if one in held else set()
        quantity = next((q for q in _AVERAGE if q in known), None)
        if quantity is None:
            continue
        marginal = (
            cells.figure(one, "marginal_short_run") if "marginal_short_run" in known else None
        )
        return Intensity(
            key, place_name(key), cells.figure(one, quantity), _AVERAGE[quantity], marginal,
            year_of(one, quantity), one,
        )  # fmt: skip
    raise AssertionError(key)  # the world has one


def grid_loss_share() -> Figure:
    """Share of electricity lost between power station and meter, United States. [1]"""
    return figure("eia_faq_losses.grid_loss_share_us")


@lifted(
    intensity_g_per_kwh="gCO2e/kWh",
    loss_share="1",
    returns="gCO2e/kWh",
    boundary=None,
)
def consumed_intensity_g_per_kwh(intensity_g_per_kwh: Any, loss_share: Any) -> Any:
    """Intensity at the meter from that at the power station.

    Parameters
    ----------
    intensity_g_per_kwh : array_like
        At the power station. [gCO2e/kWh]
    loss_share : array_like
        Share lost on the way. [1]

    Returns
    -------
    intensity_g_per_kwh : ndarray
        At the meter. [gCO2e/kWh]

    Raises
    ------
    RangeError
        A loss share outside 0..1.

    Notes
    -----
    ``EF_consumed = EF_generated / (1 - loss)``

    Examples
    --------
    >>> round(float(consumed_intensity_g_per_kwh(380.0, 0.05)), 3)
    400.0
    """
    loss = np.asarray(loss_share, float)
    if not ((loss >= 0) & (loss < 1)).all():
        raise RangeError(
            _("loss_share={value} is outside 0 to 1.").format(value=loss_share),
            _("5 % is written 0.05."),
        )
    return np.asarray(intensity_g_per_kwh, float) / (1 - loss)


def attributional_intensity_g_per_kwh(
    generation_mw: ArrayLike, factor_g_per_kwh: ArrayLike
) -> FloatArray:
    """Average intensity of a mix.

    Parameters
    ----------
    generation_mw : array_like, shape (..., n_fuel)
        Generation by fuel; below zero counts as zero. [MW]
    factor_g_per_kwh : array_like, shape (n_fuel,)
        Emissions by fuel. [gCO2e/kWh]

    Returns
    -------
    intensity_g_per_kwh : ndarray, shape (...)
        NaN where nothing is generated. [gCO2e/kWh]

    Notes
    -----
    ``CI = sum EF_f G_f / sum G_f``

    Examples
    --------
    PJM at 2022-01-01 00:00 UTC [1]_, published rounded as 341.4:

    >>> mix = [3494, 17, 3044, 241, 33595, 17255, 33745, 722]
    >>> factors = [11, 41, 24, 650, 490, 820, 12, 230]
    >>> float(attributional_intensity_g_per_kwh(mix, factors).round(10))
    341.4337498507

    References
    ----------
    .. [1] Source ``dcrl_lifecycle_factors``.
    """
    g = np.maximum(np.asarray(generation_mw, float), 0)
    total = g.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((g @ np.asarray(factor_g_per_kwh, float)) / total)


def marginal_intensity_g_per_kwh(
    generation_mw: ArrayLike,
    emissions_t_per_h: ArrayLike,
    total_generation_mw: ArrayLike | None = None,
    largest_change: float = 0.2,
) -> float:
    """Short-run marginal intensity from hourly changes.

    Parameters
    ----------
    generation_mw : array_like, shape (n_hour,)
        What the change is measured on: fossil generation or residual load. Total generation breaks
        where solar power ramps. NaN marks a gap. [MW]
    emissions_t_per_h : array_like, shape (n_hour,)
        Emissions of the same hours. [t/h]
    total_generation_mw : array_like, optional
        Hours in which this changes by `largest_change` of its mean or more are left out; by default
        `generation_mw`. [MW]
    largest_change : float
        [1]

    Returns
    -------
    intensity_g_per_kwh : float
        NaN where nothing changes. [gCO2e/kWh]

    Notes
    -----
    ``MEF = sum dG dE / sum dG^2``, a regression through the origin.

    References
    ----------
    .. [1] A. D. Hawkes, Energy Policy 38(10), 5977-5987, 2010.
    .. [2] K. Siler-Evans, I. L. Azevedo, M. G. Morgan, Environ. Sci. Technol. 46, 2012.

    Examples
    --------
    Gas at 490 g/kWh following the load:

    >>> gas = np.array([100.0, 120.0, 90.0, 105.0])
    >>> marginal_intensity_g_per_kwh(gas, 0.49 * gas, largest_change=1.0)
    490.0
    """
    g, e = np.asarray(generation_mw, float), np.asarray(emissions_t_per_h, float)
    total = g if total_generation_mw is None else np.asarray(total_generation_mw, float)
    dg, de, dt = np.diff(g), np.diff(e), np.diff(total)
    good = np.isfinite(dg) & np.isfinite(de)
    good &= np.abs(dt) < largest_change * np.nanmean(total)
    square = float((dg[good] ** 2).sum())
    return round(1000 * float((dg[good] * de[good]).sum()) / square, 9) if square else float("nan")


@lifted(
    capacity_mw="MW",
    capacity_factor="1",
    coal_t_per_mwh="tCO2e/MWh",
    displaced_t_per_mwh="tCO2e/MWh",
    years="a",
    returns="tCO2e",
    boundary=None,
)
def coal_delay_t(
    capacity_mw: Any,
    capacity_factor: Any,
    coal_t_per_mwh: Any,
    displaced_t_per_mwh: Any,
    years: Any,
) -> Any:
    """Extra emissions when a coal plant runs on instead of being replaced.

    Parameters
    ----------
    capacity_mw : array_like
        Capacity kept. [MW]
    capacity_factor : array_like
        Mean output over capacity. [1]
    coal_t_per_mwh, displaced_t_per_mwh : array_like
        Emissions of the plant, and of what would have run instead (0 for gross). [tCO2e/MWh]
    years : array_like
        Length of the delay. [a]

    Returns
    -------
    emissions_t : ndarray
        [tCO2e]

    Notes
    -----
    ``P * 8760 h/a * CF * (EF_coal - EF_displaced) * years``

    Examples
    --------
    1 GW at half output for a year against combined-cycle gas, and gross:

    >>> round(float(coal_delay_t(1000.0, 0.5, 0.944, 0.341, 1.0)) / 1e6, 2)
    2.64
    >>> round(float(coal_delay_t(1000.0, 0.5, 0.944, 0.0, 1.0)) / 1e6, 2)
    4.13
    """
    cf = np.asarray(capacity_factor, float)
    if not ((cf >= 0) & (cf <= 1)).all():
        raise RangeError(
            _("capacity_factor={value} is outside 0 to 1.").format(value=capacity_factor),
            _("50 % is written 0.5."),
        )
    saved = np.asarray(coal_t_per_mwh, float) - np.asarray(displaced_t_per_mwh, float)
    return np.asarray(capacity_mw, float) * 8760 * cf * saved * np.asarray(years, float)
