"""What does the fleet report draw? Fan to the horizon, published points by scope, tornado, waterfall, nations, power.

Every title names scope and boundary; published points pass `one_axis` before they share a series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from taotie.answer.parts.fleet import (
    SCOPES,
    FleetForecast,
    Floats,
    PublishedForecast,
    one_axis,
    published_forecasts,
    region_name,
)
from taotie.app.charts import theme
from taotie.app.charts.answer_charts import COLOURS
from taotie.app.charts.picture import (
    NARROW,
    WIDE,
    Cell,
    DataTable,
    Picture,
    cut,
    sentences,
)
from taotie.app.charts.vega_lite import Sheet, below, beside, both, panel, quantity, tips, y_axis
from taotie.quantity.wording import boundary_word, number, within
from taotie.words.language import _, language

PANELS = (
    ("ai_servers", "world"),
    ("ai_servers", "united_states"),
    ("data_centers", "world"),
    ("data_centers", "united_states"),
    ("data_centers_with_crypto", "world"),
    ("crypto", "world"),
    ("bitcoin", "world"),
)


def scope_name(key: str) -> str:
    """Scope with its boundary, in the language in force."""
    scope = SCOPES[key]
    place = boundary_word(scope.boundary)
    name = str(getattr(scope, language()))
    return _("{scope} ({place})").format(scope=name, place=place) if place else name


def chart_width(wide: bool) -> int:
    """Width of a plot by its paper. [px]"""
    return WIDE - 90 if wide else NARROW - 60


# ---- fan -----------------------------------------------------------------------------------------------


def fan_of_scopes(made: FleetForecast, fan: dict[str, Floats], scopes: Sequence[str]) -> Picture:
    """One fan with a choice of scope: the first is shown, the others stand behind it."""
    first, *others = (fan_picture(made, fan, scope) for scope in scopes)
    return replace(first, name="fan", others=tuple(others))


def fan_picture(made: FleetForecast, fan: dict[str, Floats], scope: str) -> Picture:
    """One scope by year: band and median, and what others print of the same scope."""
    unit = made.scopes[scope][0].unit
    counted = "power" if scope == "ai_chips_rated" else "energy"
    points = one_axis(published_forecasts(scope, "world", counted))
    low, middle, high = fan[scope]
    rows: list[dict[str, Cell]] = [
        {
            "year": year, "low": float(low[i]), "middle": float(middle[i]), "high": float(high[i]),
            "kind": _("counted") if year <= made.last_known.year else _("forecast"),
        }
        for i, year in enumerate(made.years)
    ]  # fmt: skip
    beside: list[dict[str, Cell]] = [
        {
            "year": p.year, "low": p.low, "middle": p.middle, "high": p.high,
            "kind": _("published: {who}").format(who=p.publisher),
        }
        for p in points
    ]  # fmt: skip
    last = made.years[-1]
    finding = " ".join(
        _("In {year}: {middle} {unit}, 90 % range {low} to {high}.").format(
            year=year, middle=central, unit=unit, low=least, high=most,
        )
        for year in dict.fromkeys((made.today, last))
        for i in (made.years.index(year),)
        for central, least, most in (within(float(middle[i]), float(low[i]), float(high[i])),)
    )  # fmt: skip

    shown = _values(points)
    pointer = tips(
        ("year", _("year")), ("low", "5 %"), ("middle", _("median")), ("high", "95 %"), low=".4g", middle=".4g", high=".4g",
    )  # fmt: skip

    def make(wide: bool) -> dict[str, Any]:
        sheet = Sheet()
        x = quantity("year", axis={"format": "d", "grid": False, "tickCount": 6}, scale={"nice": False, "zero": False})  # fmt: skip
        band = {"y": quantity("low", axis=y_axis(unit)), "y2": {"field": "high"}}
        known = [{"year": made.last_known.year}]
        layers = [
            sheet.layer(rows, {"type": "area", "color": theme.AMBER, "opacity": 0.28}, x=x, **band),
            sheet.layer(rows, {"type": "line", "color": theme.AMBER_DEEP, "strokeWidth": 2.2}, x=x, y=quantity("middle")),
            sheet.layer(rows, {"type": "point", "size": 110, "opacity": 0, "filled": True}, x=x, y=quantity("middle"), tooltip=pointer),
            sheet.layer(known, {"type": "rule", "strokeDash": [4, 4], "color": theme.GREY}, x=x),
        ]  # fmt: skip
        if points:
            said = {"x": x, "tooltip": tips(("name", ""), ("tip", ""), words=("name", "tip"))}
            words = {"type": "text", "align": "left", "dx": 7, "dy": -7, "fontSize": 11, "color": theme.BLUE}  # fmt: skip
            layers += [
                sheet.layer(shown, {"type": "rule", "color": theme.BLUE, "strokeWidth": 2.5}, **said, y=quantity("low"), y2={"field": "high"}),
                sheet.layer(shown, {"type": "point", "color": theme.BLUE, "filled": True, "size": 70}, **said, y=quantity("middle")),
                sheet.layer(shown, words, x=x, y=quantity("high"), text={"field": "label", "type": "nominal"}),
            ]  # fmt: skip
        return sheet.spec(panel(layers, chart_width(wide), 360 if wide else 260))

    return Picture(
        name=f"fan-{scope}",
        title=_("{scope}, world, to {year}").format(scope=scope_name(scope), year=last),
        finding=finding,
        alt=cut("; ".join(f"{r['year']}: {number(float(r['low']))} - {number(float(r['high']))} {unit}" for r in rows), 1500),  # type: ignore[arg-type]
        method=sentences(
            _(
                "The band holds 90 % of the samples, the line is their median. Additions of chips continue along one of three forms of growth, sampled by how well each fits; chips retire; makers, growth, utilization and PUE are independent."
            ),
            _("Blue: published, same scope and region.")
            if points
            else _("No publication was found that counts this scope of the world."),
        ),
        table=DataTable(
            {"year": _("year"), "low": "5 %", "middle": _("median"), "high": "95 %", "kind": _("kind")},
            (*rows, *beside),
        ),
        choice=scope_name(scope),
        sources=tuple(dict.fromkeys(["epoch2026_chip_counts", *(p.source_key for p in points)])),
        **both(make),
    )  # fmt: skip


def _values(points: Sequence[PublishedForecast]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for p in points:
        low, high = p.low or p.middle, p.high or p.middle
        text = number(p.middle, 4) if p.low is None else f"{number(low, 4)} - {number(high, 4)}"
        made.append(
            {
                "year": p.year, "low": low, "middle": p.middle, "high": high,
                "name": p.publisher, "tip": f"{text} {p.value.unit}", "scenario": p.scenario,
            }
        )  # fmt: skip
    # one label a publication, at its last and highest point: labels of all points would hide each other
    last: dict[str, dict[str, Any]] = {}
    for one in made:
        held = last.get(one["name"])
        if held is None or (one["year"], one["middle"]) > (held["year"], held["middle"]):
            last[one["name"]] = one
    for one in made:
        one["label"] = one["name"] if last[one["name"]] is one else ""
    return made


# ---- published by scope --------------------------------------------------------------------------------


def published_picture() -> Picture:
    """What others print, one panel a scope and region."""
    panels = [
        (scope, region, one_axis(published_forecasts(scope, region, "energy")))
        for scope, region in PANELS
    ]
    rows: list[dict[str, Cell]] = [
        {
            "scope": scope_name(scope), "region": region_name(region), "year": p.year,
            "publisher": p.publisher, "scenario": p.scenario,
            "low": p.low, "value": p.middle if p.low is None else None, "high": p.high,
        }
        for scope, region, points in panels
        for p in points
    ]  # fmt: skip

    pointer = tips(("name", ""), ("tip", ""), ("scenario", ""), words=("name", "tip", "scenario"))

    def make(wide: bool) -> dict[str, Any]:
        sheet = Sheet()
        plots = []
        for scope, region, points in panels:
            values = _values(points)
            who = list(dict.fromkeys(v["name"] for v in values))
            x = quantity(
                "year", scale={"domain": [2013, 2036], "nice": False}, axis={"format": "d", "grid": False, "tickCount": 5},
            )  # fmt: skip
            said = {"x": x, "tooltip": pointer}
            by_name = {
                "field": "name", "type": "nominal", "legend": None,
                "scale": {"domain": who, "range": [COLOURS[i % len(COLOURS)] for i in range(len(who))]},
            }  # fmt: skip
            words = {"type": "text", "align": "left", "dx": 6, "fontSize": 10, "color": theme.QUIET}
            layers = [
                sheet.layer(values, {"type": "rule", "color": theme.QUIET, "strokeWidth": 2}, **said, y=quantity("low", axis=y_axis("TWh/a")), y2={"field": "high"}),
                sheet.layer(values, {"type": "point", "filled": True, "size": 55}, **said, y=quantity("middle"), color=by_name),
                sheet.layer(values, words, x=x, y=quantity("middle"), text={"field": "label", "type": "nominal"}),
            ]  # fmt: skip
            plot = panel(layers, 410 if wide else NARROW - 90, 180)
            plots.append(plot | {"title": f"{scope_name(scope)}, {region_name(region)}"})
        across = 2 if wide else 1
        rows_of_plots = [plots[i : i + across] for i in range(0, len(plots), across)]
        return sheet.spec(below([beside(row, 110) for row in rows_of_plots], 60))

    counts = len({r["publisher"] for r in rows})
    return Picture(
        name="published",
        title=_("Published totals, one panel a scope and region"),
        finding=_(
            "{n} numbers of {who} publications; only those in one panel count the same thing."
        ).format(n=len(rows), who=counts),
        alt=cut("; ".join(f"{r['publisher']} {r['year']} {r['scope']}" for r in rows), 1500),
        method=_(
            "Points and ranges as printed. Totals with and without crypto, of AI servers alone, or of one country are never put in one series."
        ),
        table=DataTable(
            {
                "scope": _("scope"), "region": _("region"), "year": _("year"),
                "publisher": _("publisher"), "scenario": _("scenario"),
                "low": _("low"), "value": _("value"), "high": _("high"),
            },
            tuple(rows),
        ),
        sources=tuple(dict.fromkeys(p.source_key for _s, _r, points in panels for p in points)),
        **both(make),
    )  # fmt: skip
