"""What do the cells of a log hold? Times and token counts out of texts and numbers, each bad one refused by its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taotie.words.language import _
from taotie.workload.requests import Floats, Ints
from taotie.workload.trace_rows import Draft
from taotie.workload.trace_time import plain_stamps, stamp

__all__ = ["counts", "is_number", "numbers", "times"]


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
                draft.refuse(int(at[i]), column, cell, _("is not a date and time"))
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
        draft.refuse(int(at[i]), column, cell, _("is missing") if missing else _("is not a number"))


def counts(parts: Sequence[Sequence[Any]], at: Ints, column: str, draft: Draft) -> Floats:
    """Token counts: a column and those counted beside it, where an empty cell adds nothing."""
    total = numbers(parts[0], at, column, draft)
    for beside in parts[1:]:
        total = total + numbers(
            [0 if cell is None or cell == "" else cell for cell in beside], at, column, draft
        )
    return total
