"""Which function made a derived figure? Lifted kernels by the name of their operation, called again on values."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from taotie.errors import ResultError
from taotie.words.language import _

PREFIX = "kernel:"
KERNELS: dict[str, Callable[..., Any]] = {}
"""By operation; those of taotie are imported when named."""


def kernel_of(operation: str) -> Callable[..., Any]:
    """The lifted kernel an operation names.

    Raises
    ------
    ResultError
        If there is none: a file can name kernels of taotie and those this process has lifted itself,
        and imports nothing else.
    """
    if operation in KERNELS:
        return KERNELS[operation]
    module, _colon, qualname = operation.removeprefix(PREFIX).partition(":")
    known = re.fullmatch(r"taotie(\.[a-z][a-z_0-9]*)+", module) is not None
    if operation.startswith(PREFIX) and known and qualname.isidentifier():
        try:
            function = getattr(importlib.import_module(module), qualname, None)
        except ImportError:
            function = None
        if function is not None and hasattr(function, "__taotie_kernel__"):
            return function
    raise ResultError(
        _("{operation} is not an operation of this version.").format(operation=repr(operation)),
        _("the file was written by another version, or changed by hand"),
    )


def takes_axes(operation: str) -> bool:
    """Whether the kernel of an operation takes arrays of several axes."""
    return bool(kernel_of(operation).__taotie_kernel__["broadcasts"])  # type: ignore[attr-defined]


def call_operation(
    operation: str,
    parameters: Mapping[str, Any],
    inputs: list[np.ndarray],
    kernel: Callable[..., Any] | None = None,
) -> Any:
    """Values of a derived figure from the values of its parents, by the kernel that made it."""
    kernel = kernel or kernel_of(operation)
    arguments: dict[str, Any] = {}
    for argument, value in parameters["arguments"].items():
        if isinstance(value, Mapping) and "input" in value:
            data, factor = inputs[value["input"]], value["factor"]
            arguments[argument] = data * factor if factor != 1.0 else data
        elif isinstance(value, Mapping):
            arguments[argument] = np.asarray(value["array"], dtype=float)
        else:
            arguments[argument] = value
    result = kernel.__taotie_kernel__["function"](**arguments)  # type: ignore[attr-defined]
    field = parameters.get("field")
    return result if field is None else getattr(result, field)
