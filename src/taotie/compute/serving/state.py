"""What does a replica remember between two events, and how are its queues, pages and power bins kept? [ps, nJ]

The columns of the simulator's integer tables, and the small compiled parts `simulator_replica.advance` is made of:
a heap of finishing steps, the pages of growing sequences, the booking of an iteration over power bins.
All a replica remembers but its prefix cache is one row of `memory`: state, heap, requests being read, phases.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core.options import DefaultOptions
from numpy.typing import NDArray

from taotie.files.kernels import njit

__all__ = ["FAR", "N_COST", "N_LIMIT", "N_STATE", "book_spill", "compiled", "memory_columns"]

Array = NDArray[Any]

WITHOUT_COUNTS = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}
compiled = njit(cache=True, nogil=True, error_model="numpy", **WITHOUT_COUNTS)
"""Compiled without reference counts, so nothing may be allocated inside: `advance` is called about twice per
request with nine arrays, and counting them up and down takes as long as much of its work. (The option has no
public name; without it everything works, at two thirds of the speed when routing looks at the replicas.)"""
inlined = njit(cache=True, nogil=True, error_model="numpy", forceinline=True, **WITHOUT_COUNTS)
"""The same, put into the code of whoever calls it: nine arrays are some seventy numbers to hand over."""

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
    KEPT_PAGES,
    DECODING_PAGES,
    PAGES_STEP,
    BIN,
) = range(30)
N_STATE = 30
HEAP = N_STATE
"""Where a row's heap begins; the phases follow, then the requests being read (number, tokens read, blocks held)."""

# columns of requests (int32; the last two only with a prefix cache) and results (int64)
PROMPT, OUTPUT, WRITTEN, FOLLOWING, BLOCK_LOW, BLOCK_N = range(6)
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
    BLOCK_PAGES,
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
) = range(26)
N_LIMIT = 26

# columns of costs over the batch: iterations that decode, those that also read, and lower bounds of both
MIXED, LEAST = 8, 16
N_COST = 20


def memory_columns(room: int, unit: int) -> int:
    """Length of a row of memory for `room` sequences and pages of `unit` context units."""
    return HEAP + 4 * room + unit


@inlined
def steps_of(units, grow):  # type: ignore[no-untyped-def]
    """Steps in which a sequence grows by so many units; most grow by one, and a division takes as long as ten additions."""
    return units if grow == 1 else (units + grow - 1) // grow


@inlined
def ring_of(memory, unit):  # type: ignore[no-untyped-def]
    """Where a row's requests being read begin, and room for how many there is."""
    room = (memory.shape[1] - HEAP - unit) >> 2
    return HEAP + room + unit, room


@compiled
def heap_push(memory, r, n, key):  # type: ignore[no-untyped-def]
    """Add `key` to the `n` keys."""
    i = n
    while i > 0:
        parent = (i - 1) >> 1
        if memory[r, HEAP + parent] <= key:
            break
        memory[r, HEAP + i] = memory[r, HEAP + parent]
        i = parent
    memory[r, HEAP + i] = key


@compiled
def heap_remove(memory, r, n, i):  # type: ignore[no-untyped-def]
    """Drop the key at place `i` of the `n` keys."""
    key = memory[r, HEAP + n - 1]
    n -= 1
    if i == n:
        return
    while i > 0 and memory[r, HEAP + ((i - 1) >> 1)] > key:
        memory[r, HEAP + i] = memory[r, HEAP + ((i - 1) >> 1)]
        i = (i - 1) >> 1
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and memory[r, HEAP + child + 1] < memory[r, HEAP + child]:
            child += 1
        if memory[r, HEAP + child] >= key:
            break
        memory[r, HEAP + i] = memory[r, HEAP + child]
        i = child
    memory[r, HEAP + i] = key


@compiled
def heap_pop(memory, r, n):  # type: ignore[no-untyped-def]
    """Drop the smallest of the `n` keys."""
    heap_remove(memory, r, n, 0)


@compiled
def pages_begun(memory, r, phase, unit, base, a, growth):  # type: ignore[no-untyped-def]
    """Pages that `a` decoding sequences begin while each grows by `growth` units.

    ``memory[r, phase : phase + unit]`` counts them by phase; one of phase `h` lacks ``-(h + base)`` modulo
    `unit` units to whole pages.
    """
    begun = a * (growth // unit)
    last = unit - base  # lacks nothing; the one before lacks one unit
    rest = growth & (unit - 1)
    if rest > 0:
        begun += memory[r, phase + (last & (unit - 1))]
        low = last - rest + 1
        for h in range(max(low, 0), last):
            begun += memory[r, phase + h]
        for h in range(unit + low, unit):
            begun += memory[r, phase + h]
    return begun


@compiled
def steps_that_fit(memory, r, phase, unit, base, a, free, grow):  # type: ignore[no-untyped-def]
    """Iterations that can run before `free` more pages do not hold the growth (at least 1)."""
    mask = unit - 1
    growth = (free // a) * unit
    left = free % a
    for j in range(unit):
        left -= memory[r, phase + ((-(base + j)) & mask)]
        if left < 0:
            break
        growth += 1
    return growth // grow + 1


@compiled
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


@compiled
def book_spill(state, bins, width, first):  # type: ignore[no-untyped-def]
    """Book what an iteration left beyond the end of the bins, now that there are more."""
    if state[SPILL_T1] > 0:
        book(bins, width, first, state[SPILL_T0], state[SPILL_T1], state[SPILL_E], state[SPILL_A])
        if state[SPILL_T1] <= bins.shape[0] * width:
            state[SPILL_T1] = 0
