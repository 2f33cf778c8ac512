"""What stands behind pages, REST and assistants alike: processes that answer, jobs, results, uploads, and their limits.

One `Service` is one folder (or one database) and some working processes. `answer` gives the bytes of an answer,
`job` begins long work, `call` runs a function of a page in a process that can be stopped.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import shutil
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taotie import __version__
from taotie.answer.asks import declared_of
from taotie.app.api.bodies import Asked, asked
from taotie.app.api.jobs import Jobs
from taotie.app.api.keys import Keys
from taotie.app.api.limits import Limits
from taotie.app.api.metrics import Metrics
from taotie.app.api.pool import Pool
from taotie.app.api.store import Job, Store, store_at
from taotie.app.api.uploads import Uploads
from taotie.words.language import language

__all__ = ["Service", "ServiceSetup", "state_folder"]

log = logging.getLogger("taotie.serve")


def _page(name: str, language: str) -> tuple[str, dict[str, Any], str]:
    """A page as it first opens."""
    settings = {"name": name, "pairs": [], "posted": {}, "origin": ""}
    return "taotie.app.web.calls:page", settings, language


WARM = (("prompt", {"samples": 100}, "en"), _page("prompt", "en"))
"""What each process does once before it takes questions, and in which language: nobody waits for imports and compiled
code then."""
LATER = tuple(_page(name, code) for name in ("supply", "audit", "fleet", "prompt") for code in ("en", "zh"))  # fmt: skip
"""What it does once while nobody asks: pages that solve or count something before they show it, but none that compiles
kernels for the first time, which would keep a reader waiting."""

KEPT_BYTES = 32 * 1024 * 1024
"""Memory for answers just given: a page that is opened again asks nothing again."""


def state_folder() -> Path:
    """Where a service keeps jobs and results unless it is told: the user's state folder."""
    chosen = os.environ.get("TAOTIE_STATE", "").strip()
    if chosen:
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    return Path(base) / "taotie"


@dataclass(frozen=True)
class ServiceSetup:
    """How a service is set up; every field is an option of `taotie serve`."""

    folder: Path = field(default_factory=state_folder)
    database: str = ""
    """`postgresql://...`; empty for SQLite in the folder."""
    workers: int = field(default_factory=lambda: max(1, os.cpu_count() or 1))
    """Processes for answers that are waited for."""
    job_workers: int = 1
    """Processes for jobs."""
    scheduler: str = ""
    """A Dask scheduler that does the jobs instead."""
    keys: Keys | None = None
    hosts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    grace_s: float = 10.0
    """How long answers that are waited for may still take when the service stops."""


class Service:
    """The part of `taotie serve` that no door owns."""

    def __init__(self, setup: ServiceSetup | None = None) -> None:
        self.setup = setup or ServiceSetup()
        self.limits = self.setup.limits
        self.metrics = Metrics()
        self.version = __version__
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0
        self.store: Store
        self.pool: Pool
        self.jobs: Jobs
        self.uploads: Uploads

    async def start(self) -> None:
        """Open the store, start the processes, take up the jobs that wait.

        Raises
        ------
        DataError
            If the folder is in use or the database cannot be reached.
        """
        setup = self.setup
        folder = setup.folder.absolute()
        self.store = await asyncio.to_thread(store_at, setup.database, folder)
        work = folder / "work" / f"{os.getpid()}"
        await asyncio.to_thread(_clear_work, folder / "work")
        self.uploads = Uploads(folder / "uploads", self.limits.upload, self.limits.uploads)
        if self.store.shared:
            self.uploads.elsewhere = self.store.file
        self.pool = Pool(
            setup.workers, work / "answers", memory=self.limits.memory,
            waiting=self.limits.waiting, warm=WARM, later=LATER, kernels=folder,
        )  # fmt: skip
        job_pool = Pool(
            setup.job_workers, work / "jobs", memory=self.limits.memory, nice=5, kernels=folder
        )
        run = None
        if setup.scheduler:
            from taotie.app.api.cluster import dask_run

            run = await dask_run(setup.scheduler, self.uploads, self.limits.memory)
        self.job_pool = job_pool
        self.jobs = Jobs(self.store, job_pool, self.uploads, self.limits, run)
        self.jobs.ended = lambda job, seconds: self.metrics.job(job.ask, seconds)
        self.metrics.watch(lambda: self.pool.waiters, lambda: self.jobs.listeners)
        await self.pool.start()
        await job_pool.start()
        await self.jobs.start()

    async def stop(self) -> None:
        """Stop: jobs that ran wait for the next start, processes end, the store closes."""
        await self.jobs.stop()
        await self.pool.stop()
        await self.job_pool.stop()
        await asyncio.to_thread(self.store.close)
        work = self.setup.folder.absolute() / "work" / f"{os.getpid()}"
        await asyncio.to_thread(shutil.rmtree, work, True)

    # -- questions

    async def asked(self, name: str, given: Mapping[str, Any]) -> Asked:
        """Settings of a request, checked, with its texts kept as uploads.

        Raises
        ------
        TaotieError, Problem
            In the words every door has.
        """
        made = asked(name, given, self.limits)
        for file, text in made.texts.items():
            upload = await self.uploads.take(file, _once(text.encode()))
            made.files[file] = {"upload": upload.id, "name": file}
        for one in made.files.values():
            self.uploads.path(one["upload"])
        return made

    def is_long(self, name: str) -> bool:
        """Whether a question is a job at this door."""
        return declared_of(name).long

    async def answer(self, name: str, given: Mapping[str, Any]) -> bytes:
        """The bytes of an answer: those of the command's ``--json``.

        Raises
        ------
        TaotieError, Problem, Refused
            In the words every door has.
        """
        made = await self.asked(name, given)
        task = self._task(made)
        key = _key(task)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        content = await self.pool.run(
            task, self.limits.short_s,
            place=(lambda folder: self.uploads.put(made.files, folder)) if made.files else None,
        )  # fmt: skip
        self._remember(key, content)
        return content

    async def job(
        self, name: str, given: Mapping[str, Any], owner: str = "", repeated: str | None = None
    ) -> Job:
        """Begin long work; it is on disk when this returns.

        Raises
        ------
        TaotieError, Problem
            In the words every door has.
        """
        made = await self.asked(name, given)
        if self.store.shared:
            for one in made.files.values():
                content = await asyncio.to_thread(self.uploads.path(one["upload"]).read_bytes)
                await asyncio.to_thread(self.store.put_file, one["upload"], content)
        return await self.jobs.add(declared_of(name).flat, self._task(made), owner, repeated)

    async def keep(self, name: str, content: bytes) -> str:
        """Keep an answer for good; its hash."""
        return await asyncio.to_thread(self.store.keep, name, content)

    async def result(self, name: str) -> bytes | None:
        """A kept answer by its hash; None if there is none."""
        return await asyncio.to_thread(self.store.result, name)

    async def call(self, function: str, seconds: float | None = None, **settings: Any) -> bytes:
        """What a function of ours, ``"taotie.app.web.prompt:fragment"``, returns; in a process that can be stopped.

        `settings` are plain values, the result is text or bytes. The language in force goes along.

        Raises
        ------
        Refused, Problem
            If it raised, or took too long.
        """
        return await self.pool.run(
            {"do": "call", "function": function, "settings": settings},
            seconds or self.limits.short_s,
        )

    def _task(self, made: Asked) -> dict[str, Any]:
        return {
            "do": "ask", "ask": made.name, "settings": made.settings, "files": made.files,
            "language": language(), "buses": self.limits.buses,
        }  # fmt: skip

    def _remember(self, key: str, content: bytes) -> None:
        self._kept_bytes += len(content) - len(self._kept.pop(key, b""))
        self._kept[key] = content
        while self._kept_bytes > KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])


def _key(task: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(task, sort_keys=True).encode()).hexdigest()


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _clear_work(folder: Path) -> None:
    """Folders of services that are gone; those of a living process stay."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name.isdigit() and not _lives(int(path.name)):
            shutil.rmtree(path, ignore_errors=True)


def _lives(pid: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
