"""How long do how many accelerators train? Days [d] and accelerator-hours [h] from operations or a calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.quantity.figure import Figure
from taotie.quantity.lift import lifted
from taotie.words.language import _

__all__ = ["TrainingRun", "accelerator_hours", "training_days"]

Floats = npt.NDArray[np.float64]


@lifted(
    flop="FLOP",
    accelerators="accelerator",
    peak_flop_per_s="FLOP/s/accelerator",
    mfu="1",
    returns="d",
    boundary=None,
)
def training_days(
    flop: npt.ArrayLike,
    accelerators: npt.ArrayLike,
    peak_flop_per_s: npt.ArrayLike,
    mfu: npt.ArrayLike,
) -> Floats:
    """Days of training for a number of operations.

    Parameters
    ----------
    flop : array_like
        Floating-point operations of the whole run. [FLOP]
    accelerators : array_like
        Accelerators at work together. [accelerator]
    peak_flop_per_s : array_like
        Dense peak of one at the precision used. [FLOP/s/accelerator]
    mfu : array_like
        Share of that peak really reached, within 0..1. [1]

    Returns
    -------
    days : ndarray
        Without pauses, restarts and failed runs. [d]

    Raises
    ------
    RangeError
        If an input is not above 0 or `mfu` is above 1.

    Notes
    -----
    ``days = C / (N F u) / 86400``

    References
    ----------
    .. [1] Source ``patterson2021``: GPT-3 on 10,000 V100 at 24.6 TFLOP/s each, 14.8 days.

    Examples
    --------
    >>> training_days(3.14e23, 10_000, 125e12, 24.6 / 125).round(1)
    np.float64(14.8)
    """
    c, n = _positive("flop", flop), _positive("accelerators", accelerators)
    peak, u = _positive("peak_flop_per_s", peak_flop_per_s), _positive("mfu", mfu)
    if (u > 1).any():
        raise RangeError(
            _("mfu={value} is above 1: no chip exceeds its peak.").format(value=float(u.max())),
            _("40 % is 0.4; a sparse peak is twice the dense one"),
        )
    return np.asarray(c / (n * peak * u) / 86400.0)


@lifted(accelerators="accelerator", days="d", returns="accelerator*h", boundary=None)
def accelerator_hours(accelerators: npt.ArrayLike, days: npt.ArrayLike) -> Floats:
    """Accelerator-hours of a run.

    Parameters
    ----------
    accelerators : array_like
        [accelerator]
    days : array_like
        [d]

    Returns
    -------
    hours : ndarray
        [accelerator h]

    Raises
    ------
    RangeError
        If an input is not above 0.

    Notes
    -----
    ``H = N days 24``

    Examples
    --------
    >>> accelerator_hours(10_000, 14.8)
    array(3552000.)
    """
    return np.asarray(_positive("accelerators", accelerators) * _positive("days", days) * 24.0)


@dataclass(frozen=True)
class TrainingRun:
    """A training run: accelerators, and either days or operations with the share of peak reached.

    Attributes
    ----------
    accelerators : Figure
        At work together. [accelerator]
    days : Figure, optional
        Duration. [d]
    flop : Figure, optional
        Operations of the run. [FLOP]
    mfu : Figure, optional
        Share of peak reached; needed with `flop` if there are no `days`. [1]
    name : str
        For reports.
    """

    accelerators: Figure
    days: Figure | None = None
    flop: Figure | None = None
    mfu: Figure | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.days is None and (self.flop is None or self.mfu is None):
            raise RangeError(
                _("a training run needs days, or operations (flop) with the share of peak (mfu)."),
                _("give days, or both flop and mfu"),
            )

    def duration(self, peak_flop_per_s: Figure) -> Figure:
        """Days of the run; from operations if no days were given. [d]

        Parameters
        ----------
        peak_flop_per_s : Figure
            Dense peak of one accelerator at the precision used. [FLOP/s/accelerator]
        """
        if self.days is not None:
            return self.days
        days: Figure = training_days(self.flop, self.accelerators, peak_flop_per_s, self.mfu)  # type: ignore[arg-type, assignment]
        return days

    def accelerator_hours(self, peak_flop_per_s: Figure) -> Figure:
        """Accelerator-hours of the run. [accelerator h]"""
        hours: Figure = accelerator_hours(self.accelerators, self.duration(peak_flop_per_s))  # type: ignore[arg-type, assignment]
        return hours


def _positive(name: str, value: npt.ArrayLike) -> Floats:
    values = np.asarray(value, dtype=np.float64)
    bad = ~(values > 0.0) | ~np.isfinite(values)
    if bad.any():
        raise RangeError(
            _("{name}={value} is not a number above 0.").format(
                name=name, value=float(values[bad].flat[0])
            )
        )
    return values
