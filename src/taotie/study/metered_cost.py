"""What did metered energy cost the grid? Hour by hour: carbon average and marginal [g], water [L], price.

Never a year's mean times a sum: each hour's energy meets that hour's factor. An hour without a factor stays without
one, and the share of the energy that was covered is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import MeterError
from taotie.facility.pue import checked_pue
from taotie.files.read import csv_rows, of_others, read_text
from taotie.metering.when import stamp_ns
from taotie.metering.window import HOUR_NS
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said

__all__ = ["FACTORS", "HourCost", "HourFactors", "hour_cost", "read_hour_factors", "region_factors"]

Floats = NDArray[np.float64]

FACTORS: Mapping[str, tuple[str, ...]] = {
    "average": ("average_g_per_kwh", "average", "carbon_intensity", "carbon_intensity_g_per_kwh", "carbon intensity gco2eq/kwh (direct)", "carbon intensity gco₂eq/kwh (life cycle)", "intensity", "carbon_average_g_per_kwh", "average_intensity_g_per_kwh", "co2_g_per_kwh", "co2e_g_per_kwh"),
    "marginal": ("marginal_g_per_kwh", "marginal", "moer_g_per_kwh", "marginal_carbon_intensity", "carbon_marginal_g_per_kwh", "marginal_intensity_g_per_kwh"),
    "pue": ("pue",),
    "price": ("price_per_kwh", "price", "price_usd_per_kwh", "price_eur_per_kwh", "lmp_per_kwh"),
    "wue": ("wue", "wue_l_per_kwh"),
    "water": ("water_l_per_kwh", "ewif", "grid_water_l_per_kwh"),
}  # fmt: skip
_TIMES = ("time", "timestamp", "datetime", "hour", "start", "datetime (utc)", "time_utc")


@dataclass(frozen=True, eq=False)
class HourFactors:
    """Factors by hour; NaN where there is none.

    Attributes
    ----------
    start_ns : ndarray of int64, shape (n_hour,)
        Begin of each hour, UTC. [ns]
    values : mapping of str to ndarray, shape (n_hour,)
        Keys of `FACTORS`. [g/kWh, 1, price/kWh, L/kWh]
    flat : tuple of str
        Factors that are one number for all hours.
    """

    start_ns: NDArray[np.int64]
    values: Mapping[str, Floats]
    flat: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()
    sources: tuple[str, ...] = ()
    low_high: Mapping[str, tuple[float, float]] = field(default_factory=dict)


class HourCost(NamedTuple):
    """Sums over hours; None where no hour has the factor. `covered` is the share of energy behind each."""

    facility_kwh: float | None
    carbon_average_g: float | None
    carbon_marginal_g: float | None
    water_l: float | None
    price: float | None
    covered: Mapping[str, float]


def hour_cost(
    it_kwh: ArrayLike,
    pue: ArrayLike,
    average: ArrayLike,
    marginal: ArrayLike,
    price: ArrayLike,
    wue: ArrayLike,
    water: ArrayLike | None = None,
) -> HourCost:
    """Carbon, water and price of IT energy, hour by hour.

    Parameters
    ----------
    it_kwh : array_like, shape (n_hour,)
        At the servers' plugs. [kWh]
    pue, average, marginal, price, wue : array_like, shape (n_hour,)
        NaN where there is none. [1, g/kWh, g/kWh, price/kWh, L per kWh of IT]
    water : array_like, shape (n_hour,), optional
        Of generation. [L per kWh at the meter]

    Returns
    -------
    cost : HourCost

    Raises
    ------
    RangeError
        If a PUE is below 1.

    Examples
    --------
    >>> made = hour_cost([2, 3, 1], [1.2] * 3, [400, 200, 600], [500, 700, 450], [0.10, 0.05, 0.20], [0.3] * 3)
    >>> [round(v, 6) for v in (made.carbon_average_g, made.carbon_marginal_g, made.price, made.water_l)]
    [2400.0, 4260.0, 0.66, 1.8]
    """
    energy = np.asarray(it_kwh, float)
    ratio = np.broadcast_to(np.asarray(pue, float), energy.shape)
    known = np.isfinite(ratio)
    if known.any():
        checked_pue(ratio[known])
    facility = energy * ratio
    covered: dict[str, float] = {}
    total = float(energy.sum())

    def over(name: str, weight: Floats, factor: ArrayLike | None) -> float | None:
        if factor is None:
            return None
        f = np.broadcast_to(np.asarray(factor, float), energy.shape)
        there = np.isfinite(f) & np.isfinite(weight)
        covered[name] = float(energy[there].sum()) / total if total > 0 else 0.0
        if not there.any():
            return None
        return float((weight[there] * f[there]).sum())

    site = over("wue", energy, wue)
    source = over("water", facility, water) if water is not None else None
    parts = [v for v in (site, source) if v is not None]
    whole = over("pue", energy, ratio)
    return HourCost(
        whole,
        over("average", facility, average),
        over("marginal", facility, marginal),
        sum(parts) if parts else None,
        over("price", facility, price),
        covered,
    )


@of_others(MeterError)
def read_hour_factors(path: Path | str) -> HourFactors:
    """Factors by hour from a CSV: a column of time and any of those in `FACTORS`.

    Raises
    ------
    MeterError
        If there is no time or no factor, or a cell is no number.
    """
    place = Path(path)
    rows = list(csv_rows(read_text(place, kind=MeterError), place, MeterError))
    if not rows:
        raise MeterError(_("{where}: no row.").format(where=place.name))
    names = [n.strip().lower() for n in rows[0]]
    time_at = next((i for i, n in enumerate(names) if n in _TIMES), None)
    found = {k: i for k, known in FACTORS.items() for i, n in enumerate(names) if n in known}
    if time_at is None or not found:
        raise MeterError(
            _("{where}: no column of time with one of a factor.").format(where=place.name),
            "time, " + ", ".join(known[0] for known in FACTORS.values()),
        )
    said = []
    used = {time_at, *found.values()}
    for key, known in FACTORS.items():
        twice = [names[i] for i in range(len(names)) if names[i] in known]
        if len(twice) > 1:
            raise MeterError(
                _("{where}: {columns} both hold {factor}.").format(
                    where=place.name, columns=listing(twice), factor=key
                ),
                _("leave one of them out"),
            )
    unused = [rows[0][i].strip() for i in range(len(names)) if i not in used and names[i]]
    if unused:
        said.append(
            Said(
                "factors_unused",
                N_("{where}: the columns {names} are no known factors and were not used."),
                {"where": place.name, "names": ", ".join(unused[:8])},
            )
        )
    unzoned, short = False, 0
    times: list[int] = []
    values: dict[str, list[float]] = {k: [] for k in found}
    for n, row in enumerate(rows[1:], start=2):
        if not row or len(row) <= max(time_at, *found.values()):
            short += 1 if "".join(row).strip() else 0
            continue
        t, zoned = stamp_ns(row[time_at], f"{place.name}, line {n}")
        unzoned |= not zoned
        times.append(t // HOUR_NS * HOUR_NS)
        for key, i in found.items():
            cell = row[i].strip()
            try:
                values[key].append(float(cell) if cell else float("nan"))
            except ValueError:
                raise MeterError(
                    _("{where}: {key}={value} is no number.").format(
                        where=f"{place.name}, line {n}", key=names[i], value=repr(cell[:40])
                    )
                ) from None
    if not times:
        raise MeterError(_("{where}: no row.").format(where=place.name))
    if short:
        said.append(
            Said(
                "factor_rows_short",
                N_("{where}: {n} rows are too short and were left out."),
                {"where": place.name, "n": short},
            )
        )
    if unzoned:
        said.append(
            Said(
                "no_time_zone",
                N_("{where}: stamps without a time zone were read as UTC."),
                {"where": place.name},
            )
        )
    t_all = np.array(times, np.int64)
    hours = np.unique(t_all)
    if len(hours) < len(t_all):  # finer than an hour: the mean of the hour
        at = np.searchsorted(hours, t_all)
        mean = {}
        for key, cells in values.items():
            column = np.array(cells)
            there = np.isfinite(column)
            count = np.bincount(at[there], minlength=len(hours))
            with np.errstate(invalid="ignore", divide="ignore"):
                mean[key] = np.bincount(at[there], column[there], len(hours)) / np.where(
                    count, count, np.nan
                )
        return HourFactors(hours, mean, (), tuple(said), (place.name,))
    order = np.argsort(t_all)
    return HourFactors(
        t_all[order],
        {k: np.array(v)[order] for k, v in values.items()},
        (),
        tuple(said),
        (place.name,),
    )


def region_factors(region: str, hours_ns: Sequence[int]) -> HourFactors:
    """A region's yearly intensity for every hour: marked as flat, since an hour may differ by half.

    Raises
    ------
    UnknownNameError
        If the region is not in the table.
    """
    from taotie.grid.emissions import intensity

    found = intensity(region)
    start = np.asarray(hours_ns, np.int64)
    values = {"average": np.full(len(start), found.average.p50)}
    flat = ["average"]
    if found.marginal is not None:
        values["marginal"] = np.full(len(start), found.marginal.p50)
        flat.append("marginal")
    said = Said(
        "yearly_mean_for_every_hour",
        N_(
            "Carbon of {region} is a yearly mean for every hour: true hours may be half or twice as much. Give --factors with hours."
        ),
        {"region": found.name},
    )
    return HourFactors(start, values, tuple(flat), (said,), (region,))


def factors_at(
    factors: HourFactors, hours_ns: Sequence[int], **fixed: float | None
) -> dict[str, Any]:
    """Factors for given hours; NaN where there is none. A fixed value fills every hour."""
    hours = np.asarray(hours_ns, np.int64) // HOUR_NS * HOUR_NS
    at = np.searchsorted(factors.start_ns, hours)
    at = np.clip(at, 0, max(len(factors.start_ns) - 1, 0))
    hit = factors.start_ns[at] == hours if len(factors.start_ns) else np.zeros(len(hours), bool)
    found: dict[str, Any] = {}
    for key in FACTORS:
        if fixed.get(key) is not None:
            found[key] = np.full(len(hours), float(fixed[key] or 0.0))
        elif key in factors.values:
            found[key] = np.where(hit, factors.values[key][at], np.nan)
        else:
            found[key] = np.full(len(hours), np.nan)
    return found
