"""`taotie requests`: the energy of every request of a log, each with lengths of its own."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.asked import register_ask
from taotie.app.cli.shown import print_answer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "requests", _show)


def _show(answer: Any, door: dict[str, Any]) -> None:
    print_answer(answer, door["json"], ("spread",))
