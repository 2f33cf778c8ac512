"""Random replicas, costs and requests for the tests of the simulator."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.fleet import Load

sys.path.insert(0, str(Path(__file__).parent))
from naive_oracle import Request


def load_of(requests: list[Request], kv_comes: bool = False) -> Load:
    blocks = [b for x in requests for b in x.blocks]
    counts = np.array([len(x.blocks) for x in requests], np.int32)
    return Load(
        np.array([x.arrival for x in requests], np.int64),
        np.array([x.prompt for x in requests], np.int32),
        np.array([x.output for x in requests], np.int32),
        (np.cumsum(counts) - counts).astype(np.int64),
        counts,
        np.array(blocks, np.int32),
        kv_comes,
    )


@st.composite
def cost_tables(draw: st.DrawFn, max_batch: int, two_lines: bool) -> IterationCosts:
    """Random tables: any intercept, any slope, not even monotone; or every iteration takes the same time.

    The latter makes lower bounds of the next finish exact.
    """
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    scale = int(rng.integers(1, 4000))
    flat = rng.integers(0, 4) == 0

    def table() -> np.ndarray:
        t = rng.integers(1, scale + 1, (max_batch + 1, 8))
        t[:, [1, 3]] = rng.integers(0, 1 + rng.integers(1, 30), (max_batch + 1, 2))
        t[:, [5, 7]] = rng.integers(0, 9, (max_batch + 1, 2))
        if flat:
            t[:, 0], t[:, 1] = scale, 0
        if flat or not two_lines:
            t[:, 2], t[:, 3] = -(1 << 60), 0
        return t

    prefill = rng.integers(0, 1 + rng.integers(1, 9), 12)
    prefill[:6] *= not flat
    return IterationCosts(table(), table(), prefill)


@st.composite
def cases(
    draw: st.DrawFn,
    tight: bool | None = None,
    two_lines: bool | None = None,
    chunked: bool | None = None,
    speculative: bool | None = None,
    prefix: bool | str = False,
    kv_comes: bool = False,
):
    """One replica: costs, limits and requests that it can hold."""

    def choose(given: bool | None) -> bool:
        return draw(st.booleans()) if given is None else given

    max_batch = draw(st.integers(1, 12))
    costs = draw(cost_tables(max_batch, choose(two_lines)))
    page = draw(st.sampled_from([1, 2, 4, 16]))
    room = draw(st.integers(8, 60)) if choose(tight) else draw(st.integers(400, 4000))
    block = draw(st.integers(1, 8))
    in_pages = prefix == "pages" or (prefix == "any" and draw(st.booleans()))
    if in_pages:
        block = page * draw(st.integers(1, max(1, 8 // page)))
    limits = ReplicaLimits(
        max_batch=max_batch,
        kv_pages=max(1, room // page),
        page_tokens=page,
        token_budget=draw(st.integers(1, 40)),
        chunked=choose(chunked),
        watermark_pages=draw(st.integers(0, 2)),
        tokens_per_step=draw(st.integers(1, 4)),
        accepted_16ths=draw(st.integers(16, 70)) if choose(speculative) else 0,
        prefix_block_tokens=block,
        prefix_blocks=draw(st.integers(1, 12)) if prefix and not in_pages else 0,
        prefix_in_pages=in_pages,
    )
    n = draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    gap = int(rng.choice([0, 10, 1000, 30000, 400000]))
    at = np.cumsum(rng.integers(0, gap + 1, n) * rng.integers(0, 3, n))
    requests = []
    for i in range(n):
        prompt = int(rng.integers(1, 30))
        output = int(rng.integers(1, rng.choice([3, 40, 200])))
        while -(-(prompt + output) // page) > limits.kv_pages:
            prompt, output = max(1, prompt // 2), output // 2
            if output < 1:
                output = 1
            if prompt + output <= 2:
                break
        if -(-(prompt + output) // page) > limits.kv_pages:
            continue
        blocks: tuple[int, ...] = ()
        if prefix:
            family = int(rng.integers(0, 3))
            count = (prompt + int(rng.integers(0, block))) // block  # the last may be part of one
            blocks = tuple(family * 4 + j if j < 4 else 100 + i * 30 + j for j in range(count))
        requests.append(Request(int(at[i]), prompt, output, blocks, i, kv_comes))
    if not requests:
        requests.append(Request(0, 1, 1, (), 0, kv_comes))
        limits = ReplicaLimits(max_batch, 400)
    bin_ps = draw(st.sampled_from([0, 53, 977, 30_011, 10**7]))
    return costs, limits, requests, bin_ps
