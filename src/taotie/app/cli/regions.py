"""`taotie regions`: the places known, or what is held of one."""

from __future__ import annotations

import typer

from taotie.app.cli.asked import register_ask
from taotie.app.cli.shown import print_listing

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "regions", print_listing)
