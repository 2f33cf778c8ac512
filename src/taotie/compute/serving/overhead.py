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

__all__ = ["apportioned", "energy_nj", "exact_sum", "overhead_shares"]

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


def apportioned(total: int, weight: Array) -> Array:
    """Integer parts of `total` in proportion to `weight` that sum exactly to it.

    Each part is the step between two rounded readings of the running share, so nothing is lost and
    no part is off by more than one unit (plus float64 rounding of the reading).

    Examples
    --------
    >>> apportioned(10, np.array([1, 1, 1]))
    array([3, 3, 4])
    """
    n = len(weight)
    if n == 0:
        return np.zeros(0, np.int64)
    running = np.cumsum(weight, dtype=np.float64)
    if running[-1] <= 0:
        running = np.arange(1, n + 1, dtype=np.float64)
    reading = np.minimum((running / running[-1] * float(total)).astype(np.int64), total)
    reading[-1] = total
    return np.diff(reading, prepend=0)


@compiled
def add_up(weight, replica, total, count):  # type: ignore[no-untyped-def]
    """Weight and number of the requests of each replica, in their order."""
    for i in range(weight.shape[0]):
        total[replica[i]] += weight[i]
        count[replica[i]] += 1


@compiled
def share_out(weight, replica, total, left, amount, running, reading, out):  # type: ignore[no-untyped-def]
    """`apportioned` for every replica at once: one walk along the requests, a running share each."""
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
    out = np.zeros(len(weight), np.int64)
    if len(weight) == 0:
        return out
    weight = np.ascontiguousarray(weight, np.int64)
    who = np.ascontiguousarray(replica, np.int32)
    amounts = np.ascontiguousarray(overhead, np.int64)
    total, count = np.zeros(len(amounts)), np.zeros(len(amounts), np.int64)
    add_up(weight, who, total, count)
    unserved = amounts[count == 0].tolist()
    share_out(
        weight, who, total, count, amounts, np.zeros(len(amounts)), np.zeros_like(amounts), out
    )
    pooled = 0
    for amount in [*unserved, 0]:
        if pooled + amount > LARGEST:
            out += apportioned(pooled, weight)
            pooled = 0
        pooled += amount
    return out + apportioned(pooled, weight) if pooled else out
