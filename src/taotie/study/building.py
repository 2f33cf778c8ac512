"""What does the building add, hour by hour, by its cooling and the weather? PUE [1] and water [L/kWh] of a study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.facility.climate_year import climate_keys, climate_year, nearest_climate
from taotie.facility.site_pue import Cooling, cooling_load, sea_year, site_pue
from taotie.facility.water import wue_l_per_kwh
from taotie.facility.weather_file import Weather, on_clock, read_weather, whole_year
from taotie.files.read import read_bytes
from taotie.grid.place import Place
from taotie.grid.time_stamps import clock_text
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.profile import Profile
from taotie.study.clock import offset_of
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import Said, labels

__all__ = [
    "COOLING",
    "Building",
    "building",
    "checked_sea",
    "cooled_building",
    "cooling_named",
    "day_of",
    "sea_of",
    "weather_at",
    "weather_of",
]

COOLING: dict[str, Cooling] = {
    "air-economizer": "air",
    "water-economizer": "water",
    "direct-to-chip": "air+liquid",
    "direct-to-chip+water-economizer": "water+liquid",
    "sea-water": "sea",
    "direct-to-chip+sea-water": "sea+liquid",
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
    "sea": "sea-water",
    "seawater": "sea-water",
    "seawater-economizer": "sea-water",
    "sea+liquid": "direct-to-chip+sea-water",
}
CLIMATE_PUE = (0.93, 1.08)
"""True over computed PUE less 1, where the hours are made from a climate: typical years of eight US sites lie within."""
CLIMATE_WATER = (0.45, 2.2)
SEA_SWING = 8.0
"""Warmest less coldest day of a sea of middle latitudes, assumed. [K]"""


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
    path = None
    if given.weather is not None:
        path = Path(given.weather)
        if not path.is_absolute():
            path = walk.file.path.parent / path
    weather, made, said = weather_at(path, given.latitude, given.longitude, walk.place)
    for one in said:
        walk.say(one)
    if path is not None:
        _keep_file(walk, path)
    return weather, made


def weather_at(
    path: Path | None, latitude: float | None, longitude: float | None, where: Place | None
) -> tuple[Weather, bool, list[Said]]:
    """A year of weather: of a file, or made from the nearest climate of coordinates or that of a place; True if made.

    The nearest to the building counts where several are told: a file before coordinates, these before a region.

    Raises
    ------
    RangeError
        If there is none.
    DataError
        If the file cannot be read, or is no whole year.
    """
    at = f"{latitude:g}, {longitude:g}" if latitude is not None and longitude is not None else ""
    region = where.named if where is not None else ""
    if path is not None:
        beside = N_("The weather is that of {file}: the climate of {other} is not used.")
        others = [at or region] if at or region else []
        weather = whole_year(read_weather(path))
        told_of = [
            Said("weather_of_file", beside, {"file": path.name, "other": other}) for other in others
        ]
        clock = offset_of(weather, latitude, longitude, where)
        if clock is not None and weather.utc_offset_h not in (None, clock):
            turned = N_(
                "The hours of {file} are in {from_}: they are turned to the clock of the place, {clock}."
            )
            values = {
                "file": path.name,
                "from_": clock_text(weather.utc_offset_h or 0.0),
                "clock": clock_text(clock),
            }
            told_of.append(Said("weather_turned", turned, values))
            weather = on_clock(weather, clock)
        return weather, False, told_of
    if latitude is not None and longitude is not None:
        key, km = nearest_climate(latitude, longitude)
        told = N_("The nearest climate held is {km} km from the coordinates.")
        said = [Said("climate_nearest", told, {"km": f"{km:.0f}"})]
        if region:
            beside = N_("The weather is that of {at}: the climate of {other} is not used.")
            said.append(Said("weather_of_coordinates", beside, {"at": at, "other": region}))
        return climate_year(key), True, said
    if where is not None:
        held = set(climate_keys())
        found = next((k for k in where.chain if k in held), None)
        if found is not None:
            return climate_year(found), True, []
    raise RangeError(
        _("[facility] cooling needs weather, and no place with a climate is named."),
        '[place] weather = "site.epw", or [place] state = "Virginia"',
    )


def _keep_file(walk: Walk, path: Path) -> None:
    import hashlib

    content = read_bytes(path)
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
    given = walk.study.facility
    if given.sea_temperature is not None or given.sea_swing is not None:
        checked_sea(name, "sea_temperature" if given.sea_temperature is not None else "sea_swing")
    weather, made = weather_of(walk)
    walk.tell(_("cooling hour by hour"))
    found, said = cooled_building(
        name, weather, made, walk.day_of_hours if walk.day_of_hours is not None else day_of(it_load), walk.study.seed,
        (given.sea_temperature, given.sea_swing),
    )  # fmt: skip
    for one in said:
        # what was done to a file of the user's own must be known, how a climate was made is a note
        (walk.say if made or one not in weather.said else walk.heed)(one)
    return found


def checked_sea(name: str, key: str) -> None:
    """Refuse a sea that cools nothing.

    Raises
    ------
    RangeError
        If the cooling has no sea water.
    """
    if "sea" not in COOLING[name]:
        raise RangeError(
            _("{key} is given, and cooling = {name} takes no sea water.").format(
                key=key, name=repr(name)
            ),
            'cooling = "sea-water"',
        )


def sea_of(
    name: str, weather: Weather, given: tuple[float | None, float | None]
) -> tuple[np.ndarray | None, list[Said]]:
    """The sea of a building that it cools, over the year [C], and what was assumed of it."""
    if "sea" not in COOLING[name]:
        return None, []
    mean, swing = given
    said = []
    if mean is None:
        mean = max(float(weather.temperature_c.mean()), SEA_SWING / 2)
        said.append(
            Said("sea_assumed", N_("The sea is assumed to be as warm as the air over the year, {mean} C: give sea_temperature."), {"mean": f"{mean:.1f}"})
        )  # fmt: skip
    if swing is None:
        swing = SEA_SWING
        said.append(
            Said("sea_swing", N_("From its coldest to its warmest day the sea is assumed to swing by {swing} K: give sea_swing."), {"swing": f"{swing:g}"})
        )  # fmt: skip
    return sea_year(mean, swing), said


def cooled_building(
    name: str,
    weather: Weather,
    made: bool,
    day: np.ndarray,
    seed: int,
    sea: tuple[float | None, float | None] = (None, None),
) -> tuple[Building, list[Said]]:
    """PUE and water of a cooling over a year of weather.

    Parameters
    ----------
    name : str
        Of `COOLING`.
    weather : Weather
    made : bool
        The hours were made from a climate.
    day : ndarray, shape (24,)
        Course of the load, mean 1.
    seed : int
    sea : (float or None, float or None)
        Mean of the sea [C] and its swing [K], where sea water cools.

    Raises
    ------
    RangeError
        If the sea is none.
    """
    sea_c, assumed = sea_of(name, weather, sea)
    said = [*weather.said, *assumed]
    site = site_pue(COOLING[name], weather, seed=seed % 2**31, sea_c=sea_c)
    middle = cooling_load(COOLING[name], weather, sea_c=sea_c)
    cycles = figure("cooling_ranges/cooling_tower/cycles_of_concentration").p50
    hourly, water = middle.pue, wue_l_per_kwh(middle, cycles)
    load = np.tile(day, 365)
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
    values = {
        "date": f"{month:02d}-{date:02d}",
        "hour": f"{worst % 24:02d}",
        "temperature": f"{float(weather.temperature_c[worst]):.0f}",
        "humidity": f"{100 * float(weather.relative_humidity[worst]):.0f} %",
        "pue": f"{float(hourly[worst]):.2f}",
        "best": f"{float(hourly.min()):.2f}",
        "mean": f"{mean:.2f}",
    }
    said.append(
        Said(
            "worst_hour",
            N_(
                "Worst hour of the building: {date}, {hour}:00 local standard time, {temperature} C and {humidity} humidity outside, PUE {pue}; best {best}, mean {mean}."
            ),
            values,
        )
    )
    shut = middle.free_share == 0.0
    that_day = slice(worst // 24 * 24, worst // 24 * 24 + 24)
    if COOLING[name] == "air" and shut[worst] and not shut[that_day].all():
        said.append(
            Said(
                "outside_air_shut_out",
                N_(
                    "Outside air too damp or too warm for the machines is shut out in {n} hours of the year, and a chiller cools: cool air is damp sooner, so the worst hour may be at night."
                ),
                {"n": int(shut.sum())},
            )
        )
    return Building(pue, top, wue, hourly, water), said


def day_of(load: Profile) -> np.ndarray:
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
        note=N_("weather made from a climate against typical years of eight US sites"),
        label=labels(N_("True over computed with made weather")),
    )  # fmt: skip


def _date(hour: int) -> tuple[int, int]:
    """Month and day of an hour of a year of 365 days.

    Examples
    --------
    >>> days = [day for _month, day in map(_date, range(0, 8760, 24))]
    >>> [days[i] for i, day in enumerate(days[1:] + [1]) if day == 1], _date(8759)
    ([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], (12, 31))
    """
    starts = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    day = hour // 24
    month = int(np.searchsorted(starts, day, side="right"))
    return month, day - int(starts[month - 1]) + 1
