"""At which batch does a replica settle under a given load, and how many replicas are needed? [1, request/s]

Little's law: requests in service = arrival rate x time in service, and time in service depends on how many
are in service. A mean-field answer without queues or bursts; the serving simulator has both. Under Poisson
arrivals its energy per request is within 2 % of the simulator's from 30 % load on, 4 % above at 10 % load, and about
a third above where a replica waits most of the time (tested).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.cached_prompt import prefill_beyond_cache
from taotie.compute.energy.energy_per_request import step_cost
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import RangeError
from taotie.words.language import _

__all__ = [
    "SteadyBatch",
    "largest_rate_per_s",
    "reading_rate_per_s",
    "replicas_for",
    "steady_batch",
]

FloatArray = NDArray[np.float64]
DEFAULT_LARGEST_BATCH = 256
"""Requests at once that serving software accepts unless told otherwise: vLLM's `max_num_seqs` for GPUs up to A100.

Its server takes 1,024 on other GPUs of 70 GiB and more (`EngineArgs`, version 0.11), which memory rarely allows.
"""


class SteadyBatch(NamedTuple):
    """State of one replica in balance."""

    batch: FloatArray
    """Mean requests in service while any is. [1]"""
    busy_share: FloatArray
    """Share of the time in which any request is in service. [1]"""
    saturated: NDArray[np.bool_]
    """True where more arrives than the replica can serve: the queue grows without end."""
    tpot_s: FloatArray


def _service(
    setup: ServingSetup,
    batch: FloatArray,
    prompt: float,
    output: float,
    cached: float = 0.0,
    reads: bool = True,
) -> tuple[FloatArray, FloatArray]:
    """Requests completed per second, and time per token, at a held batch."""
    step = step_cost(setup, batch, prompt + output / 2.0).time_s
    steps = output / setup.tokens_per_step
    fill: FloatArray | float = 0.0
    if reads:
        fill = prefill_beyond_cache(setup, prompt, cached, batch, batch / steps).time_s
    return batch / (steps * step + batch * fill), (steps * step + batch * fill) / output


def _limit(setup: ServingSetup, prompt: float, output: float, max_batch: int | None) -> float:
    if not (prompt >= 0 and output >= 1):
        raise RangeError(
            _("mean lengths prompt={prompt}, output={output} cannot be.").format(
                prompt=prompt, output=output
            )
        )
    wanted = DEFAULT_LARGEST_BATCH if max_batch is None else max_batch
    if wanted < 1:
        raise RangeError(_("max_batch={value} must be at least 1.").format(value=wanted))
    return float(min(wanted, setup.largest_batch(prompt + output / 2.0)))


def steady_batch(
    setup: ServingSetup,
    rate_per_s: Any,
    prompt_tokens: float,
    output_tokens: float,
    max_batch: int | None = None,
    cached: float = 0.0,
    reads: bool = True,
) -> SteadyBatch:
    """Batch at which a replica settles.

    Parameters
    ----------
    setup : ServingSetup
    rate_per_s : array_like
        Requests that arrive at this replica. [request/s]
    prompt_tokens, output_tokens : float
        Mean lengths. [token]
    max_batch : int, optional
        Most requests the software runs at once; default 256. Memory may allow fewer.
    cached : float
        Share of the prompt whose cache is at hand. [1]
    reads : bool, default True
        Whether the replica reads its prompts itself; False: other replicas do, and it only writes.

    Returns
    -------
    SteadyBatch

    Raises
    ------
    RangeError
        If a rate is negative, or weights and one request do not fit into memory.

    Notes
    -----
    ``B = rate (O t_step(B) + B t_prefill)``, solved by bisection: the right side over B falls with B.
    Below one request at a time the replica serves single requests and waits in between.

    Examples
    --------
    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100"))
    >>> state = steady_batch(setup, [0.01, 2.0], 1000, 200)
    >>> float(state.batch[0]), bool(state.busy_share[0] < 0.05), bool(1 < state.batch[1] < 10)
    (1.0, True, True)
    """
    rate = np.atleast_1d(np.asarray(rate_per_s, dtype=np.float64))
    if not (np.all(rate >= 0) and np.all(np.isfinite(rate))):
        raise RangeError(_("an arrival rate must be at least 0 request/s."))
    top = _limit(setup, prompt_tokens, output_tokens, max_batch)
    low, high = np.ones_like(rate), np.full_like(rate, top)
    single = _service(setup, np.ones(1), prompt_tokens, output_tokens, cached, reads)[0][0]
    most = _service(setup, np.array([top]), prompt_tokens, output_tokens, cached, reads)[0][0]
    for _round in range(60):
        middle = 0.5 * (low + high)
        enough = _service(setup, middle, prompt_tokens, output_tokens, cached, reads)[0] >= rate
        high = np.where(enough, middle, high)
        low = np.where(enough, low, middle)
    batch = np.where(rate <= single, 1.0, np.where(rate >= most, top, high))
    tpot = _service(setup, batch, prompt_tokens, output_tokens, cached, reads)[1]
    return SteadyBatch(batch, np.minimum(rate / single, 1.0), rate > most, tpot)


def largest_rate_per_s(
    setup: ServingSetup,
    prompt_tokens: float,
    output_tokens: float,
    max_batch: int | None = None,
    cached: float = 0.0,
    reads: bool = True,
) -> float:
    """Requests per second one replica completes at its largest batch. [request/s]"""
    top = _limit(setup, prompt_tokens, output_tokens, max_batch)
    return float(
        _service(setup, np.array([top]), prompt_tokens, output_tokens, cached, reads)[0][0]
    )


def reading_rate_per_s(reader: ServingSetup, prompt_tokens: float, cached: float = 0.0) -> float:
    """Prompts per second that a replica reads which does nothing else. [request/s]

    Examples
    --------
    Reading alone is quicker than reading and writing:

    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100"))
    >>> reading_rate_per_s(setup, 1000) > largest_rate_per_s(setup, 1000, 200)
    True
    """
    return float(1.0 / prefill_beyond_cache(reader, prompt_tokens, cached).time_s[0])


def replicas_for(
    setup: ServingSetup,
    peak_rate_per_s: float,
    prompt_tokens: float,
    output_tokens: float,
    max_batch: int | None = None,
    target_utilization: float = 0.7,
) -> int:
    """Replicas that serve a peak rate with room to spare.

    Raises
    ------
    RangeError
        If the rate is negative or the target leaves 0..1.

    Examples
    --------
    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100"))
    >>> one = largest_rate_per_s(setup, 1000, 200)
    >>> replicas_for(setup, 10 * one, 1000, 200, target_utilization=0.5)
    20
    """
    if not (0.0 < target_utilization <= 1.0):
        raise RangeError(
            _("target_utilization={value} must lie above 0 and at most at 1.").format(
                value=target_utilization
            )
        )
    if not (peak_rate_per_s >= 0 and math.isfinite(peak_rate_per_s)):
        raise RangeError(_("an arrival rate must be at least 0 request/s."))
    one = largest_rate_per_s(setup, prompt_tokens, output_tokens, max_batch)
    return max(math.ceil(peak_rate_per_s / (one * target_utilization) - 1e-9), 1)
