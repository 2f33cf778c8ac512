"""Which replica gets a request when the router looks at the requests outstanding?

The better of two drawn at random, the one with the fewest of all, or the one that was last sent most of the prompt's prefix
unless it has many more than the fewest. Replicas then depend on each other through the router, so all are run along
the arrivals, but only those are brought up to date whose requests may have finished since: a lower bound of
each replica's next finish says when. With reports the router knows the requests outstanding at the last report and
those it has sent since; between two reports replicas are independent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving import state as sr
from taotie.compute.serving.replica import advance
from taotie.compute.serving.state import compiled

__all__ = ["ROUTED", "Router", "drawn", "random_replicas"]

Array = NDArray[Any]
ROUTED = ("two_choices", "least_outstanding", "prefix_aware")
TWO_CHOICES, LEAST_OUTSTANDING, PREFIX_AWARE = range(3)
CLOSED = 1 << 62
"""Added to the key of a replica that takes no requests."""
NOBODY = (1 << 63) - 1


@compiled
def drawn(seed, i):  # type: ignore[no-untyped-def]
    """The `i`-th of a stream of 63-bit numbers (SplitMix64 at a place of its sequence)."""
    z = np.uint64(seed) + np.uint64(i + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.int64(z >> np.uint64(1))


@compiled
def draw_replicas(out, ready, n_replica, seed, before):  # type: ignore[no-untyped-def]
    """A replica for each request; `before` came before the first of them."""
    for i in range(out.shape[0]):
        out[i] = drawn(seed, before + i) % (ready[i] if ready.shape[0] else n_replica)


def random_replicas(n: int, ready: Array, n_replica: int, seed: int) -> Array:
    """A replica drawn for each request among the ready ones (`ready` empty: all)."""
    out = np.empty(n, np.int32)
    draw_replicas(out, ready, n_replica, seed, 0)
    return out


@compiled
def settle(tree, leaf, key):  # type: ignore[no-untyped-def]
    """Give a leaf another key; every inner node of the tree is the smaller of its two."""
    i = (tree.shape[0] >> 1) + leaf
    tree[i] = key
    while i > 1:
        key = min(key, tree[i ^ 1])
        i >>= 1
        if tree[i] == key:
            break  # and so all above it
        tree[i] = key


@compiled
def smallest(tree):  # type: ignore[no-untyped-def]
    """The leaf with the smallest key."""
    i = 1
    n = tree.shape[0] >> 1
    while i < n:
        i *= 2
        i += tree[i] > tree[i + 1]
    return i - n


@compiled
def next_finish(memory, r, costs, limits, arrival, request, t):  # type: ignore[no-untyped-def]
    """No request of replica `r` is seen to finish before this time, if no other comes. [ps]"""
    now = memory[r, sr.NOW]
    if now > t and memory[r, sr.DONE_NOW] > 0:
        return now
    a = memory[r, sr.ACTIVE]
    reading = memory[r, sr.RING_N]
    x = memory[r, sr.HEAD]
    bound = np.int64(sr.FAR)
    grow = limits[sr.GROW]
    bits = limits[sr.UNIT_BITS]
    step = max(costs[1, sr.LEAST], costs[1, sr.LEAST + 2])  # with somebody decoding
    if reading > 0 or x >= 0:
        # those not decoding yet: an iteration for the first token (if read here), then their steps
        fine = limits[sr.FINE]
        shortest = max(costs[0, sr.LEAST], costs[0, sr.LEAST + 2])
        first = 0 if limits[sr.KV_COMES] == 1 else 1
        size = (memory.shape[1] - sr.HEAP - (1 << bits)) >> 2
        place = memory[r, sr.RING_HEAD]
        for _i in range(reading):
            y = memory[r, sr.HEAP + size + 3 * place]
            left = request[y, sr.OUTPUT] - request[y, sr.WRITTEN] - 1
            bound = min(bound, now + shortest + step * ((left * fine + grow - 1) // grow))
            place += 1
            if place == size:
                place = 0
        for _i in range(8):
            if x < 0:
                break
            left = request[x, sr.OUTPUT] - max(request[x, sr.WRITTEN], 0) - 1
            steps = (left * fine + grow - 1) // grow
            from_then = max(first * shortest + step * steps, shortest)
            bound = min(bound, max(now, arrival[x]) + from_then)
            x = np.int64(request[x, sr.FOLLOWING])
        if x >= 0:
            bound = min(bound, max(now, arrival[x]) + shortest)
    if a == 0:
        return bound
    c = memory[r, sr.CONTEXT]
    k = (memory[r, sr.HEAP] >> 32) - memory[r, sr.STEP]
    grown = c + a * (k * grow + (1 << bits))
    room = limits[sr.PAGES] - memory[r, sr.KEPT_PAGES]
    room += memory[r, sr.CACHED] * limits[sr.BLOCK_PAGES]
    if grown >> bits > room:  # a preemption may come before
        return min(bound, now + step * k)
    half = a * grow * (k * (k - 1) // 2)
    one = costs[a, sr.LEAST] + costs[a, sr.LEAST + 1] * c
    two = costs[a, sr.LEAST + 2] + costs[a, sr.LEAST + 3] * c
    return min(
        bound,
        now + max(k * one + costs[a, sr.LEAST + 1] * half, k * two + costs[a, sr.LEAST + 3] * half),
    )


@compiled
def outstanding(memory, sent, r, t):  # type: ignore[no-untyped-def]
    """Requests sent to replica `r` and not finished at time `t`, to which it has been brought."""
    left = sent[r] - memory[r, sr.DONE]
    if memory[r, sr.NOW] > t:
        left += memory[r, sr.DONE_NOW]
    return left


@compiled
def route(  # type: ignore[no-untyped-def]
    begin,
    end,
    before,
    fresh,
    policy,
    seed,
    margin,
    ready,
    replica,
    sent,
    loads,
    due,
    told,
    n_ready,
    memory,
    caches,
    bins,
    arrival,
    request,
    block_id,
    costs,
    limits,
    result,
):
    """Send requests ``begin..end-1``, in order of arrival, by the requests outstanding.

    Parameters
    ----------
    begin, end : int
        Rows of the tables.
    before : int
        Requests before the first row of the tables.
    fresh : bool
        Outstanding are those sent to a replica and not finished at the time of the arrival; else what `loads`
        says and what is sent from now on.
    policy, seed, margin : int
    ready : ndarray of int32
        Replicas that may be chosen at each arrival, or empty.
    replica, sent : ndarray
        Who gets each request; how many each got so far.
    loads, due : ndarray of int64
        Trees of the smallest: outstanding << 32 | replica; time before which nothing is seen to finish.
    told : ndarray of int32, shape (n_block,)
        Replica that was last sent a prompt with the block, or -1.
    n_ready : ndarray of int64, shape (1,)
        Replicas open now.
    memory ... result
        As in `advance`.
    """
    n_replica = memory.shape[0]
    leaf = loads.shape[0] >> 1
    fine = limits[sr.FINE]
    grow = limits[sr.GROW]
    shortest = max(costs[0, sr.LEAST], costs[0, sr.LEAST + 2])
    step = max(costs[1, sr.LEAST], costs[1, sr.LEAST + 2])
    first_step = 0 if limits[sr.KV_COMES] == 1 else 1
    one = np.int64(0)
    for i in range(begin, end):
        t = arrival[i]
        open_now = ready[i] if ready.shape[0] else n_replica
        while n_ready[0] < open_now:  # open a replica at the end of the list, or close it
            settle(loads, n_ready[0], loads[leaf + n_ready[0]] & ~CLOSED)
            n_ready[0] += 1
        while n_ready[0] > open_now:
            n_ready[0] -= 1
            settle(loads, n_ready[0], loads[leaf + n_ready[0]] | CLOSED)
        # bring replicas up to date, but only those whose requests may have finished
        asked = 0
        while True:
            if policy == TWO_CHOICES:
                if asked == 2:
                    break
                r = drawn(seed, 2 * (before + i) + asked) % open_now
                asked += 1
                if asked == 1:
                    one = r
                if not fresh or due[leaf + r] > t:
                    continue
            else:
                if not fresh or due[1] > t:
                    r = loads[1] & 0xFFFFFFFF
                    break
                r = smallest(due)
            if memory[r, sr.NOW] < t:
                advance(
                    r, t, memory, caches, bins, arrival, request, block_id, costs, limits, result
                )
            bound = max(next_finish(memory, r, costs, limits, arrival, request, t), t + 1)
            key = (loads[leaf + r] & CLOSED) | (outstanding(memory, sent, r, t) << 32) | r
            if policy == TWO_CHOICES:
                due[leaf + r] = bound
                loads[leaf + r] = key
            else:
                settle(due, r, bound)
                settle(loads, r, key)
        if policy == TWO_CHOICES:
            if loads[leaf + r] >> 32 >= loads[leaf + one] >> 32:
                r = one
        elif policy == PREFIX_AWARE and request.shape[1] > 4:
            low = np.int64(request[i, sr.BLOCK_LOW])
            j = low + request[i, sr.BLOCK_N] - 1
            while j >= low and told[block_id[j]] < 0:
                j -= 1
            if j >= low:
                other = np.int64(told[block_id[j]])
                if (loads[leaf + other] >> 32) - (loads[1] >> 32) <= margin:
                    r = other
            for j in range(low, low + request[i, sr.BLOCK_N]):
                told[block_id[j]] = r
        # the replica takes it when its own time has come to the arrival
        replica[i] = r
        sent[r] += 1
        if memory[r, sr.HEAD] < 0:
            memory[r, sr.HEAD] = i
        else:
            request[memory[r, sr.TAIL], sr.FOLLOWING] = i
        memory[r, sr.TAIL] = i
        key = loads[leaf + r] + (np.int64(1) << 32)
        if policy == TWO_CHOICES:
            loads[leaf + r] = key
        else:
            settle(loads, r, key)
        if not fresh:
            continue
        # another request does not let those before it finish sooner; it may be the first to finish itself
        steps = ((request[i, sr.OUTPUT] - 1) * fine + grow - 1) // grow
        bound = max(memory[r, sr.NOW], t) + max(first_step * shortest + step * steps, shortest)
        if bound < due[leaf + r]:
            if policy == TWO_CHOICES:
                due[leaf + r] = bound
            else:
                settle(due, r, bound)


@compiled
def report(low, high, t, sent, loads, memory, caches, bins, arrival, request, block_id, costs, limits, result):  # type: ignore[no-untyped-def]  # fmt: skip
    """Bring replicas ``low..high-1`` to time `t` and note their requests outstanding in the leaves of `loads`."""
    leaf = loads.shape[0] >> 1
    for r in range(low, high):
        if memory[r, sr.NOW] < t:
            advance(r, t, memory, caches, bins, arrival, request, block_id, costs, limits, result)
        key = (outstanding(memory, sent, r, t) << 32) | r
        loads[leaf + r] = (loads[leaf + r] & CLOSED) | key


@compiled
def grow_tree(tree):  # type: ignore[no-untyped-def]
    """Make the inner nodes agree with the leaves."""
    for i in range((tree.shape[0] >> 1) - 1, 0, -1):
        tree[i] = min(tree[2 * i], tree[2 * i + 1])


@compiled
def run_reports(  # type: ignore[no-untyped-def]
    begin, end, before, report_ps, told_at, policy, seed, margin, ready, replica, sent, loads, due, told, n_ready,
    memory, caches, bins, arrival, request, block_id, costs, limits, result,
):  # fmt: skip
    """Send each request by the last report, made at every multiple of `report_ps`; `told_at[0]` is the last one's time."""
    while begin < end:
        t = arrival[begin] // report_ps * report_ps
        last = begin + 1
        while last < end and arrival[last] < t + report_ps:
            last += 1
        if t > told_at[0]:
            told_at[0] = t
            report(
                0, memory.shape[0], t, sent, loads,
                memory, caches, bins, arrival, request, block_id, costs, limits, result,
            )  # fmt: skip
            grow_tree(loads)
        route(
            begin, last, before, False, policy, seed, margin, ready, replica, sent, loads, due, told, n_ready,
            memory, caches, bins, arrival, request, block_id, costs, limits, result,
        )  # fmt: skip
        begin = last


class Router(NamedTuple):
    """What a router remembers; see `route`."""

    sent: Array
    loads: Array
    due: Array
    told: Array
    n_ready: Array

    @classmethod
    def empty(cls, n_replica: int, n_block: int) -> Router:
        """Nothing sent yet."""
        size = 1 << max(n_replica - 1, 1).bit_length()
        loads = np.full(2 * size, NOBODY, np.int64)
        loads[size : size + n_replica] = np.arange(n_replica)
        loads[1] = 0
        grow_tree(loads)
        return cls(
            np.zeros(n_replica, np.int64),
            loads,
            np.full(2 * size, sr.FAR, np.int64),
            np.full(n_block, -1, np.int32),
            np.array([n_replica], np.int64),
        )
