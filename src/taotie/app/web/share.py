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
LARGE = 28
"""Letters that fit in one large line."""
FONT = "Noto Sans CJK SC, Noto Sans, sans-serif"


def share_svg(page: str, state: State) -> str:
    """The card of a page's state as SVG, in its language."""
    with speaking(state.language):
        view = view_of(page_of(page).name, state)
        lines = [line for line in view.share if line and line != view.title]
        # the answer large where it is a few letters, then what is said of it
        large = next((line for line in lines if _width(line) <= LARGE), "")
        rows = [(42, theme.INK, line) for line in _wrapped(view.title, 44)]
        rows += [(64, theme.AMBER_DEEP, large)] if large else []
        small = [part for line in lines if line is not large for part in _wrapped(line, 54)]
        most = 8 - len(rows)
        if len(small) > most:
            small = [*small[: most - 1], f"{small[most - 1]} …"]
        rows += [(36, theme.QUIET, line) for line in small]
        foot = _("taotie: every number with its range and its source")
    y, before, parts = 60.0, 42, []
    for size, colour, words in rows:
        y += 1.45 * size + (16 if size != before else 0)
        before = size
        parts.append(
            f'<text x="80" y="{y:.0f}" font-size="{size}" fill="{colour}" font-weight="{600 if size > 40 else 400}">{escape(words)}</text>'
        )
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
        size = _width(word)
        if length + size > width and line:
            lines.append(line.strip())
            line, length = "", 0
        line += word
        length += size
    return [*lines, line.strip()] if line.strip() else lines


def _width(text: str) -> int:
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


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
