"""How is a setting or a default written? As a study file has it, the same at every door and in both languages."""

from __future__ import annotations

import math

__all__ = ["as_set"]


def as_set(value: object) -> str:
    """A value as it was set: every digit of it, thin groups of thousands, no point behind a whole number.

    Examples
    --------
    >>> as_set(85e6), as_set(28.0), as_set(0.005), as_set(True), as_set("h100")
    ('85\u202f000\u202f000', '28', '0.005', 'true', 'h100')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float) or not math.isfinite(value):
        return str(value)
    if value != int(value) or abs(value) >= 1e15:
        return f"{value:.12g}"
    # years and small counts without a gap
    return f"{value:,.0f}".replace(",", "\u202f" if abs(value) >= 10_000 else "")
