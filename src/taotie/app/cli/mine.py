"""`taotie mine`: electricity of Bitcoin on a day, lower, best and upper estimate, from a series of yours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, chart, register_ask
from taotie.app.cli.shown import print_answer
from taotie.errors import RangeError
from taotie.words.language import _
from taotie.words.listing import listing


def register(app: typer.Typer) -> None:
    """Add the command."""
    freeze = typer.Option(
        "--freeze", help=_("Put a forecast of the hash rate on record in this new file.")
    )
    score = typer.Option(
        "--score", help=_("Score a forecast on record against a series that goes on.")
    )
    extras = (
        Extra("freeze", Annotated[Path | None, freeze]),
        Extra("score", Annotated[Path | None, score]),
        chart(),
    )
    register_ask(app, "mine", _show, extras, before=_on_record)


def _on_record(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    """Forecasts on record, which are questions of their own."""
    asked = [k for k in ("freeze", "score") if door[k] is not None]
    if not asked:
        return False
    others = [k for k in settings if k != "series"] + asked[1:]
    others += ["chart"] if door["chart"] is not None else []
    if others:
        raise RangeError(
            _("{options} means nothing with {asked}.").format(
                options=listing(f"--{k}" for k in others), asked=f"--{asked[0]}"
            ),
            _("leave it out"),
        )
    from taotie.answer.on_record import mine_frozen, mine_scored

    act, table = {"freeze": (mine_frozen, "forecasts"), "score": (mine_scored, "scores")}[asked[0]]
    print_answer(act(door[asked[0]], settings.get("series", ())), door["json"], (table,))
    return True


def _show(answer: Any, door: dict[str, Any]) -> None:
    if door["chart"] is not None:
        from taotie.app.charts.mining_chart import mining_svg
        from taotie.app.charts.picture_file import write_picture

        write_picture(mining_svg(answer.detail), door["chart"])
        answer = answer.with_files(str(door["chart"]))
    print_answer(answer, door["json"])
