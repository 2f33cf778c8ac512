"""Memory, precision, and what a replica cannot hold."""

import pytest

from rows import each_row
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.roofline import COLUMNS
from taotie.compute.energy.serving_setup import (
    PRECISIONS,
    ServingSetup,
    precision,
    smallest_replica,
)
from taotie.compute.energy.setup_notes import not_measured
from taotie.errors import RangeError, UnknownNameError
from taotie.hardware.accelerator import accelerator, custom_accelerator

H100 = accelerator("h100")


def test_worked_weights():
    assert ServingSetup(model_architecture("llama-3.1-8b"), H100).weights_b == pytest.approx(
        16.06e9, rel=1e-3
    )
    # experts in four bits and a quarter, the rest in sixteen
    small = ServingSetup(model_architecture("gpt-oss-20b"), H100, 1, "mxfp4")
    assert small.weights_b == pytest.approx(19.11e9 * 4.25 / 8 + 1.8e9 * 2, rel=0.01)


@pytest.mark.parametrize(
    ("model", "held", "chips"),
    [
        ("llama-3.1-8b", "bf16", 1),
        ("llama-3.1-70b", "bf16", 4),
        ("llama-3.1-405b", "fp8", 8),
        ("gpt-oss-120b", "mxfp4", 1),
    ],
)
def test_worked_smallest_replica(model, held, chips):
    assert smallest_replica(model_architecture(model), H100, held) == chips


def test_property_row_is_finite_and_named():
    import numpy as np

    for name in PRECISIONS:
        row = ServingSetup(model_architecture("qwen3-30b-a3b"), H100, 2, name).row
        assert row.shape == (len(COLUMNS),)
        assert np.all(np.isfinite(row))
        assert np.all(row >= 0)


def test_worked_tokens_per_step():
    m = model_architecture("deepseek-r1")
    assert ServingSetup(m, H100, 16, "fp8").tokens_per_step == 1.0
    half = ServingSetup(m, H100, 16, "fp8", draft_tokens=2, acceptance=0.5)
    assert half.tokens_per_step == 1.75
    assert half.draft_share == pytest.approx(2 / 61)
    own = ServingSetup(m, H100, 16, "fp8", draft_tokens=2, draft_model="total=3.7e9,active=3.7e9")
    assert own.draft_share == pytest.approx(0.2, rel=0.03)


def test_worked_a_draft_model_takes_memory():
    m = model_architecture("llama-3.1-8b")
    alone = ServingSetup(m, H100, draft_tokens=4, acceptance=0.7)
    beside = ServingSetup(m, H100, draft_tokens=4, acceptance=0.7, draft_model="llama-3.2-1b")
    small = model_architecture("llama-3.2-1b")
    assert alone.cache_room_b - beside.cache_room_b == 2.0 * small.total_params
    assert beside.largest_batch(1024) < alone.largest_batch(1024)
    assert beside.unusual()["draft_model"] == "llama-3.2-1b"


def test_worked_links_between_nodes():
    m = model_architecture("deepseek-r1")
    assert ServingSetup(m, H100, 8, "fp8").nodes == 1
    assert ServingSetup(m, H100, 16, "fp8").nodes == 2
    assert ServingSetup(m, H100, 16, "fp8").link_b_s == 50e9
    assert ServingSetup(m, accelerator("gb200"), 64, "fp8").nodes == 1


def test_error_too_large_says_how_many_chips():
    setup = ServingSetup(model_architecture("llama-3.1-405b"), H100, 1)
    with pytest.raises(RangeError, match="812 GB for weights") as caught:
        setup.largest_batch(1000)
    assert "16" in caught.value.hint


def test_error_cache_larger_than_memory():
    setup = ServingSetup(model_architecture("llama-3.1-8b"), H100)
    with pytest.raises(RangeError, match="one sequence"):
        setup.largest_batch(1e6)


def test_error_unknown_precision():
    with pytest.raises(UnknownNameError, match="fp7") as caught:
        precision("fp7")
    assert "fp8" in caught.value.hint
    with pytest.raises(UnknownNameError):
        ServingSetup(model_architecture("llama-3.1-8b"), H100, 1, "fp7")


def test_error_counts():
    with pytest.raises(RangeError, match="data_parallel=3"):
        ServingSetup(model_architecture("llama-3.1-8b"), H100, 4, data_parallel=3)


def test_error_no_rated_power():
    nameless = custom_accelerator("x", peak_bf16_flop_s=1e14, memory_b=5e10, bandwidth_b_s=1e12)
    with pytest.raises(RangeError, match="no rated power"):
        ServingSetup(model_architecture("llama-3.1-8b"), nameless, 2).row


@each_row(
    ("given", "words"),
    [
        ({"draft_tokens": -1}, "draft_tokens=-1"),
        ({"draft_tokens": 2, "acceptance": 1.2}, "acceptance=1.2"),
        ({"draft_tokens": 2, "draft_model": "llama-3.1-70b"}, "drafts gain nothing"),
        ({"draft_tokens": 2, "draft_model": "llama-3.1-8b"}, "drafts gain nothing"),
        ({"draft_model": "llama-3.2-1b"}, "drafts no token"),
        ({"runtime": "vllm-0.5", "precision": "mxfp4"}, "vllm-0.5 does not serve mxfp4"),
        ({"runtime": "vllm-0.5", "precision": "nvfp4"}, "vllm-0.5 does not serve nvfp4"),
        ({"expert_parallel": 2}, "no experts"),
        ({"software_date": "yesterday"}, "not a date"),
    ],
)
def test_error_setups_that_cannot_be(given, words):
    with pytest.raises(RangeError, match=words) as caught:
        ServingSetup(model_architecture("llama-3.1-8b"), H100, 2, **given)
    assert caught.value.hint


@each_row(
    ("model", "n", "groups", "uneven"),
    [
        ("llama-3.1-8b", 3, 1, True),
        ("llama-3.1-8b", 4, 1, False),
        ("qwen3-14b", 16, 1, True),
        ("deepseek-r1", 24, 8, True),
        ("deepseek-r1", 16, 8, False),
        ("70B", 8, 1, False),
    ],
)
def test_heads_that_cannot_be_cut_evenly_are_said(model, n, groups, uneven):
    """Engines cut attention by heads; of a model known by size alone nobody knows them."""
    setup = ServingSetup(model_architecture(model), H100, n, "fp8", data_parallel=groups)
    assert ("not_measured.cut" in {s.code for s in not_measured(setup)}) == uneven
