"""Can anything be computed with this case? What no treatment can mend is refused, with table, row and value."""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.errors import CaseError
from taotie.words.language import _

__all__ = ["check_case"]


def check_case(case: Any) -> None:
    """Refuse what no treatment can mend; each message names table, row and value."""
    name = case.name
    if not case.n_bus:
        raise CaseError(_("{case} has no bus.").format(case=name))
    numbers = case.bus[:, 0]
    odd = np.flatnonzero(
        (numbers != np.floor(numbers)) | ~(np.abs(numbers) < 2**53) | (numbers <= 0)
    )
    if odd.size:
        raise CaseError(
            _(
                "{case}: row {row} of bus has the number {value}, not a positive whole number."
            ).format(case=name, row=int(odd[0]) + 1, value=numbers[odd[0]])
        )
    unique, counts = np.unique(numbers, return_counts=True)
    if (counts > 1).any():
        raise CaseError(
            _("{case}: bus {bus} appears {n} times.").format(
                case=name, bus=int(unique[counts > 1][0]), n=int(counts.max())
            )
        )
    used = {
        "bus": (1, 2, 4),
        "gen": (1, 7, 8),
        "branch": (3, 8, 9, 10),
        "dcline": (2, 3, 4),
        "gencost": (0, 3),
    }
    for key, columns in used.items():
        table = getattr(case, key)
        for column in columns:
            limitless = key == "gen" and column == 8  # a Pmax of Inf is allowed
            bad = np.isnan(table[:, column]) if limitless else ~np.isfinite(table[:, column])
            wrong = np.flatnonzero(bad)
            if len(wrong):
                raise CaseError(
                    _(
                        "{case}: row {row}, column {column} of {key} is {value}, not a finite number."
                    ).format(
                        case=name,
                        row=int(wrong[0]) + 1,
                        column=column + 1,
                        key=key,
                        value=table[wrong[0], column],
                    ),
                    _("correct the file: a missing value cannot be computed with."),
                )
    rate = case.branch[:, 5]
    wrong = np.flatnonzero(np.isnan(rate) | (rate < 0))
    if wrong.size:
        raise CaseError(
            _("{case}: row {row} of branch has the rating {value} MW.").format(
                case=name, row=int(wrong[0]) + 1, value=rate[wrong[0]]
            ),
            _("a rating is positive, or 0 for unlimited."),
        )
    known = set(numbers.tolist())
    for key, columns in (("gen", (0,)), ("branch", (0, 1)), ("dcline", (0, 1))):
        table = getattr(case, key)
        for column in columns:
            for row, number in enumerate(table[:, column].tolist()):
                if number not in known:
                    raise CaseError(
                        _(
                            "{case}: row {row} of {key} names bus {bus}, which is not in the bus table."
                        ).format(case=name, row=row + 1, key=key, bus=number)
                    )
    if len(case.gencost) not in (0, case.n_gen, 2 * case.n_gen):
        raise CaseError(
            _("{case}: gencost has {n} rows for {m} units.").format(
                case=name, n=len(case.gencost), m=case.n_gen
            ),
            _("one row a unit is needed, in the order of gen."),
        )
