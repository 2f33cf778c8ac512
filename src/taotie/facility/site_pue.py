"""What PUE and what water use may a building at this place expect over a year? Ranges from its weather [1, L/kWh].

The yearly mean of many buildings drawn from the published ranges of their parts: what is not known of a
building is its spread. The load of the machines is taken as constant over the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.facility.liquid_cooling import direct_to_chip_load, drawn_loop, middle_loop
from taotie.facility.water import wue_l_per_kwh
from taotie.facility.weather_file import Weather
from taotie.facility.weather_pue import (
    AirEconomizer,
    CoolingLoad,
    WaterEconomizer,
    air_economizer_load,
    drawn_system,
    middle_system,
    water_economizer_load,
)
from taotie.quantity.catalog import figure, source
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import _

__all__ = ["COOLING", "SitePue", "cooling_load", "site_pue"]

Floats = npt.NDArray[np.float64]
Cooling = Literal["air", "water", "air+liquid", "water+liquid"]

COOLING: tuple[Cooling, ...] = ("air", "water", "air+liquid", "water+liquid")
"""Outside air; tower; either with a warm-water loop for most of the heat."""


@dataclass(frozen=True, eq=False)
class SitePue:
    """PUE and water of buildings of one kind at one place.

    The two figures are drawn apart: that a building with a high PUE often uses less water is not kept.

    Attributes
    ----------
    pue : Figure
        Mean over the year; spread over buildings. [1]
    wue : Figure
        Water at the site per IT energy, with blow-down. [L/kWh]
    hourly_pue : ndarray, shape (n_hour,)
        Of the building in the middle of all ranges. [1]
    """

    pue: Figure
    wue: Figure
    hourly_pue: Floats


def cooling_load(
    cooling: Cooling, weather: Weather, rng: np.random.Generator | None = None, n_building: int = 1
) -> CoolingLoad:
    """Cooling hour by hour, for the building in the middle of all ranges or for drawn ones.

    Parameters
    ----------
    cooling : {"air", "water", "air+liquid", "water+liquid"}
        Kind of cooling.
    weather : Weather
        Hours of a year.
    rng : numpy.random.Generator, optional
        Draw buildings with it; without it, the middle of all ranges.
    n_building : int
        How many to draw.

    Returns
    -------
    load : CoolingLoad
        Arrays of shape (n_hour,), or (n_building, n_hour) if drawn.

    Raises
    ------
    RangeError
        If the kind of cooling is not known.
    """
    if cooling not in COOLING:
        raise RangeError(
            _("cooling={value} is not known.").format(value=repr(cooling)),
            _("known: {names}").format(names=", ".join(COOLING)),
        )
    t, rh, p = weather.temperature_c, weather.relative_humidity, weather.pressure_pa
    if cooling.startswith("air"):
        air = (
            middle_system(AirEconomizer)
            if rng is None
            else drawn_system(AirEconomizer, n_building, rng)
        )
        load = air_economizer_load(air, t, rh, p)
    else:
        tower = (
            middle_system(WaterEconomizer)
            if rng is None
            else drawn_system(WaterEconomizer, n_building, rng)
        )
        load = water_economizer_load(tower, t, rh, p)
    if cooling.endswith("liquid"):
        loop = middle_loop() if rng is None else drawn_loop(n_building, rng)
        load = direct_to_chip_load(loop, load, t, p)
    return load


def site_pue(cooling: Cooling, weather: Weather, n_building: int = 200, seed: int = 0) -> SitePue:
    """PUE and water of a building whose parts are not known, at a place whose weather is.

    Parameters
    ----------
    cooling : {"air", "water", "air+liquid", "water+liquid"}
        Kind of cooling.
    weather : Weather
        Hours of a year.
    n_building : int
        Buildings drawn; the yearly mean of each is one value of the figure.
    seed : int
        Same seed, same buildings.

    Returns
    -------
    site : SitePue

    Raises
    ------
    RangeError
        If the kind of cooling is not known or `n_building` is below 2.

    Notes
    -----
    Buildings come in batches of 25 to keep memory small: 25 times 8760 hours.
    """
    if n_building < 2:
        raise RangeError(_("n_building={n} is not at least 2.").format(n=n_building))
    rng = np.random.default_rng(seed)
    pues: list[float] = []
    litres: list[float] = []
    cycles = figure("cooling_ranges/cooling_tower/cycles_of_concentration")
    ends = (cycles.p05, cycles.p95)
    while len(pues) < n_building:
        n = min(25, n_building - len(pues))
        load = cooling_load(cooling, weather, rng, n)
        water = wue_l_per_kwh(load, rng.uniform(*ends, (n, 1)))
        pues += [float(x) for x in load.pue.mean(axis=-1)]
        litres += [float(x) for x in water.mean(axis=-1)]
    note = f"{n_building} buildings drawn from published ranges, {len(weather)} hours at {weather.name}"
    if cooling.endswith("liquid"):
        note += "; the warm-water loop has assumed ranges of ours"
    place = "".join(c if c.isalnum() else "_" for c in weather.name.lower()) or "site"
    key = f"site.{place}.{cooling.replace('+', '_')}.{n_building}.{seed}"
    common: dict[str, Any] = {
        "kind": "modelled",
        "source": source("lei2020"),
        "note": note,
        "spread": "empirical",
    }
    return SitePue(
        pue=leaf(
            f"{key}.pue",
            unit="1",
            values=pues,
            label={"en": "PUE from weather", "zh": "由气象推算的PUE"},
            **common,
        ),
        wue=leaf(
            f"{key}.wue",
            unit="L/kWh",
            values=litres,
            label={"en": "Water use from weather", "zh": "由气象推算的耗水率"},
            **common,
        ),
        hourly_pue=cooling_load(cooling, weather).pue,
    )
