"""How do Octave's values behave? Tables of two sides under operators, and the cells an index means.

Numbers are two-dimensional arrays, logical ones of bool. What would give a complex number, or does not fit together, is refused
with the line of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.grid.case.octave_tokens import OctaveError, Table
from taotie.words.language import _

__all__ = [
    "MAX_CELLS", "Short", "as_array", "as_float", "binary", "check_size", "elementwise", "is_true",
    "one_number", "put", "scalar", "take",
]  # fmt: skip

Array = NDArray[Any]
MAX_CELLS = 60_000_000


class Short:
    """A table whose rows differ in length, as some files have it: filled with zeros, and remembered."""

    def __init__(self, table: Table) -> None:
        self.table = table


def scalar(value: float | bool) -> Array:
    return np.array([[value]])


def as_array(value: Any, line: int) -> Array:
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, str):
        return np.array([[float(ord(c)) for c in value]]).reshape(1 if value else 0, -1)
    if isinstance(value, Short):
        raise OctaveError(
            line,
            _("row {row} of the table has fewer columns than others").format(row=value.table.short),
        )
    raise OctaveError(line, _("a number or table of numbers is needed here"))


def as_float(value: Any, line: int) -> Array:
    array = as_array(value, line)
    return array.astype(float) if array.dtype == bool else array


def one_number(value: Any, line: int) -> float:
    array = as_float(value, line)
    if array.size != 1:
        raise OctaveError(line, _("one number is needed here, not {n}").format(n=array.size))
    return float(array.flat[0])


def is_true(value: Any, line: int) -> bool:
    array = as_array(value, line)
    return bool(array.size) and bool(np.all(array != 0))


def _real(array: Array, line: int) -> Array:
    if np.iscomplexobj(array):
        raise OctaveError(line, _("the result is a complex number"))
    return array


def elementwise(op: str, a: Array, b: Array, line: int) -> Array:
    if a.shape != b.shape and not all(
        m == n or 1 in (m, n) for m, n in zip(a.shape, b.shape, strict=True)
    ):
        raise OctaveError(
            line,
            _("tables of {a} and {b} do not fit together under {op}").format(
                a=f"{a.shape[0]}x{a.shape[1]}", b=f"{b.shape[0]}x{b.shape[1]}", op=op
            ),
        )
    with np.errstate(all="ignore"):
        if op == "+":
            return a + b
        if op == "-":
            return a - b
        if op == "*":
            return a * b
        if op == "/":
            return a / b
        if ((a < 0) & (b != np.floor(b))).any():
            raise OctaveError(line, _("the result is a complex number"))
        return a ** float(b.flat[0]) if b.size == 1 else np.power(a, b)


_COMPARE: Mapping[str, Callable[[Array, Array], Array]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "~=": np.not_equal, "!=": np.not_equal,
}  # fmt: skip


def binary(op: str, left: Any, right: Any, line: int) -> Array:
    if op in _COMPARE or op in ("&", "|"):
        a, b = as_float(left, line), as_float(right, line)
        if a.shape != b.shape and not all(
            m == n or 1 in (m, n) for m, n in zip(a.shape, b.shape, strict=True)
        ):
            elementwise(op, a, b, line)
        if op == "&":
            return (a != 0) & (b != 0)
        if op == "|":
            return (a != 0) | (b != 0)
        return _COMPARE[op](a, b)
    a, b = as_float(left, line), as_float(right, line)
    if op in ("+", "-"):
        return elementwise(op, a, b, line)
    if op in (".*", "./", ".^"):
        return elementwise(op[1], a, b, line)
    if op == ".\\":
        return elementwise("/", b, a, line)
    if op == "\\":
        if a.size == 1:
            return elementwise("/", b, a, line)
        return (
            np.linalg.solve(a, b)
            if a.shape[0] == a.shape[1]
            else np.linalg.lstsq(a, b, rcond=None)[0]
        )
    if op == "*":
        if a.size == 1 or b.size == 1:
            return elementwise("*", a, b, line)
        if a.shape[1] != b.shape[0]:
            elementwise("*", np.zeros((a.shape[1], 2)), np.zeros((b.shape[0], 2)), line)
            raise OctaveError(line, _("tables do not fit together under {op}").format(op="*"))
        return a @ b
    if op == "/":
        if b.size == 1:
            return elementwise("/", a, b, line)
        return np.linalg.lstsq(b.T, a.T, rcond=None)[0].T
    if op == "^":
        if a.size == 1 and b.size == 1:
            return elementwise("^", a, b, line)
        if b.size == 1 and a.shape[0] == a.shape[1] and float(b.flat[0]).is_integer():
            return np.linalg.matrix_power(a, int(b.flat[0]))
        raise OctaveError(line, _("a power of a table is not known here; .^ works by cell"))
    raise OctaveError(line, _("the operator {op} is not known here").format(op=op))


def check_size(rows: float, columns: float, line: int) -> tuple[int, int]:
    m, n = max(int(rows), 0), max(int(columns), 0)
    if not (np.isfinite(rows) and np.isfinite(columns)) or m * n > MAX_CELLS:
        raise OctaveError(line, _("a table of {m} x {n} is too large").format(m=m, n=n))
    return m, n


# ---- indices ---------------------------------------------------------------------------------


def positions(index: Any, length: int, line: int, grow: bool = False) -> Array:
    """Zero-based places along one side; `None` is the colon."""
    if index is None:
        return np.arange(length)
    array = as_array(index, line)
    if array.dtype == bool:
        at = np.flatnonzero(array.ravel(order="F"))
    else:
        flat = array.ravel(order="F").astype(float)
        if flat.size and (
            not np.isfinite(flat).all() or (flat != np.floor(flat)).any() or (flat < 1).any()
        ):
            raise OctaveError(
                line,
                _("{value:g} is no row or column").format(
                    value=float(flat[(flat != np.floor(flat)) | (flat < 1)][0])
                ),
            )
        at = flat.astype(np.int64) - 1
    if at.size and at.max() >= (MAX_CELLS if grow else length):
        raise OctaveError(
            line, _("place {at} is beyond the {n} there are").format(at=int(at.max()) + 1, n=length)
        )
    return at


def take(array: Array, indices: list[Any], line: int) -> Array:
    if len(indices) == 0:
        return array
    if len(indices) == 1:
        flat = array.ravel(order="F")
        index = indices[0]
        at = positions(index, flat.size, line)
        if index is None:
            return flat.reshape(-1, 1)
        shape = as_array(index, line).shape
        found = flat[at]
        if as_array(index, line).dtype == bool or min(shape) == 1 or 0 in shape:
            if array.shape[0] == 1 and min(shape) <= 1:
                return found.reshape(1, -1)
            if array.shape[1] == 1 and min(shape) <= 1:
                return found.reshape(-1, 1)
            if shape[0] == 1 and len(shape) == 2:
                return found.reshape(1, -1)
            return found.reshape(-1, 1)
        return found.reshape(shape, order="F")
    if len(indices) > 2 and any(i is not None and one_number(i, line) != 1 for i in indices[2:]):
        raise OctaveError(line, _("tables have two sides here"))
    rows = positions(indices[0], array.shape[0], line)
    columns = positions(indices[1], array.shape[1], line)
    return array[np.ix_(rows, columns)]


def put(array: Array, indices: list[Any], value: Any, line: int) -> Array:
    """A copy of the table with some cells set; a table with no rows in place of the value deletes."""
    new = as_array(value, line)
    if array.dtype == bool and new.dtype != bool:
        array = array.astype(float)
    deletes = new.shape == (0, 0)
    if len(indices) == 1:
        at = positions(indices[0], array.size, line, grow=True)
        if deletes:
            flat = np.delete(array.ravel(order="F"), at)
            return (
                flat.reshape(-1, 1) if array.shape[1] == 1 and array.size else flat.reshape(1, -1)
            )
        if at.size and at.max() >= array.size:
            if array.size and min(array.shape) != 1:
                raise OctaveError(
                    line,
                    _("place {at} is beyond the {n} there are").format(
                        at=int(at.max()) + 1, n=array.size
                    ),
                )
            longer = np.zeros(check_size(1, at.max() + 1, line)[1])
            longer[: array.size] = array.ravel(order="F")
            array = (
                longer.reshape(-1, 1)
                if array.shape[1] == 1 and array.shape[0] > 1
                else longer.reshape(1, -1)
            )
        flat = array.ravel(order="F").copy()
        if new.size not in (1, at.size):
            raise OctaveError(line, _("{n} values for {m} cells").format(n=new.size, m=at.size))
        flat[at] = new.flat[0] if new.size == 1 else new.ravel(order="F")
        return flat.reshape(array.shape, order="F")
    rows = positions(indices[0], array.shape[0], line, grow=True)
    columns = positions(indices[1], array.shape[1], line, grow=True)
    if deletes:
        if indices[0] is None or rows.size == array.shape[0]:
            return np.delete(array, columns, axis=1)
        if indices[1] is None or columns.size == array.shape[1]:
            return np.delete(array, rows, axis=0)
        raise OctaveError(line, _("only whole rows or columns can be taken out"))
    if indices[0] is None and not array.shape[0] and new.size:
        rows = np.arange(new.shape[0] if new.size > 1 else 1)
    if indices[1] is None and not array.shape[1] and new.size:
        columns = np.arange(new.shape[1] if new.size > 1 else 1)
    height = max(array.shape[0], int(rows.max(initial=-1)) + 1)
    width = max(array.shape[1], int(columns.max(initial=-1)) + 1)
    check_size(height, width, line)
    grown = np.zeros((height, width), float if new.dtype != bool else array.dtype)
    grown[: array.shape[0], : array.shape[1]] = array
    if new.size == 1:
        grown[np.ix_(rows, columns)] = new.flat[0]
    elif new.shape == (rows.size, columns.size):
        grown[np.ix_(rows, columns)] = new
    elif new.size == rows.size * columns.size and 1 in (rows.size, columns.size) and 1 in new.shape:
        grown[np.ix_(rows, columns)] = new.reshape(rows.size, columns.size)
    else:
        raise OctaveError(
            line,
            _("a table of {a} does not fit into {b}").format(
                a=f"{new.shape[0]}x{new.shape[1]}", b=f"{rows.size}x{columns.size}"
            ),
        )
    return grown
