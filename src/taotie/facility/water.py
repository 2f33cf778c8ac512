"""How much water does the cooling drink? Litres per kilowatt-hour of IT energy [L/kWh], at the site.

Our extension of the weather model: what the humidifier gives to the air, and what a tower evaporates and blows down.
Water behind the electricity is another quantity and not in here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.facility.moist_air import heat_of_evaporation_kj_per_kg
from taotie.facility.weather_pue import CoolingLoad
from taotie.quantity.lift import lifted
from taotie.quantity.unit_word import with_unit
from taotie.words.language import _

__all__ = ["site_water_l", "wue_l_per_kwh"]

Floats = npt.NDArray[np.float64]


def wue_l_per_kwh(load: CoolingLoad, cycles: npt.ArrayLike | None = None) -> Floats:
    """Water per IT energy from a cooling load.

    Parameters
    ----------
    load : CoolingLoad
        From `weather_pue`.
    cycles : array_like, optional
        Cycles of concentration of the tower, above 1: it takes in cycles/(cycles - 1) times what it evaporates. By
        default evaporation only. Typical towers run at 3 to 6. [1]

    Returns
    -------
    wue : ndarray, same shape as ``load.pue``
        [L/kWh]

    Raises
    ------
    RangeError
        If `cycles` is not above 1.

    Notes
    -----
    ``w = 3600 (m_humidifier + Q_tower / hfg(25 C) cycles / (cycles - 1))``; all the tower's heat leaves by
    evaporation, so this is an upper estimate in cold weather.

    Examples
    --------
    >>> from taotie.facility.weather_pue import WaterEconomizer, middle_system, water_economizer_load
    >>> load = water_economizer_load(middle_system(WaterEconomizer), 10.0, 0.6)
    >>> wue_l_per_kwh(load).round(2), wue_l_per_kwh(load, 4.0).round(2)
    (np.float64(1.67), np.float64(2.22))
    """
    evaporated = load.tower_heat / heat_of_evaporation_kj_per_kg(25.0)
    if cycles is not None:
        c = np.asarray(cycles, dtype=np.float64)
        if not (c > 1.0).all():
            raise RangeError(
                _("cycles={value} is not above 1.").format(value=float(c[~(c > 1.0)].flat[0])),
                _("towers run at 3 to 6 cycles of concentration"),
            )
        evaporated = evaporated * (c / (c - 1.0))
    return np.asarray(3600.0 * (load.humidifier_water_kg_per_s + evaporated))


@lifted(it_energy_kwh="kWh", wue="L/kWh", returns="L", expects={"it_energy_kwh": "server"})
def site_water_l(it_energy_kwh: npt.ArrayLike, wue: npt.ArrayLike) -> Floats:
    """Water at the site for an IT energy.

    Parameters
    ----------
    it_energy_kwh : array_like
        Energy at the server boundary: WUE is per IT energy, not per facility energy. [kWh]
    wue : array_like
        [L/kWh]

    Returns
    -------
    water_l : ndarray
        [L]

    Raises
    ------
    RangeError
        If an input is negative or not finite.

    Notes
    -----
    ``W = E_IT WUE``

    Examples
    --------
    Industry mean of US data centres in 2023, one kilowatt-hour:

    >>> site_water_l(1.0, 0.36)
    array(0.36)
    """
    energy = np.asarray(it_energy_kwh, dtype=np.float64)
    water = np.asarray(wue, dtype=np.float64)
    for name, values, unit in (("it_energy_kwh", energy, "kWh"), ("wue", water, "L/kWh")):
        bad = ~(values >= 0.0) | ~np.isfinite(values)
        if bad.any():
            raise RangeError(
                _("{name}={value} is not a number of at least 0.").format(
                    name=name, value=with_unit(float(values[bad].flat[0]), unit)
                )
            )
    return np.asarray(energy * water)
