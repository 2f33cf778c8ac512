"""What does a replica remember between two events, and how are its queues, pages and power bins kept? [ps, nJ]

The columns of the simulator's integer tables, and the small compiled parts `simulator_replica.advance` is made of:
a heap of finishing steps, the pages of growing sequences, the booking of an iteration over power bins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["FAR", "N_LIMIT", "N_STATE", "book_spill"]

Array = NDArray[Any]

FAR = 1 << 61
"""The end of time. [ps]"""

# state of a replica (int64)
(
    NOW,
    STEP,
    ACTIVE,
    CONTEXT,
    HEAP_N,
    RING_HEAD,
    RING_N,
    HEAD,
    TAIL,
    READING_PAGES,
    ENERGY,
    ENERGY_PREFILL,
    SHARE,
    REMAINDER,
    ITERATIONS,
    EVENTS,
    PREEMPTIONS,
    DONE,
    DONE_NOW,
    BUSY,
    HIT_TOKENS,
    CACHED,
    SPILL_T0,
    SPILL_T1,
    SPILL_E,
    SPILL_A,
) = range(26)
N_STATE = 26

# columns of requests (int32) and results (int64)
PROMPT, OUTPUT, WRITTEN, FOLLOWING = range(4)
TTFT, FINISH, OWN, SHARED = range(4)

# limits and prefill costs of a replica (int64)
(
    MAX_BATCH,
    PAGES,
    UNIT_BITS,
    FINE,
    GROW,
    BUDGET,
    STEP_TOKENS,
    CHUNKED,
    WATERMARK,
    BIN_PS,
    BLOCK_TOKENS,
    CACHE_BLOCKS,
    KV_COMES,
    TP1,
    TQ1,
    TR1,
    TP2,
    TQ2,
    TR2,
    EP1,
    EQ1,
    ER1,
    EP2,
    EQ2,
    ER2,
) = range(25)
N_LIMIT = 25


@njit(cache=True, nogil=True, inline="always")
def heap_push(heaps, r, n, key):  # type: ignore[no-untyped-def]
    """Add `key` to the `n` keys."""
    i = n
    while i > 0:
        parent = (i - 1) >> 1
        if heaps[r, parent] <= key:
            break
        heaps[r, i] = heaps[r, parent]
        i = parent
    heaps[r, i] = key


@njit(cache=True, nogil=True, inline="always")
def heap_pop(heaps, r, n):  # type: ignore[no-untyped-def]
    """Drop the smallest of the `n` keys."""
    key = heaps[r, n - 1]
    n -= 1
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and heaps[r, child + 1] < heaps[r, child]:
            child += 1
        if heaps[r, child] >= key:
            break
        heaps[r, i] = heaps[r, child]
        i = child
    heaps[r, i] = key


@njit(cache=True, nogil=True)
def heap_remove(heaps, r, n, i):  # type: ignore[no-untyped-def]
    """Drop the key at place `i` of the `n` keys."""
    key = heaps[r, n - 1]
    n -= 1
    if i == n:
        return
    while i > 0 and heaps[r, (i - 1) >> 1] > key:
        heaps[r, i] = heaps[r, (i - 1) >> 1]
        i = (i - 1) >> 1
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and heaps[r, child + 1] < heaps[r, child]:
            child += 1
        if heaps[r, child] >= key:
            break
        heaps[r, i] = heaps[r, child]
        i = child
    heaps[r, i] = key


@njit(cache=True, nogil=True)
def decoding_pages(phases, r, base, c, bits):  # type: ignore[no-untyped-def]
    """Pages of the decoding sequences: ``sum ceil(context / page)`` from the counts by phase."""
    mask = phases.shape[1] - 1
    padding = c
    for h in range(phases.shape[1]):
        padding += phases[r, h] * ((-(h + base)) & mask)
    return padding >> bits


@njit(cache=True, nogil=True)
def steps_that_fit(phases, r, base, a, free, grow):  # type: ignore[no-untyped-def]
    """Iterations that can run before `free` more pages do not hold the growth (at least 1)."""
    unit = phases.shape[1]
    mask = unit - 1
    growth = (free // a) * unit
    left = free % a
    for j in range(unit):
        left -= phases[r, (-(base + j)) & mask]
        if left < 0:
            break
        growth += 1
    return growth // grow + 1


@njit(cache=True, nogil=True)
def book(bins, width, first, t0, t1, e, a):  # type: ignore[no-untyped-def]
    """Spread one iteration over the bins it touches from bin `first` on, in proportion to time.

    Bins hold energy [nJ], busy time [ps] and batch times time [ps].
    """
    dt = t1 - t0
    i = t0 // width
    done = np.int64(0)
    begin = t0
    while begin < t1:
        edge = (i + 1) * width
        if edge >= t1:
            edge = t1
            upto = e
        else:
            upto = np.int64(e * ((edge - t0) / dt))
        if i >= first and i < bins.shape[0]:
            bins[i, 0] += upto - done
            bins[i, 1] += edge - begin
            bins[i, 2] += a * (edge - begin)
        done = upto
        begin = edge
        i += 1


@njit(cache=True, nogil=True)
def book_spill(state, bins, width, first):  # type: ignore[no-untyped-def]
    """Book what an iteration left beyond the end of the bins, now that there are more."""
    if state[SPILL_T1] > 0:
        book(bins, width, first, state[SPILL_T0], state[SPILL_T1], state[SPILL_E], state[SPILL_A])
        if state[SPILL_T1] <= bins.shape[0] * width:
            state[SPILL_T1] = 0
