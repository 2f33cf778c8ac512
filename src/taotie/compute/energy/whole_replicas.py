"""How many whole replicas does a service hold, and how full and how busy are they over its day? [1]

A replica is not divisible: one request a minute still keeps one replica on, which draws power while it waits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.energy.steady_batch import (
    DEFAULT_LARGEST_BATCH,
    largest_rate_per_s,
    steady_batch,
)
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.quantity.lift import lifted
from taotie.words.language import _

__all__ = ["LoadState", "ServedDay", "largest_kept_batch", "load_state", "served_day"]

FloatArray = NDArray[np.float64]
N_RATE = 160
TOGETHER = 8192
"""Samples whose hours are looked up at a time."""
SECONDS_PER_DAY = 86_400.0


class LoadState(NamedTuple):
    """One replica under a mean rate of requests that arrive independently of each other."""

    batch: FloatArray
    """Mean requests in service while any is. [1]"""
    busy_share: FloatArray
    """Share of the time in which any is. [1]"""


class ServedDay(NamedTuple):
    """A day of a service on whole replicas."""

    replicas: Any
    batch: Any
    busy_share: Any


def load_state(
    setup: ServingSetup,
    rate_per_s: Any,
    prompt_tokens: float,
    output_tokens: float,
    max_batch: int | None = None,
    cached: float = 0.0,
    reads: bool = True,
) -> LoadState:
    """Batch and busy share of a replica whose requests come at random.

    Parameters
    ----------
    rate_per_s : array_like
        Requests that arrive at this replica. [request/s]
    prompt_tokens, output_tokens : float
        Means. [token]
    cached : float
        Share of the prompt whose cache is at hand. [1]
    reads : bool, default True
        See `steady_batch`.

    Returns
    -------
    LoadState
        Of the shape of `rate_per_s`.

    Notes
    -----
    ``rho = rate x time in service; busy = 1 - exp(-rho); batch = rho / busy``

    While replicas are far from full, requests in service are nearly Poisson distributed (each is served beside
    the others), so two may overlap while most of the time nobody is served. `steady_batch` alone has one request
    follow the other.

    Examples
    --------
    A request every 100 times its own duration: nearly always alone, one per cent of the time.

    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100"))
    >>> alone = largest_rate_per_s(setup, 300, 300, 1)
    >>> state = load_state(setup, alone / 100, 300, 300)
    >>> state.batch.round(3), state.busy_share.round(4)
    (array([1.005]), array([0.01]))
    """
    rate = np.atleast_1d(np.asarray(rate_per_s, dtype=np.float64))
    state = steady_batch(setup, rate, prompt_tokens, output_tokens, max_batch, cached, reads)
    mean_in_service = np.where(state.batch > 1.0, state.batch, state.busy_share)
    busy = np.where(state.saturated, 1.0, -np.expm1(-mean_in_service))
    alone = np.where(mean_in_service > 1e-9, mean_in_service / np.maximum(busy, 1e-12), 1.0)
    top = float(DEFAULT_LARGEST_BATCH if max_batch is None else max_batch)
    return LoadState(np.where(state.saturated, state.batch, np.minimum(alone, top)), busy)


def largest_kept_batch(
    setup: ServingSetup,
    prompt_tokens: float,
    output_tokens: float,
    tpot_s: float,
    cached: float = 0.0,
    reads: bool = True,
) -> int:
    """Most requests a replica decodes together while each later token keeps its time. [1]

    Unless it `reads` prompts too, they do not hold the tokens up.

    Raises
    ------
    RangeError
        If a single request is slower already.
    """
    most = int(min(DEFAULT_LARGEST_BATCH, setup.largest_batch(prompt_tokens + output_tokens / 2.0)))
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        one = largest_rate_per_s(setup, prompt_tokens, output_tokens, middle, cached, reads)
        if middle / (one * output_tokens) <= tpot_s:
            low = middle
        else:
            high = middle - 1
    if low < 1:
        one = largest_rate_per_s(setup, prompt_tokens, output_tokens, 1, cached, reads)
        raise RangeError(
            _("no fleet keeps {tpot} s a token: a request alone takes {alone:.3g} s.").format(
                tpot=tpot_s, alone=1.0 / (one * output_tokens)
            ),
            _("promise more time, or take faster accelerators or more of them a replica"),
        )
    return low


@lifted(
    requests_per_day="request/d",
    utilization="1",
    peak_over_mean="1",
    returns={"replicas": "1", "batch": "1", "busy_share": "1"},
    boundary=None,
    kind="modelled",
)
def served_day(
    requests_per_day: Any,
    utilization: Any,
    peak_over_mean: Any,
    day_share: Any,
    *,
    prompt: float,
    output: float,
    model: str,
    accelerator: str,
    accelerators_per_replica: int,
    precision: str,
    runtime: str,
    max_batch: int = DEFAULT_LARGEST_BATCH,
    redundancy: int = 0,
    cached: float = 0.0,
    data_parallel: int = 1,
    expert_parallel: int = 0,
    draft_tokens: int = 0,
    acceptance: float = 0.0,
    draft_model: str = "",
    software_date: str = "",
    reads: bool = True,
    kept_rate_per_s: float = np.inf,
) -> ServedDay:
    """Whole replicas of a service, and the batch and busy share its requests meet.

    Parameters
    ----------
    requests_per_day : array_like, shape (n_sample,)
        [request/d]
    utilization : array_like, broadcastable with it
        Share of the replicas' largest rate in use at the busiest hour, within 0..1. [1]
    peak_over_mean : array_like, broadcastable with it
        Busiest hour over the mean hour: that of single days, which machines are bought for. [1]
    day_share : array_like, shape (24,)
        Share of the day's requests by hour.
    prompt, output : float
        Mean lengths. [token]
    model, accelerator, precision, runtime : str
        Names in the tables.
    accelerators_per_replica, max_batch : int
    redundancy : int
        Replicas held ready beyond those the load asks for (n+1: 1).
    cached : float
        Share of the prompt whose cache is at hand. [1]
    data_parallel, expert_parallel, draft_tokens, acceptance, draft_model, software_date
        See `ServingSetup`.
    reads : bool, default True
        See `steady_batch`.
    kept_rate_per_s : float
        Most requests a replica may be sent in the busiest hour, whatever it could serve. [request/s]

    Returns
    -------
    ServedDay
        `replicas`: at least 1; `batch`: harmonic mean over requests, as energy goes with 1/batch; `busy_share`:
        mean over the day. Each of shape (n_sample,). [1]

    Raises
    ------
    RangeError
        If a rate is negative, or a utilization outside 0..1.

    Notes
    -----
    ``replicas = max(1, ceil(busiest rate / min(utilization x largest rate of one, kept rate))) + redundancy``

    Examples
    --------
    Fifty requests a day keep one H100 on, which waits nearly all the time:

    >>> day = served_day(50.0, 0.6, 1.0, np.full(24, 1 / 24), prompt=300, output=300, model="llama-3.1-8b",
    ...     accelerator="h100-sxm", accelerators_per_replica=1, precision="bf16", runtime="vllm-0.11")
    >>> float(day.replicas[0]), bool(day.busy_share[0] < 0.01)
    (1.0, True)
    """
    setup = ServingSetup(
        model_architecture(model),
        accelerator_named(accelerator),
        int(accelerators_per_replica),
        precision,
        runtime,
        data_parallel=int(data_parallel),
        expert_parallel=int(expert_parallel),
        draft_tokens=int(draft_tokens),
        acceptance=float(acceptance),
        draft_model=draft_model,
        software_date=software_date,
    )
    per_day, used, peak = np.broadcast_arrays(
        *(
            np.atleast_1d(np.asarray(v, dtype=np.float64))
            for v in (requests_per_day, utilization, peak_over_mean)
        )
    )
    share = np.asarray(day_share, dtype=np.float64)
    share = share / share.sum()
    if not (np.all(per_day >= 0) and np.all((used > 0) & (used <= 1))):
        raise RangeError(_("requests a day must be at least 0, and a utilization within 0 to 1."))
    one = largest_rate_per_s(setup, prompt, output, max_batch, cached, reads)
    most = np.minimum(one * used, kept_rate_per_s)
    wanted = np.ceil(per_day / SECONDS_PER_DAY * peak / most - 1e-9)
    replicas = np.maximum(wanted, 1.0) + float(redundancy)
    # the state of a replica is a curve of its rate: read off once, not solved for every sample and hour
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, N_RATE) * one])
    curve = load_state(setup, grid, prompt, output, max_batch, cached, reads)
    batch, busy = np.empty_like(replicas), np.empty_like(replicas)
    for first in range(
        0, len(replicas), TOGETHER
    ):  # samples times hours stay in the processor's cache
        these = slice(first, first + TOGETHER)
        hourly = per_day[these, None] * share / (SECONDS_PER_DAY / len(share))
        rates = hourly / replicas[these, None]
        batch[these] = 1.0 / np.sum(share / np.interp(rates, grid, curve.batch), axis=1)
        busy[these] = np.interp(rates, grid, curve.busy_share).mean(axis=1)
    return ServedDay(replicas, batch, np.maximum(busy, 1e-9))
