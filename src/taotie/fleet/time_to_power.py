"""When is power there? Ways to get megawatts, each with a chance of success and a lognormal delay. [MW, a]

Every option of the table `time_to_power` either fails or delivers after a delay; a portfolio of options gives a fan
of energised MW by year, which is held against what the fleet forecast wants. Nearly all inputs are assumptions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.quantity.catalog import table
from taotie.quantity.distribution import Z90
from taotie.quantity.figure import Figure
from taotie.words.language import _, language

__all__ = [
    "EnergisedFan",
    "PowerOption",
    "energised_fan",
    "energised_mw",
    "gap_gw",
    "power_option",
    "power_options",
    "probability_by",
]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PowerOption:
    """One way to get power.

    Attributes
    ----------
    success : Figure
        Chance that it delivers at all. [1]
    delay : Figure
        From the decision to power, if it does; a lognormal 90 % range. [a]
    earliest : float
        Years before which it cannot begin, added to the delay. [a]
    """

    key: str
    success: Figure
    delay: Figure
    earliest: float

    @property
    def name(self) -> str:
        """In the language in force."""
        return str(table("time_to_power").value(self.key, f"name_{language()}"))

    @property
    def success_range(self) -> tuple[float, float]:
        """Ends of the chance. [1]"""
        return _ends(self.key, "success")

    @property
    def middle_success(self) -> float:
        """Middle of the chance. [1]"""
        low, high = self.success_range
        return (low + high) / 2

    @property
    def delay_range(self) -> tuple[float, float]:
        """90 % range of the delay. [a]"""
        return _ends(self.key, "delay")


def _ends(key: str, quantity: str) -> tuple[float, float]:
    row = table("time_to_power").cell(key, quantity)
    assert row is not None
    return float(row["low"]), float(row["high"])


def power_options() -> list[str]:
    """Keys of the options.

    Examples
    --------
    >>> power_options()
    ['grid_queue', 'gas_ccgt', 'gas_engine', 'nuclear_restart', 'smr', 'fusion', 'storage', 'grid_flexible']
    """
    return table("time_to_power").items()


def power_option(key: str) -> PowerOption:
    """One option.

    Raises
    ------
    UnknownNameError
        If it is not in the table; the message names the nearest.

    Examples
    --------
    >>> power_option("grid_queue").delay_range
    (2.3, 9.2)
    """
    cells = table("time_to_power")
    if key not in cells:
        raise UnknownNameError(
            _("{name} is not a way to get power.").format(name=repr(key)),
            nearest(key, cells.items()),
        )
    return PowerOption(
        key,
        cells.figure(key, "success"),
        cells.figure(key, "delay"),
        float(cells.value(key, "earliest") or 0.0),
    )


def _moments(low: float, high: float) -> tuple[float, float]:
    if not 0 < low <= high:
        raise RangeError(
            _("a delay needs its lower end below its upper end, not {low} to {high} a.").format(
                low=low, high=high
            )
        )
    return 0.5 * math.log(low * high), math.log(high / low) / (2 * Z90)


def probability_by(
    years: npt.ArrayLike, delay_a: tuple[float, float], success: float = 1.0, earliest: float = 0.0
) -> Floats:
    """Chance that an option has delivered after some years.

    Parameters
    ----------
    years : array_like
        Since the decision. [a]
    delay_a : (float, float)
        90 % range of the delay. [a]
    success : float
        Chance that it delivers at all, within 0..1. [1]
    earliest : float
        Years before which it cannot begin. [a]

    Returns
    -------
    probability : ndarray
        [1]

    Raises
    ------
    RangeError
        If the range is none, or `success` leaves 0..1.

    Notes
    -----
    ``P(t) = p Phi((ln(t - t0) - mu) / sigma)``

    Examples
    --------
    A queue of 2.3 to 9.2 years, for those that leave it at the right end:

    >>> probability_by(5.0, (2.3, 9.2)).round(3)
    np.float64(0.578)
    """
    from scipy.special import ndtr

    if not 0 <= success <= 1:
        raise RangeError(
            _("success={value} is outside 0..1.").format(value=success), _("70 % is 0.7")
        )
    mu, sigma = _moments(*delay_a)
    since = np.maximum(np.asarray(years, dtype=np.float64) - earliest, 1e-12)
    return np.asarray(success * ndtr((np.log(since) - mu) / max(sigma, 1e-12)))


def energised_mw(
    portfolio: Mapping[str, Sequence[float]],
    years: npt.ArrayLike,
    rng: np.random.Generator,
    n_sample: int = 10_000,
) -> Floats:
    """Megawatts energised by year, drawn.

    Parameters
    ----------
    portfolio : mapping of str to sequence of float
        Option to the sizes of its projects. [MW] Each project fails or comes late by itself.
    years : array_like, shape (year,)
        Since the decision. [a]
    rng : numpy.random.Generator
    n_sample : int

    Returns
    -------
    power_mw : ndarray, shape (n_sample, year)
        Never falls with the years. [MW]

    Raises
    ------
    RangeError
        If the portfolio is empty or a size is negative.

    Examples
    --------
    Ten requests of 100 MW in the queue: about one and a half are ever built.

    >>> power = energised_mw({"grid_queue": [100.0] * 10}, [5, 30], np.random.default_rng(1))
    >>> power.mean(axis=0).round(-1)
    array([ 90., 160.])
    """
    when = np.asarray(years, dtype=np.float64)
    sizes = [(key, float(s)) for key, given in portfolio.items() for s in given]
    if not sizes:
        raise RangeError(_("the portfolio is empty."), ", ".join(power_options()))
    power = np.zeros((n_sample, when.size))
    chance: dict[str, Floats] = {}
    for key, size in sizes:
        if not (size >= 0 and math.isfinite(size)):
            raise RangeError(_("{key}={size} MW is negative.").format(key=key, size=size))
        option = power_option(key)
        if (
            key not in chance
        ):  # one unknown chance for all projects of a kind, so they fail together
            chance[key] = rng.uniform(*option.success_range, n_sample)
        mu, sigma = _moments(*option.delay_range)
        at = option.earliest + np.exp(mu + sigma * rng.normal(size=n_sample))
        at[rng.random(n_sample) >= chance[key]] = np.inf
        power += size * (at[:, None] <= when)
    return power


@dataclass(frozen=True)
class EnergisedFan:
    """Energised power by year.

    Attributes
    ----------
    years : ndarray, shape (year,)
        Since the decision. [a]
    p05_mw, p50_mw, p95_mw, mean_mw : ndarray, shape (year,)
        [MW]
    """

    years: Floats
    p05_mw: Floats
    p50_mw: Floats
    p95_mw: Floats
    mean_mw: Floats


def energised_fan(
    portfolio: Mapping[str, Sequence[float]],
    years: npt.ArrayLike = tuple(range(11)),
    rng: np.random.Generator | None = None,
    n_sample: int = 10_000,
) -> EnergisedFan:
    """The 5, 50 and 95 % points of `energised_mw`.

    Examples
    --------
    >>> fan = energised_fan({"gas_engine": [100.0] * 10}, [0, 5])
    >>> fan.p05_mw[0], bool(fan.p05_mw[1] < fan.p50_mw[1] <= 1000)
    (np.float64(0.0), True)
    """
    draws = energised_mw(portfolio, years, rng or np.random.default_rng(0), n_sample)
    p05, p50, p95 = np.percentile(draws, [5, 50, 95], axis=0)
    return EnergisedFan(np.asarray(years, dtype=float), p05, p50, p95, draws.mean(axis=0))


def gap_gw(wanted_gw: npt.ArrayLike, energised_gw: npt.ArrayLike) -> Floats:
    """What is wanted and not energised, sample by sample; 0 where there is enough. [GW]

    Parameters
    ----------
    wanted_gw, energised_gw : array_like, shape (n_sample, year)
        Draws, not percentiles: differences of percentiles are none. [GW]

    Examples
    --------
    >>> gap_gw([[10.0, 20.0]], [[12.0, 5.0]])
    array([[ 0., 15.]])
    """
    return np.maximum(
        np.asarray(wanted_gw, dtype=np.float64) - np.asarray(energised_gw, dtype=np.float64), 0.0
    )
