"""How does a person read any answer? One page, both languages: headline, pictures, tables, what was said, sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer, Table
from taotie.app.cells import cell
from taotie.app.charts.picture import Picture
from taotie.app.pages.headline import tile
from taotie.app.pages.html import page_html
from taotie.app.pages.tables import source_row
from taotie.app.pages.words import page_words
from taotie.files.atomic import write_bytes
from taotie.quantity.source import Source
from taotie.quantity.wording import texts_of_ranges
from taotie.words.language import in_language, language

__all__ = ["answer_html", "write_answer_page"]

N_ROW_MAX = 200
N_TILE = 8
Pictures = Callable[[Answer], Sequence[Picture]]
Words = Callable[[Answer], str]


def write_answer_page(
    answer: Answer,
    path: Path,
    *,
    title: Words,
    sentence: Words,
    about: Words,
    pictures: Pictures,
    command: str = "",
    opened: str | None = None,
) -> None:
    """Write an answer as one HTML file that needs nothing else.

    Parameters
    ----------
    answer : Answer
        With at least one figure; the first shown is the headline.
    path : Path
    title, sentence, about : callable
        Words of the page in the language in force.
    pictures : callable
        Drawings in the language in force.
    command : str
        The command that makes the page again.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    DataError
        If the place cannot be written.
    """
    text = answer_html(
        answer, title=title, sentence=sentence, about=about, pictures=pictures, command=command, opened=opened
    )  # fmt: skip
    write_bytes(path, text.encode("utf-8"))


def answer_html(
    answer: Answer,
    *,
    title: Words,
    sentence: Words,
    about: Words,
    pictures: Pictures,
    command: str = "",
    opened: str | None = None,
) -> str:
    """The page as text; see `write_answer_page`."""

    def half() -> dict[str, Any]:
        keys = [k for k in (answer.show or tuple(answer.figures)) if k in answer.figures]
        drawn = list(pictures(answer))
        tables = [shown_table(name, table) for name, table in answer.tables.items() if table.rows]
        return {
            "w": page_words() | {"about": about(answer)},
            "title": title(answer),
            "main": tile(keys[0], answer.figures[keys[0]]),
            "sentence": sentence(answer),
            "tiles": [tile(k, answer.figures[k]) for k in keys[1 : 1 + N_TILE]],
            "pictures": drawn,
            "tables": tables,
            "said": [(s.code, s.text()) for s in answer.said],
            "limits": [(s.code, s.text()) for s in answer.limits],
            "sources": [source_row(Source(key=k, **_rest(v))) for k, v in answer.sources.items()],
            "contents": [(f"table-{t['name']}", t["title"]) for t in tables]
            + ([("again", page_words()["again"])] if command else []),
        }

    return page_html("answer.html", half, opened, command=command)


def _rest(fields: Any) -> dict[str, str]:
    return {k: str(v) for k, v in fields.items() if k != "key"}


def shown_table(name: str, table: Table) -> dict[str, Any]:
    """A table as printed in the language in force."""
    rows = [list(row) for row in table.rows[:N_ROW_MAX]]
    numeric = [
        any(isinstance(r[i], float | int) and not isinstance(r[i], bool) for r in rows)
        for i in range(len(table.columns))
    ]
    return {
        "name": name,
        "title": in_language(table.label, language()) if table.label else name,
        "heads": [c.heading for c in table.columns],
        "numeric": numeric,
        "rows": [
            [
                ranges.get(i) or cell(c.shown(one))
                for i, (c, one) in enumerate(zip(table.columns, row, strict=True))
            ]
            for row in rows
            for ranges in [texts_of_ranges([c.name for c in table.columns], row)]
        ],
    }
