"""How much new load do the buses of a grid take? The ask behind `taotie grid capacity`. [MW]"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.answer.buses import Places, bus_row, labels_of, pair_of, place_of, places_of
from taotie.answer.capacity_more import More, shares_of, with_more
from taotie.answer.capacity_shown import spread_of_buses
from taotie.answer.capacity_written import BusDetail
from taotie.answer.load import load_figures, load_said
from taotie.answer.load import load_mw as load_mw_of
from taotie.errors import RangeError
from taotie.grid.capacity.hosting_capacity import (
    Binding,
    HostingCapacityByTreatment,
    binding_label,
    hosting_capacity_at_bus,
    load_hosting_capacity,
    outage_labels,
)
from taotie.grid.capacity.limiting import limiting_pairs
from taotie.grid.case.case import Case, read_case
from taotie.grid.dispatch.filed import FiledDispatch, filed_dispatch, require_balance
from taotie.grid.flow.dc_power_flow import dc_model
from taotie.grid.ties import to_the_watt
from taotie.quantity.figure import Figure
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["CapacityDetail", "capacity", "dispatched"]

DISPATCHES = ("file", "optimal", "n-1")
FIRM = "margin"


@dataclass(frozen=True)
class CapacityDetail:
    """What pictures of a capacity are drawn from."""

    found: HostingCapacityByTreatment
    places: Places
    load_mw: float | None
    contingencies: str
    load_words: Said | None = None
    """How the load came about."""
    load_figures: tuple[Figure, ...] = ()
    """Published figures the load rests on."""
    coordinates: Path | None = None


def dispatched(case: Case, how: str | None) -> tuple[Case, FiledDispatch, list[Said]]:
    """The case with the dispatch asked for, what the file's own dispatch does, and what is said about it.

    Raises
    ------
    RangeError
        An unknown choice.
    CaseError
        None was chosen and the file's dispatch misses its load; or no dispatch exists.
    """
    if how is not None and how not in DISPATCHES:
        raise RangeError(
            _("--dispatch {value} is not known.").format(value=repr(how)),
            _("write file, optimal or n-1."),
        )
    filed = filed_dispatch(dc_model(case))
    if how is None:
        require_balance(case.name, filed)
    if how in (None, "file"):
        return case, filed, list(filed.said)
    from taotie.grid.dispatch.optimal import optimal_dispatch

    best = optimal_dispatch(case, n_1=how == "n-1")
    made = case.with_dispatch(np.where(case.gen_on, best.power_mw, case.gen[:, 1]))
    said = [
        Said(
            "dispatch_chosen",
            N_(
                "dispatch: the cheapest that keeps every rating in the intact grid, {cost:,.0f} an hour"
            )
            if how == "optimal"
            else N_(
                "dispatch: the cheapest that keeps every rating with any one branch lost, {cost:,.0f} an hour"
            ),
            {"cost": best.cost_usd_per_h},
        )
    ]
    after = filed_dispatch(dc_model(made))
    return made, after, [*said, *(s for s in after.said if s.code != "imbalance")]


@answers_with("capacity")
def capacity(
    case: str | Path | Case,
    load_mw: float | str | None = None,
    *,
    pue: float = 1.2,
    bus: int | str | None = None,
    near: tuple[float, float] | str | None = None,
    contingencies: str = "all",
    dispatch: str | None = None,
    post_outage_rating: str = "a",
    top: int = 10,
    coordinates: Path | None = None,
    redispatch: bool = False,
    units_off: bool = False,
    unit_outages: bool = False,
    move: float | None = None,
    hours: str | None = None,
    curtail: str | None = None,
    calls: int | None = None,
    depth: float | None = None,
    ac: bool = False,
    ac_every: bool = False,
    ac_check: bool = False,
    power_factor: float = 0.98,
    load_words: Said | None = None,
    threads: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> Answer:
    """New load that the buses of a grid take, with any one branch lost.

    Parameters
    ----------
    case : str, path or Case
        By name, or a file.
    load_mw : float or str, optional
        The load asked about: megawatts, or a text such as 1.2GW or 100000xh100. [MW]
    pue : float
        Of the building, where the load is given in accelerators. [1]
    bus : int or str, optional
        Only this bus, by number or name.
    near : (latitude, longitude) or str, optional
        The nearest buses stand first. [degrees]
    contingencies : {"all", "none", "table"}
    dispatch : {None, "file", "optimal", "n-1"}
        None takes the file's, unless it misses its load by more than 5 %.
    post_outage_rating : {"a", "b", "c"}
        Rating after an outage; where the file has none, rating A.
    top : int
        Buses listed by name.
    coordinates : path, optional
        CSV with bus_id, lat, lon.
    redispatch, units_off, unit_outages, move
        Units may be told anew what to give; they may go off; single units may trip; by which share of Pmax they move.
    hours, curtail, calls, depth
        Load by hour, and how much, how often and how deep the new load may be cut.
    ac, ac_every, power_factor
        Prove the redispatched answer in AC.
    ac_check : bool
        With a bus: solve its firm MW, or the load asked about, in AC by pandapower.
    load_words : Said, optional
        How the load came about.

    Raises
    ------
    TaotieError
        In one sentence, for what cannot be.
    """
    if contingencies not in ("all", "none", "table"):
        raise RangeError(
            _("--contingencies {value} is not known.").format(value=repr(contingencies)),
            _("write all, none or table."),
        )
    if post_outage_rating not in ("a", "b", "c"):
        raise RangeError(
            _("--post-outage-rating {value} is not known.").format(value=repr(post_outage_rating)),
            _("write a, b or c."),
        )
    if ac_check and bus is None:
        raise RangeError(_("--ac-check looks at one bus: name it."), "--bus 8 --ac-check")
    place = place_of(near) if isinstance(near, str) else near
    behind: tuple[Figure, ...] = ()
    if isinstance(load_mw, str):
        text = load_mw
        behind, load_words = tuple(load_figures(text)), load_words or load_said(text, pue)
        load_mw = load_mw_of(text, pue)[0]
    if tell is not None:
        tell(_("searching every bus of {case}").format(case=_case_name(case)))
    more = More(
        redispatch, units_off, unit_outages, move, hours or "", shares_of(curtail) if curtail else (),
        calls, depth, ac or ac_every, ac_every, power_factor,
    )  # fmt: skip
    tic = time.perf_counter()
    grid = case if isinstance(case, Case) else read_case(case)
    read_s = time.perf_counter() - tic
    places = places_of(grid, coordinates)
    row = None if bus is None else bus_row(grid, bus)
    distance = None if place is None else places.distance_km(*place)
    grid, filed, told = dispatched(grid, dispatch)
    lost: dict[str, Any] = {"n_threads": threads}
    if contingencies == "none":
        lost["outages"] = []
    elif contingencies == "table":
        from taotie.grid.flow.contingency import contingency_table

        table = contingency_table(grid)
        lost |= {"outages": table.branches, "units": table.units}
    if post_outage_rating != "a":
        lost["post_outage_rating"] = post_outage_rating
        told += _rating_said(grid, post_outage_rating)
    settings = {
        "case": grid.name, "load_mw": load_mw, "bus": bus, "near": place, "top": top,
        "contingencies": contingencies, "dispatch": dispatch or "file",
        "post_outage_rating": post_outage_rating,
        "coordinates": None if coordinates is None else str(coordinates),
    }  # fmt: skip
    if load_words is not None:
        told.append(load_words)
    if row is not None:
        answer = _one_bus(grid, row, load_mw, lost, filed, told, places, settings)
    else:
        found = load_hosting_capacity(grid, **lost)
        seconds = {"read": read_s, **found.seconds}
        answer = _every_bus(found, load_mw, filed, told, places, distance, seconds, settings)
        detail = replace(
            answer.detail, load_words=load_words, load_figures=behind, coordinates=coordinates
        )
        answer = replace(answer, detail=detail)
    if ac_check and row is not None:
        from taotie.answer.capacity_ac import with_ac_check

        firm = float(answer.own["buses"][0]["firm_mw"])
        at = firm if load_mw is None else load_mw
        answer = with_ac_check(
            answer, grid, int(grid.bus_number[row]), at, answer.detail.binding[FIRM].outage,
            power_factor,
        )  # fmt: skip
    return with_more(answer, grid, more, tell) if more.asked else answer


def _case_name(case: str | Path | Case) -> str:
    return case.name if isinstance(case, Case) else str(case)


def _rating_said(grid: Case, which: str) -> list[Said]:
    column = {"b": 6, "c": 7}[which]
    given = grid.branch[:, column] > 0
    differs = given & (grid.branch[:, column] != grid.branch[:, 5])
    return [
        Said(
            "post_outage_rating",
            N_("after an outage rating {which} holds on {n} branches, another than rating A on {m} of them; the others keep rating A"),
            {"which": which.upper(), "n": int(given.sum()), "m": int(differs.sum())},
        )
    ]  # fmt: skip


def _security_said(found: HostingCapacityByTreatment, contingencies: str) -> list[Said]:
    """Is the grid N-1 secure before any load is added?"""
    if contingencies == "none":
        return [
            Said(
                "no_outage",
                N_("no outage was looked at, as asked: {n} branches are over their rating before any load is added"),
                {"n": found.pairs_over},
            )
        ]  # fmt: skip
    if not found.pairs_over:
        return [
            Said(
                "n1_secure",
                N_("N-1 secure as given: no branch passes its rating in any outage looked at"),
            )
        ]
    pair = found.worst_pair
    label = binding_label(found.case, pair)
    return [
        Said(
            "not_n1_secure",
            N_("Not N-1 secure as given: {n} pairs of branch and outage are over their rating, the worst {pair} at {worst:.0f} %"),
            {"n": found.pairs_over, "pair": label, "worst": 100 * found.worst_loading},
        ),
        Said(
            "strict_measures_the_file",
            N_("strict is 0 wherever a load worsens one of these pairs, however little: it says more about the file than about the bus"),
        ),
    ]  # fmt: skip


def _firm_said() -> Said:
    return Said(
        "firm_is_margin",
        N_(
            "firm MW: fixed shares, no redispatch; 5 % of its rating for a branch overloaded after an outage, nothing more for one already full in the intact grid"
        ),
    )


def _dispatch_of(filed: FiledDispatch, pairs_over: int | None) -> dict[str, Any]:
    return {
        "generation_mw": filed.generation_mw,
        "load_mw": filed.load_mw,
        "imbalance_mw": filed.imbalance_mw,
        "imbalance_share": filed.share,
        "units_over_pmax": filed.over_pmax,
        "unserved_mw": filed.unserved_mw,
        "pairs_over": pairs_over,
        "n1_secure": None if pairs_over is None else pairs_over == 0,
    }


def _every_bus(
    found: HostingCapacityByTreatment,
    load_mw: float | None,
    filed: FiledDispatch,
    told: list[Said],
    places: Places,
    distance: Any,
    seconds: dict[str, float],
    settings: dict[str, Any],
) -> Answer:
    grid = found.case
    labels = outage_labels(grid)
    ways = found.by_treatment
    firm = found[FIRM]
    firm_mw = firm_of(found)
    names = labels_of(grid)
    buses = []
    for i, number in enumerate(grid.bus_number.tolist()):
        one: dict[str, Any] = {
            "bus": number,
            "name": names[i],
            "lat": places.lat(i),
            "lon": places.lon(i),
            "firm_mw": float(firm_mw[i]),
            "n0_mw": float(found.strict.n0_mw[i]),
            **{f"{key}_mw": float(way.load_hosting_capacity_mw[i]) for key, way in ways.items()},
            "binds": pair_of(labels, firm, i),
            "binding": pair_of(labels, found.strict, i),
            "binding_by_treatment": {key: pair_of(labels, way, i) for key, way in ways.items()},
            "n1_supply": bool(found.n1_supply[i]),
        }
        if distance is not None:
            one["distance_km"] = None if np.isnan(distance[i]) else round(float(distance[i]), 2)
        buses.append(one)
    order = _order(found, distance, load_mw)[: int(settings["top"])]
    named, placed = any(names), places.known
    columns = [Column("bus", "", N_("bus"))]
    columns += [Column("name", "", N_("name"))]
    if placed:
        columns += [Column("lat", "", N_("latitude")), Column("lon", "", N_("longitude"))]
    columns += [Column("firm_mw", "MW", N_("firm")), Column("binds", "", N_("limited by"))]
    rows = []
    for i in order:
        pair = Binding(int(firm.binding_branch[i]), int(firm.binding_outage[i]))
        cells: list[Any] = [int(grid.bus_number[i]), names[i] if named else ""]
        if placed:
            cells += [places.lat(i), places.lon(i)]
        cells += [round(float(firm_mw[i]), 1), binding_label(grid, pair)]
        if distance is not None:
            cells.append(None if np.isnan(distance[i]) else round(float(distance[i]), 1))
        rows.append(tuple(cells))
    if distance is not None:
        columns.append(Column("distance_km", "km", N_("distance")))
    own: dict[str, Any] = {
        "case": grid.name,
        "n_bus": grid.n_bus,
        "n_branch": grid.n_branch,
        "licence": grid.licence,
        "seconds": seconds,
        "dispatch": _dispatch_of(
            filed, None if settings["contingencies"] == "none" else found.pairs_over
        ),
        "spare_generation_mw": found.spare_generation_mw,
        "worst_loading": found.worst_loading,
        "worst_pair": pair_of(labels, None, 0, found.worst_pair),
        "pairs_over": found.pairs_over,
        "limiting": {
            name: [
                {**pair_of(labels, None, 0, (p.branch, p.outage)), "buses": p.buses}
                for p in limiting_pairs(found, name)[:15]
            ]
            for name in ways
        },
        "buses": buses,
    }
    if load_mw is not None:
        own["load_mw"] = load_mw
        own["share_of_buses"] = {name: way.share_of_buses(load_mw) for name, way in ways.items()}
    return Answer(
        "capacity",
        settings,
        tables={
            "spread": spread_of_buses(
                found, not found.pairs_over, load_mw, str(settings["contingencies"])
            ),
            "top": Table(tuple(columns), tuple(rows), N_("best buses")),
        },
        said=(*told, *_security_said(found, str(settings["contingencies"])), _firm_said()),
        limits=found.limits,
        own=own,
        detail=CapacityDetail(found, places, load_mw, settings["contingencies"]),
    )


def firm_of(found: HostingCapacityByTreatment) -> Any:
    """Margin where outages bind, and no margin at all on a branch in the intact grid, shape (n_bus,). [MW]"""
    return np.minimum(found[FIRM].load_hosting_capacity_mw, found.strict.n0_mw)


def _order(found: HostingCapacityByTreatment, distance: Any, load_mw: float | None) -> Any:
    """Rows of buses to name: the best first, or the nearest that take the load."""
    firm = firm_of(found)
    usable = np.flatnonzero(~found.dead_bus)
    if distance is None:
        first = ~found.n1_supply[usable]  # buses one outage cuts off stand behind
        return usable[np.lexsort((-to_the_watt(firm[usable]), first))]
    usable = usable[np.isfinite(distance[usable])]
    taken = firm[usable] >= load_mw if load_mw is not None else np.ones(usable.size, bool)
    return usable[np.lexsort((distance[usable], ~taken))]


def _one_bus(
    grid: Case,
    row: int,
    load_mw: float | None,
    lost: dict[str, Any],
    filed: FiledDispatch,
    told: list[Said],
    places: Places,
    settings: dict[str, Any],
) -> Answer:
    number = int(grid.bus_number[row])
    found = hosting_capacity_at_bus(grid, number, **lost)
    labels = outage_labels(grid)
    own: dict[str, Any] = {
        "case": grid.name,
        "n_bus": grid.n_bus,
        "n_branch": grid.n_branch,
        "licence": grid.licence,
        "dispatch": _dispatch_of(filed, None),
        "buses": [
            {
                "bus": number,
                "name": labels_of(grid)[row],
                "lat": places.lat(row),
                "lon": places.lon(row),
                "firm_mw": min(found.n1_mw[FIRM], found.n0_mw["strict"]),
                "n0_mw": found.n0_mw["strict"],
                **{f"{way}_mw": mw for way, mw in found.n1_mw.items()},
                "binds": pair_of(labels, None, 0, found.binding[FIRM]),
                "binding": pair_of(labels, None, 0, found.binding["strict"]),
                "binding_by_treatment": {
                    w: pair_of(labels, None, 0, p) for w, p in found.binding.items()
                },
                "n1_supply": found.n1_supply,
            }
        ],
        "spare_generation_mw": found.spare_generation_mw,
    }
    if load_mw is not None:
        own["load_mw"] = load_mw
        own["takes_load"] = {way: mw >= load_mw for way, mw in found.n1_mw.items()}
    if not found.n1_supply and not (grid.n_branch and found.n1_mw[FIRM] == 0):
        told.append(
            Said(
                "cut_off",
                N_(
                    "one outage cuts this bus off: the figure is a credit on the intact branch to it"
                ),
            )
        )
    rows = tuple(
        (way, round(found.n0_mw[way], 1), round(mw, 1), found.binding_label[way])
        + (() if load_mw is None else (mw >= load_mw,))
        for way, mw in found.n1_mw.items()
    )
    columns = (
        Column("treatment", "", N_("treatment")), Column("n0_mw", "MW", "N-0"),
        Column("n1_mw", "MW", "N-1"), Column("binds", "", N_("limited by")),
        *(() if load_mw is None else (Column("takes_load", "", N_("takes the load")),)),
    )  # fmt: skip
    return Answer(
        "capacity",
        settings,
        tables={"treatments": Table(columns, rows, N_("By how overloaded branches are treated"))},
        said=(*told, _firm_said()),
        limits=found.limits,
        own=own,
        detail=BusDetail(found.bus_label, grid, found.binding),
    )
