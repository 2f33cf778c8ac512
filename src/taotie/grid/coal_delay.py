"""What does it emit when a coal plant closes later? [t, t/a]"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.quantity.lift import lifted
from taotie.words.language import _

__all__ = ["coal_delay_t"]

HOURS_PER_YEAR = 8760.0


@lifted(
    capacity_mw="MW", years="a", capacity_factor="1", coal_t_per_mwh="tCO2e/MWh", displaced_t_per_mwh="tCO2e/MWh",
    returns="tCO2e", boundary=None,
)  # fmt: skip
def coal_delay_t(
    capacity_mw: Any,
    years: Any,
    capacity_factor: Any,
    coal_t_per_mwh: Any,
    displaced_t_per_mwh: Any,
) -> npt.NDArray[np.float64]:
    """Emissions of the years a coal plant runs on, net of what would have run instead.

    Parameters
    ----------
    capacity_mw : array_like
        [MW]
    years : array_like
        By which its end is put off. [a]
    capacity_factor : array_like
        Within 0..1. [1]
    coal_t_per_mwh, displaced_t_per_mwh : array_like
        Of the plant, and of what it displaces: 0 for carbon-free power or for gross emissions. [t/MWh]

    Returns
    -------
    emissions_t : ndarray
        [t]

    Raises
    ------
    RangeError
        If a value is negative or the capacity factor leaves 0..1.

    Notes
    -----
    ``MW 8760 CF years (EF_coal - EF_displaced)``, combustion only.

    Examples
    --------
    1 GW at half load for a year, against a combined-cycle plant, and gross, in million tonnes:

    >>> (coal_delay_t(1000, 1, 0.5, 0.944, [0.341, 0.0]) / 1e6).round(2)
    array([2.64, 4.13])
    """
    values = {"capacity_mw": capacity_mw, "years": years, "capacity_factor": capacity_factor, "coal_t_per_mwh": coal_t_per_mwh, "displaced_t_per_mwh": displaced_t_per_mwh}  # fmt: skip
    arrays = {}
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        if not ((array >= 0) & np.isfinite(array)).all():
            raise RangeError(_("{name}={value} is negative or not a number.").format(name=name, value=float(array.min())))  # fmt: skip
        arrays[name] = array
    if (arrays["capacity_factor"] > 1).any():
        raise RangeError(
            _("a capacity factor of {value} is above 1.").format(
                value=float(arrays["capacity_factor"].max())
            ),
            _("50 % is 0.5"),
        )
    return np.asarray(
        arrays["capacity_mw"] * HOURS_PER_YEAR * arrays["capacity_factor"] * arrays["years"]
        * (arrays["coal_t_per_mwh"] - arrays["displaced_t_per_mwh"])
    )  # fmt: skip
