"""What lies under a map of a grid? Borders, coasts and towns of its part of the world. In degrees.

From the package's own `data/map`, made by `tools/map.py`: states of the United States (US Census Bureau), borders and
coasts of other countries (Natural Earth), towns (GeoNames). Nothing is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taotie.errors import DataError
from taotie.files.read import csv_dicts, read_text

__all__ = ["Backdrop", "Town", "backdrop"]

FloatArray = NDArray[np.float64]
MAP = Path(__file__).resolve().parent.parent / "data" / "map"


@dataclass(frozen=True)
class Town:
    """A town: where it lies [degrees], and how many people live there."""

    name: str
    lat: float
    lon: float
    people: int


@dataclass(frozen=True)
class Backdrop:
    """Borders and towns within a frame.

    Parameters
    ----------
    lines : tuple of ndarray, shape (n_point, 2)
        Longitude and latitude of borders and coasts; each goes on to its first point outside the frame. [degrees]
    towns : tuple of Town
        Largest first.
    """

    lines: tuple[FloatArray, ...]
    towns: tuple[Town, ...]


@lru_cache(maxsize=1)
def _everything() -> tuple[tuple[FloatArray, ...], tuple[Town, ...]]:
    lines = []
    for row in read_text(MAP / "outlines.txt").splitlines():
        steps = np.array(row.split(), np.int64).reshape(-1, 2)  # hundredths, each from the last
        lines.append(np.cumsum(steps, axis=0) / 100)
    path = MAP / "towns.csv"
    towns = tuple(
        Town(row["name"], float(row["lat"]), float(row["lon"]), int(row["people"]))
        for row in csv_dicts(read_text(path), path)
    )
    return tuple(lines), towns


def backdrop(west: float, south: float, east: float, north: float) -> Backdrop:
    """Borders and towns of a part of the world.

    Parameters
    ----------
    west, south, east, north : float
        The frame. [degrees]

    Raises
    ------
    DataError
        A frame without extent.

    Examples
    --------
    >>> texas = backdrop(-107.0, 25.8, -93.5, 36.6)
    >>> [town.name for town in texas.towns[:3]], len(texas.lines) > 3
    (['Houston', 'San Antonio', 'Ciudad Juárez'], True)
    """
    if not (west < east and south < north):
        raise DataError(f"backdrop: no frame from {west}, {south} to {east}, {north}")
    lines, towns = _everything()
    kept = []
    for line in lines:
        if line[:, 0].min() > east or line[:, 0].max() < west:
            continue
        x, y = line.T
        inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        near = inside.copy()
        near[1:] |= inside[:-1]
        near[:-1] |= inside[1:]
        for run in np.split(np.arange(len(line)), np.flatnonzero(np.diff(near.astype(int))) + 1):
            if near[run[0]] and len(run) > 1:
                kept.append(line[run])
    return Backdrop(
        tuple(kept),
        tuple(t for t in towns if west <= t.lon <= east and south <= t.lat <= north),
    )
