"""Which optional packages does a part of taotie need? Asked before it starts, so that nothing stops half-way.

The core (requests, training, checking, sources) runs on NumPy alone; compiled kernels and solvers come with extras.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

from taotie.errors import MissingExtraError

__all__ = ["PACKAGES", "lacking", "require"]

PACKAGES = {"simulate": ("numba",), "grid": ("scipy", "numba"), "fleet": ("scipy",)}
"""Packages of an extra without which its questions cannot be answered at all."""


def require(extra: str) -> None:
    """See that an extra is installed.

    Raises
    ------
    MissingExtraError
        If a package of it is not there; the hint is the line to type.
    """
    for package in PACKAGES[extra]:
        if not _there(package):
            raise MissingExtraError(package, extra)


def _there(package: str) -> bool:
    if package in sys.modules:
        return sys.modules[package] is not None
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def lacking(error: ModuleNotFoundError) -> ModuleNotFoundError | MissingExtraError:
    """The sentence for a package that was not found; the error itself where it is none of an extra."""
    package = (error.name or "").partition(".")[0]
    extra = next((e for e, names in PACKAGES.items() if package in names), None)
    return error if extra is None else MissingExtraError(package, extra)
