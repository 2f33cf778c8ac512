"""How is a fleet run over any number of requests, a few thousand of them at hand at a time? [ps, nJ]

Requests are taken in order of arrival, a block at a time, into a window. After each block those in front of the oldest
unfinished one are handed on and the others move up, so the simulator's tables hold the requests of the present only:
few enough to stay in the processor's cache, however long the log. No result depends on the size of a block.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving import state as sr
from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.fleet import (
    EMPTY32,
    FleetRun,
    Load,
    check_clock,
    cost_table,
    empty_caches,
    empty_memory,
    limit_row,
    request_table,
    until_of,
)
from taotie.compute.serving.replica import forward
from taotie.compute.serving.routing import (
    ROUTED,
    Router,
    draw_replicas,
    report,
    route,
    run_reports,
)
from taotie.compute.serving.state import compiled, ring_of

__all__ = ["BLOCK", "FleetWindow", "Outcome", "run_routed"]

Array = NDArray[Any]
BLOCK = 4096
"""Requests of a block, where no caller hands over fewer."""
WORTH_THREADS = 4000
"""Requests between two reports from which threads gain more than handing over to them costs."""


class Outcome(NamedTuple):
    """What becomes of each request, in columns with room for all of them: [ps], [nJ], and who served it."""

    ttft: Array
    finish: Array
    own: Array
    shared: Array
    replica: Array

    @classmethod
    def empty(cls, n: int) -> Outcome:
        """Of `n` requests, in memory."""
        one, two, three, four = (np.empty(n, np.int64) for _j in range(4))
        return cls(one, two, three, four, np.empty(n, np.int32))


@compiled
def oldest(memory, request, low):  # type: ignore[no-untyped-def]
    """First row that is not finished, or `low` if there is none before it."""
    unit = np.int64(1)
    for r in range(memory.shape[0]):
        for j in range(memory[r, sr.HEAP_N]):
            low = min(low, memory[r, sr.HEAP + j] & 0xFFFFFFFF)
        if memory[r, sr.HEAD] >= 0:  # in order of arrival, those that gave way in front
            low = min(low, memory[r, sr.HEAD])
    return low * unit


@compiled
def oldest_read(memory, unit, low):  # type: ignore[no-untyped-def]
    """The same of the rows that are being read; `unit` is that of pages."""
    ring, size = ring_of(memory, unit)
    for r in range(memory.shape[0]):
        place = memory[r, sr.RING_HEAD]
        for _i in range(memory[r, sr.RING_N]):
            low = min(low, memory[r, ring + 3 * place])
            place += 1
            if place == size:
                place = 0
    return low


@compiled
def hand_on(n, first, result, replica, ttft, finish, own, shared, who, last, last_finish):  # type: ignore[no-untyped-def]
    """Copy the outcome of the first `n` rows to places `first` on; note each replica's last request and finish."""
    for i in range(n):
        r = replica[i]
        at = first + i
        ttft[at] = result[i, sr.TTFT]
        finish[at] = result[i, sr.FINISH]
        own[at] = result[i, sr.OWN]
        shared[at] = result[i, sr.SHARED]
        who[at] = r
        last[r] = at
        last_finish[r] = max(last_finish[r], result[i, sr.FINISH])


@compiled
def move_up(by, n, unit, memory, arrival, request, result, replica, ready):  # type: ignore[no-untyped-def]
    """Drop the first `by` of `n` rows: those behind them move up, wherever a row's number is kept."""
    for i in range(by, n):
        j = i - by
        arrival[j] = arrival[i]
        replica[j] = replica[i]
        if ready.shape[0]:
            ready[j] = ready[i]
        for k in range(request.shape[1]):
            request[j, k] = request[i, k]
        request[j, sr.FOLLOWING] = max(request[j, sr.FOLLOWING] - by, -1)
        for k in range(result.shape[1]):
            result[j, k] = result[i, k]
    ring, size = ring_of(memory, unit)
    for r in range(memory.shape[0]):
        for k in range(memory[r, sr.HEAP_N]):
            memory[r, sr.HEAP + k] -= by
        place = memory[r, sr.RING_HEAD]
        for _i in range(memory[r, sr.RING_N]):
            memory[r, ring + 3 * place] -= by
            place += 1
            if place == size:
                place = 0
        if memory[r, sr.HEAD] >= 0:
            memory[r, sr.HEAD] -= by
            memory[r, sr.TAIL] -= by


@compiled
def feed(begin, end, replica, memory, request, sent):  # type: ignore[no-untyped-def]
    """Put rows ``begin..end-1`` into the queues of the replicas they go to."""
    for i in range(begin, end):
        r = replica[i]
        sent[r] += 1
        if memory[r, sr.HEAD] < 0:
            memory[r, sr.HEAD] = i
        else:
            request[memory[r, sr.TAIL], sr.FOLLOWING] = i
        memory[r, sr.TAIL] = i


class FleetWindow:
    """Like replicas behind one router, fed with requests in order of arrival.

    Parameters
    ----------
    costs, limits, n_replica, bin_ps
        As in `run_independent`.
    routing : {"round_robin", "random", "two_choices", "least_outstanding", "prefix_aware"}
    like : Load
        Any part of the requests: it says whether they have blocks, which all lie in its `block_id`, and caches.
    out : Outcome
        Written as requests finish.
    last_ps : int, default 0
        About when the last request comes. [ps]
    seed, report_ps, margin, threads
        As in `run_routed`.
    """

    def __init__(
        self,
        costs: IterationCosts,
        limits: ReplicaLimits,
        n_replica: int,
        routing: str,
        like: Load,
        out: Outcome,
        *,
        seed: int = 0,
        bin_ps: int = 0,
        last_ps: int = 0,
        report_ps: int = 0,
        margin: int = 8,
        threads: int = 1,
    ) -> None:
        self.routing, self.seed, self.margin, self.out = routing, seed, margin, out
        self.report_ps, self.threads, self.bin_ps = report_ps, threads, bin_ps
        self.row, self.costs = limit_row(costs, limits, bin_ps, like), cost_table(costs)
        self.memory = empty_memory(n_replica, self.row)
        self.caches = empty_caches(n_replica, self.row, like)
        self.block_id = like.block_id
        self.router = Router.empty(n_replica, self.caches.shape[1] if like.block_id.size else 0)
        self.bins = np.zeros((last_ps // bin_ps + 2 if bin_ps else 0, 3), np.int64)
        self.told_at = np.full(1, -1, np.int64)
        self.last = np.full(n_replica, -1, np.int64)
        self.last_finish = np.zeros(n_replica, np.int64)
        self.first = self.n = 0
        self.unit = 1 << int(self.row[sr.UNIT_BITS])
        self._room(0, like)

    def _room(self, n: int, like: Load) -> None:
        """Room for `n` more rows."""
        if n == 0:
            self.arrival = np.zeros(0, np.int64)
            self.request = request_table(like.part(slice(0, 0)), self.row)
            self.result = np.zeros((0, 4), np.int64)
            self.replica = np.zeros(0, np.int32)
            self.ready = EMPTY32
            return
        short = self.n + n - len(self.arrival)
        if short > 0:
            more = max(short, len(self.arrival))

            def longer(values: Array) -> Array:
                return np.concatenate([values, np.zeros((more, *values.shape[1:]), values.dtype)])

            self.arrival, self.request = longer(self.arrival), longer(self.request)
            self.result, self.replica = longer(self.result), longer(self.replica)

    def take_all(self, load: Load, ready: Array | None = None) -> None:
        """Send requests, in blocks of the best size."""
        n, block = len(load.arrival), BLOCK
        if self.threads > 1 and (self.report_ps > 0 or self.routing not in ROUTED):
            block = max(n, 1)  # threads wait for each other once a block, or once a report
        for low in range(0, n, block):
            rows = slice(low, low + block)
            self.take(load.part(rows), None if ready is None else np.asarray(ready[rows], np.int32))

    def take(self, load: Load, ready: Array | None = None) -> int:
        """Send a block of requests, not before those sent so far; how many are handed on by now.

        Parameters
        ----------
        load : Load
        ready : ndarray of int32, optional
            Replicas 0..ready-1 may be chosen; all if left out.
        """
        m = len(load.arrival)
        if m == 0:
            return self.first
        begin, end = self.n, self.n + m
        self._room(m, load)
        self.arrival[begin:end] = load.arrival
        self.request[begin:end] = request_table(load, self.row)
        self.result[begin:end] = 0
        if ready is not None:
            kept = self.ready[:begin] if self.ready.size else EMPTY32
            self.ready = np.concatenate([kept, ready]).astype(np.int32)
        self.n = end
        self._bins_until(int(load.arrival[-1]))
        self._send(begin, end)
        low = oldest(self.memory, self.request, np.int64(end))
        self._pass_on(int(oldest_read(self.memory, self.unit, low)))
        return self.first

    def _send(self, begin: int, end: int) -> None:
        requests = (self.arrival, self.request, self.block_id, self.costs, self.row, self.result)
        if self.routing not in ROUTED:
            n_replica, rows = len(self.memory), slice(begin, end)
            if self.routing == "random":
                draw_replicas(self.replica[rows], self.ready[rows], n_replica, self.seed, self.first + begin)  # fmt: skip
            else:
                number = np.arange(self.first + begin, self.first + end, dtype=np.int64)
                self.replica[rows] = number % (self.ready[rows] if self.ready.size else n_replica)
            feed(begin, end, self.replica, self.memory, self.request, self.router.sent)
            self._on_threads(self.threads, lambda low, high, bins: forward(
                low, high, self.arrival[end - 1], self.memory, self.caches, bins, *requests
            ))  # fmt: skip
            return
        policy = ROUTED.index(self.routing)
        how = (policy, self.seed, self.margin, self.ready, self.replica, *self.router)
        if self.report_ps <= 0:
            route(
                begin, end, self.first, True, *how, self.memory, self.caches, self.bins, *requests
            )
        elif self.threads == 1 or end - begin < WORTH_THREADS * (
            1 + (self.arrival[end - 1] - self.arrival[begin]) // self.report_ps
        ):
            run_reports(
                begin, end, self.first, self.report_ps, self.told_at,
                *how, self.memory, self.caches, self.bins, *requests,
            )  # fmt: skip
        else:
            self._reports(begin, end, how, requests)

    def _reports(self, begin: int, end: int, how: tuple[Any, ...], requests: tuple[Array, ...]) -> None:  # fmt: skip
        """`run_reports` on several threads: between two reports each has replicas of its own."""
        router = self.router
        while begin < end:
            t = int(self.arrival[begin]) // self.report_ps * self.report_ps
            last = int(np.searchsorted(self.arrival[:end], t + self.report_ps))
            if t > self.told_at[0]:
                self.told_at[0] = t
                self._on_threads(self.threads, lambda low, high, bins, t=t: report(
                    low, high, t, router.sent, router.tree, self.memory, self.caches, bins, *requests
                ))  # fmt: skip
            route(
                begin, last, self.first, False, *how, self.memory, self.caches, self.bins, *requests
            )
            begin = last

    def _on_threads(self, threads: int, work: Any) -> None:
        """Do `work` from replica to replica, on bins of each thread's own."""
        n_replica = len(self.memory)
        if threads == 1:
            work(0, n_replica, self.bins)
            return
        edges = [n_replica * j // threads for j in range(threads + 1)]
        parts = [self.bins, *(np.zeros_like(self.bins) for _j in range(threads - 1))]
        with ExitStack() as stack:
            # a replica stays with its thread: what it remembers stays in that core's cache
            others = [stack.enter_context(ThreadPoolExecutor(1)) for _j in range(threads - 1)]
            jobs = [
                pool.submit(work, edges[j], edges[j + 1], parts[j])
                for j, pool in enumerate(others, 1)
            ]
            work(edges[0], edges[1], parts[0])
            for job in jobs:
                job.result()
        for part in parts[1:]:
            self.bins += part

    def _bins_until(self, time_ps: int) -> None:
        """Bins up to that time; what iterations left beyond the end is booked."""
        n_bin = len(self.bins)
        if not self.bin_ps or time_ps < (n_bin - 1) * self.bin_ps:
            return
        more = max(time_ps // self.bin_ps + 2 - n_bin, n_bin // 2 + 8)
        self.bins = np.concatenate([self.bins, np.zeros((more, 3), np.int64)])
        for state in self.memory[:, : sr.N_STATE]:
            if state[sr.SPILL_T1] > 0:
                sr.book_spill(state, self.bins, self.bin_ps, n_bin)

    def _pass_on(self, low: int) -> None:
        """Hand on the first rows; the others move up, once they are not more than those: a long queue moves seldom."""
        if low < self.n - low:
            return
        hand_on(low, self.first, self.result, self.replica, *self.out, self.last, self.last_finish)
        move_up(
            low, self.n, self.unit, self.memory, self.arrival, self.request, self.result, self.replica, self.ready
        )  # fmt: skip
        self.first += low
        self.n -= low
        if self.ready.size:
            self.ready = self.ready[: self.n].copy()

    def end(self) -> FleetRun:
        """Work off what was sent; all of it is handed on then."""
        requests = (self.arrival, self.request, self.block_id, self.costs, self.row, self.result)
        states = self.memory[:, : sr.N_STATE]
        while True:
            until = until_of(len(self.bins), self.bin_ps)
            forward(0, len(self.memory), until, self.memory, self.caches, self.bins, *requests)
            if (states[:, sr.DONE] == self.router.sent).all() and not states[:, sr.SPILL_T1].any():
                break
            check_clock(int(states[:, sr.NOW].max()))
            self._bins_until(len(self.bins) * self.bin_ps)
        self._pass_on(self.n)
        states[:, sr.TAIL] = -1  # of an empty queue: no row's number is left
        served = self.last >= 0
        self.out.shared[self.last[served]] += states[served, sr.REMAINDER]
        return FleetRun(*self.out, states.copy(), self.bins, self.last_finish)


def run_routed(
    load: Load,
    costs: IterationCosts,
    limits: ReplicaLimits,
    n_replica: int,
    routing: str,
    seed: int = 0,
    ready: Array | None = None,
    bin_ps: int = 0,
    report_ps: int = 0,
    margin: int = 8,
    threads: int = 1,
) -> FleetRun:
    """Run replicas fed by the requests outstanding.

    Parameters
    ----------
    load, costs, limits, n_replica, bin_ps
        As in `run_independent`.
    routing : {"two_choices", "least_outstanding", "prefix_aware"}
        The one with fewer requests outstanding of two drawn at random (the first on a tie); the one with the
        fewest of all (the lowest number on a tie); or the one that was last sent the longest part of the
        prompt's prefix, if it has at most `margin` more than the fewest, and that one otherwise. Also those that look
        at nothing, "round_robin" and "random", with the results of `run_independent`.
    seed : int
        Of the draws.
    ready : ndarray of int32, shape (n_request,), optional
        Replicas 0..ready-1 may be chosen; all if left out.
    report_ps : int, default 0
        The router learns the requests outstanding at each multiple of this, and counts what it sends itself
        between; 0: it knows them at each arrival. [ps]
    margin : int, default 8
        Of prefix-aware routing. [request]
    threads : int, default 1
        Used between reports; the result does not depend on it.

    Returns
    -------
    FleetRun
    """
    n = len(load.arrival)
    fleet = FleetWindow(
        costs, limits, n_replica, routing, load, Outcome.empty(n),
        seed=seed, bin_ps=bin_ps, last_ps=int(load.arrival[-1]) if n else 0,
        report_ps=report_ps, margin=margin, threads=threads,
    )  # fmt: skip
    fleet.take_all(load, ready)
    return fleet.end()
