"""How much does the building draw in each hour? Load at its meter [MW], and how fast training makes it swing.

Three parts: what follows the requests, what is always on, and the building around both (PUE). The energy of a
request is counted above idle here; an energy per request that already contains its share of idle draw must go
with `idle_power_mw = 0`, or idle is paid twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.facility.pue import checked_pue
from taotie.quantity.figure import Figure
from taotie.quantity.lift import lifted
from taotie.quantity.profile import Profile, highest_of
from taotie.quantity.unit_word import with_unit
from taotie.words.language import _

__all__ = [
    "FacilityLoad",
    "TrainingSwing",
    "facility_load",
    "facility_load_mw",
    "it_load_mw",
    "square_wave_harmonics_mw",
    "training_swing",
]

Floats = npt.NDArray[np.float64]


def it_load_mw(
    requests_per_hour: npt.ArrayLike,
    energy_per_request_wh: npt.ArrayLike,
    idle_power_mw: npt.ArrayLike = 0.0,
) -> Floats:
    """Load of the machines in each hour.

    Parameters
    ----------
    requests_per_hour : array_like, shape (n_hour,) or (n_sample, n_hour)
        Requests served. [request/h]
    energy_per_request_wh : array_like, shape () or (n_sample,)
        Energy of one request above idle, at the server boundary. [Wh/request]
    idle_power_mw : array_like, shape () or (n_sample,)
        What the machines draw with nothing to do. [MW]

    Returns
    -------
    load_mw : ndarray, shape (n_hour,) or (n_sample, n_hour)
        At the server boundary. [MW]

    Raises
    ------
    RangeError
        If an input is negative or not finite.

    Notes
    -----
    ``P = P_idle + n e / 1e6``; each hour at its mean.

    Examples
    --------
    195 million requests a day at 2.9 Wh, evenly:

    >>> it_load_mw(np.full(24, 195e6 / 24), 2.9)[0].round(2)
    np.float64(23.56)
    """
    requests = _not_negative("requests_per_hour", requests_per_hour, "request/h")
    energy = _not_negative("energy_per_request_wh", energy_per_request_wh, "Wh/request")
    idle = _not_negative("idle_power_mw", idle_power_mw, "MW")
    return np.asarray(idle[..., None] + 1e-6 * requests * energy[..., None])


def facility_load_mw(
    requests_per_hour: npt.ArrayLike,
    energy_per_request_wh: npt.ArrayLike,
    pue: npt.ArrayLike,
    idle_power_mw: npt.ArrayLike = 0.0,
) -> Floats:
    """Load at the meter of the building in each hour.

    Parameters
    ----------
    requests_per_hour, energy_per_request_wh, idle_power_mw
        As for `it_load_mw`.
    pue : array_like, shape (), (n_sample,), (n_sample, n_hour) or, with one sample, (n_hour,)
        Facility load over IT load; by hour if it comes from weather. [1]

    Returns
    -------
    load_mw : ndarray, shape (n_hour,) or (n_sample, n_hour)
        At the facility boundary. [MW]

    Raises
    ------
    RangeError
        If an input is negative or a `pue` below 1.

    Notes
    -----
    ``P = (P_idle + n e / 1e6) PUE``

    Examples
    --------
    >>> facility_load_mw([1e6, 2e6], 3.0, 1.2, 1.0)
    array([4.8, 8.4])
    """
    load = it_load_mw(requests_per_hour, energy_per_request_wh, idle_power_mw)
    factor = checked_pue(pue)
    by_hour = factor.ndim == load.ndim and factor.ndim > 0 and factor.shape[-1] == load.shape[-1]
    if not by_hour:
        factor = factor[..., None]
    return np.asarray(load * factor)


@dataclass(frozen=True)
class FacilityLoad:
    """What a facility hands to the fleet and the grid.

    Attributes
    ----------
    profile : Profile
        Load at the meter by hour, facility boundary. [MW]
    connection : Figure
        The most the facility draws, never below its busiest hour in any draw. [MW]
    """

    profile: Profile
    connection: Figure

    @property
    def mean(self) -> Figure:
        """Mean load over the hours. [MW]"""
        return self.profile.average()

    @property
    def peak(self) -> Figure:
        """Load of the busiest hour. [MW]"""
        return self.profile.peak()


def facility_load(
    it_load: Profile, pue: Figure, highest_it: Figure, worst_pue: Figure | None = None
) -> FacilityLoad:
    """Load at the meter by hour, and the connection that carries it.

    Parameters
    ----------
    it_load : Profile
        Draw of the machines by hour, server boundary. [MW]
    pue : Figure
        Over the hours. [1]
    highest_it : Figure
        Highest draw of the machines counted, server boundary. [MW]
    worst_pue : Figure, optional
        Of the worst hour; `pue` by default. [1]

    Returns
    -------
    load : FacilityLoad

    Raises
    ------
    BoundaryError
        If a load is not at the server boundary.

    Notes
    -----
    ``connection = max(P_highest PUE_worst, max_h P_h PUE)`` draw by draw: a load measured at the meter may lie above
    what was told of the machines.
    """
    load = it_load.at_boundary("facility", pue)
    machines = highest_it.at_boundary("facility", pue if worst_pue is None else worst_pue)
    peak = load.peak()
    most, busiest = machines.to("MW").samples, peak.to("MW").samples
    enough = bool(np.all(most >= busiest * (1.0 - 1e-12)))
    return FacilityLoad(load, machines if enough else highest_of((machines, peak)))


class TrainingSwing(NamedTuple):
    """The swing of a training load between computing and communicating.

    mean_mw : mean load [MW]; swing_mw : high less low [MW]; buffer_mj : energy store that would flatten it
    [MJ]; floor_cost_mw : mean load added by keeping the low phase up at a floor [MW].
    """

    mean_mw: Floats
    swing_mw: Floats
    buffer_mj: Floats
    floor_cost_mw: Floats


@lifted(
    high_mw="MW",
    low_mw="MW",
    duty="1",
    period_s="s",
    floor_mw="MW",
    returns={"mean_mw": "MW", "swing_mw": "MW", "buffer_mj": "MJ", "floor_cost_mw": "MW"},
)
def training_swing(
    high_mw: npt.ArrayLike,
    low_mw: npt.ArrayLike,
    duty: npt.ArrayLike,
    period_s: npt.ArrayLike,
    floor_mw: npt.ArrayLike = 0.0,
) -> TrainingSwing:
    """Mean, swing, and what it costs to flatten a training load that alternates between two levels.

    Parameters
    ----------
    high_mw, low_mw : array_like
        Load while computing and while communicating. [MW]
    duty : array_like
        Share of the time at the high level, within 0..1. [1]
    period_s : array_like
        Time of one high and one low phase together. [s]
    floor_mw : array_like, default 0
        Filler load keeps the low phase at least here; 0 means none. [MW]

    Returns
    -------
    swing : TrainingSwing

    Raises
    ------
    RangeError
        If `low_mw` is above `high_mw`, `duty` leaves 0..1, or a value is negative.

    Notes
    -----
    ``mean = D P_hi + (1 - D) P_lo; buffer = (P_hi - mean) D T; cost = max(floor - P_lo, 0) (1 - D)``

    References
    ----------
    .. [1] Source ``choukse2025``: the shape of the swing; the numbers of the example are ours.

    Examples
    --------
    >>> [round(float(x), 1) for x in training_swing(105.0, 45.0, 0.7, 2.0, 84.0)]
    [87.0, 60.0, 25.2, 11.7]
    """
    high, low, d, period = _checked_wave(high_mw, low_mw, duty, period_s)
    floor = _not_negative("floor_mw", floor_mw, "MW")
    mean = d * high + (1.0 - d) * low
    return TrainingSwing(
        mean_mw=np.asarray(mean),
        swing_mw=np.asarray(high - low),
        buffer_mj=np.asarray((high - mean) * d * period),
        floor_cost_mw=np.asarray(np.maximum(floor - low, 0.0) * (1.0 - d)),
    )


def square_wave_harmonics_mw(
    high_mw: npt.ArrayLike, low_mw: npt.ArrayLike, duty: npt.ArrayLike, n_harmonic: int = 5
) -> Floats:
    """Amplitudes of the harmonics of a load that alternates between two levels.

    Parameters
    ----------
    high_mw, low_mw, duty
        As for `training_swing`.
    n_harmonic : int
        How many; the first has the frequency of the wave.

    Returns
    -------
    amplitude_mw : ndarray, shape (..., n_harmonic)
        Peak over mean of each sine. [MW]

    Raises
    ------
    RangeError
        As for `training_swing`.

    Notes
    -----
    ``a_n = 2 (P_hi - P_lo) / (n pi) |sin(n pi D)|``; sharp edges, so an upper bound for high `n`.

    Examples
    --------
    >>> square_wave_harmonics_mw(105.0, 45.0, 0.7, 3).round(3)
    array([30.902, 18.164,  3.935])
    """
    high, low, d, _period = _checked_wave(high_mw, low_mw, duty, 1.0)
    n = np.arange(1, n_harmonic + 1, dtype=np.float64)
    swing = np.asarray(high - low)[..., None]
    return np.asarray(2.0 * swing / (n * np.pi) * np.abs(np.sin(n * np.pi * d[..., None])))


def _checked_wave(
    high_mw: npt.ArrayLike, low_mw: npt.ArrayLike, duty: npt.ArrayLike, period_s: npt.ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    high = _not_negative("high_mw", high_mw, "MW")
    low = _not_negative("low_mw", low_mw, "MW")
    d = _not_negative("duty", duty, "1")
    period = _not_negative("period_s", period_s, "s")
    if (d > 1.0).any():
        raise RangeError(
            _("duty={value} is above 1: it is a share of the time.").format(value=float(d.max())),
            _("70 % is 0.7"),
        )
    if (low > high).any():
        raise RangeError(
            _("low_mw={low} MW is above high_mw={high} MW.").format(
                low=float(low.max()), high=float(high.min())
            ),
            _("swap them"),
        )
    return high, low, d, period


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
