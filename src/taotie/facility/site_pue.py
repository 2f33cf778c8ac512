"""What PUE and what water use may a building at this place expect over a year? Ranges from its weather [1, L/kWh].

The yearly mean of many buildings drawn from the published ranges of their parts: what is not known of a
building is its spread. The load of the machines is taken as constant over the year.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
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
    SeawaterEconomizer,
    WaterEconomizer,
    air_economizer_load,
    drawn_system,
    middle_system,
    seawater_economizer_load,
    water_economizer_load,
)
from taotie.quantity.catalog import figure, source
from taotie.quantity.figure import Figure, leaf
from taotie.quantity.sampling import Sampling, current
from taotie.words.language import N_, _
from taotie.words.listing import listing

__all__ = ["COOLING", "SitePue", "cooling_load", "sea_year", "site_pue"]

Floats = npt.NDArray[np.float64]
Cooling = Literal["air", "water", "sea", "air+liquid", "water+liquid", "sea+liquid"]

COOLING: tuple[Cooling, ...] = ("air", "water", "sea", "air+liquid", "water+liquid", "sea+liquid")
"""Outside air; tower; sea water; each also with a warm-water loop for most of the heat."""
WARMEST_SEA_DAY = 230
"""The sea is warmest a month after the air."""


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


def sea_year(mean_c: float, swing_k: float) -> Floats:
    """The temperature of the sea at the inlet over a year: a sine, warmest in the middle of August. [C]

    Parameters
    ----------
    mean_c, swing_k : float
        Mean of the year; warmest less coldest day. [C, K]

    Raises
    ------
    RangeError
        If it freezes or is warmer than any sea.

    Examples
    --------
    >>> sea = sea_year(10.0, 8.0)
    >>> sea.shape, sea.min().round(1), sea.max().round(1)
    ((8760,), np.float64(6.0), np.float64(14.0))
    """
    day = np.arange(8760) / 24.0
    sea = mean_c + 0.5 * swing_k * np.cos(2.0 * np.pi * (day - WARMEST_SEA_DAY) / 365.0)
    if not (np.isfinite(sea).all() and swing_k >= 0 and sea.min() >= -2.0 and sea.max() <= 40.0):
        raise RangeError(
            _("a sea of {mean} C that swings by {swing} K is none: -2 to 40 C.").format(
                mean=f"{mean_c:g}", swing=f"{swing_k:g}"
            ),
            _("10 C and 8 K are usual of the North Sea"),
        )
    return np.asarray(sea)


def cooling_load(
    cooling: Cooling,
    weather: Weather,
    rng: np.random.Generator | None = None,
    n_building: int = 1,
    sea_c: Floats | None = None,
) -> CoolingLoad:
    """Cooling hour by hour, for the building in the middle of all ranges or for drawn ones.

    Parameters
    ----------
    cooling : {"air", "water", "sea", "air+liquid", "water+liquid", "sea+liquid"}
        Kind of cooling.
    weather : Weather
        Hours of a year.
    rng : numpy.random.Generator, optional
        Draw buildings with it; without it, the middle of all ranges.
    n_building : int
        How many to draw.
    sea_c : ndarray, shape (n_hour,)
        Temperature of the sea, for sea water. [C]

    Returns
    -------
    load : CoolingLoad
        Arrays of shape (n_hour,), or (n_building, n_hour) if drawn.

    Raises
    ------
    RangeError
        If the kind of cooling is not known, or the sea of a building that it cools.
    """
    if cooling not in COOLING:
        raise RangeError(
            _("cooling={value} is not known.").format(value=repr(cooling)),
            _("known: {names}").format(names=listing(COOLING)),
        )
    t, rh, p = weather.temperature_c, weather.relative_humidity, weather.pressure_pa
    if cooling.startswith("air"):
        air = (
            middle_system(AirEconomizer)
            if rng is None
            else drawn_system(AirEconomizer, n_building, rng)
        )
        load = air_economizer_load(air, t, rh, p)
    elif cooling.startswith("sea"):
        if sea_c is None:
            raise RangeError(
                _("sea water cools with the temperature of the sea."), "sea_temperature = 10"
            )
        sea = (
            middle_system(SeawaterEconomizer)
            if rng is None
            else drawn_system(SeawaterEconomizer, n_building, rng)
        )
        load = seawater_economizer_load(sea, sea_c, p)
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


def site_pue(
    cooling: Cooling,
    weather: Weather,
    n_building: int = 200,
    seed: int = 0,
    sea_c: Floats | None = None,
) -> SitePue:
    """PUE and water of a building whose parts are not known, at a place whose weather is.

    Parameters
    ----------
    cooling : {"air", "water", "sea", "air+liquid", "water+liquid", "sea+liquid"}
        Kind of cooling.
    weather : Weather
        Hours of a year.
    n_building : int
        Buildings drawn; the yearly mean of each is one value of the figure.
    seed : int
        Same seed, same buildings.
    sea_c : ndarray, shape (n_hour,)
        Temperature of the sea, for sea water. [C]

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
    held = None if sea_c is None else np.asarray(sea_c, np.float64).tobytes()
    found = _drawn(cooling, weather, n_building, seed, held, current())
    return replace(found, hourly_pue=found.hourly_pue.copy())


@lru_cache(maxsize=16)
def _drawn(
    cooling: Cooling,
    weather: Weather,
    n_building: int,
    seed: int,
    sea: bytes | None,
    asked: Sampling,
) -> SitePue:
    """Buildings of one kind in one year of weather, drawn once: a sweep and a page ask for them again and again.

    `asked` is what figures are sampled with here: those of another sampling are others.
    """
    del asked
    sea_c = None if sea is None else np.frombuffer(sea)
    rng = np.random.default_rng(seed)
    pues: list[float] = []
    litres: list[float] = []
    cycles = figure("cooling_ranges/cooling_tower/cycles_of_concentration")
    ends = (cycles.p05, cycles.p95)
    while len(pues) < n_building:
        n = min(25, n_building - len(pues))
        load = cooling_load(cooling, weather, rng, n, sea_c)
        water = wue_l_per_kwh(load, rng.uniform(*ends, (n, 1)))
        pues += [float(x) for x in load.pue.mean(axis=-1)]
        litres += [float(x) for x in water.mean(axis=-1)]
    drawn = (
        N_("{n} buildings drawn from published ranges, {hours} hours at {name}; the warm-water loop has assumed ranges of ours")
        if cooling.endswith("liquid")
        else N_("{n} buildings drawn from published ranges, {hours} hours at {name}")
    )  # fmt: skip
    note = drawn.format(n=n_building, hours=len(weather), name=weather.name)
    place = "".join(c if c.isalnum() else "_" for c in weather.name.lower()) or "site"
    if sea_c is not None and cooling.startswith("sea"):
        place += f".sea_{float(sea_c.mean()):.2f}_{float(np.ptp(sea_c)):.2f}"
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
        hourly_pue=cooling_load(cooling, weather, sea_c=sea_c).pue,
    )
