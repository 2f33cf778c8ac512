"""How many replicas does a promise to nearly every request need, without simulating them? [1]

A request on a replica of its own waits for its prompt alone. One that joins others waits for the step or the prompt
under way, and its prompt is read beside their steps; while it is written, the prompts of those that join it hold it
up. A router that sends to the fewest outstanding lets requests share a replica only once more are in service than there
are replicas.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.energy_per_request import prefill_of, step_cost
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.energy.steady_batch import largest_rate_per_s, steady_batch
from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["late_share", "replicas_kept"]

FloatArray = NDArray[np.float64]
Lengths = Callable[[int, np.random.Generator], tuple[NDArray[np.int64], NDArray[np.int64]]]
DRAWN = 4_000
CHUNK = 2048.0
"""Tokens of a prompt read in one iteration. [token]"""
CHUNK_SHARE = 0.5
"""What a further chunk costs beside its tokens, in decode steps of a lone request: read off simulated replicas."""
N_RATE = 12
SPREADS = 6.0
"""Requests in service are looked at up to so many standard deviations above their mean."""
LARGEST_FLEET = 10_000_000


def late_share(
    setup: ServingSetup,
    prompt_tokens: FloatArray,
    output_tokens: FloatArray,
    ttft_s: float,
    tpot_s: float,
    beside: int = 0,
    rate_per_s: float = 0.0,
) -> float:
    """Share of the requests that miss a promise beside so many others on their replica. [1]

    Parameters
    ----------
    prompt_tokens, output_tokens : ndarray, shape (n_request,)
        Lengths of requests as they come.
    ttft_s, tpot_s : float
        Promised time to the first token, and per later token as a request's mean. [s]
    beside : int
        Others in service on the replica when it comes.
    rate_per_s : float
        Requests that go on coming to the replica. [request/s]

    Notes
    -----
    First token: ``own prompt + step (chunks + u) + [another's prompt is being read] v x that prompt``, with u, v uniform
    and that prompt drawn by its time. Later tokens: ``step + sum of the prompts read meanwhile / answer``, their
    number Poisson in ``rate x step x answer``.

    Examples
    --------
    Alone nothing is late; beside another, what alone was nearly so:

    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("qwen3-32b"), accelerator("h100"))
    >>> prompts, answers = np.full(1000, 1500.0), np.full(1000, 200.0)
    >>> alone = float(prefill_of(setup, 1500.0).time_s[0])
    >>> [late_share(setup, prompts, answers, 1.05 * alone, 1.0, n) > 0.5 for n in (0, 1)]
    [False, True]
    """
    return _Promise(setup, prompt_tokens, output_tokens, ttft_s, tpot_s).late(beside)(rate_per_s)


class _Promise:
    """Requests that were drawn, held to a promise beside more and more others: what one depends on no other is kept."""

    def __init__(
        self, setup: ServingSetup, prompt: FloatArray, output: FloatArray, ttft_s: float, tpot_s: float
    ) -> None:  # fmt: skip
        self.setup, self.ttft_s, self.tpot_s = setup, ttft_s, tpot_s
        self.mean_answer = float(np.mean(output))
        self.context = float(np.mean(prompt)) + self.mean_answer / 2.0
        self.chunks = np.ceil(np.maximum(prompt, 1.0) / CHUNK)
        self.alone = prefill_of(setup, np.maximum(prompt, 1.0)).time_s
        self.answer = np.maximum(output - 1.0, 1.0) / setup.tokens_per_step
        self.several = output > 1.0

    def _step(self, n: int) -> float:
        return float(step_cost(self.setup, float(n), self.context).time_s[0])

    def late(self, beside: int) -> Callable[[float], float]:
        """Share that is late beside so many others, by the rate at which more come. [1; request/s]"""
        rng = np.random.default_rng(0)
        u, v, w = rng.random((3, self.chunks.size))
        step = self._step(beside + 1)
        own = self.alone + CHUNK_SHARE * step * (self.chunks - 1.0)
        first = own
        if beside:
            others = self._step(beside)
            mean = float(own.mean())
            reads = 1.0 - (1.0 - mean / (mean + self.mean_answer * others)) ** beside
            under_way = own[rng.choice(own.size, own.size, p=own / own.sum())]
            first = own + others * (self.chunks + u) + np.where(w < reads, v * under_way, 0.0)
        slow_start, drawn_so_far = first > self.ttft_s, rng.bit_generator.state

        def at(rate_per_s: float) -> float:
            # the same numbers at every rate, so that a larger one is later because it is larger
            rng.bit_generator.state = drawn_so_far
            joined = rng.poisson(rate_per_s * step * self.answer)
            ends = np.cumsum(joined)
            meanwhile = np.cumsum(own[rng.integers(0, own.size, int(ends[-1]))])
            read = np.concatenate([[0.0], meanwhile])
            held_up = read[ends] - read[ends - joined]
            later = (step * self.answer + held_up) / (self.answer * self.setup.tokens_per_step)
            return float(np.mean(slow_start | ((later > self.tpot_s) & self.several)))

        return at


def replicas_kept(
    setup: ServingSetup,
    lengths: Lengths,
    rate_per_s: FloatArray,
    ttft_s: float,
    tpot_s: float,
    share: float,
    max_batch: int,
    at_least: int = 1,
) -> int:
    """Fewest replicas with which so large a share of a day's requests keeps a promise. [1]

    Parameters
    ----------
    lengths : callable
        Draws prompts and answers: ``lengths(n, rng)``. [token]
    rate_per_s : ndarray, shape (n_hour,)
        Requests that arrive at the service, by hour. [request/s]
    ttft_s, tpot_s, share : float
        The promise. [s, s, 1]
    max_batch : int
        Most requests a replica decodes together.
    at_least : int
        Replicas that are needed anyway.

    Raises
    ------
    RangeError
        If a replica that stands alone does not keep it.

    Notes
    -----
    ``late(N) = sum over requests of Poisson(k; in service) late_share(floor(k / N))``. The requests in service are
    those of replicas in balance under an N-th of the rate.
    """
    from scipy.special import pdtr  # scipy.stats takes a second to load

    rng = np.random.default_rng(0)
    prompt, output = (np.asarray(v, dtype=np.float64) for v in lengths(DRAWN, rng))
    p, o = float(prompt.mean()), float(output.mean())
    top_rate = largest_rate_per_s(setup, p, o, max_batch)
    rates = np.concatenate([[0.0], np.geomspace(1e-3, 1.0, N_RATE) * top_rate])
    late_at = cache(_Promise(setup, prompt, output, ttft_s, tpot_s).late)
    on_curve = cache(lambda beside, i: late_at(beside)(float(rates[i])))

    def late(beside: int, rate: float) -> float:
        """On the line between the two rates beside it; only where one is asked for is it worked out."""
        i = min(int(np.searchsorted(rates, rate)), N_RATE)
        between = slice(max(i - 1, 0), i + 1)
        known = [on_curve(beside, k) for k in range(N_RATE + 1)[between]]
        return float(np.interp(rate, rates[between], known))

    allowed = 1.0 - share
    if late(0, 0.0) > allowed:
        raise RangeError(
            _("no fleet keeps ttft={ttft} s, tpot={tpot} s for {share:.0%} of the requests: {late:.1%} take longer on a replica of their own.").format(
                ttft=ttft_s, tpot=tpot_s, share=share, late=late(0, 0.0)
            ),
            _("promise more time, or take faster accelerators or more of them a replica"),
        )  # fmt: skip
    hourly = np.asarray(rate_per_s, dtype=np.float64)
    weight = hourly / hourly.sum()

    def missed(n: int) -> float:
        state = steady_batch(setup, hourly / n, p, o, max_batch)
        if state.saturated.any():
            return 1.0
        inside = n * np.where(state.batch > 1.0, state.batch, state.busy_share)
        total = 0.0
        for mean, part, rate in zip(
            inside.tolist(), weight.tolist(), (hourly / n).tolist(), strict=True
        ):
            top = int((mean + SPREADS * math.sqrt(mean) + SPREADS) // n)
            below = pdtr(n * np.arange(1, top + 2) - 1, mean)
            shares = np.diff(below, prepend=0.0)
            shares[-1] += 1.0 - below[-1]
            total += part * sum(
                s * late(k, rate) for k, s in enumerate(shares.tolist()) if s > 1e-6
            )
            if total > allowed:
                break  # what the other hours add makes it no less
        return total

    low, high = at_least - 1, at_least
    while missed(high) > allowed and high < LARGEST_FLEET:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if missed(middle) > allowed:
            low = middle
        else:
            high = middle
    return high
