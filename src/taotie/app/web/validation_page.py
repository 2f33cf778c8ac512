"""How wrong are we, by chip and by model? What the fit missed on rows it had not seen, and the ranges that follow. [%]"""

from __future__ import annotations

from typing import Any

from taotie.app.web.asked import answered
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Place, range_chart
from taotie.app.web.parts import NOTHING, setting_field
from taotie.app.web.prompt_page import machine_names, model_names
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import TaotieError
from taotie.quantity.wording import number
from taotie.words.language import N_, _, in_language, language

FIELDS = ("model", "on", "runtime")
LEFT_OUT = {
    "chip": N_("its chip left out"),
    "engine": N_("its engine left out"),
    "model": N_("its model left out"),
    "maker": N_("its maker left out"),
    "benchmark": N_("the whole benchmark left out"),
    "family": N_("its model family left out"),
}
"""What a gate kept from the fit."""
ENGINES = {
    N_("An engine not measured: what the measured ones have in common"): N_(
        "An engine not measured"
    ),
    N_("Hugging Face transformers, one request at a time (2023)"): "Hugging Face transformers",
    N_("SGLang 0.5 (late 2025 to mid 2026)"): "SGLang 0.5",
    N_("TensorRT-LLM 1 (late 2025 to mid 2026)"): "TensorRT-LLM 1",
    N_("vLLM 0.11 (late 2025)"): "vLLM 0.11",
    N_("vLLM 0.5 (mid 2024)"): "vLLM 0.5",
}
"""Labels of the engines that were fitted, and the few words a drawing has room for."""


def gate_label(name: str) -> str:
    """A gate of the coefficients in words: "served chip h100-sxm" is one chip's rows, that chip left out."""
    first, _gap, rest = name.partition(" ")
    kind, _gap, item = rest.partition(" ")
    if kind not in LEFT_OUT:
        return name
    words = in_language(LEFT_OUT[kind], language())
    head = item or (first if first != "served" else "")
    return _("{what}: {how}").format(what=head, how=words) if head else words


def engine_word(label: str) -> str:
    """An engine in few words."""
    return in_language(ENGINES.get(label, label), language())


def build(state: State) -> View:
    """The page of what the energy model misses."""
    from taotie.answer.parts.web import gates, runtime_profiles

    title = _("How wrong we are")
    asked = {"model": "llama-3.1-70b", "on": "h100-sxm:8", **state.given(*FIELDS)}
    values: dict[str, Any] = NOTHING | {
        "fields": [
            setting_field("prompt", "model", state, label=_("Model"), value=str(asked["model"]), list="models"),
            setting_field("prompt", "on", state, label=_("Accelerators"), value=str(asked["on"]), list="machines"),
            setting_field("prompt", "runtime", state, label=_("Serving software")),
        ],
        "button": _("How wrong here?"), "model_names": model_names(), "machine_names": machine_names(), "measured": (),
        "engines": [
            {
                "name": in_language(p.label, language()), "rows": p.provenance.get("rows", ""), "chips": ", ".join(p.provenance.get("chips", ())),
                "families": ", ".join(p.provenance.get("families", ())),
                "missed": number(100 * float(p.provenance["left_out_median_error"])) if "left_out_median_error" in p.provenance else "",
            }
            for p in runtime_profiles().values()
        ],
    }  # fmt: skip
    charts = [gate_chart(gates()), engine_chart(runtime_profiles())]
    try:
        answer = answered("prompt", **asked, samples="2000")
    except TaotieError as error:
        return View(title, values, tuple(charts), error=error, known=FIELDS, status=422)
    figure = answer.figures["energy_per_request_accelerator"]
    from taotie.quantity.evaluation import leaves

    miss = next((leaf for leaf in leaves([figure]) if leaf.key.startswith("energy_model.error")), None)  # fmt: skip
    if miss is not None:
        values["lead"] = _("{model} on {on}: the model's energy lies within {low} to {high} times the truth, nine times out of ten.").format(
            model=answer.settings["model"], on=answer.settings["on"], low=number(1 / miss.p95, 2), high=number(1 / miss.p05, 2)
        )  # fmt: skip
        values["raw"] = miss.p95
    values["said"] = list(dict.fromkeys(s.text() for s in answer.said))
    return View(title, values, tuple(charts), known=FIELDS, share=(title, values["lead"] or title))


def gate_chart(found: dict[str, Any]) -> Chart:
    """Median error of each gate: what is predicted was kept from the fit."""
    rows, table = [], []
    for name, one in found.items():
        if "," in name:  # a part of the rows of another gate
            continue
        label = gate_label(name)
        for quantity, words in (
            ("energy", _("energy")),
            ("rate", _("rate")),
            ("power", _("power")),
        ):
            value = one.get(f"{quantity}_mdape")
            if value is None:
                continue
            high = one.get(f"{quantity}_p90", value)
            rows.append(Place(_("{what}: {how}").format(what=words, how=label), 0.0, float(value), float(high), f"{number(float(value))} %"))  # fmt: skip
            table.append({"gate": label, "quantity": words, "n": one.get("n"), "median": value, "p90": high, "bias": one.get(f"{quantity}_bias"), "within_2x": one.get(f"{quantity}_within_2x")})  # fmt: skip
    rows = sorted(rows, key=lambda r: r.middle)[:40]
    words = _("The median error runs from {low} to {high} %, by what was kept from the fit.").format(low=number(rows[0].middle), high=number(rows[-1].middle))  # fmt: skip
    return Chart(
        "gates", _("Predicted without having seen it"), words, range_chart(rows, "%", words, log=False),
        data({"gate": _("what was left out"), "quantity": _("quantity"), "n": _("rows"), "median": _("median error, %"), "p90": _("90 % of rows within, %"), "bias": _("bias, %"), "within_2x": _("share within a factor of two")}, table),
        _("Dot: error of the median row; bar: nine rows of ten. A row is predicted from its description alone by a fit that has not seen its chip, engine, model or maker."),
        ("chung2025", "inferencex2026"),
    )  # fmt: skip


def engine_chart(profiles: Any) -> Chart:
    """The 90 % range the energy of each engine carries."""
    rows, table = [], []
    for p in profiles.values():
        half = p.error.get("half_width_90", {})
        for quantity, words in (
            ("energy", _("energy")),
            ("power", _("power")),
            ("rate", _("rate")),
        ):
            if quantity not in half:
                continue
            value = 100 * float(half[quantity])
            name = _("{what}: {how}").format(what=words, how=engine_word(p.label))
            rows.append(Place(name, 0.0, value, value, f"± {number(value)} %"))
            table.append(
                {"engine": engine_word(p.label), "quantity": words, "half_width_90": value}
            )
    words = _("Half widths of the ranges of nine in ten, in the logarithm.")
    return Chart(
        "ranges", _("The range each engine's numbers carry"), words, range_chart(rows, "%", words, log=False),
        data({"engine": _("engine"), "quantity": _("quantity"), "half_width_90": _("half width, %")}, table),
        _("From rows of model families left out of the fit; wider for a chip or a maker never measured, and where the batch is unknown."),
        ("taotie_energy_fit2026",),
    )  # fmt: skip
