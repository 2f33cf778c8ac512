"""How fast does a server answer, and what does it draw, when so many requests are in flight? [token/s, s, W]

A user sets how many requests are in flight; how many of them decode together follows, since each also waits for its
prompt to be read. One replica may do both (aggregated), or some replicas read prompts and others write answers
(disaggregated). The batch is the one at which requests in flight, by Little's law, are those given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.roofline import COEFFICIENTS, COLUMNS, decode_cost, prefill_cost
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["Load", "ServedLoad", "served_load", "served_rows"]

FloatArray = NDArray[np.float64]
HALVINGS = 36
FULLEST = 0.98
"""Share of its time a prefill replica is busy at most: beyond, its queue grows without end."""
_IDLE = COEFFICIENTS.index("idle_tdp_share")
CHUNK_TOKENS = 8192.0
"""Prompt tokens that an accelerator group reads in one step at most: a usual budget of prefill replicas."""
BURST = 0.1
"""Share of the requests in flight that come back at the same moment: median of what measured first tokens say."""
BURST_APART = 0.02
"""The same before prefill replicas of their own, which read several prompts together."""
HANDED_OVER_S = 0.1
"""Routing a request and handing its cache from one pool to the other: what measured first tokens leave over."""
_N, _TDP, _IDLE_W, _DP = (
    COLUMNS.index(c) for c in ("accelerators", "tdp_w", "idle_w", "data_parallel")
)


@dataclass(frozen=True)
class ServedLoad:
    """What a set-up does under a load; each of shape (n_row,)."""

    token_s: FloatArray
    """Answer tokens of the whole set-up."""
    ttft_s: FloatArray
    tpot_s: FloatArray
    power_w: FloatArray
    """All accelerators, waiting ones too."""
    energy_j_per_token: FloatArray
    batch: FloatArray
    """Requests that decode together on one decoding replica."""
    prefill_busy: FloatArray
    """Share of their time in which prefill replicas read; of an aggregated replica, of its steps' time."""


@dataclass(frozen=True)
class Load:
    """Rows of loads, ready for the kernels.

    `decode` and `prefill` are set-up matrices; `decode_workers` and `prefill_workers` count replicas (0 of the
    latter: the decoding ones read prompts as well).
    """

    decode: FloatArray
    prefill: FloatArray
    decode_workers: FloatArray
    prefill_workers: FloatArray
    tokens_per_step: FloatArray
    prompt: FloatArray
    output: FloatArray
    in_flight: FloatArray
    read: FloatArray
    """Tokens of the prompt that are read; the rest is found in a prefix cache."""
    most: FloatArray
    """Largest batch that memory of a decoding replica holds."""


@dataclass(frozen=True)
class _At:
    """Everything at one batch."""

    step_s: FloatArray
    step_j: FloatArray
    rate: FloatArray
    ttft_s: FloatArray
    fill_s: FloatArray
    fill_j: FloatArray
    busy: FloatArray
    in_flight: FloatArray


def _at(load: Load, c: FloatArray, which: NDArray[np.int64], batch: FloatArray) -> _At:
    apart = load.prefill_workers > 0
    together = np.maximum(batch, 1.0)
    context = load.prompt + load.output / 2.0
    step = decode_cost(load.decode, c, together, context, which)
    steps = load.output / load.tokens_per_step
    # prompts that begin in one step of a replica; one that only reads prompts takes more the longer its queue
    beside = np.where(apart, 1e-3, together)
    starts = np.where(apart, 1.0, batch / steps)
    if apart.any():
        many = load.prefill[:, _DP] * np.maximum(CHUNK_TOKENS / np.maximum(load.read, 1.0), 1.0)
        most = prefill_cost(load.prefill, c, load.read, which, batch=beside, starts=many)
        wanted = load.decode_workers * batch / (steps * step.time_s)
        pressed = np.minimum(wanted * most.time_s / np.maximum(load.prefill_workers, 1.0), 1.0)
        starts = np.where(apart, many**pressed, starts)
    fill = prefill_cost(load.prefill, c, load.read, which, batch=beside, starts=starts)
    # a replica that only reads prompts also reads its dense weights for them; their arithmetic hides it
    step_s = step.time_s + np.where(apart, 0.0, starts * fill.time_s)
    step_j = step.energy_j + np.where(apart, 0.0, starts * fill.energy_j)
    rate = load.decode_workers * batch / (steps * step_s)
    workers = np.where(apart, load.prefill_workers, load.decode_workers)
    busy = rate * fill.time_s / workers
    queue = np.minimum(busy, FULLEST)
    waited = fill.time_s * queue / (2.0 * (1.0 - queue))
    overfull = np.where(apart & (busy > FULLEST), np.inf, 0.0)
    # requests that finish together come back together, and read one after the other
    each = load.in_flight / np.maximum(load.prefill_workers, 1.0)
    behind = np.where(apart, BURST_APART * each, BURST * batch) * fill.time_s
    mixed = behind + 0.5 * step_s + step.time_s + np.maximum(starts, 1.0) * fill.time_s
    ttft = np.where(apart, fill.time_s + np.maximum(waited, behind) + HANDED_OVER_S + step_s, mixed)
    in_flight = load.decode_workers * batch + rate * ttft + overfull
    return _At(step_s, step_j, rate, ttft, fill.time_s, fill.energy_j, busy, in_flight)


def _power(
    load: Load, c: FloatArray, k: NDArray[np.int64], at: _At, batch: FloatArray
) -> FloatArray:
    apart = load.prefill_workers > 0
    idle_share = np.atleast_2d(c)[k][:, _IDLE]

    def waiting(x: FloatArray) -> FloatArray:
        return x[:, _N] * np.maximum(idle_share * x[:, _TDP], x[:, _IDLE_W])

    running = np.minimum(batch, 1.0)
    decoding = running * at.step_j / at.step_s + (1.0 - running) * waiting(load.decode)
    busy = np.minimum(at.busy, 1.0)
    reading = busy * at.fill_j / np.maximum(at.fill_s, 1e-12) + (1.0 - busy) * waiting(load.prefill)
    return np.asarray(
        load.decode_workers * decoding + np.where(apart, load.prefill_workers * reading, 0.0)
    )


def served_near(
    load: Load, coefficients: FloatArray, which: NDArray[np.int64], batch: FloatArray
) -> ServedLoad:
    """`served_rows` to first order around batches that nearly solve it: for fits, where many are needed."""
    at = _at(load, coefficients, which, batch)
    apart = load.prefill_workers > 0
    found = load.decode_workers * batch + at.rate * at.ttft_s
    wanted = np.where(batch > 0.999 * load.most, found, load.in_flight)
    rate = at.rate * wanted / found
    # a pool of prefill replicas passes on no more than it reads
    capacity = FULLEST * load.prefill_workers / np.maximum(at.fill_s, 1e-12)
    rate = np.where(
        apart, rate / (1.0 + (rate / np.maximum(capacity, 1e-12)) ** 8) ** (1.0 / 8.0), rate
    )
    power = _power(load, coefficients, which, at, batch)
    token_s = rate * load.output
    return ServedLoad(
        token_s, at.ttft_s, at.step_s / load.tokens_per_step, power, power / token_s, batch, at.busy
    )


def served_rows(load: Load, coefficients: FloatArray, which: object = 0) -> ServedLoad:
    """Rate, latency and power of many loads at once.

    Parameters
    ----------
    load : Load
        Set-ups, lengths and requests in flight, one row each.
    coefficients : array_like, shape (n_profile, len(COEFFICIENTS)) or one row
        Fitted numbers, see `RuntimeProfile.coefficients`.
    which : array_like of int, shape (n_row,), default 0
        Row of `coefficients` to use.

    Returns
    -------
    ServedLoad

    Notes
    -----
    ``C = W B + R T_first(B)``, ``R = W B / (O t_step(B))``: requests in flight are those that decode and those that
    wait for their first token. Solved for B by bisection; the left side grows with B.
    """
    k = np.broadcast_to(np.asarray(which, dtype=np.int64), load.in_flight.shape)
    low = np.log(np.full_like(load.in_flight, 1e-4))
    high = np.log(np.minimum(load.in_flight / load.decode_workers, load.most))
    for _halving in range(HALVINGS):
        middle = 0.5 * (low + high)
        more = _at(load, coefficients, k, np.exp(middle)).in_flight < load.in_flight
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    batch = np.exp(low)
    at = _at(load, coefficients, k, batch)
    # what memory does not let in waits for its turn
    queued = np.maximum(load.in_flight - at.in_flight, 0.0) / at.rate
    full = (batch > 0.999 * load.most) | ((load.prefill_workers > 0) & (at.busy > 0.97 * FULLEST))
    power = _power(load, coefficients, k, at, batch)
    token_s = at.rate * load.output
    return ServedLoad(
        token_s,
        at.ttft_s + np.where(full, queued, 0.0),
        at.step_s / load.tokens_per_step,
        power,
        power / token_s,
        batch,
        at.busy,
    )


def served_load(
    decode: ServingSetup,
    prompt_tokens: float,
    output_tokens: float,
    in_flight: float,
    *,
    decode_replicas: int = 1,
    prefill: ServingSetup | None = None,
    prefill_replicas: int = 0,
    prefix_hit: float = 0.0,
) -> ServedLoad:
    """Rate, latency and power of one set-up under a load.

    Parameters
    ----------
    decode : ServingSetup
        A replica that writes answers, and reads prompts where `prefill` is not given.
    prompt_tokens, output_tokens : float
        Mean lengths. [token]
    in_flight : float
        Requests in flight on the whole set-up. [1]
    decode_replicas : int, default 1
    prefill : ServingSetup, optional
        A replica that only reads prompts (disaggregated serving).
    prefill_replicas : int, default 0
    prefix_hit : float, default 0
        Share of the prompt whose cache is at hand, so that it is not read again. [1]

    Returns
    -------
    ServedLoad
        Arrays of one value.

    Raises
    ------
    RangeError
        If a length, a count or a share is impossible.

    Examples
    --------
    Twice the requests in flight answer more tokens a second, each of them later:

    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100"))
    >>> one, two = (served_load(setup, 1000, 200, c) for c in (16, 32))
    >>> bool(two.token_s[0] > one.token_s[0]), bool(two.tpot_s[0] > one.tpot_s[0])
    (True, True)
    """
    if not (prompt_tokens >= 0 and output_tokens >= 1 and in_flight >= 1):
        raise RangeError(
            _("prompt={p}, output={o}, in flight={c} cannot be served.").format(
                p=prompt_tokens, o=output_tokens, c=in_flight
            ),
            _("an answer has at least 1 token, and at least 1 request is in flight."),
        )
    if not 0.0 <= prefix_hit < 1.0:
        raise RangeError(
            _("prefix_hit={value} must be at least 0 and below 1.").format(value=prefix_hit),
            _("the last token of a prompt is always read anew."),
        )
    if (prefill is None) != (prefill_replicas < 1) or decode_replicas < 1:
        raise RangeError(
            _("{p} prefill and {d} decode replicas do not go together.").format(
                p=prefill_replicas, d=decode_replicas
            ),
            _("give a set-up and at least one replica for both, or no prefill at all."),
        )
    one = np.ones(1)
    load = Load(
        decode.row[None, :],
        (prefill or decode).row[None, :],
        decode_replicas * one,
        prefill_replicas * one,
        decode.tokens_per_step * one,
        prompt_tokens * one,
        output_tokens * one,
        in_flight * one,
        prompt_tokens * (1.0 - prefix_hit) * one,
        decode.largest_batch(prompt_tokens + output_tokens / 2.0) * one,
    )
    c = runtime_profile(decode.runtime).coefficients(decode.accelerator.architecture)
    return served_rows(load, c)
