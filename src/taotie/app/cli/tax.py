"""`taotie tax`: the proposed tax on mining electricity; `taotie rules`: rules for large loads by size and place."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.answers import print_answer
from taotie.app.cli.asked import register_ask, report
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add both commands."""
    register_ask(app, "tax", _show_tax, (report(),))
    register_ask(app, "rules", _show_rules, (report(),))


def _show_tax(answer: Any, door: dict[str, Any]) -> None:
    if door["report"] is not None:
        from taotie.app.charts.tax_chart import tax_pictures
        from taotie.app.pages.answer_page import write_answer_page

        write_answer_page(
            answer, door["report"], title=_heading, sentence=lambda a: a.said[0].text(),
            about=lambda a: _("A tax that was proposed"), pictures=tax_pictures, command=door["command"],
        )  # fmt: skip
        answer = answer.with_files(str(door["report"]))
    print_answer(answer, door["json"], _heading(answer))


def _show_rules(answer: Any, door: dict[str, Any]) -> None:
    if door["report"] is not None:
        from taotie.app.charts.rules_chart import rules_pictures
        from taotie.app.pages.answer_page import write_answer_page

        write_answer_page(
            answer, door["report"], title=_rules_heading, sentence=lambda a: a.said[0].text(),
            about=lambda a: _("Rules for large loads"), pictures=rules_pictures, command=door["command"],
        )  # fmt: skip
        answer = answer.with_files(str(door["report"]))
    print_answer(answer, door["json"], _rules_heading(answer))


def _rules_heading(answer: Any) -> str:
    from taotie.answer.parts.rules import place_word

    return _("Rules for a load of {mw:g} MW in {place}").format(
        mw=answer.settings["mw"], place=place_word(answer.settings["place"])
    )


def _heading(answer: Any) -> str:
    if answer.own["counterfactual"]:
        return _("Counterfactual: no such tax on AI electricity was ever proposed")
    return _("DAME tax on mining electricity: proposed in the US, never enacted")
