"""Are blocks of prompts forgotten in the order in which they were last used?"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from taotie.compute.serving import prefix


def empty(n_block: int, most: int) -> np.ndarray:
    words, room = prefix.memory_words(n_block, most)
    cache = np.zeros((2, words), np.int32)
    cache[:, prefix.Q_ROOM] = room
    return cache


def test_a_pool_forgets_the_block_used_longest_ago():
    """Against an ordered dict, with few blocks used over and over, so that the queue fills and is put together."""
    rng = np.random.default_rng(5)
    for n_block, capacity in ((5, 3), (40, 11), (200, 64), (6, 6)):
        cache, known, there = empty(n_block, capacity), OrderedDict(), 0
        for _i in range(3000):
            first = int(rng.integers(0, n_block) * rng.random())  # some far more often than others
            blocks = np.arange(first, min(first + int(rng.integers(1, 4)), n_block), dtype=np.int32)
            n = len(blocks)
            hits = 0
            while hits < n and int(blocks[hits]) in known:
                hits += 1
            assert prefix.leading_hits(cache, 1, blocks, 0, n) == hits
            there = prefix.remember(cache, 1, there, capacity, blocks, 0, n)
            for b in blocks[::-1].tolist():
                known.pop(b, None)
                known[b] = True
                if len(known) > capacity:
                    known.popitem(last=False)
            assert there == len(known)
        assert not cache[0, prefix.MARKS :].any()  # the other replica's


def test_kept_pages_are_given_up_in_the_order_they_were_let_go():
    """Holders are counted; a block taken up again loses its place in the queue."""
    rng = np.random.default_rng(6)
    n_block = 12
    cache, holders, kept = empty(n_block, n_block), [0] * n_block, OrderedDict()
    held: list[int] = []
    for _i in range(4000):
        b = int(rng.integers(0, n_block))
        one = np.array([b], np.int32)
        assert prefix.kept_hits(cache, 0, one, 0, 1) == (b in kept)
        if rng.random() < 0.5:
            was = 0 if holders[b] else (1 if b in kept else 2)
            assert prefix.hold(cache, 0, b) == was
            kept.pop(b, None)
            holders[b] += 1
            held.append(b)
        elif held:
            b = held.pop(int(rng.integers(0, len(held))))
            holders[b] -= 1
            assert prefix.let_go(cache, 0, np.array([b], np.int32), 0, 1) == (holders[b] == 0)
            if holders[b] == 0:
                kept[b] = True
        elif kept:
            prefix.evict(cache, 0)
            kept.popitem(last=False)
        marks = cache[0, prefix.MARKS : prefix.MARKS + n_block]
        assert [m < 0 for m in marks] == [b in kept for b in range(n_block)]
    while kept:
        prefix.evict(cache, 0)
        b, _true = kept.popitem(last=False)
        assert cache[0, prefix.MARKS + b] == 0
