"""What does not change, so that what was found of it may be kept: its text, its content hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NoReturn

__all__ = ["CONTENT", "Frozen", "frozen"]

CONTENT = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""Writes what a content hash is made of."""


class Frozen(dict[str, Any]):
    """A dict that does not change, so that a content hash stays true; JSON writes it as it is."""

    @cached_property
    def written(self) -> dict[int, str]:
        """Its text at the depths `json_text` wrote it at."""
        return {}

    @cached_property
    def compact(self) -> str:
        """Its text for a content hash."""
        return CONTENT.encode(self)

    @cached_property
    def begun(self) -> dict[str, Any]:
        """Content hashes begun with an operation and this, by the operation: figures that differ in their parents go on."""
        return {}

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TypeError("frozen values do not change; make new ones")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = _refuse
    __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Frozen, (dict(self),)


_STIFF = (str, float, int, type(None), Frozen)


def frozen(value: Any) -> Any:
    """`value` so that it does not change: what is frozen already is taken as it is."""
    if isinstance(value, _STIFF):
        return value
    if isinstance(value, Mapping):
        return Frozen({k: frozen(v) for k, v in value.items()})
    return tuple([frozen(v) for v in value]) if isinstance(value, list | tuple) else value
