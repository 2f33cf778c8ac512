"""Which fields of a form are there, and which are missing? A form filled step by step from what one states."""

from __future__ import annotations

from typing import Any

from taotie.app.web.asked import answered
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Place, range_chart
from taotie.app.web.parts import NOTHING, answer_values
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import TaotieError
from taotie.words.language import N_, _, in_language, language

FIELDS = ("form", "boundary", "recipient", "given", "key", "value")
FORMS = {
    "mdf": N_("Model Documentation Form (EU AI Act)"),
    "dc2024": N_("Data centre sheet (EU 2024/1364)"),
    "sci": N_("Software Carbon Intensity (ISO 21031)"),
    "sci-ai": N_("SCI for AI"),
    "scope2": N_("Scope 2 of a year (GHG Protocol)"),
    "esrs": N_("ESRS E1, energy"),
    "boamps": N_("BoAmps report"),
    "cyclonedx": N_("CycloneDX model card"),
    "spdx": N_("SPDX AI profile"),
}
START = {
    "mdf": ("training_energy=1287 MWh",), "dc2024": ("EDC=50 GWh/a",), "scope2": ("energy=50 GWh/a",), "esrs": ("energy=50 GWh/a",),
}  # fmt: skip
STATUS = {
    "measured": N_("measured"), "estimated": N_("estimated"), "given": N_("given"), "computed": N_("computed"),
    "not_available": N_("missing"),
}  # fmt: skip


def build(state: State) -> View:
    """The wizard of a form."""
    title = _("A form, field by field")
    form = state.get("form", "mdf")
    given = [g for g in (line.strip() for text in state.every("given") for line in text.splitlines()) if g]  # fmt: skip
    if state.get("key") and state.get("value"):
        given.append(f"{state.get('key')}={state.get('value')}")
    start = not state.values
    if start:
        given = list(START.get(form, ()))
    options = [(k, in_language(w, language())) for k, w in FORMS.items()]
    if form not in FORMS:
        options.insert(0, (form, form))
    values: dict[str, Any] = NOTHING | {
        "given": "\n".join(given), "form_options": options, "form": form,
        "boundary": state.get("boundary", "facility"),
        "boundaries": [(b, in_language(w, language())) for b, w in (("accelerator", N_("accelerator")), ("server", N_("server")), ("facility", N_("facility")))],
        "recipient": state.get("recipient", "AIO"), "button": _("Fill in"), "rows": (), "missing": (), "hash": "", "keys": (),
    }  # fmt: skip
    asked: dict[str, Any] = {"form": form, "given": tuple(given), "boundary": values["boundary"]}
    if form == "mdf":
        asked["recipient"] = values["recipient"]
    try:
        answer = answered("disclose", **asked)
    except TaotieError as error:
        return View(title, values, error=error, known=FIELDS, status=422)
    rows = answer.tables["fields"].records()
    made = answer.detail
    filled = sum(r["status"] != "not_available" for r in rows)
    values |= answer_values(answer, "disclose", {**asked, "given": list(given)})
    values |= {
        "lead": _("{title}: {filled} of {n} fields are filled, {missing} are missing; nothing is filled in by us.").format(
            title=answer.own["title_zh" if language() == "zh" else "title"], filled=filled, n=len(rows), missing=len(rows) - filled
        ),
        "rows": [
            {
                "key": f.key, "label": in_language(f.label, language()), "text": f.text, "status": f.status,
                "word": in_language(STATUS.get(f.status, f.status), language()),
                "missing": "; ".join(in_language(m, language()) for m in f.missing), "method": f.method,
            }
            for f in made.fields
        ],
        "hash": answer.own["sha256"],
        "keys": sorted(made.asked) if hasattr(made, "asked") else [f.key for f in made.fields],
    }  # fmt: skip
    counts = {s: sum(r["status"] == s for r in rows) for s in STATUS}
    places = [Place(in_language(STATUS[s], language()), 0.0, n, n, str(n)) for s, n in counts.items() if n]  # fmt: skip
    chart = Chart(
        "fields", _("How far the form is"), values["lead"], range_chart(places, _("fields"), values["lead"], log=False),
        data({"field": _("field"), "text": _("text of the form"), "status": _("status"), "missing": _("missing")}, rows),
        _("These are the fields of a form, not a statement that a law is complied with."),
        named={"status": lambda status: in_language(STATUS.get(status, status), language())},
    )  # fmt: skip
    return View(title, values, (chart,), known=FIELDS, share=(title, values["lead"]))
