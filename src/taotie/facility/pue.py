"""How much does the building add to its machines? PUE, facility energy over IT energy [1].

PUE (power usage effectiveness, ISO/IEC 30134-2) is at least 1: cooling and conversion losses come on top of what
the machines draw. Published values are in the table `pue`, each with operator, year and source.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.quantity.catalog import figure, table
from taotie.quantity.figure import Figure
from taotie.quantity.lift import lifted
from taotie.words.language import _

__all__ = [
    "checked_pue",
    "facility_energy_wh",
    "facility_power_mw",
    "published_pue",
    "published_pues",
    "pue_from_energy",
]

Floats = npt.NDArray[np.float64]


def checked_pue(pue: npt.ArrayLike) -> Floats:
    """`pue` as an array, or an error that says what is wrong with it.

    Parameters
    ----------
    pue : array_like
        Facility energy over IT energy. [1]

    Returns
    -------
    pue : ndarray
        The same values.

    Raises
    ------
    RangeError
        If a value is below 1 (with the PUE it would be as DCiE) or not finite.

    Examples
    --------
    >>> checked_pue(0.92)
    Traceback (most recent call last):
    ...
    taotie.errors.RangeError: pue=0.92 is below 1.0: a facility uses at least its IT energy.
    <BLANKLINE>
    hint: 0.92 looks like DCiE (IT/total); its PUE is 1.09
    """
    values = np.asarray(pue, dtype=np.float64)
    bad = ~(values >= 1.0) | ~np.isfinite(values)
    if not bad.any():
        return values
    value = float(values[bad].flat[0])
    if not np.isfinite(value):
        raise RangeError(
            _("pue={value} is not a number.").format(value=value),
            _("leave it out to use a published value"),
        )
    if value > 0.3:
        hint = _("{value} looks like DCiE (IT/total); its PUE is {pue:.2f}").format(
            value=f"{value:g}", pue=1.0 / value
        )
    else:
        hint = _("published values run from 1.04 to 2.0")
    raise RangeError(
        _("pue={value} is below 1.0: a facility uses at least its IT energy.").format(
            value=f"{value:g}"
        ),
        hint,
    )


@lifted(
    it_energy_wh="Wh",
    pue="1",
    returns="Wh",
    expects={"it_energy_wh": "server"},
    boundary="facility",
)
def facility_energy_wh(it_energy_wh: npt.ArrayLike, pue: npt.ArrayLike) -> Floats:
    """Energy at the meter of the building for energy at the plugs of its machines.

    Parameters
    ----------
    it_energy_wh : array_like
        Energy at the server boundary. [Wh]
    pue : array_like, broadcastable with `it_energy_wh`
        Facility energy over IT energy. [1]

    Returns
    -------
    energy_wh : ndarray
        Energy at the facility boundary. [Wh]

    Raises
    ------
    RangeError
        If a `pue` is below 1.

    Notes
    -----
    ``E_facility = E_IT PUE``; PUE is a yearly mean, so this is exact for a year only.

    Examples
    --------
    >>> facility_energy_wh(100.0, [1.1, 1.58])
    array([110., 158.])
    """
    return np.asarray(np.asarray(it_energy_wh, dtype=np.float64) * checked_pue(pue))


@lifted(
    it_load_mw="MW", pue="1", returns="MW", expects={"it_load_mw": "server"}, boundary="facility"
)
def facility_power_mw(it_load_mw: npt.ArrayLike, pue: npt.ArrayLike) -> Floats:
    """Load at the meter of the building for a load at the plugs of its machines.

    Parameters
    ----------
    it_load_mw : array_like
        Load at the server boundary. [MW]
    pue : array_like, broadcastable with `it_load_mw`
        Facility load over IT load. [1]

    Returns
    -------
    load_mw : ndarray
        Load at the facility boundary. [MW]

    Raises
    ------
    RangeError
        If a `pue` is below 1.

    Notes
    -----
    ``P_facility = P_IT PUE``

    Examples
    --------
    100,000 H100, measured maximum 105 MW, in a building of PUE 1.15:

    >>> facility_power_mw(105.0, 1.15).round(2)
    np.float64(120.75)
    """
    return np.asarray(np.asarray(it_load_mw, dtype=np.float64) * checked_pue(pue))


@lifted(facility_energy_wh="Wh", it_energy_wh="Wh", returns="1", boundary=None)
def pue_from_energy(facility_energy_wh: npt.ArrayLike, it_energy_wh: npt.ArrayLike) -> Floats:
    """PUE of a building from two meters.

    Parameters
    ----------
    facility_energy_wh, it_energy_wh : array_like
        Energy over the same time at the building's meter and at its machines' plugs. [Wh]

    Returns
    -------
    pue : ndarray
        [1]

    Raises
    ------
    RangeError
        If IT energy is not above 0, or the ratio is below 1 (meters swapped, or different times).

    Notes
    -----
    ``PUE = E_facility / E_IT``

    Examples
    --------
    >>> pue_from_energy(12.0, 10.0)
    array(1.2)
    """
    it = np.asarray(it_energy_wh, dtype=np.float64)
    if not (it > 0).all():
        raise RangeError(
            _("it_energy_wh={value} Wh is not above 0: it has no PUE.").format(
                value=float(it[~(it > 0)].flat[0])
            ),
            _("a meter that was not read is missing, not 0"),
        )
    return checked_pue(np.asarray(facility_energy_wh, dtype=np.float64) / it)


def published_pue(name: str = "ai_datacenter") -> Figure:
    """A published PUE as a figure.

    Parameters
    ----------
    name : str
        An item of the table `pue`, such as `"google_2023"`; by default the range assumed for a data
        centre built for AI.

    Returns
    -------
    pue : Figure
        [1]

    Raises
    ------
    SourceError
        If nobody published it; the message names the nearest.

    Examples
    --------
    >>> published_pue("uptime_2023").p50
    1.58
    """
    return figure(f"pue/{name}/pue")


def published_pues() -> list[str]:
    """Names `published_pue` knows."""
    cells = table("pue")
    return [item for item in cells.items() if cells.cell(item, "pue") is not None]
