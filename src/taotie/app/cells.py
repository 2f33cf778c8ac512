"""How is a cell of a table printed? The same in the terminal and on every page."""

from __future__ import annotations

from typing import Any

from taotie.words.language import _
from taotie.words.plain import as_text
from taotie.words.said import Said

__all__ = ["cell"]


def cell(value: Any) -> str:
    """A cell of a table as text: a dash for nothing, numbers rounded for reading.

    Examples
    --------
    >>> cell(None), cell(2030), cell(1287.43), cell(True), cell("a")
    ('–', '2030', '1 287', 'yes', 'a')
    """
    from taotie.quantity.wording import number

    if value is None:
        return "–"
    if isinstance(value, Said):
        return as_text(value.text())
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        # years and small counts without a gap
        return str(value) if abs(value) < 10_000 else f"{value:,}".replace(",", "\u202f")
    if isinstance(value, float):
        return number(value, 4)
    return as_text(value)
