"""How are names set side by side? With the comma of the language in force: ", " in English, "、" in Chinese."""

from __future__ import annotations

from collections.abc import Iterable

from taotie.words.language import language

__all__ = ["listing"]

_BETWEEN = {"en": ", ", "zh": "、"}


def listing(names: Iterable[object], code: str | None = None) -> str:
    """Names one after another, in the language `code` or the one in force.

    Examples
    --------
    >>> listing(["a", 2]), listing(["a", 2], "zh")
    ('a, 2', 'a、2')
    """
    return _BETWEEN[code or language()].join(map(str, names))
