"""What was the weather? Files of hourly weather in, temperature [C], relative humidity [1], pressure [Pa] out.

EnergyPlus weather (`.epw`), and plain CSV with the columns temperature_c, relative_humidity (or rh_pct) and
pressure_pa. Nothing here opens the network. Mind the terms of weather files: many EPW files are not free.
"""

from __future__ import annotations

import csv
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taotie.errors import DataError, RangeError
from taotie.facility.moist_air import checked_weather
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["Weather", "read_epw", "read_weather", "read_weather_csv"]

Floats = npt.NDArray[np.float64]

_MAX_BYTES = 50_000_000
_EPW_HEADER = 8
_EPW_COLUMNS = 35
_EPW_PLACES = {"temperature_c": 6, "relative_humidity": 8, "pressure_pa": 9}
_EPW_MISSING = {"temperature_c": 99.9, "relative_humidity": 999.0, "pressure_pa": 999_999.0}
_NAMES = {
    "temperaturec": ("temperature_c", 1.0),
    "dbc": ("temperature_c", 1.0),
    "drybulbc": ("temperature_c", 1.0),
    "relativehumidity": ("relative_humidity", 1.0),
    "rhpct": ("relative_humidity", 0.01),
    "relativehumiditypct": ("relative_humidity", 0.01),
    "pressurepa": ("pressure_pa", 1.0),
    "ppa": ("pressure_pa", 1.0),
    "pressurehpa": ("pressure_pa", 100.0),
}


@dataclass(frozen=True, eq=False)
class Weather:
    """Hourly weather of one place.

    Attributes
    ----------
    temperature_c, relative_humidity, pressure_pa : ndarray, shape (n_hour,)
        Dry bulb [C], relative humidity within 0.01..1 [1], station pressure [Pa].
    name, source : str
        Place, and where the series comes from.
    said : tuple of Said
        What was done to the values on reading.
    """

    temperature_c: Floats
    relative_humidity: Floats
    pressure_pa: Floats
    name: str = ""
    source: str = ""
    said: tuple[Said, ...] = ()

    def __post_init__(self) -> None:
        series = checked_weather(self.temperature_c, self.relative_humidity, self.pressure_pa)
        if series[0].ndim != 1 or not series[0].size or len({s.shape for s in series}) != 1:
            raise RangeError(_("weather needs three series of one length, at least one hour."))
        for key, values in zip(_EPW_PLACES, series, strict=True):
            copy = values.copy()
            copy.flags.writeable = False
            object.__setattr__(self, key, copy)

    def __len__(self) -> int:
        return int(self.temperature_c.size)


def read_weather(path: str | os.PathLike[str]) -> Weather:
    """Read a weather file, its kind chosen by the ending `.epw` or `.csv`.

    Raises
    ------
    DataError
        If the file cannot be read; names file, line and column.
    """
    place = Path(path)
    if place.suffix.lower() == ".epw":
        return read_epw(place)
    if place.suffix.lower() == ".csv":
        return read_weather_csv(place)
    raise DataError(
        _("{path}: a weather file ends in .epw or .csv.").format(path=place),
        _("rename it, or convert it first"),
    )


def read_epw(path: str | os.PathLike[str]) -> Weather:
    """Read an EnergyPlus weather file: eight header lines, then one line an hour.

    Returns
    -------
    weather : Weather
        Named after its LOCATION line.

    Raises
    ------
    DataError
        If it is not such a file, a value is missing (99.9 C, 999 %, 999999 Pa) or impossible.
    """
    place = Path(path)
    rows = _rows(place)
    if not rows[0] or rows[0][0].strip().upper() != "LOCATION":
        raise DataError(
            _("{path} is not an EnergyPlus weather file: no LOCATION line.").format(path=place),
            _("was it fetched completely?"),
        )
    columns: dict[str, list[float]] = {key: [] for key in _EPW_PLACES}
    for number, row in enumerate(rows[_EPW_HEADER:], start=_EPW_HEADER + 1):
        if not row:
            continue
        if len(row) < 10:
            _refuse(place, number, _("columns"), len(row), _("are too few"))
        for key, at in _EPW_PLACES.items():
            value = _number(place, number, key, row[at])
            if value >= _EPW_MISSING[key]:
                _refuse(place, number, key, row[at], _("means missing"))
            columns[key].append(value)
    columns["relative_humidity"] = [0.01 * value for value in columns["relative_humidity"]]
    cells = [cell.strip() for cell in rows[0][1:4]]
    name = ", ".join(cell for cell in cells if cell and cell != "-")
    return _weather(place, columns, name or place.stem)


def read_weather_csv(path: str | os.PathLike[str]) -> Weather:
    """Read a CSV file with a header line and the columns temperature_c, relative_humidity, pressure_pa.

    `rh_pct` holds percent, `pressure_hpa` hectopascal; without a pressure column it is 101,325 Pa, and `said` says so.

    Raises
    ------
    DataError
        If a column is missing or a value is no number or impossible.
    """
    place = Path(path)
    rows = _rows(place)
    header = rows[0] if rows else []
    found: dict[str, tuple[int, float]] = {}
    for at, cell in enumerate(header):
        known = _NAMES.get(re.sub(r"[^a-z]", "", cell.lower()))
        if known is not None and known[0] not in found:
            found[known[0]] = (at, known[1])
    for key in ("temperature_c", "relative_humidity"):
        if key not in found:
            raise DataError(
                _("{path} has no column {column}.").format(path=place, column=key),
                _("its columns are: {names}").format(
                    names=", ".join(c[:30] for c in header[:12]) or "-"
                ),
            )
    columns: dict[str, list[float]] = {key: [] for key in found}
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        for key, (at, factor) in found.items():
            if at >= len(row):
                _refuse(place, number, key, "", _("is missing"))
            columns[key].append(factor * _number(place, number, key, row[at]))
    said: list[Said] = []
    if "pressure_pa" not in columns:
        columns["pressure_pa"] = [101_325.0] * len(columns["temperature_c"])
        said.append(Said("pressure_assumed", N_("no pressure in the file; sea level is assumed")))
    return _weather(place, columns, place.stem, said)


def _rows(path: Path) -> list[list[str]]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError(
                _("{path} is not a file.").format(path=path), _("name the weather file")
            )
        if status.st_size > _MAX_BYTES:
            raise DataError(
                _("{path} has {size:.0f} MB, far more than a year of hourly weather.").format(
                    path=path, size=status.st_size / 1e6
                ),
                _("give one place and one year"),
            )
        text = path.read_text("utf-8-sig")
        rows = list(csv.reader(text.splitlines()))
    except DataError:
        raise
    except (OSError, ValueError, csv.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(
            _("{path} cannot be read: {why}.").format(path=path, why=why),
            _("check the path, and that it is UTF-8 text"),
        ) from error
    if not any(rows):
        raise DataError(_("{path} is empty.").format(path=path), _("was it fetched completely?"))
    return rows


def _weather(
    path: Path, columns: dict[str, list[float]], name: str, said: list[Said] | None = None
) -> Weather:
    told = list(said or [])
    if not columns["temperature_c"]:
        raise DataError(_("{path} holds no hour.").format(path=path), _("was it cut off?"))
    humidity = np.array(columns["relative_humidity"])
    low = int((humidity < 0.01).sum())
    high = int(((humidity > 1.0) & (humidity <= 1.1)).sum())
    if low or high:
        # Instruments read a little above saturation, and 0 % means below what they resolve.
        told.append(
            Said(
                "humidity_clipped",
                N_("{n} hours with a relative humidity outside 1 to 100 % were set to its ends"),
                {"n": low + high},
            )
        )
        humidity = np.where(
            (humidity >= 0) & (humidity <= 1.1), np.clip(humidity, 0.01, 1), humidity
        )
    try:
        return Weather(
            temperature_c=np.array(columns["temperature_c"]),
            relative_humidity=humidity,
            pressure_pa=np.array(columns["pressure_pa"]),
            name=name,
            source=path.name,
            said=tuple(told),
        )
    except RangeError as error:
        raise DataError(f"{path}: {error.message}", error.hint) from error


def _number(path: Path, line: int, column: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        _refuse(path, line, column, cell, _("is not a number"))
        raise


def _refuse(path: Path, line: int, column: str, value: object, why: str) -> None:
    raise DataError(
        _("{path}, line {line}, column {column}: {value} {why}.").format(
            path=path, line=line, column=column, value=repr(value)[:60], why=why
        ),
        _("mend or remove the line"),
    )
