"""What does the building add, hour by hour, by its cooling and the weather? PUE [1] and water [L/kWh] of a study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.facility.climate_year import climate_keys, climate_year, nearest_climate
from taotie.facility.site_pue import Cooling, cooling_load, site_pue
from taotie.facility.water import wue_l_per_kwh
from taotie.facility.weather_file import Weather, read_weather, whole_year
from taotie.files.read import read_bytes
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.profile import Profile
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import labels

__all__ = ["COOLING", "Building", "building", "cooling_named", "weather_of"]

COOLING: dict[str, Cooling] = {
    "air-economizer": "air",
    "water-economizer": "water",
    "direct-to-chip": "air+liquid",
    "direct-to-chip+water-economizer": "water+liquid",
}
"""Names of a study, and what they are in the facility room. Direct-to-chip takes most heat by a warm loop and a dry
cooler; what is left goes the way of an air economizer unless a water economizer is named."""
_ALIKE = {
    "air": "air-economizer",
    "water": "water-economizer",
    "tower": "water-economizer",
    "liquid": "direct-to-chip",
    "air+liquid": "direct-to-chip",
    "water+liquid": "direct-to-chip+water-economizer",
}
CLIMATE_PUE = (0.93, 1.08)
"""True over computed PUE less 1, where the hours are made from a climate: typical years of eight US sites lie within."""
CLIMATE_WATER = (0.45, 2.2)


@dataclass(frozen=True, eq=False)
class Building:
    """A cooled building over a year.

    Attributes
    ----------
    pue, worst_pue, wue : Figure
        Mean over the hours of the load, worst hour, water per IT energy. [1, 1, L/kWh]
    hourly_pue, hourly_wue : ndarray, shape (8760,)
        Of the building in the middle of all ranges.
    """

    pue: Figure
    worst_pue: Figure
    wue: Figure
    hourly_pue: np.ndarray
    hourly_wue: np.ndarray


def cooling_named(name: str) -> str:
    """A cooling of `COOLING` by its name.

    Raises
    ------
    UnknownNameError
        If it is not known.

    Examples
    --------
    >>> cooling_named("Air_Economizer"), cooling_named("tower")
    ('air-economizer', 'water-economizer')
    """
    plain = name.strip().lower().replace("_", "-").replace(" ", "-")
    plain = _ALIKE.get(plain, plain)
    if plain not in COOLING:
        raise UnknownNameError(
            _("cooling={value} is not known.").format(value=repr(name)), nearest(plain, COOLING)
        )
    assert COOLING[plain] in get_args(Cooling)
    return plain


def weather_of(walk: Walk) -> tuple[Weather, bool]:
    """Weather of the study: its file, or hours made from the climate of its place; True if made.

    Raises
    ------
    RangeError
        If there is neither.
    DataError
        If the file cannot be read, or is no whole year.
    """
    given = walk.study.place
    if given.weather is not None:
        path = Path(given.weather)
        made = whole_year(
            read_weather(path if path.is_absolute() else walk.file.path.parent / path)
        )
        _keep_file(walk, path)
        return made, False
    if given.latitude is not None and given.longitude is not None:
        key, km = nearest_climate(given.latitude, given.longitude)
        walk.note(
            "climate_nearest",
            N_("The nearest climate held is {km} km from the coordinates."),
            km=f"{km:.0f}",
        )
        return climate_year(key), True
    if walk.place is not None:
        held = set(climate_keys())
        found = next((k for k in walk.place.chain if k in held), None)
        if found is not None:
            return climate_year(found), True
    raise RangeError(
        _("[facility] cooling needs weather, and no place with a climate is named."),
        '[place] weather = "site.epw", or [place] state = "Virginia"',
    )


def _keep_file(walk: Walk, path: Path) -> None:
    import hashlib

    content = read_bytes(path if path.is_absolute() else walk.file.path.parent / path)
    walk.files.append(
        {
            "name": path.name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "role": "weather",
        }
    )


def building(walk: Walk, it_load: Profile, cooling: str) -> Building:
    """PUE and water of the study's cooling over a year of weather.

    Raises
    ------
    UnknownNameError, RangeError, DataError
        If the cooling is not known, or there is no weather for it.
    """
    name = cooling_named(cooling)
    weather, made = weather_of(walk)
    for said in weather.said:
        walk.say(said)
    walk.tell(_("cooling hour by hour"))
    site = site_pue(COOLING[name], weather, seed=walk.study.seed % 2**31)
    middle = cooling_load(COOLING[name], weather)
    cycles = figure("cooling_ranges/cooling_tower/cycles_of_concentration").p50
    hourly, water = middle.pue, wue_l_per_kwh(middle, cycles)
    load = np.tile(_day(it_load), 365)
    mean = float(hourly.mean())
    # hot hours are busy hours: the mean over the load lies a little above that of the clock
    over_load = (float((hourly * load).mean()) - 1.0) / (mean - 1.0)
    worst = int(hourly.argmax())
    beyond = site.pue - exact(1.0, "1", "one")
    wue = site.wue
    if made:
        beyond = beyond * _miss("climate_pue", *CLIMATE_PUE)
        wue = wue * _miss("climate_water", *CLIMATE_WATER)
    one = exact(1.0, "1", "one")
    pue = one + beyond * exact(over_load, "1", "load_over_clock")
    top = one + beyond * exact((float(hourly[worst]) - 1.0) / (mean - 1.0), "1", "worst_over_mean")
    month, date = _date(worst)
    walk.note(
        "worst_hour",
        N_(
            "Worst hour of the building: {date}, {hour}:00, {temperature} C outside, PUE {pue}; best {best}, mean {mean}."
        ),
        date=f"{month:02d}-{date:02d}",
        hour=f"{worst % 24:02d}",
        temperature=f"{float(weather.temperature_c[worst]):.0f}",
        pue=f"{float(hourly[worst]):.2f}",
        best=f"{float(hourly.min()):.2f}",
        mean=f"{mean:.2f}",
    )
    return Building(pue, top, wue, hourly, water)


def _day(load: Profile) -> np.ndarray:
    """Mean course of a day, mean 1; flat where the steps do not make hours. Shape (24,)."""
    middle = np.asarray(load.percentiles()[1])
    each = round(1.0 / load.step_h) if load.step_h <= 1.0 else 0
    if not each or abs(each * load.step_h - 1.0) > 1e-9 or len(middle) < 24 * each:
        return np.ones(24)
    whole = len(middle) // (24 * each) * 24 * each
    day = middle[:whole].reshape(-1, 24, each).mean(axis=(0, 2))
    return np.asarray(day / day.mean())


def _miss(key: str, low: float, high: float) -> Figure:
    return leaf(
        f"{key}.miss", low=low, high=high, spread="lognormal", unit="1", kind="assumed",
        note="weather made from a climate against typical years of eight US sites",
        label=labels(N_("True over computed with made weather")),
    )  # fmt: skip


def _date(hour: int) -> tuple[int, int]:
    starts = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    day = hour // 24
    month = int(np.searchsorted(starts, day, side="right"))
    return month, day - int(starts[month - 1]) + 1
