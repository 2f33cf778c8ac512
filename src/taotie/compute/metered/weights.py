"""What should each request have cost? Joules by the energy model, or plain weights where the model is not known.

They only share out what was measured; where they are joules, their sum stands beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.roofline import decode_cost, prefill_cost
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.words.language import N_
from taotie.words.said import Said
from taotie.workload.served import ServedLog

__all__ = [
    "PER_CACHED", "PER_COMPUTED", "PER_OUTPUT", "Weights", "mean_batch", "model_weights", "plain_weights",
    "predicted_times",
]  # fmt: skip

Floats = NDArray[np.float64]
PER_COMPUTED, PER_CACHED, PER_OUTPUT = 1.0, 0.05, 10.0
"""Weight of a prompt token computed, of one found in a cache, and of a token written: assumed; about what dense models
of 8 to 70 billion parameters cost at batches of 8 to 64."""


class Weights(NamedTuple):
    """What reading and writing of each request should cost. `joules` tells whether it is in J."""

    prefill: Floats
    decode: Floats
    joules: bool


def plain_weights(log: ServedLog) -> Weights:
    """Weights by tokens alone.

    Where the log tells no first token, both belong to the whole request: reading is counted with writing.
    """
    computed = (log.prompt - log.cached) * PER_COMPUTED + log.cached * PER_CACHED
    return _apart(
        log, computed.astype(np.float64), (log.output * PER_OUTPUT).astype(np.float64), False
    )


def _apart(log: ServedLog, fill: Floats, write: Floats, joules: bool) -> Weights:
    whole = log.first_ns == log.start_ns
    return Weights(np.where(whole, 0.0, fill), np.where(whole, write + fill, write), joules)


def mean_batch(log: ServedLog) -> float:
    """Requests in flight, mean over the time any was. [1]"""
    start, end = np.sort(log.start_ns), np.sort(log.end_ns)
    t = np.sort(np.concatenate([start, end]))
    flying = np.searchsorted(start, t[:-1], side="right") - np.searchsorted(
        end, t[:-1], side="right"
    )
    dt = np.diff(t).astype(np.float64)
    busy = flying > 0
    return float((flying[busy] * dt[busy]).sum() / dt[busy].sum()) if busy.any() else 1.0


def model_weights(log: ServedLog, setup: ServingSetup, replicas: int = 1) -> Weights:
    """Joules at the accelerator by the energy model.

    Parameters
    ----------
    log : ServedLog
    setup : ServingSetup
    replicas : int, default 1
        Copies that share the requests.

    Returns
    -------
    weights : Weights
        Prompt tokens computed, and each token written at the request's own mean context, in a batch of the mean
        number in flight. [J]
    """
    batch = max(mean_batch(log) / max(replicas, 1), 1.0)
    x, c = setup.row, runtime_profile(setup.runtime).coefficients(setup.accelerator.architecture)
    context = log.prompt + 0.5 * log.output
    # the same few lengths come again and again: costs over a grid of lengths, then a straight line between
    grid = np.unique(np.concatenate([[0.0], np.geomspace(1, max(float(context.max()), 2.0), 400)]))
    step = decode_cost(x, c, batch, grid)
    per_token = np.interp(context, grid, step.energy_j) / batch
    computed = (log.prompt - log.cached).astype(np.float64)
    lengths = np.unique(
        np.concatenate([[0.0], np.geomspace(1, max(float(computed.max()), 2.0), 400)])
    )
    fill = np.interp(computed, lengths, prefill_cost(x, c, lengths, batch=batch).energy_j)
    return _apart(log, fill, log.output * per_token, True)


def predicted_times(log: ServedLog, setup: ServingSetup) -> ServedLog:
    """A log of arrivals with the times the energy model gives each request: no queue, the mean batch.

    Parameters
    ----------
    log : ServedLog
        Whose ends are not known.
    setup : ServingSetup
    """
    x, c = setup.row, runtime_profile(setup.runtime).coefficients(setup.accelerator.architecture)
    start = log.start_ns
    context = log.prompt + 0.5 * log.output
    batch = 1.0
    for _round in range(4):  # the batch follows from the times, and these from the batch
        step_s = decode_cost(x, c, batch, context).time_s
        fill_s = prefill_cost(x, c, log.prompt, batch=batch).time_s
        whole_s = fill_s + log.output * step_s
        span = max(float(start[-1] - start[0]) / 1e9, float(whole_s.max()))
        batch = float(np.clip(whole_s.sum() / span, 1.0, 512.0))
    first = start + np.rint(fill_s * 1e9).astype(np.int64)
    end = first + np.rint(log.output * step_s * 1e9).astype(np.int64)
    said = Said(
        "times_predicted",
        N_(
            "{where} does not say when requests ended: their times are predicted by the energy model, without queues."
        ),
        {"where": log.name or "log"},
    )
    return replace(log, first_ns=first, end_ns=end, said=(*log.said, said), times="predicted")
