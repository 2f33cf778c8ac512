"""How is a request log in CSV read? Azure's columns and plain ones alike (times [s], lengths [token])."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

from taotie.errors import TraceError
from taotie.language import N_, _
from taotie.workload.requests import Floats, Ints, Requests
from taotie.workload.trace_rows import (
    CHUNK_ROWS,
    MAX_BYTES,
    MAX_REQUESTS,
    Draft,
    ZeroLength,
    columns_of,
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
) -> Requests:
    """Read a comma-separated log with a header line; parameters as in `read_trace`.

    Times are seconds, or dates such as `2023-11-16 18:15:46.6805900` (with or without an offset from UTC);
    a column named `t_ms` holds milliseconds. Other columns are ignored.
    """
    place = regular_file(Path(path), max_bytes)
    draft = Draft(place, zero_length, max_requests)
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
    columns = columns_of(header, draft.path)
    places = (columns["t"][0], columns["prompt"][0], columns["output"][0])
    width, seconds = len(header), columns["t"][1]
    draft.columns = (header[places[0]], header[places[1]], header[places[2]])
    if "hash" in columns:
        draft.say(
            "hash_ids_ignored", N_("prefix blocks in a CSV file are not read; use JSON lines")
        )
    chunk: list[tuple[int, str, str, str]] = []
    for cells in lines:
        if not cells or (len(cells) == 1 and not cells[0].strip()):
            draft.blank += 1
            continue
        if len(cells) < width:
            raise TraceError(
                _("{path}, line {line}: {found} columns where the header has {width}.").format(
                    path=draft.path, line=lines.line_num, found=len(cells), width=width
                ),
                _("a cut-off file ends like this: fetch it again or remove the line"),
            )
        chunk.append((lines.line_num, cells[places[0]], cells[places[1]], cells[places[2]]))
        if len(chunk) >= CHUNK_ROWS:
            _csv_chunk(chunk, draft, seconds)
            chunk = []
    if chunk:
        _csv_chunk(chunk, draft, seconds)


def _csv_chunk(
    chunk: list[tuple[int, str, str, str]],
    draft: Draft,
    seconds: float | None,
) -> None:
    lines, times, prompts, outputs = zip(*chunk, strict=True)
    at = np.array(lines, dtype=np.int64)
    draft.add(
        at,
        _times(times, at, seconds, draft.columns[0], draft),
        _numbers(prompts, at, draft.columns[1], draft),
        _numbers(outputs, at, draft.columns[2], draft),
    )


def _times(
    cells: tuple[str, ...], at: Ints, seconds: float | None, column: str, draft: Draft
) -> Floats:
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
                draft.refuse(at[i], column, cell, _("is not a date and time"))
    if draft.epoch is None:
        draft.epoch = stamps[0]
    return np.asarray((stamps - draft.epoch).astype(np.int64) * 1e-9, dtype=np.float64)


def _plain_stamps(cells: tuple[str, ...]) -> npt.NDArray[np.datetime64] | None:
    """All stamps at once if none has an offset or anything unusual; None means: one by one."""
    joined = "".join(cells)
    if not _PLAIN.fullmatch(joined) or joined.count("-") != 2 * len(cells):
        return None
    texts = np.array(cells)
    if texts.dtype.itemsize > 4 * 29 or not np.isin(texts.astype("U2"), ["19", "20", "21"]).all():
        return None
    try:
        return texts.astype("datetime64[ns]")
    except ValueError:
        return None


def _stamp(cell: str) -> np.datetime64:
    text = cell.strip()
    day, found = text[:10], _OFFSET.search(text, 10)
    shift = 0
    if found:
        text = text[: found.start()].rstrip()
        if found[1]:
            hours, minutes = int(found[2]), int(found[3] or 0)
            if hours > 14 or minutes > 59:
                raise ValueError(cell)
            shift = (1 if found[1] == "+" else -1) * (60 * hours + minutes)
    # datetime64 also takes "NaT", "now", "today" and years beyond reach: a plain date only.
    if not re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", day) or len(text) > 29:
        raise ValueError(cell)
    return np.datetime64(text.replace("T", " "), "ns") - np.timedelta64(shift, "m")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(cells: tuple[str, ...], at: Ints, column: str, draft: Draft) -> Floats:
    values = np.empty(len(cells))
    for i, cell in enumerate(cells):
        try:
            values[i] = float(cell)
        except ValueError:
            why = _("is missing") if not cell.strip() else _("is not a number")
            draft.refuse(at[i], column, cell, why)
    return values
