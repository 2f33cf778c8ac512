"""What do pages and pictures of a metered day take from its hours? Sums and means over what was seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["hours_by_day", "mean_known", "total_known"]

OF_AN_HOUR = ("carbon_g", "carbon_marginal_g", "price", "water_l")


def hours_by_day(hours: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Sums of the hours that hold a value; None for a day of none.

    Examples
    --------
    >>> hour = {"start": "2026-05-01T00:00", "carbon_g": 2.0, "carbon_marginal_g": None, "price": None, "water_l": 0.0}
    >>> hours_by_day([hour, hour])[0]["carbon_g"], hours_by_day([hour])[0]["price"]
    (4.0, None)
    """
    days: dict[str, dict[str, Any]] = {}
    for one in hours:
        day = days.setdefault(str(one["start"])[:10], {"at": str(one["start"])[:10]})
        for key in OF_AN_HOUR:
            value = one[key]
            held = day.setdefault(key, None)
            day[key] = held if value is None else (held or 0.0) + value
    return list(days.values())


def total_known(values: Iterable[float | None]) -> float:
    """Sum of what is known."""
    return float(math.fsum(v for v in values if v is not None))


def mean_known(values: Iterable[float]) -> float:
    """Mean of what is finite: a step a meter was blind in is none of 0 W.

    Examples
    --------
    >>> mean_known([100.0, float("nan"), 300.0])
    200.0
    """
    known = [v for v in values if math.isfinite(v)]
    return math.fsum(known) / len(known)
