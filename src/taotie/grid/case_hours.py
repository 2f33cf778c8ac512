"""Which hours does a case have? Load, availability of each unit and its fuel, by hour. In MW.

From the scenarios shipped with a synthetic case, the year of RTS-GMLC, or a CSV of one's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taotie.errors import DataError, RangeError
from taotie.files.fetch import local_path
from taotie.files.read import of_others, read_text, table_rows
from taotie.files.registry import dataset
from taotie.grid.capacity.by_hour import hourly_area_load_mw
from taotie.grid.case.case import Case
from taotie.grid.dispatch.rts_gmlc_year import FILES, rts_gmlc_year
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["CaseHours", "case_hours", "hours_of", "span_of"]

FloatArray = NDArray[np.float64]
RTS = "rts-gmlc"


@dataclass(frozen=True)
class CaseHours:
    """Some hours of a case.

    Parameters
    ----------
    case : Case
        With the fuel of each unit, where somebody names it.
    load_mw : ndarray, shape (n_hour, n_bus)
        [MW]
    available_mw : ndarray, shape (n_hour, n_gen), or None
        Most each unit can give; None where nobody says so: Pmax. [MW]
    factor_t_per_mwh : ndarray, shape (n_gen,), or None
        CO2 at the stack where the publisher states it. [t/MWh]
    first_hour : int
        Number of the first hour, from 0.
    said : tuple of Said
    """

    case: Case
    load_mw: FloatArray
    available_mw: FloatArray | None
    factor_t_per_mwh: FloatArray | None
    first_hour: int
    said: tuple[Said, ...]


def span_of(text: str) -> slice:
    """Hours from a text such as 0:168, the first counted and the last not.

    Examples
    --------
    >>> span_of("24:48")
    slice(24, 48, None)
    """
    first, sign, last = text.partition(":")
    if not sign or not first.isdecimal() or not last.isdecimal() or int(first) >= int(last):
        raise RangeError(
            _("{text} is no run of hours.").format(text=repr(text)),
            _("0:168 is the first week, 168:336 the second."),
        )
    return slice(int(first), int(last))


@of_others(DataError)
def hours_of(case: Case, text: str) -> np.ndarray:
    """Load of every bus by hour: the case's own scenarios, or a CSV with a column a bus number. [MW]

    Raises
    ------
    DataError
        A file that is not there, or whose columns are not the buses of the case.
    """
    if text in ("", "year"):
        return np.asarray(hourly_area_load_mw(case))
    path = Path(text)
    if not path.exists():
        raise DataError(
            _("{path} is not there.").format(path=path),
            _("wanted: year (the scenarios shipped with the case), or a CSV."),
        )
    lines = [row for row in table_rows(read_text(path), path) if row]
    try:
        head = [int(cell) for cell in lines[0]]
        values = np.array(lines[1:], dtype=float).reshape(-1, len(head))
        if not np.isfinite(values).all() or len(values) * len(head) != sum(map(len, lines[1:])):
            raise ValueError
    except (ValueError, IndexError):
        raise DataError(
            _("{path}: a first row of bus numbers and one row of MW an hour are needed.").format(
                path=path.name
            )
        ) from None
    rows = case.rows_of_bus(head)
    missing = np.setdiff1d(np.flatnonzero(case.load_mw != 0), rows)
    if missing.size or len(set(head)) != len(head):
        raise DataError(
            _(
                "{path} lacks {n} buses that have a load, or names one twice; bus {bus} for one."
            ).format(
                path=path.name,
                n=missing.size,
                bus=int(case.bus_number[missing[0]]) if missing.size else head[0],
            )
        )
    load = np.zeros((len(values), case.n_bus))
    load[:, rows] = values
    return load


def _rts_folder() -> Path:
    for path in FILES:
        if local_path(RTS, path) is None:
            raise DataError(
                _("the year of RTS-GMLC is not on this machine: {path} is missing.").format(
                    path=path
                ),
                _("taotie data fetch {dataset}").format(dataset=RTS),
            )
    found = local_path(RTS, FILES[0])
    assert found is not None
    return found.parents[len(Path(FILES[0]).parts) - 1]


def case_hours(case: Case, hours: str, part: slice = slice(None)) -> CaseHours:
    """The hours asked for.

    Parameters
    ----------
    case : Case
    hours : str
        `year`: of RTS_GMLC from its publisher's files, else the scenarios of the case; or the path of a CSV with one
        row an hour and one column a bus number.
    part : slice
        Which of them, from 0.

    Raises
    ------
    CaseError
        The case has no scenarios.
    DataError
        A file is missing, or holds other columns.
    RangeError
        None of the hours lies in `part`.

    Examples
    --------
    >>> from taotie.grid.case.case import read_case
    >>> made = case_hours(read_case("ACTIVSg200"), "year", slice(0, 24))
    >>> made.load_mw.shape, made.available_mw is None
    ((24, 200), True)
    """
    first = part.start or 0
    if hours == "year" and case.name.upper().endswith("RTS_GMLC"):
        year = rts_gmlc_year(_rts_folder(), part)
        told = Said(
            "rts_year",
            N_("load, wind, sun and water of {source}"),
            {"source": dataset(RTS).citation},
        )
        named = replace(year.case, gen_fuel=tuple(one.lower() for one in year.fuel))
        made = CaseHours(named, year.load_mw, year.available_mw, year.factor_t_per_mwh, first, (told,))  # fmt: skip
    else:
        whole = Said(
            "whole_output",
            N_("no availability by hour is at hand: every unit can give its rated power in every hour, wind and sun too"),
        )  # fmt: skip
        made = CaseHours(case, hours_of(case, hours)[part], None, None, first, (whole,))
    if not len(made.load_mw):
        raise RangeError(
            _("{span} holds no hour of these.").format(span=f"{first}:{part.stop}"),
            _("hours are counted from 0; 0:24 is the first day."),
        )
    return made
