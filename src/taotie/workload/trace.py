"""How is a request log read? Four layouts in, one checked `Requests` out (times [s], lengths [token]).

CSV (Azure's TIMESTAMP, ContextTokens, GeneratedTokens, and plain files with columns by other common
names), JSON lines (Mooncake), and Parquet (with DuckDB). What cannot be read is a `TraceError` naming file,
line and column; what is treated instead is said in `Requests.notes`. Nothing here opens the network.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from taotie.errors import TraceError, UnknownNameError, nearest
from taotie.files.fetch import local_path
from taotie.files.registry import dataset
from taotie.language import N_, _
from taotie.workload.requests import Requests
from taotie.workload.trace_csv import read_csv
from taotie.workload.trace_jsonl import read_jsonl
from taotie.workload.trace_parquet import read_parquet
from taotie.workload.trace_rows import (
    MAX_BYTES,
    MAX_REQUESTS,
    MAX_TOKENS,
    MAYBE_CUT_OFF,
    ZeroLength,
)

__all__ = [
    "MAX_BYTES",
    "MAX_REQUESTS",
    "MAX_TOKENS",
    "PUBLISHED_TRACES",
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


def read_trace(
    path: str | os.PathLike[str],
    *,
    zero_length: ZeroLength = "drop",
    name: str = "",
    source: str = "",
    max_bytes: int = MAX_BYTES,
    max_requests: int = MAX_REQUESTS,
) -> Requests:
    """Read a request log of any known layout, chosen by its file name's ending.

    Parameters
    ----------
    path : path-like
        A `.csv`, `.jsonl` (or `.ndjson`) or `.parquet` file.
    zero_length : {"drop", "error"}
        What to do with requests that read or wrote nothing (a failed call, in most logs): leave them out
        and say so in `notes`, or refuse the file.
    name, source : str, optional
        For reports; the file's name by default.
    max_bytes, max_requests : int
        Largest file [B] and longest log [request] to read.

    Returns
    -------
    requests : Requests
        Sorted by time, the first at 0 s.

    Raises
    ------
    TraceError
        If the file cannot be read as such a log; names file, row and column.
    """
    place = Path(path)
    ending = place.suffix.lower()
    if ending == ".parquet":
        return read_parquet(
            place, zero_length=zero_length, name=name, source=source, max_requests=max_requests
        )
    if ending in {".jsonl", ".ndjson", ".json"}:
        reader = read_jsonl
    elif ending in {".csv", ".txt", ".tsv"}:
        reader = read_csv
    else:
        raise TraceError(
            _("{path}: a request log ends in .csv, .jsonl or .parquet, not in {ending}.").format(
                path=place, ending=ending or _("nothing")
            ),
            _("rename it, or unpack it first if it is compressed"),
        )
    return reader(
        place,
        zero_length=zero_length,
        name=name,
        source=source,
        max_bytes=max_bytes,
        max_requests=max_requests,
    )
