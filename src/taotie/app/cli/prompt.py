"""`taotie prompt`: the energy of one request on given machines, its parts, and what would narrow its range."""

from __future__ import annotations

from typing import Any

import typer

from taotie.app.cli.asked import register_ask
from taotie.app.cli.common import console
from taotie.app.cli.shown import (
    print_answer,
    print_files,
    print_limits,
    print_rows,
    print_said,
    print_table,
)
from taotie.words.language import in_language, language

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    register_ask(app, "prompt", _show)


def _show(answer: Any, door: dict[str, Any]) -> None:
    if door["json"]:
        print_answer(answer, True)
        return
    print_rows(answer)
    for name, most in (("by_batch", None), ("drivers", 4)):
        table = answer.tables.get(name)
        if table is None:
            continue
        console().print(f"\n{in_language(table.label, language())}", markup=False)
        print_table(table.without("leaf"), most, told=False)
    print_said(answer.said)
    print_limits(answer.limits)
    print_files(answer.files)
