"""Which key of a `config.json` holds which size, and what does an absent key mean? [-]

Publishers name the same size differently (`n_layer`, `num_layers`, `num_hidden_layers`), and leave a key out where
the class they build on has the value as its default. So a size is looked for under all its names in the file, then
in the defaults of the class (`data/model_types.csv`: Hugging Face transformers 5.24.0, Apache-2.0, 264 types).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from taotie.errors import RangeError
from taotie.files.read import csv_rows, open_text
from taotie.words.language import _

__all__ = ["ClassDefaults", "Keys", "class_defaults", "strange_keys"]

TYPES_FILE = Path(__file__).resolve().parents[2] / "data" / "model_types.csv"
LARGEST_COUNT = 10**15
"""No size in a config.json is larger; 400 digits are a broken file."""

NAMES: dict[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "layers", "num_blocks", "decoder_layers"),
    "hidden": ("hidden_size", "n_embd", "d_model", "embed_dim", "embedding_dim", "model_dim", "dim"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads", "decoder_attention_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "n_head_kv", "multi_query_group_num", "num_attention_groups", "attn_config.kv_n_heads"),
    "head_size": ("head_dim", "attention_head_dim", "kv_channels", "dim_head", "head_size", "size_per_head"),
    "ffn": ("intermediate_size", "ffn_hidden_size", "n_inner", "ffn_dim", "dff", "dim_ff", "d_ff", "inner_dim", "decoder_ffn_dim"),
    "vocabulary": ("vocab_size", "padded_vocab_size", "n_vocab"),
    "experts": ("n_routed_experts", "num_experts", "num_local_experts", "moe_num_experts", "ffn_config.moe_num_experts"),
    "top_k": ("num_experts_per_tok", "num_experts_per_token", "top_k_experts", "experts_per_token", "moe_topk", "moe_top_k", "moe_k", "num_selected_experts", "ffn_config.moe_top_k"),
    "expert_ffn": ("moe_intermediate_size", "expert_ffn_hidden_size", "expert_intermediate_size", "moe_ffn_hidden_size", "ffn_config.ffn_hidden_size"),
    "shared_experts": ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert"),
    "shared_ffn": ("moe_shared_expert_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size", "share_expert_dim", "shared_experts_intermediate_size"),
    "window": ("sliding_window", "sliding_window_size", "attention_window_size", "window_size", "attention_chunk_size", "local_attention"),
    "activation": ("mlp_hidden_act", "hidden_act", "activation_function", "hidden_activation", "activation", "activation_type", "afn"),
}  # fmt: skip
"""Quantity -> names it goes by, the commonest first."""

_SHAPING = re.compile(
    r"moe|expert|layer(?!.?norm)|pattern|freq|block|attn|attention|ffn|mlp|rank|latent|head|multi_query|"
    r"group|mamba|ssm|state_size|conv|window|recur|loop|per_layer|shared?_|altup|laurel|hyper|cycle|indexer|"
    r"expan|_dim|width|depth|_size|interval|period|num_|^n_"
)
"""Names that may shape layers."""
_HARMLESS = re.compile(
    r"token|norm|drop|bias|init|eps|rope|rotary|theta|scal|loss|coef|aux|jitter|cache(?!_dim)|dtype|version|"
    r"logit|softcap|cap$|clip|vision|image|video|audio|speech|vit|pixel|patch|spatial|temporal|projector|"
    r"architectures|auto_map|transformers|quant|_id$|_ids$|position|max_length|max_seq|seq_len|seq_length|label|"
    r"multiplier|implementation|kernel(?!_size)|flash|sdpa|output_|return_|train|parallel_size|tensor_parallel|"
    r"temperature|mscale|beta|alpha|prune|tie_|summary|chunk_size|use_mamba|router_(?!hidden)|scoring|topk_method|"
    r"topk_group|^n_group|num_expert_group|limit_group|norm_topk|route|renorm|mtp|nextn|max_window_layers|time_step|"
    r"n_positions|n_ctx|pad_|tokenizer|problem|finetun|task|special|generation|layerdrop|ep_size|type_vocab|"
    r"gradient|checkpoint|num_labels|remove_final|fp32|precision|act_fn|hidden_act|activation|model_type|"
    r"num_return|num_beam|no_repeat|pooling|resid_pdrop|scale_attn|reorder|mup|base_size|thres"
)
"""Names that match the former and bear no parameters."""


@dataclass(frozen=True)
class ClassDefaults:
    """What the class of a model type takes where the file is silent."""

    model_type: str
    text_type: str = ""
    """Type of the language part, where the model has pictures or sound."""
    tied: bool | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text[:1] in "([":
        run: list[str] = []
        for part in filter(None, text[1:-1].split(",")):
            word, _star, times = part.partition("*")
            run += [word] * int(times or 1)
        values = [_value(word) for word in run]
        return tuple(values) if text[0] == "(" else values  # a tuple is repeated over the layers
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


@lru_cache(maxsize=1)
def _types() -> dict[str, tuple[str, str, str]]:
    with open_text(TYPES_FILE) as file:
        rows = csv_rows((line for line in file if not line.startswith("#")), TYPES_FILE)
        next(rows)
        return {row[0]: (row[1], row[2], row[3]) for row in rows}


ALSO = {
    "minimax_m3": "minimax_m3_vl_text",
    "deepseek_ref": "deepseek_v4",
    "kimi_k2": "deepseek_v3",
    "kimi_k3": "kimi_linear",
    "chatglm4": "glm",
    "qwen3_omni_moe": "qwen3_omni_moe_thinker",
    "qwen2_5_omni": "qwen2_5_omni_thinker",
    "mimo_v2": "mimo_v2_flash",
}
"""Types of releases that are built like one of the list."""


@lru_cache(maxsize=512)
def class_defaults(model_type: str) -> ClassDefaults | None:
    """Defaults of the class of that type, or None if the type is not on the list.

    >>> class_defaults("gemma2").tied, class_defaults("llama").tied
    (True, False)
    """
    name = ALSO.get(model_type, model_type)
    row = _types().get(name)
    if row is None:
        return None
    keys: dict[str, Any] = {}
    for part in row[2].split():
        key, equals, text = part.partition("=")
        keys[key] = _value(text) if equals else None
    tied = {"true": True, "false": False}.get(row[1])
    return ClassDefaults(name, row[0], tied, keys)


class Keys:
    """Sizes of one model: what its file says, then what its class takes.

    `taken` collects sizes that came from the class, not from the file.
    """

    def __init__(self, file: Mapping[str, Any], defaults: Mapping[str, Any], name: str) -> None:
        flat = dict(file)
        for part in ("attn_config", "ffn_config"):
            inner = file.get(part)
            if isinstance(inner, dict):
                flat |= {f"{part}.{k}": v for k, v in inner.items()}
        self.file, self.defaults, self.name = flat, defaults, name
        self.taken: list[str] = []

    def get(self, *names: str, otherwise: Any = None) -> Any:
        """The first of these keys that has a value, in the file and then in the class."""
        for given in names:
            if self.file.get(given) is not None:
                return self.file[given]
        if any(given in self.file for given in names):
            return otherwise  # the file says null: nothing is taken from the class
        for given in names:
            if self.defaults.get(given) is not None:
                self.taken.append(given)
                return self.defaults[given]
        return otherwise

    def has(self, *names: str) -> bool:
        """Whether the file itself has one of these keys, with a value."""
        return any(self.file.get(given) is not None for given in names)

    def count(self, *names: str, otherwise: int | None = None) -> int:
        """A size: a quantity of `NAMES`, or the key itself.

        Raises
        ------
        RangeError
            If it is missing without a substitute, or not a count.
        """
        wanted = NAMES[names[0]] if len(names) == 1 and names[0] in NAMES else names
        value = self.get(*wanted)
        key = next((n for n in wanted if self.file.get(n) is value), wanted[0])
        if isinstance(value, list | tuple):
            numbers = [v for v in value if isinstance(v, int | float) and not isinstance(v, bool)]
            value = max(numbers) if numbers else None
        if isinstance(value, str) and re.fullmatch(r"\d{1,15}", value):
            value = int(value)
        if value is None or isinstance(value, str | dict):
            if otherwise is not None:
                return otherwise
            raise RangeError(
                _("{name}: config.json has no {keys}.").format(
                    name=self.name, keys=_(" or ").join(wanted[:3])
                ),
                _("give the config.json as published, or sizes: --model total=70e9,active=70e9"),
            )
        if isinstance(value, int) and not isinstance(value, bool) and value > LARGEST_COUNT:
            value = math.inf
        wrong = isinstance(value, bool) or not 0 <= value <= LARGEST_COUNT
        if wrong or not math.isfinite(value) or value != int(value):
            shown = repr(value)
            raise RangeError(
                _("{name}: {key}={value} is not a count.").format(
                    name=self.name, key=key, value=shown[:40]
                ),
                _("give the config.json as published."),
            )
        return int(value)

    def flag(self, *names: str, otherwise: bool = False) -> bool:
        """A yes or no."""
        value = self.get(*names)
        return otherwise if value is None else bool(value)

    def listed(self, *names: str) -> list[Any] | None:
        """A list of the file; None if the file has none."""
        for given in names:
            value = self.file.get(given)
            if isinstance(value, list | tuple) and value:
                return list(value)
        return None

    def repeated(self, key: str, layers: int) -> list[Any] | None:
        """The list of the class for that many layers; None if the class has none or it does not fit."""
        value = self.defaults.get(key)
        if isinstance(value, tuple) and value:
            return [value[i % len(value)] for i in range(layers)]
        if isinstance(value, list) and value:
            if len(value) == layers:
                return list(value)
            if len(value) > 2 and value[0] != value[-1]:  # some first layers, then all alike
                return (value + [value[-1]] * layers)[:layers]
        return None


def strange_keys(file: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Keys of the file that may shape layers and that neither we nor the class know.

    >>> strange_keys({"moe_every_third": 3, "vocab_size": 9, "moe_aux_loss": 0.1}, {})
    ['moe_every_third']
    """
    ours = {name for names in NAMES.values() for name in names} | set(known) | _UNDERSTOOD
    found = []
    for key, value in file.items():
        if key in ours or key.startswith("_") or not isinstance(key, str):
            continue
        if (
            value is None
            or value is False
            or (isinstance(value, str) and not re.search("pattern", key))
        ):
            continue
        if isinstance(value, dict) and not re.search(
            r"attn|ffn|moe|layer|block|expert|mamba|ssm", key
        ):
            continue
        if value in ([], {}, 0):
            continue
        if _SHAPING.search(key) and not _HARMLESS.search(key):
            found.append(key)
    return sorted(found)


_OF_A_CLASS = (
    ("attn_config",),
    ("ffn_config",),
    ("multi_query", "multi_query_attention"),
    ("block_configs",),
    ("new_decoder_architecture",),
    NAMES["experts"],
)
"""Keys that change the shape in the classes that have one of them, and nothing in others."""


def foreign_keys(file: Mapping[str, Any], known: Mapping[str, Any]) -> set[str]:
    """Keys of the file that shape other classes, and that this class, whose keys are `known`, does not read.

    >>> sorted(foreign_keys({"num_local_experts": 8, "n_head": 4}, {"num_attention_heads": 32}))
    ['num_local_experts']
    """
    if not known:
        return set()
    mixes = any("expert" in key or key.startswith("moe") for key in known)
    others = {
        key
        for keys in _OF_A_CLASS
        if not any(k in known for k in keys) and not (mixes and keys is NAMES["experts"])
        for key in keys
    }
    return {key for key in others if file.get(key)}


_UNDERSTOOD = {
    "layer_types", "layers_block_type", "layer_block_type", "block_types", "mlp_layer_types", "hybrid_override_pattern",
    "hybrid_layer_pattern", "attn_type_list", "moe_layer_freq", "moe_layer_frequency", "first_k_dense_replace",
    "num_dense_layers", "decoder_sparse_step", "mlp_only_layers", "interleave_moe_layer_step", "moe_layers",
    "moe_layers_enum", "expert_layer_period", "expert_layer_offset", "attn_layer_period", "attn_layer_offset",
    "moe_layer_start_index", "moe_layer_end_index", "moe_layer_interval", "full_attention_interval",
    "sliding_window_pattern", "_sliding_window_pattern", "global_attn_every_n_layers", "attn_layer_indices",
    "full_attn_idxs", "kv_lora_rank", "q_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "qk_head_dim",
    "linear_num_key_heads", "linear_key_head_dim", "linear_num_value_heads", "linear_value_head_dim",
    "linear_conv_kernel_dim", "mamba_num_heads", "mamba_head_dim", "ssm_state_size", "n_groups", "conv_kernel",
    "mamba_d_conv", "mamba_d_state", "mamba_dt_rank", "mamba_expand", "multi_query", "multi_query_attention",
    "new_decoder_architecture", "parallel_attn", "block_configs", "intermediate_size_mlp", "attn_output_gate",
    "attn_config", "ffn_config", "parallel_attn_mlp_res", "use_residual", "global_head_dim", "moe_latent_size",
    "num_global_key_value_heads", "attention_k_eq_v", "enable_moe_block", "num_kv_shared_layers",
    "hidden_size_per_layer_input", "swa_num_attention_heads", "swa_num_key_value_heads", "swa_head_dim",
    "swa_v_head_dim", "index_n_heads", "index_head_dim", "index_topk", "num_nextn_predict_layers",
    "use_sliding_window", "num_hidden_layers", "chunk_size", "expert_dtype", "num_hash_layers", "linear_attn_config",
    "routed_expert_hidden_size", "dense_intermediate_size", "compress_ratios", "o_lora_rank", "o_groups",
    "use_grouped_topk", "hc_mult", "per_layer_config",
}  # fmt: skip
