"""Which classes of models have parts of their own, and how many parameters and bytes are those? [1, B]

One function a class: it corrects what `count_model` made of the common keys. Each was written from the class's source
(Hugging Face transformers 5.24.0) and held against models built from it; releases with code of their own are marked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from taotie.compute.energy.model_keys import Keys
from taotie.compute.energy.model_layers import LayerPlan

if TYPE_CHECKING:
    from taotie.compute.energy.model_count import Counted

__all__ = ["EXTRAS"]

BF16_B = 2.0


def _dense(c: Counted, layers: float, width: float, matrices: int | None = None) -> float:
    return layers * (matrices or c.matrices) * c.hidden * width


def _recurrent_only(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Mamba, Mamba 2: no attention and no feed-forward part."""
    c.dense = 0.0


def _indexer(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Sparse attention with an indexer (DeepSeek V3.2): keys of its own in the layers that choose."""
    heads, size = k.count("index_n_heads", otherwise=0), k.count("index_head_dim", otherwise=0)
    if not heads or not size:
        return
    kinds = k.listed("indexer_types") or k.repeated("indexer_types", len(plan.mixers))
    words = plan.words or ["indexed"] * len(plan.mixers)
    layers = sum(
        mixer == "full"
        and ("index" in word or not plan.words)
        and (kinds is None or i >= len(kinds) or str(kinds[i]) == "full")
        for i, (mixer, word) in enumerate(zip(plan.mixers, words, strict=True))
    )
    rank = k.count("q_lora_rank", otherwise=0) or c.hidden
    c.attention += layers * (rank * heads * size + c.hidden * (size + heads))
    c.kv_growing_b += layers * size * BF16_B


def _hyper(k: Keys, c: Counted, rows: int) -> None:
    """Hyper-connections: `hc_mult` streams mixed before and after each part."""
    streams = k.count("hc_mult", otherwise=0)
    c.other += 2.0 * (c.full + c.windowed + c.linear) * rows * streams * c.hidden


def _glm5_next(k: Keys, c: Counted, plan: LayerPlan) -> None:
    size = k.count("index_head_dim", otherwise=128)
    _indexer(k, c, plan)
    c.attention += c.full * c.hidden * size  # compression of pools
    c.kv_growing_b += c.full * (size * BF16_B + 2.0)
    _hyper(k, c, k.count("hc_mult", otherwise=4) * (k.count("hc_mult", otherwise=4) + 2))


def _hy_v4(k: Keys, c: Counted, plan: LayerPlan) -> None:
    _indexer(k, c, plan)
    c.attention += (c.full + c.windowed) * c.hidden * c.heads * c.value_size  # gate
    _hyper(k, c, 2 * k.count("hc_mult", otherwise=4))


def _axk2(k: Keys, c: Counted, plan: LayerPlan) -> None:
    _indexer(k, c, plan)
    rank = k.count("q_lora_rank", otherwise=1536)
    wide = c.heads * (c.head_size + c.value_size)
    gate = (
        2 * rank * wide - rank * c.heads * c.head_size
    )  # queries and gate from one matrix of twice the rank
    norms = 2 * c.hidden * k.count("gated_norm_rank", otherwise=16)
    c.attention += (c.full + c.windowed) * gate
    c.other += len(plan.mixers) * norms


def _deepseek_v4(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """One key head shared by all, compressed: 1 in 4 tokens with an indexer, or 1 in 128; a window beside."""
    h, size, heads = c.hidden, c.head_size, c.heads
    rank = k.count("q_lora_rank", otherwise=1024)
    groups, out = k.count("o_groups", otherwise=8), k.count("o_lora_rank", otherwise=1024)
    index_heads = k.count("index_n_heads", otherwise=64)
    index_size = k.count("index_head_dim", otherwise=128)
    ratios = k.listed("compress_ratios")
    if ratios is None:
        given = k.file.get("compress_rates")
        rates = given if isinstance(given, dict) else {}
        few = int(rates.get("heavily_compressed_attention") or 128)
        many = int(rates.get("compressed_sparse_attention") or 4)
        ratios = [few if "heav" in w else many if "compress" in w else 0 for w in plan.words]
    ratios = [int(r) for r in ratios][: len(plan.mixers)]
    one = h * rank + rank * heads * size + h * size + groups * out * (heads * size / groups + h)
    c.attention, c.kv_growing_b = one * len(ratios), 0.0
    for ratio in ratios:
        if not ratio:
            continue
        sparse = ratio <= 16  # twice as wide, overlapping, and with an indexer
        c.attention += 2 * h * size * (2 if sparse else 1) + ratio * size
        c.kv_growing_b += size * BF16_B / ratio
        if sparse:
            c.attention += (
                2 * h * 2 * index_size + rank * index_heads * index_size + h * index_heads
            )
            c.kv_growing_b += index_size * BF16_B / ratio
    streams = k.count("hc_mult", otherwise=4)
    c.other += 2.0 * len(ratios) * streams * (streams + 2) * streams * h
    c.full, c.windowed, c.linear = len(ratios), 0, sum(0 < r <= 16 for r in ratios)
    c.kv_window_b = len(ratios) * size * BF16_B
    # tokens that are not yet compressed: keys and index keys, twice as wide
    c.state_b = sum(2.0 * r * (size + index_size) for r in ratios if 0 < r <= 16) * BF16_B
    c.always -= _dense(
        c, c.moe_layers, c.shared_ffn - c.expert_ffn
    )  # one shared expert, whatever is said
    c.shared_ffn = c.expert_ffn
    c.mla_rank, c.kv_heads = 0, 1


def _dory(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """A stretch of layers runs several times with the same weights and a cache for each pass."""
    first = k.count("n_input_layers", otherwise=0)
    length = k.count("n_recurrent_layers", otherwise=0)
    more = k.count("n_recurrent_loops", otherwise=1) - 1
    again = plan.mixers[first : first + length]
    _again(c, plan, again.count("full") * more, again.count("window") * more)


def _again(c: Counted, plan: LayerPlan, full: int, windowed: int) -> None:
    """More caches, as many parameters."""
    if c.full:
        c.kv_growing_b *= 1.0 + full / c.full
    if c.windowed:
        c.kv_window_b *= 1.0 + windowed / c.windowed
    c.full += full
    c.windowed += windowed


def _shared_caches(k: Keys, c: Counted, plan: LayerPlan, keeps_values: bool) -> None:
    """The last layers use keys and values of earlier ones: no matrices, no cache."""
    shared = k.count("num_kv_shared_layers", otherwise=0)
    if not shared:
        return
    first = len(plan.mixers) - shared
    wide = k.count("global_head_dim", otherwise=0) or c.head_size
    wide_heads = k.count("num_global_key_value_heads", otherwise=0) or c.kv_heads
    own = k.has("per_layer_config")
    for index, mixer in enumerate(plan.mixers[first:], first):
        heads, size = (wide_heads, wide) if mixer == "full" else (c.kv_heads, c.head_size)
        if own and index in c.layer_heads:
            heads, size = c.layer_heads[index]
        matrices = 2 if mixer != "full" or keeps_values else 1
        c.attention -= c.hidden * matrices * heads * size
        if mixer == "full":
            c.full -= 1
            c.kv_growing_b -= 2 * heads * size * BF16_B
        else:
            c.windowed -= 1
            c.kv_window_b -= 2 * heads * size * BF16_B


def _per_layer_inputs(k: Keys, c: Counted, layers: int) -> None:
    size = k.count("hidden_size_per_layer_input", otherwise=0)
    if size:
        words = k.count("vocab_size_per_layer_input", otherwise=c.vocabulary)
        c.embedding += float(words * layers * size)
        c.other += c.hidden * layers * size * 3.0


def _gemma3n(k: Keys, c: Counted, plan: LayerPlan) -> None:
    layers = len(plan.mixers)
    widths = k.listed("intermediate_size")
    if widths is not None and len(widths) == layers:
        c.dense = sum(_dense(c, 1, float(w)) for w in widths)
    _shared_caches(k, c, plan, keeps_values=True)
    _per_layer_inputs(k, c, layers)
    streams = k.count("altup_num_inputs", otherwise=4)
    rank = k.count("laurel_rank", otherwise=64)
    c.other += layers * (2 * c.hidden * rank + c.hidden * streams)
    c.other += 2.0 * (streams - 1) * c.hidden * c.hidden


def _gemma4(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Full layers have heads of their own and may use keys as values; experts stand beside a dense part."""
    layers = len(plan.mixers)
    same = k.flag("attention_k_eq_v")
    listed = k.file.get("per_layer_config")
    size = k.count("global_head_dim", otherwise=0) or c.head_size
    heads = k.count("num_global_key_value_heads", otherwise=0) or c.kv_heads
    if not same:  # without shared values the class keeps the ordinary number of heads
        heads = c.kv_heads
    if not isinstance(listed, dict | list):
        for mixer in plan.mixers:
            if mixer == "full":
                old = c.hidden * (2 * c.heads * c.head_size + 2 * c.kv_heads * c.head_size)
                new = c.hidden * (2 * c.heads * size + (1 if same else 2) * heads * size)
                c.attention += new - old
                c.kv_growing_b += 2 * (heads * size - c.kv_heads * c.head_size) * BF16_B
    elif same:
        c.attention -= c.kv_growing_b / (2 * BF16_B) * c.hidden
    _shared_caches(k, c, plan, keeps_values=not same)
    if k.flag("use_double_wide_mlp"):
        c.dense += _dense(c, k.count("num_kv_shared_layers", otherwise=0), c.ffn)
    if k.flag("enable_moe_block") and c.experts:
        c.dense = _dense(c, layers, c.ffn)
    elif c.experts:
        c.routed = c.always = 0.0
        c.experts = c.top_k = c.moe_layers = 0
        c.dense = _dense(c, layers, c.ffn)
    _per_layer_inputs(k, c, layers)


def _all_full(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """The class does not obey its list of layers: attention everywhere."""
    layers = len(plan.mixers)
    wide = c.hidden * (2 * c.heads * c.head_size + 2 * c.kv_heads * c.head_size)
    c.attention, c.full, c.windowed, c.linear = float(layers * wide), layers, 0, 0
    c.kv_growing_b = layers * 2 * c.kv_heads * c.head_size * BF16_B
    c.kv_window_b = c.state_b = 0.0


def _hrm(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Two stacks run in cycles: parameters once, a cache for each pass; keys have as many heads as queries."""
    built = 2 * k.count("num_layers_per_stack", otherwise=16)
    high, low = k.count("H_cycles", otherwise=2), k.count("L_cycles", otherwise=3)
    passes = high * (low + 1) * (built // 2)
    wide = c.heads * c.head_size
    c.kv_heads = c.heads
    c.attention = float(built * 5 * c.hidden * wide)
    c.dense = _dense(c, built, c.ffn)
    c.full = passes
    c.kv_growing_b = passes * 2 * wide * BF16_B


def _one_shared(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Hunyuan: a dense part beside the experts; Llama 4 likewise."""
    shared = k.get("num_shared_expert")
    times = max(shared) if isinstance(shared, list) and shared else shared or 1
    if c.experts and not c.shared_ffn:
        c.shared_ffn = int(times) * c.expert_ffn
        c.always += _dense(c, c.moe_layers, c.shared_ffn)


def _llama4(k: Keys, c: Counted, plan: LayerPlan) -> None:
    wide = k.count("intermediate_size_mlp", otherwise=c.ffn)
    c.dense = _dense(c, plan.ffns.count("dense"), wide)
    _one_shared(k, c, plan)


def _inkling(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Heads of windows differ; relative positions; short convolutions on keys, values and after each part."""
    conv = k.count("conv_kernel_size", otherwise=4)
    rel = k.count("d_rel", otherwise=16)
    heads = {"full": c.heads, "window": k.count("swa_num_attention_heads", otherwise=c.heads)}
    wide = {
        "full": c.kv_heads * c.head_size,
        "window": k.count("swa_num_key_value_heads", otherwise=c.kv_heads)
        * k.count("swa_head_dim", otherwise=c.head_size),
    }
    for mixer in plan.mixers:
        c.other += c.hidden * heads.get(mixer, 0) * rel + conv * 2 * (wide.get(mixer, 0) + c.hidden)
        c.state_b += conv * 2 * (wide.get(mixer, 0) + c.hidden) * BF16_B
    c.linear = len(plan.mixers)
    c.head = float(c.hidden * (k.count("unpadded_vocab_size", otherwise=0) or c.vocabulary))


def _inkling_loop(k: Keys, c: Counted, plan: LayerPlan) -> None:
    start, end = (
        k.count("loop_layer_index_start", otherwise=0),
        k.count("loop_layer_index_end", otherwise=0),
    )
    more = k.count("loop_num_passes", otherwise=1) - 1
    again = plan.mixers[start:end]
    rank = k.count("loop_gate_rank", otherwise=64)
    c.other += len(again) * 4 * rank * 4 * c.hidden
    _inkling(k, c, plan)
    conv = k.count("conv_kernel_size", otherwise=4)
    swa = k.count("swa_num_key_value_heads", otherwise=c.kv_heads) * k.count(
        "swa_head_dim", otherwise=c.head_size
    )
    for mixer in again:
        wide = swa if mixer == "window" else c.kv_heads * c.head_size
        c.state_b += more * conv * 2 * (wide + c.hidden) * BF16_B
    _again(c, plan, again.count("full") * more, again.count("window") * more)
    c.linear += len(again) * more


def _laguna(k: Keys, c: Counted, plan: LayerPlan) -> None:
    heads = k.listed("num_attention_heads_per_layer")
    if heads is None:
        own = k.repeated("num_attention_heads_per_layer", len(plan.mixers))
        if own is not None:
            heads = [int(x) for x in own]
            c.attention += sum(2 * c.hidden * (n - c.heads) * c.head_size for n in heads)
    if k.flag("gating", otherwise=True):
        c.other += c.hidden * sum(heads or [c.heads] * len(plan.mixers))


def _lfm2(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """The width is cut to two thirds and rounded up where the file says so."""
    if not k.flag("block_auto_adjust_ff_dim", otherwise=True):
        return
    width = int(2 * c.ffn / 3)
    times = k.get("block_ffn_dim_multiplier")
    if isinstance(times, int | float) and not isinstance(times, bool):
        width = int(times * width)
    step = k.count("block_multiple_of", otherwise=256) or 1
    width = step * -(-width // step)
    c.dense = _dense(c, plan.ffns.count("dense"), width)
    c.ffn = width


def _longcat(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Every layer holds two attentions and two dense parts; some experts do nothing and have no weights."""
    layers = len(plan.mixers)
    idle = k.count("zero_expert_num", otherwise=0)
    c.attention *= 2.0
    c.dense = _dense(c, 2 * layers, c.ffn)
    c.full *= 2
    c.kv_growing_b *= 2.0
    c.always += layers * c.hidden * idle
    if idle:
        c.doubts.append("zero_expert_num")


def _mimo_v2(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Windows have twice the key heads; the release says so in keys of its own (`swa_*`)."""
    if k.has("swa_num_key_value_heads", "per_layer_config"):
        return
    each = c.kv_heads * (c.head_size + c.value_size)
    c.attention += c.windowed * c.hidden * each
    c.kv_window_b += c.windowed * each * BF16_B


def _mllama(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Layers that look at the picture keep a cache that the conversation does not add to."""
    named = k.listed("cross_attention_layers") or k.defaults.get("cross_attention_layers") or []
    cross = sum(isinstance(i, int) and i < len(plan.mixers) for i in named)
    own = c.kv_growing_b / c.full if c.full else 0.0
    c.full -= min(cross, c.full)
    c.kv_growing_b = own * c.full
    c.embedding += 8.0 * c.hidden


def _head_layer(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """A matrix before the output."""
    c.other += float(c.hidden * c.hidden)


def _narrow_experts(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Experts work in a narrower space, entered and left by a matrix each."""
    inner = k.count("moe_latent_size", "moe_hidden_size", "routed_expert_hidden_size", otherwise=0)
    if inner and c.experts:
        c.routed *= inner / c.hidden
        c.always += 2.0 * c.moe_layers * c.hidden * inner


def _qwen4(k: Keys, c: Counted, plan: LayerPlan) -> None:
    streams, rank = k.count("hc_count", otherwise=4), k.count("hc_lowrank", otherwise=320)
    mixes = 2 * len(plan.mixers) + 1
    c.other += 2.0 * mixes * streams * c.hidden * rank + mixes * streams * streams * c.hidden
    size, heads = k.count("indexer_head_dim", otherwise=0), k.count("indexer_n_heads", otherwise=0)
    keys = k.count("indexer_kv_heads", otherwise=1)
    if size and heads:
        c.attention += c.full * c.hidden * size * (heads + keys)
        c.kv_growing_b += c.full * keys * size * BF16_B
    if k.listed("ple_layer_ids"):
        c.doubts.append("ple_layer_ids")


def _one_gate(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """A gate a head wide."""
    c.other += float(c.hidden * c.heads * (c.full + c.windowed))


def _minimax_m3(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """The plain width is that of an expert; dense layers have one of their own."""
    wide = k.count("dense_intermediate_size", otherwise=0)
    if wide:
        c.dense = _dense(c, plan.ffns.count("dense"), wide)
    _indexer(k, c, plan)


def _mistral_large4(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Some layers read the cache of an earlier one."""
    _indexer(k, c, plan)
    sources = k.listed("kv_source_layers")
    if sources is not None and c.full:
        owners = sum(i == source for i, source in enumerate(sources))
        c.kv_growing_b *= owners / c.full
        c.full = owners


def _bailing(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """A gate a head wide on latent attention."""
    c.other += float(c.hidden * c.heads * c.full)


def _kimi_linear(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Kimi K3: experts work in a narrower space."""
    _narrow_experts(k, c, plan)


def _nemotron_h(k: Keys, c: Counted, plan: LayerPlan) -> None:
    _narrow_experts(k, c, plan)


def _zamba2(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Mamba 2 in every layer; some also pass through one of a few transformers that they share."""
    hybrid = k.listed("hybrid_layer_ids") or [i for i, w in enumerate(plan.words) if w == "hybrid"]
    blocks = k.count("num_mem_blocks", otherwise=1)
    wide = k.count("attention_hidden_size", otherwise=2 * c.hidden) or 2 * c.hidden
    size = k.count("attention_head_dim", otherwise=wide // c.heads) or wide // c.heads
    built = min(blocks, len(hybrid))
    each = wide * c.heads * size + 2 * wide * c.kv_heads * size + c.heads * size * c.hidden
    rank = k.count("adapter_rank", otherwise=128)
    _move_to_linear(c, plan, k)
    c.attention += built * each + len(hybrid) * c.hidden * c.hidden
    c.dense = _dense(c, built, c.ffn, 3) + len(hybrid) * rank * (c.hidden + 2 * c.ffn)
    c.full, c.windowed, c.kv_window_b = len(hybrid), 0, 0.0
    c.kv_growing_b = len(hybrid) * 2 * c.kv_heads * size * BF16_B
    if blocks > 1:
        c.doubts.append("num_mem_blocks")


def _move_to_linear(c: Counted, plan: LayerPlan, k: Keys) -> None:
    """Every layer has the recurrent part; what was counted as attention is dropped."""
    layers = len(plan.mixers)
    if not c.linear:
        return
    own = c.attention
    attention = c.hidden * (2 * c.heads * c.head_size + 2 * c.kv_heads * c.head_size)
    recurrent = (own - attention * c.full) / c.linear
    c.attention = recurrent * layers
    c.state_b *= layers / c.linear
    c.linear = layers


def _zamba(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Mamba in every layer, one shared transformer on twice the width in some."""
    layers, h = len(plan.mixers), c.hidden
    hybrid = [w for w in plan.words if w == "hybrid"]
    wide = k.count("attention_hidden_size", otherwise=2 * h) or 2 * h
    size = k.count("attention_head_dim", otherwise=wide // c.heads) or wide // c.heads
    heads = max(k.count("n_mamba_heads", otherwise=2), 1)
    inner = k.count("mamba_expand", otherwise=2) * h
    state, conv = k.count("mamba_d_state", otherwise=16), k.count("mamba_d_conv", otherwise=4)
    step = k.count("mamba_dt_rank", otherwise=-(-h // 16))
    per = h * 2 * inner + inner * (step + 2 * state) + inner * step + inner * (h + state + conv)
    each = wide * c.heads * size + 2 * wide * c.kv_heads * size + c.heads * size * h
    shared = each * (1 if hybrid else 0)
    c.attention = layers * per + shared + len(hybrid) * h * h
    c.dense = _dense(c, 1 if hybrid else 0, c.ffn, 3)
    c.linear, c.full, c.windowed, c.kv_window_b = layers, len(hybrid), 0, 0.0
    c.state_b = layers * inner * (state + conv) * BF16_B
    c.kv_growing_b = len(hybrid) * 2 * c.kv_heads * size * BF16_B
    if heads > 2:
        c.doubts.append("n_mamba_heads")


def _zaya(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Convolutions over queries and keys, a router that is a small network, one expert that does nothing."""
    layers, router = len(plan.mixers), k.count("router_hidden_size", otherwise=256)
    qk = (c.heads + c.kv_heads) * c.head_size
    time = k.count("cca_time1", otherwise=2)
    c.attention += layers * (qk * c.head_size * time + qk * time)
    c.always += layers * (c.hidden * router + 2 * router * router - c.hidden * c.experts)
    c.linear = layers
    c.state_b = layers * BF16_B * (2 * qk + c.kv_heads * c.head_size / 2)


def _falcon(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """`num_kv_heads` counts in the new decoder only; before, one key head or as many as queries."""
    heads = c.kv_heads
    if not k.flag("new_decoder_architecture"):
        heads = 1 if k.flag("multi_query", otherwise=True) else c.heads
    change = heads - c.kv_heads
    c.attention += 2.0 * len(plan.mixers) * c.hidden * change * c.head_size
    c.kv_growing_b = len(plan.mixers) * 2 * heads * c.head_size * BF16_B
    c.kv_heads = heads


def _bloom(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Four times as wide, always."""
    c.dense = _dense(c, len(plan.mixers), 4 * c.hidden, 2)


def _helium(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """The output matrix is square whatever the heads."""
    c.attention += len(plan.mixers) * c.hidden * (c.hidden - c.heads * c.head_size)


def _jetmoe(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Attention is a mixture too: queries and outputs belong to experts, keys and values to all."""
    layers = len(plan.mixers)
    size = k.count("kv_channels", otherwise=128)
    heads = k.count("num_key_value_heads", otherwise=16)
    wide = heads * size
    experts, top = k.count("experts", otherwise=8), k.count("top_k", otherwise=2)
    c.heads, c.kv_heads, c.head_size = heads * top, heads, size
    c.attention = layers * c.hidden * (2.0 * wide + experts)
    c.routed += layers * experts * 2.0 * c.hidden * wide
    c.kv_growing_b = layers * 2 * wide * BF16_B


def _rwkv(k: Keys, c: Counted, plan: LayerPlan) -> None:
    layers = len(plan.mixers)
    wide = k.count("attention_hidden_size", otherwise=0) or c.hidden
    width = c.ffn
    c.attention = layers * 4.0 * c.hidden * wide
    c.dense = layers * (2.0 * c.hidden * width + c.hidden * c.hidden)
    c.linear, c.full, c.windowed = layers, 0, 0
    c.kv_growing_b = c.kv_window_b = 0.0
    c.state_b = layers * (2 * c.hidden * BF16_B + 3 * wide * 2 * BF16_B)


def _xlstm(k: Keys, c: Counted, plan: LayerPlan) -> None:
    layers, h = len(plan.mixers), c.hidden

    def share(key: str, usual: float) -> float:
        value = k.get(key)
        return float(value) if isinstance(value, int | float) else usual

    query, value = int(h * share("qk_dim_factor", 0.5)), int(h * share("v_dim_factor", 1.0))
    step = k.count("ffn_round_up_to_multiple_of", otherwise=64) or 64
    width = step * -(-int(h * share("ffn_proj_factor", 2.667)) // step)
    c.attention = layers * (h * (2.0 * query + 2 * value + 2 * c.heads) + value * h)
    c.dense = _dense(c, layers, width, 3)
    c.linear, c.full, c.windowed = layers, 0, 0
    c.kv_growing_b = c.kv_window_b = 0.0
    c.state_b = layers * (query * value / max(c.heads, 1) + query + c.heads) * 2 * BF16_B


def _recurrent_gemma(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """The file gives the width of both halves of the gated part together."""
    c.dense = _dense(c, len(plan.mixers), c.ffn / 2, 3)


def _doge(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Experts are single rows of two tables, beside a dense part; off unless `is_moe`."""
    layers = len(plan.mixers)
    experts, top = k.count("num_experts", otherwise=0), k.count("num_experts_per_tok", otherwise=0)
    c.dense = _dense(c, layers, c.ffn)
    c.routed = c.always = 0.0
    c.experts = c.top_k = c.moe_layers = c.expert_ffn = c.shared_ffn = 0
    if k.flag("is_moe") and experts:
        c.experts, c.top_k, c.moe_layers, c.expert_ffn = experts, top, layers, 1
        c.routed = layers * experts * 2.0 * c.hidden
        c.always = layers * c.hidden * 2.0 * int(experts**0.5)


def _cpmant(k: Keys, c: Counted, plan: LayerPlan) -> None:
    prompts = k.count("prompt_types", otherwise=32) * k.count("prompt_length", otherwise=32)
    c.embedding += c.hidden * (prompts + k.count("segment_types", otherwise=32))
    c.head = float(c.vocabulary * c.hidden)  # fewer rows than the input: never shared


def _arctic(k: Keys, c: Counted, plan: LayerPlan) -> None:
    """Release with its own code: a dense part as wide as the model beside the experts of every layer."""
    if k.flag("parallel_attn_mlp_res", "use_residual"):
        c.dense += _dense(c, c.moe_layers, c.hidden)


EXTRAS: dict[str, Callable[[Keys, Counted, LayerPlan], None]] = {
    "mamba": _recurrent_only,
    "mamba2": _recurrent_only,
    "falcon_mamba": _recurrent_only,
    "deepseek_v32": _indexer,
    "glm_moe_dsa": _indexer,
    "glm5_next_text": _glm5_next,
    "hy_v4": _hy_v4,
    "axk2": _axk2,
    "deepseek_v4": _deepseek_v4,
    "dory": _dory,
    "gemma3n_text": _gemma3n,
    "gemma4_text": _gemma4,
    "gemma4_unified_text": _gemma4,
    "diffusion_gemma_text": _gemma4,
    "granite4_vision_text": _all_full,
    "unlimited_ocr_text": _all_full,
    "hrm_text": _hrm,
    "hunyuan_v1_moe": _one_shared,
    "llama4_text": _llama4,
    "inkling_text": _inkling,
    "inkling2_text": _inkling,
    "inkling2_loop_text": _inkling_loop,
    "laguna": _laguna,
    "step3p5": _one_gate,
    "lfm2": _lfm2,
    "longcat_flash": _longcat,
    "mimo_v2_flash": _mimo_v2,
    "mllama_text_model": _mllama,
    "modernbert-decoder": _head_layer,
    "muse_spark_text": _narrow_experts,
    "nemotron_h": _nemotron_h,
    "kimi_linear": _kimi_linear,
    "bailing_hybrid": _bailing,
    "mistral_large4_text": _mistral_large4,
    "hy_v4_vl_text": _hy_v4,
    "dots3_note_text": _indexer,
    "minimax_m3_vl_text": _minimax_m3,
    "qwen4_exp_text": _qwen4,
    "zamba2": _zamba2,
    "zamba": _zamba,
    "zaya": _zaya,
    "falcon": _falcon,
    "bloom": _bloom,
    "helium": _helium,
    "jetmoe": _jetmoe,
    "rwkv": _rwkv,
    "xlstm": _xlstm,
    "recurrent_gemma": _recurrent_gemma,
    "doge": _doge,
    "cpmant": _cpmant,
    "arctic": _arctic,
}
"""Corrections by model type."""
