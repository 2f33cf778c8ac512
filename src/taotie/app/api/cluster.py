"""Who does the jobs where there is a Dask scheduler? Its workers, each in a process of its own as everywhere else.

A worker of Dask starts the same sealed process as `pool.py` and hands the task on; time and memory are held there. A
cancelled job is forgotten at once; what it had begun on the cluster ends by its own limit of time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from taotie.app.api.pool import Refused
from taotie.app.api.problems import Problem
from taotie.app.api.uploads import Uploads
from taotie.app.api.worker import read_frame, write_frame
from taotie.errors import DataError, MissingExtraError
from taotie.words.language import _

__all__ = ["answered_there", "dask_run"]


def answered_there(
    task: Mapping[str, Any], files: Mapping[str, bytes], memory: int, seconds: float
) -> tuple[str, bytes]:
    """What a task makes, on the machine this runs on.

    Returns
    -------
    kind, content
        "done" with the answer; "error" with a problem as JSON; "memory", "time" or "gone" with nothing.
    """
    place = Path(tempfile.mkdtemp(prefix="taotie-job-"))
    try:
        own = place / "task"
        own.mkdir()
        for name, content in files.items():
            (own / name).write_bytes(content)
        start = {"parent": os.getpid(), "folder": str(place), "memory": memory, "nice": 5}
        environment = dict(os.environ) | {
            "TAOTIE_WORKER": json.dumps(start),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "taotie.app.api.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            write_frame(process.stdin, {**task, "folder": str(own)})  # type: ignore[arg-type]
            while (frame := read_frame(process.stdout)) is not None:  # type: ignore[arg-type]
                if frame["kind"] == "done":
                    return "done", process.stdout.read(frame.get("bytes", 0))
                if frame["kind"] == "memory":
                    return "memory", b""
                if frame["kind"] == "error":
                    return "error", json.dumps(frame["problem"]).encode()
            return ("time" if late.is_set() else "gone"), b""
        finally:
            timer.cancel()
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def dask_run(address: str, uploads: Uploads, memory: int) -> Callable[..., Any]:
    """What does a job on the scheduler at `address`, in place of a pool.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    DataError
        If the scheduler cannot be reached.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtraError("distributed", "cluster") from error
    try:
        client = await Client(address, asynchronous=True, timeout=10)
    except (OSError, TimeoutError) as error:
        raise DataError(
            _("no Dask scheduler answers at {address}.").format(address=address), "tcp://HOST:8786"
        ) from error

    async def run(task: Mapping[str, Any], seconds: float, tell: Callable[[str], None]) -> bytes:
        with tempfile.TemporaryDirectory() as place:
            uploads.put(task.get("files", {}), Path(place))
            files = {path.name: path.read_bytes() for path in Path(place).iterdir()}
        tell(_("on the cluster"))
        # a job is never run twice: no retries, and no result of another is taken for its own
        future = client.submit(answered_there, dict(task), files, memory, seconds, pure=False, retries=0)  # fmt: skip
        try:
            kind, content = await future
        except BaseException:
            await client.cancel([future], force=True)
            raise
        if kind == "done":
            return bytes(content)
        if kind == "error":
            raise Refused(json.loads(content))
        if kind == "time":
            raise Problem(422, _("It took longer than the {seconds:g} s this service gives.").format(seconds=seconds))  # fmt: skip
        if kind == "memory":
            raise Problem(422, _("It needs more memory than the {most} MB this service gives.").format(most=memory // 2**20))  # fmt: skip
        raise Problem(500, _("The process that worked on this ended before its answer."))

    return run
