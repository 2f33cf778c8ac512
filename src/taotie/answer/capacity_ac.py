"""Does a bus's DC answer survive an AC power flow by another program? Behind `taotie grid capacity --ac-check`. [MW]"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from taotie.answer.answer import Answer, Column, Table
from taotie.grid.case.case import Case
from taotie.grid.flow.ac_power_flow import AcCheck, AcGrid, AcState, ac_check
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["with_ac_check"]


def with_ac_check(
    answer: Answer, case: Case, bus: int, load_mw: float, outage: int, power_factor: float
) -> Answer:
    """The answer with AC power flows at a load, with all branches in service and with the binding outage.

    Raises
    ------
    MissingExtraError
        If pandapower is not installed.
    """
    made = ac_check(AcGrid(case), bus, load_mw, [outage], power_factor)
    said = (
        Said("ac_check_before", N_("AC by pandapower: a state is not safe even without the new load (no solution, a rating or a voltage passed): what the load adds cannot be judged by it"))
        if not all(one.safe for one in made.before)
        else Said("ac_check_safe", N_("AC by pandapower: {mw:.1f} MW hold in the intact grid and with the outage that binds: nothing over its rating, no voltage newly outside its limits"), {"mw": load_mw})
        if made.ac_safe_share == 1.0
        else Said("ac_check_share", N_("AC by pandapower: of {mw:.1f} MW, {share:.0%} hold in the intact grid and with the outage that binds"), {"mw": load_mw, "share": made.ac_safe_share})
    )  # fmt: skip
    limit = Said(
        "ac_check_outages",
        N_("AC check: two states, the intact grid and the outage that binds in DC; --redispatch --ac covers every outage"),
    )  # fmt: skip
    return replace(
        answer,
        tables={**answer.tables, "ac_check": _table(case, made)},
        said=(*answer.said, said),
        limits=(*answer.limits, limit),
        own={**answer.own, "ac_check": _own(case, made)},
    )


def _label(case: Case, state: AcState) -> str | Said:
    return Said("intact", N_("none")) if state.outage < 0 else case.branch_label(state.outage)


def _table(case: Case, made: AcCheck) -> Table:
    columns = (
        Column("load_mw", "MW", N_("new load")), Column("outage", "", N_("branch out")),
        Column("converged", "", N_("solved")), Column("worst_loading", "%", N_("highest loading")),
        Column("lowest_pu", "", N_("lowest voltage, p.u.")), Column("losses_mw", "MW", N_("losses")),
    )  # fmt: skip
    rows = tuple(
        (
            s.load_mw, _label(case, s), s.converged,
            *((100 * s.worst_loading, s.lowest_pu, s.losses_mw) if s.converged else (None,) * 3),
        )
        for s in (*made.before, *made.states)
    )  # fmt: skip
    return Table(columns, rows, N_("AC power flows by pandapower"))


def _own(case: Case, made: AcCheck) -> dict[str, Any]:
    def state(s: AcState) -> dict[str, Any]:
        found: dict[str, Any] = {
            "outage": None if s.outage < 0 else case.branch_label(s.outage), "load_mw": s.load_mw,
            "converged": s.converged, "safe": s.safe,
        }  # fmt: skip
        if s.converged:
            found |= {
                "worst_loading": s.worst_loading, "worst_branch": case.branch_label(s.worst_branch),
                "lowest_pu": s.lowest_pu, "highest_pu": s.highest_pu, "outside": s.outside,
                "outside_before": s.outside_before, "losses_mw": s.losses_mw, "dc_difference_mw": s.dc_difference_mw,
            }  # fmt: skip
        return found

    return {
        "load_mw": made.dc_capacity_mw,
        "safe_share": made.ac_safe_share,
        "before": [state(s) for s in made.before],
        "states": [state(s) for s in made.states],
    }
