"""What supplies a load around the clock, and at what cost? A mix of least cost, hour by hour. [USD/MWh, MW]"""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Series
from taotie.answer.parts.supply import flow_word
from taotie.app.web.asked import answered
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Line, Place, line_chart, range_chart
from taotie.app.web.parts import NOTHING, answer_values, setting_field
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import TaotieError
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import number
from taotie.words.language import _

FIELDS = ("load", "technologies", "score", "cost", "match", "costs", "rate", "price", "connection", "step", "latitude", "seed")  # fmt: skip
FLOWS = {"load_mwh": "load", "grid_mwh": "grid", "sold_mwh": "sold", "curtailed_mwh": "curtailed"}


def build(state: State) -> View:
    """The page of a supply."""
    title = _("A load supplied around the clock")
    asked: dict[str, Any] = {"load": "100 MW", "step": "6 h", **state.given(*FIELDS)}
    if "technologies" in asked:
        asked["technologies"] = [t.strip() for t in str(asked["technologies"]).replace("，", ",").split(",") if t.strip()]  # fmt: skip
    values: dict[str, Any] = NOTHING | {
        "fields": [
            setting_field("supply", "load", state, label=_("The load"), value=str(asked["load"]), help=_("The same in every hour, such as 100 MW.")),
            setting_field("supply", "score", state, label=_("Carbon-free share, hour by hour"), placeholder="0.9"),
            setting_field("supply", "technologies", state, label=_("What may be built"), placeholder="wind, pv, battery"),
        ],
        "more": [setting_field("supply", k, state) for k in FIELDS if k not in ("load", "score", "technologies")],
        "button": _("Find the cheapest"),
    }  # fmt: skip
    try:
        answer = answered("supply", **asked)
    except TaotieError as error:
        return View(title, values, error=error, known=FIELDS, status=422)
    values |= answer_values(answer, "supply", asked, ("sizes", "energy"), flow_word)
    charts = [sizes(answer), year(answer)]
    cost = answer.figures["cost_per_mwh"]
    values["lead"] = _("With {share} % carbon-free power, matched hour by hour, a MWh costs {cost} {currency}.").format(
        share=number(100 * float(answer.own["score"])), cost=number(cost.p50, 3), currency=unit_word(answer.own["currency"])
    )  # fmt: skip
    return View(title, values, tuple(charts), known=FIELDS, share=(title, values["lead"]))


def sizes(answer: Answer) -> Chart:
    """What is built."""
    rows = answer.tables["sizes"].records()
    places = [Place(flow_word(str(r["technology"])), 0.0, float(r["mw"]), float(r["mw"]), f"{number(float(r['mw']), 3)} MW") for r in rows]  # fmt: skip
    most = max(rows, key=lambda r: r["mw"])
    words = _("The largest part is {mw} MW: {name}.").format(name=flow_word(most["technology"]), mw=number(float(most["mw"]), 3))  # fmt: skip
    columns = {c.name: c.heading for c in answer.tables["sizes"].columns}
    return Chart(
        "sizes", _("What is built"), words, range_chart(places, "MW", words, log=False), data(columns, rows),
        _("Least cost of building and running, solved as a linear program over the whole year at once."),
        named={"technology": flow_word},
    )  # fmt: skip


def year(answer: Answer) -> Chart:
    """Mean power of each source by week of the year."""
    series = answer.series["power"]
    assert isinstance(series, Series)
    lines, rows = [], []
    per = max(round(168 / series.step_h), 1)
    for name, power in series.values.items():
        one = np.asarray(power, float)
        n = one.size // per
        weeks = one[: n * per].reshape(n, per).mean(axis=1)
        if np.abs(weeks).max() < 1e-6:
            continue
        lines.append(Line(flow_word(name), list(range(1, n + 1)), weeks.tolist()))
        rows += [{"week": i + 1, "source": name, "mw": float(v)} for i, v in enumerate(weeks)]
    words = _("Means of each week, {n} sources and uses.").format(n=len(lines))
    return Chart(
        "year", _("The year, week by week"), words,
        line_chart(lines, words, x_unit=_("week of the year"), y_unit="MW"),
        data({"week": _("week"), "source": _("source"), "mw": "MW"}, rows),
        _("The plan itself is by hour or by the step chosen; a drawing of every hour would hide the year."),
        named={"source": flow_word},
    )  # fmt: skip
