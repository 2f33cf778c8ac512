"""Which model is served on which accelerators, at which precision and by which software? [1]

`ServingSetup` is what every energy and time calculation of serving takes; it also answers whether weights
and cache fit into memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.model_architecture import ModelArchitecture
from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.hardware.accelerator import Accelerator
from taotie.words.language import _

__all__ = ["PRECISIONS", "Precision", "ServingSetup", "precision", "smallest_replica"]

FloatArray = NDArray[np.float64]

MEMORY_IN_USE = 0.90
"""Share of accelerator memory the serving software takes: the default of vLLM."""
RESERVED_B = 3e9
"""Activations, communication buffers and captured graphs, per accelerator: our rounding of 2-4 GB."""
SLOWEST_LINK_B_S = 32e9
"""Where a maker publishes no link: PCIe 4.0 with 16 lanes, one direction."""
BLOCK_ROWS = 128.0
"""Token rows per expert in block-scaled fp8 kernels."""


class Precision(NamedTuple):
    """How numbers are held and multiplied."""

    expert_b: float
    """Bytes per expert parameter, scales included."""
    dense_b: float
    """Bytes per other parameter."""
    arithmetic: str
    """Peak that applies: bf16, fp8 or fp4."""


PRECISIONS = {
    "fp32": Precision(4.0, 4.0, "bf16"),
    "bf16": Precision(2.0, 2.0, "bf16"),
    "fp8": Precision(1.0, 1.0, "fp8"),
    "int8": Precision(1.0, 1.0, "bf16"),
    "mxfp4": Precision(4.25 / 8, 2.0, "bf16"),
    "nvfp4": Precision(4.5 / 8, 4.5 / 8, "fp4"),
    "int4": Precision(4.25 / 8, 4.25 / 8, "bf16"),
}
_SPELLINGS = {
    "bfloat16": "bf16", "float16": "bf16", "fp16": "bf16", "half": "bf16", "float32": "fp32",
    "float8": "fp8", "fp8-e4m3": "fp8", "w8a8": "fp8", "awq": "int4", "gptq": "int4", "w4a16": "int4", "fp4": "nvfp4",
}  # fmt: skip


def precision(name: str) -> Precision:
    """The precision of that name (`bf16`, `fp8`, `mxfp4`, `nvfp4`, `int4` ...).

    Raises
    ------
    UnknownNameError
        If it is not known.
    """
    text = str(name).strip().lower().replace("_", "-")
    text = _SPELLINGS.get(text, text)
    if text not in PRECISIONS:
        raise UnknownNameError(
            _("precision {name!r} is not known.").format(name=name), nearest(text, PRECISIONS)
        )
    return PRECISIONS[text]


@dataclass(frozen=True)
class ServingSetup:
    """One replica: a model on some accelerators."""

    model: ModelArchitecture
    accelerator: Accelerator
    accelerators_per_replica: int = 1
    precision: str = "bf16"
    runtime: str = "vllm-0.11"
    data_parallel: int = 1
    extra_host_s: float = 0.0
    """Time per step that the host loses to other work, as on a shared benchmark machine. [s]"""
    extra_request_s: float = 0.0
    """Time per request that the host takes to read pictures or films. [s]"""

    def __post_init__(self) -> None:
        precision(self.precision)
        n, dp = self.accelerators_per_replica, self.data_parallel
        if n < 1 or dp < 1 or n % dp:
            raise RangeError(
                _("accelerators_per_replica={n} and data_parallel={dp} do not go together.").format(
                    n=n, dp=dp
                ),
                _("both are at least 1, and the first a multiple of the second."),
            )

    @cached_property
    def row(self) -> FloatArray:
        """The set-up as the kernels read it, see `roofline.COLUMNS`."""
        m, a, p = self.model, self.accelerator, precision(self.precision)
        active_experts = m.expert_params * m.top_k / m.experts if m.experts else 0.0
        dense = max(m.matmul_params - active_experts, 0.01 * m.matmul_params)
        blocked = p.arithmetic == "fp8" and m.block_fp8 and m.experts > 0
        return np.array(
            [
                m.layers,
                m.attention_layers,
                m.window if m.window_layers else 1e12,
                m.window_layers,
                m.kv_b_per_layer * self.cache_copies,
                m.state_b,
                m.moe_layers,
                m.experts,
                m.top_k,
                m.attention_layers and m.heads * m.head_size,
                dense,
                m.expert_params,
                dense * p.dense_b,
                m.expert_params * p.expert_b,
                BLOCK_ROWS if blocked else 0.0,
                a.peak_flop_s("fp8" if p.dense_b <= 1.0 and p.arithmetic != "bf16" else "bf16")
                if p.arithmetic != "fp4"
                else a.peak_flop_s("fp4"),
                a.peak_flop_s(p.arithmetic),
                a.bandwidth_b_s,
                a.rated_power_w(),
                self.accelerators_per_replica,
                self.accelerators_per_replica if m.experts else 1,
                self.data_parallel,
                self.extra_host_s,
                self.extra_request_s,
                0.0 if p.arithmetic == "bf16" else 1.0,
                m.hidden,
                a.link_b_s or SLOWEST_LINK_B_S,
            ],
            dtype=np.float64,
        )

    @property
    def weights_b(self) -> float:
        """Memory the weights take over all accelerators of the replica. [B]"""
        m, p = self.model, precision(self.precision)
        dense = m.total_params - m.expert_params
        return m.expert_params * p.expert_b + dense * p.dense_b * self.data_parallel

    @property
    def cache_room_b(self) -> float:
        """Memory left for the KV cache; negative when the weights alone do not fit. [B]"""
        n = self.accelerators_per_replica
        room = n * (self.accelerator.memory_b * MEMORY_IN_USE - RESERVED_B)
        return room - self.weights_b

    @property
    def cache_copies(self) -> float:
        """How often a replica holds the cache: heads cannot be cut, and latent attention has but one. [1]"""
        cut = self.accelerators_per_replica / self.data_parallel
        heads = 1 if self.model.mla_rank else self.model.kv_heads
        return max(cut / max(heads, 1), 1.0)

    def cache_b(self, context: float) -> float:
        """Cache of one sequence with that many tokens, all copies. [B]"""
        m = self.model
        full = m.attention_layers - m.window_layers
        windowed = m.window_layers * min(context, m.window) if m.window_layers else 0.0
        return self.cache_copies * m.kv_b_per_layer * (full * context + windowed) + m.state_b

    def largest_batch(self, context: float) -> int:
        """Sequences of `context` tokens whose cache fits. [1]

        Raises
        ------
        RangeError
            If not even one fits; the hint says how many accelerators the model needs.

        Examples
        --------
        >>> from taotie.compute.energy.model_architecture import model_architecture
        >>> from taotie.hardware.accelerator import accelerator
        >>> ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100")).largest_batch(1024)
        433
        """
        one = max(self.cache_b(context), 1.0)
        fits = math.floor(self.cache_room_b / one)
        if fits < 1:
            m = self.model
            try:
                hint = _("it needs at least {n} of them.").format(
                    n=smallest_replica(m, self.accelerator, self.precision, context)
                )
            except RangeError as error:
                hint = error.message
            raise RangeError(
                _(
                    "{model} at {precision} needs {weights:.0f} GB for weights and {cache:.1f} GB for one "
                    "sequence of {context:.0f} tokens; {n} x {chip} leave {room:.0f} GB."
                ).format(
                    model=m.name,
                    precision=self.precision,
                    weights=self.weights_b / 1e9,
                    cache=one / 1e9,
                    context=context,
                    n=self.accelerators_per_replica,
                    chip=self.accelerator.label,
                    room=(self.cache_room_b + self.weights_b) / 1e9,
                ),
                hint,
            )
        return fits


def smallest_replica(
    model: ModelArchitecture,
    chip: Accelerator,
    precision_name: str = "bf16",
    context: float = 8192.0,
    sequences: int = 4,
) -> int:
    """Fewest accelerators (a power of two) that hold the weights and a few sequences.

    Examples
    --------
    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> smallest_replica(model_architecture("llama-3.1-405b"), accelerator("h100"), "fp8")
    8
    """
    n = 1
    while n < 65_536:
        setup = ServingSetup(model, chip, n, precision_name)
        if setup.cache_room_b >= sequences * setup.cache_b(context):
            return n
        n *= 2
    raise RangeError(
        _("{model} with {context:.0f} tokens does not fit on any number of {chip}.").format(
            model=model.name, context=context, chip=chip.label
        )
    )
