"""`taotie label` writes an energy label; `taotie check-label` computes it again and says whether it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.answers import print_answer
from taotie.app.cli.asked import Chart, Extra, register_ask
from taotie.app.cli.common import CHECK_FAILED
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add both commands."""
    write = typer.Option("--write", "-o", help=_("Write the label into this JSON file."))
    register_ask(app, "label", _show, (Chart, Extra("write", Annotated[Path | None, write])))
    register_ask(app, "check-label", _show_check)


def _show(answer: Any, door: dict[str, Any]) -> None:
    import json

    from taotie.files.atomic import write_text

    if door["chart"] is not None:
        from taotie.app.charts.label_chart import label_svg

        write_text(door["chart"], label_svg(answer.detail))
        answer = answer.with_files(str(door["chart"]))
    if door["write"] is not None:
        text = json.dumps(answer.detail, ensure_ascii=False, indent=1) + "\n"
        write_text(door["write"], text)
        answer = answer.with_files(str(door["write"]))
    print_answer(answer, door["json"], _("Energy label, 80 % interval in the file:"))


def _show_check(answer: Any, door: dict[str, Any]) -> None:
    holds = answer.own["holds"]
    words = {
        True: _("The label holds."),
        False: _("The label is refuted."),
        None: _("Another version of taotie: no verdict."),
    }
    print_answer(answer, door["json"], words[holds])
    if holds is False:
        raise typer.Exit(CHECK_FAILED)
