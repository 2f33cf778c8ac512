"""How is a request log in CSV read? Any columns, commas, tabs, semicolons or bars between them (times [s], lengths [token])."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import numpy as np

from taotie.errors import TraceError
from taotie.words.language import N_, _
from taotie.workload.requests import Ints, Requests
from taotie.workload.trace_cells import counts, is_number, numbers, times
from taotie.workload.trace_layout import AUTO, Columns, bare_ending
from taotie.workload.trace_rows import (
    CHUNK_ROWS,
    MAX_BYTES,
    MAX_REQUESTS,
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
                _("{path}, after row {row}: {why}.").format(path=place, row=draft.rows, why=error),
                _("is this a text file with commas between columns?"),
            ) from error
        except (OSError, EOFError) as error:
            raise TraceError(
                _("{path} cannot be read: {why}.").format(path=place, why=error),
                _("was it fetched completely?"),
            ) from error
    return draft


def delimiter_of(line: str, path: Path) -> str:
    """What stands between the columns of a header line.

    Examples
    --------
    >>> delimiter_of("t_s;prompt_tokens;output_tokens", Path("log.csv"))
    ';'
    """
    bare = re.sub(r'"[^"]*"', "", line)
    if bare_ending(path) == ".tsv" and "\t" in bare:
        return "\t"
    found = {sign: bare.count(sign) for sign in ",\t;|"}
    best = max(found, key=lambda sign: found[sign])
    return best if found[best] > 0 else ","


def _header(stream: TextIO, draft: Draft) -> tuple[list[str], Iterator[list[str]], int]:
    """The header's cells, the reader of the rows after it, and the number of its line."""
    lines = short_lines(stream, draft)
    skipped = 0
    first = next(lines, None)
    while first is not None and (not first.strip() or (first.startswith("#") and skipped < 100)):
        skipped += 1
        first = next(lines, None)
    if first is None:
        raise TraceError(
            _("{path} is empty.").format(path=draft.path), _("was it fetched completely?")
        )
    rows = csv.reader(chain([first], lines), delimiter=delimiter_of(first, draft.path), strict=True)
    header = [cell.strip() for cell in next(rows)]
    return header, rows, skipped


def _csv_rows(stream: TextIO, draft: Draft) -> None:
    header, lines, skipped = _header(stream, draft)
    _no_header(header, draft)
    width = len(header)
    found: Columns | None = None
    chosen = draft.filters(header)
    while True:
        before = lines.line_num + skipped  # type: ignore[attr-defined]
        rows = list(islice(lines, CHUNK_ROWS))
        if not rows:
            if found is None:
                draft.recognise(header)
            return
        # One row a line, as in every log seen; a quoted cell over several lines shifts the numbers a little.
        at = before + 1 + np.arange(len(rows), dtype=np.int64)
        if set(map(len, rows)) != {width}:
            rows, at = _whole_rows(rows, at, width, draft)
        for place, value in chosen:
            kept = [i for i, row in enumerate(rows) if row[place] == value]
            draft.left_out += len(rows) - len(kept)
            rows, at = [rows[i] for i in kept], at[np.array(kept, dtype=np.int64)]
        if not rows:
            continue
        if found is None:
            found = draft.recognise(header, rows[:_SAMPLE_ROWS])
            if "hash" in found.role:
                draft.say(
                    "hash_ids_ignored",
                    N_("prefix blocks in a CSV file are not read; use JSON lines"),
                )
        _keep(rows, at, found, draft)


def _keep(rows: list[list[str]], at: Ints, found: Columns, draft: Draft) -> None:
    """Check and keep some rows."""
    places = {role: place for role, (place, _unit) in found.role.items()}
    sides = {
        role: [[row[place] for row in rows] for place in (places[role], *found.added.get(role, ()))]
        for role in ("prompt", "output")
    }
    cells: list[str | None] = [row[places["t"]] for row in rows]
    wait = None
    if "delay" in places and not all(row[places["t"]].strip() for row in rows):
        # a later turn may give its delay in place of a time
        late = [
            None if row[places["t"]].strip() else row[places["delay"]].strip() or None
            for row in rows
        ]
        wait = numbers([np.nan if w is None else w for w in late], at, found.name("delay"), draft)
        cells = [cell if w is None else None for cell, w in zip(cells, late, strict=True)]
    draft.add(
        at,
        times(cells, at, draft.columns[0], draft),
        counts(sides["prompt"], at, draft.columns[1], draft),
        counts(sides["output"], at, draft.columns[2], draft),
        draft.session_numbers(row[places["session"]] for row in rows)
        if "session" in places
        else None,
        wait,
    )
    draft.keep_served(at, lambda place: [row[place] for row in rows])


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
