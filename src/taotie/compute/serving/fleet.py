"""How are replicas run that are fed without looking at their state?

Round robin, random and scheduled replicas are independent: each runs from its first request to its last, on as
many threads as wanted, with the same result. Routing on state is in `simulator_routing`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving import state as sr
from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.overhead import exact_sum
from taotie.compute.serving.prefix import Q_ROOM, memory_words
from taotie.compute.serving.replica import forward
from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["FleetRun", "Load", "run_independent"]

Array = NDArray[Any]
EMPTY32 = np.zeros(0, np.int32)
EMPTY64 = np.zeros(0, np.int64)


class Load(NamedTuple):
    """Requests in order of arrival, none longer than a replica can hold.

    The blocks of request `i` are ``block_id[block_low[i] : block_low[i] + block_n[i]]``, numbered from 0.
    With `kv_comes` every prompt was read elsewhere and its KV cache arrives with the request.
    """

    arrival: Array
    prompt: Array
    output: Array
    block_low: Array = EMPTY64
    block_n: Array = EMPTY32
    block_id: Array = EMPTY32
    kv_comes: bool = False

    def part(self, index: Array | slice) -> Load:
        """The requests at `index`, still in order."""
        few = len(self.block_low) == 0
        return self._replace(
            arrival=self.arrival[index],
            prompt=self.prompt[index],
            output=self.output[index],
            block_low=self.block_low if few else self.block_low[index],
            block_n=self.block_n if few else self.block_n[index],
        )


@dataclass
class FleetRun:
    """What a run hands back, all integers.

    Parameters
    ----------
    ttft, finish : ndarray of int64, shape (n_request,)
        Time from arrival to first token, and time of the last token. [ps]
    own, shared : ndarray of int64, shape (n_request,)
        Energy of reading the prompt, and the request's part of what all running shared. [nJ]
    replica : ndarray of int32, shape (n_request,)
        Who served it.
    states : ndarray of int64, shape (n_replica, N_STATE)
        Final states (`simulator_state` names the columns).
    bins : ndarray of int64, shape (n_bin, 3)
        Energy [nJ], busy time [ps], batch times time [ps] of all replicas.
    last_finish : ndarray of int64, shape (n_replica,)
        Last finish of each replica, 0 if it served nothing. [ps]
    """

    ttft: Array
    finish: Array
    own: Array
    shared: Array
    replica: Array
    states: Array
    bins: Array = field(repr=False)
    last_finish: Array = field(repr=False, default_factory=lambda: EMPTY64)

    def total(self, column: int) -> int:
        """Sum of one state column over replicas."""
        return exact_sum(self.states[:, column])


def limit_row(costs: IterationCosts, limits: ReplicaLimits, bin_ps: int, load: Load) -> Array:
    """The kernel's row of limits and prefill costs."""
    row = np.zeros(sr.N_LIMIT, np.int64)
    row[sr.MAX_BATCH] = min(limits.max_batch, costs.max_batch)
    row[sr.PAGES] = limits.kv_pages
    row[sr.UNIT_BITS] = (limits.page_tokens * limits.fine).bit_length() - 1
    row[sr.FINE] = limits.fine
    row[sr.GROW] = limits.grow
    row[sr.BUDGET] = limits.token_budget
    row[sr.STEP_TOKENS] = limits.tokens_per_step
    row[sr.CHUNKED] = limits.chunked
    row[sr.WATERMARK] = limits.watermark_pages
    row[sr.BIN_PS] = bin_ps
    row[sr.BLOCK_TOKENS] = limits.prefix_block_tokens
    if len(load.block_low) and limits.prefix_in_pages:
        row[sr.BLOCK_PAGES] = limits.prefix_block_tokens // limits.page_tokens
    elif len(load.block_low):
        row[sr.CACHE_BLOCKS] = limits.prefix_blocks
    row[sr.KV_COMES] = load.kv_comes
    row[sr.TP1 :] = costs.prefill
    return row


def cost_table(costs: IterationCosts) -> Array:
    """The kernel's costs over the batch: decoding, decoding beside reading, and lower bounds.

    A lower bound holds for every iteration with that many sequences or more.
    """
    table = np.zeros((costs.max_batch + 1, sr.N_COST), np.int64)
    table[:, : sr.MIXED] = costs.decode
    table[:, sr.MIXED : sr.LEAST] = costs.mixed
    lines = np.minimum(costs.decode[:, :4], costs.mixed[:, :4])
    lines[0] = costs.mixed[0, :4]
    # a line that never wins is far below 0
    table[:, sr.LEAST :] = np.maximum(np.minimum.accumulate(lines[::-1])[::-1], 0)
    return table


def empty_memory(n_replica: int, row: Array) -> Array:
    """Idle replicas, as `advance` remembers them."""
    columns = sr.memory_columns(int(row[sr.MAX_BATCH]) + 1, 1 << int(row[sr.UNIT_BITS]))
    memory = np.zeros((n_replica, columns), np.int64)
    memory[:, [sr.HEAD, sr.TAIL]] = -1
    return memory


def empty_caches(n_replica: int, row: Array, load: Load) -> Array:
    """Empty prefix caches, as `prefix` keeps them: one row a replica."""
    n_block = int(load.block_id.max()) + 1 if cached(row) and load.block_id.size else 0
    # kept blocks lie in the KV pages; the last iteration's growth comes on top before any are given up
    grown = row[sr.MAX_BATCH] * (2 + (row[sr.GROW] >> row[sr.UNIT_BITS]))
    most = (row[sr.PAGES] + grown) // max(row[sr.BLOCK_PAGES], 1) + 1
    words, room = memory_words(n_block, int(most if row[sr.BLOCK_PAGES] else row[sr.CACHE_BLOCKS]))
    caches = np.zeros((n_replica, words), np.int32)
    caches[:, Q_ROOM] = room
    return caches


def cached(row: Array) -> bool:
    """Are blocks of prompts kept?"""
    return bool(row[sr.CACHE_BLOCKS] or row[sr.BLOCK_PAGES])


def until_of(n_bin: int, bin_ps: int) -> int:
    """How far a replica may run before it needs more bins. [ps]"""
    return min(n_bin * bin_ps, sr.FAR) if bin_ps else sr.FAR


def check_clock(now_ps: int) -> None:
    """Refuse to go on when the clock has come to its end.

    Raises
    ------
    RangeError
        If a queue takes so long that time leaves its range.
    """
    if now_ps >= sr.FAR:
        raise RangeError(
            _("after {days:.0f} days the queue of a replica is still not empty.").format(
                days=sr.FAR / 86_400e12
            ),
            _("far more requests come than are served: give more replicas"),
        )


def request_table(load: Load, row: Array) -> Array:
    """The kernel's table of requests, none following another yet."""
    table = np.empty((len(load.arrival), 6 if cached(row) else 4), np.int32)
    if cached(row):
        table[:, sr.BLOCK_LOW] = load.block_low
        table[:, sr.BLOCK_N] = load.block_n
        if row[sr.BLOCK_PAGES]:  # only whole blocks stay
            whole = load.prompt // row[sr.BLOCK_TOKENS]
            table[:, sr.BLOCK_N] = np.minimum(load.block_n, whole)
    table[:, sr.PROMPT] = load.prompt
    table[:, sr.OUTPUT] = load.output
    table[:, sr.WRITTEN] = -1 if load.kv_comes else 0
    table[:, sr.FOLLOWING] = -1
    return table


def run_one(
    load: Load, costs: IterationCosts, row: Array, n_bin: int
) -> tuple[Array, Array, Array]:
    """One replica from its first request to its last: state, result, bins."""
    n = len(load.arrival)
    memory, caches = empty_memory(1, row), empty_caches(1, row, load)
    request, result = request_table(load, row), np.zeros((n, 4), np.int64)
    bins = np.zeros((n_bin, 3), np.int64)
    table = cost_table(costs)
    state = memory[0, : sr.N_STATE]
    if n:
        request[:-1, sr.FOLLOWING] = np.arange(1, n, dtype=np.int32)
        state[sr.HEAD], state[sr.TAIL] = 0, n - 1
    while True:
        forward(
            0,
            1,
            until_of(n_bin, int(row[sr.BIN_PS])),
            memory,
            caches,
            bins,
            load.arrival,
            request,
            load.block_id,
            table,
            row,
            result,
        )
        if state[sr.DONE] == n and state[sr.SPILL_T1] == 0:
            break
        check_clock(int(state[sr.NOW]))
        bins = np.vstack([bins, np.zeros((n_bin // 2 + 8, 3), np.int64)])
        sr.book_spill(state, bins, int(row[sr.BIN_PS]), n_bin)
        n_bin = len(bins)
    if n:
        result[-1, sr.SHARED] += state[sr.REMAINDER]
    return state, result, bins


def add_bins(total: Array, part: Array) -> Array:
    """Sum of two bin tables of unlike length."""
    if len(part) > len(total):
        total, part = part.copy(), total
    total[: len(part)] += part
    return total


def run_independent(
    load: Load,
    costs: IterationCosts,
    limits: ReplicaLimits,
    n_replica: int,
    replica: Array | None = None,
    bin_ps: int = 0,
    threads: int = 1,
) -> FleetRun:
    """Run replicas that are fed without looking at their state.

    Parameters
    ----------
    load : Load
        Requests in order of arrival.
    costs, limits : IterationCosts, ReplicaLimits
        Of every replica.
    n_replica : int
        Replicas.
    replica : ndarray of int32, shape (n_request,), optional
        Who serves each request; round robin if left out.
    bin_ps : int, default 0
        Width of the power bins [ps]; 0: none.
    threads : int, default 1
        The result does not depend on it.

    Returns
    -------
    FleetRun
    """
    n = len(load.arrival)
    row = limit_row(costs, limits, bin_ps, load)
    n_bin = int(load.arrival[-1]) // bin_ps + 2 if bin_ps and n else 0
    out = FleetRun(
        ttft=np.zeros(n, np.int64),
        finish=np.zeros(n, np.int64),
        own=np.zeros(n, np.int64),
        shared=np.zeros(n, np.int64),
        replica=np.zeros(n, np.int32),
        states=np.zeros((n_replica, sr.N_STATE), np.int64),
        bins=np.zeros((n_bin, 3), np.int64),
        last_finish=np.zeros(n_replica, np.int64),
    )
    members: list[Array | slice]
    if replica is None:
        members = [slice(r, None, n_replica) for r in range(n_replica)]
        out.replica[:] = np.arange(n, dtype=np.int64) % n_replica
    else:
        out.replica[:] = replica
        order = np.argsort(replica, kind="stable")
        ends = np.searchsorted(replica[order], np.arange(n_replica + 1))
        members = [order[ends[r] : ends[r + 1]] for r in range(n_replica)]

    def work(r: int) -> Array:
        part = load.part(members[r])
        part = part._replace(
            arrival=np.ascontiguousarray(part.arrival, np.int64),
            block_low=np.ascontiguousarray(part.block_low, np.int64),
            block_n=np.ascontiguousarray(part.block_n, np.int32),
        )
        state, result, bins = run_one(part, costs, row, n_bin)
        at = members[r]
        out.states[r] = state
        out.ttft[at], out.finish[at] = result[:, sr.TTFT], result[:, sr.FINISH]
        out.own[at], out.shared[at] = result[:, sr.OWN], result[:, sr.SHARED]
        out.last_finish[r] = result[:, sr.FINISH].max(initial=0)
        return bins

    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            for bins in pool.map(work, range(n_replica)):
                out.bins = add_bins(out.bins, bins)
    else:
        for r in range(n_replica):
            out.bins = add_bins(out.bins, work(r))
    return out
