"""What time is it at the place? Loads and weather on one clock: standard time all year, as weather files have it. [h of UTC]

A load whose stamps name a zone is known as instants; its hours are those of the place's clock. Weather in UTC is turned to
it. What names no zone is taken as the place's own clock.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from taotie.errors import RangeError, TaotieError
from taotie.facility.climate_year import nearest_climate
from taotie.facility.weather_file import Weather, read_weather
from taotie.grid.demand_series import HourlyDemand
from taotie.grid.place import Place, place
from taotie.study.steps.walk import Walk

__all__ = ["course_of_day", "local_clock", "offset_of", "year_from_january"]

QUARTER_H = 0.25
"""Every zone lies whole quarters of an hour from UTC."""


def offset_of(
    weather: Weather | None, latitude: float | None, longitude: float | None, where: Place | None
) -> float | None:
    """Standard time of a site less UTC: of a weather file in local time, of coordinates, of a region; None where none says it. [h]

    A file in UTC does not say where it is: the place does, where one is named.
    """
    if weather is not None and weather.utc_offset_h:
        return weather.utc_offset_h
    if latitude is not None and longitude is not None:
        try:
            return place(nearest_climate(latitude, longitude)[0]).utc_offset_h
        except RangeError:
            return round(longitude / 15.0)
    if where is not None and where.utc_offset_h is not None:
        return where.utc_offset_h
    return None if weather is None else weather.utc_offset_h


def local_clock(walk: Walk) -> float | None:
    """Standard time of the study's place less UTC. [h]"""
    given = walk.study.place
    weather = None
    if given.weather is not None and walk.study.facility.cooling is not None:
        path = Path(given.weather)
        try:
            weather = read_weather(path if path.is_absolute() else walk.file.path.parent / path)
        except TaotieError:
            weather = None  # told where the building is cooled
    return offset_of(weather, given.latitude, given.longitude, walk.place)


def course_of_day(found: HourlyDemand, series: np.ndarray) -> np.ndarray | None:
    """Mean course of a day by the clock of the stamps, mean 1; None where an hour of the day is not among them. Shape (24,).

    Steps longer than a quarter of an hour are counted by quarters, each in its hour: a zone half an hour off lies between.
    """
    if found.when is None:
        return None
    parts = max(round(found.step_h / QUARTER_H), 1)
    whole = abs(parts * QUARTER_H - found.step_h) < 1e-9
    parts = parts if whole else 1
    minute = (found.when - found.when.astype("datetime64[D]")).astype("timedelta64[m]").astype(int)
    quarters = minute[:, None] + 60 * QUARTER_H * np.arange(parts)
    hour = (quarters // 60).astype(int) % 24
    weight = np.repeat(series, parts)
    count = np.bincount(hour.ravel(), minlength=24)
    if (count == 0).any():
        return None
    day = np.bincount(hour.ravel(), weights=weight, minlength=24) / count
    return np.asarray(day / day.mean())


def year_from_january(found: HourlyDemand, series: np.ndarray) -> np.ndarray:
    """The steps of one whole year from its first hour on: those that by this clock lie in the next year come first."""
    if found.when is None or found.n_year < 1 or len(series) * found.step_h > 8784:
        return series
    if found.when[-1] - found.when[0] >= np.timedelta64(8784, "h"):
        return series
    since = found.when - found.when.astype("datetime64[Y]")
    return np.asarray(series[np.argsort(since, kind="stable")])
