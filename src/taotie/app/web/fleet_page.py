"""How much power do the world's AI machines draw, and what next? A fan to the last year, published estimates as dots. [GW, TWh/a]"""

from __future__ import annotations

from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.parts.fleet import share_of_all
from taotie.app.charts.drivers_chart import shares_found
from taotie.app.web.asked import answered
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Line, Place, line_chart, range_chart
from taotie.app.web.parts import NOTHING, answer_values, setting_field
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import TaotieError
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import boundary_word, kind_word, number, within
from taotie.words.language import N_, _, in_language, language

FIELDS = ("to", "scope", "country", "of", "samples", "seed")
SCOPES = {
    "ai_facilities": N_("AI data centers, at the meter"),
    "ai_servers": N_("AI servers, at the plug"),
    "ai_chips_rated": N_("AI accelerators, rated power"),
}


def build(state: State) -> View:
    """The page of the fleet."""
    title = _("The world's AI machines, year by year")
    asked = {"samples": "2000", **state.given(*FIELDS)}
    values: dict[str, Any] = NOTHING | {
        "fields": [
            setting_field("fleet", "to", state, label=_("Last year"), placeholder="2035"),
            setting_field("fleet", "country", state, label=_("Compare with a country or state"), placeholder="united_states"),
        ],
        "more": [setting_field("fleet", k, state) for k in ("of", "samples", "seed")],
        "button": _("Draw"),
    }  # fmt: skip
    scope = state.get("scope", next(iter(SCOPES)))
    values["picks"] = [
        {
            "name": "scope", "label": _("Scope"), "value": scope, "help": "",
            "options": [(key, in_language(words, language())) for key, words in SCOPES.items()],
        }
    ]  # fmt: skip
    try:
        answer = answered("fleet", **asked)
    except TaotieError as error:
        return View(title, values, error=error, known=FIELDS, status=422)
    values |= answer_values(answer, "fleet", asked)
    charts = [fan(answer, scope), shares(answer), owners(answer), why(answer)]
    values["lead"] = charts[0].finding
    return View(
        title,
        values,
        tuple(charts),
        known=FIELDS,
        share=(title, charts[0].finding),
    )


def fan(answer: Answer, scope: str) -> Chart:
    """A fan of one scope with the published figures of the same scope and unit."""
    one, years = answer.own["scopes"][scope], list(answer.own["years"])
    unit = unit_word(one["unit"])
    published = [
        p for p in answer.own["published"]
        if p["scope"] == scope and p.get("unit") == one["unit"] and p["region"] == "world" and years[0] <= p["year"] <= years[-1]
    ]  # fmt: skip
    dots = [(float(p["year"]), float(_middle(p)), str(p["name"])) for p in published]
    first, today, last = years[0], answer.own["today"], years[-1]
    now, then = (
        within(one["p50"][i], one["p05"][i], one["p95"][i]) for i in (years.index(today), -1)
    )
    words = _("{first}: {a} {unit}; {last}: {low} to {high} {unit}, the median {b}.").format(
        first=today, a=now[0], last=last, low=then[1], high=then[2], b=then[0], unit=unit,
    )  # fmt: skip
    rows = [
        {"year": y, "p05": a, "p50": b, "p95": c, "kind": k}
        for y, a, b, c, k in zip(
            years, one["p05"], one["p50"], one["p95"], one["kind"], strict=True
        )
    ]
    title = in_language(SCOPES[scope], language())
    return Chart(
        scope.replace("_", "-"),
        title,
        words,
        line_chart(
            [Line("", years, one["p50"], one["p05"], one["p95"], colour="#d98a00")], words, y_unit=unit,
            dots=dots, x_words=[(float(y), str(y)) for y in years if (y - first) % 2 == 0],
        ),
        data({"year": _("year"), "p05": f"5 %, {unit}", "p50": f"{_('median')}, {unit}", "p95": f"95 %, {unit}", "kind": _("kind")}, rows),
        _("Counted quarters, then three forms of growth, sampled by how well they held before; the band holds nine of ten futures. Boundary: {boundary}.").format(boundary=boundary_word(one["boundary"])),
        tuple(dict.fromkeys(("epoch2026_chip_counts", *(str(p["source"]) for p in published)))),
        named={"kind": kind_word},
    )  # fmt: skip


def _middle(p: dict[str, Any]) -> float:
    for key in ("p50", "value", "middle", "mean"):
        if isinstance(p.get(key), int | float):
            return float(p[key])
    low, high = p.get("low"), p.get("high")
    return (float(low) + float(high)) / 2 if low is not None and high is not None else float("nan")


def shares(answer: Answer) -> Chart:
    """Share of a country's electricity, with its denominator."""
    found = answer.own["shares"]
    rows = [
        Place(str(s["year"]), low, middle, high, f"{within(middle, low, high)[0]} %")
        for s in found
        for low, middle, high in [tuple(100 * s[k] for k in ("p05", "p50", "p95"))]
    ]
    told = [s.values for s in answer.said if s.code == "share_of_nation"]
    parts = [_("{year}: {low} to {high} %").format(**v) for v in told]
    wholes = dict.fromkeys(str(v["of"]) for v in told)
    words = _("{parts}. 100 % = {of}.").format(parts="; ".join(parts), of="; ".join(wholes)) if told else ""  # fmt: skip
    return Chart(
        "shares", _("As a share of a country's electricity"), words, range_chart(rows, "%", words, log=False),
        data({"year": _("year"), "p05": "5 %", "p50": _("median"), "p95": "95 %", "of": _("of what")}, found),
        _("The world's AI fleet over one country's electricity: a yardstick, not where the machines stand."),
    )  # fmt: skip


def owner_word(key: str) -> str:
    """An owner as it is written: companies by their names, the rest in the language in force."""
    words = {"other": _("all others"), "china": _("owners in China")}
    return words.get(key) or key.replace("_", " ").title()


def owners(answer: Answer) -> Chart:
    """Who owns the counted machines."""
    found = sorted(answer.own["owners_mw"].items(), key=lambda r: -r[1])
    rows = [Place(owner_word(k), 0.0, v, v, number(v, 3)) for k, v in found]
    first = max((r for r in found if r[0] != "other"), key=lambda r: r[1])
    words = _("{name} owns {share} % of the rated power that is counted.").format(name=owner_word(first[0]), share=number(100 * share_of_all(first[1], (v for _k, v in found))))  # fmt: skip
    return Chart(
        "owners", _("Who owns the machines counted"), words, range_chart(rows, "MW", words, log=False),
        data({"owner": _("owner"), "mw": "MW"}, [{"owner": owner_word(k), "mw": v} for k, v in found]),
        _("Rated power of the chips, last counted quarter."), ("epoch2026_chip_counts",),
    )  # fmt: skip


def why(answer: Answer) -> Chart:
    """What the spread of the last year comes from."""
    found = answer.tables["drivers"].records()
    rows = [Place(str(r["leaf"]), 0.0, 100 * r["share"], 100 * r["share"], f"{number(100 * r['share'])} %") for r in found]  # fmt: skip
    words = _("{name} makes {share} % of the spread.").format(name=rows[0].name, share=number(rows[0].middle))  # fmt: skip
    return Chart(
        "why", _("What the range hangs on"), words, range_chart(rows, "%", words, log=False),
        data({"leaf": _("source of uncertainty"), "share": _("share of the spread")}, found),
        shares_found(str(answer.own["drivers_of"]["method"])),
    )  # fmt: skip
