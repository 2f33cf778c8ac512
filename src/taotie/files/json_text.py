"""How is JSON written so that people may read it? One line a value, one blank a level, in a third of json's own time.

The standard library indents in plain Python and is fast only on one line. Here what holds no other is handed to that
fast writer, with the line's end as the separator: the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from json import encoder
from json.encoder import encode_basestring
from typing import Any

__all__ = ["json_text", "text_at"]

_SIMPLE = frozenset((str, int, float, bool, type(None)))


def json_text(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """`value` as ``json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)`` writes it, byte for byte.

    What never changes may have a dict `written`: its text by depth is kept there. What has a method `text_at` of the
    depth writes itself.

    Parameters
    ----------
    default : callable, optional
        Makes plain values of what JSON does not know.

    Raises
    ------
    ValueError
        If a number is not finite.
    TypeError
        If something is no JSON, and there is no `default`.

    Examples
    --------
    >>> print(json_text({"energy": [0.5, 2.9], "of": {}}))
    {
     "energy": [
      0.5,
      2.9
     ],
     "of": {}
    }
    """
    return _text(value, 1, default)


def text_at(value: Any, depth: int) -> str:
    """`value` as `json_text` writes it inside others, its lines so many blanks from the left.

    Examples
    --------
    >>> text_at({"energy": 2.9}, 2)
    '{\\n  "energy": 2.9\\n }'
    """
    return _text(value, depth, None)


def _text(value: Any, depth: int, default: Callable[[Any], Any] | None) -> str:
    if isinstance(value, dict):
        kept: dict[int, str] | None = getattr(value, "written", None)
        if kept is None:
            return _mapping(value, depth, default)
        if depth not in kept:
            kept[depth] = _mapping(value, depth, default)
        return kept[depth]
    if isinstance(value, list | tuple):
        if not value:
            return "[]"
        line = "\n" + depth * " "
        if _SIMPLE.issuperset(map(type, value)):
            return "[" + line + _on_lines(depth)(value)[1:-1] + line[:-1] + "]"
        rows = ("," + line).join([_text(one, depth + 1, default) for one in value])
        return "[" + line + rows + line[:-1] + "]"
    if isinstance(value, str):
        return encode_basestring(value)
    if type(value) is float and value - value == 0.0:  # finite
        return repr(value)
    if value is None or isinstance(value, int | float):
        return _on_lines(1)(value)
    own = getattr(value, "text_at", None)
    if own is not None:
        return str(own(depth))
    if default is None:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    kept = getattr(value, "written", None)
    if kept is None:
        return _text(default(value), depth, None)
    if depth not in kept:
        kept[depth] = _text(default(value), depth, None)
    return kept[depth]


def _mapping(value: dict[Any, Any], depth: int, default: Callable[[Any], Any] | None) -> str:
    if not value:
        return "{}"
    line = "\n" + depth * " "
    if _SIMPLE.issuperset(map(type, value.values())):
        return "{" + line + _on_lines(depth)(value)[1:-1] + line[:-1] + "}"
    rows = ("," + line).join(
        [f"{_name(key)}: {_text(one, depth + 1, default)}" for key, one in value.items()]
    )
    return "{" + line + rows + line[:-1] + "}"


def _name(key: Any) -> str:
    """A name as text: numbers, true, false and null as the standard library writes them."""
    if isinstance(key, str):
        return encode_basestring(key)
    return _on_lines(1)({key: 0})[1:-4]


@lru_cache(maxsize=64)
def _on_lines(depth: int) -> Callable[[Any], str]:
    """The fast writer, which parts values as they are parted at a depth."""
    between = ",\n" + depth * " "
    plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(between, ": "))
    fast = getattr(encoder, "c_make_encoder", None)
    if fast is None:
        return plain.encode
    # what `encode` makes anew for every call
    made = fast(None, plain.default, encode_basestring, None, ": ", between, False, False, False)
    return lambda value: "".join(made(value, 0))
