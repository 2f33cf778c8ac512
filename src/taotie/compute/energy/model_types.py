"""What do the classes of models do that their keys do not say? [-]

`traits_of` lists the causal types of Hugging Face transformers 5.24.0, read in their source and held against models
built from it, and types published with code of their own (Grok-1, ChatGLM, MiniMax-Text-01, Arctic, Nemotron-NAS ...).
"""

from __future__ import annotations

from dataclasses import replace

from taotie.compute.energy.model_count import Counted, Traits
from taotie.compute.energy.model_extras import EXTRAS
from taotie.compute.energy.model_keys import Keys, class_defaults
from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["block_shapes", "traits_of"]

_UNGATED = [
    "apertus",
    "apertus1p5_text",
    "arcee",
    "biogpt",
    "bloom",
    "codegen",
    "cosmos3_edge_text",
    "ctrl",
    "falcon",
    "git",
    "gpt-sw3",
    "gpt2",
    "gpt_bigcode",
    "gpt_neo",
    "gpt_neox",
    "gpt_neox_japanese",
    "gptj",
    "jais2",
    "kosmos_2_5_text_model",
    "kosmos_2_text_model",
    "mpt",
    "nanochat",
    "nemotron",
    "openai-gpt",
    "opt",
    "persimmon",
    "phi",
    "starcoder2",
    "xglm",
    "nemotron_h",
    "hrm_none",
    "bloomz",
    "refact",
    "jais",
]
"""Two matrices in a feed-forward part."""
_POSITIONS = ["biogpt", "git", "gpt-sw3", "gpt2", "gpt_bigcode", "gpt_neo", "openai-gpt", "opt"]
"""A learned table of positions."""
_QUERY_GATE = [
    "qwen3_next",
    "qwen3_5_text",
    "qwen3_5_moe_text",
    "qwen4_exp_text",
    "hrm_text",
    "afmoe",
    "dory",
    "beam",
    "muse_spark_text",
    "muse_glimmer_text",
    "inkling2_text",
    "inkling2_loop_text",
]
_WINDOW_ALWAYS = ["mistral", "mixtral", "phi3", "phimoe", "starcoder2", "phi4_multimodal"]
_RECURRENT = {
    "bamba": "mamba2", "granitemoehybrid": "mamba2", "falcon_h1": "mamba2", "mamba2": "mamba2", "nemotron_h": "mamba2",
    "zamba2": "mamba2", "zamba": "mamba1", "jamba": "mamba1", "mamba": "mamba1", "falcon_mamba": "mamba1",
    "qwen3_next": "delta", "qwen3_5_text": "delta", "qwen3_5_moe_text": "delta", "olmo_hybrid": "delta",
    "lara_mini": "delta", "qwen4_exp_text": "delta", "kimi_linear": "kda", "glm5_next_text": "kda",
    "bailing_hybrid": "kda", "minimax": "lightning", "minimax_text_01": "lightning", "lfm2": "conv", "lfm2_moe": "conv",
    "lfm3": "conv", "recurrent_gemma": "lru",
}  # fmt: skip
_LATENT = ["bailing_hybrid", "minicpm3", "longcat_flash"]

_OWN_CODE: dict[str, Traits] = {
    "grok-1": Traits(gated=True),
    "chatglm": Traits(gated=True),
    "minimax_text_01": Traits(gated=True, recurrent="lightning"),
    "arctic": Traits(gated=True),
    "nemotron-nas": Traits(gated=True),
    "deci": Traits(gated=True),
    "kimi_k2": Traits(gated=True),
    "deepseek": Traits(gated=True),
    "baichuan": Traits(gated=True),
    "internlm": Traits(gated=True),
    "internlm2": Traits(gated=True),
    "xverse": Traits(gated=True),
    "skywork": Traits(gated=True),
    "orion": Traits(gated=True),
    "yi": Traits(gated=True),
    "aquila": Traits(gated=True),
    "mimo": Traits(gated=True),
    "minicpm": Traits(gated=True),
    "deepseek_ref": Traits(gated=True),
    "bailing_moe": Traits(gated=True),
    "ernie4_5_text": Traits(gated=True),
    "hunyuan": Traits(gated=True),
    "pangu_embedded": Traits(gated=True),
    "telechat": Traits(gated=True),
    "phi-msft": Traits(gated=False),
    "refact": Traits(gated=False),
}
"""Types that come with code of their publisher."""


def traits_of(model_type: str) -> Traits | None:
    """Traits of that type, or None if it is not on the list."""
    if model_type in _OWN_CODE:
        traits = _OWN_CODE[model_type]
        extra = EXTRAS.get(model_type)
        return traits if extra is None else replace(traits, extra=extra)
    if not model_type or class_defaults(model_type) is None:
        return None
    return Traits(
        gated=model_type not in _UNGATED,
        positions=model_type in _POSITIONS,
        recurrent=_RECURRENT.get(model_type, ""),
        window_always=model_type in _WINDOW_ALWAYS,
        query_gate=model_type in _QUERY_GATE,
        both=model_type == "falcon_h1",
        latent=model_type in _LATENT,
        extra=EXTRAS.get(model_type),
    )


def block_shapes(k: Keys, c: Counted) -> None:
    """Nemotron-NAS: `block_configs` gives every layer its own shape.

    Raises
    ------
    RangeError
        If a block is not understood.
    """
    blocks = k.listed("block_configs")
    if blocks is None:
        return
    attention = dense = growing = 0.0
    layers = 0
    for block in blocks:
        mixer = block.get("attention") if isinstance(block, dict) else None
        ffn = block.get("ffn") if isinstance(block, dict) else None
        if not isinstance(mixer, dict) or not isinstance(ffn, dict):
            raise RangeError(
                _("{name}: an entry of block_configs has no attention or ffn.").format(name=k.name),
                _("give the config.json as published."),
            )
        if not mixer.get("no_op"):
            if mixer.get("replace_with_linear"):
                attention += c.hidden * c.hidden
            else:
                group = int(mixer.get("n_heads_in_group") or 0)
                heads = int(
                    mixer.get("num_key_value_heads") or (c.heads // group if group else c.kv_heads)
                )
                wide = heads * c.head_size
                attention += 2 * c.hidden * c.heads * c.head_size + 2 * c.hidden * wide
                growing += 4.0 * wide
                layers += 1
        if not ffn.get("no_op"):
            if ffn.get("replace_with_linear"):
                dense += c.hidden * c.hidden
            else:
                given = ffn.get("intermediate_size")
                times = ffn.get("ffn_mult")
                # the publisher's code rounds two thirds of twice the product up to 256
                width = (
                    int(given)
                    if given
                    else -(-int(2 * float(times or 4) * c.hidden / 3) // 256) * 256
                )
                dense += 3.0 * c.hidden * width
    c.attention, c.dense, c.kv_growing_b, c.full = attention, dense, growing, layers
    c.windowed, c.kv_window_b = 0, 0.0
