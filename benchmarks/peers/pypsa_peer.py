"""PTDF, BODF and N-1 flows by PyPSA, on the network our adapter makes of the case."""

from __future__ import annotations

import logging

import numpy as np
from work import Work, inputs

from taotie.grid.case.adapters import case_to_pypsa

OUTAGES = 200  # each one copies the table of all before it
logging.disable(logging.WARNING)
case, keep = inputs()
network = case_to_pypsa(case, keep_dispatch=True)
network.determine_network_topology()
network.calculate_dependent_values()
part = network.c.sub_networks.static.obj.iloc[0]
work = Work("pypsa")

place = {str(number): row for row, number in enumerate(case.bus_number)}


def by_rows(matrix: np.ndarray, columns: str) -> np.ndarray:
    """In the order of the case's tables."""
    row = np.argsort([int(name[1].split()[1]) for name in part.branches().index])
    if columns == "bus":
        return matrix[np.ix_(row, np.argsort([place[b] for b in part.buses_o]))]
    return matrix[np.ix_(row, row)]


work.time("ptdf", "calculate_PTDF", part.calculate_PTDF)
if hasattr(part, "PTDF"):
    h = by_rows(part.PTDF, "bus")
    reference = np.flatnonzero(case.bus[:, 1] == 3)[:1]
    work.arrays["ptdf"] = h - h[:, reference]  # it chooses its own slack bus
work.time("lodf", "calculate_BODF, its PTDF included", part.calculate_BODF)
if hasattr(part, "BODF"):
    work.arrays["lodf"] = by_rows(part.BODF, "branch")
some = keep[:OUTAGES]
outages = [("Transformer", f"branch {row + 1}") for row in some]
flows = work.time(
    "n-1", f"lpf_contingency, every flow after the first {len(some)} of {len(keep)} outages",
    lambda: network.lpf_contingency(list(network.snapshots), outages), runs=1,
)  # fmt: skip
if flows is not None:
    table = flows.xs("Transformer")
    order = np.argsort([int(name.split()[1]) for name in table.index])
    work.arrays["n-1"] = table[outages].to_numpy()[order].T
work.done()
