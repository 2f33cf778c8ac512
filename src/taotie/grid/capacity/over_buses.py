"""How many buses take how much? One definition of the spread over buses for terminal, page and chart. MW, shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["mw_percentiles", "share_taking", "shares_taking"]

FloatArray = NDArray[np.float64]


def mw_percentiles(mw: ArrayLike, at: Sequence[float]) -> FloatArray:
    """Percentiles over buses, linear between neighbours: of all buses 100 - q % take the value or more.

    Parameters
    ----------
    mw : array_like, shape (n_bus,)
        What each bus takes. [MW]
    at : sequence of float
        Percentiles, 0 to 100.

    Returns
    -------
    ndarray, shape (len(at),)
        [MW]

    Examples
    --------
    >>> mw_percentiles([10.0, 30.0, 20.0, 40.0], (50,)).tolist()
    [25.0]
    """
    return np.percentile(np.asarray(mw, float), at)


def share_taking(mw: ArrayLike, load_mw: float) -> float:
    """Share of buses that take a load. [1]

    Examples
    --------
    >>> share_taking([10.0, 30.0, 20.0, 40.0], 30.0)
    0.5
    """
    return float(shares_taking(mw, [load_mw])[0])


def shares_taking(mw: ArrayLike, loads_mw: ArrayLike) -> FloatArray:
    """Share of buses that take each of some loads, shape of `loads_mw`. [1]"""
    ordered = np.sort(np.asarray(mw, float))
    below = np.searchsorted(ordered, np.asarray(loads_mw, float), side="left")
    return np.asarray((len(ordered) - below) / len(ordered), dtype=np.float64)
