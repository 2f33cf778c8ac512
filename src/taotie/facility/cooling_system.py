"""What can a building's cooling be made of? Parameters of three systems, their published ranges and draws from them.

Values are numbers, or arrays that broadcast with the weather: pressures [Pa], rises and approaches [K], temperatures
[C], efficiencies, shares and ratios [1]. The ranges are in the table `cooling_ranges` (source ``lei2020``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, SourceError
from taotie.quantity.catalog import table
from taotie.words.language import _

__all__ = [
    "AirEconomizer",
    "Common",
    "Exchanger",
    "SeawaterEconomizer",
    "Tower",
    "WaterEconomizer",
    "drawn_system",
    "middle_system",
]

Values = npt.ArrayLike


@dataclass(frozen=True)
class Common:
    """What every building has. Attributes are numbers or arrays that broadcast with the weather."""

    ups_efficiency: Values
    distribution_loss: Values
    lighting_share: Values
    air_rise_k: Values
    water_rise_k: Values
    fan_pressure_pa: Values
    fan_efficiency: Values
    humidifier_pressure_pa: Values
    humidifier_efficiency: Values
    chilled_pump_pressure_pa: Values
    chilled_pump_efficiency: Values
    chiller_load: Values
    cop_shift: Values


@dataclass(frozen=True)
class Tower:
    """A cooling tower: its water circuit and its fan."""

    tower_water_rise_k: Values
    tower_approach_k: Values
    liquid_over_gas: Values
    tower_fan_pressure_pa: Values
    tower_fan_efficiency: Values
    tower_pump_pressure_pa: Values
    tower_pump_efficiency: Values


@dataclass(frozen=True)
class Exchanger:
    """Chilled water cooled by a tower or the sea through a heat exchanger, air cooled by a coil."""

    set_point_c: Values
    economizer_pump_pressure_pa: Values
    economizer_pump_efficiency: Values
    exchanger_approach_k: Values
    coil_effectiveness: Values
    sensible_heat_ratio: Values


@dataclass(frozen=True)
class AirEconomizer(Tower, Common):
    """Outside air cools, humidified where needed; a chiller with tower where it cannot.

    Supply air follows the outside temperature between `supply_low_c` and `supply_high_c` [C]. Pressures in Pa,
    rises and approaches in K, efficiencies, shares and ratios as plain numbers.
    """

    supply_low_c: Values
    supply_high_c: Values


@dataclass(frozen=True)
class WaterEconomizer(Exchanger, Tower, Common):
    """A tower cools through a heat exchanger while the wet bulb allows; a chiller does the rest."""


@dataclass(frozen=True)
class SeawaterEconomizer(Exchanger, Common):
    """Sea water cools through a heat exchanger while its temperature allows; a chiller does the rest."""

    sea_water_rise_k: Values
    sea_pump_pressure_pa: Values
    sea_pump_efficiency: Values


System = TypeVar("System", AirEconomizer, WaterEconomizer, SeawaterEconomizer)
_ITEMS = {
    AirEconomizer: "air_economizer",
    WaterEconomizer: "water_economizer",
    SeawaterEconomizer: "seawater_economizer",
}


def _from_ranges(kind: type[System], pick: Callable[[float, float], Values]) -> System:
    cells = table("cooling_ranges")
    values: dict[str, Values] = {}
    for field in fields(kind):
        row = cells.cell(_ITEMS[kind], field.name)
        if row is None or not (row["low"] and row["high"]):
            raise SourceError(
                _("table cooling_ranges lacks {quantity}.").format(quantity=field.name)
            )
        values[field.name] = pick(float(row["low"]), float(row["high"]))
    return kind(**values)


def middle_system(kind: type[System]) -> System:
    """A system with every value in the middle of its published range.

    Parameters
    ----------
    kind : type
        `AirEconomizer`, `WaterEconomizer` or `SeawaterEconomizer`.

    Examples
    --------
    >>> round(middle_system(AirEconomizer).ups_efficiency, 3)
    0.945
    """
    return _from_ranges(kind, lambda low, high: 0.5 * (low + high))


def drawn_system(kind: type[System], n_sample: int, rng: np.random.Generator) -> System:
    """Systems drawn from the published ranges, all values independent and uniform.

    Parameters
    ----------
    kind : type
        `AirEconomizer`, `WaterEconomizer` or `SeawaterEconomizer`.
    n_sample : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    system : System
        Every value has shape (n_sample, 1), to broadcast with hours.
    """
    if n_sample < 1:
        raise RangeError(_("n_sample={n} is not at least 1.").format(n=n_sample))
    return _from_ranges(kind, lambda low, high: rng.uniform(low, high, (n_sample, 1)))
