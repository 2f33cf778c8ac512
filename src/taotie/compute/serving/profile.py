"""How does a simulated service go over time, and how do its requests differ? Few numbers of many, for drawing.

Power bins are joined (energies [J] add up exactly as they did), requests are counted into bins of energy [J],
answer length [token] and latency [s]. Nothing is drawn at random and nothing smoothed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.compute.serving.overhead import exact_sum
from taotie.compute.serving.result import NJ, PS, PoolAccount, ServingRun
from taotie.errors import RangeError
from taotie.words.language import _

__all__ = [
    "BatchTime",
    "EnergyByLength",
    "EnergyDistribution",
    "TimeCourse",
    "cumulative",
    "energy_by_length",
    "energy_distribution",
    "time_at_batch",
    "time_course",
]

Array = NDArray[Any]
Floats = NDArray[np.floating[Any]]
NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)  # fmt: skip
BEYOND = (0.0005, 0.9995)
"""Shares of requests between which bins of energy lie."""
TAIL = (0.99, 0.992, 0.994, 0.996, 0.998, 0.999, 0.9995, 0.9999)


class TimeCourse(NamedTuple):
    """A run in at most a few hundred steps of time; energies are sums over the step."""

    begin_s: Floats
    end_s: Floats
    """The last step ends with the account."""
    busy_j: Floats
    """Accelerators in an iteration, reading and writing. [J]"""
    reading_j: Floats
    """The part of it that reads prompts. [J]"""
    idle_j: Floats
    """Accelerators that wait. [J]"""
    host_j: Floats
    busy_s: Floats
    """Replica-seconds in an iteration (of the pool that writes). [s]"""
    batch_s: Floats
    """Requests in an iteration times its duration, so ``batch_s / busy_s`` is the mean batch. [s]"""
    on_s: Floats
    """Replica-seconds switched on, all pools. [s]"""
    arrivals: Floats
    """Requests that came. [1]"""
    waiting_s: Floats
    """Requests that had come, were not finished and in no iteration, times duration. [s]"""
    reading_exact: bool
    """False where reading is placed at each request's first token instead of when it was read."""

    @property
    def width_s(self) -> Floats:
        """Duration of each step. [s]"""
        return self.end_s - self.begin_s

    @property
    def total_j(self) -> Floats:
        """Energy of each step at the server boundary. [J]"""
        return self.busy_j + self.idle_j + self.host_j

    @property
    def writing_j(self) -> Floats:
        """The part of iterations that writes answers. [J]"""
        return self.busy_j - self.reading_j

    @property
    def busy_batch(self) -> float:
        """Requests at once in a busy replica, averaged over the run; 0 if none was busy. [1]"""
        busy = float(self.busy_s.sum())
        return float(self.batch_s.sum()) / busy if busy else 0.0

    @property
    def mean_batch(self) -> Floats:
        """Requests per busy replica; NaN where none was busy. [1]"""
        none = np.full(len(self.busy_s), np.nan)
        return np.divide(self.batch_s, self.busy_s, out=none, where=self.busy_s > 0)


def _joined(n_fine: int, width_s: float, most: int) -> int:
    """How many power bins make one step: a round duration if one fits."""
    least = -(-n_fine // most)
    for nice in NICE_S:
        times = nice / width_s
        if times >= least and abs(times - round(times)) < 1e-9:
            return round(times)
    return max(least, 1)


def _present_s(come: Floats, gone: Floats, edges: Floats) -> Floats:
    """Integral of the number present between edges. [s]"""

    def upto(times: Floats) -> Floats:
        ordered = np.sort(times)
        sums = np.concatenate([[0.0], np.cumsum(ordered)])
        n = np.searchsorted(ordered, edges)
        return np.asarray(n * edges - sums[n])

    return np.diff(upto(come) - upto(gone))


def _placed(total: float, weight: Floats, room: Floats) -> Floats:
    """`total` spread in proportion to `weight`, nowhere more than `room`."""
    out = np.zeros(len(weight))
    weight = np.where(room > 0, weight, 0.0)
    for _round in range(50):
        left = total - float(out.sum())
        if left <= 1e-12 * max(total, 1e-300):
            break
        free = room - out
        here = np.where(free > 1e-12 * room, weight, 0.0)
        if here.sum() <= 0:
            here = np.maximum(free, 0.0)
        if here.sum() <= 0:
            break
        out = np.minimum(out + left * here / here.sum(), room)
    return out


def time_course(
    run: ServingRun, arrivals_s: ArrayLike | None = None, most: int = 290
) -> TimeCourse:
    """Energy, batch, replicas and requests over time.

    Parameters
    ----------
    run : ServingRun
    arrivals_s : array_like, optional
        When requests came, rejected ones included; default: those served. [s]
    most : int, default 290
        Steps at most; they are whole numbers of the run's power bins.

    Returns
    -------
    TimeCourse
        With two pools, reading is what the reading pool spends. With one, the energy that goes into reading is
        known for the whole run only and placed where first tokens come, in proportion to what each prompt cost.

    Examples
    --------
    A prompt of 3 tokens (1.3 s, 8 J) and one more token (1 s, 5 J), in steps of a second:

    >>> from taotie.compute.serving.service import ReplicaModel, Serving, simulate
    >>> from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
    >>> from taotie.workload.requests import Requests
    >>> costs = IterationCosts.affine(4, (10**12, 0, 0, 10**11, 0), (5 * 10**9, 0, 0, 10**9, 0))
    >>> replica = ReplicaModel("made up", costs, ReplicaLimits(4, 100))
    >>> one = Requests(np.array([0.0]), np.array([3]), np.array([2]))
    >>> course = time_course(simulate(one, Serving(replica, bin_s=1.0)))
    >>> course.total_j.round(3).tolist(), course.end_s.tolist()
    ([6.154, 6.846], [1.0, 2.3])
    """
    pools = run.pools
    width_s = pools[0].bin_ps * pools[0].together / PS
    fine = [_fine(pool) for pool in pools]
    n = max(len(f) for f in fine)
    span_s = run.span_ps / PS
    times = _joined(n, width_s, most)
    n_step = -(-n // times)
    steps = [np.zeros((n_step * times, 6)) for _pool in pools]
    for whole, part in zip(steps, fine, strict=True):
        whole[: len(part)] = part
    parts = [whole.reshape(n_step, times, 6).sum(axis=1) for whole in steps]
    begin = np.arange(n_step) * times * width_s
    if n_step > 1 and span_s - begin[-1] < 0.5 * times * width_s:  # a sliver joins its neighbour
        parts = [np.vstack([p[:-2], p[-2:].sum(axis=0)]) for p in parts]
        begin, n_step = begin[:-1], n_step - 1
    end = np.append(begin[1:], max(span_s, begin[-1] + 1e-12))
    edges = np.append(begin, end[-1])
    busy_j = np.sum([p[:, 0] for p in parts], axis=0)
    reading = parts[0][:, 0] if len(pools) > 1 else _reading(run, busy_j, edges)
    served_s = run.arrival_ps / PS
    arrived = served_s if arrivals_s is None else np.asarray(arrivals_s, np.float64)
    come = np.histogram(arrived, edges)[0].astype(np.float64)
    present = _present_s(served_s, run.finish_ps / PS, edges)
    waiting = np.maximum(present - np.sum([p[:, 4] for p in parts], axis=0), 0.0)
    return TimeCourse(
        begin_s=begin,
        end_s=end,
        busy_j=busy_j,
        reading_j=reading,
        idle_j=np.sum([p[:, 1] for p in parts], axis=0),
        host_j=np.sum([p[:, 2] for p in parts], axis=0),
        busy_s=parts[-1][:, 3],
        batch_s=parts[-1][:, 4],
        on_s=np.sum([p[:, 5] for p in parts], axis=0),
        arrivals=come,
        waiting_s=waiting,
        reading_exact=len(pools) > 1,
    )


def _fine(pool: PoolAccount) -> Floats:
    """Per power bin: busy, idle, host [J]; busy, batch, on [s]."""
    series = pool.series()
    n, m = len(series.t_s), pool.together
    width_s = pool.bin_ps * m / PS
    times = np.zeros((n * m, 2))
    times[: len(pool.bins)] = pool.bins[: n * m, 1:3] / PS
    joined = times.reshape(n, m, 2).sum(axis=1)
    return np.column_stack(
        [
            series.busy_w * width_s,
            series.idle_w * width_s,
            series.host_w * width_s,
            joined,
            series.replicas_on * width_s,
        ]
    )


def _reading(run: ServingRun, busy_j: Floats, edges: Floats) -> Floats:
    """Energy of reading by step: exact in sum, placed at first tokens."""
    total = sum(exact_sum(p.prefill_nj) for p in run.pools) / NJ
    first_s = (run.arrival_ps + run.ttft_ps) / PS
    cost = np.histogram(first_s, edges, weights=run.own_nj / NJ)[0]
    return _placed(total, cost, busy_j)


def busy_share(run: ServingRun) -> float:
    """Share of the time switched on that replicas were busy. [1]"""
    pools = run.pools
    on = float(np.sum([float(p.on_ps.sum()) for p in pools]))
    return float(np.sum([float(p.busy_ps.sum()) for p in pools])) / on if on else 0.0


class BatchTime(NamedTuple):
    """How long replicas were answering how many requests at once."""

    batch: Array
    """From 0 on, without gaps. [1]"""
    share: Floats
    """Share of the time replicas were switched on; sums to 1. [1]"""
    n_replica: int
    """Replicas looked at."""

    def joined(self, most: int) -> list[tuple[int, int, float]]:
        """At most `most` rows of first batch, last batch and share; neighbours are joined where there are more."""
        width = -(-len(self.batch) // most)
        return [
            (low, min(low + width, len(self.batch)) - 1, float(self.share[low : low + width].sum()))
            for low in range(0, len(self.batch), width)
        ]


def time_at_batch(run: ServingRun, most: int = 2_000_000) -> BatchTime:
    """Share of time a replica spends answering 0, 1, 2 ... requests.

    A request counts from its first token to its last, so those still being read are not in it, and one
    that had to give way in between is.

    Parameters
    ----------
    run : ServingRun
    most : int
        With more requests only as many replicas are looked at as served so many.

    Returns
    -------
    BatchTime
    """
    pool = run.pools[-1]
    n = pool.n_replica
    mine = run.output > 1
    if int(mine.sum()) > most:
        per = np.cumsum(np.bincount(run.replica[mine], minlength=n))
        n = max(int(np.searchsorted(per, most, side="right")), 1)
        mine = mine & (run.replica < n)
    first = (run.arrival_ps + run.ttft_ps)[mine]
    t = np.concatenate([first, run.finish_ps[mine]])
    step = np.repeat(np.array([1, -1], np.int64), len(first))
    where = np.concatenate([run.replica[mine]] * 2)
    order = np.lexsort((-step, t, where))
    t, where = t[order], where[order]
    count = np.cumsum(step[order])[:-1]
    same = where[1:] == where[:-1]
    spent = np.bincount(count[same], weights=np.diff(t)[same] / PS)
    on_s = exact_sum(pool.on_ps[:n]) / PS
    seconds = np.zeros(max(len(spent), 1))
    seconds[1 : len(spent)] = spent[1:]
    seconds[0] = max(on_s - float(seconds[1:].sum()), 0.0)
    return BatchTime(np.arange(len(seconds)), seconds / max(float(seconds.sum()), 1e-300), n)


class EnergyDistribution(NamedTuple):
    """Requests by their energy."""

    edges_j: Floats
    """Evenly spaced in logarithm; shape (n_bin + 1,). The outermost bins also hold what is beyond. [J]"""
    share: Floats
    """Share of requests in each bin; sums to 1. [1]"""
    own_j: Floats
    """Energy of the bin's requests together: their own part. [J]"""
    shared_j: Floats
    overhead_j: Floats

    @property
    def parts_of_bins(self) -> Floats:
        """Overhead, shared and own energy over that of each bin; nan where a bin has none. Shape (3, n_bin). [1]"""
        parts = np.array([self.overhead_j, self.shared_j, self.own_j], dtype=np.float64)
        whole = parts.sum(axis=0)
        return np.divide(parts, whole, out=np.full_like(parts, np.nan), where=whole > 0)

    @property
    def parts_of_all(self) -> tuple[float, float, float]:
        """Own, shared and overhead energy over all requests' together. [1]"""
        own, shared, over = (float(p.sum()) for p in (self.own_j, self.shared_j, self.overhead_j))
        whole = own + shared + over
        return own / whole, shared / whole, over / whole


def energy_distribution(run: ServingRun, n_bin: int = 48) -> EnergyDistribution:
    """Requests and the parts of their energy, by energy per request.

    Raises
    ------
    RangeError
        If nobody was served.
    """
    energy = run.energy_nj / NJ
    parts = (run.own_nj / NJ, run.shared_nj / NJ, run.overhead_nj / NJ)
    if len(energy) == 0:
        raise RangeError(_("no request was served: there is no energy per request."))
    low, high = (float(q) for q in np.quantile(energy, BEYOND))
    low = max(low, 1e-6 * high, 1e-12)
    if high < 1.05 * low:
        low, high = low / 1.05, max(high, low) * 1.05
    edges = np.geomspace(low, high * (1 + 1e-12), n_bin + 1)
    at = np.clip(np.searchsorted(edges, energy, side="right") - 1, 0, n_bin - 1)

    def total(values: Floats) -> Floats:
        return np.bincount(at, weights=values, minlength=n_bin).astype(np.float64)

    share = total(np.ones(len(energy))) / len(energy)
    own, shared, over = (total(p) for p in parts)
    return EnergyDistribution(edges, share, own, shared, over)


class EnergyByLength(NamedTuple):
    """Energy of requests by the length of their answer; one row per class of length."""

    low_tokens: Array
    high_tokens: Array
    """Both inside the class. [token]"""
    requests: Array
    p05_j: Floats
    p50_j: Floats
    p95_j: Floats


def energy_by_length(run: ServingRun, n_bin: int = 24, least: int = 5) -> EnergyByLength:
    """Quantiles of energy per request in classes of answer length.

    Parameters
    ----------
    run : ServingRun
    n_bin : int
        Classes, evenly spaced in logarithm.
    least : int, default 5
        Classes with fewer requests are left out, unless none would be left.

    Returns
    -------
    EnergyByLength
    """
    output = run.output.astype(np.int64)
    if len(output) == 0:
        raise RangeError(_("no request was served: there is no energy per request."))
    energy = run.energy_nj / NJ
    edges = np.unique(np.rint(np.geomspace(output.min(), output.max() + 1, n_bin + 1)))
    at = np.searchsorted(edges, output, side="right") - 1
    order = np.argsort(at, kind="stable")
    begins = np.searchsorted(at[order], np.arange(len(edges)))
    rows = []
    for want in (least, 1):
        for i in range(len(edges) - 1):
            mine = order[begins[i] : begins[i + 1]]
            if len(mine) >= want:
                q = np.quantile(energy[mine], (0.05, 0.5, 0.95))
                rows.append((output[mine].min(), output[mine].max(), len(mine), *q))
        if rows:
            break
    columns = list(zip(*rows, strict=True))
    return EnergyByLength(*(np.array(c) for c in columns))


def cumulative(values: Floats, n: int = 160) -> tuple[Floats, Floats]:
    """Values and the share of all that lies at or below each, denser towards the end.

    Examples
    --------
    >>> value, share = cumulative(np.arange(101.0))
    >>> float(value[0]), float(value[-1]), float(np.interp(0.5, share, value))
    (0.0, 100.0, 50.0)
    """
    share = np.unique(np.concatenate([np.linspace(0.0, 1.0, n + 1), TAIL]))
    found = np.quantile(values, share) if len(values) else np.zeros(0)
    return found, share[: len(found)]
