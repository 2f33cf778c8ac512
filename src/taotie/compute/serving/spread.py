"""What are mean, largest value and quantiles of very many numbers, exactly, when they come in parts?

Numbers are counted by their leading digits; a second walk along them keeps those that share the digits of a wanted rank, and
these are sorted. So quantiles are those of sorting everything, whatever the parts, and little is held.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving.state import compiled

__all__ = ["QUANTILES", "Spread"]

Array = NDArray[Any]
Floats = NDArray[np.floating[Any]]
QUANTILES = (("p05", 0.05), ("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
DROPPED = 45
"""Bits of a double that are not looked at when it is counted: classes are 1/128 of a power of two wide."""
HALF = 1 << (63 - DROPPED)


@compiled
def count_up(values, bits, counts, sums):  # type: ignore[no-untyped-def]
    """Count doubles by class; `sums` has the sum, what its rounding lost (Neumaier), and the largest."""
    total, lost, largest = sums[0], sums[1], sums[2]
    for i in range(values.shape[0]):
        key = bits[i] ^ ((bits[i] >> 63) & 0x7FFFFFFFFFFFFFFF)  # in the order of the doubles
        counts[(key >> DROPPED) + HALF] += 1
        v = values[i]
        upto = total + v
        if abs(total) >= abs(v):
            lost += (total - upto) + v
        else:
            lost += (v - upto) + total
        total = upto
        largest = max(largest, v)
    sums[0], sums[1], sums[2] = total, lost, largest


@compiled
def pick_out(values, bits, place, room, filled):  # type: ignore[no-untyped-def]
    """Keep values of the classes that have a place in `room`, each at its place."""
    for i in range(values.shape[0]):
        key = bits[i] ^ ((bits[i] >> 63) & 0x7FFFFFFFFFFFFFFF)
        at = place[(key >> DROPPED) + HALF]
        if at >= 0:
            room[at + filled[(key >> DROPPED) + HALF]] = values[i]
            filled[(key >> DROPPED) + HALF] += 1


class Spread:
    """Give it all numbers by `add`, then once more, in any order, by `again`; then ask.

    Examples
    --------
    >>> spread = Spread()
    >>> for part in (np.arange(50.0), np.arange(50.0, 101.0)):
    ...     spread.add(part)
    >>> spread.again(np.arange(101.0))
    >>> spread.summary()["p95"], spread.summary()["mean"]
    (95.0, 50.0)
    """

    def __init__(self) -> None:
        self.counts = np.zeros(2 * HALF, np.int64)
        self.sums = np.array([0.0, 0.0, -np.inf])
        self.n = 0
        self.place: Array | None = None

    def add(self, values: Floats) -> None:
        """Count numbers."""
        values = np.ascontiguousarray(values, np.float64)
        count_up(values, values.view(np.int64), self.counts, self.sums)
        self.n += len(values)

    def again(self, values: Floats) -> None:
        """Look at the same numbers once more."""
        if self.place is None:
            self._wanted()
        if self.n:
            values = np.ascontiguousarray(values, np.float64)
            pick_out(values, values.view(np.int64), self.place, self.room, self.filled)

    def _wanted(self) -> None:
        """Room for the classes that hold a wanted rank."""
        self.place = np.full(len(self.counts), -1, np.int64)
        self.filled = np.zeros(len(self.counts), np.int64)
        if not self.n:
            return
        self.upto = np.cumsum(self.counts)
        ranks = [r for _name, q in QUANTILES for r in self._ranks(q)[:2]]
        classes = np.unique(np.searchsorted(self.upto, ranks, side="right"))
        sizes = self.counts[classes]
        self.place[classes] = np.cumsum(sizes) - sizes
        self.room = np.zeros(int(sizes.sum()))
        self.ordered = False

    def _ranks(self, q: float) -> tuple[int, int, float]:
        """The two ranks a quantile lies between, and how far from the first."""
        at = q * (self.n - 1)
        low = int(np.floor(at))
        return low, min(low + 1, self.n - 1), at - low

    def _value(self, rank: int) -> float:
        where = int(np.searchsorted(self.upto, rank, side="right"))
        size = int(self.counts[where])
        begin = int(self.place[where])  # type: ignore[index]
        part = self.room[begin : begin + size]
        if not self.ordered:
            for one in np.flatnonzero(self.place >= 0):  # type: ignore[operator]
                at = int(self.place[one])  # type: ignore[index]
                self.room[at : at + int(self.counts[one])].sort()
            self.ordered = True
        return float(part[rank - (int(self.upto[where]) - size)])

    @property
    def mean(self) -> float | None:
        """Mean; None without numbers."""
        return float(self.sums[0] + self.sums[1]) / self.n if self.n else None

    def summary(self) -> dict[str, float | None]:
        """p05, p50, p95, p99, mean and max; None where there are none. Quantiles lie on a line between two ranks, as in NumPy."""
        if not self.n:
            return dict.fromkeys([*(name for name, _q in QUANTILES), "mean", "max"])
        if self.place is None:
            raise AssertionError("the numbers have not been given twice")
        out: dict[str, float | None] = {}
        for name, q in QUANTILES:
            low, high, part = self._ranks(q)
            a, b = self._value(low), self._value(high)
            out[name] = a + (b - a) * part if part < 0.5 else b - (b - a) * (1.0 - part)
        return {**out, "mean": self.mean, "max": float(self.sums[2])}
