"""How is a request log in JSON lines read? Mooncake's keys (times [ms] in the file, lengths [token])."""

from __future__ import annotations

import json
import os
from array import array
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from taotie.errors import TraceError
from taotie.language import _
from taotie.workload.requests import Requests
from taotie.workload.trace_rows import (
    CHUNK_ROWS,
    MAX_BYTES,
    MAX_REQUESTS,
    Draft,
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
) -> Requests:
    """Read one JSON object a line; parameters as in `read_trace`.

    Keys as Mooncake's: `timestamp` [ms], `input_length`, `output_length` [token], and, if the lines have it,
    `hash_ids` (a list of block numbers). The first line decides whether there are `hash_ids`.
    """
    place = regular_file(Path(path), max_bytes)
    draft = Draft(place, zero_length, max_requests)
    draft.columns = ("timestamp", "input_length", "output_length")
    with open_text(place) as stream:
        try:
            lines = short_lines(stream, draft)
            first = 1
            while chunk := list(islice(lines, CHUNK_ROWS)):
                _json_chunk(chunk, first, draft)
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


def _json_chunk(lines: list[str], first: int, draft: Draft) -> None:
    """Check and keep the requests on some lines; the first of them has the number `first`."""
    at = [i for i, line in enumerate(lines) if not line.isspace()]
    draft.blank += len(lines) - len(at)
    if not at:
        return
    numbers = [first + i for i in at]
    entries = _json_objects([lines[i] for i in at], numbers, draft)
    columns = []
    for key in draft.columns:
        values = [entry.get(key) for entry in entries]
        if not set(map(type, values)) <= {int, float}:
            columns.append(
                [_json_number(e, key, n, draft) for e, n in zip(entries, numbers, strict=True)]
            )
        else:
            columns.append(values)  # type: ignore[arg-type]
    for entry, number in zip(entries, numbers, strict=True):
        _json_blocks(entry, number, draft)
    try:
        t, prompt, output = (np.array(column, dtype=np.float64) for column in columns)
    except OverflowError:
        for key in draft.columns:
            for entry, number in zip(entries, numbers, strict=True):
                _json_number(entry, key, number, draft)
        raise
    draft.add(np.array(numbers, dtype=np.int64), 1e-3 * t, prompt, output)


def _json_objects(lines: list[str], numbers: list[int], draft: Draft) -> list[dict[str, Any]]:
    try:
        entries = list(map(json.loads, lines))
    except (ValueError, RecursionError):
        entries = []
    if len(entries) != len(lines) or set(map(type, entries)) != {dict}:
        return [_json_object(line, n, draft) for line, n in zip(lines, numbers, strict=True)]
    return entries
