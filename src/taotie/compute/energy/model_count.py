"""How many parameters and bytes of cache follow from a model's shape? [1, B]

Matrices are counted, and biases and norms where a file switches them on; what is left out is below half a percent
of a released model. `Traits` holds what no key says: whether a feed-forward part is gated, whether positions are a
table, which recurrent layer it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from taotie.compute.energy.model_keys import Keys
from taotie.compute.energy.model_layers import LayerPlan
from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["Counted", "Traits", "count_model"]

BF16_B = 2.0


@dataclass(frozen=True)
class Traits:
    """What the class of a model does that its keys do not say."""

    gated: bool | None = True
    """Three matrices in a feed-forward part, not two; None: not known."""
    positions: bool = False
    """A table of positions is learned."""
    recurrent: str = ""
    """Kind of the recurrent layers: mamba1, mamba2, delta, kda, lightning, conv, lru."""
    window_always: bool = False
    """The window holds in every layer where no list says otherwise."""
    query_gate: bool = False
    """Attention has a gate as wide as the queries."""
    both: bool = False
    """Every layer has attention and a recurrent part side by side."""
    experts_as_wide_as_ffn: bool = False
    """Without a key of their own, experts have the width of the dense part; True for Mixtral and kin."""
    dense_beside_experts: bool = False
    """Every layer of experts also has a dense part."""
    latent: bool = False
    """Latent attention (MLA) by class."""
    extra: Callable[[Keys, Counted, LayerPlan], None] | None = None
    """Corrections of a class with parts of its own."""


@dataclass
class Counted:
    """What was counted."""

    hidden: int = 0
    heads: int = 0
    kv_heads: int = 0
    head_size: int = 0
    value_size: int = 0
    ffn: int = 0
    vocabulary: int = 0
    experts: int = 0
    top_k: int = 0
    expert_ffn: int = 0
    shared_ffn: int = 0
    matrices: int = 3
    window: int = 0
    mla_rank: int = 0
    attention: float = 0.0
    """Parameters of all mixers, recurrent ones included."""
    dense: float = 0.0
    """Parameters of dense feed-forward parts."""
    routed: float = 0.0
    """Parameters of all routed experts."""
    always: float = 0.0
    """Shared experts and routers."""
    other: float = 0.0
    embedding: float = 0.0
    head: float = 0.0
    """Matrix to the vocabulary where it is not the embedding."""
    kv_growing_b: float = 0.0
    """Cache bytes one more token adds in a long conversation."""
    kv_window_b: float = 0.0
    """Cache bytes per token over all windowed layers, while the window fills."""
    state_b: float = 0.0
    """Recurrent state and convolution state of one sequence at 16 bit."""
    full: int = 0
    windowed: int = 0
    linear: int = 0
    moe_layers: int = 0
    heads_given: bool = True
    """False for a model without attention, whose `intermediate_size` is that of its recurrent layers."""
    layer_heads: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Key heads and their size, by layer."""
    doubts: list[str] = field(default_factory=list)
    """Keys whose meaning is not sure."""

    @property
    def total(self) -> float:
        """All parameters. [1]"""
        return (
            self.attention + self.dense + self.routed + self.always + self.other
            + self.embedding + self.head
        )  # fmt: skip

    @property
    def active(self) -> float:
        """Parameters one token uses, tables of embeddings included. [1]"""
        if not self.experts:
            return self.total
        return self.total - self.routed * (1.0 - self.top_k / self.experts)


def _latent_attention(k: Keys, c: Counted) -> float:
    """One layer of multi-head latent attention (DeepSeek-V2)."""
    h = c.hidden
    latent = k.count("kv_lora_rank", otherwise=512)
    rope = k.count("qk_rope_head_dim", otherwise=64)
    nope = k.count("qk_nope_head_dim", otherwise=128)
    value = k.count("v_head_dim", otherwise=128)
    rank = k.count("q_lora_rank", otherwise=0)
    key = nope + rope
    query = h * rank + rank * c.heads * key if rank else h * c.heads * key
    c.mla_rank, c.head_size, c.value_size = latent + rope, key, value
    return float(
        query + h * (latent + rope) + latent * c.heads * (nope + value) + c.heads * value * h
    )


@dataclass(frozen=True)
class _Heads:
    """Heads of one layer."""

    heads: int
    kv_heads: int
    head_size: int
    value_size: int

    @property
    def kv_b(self) -> float:
        """Cache bytes per token at 16 bit."""
        return self.kv_heads * (self.head_size + self.value_size) * BF16_B

    def params(self, hidden: int, gate: bool, biased: bool) -> float:
        """Query, key, value and output matrices."""
        q = self.heads * self.head_size
        kv = self.kv_heads * (self.head_size + self.value_size)
        matrices = hidden * (q + kv + self.heads * self.value_size + (q if gate else 0))
        return float(matrices + (q + kv + hidden if biased else 0))


def _heads_of(k: Keys, c: Counted, kind: str, index: int) -> _Heads:
    """Heads of one layer: those of windows may differ (`swa_*`), and any layer's (`per_layer_config`)."""
    base = _Heads(c.heads, c.kv_heads, c.head_size, c.value_size)
    if kind == "window" and k.get("swa_head_dim", "swa_num_key_value_heads") is not None:
        size = k.count("swa_head_dim", otherwise=base.head_size)
        base = _Heads(
            k.count("swa_num_attention_heads", otherwise=base.heads),
            k.count("swa_num_key_value_heads", otherwise=base.kv_heads),
            size,
            k.count("swa_v_head_dim", otherwise=c.value_size if k.has("v_head_dim") else size),
        )
    given = k.file.get("per_layer_config")
    own: Any = None
    if isinstance(given, dict):
        own = next(
            (v for key, v in given.items() if str(key).isdigit() and int(key) == index), None
        )
    elif isinstance(given, list) and index < len(given):
        own = given[index]
    heads = k.file.get("num_attention_heads_per_layer")
    if isinstance(heads, list) and index < len(heads) and isinstance(heads[index], int):
        own = {"num_attention_heads": heads[index], **(own if isinstance(own, dict) else {})}
    if isinstance(own, dict):
        inner = Keys(own, {}, k.name)
        size = inner.count("head_size", otherwise=base.head_size)
        base = _Heads(
            inner.count("heads", otherwise=base.heads),
            inner.count("kv_heads", otherwise=base.kv_heads),
            size,
            inner.count(
                "v_head_dim", otherwise=base.value_size if size == base.head_size else size
            ),
        )
    return base


def _recurrent(k: Keys, c: Counted, kind: str) -> tuple[float, float]:
    """Parameters and state numbers of one recurrent layer."""
    h = c.hidden
    if kind == "mamba1":
        expand = k.count("mamba_expand", "expand", otherwise=2)
        inner = k.count("d_inner", "intermediate_size", otherwise=0) if not c.heads_given else 0
        inner = inner or expand * h
        state = k.count("mamba_d_state", "state_size", otherwise=16)
        conv = k.count("mamba_d_conv", "conv_kernel", otherwise=4)
        step = k.count("mamba_dt_rank", "time_step_rank", "dt_rank", otherwise=-(-h // 16))
        params = h * 2 * inner + inner * (step + 2 * state) + step * inner + inner * h
        return float(params + inner * (conv + state + 2)), float(inner * (state + conv))
    if kind == "mamba2":
        expand = k.count("mamba_expand", "expand", otherwise=2)
        heads = k.count(
            "mamba_num_heads", "mamba_n_heads", "n_mamba_heads", "num_heads", otherwise=0
        )
        size = k.count("mamba_head_dim", "mamba_d_head", "mamba_headdim", "head_dim", otherwise=64)
        if not heads:
            heads = expand * h // max(size, 1)
        if not size:
            size = expand * h // heads
        inner = k.count("mamba_d_ssm", otherwise=0) or heads * size
        state = k.count("ssm_state_size", "mamba_d_state", "state_size", otherwise=128)
        groups = k.count("n_groups", "mamba_n_groups", "mamba_ngroups", otherwise=1)
        conv = k.count("conv_kernel", "mamba_d_conv", otherwise=4)
        mixed = inner + 2 * groups * state
        params = h * (inner + mixed + heads) + inner * h + mixed * conv + 3 * heads + inner
        return float(params), float(inner * state + mixed * conv)
    if kind in ("delta", "kda"):
        conv = k.count("linear_conv_kernel_dim", "short_conv_kernel_size", otherwise=4)
        if kind == "kda":
            inner_config = k.file.get("linear_attn_config")
            own = inner_config if isinstance(inner_config, dict) else {}
            heads = int(own.get("num_heads") or k.count("linear_num_heads", otherwise=c.heads))
            size = int(own.get("head_dim") or k.count("linear_head_dim", otherwise=128))
            conv = int(own.get("short_conv_kernel_size") or conv)
            wide = heads * size
            full_rank = bool(own.get("use_full_rank_gate")) or "layer_group_size" in k.defaults
            gates = 2 * h * wide if full_rank else 2 * (h * size + size * wide)
            params = h * 3 * wide + gates + h * heads + wide * h + 3 * wide * conv
            return float(params), float(heads * size * size + 3 * wide * conv)
        keys = k.count("linear_num_key_heads") * k.count("linear_key_head_dim")
        heads, size = k.count("linear_num_value_heads"), k.count("linear_value_head_dim")
        values = heads * size
        params = h * (2 * keys + 2 * values + 2 * heads) + values * h + (2 * keys + values) * conv
        numbers = heads * k.count("linear_key_head_dim") * size + (2 * keys + values) * conv
        return float(params), float(numbers)
    if kind == "lightning":
        wide = c.heads * c.head_size
        return float(5 * h * wide), float(c.heads * c.head_size * c.head_size)
    if kind == "conv":
        conv = k.count("conv_L_cache", otherwise=3)
        return float(4 * h * h + h * conv), float(h * conv)
    if kind == "lru":
        width = k.count("lru_width", otherwise=h) or h
        conv = k.count("conv1d_width", otherwise=4)
        turned = 2.0 * width * width / max(c.heads, 1)
        return 3.0 * h * width + width * conv + turned, float(
            2 * width + width * (conv - 1)
        )  # the state is kept at 32 bit
    return 0.0, 0.0


def count_model(k: Keys, plan: LayerPlan, traits: Traits, tied: bool) -> Counted:
    """Parameters and cache of the model with those sizes and that plan of layers."""
    c = Counted()
    c.hidden, c.heads = k.count("hidden"), k.count("heads", otherwise=1)
    c.kv_heads = _key_heads(k, c)
    c.heads_given = k.get("num_attention_heads", "n_head", "n_heads") is not None
    given = k.count("head_size", otherwise=0)
    if c.heads_given and not given and not k.has("kv_lora_rank") and c.hidden % max(c.heads, 1):
        raise RangeError(
            _("{name}: hidden_size={hidden} is not a multiple of {heads} attention heads.").format(
                name=k.name, hidden=c.hidden, heads=c.heads
            ),
            _("give head_dim, or the config.json as published."),
        )
    c.head_size = given or max(c.hidden // max(c.heads, 1), 1)
    c.value_size = k.count("v_head_dim", otherwise=0) or c.head_size
    c.matrices = 3 if traits.gated in (True, None) else 2
    c.ffn = k.count("ffn", otherwise=4 * c.hidden) or 4 * c.hidden
    c.vocabulary = k.count("vocabulary")
    c.experts = k.count("experts", otherwise=0)
    c.experts = c.experts if c.experts > 1 and "moe" in plan.ffns else 0
    c.top_k = k.count("top_k", otherwise=0) if c.experts else 0
    c.expert_ffn = k.count("expert_ffn", otherwise=0) or c.ffn
    shared = k.count("shared_ffn", otherwise=0)
    c.shared_ffn = shared or k.count("shared_experts", otherwise=0) * c.expert_ffn
    c.window = k.count("window", otherwise=0)

    c.full = plan.mixers.count("full")
    c.windowed = plan.mixers.count("window")
    c.linear = len(plan.mixers) if traits.both else plan.mixers.count("linear")
    c.moe_layers = plan.ffns.count("moe") if c.experts else 0
    dense_layers = plan.ffns.count("dense") + (c.moe_layers if traits.dense_beside_experts else 0)
    if not c.experts:
        dense_layers += plan.ffns.count("moe")

    latent = traits.latent or k.count("kv_lora_rank", otherwise=0) > 0
    biased = k.flag("attention_bias", "use_bias", "qkv_bias", "bias")
    one = _latent_attention(k, c) if latent else 0.0
    for index, kind in enumerate(plan.mixers):
        if kind not in ("full", "window"):
            continue
        own = _heads_of(k, c, kind, index)
        c.layer_heads[index] = (own.kv_heads, own.head_size)
        c.attention += one or own.params(c.hidden, traits.query_gate, biased)
        cache = c.mla_rank * BF16_B if latent else own.kv_b
        if kind == "full":
            c.kv_growing_b += cache
        else:
            c.kv_window_b += cache
    if c.linear:
        params, numbers = _recurrent(k, c, traits.recurrent)
        c.attention += params * c.linear
        c.state_b = numbers * BF16_B * c.linear
    bias = c.ffn + c.hidden if k.flag("mlp_bias", "use_bias", "bias") else 0
    c.dense = float(dense_layers * (c.matrices * c.hidden * c.ffn + bias))
    each = c.matrices * c.hidden * c.expert_ffn
    c.routed = float(c.moe_layers * c.experts * each)
    c.always = float(c.moe_layers * c.hidden * (c.matrices * c.shared_ffn + c.experts))
    if not c.experts:
        c.shared_ffn = c.expert_ffn = 0
    c.other = 4.0 * c.hidden * len(plan.mixers) + c.hidden  # norms
    c.embedding = float(c.vocabulary * c.hidden)
    if traits.positions:
        c.embedding += c.hidden * k.count(
            "max_position_embeddings", "n_positions", "n_ctx", otherwise=2048
        )
    c.head = 0.0 if tied else float(c.vocabulary * c.hidden)
    if traits.extra is not None:
        traits.extra(k, c, plan)
    return c


def _key_heads(k: Keys, c: Counted) -> int:
    """Heads of keys and values; one where the file says so in a word."""
    if k.flag("multi_query") and not k.flag("new_decoder_architecture"):
        return 1
    if k.file.get("multi_query_attention") is False:
        return c.heads
    found: Any = k.count("kv_heads", otherwise=c.heads) or c.heads
    return int(found)
