"""Which replica gets a request when the router looks at the requests outstanding?

The better of two drawn at random, or the one with the fewest of all. Replicas then depend on each other through
the router, so all are run along the arrivals, but only those are brought up to date whose requests may have
finished since: a lower bound of each replica's next finish says when.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from taotie.compute import simulator_state as sr
from taotie.compute.simulator_cost import IterationCosts, ReplicaLimits
from taotie.compute.simulator_fleet import (
    EMPTY32,
    FleetRun,
    Load,
    Memory,
    check_clock,
    empty_caches,
    limit_row,
    request_table,
    until_of,
)
from taotie.compute.simulator_replica import advance

__all__ = ["drawn", "random_replicas", "run_routed"]

Array = NDArray[Any]
TWO_CHOICES, LEAST_OUTSTANDING = 0, 1


@njit(cache=True, nogil=True)
def drawn(seed, i):  # type: ignore[no-untyped-def]
    """The `i`-th of a stream of 63-bit numbers (SplitMix64 at a place of its sequence)."""
    z = np.uint64(seed) + np.uint64(i + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.int64(z >> np.uint64(1))


@njit(cache=True, nogil=True)
def random_replicas(n, ready, n_replica, seed):  # type: ignore[no-untyped-def]
    """A replica drawn for each request among the ready ones (`ready` empty: all)."""
    out = np.empty(n, np.int32)
    for i in range(n):
        out[i] = drawn(seed, i) % (ready[i] if ready.shape[0] else n_replica)
    return out


@njit(cache=True, nogil=True)
def rekey(keys, order, place, r, key):  # type: ignore[no-untyped-def]
    """Give member `r` of an indexed heap another key."""
    keys[r] = key
    n = order.shape[0]
    i = place[r]
    while i > 0 and keys[order[(i - 1) >> 1]] > key:
        order[i] = order[(i - 1) >> 1]
        place[order[i]] = i
        i = (i - 1) >> 1
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and keys[order[child + 1]] < keys[order[child]]:
            child += 1
        if keys[order[child]] >= key:
            break
        order[i] = order[child]
        place[order[i]] = i
        i = child
    order[i] = r
    place[r] = i


@njit(cache=True, nogil=True)
def least_iteration(decode, mixed):  # type: ignore[no-untyped-def]
    """Lower bounds of an iteration's time with at least `A` sequences: two lines over the context."""
    n = decode.shape[0]
    least = np.empty((n, 4), np.int64)
    for j in range(4):
        low = mixed[0, j]
        for a in range(n - 1, -1, -1):
            if a > 0:
                low = min(low, decode[a, j])
            low = min(low, mixed[a, j])
            least[a, j] = max(low, 0)  # a line that never wins is far below 0
    return least


@njit(cache=True, nogil=True)
def next_finish(states, heaps, rings, r, least, limits, arrival, request, t):  # type: ignore[no-untyped-def]
    """No request of replica `r` is seen to finish before this time, if no other comes. [ps]"""
    now = states[r, sr.NOW]
    if now > t and states[r, sr.DONE_NOW] > 0:
        return now
    a = states[r, sr.ACTIVE]
    c = states[r, sr.CONTEXT]
    fine = limits[sr.FINE]
    grow = limits[sr.GROW]
    shortest = max(least[0, 0], least[0, 2])
    step = max(least[1, 0], least[1, 2])  # with somebody decoding
    bound = np.int64(sr.FAR)
    # those not decoding yet: an iteration for the first token (if read here), then their steps
    first = 0 if limits[sr.KV_COMES] == 1 else 1
    place = states[r, sr.RING_HEAD]
    for _i in range(states[r, sr.RING_N]):
        x = rings[r, place]
        left = request[x, sr.OUTPUT] - request[x, sr.WRITTEN] - 1
        bound = min(bound, now + shortest + step * ((left * fine + grow - 1) // grow))
        place += 1
        if place == rings.shape[1]:
            place = 0
    x = np.int64(states[r, sr.HEAD])
    for _i in range(8):
        if x < 0:
            break
        left = request[x, sr.OUTPUT] - max(request[x, sr.WRITTEN], 0) - 1
        steps = (left * fine + grow - 1) // grow
        bound = min(bound, max(now, arrival[x]) + max(first * shortest + step * steps, shortest))
        x = np.int64(request[x, sr.FOLLOWING])
    if x >= 0:
        bound = min(bound, max(now, arrival[x]) + shortest)
    if a == 0:
        return bound
    k = (heaps[r, 0] >> 32) - states[r, sr.STEP]
    grown = c + a * (k * grow + (1 << limits[sr.UNIT_BITS]))
    if grown >> limits[sr.UNIT_BITS] > limits[sr.PAGES]:  # a preemption may come before
        return min(bound, now + step * k)
    half = a * grow * (k * (k - 1) // 2)
    return min(
        bound,
        now
        + max(
            k * (least[a, 0] + least[a, 1] * c) + least[a, 1] * half,
            k * (least[a, 2] + least[a, 3] * c) + least[a, 3] * half,
        ),
    )


@njit(cache=True, nogil=True)
def run_routed_kernel(  # type: ignore[no-untyped-def]
    policy,
    seed,
    ready,
    replica,
    states,
    heaps,
    rings,
    ring_dones,
    phases,
    bins,
    newers,
    olders,
    arrival,
    request,
    block_low,
    block_n,
    block_id,
    decode,
    mixed,
    limits,
    result,
):
    """Send each request, in order of arrival, by the requests outstanding; then nothing is drained.

    A replica's outstanding requests are those sent to it and not finished at the time of the arrival.
    """
    n = arrival.shape[0]
    n_replica = states.shape[0]
    least = least_iteration(decode, mixed)
    sent = np.zeros(n_replica, np.int64)
    due = np.full(n_replica, sr.FAR, np.int64)  # nothing is seen to finish before
    due_order = np.arange(n_replica)
    due_place = np.arange(n_replica)
    closed = np.int64(1) << 62
    counts = np.arange(n_replica)  # outstanding << 32 | replica
    order = np.arange(n_replica)
    place = np.arange(n_replica)
    n_ready = n_replica
    first = np.int64(-1)
    fine = limits[sr.FINE]
    grow = limits[sr.GROW]
    shortest = max(least[0, 0], least[0, 2])
    step = max(least[1, 0], least[1, 2])
    first_step = 0 if limits[sr.KV_COMES] == 1 else 1
    for i in range(n):
        t = arrival[i]
        now_ready = ready[i] if ready.shape[0] else n_replica
        while policy == LEAST_OUTSTANDING and n_ready != now_ready:
            if n_ready < now_ready:  # open a replica at the end of the list, or close it
                rekey(counts, order, place, n_ready, counts[n_ready] & ~closed)
                n_ready += 1
            else:
                n_ready -= 1
                rekey(counts, order, place, n_ready, counts[n_ready] | closed)
        # bring replicas up to date, but only those whose requests may have finished
        asked = 0
        while True:
            if policy == TWO_CHOICES:
                if asked == 2:
                    break
                r = drawn(seed, 2 * i + asked) % now_ready
                asked += 1
                if asked == 1:
                    first = r
            else:
                r = due_order[0]
            if due[r] <= t:
                if states[r, sr.NOW] < t:
                    advance(
                        r, t, states, heaps, rings, ring_dones, phases, bins, newers, olders,
                        arrival, request, block_low, block_n, block_id, decode, mixed, limits, result,
                    )  # fmt: skip
                bound = next_finish(states, heaps, rings, r, least, limits, arrival, request, t)
                if policy == LEAST_OUTSTANDING:
                    left = sent[r] - states[r, sr.DONE]
                    if states[r, sr.NOW] > t:
                        left += states[r, sr.DONE_NOW]
                    rekey(counts, order, place, r, (counts[r] & closed) | (left << 32) | r)
                    rekey(due, due_order, due_place, r, max(bound, t + 1))
                else:
                    due[r] = max(bound, t + 1)
            elif policy == LEAST_OUTSTANDING:
                break
        if policy == TWO_CHOICES:
            one = sent[first] - states[first, sr.DONE]
            if states[first, sr.NOW] > t:
                one += states[first, sr.DONE_NOW]
            two = sent[r] - states[r, sr.DONE]
            if states[r, sr.NOW] > t:
                two += states[r, sr.DONE_NOW]
            if two >= one:
                r = first
        else:
            r = order[0]
        # the replica takes it when its own time has come to the arrival
        replica[i] = r
        sent[r] += 1
        if states[r, sr.HEAD] < 0:
            states[r, sr.HEAD] = i
        else:
            request[states[r, sr.TAIL], sr.FOLLOWING] = i
        states[r, sr.TAIL] = i
        if policy == LEAST_OUTSTANDING:
            rekey(counts, order, place, r, counts[r] + (np.int64(1) << 32))
        # another request does not let those before it finish sooner; it may be the first to finish itself
        steps = ((request[i, sr.OUTPUT] - 1) * fine + grow - 1) // grow
        bound = max(states[r, sr.NOW], t) + max(first_step * shortest + step * steps, shortest)
        if bound < due[r]:
            if policy == LEAST_OUTSTANDING:
                rekey(due, due_order, due_place, r, bound)
            else:
                due[r] = bound


def run_routed(
    load: Load,
    costs: IterationCosts,
    limits: ReplicaLimits,
    n_replica: int,
    routing: str,
    seed: int = 0,
    ready: Array | None = None,
    bin_ps: int = 0,
) -> FleetRun:
    """Run replicas fed by the requests outstanding at each arrival.

    Parameters
    ----------
    load, costs, limits, n_replica, bin_ps
        As in `run_independent`.
    routing : {"two_choices", "least_outstanding"}
        The one with fewer requests outstanding of two drawn at random (the first on a tie); or the one
        with the fewest of all (the lowest number on a tie).
    seed : int
        Of the draws.
    ready : ndarray of int32, shape (n_request,), optional
        Replicas 0..ready-1 may be chosen; all if left out.

    Returns
    -------
    FleetRun
    """
    n = len(load.arrival)
    row = limit_row(costs, limits, bin_ps, load)
    n_bin = int(load.arrival[-1]) // bin_ps + 2 if bin_ps and n else 0
    memory = Memory.empty(n_replica, row)
    newers, olders = empty_caches(n_replica, row, load)
    replica = np.zeros(n, np.int32)
    result = np.zeros((n, 4), np.int64)
    bins = np.zeros((n_bin, 3), np.int64)
    requests = (
        np.ascontiguousarray(load.arrival, np.int64),
        request_table(load),
        np.ascontiguousarray(load.block_low, np.int64),
        np.ascontiguousarray(load.block_n, np.int32),
        load.block_id,
        costs.decode,
        costs.mixed,
        row,
        result,
    )
    policy = TWO_CHOICES if routing == "two_choices" else LEAST_OUTSTANDING
    open_to = EMPTY32 if ready is None else np.ascontiguousarray(ready, np.int32)
    run_routed_kernel(policy, seed, open_to, replica, *memory, bins, newers, olders, *requests)
    sent = np.bincount(replica, minlength=n_replica)
    states = memory.states
    while True:
        for r in range(n_replica):
            advance(r, until_of(n_bin, bin_ps), *memory, bins, newers, olders, *requests)
        if (states[:, sr.DONE] == sent).all() and not states[:, sr.SPILL_T1].any():
            break
        check_clock(int(states[:, sr.NOW].max()))
        bins = np.vstack([bins, np.zeros((n_bin // 2 + 8, 3), np.int64)])
        for r in range(n_replica):
            sr.book_spill(states[r], bins, bin_ps, n_bin)
        n_bin = len(bins)
    last = np.full(n_replica, -1)
    last[replica] = np.arange(n)
    served = last >= 0
    result[last[served], sr.SHARED] += states[served, sr.REMAINDER]
    last_finish = np.zeros(n_replica, np.int64)
    np.maximum.at(last_finish, replica, result[:, sr.FINISH])
    ttft, finish, own, shared = (np.ascontiguousarray(result[:, j]) for j in range(4))
    return FleetRun(ttft, finish, own, shared, replica, states, bins, last_finish)
