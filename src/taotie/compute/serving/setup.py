"""What does a replica of a serving set-up cost per iteration, how much fits, and what does it draw idle?

Turns the calibrated energy model (`energy_per_request`, seconds and joules in floats) into the integer tables of the
simulator. At a fixed batch the model is linear in the context except for sliding windows and the power
cap: there the table takes the line through half and one and a half times the typical context.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.energy_per_request import IDLE_TDP_SHARE, step_cost
from taotie.compute.energy.roofline import prefill_cost
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.serving.cost import (
    N_PREFILL,
    NO_LINE,
    IterationCosts,
    ReplicaLimits,
    pipeline_costs,
    speculative_tokens_per_step,
)
from taotie.errors import RangeError
from taotie.hardware.server import Server, server_of
from taotie.words.language import _

__all__ = ["ReplicaModel", "Speculation", "replica_model"]

FloatArray = NDArray[np.floating[Any]]
PS, NJ, MW = 1e12, 1e9, 1e3


@dataclass(frozen=True)
class Speculation:
    """Speculative decoding: a layer of the model or a small one drafts tokens, the model checks them in one step.

    Parameters
    ----------
    acceptance_rate : float
        Chance that a drafted token is accepted. [1]
    drafted : int
        Tokens drafted per step.
    draft_share : float
        Time and energy of drafting one token over those of an ordinary decode step. [1]
    weights_b : float, default 0
        Memory of a draft model. [B]
    """

    acceptance_rate: float
    drafted: int
    draft_share: float
    weights_b: float = 0.0


@dataclass(frozen=True)
class ReplicaModel:
    """One replica as the simulator sees it.

    Parameters
    ----------
    name : str
        For reports.
    costs : IterationCosts
        Accelerators only.
    limits : ReplicaLimits
    accelerators : int
    idle_mw : int
        Draw of its accelerators while it waits. [mW]
    host_idle_mw : int
        Draw of its share of the host, whenever it is switched on. [mW]
    host_ppm : int
        What the host draws more, per accelerator energy; parts per million. [1e-6]
    """

    name: str
    costs: IterationCosts
    limits: ReplicaLimits
    accelerators: int = 1
    idle_mw: int = 0
    host_idle_mw: int = 0
    host_ppm: int = 0

    def drawing(self, factor: float) -> ReplicaModel:
        """The same replica whose accelerators draw `factor` times as much while they work; the host follows them."""
        decode, mixed, prefill = (
            np.array(t) for t in (self.costs.decode, self.costs.mixed, self.costs.prefill)
        )
        for energies in (decode[:, 4:], mixed[:, 4:], prefill[6:]):
            energies[:] = np.where(energies == NO_LINE, NO_LINE, np.rint(energies * factor))
        costs = replace(self.costs, decode=decode, mixed=mixed, prefill=prefill)
        return replace(self, costs=costs)

    @property
    def batch_rows(self) -> int:
        """Largest batch both tables and limits allow."""
        return min(self.costs.max_batch, self.limits.max_batch)

    @property
    def largest_power_w(self) -> float:
        """No iteration draws more, by its costs. [W]"""
        highest = 0.0
        pairs = [
            (t[:, j], t[:, j + 4])
            for t in (self.costs.decode[1:], self.costs.mixed)
            for j in (0, 1, 2, 3)
        ]
        pairs += [(self.costs.prefill[:6], self.costs.prefill[6:])]
        for time, energy in pairs:
            real = time > 0
            if real.any():
                highest = max(highest, float((energy[real] / time[real]).max()))
        return 1000.0 * highest  # nJ/ps is 1000 W


LARGEST = 1 << 62


def inner_bins(bin_s: float, n_replica: int, model: ReplicaModel) -> tuple[int, int]:
    """Width of the bins that are summed in integers [ps], and how many of them make one of `bin_s`.

    Raises
    ------
    RangeError
        If the fleet's energy in a bin leaves int64 and the bin cannot be halved exactly.
    """
    bin_ps = max(round(bin_s * PS), 1)
    together = 1
    rate = max(float(model.batch_rows), model.largest_power_w * 1e-3, 1.0)
    while n_replica * rate * bin_ps > LARGEST:
        if bin_ps % 2:
            raise RangeError(
                _("{n} replicas draw more in {s} s than can be summed exactly.").format(
                    n=n_replica, s=bin_s
                ),
                _("take narrower power bins, such as 60 s"),
            )
        bin_ps //= 2
        together *= 2
    return bin_ps, together


def check_energy(model: ReplicaModel, span_s: float) -> None:
    """Refuse a span in which one replica's energy could leave int64, or its iterations 31 bits.

    Raises
    ------
    RangeError
    """
    if model.largest_power_w * span_s * NJ > 2 * LARGEST:
        raise RangeError(
            _("a replica of up to {w:.0f} W over {d:.1f} days uses more than 9.2 GJ.").format(
                w=model.largest_power_w, d=span_s / 86_400
            ),
            _("simulate a part: the energy per request does not change"),
        )
    rows = np.concatenate([model.costs.decode[1:], model.costs.mixed])
    shortest = int(np.maximum(rows[:, 0], rows[:, 2]).min())
    if span_s * PS / shortest > 1 << 30:
        raise RangeError(
            _("{d:.1f} days of iterations of {t} ps are more than can be counted.").format(
                d=span_s / 86_400, t=shortest
            ),
            _("simulate a part: the energy per request does not change"),
        )


def _integers(values: FloatArray, scale: float) -> NDArray[np.int64]:
    return np.rint(np.maximum(values, 0.0) * scale).astype(np.int64)


def _prompt_terms(setup: ServingSetup, lengths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Linear, quadratic and fixed cost of a prompt that shares its step: time [s], energy [J]."""
    coefficients = runtime_profile(setup.runtime).coefficients(setup.accelerator.architecture)
    # very many prompts per step: what remains is what each prompt costs by itself
    cost = prefill_cost(setup.row, coefficients, lengths, starts=1e9)
    powers = np.stack([lengths, lengths**2, np.ones_like(lengths)], axis=1)
    return np.linalg.solve(powers, cost.time_s), np.linalg.solve(powers, cost.energy_j)


def replica_model(
    setup: ServingSetup,
    *,
    prompt_tokens: float,
    output_tokens: float,
    max_batch: int = 256,
    token_budget: int = 2048,
    chunked: bool = True,
    prefix_blocks: int = 0,
    prefix_block_tokens: int = 512,
    watermark_share: float = 0.01,
    speculation: Speculation | None = None,
    pipeline_stages: int = 1,
    hop_s: float = 20e-6,
    server: Server | None = None,
) -> ReplicaModel:
    """Integer costs and limits of a set-up.

    Parameters
    ----------
    setup : ServingSetup
        Model, accelerators, precision, runtime.
    prompt_tokens, output_tokens : float
        Typical lengths: the tables are most exact around this context. [token]
    max_batch, token_budget, chunked, prefix_blocks, prefix_block_tokens
        See `ReplicaLimits`; 256 sequences and 2048 tokens are defaults of the serving software.
    watermark_share : float, default 0.01
        Share of the KV cache an admission leaves free, as vLLM does. [1]
    speculation : Speculation, optional
    pipeline_stages : int, default 1
        The accelerators are cut into that many stages; each stage is tensor parallel in itself.
    hop_s : float, default 20e-6
        Handing activations to the next stage: assumed, an inter-node hop of a few hundred kB. [s]
    server : Server, optional
        Default: the table's server with these accelerators.

    Returns
    -------
    ReplicaModel

    Raises
    ------
    RangeError
        If the weights and one sequence do not fit, or the stages do not divide the accelerators.
    """
    n = setup.accelerators_per_replica
    if pipeline_stages < 1 or n % pipeline_stages:
        raise RangeError(
            _("{n} accelerators cannot be cut into {s} pipeline stages.").format(
                n=n, s=pipeline_stages
            ),
            _("take a divisor of the number of accelerators"),
        )
    context = max(prompt_tokens + output_tokens / 2.0, 16.0)
    setup.largest_batch(context)  # refuses what memory cannot hold
    stage = replace(setup, accelerators_per_replica=n // pipeline_stages)
    checked = 1 + (speculation.drafted if speculation else 0)
    gained = (
        speculative_tokens_per_step(speculation.acceptance_rate, speculation.drafted)
        if speculation
        else 1.0
    )
    room = setup.cache_room_b - (speculation.weights_b if speculation else 0.0)
    limits = ReplicaLimits(
        max_batch=max_batch,
        kv_pages=max(int(room // (16 * setup.cache_b(context) / context)), 1),
        token_budget=token_budget,
        chunked=chunked,
        tokens_per_step=checked,
        accepted_16ths=round(16 * gained) if speculation else 0,
        prefix_blocks=prefix_blocks,
        prefix_block_tokens=prefix_block_tokens,
    )
    limits = replace(limits, watermark_pages=int(limits.kv_pages * watermark_share))

    batch = np.arange(1, max_batch + 1, dtype=np.float64)
    near, far = 0.5 * context, 1.5 * context
    at_near = step_cost(stage, checked * batch, near / checked)
    at_far = step_cost(stage, checked * batch, far / checked)
    decode = np.zeros((max_batch + 1, 8), np.int64)
    for column, scale, low, high in (
        (0, PS, at_near.time_s, at_far.time_s),
        (4, NJ, at_near.energy_j, at_far.energy_j),
    ):
        if speculation:
            plain_near, plain_far = step_cost(stage, batch, near), step_cost(stage, batch, far)
            share = speculation.drafted * speculation.draft_share
            low = low + share * (plain_near.time_s if column == 0 else plain_near.energy_j)
            high = high + share * (plain_far.time_s if column == 0 else plain_far.energy_j)
        slope = (high - low) / (batch * (far - near))
        decode[1:, column] = _integers(low - slope * batch * near, scale)
        decode[1:, column + 1] = _integers(slope / limits.fine, scale)
    decode[:, 2] = decode[:, 6] = NO_LINE
    decode[:, 6] = 0

    # a step that reads prompts: its fixed cost grows, each prompt adds its own
    typical = max(min(prompt_tokens, float(token_budget)), 64.0)
    lengths = np.array([0.5, 1.0, 2.0]) * max(prompt_tokens, 64.0)
    time_terms, energy_terms = _prompt_terms(stage, lengths)
    coefficients = runtime_profile(stage.runtime).coefficients(stage.accelerator.architecture)
    everyone = np.concatenate([[1e-3], batch])
    alone = prefill_cost(stage.row, coefficients, typical, batch=everyone, starts=0.0)
    shared = prefill_cost(stage.row, coefficients, typical, batch=everyone, starts=1e9)
    extra_s, extra_j = alone.time_s - shared.time_s, alone.energy_j - shared.energy_j
    mixed = decode.copy()
    mixed[1:, 0] += _integers(extra_s[1:], PS)
    mixed[1:, 4] += _integers(extra_j[1:], NJ)
    # nothing decodes: the weights are read beside the prompt's arithmetic, the longer of both counts
    empty = step_cost(stage, 1e-3, 0.0)
    rest_s = max(float(empty.time_s[0] - empty.memory_s[0]), 1e-9)
    mixed[0] = 0
    mixed[0, 0] = _integers(np.array([rest_s + extra_s[0]]), PS)[0]
    mixed[0, 2] = _integers(np.array([empty.time_s[0] + extra_s[0]]), PS)[0]
    share_of_step = rest_s / float(empty.time_s[0])
    mixed[0, 4] = _integers(share_of_step * empty.energy_j + extra_j[:1], NJ)[0]
    mixed[0, 6] = _integers(empty.energy_j + extra_j[:1], NJ)[0]
    prefill = np.zeros(N_PREFILL, np.int64)
    prefill[0:3] = _integers(time_terms, PS)
    prefill[6:9] = prefill[9:12] = _integers(energy_terms, NJ)

    chip = setup.accelerator
    rated = chip.rated_power_w()
    waiting = IDLE_TDP_SHARE * rated if chip.idle_power_w is None else chip.idle_power_w
    box = server or server_of(chip)
    span = box.host_max_w_per_accelerator - box.host_idle_w_per_accelerator
    idle_mw = round(n * waiting * MW)
    costs = IterationCosts(decode, mixed, prefill)
    return ReplicaModel(
        name=f"{n} x {chip.label}",
        costs=pipeline_costs(costs, pipeline_stages, round(hop_s * PS), idle_mw),
        limits=limits,
        accelerators=n,
        idle_mw=idle_mw,
        host_idle_mw=round(n * box.host_idle_w_per_accelerator * MW),
        host_ppm=round(1e6 * span / rated),
    )
