"""What PUE has a building that cools its chips by warm water? Direct-to-chip loop with a dry cooler [kW/kW].

Our own extension of `weather_pue.py`, not checked against a measured building: a loop at 32 to 45 C takes most of the
heat of the machines to a dry cooler (fan and pump, no water used); the rest goes the way of the air system given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, SourceError
from taotie.facility.moist_air import air_density_kg_per_m3, checked_weather
from taotie.facility.weather_pue import CoolingLoad, chiller_cop
from taotie.quantity.catalog import table
from taotie.words.language import _

__all__ = ["DirectToChip", "direct_to_chip_load", "drawn_loop", "middle_loop"]

Floats = npt.NDArray[np.float64]
Values = npt.ArrayLike


@dataclass(frozen=True)
class DirectToChip:
    """A warm-water loop and its dry cooler; numbers or arrays that broadcast with the weather.

    Attributes
    ----------
    captured_share : array_like
        Share of the IT power that leaves by the loop. [1]
    supply_c : array_like
        Water to the machines. [C]
    water_rise_k : array_like
        Return less supply. [K]
    approach_k : array_like
        Least difference between supply water and outside air. [K]
    cooler_effectiveness : array_like
        Rise of the air over the difference between return water and outside air. [1]
    cooler_fan_pressure_pa, cooler_fan_efficiency, loop_pump_pressure_pa, loop_pump_efficiency : array_like
        [Pa, 1]
    """

    captured_share: Values
    supply_c: Values
    water_rise_k: Values
    approach_k: Values
    cooler_effectiveness: Values
    cooler_fan_pressure_pa: Values
    cooler_fan_efficiency: Values
    loop_pump_pressure_pa: Values
    loop_pump_efficiency: Values


def direct_to_chip_load(
    loop: DirectToChip,
    air: CoolingLoad,
    temperature_c: npt.ArrayLike,
    pressure_pa: npt.ArrayLike = 101_325.0,
) -> CoolingLoad:
    """Cooling by a warm-water loop, the rest by an air system, hour by hour.

    Parameters
    ----------
    loop : DirectToChip
        The loop.
    air : CoolingLoad
        The air system as if it took all heat, for the same weather; it is scaled to the heat left to it.
    temperature_c, pressure_pa : array_like, shape (n_hour,)
        Weather. [C, Pa]

    Returns
    -------
    load : CoolingLoad
        Both together; `free_share` is that of all heat.

    Raises
    ------
    RangeError
        If the weather is impossible or `captured_share` leaves 0..1.

    Notes
    -----
    In hours too warm for the dry cooler a chiller makes up the difference; its regression is stretched beyond its
    range there, so hot sites with cool loops are rough.

    Examples
    --------
    A cool loop in mild weather costs about one percent, fans and chillers of the air system shrink with their heat:

    >>> from taotie.facility.weather_pue import AirEconomizer, air_economizer_load, middle_system
    >>> air = air_economizer_load(middle_system(AirEconomizer), 10.0, 0.6)
    >>> both = direct_to_chip_load(middle_loop(), air, 10.0)
    >>> bool(both.fan < air.fan), bool(both.pue < air.pue)
    (True, True)
    """
    t, _rh, p = checked_weather(temperature_c, 0.5, pressure_pa)
    captured = np.asarray(loop.captured_share, dtype=np.float64)
    if not ((captured >= 0.0) & (captured <= 1.0)).all():
        raise RangeError(_("captured_share leaves 0..1."), _("80 % is 0.8"))
    supply, rise = np.asarray(loop.supply_c), np.asarray(loop.water_rise_k)
    reachable = t + np.asarray(loop.approach_k)
    free = np.clip((supply + rise - reachable) / rise, 0.0, 1.0)
    cold = captured * (1.0 - free)
    # The chiller's condenser water is what the dry cooler can reach.
    chiller = cold / np.maximum(chiller_cop(reachable, 0.5), 1.0)
    rejected = captured + chiller
    water = captured / (4.2 * rise)
    pump = water * np.asarray(loop.loop_pump_pressure_pa)
    pump = pump / (np.asarray(loop.loop_pump_efficiency) * 1e6)
    # A dry cooler cannot give off heat to air as warm as its water: 5 K at least.
    drop = np.asarray(loop.cooler_effectiveness) * np.maximum(
        np.maximum(supply + rise, reachable + rise) - t, 5.0
    )
    air_flow = rejected / (1.01 * drop)
    fan = air_flow / air_density_kg_per_m3(t, p) * np.asarray(loop.cooler_fan_pressure_pa)
    fan = fan / np.asarray(loop.cooler_fan_efficiency) / 1000.0

    heat = 1.0 + air.ups + air.distribution + air.lighting
    left = (heat - captured) / heat
    parts = {
        "fan": air.fan * left + fan,
        "humidifier": air.humidifier * left,
        "chiller": air.chiller * left + chiller,
        "pumps": air.pumps * left + pump,
        "tower_fan": air.tower_fan * left,
        "humidifier_water_kg_per_s": air.humidifier_water_kg_per_s * left,
        "tower_heat": air.tower_heat * left,
    }
    electric = sum(parts[key] for key in ("fan", "humidifier", "chiller", "pumps", "tower_fan"))
    return CoolingLoad(
        pue=np.asarray(heat + electric),
        ups=air.ups,
        distribution=air.distribution,
        lighting=air.lighting,
        free_share=np.asarray(air.free_share * left + free * (1.0 - left)),
        **{key: np.asarray(value) for key, value in parts.items()},
    )


def _loop(pick: Callable[[float, float], Values]) -> DirectToChip:
    cells = table("cooling_ranges")
    values: dict[str, Values] = {}
    for field in fields(DirectToChip):
        row = cells.cell("direct_to_chip", field.name)
        if row is None or not (row["low"] and row["high"]):
            raise SourceError(
                _("table cooling_ranges lacks {quantity}.").format(quantity=field.name)
            )
        values[field.name] = pick(float(row["low"]), float(row["high"]))
    return DirectToChip(**values)


def middle_loop() -> DirectToChip:
    """A loop with every value in the middle of its assumed range.

    Examples
    --------
    >>> middle_loop().supply_c
    38.5
    """
    return _loop(lambda low, high: 0.5 * (low + high))


def drawn_loop(n_sample: int, rng: np.random.Generator) -> DirectToChip:
    """Loops drawn from the assumed ranges, independent and uniform; values have shape (n_sample, 1)."""
    if n_sample < 1:
        raise RangeError(_("n_sample={n} is not at least 1.").format(n=n_sample))
    return _loop(lambda low, high: rng.uniform(low, high, (n_sample, 1)))
