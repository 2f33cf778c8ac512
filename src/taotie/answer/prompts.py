"""How much do a million requests take, each with lengths of its own? `taotie.prompts`, for arrays. [Wh/request]"""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.answer.asking import checked
from taotie.answer.asks import ASKS
from taotie.answer.prompt import prompt, set_up
from taotie.study.many_requests import ManyRequests, many_requests

__all__ = ["prompts"]

SAMPLES = 100


def prompts(
    tokens_in: Any,
    tokens_out: Any,
    batch: Any = None,
    *,
    samples: int = SAMPLES,
    **settings: Any,
) -> ManyRequests:
    """Energy of many requests, row for row what `prompt` gives with as many samples.

    Parameters
    ----------
    tokens_in, tokens_out : array_like, shape (n_request,) or one value
        Prompt and answer. [token]
    batch : array_like, optional
        Requests decoded together; without it any from 4 to 128 may be, and the range shows it. [1]
    samples : int, default 100
        Draws behind each range; `prompt` takes 10,000.
    **settings
        Those of `prompt` that tell of the model and its machines: model, on, precision, pue, region ...

    Returns
    -------
    ManyRequests
        `p05`, `p50`, `p95` and `mean` at the plug of the building, each of shape (n_request,).

    Raises
    ------
    UnknownNameError, UnitError, RangeError
        As `prompt`; or if arrays do not go together.

    Examples
    --------
    >>> made = prompts([100, 4000], 300, batch=32, model="llama-3.1-8b", on="h100-sxm:1")
    >>> one = prompt("llama-3.1-8b", on="h100-sxm:1", tokens_in=4000, tokens_out=300, batch=32, samples=100)
    >>> bool(made.p50[1] == one.figures["energy_per_request"].to("Wh/request").p50)
    True
    """
    from taotie.answer.closed_prompt import is_closed
    from taotie.answer.whereabouts import at_of

    chosen = checked("prompt", ASKS["prompt"].settings, settings | {"samples": samples})
    if is_closed(chosen):
        return _each(tokens_in, tokens_out, batch, samples, settings)
    at = at_of(chosen)
    return many_requests(
        tokens_in, tokens_out, batch, samples=chosen.samples, seed=chosen.seed, at=at,
        **set_up(chosen),
    )  # fmt: skip


def _each(
    tokens_in: Any, tokens_out: Any, batch: Any, samples: int, settings: dict[str, Any]
) -> ManyRequests:
    """A closed model has no shape to walk with arrays: every different row is asked once."""
    given = [np.atleast_1d(np.asarray(v, float)) for v in (tokens_in, tokens_out)]
    given.append(np.full(1, np.nan) if batch is None else np.atleast_1d(np.asarray(batch, float)))
    rows, back = np.unique(np.stack(np.broadcast_arrays(*given)), axis=1, return_inverse=True)
    found = np.empty((4, rows.shape[1]))
    for i, (read, written, together) in enumerate(rows.T):
        more = {} if np.isnan(together) else {"batch": float(together)}
        one = prompt(
            tokens_in=float(read), tokens_out=float(written), samples=samples, **more, **settings
        )
        value = one.figures["energy_per_request"].to("Wh/request").value
        found[:, i] = value.p05, value.p50, value.p95, value.mean
    return ManyRequests(*found[:, back.ravel()])
