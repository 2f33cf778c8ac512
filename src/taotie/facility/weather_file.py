"""What was the weather? Files of hourly weather in, temperature [C], relative humidity [1], pressure [Pa] out.

EnergyPlus weather (`.epw`) and plain CSV with the columns temperature_c, relative_humidity (or rh_pct) and pressure_pa
are read here, so that a bad line is named; typical years TMY3, TMY2 and NSRDB (PSM) are read by pvlib. Nothing here
opens the network. Mind the terms of weather files: many EPW files are not free.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import DataError, MissingExtraError, RangeError
from taotie.facility.moist_air import checked_weather
from taotie.files.read import of_others, open_text, read_text, table_rows
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = [
    "Weather",
    "on_clock",
    "read_epw",
    "read_tmy",
    "read_weather",
    "read_weather_csv",
    "whole_year",
]

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
    "pressurembar": ("pressure_pa", 100.0),
    "pressurekpa": ("pressure_pa", 1e3),
    "pressurebar": ("pressure_pa", 1e5),
}
_OF_NO_UNIT = re.compile(r"press|patm|pstn|^(slp|mslp)$")
"""Columns, in letters alone, that hold a pressure."""


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
    utc_offset_h : float or None
        Clock of the hours less UTC, where the file says it. [h]
    """

    temperature_c: Floats
    relative_humidity: Floats
    pressure_pa: Floats
    name: str = ""
    source: str = ""
    said: tuple[Said, ...] = ()
    utc_offset_h: float | None = None

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


@of_others(DataError)
def read_weather(path: str | os.PathLike[str]) -> Weather:
    """Read a weather file, its kind chosen by the ending `.epw`, `.tm2` or `.csv` and by its first line.

    Raises
    ------
    DataError
        If the file cannot be read; names file, line and column.
    MissingExtraError
        If a typical year needs pvlib and it is not installed.
    """
    place = Path(path)
    ending = place.suffix.lower()
    if ending == ".epw":
        return read_epw(place)
    if ending == ".tm2" or (ending == ".csv" and _tmy_kind(place)):
        return read_tmy(place)
    if ending == ".csv":
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
    times: list[tuple[int, list[str]]] = []
    for number, row in enumerate(rows[_EPW_HEADER:], start=_EPW_HEADER + 1):
        if not row:
            continue
        if len(row) < 10:
            _refuse(place, number, _("columns"), len(row), _("are too few"))
        times.append((number, row[:4]))
        for key, at in _EPW_PLACES.items():
            value = _number(place, number, key, row[at])
            if value >= _EPW_MISSING[key]:
                _refuse(place, number, key, row[at], _("means missing"))
            columns[key].append(value)
    columns["relative_humidity"] = [0.01 * value for value in columns["relative_humidity"]]
    cells = [cell.strip() for cell in rows[0][1:4]]
    name = ", ".join(cell for cell in cells if cell and cell != "-")
    made = _weather(place, columns, name or place.stem, _of_times(place, times))
    return replace(made, utc_offset_h=_offset(rows[0][8] if len(rows[0]) > 8 else ""))


def _offset(cell: object) -> float | None:
    """Hours of a header's time zone; None where it holds none."""
    try:
        hours = float(str(cell).strip())
    except ValueError:
        return None
    return hours if -12 <= hours <= 14 else None


def _of_times(path: Path, times: list[tuple[int, list[str]]]) -> list[Said]:
    """What the times of a file tell: an hour that is missing inside, or that all of it is of one real year."""
    said: list[Said] = []
    starts = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])
    before: int | None = None
    years = set()
    for number, cells in times:
        try:
            year, month, day, hour = (int(float(c)) for c in cells)
            at = int(starts[month - 1] + day - 1) * 24 + hour
        except (ValueError, IndexError):
            return []
        years.add(year)
        leap = (month, day) == (2, 29)
        if before is not None and not leap and at - before not in (1, 0, 1 - 8760):
            said.append(
                Said(
                    "weather_gap",
                    N_("{path}, line {line}: {n} hours are missing before it."),
                    {"path": path, "line": number, "n": (at - before - 1) % 8760},
                )
            )
            break
        before = before if leap else at
    if len(years) == 1 and len(times) >= 8760:
        said.append(
            Said(
                "weather_year",
                N_("The weather is that of the year {year}, not a typical one."),
                {"year": years.pop()},
            )
        )
    return said


def _tmy_kind(path: Path) -> str:
    """`tmy3`, `psm` or nothing, by the first two lines."""
    try:
        with open_text(path, _MAX_BYTES, errors="replace") as file:
            head = [file.readline(4000) for _line in range(2)]
    except OSError:
        return ""
    if head[1].lower().startswith(("date (mm/dd/yyyy)", "date(mm/dd/yyyy)")):
        return "tmy3"
    return "psm" if head[0].lower().startswith("source,") else ""


def read_tmy(path: str | os.PathLike[str]) -> Weather:
    """Read a typical year: TMY3 (`.csv`), TMY2 (`.tm2`) or NSRDB PSM (`.csv`), with pvlib's readers.

    Raises
    ------
    MissingExtraError
        If pvlib is not installed.
    DataError
        If pvlib cannot read it, or a value is impossible.
    """
    try:
        from pvlib import iotools
    except ImportError:
        raise MissingExtraError("pvlib", "weather") from None
    place = Path(path)
    if not place.is_file():
        raise DataError(_("{path} is not a file.").format(path=place), _("name the weather file"))
    kind = "tmy2" if place.suffix.lower() == ".tm2" else _tmy_kind(place)
    reader = {
        "tmy2": iotools.read_tmy2,
        "tmy3": iotools.read_tmy3,
        "psm": getattr(iotools, "read_nsrdb_psm4", None),
    }.get(kind)
    if reader is None:
        raise DataError(
            _("{path} is no typical year that is known.").format(path=place),
            _(
                "TMY3, TMY2 and NSRDB files are read; else a CSV with temperature_c and relative_humidity"
            ),
        )
    try:
        table, about = reader(str(place))
        temperature, humidity, pressure = _tmy_columns(table, kind)
    except MissingExtraError:
        raise
    except Exception as error:  # pvlib raises whatever its parsing trips over
        raise DataError(
            _("{path} cannot be read: {why}.").format(
                path=place, why=reason(error)[:120] or type(error).__name__
            ),
            _("was it fetched completely?"),
        ) from error
    name = str(about.get("Name") or about.get("City") or about.get("city") or place.stem).strip(
        '" '
    )
    columns = {
        "temperature_c": temperature,
        "relative_humidity": humidity,
        "pressure_pa": pressure,
    }
    zone = next((about[k] for k in ("TZ", "Local Time Zone", "Time Zone") if k in about), None)
    return replace(_weather(place, columns, name), utc_offset_h=_offset(zone))


def _tmy_columns(table: Any, kind: str) -> tuple[list[float], list[float], list[float]]:
    """Temperature [C], humidity [1], pressure [Pa] of a frame as pvlib names them."""

    def column(*names: str) -> Any:
        found = next((n for n in names if n in table.columns), None)
        if found is None:
            raise ValueError(f"no column {names[0]}")
        return table[found].astype(float)

    temperature = column("temp_air", "DryBulb", "Temperature")
    humidity = column("relative_humidity", "RHum", "Relative Humidity") / 100.0
    pressure = column("pressure", "Pressure", "atmospheric_pressure") * 100.0
    if kind == "tmy2":
        temperature = temperature / (10.0 if temperature.abs().max() > 70 else 1.0)
    return temperature.tolist(), humidity.tolist(), pressure.tolist()


def whole_year(weather: Weather) -> Weather:
    """The same weather as 8,760 hours: a leap day is left out.

    Raises
    ------
    DataError
        If it is not a whole year, or hours are missing inside.
    """
    gap = next((s for s in weather.said if s.code == "weather_gap"), None)
    if gap is not None:
        raise DataError(gap.text(), _("fill the gap, or take a typical year"))
    n = len(weather)
    if n == 8760:
        return weather
    if n != 8784:
        raise DataError(
            _("{name} holds {n} hours; a year has 8760.").format(
                name=weather.source or weather.name, n=n
            ),
            _("give hourly weather of one whole year"),
        )
    keep = np.r_[0:1416, 1440:8784]
    return Weather(
        weather.temperature_c[keep],
        weather.relative_humidity[keep],
        weather.pressure_pa[keep],
        weather.name,
        weather.source,
        (*weather.said, Said("leap_day", N_("the leap day of the weather is left out"))),
        weather.utc_offset_h,
    )


def on_clock(weather: Weather, utc_offset_h: float) -> Weather:
    """The same year by another clock: hours are turned round the year, half an hour lies between two. [h]

    Examples
    --------
    >>> utc = Weather(np.arange(24.0), np.full(24, 0.5), np.full(24, 1e5), utc_offset_h=0.0)
    >>> on_clock(utc, 8.0).temperature_c[:3], on_clock(utc, 5.5).temperature_c[6]
    (array([16., 17., 18.]), np.float64(0.5))
    """
    if weather.utc_offset_h is None or weather.utc_offset_h == utc_offset_h:
        return weather
    by = utc_offset_h - weather.utc_offset_h
    whole, part = math.floor(by), by - math.floor(by)

    def turned(values: Floats) -> Floats:
        moved = np.roll(values, whole)
        return moved * (1.0 - part) + np.roll(moved, 1) * part if part else moved

    return replace(
        weather,
        temperature_c=turned(weather.temperature_c),
        relative_humidity=turned(weather.relative_humidity),
        pressure_pa=turned(weather.pressure_pa),
        utc_offset_h=utc_offset_h,
    )


def read_weather_csv(path: str | os.PathLike[str]) -> Weather:
    """Read a CSV file with a header line and the columns temperature_c, relative_humidity, pressure_pa.

    `rh_pct` holds percent, `pressure_hpa` (or `_mbar`, `_kpa`, `_bar`) other units; without a pressure column it is 101,325 Pa, and `said` says so.

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
    if "pressure_pa" not in found:
        for cell in header:
            if _OF_NO_UNIT.search(re.sub(r"[^a-z]", "", cell.lower())):
                raise DataError(
                    _("{path}: the unit of column {column} is not known.").format(
                        path=place, column=cell[:30]
                    ),
                    _("call it pressure_pa, pressure_hpa, pressure_mbar, pressure_kpa or pressure_bar"),
                )  # fmt: skip
    for key in ("temperature_c", "relative_humidity"):
        if key not in found:
            raise DataError(
                _("{path} has no column {column}.").format(path=place, column=key),
                _("its columns are: {names}").format(
                    names=listing(c[:30] for c in header[:12]) or "-"
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
    made = _weather(place, columns, place.stem, said)
    return replace(made, utc_offset_h=_zone_of_rows(header, rows))


_TIME = ("time", "timestamp", "datetime", "date", "validtime", "hour", "datehour")
_STAMP_ZONE = re.compile(r":\d\d(?:\.\d+)?\s*(?:(Z|UTC|GMT)|([+-])(\d\d):?(\d\d)?)$")


def _zone_of_rows(header: list[str], rows: list[list[str]]) -> float | None:
    """Clock of a table's hours less UTC, by its first stamp or the name of its column (`time_utc`); None where neither says it."""
    for at, cell in enumerate(header):
        plain = re.sub(r"[^a-z]", "", cell.lower())
        if plain.removesuffix("utc").removesuffix("gmt") not in _TIME:
            continue
        if plain.endswith(("utc", "gmt")):
            return 0.0
        first = next((r[at].strip() for r in rows[1:] if len(r) > at and r[at].strip()), "")
        found = _STAMP_ZONE.search(first)
        if found is None:
            return None
        if found[1]:
            return 0.0
        hours = int(found[3]) + int(found[4] or 0) / 60
        return hours if found[2] == "+" else -hours
    return None


def _rows(path: Path) -> list[list[str]]:
    hint = _("give one place and one year, as UTF-8 text")
    rows = table_rows(read_text(path, _MAX_BYTES, hint=hint), path, hint=hint)
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
