"""Where does the spread of the headline come from? Share of each leaf, largest first. [%]"""

from __future__ import annotations

from typing import Any

from taotie.app.charts import theme
from taotie.app.charts.picture import (
    NARROW,
    WIDE,
    Absent,
    Cell,
    DataTable,
    Picture,
    cut,
    dot,
    source_keys,
)
from taotie.app.charts.vega_lite import Sheet, both, panel, quantity, tips
from taotie.quantity.figure import Figure
from taotie.quantity.sensitivity import Driver, Drivers
from taotie.quantity.wording import kind_word, number, origin, value_text
from taotie.words.language import _

N_SHOWN = 10
LEAST_SHARE = 0.002


def picture(figure: Figure, found: Drivers) -> Picture | Absent:
    """The shares of the leaves behind `figure`, in the language in force."""
    title = _("Where the doubt comes from: {name}").format(name=figure.name)
    shown = [d for d in found.rows if d.share >= LEAST_SHARE][:N_SHOWN]
    if not shown or figure.value.certain:
        return Absent(
            "doubt", title, _("The figure has no spread: every value behind it is exact.")
        )
    logarithmic = shown[0].log_share is not None
    finding = _("Most of the spread comes from {list}.").format(
        list=_(", ").join(f"{d.leaf.name} ({_percent(d)})" for d in shown[:3])
    )
    columns = {
        "name": _("input"),
        "share": _("share of spread, %"),
        "first": _("alone, %"),
        "value": _("value"),
        "kind": _("kind"),
        "source": _("source"),
    }
    rows: list[dict[str, Cell]] = [
        {
            "name": d.leaf.name,
            "share": 100 * max(d.share, 0.0),
            "first": 100 * max(d.first_order, 0.0),
            "value": value_text(d.leaf),
            "kind": kind_word(d.leaf.kind),
            "source": d.leaf.source.key if d.leaf.source else cut(origin(d.leaf), 300),
        }
        for d in found.rows[:200]
    ]
    if logarithmic:
        method = _(
            "The figure is a product of lognormal inputs; bars are shares of the variance of its logarithm, exact, and"
            " add up to 100 %."
        )
    else:
        method = _(
            "Bars are total Sobol indices: the part of the variance in which an input has a hand, alone or together with"
            " others; they may add up to more than 100 %. The tick is the input alone (first order). {how}."
        ).format(how=how_found(found.method))
    return Picture(
        name="doubt",
        title=title,
        finding=finding,
        alt=cut("; ".join(f"{d.leaf.name} {_percent(d)}" for d in shown), 1500),
        method=method,
        table=DataTable(columns, tuple(rows)),
        sources=source_keys([figure]),
        **both(lambda wide: spec(shown, logarithmic, wide=wide)),
    )


def shares_found(method: str) -> str:
    """What the bars of a plain chart of shares say, in the language in force."""
    if method == "lognormal product":
        return _(
            "The figure is a product of lognormal inputs; bars are shares of the variance of its logarithm, exact, and"
            " add up to 100 %."
        )
    return _(
        "Bars are total Sobol indices: the part of the variance in which an input has a hand, alone or together with"
        " others; they may add up to more than 100 %. {how}."
    ).format(how=how_found(method))


def how_found(method: str) -> str:
    """How the shares were found, in the language in force."""
    head, comma, tail = method.partition(", ")
    if comma and head == "Sobol indices":
        return _("{n} evaluations of the model").format(n=number(float(tail.split()[0]), 6))
    return {"one uncertain leaf": _("only one input is uncertain")}.get(method, method)


def _percent(driver: Driver) -> str:
    return f"{number(100 * max(driver.share, 0.0))} %"


def spec(rows: list[Driver], logarithmic: bool, *, wide: bool) -> dict[str, Any]:
    """The bars as a Vega-Lite specification."""
    values: list[dict[str, Any]] = [
        {
            "row": i,
            "name": cut(d.leaf.name, 80),
            "under": cut(f"{dot(d.leaf)} {value_text(d.leaf)} · {kind_word(d.leaf.kind)}", 80),
            "share": 100 * max(d.share, 0.0),
            "first": 100 * max(d.first_order, 0.0),
            "text": _percent(d),
        }
        for i, d in enumerate(rows)
    ]
    high = max(max(v["share"], v["first"]) for v in values)
    y = {"field": "row", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0.1, "paddingOuter": 0.1}}  # fmt: skip
    title = _("share of the spread, %")

    def x(field: str) -> dict[str, Any]:
        scale = {"domain": [0, high * 1.18], "nice": False}
        return quantity(field, title=title, scale=scale, axis={"tickCount": 5})

    pointer = tips(("name", _("input")), ("under", _("value")), ("text", title), words=("name", "under", "text"))  # fmt: skip
    shift, size = (0, 16) if wide else (13, 12)
    gutter = 380 if wide else 0
    align, place = ("right", -12) if wide else ("left", 0)
    words = {"type": "text", "align": align, "limit": gutter - 20 if wide else NARROW - 20}
    name = words | {"fontWeight": "bold", "dy": -7 if wide else -16, "fontSize": 12.5}
    under = words | {"dy": 8 if wide else -2, "fontSize": 11, "color": theme.QUIET}
    share = {"type": "text", "align": "left", "dx": 6, "dy": shift, "fontSize": 12}
    alone = {"type": "tick", "size": size + 6, "thickness": 2, "color": theme.INK, "yOffset": shift}
    beside = {"x": {"value": place}, "y": y}
    sheet = Sheet()
    bar = {"type": "bar", "size": size, "color": theme.AMBER, "yOffset": shift}
    layers = [sheet.layer(values, bar, x=x("share"), y=y, tooltip=pointer)]
    if not logarithmic:
        layers.append(sheet.layer(values, alone, x=x("first"), y=y))
    layers += [
        sheet.layer(values, share, x=x("share"), y=y, text={"field": "text", "type": "nominal"}),
        sheet.layer(values, name, **beside, text={"field": "name", "type": "nominal"}),
        sheet.layer(values, under, **beside, text={"field": "under", "type": "nominal"}),
    ]
    width = WIDE - gutter - 30 if wide else NARROW - 24
    return sheet.spec(panel(layers, width, {"step": 42 if wide else 56}))
