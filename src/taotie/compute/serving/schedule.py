"""Which replicas are switched on when, and for how long? [ps]

The policy looks at the requests of the window just over, as an operator's autoscaler does: enough replicas
for that many at a target number per replica and window, within limits. A started replica draws power at once
and takes requests after its start-up time; a surplus must last for some windows before it is stopped;
a stopped replica takes no more requests, finishes what it has, and is switched off then.
Replicas are started in order of number and stopped in the opposite order, so those ready are always 0..n-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["NEVER", "ScalingRule", "Sessions", "on_intervals", "on_time", "sessions"]

Array = NDArray[Any]
NEVER = 1 << 61


@dataclass(frozen=True)
class ScalingRule:
    """When replicas are started and stopped.

    Parameters
    ----------
    window_ps : int
        How often the number is set. [ps]
    requests_per_window : float
        Requests one replica is meant to take in a window. [request]
    minimum, maximum : int
        Fewest and most replicas. [1]
    startup_ps : int, default 0
        From starting a replica until it takes requests. [ps]
    hold_windows : int, default 1
        Windows a surplus must last. [1]
    initial : int, optional
        Replicas ready at time 0; `minimum` if left out.
    """

    window_ps: int
    requests_per_window: float
    minimum: int
    maximum: int
    startup_ps: int = 0
    hold_windows: int = 1
    initial: int | None = None

    def __post_init__(self) -> None:
        if self.window_ps < 1 or not self.requests_per_window > 0 or self.startup_ps < 0:
            raise RangeError(
                _(
                    "a scaling window of {w} ps with {n} requests per replica and {s} ps of start-up "
                    "cannot be."
                ).format(w=self.window_ps, n=self.requests_per_window, s=self.startup_ps)
            )
        if not 1 <= self.minimum <= self.maximum or self.hold_windows < 1:
            raise RangeError(
                _("scaling between {a} and {b} replicas, holding {h} windows, cannot be.").format(
                    a=self.minimum, b=self.maximum, h=self.hold_windows
                ),
                _("at least 1 replica and 1 window, and no fewer at most than at least"),
            )
        if self.initial is not None and not self.minimum <= self.initial <= self.maximum:
            raise RangeError(
                _("{n} replicas at the start are not within {a}..{b}.").format(
                    n=self.initial, a=self.minimum, b=self.maximum
                )
            )


class Sessions(NamedTuple):
    """One row each time a replica is switched on, in order of starting."""

    replica: Array
    start_ps: Array
    ready_ps: Array
    stop_ps: Array
    """When it is told to stop (`NEVER` if it is not); it may still have work then."""

    def ready_at(self, time_ps: Array) -> Array:
        """Replicas that take requests at each time, at least 1."""
        used = self.stop_ps > self.ready_ps
        ready = np.searchsorted(np.sort(self.ready_ps[used]), time_ps, side="right")
        gone = np.searchsorted(np.sort(self.stop_ps[used]), time_ps, side="right")
        return (ready - gone).astype(np.int32)


def sessions(arrival: Array, rule: ScalingRule) -> Sessions:
    """When each replica is started, ready and stopped.

    Parameters
    ----------
    arrival : ndarray of int64, shape (n_request,)
        In order. [ps]
    rule : ScalingRule

    Returns
    -------
    Sessions

    Examples
    --------
    Three requests in the first window, none later; one per replica and window:

    >>> rule = ScalingRule(100, 1, minimum=1, maximum=9, startup_ps=30)
    >>> s = sessions(np.array([0, 1, 2, 350]), rule)
    >>> s.replica, s.start_ps, s.stop_ps == NEVER
    (array([0, 1, 2]), array([  0, 100, 100]), array([ True, False, False]))
    >>> s.stop_ps[1:], s.ready_at(np.array([0, 129, 130, 199, 200]))
    (array([200, 200]), array([1, 1, 3, 3, 1], dtype=int32))
    """
    n_window = int(arrival[-1]) // rule.window_ps + 1 if len(arrival) else 0
    counts: list[int] = []
    if n_window:
        counts = np.bincount(arrival // rule.window_ps, minlength=n_window).tolist()
    rows: list[list[int]] = []
    running: list[list[int]] = []  # sessions not stopped, by replica number

    def start(time: int, ready: int) -> None:
        row = [len(running), time, ready, NEVER]
        rows.append(row)
        running.append(row)

    for _r in range(rule.initial if rule.initial is not None else rule.minimum):
        start(0, 0)
    surplus = wanted = 0
    for w, count in enumerate(counts):
        time = (w + 1) * rule.window_ps
        want = max(rule.minimum, min(rule.maximum, int(np.ceil(count / rule.requests_per_window))))
        if want < len(running):
            surplus += 1
            wanted = max(wanted, want)
            if surplus < rule.hold_windows:
                continue
            while len(running) > wanted:
                running.pop()[3] = time
        while len(running) < want:
            start(time, time + rule.startup_ps)
        surplus = wanted = 0
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Sessions(*table.T)


def on_intervals(
    plan: Sessions, arrival: Array, finish: Array, replica: Array, end_ps: int
) -> tuple[Array, Array, Array]:
    """Replica, begin and end of each time a replica was on, waiting for its last request.

    Parameters
    ----------
    plan : Sessions
    arrival, finish, replica : ndarray, shape (n_request,)
        Of the run. [ps, ps, 1]
    end_ps : int
        End of the account for replicas never stopped; at least the last finish. [ps]

    Returns
    -------
    replica, begin_ps, end_ps : ndarray of int64
        Intervals of one replica do not overlap.
    """
    stop = np.minimum(plan.stop_ps, end_ps)
    out: list[tuple[int, int, int]] = []
    order = np.argsort(replica, kind="stable")
    edges = np.searchsorted(replica[order], np.arange(int(plan.replica.max(initial=-1)) + 2))
    for r in range(len(edges) - 1):
        mine = order[edges[r] : edges[r + 1]]
        latest = np.maximum.accumulate(finish[mine]) if len(mine) else finish[mine]
        for s in np.flatnonzero((plan.replica == r) & (plan.start_ps < end_ps)):
            begin, until = int(plan.start_ps[s]), int(stop[s])
            before = int(np.searchsorted(arrival[mine], plan.stop_ps[s]))
            if before:
                until = max(until, int(latest[before - 1]))
            if out and out[-1][0] == r and begin <= out[-1][2]:
                begin = out[-1][1]
                until = max(until, out.pop()[2])
            out.append((r, begin, until))
    table = np.array(out, np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def on_time(begin: Array, end: Array, bin_ps: int, n_bin: int) -> Array:
    """Replica time switched on within each bin, exact at the edges. [ps]

    Examples
    --------
    >>> on_time(np.array([5, 10]), np.array([25, 12]), bin_ps=10, n_bin=4)
    array([ 5, 12,  5,  0])
    """
    edges = np.arange(n_bin + 1, dtype=np.int64) * bin_ps
    upto = np.zeros(n_bin + 1, np.int64)
    for b, e in zip(begin.tolist(), end.tolist(), strict=True):
        upto += np.clip(edges, b, e) - b
    return np.diff(upto)
