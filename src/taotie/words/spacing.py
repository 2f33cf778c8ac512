"""Where does Chinese leave no space? Beside full-width punctuation, which brings its own.

Sentences are put together from parts that are separated by a space, as English wants it; what a part ends in is not
known where they are put together. Every Chinese sentence (`said`) and every page passes through here.
"""

from __future__ import annotations

import re

__all__ = ["FULL_WIDTH", "GAP", "closed_up"]

FULL_WIDTH = "，。；：！？、（）《》「」『』【】〔〕"
_HAN = "\u3400-\u9fff"
GAP = rf"(?:(?<=[{FULL_WIDTH}]) (?=[{_HAN}{FULL_WIDTH}])|(?<=[{_HAN}]) (?=[{FULL_WIDTH}]))"
"""A single space; more than one set a column apart."""
_GAP = re.compile(GAP)


def closed_up(text: str) -> str:
    """The text without spaces between full-width punctuation and a Chinese character or other such punctuation.

    Examples
    --------
    >>> closed_up("vLLM 0.11（2025 年末） 测量过 H100， 见下")
    'vLLM 0.11（2025 年末）测量过 H100，见下'
    >>> closed_up("（a）  二, (b) 三")
    '（a）  二, (b) 三'
    """
    return text if text.isascii() else _GAP.sub("", text)
