"""What does the dispatch in a case file leave open? Imbalance, units over their limits, load no unit reaches. In MW.

A power flow needs generation and load to be equal. What the file misses is put on the running units by their Pmax, which
may be the losses of its AC solution, or a dispatch that was never one: then every number rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taotie.errors import CaseError
from taotie.grid.case.grid_case import ISOLATED
from taotie.grid.flow.dc_power_flow import DcModel, angle_limits_deg
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["BALANCED_WITHIN", "FiledDispatch", "filed_dispatch", "require_balance"]

BALANCED_WITHIN = (
    0.05  # AC losses of public cases are 1 to 4 % of the load; an assumption of this project
)


@dataclass(frozen=True)
class FiledDispatch:
    """What the file's own dispatch does.

    Parameters
    ----------
    generation_mw, load_mw : float
        Output of the running units that take part; load with shunt conductance and what DC lines take
        out of the grid. [MW]
    imbalance_mw : float
        Generation less load, taken off the running units by their Pmax. [MW]
    over_pmax, over_pmax_mw : int, float
        Units filed above their Pmax, and by how much together. [MW]
    unserved_mw, unserved_buses : float, tuple of str
        Load no running unit reaches. [MW]
    angle_limits : int
        Branches with an angle limit; the search of capacity does not look at them.
    """

    generation_mw: float
    load_mw: float
    imbalance_mw: float
    over_pmax: int
    over_pmax_mw: float
    unserved_mw: float
    unserved_buses: tuple[str, ...]
    angle_limits: int

    @property
    def share(self) -> float:
        """Imbalance over load. [1]"""
        return self.imbalance_mw / self.load_mw if self.load_mw > 0 else 0.0

    @property
    def said(self) -> tuple[Said, ...]:
        """The imbalance first, then what else a reader must know."""
        values = {
            "generation": self.generation_mw, "load": self.load_mw, "share": 100 * abs(self.share),
            "mw": abs(self.imbalance_mw),
        }  # fmt: skip
        if abs(self.imbalance_mw) < 0.05:
            message = N_(
                "units of the file give {generation:.1f} MW for {load:.1f} MW of load: balanced"
            )
        elif self.imbalance_mw > 0:
            message = N_(
                "units of the file give {generation:.1f} MW for {load:.1f} MW of load: {mw:.1f} MW too much ({share:.1f} %), taken off the running units by their Pmax"
            )
        else:
            message = N_(
                "units of the file give {generation:.1f} MW for {load:.1f} MW of load: {mw:.1f} MW short ({share:.1f} %), put on the running units by their Pmax"
            )
        found = [Said("imbalance", message, values)]
        if self.unserved_mw > 0:
            found.append(
                Said(
                    "unserved",
                    N_(
                        "{mw:.1f} MW of load hang on no running unit and are not served: bus {buses}"
                    ),
                    {"mw": self.unserved_mw, "buses": ", ".join(self.unserved_buses[:5])},
                )
            )
        if self.over_pmax:
            found.append(
                Said(
                    "over_pmax",
                    N_("{n} units are filed above their Pmax, by {mw:.1f} MW together"),
                    {"n": self.over_pmax, "mw": self.over_pmax_mw},
                )
            )
        if self.angle_limits:
            found.append(
                Said(
                    "angle_limits",
                    N_(
                        "{n} branches have angle limits, which the search of capacity does not look at"
                    ),
                    {"n": self.angle_limits},
                )
            )
        return tuple(found)


def filed_dispatch(model: DcModel) -> FiledDispatch:
    """What the dispatch of a case does, before anything is handed back.

    Examples
    --------
    The 5-bus case is filed without losses:

    >>> from taotie.grid.case.case import read_case
    >>> from taotie.grid.flow.dc_power_flow import dc_model
    >>> filed = filed_dispatch(dc_model(read_case("case5")))
    >>> round(filed.generation_mw, 2), round(filed.load_mw, 2), abs(round(filed.imbalance_mw, 2))
    (1000.0, 1000.0, 0.0)
    """
    case, dead = model.case, model.dead_bus
    on = case.gen_on & ~dead[case.gen_row]
    generation = float(case.gen[on, 1].sum())
    over = case.gen[on, 1] - case.gen[on, 8]
    over = over[over > 1e-6]
    lost = np.flatnonzero(dead & (case.bus[:, 1] != ISOLATED) & (case.load_mw > 0))
    lost = lost[np.argsort(-case.load_mw[lost])]
    low, high = angle_limits_deg(case)
    limited = (np.isfinite(low) | np.isfinite(high)) & case.branch_on
    return FiledDispatch(
        generation,
        generation - model.handed_back_mw,
        model.handed_back_mw,
        len(over),
        float(over.sum()),
        float(case.load_mw[lost].sum()),
        tuple(case.bus_label(int(r)) for r in lost),
        int(limited.sum()),
    )


def require_balance(case_name: str, filed: FiledDispatch, within: float = BALANCED_WITHIN) -> None:
    """Refuse to compute with a dispatch that misses its load.

    Raises
    ------
    CaseError
        The imbalance is above `within` of the load.
    """
    if abs(filed.share) <= within:
        return
    raise CaseError(
        _(
            "the dispatch in {case} misses its load: its units give {generation:.1f} MW for {load:.1f} MW of load, {mw:.1f} MW ({share:.1f} %) {which}."
        ).format(
            case=case_name,
            generation=filed.generation_mw,
            load=filed.load_mw,
            mw=abs(filed.imbalance_mw),
            share=100 * abs(filed.share),
            which=_("too much") if filed.imbalance_mw > 0 else _("short"),
        ),
        _(
            "choose one: --dispatch optimal (cheapest), --dispatch n-1 (cheapest that survives any outage), or --dispatch file (as it is, scaled by Pmax)."
        ),
    )
