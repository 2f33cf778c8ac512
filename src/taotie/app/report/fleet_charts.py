"""What does the fleet report draw? Fan to the horizon, published points by scope, tornado, waterfall, nations, power.

Every title names scope and boundary; published points pass `one_axis` before they share a series.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taotie.app.report import theme
from taotie.app.report.picture import (
    NARROW,
    WIDE,
    Cell,
    DataTable,
    Picture,
    altair,
    chart_spec,
    cut,
    sentences,
    static_svg,
)
from taotie.fleet.comparison import countries, country_demand
from taotie.fleet.decomposition import Decomposition
from taotie.fleet.forecast import FleetForecast, Floats
from taotie.fleet.power_gap import PowerGap
from taotie.fleet.published_models import SCOPES, PublishedForecast, one_axis, published_forecasts
from taotie.fleet.time_to_power import power_option, power_options, probability_by
from taotie.language import _, language
from taotie.quantity.catalog import table
from taotie.quantity.wording import boundary_word, number

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


def region_name(key: str) -> str:
    """Region in the language in force."""
    known = {
        "world": _("world"),
        "europe": _("Europe"),
        "asia_pacific_without_china": _("Asia Pacific without China"),
        "rest_of_world": _("rest of the world"),
        "virginia": _("Virginia"),
    }
    if key in known:
        return known[key]
    return str(table("countries").value(key, f"name_{language()}"))


def _size(wide: bool, height: int) -> dict[str, Any]:
    return {"width": WIDE - 90 if wide else NARROW - 60, "height": height}


def _both(make: Any) -> tuple[dict[str, Any], str]:
    specs = {"wide": make(True), "narrow": make(False)}
    return specs, static_svg(specs["wide"])


# ---- fan -----------------------------------------------------------------------------------------------


def fan_picture(made: FleetForecast, fan: dict[str, Floats], scope: str) -> Picture:
    """One scope by year: band and median, and what others print of the same scope."""
    unit = made.scopes[scope][0].unit
    quantity = "power" if scope == "ai_chips_rated" else "energy"
    points = one_axis(published_forecasts(scope, "world", quantity))
    low, middle, high = fan[scope]
    rows: list[dict[str, Cell]] = [
        {
            "year": year, "low": float(low[i]), "middle": float(middle[i]), "high": float(high[i]),
            "kind": _("counted") if year <= made.last_known.year else _("forecast"),
        }
        for i, year in enumerate(made.years)
    ]  # fmt: skip
    last = made.years[-1]
    finding = _("In {year}: {middle} {unit}, 90 % range {low} to {high}.").format(
        year=last, middle=number(float(middle[-1])), unit=unit, low=number(float(low[-1])), high=number(float(high[-1])),
    )  # fmt: skip

    def make(wide: bool) -> dict[str, Any]:
        alt = altair()
        base = alt.Chart(alt.Data(values=rows)).encode(
            x=alt.X("year:Q", title=None, axis=alt.Axis(format="d", grid=False, tickCount=6))
        )
        title = f"{unit}" if wide else unit
        layers = [
            base.mark_area(color=theme.AMBER, opacity=0.28).encode(
                y=alt.Y("low:Q", title=title), y2="high:Q"
            ),
            base.mark_line(color=theme.AMBER_DEEP, strokeWidth=2.2).encode(y="middle:Q"),
            alt.Chart(alt.Data(values=[{"year": made.last_known.year}]))
            .mark_rule(strokeDash=[4, 4], color=theme.GREY)
            .encode(x="year:Q"),
        ]
        if points:
            shown = alt.Chart(alt.Data(values=_values(points))).encode(
                x="year:Q", tooltip=[alt.Tooltip("name:N"), alt.Tooltip("tip:N")]
            )
            layers += [
                shown.mark_rule(color=theme.BLUE, strokeWidth=2.5).encode(y="low:Q", y2="high:Q"),
                shown.mark_point(color=theme.BLUE, filled=True, size=70).encode(y="middle:Q"),
                shown.mark_text(align="left", dx=7, dy=-7, fontSize=11, color=theme.BLUE).encode(
                    y="high:Q", text="label:N"
                ),
            ]
        return chart_spec(alt.layer(*layers).properties(**_size(wide, 360 if wide else 260)))

    specs, svg = _both(make)
    return Picture(
        name=f"fan-{scope}",
        title=_("{scope}, world, to {year}").format(scope=scope_name(scope), year=last),
        finding=finding,
        alt=cut("; ".join(f"{r['year']}: {number(float(r['low']))} - {number(float(r['high']))} {unit}" for r in rows), 1500),  # type: ignore[arg-type]
        method=sentences(
            _(
                "The band holds 90 % of the draws, the line is their median. Additions of chips go on as drawn from three forms of growth weighted by fit; chips retire; makers, growth, utilization and PUE are independent."
            ),
            _("Blue: published, same scope and region."),
        ),
        table=DataTable(
            {"year": _("year"), "low": "5 %", "middle": _("median"), "high": "95 %", "kind": _("kind")},
            tuple(rows),
        ),
        sources=tuple(dict.fromkeys(["epoch2026_chip_counts", *(p.source_key for p in points)])),
        specs=specs,
        svg=svg,
    )  # fmt: skip


def _values(points: Sequence[PublishedForecast]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for p in points:
        low, high = p.low or p.middle, p.high or p.middle
        text = number(p.middle, 4) if p.low is None else f"{number(low, 4)} - {number(high, 4)}"
        made.append(
            {
                "year": p.year, "low": low, "middle": p.middle, "high": high,
                "name": _publisher(p), "tip": f"{text} {p.value.unit}", "scenario": p.scenario,
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


def _publisher(point: PublishedForecast) -> str:
    source = point.value.source
    if source is None:
        return point.key
    head = source.author.split(",")[0]
    inside = head.partition("(")[2].rstrip(")")
    short = {
        "International Energy Agency": "IEA",
        "Electric Power Research Institute": "EPRI",
        "Lawrence Berkeley National Laboratory": "LBNL",
        "Cambridge Centre for Alternative Finance": "CCAF",
        "BloombergNEF": "BNEF",
        "McKinsey & Company": "McKinsey",
    }
    return f"{short.get(inside, short.get(head, head.partition(' (')[0]))} {source.date[:4]}"


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
            "publisher": _publisher(p), "scenario": p.scenario,
            "low": p.low, "value": p.middle if p.low is None else None, "high": p.high,
        }
        for scope, region, points in panels
        for p in points
    ]  # fmt: skip

    def make(wide: bool) -> dict[str, Any]:
        alt = altair()
        charts = []
        for scope, region, points in panels:
            base = alt.Chart(alt.Data(values=_values(points))).encode(
                x=alt.X(
                    "year:Q",
                    title=None,
                    scale=alt.Scale(domain=[2013, 2036]),
                    axis=alt.Axis(format="d", grid=False, tickCount=5),
                ),
                tooltip=[alt.Tooltip("name:N"), alt.Tooltip("tip:N"), alt.Tooltip("scenario:N")],
            )
            charts.append(
                alt.layer(
                    base.mark_rule(color=theme.QUIET, strokeWidth=2).encode(
                        y=alt.Y("low:Q", title="TWh/a"), y2="high:Q"
                    ),
                    base.mark_point(filled=True, size=55).encode(
                        y="middle:Q",
                        color=alt.Color("name:N", legend=None, scale=alt.Scale(scheme="tableau10")),
                    ),
                    base.mark_text(align="left", dx=6, fontSize=10, color=theme.QUIET).encode(
                        y="middle:Q", text="label:N"
                    ),
                ).properties(
                    width=380 if wide else NARROW - 90,
                    height=180,
                    title=alt.TitleParams(
                        f"{scope_name(scope)}, {region_name(region)}", color=theme.INK, fontSize=12
                    ),
                )
            )
        chart = alt.concat(*charts, columns=2 if wide else 1)
        return chart_spec(chart.resolve_scale(y="independent", color="independent"))

    specs, svg = _both(make)
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
        specs=specs,
        svg=svg,
    )  # fmt: skip


# ---- tornado -------------------------------------------------------------------------------------------


def tornado_picture(made: FleetForecast, year: int) -> Picture:
    """What each factor alone does to a year's electricity."""
    swings = made.tornado(year)
    rows: list[dict[str, Cell]] = [
        {"name": s.factor.name, "low": s.low, "middle": s.middle, "high": s.high} for s in swings
    ]

    def make(wide: bool) -> dict[str, Any]:
        alt = altair()
        values = [{**r, "row": i} for i, r in enumerate(rows)]
        base = alt.Chart(alt.Data(values=values)).encode(
            y=alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0.35))
        )
        gutter = 330 if wide else 0
        chart = alt.layer(
            base.mark_bar(color=theme.AMBER, yOffset=0 if wide else 9).encode(
                x=alt.X("low:Q", title="TWh/a"), x2="high:Q",
                tooltip=[alt.Tooltip("name:N"), alt.Tooltip("low:Q", format=".0f"), alt.Tooltip("high:Q", format=".0f")],
            ),
            base.mark_tick(color=theme.INK, thickness=2, yOffset=0 if wide else 9).encode(x="middle:Q"),
            base.mark_text(
                align="right" if wide else "left", dy=0 if wide else -14, limit=gutter or NARROW - 30, fontSize=12
            ).encode(x=alt.value(-10 if wide else 0), text="name:N"),
        ).properties(width=WIDE - gutter - 60 if wide else NARROW - 30, height=alt.Step(36 if wide else 52))  # fmt: skip
        return chart_spec(chart)

    specs, svg = _both(make)
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
        specs=specs,
        svg=svg,
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
        alt = altair()
        ends = {0, len(rows) - 1}
        values = [
            {**r, "row": i, "colour": theme.QUIET if i in ends else theme.AMBER if float(r["change"]) > 0 else theme.BLUE,  # type: ignore[arg-type]
             "top": max(float(r["from"]), float(r["to"])),  # type: ignore[arg-type]
             "text": number(float(r["change"]), 3)}  # type: ignore[arg-type]
            for i, r in enumerate(rows)
        ]  # fmt: skip
        base = alt.Chart(alt.Data(values=values)).encode(
            x=alt.X("name:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelLimit=110))
        )
        chart = alt.layer(
            base.mark_bar().encode(
                y=alt.Y("from:Q", title="GWh/a"), y2="to:Q", color=alt.Color("colour:N", scale=None)
            ),
            base.mark_text(dy=-8, fontSize=12).encode(y=alt.Y("top:Q"), text="text:N"),
        ).properties(**_size(wide, 300))
        return chart_spec(chart)

    specs, svg = _both(make)
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
        specs=specs,
        svg=svg,
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
        value = country_demand(key).p50
        if limits[0] < value < limits[1]:
            rows.append(
                {"name": region_name(key), "low": value, "middle": value, "high": value, "ours": 0}
            )
    rows.sort(key=lambda r: -float(r["middle"]))  # type: ignore[arg-type]
    if len(rows) > 18:  # keep ours and every so many countries
        theirs = [r for r in rows if not r["ours"]]
        step = -(-len(theirs) // 14)
        keep = {id(r) for r in theirs[::step]}
        rows = [r for r in rows if r["ours"] or id(r) in keep]

    def make(wide: bool) -> dict[str, Any]:
        alt = altair()
        values = [
            {**r, "row": i, "colour": theme.AMBER if r["ours"] else theme.QUIET}
            for i, r in enumerate(rows)
        ]
        base = alt.Chart(alt.Data(values=values)).encode(
            y=alt.Y("row:O", axis=None), color=alt.Color("colour:N", scale=None)
        )
        scale = alt.Scale(type="log")
        gutter = 190 if wide else 110
        chart = alt.layer(
            base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", scale=scale, title=_("TWh/a (log scale)")), x2="high:Q"),
            base.mark_point(filled=True, size=70).encode(x=alt.X("middle:Q", scale=scale)),
            base.mark_text(align="right", limit=gutter - 12, color=theme.INK).encode(x=alt.value(-10), text="name:N"),
        ).properties(width=(WIDE if wide else NARROW) - gutter - 40, height=alt.Step(24))  # fmt: skip
        return chart_spec(chart)

    specs, svg = _both(make)
    said = [
        _("{year}: {low} to {high} % of {of}").format(
            year=y, low=number(100 * s.share.p05), high=number(100 * s.share.p95), of=s.of
        )
        for y, s in shares
    ]
    return Picture(
        name="nations",
        title=_("Beside nations: {scope}, world").format(scope=scope_name("ai_facilities")),
        finding=_("As a share of one nation: {list}.").format(list="; ".join(said)),
        alt="; ".join(f"{r['name']}: {number(float(r['middle']), 3)}" for r in rows),  # type: ignore[arg-type]
        method=_(
            "Countries: generation plus net imports in 2021, network losses inside. The fleet stands in many countries: a share of one says how large it is, not where it is."
        ),
        table=DataTable(
            {"name": _("name"), "low": "5 %", "middle": _("median"), "high": "95 %"}, tuple(rows)
        ),
        sources=("owid2022_energy", *dict.fromkeys(s.denominator.source.key for _y, s in shares if s.denominator.source)),
        specs=specs,
        svg=svg,
    )  # fmt: skip


# ---- power ---------------------------------------------------------------------------------------------


def power_picture(gap: PowerGap | None) -> Picture:
    """When ways to get power deliver; with a portfolio, what is missing."""
    rows: list[dict[str, Cell]] = []
    for key in power_options():
        option = power_option(key)
        chance = sum(option.success_range) / 2
        for quarter in range(61):
            year = quarter / 4
            p = float(probability_by(year, option.delay_range, chance, option.earliest))
            rows.append({"option": option.name, "year": year, "chance": 100 * p})

    def make(wide: bool) -> dict[str, Any]:
        alt = altair()
        base = alt.Chart(alt.Data(values=rows)).encode(
            x=alt.X("year:Q", title=_("years after the decision")),
            y=alt.Y("chance:Q", title=_("chance of power, %")),
            color=alt.Color("option:N", title=None, legend=alt.Legend(orient="bottom", columns=4 if wide else 1)),
        )  # fmt: skip
        chart = base.mark_line(strokeWidth=2.2).properties(**_size(wide, 300))
        return chart_spec(chart)

    specs, svg = _both(make)
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
        specs=specs,
        svg=svg,
        remarks=remarks,
    )
