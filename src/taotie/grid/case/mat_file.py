"""What does a MATLAB file of level 4 or 5 hold? Matrices, texts, structs and cells, read from its bytes alone.

A damaged file is a `ValueError`, never more: SciPy's reader ends the process with some of them. Sparse matrices become
full ones where they are small; function handles and objects are left out. Level 5 is what `save` and MATPOWER's
`savecase` write (versions 5 to 7); 7.3 is HDF5 and another format.

References
----------
MathWorks, "MAT-File Format", chapters on level 4 and level 5.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

__all__ = ["Hdf5Error", "mat_variables"]

_KINDS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}  # fmt: skip
_TEXTS = {1: "latin-1", 2: "latin-1", 16: "utf-8"}
_MATRIX, _PACKED = 14, 15
_DEEPEST = 20
_LARGEST = 20_000_000
"""Entries that are filled in though the file does not hold them: a full matrix from a sparse one."""


class Hdf5Error(ValueError):
    """A file of version 7.3."""


def mat_variables(content: bytes, max_bytes: int) -> dict[str, Any]:
    """Variables by name: matrices as arrays of floats, structs as dicts, texts, cells as tuples of rows.

    Raises
    ------
    Hdf5Error
        Version 7.3.
    ValueError
        Damaged, or more than `max_bytes` once unpacked.

    Examples
    --------
    >>> head = b"text".ljust(124) + bytes((0, 1)) + b"IM"
    >>> mat_variables(head, 1000)
    {}
    """
    if content[:8] == b"\x89HDF\r\n\x1a\n" or content[512:520] == b"\x89HDF\r\n\x1a\n":
        raise Hdf5Error("version 7.3")
    if len(content) >= 128 and content[126:128] in (b"IM", b"MI"):
        order = "<" if content[126:128] == b"IM" else ">"
        return dict(_Level5(order, max_bytes).variables(content))
    return dict(_level_4(content))


class _Level5:
    """Elements of a file: a tag of kind and length, and so many bytes."""

    def __init__(self, order: str, max_bytes: int) -> None:
        self.order, self.left = order, max_bytes

    def variables(self, content: bytes) -> Iterator[tuple[str, Any]]:
        view = memoryview(content)[128:]
        while len(view) >= 8:
            kind, body, view = self.element(view)
            if kind == _PACKED:
                kind, body, _rest = self.element(memoryview(self.unpacked(body)))
            if kind == _MATRIX:
                name, value = self.matrix(body, 0)
                if name:
                    yield name, value

    def unpacked(self, body: memoryview) -> bytes:
        packer = zlib.decompressobj()
        try:
            made = packer.decompress(body, self.left + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        self.left -= len(made)
        if self.left < 0:
            raise ValueError("too large once unpacked")
        return made

    def element(self, view: memoryview) -> tuple[int, memoryview, memoryview]:
        """Kind and bytes of the first element, and what follows it."""
        if len(view) < 8:
            raise ValueError("cut off")
        first, length = struct.unpack(self.order + "II", view[:8])
        if first >> 16:  # a small one: kind and length share a word, the bytes follow in the tag
            length, kind = first >> 16, first & 0xFFFF
            if length > 4:
                raise ValueError("a small element of more than four bytes")
            return kind, view[4 : 4 + length], view[8:]
        end = 8 + length
        if end > len(view):
            raise ValueError("cut off")
        return (
            first,
            view[8:end],
            view[end if first == _PACKED else min(end + -end % 8, len(view)) :],
        )

    def numbers(self, view: memoryview) -> tuple[np.ndarray[Any, Any], memoryview]:
        """The numbers of the first element."""
        kind, body, rest = self.element(view)
        if kind not in _KINDS:
            raise ValueError(f"numbers of kind {kind}")
        dtype = np.dtype(self.order + _KINDS[kind])
        return np.frombuffer(body[: len(body) // dtype.itemsize * dtype.itemsize], dtype), rest

    def matrix(self, view: memoryview, depth: int) -> tuple[str, Any]:
        """Name and value of a matrix of any class; a value that is none of ours is `()`."""
        if depth > _DEEPEST:
            raise ValueError("too deep")
        if not len(view):
            return "", np.empty((0, 0))
        flags, view = self.numbers(view)
        if flags.size < 2:
            raise ValueError("no class")
        kind = int(flags[0]) & 0xFF
        if kind > 16:  # opaque: has no size
            return "", ()
        sizes, view = self.numbers(view)
        shape = tuple(int(n) for n in sizes)
        if len(shape) < 2 or min(shape) < 0:
            raise ValueError("no size")
        _kind, name, view = self.element(view)
        return bytes(name).decode("latin-1"), self.value(kind, shape, view, depth)

    def value(self, kind: int, shape: tuple[int, ...], view: memoryview, depth: int) -> Any:
        n = prod(shape)
        if 6 <= kind <= 15:
            return _shaped(self.numbers(view)[0], shape)
        if kind == 4:
            return self.text(view, n) if shape[0] == 1 else ""
        if kind == 1:
            found = self.matrices(view, n, depth)
            return tuple(tuple(found[i :: shape[0]]) for i in range(shape[0])) if n else ()
        if kind in (2, 3):
            if kind == 3:
                view = self.element(view)[2]
            width, view = self.numbers(view)
            _kind, names, view = self.element(view)
            step = int(width[0]) if width.size else 0
            if step < 1:
                raise ValueError("no names")
            keys = [bytes(names[i : i + step]).split(b"\0")[0].decode("latin-1") for i in range(0, len(names), step)]  # fmt: skip
            found = self.matrices(view, n * len(keys), depth)
            return dict(zip(keys, found, strict=True)) if n == 1 else ()
        if kind == 5:
            return self.sparse(view, shape)
        return ()

    def matrices(self, view: memoryview, n: int, depth: int) -> list[Any]:
        """So many matrices, one after the other."""
        if 8 * n > len(view):
            raise ValueError("cut off")
        found = []
        for _i in range(n):
            kind, body, view = self.element(view)
            if kind != _MATRIX:
                raise ValueError(f"kind {kind} for a matrix")
            found.append(self.matrix(body, depth + 1)[1])
        return found

    def text(self, view: memoryview, n: int) -> str:
        kind, body, _rest = self.element(view)
        wide = "utf-16-le" if self.order == "<" else "utf-16-be"
        name = _TEXTS.get(kind, wide if kind in (3, 4, 17) else "")
        if not name:
            raise ValueError(f"text of kind {kind}")
        return bytes(body).decode(name)[:n]

    def sparse(self, view: memoryview, shape: tuple[int, ...]) -> Any:
        row, view = self.numbers(view)
        starts, view = self.numbers(view)
        real, _view = self.numbers(view)
        if len(shape) != 2 or prod(shape) > _LARGEST or starts.size != shape[1] + 1:
            raise ValueError("a sparse matrix of no size or too large")
        n = int(starts[-1])
        width = np.diff(starts.astype(np.int64))
        if not 0 <= n <= min(row.size, real.size) or (width < 0).any() or starts[0] != 0:
            raise ValueError("a sparse matrix that does not fit")
        made = np.zeros(shape)
        at = row[:n].astype(np.int64)
        if n and not 0 <= at.min() <= at.max() < shape[0]:
            raise ValueError("a sparse matrix that does not fit")
        made[at, np.repeat(np.arange(shape[1]), width)] = real[:n]
        return made


def _shaped(values: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Numbers column by column as a matrix of floats; more than two dimensions are laid side by side."""
    if values.size != prod(shape):
        raise ValueError("fewer numbers than its size says")
    made = values.astype(float).reshape(shape, order="F")
    return made.reshape(shape[0], prod(shape[1:]))


def _level_4(content: bytes) -> Iterator[tuple[str, Any]]:
    """Matrices one after the other: five numbers, a name, the values."""
    view = memoryview(content)
    if len(view) < 20:
        raise ValueError("no MATLAB file")
    order = "<" if struct.unpack("<I", view[:4])[0] < 5000 else ">"
    while len(view):
        if len(view) < 20:
            raise ValueError("cut off")
        kind, rows, columns, imaginary, length = struct.unpack(order + "5i", view[:20])
        thousands, _o, precision, what = kind // 1000, kind // 100 % 10, kind // 10 % 10, kind % 10
        if kind < 0 or thousands != (order == ">") or precision > 5 or what > 2:
            raise ValueError("no MATLAB file")
        if min(rows, columns) < 0 or not 0 < length <= 64 or imaginary not in (0, 1):
            raise ValueError("no MATLAB file")
        dtype = np.dtype(order + ("f8", "f4", "i4", "i2", "u2", "u1")[precision])
        begin, n = 20 + length, rows * columns
        end = begin + n * dtype.itemsize
        if end > len(view):
            raise ValueError("cut off")
        name = bytes(view[20:begin]).split(b"\0")[0].decode("latin-1")
        values = np.frombuffer(view[begin:end], dtype)
        if what == 1:
            yield name, "".join(chr(int(c)) for c in values if 0 <= c < 256) if rows == 1 else ""
        elif what == 0:
            yield name, _shaped(values, (rows, columns))
        view = view[min(end + imaginary * n * dtype.itemsize, len(view)) :]
