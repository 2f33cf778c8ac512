"""What do other programs show beside a link? A card of 1200 x 630: the question, the answer with its range."""

from __future__ import annotations

from html import escape

from taotie.app.charts import theme
from taotie.app.web.asked import kept
from taotie.app.web.site import page_of, view_of
from taotie.app.web.state import State
from taotie.errors import MissingExtraError
from taotie.words.language import _, speaking

__all__ = ["share_png", "share_svg"]

WIDTH, HEIGHT = 1200, 630
FONT = "Noto Sans CJK SC, Noto Sans, sans-serif"


def share_svg(page: str, state: State) -> str:
    """The card of a page's state as SVG, in its language."""
    with speaking(state.language):
        view = view_of(page_of(page).name, state)
        lines = list(view.share) or [view.title]
        rows = [(42, theme.INK, line) for line in _wrapped(view.title, 44)]
        rows += [(64, theme.AMBER_DEEP, line) for line in _wrapped(lines[0], 30)[:1]] if len(lines) > 1 else []  # fmt: skip
        for text in lines[1:] if len(lines) > 1 else lines:
            rows += [(32, theme.QUIET, line) for line in _wrapped(text, 60)[:3]]
        foot = _("taotie: every number with its range and its source")
    y, parts = 120.0, []
    for size, colour, words in rows[:8]:
        parts.append(
            f'<text x="80" y="{y:.0f}" font-size="{size}" fill="{colour}" font-weight="{600 if size > 40 else 400}">{escape(words)}</text>'
        )
        y += size * 1.45
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' font-family="{FONT}"><rect width="{WIDTH}" height="{HEIGHT}" fill="{theme.PAPER}"/>'
        f'<rect x="0" y="0" width="18" height="{HEIGHT}" fill="{theme.AMBER}"/>{"".join(parts)}'
        f'<text x="80" y="{HEIGHT - 50}" font-size="26" fill="{theme.QUIET}">{escape(foot)}</text></svg>'
    )


def share_png(page: str, state: State) -> bytes:
    """The card as PNG.

    Raises
    ------
    UnknownNameError
        If there is no such page.
    MissingExtraError
        If vl-convert-python is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise MissingExtraError("vl-convert-python", "serve") from None
    svg = share_svg(page, state)
    return bytes(kept(("share", svg), lambda: vl_convert.svg_to_png(svg)))


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of about `width` letters; a Chinese letter takes two."""
    lines, line, length = [], "", 0
    for word in _words(" ".join(text.split())):
        size = sum(2 if ord(c) > 0x2E80 else 1 for c in word)
        if length + size > width and line:
            lines.append(line.strip())
            line, length = "", 0
        line += word
        length += size
    return [*lines, line.strip()] if line.strip() else lines


def _words(text: str) -> list[str]:
    words, word = [], ""
    for c in text:
        if ord(c) > 0x2E80:
            words += [word, c] if word else [c]
            word = ""
        elif c == " ":
            words.append(word + " ")
            word = ""
        else:
            word += c
    return [*words, word] if word else words
