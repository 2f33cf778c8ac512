"""Regular expressions that are made when they are first used: a reader of sentences has hundreds, and one sentence needs few.

Stands in for the library's `re` (``from taotie.words import patterns as re``): patterns and names are the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
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
    """A pattern that was used: its methods stand with it, so that a call costs no more than one of `re`."""


class _Late(_Made):
    """A pattern nobody has used yet."""

    def __init__(self, text: str, flags: int) -> None:
        self.pattern, self.asked = text, flags

    def __getattr__(self, name: str) -> Any:
        made = re.compile(self.pattern, self.asked)
        own = {each: getattr(made, each) for each in dir(made) if not each.startswith("_")}
        self.__dict__.update(own)
        self.__class__ = _Made  # type: ignore[assignment]
        return getattr(made, name)


@lru_cache(maxsize=4096)
def compile(pattern: str, flags: int = 0) -> Pattern[str]:
    """`pattern`, compiled when it is first used.

    Examples
    --------
    >>> compile("[0-9]+").findall("24 h, 7 days")
    ['24', '7']
    """
    return cast("Pattern[str]", _Late(pattern, flags))
