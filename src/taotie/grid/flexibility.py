"""May the load be cut, how deep and how long, and what connection does that buy? [MW, h, calls/a]

A load is made of classes of work: what must be answered now, what may wait for a deadline, training that may pause or slow
down under a power cap. With a battery beside it, that gives a depth for each length of a cut. A connection that may be cut can be
larger than a firm one by what the grid's hourly room allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taotie.errors import DataError, RangeError
from taotie.files.read import of_others, read_text, table_dicts
from taotie.grid.headroom import curtailable_capacity_mw
from taotie.hardware.power_curve import capped_run
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = [
    "CallClass",
    "Connection",
    "CutPart",
    "WorkClass",
    "cut_depth",
    "flexible_connection",
    "read_room",
    "value_of_computing",
]

Floats = npt.NDArray[np.float64]


class WorkClass(NamedTuple):
    """A part of the load and what it allows.

    Attributes
    ----------
    share : float
        Of the load. [1]
    waits_h : float
        How long its work may be put off; inf for training without a date. [h]
    cap : float
        Power cap while it is cut, over its rated power; 0 pauses it. [1]
    idle : float
        What it still draws when paused, over its power. [1]
    compute_share : float
        Share of its time that arithmetic rules, see `capped_run`. [1]
    """

    name: str
    share: float
    waits_h: float
    cap: float = 0.0
    idle: float = 0.15
    compute_share: float = 1.0


class CallClass(NamedTuple):
    """What a grid operator asks of a load that may be called."""

    name: str
    depth: float
    duration_h: float
    calls_per_year: float
    notice_h: float


class CutPart(NamedTuple):
    """What one class gives. [1 of the load, 1 of its speed]"""

    name: str
    depth: float
    slowdown: float


@dataclass(frozen=True)
class Connection:
    """A connection that may be cut.

    Attributes
    ----------
    firm_mw : float
        What runs in every hour. [MW]
    flexible_mw : float
        What runs if it steps back as it can. [MW]
    energy_only_mw : float
        What would run if only the energy of the cuts were limited. [MW]
    hours, calls : float
        Hours with a cut and number of cuts in a year. [h/a, 1/a]
    longest_h : float
        Longest cut. [h]
    deepest : float
        Deepest cut over the load. [1]
    cut_mwh : float
        Energy cut in a year. [MWh/a]
    binding : str
        What keeps it from being larger: depth, duration, calls or energy.
    """

    firm_mw: float
    flexible_mw: float
    energy_only_mw: float
    hours: float
    calls: float
    longest_h: float
    deepest: float
    cut_mwh: float
    binding: str


def cut_depth(
    classes: Sequence[WorkClass],
    duration_h: float,
    battery_share: float = 0.0,
    battery_h: float = 0.0,
    static_share: float = 0.17,
) -> tuple[float, list[CutPart]]:
    """How deep a load may be cut for some hours.

    Parameters
    ----------
    classes : sequence of WorkClass
        Shares add to 1.
    duration_h : float
        Length of the cut. [h]
    battery_share, battery_h : float
        Power of a battery over the load [1], and hours it lasts at that power [h].
    static_share : float
        Draw of an accelerator that no clock lowers, over its rated power; 120 of 700 W. [1]

    Returns
    -------
    depth : float
        Over the load. [1]
    parts : list of CutPart
        What each class gives, and how much slower it gets meanwhile.

    Raises
    ------
    RangeError
        If shares do not add to 1, or the length is none.

    Notes
    -----
    A class that waits shorter than the cut gives nothing by pausing; a cap needs no waiting, only slower work, and is counted
    for classes that may be slowed.

    Examples
    --------
    Half training that pauses, half chat that does not:

    >>> work = [WorkClass("training", 0.5, float("inf")), WorkClass("chat", 0.5, 0.0)]
    >>> round(cut_depth(work, 4.0)[0], 4)
    0.425
    """
    if not duration_h > 0:
        raise RangeError(_("a cut must last longer than 0 h, not {h:g} h.").format(h=duration_h))
    total = sum(c.share for c in classes)
    if abs(total - 1) > 1e-6 or any(c.share < 0 for c in classes):
        raise RangeError(
            _("the shares of the load add to {total:g}, not to 1.").format(total=total),
            "--training 0.5 --batch 0.2",
        )
    if battery_share < 0 or battery_h < 0:
        raise RangeError(_("a battery cannot have a negative size."))
    parts = []
    for one in classes:
        if one.cap > 0:
            if not static_share < one.cap <= 1:
                raise RangeError(
                    _("a cap of {cap:g} of the rated power is not between {static:g} and 1.").format(cap=one.cap, static=static_share)
                )  # fmt: skip
            run = capped_run(one.cap, static_share, 1.0, one.compute_share)
            depth, slow = one.share * (1 - float(run.power_w)), 1 - float(run.speed)
            if (
                one.waits_h < duration_h * slow and slow > 0
            ):  # the work missed is not caught up in time
                depth, slow = 0.0, 0.0
        elif one.waits_h >= duration_h:
            depth, slow = one.share * (1 - one.idle), 1.0
        else:
            depth, slow = 0.0, 0.0
        parts.append(CutPart(one.name, depth, slow))
    if battery_share > 0:
        lasts = min(battery_share, battery_share * battery_h / duration_h)
        parts.append(CutPart("battery", lasts, 0.0))
    return min(sum(p.depth for p in parts), 1.0), parts


def flexible_connection(
    room_mw: npt.ArrayLike,
    depth: float,
    duration_h: float,
    calls_per_year: float,
    energy_share: float = 1.0,
    step_h: float = 1.0,
) -> Connection:
    """The largest constant load that fits if it steps back within its limits.

    Parameters
    ----------
    room_mw : array_like, shape (hour,)
        What may run in each hour, a whole number of years. [MW]
    depth : float
        Deepest cut over the load. [1]
    duration_h : float
        Longest cut. [h]
    calls_per_year : float
        Most cuts. [1/a]
    energy_share : float
        Most energy cut over the load's energy. [1]

    Returns
    -------
    connection : Connection

    Raises
    ------
    RangeError
        If there is no room, or a limit is impossible.

    Notes
    -----
    A larger load is cut more often, longer and deeper, so the largest is found by halving.

    Examples
    --------
    100 MW but in four hours of a day, when 60 MW are free; a third of the load may be cut:

    >>> room = [100.0] * 20 + [60.0] * 4
    >>> fit = flexible_connection(room, 0.4, 4.0, 400)
    >>> fit.firm_mw, round(fit.flexible_mw, 3), fit.binding
    (60.0, 100.0, 'duration')
    """
    room = np.maximum(np.asarray(room_mw, dtype=np.float64), 0.0)
    if room.ndim != 1 or room.size < 2 or not np.isfinite(room).all():
        raise RangeError(
            _("the room is a row of finite numbers, one an hour."),
            _("column room_mw with one row an hour, a year of them"),
        )
    for name, value in (("depth", depth), ("energy_share", energy_share)):
        if not 0 <= value <= 1:
            raise RangeError(_("{name}={value} leaves 0..1.").format(name=name, value=value))
    if not (duration_h >= 0 and calls_per_year >= 0):
        raise RangeError(_("a cut must last longer than 0 h, not {h:g} h.").format(h=duration_h))
    years = room.size * step_h / 8760.0
    firm = float(room.min())

    def of(load: float) -> tuple[bool, str, tuple[float, float, float, float, float]]:
        cut = np.maximum(load - room, 0.0)
        on = cut > 1e-9 * max(load, 1.0)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(np.int8), [0]])))
        lengths = (edges[1::2] - edges[::2]) * step_h
        longest = float(lengths.max()) if lengths.size else 0.0
        facts = (
            float(on.sum()) * step_h / years, lengths.size / years, longest, float(cut.max()) / load if load else 0.0,
            float(cut.sum()) * step_h / years,
        )  # fmt: skip
        if facts[3] > depth + 1e-9:
            return False, "depth", facts
        if longest > duration_h + 1e-9:
            return False, "duration", facts
        if facts[1] > max(calls_per_year, 0) + 1e-9:
            return False, "calls", facts
        if load and facts[4] > energy_share * load * 8760 + 1e-9:
            return False, "energy", facts
        return True, "", facts

    low, high = firm, float(room.max()) * 2 + 1.0
    why = of(high)[1] or "room"
    for _round in range(80):
        middle = 0.5 * (low + high)
        fits, reason, _facts = of(middle)
        if fits:
            low = middle
        else:
            high, why = middle, reason
        if high - low < 1e-9 * max(high, 1.0):
            break
    hours, calls, longest, deepest, energy = of(low)[2]
    only = (
        curtailable_capacity_mw(room, min(max(energy_share, 0.0), 0.99))
        if energy_share > 0
        else firm
    )
    return Connection(firm, low, float(only), hours, calls, longest, deepest, energy, why)


def value_of_computing(usd_per_accelerator_hour: float, kw_per_accelerator: float) -> float:
    """What a MWh not computed costs. [USD/MWh]

    Examples
    --------
    An H100 at 2 USD/h that takes 1.275 kW with all around it:

    >>> round(value_of_computing(2.0, 1.275))
    1569
    """
    if not (usd_per_accelerator_hour >= 0 and kw_per_accelerator > 0):
        raise RangeError(_("an accelerator needs a power and a price above 0, not {kw:g} kW at {usd:g} USD/h.").format(kw=kw_per_accelerator, usd=usd_per_accelerator_hour))  # fmt: skip
    return usd_per_accelerator_hour / kw_per_accelerator * 1e3


@of_others(DataError)
def read_room(path: Path) -> tuple[Floats, float]:
    """Hourly room of a CSV: `room_mw`, or `load_mw` of a region whose highest demand is taken as what it can serve.

    Returns
    -------
    room_mw : ndarray, shape (hour,)
        [MW]
    peak_mw : float
        Highest demand; nan for a file of room. [MW]

    Raises
    ------
    DataError
        If neither column is there or a cell is no number.
    """
    rows = list(table_dicts(read_text(path), path))
    column = next((c for c in ("room_mw", "capacity_mw", "load_mw", "demand_mw") if rows and c in rows[0]), None)  # fmt: skip
    if column is None:
        raise DataError(
            _("{path} has neither a column room_mw nor load_mw.").format(path=path),
            _("room_mw: what may run in each hour; load_mw: the demand of the region"),
        )
    try:
        values = np.array([float(r[column]) for r in rows])
    except (TypeError, ValueError) as error:
        raise DataError(_("{path}: {why}.").format(path=path, why=reason(error)[:80])) from None
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise DataError(
            _("{path}: {area} has {value} MW in row {row}.").format(
                path=path, area=column, value=values[row], row=row + 1
            )
        )
    if column in ("load_mw", "demand_mw"):
        return values.max() - values, float(values.max())
    return values, float("nan")
