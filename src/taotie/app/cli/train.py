"""`taotie train`: energy of a training run from chips and hours, operations, or parameters and tokens."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, register_ask
from taotie.app.cli.shown import print_answer
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""
    published = typer.Option("--published", help=_("Recompute published runs and print both."))
    extras = (Extra("published", Annotated[bool, published]),)
    register_ask(
        app,
        "train",
        lambda answer, door: print_answer(answer, door["json"]),
        extras,
        before=_published,
    )


def _published(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    if not door["published"]:
        return False
    from taotie.answer.train import published_training_runs

    print_answer(published_training_runs(), door["json"], ("runs",))
    return True
