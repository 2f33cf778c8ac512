"""How much carbon does the load set off at its bus, hour by hour? Average and marginal, from the dispatch of its grid. [gCO2e/kWh]

The cheapest dispatch of every hour, with the load and without it. *Average*: the mix of all generation with the load on.
*Marginal*: what changed by the load, over the load. Two figures, never a mix. Units follow the load down below their
minimum, as if commitment did; hours are apart from each other.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from taotie.errors import CaseError, RangeError
from taotie.files.read import read_bytes
from taotie.quantity.catalog import table
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.profile import Profile
from taotie.study.building import day_of
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import labels

if TYPE_CHECKING:
    from taotie.grid.case.case import Case
    from taotie.grid.case_hours import CaseHours
    from taotie.grid.dispatch.together import HoursTogether
    from taotie.study.placement import Placement

__all__ = ["BY_HOUR", "bus_carbon"]

FloatArray = NDArray[np.float64]
LOST_LOAD_USD_PER_MWH = 9000.0
BY_HOUR = ("bus_carbon_average", "bus_carbon_marginal")
"""Profiles of the step, hour by hour of the case."""


@step()
def bus_carbon(
    walk: Walk, facility_load: Profile, annual_grid: Figure, place: Placement | None
) -> None:
    """Dispatch the hours of `[grid] hours` with and without the load; nothing where the study names none.

    Raises
    ------
    StudyError
        There are no such hours, the load stands at no single bus, or the grid cannot serve it.
    """
    given = walk.study.grid
    if given.hours is None and given.loads is None:
        return
    with walk.at("grid"):
        if place is None or place.case is None:
            return  # the cases are not installed, which was said
        if place.picture.bus < 0:
            raise RangeError(
                _("hours are dispatched with the load at one bus, and bus is all."),
                'bus = "median"',
            )
        found = _hours(walk, place.case, given.hours or "year", given.loads)
        try:
            from taotie.grid.dispatch.effects import FUEL, unit_fuels

            fuels = unit_fuels(found.case)
        except CaseError:
            walk.warn(
                "no_fuels",
                N_("{case} does not say which fuel its units burn: no carbon at the bus is stated. The ACTIVSg cases and RTS_GMLC say so."),
                case=found.case.name,
            )  # fmt: skip
            return
        other = sorted({f for f in found.case.gen_fuel if f.strip().lower() not in FUEL})
        if other:
            walk.note(
                "other_fuels",
                N_("No factor of {fuels} is held: these units count as the mean of other fuels."),
                fuels=", ".join(other),
            )
        for one in found.said:
            walk.warn(f"hours.{one.code}", one.message, **one.values)
        load = np.resize(
            day_of(facility_load) * facility_load.average().to("MW").p50, len(found.load_mw)
        )  # fmt: skip
        if not (load > 0).any():
            return
        walk.tell(_("dispatch hour by hour, with the load and without it"))
        before, after = _both(found, fuels, place.picture.bus, load)
        _served(walk, after, before, load)
        _keep(walk, found, fuels, place.picture.bus, load, before, after, annual_grid)


def _hours(walk: Walk, case: Case, hours: str, loads: str | None) -> CaseHours:
    from taotie.grid.case_hours import case_hours, span_of

    part = slice(None) if hours == "year" else span_of(hours)
    first = part.start or 0
    if first % 24:  # series of a study begin at midnight
        raise RangeError(
            _("hours={span} do not begin at midnight.").format(span=hours),
            f'hours = "{first - first % 24}:{part.stop}"',
        )
    if loads is None:
        return case_hours(case, "year", part)
    path = (walk.file.path.parent / loads).resolve()
    found = case_hours(case, str(path), part)
    content = read_bytes(path)
    walk.files.append(
        {
            "name": loads,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "role": "load of the grid",
        }
    )
    return found


def _both(
    found: CaseHours, fuels: tuple[str, ...], row: int, load: FloatArray
) -> tuple[HoursTogether, HoursTogether]:
    """Dispatch without and with the load; of dispatches of one cost the one that emits least."""
    from taotie.grid.dispatch.by_hour import least_carbon
    from taotie.grid.dispatch.together import dispatch_together

    cells = table("emission_factors")
    factor = np.array([float(cells.figure(f, "life_cycle").p50) / 1000 for f in fuels])
    more = found.load_mw.copy()
    more[:, row] += load
    made = [
        dispatch_together(  # a day at a time, with nothing that holds its hours together
            found.case, mw, found.available_mw, value_of_lost_load=LOST_LOAD_USD_PER_MWH,
            keep_minimum=False, prefer_usd_per_mwh=least_carbon(factor), window=24, overlap=0,
        )
        for mw in (found.load_mw, more)
    ]  # fmt: skip
    return made[0], made[1]


def _served(walk: Walk, after: HoursTogether, before: HoursTogether, load: FloatArray) -> None:
    """Refuse hours that leave most of the load itself dark; tell of what else is shed."""
    added = (after.power_mw - before.power_mw).sum(axis=1)
    dark = np.flatnonzero(added < 0.5 * load - 1e-6)
    if dark.size:
        raise RangeError(
            _("in {n} of {all} hours the grid cannot serve {mw} MW at this bus; the first is hour {hour} of them.").format(
                n=dark.size, all=len(load), mw=f"{load[dark[0]]:.4g}", hour=int(dark[0])
            ),
            _("name another bus, a smaller load or other hours"),
        )  # fmt: skip
    more = (after.shed_mw - before.shed_mw).sum(axis=1)
    shed = more > 1e-6
    if shed.any():
        walk.warn(
            "load_shed_at_bus",
            N_("With the load on, {mwh} MWh more are shed in {n} of {all} hours: there its marginal carbon is of what is served."),
            mwh=f"{float(more[shed].sum()):.4g}", n=int(shed.sum()), all=len(load),
        )  # fmt: skip


def _keep(
    walk: Walk,
    found: CaseHours,
    fuels: tuple[str, ...],
    row: int,
    load: FloatArray,
    before: HoursTogether,
    after: HoursTogether,
    annual_grid: Figure,
) -> None:
    case, cells = found.case, table("emission_factors")
    bus = int(case.bus_number[row])
    names = sorted(set(fuels))
    member = np.array([[f == name for f in fuels] for name in names], float)
    mix = np.maximum(after.power_mw, 0.0) @ member.T
    mix = mix / np.maximum(mix.sum(axis=1, keepdims=True), 1e-9)
    change = (after.power_mw - before.power_mw) @ member.T
    change = change / np.where(load > 0, change.sum(axis=1), 1.0)[:, None]
    change[load <= 0] = mix[load <= 0]
    weight = load / load.sum()
    energy = (annual_grid * exact(1.0, "a")).to("MWh")
    for key, shares, name, yearly in (
        (
            "average", mix, N_("Average carbon at the bus"),
            N_("Emissions of a year at the average of these hours"),
        ),
        (
            "marginal", change, N_("Marginal carbon at the bus"),
            N_("Emissions a year of load sets off, at the marginal of these hours"),
        ),
    ):  # fmt: skip
        parts = [(cells.figure(f, "life_cycle"), shares[:, i]) for i, f in enumerate(names)]
        terms = []
        total: Figure | None = None
        for (factor, course), fuel in zip(parts, names, strict=True):
            terms.append((course, factor))
            share = leaf(
                f"grid.{case.name}.bus_{bus}.{key}_share.{fuel}", value=float(weight @ course), unit="1",
                kind="modelled", label=labels(SHARES[fuel]),
                note=N_(
                    "{key} share of {fuel} over {n} hours of {case}, weighted by the load at bus {bus}: "
                    "{does}; taotie.grid.dispatch.by_hour"
                ).format(
                    key=key, fuel=fuel, n=len(load), case=case.name, bus=bus, does=DOES[key]
                ),
            )  # fmt: skip
            total = share * factor if total is None else total + share * factor
        assert total is not None
        made = walk.keep(f"bus_carbon_{key}", total.to("gCO2e/kWh"), name)
        walk.keep(f"bus_emissions_{key}", (energy * made).to("tCO2e"), yearly)
        walk.profiles[f"bus_carbon_{key}"] = Profile(tuple(terms), label=labels(name))
    walk.note(
        "bus_carbon",
        N_("Carbon at bus {bus} of {case} is of the cheapest dispatch of {n} hours from hour {first}, with the load and without it: DC, ratings of the intact grid, no losses, storage or ramps; units follow the load below their minimum; hour 0 is midnight for grid and load alike. Life-cycle factors by fuel."),
        bus=case.bus_label(row), case=case.name, n=len(load), first=found.first_hour,
    )  # fmt: skip


DOES = {
    "average": N_("share of all generation with the load on"),
    "marginal": N_("change by the load over the load"),
}
SHARES = {
    "coal": N_("Share of coal"), "gas": N_("Share of gas"), "oil": N_("Share of oil"), "nuclear": N_("Share of nuclear power"),
    "hydro": N_("Share of water power"), "wind": N_("Share of wind power"), "solar": N_("Share of solar power"),
    "other": N_("Share of other fuels"),
}  # fmt: skip
