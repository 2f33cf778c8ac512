"""What is the weather like where no file says? A made-up year from a place's climate. [C, 1, Pa]

Seasons and days as sines between the coldest and the warmest month, days that hang together as weather does, vapour
that stays through the day. Assumed, from normals: good for the mean of a year, not for the hour of a real one.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

import numpy as np

from taotie.errors import RangeError
from taotie.facility.moist_air import saturation_pressure_pa
from taotie.facility.weather_file import Weather
from taotie.quantity.catalog import table
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["climate_keys", "climate_year", "made_year", "nearest_climate"]

TABLE = "climates"
HOURS = 8760
WARMEST_DAY, WARMEST_HOUR = 200, 15
DAY_MEMORY = 0.7
"""Correlation of a day's departure from the season with the next day's: usual of middle latitudes."""
HUMIDITY_SD = 0.09
FARTHEST_KM = 1500.0


def climate_keys() -> tuple[str, ...]:
    """Places with a climate.

    Examples
    --------
    >>> {"DEU", "US-VA", "CN-SC"} <= set(climate_keys())
    True
    """
    return tuple(table(TABLE).items())


def _number(key: str, quantity: str) -> float:
    return float(str(table(TABLE).value(key, quantity)))


@lru_cache(maxsize=16)
def climate_year(key: str) -> Weather:
    """A year of hours from the climate of a place of the table.

    Raises
    ------
    SourceError
        If its climate is not held.

    Examples
    --------
    >>> frankfurt = climate_year("DEU")
    >>> len(frankfurt), round(float(frankfurt.temperature_c.mean())), frankfurt.name
    (8760, 11, 'Frankfurt (climate)')
    """
    city = str(table(TABLE).value(key, "city"))
    made = made_year(
        _number(key, "coldest_month"),
        _number(key, "warmest_month"),
        _number(key, "daily_range"),
        _number(key, "relative_humidity"),
        _number(key, "elevation"),
        _number(key, "latitude") >= 0,
        key,
    )
    return Weather(
        *made,
        name=f"{city} (climate)",
        source="taotie_climate2026",
        said=(
            Said(
                "weather_from_climate",
                N_(
                    "No weather file: the hours are made from the climate of {city} (coldest month {cold} C, warmest {warm} C). [place] weather takes an EPW, TMY or CSV file."
                ),
                {
                    "city": city,
                    "cold": f"{_number(key, 'coldest_month'):g}",
                    "warm": f"{_number(key, 'warmest_month'):g}",
                },
            ),
        ),
    )


def made_year(
    coldest_c: float,
    warmest_c: float,
    daily_range_k: float,
    relative_humidity: float,
    elevation_m: float = 0.0,
    north: bool = True,
    name: str = "",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Temperature, relative humidity and pressure of 8,760 hours from five numbers.

    Parameters
    ----------
    coldest_c, warmest_c : float
        Means of the coldest and warmest month. [C]
    daily_range_k : float
        Mean of each day's warmest less coldest hour. [K]
    relative_humidity : float
        Mean of the year, within 0..1. [1]
    elevation_m : float
        [m]
    north : bool
        On the northern half of the globe.
    name : str
        Same name, same year.

    Returns
    -------
    temperature_c, relative_humidity, pressure_pa : ndarray, shape (8760,)

    Raises
    ------
    RangeError
        If the warmest month is colder than the coldest, or a value is impossible.
    """
    if warmest_c < coldest_c or daily_range_k < 0 or not 0 < relative_humidity <= 1:
        raise RangeError(
            _("a climate of {cold} to {warm} C, {range} K a day and {rh} humidity cannot be.").format(
                cold=f"{coldest_c:g}", warm=f"{warmest_c:g}", range=f"{daily_range_k:g}", rh=f"{relative_humidity:g}"
            ),
            _("70 % is 0.7"),
        )  # fmt: skip
    digest = hashlib.sha256(f"climate {name}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    hour = np.arange(HOURS)
    day, clock = hour // 24, hour % 24
    # means of months are flatter than the sine through their middles: 2 %
    swing = 0.5 * (warmest_c - coldest_c) * 1.02
    phase = WARMEST_DAY + (0 if north else 182)
    season = 0.5 * (warmest_c + coldest_c) + swing * np.cos(2 * math.pi * (hour / 24 - phase) / 365)
    daily = 0.5 * daily_range_k * np.cos(2 * math.pi * (clock - WARMEST_HOUR) / 24) * 0.85
    spread = 0.8 + 0.12 * (warmest_c - coldest_c)
    departure = spread * _days(rng)
    humid = np.clip(relative_humidity + HUMIDITY_SD * _days(rng), 0.05, 0.99)
    # hours between two days lie between them
    noon = np.arange(366) * 24.0
    drift = np.interp(hour, noon, departure)
    temperature = season + daily + drift
    vapour = np.interp(hour, noon, humid) * saturation_pressure_pa(season + drift)
    humidity = np.clip(vapour / saturation_pressure_pa(temperature), 0.01, 1.0)
    pressure = np.full(HOURS, 101_325.0 * (1.0 - 2.25577e-5 * elevation_m) ** 5.2559)
    assert day[-1] == 364
    return temperature, humidity, pressure


def _days(rng: np.random.Generator) -> np.ndarray:
    """A year of days that hang together, mean 0 and deviation 1."""
    pushes = rng.standard_normal(366)
    made = np.empty(366)
    made[0] = pushes[0]
    for i in range(1, 366):
        made[i] = DAY_MEMORY * made[i - 1] + math.sqrt(1 - DAY_MEMORY**2) * pushes[i]
    return np.asarray((made - made.mean()) / made.std())


def nearest_climate(latitude: float, longitude: float) -> tuple[str, float]:
    """The place of the table nearest to coordinates, and how far it is. [km]

    Raises
    ------
    RangeError
        If none lies within 1,500 km.

    Examples
    --------
    >>> nearest_climate(50.0, 8.5)[0]
    'DEU'
    """
    keys = climate_keys()
    lat = np.radians([_number(k, "latitude") for k in keys])
    lon = np.radians([_number(k, "longitude") for k in keys])
    a, b = math.radians(latitude), math.radians(longitude)
    cosine = np.sin(lat) * math.sin(a) + np.cos(lat) * math.cos(a) * np.cos(lon - b)
    km = 6371.0 * np.arccos(np.clip(cosine, -1, 1))
    at = int(km.argmin())
    if km[at] > FARTHEST_KM:
        raise RangeError(
            _("no climate is held within {far} km of {lat}, {lon}.").format(
                far=f"{FARTHEST_KM:.0f}", lat=f"{latitude:g}", lon=f"{longitude:g}"
            ),
            _("give [place] weather"),
        )
    return keys[at], float(km[at])
