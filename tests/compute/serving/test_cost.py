"""Cost tables: worked by hand, pipeline stages against a walk through every stage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.compute.serving.cost import (
    IterationCosts,
    ReplicaLimits,
    pipeline_costs,
    speculative_tokens_per_step,
)
from taotie.compute.serving.fleet import Load, run_independent
from taotie.errors import RangeError


def test_worked_one_request():
    # reads 3 tokens: 100 + 3*5 ps; writes 2 more with contexts 4 and 5: 110 + 4, 110 + 5 ps
    costs = IterationCosts.affine(2, (100, 10, 1, 5, 0), (7, 0, 2, 1, 0))
    load = Load(np.array([1000]), np.array([3], np.int32), np.array([3], np.int32))
    run = run_independent(load, costs, ReplicaLimits(2, 10), 1, bin_ps=1100)
    assert run.ttft[0] == 115
    assert run.finish[0] == 1000 + 115 + 114 + 115
    assert run.own[0] == 3
    assert run.shared[0] == 7 + (7 + 8) + (7 + 10)
    # the edge at 1100 ps cuts the first iteration (10 nJ) after 100 of its 115 ps
    assert run.bins[:, 0].tolist() == [8, 2 + 15 + 17]
    assert run.bins[:, 1].tolist() == [100, 15 + 114 + 115]


def test_published_speculative_tokens_per_step():
    # Leviathan et al. 2023, eq. 1, with a rate of 0.8 and 4 drafts: (1 - 0.8**5) / 0.2
    assert speculative_tokens_per_step(0.8, 4) == pytest.approx(3.3616)


@given(st.integers(2, 5), st.integers(1, 13), st.integers(0, 50), st.integers(0, 2**32 - 1))
def test_matches_stage_by_stage_pipeline(stages, batch, hop, seed):
    """Micro-batches pass freely from stage to stage; in the long run a round takes what the table says."""
    rng = np.random.default_rng(seed)
    base, per = int(rng.integers(1, 500)) * stages, int(rng.integers(0, 90)) * stages
    costs = IterationCosts.affine(16, (base, per, 0, 0, 0), (11, 3, 0, 0, 0))
    parts = [n for j in range(stages) if (n := batch // stages + (j < batch % stages))]
    free = [0] * stages  # when each stage has finished its last micro-batch
    ready = [0] * len(parts)  # when each micro-batch may enter its next stage
    after = []
    for _round in range(80):
        for m, n in enumerate(parts):
            for s in range(stages):
                free[s] = max(free[s], ready[m]) + (base + per * n) // stages
                ready[m] = free[s] + hop
        after.append(ready[0])
    row = pipeline_costs(costs, stages, hop).decode[batch]
    assert row[0] == after[-1] - after[-2]
    assert (after[-1] - after[-41]) == 40 * row[0]
    assert row[4] == sum(11 + 3 * n for n in parts)


def test_error_costs_and_limits():
    good = IterationCosts.affine(2, (100, 10, 1, 5, 0), (7, 0, 0, 0, 0))
    with pytest.raises(RangeError, match="do not fit together"):
        IterationCosts(good.decode, good.mixed[:1], good.prefill)
    with pytest.raises(RangeError, match="takes -5 ps"):
        IterationCosts.affine(2, (-5, 0, 0, 0, 0), (0, 0, 0, 0, 0))
    with pytest.raises(RangeError, match="smaller"):
        IterationCosts.affine(2, (5, 0, -1, 0, 0), (0, 0, 0, 0, 0))
    with pytest.raises(RangeError, match="power of two"):
        ReplicaLimits(4, 10, page_tokens=12)
    with pytest.raises(RangeError, match="acceptance_rate"):
        speculative_tokens_per_step(1.2, 3)
    with pytest.raises(RangeError, match="stages"):
        pipeline_costs(good, 0, 1)
