"""What does a day of hundreds of millions of requests look like, in flat memory?

Independent Poisson arrivals that are sent at random to replicas are independent Poisson arrivals at each replica: so
each replica's day is drawn, simulated and summed up by itself, and the next one reuses its memory. Lengths
are drawn from a list of pairs (a trace, or samples of a fitted distribution). What remains are sums, exact
power bins, and histograms fine enough for quantiles (buckets of 1/128 of their value).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving import state as sr
from taotie.compute.serving.fleet import Load, add_bins, limit_row, run_one
from taotie.compute.serving.overhead import exact_sum
from taotie.compute.serving.result import NJ, QUANTILES, PoolAccount, pool_account
from taotie.compute.serving.routing import drawn
from taotie.compute.serving.setup import ReplicaModel, check_energy, inner_bins
from taotie.errors import RangeError
from taotie.files.kernels import njit
from taotie.words.language import _

__all__ = ["Histogram", "StreamRun", "simulate_stream"]

Array = NDArray[Any]
PS = 10**12
SUB_BITS = 7
N_BUCKET = 64 << SUB_BITS


@njit(cache=True, nogil=True)
def count_into(counts, values):  # type: ignore[no-untyped-def]
    """Count non-negative integers into buckets of 1/128 of their value (exact below 256)."""
    for v in values:
        bits = 0
        high = v >> (SUB_BITS + 1)
        while high > 0:
            bits += 1
            high >>= 1
        counts[(bits << SUB_BITS) + (v >> bits)] += 1


@njit(cache=True, nogil=True)
def poisson_stream(seed, edges, rate, n_length, arrival, pick):  # type: ignore[no-untyped-def]
    """Arrivals [ps] of a Poisson process whose rate [1/ps] is constant between edges [ps]; how many.

    `pick` receives the number of each request's lengths. Stops when `arrival` is full.
    """
    n = 0
    t = np.float64(edges[0])
    i = np.int64(0)
    for step in range(rate.shape[0]):
        if rate[step] <= 0.0:
            t = np.float64(edges[step + 1])
            continue
        t = max(t, np.float64(edges[step]))
        while n < arrival.shape[0]:
            u = (drawn(seed, i) >> 10) * (1.0 / (1 << 53))
            gap = -np.log(1.0 - u) / rate[step]
            i += 1
            if t + gap >= edges[step + 1]:
                t = np.float64(edges[step + 1])  # memoryless: start anew in the next step
                break
            t += gap
            arrival[n] = np.int64(t)
            pick[n] = drawn(seed, i) % n_length
            i += 1
            n += 1
    return n


class Histogram:
    """Counts of non-negative integers by size; quantiles within 1/256 of the true value."""

    def __init__(self) -> None:
        self.counts = np.zeros(N_BUCKET, np.int64)
        self.total = 0
        self.sum = 0

    def add(self, values: Array) -> None:
        """Count values."""
        count_into(self.counts, values)
        self.total += len(values)
        self.sum += exact_sum(values)

    def merge(self, other: Histogram) -> None:
        """Add another's counts."""
        self.counts += other.counts
        self.total += other.total
        self.sum += other.sum

    @property
    def mean(self) -> float:
        """Exact mean; NaN without values."""
        return self.sum / self.total if self.total else float("nan")

    def quantile(self, q: float) -> float:
        """Value below which a share `q` lies: the middle of its bucket; NaN without values.

        Examples
        --------
        >>> h = Histogram()
        >>> h.add(np.arange(1, 100_001))
        >>> abs(h.quantile(0.5) / 50_000 - 1) < 1 / 256
        True
        """
        if self.total == 0:
            return float("nan")
        rank = min(int(q * self.total), self.total - 1)
        at = int(np.searchsorted(np.cumsum(self.counts), rank, side="right"))
        bits = max((at >> SUB_BITS) - 1, 0)
        low = (at - (bits << SUB_BITS)) << bits
        return low + ((1 << bits) - 1) / 2

    def summary(self, scale: float) -> dict[str, float | None]:
        """p05, p50, p95, p99, mean and max, times `scale`; None without values."""
        names = [name for name, _q in QUANTILES]
        if self.total == 0:
            return dict.fromkeys([*names, "mean", "max"])
        out: dict[str, float | None] = {name: self.quantile(q) * scale for name, q in QUANTILES}
        out["mean"] = self.mean * scale
        out["max"] = self.quantile(1.0) * scale
        return out

    def share_up_to(self, value: float) -> float:
        """Share of values in buckets whose middle is at most `value`."""
        filled = np.flatnonzero(self.counts)
        bits = np.maximum((filled >> SUB_BITS) - 1, 0)
        middle = ((filled - (bits << SUB_BITS)) << bits) + ((1 << bits) - 1) / 2
        return float(self.counts[filled[middle <= value]].sum()) / max(self.total, 1)


@dataclass(frozen=True, eq=False)
class StreamRun:
    """Sums over all requests; own and shared energy without idle and host, which `account` has.

    Parameters
    ----------
    ttft_ps, tpot_ps, energy_nj : Histogram
        Of requests; `energy_nj` is own and shared energy.
    account : PoolAccount
    requests, span_ps, rejected : int
        Served; end of the account [ps]; longer than a replica's KV cache.
    """

    ttft_ps: Histogram
    tpot_ps: Histogram
    energy_nj: Histogram
    account: PoolAccount
    requests: int
    span_ps: int
    rejected: int = 0

    @property
    def total_nj(self) -> int:
        """Energy of iterations, waiting and hosts. [nJ]"""
        return exact_sum(self.account.busy_nj) + exact_sum(self.account.overhead_nj)

    def summary(self) -> dict[str, Any]:
        """The same numbers as `ServingRun.summary`; waiting and host are spread over all requests alike.

        Quantiles are within 1/256 of the true ones, means and sums exact.
        """
        own = exact_sum(self.account.busy_nj)
        scale = self.total_nj / own / NJ if own else 0.0
        power = self.account.series()
        span = self.span_ps / PS
        width = float(self.account.bin_ps * self.account.together)
        full = np.minimum(width, self.span_ps - power.t_s * PS)
        peak = (power.total_w[full > 0] * width / full[full > 0]).max(initial=0.0)
        busy = float(exact_sum(self.account.busy_ps))
        prefill = exact_sum(self.account.prefill_nj)
        return {
            "requests": self.requests + self.rejected,
            "completed": self.requests,
            "rejected": self.rejected,
            "span_s": span,
            "replicas": self.account.n_replica,
            "energy_j": {
                "total": self.total_nj / NJ,
                "requests_sum": self.total_nj / NJ if self.requests else 0.0,
                "prefill": prefill / NJ,
                "decode": (own - prefill) / NJ,
                "transfer": 0.0,
                "idle": exact_sum(self.account.idle_nj) / NJ,
                "host": exact_sum(self.account.host_nj) / NJ,
            },
            "energy_per_request_j": self.energy_nj.summary(scale),
            "ttft_s": self.ttft_ps.summary(1 / PS),
            "tpot_s": self.tpot_ps.summary(1 / PS),
            "mean_batch": float(exact_sum(self.account.bins[:, 2])) / busy if busy else 0.0,
            "peak_power_w": float(peak),
            "mean_power_w": self.total_nj / NJ / span,
            "iterations": self.account.iterations,
            "preemptions": self.account.preemptions,
            "prefix_hit_tokens": 0,
        }


class Sums:
    """What is kept of replicas that have been simulated."""

    def __init__(self, n_bin: int) -> None:
        self.ttft, self.tpot, self.energy = Histogram(), Histogram(), Histogram()
        self.bins = np.zeros((n_bin, 3), np.int64)
        self.last = 0

    def add(self, load: Load, result: Array, bins: Array) -> None:
        """Add one replica's requests."""
        ttft, finish = result[:, sr.TTFT], result[:, sr.FINISH]
        later = load.output > 1
        tpot = (finish - load.arrival - ttft)[later] // (load.output[later] - 1)
        self.ttft.add(ttft)
        self.tpot.add(tpot)
        self.energy.add(result[:, sr.OWN] + result[:, sr.SHARED])
        self.bins = add_bins(self.bins, bins)
        self.last = max(self.last, int(finish.max(initial=0)))

    def merge(self, other: Sums) -> None:
        """Add another's."""
        self.ttft.merge(other.ttft)
        self.tpot.merge(other.tpot)
        self.energy.merge(other.energy)
        self.bins = add_bins(self.bins, other.bins)
        self.last = max(self.last, other.last)

    def run(
        self,
        replica: ReplicaModel,
        states: Array,
        bin_ps: int,
        requests: int,
        span_ps: int,
        rejected: int = 0,
        together: int = 1,
    ) -> StreamRun:
        """The account of replicas that are on from 0 to the span or the last finish."""
        end = max(span_ps, self.last, 1)
        n_replica = len(states)
        begin = np.arange(-(-end // bin_ps), dtype=np.int64) * bin_ps
        account = pool_account(
            replica.name,
            busy_nj=states[:, sr.ENERGY].copy(),
            prefill_nj=states[:, sr.ENERGY_PREFILL].copy(),
            busy_ps=states[:, sr.BUSY].copy(),
            on_ps=np.full(n_replica, end, np.int64),
            bins=self.bins,
            on_bins=(np.minimum(begin + bin_ps, end) - begin) * n_replica,
            bin_ps=bin_ps,
            together=together,
            idle_mw=replica.idle_mw,
            host_idle_mw=replica.host_idle_mw,
            host_ppm=replica.host_ppm,
            counts=(
                int(states[:, sr.ITERATIONS].sum()),
                int(states[:, sr.EVENTS].sum()),
                int(states[:, sr.PREEMPTIONS].sum()),
                0,
            ),
        )
        return StreamRun(self.ttft, self.tpot, self.energy, account, requests, end, rejected)


def simulate_stream(
    replica: ReplicaModel,
    n_replica: int,
    edges_s: Array,
    rate_per_s: Array,
    prompt: Array,
    output: Array,
    *,
    bin_s: float = 60.0,
    seed: int = 0,
    threads: int = 1,
) -> StreamRun:
    """Simulate Poisson arrivals spread at random over a fleet.

    Parameters
    ----------
    replica : ReplicaModel
    n_replica : int
        Replicas.
    edges_s : ndarray, shape (n_step + 1,)
        Between these the rate is constant. [s]
    rate_per_s : ndarray, shape (n_step,)
        Of the whole fleet. [request/s]
    prompt, output : ndarray of int, shape (n_length,)
        Pairs of lengths to draw from, each equally likely. [token]
    bin_s : float, default 60
        Width of the power bins. [s]
    seed : int, default 0
    threads : int, default 1
        The result does not depend on it.

    Returns
    -------
    StreamRun

    Raises
    ------
    RangeError
        If a pair of lengths does not fit into a replica, or a rate or time is negative.
    """
    prompt = np.ascontiguousarray(prompt, np.int32)
    output = np.ascontiguousarray(output, np.int32)
    longest = int((prompt.astype(np.int64) + output).max(initial=0))
    if longest > replica.limits.kv_tokens or min(prompt.min(), output.min()) < 1:
        raise RangeError(
            _("lengths up to {n} tokens do not fit into a replica of {t}.").format(
                n=longest, t=replica.limits.kv_tokens
            )
        )
    edges = np.asarray(edges_s, np.float64)
    rates = np.asarray(rate_per_s, np.float64)
    if (np.diff(edges) <= 0).any() or (rates < 0).any() or len(edges) != len(rates) + 1:
        raise RangeError(_("rates of arrival need rising edges and no negative rate."))
    edges_ps = np.rint(edges * PS).astype(np.int64)
    rate_ps = rates / n_replica / PS
    bin_ps, together = inner_bins(bin_s, n_replica, replica)
    check_energy(replica, edges[-1] - edges[0])
    expected = float((rate_ps * np.diff(edges_ps)).sum())
    room = int(expected + 8 * np.sqrt(expected) + 50)
    empty = Load(np.zeros(0, np.int64), prompt[:0], output[:0])
    row = limit_row(replica.costs, replica.limits, bin_ps, empty)
    n_bin = int(edges_ps[-1]) // bin_ps + 2
    states = np.zeros((n_replica, sr.N_STATE), np.int64)

    def work(first: int) -> tuple[Sums, int]:
        sums = Sums(n_bin)
        arrival, pick = np.zeros(room, np.int64), np.zeros(room, np.int32)
        came = 0
        for r in range(first, n_replica, threads):
            n = int(poisson_stream(drawn(seed, r), edges_ps, rate_ps, len(prompt), arrival, pick))
            few = pick[:n]
            load = Load(arrival[:n], prompt[few], output[few])
            state, result, part = run_one(load, replica.costs, row, n_bin)
            sums.add(load, result, part)
            states[r] = state
            came += n
        return sums, came

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(work, range(threads)))
    sums, came = parts[0]
    for more, n in parts[1:]:
        sums.merge(more)
        came += n
    return sums.run(replica, states, bin_ps, came, int(edges_ps[-1]), 0, together)
