"""What is left of an hour when its readings are old? One row a channel: energy, bounds, wraps, gaps; in Parquet, too.

Hours are cut in UTC and add up to the raw readings exactly. Raw rows are removed only after the hour's file was read
back and agrees.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from taotie.errors import MeterError
from taotie.files.atomic import writing
from taotie.files.read import of_others
from taotie.metering.ledger import Ledger, read_ledger
from taotie.metering.steps import steps
from taotie.metering.window import HOUR_NS, EnergyWindow, windows_between
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = ["COLUMNS", "RAW_KEPT_NS", "hours_folder", "read_hours", "roll_up"]

RAW_KEPT_NS = 7 * 24 * HOUR_NS
"""How long raw readings stay after their hour was rolled up."""
COLUMNS = (
    "start_ns", "channel", "end_ns", "energy_uj", "low_uj", "high_uj", "wraps", "resets", "gap_ns", "n", "boundary",
    "quality",
)  # fmt: skip
_TYPES = (
    "BIGINT", "VARCHAR", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "INTEGER", "INTEGER", "BIGINT", "INTEGER", "VARCHAR",
    "VARCHAR",
)  # fmt: skip


def hours_folder(ledger: Path) -> Path:
    """Where the Parquet files of a ledger's hours stand."""
    return ledger.with_name(ledger.name + ".hours")


def _row(one: EnergyWindow) -> tuple[Any, ...]:
    micro = [None if v is None else round(v * 1e6) for v in (one.low_j, one.high_j)]
    return (
        one.start_ns, one.channel, one.end_ns, one.energy_uj, micro[0], micro[1], one.wraps, one.resets,
        round(one.gap_s * 1e9), one.n, one.boundary, one.quality,
    )  # fmt: skip


def roll_up(ledger: Ledger, now_ns: int, raw_kept_ns: int = RAW_KEPT_NS) -> Path | None:
    """Close every hour that has ended and was not closed yet; remove raw rows older than `raw_kept_ns`.

    Returns
    -------
    folder : Path or None
        Where the files are; None without DuckDB: the rows then stand in the ledger alone.

    Raises
    ------
    MeterError
        If a file read back does not agree; nothing is removed then.
    """
    recording = read_ledger(ledger.path)
    last = now_ns // HOUR_NS
    done = {
        (int(a), str(c))
        for a, c in ledger.db.execute("SELECT start_ns, channel FROM hour").fetchall()
    }
    by_hour: dict[int, list[tuple[Any, ...]]] = {}
    for one in recording.readings:
        made = steps(one)
        if not len(made.kind):
            continue
        first = int(made.t0_ns[0]) // HOUR_NS
        edges = [
            h * HOUR_NS for h in range(first, min(last, int(made.t1_ns[-1]) // HOUR_NS + 1) + 1)
        ]
        if len(edges) < 2:
            continue
        for window in windows_between(one.channel, made, edges):
            if (window.start_ns, window.channel) not in done:
                by_hour.setdefault(window.start_ns, []).append(_row(window))
    folder: Path | None = None
    for start, rows in sorted(by_hour.items()):
        folder = _write(ledger, start, rows) or folder
        ledger.db.execute("BEGIN")
        ledger.db.executemany(
            f"INSERT OR IGNORE INTO hour VALUES ({','.join('?' * len(COLUMNS))})", rows
        )
        ledger.db.execute("COMMIT")
    _remove_old(ledger, now_ns - raw_kept_ns)
    return folder


def _write(ledger: Ledger, start_ns: int, rows: list[tuple[Any, ...]]) -> Path | None:
    try:
        import duckdb
    except ImportError:
        return None
    when = datetime.fromtimestamp(start_ns / 1e9, UTC)
    folder = hours_folder(ledger.path) / f"date={when:%Y-%m-%d}" / f"hour={when:%H}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{os.uname().nodename}.parquet"
    database = duckdb.connect()
    try:
        columns = ", ".join(f"{c} {t}" for c, t in zip(COLUMNS, _TYPES, strict=True))
        database.execute(f"CREATE TABLE h ({columns})")
        database.executemany(f"INSERT INTO h VALUES ({','.join('?' * len(COLUMNS))})", rows)
        with writing(path) as aside:
            database.execute(f"COPY h TO '{_quoted(aside)}' (FORMAT parquet, COMPRESSION zstd)")
        back = database.execute(
            f"SELECT count(*), sum(energy_uj)::HUGEINT FROM read_parquet('{_quoted(path)}')"
        ).fetchone()
    finally:
        database.close()
    known = [r[3] for r in rows if r[3] is not None]
    if back is None or back[0] != len(rows) or (known and int(back[1]) != sum(known)):
        raise MeterError(
            _("{path} does not hold what was written; no reading was removed.").format(path=path)
        )
    return hours_folder(ledger.path)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _remove_old(ledger: Ledger, before_ns: int) -> None:
    """Raw rows of closed hours before an instant, but always the last sweep before it: the next step needs it."""
    closed = ledger.db.execute("SELECT max(end_ns) FROM hour").fetchone()
    limit = min(before_ns // HOUR_NS * HOUR_NS, closed[0] if closed and closed[0] else 0)
    if limit <= 0:
        return
    for run in [r[0] for r in ledger.db.execute("SELECT id FROM run").fetchall()]:
        row = ledger.db.execute(
            "SELECT max(mono_ns) FROM sweep WHERE run = ? AND wall_ns <= ?", (run, limit)
        ).fetchone()
        if not row or row[0] is None:
            continue
        ledger.db.execute("BEGIN")
        # the value a channel had at the sweep that stays
        ledger.db.execute(
            "INSERT OR IGNORE INTO sample SELECT run, ?, channel, raw, status FROM sample AS s WHERE run = ? AND mono_ns <="
            " ? AND mono_ns = (SELECT max(mono_ns) FROM sample WHERE run = s.run AND channel = s.channel AND mono_ns <= ?)",
            (row[0], run, row[0], row[0]),
        )
        ledger.db.execute("DELETE FROM sample WHERE run = ? AND mono_ns < ?", (run, row[0]))
        ledger.db.execute("DELETE FROM sweep WHERE run = ? AND mono_ns < ?", (run, row[0]))
        ledger.db.execute("COMMIT")


@of_others(MeterError)
def read_hours(folder: Path | str) -> list[EnergyWindow]:
    """Windows of all hours of a ledger, from its Parquet files.

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
    MeterError
        If there is no such file, or one cannot be read.
    """
    from taotie.errors import MissingExtraError

    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("duckdb", "data") from None
    if not any(Path(folder).glob("date=*/hour=*/*.parquet")):
        raise MeterError(_("{path}: no hours in it.").format(path=folder))
    database = duckdb.connect()
    try:
        rows = database.execute(
            f"SELECT {', '.join(COLUMNS)} FROM read_parquet('{_quoted(Path(folder))}/date=*/hour=*/*.parquet') ORDER BY 1, 2"
        ).fetchall()
    except duckdb.Error as error:
        raise MeterError(
            _("{path} cannot be read as Parquet: {reason}.").format(
                path=folder, reason=reason(error)
            )
        ) from error
    finally:
        database.close()
    return [
        EnergyWindow(
            r[0], r[2], r[3], r[10], r[11], r[1], (r[4] or 0) / 1e6, None if r[5] is None else r[5] / 1e6,
            wraps=r[6], resets=r[7], n=r[9],
        )
        for r in rows
    ]  # fmt: skip
