"""Which replica gets a request when the router looks at the requests outstanding?

The better of two drawn at random, the one with the fewest of all, or the one that was last sent most of the prompt's prefix
unless it has many more than the fewest. Replicas then depend on each other through the router, so all are run along
the arrivals, but only those are brought up to date that may be chosen: of each it is known how many were outstanding
when it was looked at, and before when nothing finishes, or one request at most. So many fewer are taken for possible,
and who may have the fewest is looked at, until it is one of whom the number is known. The smallest
of possible numbers stands at the top of a tree of replicas, and beside it when the first of them may change, so that what
is looked at of a request are the few numbers above two or three leaves. With reports the router knows the requests outstanding at the last report and
those it has sent since; between two reports replicas are independent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving import state as sr
from taotie.compute.serving.replica import advance, forward
from taotie.compute.serving.state import compiled, inlined, ring_of, steps_of

__all__ = ["ROUTED", "Router", "drawn", "random_replicas"]

Array = NDArray[Any]
ROUTED = ("two_choices", "least_outstanding", "prefix_aware")
TWO_CHOICES, LEAST_OUTSTANDING, PREFIX_AWARE = range(3)
CLOSED = 1 << 62
"""Added to the key of a replica that takes no requests."""
NOBODY = (1 << 63) - 1
LOOK = 1 << 61
"""Taken off the key of a replica that must be looked at."""
ONE = 1 << 32
"""Added to a key for each request outstanding."""
GUESSED, KNOWN, FINISHES = range(3)
"""Whether a key is a lower bound, or the truth until it changes, or also the truth after that."""
KEY, CHANGE = range(2)
"""Columns of the tree."""


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


@inlined
def settle(tree, r):  # type: ignore[no-untyped-def]
    """Bring what lies above leaf `r` up to date."""
    p = np.uint64((tree.shape[0] >> 1) + r)  # unsigned: no place is counted from the end
    key = tree[p, KEY]
    change = tree[p, CHANGE]
    while p > np.uint64(1):
        key = min(key, tree[p ^ np.uint64(1), KEY])
        change = min(change, tree[p ^ np.uint64(1), CHANGE])
        p >>= np.uint64(1)
        tree[p, KEY] = key
        tree[p, CHANGE] = change


@compiled
def settle_all(tree):  # type: ignore[no-untyped-def]
    """Bring what lies above all leaves up to date."""
    for p in range((tree.shape[0] >> 1) - 1, 0, -1):
        tree[p, KEY] = min(tree[2 * p, KEY], tree[2 * p + 1, KEY])
        tree[p, CHANGE] = min(tree[2 * p, CHANGE], tree[2 * p + 1, CHANGE])


@inlined
def renew(t, tree, after, drop, state):  # type: ignore[no-untyped-def]
    """Take off the keys what may have finished by time `t`."""
    half = np.uint64(tree.shape[0] >> 1)
    while tree[1, CHANGE] <= t:
        p = np.uint64(1)
        while p < half:
            p <<= np.uint64(1)
            p += np.uint64(tree[p, CHANGE] > t)
        r = p - half
        tree[p, KEY] -= drop[r]
        tree[p, CHANGE] = after[r] if drop[r] != LOOK else sr.FAR
        if state[r] == FINISHES:
            state[r] = KNOWN
            drop[r] = np.int64(ONE)
        else:
            state[r] = GUESSED
            drop[r] = np.int64(LOOK)
        settle(tree, np.int64(r))


@inlined
def first_read(memory, r, costs, limits, arrival, request, grown, past):  # type: ignore[no-untyped-def]
    """A prompt will be read beside the decoding sequences before `past` [ps] are over: that iteration takes so long at least; else 0."""
    x = memory[r, sr.HEAD]
    a = memory[r, sr.ACTIVE]
    bits = limits[sr.UNIT_BITS]
    room = limits[sr.PAGES] - memory[r, sr.KEPT_PAGES] - (grown >> bits)
    room += memory[r, sr.CACHED] * limits[sr.BLOCK_PAGES]
    if limits[sr.CHUNKED] == 0 or room < memory[r, sr.READING_PAGES]:
        return np.int64(0)
    if memory[r, sr.RING_N] > 0:
        ring, _size = ring_of(memory, np.int64(1) << bits)
        place = ring + 3 * memory[r, sr.RING_HEAD]
        x = memory[r, place]
        p = np.int64(request[x, sr.PROMPT] + request[x, sr.WRITTEN]) - memory[r, place + 1]
    elif x >= 0 and request[x, sr.WRITTEN] >= 0 and arrival[x] - memory[r, sr.NOW] <= past:
        p = np.int64(request[x, sr.PROMPT] + request[x, sr.WRITTEN])
        need = (p * limits[sr.FINE] >> bits) + 1
        if a >= limits[sr.MAX_BATCH] or need > room - limits[sr.WATERMARK]:
            return np.int64(0)  # it may have to wait
        if request.shape[1] > 4:  # blocks of it may be there
            p -= request[x, sr.BLOCK_N] * limits[sr.BLOCK_TOKENS]
    else:
        return np.int64(0)
    p = max(min(p, limits[sr.BUDGET] - a * limits[sr.STEP_TOKENS]), np.int64(1))
    c = memory[r, sr.CONTEXT]
    first = costs[a, sr.MIXED] + costs[a, sr.MIXED + 1] * c
    second = costs[a, sr.MIXED + 2] + costs[a, sr.MIXED + 3] * c
    first += limits[sr.TP1] * p + limits[sr.TQ1] * p * p
    second += limits[sr.TP2] * p + limits[sr.TQ2] * p * p
    return max(first, second)


@inlined
def next_finishes(memory, r, costs, limits, arrival, request):  # type: ignore[no-untyped-def]
    """No request of replica `r` finishes after its own time and before the first, none but one before the second. [ps]"""
    now = memory[r, sr.NOW]
    a = memory[r, sr.ACTIVE]
    reading = memory[r, sr.RING_N]
    x = memory[r, sr.HEAD]
    one = np.int64(sr.FAR)
    two = np.int64(sr.FAR)
    grow = limits[sr.GROW]
    bits = limits[sr.UNIT_BITS]
    step = max(costs[1, sr.LEAST], costs[1, sr.LEAST + 2])  # with somebody decoding
    if a > 0:
        c = memory[r, sr.CONTEXT]
        n = memory[r, sr.HEAP_N]
        k = (memory[r, sr.HEAP] >> 32) - memory[r, sr.STEP]
        grown = c + a * (k * grow + (1 << bits))
        room = limits[sr.PAGES] - memory[r, sr.KEPT_PAGES]
        room += memory[r, sr.CACHED] * limits[sr.BLOCK_PAGES]
        if grown >> bits > room:  # a preemption may come before
            one = now + step * k
        else:
            first = costs[a, sr.LEAST] + costs[a, sr.LEAST + 1] * c
            second = costs[a, sr.LEAST + 2] + costs[a, sr.LEAST + 3] * c
            # all but the last of them; the last, or the one that reads
            half = a * grow * ((k - 1) * (k - 2) // 2)
            all_but = max(
                (k - 1) * first + costs[a, sr.LEAST + 1] * half,
                (k - 1) * second + costs[a, sr.LEAST + 3] * half,
            )
            reads = first_read(memory, r, costs, limits, arrival, request, grown, all_but)
            half += a * grow * (k - 1)
            one = now + max(
                k * first + costs[a, sr.LEAST + 1] * half,
                k * second + costs[a, sr.LEAST + 3] * half,
                all_but + reads,
            )
        if n > 1:
            later = memory[r, sr.HEAP + 1]
            if n > 2:
                later = min(later, memory[r, sr.HEAP + 2])
            two = one + step * ((later >> 32) - (memory[r, sr.HEAP] >> 32))
    if reading > 0 or x >= 0:
        # those not decoding yet: an iteration for the first token (if read here), then their steps
        fine = limits[sr.FINE]
        shortest = max(costs[0, sr.LEAST], costs[0, sr.LEAST + 2])
        first_step = 0 if limits[sr.KV_COMES] == 1 else 1
        ring, size = ring_of(memory, np.int64(1) << bits)
        place = memory[r, sr.RING_HEAD]
        for _i in range(reading):
            y = memory[r, ring + 3 * place]
            left = request[y, sr.OUTPUT] - request[y, sr.WRITTEN] - 1
            bound = now + shortest + step * steps_of(left * fine, grow)
            two = min(two, max(one, bound))
            one = min(one, bound)
            place += 1
            if place == size:
                place = 0
        for _i in range(8):
            if x < 0:
                break
            left = request[x, sr.OUTPUT] - max(request[x, sr.WRITTEN], 0) - 1
            steps = steps_of(left * fine, grow)
            bound = max(now, arrival[x]) + max(first_step * shortest + step * steps, shortest)
            two = min(two, max(one, bound))
            one = min(one, bound)
            x = np.int64(request[x, sr.FOLLOWING])
        if x >= 0:
            bound = max(now, arrival[x]) + shortest
            two = min(two, bound)
            one = min(one, bound)
    return one, two


@compiled
def outstanding(memory, sent, r, t):  # type: ignore[no-untyped-def]
    """Requests sent to replica `r` and not finished at time `t`, to which it has been brought."""
    left = sent[r] - memory[r, sr.DONE]
    if memory[r, sr.NOW] > t:
        left += memory[r, sr.DONE_NOW]
    return left


@inlined
def look(r, t, open_now, half, sent, tree, after, drop, state, memory, caches, bins, arrival, request, block_id, costs, limits, result):  # type: ignore[no-untyped-def]  # fmt: skip
    """Bring replica `r` to time `t`, count its requests outstanding, and say when that may change."""
    if memory[r, sr.NOW] < t:
        advance(r, t, memory, caches, bins, arrival, request, block_id, costs, limits, result)
    one, two = next_finishes(memory, r, costs, limits, arrival, request)
    key = (outstanding(memory, sent, r, t) << 32) + r
    tree[half + r, KEY] = key + (CLOSED if r >= open_now else 0)
    if memory[r, sr.NOW] > t and memory[r, sr.DONE_NOW] > 0:
        state[r] = FINISHES
        drop[r] = memory[r, sr.DONE_NOW] << 32
        tree[half + r, CHANGE] = memory[r, sr.NOW]
        after[r] = max(one, t + 1)
    else:
        state[r] = KNOWN
        drop[r] = np.int64(ONE)
        tree[half + r, CHANGE] = max(one, t + 1)
        after[r] = max(two, t + 1)


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
    tree,
    after,
    drop,
    state,
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
        Outstanding are those sent to a replica and not finished at the time of the arrival; else what the keys
        say and what is sent from now on.
    policy, seed, margin : int
    ready : ndarray of int32
        Replicas that may be chosen at each arrival, or empty.
    replica, sent : ndarray
        Who gets each request; how many each got so far.
    tree : ndarray of int64, shape (2 n_leaf, 2)
        A leaf for each replica, from row n_leaf on: its key, outstanding << 32 | replica, `CLOSED` added where none
        may be sent, and until when that holds. Row `i` has the smallest of the rows ``2 i`` and ``2 i + 1``.
    drop, after : ndarray of int64
        What is taken off a replica's key then, and until when that holds.
    state : ndarray of int64
        GUESSED, KNOWN or FINISHES.
    told : ndarray of int32, shape (n_block,)
        Replica that was last sent a prompt with the block, or -1.
    n_ready : ndarray of int64, shape (1,)
        Replicas open now.
    memory ... result
        As in `advance`.
    """
    n_replica = memory.shape[0]
    half = tree.shape[0] >> 1
    if not fresh:  # a report may have been made
        settle_all(tree)
    r = np.int64(0)
    one = np.int64(0)
    for i in range(begin, end):
        t = arrival[i]
        open_now = ready[i] if ready.shape[0] else n_replica
        while n_ready[0] != open_now:  # open a replica at the end of the list, or close it
            n_ready[0] -= n_ready[0] > open_now
            r = n_ready[0]
            tree[half + r, KEY] += -CLOSED if r < open_now else CLOSED
            settle(tree, r)
            n_ready[0] += r < open_now
        # bring replicas up to date, but only those that may be chosen
        other = np.int64(-1)
        low = np.int64(0)
        if policy == PREFIX_AWARE and request.shape[1] > 4:
            low = np.int64(request[i, sr.BLOCK_LOW])
            j = low + request[i, sr.BLOCK_N] - 1
            while j >= low and told[block_id[j]] < 0:
                j -= 1
            if j >= low:
                other = np.int64(told[block_id[j]])
        asked = 0
        key = np.int64(0)
        while True:
            if policy == TWO_CHOICES:
                if asked == 2:
                    break
                one = r
                r = drawn(seed, 2 * (before + i) + asked) % open_now
                asked += 1
                if tree[half + r, CHANGE] > t:
                    continue
            else:
                renew(t, tree, after, drop, state)
                key = tree[1, KEY]
                r = key & 0xFFFFFFFF
                if state[r] != GUESSED:
                    if other < 0 or state[other] != GUESSED:
                        break
                    r = other
            look(r, t, open_now, half, sent, tree, after, drop, state, memory, caches, bins, arrival, request, block_id, costs, limits, result)  # fmt: skip
            if policy != TWO_CHOICES:
                settle(tree, r)
        if policy == TWO_CHOICES:
            if tree[half + r, KEY] >> 32 >= tree[half + one, KEY] >> 32:
                r = one
        elif policy == PREFIX_AWARE and request.shape[1] > 4:
            if other >= 0 and (tree[half + other, KEY] >> 32) - (key >> 32) <= margin:
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
        tree[half + r, KEY] += ONE
        if fresh:
            # another request does not let those before it finish sooner; reading it may put them off
            first, second = next_finishes(memory, r, costs, limits, arrival, request)
            if state[r] == FINISHES:
                after[r] = max(first, t + 1)
            else:
                tree[half + r, CHANGE] = max(first, t + 1)
                after[r] = max(second, t + 1)
        if policy != TWO_CHOICES:
            settle(tree, r)


@compiled
def report(low, high, t, sent, tree, memory, caches, bins, arrival, request, block_id, costs, limits, result):  # type: ignore[no-untyped-def]  # fmt: skip
    """Bring replicas ``low..high-1`` to time `t` and note their requests outstanding."""
    half = tree.shape[0] >> 1
    forward(low, high, t, memory, caches, bins, arrival, request, block_id, costs, limits, result)
    for r in range(low, high):
        key = (outstanding(memory, sent, r, t) << 32) | r
        tree[half + r, KEY] = (tree[half + r, KEY] & CLOSED) | key


@compiled
def run_reports(  # type: ignore[no-untyped-def]
    begin, end, before, report_ps, told_at, policy, seed, margin, ready, replica, sent, tree, after, drop, state, told, n_ready,
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
                0, memory.shape[0], t, sent, tree,
                memory, caches, bins, arrival, request, block_id, costs, limits, result,
            )  # fmt: skip
        route(
            begin, last, before, False, policy, seed, margin, ready, replica, sent, tree, after, drop, state, told, n_ready,
            memory, caches, bins, arrival, request, block_id, costs, limits, result,
        )  # fmt: skip
        begin = last


class Router(NamedTuple):
    """What a router remembers; see `route`."""

    sent: Array
    tree: Array
    after: Array
    drop: Array
    state: Array
    told: Array
    n_ready: Array

    @classmethod
    def empty(cls, n_replica: int, n_block: int) -> Router:
        """Nothing sent yet."""
        n_leaf = 1 << (n_replica - 1).bit_length()
        tree = np.empty((2 * n_leaf, 2), np.int64)
        tree[:, KEY], tree[:, CHANGE] = NOBODY, sr.FAR
        tree[n_leaf : n_leaf + n_replica, KEY] = np.arange(n_replica)
        settle_all(tree)
        return cls(
            np.zeros(n_replica, np.int64),
            tree,
            np.full(n_leaf, sr.FAR, np.int64),
            np.full(n_leaf, ONE, np.int64),
            np.full(n_leaf, KNOWN, np.int64),
            np.full(n_block, -1, np.int32),
            np.array([n_replica], np.int64),
        )
