"""What did regions draw, step by step? Demand of areas from a file, or of a balancing area by its name. In MW.

Stamps with a zone become UTC, and `on_clock` puts them on a place's own clock; those without are taken as they stand. Steps may be of any one length; what the file
lacks of a year is said, since a part of a year weighs as a part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import (
    DataError,
    MissingExtraError,
    RangeError,
    UnitError,
    UnknownNameError,
    nearest,
)
from taotie.files.read import of_others, read_text, regular_file, table_rows
from taotie.grid.eia_930 import eia_930_demand, eia_930_files
from taotie.grid.time_stamps import time_stamps
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = [
    "AREAS",
    "AREA_PLACES",
    "HourlyDemand",
    "area_by_name",
    "demand_of_area",
    "read_hourly_demand",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
DATASET = "eia930-cleaned-demand"
# Spoken names of balancing areas; the code is that of Form EIA-930.
AREAS: Mapping[str, str] = {
    "ercot": "ERCO", "texas": "ERCO", "erco": "ERCO", "pjm": "PJM", "miso": "MISO", "spp": "SWPP",
    "swpp": "SWPP", "caiso": "CISO", "ciso": "CISO", "california": "CISO", "nyiso": "NYIS",
    "nyis": "NYIS", "iso-ne": "ISNE", "isone": "ISNE", "isne": "ISNE", "southern": "SOCO",
    "soco": "SOCO", "tva": "TVA", "dec": "DUK", "duk": "DUK", "dep": "CPLE", "cple": "CPLE",
    "def": "FPC", "fpc": "FPC", "fpl": "FPL", "santee": "SC", "scp": "SC", "sc": "SC", "desc": "SCEG",
    "sceg": "SCEG", "azps": "AZPS", "bpa": "BPAT", "bpat": "BPAT", "pace": "PACE", "pacw": "PACW",
    "pge": "PGE", "psco": "PSCO", "srp": "SRP",
}  # fmt: skip
AREA_PLACES: Mapping[str, str] = {
    "ERCO": "US-ERCT", "PJM": "PJM", "MISO": "MISO", "SWPP": "US-SPSO", "CISO": "US-CA", "NYIS": "US-NY",
    "ISNE": "US-NEWE", "SOCO": "US-SRSO", "TVA": "US-SRTV", "DUK": "US-NC", "CPLE": "US-NC", "FPC": "US-FL",
    "FPL": "US-FL", "SC": "US-SC", "SCEG": "US-SC", "AZPS": "US-AZ", "SRP": "US-AZ", "BPAT": "US-OR",
    "PACE": "US-UT", "PACW": "US-OR", "PGE": "US-OR", "PSCO": "US-CO",
}  # fmt: skip
"""Region or state in which most of a balancing area lies: whose clock its hours are counted by."""
YEAR_H = 8760.0


class Zone(NamedTuple):
    """What the stamps of a column say of their zone: do they name one, and its standard time less UTC. [h]"""

    named: bool
    offset_h: float | None = None


@dataclass(frozen=True)
class HourlyDemand:
    """Demand of some areas, step by step.

    Parameters
    ----------
    areas : tuple of str
    year, month : ndarray, shape (n_step,)
        Of each step, in UTC unless the file says otherwise.
    demand_mw : ndarray, shape (n_step, n_area)
        [MW]
    step_h : float
        Length of a step. [h]
    hour : ndarray, shape (n_step,), optional
        Hour of the day of each step.
    told : tuple of Said
        What is odd about the file.
    when : ndarray of datetime64, shape (n_step,), optional
        Start of each step.
    zoned : bool
        The file names the zone of its times: they are UTC. Else they are what a clock showed there.
    offset_h : float or None
        Standard time of the file's own zone less UTC, where its stamps have one. [h]
    without_unit : tuple of str
        Columns whose name says no unit, and which were taken to be in MW.
    """

    areas: tuple[str, ...]
    year: IntArray
    month: IntArray
    demand_mw: FloatArray
    step_h: float = 1.0
    hour: IntArray | None = None
    told: tuple[Said, ...] = ()
    when: NDArray[np.datetime64] | None = None
    zoned: bool = False
    offset_h: float | None = None
    without_unit: tuple[str, ...] = ()

    def of(self, area: str) -> FloatArray:
        """One area's demand. [MW]"""
        for i, name in enumerate(self.areas):
            if name.lower() == area.strip().lower():
                return self.demand_mw[:, i]
        raise UnknownNameError(
            _("area {area!r} is not in the demand file.").format(area=area),
            nearest(area, self.areas),
        )

    def on_clock(self, utc_offset_h: float) -> HourlyDemand:
        """The same steps by a clock that is so far ahead of UTC all year; as they are where the file names no zone. [h]"""
        if not self.zoned or self.when is None:
            return self
        shown = self.when + np.timedelta64(round(3600 * utc_offset_h), "s")
        year, month, hour = _calendar(shown)
        return replace(self, year=year, month=month, hour=hour, when=shown, zoned=False)

    @property
    def share_of_year(self) -> Mapping[int, float]:
        """How much of each year the steps cover; 1 for a whole one. [1]"""
        years, count = np.unique(self.year, return_counts=True)
        shares = np.minimum(count * self.step_h / YEAR_H, 1.0)
        # a year that lacks no more than a day of steps is whole
        whole = count * self.step_h >= YEAR_H - 24
        return {
            int(y): 1.0 if full else float(s)
            for y, s, full in zip(years, shares, whole, strict=True)
        }

    @property
    def weight(self) -> FloatArray:
        """Weight of each step: whole years weigh the same, a part of one as that part."""
        years, which, count = np.unique(self.year, return_inverse=True, return_counts=True)
        share = np.array([self.share_of_year[int(y)] for y in years])
        return np.asarray((share / count)[which])

    @property
    def n_year(self) -> float:
        """Years covered, parts as parts. [a]"""
        return float(sum(self.share_of_year.values()))


@of_others(DataError)
def read_hourly_demand(
    path: Path,
    first_year: int | None = None,
    last_year: int | None = None,
    wanted: Sequence[str] = (),
) -> HourlyDemand:
    """Demand from Parquet or CSV: one column of time stamps, one column of MW an area.

    Or the six-month files of Form EIA-930 as the agency hands them out, one or a folder of them.

    Parameters
    ----------
    path : Path
        The time column is the first that holds stamps such as 2022-07-01 13:00 or 01.07.2022 13:00, with or without
        a zone such as Z, +01:00 or -0500; all other numeric columns are areas, in MW or the unit their names end in
        (``north_gw``, ``负荷（万千瓦）``); energy of each step (``kWh``) is divided by its length.
        Or one row for each time and area: times, one column of names, one of MW.
    first_year, last_year : int, optional
        Years kept.
    wanted : sequence of str
        Codes of areas; read by the files of Form EIA-930 alone, whose areas have gaps.

    Raises
    ------
    DataError
        File absent, unreadable, without stamps, with steps of several lengths, or with gaps or negative demand.
    """
    official = eia_930_files(path) if path.exists() else []
    if official:
        listed, when, demand, told = eia_930_demand(official, wanted)
        year = when.astype("datetime64[Y]").astype(np.int64) + 1970
        keep = (year >= (first_year or 0)) & (year <= (last_year or 9999))
        if not keep.any():
            raise DataError(_("{path} holds no demand for these years.").format(path=path))
        made = _series(listed, when[keep], demand[keep], path.name)
        return replace(made, told=(*told, *made.told))
    if not path.is_file():
        raise DataError(
            _("no demand file {path}.").format(path=path),
            _("give a CSV or Parquet file with a column of hours and a column of MW an area."),
        )
    zones: list[Zone] = []
    names, columns = _parquet(path, zones) if path.suffix == ".parquet" else _csv(path, zones)
    stamps = next((i for i, c in enumerate(columns) if np.issubdtype(c.dtype, np.datetime64)), None)
    if stamps is None:
        raise DataError(
            _("{path} has no column of time stamps.").format(path=path),
            _("write the hour as 2022-07-01 13:00."),
        )
    when = columns[stamps].astype("datetime64[s]")
    year = when.astype("datetime64[Y]").astype(np.int64) + 1970
    keep = np.ones(len(when), bool)
    if first_year is not None:
        keep &= year >= first_year
    if last_year is not None:
        keep &= year <= last_year
    areas = [i for i, c in enumerate(columns) if i != stamps and c.dtype.kind == "f"]
    if not areas or not keep.any():
        raise DataError(_("{path} holds no demand for these years.").format(path=path))
    odd: list[Said] = []
    units = [_column_of(names[i]) for i in areas]
    scale = np.array([one.scale for one in units])
    demand = np.column_stack([columns[i] for i in areas])
    # a row without a value in any area is a step that is missing, as one that is not there
    keep &= ~np.isnan(demand).all(axis=1)
    if not keep.any():
        raise DataError(_("{path} holds no demand for these years.").format(path=path))
    demand = demand[keep] * scale
    for i, column in zip(areas, demand.T, strict=True):
        bad = np.flatnonzero(~np.isfinite(column) | (column < 0))
        if bad.size:
            raise DataError(
                _("{path}: {area} has {value} MW in row {row}.").format(
                    path=path, area=names[i], value=column[bad[0]], row=int(bad[0]) + 1
                ),
                _("fill gaps first: a missing hour is not an hour without demand."),
            )
    words = [i for i, c in enumerate(columns) if c.dtype.kind == "U" and len(set(c.tolist())) > 1]
    listed, when = tuple(names[i] for i in areas), when[keep]
    if len(np.unique(when)) < 0.98 * len(when):
        listed, when, demand = _by_row(path, when, demand, [columns[i][keep] for i in words])
    elif words:
        left = Said("columns_left", N_("columns of words are not read: {names}"), {"names": ", ".join(names[i] for i in words)})  # fmt: skip
        odd.append(left)
    zone = zones[0] if zones else Zone(False)
    if not zone.named and _IN_UTC.search(names[stamps]):
        zone = Zone(True)
        odd.append(Said("utc_by_name", N_("the times are in UTC, by the name of their column, {name}"), {"name": names[stamps]}))  # fmt: skip
    made = _series(listed, when, demand, path.name, zone.named)
    every = units if len(units) == len(listed) else units * len(listed)
    odd += _told_of_units([names[i] for i in areas], units, made.step_h)
    without = tuple(names[i] for i, one in zip(areas, units, strict=True) if not one.unit)
    return replace(
        _of_steps(made, every),
        told=(*odd, *made.told),
        offset_h=zone.offset_h,
        without_unit=without,
    )


_IN_UTC = re.compile(r"(?<![a-z])(utc|gmt)(?![a-z])", re.IGNORECASE)
_BRACKETS = re.compile(r"[\[(（]\s*([^\[\]()（）]+?)\s*[\])）]$")
_LAST_WORD = re.compile(r"(?:^|[\s_])((?:[TGMk]Wh?|万?[千兆吉]瓦(?:时|小时)?|[万亿]千瓦时|[万亿]?度))$", re.IGNORECASE)  # fmt: skip
_LETTERS = {u.lower(): u for u in ("TW", "GW", "MW", "kW", "TWh", "GWh", "MWh", "kWh")}


class _Column(NamedTuple):
    """What one of a column is in MW, or where it is energy of a step in MWh; unit : as its name says, empty if it says none."""

    scale: float
    energy: bool
    unit: str


def _column_of(name: str) -> _Column:
    """What the numbers of a column are by the unit its name ends in; MW where it names none.

    Examples
    --------
    >>> _column_of("north_gw"), _column_of("负荷（万千瓦）").scale, _column_of("load [kWh]").energy
    (_Column(scale=1000.0, energy=False, unit='gw'), 10.0, True)
    """
    found = _BRACKETS.search(name.strip()) or _LAST_WORD.search(name.strip())
    if found is None:
        return _Column(1.0, False, "")
    unit = _LETTERS.get(found[1].lower(), found[1])
    for wanted, energy in (("MW", False), ("MWh", True)):
        try:
            return _Column(parse_quantity(f"1{unit}", wanted), energy, found[1])
        except (UnitError, RangeError):
            continue
    return _Column(1.0, False, "")


def _of_steps(made: HourlyDemand, columns: Sequence[_Column]) -> HourlyDemand:
    """Power where columns held the energy of each step. [MW]

    Raises
    ------
    DataError
        If the column counts up: it is a meter's reading.
    """
    for i, column in enumerate(columns):
        if column.energy and made.demand_mw.shape[0] > 48 and (np.diff(made.demand_mw[:, i]) >= 0).all():  # fmt: skip
            raise DataError(
                _("column {name} only counts up: a meter's reading, not the energy of each step.").format(name=repr(made.areas[i])),
                _("write what each step took: the reading less the one before"),
            )  # fmt: skip
    over = np.array([made.step_h if column.energy else 1.0 for column in columns])
    return replace(made, demand_mw=made.demand_mw / over)


def _told_of_units(names: Sequence[str], columns: Sequence[_Column], step_h: float) -> list[Said]:
    told = []
    for name, column in zip(names, columns, strict=True):
        if column.energy:
            told.append(Said("energy_of_steps", N_("column {name} holds energy of steps of {h:g} h in {unit}: divided by their length"), {"name": name, "unit": column.unit, "h": step_h}))  # fmt: skip
        elif column.scale != 1.0:
            told.append(Said("unit_of_name", N_("column {name} is taken to be in {unit}"), {"name": name, "unit": column.unit}))  # fmt: skip
    return told


def _by_row(
    path: Path, when: NDArray[np.datetime64], demand: FloatArray, words: list[NDArray[np.generic]]
) -> tuple[tuple[str, ...], NDArray[np.datetime64], FloatArray]:
    """Areas of a file with one row for each time and area.

    Raises
    ------
    DataError
        If times repeat and no single column names the area of each row.
    """
    if len(words) != 1 or demand.shape[1] != 1:
        raise DataError(
            _("{path}: times repeat, and no one column says which area a row is of.").format(
                path=path.name
            ),
            _("give one column of times and one of MW an area; or times, the area's name, its MW."),
        )
    listed, which = np.unique(words[0], return_inverse=True)
    times, step = np.unique(when, return_inverse=True)
    count = np.zeros((len(times), len(listed)), np.int64)
    np.add.at(count, (step, which), 1)
    uneven = np.argwhere(count != 1)
    # where clocks go back an hour stands twice for every area: such rows are of one table no longer
    if uneven.size:
        t, a = uneven[0]
        raise DataError(
            _("{path}: {area} has {n} rows at {time}.").format(
                path=path.name, area=str(listed[a]), n=int(count[t, a]), time=str(times[t])
            ),
            _("every area needs one row a time; write times in UTC."),
        )
    made = np.zeros((len(times), len(listed)))
    made[step, which] = demand[:, 0]
    return tuple(str(a) for a in listed), times, made


def _series(
    areas: tuple[str, ...],
    when: NDArray[np.datetime64],
    demand: FloatArray,
    where: str,
    zoned: bool = True,
) -> HourlyDemand:
    """Steps in order of time, their length, and what is odd about them."""
    told: list[Said] = []
    if np.isnat(when).any():
        raise DataError(_("{path} has rows without a time.").format(path=where))
    order = np.argsort(when, kind="stable")
    when, demand = when[order], demand[order]
    step_h, jumps = 1.0, np.zeros(0)
    if len(when) > 1:
        between = np.diff(when).astype(np.int64) / 3600.0
        positive = between[between > 0]
        if not positive.size:
            raise DataError(
                _("{path} has one time only, {n} times.").format(path=where, n=len(when))
            )
        lengths, counts = np.unique(positive, return_counts=True)
        step_h = float(lengths[counts.argmax()])
        if counts.max() < 0.9 * positive.size:
            raise DataError(
                _("{path} has steps of several lengths, such as {a:g} and {b:g} h.").format(
                    path=where, a=lengths[0], b=lengths[-1]
                ),
                _("give one length of step: 15 minutes, half an hour, an hour."),
            )
        if step_h > 24:
            raise DataError(
                _("{path} has steps of {h:g} h; a peak needs hours.").format(path=where, h=step_h)
            )
        jumps = between
    missing = int(np.round(jumps[jumps > step_h * 1.01] / step_h - 1).sum()) if jumps.size else 0
    twice = int((jumps == 0).sum())
    if missing:
        told.append(
            Said(
                "steps_missing",
                N_("{n} steps of {h:g} h are missing in {path}; nothing is put in their place"),
                {"n": missing, "h": step_h, "path": where},
            )
        )
    if twice:
        told.append(
            Said(
                "steps_twice",
                N_("{n} times stand twice in {path}, as where clocks go back; both are kept"),
                {"n": twice, "path": where},
            )
        )
    if step_h != 1.0:
        told.append(
            Said("step_length", N_("steps of {h:g} h, counted by their length"), {"h": step_h})
        )
    year, month, hour = _calendar(when)
    made = HourlyDemand(areas, year, month, demand, step_h, hour)
    for one, share in made.share_of_year.items():
        if share < 1:
            told.append(
                Said(
                    "part_of_year",
                    N_(
                        "{year} is no whole year: {share:.1f} % of its hours, which weigh as that part"
                    ),
                    {"year": one, "share": 100 * share},
                )
            )
    return HourlyDemand(areas, year, month, demand, step_h, hour, tuple(told), when, zoned)


def _calendar(when: NDArray[np.datetime64]) -> tuple[IntArray, IntArray, IntArray]:
    """Year, month and hour of the day."""
    month = when.astype("datetime64[M]").astype(np.int64)
    hour = when.astype("datetime64[h]").astype(np.int64) % 24
    return month // 12 + 1970, month % 12 + 1, hour


def area_by_name(name: str) -> str | None:
    """Code of a balancing area by a name people use, None where it is none.

    Examples
    --------
    >>> area_by_name("ERCOT"), area_by_name("PJM"), area_by_name("demand.csv")
    ('ERCO', 'PJM', None)
    """
    return AREAS.get(name.strip().lower())


def demand_of_area(
    code: str, first_year: int | None = None, last_year: int | None = None
) -> HourlyDemand:
    """Demand of a US balancing area from the cleaned Form EIA-930 files that were fetched.

    2016 to 2019 from one release, 2020 to 2024 from the other, there as the sum of its parts where the area is
    given in parts. Nothing is fetched here.

    Raises
    ------
    DataError
        The files were not fetched, or not all parts of the area.
    """
    from taotie.files.fetch import local_path
    from taotie.files.registry import dataset

    old = [
        f.path
        for f in dataset(DATASET).files
        if f.path.endswith(f"/balancing_authorities/{code}.csv")
    ]
    new = [
        f.path
        for f in dataset(DATASET).files
        if "2025_Jan" in f.path
        and re.fullmatch(rf"{code}(-[A-Z]+)?\.csv", f.path.rpartition("/")[2])
    ]
    whens, totals = [], []
    absent = 0
    for paths, years in ((old, (2016, 2019)), (new, (2020, 2024))):
        if first_year is not None and first_year > years[1]:
            continue
        if last_year is not None and last_year < years[0]:
            continue
        places = [local_path(DATASET, path) for path in paths]
        if not places or any(p is None for p in places):
            absent += sum(p is None for p in places)
            continue
        when, total = _cleaned([p for p in places if p is not None])
        year = when.astype("datetime64[Y]").astype(np.int64) + 1970
        keep = (year >= max(years[0], first_year or 0)) & (year <= min(years[1], last_year or 9999))
        whens.append(when[keep])
        totals.append(total[keep])
    if not whens and not absent:
        raise RangeError(
            _("no hourly demand of {area} is held for {first} to {last}; 2016 to 2024 is.").format(
                area=code, first=first_year or 2016, last=last_year or 2024
            ),
            "--first-year 2016 --last-year 2024",
        )
    if not whens:
        raise DataError(
            _("hourly demand of {area} is not on this machine: {n} files are missing.").format(
                area=code, n=absent
            ),
            _("run: taotie data fetch {dataset}; or give a file of your own.").format(
                dataset=DATASET
            ),
        )
    made = _series((code,), np.concatenate(whens), np.concatenate(totals)[:, None], code)
    source = Said(
        "demand_source",
        N_("hourly demand of {area}: Form EIA-930, cleaned (Ruggles et al., doi 10.5281/zenodo.3517196, CC BY 4.0), {first} to {last}"),
        {"area": code, "first": int(made.year.min()), "last": int(made.year.max())},
    )  # fmt: skip
    return HourlyDemand(
        made.areas,
        made.year,
        made.month,
        made.demand_mw,
        made.step_h,
        made.hour,
        (source, *made.told),
        made.when,
        made.zoned,
    )


def _cleaned(places: list[Path]) -> tuple[NDArray[np.datetime64], FloatArray]:
    total: FloatArray | None = None
    first: NDArray[np.datetime64] | None = None
    for place in places:
        names, columns = _csv(place, [])
        when = columns[0].astype("datetime64[s]")
        at = next((i for i, n in enumerate(names) if n.startswith("cleaned demand")), -1)
        if at < 0 or (first is not None and not np.array_equal(first, when)):
            raise DataError(
                _("{path} does not fit to the other parts of its area.").format(path=place.name)
            )
        first = when
        total = columns[at].astype(float) if total is None else total + columns[at].astype(float)
    if total is None or first is None or not np.isfinite(total).all():
        raise DataError(_("the demand of the area has gaps."))
    return first, total


def _parquet(path: Path, zones: list[Zone]) -> tuple[list[str], list[NDArray[np.generic]]]:
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("duckdb", "data") from None
    regular_file(path, None)
    try:
        with duckdb.connect() as connection:
            connection.execute("set enable_progress_bar = false")
            connection.execute("set timezone = 'UTC'")
            found = connection.execute("select * from read_parquet(?)", [str(path)])
            kinds = [str(column[1]) for column in found.description or ()]
            table = found.fetchnumpy()
    except duckdb.Error as error:
        raise DataError(
            _("{path} cannot be read as Parquet: {reason}.").format(path=path, reason=reason(error))
        ) from error
    columns: list[NDArray[np.generic]] = []
    for values, kind in zip(table.values(), kinds, strict=True):
        if values.dtype.kind in "iuf":
            columns.append(np.ma.filled(values.astype(float), np.nan))
        elif values.dtype.kind in "OUS":
            columns.append(_column([str(v) for v in values], zones))
        else:
            if np.issubdtype(values.dtype, np.datetime64):
                zones.append(Zone("ZONE" in kind.upper()))
            columns.append(np.asarray(values))
    return list(table), columns


def _column(texts: list[str], zones: list[Zone]) -> NDArray[np.generic]:
    """Times in UTC where the texts name a zone, what is known of it added to `zones`, as they stand where they do not; else the texts."""
    made = time_stamps(texts)
    if made is None:
        return np.array(texts)
    zones.append(Zone(made.zoned, made.offset_h))
    return made.time


def _csv(path: Path, zones: list[Zone]) -> tuple[list[str], list[NDArray[np.generic]]]:
    rows = table_rows(read_text(path), path)
    if len(rows) < 2 or len({len(r) for r in rows}) != 1:
        raise DataError(
            _("{path} is not a table: rows of different length, or none.").format(path=path)
        )
    columns: list[NDArray[np.generic]] = []
    for i in range(len(rows[0])):
        texts = [r[i] for r in rows[1:]]
        try:
            columns.append(np.array([float(t) if t else np.nan for t in texts]))
        except ValueError:
            columns.append(_column(texts, zones))
    return rows[0], columns
