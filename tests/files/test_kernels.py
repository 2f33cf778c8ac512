"""Kept kernels: found in a copied tree and by another process, compiled again when damaged, told when missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from taotie.files.kernels import _own

pytest.importorskip("numba", reason="kernels are in the extra `simulate`")

from taotie.files import kernels

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from taotie.files import kernels
told = []
kernels.telling(told.append)
import some_kernel
print(some_kernel.twice(21), len(told), sum(some_kernel.twice.stats.cache_hits.values()))
"""
KERNEL = """
from taotie.files.kernels import njit

@njit(cache=True)
def twice(x):
    return 2 * x
"""


@pytest.fixture(autouse=True)
def beside_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core import config

    monkeypatch.setattr(config, "CACHE_DIR", "")


def run(folder: Path) -> list[int]:
    """The kernel read anew, as a new process would: its answer, how often compiling was told, hits of the cache."""
    told: list[str] = []
    kernels._stamp.cache_clear()
    kernels._tell.cache_clear()
    kernels.telling(told.append)
    try:
        spec = importlib.util.spec_from_file_location("some_kernel", folder / "some_kernel.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules["some_kernel"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return [module.twice(21), len(told), sum(module.twice.stats.cache_hits.values())]
    finally:
        sys.modules.pop("some_kernel", None)
        kernels.telling(None)
        kernels._stamp.cache_clear()


def in_a_new_process(folder: Path) -> list[int]:
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(folder=str(folder))],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


def test_worked_kept_copied_and_damaged_kernels(tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    (first / "some_kernel.py").write_text(KERNEL)
    assert run(first) == [42, 1, 0]  # compiled, and told
    assert run(first) == [42, 0, 1]  # kept
    for ending in ("*.nbc", "*.nbi"):
        for path in (first / "__pycache__").glob(ending):
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 0xFF
            path.write_bytes(bytes(content[: -len(content) // 4]))
        assert run(first) == [42, 1, 0]  # damaged: compiled again
        assert run(first) == [42, 0, 1]
    assert in_a_new_process(first) == [42, 0, 1]
    changed = (first / "some_kernel.py").read_text().replace("2 * x", "3 * x")
    (first / "some_kernel.py").write_text(changed)
    assert run(first)[0] == 63


def test_worked_a_copied_tree_needs_no_compiling(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    (first / "some_kernel.py").write_text(KERNEL)
    run(first)
    shutil.copytree(first, second, copy_function=shutil.copyfile)  # new times, same content
    assert run(second) == [42, 0, 1]


def test_worked_kernels_are_kept_only_where_nobody_else_writes(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o755)
    assert _own(mine)
    assert _own(mine / "not" / "there" / "yet")
    mine.chmod(0o777)
    assert not _own(mine)
    assert not _own(mine / "not" / "there" / "yet")
    mine.chmod(0o1777)
    assert _own(mine / "not" / "there" / "yet")
    assert not _own(mine)
    assert not _own(Path("numba/kernels"))


def test_worked_no_folder_for_kernels_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """A read-only installation and no home: kernels are those of this process, or of nothing."""
    from numba.core import caching

    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [caching.UserProvidedCacheLocator])
    (tmp_path / "some_kernel.py").write_text(KERNEL)
    kernels._passing.cache_clear()
    told = []
    try:
        assert run(tmp_path) == [42, 1, 0]
        place = kernels._passing()
        assert place is not None
        assert list(Path(place).rglob("*.nbi"))
        assert run(tmp_path)[2] == 1
        kernels._tell.cache_clear()
        kernels.telling(told.append)
        kernels._tell()
        assert "in every run" in told[0]
        kernels._passing.cache_clear()
        monkeypatch.setattr("tempfile.mkdtemp", lambda **_options: Path("/nonexistent/x").stat())
        assert run(tmp_path) == [42, 0, 0]
    finally:
        kernels.telling(None)
        kernels._passing.cache_clear()
        kernels._tell.cache_clear()


def test_matches_a_command_line_goes_without_cffi_and_blas_and_a_library_does_not() -> None:
    """Learning C declarations and linear algebra takes a third of a second; another package in the process may need them."""
    code = """
import sys
from taotie.files import kernels
if len(sys.argv) > 1:
    kernels.alone()
@kernels.njit
def twice(x):
    return 2 * x
assert twice(21) == 42
from numba.core.typing import cffi_utils
try:
    import cffi
except ImportError:
    cffi = None
from numba.np import arraymath
import scipy.linalg.cython_blas
print(cffi_utils.SUPPORTED, cffi is not None, arraymath._HAVE_BLAS)
"""
    for more, known in ((["alone"], False), ([], True)):
        done = subprocess.run(
            [sys.executable, "-c", code, *more], capture_output=True, text=True, check=True
        )
        supported, there, blas = (word == "True" for word in done.stdout.split())
        assert supported == (known and there)
        assert blas == known
