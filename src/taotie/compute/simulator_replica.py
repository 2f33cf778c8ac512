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

import numpy as np
from numba import njit

from taotie.compute.simulator_prefix import leading_hits, remember
from taotie.compute.simulator_state import (
    ACTIVE,
    BIN_PS,
    BLOCK_TOKENS,
    BUDGET,
    BUSY,
    CACHE_BLOCKS,
    CACHED,
    CHUNKED,
    CONTEXT,
    DONE,
    DONE_NOW,
    ENERGY,
    ENERGY_PREFILL,
    EP1,
    EP2,
    EQ1,
    EQ2,
    ER1,
    ER2,
    EVENTS,
    FAR,
    FINE,
    FINISH,
    FOLLOWING,
    GROW,
    HEAD,
    HEAP_N,
    HIT_TOKENS,
    ITERATIONS,
    KV_COMES,
    MAX_BATCH,
    NOW,
    OUTPUT,
    OWN,
    PAGES,
    PREEMPTIONS,
    PROMPT,
    READING_PAGES,
    REMAINDER,
    RING_HEAD,
    RING_N,
    SHARE,
    SHARED,
    SPILL_A,
    SPILL_E,
    SPILL_T0,
    SPILL_T1,
    STEP,
    STEP_TOKENS,
    TAIL,
    TP1,
    TP2,
    TQ1,
    TQ2,
    TR1,
    TR2,
    TTFT,
    UNIT_BITS,
    WATERMARK,
    WRITTEN,
    book,
    decoding_pages,
    heap_pop,
    heap_push,
    heap_remove,
    steps_that_fit,
)

__all__ = ["advance"]


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
    request,
    block_low,
    block_n,
    block_id,
    decode,
    mixed,
    limits,
    result,
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
    arrival : ndarray of int64, shape (n_request,)
        Time of arrival. [ps]
    request : ndarray of int32, shape (n_request, 4)
        Prompt and output lengths [token]; tokens written before the present run (0 at first; with
        KV_COMES, -1 marks a request whose prompt was read and first token written elsewhere); the next
        request in this replica's queue, or -1.
    block_low, block_n, block_id : ndarray
        Hashed blocks of each prompt (first, how many, numbers); empty without a prefix cache.
    decode, mixed, limits : ndarray of int64
        Costs and limits, see `simulator_cost`.
    result : ndarray of int64, shape (n_request, 4)
        Time to first token and finish [ps], own and shared energy [nJ], written or added to.
    """
    now = states[r, NOW]
    d = states[r, STEP]
    a = states[r, ACTIVE]
    c = states[r, CONTEXT]
    hn = states[r, HEAP_N]
    rh = states[r, RING_HEAD]
    rn = states[r, RING_N]
    head = states[r, HEAD]
    reading = states[r, READING_PAGES]
    total = states[r, ENERGY]
    total_prefill = states[r, ENERGY_PREFILL]
    g = states[r, SHARE]
    rem = states[r, REMAINDER]
    iterations = states[r, ITERATIONS]
    events = states[r, EVENTS]
    done = states[r, DONE]
    done_now = states[r, DONE_NOW]
    busy = states[r, BUSY]

    max_batch = limits[MAX_BATCH]
    pages = limits[PAGES]
    bits = limits[UNIT_BITS]
    fine = limits[FINE]
    grow = limits[GROW]
    chunked = limits[CHUNKED] == 1
    width = limits[BIN_PS]
    kv_comes = limits[KV_COMES] == 1
    cache_blocks = limits[CACHE_BLOCKS]
    ring_size = rings.shape[1]
    unit = phases.shape[1]
    mask = np.int64(unit - 1)
    n_bin = bins.shape[0]
    bin_now = now // width if width > 0 else np.int64(0)
    edge = (bin_now + 1) * width if width > 0 else np.int64(FAR)

    while now < until:
        # 1. pages: the newest admitted gives way
        if reading + ((c + a * mask) >> bits) > pages and a > 0:
            while reading + decoding_pages(phases, r, (d * grow) & mask, c, bits) > pages:
                newest = np.int64(-1)
                place = 0
                for j in range(hn):
                    x = heaps[r, j] & 0xFFFFFFFF
                    if x > newest:
                        newest = x
                        place = j
                if rn > 0:
                    tail = rh + rn - 1
                    if tail >= ring_size:
                        tail -= ring_size
                    if rings[r, tail] > newest:
                        newest = np.int64(rings[r, tail])
                        place = -1
                x = newest
                if place < 0:
                    rn -= 1
                    reading -= (
                        np.int64(request[x, PROMPT] + request[x, WRITTEN]) * fine + mask
                    ) >> bits
                else:
                    entered = np.int64(request[x, WRITTEN])
                    steps = ((np.int64(request[x, OUTPUT]) - entered) * fine + grow - 1) // grow
                    taken = steps - ((heaps[r, place] >> 32) - d)
                    context = (request[x, PROMPT] + entered) * fine + taken * grow
                    phases[r, (context - d * grow) & mask] -= 1
                    c -= context
                    a -= 1
                    result[x, SHARED] += g
                    request[x, WRITTEN] = entered + (taken * grow) // fine
                    heap_remove(heaps, r, hn, place)
                    hn -= 1
                request[x, FOLLOWING] = head
                if head < 0:
                    states[r, TAIL] = x
                head = x
                states[r, PREEMPTIONS] += 1
        # 2. admission, first come, first served
        while head >= 0 and a + rn < max_batch and arrival[head] <= now:
            x = head
            comes = kv_comes and request[x, WRITTEN] < 0
            length = np.int64(request[x, PROMPT]) + (1 if comes else request[x, WRITTEN])
            need = (length * fine + mask) >> bits
            if a + rn > 0:
                room = pages - limits[WATERMARK] - reading - need
                if (c + a * mask) >> bits > room and (
                    (c + mask) >> bits > room
                    or decoding_pages(phases, r, (d * grow) & mask, c, bits) > room
                ):
                    break
            head = request[x, FOLLOWING]
            if comes:
                request[x, WRITTEN] = 1
                context = length * fine
                c += context
                a += 1
                phases[r, (context - d * grow) & mask] += 1
                heap_push(
                    heaps,
                    r,
                    hn,
                    ((d + ((np.int64(request[x, OUTPUT]) - 1) * fine + grow - 1) // grow) << 32)
                    | x,
                )
                hn += 1
                result[x, SHARED] -= g
            else:
                tail = rh + rn
                if tail >= ring_size:
                    tail -= ring_size
                rings[r, tail] = x
                hit = np.int64(0)
                if cache_blocks > 0:
                    hit = leading_hits(newers[r], block_id, block_low[x], block_n[x])
                    hit *= limits[BLOCK_TOKENS]
                    if hit > request[x, PROMPT]:
                        hit = np.int64(request[x, PROMPT])
                    if hit >= length:
                        hit = length - 1
                    states[r, HIT_TOKENS] += hit
                ring_dones[r, tail] = hit
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
                x = np.int64(rings[r, j])
                before = ring_dones[r, j]
                p = np.int64(request[x, PROMPT]) + request[x, WRITTEN] - before
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
            t = (
                mixed[a_now, 0]
                + mixed[a_now, 1] * c_now
                + limits[TP1] * tokens
                + limits[TQ1] * square
            )
            t += limits[TR1] * completed
            t2 = (
                mixed[a_now, 2]
                + mixed[a_now, 3] * c_now
                + limits[TP2] * tokens
                + limits[TQ2] * square
            )
            t2 += limits[TR2] * completed
            if t >= t2:
                common = mixed[a_now, 4] + mixed[a_now, 5] * c_now
                ep = limits[EP1]
                eq = limits[EQ1]
                er = limits[ER1]
            else:
                t = t2
                common = mixed[a_now, 6] + mixed[a_now, 7] * c_now
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
                        states[r, SPILL_T0] = now
                        states[r, SPILL_T1] = now + t
                        states[r, SPILL_E] = e
                        states[r, SPILL_A] = sharers
            now += t
            busy += t
            done_now = np.int64(0)
            for i in range(n_read):
                x = np.int64(rings[r, rh])
                before = ring_dones[r, rh]
                length = np.int64(request[x, PROMPT]) + request[x, WRITTEN]
                p = length - before if i < completed else last_p
                result[x, OWN] += ep * p + eq * p * (2 * before + p)
                result[x, SHARED] += q
                if i >= completed:
                    ring_dones[r, rh] = before + p
                    break
                result[x, OWN] += er
                rh += 1
                if rh == ring_size:
                    rh = 0
                rn -= 1
                reading -= (length * fine + mask) >> bits
                if cache_blocks > 0:
                    states[r, CACHED] = remember(
                        newers[r],
                        olders[r],
                        states[r, CACHED],
                        cache_blocks,
                        block_id,
                        block_low[x],
                        block_n[x],
                    )
                entered = np.int64(request[x, WRITTEN]) + 1
                if entered == 1:
                    result[x, TTFT] = now - arrival[x]
                request[x, WRITTEN] = entered
                if entered >= request[x, OUTPUT]:
                    result[x, FINISH] = now
                    done += 1
                    done_now += 1
                else:
                    context = (request[x, PROMPT] + entered) * fine
                    c += context
                    a += 1
                    phases[r, (context - d * grow) & mask] += 1
                    steps = ((request[x, OUTPUT] - entered) * fine + grow - 1) // grow
                    heap_push(heaps, r, hn, ((d + steps) << 32) | x)
                    hn += 1
                    result[x, SHARED] -= g
            if not chunked:
                if now >= edge:
                    bin_now = now // width
                    edge = (bin_now + 1) * width
                continue
        elif a > 0:
            events += 1
            k = (heaps[r, 0] >> 32) - d
            u = decode[a, 0] + decode[a, 1] * c
            s = decode[a, 1] * a * grow
            u2 = decode[a, 2] + decode[a, 3] * c
            s2 = decode[a, 3] * a * grow
            if u >= u2:
                eu = decode[a, 4] + decode[a, 5] * c
                es = decode[a, 5] * a * grow
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
                eu = decode[a, 6] + decode[a, 7] * c
                es = decode[a, 7] * a * grow
            if (c + a * ((k - 1) * grow + mask)) >> bits > pages:
                base = (d * grow) & mask
                free = pages - decoding_pages(phases, r, base, c, bits)
                kk = steps_that_fit(phases, r, base, a, free, grow)
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
                        states[r, SPILL_T0] = now + t - t_last
                        states[r, SPILL_T1] = now + t
                        states[r, SPILL_E] = e_last
                        states[r, SPILL_A] = a
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
        while hn > 0 and (heaps[r, 0] >> 32) <= d:  # completions
            x = heaps[r, 0] & 0xFFFFFFFF
            heap_pop(heaps, r, hn)
            hn -= 1
            a -= 1
            entered = np.int64(request[x, WRITTEN])
            steps = ((request[x, OUTPUT] - entered) * fine + grow - 1) // grow
            context = (request[x, PROMPT] + entered) * fine + steps * grow
            c -= context
            phases[r, (context - d * grow) & mask] -= 1
            result[x, FINISH] = now
            result[x, SHARED] += g
            done += 1
            done_now += 1

    states[r, NOW] = now
    states[r, STEP] = d
    states[r, ACTIVE] = a
    states[r, CONTEXT] = c
    states[r, HEAP_N] = hn
    states[r, RING_HEAD] = rh
    states[r, RING_N] = rn
    states[r, HEAD] = head
    states[r, READING_PAGES] = reading
    states[r, ENERGY] = total
    states[r, ENERGY_PREFILL] = total_prefill
    states[r, SHARE] = g
    states[r, REMAINDER] = rem
    states[r, ITERATIONS] = iterations
    states[r, EVENTS] = events
    states[r, DONE] = done
    states[r, DONE_NOW] = done_now
    states[r, BUSY] = busy
