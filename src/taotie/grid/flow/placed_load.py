"""How does a case look with a new load put in? Its own tables, balanced: what another program reads as it stands. In MW."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, RangeError
from taotie.grid.case.grid_case import Case
from taotie.grid.flow.dc_power_flow import dc_model, scheduled_injection_mw
from taotie.words.language import _

__all__ = ["case_with_load"]


def case_with_load(case: Case, bus: int, load_mw: float, power_mw: ArrayLike | None = None) -> Case:
    """The case with more load at a bus, and units that serve it.

    Parameters
    ----------
    case : Case
    bus : int
        Number as in the file.
    load_mw : float
        [MW]
    power_mw : array_like, shape (n_gen,), optional
        Output of every unit; by default as filed, with the new load and what the filed dispatch misses shared out
        over the running units of each part by Pmax, which is how `load_hosting_capacity` serves it. [MW]

    Returns
    -------
    case : Case
        Its dispatch and load add up to zero in every part, so that the DC flows of other programs, which leave what is
        missing to one unit, are those of this one.

    Raises
    ------
    CaseError
        The bus is not in a part with a running unit.
    RangeError
        A load below 0.

    Examples
    --------
    >>> from taotie.grid.case.case import read_case
    >>> more = case_with_load(read_case("case5"), 4, 30.0)
    >>> round(float(more.load_mw.sum() - more.gen[more.gen_on, 1].sum()), 9)
    0.0
    """
    if not (np.isfinite(load_mw) and load_mw >= 0):
        raise RangeError(_("a load of {load} MW is below 0.").format(load=load_mw))
    row = int(case.rows_of_bus([bus])[0])
    model = dc_model(case)
    if model.dead_bus[row]:
        raise CaseError(
            _("bus {bus} of {case} is in no part with a running unit.").format(
                bus=bus, case=case.name
            )
        )
    table, gen = case.bus.copy(), case.gen.copy()
    table[row, 2] += load_mw
    if power_mw is not None:
        gen[:, 1] = power_mw
    placed = replace(case, bus=table, gen=gen)
    for island in model.islands:
        left: NDArray[np.float64] = scheduled_injection_mw(placed)[island.bus_row]
        here = np.flatnonzero(case.gen_on & np.isin(case.gen_row, island.bus_row))
        pmax = np.maximum(case.gen[here, 8], 0.0)
        pmax = np.where(np.isinf(pmax), max(pmax[~np.isinf(pmax)].sum(), 1.0), pmax)
        gen[here, 1] -= left.sum() * pmax / pmax.sum()
    return replace(case, bus=table, gen=gen)
