"""`taotie models`: the table of models, or what one is made of, from its name, its config.json or its size."""

from __future__ import annotations

from typing import Annotated

import typer

from taotie.app.cli.common import Json
from taotie.words.language import _

__all__ = ["register"]


def _names() -> list[str]:
    from taotie.compute.energy.model_architecture import model_architectures

    return list(model_architectures())


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help=_("The models of the table; or one by name, config.json or size."))
    def models(
        model: Annotated[
            str,
            typer.Argument(
                help=_("A name, a config.json or its folder, or a size such as 7B."),
                autocompletion=_names,
            ),
        ] = "",
        as_json: Json = False,
    ) -> None:
        from taotie.answer.models import models as ask
        from taotie.app.cli.shown import print_answer

        answer = ask(model)
        print_answer(answer, as_json, tables=answer.tables)
