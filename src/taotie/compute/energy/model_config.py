"""How is a model's shape read from its Hugging Face `config.json`? [1]

The file is only read from the user's disk, at most 2 MB, as data: nothing is fetched or executed.
Parameters are counted from the shape, so that no figure of the publisher is needed.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from taotie.compute.energy.model_architecture import ModelArchitecture
from taotie.errors import DataError, RangeError
from taotie.words.language import _

__all__ = ["architecture_from_config", "read_model_config"]

LARGEST_CONFIG_B = 2_000_000


def read_model_config(path: str | Path) -> ModelArchitecture:
    """The architecture described by a local `config.json`.

    Raises
    ------
    DataError
        If the file is absent, larger than 2 MB, or not JSON.
    RangeError
        If a needed key is missing or impossible; the message names the key.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(
            _("no file at {path}.").format(path=file),
            _("give the config.json of the model, as its publisher released it."),
        )
    size = file.stat().st_size
    if size > LARGEST_CONFIG_B:
        raise DataError(
            _("{path} holds {size} B; a config.json holds a few kB.").format(path=file, size=size),
            _("give the config.json of the model, not its weights."),
        )
    try:
        config = json.loads(file.read_bytes().decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise DataError(_("{path} is not JSON: {error}").format(path=file, error=error)) from error
    if not isinstance(config, dict):
        raise DataError(_("{path} is not a table of keys and values.").format(path=file))
    name = str(config.get("_name_or_path") or file.parent.name or file.stem).split("/")[-1].lower()
    return architecture_from_config(config, name)


def architecture_from_config(config: dict[str, Any], name: str) -> ModelArchitecture:
    """The architecture described by the parsed `config.json`.

    Knows dense transformers, mixtures of experts, latent attention (MLA), sliding windows and
    Mamba or linear-attention hybrids; the language part of a multimodal model.

    Examples
    --------
    Llama-3.1-8B as released by Meta has 8.03 billion parameters:

    >>> llama = {"num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
    ...     "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256}
    >>> round(architecture_from_config(llama, "llama-3.1-8b").total_params / 1e9, 2)
    8.03
    """
    text = config.get("text_config") or config.get("llm_config") or config.get("language_config")
    c: dict[str, Any] = {**config, **text} if isinstance(text, dict) else dict(config)
    if isinstance(c.get("thinker_config"), dict):
        return architecture_from_config(c["thinker_config"], name)

    def count(*keys: str, default: int | None = None) -> int:
        for key in keys:
            value = c.get(key)
            if isinstance(value, list) and value and isinstance(value[0], int | float):
                value = max(value)
            if value is None or isinstance(value, list | dict | bool):
                continue
            if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
                raise RangeError(
                    _("{name}: {key}={value!r} is not a count.").format(
                        name=name, key=key, value=value
                    )
                )
            return int(value)
        if default is not None:
            return default
        raise RangeError(
            _("{name}: config.json has no {keys}.").format(name=name, keys=_(" or ").join(keys)),
            _("give the config.json as published, or the model's parameter counts."),
        )

    layers = count("num_hidden_layers", "n_layer", "n_layers")
    hidden = count("hidden_size", "n_embd", "d_model")
    heads = count("num_attention_heads", "n_head", "n_heads")
    kv_heads = count("num_key_value_heads", "num_kv_heads", default=heads)
    if min(layers, hidden, heads, kv_heads) < 1:
        raise RangeError(_("{name}: layers, width and heads must be at least 1.").format(name=name))
    head_size = count(
        "head_dim", "attention_head_dim", "qk_head_dim", default=max(hidden // heads, 1)
    )
    ffn = count("intermediate_size", "ffn_hidden_size", "ffn_dim", "n_inner", default=4 * hidden)
    vocabulary = count("vocab_size")
    experts = count("n_routed_experts", "num_experts", "num_local_experts", default=0)
    top_k = count(
        "num_experts_per_tok", "top_k_experts", "experts_per_token", "moe_top_k", default=0
    )
    experts = experts if experts > 1 else 0
    top_k = top_k if experts else 0
    if experts and not top_k:
        raise RangeError(
            _("{name} has {experts} experts but no num_experts_per_tok.").format(
                name=name, experts=experts
            ),
            _("give how many experts one token uses (num_experts_per_tok in config.json)."),
        )
    expert_ffn = count("moe_intermediate_size", "expert_intermediate_size", default=ffn)
    shared_ffn = count(
        "moe_shared_expert_intermediate_size",
        "shared_expert_intermediate_size",
        "shared_intermediate_size",
        default=count("n_shared_experts", default=0) * expert_ffn,
    )
    activation = str(
        c.get("mlp_hidden_act")
        or c.get("hidden_act")
        or c.get("activation_function")
        or c.get("hidden_activation")
        or "silu"
    )
    is_llama4 = "llama4" in str(c.get("model_type", ""))
    gated = activation not in ("relu2", "relu", "gelu_new", "gelu") or "gemma" in str(
        c.get("model_type", "")
    )
    matrices = 3 if gated else 2

    # which layers do what
    pattern = str(c.get("hybrid_override_pattern") or "")
    kinds = c.get("layer_types") if isinstance(c.get("layer_types"), list) else []
    recurrent = 0
    ffn_layers = layers
    moe_layers = 0
    attention_layers = layers
    if pattern:
        attention_layers = pattern.count("*")
        recurrent = pattern.count("M")
        moe_layers = pattern.count("E")
        ffn_layers = pattern.count("-") + moe_layers
    elif kinds and any("linear" in str(k) or "mamba" in str(k) for k in kinds):
        recurrent = sum("linear" in str(k) or "mamba" in str(k) for k in kinds)
        attention_layers = layers - recurrent
    if experts and not pattern:
        first_dense = count("first_k_dense_replace", default=0)
        step = max(count("interleave_moe_layer_step", "decoder_sparse_step", default=1), 1)
        moe_layers = (layers - first_dense) // step
    if is_llama4:
        shared_ffn = expert_ffn = count("intermediate_size")
        ffn = count("intermediate_size_mlp", default=ffn)

    window = count("sliding_window", "attention_chunk_size", default=0)
    if c.get("use_sliding_window") is False:
        window = 0
    window_layers = 0
    if window:
        if kinds:
            window_layers = sum("sliding" in str(k) or "chunked" in str(k) for k in kinds)
        elif is_llama4:
            window_layers = layers - layers // 4
        else:
            period = count("sliding_window_pattern", "_sliding_window_pattern", default=0)
            if "gemma2" in str(c.get("model_type", "")):
                period = 2
            elif "gemma3" in str(c.get("model_type", "")):
                period = period or 6
            window_layers = layers - layers // period if period else layers

    # parameters of one attention layer
    latent = count("kv_lora_rank", default=0)
    if latent:
        rope = count("qk_rope_head_dim", default=64)
        nope = count("qk_nope_head_dim", default=128)
        value = count("v_head_dim", default=128)
        q_rank = count("q_lora_rank", default=0)
        query = (
            hidden * q_rank + q_rank * heads * (nope + rope)
            if q_rank
            else hidden * heads * (nope + rope)
        )
        attention = (
            query
            + hidden * (latent + rope)
            + latent * heads * (nope + value)
            + heads * value * hidden
        )
        mla_rank = latent + rope
        head_size = nope + rope
    else:
        gate = heads * head_size * hidden if c.get("attn_output_gate") else 0
        attention = 2 * hidden * heads * head_size + 2 * hidden * kv_heads * head_size + gate
        mla_rank = 0

    # parameters and state of one recurrent layer
    recurrent_params = 0.0
    state_b = 0.0
    if recurrent and pattern:
        inner = count("mamba_num_heads") * count("mamba_head_dim")
        state = count("ssm_state_size", default=128)
        groups = count("n_groups", default=8)
        recurrent_params = (
            hidden * (2 * inner + 2 * groups * state + count("mamba_num_heads")) + inner * hidden
        )
        width = 4.0 if c.get("mamba_ssm_cache_dtype") == "float32" else 2.0
        state_b = recurrent * inner * state * width
    elif recurrent:
        key = count("linear_num_key_heads") * count("linear_key_head_dim")
        value_width = count("linear_num_value_heads") * count("linear_value_head_dim")
        recurrent_params = hidden * (2 * key + 2 * value_width) + value_width * hidden
        width = 4.0 if c.get("mamba_ssm_dtype") == "float32" else 2.0
        state_b = (
            recurrent
            * count("linear_num_value_heads")
            * count("linear_key_head_dim")
            * count("linear_value_head_dim")
            * width
        )

    mixer = attention_layers * attention + recurrent * recurrent_params
    dense = (ffn_layers - moe_layers) * matrices * hidden * ffn
    routed = moe_layers * experts * matrices * hidden * expert_ffn
    always = moe_layers * (matrices * hidden * shared_ffn + hidden * experts)
    tied = bool(c.get("tie_word_embeddings", config.get("tie_word_embeddings", False)))
    embedding = vocabulary * hidden * (1 if tied else 2)
    total = float(mixer + dense + routed + always + embedding)
    active = total - routed * (1 - top_k / experts) if experts else total
    return ModelArchitecture(
        name=name,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=kv_heads,
        head_size=head_size,
        ffn=ffn,
        vocabulary=vocabulary,
        experts=experts,
        top_k=top_k,
        # two-matrix experts are booked as three of two thirds the width: same bytes, same FLOPs
        expert_ffn=round(expert_ffn * matrices / 3) if experts else 0,
        shared_ffn=shared_ffn if experts else 0,
        moe_layers=moe_layers,
        attention_layers=attention_layers,
        window=window if window_layers else 0,
        window_layers=window_layers,
        mla_rank=mla_rank,
        mixer_params=float(mixer),
        state_b=state_b,
        total_params=total,
        active_params=float(active),
        tied_embedding=tied,
    )
