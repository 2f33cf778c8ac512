"""What hangs on every drawing of a page? The data (CSV, JSON), the drawing as a file, a citation, its sources."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from taotie import __version__
from taotie.app.charts.picture import Cell, DataTable, csv_cell, finite_cell
from taotie.app.web.drawing import standing_alone
from taotie.words.language import _

__all__ = ["Chart", "citation", "data"]


@dataclass(frozen=True)
class Chart:
    """One drawing of a page in the language in force.

    Attributes
    ----------
    name : str
        Its anchor and the name of its files.
    finding : str
        The sentence under the heading: what the drawing says.
    svg : str
        The drawing; empty where the table alone says it.
    """

    name: str
    title: str
    finding: str
    svg: str
    table: DataTable
    method: str = ""
    sources: tuple[str, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    named: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    """Words for the keys in a column of the table as it is shown; files keep the keys."""

    def csv(self) -> str:
        """All rows, with a mark that spreadsheets read as UTF-8."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(self.table.columns)
        for row in self.table.rows:
            writer.writerow([csv_cell(row.get(k)) for k in self.table.columns])
        return "\ufeff" + stream.getvalue()

    def json(self) -> str:
        """Title, columns and all rows."""
        rows: list[dict[str, Cell]] = [
            {k: finite_cell(row.get(k)) for k in self.table.columns} for row in self.table.rows
        ]
        content = {
            "title": self.title,
            "finding": self.finding,
            "columns": dict(self.table.columns),
            "rows": rows,
            "sources": list(self.sources),
            "taotie_version": __version__,
        }
        return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    def file_svg(self) -> str:
        """The drawing as a file of its own."""
        return standing_alone(self.svg, title=self.title)


def data(columns: Mapping[str, str], rows: Any) -> DataTable:
    """Columns with their heads, and rows by column."""
    return DataTable(dict(columns), tuple(rows))


def citation(title: str, address: str) -> str:
    """How a page or a drawing is cited; no day, since the version says what computed it."""
    return _("{title}. taotie {version}, {address}").format(
        title=title.rstrip(".?？。"), version=__version__, address=address
    )
