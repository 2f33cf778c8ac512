"""Which bus is meant, and where does it stand? Buses by number, name or place, for asks of the grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.errors import DataError, RangeError, UnknownNameError, nearest
from taotie.grid.case.case import Case, read_case
from taotie.words.language import _

__all__ = ["Places", "bus_row", "buses_in", "labels_of", "pair_of", "place_of", "places_of"]

EARTH_KM = 6371.0088  # mean radius


@dataclass(frozen=True)
class Places:
    """Longitude and latitude of every bus, NaN where unknown. [degrees]"""

    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]

    @property
    def known(self) -> bool:
        return bool(np.isfinite(self.latitude).any())

    def lat(self, row: int) -> float | None:
        """Latitude of a bus, None where unknown. [degrees]"""
        value = float(self.latitude[row])
        return None if np.isnan(value) else round(value, 6)

    def lon(self, row: int) -> float | None:
        """Longitude of a bus, None where unknown. [degrees]"""
        value = float(self.longitude[row])
        return None if np.isnan(value) else round(value, 6)

    def distance_km(self, lat: float, lon: float) -> NDArray[np.float64]:
        """Great-circle distance of every bus from a place. [km]

        Raises
        ------
        RangeError
            Not a place on Earth.
        DataError
            The case has no coordinates.

        Examples
        --------
        One degree along the equator:

        >>> float(Places(np.array([1.0]), np.array([0.0])).distance_km(0.0, 0.0).round(2)[0])
        111.2

        and a tenth of the way round at 60 degrees north, where a circle of latitude is half as long:

        >>> float(Places(np.array([0.36]), np.array([60.0])).distance_km(60.0, 0.0).round(2)[0])
        20.02
        """
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise RangeError(
                _(
                    "--near {lat},{lon} is no place: latitude -90 to 90, longitude -180 to 180."
                ).format(lat=lat, lon=lon),
                "--near 31.5,-97.1",
            )
        if not self.known:
            raise DataError(_("the case has no coordinates of its buses."), _need())
        phi, there = np.deg2rad(self.latitude), np.deg2rad(lat)
        across = np.deg2rad(self.longitude - lon)
        part = (
            np.sin((phi - there) / 2) ** 2 + np.cos(phi) * np.cos(there) * np.sin(across / 2) ** 2
        )
        return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(part, 0, 1))))


def _need() -> str:
    return _("give --coordinates FILE with the columns bus_id,lat,lon.")


def buses_in(case: str | Path) -> int:
    """How many buses a case has, by its name or file.

    Raises
    ------
    CaseError
        If there is no such case.

    Examples
    --------
    >>> buses_in("case39")
    39
    """
    return read_case(case).n_bus


def place_of(text: str) -> tuple[float, float]:
    """Latitude and longitude from ``31.5,-97.1``. [degrees]

    Raises
    ------
    RangeError
        If it is not two numbers.
    """
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        raise RangeError(
            _("--near {text} is not LAT,LON.").format(text=repr(text)), "--near 31.5,-97.1"
        ) from None
    return lat, lon


def places_of(case: Case, coordinates: Path | None) -> Places:
    """Where the buses stand: the file given, or the publisher's coordinates if they were fetched."""
    from taotie.grid.picture import bus_coordinates, registered_coordinates

    at = registered_coordinates(case) if coordinates is None else bus_coordinates(case, coordinates)
    if at is None:
        none = np.full(case.n_bus, np.nan)
        return Places(none, none)
    return Places(*at)


def labels_of(case: Case) -> tuple[str, ...]:
    """Name of every bus, empty where the case has none."""
    if len(case.bus_name) != case.n_bus:
        return ("",) * case.n_bus
    return tuple(name.strip() for name in case.bus_name)


def bus_row(case: Case, bus: int | str) -> int:
    """Row of a bus by its number, else by its name, in any case.

    Raises
    ------
    UnknownNameError
        No such bus; the hint names the nearest.
    RangeError
        Several buses share the name; the hint has their numbers.
    """
    text = str(bus).strip()
    if text.lstrip("-").isdigit():
        number = int(text)
        hit = np.flatnonzero(case.bus_number == number)
        if hit.size:
            return int(hit[0])
    names = labels_of(case)
    rows = [i for i, name in enumerate(names) if name and name.casefold() == text.casefold()]
    if len(rows) == 1:
        return rows[0]
    if rows:
        numbers = ", ".join(str(int(case.bus_number[i])) for i in rows[:10])
        raise RangeError(
            _("{n} buses of {case} are named {name!r}.").format(
                n=len(rows), case=case.name, name=text
            ),
            _("ask by number: {numbers}.").format(numbers=numbers),
        )
    numbered = [str(int(n)) for n in case.bus_number]
    known = numbered if text.isdigit() else [n for n in names if n] or numbered
    raise UnknownNameError(
        _("bus {bus} is not in {case}.").format(bus=text, case=case.name), nearest(text, known)
    )


def pair_of(
    labels: tuple[str, ...], way: Any, row: int, pair: tuple[int, int] | None = None
) -> dict[str, str | None]:
    """Branch and outage that limit a bus, by their labels; None for the cap and for the intact grid."""
    l, k = (
        pair if pair is not None else (int(way.binding_branch[row]), int(way.binding_outage[row]))
    )
    if l < 0:
        return {"branch": None, "outage": None}
    return {"branch": labels[l], "outage": None if k == l else labels[k]}
