"""Where is a publisher's file on this machine, and is it the one its publisher released?

The data folder is `TAOTIE_DATA` if that is set, else the user's cache folder; a file stands in it at
`<dataset>/<path inside the publisher's repository>`. Looking a file up never opens the network; only
`fetch` does, and only when asked. A file whose sha256 is not the registered one is refused by name.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from taotie.errors import DataError, MissingExtraError
from taotie.files.atomic import writing
from taotie.files.registry import Dataset, RemoteFile, dataset
from taotie.words.language import _

__all__ = [
    "Downloader",
    "cache_folder",
    "data_folder",
    "fetch",
    "local_path",
    "present",
    "sha256_of",
    "verify",
]

Downloader = Callable[[str, Path, int], None]
"""Takes an address, a file to fill and the expected size in bytes."""


def cache_folder() -> Path:
    """The user's folder for what can be made or fetched again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "taotie"


_cache_folder = cache_folder  # its name until it became public


def data_folder() -> Path:
    """The folder publishers' files stand in: `TAOTIE_DATA`, else the user's cache folder."""
    chosen = os.environ.get("TAOTIE_DATA", "").strip()
    return Path(chosen).expanduser() if chosen else cache_folder()


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
        why = error.strerror or str(error)
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
    """Fill `target` from `url` with pooch, which follows redirects and keeps time limits."""
    try:
        import pooch
    except ImportError:
        raise MissingExtraError("pooch", "data") from None
    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(progressbar=False, timeout=30)
    downloader(url, str(target), None)


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
        Another way to get a file (`Downloader`); pooch over HTTPS by default.
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
    MissingExtraError
        If pooch is needed and not installed.
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
                folder=data_folder(), why=error.strerror or error
            ),
            _("set TAOTIE_DATA to a folder of your own"),
        ) from error
    with writing(place) as aside:
        try:
            download(file.url, aside, file.bytes)
        except (MissingExtraError, PermissionError):
            raise
        except Exception as error:  # each HTTP library has exceptions of its own
            raise DataError(
                _("{path} of {dataset} could not be fetched from {url}: {why}").format(
                    path=file.path, dataset=file.dataset, url=file.url, why=error
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
