"""When does each request of one replica get its tokens, and what does that cost? [ps, nJ]

The event-skipping kernel of continuous batching. While nothing is being read, the batch `A` is constant
and its context `C` grows by the same amount each iteration, so `k` iterations take
``k u + s k (k - 1) / 2`` and the next event (arrival, completion, full KV cache, crossing of the
roofline's two lines, edge of a power bin) is found in closed form. A sequence's end is a constant heap
key, its finishing step over its number. What the running sequences share is a running integral, so
one request's part is a difference of two readings; remainders of the division are carried on,
nothing is lost. `tests/compute/serving/naive_oracle.py` walks through every iteration and must agree as integers.

Rules of an iteration, in this order:

1. If the decoding sequences' pages do not fit, kept blocks of prompts are given up, the one let go first
   before the others; then the newest admitted request gives its pages back, goes to the front of the queue
   and will be read again with what it had written (recompute).
2. Requests that have come are admitted in order of arrival while the batch and the pages allow.
3. The iteration runs: prompts are read first come, first served within the token budget (in chunks
   beside the decoding sequences, or whole in iterations of their own); each decoding sequence gains one step.
   The end of reading gives the first token. An iteration that has begun is completed.
"""

from __future__ import annotations

import numpy as np

from taotie.compute.serving.prefix import (
    evict,
    hold,
    kept_hits,
    leading_hits,
    let_go,
    remember,
)
from taotie.compute.serving.state import (
    ACTIVE,
    BIN,
    BIN_PS,
    BLOCK_LOW,
    BLOCK_N,
    BLOCK_PAGES,
    BLOCK_TOKENS,
    BUDGET,
    BUSY,
    CACHE_BLOCKS,
    CACHED,
    CHUNKED,
    CONTEXT,
    DECODING_PAGES,
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
    HEAP,
    HEAP_N,
    HIT_TOKENS,
    ITERATIONS,
    KEPT_PAGES,
    KV_COMES,
    MAX_BATCH,
    MIXED,
    NOW,
    OUTPUT,
    OWN,
    PAGES,
    PAGES_STEP,
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
    compiled,
    heap_pop,
    heap_push,
    heap_remove,
    inlined,
    pages_begun,
    ring_of,
    steps_of,
    steps_that_fit,
)

__all__ = ["advance", "forward"]


@inlined
def advance(  # type: ignore[no-untyped-def]
    r,
    until,
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
    """Run replica `r` until time `until`; an iteration that has begun is completed.

    Parameters
    ----------
    r : int
        The replica.
    until : int
        No iteration begins at or after this time; iterations of one event whose last would are all left to
        the next call, so that being looked at cuts no event in two. [ps]
    memory : ndarray of int64, first axis replicas
        State; decoding sequences by finishing step; requests being read, how far, and prefix blocks they
        hold; counts of sequences by phase within a page.
    caches : ndarray of int32, first axis replicas
        Prefix caches, as `prefix` keeps them.
    bins : ndarray of int64, shape (n_bin, 3)
        Energy [nJ], busy time [ps] and batch times time [ps], added to.
    arrival : ndarray of int64, shape (n_request,)
        Time of arrival. [ps]
    request : ndarray of int32, shape (n_request, 4 or 6)
        Prompt and output lengths [token]; tokens written before the present run (0 at first; with
        KV_COMES, -1 marks a request whose prompt was read and first token written elsewhere); the next
        request in this replica's queue, or -1; with a prefix cache the place and number of its blocks.
    block_id : ndarray of int32
        Hashed blocks of the prompts; empty without a prefix cache.
    costs, limits : ndarray of int64
        See `simulator_cost` and `simulator_fleet.cost_table`.
    result : ndarray of int64, shape (n_request, 4)
        Time to first token and finish [ps], own and shared energy [nJ], written or added to.
    """
    now = memory[r, NOW]
    d = memory[r, STEP]
    a = memory[r, ACTIVE]
    c = memory[r, CONTEXT]
    hn = memory[r, HEAP_N]
    rh = memory[r, RING_HEAD]
    rn = memory[r, RING_N]
    head = memory[r, HEAD]
    reading = memory[r, READING_PAGES]
    total = memory[r, ENERGY]
    total_prefill = memory[r, ENERGY_PREFILL]
    g = memory[r, SHARE]
    rem = memory[r, REMAINDER]
    iterations = memory[r, ITERATIONS]
    events = memory[r, EVENTS]
    done = memory[r, DONE]
    done_now = memory[r, DONE_NOW]
    busy = memory[r, BUSY]
    kept = memory[r, CACHED]
    # pages of blocks in the prefix cache less those counted with the requests that hold them
    held = memory[r, KEPT_PAGES]
    # pages of the decoding sequences as of a step not later than the present one
    decoding = memory[r, DECODING_PAGES]
    pages_step = memory[r, PAGES_STEP]

    max_batch = limits[MAX_BATCH]
    pages = limits[PAGES]
    bits = limits[UNIT_BITS]
    fine = limits[FINE]
    grow = limits[GROW]
    chunked = limits[CHUNKED] == 1
    width = limits[BIN_PS]
    kv_comes = limits[KV_COMES] == 1
    cache_blocks = limits[CACHE_BLOCKS]
    block_pages = limits[BLOCK_PAGES]
    unit = np.int64(1) << bits
    mask = unit - 1
    ring, ring_size = ring_of(memory, unit)
    phase = ring - unit
    n_bin = bins.shape[0]
    bin_now = memory[r, BIN]
    edge = (bin_now + 1) * width if width > 0 else np.int64(FAR)
    if now >= edge and width > 0:  # it was idle until now
        bin_now = now // width
        edge = (bin_now + 1) * width

    while now < until:
        # 1. pages: the newest admitted gives way
        if reading + held + ((c + a * mask) >> bits) > pages and a > 0:
            if pages_step < d:
                base = (pages_step * grow) & mask
                grown = (d - pages_step) * grow
                decoding += pages_begun(memory, r, phase, unit, base, a, grown)
                pages_step = d
            while reading + held + decoding > pages:
                if kept > 0 and block_pages > 0:
                    evict(caches, r)
                    kept -= 1
                    held -= block_pages
                    continue
                newest = np.int64(-1)
                place = 0
                for j in range(hn):
                    x = memory[r, HEAP + j] & 0xFFFFFFFF
                    if x > newest:
                        newest = x
                        place = j
                if rn > 0:
                    tail = rh + rn - 1
                    if tail >= ring_size:
                        tail -= ring_size
                    if memory[r, ring + 3 * tail] > newest:
                        newest = memory[r, ring + 3 * tail]
                        place = -1
                x = newest
                blocks = np.int64(0)
                if place < 0:
                    rn -= 1
                    blocks = memory[r, ring + 3 * tail + 2]
                    reading -= (
                        np.int64(request[x, PROMPT] + request[x, WRITTEN]) * fine + mask
                    ) >> bits
                else:
                    entered = np.int64(request[x, WRITTEN])
                    steps = steps_of((np.int64(request[x, OUTPUT]) - entered) * fine, grow)
                    taken = steps - ((memory[r, HEAP + place] >> 32) - d)
                    context = (request[x, PROMPT] + entered) * fine + taken * grow
                    memory[r, phase + ((context - d * grow) & mask)] -= 1
                    decoding -= (context - (d - pages_step) * grow + mask) >> bits
                    c -= context
                    a -= 1
                    result[x, SHARED] += g
                    request[x, WRITTEN] = entered + (taken * grow) // fine
                    heap_remove(memory, r, hn, place)
                    hn -= 1
                    if block_pages > 0:
                        blocks = np.int64(request[x, BLOCK_N])
                if block_pages > 0:
                    kept += let_go(caches, r, block_id, request[x, BLOCK_LOW], blocks)
                    held += blocks * block_pages
                request[x, FOLLOWING] = head
                if head < 0:
                    memory[r, TAIL] = x
                head = x
                memory[r, PREEMPTIONS] += 1
        # 2. admission, first come, first served
        while head >= 0 and a + rn < max_batch and arrival[head] <= now:
            x = head
            comes = kv_comes and request[x, WRITTEN] < 0
            length = np.int64(request[x, PROMPT]) + (1 if comes else request[x, WRITTEN])
            need = (length * fine + mask) >> bits
            hit = np.int64(0)
            unheld = np.int64(0)
            if block_pages > 0:
                low = np.int64(request[x, BLOCK_LOW])
                hit = min(np.int64(request[x, BLOCK_N]), (length - 1) // limits[BLOCK_TOKENS])
                hit = np.int64(leading_hits(caches, r, block_id, low, hit))
                unheld = np.int64(kept_hits(caches, r, block_id, low, hit))
            if a + rn > 0:
                room = pages - limits[WATERMARK] - reading - need
                room -= held - (hit + kept - unheld) * block_pages
                if (c + a * mask) >> bits > room:
                    if (c + mask) >> bits > room:
                        break
                    if pages_step < d:
                        base = (pages_step * grow) & mask
                        grown = (d - pages_step) * grow
                        decoding += pages_begun(memory, r, phase, unit, base, a, grown)
                        pages_step = d
                    if decoding > room:
                        break
            head = request[x, FOLLOWING]
            if comes:
                request[x, WRITTEN] = 1
                context = length * fine
                c += context
                a += 1
                memory[r, phase + ((context - d * grow) & mask)] += 1
                decoding += (context - (d - pages_step) * grow + mask) >> bits
                heap_push(
                    memory,
                    r,
                    hn,
                    ((d + steps_of((np.int64(request[x, OUTPUT]) - 1) * fine, grow)) << 32) | x,
                )
                hn += 1
                result[x, SHARED] -= g
            else:
                tail = rh + rn
                if tail >= ring_size:
                    tail -= ring_size
                tail = ring + 3 * tail
                memory[r, tail] = x
                memory[r, tail + 2] = hit
                rn += 1
                reading += need
                if block_pages > 0:
                    for i in range(low, low + hit):
                        hold(caches, r, block_id[i])
                    kept -= unheld
                    held -= hit * block_pages
                    if reading + held + ((c + a * mask) >> bits) > pages:
                        if pages_step < d:
                            base = (pages_step * grow) & mask
                            grown = (d - pages_step) * grow
                            decoding += pages_begun(memory, r, phase, unit, base, a, grown)
                            pages_step = d
                        while reading + decoding + held > pages and kept > 0:
                            evict(caches, r)
                            kept -= 1
                            held -= block_pages
                    hit *= limits[BLOCK_TOKENS]
                elif cache_blocks > 0:
                    hit = np.int64(
                        leading_hits(
                            caches, r, block_id, request[x, BLOCK_LOW], request[x, BLOCK_N]
                        )
                    )
                    hit = min(hit * limits[BLOCK_TOKENS], np.int64(request[x, PROMPT]), length - 1)
                memory[r, tail + 1] = hit
                memory[r, HIT_TOKENS] += hit
        # 3. the iteration, or many
        chunks = np.int64(0)
        if rn > 0 and chunked:
            x = memory[r, ring + 3 * rh]
            before = memory[r, ring + 3 * rh + 1]
            budget = max(limits[BUDGET] - a * limits[STEP_TOKENS], np.int64(1))
            chunks = np.int64(request[x, PROMPT]) + request[x, WRITTEN] - before - 1
            chunks = np.int64(0) if chunks < budget else chunks // budget
        if (
            chunks > 0
        ):  # iterations that the first prompt fills alone: each is longer by the same amount
            p = budget
            square = p * (2 * before + p)
            u = costs[a, MIXED + 0] + costs[a, MIXED + 1] * c + limits[TP1] * p
            u += limits[TQ1] * square
            u2 = costs[a, MIXED + 2] + costs[a, MIXED + 3] * c + limits[TP2] * p
            u2 += limits[TQ2] * square
            s = costs[a, MIXED + 1] * a * grow + limits[TQ1] * 2 * p * p
            s2 = costs[a, MIXED + 3] * a * grow + limits[TQ2] * 2 * p * p
            k = chunks
            if u >= u2:
                common = costs[a, MIXED + 4] + costs[a, MIXED + 5] * c
                common_step = costs[a, MIXED + 5] * a * grow
                ep = limits[EP1]
                eq = limits[EQ1]
                if s2 > s:
                    k = min(k, (u - u2) // (s2 - s) + 1)
            else:
                common = costs[a, MIXED + 6] + costs[a, MIXED + 7] * c
                common_step = costs[a, MIXED + 7] * a * grow
                ep = limits[EP2]
                eq = limits[EQ2]
                if s > s2:
                    k = min(k, (u2 - u + s - s2 - 1) // (s - s2))
                u = u2
                s = s2
            if a > 0:
                k = min(k, (memory[r, HEAP + 0] >> 32) - d)
                # none of them but the first may begin with too few pages
                free = ((pages - reading - held + 1) << bits) - 1 - c - a * mask
                k = min(k, max(free // (a * grow) + 1, np.int64(1)))
            limit = edge
            if head >= 0 and a + rn < max_batch and arrival[head] > now and arrival[head] < limit:
                limit = arrival[head]
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
            if k > 1 and now + t - u - s * (k - 1) >= until:
                break  # the last would begin too late, and nothing is finished before its end
            events += 1
            pairs = k * (k - 1) // 2
            shared = k * common + common_step * pairs
            own = k * (ep * p + eq * square) + eq * 2 * p * p * pairs
            e = shared + own
            sharers = a + 1
            rem += shared
            q = rem // sharers
            rem -= q * sharers
            total += e
            total_prefill += own + q
            g += q
            c += a * k * grow
            d += k
            iterations += k
            if width > 0:
                if now + t <= edge:
                    if bin_now < n_bin:
                        bins[bin_now, 0] += e
                        bins[bin_now, 1] += t
                        bins[bin_now, 2] += sharers * t
                else:  # only the last iteration can cross the edge
                    t_last = u + s * (k - 1)
                    e_last = common + ep * p + eq * square
                    e_last += (common_step + eq * 2 * p * p) * (k - 1)
                    if bin_now < n_bin:
                        bins[bin_now, 0] += e - e_last
                        bins[bin_now, 1] += t - t_last
                        bins[bin_now, 2] += sharers * (t - t_last)
                    book(bins, width, 0, now + t - t_last, now + t, e_last, sharers)
                    if now + t > n_bin * width:
                        memory[r, SPILL_T0] = now + t - t_last
                        memory[r, SPILL_T1] = now + t
                        memory[r, SPILL_E] = e_last
                        memory[r, SPILL_A] = sharers
            now += t
            busy += t
            done_now = np.int64(0)
            result[x, OWN] += own
            result[x, SHARED] += q
            memory[r, ring + 3 * rh + 1] = before + k * p
        elif rn > 0:
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
                x = memory[r, ring + 3 * j]
                before = memory[r, ring + 3 * j + 1]
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
                costs[a_now, MIXED + 0]
                + costs[a_now, MIXED + 1] * c_now
                + limits[TP1] * tokens
                + limits[TQ1] * square
            )
            t += limits[TR1] * completed
            t2 = (
                costs[a_now, MIXED + 2]
                + costs[a_now, MIXED + 3] * c_now
                + limits[TP2] * tokens
                + limits[TQ2] * square
            )
            t2 += limits[TR2] * completed
            if t >= t2:
                common = costs[a_now, MIXED + 4] + costs[a_now, MIXED + 5] * c_now
                ep = limits[EP1]
                eq = limits[EQ1]
                er = limits[ER1]
            else:
                t = t2
                common = costs[a_now, MIXED + 6] + costs[a_now, MIXED + 7] * c_now
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
                        memory[r, SPILL_T0] = now
                        memory[r, SPILL_T1] = now + t
                        memory[r, SPILL_E] = e
                        memory[r, SPILL_A] = sharers
            now += t
            busy += t
            done_now = np.int64(0)
            for i in range(n_read):
                x = memory[r, ring + 3 * rh]
                before = memory[r, ring + 3 * rh + 1]
                length = np.int64(request[x, PROMPT]) + request[x, WRITTEN]
                p = length - before if i < completed else last_p
                result[x, OWN] += ep * p + eq * p * (2 * before + p)
                result[x, SHARED] += q
                if i >= completed:
                    memory[r, ring + 3 * rh + 1] = before + p
                    break
                result[x, OWN] += er
                blocks = memory[r, ring + 3 * rh + 2]
                rh += 1
                if rh == ring_size:
                    rh = 0
                rn -= 1
                if rn == 0:  # what is looked at next lies where it was looked at last
                    rh = np.int64(0)
                reading -= (length * fine + mask) >> bits
                if block_pages > 0:  # a block read twice gives one copy's pages back
                    low = np.int64(request[x, BLOCK_LOW])
                    for i in range(low + blocks, low + request[x, BLOCK_N]):
                        was = hold(caches, r, block_id[i])
                        kept -= was == 1
                        held -= block_pages if was < 2 else 0
                elif cache_blocks > 0:
                    kept = remember(
                        caches,
                        r,
                        kept,
                        cache_blocks,
                        block_id,
                        request[x, BLOCK_LOW],
                        request[x, BLOCK_N],
                    )
                entered = np.int64(request[x, WRITTEN]) + 1
                if entered == 1:
                    result[x, TTFT] = now - arrival[x]
                request[x, WRITTEN] = entered
                if entered >= request[x, OUTPUT]:
                    result[x, FINISH] = now
                    done += 1
                    done_now += 1
                    if block_pages > 0:
                        blocks = np.int64(request[x, BLOCK_N])
                        kept += let_go(caches, r, block_id, request[x, BLOCK_LOW], blocks)
                        held += blocks * block_pages
                else:
                    context = (request[x, PROMPT] + entered) * fine
                    c += context
                    a += 1
                    memory[r, phase + ((context - d * grow) & mask)] += 1
                    decoding += (context - (d - pages_step) * grow + mask) >> bits
                    steps = steps_of((request[x, OUTPUT] - entered) * fine, grow)
                    heap_push(memory, r, hn, ((d + steps) << 32) | x)
                    hn += 1
                    result[x, SHARED] -= g
            if not chunked:
                if now >= edge:
                    bin_now = now // width
                    edge = (bin_now + 1) * width
                continue
        elif a > 0:
            k = (memory[r, HEAP + 0] >> 32) - d
            u = costs[a, 0] + costs[a, 1] * c
            s = costs[a, 1] * a * grow
            u2 = costs[a, 2] + costs[a, 3] * c
            s2 = costs[a, 3] * a * grow
            if u >= u2:
                eu = costs[a, 4] + costs[a, 5] * c
                es = costs[a, 5] * a * grow
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
                eu = costs[a, 6] + costs[a, 7] * c
                es = costs[a, 7] * a * grow
            room = pages - held + kept * block_pages
            if (c + a * ((k - 1) * grow + mask)) >> bits > room:
                if pages_step < d:
                    base = (pages_step * grow) & mask
                    grown = (d - pages_step) * grow
                    decoding += pages_begun(memory, r, phase, unit, base, a, grown)
                    pages_step = d
                base = (d * grow) & mask
                free = room - decoding
                kk = steps_that_fit(memory, r, phase, unit, base, a, free, grow)
                if kk < k:
                    k = kk
            limit = edge
            if head >= 0 and a < max_batch and arrival[head] > now and arrival[head] < limit:
                limit = arrival[head]
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
            if k > 1 and now + t - u - s * (k - 1) >= until:
                break  # the last would begin too late, and nothing is finished before its end
            events += 1
            short = held + ((c + a * ((k - 1) * grow + mask)) >> bits) > pages
            if short and block_pages > 0 and kept > 0:  # what the last of the iterations needs
                base = (pages_step * grow) & mask
                grown = (d + k - 1 - pages_step) * grow
                decoding += pages_begun(memory, r, phase, unit, base, a, grown)
                pages_step = d + k - 1
                while decoding + held > pages and kept > 0:
                    evict(caches, r)
                    kept -= 1
                    held -= block_pages
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
                        memory[r, SPILL_T0] = now + t - t_last
                        memory[r, SPILL_T1] = now + t
                        memory[r, SPILL_E] = e_last
                        memory[r, SPILL_A] = a
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
        while hn > 0 and (memory[r, HEAP + 0] >> 32) <= d:  # completions
            x = memory[r, HEAP + 0] & 0xFFFFFFFF
            heap_pop(memory, r, hn)
            hn -= 1
            a -= 1
            entered = np.int64(request[x, WRITTEN])
            steps = steps_of((request[x, OUTPUT] - entered) * fine, grow)
            context = (request[x, PROMPT] + entered) * fine + steps * grow
            c -= context
            memory[r, phase + ((context - d * grow) & mask)] -= 1
            decoding -= (context - (d - pages_step) * grow + mask) >> bits
            result[x, FINISH] = now
            result[x, SHARED] += g
            done += 1
            done_now += 1
            if block_pages > 0:
                blocks = np.int64(request[x, BLOCK_N])
                kept += let_go(caches, r, block_id, request[x, BLOCK_LOW], blocks)
                held += blocks * block_pages

    memory[r, NOW] = now
    memory[r, STEP] = d
    memory[r, ACTIVE] = a
    memory[r, CONTEXT] = c
    memory[r, HEAP_N] = hn
    memory[r, RING_HEAD] = rh
    memory[r, RING_N] = rn
    memory[r, HEAD] = head
    memory[r, READING_PAGES] = reading
    memory[r, ENERGY] = total
    memory[r, ENERGY_PREFILL] = total_prefill
    memory[r, SHARE] = g
    memory[r, REMAINDER] = rem
    memory[r, ITERATIONS] = iterations
    memory[r, EVENTS] = events
    memory[r, DONE] = done
    memory[r, DONE_NOW] = done_now
    memory[r, BUSY] = busy
    memory[r, CACHED] = kept
    memory[r, KEPT_PAGES] = held
    memory[r, DECODING_PAGES] = decoding
    memory[r, PAGES_STEP] = pages_step
    memory[r, BIN] = bin_now


@compiled
def forward(low, high, t, memory, caches, bins, arrival, request, block_id, costs, limits, result):  # type: ignore[no-untyped-def]
    """Bring replicas ``low..high-1`` to time `t`."""
    for r in range(low, high):
        if memory[r, NOW] < t:
            advance(r, t, memory, caches, bins, arrival, request, block_id, costs, limits, result)
