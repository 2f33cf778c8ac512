"""When does each request of one replica get its tokens, and what does that cost? [ps, nJ]

The event-skipping kernel of continuous batching. While nothing is being read, the batch `A` is constant
and its context `C` grows by the same amount each iteration, so `k` iterations take
``k u + s k (k - 1) / 2`` and the next event (arrival, completion, full KV cache, crossing of the
roofline's two lines, edge of a power bin) is found in closed form. A sequence's end is a constant heap
key, its finishing step over its number. What the running sequences share is a running integral, so
one request's part is a difference of two readings; remainders of the division are carried on,
nothing is lost. `tests/compute/naive_oracle.py` walks through every iteration and must agree as integers.

Rules of an iteration, in this order:

1. If the decoding sequences' pages do not fit, the newest admitted request gives its pages back, goes to
   the front of the queue and will be read again with what it had written (recompute).
2. Requests that have come are admitted in order of arrival while the batch and the pages allow.
3. The iteration runs: prompts are read first come, first served within the token budget (in chunks
   beside the decoding sequences, or whole in iterations of their own); each decoding sequence gains one step.
   The end of reading gives the first token. An iteration that has begun is completed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from taotie.compute.simulator_prefix import leading_hits, remember

__all__ = ["FAR", "N_LIMIT", "N_STATE", "advance", "book_spill"]

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
def heap_push(heap, n, key):  # type: ignore[no-untyped-def]
    """Add `key` to the `n` keys."""
    i = n
    while i > 0:
        parent = (i - 1) >> 1
        if heap[parent] <= key:
            break
        heap[i] = heap[parent]
        i = parent
    heap[i] = key


@njit(cache=True, nogil=True, inline="always")
def heap_pop(heap, n):  # type: ignore[no-untyped-def]
    """Drop the smallest of the `n` keys."""
    key = heap[n - 1]
    n -= 1
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = key


@njit(cache=True, nogil=True)
def heap_remove(heap, n, i):  # type: ignore[no-untyped-def]
    """Drop the key at place `i` of the `n` keys."""
    key = heap[n - 1]
    n -= 1
    if i == n:
        return
    while i > 0 and heap[(i - 1) >> 1] > key:
        heap[i] = heap[(i - 1) >> 1]
        i = (i - 1) >> 1
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = key


@njit(cache=True, nogil=True)
def decoding_pages(phase, base, c, bits):  # type: ignore[no-untyped-def]
    """Pages of the decoding sequences: ``sum ceil(context / page)`` from the counts by phase."""
    mask = phase.shape[0] - 1
    padding = c
    for h in range(phase.shape[0]):
        padding += phase[h] * ((-(h + base)) & mask)
    return padding >> bits


@njit(cache=True, nogil=True)
def steps_that_fit(phase, base, a, free, grow):  # type: ignore[no-untyped-def]
    """Iterations that can run before `free` more pages do not hold the growth (at least 1)."""
    unit = phase.shape[0]
    mask = unit - 1
    growth = (free // a) * unit
    left = free % a
    for j in range(unit):
        left -= phase[(-(base + j)) & mask]
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


@njit(cache=True, nogil=True)
def advance(  # type: ignore[no-untyped-def]
    r,
    until,
    states,
    heaps,
    rings,
    ring_dones,
    phases,
    bins,
    newers,
    olders,
    arrival,
    prompt,
    output,
    written,
    following,
    block_low,
    block_n,
    block_id,
    decode,
    mixed,
    limits,
    ttft,
    finish,
    own,
    shared,
):
    """Run replica `r` until time `until`; an iteration that has begun is completed.

    Parameters
    ----------
    r : int
        The replica.
    until : int
        No iteration begins at or after this time. [ps]
    states, heaps, rings, ring_dones, phases, newers, olders : ndarray, first axis replicas
        State; decoding sequences by finishing step; requests being read and how far; counts of
        sequences by phase within a page; the prefix cache's links.
    bins : ndarray of int64, shape (n_bin, 3)
        Energy [nJ], busy time [ps] and batch times time [ps], added to.
    arrival, prompt, output : ndarray, shape (n_request,)
        Arrival [ps] and lengths [token].
    written : ndarray of int32, shape (n_request,)
        Tokens written before the present run (0 at first). With KV_COMES, -1 marks a request
        whose prompt was read and first token written elsewhere.
    following : ndarray of int32, shape (n_request,)
        The next request in this replica's queue, or -1.
    block_low, block_n, block_id : ndarray
        Hashed blocks of each prompt (first, how many, numbers); empty without a prefix cache.
    decode, mixed, limits : ndarray of int64
        Costs and limits, see `simulator_cost`.
    ttft, finish, own, shared : ndarray of int64, shape (n_request,)
        Results: time to first token and finish [ps], energy [nJ], written or added to.
    """
    state = states[r]
    heap = heaps[r]
    ring = rings[r]
    ring_done = ring_dones[r]
    phase = phases[r]
    now = state[NOW]
    d = state[STEP]
    a = state[ACTIVE]
    c = state[CONTEXT]
    hn = state[HEAP_N]
    rh = state[RING_HEAD]
    rn = state[RING_N]
    head = state[HEAD]
    reading = state[READING_PAGES]
    total = state[ENERGY]
    total_prefill = state[ENERGY_PREFILL]
    g = state[SHARE]
    rem = state[REMAINDER]
    iterations = state[ITERATIONS]
    events = state[EVENTS]
    done = state[DONE]
    done_now = state[DONE_NOW]
    busy = state[BUSY]

    max_batch = limits[MAX_BATCH]
    pages = limits[PAGES]
    bits = limits[UNIT_BITS]
    fine = limits[FINE]
    grow = limits[GROW]
    chunked = limits[CHUNKED] == 1
    width = limits[BIN_PS]
    kv_comes = limits[KV_COMES] == 1
    cache_blocks = limits[CACHE_BLOCKS]
    ring_size = ring.shape[0]
    unit = phase.shape[0]
    mask = np.int64(unit - 1)
    n_bin = bins.shape[0]
    bin_now = now // width if width > 0 else np.int64(0)
    edge = (bin_now + 1) * width if width > 0 else np.int64(FAR)

    while now < until:
        # 1. pages: the newest admitted gives way
        if reading + ((c + a * mask) >> bits) > pages and a > 0:
            while reading + decoding_pages(phase, (d * grow) & mask, c, bits) > pages:
                newest = np.int64(-1)
                place = 0
                for j in range(hn):
                    x = heap[j] & 0xFFFFFFFF
                    if x > newest:
                        newest = x
                        place = j
                if rn > 0:
                    tail = rh + rn - 1
                    if tail >= ring_size:
                        tail -= ring_size
                    if ring[tail] > newest:
                        newest = np.int64(ring[tail])
                        place = -1
                x = newest
                if place < 0:
                    rn -= 1
                    reading -= (np.int64(prompt[x] + written[x]) * fine + mask) >> bits
                else:
                    entered = np.int64(written[x])
                    steps = ((np.int64(output[x]) - entered) * fine + grow - 1) // grow
                    taken = steps - ((heap[place] >> 32) - d)
                    context = (prompt[x] + entered) * fine + taken * grow
                    phase[(context - d * grow) & mask] -= 1
                    c -= context
                    a -= 1
                    shared[x] += g
                    written[x] = entered + (taken * grow) // fine
                    heap_remove(heap, hn, place)
                    hn -= 1
                following[x] = head
                if head < 0:
                    state[TAIL] = x
                head = x
                state[PREEMPTIONS] += 1
        # 2. admission, first come, first served
        while head >= 0 and a + rn < max_batch and arrival[head] <= now:
            x = head
            comes = kv_comes and written[x] < 0
            length = np.int64(prompt[x]) + (1 if comes else written[x])
            need = (length * fine + mask) >> bits
            if a + rn > 0:
                room = pages - limits[WATERMARK] - reading - need
                if (c + a * mask) >> bits > room and (
                    (c + mask) >> bits > room
                    or decoding_pages(phase, (d * grow) & mask, c, bits) > room
                ):
                    break
            head = following[x]
            if comes:
                written[x] = 1
                context = length * fine
                c += context
                a += 1
                phase[(context - d * grow) & mask] += 1
                heap_push(
                    heap,
                    hn,
                    ((d + ((np.int64(output[x]) - 1) * fine + grow - 1) // grow) << 32) | x,
                )
                hn += 1
                shared[x] -= g
            else:
                tail = rh + rn
                if tail >= ring_size:
                    tail -= ring_size
                ring[tail] = x
                hit = np.int64(0)
                if cache_blocks > 0:
                    hit = leading_hits(newers[r], block_id, block_low[x], block_n[x])
                    hit *= limits[BLOCK_TOKENS]
                    if hit > prompt[x]:
                        hit = np.int64(prompt[x])
                    if hit >= length:
                        hit = length - 1
                    state[HIT_TOKENS] += hit
                ring_done[tail] = hit
                rn += 1
                reading += need
        # 3. the iteration, or many
        if rn > 0:
            events += 1
            iterations += 1
            tokens = np.int64(0)
            square = np.int64(0)
            n_read = 0
            completed = 0
            last_p = np.int64(0)
            if chunked:
                budget = limits[BUDGET] - a * limits[STEP_TOKENS]
                if budget < 1:
                    budget = np.int64(1)
            else:
                budget = limits[BUDGET]
            left = budget
            j = rh
            while n_read < rn and left > 0:
                x = np.int64(ring[j])
                before = ring_done[j]
                p = np.int64(prompt[x]) + written[x] - before
                if p > left:
                    if chunked:
                        p = left
                    elif n_read > 0:
                        break
                else:
                    completed += 1
                tokens += p
                square += p * (2 * before + p)
                left -= p
                n_read += 1
                last_p = p
                j += 1
                if j == ring_size:
                    j = 0
            if not chunked and completed < n_read:
                completed = n_read  # a prompt beyond the budget is read alone and whole
            a_now = a if chunked else np.int64(0)
            c_now = c if chunked else np.int64(0)
            row = mixed[a_now]
            t = row[0] + row[1] * c_now + limits[TP1] * tokens + limits[TQ1] * square
            t += limits[TR1] * completed
            t2 = row[2] + row[3] * c_now + limits[TP2] * tokens + limits[TQ2] * square
            t2 += limits[TR2] * completed
            if t >= t2:
                common = row[4] + row[5] * c_now
                ep = limits[EP1]
                eq = limits[EQ1]
                er = limits[ER1]
            else:
                t = t2
                common = row[6] + row[7] * c_now
                ep = limits[EP2]
                eq = limits[EQ2]
                er = limits[ER2]
            e = common + ep * tokens + eq * square + er * completed
            sharers = a_now + n_read
            rem += common
            q = rem // sharers
            rem -= q * sharers
            total += e
            total_prefill += e - common + q * n_read
            if chunked:
                g += q
                c += a * grow
                d += 1
            if width > 0:
                if now + t <= edge:
                    if bin_now < n_bin:
                        bins[bin_now, 0] += e
                        bins[bin_now, 1] += t
                        bins[bin_now, 2] += sharers * t
                else:
                    book(bins, width, 0, now, now + t, e, sharers)
                    if now + t > n_bin * width:
                        state[SPILL_T0] = now
                        state[SPILL_T1] = now + t
                        state[SPILL_E] = e
                        state[SPILL_A] = sharers
            now += t
            busy += t
            done_now = np.int64(0)
            for i in range(n_read):
                x = np.int64(ring[rh])
                before = ring_done[rh]
                length = np.int64(prompt[x]) + written[x]
                p = length - before if i < completed else last_p
                own[x] += ep * p + eq * p * (2 * before + p)
                shared[x] += q
                if i >= completed:
                    ring_done[rh] = before + p
                    break
                own[x] += er
                rh += 1
                if rh == ring_size:
                    rh = 0
                rn -= 1
                reading -= (length * fine + mask) >> bits
                if cache_blocks > 0:
                    state[CACHED] = remember(
                        newers[r],
                        olders[r],
                        state[CACHED],
                        cache_blocks,
                        block_id,
                        block_low[x],
                        block_n[x],
                    )
                entered = np.int64(written[x]) + 1
                if entered == 1:
                    ttft[x] = now - arrival[x]
                written[x] = entered
                if entered >= output[x]:
                    finish[x] = now
                    done += 1
                    done_now += 1
                else:
                    context = (prompt[x] + entered) * fine
                    c += context
                    a += 1
                    phase[(context - d * grow) & mask] += 1
                    steps = ((output[x] - entered) * fine + grow - 1) // grow
                    heap_push(heap, hn, ((d + steps) << 32) | x)
                    hn += 1
                    shared[x] -= g
            if not chunked:
                if now >= edge:
                    bin_now = now // width
                    edge = (bin_now + 1) * width
                continue
        elif a > 0:
            events += 1
            row = decode[a]
            k = (heap[0] >> 32) - d
            u = row[0] + row[1] * c
            s = row[1] * a * grow
            u2 = row[2] + row[3] * c
            s2 = row[3] * a * grow
            if u >= u2:
                eu = row[4] + row[5] * c
                es = row[5] * a * grow
                if s2 > s:
                    kk = (u - u2) // (s2 - s) + 1
                    if kk < k:
                        k = kk
            else:
                if s > s2:
                    kk = (u2 - u + s - s2 - 1) // (s - s2)
                    if kk < k:
                        k = kk
                u = u2
                s = s2
                eu = row[6] + row[7] * c
                es = row[7] * a * grow
            if (c + a * ((k - 1) * grow + mask)) >> bits > pages:
                base = (d * grow) & mask
                free = pages - decoding_pages(phase, base, c, bits)
                kk = steps_that_fit(phase, base, a, free, grow)
                if kk < k:
                    k = kk
            limit = until
            if head >= 0 and a < max_batch and arrival[head] > now and arrival[head] < limit:
                limit = arrival[head]
            if edge < limit:
                limit = edge
            dt = limit - now
            t = k * u + s * (k * (k - 1) // 2)
            if t > dt and k > 1:  # the smallest k that reaches the limit
                if s > 0:
                    b = u - 0.5 * s
                    m = np.int64((np.sqrt(b * b + 2.0 * s * dt) - b) / s)
                else:
                    m = dt // u
                if m < 1:
                    m = np.int64(1)
                while m * u + s * (m * (m - 1) // 2) < dt:
                    m += 1
                while m > 1 and (m - 1) * u + s * ((m - 1) * (m - 2) // 2) >= dt:
                    m -= 1
                if m < k:
                    k = m
                    t = k * u + s * (k * (k - 1) // 2)
            e = k * eu + es * (k * (k - 1) // 2)
            if width > 0:
                if now + t <= edge:
                    if bin_now < n_bin:
                        bins[bin_now, 0] += e
                        bins[bin_now, 1] += t
                        bins[bin_now, 2] += a * t
                else:  # only the last iteration can cross the edge
                    t_last = u + s * (k - 1)
                    e_last = eu + es * (k - 1)
                    if bin_now < n_bin:
                        bins[bin_now, 0] += e - e_last
                        bins[bin_now, 1] += t - t_last
                        bins[bin_now, 2] += a * (t - t_last)
                    book(bins, width, 0, now + t - t_last, now + t, e_last, a)
                    if now + t > n_bin * width:
                        state[SPILL_T0] = now + t - t_last
                        state[SPILL_T1] = now + t
                        state[SPILL_E] = e_last
                        state[SPILL_A] = a
            now += t
            busy += t
            total += e
            rem += e
            q = rem // a
            rem -= q * a
            g += q
            d += k
            c += a * k * grow
            iterations += k
            done_now = np.int64(0)
        else:
            if head < 0:
                if until < FAR:
                    now = until
                break
            now = arrival[head]
            if now > until:
                now = until
            if now >= edge:
                bin_now = now // width
                edge = (bin_now + 1) * width
            continue
        if now >= edge:
            bin_now = now // width
            edge = (bin_now + 1) * width
        while hn > 0 and (heap[0] >> 32) <= d:  # completions
            x = heap[0] & 0xFFFFFFFF
            heap_pop(heap, hn)
            hn -= 1
            a -= 1
            entered = np.int64(written[x])
            steps = ((output[x] - entered) * fine + grow - 1) // grow
            context = (prompt[x] + entered) * fine + steps * grow
            c -= context
            phase[(context - d * grow) & mask] -= 1
            finish[x] = now
            shared[x] += g
            done += 1
            done_now += 1

    state[NOW] = now
    state[STEP] = d
    state[ACTIVE] = a
    state[CONTEXT] = c
    state[HEAP_N] = hn
    state[RING_HEAD] = rh
    state[RING_N] = rn
    state[HEAD] = head
    state[READING_PAGES] = reading
    state[ENERGY] = total
    state[ENERGY_PREFILL] = total_prefill
    state[SHARE] = g
    state[REMAINDER] = rem
    state[ITERATIONS] = iterations
    state[EVENTS] = events
    state[DONE] = done
    state[DONE_NOW] = done_now
    state[BUSY] = busy
