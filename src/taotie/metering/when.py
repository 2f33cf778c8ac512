"""When was it? Stamps of any log as nanoseconds since 1970, UTC; the unit of a number follows from its size."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from taotie.errors import MeterError
from taotie.words.language import _

__all__ = ["epoch_ns", "stamp_ns"]

_FORMATS = (
    "%Y/%m/%d %H:%M:%S.%f",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S,%f",
    "%d/%b/%Y:%H:%M:%S %z",
)


def epoch_ns(value: float, where: str = "") -> int:
    """A number since 1970 in nanoseconds: beyond 1e11 it is milliseconds, beyond 1e14 micro-, beyond 1e17 nanoseconds.

    Raises
    ------
    MeterError
        If it is no time after 1990.

    Examples
    --------
    >>> [epoch_ns(v) for v in (1.7e9, 1.7e12, 1.7e15, 1_700_000_000_000_000_000)] == [1_700_000_000 * 10**9] * 4
    True
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise MeterError(
            _("{where}: {value} is not a time.").format(where=where or "-", value=value)
        )
    for limit, scale in ((1e17, 1), (1e14, 1000), (1e11, 1_000_000), (6e8, 1_000_000_000)):
        if value >= limit:
            if isinstance(value, int):
                return value * scale
            whole = math.floor(value)
            return whole * scale + round((value - whole) * scale)
    raise MeterError(
        _("{where}: {value} is not a time.").format(where=where or "-", value=value),
        _("seconds since 1970, or a date such as 2026-03-01T12:00:00Z"),
    )


def stamp_ns(text: str, where: str = "") -> tuple[int, bool]:
    """A stamp as nanoseconds, and whether it said its zone (without one it is read as UTC).

    Raises
    ------
    MeterError
        If it is no stamp.

    Examples
    --------
    >>> stamp_ns("2023-11-14T22:13:20Z"), stamp_ns("2023/11/14 22:13:20.500")
    ((1700000000000000000, True), (1700000000500000000, False))
    """
    text = text.strip()
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        try:
            value = float(text)
        except ValueError:
            when = _other(text, where)
        else:
            return epoch_ns(int(text) if text.isdigit() else value, where), True
    zoned = when.tzinfo is not None
    if not zoned:
        when = when.replace(tzinfo=UTC)
    whole = int(when.replace(microsecond=0).timestamp())
    return whole * 1_000_000_000 + when.microsecond * 1000, zoned


def _other(text: str, where: str) -> datetime:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise MeterError(
        _("{where}: {value} is not a time.").format(where=where or "-", value=repr(text[:60])),
        _("seconds since 1970, or a date such as 2026-03-01T12:00:00Z"),
    )
