"""Who answers while the service listens? Processes that are kept warm, hold one question each, and can be stopped."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from taotie.app.api.problems import Problem
from taotie.app.api.worker import HEAD, PIPE
from taotie.words.language import _, language

__all__ = ["Pool", "Refused"]

log = logging.getLogger("taotie.serve")


class Refused(Exception):
    """What a working process said in place of an answer: a problem as plain values."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("title", ""))
        self.problem = dict(problem)


class _Worker:
    """One process. It is either free, at one task, or gone."""

    def __init__(
        self,
        place: Path,
        kernels: Path,
        memory: int,
        nice: int,
        warm: Sequence[Any],
        later: Sequence[Any],
    ) -> None:
        self.place = place
        self.kernels = kernels
        self.memory = memory
        self.nice = nice
        self.warm = warm
        self.later = later
        self.process: asyncio.subprocess.Process | None = None
        self.sealed = "no"
        self.ready = False
        self.answered = 0

    async def start(self) -> None:
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        start = {
            "parent": os.getpid(),
            "folder": str(self.place),
            "memory": self.memory,
            "nice": self.nice,
            "warm": list(self.warm),
            "later": list(self.later),
        }
        environment = dict(os.environ) | {
            "TAOTIE_WORKER": json.dumps(start),
            "PYTHONUNBUFFERED": "1",
            # a process of many: its threads would only wait for each other
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        kernels = _kernels_folder(self.kernels)
        if kernels is not None:
            environment.setdefault("NUMBA_CACHE_DIR", str(kernels))
        for secret in ("TAOTIE_DATABASE", "PGPASSWORD"):
            environment.pop(secret, None)
        # -P: the folder the service was started in is no place for modules
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "taotie.app.api.worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, env=environment, start_new_session=True, limit=PIPE,
        )  # fmt: skip
        ready, _body = await self._frame()
        self.sealed = ready.get("sealed", "no")
        self.ready = True

    async def _frame(self) -> tuple[dict[str, Any], bytes]:
        assert self.process is not None
        assert self.process.stdout is not None
        out = self.process.stdout
        size = HEAD.unpack(await out.readexactly(HEAD.size))[0]
        frame = json.loads(await out.readexactly(size))
        body = await out.readexactly(frame["bytes"]) if "bytes" in frame else b""
        return frame, body

    async def run(self, task: Mapping[str, Any], tell: Callable[[str], None]) -> bytes:
        assert self.process is not None
        assert self.process.stdin is not None
        text = json.dumps(task).encode()
        self.process.stdin.write(HEAD.pack(len(text)) + text)
        await self.process.stdin.drain()
        while True:
            frame, body = await self._frame()
            kind = frame["kind"]
            if kind == "step":
                tell(frame["step"])
            elif kind == "done":
                self.answered += 1
                return body
            elif kind == "memory":
                raise MemoryError
            else:
                if "trace" in frame:
                    log.error(
                        "an ask failed",
                        extra={"fields": {"error": frame["error"], "trace": frame["trace"]}},
                    )
                raise Refused(frame["problem"])

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()
            with suppress(Exception):
                await asyncio.wait_for(self.process.wait(), 10)
        shutil.rmtree(self.place, ignore_errors=True)


class Pool:
    """Some working processes of one kind.

    Parameters
    ----------
    count : int
        Processes.
    folder : Path
        Where each has a folder of its own.
    memory : int
        Bytes each may use.
    waiting : int
        Questions that may wait for a process; one more is refused.
    nice : int
        How far they step back behind others.
    warm : sequence of (ask, settings)
        What each answers once before it is ready.
    later : sequence of (ask, settings)
        What it answers once then, if nobody asks it anything.
    kernels : Path, optional
        Where compiled kernels may be kept from start to start.
    """

    def __init__(
        self, count: int, folder: Path, *, memory: int, waiting: int = 1000, nice: int = 0,
        warm: Sequence[Any] = (), later: Sequence[Any] = (), kernels: Path | None = None,
    ) -> None:  # fmt: skip
        self.count = count
        self.kernels = kernels or folder
        self.folder = folder
        self.memory = memory
        self.nice = nice
        self.warm = warm
        self.later = later
        self.waiting = waiting
        self.waiters = 0
        self.free: asyncio.Queue[_Worker] = asyncio.Queue()
        self.every: set[_Worker] = set()
        self.made = 0
        self.stopped = False
        self._replacing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start every process; returns when the first is ready and the others are on their way."""
        first = asyncio.ensure_future(self._add())
        for _i in range(self.count - 1):
            self._replace()
        await first

    async def _add(self) -> None:
        place = self.folder / f"worker-{os.getpid()}-{self.made}"
        worker = _Worker(place, self.kernels, self.memory, self.nice, self.warm, self.later)
        self.made += 1
        self.every.add(worker)
        await worker.start()
        self.free.put_nowait(worker)

    def _replace(self) -> None:
        async def add() -> None:
            wait = 0.5
            while not self.stopped:
                try:
                    await self._add()
                    return
                except (OSError, asyncio.IncompleteReadError):
                    log.error("a working process did not start", extra={"fields": {}})
                    await asyncio.sleep(wait)
                    wait = min(30.0, 2 * wait)

        self._beside(add())

    @property
    def ready(self) -> int:
        """Processes that take questions: those that only start, or are gone, do not count."""
        return sum(w.ready and w.alive for w in self.every)

    @property
    def sealed(self) -> str:
        """How the processes are kept from other files."""
        return next((w.sealed for w in self.every if w.alive), "no")

    async def run(
        self, task: Mapping[str, Any], seconds: float, tell: Callable[[str], None] | None = None,
        folder: str = "", place: Callable[[Path], None] | None = None,
    ) -> bytes:  # fmt: skip
        """The bytes a task makes.

        Parameters
        ----------
        seconds : float
            Time it may take once it runs; then its process is stopped.
        place : callable, optional
            Given a new folder, puts there what the task reads. The folder goes when the task ends.

        Raises
        ------
        Refused
            With the ask's own words.
        Problem
            If it takes too long or too much memory, or everybody is busy.
        """
        if self.waiters >= self.waiting:
            raise Problem(
                429, _("{n} requests are being answered; this one did not find room.").format(n=self.waiters),
                _("try again in a few seconds"), {"Retry-After": "2"},
            )  # fmt: skip
        self.waiters += 1
        try:
            worker = await self.free.get()
        finally:
            self.waiters -= 1
        good = False
        own: Path | None = None
        try:
            full = dict(task)
            full.setdefault("language", language())
            if place is not None:
                own = worker.place / f"task-{time.monotonic_ns()}"
                own.mkdir(mode=0o700)
                await asyncio.to_thread(place, own)
                full["folder"] = str(own)
            async with asyncio.timeout(seconds):
                made = await worker.run(full, tell or (lambda step: None))
            good = True
            return made
        except TimeoutError:
            raise Problem(
                422, _("It took longer than the {seconds:g} s this service gives.").format(seconds=seconds),
                _("ask for less: fewer samples, a shorter log, a smaller case"), limit_s=seconds,
            ) from None  # fmt: skip
        except MemoryError:
            raise self._too_much() from None
        except Refused:
            good = True
            raise
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Problem(
                500, _("The process that worked on this ended before its answer."),
            ) from None  # fmt: skip
        finally:
            # nothing is waited for here: a task that is cancelled twice would leave in the middle, and its process be lost
            if good and worker.alive and not self.stopped:
                self.free.put_nowait(worker)
                if own is not None:
                    self._beside(asyncio.to_thread(shutil.rmtree, own, True))
            else:
                # stopped in the middle, or gone: another takes its place
                self.every.discard(worker)
                self._beside(worker.stop())
                if not self.stopped:
                    self._replace()

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that nobody waits for."""
        task = asyncio.ensure_future(work)
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    def _too_much(self) -> Problem:
        return Problem(
            422,
            _("It needs more memory than the {most} MB this service gives.").format(
                most=self.memory // 2**20
            ),
            _("ask for less: fewer samples, a shorter log, a smaller case"),
        )

    async def stop(self) -> None:
        """End every process."""
        self.stopped = True
        for task in tuple(self._replacing):
            task.cancel()
        await asyncio.gather(*(w.stop() for w in self.every), return_exceptions=True)


def _kernels_folder(beside: Path) -> Path | None:
    """Where working processes keep compiled kernels if not beside the modules, as where the package is read-only."""
    package = Path(__file__).resolve().parents[2]
    if os.access(package, os.W_OK):
        return None
    folder = beside / "kernels"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
