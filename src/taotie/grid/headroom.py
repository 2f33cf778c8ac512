"""How much new constant load fits a region if it steps back a few hours a year? Curtailment headroom, in MW.

A load ``L`` runs whenever demand plus ``L`` stays below the highest demand seen before (by season), and is
cut otherwise. Headroom is the ``L`` whose share of cut energy equals a limit. It takes a region as a
copper plate: no line, no reserve, no ramp, no unit outage - an upper bound beside the local limit
of `hosting_capacity`.

References
----------
.. [1] Source ``norris2025``: T. Norris et al., "Rethinking Load Growth", Duke University, 2025.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import RangeError
from taotie.grid.area_clock import by_clock_of
from taotie.grid.demand_series import (
    AREAS,
    HourlyDemand,
    area_by_name,
    demand_of_area,
    read_hourly_demand,
)
from taotie.grid.place import Place
from taotie.quantity.lift import lifted
from taotie.words.language import N_, _
from taotie.words.listing import listing

__all__ = [
    "LIMITS",
    "SEASONS",
    "AreaHeadroom",
    "CurtailedHours",
    "HourlyDemand",
    "Seasons",
    "accelerators_that_fit",
    "area_by_name",
    "area_headroom",
    "curtailable_capacity_mw",
    "curtailed_hours",
    "demand_of_area",
    "headroom_range_mw",
    "read_hourly_demand",
    "seasonal_threshold_mw",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LIMITS = (0.0025, 0.005, 0.01, 0.05)
HEADROOM_LIMITS = (
    N_("copper plate: no line, substation, reserve, ramp or unit outage is looked at"),
    N_("the highest demand of the years given stands for what the region can serve"),
)


class Seasons(NamedTuple):
    """Months whose peak counts as the summer and winter level; summer applies in `summer_applies`."""

    summer: tuple[int, ...] = (6, 7, 8)
    winter: tuple[int, ...] = (12, 1, 2)
    summer_applies: tuple[int, ...] = (4, 5, 6, 7, 8, 9, 10)


# Exceptions of [1]_: areas that peak within a month of the season.
SEASONS: Mapping[str, Seasons] = {
    "CISO": Seasons((5, 6, 7, 8, 9), (11, 12, 1, 2, 3)),
    "AZPS": Seasons(winter=(11, 12, 1, 2, 3)),
    "FPL": Seasons(winter=(11, 12, 1, 2, 3)),
}


# ---- kernels ---------------------------------------------------------------------------------


def curtailable_capacity_mw(
    room_mw: ArrayLike, limit: float, weight: ArrayLike | None = None
) -> float:
    """The constant load whose cut share equals a limit, given the room in every hour. Exact.

    Parameters
    ----------
    room_mw : array_like, shape (n_hour,)
        What may run in each hour, below 0 counting as 0: a bus's capacity by hour, or threshold less
        demand of a region. [MW]
    limit : float
        Share of the load's energy that may be cut, within 0..1. [1]
    weight : array_like, shape (n_hour,), optional
        Weight of each hour; by default all the same.

    Returns
    -------
    load_mw : float
        0 where hours without any room alone pass the limit. [MW]

    Raises
    ------
    RangeError
        `limit` outside 0..1, no hours, or NaN.

    Notes
    -----
    ``sum_t w_t max(0, L - room_t) / (L sum_t w_t) = limit``. Between two neighbouring values of the room the
    equation is linear in L, so it is solved without iteration.

    Examples
    --------
    Room of 0 to 500 MW, every value as likely as any other: the cut share is ``L / 1000``.

    >>> round(curtailable_capacity_mw(np.linspace(0, 500, 100_001), 0.005), 2)
    5.0
    """
    room = np.maximum(np.asarray(room_mw, float), 0)
    if not 0 <= limit < 1:
        raise RangeError(
            _("limit={value} is outside 0 to 1.").format(value=limit), _("0.5 % is written 0.005.")
        )
    if not room.size or np.isnan(room).any():
        raise RangeError(_("the room of every hour is needed; found none or a gap."))
    w = np.ones(room.size) if weight is None else np.asarray(weight, float)
    order = np.argsort(room, kind="stable")
    room, w = room[order], w[order] / w.sum()
    below, cut = np.cumsum(w), np.cumsum(w * room)  # weight and room of the k+1 smallest hours
    if w[room == 0].sum() > limit:
        return 0.0
    # cut share of a load just as large as the room of each hour: rising with the room
    share = np.where(room > 0, below - cut / np.where(room > 0, room, 1), 0.0)
    k = int(np.searchsorted(np.maximum.accumulate(share), limit, side="right")) - 1
    k = max(k, int(np.searchsorted(below, limit, side="right")))  # rounding, at hours without room
    return float(cut[k] / (below[k] - limit))


def seasonal_threshold_mw(
    demand_mw: ArrayLike, month: ArrayLike, seasons: Seasons | None = None
) -> FloatArray:
    """Level demand must not pass: the highest of summer or of winter, shape (n_hour,). [MW]

    Examples
    --------
    >>> seasonal_threshold_mw([50.0, 80.0, 70.0, 40.0], [1, 7, 12, 10]).tolist()
    [70.0, 80.0, 70.0, 80.0]
    """
    seasons = seasons or Seasons()
    d, m = np.asarray(demand_mw, float), np.asarray(month)
    peaks = []
    for months in (seasons.summer, seasons.winter):
        chosen = d[np.isin(m, months)]
        if not chosen.size:
            raise RangeError(
                _("no hour falls into the months {months}: a whole year is needed.").format(
                    months=listing(map(str, months))
                )
            )
        peaks.append(chosen.max())
    return np.where(np.isin(m, seasons.summer_applies), peaks[0], peaks[1])


class CurtailedHours(NamedTuple):
    """How a load at its headroom is cut.

    Parameters
    ----------
    hours_per_year : float
        Hours with any cut. [h/a]
    mean_event_h : float
        Mean length of a run of hours with a cut. [1] prints about half of what this gives. [h]
    keep_half, keep_three_quarters, keep_nine_tenths : float
        Share of these hours in which at least that much of the load runs. [1]
    longest_h : float
        Longest run. [h]
    """

    hours_per_year: float
    mean_event_h: float
    keep_half: float
    keep_three_quarters: float
    keep_nine_tenths: float
    longest_h: float = 0.0


def curtailed_hours(
    room_mw: ArrayLike, load_mw: float, n_year: float, step_h: float = 1.0
) -> CurtailedHours:
    """Hours, runs and depth of the cuts of a load; `step_h` is the length of a step.

    Examples
    --------
    Four hours short by 0, 20, 60 and 100 MW of a 100 MW load:

    >>> curtailed_hours([200.0, 80.0, 40.0, 0.0], 100.0, 1)
    CurtailedHours(hours_per_year=3.0, mean_event_h=3.0, keep_half=0.333..., keep_three_quarters=0.333..., keep_nine_tenths=0.0, longest_h=3.0)
    """
    cut = np.clip(load_mw - np.maximum(np.asarray(room_mw, float), 0), 0, load_mw)
    hit = cut > 1e-9 * max(load_mw, 1.0)
    n = int(hit.sum())
    if not n:
        return CurtailedHours(0.0, 0.0, 1.0, 1.0, 1.0)
    edges = np.diff(np.concatenate([[0], hit.astype(int), [0]]))
    runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    kept = 1 - cut[hit] / load_mw
    half, quarters, tenths = (float((kept >= s - 1e-12).mean()) for s in (0.5, 0.75, 0.9))
    return CurtailedHours(
        n * step_h / n_year, float(runs.mean()) * step_h, half, quarters, tenths,
        float(runs.max()) * step_h,
    )  # fmt: skip


@lifted(
    capacity_mw="MW",
    power_w_per_accelerator="W/accelerator",
    pue="1",
    returns="accelerator",
    boundary=None,
)
def accelerators_that_fit(capacity_mw: Any, power_w_per_accelerator: Any, pue: Any) -> Any:
    """How many accelerators a connection feeds.

    Parameters
    ----------
    capacity_mw : array_like
        At the facility's meter. [MW]
    power_w_per_accelerator : array_like
        With its share of the host and network. [W/accelerator]
    pue : array_like
        [1]

    Returns
    -------
    accelerators : ndarray
        Whole ones. [accelerator]

    Notes
    -----
    ``n = floor(P / (p PUE))``

    Examples
    --------
    436 MW, the smallest of 22 areas at 0.25 %, with 1.05 kW each (measured maximum) and PUE 1.15:

    >>> int(accelerators_that_fit(436.0, 1050.0, 1.15))
    361076
    """
    need = np.asarray(power_w_per_accelerator, float) * np.asarray(pue, float)
    if not (need > 0).all() or (np.asarray(pue, float) < 1).any():
        raise RangeError(
            _("power per accelerator must be above 0 W and PUE at least 1.0 (pue={pue}).").format(
                pue=pue
            )
        )
    return np.floor(np.asarray(capacity_mw, float) * 1e6 / need)


# ---- regions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class AreaHeadroom:
    """Headroom of one area.

    Parameters
    ----------
    area : str
    limits : tuple of float
        Shares of energy that may be cut. [1]
    load_mw : ndarray, shape (n_limit,)
        [MW]
    hours : tuple of CurtailedHours
        One a limit.
    peak_mw : float
        Highest demand. [MW]
    load_factor : float
        Mean over highest demand. [1]
    by_month, by_hour : ndarray, shape (n_limit, 12), (n_limit, 24)
        Hours with a cut in each month, and at each hour of the day. [h/a]
    """

    area: str
    limits: tuple[float, ...]
    load_mw: FloatArray
    hours: tuple[CurtailedHours, ...]
    peak_mw: float
    load_factor: float
    by_month: FloatArray
    by_hour: FloatArray


class OverAreas(NamedTuple):
    """One limit over several areas, each weighing the same."""

    hours_per_year: float
    """[h/a]"""
    keep_half: float
    """Share of the hours with a cut in which half or more still runs. [1]"""
    mean_event_h: float
    """[h]"""


def together(found: Sequence[AreaHeadroom]) -> tuple[FloatArray, float]:
    """Load several areas take at each limit, each on its own, and the sum of their peaks. [MW]"""
    return np.sum([one.load_mw for one in found], axis=0), sum(one.peak_mw for one in found)


def over_areas(found: Sequence[AreaHeadroom]) -> list[OverAreas]:
    """Averages over areas, one a limit: hours over all, what a cut is like over the areas that have one.

    Examples
    --------
    >>> from types import SimpleNamespace as Area
    >>> def area(hours, half, event):
    ...     return Area(hours=[Area(hours_per_year=hours, keep_half=half, mean_event_h=event)])
    >>> over_areas([area(80.0, 0.5, 4.0), area(0.0, 1.0, 0.0)])
    [OverAreas(hours_per_year=40.0, keep_half=0.5, mean_event_h=4.0)]
    """
    made = []
    for hours in zip(*(one.hours for one in found), strict=True):
        cut = [h for h in hours if h.hours_per_year > 0] or hours
        made.append(
            OverAreas(
                float(np.mean([h.hours_per_year for h in hours])),
                float(np.mean([h.keep_half for h in cut])),
                float(np.mean([h.mean_event_h for h in cut])),
            )
        )
    return made


def area_headroom(
    demand: HourlyDemand,
    area: str,
    limits: Sequence[float] = LIMITS,
    seasons: Seasons | None = None,
    where: Place | None = None,
) -> AreaHeadroom:
    """Headroom of one area at some limits, months and hours of the day by the area's own clock.

    Parameters
    ----------
    demand : HourlyDemand
    area : str
    limits : sequence of float
        [1]
    seasons : Seasons, optional
        By default the exceptions of [1]_ for the areas that have one.
    where : Place, optional
        Whose clock the hours are counted by; by default the one `by_clock_of` finds.

    Returns
    -------
    headroom : AreaHeadroom
    """
    demand = by_clock_of(demand, area, where)
    d = demand.of(area)
    seasons = seasons or seasons_of(area)
    room = seasonal_threshold_mw(d, demand.month, seasons) - d
    load = np.array([curtailable_capacity_mw(room, limit, demand.weight) for limit in limits])
    n_year, step = demand.n_year, demand.step_h
    month, hour = np.zeros((len(load), 12)), np.zeros((len(load), 24))
    for i, x in enumerate(load):
        cut = np.maximum(room, 0) < x * (1 - 1e-9)
        month[i] = np.bincount(demand.month[cut] - 1, minlength=12) * step / n_year
        if demand.hour is not None:
            hour[i] = np.bincount(demand.hour[cut], minlength=24) * step / n_year
    return AreaHeadroom(
        area, tuple(limits), load, tuple(curtailed_hours(room, x, n_year, step) for x in load),
        float(d.max()), float(d.mean() / d.max()), month, hour,
    )  # fmt: skip


def seasons_of(area: str) -> Seasons:
    """Seasons of an area, by its code or a name people use."""
    return SEASONS.get(AREAS.get(area.strip().lower(), area).upper(), Seasons())


def headroom_range_mw(
    demand: HourlyDemand,
    area: str,
    limit: float,
    rng: np.random.Generator,
    n_draw: int = 200,
    seasons: Seasons | None = None,
    where: Place | None = None,
) -> FloatArray:
    """Headroom when the years are drawn anew with replacement: what rests on a single hot day shows.

    Parameters
    ----------
    demand : HourlyDemand
    area : str
    limit : float
        [1]
    rng : numpy.random.Generator
    n_draw : int
    seasons : Seasons, optional
    where : Place, optional
        As in `area_headroom`.

    Returns
    -------
    load_mw : ndarray, shape (n_draw,)
        [MW]
    """
    demand = by_clock_of(demand, area, where)
    d, years = demand.of(area), np.unique(demand.year)
    seasons = seasons or seasons_of(area)
    rows = [np.flatnonzero(demand.year == y) for y in years]
    share = [demand.share_of_year[int(y)] for y in years]
    out = np.empty(n_draw)
    for i in range(n_draw):
        chosen = rng.integers(0, len(years), len(years))
        take = np.concatenate([rows[c] for c in chosen])
        weight = np.concatenate([np.full(len(rows[c]), share[c] / len(rows[c])) for c in chosen])
        room = seasonal_threshold_mw(d[take], demand.month[take], seasons) - d[take]
        out[i] = curtailable_capacity_mw(room, limit, weight)
    return out
