"""How is a supply drawn? Cost by matching or score, two weeks hour by hour, the hours that stay uncovered. [MW, per MWh]"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taotie.answer.answer import Answer
from taotie.answer.parts.supply import hardest_span, technology_name
from taotie.app.charts.answer_charts import area_picture, bar_picture, line_picture
from taotie.app.charts.picture import Cell, Picture
from taotie.quantity.wording import number
from taotie.words.language import _

__all__ = ["supply_pictures"]

N_HOUR = 14 * 24


def supply_pictures(answer: Answer) -> Sequence[Picture]:
    """Every drawing of a supply, in the language in force."""
    drawn = []
    if "sites" in answer.tables:
        return [_by_site(answer)]
    if "compared" in answer.tables:
        drawn.append(_compared(answer))
    if "curve" in answer.tables:
        drawn.append(_curve(answer))
    drawn.append(_weeks(answer))
    drawn.append(_uncovered(answer))
    return drawn


def _currency(answer: Answer) -> str:
    return str(answer.own["currency"])


def _compared(answer: Answer) -> Picture:
    names = {"grid": _("the grid alone"), "annual": _("matched over the year"), "hourly": _("matched by the hour")}  # fmt: skip
    records = answer.tables["compared"].records()
    rows: list[dict[str, Cell]] = [
        {
            "supply": names[r["supply"]], "uncovered": 100 * (1 - r["score"]), "cost": r["cost_per_mwh"], "co2": r["co2_g_per_kwh"],
            "hours": r["hours_uncovered"],
        }
        for r in records
    ]  # fmt: skip
    annual = next((r for r in records if r["supply"] == "annual"), None)
    finding = _("No matching was compared.")
    if annual:
        finding = _(
            "Matched over the year, {share} % of the energy still comes from power that is not carbon-free in its hour."
        ).format(share=f"{100 * (1 - annual['score']):.1f}")
    columns = {
        "supply": _("supply"), "uncovered": _("energy not carbon-free in its hour, %"),
        "cost": _("cost, {currency}/MWh").format(currency=_currency(answer)), "co2": _("CO2, g/kWh"), "hours": _("hours uncovered, h"),
    }  # fmt: skip
    return bar_picture(
        "compared", _("Over the year or by the hour"), finding,
        _("The same least-cost program with the carbon-free energy counted in its hour or over the span."),
        columns, rows, category="supply", value="uncovered",
    )  # fmt: skip


def _curve(answer: Answer) -> Picture:
    rows: list[dict[str, Cell]] = [
        {"score": 100 * r["score"], "cost": r["cost_per_mwh"], "co2": r["co2_g_per_kwh"]}
        for r in answer.tables["curve"].records()
    ]
    first, last = rows[0], rows[-1]
    return line_picture(
        "curve",
        _("What each further share costs"),
        _("From {a} to {b} {currency}/MWh between {x} % and {y} % carbon-free by the hour.").format(
            a=number(float(first["cost"] or 0), 3), b=number(float(last["cost"] or 0), 3), currency=_currency(answer),
            x=number(float(first["score"] or 0), 3), y=number(float(last["score"] or 0), 3),
        ),
        _("One least-cost mix at each score; the curve is convex."),
        {"score": _("carbon-free by the hour, %"), "cost": _("cost, {currency}/MWh").format(currency=_currency(answer)), "co2": _("CO2, g/kWh")},
        rows, x="score", lines=("cost",), points=True,
    )  # fmt: skip


def _weeks(answer: Answer) -> Picture:
    """The fortnight in which most comes from the grid."""
    power = answer.series["power"]
    step = power.step_h
    values = {k: np.asarray(v) for k, v in power.values.items()}  # type: ignore[union-attr]
    start, n, share = hardest_span(values["grid"], values["load"], round(N_HOUR / step))
    at = slice(start, start + n)
    names = {"grid": _("grid")}
    for key in answer.own["sizes"]:
        if f"{key}_discharging" in values:
            names[f"{key}_discharging"] = technology_name(key)
        else:
            names[key] = technology_name(key)
    kept = [k for k in names if k == "grid" or values[k].max() > 1e-3 * values["load"].max()]
    rows: list[dict[str, Cell]] = [
        {
            "hour": float((start + i) * step),
            "load": float(values["load"][at][i]),
            **{k: round(float(values[k][at][i]), 4) for k in kept},
        }
        for i in range(n)
    ]
    columns = {"hour": _("hour of the span, h"), "load": _("load, MW"), **{k: names[k] for k in kept}}  # fmt: skip
    return area_picture(
        "weeks",
        _("The hardest fortnight, step by step"),
        _("In the two weeks that lean most on the grid it gives {share} % of the load's energy. What lies above the line charges stores or is curtailed.").format(
            share=f"{100 * share:.0f}"
        ),
        _("Output of each plant in each step; the dark line is the load."),
        columns, rows, x="hour", areas=kept, line="load", y_title="MW", height=340,
    )  # fmt: skip


def _uncovered(answer: Answer) -> Picture:
    """Grid power by month and hour of the day would hide the tail: a duration curve shows it."""
    power = answer.series["power"]
    values = {k: np.asarray(v) for k, v in power.values.items()}  # type: ignore[union-attr]
    grid = np.sort(values["grid"])[::-1]
    thrown = np.sort(values["curtailed"])[::-1]
    hours = (np.arange(grid.size) + 1) * power.step_h
    pick = np.unique(np.linspace(0, grid.size - 1, min(grid.size, 400)).round().astype(int))
    rows: list[dict[str, Cell]] = [
        {"hours": float(hours[i]), "grid": float(grid[i]), "curtailed": float(thrown[i])}
        for i in pick
    ]
    return line_picture(
        "duration",
        _("For how many hours"),
        _("Power that is not carbon-free is used in {hours} h; {mwh} MWh are curtailed.").format(
            hours=number(float(answer.own["hours_uncovered"]), 4), mwh=number(float(answer.own["energy"]["curtailed_mwh"]), 3)
        ),
        _("Steps sorted by power, largest first."),
        {"hours": _("hours, h"), "grid": _("from the grid, MW"), "curtailed": _("curtailed, MW")},
        rows, x="hours", lines=("grid", "curtailed"), y_title="MW",
    )  # fmt: skip


def _by_site(answer: Answer) -> Picture:
    rows: list[dict[str, Cell]] = [
        {"site": str(r["supply"]), "cost": r["cost_per_mwh"], "score": 100 * r["score"], "hours": r["hours_uncovered"]}
        for r in answer.tables["sites"].records()
    ]  # fmt: skip
    dearest = max(rows, key=lambda r: float(r["cost"] or 0))
    cheapest = min(rows, key=lambda r: float(r["cost"] or 0))
    return bar_picture(
        "sites",
        _("Years or sites"),
        _("From {a} in {x} to {b} {currency}/MWh in {y}.").format(
            a=number(float(cheapest["cost"] or 0), 4), x=cheapest["site"], b=number(float(dearest["cost"] or 0), 4),
            y=dearest["site"], currency=_currency(answer),
        ),
        _("Each is supplied alone, at its own least cost."),
        {"site": _("site"), "cost": _("cost, {currency}/MWh").format(currency=_currency(answer)), "score": _("carbon-free by the hour, %"), "hours": _("hours uncovered, h")},
        rows, category="site", value="cost",
    )  # fmt: skip
