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
    """`pattern` of a module, compiled when it is first used; one that a function asks for is the library's own, at once.

    Examples
    --------
    >>> late = compile("[0-9]+")
    >>> late.findall("24 h, 7 days")
    ['24', '7']
    """
    frame = sys._getframe(1)
    place, caller = frame.f_globals, frame
    while caller.f_code.co_name in _WITHIN and caller.f_back is not None:
        caller = caller.f_back
    if (
        caller.f_code.co_name != "<module>"
    ):  # may be made of a reader's words: the library keeps few of them
        return re.compile(pattern, flags)
    key = (pattern, flags, str(place.get("__name__")))
    known = _KNOWN.get(key)
    if known is None:
        known = _KNOWN[key] = _Late(pattern, flags, place)
    return cast("Pattern[str]", known)


_WITHIN = ("<dictcomp>", "<genexpr>", "<listcomp>", "<setcomp>")
_KNOWN: dict[tuple[str, int, str], _Late] = {}
"""One for each text and module; none that a function asked for, so that a service does not grow with its questions."""
