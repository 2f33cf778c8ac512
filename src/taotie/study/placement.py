"""Where does the load stand on a grid, and does one bus take it? Capacity without and with one branch lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from taotie.errors import CaseError, MissingExtraError, RangeError, StudyError, TaotieError
from taotie.files.read import read_bytes
from taotie.grid.capacity.hosting_capacity import (
    Binding,
    BusHostingCapacity,
    HostingCapacityByTreatment,
    binding_label,
    hosting_capacity_at_bus,
    hosting_capacity_limits,
    load_hosting_capacity,
)
from taotie.grid.case.case import ALIASES, Case, read_case
from taotie.grid.flow.dc_power_flow import DcModel, dc_model
from taotie.grid.picture import grid_picture
from taotie.grid.ties import to_the_watt
from taotie.quantity.figure import Figure, leaf
from taotie.study.every_bus import every_bus, placed_by
from taotie.study.result import GridPicture
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import Said, in_each_language

ALL_BUSES_MAX = 12_000  # up to here all buses take seconds


@dataclass(frozen=True)
class Placement:
    """A load at a bus."""

    capacity: Figure | None
    """Load the bus takes; None where the case does not say. [MW]"""
    picture: GridPicture
    case: Case | None = None


def placement(walk: Walk, peak: Figure) -> Placement | None:
    """Place the peak load on the study's grid; None if the grid cases are not installed.

    Raises
    ------
    StudyError
        If the case or the bus cannot be.
    """
    given = walk.study.grid
    with walk.at("grid"):
        name = _named_case(walk)
        treatment = walk.choice(
            "grid.treatment",
            given.treatment,
            "margin",
            N_(
                "pairs of lines already overloaded may use 5 % of their rating; the other two treatments are shown beside it"
            ),
        )
        security = walk.choice(
            "grid.contingencies",
            given.contingencies,
            "n-1",
            N_("operators plan for the loss of any one branch"),
        )
        walk.tell(_("reading the grid"))
        try:
            case = _case(walk, name)
        except MissingExtraError as error:
            walk.warn(
                "no_grid_cases",
                N_("The grid was left out: {what} Way out: {hint}"),
                what=error.message,
                hint=error.hint,
            )
            return None
        if not np.isfinite(case.rate_a_mw[case.branch_on]).any():
            return _without_ratings(walk, case, name, peak)
        if given.bus == "all":
            return Placement(None, every_bus(walk, case, name, treatment, security, peak), case)
        walk.tell(_("how much load each bus takes"))
        model = dc_model(case)
        bus, every = _bus(walk, model, name, treatment, security)
        found = hosting_capacity_at_bus(model, bus, n_threads=walk.n_threads)
        capacity = _capacity_figures(walk, model, found, treatment, security)
        if every is not None:
            load = peak.to("MW").p50
            for way, one in every.by_treatment.items():
                _share_figure(walk, case, way, one.share_of_buses(load), load)
        n_bridge = len(every.bridge_branch) if every is not None else None
        for limit in hosting_capacity_limits(case, n_bridge):
            walk.notes.append(Said("grid_limit", limit.message, limit.values, limit.texts))
        fits = (
            (peak.to("MW") / capacity.with_boundary("facility")).to("1")
            if capacity.p50 > 0
            else None
        )
        if fits is not None:
            walk.keep("share_of_capacity", fits, N_("Connection over what the bus takes"))
        else:
            walk.warn(
                "no_capacity",
                N_(
                    "Bus {bus} takes no load under the treatment {treatment}: see what limits it below."
                ),
                bus=found.bus_label,
                treatment=treatment,
            )
        if peak.p50 > found.spare_generation_mw:
            walk.warn(
                "no_generation",
                N_("The load is above the {mw} MW of spare generation of the case."),
                mw=f"{found.spare_generation_mw:.0f}",
            )
        pair = found.binding[treatment] if security == "n-1" else Binding(-1, -1)
        picture = _picture(case, bus, name, peak.p50, pair)
    return Placement(capacity, picture, case)


def _named_case(walk: Walk) -> str:
    """The case of the study, of its place, or the synthetic grid of Texas where no place is named."""
    given, where = walk.study.grid.case, walk.place
    if given is None and where is not None and not where.grid_case:
        raise RangeError(
            _("no grid case of {place} comes with the cases at hand.").format(place=where.name()),
            _("name one in [grid] case, or leave [grid] out"),
        )
    if given is not None and where is not None and not _is_of(given, where.grid_case):
        walk.warn(
            "case_of_elsewhere",
            N_("The grid case {case} is not one of {place}: what its bus takes says nothing about the grid there."),
            case=given, place=where.named,
        )  # fmt: skip
    return walk.choice(
        "grid.case",
        given,
        where.grid_case if where is not None else "ACTIVSg2000",
        N_("the synthetic grid of Texas: 2,000 buses, no actual lines"),
    )


def _is_of(given: str, case: str) -> bool:
    """A file of one's own may be of anywhere; a named case is of the place only if the place has it."""

    def plain(name: str) -> str:
        spoken = name.strip().lower()
        return ALIASES.get(spoken, spoken).lower().removeprefix("case").lstrip("_")

    return Path(given).suffix != "" or plain(given) == plain(case)


def _without_ratings(walk: Walk, case: Case, name: str, peak: Figure) -> Placement:
    """A case whose branches have no ratings says where power flows, not how much is too much."""
    walk.warn(
        "no_ratings",
        N_(
            "No branch of {case} has a rating, so no bus has a limit: the load is drawn on the grid, what the bus "
            "takes is not stated. RTS_GMLC, case39 and ACTIVSg2000 have ratings."
        ),
        case=name,
    )
    wanted = walk.study.grid.bus
    bus = wanted if isinstance(wanted, int) else int(case.bus_number[np.argmax(case.load_mw)])
    if not isinstance(wanted, int):
        walk.choice(
            "grid.bus", None, bus, N_("the bus with the largest load, since capacity is not known")
        )
    return Placement(None, _picture(case, bus, name, peak.to("MW").p50, Binding(-1, -1)), case)


def _case(walk: Walk, name: str) -> Case:
    if name.endswith(".m"):
        import hashlib

        path = (walk.file.path.parent / name).resolve()
        case = read_case(path)
        content = read_bytes(path, 256_000_000, CaseError)
        walk.files.append(
            {
                "name": name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
                "role": "grid case",
            }
        )
        return case
    return read_case(name)


def _bus(
    walk: Walk, model: DcModel, name: str, treatment: str, security: str
) -> tuple[int, HostingCapacityByTreatment | None]:
    """Number of the bus, and the capacity of all buses unless they are too many."""
    case = model.case
    wanted: Any = walk.choice(
        "grid.bus",
        walk.study.grid.bus,
        "median",
        N_("the bus whose capacity is the median of all buses"),
    )
    if len(case.bus) > ALL_BUSES_MAX:
        if not isinstance(wanted, int):
            raise StudyError(
                [
                    TaotieError(
                        _("{file} [grid]: {case} has {n} buses; name one.").format(
                            file=walk.file.path, case=name, n=len(case.bus)
                        ),
                        _("`taotie grid capacity` computes all of them"),
                    )
                ]
            )
        return wanted, None
    every = load_hosting_capacity(model, n_threads=walk.n_threads)
    if isinstance(wanted, int):
        return wanted, every
    chosen = every[treatment]
    mw = chosen.load_hosting_capacity_mw if security == "n-1" else chosen.n0_mw
    order = np.lexsort((case.bus[:, 0], to_the_watt(mw)))
    row = order[-1] if wanted == "best" else order[(len(order) - 1) // 2]
    return int(case.bus[row, 0]), every


def _capacity_figures(
    walk: Walk, model: DcModel, found: BusHostingCapacity, treatment: str, security: str
) -> Figure:
    case = model.case
    chosen: Figure | None = None
    for level, values in (("n-0", found.n0_mw), ("n-1", found.n1_mw)):
        for way, mw in values.items():
            if level == "n-0" and way != treatment:
                continue
            made = leaf(
                f"grid.{case.name}.bus_{found.bus}.{level}.{way}",
                value=float(mw), unit="MW", kind="modelled",
                note=N_(
                    "load hosting capacity of bus {bus} of {case}, {level}, treatment {way}; "
                    "DC, thermal, no redispatch; taotie.grid.capacity.hosting_capacity"
                ).format(bus=found.bus, case=case.name, level=level, way=way),
            )  # fmt: skip
            key = f"load_hosting_capacity_{level.replace('-', '')}_{way}"
            label = {
                ("n-0", "strict"): N_("What the bus takes with all branches in service, strict"),
                ("n-0", "margin"): N_("What the bus takes with all branches in service"),
                ("n-0", "cutoff"): N_(
                    "What the bus takes with all branches in service, small factors ignored"
                ),
                ("n-1", "strict"): N_(
                    "What the bus takes with any one branch lost, overloaded pairs get nothing"
                ),
                ("n-1", "margin"): N_(
                    "What the bus takes with any one branch lost, overloaded pairs get 5 %"
                ),
                ("n-1", "cutoff"): N_(
                    "What the bus takes with any one branch lost, small factors ignored"
                ),
            }[(level, way)]
            named = walk.keep(key, made, label)
            if level == security and way == treatment:
                chosen = named
    assert chosen is not None
    chosen = walk.keep("load_hosting_capacity", chosen, N_("What the bus takes"))
    walk.note_texts(
        "binding",
        in_each_language(
            lambda: _(
                "Bus {bus} of {case} is limited by {what} (n-1, treatment {treatment})."
            ).format(
                bus=found.bus_label,
                case=case.name,
                what=_limited_by(model, found, treatment),
                treatment=treatment,
            )
        ),
    )
    return chosen


def _limited_by(model: DcModel, found: BusHostingCapacity, treatment: str) -> str:
    """What limits the bus, in the language in force."""
    pair = found.binding[treatment]
    if pair == Binding(-1, -1):  # a bus without a unit says so, at once
        return hosting_capacity_at_bus(model, found.bus).binding_label[treatment]
    return binding_label(model.case, pair)


def _share_figure(walk: Walk, case: Case, way: str, share: float, load_mw: float) -> None:
    made = leaf(
        f"grid.{case.name}.share_of_buses.{way}",
        value=share, unit="1", kind="modelled",
        note=N_("share of the {n} buses of {case} that take {mw} MW, n-1, treatment {way}").format(n=len(case.bus), case=case.name, mw=f"{load_mw:.4g}", way=way),
    )  # fmt: skip
    label = {
        "strict": N_("Share of buses that take this load, strict"),
        "margin": N_("Share of buses that take this load, overloaded pairs get 5 %"),
        "cutoff": N_("Share of buses that take this load, small factors ignored"),
    }[way]
    walk.keep(f"share_of_buses_{way}", made, label)


def _picture(case: Case, bus: int, name: str, load_mw: float, pair: Binding) -> GridPicture:
    row = int(case.rows_of_bus([bus])[0])
    loaded = case.with_load(bus, load_mw)
    drawn = grid_picture(loaded, registered=True)
    place = {int(b): i for i, b in enumerate(drawn.branch_row)}
    return GridPicture(
        x=drawn.x,
        y=drawn.y,
        branch_from=drawn.from_row,
        branch_to=drawn.to_row,
        loading=drawn.loading,
        bus=row,
        case=name,
        placed_by=placed_by(case, drawn),
        binding_branch=place.get(pair.branch),
        binding_outage=place.get(pair.outage) if pair.outage != pair.branch else None,
    )
