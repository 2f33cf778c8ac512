"""What do buses take beyond the fixed-share answer: units told anew, stepping back some hours, proved in AC? [MW]

Adds to the `Answer` of `taotie grid capacity`: columns of each bus, what was said, seconds of each step.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.answer.capacity_written import BusDetail
from taotie.errors import RangeError
from taotie.grid.capacity.core import thread_count
from taotie.grid.capacity.hosting_capacity import Binding, binding_label, outage_labels
from taotie.grid.capacity.redispatch import (
    RedispatchedCapacity,
    redispatch_cost_usd_per_mwh,
    redispatched_capacity,
    redispatched_sites,
)
from taotie.grid.case.case import Case, read_case
from taotie.grid.case_hours import hours_of
from taotie.grid.ties import falling
from taotie.words.language import N_, _
from taotie.words.said import Said, as_given

__all__ = ["More", "shares_of", "sites", "with_more"]

MOVED = 5  # units named a bus
OPEN_MW = 1e-3  # an answer further below its bound is told to be one from below
COST_BUSES = 12  # for how many buses of the table the cost of moving is computed
TOLD_EVERY_S = 15.0  # progress of hours


@dataclass(frozen=True)
class More:
    """What is wanted beside the fixed-share answer.

    Parameters
    ----------
    redispatch : bool
        Every unit may be told anew what to give.
    units_off, unit_outages : bool
        Units may go off; single units may trip as well.
    move : float, optional
        Share of its Pmax by which a unit may move. [1]
    hours : str
        "" for none, "year" for the scenarios of the case, or a CSV with one row an hour and one column a bus.
    shares : tuple of float
        Shares of energy that may be cut. [1]
    calls, depth
        How often the load may be called, and what share of it may be off.
    ac : bool
        Prove the redispatched answer in AC.
    ac_every : bool
        Solve every outage at the answer instead of those foretold near a limit.
    power_factor : float
        Of the new load, in AC. [1]
    """

    redispatch: bool = False
    units_off: bool = False
    unit_outages: bool = False
    move: float | None = None
    hours: str = ""
    shares: tuple[float, ...] = ()
    calls: int | None = None
    depth: float | None = None
    ac: bool = False
    ac_every: bool = False
    power_factor: float = 0.98

    @property
    def asked(self) -> bool:
        """Anything at all."""
        return self.redispatch or bool(self.hours) or self.ac or bool(self.shares)


def shares_of(text: str) -> tuple[float, ...]:
    """Shares such as ``0,0.25%,0.5%``; a number without a percent sign is the share itself.

    Raises
    ------
    RangeError
        Not a number, or outside 0 to 1.

    Examples
    --------
    >>> shares_of("0, 0.25%, 0.05")
    (0.0, 0.0025, 0.05)
    """
    found = []
    for part in filter(None, (p.strip() for p in re.split(r"[,;，；]", text))):
        number = part.rstrip("%％").strip()
        try:
            value = float(number) / (100 if number != part else 1)
        except ValueError:
            value = np.nan
        if not 0 <= value < 1:
            raise RangeError(
                _("--curtail {part} is no share of energy between 0 and 1.").format(
                    part=repr(part)
                ),
                "--curtail 0,0.25%,0.5%,1%,5%",
            )
        found.append(round(value, 12))
    if not found:
        raise RangeError(
            _("--curtail {part} is no share of energy between 0 and 1.").format(part=repr(text)),
            "--curtail 0,0.25%,0.5%,1%,5%",
        )
    return tuple(found)


def _outages_of(answer: Answer, case: Case) -> Any:
    """Rows of branches that may be lost, as for the answer; None for all."""
    which = answer.settings["contingencies"]
    if which == "none":
        return []
    if which == "all":
        return None
    from taotie.grid.flow.contingency import contingency_table

    return contingency_table(case).branches


def with_more(
    answer: Answer, case: Case, more: More, step: Callable[[str], None] | None = None
) -> Answer:
    """The answer with what was asked for beside it.

    Parameters
    ----------
    answer : Answer
        Of `capacity`; its `own["buses"]` are the buses asked for.
    case : Case
        As dispatched for that answer.
    """
    outages = _outages_of(answer, case)
    post_rating = str(answer.settings["post_outage_rating"]).upper()
    if post_rating != "A" and not (case.branch[:, 6 if post_rating == "B" else 7] > 0).any():
        post_rating = "A"
    buses = [dict(bus) for bus in answer.own["buses"]]
    numbers = [int(bus["bus"]) for bus in buses]
    said, limits = list(answer.said), list(answer.limits)
    seconds = {**answer.own.get("seconds", {})}
    tables = dict(answer.tables)
    own: dict[str, Any] = {}
    found: RedispatchedCapacity | None = None
    if more.redispatch or more.ac:
        if step is not None:
            step(_("units told anew"))
        found = redispatched_capacity(
            case, None if len(numbers) == case.n_bus else numbers, units_off=more.units_off,
            move=more.move, unit_outages=more.unit_outages, post_rating=post_rating,
            outages=outages,
        )  # fmt: skip
        _redispatch_columns(buses, found)
        said = [s for s in said if s.code != "firm_is_margin"]
        said += _redispatch_said(found)
        limits = [s for s in limits if s.code != "fixed_shares"] + _redispatch_limits(more)
        seconds["redispatch"] = found.seconds["search"]
        seconds["redispatch_processor"] = found.seconds["processor"]
    if more.hours or more.shares:
        own |= _curtail(buses, case, more, said, limits, seconds, tables, post_rating, step)
    if more.ac and found is not None:
        _prove(buses, found, more, said, limits, seconds, step)
    tables["more"] = _table(case, buses, found)
    own = {**answer.own, **own, "buses": buses, "seconds": seconds}
    settings = {
        **answer.settings,
        **{key: getattr(more, key) for key in ("redispatch", "units_off", "unit_outages", "move",
                                               "hours", "calls", "depth", "ac", "power_factor")},
        "curtail": list(more.shares),
    }  # fmt: skip
    detail = answer.detail
    if isinstance(detail, BusDetail):
        detail = replace(detail, redispatched=found)
    return replace(
        answer, settings=settings, tables=tables, said=tuple(said), limits=tuple(limits), own=own,
        detail=detail,
    )  # fmt: skip


def _rounded(value: float) -> float | None:
    return None if not np.isfinite(value) else float(value)


def _redispatch_columns(buses: list[dict[str, Any]], found: RedispatchedCapacity) -> None:
    case, labels = found.case, outage_labels(found.case)
    rows = case.rows_of_bus([bus["bus"] for bus in buses])
    best = falling(np.nan_to_num(found.capacity_mw[rows], nan=-1.0))
    priced = set(best[:COST_BUSES].tolist())
    for i, (bus, row) in enumerate(zip(buses, rows.tolist(), strict=True)):
        x = _rounded(found.capacity_mw[row])
        l, k = int(found.binding_branch[row]), int(found.binding_outage[row])
        bus["redispatch_mw"] = x
        bus["bound_mw"] = _rounded(found.bound_mw[row])
        bus["loading"] = _rounded(found.loading[row])
        bus["fixed_share_mw"] = bus["firm_mw"]
        if x is not None:
            bus["firm_mw"] = x
        bus["binds"] = {
            "branch": case.branch_labels[l] if l >= 0 else None,
            "outage": labels[k] if l >= 0 and k != l else None,
        }
        bus["moved"] = [
            {
                "units": [g + 1 for g in m.unit],
                "bus": int(case.bus_number[m.bus]),
                "mw": round(m.mw, 3),
            }
            for m in found.moved(row, MOVED)
        ]
        if i in priced and len(case.gencost) and len(case.bus) <= 3000:
            half, most = redispatch_cost_usd_per_mwh(found, int(bus["bus"]))
            bus["cost_usd_per_mwh"] = {"50%": _rounded(half), "95%": _rounded(most)}


def _redispatch_said(found: RedispatchedCapacity) -> list[Said]:
    case = found.case
    known = found.capacity_mw[np.isfinite(found.capacity_mw)]
    gap = np.abs(found.gap_mw[np.isfinite(found.gap_mw)])
    out = [
        Said(
            "firm_is_redispatched",
            N_("firm MW: units told anew within their ranges, no limit passed in the intact grid or after any one outage; {n} buses, median {median:.1f} MW; answer and bound differ by {gap:.1e} MW at most"),
            {"n": len(known), "median": float(np.median(known)) if len(known) else 0.0, "gap": round(float(gap.max()), 9) if gap.size else 0.0},
        )
    ]  # fmt: skip
    wide = gap[gap > OPEN_MW]
    if wide.size:
        out.append(
            Said(
                "bound_open",
                N_("{n} buses take at least what is given: a dispatch that serves it keeps every pair, but whether another serves more was not settled; the bound lies {median:.1f} MW above the answer in the median of them, {most:.1f} MW at most"),
                {"n": int(wide.size), "median": round(float(np.median(wide)), 6), "most": round(float(wide.max()), 6)},
            )
        )  # fmt: skip
    for wider in found.loosening:
        if not wider.branch.size:
            continue
        most = np.maximum(wider.intact_mw, wider.outage_mw)
        order = falling(most)[:8]
        names = ", ".join(
            f"{case.branch_label(int(wider.branch[i]))} +{most[i]:.1f} MW" for i in order
        )
        if not wider.least:
            out.append(
                Said(
                    "no_worsening",
                    N_("no dispatch keeps every rating with any one branch lost, even without new load; the grid is too large for the least room that lets one exist, so {n} branches may carry what the dispatch of the case puts on them after their worst outage: {names}"),
                    {"n": int(wider.branch.size), "names": as_given("branches", names)},
                )
            )  # fmt: skip
            continue
        out.append(
            Said(
                "no_secure_dispatch",
                N_("no dispatch keeps every rating with any one branch lost, even without new load (proved: overloads of {bound:.2%} of a rating in sum at least); these {n} branches were given the least room that lets one exist: {names}"),
                {"bound": wider.bound, "n": int(wider.branch.size), "names": as_given("branches", names)},
            )
        )  # fmt: skip
    if found.infeasible.any():
        out.append(
            Said(
                "no_dispatch_at_bus",
                N_("{n} buses take 0 MW: no dispatch keeps the ratings, whatever is put there"),
                {"n": int(found.infeasible.sum())},
            )
        )
    if len(found.by_highs):
        out.append(
            Said(
                "by_highs",
                N_("{n} buses were answered by HiGHS: the own search did not end there"),
                {"n": len(found.by_highs)},
            )
        )
    if len(found.unanswered):
        numbers = ", ".join(str(int(case.bus_number[r])) for r in found.unanswered[:10])
        out.append(
            Said(
                "unanswered",
                N_("{n} buses have no answer within the time limit: {numbers}"),
                {"n": len(found.unanswered), "numbers": as_given("buses", numbers)},
            )
        )
    widened = sum(problem.widened for problem in found.problems)
    if widened:
        out.append(
            Said(
                "ranges_widened",
                N_("{n} units give more or less than their own range allows; the range was widened to what they give"),
                {"n": widened},
            )
        )  # fmt: skip
    return out


def _redispatch_limits(more: More) -> list[Said]:
    units = (
        N_("units in service as in the case and down to 0 MW; no ramps, reserves or start-up costs")
        if more.units_off
        else N_("units in service as in the case, between Pmin and Pmax; no ramps, reserves or start-up costs")
    )  # fmt: skip
    out = [
        Said("preventive", N_("no unit moves after an outage; losses stay as in the case")),
        Said("units_as_filed", units),
    ]
    if more.move is not None:
        out.append(
            Said(
                "units_move",
                N_("each unit stays within {share:.0%} of its Pmax of what it gives in the case"),
                {"share": more.move},
            )
        )
    return out


def _curtail(
    buses: list[dict[str, Any]],
    case: Case,
    more: More,
    said: list[Said],
    limits: list[Said],
    seconds: dict[str, float],
    tables: dict[str, Table],
    post_rating: str,
    step: Callable[[str], None] | None,
) -> dict[str, Any]:
    from taotie.grid.capacity.curtailable import curtailable_capacity
    from taotie.grid.capacity.curtailable_load import SHARES

    load = hours_of(case, more.hours)
    shares = more.shares or SHARES
    numbers = [int(bus["bus"]) for bus in buses]
    told_anew = more.redispatch
    rule = (load, shares, more.calls, more.depth, told_anew)
    found = curtailable_capacity(
        case, *rule, buses=numbers, post_rating=post_rating, step=_progress(step)
    )
    seconds["hours"] = found.seconds["wall"]
    for i, bus in enumerate(buses):
        bus["curtailable_mw"] = {f"{s:g}": float(x) for s, x in zip(shares, found.load_mw[:, i], strict=True)}  # fmt: skip
        if told_anew:
            bus["curtailable_bound_mw"] = {f"{s:g}": float(x) for s, x in zip(shares, found.bound_mw[:, i], strict=True)}  # fmt: skip
    widest = int(np.argmax(shares))
    most = shares[widest]
    best = int(np.argmax(found.load_mw[widest]))
    alone = found
    if told_anew:  # every hour with a cut, not only those that decide
        alone = curtailable_capacity(
            case, *rule, buses=[numbers[best]], post_rating=post_rating, every=True
        )
    worst = alone.worst_hours(numbers[best], most)
    if worst.by_month:
        tables["worst_months"] = Table(
            (Column("month", "", N_("month")), Column("hours", "h", N_("hours with a cut"))),
            tuple(enumerate(worst.by_month, start=1)),
            N_("when the load steps back"),
        )
    tables["worst_hours"] = Table(
        (Column("bus", "", N_("bus")), Column("hour", "h", N_("hour")), Column("cut_mw", "MW", N_("cut"))),
        tuple((numbers[best], int(h), round(float(c), 3)) for h, c in zip(worst.hour, worst.cut_mw, strict=True)),
        N_("worst hours"),
    )  # fmt: skip
    said.append(
        Said(
            "curtailable",
            N_("over {n} hours, units told anew in each: median {firm:.1f} MW firm, {most:.1f} MW if {share:.2%} of the energy may be cut")
            if told_anew
            else N_("over {n} hours with fixed shares: median {firm:.1f} MW firm, {most:.1f} MW if {share:.2%} of the energy may be cut"),
            {
                "n": len(load), "firm": float(np.median(found.load_mw[int(np.argmin(shares))])),
                "most": float(np.median(found.load_mw[widest])), "share": most,
            },
        )
    )  # fmt: skip
    said.append(
        Said(
            "worst_hours",
            N_("bus {bus} at {share:.2%}: cut in {hours} hours, {calls} calls, the longest {longest} h"),
            {"bus": numbers[best], "share": most, "hours": worst.hours, "calls": worst.calls, "longest": worst.longest_h},
        )
    )  # fmt: skip
    if told_anew:
        said.append(
            Said(
                "hours_that_bind",
                N_("{solved} of {all} bus-hours were solved, those that decide; answer and bound differ by {gap:.2f} MW at most"),
                {"solved": found.solved, "all": len(numbers) * len(load), "gap": float((found.bound_mw - found.load_mw).max())},
            )
        )  # fmt: skip
    if found.unanswered.any():
        said.append(
            Said(
                "hours_unanswered",
                N_("{n} bus-hours have no answer in time and count as 0 MW"),
                {"n": int(found.unanswered.sum())},
            )
        )
    known = {s.code for s in limits}
    limits += [s for s in found.limits if s.code not in known]
    return {
        "worst_hours": {
            "bus": numbers[best], "share": most, "hours": worst.hours, "calls": worst.calls,
            "longest_h": worst.longest_h, "hours_by_month": list(worst.by_month),
        }
    }  # fmt: skip


def _progress(step: Callable[[str], None] | None) -> Callable[[int, int], None] | None:
    """Says now and then how many buses are done and how long the others will take."""
    if step is None:
        return None
    began = last = time.monotonic()

    def told(done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= TOLD_EVERY_S:
            last = now
            left = (now - began) / done * (of - done) / 60
            step(
                _("{done} of {n} buses over all hours, about {left:.0f} min to go").format(
                    done=done, n=of, left=left
                )
            )

    return told


def _prove(
    buses: list[dict[str, Any]],
    found: RedispatchedCapacity,
    more: More,
    said: list[Said],
    limits: list[Said],
    seconds: dict[str, float],
    step: Callable[[str], None] | None,
) -> None:
    from taotie.grid.ac.proof import AcRule, ac_proofs

    proved = ac_proofs(
        found, [int(bus["bus"]) for bus in buses], AcRule(power_factor=more.power_factor),
        every=more.ac_every, threads=thread_count(None), step=step,
    )  # fmt: skip
    for bus, proof in zip(buses, proved.proofs, strict=True):
        bus["ac_mw"] = proof.ac_mw
        bus["ac"] = {
            "cut_by": proof.cut_by, "outages_solved": proof.solved,
            "outages_foretold": proof.foretold, "bridges": proof.bridges,
            "margin": proof.margin, "forecast_error": proof.forecast_error,
            "loading": _rounded(proof.loading), "lowest_pu": _rounded(proof.lowest_pu),
            "every_outage_solved": proof.every,
        }  # fmt: skip
    seconds["ac"] = sum(proved.seconds.values())
    gap = proved.gap_percentiles()
    cut = [p for p in proved.proofs if p.cut_by != "none"]
    said += [
        Said(
            "ac_start",
            N_("in AC, N-1 secure in DC and without new load: {pairs} pairs over their rating (the worst at {worst:.1%}), {volts} outages with a voltage outside its range; the rule is therefore no worsening (loading by {more:.0%}, voltage by {volt} p.u. at most)"),
            {"pairs": proved.pairs_over, "worst": proved.worst_loading, "volts": proved.voltages_over, "more": proved.rule.more_loading, "volt": proved.rule.more_voltage},
        ),
        Said(
            "ac_gap",
            N_("holds in AC: {low:.0%} / {middle:.0%} / {high:.0%} of the DC answer at 5 / 50 / 95 % of {n} buses; {cut} of them were cut"),
            {"low": gap[0], "middle": gap[2], "high": gap[4], "n": len(proved.proofs), "cut": len(cut)},
        ),
        Said(
            "ac_checked",
            N_("outages at each answer: {solved:.0f} solved in the mean, {foretold:.0f} foretold to stay inside every limit with the error of the forecast, taken as up to {margin:.1%} of a rating (largest seen {error:.1%}), {bridges} bridges not taken out"),
            {
                "solved": float(np.mean([p.solved for p in proved.proofs])),
                "foretold": float(np.mean([p.foretold for p in proved.proofs])),
                "margin": max(p.margin for p in proved.proofs),
                "error": max(p.forecast_error for p in proved.proofs),
                "bridges": proved.proofs[0].bridges,
            },
        ),
    ]  # fmt: skip
    limits.append(
        Said(
            "ac_lower_bound",
            N_("AC figures are what was seen to hold: an AC optimum may be higher; set-points, taps and shunts are held fixed, buses at a reactive limit stay there after an outage"),
        )
    )  # fmt: skip


def _table(case: Case, buses: list[dict[str, Any]], found: RedispatchedCapacity | None) -> Table:
    """Ten best buses with all that was computed."""
    order = falling([bus["firm_mw"] or 0.0 for bus in buses])[:10].tolist()
    shares = list(buses[0].get("curtailable_mw", {}))
    columns = [Column("bus", "", N_("bus")), Column("name", "", N_("name"))]
    columns.append(Column("fixed_share_mw", "MW", N_("fixed shares")))
    if found is not None:
        columns.append(Column("redispatch_mw", "MW", N_("units told anew")))
    columns += [Column(f"curtailable_{s}_mw", "MW", f"{100 * float(s):g} %") for s in shares]
    if "ac_mw" in buses[0]:
        columns.append(Column("ac_mw", "MW", N_("holds in AC")))
    columns.append(Column("binds", "", N_("limited by")))
    rows = []
    for i in order:
        bus = buses[i]
        cells = [bus["bus"], bus["name"], _short(bus.get("fixed_share_mw", bus["firm_mw"]))]
        if found is not None:
            cells.append(_short(bus["redispatch_mw"]))
        cells += [_short(bus["curtailable_mw"][s]) for s in shares]
        if "ac_mw" in bus:
            cells.append(_short(bus["ac_mw"]))
        cells.append(_binds(case, bus, found))
        rows.append(tuple(cells))
    return Table(tuple(columns), tuple(rows), N_("buses with all that was asked for"))


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _binds(case: Case, bus: dict[str, Any], found: RedispatchedCapacity | None) -> str:
    if found is None:
        pair = bus["binds"]
        return " / ".join(filter(None, (pair["branch"], pair["outage"])))
    row = int(case.rows_of_bus([bus["bus"]])[0])
    l, k = int(found.binding_branch[row]), int(found.binding_outage[row])
    if l < 0:
        return _("spare generation")
    return binding_label(case, Binding(l, k))


@answers_with("sites")
def sites(
    case: str | Path | Case,
    buses: Sequence[int],
    most_mw: Sequence[float] | None = None,
    units_off: bool = False,
    move: float | None = None,
    post_rating: str = "A",
) -> Answer:
    """The largest total load at several buses at once, with units told anew; the ask behind `taotie grid sites`.

    Parameters
    ----------
    case : str, path or Case
    buses : list of int
        Bus numbers as in the file.
    most_mw : list of float, optional
        Largest load wanted at each. [MW]
    """
    grid = case if isinstance(case, Case) else read_case(case)
    buses = list(buses)
    most_mw = list(most_mw) if most_mw else None
    if len(set(buses)) != len(buses) or not buses:
        raise RangeError(_("name each bus once, and at least one."), "--bus 1 --bus 2")
    if most_mw and len(most_mw) != len(buses):
        raise RangeError(
            _("{n} buses and {m} largest loads: give one for each bus, or none.").format(
                n=len(buses), m=len(most_mw)
            )
        )
    together = redispatched_sites(grid, buses, most_mw or None, units_off, move, post_rating)
    alone = redispatched_capacity(
        grid, buses, units_off=units_off, move=move, post_rating=post_rating
    )
    rows = grid.rows_of_bus(buses)
    labels = outage_labels(grid)
    names = grid.bus_name if len(grid.bus_name) == grid.n_bus else ("",) * grid.n_bus
    of = [
        {
            "bus": int(b), "name": names[r].strip(), "load_mw": float(x),
            "alone_mw": _rounded(alone.capacity_mw[r]),
        }
        for b, r, x in zip(buses, rows.tolist(), together.load_mw, strict=True)
    ]  # fmt: skip
    binding = [
        {"branch": grid.branch_labels[l], "outage": None if k == l else labels[k]}
        for l, k in together.binding[:15]
    ]
    said = [
        Said(
            "sites_total",
            N_("{n} buses take {total:.1f} MW together, one of several ways of sharing it; answer and bound differ by {gap:.1e} MW"),
            {"n": len(buses), "total": together.total_mw, "gap": round(abs(together.bound_mw - together.total_mw), 9)},
        ),
        *[s for s in _redispatch_said(alone) if s.code == "no_secure_dispatch"],
    ]  # fmt: skip
    return Answer(
        "sites",
        {"case": grid.name, "buses": list(buses), "most_mw": most_mw, "units_off": units_off, "move": move},
        tables={
            "sites": Table(
                (
                    Column("bus", "", N_("bus")), Column("name", "", N_("name")),
                    Column("load_mw", "MW", N_("together")), Column("alone_mw", "MW", N_("alone")),
                ),
                tuple((s["bus"], s["name"], _short(s["load_mw"]), _short(s["alone_mw"])) for s in of),
            )
        },
        said=tuple(said),
        limits=tuple(_redispatch_limits(More(units_off=units_off, move=move))),
        own={
            "case": grid.name, "total_mw": together.total_mw, "bound_mw": together.bound_mw,
            "sites": of, "binding": binding,
        },
    )  # fmt: skip
