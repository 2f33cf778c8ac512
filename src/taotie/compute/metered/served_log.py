"""Which requests did a service serve, from when to when, for whom? Start, first token, end [s], tokens, model, user, route.

A log for attribution needs to say when each request ended or how long it took. Logs that only tell arrivals are read
by `workload.trace` and get predicted times, which is said.
"""

from __future__ import annotations

import csv
import gc
import gzip
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.errors import MeterError, TraceError
from taotie.metering.when import stamp_ns
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["COLUMNS", "ServedLog", "read_served_log"]

Ints = NDArray[np.int64]
CHUNK = 50_000
FAST_FROM = 8 << 20
"""Size of a CSV from which on DuckDB reads it, where it is installed. [B]"""
UNLABELLED = "unlabelled"

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "start": ("start", "start_time", "starttime", "request_start", "started_at", "t_start", "start_ns", "start_ms", "created_at", "created", "arrival", "arrival_time", "timestamp", "time", "request_start_ns", "t"),
    "first": ("first", "first_token", "first_token_time", "first_token_at", "completionstarttime", "completion_start_time", "t_first"),
    "end": ("end", "end_time", "endtime", "request_end", "ended_at", "completed_at", "finished_at", "finish_time", "t_end", "request_end_ns"),
    "duration": ("duration", "duration_s", "duration_ms", "latency", "latency_s", "latency_ms", "e2e_latency", "e2e_latency_s", "request_latency", "response_ms", "elapsed_s", "elapsed_time_s", "total_time_s", "delay_ms"),
    "ttft": ("ttft", "ttft_s", "ttft_ms", "time_to_first_token", "time_to_first_token_ms", "time_to_first_token_s"),
    "prompt": ("prompt_tokens", "input_tokens", "prompt_len", "prompt_length", "input_length", "input_len", "contexttokens", "n_in", "prompt", "input_sequence_length", "total_prompt_tokens"),
    "output": ("completion_tokens", "output_tokens", "output_len", "output_length", "generatedtokens", "n_out", "output", "output_sequence_length", "generated_tokens"),
    "cached": ("cached_tokens", "cached_input_tokens", "prompt_tokens_cached", "cache_read_input_tokens", "cached", "prefix_hit_tokens"),
    "model": ("model", "model_name", "model_id", "requested_model", "gen_ai.request.model"),
    "user": ("user", "user_id", "end_user", "team", "team_id", "api_key_alias", "key_alias", "api_key", "project", "tenant"),
    "route": ("route", "path", "endpoint", "call_type", "url", "request_path", "function"),
    "energy": ("energy_j", "true_energy_j"),
}  # fmt: skip
_NAMES = ("model", "user", "route")
_TIMES = ("start", "first", "end")
_LENGTHS = ("duration", "ttft")


@dataclass(frozen=True, eq=False)
class ServedLog:
    """Requests in order of their start.

    Attributes
    ----------
    start_ns, first_ns, end_ns : ndarray of int64, shape (n_request,)
        UTC. [ns]
    prompt, cached, output : ndarray of int64, shape (n_request,)
        Tokens of the prompt (cached ones counted), those of it found in a cache, tokens written. [token]
    labels : mapping of str to (codes, names)
        `model`, `user`, `route`: a number per request and what the numbers mean.
    said : tuple of Said
    times : str
        ``logged`` or ``predicted``.
    """

    start_ns: Ints
    first_ns: Ints
    end_ns: Ints
    prompt: Ints
    cached: Ints
    output: Ints
    labels: Mapping[str, tuple[Ints, tuple[str, ...]]] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    times: str = "logged"

    def __len__(self) -> int:
        return len(self.start_ns)

    def shifted(self, by_ns: int) -> ServedLog:
        """The same requests at another time."""
        return replace(
            self,
            start_ns=self.start_ns + by_ns,
            first_ns=self.first_ns + by_ns,
            end_ns=self.end_ns + by_ns,
        )


def _kind(name: str, given: Mapping[str, str]) -> str | None:
    for key, column in given.items():
        if column == name:
            return key
    lower = name.strip().lower()
    for key, names in COLUMNS.items():
        if lower in names:
            return key
    return None


def _unit_s(name: str, kind: str) -> float:
    """Seconds in the unit a name of a length of time ends with; seconds where it says none."""
    lower = name.lower()
    for ending, unit in (("_ms", 1e-3), ("_us", 1e-6), ("_ns", 1e-9)):
        if lower.endswith(ending):
            return unit
    return 1.0


def _opened(path: Path) -> Any:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _chunks(path: Path, given: Mapping[str, str]) -> Iterator[tuple[list[str], list[Any]]]:
    """Names of columns and rows in chunks, from CSV, TSV, JSON lines, a JSON list or Parquet."""
    ending = "".join(path.suffixes).lower().removesuffix(".gz")
    if ending.endswith(".parquet"):
        yield from _parquet(path)
        return
    with _opened(path) as stream:
        begin = stream.read(4096)
        stream.seek(0)
        text = begin.lstrip()
        if text.startswith(("{", "[")):
            yield from _json(stream, path, text.startswith("["))
            return
        first = begin.split("\n", 1)[0]
        delimiter = max((",", "\t", ";", "|"), key=first.count)
        rows = csv.reader(stream, delimiter=delimiter)
        names = [n.strip() for n in next(rows)]
        width = len(names)
        while True:
            block = list(itertools.islice(rows, CHUNK))
            if not block:
                return
            yield names, [r for r in block if len(r) == width]


def _fast(
    path: Path, given: Mapping[str, str], where: str
) -> tuple[dict[str, Any], dict[str, str], dict[str, tuple[str, ...]]] | None:
    """Columns of a large CSV by DuckDB: plain numbers and labels only; None where anything else is in it.

    The other way reads the same, slower, and says what is wrong.
    """
    if path.suffix.lower() != ".csv" or path.stat().st_size < FAST_FROM:
        return None
    try:
        import duckdb
    except ImportError:
        return None
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        names = [n.strip() for n in next(csv.reader([stream.readline()]), [])]
    chosen: dict[str, int] = {}
    for i, name in enumerate(names):
        kind = _kind(name, given)
        if kind is not None and _better(chosen.get(kind), i, names, kind, given):
            chosen[kind] = i
    numbers = [k for k in chosen if k not in _NAMES]
    words = [k for k in chosen if k in _NAMES]
    quoted = str(path).replace("'", "''")
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
    source = f"read_csv('{quoted}', header=true, auto_detect=false, delim=',', quote='\"', columns={{{columns}}})"
    database = duckdb.connect()
    try:
        database.execute("SET threads=2")
        database.execute("SET enable_progress_bar=false")
        tables, picks, label_names = [], [f"CAST(c{chosen[k]} AS DOUBLE)" for k in numbers], {}
        for k in words:
            i = chosen[k]
            database.execute(
                f"CREATE TEMP TABLE w_{k} AS SELECT row_number() OVER (ORDER BY n) - 1 AS code, n FROM"
                f" (SELECT DISTINCT coalesce(c{i}, '') AS n FROM {source})"
            )
            found = database.execute(f"SELECT n FROM w_{k} ORDER BY code").fetchall()
            label_names[k] = tuple(r[0] or UNLABELLED for r in found)
            tables.append(f"JOIN w_{k} ON w_{k}.n = coalesce(c{i}, '')")
            picks.append(f"CAST(w_{k}.code AS INTEGER)")
        rows = database.execute(
            f"SELECT {', '.join(f'{p} AS x{j}' for j, p in enumerate(picks))} FROM {source} {' '.join(tables)}"
        ).fetchnumpy()
    except duckdb.Error:
        return None
    finally:
        database.close()
    column: dict[str, Any] = {}
    for j, k in enumerate([*numbers, *words]):
        values = rows.pop(f"x{j}")
        if k in words:
            column[k] = np.asarray(values, np.int64)
            continue
        missing = np.ma.getmaskarray(values)
        plain = (
            np.where(missing, np.nan, np.ma.getdata(values))
            if missing.any()
            else np.ma.getdata(values)
        )
        column[k] = plain
        if k in _TIMES:
            column[f"{k}?"] = ~missing
    return column, {k: names[i] for k, i in chosen.items()}, label_names


def _flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys by their last name; the outer ones go first."""
    flat: dict[str, Any] = {}
    inner: list[Mapping[str, Any]] = []
    for key, value in row.items():
        if isinstance(value, Mapping):
            inner.append(value)
        else:
            flat[key] = value
    for value in inner:
        for key, found in _flat(value).items():
            flat.setdefault(key, found)
    return flat


def _json(stream: Any, path: Path, as_list: bool) -> Iterator[tuple[list[str], list[Any]]]:
    def rows() -> Iterator[Mapping[str, Any]]:
        if as_list:
            try:
                yield from (r for r in json.load(stream) if isinstance(r, Mapping))
            except ValueError as error:
                raise MeterError(_("{path}: {why}.").format(path=path, why=error)) from None
            return
        for n, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                one = json.loads(line)
            except ValueError:
                raise MeterError(
                    _("{where}, line {n}: no JSON.").format(where=path.name, n=n)
                ) from None
            if isinstance(one, Mapping):
                yield one

    flat = (_flat(r) for r in rows())
    names: list[str] = []
    while True:
        block = list(itertools.islice(flat, CHUNK))
        if not block:
            return
        for row in block:
            names += [k for k in row if k not in names]
        yield list(names), [tuple(row.get(n) for n in names) for row in block]


def _parquet(path: Path) -> Iterator[tuple[list[str], list[Any]]]:
    from taotie.errors import MissingExtraError

    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("duckdb", "data") from None
    database = duckdb.connect()
    try:
        quoted = str(path).replace("'", "''")
        found = database.execute(f"SELECT * FROM read_parquet('{quoted}')")
        names = [d[0] for d in found.description or ()]
        while True:
            block = found.fetchmany(CHUNK)
            if not block:
                return
            yield names, block
    except duckdb.Error as error:
        raise MeterError(
            _("{path}: {why}.").format(path=path, why=str(error).split("\n")[0])
        ) from None
    finally:
        database.close()


def _numbers(values: Sequence[Any], where: str, column: str) -> NDArray[np.float64]:
    """Numbers of a column; NaN for empty cells."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    found = np.empty(len(values))
    for i, value in enumerate(values):
        try:
            found[i] = float("nan") if value in (None, "", "null", "None", "NaN") else float(value)
        except (TypeError, ValueError):
            raise MeterError(
                _("{where}: {key}={value} is no number.").format(
                    where=where, key=column, value=repr(value)[:60]
                )
            ) from None
    return found


def _stamps(
    values: Sequence[Any], where: str
) -> tuple[NDArray[np.float64] | Ints, bool, NDArray[np.bool_]]:
    """Times as ns since 1970 where they say so, else as numbers; whether zones were missing; which are there."""
    there = np.array([v not in (None, "", "null", "None") for v in values], bool)
    first = next((v for v, ok in zip(values, there, strict=True) if ok), None)
    if first is None:
        return np.zeros(len(values)), False, there
    try:
        numbers = _numbers([v if ok else 0 for v, ok in zip(values, there, strict=True)], where, "")
        return numbers, False, there
    except MeterError:
        pass
    out = np.zeros(len(values), np.int64)
    unzoned = False
    for i, (value, ok) in enumerate(zip(values, there, strict=True)):
        if ok:
            out[i], zoned = stamp_ns(str(value), where)
            unzoned |= not zoned
    return out, unzoned, there


def uncollected(rows: Iterator[Any]) -> Iterator[Any]:
    """The same, with the search for circles of garbage off: millions of small rows hold none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield from rows
    finally:
        if was:
            gc.enable()


class _Factor:
    """Words as numbers, in the order they come."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def of(self, values: Sequence[Any]) -> Ints:
        codes = self.codes
        if all(v in codes for v in set(values)):
            return np.fromiter(map(codes.__getitem__, values), np.int64, len(values))
        return np.array(
            [
                codes.setdefault(UNLABELLED if v in (None, "") else str(v), len(codes))
                for v in values
            ],
            np.int64,
        )


def _better(
    known: int | None, i: int, names: Sequence[str], kind: str, given: Mapping[str, str]
) -> bool:
    """Is column `i` the better one for a kind than the one known?"""
    if known is None or given.get(kind) == names[i]:
        return True
    return given.get(kind) != names[known] and _place(names[i], kind) < _place(names[known], kind)


def _slow(
    place: Path, given: Mapping[str, str], where: str
) -> tuple[dict[str, Any], dict[str, str], dict[str, tuple[str, ...]], bool]:
    """Columns of any log, chunk by chunk: values, the names they had, labels, and whether a stamp had no zone."""
    parts: dict[str, list[Any]] = {}
    factors = {n: _Factor() for n in _NAMES}
    names_seen: dict[str, str] = {}
    unzoned, total = False, 0
    for names, rows in uncollected(_chunks(place, given)):
        if not rows:
            continue
        cells = list(zip(*rows, strict=True))
        chosen: dict[str, int] = {}
        for i, name in enumerate(names):
            kind = _kind(name, given)
            if kind is not None and _better(chosen.get(kind), i, names, kind, given):
                chosen[kind] = i
        n = len(rows)
        names_seen |= {k: names[i] for k, i in chosen.items()}
        for kind in chosen:
            if total and kind not in parts:  # a key that comes up late: nothing stood there before
                parts[kind] = [
                    factors[kind].of([""] * total) if kind in _NAMES else np.full(total, np.nan)
                ]
                if kind in _TIMES:
                    parts[f"{kind}?"] = [np.zeros(total, bool)]
        total += n
        for kind, i in chosen.items():
            if kind in _TIMES:
                values, missing_zone, there = _stamps(cells[i], f"{where}, {names[i]}")
                unzoned |= missing_zone
                parts.setdefault(kind, []).append(
                    np.where(there, values, np.nan) if values.dtype == float else values
                )
                parts.setdefault(f"{kind}?", []).append(there)
            elif kind in _NAMES:
                parts.setdefault(kind, []).append(factors[kind].of(cells[i]))
            else:
                parts.setdefault(kind, []).append(_numbers(cells[i], where, names[i]))
        for kind in parts:
            base = kind.rstrip("?")
            if base not in chosen:
                filler = np.zeros(n, bool) if kind.endswith("?") else np.full(n, np.nan)
                if base in _NAMES:
                    filler = factors[base].of([""] * n)
                parts[kind].append(filler)
    column = {k: np.concatenate(parts.pop(k)) for k in list(parts)}  # chunks go as they are joined
    return column, names_seen, {k: tuple(f.codes) for k, f in factors.items()}, unzoned


def read_served_log(
    path: Path | str,
    columns: Mapping[str, str] | None = None,
    time_unit: str = "",
    begin_ns: int | None = None,
) -> ServedLog:
    """Read a log of served requests: CSV, TSV, JSON lines, a JSON list or Parquet, also `.gz`.

    Parameters
    ----------
    path : path-like
    columns : mapping of str to str, optional
        A key of `COLUMNS` to the log's own name, where that is none of the usual ones.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Of times that are plain numbers; by default their size tells.
    begin_ns : int, optional
        When the first request came, UTC: moves a log whose times start at zero. [ns]

    Returns
    -------
    log : ServedLog

    Raises
    ------
    MeterError
        If start, tokens, or end and duration are missing, or a cell is no number.

    Notes
    -----
    Without a first token the prompt is taken as read in no time and the whole time as writing: said.
    """
    place = Path(path)
    if not place.is_file():
        raise MeterError(_("{path} does not exist.").format(path=place))
    given = dict(columns or {})
    unknown = sorted(set(given) - set(COLUMNS))
    if unknown:
        raise MeterError(
            _("{name} is no column of a request log.").format(name=unknown[0]), ", ".join(COLUMNS)
        )
    where = place.name
    unzoned = False
    fast = _fast(place, given, where)
    if fast is None:
        column, names_seen, label_names, unzoned = _slow(place, given, where)
    else:
        column, names_seen, label_names = fast
    if not column or not len(next(iter(column.values()))):
        raise MeterError(_("{where}: no row.").format(where=where))
    for key in ("start", "prompt", "output"):
        if key not in column:
            raise MeterError(
                _("{where}: no column of {kind}.").format(where=where, kind=key),
                _("known names: {names}; or say --columns {key}=NAME").format(
                    names=", ".join(COLUMNS[key][:6]), key=key
                ),
            )
    if "end" not in column and "duration" not in column:
        raise TraceError(
            _("{where}: a log of arrivals alone: it does not say when requests ended.").format(
                where=where
            ),
            _(
                "give --model and --on, so that their times can be predicted, or add a column end or duration_s"
            ),
        )
    if begin_ns is not None and column["start"].dtype != np.int64:
        _from_zero(column, begin_ns, time_unit)
    start = _to_ns(column["start"], column["start?"], time_unit, f"{where}, {names_seen['start']}")
    n = len(start)
    end = np.full(n, -1, np.int64)
    if "end" in column:
        end = np.where(column["end?"], _to_ns(column["end"], column["end?"], time_unit, where), -1)
    if "duration" in column:
        seconds = column["duration"] * _unit_s(names_seen["duration"], "duration")
        ok = np.isfinite(seconds) & (end < 0)
        end = np.where(ok, start + np.rint(np.where(ok, seconds, 0) * 1e9).astype(np.int64), end)
    first = np.full(n, -1, np.int64)
    if "first" in column:
        first = np.where(
            column["first?"], _to_ns(column["first"], column["first?"], time_unit, where), -1
        )
    if "ttft" in column:
        seconds = column["ttft"] * _unit_s(names_seen["ttft"], "ttft")
        ok = np.isfinite(seconds) & (first < 0)
        first = np.where(
            ok, start + np.rint(np.where(ok, seconds, 0) * 1e9).astype(np.int64), first
        )
    said: list[Said] = []
    no_first = first < 0
    first = np.where(no_first, start, first)
    prompt, output = column["prompt"], column["output"]
    cached = column.get("cached", np.zeros(n))
    good = (
        column["start?"]
        & (end >= start)
        & (first >= start)
        & (first <= end)
        & np.isfinite(prompt)
        & np.isfinite(output)
        & (prompt >= 0)
        & (output >= 0)
    )
    dropped = int(n - good.sum())
    if dropped:
        said.append(
            Said(
                "rows_dropped",
                N_(
                    "{where}: {n} of {all} requests have no end, no tokens or an end before their start, and were left out; their energy goes to the others or stays unexplained."
                ),
                {"where": where, "n": dropped, "all": n},
            )
        )
    if no_first[good].any():
        said.append(
            Said(
                "no_first_token",
                N_(
                    "{where}: {n} requests do not say when their first token came: reading and writing are spread over the whole request alike."
                ),
                {"where": where, "n": int(no_first[good].sum())},
            )
        )
    if unzoned:
        said.append(
            Said(
                "no_time_zone",
                N_("{where}: stamps without a time zone were read as UTC."),
                {"where": where},
            )
        )
    if not good.any():
        raise MeterError(_("{where}: no request with start, end and tokens.").format(where=where))
    order = np.flatnonzero(good)
    order = order[np.argsort(start[order], kind="stable")]
    labels = {k: (column[k][order], label_names[k]) for k in _NAMES if k in column}
    cached_in = np.clip(np.nan_to_num(cached[order]), 0, prompt[order]).astype(np.int64)
    return ServedLog(
        start[order], first[order], end[order], prompt[order].astype(np.int64), cached_in,
        output[order].astype(np.int64), labels, tuple(said),
    )  # fmt: skip


def _place(name: str, kind: str) -> int:
    names = COLUMNS[kind]
    lower = name.strip().lower()
    return names.index(lower) if lower in names else -1


def _to_ns(values: Any, there: NDArray[np.bool_], unit: str, where: str) -> Ints:
    """Times as ns: stamps already are, numbers by their size or the unit given."""
    if values.dtype == np.int64:
        return np.asarray(values, np.int64)
    known = values[there]
    if not len(known):
        return np.zeros(len(values), np.int64)
    scale: float
    if unit:
        scale = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}[unit]
    else:
        top = float(np.max(known))
        if top < 6e8:
            raise MeterError(
                _("{where}: {value} is not a time.").format(where=where, value=top),
                _(
                    "to be joined with a meter, times must be since 1970 or dates; for times from zero say --time-unit and --requests-from"
                ),
            )
        scale = 1.0 if top >= 1e17 else 1e3 if top >= 1e14 else 1e6 if top >= 1e11 else 1e9
    clean = np.where(there, values, 0.0)
    whole = np.floor(clean)
    return np.asarray(
        whole.astype(np.int64) * np.int64(scale) + np.rint((clean - whole) * scale).astype(np.int64)
    )


def _from_zero(column: dict[str, Any], begin_ns: int, unit: str) -> None:
    """Times from any zero moved so that the first request begins at `begin_ns`, in place."""
    scale = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}[unit or "s"]
    start = column["start"]
    zero = float(np.nanmin(np.where(column["start?"], start, np.nan)))
    for key in _TIMES:
        if key in column:
            there = column[f"{key}?"]
            shift = np.where(there, column[key].astype(np.float64) - zero, 0.0)
            column[key] = begin_ns + np.rint(shift * scale).astype(np.int64)
