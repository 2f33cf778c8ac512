"""Which models, chips and tasks take how much? A tray of set-ups on one logarithmic axis. [Wh/request]"""

from __future__ import annotations

from typing import Any

from taotie.app.web.asked import answered, kept
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import range_chart
from taotie.app.web.parts import NOTHING, range_row, setting_field, source_list
from taotie.app.web.prompt_page import machine_names, model_names
from taotie.app.web.site import Addresses, View
from taotie.app.web.state import State
from taotie.errors import RangeError, TaotieError
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import number
from taotie.words.language import N_, _, in_language, language

FIELDS = ("setup", "add", "on", "tokens_in", "tokens_out", "batch", "samples")
START = (
    "llama-3.1-8b@h100-sxm:1", "llama-3.1-70b@h100-sxm:8", "llama-3.1-70b@a100-sxm-80:8", "deepseek-r1@h200-sxm:8",
)  # fmt: skip
MOST = 8


def build(state: State) -> View:
    """The page of set-ups beside each other."""
    title = _("Models, chips and tasks beside each other")
    tray = list(state.every("setup") or START)
    if state.get("add"):
        tray.append(f"{state.get('add')}@{state.get('on', 'h100-sxm:8')}")
    tray = list(dict.fromkeys(tray))
    asked = {"samples": "2000", **state.given("tokens_in", "tokens_out", "batch", "samples")}
    kept_state = State({**{k: (v,) for k, v in state.given("tokens_in", "tokens_out", "batch", "samples").items()}, "setup": tuple(tray)}, state.language)  # fmt: skip
    at = Addresses()
    values: dict[str, Any] = NOTHING | {
        "tray": [
            {"name": one, "out": at.page("compare", kept_state, setup=tuple(t for t in tray if t != one))}
            for one in tray
        ],
        "model_names": model_names(), "machine_names": machine_names(),
        "more": [setting_field("prompt", k, state) for k in ("tokens_in", "tokens_out", "batch", "samples")],
        "button": _("Compare"), "add": "", "on": state.get("on", "h100-sxm:8"),
    }  # fmt: skip
    tasks = task_chart()
    try:
        if len(tray) > MOST:
            raise RangeError(_("{n} set-ups are more than a tray holds: {most}.").format(n=len(tray), most=MOST), _("take one out"))  # fmt: skip
        rows, answers = [], []
        for one in tray:
            model, _at, on = one.partition("@")
            answer = answered("prompt", model=model, on=on or "h100-sxm:8", **asked)
            answers.append(answer)
            rows.append((one, answer.figures["energy_per_request"]))
    except TaotieError as error:
        return View(title, values, (tasks,), error=error, known=FIELDS, status=422)
    rows.sort(key=lambda r: r[1].p50)
    least, most = rows[0], rows[-1]
    lead = _("From {low} to {high} the median grows {times}-fold.").format(
        low=least[0], high=most[0], times=number(most[1].p50 / least[1].p50)
    )
    unit = "Wh/request"
    table = [
        {"setup": n, "p05": f.to(unit).p05, "p50": f.to(unit).p50, "p95": f.to(unit).p95, "unit": unit}
        for n, f in rows
    ]  # fmt: skip
    chart = Chart(
        "setups",
        _("Energy of the same request on each set-up"),
        lead,
        range_chart([range_row(n.replace("@", " · "), f, unit) for n, f in rows], unit_word(unit), lead),
        data({"setup": _("set-up"), "p05": "5 %", "p50": _("median"), "p95": "95 %", "unit": _("unit")}, table),
        _("At the building's meter, logarithmic axis. Where no batch is given it is unknown, and the range shows it."),
        tuple(sorted({k for a in answers for k in a.sources})),
        named={"unit": unit_word},
    )  # fmt: skip
    values |= {
        "lead": lead,
        "said": list(dict.fromkeys(s.text() for a in answers for s in a.said)),
        "source_rows": source_list(*answers),
    }
    return View(title, values, (chart, tasks), known=FIELDS, share=(title, lead, ", ".join(n for n, _f in rows)))  # fmt: skip


TASKS = {
    "image_captioning": N_("Describing a picture"), "image_classification": N_("Classifying a picture"),
    "image_generation": N_("Making a picture"), "masked_language_modelling": N_("Filling in a missing word"),
    "object_detection": N_("Finding objects in a picture"), "question_answering": N_("Finding an answer in a text"),
    "summarization": N_("Summarizing a text"), "text_classification": N_("Classifying a text"),
    "text_generation": N_("Writing a text"), "token_classification": N_("Classifying words"),
}  # fmt: skip


def task_chart() -> Chart:
    """Measured energy of ten tasks, a thousand inferences each."""
    from taotie.quantity import catalog

    cells = kept(("tasks", language()), lambda: catalog.table("tasks"))
    unit = "Wh"
    found = sorted(((name, cells.figure(name, "energy_per_1000")) for name in cells.items()), key=lambda r: r[1].p50)  # fmt: skip
    rows = [range_row(in_language(TASKS.get(n, n), language()), f, unit, "published") for n, f in found]  # fmt: skip
    table = [
        {"task": r.name, "low": f.to(unit).p05, "middle": f.to(unit).p50, "high": f.to(unit).p95, "unit": unit}
        for r, (_n, f) in zip(rows, found, strict=True)
    ]  # fmt: skip
    words = _("From “{low}” to “{high}” the energy grows {times}-fold.").format(
        low=rows[0].name, high=rows[-1].name, times=number(found[-1][1].p50 / found[0][1].p50)
    )
    return Chart(
        "tasks",
        _("Ten tasks as measured, a thousand inferences each"),
        words,
        range_chart(rows, unit, words),
        data({"task": _("task"), "low": "5 %", "middle": _("mean"), "high": "95 %", "unit": _("unit")}, table),
        _("Measured on one machine of 8 A100, one inference at a time; the range runs over the models of a task. Not comparable with a served batch."),
        tuple(dict.fromkeys(f.source.key for _n, f in found if f.source)),
    )  # fmt: skip
