"""`taotie models`: the table of models, or what one is made of, from its name, its config.json or its size."""

from __future__ import annotations

import typer

from taotie.app.cli.asked import register_ask
from taotie.app.cli.shown import print_answer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(
        app, "models", lambda answer, door: print_answer(answer, door["json"], answer.tables)
    )
