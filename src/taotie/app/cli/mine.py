"""`taotie mine`: electricity of Bitcoin on a day, lower, best and upper estimate, from a series of yours."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.asked import chart, register_ask
from taotie.app.cli.shown import print_answer


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "mine", _show, (chart(),))


def _show(answer: Any, door: dict[str, Any]) -> None:
    if door["chart"] is not None:
        from taotie.app.charts.mining_chart import mining_svg
        from taotie.app.charts.picture_file import write_picture

        write_picture(mining_svg(answer.detail), door["chart"])
        answer = answer.with_files(str(door["chart"]))
    print_answer(answer, door["json"])
