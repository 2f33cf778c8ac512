"""What does moving a job to a cleaner hour save? Average intensity now against the cleanest within reach [gCO2e/kWh].

Accounting, not consequence: average intensity says whose share falls, not what the grid would emit less. A forecast is
taken as perfect, so these are upper ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import RangeError
from taotie.words.language import _

__all__ = ["Shifted", "cleanest_hours", "shifted"]

FloatArray = NDArray[np.float64]


class Shifted(NamedTuple):
    """Jobs of one hour moved within a window.

    Parameters
    ----------
    n_job : int
        Jobs counted; a job with a gap in the window is left out.
    before, after : float
        Mean intensity as planned and moved. [gCO2e/kWh]
    """

    n_job: int
    before: float
    after: float

    @property
    def saving(self) -> float:
        """Share saved. [1]"""
        return 1.0 - self.after / self.before


def shifted(
    intensity: ArrayLike, planned: ArrayLike, window: int, gap_window: int | None = None
) -> Shifted:
    """Move each job to the cleanest hour within a window on either side.

    Parameters
    ----------
    intensity : array_like, shape (n_hour,)
        NaN marks a gap. [gCO2e/kWh]
    planned : array_like of int, shape (n_job,)
        Hour of each job.
    window : int
        Hours on either side. [h]
    gap_window : int, optional
        A job with a gap within so many hours is left out; by default `window`.

    Returns
    -------
    shifted : Shifted

    Raises
    ------
    RangeError
        If the window is below 0 or leaves the series, or no job is left.

    Notes
    -----
    After Wiesner et al. (Middleware 2021, arXiv 2110.13234): best single slot, perfect forecast.

    Examples
    --------
    >>> found = shifted([100.0, 80.0, 60.0, 90.0], [1], 1)
    >>> found.before, found.after, round(found.saving, 2)
    (80.0, 60.0, 0.25)
    """
    series = np.asarray(intensity, float)
    jobs = np.asarray(planned, int)
    reach = window if gap_window is None else max(gap_window, window)
    if window < 0 or not jobs.size or jobs.min() - reach < 0 or jobs.max() + reach >= series.size:
        raise RangeError(
            _("a window of {n} hours leaves the series of intensity.").format(n=reach),
            _("leave out jobs so near to its ends"),
        )
    known = np.isfinite(series[jobs[:, None] + np.arange(-reach, reach + 1)]).all(axis=1)
    jobs = jobs[known]
    if not jobs.size:
        raise RangeError(_("every job has a gap in its window."))
    within = series[jobs[:, None] + np.arange(-window, window + 1)]
    return Shifted(len(jobs), float(series[jobs].mean()), float(within.min(axis=1).mean()))


def cleanest_hours(intensity: ArrayLike, n: int) -> NDArray[np.int64]:
    """Hours of an interruptible job of `n` hours that make it cleanest: exact, by sorting.

    Raises
    ------
    RangeError
        If there are fewer known hours than the job takes.

    Examples
    --------
    >>> cleanest_hours([100.0, 80.0, 60.0, 90.0], 2).tolist()
    [1, 2]
    """
    series = np.asarray(intensity, float)
    known = np.flatnonzero(np.isfinite(series))
    if not 1 <= n <= known.size:
        raise RangeError(
            _("{n} hours of work do not fit in {known} hours of intensity.").format(
                n=n, known=known.size
            )
        )
    order = known[np.argsort(series[known], kind="stable")[:n]]
    return np.sort(order).astype(np.int64)
