"""Which hours is a load matched in? Series of load, weather, price and intensity from CSV files, or a made-up year.

Columns: `load_mw`, `wind_cf`, `pv_cf`, `price` (currency/MWh), `co2_g_per_kwh`, `clean_share`, any `<name>_cf`, and `time`
if there is one. Every series of a run has the same steps; nothing is cut, filled or repeated without being said.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taotie.errors import DataError, RangeError, nearest
from taotie.files.read import decoded, of_others, read_bytes, table_rows, unpacked
from taotie.grid.time_stamps import dated, with_offset
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["HourlySeries", "joined", "means", "read_series", "synthetic_year", "without_leap_day"]

Floats = npt.NDArray[np.float64]

MAX_BYTES = 100_000_000
LEAP_DAY = slice(59 * 24, 60 * 24)
_NAMES = {
    "loadmw": "load_mw", "load": "load_mw", "demandmw": "load_mw", "facilityloadmw": "load_mw", "powermw": "load_mw",
    "price": "price", "pricepermwh": "price", "priceeurmwh": "price", "priceeurpermwh": "price", "priceusdmwh": "price", "priceusdpermwh": "price", "lmp": "price",
    "co2gperkwh": "co2_g_per_kwh", "carbonintensitygperkwh": "co2_g_per_kwh", "avgci": "co2_g_per_kwh", "ci": "co2_g_per_kwh", "carbonintensity": "co2_g_per_kwh",
    "cleanshare": "clean_share", "gridcfe": "clean_share", "gridclean": "clean_share", "cfe": "clean_share",
    "windcf": "wind_cf", "wind": "wind_cf", "onwind": "wind_cf", "pvcf": "pv_cf", "pv": "pv_cf", "solar": "pv_cf", "solarcf": "pv_cf",
}  # fmt: skip
_TIME = ("time", "timestamp", "datetime", "utctime", "snapshot", "hourbeginning")
_SHARES = ("clean_share",)


@dataclass(frozen=True, eq=False)
class HourlySeries:
    """Series of one place and span.

    Attributes
    ----------
    values : mapping of str to ndarray, shape (step,)
        By column: `load_mw`, `wind_cf`, `price` ...
    step_h : float
        [h]
    start : datetime or None
        First step, if the file says when.
    origin : mapping of str to str
        Where each column comes from.
    """

    values: Mapping[str, Floats]
    step_h: float
    start: datetime | None
    origin: Mapping[str, str]
    said: tuple[Said, ...] = ()

    @property
    def n(self) -> int:
        """Steps."""
        return next(iter(self.values.values())).size


@of_others(DataError)
def read_series(path: str | Path) -> HourlySeries:
    """Series of a CSV file, plain or gzipped.

    Raises
    ------
    DataError
        If the file cannot be read, has no column that is known, or a cell that is no number.
    RangeError
        If a value is impossible: a capacity factor or a share outside 0..1, a negative load or intensity.
    """
    place = Path(path)
    hint = _("give a CSV file with a column such as load_mw, wind_cf, pv_cf or price")
    text = decoded(unpacked(read_bytes(place, MAX_BYTES, hint=hint), place, MAX_BYTES), place)
    rows = table_rows(text, place, hint=hint)
    if len(rows) < 3:
        raise DataError(_("{path} holds no two hours.").format(path=place), _("was it cut off?"))
    header = rows[0]
    found: dict[str, int] = {}
    time_at = None
    for at, cell in enumerate(header):
        plain = re.sub(r"[^a-z0-9]", "", cell.lower())
        if plain in _TIME and time_at is None:
            time_at = at
            continue
        name = _NAMES.get(plain)
        if name is None and cell.lower().endswith("_cf"):
            name = cell.lower()
        if name is not None:
            if name in found:
                raise DataError(
                    _("{path} has two columns of {name}: {a} and {b}.").format(
                        path=place, name=name, a=header[found[name]], b=cell
                    )
                )
            found[name] = at
    if not found:
        raise DataError(
            _("{path} has no column that is known.").format(path=place),
            nearest(header[0] if header else "", sorted(set(_NAMES.values()))),
        )
    values = {name: _column(place, rows[1:], name, at) for name, at in found.items()}
    step_h, start = 1.0, None
    if time_at is not None:
        step_h, start = _times(place, [r[time_at] if time_at < len(r) else "" for r in rows[1:]])
    return HourlySeries(values, step_h, start, dict.fromkeys(values, place.name))


def _column(path: Path, rows: Sequence[Sequence[str]], name: str, at: int) -> Floats:
    values = np.empty(len(rows))
    for i, row in enumerate(rows):
        cell = row[at].strip() if at < len(row) else ""
        try:
            values[i] = float(cell)
        except ValueError:
            values[i] = np.nan
        if not np.isfinite(values[i]):
            raise DataError(
                _("{path}, line {line}, column {column}: {value} is not a number.").format(
                    path=path, line=i + 2, column=name, value=repr(cell)[:40]
                ),
                _("a missing hour is not 0: fill it yourself, or leave the column out"),
            )
    low, high = 0.0, np.inf
    if name.endswith("_cf") or name in _SHARES:
        high = 1.0
    if name == "price":
        low = -np.inf
    bad = np.flatnonzero((values < low) | (values > high))
    if bad.size:
        i = int(bad[0])
        hint = ""
        if values[i] > high and values.max() <= 100:
            hint = _("given in percent? divide by 100")
        elif values[i] > high:
            hint = _("a capacity factor is output over size; divide by the MW installed")
        where = {"path": path, "line": i + 2, "name": name, "value": values[i], "low": low, "high": high}  # fmt: skip
        raise RangeError(
            _("{path}, line {line}: {name}={value:g} leaves {low:g}..{high:g}; it is the only such line.").format(**where)
            if bad.size == 1
            else _("{path}, line {line}: {name}={value:g} leaves {low:g}..{high:g}; so do {n} lines in all.").format(**where, n=bad.size),
            hint,
        )  # fmt: skip
    return values


def _times(path: Path, cells: Sequence[str]) -> tuple[float, datetime]:
    """Length of a step [h] and the first one; the steps must be even."""
    times: list[datetime] = []
    for i, cell in enumerate(dated(cells)):
        try:
            before = times[-1].astimezone(UTC).replace(tzinfo=None) if times else None
            named = with_offset(
                cell.strip(), None if before is None else np.datetime64(before, "s")
            )
            times.append(datetime.fromisoformat(named.replace("Z", "+00:00")))
        except ValueError:
            raise DataError(
                _("{path}, line {line}: {value} is not a time.").format(path=path, line=i + 2, value=repr(cell)[:40]),
                "2025-01-01T00:00",
            ) from None  # fmt: skip
    try:
        steps = [b - a for a, b in itertools.pairwise(times)]
    except TypeError:
        raise DataError(
            _("{path} mixes times with and without a zone.").format(path=path)
        ) from None
    step = min(steps)
    if step <= timedelta(0):
        i = next(i for i, s in enumerate(steps) if s <= timedelta(0))
        raise DataError(
            _("{path}, line {line}: the time does not go forward.").format(path=path, line=i + 3),
            _("the hour that clocks repeat in autumn? write times in UTC"),
        )
    for i, one in enumerate(steps):
        if one != step:
            raise DataError(
                _("{path}, line {line}: the step is {a:g} h, elsewhere {b:g} h; hours are missing.").format(
                    path=path, line=i + 3, a=one / timedelta(hours=1), b=step / timedelta(hours=1)
                ),
                _("the hour that clocks skip in spring? write times in UTC"),
            )  # fmt: skip
    return step / timedelta(hours=1), times[0]


def joined(parts: Iterable[HourlySeries]) -> HourlySeries:
    """Series of several files as one.

    Raises
    ------
    RangeError
        If lengths, steps or years differ, or two files disagree on a column.
    """
    every = list(parts)
    first = every[0]
    name = _name_of(first)
    values, origin = dict(first.values), dict(first.origin)
    said = list(first.said)
    start = first.start
    for one in every[1:]:
        other = _name_of(one)
        if one.step_h != first.step_h:
            raise RangeError(
                _("{a} has steps of {x:g} h, {b} of {y:g} h.").format(a=name, x=first.step_h, b=other, y=one.step_h),
                _("give both at one step"),
            )  # fmt: skip
        if one.n != first.n:
            hint = _("cut them to the same hours")
            if abs(one.n - first.n) * first.step_h == 24:
                hint = _("one of them has a leap day: --drop-leap-day leaves 29 February out")
            raise RangeError(
                _("{a} has {n} steps, {b} has {m}.").format(a=name, n=first.n, b=other, m=one.n),
                hint,
            )
        if start and one.start and start.tzinfo and one.start.tzinfo:
            one, more = _together(first, start, one)
            said += more
        elif start and one.start and _naive(one.start) != _naive(start):
            raise RangeError(
                _("{a} begins {x}, {b} begins {y}: two sources of different hours.").format(
                    a=name, x=start.isoformat(), b=other, y=one.start.isoformat()
                ),
                _("weather and load of one year belong together; take the same year"),
            )
        if (start is not None and start.tzinfo is not None) != (
            one.start is not None and one.start.tzinfo is not None
        ):
            zoned, plain = (name, other) if start is not None and start.tzinfo else (other, name)
            said.append(
                Said(
                    "one_names_a_zone",
                    N_("the times of {a} name a zone, those of {b} none: their first hours are taken to be the same moment"),
                    {"a": zoned, "b": plain},
                )
            )  # fmt: skip
        start = start or one.start
        for column, row in one.values.items():
            if column in values and not np.array_equal(values[column], row):
                i = int(np.flatnonzero(values[column] != row)[0])
                raise RangeError(
                    _("{a} and {b} disagree on {column}: {x:g} and {y:g} in step {i}.").format(
                        a=origin[column], b=other, column=column, x=values[column][i], y=row[i], i=i + 1
                    ),
                    _("remove the column from one of the files"),
                )  # fmt: skip
            values.setdefault(column, row)
            origin.setdefault(column, one.origin[column])
        said += one.said
    return HourlySeries(values, first.step_h, start, origin, tuple(said))


def _together(
    first: HourlySeries, start: datetime, one: HourlySeries
) -> tuple[HourlySeries, list[Said]]:
    """A series on the clock of another: both are known as instants, whatever their zones.

    Raises
    ------
    RangeError
        If they begin at different moments and are no whole years, which can be turned by some hours.
    """
    assert one.start is not None
    late = (one.start - start) / timedelta(hours=1)
    if not late:
        return one, []
    steps = late / one.step_h
    year = one.n * one.step_h in (8760, 8784)
    if not year or abs(late) > 24 or abs(steps - round(steps)) > 1e-9:
        raise RangeError(
            _("{a} begins {x}, {b} begins {y}: two sources of different hours.").format(
                a=_name_of(first), x=start.isoformat(), b=_name_of(one), y=one.start.isoformat()
            ),
            _("weather and load of one year belong together; take the same year"),
        )
    turned = {k: np.roll(v, round(steps)) for k, v in one.values.items()}
    said = Said(
        "series_turned",
        N_("{b} begins {hours:g} h after {a} by the zones of their times: its year is turned by as much"),
        {"a": _name_of(first), "b": _name_of(one), "hours": late},
    )  # fmt: skip
    return replace(one, values=turned, start=start), [said]


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _name_of(one: HourlySeries) -> str:
    return next(iter(one.origin.values()))


def without_leap_day(one: HourlySeries) -> HourlySeries:
    """The same year without 29 February; a year of 8,760 h stays as it is."""
    hours = one.n * one.step_h
    if hours != 8784 or 24 % one.step_h:
        return one
    per_day = round(24 / one.step_h)
    keep = np.ones(one.n, dtype=bool)
    keep[59 * per_day : 60 * per_day] = False
    said = Said("leap_day_dropped", N_("29 February was left out of {name}"), {"name": _name_of(one)})  # fmt: skip
    return replace(one, values={k: v[keep] for k, v in one.values.items()}, said=(*one.said, said))


def means(one: HourlySeries, step_h: float) -> HourlySeries:
    """Means over longer steps.

    Raises
    ------
    RangeError
        If the longer step is no multiple, or does not divide the span.
    """
    each = step_h / one.step_h
    n = round(each)
    if n < 1 or abs(each - n) > 1e-9:
        raise RangeError(
            _("a step of {a:g} h is no multiple of the {b:g} h of the series.").format(a=step_h, b=one.step_h),
            f"--step {one.step_h:g}",
        )  # fmt: skip
    if n == 1:
        return one
    if one.n % n:
        raise RangeError(
            _("{n} steps do not divide into steps of {a:g} h.").format(n=one.n, a=step_h),
            f"--step {one.step_h:g}",
        )
    values = {k: v.reshape(-1, n).mean(axis=1) for k, v in one.values.items()}
    return replace(one, values=values, step_h=step_h)


def synthetic_year(
    seed: int = 0,
    wind_cf: float = 0.33,
    pv_cf: float = 0.22,
    latitude: float = 40.0,
    hours: int = 8760,
) -> HourlySeries:
    """A made-up year of wind and sun with set means, marked as such.

    Parameters
    ----------
    seed : int
    wind_cf, pv_cf : float
        Mean capacity factors; .33 and .22 are usual for land in the United States. [1]
    latitude : float
        [degrees north]
    hours : int
        [h]

    Notes
    -----
    Sun: height of the sun at that latitude times a cloud index that follows an AR(1) from hour to hour and day to day.
    Wind: an AR(1) of the normal score of the speed, Weibull of shape 2, windier in winter, through a power curve. Means are
    met by scaling; a capacity factor never leaves 0..1.

    Examples
    --------
    >>> year = synthetic_year(1)
    >>> {k: round(float(v.mean()), 3) for k, v in year.values.items()}
    {'wind_cf': 0.33, 'pv_cf': 0.22}
    """
    rng = np.random.default_rng([seed, 24_7])
    hour = np.arange(hours)
    day = hour / 24.0
    season = np.cos(2 * np.pi * (day - 15) / 365.25)  # +1 in mid January
    declination = -0.4093 * np.cos(2 * np.pi * (day + 10) / 365.25)
    lat = np.deg2rad(latitude)
    angle = 2 * np.pi * (hour % 24 - 11.5) / 24
    height = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(angle)
    clear = np.clip(height, 0, None) ** 0.75 / np.clip(np.cos(lat - declination), 0.2, None) ** 0.3
    cloud = 0.6 * _walk(rng, hours, 8.0) + 0.8 * _walk(rng, hours, 60.0)
    index = np.clip(0.75 - 0.1 * season - 0.25 * np.clip(cloud, -1, 3), 0.08, 1.0)
    wind = _walk(rng, hours, 30.0)
    from scipy.special import ndtr

    speed = (
        7.5 * (1 + 0.12 * season) * np.sqrt(-np.log1p(-np.clip(ndtr(wind), 0, 1 - 1e-12))) * 1.128
    )
    return HourlySeries(
        {
            "wind_cf": _to_mean(lambda k: wind_power_curve(k * speed), wind_cf, "wind_cf"),
            "pv_cf": _to_mean(lambda k: np.asarray(np.clip(k * clear * index, 0, 1)), pv_cf, "pv_cf"),
        },
        1.0,
        None,
        {"wind_cf": f"synthetic, seed {seed}", "pv_cf": f"synthetic, seed {seed}"},
        (
            Said(
                "synthetic_year",
                N_("wind and sun are a synthetic year (seed {seed}), not weather of a place: give --series FILE for a decision"),
                {"seed": seed},
            ),
        ),
    )  # fmt: skip


def wind_power_curve(speed_ms: npt.ArrayLike) -> Floats:
    """Output over size of a wind farm at a speed at hub height. [1]

    Notes
    -----
    Cubic from 3 m/s to full output at 12.5 m/s, which lasts to 23 m/s, then down to nothing at 27 m/s: a farm is smoother
    than one machine. Own assumption.

    Examples
    --------
    >>> wind_power_curve([2.0, 8.0, 14.0, 30.0]).round(2)
    array([0.  , 0.25, 1.  , 0.  ])
    """
    v = np.asarray(speed_ms, dtype=np.float64)
    rising = (np.clip(v, 3.0, 12.5) ** 3 - 27.0) / (12.5**3 - 27.0)
    return np.asarray(rising * np.clip((27.0 - v) / 4.0, 0.0, 1.0))


def _walk(rng: np.random.Generator, n: int, hours: float) -> Floats:
    """A standard normal AR(1) with a correlation time. [h]"""
    from scipy.signal import lfilter

    rho = float(np.exp(-1.0 / hours))
    noise = rng.standard_normal(n) * np.sqrt(1 - rho**2)
    start = rng.standard_normal()
    return np.asarray(lfilter([1.0], [1.0, -rho], noise, zi=[rho * start])[0])


def _to_mean(make: Callable[[float], Floats], mean: float, name: str) -> Floats:
    """The row `make(k)` whose mean is as wanted, by bisection on k."""
    from scipy.optimize import brentq

    if not 0.02 <= mean <= 0.6:
        raise RangeError(
            _("a synthetic year cannot have a mean {name} of {value}.").format(name=name, value=mean),
            _("0.02 to 0.6"),
        )  # fmt: skip
    try:
        k = brentq(lambda k: float(make(k).mean()) - mean, 1e-3, 2.5 if name == "wind_cf" else 20.0)
    except ValueError:
        raise RangeError(
            _("a mean {name} of {value} is not reached at this latitude.").format(name=name, value=mean)
        ) from None  # fmt: skip
    return make(float(k))
