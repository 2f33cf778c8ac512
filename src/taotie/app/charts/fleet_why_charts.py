"""What does the fleet report draw about causes? Tornado, waterfall, nations beside the fleet, ways to get power."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taotie.answer.parts.fleet import (
    Decomposition,
    FleetForecast,
    PowerGap,
    countries,
    country_demand,
    demand_year,
    efficiency_bands,
    efficiency_trend,
    generations,
    power_option,
    power_options,
    probability_by,
    region_name,
)
from taotie.app.charts import theme
from taotie.app.charts.answer_charts import COLOURS
from taotie.app.charts.fleet_charts import chart_width, scope_name
from taotie.app.charts.picture import (
    NARROW,
    WIDE,
    Cell,
    DataTable,
    Picture,
    span_text,
)
from taotie.app.charts.vega_lite import (
    Sheet,
    as_it_says,
    both,
    panel,
    quantity,
    tips,
    y_axis,
)
from taotie.quantity.catalog import table
from taotie.quantity.wording import ends, number
from taotie.words.language import _


def tornado_picture(made: FleetForecast, year: int) -> Picture:
    """What each factor alone does to a year's electricity."""
    swings = made.tornado(year)
    rows: list[dict[str, Cell]] = [
        {"name": s.factor.name, "low": s.low, "middle": s.middle, "high": s.high} for s in swings
    ]

    def make(wide: bool) -> dict[str, Any]:
        values = [{**r, "row": i} for i, r in enumerate(rows)]
        y = {"field": "row", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0.35}}
        gutter = 330 if wide else 0
        shift = 0 if wide else 9
        title = quantity("low", title="TWh/a")
        name = {
            "type": "text", "align": "right" if wide else "left", "dy": 0 if wide else -14, "limit": gutter - 20 if wide else NARROW - 30,
            "fontSize": 12,
        }  # fmt: skip
        pointer = tips(
            ("name", ""), ("low", _("at 5 %")), ("high", _("at 95 %")), words=("name",), low=".0f", high=".0f"
        )  # fmt: skip
        sheet = Sheet()
        layers = [
            sheet.layer(values, {"type": "bar", "color": theme.AMBER, "yOffset": shift}, y=y, x=title, x2={"field": "high"}, tooltip=pointer),
            sheet.layer(values, {"type": "tick", "color": theme.INK, "thickness": 2, "yOffset": shift}, y=y, x=quantity("middle")),
            sheet.layer(values, name, y=y, x={"value": -10 if wide else 0}, text={"field": "name", "type": "nominal"}),
        ]  # fmt: skip
        width = WIDE - gutter - 60 if wide else NARROW - 30
        return sheet.spec(panel(layers, width, {"step": 36 if wide else 52}))

    first = swings[0]
    return Picture(
        name="tornado",
        title=_("What one factor alone does: {scope}, world, {year}").format(
            scope=scope_name("ai_facilities"), year=year
        ),
        finding=_("{name} alone moves the year from {low} to {high} TWh.").format(
            name=first.factor.name, low=number(first.low), high=number(first.high)
        ),
        alt="; ".join(f"{r['name']}: {number(float(r['low']))} - {number(float(r['high']))}" for r in rows),  # type: ignore[arg-type]
        method=_("Each factor at its 5 and 95 % point, all others at their median; the tick is all at their median."),
        table=DataTable(
            {"name": _("factor"), "low": _("at 5 %"), "middle": _("median"), "high": _("at 95 %")}, tuple(rows)
        ),
        sources=("taotie_fleet2026", "epoch2026_chip_counts"),
        **both(make),
    )  # fmt: skip


# ---- waterfall -----------------------------------------------------------------------------------------


def waterfall_picture(parts: Decomposition, other: Decomposition) -> Picture:
    """A service's growth, shared out among requests, energy per request and PUE."""
    names = {
        "requests": _("more requests"),
        "energy_per_request": _("less energy each"),
        "pue": _("better buildings"),
    }
    rows: list[dict[str, Cell]] = [
        {"name": _("early 2023"), "from": 0.0, "to": parts.first, "change": parts.first}
    ]
    level = parts.first
    for key, value in parts.contributions.items():
        rows.append(
            {"name": names.get(key, key), "from": level, "to": level + value, "change": value}
        )
        level += value
    rows.append({"name": _("mid-2025"), "from": 0.0, "to": parts.last, "change": parts.last})
    for row, key in zip(rows[1:-1], parts.contributions, strict=True):
        row["shapley"] = other.contributions[key]

    def make(wide: bool) -> dict[str, Any]:
        ends = {0, len(rows) - 1}
        values = [
            {**r, "row": i, "colour": theme.QUIET if i in ends else theme.AMBER if float(r["change"]) > 0 else theme.BLUE,  # type: ignore[arg-type]
             "top": max(float(r["from"]), float(r["to"])),  # type: ignore[arg-type]
             "text": number(float(r["change"]), 3)}  # type: ignore[arg-type]
            for i, r in enumerate(rows)
        ]  # fmt: skip
        x = {"field": "name", "type": "nominal", "sort": [r["name"] for r in rows], "title": None}
        sheet = Sheet()
        layers = [
            sheet.layer(values, {"type": "bar"}, x=x, y=quantity("to", axis=y_axis("GWh/a")), y2={"field": "from"}, color=as_it_says("colour")),
            sheet.layer(values, {"type": "text", "dy": -8}, x=x, y=quantity("top"), text={"field": "text", "type": "nominal"}),
        ]  # fmt: skip
        return sheet.spec(panel(layers, chart_width(wide), 300))

    return Picture(
        name="waterfall",
        title=_("Why a service grew: ChatGPT, published numbers, early 2023 to mid-2025"),
        finding=_("From {first} to {last} GWh a year: requests add {up}, energy per request takes away {down}.").format(
            first=number(parts.first, 3), last=number(parts.last, 3),
            up=number(parts.contributions["requests"], 3), down=number(-parts.contributions["energy_per_request"], 3),
        ),
        alt="; ".join(f"{r['name']}: {number(float(r['change']), 3)}" for r in rows),  # type: ignore[arg-type]
        method=_(
            "LMDI; the table has Shapley's shares too, which differ by a factor of two for changes so far apart. The two energies per request are of unlike making: an upper bound by rated power, and a statement without a boundary."
        ),
        table=DataTable({"name": _("step"), "change": "LMDI, GWh/a", "shapley": "Shapley, GWh/a"}, tuple(rows)),
        sources=("devries2023", "openai2025_axios", "altman2025", "epoch2025_chatgpt", "google_environment"),
        **both(make),
    )  # fmt: skip


# ---- nations -------------------------------------------------------------------------------------------


def nations_picture(made: FleetForecast, shares: Sequence[Any]) -> Picture:
    """The fleet beside the electricity of countries."""
    chosen = sorted(
        {made.last_known.year, 2030 if 2030 in made.years else made.years[-1], made.years[-1]}
    )
    rows: list[dict[str, Cell]] = []
    for year in chosen:
        one = made.at("ai_facilities", year)
        rows.append(
            {"name": _("AI fleet, {year}").format(year=year), "low": one.p05, "middle": one.p50, "high": one.p95, "ours": 1}
        )  # fmt: skip
    limits = (0.5 * min(float(r["low"]) for r in rows), 1.5 * max(float(r["high"]) for r in rows))  # type: ignore[arg-type]
    for key in countries():
        one = country_demand(key)
        if limits[0] < one.p50 < limits[1]:
            name = _("{country}, {year}").format(country=region_name(key), year=demand_year(key))
            rows.append(
                {"name": name, "low": one.p05, "middle": one.p50, "high": one.p95, "ours": 0}
            )
    rows.sort(key=lambda r: -float(r["middle"]))  # type: ignore[arg-type]
    if len(rows) > 18:  # keep ours and every so many countries
        theirs = [r for r in rows if not r["ours"]]
        step = -(-len(theirs) // 14)
        keep = {id(r) for r in theirs[::step]}
        rows = [r for r in rows if r["ours"] or id(r) in keep]

    def make(wide: bool) -> dict[str, Any]:
        values = [
            {**r, "row": i, "colour": theme.AMBER if r["ours"] else theme.QUIET}
            for i, r in enumerate(rows)
        ]
        y = {"field": "row", "type": "ordinal", "axis": None}
        gutter = 190 if wide else 110

        def x(field: str) -> dict[str, Any]:
            return quantity(field, scale={"type": "log"}, title=_("TWh/a (log scale)"))

        colour = as_it_says("colour")
        name = {"type": "text", "align": "right", "limit": gutter - 12, "color": theme.INK}
        pointer = tips(
            ("name", ""), ("low", "5 %"), ("middle", _("median")), ("high", "95 %"), words=("name",), low=".4g", middle=".4g", high=".4g",
        )  # fmt: skip
        sheet = Sheet()
        layers = [
            sheet.layer(values, {"type": "rule", "strokeWidth": 3}, y=y, x=x("low"), x2={"field": "high"}, color=colour),
            sheet.layer(values, {"type": "point", "filled": True, "size": 70}, y=y, x=x("middle"), color=colour, tooltip=pointer),
            sheet.layer(values, name, y=y, x={"value": -10}, text={"field": "name", "type": "nominal"}),
        ]  # fmt: skip
        width = (WIDE if wide else NARROW) - gutter - 40
        return sheet.spec(panel(layers, width, {"step": 24}))

    of_nation = [ends(100 * s.share.p05, 100 * s.share.p95) for _y, s in shares]
    said = [
        _("{year}: {low} to {high} % of {of}").format(year=y, low=low, high=high, of=s.of)
        for (y, s), (low, high) in zip(shares, of_nation, strict=True)
    ]
    last = made.at("ai_facilities", made.years[-1])
    least, most = ends(last.p05, last.p95)
    return Picture(
        name="nations",
        title=_("Beside nations: {scope}, world").format(scope=scope_name("ai_facilities")),
        finding=_("As a share of one nation: {list}.").format(list="; ".join(said))
        if said
        else _("{low} to {high} TWh in {year}.").format(
            low=least, high=most, year=made.years[-1],
        ),
        alt="; ".join(f"{r['name']}: {number(float(r['middle']), 3)}" for r in rows),  # type: ignore[arg-type]
        method=_(
            "Countries: generation plus net imports in the year beside the name, network losses inside. The fleet stands in many countries: a share of one says how large it is, not where it is."
        ),
        table=DataTable(
            {"name": _("name"), "low": "5 %", "middle": _("median"), "high": "95 %"}, tuple(rows)
        ),
        sources=("owid2026_energy", *dict.fromkeys(s.denominator.source.key for _y, s in shares if s.denominator.source)),
        **both(make),
    )  # fmt: skip


# ---- power ---------------------------------------------------------------------------------------------


def power_picture(gap: PowerGap | None) -> Picture:
    """When ways to get power deliver; with a portfolio, what is missing."""
    rows: list[dict[str, Cell]] = []
    for key in power_options():
        option = power_option(key)
        for quarter in range(61):
            year = quarter / 4
            p = float(
                probability_by(year, option.delay_range, option.middle_success, option.earliest)
            )
            rows.append({"option": option.name, "year": year, "chance": 100 * p})

    names = list(dict.fromkeys(str(r["option"]) for r in rows))

    def make(wide: bool) -> dict[str, Any]:
        colour = {
            "field": "option", "type": "nominal", "legend": {"orient": "bottom", "title": None},
            "scale": {"domain": names, "range": [COLOURS[i % len(COLOURS)] for i in range(len(names))]},
        }  # fmt: skip
        sheet = Sheet()
        layer = sheet.layer(
            rows, {"type": "line", "strokeWidth": 2.2}, x=quantity("year", title=_("years after the decision"), scale={"nice": False}),
            y=quantity("chance", axis=y_axis(_("chance of power, %"))), color=colour,
        )  # fmt: skip
        return sheet.spec(panel([layer], chart_width(wide), 300))

    finding = _("Within five years: {list}.").format(
        list=", ".join(
            f"{r['option']} {number(r['chance'])} %"
            for r in rows
            if r["year"] == 5.0 and isinstance(r["chance"], float)
        )
    )
    remarks: tuple[str, ...] = ()
    if gap is not None:
        remarks = tuple(
            _("{year}: {wanted} GW more wanted at full draw, {got} GW energised, {gap} GW missing (medians)").format(
                year=y, wanted=number(float(gap.wanted_gw[1, i])), got=number(float(gap.energised_gw[1, i])),
                gap=number(float(gap.gap_gw[1, i])),
            )
            for i, y in enumerate(gap.years)
        )  # fmt: skip
    return Picture(
        name="power",
        title=_("When power is there, by the way it is got"),
        finding=finding,
        alt=finding,
        method=_(
            "A chance of success times a lognormal delay. Success and delay are assumptions, informed by queue statistics and quoted lead times."
        ),
        table=DataTable(
            {"option": _("option"), "year": _("years"), "chance": _("chance of power, %")},
            tuple(rows),
        ),
        sources=("taotie_fleet2026", "rand2025_queued_up"),
        **both(make),
        remarks=remarks,
    )


# ---- efficiency ----------------------------------------------------------------------------------------


def efficiency_picture() -> Picture:
    """Chips by generation, and what is left of a claimed million-fold gain."""
    found = generations()
    bands = efficiency_bands()
    cells = table("accelerators")
    rows: list[dict[str, Cell]] = [
        {
            "name": str(cells.value(g.key, "label")),
            "date": g.launched.isoformat(),
            "value": g.tflop_per_w,
        }
        for g in found
    ]
    years = (found[-1].launched - found[0].launched).days / 365.25
    trend = efficiency_trend(found[0].tflop_per_w, found[-1].tflop_per_w, years)
    words = {
        "leading chips": _("leading chips, 40 to 50 % a year"),
        "other readings": _("other readings, 30 to 40 % a year"),
        "Koomey's law": _("Koomey's law, a doubling every 1.57 years"),
    }

    def make(wide: bool) -> dict[str, Any]:
        x = {
            "field": "date", "type": "temporal", "title": None, "axis": {"grid": False, "format": "%Y", "tickCount": 6},
            "scale": {"type": "utc", "domain": ["2013-06-01", "2025-09-01"]},
        }  # fmt: skip
        title = y_axis(_("TFLOP/s per watt, dense 16 bit (log)"))
        place = {"x": x, "y": quantity("value", scale={"type": "log"}, axis=title)}
        name = {"type": "text", "align": "right", "dx": -9, "dy": -6, "fontSize": 11}
        pointer = tips(("name", ""), ("value", "TFLOP/s/W"), words=("name",), value=".3g")
        sheet = Sheet()
        layers = [
            sheet.layer(rows, {"type": "line", "color": theme.AMBER_DEEP, "strokeWidth": 1.5}, **place),
            sheet.layer(rows, {"type": "point", "color": theme.AMBER, "filled": True, "size": 80}, **place, tooltip=pointer),
            sheet.layer(rows, name, **place, text={"field": "name", "type": "nominal"}),
        ]  # fmt: skip
        return sheet.spec(panel(layers, chart_width(wide), 260))

    return Picture(
        name="efficiency",
        title=_("Efficiency of accelerators at their rated power, by generation"),
        finding=_(
            "{factor} times in {years} years, doubling every {double} years; a million times in ten years would need 3.98 times a year."
        ).format(
            factor=number(trend.factor), years=number(trend.years), double=number(trend.doubling_a)
        ),
        alt="; ".join(f"{r['name']}: {r['value']:.3g}" for r in rows),
        method=_(
            "Dense 16-bit peak over rated power at the accelerator: what a chip can do, not what software reaches."
        ),
        table=DataTable(
            {"name": _("accelerator"), "date": _("launched"), "value": "TFLOP/s/W"}, tuple(rows)
        ),
        sources=("epoch2026_ml_hardware", "aiconfigurator2026_systems", "makers_datasheets"),
        **both(make),
        remarks=tuple(
            _(
                "{name}: {gain} times in ten years; of a million, {rest} times would be scale, shorter numbers, sparsity and algorithms."
            ).format(
                name=words.get(b.name, b.name),
                gain=number(b.low) if b.low == b.high else span_text(b.low, b.high),
                rest=number(b.rest_low) if b.low == b.high else span_text(b.rest_low, b.rest_high),
            )
            for b in bands
        ),
    )  # fmt: skip
