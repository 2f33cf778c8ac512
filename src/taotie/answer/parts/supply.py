"""What do pages and pictures of a supply take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

import numpy as np

from taotie.grid.supply.technology import technology_name
from taotie.words.language import N_, in_language, language

__all__ = ["flow_word", "hardest_span", "size_word", "supply_word", "technology_name"]

FLOWS = {
    "load": N_("load"), "grid": N_("from the grid"), "sold": N_("sold to the grid"), "curtailed": N_("curtailed"),
    "lost_in_stores": N_("lost in stores"),
}  # fmt: skip


def hardest_span(grid: np.ndarray, load: np.ndarray, n: int) -> tuple[int, int, float]:
    """First step and number of steps of the span that takes most from the grid, and the grid's share of its load.

    Parameters
    ----------
    grid, load : ndarray, shape (n_step,)
        Energy a step, or mean power. [MWh or MW]
    n : int
        Steps of a span; the whole series if it has fewer.

    Examples
    --------
    >>> hardest_span(np.array([0.0, 1.0, 2.0, 0.0]), np.full(4, 2.0), 2)
    (1, 2, 0.75)
    """
    n = min(n, load.size)
    start = int(np.convolve(grid, np.ones(n), "valid").argmax())
    at = slice(start, start + n)
    return start, n, float(grid[at].sum() / load[at].sum())


def flow_word(key: str) -> str:
    """Words for a technology, or for a flow of it, in the language in force."""
    name = key.removesuffix("_mwh")
    for ending, words in (("_charging", N_("{store}, charging")), ("_discharging", N_("{store}, discharging"))):  # fmt: skip
        if name.endswith(ending):
            return in_language(words, language()).format(store=technology_name(name.removesuffix(ending)))  # fmt: skip
    return in_language(FLOWS[name], language()) if name in FLOWS else technology_name(name)


def size_word(key: str) -> str:
    """Words for the size of a technology, in the language in force."""
    return technology_name(key.removesuffix("_mw"))


SUPPLIES = {"grid": N_("the grid alone"), "annual": N_("matched over the year"), "hourly": N_("matched by the hour")}  # fmt: skip


def supply_word(key: str) -> str:
    """Words for a way of supplying, in the language in force; a score stays a number."""
    return in_language(SUPPLIES[key], language()) if key in SUPPLIES else key
