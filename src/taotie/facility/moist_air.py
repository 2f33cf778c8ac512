"""What does the air outside carry? Vapour pressure [Pa], humidity [g/kg], enthalpy [kJ/kg], wet bulb [C].

All functions take arrays that broadcast; temperatures in degrees Celsius, relative humidity as a share, per
kilogram of dry air. The constants are those of the model they serve (`weather_pue.py`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.quantity.unit_word import with_unit
from taotie.words.language import _

__all__ = [
    "air_density_kg_per_m3",
    "checked_weather",
    "enthalpy_kj_per_kg",
    "heat_of_evaporation_kj_per_kg",
    "humidity_at_enthalpy_g_per_kg",
    "humidity_g_per_kg",
    "saturation_pressure_pa",
    "wet_bulb_c",
]

Floats = npt.NDArray[np.float64]

STANDARD_PRESSURE_PA = 101_325.0
_MOLAR_RATIO = 622.0  # g/kg; water over dry air
_MOLAR_RATIO_FINE = 621.98  # used at limits of relative humidity and for the wet bulb


def saturation_pressure_pa(temperature_c: npt.ArrayLike, at_zero_pa: float = 611.21) -> Floats:
    """Pressure of saturated vapour over water.

    Parameters
    ----------
    temperature_c : array_like
        [C]
    at_zero_pa : float
        Its value at 0 C. [Pa]

    Returns
    -------
    pressure_pa : ndarray
        [Pa]

    Notes
    -----
    ``p = 611.21 exp((18.678 - T/234.5) T / (T + 257.14))``

    Examples
    --------
    >>> saturation_pressure_pa(20.0).round(6)
    np.float64(2338.339978)
    """
    t = np.asarray(temperature_c, dtype=np.float64)
    return np.asarray(at_zero_pa * np.exp((18.678 - t / 234.5) * t / (t + 257.14)))


def humidity_g_per_kg(
    vapour_pa: npt.ArrayLike, pressure_pa: npt.ArrayLike, molar_ratio: float = _MOLAR_RATIO
) -> Floats:
    """Water in the air for a vapour pressure.

    Parameters
    ----------
    vapour_pa, pressure_pa : array_like
        Vapour and total pressure. [Pa]
    molar_ratio : float
        Molar mass of water over that of dry air, times 1000. [g/kg]

    Returns
    -------
    humidity : ndarray
        [g/kg of dry air]

    Notes
    -----
    ``d = 622 pv / (p - pv)``

    Examples
    --------
    >>> humidity_g_per_kg(0.4 * saturation_pressure_pa(20.0), 101_325.0).round(6)
    np.float64(5.795208)
    """
    vapour = np.asarray(vapour_pa, dtype=np.float64)
    return np.asarray(molar_ratio * vapour / (np.asarray(pressure_pa) - vapour))


def enthalpy_kj_per_kg(temperature_c: npt.ArrayLike, humidity: npt.ArrayLike) -> Floats:
    """Heat content of moist air, from 0 C.

    Parameters
    ----------
    temperature_c : array_like
        [C]
    humidity : array_like
        [g/kg of dry air]

    Returns
    -------
    enthalpy : ndarray
        [kJ/kg of dry air]

    Notes
    -----
    ``h = 1.01 T + (2500 + 1.84 T) d / 1000``

    Examples
    --------
    >>> enthalpy_kj_per_kg(20.0, 5.795208).round(5)
    np.float64(34.90128)
    """
    t = np.asarray(temperature_c, dtype=np.float64)
    return np.asarray(1.01 * t + (2500.0 + 1.84 * t) * np.asarray(humidity) / 1000.0)


def humidity_at_enthalpy_g_per_kg(temperature_c: npt.ArrayLike, enthalpy: npt.ArrayLike) -> Floats:
    """Water in air of a given temperature and heat content: `enthalpy_kj_per_kg` the other way round."""
    t = np.asarray(temperature_c, dtype=np.float64)
    return np.asarray(1000.0 * (np.asarray(enthalpy) - 1.01 * t) / (2500.0 + 1.84 * t))


def wet_bulb_c(
    temperature_c: npt.ArrayLike, relative_humidity: npt.ArrayLike, pressure_pa: npt.ArrayLike
) -> Floats:
    """Temperature the air reaches by taking up water until it is saturated.

    Parameters
    ----------
    temperature_c : array_like
        [C]
    relative_humidity : array_like
        Within 0..1. [1]
    pressure_pa : array_like
        [Pa]

    Returns
    -------
    temperature_c : ndarray
        Never above the dry bulb, but for a rounding of the constants near saturation. [C]

    Notes
    -----
    The saturated air with the same enthalpy, by bisection to the last bit; its vapour pressure starts at 611.2 Pa.

    Examples
    --------
    >>> wet_bulb_c([20.0, 35.0], [0.4, 0.3], 101_325.0).round(6)
    array([12.304487, 21.400147])
    """
    t = np.asarray(temperature_c, dtype=np.float64)
    rh = np.asarray(relative_humidity, dtype=np.float64)
    p = np.asarray(pressure_pa, dtype=np.float64)
    t, rh, p = np.broadcast_arrays(t, rh, p)
    humidity = humidity_g_per_kg(rh * saturation_pressure_pa(t), p, _MOLAR_RATIO_FINE)
    wanted = enthalpy_kj_per_kg(t, humidity)
    low, high = t - 60.0, t + 1.0
    for _round in range(60):
        middle = 0.5 * (low + high)
        saturated = humidity_g_per_kg(
            saturation_pressure_pa(middle, at_zero_pa=611.2), p, _MOLAR_RATIO_FINE
        )
        above = enthalpy_kj_per_kg(middle, saturated) > wanted
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(0.5 * (low + high))


def air_density_kg_per_m3(temperature_c: npt.ArrayLike, pressure_pa: npt.ArrayLike) -> Floats:
    """Density of dry air.

    Parameters
    ----------
    temperature_c : array_like
        [C]
    pressure_pa : array_like
        [Pa]

    Returns
    -------
    density : ndarray
        [kg/m3]

    Notes
    -----
    ``rho = 1.293 (p / 101325) 273.15 / (273.15 + T)``

    Examples
    --------
    >>> air_density_kg_per_m3(20.0, 101_325.0).round(7)
    np.float64(1.2047858)
    """
    t = np.asarray(temperature_c, dtype=np.float64)
    p = np.asarray(pressure_pa, dtype=np.float64)
    return np.asarray(1.293 * (p / STANDARD_PRESSURE_PA) * 273.15 / (273.15 + t))


def heat_of_evaporation_kj_per_kg(temperature_c: npt.ArrayLike) -> Floats:
    """Heat that evaporates a kilogram of water.

    Parameters
    ----------
    temperature_c : array_like
        [C]

    Returns
    -------
    heat : ndarray
        [kJ/kg]

    Notes
    -----
    ``hfg = 2500.5 - 2.3097 T - 0.0013 T^2``

    Examples
    --------
    >>> heat_of_evaporation_kj_per_kg(25.0).round(3)
    np.float64(2441.945)
    """
    t = np.asarray(temperature_c, dtype=np.float64)
    return np.asarray(2500.5 - 2.3097 * t - 0.0013 * t * t)


def checked_weather(
    temperature_c: npt.ArrayLike, relative_humidity: npt.ArrayLike, pressure_pa: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """The three series of weather as arrays, or an error that says which value cannot be.

    Raises
    ------
    RangeError
        If a temperature leaves -90..60 C, a relative humidity 0..1, a pressure 50..110 kPa; the usual
        causes (percent, hPa, Fahrenheit) are named.
    """
    limits = (
        ("temperature_c", temperature_c, -90.0, 60.0, "C", _("is it in Fahrenheit or kelvin?")),
        ("relative_humidity", relative_humidity, 0.0, 1.0, "1", _("40 % is 0.40")),
        ("pressure_pa", pressure_pa, 50e3, 110e3, "Pa", _("1013 hPa is 101300 Pa")),
    )
    checked = []
    for name, value, low, high, unit, hint in limits:
        values = np.asarray(value, dtype=np.float64)
        bad = ~((values >= low) & (values <= high))
        if bad.any():
            raise RangeError(
                _("{name}={value} leaves {low:g} to {high:g}.").format(
                    name=name, value=with_unit(float(values[bad].flat[0]), unit), low=low, high=high
                ),
                hint,
            )
        checked.append(values)
    return checked[0], checked[1], checked[2]
