"""How is a request log in Parquet read? With DuckDB, columns as in CSV (times [s], lengths [token])."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from taotie.errors import MissingExtraError, TraceError
from taotie.words.language import N_, _
from taotie.workload.requests import Requests
from taotie.workload.trace_layout import AUTO
from taotie.workload.trace_rows import MAX_REQUESTS, Draft, Reading, ZeroLength, regular_file

__all__ = ["read_parquet", "stamp_ns"]


def read_parquet(
    path: str | os.PathLike[str],
    *,
    zero_length: ZeroLength = "drop",
    name: str = "",
    source: str = "",
    max_requests: int = MAX_REQUESTS,
    layout: str = AUTO,
    strict_columns: bool = False,
    only: Mapping[str, str] | None = None,
) -> Requests:
    """Read a Parquet log with DuckDB; parameters as in `read_trace`, columns as in `read_csv`.

    A column `hash_ids` of integer lists becomes `Requests.hash_ids`.

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
    """
    place = regular_file(Path(path), max_bytes=None)
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("duckdb", "data") from None
    if re.search(r"[*?\[\]{}]", str(place)):
        raise TraceError(
            _("{path}: a Parquet file's path must not contain any of * ? [ ] {{ }}.").format(
                path=place
            ),
            _("rename the file"),
        )
    draft = Draft(
        place,
        Reading(zero_length, max_requests, layout, strict_columns, tuple((only or {}).items())),
    )
    with duckdb.connect(
        config={"autoinstall_known_extensions": "false", "threads": "2"}
    ) as connection:
        connection.execute("set enable_progress_bar = false")
        try:
            _parquet_rows(connection, draft)
        except duckdb.Error as error:
            raise TraceError(
                _("{path} cannot be read as Parquet: {why}").format(
                    path=place, why=str(error).splitlines()[0]
                ),
                _("was it fetched completely?"),
            ) from error
    return draft.requests(name, source)


def stamp_ns(column: str) -> str:
    """SQL for the nanoseconds of a date and time written as text, less its offset from UTC if it has one.

    DuckDB reads an offset as UTC only into microseconds; nanoseconds ignore it.
    """
    return (
        f"(epoch_ns(cast({column} as timestamp_ns)) - "
        f"case when regexp_matches(substr({column}, 11), '[+-]\\d\\d(:?\\d\\d)?\\s*$') "
        f"then (epoch_us(cast({column} as timestamp)) - epoch_us(cast({column} as timestamptz))) * 1000 "
        "else 0 end)"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _parquet_rows(connection: Any, draft: Draft) -> None:
    table = "read_parquet(?)"
    here = [str(draft.path)]
    described = connection.execute(f"describe select * from {table}", here).fetchall()
    header = [row[0] for row in described]
    kinds = {row[0]: str(row[1]) for row in described}
    columns = draft.recognise(header).role
    names = draft.columns
    chosen = draft.filters(header)
    where = " and ".join(
        f"cast({_quoted(header[place])} as varchar) = ?" for place, _value in chosen
    )
    wanted_values = [value for _place, value in chosen]
    table = f"(select * from read_parquet(?) where {where})" if where else table
    values_of = [*here, *wanted_values]
    rows = connection.execute(f"select count(*) from {table}", values_of).fetchone()[0]
    if where:
        every = connection.execute("select count(*) from read_parquet(?)", here).fetchone()[0]
        draft.left_out = every - rows
    draft.check_room(rows)
    quoted = [_quoted(name) for name in names]
    if kinds[names[0]].startswith("TIMESTAMP"):
        draft.dated = True
        if "NS" in kinds[names[0]]:
            quoted[0] = f"epoch_ns({quoted[0]})"
        else:
            quoted[0] = f"epoch_us({quoted[0]}) * 1000"
    elif kinds[names[0]] == "VARCHAR":
        quoted[0] = stamp_ns(quoted[0])
        draft.dated = True
    else:
        draft.dated = False
        if columns["t"][1] is None:
            draft.say(
                "seconds_assumed",
                N_("times in column {column} were read as seconds"),
                column=names[0],
            )
    kind = ["bigint" if draft.dated else "double", "double", "double"]  # whole nanoseconds
    wanted = [
        f"cast({q} as {k}) as c{i}" for i, (q, k) in enumerate(zip(quoted, kind, strict=True))
    ]
    if "session" in columns:
        name = _quoted(header[columns["session"][0]])
        wanted.append(f"coalesce(trim(cast({name} as varchar)), '') as session")
    found = connection.execute(f"select {', '.join(wanted)} from {table}", values_of).fetchnumpy()
    at = np.arange(1, rows + 1, dtype=np.int64)
    values = []
    for i, name in enumerate(names):
        column = np.ma.asarray(found[f"c{i}"])
        empty = np.flatnonzero(np.ma.getmaskarray(column))
        if empty.size:
            draft.refuse(at[empty[0]], name, "", _("is missing"))
        if i == 0 and draft.dated and rows:
            draft.epoch = np.datetime64(int(column.data[0]), "ns")
            column = (column - column.data[0]) * 1e-9
        values.append(np.asarray(column.data, dtype=np.float64))
    scale = columns["t"][1] if columns["t"][1] is not None else 1.0
    sessions = draft.session_numbers(found["session"]) if "session" in columns else None
    draft.add(at, scale * values[0], values[1], values[2], sessions)
    if "hash" in columns:
        if where:
            draft.say("hash_ids_filtered", N_("prefix blocks are not read when rows are chosen"))
        else:
            _parquet_blocks(connection, draft, header[columns["hash"][0]], kinds, rows)


def _parquet_blocks(
    connection: Any, draft: Draft, column: str, kinds: dict[str, str], rows: int
) -> None:
    if not re.fullmatch(r"U?(TINY|SMALL|BIG|)INT(EGER)?\[\]", kinds[column]):
        draft.refuse(1, column, kinds[column], _("is not a list of whole numbers"))
    quoted = _quoted(column)
    here = [str(draft.path)]
    sizes = connection.execute(
        f"select coalesce(len({quoted}), 0) as n from read_parquet(?)", here
    ).fetchnumpy()["n"]
    ids = connection.execute(
        f"select cast(unnest({quoted}) as bigint) as id from read_parquet(?)", here
    ).fetchnumpy()["id"]
    if np.ma.is_masked(ids) or int(np.sum(sizes)) != ids.size:
        draft.refuse(rows, column, "", _("has missing block numbers"))
    draft.block_sizes = np.asarray(sizes, dtype=np.int64)
    draft.block_ids = np.asarray(ids, dtype=np.int64)
