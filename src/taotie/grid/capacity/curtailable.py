"""How many MW does a bus take firm, and how many if the load may step back for a few hours? In MW.

From the capacity of every hour (`hourly_hosting_capacity` with fixed shares, `redispatched_by_hour` with units told
anew) follow the largest constant loads such that

- at most a share of the load's energy is cut over the hours,
- if wanted, the load is called at most so many times (hours that follow one another are one call),
- if wanted, at least ``1 - depth`` of it runs in every hour.

Firm is the share 0: the lowest hour decides.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from taotie.errors import RangeError
from taotie.files.kernels import njit
from taotie.grid.capacity.by_hour import hourly_area_load_mw, hourly_hosting_capacity
from taotie.grid.capacity.core import TREATMENTS, Treatment
from taotie.grid.capacity.redispatch_hours import redispatched_by_hour
from taotie.grid.capacity.redispatch_setup import FloatArray, IntArray
from taotie.grid.case.case import Case
from taotie.grid.flow.dc_power_flow import DcModel
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = [
    "SHARES",
    "CurtailableCapacity",
    "WorstHours",
    "curtailable_capacity",
    "curtailable_load_mw",
]

SHARES = (0.0, 0.0025, 0.005, 0.01, 0.05)
# hours before the first day of each month, of a year of 365 days and of one of 366
MONTH_START_H = {
    8760: np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30]) * 24,
    8784: np.cumsum([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30]) * 24,
}


@njit(cache=True, nogil=True)
def _loads_at(room, order, shares, calls, depth, out):
    """Largest load of one bus for each share; `room` by hour and its rising `order`, `calls` < 0 and `depth` >= 1:
    no such limit."""
    n = room.size
    most = np.inf
    if depth < 1.0:
        most = room[order[0]] / (1.0 - depth)
    if (
        calls >= 0
    ):  # hours join in rising order; one beside none is a new call, one between two ends one
        cut = np.zeros(n + 2, np.bool_)
        events, q = 0, 0
        while q < n:
            level = room[order[q]]
            while q < n and room[order[q]] == level:
                t = order[q] + 1
                events += 1 - int(cut[t - 1]) - int(cut[t + 1])
                cut[t] = True
                q += 1
            if events > calls:
                most = min(most, level)
                break
    for s in range(shares.size):
        share = shares[s]
        if share <= 0.0:
            out[s] = min(room[order[0]], most)
            continue
        energy, load = 0.0, 0.0
        for q in range(n):  # with the q+1 lowest hours cut: (q+1) L - energy = share n L
            energy += room[order[q]]
            weight = (q + 1) - share * n
            if weight <= 0.0:
                continue
            load = energy / weight
            if q + 1 == n or load <= room[order[q + 1]]:
                break
        out[s] = min(load, most)


def curtailable_load_mw(
    room_mw: ArrayLike,
    shares: Sequence[float] = SHARES,
    calls: int | None = None,
    depth: float | None = None,
) -> FloatArray:
    """Largest constant loads whose cut keeps to the limits, for every bus at once. Exact.

    Parameters
    ----------
    room_mw : array_like, shape (n_hour, n_bus)
        What may run in each hour; below 0 counts as 0. [MW]
    shares : sequence of float
        Shares of the load's energy that may be cut, within 0..1. [1]
    calls : int, optional
        Times it may be called; hours that follow one another are one call.
    depth : float, optional
        Share of the load that may be off at most in any hour. [1]

    Returns
    -------
    load_mw : ndarray, shape (n_share, n_bus)
        [MW]

    Raises
    ------
    RangeError
        A share or depth outside 0..1, calls below 0, no hours, or gaps.

    Notes
    -----
    ``sum_t max(0, L - room_t) = share n L``. With `calls`, every smaller load is called no more often either.

    Examples
    --------
    Ten hours, one with 50 MW and nine with 100 MW: at 5 % of energy the load is 100 MW, and the hour with 50 MW
    cuts half a load-hour out of ten.

    >>> curtailable_load_mw([[50.0]] + [[100.0]] * 9, (0.0, 0.05))[:, 0].round(6)
    array([ 50., 100.])
    """
    room = np.maximum(np.asarray(room_mw, float), 0.0)
    share = np.asarray(shares, float)
    for value in share:
        if not 0 <= value < 1:
            raise RangeError(
                _("limit={value} is outside 0 to 1.").format(value=float(value)),
                _("0.5 % is written 0.005."),
            )
    if room.ndim != 2 or not len(room) or np.isnan(room).any():
        raise RangeError(_("the room of every hour is needed; found none or a gap."))
    if calls is not None and calls < 0:
        raise RangeError(_("calls={n} is below 0.").format(n=calls))
    if depth is not None and not 0 <= depth <= 1:
        raise RangeError(
            _(
                "depth={value} is outside 0 to 1: it is the share of the load that may be off."
            ).format(value=depth)
        )
    of_bus, found = np.ascontiguousarray(room.T), np.zeros((room.shape[1], len(share)))
    order = np.argsort(of_bus, axis=1, kind="stable")  # numba's own takes seconds to compile
    most, least = -1 if calls is None else int(calls), 1.0 if depth is None else float(depth)
    for b in range(len(of_bus)):
        _loads_at(of_bus[b], order[b], share, most, least, found[b])
    return found.T.copy()


class WorstHours(NamedTuple):
    """When a bus's load steps back.

    Parameters
    ----------
    hours : int
        Hours with any cut.
    calls : int
        Runs of such hours.
    longest_h : int
        The longest run. [h]
    hour : ndarray, shape (n,)
        The deepest cuts first: numbers of the hours, from 0.
    cut_mw : ndarray, shape (n,)
        [MW]
    by_month : tuple of int
        Hours with a cut in each month; empty where the hours are no whole year.
    """

    hours: int
    calls: int
    longest_h: int
    hour: IntArray
    cut_mw: FloatArray
    by_month: tuple[int, ...]


@dataclass(frozen=True)
class CurtailableCapacity:
    """Load each bus takes firm and if it may step back.

    Parameters
    ----------
    bus_number : ndarray, shape (n_bus,)
    shares : tuple of float
        Of energy. [1]
    load_mw : ndarray, shape (n_share, n_bus)
        [MW]
    room_mw : ndarray, shape (n_hour, n_bus)
        Capacity by hour. [MW]
    redispatch : bool
        Units were told anew in every hour.
    calls, depth
        As asked.
    unanswered : ndarray, shape (n_bus,)
        Hours without an answer in time; they count as 0 MW.
    limits : tuple of Said
    seconds : dict
        [s]
    """

    bus_number: IntArray
    shares: tuple[float, ...]
    load_mw: FloatArray
    room_mw: FloatArray
    redispatch: bool
    calls: int | None
    depth: float | None
    unanswered: IntArray
    limits: tuple[Said, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def firm_mw(self) -> FloatArray:
        """What holds in every hour, shape (n_bus,). [MW]"""
        return np.asarray(np.maximum(self.room_mw, 0).min(axis=0))

    def worst_hours(self, bus: int, share: float, n: int = 10) -> WorstHours:
        """When a bus's load of this share steps back.

        Raises
        ------
        RangeError
            A bus or share that was not asked for.
        """
        at = np.flatnonzero(self.bus_number == bus)
        which = np.flatnonzero(np.isclose(self.shares, share))
        if not at.size or not which.size:
            raise RangeError(
                _("bus {bus} at a share of {share} was not asked for.").format(bus=bus, share=share)
            )
        load = self.load_mw[which[0], at[0]]
        cut = load - np.maximum(self.room_mw[:, at[0]], 0)
        on = cut > 1e-9
        edge = np.diff(np.r_[0, on.astype(int), 0])
        starts, ends = np.flatnonzero(edge > 0), np.flatnonzero(edge < 0)
        order = np.argsort(-cut, kind="stable")[: min(n, int(on.sum()))]
        months: tuple[int, ...] = ()
        if len(on) in MONTH_START_H:
            of_month = np.searchsorted(MONTH_START_H[len(on)], np.flatnonzero(on), side="right")
            months = tuple(np.bincount(of_month, minlength=13)[1:].tolist())
        return WorstHours(
            int(on.sum()), len(starts), int((ends - starts).max()) if len(starts) else 0,
            order, cut[order], months,
        )  # fmt: skip


def curtailable_capacity(
    case: Case | DcModel,
    load_mw: ArrayLike | None = None,
    shares: Sequence[float] = SHARES,
    calls: int | None = None,
    depth: float | None = None,
    redispatch: bool = False,
    buses: ArrayLike | None = None,
    unit_mw: ArrayLike | None = None,
    treatment: Treatment = TREATMENTS[1],
    post_rating: str | float = "A",
    n_threads: int | None = None,
) -> CurtailableCapacity:
    """What buses take firm and if they may step back over the hours given.

    Parameters
    ----------
    case : Case or DcModel
        Of one island.
    load_mw : array_like, shape (n_hour, n_bus of the case), optional
        Load of every bus by hour; by default the scenarios shipped with the case. [MW]
    shares, calls, depth
        As in `curtailable_load_mw`.
    redispatch : bool
        Units told anew in every hour (Pmin 0), some milliseconds a bus and hour: name the buses. Otherwise units
        follow the load in proportion, and `treatment` says how worn branches are looked at.
    buses : array_like of int, optional
        Bus numbers; by default all.
    unit_mw : array_like, shape (n_hour, n_gen), optional
        Output of units by hour, such as wind and sun; with redispatch the most they may give. NaN: as in the case. [MW]

    Returns
    -------
    capacity : CurtailableCapacity
    """
    grid = case.case if isinstance(case, DcModel) else case
    hours = hourly_area_load_mw(grid) if load_mw is None else np.asarray(load_mw, float)
    numbers = grid.bus_number if buses is None else np.atleast_1d(np.asarray(buses, np.int64))
    wall, processor = time.perf_counter(), time.process_time()
    if redispatch:
        found = redispatched_by_hour(case, numbers, hours, unit_mw, post_rating=post_rating)
        room = found.capacity_mw
        limits: tuple[Said, ...] = (
            Said(
                "hours_apart",
                N_(
                    "every hour by itself: no ramps, start-ups or storage; units in service as in the case, down to 0 MW"
                ),
            ),
            Said("losses_stay", N_("losses stay as in the case")),
        )
    else:
        hourly = hourly_hosting_capacity(
            case, hours, treatment, n_threads=n_threads, unit_mw=unit_mw
        )
        room, limits = hourly.capacity_mw, hourly.limits
        if buses is not None:
            room = room[:, grid.rows_of_bus(numbers)]
    missing = np.isnan(room)
    room = np.where(missing, 0.0, room)
    load = curtailable_load_mw(room, shares, calls, depth)
    return CurtailableCapacity(
        numbers, tuple(float(s) for s in shares), load, room, redispatch, calls, depth,
        missing.sum(axis=0), limits,
        {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor},
    )  # fmt: skip
