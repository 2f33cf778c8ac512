"""Reading a local config.json: counts from the shape, clear refusals."""

import json

import pytest

from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.model_config import architecture_from_config, read_model_config
from taotie.errors import DataError, RangeError

QWEN_MOE = {
    "num_hidden_layers": 48, "hidden_size": 2048, "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128,
    "intermediate_size": 6144, "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8,
    "decoder_sparse_step": 1, "vocab_size": 151936, "tie_word_embeddings": False,
}  # fmt: skip
DEEPSEEK = {
    "num_hidden_layers": 61, "hidden_size": 7168, "num_attention_heads": 128, "num_key_value_heads": 128,
    "intermediate_size": 18432, "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1,
    "num_experts_per_tok": 8, "first_k_dense_replace": 3, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64, "v_head_dim": 128, "vocab_size": 129280,
}  # fmt: skip


def test_published_mixture_of_experts():
    m = architecture_from_config(QWEN_MOE, "qwen3-30b-a3b")
    assert m.total_params / 1e9 == pytest.approx(30.5, abs=0.05)
    assert m.active_params / 1e9 == pytest.approx(3.3, abs=0.06)
    assert m.expert_params / 1e9 == pytest.approx(29.0, abs=0.05)


def test_published_latent_attention():
    m = architecture_from_config(DEEPSEEK, "deepseek-v3")
    assert m.total_params / 1e9 == pytest.approx(671, abs=1)
    assert m.kv_b_per_token == 61 * 576 * 2
    assert m.moe_layers == 58


def test_matches_table(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"_name_or_path": "Qwen/Qwen3-30B-A3B", **QWEN_MOE}))
    m = read_model_config(file)
    known = model_architecture("qwen3-30b-a3b")
    assert m.name == "qwen3-30b-a3b"
    assert (m.layers, m.experts, m.top_k, m.total_params) == (
        known.layers,
        known.experts,
        known.top_k,
        known.total_params,
    )


def test_worked_windows_and_multimodal_wrapper():
    layers = ["sliding_attention", "full_attention"] * 12
    inner = {**QWEN_MOE, "num_hidden_layers": 24, "layer_types": layers, "sliding_window": 128}
    m = architecture_from_config({"text_config": inner, "vision_config": {"depth": 3}}, "x")
    assert (m.window, m.window_layers, m.attention_layers) == (128, 12, 24)


def test_worked_hybrid_keeps_state_not_cache():
    config = {
        "num_hidden_layers": 10, "hidden_size": 1024, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 128,
        "intermediate_size": 4096, "vocab_size": 1000, "hybrid_override_pattern": "M-M-M-M-*-", "mamba_num_heads": 16,
        "mamba_head_dim": 64, "ssm_state_size": 128, "mlp_hidden_act": "relu2", "mamba_ssm_cache_dtype": "float32",
    }  # fmt: skip
    m = architecture_from_config(config, "x")
    assert m.kind == "hybrid"
    assert m.attention_layers == 1
    assert m.state_b == 4 * 16 * 64 * 128 * 4


@pytest.mark.parametrize("missing", ["num_hidden_layers", "hidden_size", "vocab_size"])
def test_error_missing_key_is_named(missing):
    config = {k: v for k, v in QWEN_MOE.items() if k != missing}
    with pytest.raises(RangeError, match=missing):
        architecture_from_config(config, "x")


def test_error_experts_without_top_k():
    config = {k: v for k, v in QWEN_MOE.items() if k != "num_experts_per_tok"}
    with pytest.raises(RangeError, match="num_experts_per_tok"):
        architecture_from_config(config, "x")


@pytest.mark.parametrize("value", ["many", -3, float("inf")])
def test_error_impossible_count(value):
    with pytest.raises(RangeError, match="hidden_size"):
        architecture_from_config({**QWEN_MOE, "hidden_size": value}, "x")


def test_error_files(tmp_path):
    with pytest.raises(DataError, match="no file"):
        read_model_config(tmp_path / "none.json")
    bad = tmp_path / "config.json"
    bad.write_bytes(b"\xff\xfe{")
    with pytest.raises(DataError, match="not JSON"):
        read_model_config(bad)
    bad.write_text("[1, 2]")
    with pytest.raises(DataError, match="not a table"):
        read_model_config(bad)
    bad.write_text(" " * 2_000_001)
    with pytest.raises(DataError, match="few kB"):
        read_model_config(bad)
