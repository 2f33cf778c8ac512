"""How is a log read that is too long for memory? In parts, in order, straight from a Parquet file.

Its columns, their units and what is refused are those of the reader in memory (`workload.trace`); a text is first written
as Parquet. A row that the reader in memory would sort is refused: that needs the whole log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving.output import database, database_error
from taotie.compute.serving.source import Part, Source
from taotie.errors import TraceError
from taotie.files.columns import PART
from taotie.files.read import of_others
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.words.said import Said
from taotie.workload.trace_cells import is_number
from taotie.workload.trace_csv import delimiter_of
from taotie.workload.trace_layout import AUTO
from taotie.workload.trace_parquet import leaves, stamp_ns
from taotie.workload.trace_rows import (
    MAX_TOKENS,
    Draft,
    Reading,
    not_utf8,
    open_text,
    regular_file,
    rows_twice,
    running_totals,
    weight,
)
from taotie.workload.trace_time import Extent, scale_of

__all__ = ["parquet_source", "rows_of", "text_as_parquet"]

Array = NDArray[Any]


@of_others(TraceError)
def parquet_source(
    path: str | os.PathLike[str],
    reading: Reading | None = None,
    said: Sequence[Said] = (),
    left_out: int = 0,
) -> Source:
    """A log in Parquet as requests in parts.

    Parameters
    ----------
    path : path-like
        Columns as in `workload.trace.read_parquet`; rows in order of arrival.
    reading : Reading, optional
        Layout, columns and unit of time, where the user named them.
    said : sequence of Said
        How the log was read before it was written as this file, in place of what would be said of its columns.
    left_out : int
        Requests without prompt or answer that were left out then.

    Raises
    ------
    TraceError
        If the file is absent or not such a log, or a row has no time, or lengths that are no whole numbers; when its
        parts are read, if rows are not in order, or are running totals.
    MissingExtraError
        If DuckDB is not installed.
    """
    place = Path(path)
    with _opened(place) as base:
        log = _columns(base, place, reading or Reading())
        p, o = log.prompt, log.output
        n, fine, kept = base.execute(
            f"select count(*), count_if(isfinite({log.time}) and {p} = floor({p}) and {o} = floor({o}) "
            f"and least({p}, {o}) >= 0 and greatest({p}, {o}) <= {MAX_TOKENS}), "
            f"count_if({p} > 0 and {o} > 0) from read_parquet(?)",
            [str(place)],
        ).fetchone()
        if fine < n:
            raise TraceError(
                _(
                    "{path}: {bad} of {n} rows have no time, or lengths that are no whole numbers."
                ).format(path=place, bad=n - fine, n=n),
                _("without --stream the line is named"),
            )
        if n == 0:
            raise TraceError(_("{path} holds no request.").format(path=place))
        if kept == 0:
            raise TraceError(_("{path}: every request in it is empty.").format(path=place))
        first, last = base.execute(
            f"select min({log.time}), max({log.time}) from read_parquet(?) where {p} > 0 and {o} > 0",
            [str(place)],
        ).fetchone()
    told = list(said[1:] if said else log.said[1:])
    if kept < n or left_out:
        told.append(
            Said(
                "empty_requests",
                N_("{n} requests without prompt or answer left out"),
                {"n": n - kept + left_out},
            )
        )
    look = _Look(place, log, kept)

    def sums(most: float) -> tuple[int, int, int]:
        with _opened(place) as base:
            found = base.execute(
                f"select count(*), sum(({p})::hugeint), sum(({o})::hugeint) from read_parquet(?) "
                f"where {p} > 0 and {o} > 0 and ({p})::double + ({o})::double <= ?",
                [str(place), most],
            ).fetchone()
        return int(found[0]), int(found[1] or 0), int(found[2] or 0)

    return Source(
        kept,
        last - first,
        lambda: _parts(place, log, n, first, look),
        lambda: sorted([*told, *look.said()], key=weight),
        place.name,
        place.name,
        said[0] if said else log.said[0],
        sums,
    )


@of_others(TraceError)
def rows_of(path: str | os.PathLike[str]) -> int:
    """Rows of a Parquet file, as it says itself.

    Raises
    ------
    TraceError
        If the file is absent or not Parquet.
    MissingExtraError
        If DuckDB is not installed.
    """
    place = Path(path)
    with _opened(place) as base:
        return int(base.execute("select count(*) from read_parquet(?)", [str(place)]).fetchone()[0])


class _Look:
    """What the reader in memory looks for from row to row, while parts go by."""

    def __init__(self, place: Path, log: _Log, kept: int) -> None:
        self.place, self.log, self.kept = place, log, kept
        self.begin()

    def begin(self) -> None:
        """Forget what was seen."""
        self.twice = self.rows = 0
        self.rising = not self.log.asked
        self.ends: list[list[float]] = []
        self.before: tuple[Array, ...] = ()
        self.kept_before: tuple[Array, ...] = ()

    def see(self, part: tuple[Array, ...], some: tuple[Array, ...]) -> None:
        """Look at a part behind the ones before: all its rows, and those that are requests."""
        self.rows += len(part[0])
        t, *sides = _behind(self.before, part)
        self.ends = self.ends or [[float(side[0]), 0.0] for side in sides]
        for end, side in zip(self.ends, sides, strict=True):
            end[1] = float(side[-1])
        self.rising = self.rising and bool((t[1:] >= t[:-1]).all())
        self.rising = self.rising and all(bool((side[1:] > side[:-1]).all()) for side in sides)
        self.before = tuple(one[-1:] for one in (t, *sides))
        if not len(some[0]):
            return
        rows = _behind(self.kept_before, some)
        if (rows[0][1:] < rows[0][:-1]).any():
            raise TraceError(
                _("{path}: rows are not in order of arrival.").format(path=self.place),
                _("sort the file by time first: it is too long to be sorted in memory"),
            )
        self.twice += int(np.logical_and.reduce([one[1:] == one[:-1] for one in rows]).sum())
        self.kept_before = tuple(one[-1:] for one in rows)

    def end(self) -> None:
        """Refuse running totals."""
        sums = all(high >= self.rows / 3 * (low or 1.0) for low, high in self.ends)
        if self.rows >= 10 and self.rising and sums:
            raise running_totals(self.place, self.log.name, *self.ends[0])

    def said(self) -> list[Said]:
        """What is to be said of rows that come twice."""
        return rows_twice(self.twice, self.kept)


def _behind(before: tuple[Array, ...], part: tuple[Array, ...]) -> tuple[Array, ...]:
    """Columns with the last row of the part before in front."""
    if not before:
        return part
    return tuple(np.concatenate(pair) for pair in zip(before, part, strict=True))


def _parts(place: Path, log: _Log, n: int, first: float, look: _Look) -> Iterator[Part]:
    """Rows of a file in parts: arrivals after the first [s], prompts and answers [token]."""
    look.begin()
    with _opened(place) as base:
        # the file is read more than once; kept pieces of it would grow with it
        base.execute("set enable_external_file_cache = false")
        base.execute("set preserve_insertion_order = true")
        for low in range(0, n, PART):
            got = base.execute(
                f"select {log.time} as t, ({log.prompt})::bigint as p, ({log.output})::bigint as o "
                "from read_parquet(?, file_row_number = true) "
                "where file_row_number >= ? and file_row_number < ?",
                [str(place), low, low + PART],
            ).fetchnumpy()
            part = (
                np.asarray(got["t"], np.float64),
                np.asarray(got["p"], np.int64),
                np.asarray(got["o"], np.int64),
            )
            some = (part[1] > 0) & (part[2] > 0)
            rows = part if some.all() else tuple(one[some] for one in part)
            look.see(part, rows)
            if len(rows[0]):
                yield rows[0] - first, rows[1], rows[2]
    look.end()


@contextmanager
def _opened(place: Path) -> Iterator[Any]:
    """A connection for one file; what it says of the file, in a sentence.

    Raises
    ------
    TraceError
        If the file is absent, or DuckDB cannot read it.
    """
    if not place.is_file():
        raise TraceError(_("there is no file {path}.").format(path=place))
    with database() as base:
        try:
            yield base
        except database_error() as error:
            raise TraceError(
                _("{path} cannot be read as Parquet: {why}").format(path=place, why=reason(error))
            ) from error


@of_others(TraceError)
def text_as_parquet(
    path: str | os.PathLike[str], folder: str | os.PathLike[str], reading: Reading | None = None
) -> tuple[Path, int, list[Said]]:
    """Write a log in CSV as Parquet, without holding it in memory.

    Parameters
    ----------
    path : path-like
        Columns as in `workload.trace.read_csv`; rows in order of arrival.
    folder : path-like
        Where the Parquet file goes.
    reading : Reading, optional
        Layout, columns and unit of time, where the user named them.

    Returns
    -------
    path : Path
        With columns `t_s`, `prompt_tokens`, `output_tokens`.
    left_out : int
        Requests that read or wrote nothing.
    said : list of Said
        How the log was read.

    Raises
    ------
    TraceError
        If the file is not such a log; names a row that is not.
    MissingExtraError
        If DuckDB is not installed.
    """
    place = regular_file(Path(path), max_bytes=None)
    raw, target = Path(folder) / "raw.parquet", Path(folder) / "requests.parquet"
    with open_text(place) as stream:
        try:
            begin = next((line for line in stream if line.strip() and line[0] != "#"), "")
        except UnicodeDecodeError as error:
            not_utf8(place, error)
    delimiter = delimiter_of(begin, place).replace("\t", "\\t")
    table = f"read_csv(?, all_varchar = true, header = true, delim = e'{delimiter}', quote = '\"')"
    with database() as base:
        base.execute("set preserve_insertion_order = true")
        try:
            described = base.execute(f"describe select * from {table}", [str(place)]).fetchall()
            header = [str(row[0]) for row in described]
            sample = base.execute(f"select * from {table} limit 200", [str(place)]).fetchall()
            if not sample:
                raise TraceError(_("{path} holds no request.").format(path=place))
            draft = Draft(place, reading or Reading())
            columns = draft.recognise(header, sample)
            name = columns.name("t")
            t, prompt, output = (_quoted(columns.name(k)) for k in ("t", "prompt", "output"))
            for role in columns.added:
                raise TraceError(
                    _(
                        "{path}: tokens of several columns make the {role}; --stream does not add them."
                    ).format(path=place, role=role),
                    _("leave out --stream, or convert the log to Parquet"),
                )
            dated = not is_number(sample[0][columns.role["t"][0]])
            # dates stay texts until the Parquet file is read; numbers keep the name that may tell their unit
            time = t if dated else f"{t}::double"
            goal = str(raw).replace("'", "''")
            base.execute(
                f"copy (select {time} as {_quoted(name)}, {prompt}::double as prompt_tokens, "
                f"{output}::double as output_tokens from {table}) to '{goal}' (format parquet)",
                [str(place)],
            )
            again = (reading or Reading())._replace(
                layout=AUTO,
                columns=(("t", name), ("prompt", "prompt_tokens"), ("output", "output_tokens")),
            )
            named = _columns(base, raw, again)
            clock = columns.clock(again.time_unit)
            time, said = named.time, []
            if not dated:
                n, low, high, whole, coarse = base.execute(
                    f"select count(*), min({t}), max({t}), bool_and({t} = floor({t})), bool_and({t} % 100 = 0) from read_parquet(?)",
                    [str(raw)],
                ).fetchone()
                scale = scale_of(Extent(n, low, high, bool(whole), bool(coarse)), clock, place)
                time = f"(({t} - {scale.zero!r}::double) * {scale.step_s!r}::double)"
                said = list(scale.said)
            rows, fine = base.execute(
                f"select count(*), count_if(isfinite({time}) and prompt_tokens = floor(prompt_tokens) and "
                "output_tokens = floor(output_tokens) and least(prompt_tokens, output_tokens) >= 0 and "
                f"greatest(prompt_tokens, output_tokens) <= {MAX_TOKENS}) from read_parquet(?)",
                [str(raw)],
            ).fetchone()
            if fine < rows:
                raise TraceError(
                    _(
                        "{path}: {bad} of {n} rows have no time, or lengths that are no whole numbers."
                    ).format(path=place, bad=rows - fine, n=rows),
                    _("without --stream the line is named"),
                )
            goal = str(target).replace("'", "''")
            base.execute(
                f"copy (select {time} as t_s, prompt_tokens::bigint as prompt_tokens, "
                f"output_tokens::bigint as output_tokens from read_parquet(?) "
                f"where prompt_tokens > 0 and output_tokens > 0) to '{goal}' (format parquet)",
                [str(raw)],
            )
            kept = base.execute("select count(*) from read_parquet(?)", [str(target)]).fetchone()[0]
        except database_error() as error:
            raise TraceError(
                _("{path} cannot be read as CSV: {why}").format(path=place, why=reason(error)),
                _("without --stream the line is named"),
            ) from error
    raw.unlink()
    if kept == 0:
        raise TraceError(_("{path}: every request in it is empty.").format(path=place))
    return target, int(rows - kept), [columns.said(), *draft.said, *said]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Log(NamedTuple):
    """Expressions for time after some zero [s], prompt and output lengths [token], and what is to be said."""

    time: str
    prompt: str
    output: str
    said: tuple[Said, ...]
    """The layout first."""
    name: str
    """Of the column of times."""
    asked: bool
    """Whether somebody named the columns."""


def _columns(base: Any, place: Path, reading: Reading) -> _Log:
    """Columns of a log in Parquet, its unit of time found as the reader in memory finds it."""
    draft = Draft(place, reading)
    found = leaves(base, str(place))
    sample = base.execute(
        f"select {', '.join(one[1] for one in found)} from read_parquet(?) limit 200", [str(place)]
    ).fetchall()
    columns = draft.recognise([one[0] for one in found], sample)
    _name, t, kind = found[columns.role["t"][0]]
    sides = []
    for role in ("prompt", "output"):
        side = found[columns.role[role][0]][1]
        for beside in columns.added.get(role, ()):
            side = f"({side} + coalesce({found[beside][1]}, 0))"
        sides.append(side)
    said = [*draft.said]
    first = base.execute(f"select {t} from read_parquet(?) limit 1", [str(place)]).fetchone()
    number = kind == "VARCHAR" and first is not None and is_number(first[0])
    if kind.startswith(("TIMESTAMP", "DATE")) or (kind == "VARCHAR" and not number):
        # from a first one on: a double holds a second of our century only to a quarter of a microsecond
        stamp = stamp_ns(t) if kind == "VARCHAR" else f"epoch_us({t}::timestamp) * 1000"
        stamp = f"epoch_ns({t})" if "NS" in kind else stamp
        zero = base.execute(f"select min({stamp}) from read_parquet(?)", [str(place)]).fetchone()[0]
        time = f"(({stamp} - {zero or 0}) * 1e-9)"
    else:
        n, low, high, whole, coarse = base.execute(
            f"select count(t), min(t), max(t), bool_and(t = floor(t)), bool_and(t % 100 = 0) "
            f"from (select {t}::double as t from read_parquet(?))",
            [str(place)],
        ).fetchone()
        if not n:
            time = f"{t}::double"
        else:
            if low < 0:
                draft.refuse(1, columns.name("t"), low, _("is negative"))
            extent = Extent(n, low, high, bool(whole), bool(coarse))
            scale = scale_of(extent, columns.clock(draft.reading.time_unit), place)
            said += scale.said
            time = f"(({t}::double - {scale.zero!r}::double) * {scale.step_s!r}::double)"
    return _Log(time, sides[0], sides[1], (columns.said(), *said), columns.name("t"), columns.asked)
