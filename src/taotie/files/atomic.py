"""How is a file written so that nobody ever sees half of it? Written aside, then switched in one step.

The new file or folder is made beside its target under a hidden name ending in `.part`, and takes the target's
place once it is whole. If anything goes wrong on the way the target keeps what it held before. A name says which
process writes; what a dead one left (killed, or the power gone) is swept by the next writer of the same target,
what a living one writes is left alone.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from taotie.errors import DataError
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = [
    "refuse_place",
    "write_bytes",
    "write_text",
    "write_together",
    "writing",
    "writing_folder",
]

_PART = re.compile(r"\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]{12}\.part")
_STALE_S = 86_400
"""Age from which what another machine left is swept; what was begun on this one is asked its process."""
_JOURNAL = ".taotie-switch"
_REFUSALS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM, errno.EINVAL}  # fmt: skip


@lru_cache(maxsize=1)
def _host() -> str:
    """This machine since it started, and its space of process numbers (a container has its own)."""
    parts = [platform.node()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text())
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def _started(pid: int) -> int:
    """When a process started, in ticks of the kernel; 0 where that is not known."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _alive(pid: int, started: int) -> bool:
    if sys.platform == "win32":  # asking a process there is ending it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _started(pid) == started


def _aside(target: Path) -> Path:
    # Same folder as the target: a rename is only atomic within one file system.
    pid = os.getpid()
    return target.with_name(
        f"{_stem(target)}.{_host()}-{pid}-{_started(pid)}-{secrets.token_hex(6)}.part"
    )


def _stem(target: Path) -> str:
    return f".{target.name.encode()[:120].decode(errors='ignore')}"


def _sweep(target: Path) -> None:
    """Remove what dead writers of this target left beside it."""
    stem = _stem(target)
    with suppress(OSError):
        for left in target.parent.iterdir():
            name = left.name
            if not name.startswith(stem):
                continue
            found = _PART.fullmatch(name[len(stem) :])
            if found is None:
                continue
            if found["host"] == _host():
                dead = not _alive(int(found["pid"]), int(found["start"]))
            else:
                dead = _age_s(left) > _STALE_S
            if dead:
                _remove(left)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.lstat().st_mtime
    except OSError:
        return 0.0


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _refused(path: Path, why: str) -> DataError:
    return DataError(
        _("{path} cannot be written: {why}.").format(path=path, why=why),
        _("choose another place, or make this one writable"),
    )


def _refusal(target: Path, error: BaseException) -> DataError | None:
    """A sentence for what the file system refused, whoever met it; None for any other error."""
    if isinstance(error, DataError):
        return None
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        return _refused(target, reason(error))
    if "duckdb" in type(error).__module__ and "IO" in type(error).__name__:
        full = "No space left" in str(error)  # it says so in the middle of its own words
        return _refused(target, reason(errno.ENOSPC) if full else str(error).split("\n")[0][:200])
    return None


def _kept(path: Path) -> None:
    """Have the content on the disk before a name points to it."""
    with suppress(OSError):
        stream = os.open(path, os.O_RDONLY)
        try:
            os.fsync(stream)
        finally:
            os.close(stream)


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
        If the folder is missing, `path` is no plain file, the place cannot be written or is full, or the block
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
    refuse_place(target)
    _sweep(target)
    aside = _aside(target)
    try:
        yield aside
        _kept(aside)
        try:
            aside.replace(target)
        except FileNotFoundError:
            raise _refused(target, _("nothing was written")) from None
        _kept(target.parent)
    except Exception as error:
        refusal = _refusal(target, error)
        if refusal is None:
            raise
        raise refusal from error
    finally:
        _remove(aside)


def refuse_place(target: Path) -> None:
    """Refuse a place where no file can be written, before anything is computed for it.

    Raises
    ------
    DataError
        If it is a folder, its folder is missing, or it is no plain file.
    """
    if target.is_dir():
        raise _refused(target, _("it is a folder"))
    if not target.parent.is_dir():
        raise _refused(target, _("its folder does not exist"))
    if target.exists() and not target.is_file():
        raise _refused(target, _("it is a pipe or a device, not a file"))


def write_together(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write several files: each stands aside until all are whole; if one cannot be written, none is.

    Raises
    ------
    DataError
        As of `writing`.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> try:
    ...     write_together([(folder / "a.txt", b"a"), (folder / "missing" / "b.txt", b"b")])
    ... except DataError:
    ...     print(list(folder.iterdir()))
    []
    """
    with ExitStack() as all_of_them:
        for path, content in files:
            aside = all_of_them.enter_context(writing(path))
            try:
                aside.write_bytes(content)
            except OSError as error:
                raise _refused(Path(path), reason(error)) from error


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    with writing(path) as aside:
        try:
            with aside.open("xb") as stream:
                stream.write(content)
        except OSError as error:
            raise _refused(Path(path), reason(error)) from error


def write_text(path: str | os.PathLike[str], content: str) -> None:
    """Write `content` to `path` as UTF-8 with `\\n` line ends, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


@contextmanager
def writing_folder(folder: str | os.PathLike[str], replacing: Iterable[str] = ()) -> Iterator[Path]:
    """A folder to fill; it takes the place of `folder` in one step when the block ends without an error.

    Files already in `folder` under other names stay; those of the same name are replaced, all at once: a reader sees
    the set from before or the new one, whenever the writer is killed and however many write. Where the system cannot
    exchange two folders (it holds folders or is a mounted volume, or one stands in it, or it is not Linux) the files
    are renamed one by one under a lock, after a list of them was written that the next writer completes.
    If the block fails, nothing in `folder` has changed, and a `folder` that was not there is not made.

    Parameters
    ----------
    folder : path-like
        Where the finished files shall stand; made, with its parents, if missing.
    replacing : iterable of str, optional
        Names that belong to the set too: one that is not written this time goes, so that no older one stands beside
        the new ones.

    Yields
    ------
    aside : Path
        An empty folder on the same file system. Only files directly in it are moved.

    Raises
    ------
    DataError
        If `folder` is a file, or the place cannot be written or is full.
    """
    target = Path(folder).resolve()
    if target.exists() and not target.is_dir():
        raise _refused(target, _("it is a file"))
    made = [p for p in target.parents if not p.exists()]
    aside = _aside(target)
    done = False
    try:
        try:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _refused(target, reason(error)) from error
            _completed(target)
            _sweep(target)
            _sweep(target / target.name)
            try:
                aside.mkdir()
            except OSError as error:
                aside = _aside(target / target.name)
                try:
                    aside.mkdir()  # only the folder itself is ours: make it inside
                except OSError:
                    raise _refused(target, reason(error)) from error
            yield aside
            for item in aside.iterdir():
                _kept(item)
            _switch(aside, target, set(replacing))
        except Exception as error:
            refusal = _refusal(target, error)
            if refusal is None:
                raise
            raise refusal from error
        done = True
    finally:
        _remove(aside)
        if not done:
            for empty in made:  # deepest first; a folder someone else filled meanwhile stays
                with suppress(OSError):
                    empty.rmdir()


def _switch(aside: Path, target: Path, others: set[str]) -> None:
    """Put the new set of files in place of the old one."""
    for _attempt in range(100):
        if not target.exists():
            try:
                aside.rename(target)
                return
            except OSError as error:  # another writer was quicker
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
        if aside.parent != target.parent or not _can_exchange(target):
            break
        own = others | {item.name for item in aside.iterdir()}
        if not _carried(target, aside, own) or not _exchange(aside, target):
            break
        for (
            item
        ) in aside.iterdir():  # the old set; a file that somebody put there meanwhile moves on
            if item.name not in own and not (target / item.name).exists():
                item.replace(target / item.name)
        return
    _renamed(aside, target, others)


def _can_exchange(target: Path) -> bool:
    """Nobody here stands in the folder, and it holds files only."""
    if sys.platform != "linux" or os.path.ismount(target):
        return False
    try:
        here = Path.cwd()
    except OSError:
        return False
    if here == target or target in here.parents:
        return False
    return all(item.is_symlink() or item.is_file() for item in target.iterdir())


def _carried(target: Path, aside: Path, own: set[str]) -> bool:
    """Have the user's other files of the folder stand in the new one too; False if one cannot."""
    try:
        for item in target.iterdir():
            if item.name in own or item.name == _JOURNAL or _PART.search(item.name):
                continue
            os.link(item, aside / item.name, follow_symlinks=False)
        shutil.copystat(target, aside)
    except OSError:
        return False
    return True


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step (renameat2 of Linux); False where that is not possible."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here = -100  # relative to the working folder; the paths are absolute
    return bool(call(here, os.fsencode(one), here, os.fsencode(other), 2) == 0)


def _renamed(aside: Path, target: Path, others: set[str]) -> None:
    """Move the files one by one under a lock; a list of them lets the next writer complete the move."""
    target.mkdir(exist_ok=True)
    if aside.parent != target:
        inside = _aside(target / target.name)
        aside.rename(inside)
        aside = inside
    with _locked(target):
        names = sorted(item.name for item in aside.iterdir())
        ours = [n for n in names if not _same_file(aside / n, target / n)]
        write_text(target / _JOURNAL, "\n".join([aside.name, *ours]) + "\n")
        _moved(aside, target, ours)
        for name in others - set(names):
            (target / name).unlink(missing_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        (target / _JOURNAL).unlink(missing_ok=True)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _moved(aside: Path, target: Path, names: list[str]) -> None:
    for name in names:
        with suppress(FileNotFoundError):  # it was moved before the writer died
            (aside / name).replace(target / name)


def _completed(target: Path) -> None:
    """Complete the move of a writer that died in it."""
    if not (target / _JOURNAL).is_file():
        return
    with _locked(target):
        try:
            place, *names = (target / _JOURNAL).read_text("utf-8").splitlines()
        except (OSError, ValueError):
            return
        if _PART.search(place) and "/" not in place and all("/" not in n for n in names):
            _moved(target / place, target, names)
            shutil.rmtree(target / place, ignore_errors=True)
        (target / _JOURNAL).unlink(missing_ok=True)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """One writer at a time in a folder; the lock goes with its process."""
    try:
        import fcntl
    except ImportError:  # Windows: no lock; the list is still there
        yield
        return
    stream = os.open(target, os.O_RDONLY)
    try:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
    finally:
        os.close(stream)
