"""What would wind and sun give under this weather? Capacity factors by hour from a weather file. [1]

A stated model, not a site assessment. Sun: position of the sun, direct light on a tilted plane facing the equator, diffuse light from
the whole sky, a cell that warms with the light, 14 % of other losses, an inverter of 1/1.2 of the modules. Wind: speed at 10 m
taken to hub height by a power law, then the farm's curve of `series.wind_power_curve`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from taotie.errors import DataError, MissingExtraError, RangeError
from taotie.files.read import csv_dicts, decoded, of_others, read_bytes, unpacked
from taotie.grid.supply.series import HourlySeries, wind_power_curve
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = ["pv_factor", "read_weather_profiles", "sun_angles", "wind_factor"]

Floats = npt.NDArray[np.float64]

HUB_M = 100.0
SHEAR = 1.0 / 7.0
MODULES_OVER_INVERTER = 1.2
LOSSES = 0.14
PER_DEGREE = -0.004
NOMINAL_CELL_C = 45.0
ALBEDO = 0.2
_COLUMNS = {
    "ghi": ("ghi", "ghi_wm2", "ghi_w_per_m2"), "dni": ("dni", "dni_wm2", "dni_w_per_m2"), "dhi": ("dhi", "dhi_wm2", "dhi_w_per_m2"),
    "temperature_c": ("db_c", "temperature_c", "temp_air", "drybulb"), "wind_ms": ("wind_ms", "wind_speed", "wspd"),
}  # fmt: skip
MAX_BYTES = 50_000_000
_MEANT = {"ghi": (-30.0, 2000.0), "dni": (-30.0, 1500.0), "dhi": (-30.0, 1500.0), "temperature_c": (-90.0, 65.0), "wind_ms": (0.0, 120.0)}  # fmt: skip
"""What instruments read: a few W/m2 below none at night, the sun above the air at 1361 W/m2, edges of clouds above that."""


def sun_angles(hour_of_year: npt.ArrayLike, latitude: float) -> tuple[Floats, Floats]:
    """Height of the sun and its direction, for hours of local solar time.

    Parameters
    ----------
    hour_of_year : array_like
        Middle of the hour. [h]
    latitude : float
        [degrees north]

    Returns
    -------
    sin_height, hour_angle : ndarray
        [1, rad]

    Notes
    -----
    Declination ``-23.44 cos(2 pi (day + 10) / 365)`` degrees; no equation of time, so the sun may be a quarter of an hour off.

    Examples
    --------
    Noon at midsummer on the tropic: the sun stands overhead.

    >>> round(float(sun_angles(24 * 171 + 12, 23.44)[0]), 3)
    1.0
    """
    hour = np.asarray(hour_of_year, dtype=np.float64)
    declination = -np.deg2rad(23.44) * np.cos(2 * np.pi * (hour / 24 + 10) / 365)
    angle = 2 * np.pi * (hour % 24 - 12) / 24
    lat = np.deg2rad(latitude)
    height = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(angle)
    return np.asarray(height), np.asarray(angle)


def pv_factor(
    ghi: npt.ArrayLike,
    dni: npt.ArrayLike,
    dhi: npt.ArrayLike,
    temperature_c: npt.ArrayLike,
    latitude: float,
    tilt: float | None = None,
) -> Floats:
    """Output of a solar plant over its inverter's size.

    Parameters
    ----------
    ghi, dni, dhi : array_like, shape (hour,)
        Global, direct and diffuse light of each hour. [W/m2]
    temperature_c : array_like
        [C]
    latitude : float
        [degrees north]
    tilt : float, optional
        Default: three quarters of the latitude. [degrees]

    Returns
    -------
    factor : ndarray, shape (hour,)
        Within 0..1. [1]

    Notes
    -----
    Isotropic sky: ``dni cos(i) + dhi (1 + cos t)/2 + ghi albedo (1 - cos t)/2``.
    """
    light = [np.asarray(v, dtype=np.float64) for v in (ghi, dni, dhi)]
    if min(float(v.min(initial=0.0)) for v in light) < 0:
        raise RangeError(_("light below 0 W/m2 does not exist."))
    hours = np.arange(light[0].size) + 0.5
    if not -66 <= latitude <= 66:
        raise RangeError(_("a latitude of {value} is beyond the polar circles.").format(value=latitude))  # fmt: skip
    slope = np.deg2rad(abs(0.75 * latitude if tilt is None else tilt))
    # on the southern half the year is turned by half
    turned = hours if latitude >= 0 else hours + 182.5 * 24
    declination = -np.deg2rad(23.44) * np.cos(2 * np.pi * (turned / 24 + 10) / 365)
    angle = 2 * np.pi * (hours % 24 - 12) / 24
    lat = np.deg2rad(abs(latitude))
    # a plane tilted toward the equator sees the sun as a flat one does nearer to it
    onto = np.sin(lat - slope) * np.sin(declination) + np.cos(lat - slope) * np.cos(
        declination
    ) * np.cos(angle)
    up = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(angle)
    direct = light[1] * np.clip(onto, 0, None) * (up > 0)
    plane = (
        direct + light[2] * (1 + np.cos(slope)) / 2 + light[0] * ALBEDO * (1 - np.cos(slope)) / 2
    )
    cell = np.asarray(temperature_c, dtype=np.float64) + plane * (NOMINAL_CELL_C - 20) / 800
    modules = plane / 1000 * (1 + PER_DEGREE * (cell - 25)) * (1 - LOSSES)
    return np.clip(modules * MODULES_OVER_INVERTER, 0, 1)


def wind_factor(wind_ms: npt.ArrayLike, height_m: float = 10.0) -> Floats:
    """Output of a wind farm over its size, from the speed near the ground.

    Examples
    --------
    >>> wind_factor([2.0, 6.0, 12.0]).round(2)
    array([0.  , 0.29, 1.  ])
    """
    speed = np.asarray(wind_ms, dtype=np.float64) * (HUB_M / height_m) ** SHEAR
    return wind_power_curve(speed)


@of_others(DataError)
def read_weather_profiles(path: str | Path, latitude: float, site: str = "") -> HourlySeries:
    """Capacity factors of a weather file.

    Parameters
    ----------
    path : path or str
        CSV, plain or gzipped, with ghi, dni, dhi, db_c and wind_ms, one row an hour from 1 January; or
        ``pvlib:NAME`` for a TMY3 file that the package pvlib carries.
    latitude : float
        [degrees north]; that of the file is taken where it says so.
    site : str
        Which one, if the file has a column `site`.

    Raises
    ------
    DataError
        If columns or numbers are missing.
    MissingExtraError
        If pvlib is asked for and not installed.
    """
    text = str(path)
    if text.startswith("pvlib:"):
        values, latitude, name = _from_pvlib(text.partition(":")[2])
    else:
        values, name = _from_csv(Path(path), site)
    told = _dark(values, name)
    wind = wind_factor(values["wind_ms"])
    sun = pv_factor(values["ghi"], values["dni"], values["dhi"], values["temperature_c"], latitude)
    said = Said(
        "weather_model",
        N_("wind and sun follow from the weather of {name} by a stated model (isotropic sky, wind at 10 m by a power law): no site assessment; mean {wind} and {sun} %"),
        {"name": name, "wind": f"{100 * wind.mean():.1f}", "sun": f"{100 * sun.mean():.1f}"},
    )  # fmt: skip
    return HourlySeries({"wind_cf": wind, "pv_cf": sun}, 1.0, None, {"wind_cf": name, "pv_cf": name}, (said, *told))  # fmt: skip


def _dark(values: dict[str, Floats], name: str) -> tuple[Said, ...]:
    """Set the small negative light that instruments read at night to none, and say so; refuse what cannot be meant."""
    n = 0
    for key, (low, high) in _MEANT.items():
        odd = (values[key] < low) | (values[key] > high)
        if odd.any():
            raise DataError(
                _("{path}: {column} is {value:g} in row {row}; {low:g} to {high:g} can be meant.").format(
                    path=name, column=key, value=values[key][odd][0], row=int(odd.argmax()) + 1, low=low, high=high
                ),
                _("light in W/m2, temperature in degrees Celsius, wind in m/s"),
            )  # fmt: skip
    for key in ("ghi", "dni", "dhi"):
        below = values[key] < 0
        n += int(below.sum())
        values[key] = np.where(below, 0.0, values[key])
    if not n:
        return ()
    text = N_("{n} readings of light a little below 0 W/m2, as instruments give at night, count as none")  # fmt: skip
    return (Said("light_below_zero", text, {"n": n}),)


def _from_csv(path: Path, site: str) -> tuple[dict[str, Floats], str]:
    text = decoded(unpacked(read_bytes(path, MAX_BYTES), path, MAX_BYTES), path)
    rows = list(csv_dicts(text, path))
    if rows and "site" in rows[0]:
        known = sorted({r["site"] for r in rows})
        if not site and len(known) > 1:
            raise DataError(_("{path} holds several sites.").format(path=path), f"--weather-site {known[0]} ({', '.join(known)[:120]})")  # fmt: skip
        rows = [r for r in rows if not site or r["site"] == site]
        if not rows:
            raise DataError(_("{path} has no site {name}.").format(path=path, name=repr(site)), ", ".join(known)[:160])  # fmt: skip
    if len(rows) < 24:
        raise DataError(_("{path} holds no two hours.").format(path=path), _("was it cut off?"))
    head = {c.strip().lower(): c for c in rows[0] if c}
    found = {}
    for name, spellings in _COLUMNS.items():
        column = next((head[s] for s in spellings if s in head), None)
        if column is None:
            raise DataError(_("{path} has no column {column}.").format(path=path, column=spellings[0]), ", ".join(list(head)[:12]))  # fmt: skip
        try:
            found[name] = np.array([float(r[column]) for r in rows])
        except (TypeError, ValueError) as error:
            raise DataError(_("{path}: {why}.").format(path=path, why=reason(error)[:80])) from None
        if not np.isfinite(found[name]).all():
            raise DataError(_("{path}: {why}.").format(path=path, why=f"{column}: nan"))
    return found, f"{path.name}{' ' + site if site else ''}"


def _from_pvlib(name: str) -> tuple[dict[str, Floats], float, str]:
    try:
        import pvlib
    except ImportError:
        raise MissingExtraError("pvlib", "weather") from None
    folder = Path(pvlib.__file__).parent / "data"
    file = folder / (name or "723170TYA.CSV")
    if not file.is_file() or file.parent != folder:
        known = ", ".join(sorted(p.name for p in folder.glob("*TY*.CSV")))
        raise DataError(_("pvlib carries no weather {name}.").format(name=repr(name)), f"--weather pvlib:{known or '723170TYA.CSV'}")  # fmt: skip
    table, meta = pvlib.iotools.read_tmy3(str(file), map_variables=True)
    columns = {"ghi": "ghi", "dni": "dni", "dhi": "dhi", "temperature_c": "temp_air", "wind_ms": "wind_speed"}  # fmt: skip
    values = {k: np.asarray(table[c], dtype=np.float64) for k, c in columns.items()}
    return values, float(meta["latitude"]), f"pvlib {file.name}"
