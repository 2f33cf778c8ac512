"""What does a promise of speed cost? Energy per request [J] against latency [s] as the fleet grows and shrinks.

A larger fleet answers sooner, with smaller batches and more waiting machines: each request then costs more
joules. A few simulations of the same requests around the chosen number of replicas show how much more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from taotie.compute.serving.service import ServiceLevel, Serving, ServingRun, simulate
from taotie.errors import RangeError
from taotie.words.language import _
from taotie.workload.requests import Requests

__all__ = ["PromiseCurve", "PromisePoint", "cost_of_promise", "fleet_sizes", "shortened"]

NJ = 1e9
STRETCH_S = 60.0
"""A kept stretch of time is no shorter: requests of a few tens of seconds must meet each other in it."""
MOST_STRETCHES = 48
FACTORS = (0.75, 0.85, 0.95, 1.0, 1.05, 1.15, 1.3, 1.6, 2.0)


class PromisePoint(NamedTuple):
    """One size of the fleet."""

    replicas: int
    energy_per_request_j: float
    """Mean over the requests, server boundary. [J/request]"""
    ttft_s: float
    """Time to first token that the share of the promise stays below. [s]"""
    tpot_s: float
    """The same of the time per later token. [s]"""
    kept: float | None
    """Share of requests that kept the promise; None without a promise. [1]"""
    mean_power_w: float


class PromiseCurve(NamedTuple):
    """Energy against latency around a fleet."""

    points: tuple[PromisePoint, ...]
    """In order of the number of replicas."""
    chosen: int
    """Replicas of the fleet they lie around."""
    level: ServiceLevel | None
    share: float
    """Quantile of the latencies: the share of the promise, 0.99 without one. [1]"""
    n_request: int
    """Requests simulated at each point."""
    n_all: int
    """Requests there are; more than `n_request` if stretches of time stand for the whole."""


def fleet_sizes(chosen: int) -> tuple[int, ...]:
    """Numbers of replicas around the chosen one, at most nine.

    Examples
    --------
    >>> fleet_sizes(1), fleet_sizes(4), fleet_sizes(100)
    ((1, 2, 3, 4), (3, 4, 5, 6, 7, 8), (75, 85, 95, 100, 105, 115, 130, 160, 200))
    """
    sizes = {max(1, round(f * chosen)) for f in FACTORS} | {chosen}
    if chosen < 10:
        sizes |= {max(1, chosen - 1), chosen + 1, chosen + 2, chosen + 3}
    return tuple(sorted(sizes))


def shortened(requests: Requests, most: int) -> Requests:
    """About `most` requests that stand for all: equal stretches of the time, joined one after the other.

    Rate, bursts and lengths within a stretch stay as they are, so the fleet needs no scaling and a day keeps its
    course; what is lost is how long an overload lasts.

    Parameters
    ----------
    requests : Requests
    most : int
        Fewer or as many are returned unchanged.

    Returns
    -------
    Requests
        Without the waiting time between stretches.

    Raises
    ------
    RangeError
        If `most` is below 1.

    Examples
    --------
    One request a second for 2 h, to a tenth: twelve stretches of a minute.

    >>> one = Requests(np.arange(7200.0), np.full(7200, 9), np.full(7200, 9), span_s=7200)
    >>> short = shortened(one, 720)
    >>> len(short), round(short.span_s, 6), round(short.rate_per_s, 6)
    (720, 720.0, 1.0)
    """
    if most < 1:
        raise RangeError(_("most_requests={n} is below 1.").format(n=most))
    if len(requests) <= most or requests.span_s <= 0:
        return requests
    keep = most / len(requests)
    n = int(np.clip(requests.span_s * keep / STRETCH_S, 1, MOST_STRETCHES))
    period = requests.span_s / n
    which = np.minimum((requests.t_s / period).astype(np.int64), n - 1)
    inside = requests.t_s - which * period
    kept = np.flatnonzero(inside < keep * period)
    if len(kept) == 0:
        return requests.first(most)
    t_s = which[kept] * keep * period + inside[kept]
    return replace(
        requests,
        t_s=np.maximum.accumulate(t_s),
        prompt_tokens=requests.prompt_tokens[kept],
        output_tokens=requests.output_tokens[kept],
        hash_ids=None if requests.hash_ids is None else requests.hash_ids.take(kept),
        span_s=max(n * keep * period, float(t_s[-1])),
    )


def cost_of_promise(
    requests: Requests,
    serving: Serving,
    level: ServiceLevel | None = None,
    *,
    run: ServingRun | None = None,
    most_requests: int = 250_000,
    progress: Callable[[int, int, int], None] | None = None,
) -> PromiseCurve:
    """Energy per request against latency for fleets around a chosen one.

    Parameters
    ----------
    requests : Requests
    serving : Serving
        Its `replicas` is the chosen number.
    level : ServiceLevel, optional
        What is promised; latencies are read at its share.
    run : ServingRun, optional
        The chosen fleet, already simulated; saves one simulation if all requests are simulated.
    most_requests : int, default 250_000
        Longer lists are shortened to about so many (see `shortened`), at most nine times.
    progress : callable, optional
        Called before each simulation with how many are done, how many there are, and the replicas of the next.

    Returns
    -------
    PromiseCurve

    Raises
    ------
    RangeError
        If there is no one number of replicas to vary (two pools, or starting and stopping), or nobody was served.

    Examples
    --------
    Two machines wait where one would do:

    >>> from taotie.compute.serving.service import ReplicaModel
    >>> from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
    >>> costs = IterationCosts.affine(4, (10**12, 0, 0, 10**11, 0), (5 * 10**9, 0, 0, 10**9, 0))
    >>> replica = ReplicaModel("made up", costs, ReplicaLimits(4, 100), idle_mw=1000)
    >>> one = Requests(np.array([0.0]), np.array([3]), np.array([2]))
    >>> [round(p.energy_per_request_j, 6) for p in cost_of_promise(one, Serving(replica)).points]
    [13.0, 15.3, 17.6, 19.9]
    """
    if serving.scaling is not None or serving.writing is not None:
        raise RangeError(
            _("the cost of a promise can be charted only for one pool that is always on."),
            _("leave out `scaling` and `writing`"),
        )
    used = shortened(requests, most_requests)
    share = 0.99 if level is None else level.share
    sizes = fleet_sizes(serving.replicas)
    points = []
    for i, n in enumerate(sizes):
        if progress is not None:
            progress(i, len(sizes), n)
        ready = run is not None and n == serving.replicas and used is requests
        made = run if run is not None and ready else simulate(used, replace(serving, replicas=n))
        points.append(_point(made, n, level, share))
    if progress is not None:
        progress(len(sizes), len(sizes), 0)
    return PromiseCurve(tuple(points), serving.replicas, level, share, len(used), len(requests))


def _point(run: ServingRun, n: int, level: ServiceLevel | None, share: float) -> PromisePoint:
    if len(run.number) == 0:
        raise RangeError(_("no request was served: there is no energy per request."))
    later = run.tpot_s[run.output > 1]
    return PromisePoint(
        n,
        run.total_nj / NJ / len(run.number),
        float(np.quantile(run.ttft_s, share)),
        float(np.quantile(later, share)) if len(later) else 0.0,
        None if level is None else run.attainment(level),
        run.total_nj / NJ / (run.span_ps / 1e12),
    )
