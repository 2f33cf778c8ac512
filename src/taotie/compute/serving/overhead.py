"""How much of what idle machines and hosts draw belongs to each request? [nJ]

Idle draw, host power and start-ups are booked apart from the energy of iterations. A replica's overhead
goes to the requests it served in proportion to their own and shared energy; that of a replica
that served nobody goes to all requests alike in proportion. The parts are integers and sum exactly to the whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving.state import compiled

__all__ = ["OverheadShares", "energy_nj", "exact_sum", "overhead_shares"]

Array = NDArray[Any]
LARGEST = 1 << 62


def exact_sum(values: Array) -> int:
    """Sum of int64 values as a Python integer: fleets and days leave the range of int64 in nJ.

    Examples
    --------
    >>> exact_sum(np.full(3, 2**62))
    13835058055282163712
    """
    whole = np.asarray(values, np.int64)
    return (int((whole >> 32).sum()) << 32) + int((whole & 0xFFFFFFFF).sum())


def energy_nj(power_mw: int, time_ps: int) -> int:
    """Energy of a constant power, rounded down. [nJ]

    Examples
    --------
    One watt (1000 mW) for one second:

    >>> energy_nj(1000, 10**12)
    1000000000
    """
    return int(power_mw) * int(time_ps) // 10**6


@compiled
def add_up(weight, replica, total, count):  # type: ignore[no-untyped-def]
    """Weight and number of the requests of each replica, in their order."""
    for i in range(weight.shape[0]):
        total[replica[i]] += weight[i]
        count[replica[i]] += 1


@compiled
def share_out(weight, replica, total, left, amount, running, reading, out):  # type: ignore[no-untyped-def]
    """Steps between rounded readings of each replica's running share, in one walk along the requests.

    So nothing is lost, and no part is off by more than one unit (plus float64 rounding of the reading).
    """
    for i in range(weight.shape[0]):
        r = replica[i]
        if total[r] > 0.0:
            running[r] += weight[i]
        left[r] -= 1
        if left[r] == 0:
            upto = amount[r]
        elif total[r] > 0.0:
            upto = min(np.int64(running[r] / total[r] * np.float64(amount[r])), amount[r])
        else:  # all alike
            running[r] += 1.0
            upto = min(
                np.int64(running[r] / (running[r] + left[r]) * np.float64(amount[r])), amount[r]
            )
        out[i] = upto - reading[r]
        reading[r] = upto


class OverheadShares:
    """Parts of the overhead for requests that come in parts, twice over: `weigh` all of them, then take their `shares`.

    Parameters
    ----------
    overhead : ndarray of int64, shape (n_replica,)
        Idle, host and start-up energy of each replica. [nJ]
    """

    def __init__(self, overhead: Array) -> None:
        self.amount = np.ascontiguousarray(overhead, np.int64)
        self.total, self.left = np.zeros(len(self.amount)), np.zeros(len(self.amount), np.int64)
        self.running, self.reading = np.zeros(len(self.amount)), np.zeros_like(self.amount)
        self.whole, self.n = np.float64(0.0), 0
        self.pools: list[_Pooled] | None = None

    def weigh(self, weight: Array, replica: Array) -> None:
        """Note own and shared energy of requests, and who served them. [nJ]"""
        weight = np.ascontiguousarray(weight, np.int64)
        add_up(weight, np.ascontiguousarray(replica, np.int32), self.total, self.left)
        self.n += len(weight)
        if len(weight):
            self.whole = _running(self.whole, weight)[-1]

    def shares(self, weight: Array, replica: Array) -> Array:
        """Each request's part; the same requests in the same order as were weighed. [nJ]"""
        if self.pools is None:
            self.pools = self._pools()
        weight = np.ascontiguousarray(weight, np.int64)
        out = np.zeros(len(weight), np.int64)
        share_out(
            weight, np.ascontiguousarray(replica, np.int32),
            self.total, self.left, self.amount, self.running, self.reading, out,
        )  # fmt: skip
        for pool in self.pools:
            out += pool.shares(weight)
        return out

    def _pools(self) -> list[_Pooled]:
        """What replicas that served nobody drew, in amounts that int64 holds."""
        found, pooled = [], 0
        for amount in [*self.amount[self.left == 0].tolist(), 0]:
            if pooled + amount > LARGEST:
                found.append(pooled)
                pooled = 0
            pooled += amount
        return [_Pooled(one, self.whole, self.n) for one in (*found, pooled) if one]


def _running(before: np.float64, weight: Array) -> Array:
    """Running sum of weights after what came before."""
    return np.cumsum(np.concatenate([[before], weight]), dtype=np.float64)[1:]


class _Pooled:
    """An amount for all requests in proportion to their weight, as steps between readings too."""

    def __init__(self, total: int, whole: np.float64, n: int) -> None:
        self.total, self.whole, self.left = total, whole, n
        self.alike = whole <= 0
        if self.alike:
            self.whole = np.float64(n)
        self.before, self.reading = np.float64(0.0), 0

    def shares(self, weight: Array) -> Array:
        n = len(weight)
        if n == 0:
            return np.zeros(0, np.int64)
        running = _running(self.before, np.ones(n) if self.alike else weight)
        self.before = running[-1]
        upto = np.minimum((running / self.whole * float(self.total)).astype(np.int64), self.total)
        self.left -= n
        if self.left == 0:
            upto[-1] = self.total
        out: Array = np.diff(upto, prepend=self.reading)
        self.reading = int(upto[-1])
        return out


def overhead_shares(overhead: Array, weight: Array, replica: Array) -> Array:
    """Each request's part of the overhead of the replica that served it. [nJ]

    Parameters
    ----------
    overhead : ndarray of int64, shape (n_replica,)
        Idle, host and start-up energy of each replica. [nJ]
    weight : ndarray of int64, shape (n_request,)
        Own and shared energy of each request. [nJ]
    replica : ndarray of int, shape (n_request,)
        Who served it.

    Returns
    -------
    ndarray of int64, shape (n_request,)
        Sums to the sum of `overhead` if there is a request.
    """
    parts = OverheadShares(overhead)
    parts.weigh(weight, replica)
    return parts.shares(weight, replica)
