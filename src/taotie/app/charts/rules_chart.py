"""How are rules and forms drawn? From which size each rule holds, beside the load; what of a form is filled. [MW, 1]"""

from __future__ import annotations

from collections.abc import Sequence

from taotie.answer.answer import Answer
from taotie.answer.parts.rules import status_word
from taotie.app.charts.answer_charts import bar_picture
from taotie.app.charts.picture import Cell, Picture
from taotie.words.language import _

__all__ = ["form_pictures", "rules_pictures"]


def rules_pictures(answer: Answer) -> Sequence[Picture]:
    """Thresholds of the rules of a place beside the load, in the language in force."""
    mw = float(answer.settings["mw"])
    rows: list[dict[str, Cell]] = []
    for name in ("concerned", "larger"):
        for r in answer.tables[name].records():
            if r["from_mw"] is not None:
                rows.append(
                    {"rule": str(r["rule"]), "from_mw": float(r["from_mw"]), "load": mw, "no_law": r["status"] != "in_force", "status": status_word(str(r["status"]))}
                )  # fmt: skip
    rows.sort(key=lambda r: float(r["from_mw"] or 0))
    unknown = sum(r["from_mw"] is None for r in answer.tables["concerned"].records())
    status: dict[str, int] = {}
    for r in answer.tables["concerned"].records():
        status[str(r["status"])] = status.get(str(r["status"]), 0) + 1
    counts: list[dict[str, Cell]] = [
        {"status": status_word(k), "n": n, "no_law": k != "in_force"} for k, n in status.items()
    ]
    stand = bar_picture(
        "status", _("Where the rules stand"),
        _("{n} of {all} rules that concern this load are in force.").format(
            n=status.get("in_force", 0), all=sum(status.values())
        ),
        _("A proposal or a draft is no law; a rule of which the text was not read is unknown."),
        {"status": _("status"), "n": _("rules"), "no_law": _("no law in force")}, counts,
        category="status", value="n", mark="no_law",
    )  # fmt: skip
    if not rows:
        return [stand]
    above = sum(float(r["from_mw"] or 0) <= mw for r in rows)
    return [
        bar_picture(
            "thresholds", _("From which size each rule holds"),
            _("A load of {mw:g} MW reaches {n} of {all} thresholds; {unknown} more rules name no size.").format(
                mw=mw, n=above, all=len(rows), unknown=unknown
            ),
            _("The stroke is the load. Red: no law in force, such as a proposal or a rule that was replaced."),
            {"rule": _("rule"), "from_mw": _("from, MW"), "load": _("load, MW"), "no_law": _("no law in force"), "status": _("status")},
            rows, category="rule", value="from_mw", mark="no_law", limit="load",
        ),
        stand,
    ]  # fmt: skip


def form_pictures(answer: Answer) -> Sequence[Picture]:
    """How much of a form is filled, in the language in force."""
    missing = len(answer.own["missing"])
    filled = round(answer.figures["fields_filled"].p50)
    rows: list[dict[str, Cell]] = [
        {"part": _("filled"), "n": filled, "open": False},
        {"part": _("missing, and said"), "n": missing, "open": True},
    ]
    return [
        bar_picture(
            "fields", _("What of the form is filled"),
            _("{n} fields are filled; of {missing} the form says what is missing.").format(
                n=filled, missing=missing
            ),
            _("Nothing is invented: a field without a figure names what is missing."),
            {"part": _("fields"), "n": _("number"), "open": _("missing")}, rows, category="part", value="n", mark="open",
        )
    ]  # fmt: skip
