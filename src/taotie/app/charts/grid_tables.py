"""Which numbers stand behind the pictures of a grid's capacity? Every bus, shares by load, limiting pairs. MW."""

from __future__ import annotations

import json

import numpy as np

from taotie.answer.parts.grid import (
    CapacityPicture,
    HostingCapacityByTreatment,
    limiting_pairs,
    mw_percentiles,
    outage_labels,
    share_taking,
)
from taotie.app.charts.grid_numbers import (
    N_BUS_DRAWN,
    N_BUS_NAMED,
    N_BUS_SINGLE,
    capacity_by_way,
    way_name,
)
from taotie.app.charts.picture import ROWS_TWICE, Cell, DataTable, _data_uri
from taotie.words.language import _


class ColumnTable(DataTable):
    """A long table whose JSON says the column names once."""

    def json_uri(self) -> str:
        """All rows as a JSON file inside a link: columns, then rows as lists; empty for long tables."""
        if len(self.rows) > ROWS_TWICE:
            return ""
        rows = [[row.get(k) for k in self.columns] for row in self.rows]
        content = {"columns": list(self.columns), "rows": rows}
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return _data_uri("application/json", text)


def bus_table(found: HostingCapacityByTreatment) -> DataTable:
    """Every bus; of grids with more than `N_BUS_DRAWN` the classes only."""
    case = found.case
    if case.n_bus > N_BUS_DRAWN:
        return _quantile_table(found)
    digits = 3 if case.n_bus <= N_BUS_SINGLE else 2 if case.n_bus <= N_BUS_NAMED else 1
    ways = {k: np.round(v, digits).tolist() for k, v in capacity_by_way(found).items()}
    columns = {"bus": _("bus")}
    named = len(case.bus_name) == case.n_bus and case.n_bus <= N_BUS_NAMED
    if named:
        columns["name"] = _("name")
    columns |= {f"{k}_mw": f"{way_name(k)}, MW" for k in ways}
    columns["n1_supply"] = _("fed after any outage")
    rows: list[dict[str, Cell]] = [
        {
            "bus": int(bus),
            **({"name": case.bus_name[i].strip()} if named else {}),
            **{f"{k}_mw": v[i] for k, v in ways.items()},
            "n1_supply": int(found.n1_supply[i]),
        }
        for i, bus in enumerate(case.bus_number)
    ]
    if case.n_bus <= N_BUS_NAMED:
        labels = (*outage_labels(case), None)  # -1 is the last: the cap
        for way, one in found.by_treatment.items():
            columns[f"{way}_branch"] = _("{way}: limited by").format(way=way_name(way))
            columns[f"{way}_outage"] = _("{way}: when lost").format(way=way_name(way))
            pairs = zip(one.binding_branch.tolist(), one.binding_outage.tolist(), strict=True)
            for row, (branch, outage) in zip(rows, pairs, strict=True):
                row[f"{way}_branch"] = labels[branch]
                row[f"{way}_outage"] = None if outage == branch else labels[outage]
    return ColumnTable(columns, tuple(rows))


def _quantile_table(found: HostingCapacityByTreatment) -> DataTable:
    at = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
    rows: list[dict[str, Cell]] = []
    for way, mw in capacity_by_way(found).items():
        values = mw_percentiles(mw, at)
        rows.append(
            {"way": way_name(way)} | {f"p{a}": float(v) for a, v in zip(at, values, strict=True)}
        )
    return DataTable({"way": _("treatment")} | {f"p{a}": f"{a} %" for a in at}, tuple(rows))


def share_table(shown: CapacityPicture) -> DataTable:
    """Share of buses by load; the load asked about is one row."""
    ways = capacity_by_way(shown.capacity)
    loads = [
        1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000,
    ]  # fmt: skip
    every = sorted({float(v) for v in loads} | ({shown.load_mw} if shown.load_mw else set()))
    rows: list[dict[str, Cell]] = [
        {"load_mw": load, **{k: 100 * share_taking(mw, load) for k, mw in ways.items()}}
        for load in every
    ]
    columns = {"load_mw": _("load, MW")} | {
        k: _("{way}, % of buses").format(way=way_name(k)) for k in ways
    }
    return DataTable(columns, tuple(rows))


def limiting_table(found: HostingCapacityByTreatment) -> DataTable:
    """Pairs that limit buses, per treatment, the first hundred of each."""
    case = found.case
    labels = (*outage_labels(case), None)
    rows: list[dict[str, Cell]] = []
    for way in found.by_treatment:
        for p in limiting_pairs(found, way)[:100]:
            ends = () if p.branch < 0 else (case.from_row[p.branch], case.to_row[p.branch])
            rows.append(
                {
                    "way": way_name(way), "buses": p.buses, "branch": labels[p.branch],
                    "outage": None if p.outage == p.branch else labels[p.outage],
                    "ends": " - ".join(case.bus_label(int(e)) for e in ends) or None,
                }
            )  # fmt: skip
    columns = {
        "way": _("treatment"), "buses": _("buses limited"), "branch": _("branch"),
        "outage": _("when this one is lost"), "ends": _("ends of the branch"),
    }  # fmt: skip
    return DataTable(columns, tuple(rows))
