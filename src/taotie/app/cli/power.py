"""`taotie power`: when is power there at one site, and what does a coal plant emit that runs on."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.answers import print_answer
from taotie.app.cli.asked import register_ask, report
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "power", show, (report(),))


def show(answer: Any, door: dict[str, Any]) -> None:
    """Its page, if asked for, and its rows or JSON."""
    if door["report"] is not None:
        from taotie.app.charts.power_charts import power_pictures
        from taotie.app.pages.answer_page import write_answer_page

        write_answer_page(
            answer, door["report"], title=lambda a: _("When is power there?"), sentence=_sentence,
            about=lambda a: _("Time to power of one site"), pictures=power_pictures, command=door["command"],
        )  # fmt: skip
        answer = answer.with_files(str(door["report"]))
    print_answer(answer, door["json"], _sentence(answer))


def _sentence(answer: Any) -> str:
    from taotie.quantity.wording import percent  # late: it loads NumPy

    by = answer.settings["by_year"]
    share = answer.figures["met"].p50
    return _("By year {year} the need is met with a chance of {share} %.").format(year=f"{by:g}", share=percent(share / 100))  # fmt: skip
