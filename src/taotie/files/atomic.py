"""How is a file written so that nobody ever sees half of it? Written aside, then renamed.

The new file is made beside its target, under a hidden name ending in `.part`, and takes the target's
place in one step once it is whole. If anything goes wrong on the way the target keeps what it held
before and the `.part` file is gone.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from taotie.errors import DataError
from taotie.words.language import _

__all__ = ["write_bytes", "write_text", "writing", "writing_folder"]


def _aside(target: Path) -> Path:
    # Same folder as the target: a rename is only atomic within one file system.
    return target.with_name(f".{target.name[:80]}.{secrets.token_hex(6)}.part")


def _refused(path: Path, why: str) -> DataError:
    return DataError(
        _("{path} cannot be written: {why}.").format(path=path, why=why),
        _("choose another place, or make this one writable"),
    )


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to that becomes `path` when the block ends without an error.

    Parameters
    ----------
    path : path-like
        Where the finished file shall stand. Its folder must exist.

    Yields
    ------
    aside : Path
        A file in the same folder, not yet there. Any program may fill it.

    Raises
    ------
    DataError
        If the folder is missing, `path` is a folder, the place cannot be written, or the block
        ended without writing anything.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with writing(folder / "answer.txt") as aside:
    ...     n = aside.write_text("42")
    >>> [p.name for p in folder.iterdir()]
    ['answer.txt']
    """
    target = Path(path)
    if target.is_dir():
        raise _refused(target, _("it is a folder"))
    if not target.parent.is_dir():
        raise _refused(target, _("its folder does not exist"))
    aside = _aside(target)
    try:
        yield aside
        try:
            aside.replace(target)
        except FileNotFoundError:
            raise _refused(target, _("nothing was written")) from None
    except PermissionError as error:
        raise _refused(target, error.strerror or str(error)) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    with writing(path) as aside:
        try:
            with aside.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except PermissionError:
            raise
        except OSError as error:
            raise _refused(Path(path), error.strerror or str(error)) from error


def write_text(path: str | os.PathLike[str], content: str) -> None:
    """Write `content` to `path` as UTF-8 with `\\n` line ends, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


@contextmanager
def writing_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder to fill; its files move into `folder` together when the block ends without an error.

    Files already in `folder` under other names stay; those of the same name are replaced. If the
    block fails, nothing in `folder` has changed, and a `folder` that was not there is not made.

    Parameters
    ----------
    folder : path-like
        Where the finished files shall stand; made, with its parents, if missing.

    Yields
    ------
    aside : Path
        An empty folder on the same file system. Only files directly in it are moved.
    """
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise _refused(target, _("it is a file"))
    made = [p for p in (target, *target.parents) if not p.exists()]
    aside = target / f".{secrets.token_hex(6)}.part"
    done = False
    try:
        try:
            aside.mkdir(parents=True)
        except OSError as error:
            raise _refused(target, error.strerror or str(error)) from error
        yield aside
        for item in sorted(aside.iterdir()):
            item.replace(target / item.name)
        done = True
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if not done:
            for empty in made:  # deepest first; a folder someone else filled meanwhile stays
                with suppress(OSError):
                    empty.rmdir()
