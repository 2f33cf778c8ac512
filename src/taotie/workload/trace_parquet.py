"""How is a request log in Parquet read? With DuckDB, columns as in CSV (times [s], lengths [token])."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from taotie.errors import MissingExtraError, TraceError
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.workload.requests import Requests
from taotie.workload.trace_cells import is_number
from taotie.workload.trace_layout import AUTO
from taotie.workload.trace_rows import (
    MAX_REQUESTS,
    MAX_TOKENS,
    Draft,
    Reading,
    ZeroLength,
    regular_file,
)
from taotie.workload.trace_served import LABELS, MOMENTS
from taotie.workload.trace_time import names_a_zone

__all__ = ["leaves", "parquet_draft", "read_parquet", "stamp_ns"]


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
    columns: Mapping[str, str] | None = None,
    time_unit: str = "",
) -> Requests:
    """Read a Parquet log with DuckDB; parameters as in `read_trace`, columns as in `read_csv`.

    A column `hash_ids` of integer lists becomes `Requests.hash_ids`.

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
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
    return parquet_draft(Path(path), reading).requests(name, source)


def parquet_draft(path: Path, reading: Reading) -> Draft:
    """The rows of a Parquet log, checked.

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
    """
    place = regular_file(path, max_bytes=None)
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
    draft = Draft(place, reading)
    with duckdb.connect(
        config={"autoinstall_known_extensions": "false", "threads": "2"}
    ) as connection:
        connection.execute("set enable_progress_bar = false")
        try:
            _parquet_rows(connection, draft)
        except duckdb.Error as error:
            raise TraceError(
                _("{path} cannot be read as Parquet: {why}").format(path=place, why=reason(error)),
                _("was it fetched completely?"),
            ) from error
    return draft


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


class _Table(NamedTuple):
    """A Parquet file as the engine sees it, some of its rows chosen."""

    connection: Any
    path: str
    where: str
    values: tuple[str, ...]

    def run(self, what: str) -> Any:
        """The answer to `select what` from the rows."""
        condition = f" where {self.where}" if self.where else ""
        return self.connection.execute(
            f"select {what} from read_parquet(?){condition}", [self.path, *self.values]
        )

    def column(self, expression: str) -> Any:
        """One column; each is fetched alone, so that no more than one is held twice."""
        return np.ma.asarray(self.run(f"{expression} as c").fetchnumpy()["c"])


def leaves(connection: Any, path: str) -> list[tuple[str, str, str]]:
    """Name, expression and type of each column, of those inside structures by path."""
    found: list[tuple[str, str, str]] = []

    def walk(name: str, expression: str, kind: Any) -> None:
        if kind.id == "struct":
            for inner, inner_kind in kind.children:
                walk(f"{name}.{inner}", f"{expression}.{_quoted(inner)}", inner_kind)
        elif str(kind) == "TIMESTAMP WITH TIME ZONE":  # in UTC, as all dates are counted here
            found.append((name, f"({expression} at time zone 'UTC')", "TIMESTAMP"))
        else:
            found.append((name, expression, str(kind)))

    described = connection.execute("select * from read_parquet(?) limit 0", [path]).description
    for one in described:
        walk(str(one[0]), _quoted(str(one[0])), one[1])
    return found


def _parquet_rows(connection: Any, draft: Draft) -> None:
    here = str(draft.path)
    found = leaves(connection, here)
    header = [name for name, _expression, _kind in found]
    expressions = [expression for _name, expression, _kind in found]
    sample = connection.execute(
        f"select {', '.join(expressions)} from read_parquet(?) limit 200", [here]
    ).fetchall()
    columns = draft.recognise(header, sample)
    chosen = draft.filters(header)
    table = _Table(
        connection,
        here,
        " and ".join(f"cast({expressions[place]} as varchar) = ?" for place, _value in chosen),
        tuple(value for _place, value in chosen),
    )
    rows = table.run("count(*)").fetchone()[0]
    if chosen:
        every = connection.execute("select count(*) from read_parquet(?)", [here]).fetchone()[0]
        draft.left_out = every - rows
    draft.check_room(rows)
    place = {role: at for role, (at, _unit) in columns.role.items()}
    kind = {role: found[at][2] for role, at in place.items()}
    t = _times(table, expressions[place["t"]], kind["t"], draft, rows)
    sides = []
    for role in ("prompt", "output"):
        expression = _counted(expressions[place[role]], kind[role])
        for beside in columns.added.get(role, ()):
            expression += f" + coalesce({_counted(expressions[beside], found[beside][2])}, 0)"
        sides.append(table.column(expression))
    sessions = None
    if "session" in place:
        names = table.run(
            f"coalesce(trim(cast({expressions[place['session']]} as varchar)), '') as session"
        ).fetchnumpy()["session"]
        sessions = draft.session_numbers(names)
    waits = None
    if "delay" in place and np.ma.is_masked(t):
        given = table.column(f"cast({expressions[place['delay']]} as double)")
        waits = np.where(np.ma.getmaskarray(t), given.filled(np.nan), np.nan)
        t = np.where(np.isfinite(waits), np.nan, t.filled(np.nan))
    _keep(draft, t, sides, sessions, waits)
    if draft.served is not None:
        _served(table, found, draft)
    if "hash" in columns.role:
        if chosen:
            draft.say("hash_ids_filtered", N_("prefix blocks are not read when rows are chosen"))
        else:
            name, expression, listed = found[place["hash"]]
            _parquet_blocks(connection, draft, name, expression, listed, rows)


def _served(table: _Table, found: list[tuple[str, str, str]], draft: Draft) -> None:
    """Keep when and for whom requests were served: whole columns, as numbers, ns of dates, or numbers of labels."""
    served = draft.served
    if served is None:
        return
    for role, part in served.parts.items():
        _name, expression, kind = found[part.place]
        if role in LABELS:
            texts = table.run(
                f"coalesce(trim(cast({expression} as varchar)), '') as c"
            ).fetchnumpy()
            served.put(role, served.label_codes(role, texts["c"].tolist()))
            continue
        dates = kind.startswith(("TIMESTAMP", "DATE"))
        if role in MOMENTS and (dates or kind == "VARCHAR"):
            if dates:
                stamps = (
                    f"epoch_ns({expression})" if "NS" in kind else f"epoch_us({expression}) * 1000"
                )
            else:
                stamps = stamp_ns(expression)
            served.dated[role] = True
            values = table.column(f"cast({stamps} as bigint)")
            served.put(role, values.filled(np.iinfo(np.int64).min))
        elif role == "gaps":
            served.put(role, table.column(f"list_sum({expression})").astype(float).filled(np.nan))
        else:
            served.put(
                role, table.column(f"cast({expression} as double)").astype(float).filled(np.nan)
            )


def _counted(expression: str, kind: str) -> str:
    """Token counts as they stand, if they are whole numbers of the machine; else as double."""
    whole = re.fullmatch(r"(TINY|SMALL|BIG|)INT(EGER)?|U(TINY|SMALL|)INT(EGER)?", kind)
    return expression if whole else f"cast({expression} as double)"


def _times(table: _Table, expression: str, kind: str, draft: Draft, rows: int) -> Any:
    """Times as numbers of the file, or seconds after the first date."""
    if kind.startswith(("TIMESTAMP", "DATE")):
        draft.dated = True
        draft.zoned = "at time zone" in expression
        if kind == "DATE":
            expression = f"cast({expression} as timestamp)"
        stamps = f"epoch_ns({expression})" if "NS" in kind else f"epoch_us({expression}) * 1000"
    elif kind == "VARCHAR":
        first = table.run(expression).fetchone()
        if first is None or not is_number(first[0]):
            draft.dated = True
            draft.zoned = first is not None and names_a_zone(str(first[0]))
        stamps = stamp_ns(expression)
    else:
        draft.dated = False
    if not draft.dated:
        draft.dated = False
        return table.column(f"cast({expression} as double)")
    values = table.column(f"cast({stamps} as bigint)")  # whole nanoseconds
    some = np.flatnonzero(~np.ma.getmaskarray(values)) if np.ma.is_masked(values) else [0]
    if not rows or not len(some):
        return np.ma.asarray(np.zeros(rows), dtype=np.float64)
    zero = int(values.data[some[0]])
    draft.epoch = np.datetime64(zero, "ns")
    after = (values.data - zero) * 1e-9
    return (
        np.ma.array(after, mask=np.ma.getmaskarray(values))
        if np.ma.is_masked(values)
        else np.ma.asarray(after)
    )


def _keep(draft: Draft, t: Any, sides: list[Any], sessions: Any, waits: Any) -> None:
    """Keep all rows if they are good, which a few passes over whole columns tell; else find the first that is not."""
    good = waits is None and t.size > 0
    for values in (t, *sides):
        if np.ma.is_masked(values):
            good = False
    if good:
        times, prompt, output = (np.asarray(values.data) for values in (t, *sides))
        good = bool(np.isfinite(times.min()) and np.isfinite(times.max()))
        good = good and (bool(draft.dated) or float(times.min()) >= 0)
        for values in (prompt, output):
            good = good and float(values.min()) >= 0 and float(values.max()) <= MAX_TOKENS
            if good and values.dtype.kind == "f":
                good = bool((values == np.floor(values)).all())
        if good:
            draft.keep(
                np.asarray(times, np.float64),
                np.asarray(prompt, np.int64),
                np.asarray(output, np.int64),
                sessions,
            )
            return
    at = np.arange(1, t.size + 1, dtype=np.int64)
    full = []
    for name, values in zip(draft.columns, (t, *sides), strict=True):
        empty = np.flatnonzero(np.ma.getmaskarray(values))
        if empty.size:
            draft.refuse(int(at[empty[0]]), name, "", _("is missing"))
        full.append(np.asarray(np.ma.getdata(values), dtype=np.float64))
    draft.add(at, full[0], full[1], full[2], sessions, waits)


def _parquet_blocks(
    connection: Any, draft: Draft, column: str, quoted: str, kind: str, rows: int
) -> None:
    if not re.fullmatch(r"U?(TINY|SMALL|BIG|)INT(EGER)?\[\]", kind):
        draft.refuse(1, column, kind, _("is not a list of whole numbers"))
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
