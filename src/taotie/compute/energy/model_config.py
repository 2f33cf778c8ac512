"""How is a model's shape read from its Hugging Face `config.json`? [1]

The file is only read from the user's disk, as data: nothing is fetched or executed. Parameters are counted from the
shape, so that no figure of the publisher is needed. A model type that is not on the list, or a key that shapes
layers and is not understood, widens the range and is named in a note; nothing is read as dense in silence.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from taotie.compute.energy.model_count import Counted, Traits, count_model
from taotie.compute.energy.model_keys import Keys, class_defaults, foreign_keys, strange_keys
from taotie.compute.energy.model_layers import LayerPlan, layer_plan
from taotie.compute.energy.model_precision import native_precision
from taotie.compute.energy.model_shape import ModelArchitecture
from taotie.compute.energy.model_types import block_shapes, traits_of
from taotie.errors import DataError, RangeError, TaotieError
from taotie.files.read import of_others, read_json, regular_file
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["architecture_from_config", "is_config_path", "read_model_config"]

LARGEST_CONFIG_B = 32_000_000
"""Quantisation lists make real files of 3 MB."""
DEEPEST_PARTS = 8
"""Parts within parts; a published file has at most three."""
PARTS = (
    "text_config", "llm_config", "language_config", "thinker_config", "language_model", "decoder",
    "text_model", "llm_cfg", "lm_config", "language_model_config",
)  # fmt: skip
"""Where the language part of a model with pictures or sound stands."""
DOUBT_TYPE = 0.15
DOUBT_KEYS = 0.5
"""Half-widths (relative) of the range where the type, or a key that shapes layers, is not known: our guess."""


@of_others(DataError)
def read_model_config(path: str | Path) -> ModelArchitecture:
    """The architecture described by a local `config.json`, or by the folder that holds it.

    Raises
    ------
    DataError
        If the file is absent, not JSON, or holds weights.
    RangeError
        If a needed key is missing or impossible; the message names the key.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "config.json"
    if not file.exists():
        raise DataError(
            _("no file at {path}.").format(path=file),
            _("give the config.json of the model, as its publisher released it."),
        )
    regular_file(
        file, LARGEST_CONFIG_B, hint=_("give the config.json of the model, not its weights.")
    )
    config = read_json(
        file, hint=_("give the config.json of the model, as its publisher released it.")
    )
    if not isinstance(config, dict):
        raise DataError(
            _("{path} is not a table of keys and values.").format(path=file),
            _("give the config.json of the model, as its publisher released it."),
        )
    named = config.get("_name_or_path")
    known = str(named).rstrip("/").split("/")[-1] if isinstance(named, str) else ""
    stem = file.parent.name if file.name == "config.json" else file.stem
    beside = file.with_name("hf_quant_config.json")
    if "quantization_config" not in config and beside.is_file():
        try:
            given = read_json(beside, 10**7).get("quantization")
        except (DataError, AttributeError):
            given = None
        if isinstance(given, dict):
            config = {**config, "quantization_config": {"quant_method": "modelopt", **given}}
    found = architecture_from_config(config, (known or stem or file.stem).lower())
    return replace(found, reference=str(path))


def _language_part(
    config: Mapping[str, Any], name: str
) -> tuple[dict[str, Any], list[str], Mapping[str, Any]]:
    """Keys of the language part laid over those around it, the model types on the way, and its own keys."""
    merged: dict[str, Any] = {}
    types: list[str] = []
    part: Any = config
    for _depth in range(DEEPEST_PARTS):
        if part.get("model_type"):
            types.append(str(part["model_type"]))
        inner = next(
            (part[key] for key in PARTS if isinstance(part.get(key), dict) and part[key]), None
        )
        own = {k: v for k, v in part.items() if not (k in PARTS and isinstance(v, dict))}
        outer = {k: v for k, v in merged.items() if k in _OUTER or (inner is None and k not in own)}
        merged = {**merged, **own, **{k: outer[k] for k in outer if k in _OUTER}}
        if inner is None:
            return merged, types, own
        part = inner
    raise RangeError(
        _("{name}: parts stand within parts more than {n} deep.").format(
            name=name, n=DEEPEST_PARTS
        ),
        _("give the config.json as published."),
    )


_OUTER = {"tie_word_embeddings", "quantization_config", "architectures"}
"""Keys that the outermost part decides."""


def architecture_from_config(config: dict[str, Any], name: str) -> ModelArchitecture:
    """The architecture described by the parsed `config.json`.

    Knows the causal model types of Hugging Face transformers 5.24.0 and some published with code of their own:
    dense transformers, mixtures of experts, latent attention, windows, Mamba and other recurrent hybrids; the
    language part of a model with pictures or sound.

    Examples
    --------
    Llama-3.1-8B as released by Meta has 8.03 billion parameters:

    >>> llama = {"num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
    ...     "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "model_type": "llama"}
    >>> round(architecture_from_config(llama, "llama-3.1-8b").total_params / 1e9, 2)
    8.03
    """
    keys, types, own = _language_part(config, name)
    own_type = types[-1] if types else ""
    outer_type = types[0] if types else ""
    found = class_defaults(own_type)
    if found is not None and found.text_type:  # the part names its wrapper, not itself
        found = class_defaults(found.text_type)
    nested = class_defaults(outer_type)
    said: list[Said] = []
    traits = traits_of(found.model_type if found is not None else own_type)
    if found is None and nested is not None and nested.text_type and len(types) == 1:
        found = class_defaults(nested.text_type)
        traits = traits_of(nested.text_type)
    foreign = foreign_keys(own, found.keys) if found is not None else set()
    keys = {key: value for key, value in keys.items() if key not in foreign}
    k = Keys(keys, found.keys if found is not None else {}, name)
    sized = k.has(*_SIZES)
    if not sized and (found is None or len(types) < 2):
        raise RangeError(
            _("{name}: config.json has no {keys}.").format(
                name=name, keys="hidden_size, num_hidden_layers"
            ),
            _("give the config.json as published, or sizes: --model total=70e9,active=70e9"),
        )
    doubt = 0.0
    known = found is not None or traits is not None
    strange = strange_keys(own, found.keys if found is not None else {})
    if traits is None:
        traits = _guessed_traits(k)
    try:
        plan = layer_plan(k, own_type, traits.window_always)
        counted = count_model(k, plan, traits, _tied(config, keys, types, found))
        block_shapes(k, counted)
    except _MALFORMED as error:
        raise _wrong_kind(name, error) from error
    if min(counted.hidden, counted.heads) < 1 or not math.isfinite(counted.total):
        raise RangeError(
            _("{name}: layers, width and heads must be at least 1.").format(name=name),
            _("give the config.json as published."),
        )
    if counted.experts and not counted.top_k:
        raise RangeError(
            _("{name} has {experts} experts but no num_experts_per_tok.").format(
                name=name, experts=counted.experts
            ),
            _("give how many experts one token uses (num_experts_per_tok in config.json)."),
        )
    strange = sorted({*strange, *counted.doubts, *foreign})
    if not known:
        doubt = DOUBT_KEYS if strange else DOUBT_TYPE
        named = ", ".join(strange[:8]) or "model_type"
        said.append(
            Said(
                "model_type_unknown",
                N_(
                    "model_type {type} is not on the list of types we read: its shape is read by the names of its "
                    "keys, within {percent} % either way; not understood: {keys}."
                ),
                {"type": own_type or "-", "percent": round(100 * doubt), "keys": named},
            )
        )
    elif strange:
        doubt = DOUBT_KEYS if foreign else DOUBT_TYPE
        said.append(
            Said(
                "model_key_unknown",
                N_(
                    "keys of the config.json that may shape layers are not understood and left out: {keys}; "
                    "sizes hold within {percent} % either way."
                ),
                {"keys": ", ".join(strange[:8]), "percent": round(100 * doubt)},
            )
        )
    if not sized or any(key in k.taken for key in _TOLD):
        told = [key for key in dict.fromkeys(k.taken) if key in _TOLD]
        said.append(
            Said(
                "model_class_default",
                N_("the config.json is silent on {keys}: values of the class {type} are taken."),
                {
                    "keys": ", ".join(told),
                    "type": found.model_type if found is not None else own_type,
                },
            )
        )
    return _architecture(name, own_type, plan, counted, traits, keys, config, doubt, said)


_MALFORMED = (
    TypeError, ValueError, ZeroDivisionError, OverflowError, AttributeError, LookupError,
)  # fmt: skip
"""What a value of a wrong kind leads to: a word where a number belongs, a table where a list does, a zero."""


def _wrong_kind(name: str, error: Exception) -> TaotieError:
    """The error as a sentence; one of ours stays as it is."""
    if isinstance(error, TaotieError):
        return error
    return RangeError(
        _("{name}: a key of the config.json has a value of a wrong kind ({error}).").format(
            name=name, error=str(error)[:80]
        ),
        _("give the config.json as published."),
    )


_SIZES = (
    "hidden_size",
    "n_embd",
    "d_model",
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
)
_TOLD = {
    "hidden_size", "n_embd", "d_model", "num_hidden_layers", "n_layer", "n_layers", "num_layers", "vocab_size",
    "num_attention_heads", "n_head", "n_heads", "intermediate_size",
}  # fmt: skip
"""Sizes that are told when the class fills them in."""


def _tied(config: Mapping[str, Any], keys: Mapping[str, Any], types: list[str], found: Any) -> bool:
    """Whether input and output embedding are one: the outermost part decides, then its class."""
    if isinstance(config.get("tie_word_embeddings"), bool):
        return bool(config["tie_word_embeddings"])
    if len(types) > 1:
        outer = class_defaults(types[0])
        if outer is not None and outer.tied is not None:
            return outer.tied
    if isinstance(keys.get("tie_word_embeddings"), bool):
        return bool(keys["tie_word_embeddings"])
    return bool(found.tied) if found is not None and found.tied is not None else False


def _guessed_traits(k: Keys) -> Traits:
    """Traits of a class we do not know, by its activation and its keys."""
    activation = str(
        k.get(*("mlp_hidden_act", "hidden_act", "activation_function"), otherwise="silu")
    )
    gated = activation not in ("relu2", "relu", "gelu_new", "gelu", "gelu_fast")
    recurrent = ""
    if k.has("linear_num_key_heads", "linear_key_head_dim"):
        recurrent = "delta"
    elif k.has("mamba_num_heads", "mamba_n_heads", "mamba_headdim", "mamba_d_head"):
        recurrent = "mamba2"
    elif k.has("mamba_d_state", "state_size"):
        recurrent = "mamba1"
    elif k.has("linear_attn_config"):
        recurrent = "kda"
    elif k.listed("attn_type_list") is not None:
        recurrent = "lightning"
    gate = k.flag("attn_output_gate", "use_attention_gate")
    return Traits(gated=gated, recurrent=recurrent, query_gate=gate, window_always=True)


def _architecture(
    name: str,
    own_type: str,
    plan: LayerPlan,
    c: Counted,
    traits: Traits,
    keys: Mapping[str, Any],
    config: Mapping[str, Any],
    doubt: float,
    said: list[Said],
) -> ModelArchitecture:
    """The counts as the energy model takes them."""
    growing = c.kv_growing_b / c.full if c.full else 0.0
    windowed = c.kv_window_b / c.windowed if c.windowed else 0.0
    each = growing or windowed
    # one size of cache per layer: windows of another size count as so many more or fewer tokens
    window = round(c.window * windowed / each) if c.windowed and each else 0
    wide = "float32" in (keys.get("mamba_ssm_cache_dtype"), keys.get("mamba_ssm_dtype"))
    return ModelArchitecture(
        name=name,
        layers=max(len(plan.mixers), 1),
        hidden=c.hidden,
        heads=c.heads,
        kv_heads=c.kv_heads,
        head_size=c.head_size,
        ffn=c.ffn,
        vocabulary=c.vocabulary,
        experts=c.experts,
        top_k=c.top_k,
        # two-matrix experts are booked as three of two thirds the width: same bytes, same FLOPs
        expert_ffn=round(c.routed / (3.0 * c.moe_layers * c.experts * c.hidden))
        if c.experts
        else 0,
        shared_ffn=c.shared_ffn,
        moe_layers=c.moe_layers,
        attention_layers=c.full + c.windowed,
        window=window,
        window_layers=c.windowed,
        mla_rank=c.mla_rank,
        mixer_params=c.attention,
        state_b=c.state_b * (2.0 if wide else 1.0),
        total_params=c.total,
        active_params=c.active,
        tied_embedding=c.head == 0,
        model_type=own_type,
        linear_layers=c.linear,
        kv_layer_b=each,
        fixed_b=c.state_b + c.kv_window_b * max(c.window - 1, 0),
        precision_native=native_precision(config, keys),
        doubt=doubt,
        said=tuple(said),
    )


def is_config_path(text: str) -> bool:
    """Whether a model is given as a path and not as a name.

    >>> is_config_path("models/x/config.json"), is_config_path("llama-3.1-8b")
    (True, False)
    """
    return text[-5:].lower() == ".json" or os.path.isdir(text)  # noqa: PTH112 - a fifth of Path's time, every request
