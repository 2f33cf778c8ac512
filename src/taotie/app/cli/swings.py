"""`taotie swings`: how a training load swings, what tames it, and whether a utility takes it."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.answers import print_answer
from taotie.app.cli.asked import register_ask, report
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "swings", _show, (report(),))


def _show(answer: Any, door: dict[str, Any]) -> None:
    if door["report"] is not None:
        from taotie.app.charts.swings_charts import swings_pictures
        from taotie.app.pages.answer_page import write_answer_page

        write_answer_page(
            answer, door["report"], title=lambda a: _("How does this load swing?"), sentence=_sentence,
            about=lambda a: _("Load swings: what the grid sees of a training job"), pictures=swings_pictures, command=door["command"],
        )  # fmt: skip
        answer = answer.with_files(str(door["report"]))
    print_answer(answer, door["json"], _sentence(answer))


def _sentence(answer: Any) -> str:
    passed = answer.own["pass"]
    if passed is None:
        return _("No limit is known for this load.")
    return (
        _("The load is within every limit that is known.")
        if passed
        else _("The load exceeds a limit.")
    )
