"""`taotie chips`: the table of accelerators, or what one can do and draws."""

from __future__ import annotations

from typing import Annotated

import typer

from taotie.app.cli.common import Json
from taotie.words.language import _

__all__ = ["register"]


def _names() -> list[str]:
    from taotie.hardware.accelerator import accelerators

    return list(accelerators())


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help=_("The accelerators of the table; or one with its sources."))
    def chips(
        chip: Annotated[
            str, typer.Argument(help=_("Name of an accelerator."), autocompletion=_names)
        ] = "",
        as_json: Json = False,
    ) -> None:
        from taotie.answer.chips import chips as ask
        from taotie.app.cli.shown import print_answer

        answer = ask(chip)
        print_answer(answer, as_json, tables=() if chip else answer.tables)
