"""What do the cells of a table of measured runs hold? Rows as text, numbers as floats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from taotie.errors import CoefficientError, DataError, SourceError
from taotie.files.read import csv_dicts, read_text
from taotie.words.language import _

__all__ = ["NOT_OF_A_ROW", "number", "read_table"]

LARGEST_FILE_B = 200_000_000
NOT_OF_A_ROW = (CoefficientError, SourceError)
"""What the package lacks for every row alike: raised, not booked as a row that cannot be used."""


def read_table(path: str | Path) -> list[dict[str, str]]:
    """Rows of a CSV file as dictionaries.

    Raises
    ------
    DataError
        If the file is absent, empty, larger than 200 MB, not UTF-8, or has no header.
    """
    file = Path(path)
    if not file.exists():
        raise DataError(_("no file at {path}.").format(path=file))
    rows = list(csv_dicts(read_text(file, LARGEST_FILE_B), file))
    if not rows:
        raise DataError(_("{path} has no rows.").format(path=file))
    return rows


def number(row: Mapping[str, str], *names: str) -> float:
    """First of the columns that holds a finite number, else nan."""
    for name in names:
        try:
            value = float(row.get(name) or "nan")
        except (ValueError, TypeError):
            continue
        if math.isfinite(value):
            return value
    return math.nan
