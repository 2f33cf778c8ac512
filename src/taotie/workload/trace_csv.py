"""How is a request log in CSV read? Azure's columns and plain ones alike (times [s], lengths [token])."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from taotie.errors import TraceError
from taotie.words.language import N_, _
from taotie.workload.requests import Floats, Ints, Requests
from taotie.workload.trace_layout import AUTO
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

__all__ = ["read_csv"]

_PLAIN = re.compile(r"[0-9:. T-]+")
_OFFSET = re.compile(r"(?:[Zz]|([+-])(\d\d):?(\d\d)?)$")


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
) -> Requests:
    """Read a comma-separated log with a header line; parameters as in `read_trace`.

    Times are seconds, or dates such as `2023-11-16 18:15:46.6805900` (with or without an offset from UTC);
    a column named `t_ms` holds milliseconds. Columns that are not needed are left alone and told.
    """
    place = regular_file(Path(path), max_bytes)
    draft = Draft(
        place,
        Reading(zero_length, max_requests, layout, strict_columns, tuple((only or {}).items())),
    )
    with open_text(place) as stream:
        try:
            _csv_rows(stream, draft)
        except UnicodeDecodeError as error:
            not_utf8(place, error)
        except csv.Error as error:
            raise TraceError(
                _("{path}, after row {row}: {why}.").format(path=place, row=draft.rows, why=error),
                _("is this a text file with commas between columns?"),
            ) from error
    return draft.requests(name, source)


def _csv_rows(stream: TextIO, draft: Draft) -> None:
    lines = csv.reader(short_lines(stream, draft), strict=True)
    header = next(lines, None)
    while header is not None and not any(cell.strip() for cell in header):
        header = next(lines, None)
    if header is None:
        raise TraceError(
            _("{path} is empty.").format(path=draft.path), _("was it fetched completely?")
        )
    columns = draft.recognise(header).role
    chosen = draft.filters(header)
    places = (columns["t"][0], columns["prompt"][0], columns["output"][0])
    width, seconds = len(header), columns["t"][1]
    if "hash" in columns:
        draft.say(
            "hash_ids_ignored", N_("prefix blocks in a CSV file are not read; use JSON lines")
        )
    while True:
        before = lines.line_num
        rows = list(islice(lines, CHUNK_ROWS))
        if not rows:
            return
        # One row a line, as in every log seen; a quoted cell over several lines shifts the numbers a little.
        at = before + 1 + np.arange(len(rows), dtype=np.int64)
        if set(map(len, rows)) != {width}:
            rows, at = _whole_rows(rows, at, width, draft)
        for place, value in chosen:
            kept = [i for i, row in enumerate(rows) if row[place] == value]
            draft.left_out += len(rows) - len(kept)
            rows, at = [rows[i] for i in kept], at[np.array(kept, dtype=np.int64)]
        if rows:
            times, prompts, outputs = ([row[place] for row in rows] for place in places)
            draft.add(
                at,
                _times(times, at, seconds, draft.columns[0], draft),
                _numbers(prompts, at, draft.columns[1], draft),
                _numbers(outputs, at, draft.columns[2], draft),
                draft.session_numbers(row[columns["session"][0]] for row in rows)
                if "session" in columns
                else None,
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


def _times(cells: list[str], at: Ints, seconds: float | None, column: str, draft: Draft) -> Floats:
    """Seconds from numbers or dates; a date is counted from the first date of the file."""
    if draft.dated is None:
        draft.dated = seconds is None and not _is_number(cells[0])
        if seconds is None and not draft.dated:
            draft.say(
                "seconds_assumed",
                N_("times in column {column} were read as seconds"),
                column=column,
            )
    if not draft.dated:
        scale = 1.0 if seconds is None else seconds
        return scale * _numbers(cells, at, column, draft)
    stamps = _plain_stamps(cells)
    if stamps is None:
        stamps = np.empty(len(cells), dtype="datetime64[ns]")
        for i, cell in enumerate(cells):
            try:
                stamps[i] = _stamp(cell)
            except ValueError:
                draft.refuse(int(at[i]), column, cell, _("is not a date and time"))
    if draft.epoch is None:
        draft.epoch = stamps[0]
    return np.asarray((stamps - draft.epoch).astype(np.int64) * 1e-9, dtype=np.float64)


def _plain_stamps(cells: list[str]) -> npt.NDArray[np.datetime64] | None:
    """All stamps at once if all have one offset, or none, and nothing unusual; None: one by one."""
    found = _OFFSET.search(cells[0], 10)
    shift: Any = np.timedelta64(0, "m")
    if found:
        suffix = cells[0][found.start() :]
        if not all(cell.endswith(suffix) for cell in cells):
            return None
        try:
            shift = _shift(found)
        except ValueError:
            return None
        cells = [cell[: -len(suffix)] for cell in cells]
    joined = "".join(cells)
    if not _PLAIN.fullmatch(joined) or joined.count("-") != 2 * len(cells):
        return None
    texts = np.array(cells)
    if texts.dtype.itemsize > 4 * 29 or not np.isin(texts.astype("U2"), ["19", "20", "21"]).all():
        return None
    try:
        return np.asarray(texts.astype("datetime64[ns]") - shift)
    except ValueError:
        return None


def _stamp(cell: str) -> np.datetime64:
    text = cell.strip()
    day, found = text[:10], _OFFSET.search(text, 10)
    shift: Any = np.timedelta64(0, "m")
    if found:
        text, shift = text[: found.start()].rstrip(), _shift(found)
    # datetime64 also takes "NaT", "now", "today" and years beyond reach: a plain date only.
    if not re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", day) or len(text) > 29:
        raise ValueError(cell)
    return np.datetime64(text.replace("T", " "), "ns") - shift


def _shift(found: re.Match[str]) -> np.timedelta64:
    """Minutes east of Greenwich of an offset."""
    if not found[1]:
        return np.timedelta64(0, "m")
    hours, minutes = int(found[2]), int(found[3] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(found[0])
    return np.timedelta64((1 if found[1] == "+" else -1) * (60 * hours + minutes), "m")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(cells: list[str], at: Ints, column: str, draft: Draft) -> Floats:
    try:
        return np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except ValueError:
        i, cell = next((i, cell) for i, cell in enumerate(cells) if not _is_number(cell))
        why = _("is missing") if not cell.strip() else _("is not a number")
        draft.refuse(int(at[i]), column, cell, why)
