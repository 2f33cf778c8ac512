"""Which model is served on which accelerators, at which precision and by which software? [1]

`ServingSetup` is what every energy and time calculation of serving takes; it also answers whether weights
and cache fit into memory.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.model_architecture import ModelArchitecture, model_architecture
from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.hardware.accelerator import Accelerator
from taotie.words.language import _

__all__ = [
    "NOT_SERVED",
    "PRECISIONS",
    "Precision",
    "ServingSetup",
    "checked_cut",
    "precision",
    "smallest_replica",
]

FloatArray = NDArray[np.float64]

MEMORY_IN_USE = 0.90
"""Share of accelerator memory the serving software takes: the default of vLLM."""
RESERVED_B = 3e9
"""Activations, communication buffers and captured graphs, per accelerator: our rounding of 2-4 GB."""
SLOWEST_LINK_B_S = 32e9
"""Where a maker publishes no link: PCIe 4.0 with 16 lanes, one direction."""
BETWEEN_NODES_B_S = 50e9
"""Where a replica outgrows what its links join: one 400 Gbit/s network port an accelerator, the usual build."""
SOFTWARE_OF = datetime.date(2026, 3, 1)
"""Middle of the dates at which engines were measured."""
SEEN_YEARS = (-0.35, 0.55)
"""Earliest and latest of those dates, in years from the middle."""
NOT_SERVED = {"vllm-0.5": ("mxfp4", "nvfp4")}
"""Number formats younger than a generation of an engine: vLLM's documentation of 0.6.4 has no four-bit floats, see
https://docs.vllm.ai/en/v0.6.4.post1/quantization/supported_hardware.html."""
JOINED = {"gb200": 72, "gb300": 72}
"""Accelerators that fast links join, where not the eight of a server."""


class Precision(NamedTuple):
    """How numbers are held and multiplied."""

    expert_b: float
    """Bytes per expert parameter, scales included."""
    dense_b: float
    """Bytes per other parameter."""
    arithmetic: str
    """Peak that applies: bf16, fp8 or fp4."""
    expert_arithmetic: str = ""
    """Peak that applies to experts, where another."""


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
    return PRECISIONS[plain_precision(name)]


def plain_precision(name: str) -> str:
    """The table's name of a precision, whatever its spelling.

    Raises
    ------
    UnknownNameError
        If it is not known.

    Examples
    --------
    >>> plain_precision("BFloat16"), plain_precision("awq")
    ('bf16', 'int4')
    """
    text = str(name).strip().lower().replace("_", "-")
    text = _SPELLINGS.get(text, text)
    if text not in PRECISIONS:
        raise UnknownNameError(
            _("precision {name!r} is not known.").format(name=name), nearest(text, PRECISIONS)
        )
    return text


_PEAK_OF = {16.0: "bf16", 8.0: "fp8", 4.0: "fp4"}


def _bits(chip: Accelerator, arithmetic: str) -> float:
    """Bits of the arithmetic that the chip really does."""
    if arithmetic == "fp4" and chip.peak_fp4_flop_s is not None:
        return 4.0
    if arithmetic in ("fp4", "fp8") and chip.peak_fp8_flop_s is not None:
        return 8.0
    return 16.0


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
    expert_parallel: int = 0
    """Accelerators that whole experts are spread over; 1 cuts each expert instead, 0 spreads over all."""
    draft_tokens: int = 0
    """Tokens drafted per step and checked together: multi-token prediction or a draft model. [1]"""
    acceptance: float = 0.0
    """Chance that a drafted token is accepted, given that those before it were. [1]"""
    draft_model: str = ""
    """Model that drafts, as `model_architecture` takes it; empty: one layer of the model itself does (multi-token
    prediction)."""
    software_date: str = ""
    """Day the serving software is of, such as 2026-05-20: engines gain by the month. Default: the middle of what was
    measured with the engine."""

    @property
    def kind(self) -> str:
        """Set-up as the error model tells them apart: aggregated, with +mtp where tokens are drafted and +dp where
        attention is apart."""
        drafts = "+mtp" if self.draft_tokens else ""
        return f"aggregated{drafts}{'+dp' if self.data_parallel > 1 else ''}"

    def unusual(self) -> dict[str, Any]:
        """What of it is not as usual, by name: division, drafts, day of the software."""
        usual = {
            "data_parallel": 1, "expert_parallel": 0, "draft_tokens": 0, "acceptance": 0.0, "draft_model": "",
            "software_date": "",
        }  # fmt: skip
        given = {name: getattr(self, name) for name in usual}
        return {name: value for name, value in given.items() if value != usual[name]}

    def __post_init__(self) -> None:
        precision(self.precision)
        self.years  # noqa: B018 - refuses a date that is none
        self._check_drafts()
        self._check_format()
        self._check_parallel()
        n, dp = self.accelerators_per_replica, self.data_parallel
        if n < 1 or dp < 1 or n % dp:
            raise RangeError(
                _("accelerators_per_replica={n} and data_parallel={dp} do not go together.").format(
                    n=n, dp=dp
                ),
                _("both are at least 1, and the first a multiple of the second."),
            )

    def _check_drafts(self) -> None:
        if self.draft_tokens != int(self.draft_tokens) or not 0 <= self.draft_tokens <= 64:
            raise RangeError(
                _("draft_tokens={value} must be a whole number from 0 to 64.").format(
                    value=self.draft_tokens
                ),
                _("multi-token prediction drafts 1 to 3 tokens a step."),
            )
        if not 0.0 <= self.acceptance <= 1.0:
            raise RangeError(
                _("acceptance={value} must lie within 0 and 1.").format(value=self.acceptance),
                _("give the share of drafted tokens that the model accepts, such as 0.7."),
            )
        drafter = self.drafter
        if drafter is None:
            return
        if not self.draft_tokens:
            raise RangeError(
                _("the draft model {draft} drafts no token.").format(draft=drafter.name),
                _("say how many it drafts per step, such as 4."),
            )
        if drafter.active_params >= self.model.active_params:
            raise RangeError(
                _(
                    "the draft model {draft} uses {own:.3g} parameters per token, {model} itself {total:.3g}: drafts gain "
                    "nothing."
                ).format(
                    draft=drafter.name, own=drafter.active_params,
                    model=self.model.name, total=self.model.active_params,
                ),
                _("take a draft model well below a tenth of the target."),
            )  # fmt: skip

    def _check_format(self) -> None:
        if self.precision in NOT_SERVED.get(self.runtime, ()):
            raise RangeError(
                _("{runtime} does not serve {precision}: that format is younger.").format(
                    runtime=self.runtime, precision=self.precision
                ),
                _("take a newer engine, such as vllm-0.11, or bf16 or fp8."),
            )

    def _check_parallel(self) -> None:
        n, ep, m = self.accelerators_per_replica, self.expert_parallel, self.model
        if ep and (ep < 1 or n % ep):
            raise RangeError(
                _("expert_parallel={ep} does not divide {n} accelerators.").format(ep=ep, n=n),
                _("take 1 or a divisor of accelerators_per_replica."),
            )
        if ep > 1 and not m.experts:
            raise RangeError(
                _("{model} has no experts to spread over {ep} accelerators.").format(
                    model=m.name, ep=ep
                ),
                _("leave expert_parallel out."),
            )

    @property
    def tokens_per_step(self) -> float:
        """Tokens a sequence gains per step: those accepted of the drafted ones, and one more. [1]

        Examples
        --------
        >>> from taotie.compute.energy.model_architecture import model_architecture
        >>> from taotie.hardware.accelerator import accelerator
        >>> r1, b200 = model_architecture("deepseek-r1"), accelerator("b200")
        >>> ServingSetup(r1, b200, 8, "fp8", draft_tokens=3, acceptance=0.5).tokens_per_step
        1.875
        """
        return float(sum(self.acceptance**i for i in range(self.draft_tokens + 1)))

    @property
    def years(self) -> float:
        """Years of the software after the middle of what was measured; further than that was seen counts as that. [a]

        Raises
        ------
        RangeError
            If the date is not one.
        """
        if not self.software_date:
            return 0.0
        try:
            day = datetime.date.fromisoformat(self.software_date)
        except ValueError as error:
            raise RangeError(
                _("software_date={value} is not a date.").format(value=repr(self.software_date)),
                _("write it as 2026-05-20."),
            ) from error
        low, high = SEEN_YEARS
        return min(max((day - SOFTWARE_OF).days / 365.25, low), high)

    @cached_property
    def drafter(self) -> ModelArchitecture | None:
        """The model that drafts, where it is not the model itself."""
        return model_architecture(self.draft_model) if self.draft_model else None

    @property
    def draft_share(self) -> float:
        """Work of drafting over the work of one step. [1]"""
        if not self.draft_tokens:
            return 0.0
        drafter = self.drafter
        if drafter is None:
            return self.draft_tokens / self.model.layers
        return self.draft_tokens * drafter.active_params / self.model.active_params

    @property
    def spread_over(self) -> int:
        """Accelerators that whole experts are spread over. [1]"""
        if not self.model.experts:
            return 1
        return self.expert_parallel or self.accelerators_per_replica

    @property
    def link_b_s(self) -> float:
        """Slowest link between two accelerators of the replica, one direction. [B/s]"""
        inside = self.accelerator.link_b_s or SLOWEST_LINK_B_S
        return inside if self.nodes <= 1.0 else min(inside, BETWEEN_NODES_B_S)

    @property
    def nodes(self) -> float:
        """Groups of accelerators that fast links join, a network between them. [1]"""
        return max(self.accelerators_per_replica / JOINED.get(self.accelerator.name, 8), 1.0)

    @cached_property
    def row(self) -> FloatArray:
        """The set-up as the kernels read it, see `roofline.COLUMNS`."""
        m, a, p = self.model, self.accelerator, precision(self.precision)
        active_experts = m.expert_params * m.top_k / m.experts if m.experts else 0.0
        dense = max(m.matmul_params - active_experts, 0.01 * m.matmul_params)
        blocked = p.arithmetic == "fp8" and m.block_fp8 and m.experts > 0
        dense_bits, expert_bits = (
            _bits(a, kind) for kind in (p.arithmetic, p.expert_arithmetic or p.arithmetic)
        )
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
                1.0 if blocked else 0.0,
                a.peak_flop_s(_PEAK_OF[dense_bits]),
                a.peak_flop_s(_PEAK_OF[expert_bits]),
                a.bandwidth_b_s,
                a.rated_power_w(),
                self.accelerators_per_replica,
                self.spread_over,
                self.data_parallel,
                self.extra_host_s,
                self.extra_request_s,
                dense_bits,
                expert_bits,
                m.hidden,
                self.link_b_s,
                self.draft_tokens,
                self.draft_share,
                min(a.idle_power_w or 0.0, a.rated_power_w()),
                self.nodes,
                1.0 if p.dense_b * 8.0 < dense_bits - 1.0 else 0.0,
                1.0 if p.expert_b * 8.0 < expert_bits - 1.0 else 0.0,
                self.years,
            ],
            dtype=np.float64,
        )

    @property
    def weights_b(self) -> float:
        """Memory the weights take over all accelerators of the replica. [B]"""
        m, p = self.model, precision(self.precision)
        dense = m.total_params - m.expert_params
        return (
            m.expert_params * p.expert_b + dense * p.dense_b * self.data_parallel + self.drafter_b
        )

    @property
    def drafter_b(self) -> float:
        """Memory of a draft model, all copies: it is held in the format of the other parameters. [B]"""
        if self.drafter is None:
            return 0.0
        return self.drafter.total_params * precision(self.precision).dense_b * self.data_parallel

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


def checked_cut(model: ModelArchitecture, count: int, data_parallel: int, shown: str) -> None:
    """Refuse more accelerators for one copy than the model has attention heads to cut.

    Parameters
    ----------
    count : int
        Accelerators of a replica, as somebody gave them.
    data_parallel : int
        Groups of them with attention of their own.
    shown : str
        How a number of accelerators is written where it was given, such as ``--on h100-sxm:{n}``.

    Raises
    ------
    RangeError
        If a group has more accelerators than heads.

    Examples
    --------
    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> checked_cut(model_architecture("llama-3.1-8b"), 32, 1, "--on h100-sxm:{n}")
    """
    heads = model.heads
    if model.attention_layers and heads and count > heads * data_parallel:
        raise RangeError(
            _(
                "{n} accelerators are more than the {heads} attention heads of {model} can be cut over."
            ).format(n=count // data_parallel, heads=heads, model=model.name),
            shown.format(n=heads * data_parallel),
        )


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
