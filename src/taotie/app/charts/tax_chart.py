"""How is the proposed tax drawn? Bars of the tax by year. [million USD]"""

from __future__ import annotations

from collections.abc import Sequence

from taotie.answer.answer import Answer
from taotie.app.charts.answer_charts import bar_picture
from taotie.app.charts.picture import Cell, Picture
from taotie.quantity.wording import number
from taotie.words.language import _

__all__ = ["tax_pictures"]


def tax_pictures(answer: Answer) -> Sequence[Picture]:
    """The tax by year, in the language in force."""
    rows: list[dict[str, Cell]] = [
        {"year": str(r["year"]), "tax": r["tax_usd"] / 1e6, "rate": 100 * r["rate"]}
        for r in answer.tables["years"].records()
    ]
    return [
        bar_picture(
            "years", _("Tax by year"),
            _("{first} USD in {a}, {last} USD in {b}.").format(
                first=number(1e6 * float(rows[0]["tax"] or 0), 3), a=rows[0]["year"], last=number(1e6 * float(rows[-1]["tax"] or 0), 3), b=rows[-1]["year"]
            ),
            _("Rate of the year times the cost of the electricity; the last rate holds for all later years."),
            {"year": _("tax year begins in"), "tax": _("tax, million USD"), "rate": _("rate, %")}, rows, category="year", value="tax",
        )
    ]  # fmt: skip
