"""Every flow after every single outage by lightsim2grid's contingency analysis, DC, from MATPOWER's tables."""

from __future__ import annotations

import os

import numpy as np
from lightsim2grid.lightsim2grid_cpp import ContingencyAnalysisCPP
from lightsim2grid.network import init_from_matpower
from work import Work, inputs

case, keep = inputs()
branch = case.branch.copy()
grid = init_from_matpower(
    {"bus": case.bus, "gen": case.gen, "branch": branch, "baseMVA": case.base_mva}
)
work = Work("lightsim2grid")
n_line = len(grid.get_lines())
line_row = np.flatnonzero((branch[:, 8] == 0) & (branch[:, 9] == 0))
trafo_row = np.setdiff1d(np.arange(case.n_branch), line_row)
order = np.r_[line_row, trafo_row]  # its columns: the lines, then the transformers
if n_line != line_row.size:
    raise SystemExit(f"{n_line} lines where {line_row.size} were expected")
column = np.argsort(order)
start = np.ones(case.n_bus, complex)


def screening(threads: int) -> np.ndarray:
    analysis = ContingencyAnalysisCPP(grid)
    analysis.change_algorithm("DC_KLU")
    analysis.nb_thread = threads
    analysis.add_multiple_n1(column[keep].tolist())
    analysis.compute(start, 10, 1e-8)
    return np.array(analysis.compute_power_flows())  # its own memory goes with it


for threads in (1, os.cpu_count() or 1):
    flows = work.time(
        "n-1",
        f"ContingencyAnalysis, DC_KLU, {threads} thread{'s' * (threads > 1)}, every flow after every outage, no limit check",
        lambda n=threads: screening(n),
    )
    if flows is not None:
        which = sorted(column[keep].tolist())  # it sorts the list of outages
        rows = np.argsort(np.argsort(column[keep]))
        work.arrays["n-1"] = np.asarray(flows)[rows][:, column]
work.done()
