"""Where do uploads go? Streamed into a sealed folder under the hash of their content; no name of a sender is a path."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taotie.app.api.problems import Problem
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["ENDINGS", "Upload", "Uploads", "safe_name"]

ENDINGS = (
    ".csv", ".jsonl", ".json", ".parquet", ".toml", ".txt", ".md", ".html", ".m", ".tsv", ".xml", ".log",
)  # fmt: skip
"""Endings the readers of taotie know; nothing else is taken."""

DAYS = 7.0


@dataclass(frozen=True)
class Upload:
    """One file that was sent: the hash of its content, its harmless name, its size."""

    id: str
    name: str
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        """As the REST interface shows it: `setting` is what a file setting takes."""
        return {
            "id": self.id,
            "name": self.name,
            "bytes": self.bytes,
            "setting": f"upload:{self.id}/{self.name}",
        }


def safe_name(name: str) -> str:
    """A sender's name for a file without folders or surprises; its ending tells the reader what it is.

    Raises
    ------
    Problem
        If no reader of ours takes such a file.

    Examples
    --------
    >>> safe_name("../../etc/my log.csv"), safe_name("日志.jsonl")
    ('my_log.csv', 'file.jsonl')
    """
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, ending = last.rpartition(".")
    kind = f".{ending.lower()}"
    if not dot or kind not in ENDINGS:
        raise Problem(
            415,
            _("no reader takes a file named {name}.").format(name=repr(last[:60])),
            _("known: {names}").format(names=listing(ENDINGS)),
        )
    clean = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_-")[:60]
    return (clean or "file") + kind


class Uploads:
    """The folder of uploads: each in a file named by its hash, readable by this service alone.

    Parameters
    ----------
    folder : Path
        Nothing else is in it.
    most : int
        Bytes of one upload.
    total : int
        Bytes of all of them.
    """

    def __init__(self, folder: Path, most: int, total: int) -> None:
        self.folder = folder
        self.most = most
        self.total = total
        self.elsewhere: Callable[[str], bytes | None] = lambda upload: None
        """Where a file may be that was sent to another service of the same database."""
        self._began = time.time(), time.monotonic()
        self._taken: dict[str, float] = {}
        """When this process took an upload, on the clock that never jumps. [s]"""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in folder.glob("*.part"):  # of a service that died in the middle
            part.unlink(missing_ok=True)

    async def take(self, name: str, chunks: AsyncIterator[bytes]) -> Upload:
        """Stream an upload to disk; half of one is never kept.

        Raises
        ------
        Problem
            If it is too large, empty, or of no kind we read.
        """
        clean = safe_name(name)
        used = self.used()
        part = self.folder / f"{secrets.token_hex(12)}.part"
        digest = hashlib.sha256()
        size = 0
        try:
            with open(  # noqa: PTH123 - the mode of the new file matters
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as out:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self.most:
                        raise Problem(
                            413,
                            _("the upload is larger than {most} bytes.").format(most=self.most),
                            _("send a part of it, or run taotie on a machine of your own"),
                        )
                    if used + size > self.total:
                        raise Problem(
                            413,
                            _("the folder of uploads is full."),
                            _("try again in a few seconds"),
                        )
                    digest.update(chunk)
                    out.write(chunk)
            if not size:
                raise Problem(400, _("the upload is empty."))
            made = Upload(digest.hexdigest(), clean, size)
            part.rename(self.folder / made.id)
            self._taken[made.id] = time.monotonic()
            return made
        finally:
            part.unlink(missing_ok=True)

    def path(self, upload: str) -> Path:
        """The file of an upload.

        Raises
        ------
        Problem
            If it is not (or no longer) here.
        """
        place = self.folder / upload
        if not re.fullmatch(r"[0-9a-f]{64}", upload) or not place.is_file():
            raise Problem(
                404,
                _("there is no upload {id}.").format(id=repr(upload[:80])),
                "POST /api/v1/uploads?name=log.csv",
            )
        return place

    def used(self) -> int:
        """Bytes of all uploads."""
        return sum(p.stat().st_size for p in self.folder.iterdir() if p.is_file())

    def put(self, files: dict[str, dict[str, str]], place: Path) -> None:
        """Lay the uploads of a task into its folder, under their harmless names."""
        for one in files.values():
            # a copy, no link: what a task does to its file never reaches the upload
            try:
                shutil.copyfile(self.path(one["upload"]), place / one["name"])
            except Problem:
                content = self.elsewhere(one["upload"])
                if content is None:
                    raise
                (place / one["name"]).write_bytes(content)

    def clear(self, wanted: set[str]) -> int:
        """Remove uploads of last week that no job needs, however the computer's clock jumped meanwhile."""
        gone = 0
        for path in self.folder.iterdir():
            with suppress(OSError):
                if path.name not in wanted and self._age_s(path) > DAYS * 86400:
                    path.unlink()
                    self._taken.pop(path.name, None)
                    gone += 1
        return gone

    def _age_s(self, path: Path) -> float:
        """Age of an upload, by the clock of this process: it was set when the process began and never jumps. [s]"""
        now = time.monotonic()
        if path.name in self._taken:
            return now - self._taken[path.name]
        wall, began = self._began
        return wall + (now - began) - path.stat().st_mtime
