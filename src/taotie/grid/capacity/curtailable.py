"""How many MW does a bus take firm, and how many if the load may step back for a few hours? In MW.

From the capacity of every hour, with fixed shares (`hourly_hosting_capacity`) or with units told anew
(`room_of_year`, which solves only the hours that decide), follow the largest loads of `curtailable_load_mw`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from taotie.errors import RangeError
from taotie.grid.capacity.by_hour import hourly_area_load_mw, hourly_hosting_capacity
from taotie.grid.capacity.core import TREATMENTS, Treatment
from taotie.grid.capacity.curtailable_load import SHARES, curtailable_load_mw
from taotie.grid.capacity.hours_that_bind import room_of_year
from taotie.grid.capacity.redispatch_setup import FloatArray, IntArray
from taotie.grid.case.case import Case
from taotie.grid.flow.dc_power_flow import DcModel
from taotie.grid.ties import falling
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = [
    "SHARES",
    "CurtailableCapacity",
    "WorstHours",
    "curtailable_capacity",
    "curtailable_load_mw",
]

# hours before the first day of each month, of a year of 365 days and of one of 366
MONTH_START_H = {
    8760: np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30]) * 24,
    8784: np.cumsum([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30]) * 24,
}


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
    bound_mw : ndarray, shape (n_share, n_bus)
        What no dispatch beats; with fixed shares the same as `load_mw`. [MW]
    room_mw : ndarray, shape (n_hour, n_bus)
        Capacity by hour; with redispatch exact where an hour had to be solved, else at least this. [MW]
    redispatch : bool
        Units were told anew in every hour.
    solved : int
        Bus-hours solved, with redispatch.
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
    bound_mw: FloatArray
    room_mw: FloatArray
    redispatch: bool
    solved: int
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
        order = falling(cut)[: min(n, int(on.sum()))]
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
    within_mw: float = 0.5,
    every: bool = False,
    step: Callable[[int, int], None] | None = None,
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
        Units told anew in every hour (Pmin 0): a second or so a bus and year. Otherwise units follow the load in
        proportion, and `treatment` says how worn branches are looked at.
    buses : array_like of int, optional
        Bus numbers; by default all.
    unit_mw : array_like, shape (n_hour, n_gen), optional
        Output of units by hour, such as wind and sun; not with redispatch (`redispatched_by_hour` takes it). NaN: as
        in the case. [MW]
    within_mw, every, step
        With redispatch, as in `room_of_year`.

    Returns
    -------
    capacity : CurtailableCapacity
    """
    grid = case.case if isinstance(case, DcModel) else case
    hours = hourly_area_load_mw(grid) if load_mw is None else np.asarray(load_mw, float)
    numbers = grid.bus_number if buses is None else np.atleast_1d(np.asarray(buses, np.int64))
    wall, processor = time.perf_counter(), time.process_time()
    if redispatch:
        if unit_mw is not None:
            raise RangeError(
                _("output of units by hour goes with fixed shares."),
                "taotie.grid.capacity.redispatch_hours.redispatched_by_hour",
            )
        found = room_of_year(
            case, numbers, hours, shares, calls, depth, within_mw, every, post_rating=post_rating,
            n_threads=n_threads, step=step,
        )  # fmt: skip
        room, load, bound = found.room_mw, found.load_mw, found.bound_mw
        missing, solved = found.unanswered, int(found.solved.sum())
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
        load = bound = curtailable_load_mw(room, shares, calls, depth)
        missing, solved = np.zeros(len(numbers), np.int64), 0
    return CurtailableCapacity(
        numbers, tuple(float(s) for s in shares), load, bound, room, redispatch, solved, calls,
        depth, missing, limits,
        {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor},
    )  # fmt: skip
