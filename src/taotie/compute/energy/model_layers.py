"""Which layer of a model does what: attention to all tokens, to a window, a recurrent state; dense or experts? [-]

A `config.json` says it as a list, as a pattern of letters, as a period, or not at all. Where a list and a count
are both present, the list rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from taotie.compute.energy.model_keys import Keys
from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["LayerPlan", "layer_plan"]

LONGEST_MODEL = 4096
"""More layers than any model has; a larger number is a broken file."""


LINEAR_UNLESS_SAID = ("mamba", "mamba2", "falcon_mamba", "rwkv", "xlstm", "bamba")
"""Classes whose layers are recurrent where no list says otherwise."""


@dataclass
class LayerPlan:
    """Kind of each layer. Mixers: `full`, `window`, `linear`, `none`; feed-forward parts: `dense`, `moe`, `none`."""

    mixers: list[str]
    ffns: list[str]
    words: list[str]
    """Kinds as the file or the class calls them; empty where it has no list."""


_MIXER = (
    (r"slid|local|chunk|window|swa|^s$", "window"),
    (r"mamba|linear|recurrent|conv|delta|lightning|rwkv|^m$|^r$|ssm|kda|lru", "linear"),
    (r"full|global|attention|attn|^\*$|^a$|indexe|sparse|hybrid|compress|mla|^f$", "full"),
)


def mixer_kind(word: Any) -> str:
    """`full`, `window` or `linear` for a word of a list of layers; empty if none.

    >>> mixer_kind("sliding_attention"), mixer_kind("mamba"), mixer_kind("indexed_sparse_attention"), mixer_kind("moe")
    ('window', 'linear', 'full', '')
    """
    text = str(word).lower()
    return next((kind for pattern, kind in _MIXER if re.search(pattern, text)), "")


def _pattern(k: Keys, text: str) -> LayerPlan:
    mixers, ffns = [], []
    for letter in text.replace("|", ""):
        if letter not in "M*-E":
            raise RangeError(
                _(
                    "{name}: hybrid_override_pattern has {letter}, which is no kind of layer."
                ).format(name=k.name, letter=repr(letter)),
                _("known: M (Mamba), * (attention), - (feed-forward), E (experts)."),
            )
        mixers.append({"M": "linear", "*": "full"}.get(letter, "none"))
        ffns.append({"-": "dense", "E": "moe"}.get(letter, "none"))
    return LayerPlan(mixers, ffns, list(text))


def _every(k: Keys, layers: int, window: int) -> list[str] | None:
    """Kinds by a period or by indices."""
    picked = k.listed("attn_layer_indices", "full_attn_idxs")
    if picked is not None:
        return ["full" if i in picked else "linear" for i in range(layers)]
    if k.get("attn_layer_period"):
        period, offset = k.count("attn_layer_period"), k.count("attn_layer_offset", otherwise=0)
        return ["full" if i % max(period, 1) == offset else "linear" for i in range(layers)]
    if k.has("full_attention_interval"):
        step = max(k.count("full_attention_interval"), 1)
        return ["full" if (i + 1) % step == 0 else "linear" for i in range(layers)]
    if window and k.has("sliding_window_pattern", "_sliding_window_pattern"):
        given = k.get("sliding_window_pattern", "_sliding_window_pattern")
        if isinstance(given, str):
            word = given.upper()
            return ["window" if word[i % len(word)] == "L" else "full" for i in range(layers)]
        step = max(k.count("sliding_window_pattern", "_sliding_window_pattern"), 1)
        return ["full" if (i + 1) % step == 0 else "window" for i in range(layers)]
    if window and k.has("global_attn_every_n_layers"):
        step = max(k.count("global_attn_every_n_layers"), 1)
        return ["full" if (i + 1) % step == 0 else "window" for i in range(layers)]
    return None


def _linear_layers(k: Keys, layers: int) -> list[str] | None:
    """Kimi's first form: `linear_attn_config` counts the layers of each kind from 1."""
    given = k.file.get("linear_attn_config")
    full = given.get("full_attn_layers") if isinstance(given, dict) else None
    if not isinstance(full, list):
        return None
    return ["full" if i + 1 in full else "linear" for i in range(layers)]


def layer_plan(k: Keys, model_type: str, window_always: bool) -> LayerPlan:
    """Kind of every layer.

    `window_always`: the class puts its window on every layer where the file has no list.
    """
    pattern = k.file.get("hybrid_override_pattern")
    if isinstance(pattern, str) and pattern:
        return _pattern(k, pattern)
    window = k.count("window", otherwise=0)
    if k.file.get("use_sliding_window") is False:
        window = 0
    words: list[Any] = []
    listed = k.listed("layers_block_type", "layer_types", "layer_block_type", "block_types")
    if listed is not None and len(listed) < k.count("layers", otherwise=0) and k.has("block_types"):
        listed = [listed[i % len(listed)] for i in range(k.count("layers"))]
    layers = len(listed) if listed is not None else k.count("layers")
    if not 0 < layers <= LONGEST_MODEL:
        raise RangeError(
            _("{name}: {n} layers cannot be.").format(name=k.name, n=layers),
            _("give the config.json as published."),
        )
    mixers: list[str] | None = None
    if listed is not None:
        words = [str(w) for w in listed]
        mixers = [mixer_kind(w) or "none" for w in words]
    elif (numbers := k.listed("attn_type_list")) is not None:
        mixers = ["full" if n else "linear" for n in numbers]
    elif (listed_linear := _linear_layers(k, layers)) is not None:
        mixers = listed_linear
    elif (numbers := k.listed("hybrid_layer_pattern")) is not None:
        mixers = ["window" if n else "full" for n in numbers]
    else:
        mixers = _every(k, layers, window)
    if mixers is None:
        for key in ("layer_types", "layers_block_type", "block_types"):
            own = k.repeated(key, layers)
            if own is not None:
                words = [str(w) for w in own]
                mixers = [mixer_kind(w) or "none" for w in words]
                break
    if mixers is None:
        usual = "linear" if model_type in LINEAR_UNLESS_SAID else "full"
        mixers = ["window" if window and window_always else usual] * layers
    if not window:
        mixers = ["full" if m == "window" else m for m in mixers]
    ffns = _ffns(k, model_type, len(mixers))
    if any(w in ("moe", "mlp") for w in words):  # a layer is a mixer or a feed-forward part
        ffns = [{"moe": "moe", "mlp": "dense"}.get(w, "none") for w in words]
        mixers = ["none" if w in ("moe", "mlp") else m for w, m in zip(words, mixers, strict=True)]
    return LayerPlan(mixers, ffns, words)


def _ffns(k: Keys, model_type: str, layers: int) -> list[str]:
    """Dense or experts, layer by layer."""
    if k.count("experts", otherwise=0) < 2:
        return ["dense"] * layers
    kinds = k.listed("mlp_layer_types")
    frequency = k.listed("moe_layer_freq")
    if kinds is not None:
        return ["dense" if str(w).lower() in ("dense", "mlp") else "moe" for w in kinds][:layers]
    if frequency is not None:
        return ["moe" if n else "dense" for n in frequency][:layers]
    picked = k.listed("moe_layers")
    if picked is not None:
        return ["moe" if i in picked else "dense" for i in range(layers)]
    named = k.get("moe_layers_enum")
    if isinstance(named, str) and named:
        numbers = {int(n) for n in re.findall(r"\d+", named)}
        return ["moe" if i in numbers else "dense" for i in range(layers)]
    if k.get("expert_layer_period"):
        period, offset = k.count("expert_layer_period"), k.count("expert_layer_offset", otherwise=0)
        return ["moe" if i % max(period, 1) == offset else "dense" for i in range(layers)]
    if k.get("moe_layer_start_index") is not None:
        first = k.count("moe_layer_start_index")
        last = k.get("moe_layer_end_index")
        end = layers - 1 if last is None or last < 0 else int(last)
        step = max(k.count("moe_layer_interval", otherwise=1), 1)
        return [
            "moe" if first <= i <= end and (i + 1) % step == 0 else "dense" for i in range(layers)
        ]
    if k.get("interleave_moe_layer_step"):
        step = max(k.count("interleave_moe_layer_step"), 1)
        return ["moe" if (i + 1) % step == 0 else "dense" for i in range(layers)]
    dense_only = set(k.listed("mlp_only_layers") or [])
    if (
        k.has("first_k_dense_replace", "num_dense_layers")
        or dense_only
        or k.get("decoder_sparse_step")
    ):
        first = k.count("first_k_dense_replace", "num_dense_layers", otherwise=0)
        step = max(k.count("decoder_sparse_step", "moe_layer_freq", otherwise=1), 1)
        offset = 1 if k.get("decoder_sparse_step") else 0
        return [
            "moe" if i >= first and i not in dense_only and (i + offset) % step == 0 else "dense"
            for i in range(layers)
        ]
    own = k.repeated("mlp_layer_types", layers)
    if own is not None:
        return ["dense" if str(w).lower() in ("dense", "mlp") else "moe" for w in own]
    first = k.count("first_k_dense_replace", "num_dense_layers", otherwise=0)
    step = max(k.count("moe_layer_frequency", "moe_layer_freq", otherwise=1), 1)
    return ["moe" if i >= first and i % step == 0 else "dense" for i in range(layers)]
