"""When did each request come? Dates and numbers of any unit in, seconds after a common zero out [s].

A date is read as it stands. A number has a unit: the one asked for, the one in the column's name, or the one its values
allow - never that of the layout alone. Numbers beyond 1e11 are dates in ms, beyond 1e14 in us, beyond 1e17 in ns, since
in the next larger unit they would lie in a year beyond 5000; small numbers are taken in the unit that gives a rate a
service has, and where two units do, the reader asks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from taotie.errors import TraceError, UnknownNameError, nearest
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = [
    "TIME_UNITS",
    "Clock",
    "Extent",
    "Read",
    "Scale",
    "checked_unit",
    "names_a_zone",
    "plain_stamps",
    "scale_of",
    "seconds_of",
    "stamp",
]

Floats = npt.NDArray[np.float64]

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Units that can be asked for. [s]"""

_LARGE = 1e11
"""From this number on, a time can only be a date, in ms or less."""
_FIRST_DATE, _LAST_DATE = 9e8, 4.2e9
"""Seconds from 1970 to 1998 and to 2103: numbers between are dates in seconds if they lie close together."""
_FEW = 10
"""Fewer requests than this say nothing about a rate."""
_FASTEST_PER_S = 1000.0
_SLOWEST_PER_S = 1 / 60.0
"""A log of round numbers slower than this is more likely one in a smaller unit. [request/s]"""

_PLAIN = re.compile(r"[0-9:. T-]+")
_OFFSET = re.compile(r"\s*(?:[Zz]|UTC|GMT|([+-])(\d\d):?(\d\d)?)$")


class Clock(NamedTuple):
    """What is known of a column of times before its values are looked at."""

    column: str
    named_s: float | None = None
    """Seconds per unit, by the column's name."""
    hint_s: float | None = None
    """Seconds per unit in the layout the log looks like."""
    layout: str = ""
    asked: str = ""
    """Unit the user gave, or empty."""


class Read(NamedTuple):
    """Seconds after the smallest time, and how they came about."""

    t_s: Floats
    unit: str
    start_h: float | None
    """Hour of the day (UTC) of the smallest time, where the numbers are dates."""
    said: tuple[Said, ...]
    zero_ns: int | None = None
    """The smallest time, where the numbers are dates. [ns since 1970]"""


def checked_unit(unit: str) -> str:
    """`unit`, if it is one that times may have; empty: to be found.

    Raises
    ------
    UnknownNameError
        If it is not.
    """
    if unit and unit not in TIME_UNITS:
        raise UnknownNameError(
            _("times of a log are in s, ms, us or ns, not in {unit}.").format(unit=repr(unit[:20])),
            nearest(unit, list(TIME_UNITS)),
        )
    return unit


class Extent(NamedTuple):
    """What decides the unit of some numbers: how many, from where to where, and whether all are whole."""

    n: int
    low: float
    high: float
    whole: bool
    coarse: bool = False
    """Whether all are whole hundreds."""


class Scale(NamedTuple):
    """How numbers become seconds: those after `zero`, times `step_s`."""

    unit: str
    step_s: float
    zero: float
    start_h: float | None
    """Hour of the day (UTC) of the smallest number, where they are dates."""
    said: tuple[Said, ...]


def seconds_of(t: Floats, clock: Clock, path: Path) -> Read:
    """Seconds after the smallest of some numbers; see the module for how the unit is found.

    Parameters
    ----------
    t : ndarray of float64, shape (n_request,)
        Finite; at least one.
    clock : Clock
    path : Path
        For messages.

    Raises
    ------
    TraceError
        If the numbers fit no unit, or two; says which option names it.
    """
    integral = all(bool((some == np.floor(some)).all()) for some in (t[:1000], t))
    coarse = integral and bool((np.remainder(t, 100.0) == 0).all())
    extent = Extent(t.size, float(t.min()), float(t.max()), integral, coarse)
    scale = scale_of(extent, clock, path)
    after = t - scale.zero if scale.zero else t
    zero_ns = None
    if scale.zero:
        ns = round(scale.step_s * 1e9)  # whole numbers stay whole
        whole = math.floor(scale.zero)
        zero_ns = whole * ns + round((scale.zero - whole) * ns)
    return Read(after * scale.step_s, scale.unit, scale.start_h, scale.said, zero_ns)


def scale_of(extent: Extent, clock: Clock, path: Path) -> Scale:
    """How numbers become seconds, from their extent alone; raises as `seconds_of`."""
    unit, how = _unit(extent, clock, path)
    step = TIME_UNITS.get(unit) or (clock.named_s if clock.named_s is not None else 1.0)
    low = extent.low
    dates = _FIRST_DATE <= low * step <= _LAST_DATE and low > 0.5 * extent.high
    said: tuple[Said, ...] = ()
    if how is not None:
        said = (Said(how[0], how[1], {"column": clock.column[:40], "unit": unit}),)
    # numbers that are dates lose nothing by being counted from the first; others are multiplied first, as printed
    return Scale(
        unit,
        step,
        low if dates else 0.0,
        float(low * step / 3600.0 % 24.0) if dates else None,
        said,
    )


_SURE = ("time_unit_found", N_("times in column {column} are dates in {unit}"))
_TOLD = (
    "time_unit_told",
    N_("times in column {column} were read as {unit}, as their values allow"),
)
_SECONDS = ("seconds_assumed", N_("times in column {column} were read as seconds"))


def _unit(t: Extent, clock: Clock, path: Path) -> tuple[str, tuple[str, str] | None]:
    """The unit of some numbers, and code and sentence of what is to be said about it."""
    low, high = t.low, t.high
    if clock.asked:
        _not_in_far_years(high, clock.asked, clock, path)
        return clock.asked, None
    date = next((u for u, s in TIME_UNITS.items() if s < 1 and _dates(low, high, s)), "")
    if date:
        if clock.named_s is not None and not np.isclose(clock.named_s, TIME_UNITS[date]):
            raise _ask(
                path,
                clock,
                low,
                high,
                _("by its name the column is in another unit than these dates"),
            )
        return date, None if clock.named_s is not None else _SURE
    if clock.named_s is None and high >= _LARGE:
        raise _ask(
            path, clock, low, high, _("these are no dates in any unit, and too large for seconds")
        )
    dates = _dates(low, high, 1.0)
    if clock.named_s is not None:
        unit = next((u for u, s in TIME_UNITS.items() if np.isclose(s, clock.named_s)), "")
        if dates and clock.named_s > 1.0:  # a date under `hour`: no minutes or hours of any date
            return "s", _SURE
        if dates and clock.named_s < 1.0:
            raise _ask(
                path,
                clock,
                low,
                high,
                _("by its name the column is in another unit than these dates"),
            )
        if (
            t.n >= _FEW
            and clock.named_s < 1.0
            and not t.whole
            and _rate(t, high - low, clock.named_s) > 100 * _FASTEST_PER_S
        ):
            raise _ask(path, clock, low, high, _("no service has that many requests a second"))
        return unit, None
    if dates and t.coarse and t.n >= _FEW:
        raise TraceError(
            _("{path}: all times in column {column} are whole hundreds of seconds: the digits behind were lost when the file was written.").format(
                path=path, column=clock.column[:60]
            ),
            _("write them as 1772359200.123, not as 1.772359e+09; if they were rounded on purpose: --time-unit s"),
        )  # fmt: skip
    if dates:
        return "s", _SECONDS if clock.hint_s in (None, 1.0) else _TOLD
    if clock.hint_s is None:
        return _small(t, low, high, clock, path)
    if clock.hint_s < 1.0:
        return _small_ms(t, low, high, clock, path)
    if t.n >= 2 * _FEW:
        rate = _rate(t, high - low, 1.0)
        # some rows of BurstGPT, one model's, come minutes apart
        slowest = _SLOWEST_PER_S / 4 if clock.layout == "burstgpt" else _SLOWEST_PER_S
        if rate > _FASTEST_PER_S or (t.whole and rate < slowest):
            raise _ask(path, clock, low, high, _rates(t, high - low))
    return "s", None


def _small(
    t: Extent, low: float, high: float, clock: Clock, path: Path
) -> tuple[str, tuple[str, str]]:
    """Numbers that are no dates, under a name and in a layout that say nothing: seconds, if that can be."""
    if t.n >= _FEW:
        span = high - low
        rate = _rate(t, span, 1.0)
        slow = t.whole and rate < _SLOWEST_PER_S
        if slow or (t.n >= 2 * _FEW and (rate > _FASTEST_PER_S or (rate > 200 and span < 10))):
            raise _ask(path, clock, low, high, _rates(t, span))
    return "s", _SECONDS


def _small_ms(
    t: Extent, low: float, high: float, clock: Clock, path: Path
) -> tuple[str, tuple[str, str] | None]:
    """Numbers that are no dates, in a layout whose publisher writes ms: ms, if their values agree."""
    if t.n < _FEW or high == low:
        if not t.whole:
            raise _ask(
                path,
                clock,
                low,
                high,
                _("its layout is one of whole milliseconds, and these are not whole"),
            )
        return "ms", None
    span = (high - low) * 1e-3
    per_s = _rate(t, high - low, 1e-3)
    if not t.whole:
        if per_s > 20 and _rate(t, high - low, 1.0) <= _FASTEST_PER_S:
            return "s", _TOLD
        if per_s > 20 or _rate(t, high - low, 1.0) > 1 / 3600.0:
            raise _ask(path, clock, low, high, _rates(t, high - low))
        return "ms", _TOLD
    usual = per_s <= 20 and (span >= 60 or per_s <= 5) and (span >= 5 or t.n < 2 * _FEW)
    long = per_s <= 500 and span >= 600
    if not usual and not long:
        raise _ask(path, clock, low, high, _rates(t, high - low))
    return "ms", None


def _dates(low: float, high: float, unit_s: float) -> bool:
    """Whether numbers are dates between 1998 and 2103 that lie close together."""
    return _FIRST_DATE <= low * unit_s <= high * unit_s <= _LAST_DATE and high - low < 0.5 * low


def _rate(t: Extent, span: float, unit_s: float) -> float:
    return t.n / (span * unit_s) if span > 0 else float("inf")


def _rates(t: Extent, span: float) -> str:
    return _("{a:.3g} requests a second if they are seconds, {b:.3g} if milliseconds").format(
        a=_rate(t, span, 1.0), b=_rate(t, span, 1e-3)
    )


def _not_in_far_years(high: float, unit: str, clock: Clock, path: Path) -> None:
    if high * TIME_UNITS[unit] > 1e11:
        raise _ask(
            path, clock, high, high, _("in {unit} they lie beyond the year 5000").format(unit=unit)
        )


_SPREADSHEET_DAYS = (25_000.0, 75_000.0)
"""Days since 1900 from 1968 to 2105, as spreadsheets count them."""


def _ask(path: Path, clock: Clock, low: float, high: float, why: str) -> TraceError:
    days = _SPREADSHEET_DAYS[0] <= low <= high <= _SPREADSHEET_DAYS[1] and high - low < 400 and low % 1  # fmt: skip
    return TraceError(
        _(
            "{path}: the unit of time in column {column} ({low:.15g} to {high:.15g}) cannot be told: {why}."
        ).format(path=path, column=clock.column[:60], low=low, high=high, why=why),
        _("days of a spreadsheet? write them as dates, such as 2026-03-01T12:00:00Z") if days
        else _("name it: --time-unit s, ms, us or ns"),
    )  # fmt: skip


def names_a_zone(cell: str) -> bool:
    """Does a date end in a zone, such as Z or +08:00?

    Examples
    --------
    >>> names_a_zone("2026-03-01T12:00:00Z"), names_a_zone("2026-03-01 12:00:00"), names_a_zone("Sun, 01 Mar 2026 12:00:00 GMT")
    (True, False, True)
    """
    return _OFFSET.search(cell.strip(), 10) is not None


def plain_stamps(cells: Sequence[str]) -> npt.NDArray[np.datetime64] | None:
    """All stamps at once if all have one offset, or none, and nothing unusual; None: one by one."""
    found = _OFFSET.search(cells[0], 10)
    shift: Any = np.timedelta64(0, "m")
    if found:
        suffix = cells[0][found.start() :]
        if not all(cell.endswith(suffix) for cell in cells):
            return None
        try:
            shift = _shift(found)
        except ValueError:
            return None
        cells = [cell[: -len(suffix)] for cell in cells]
    joined = "".join(cells)
    if not _PLAIN.fullmatch(joined) or joined.count("-") != 2 * len(cells):
        return None
    texts = np.array(cells)
    if texts.dtype.itemsize > 4 * 29 or not np.isin(texts.astype("U2"), ["19", "20", "21"]).all():
        return None
    try:
        return np.asarray(texts.astype("datetime64[ns]") - shift)
    except ValueError:
        return None


def stamp(cell: str) -> np.datetime64:
    """One date with its time of day, as logs write it; UTC where it names no zone.

    Raises
    ------
    ValueError
        If it is none.
    """
    text = cell.strip()
    if re.match(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} ", text):  # as in e-mail and HTTP
        got = parsedate_to_datetime(text)
        got = got.astimezone(UTC) if got.tzinfo else got
        return np.datetime64(got.replace(tzinfo=None), "ns")
    web = re.match(
        r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d)(.*)$", text
    )  # as in access logs
    if web:
        month = 1 + [
            "Jan",
            "Feb",
            "Mar",
            "Apr",
            "May",
            "Jun",
            "Jul",
            "Aug",
            "Sep",
            "Oct",
            "Nov",
            "Dec",
        ].index(web[2])
        text = f"{web[3]}-{month:02d}-{web[1]} {web[4]}{web[5].replace(' ', '')}"
    if re.match(r"\d{4}/\d\d?/\d\d? ", text):
        year, month_text, rest = text.split("/", 2)
        day_text, clock = rest.split(" ", 1)
        text = f"{year}-{int(month_text):02d}-{int(day_text):02d} {clock}"
    basic = re.match(
        r"(\d{4})(\d\d)(\d\d)[T ](\d\d)(\d\d)(\d\d)(?=\D|$)", text
    )  # ISO without strokes
    if basic:
        text = "{}-{}-{} {}:{}:{}".format(*basic.groups()) + text[basic.end() :]
    day, found = text[:10], _OFFSET.search(text, 10)
    shift: Any = np.timedelta64(0, "m")
    if found:
        text, shift = text[: found.start()].rstrip(), _shift(found)
    text = re.sub(r",(?=\d+$)", ".", text)
    # datetime64 also takes "NaT", "now", "today" and years beyond reach: a plain date only.
    if not re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", day) or not re.fullmatch(r"[0-9T:. -]{10,29}", text):  # fmt: skip
        raise ValueError(cell)
    return np.datetime64(text.replace("T", " "), "ns") - shift


def _shift(found: re.Match[str]) -> np.timedelta64:
    """Minutes east of Greenwich of an offset."""
    if not found[1]:
        return np.timedelta64(0, "m")
    hours, minutes = int(found[2]), int(found[3] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(found[0])
    return np.timedelta64((1 if found[1] == "+" else -1) * (60 * hours + minutes), "m")
