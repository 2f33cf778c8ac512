"""Which constant loads fit under what may run in each hour, if they may step back now and then? Exact. In MW.

From what a bus takes in every hour follow the largest constant loads such that

- at most a share of the load's energy is cut over the hours,
- if wanted, the load is called at most so many times (hours that follow one another are one call),
- if wanted, at least ``1 - depth`` of it runs in every hour.

Firm is the share 0: the lowest hour decides.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from taotie.errors import RangeError
from taotie.files.kernels import njit
from taotie.grid.capacity.redispatch_setup import FloatArray
from taotie.words.language import _

__all__ = ["SHARES", "curtailable_load_mw"]

SHARES = (0.0, 0.0025, 0.005, 0.01, 0.05)


@njit(cache=True, nogil=True)
def _loads_at(room, order, shares, calls, depth, out):
    """Largest load of one bus for each share; `room` by hour and its rising `order`, `calls` < 0 and `depth` >= 1:
    no such limit."""
    n = room.size
    most = np.inf
    if depth < 1.0:
        most = room[order[0]] / (1.0 - depth)
    if (
        calls >= 0
    ):  # hours join in rising order; one beside none is a new call, one between two ends one
        cut = np.zeros(n + 2, np.bool_)
        events, q = 0, 0
        while q < n:
            level = room[order[q]]
            while q < n and room[order[q]] == level:
                t = order[q] + 1
                events += 1 - int(cut[t - 1]) - int(cut[t + 1])
                cut[t] = True
                q += 1
            if events > calls:
                most = min(most, level)
                break
    for s in range(shares.size):
        share = shares[s]
        if share <= 0.0:
            out[s] = min(room[order[0]], most)
            continue
        energy, load = 0.0, 0.0
        for q in range(n):  # with the q+1 lowest hours cut: (q+1) L - energy = share n L
            energy += room[order[q]]
            weight = (q + 1) - share * n
            if weight <= 0.0:
                continue
            load = energy / weight
            if q + 1 == n or load <= room[order[q + 1]]:
                break
        out[s] = min(load, most)


def curtailable_load_mw(
    room_mw: ArrayLike,
    shares: Sequence[float] = SHARES,
    calls: int | None = None,
    depth: float | None = None,
) -> FloatArray:
    """Largest constant loads whose cut keeps to the limits, for every bus at once. Exact.

    Parameters
    ----------
    room_mw : array_like, shape (n_hour, n_bus)
        What may run in each hour; below 0 counts as 0. [MW]
    shares : sequence of float
        Shares of the load's energy that may be cut, within 0..1. [1]
    calls : int, optional
        Times it may be called; hours that follow one another are one call.
    depth : float, optional
        Share of the load that may be off at most in any hour. [1]

    Returns
    -------
    load_mw : ndarray, shape (n_share, n_bus)
        [MW]

    Raises
    ------
    RangeError
        A share or depth outside 0..1, calls below 0, no hours, or gaps.

    Notes
    -----
    ``sum_t max(0, L - room_t) = share n L``. With `calls`, every smaller load is called no more often either.

    Examples
    --------
    Ten hours, one with 50 MW and nine with 100 MW: at 5 % of energy the load is 100 MW, and the hour with 50 MW
    cuts half a load-hour out of ten.

    >>> curtailable_load_mw([[50.0]] + [[100.0]] * 9, (0.0, 0.05))[:, 0].round(6)
    array([ 50., 100.])
    """
    room = np.maximum(np.asarray(room_mw, float), 0.0)
    share = np.asarray(shares, float)
    for value in share:
        if not 0 <= value < 1:
            raise RangeError(
                _("limit={value} is outside 0 to 1.").format(value=float(value)),
                _("0.5 % is written 0.005."),
            )
    if room.ndim != 2 or not len(room) or np.isnan(room).any():
        raise RangeError(_("the room of every hour is needed; found none or a gap."))
    if calls is not None and calls < 0:
        raise RangeError(_("calls={n} is below 0.").format(n=calls))
    if depth is not None and not 0 <= depth <= 1:
        raise RangeError(
            _(
                "depth={value} is outside 0 to 1: it is the share of the load that may be off."
            ).format(value=depth)
        )
    of_bus, found = np.ascontiguousarray(room.T), np.zeros((room.shape[1], len(share)))
    order = np.argsort(of_bus, axis=1, kind="stable")  # numba's own takes seconds to compile
    most, least = -1 if calls is None else int(calls), 1.0 if depth is None else float(depth)
    for b in range(len(of_bus)):
        _loads_at(of_bus[b], order[b], share, most, least, found[b])
    return found.T.copy()
