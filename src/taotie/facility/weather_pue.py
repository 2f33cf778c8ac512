"""What PUE does the weather give? Three ways of cooling, hour by hour, per kilowatt of IT load [kW/kW].

Outside air with adiabatic humidifying (`AirEconomizer`), a cooling tower with heat exchanger (`WaterEconomizer`),
sea water (`SeawaterEconomizer`). The physics is Lei and Masanet's (source ``lei2020``), written here from the
published formulas. Known limits: efficiency of the power supply does not change with load, relative humidity is
held within 20..80 %, no liquid cooling of chips (see `liquid_cooling.py`). The middle of the range of UPS efficiency,
94.5 %, alone adds 0.058 to the PUE: give the building's own values where they are known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taotie.facility.cooling_system import (
    AirEconomizer,
    Common,
    SeawaterEconomizer,
    Tower,
    WaterEconomizer,
    drawn_system,
    middle_system,
)
from taotie.facility.moist_air import (
    air_density_kg_per_m3,
    checked_weather,
    enthalpy_kj_per_kg,
    heat_of_evaporation_kj_per_kg,
    humidity_at_enthalpy_g_per_kg,
    humidity_g_per_kg,
    saturation_pressure_pa,
    wet_bulb_c,
)

__all__ = [
    "AirEconomizer",
    "CoolingLoad",
    "SeawaterEconomizer",
    "WaterEconomizer",
    "air_economizer_load",
    "chiller_cop",
    "drawn_system",
    "middle_system",
    "seawater_economizer_load",
    "water_economizer_load",
]

Floats = npt.NDArray[np.float64]
Values = npt.ArrayLike

_AIR_HEAT = 1.01  # kJ/(kg K)
_WATER_HEAT = 4.2  # kJ/(kg K)


class CoolingLoad(NamedTuple):
    """Power of each part of the building per power of IT, and the water it evaporates.

    `pue` = 1 + the sum of all parts [kW/kW]; `free_share`: share of the heat removed without a chiller [1];
    `humidifier_water_kg_per_s` and `tower_heat` (heat the tower gives off by evaporation, 0 when it stands) per kW
    of IT [kg/s, kW/kW].
    """

    pue: Floats
    ups: Floats
    distribution: Floats
    lighting: Floats
    fan: Floats
    humidifier: Floats
    chiller: Floats
    pumps: Floats
    tower_fan: Floats
    free_share: Floats
    humidifier_water_kg_per_s: Floats
    tower_heat: Floats


def chiller_cop(
    condenser_c: npt.ArrayLike, load: npt.ArrayLike, shift: npt.ArrayLike = 0.0
) -> Floats:
    """Cold per electricity of a water-cooled chiller.

    Parameters
    ----------
    condenser_c : array_like
        Temperature of the water that takes its heat. [C]
    load : array_like
        Share of its capacity in use, within 0..1. [1]
    shift : array_like
        Relative deviation of a single machine. [1]

    Returns
    -------
    cop : ndarray
        [kW/kW]

    References
    ----------
    .. [1] Source ``lei2020``: a regression, quadratic in both.

    Examples
    --------
    >>> chiller_cop(20.0, 0.5).round(8)
    np.float64(8.77889525)
    """
    t = np.asarray(condenser_c, dtype=np.float64)
    x = np.asarray(load, dtype=np.float64)
    base = 16.798751 + 0.008840 * t * t - 8.528931 * x * x + 9.885294 * x - 0.760621 * t
    return np.asarray((base + 0.084615 * x * t) * (1.0 + np.asarray(shift)))


def _fan(air_kg_per_s: Floats, density: Floats, pressure_pa: Values, efficiency: Values) -> Floats:
    """Electricity of a fan. [kW]"""
    return np.asarray(
        air_kg_per_s / density * np.asarray(pressure_pa) / np.asarray(efficiency) / 1000.0
    )


def _pump(water_kg_per_s: Floats, pressure_pa: Values, efficiency: Values) -> Floats:
    """Electricity of a pump. [kW]"""
    return np.asarray(water_kg_per_s * np.asarray(pressure_pa) / (np.asarray(efficiency) * 1e6))


class _Electrical(NamedTuple):
    ups: Floats
    distribution: Floats
    lighting: Floats
    heat: Floats


def _electrical(system: Common) -> _Electrical:
    """Losses of the power supply, and all heat to be removed, per kW of IT."""
    ups = 1.0 / np.asarray(system.ups_efficiency, dtype=np.float64) - 1.0
    distribution = 1.0 / (1.0 - np.asarray(system.distribution_loss, dtype=np.float64)) - 1.0
    lighting = np.asarray(system.lighting_share, dtype=np.float64)
    return _Electrical(ups, distribution, lighting, 1.0 + ups + distribution + lighting)


class _TowerPower(NamedTuple):
    pump: Floats
    fan: Floats


def _tower(system: Tower, heat: Floats, density_outside: Floats) -> _TowerPower:
    """Pump and fan of a tower that gives off `heat`. [kW]"""
    water = heat / (_WATER_HEAT * np.asarray(system.tower_water_rise_k))
    air = water / np.asarray(system.liquid_over_gas)
    return _TowerPower(
        pump=_pump(water, system.tower_pump_pressure_pa, system.tower_pump_efficiency),
        fan=_fan(air, density_outside, system.tower_fan_pressure_pa, system.tower_fan_efficiency),
    )


def _chilled_pump(system: Common, cold: Floats) -> Floats:
    water = cold / (_WATER_HEAT * np.asarray(system.water_rise_k))
    return _pump(water, system.chilled_pump_pressure_pa, system.chilled_pump_efficiency)


def _load(power: _Electrical, shape: tuple[int, ...], **parts: Floats) -> CoolingLoad:
    """Put the parts together; a part that is missing does not exist in this way of cooling."""
    whole = {
        key: np.asarray(np.broadcast_to(parts.get(key, np.float64(0.0)), shape))
        for key in CoolingLoad._fields
        if key not in ("pue", "ups", "distribution", "lighting")
    }
    given = {
        "ups": np.broadcast_to(power.ups, shape),
        "distribution": np.broadcast_to(power.distribution, shape),
        "lighting": np.broadcast_to(power.lighting, shape),
    }
    electric = ("fan", "humidifier", "chiller", "pumps", "tower_fan")
    pue = 1.0 + sum(given.values()) + sum(whole[key] for key in electric)
    return CoolingLoad(pue=np.asarray(pue), **given, **whole)


def air_economizer_load(
    system: AirEconomizer,
    temperature_c: npt.ArrayLike,
    relative_humidity: npt.ArrayLike,
    pressure_pa: npt.ArrayLike = 101_325.0,
) -> CoolingLoad:
    """Cooling by outside air, hour by hour.

    Parameters
    ----------
    system : AirEconomizer
        Its values broadcast with the weather: numbers, or arrays of shape (n_sample, 1).
    temperature_c, relative_humidity, pressure_pa : array_like, shape (n_hour,)
        Weather. [C, 1, Pa]

    Returns
    -------
    load : CoolingLoad
        Arrays of shape (n_hour,) or (n_sample, n_hour).

    Raises
    ------
    RangeError
        If the weather is impossible.

    Notes
    -----
    Outside air takes all heat if it holds less than air of 27 C with a dew point of 15 C, or no more than supply
    air at 80 % relative humidity; else the chiller takes all. Cold dry air is humidified to 20 % at supply
    temperature; warm air is cooled by evaporation along constant enthalpy.

    References
    ----------
    .. [1] Source ``lei2020``, system AE.

    Examples
    --------
    >>> air_economizer_load(middle_system(AirEconomizer), 10.0, 0.6).pue.round(3)
    np.float64(1.119)
    """
    t, rh, p = checked_weather(temperature_c, relative_humidity, pressure_pa)
    power = _electrical(system)
    low, high = np.asarray(system.supply_low_c), np.asarray(system.supply_high_c)
    supply = np.clip(t, low, high)
    air = power.heat / (_AIR_HEAT * np.asarray(system.air_rise_k))
    fan = _fan(air, air_density_kg_per_m3(supply, p), system.fan_pressure_pa, system.fan_efficiency)

    humidity = humidity_g_per_kg(rh * saturation_pressure_pa(t), p)
    enthalpy = enthalpy_kj_per_kg(t, humidity)
    mild = enthalpy < _enthalpy_of_dew_point(p)
    usable = enthalpy <= enthalpy_kj_per_kg(supply, _humidity_at(supply, 0.80, p))
    free = mild | usable

    along_enthalpy = humidity_at_enthalpy_g_per_kg(supply, enthalpy)
    humidified = np.where(mild & (t <= supply), _humidity_at(supply, 0.20, p), along_enthalpy)
    added = np.where(free, np.maximum(humidified - humidity, 0.0), 0.0)
    water = air * (1.0 - 1.0 / (1.0 + added / 1000.0))
    humidifier = _pump(water, system.humidifier_pressure_pa, system.humidifier_efficiency)

    cold = np.where(free, 0.0, power.heat)
    condenser = wet_bulb_c(t, rh, p) + np.asarray(system.tower_approach_k)
    chiller = cold / chiller_cop(condenser, system.chiller_load, system.cop_shift)
    tower = _tower(system, cold + chiller, air_density_kg_per_m3(t, p))
    shape = np.broadcast_shapes(np.shape(chiller), np.shape(fan), np.shape(humidifier))
    return _load(
        power,
        shape,
        fan=fan,
        humidifier=humidifier,
        chiller=chiller,
        pumps=_chilled_pump(system, cold) + tower.pump,
        tower_fan=tower.fan,
        free_share=np.where(free, 1.0, 0.0),
        humidifier_water_kg_per_s=water,
        tower_heat=cold + chiller,
    )


def _humidity_at(temperature_c: Floats, relative_humidity: float, pressure_pa: Floats) -> Floats:
    """Humidity of air at a limit of relative humidity. [g/kg]"""
    vapour = relative_humidity * saturation_pressure_pa(temperature_c)
    return humidity_g_per_kg(vapour, pressure_pa, 621.98)


def _enthalpy_of_dew_point(pressure_pa: Floats) -> Floats:
    """Air of 27 C with a dew point of 15 C, the upper end of what IT may breathe. [kJ/kg]"""
    # The published formula leaves out the small T/234.5 term here.
    vapour = 611.21 * np.exp(18.678 * 15.0 / 272.14)
    return enthalpy_kj_per_kg(27.0, humidity_g_per_kg(vapour, pressure_pa, 621.98))


class _Coil(NamedTuple):
    removed: Floats
    fan: Floats
    humidifier: Floats
    humidifier_water: Floats
    supply_water_c: Floats
    return_water_c: Floats


def _coil(system: WaterEconomizer | SeawaterEconomizer, power: _Electrical, p: Floats) -> _Coil:
    """The air side shared by tower and sea water: fan, coil, humidifier, water temperatures."""
    set_point, rise = np.asarray(system.set_point_c), np.asarray(system.air_rise_k)
    air = power.heat / (_AIR_HEAT * rise)
    fan = _fan(
        air, air_density_kg_per_m3(set_point, p), system.fan_pressure_pa, system.fan_efficiency
    )
    # The coil also condenses water, which the humidifier has to give back.
    removed = power.heat / np.asarray(system.sensible_heat_ratio)
    supply_water = set_point + rise - rise / np.asarray(system.coil_effectiveness)
    return_water = supply_water + np.asarray(system.water_rise_k)
    water = (removed - power.heat) / heat_of_evaporation_kj_per_kg(
        0.5 * (supply_water + return_water)
    )
    humidifier = _pump(water, system.humidifier_pressure_pa, system.humidifier_efficiency)
    return _Coil(removed, fan, humidifier, water, supply_water, return_water)


def _free_share(source_c: Floats, coil: _Coil) -> Floats:
    """Share of the heat an exchanger takes from water at `source_c`."""
    span = coil.return_water_c - coil.supply_water_c
    return np.asarray(np.clip((coil.return_water_c - source_c) / span, 0.0, 1.0))


def water_economizer_load(
    system: WaterEconomizer,
    temperature_c: npt.ArrayLike,
    relative_humidity: npt.ArrayLike,
    pressure_pa: npt.ArrayLike = 101_325.0,
) -> CoolingLoad:
    """Cooling by tower and heat exchanger, hour by hour.

    Parameters
    ----------
    system : WaterEconomizer
        Its values broadcast with the weather: numbers, or arrays of shape (n_sample, 1).
    temperature_c, relative_humidity, pressure_pa : array_like, shape (n_hour,)
        Weather. [C, 1, Pa]

    Returns
    -------
    load : CoolingLoad
        Arrays of shape (n_hour,) or (n_sample, n_hour).

    Raises
    ------
    RangeError
        If the weather is impossible.

    Notes
    -----
    The share without chiller falls linearly from 1 to 0 while tower water warms from the supply to the return
    temperature of the coil. The tower runs always.

    References
    ----------
    .. [1] Source ``lei2020``, system WEC.

    Examples
    --------
    >>> water_economizer_load(middle_system(WaterEconomizer), 10.0, 0.6).pue.round(3)
    np.float64(1.134)
    """
    t, rh, p = checked_weather(temperature_c, relative_humidity, pressure_pa)
    power = _electrical(system)
    coil = _coil(system, power, p)
    tower_water = wet_bulb_c(t, rh, p) + np.asarray(system.tower_approach_k)
    free = _free_share(tower_water + np.asarray(system.exchanger_approach_k), coil)
    cold = coil.removed * (1.0 - free)
    chiller = cold / chiller_cop(tower_water, system.chiller_load, system.cop_shift)
    tower = _tower(system, coil.removed + chiller, air_density_kg_per_m3(t, p))
    return _with_exchanger(
        system,
        power,
        coil,
        free,
        chiller,
        source_pump=tower.pump,
        tower_fan=tower.fan,
        tower_heat=coil.removed + chiller,
    )


def seawater_economizer_load(
    system: SeawaterEconomizer,
    sea_c: npt.ArrayLike,
    pressure_pa: npt.ArrayLike = 101_325.0,
) -> CoolingLoad:
    """Cooling by sea water and heat exchanger, hour by hour.

    Parameters
    ----------
    system : SeawaterEconomizer
        Its values broadcast with the series: numbers, or arrays of shape (n_sample, 1).
    sea_c : array_like, shape (n_hour,)
        Temperature of the sea at the inlet. [C]
    pressure_pa : array_like
        [Pa]

    Returns
    -------
    load : CoolingLoad
        No tower: its fan and heat are 0. Arrays of shape (n_hour,) or (n_sample, n_hour).

    Raises
    ------
    RangeError
        If a temperature or pressure is impossible.

    References
    ----------
    .. [1] Source ``lei2020``, system WES.

    Examples
    --------
    >>> seawater_economizer_load(middle_system(SeawaterEconomizer), 15.0).pue.round(3)
    np.float64(1.156)
    """
    sea, _rh, p = checked_weather(sea_c, 0.5, pressure_pa)
    power = _electrical(system)
    coil = _coil(system, power, p)
    free = _free_share(sea + np.asarray(system.exchanger_approach_k), coil)
    cold = coil.removed * (1.0 - free)
    chiller = cold / chiller_cop(sea, system.chiller_load, system.cop_shift)
    flow = (coil.removed + chiller) / (_WATER_HEAT * np.asarray(system.sea_water_rise_k))
    pump = _pump(flow, system.sea_pump_pressure_pa, system.sea_pump_efficiency)
    return _with_exchanger(system, power, coil, free, chiller, source_pump=pump)


def _with_exchanger(
    system: WaterEconomizer | SeawaterEconomizer,
    power: _Electrical,
    coil: _Coil,
    free: Floats,
    chiller: Floats,
    source_pump: Floats,
    **tower: Floats,
) -> CoolingLoad:
    through = free * coil.removed / (_WATER_HEAT * np.asarray(system.water_rise_k))
    economizer = _pump(
        through, system.economizer_pump_pressure_pa, system.economizer_pump_efficiency
    )
    chilled = _chilled_pump(system, coil.removed * (1.0 - free))
    pumps = economizer + chilled + source_pump
    shape = np.broadcast_shapes(np.shape(pumps), np.shape(coil.fan), np.shape(chiller))
    return _load(
        power,
        shape,
        fan=coil.fan,
        humidifier=coil.humidifier,
        chiller=chiller,
        pumps=pumps,
        free_share=free,
        humidifier_water_kg_per_s=coil.humidifier_water,
        **tower,
    )
