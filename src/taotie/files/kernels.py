"""How are compiled kernels kept from one run to the next? Found by content, checked before use, and told when missing.

numba keeps machine code beside the source and trusts it: a damaged file breaks every later run, a copied tree, whose
files are younger, is compiled anew, and code of one processor is of no use to another. Here a kept kernel is found by
the content of its room's kernels, carries a checksum, and is compiled again, with one line said, when either does
not fit. On x86-64 processors of level 3 (2013 and later) code is made for that level, so that one build serves all of
them; it is looked for in numba's folder first (`NUMBA_CACHE_DIR`, or a user's own where the package is read-only)
and then beside the source, where a wheel or `python -m taotie.answer.ready` puts it.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import pickle
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from taotie.words.language import _

__all__ = ["alone", "njit", "telling"]

_PACKAGE = Path(__file__).resolve().parents[1]
_DIGEST = 32
LEVEL_3 = (
    "avx", "avx2", "bmi", "bmi2", "cmov", "cx16", "cx8", "f16c", "fma", "fxsr", "lzcnt", "mmx", "movbe", "popcnt",
    "sahf", "sse", "sse2", "sse3", "sse4.1", "sse4.2", "ssse3", "xsave",
)  # fmt: skip
"""What x86-64 level 3 has, in LLVM's words (System V ABI for x86-64, "Micro-Architecture Levels")."""
_alone = [False]
_told: list[Callable[[str], None] | None] = [None]


def alone() -> None:
    """Say that no other package uses numba in this process: it need not learn C declarations and linear algebra, 0.3 s each.

    For a command line, never for a library: numba knows no function of cffi after this, and compiles no `np.dot`.
    """
    _alone[:] = [True]


def telling(tell: Callable[[str], None] | None) -> None:
    """Whom to tell, once, that kernels are being compiled; None: standard error, where a person reads it."""
    _told[:] = [tell]


def njit(*args: Any, **options: Any) -> Any:
    """`numba.njit`, whose kept code is checked; used as a decorator with options.

    Parameters
    ----------
    *args, **options
        As of `numba.njit`.

    Returns
    -------
    dispatcher or decorator
    """
    from numba import njit as plain

    if _alone[0]:
        _without("cffi", "numba.core.typing.cffi_utils")
        # kernels here multiply no matrices, and looking for a BLAS loads all of scipy.linalg
        _without("scipy.linalg.cython_blas", "numba.np.arraymath")
    _one_level()
    if args and callable(args[0]):
        return _checked(plain(*args, **options))
    return lambda function: _checked(_made(plain, function, args, options))


def _made(plain: Any, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The compiled function; where no folder for kernels can be written, kept for this process alone or not at all."""
    try:
        return plain(*args, **options)(function)
    except RuntimeError as error:
        if not options.get("cache") or "cannot cache function" not in str(error):
            raise
    place = _passing()
    if place is None:
        return plain(*args, **{**options, "cache": False})(function)
    from numba.core import config

    before, config.CACHE_DIR = config.CACHE_DIR, place
    try:
        return plain(*args, **options)(function)
    finally:
        config.CACHE_DIR = before


@lru_cache(maxsize=1)
def _passing() -> str | None:
    """A folder that goes with this process; None if there is no place for temporary files either."""
    try:
        folder = tempfile.mkdtemp(prefix="taotie-kernels-")
    except OSError:
        return None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _checked(dispatcher: Any) -> Any:
    """Replace the trust of one kernel's cache by a look, here and beside the source."""
    kept = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    source = Path(
        getattr(getattr(dispatcher, "py_func", None), "__code__", _checked.__code__).co_filename
    )
    if kept is None or not all(
        hasattr(kept, name)
        for name in (
            "_load_index",
            "_load_data",
            "_save_data",
            "load",
            "_cache_path",
            "_index_name",
        )
    ):
        return dispatcher
    if not _own(Path(kept._cache_path)):
        from numba.core.caching import NullCache

        dispatcher._cache = NullCache()
        return dispatcher
    stamp = _stamp(_room(source))
    _guard(kept, stamp)
    beside, load = None, kept.load
    if Path(kept._cache_path).resolve() != source.parent.resolve() / "__pycache__":
        base = kept._index_name.removesuffix(".nbi")
        beside = type(kept)(str(source.parent / "__pycache__"), base, stamp)
        _guard(beside, stamp)

    def look(key: Any) -> Any:
        found = load(key)
        if found is None and beside is not None:
            found = beside.load(key)
        if found is None:
            _tell()
        return found

    kept.load = look
    return dispatcher


def _guard(kept: Any, stamp: str) -> None:
    """Checksums for the files of one kernel, which are found by content."""
    kept._source_stamp = stamp
    load_index, data_path, write = kept._load_index, kept._data_path, kept._open_for_write

    def index() -> Any:
        try:
            return load_index()
        except Exception:  # whatever a damaged file makes of itself: as if there were none
            return {}

    def load_data(name: str) -> Any:
        content = Path(data_path(name)).read_bytes()
        body, digest = content[:-_DIGEST], content[-_DIGEST:]
        if hashlib.sha256(body).digest() != digest:
            raise OSError(name)  # numba goes on as if the file were gone
        return pickle.loads(body)

    def save_data(name: str, data: Any) -> None:
        body = kept._dump(data)
        with write(data_path(name)) as stream:
            stream.write(body + hashlib.sha256(body).digest())

    kept._load_index, kept._load_data, kept._save_data = index, load_data, save_data


@lru_cache(maxsize=2)
def _without(name: str, part: str) -> None:
    """Load a part of numba as if a package that it may do without were not installed."""
    if name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        import_module(part)
    except ImportError:  # another numba, without such a part
        pass
    finally:
        del sys.modules[name]


@lru_cache(maxsize=1)
def _one_level() -> None:
    """Let numba make code for x86-64 level 3 where this processor has it and nobody asked for another."""
    import platform

    from numba.core import config

    if platform.machine().lower() not in ("x86_64", "amd64") or config.CPU_NAME is not None:
        return
    import llvmlite.binding as llvm

    try:
        found = llvm.get_host_cpu_features()
    except RuntimeError:  # LLVM does not know this processor: numba's own way
        return
    if all(found.get(name, False) for name in LEVEL_3):
        config.CPU_NAME = "x86-64-v3"
        config.CPU_FEATURES = ",".join(f"+{name}" for name in LEVEL_3)


def _own(folder: Path) -> bool:
    """Is this a place that nobody else writes? Kept kernels are unpickled: others' must not be.

    A relative place (numba makes one of an empty XDG_CACHE_HOME) would be that of whatever folder one stands in.
    """
    if not folder.is_absolute():
        return False
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        status = there.stat()
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    # what one makes below a sticky folder, such as that of temporary files, is one's own
    shared = status.st_mode & stat.S_IWOTH and (there == folder or not status.st_mode & stat.S_ISVTX)  # fmt: skip
    return status.st_uid in (os.getuid(), 0) and not shared


def _room(source: Path) -> str:
    """The room of a kernel, whose kernels call each other."""
    try:
        return source.resolve().relative_to(_PACKAGE).parts[0]
    except ValueError:
        return str(source)


@lru_cache(maxsize=32)
def _stamp(room: str) -> str:
    """The content of all files with kernels in a room."""
    place = _PACKAGE / room
    files = sorted(place.rglob("*.py")) if place.is_dir() else [Path(room)]
    found = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.is_file() else b""
        if b"njit" in content or b"compiled" in content:
            found.update(path.name.encode() + b"\0" + content)
    return found.hexdigest()


@lru_cache(maxsize=1)
def _tell() -> None:
    """Say once that compiling takes a while and happens once."""
    line = _("compiling kernels: a few seconds, once after installation")
    if _passing.cache_info().currsize:
        line = _("compiling kernels: a few seconds in every run, since no folder for them can be written; NUMBA_CACHE_DIR names one")  # fmt: skip
    if _told[0] is not None:
        _told[0](line)
    elif sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(line + "\n")
