"""Where do jobs and results stand? In SQLite in the service's folder, or in PostgreSQL by its address.

Both speak the same few sentences of SQL. What decides who runs a job is never a clock: in SQLite the one service that
holds the folder's lock, in PostgreSQL an advisory lock that falls when its holder's connection does. A run that was
given up cannot finish: every finish names the run it belongs to.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import sqlite3
import threading
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taotie.errors import DataError, MissingExtraError
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = ["Job", "PostgresStore", "SqliteStore", "Store", "store_at"]

ATTEMPTS = 3
"""How often a job may be begun again after its service died under it."""

STATES = ("queued", "running", "done", "failed", "cancelled")

_TABLES = (
    """CREATE TABLE IF NOT EXISTS jobs (
        number {serial},
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        repeated TEXT UNIQUE,
        task TEXT NOT NULL,
        ask TEXT NOT NULL,
        state TEXT NOT NULL,
        step TEXT NOT NULL DEFAULT '',
        steps INTEGER NOT NULL DEFAULT 0,
        run TEXT,
        server BIGINT,
        attempts INTEGER NOT NULL DEFAULT 0,
        result TEXT,
        problem TEXT,
        made DOUBLE PRECISION NOT NULL,
        started DOUBLE PRECISION,
        ended DOUBLE PRECISION
    )""",
    "CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (state, number)",
    """CREATE TABLE IF NOT EXISTS results (
        hash TEXT PRIMARY KEY,
        ask TEXT NOT NULL,
        content {blob} NOT NULL,
        size BIGINT NOT NULL,
        made DOUBLE PRECISION NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS files (
        hash TEXT PRIMARY KEY,
        content {blob} NOT NULL,
        made DOUBLE PRECISION NOT NULL
    )""",
)


@dataclass(frozen=True)
class Job:
    """One piece of long work."""

    id: str
    owner: str
    task: Mapping[str, Any]
    ask: str
    state: str
    step: str
    steps: int
    run: str | None
    attempts: int
    result: str | None
    problem: Mapping[str, Any] | None
    made: float
    started: float | None
    ended: float | None

    @property
    def over(self) -> bool:
        """Nothing more will happen to it."""
        return self.state in ("done", "failed", "cancelled")

    def to_dict(self) -> dict[str, Any]:
        """As the REST interface shows it."""
        return {
            "id": self.id,
            "ask": self.ask,
            "state": self.state,
            "progress": {"step": self.step, "steps": self.steps, "attempts": self.attempts},
            "result": f"/api/v1/results/{self.result}" if self.result else None,
            "problem": dict(self.problem) if self.problem else None,
        }


_COLUMNS = (
    "id, owner, task, ask, state, step, steps, run, attempts, result, problem, made, started, ended"
)


def _job(row: Sequence[Any]) -> Job:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["task"] = json.loads(values["task"])
    values["problem"] = json.loads(values["problem"]) if values["problem"] else None
    return Job(**values)


class Store(ABC):
    """What the service does with jobs and results; `SqliteStore` and `PostgresStore` say how it is kept.

    Every method is one transaction and may be called from any thread.
    """

    serial = "INTEGER PRIMARY KEY"
    blob = "BLOB"
    shared = False
    """Several services work on it: a job's files must stand in it too, since another may run the job."""
    skip = ""
    """What a claim adds so that two services never wait for, or take, the same row."""

    def __init__(self) -> None:
        self.server = secrets.randbits(62)
        self._lock = threading.Lock()

    # -- how it is kept

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Any]:
        """One transaction: written as a whole when it ends, or not at all."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""

    @abstractmethod
    def abandoned(self) -> int:
        """Put the jobs of services that died back into the queue; how many."""

    # -- what is done

    def _make_tables(self) -> None:
        with self._transaction() as at:
            for text in _TABLES:
                at.execute(text.format(serial=self.serial, blob=self.blob))

    def add(
        self, ask: str, task: Mapping[str, Any], *, owner: str = "", repeated: str | None = None,
        most: int = 1000,
    ) -> Job | None:  # fmt: skip
        """A new job, on disk before this returns; the first one for a repeated key; None where the queue is full."""
        key = f"{owner}\n{repeated}" if repeated else None
        with self._transaction() as at:
            if key is not None:
                found = at.one(f"SELECT {_COLUMNS} FROM jobs WHERE repeated = ?", (key,))
                if found is not None:
                    return _job(found)
            if at.one("SELECT count(*) FROM jobs WHERE state = 'queued'")[0] >= most:
                return None
            row = at.one(
                "INSERT INTO jobs (id, owner, repeated, task, ask, state, made) "
                f"VALUES (?, ?, ?, ?, ?, 'queued', ?) RETURNING {_COLUMNS}",
                (secrets.token_urlsafe(16), owner, key, json.dumps(task), ask, time.time()),
            )
            return _job(row)

    def job(self, job_id: str) -> Job | None:
        """A job by its id."""
        with self._transaction() as at:
            row = at.one(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (job_id,))
        return _job(row) if row is not None else None

    def claim(self) -> Job | None:
        """The oldest waiting job, now ours to run; None if none waits."""
        with self._transaction() as at:
            row = at.one(
                "UPDATE jobs SET state = 'running', run = ?, server = ?, attempts = attempts + 1, "
                "started = ?, step = '' WHERE number = (SELECT number FROM jobs WHERE state = 'queued' "
                f"ORDER BY number LIMIT 1 {self.skip}) AND state = 'queued' RETURNING {_COLUMNS}",
                (secrets.token_hex(8), self.server, time.time()),
            )
        return _job(row) if row is not None else None

    def step(self, job: Job, step: str, steps: int) -> bool:
        """Note how far a run is; False if it is no longer ours to run."""
        with self._transaction() as at:
            return at.changed(
                "UPDATE jobs SET step = ?, steps = ? WHERE id = ? AND run = ? AND state = 'running'",
                (step, steps, job.id, job.run),
            )

    def ours(self, job: Job) -> bool:
        """Whether a run is still to go on."""
        with self._transaction() as at:
            row = at.one("SELECT 1 FROM jobs WHERE id = ? AND run = ? AND state = 'running'", (job.id, job.run))  # fmt: skip
        return row is not None

    def finish(self, job: Job, content: bytes) -> str | None:
        """Keep what a run made; None if the run was given up meanwhile, and nothing is kept then."""
        name = hashlib.sha256(content).hexdigest()
        with self._transaction() as at:
            if not at.changed(
                "UPDATE jobs SET state = 'done', result = ?, ended = ? "
                "WHERE id = ? AND run = ? AND state = 'running'",
                (name, time.time(), job.id, job.run),
            ):
                return None
            self._put(at, name, job.ask, content)
        return name

    def fail(self, job: Job, problem: Mapping[str, Any]) -> bool:
        """A run that ended in a problem."""
        with self._transaction() as at:
            return at.changed(
                "UPDATE jobs SET state = 'failed', problem = ?, ended = ? "
                "WHERE id = ? AND run = ? AND state = 'running'",
                (json.dumps(dict(problem)), time.time(), job.id, job.run),
            )

    def cancel(self, job_id: str) -> Job | None:
        """Stop a job; one that is over stays as it is. Cancelling twice is the same as once."""
        with self._transaction() as at:
            at.changed(
                "UPDATE jobs SET state = 'cancelled', run = NULL, ended = ? "
                "WHERE id = ? AND state IN ('queued', 'running')",
                (time.time(), job_id),
            )
            row = at.one(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (job_id,))
        return _job(row) if row is not None else None

    def give_back(self, job: Job) -> bool:
        """A run of ours that stops with the service: the job waits again, as if it had not been begun."""
        with self._transaction() as at:
            return at.changed(
                "UPDATE jobs SET state = 'queued', run = NULL, server = NULL, attempts = attempts - 1 "
                "WHERE id = ? AND run = ? AND state = 'running'",
                (job.id, job.run),
            )

    def _requeue(self, at: Any, where: str, values: Sequence[Any]) -> int:
        """Jobs whose service died: they wait again, or fail if that happened too often."""
        problem = {
            "type": "urn:taotie:problem:interrupted",
            "title": "It was stopped",
            "status": 500,
            "detail": f"The service died {ATTEMPTS} times while it worked on this.",
        }
        at.changed(
            "UPDATE jobs SET state = 'failed', problem = ?, ended = ?, run = NULL "
            f"WHERE state = 'running' AND attempts >= {ATTEMPTS} AND {where}",
            (json.dumps(problem), time.time(), *values),
        )
        return at.count(
            "UPDATE jobs SET state = 'queued', run = NULL, server = NULL, step = '' "
            f"WHERE state = 'running' AND {where}",
            values,
        )

    def _put(self, at: Any, name: str, ask: str, content: bytes) -> None:
        at.changed(
            "INSERT INTO results (hash, ask, content, size, made) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (hash) DO NOTHING",
            (name, ask, zlib.compress(content, 6), len(content), time.time()),
        )

    def keep(self, ask: str, content: bytes) -> str:
        """Keep a result for good; its hash."""
        name = hashlib.sha256(content).hexdigest()
        with self._transaction() as at:
            self._put(at, name, ask, content)
        return name

    def result(self, name: str) -> bytes | None:
        """A result by the hash of its content."""
        if not re.fullmatch(r"[0-9a-f]{64}", name):
            return None
        with self._transaction() as at:
            row = at.one("SELECT content FROM results WHERE hash = ?", (name,))
        return zlib.decompress(bytes(row[0])) if row is not None else None

    def put_file(self, name: str, content: bytes) -> None:
        """Keep a file that a job reads, by the hash of its content."""
        with self._transaction() as at:
            at.changed(
                "INSERT INTO files (hash, content, made) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
                (name, content, time.time()),
            )

    def file(self, name: str) -> bytes | None:
        """A file that a job reads; None if it is not kept."""
        with self._transaction() as at:
            row = at.one("SELECT content FROM files WHERE hash = ?", (name,))
        return bytes(row[0]) if row is not None else None

    def clear_files(self, wanted: set[str]) -> int:
        """Remove files that no job waits for."""
        gone = 0
        with self._transaction() as at:
            for (name,) in at.all("SELECT hash FROM files"):
                if name not in wanted:
                    gone += at.count("DELETE FROM files WHERE hash = ?", (name,))
        return gone

    def counts(self) -> dict[str, int]:
        """Jobs by state."""
        with self._transaction() as at:
            found = dict(at.all("SELECT state, count(*) FROM jobs GROUP BY state"))
        return {state: int(found.get(state, 0)) for state in STATES}

    def uploads_wanted(self) -> set[str]:
        """Uploads that jobs not yet over will read."""
        with self._transaction() as at:
            rows = at.all("SELECT task FROM jobs WHERE state IN ('queued', 'running')")
        return {
            one["upload"] for (task,) in rows for one in json.loads(task).get("files", {}).values()
        }


class _At:
    """One transaction: the same few calls for both databases."""

    def __init__(self, cursor: Any, mark: str) -> None:
        self.cursor = cursor
        self.mark = mark

    def execute(self, text: str, values: Sequence[Any] = ()) -> Any:
        self.cursor.execute(text.replace("?", self.mark), tuple(values))
        return self.cursor

    def one(self, text: str, values: Sequence[Any] = ()) -> Any:
        return self.execute(text, values).fetchone()

    def all(self, text: str, values: Sequence[Any] = ()) -> list[Any]:
        return list(self.execute(text, values).fetchall())

    def count(self, text: str, values: Sequence[Any] = ()) -> int:
        return int(self.execute(text, values).rowcount)

    def changed(self, text: str, values: Sequence[Any] = ()) -> bool:
        return self.count(text, values) > 0


class SqliteStore(Store):
    """Jobs and results in one SQLite file, for the one service that holds its lock.

    Raises
    ------
    DataError
        If another service works in this folder, or the file is no database.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._held = _held(folder / "lock")
        path = folder / "jobs.sqlite"
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            # an acknowledged job is on the disk, not only with the kernel
            self._db.execute("PRAGMA synchronous = FULL")
            self._make_tables()
        except sqlite3.DatabaseError as error:
            self._held.close()
            raise DataError(
                _("{path} is no database of taotie: {why}").format(path=path, why=reason(error)),
                _("move it away; a new one is made"),
            ) from error
        path.chmod(0o600)

    @contextmanager
    def _transaction(self) -> Iterator[_At]:
        with self._lock:
            cursor = self._db.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield _At(cursor, "?")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def abandoned(self) -> int:
        """Jobs that ran when the last service in this folder died: the lock says that it did."""
        with self._transaction() as at:
            return self._requeue(at, "(server IS NULL OR server <> ?)", (self.server,))

    def close(self) -> None:
        """Let go of the file and the folder."""
        with self._lock:
            self._db.close()
        self._held.close()


def _held(path: Path) -> Any:
    stream = path.open("a+")
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        raise DataError(
            _("another service works in {folder}.").format(folder=path.parent),
            _("stop it, or give this one a folder of its own: --folder"),
        ) from None
    return stream


class PostgresStore(Store):
    """Jobs and results in PostgreSQL, for any number of services.

    Raises
    ------
    MissingExtraError
        If psycopg is not installed.
    DataError
        If the database cannot be reached.
    """

    serial = "BIGSERIAL PRIMARY KEY"
    blob = "BYTEA"
    skip = "FOR UPDATE SKIP LOCKED"
    shared = True

    def __init__(self, address: str) -> None:
        super().__init__()
        try:
            import psycopg
        except ImportError as error:
            raise MissingExtraError("psycopg", "postgres") from error
        self._psycopg = psycopg
        self._address = address
        self._db: Any = None
        self._connect()
        self._make_tables()

    def _connect(self) -> None:
        try:
            self._db = self._psycopg.connect(self._address, connect_timeout=10, autocommit=True)
        except self._psycopg.Error as error:
            # its own words may hold the password
            raise DataError(
                _("the database of the service cannot be reached ({kind}).").format(
                    kind=type(error).__name__
                ),
                "postgresql://USER@HOST:5432/NAME",
            ) from None
        # the lock says "this service lives", for as long as this connection does
        self._db.execute("SELECT pg_advisory_lock(%s)", (self.server,))

    def _make_tables(self) -> None:
        with self._transaction() as at:
            # two services that start at once make the tables one after the other
            at.execute("SELECT pg_advisory_xact_lock(7261)")
            for text in _TABLES:
                at.execute(text.format(serial=self.serial, blob=self.blob))

    @contextmanager
    def _transaction(self) -> Iterator[_At]:
        with self._lock:
            if self._db.closed or self._db.broken:
                # a run begun before the break may have gone to another service: a new name leaves it to its fence
                self.server = secrets.randbits(62)
                self._connect()
            with self._db.transaction(), self._db.cursor() as cursor:
                yield _At(cursor, "%s")

    def abandoned(self) -> int:
        """Jobs of services whose lock has fallen."""
        found = 0
        with self._transaction() as at:
            rows = at.all(
                "SELECT DISTINCT server FROM jobs WHERE state = 'running' AND server IS NOT NULL"
            )
            for (server,) in rows:
                if server == self.server:
                    continue
                if at.one("SELECT pg_try_advisory_xact_lock(?)", (server,))[0]:
                    found += self._requeue(at, "server = ?", (server,))
        return found

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock, suppress(self._psycopg.Error):
            self._db.close()


def store_at(address: str, folder: Path) -> Store:
    """The store a service was given: a `postgresql://` address, or else its folder.

    Raises
    ------
    DataError
        If the address is of no known kind, or cannot be reached.
    """
    if not address:
        return SqliteStore(folder)
    if re.match(r"postgres(ql)?://", address):
        return PostgresStore(address)
    raise DataError(
        _("the database address is neither empty (SQLite) nor postgresql://."),
        "postgresql://USER@HOST:5432/NAME",
    )
