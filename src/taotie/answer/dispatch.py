"""Which units run, and what does a megawatt-hour cost? The ask behind `taotie grid dispatch`. [USD/h, USD/MWh]"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with, default_said
from taotie.answer.buses import bus_row
from taotie.answer.dispatch_together import Together
from taotie.answer.load import load_mw as load_mw_of
from taotie.errors import RangeError
from taotie.grid.case.case import Case, read_case
from taotie.grid.dispatch.effects import dispatch_emissions, fuel_shares, unit_factors_t_per_mwh
from taotie.grid.dispatch.optimal import Dispatch, optimal_dispatch
from taotie.grid.ties import falling
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["dispatch"]

STATES = {"before": Said("before", N_("before")), "after": Said("after", N_("after"))}
PRICES = (
    ("lowest", N_("lowest")), ("median", N_("median")), ("highest", N_("highest")), ("at_bus", N_("at bus")),
)  # fmt: skip

VALUE_OF_LOST_LOAD = 9000.0
LIMITS = (
    Said("commitment", N_("units in service as in the case: none is switched on or off")),
    Said("dc", N_("DC, active power only: no voltage, losses or reactive power")),
    Said("one_hour", N_("one hour: no ramps, storage or start-up")),
)


@answers_with("dispatch")
def dispatch(
    case: str | Path | Case,
    *,
    bus: int | str | None = None,
    load_mw: float | str | None = None,
    pue: float = 1.2,
    n_1: bool = False,
    value_of_lost_load: float | None = None,
    hours: str | None = None,
    span: str = "",
    units_down: bool = False,
    storage: Sequence[str] = (),
    ramps: bool = False,
    ramp_share: float | None = None,
    start_up: bool = False,
    start_cost: float | None = None,
    window: int | None = None,
    overlap: int | None = None,
) -> Answer:
    """The cheapest dispatch and its prices, before and after a new load.

    Parameters
    ----------
    case : str, path or Case
    bus : int or str, optional
        Where the new load stands.
    load_mw : float or str, optional
        Megawatts, or a text such as 1.2GW or 100000xh100. [MW]
    pue : float
        Of the building, where the load is given in accelerators. [1]
    n_1 : bool
        Keep every rating with any one branch lost.
    value_of_lost_load : float, optional
        Load may be shed at this; with `hours` 9,000 unless another is given. [USD/MWh]
    hours : str, optional
        Each hour in place of one: `year`, or a CSV of loads.
    span, units_down
        Which of the hours; whether units may go below their minimum.
    storage, ramps, ramp_share, start_up, start_cost, window, overlap
        What holds the hours together: see `taotie.answer.dispatch_together`.

    Raises
    ------
    TaotieError
        In one sentence, for what cannot be.
    """
    if isinstance(load_mw, str):
        load_mw = load_mw_of(load_mw, pue)[0]
    if (load_mw is not None) != (bus is not None):
        raise RangeError(
            _("--bus and --load go together: where, and how much."), "--bus 1001 --load 150MW"
        )
    if value_of_lost_load is not None and not 0 < value_of_lost_load < np.inf:
        raise RangeError(
            _("--value-of-lost-load {value} is not above 0 USD/MWh.").format(
                value=value_of_lost_load
            ),
            "--value-of-lost-load 10000",
        )
    together = Together(tuple(storage), ramps, ramp_share, start_up, start_cost, window, overlap)
    if hours is None and (span or units_down):
        raise RangeError(_("--span and --units-down go with --hours."), "--hours year --span 0:168")
    if hours is None and together.asked:
        raise RangeError(
            _("storage, ramps, starts and windows go with --hours: they hold hours together."),
            "--hours year --span 0:168",
        )
    grid = case if isinstance(case, Case) else read_case(case)
    if hours is not None:
        if n_1:
            raise RangeError(
                _("--n-1 is for one hour; with --hours all branches are in service."),
                _("leave out --n-1 or --hours."),
            )
        from taotie.answer.dispatch_hours import dispatch_by_hour

        at = None if bus is None else bus_row(grid, bus)
        lost = VALUE_OF_LOST_LOAD if value_of_lost_load is None else value_of_lost_load
        made = dispatch_by_hour(grid, hours, span, at, load_mw or 0.0, lost, units_down, together)
        if value_of_lost_load is None:
            why = N_("a year is not stopped by one hour that lacks power")
            made = made.saying(default_said("value_of_lost_load", f"{lost:g} USD/MWh", why))
        return made.saying(*grid.told)
    row = 0 if bus is None else bus_row(grid, bus)
    number = int(grid.bus_number[row])
    states = {"before": grid}
    if bus is not None:
        states["after"] = grid.with_load(number, load_mw or 0.0)
    own: dict[str, Any] = {
        "case": grid.name, "bus": None if bus is None else number, "load_mw": load_mw or 0.0,
    }  # fmt: skip
    said = list(grid.told)
    from taotie.grid.dispatch.filed import filed_dispatch
    from taotie.grid.flow.dc_power_flow import dc_model

    filed = filed_dispatch(dc_model(grid))
    if filed.unserved_mw and value_of_lost_load is not None:
        said += [one for one in filed.said if one.code == "unserved"]
    if filed.angle_limits:
        said.append(
            Said(
                "angles_kept",
                N_("{n} branches have angle limits, all kept"),
                {"n": filed.angle_limits},
            )
        )
    for state, one in states.items():
        best = optimal_dispatch(one, value_of_lost_load=value_of_lost_load, n_1=n_1)
        own[state] = _state(best, row, number, bus is not None)
        said += _state_said(best, state, row, bus is not None)
    columns = (
        Column("state", "", N_("new load")), Column("cost_usd_per_h", "USD/h", N_("cost")),
        *(Column(f"{key}_usd_per_mwh", "USD/MWh", label) for key, label in PRICES),
        Column("full_branches", "", N_("full branches")), Column("average_g_per_kwh", "gCO2e/kWh", N_("average intensity")),
    )  # fmt: skip
    rows = tuple(
        (
            STATES[state], one["cost_usd_per_h"], *(one["price_usd_per_mwh"][key] for key, _label in PRICES),
            len(one["congested"]), one["average_g_per_kwh"] if one["fuels"] else None,
        )
        for state, one in ((state, own[state]) for state in states)
    )  # fmt: skip
    return Answer(
        "dispatch",
        {"case": grid.name, "bus": bus, "load_mw": load_mw, "n_1": n_1, "value_of_lost_load": value_of_lost_load},
        tables={"states": Table(columns, rows, N_("Before and after the new load"))},
        said=tuple(said),
        limits=(*LIMITS, *(n for n in grid.notes if n not in grid.told)),
        own={**own, "licence": grid.licence},
    )  # fmt: skip


def _state(best: Dispatch, row: int, number: int, at_bus: bool) -> dict[str, Any]:
    case = best.case
    found: dict[str, Any] = {
        "cost_usd_per_h": best.cost_usd_per_h,
        "price_usd_per_mwh": _prices(best.price_usd_per_mwh, row, at_bus),
        "at_kink": best.at_kink,
        "shed_mw": best.unserved_mw,
        "congested": [
            {"branch": case.branch_label(int(l)), "outage": None if k == l else case.branch_label(int(k))}
            for l, k in zip(best.congested_branch, best.congested_outage, strict=True)
        ],
        "at_angle_limit": [case.branch_label(int(l)) for l in best.angle_branch],
        "fuels": {fuel: round(share, 6) for fuel, share in fuel_shares(best).items()},
    }  # fmt: skip
    if best.at_kink and best.price_below_usd_per_mwh is not None:
        found["last_price_usd_per_mwh"] = _prices(best.price_below_usd_per_mwh, row, at_bus)
    if found["fuels"]:
        carbon = dispatch_emissions(best, unit_factors_t_per_mwh(case), number)
        found["average_g_per_kwh"] = carbon.average_g_per_kwh
        marginal = carbon.marginal_g_per_kwh
        found["marginal_g_per_kwh_at_bus"] = marginal if at_bus and np.isfinite(marginal) else None
    return found


def _prices(price: Any, row: int, at_bus: bool) -> dict[str, float | None]:
    known = price[np.isfinite(price)] + 0.0  # no minus before a price of nothing
    return {
        "lowest": float(known.min()) if known.size else None,
        "median": float(np.median(known)) if known.size else None,
        "highest": float(known.max()) if known.size else None,
        "at_bus": float(price[row]) + 0.0 if at_bus and np.isfinite(price[row]) else None,
    }


def _state_said(best: Dispatch, state: str, row: int, at_bus: bool) -> list[Said]:
    when = Said("state", N_("before") if state == "before" else N_("after"))
    said = []
    if best.at_kink and best.price_below_usd_per_mwh is not None:
        above, below = best.price_usd_per_mwh, best.price_below_usd_per_mwh
        at = row if at_bus and np.isfinite(above[row]) else int(np.nanargmax(above - below))
        said.append(
            Said(
                "price_at_kink",
                N_("{state}: the costs have a kink here: at bus {bus} the next MWh costs {above:.2f}, the last one {below:.2f} USD/MWh; prices shown are those of the next"),
                {
                    "state": when, "bus": best.case.bus_label(at), "above": float(above[at]),
                    "below": float(below[at]),
                },
            )
        )  # fmt: skip
    if best.more_mw == 0.0:
        said.append(
            Said(
                "no_more",
                N_(
                    "{state}: not one more MWh can be served; prices shown are those of the last one"
                ),
                {"state": when},
            )
        )
    if best.unserved_mw > 1e-6:
        rows = falling(best.shed_mw)[:5]
        said.append(
            Said(
                "shed",
                N_("{state}: {mw:.1f} MW of load are shed, at bus {buses}"),
                {
                    "state": when, "mw": best.unserved_mw,
                    "buses": ", ".join(
                        f"{best.case.bus_label(int(r))} ({best.shed_mw[r]:.1f} MW)" for r in rows if best.shed_mw[r] > 1e-6
                    ),
                },
            )
        )  # fmt: skip
    if len(best.angle_branch):
        said.append(
            Said(
                "at_angle_limit",
                N_("{state}: angle limits bind at {names}"),
                {
                    "state": when,
                    "names": ", ".join(
                        best.case.branch_label(int(l)) for l in best.angle_branch[:10]
                    ),
                },
            )
        )
    return said
