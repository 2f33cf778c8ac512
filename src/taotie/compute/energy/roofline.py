"""How long do one decode step and one prefill take on given accelerators, and what do they draw? [s, J]

Time is the sum of parts that run one after the other: weights, experts, KV cache, launch and
communication per layer, then the work of the host between steps. Each part of the accelerator's
work is bounded by bytes over bandwidth and by FLOPs over peak. Energy is what the accelerators draw
merely by being on, plus by being busy, plus per byte moved and per FLOP, never above rated power.

Energies are at the `accelerator` boundary: no host, no idle replicas, no building.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import RangeError
from taotie.quantity.evaluation import N_DRAWS_KEPT
from taotie.words.language import _

__all__ = [
    "COEFFICIENTS",
    "COLUMNS",
    "DecodeCost",
    "PrefillCost",
    "decode_cost",
    "prefill_cost",
]

FloatArray = NDArray[np.float64]
Columns = Any
"""Numbers by place, or an array for each place."""

COLUMNS = (
    "layers",
    "attention_layers",
    "window",
    "window_layers",
    "kv_b_per_layer",
    "state_b",
    "moe_layers",
    "experts",
    "top_k",
    "query_width",
    "dense_params",
    "expert_params",
    "dense_b",
    "expert_b",
    "block_experts",
    "dense_peak_flop_s",
    "expert_peak_flop_s",
    "bandwidth_b_s",
    "tdp_w",
    "accelerators",
    "expert_parallel",
    "data_parallel",
    "extra_host_s",
    "extra_request_s",
    "dense_bits",
    "expert_bits",
    "hidden",
    "link_b_s",
    "drafts",
    "draft_share",
    "idle_w",
    "nodes",
    "dense_unpacked",
    "expert_unpacked",
    "years",
)
"""What a row of the set-up matrix holds: the model, the accelerators and how it is cut over them.

`dense_params` multiply every token; of `expert_params` a token uses `top_k / experts`. `block_experts` is 1 where
experts are held in block-scaled fp8, whose grouped kernels take part of their time however few tokens come, else 0.
`expert_parallel` is the number of accelerators whole experts are spread over (1: each expert is cut), and
`data_parallel` the number of groups that hold attention of their own. `extra_host_s` is time the host loses per
step because other work shares it (partly hidden, see `_overlapped`), `extra_request_s` time it takes per request to read pictures or films.
`dense_bits`, `expert_bits` are those of the arithmetic (16, 8, 4). `drafts` tokens are drafted per sequence and step and
checked together; drafting takes `draft_share` of the step's work. `idle_w` is the measured draw of one that
waits, below which none falls (0: not known). `nodes` are groups that fast links join, a network between them.
`dense_unpacked`, `expert_unpacked` are 1 where weights are held in fewer bits than the arithmetic has.
`years` is the age of the software against the middle of what was measured, newer above 0.
"""

COEFFICIENTS = (
    "dense_bandwidth_share",
    "expert_bandwidth_share",
    "kv_bandwidth_share",
    "dense_flop_share",
    "expert_flop_share",
    "prefill_flop_share",
    "prefill_expert_flop_share",
    "layer_s",
    "moe_layer_s",
    "parallel_layer_s",
    "host_step_s",
    "host_sequence_s",
    "host_request_s",
    "idle_tdp_share",
    "busy_tdp_share",
    "launch_tdp_share",
    "byte_tdp_share",
    "flop_tdp_share",
    "expert_spread",
    "expert_imbalance",
    "data_parallel_waste",
    "block_layer_s",
    "fp8_share",
    "prefill_layer_s",
    "link_share",
    "parallel_step_s",
    "fp4_share",
    "expert_layer_s",
    "node_layer_s",
    "unpacked_share",
    "yearly_gain",
    "quant_layer_s",
    "block_growth",
    "parallel_growth",
    "expert_unevenness",
    "tile_rows",
)
"""The fitted numbers of one runtime on one accelerator generation, in the order the kernels read."""

# positions, so that the kernels read by name
(
    _LAYERS, _ATTENTION, _WINDOW, _WINDOW_LAYERS, _KV, _STATE, _MOE, _EXPERTS, _TOP_K, _QUERY, _DENSE,
    _EXPERT, _DENSE_B, _EXPERT_B, _BLOCK, _PEAK, _EXPERT_PEAK, _BANDWIDTH, _TDP, _N, _EP, _DP, _EXTRA,
    _EXTRA_REQUEST, _DENSE_BITS, _EXPERT_BITS, _HIDDEN, _LINK, _DRAFTS, _DRAFT_SHARE, _IDLE, _NODES, _DENSE_UNPACKED,
    _EXPERT_UNPACKED, _YEARS,
) = range(len(COLUMNS))  # fmt: skip
(
    _E_DENSE, _E_EXPERT, _E_KV, _F_DENSE, _F_EXPERT, _F_PREFILL, _F_PREFILL_EXPERT, _T_LAYER, _T_MOE,
    _T_PARALLEL, _H_STEP, _H_SEQUENCE, _H_REQUEST, _P_IDLE, _P_BUSY, _P_LAUNCH, _P_BYTE, _P_FLOP, _SPREAD,
    _IMBALANCE, _WASTE, _T_BLOCK, _FP8, _T_PREFILL, _E_LINK, _H_PARALLEL, _FP4, _T_EXPERT, _T_NODE,
    _UNPACKED, _GAIN, _T_QUANT, _BLOCK_GROWTH, _GROWTH, _UNEVEN, _TILE,
) = range(len(COEFFICIENTS))  # fmt: skip


class DecodeCost(NamedTuple):
    """One decode step of a whole replica: all running sequences gain one token."""

    time_s: FloatArray
    energy_j: FloatArray
    host_s: FloatArray
    memory_s: FloatArray
    compute_s: FloatArray


class PrefillCost(NamedTuple):
    """What the prompt of one request adds to the decode steps it is mixed into."""

    time_s: FloatArray
    energy_j: FloatArray


CHUNK = 16_384
"""Rows calculated at a time: intermediate arrays stay in the processor's cache."""


def _drawn(energy_j: Any, rated_w: Any, waiting_w: Any, time_s: Any) -> Any:
    """Rated power is approached gradually and never exceeded; the draw of waiting accelerators never falls away."""
    near = energy_j / (rated_w * time_s)
    sixth = near * near
    sixth *= near
    sixth *= sixth
    sixth += 1.0
    capped = _power(sixth, -1.0 / 6.0)
    capped *= energy_j
    return np.maximum(capped, waiting_w * time_s)


def _power(base: Any, exponent: Any) -> Any:
    """`base` above 0 to a power, by its logarithm: half the time of `**` over many numbers."""
    found = np.log(base)
    if isinstance(found, np.ndarray) and np.shape(exponent) in ((), found.shape):
        found *= exponent  # in place: what is at hand in the processor's cache stays there
        return np.exp(found, out=found)
    return np.exp(found * exponent)


def _overlapped(own: Any, lost: Any) -> Any:
    """A step's own time and what the host loses to other work, (own^1.5 + lost^1.5)^(2/3).

    An exponent of 1 would be one after the other, 2 half hidden; between the two, as one-accelerator servers of eight
    on a node show.
    """
    return _power(own * np.sqrt(own) + lost * np.sqrt(lost), 2.0 / 3.0)


def _both(a: Any, b: Any) -> Any:
    """Time of two that partly overlap, sqrt(a^2 + b^2): of seconds no square is too large or too small."""
    found = a * a
    found += b * b  # sums of what is at hand stay in place: half the time of another array
    return np.sqrt(found, out=found) if isinstance(found, np.ndarray) else np.sqrt(found)


def _exchange(x: Columns, c: Columns) -> Any:
    """Time in which the activations of one token cross the links.

    Two all-reduces of 16-bit activations a layer inside a group that shares attention; switches add up, so that each
    is sent once. Groups with attention of their own send each token to its experts and back instead.
    """
    n, groups = x[_N], x[_DP]
    own = n / groups
    reduced_b = 2.0 * x[_LAYERS] * 2.0 * (own - 1.0) / own / groups
    there_and_back_b = 3.0 * x[_MOE] * np.minimum(x[_TOP_K], x[_EP]) * (groups > 1.0) / n
    return (reduced_b + there_and_back_b) * x[_HIDDEN] / (x[_LINK] * c[_E_LINK])


def _meetings(x: Columns, c: Columns) -> FloatArray:
    """Latency of meeting the other accelerators in every layer: the more there are, the longer the last one takes."""
    others = x[_N] / x[_DP] - 1.0
    together = c[_T_PARALLEL] * x[_LAYERS] * others ** c[_GROWTH]
    together = together + c[_T_NODE] * x[_LAYERS] * np.log2(x[_NODES])
    return together + c[_T_EXPERT] * x[_MOE] * np.log2(np.maximum(x[_EP], 1.0))


def _block_layer(x: Columns, c: Columns) -> FloatArray:
    """Least time of the grouped kernels of block-scaled experts in a layer, however few are called for.

    It falls with the accelerators that share the experts; fewer than eight take longer.
    """
    return c[_T_BLOCK] * x[_BLOCK] * (8.0 / x[_N]) ** c[_BLOCK_GROWTH]


def _newer(x: Columns, c: Columns) -> Any:
    """What newer software still needs of the time of launches and the host."""
    return np.exp(-c[_GAIN] * x[_YEARS])


def _expert_share(x: Columns) -> FloatArray:
    """Share of the experts that one token uses; 0 without experts."""
    return np.minimum(x[_TOP_K] / np.maximum(x[_EXPERTS], 1.0), 0.9999)


def _reached(bits: Any, unpacked: Any, c: Columns) -> Any:
    """How much of the share reached at 16 bit is also reached at fewer, or where weights are unpacked first."""
    if isinstance(bits, float):  # all rows share one set-up
        share = 1.0 if bits > 8.0 else c[_FP8] if bits > 4.0 else c[_FP4]
        return share * c[_UNPACKED] if unpacked > 0.0 else share
    share = np.where(bits > 8.0, 1.0, np.where(bits > 4.0, c[_FP8], c[_FP4]))
    return share * np.where(unpacked > 0.0, c[_UNPACKED], 1.0)


class _Terms(NamedTuple):
    """What a set-up and the coefficients alone decide of any step and any prompt, whatever its batch and lengths.

    Each is one number, or one for every pair of set-up and coefficients; thousands of predictions share few pairs.
    """

    # dense weights
    dense_b: Any
    dense_memory_s: Any
    dense_compute_s: Any
    """Of one token; so are all that follow with compute or peak."""
    dense_peak_s: Any
    dense_flop: Any
    prefill_flop_s: Any
    peak_flop_s: Any
    # experts
    experts: Any
    expert_b: Any
    uncalled: Any
    """Logarithm of the share of experts that one token leaves alone."""
    expert_memory_s: Any
    """All experts read."""
    expert_compute_s: Any
    expert_peak_s: Any
    tiles_peak_s: Any
    """Of one tile for every expert, see `_multiplied`."""
    prefill_expert_s: Any
    prefill_expert_peak_s: Any
    prefill_expert_b_s: Any
    """Of one byte of experts that a prompt calls for."""
    block_s: Any
    spread: Any
    spread_log2: Any
    imbalance: Any
    unevenness: Any
    # cache
    full_layers: Any
    window_layers: Any
    window: Any
    kv_b: Any
    state_b: Any
    cache_b_s: Any
    """Of one byte read."""
    pair_flop: Any
    # launches, links, host
    launch_s: Any
    exchange_s: Any
    prefill_launch_s: Any
    host_s: Any
    host_sequence_s: Any
    request_s: Any
    lost_s: Any
    groups: Any
    waste: Any
    # drafts
    tokens: Any
    """Checked a step and sequence: one, and those drafted."""
    drafting: Any
    # what accelerators draw
    idle_w: Any
    busy_w: Any
    launch_w: Any
    byte_j: Any
    flop_w: Any
    """Per second that the arithmetic would take at its peak."""
    rated_w: Any
    waiting_w: Any
    # of the whole: whether any set-up has experts, any groups with attention of their own
    any_experts: bool
    any_groups: bool

    def merged(self) -> _Terms:
        """One number for what is the same in all pairs."""
        return _Terms(
            *(v[0] if isinstance(v, np.ndarray) and (v == v[0]).all() else v for v in self)
        )


class _RowTerms:
    """The terms of some predictions, by the pair of each: those that a kernel asks for, once."""

    def __init__(self, terms: _Terms, pair: NDArray[np.int64]) -> None:
        self._terms = terms
        self._pair = pair

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._terms, name)
        value = value.take(self._pair) if isinstance(value, np.ndarray) else value
        setattr(self, name, value)
        return value


def _terms(x: Columns, c: Columns) -> _Terms:
    n, groups = x[_N], x[_DP]
    bandwidth = n * x[_BANDWIDTH]
    dense = _reached(x[_DENSE_BITS], x[_DENSE_UNPACKED], c)
    expert = _reached(x[_EXPERT_BITS], x[_EXPERT_UNPACKED], c)
    slowed = np.where(x[_EXPERT_UNPACKED] > 0.0, c[_UNPACKED], 1.0)
    # every data-parallel copy of the dense weights is read, each cut over n / data_parallel accelerators
    dense_b, dense_flop = x[_DENSE_B] * groups, 2.0 * x[_DENSE]
    share = _expert_share(x)
    expert_flop = 2.0 * x[_EXPERT] * share
    spread = np.maximum(x[_EP], 1.0)
    spread_log2 = np.log2(spread)
    busiest = np.minimum(1.0 + c[_IMBALANCE] * spread_log2, spread)
    newer = _newer(x, c)
    launch = c[_T_LAYER] * x[_LAYERS] + c[_T_MOE] * x[_MOE]
    # activations are brought to the few bits of the arithmetic before every product
    launch = launch + c[_T_QUANT] * x[_LAYERS] * (x[_DENSE_BITS] < 16.0)
    # with several accelerators the scheduler hands each step to all workers
    host = c[_H_STEP] + c[_H_PARALLEL] * (n - 1.0) ** c[_GROWTH]
    rated = n * x[_TDP]
    return _Terms(
        dense_b=dense_b,
        dense_memory_s=dense_b / (bandwidth * c[_E_DENSE]),
        dense_compute_s=dense_flop / (n * x[_PEAK] * c[_F_DENSE] * dense),
        dense_peak_s=dense_flop / x[_PEAK],
        dense_flop=dense_flop,
        prefill_flop_s=n * x[_PEAK] * c[_F_PREFILL] * dense,
        peak_flop_s=x[_PEAK],
        experts=x[_EXPERTS],
        expert_b=x[_EXPERT_B],
        uncalled=np.log(1.0 - share) * c[_SPREAD],
        expert_memory_s=x[_EXPERT_B] / (bandwidth * c[_E_EXPERT] * slowed),
        expert_compute_s=expert_flop / (n * x[_EXPERT_PEAK] * c[_F_EXPERT] * expert),
        expert_peak_s=expert_flop / (x[_EXPERT_PEAK] * slowed),
        tiles_peak_s=2.0 * x[_EXPERT] * x[_BLOCK] * c[_TILE] / (x[_EXPERT_PEAK] * slowed),
        prefill_expert_s=expert_flop / (n * x[_EXPERT_PEAK] * (c[_F_PREFILL_EXPERT] * expert)) * busiest,
        prefill_expert_peak_s=expert_flop / x[_EXPERT_PEAK],
        prefill_expert_b_s=busiest / (bandwidth * c[_E_EXPERT]),
        block_s=_block_layer(x, c) * x[_MOE],
        spread=spread,
        spread_log2=spread_log2,
        imbalance=c[_IMBALANCE],
        unevenness=c[_UNEVEN],
        full_layers=x[_ATTENTION] - x[_WINDOW_LAYERS],
        window_layers=x[_WINDOW_LAYERS],
        window=x[_WINDOW],
        kv_b=x[_KV],
        state_b=2.0 * x[_STATE],
        cache_b_s=1.0 / (bandwidth * c[_E_KV]),
        pair_flop=4.0 * x[_QUERY],
        launch_s=(launch + _meetings(x, c)) * newer,
        exchange_s=_exchange(x, c),
        prefill_launch_s=c[_T_PREFILL] * x[_LAYERS] * newer,
        host_s=host * newer,
        host_sequence_s=c[_H_SEQUENCE] * newer,
        request_s=c[_H_REQUEST] * newer + x[_EXTRA_REQUEST],
        lost_s=x[_EXTRA],
        groups=groups,
        waste=c[_WASTE],
        tokens=1.0 + x[_DRAFTS],
        drafting=1.0 + x[_DRAFT_SHARE],
        idle_w=rated * c[_P_IDLE],
        busy_w=rated * c[_P_BUSY],
        launch_w=rated * c[_P_LAUNCH],
        byte_j=x[_TDP] * c[_P_BYTE] / x[_BANDWIDTH],
        flop_w=x[_TDP] * c[_P_FLOP],
        rated_w=rated,
        waiting_w=n * x[_IDLE],
        any_experts=_some(x[_EXPERT] > 0.0),
        any_groups=_some(groups > 1.0),
    )  # fmt: skip


@lru_cache(maxsize=64)
def _terms_of_one(x: bytes, c: bytes) -> _Terms:
    """The terms of one set-up, kept: it is asked again with every other batch and context."""
    return _terms(list(np.frombuffer(x)), list(np.frombuffer(c)))


class _Uncached(NamedTuple):
    """A decode step but for reading the cache: what hangs on the batch and on no context."""

    work: Any
    launch: Any
    host: Any
    peak_s: Any
    moved_b: Any
    memory_s: Any
    compute_s: Any


def _uncached(t: Any, batch: FloatArray) -> _Uncached:
    tokens = batch * t.tokens
    compute = t.dense_compute_s * tokens
    work = _both(t.dense_memory_s, compute)
    peak_s = t.dense_peak_s * tokens
    memory, moved_b = t.dense_memory_s, t.dense_b
    launch = t.launch_s + t.exchange_s * tokens
    if t.any_experts:  # those that any token calls for
        touched = 1.0 - np.exp(t.uncalled * tokens)
        read, multiplied = t.expert_memory_s * touched, t.expert_compute_s * tokens
        experts = _both(read, multiplied)
        work = work + _both(experts, t.block_s)
        memory, moved_b = memory + read, moved_b + t.expert_b * touched
        compute = compute + multiplied
        peak_s = peak_s + _multiplied(t, tokens, touched)
        launch = launch + experts * _imbalance(t, t.experts * touched)
    host = t.host_s + t.host_sequence_s * batch
    return _Uncached(work, launch * t.drafting, host, peak_s * t.drafting, moved_b, memory, compute)


def _multiplied(t: Any, tokens: Any, touched: Any) -> Any:
    """What experts multiply, as seconds at the peak: grouped kernels of block-scaled experts take whole tiles of rows.

    An expert called for by few tokens fills a tile with nothing; one called for by many wastes half a tile at most. It costs
    energy, hardly time, since weights are read meanwhile.
    """
    return _both(t.expert_peak_s * tokens, t.tiles_peak_s * touched)


def _imbalance(t: Any, called: Any) -> Any:
    """How much longer than the mean the busiest accelerator works, while the others wait; experts spread over several.

    `called` experts in all are called for: the fewer an accelerator holds of them, the more the largest number departs
    from the mean, as a count of rare events does.
    """
    more = t.imbalance + t.unevenness * np.sqrt(t.spread / np.maximum(called, 1.0))
    return np.minimum(more * t.spread_log2, t.spread - 1.0)


def _decode(
    t: Any, batch: FloatArray, context: FloatArray, known: _Uncached | None = None
) -> tuple[FloatArray, ...]:
    rest = known or _uncached(t, batch)
    cached = t.full_layers * context
    cached += t.window_layers * np.minimum(context, t.window)
    cached *= t.kv_b
    cached += t.state_b
    cache_b = cached * batch
    t_cache = cache_b * t.cache_b_s
    work, launch = rest.work + t_cache, rest.launch
    work *= t.drafting
    own = work + launch
    own += rest.host
    # what other work takes from the host is partly hidden: a replica that waits for its accelerator needs no host
    total = _overlapped(own, t.lost_s) if _some(t.lost_s) else own
    host = total - work
    host -= launch
    energy = t.idle_w * total
    energy += t.busy_w * work
    energy += t.launch_w * launch
    moved_b = rest.moved_b + cache_b
    moved_b *= t.drafting
    moved_b *= t.byte_j
    energy += moved_b
    energy += t.flop_w * rest.peak_s
    drawn = _drawn(energy, t.rated_w, t.waiting_w, total)
    return total, drawn, host, rest.memory_s + t_cache, rest.compute_s


N_STEPS_KEPT = 24
"""Batches whose steps are kept: the same draws of a batch are asked again with every other context."""
_steps: OrderedDict[tuple[Any, ...], tuple[FloatArray, _Uncached]] = OrderedDict()


def _known_step(x: FloatArray, c: FloatArray, batch: FloatArray) -> _Uncached | None:
    """The part of a step that hangs on no context, kept for one set-up and draws that nobody can change."""
    if len(x) > 1 or len(c) > 1 or batch.flags.writeable or not 1 < batch.size <= N_DRAWS_KEPT:
        return None
    key = (id(batch), x.tobytes(), c.tobytes())
    kept = _steps.get(key)
    if kept is None:
        found = _uncached(_terms_of_one(x.tobytes(), c.tobytes()), batch)
        for one in found:
            if isinstance(one, np.ndarray):
                one.flags.writeable = False
        # the draws stay with what was made of them: no others can stand where they stand
        kept = _steps[key] = batch, found
        while len(_steps) > N_STEPS_KEPT:
            _steps.popitem(last=False)
    _steps.move_to_end(key)
    return kept[1]


def _prefill(
    t: Any, prompt: FloatArray, batch: FloatArray, starts: FloatArray
) -> tuple[FloatArray, ...]:
    window = np.minimum(prompt, t.window)
    pairs = t.full_layers * prompt
    pairs *= prompt
    pairs /= 2.0
    pairs += t.window_layers * window * (prompt - window / 2.0)
    # steps that carry a prompt, per prompt: several share one when they start often
    often = np.maximum(starts, 1e-6)
    steps = -np.expm1(-often) / often
    # ranks of a data-parallel group wait for each other's prompts unless each has its own
    waste = t.groups ** (t.waste * steps) if t.any_groups else 1.0
    read = prompt * waste
    flop = t.dense_flop * read + t.pair_flop * pairs * waste
    work = flop / t.prefill_flop_s
    peak_s = flop / t.peak_flop_s
    moved_b: Any = 0.0
    if t.any_experts:
        work += t.prefill_expert_s * read
        peak_s += t.prefill_expert_peak_s * read
        # a prompt calls for experts that the step would have left unread
        unread = 1.0 - np.exp(t.uncalled * prompt)
        unread *= np.exp(t.uncalled * batch * t.tokens)
        moved_b = t.expert_b * unread
        moved_b *= steps
        work += moved_b * t.prefill_expert_b_s
    launch = t.prefill_launch_s * steps
    if (
        t.any_groups
    ):  # ranks of a data-parallel group exchange a prompt's tokens one after the other
        launch = launch * t.groups**steps
    # launching is hidden behind the work of the step
    launch = _both(launch, work) - work
    launch += t.exchange_s * read
    total = work + launch
    total += t.request_s
    energy = t.idle_w * total
    energy += t.busy_w * work
    energy += t.launch_w * launch
    energy += t.byte_j * moved_b
    energy += t.flop_w * peak_s
    return total, _drawn(energy, t.rated_w, t.waiting_w, total)


def _some(found: Any) -> bool:
    """Whether any is true; what all rows share is one."""
    return bool(found.any() if isinstance(found, np.ndarray) else found)


def _by_chunk(
    kernel: Callable[..., tuple[FloatArray, ...]],
    x: FloatArray,
    pick: NDArray[np.int64],
    c: FloatArray,
    which: NDArray[np.int64],
    *arrays: FloatArray,
    results: int,
) -> Sequence[FloatArray]:
    n = _length(pick, which, *arrays)
    terms = _by_row(x, pick, c, which, n)
    if n <= CHUNK:
        # one value for all rows goes in as a number, which costs far less than an array of one
        parts = (a[0] if a.shape[0] == 1 else a for a in arrays)
        return [_whole(v, n) for v in kernel(terms(slice(0, n)), *parts)]
    out = np.empty((results, n))
    for first in range(0, n, CHUNK):
        rows = slice(first, min(first + CHUNK, n))
        parts = (a[0] if a.shape[0] == 1 else a[rows] for a in arrays)
        for k, values in enumerate(kernel(terms(rows), *parts)):
            out[k, rows] = values
    return list(out)


def _by_row(
    x: FloatArray, pick: NDArray[np.int64], c: FloatArray, which: NDArray[np.int64], n: int
) -> Callable[[slice], Any]:
    """The terms of some rows of the result: of every pair once where rows share few, else of each row."""
    if len(x) == len(c) == 1:
        one = _terms_of_one(x.tobytes(), c.tobytes())
        return lambda _rows: one
    pairs = len(x) * len(c)
    if 0 < 2 * pairs <= n:
        every = np.arange(pairs)
        table = _terms(_columns(x, every // len(c)), _columns(c, every % len(c))).merged()
        pair = np.broadcast_to(pick * len(c) + which, n)
        return lambda rows: _RowTerms(table, pair[rows])

    def own(rows: slice) -> _Terms:
        return _terms(
            _columns(x, pick if len(pick) == 1 else pick[rows]),
            _columns(c, which if len(which) == 1 else which[rows]),
        )

    return own


def _columns(matrix: FloatArray, rows: NDArray[np.int64]) -> Any:
    """Columns by their place: one number each where there is but one row."""
    return list(matrix[0]) if len(matrix) == 1 else matrix.T.take(rows, axis=1)


def _whole(value: Any, n: int) -> FloatArray:
    """A result of `n` rows, where it is one number for all of them too."""
    if isinstance(value, np.ndarray) and value.shape == (n,):
        return value
    return np.array([value], dtype=np.float64).reshape(1) if n == 1 else np.full(n, value)


def _lowest(values: FloatArray) -> float:
    """The lowest of some values; not a number if one of them is none, above all if there are none."""
    if values.size == 1:
        return float(values[0])
    return float(values.min()) if values.size else np.inf


def _all_finite(values: FloatArray) -> bool:
    return bool(np.isfinite(values).all()) if values.size != 1 else bool(np.isfinite(values[0]))


def _rows(value: object) -> FloatArray:
    if isinstance(value, np.ndarray) and (value.ndim, value.dtype) == (1, np.float64) and value.flags.c_contiguous:  # fmt: skip
        return value  # itself, so that it is known again
    return np.ascontiguousarray(np.atleast_1d(np.asarray(value, dtype=np.float64)).ravel())


_FIRST = np.zeros(1, np.int64)
_FIRST.flags.writeable = False


def _matrix(rows: object) -> FloatArray:
    made = np.asarray(rows, dtype=np.float64)
    return np.ascontiguousarray(made if made.ndim == 2 else np.atleast_2d(made))


def _places(which: object) -> NDArray[np.int64]:
    if isinstance(which, int) and which == 0:
        return _FIRST
    return np.ascontiguousarray(np.atleast_1d(np.asarray(which, dtype=np.int64)).ravel())


def _matrices(
    setups: FloatArray, coefficients: FloatArray, which: object
) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    x, c = _matrix(setups), _matrix(coefficients)
    k = _places(which)
    if x.shape[1] != len(COLUMNS) or c.shape[1] != len(COEFFICIENTS):
        raise RangeError(
            _("set-up rows have {x} columns, coefficients {c}; {nx} and {nc} are needed.").format(
                x=x.shape[1], c=c.shape[1], nx=len(COLUMNS), nc=len(COEFFICIENTS)
            )
        )
    return x, c, k


def _picked(x: FloatArray, setup_of: object) -> NDArray[np.int64]:
    if setup_of is None:
        return _FIRST if x.shape[0] == 1 else np.arange(x.shape[0], dtype=np.int64)
    pick = _places(setup_of)
    if pick.size and not (pick.min() >= 0 and pick.max() < x.shape[0]):
        raise RangeError(_("setup_of points outside the {n} set-ups given.").format(n=x.shape[0]))
    return pick


def _length(*arrays: NDArray) -> int:
    lengths = {a.shape[0] for a in arrays} - {1}
    if len(lengths) > 1:
        raise RangeError(
            _("arrays of {n} rows do not go together.").format(
                n=", ".join(str(n) for n in sorted(lengths))
            )
        )
    return lengths.pop() if lengths else 1


def decode_cost(
    setups: FloatArray,
    coefficients: FloatArray,
    batch: object,
    context: object,
    which: object = 0,
    *,
    setup_of: object = None,
) -> DecodeCost:
    """Time and energy of one decode step.

    Parameters
    ----------
    setups : array_like, shape (n_row, len(COLUMNS)) or one row
        Model and accelerators, see `ServingSetup.row`.
    coefficients : array_like, shape (n_profile, len(COEFFICIENTS)) or one row
        Fitted numbers, see `RuntimeProfile.coefficients`.
    batch : array_like, shape (n_row,) or one value
        Sequences that run together, over the whole replica. [1]
    context : array_like, shape (n_row,) or one value
        Mean tokens in the cache of a sequence. [token]
    which : array_like of int, shape (n_row,) or one value, default 0
        Row of `coefficients` to use.
    setup_of : array_like of int, shape (n_row,), optional
        Row of `setups` to use, where many predictions share few set-ups; default: each its own.

    Returns
    -------
    DecodeCost
        `time_s`, `energy_j` of the step for the whole replica at the accelerator boundary; of the time
        `host_s` between the accelerator's work, and what memory (`memory_s`) and arithmetic
        (`compute_s`) would need alone. Each of shape (n_row,).

    Raises
    ------
    RangeError
        If lengths do not go together, or batch or context is not above 0.

    Notes
    -----
    ``t = sum_parts hypot(bytes/(n W e_m), flop/(n F e_c)) + kv/(n W e_kv) + launch + host``;
    ``E = n P_tdp (p_idle t + p_busy t_work + p_launch t_launch) + P_tdp (p_byte bytes/W + p_flop flop/F)``,
    never above n P_tdp t.

    References
    ----------
    .. [1] S. Williams, A. Waterman, D. Patterson, Roofline, CACM 52(4), 2009.
    """
    x, c, k = _matrices(setups, coefficients, which)
    b, s = _rows(batch), _rows(context)
    if not (_lowest(b) > 0 and _all_finite(b) and _lowest(s) >= 0 and _all_finite(s)):
        bad = b[~(b > 0)]
        raise RangeError(
            _("batch={value} must be above 0 and context at least 0.").format(
                value=float(bad[0]) if bad.size else float("nan")
            ),
            _("batch is the number of requests that decode together, at least 1 while any runs."),
        )
    pick = _picked(x, setup_of)
    step = partial(_decode, known=_known_step(x, c, b))
    return DecodeCost(*_by_chunk(step, x, pick, c, k, b, s, results=5))


def prefill_cost(
    setups: FloatArray,
    coefficients: FloatArray,
    prompt_tokens: object,
    which: object = 0,
    *,
    batch: object = 1.0,
    starts: object = 0.0,
    setup_of: object = None,
) -> PrefillCost:
    """Time and energy of reading the prompt of one request.

    Parameters
    ----------
    setups, coefficients, which, setup_of
        As in `decode_cost`.
    prompt_tokens : array_like, shape (n_row,) or one value
        Tokens read, without those found in a prefix cache. [token]
    batch : array_like, default 1.0
        Sequences that decode in the step the prompt rides on: it decides how many experts the step
        reads anyway. [1]
    starts : array_like, default 0.0
        Prompts that begin per step (batch over output length in a steady state): when several share a
        step, they share its fixed costs. [1]

    Returns
    -------
    PrefillCost
        `time_s`, `energy_j` of the whole replica at the accelerator boundary, shape (n_row,).

    Raises
    ------
    RangeError
        If a length is negative or not a number.

    Notes
    -----
    ``flop = 2 P_active L + 4 d_q sum_layers L^2/2``, at a share of the dense peak; dense weights are not
    counted again, for the prompt rides along with a decode step that reads them.
    """
    x, c, k = _matrices(setups, coefficients, which)
    p, b, r = _rows(prompt_tokens), _rows(batch), _rows(starts)
    if not (_lowest(p) >= 0 and _all_finite(p) and _lowest(b) > 0 and _lowest(r) >= 0):
        raise RangeError(
            _("prompt_tokens={value} must be at least 0.").format(
                value=float(p[~(p >= 0)][:1].sum())
            )
        )
    pick = _picked(x, setup_of)
    return PrefillCost(*_by_chunk(_prefill, x, pick, c, k, p, b, r, results=2))
