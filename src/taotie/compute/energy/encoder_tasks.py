"""How much energy does one classification or embedding take? [Wh/inference, s]

Encoders (BERT and kin) read their input once and write no answer. One at a time they are ruled by the launch of
layers, not by arithmetic; in batches by arithmetic. Energies are at the `accelerator` boundary.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import RangeError
from taotie.hardware.accelerator import Accelerator
from taotie.words.language import _

__all__ = ["EncoderCost", "encoder_cost", "published_energy_per_1000_wh"]

FloatArray = NDArray[np.float64]

# Medians of the raw runs of 32 encoders in transformers pipelines, one input at a time, on an A100
# (source luccioni2024_runs): 6.0, 9.4 and 16.5 ms at 6, 12 and 24 layers.
START_S = 2.2e-3
LAYER_S = 0.6e-3
FLOP_SHARE = 0.4
"""Share of dense peak in a batch: our judgement, between the 0.2 of small and the 0.6 of large matrices."""
IDLE_TDP_SHARE = 0.17
WAITING_TDP_SHARE = 0.19
"""Above idle while launches rule: 130-185 W of 400 in the same runs, seven idle neighbours taken off."""
FLOP_TDP_SHARE = 0.8


class EncoderCost(NamedTuple):
    """One batch of inputs."""

    time_s: FloatArray
    """Of the whole batch."""
    energy_wh: FloatArray
    """Per input; accelerator only."""


def encoder_cost(
    params: Any, layers: Any, tokens: Any, chip: Accelerator, batch: Any = 1.0
) -> EncoderCost:
    """Time and energy of encoding inputs.

    Parameters
    ----------
    params : array_like
        Parameters that each token multiplies with, embeddings aside. [1]
    layers : array_like
        Layers. [1]
    tokens : array_like
        Tokens (or picture patches) of one input. [token]
    chip : Accelerator
    batch : array_like, default 1.0
        Inputs encoded together. [1]

    Returns
    -------
    EncoderCost

    Raises
    ------
    RangeError
        If an argument is not above 0, or the accelerator has no published rated power.

    Notes
    -----
    ``t = start + max(launch layers, B 2 P L / (F e)); E = P_tdp (idle t + waiting t + c_flop flop / F) / B``

    References
    ----------
    .. [1] Source ``luccioni2024_runs``.

    Examples
    --------
    A BERT of 12 layers took 8.4 to 11.2 ms per text in [1]_:

    >>> from taotie.hardware.accelerator import accelerator
    >>> float(encoder_cost(85e6, 12, 128, accelerator("a100")).time_s.round(4))
    0.0094
    """
    p, n, s, b = (np.asarray(v, dtype=np.float64) for v in (params, layers, tokens, batch))
    for name, value in (("params", p), ("layers", n), ("tokens", s), ("batch", b)):
        if not (np.all(value > 0) and np.all(np.isfinite(value))):
            raise RangeError(
                _("{name} must be above 0: {value}.").format(name=name, value=float(np.min(value)))
            )
    rated = chip.rated_power_w()
    flop = 2.0 * p * s * b
    launch = LAYER_S * n
    work = flop / (chip.peak_bf16_flop_s * FLOP_SHARE)
    time = START_S + np.maximum(launch, work)
    energy = rated * (
        (IDLE_TDP_SHARE + WAITING_TDP_SHARE) * time + FLOP_TDP_SHARE * flop / chip.peak_bf16_flop_s
    )
    energy = np.minimum(energy, rated * time)
    return EncoderCost(
        np.asarray(time, dtype=np.float64), np.asarray(energy / b / 3600.0, dtype=np.float64)
    )


def published_energy_per_1000_wh(task: str) -> float:
    """Published mean energy of 1,000 inferences of a task, whole machine of eight A100, one at a time. [Wh]

    Raises
    ------
    SourceError
        If the task is not in the table; the message names those that are.

    Examples
    --------
    >>> published_energy_per_1000_wh("text_classification")
    2.3
    """
    from taotie.quantity.catalog import table

    value = table("tasks").value(task, "energy_per_1000")
    if not isinstance(value, float) or not math.isfinite(value):
        raise RangeError(_("task {name!r} has no published energy.").format(name=task))
    return value
