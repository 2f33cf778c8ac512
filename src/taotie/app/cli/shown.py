"""How does the command line show an `Answer`? Rows, tables, what is said, limits, files; or its JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from taotie.app.cells import cell
from taotie.words.language import _, in_language, language
from taotie.words.plain import as_text

__all__ = [
    "as_text",
    "cell",
    "print_answer",
    "print_item",
    "print_limits",
    "print_listing",
    "print_rows",
    "print_said",
    "print_table",
]


def print_answer(answer: Any, as_json: bool, tables: Iterable[str] = ()) -> None:
    """The whole answer: its JSON, or rows, the tables named, what is said, limits and files."""
    if as_json:
        sys.stdout.write(answer.to_json())
        return
    print_rows(answer)
    for name in tables:
        if name in answer.tables:
            print_table(answer.tables[name])
    print_said(answer.said)
    print_limits(answer.limits)
    print_files(answer.files)


def print_item(answer: Any, door: dict[str, Any]) -> None:
    """One item: its figures, what its range hangs on most, what is said."""
    if door["json"]:
        print_answer(answer, True)
        return
    print_rows(answer)
    table = answer.tables["drivers"]
    _console().print(f"\n{in_language(table.label, language())}")
    print_table(table.without("leaf"), 4, told=False)
    print_said(answer.said)
    print_limits(answer.limits)


def print_rows(answer: Any, every: bool = False) -> None:
    """One line a figure: name, value with range, boundary and kind."""
    rows = answer.shown(every)
    if not rows:
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for _column in range(3):
        table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*(Text(as_text(t)) for t in (row.name, row.text, row.words)))
    _console().print(table)


def print_table(table: Any, most: int | None = None, told: bool = True) -> None:
    """A table with its heads; numbers to the right."""
    from rich.table import Table
    from rich.text import Text

    from taotie.quantity.wording import texts_of_ranges

    made = Table(box=None, pad_edge=False)
    for i, column in enumerate(table.columns):
        made.add_column(Text(as_text(column.heading)), overflow="fold")
        if i:
            made.columns[i].justify = "right"
    rows = table.rows if most is None else table.rows[:most]
    names = [column.name for column in table.columns]
    for row in rows:
        ranges = texts_of_ranges(names, row)
        made.add_row(
            *(
                Text(ranges.get(i) or cell(c.shown(v)))
                for i, (c, v) in enumerate(zip(table.columns, row, strict=True))
            )
        )
    out = _console()
    if not out.is_terminal:
        out.width = 160
    out.print(made)
    left = len(table.rows) - len(rows)
    if left and told:
        out.print(_("{n} more rows are in the JSON").format(n=left))


def print_listing(answer: Any, door: Any) -> None:
    """A table by name, or the figures of the one that was named."""
    print_answer(answer, door["json"], () if answer.figures else answer.tables)


def print_said(said: Iterable[Any]) -> None:
    """What a reader must know, one line each."""
    out = _console()
    for one in said:
        out.print(f"! {as_text(one.text())}")


def print_limits(limits: Iterable[Any]) -> None:
    """What the method leaves out."""
    texts = [as_text(one.text()) for one in limits]
    if not texts:
        return
    out = _console()
    out.print(_("what this leaves out:"))
    for text in texts:
        out.print(f"  - {text}")


def print_files(files: Iterable[str]) -> None:
    """What was written, one path a line."""
    out = _console()
    for path in files:
        out.print(_("written: {path}").format(path=as_text(path)))


def _console() -> Any:
    from taotie.app.cli.common import console

    return console()
