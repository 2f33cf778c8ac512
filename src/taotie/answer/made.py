"""How does a room's plain number become a figure of an answer? Name, unit, boundary, kind and a note of how it was made."""

from __future__ import annotations

from typing import Any

from taotie.quantity.figure import Figure, leaf
from taotie.words.said import labels

__all__ = ["computed"]


def computed(
    key: str,
    value: float,
    unit: str,
    label: str,
    note: str,
    boundary: str | None = None,
    kind: str = "modelled",
    **more: Any,
) -> Figure:
    """A number a room computed, as a figure.

    Parameters
    ----------
    key : str
    value : float
        In `unit`.
    label : str
        Name as a message marked with `N_`.
    note : str
        How it was made.

    Examples
    --------
    >>> computed("cost", 50.5, "EUR/MWh", "cost", "least-cost mix").p50
    50.5
    """
    return leaf(
        key, value=float(value), unit=unit, kind=kind, boundary=boundary, note=note, label=labels(label), **more
    )  # fmt: skip
