"""How wide is a text on paper? Widths of the letters of a sans-serif font, and a text cut to a room. [px]

A page shows its words in the reader's font, which nobody knows when it is drawn; these widths are those of Helvetica
and its likes, a little widened, so that what is laid out by them has room in any of the fonts that `theme` names.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["fitted", "lines_within", "text_width"]

_THOUSANDTHS = dict(
    zip(
        map(chr, range(32, 127)),
        (
            278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
            556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015,
            667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611,
            278, 278, 278, 469, 556, 333,
            556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500,
            334, 260, 334, 584,
        ),
        strict=True,
    )
)  # fmt: skip
_OTHER = 600
_HAN = 1000
_WIDENED = 1.04
_BOLD = 1.07


@lru_cache(maxsize=4096)
def text_width(words: str, size: float, bold: bool = False) -> float:
    """Width of a text in letters of `size`.

    Examples
    --------
    >>> round(text_width("MW", 10)), round(text_width("功率", 10))
    (18, 21)
    """
    total = sum(_THOUSANDTHS.get(c) or (_HAN if ord(c) > 0x2E80 else _OTHER) for c in words)
    return total * size * _WIDENED * (_BOLD if bold else 1.0) / 1000


def fitted(words: str, room: float, size: float, bold: bool = False) -> str:
    """A text as it is, or cut with an ellipsis to the room it has.

    Examples
    --------
    >>> fitted("energy of a request", 60, 12), fitted("energy", 60, 12)
    ('energy of…', 'energy')
    """
    if text_width(words, size, bold) <= room:
        return words
    kept = words
    while kept and text_width(kept + "…", size, bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


_PIECES = re.compile(r"[\u2e80-\uffff]|[^/\u2e80-\uffff]*/|[^/\u2e80-\uffff]+")


def lines_within(words: str, room: float, size: float, bold: bool = False) -> list[str]:
    """A text on as many lines as it takes: broken at spaces, and a word too wide behind a stroke or a Chinese character.

    A piece that alone is wider than the room is cut.

    Examples
    --------
    >>> lines_within("0.00014 Wh/request", 70, 11.5), lines_within("writing", 70, 11.5)
    (['0.00014', 'Wh/request'], ['writing'])
    >>> lines_within("冷却与转换", 40, 11.5)
    ['冷却与', '转换']
    """
    lines = [""]
    for word in words.split(" "):
        whole = text_width(word, size, bold) <= room
        for i, piece in enumerate([word] if whole else _PIECES.findall(word)):
            longer = f"{lines[-1]} {piece}" if i == 0 and lines[-1] else lines[-1] + piece
            if lines[-1] and text_width(longer, size, bold) > room:
                lines.append(piece)
            else:
                lines[-1] = longer
    return [fitted(line, room, size, bold) for line in lines]
