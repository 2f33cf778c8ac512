"""How much do a million requests take, each with lengths of its own? The chain of one request on arrays. [Wh/request]

The figures are those of `one_request`: its tree is walked once with the lengths of every request at its leaves in place
of one, so a row is, bit for bit, what the question for that row alone gives with as many samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.runtime_profile import BATCH_BANDS
from taotie.compute.energy.served_precision import served_precision
from taotie.compute.energy.serving_setup import smallest_replica
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator
from taotie.quantity.evaluation import evaluate, leaf_draws
from taotie.quantity.figure import Figure
from taotie.quantity.points import quantile, row_means
from taotie.quantity.sampling import Sampling, sampling
from taotie.study.one_request import one_request
from taotie.words.language import _

__all__ = ["ManyRequests", "many_requests"]

FloatArray = NDArray[np.float64]
CELLS = 1 << 17
"""Rows times samples calculated at a time: they stay in the processor's cache."""


@dataclass(frozen=True)
class ManyRequests:
    """Energy of each request at the plug of the building, shape (n_request,). [Wh/request]

    `total` is that of all of them in each draw, shape (n_sample,), where one set-up serves them. [Wh]
    """

    p05: FloatArray
    p50: FloatArray
    p95: FloatArray
    mean: FloatArray
    total: FloatArray | None = None


def many_requests(
    tokens_in: Any,
    tokens_out: Any,
    batch: Any = None,
    *,
    samples: int = 100,
    seed: int = 20240409,
    **setup: Any,
) -> ManyRequests:
    """Energy of many requests on one set-up.

    Parameters
    ----------
    tokens_in, tokens_out : array_like, shape (n_request,) or one value
        Prompt and answer. [token]
    batch : array_like, optional
        Requests decoded together; without it the range of `one_request`. [1]
    samples, seed : int
        Draws behind each range. 100 draws give its ends to about 5 % of the range.
    **setup
        As in `one_request`: model, accelerator, pue ...

    Returns
    -------
    ManyRequests
        Each of shape (n_request,).

    Raises
    ------
    UnknownNameError, RangeError
        As `one_request`; or if arrays do not go together.

    Examples
    --------
    >>> made = many_requests([100, 1000], 300, 32, model="llama-3.1-8b", accelerator="h100-sxm")
    >>> made.p50.shape, bool(made.p50[0] < made.p50[1])
    ((2,), True)
    """
    given = {"tokens_in": tokens_in, "tokens_out": tokens_out}
    if batch is not None:
        given["batch"] = batch
    rows = _rows(given)
    n = len(rows["tokens_in"])
    out = {name: np.empty(n) for name in ("p05", "p50", "p95", "mean")}
    drawn = Sampling(samples, seed)
    total = np.zeros(samples)
    with sampling(drawn.n, drawn.seed):
        for figure, which in _groups(rows, setup):
            step = max(1, CELLS // drawn.n)
            for first in range(0, which.size, step):
                part = which[first : first + step]
                values = _values(figure, {k: v[part] for k, v in rows.items()}, drawn)
                total += values.sum(axis=0)
                for name, found in _points(values).items():
                    out[name][part] = found
    return ManyRequests(**out, total=total)


def _rows(given: dict[str, Any]) -> dict[str, FloatArray]:
    arrays = {k: np.atleast_1d(np.asarray(v, dtype=np.float64)) for k, v in given.items()}
    low = {"tokens_in": 0.0, "tokens_out": 1.0, "batch": 1.0}
    for name, array in arrays.items():
        bad = ~((array >= low[name]) & np.isfinite(array))
        if array.ndim != 1 or bad.any():
            shown = f"{array[bad][0]:g}" if array.ndim == 1 else str(array.shape)
            raise RangeError(
                _("{name}={value} must be at least {least}.").format(
                    name=name, value=shown, least=low[name]
                )
            )
    try:
        whole = np.broadcast_arrays(*arrays.values())
    except ValueError:
        raise RangeError(
            _("arrays of {n} rows do not go together.").format(
                n=", ".join(str(a.size) for a in arrays.values())
            )
        ) from None
    return {k: np.array(v) for k, v in zip(arrays, whole, strict=True)}


def _groups(
    rows: dict[str, FloatArray], setup: dict[str, Any]
) -> Iterator[tuple[Figure, NDArray[np.intp]]]:
    """The tree of one request, and the rows it is good for: machines and the model's error go by steps."""
    longest = rows["tokens_in"] + rows["tokens_out"]
    kinds = np.zeros(longest.size, dtype=np.intp)
    if "batch" in rows:
        kinds = np.searchsorted(BATCH_BANDS, rows["batch"])
    if setup.get("accelerators_per_replica") is None:
        kinds = kinds * 64 + _machines(longest, setup)
    for kind in np.unique(kinds):
        which = np.flatnonzero(kinds == kind)
        # the longest of its kind is refused where any is
        one = int(which[np.argmax(longest[which])])
        lengths: dict[str, Any] = {k: float(v[one]) for k, v in rows.items()}
        made = one_request(**lengths, **setup)
        yield made.figures["energy_per_request"], which


def _machines(longest: FloatArray, setup: dict[str, Any]) -> NDArray[np.intp]:
    """Doublings of the fewest accelerators that hold each request: they never fall with its length."""
    chip = accelerator(setup["accelerator"])
    model = model_architecture(setup["model"])
    precision = served_precision(model, chip, setup.get("precision"))[0]
    values, back = np.unique(np.maximum(longest, 8192.0), return_inverse=True)
    found = np.zeros(values.size, dtype=np.intp)

    def doublings(i: int) -> int:
        return smallest_replica(model, chip, precision, float(values[i])).bit_length()

    open_spans = [(0, values.size - 1, doublings(0), doublings(values.size - 1))]
    while open_spans:
        first, last, low, high = open_spans.pop()
        if low == high or last - first <= 1:
            found[first : last + 1] = low
            found[last] = high
            continue
        middle = (first + last) // 2
        at = doublings(middle)
        open_spans += [(first, middle, low, at), (middle, last, at, high)]
    return found[back]


def _values(figure: Figure, part: dict[str, FloatArray], drawn: Sampling) -> FloatArray:
    """Energy of each request in each draw, shape (n_request, n_sample)."""

    def draw(leaf: Any) -> FloatArray:
        if leaf.key in part:
            return part[leaf.key][:, None]
        if leaf._constant:
            return np.asarray(leaf.distribution.ppf(np.asarray(0.5)))
        return leaf_draws(leaf.key, leaf.distribution, drawn)[None, :]

    n = len(part["tokens_in"])
    return np.broadcast_to(evaluate(figure, draw), (n, drawn.n))


def _points(values: FloatArray) -> dict[str, FloatArray]:
    """As `Figure.value` has them, a row at a time."""
    found = {"mean": row_means(values)}
    ordered = np.sort(values, axis=1).T
    for name, q in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95)):
        found[name] = quantile(ordered, q)
    return found
