"""What does the simulation page draw of single requests? Their energy and its parts, and energy by answer length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from taotie.answer.parts.simulation import EnergyByLength, EnergyDistribution
from taotie.app.charts import theme
from taotie.app.charts.picture import Cell, DataTable, Picture, sentences
from taotie.app.charts.scales import log_ticks
from taotie.app.charts.simulation_charts import SOURCE, percent
from taotie.app.charts.vega_lite import (
    Sheet,
    below,
    both,
    five,
    log_x,
    panel,
    panel_width,
    quantity,
    stacked,
    tips,
    y_axis,
)
from taotie.quantity.wording import number
from taotie.words.language import _

QUANTILE_WORDS = (("p05", "5 %"), ("p50", "50 %"), ("p95", "95 %"))


def energy_picture(found: EnergyDistribution, each: Mapping[str, float]) -> Picture:
    """Requests by their energy, and which parts that energy has."""
    edges = found.edges_j
    parts = [
        (_("hosts and waiting, its share"), theme.GREY),
        (_("iterations shared with others"), theme.AMBER),
        (_("reading its own prompt"), theme.AMBER_DEEP),
    ]
    shares: list[Any] = list(100 * found.parts_of_bins)
    low, high = float(edges[0]), float(edges[-1])
    bars = [
        {"low": five(edges[i]), "high": five(edges[i + 1]), "share": five(100 * found.share[i])}
        for i in range(len(found.share))
    ]
    stripes: list[dict[str, Any]] = []
    for i in range(len(found.share)):
        if np.isfinite(shares[0][i]):
            at = 0.0
            row: dict[str, Any] = {"t": five(edges[i]), "next": five(edges[i + 1]), "s0": 0.0}
            for k in range(len(parts)):
                at += float(shares[k][i])
                row[f"s{k + 1}"] = five(min(at, 100.0))
            stripes.append(row)
    marks: list[dict[str, Any]] = [
        {
            "x": five(float(each[key])),
            "words": f"{word}: {number(float(each[key]), 3)} J",
            "key": key,
        }
        for key, word in QUANTILE_WORDS
    ]
    words = _("mean: {j} J").format(j=number(each["mean"], 3))
    marks.append({"x": five(each["mean"]), "words": words, "key": "mean"})
    # a staircase: words stand left of their rule, above all rules further left
    marks.sort(key=lambda mark: float(mark["x"]))

    def make(wide: bool) -> dict[str, Any]:
        sheet, width, height = Sheet(), panel_width(wide), 210 if wide else 180
        title = _("energy per request [J], server boundary")
        hidden = {"labels": False, "ticks": False}
        layers = [
            sheet.layer(
                bars, {"type": "rect", "color": theme.AMBER, "stroke": theme.PAPER, "strokeWidth": 0.4},
                x=log_x("low", "", low, high, wide, **hidden), x2={"field": "high"},
                y=quantity("share", axis=y_axis(_("% of the requests"))), y2={"datum": 0},
                tooltip=tips(("low", _("from [J]")), ("high", _("to [J]")), ("share", _("% of the requests"))),
            )
        ]  # fmt: skip
        for row, mark in enumerate(marks):
            where = np.log(float(mark["x"]) / low) / np.log(high / low)
            right = bool(where > (0.15 if wide else 0.27))
            up, dash = -40 - 16 * row, [1, 0] if mark["key"] == "mean" else [4, 3]
            rule = {"type": "rule", "color": theme.INK, "strokeDash": dash, "strokeWidth": 1.4}
            text = {
                "type": "text", "align": "right" if right else "left", "dx": -4 if right else 4, "baseline": "top", "color": theme.INK,
            }  # fmt: skip
            one = [mark]
            layers += [
                sheet.layer(one, rule, x=quantity("x"), y={"value": up}, y2={"value": height}),
                sheet.layer(one, text, x=quantity("x"), y={"value": up}, text={"field": "words", "type": "nominal"}),
            ]  # fmt: skip
        panels = [panel(layers, width, height)]
        # each bin by itself: where there is no request there is nothing
        layers = stacked(
            sheet, stripes, {"type": "rect", "opacity": 1}, parts, "bottom",
            x=log_x("t", title, low, high, wide), x2={"field": "next"},
            y={"axis": y_axis(_("% of their energy")), "scale": {"domain": [0, 100], "nice": False}},
        )  # fmt: skip
        panels.append(panel(layers, width, 110 if wide else 100))
        return sheet.spec(below(panels, 46))

    drawn = both(make)
    columns = {"low": _("from [J]"), "high": _("to [J]"), "share": _("% of the requests")}
    columns |= {f"c{k}": f"{name} [%]" for k, (name, _c) in enumerate(parts)}
    rows: list[dict[str, Cell]] = [
        {
            "low": float(edges[i]), "high": float(edges[i + 1]), "share": float(100 * found.share[i]),
            **{f"c{k}": float(shares[k][i]) for k in range(len(shares))},
        }
        for i in range(len(found.share))
    ]  # fmt: skip
    finding = [
        _(
            "Nine requests of ten take {low} to {high} J; the mean is {mean} J, half take less than {half} J."
        ).format(
            low=number(each["p05"], 3), high=number(each["p95"], 3), mean=number(each["mean"], 3),
            half=number(each["p50"], 3),
        )
    ]  # fmt: skip
    own, shared, over = found.parts_of_all
    finding.append(
        _(
            "Of all their energy {own} is for reading the own prompt, {shared} a share of iterations with others, {over} a share of hosts and waiting."
        ).format(
            own=percent(own), shared=percent(shared), over=percent(over),
        )
    )  # fmt: skip
    return Picture(
        name="energy",
        title=_("Energy per request"),
        finding=sentences(*finding),
        alt=finding[0],
        method=sentences(
            _(
                "Every simulated request is counted once. The spread is that of requests, not of the energy model: how far that may be off is said beside the headline."
            ),
            _("The outermost classes also hold the one in a thousand beyond."),
            _(
                "Each iteration is shared equally by the requests in it; hosts and waiting are shared in proportion to that."
            ),
        ),
        table=DataTable(columns, tuple(rows)),
        sources=(SOURCE,),
        **drawn,
    )


def length_picture(found: EnergyByLength) -> Picture:
    """Energy of a request by the length of its answer."""
    middle = np.sqrt(found.low_tokens * found.high_tokens.astype(np.float64))
    rows: list[dict[str, Cell]] = [
        {
            "low": int(found.low_tokens[i]), "high": int(found.high_tokens[i]), "n": int(found.requests[i]),
            "p05": float(found.p05_j[i]), "p50": float(found.p50_j[i]), "p95": float(found.p95_j[i]),
        }
        for i in range(len(middle))
    ]  # fmt: skip
    values: list[dict[str, Any]] = [
        {"x": five(middle[i])} | {k: five(float(r[k])) for k in ("p05", "p50", "p95")} | {"n": r["n"], "words": f"{r['low']}–{r['high']}"}  # type: ignore[arg-type]
        for i, r in enumerate(rows)
    ]  # fmt: skip
    low, high = float(middle.min()), float(middle.max())
    if high < 1.05 * low:
        low, high = low / 1.2, high * 1.2

    def make(wide: bool) -> dict[str, Any]:
        sheet = Sheet()
        x = log_x("x", _("tokens of the answer"), low, high, wide)
        least, most = float(found.p05_j.min()) / 1.2, float(found.p95_j.max()) * 1.2
        y = {
            "axis": y_axis(
                _("J per request"), values=log_ticks(least, most, 7), labelOverlap=False
            ),
            "scale": {"type": "log", "domain": [least, most], "nice": False},
        }
        pointer = tips(
            ("words", _("tokens of the answer")), ("n", _("requests")), ("p05", "5 % [J]"), ("p50", "50 % [J]"), ("p95", "95 % [J]"),
            words=["words"],
        )  # fmt: skip
        deep = {"color": theme.AMBER_DEEP}
        layers = [
            sheet.layer(values, {"type": "area", "color": theme.AMBER, "opacity": 0.28}, x=x, y=quantity("p05", **y), y2={"field": "p95"}),
            sheet.layer(values, {"type": "line", "strokeWidth": 2.2, **deep}, x=x, y=quantity("p50", **y)),
            sheet.layer(values, {"type": "point", "filled": True, "size": 34, "opacity": 1, **deep}, x=x, y=quantity("p50", **y), tooltip=pointer),
        ]  # fmt: skip
        return sheet.spec(panel(layers, panel_width(wide), 260 if wide else 210))

    drawn = both(make)
    common = int(np.argmax(found.requests))
    finding = _(
        "Most common are answers of {a} to {b} tokens: half of them take less than {mid} J, nine of ten {low} to {high} J."
    ).format(
        a=rows[common]["low"], b=rows[common]["high"], mid=number(found.p50_j[common], 3),
        low=number(found.p05_j[common], 3), high=number(found.p95_j[common], 3),
    )  # fmt: skip
    return Picture(
        name="length",
        title=_("Energy by the length of the answer"),
        finding=finding,
        alt=finding,
        method=_(
            "Requests in classes of answer length: the line is their median, the band holds nine of ten. What is left of the spread is the prompt's length and how full the replica was. Both axes are logarithmic."
        ),
        table=DataTable(
            {
                "low": _("from [token]"), "high": _("to [token]"), "n": _("requests"),
                "p05": "5 % [J]", "p50": "50 % [J]", "p95": "95 % [J]",
            },
            tuple(rows),
        ),
        sources=(SOURCE,),
        **drawn,
    )  # fmt: skip
