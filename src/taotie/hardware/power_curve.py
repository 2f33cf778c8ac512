"""What does a power cap cost in speed, and save in energy? [1, W]

A cap lowers the clock until the draw fits: arithmetic slows with the clock, reading memory hardly does. So a
cap that halves a training job may not touch decoding.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import RangeError
from taotie.quantity.lift import lifted
from taotie.words.language import _

__all__ = ["CappedRun", "capped_run", "clock_share"]

FloatArray = NDArray[np.float64]


class CappedRun(NamedTuple):
    """A workload under a power cap, relative to the same without."""

    speed: Any
    """Work per time. [1]"""
    power_w: Any
    """Mean draw of the accelerator. [W]"""
    energy: Any
    """Energy per work. [1]"""


def _checked(name: str, value: Any, low: float, high: float) -> FloatArray:
    array = np.asarray(value, dtype=np.float64)
    if not (np.all(array >= low) and np.all(array <= high)):
        raise RangeError(
            _("{name}={value} leaves {low} to {high}.").format(
                name=name,
                value=float(array[~((array >= low) & (array <= high))].ravel()[0])
                if array.ndim
                else float(array),
                low=low,
                high=high,
            )
        )
    return array


@lifted(cap_w="W", static_w="W", power_w="W", alpha="1", returns="1", boundary=None)
def clock_share(cap_w: Any, static_w: Any, power_w: Any, alpha: Any = 2.5) -> FloatArray:
    """Share of the full clock at which a workload fits under a cap.

    Parameters
    ----------
    cap_w : array_like
        Power cap of one accelerator. [W]
    static_w : array_like
        Draw that does not depend on the clock: 100 to 150 W for large accelerators. [W]
    power_w : array_like
        Draw of the workload at full clock. [W]
    alpha : array_like, default 2.5
        Exponent of the clock in dynamic draw; 2.2 to 3 above the voltage floor. [1]

    Returns
    -------
    share : ndarray
        1 where the cap does not bind. [1]

    Raises
    ------
    RangeError
        If a cap is not above the static draw: no clock is slow enough.

    Notes
    -----
    ``P = P_static + (P - P_static) f^alpha``, solved for f. Where the voltage no longer falls the exponent is 1
    and a cap costs more speed than this says.

    Examples
    --------
    A 700 W accelerator capped at 420 W, 120 W of them static:

    >>> float(clock_share(420.0, 120.0, 700.0).round(4))
    0.7682
    """
    cap, static, power = (np.asarray(v, dtype=np.float64) for v in (cap_w, static_w, power_w))
    exponent = _checked("alpha", alpha, 1.0, 4.0)
    if not (np.all(static >= 0) and np.all(cap > static) and np.all(np.isfinite(cap))):
        raise RangeError(
            _("a cap of {cap} W is not above the static draw of {static} W.").format(
                cap=float(np.min(cap)), static=float(np.max(static))
            ),
            _("below that the accelerator cannot run at any clock."),
        )
    dynamic = np.maximum(power - static, 1e-12)
    return np.asarray(np.minimum(((cap - static) / dynamic) ** (1.0 / exponent), 1.0))


@lifted(
    cap_w="W",
    static_w="W",
    power_w="W",
    compute_share="1",
    alpha="1",
    returns={"speed": "1", "power_w": "W", "energy": "1"},
    boundary=None,
)
def capped_run(
    cap_w: Any, static_w: Any, power_w: Any, compute_share: Any, alpha: Any = 2.5
) -> CappedRun:
    """Speed, draw and energy of a workload under a power cap.

    Parameters
    ----------
    cap_w, static_w, power_w, alpha
        As in `clock_share`.
    compute_share : array_like
        Share of its time, at full clock, that arithmetic rules; the rest waits for memory. About 1 in prefill
        and training, 0 to 0.2 in decoding small batches. [1]

    Returns
    -------
    CappedRun

    Raises
    ------
    RangeError
        If the share leaves 0..1, or as `clock_share`.

    Notes
    -----
    ``t / t_0 = c / f + 1 - c``, energy is draw times time.

    Examples
    --------
    Training at 60 % of rated power loses 23 % of its speed and saves 22 % of its energy; decoding, which draws 280 W,
    does not notice:

    >>> [float(v.round(2)) for v in capped_run(420.0, 120.0, 700.0, 1.0)]
    [0.77, 420.0, 0.78]
    >>> [float(v.round(2)) for v in capped_run(420.0, 120.0, 280.0, 0.1)]
    [1.0, 280.0, 1.0]
    """
    share = _checked("compute_share", compute_share, 0.0, 1.0)
    f = clock_share(cap_w, static_w, power_w, alpha)
    time = 1.0 + share * (1.0 / f - 1.0)
    full = np.asarray(power_w, dtype=np.float64)
    drawn = np.minimum(full, np.asarray(cap_w, dtype=np.float64))
    return CappedRun(1.0 / time, drawn, time * drawn / full)
