"""Where do columns of very many numbers lie? In memory while they are few; else in a file that has no name. [B]

A column in a file is an array like any other, mapped into memory: what was looked at is let go of part by part, so a
process holds the part it works on. The file goes with the array.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from taotie.errors import DataError
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = ["column", "let_go", "slices"]

Array = NDArray[Any]
IN_MEMORY = 1 << 24
"""A column of up to so many bytes lies in memory. [B]"""
PART = 1 << 18
"""Rows of a part."""


def column(n: int, dtype: DTypeLike) -> Array:
    """Zeros, in memory or in a file.

    Parameters
    ----------
    n : int
        Rows.
    dtype : dtype

    Raises
    ------
    DataError
        If the folder of temporary files has no room for it.
    """
    size = n * np.dtype(dtype).itemsize
    if size <= IN_MEMORY:
        return np.zeros(n, dtype)
    try:
        with tempfile.TemporaryFile(prefix="taotie-") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(
                    file.fileno(), 0, size
                )  # a full disk is told here, not met later
            else:
                file.truncate(size)
            return np.asarray(np.memmap(file, dtype, "r+", shape=(n,)))
    except OSError as error:
        raise DataError(
            _(
                "{n} MB of numbers do not go into the folder of temporary files, {folder}: {why}"
            ).format(n=-(-size // 10**6), folder=tempfile.gettempdir(), why=reason(error)),
            _("set TMPDIR to a folder with more room"),
        ) from error


def let_go(*columns: Array) -> None:
    """Give back the memory of columns that lie in files; what they hold stays."""
    for one in columns:
        base: Any = one
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            base.madvise(mmap.MADV_DONTNEED)


def slices(n: int, *columns: Array, size: int = PART) -> Iterator[slice]:
    """Rows in parts, in order; after each, columns in files are let go of.

    Examples
    --------
    >>> [one.stop for one in slices(5, size=2)]
    [2, 4, 5]
    """
    for low in range(0, n, size):
        yield slice(low, min(low + size, n))
        let_go(*columns)
