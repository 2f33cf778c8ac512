"""What do the readers of other programs' grids share? Optional imports, and what counts as unlimited."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from taotie.errors import MissingExtraError
from taotie.words.said import Said

__all__ = ["UNLIMITED_MVA", "left_out", "needed"]

UNLIMITED_MVA = 1e5


def needed(package: str, extra: str, module: str = "", why: str = "") -> Any:
    """An optional package; MissingExtraError, with what it is needed for, where it is absent."""
    try:
        return import_module(module or package)
    except ImportError:
        raise MissingExtraError(package, extra, why) from None


def left_out(code: str, message: str, n: int, **values: Any) -> Sequence[Said]:
    """One note where there is something to tell."""
    return [Said(code, message, {"n": n, **values})] if n else []
