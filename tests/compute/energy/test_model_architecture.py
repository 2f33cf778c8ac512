"""Model shapes: counted parameters equal published ones; unknown models get a typical shape."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

import taotie
from rows import each_row
from taotie.compute.energy.model_architecture import (
    ModelArchitecture,
    find_model,
    model_architecture,
    model_architectures,
    model_used,
    typical_architecture,
)
from taotie.errors import RangeError, UnknownNameError
from taotie.quantity.catalog import table

PUBLISHED_BILLIONS = {
    "llama-3.1-8b": (8.03, 8.03),
    "llama-3.1-70b": (70.6, 70.6),
    "llama-3.1-405b": (405.9, 405.9),
    "mixtral-8x7b": (46.7, 12.9),
    "mixtral-8x22b": (141, 39),
    "deepseek-v3": (671, 37),
    "kimi-k2": (1000, 32),
    "kimi-k2-thinking": (1000, 32),
    "kimi-k2.5": (1000, 32),
    "qwen3-30b-a3b": (30.5, 3.3),
    "qwen3-235b-a22b": (235, 22),
    "qwen3-coder-480b-a35b": (480, 35),
    "gpt-oss-20b": (20.9, 3.6),
    "gpt-oss-120b": (117, 5.1),
    "llama-4-maverick-17b-128e": (400, 17),
    "gemma-3-27b": (27, 27),
    "nemotron-nano-12b-v2": (12.3, 12.3),
    "gpt-3-175b": (175, 175),
}


@each_row("name", PUBLISHED_BILLIONS)
def test_published_parameter_counts(name):
    m = model_architecture(name)
    total, active = PUBLISHED_BILLIONS[name]
    assert m.total_params / 1e9 == pytest.approx(total, rel=0.03)
    # publishers count active parameters with or without embeddings
    assert m.active_params / 1e9 == pytest.approx(active, rel=0.2)


@pytest.mark.parametrize(
    ("name", "kv"),
    [("llama-3.1-8b", 131_072), ("llama-3.1-405b", 516_096), ("deepseek-v3", 70_272), ("qwen3-32b", 262_144), ("gpt-3-175b", 4_718_592)],
)  # fmt: skip
def test_published_cache_bytes_per_token(name, kv):
    assert model_architecture(name).kv_b_per_token == kv


def test_worked_at_least_forty_open_models_with_sane_shapes():
    models = model_architectures()
    assert len(models) >= 40
    for m in models.values():
        assert 0 <= m.window_layers <= m.attention_layers <= m.layers
        assert 0 <= m.moe_layers <= m.layers
        assert m.kv_heads <= m.heads
        assert 0 < m.matmul_params <= m.active_params <= m.total_params * 1.0001
        assert m.expert_params < m.total_params


@each_row(
    ("given_name", "found"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"),
        ("Qwen/Qwen3-Omni-30B-A3B-Instruct", "qwen3-30b-a3b"),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8", "qwen3-coder-480b-a35b"),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "llama-3.1-70b"),
        ("nvidia/NVIDIA-Nemotron-Nano-12B-v2-VL-BF16", "nemotron-nano-12b-v2"),
        ("mistralai/Mistral-7B-Instruct-v0.1", "mistral-7b-v0.1"),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral-7b"),
        ("Llama 3.1 8B", "llama-3.1-8b"),
        ("deepseek-ai/DeepSeek-V3-0324", "deepseek-v3"),
    ],
)
def test_worked_names_of_hugging_face(given_name, found):
    model = find_model(given_name)
    assert model is not None
    assert model.name == found


@each_row(
    "name",
    [
        "Phi-4-mini-instruct", "DeepSeek-R1-0528-Qwen3-8B", "gemma-3-270m-it", "Mistral-Large-3-675B",
        "Llama-3.1-8B-Nano", "qwen3-8b-lite",
    ],
)  # fmt: skip
def test_error_a_name_that_only_begins_alike_is_unknown(name):
    assert find_model(name) is None


UNGATED = ("bloom-176b", "gpt-3-175b", "starcoder2-3b", "starcoder2-7b", "starcoder2-15b")


def test_matches_counts_from_the_shape():
    """Totals and active parameters of the table, counted again from its shapes: within 2 %."""
    checked = 0
    for name, m in model_architectures().items():
        if name.startswith("nemotron-nano"):
            continue  # a layer is a mixer or a feed-forward part there: the shape does not say how many of each
        matrices = 2 if name in UNGATED else 3
        wide = matrices * m.hidden
        routed = m.moe_layers * m.experts * 3 * m.hidden * m.expert_ffn
        total = (
            m.mixer_params
            + (m.layers - m.moe_layers) * wide * m.ffn
            + routed
            + m.moe_layers * m.hidden * (3 * m.shared_ffn + m.experts)
            + m.vocabulary * m.hidden * (1 if m.tied_embedding else 2)
        )
        active = total - (routed * (1 - m.top_k / m.experts) if m.experts else 0)
        assert m.total_params == pytest.approx(total, rel=0.02), name
        assert m.active_params == pytest.approx(active, rel=0.02), name
        checked += 1
    assert checked > 85


def test_matches_published_shapes(shared_data):
    """Every release of the shared list that the table knows: same layers, heads, experts; counted totals within 2 %."""
    rows = csv.DictReader((shared_data / "model_shapes/release_configs.csv").open(encoding="utf-8"))
    known = 0
    for row in rows:
        m = find_model(row["release"])
        if m is None:
            continue
        known += 1
        for key, mine in (
            ("layers", m.layers), ("hidden", m.hidden), ("heads", m.heads), ("experts", m.experts), ("top_k", m.top_k),
        ):  # fmt: skip
            assert not row[key] or float(row[key]) == mine, (row["release"], key)
        if row["window"] and row["window_layers"]:
            assert m.window_layers == int(row["window_layers"]), row["release"]
        if row["counted_total"]:
            assert m.total_params == pytest.approx(float(row["counted_total"]), rel=0.02), row
    assert known > 45


def test_property_a_shape_from_memory_says_so_and_widens():
    for m in model_architectures().values():
        recalled = any(s.code == "model_from_memory" for s in m.said)
        assert recalled == (m.doubt > 0), m.name
    assert model_architecture("llama-3.1-8b").said == ()


def test_property_every_cell_from_memory_is_told_with_the_answer():
    """Of each model of the table: a shape by name and with a wider range, the format it is released in apart."""
    for name, quantities in table("models").from_memory.items():
        said = {s.code: s.values for s in taotie.prompt(model=name, samples=100).said}
        shape = set(quantities) - {"precision_native"}
        told = said.get("model_from_memory", {"keys": ""})["keys"]
        assert {key for key in told.split(", ") if key} == shape, name
        assert (model_architecture(name).doubt > 0) == bool(shape), name
        assert ("precision_from_memory" in said) == ("precision_native" in quantities), name


def test_property_no_format_is_from_memory_where_the_name_says_it():
    assert [s.code for s in model_architecture("glm-4.6").said] == ["precision_from_memory"]
    assert model_architecture("zai-org/GLM-4.6-FP8").said == ()


def test_worked_namesake_of_another_size_is_not_taken():
    assert find_model("deepseek-r1-small", total_params=7e9) is None


@given(st.floats(3e8, 2e12), st.floats(0.01, 1.0))
def test_property_typical_shape_keeps_the_counts(total, share):
    m = typical_architecture("x", total, total * share)
    assert m.total_params == total
    assert m.active_params == pytest.approx(total * share)
    assert 0 <= m.expert_params <= total * 1.0001
    assert m.typical
    assert m.layers >= 4


def test_error_experts_without_top_k():
    with pytest.raises(RangeError, match="top_k=0"):
        ModelArchitecture(
            "x", 2, 64, 1, 1, 64, 256, 1000, experts=8, total_params=1e9, active_params=5e8
        )


def test_error_unknown_model_says_what_else_would_do():
    with pytest.raises(UnknownNameError) as caught:
        model_architecture("lama-3.1-8b")
    assert "llama-3.1-8b" in caught.value.hint
    assert "config.json" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "near"),
    [("ChatGPT", "gpt-"), ("claude", "claude-"), ("gemini", "gemini-"), ("mistral", "mistral-7b")],
)
def test_error_a_product_alone_is_told_its_models(name, near):
    """`gemini` was asked whether phi-3-mini was meant."""
    with pytest.raises(UnknownNameError, match=f"did you mean {near}"):
        model_architecture(name)


def test_error_impossible_counts():
    with pytest.raises(RangeError):
        typical_architecture("x", float("nan"))
    with pytest.raises(RangeError):
        typical_architecture("x", -5.0)


@each_row(
    ("name", "row", "held"),
    [
        ("moonshotai/Kimi-K2-Thinking", "kimi-k2-thinking", "int4"),
        ("moonshotai/Kimi-K2-Instruct-0905", "kimi-k2", "fp8"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "qwen3-235b-a22b", "fp8"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507", "qwen3-235b-a22b", "bf16"),
        ("nvidia/DeepSeek-R1-FP4", "deepseek-r1", "nvfp4"),
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "qwen2.5-7b", "int8"),
        ("llama-3.1-8b-awq", "llama-3.1-8b", "int4"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8", "llama-3.1-8b", "int8"),
        ("unsloth/Llama-3.1-8B-Instruct-bnb-4bit", "llama-3.1-8b", "int4"),
        ("unsloth/gpt-oss-120b-BF16", "gpt-oss-120b", "bf16"),
    ],
)
def test_a_release_is_in_the_format_its_name_says(name, row, held):
    """A release in few bits is never priced at 16 in silence, nor a wide one at few."""
    found = model_architecture(name)
    assert (found.name, found.precision_native) == (row, held)


def test_sizes_are_told_in_digits():
    said = model_used(model_architecture("kimi-k2"))[0]
    told = [said.values[k] for k in ("total", "active")]
    assert [t.text("en") for t in told] == ["1.03 trillion", "32.9 billion"]
    assert [t.text("zh") for t in told] == ["1.03 万亿", "329 亿"]
