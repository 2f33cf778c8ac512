"""How is a request log in CSV read? Any columns, commas, tabs, semicolons or bars between them (times [s], lengths [token])."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Protocol, TextIO

import numpy as np

from taotie.errors import TraceError
from taotie.files.read import between_cells
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.workload.requests import Ints, Requests
from taotie.workload.trace_cells import counts, is_number, numbers, times
from taotie.workload.trace_layout import AUTO, Columns, bare_ending
from taotie.workload.trace_rows import (
    CHUNK_ROWS,
    MAX_BYTES,
    MAX_REQUESTS,
    MAYBE_CUT_OFF,
    Draft,
    Reading,
    ZeroLength,
    not_utf8,
    open_text,
    regular_file,
    short_lines,
)

__all__ = ["csv_draft", "delimiter_of", "read_csv"]

_SAMPLE_ROWS = 200
_BLOCK = 4 << 20
"""Text taken apart at a time. [character]"""
_LONGEST = 1 << 20
"""Longest line that is taken apart so. [character]"""


def read_csv(
    path: str | os.PathLike[str],
    *,
    zero_length: ZeroLength = "drop",
    name: str = "",
    source: str = "",
    max_bytes: int = MAX_BYTES,
    max_requests: int = MAX_REQUESTS,
    layout: str = AUTO,
    strict_columns: bool = False,
    only: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    time_unit: str = "",
) -> Requests:
    """Read a log with a header line and commas (or tabs, semicolons, bars); parameters as in `read_trace`.

    Times are dates such as `2023-11-16 18:15:46.6805900` (with or without an offset from UTC) or numbers, whose unit
    `trace_time` finds. Columns that are not needed are left alone and told.
    """
    reading = Reading(
        zero_length,
        max_requests,
        layout,
        strict_columns,
        tuple((only or {}).items()),
        tuple((columns or {}).items()),
        time_unit,
    )
    return csv_draft(Path(path), reading, max_bytes).requests(name, source)


def csv_draft(path: Path, reading: Reading, max_bytes: int = MAX_BYTES) -> Draft:
    """The rows of a log with a header line, checked."""
    place = regular_file(path, max_bytes)
    draft = Draft(place, reading)
    with open_text(place, max_bytes) as stream:
        try:
            _csv_rows(stream, draft)
        except UnicodeDecodeError as error:
            not_utf8(place, error)
        except csv.Error as error:
            raise TraceError(
                _("{path}, after row {row}: {why}.").format(
                    path=place, row=draft.rows, why=reason(error)
                ),
                _("is this a text file with commas between columns?"),
            ) from error
        except (OSError, EOFError) as error:
            raise TraceError(
                _("{path} cannot be read: {why}.").format(path=place, why=reason(error)),
                _("was it fetched completely?"),
            ) from error
    return draft


def delimiter_of(line: str, path: Path) -> str:
    """What stands between the columns of a header line; tabs if the name of the file says so.

    Examples
    --------
    >>> delimiter_of("t_s;prompt_tokens;output_tokens", Path("log.csv"))
    ';'
    """
    if bare_ending(path) == ".tsv" and "\t" in line:
        return "\t"
    return between_cells(line)


class _Text:
    """Rows of a stream in chunks: plain lines taken apart in one go, anything quoted or odd by the `csv` module."""

    def __init__(self, stream: TextIO, draft: Draft) -> None:
        self.stream = stream
        self.draft = draft
        self.line = 0
        self.lines = short_lines(stream, draft)
        first = next(self.lines, None)
        while first is not None and (
            not first.strip() or (first.startswith("#") and self.line < 100)
        ):
            self.line += 1
            first = next(self.lines, None)
        if first is None:
            raise TraceError(
                _("{path} is empty.").format(path=draft.path), _("was it fetched completely?")
            )
        self.delimiter = delimiter_of(first, draft.path)
        self.quoted = '"' in first
        rows = csv.reader(chain([first], self.lines), delimiter=self.delimiter, strict=True)
        self.header = [cell.strip() for cell in next(rows)]
        self.line += rows.line_num

    def chunks(self) -> Iterator[tuple[_Cells, int]]:
        """Cells of some rows, and the number of the line before them."""
        width = len(self.header)
        while not self.quoted and width > 1:
            block = self.stream.read(_BLOCK)
            if not block:
                return
            while not block.endswith("\n"):
                more = self.stream.readline(_BLOCK)
                if not more:
                    break
                block += more
            plain = block.replace("\r\n", "\n")
            lines = plain.removesuffix("\n").split("\n")
            if (
                '"' in plain
                or "\r" in plain
                or "\0" in plain
                or len(lines) < len(plain) // _LONGEST
                or set(map(str.count, lines, repeat(self.delimiter))) != {width - 1}
            ):
                self.lines = chain(io.StringIO(block, newline=""), self.lines)
                break
            if not block.endswith("\n"):
                self.draft.say(
                    MAYBE_CUT_OFF, N_("the last line has no line end: it may be cut off")
                )
            before, self.line = self.line, self.line + len(lines)
            del block, plain
            # the lines are joined again by the delimiter, so that one cut takes all cells apart
            cells = self.delimiter.join(lines)
            del lines
            yield _Plain(cells.split(self.delimiter), width), before
        reader = csv.reader(self.lines, delimiter=self.delimiter, strict=True)
        begin = self.line
        while rows := list(islice(reader, CHUNK_ROWS)):
            # One row a line, as in every log seen; a quoted cell over several lines shifts the numbers a little.
            yield _Rows(rows), self.line
            self.line = begin + reader.line_num


class _Cells(Protocol):
    """Cells of some rows."""

    def __len__(self) -> int: ...
    def column(self, place: int) -> list[str]:
        """One column."""
        ...

    def rows(self, most: int | None = None) -> list[list[str]]:
        """The rows, or the first of them."""
        ...


class _Plain:
    def __init__(self, cells: list[str], width: int) -> None:
        self.cells, self.width = cells, width

    def __len__(self) -> int:
        return len(self.cells) // self.width

    def column(self, place: int) -> list[str]:
        return self.cells[place :: self.width]

    def rows(self, most: int | None = None) -> list[list[str]]:
        n = len(self) if most is None else min(most, len(self))
        return [self.cells[i * self.width : (i + 1) * self.width] for i in range(n)]


class _Rows:
    def __init__(self, rows: list[list[str]]) -> None:
        self.every = rows

    def __len__(self) -> int:
        return len(self.every)

    def column(self, place: int) -> list[str]:
        return [row[place] for row in self.every]

    def rows(self, most: int | None = None) -> list[list[str]]:
        return self.every if most is None else self.every[:most]


def _csv_rows(stream: TextIO, draft: Draft) -> None:
    text = _Text(stream, draft)
    header = text.header
    _no_header(header, draft)
    found: Columns | None = None
    chosen = draft.filters(header)
    for cells, before in text.chunks():
        at = before + 1 + np.arange(len(cells), dtype=np.int64)
        if isinstance(cells, _Rows) and set(map(len, cells.every)) != {len(header)}:
            kept_rows, at = _whole_rows(cells.every, at, len(header), draft)
            cells = _Rows(kept_rows)
        if chosen:
            rows = cells.rows()
            for place, value in chosen:
                kept = [i for i, row in enumerate(rows) if row[place] == value]
                draft.left_out += len(rows) - len(kept)
                rows, at = [rows[i] for i in kept], at[np.array(kept, dtype=np.int64)]
            cells = _Rows(rows)
        if not len(cells):
            continue
        if found is None:
            found = draft.recognise(header, cells.rows(_SAMPLE_ROWS))
            if "hash" in found.role:
                draft.say(
                    "hash_ids_ignored",
                    N_("prefix blocks in a CSV file are not read; use JSON lines"),
                )
        _keep(cells, at, found, draft)
    if found is None:
        draft.recognise(header)


def _keep(rows: _Cells, at: Ints, found: Columns, draft: Draft) -> None:
    """Check and keep some rows."""
    places = {role: place for role, (place, _unit) in found.role.items()}
    sides = {
        role: [rows.column(place) for place in (places[role], *found.added.get(role, ()))]
        for role in ("prompt", "output")
    }
    cells: list[str | None] = [*rows.column(places["t"])]
    wait = None
    if "delay" in places and not all(cell and cell.strip() for cell in cells):
        # a later turn may give its delay in place of a time
        late = [
            None if cell and cell.strip() else delay.strip() or None
            for cell, delay in zip(cells, rows.column(places["delay"]), strict=True)
        ]
        wait = numbers([np.nan if w is None else w for w in late], at, found.name("delay"), draft)
        cells = [cell if w is None else None for cell, w in zip(cells, late, strict=True)]
    draft.add(
        at,
        times(cells, at, draft.columns[0], draft),
        counts(sides["prompt"], at, draft.columns[1], draft),
        counts(sides["output"], at, draft.columns[2], draft),
        draft.session_numbers(rows.column(places["session"])) if "session" in places else None,
        wait,
    )
    draft.keep_served(at, rows.column)


def _no_header(header: list[str], draft: Draft) -> None:
    """Refuse a file whose first line holds values."""
    if len(header) > 1 and all(is_number(cell) or not cell for cell in header):
        if re.fullmatch(r"chunk-\d+-trace\.csv", draft.path.name):
            return
        raise TraceError(
            _("{path}: its first line holds numbers, not the names of columns.").format(
                path=draft.path
            ),
            _("put a line such as t_s,prompt_tokens,output_tokens on top"),
        )


def _whole_rows(
    rows: list[list[str]], at: Ints, width: int, draft: Draft
) -> tuple[list[list[str]], Ints]:
    """Rows without the blank ones; a row with fewer columns than the header is refused."""
    kept = []
    for i, cells in enumerate(rows):
        if not cells or (len(cells) == 1 and not cells[0].strip()):
            draft.blank += 1
        elif len(cells) < width:
            raise TraceError(
                _("{path}, line {line}: {found} columns where the header has {width}.").format(
                    path=draft.path, line=at[i], found=len(cells), width=width
                ),
                _("a cut-off file ends like this: fetch it again or remove the line"),
            )
        else:
            kept.append(i)
    return [rows[i] for i in kept], at[np.array(kept, dtype=np.int64)]
