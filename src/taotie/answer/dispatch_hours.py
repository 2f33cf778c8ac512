"""What does each hour cost, and what does it emit, before and after a new load? Behind `taotie grid dispatch --hours`.

Cost in USD/h, price in USD/MWh, intensity in gCO2e/kWh. Hours are independent: no storage, ramps or start-up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.dispatch_together import Together, storage_table
from taotie.errors import CaseError
from taotie.grid.case.case import Case
from taotie.grid.case_hours import CaseHours, case_hours, span_of
from taotie.grid.dispatch.by_hour import (
    HourlyDispatch,
    hourly_dispatch,
    least_carbon,
    marginal_g_per_kwh,
)
from taotie.grid.dispatch.effects import unit_factors_t_per_mwh
from taotie.grid.dispatch.together import HoursTogether
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["dispatch_by_hour"]

FloatArray = NDArray[np.float64]
STATES = {"before": Said("before", N_("before")), "after": Said("after", N_("after"))}
ALONE = Together()
LIMITS = (
    Said("commitment", N_("units in service as in the case: none is switched on or off")),
    Said("dc", N_("DC, active power only: no voltage, losses or reactive power")),
    Said("above_minimum", N_("cost is that of output above each unit's minimum")),
    Said("hours_apart", N_("each hour by itself: no ramps, storage or start-up")),
)


def _factors(found: CaseHours) -> FloatArray | None:
    """Of each unit: what the publisher states, or by its fuel; None where the case names no fuels. [t/MWh]"""
    if found.factor_t_per_mwh is not None:
        return found.factor_t_per_mwh
    try:
        return unit_factors_t_per_mwh(found.case)
    except CaseError:
        return None


def dispatch_by_hour(
    case: Case,
    hours: str,
    span: str,
    row: int | None,
    load_mw: float,
    value_of_lost_load: float,
    units_down: bool,
    together: Together = ALONE,
) -> Answer:
    """Dispatch of every hour, before and after a new load at a bus that is on all the time.

    Raises
    ------
    TaotieError
        If there are no hours, or not one of them has a dispatch.
    """
    found = case_hours(case, hours, span_of(span) if span else slice(None))
    case, load, available, first = found.case, found.load_mw, found.available_mw, found.first_hour
    said, factors = list(found.said), _factors(found)
    options: dict[str, Any] = {
        "value_of_lost_load": value_of_lost_load,
        "keep_minimum": not units_down,
        "prefer_usd_per_mwh": None if factors is None else least_carbon(factors),
    }
    loads = {"before": load}
    if row is not None:
        loads["after"] = load.copy()
        loads["after"][:, row] += load_mw
    made: dict[str, HourlyDispatch] = {}
    courses: dict[str, HoursTogether] = {}
    if together.asked:
        more, assumed = together.options(case)
        said += assumed
        for state, mw in loads.items():
            made[state], courses[state] = together.solved(case, mw, available, options | more)
        said += together.told(courses["before"])
    else:
        made = {
            state: hourly_dispatch(case, mw, available, **options) for state, mw in loads.items()
        }
    own: dict[str, Any] = {"case": case.name, "hours": len(load), "first_hour": first}
    own["bus"] = None if row is None else int(case.bus_number[row])
    own["load_mw"] = load_mw
    every = np.logical_and.reduce([one.solved for one in made.values()])
    own["hours_compared"] = int(every.sum())
    for state, one in made.items():
        own[state] = _summary(one, row, factors, every)
        said += _told(one, state)
    cells, columns = _hour_rows(made, load, first, row, factors)
    if "after" in made and factors is not None:
        answers = marginal_g_per_kwh(made["before"], made["after"], factors)
        own["marginal_g_per_kwh"] = _mean(answers)
        if courses:  # what is set off in one hour may be made in another
            change = (made["after"].power_mw - made["before"].power_mw).sum(axis=0)
            own["marginal_g_per_kwh"] = float(1000 * change @ factors / change.sum())
            said.append(
                Said(
                    "marginal_of_all",
                    N_("what the new load adds emits {g:.0f} gCO2e/kWh over all hours"),
                    {"g": own["marginal_g_per_kwh"]},
                )
            )
        elif own["marginal_g_per_kwh"] is not None:
            low, high = (float(v) for v in np.nanpercentile(answers, (5, 95)))
            said.append(
                Said(
                    "marginal_by_hour",
                    N_("what the new load adds emits {g:.0f} gCO2e/kWh, mean over the hours, {low:.0f} to {high:.0f} in 9 of 10"),
                    {"g": own["marginal_g_per_kwh"], "low": low, "high": high},
                )
            )  # fmt: skip
    summary = (
        Column("state", "", N_("new load")), Column("cost_usd", "USD", N_("cost") if together.asked else N_("cost above the units' minimum")),
        Column("price_mean_usd_per_mwh", "USD/MWh", N_("mean price")), Column("price_highest_usd_per_mwh", "USD/MWh", N_("highest price")),
        Column("average_g_per_kwh", "gCO2e/kWh", N_("average intensity")), Column("shed_mwh", "MWh", N_("load shed")),
        Column("unsolved", "h", N_("hours without a dispatch")),
    )  # fmt: skip
    rows = tuple(
        (STATES[s], *(own[s][c.name] for c in summary[1:])) for s in made
    )  # fmt: skip
    settings: dict[str, Any] = {
        "case": case.name, "bus": own["bus"], "load_mw": load_mw, "hours": hours, "span": span,
        "units_down": units_down, "value_of_lost_load": value_of_lost_load,
    }  # fmt: skip
    tables = {
        "states": Table(summary, rows, N_("Over the hours")),
        "hours": Table(columns, cells, N_("Hour by hour")),
    }
    if courses:
        settings |= together.settings()
        own["windows"] = [list(one) for one in courses["before"].windows]
        for state, course in courses.items():
            own[state]["starts"] = float(course.started.sum())
            own[state]["stored_mwh"] = float(course.charge_mw.sum())
        if together.storage:
            tables["storage"] = storage_table(courses, first)
    return Answer(
        "dispatch",
        settings,
        tables=tables,
        said=tuple(said),
        limits=(*(together.limits() if together.asked else LIMITS), *(n for n in case.notes if n not in case.told)),
        own={**own, "licence": case.licence},
    )  # fmt: skip


def _mean(values: FloatArray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _price(one: HourlyDispatch, row: int | None) -> FloatArray:
    """Of the bus asked about, or the middle one of all buses. [USD/MWh]"""
    if row is not None:
        return one.price_usd_per_mwh[:, row]
    found = np.full(len(one.solved), np.nan)
    known = one.solved
    found[known] = np.nanmedian(one.price_usd_per_mwh[known], axis=1)
    return found


def _summary(
    one: HourlyDispatch, row: int | None, factors: FloatArray | None, every: NDArray[np.bool_]
) -> dict[str, float | int | None]:
    """Over the hours that both states have."""
    price = _price(one, row)[every]
    made = np.maximum(one.power_mw[every], 0.0)
    carbon = None
    if factors is not None and made.sum() > 0:
        carbon = float(1000 * (made @ factors).sum() / made.sum())
    return {
        "cost_usd": float(one.cost_usd_per_h[every].sum()),
        "price_mean_usd_per_mwh": _mean(price),
        "price_highest_usd_per_mwh": float(np.nanmax(price)) if np.isfinite(price).any() else None,
        "average_g_per_kwh": carbon,
        "shed_mwh": float(one.shed_mw[every].sum()),
        "unsolved": int((~one.solved).sum()),
    }


def _told(one: HourlyDispatch, state: str) -> list[Said]:
    when, said = STATES[state], []
    missing = int((~one.solved).sum())
    if missing:
        said.append(
            Said(
                "hours_unsolved",
                N_("{state}: {n} of {all} hours have no dispatch: as a rule the minima of the units in service exceed the load; sums and means are over the hours that all states have; --units-down lets units go below their minimum"),
                {"state": when, "n": missing, "all": len(one.solved)},
            )
        )  # fmt: skip
    shed = int((one.shed_mw > 1e-6).sum())
    if shed:
        said.append(
            Said(
                "hours_shed",
                N_("{state}: load is shed in {n} hours, {mwh:.1f} MWh in all"),
                {"state": when, "n": shed, "mwh": float(np.nansum(one.shed_mw))},
            )
        )
    return said


def _hour_rows(
    made: dict[str, HourlyDispatch],
    load: FloatArray,
    first: int,
    row: int | None,
    factors: FloatArray | None,
) -> tuple[tuple[tuple[Any, ...], ...], tuple[Column, ...]]:
    columns = [Column("hour", "h", N_("hour")), Column("load_mw", "MW", N_("load"))]
    values: list[Any] = [np.arange(first, first + len(load)), load.sum(axis=1)]
    for state, one in made.items():
        columns += [
            Column(f"{state}_cost_usd_per_h", "USD/h"), Column(f"{state}_price_usd_per_mwh", "USD/MWh"),
            Column(f"{state}_shed_mw", "MW"),
        ]  # fmt: skip
        values += [one.cost_usd_per_h, _price(one, row), one.shed_mw]
        if factors is not None:
            columns.append(Column(f"{state}_average_g_per_kwh", "gCO2e/kWh"))
            values.append(one.average_g_per_kwh(factors))
    if factors is not None and "after" in made:
        columns.append(Column("marginal_g_per_kwh", "gCO2e/kWh", N_("marginal intensity")))
        values.append(marginal_g_per_kwh(made["before"], made["after"], factors))
    rows = tuple(
        tuple(None if isinstance(v, float) and not np.isfinite(v) else v for v in cells)
        for cells in zip(*(np.asarray(v).tolist() for v in values), strict=True)
    )
    return rows, tuple(columns)
