"""Where is a publisher's file on this machine, and is it the one its publisher released?

The data folder is `TAOTIE_DATA` if that is set, else the user's cache folder; a file stands in it at
`<dataset>/<path inside the publisher's repository>`. Looking a file up never opens the network; only
`fetch` does, and only when asked. A file whose sha256 is not the registered one is refused by name.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import BaseHandler, HTTPRedirectHandler, Request, build_opener

from taotie.errors import DataError
from taotie.files.atomic import writing
from taotie.files.folders import cache_folder
from taotie.files.registry import Dataset, RemoteFile, dataset
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = [
    "Downloader",
    "data_folder",
    "fetch",
    "local_path",
    "present",
    "sha256_of",
    "verify",
]

Downloader = Callable[[str, Path, int], None]
"""Takes an address, a file to fill and the expected size in bytes."""


def data_folder() -> Path:
    """The folder publishers' files stand in: `TAOTIE_DATA`, else the user's cache folder."""
    chosen = os.environ.get("TAOTIE_DATA", "").strip()
    try:
        return Path(chosen).expanduser() if chosen else cache_folder()
    except RuntimeError:  # ~name of nobody, or no home at all
        raise DataError(
            _("there is no folder for data: {path}.").format(path=chosen or "~"),
            _("set TAOTIE_DATA to a folder of your own"),
        ) from None


def sha256_of(path: Path) -> str:
    """Hash of a file's content, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=1024)
def _sha256_known(path: Path, size: int, modified_ns: int) -> str:
    # Size and time are the key: an unchanged file is read once, a changed one again.
    return sha256_of(path)


def _place(file: RemoteFile) -> Path:
    """Where `file` stands or would stand; refuses a place outside the data folder."""
    folder = data_folder()
    place = folder / file.dataset / file.path
    if not place.resolve().is_relative_to(folder.resolve()):
        raise DataError(
            _("{place} leads out of the data folder {folder} by a link.").format(
                place=place, folder=folder
            ),
            _("point TAOTIE_DATA at the folder that holds the file itself"),
        )
    return place


def verify(file: RemoteFile, path: Path) -> None:
    """Raise `DataError` unless the file at `path` is what the publisher released.

    Parameters
    ----------
    file : RemoteFile
        What it must be.
    path : Path
        The file on this machine.
    """
    try:
        status = path.stat()
        if status.st_size == file.bytes:
            if _sha256_known(path, status.st_size, status.st_mtime_ns) == file.sha256:
                return
            why = _("its sha256 is not {sha256}...").format(sha256=file.sha256[:12])
        else:
            why = _("it has {found} bytes instead of {expected}").format(
                found=status.st_size, expected=file.bytes
            )
    except OSError as error:
        why = reason(error)
    raise DataError(
        _("{path} is not the file its publisher released: {why}.").format(path=path, why=why),
        _("delete it and run: taotie data fetch {dataset}").format(dataset=file.dataset),
    )


def local_path(dataset_name: str, path: str) -> Path | None:
    """The verified file on this machine, or None if it was never fetched. No network.

    Parameters
    ----------
    dataset_name : str
        A name from `datasets()`.
    path : str
        Path inside the publisher's repository.

    Returns
    -------
    place : Path or None
        None if the file is not there.

    Raises
    ------
    UnknownNameError
        If the dataset or the path is not registered.
    DataError
        If a file is there but its sha256 is wrong.
    """
    file = dataset(dataset_name).file(path)
    place = _place(file)
    if not place.is_file():
        return None
    verify(file, place)
    return place


def present(entry: Dataset) -> tuple[RemoteFile, ...]:
    """Those files of a dataset that stand in the data folder, verified or not."""
    return tuple(file for file in entry.files if _place(file).is_file())


def _download(url: str, target: Path, expected_bytes: int) -> None:
    """Fill `target` from `url`: over https alone, as sent, no longer than its size allows and no byte more."""
    request = Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "taotie"})
    opener = build_opener(_HttpsOnly(), *(() if _WITHOUT_TLS_TOO else (_NoHttp(),)))
    ends = time.monotonic() + CONNECT_S + expected_bytes / SLOWEST_B_PER_S
    with opener.open(request, timeout=CONNECT_S) as answer, target.open("xb") as stream:
        coded = answer.headers.get("Content-Encoding", "identity").lower()
        if coded != "identity":
            raise OSError(
                _("it was sent compressed ({how}), though asked for uncompressed").format(how=coded)
            )
        left = expected_bytes
        while part := answer.read1(min(left + 1, 1 << 20)):
            left -= len(part)
            if left < 0:
                raise OSError(_("more came than its {n} bytes").format(n=expected_bytes))
            if time.monotonic() > ends:
                raise OSError(
                    _("it came slower than {n} kB a second").format(n=SLOWEST_B_PER_S // 1000)
                )
            stream.write(part)


CONNECT_S = 30.0
"""Longest wait for an answer, and between two parts of it. [s]"""
SLOWEST_B_PER_S = 20_000
"""A file that comes slower is given up: 1 GB in 14 h. [B/s]"""
_WITHOUT_TLS_TOO = False  # a test fetches from this machine


class _HttpsOnly(HTTPRedirectHandler):
    """Follows redirects to https addresses alone."""

    def redirect_request(self, *args: Any, **options: Any) -> Any:
        made = super().redirect_request(*args, **options)
        if made is not None and not (made.type == "https" or _WITHOUT_TLS_TOO):
            raise URLError(_("it leads away from https, to {url}").format(url=made.full_url))
        return made


class _NoHttp(BaseHandler):
    """Refuses every address that is not https."""

    handler_order = 100

    def default_open(self, request: Request) -> None:
        if request.type != "https":
            raise URLError(_("it is no https address"))


def fetch(
    dataset_name: str,
    paths: Iterable[str] | None = None,
    *,
    download: Downloader | None = None,
    on_file: Callable[[RemoteFile, str], None] | None = None,
) -> list[Path]:
    """Bring the files of a dataset into the data folder and verify them.

    A file that is already there and right is not fetched again; one that is there and wrong is
    replaced only by a right one. Files are written aside first: an interruption leaves none half-made.

    Parameters
    ----------
    dataset_name : str
        A name from `datasets()`.
    paths : iterable of str, optional
        Only these files; all of the dataset by default.
    download : callable, optional
        Another way to get a file (`Downloader`); over https by default.
    on_file : callable, optional
        Told of each file and what happens to it: `"present"`, `"fetching"` or `"fetched"`.

    Returns
    -------
    places : list of Path
        The verified files, in the order asked.

    Raises
    ------
    UnknownNameError
        If the dataset or a path is not registered.
    DataError
        If the network, the folder or the content is not what it should be. Names the file.
    """
    entry = dataset(dataset_name)
    chosen = entry.files if paths is None else tuple(entry.file(path) for path in paths)
    tell = on_file or (lambda file, state: None)
    places = []
    for file in chosen:
        place = _place(file)
        if place.is_file() and _is_right(file, place):
            tell(file, "present")
        else:
            tell(file, "fetching")
            _fetch_one(file, place, download or _download)
            tell(file, "fetched")
        places.append(place)
    return places


def _is_right(file: RemoteFile, place: Path) -> bool:
    try:
        verify(file, place)
    except DataError:
        return False
    return True


def _fetch_one(file: RemoteFile, place: Path, download: Downloader) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            _("the data folder {folder} cannot be written: {why}.").format(
                folder=data_folder(), why=reason(error)
            ),
            _("set TAOTIE_DATA to a folder of your own"),
        ) from error
    with writing(place) as aside:
        try:
            download(file.url, aside, file.bytes)
        except PermissionError:
            raise
        except Exception as error:  # sockets, TLS and HTTP have exceptions of their own
            raise DataError(
                _("{path} of {dataset} could not be fetched from {url}: {why}").format(
                    path=file.path, dataset=file.dataset, url=file.url, why=reason(error)
                ),
                _("check the connection, or put the file at {place} yourself").format(place=place),
            ) from error
        if not aside.is_file() or sha256_of(aside) != file.sha256:
            raise DataError(
                _("what {url} sent is not {path} of {dataset}: its sha256 differs.").format(
                    url=file.url, path=file.path, dataset=file.dataset
                ),
                _("nothing was kept; try again later, or report it as an error of the list"),
            )
