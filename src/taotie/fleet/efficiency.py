"""Does efficiency save anything? Trend of chips by generation, claimed gains taken apart, rebound. [1, 1/a]"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, UnknownNameError
from taotie.quantity.catalog import table
from taotie.quantity.lift import lifted
from taotie.words.language import _

__all__ = [
    "Band",
    "Generation",
    "Trend",
    "efficiency_bands",
    "efficiency_trend",
    "energy_after_efficiency",
    "energy_after_efficiency_and_share",
    "generations",
    "rebound",
]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Generation:
    """One accelerator: when it came and what it computes per watt.

    Attributes
    ----------
    tflop_per_w : float
        Dense FP16 or BF16 peak over rated power. [TFLOP/s/W]
    """

    key: str
    launched: date
    tflop_per_w: float


FLAGSHIPS = ("p100-sxm2", "v100-sxm2-32", "a100-sxm-40", "h100-sxm", "b200-sxm")


def generations(keys: Sequence[str] = FLAGSHIPS) -> list[Generation]:
    """Accelerators by their peak over rated power, oldest first.

    Examples
    --------
    >>> [round(g.tflop_per_w, 3) for g in generations()]
    [0.071, 0.417, 0.78, 1.413, 2.25]
    """
    cells = table("accelerators")
    made = []
    for key in keys:
        peak, power = cells.value(key, "peak_bf16"), cells.value(key, "tdp")
        launched = cells.value(key, "launch")
        if not isinstance(peak, float) or not isinstance(power, float):
            raise UnknownNameError(_("{name}: peak or rated power is not known.").format(name=key))
        made.append(Generation(key, date.fromisoformat(str(launched)), peak / power))
    return sorted(made, key=lambda g: g.launched)


@dataclass(frozen=True)
class Trend:
    """Growth between two ends.

    Attributes
    ----------
    factor : float
        Last over first. [1]
    per_year : float
        [1/a]
    doubling_a : float
        Years to double. [a]
    """

    factor: float
    years: float
    per_year: float
    doubling_a: float


def efficiency_trend(first: float, last: float, years: float) -> Trend:
    """How fast efficiency grew between two generations.

    Raises
    ------
    RangeError
        If an input is not above 0 or nothing grew.

    Examples
    --------
    P100 (2016) to B200 (2024): 32 times in 8 years.

    >>> made = efficiency_trend(0.0707, 2.25, 8.0)
    >>> round(made.factor, 1), round(made.per_year, 2), round(made.doubling_a, 2)
    (31.8, 0.54, 1.6)
    """
    if not (first > 0 and years > 0 and last > first):
        raise RangeError(
            _("from {first} to {last} in {years} years nothing grows.").format(
                first=first, last=last, years=years
            )
        )
    factor = last / first
    return Trend(factor, years, factor ** (1 / years) - 1, years * math.log(2) / math.log(factor))


@dataclass(frozen=True)
class Band:
    """What a yearly rate makes of a number of years.

    Attributes
    ----------
    low, high : float
        Factor after the years. [1]
    rest_low, rest_high : float
        What is left for other causes of the claimed factor. [1]
    """

    name: str
    low: float
    high: float
    rest_low: float
    rest_high: float


def efficiency_bands(
    claimed: float = 1e6,
    years: float = 10.0,
    rates: Mapping[str, tuple[float, float]] | None = None,
) -> list[Band]:
    """A claimed gain beside what chips alone gave: three bands.

    Parameters
    ----------
    claimed : float
        Such as a million times. [1]
    years : float
        In so many years. [a]
    rates : mapping, optional
        Name to low and high growth a year. [1/a] Default: efficiency of the leading chips at 40 to 50 %, other
        readings of it at 30 to 40 %, and Koomey's doubling every 1.57 years.

    Returns
    -------
    bands : list of Band
        What is left is more chips, shorter number formats, sparsity and better algorithms.

    Examples
    --------
    >>> leading = efficiency_bands()[0]
    >>> round(leading.low), round(leading.high), f"{leading.rest_low:.1e}"
    (29, 58, '1.7e+04')
    >>> round(1e6 ** (1 / 10), 2)
    3.98
    """
    koomey = 2 ** (1 / 1.57) - 1  # a doubling every 1.57 years
    given = rates or {
        "leading chips": (0.40, 0.50),
        "other readings": (0.30, 0.40),
        "Koomey's law": (koomey, koomey),
    }
    if not (claimed > 0 and years > 0):
        raise RangeError(
            _("claimed={claimed}, years={years}: not above 0.").format(claimed=claimed, years=years)
        )
    return [
        Band(
            name,
            (1 + a) ** years,
            (1 + b) ** years,
            claimed / (1 + b) ** years,
            claimed / (1 + a) ** years,
        )
        for name, (a, b) in given.items()
    ]


# ---- rebound -----------------------------------------------------------------------------------------


def _above(name: str, value: Any, least: float) -> Floats:
    values = np.asarray(value, dtype=np.float64)
    if not (values > least).all():
        raise RangeError(
            _("{name}={value} is not above {least:g}.").format(
                name=name, value=float(values.min()), least=least
            )
        )
    return values


@lifted(efficiency="1", elasticity="1", returns="1", boundary=None)
def energy_after_efficiency(efficiency: Any, elasticity: Any) -> Any:
    """Energy after a gain in efficiency over energy before, where all of the price is energy.

    Parameters
    ----------
    efficiency : array_like
        So many times the output per energy, above 0. [1]
    elasticity : array_like
        Of demand to price, as a positive number. [1]

    Notes
    -----
    ``E1/E0 = k^(eps - 1)``: above 1, saving a part makes the whole grow (backfire).

    Examples
    --------
    Five times as efficient, at elasticities of 0.5, 1 and 1.5:

    >>> energy_after_efficiency(5.0, np.array([0.5, 1.0, 1.5])).round(3)
    array([0.447, 1.   , 2.236])
    """
    k = _above("efficiency", efficiency, 0.0)
    return k ** (np.asarray(elasticity, dtype=np.float64) - 1.0)


@lifted(efficiency="1", elasticity="1", energy_share="1", returns="1", boundary=None)
def energy_after_efficiency_and_share(efficiency: Any, elasticity: Any, energy_share: Any) -> Any:
    """The same where energy is only a share of the price of the service; exact for any gain.

    Parameters
    ----------
    efficiency, elasticity : array_like
        As for `energy_after_efficiency`. [1]
    energy_share : array_like
        Of the service's price before the gain, within 0..1. [1]

    Raises
    ------
    RangeError
        If the share leaves 0..1.

    Notes
    -----
    ``E1/E0 = ((1 - s) + s/k)^(-eps) / k``

    Examples
    --------
    Half the price is energy: no backfire, although the usual approximation k^(s eps - 1) gives 1.495.

    >>> round(float(energy_after_efficiency_and_share(5.0, 2.5, 0.5)), 3)
    0.717
    """
    k = _above("efficiency", efficiency, 0.0)
    s = np.asarray(energy_share, dtype=np.float64)
    if not ((s >= 0) & (s <= 1)).all():
        raise RangeError(_("energy_share={value} is outside 0..1.").format(value=float(s.max())))
    return ((1.0 - s) + s / k) ** (-np.asarray(elasticity, dtype=np.float64)) / k


def rebound(energy_ratio: npt.ArrayLike, efficiency: npt.ArrayLike) -> Floats:
    """Share of the expected saving that demand took back; above 1 is backfire.

    Notes
    -----
    ``R = 1 - (1 - ratio) / (1 - 1/k)``

    Examples
    --------
    >>> rebound([0.2, 0.447, 1.0, 2.236], 5.0).round(3)
    array([0.   , 0.309, 1.   , 2.545])
    """
    k = _above("efficiency", efficiency, 1.0)
    return np.asarray(1.0 - (1.0 - np.asarray(energy_ratio, dtype=float)) / (1.0 - 1.0 / k))
