"""What is a picture of the report? A drawing, one sentence on it, where it comes from, and the data behind it."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from taotie.quantity.figure import Figure, leaves
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import (
    TINY_PERCENT,
    ends,
    kind_word,
    middle_text,
    number,
    texts_of_ranges,
    tiny_share,
)
from taotie.words.language import _, language

WIDE, NARROW = 1040, 340  # width a drawing is laid out for [px]
LONG = 50_000  # characters
ROWS_TWICE = 5000  # longer tables are in a page as CSV alone
ROWS_SHOWN = 60
Cell = float | int | str | None


@dataclass(frozen=True)
class DataTable:
    """Rows behind a drawing: column key to title, and one mapping a row; numbers stay numbers."""

    columns: Mapping[str, str]
    rows: tuple[Mapping[str, Cell], ...]

    def shown(self) -> list[list[str]]:
        """Cells as printed, the first `ROWS_SHOWN` rows."""
        return [
            row_texts(list(self.columns), [row.get(k) for k in self.columns])
            for row in self.rows[:ROWS_SHOWN]
        ]

    def numeric(self) -> list[bool]:
        """Which columns hold numbers."""
        return [
            any(isinstance(r.get(k), float | int) for r in self.rows[:ROWS_SHOWN])
            for k in self.columns
        ]

    @property
    def left_out(self) -> int:
        """Rows that are in the download only."""
        return max(len(self.rows) - ROWS_SHOWN, 0)

    def csv_uri(self) -> str:
        """All rows as a CSV file inside a link."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(self.columns)
        finite = math.isfinite
        for row in self.rows:
            cells = map(row.get, self.columns)  # numbers, nearly all, need no look at their text
            writer.writerow([c if type(c) is float and finite(c) else csv_cell(c) for c in cells])
        return _data_uri("text/csv", "\ufeff" + stream.getvalue())

    def json_uri(self) -> str:
        """All rows as a JSON file inside a link: a list a row in the order of its columns, as everywhere.

        Empty for more than `ROWS_TWICE` rows: their CSV holds the same, and a page shall not weigh twice as much.
        """
        if len(self.rows) > ROWS_TWICE:
            return ""
        rows = [[finite_cell(row.get(k)) for k in self.columns] for row in self.rows]
        table = {"columns": list(self.columns), "rows": rows}
        return _data_uri(
            "application/json", json.dumps(table, ensure_ascii=False, separators=(",", ":"))
        )


@dataclass(frozen=True)
class Picture:
    """One figure of the report in one language.

    Attributes
    ----------
    name : str
        Its anchor, the same in each language.
    finding : str
        The sentence under the heading: what the drawing says.
    alt : str
        The drawing in words, for those who do not see it.
    svg, narrow : str
        The drawing for wide and for narrow paper; without a narrow one the wide one serves both.
    specs : mapping
        What they were drawn from: a Vega-Lite specification for "wide" and "narrow"; empty if drawn otherwise.
    sources : tuple of str
        Keys of the sources behind it.
    choice : str
        What it is called where others can be chosen in its place.
    others : tuple of Picture
        The same drawing of another scope, one of which is shown at a time.
    """

    name: str
    title: str
    finding: str
    alt: str
    method: str
    table: DataTable
    sources: tuple[str, ...] = ()
    specs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    svg: str = ""
    narrow: str = ""
    remarks: tuple[str, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    beside: tuple[Mapping[str, Any], ...] = ()
    beside_title: str = ""
    limits: tuple[str, ...] = ()
    choice: str = ""
    others: tuple[Picture, ...] = ()

    @property
    def choices(self) -> tuple[Picture, ...]:
        """Itself and what can be drawn in its place, by a choice of the reader's."""
        return (self, *self.others)


@dataclass(frozen=True)
class Absent:
    """A picture that cannot be drawn, and why."""

    name: str
    title: str
    why: str


def source_keys(figures: Iterable[Figure]) -> tuple[str, ...]:
    """Sources of the leaves behind figures, in order of first use."""
    keys = (leaf.source.key for leaf in leaves(list(figures)) if leaf.source is not None)
    return tuple(dict.fromkeys(keys))


def dot(figure: Figure) -> str:
    """The quality mark: measured, modelled, taken from literature or assumed, or a definition."""
    return {"measured": "●", "modelled": "◐", "forecast": "◐", "defined": "≡"}.get(figure.kind, "○")


def dot_word(figure: Figure) -> str:
    """The kind in words."""
    return kind_word(figure.kind)


def range_text(figure: Figure) -> str:
    """The 5 and 95 % points, or that the value is exact."""
    value = figure.value
    if value.certain:
        return _("exact") if figure.kind == "defined" else _("no range given")
    if tiny_share(figure):
        return ""
    return span_text(value.p05, value.p95)


def span_text(low: float, high: float) -> str:
    """From a low to a high number."""
    first, last = ends(low, high)
    return _("{low} to {high}").format(low=first, high=last)


def sentences(*parts: str) -> str:
    """Sentences one after the other; Chinese needs no space between them."""
    return ("" if language() == "zh" else " ").join(p for p in parts if p)


def median_text(figure: Figure) -> str:
    """The median with the digits that its range allows; four where nothing is known of a range."""
    return f"< {TINY_PERCENT:g}" if tiny_share(figure) else middle_text(figure)


def median_amount(figure: Figure) -> str:
    """The median with its unit, with the digits that its range allows."""
    return f"{middle_text(figure)} {unit_word(figure.unit)}".strip()


def amount(value: float, unit: str, digits: int = 2) -> str:
    """A number with its unit."""
    word = unit_word(unit)
    return f"{number(value, digits)} {word}" if word else number(value, digits)


def cell_text(cell: Cell) -> str:
    """A table cell as printed; a dash for what is not known."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, float):
        return number(cell, 3)
    if isinstance(cell, bool):
        return _("yes") if cell else _("no")
    return str(cell)


def row_texts(names: Sequence[str], cells: Sequence[Cell]) -> list[str]:
    """The cells of a row as printed; the middle and the ends of a range with the digits that it allows."""
    ranges = texts_of_ranges(names, cells)
    return [ranges.get(i) or cell_text(cell) for i, cell in enumerate(cells)]


def cut(text: str, length: int) -> str:
    """`text`, cut to `length` characters with an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"


def finite_cell(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def csv_cell(cell: Cell) -> Cell:
    # a spreadsheet would run a text that begins like a formula
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + cell
    return "" if finite_cell(cell) is None else cell


SAFE = "!*'(),-./:;=?@_~[]"
"""What a link holds as it is, with letters and digits."""
_ASCII = {i: quote(chr(i), safe=SAFE) for i in range(128)}
_OTHER = re.compile(r"[^\x00-\x7f]+")


def quoted(text: str) -> str:
    """`urllib.parse.quote`, which takes a long text letter by letter.

    Examples
    --------
    >>> quoted("1.5,2 %\\n瓦")
    '1.5,2%20%25%0A%E7%93%A6'
    """
    return _OTHER.sub(lambda found: quote(found[0], safe=SAFE), text.translate(_ASCII))


def _data_uri(kind: str, text: str) -> str:
    """Text inside a link: base64, or for long ones the shorter way that leaves numbers as they are."""
    plain = quoted(text) if len(text) > LONG else ""
    if 0 < len(plain) < 4 * len(text.encode()) / 3:
        return f"data:{kind};charset=utf-8,{plain}"
    return f"data:{kind};charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}"
