"""How much new load fits a region if it steps back a few hours a year? The ask behind `taotie grid headroom`. [MW]"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.errors import RangeError
from taotie.grid.area_clock import clocks_said
from taotie.grid.headroom import (
    HEADROOM_LIMITS,
    LIMITS,
    AreaHeadroom,
    HourlyDemand,
    accelerators_that_fit,
    area_by_name,
    area_headroom,
    demand_of_area,
    headroom_range_mw,
    read_hourly_demand,
    together,
)
from taotie.grid.place import place as place_of
from taotie.words.language import N_, _
from taotie.words.said import Said, as_given, joined

__all__ = ["HeadroomDetail", "headroom"]

NAMED = 5
"""Columns named one by one."""


@dataclass(frozen=True)
class HeadroomDetail:
    """What pictures of a headroom are drawn from."""

    every: tuple[AreaHeadroom, ...]
    ranges: dict[tuple[str, int], tuple[float, float]]
    power_w: float
    pue: float


@answers_with("headroom")
def headroom(
    demand: str | Path | HourlyDemand,
    areas: Sequence[str] = (),
    *,
    limits: Sequence[float] | None = None,
    first_year: int | None = None,
    last_year: int | None = None,
    draws: int = 0,
    seed: int = 0,
    power_w: float = 1050.0,
    pue: float = 1.2,
    place: str | None = None,
) -> Answer:
    """New constant load of regions, by the share of its energy that may be cut.

    Parameters
    ----------
    demand : str, path or HourlyDemand
        A CSV or Parquet file, or a US balancing area by name: ERCOT, PJM, MISO ...
    areas : sequence of str
        Only these.
    limits : sequence of float
        Shares of energy that may be cut; default 0.25, 0.5, 1 and 5 %. [1]
    first_year, last_year : int, optional
    draws, seed : int
        Years to sample for a range; 0 for none.
    power_w : float
        One accelerator with its host. [W]
    pue : float
    place : str, optional
        Where the areas lie: whose clock months and hours of the day are of. By default an area's name says it, or the
        file's own zone.

    Raises
    ------
    TaotieError
        In one sentence, for what cannot be.
    """
    limits = LIMITS if limits is None else tuple(limits)
    for share in limits:
        if not 0 <= share < 1:
            raise RangeError(
                _("limit={value} is outside 0 to 1.").format(value=share),
                _("0.5 % is written 0.005."),
            )
    series = _series(demand, first_year, last_year, areas)
    chosen = tuple(_area(series, one) for one in areas) or series.areas
    where = place_of(place) if place else None
    every = tuple(area_headroom(series, one, tuple(limits), where=where) for one in chosen)
    rows: list[dict[str, Any]] = []
    ranges: dict[tuple[str, int], tuple[float, float]] = {}
    for one, found in zip(chosen, every, strict=True):
        for i, share in enumerate(limits):
            hours = found.hours[i]
            row: dict[str, Any] = {
                "area": one,
                "limit": share,
                "mw": round(float(found.load_mw[i]), 3),
                "hours_per_year": round(hours.hours_per_year, 3),
                "mean_event_h": round(hours.mean_event_h, 3),
                "longest_h": round(hours.longest_h, 3),
                "hours_by_month": [round(float(h), 3) for h in found.by_month[i]],
                "hours_by_hour_of_day": [round(float(h), 3) for h in found.by_hour[i]],
                "accelerators": int(accelerators_that_fit(found.load_mw[i], power_w, pue)),
            }
            if draws:
                rng = np.random.default_rng([seed, i])
                p05, p95 = np.percentile(
                    headroom_range_mw(series, one, share, rng, draws, where=where), [5, 95]
                )
                row |= {"p05_mw": round(float(p05), 3), "p95_mw": round(float(p95), 3)}
                ranges[one, i] = (float(p05), float(p95))
            rows.append(row)
    total, _peak = together(every)
    return Answer(
        "headroom",
        {
            "demand": str(demand) if not isinstance(demand, HourlyDemand) else "given",
            "areas": list(chosen), "limits": list(limits), "first_year": first_year,
            "last_year": last_year, "draws": draws, "seed": seed, "power_w": power_w, "pue": pue,
            "place": place,
        },
        tables={"areas": _table(every, tuple(limits), total, power_w, pue)},
        said=(*series.told, *_unit_taken(series), *clocks_said(series, chosen, where), *(_when_said(one, tuple(limits)) for one in every[:5])),
        limits=tuple(Said(f"headroom_{i}", text) for i, text in enumerate(HEADROOM_LIMITS)),
        own={
            "areas": rows,
            "total_mw": [
                {"limit": share, "mw": round(float(t), 3)}
                for share, t in zip(limits, total, strict=True)
            ],
            "years": {str(y): round(s, 4) for y, s in series.share_of_year.items()},
            "step_h": series.step_h,
        },
        detail=HeadroomDetail(every, ranges, power_w, pue),
    )  # fmt: skip


def _area(series: HourlyDemand, name: str) -> str:
    """The area as the file has it, where a name people use was given."""
    code = area_by_name(name)
    return code if code is not None and code in series.areas and name not in series.areas else name


def _unit_taken(series: HourlyDemand) -> tuple[Said, ...]:
    """Columns whose name says no unit, which were taken to be in MW."""
    names = series.without_unit
    if not names:
        return ()
    if len(names) > NAMED:
        return (
            Said("unit_taken", N_("{n} columns name no unit: they are taken to be in MW"), {"n": len(names)}),
        )  # fmt: skip
    return (
        Said(
            "unit_taken",
            N_("columns that name no unit are taken to be in MW: {names}"),
            {"names": joined([as_given("column", name) for name in names])},
        ),
    )


def _series(
    demand: Any, first_year: int | None, last_year: int | None, areas: Sequence[str]
) -> HourlyDemand:
    if isinstance(demand, HourlyDemand):
        return demand
    path = Path(demand)
    code = area_by_name(str(demand))
    if code is not None and not path.is_file():
        return demand_of_area(code, first_year, last_year)
    wanted = [area_by_name(one) or one for one in areas]
    return read_hourly_demand(path, first_year, last_year, wanted)


def _when_said(found: AreaHeadroom, limits: tuple[float, ...]) -> Said:
    """How many hours, when, how long: at the limit nearest to half a per cent."""
    i = int(np.argmin([abs(limit - 0.005) for limit in limits]))
    hours, months = found.hours[i], found.by_month[i]
    if not hours.hours_per_year:
        return Said(
            "never_cut",
            N_("{area}: no hour is cut at {limit:g} %"),
            {"area": found.area, "limit": 100 * limits[i]},
        )
    worst = np.argsort(-months, kind="stable")[:2] + 1
    return Said(
        "when_cut",
        N_("{area} at {limit:g} %: cut in {hours:.0f} h a year, most in months {a} and {b}; runs of {mean:.1f} h in the mean, {longest:.0f} h at most"),
        {
            "area": found.area, "limit": 100 * limits[i], "hours": hours.hours_per_year, "a": int(worst[0]),
            "b": int(worst[1]), "mean": hours.mean_event_h, "longest": hours.longest_h,
        },
    )  # fmt: skip


def _table(
    every: Sequence[AreaHeadroom], limits: tuple[float, ...], total: Any, power_w: float, pue: float
) -> Table:
    columns = [Column("area", "", N_("area"))]
    columns += [
        Column(f"mw_at_{100 * share:g}_percent", "MW", f"{100 * share:g} %") for share in limits
    ]
    columns += [
        Column("hours_per_year", "h/a", N_("hours cut")), Column("accelerators", "", N_("accelerators")),
    ]  # fmt: skip
    rows: list[tuple[Any, ...]] = [
        (
            one.area,
            *(round(float(mw), 1) for mw in one.load_mw),
            round(one.hours[-1].hours_per_year, 1),
            int(accelerators_that_fit(one.load_mw[-1], power_w, pue)),
        )
        for one in every
    ]
    return Table(
        tuple(columns),
        tuple(rows),
        N_("MW of constant load by share of its energy that may be cut"),
    )
