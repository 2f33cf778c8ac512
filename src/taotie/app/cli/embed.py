"""`taotie embed`: the energy of one embedding or classification."""

from __future__ import annotations

import typer

from taotie.app.cli.asked import register_ask
from taotie.app.cli.shown import print_item

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "embed", print_item)
