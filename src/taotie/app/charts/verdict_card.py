"""What does a verdict look like when it is shared? One card: the sentence, the verdict as a word with its mark, the source."""

from __future__ import annotations

import textwrap
from html import escape
from typing import Any

from taotie.words.language import _, language

WIDTH, LINE = 1200, 46
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
    height = 80 + LINE * len(rows) + 40
    body = "".join(
        f'<text x="60" y="{100 + i * LINE}" font-size="{size}" fill="{colour}" font-family="Noto Sans CJK SC, Noto Sans, sans-serif">{escape(text)}</text>'
        for i, (text, size, colour) in enumerate(rows)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/><rect x="20" y="60" width="8" height="{height - 100}" fill="{_TINTS.get(verdict, "#b2182b")}"/>'
        f"{body}</svg>"
    )


def _wrapped(text: str, width: int) -> list[str]:
    text = " ".join(str(text).split())
    if language() == "zh" or any("\u4e00" <= c <= "\u9fff" for c in text):
        width //= 2
        return [text[i : i + width] for i in range(0, len(text), width)]
    return textwrap.wrap(text, width)
