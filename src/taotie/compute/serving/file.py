"""How is a log simulated that is too long for memory? Some replicas at a time, straight from a Parquet file.

With round robin, replica `r` of `R` serves the rows whose number leaves `r` when divided by `R`. So a few replicas' rows
are read, simulated, summed up and forgotten, and the file is read again for the next ones. Memory depends on
the part, not on the file; the result is that of reading everything at once.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving import state as sr
from taotie.compute.serving.fleet import Load, limit_row, run_one
from taotie.compute.serving.output import copy_options, database, database_error
from taotie.compute.serving.result import NJ, PS
from taotie.compute.serving.service import LONGEST_DAYS, LONGEST_REQUEST, Serving
from taotie.compute.serving.setup import check_energy, inner_bins
from taotie.compute.serving.stream import StreamRun, Sums
from taotie.errors import RangeError, TraceError
from taotie.files.atomic import writing
from taotie.files.read import of_others
from taotie.words.language import _
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
)
from taotie.workload.trace_time import Extent, scale_of

__all__ = ["log_said", "mean_lengths", "simulate_parquet", "text_as_parquet"]

Array = NDArray[Any]


def simulate_parquet(
    path: str | os.PathLike[str],
    serving: Serving,
    *,
    part_requests: int = 2_000_000,
    rate_scale: float = 1.0,
    requests_out: str | os.PathLike[str] | None = None,
    reading: Reading | None = None,
) -> StreamRun:
    """Simulate a log in Parquet without holding it in memory.

    Parameters
    ----------
    path : path-like
        Columns as in `workload.trace.read_parquet`; rows in order of arrival.
    serving : Serving
        Round robin, always on, one pool, no prefix cache.
    part_requests : int, default 2,000,000
        Requests held at a time (at least one replica's), about 80 bytes each; the file is read once per part.
    rate_scale : float, default 1
        Requests come so many times as fast: the same in less time. [1]
    requests_out : path-like, optional
        Write one row per request there, replica by replica; the file appears when it is complete.
    reading : Reading, optional
        Layout, columns and unit of time, where the user named them.

    Returns
    -------
    StreamRun

    Raises
    ------
    TraceError
        If a row has no time or lengths below 1, or rows are not in order.
    RangeError
        If the fleet is of another kind.
    MissingExtraError
        If DuckDB is not installed.
    """
    limits = serving.replica.limits
    if (
        serving.routing != "round_robin"
        or serving.scaling is not None
        or serving.writing is not None
        or limits.prefix_blocks
        or limits.prefix_in_pages
    ):
        raise RangeError(
            _(
                "a log is simulated in parts only with round robin, one pool that is always on, and no prefix cache."
            ),
            _("set routing to round_robin, or simulate a shorter log in memory"),
        )
    place = Path(path)
    if not place.is_file():
        raise TraceError(_("there is no file {path}.").format(path=place))
    if not 0 < rate_scale < float("inf"):
        raise RangeError(_("rate_scale={value} is not above 0.").format(value=rate_scale))
    n_replica = serving.replicas
    bin_ps, together = inner_bins(serving.bin_s, n_replica, serving.replica)
    with ExitStack() as stack:
        base = stack.enter_context(database())
        # the file is read many times over; kept pieces of it would grow with it
        base.execute("set enable_external_file_cache = false")
        try:
            time, prompt, output, _said = _columns(base, place, reading)
            time = f"({time} / {rate_scale!r})" if rate_scale != 1.0 else time
            found = base.execute(
                f"select count(*), min({time}), max({time}), count({time}), "
                f"count_if({prompt} >= 1 and {output} >= 1 and {prompt} = floor({prompt}) "
                f"and {output} = floor({output})), greatest(max({prompt}), max({output})) "
                "from read_parquet(?)",
                [str(place)],
            ).fetchone()
        except database_error() as error:
            raise TraceError(
                _("{path} cannot be read as Parquet: {why}").format(
                    path=place, why=str(error).splitlines()[0]
                )
            ) from error
        n, first, last, timed, whole, longest = found
        if n == 0 or timed < n or whole < n:
            raise TraceError(
                _(
                    "{path}: {bad} of {n} rows have no time, or lengths that are no whole numbers from 1 on."
                ).format(path=place, bad=n - min(timed, whole), n=n),
                _("leave them out first, or read a shorter part in memory"),
            )
        if longest > LONGEST_REQUEST or not last - first <= LONGEST_DAYS * 86_400:
            raise RangeError(
                _(
                    "{path}: {d:.1f} days, requests up to {t} tokens; at most {days} days and {most} tokens."
                ).format(
                    path=place,
                    d=(last - first) / 86_400,
                    t=longest,
                    days=LONGEST_DAYS,
                    most=LONGEST_REQUEST,
                )
            )
        check_energy(serving.replica, last - first)
        span_ps = round((last - first) * PS)
        n_bin = span_ps // bin_ps + 2
        sums, states = Sums(n_bin), np.zeros((n_replica, sr.N_STATE), np.int64)
        served = 0
        aside: Path | None = None
        store: Any = None
        if requests_out is not None:
            aside = stack.enter_context(writing(requests_out))
            folder = stack.enter_context(TemporaryDirectory(dir=aside.parent, prefix=".requests-"))
            store = stack.enter_context(database(f"{folder}/parts.duckdb"))
        group = max(1, n_replica * part_requests // n)
        for low in range(0, n_replica, group):
            got = base.execute(
                f"select file_row_number::{'integer' if n < 1 << 31 else 'bigint'} as row, "
                f"{time} - ? as t, {prompt}::integer as p, {output}::integer as o "
                "from read_parquet(?, file_row_number = true) "
                "where file_row_number % ? between ? and ?",
                [first, str(place), n_replica, low, low + group - 1],
            ).fetchnumpy()
            number = np.asarray(got.pop("row"))
            seconds = np.asarray(got.pop("t"), np.float64)
            np.rint(np.multiply(seconds, PS, out=seconds), out=seconds)  # in place: it is long
            arrival = seconds.astype(np.int64)
            del seconds
            prompts, outputs = np.asarray(got.pop("p")), np.asarray(got.pop("o"))
            if (np.diff(number) < 0).any():
                order = np.argsort(number)
                number, arrival = number[order], arrival[order]
                prompts, outputs = prompts[order], outputs[order]
            for r in range(low, min(low + group, n_replica)):
                mine = number % n_replica == r
                load = Load(
                    arrival[mine],
                    prompts[mine].astype(np.int32),
                    outputs[mine].astype(np.int32),
                )
                if (np.diff(load.arrival) < 0).any():
                    raise TraceError(
                        _("{path}: rows are not in order of arrival.").format(path=place),
                        _("sort the file by time first: it is too long to be sorted in memory"),
                    )
                length = load.prompt.astype(np.int64) + load.output
                fits = -(-length // limits.page_tokens) <= limits.kv_pages
                load = load.part(np.flatnonzero(fits))
                row = limit_row(serving.replica.costs, limits, bin_ps, load)
                state, result, bins = run_one(load, serving.replica.costs, row, n_bin)
                sums.add(load, result, bins)
                states[r] = state
                served += len(load.arrival)
                if store is not None:
                    _store(store, number[mine][fits].astype(np.int64), r, load, result)
            del number, arrival, prompts, outputs  # before the next part is fetched
        if store is not None and aside is not None:
            target = str(aside).replace("'", "''")
            options = copy_options(requests_out or "")
            store.execute(f"copy requests to '{target}' ({options})")
    return sums.run(serving.replica, states, bin_ps, served, span_ps, n - served, together)


@of_others(TraceError)
def mean_lengths(
    path: str | os.PathLike[str], reading: Reading | None = None
) -> tuple[float, float]:
    """Mean prompt and output length of a log in Parquet, without holding it in memory. [token]

    Raises
    ------
    TraceError
        If the file is absent, empty or not such a log.
    MissingExtraError
        If DuckDB is not installed.
    """
    place = Path(path)
    if not place.is_file():
        raise TraceError(_("there is no file {path}.").format(path=place))
    with database() as base:
        try:
            _time, prompt, output, _said = _columns(base, place, reading)
            found = base.execute(
                f"select avg({prompt}), avg({output}) from read_parquet(?)", [str(place)]
            ).fetchone()
        except database_error() as error:
            raise TraceError(
                _("{path} cannot be read as Parquet: {why}").format(
                    path=place, why=str(error).splitlines()[0]
                )
            ) from error
    if found[0] is None or found[1] is None:
        raise TraceError(_("{path} holds no requests.").format(path=place))
    return float(found[0]), float(found[1])


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
                _("{path} cannot be read as CSV: {why}").format(
                    path=place, why=str(error).splitlines()[0]
                ),
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


def _columns(base: Any, place: Path, reading: Reading | None = None) -> _Log:
    """Columns of a log in Parquet, its unit of time found as the reader in memory finds it."""
    draft = Draft(place, reading or Reading())
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
    told = [columns.said()] if reading is not None else []
    return _Log(time, sides[0], sides[1], tuple(told + said))


def log_said(path: str | os.PathLike[str], reading: Reading) -> list[Said]:
    """How a log in Parquet is read, as its reader in memory says it; refuses what that refuses at once.

    Raises
    ------
    TraceError
        If a row has no time, or lengths that are no whole numbers.
    """
    place = Path(path)
    with database() as base:
        try:
            log = _columns(base, place, reading)
            p, o = log.prompt, log.output
            n, fine = base.execute(
                f"select count(*), count_if(isfinite({log.time}) and {p} = floor({p}) and {o} = floor({o}) "
                f"and least({p}, {o}) >= 0 and greatest({p}, {o}) <= {MAX_TOKENS}) from read_parquet(?)",
                [str(place)],
            ).fetchone()
        except database_error() as error:
            raise _unread(place, error) from error
    if fine < n:
        raise TraceError(
            _(
                "{path}: {bad} of {n} rows have no time, or lengths that are no whole numbers."
            ).format(path=place, bad=n - fine, n=n),
            _("without --stream the line is named"),
        )
    return list(log.said)


def _unread(place: Path, error: Exception) -> TraceError:
    return TraceError(
        _("{path} cannot be read as Parquet: {why}").format(
            path=place, why=str(error).splitlines()[0]
        )
    )


def _store(store: Any, number: Array, r: int, load: Load, result: Array) -> None:
    """Put one replica's requests aside; energy without waiting and hosts."""
    later = np.maximum(load.output.astype(np.int64) - 1, 1)
    ttft, finish = result[:, sr.TTFT], result[:, sr.FINISH]
    rows = {
        "request": number,
        "replica": np.full(len(number), r, np.int32),
        "arrival_s": load.arrival / PS,
        "prompt_tokens": load.prompt,
        "output_tokens": load.output,
        "ttft_s": ttft / PS,
        "tpot_s": (finish - load.arrival - ttft) / later / PS,
        "finish_s": finish / PS,
        "own_j": result[:, sr.OWN] / NJ,
        "shared_j": result[:, sr.SHARED] / NJ,
    }
    store.register("part", rows)
    store.execute("create table if not exists requests as select * from part limit 0")
    store.execute("insert into requests select * from part")
    store.unregister("part")
