"""What does a request log do to machines? A log is uploaded, simulated as a job with its progress, and read. [W, J, s]"""

from __future__ import annotations

import json
from typing import Any

from taotie.answer.asks import ASKS
from taotie.answer.simulate import PARTS
from taotie.app.pages.tables import source_row
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Line, Place, line_chart, range_chart
from taotie.app.web.parts import NOTHING, setting_field
from taotie.app.web.prompt_page import machine_names, model_names
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import DataError
from taotie.quantity.source import Source
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import number
from taotie.words.language import N_, _, in_language, language

MAIN = ("model", "on", "replicas", "slo")
SAMPLED = ("per_day", "sampled_hours", "mean_prompt", "mean_answer")
MORE = (
    "precision", "runtime", "routing", "max_batch", "token_budget", "prefix_cache", "draft", "pipeline",
    "prefill_on", "prefill_replicas", "least_replicas", "rate_scale", "columns", "time_unit", "bin", "seed",
)  # fmt: skip
SETTINGS = ("trace", *MAIN, *SAMPLED, *MORE)
FIELDS = (*SETTINGS, "job")
START = {"trace": "chat", "model": "llama-3.1-8b", "on": "h100-sxm:1", "replicas": "2", "per_day": "100000", "sampled_hours": "2"}  # fmt: skip


def settings_of(state: State) -> dict[str, str]:
    """Settings of the job a form asks for: those that are written."""
    return state.given(*SETTINGS)


def build(state: State) -> View:
    """The page of a service: a form, a running job, or its answer."""
    title = _("A service on its machines")
    job = json.loads(state.posted.get("job", "null"))
    answer = json.loads(state.posted.get("answer", "null"))
    shown = dict(START) if job is None else {k: str(v) for k, v in job["settings"].items()}
    shown |= {k: state.get(k) for k in SETTINGS if state.get(k)}

    labels = {
        "model": _("Model"), "on": _("Accelerators of a replica"), "replicas": _("Replicas"), "slo": _("What users are promised"),
        "per_day": _("Requests a day"), "sampled_hours": _("Hours of requests"), "mean_prompt": _("Mean prompt"),
        "mean_answer": _("Mean answer"),
    }  # fmt: skip

    def field(name: str, **changes: str) -> dict[str, str]:
        words = {"label": labels[name]} if name in labels else {}
        return setting_field("simulate", name, state, value=shown.get(name, ""), **words | changes)

    values: dict[str, Any] = NOTHING | {
        "fields": [
            field("trace", label=_("A published log by name, chat or conversations"), help=_("Requests of chat and conversations are sampled.")),
            field("model", list="models"), field("on", list="machines"), field("replicas"), field("slo"),
        ],
        "sampled": [field(k) for k in SAMPLED], "more": [field(k) for k in MORE], "button": _("Simulate"),
        "job": job, "refresh": bool(job and job["state"] not in ("done", "failed", "cancelled")), "model_names": model_names(),
        "machine_names": machine_names(), "state_word": in_language(STATES.get(job["state"], ""), language()) if job else "",
    }  # fmt: skip
    if job and job["state"] in ("failed", "cancelled"):
        problem = job.get("problem") or {}
        error = DataError(str(problem.get("detail") or _("The job was stopped.")), str(problem.get("hint") or ""))  # fmt: skip
        return View(title, values, error=error, known=FIELDS)
    if answer is None:
        return View(title, values, known=FIELDS, share=(title,))
    charts = [*power_chart(answer), *latency_chart(answer), *energy_chart(answer)]
    per = answer["energy_per_request_j"]
    values |= {
        "lead": _("{n} requests on {machines}: {mean} J each in the mean, {power} W in the mean, {peak} W at most.").format(
            n=number(float(answer["completed"]), 6), machines=answer["machines"], mean=number(per["mean"], 3),
            power=number(answer["mean_power_w"], 3), peak=number(answer["peak_power_w"], 3),
        ),
        "facts": [
            ("completed", _("requests answered"), answer["completed"], ""),
            ("mean_power_w", _("mean power"), answer["mean_power_w"], "W"),
            ("peak_power_w", _("highest power"), answer["peak_power_w"], "W"),
            ("ttft_p95", _("first token, 95 % within"), answer["ttft_s"]["p95"], "s"),
            ("tpot_p95", _("each later token, 95 % within"), answer["tpot_s"]["p95"], "s"),
            ("energy_mean", _("energy of a request, mean"), per["mean"], "J"),
        ],
        "said": [s["text_zh" if language() == "zh" else "text"] for s in answer["said"]],
        "limits": [s["text_zh" if language() == "zh" else "text"] for s in answer["limits"]],
        "source_rows": [source_row(Source(key=k, **{n: str(v) for n, v in f.items() if n != "key"})) for k, f in answer["sources"].items()],
    }  # fmt: skip
    values["facts"] = [(k, w, v, number(float(v), 4), u) for k, w, v, u in values["facts"]]
    return View(title, values, tuple(charts), known=FIELDS, share=(title, values["lead"]))


def part_word(key: str) -> str:
    """Words for a part of the energy of a service, in the language in force."""
    return in_language(PARTS[key], language()) if key in PARTS else key.replace("_", " ")


STATES = {"queued": N_("waiting its turn"), "running": N_("running"), "done": N_("done")}
"""What a job does while a reader waits."""


def power_chart(answer: dict[str, Any]) -> list[Chart]:
    """Power over time."""
    series = answer["series"].get("power")
    if not series:
        return []
    lines = []
    for name, v in series.items():
        if isinstance(v, list):
            hours = [i * series["step_h"] for i in range(len(v))]
            lines.append(Line(part_word(name), hours, [float(x) if x is not None else float("nan") for x in v]))  # fmt: skip
    words = _("Mean {mean}, at most {peak} W.").format(mean=number(answer["mean_power_w"], 3), peak=number(answer["peak_power_w"], 3))  # fmt: skip
    rows = [{"h": h, "series": one.name, "value": y} for one in lines for h, y in zip(one.x, one.y, strict=True)]  # fmt: skip
    return [
        Chart(
            "power", _("Power over time"), words, line_chart(lines, words, x_unit="h", y_unit=unit_word(series["unit"])),
            data({"h": _("hour"), "series": _("series"), "value": series["unit"]}, rows),
            _("Of the simulated machines, before the building; the energy model's own error comes on top."),
        )
    ]  # fmt: skip


def latency_chart(answer: dict[str, Any]) -> list[Chart]:
    """Latencies at several shares of requests."""
    rows, table = [], []
    for key, words in (("ttft_s", _("first token")), ("tpot_s", _("each later token"))):
        one = answer[key]
        rows.append(Place(words, one["p05"], one["p50"], one["p95"], f"{number(one['p50'], 3)} s"))
        table += [{"what": words, "quantile": q, "s": v} for q, v in one.items()]
    words = _("Half of the requests see their first token within {s} s.").format(s=number(answer["ttft_s"]["p50"], 3))  # fmt: skip
    return [
        Chart(
            "latency", _("How long users wait"), words, range_chart(rows, "s", words),
            data({"what": _("what"), "quantile": _("quantile"), "s": "s"}, table),
            _("5 to 95 % of the requests, dot at the median; logarithmic axis."),
        )
    ]  # fmt: skip


def energy_chart(answer: dict[str, Any]) -> list[Chart]:
    """Where the joules go."""
    parts = answer["tables"].get("parts")
    if not parts:
        return []
    rows = [Place(part_word(r[0]), 0.0, float(r[1]), float(r[1]), number(float(r[1]), 3)) for r in parts["rows"] if r[1] and r[0] != "total"]  # fmt: skip
    if not rows:
        return []
    unit = parts["columns"][1]["unit"]
    most = max(rows, key=lambda r: r.middle)
    words = _("Most goes into: {name}.").format(name=most.name)
    return [
        Chart(
            "parts", _("Where the joules go"), words, range_chart(rows, unit_word(unit), words, log=False),
            data({"part": _("part"), "energy": unit}, [{"part": r[0], "energy": r[1]} for r in parts["rows"]]),
            _("Parts add up to the whole, to the last unit."),
            named={"part": part_word},
        )
    ]  # fmt: skip


KNOWN = tuple(ASKS["simulate"].settings)
