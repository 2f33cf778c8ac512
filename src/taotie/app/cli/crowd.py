"""`taotie crowd`: a year of everybody's requests: energy, mean draw, emissions, share of a region's electricity."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.asked import register_ask
from taotie.app.cli.shown import print_answer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "crowd", _show)


def _show(answer: Any, door: dict[str, Any]) -> None:
    print_answer(answer, door["json"])
