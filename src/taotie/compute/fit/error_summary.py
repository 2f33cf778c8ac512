"""How far are predictions from measurements? Median, 90th percentile, share within a factor of 2, bias. [%]"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["FloatArray", "coverage", "error_summary"]

FloatArray = NDArray[np.float64]


def error_summary(predicted: FloatArray, measured: FloatArray) -> dict[str, float | int | None]:
    """Median and 90th percentile of the absolute error, share within a factor of 2, median bias.

    Parameters
    ----------
    predicted, measured : array_like, shape (n_row,)
        Rows where either is missing are left out.

    Returns
    -------
    dict
        `n`; `mdape`, `p90`, `bias` [%]; `within_2x` [1].

    Examples
    --------
    >>> error_summary([1.1, 0.9, 3.0], [1.0, 1.0, 1.0])["mdape"]
    10.0
    """
    p, m = np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    good = np.isfinite(p) & np.isfinite(m) & (p > 0) & (m > 0)
    if not good.any():
        return {"n": 0, "mdape": None, "p90": None, "within_2x": None, "bias": None}
    ratio = p[good] / m[good]
    miss = np.abs(ratio - 1.0) * 100.0
    return {
        "n": int(good.sum()),
        "mdape": round(float(np.median(miss)), 2),
        "p90": round(float(np.quantile(miss, 0.9)), 2),
        "within_2x": round(float(np.mean((ratio < 2.0) & (ratio > 0.5))), 4),
        "bias": round(float((np.median(ratio) - 1.0) * 100.0), 2),
    }


def coverage(
    predicted: object, measured: object, half_width: object, cells: Sequence[str] | None = None
) -> float | None:
    """Share of measurements inside the predicted interval; of cells, whose rows miss alike, where those are given.

    Parameters
    ----------
    predicted, measured : array_like, shape (n_row,)
        Rows where either is missing are left out.
    half_width : array_like, shape (n_row,)
        Of the interval of log(measured / predicted).
    cells : sequence of str, optional
        Each counts one, by the share of its rows inside.

    Examples
    --------
    >>> coverage([1, 1, 1, 1], [1, 1, 1, 2], [0.1] * 4), coverage([1, 1, 1, 1], [1, 1, 1, 2], [0.1] * 4, list("aaab"))
    (0.75, 0.5)
    """
    p, m = np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    good = np.isfinite(p) & np.isfinite(m) & (p > 0) & (m > 0)
    if not good.any():
        return None
    inside = np.abs(np.log(p[good] / m[good])) <= np.asarray(half_width, dtype=np.float64)[good]
    if cells is None:
        return round(float(inside.mean()), 4)
    labels = np.asarray(cells)[good]
    return round(float(np.mean([inside[labels == c].mean() for c in np.unique(labels)])), 4)
