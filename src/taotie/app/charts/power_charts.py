"""How is time to power drawn? The fan of MW over years beside the need; what each way can bring. [MW, a]"""

from __future__ import annotations

from collections.abc import Sequence

from taotie.answer.answer import Answer
from taotie.answer.parts.fleet import power_option
from taotie.app.charts.answer_charts import bar_picture, line_picture
from taotie.app.charts.picture import Cell, Picture
from taotie.quantity.wording import percent
from taotie.words.language import _

__all__ = ["power_pictures"]


def power_pictures(answer: Answer) -> Sequence[Picture]:
    """Every drawing of time to power, in the language in force."""
    rows: list[dict[str, Cell]] = [dict(r) for r in answer.tables["fan"].records()]
    last = rows[-1]
    fan = line_picture(
        "fan", _("Megawatts over the years"),
        _("After {years} years the chance that the need is met is {share} %.").format(
            years=f"{float(last['year'] or 0):g}", share=percent(float(last["met"] or 0))
        ),
        _("Each project fails or comes after a lognormal delay; the band holds 90 % of the samples."),
        {"year": _("years since the decision"), "need_mw": _("need, MW"), "p50_mw": _("median, MW"), "mean_mw": _("mean, MW"), "p05_mw": "5 %, MW", "p95_mw": "95 %, MW", "met": _("chance that the need is met")},
        rows, x="year", lines=("need_mw", "p50_mw", "mean_mw"), band=("p05_mw", "p95_mw"), y_title="MW",
    )  # fmt: skip
    chance = line_picture(
        "chance", _("The chance"), _("The chance that the need is met, by year."),
        _("Share of the samples that meet the need."), {"year": _("years since the decision"), "met": _("chance that the need is met")},
        rows, x="year", lines=("met",), height=220,
    )  # fmt: skip
    ways: list[dict[str, Cell]] = [
        {"way": power_option(str(r["option"])).name, "mw": 0.5 * (r["success_low"] + r["success_high"]) * r["mw"], "asked": r["mw"]}
        for r in answer.tables["options"].records()
    ]  # fmt: skip
    bars = bar_picture(
        "ways", _("What each way brings in the end"),
        _("Power asked for times its chance of success."), _("The stroke is what is asked for."),
        {"way": _("way"), "mw": _("expected, MW"), "asked": _("asked for, MW")}, ways, category="way", value="mw", limit="asked",
    )  # fmt: skip
    return [fan, chance, bars]
