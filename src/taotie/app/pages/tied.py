"""Where may a line of a page not end? Inside a number, which would be read as two. And which of its spaces are none?"""

from __future__ import annotations

import re

from taotie.words.spacing import FULL_WIDTH, GAP

__all__ = ["tied"]

_TIED = "\u00a0"
_OWN = r"(?:script|style|pre|code|kbd|textarea|option)\b"
_KEPT = (
    rf"(?is:<({_OWN}).*?</\1\s*>|<!--.*?-->|<[^>]*>(?:[^<\d{FULL_WIDTH}]*+<(?!{_OWN}|!--)[^>]*>)*+)"
)
"""What stays as it is, letter for letter: scripts, what somebody copies or sends back, and what stands inside of tags."""
_UNIT = r"(?:[kMGT]?(?:J|Wh?)|[kM]?tCO2e|k?gCO2e|m?L|USD|h|min|m?s)\b"
_GAP = rf" (?<=\d )(?=\d{{3}}(?!\d)|%|[万亿]|{_UNIT})"
_PLACES = re.compile(f"{_KEPT}|(?P<none>{GAP})|{_GAP}")


def tied(html: str) -> str:
    """A page in which groups of thousands, per cent, short units and the Chinese for ten thousand stay with their number.

    Nor does a space stand between full-width punctuation and a Chinese character.

    Examples
    --------
    >>> tied("<p>一、 二</p><p>需要知道： 型号</p>")
    '<p>一、二</p><p>需要知道：型号</p>'
    >>> tied('<p title="1 088">1 088 MW, 70 %, 12 万</p><code>--years 2 400</code>').split(" ")
    ['<p', 'title="1', '088">1\\xa0088\\xa0MW,', '70\\xa0%,', '12\\xa0万</p><code>--years', '2', '400</code>']
    """
    return _PLACES.sub(_set, html)


def _set(found: re.Match[str]) -> str:
    if found["none"]:
        return ""
    return _TIED if found.group() == " " else found.group()
