"""`taotie label` writes an energy label; `taotie check-label` computes it again and says whether it holds."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.answers import print_answer
from taotie.app.cli.asked import chart, kept, register_ask
from taotie.app.cli.common import CHECK_FAILED
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add both commands."""
    write = kept(_("Write the label into this JSON file."))
    register_ask(app, "label", _show, (chart(), write))
    register_ask(app, "check-label", _show_check)


def _show(answer: Any, door: dict[str, Any]) -> None:
    import json

    from taotie.files.atomic import write_text

    if door["chart"] is not None:
        from taotie.app.charts.label_chart import label_svg
        from taotie.app.charts.picture_file import write_picture

        write_picture(label_svg(answer.detail), door["chart"])
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
