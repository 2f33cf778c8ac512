"""Which leading blocks of a prompt are already in a replica's prefix cache? [block]

Two kinds of cache over dense block numbers. One is a pool of its own, least recently used forgotten first: a prompt hits
the run of leading blocks that are present; when its reading is complete all its blocks are used anew,
the last one first, so that the tail of a long prompt is forgotten before its head.

The other lives in the KV pages: whole blocks that were read stay in the pages of the requests that read them. Who hits a
block holds it too; a block that nobody holds any more is kept until pages run short, and the one let go first
goes first. Requests that have read the same block share one copy.

Both keep a queue of blocks in order of their last use. A block used again is put at its end and its earlier place is
passed over later: a row of a cache is ``head, tail, room`` of the queue (a ring), a mark for each block, and the queue. A
mark is 0 if the block is absent, the number of its holders if it is held, and ``-1 - place`` if it is in the queue: one
word is looked at where a chain would need those of both neighbours, which lie anywhere in memory.
"""

from __future__ import annotations

from taotie.compute.serving.state import compiled

__all__ = [
    "evict",
    "hold",
    "kept_hits",
    "leading_hits",
    "let_go",
    "memory_words",
    "remember",
]

Q_HEAD, Q_TAIL, Q_ROOM = range(3)
MARKS = 3
"""Where the marks begin; the queue follows."""
PASSED_OVER = 4
"""Places of the queue for each block in it: the more, the seldomer it is put together."""


def memory_words(n_block: int, most_kept: int) -> tuple[int, int]:
    """Length of a cache's row, and of the queue in it, if at most so many of `n_block` blocks are in the queue."""
    room = PASSED_OVER * min(n_block, most_kept) + 64 if n_block else 0
    return MARKS + n_block + room, room


@compiled
def queued(cache, r, b):  # type: ignore[no-untyped-def]
    """Put `b` at the end of the queue."""
    room = cache[r, Q_ROOM]
    first = cache.shape[1] - room
    tail = cache[r, Q_TAIL]
    cache[r, first + tail] = b
    cache[r, MARKS + b] = -1 - tail
    tail = 0 if tail + 1 == room else tail + 1
    head = cache[r, Q_HEAD]
    if tail == head:  # full: leave out the places that are passed over
        place = head
        for _i in range(room):
            b = cache[r, first + place]
            if cache[r, MARKS + b] == -1 - place:
                cache[r, first + tail] = b
                cache[r, MARKS + b] = -1 - tail
                tail = 0 if tail + 1 == room else tail + 1
            place = 0 if place + 1 == room else place + 1
    cache[r, Q_TAIL] = tail


@compiled
def evict(cache, r):  # type: ignore[no-untyped-def]
    """Forget the block used longest ago; there is one in the queue."""
    room = cache[r, Q_ROOM]
    first = cache.shape[1] - room
    head = cache[r, Q_HEAD]
    while True:
        b = cache[r, first + head]
        there = cache[r, MARKS + b] == -1 - head
        head = 0 if head + 1 == room else head + 1
        if there:
            cache[r, MARKS + b] = 0
            break
    cache[r, Q_HEAD] = head


@compiled
def leading_hits(cache, r, block_id, low, n):  # type: ignore[no-untyped-def]
    """Leading blocks of ``block_id[low : low + n]`` that are present. [block]"""
    hits = 0
    while hits < n and cache[r, MARKS + block_id[low + hits]] != 0:
        hits += 1
    return hits


@compiled
def remember(cache, r, there, capacity, block_id, low, n):  # type: ignore[no-untyped-def]
    """Use the blocks anew, last first, dropping the oldest beyond `capacity`; returns how many are there."""
    for i in range(low + n - 1, low - 1, -1):
        b = block_id[i]
        there += cache[r, MARKS + b] == 0
        queued(cache, r, b)
        if there > capacity:
            evict(cache, r)
            there -= 1
    return there


@compiled
def kept_hits(cache, r, block_id, low, n):  # type: ignore[no-untyped-def]
    """Those of `n` blocks that nobody holds. [block]"""
    kept = 0
    for i in range(low, low + n):
        kept += cache[r, MARKS + block_id[i]] < 0
    return kept


@compiled
def hold(cache, r, b):  # type: ignore[no-untyped-def]
    """One more holder of a block: 0 if it was held, 1 if it was kept, 2 if it is new."""
    was = cache[r, MARKS + b]
    cache[r, MARKS + b] = max(was, 0) + 1
    return 0 if was > 0 else (1 if was < 0 else 2)


@compiled
def let_go(cache, r, block_id, low, n):  # type: ignore[no-untyped-def]
    """A request lets go of `n` blocks, the last one first; returns how many nobody holds now. [block]"""
    free = 0
    for i in range(low + n - 1, low - 1, -1):
        b = block_id[i]
        if cache[r, MARKS + b] == 1:
            queued(cache, r, b)
            free += 1
        else:
            cache[r, MARKS + b] -= 1
    return free
