"""How much does reading a prompt take of which a share is in a prefix cache? [s, J]

Cached tokens are not projected again, but new tokens still attend to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taotie.compute.energy.energy_per_request import prefill_of
from taotie.compute.energy.roofline import PrefillCost
from taotie.compute.energy.serving_setup import ServingSetup

__all__ = ["beyond_cache", "prefill_beyond_cache"]


def beyond_cache(
    read: Callable[[Any], PrefillCost], prompt_tokens: Any, cached: Any
) -> PrefillCost:
    """Time and energy of the tokens of a prompt that are not in the cache, attending to all of it.

    Parameters
    ----------
    read : callable
        Time and energy of reading so many tokens without a cache. [token] -> [s, J]
    prompt_tokens : array_like
        [token/request]
    cached : array_like
        Share of the prompt in the cache, at least 0 and below 1. [1]

    Notes
    -----
    ``cost = max(read(p) - read(p cached), read(p (1 - cached)))``: pairs of tokens that attend to each other are
    p^2/2 - (p cached)^2/2; never less than the new tokens alone, which have the fixed costs of a step.

    Examples
    --------
    Of a prompt so long that attention is all of the work, half cached, three quarters of the work remain:

    >>> square = lambda tokens: PrefillCost(np.square(tokens), np.square(tokens))
    >>> float(beyond_cache(square, 2.0, 0.5).energy_j)
    3.0
    """
    p, share = np.asarray(prompt_tokens, dtype=np.float64), np.asarray(cached, dtype=np.float64)
    fresh = read(p * (1.0 - share))
    if not np.any(share > 0):
        return fresh
    whole, kept = read(p), read(p * share)
    return PrefillCost(
        np.maximum(whole.time_s - kept.time_s, fresh.time_s),
        np.maximum(whole.energy_j - kept.energy_j, fresh.energy_j),
    )


def prefill_beyond_cache(
    setup: ServingSetup, prompt_tokens: Any, cached: Any, batch: Any = 1.0, starts: Any = 0.0
) -> PrefillCost:
    """`beyond_cache` of a set-up."""
    return beyond_cache(
        lambda tokens: prefill_of(setup, tokens, batch, starts), prompt_tokens, cached
    )
