"""How is it computed, and what is taken where nothing is said? Boundaries, kinds, and every default with its reason."""

from __future__ import annotations

from typing import Any

from taotie.answer.asks import ASKS
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Place, range_chart
from taotie.app.web.parts import NOTHING
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.quantity.wording import boundary_word, kind_word
from taotie.words.language import N_, _, in_language, language

FIELDS = ("ask",)
BOUNDARIES = (
    ("accelerator", N_("the chips alone: what most benchmarks print")),
    ("server", N_("the whole machine at its plug: chips, processors, memory, fans")),
    ("facility", N_("the data center at its meter: machines, cooling and conversion (times PUE)")),
    ("grid", N_("at the power station: network losses included")),
)
KINDS = (
    ("measured", "●", N_("read from a meter")),
    ("modelled", "◐", N_("computed from other figures")),
    ("forecast", "◐", N_("computed for a time that has not come")),
    ("estimated", "○", N_("somebody's estimate, with the source")),
    ("assumed", "○", N_("our own guess; the reason stands beside it")),
    ("defined", "≡", N_("a definition or a count: no range")),
)
RULES = (
    (N_("A number is a range"), N_("Every figure is a set of samples: the median, and the 5 and 95 % points between which nine of ten samples lie. The same input used twice is the same sample, so a difference of two like things stays narrow.")),
    (N_("Widths add up where energies do"), N_("Parts of an energy are averages over the samples, since medians do not add up; at every node what comes in equals what goes out, and a test holds it to one part in a thousand million.")),
    (N_("Energy of a request"), N_("Reading a prompt is limited by arithmetic, writing by memory: each step takes the longer of operations over the peak and bytes over the bandwidth, shared by the requests of a batch. The shares of the peaks, and the power at a load, are fitted on published measurements; what the fit misses is the range.")),
    (N_("A building"), N_("PUE times the machines' energy; by weather where a weather file is given.")),
    (N_("A grid"), N_("DC power flow, thermal ratings, each branch lost in turn: what a bus takes before the first branch is full. No voltage, no stability, no queue of the operator.")),
    (N_("A fleet"), N_("Counted chips by quarter, then three forms of growth, sampled by how well each held before.")),
    (N_("A published number"), N_("Read with its printed precision: what rounds to the printed digits reproduces it. A verdict follows from rules, never from taste; a figure of another subject, year or place gives none.")),
)  # fmt: skip


def build(state: State) -> View:
    """The page of methods."""
    title = _("How it is computed")
    code = language()
    asks: list[dict[str, Any]] = []
    for name, one in ASKS.items():
        rows = [
            {
                "name": s.name, "help": in_language(s.help, code), "unit": s.unit if s.unit not in ("", "1") else "",
                "default": _shown(s.default), "reason": in_language(s.reason, code) if s.reason else "", "source": s.source,
            }
            for s in one.settings.values()
        ]  # fmt: skip
        asks.append({"name": name, "help": in_language(one.help, code), "settings": rows})
    counts = [(a["name"], sum(bool(s["reason"]) for s in a["settings"])) for a in asks]
    counts = sorted(((n, c) for n, c in counts if c), key=lambda r: -r[1])
    words = _("{n} questions, {m} settings; each default that moves a number has its reason.").format(
        n=len(asks), m=sum(len(a["settings"]) for a in asks)
    )  # fmt: skip
    table = [
        {"ask": a["name"], "setting": s["name"], "unit": s["unit"], "default": s["default"], "reason": s["reason"], "source": s["source"]}
        for a in asks
        for s in a["settings"]
    ]  # fmt: skip
    chart = Chart(
        "defaults", _("Defaults with a reason, by question"), words,
        range_chart([Place(n, 0.0, c, c, str(c)) for n, c in counts], _("defaults"), words, log=False),
        data({"ask": _("question"), "setting": _("setting"), "unit": _("unit"), "default": _("default"), "reason": _("reason"), "source": _("source")}, table),
        _("Every setting of every question; commands, pages and programs take the same ones."),
    )  # fmt: skip
    values: dict[str, Any] = NOTHING | {
        "asks": asks,
        "boundaries": [(boundary_word(k), in_language(w, code)) for k, w in BOUNDARIES],
        "kinds": [(mark, kind_word(k), in_language(w, code)) for k, mark, w in KINDS],
        "rules": [(in_language(h, code), in_language(w, code)) for h, w in RULES],
        "lead": words, "open_ask": state.get("ask"),
    }  # fmt: skip
    return View(title, values, (chart,), known=FIELDS, share=(title, words))


def _shown(value: Any) -> str:
    if value is None or value == "" or value == ():
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
