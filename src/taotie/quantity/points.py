"""Which points of many draws are printed? Percentiles of sorted draws, and a mean that is the same on every processor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

__all__ = [
    "between",
    "means",
    "neighbours",
    "ordered_points",
    "ordered_rows",
    "points_between",
    "printed_points",
    "quantile",
    "row_means",
    "rows_of_one_size",
]

POINTS = (0.05, 0.5, 0.95)
TOGETHER = 1 << 18
"""Draws that are taken at a time: they stay in the processor's cache."""


def printed_points(draws: Sequence[np.ndarray]) -> list[list[float]]:
    """The 5, 50, 95 % points and the mean of each, in every bit as of each alone.

    Parameters
    ----------
    draws : sequence of ndarray, shape (n_sample,)
        Of any lengths; those of one length are taken together.

    Examples
    --------
    >>> printed_points([np.array([3.0, 1.0, 2.0])])
    [[1.1, 2.0, 2.9, 2.0]]
    """
    found: list[list[float]] = [[]] * len(draws)
    for places, rows in rows_of_one_size(draws):
        averages = row_means(rows)
        rows.sort(axis=1)
        points = np.stack([*(quantile(rows.T, q) for q in POINTS), averages], axis=1)
        for i, values in zip(places, points.tolist(), strict=True):
            found[i] = values
    return found


def ordered_points(draws: np.ndarray) -> np.ndarray:
    """The draws between which the printed points lie: of each point the one below it and the one above, as if sorted.

    Examples
    --------
    >>> ordered_points(np.array([3.0, 1.0, 2.0])).tolist()
    [1.0, 2.0, 2.0, 3.0, 2.0, 3.0]
    """
    return np.asarray(ordered_rows(draws[np.newaxis].copy())[0])


def ordered_rows(rows: np.ndarray) -> np.ndarray:
    """`ordered_points` of each row, shape (n_row, 6); the rows are used up.

    Examples
    --------
    >>> ordered_rows(np.array([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]])).tolist()
    [[1.0, 2.0, 2.0, 3.0, 2.0, 3.0], [4.0, 5.0, 5.0, 6.0, 5.0, 6.0]]
    """
    n = rows.shape[1]
    first, middle, last = (neighbours(n, q)[0] for q in POINTS)
    if not first + 1 < middle < last < n - 1:
        rows.sort(axis=1)
        return rows[:, [k for q in POINTS for k in neighbours(n, q)[:2]]]
    found = np.empty((len(rows), 6))
    # the middle first, what lies beside it in one half: two thirds of the time of sorting
    rows.partition(middle, axis=1)
    found[:, 2] = rows[:, middle]
    below, above = rows[:, :middle], rows[:, middle + 1 :]
    found[:, 3] = above.min(axis=1)
    for half, k, to in ((below, first, 0), (above, last - middle - 1, 4)):
        half.partition(k, axis=1)
        found[:, to] = half[:, k]
        found[:, to + 1] = half[:, k + 1 :].min(axis=1)
    return found


def points_between(ordered: np.ndarray, n: int) -> list[Any]:
    """The printed points of `n` draws, or of rows of them, out of those they lie between, see `ordered_points`."""
    points = [
        between(ordered[..., 2 * k], ordered[..., 2 * k + 1], neighbours(n, q)[2])
        for k, q in enumerate(POINTS)
    ]
    return list(np.stack(points, axis=-1).tolist())


def means(draws: Sequence[np.ndarray]) -> list[float]:
    """The mean of each, in every bit as of each alone; see `row_means`."""
    found = [0.0] * len(draws)
    for places, rows in rows_of_one_size(draws):
        rows /= rows.shape[1]
        for i, value in zip(places, _halved(rows).tolist(), strict=True):
            found[i] = value
    return found


def rows_of_one_size(draws: Sequence[np.ndarray]) -> Iterator[tuple[list[int], np.ndarray]]:
    """Copies of draws of one length as rows, some at a time, with their places."""
    by_size: dict[int, list[int]] = {}
    for i, one in enumerate(draws):
        by_size.setdefault(one.size, []).append(i)
    for size, places in by_size.items():
        each = max(1, TOGETHER // size)
        for first in range(0, len(places), each):
            these = places[first : first + each]
            yield these, np.stack([draws[i] for i in these])


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
    below, above, share = neighbours(ordered.shape[0], q)
    return between(ordered[below], ordered[above], share)


def neighbours(n: int, q: float) -> tuple[int, int, float]:
    """Places of the two of `n` sorted draws around a percentile, and the way between them. [1]"""
    place = q * (n - 1)
    below = int(place)
    return below, min(below + 1, n - 1), place - below


def between(low: Any, high: Any, share: float) -> Any:
    """The point at a share of the way from `low` to `high`."""
    step = high - low
    return high - step * (1 - share) if share >= 0.5 else low + step * share


def row_means(draws: np.ndarray) -> np.ndarray:
    """Means along the last axis, added up in one fixed order whatever the processor's vectors are wide.

    Examples
    --------
    >>> row_means(np.array([[1.0, 2.0, 6.0]]))
    array([3.])
    """
    return _halved(draws / draws.shape[-1])


def _halved(total: np.ndarray) -> np.ndarray:
    """Sums along the last axis; what is given is used up."""
    while total.shape[-1] > 1:
        half = total.shape[-1] // 2
        odd = total[..., 2 * half :]
        rest, total = total[..., half : 2 * half], total[..., :half]
        total += rest  # in place: new arrays of a million draws take longer than the sums
        if odd.size:
            total[..., 0] += odd[..., 0]
    return np.asarray(total[..., 0])
