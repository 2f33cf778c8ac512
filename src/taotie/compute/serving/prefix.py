"""Which leading blocks of a prompt are already in a replica's prefix cache? [block]

Two kinds of cache over dense block numbers. One is a pool of its own, least recently used forgotten first: a prompt hits
the run of leading blocks that are present; when its reading is complete all its blocks are put in front,
the last one first, so that the tail of a long prompt is forgotten before its head.

The other lives in the KV pages: whole blocks that were read stay in the pages of the requests that read them. Who hits a
block holds it too; a block that nobody holds any more is kept until pages run short, and the one let go first
goes first. Requests that have read the same block share one copy.

Row `b` of a replica's links is ``(newer, older)`` in a ring joined at the last row; `newer` -1 says absent, -2 held,
with `older` the number of holders.
"""

from __future__ import annotations

from taotie.compute.serving.state import compiled

__all__ = [
    "evict",
    "hold",
    "kept_hits",
    "leading_hits",
    "let_go",
    "remember",
]

NEWER, OLDER = 0, 1
ABSENT, HELD = -1, -2


@compiled
def unlink(links, r, b):  # type: ignore[no-untyped-def]
    """Take `b` out of the ring."""
    newer, older = links[r, b, NEWER], links[r, b, OLDER]
    links[r, older, NEWER] = newer
    links[r, newer, OLDER] = older


@compiled
def put_in_front(links, r, b):  # type: ignore[no-untyped-def]
    """Make `b` the newest of the ring."""
    joint = links.shape[1] - 1
    front = links[r, joint, OLDER]
    links[r, front, NEWER] = b
    links[r, b, OLDER] = front
    links[r, b, NEWER] = joint
    links[r, joint, OLDER] = b


@compiled
def leading_hits(links, r, block_id, low, n):  # type: ignore[no-untyped-def]
    """Leading blocks of ``block_id[low : low + n]`` that are present. [block]"""
    hits = 0
    while hits < n and links[r, block_id[low + hits], NEWER] != ABSENT:
        hits += 1
    return hits


@compiled
def remember(links, r, held, capacity, block_id, low, n):  # type: ignore[no-untyped-def]
    """Put the blocks in front, last first, dropping the oldest beyond `capacity`; returns how many are there."""
    for i in range(low + n - 1, low - 1, -1):
        b = block_id[i]
        if links[r, b, NEWER] >= 0:
            unlink(links, r, b)
        else:
            held += 1
        put_in_front(links, r, b)
        if held > capacity:
            evict(links, r)
            held -= 1
    return held


@compiled
def evict(links, r):  # type: ignore[no-untyped-def]
    """Drop the oldest of the ring, which is not empty."""
    oldest = links[r, links.shape[1] - 1, NEWER]
    unlink(links, r, oldest)
    links[r, oldest, NEWER] = ABSENT


@compiled
def kept_hits(links, r, block_id, low, n):  # type: ignore[no-untyped-def]
    """Those of `n` blocks that nobody holds. [block]"""
    kept = 0
    for i in range(low, low + n):
        kept += links[r, block_id[i], NEWER] >= 0
    return kept


@compiled
def hold(links, r, b):  # type: ignore[no-untyped-def]
    """One more holder of a block: 0 if it was held, 1 if it was kept, 2 if it is new."""
    was = links[r, b, NEWER]
    if was == HELD:
        links[r, b, OLDER] += 1
        return 0
    if was >= 0:
        unlink(links, r, b)
    links[r, b, NEWER] = HELD
    links[r, b, OLDER] = 1
    return 1 if was >= 0 else 2


@compiled
def let_go(links, r, block_id, low, n):  # type: ignore[no-untyped-def]
    """A request lets go of `n` blocks, the last one first; returns how many nobody holds now. [block]"""
    free = 0
    for i in range(low + n - 1, low - 1, -1):
        b = block_id[i]
        links[r, b, OLDER] -= 1
        if links[r, b, OLDER] == 0:
            put_in_front(links, r, b)
            free += 1
    return free
