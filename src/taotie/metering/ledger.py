"""Where are readings kept? One SQLite file in WAL mode: one writer, many readers, whole sweeps or none.

A sweep is committed at once, so that what was acknowledged survives a killed process. Rows of channels that did not
change are not written; their sweep is. Times are the boot clock's; the wall clock stands beside each sweep.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from taotie.errors import MeterError
from taotie.files.read import of_others, regular_file
from taotie.metering.channel import Channel, Reading
from taotie.metering.recording import Recording
from taotie.metering.steps import Readings
from taotie.metering.window import HOUR_NS, EnergyWindow
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = ["SCHEMA", "Event", "Ledger", "boot_id", "boot_ns", "read_events", "read_ledger"]

SCHEMA = 1
STEPS_SHOWN = 5
"""Settings of the clock told one by one; of more the number."""
STEP_NS = 500_000_000
"""A jump of wall over boot clock from which on it is a step of the clock. [ns]"""

_TABLES = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS run(id INTEGER PRIMARY KEY, boot_id TEXT, host TEXT, pid INTEGER, started_ns INTEGER);
CREATE TABLE IF NOT EXISTS channel(id INTEGER PRIMARY KEY, name TEXT UNIQUE, facts TEXT);
CREATE TABLE IF NOT EXISTS sweep(run INTEGER, mono_ns INTEGER, wall_ns INTEGER, PRIMARY KEY(run, mono_ns)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sample(run INTEGER, mono_ns INTEGER, channel INTEGER, raw INTEGER, status INTEGER,
  PRIMARY KEY(run, mono_ns, channel)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event(run INTEGER, mono_ns INTEGER, wall_ns INTEGER, kind TEXT, detail TEXT);
CREATE TABLE IF NOT EXISTS hour(start_ns INTEGER, channel TEXT, end_ns INTEGER, energy_uj INTEGER, low_uj INTEGER,
  high_uj INTEGER, wraps INTEGER, resets INTEGER, gap_ns INTEGER, n INTEGER, boundary TEXT, quality TEXT,
  PRIMARY KEY(start_ns, channel)) WITHOUT ROWID;
"""


class Event(NamedTuple):
    """Something that happened to the recording."""

    wall_ns: int
    kind: str
    detail: str


def boot_ns() -> int:
    """Time since boot, suspended time counted. [ns]"""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def boot_id() -> str:
    """A name of this boot of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


class Ledger:
    """The one writer of a ledger.

    Parameters
    ----------
    path : path-like
        Made if missing; its folder must exist.
    durable : bool, default False
        Survive a power cut, too: every commit waits for the disk.
    boot : str, optional
        Name of this boot.
    host : str, optional

    Raises
    ------
    MeterError
        If another process writes it, it is from a newer version, or it is no ledger.
    """

    def __init__(
        self,
        path: Path | str,
        durable: bool = False,
        boot: str | None = None,
        host: str | None = None,
    ) -> None:
        self.path = Path(path)
        self._lock = _locked(self.path)
        try:
            self.db = sqlite3.connect(self.path, isolation_level=None, timeout=10.0)
            _check(self.db, self.path)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self.db.executescript(_TABLES)
            self.db.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (str(SCHEMA),))
            made = self.db.execute(
                "INSERT INTO run(boot_id, host, pid, started_ns) VALUES (?, ?, ?, ?)",
                (
                    boot or boot_id(),
                    host if host is not None else os.uname().nodename,
                    os.getpid(),
                    time.time_ns(),
                ),
            )
        except sqlite3.Error as error:
            self._lock.close()
            raise _failed(self.path, error) from None
        except MeterError:
            self._lock.close()
            raise
        self.run = int(made.lastrowid or 0)
        self._ids: dict[str, int] = {}
        self._last: dict[str, tuple[int | None, int]] = {}
        self._offset: int | None = None

    def add_channels(self, channels: Sequence[Channel]) -> None:
        """Make channels known; those that are keep their number."""
        try:
            for one in channels:
                facts = json.dumps(one.to_dict(), ensure_ascii=False)
                self.db.execute(
                    "INSERT INTO channel(name, facts) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET facts = excluded.facts",
                    (one.id, facts),
                )
                row = self.db.execute("SELECT id FROM channel WHERE name = ?", (one.id,)).fetchone()
                self._ids[one.id] = int(row[0])
        except sqlite3.Error as error:
            raise _failed(self.path, error) from None

    def number_of(self, channel: str) -> int:
        """The number a channel has in this ledger."""
        return self._ids[channel]

    def commit(self, readings: Sequence[Reading], mono_ns: int, wall_ns: int) -> None:
        """Write one sweep, whole or not at all. When this returns the sweep is kept.

        Raises
        ------
        MeterError
            If the disk is full or gone; what was acknowledged before stays.
        """
        changed = []
        for one in readings:
            now = (one.raw, one.status)
            if self._last.get(one.channel) != now:
                changed.append((self.run, mono_ns, self._ids[one.channel], one.raw, one.status))
        offset = wall_ns - mono_ns
        step = self._offset is not None and abs(offset - self._offset) > STEP_NS
        try:
            self.db.execute("BEGIN")
            self.db.execute(
                "INSERT OR REPLACE INTO sweep VALUES (?, ?, ?)", (self.run, mono_ns, wall_ns)
            )
            if changed:
                self.db.executemany("INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?, ?)", changed)
            if step and self._offset is not None:
                self._event(
                    mono_ns, wall_ns, "clock_step", f"{(offset - self._offset) / 1e9:+.3f} s"
                )
            self.db.execute("COMMIT")
        except sqlite3.Error as error:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise _failed(self.path, error) from None
        for one in readings:
            self._last[one.channel] = (one.raw, one.status)
        if self._offset is None or step:
            self._offset = offset

    def event(self, kind: str, detail: str = "") -> None:
        """Note something that happened."""
        try:
            self._event(boot_ns(), time.time_ns(), kind, detail)
        except sqlite3.Error as error:
            raise _failed(self.path, error) from None

    def _event(self, mono_ns: int, wall_ns: int, kind: str, detail: str) -> None:
        self.db.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?)", (self.run, mono_ns, wall_ns, kind, detail)
        )

    def close(self) -> None:
        """Close; the lock goes."""
        self.db.close()
        self._lock.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()


def _locked(path: Path) -> Any:
    """The lock of the one writer; it goes with its process."""
    if path.is_dir() or not path.parent.is_dir():
        raise MeterError(
            _("{path} is no place for a ledger.").format(path=path),
            _("a file in a folder that exists"),
        )
    try:
        lock = path.with_name(path.name + ".lock").open("a+")
    except OSError as error:
        raise MeterError(
            _("{path} cannot be written: {why}.").format(path=path, why=reason(error)),
            _("choose another place, or make this one writable"),
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        first = lock.read().strip() or "?"
        lock.close()
        raise MeterError(
            _("{path} is being written by process {pid} already.").format(path=path, pid=first),
            _("one writer a ledger: read it with taotie meter show, or give --ledger another file"),
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _failed(path: Path, error: sqlite3.Error) -> MeterError:
    text = str(error)
    if "full" in text:
        return MeterError(
            _(
                "{path}: the disk is full; the last sweep was not kept, everything before is."
            ).format(path=path),
            _("make room and start again: the counters bridge the gap"),
        )
    if "not a database" in text or "malformed" in text:
        return MeterError(
            _("{path} is no ledger, or is damaged: {why}.").format(path=path, why=reason(error)),
            _("move it away and start a new one"),
        )
    return MeterError(_("{path}: {why}.").format(path=path, why=reason(error)))


def _check(db: sqlite3.Connection, path: Path) -> None:
    tables = {r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and "meta" not in tables:
        raise MeterError(
            _("{path} is a database, but no ledger of taotie.").format(path=path),
            _("give --ledger another file"),
        )
    if not tables:
        return
    row = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    found = int(row[0]) if row and str(row[0]).isdigit() else 0
    if found > SCHEMA:
        raise MeterError(
            _(
                "{path} was written by a newer taotie (layout {found}, this one reads {known})."
            ).format(path=path, found=found, known=SCHEMA),
            "pip install -U taotie",
        )


def opened(path: Path | str) -> sqlite3.Connection:
    """A ledger for reading only, while its writer lives.

    Raises
    ------
    MeterError
        If there is none, it is no ledger, or from a newer version.
    """
    place = Path(path)
    if not place.exists():
        raise MeterError(_("{path} does not exist.").format(path=place), "taotie meter record")
    regular_file(place, None, MeterError)
    try:
        db = sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True, timeout=10.0)
        _check(db, place)
    except sqlite3.Error as error:
        raise _failed(place, error) from None
    return db


@of_others(MeterError)
def read_ledger(
    path: Path | str, start_ns: int | None = None, end_ns: int | None = None
) -> Recording:
    """Everything a ledger holds, or a span of it, as a recording.

    Parameters
    ----------
    path : path-like
    start_ns, end_ns : int, optional
        UTC. [ns since 1970]

    Returns
    -------
    recording : Recording
        Readings of the raw rows; hours whose rows were rolled up and removed are windows.
    """
    with closing(opened(path)) as db:
        try:
            return _recording(db, Path(path), start_ns, end_ns)
        except sqlite3.Error as error:
            raise _failed(Path(path), error) from None


def _recording(
    db: sqlite3.Connection, path: Path, start_ns: int | None, end_ns: int | None
) -> Recording:
    channels = {
        int(i): Channel(**json.loads(facts))
        for i, facts in db.execute("SELECT id, facts FROM channel")
    }
    said: list[Said] = []
    parts: dict[int, list[tuple[Any, ...]]] = {i: [] for i in channels}
    before: str | None = None
    for run, boot in db.execute("SELECT id, boot_id FROM run ORDER BY id").fetchall():
        sweeps = np.array(
            db.execute(
                "SELECT mono_ns, wall_ns FROM sweep WHERE run = ? ORDER BY mono_ns", (run,)
            ).fetchall(),
            np.int64,
        ).reshape(-1, 2)
        if not len(sweeps):
            continue
        offsets = sweeps[:, 1] - sweeps[:, 0]
        jump = np.abs(np.diff(offsets)) > STEP_NS
        if jump.any():
            steps = np.diff(offsets)[jump] / 1e9
            shown = ", ".join(f"{one:+.3f}" for one in steps[:STEPS_SHOWN])
            said.append(
                Said(
                    "clock_step",
                    N_(
                        "The clock of the machine was set by {seconds} s while it recorded; times before were moved along. Energies come from the boot clock and do not change."
                    ),
                    {
                        "seconds": shown
                        + (f" ... ({len(steps)})" if len(steps) > STEPS_SHOWN else "")
                    },
                )
            )
        t = sweeps[:, 0] + int(
            np.median(offsets[np.flatnonzero(jump)[-1] + 1 :] if jump.any() else offsets)
        )
        rows = np.array(
            db.execute(
                "SELECT channel, mono_ns, IFNULL(raw, 0), status FROM sample WHERE run = ? ORDER BY channel, mono_ns",
                (run,),
            ).fetchall(),
            np.int64,
        ).reshape(-1, 4)
        new_boot = before is not None and boot != before
        before = boot
        for number in np.unique(rows[:, 0]).tolist():
            mine = rows[rows[:, 0] == number]
            at = np.searchsorted(mine[:, 1], sweeps[:, 0], side="right") - 1
            there = at >= 0
            at = at[there]
            parts[number].append((t[there], mine[at, 2], mine[at, 3].astype(np.uint8), new_boot))
    made = []
    for number, pieces in parts.items():
        channel = channels[number]
        if not pieces:
            made.append(Readings.of(channel, [], []))
            continue
        anew = np.concatenate(
            [
                np.concatenate([[p[3]], np.zeros(max(len(p[0]) - 1, 0), bool)])[: len(p[0])]
                for p in pieces
            ]
        )
        t_all = np.concatenate([p[0] for p in pieces])
        raw = np.concatenate([p[1] for p in pieces])
        status = np.concatenate([p[2] for p in pieces])
        order = np.argsort(t_all, kind="stable")
        t_all, raw, status, anew = t_all[order], raw[order], status[order], anew[order].astype(bool)
        if start_ns is not None or end_ns is not None:
            keep = (t_all >= (start_ns or 0)) & (t_all <= (end_ns or 2**62))
            t_all, raw, status, anew = t_all[keep], raw[keep], status[keep], anew[keep]
        single = np.append(np.diff(t_all) > 0, True) if len(t_all) else np.zeros(0, bool)
        made.append(Readings(channel, t_all[single], raw[single], status[single], anew[single]))
    windows = _hours(db, made, start_ns, end_ns)
    return Recording(tuple(made), tuple(windows), tuple(said), path.name)


def _hours(
    db: sqlite3.Connection, made: Sequence[Readings], start_ns: int | None, end_ns: int | None
) -> list[EnergyWindow]:
    # the sweep that stayed for the next step lies just before the edge of the last hour that was removed
    first = {
        r.channel.id: -(-int(r.t_ns[0]) // HOUR_NS) * HOUR_NS if len(r) else 2**62 for r in made
    }
    found = []
    for row in db.execute("SELECT * FROM hour ORDER BY start_ns"):
        a, channel, b, energy, low, high, wraps, resets, _gap, n, boundary, quality = row
        if b > first.get(channel, 2**62) or (start_ns and a < start_ns) or (end_ns and b > end_ns):
            continue
        found.append(
            EnergyWindow(
                a, b, energy, boundary, quality, channel, (low or 0) / 1e6,
                None if high is None else high / 1e6, wraps=wraps, resets=resets, n=n,
            )
        )  # fmt: skip
    return found


@of_others(MeterError)
def read_events(path: Path | str) -> list[Event]:
    """What happened while a ledger was written."""
    with closing(opened(path)) as db:
        return [
            Event(*row)
            for row in db.execute("SELECT wall_ns, kind, detail FROM event ORDER BY rowid")
        ]
