"""How is a request log in JSON lines read? Mooncake's keys (times [ms] in the file, lengths [token])."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from taotie.errors import TraceError
from taotie.words.language import N_, _
from taotie.workload.requests import Ints, Requests
from taotie.workload.trace_layout import AUTO, LAYOUTS, Columns
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

__all__ = ["read_jsonl"]


def read_jsonl(
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
    """Read one JSON object a line; parameters as in `read_trace`.

    Keys as Mooncake's: `timestamp` [ms], `input_length`, `output_length` [token], and, if the lines have it,
    `hash_ids` (a list of block numbers); or any names that are known as columns of a CSV file (`t_s`,
    `prompt_tokens`, ...). The first line decides which keys are read.
    """
    place = regular_file(Path(path), max_bytes)
    if only:
        raise TraceError(
            _("{path}: rows of JSON lines cannot be chosen by a column.").format(path=place),
            _("convert the log to CSV or Parquet"),
        )
    draft = Draft(place, Reading(zero_length, max_requests, layout, strict_columns))
    with open_text(place) as stream:
        try:
            lines = short_lines(stream, draft)
            first = 1
            columns: Columns | None = None
            while chunk := list(islice(lines, CHUNK_ROWS)):
                columns = _json_chunk(chunk, first, draft, columns)
                first += len(chunk)
        except UnicodeDecodeError as error:
            not_utf8(place, error)
    return draft.requests(name, source)


def _json_object(line: str, number: int, draft: Draft) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TraceError(
            _("{path}, line {line} is not JSON: {why}.").format(
                path=draft.path, line=number, why=error
            ),
            _("each line must hold one JSON object; a cut-off file ends like this"),
        ) from error
    if not isinstance(entry, dict):
        raise TraceError(
            _("{path}, line {line} is not a JSON object.").format(path=draft.path, line=number),
            _('a line looks like {"timestamp": 0, "input_length": 6758, "output_length": 500}'),
        )
    return entry


def _json_number(entry: dict[str, Any], key: str, number: int, draft: Draft) -> float:
    if key not in entry:
        raise TraceError(
            _("{path}, line {line} has no key {key}.").format(
                path=draft.path, line=number, key=key
            ),
            _("its keys are: {keys}").format(keys=", ".join(str(k)[:40] for k in list(entry)[:12])),
        )
    value = entry[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        draft.refuse(number, key, value, _("is not a number"))
    try:
        return float(value)
    except OverflowError:
        draft.refuse(number, key, f"1e{len(str(value)[:400])}...", _("is too large"))


def _keys(entry: dict[str, Any], number: int, draft: Draft) -> Columns:
    """Which keys are what, from the first line; a missing one is named as in the layout it is nearest to."""
    mooncake = LAYOUTS["mooncake"].required.values()
    keys = ("timestamp", "input_length", "output_length")
    if draft.reading.layout in (AUTO, "mooncake") and any(key in entry for key in keys[1:]):
        for key, plain in zip(keys, mooncake, strict=True):
            if plain not in {k.lower().replace("_", "") for k in entry}:
                _json_number(entry, key, number, draft)
    columns = draft.recognise(list(entry))
    if columns.layout == "bailian":
        draft.block_sizes = array("q")
        if "hash" in columns.role:
            draft.say("hash_ids_16", N_("prefix blocks of 16 tokens are not read, only of 512"))
    elif columns.role["t"][1] is None:
        draft.say(
            "seconds_assumed",
            N_("times in column {column} were read as seconds"),
            column=columns.name("t"),
        )
    return columns


def _json_blocks(entry: dict[str, Any], number: int, draft: Draft) -> None:
    ids = entry.get("hash_ids")
    if draft.block_ids is None and draft.block_sizes is None:
        if ids is None:
            draft.block_sizes = array("q")  # this file has none
            return
        draft.block_ids, draft.block_sizes = array("q"), array("q")
    if draft.block_ids is None:
        if ids is not None:
            draft.refuse(number, "hash_ids", "", _("appears here but not in the first line"))
        return
    if not isinstance(ids, list) or (
        ids and not (set(map(type, ids)) == {int} and -(2**63) <= min(ids) <= max(ids) < 2**63)
    ):
        draft.refuse(number, "hash_ids", ids, _("is not a list of whole numbers"))
    draft.block_ids.extend(ids)
    draft.block_sizes.append(len(ids))


def _json_chunk(
    lines: list[str], first: int, draft: Draft, known: Columns | None
) -> Columns | None:
    """Check and keep the requests on some lines; the first of them has the number `first`."""
    at = [i for i, line in enumerate(lines) if not line.isspace()]
    draft.blank += len(lines) - len(at)
    if not at:
        return known
    numbers = [first + i for i in at]
    entries = _json_objects([lines[i] for i in at], numbers, draft)
    known = known or _keys(entries[0], numbers[0], draft)
    columns = []
    for key in draft.columns:
        values = [entry.get(key) for entry in entries]
        if not set(map(type, values)) <= {int, float}:
            columns.append(
                [_json_number(e, key, n, draft) for e, n in zip(entries, numbers, strict=True)]
            )
        else:
            columns.append(values)  # type: ignore[arg-type]
    if known.layout != "bailian":
        for entry, number in zip(entries, numbers, strict=True):
            _json_blocks(entry, number, draft)
    try:
        t, prompt, output = (np.array(column, dtype=np.float64) for column in columns)
    except OverflowError:
        for key in draft.columns:
            for entry, number in zip(entries, numbers, strict=True):
                _json_number(entry, key, number, draft)
        raise
    unit = known.role["t"][1]
    session = None
    if "session" in known.role:
        session = draft.session_numbers(entry.get(known.name("session")) for entry in entries)
    elif known.layout == "bailian":
        session = _chats(entries, draft)
    draft.add(
        np.array(numbers, dtype=np.int64),
        (1.0 if unit is None else unit) * t,
        prompt,
        output,
        session,
    )
    return known


def _chats(entries: list[dict[str, Any]], draft: Draft) -> Ints:
    """Conversations from each request's number and that of the one it goes on from (-1: none)."""
    if draft.sessions is None:
        draft.sessions = {}
    known, found = draft.sessions, []
    for entry in entries:
        chat, parent = str(entry.get("chat_id")), str(entry.get("parent_chat_id"))
        found.append(known.setdefault(parent, len(known)) if parent in known else len(known))
        known[chat] = found[-1]
    return np.array(found, dtype=np.int64)


def _json_objects(lines: list[str], numbers: list[int], draft: Draft) -> list[dict[str, Any]]:
    try:
        entries = list(map(json.loads, lines))
    except (ValueError, RecursionError):
        entries = []
    if len(entries) != len(lines) or set(map(type, entries)) != {dict}:
        return [_json_object(line, n, draft) for line, n in zip(lines, numbers, strict=True)]
    return entries
