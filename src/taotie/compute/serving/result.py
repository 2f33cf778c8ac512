"""What did a simulated service do: latencies [s], energy [J], power over time [W], batch over time [1]?

Columns of requests may lie in files (`files.columns`), so sums and quantiles walk along them in parts. Integers from the kernels stay integers here; the properties turn them into seconds, joules and watts.
Energies are at the `server` boundary: accelerators (reading, writing, waiting) and their share of the host.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving.overhead import energy_nj, exact_sum
from taotie.compute.serving.spread import Spread
from taotie.compute.serving.state import compiled
from taotie.errors import RangeError
from taotie.files.columns import slices
from taotie.words.language import _
from taotie.words.said import Said

__all__ = ["PoolAccount", "PowerSeries", "ServiceLevel", "ServingRun"]

Array = NDArray[Any]
FloatArray = NDArray[np.floating[Any]]
PS, NJ = 1e12, 1e9


@dataclass(frozen=True)
class ServiceLevel:
    """What users were promised.

    Parameters
    ----------
    ttft_s : float, default inf
        Time to first token. [s]
    tpot_s : float, default inf
        Time per later token, mean over a request. [s]
    share : float, default 0.99
        Share of requests that must keep both. [1]
    """

    ttft_s: float = np.inf
    tpot_s: float = np.inf
    share: float = 0.99

    def __post_init__(self) -> None:
        if not (self.ttft_s > 0 and self.tpot_s > 0 and 0 < self.share <= 1):
            raise RangeError(
                _("a service level of ttft={a} s, tpot={b} s for a share of {c} cannot be.").format(
                    a=self.ttft_s, b=self.tpot_s, c=self.share
                ),
                _("times above 0 and a share above 0 and at most 1"),
            )

    @classmethod
    def parsed(cls, text: str) -> ServiceLevel:
        """Read ``ttft=1s,tpot=50ms,share=0.99``.

        Raises
        ------
        RangeError
            If a part is not understood.

        Examples
        --------
        >>> ServiceLevel.parsed("ttft=1s,tpot=50ms")
        ServiceLevel(ttft_s=1.0, tpot_s=0.05, share=0.99)
        """
        found: dict[str, float] = {}
        for part in text.split(","):
            key, _sign, value = (word.strip() for word in part.partition("="))
            scale = 1.0
            name = f"{key}_s"
            if key == "share":
                name = key
                if value.endswith("%"):
                    value, scale = value[:-1], 100.0
            elif value.endswith("ms"):
                value, scale = value[:-2], 1000.0
            elif value.endswith("s"):
                value = value[:-1]
            try:
                found[name] = float(value) / scale
                if name not in ("ttft_s", "tpot_s", "share"):
                    raise ValueError(name)
            except ValueError:
                raise RangeError(
                    _("{part!r} of the service level {text!r} is not understood.").format(
                        part=part, text=text
                    ),
                    "ttft=1s,tpot=50ms,share=99%",
                ) from None
        return cls(**found)


class PowerSeries(NamedTuple):
    """Draw in each bin, exact at its edges, and how busy the fleet was."""

    t_s: FloatArray
    """Begin of the bin."""
    busy_w: FloatArray
    """Accelerators while an iteration runs."""
    idle_w: FloatArray
    """Accelerators switched on that wait."""
    host_w: FloatArray
    mean_batch: FloatArray
    """Sequences per busy replica."""
    replicas_on: FloatArray

    @property
    def total_w(self) -> FloatArray:
        """All of it. [W]"""
        return self.busy_w + self.idle_w + self.host_w


@dataclass(frozen=True, eq=False)
class PoolAccount:
    """Time and energy of one pool of like replicas; integers per replica.

    `bins` are `together` times as fine as the power bins asked for: sums over a large fleet would leave
    int64 otherwise.
    """

    name: str
    n_replica: int
    busy_nj: Array
    prefill_nj: Array
    busy_ps: Array
    on_ps: Array
    idle_nj: Array
    host_nj: Array
    bins: Array = field(repr=False)
    on_bins: Array = field(repr=False)
    bin_ps: int
    together: int
    idle_mw: int
    host_idle_mw: int
    host_ppm: int
    iterations: int
    events: int
    preemptions: int
    hit_tokens: int

    @property
    def overhead_nj(self) -> Array:
        """Waiting and host, per replica. [nJ]"""
        return self.idle_nj + self.host_nj

    def series(self) -> PowerSeries:
        """Power and batch over time."""
        m = self.together
        n = -(-len(self.on_bins) // m)
        whole = np.zeros((n * m, 5), np.int64)
        whole[: len(self.bins), :3] = self.bins[: n * m]
        whole[: len(self.on_bins), 3] = self.on_bins
        whole[:, 4] = whole[:, 3] - whole[:, 1]
        sums = whole.reshape(n, m, 5).astype(np.float64).sum(axis=1)
        energy, busy_ps, batch_ps, on_ps, wait_ps = sums.T
        width = float(self.bin_ps * m)
        busy = energy / width * (PS / NJ)
        idle = self.idle_mw * 1e-3 * wait_ps / width
        host = self.host_idle_mw * 1e-3 * on_ps / width + 1e-6 * self.host_ppm * (busy + idle)
        batch = np.divide(batch_ps, busy_ps, out=np.zeros(n), where=busy_ps > 0)
        return PowerSeries(np.arange(n) * width / PS, busy, idle, host, batch, on_ps / width)


def pool_account(
    name: str,
    *,
    busy_nj: Array,
    prefill_nj: Array,
    busy_ps: Array,
    on_ps: Array,
    bins: Array,
    on_bins: Array,
    bin_ps: int,
    together: int = 1,
    idle_mw: int,
    host_idle_mw: int,
    host_ppm: int,
    counts: tuple[int, int, int, int],
) -> PoolAccount:
    """An account with idle and host energy worked out in integers."""
    idle = [energy_nj(idle_mw, int(t)) for t in (on_ps - busy_ps).tolist()]
    host = [
        energy_nj(host_idle_mw, on) + host_ppm * (busy + wait) // 10**6
        for on, busy, wait in zip(on_ps.tolist(), busy_nj.tolist(), idle, strict=True)
    ]
    return PoolAccount(
        name,
        len(on_ps),
        busy_nj,
        prefill_nj,
        busy_ps,
        on_ps,
        np.array(idle, np.int64),
        np.array(host, np.int64),
        bins,
        on_bins,
        bin_ps,
        together,
        idle_mw,
        host_idle_mw,
        host_ppm,
        *counts,
    )


@dataclass(frozen=True, eq=False)
class ServingRun:
    """A simulated service.

    Parameters
    ----------
    number : ndarray of int64
        Number of each served request in the list given; those missing were rejected.
    arrival_ps, ttft_ps, finish_ps : ndarray of int64, shape (n_served,)
        Arrival, time to first token, time of the last token. [ps]
    prompt, output : ndarray of int32
        Lengths. [token]
    own_nj, shared_nj, overhead_nj : ndarray of int64
        Energy of the request: reading it, its part of shared iterations, its part of waiting and hosts.
    replica : ndarray of int32
        Who wrote its answer.
    pools : tuple of PoolAccount
        One, or the reading and the writing pool.
    transfer_nj : int
        Energy of moving KV caches between pools (contained in `own_nj`).
    rejected : int
        Requests longer than a replica's KV cache.
    span_ps : int
        From 0 to the end of the account. [ps]
    """

    number: Array
    arrival_ps: Array
    ttft_ps: Array
    finish_ps: Array
    prompt: Array
    output: Array
    own_nj: Array
    shared_nj: Array
    overhead_nj: Array
    replica: Array
    pools: tuple[PoolAccount, ...]
    transfer_nj: int
    rejected: int
    span_ps: int
    notes: tuple[Said, ...] = ()

    @property
    def ttft_s(self) -> FloatArray:
        """Time to first token. [s]"""
        return self.ttft_of(slice(None))

    @property
    def tpot_s(self) -> FloatArray:
        """Mean time per token after the first; 0 for answers of one token. [s]"""
        return self.tpot_of(slice(None))

    @property
    def energy_nj(self) -> Array:
        """Energy of each request; sums exactly to `total_nj`. [nJ]"""
        return self.energy_of(slice(None))

    @property
    def energy_wh(self) -> FloatArray:
        """Energy of each request at the server boundary. [Wh]"""
        return self.energy_nj / NJ / 3600.0

    @property
    def total_nj(self) -> int:
        """Energy of the whole service, summed over replicas. [nJ]"""
        pools = sum(exact_sum(p.busy_nj) + exact_sum(p.overhead_nj) for p in self.pools)
        return pools + self.transfer_nj

    def rows(self) -> Iterator[slice]:
        """Requests in parts, in order."""
        return slices(
            len(self.arrival_ps), self.arrival_ps, self.ttft_ps, self.finish_ps, self.output,
            self.own_nj, self.shared_nj, self.overhead_nj,
        )  # fmt: skip

    def ttft_of(self, rows: slice) -> FloatArray:
        """Time to first token of some requests. [s]"""
        return self.ttft_ps[rows] / PS

    def tpot_of(self, rows: slice) -> FloatArray:
        """Mean time per token after the first of some requests; 0 for answers of one token. [s]"""
        later = np.maximum(self.output[rows].astype(np.int64) - 1, 1)
        return (self.finish_ps[rows] - self.arrival_ps[rows] - self.ttft_ps[rows]) / later / PS

    def energy_of(self, rows: slice) -> Array:
        """Energy of some requests. [nJ]"""
        return self.own_nj[rows] + self.shared_nj[rows] + self.overhead_nj[rows]

    def attainment(self, level: ServiceLevel) -> float:
        """Share of all requests, rejected ones included, that kept the service level. [1]"""
        kept = 0
        for rows in self.rows():
            soon = self.ttft_of(rows) <= level.ttft_s
            kept += int((soon & (self.tpot_of(rows) <= level.tpot_s)).sum())
        return float(kept) / max(len(self.number) + self.rejected, 1)

    def waiting(self, *times_ps: int) -> list[int]:
        """Requests that have come and not got their first token, at each of some times. [1]"""
        found = [int(np.searchsorted(self.arrival_ps, t, side="right")) for t in times_ps]
        for rows in self.rows():
            first = self.arrival_ps[rows] + self.ttft_ps[rows]
            found = [n - int((first <= t).sum()) for n, t in zip(found, times_ps, strict=True)]
        return found

    @cached_property
    def queue(self) -> tuple[float, int]:
        """Requests by which the queue grows per second while they come, 0 if it does not; and those in it at the end."""
        if len(self.arrival_ps) < 20:
            return 0.0, 0
        first, last = int(self.arrival_ps[0]), int(self.arrival_ps[-1])
        half = (first + last) // 2
        if last <= half:
            return 0.0, 0
        early, late = self.waiting(half, last)
        if late < max(10, 0.02 * len(self.arrival_ps)) or late < 1.5 * early:
            return 0.0, late
        return (late - early) / ((last - half) / PS), late

    @property
    def queue_growth_per_s(self) -> float:
        """Requests by which the queue grows per second while they come; 0 if it does not. [request/s]"""
        return self.queue[0]

    def noted(self, notes: Iterable[Said]) -> ServingRun:
        """The same run with what is to be said of it; what was worked out stays."""
        out = replace(self, notes=tuple(notes))
        out.__dict__["queue"] = self.queue
        return out

    def power(self) -> PowerSeries:
        """Power of all pools together; batch of the last pool (the one that writes)."""
        parts = [pool.series() for pool in self.pools]
        n = max(len(p.t_s) for p in parts)

        def total(name: str) -> FloatArray:
            out = np.zeros(n)
            for p in parts:
                values = getattr(p, name)
                out[: len(values)] += values
            return out

        batch = np.zeros(n)
        batch[: len(parts[-1].mean_batch)] = parts[-1].mean_batch
        longest = max(parts, key=lambda p: len(p.t_s))
        return PowerSeries(
            longest.t_s,
            total("busy_w"),
            total("idle_w"),
            total("host_w"),
            batch,
            total("replicas_on"),
        )

    def summary(self) -> dict[str, Any]:
        """The numbers of `taotie simulate --json`."""
        return dict(self._summary)

    @cached_property
    def _summary(self) -> dict[str, Any]:
        busy = sum(exact_sum(p.busy_nj) for p in self.pools)
        prefill = sum(exact_sum(p.prefill_nj) for p in self.pools)
        power = self.power()
        width_ps = float(self.pools[0].bin_ps * self.pools[0].together)
        span = self.span_ps / PS
        batch_ps = sum(float(exact_sum(p.bins[:, 2])) for p in self.pools[-1:])
        busy_ps = sum(float(exact_sum(p.busy_ps)) for p in self.pools[-1:])
        # the last bin may be cut short by the end of the account
        full = np.minimum(width_ps, self.span_ps - power.t_s * PS)
        peak = float((power.total_w[full > 0] * width_ps / full[full > 0]).max(initial=0.0))
        spreads, spent = self._spreads()
        return {
            "requests": len(self.number) + self.rejected,
            "completed": len(self.number),
            "rejected": self.rejected,
            "span_s": span,
            "replicas": sum(p.n_replica for p in self.pools),
            "energy_j": {
                "total": self.total_nj / NJ,
                "requests_sum": spent / NJ,
                "prefill": prefill / NJ,
                "decode": (busy - prefill) / NJ,
                "transfer": self.transfer_nj / NJ,
                "idle": sum(exact_sum(p.idle_nj) for p in self.pools) / NJ,
                "host": sum(exact_sum(p.host_nj) for p in self.pools) / NJ,
            },
            "energy_per_request_j": spreads[0].summary(),
            "ttft_s": spreads[1].summary(),
            "tpot_s": spreads[2].summary(),
            "mean_batch": batch_ps / busy_ps if busy_ps else 0.0,
            "peak_power_w": peak,
            "mean_power_w": self.total_nj / NJ / span if span else 0.0,
            "iterations": sum(p.iterations for p in self.pools),
            "preemptions": sum(p.preemptions for p in self.pools),
            "prefix_hit_tokens": sum(p.hit_tokens for p in self.pools),
            "queue_growth_per_s": self.queue_growth_per_s,
        }

    def _spreads(self) -> tuple[tuple[Spread, Spread, Spread], int]:
        """Energy [J], time to first token and per later one [s] of all requests; their energy together [nJ]."""
        spreads = (Spread(), Spread(), Spread())
        spent = 0
        energy, found = np.empty(0, np.int64), np.empty((3, 0))

        def values(rows: slice) -> tuple[FloatArray, FloatArray, FloatArray]:
            nonlocal energy, found
            n = rows.stop - rows.start
            if len(energy) != n:
                energy, found = np.empty(n, np.int64), np.empty((3, n))
            parts = (self.own_nj, self.shared_nj, self.overhead_nj, self.arrival_ps, self.ttft_ps, self.finish_ps, self.output)  # fmt: skip
            later = measured(
                *(np.ascontiguousarray(one[rows], np.int64) for one in parts), energy, found
            )
            return found[0], found[1], found[2, :later]

        for rows in self.rows():
            for spread, one in zip(spreads, values(rows), strict=True):
                spread.add(one)
            spent += exact_sum(energy)
        for rows in self.rows():
            for spread, one in zip(spreads, values(rows), strict=True):
                spread.again(one)
        return spreads, spent


@compiled
def measured(own, shared, overhead, arrival, ttft, finish, output, energy, found):  # type: ignore[no-untyped-def]
    """Energy [nJ, J], time to first token and, where there is one, per later token [s]; how many have one."""
    later = 0
    for i in range(own.shape[0]):
        energy[i] = own[i] + shared[i] + overhead[i]
        found[0, i] = energy[i] / NJ
        found[1, i] = ttft[i] / PS
        if output[i] > 1:
            took = finish[i] - arrival[i] - ttft[i]
            found[2, later] = took / (output[i] - 1) / PS
            later += 1
    return later
