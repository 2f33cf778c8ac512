"""`taotie facility`: PUE and water of a building, hour by hour."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.answers import print_answer
from taotie.app.cli.asked import register_ask

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "facility", _show)


def _show(answer: Any, door: dict[str, Any]) -> None:
    print_answer(answer, bool(door["json"]))
