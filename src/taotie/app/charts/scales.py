"""Where on an axis does a value stand, and which round values are written below it? Shares of the axis, 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

__all__ = ["Axis", "Bands", "Continuous", "day_number", "log_ticks", "ticks_between"]


def day_number(text: str) -> float:
    """A day such as 2025-03-01 as a number. [d]"""
    return float(date.fromisoformat(text[:10]).toordinal())


def _step(low: float, high: float, count: int) -> float:
    """A round step, 1, 2 or 5 times a power of ten, that gives about `count` of them."""
    raw = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    error = raw / power
    factor = 10 if error >= 50**0.5 else 5 if error >= 10**0.5 else 2 if error >= 2**0.5 else 1
    return factor * power


def ticks_between(low: float, high: float, count: int, least_step: float = 0.0) -> list[float]:
    """Round values between two ends, about `count` of them.

    Examples
    --------
    >>> ticks_between(0, 23, 5), ticks_between(0, 3, 10, 1)
    ([0.0, 5.0, 10.0, 15.0, 20.0], [0.0, 1.0, 2.0, 3.0])
    """
    if not high > low:
        return [low]
    step = max(_step(low, high, count), least_step)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between two ends of a logarithmic axis: 1-2-5, or decades where those are too many.

    Examples
    --------
    >>> log_ticks(30, 3000, 8), log_ticks(30, 3000, 4)
    ([50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0], [100.0, 1000.0])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks: list[float] = []
    for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        ticks = [
            float(f"{m * 10.0**e:.3g}")
            for e in range(first, last + 1)
            for m in steps
            if low <= m * 10.0**e <= high
        ]
        if len(ticks) <= most:
            return ticks
    return ticks[:: -(-len(ticks) // most)]


def _round_log(value: float, up: bool) -> float:
    """The nearest of 1, 2, 5 times a power of ten above or below a value."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    steps = [m * power for m in (0.5, 1, 2, 5, 10)]
    if up:
        return next(s for s in steps if s >= value * (1 - 1e-9))
    return next(s for s in steps[::-1] if s <= value * (1 + 1e-9))


@dataclass(frozen=True)
class Continuous:
    """An axis of numbers or days.

    Attributes
    ----------
    low, high : float
        Its ends.
    kind : str
        "linear", "log" or "time" (day numbers).
    clamped : bool
        What lies beyond an end stands at that end.
    """

    low: float
    high: float
    kind: str = "linear"
    clamped: bool = False

    @classmethod
    def over(
        cls, low: float, high: float, kind: str, nice: bool, clamped: bool = False
    ) -> Continuous:
        """An axis that holds two values; `nice` moves its ends outwards to round ones."""
        if kind == "log":
            if nice:
                low, high = _round_log(low, up=False), _round_log(high, up=True)
            return cls(low, high if high > low else low * 10, kind, clamped)
        if not high > low:
            low, high = (low - 0.5, high + 0.5) if low == 0 else sorted((low * 0.9, low * 1.1))
        if nice and kind == "linear":
            step = _step(low, high, 10)
            low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
        return cls(low, high, kind, clamped)

    def share(self, value: object) -> float | None:
        """Where a value stands; None for what has no place, such as 0 on a logarithmic axis."""
        if isinstance(value, str) and self.kind == "time":
            value = day_number(value)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            return None
        if self.kind == "log":
            if value <= 0:
                return None
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0) if self.clamped else share

    def ticks(self, count: int, least_step: float = 0.0) -> list[float]:
        """Round values along it, about `count` of them; of days, the first of a month or year."""
        if self.kind == "log":
            return log_ticks(self.low, self.high, count)
        if self.kind == "time":
            return _first_days(self.low, self.high, count)
        return ticks_between(self.low, self.high, count, least_step)


def _first_days(low: float, high: float, count: int) -> list[float]:
    months = max(1, round((high - low) / 30.44 / max(count, 1)))
    step = next((m for m in (1, 3, 6, 12) if months <= m), 12 * -(-months // 12))
    start = date.fromordinal(math.ceil(low))
    month = -(-(start.year * 12 + start.month - 1 + (start.day > 1)) // step) * step
    found = []
    while (day := date(month // 12, month % 12 + 1, 1).toordinal()) <= high:
        found.append(float(day))
        month += step
    return found


@dataclass(frozen=True)
class Bands:
    """An axis of names or rows: equal bands with room between them. [bands]"""

    names: tuple[object, ...]
    inner: float = 0.1
    outer: float = 0.05

    @property
    def steps(self) -> float:
        """Length of the axis in steps from band to band."""
        return max(1e-9, len(self.names) - self.inner + 2 * self.outer)

    @property
    def width(self) -> float:
        """Share of the axis that one band takes."""
        return (1 - self.inner) / self.steps

    def share(self, value: object) -> float | None:
        """Where the middle of a name's band stands."""
        try:
            i = self.names.index(value)
        except ValueError:
            return None
        return (self.outer + i + (1 - self.inner) / 2) / self.steps

    def ticks(self, count: int, least_step: float = 0.0) -> Sequence[object]:
        """Every name."""
        return self.names


Axis = Continuous | Bands
