"""How is a request log in JSON read? Objects a line, one document, keys at any depth (times in any unit, lengths [token])."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from taotie.errors import TraceError, UnknownNameError, nearest
from taotie.files.read import json_value, json_values
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.reasons import reason
from taotie.workload.requests import Floats, Ints, Requests
from taotie.workload.trace_cells import is_number, times
from taotie.workload.trace_layout import AUTO, LAYOUTS, Columns
from taotie.workload.trace_records import Records, groups_of, paths_of, value_at
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
from taotie.workload.trace_served import served_places
from taotie.workload.trace_servegen import read_conversations

__all__ = ["json_draft", "read_jsonl"]

MAX_DOCUMENT = 10**9
"""Largest file that is one JSON document: it is held in memory whole. [character]"""
_SAMPLE_ROWS = 200


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
    columns: Mapping[str, str] | None = None,
    time_unit: str = "",
) -> Requests:
    """Read one JSON object a line, or a document that holds a list of them; parameters as in `read_trace`.

    Keys as in any layout of `trace_layout.LAYOUTS`, or any names that mean the same (`t_s`, `usage.prompt_tokens`,
    ...); the first lines decide which keys are read.
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
    made = json_draft(Path(path), reading, max_bytes)
    if made is None:
        return read_conversations(Path(path), name=name, source=source)
    return made.requests(name, source)


def json_draft(path: Path, reading: Reading, max_bytes: int = MAX_BYTES) -> Draft | None:
    """The rows of a log in JSON, checked; None if it is ServeGen's list of conversations."""
    place = regular_file(path, max_bytes)
    draft = Draft(place, reading)
    with open_text(place, max_bytes) as stream:
        try:
            _read(stream, draft)
        except _Conversations:
            return None
        except UnicodeDecodeError as error:
            not_utf8(place, error)
        except (OSError, EOFError) as error:
            raise TraceError(
                _("{path} cannot be read: {why}.").format(path=place, why=reason(error)),
                _("was it fetched completely?"),
            ) from error
    return draft


def _read(stream: TextIO, draft: Draft) -> None:
    """Rows of a stream, whether it is a document or lines."""
    lines = short_lines(stream, draft)
    blank = 0
    first = next(lines, None)
    while first is not None and first.isspace():
        blank += 1
        first = next(lines, None)
    if first is None:
        draft.blank = blank
        return
    if _is_document(first):
        _documents([_parsed(_whole_text(first, lines, draft), draft)], draft)
        return
    reader = _Rows(draft)
    start = 1 + blank
    draft.blank += blank
    several: list[Any] = []
    for chunk in _chunks(chain([first], lines)):
        if several:
            several += _json_chunk(chunk, start, draft)[0]
        else:
            entries, numbers = _json_chunk(chunk, start, draft)
            if entries and reader.columns is None and not reader.recognise(entries, numbers):
                several = entries
            elif entries:
                reader.add(entries, numbers)
        start += len(chunk)
    if several:
        _documents(several, draft)


def _whole_text(first: str, lines: Iterator[str], draft: Draft) -> str:
    parts, size = [first], len(first)
    for line in lines:
        parts.append(line)
        size += len(line)
        if size > MAX_DOCUMENT:
            raise TraceError(
                _("{path} is one JSON document of more than {limit:.1f} GB.").format(
                    path=draft.path, limit=MAX_DOCUMENT / 1e9
                ),
                _("write one object a line (JSON lines), or convert it to Parquet"),
            )
    return "".join(parts)


def _is_document(first: str) -> bool:
    """Whether a file that begins so is one document, not an object a line."""
    text = first.strip()
    if text in ("[", "{"):
        return True
    if text.startswith("["):
        try:
            return not isinstance(json_value(text), list) or text.startswith(("[{", "[["))
        except ValueError:
            return not text.startswith("[" * 200)
    return text.startswith("{") and not text.endswith("}")


def _parsed(text: str, draft: Draft) -> Any:
    try:
        return json_value(text)
    except ValueError as error:
        raise TraceError(
            _("{path} is not JSON: {why}.").format(path=draft.path, why=reason(error)),
            _("was it fetched completely?"),
        ) from error


def _chunks(lines: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(lines, CHUNK_ROWS)):
        yield chunk


def _documents(documents: list[Any], draft: Draft) -> None:
    """Requests of one document, or of one a line."""
    whole = documents[0] if len(documents) == 1 else documents
    if (
        isinstance(whole, list)
        and whole
        and isinstance(whole[0], list)
        and not any(isinstance(cell, str) for cell in whole[0])
    ):
        raise _Conversations
    problem: TraceError | None = None
    for group in groups_of(whole, draft.path):
        if not group.rows:
            problem = problem or _none(draft, group)
            continue
        reader = _Rows(draft)
        draft.records = True
        try:
            reader.columns = reader.named(group.rows, group.layout)
        except TraceError as error:
            problem = problem or error
            continue
        draft.said += group.said
        draft.no_requests += group.others
        for low in range(0, len(group.rows), CHUNK_ROWS):
            some = group.rows[low : low + CHUNK_ROWS]
            reader.add(some, list(range(low + 1, low + 1 + len(some))))
        return
    raise problem or TraceError(
        _("{path} holds no list of objects, one for each request.").format(path=draft.path),
        _('a line looks like {"timestamp": 0, "input_length": 6758, "output_length": 500}'),
    )


class _Conversations(Exception):
    """The document is a list of conversations, each a list of turns."""


def _none(draft: Draft, group: Records) -> TraceError:
    return TraceError(
        _("{path} holds no request: {n} records are of another kind.").format(
            path=draft.path, n=group.others
        )
        if group.others
        else _("{path} holds no request.").format(path=draft.path),
        _("was it fetched completely?"),
    )


def _json_chunk(
    lines: list[str], first: int, draft: Draft
) -> tuple[list[dict[str, Any]], list[int]]:
    """Objects on some lines and the numbers of the lines; blank ones are counted."""
    at = [i for i, line in enumerate(lines) if not line.isspace()]
    draft.blank += len(lines) - len(at)
    numbers = [first + i for i in at]
    return _json_objects([lines[i] for i in at], numbers, draft), numbers


class _Rows:
    """Requests out of objects, the keys of which were recognised once."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.columns: Columns | None = None
        self.paths: list[tuple[str, ...]] = []
        self.chosen: list[tuple[tuple[str, ...], str]] = []
        self.numbers: dict[Any, int] = {}

    def recognise(self, entries: list[dict[str, Any]], numbers: list[int]) -> bool:
        """Find the columns in the first lines; False if each line is a document of its own."""
        draft = self.draft
        if "resourceSpans" in entries[0] or "resource_spans" in entries[0]:
            return False
        try:
            self.columns = self.named(entries, "")
        except TraceError:
            inside = any(isinstance(value, list | dict) for value in entries[0].values())
            if inside and not draft.reading.columns and any(self._others(entries)):
                return False
            _mooncake_key(entries[0], numbers[0], draft)
            raise
        return True

    def _others(self, entries: list[dict[str, Any]]) -> Iterator[bool]:
        """Whether there are groups of records inside the lines that could be requests."""
        document = entries[0] if len(entries) == 1 else entries[:5]
        for group in groups_of(document, self.draft.path):
            if not group.rows or group.rows is entries or group.rows[0] is entries[0]:
                continue
            try:
                _Rows(Draft(self.draft.path, self.draft.reading)).named(group.rows, group.layout)
            except TraceError:
                # a load test as columns has lengths, if no times
                yield {"input_lens", "output_lens"} <= set(group.rows[0])
            else:
                yield True

    def named(self, entries: list[dict[str, Any]], kind: str) -> Columns:
        """Columns of some objects; what they are is told to the draft."""
        draft = self.draft
        some = entries[:_SAMPLE_ROWS]
        self.paths = paths_of(some)
        header = [".".join(path) for path in self.paths]
        sample = [[value_at(entry, path) for path in self.paths] for entry in some]
        asked = draft.reading.layout
        if asked in ("guidellm", "genai-perf") and kind != asked:
            raise TraceError(
                _("{path} is not laid out as {layout}.").format(path=draft.path, layout=asked),
                _("leave the layout to be recognised: auto"),
            )
        columns = draft.recognise(header, sample)
        if kind and columns.layout in ("plain", kind):
            columns = columns._replace(layout=kind)
            draft.found, draft.layout = columns, columns.said()
        self.chosen = []
        for column, value in draft.reading.only:
            if column not in header:
                raise UnknownNameError(
                    _("{path} has no column {column} to choose rows by.").format(
                        path=draft.path, column=repr(column[:40])
                    ),
                    nearest(column, header),
                )
            self.chosen.append((self.paths[header.index(column)], value))
        return columns

    def _of(self, entries: list[dict[str, Any]], place: int) -> list[Any]:
        path = self.paths[place]
        if len(path) == 1:
            key = path[0]
            return [entry.get(key) for entry in entries]
        return [value_at(entry, path) for entry in entries]

    def add(self, entries: list[dict[str, Any]], numbers: list[int]) -> None:
        """Check and keep the requests of some objects."""
        draft, columns = self.draft, self.columns
        if columns is None:
            return
        for path, wanted in self.chosen:
            kept = [i for i, entry in enumerate(entries) if str(value_at(entry, path)) == wanted]
            draft.left_out += len(entries) - len(kept)
            entries, numbers = [entries[i] for i in kept], [numbers[i] for i in kept]
        if draft.served is not None:
            self._late(entries)
        place = {role: spot for role, (spot, _unit) in columns.role.items()}
        prompt, output = self._of(entries, place["prompt"]), self._of(entries, place["output"])
        if None in prompt or None in output:
            entries, numbers, prompt, output = self._with_tokens(entries, numbers, prompt, output)
        if not entries:
            return
        at = np.array(numbers, dtype=np.int64)
        t_cells = self._of(entries, place["t"])
        wait = None
        if "delay" in place and None in t_cells:
            late = [
                w if t is None else None
                for w, t in zip(self._of(entries, place["delay"]), t_cells, strict=True)
            ]
            wait = self._numbers([np.nan if w is None else w for w in late], at, "delay")
            self._whole(t_cells, entries, numbers, columns.name("t"), late)
        else:
            self._whole(t_cells, entries, numbers, columns.name("t"), t_cells)
        sides = {}
        for role, cells in (("prompt", prompt), ("output", output)):
            total = self._numbers(cells, at, columns.name(role))
            for beside in columns.added.get(role, ()):
                more = [0 if cell is None else cell for cell in self._of(entries, beside)]
                total = total + self._numbers(more, at, columns.header[beside])
            sides[role] = total
        if "hash" in place:
            self._blocks(entries, at, place["hash"], columns)
        draft.add(
            at,
            times(t_cells, at, columns.name("t"), draft),
            sides["prompt"],
            sides["output"],
            self._sessions(entries, place, columns),
            wait,
        )
        draft.keep_served(at, lambda spot: self._of(entries, spot))

    def _late(self, entries: list[dict[str, Any]]) -> None:
        """Keys that tell when or for whom, and come up only after the first lines."""
        served = self.draft.served
        some = entries[:: max(1, len(entries) // _SAMPLE_ROWS)]
        top = {key for entry in entries for key in entry} - {path[0] for path in self.paths}
        fresh = [
            path
            for path in dict.fromkeys([*paths_of(some), *((str(key),) for key in sorted(top))])
            if path not in self.paths and not any(p[: len(path)] == path for p in self.paths)
        ]
        if served is None or not fresh:
            return
        header = [".".join(path) for path in fresh]
        sample = [[value_at(entry, path) for path in fresh] for entry in entries]
        offset = len(self.paths)
        self.paths += fresh
        for role, part in served_places(header, sample, {}, {}).items():
            if role not in served.parts:
                served.late(role, part._replace(place=offset + part.place), self.draft.rows)

    def _sessions(
        self, entries: list[dict[str, Any]], place: dict[str, int], columns: Columns
    ) -> Ints | None:
        if columns.layout == "bailian":
            return _chats(entries, self.draft)
        if "session" in place:
            return self.draft.session_numbers(self._of(entries, place["session"]))
        return None

    def _with_tokens(
        self, entries: list[Any], numbers: list[int], prompt: list[Any], output: list[Any]
    ) -> tuple[list[Any], list[int], list[Any], list[Any]]:
        """Without records of other kinds and failed requests; a request without one of its counts is refused."""
        draft, columns = self.draft, self.columns
        kept, failed = [], 0
        for i, (read, wrote) in enumerate(zip(prompt, output, strict=True)):
            if read is not None and wrote is not None:
                kept.append(i)
            elif _failed(entries[i]):
                failed += 1
            elif read is None and wrote is None:
                draft.no_requests += 1
            elif columns is not None:
                column = columns.name("prompt" if read is None else "output")
                _no_key(entries[i], column, numbers[i], draft)
        if failed:
            draft.say(
                "failed_left_out",
                N_("{n} requests that failed or were cut short left out"),
                n=failed,
            )
        return (
            [entries[i] for i in kept],
            [numbers[i] for i in kept],
            [prompt[i] for i in kept],
            [output[i] for i in kept],
        )

    def _whole(
        self,
        cells: list[Any],
        entries: list[Any],
        numbers: list[int],
        column: str,
        given: list[Any],
    ) -> None:
        """Refuse a row without a time (or what stands for it), and times that are neither numbers nor texts."""
        if set(map(type, cells)) <= {int, float, str}:
            return
        for cell, stands, entry, number in zip(cells, given, entries, numbers, strict=True):
            if cell is None and stands is None:
                _no_key(entry, column, number, self.draft)
            if cell is not None and (
                isinstance(cell, bool) or not isinstance(cell, int | float | str)
            ):
                self.draft.refuse(number, column, cell, _("is not a number"))

    def _numbers(self, cells: list[Any], at: Ints, column: str) -> Floats:
        draft = self.draft
        if not set(map(type, cells)) <= {int, float}:
            for cell, number in zip(cells, at.tolist(), strict=True):
                if not is_number(cell) or (isinstance(cell, str) and not cell.strip().isascii()):
                    draft.refuse(number, column, cell, _("is not a number"))
            cells = [float(cell) if isinstance(cell, str) else cell for cell in cells]
        try:
            return np.array(cells, dtype=np.float64)
        except OverflowError:
            i = next(
                i for i, cell in enumerate(cells) if isinstance(cell, int) and abs(cell) > 1 << 1000
            )
            draft.refuse(int(at[i]), column, f"1e{len(str(cells[i])[:400])}...", _("is too large"))

    def _blocks(self, entries: list[Any], at: Ints, place: int, columns: Columns) -> None:
        """Keep the prefix blocks of some rows; a row without any shares nothing."""
        draft = self.draft
        if draft.block_ids is None:
            draft.block_ids, draft.block_sizes = array("q"), array("q")
            if draft.rows:  # rows before the first that has some
                draft.block_sizes.extend([0] * draft.rows)
        for ids, number in zip(self._of(entries, place), at.tolist(), strict=True):
            if ids is None:
                draft.block_sizes.append(0)
                continue
            if not isinstance(ids, list) or (
                ids
                and not (set(map(type, ids)) == {int} and -(2**63) <= min(ids) <= max(ids) < 2**63)
            ):
                ids = self._dense(ids, number, columns.name("hash"))
            draft.block_ids.extend(ids)
            draft.block_sizes.append(len(ids))

    def _dense(self, ids: Any, number: int, column: str) -> list[int]:
        """Numbers for hashes written as texts or as 64 bits without a sign."""
        if not isinstance(ids, list) or not (
            all(isinstance(one, str) and one for one in ids)
            or all(type(one) is int and 0 <= one < 2**64 for one in ids)
        ):
            self.draft.refuse(number, column, ids, _("is not a list of whole numbers"))
        known = self.numbers
        return [known.setdefault(one, -1 - len(known)) for one in ids]


def _failed(entry: dict[str, Any]) -> bool:
    """Whether a record says of itself that it failed."""
    for key in ("error", "errors", "error_code", "error_message", "exception"):
        if entry.get(key):
            return True
    if entry.get("success") is False or entry.get("was_cancelled") is True:
        return True
    status = entry.get("status", entry.get("status_code"))
    if isinstance(status, int) and not isinstance(status, bool):
        return status >= 400
    return isinstance(status, str) and status.lower() in (
        "error",
        "failed",
        "failure",
        "cancelled",
        "canceled",
        "timeout",
    )


def _no_key(entry: dict[str, Any], key: str, number: int, draft: Draft) -> None:
    message = (
        _("{path}, record {line} has no key {key}.")
        if draft.records
        else _("{path}, line {line} has no key {key}.")
    )
    raise TraceError(
        message.format(path=draft.path, line=number, key=key),
        _("its keys are: {keys}").format(keys=listing(str(k)[:40] for k in list(entry)[:12])),
    )


def _mooncake_key(entry: dict[str, Any], number: int, draft: Draft) -> None:
    """Name the one key that a line in Mooncake's layout lacks."""
    keys = ("timestamp", "input_length", "output_length")
    lacking = [key for key in keys if key not in entry]
    if (
        draft.reading.layout in (AUTO, "mooncake")
        and not draft.reading.columns
        and len(lacking) == 1
    ):
        required = set(LAYOUTS["mooncake"].required.values())
        if (
            len(required & {k.lower().replace("_", "") for k in entry}) == 2
            and "timestamp" in entry
        ):
            _no_key(entry, lacking[0], number, draft)


def _json_object(line: str, number: int, draft: Draft) -> dict[str, Any]:
    try:
        entry = json_value(line)
    except ValueError as error:
        raise TraceError(
            _("{path}, line {line} is not JSON: {why}.").format(
                path=draft.path, line=number, why=reason(error)
            ),
            _("each line must hold one JSON object; a cut-off file ends like this"),
        ) from error
    if not isinstance(entry, dict):
        raise TraceError(
            _("{path}, line {line} is not a JSON object.").format(path=draft.path, line=number),
            _('a line looks like {"timestamp": 0, "input_length": 6758, "output_length": 500}'),
        )
    return entry


def _json_objects(lines: list[str], numbers: list[int], draft: Draft) -> list[dict[str, Any]]:
    try:
        entries = json_values(lines)
    except ValueError:
        entries = []
    if len(entries) != len(lines) or set(map(type, entries)) != {dict}:
        return [_json_object(line, n, draft) for line, n in zip(lines, numbers, strict=True)]
    return entries


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
