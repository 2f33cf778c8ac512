"""`taotie chips`: the table of accelerators, or what one can do and draws."""

from __future__ import annotations

import typer

from taotie.app.cli.asked import register_ask
from taotie.app.cli.shown import print_listing

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "chips", print_listing)
