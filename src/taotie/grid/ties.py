"""Which of several buses, branches or units comes first where their MW are the same? Not the one that rounding favours.

Two computers give the last digits of a sum another way, and ten buses behind one line the same MW: sorted by what they
print alike, and by where they stand in the file, they come in one order everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["falling", "to_the_watt"]

DIGITS = 6


def to_the_watt(mw: ArrayLike) -> NDArray[np.float64]:
    """MW without what is below a watt, shape as given.

    Examples
    --------
    >>> to_the_watt([0.1 + 0.2, 0.3]).tolist()
    [0.3, 0.3]
    """
    return np.round(np.asarray(mw, float), DIGITS)


def falling(mw: ArrayLike) -> NDArray[Any]:
    """Places by falling MW, shape (n,); of those that are alike to the watt the first comes first.

    Examples
    --------
    >>> falling([1.0, 0.3, 0.1 + 0.2, 2.0]).tolist()
    [3, 0, 1, 2]
    """
    return np.argsort(-to_the_watt(mw), kind="stable")
