"""Which of Octave's functions may a case file call? Arithmetic, sizes and searches, each as Octave has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from taotie.grid.case.octave_tokens import OctaveError
from taotie.grid.case.octave_values import (
    Array,
    Short,
    as_array,
    as_float,
    check_size,
    elementwise,
    one_number,
    scalar,
)
from taotie.words.language import _

__all__ = ["call"]

_PLAIN: Mapping[str, Callable[[Array], Array]] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "atan": np.arctan, "exp": np.exp, "abs": np.abs,
    "floor": np.floor, "ceil": np.ceil, "fix": np.trunc, "sign": np.sign, "sinh": np.sinh,
    "cosh": np.cosh, "tanh": np.tanh, "deg2rad": np.deg2rad, "rad2deg": np.rad2deg,
    "round": lambda a: np.sign(a) * np.floor(np.abs(a) + 0.5), "real": lambda a: a, "double": lambda a: a,
    "conj": lambda a: a, "full": lambda a: a, "sparse": lambda a: a,
}  # fmt: skip
# With the range in which the result is real.
_BOUNDED: Mapping[str, tuple[Callable[[Array], Array], float, float]] = {
    "sqrt": (np.sqrt, 0.0, np.inf), "log": (np.log, 0.0, np.inf), "log10": (np.log10, 0.0, np.inf),
    "log2": (np.log2, 0.0, np.inf), "asin": (np.arcsin, -1.0, 1.0), "acos": (np.arccos, -1.0, 1.0),
}  # fmt: skip
_CONSTANTS = {
    "pi": np.pi, "Inf": np.inf, "inf": np.inf, "NaN": np.nan, "nan": np.nan, "NA": np.nan,
    "eps": 2.0**-52, "realmax": np.finfo(float).max, "realmin": np.finfo(float).tiny, "e": np.e,
}  # fmt: skip
_FOLDS: Mapping[str, Callable[..., Array]] = {
    "sum": np.sum, "prod": np.prod, "mean": np.mean, "any": np.any, "all": np.all, "max": np.nanmax,
    "min": np.nanmin, "cumsum": np.cumsum,
}  # fmt: skip
_TESTS: Mapping[str, Callable[[Array], Array]] = {
    "isinf": np.isinf, "isnan": np.isnan, "isfinite": np.isfinite, "not": lambda a: a == 0,
    "logical": lambda a: a != 0,
}  # fmt: skip
_TWO = {"plus": "+", "minus": "-", "times": "*", "rdivide": "/", "power": "^"}


def call(name: str, arguments: list[Any], n_out: int, line: int) -> list[Any]:
    """What a built-in function gives; OctaveError where it is not known here."""
    n = len(arguments)
    if name in _CONSTANTS and (not n or name in ("Inf", "inf", "NaN", "nan")):
        if n:
            return [np.full(_size(arguments, line), _CONSTANTS[name])]
        return [scalar(_CONSTANTS[name])]
    if name in ("true", "false", "zeros", "ones", "cell"):
        shape = _size(arguments, line)
        if name == "cell":
            return [
                tuple(tuple(np.zeros((0, 0)) for _j in range(shape[1])) for _i in range(shape[0]))
            ]
        kind = bool if name in ("true", "false") else float
        return [np.full(shape, name in ("true", "ones"), kind)]
    if name == "eye":
        return [np.eye(*_size(arguments, line))]
    if name == "struct":
        if n % 2 or not all(isinstance(k, str) for k in arguments[::2]):
            raise OctaveError(line, _("struct needs names and values in turn"))
        return [dict(zip(arguments[::2], arguments[1::2], strict=True))]
    if name in (
        "isfield",
        "isstruct",
        "ischar",
        "iscell",
        "isnumeric",
        "islogical",
        "strcmp",
        "strcmpi",
        "rmfield",
    ):
        return [_about(name, arguments, line)]
    if n and name in (
        "size",
        "length",
        "numel",
        "rows",
        "columns",
        "isempty",
        "ndims",
        "isscalar",
        "isvector",
    ):
        return _measure(name, arguments, n_out, line)
    if n == 1 and name in _PLAIN:
        with np.errstate(all="ignore"):
            return [_PLAIN[name](as_float(arguments[0], line))]
    if n == 1 and name in _BOUNDED:
        function, low, high = _BOUNDED[name]
        array = as_float(arguments[0], line)
        if ((array < low) | (array > high)).any():
            raise OctaveError(line, _("the result of {name} is a complex number").format(name=name))
        with np.errstate(all="ignore"):
            return [function(array)]
    if n == 1 and name in _TESTS:
        return [_TESTS[name](as_float(arguments[0], line))]
    if name in ("max", "min") and n == 2:
        a, b = (as_float(x, line) for x in arguments)
        return [(np.fmax if name == "max" else np.fmin)(a, b)]
    if name in _FOLDS and n in (1, 2, 3):
        return _fold(name, arguments, n_out, line)
    if n == 2 and name in ("mod", "rem", "atan2", "hypot", *_TWO):
        a, b = (as_float(x, line) for x in arguments)
        if name in _TWO:
            return [elementwise(_TWO[name], a, b, line)]
        if name in ("atan2", "hypot"):
            return [(np.arctan2 if name == "atan2" else np.hypot)(a, b)]
        with np.errstate(all="ignore"):
            whole = np.floor(a / b) if name == "mod" else np.trunc(a / b)
            return [np.where(b == 0, a, a - whole * b)]
    if name == "find" and n == 1:
        return _find(as_array(arguments[0], line), n_out)
    if n and name in (
        "repmat",
        "reshape",
        "horzcat",
        "vertcat",
        "linspace",
        "diag",
        "unique",
        "sort",
        "ismember",
        "setdiff",
        "isequal",
        "transpose",
    ):
        return _shape(name, arguments, n_out, line)
    if name == "error":
        raise OctaveError(line, _("the file itself stops with an error"))
    raise OctaveError(
        line, _("{name} is not defined in the file and not known here").format(name=name)
    )


def _size(arguments: list[Any], line: int) -> tuple[int, int]:
    numbers = [
        float(v) for a in arguments if not isinstance(a, str) for v in as_float(a, line).flat
    ]
    if not numbers:
        return 1, 1
    if len(numbers) > 2:
        raise OctaveError(line, _("tables have two sides here"))
    return check_size(numbers[0], numbers[-1], line)


def _about(name: str, arguments: list[Any], line: int) -> Any:
    first = arguments[0] if arguments else None
    if name == "rmfield" and isinstance(first, dict) and len(arguments) == 2:
        return {k: v for k, v in first.items() if k != arguments[1]}
    if name == "isfield" and len(arguments) == 2:
        return scalar(isinstance(first, dict) and arguments[1] in first)
    if name.startswith("strcmp") and len(arguments) == 2:
        a, b = arguments
        if not (isinstance(a, str) and isinstance(b, str)):
            return scalar(False)
        return scalar(a == b if name == "strcmp" else a.lower() == b.lower())
    if len(arguments) != 1:
        raise OctaveError(
            line, _("{name} is called with too many or too few values").format(name=name)
        )
    return scalar(
        {
            "isstruct": isinstance(first, dict), "ischar": isinstance(first, str),
            "iscell": isinstance(first, tuple),
            "isnumeric": isinstance(first, np.ndarray) and first.dtype != bool,
            "islogical": isinstance(first, np.ndarray) and first.dtype == bool,
        }.get(name, False)
    )  # fmt: skip


def _measure(name: str, arguments: list[Any], n_out: int, line: int) -> list[Any]:
    value = arguments[0]
    if isinstance(value, Short):
        shape: tuple[int, ...] = value.table.values.shape
    elif isinstance(value, tuple):
        shape = (len(value), len(value[0]) if value else 0)
    elif isinstance(value, dict):
        shape = (1, 1)
    else:
        shape = as_array(value, line).shape
    if name == "size":
        if len(arguments) == 2:
            side = int(one_number(arguments[1], line))
            if side < 1:
                raise OctaveError(line, _("tables have two sides here"))
            return [scalar(float(shape[side - 1] if side <= 2 else 1))]
        if n_out > 1:
            return [scalar(float(s)) for s in (*shape, *[1] * (n_out - 2))]
        return [np.array([shape], float)]
    m, n = shape
    return [
        scalar(
            {
                "length": float(max(m, n) if m * n else 0), "numel": float(m * n), "rows": float(m),
                "columns": float(n), "ndims": 2.0, "isempty": m * n == 0, "isscalar": m * n == 1,
                "isvector": 1 in shape and m * n >= 1,
            }[name]
        )
    ]  # fmt: skip


def _fold(name: str, arguments: list[Any], n_out: int, line: int) -> list[Any]:
    array = as_float(arguments[0], line)
    axis = 1 if array.shape[0] == 1 and array.shape[1] != 0 else 0
    if len(arguments) > 1:
        axis = int(one_number(arguments[-1], line)) - 1
        if axis not in (0, 1):
            raise OctaveError(line, _("tables have two sides here"))
    if array.shape == (0, 0) and name != "cumsum":
        start = {"sum": 0.0, "prod": 1.0, "any": False, "all": True, "mean": np.nan}
        return [scalar(start[name]) if name in start else array]
    if name == "cumsum":
        return [np.cumsum(array, axis=axis)]
    if name in ("max", "min"):
        filled = np.where(np.isnan(array), -np.inf if name == "max" else np.inf, array)
        at = filled.argmax(axis) if name == "max" else filled.argmin(axis)
        best = np.take_along_axis(array, np.expand_dims(at, axis), axis)
        return [best, np.expand_dims(at, axis) + 1.0][: max(n_out, 1)]
    return [np.asarray(_FOLDS[name](array, axis=axis, keepdims=True))]


def _find(array: Array, n_out: int) -> list[Any]:
    at = np.flatnonzero(array.ravel(order="F"))
    as_row = array.shape[0] == 1 and array.shape[1] != 1

    def shaped(values: Array) -> Array:
        return values.reshape(1, -1) if as_row else values.reshape(-1, 1)

    if n_out < 2:
        return [shaped(at + 1.0)]
    height = max(array.shape[0], 1)
    return [shaped(at % height + 1.0), shaped(at // height + 1.0)]


def _shape(name: str, arguments: list[Any], n_out: int, line: int) -> list[Any]:
    if name == "repmat":
        array = as_array(arguments[0], line)
        m, n = _size(arguments[1:], line)
        check_size(array.shape[0] * m, array.shape[1] * n, line)
        return [np.tile(array, (m, n))]
    arrays = [as_array(a, line) for a in arguments]
    first = arrays[0]
    if name == "transpose":
        return [first.T]
    if name == "isequal":
        return [
            scalar(all(a.shape == first.shape and bool((a == first).all()) for a in arrays[1:]))
        ]
    if name in ("horzcat", "vertcat"):
        kept = [a for a in arrays if a.shape != (0, 0)] or [first]
        return [np.hstack(kept) if name == "horzcat" else np.vstack(kept)]
    if name == "reshape":
        return [first.reshape(_size(arguments[1:], line), order="F")]
    if name == "linspace":
        start, stop = (one_number(a, line) for a in arguments[:2])
        count = check_size(1, one_number(arguments[2], line) if len(arguments) > 2 else 100, line)[
            1
        ]
        return [np.linspace(start, stop, count).reshape(1, -1)]
    if name == "diag":
        return [np.diag(first.ravel()) if 1 in first.shape else np.diag(first).reshape(-1, 1)]
    as_row = first.shape[0] == 1

    def shaped(values: Array) -> Array:
        return values.reshape(1, -1) if as_row else values.reshape(-1, 1)

    if name == "unique":
        return [shaped(np.unique(first))]
    if name == "sort":
        axis = 1 if as_row else 0
        order = np.argsort(first, axis=axis, kind="stable")
        return [np.take_along_axis(first, order, axis), order + 1.0][: max(n_out, 1)]
    if len(arrays) != 2:
        raise OctaveError(
            line, _("{name} is called with too many or too few values").format(name=name)
        )
    if name == "ismember":
        return [np.isin(first, arrays[1])]
    return [shaped(np.setdiff1d(first, arrays[1]))]
