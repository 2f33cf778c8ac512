"""What do the cells of a log hold? Times and token counts out of texts and numbers, each bad one refused by its line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from taotie.words.language import N_, _
from taotie.workload.requests import Floats, Ints
from taotie.workload.trace_rows import Draft
from taotie.workload.trace_time import names_a_zone, plain_stamps, stamp

__all__ = ["counts", "is_number", "numbers", "times"]

_GROUPED = re.compile(r"\d{1,3}(?:([, \u00a0\u202f\u2009'])\d{3})(?:\1\d{3})*")
_COMMA = re.compile(r"[+-]?\d+,\d+")
_DECIMAL_COMMA = N_(
    "write numbers with a point for the decimals and no separator between thousands"
)
_AGAIN = N_(
    "the header stands here again, as where two files were put one after the other: remove the line"
)
_DATES = N_(
    "write dates as 2026-03-01T12:00:00Z, or as seconds since 1970; 03/04/2026 is one day here and another there"
)


def is_number(cell: Any) -> bool:
    """Whether a cell reads as a number."""
    try:
        float(cell)
    except (TypeError, ValueError, OverflowError):
        return False
    return not isinstance(cell, bool)


def times(cells: Sequence[Any], at: Ints, column: str, draft: Draft) -> Floats:
    """Numbers as they stand, or seconds after the first date of the file; the first cell says which.

    NaN where there is no cell and the row gives a delay instead (None).
    """
    if draft.dated is None:
        first = next((cell for cell in cells if cell is not None), 0)
        draft.dated = not is_number(first)
        draft.zoned = draft.dated and names_a_zone(str(first))
    if not draft.dated:
        return numbers([np.nan if cell is None else cell for cell in cells], at, column, draft)
    texts = [cell if isinstance(cell, str) else "" for cell in cells]
    stamps = plain_stamps(texts) if all(texts) else None
    if stamps is None:
        stamps = np.empty(len(cells), dtype="datetime64[ns]")
        for i, cell in enumerate(cells):
            if cell is None:
                stamps[i] = np.datetime64("NaT")
                continue
            try:
                stamps[i] = stamp(str(cell))
            except (ValueError, OverflowError, IndexError):
                text = str(cell).strip()
                hint = _AGAIN if text == column.strip() else _DECIMAL_COMMA if _COMMA.fullmatch(text) else _DATES  # fmt: skip
                draft.refuse(int(at[i]), column, cell, _("is not a date and time"), _(hint))
    if draft.epoch is None:
        draft.epoch = next((one for one in stamps if not np.isnat(one)), None)
    if draft.epoch is None:
        return np.full(len(cells), np.nan)
    after = np.asarray((stamps - draft.epoch).astype(np.int64) * 1e-9, dtype=np.float64)
    missing = np.isnat(stamps)
    if missing.any():
        after[missing] = np.nan
    return after


def numbers(cells: Sequence[Any], at: Ints, column: str, draft: Draft) -> Floats:
    """Cells as numbers; texts of digits are numbers too."""
    try:
        return np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except (ValueError, TypeError, OverflowError):
        i, cell = next((i, cell) for i, cell in enumerate(cells) if not is_number(cell))
        if isinstance(cell, int) and not isinstance(cell, bool):
            draft.refuse(int(at[i]), column, f"1e{len(str(cell)[:400])}...", _("is too large"))
        missing = cell is None or not str(cell).strip()
        why = _("is missing") if missing else _("is not a number")
        hint = _(_DECIMAL_COMMA) if _COMMA.fullmatch(str(cell).strip()) else ""
        draft.refuse(int(at[i]), column, cell, why, hint)


def counts(parts: Sequence[Sequence[Any]], at: Ints, column: str, draft: Draft) -> Floats:
    """Token counts: a column and those counted beside it, where an empty cell adds nothing."""
    total = _count(parts[0], at, column, draft)
    for beside in parts[1:]:
        cells = [0 if cell is None or cell == "" else cell for cell in beside]
        total = total + _count(cells, at, column, draft)
    return total


def _count(cells: Sequence[Any], at: Ints, column: str, draft: Draft) -> Floats:
    try:
        return np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except (ValueError, TypeError, OverflowError):
        return numbers(_ungrouped(cells, column, draft), at, column, draft)


def _ungrouped(cells: Sequence[Any], column: str, draft: Draft) -> Sequence[Any]:
    """Counts without the commas or spaces between their thousands: a count of tokens has no decimals."""
    grouped = [isinstance(c, str) and _GROUPED.fullmatch(c.strip()) is not None for c in cells]
    if not any(grouped):
        return cells
    if all(s.code != "thousands_grouped" for s in draft.said):
        draft.say(
            "thousands_grouped",
            N_("{column}: commas or spaces between thousands were taken out, as in {cell}"),
            column=column[:40],
            cell=str(cells[grouped.index(True)])[:20],
        )
    return [
        "".join(filter(str.isdigit, c)) if g else c for c, g in zip(cells, grouped, strict=True)
    ]
