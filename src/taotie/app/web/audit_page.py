"""How many numbers of one article hold? The article of 2024: each claim, its recomputation, verdict and sources."""

from __future__ import annotations

from typing import Any

from taotie.app.web.asked import answered
from taotie.app.web.chart import Chart, data
from taotie.app.web.drawing import Place, range_chart
from taotie.app.web.parts import NOTHING
from taotie.app.web.site import View
from taotie.app.web.state import State
from taotie.errors import TaotieError
from taotie.quantity.wording import number
from taotie.words.language import _

FIELDS = ("system", "verdict", "decided_by", "by_ratio")


def build(state: State) -> View:
    """The page of the audit."""
    from taotie.answer.parts.audit import VERDICTS, decided_word, system_word, verdict_word

    title = _("One article of 2024, every number recomputed")
    values: dict[str, Any] = NOTHING | {"claims": (), "counts": (), "article": None, "standard": "", "button": _("Show")}  # fmt: skip
    try:
        answer = answered("audit")
        systems = list(answer.detail.systems)
        values["picks"] = [
            _pick("verdict", _("Verdict"), [(v, verdict_word(v)) for v in VERDICTS], state),
            _pick("system", _("About"), [(s, system_word(s)) for s in systems], state),
            _pick("decided_by", _("Decided by"), [(d, decided_word(d)) for d in ("computed", "documented")], state),
        ]  # fmt: skip
        wanted = {k: state.get(k) for k in ("system", "verdict", "decided_by") if state.get(k)}
        shown = answered("audit", **wanted) if wanted else answer
    except TaotieError as error:
        return View(title, values, error=error, known=FIELDS, status=422)
    from taotie.app.pages.audit_page import audit_half

    half = audit_half(shown.detail)
    values |= {
        "claims": half["claims"],
        "counts": audit_half(answer.detail)["counts"],
        "standard": half["standard"],
        "article": {"title": half["title"], "outlet": half["outlet"], "url": half["url"], "n": len(answer.own["claims"])},
        "lead": _("{n} claims: {good} hold, {bad} are wrong in unit or against their source, the rest is outdated or cannot be checked.").format(
            n=len(answer.own["claims"]),
            good=answer.own["counts"]["reproduces"] + answer.own["counts"]["rounding"],
            bad=answer.own["counts"]["unit error"] + answer.own["counts"]["inconsistent with source"],
        ),
        "n_shown": len(half["claims"]),
    }  # fmt: skip
    chart = ratios(half["claims"])
    return View(title, values, (chart,) if chart else (), known=FIELDS, share=(title, values["lead"]))  # fmt: skip


def _pick(name: str, label: str, options: list[tuple[str, str]], state: State) -> dict[str, Any]:
    chosen = state.get(name)
    if chosen and chosen not in [o for o, _w in options]:
        options = [(chosen, chosen), *options]
    return {"name": name, "label": label, "options": [("", _("all")), *options], "value": chosen, "help": ""}  # fmt: skip


def ratios(claims: list[dict[str, Any]]) -> Chart | None:
    """Stated over recomputed value, the claims furthest off."""
    import math

    found = [(c, float(c["ratio"])) for c in claims if c["ratio"] not in ("", None)]
    found = [(c, r) for c, r in found if r > 0 and abs(math.log(r)) > 0.005]
    found.sort(key=lambda pair: -abs(math.log(pair[1])))
    if not found:
        return None
    rows = [
        Place(c["says"], min(r, 1.0), r, max(r, 1.0), f"{number(r, 3)} ×", "limit" if c["css"] in ("wrong", "unit") else "published")
        for c, r in found[:20]
    ]  # fmt: skip
    words = _("The furthest off states {ratio} times what the recomputation gives.").format(ratio=number(found[0][1], 3))  # fmt: skip
    return Chart(
        "ratios", _("Stated over recomputed"), words, range_chart(rows, _("stated over recomputed"), words),
        data({"says": _("claim"), "ratio": _("stated over recomputed"), "verdict": _("verdict")}, [{"says": c["says"], "ratio": r, "verdict": c["verdict_word"]} for c, r in found]),
        _("Claims that differ by more than half a percent; logarithmic axis."),
    )  # fmt: skip
