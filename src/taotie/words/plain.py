"""How are somebody else's words shown? As text: nothing in them moves a cursor, colors a line or turns it around.

Titles, names of columns and paths come from files of others. Every door passes them through here: the terminal's
console (`app.cli.common`), errors, and pages (`app.pages.html`).
"""

from __future__ import annotations

__all__ = ["as_text"]

# not "printable" to Python, and harmless: spaces of typography, joiners of scripts
_HARMLESS = frozenset(
    "\n\t\u00a0\u00ad\u2002\u2003\u2007\u2009\u200a\u200b\u200c\u200d\u202f\u205f\u3000"
)


class _Shown(dict[int, str]):
    """Each letter as it is shown. Marks that turn the direction of what follows are none that Python prints either."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        return letter if letter.isprintable() or letter in _HARMLESS else "?"


_SHOWN = _Shown((code, chr(code)) for code in (10, *range(32, 127)))  # most of what comes


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
    said = str(text)
    return said if said.isprintable() else said.translate(_SHOWN)
