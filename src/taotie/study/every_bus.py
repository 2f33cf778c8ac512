"""Which buses of a grid take the load of a study, and how many such loads fit together? Shares of buses, MW."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taotie.grid.capacity.hosting_capacity import load_hosting_capacity
from taotie.grid.capacity.limiting import best_by_pair, limiting_pairs, pair_words
from taotie.grid.capacity.several_sites import largest_total_load
from taotie.grid.case.case import Case
from taotie.grid.picture import CapacityPicture, grid_picture, picture_note
from taotie.grid.picture import GridPicture as Drawn
from taotie.quantity.figure import Figure, leaf
from taotie.study.result import GridPicture
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said, in_each_language

N_SITES = 10

TAKE = {
    "n0": N_("Buses that take this load with all branches in service"),
    "strict": N_("Buses that take this load with any one branch lost, strict"),
    "margin": N_("Buses that take this load with any one branch lost, overloaded pairs get 5 %"),
    "cutoff": N_("Buses that take this load with any one branch lost, small factors ignored"),
}
TAKE_INTACT = {
    "n0": TAKE["n0"],
    "strict": N_("Buses that take this load with all branches in service, strict"),
    "margin": N_(
        "Buses that take this load with all branches in service, overloaded branches get 5 %"
    ),
    "cutoff": N_("Buses that take this load with all branches in service, small factors ignored"),
}
HALF = {
    "n0": N_("Half of the buses take at least, all branches in service"),
    "strict": N_("Half of the buses take at least, strict"),
    "margin": N_("Half of the buses take at least, overloaded pairs get 5 %"),
    "cutoff": N_("Half of the buses take at least, small factors ignored"),
}
SHOW = (
    "share_of_buses_strict", "share_of_buses_margin", "share_of_buses_cutoff", "share_of_buses_n0",
    "several_sites_accelerators", "spare_generation_loads", "median_capacity_margin",
    "share_of_buses_cut_off",
)  # fmt: skip


ON_MAP = "grid_on_map"
DRAWN = "grid_drawn_by"


def placed_by(case: Case, drawn: Drawn) -> Said:
    """What must stand under a picture; its code is `ON_MAP` where places are longitude and latitude."""
    said = in_each_language(lambda: picture_note(case, drawn))
    return Said(ON_MAP if drawn.geographic else DRAWN, "", {}, said)


@dataclass(frozen=True)
class EveryBus(GridPicture):
    """A grid with the capacity of all its buses; `bus` is -1, since the load stands nowhere."""

    everywhere: CapacityPicture | None = None


def every_bus(
    walk: Walk, case: Case, name: str, treatment: str, security: str, peak: Figure
) -> EveryBus:
    """Hold the load of a study against every bus of its grid.

    Parameters
    ----------
    walk : Walk
        Takes the figures and notes.
    case : Case
        With ratings.
    name : str
        As the study calls it.
    treatment : str
        Under which several sites are asked for; shares of buses are given for all.
    security : str
        "n-1" or "n-0".
    peak : Figure
        The load at the meter.

    Returns
    -------
    picture : EveryBus
        With the capacity of every bus.
    """
    walk.tell(_("how much load each bus takes"))
    load_mw = peak.to("MW").p50
    found = load_hosting_capacity(
        case, outages=None if security == "n-1" else [], n_threads=walk.n_threads
    )
    first = next(iter(found.by_treatment.values()))
    ways = {"n0": first.n0_mw} | {
        k: way.load_hosting_capacity_mw for k, way in found.by_treatment.items()
    }

    def keep(key: str, value: float, unit: str, label: str, note: str) -> Figure:
        made = leaf(
            f"grid.{case.name}.every_bus.{key}", value=float(value), unit=unit, kind="modelled",
            note=N_("{what}; DC, thermal, no redispatch; taotie.grid.capacity.hosting_capacity").format(what=note),
        )  # fmt: skip
        return walk.keep(key, made, label)

    for way, mw in ways.items():
        share = 100 * float((mw >= load_mw).mean())
        what = N_("buses of the {n} of {name} that take {mw} MW, {way}").format(
            n=case.n_bus, name=name, mw=f"{load_mw:.6g}", way=way
        )
        label = (TAKE if security == "n-1" else TAKE_INTACT)[way]
        keep(f"share_of_buses_{way}", share, "%", label, what)
    for way, mw in ways.items():
        half = float(np.percentile(mw, 50, method="lower"))
        what = N_("median of the buses of {name}, {way}").format(name=name, way=way)
        keep(f"median_capacity_{way}", half, "MW", HALF[way], what)
    keep(
        "share_of_buses_cut_off", 100 * found.share_cut_off, "%",
        N_("Buses one outage cuts off"), N_("buses of {name} that hang on a single branch").format(name=name),
    )  # fmt: skip
    spare = keep(
        "spare_generation", found.spare_generation_mw, "MW",
        N_("Spare generation of the case"), N_("Pmax of the running units of {name} less its load").format(name=name),
    )  # fmt: skip
    walk.keep(
        "spare_generation_loads",
        (spare.with_boundary("facility") / peak.to("MW")).to("1"),
        N_("Such loads the spare generation feeds, if lines did not matter"),
    )
    if found.spare_generation_mw < load_mw:
        walk.warn(
            "no_generation",
            N_("The load is above the {mw} MW of spare generation of the case."),
            mw=f"{found.spare_generation_mw:.0f}",
        )
    buses = best_by_pair(found, treatment, N_SITES)
    if buses:
        walk.tell(_("how much several buses take together"))
        sites = largest_total_load(
            case, buses, found[treatment].treatment,
            outages=None if security == "n-1" else [],
            alone_mw=found[treatment].load_hosting_capacity_mw[case.rows_of_bus(buses)],
        )  # fmt: skip
        total = keep(
            "several_sites", sites.total_mw, "MW",
            N_("What ten chosen buses take together"),
            N_("largest total over buses {buses}, {treatment}; linear program by HiGHS").format(
                buses=listing(map(str, buses)), treatment=treatment
            ),
        )  # fmt: skip
        loads = walk.keep(
            "several_sites_loads",
            (total.with_boundary("facility") / peak.to("MW")).to("1"),
            N_("Such loads ten chosen buses take together"),
        )
        if "accelerators" in walk.figures:
            walk.keep(
                "several_sites_accelerators",
                (walk.figures["accelerators"] * loads).to("accelerator"),
                N_("Accelerators ten chosen buses feed together"),
            )
        walk.note_texts(
            "several_sites",
            in_each_language(
                lambda: _(
                    "Split over ten buses, each the best of those one pair limits, the grid takes {total} MW in all under the treatment {treatment}; alone they would take {alone} MW, but loads share lines."
                ).format(
                    total=f"{sites.total_mw:.0f}",
                    treatment=treatment,
                    alone=f"{sites.alone_mw.sum():.0f}",
                )
            ),
        )
    for way in found.by_treatment:
        pair = limiting_pairs(found, way)[0]
        walk.note_texts(
            "binding",
            in_each_language(
                lambda way=way, pair=pair: _(  # type: ignore[misc]
                    "Treatment {treatment}: {what} limits {n} of {all} buses."
                ).format(treatment=way, what=pair_words(found, pair), n=pair.buses, all=case.n_bus)
            ),
        )
    for one in found.limits:
        walk.notes.append(Said("grid_limit", one.message, one.values, one.texts))
    drawn = grid_picture(case, registered=True)
    return EveryBus(
        x=drawn.x,
        y=drawn.y,
        branch_from=drawn.from_row,
        branch_to=drawn.to_row,
        loading=drawn.loading,
        bus=-1,
        case=name,
        placed_by=placed_by(case, drawn),
        everywhere=CapacityPicture(found, drawn, load_mw, "all" if security == "n-1" else "none"),
    )
