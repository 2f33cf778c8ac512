"""One prompt followed to the grid: a sentence one edits, the energy, where it goes, a year of it, its place on a grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.asks import ASKS
from taotie.answer.crowd import KINDS, SHARED
from taotie.app.charts.drivers_chart import shares_found
from taotie.app.charts.picture import amount, median_amount, source_keys
from taotie.app.pages.headline import tile
from taotie.app.web.asked import answered, kept
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Place, range_chart
from taotie.app.web.flow import bands_of_request, flow_chart
from taotie.app.web.parts import range_row, setting_field, source_list
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import TaotieError
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import ends, number, readable
from taotie.words.language import N_, _, in_language, language

DEFAULTS = {
    "kind": "question", "words": "50", "model": "llama-3.1-70b", "on": "h100-sxm:8", "region": "US-ERCT",
    "people": "1000000", "per_person": "10", "days": "365",
}  # fmt: skip
MORE = (
    "tokens_in", "tokens_out", "batch", "precision", "runtime", "pue", "software_date", "data_parallel",
    "expert_parallel", "prefill_on", "draft", "draft_model", "acceptance", "prefix_hit", "samples", "seed",
)  # fmt: skip
FIELDS = (*DEFAULTS, *MORE)
KIND_WORDS = {
    "question": N_("question"),
    "search": N_("short question"),
    "summary": N_("text to summarise"),
    "letter": N_("letter to write"),
    "program": N_("program to write"),
    "reasoning": N_("hard problem"),
}
# shown first; every region of the table follows
FIRST_REGIONS = (
    "US-ERCT",
    "US-SRVC",
    "US-CAMX",
    "USA",
    "CHN",
    "EU27",
    "DEU",
    "IRL",
    "SWE",
    "IND",
    "WORLD",
)
GRID_CASE = "ACTIVSg200"


def build(state: State) -> View:
    """The first page."""
    asked = {**DEFAULTS, **state.given(*FIELDS)}
    values: dict[str, Any] = {
        **{key: asked[key] for key in DEFAULTS},
        "kinds": [(k, in_language(w, language())) for k, w in KIND_WORDS.items()],
        "regions": regions(asked["region"]),
        "model_names": model_names(),
        "machine_names": machine_names(),
        "more": [setting_field("crowd", name, state) for name in MORE],
        "drawer_open": any(state.get(name) for name in MORE),
        "main": None,
    }
    title = _("One prompt, followed to the grid")
    try:
        answer = answered("crowd", **asked)
    except TaotieError as error:
        return View(title, values, error=error, known=FIELDS, status=422)
    of_one: Answer = answer.detail
    charts = [flow(of_one), beside(of_one), doubts(of_one)]
    placed, grid_words = on_grid(answer)
    if placed is not None:
        charts.append(placed)
    named = {c.name: c for c in charts if c is not None}
    main = tile("energy_per_request", of_one.figures["energy_per_request"])
    values |= {
        "main": main,
        "sentence": sentence(answer),
        "taken": taken(of_one),
        "alike": alike(answer),
        "flow": named.get("flow"),
        "scale": named.get("beside"),
        "doubts": named.get("doubts"),
        "grid": named.get("grid"),
        "grid_words": grid_words,
        "grid_load": grid_load(answer),
        "year": year_words(answer),
        "tiles": [tile(k, answer.figures[k]) for k in answer.show if k in answer.figures],
        "said": list(dict.fromkeys(s.text() for s in answer.said if s.code != "alike")),
        "source_rows": source_list(answer, of_one),
        "command": command(asked),
    }
    return View(
        title, values, tuple(named.values()), known=FIELDS,
        share=(f"{main.value} {main.unit}", sentence(answer)),
    )  # fmt: skip


# ---- the form ------------------------------------------------------------------------------------------


def regions(chosen: str) -> list[tuple[str, str]]:
    """Codes and names of places, the usual ones first; one that is not known stays where it was written."""
    from taotie.answer.parts.web import intensity_regions, region_name

    known = intensity_regions()
    keys = [*FIRST_REGIONS, *(k for k in known if k not in FIRST_REGIONS)]
    if chosen not in keys:
        keys.insert(0, chosen)
    return [(k, region_name(k) if k in known else k) for k in keys]


def model_names() -> list[str]:
    """Models by name."""
    from taotie.answer.parts.web import model_architectures

    return list(kept("model names", model_architectures))


def machine_names() -> list[str]:
    """Accelerators by name, with the usual number of a machine."""
    from taotie.answer.parts.web import accelerators

    return [f"{k}:8" if "sxm" in k or k.startswith("mi") else k for k in kept("machines", accelerators)]  # fmt: skip


# ---- words ---------------------------------------------------------------------------------------------


def sentence(answer: Answer) -> str:
    """The headline in words."""
    figure = readable(answer.figures["energy_per_request"])
    value = figure.value
    return _(
        "About {value} at the data center's meter; in nine cases of ten between {low} and {high}."
    ).format(
        value=median_amount(figure),
        low=ends(value.p05, value.p95)[0],
        high=f"{ends(value.p05, value.p95)[1]} {unit_word(figure.unit)}",
    )


def taken(of_one: Answer) -> str:
    """What was taken for the request."""
    return _("{model}: {tokens_in} tokens read, {tokens_out} tokens written, on {on}.").format(
        model=of_one.settings["model"], on=of_one.settings["on"],
        tokens_in=number(float(of_one.settings["tokens_in"]), 3),
        tokens_out=number(float(of_one.settings["tokens_out"]), 3),
    )  # fmt: skip


def alike(answer: Answer) -> str:
    """The request in everyday terms."""
    return next((s.text() for s in answer.said if s.code == "alike"), "")


def year_words(answer: Answer) -> str:
    """The year in one sentence, with the share of a region's electricity where one is held."""
    energy = readable(answer.figures["energy"])
    power = readable(answer.figures["power"])
    return _(
        "{people} people, {per_person} times a day on {days} days: {energy} a year, a mean draw of {power} ({low} to {high})."
    ).format(
        people=number(float(answer.settings["people"]), 3),
        per_person=f"{answer.settings['per_person']:g}",
        days=f"{answer.settings['days']:g}",
        energy=median_amount(energy),
        power=median_amount(power),
        low=ends(power.p05, power.p95)[0],
        high=f"{ends(power.p05, power.p95)[1]} {unit_word(power.unit)}",
    )


def command(asked: Mapping[str, Any]) -> str:
    """The same question in a terminal."""
    from taotie.app.again import command_of

    return command_of(ASKS["crowd"], dict(asked), {})


# ---- drawings ------------------------------------------------------------------------------------------


def flow(of_one: Answer) -> Chart:
    """Where the energy goes, from the meter to the chip."""
    from taotie.app.charts.sankey import node_word

    bands = bands_of_request(of_one.figures)
    unit = bands[0].figure.unit
    whole = of_one.figures["energy_per_request"].to(unit).mean
    ends = {b.start for b in bands}
    most = max((b for b in bands if b.end not in ends), key=lambda b: b.mean)
    finding = _(
        "Of {total} in the mean, the largest part, {share} %, goes into {part}."
    ).format(total=amount(whole, unit), share=number(100 * most.mean / whole), part=node_word(most.end))  # fmt: skip
    rows = tuple(
        {
            "start": node_word(b.start), "end": node_word(b.end), "mean": b.mean, "p05": b.figure.p05,
            "p50": b.figure.p50, "p95": b.figure.p95, "unit": unit,
        }
        for b in bands
    )  # fmt: skip
    columns = {
        "start": _("from node"), "end": _("into node"), "mean": _("mean"), "p05": "5 %", "p50": _("median"),
        "p95": "95 %", "unit": _("unit"),
    }  # fmt: skip
    return Chart(
        "flow",
        _("Where the energy goes, from the meter to the chip"),
        finding,
        flow_chart(bands, finding),
        data(columns, rows),
        _("Band widths are averages over all samples, since medians do not add up; at every node what comes in equals what goes out."),
        source_keys([b.figure for b in bands]),
    )  # fmt: skip


PUBLISHERS = (
    "altman2025",
    "devries2023",
    "elsworth2025_gemini",
    "epoch2025_chatgpt",
    "epri2024_powering",
    "gemini2025_more",
    "hoelzle2009",
)
"""Sources that print the energy of one request of a chat service or a search."""


def published_requests() -> list[tuple[str, Any]]:
    """Published energies of one request that the catalogue holds, at any boundary."""
    from taotie.quantity import catalog

    keys = [f for f in catalog.figure_keys() if f.split(".")[0] in PUBLISHERS]
    every = [(key, catalog.figure(key)) for key in keys]
    return [(key, one) for key, one in every if one.unit == "Wh/request"]


def beside(of_one: Answer) -> Chart | None:
    """Our range beside what others published of one request."""
    ours = of_one.figures["energy_per_request"]
    published = kept("published requests", published_requests)
    unit = "Wh/request"
    rows = [range_row(_("This prompt"), ours, unit)]
    rows += sorted(
        (range_row(f.name, f, unit, "published") for _k, f in published), key=lambda r: -r.middle
    )[:9]
    table = tuple(
        {"name": r.name, "p05": r.low, "p50": r.middle, "p95": r.high, "unit": unit} for r in rows
    )
    columns = {"name": _("name"), "p05": "5 %", "p50": _("median"), "p95": "95 %", "unit": _("unit")}  # fmt: skip
    below = sum(r.middle < rows[0].middle for r in rows[1:])
    finding = _("Of {n} published figures of one request, {below} are lower than our median.").format(
        n=len(rows) - 1, below=below
    )  # fmt: skip
    return Chart(
        "beside",
        _("Beside what others published"),
        finding,
        range_chart(rows, unit_word(unit), finding),
        data(columns, table),
        _("Logarithmic axis. Published figures differ in model, length and boundary; each is drawn as its source states it, with a range only where one is given."),
        tuple(dict.fromkeys(f.source.key for _k, f in published if f.source)),
        named={"unit": unit_word},
    )  # fmt: skip


def doubts(of_one: Answer) -> Chart | None:
    """What would narrow the range most."""
    found = [r for r in of_one.tables["drivers"].records() if r["share"] and r["share"] > 0.05][:6]
    if not found:
        return None
    rows = [Place(r["name"], 0.0, r["share"], r["share"], f"{number(r['share'])} %") for r in found]
    finding = _("{name} makes {share} % of the spread.").format(
        name=found[0]["name"], share=number(found[0]["share"])
    )
    return Chart(
        "doubts",
        _("What the range hangs on"),
        finding,
        range_chart(rows, "%", finding, log=False),
        data({"name": _("source of uncertainty"), "share": _("share of the spread, %")}, tuple(found)),
        shares_found(of_one.detail.drivers.method) if hasattr(of_one.detail, "drivers") else "",
    )  # fmt: skip


def on_grid(answer: Answer) -> tuple[Chart | None, str]:
    """The mean draw of this year on a grid of 200 buses: which of them take it with any one branch lost."""
    from taotie.app.web.grid_drawing import bus_legend, bus_map

    load = answer.figures["power"].to("MW").p50
    try:
        found = answered("capacity", case=GRID_CASE)
    except TaotieError as error:
        return None, error.message
    buses = found.own["buses"]
    taking = sum(b["firm_mw"] >= load for b in buses)
    total = float(found.own["dispatch"]["load_mw"])
    words = _(
        "A steady {load} is {share} % of the load of this synthetic grid ({case}, {total}). {taking} of its {n} buses take it with any one branch lost."
    ).format(
        load=amount(load, "MW"), share=number(100 * load / total), case=found.own["case"].removeprefix("case_"),
        total=amount(total, "MW", 3), taking=taking, n=len(buses),
    )  # fmt: skip
    chart = Chart(
        "grid",
        _("Which buses take this load"),
        "",
        bus_map(found.detail, buses, load, words),
        data(
            {"bus": _("bus"), "name": _("name"), "firm_mw": _("takes, MW")},
            tuple({"bus": b["bus"], "name": b["name"], "firm_mw": b["firm_mw"]} for b in buses),
        ),
        _("DC power flow, thermal ratings, any one branch lost; fixed shares, no redispatch. A synthetic grid: no statement on an actual one."),
        legend=bus_legend(load),
    )  # fmt: skip
    return chart, words


def grid_load(answer: Answer) -> str:
    """The load of this year's mean draw, as the grid page takes it."""
    return f"{answer.figures['power'].to('MW').p50:.4g} MW"


__all__ = ["DEFAULTS", "FIELDS", "KINDS", "SHARED", "build", "command", "sentence"]
