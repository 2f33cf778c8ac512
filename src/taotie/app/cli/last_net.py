"""What does a person see of an error that nobody foresaw? One sentence, and the place of a report that can be sent on.

The report holds version, platform, the command and Python's own trace; it stays on this machine.
"""

from __future__ import annotations

import errno
import os
import platform
import sys
import tempfile
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from taotie import __version__
from taotie.app.cli.common import UNFORESEEN, WRONG_INPUT, print_error
from taotie.errors import DataError, RangeError, TaotieError
from taotie.files.atomic import write_text
from taotie.files.folders import cache_folder
from taotie.words.language import _
from taotie.words.plain import as_text
from taotie.words.reasons import reason

__all__ = ["unforeseen"]

# what a machine refuses: no fault of taotie's, and no trace helps
_OF_THE_MACHINE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.EBADF, errno.ENAMETOOLONG, errno.ELOOP),
}


def unforeseen(error: Exception, as_json: bool) -> int:
    """Say what happened in one sentence, keep a report where one helps; the exit code.

    Parameters
    ----------
    error : Exception
        What reached `main`.
    as_json : bool
        Whether the sentence goes to standard output as JSON.

    Returns
    -------
    code : int
        2 if the machine refused (a full disk, memory), else 70.
    """
    said = _of_the_machine(error)
    code = WRONG_INPUT
    if said is None:
        code = UNFORESEEN
        first = as_text(str(error).split("\n")[0][:200])
        place = _kept(error)
        said = TaotieError(
            _("an error of taotie itself, not of what you gave: {kind}: {what}.").format(
                kind=type(error).__name__, what=first.removesuffix(".") or "-"
            ),
            _("please report it with the file {path}").format(path=place)
            if place
            else _("please report it; no report could be written"),
        )
    with suppress(OSError):  # a full or closed output takes no sentence either
        print_error(said, as_json)
        if (
            as_json
        ):  # else standard output has nothing of it, and what waits there may be what failed
            sys.stdout.flush()
        return code
    with suppress(OSError):
        print_error(said, False)
    return code


def _of_the_machine(error: Exception) -> TaotieError | None:
    if isinstance(error, MemoryError):
        return RangeError(
            _("this needs more memory than there is."),
            _("fewer samples, hours or requests need less"),
        )
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        where = f" ({as_text(error.filename)})" if error.filename else ""
        return DataError(
            _("the machine refused to read or write: {why}{where}.").format(
                why=reason(error), where=where
            ),
            _("is the disk full, or a folder not yours?"),
        )
    return None


def _kept(error: Exception) -> Path | None:
    """Where the report lies; None if no folder takes it."""
    now = datetime.now(UTC)
    lines = [
        f"taotie {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"{now.isoformat(timespec='seconds')}",
        "command: " + as_text(" ".join(map(repr, sys.argv[1:]))),
        "",
        *traceback.format_exception(error),
    ]
    text = "\n".join(line.rstrip("\n") for line in lines) + "\n"
    name = f"error-{now:%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    for folder in (cache_folder() / "errors", Path(tempfile.gettempdir())):
        with suppress(OSError, RuntimeError):
            folder.mkdir(parents=True, exist_ok=True)
            write_text(folder / name, text.encode("utf-8", "replace").decode())
            return folder / name
    return None
