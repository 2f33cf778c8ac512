"""What do the pictures of a grid's capacity have in common? Names, rounding, classes and their colours. MW.

Colours fall into classes around the load asked about: amber below it, blue at and above it, which the colour-blind
tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from taotie.answer.parts.grid import HostingCapacityByTreatment, mw_percentiles
from taotie.app.charts.grid_backdrop import RULES as TOWNS
from taotie.quantity.wording import number, percent
from taotie.words.language import _, language

FloatArray = NDArray[np.float64]

N_BUS_DRAWN = 12_000  # more buses are drawn as hexagons
N_BUS_SINGLE = 300  # up to here each bus has its own words under the pointer
N_BUS_NAMED = 4_000  # more buses: their table leaves out what binds each
REFERENCE_MW = 100.0  # middle of the colour scale where no load is asked about
ALL_IN = "n0"

# light paper, dark paper; under a quarter of the load ... four times the load and more
COLOURS = (
    ("#7a2e00", "#ffc49c"),
    ("#c2570c", "#e8842f"),
    ("#eda13a", "#9c5a17"),
    ("#6db3e6", "#2f6ea3"),
    ("#2b78bd", "#62aee8"),
    ("#0b3c73", "#c4e2ff"),
)
RULES = """<style>
.maps { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px 26px }
.map-first { max-width: 780px; margin: 0 auto }
.others { margin-top: 10px }
.maps .panel, .map-first .panel, .limiting .panel { margin: 0 0 3px; font-size: .9rem; line-height: 1.35 }
.maps .panel b, .map-first .panel b, .limiting .panel b { margin-right: .35em }
.maps .drawn, .map-first .drawn, .shares .drawn, .classes .drawn { display: block; width: 100%; height: auto }
.classes { display: grid; grid-template-columns: minmax(5.5em, auto) minmax(0, 1fr); gap: 3px 12px; align-items: center; font-size: .86rem; margin: 14px 0 2px }
.drawing .classes svg { height: 15px }
.shares .narrow { display: none }
.limiting { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 270px), 1fr)); gap: 18px 30px }
.limiting ol { list-style: none; padding: 0; margin: 0; font-size: .82rem; line-height: 1.3 }
.limiting li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 8px; padding: 4px 0 5px; border-bottom: 1px solid var(--rule) }
.limiting .bar { display: block; grid-column: 1 / -1; position: static; padding: 0; border: 0; height: 5px; background: var(--wash) }
.limiting .bar i { display: block; height: 5px; background: var(--blue) }
.drawing h3 { margin: 22px 0 6px }
@media screen and (max-width: 700px) { .shares .wide { display: none } .shares .narrow { display: block } .maps { grid-template-columns: minmax(0, 1fr) } }
@media screen and (prefers-color-scheme: dark) {
DARK
}
TOWNS
</style>""".replace("TOWNS", TOWNS).replace(
    "DARK",
    "\n".join(
        f'.drawing svg [{what}="{light}"] {{ {what}: {dark} }}'
        for light, dark in COLOURS
        for what in ("fill", "stroke")
    ),
)


def case_name(found: HostingCapacityByTreatment) -> str:
    """The case as people call it."""
    return found.case.name.removeprefix("case_")


def way_name(way: str) -> str:
    """A treatment in the language in force."""
    return {
        ALL_IN: _("all branches in service"),
        "strict": _("strict"),
        "margin": _("margin (5 %)"),
        "cutoff": _("cutoff (5 %)"),
    }.get(way, way)


def capacity_by_way(found: HostingCapacityByTreatment) -> dict[str, FloatArray]:
    """MW each bus takes: all branches in service (strict), then any one lost under each treatment."""
    ways = {k: way.load_hosting_capacity_mw for k, way in found.by_treatment.items()}
    return {ALL_IN: next(iter(found.by_treatment.values())).n0_mw, **ways}


def half_take(mw: FloatArray) -> float:
    """What half of the buses take at least. [MW]"""
    return float(mw_percentiles(mw, (50,))[0])


def listed(parts: Iterable[str]) -> str:
    """Parts of a sentence, one after the other."""
    return ("；" if language() == "zh" else "; ").join(parts)


def named(name: str, value: str) -> str:
    """A name and what it stands for."""
    return f"{name}：{value}" if language() == "zh" else f"{name}: {value}"


def span(shares: Sequence[float]) -> str:
    """The lowest and the highest of some shares as printed, without the sign."""
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else _("{low} to {high}").format(low=low, high=high)


def mw_text(mw: float) -> str:
    """Megawatts as printed, three digits where that many are known."""
    return number(mw, 4) if mw >= 99.95 else number(mw, 3) if mw >= 0.995 else f"{mw:.2g}"


def class_edges(load_mw: float | None) -> FloatArray:
    """Ends of the colour classes; the third is the load itself. [MW]"""
    return (load_mw or REFERENCE_MW) * np.array([0.25, 0.5, 1.0, 2.0, 4.0])


def class_of(mw: FloatArray, edges: FloatArray) -> NDArray[np.int64]:
    """Colour class of each bus: 3 and more take the load."""
    return np.searchsorted(edges, mw, side="right").astype(np.int64)


def class_words(edges: FloatArray) -> list[str]:
    """The classes as printed."""
    ends = [number(float(e), 3) for e in edges]
    inner = [f"{a} - {b} MW" for a, b in pairwise(ends)]
    return [f"< {ends[0]} MW", *inner, f"≥ {ends[-1]} MW"]
