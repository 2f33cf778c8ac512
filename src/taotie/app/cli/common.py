"""What all commands share: the console, `--json`, how errors are printed, and exit codes.

Exit codes: 0 fine, 1 a check failed, 2 the input is wrong, 3 hardware or a permission is missing, 70 an error of
taotie itself, which leaves a report.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Annotated, Any

import typer

from taotie.errors import StudyError, TaotieError
from taotie.files.json_text import json_text
from taotie.words.language import _
from taotie.words.plain import as_text

OK, CHECK_FAILED, WRONG_INPUT, MISSING, UNFORESEEN = 0, 1, 2, 3, 70

Json = Annotated[bool, typer.Option("--json", help=_("Print machine-readable JSON."))]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help=_("Seed of the samples."))]
Samples = Annotated[
    int | None, typer.Option("--samples", min=100, help=_("Number of samples of each figure."))
]


@lru_cache(maxsize=1)
def _plain_console() -> Any:
    """Rich's console, to which every text is text: no markup, no emoji codes, no control characters."""
    from rich.console import Console

    class Plain(Console):
        def render_str(self, text: str, **options: Any) -> Any:
            return super().render_str(as_text(text), **{**options, "markup": False, "emoji": False})

    return Plain


def console() -> Any:
    """A Rich console for standard output; plain when it goes to a pipe."""
    return _plain_console()(highlight=False, soft_wrap=not sys.stdout.isatty())


def print_columns(out: Any, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows of text below their names, as Rich lays them out; at once where a pipe takes them and nothing must be folded."""
    from rich.cells import cell_len
    from rich.table import Table

    widths = [max(cell_len(cell) for cell in column) for column in zip(names, *rows, strict=True)]
    plain = not any("\n" in cell or "[" in cell or ":" in cell for row in rows for cell in row)
    if plain and not out.is_terminal and sum(widths) + 2 * (len(widths) - 1) <= out.width:
        lines = (
            "  ".join(
                cell + " " * (width - cell_len(cell))
                for cell, width in zip(row, widths, strict=True)
            )
            for row in (names, *rows)
        )
        out.file.write("".join(line + "\n" for line in lines))
        return
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table)


def error_console() -> Any:
    """A Rich console for standard error."""
    return _plain_console()(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """`value` as JSON on standard output."""
    sys.stdout.write(json_text(value) + "\n")


def print_error(error: TaotieError, as_json: bool) -> None:
    """An error as sentences on standard error, or as JSON on standard output."""
    problems = error.problems if isinstance(error, StudyError) else (error,)
    if as_json:
        print_json(
            {
                "error": {
                    "type": type(error).__name__,
                    "problems": [{"message": p.message, "hint": p.hint} for p in problems],
                }
            }
        )
        return
    name = type(error).__name__
    text = f"{name}: " + f"\n\n{name}: ".join(str(p) for p in problems)
    sys.stderr.write(as_text(text) + "\n")


@contextmanager
def progress(text: str, quiet: bool = False) -> Iterator[Any]:
    """A progress line on standard error for work over two seconds; call it with the next step's name."""
    import time

    started = time.monotonic()
    if quiet or not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=error_console(),
        transient=time.monotonic() - started < 2,
    ) as bar:
        task = bar.add_task(text, total=None)
        yield lambda step: bar.update(task, description=step)
