"""What demand do EIA's own hourly files hold? The six-month files of Form EIA-930, as the publisher hands them out. [MW]

Files such as EIA930_BALANCE_2024_Jan_Jun.csv: one row for each balancing area and hour, times at the end of the
hour in UTC as 1/1/2024 7:00:00 AM, numbers with commas at the thousands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taotie.errors import DataError
from taotie.files.read import csv_rows, open_binary, read_text
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["eia_930_demand", "eia_930_files"]

FloatArray = NDArray[np.float64]
AREA, END = "balancing authority", "utc time at end of hour"
# What the agency mended stands before what was reported.
DEMAND = ("demand (mw) (adjusted)", "demand (mw)")
_STAMP = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP]M)", re.IGNORECASE)


def eia_930_files(path: Path) -> list[Path]:
    """The six-month files at a path, which is one of them or a folder of them; none where it is something else."""
    found = sorted(path.glob("EIA930_BALANCE_*.csv")) if path.is_dir() else [path]
    return [one for one in found if one.suffix.lower() == ".csv" and _is_one(one)]


def _is_one(path: Path) -> bool:
    with open_binary(path, kind=DataError) as file:
        first = file.readline(20_000).decode("utf-8-sig", "replace").lower()
    return AREA in first and END in first


def _start(text: str, path: Path, row: int) -> np.datetime64:
    """Start of the hour that ends at a time of the file."""
    match = _STAMP.fullmatch(text.strip())
    if match is None:
        raise DataError(
            _("{path}, row {row}: {text} is no time as in 1/31/2024 7:00:00 AM.").format(
                path=path.name, row=row, text=repr(text)
            )
        )
    month, day, year, hour, minute, second = (int(part) for part in match.groups()[:6])
    noon = match[7].upper() == "PM"
    try:
        end = datetime(year, month, day, hour % 12 + 12 * noon, minute, second)
    except ValueError as error:
        raise DataError(
            _("{path}, row {row}: {text} is no time as in 1/31/2024 7:00:00 AM.").format(
                path=path.name, row=row, text=repr(text)
            )
        ) from error
    return np.datetime64(end, "s") - np.timedelta64(3600, "s")


def eia_930_demand(
    paths: Sequence[Path], wanted: Sequence[str] = ()
) -> tuple[tuple[str, ...], NDArray[np.datetime64], FloatArray, list[Said]]:
    """Demand of the areas of some files, over the hours that all of them have.

    Parameters
    ----------
    paths : sequence of Path
        Six-month files of Form EIA-930, `BALANCE`.
    wanted : sequence of str
        Codes of the areas wanted, such as ERCO; all that have demand in every hour by default.

    Returns
    -------
    areas : tuple of str
    when : ndarray of datetime64, shape (n_hour,)
        Start of each hour, UTC.
    demand_mw : ndarray, shape (n_hour, n_area)
    told : list of Said
        Areas left out, hours left out, and which column was read.

    Raises
    ------
    DataError
        A file without the columns, a time or number that is none, an area that is not there or has no demand.
    """
    series: dict[str, dict[np.datetime64, float]] = {}
    used: set[str] = set()
    for path in paths:
        rows = iter(csv_rows(read_text(path), path))
        header = [name.strip().lower() for name in next(rows)]
        column = next((name for name in DEMAND if name in header), None)
        if column is None:
            raise DataError(
                _("{path} has no column of demand, {names}.").format(
                    path=path.name, names=" / ".join(DEMAND)
                ),
                _(
                    "give the BALANCE files of Form EIA-930, not those of interchange or subregions."
                ),
            )
        used.add(column)
        at_area, at_end, at = header.index(AREA), header.index(END), header.index(column)
        for n, row in enumerate(rows, 2):
            if len(row) <= max(at_area, at_end, at):
                raise DataError(
                    _("{path}, row {row} is cut off.").format(path=path.name, row=n),
                    _("fetch the file again."),
                )
            area, text = row[at_area].strip(), row[at].strip().replace(",", "")
            if wanted and area not in wanted:
                continue
            hours = series.setdefault(area, {})
            try:
                mw = float(text) if text else np.nan
            except ValueError as error:
                raise DataError(
                    _("{path}, row {row}: demand {text} is no number.").format(
                        path=path.name, row=n, text=repr(row[at])
                    )
                ) from error
            hours[_start(row[at_end], path, n)] = mw
    missing = sorted(set(wanted) - set(series))
    if missing or not series:
        raise DataError(
            _("{paths} hold no area {name}.").format(
                paths=", ".join(p.name for p in paths), name=", ".join(missing)
            ),
            _("areas go by their code there, such as ERCO, PJM, MISO, CISO."),
        )
    return _together(series, bool(wanted), sorted(used))


def _together(
    series: dict[str, dict[np.datetime64, float]], all_kept: bool, used: list[str]
) -> tuple[tuple[str, ...], NDArray[np.datetime64], FloatArray, list[Said]]:
    """One table over the same hours; areas with gaps are left out unless they were asked for by name."""
    times = sorted(set().union(*series.values()))
    table = np.array([[hours.get(t, np.nan) for t in times] for hours in series.values()]).T
    names = np.array(list(series))
    good = np.isfinite(table) & (table >= 0)
    told = [
        Said(
            "eia_930",
            N_("Form EIA-930 as the agency hands it out, column {columns}, hours in UTC"),
            {"columns": ", ".join(used)},
        )
    ]
    if not all_kept and not good.all(axis=0).all():
        whole = good.all(axis=0)
        left = names[~whole]
        told.append(
            Said(
                "areas_with_gaps",
                N_("{n} areas without demand in some hour are left out: {names}; name one with --area to take the hours it has"),
                {"n": len(left), "names": ", ".join(left[:12])},
            )
        )  # fmt: skip
        names, table, good = names[whole], table[:, whole], good[:, whole]
    hours = good.all(axis=1)
    if not names.size or not hours.any():
        raise DataError(_("no area of these files has demand in every hour."), "--area ERCO")
    if not hours.all():
        told.append(
            Said(
                "hours_without_demand",
                N_("{n} hours without demand of {names} are left out; nothing is put in their place"),
                {"n": int((~hours).sum()), "names": ", ".join(names[~good.all(axis=0)][:12])},
            )
        )  # fmt: skip
    kept = np.array(times, "datetime64[s]")[hours]
    return tuple(str(name) for name in names), kept, table[hours], told
