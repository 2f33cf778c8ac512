"""Where do compiled templates stay between runs? In the user's cache folder, each with its own hash in front.

Compiling those of one report costs as much as filling them. A file that was cut short or changed is compiled again,
and so is one of another version of Jinja, of Python or of its template; a folder that cannot be written costs the
time, not the page.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from taotie.errors import DataError, TaotieError
from taotie.files.atomic import write_bytes
from taotie.files.folders import cache_folder
from taotie.files.read import read_bytes

__all__ = ["kept_between_runs"]


def kept_between_runs(folder: Path | None = None) -> Any:
    """A store of bytecode for an environment of Jinja, which must be installed.

    Parameters
    ----------
    folder : Path, optional
        Where it is kept; default: `templates` in the user's cache folder.
    """
    from jinja2.bccache import Bucket, BytecodeCache

    class Kept(BytecodeCache):
        def load_bytecode(self, bucket: Bucket) -> None:
            with suppress(DataError):
                digest, kept = _halves(read_bytes(_place(folder, bucket.key)))
                if digest == _digest(kept):
                    bucket.bytecode_from_string(kept)

        def dump_bytecode(self, bucket: Bucket) -> None:
            code = bucket.bytecode_to_string()
            with suppress(OSError, TaotieError):  # a read-only home
                place = _place(folder, bucket.key)
                place.parent.mkdir(parents=True, exist_ok=True)
                write_bytes(place, _digest(code) + code)

    return Kept()


def _place(folder: Path | None, key: str) -> Path:
    return (folder if folder is not None else cache_folder() / "templates") / f"{key}.bytecode"


def _halves(kept: bytes) -> tuple[bytes, bytes]:
    size = hashlib.sha256().digest_size
    return kept[:size], kept[size:]


def _digest(code: bytes) -> bytes:
    return hashlib.sha256(code).digest()
