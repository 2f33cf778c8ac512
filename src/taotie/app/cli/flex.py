"""`taotie flex`: how deep and how long a load may be cut, and what connection that buys."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.answers import print_answer
from taotie.app.cli.asked import register_ask, report
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "flex", _show, (report(),))


def _show(answer: Any, door: dict[str, Any]) -> None:
    if door["report"] is not None:
        from taotie.app.charts.flex_charts import flex_pictures
        from taotie.app.pages.answer_page import write_answer_page

        write_answer_page(
            answer, door["report"], title=lambda a: _("May this load be cut?"), sentence=_sentence,
            about=lambda a: _("Flexibility: what a load gives back and what that buys"), pictures=flex_pictures, command=door["command"],
        )  # fmt: skip
        answer = answer.with_files(str(door["report"]))
    print_answer(answer, door["json"], _sentence(answer))


def _sentence(answer: Any) -> str:
    own = answer.own
    return _("{mw} MW can be given back, {share} % of the load.").format(mw=f"{own['reduction_mw']:.4g}", share=f"{100 * own['depth']:.0f}")  # fmt: skip
