"""Where on a grid does a new load fit? Pick a case, click a bus, drop a load, read the capacity and what binds it. [MW]"""

from __future__ import annotations

from typing import Any

from taotie.answer.answer import Answer
from taotie.app.charts.grid_numbers import half_take, mw_text, way_name
from taotie.app.web.asked import answered
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Place, range_chart
from taotie.app.web.grid_drawing import bus_legend, bus_map
from taotie.app.web.parts import NOTHING, answer_values, setting_field
from taotie.app.web.site import Addresses, View
from taotie.app.web.state import State
from taotie.errors import TaotieError
from taotie.quantity.wording import number, percent
from taotie.words.language import N_, _, in_language, language

FIELDS = ("case", "load", "bus", "hours", "contingencies", "dispatch", "pue", "post_outage_rating")
CASES = (
    ("ACTIVSg200", N_("200 buses, synthetic, central Illinois")),
    ("RTS_GMLC", N_("73 buses, test system of three areas")),
    ("ACTIVSg500", N_("500 buses, synthetic, South Carolina")),
    ("case39", N_("39 buses, New England test system")),
    ("ACTIVSg2000", N_("2000 buses, synthetic, Texas: takes a while")),
)
HOURS = (("", N_("the hour of the case file")), ("year", N_("every hour of a year")))


def build(state: State) -> View:
    """The page of a grid."""
    title = _("Where on a grid does a new load fit?")
    asked = {"case": "ACTIVSg200", "load": "100 MW", "hours": "", **state.given(*FIELDS)}
    known = [c for c, _w in CASES]
    options = [(c, f"{c}: {in_language(w, language())}") for c, w in CASES]
    if asked["case"] not in known:
        options.insert(0, (asked["case"], asked["case"]))
    values: dict[str, Any] = NOTHING | {
        "picks": [
            {"name": "case", "label": _("1. A grid"), "options": options, "value": asked["case"], "help": ""},
        ],
        "hours": {
            "name": "hours", "label": _("Hours"), "options": [(h, in_language(w, language())) for h, w in HOURS], "value": asked["hours"],
            "help": _("Of one bus, where the case has a year of loads (ACTIVSg200; ACTIVSg2000 takes minutes, in a terminal)."),
        },
        "fields": [
            setting_field("capacity", "bus", state, label=_("2. A bus: click it, or its name or number"), list="buses", placeholder=_("every bus")),
            setting_field("capacity", "load", state, label=_("3. A load"), value=asked["load"], placeholder="100000xh100"),
        ],
        "more": [setting_field("capacity", k, state) for k in ("contingencies", "dispatch", "pue", "post_outage_rating")],
        "button": _("4. Read"), "buses": (), "bus": None, "best": None,
    }  # fmt: skip
    try:
        every = answered(
            "capacity", **{k: v for k, v in asked.items() if k not in ("bus", "hours")}
        )
        one = (
            answered("capacity", **{k: v for k, v in asked.items() if v})
            if asked.get("bus")
            else None
        )
    except TaotieError as error:
        return View(title, values, error=error, known=FIELDS, status=422)
    load = float(every.own["load_mw"])
    told = {k: v for k, v in asked.items() if v and (k != "hours" or one)}
    values |= answer_values(one or every, "capacity", told, ("treatments",) if one else ())
    values["best"] = best(every)
    values["buses"] = [(b["bus"], b["name"]) for b in every.own["buses"]][:3000]
    charts = [the_map(every, one, load, state)]
    if one is not None:
        values["bus"] = of_bus(one, load)
        values["lead"] = values["bus"]["sentence"]
        charts.append(limits_chart(one, load))
        if one.own.get("worst_hours"):
            charts += [stepping_back(one, load), by_month(one)]
    else:
        values["lead"] = of_grid(every, load)
        if asked["hours"]:
            values["lead"] += " " + _("Hours are looked at for one bus: choose it.")
        charts.append(spread(every, load))
    return View(
        title, values, tuple(charts), known=FIELDS, share=(title, f"{mw_text(load)} MW", values["lead"])
    )  # fmt: skip


def of_grid(every: Answer, load: float) -> str:
    """The grid in one sentence."""
    shares = every.own["share_of_buses"]
    low, high = min(shares.values()), max(shares.values())
    buses = every.own["buses"]
    firm = sum(b["firm_mw"] >= load for b in buses)
    if percent(low) == percent(high):
        return _(
            "{firm} of {n} buses take {load} MW with any one branch lost, however strictly overloaded branches are treated."
        ).format(firm=firm, n=len(buses), load=mw_text(load))
    return _(
        "{firm} of {n} buses take {load} MW with any one branch lost; {low} to {high} % of them by how strictly overloaded branches are treated."
    ).format(firm=firm, n=len(buses), load=mw_text(load), low=percent(low), high=percent(high))


def of_bus(one: Answer, load: float) -> dict[str, Any]:
    """A bus in one sentence, with what binds it."""
    bus = one.own["buses"][0]
    name = f"{bus['bus']} {bus['name']}".strip()
    binds = bus["binds"]
    takes = bus["firm_mw"] >= load
    words = _("Bus {name} takes {firm} MW with any one branch lost, {n0} MW with all in service").format(
        name=name, firm=mw_text(bus["firm_mw"]), n0=mw_text(bus["n0_mw"])
    )  # fmt: skip
    verdict = _("so {load} MW fit").format(load=mw_text(load)) if takes else _("so {load} MW do not fit").format(load=mw_text(load))  # fmt: skip
    limit = ""
    if binds["branch"]:
        limit = (
            _("What binds: branch {branch} when {outage} is lost.").format(**binds)
            if binds["outage"]
            else _("What binds: branch {branch} with all in service.").format(
                branch=binds["branch"]
            )
        )
    between = "；" if language() == "zh" else "; "
    stop = "。" if language() == "zh" else ". "
    return {
        "name": name, "firm": bus["firm_mw"], "takes": takes,
        "sentence": f"{words}{between}{verdict}{stop}{limit}".strip(), "number": bus["bus"],
    }  # fmt: skip


def best(every: Answer) -> list[dict[str, Any]]:
    """The ten best buses, with what binds each."""
    rows = every.tables["top"].records()[:10]
    return [
        {"bus": r["bus"], "name": r["name"], "firm": mw_text(float(r["firm_mw"])), "raw": r["firm_mw"], "binds": r["binds"]}
        for r in rows
    ]  # fmt: skip


def the_map(every: Answer, one: Answer | None, load: float, state: State) -> Chart:
    """The grid with every bus as a link."""
    at = Addresses()
    bus = one.own["buses"][0] if one is not None else None
    words = of_grid(every, load)
    svg = bus_map(
        every.detail, every.own["buses"], load, words,
        chosen=bus["bus"] if bus else None, binds=bus["binds"] if bus else None,
        link=lambda number: at.page("grid", state, bus=str(number)),
    )  # fmt: skip
    rows = [
        {
            "bus": b["bus"], "name": b["name"], "firm_mw": b["firm_mw"], "n0_mw": b["n0_mw"],
            "strict_mw": b["strict_mw"], "binds": b["binds"]["branch"], "outage": b["binds"]["outage"],
        }
        for b in every.own["buses"]
    ]  # fmt: skip
    columns = {
        "bus": _("bus"), "name": _("name"), "firm_mw": _("firm, MW"), "n0_mw": _("all in service, MW"),
        "strict_mw": _("strict, MW"), "binds": _("limiting branch"), "outage": _("outage"),
    }  # fmt: skip
    legend = (
        *bus_legend(load),
        *((("#b3261e", _("gives way first")), ("#0f1419", _("the outage that does it"))) if bus else ()),
    )  # fmt: skip
    return Chart(
        "map",
        _("What each bus takes"),
        _("Click a bus to look at it."),
        svg,
        data(columns, rows),
        _("DC power flow, thermal ratings, any one branch lost; fixed shares, no redispatch. A test or synthetic grid: no statement on an actual one.")
        + (" " + _("Data: {licence}").format(licence=in_language(str(every.own["licence"]), language())) if every.own["licence"] else ""),
        legend=legend,
    )  # fmt: skip


def limits_chart(one: Answer, load: float) -> Chart:
    """What a bus takes under each treatment, beside the load."""
    rows = []
    table: list[dict[str, Any]] = []
    for r in one.tables["treatments"].records():
        name = way_name(str(r["treatment"]))
        for key, words in (("n0_mw", _("all in service")), ("n1_mw", _("any one branch lost"))):
            value = float(r[key])
            rows.append(Place(f"{name}: {words}", 0.0, value, value, mw_text(value)))
            table.append({"treatment": name, "state": words, "mw": value, "binds": r["binds"]})
    rows.append(Place(_("the load asked about"), load, load, load, mw_text(load), "limit"))
    finding = one.own["buses"][0]
    words = _("Firm: {firm} MW.").format(firm=mw_text(finding["firm_mw"]))
    return Chart(
        "treatments",
        _("By how overloaded branches are treated"),
        words,
        range_chart(rows, "MW", words, log=False),
        data({"treatment": _("treatment"), "state": _("state"), "mw": "MW", "binds": _("limited by")}, table),
        _("strict: a branch over its rating in some outage allows no worsening; margin: every branch may be used for at least 5 % of its rating; cutoff: branches that take less than 5 % of the load are not looked at."),
    )  # fmt: skip


def stepping_back(one: Answer, load: float) -> Chart:
    """What a bus takes over the hours of a year if some of the energy may be cut."""
    takes = {float(k): float(v) for k, v in one.own["buses"][0]["curtailable_mw"].items()}
    rows = [
        Place(_("{share} % of the energy cut").format(share=f"{100 * share:g}") if share else _("nothing cut, in any hour"), 0.0, mw, mw, mw_text(mw))
        for share, mw in takes.items()
    ]  # fmt: skip
    rows.append(Place(_("the load asked about"), load, load, load, mw_text(load), "limit"))
    enough = next((share for share, mw in sorted(takes.items()) if mw >= load), None)
    words = (
        _("Over a year the load does not fit, even if {share} % of its energy is cut.").format(share=f"{100 * max(takes):g}")
        if enough is None
        else _("Over a year the load fits if {share} % of its energy may be cut.").format(share=f"{100 * enough:g}")
        if enough
        else _("The load fits in every hour of the year.")
    )  # fmt: skip
    return Chart(
        "hours",
        _("Over the hours of a year"),
        words,
        range_chart(rows, "MW", words, log=False),
        data({"share": _("share of the energy cut"), "mw": "MW"}, [{"share": k, "mw": v} for k, v in takes.items()]),
        _("Loads of the case's own year, every hour with any one branch lost; fixed shares. Where an hour is over a rating without the new load, nothing fits in it."),
    )  # fmt: skip


def by_month(one: Answer) -> Chart:
    """In which months the load would step back."""
    worst = one.own["worst_hours"]
    hours = [int(h) for h in worst["hours_by_month"]]
    rows = [Place(_("month {n}").format(n=i), 0.0, h, h, str(h)) for i, h in enumerate(hours, 1)]
    words = _("With {share} % of the energy cut: in {hours} hours, {calls} times, the longest {longest} h.").format(
        share=f"{100 * worst['share']:g}", hours=worst["hours"], calls=worst["calls"], longest=worst["longest_h"]
    )  # fmt: skip
    return Chart(
        "months",
        _("When it steps back"),
        words,
        range_chart(rows, "h", words, log=False),
        data({"month": _("month"), "hours": _("hours with a cut")}, [{"month": i, "hours": h} for i, h in enumerate(hours, 1)]),
        _("Hours of the year in which the largest load of the drawing above is cut."),
    )  # fmt: skip


def spread(every: Answer, load: float) -> Chart:
    """How many buses take how much."""
    import numpy as np

    from taotie.app.web.drawing import Line, line_chart

    firm = np.sort([b["firm_mw"] for b in every.own["buses"]])[::-1]
    share = 100 * np.arange(1, firm.size + 1) / firm.size
    words = _("Half of the buses take {mw} MW or more.").format(mw=mw_text(half_take(firm)))
    return Chart(
        "spread",
        _("How many buses take how much"),
        words,
        line_chart(
            [Line("", share.tolist(), firm.tolist(), colour="#2b6cb0", step=True)], words,
            x_unit=_("% of buses"), y_unit="MW", marks=[(load, f"{number(load, 3)} MW")],
        ),
        data({"share": _("% of buses"), "mw": "MW"}, [{"share": float(a), "mw": float(b)} for a, b in zip(share, firm, strict=True)]),
        _("Buses sorted by what they take with any one branch lost."),
    )  # fmt: skip
