"""One process that answers one question at a time and can be stopped at any instant. Started by `pool.py`.

Frames go over standard input and the standard output it was given: four bytes of length, then JSON; an answer's
bytes follow its frame. The process ends when its parent does, uses no more memory than it was given, and (where
the kernel has Landlock) reads and writes no file beyond the package, the system and its own folder.
"""

from __future__ import annotations

import gc
import json
import os
import select
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["answer_text", "main", "read_frame", "write_frame"]

HEAD = struct.Struct(">I")
PIPE = 1 << 20
"""Bytes on their way to the service at once: an answer of usual size is handed over in one piece."""
IDLE_S = 3.0
"""A process that nobody asked for so long gets ready for rarer questions too, one at a time."""


def read_frame(stream: BinaryIO) -> dict[str, Any] | None:
    """The next frame; None at the end."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    return json.loads(stream.read(HEAD.unpack(head)[0]))


def write_frame(stream: BinaryIO, frame: dict[str, Any], body: bytes = b"") -> None:
    """A frame, with the bytes that follow it."""
    text = json.dumps(frame | ({"bytes": len(body)} if body else {})).encode()
    stream.write(HEAD.pack(len(text)) + text)
    stream.write(body)
    stream.flush()


def answer_text(answer: Any) -> str:
    """An answer as every door writes it: the bytes of the command's ``--json``."""
    return str(answer.to_json())


def _asked(task: dict[str, Any], tell: Callable[[str], None]) -> bytes:
    from taotie.answer.asking import ask

    if "buses" in task and "case" in task["settings"]:
        _few_enough(task["settings"]["case"], task["buses"])
    return answer_text(ask(task["ask"], tell=tell, **task["settings"])).encode()


def _few_enough(case: str, most: int) -> None:
    from taotie.answer.buses import buses_in
    from taotie.errors import RangeError
    from taotie.words.language import _

    found = buses_in(case)
    if found > most:
        raise RangeError(
            _("{name}={value} is more than this service gives: {most}.").format(
                name=_("buses"), value=found, most=most
            ),
            _("ask for less, or install taotie on a machine of your own"),
        )


def _called(task: dict[str, Any], tell: Callable[[str], None]) -> bytes:
    from importlib import import_module

    module, _sep, name = task["function"].partition(":")
    if not module.startswith("taotie."):
        raise ValueError("only functions of taotie are called")
    found = getattr(import_module(module), name)
    if "tell" in found.__code__.co_varnames[: found.__code__.co_argcount + 8]:
        made = found(tell=tell, **task["settings"])
    else:
        made = found(**task["settings"])
    return made if isinstance(made, bytes) else str(made).encode()


def _failed(error: BaseException) -> dict[str, Any]:
    from taotie.app.api.problems import problem_of
    from taotie.errors import TaotieError

    if isinstance(error, MemoryError):
        return {"kind": "memory"}
    frame: dict[str, Any] = {"kind": "error", "problem": problem_of(error)}
    if not isinstance(error, TaotieError):
        # where it happened, never the error's words: they may hold what a user wrote
        import traceback

        frame["trace"] = [
            f"{Path(s.filename).name}:{s.lineno} {s.name}"
            for s in traceback.extract_tb(error.__traceback__)[-12:]
        ]
        frame["error"] = type(error).__name__
    return frame


def _end_with_parent(parent: int) -> None:
    """End when the parent does, however it ends."""
    with suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(9)

    if os.getppid() != parent:
        os._exit(9)
    threading.Thread(target=watch, daemon=True).start()


def _widen(pipe: int) -> None:
    """Let a pipe hold a whole answer, where the system knows how."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)


def _hold_memory(most: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer frames until there are no more."""
    start = json.loads(os.environ.pop("TAOTIE_WORKER"))
    _end_with_parent(start["parent"])
    frames_in = os.fdopen(os.dup(0), "rb")
    frames_out = os.fdopen(os.dup(1), "wb")
    _widen(1)
    # whatever a library prints must not come between frames
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    folder = Path(start["folder"])
    os.chdir(folder)
    os.environ["TMPDIR"] = str(folder)
    os.nice(start.get("nice", 0))
    _warm(start.get("warm", ()))
    from taotie.app.api.sealed import seal

    sealed = seal(folder)
    _hold_memory(start["memory"])
    # what is loaded stays: the collector of circles need not look through it for every answer
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    write_frame(frames_out, {"kind": "ready", "sealed": sealed})
    later = list(start.get("later", ()))
    while True:
        wait_s = IDLE_S
        while later and not _asked_within(frames_in, wait_s):
            _warm([later.pop(0)])
            wait_s = 0.0
        task = read_frame(frames_in)
        if task is None:
            return
        _one(task, folder, frames_out)


def _warm(asks: Any) -> None:
    """Import, compile and keep what the first question would wait for."""
    from taotie.words.language import speaking

    for name, settings, language in asks:
        task = {"ask": name, "function": name, "settings": settings}
        with suppress(Exception), speaking(language):
            (_called if ":" in name else _asked)(task, lambda step: None)


def _asked_within(stream: BinaryIO, seconds: float) -> bool:
    """Whether there is a first frame before so many seconds have gone by; where that cannot be seen, yes."""
    with suppress(OSError, ValueError):
        return bool(select.select([stream], [], [], seconds)[0])
    return True


def _one(task: dict[str, Any], folder: Path, frames_out: BinaryIO) -> None:
    from taotie.words.language import speaking

    lock = threading.Lock()

    def tell(step: str) -> None:
        with lock:
            write_frame(frames_out, {"kind": "step", "step": str(step)[:200]})

    os.chdir(task.get("folder") or folder)
    try:
        with speaking(task.get("language", "en")):
            try:
                body = (_asked if task["do"] == "ask" else _called)(task, tell)
            except (Exception, SystemExit) as error:
                with lock:
                    write_frame(frames_out, _failed(error))
                return
    finally:
        os.chdir(folder)
    with lock:
        write_frame(frames_out, {"kind": "done"}, body)


if __name__ == "__main__":
    main()
    sys.exit(0)
