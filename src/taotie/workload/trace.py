"""How is a request log read? Any known layout in, one checked `Requests` out (times [s], lengths [token]).

CSV with any separator, JSON (an object a line, or a document with a list of records, columns as lists, spans, runs of
a benchmark) and Parquet (with DuckDB), text also compressed; every layout of `trace_layout.LAYOUTS` and any columns
that mean the same. A ServeGen service is a folder that `servegen` samples from. The layout is recognised by its columns
or named; the unit of time by names and values. What cannot be read is a `TraceError` naming file, line and column; what is
treated instead is said in `Requests.notes`, guesses and losses first. Nothing here opens the network.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from taotie.errors import TraceError, UnknownNameError, nearest
from taotie.files.fetch import data_folder, local_path
from taotie.files.read import of_others, open_binary
from taotie.files.registry import dataset
from taotie.words.language import N_, _
from taotie.workload.requests import Requests
from taotie.workload.trace_csv import csv_draft, read_csv
from taotie.workload.trace_jsonl import json_draft, read_jsonl
from taotie.workload.trace_layout import AUTO, COMPRESSED, LAYOUTS, bare_ending, checked_layout
from taotie.workload.trace_parquet import parquet_draft, read_parquet
from taotie.workload.trace_rows import (
    MAX_BYTES,
    MAX_REQUESTS,
    MAX_TOKENS,
    MAYBE_CUT_OFF,
    Draft,
    Reading,
    ZeroLength,
    open_text,
    regular_file,
)
from taotie.workload.trace_servegen import read_conversations
from taotie.workload.trace_time import checked_unit

__all__ = [
    "AUTO",
    "LAYOUTS",
    "MAX_BYTES",
    "MAX_REQUESTS",
    "MAX_TOKENS",
    "OWN_COPY_TRACES",
    "PUBLISHED_TRACES",
    "drafted",
    "own_copy",
    "published_trace",
    "read_csv",
    "read_jsonl",
    "read_parquet",
    "read_trace",
]


class Published(NamedTuple):
    """Where a publisher's trace is: dataset, path in it, and a short name in English."""

    dataset: str
    path: str
    name: str


PUBLISHED_TRACES = {
    "azure-2023-conv": Published(
        "azure-llm-2023",
        "data/AzureLLMInferenceTrace_conv.csv",
        N_("Azure conversation hour, 2023"),
    ),
    "mooncake-2025-conv": Published(
        "mooncake-fast25",
        "FAST25-release/traces/conversation_trace.jsonl",
        N_("Mooncake conversation hour, 2025"),
    ),
}
"""Traces that can be named instead of giving a path, once fetched."""


class OwnCopy(NamedTuple):
    """A publisher's log that is too large for taotie to fetch or has no registered hash."""

    file: str
    """Name of the file (or folder) as published."""
    where: str
    """Where its publisher has it."""
    layout: str


_AZURE = "github.com/Azure/AzurePublicDataset"
_BURST = "github.com/HPMLL/BurstGPT"
_MOONCAKE = "github.com/kvcache-ai/Mooncake, FAST25-release/traces"
_SERVEGEN = "github.com/alibaba/ServeGen, data"

OWN_COPY_TRACES = {
    "azure-2023-code": OwnCopy("AzureLLMInferenceTrace_code.csv", _AZURE, "azure"),
    "azure-2024-conv": OwnCopy("AzureLLMInferenceTrace_conv_1week.csv", _AZURE, "azure"),
    "azure-2024-code": OwnCopy("AzureLLMInferenceTrace_code_1week.csv", _AZURE, "azure"),
    "burstgpt-1": OwnCopy("BurstGPT_1.csv", _BURST, "burstgpt"),
    "burstgpt-2": OwnCopy("BurstGPT_2.csv", _BURST, "burstgpt"),
    "burstgpt-3": OwnCopy("BurstGPT_3.csv", _BURST, "burstgpt"),
    "mooncake-2025-tool": OwnCopy("toolagent_trace.jsonl", _MOONCAKE, "mooncake"),
    "mooncake-2025-synthetic": OwnCopy("synthetic_trace.jsonl", _MOONCAKE, "mooncake"),
    "servegen-large": OwnCopy("m-large", f"{_SERVEGEN}/language", "servegen"),
    "servegen-mid": OwnCopy("m-mid", f"{_SERVEGEN}/language", "servegen"),
    "servegen-small": OwnCopy("m-small", f"{_SERVEGEN}/language", "servegen"),
    "servegen-r1": OwnCopy("deepseek-r1", f"{_SERVEGEN}/reason", "servegen"),
    "servegen-image": OwnCopy("mm-image", f"{_SERVEGEN}/multimodal", "servegen"),
    "servegen-conversations": OwnCopy(
        "conversations_hashed.json", f"{_SERVEGEN}/conversations", "servegen-conversations"
    ),
}
"""Logs that can be named once a copy of the published file stands in the data folder, at `own/<file>`."""


def own_copy(name: str) -> Path | None:
    """The user's own copy of a published log, or None if there is none. No network.

    Parameters
    ----------
    name : str
        A key of `OWN_COPY_TRACES`.

    Returns
    -------
    path : Path or None
        A file, or ServeGen's folder; its content is not compared with what was published.

    Raises
    ------
    UnknownNameError
        If no such log is known.
    """
    if name not in OWN_COPY_TRACES:
        raise UnknownNameError(
            _("no published trace is called {name}.").format(name=name),
            nearest(name, [*PUBLISHED_TRACES, *OWN_COPY_TRACES]),
        )
    place = data_folder() / "own" / OWN_COPY_TRACES[name].file
    return place if place.exists() else None


def published_trace(name: str) -> Requests | None:
    """A publisher's trace by name, or None if its file was never fetched. No network.

    Parameters
    ----------
    name : str
        A key of `PUBLISHED_TRACES`.

    Returns
    -------
    requests : Requests or None
        With the publisher's citation and licence as `source`.

    Raises
    ------
    UnknownNameError
        If no such trace is known.
    DataError
        If the file is there but not what its publisher released.
    """
    if name not in PUBLISHED_TRACES:
        raise UnknownNameError(
            _("no published trace is called {name}.").format(name=name),
            nearest(name, PUBLISHED_TRACES),
        )
    known = PUBLISHED_TRACES[name]
    path = local_path(known.dataset, known.path)
    if path is None:
        return None
    entry = dataset(known.dataset)
    source = f"{entry.citation} ({entry.licence})"
    requests = read_trace(path, name=_(known.name), source=source)
    # The hash says the file is whole, even where it has no line end after the last line.
    return replace(requests, said=tuple(s for s in requests.said if s.code != MAYBE_CUT_OFF))


@of_others(TraceError)
def read_trace(
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
    """Read a request log of any known layout, recognised by its columns or keys.

    Parameters
    ----------
    path : path-like
        A `.csv` (`.tsv`, `.txt`), `.jsonl` (`.ndjson`, `.json`) or `.parquet` file; texts also with `.gz`, `.bz2`, `.xz`.
        Another ending is read by what the file begins with.
    zero_length : {"drop", "error"}
        What to do with requests that read or wrote nothing (a failed call, in most logs): leave them out
        and say so in `notes`, or refuse the file.
    name, source : str, optional
        For reports; the file's name by default.
    max_bytes, max_requests : int
        Largest file [B] and longest log [request] to read.
    layout : str, default "auto"
        A key of `LAYOUTS` that the log must have.
    strict_columns : bool, default False
        Refuse columns that no layout knows; otherwise they are told and not used.
    only : mapping of str to str, optional
        Read only rows with these values in these columns, such as `{"Log Type": "Conversation log"}`.
    columns : mapping of str to str, optional
        Which column plays which role (`t`, `prompt`, `output`, `session` ...), as `columns_asked` returns it.
    time_unit : {"", "s", "ms", "us", "ns"}
        Unit of times that are numbers; found from the column's name and its values by default.

    Returns
    -------
    requests : Requests
        Sorted by time, the first at 0 s; `layout` says what was recognised.

    Raises
    ------
    TraceError
        If the file cannot be read as such a log; names file, row and column.
    UnknownNameError
        If no layout is called so; names the nearest.
    """
    place = Path(path)
    checked_layout(layout)
    checked_unit(time_unit)
    ending = bare_ending(place)
    if layout == "servegen" or (layout == AUTO and not ending and place.is_dir()):
        raise TraceError(
            _("{path}: a ServeGen service is a folder to sample from, not a log.").format(
                path=place
            ),
            _("give the folder to `taotie simulate`, or use servegen.sampled_servegen"),
        )
    if layout == "servegen-conversations":
        return read_conversations(place, name=name, source=source)
    reading = Reading(
        zero_length,
        max_requests,
        layout,
        strict_columns,
        tuple((only or {}).items()),
        tuple((columns or {}).items()),
        time_unit,
    )
    draft = drafted(place, reading, max_bytes)
    if draft is None:
        return read_conversations(place, name=name, source=source)
    return draft.requests(name, source)


def drafted(path: Path, reading: Reading, max_bytes: int = MAX_BYTES) -> Draft | None:
    """Rows of a log of any container, checked but not yet put together; None: ServeGen's conversations."""
    kind = _KINDS.get(bare_ending(path)) or _kind(path)
    if kind == "parquet":
        return parquet_draft(path, reading)
    if kind == "json":
        return json_draft(path, reading, max_bytes)
    return csv_draft(path, reading, max_bytes)


_KINDS = {
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "json"),
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    ".parquet": "parquet",
}
_OTHERS = {
    b"PK": N_("a ZIP archive or spreadsheet"),
    b"SQLite": N_("an SQLite database"),
    b"ARROW1": N_("an Arrow file"),
    b"\x28\xb5\x2f\xfd": N_("compressed with zstd"),
    b"%PDF": N_("a PDF"),
    b"\x89HDF": N_("an HDF5 file"),
    b"\x1f\x8b": N_("compressed with gzip, without .gz in its name"),
    b"Obj\x01": N_("an Avro file"),
}
"""How files begin that are no log as they stand."""


def _kind(place: Path) -> str:
    """What a file of another ending is, by what it begins with."""
    regular_file(place, max_bytes=None)
    if place.suffix.lower() in COMPRESSED:
        with open_text(place) as stream:
            try:
                begin = stream.read(4096).encode()
            except (OSError, EOFError, UnicodeDecodeError, ValueError):
                begin = b"\0"
    else:
        with open_binary(place, None, TraceError) as raw:
            begin = raw.read(4096)
    if begin.startswith(b"PAR1"):
        return "parquet"
    other = next((what for mark, what in _OTHERS.items() if begin.startswith(mark)), None)
    if other is not None or b"\0" in begin:
        raise TraceError(
            _("{path} is {what}, not a request log.").format(path=place, what=_(other))
            if other is not None
            else _("{path} is not a text file, nor Parquet.").format(path=place),
            _("a request log is CSV, JSON lines or Parquet; unpack or convert it first"),
        )
    return "json" if begin.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else "csv"
