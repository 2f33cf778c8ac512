"""Does the DC answer survive an AC power flow at chosen buses? Voltages, losses, convergence, by pandapower.

A wrapper: the solver is pandapower's, not ours. Powers in MW and MVA, voltages in per unit. A solve that
does not converge is a result, not an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.errors import CaseError, MissingExtraError, RangeError
from taotie.grid.case.case import Case
from taotie.grid.flow.dc_power_flow import branch_flow_mw, slack_shares
from taotie.words.language import _

__all__ = ["AcCheck", "AcGrid", "AcState", "ac_check"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class AcState:
    """One AC power flow.

    Parameters
    ----------
    outage : int
        Row of the branch taken out; -1 for none.
    load_mw : float
        New load. [MW]
    converged : bool
        False: no solution was found, and all below is NaN.
    worst_loading : float
        Highest apparent power over rating A. [1]
    worst_branch : int
        Its row.
    lowest_pu, highest_pu : float
        Voltages. [p.u.]
    outside : int
        Buses outside their own limits.
    outside_before : int
        The same before any load, all branches in service.
    losses_mw : float
        [MW]
    dc_difference_mw : float
        Largest gap to the DC flow on a rated branch. [MW]
    """

    outage: int
    load_mw: float
    converged: bool
    worst_loading: float
    worst_branch: int
    lowest_pu: float
    highest_pu: float
    outside: int
    outside_before: int
    losses_mw: float
    dc_difference_mw: float

    @property
    def safe(self) -> bool:
        """Converged, nothing over its rating, no bus more outside its limits than before."""
        return self.converged and self.worst_loading <= 1 and self.outside <= self.outside_before


@dataclass(frozen=True)
class AcCheck:
    """A DC capacity looked at in AC.

    Parameters
    ----------
    bus : int
    dc_capacity_mw : float
        [MW]
    before : tuple of AcState
        Without the new load: intact grid first, then the outages asked for.
    states : tuple of AcState
        The same at the full capacity.
    ac_safe_share : float
        Largest share of the capacity at which all of them are safe, to 1 %; 0 where one already is
        not without it. [1]
    """

    bus: int
    dc_capacity_mw: float
    before: tuple[AcState, ...]
    states: tuple[AcState, ...]
    ac_safe_share: float


class AcGrid:
    """A case in pandapower, to be solved again and again.

    Parameters
    ----------
    case : Case

    Raises
    ------
    MissingExtraError
        pandapower is not installed.
    CaseError
        pandapower does not take the case.
    """

    def __init__(self, case: Case) -> None:
        try:
            pandapower: Any = import_module("pandapower")
            from_ppc = import_module("pandapower.converter.pypower.from_ppc").from_ppc
        except ImportError:
            raise MissingExtraError("pandapower", "ac") from None
        self._solver = pandapower
        self.case = case
        numbers = {int(b): i for i, b in enumerate(case.bus_number)}
        bus, gen, branch = case.bus.copy(), case.gen.copy(), case.branch.copy()
        bus[:, 0] = np.arange(case.n_bus)
        gen[:, 0] = case.gen_row
        branch[:, 0], branch[:, 1] = case.from_row, case.to_row
        branch[branch[:, 5] == 0, 5] = 1e5  # unlimited
        for line in case.dcline[case.dcline[:, 2] > 0]:
            bus[numbers[int(line[0])], 2] += line[3]
            bus[numbers[int(line[1])], 2] -= line[4]
        self._rating = case.rate_a_mw
        try:
            self.net = from_ppc(
                {"version": "2", "baseMVA": case.base_mva, "bus": bus[:, :13], "gen": gen[:, :21], "branch": branch[:, :13]},
                f_hz=60, validate_conversion=False,
            )  # fmt: skip
        except Exception as error:  # the converter raises whatever comes
            raise CaseError(
                _("pandapower does not take {case}: {reason}.").format(case=case.name, reason=error)
            ) from error
        self._places = self.net._from_ppc_lookups["branch"]
        self._share = slack_shares(case) / slack_shares(case).sum()
        self._gen_p = self.net.gen.p_mw.to_numpy(copy=True)
        self._load = pandapower.create_load(self.net, 0, 0.0, 0.0, name="new load")
        self._before: int | None = None

    def _in_service(self, row: int, state: bool) -> None:
        place = self._places.iloc[row]
        self.net[place.element_type].loc[int(place.element), "in_service"] = state

    def solve(
        self, bus: int, load_mw: float, power_factor: float = 0.98, outage: int = -1
    ) -> AcState:
        """One power flow with a new load and, on request, a branch out."""
        if not 0 < power_factor <= 1:
            raise RangeError(
                _("power_factor={value} is outside 0 to 1.").format(value=power_factor)
            )
        if self._before is None and (load_mw != 0 or outage >= 0):
            self.solve(bus, 0.0, power_factor)
        case, net = self.case, self.net
        row = int(case.rows_of_bus([bus])[0])
        q = load_mw * float(np.tan(np.arccos(power_factor)))
        net.load.loc[self._load, ["bus", "p_mw", "q_mvar"]] = [row, load_mw, q]
        # the same slack shares as in DC; the reference bus covers losses only
        weight = self._share[net.gen.bus.to_numpy(dtype=int)]
        count = np.bincount(net.gen.bus.to_numpy(dtype=int), minlength=case.n_bus)
        net.gen["p_mw"] = self._gen_p + load_mw * weight / count[net.gen.bus.to_numpy(dtype=int)]
        if outage >= 0:
            self._in_service(outage, False)
        try:
            self._solver.runpp(
                net, init="dc", calculate_voltage_angles=True, numba=True, max_iteration=30
            )
            converged = bool(net.converged)
        except Exception:  # no convergence is an answer; so is a solver that gave up
            converged = False
        finally:
            if outage >= 0:
                self._in_service(outage, True)
        if not converged:
            nan = float("nan")
            if self._before is None:
                self._before = 0
            return AcState(outage, load_mw, False, nan, -1, nan, nan, 0, self._before, nan, nan)
        apparent, active = self._branch_power()
        loading = np.where(np.isfinite(self._rating), apparent / self._rating, 0.0)
        volt = net.res_bus.vm_pu.to_numpy()[: case.n_bus]
        outside = (volt > case.bus[:, 11] + 1e-6) | (volt < case.bus[:, 12] - 1e-6)
        if self._before is None:
            self._before = int(outside.sum())
        changed = case.with_load(bus, load_mw) if load_mw else case
        if outage >= 0:
            table = changed.branch.copy()
            table[outage, 10] = 0
            changed = Case(**{**_fields(changed), "branch": table})
        dc = np.abs(branch_flow_mw(changed))
        rated = np.isfinite(self._rating) & case.branch_on
        gap = np.abs(np.abs(active) - dc)[rated]
        worst = int(loading.argmax())
        losses = sum(
            float(net[f"res_{kind}"].pl_mw.sum())
            for kind in ("line", "trafo", "impedance")
            if len(net[kind])
        )
        return AcState(
            outage, load_mw, True, float(loading[worst]), worst, float(np.nanmin(volt)), float(np.nanmax(volt)),
            int(outside.sum()), self._before, losses, float(gap.max(initial=0.0)),
        )  # fmt: skip

    def _branch_power(self) -> tuple[FloatArray, FloatArray]:
        """Larger apparent power of both ends, and mean active power, by row of the case. [MVA], [MW]"""
        apparent, active = np.zeros(self.case.n_branch), np.zeros(self.case.n_branch)
        ends: dict[str, tuple[str, str]] = {
            "line": ("from", "to"), "trafo": ("hv", "lv"), "impedance": ("from", "to")
        }  # fmt: skip
        kinds = self._places.element_type.to_numpy()
        index = self._places.element.to_numpy()
        for kind, (a, b) in ends.items():
            rows = np.flatnonzero(kinds == kind)
            if not rows.size:
                continue
            table: Any = self.net[f"res_{kind}"].loc[index[rows].astype(int)]
            pa, pb = table[f"p_{a}_mw"].to_numpy(), table[f"p_{b}_mw"].to_numpy()
            qa, qb = table[f"q_{a}_mvar"].to_numpy(), table[f"q_{b}_mvar"].to_numpy()
            apparent[rows] = np.nan_to_num(np.maximum(np.hypot(pa, qa), np.hypot(pb, qb)))
            active[rows] = np.nan_to_num((np.abs(pa) + np.abs(pb)) / 2)
        return apparent, active


def _fields(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in case.__dataclass_fields__}


def ac_check(
    case: Case | AcGrid,
    bus: int,
    dc_capacity_mw: float,
    outages: Sequence[int] = (),
    power_factor: float = 0.98,
) -> AcCheck:
    """AC power flows at a DC capacity, and the share of it that is safe in all of them.

    Parameters
    ----------
    case : Case or AcGrid
    bus : int
    dc_capacity_mw : float
        Such as `hosting_capacity_at_bus` gives. [MW]
    outages : sequence of int
        Rows of the branch table, such as the binding outage and the heaviest others.
    power_factor : float
        Of the new load. [1]

    Returns
    -------
    check : AcCheck
    """
    grid = case if isinstance(case, AcGrid) else AcGrid(case)
    chosen = [-1, *[int(k) for k in dict.fromkeys(outages) if k >= 0]]

    def states(share: float) -> tuple[AcState, ...]:
        return tuple(grid.solve(bus, share * dc_capacity_mw, power_factor, k) for k in chosen)

    before, full = states(0.0), states(1.0)
    low, high = 0.0, 1.0
    if all(s.safe for s in full):
        low = 1.0
    elif all(s.safe for s in before):
        while high - low > 0.01:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if all(s.safe for s in states(middle)) else (low, middle)
    return AcCheck(bus, dc_capacity_mw, before, full, low)
