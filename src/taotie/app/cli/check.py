"""`taotie check`: is one sentence right? Against the inputs it should follow from, and against the catalogue."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, chart, kept, register_ask
from taotie.app.cli.common import CHECK_FAILED, console, print_json
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""
    write = kept(_("Keep the verdict in this JSON file."))
    zero = typer.Option("--exit-zero", help=_("Exit with 0 whatever the verdict is."))
    extras = (
        chart("--image"),
        write,
        Extra("exit_zero", Annotated[bool, zero]),
    )
    register_ask(app, "check", _show, extras, before=_cited)


def _cited(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    door["cite"] = bool(settings.get("cite"))
    return False


def _show(answer: Any, door: dict[str, Any]) -> None:
    from taotie.answer.check import is_wrong

    if door["chart"] is not None:
        from taotie.app.charts.picture_file import write_picture
        from taotie.app.charts.verdict_card import verdict_svg

        write_picture(verdict_svg(answer), door["chart"])
        answer = answer.with_files(str(door["chart"]))
    if door["write"] is not None:
        from taotie.files.atomic import write_text

        write_text(door["write"], answer.to_json())
        answer = answer.with_files(str(door["write"]))
    if door["json"]:
        print_json(answer.to_dict())
    else:
        _print(answer, door["cite"])
    if not door["exit_zero"] and is_wrong(answer):
        raise typer.Exit(CHECK_FAILED)


def _print(answer: Any, cite: bool) -> None:
    from taotie.answer.check import figure_line, match_line, verdict_word

    made, reading, matches, subjects = answer.detail
    out = console()
    if made is not None:
        out.print(made.text(), markup=False)
    elif not reading.quantities:
        out.print(
            _("{verdict}   I read no number.").format(verdict=verdict_word(answer.own["verdict"])),
            markup=False,
        )
    else:
        out.print(
            _("{verdict}   I read: {read}").format(
                verdict=verdict_word(answer.own["verdict"]), read=reading.text_of_all()
            ),
            markup=False,
        )
    if matches:
        out.print(_("The catalogue says:"))
        for match in matches[: 4 if made is None else 2]:
            out.print(f"  {match_line(match)}", markup=False)
    elif subjects:
        out.print(_("The catalogue says:"))
        for entry in subjects:
            out.print(f"  {figure_line(entry)}", markup=False)
    for one in answer.said:
        out.print(one.text(), markup=False)
    if cite and answer.own["cite"]:
        out.print(answer.own["cite"], markup=False)
