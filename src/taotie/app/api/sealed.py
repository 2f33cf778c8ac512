"""How is a working process kept from files that are not its business? Landlock, a rule of the Linux kernel.

No file path is taken from a request in the first place (`settings.py` of this folder); this is the wall behind that
one. It holds for every library in the process, whatever language it is written in.
"""

from __future__ import annotations

import ctypes
import os
import site
import struct
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["seal"]

# struct landlock_ruleset_attr, landlock_path_beneath_attr and the access bits of linux/landlock.h
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_BITS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_NO_NEW_PRIVS = 38


def seal(folder: Path) -> str:
    """Keep this process to the package, the system's libraries, the data folder and `folder`.

    Returns
    -------
    sealed : str
        "landlock", or "no" where the kernel has none: the wall is then missing, and ``/healthz`` says so.
    """
    if not sys.platform.startswith("linux") or os.uname().machine not in ("x86_64", "aarch64"):
        return "no"
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    version = call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return "no"
    every = _BITS.get(int(version), _BITS[3])
    # from version 4 on also: no connection is opened or taken
    attribute = struct.pack("<QQ", every, 3) if version >= 4 else struct.pack("<Q", every)
    rules = call(_CREATE, attribute, ctypes.c_size_t(len(attribute)), ctypes.c_uint32(0))
    if rules < 0:
        return "no"
    try:
        for path in _readable():
            _allow(call, rules, path, _READ & every)
        for path in (folder, *_kept()):
            _allow(call, rules, path, every)
        _allow(call, rules, Path(os.devnull), _READ_FILE | _WRITE_FILE)
        prctl = ctypes.CDLL(None).prctl
        if prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or call(_RESTRICT, rules, ctypes.c_uint32(0)):
            return "no"
    finally:
        os.close(rules)
    return "landlock"


def _allow(call: ctypes._NamedFuncPointer, rules: int, path: Path, access: int) -> None:
    with suppress(OSError):
        if not path.is_dir():
            access &= _EXECUTE | _WRITE_FILE | _READ_FILE
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            call(_ADD, rules, _PATH_BENEATH, struct.pack("<Qi", access, place), ctypes.c_uint32(0))
        finally:
            os.close(place)


def _readable() -> list[Path]:
    """Where libraries, fonts and published data lie."""
    from taotie.files.fetch import data_folder

    places = [Path(p) for p in ("/usr", "/lib", "/lib64", "/bin", "/etc", "/sys", "/dev/urandom")]
    places += [Path(sys.prefix), Path(sys.base_prefix), Path("/proc")]
    places += [Path(p) for p in (*sys.path, *site.getsitepackages()) if p and Path(p).is_absolute()]
    places += [Path(__file__).resolve().parents[3], data_folder()]
    ledger = os.environ.get("TAOTIE_LEDGER", "").strip()
    if (
        ledger
    ):  # whoever starts the service names it; its log of writes lies beside it and comes and goes
        places.append(Path(ledger).absolute().parent)
    return [p for p in places if p.exists()]


def _kept() -> list[Path]:
    """Where compiled kernels are kept: the folder `pool.py` names, or beside the modules, as for every command."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return [Path(named)]
    package = Path(__file__).resolve().parents[2]
    places = []
    for folder in {path.parent for path in package.rglob("*.py")}:
        place = folder / "__pycache__"
        with suppress(OSError):
            place.mkdir(exist_ok=True)
        if place.is_dir():
            places.append(place)
    return places
