"""How is flexibility drawn? The deepest cut by its length and what gives it; the connection firm and flexible. [MW, h]"""

from __future__ import annotations

from collections.abc import Sequence

from taotie.answer.answer import Answer
from taotie.app.charts.answer_charts import bar_picture, line_picture
from taotie.app.charts.picture import Cell, Picture
from taotie.quantity.wording import number
from taotie.words.language import _

__all__ = ["flex_pictures"]


def flex_pictures(answer: Answer) -> Sequence[Picture]:
    """Every drawing of flexibility, in the language in force."""
    rows: list[dict[str, Cell]] = [dict(r) for r in answer.tables["by_length"].records()]
    columns = {
        "hours": _("length of the cut, h"), "mw": _("deepest cut, MW"), "training": _("training, MW"), "batch": _("what may wait, MW"),
        "battery": _("battery, MW"),
    }  # fmt: skip
    drawn = [
        line_picture(
            "depth", _("How deep, for how long"),
            _("For {a} h the load gives back {x} MW, for {b} h {y} MW.").format(
                a=number(float(rows[0]["hours"] or 0), 2), x=number(float(rows[0]["mw"] or 0), 3), b=number(float(rows[-1]["hours"] or 0), 2),
                y=number(float(rows[-1]["mw"] or 0), 3),
            ),
            _("What may wait gives as long as its deadline allows, training pauses or slows, the battery lasts as long as it lasts."),
            columns, rows, x="hours", lines=("mw", "training", "batch", "battery"), y_title="MW", log_x=True, points=True,
        )
    ]  # fmt: skip
    connection = answer.own["connection"]
    if connection:
        bars: list[dict[str, Cell]] = [
            {"kind": _("never cut"), "mw": connection["firm_mw"]},
            {"kind": _("may be cut"), "mw": connection["flexible_mw"]},
            {"kind": _("energy alone limited"), "mw": connection["energy_only_mw"]},
        ]
        drawn.append(
            bar_picture(
                "connection", _("The connection it buys"),
                _("{flexible} MW instead of {firm} MW, cut in {hours} h a year.").format(
                    flexible=number(connection["flexible_mw"], 3), firm=number(connection["firm_mw"], 3), hours=number(connection["hours"], 3)
                ),
                _("The largest constant load whose cuts stay within depth, length, number and energy."),
                {"kind": _("connection"), "mw": "MW"}, bars, category="kind", value="mw",
            )
        )  # fmt: skip
    return drawn
