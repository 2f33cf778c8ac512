"""What of a grid's capacity do terminal and page show? Spread over buses, what binds most, and what pictures are drawn from."""

from __future__ import annotations

from typing import Any

from taotie.answer.answer import Column, Table
from taotie.grid.capacity.hosting_capacity import HostingCapacityByTreatment
from taotie.grid.capacity.limiting import limiting_pairs, pair_words
from taotie.grid.capacity.over_buses import mw_percentiles
from taotie.grid.picture import CapacityPicture, grid_picture
from taotie.words.language import N_

__all__ = ["binds_most", "capacity_picture", "picture_of_buses", "spread_of_buses"]

PERCENTILES = (5, 25, 50, 75, 95)
N_PAIRS = 5


SPREAD = {
    "all": N_("MW of new load a bus takes with any one branch lost, over all buses"),
    "none": N_("MW of new load a bus takes with all branches in service, over all buses"),
    "table": N_("MW of new load a bus takes in every outage of the case's table, over all buses"),
}


def spread_of_buses(
    found: HostingCapacityByTreatment, secure: bool, load_mw: float | None, contingencies: str
) -> Table:
    """Percentiles over buses by treatment; strict only where the case is secure. [MW]"""
    columns = [
        Column("treatment", "", N_("treatment")),
        *(Column(f"p{q:02d}_mw", "MW", N_("median") if q == 50 else f"{q} %") for q in PERCENTILES),
    ]
    if load_mw is not None:
        columns.append(Column("take_the_load", "%", N_("take the load")))
    rows = []
    for name, way in found.by_treatment.items():
        if name == "strict" and not secure:
            continue
        at = mw_percentiles(way.load_hosting_capacity_mw, PERCENTILES)
        row: list[Any] = [name, *(round(float(q), 1) for q in at)]
        rows.append(
            tuple(row if load_mw is None else [*row, round(100 * way.share_of_buses(load_mw), 1)])
        )
    return Table(tuple(columns), tuple(rows), SPREAD[contingencies])


def binds_most(answer: Any) -> str:
    """The pairs of branch and outage that limit most buses with a 5 % margin, in the language in force."""
    found = answer.detail.found
    pairs = limiting_pairs(found, "margin")[:N_PAIRS]
    return "; ".join(f"{pair_words(found, p)} ({p.buses})" for p in pairs)


def capacity_picture(answer: Any) -> CapacityPicture:
    """What the page of a capacity is drawn from."""
    detail = answer.detail
    table = answer.tables["top"]
    best = tuple(
        (f"{bus} {name}".strip(), mw)
        for bus, name, mw in zip(
            table.column("bus"), table.column("name"), table.column("firm_mw"), strict=True
        )
    )
    drawn = grid_picture(detail.found.case, detail.coordinates, registered=True)
    return CapacityPicture(
        detail.found, drawn, detail.load_mw, detail.contingencies, answer.said, best
    )


def picture_of_buses(answer: Any) -> tuple[Any, Any, float]:
    """Where buses stand, what each takes with a 5 % margin, and the end of the colour scale. [MW]"""
    found, wanted = answer.detail.found, answer.detail.load_mw
    mw = found.margin.load_hosting_capacity_mw
    top = max(2 * wanted, 1.0) if wanted else float(mw_percentiles(mw, (90,))[0]) or 1.0
    return grid_picture(found.case, answer.detail.coordinates, registered=True), mw, top
