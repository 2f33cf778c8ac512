"""Reading a local config.json: counts from the shape, clear refusals."""

import csv
import json

import pytest

from rows import each_row
from taotie.compute.energy import model_config, model_keys, model_types
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.model_config import architecture_from_config, read_model_config
from taotie.errors import DataError, RangeError, TaotieError

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
    assert (m.layers, m.experts, m.top_k) == (known.layers, known.experts, known.top_k)
    assert m.total_params == pytest.approx(known.total_params, rel=1e-4)  # norms are counted too


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
    numbers = 4 * (
        16 * 64 * 128 + 4 * (16 * 64 + 2 * 128)
    )  # state, and the last four inputs of the convolution
    assert m.state_b == 4 * numbers
    assert m.fixed_state_b == 2 * numbers  # told at 16 bit, like the cache


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
    with pytest.raises(DataError, match="not UTF-8"):
        read_model_config(bad)
    bad.write_text("[1, 2]")
    with pytest.raises(DataError, match="not a table"):
        read_model_config(bad)
    bad.write_text(" " * 32_000_001)
    with pytest.raises(DataError, match="it has 32 MB"):
        read_model_config(bad)


LLAMA = {
    "model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256,
}  # fmt: skip


def test_matches_the_public_library(shared_data):
    """145 model types as the library builds them: total and growth within 1 %, active within 2 %."""
    rows = csv.DictReader((shared_data / "model_shapes/architectures.csv").open(encoding="utf-8"))
    wrong, silent = [], []
    n = 0
    for row in rows:
        n += 1
        m = architecture_from_config(json.loads(row["config_json"]), row["model_type"])
        known = {
            "total_params": (m.total_params, 0.01),
            "active_params": (m.active_params, 0.02),
            "kv_bytes_per_token_growing": (m.kv_b_per_token, 0.01),
            "fixed_state_bytes": (m.fixed_state_b, 0.02),
            "layers_full": (m.attention_layers - m.window_layers, 0),
            "layers_window": (m.window_layers, 0),
            "layers_linear": (m.linear_layers, 0),
        }
        if any(
            row[key] and abs(mine - float(row[key])) > tolerance * max(float(row[key]), 1.0)
            for key, (mine, tolerance) in known.items()
        ):
            wrong.append(row["model_type"])
            if not m.said:
                silent.append(row["model_type"])
    assert n == 145
    assert silent == []
    # these two count weights that the library builds and the releases do not have: said by name
    assert set(wrong) <= {"longcat_flash", "zamba2"}


def test_property_a_type_off_the_list_is_never_read_in_silence(shared_data, monkeypatch):
    """Every third type taken off our list: read right, or with a range and a note."""
    real_defaults, real_traits = model_keys.class_defaults, model_types.traits_of
    rows = list(
        csv.DictReader((shared_data / "model_shapes/architectures.csv").open(encoding="utf-8"))
    )
    for part in range(3):
        hidden = {r["model_type"] for r in rows[part::3]}
        for r in rows[part::3]:
            config = json.loads(r["config_json"])
            hidden |= {c.get("model_type", "") for c in (config, config.get("text_config") or {})}

        def hide(make):
            return lambda name: None if name in hidden else make(name)  # noqa: B023

        for module in (model_config, model_types):
            monkeypatch.setattr(module, "class_defaults", hide(real_defaults))
        monkeypatch.setattr(model_config, "traits_of", hide(real_traits))
        for row in rows[part::3]:
            try:
                m = architecture_from_config(json.loads(row["config_json"]), row["model_type"])
            except TaotieError:
                continue
            assert m.doubt > 0, row["model_type"]
            assert any(s.code == "model_type_unknown" for s in m.said), row["model_type"]


def test_worked_a_key_that_is_not_understood_is_named():
    m = architecture_from_config({**LLAMA, "moe_every_third_layer": 3}, "x")
    assert m.doubt > 0
    assert "moe_every_third_layer" in m.said[0].text()
    assert (
        architecture_from_config(
            {**LLAMA, "rope_scaling": {"factor": 8}, "pretraining_tp": 1}, "x"
        ).said
        == ()
    )


def test_worked_absent_keys_mean_the_class_default():
    gemma = {
        "model_type": "gemma2",
        **{k: v for k, v in LLAMA.items() if k != "model_type"},
        "head_dim": 128,
    }
    assert architecture_from_config(gemma, "x").tied_embedding
    assert not architecture_from_config(LLAMA, "x").tied_embedding
    assert not architecture_from_config({**gemma, "tie_word_embeddings": False}, "x").tied_embedding
    # alternating windows by class, with no list in the file
    assert architecture_from_config(gemma, "x").window_layers == 16


def test_worked_both_forms_of_a_file_agree():
    sizes = {
        "model_type": "nemotron_h", "hidden_size": 1024, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 128,
        "intermediate_size": 2048, "vocab_size": 1000, "mamba_num_heads": 16, "mamba_head_dim": 64, "ssm_state_size": 64,
    }  # fmt: skip
    first = {**sizes, "hybrid_override_pattern": "M-M*", "num_hidden_layers": 4}
    saved = {
        **sizes,
        "layers_block_type": ["linear_attention", "mlp", "linear_attention", "full_attention"],
    }
    a, b = architecture_from_config(first, "x"), architecture_from_config(saved, "x")
    assert (a.total_params, a.kv_b_per_token, a.fixed_state_b) == (
        b.total_params,
        b.kv_b_per_token,
        b.fixed_state_b,
    )
    # a list rules over a count
    more = {**saved, "num_hidden_layers": 52}
    assert architecture_from_config(more, "x").total_params == b.total_params


@each_row(
    ("given", "precision"),
    [
        ({"torch_dtype": "bfloat16"}, "bf16"),
        ({"dtype": "float32"}, "fp32"),
        ({"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}, "fp8"),
        ({"quantization_config": {"quant_method": "mxfp4"}}, "mxfp4"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "int4"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 8}}, "int8"),
        ({"quantization_config": {"quant_method": "modelopt", "quant_algo": "NVFP4"}}, "nvfp4"),
        ({"quantization_config": {"quant_method": "modelopt", "quant_algo": "FP8"}}, "fp8"),
        ({"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}, "int4"),
        (
            {
                "quantization_config": {
                    "quant_method": "compressed-tensors",
                    "format": "pack-quantized",
                    "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "int"}}},
                }
            },
            "int4",
        ),
        (
            {
                "quantization_config": {
                    "quant_method": "compressed-tensors",
                    "format": "float-quantized",
                    "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}},
                }
            },
            "fp8",
        ),
    ],
)
def test_worked_native_precision(given, precision):
    assert architecture_from_config({**LLAMA, **given}, "x").precision_native == precision


def test_worked_folder_and_long_quantisation_lists(tmp_path):
    lists = {
        "quantization_config": {
            "quant_method": "fp8",
            "modules_to_not_convert": [f"model.layers.{i}.x" * 5 for i in range(40_000)],
        }
    }
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**LLAMA, **lists}))
    assert file.stat().st_size > 3_000_000
    m = read_model_config(tmp_path)
    assert m.precision_native == "fp8"
    assert m.reference == str(tmp_path)


@pytest.mark.parametrize(
    "more",
    [
        {"attn_config": {"kv_n_heads": 2}},
        {"multi_query": True},
        {"num_local_experts": 8, "num_experts_per_tok": 2},
        {"block_configs": [{"attention": {"no_op": True}, "ffn": {"no_op": True}}] * 32},
    ],
)
def test_property_keys_of_another_class_are_left_out_and_named(more):
    """The library's own class does not read them, so the sizes are its; but someone meant something by them."""
    plain, strange = (architecture_from_config({**LLAMA, **m}, "x") for m in ({}, more))
    assert strange.total_params == plain.total_params
    assert strange.kv_b_per_layer == plain.kv_b_per_layer
    assert strange.doubt >= 0.5
    assert next(iter(more)) in str(strange.said)


def _nested(depth: int) -> dict[str, object]:
    part: dict[str, object] = dict(LLAMA)
    for _level in range(depth):
        part = {"model_type": "llava", "text_config": part}
    return part


@each_row(
    ("config", "words"),
    [
        ({}, "hidden_size"),
        ({"model_type": "llama"}, "hidden_size"),
        ({**LLAMA, "hidden_size": int("9" * 400)}, "hidden_size"),
        ({**LLAMA, "hidden_size": -4096}, "not a count"),
        ({**LLAMA, "num_hidden_layers": 0}, "layers"),
        ({**LLAMA, "num_hidden_layers": 10**9}, "layers"),
        ({**LLAMA, "vocab_size": "many"}, "vocab_size"),
        (_nested(40), "deep"),
        (
            {**LLAMA, "model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 0},
            "num_experts_per_tok",
        ),
        ({**LLAMA, "model_type": "nemotron-nas", "block_configs": [1, 2]}, "block_configs"),
        ({**LLAMA, "hidden_size": 4096.5}, "not a count"),
        ({**LLAMA, "hybrid_override_pattern": "MX"}, "hybrid_override_pattern"),
        ({**LLAMA, "num_attention_heads": 0}, "at least 1"),
        ({**LLAMA, "num_attention_heads": 31}, "not a multiple of 31"),
        (
            {
                **LLAMA,
                "model_type": "ernie4_5_moe",
                "moe_num_experts": 8,
                "moe_k": 2,
                "moe_layer_start_index": 1,
                "moe_layer_end_index": "x",
            },
            "wrong kind",
        ),
    ],
)
def test_error_one_sentence_with_a_hint(config, words):
    with pytest.raises(TaotieError, match=words) as caught:
        architecture_from_config(config, "x")
    assert caught.value.hint
    assert len(caught.value.message) < 200


def test_error_cycle_of_parts():
    loop: dict[str, object] = {"model_type": "llava"}
    loop["text_config"] = loop
    with pytest.raises(RangeError, match="deep"):
        architecture_from_config(loop, "x")


def test_error_digits_of_a_file(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(LLAMA).replace("4096", "9" * 400))
    with pytest.raises(DataError, match="400 digits"):
        read_model_config(file)
    file.write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    with pytest.raises(DataError, match="not JSON"):
        read_model_config(file)
