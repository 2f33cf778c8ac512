"""VeraGrid's nodal capacity for chosen buses, one bus a call, one hour.

Another problem than ours: a linear program that dispatches all units anew and may shed load, whose branch
limits are soft (they cost). So its answers are printed beside ours, and no ratio is taken.
"""

from __future__ import annotations

import datetime

import numpy as np
import VeraGridEngine.api as veragrid
from VeraGridEngine.Devices import Contingency, ContingencyGroup
from VeraGridEngine.Simulations.NodalCapacity.nodal_capacity_options import NodalCapacityOptions
from VeraGridEngine.Simulations.NodalCapacity.nodal_capacity_ts_driver import (
    NodalCapacityTimeSeriesDriver,
)
from VeraGridEngine.Simulations.OPF.opf_options import OptimalPowerFlowOptions
from work import FOLDER, Work

work = Work("veragridengine")


def grid_of(name: str):
    grid = veragrid.open_file(str(FOLDER / f"{name}.m"))
    grid.create_profiles(
        steps=1, step_length=1, step_unit="h", time_base=datetime.datetime(2020, 1, 1)
    )
    for branch in grid.get_branches():
        group = ContingencyGroup(name=branch.name)
        grid.add_contingency_group(group)
        grid.add_contingency(Contingency(device=branch, group=group))
    return grid


def capacity(grid, row: int, lodf_tolerance: float | None) -> tuple[float, np.ndarray]:
    """New load, and what its dispatch puts into every bus with it; N-1 with a tolerance. [MW]"""
    options = OptimalPowerFlowOptions(
        consider_contingencies=lodf_tolerance is not None,
        contingency_groups_used=grid.get_contingency_groups(),
        lodf_tolerance=lodf_tolerance or 0.0,
    )
    driver = NodalCapacityTimeSeriesDriver(
        grid,
        NodalCapacityOptions(
            opf_options=options, capacity_nodes_idx=np.array([row]), nodal_capacity_sign=-1.0
        ),
        time_indices=np.array([0]),
    )
    driver.run()
    results = driver.results
    return abs(float(results.nodal_capacity.ravel()[0])), results.Sbus.real[0]


small, large = grid_of("small"), grid_of("case")
for tolerance in (None, 0.05):
    capacity(small, 0, tolerance)  # compile
told = []
for name, grid, tolerance, n in (
    ("small", small, None, 3),
    ("small", small, 0.001, 3),
    ("case", large, None, 3),
    ("case", large, 0.05, 1),
):
    count = grid.get_bus_number()
    for row in np.linspace(0, count - 1, 5).astype(int)[1 : 1 + n].tolist():
        kind = "N-0" if tolerance is None else f"N-1, LODF >= {tolerance}"
        found = work.time(
            "opf", f"{count} buses, one bus (row {row}), {kind}",
            lambda g=grid, r=row, t=tolerance: capacity(g, r, t), runs=1,
        )  # fmt: skip
        if found is not None:
            work.arrays[f"opf_injection_{len(told)}"] = found[1]
            told.append([float(name == "case"), row, float(tolerance is not None), found[0]])
            work.arrays["opf"] = np.array(told)
work.done()
