"""How are somebody else's words shown? As text: nothing in them moves a cursor, colors a line or turns it around.

Titles, names of columns and paths come from files of others. Every door passes them through here: the terminal's
console (`app.cli.common`), errors, and pages (`app.pages.html`).
"""

from __future__ import annotations

__all__ = ["as_text"]

# marks that change the direction of what follows, and separators that a terminal takes for a line end
_TURNING = frozenset("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")  # fmt: skip
# not "printable" to Python, and harmless: spaces of typography, joiners of scripts
_HARMLESS = frozenset(
    "\n\t\u00a0\u00ad\u2002\u2003\u2007\u2009\u200a\u200b\u200c\u200d\u202f\u205f\u3000"
)

_WITHOUT_HARMLESS = dict.fromkeys(map(ord, _HARMLESS))


def as_text(text: object) -> str:
    """Somebody's words without control characters: each becomes a `?`.

    Parameters
    ----------
    text : object
        Anything with a text.

    Examples
    --------
    >>> as_text("a\\x1b[31mred")
    'a?[31mred'
    >>> as_text("one\\u202ftwo"), as_text("\\u202eabc")
    ('one\\u202ftwo', '?abc')
    """
    words = str(text)
    # every mark that turns the direction is unprintable too
    if words.isprintable() or words.translate(_WITHOUT_HARMLESS).isprintable():
        return words
    return "".join(
        c if c in _HARMLESS or (c.isprintable() and c not in _TURNING) else "?" for c in words
    )
