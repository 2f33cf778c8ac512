"""Which leading blocks of a prompt are already in a replica's prefix cache? [block]

A least-recently-used cache of hashed blocks as a doubly linked list over dense block numbers:
`newer[b]`, `older[b]`, with entry `n_block` as the ring's joint. `newer[b] == -1` says absent.
A prompt hits the run of leading blocks that are present; when its reading is complete all its blocks
are put in front, the last one first, so that the tail of a long prompt is forgotten before its head.
"""

from __future__ import annotations

from typing import Any

from numba import njit
from numpy.typing import NDArray

__all__ = ["leading_hits", "remember"]

Array = NDArray[Any]


@njit(cache=True, nogil=True)
def leading_hits(newer: Array, block_id: Array, low: int, n: int) -> int:
    """Leading blocks of `block_id[low : low + n]` that are present. [block]"""
    hits = 0
    while hits < n and newer[block_id[low + hits]] >= 0:
        hits += 1
    return hits


@njit(cache=True, nogil=True)
def remember(
    newer: Array, older: Array, held: int, capacity: int, block_id: Array, low: int, n: int
) -> int:
    """Put the blocks in front, last first, dropping the oldest beyond `capacity`; returns how many are held."""
    joint = newer.shape[0] - 1
    for i in range(low + n - 1, low - 1, -1):
        b = block_id[i]
        if newer[b] >= 0:
            newer[older[b]] = newer[b]
            older[newer[b]] = older[b]
        else:
            held += 1
        front = older[joint]
        newer[front] = b
        older[b] = front
        newer[b] = joint
        older[joint] = b
        if held > capacity:
            last = newer[joint]
            newer[joint] = newer[last]
            older[newer[last]] = joint
            newer[last] = -1
            held -= 1
    return held
