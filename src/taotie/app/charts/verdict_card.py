"""What does a verdict look like when it is shared? One card: the sentence, the verdict as a word with its mark, the source."""

from __future__ import annotations

import re
import textwrap
from html import escape
from typing import Any

from taotie.words.language import _, language

WIDTH = 1200
_TINTS = {
    "reproduces": "#1b7837", "rounding": "#5aae61", "outdated": "#7b6fae", "not checkable": "#6b7280",
}  # fmt: skip


def verdict_svg(answer: Any) -> str:
    """The card of a checked sentence as SVG."""
    from taotie.answer.parts.audit import MARKS, match_line, verdict_word

    made, _reading, matches, _subjects = answer.detail
    verdict = answer.own["verdict"]
    mark = MARKS.get(verdict, "≠")
    rows = [(line, 34, "#111827") for line in _wrapped(answer.settings["says"], 60)[:6]]
    rows.append((f"{mark} {verdict_word(verdict)}", 44, _TINTS.get(verdict, "#b2182b")))
    if made is not None:
        rows += [(line, 26, "#374151") for line in _wrapped(made.why, 84)[:3]]
    if matches:
        rows += [(line, 24, "#374151") for line in _wrapped(match_line(matches[0]), 92)[:3]]
    rows.append(
        (_("checked with taotie; the JSON of this verdict computes it again"), 20, "#6b7280")
    )
    body, at = "", 66
    for i, (text, size, colour) in enumerate(rows):
        # lines of one size stand close, what is said in another stands apart
        at += round(1.35 * size) + (14 if i and rows[i - 1][1] != size else 0)
        body += f'<text x="60" y="{at}" font-size="{size}" fill="{colour}" font-family="Noto Sans CJK SC, Noto Sans, sans-serif">{escape(text)}</text>'
    height = at + 54
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/><rect x="20" y="60" width="8" height="{height - 100}" fill="{_TINTS.get(verdict, "#b2182b")}"/>'
        f"{body}</svg>"
    )


def _wrapped(text: str, width: int) -> list[str]:
    text = " ".join(str(text).split())
    if language() != "zh" and not any("\u4e00" <= c <= "\u9fff" for c in text):
        return textwrap.wrap(text, width)
    lines, used = [""], 0
    for piece in re.findall(r"[\x21-\x7e]+\s?|.", text):  # a Latin word or number stays whole
        size = sum(1 if c.isascii() else 2 for c in piece)
        if used and used + size > width and piece[0] not in "，。；：、）”":
            lines.append("")
            used = 0
        lines[-1] += piece
        used += size
    return [line.strip() for line in lines]
