"""How is an answer printed? Its rows with range, boundary and kind, its tables, what was said, or its JSON."""

from __future__ import annotations

from typing import Any

from taotie.app.cli.common import console, print_json
from taotie.words.language import _, in_language, language

__all__ = ["print_answer"]

N_ROW = 40


def print_answer(answer: Any, as_json: bool, heading: str = "") -> None:
    """An answer on standard output; what was said goes to standard output too, marked."""
    if as_json:
        print_json(answer.to_dict())
        return
    from taotie.app.pages.answer_page import shown_table

    out = console()
    if heading:
        out.print(heading, markup=False)
    rows = answer.shown()
    wide = max((len(r.text) for r in rows), default=0)
    for row in rows:
        words = f"  {row.words}" if row.words else ""
        out.print(f"  {row.text:>{wide}}  {row.name}{words}", markup=False)
    for name, table in answer.tables.items():
        shown = shown_table(name, table)
        if not shown["rows"]:
            continue
        out.print(f"\n{shown['title']}", markup=False)
        cells = [shown["heads"], *shown["rows"][:N_ROW]]
        widths = [max(_width(row[i]) for row in cells) for i in range(len(shown["heads"]))]
        for row in cells:
            out.print("  " + "  ".join(_padded(c, w, n) for c, w, n in zip(row, widths, shown["numeric"], strict=True)).rstrip(), markup=False)  # fmt: skip
    for one in answer.said:
        out.print(f"! {one.text()}", markup=False)
    if answer.limits:
        out.print(_("Limits:"), markup=False)
        for one in answer.limits:
            out.print(f"  - {one.text()}", markup=False)
    for path in answer.files:
        out.print(_("written: {path}").format(path=path), markup=False)


def _width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * max(width - _width(text), 0)
    return space + text if right else text + space


def label(message: str) -> str:
    """A message marked with `N_`, in the language in force."""
    return in_language(message, language())
