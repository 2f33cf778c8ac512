"""PTDF and LODF by pandapower's makePTDF and makeLODF, on the tables of the case."""

from __future__ import annotations

import numpy as np
from pandapower.pypower.makeLODF import makeLODF
from pandapower.pypower.makePTDF import makePTDF
from work import Work, inputs

case, __ = inputs()
bus, branch = case.bus.copy(), case.branch.copy()
bus[:, 0] = np.arange(case.n_bus)
branch[:, 0], branch[:, 1] = case.from_row, case.to_row
work = Work("pandapower")
for sparse in (True, False):
    solver = f"{'sparse' if sparse else 'dense'} solver"

    def factors(s: bool = sparse) -> np.ndarray:
        return makePTDF(case.base_mva, bus, branch, using_sparse_solver=s)

    h = work.time("ptdf", f"makePTDF, {solver}", factors)
    d = work.time(
        "lodf", f"makePTDF, {solver}, and makeLODF", lambda f=factors: makeLODF(branch, f())
    )
    if h is not None and d is not None:
        work.arrays.update(ptdf=h, lodf=d)
work.done()
