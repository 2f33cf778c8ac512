"""When was it? Time stamps as files write them, and whether they name a zone: an instant, or what a clock showed.

A day is written 2024-07-01, 2024/07/01, 2024年7月1日, 01.07.2024 (day first, as wherever points are written), or with
the year behind two slashes, where the column itself must show which of the two is the day.

A zone is Z, UTC, an offset such as +08:00 or -0500, or a name of the IANA database: `2024-07-01 13:00 Europe/Berlin`,
`2024-07-01T13:00+02:00[Europe/Berlin]`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import DataError, UnknownNameError
from taotie.words.language import _

__all__ = ["Stamps", "clock_text", "dated", "time_stamps", "with_offset"]

_OFFSET = re.compile(r"\s*(?:(Z|UTC|GMT)|([+-])(\d\d):?(\d\d)?)$")
_NAME = re.compile(r"(?<=[\d\sZ])\s*\[?([A-Z][A-Za-z_]+/[A-Za-z_/+-]+\d*)\]?$")


_DAY = re.compile(
    r"(?P<y>\d{4})(?P<a>/|年)(?P<m>\d{1,2})(?:/|月)(?P<d>\d{1,2})日?(?![\d/])"
    r"|(?P<one>\d{1,2})(?P<b>[./])(?P<two>\d{1,2})(?P=b)(?P<year>\d{4})(?!\d)"
)
_CLOCK = re.compile(r"[T\s]*(\d{1,2}):(\d\d)(:\d\d(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?$")


class Stamps(NamedTuple):
    """Times of a column.

    time : in UTC where a zone is named, else as the clock showed them; zoned : does every stamp name its zone?
    offset_h : the writer's standard time less UTC, the least of the stamps'; None where they are in UTC or name no zone. [h]
    """

    time: NDArray[np.datetime64]
    zoned: bool
    offset_h: float | None = None


def clock_text(utc_offset_h: float) -> str:
    """An offset as people write it.

    Examples
    --------
    >>> clock_text(8.0), clock_text(5.5), clock_text(-3.0), clock_text(0.0)
    ('UTC+8', 'UTC+5:30', 'UTC-3', 'UTC')
    """
    if not utc_offset_h:
        return "UTC"
    hours, minutes = divmod(round(60 * abs(utc_offset_h)), 60)
    return f"UTC{'-' if utc_offset_h < 0 else '+'}{hours}" + (f":{minutes:02d}" if minutes else "")


def _zone(name: str) -> object:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownNameError(
            _("{name} is no time zone that is known here.").format(name=repr(name)),
            "2024-07-01T13:00+02:00",
        ) from None


def with_offset(text: str, before: np.datetime64 | None = None) -> str:
    """A stamp whose zone is a name, with the offset of that moment in its place; any other as it is.

    Parameters
    ----------
    text : str
    before : datetime64, optional
        The stamp before it in UTC: of the two hours that clocks show twice in autumn, the one that goes forward.

    Examples
    --------
    >>> with_offset("2024-07-01 13:00 Europe/Berlin"), with_offset("2024-01-01T00:00+05:30[Asia/Kolkata]")
    ('2024-07-01 13:00+02:00', '2024-01-01T00:00+05:30')
    """
    found = _NAME.search(text)
    if found is None:
        return text
    plain = text[: found.start()].rstrip(" [")
    if _OFFSET.search(plain) and ":" in plain:
        return plain
    zone = _zone(found[1])
    try:
        shown = datetime.fromisoformat(plain)
    except ValueError:
        return text
    at = shown.replace(tzinfo=zone)  # type: ignore[arg-type]
    if before is not None and np.datetime64(int(at.timestamp()), "s") <= before:
        at = shown.replace(tzinfo=zone, fold=1)  # type: ignore[arg-type]
    return plain + at.isoformat()[-6:]


def dated(texts: Sequence[str]) -> Sequence[str]:
    """The same stamps with the year first; as they are where they are written so already.

    Raises
    ------
    DataError
        If day and month cannot be told apart.

    Examples
    --------
    >>> dated(["13/02/2025 1:00 PM"]), dated(["2025年2月3日 07:00"]), dated(["2025-02-03T07:00Z"])
    (['2025-02-13T13:00'], ['2025-02-03T07:00'], ['2025-02-03T07:00Z'])
    """
    first = next((t for t in texts if t.strip()), "")
    if not _DAY.match(first.strip()):
        return texts
    found = [(_DAY.match(t.strip()), t.strip()) for t in texts]
    slashes = [m for m, _text in found if m and m["b"] == "/"]
    day_first = any(int(m["one"]) > 12 for m in slashes)
    if slashes and day_first == any(int(m["two"]) > 12 for m in slashes):
        raise DataError(
            _("{text}: which is the day, which the month?").format(text=repr(first)),
            _("write the hour as 2022-07-01 13:00."),
        )
    made = []
    for match, text in found:
        clock = _CLOCK.match(text[match.end() :]) if match else None
        if match is None or (clock is None and text[match.end() :].strip()):
            made.append(text)  # no time: the column is none of times
            continue
        if match["y"]:
            year, month, day = match["y"], match["m"], match["d"]
        elif match["b"] == "." or day_first:
            year, month, day = match["year"], match["two"], match["one"]
        else:
            year, month, day = match["year"], match["one"], match["two"]
        date = f"{year}-{int(month):02d}-{int(day):02d}"
        made.append(date if clock is None else f"{date}T{_hour(clock):02d}:{clock[2]}{clock[3] or ''}")  # fmt: skip
    return made


def _hour(clock: re.Match[str]) -> int:
    """Hour of the day, where it may be written with am and pm."""
    hour = int(clock[1])
    half = (clock[4] or "").lower()[:1]
    if not half:
        return hour
    return hour % 12 + (12 if half == "p" else 0)


def time_stamps(texts: Sequence[str]) -> Stamps | None:
    """The times of a column of texts; None where they are no times.

    Raises
    ------
    DataError
        If some stamps name a zone and others do not: what the others mean cannot be told.
    UnknownNameError
        If a zone's name is not known.

    Examples
    --------
    >>> made = time_stamps(["2024-01-01 00:00+08:00", "2024-01-01T01:00 Asia/Shanghai"])
    >>> str(made.time[0]), str(made.time[1]), made.zoned, made.offset_h
    ('2023-12-31T16:00:00', '2023-12-31T17:00:00', True, 8.0)
    >>> time_stamps(["2024-01-01 00:00"]).zoned, time_stamps(["north"])
    (False, None)
    """
    plain, shift, zoned = [], np.zeros(len(texts), np.int64), 0
    before: np.datetime64 | None = None
    for i, text in enumerate(texts):
        named = "/" in text and _NAME.search(text) is not None
        one = with_offset(text, before) if named else text
        match = _OFFSET.search(one) if ":" in one or one.endswith("Z") else None
        if match and match[2] and (match.start() < 10 or ":" not in one[: match.start()]):
            match = None  # the minus of a date
        if match and match[2]:
            seconds = int(match[3]) * 3600 + int(match[4] or 0) * 60
            shift[i] = seconds if match[2] == "+" else -seconds
        zoned += match is not None
        plain.append(one[: match.start()] if match else one)
        if named and match:
            try:
                before = np.datetime64(plain[-1], "s") - np.timedelta64(int(shift[i]), "s")
            except ValueError:
                return None
    try:
        made = np.array(dated(plain), "datetime64[s]")
    except ValueError:
        return None
    if zoned and zoned != np.count_nonzero(~np.isnat(made)):
        raise DataError(
            _("{n} times of {all} name a zone, the others none.").format(n=zoned, all=len(texts)),
            _("write all of them in one way, such as 2024-07-01T13:00Z"),
        )
    own = float(shift.min()) / 3600.0 if zoned and shift.any() else None
    return Stamps(made - shift.astype("timedelta64[s]"), zoned > 0, own)
