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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving import state as sr
from taotie.compute.serving.fleet import Load, limit_row, run_one
from taotie.compute.serving.output import database, database_error
from taotie.compute.serving.result import NJ, PS
from taotie.compute.serving.service import LONGEST_DAYS, LONGEST_REQUEST, Serving
from taotie.compute.serving.setup import check_energy, inner_bins
from taotie.compute.serving.stream import StreamRun, Sums
from taotie.errors import RangeError, TraceError
from taotie.files.atomic import writing
from taotie.words.language import _
from taotie.workload.trace_layout import AUTO, columns_of
from taotie.workload.trace_parquet import stamp_ns
from taotie.workload.trace_rows import regular_file

__all__ = ["mean_lengths", "simulate_parquet", "text_as_parquet"]

Array = NDArray[Any]


def simulate_parquet(
    path: str | os.PathLike[str],
    serving: Serving,
    *,
    part_requests: int = 2_000_000,
    rate_scale: float = 1.0,
    requests_out: str | os.PathLike[str] | None = None,
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
            time, prompt, output = _columns(base, place)
            time = f"({time} / {rate_scale!r})" if rate_scale != 1.0 else time
            found = base.execute(
                f"select count(*), min({time}), max({time}), count({time}), "
                f"count_if({prompt} >= 1 and {output} >= 1), greatest(max({prompt}), max({output})) "
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
                _("{path}: {bad} of {n} rows have no time, or lengths below 1.").format(
                    path=place, bad=n - min(timed, whole), n=n
                ),
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
            store.execute(f"copy requests to '{target}' (format parquet, compression zstd)")
    return sums.run(serving.replica, states, bin_ps, served, span_ps, n - served, together)


def mean_lengths(path: str | os.PathLike[str]) -> tuple[float, float]:
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
            _time, prompt, output = _columns(base, place)
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


def text_as_parquet(
    path: str | os.PathLike[str], folder: str | os.PathLike[str], *, layout: str = AUTO
) -> tuple[Path, int]:
    """Write a log in CSV as Parquet, without holding it in memory.

    Parameters
    ----------
    path : path-like
        Columns as in `workload.trace.read_csv`; rows in order of arrival.
    folder : path-like
        Where the Parquet file goes.
    layout : str, default "auto"
        Layout the log must have.

    Returns
    -------
    path : Path
        With columns `t_s`, `prompt_tokens`, `output_tokens`.
    left_out : int
        Requests that read or wrote nothing.

    Raises
    ------
    TraceError
        If the file is not such a log; names a row that is not.
    MissingExtraError
        If DuckDB is not installed.
    """
    place = regular_file(Path(path), max_bytes=None)
    target = Path(folder) / "requests.parquet"
    table = "read_csv(?, all_varchar = true, header = true, delim = ',', quote = '\"')"
    with database() as base:
        base.execute("set preserve_insertion_order = true")
        try:
            described = base.execute(f"describe select * from {table}", [str(place)]).fetchall()
            header = [str(row[0]) for row in described]
            columns = columns_of(header, place, layout).role
            t, prompt, output = (_quoted(header[columns[k][0]]) for k in ("t", "prompt", "output"))
            unit = columns["t"][1] or 1.0
            first = base.execute(f"select {t} from {table} limit 1", [str(place)]).fetchone()
            if first is None:
                raise TraceError(_("{path} holds no request.").format(path=place))
            dated = unit == 1.0 and not _is_number(str(first[0]))
            time = f"{t}::double * {unit!r}"
            if dated:
                # from the first one on: a double holds a second of our century only to a quarter of a microsecond
                zero = f"(select {stamp_ns(t)} from {table} limit 1)"
                time = f"({stamp_ns(t)} - {zero}) * 1e-9"
            goal = str(target).replace("'", "''")
            given = [str(place)] * (2 if dated else 1)
            base.execute(
                f"copy (select {time} as t_s, {prompt}::bigint as prompt_tokens, "
                f"{output}::bigint as output_tokens from {table} "
                f"where not ({prompt}::bigint = 0 or {output}::bigint = 0)) "
                f"to '{goal}' (format parquet)",
                given,
            )
            rows = base.execute(f"select count(*) from {table}", [str(place)]).fetchone()[0]
            kept = base.execute("select count(*) from read_parquet(?)", [str(target)]).fetchone()[0]
        except database_error() as error:
            raise TraceError(
                _("{path} cannot be read as CSV: {why}").format(
                    path=place, why=str(error).splitlines()[0]
                ),
                _("without --stream the line is named"),
            ) from error
    if kept == 0:
        raise TraceError(_("{path}: every request in it is empty.").format(path=place))
    return target, int(rows - kept)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _columns(base: Any, place: Path) -> tuple[str, str, str]:
    """Expressions for time [s], prompt and output lengths [token]."""
    described = base.execute("describe select * from read_parquet(?)", [str(place)]).fetchall()
    header = [str(row[0]) for row in described]
    columns = columns_of(header, place).role
    names = [_quoted(header[columns[k][0]]) for k in ("t", "prompt", "output")]
    kind = str(described[columns["t"][0]][1])
    if kind == "VARCHAR":
        time = f"({stamp_ns(names[0])} * 1e-9)"
    elif kind.startswith("TIMESTAMP"):
        time = f"(epoch_us({names[0]}) * 1e-6)"
    else:
        time = f"({names[0]}::double * {columns['t'][1] or 1.0})"
    return time, names[1], names[2]


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
