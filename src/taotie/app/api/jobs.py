"""How is long work done? Kept on disk before it is acknowledged, run one at a time a process, told as it goes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from taotie.app.api.limits import Limits
from taotie.app.api.pool import Pool, Refused
from taotie.app.api.problems import Problem, problem_of
from taotie.app.api.store import Job, Store
from taotie.app.api.uploads import Uploads
from taotie.words.language import _, speaking

__all__ = ["Jobs"]

log = logging.getLogger("taotie.serve")

LOOK_S = 1.0
"""How often a service looks for jobs and orders of other services on the same database."""
BEAT_S = 15.0
"""How often a listener hears that the line still stands."""

Run = Callable[[Mapping[str, Any], float, Callable[[str], None]], Any]


class Jobs:
    """The queue of one service: its own runners on a store that may be shared.

    Parameters
    ----------
    store : Store
        Where jobs stand.
    pool : Pool
        Processes that do them; as many run at once as it has.
    uploads : Uploads
        Files they read.
    limits : Limits
        Time of one job, length of the queue.
    run : callable, optional
        Does the work in place of the pool: `cluster.py` sends it to a Dask scheduler.
    """

    def __init__(
        self, store: Store, pool: Pool, uploads: Uploads, limits: Limits, run: Run | None = None
    ) -> None:
        self.store = store
        self.pool = pool
        self.uploads = uploads
        self.limits = limits
        self.work = run or self._in_pool
        self.ended: Callable[[Job, float], None] = lambda job, seconds: None
        self.listeners = 0
        self._news: dict[str, set[asyncio.Event]] = {}
        self._wake = asyncio.Event()
        self._running: dict[str, asyncio.Task[bytes]] = {}
        self._runners: list[asyncio.Task[None]] = []
        self.stopping = False

    async def start(self) -> None:
        """Take up what a service before us left, then look for work."""
        found = await self._do(self.store.abandoned)
        if found:
            log.warning("jobs taken up again", extra={"fields": {"jobs": found}})
        for _i in range(self.pool.count):
            self._runners.append(asyncio.ensure_future(self._runner()))
        self._runners.append(asyncio.ensure_future(self._keeper()))

    async def stop(self) -> None:
        """Stop the runners; what they were at waits for the next service."""
        self.stopping = True
        for task in self._runners:
            task.cancel()
        await asyncio.gather(*self._runners, return_exceptions=True)
        for job_id in tuple(self._news):
            self._tell(job_id)

    async def _do(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return await asyncio.to_thread(function, *arguments, **named)

    # -- what a client does

    async def add(
        self, ask: str, task: Mapping[str, Any], owner: str = "", repeated: str | None = None
    ) -> Job:
        """A new job, on disk when this returns.

        Raises
        ------
        Problem
            If the queue is full, or the key was used for other work.
        """
        job = await self._do(
            self.store.add, ask, task, owner=owner, repeated=repeated, most=self.limits.queue
        )
        if job is None:
            raise Problem(
                429, _("{n} jobs are waiting; this one did not find room.").format(n=self.limits.queue),
                _("try again in a few seconds"), {"Retry-After": "30"},
            )  # fmt: skip
        if repeated and json.dumps(job.task, sort_keys=True) != json.dumps(
            dict(task), sort_keys=True
        ):
            raise Problem(
                409, _("the key {key} stands for other work already.").format(key=repr(repeated[:80])),
                _("take a new Idempotency-Key"),
            )  # fmt: skip
        self._wake.set()
        return job

    async def get(self, job_id: str, owner: str = "") -> Job:
        """A job by its id.

        Raises
        ------
        Problem
            If there is none, or it is somebody else's.
        """
        job = await self._do(self.store.job, job_id)
        if job is None or job.owner != owner:
            raise Problem(404, _("there is no job {id}.").format(id=repr(job_id[:80])))
        return job

    async def cancel(self, job_id: str, owner: str = "") -> Job:
        """Stop a job; twice is the same as once, and one that is over stays as it is."""
        await self.get(job_id, owner)
        job = await self._do(self.store.cancel, job_id)
        running = self._running.get(job_id)
        if running is not None and job.state == "cancelled":
            running.cancel()
        self._tell(job_id)
        return job

    async def follow(self, job_id: str, owner: str = "") -> AsyncIterator[Job | None]:
        """A job at once and after every change until it is over; None now and then in between."""
        job = await self.get(job_id, owner)
        if self.listeners >= self.limits.streams:
            raise Problem(
                429, _("{n} listeners are connected; this one did not find room.").format(n=self.listeners),
                f"GET /api/v1/jobs/{job.id}", {"Retry-After": "10"},
            )  # fmt: skip
        return self._followed(job, owner)

    async def _followed(self, job: Job, owner: str) -> AsyncIterator[Job | None]:
        self.listeners += 1
        event = asyncio.Event()
        self._news.setdefault(job.id, set()).add(event)
        try:
            beat = time.monotonic()
            yield job
            while not job.over and not self.stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), LOOK_S)
                event.clear()
                now = await self.get(job.id, owner)
                if now != job:
                    job = now
                    yield job
                elif time.monotonic() - beat > BEAT_S:
                    beat = time.monotonic()
                    yield None
        finally:
            self.listeners -= 1
            self._news[job.id].discard(event)
            if not self._news[job.id]:
                del self._news[job.id]

    def _tell(self, job_id: str) -> None:
        for event in self._news.get(job_id, ()):
            event.set()

    # -- what a runner does

    async def _runner(self) -> None:
        while True:
            try:
                job = await self._claimed()
            except Exception as error:
                log.error("the store failed", extra={"fields": {"error": type(error).__name__}})
                await asyncio.sleep(2 * LOOK_S)
                continue
            if job is None:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), LOOK_S)
                continue
            await self._run(job)

    async def _claimed(self) -> Job | None:
        """The next job; one that was claimed in the instant of a stop waits again, as if it had not been."""
        claiming = asyncio.ensure_future(self._do(self.store.claim))
        try:
            found: Job | None = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            late = await claiming
            if late is not None:
                await self._do(self.store.give_back, late)
            raise
        return found

    async def _run(self, job: Job) -> None:
        began = time.monotonic()
        steps: list[str] = []
        fresh = asyncio.Event()

        def tell(step: str) -> None:
            steps.append(step)
            fresh.set()

        self._tell(job.id)
        language = str(job.task.get("language", "en"))
        work = asyncio.ensure_future(self._worked(job, tell, language))
        self._running[job.id] = work
        watch = asyncio.ensure_future(self._watch(job, steps, fresh, work))
        state = "done"
        try:
            content = await work
            if await self._do(self.store.finish, job, content) is None:
                state = "dropped"
        except asyncio.CancelledError:
            state = "cancelled"
            if self.stopping:
                # shielded: the note that the job waits again must reach the disk
                await asyncio.shield(self._do(self.store.give_back, job))
                raise
        except (Refused, Problem, Exception) as error:
            state = "failed"
            with speaking(language):
                problem = error.problem if isinstance(error, Refused) else problem_of(error)
            if not isinstance(error, Refused | Problem):
                log.error("a job failed", extra={"fields": {"error": type(error).__name__}})
            await self._do(self.store.fail, job, problem)
        finally:
            watch.cancel()
            if not work.done():
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
            self._running.pop(job.id, None)
            self._tell(job.id)
            seconds = time.monotonic() - began
            log.info(
                "job",
                extra={"fields": {"ask": job.ask, "state": state, "seconds": round(seconds, 3)}},
            )
            self.ended(job, seconds)

    async def _worked(self, job: Job, tell: Callable[[str], None], language: str) -> bytes:
        with speaking(language):
            return await self.work(job.task, self.limits.job_s, tell)

    async def _in_pool(
        self, task: Mapping[str, Any], seconds: float, tell: Callable[[str], None]
    ) -> bytes:
        files = task.get("files", {})
        return await self.pool.run(
            task, seconds, tell, place=lambda folder: self.uploads.put(files, folder)
        )

    async def _watch(
        self, job: Job, steps: list[str], fresh: asyncio.Event, work: asyncio.Task[bytes]
    ) -> None:
        """Note each step; stop the work when the job is no longer ours (cancelled through another service)."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(fresh.wait(), LOOK_S)
            moved = fresh.is_set()
            fresh.clear()
            try:
                if moved:
                    ours = await self._do(self.store.step, job, steps[-1], len(steps))
                    self._tell(job.id)
                else:
                    ours = await self._do(self.store.ours, job)
            except Exception:
                continue  # a store that is away for a moment stops no work; the finish is fenced
            if not ours:
                work.cancel()
                return
            await asyncio.sleep(0.1)

    async def _keeper(self) -> None:
        """Take up jobs of other services that died; clear uploads nobody needs."""
        at = 0
        while True:
            await asyncio.sleep(5 * LOOK_S)
            at += 1
            with contextlib.suppress(Exception):
                if await self._do(self.store.abandoned):
                    self._wake.set()
                if at % 120 == 0:
                    wanted = await self._do(self.store.uploads_wanted)
                    await self._do(self.uploads.clear, wanted)
                    await self._do(self.store.clear_files, wanted)
