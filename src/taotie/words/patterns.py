"""Regular expressions that are made when they are first used: a reader of sentences has hundreds, and one sentence needs few.

Stands in for the library's `re` (``from taotie.words import patterns as re``): patterns and names are the same.
"""

from __future__ import annotations

import re
import sys
from re import (
    ASCII,
    DOTALL,
    IGNORECASE,
    Match,
    Pattern,
    escape,
    findall,
    fullmatch,
    match,
    search,
    split,
    sub,
)
from typing import Any, cast

__all__ = [
    "ASCII", "DOTALL", "IGNORECASE", "Match", "Pattern", "compile", "escape", "findall", "fullmatch", "match", "search", "split", "sub",
]  # fmt: skip


class _Made:
    """A pattern that was used, for those who hold it under another name than its own module."""


class _Late(_Made):
    """A pattern nobody has used yet."""

    def __init__(self, text: str, flags: int, place: dict[str, Any]) -> None:
        self.pattern, self.asked, self.place = text, flags, place

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(Pattern, name):
            raise AttributeError(name)
        made = re.compile(self.pattern, self.asked)
        own = {each: getattr(made, each) for each in dir(made) if not each.startswith("_")}
        for known in [key for key, value in self.place.items() if value is self]:
            self.place[known] = made  # from here on the module's name is the library's own pattern
        self.__dict__.update(own)
        self.__class__ = _Made  # type: ignore[assignment]
        return getattr(made, name)


def compile(pattern: str, flags: int = 0) -> Pattern[str]:
    """`pattern`, compiled when it is first used.

    Examples
    --------
    >>> compile("[0-9]+").findall("24 h, 7 days")
    ['24', '7']
    """
    place = sys._getframe(1).f_globals
    key = (pattern, flags, str(place.get("__name__")))
    known = _KNOWN.get(key)
    if known is None:
        known = _KNOWN[key] = _Late(pattern, flags, place)
    return cast("Pattern[str]", known)


_KNOWN: dict[tuple[str, int, str], _Late] = {}
"""One for each text and module: a function may ask for the same again and again."""
