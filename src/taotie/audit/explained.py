"""Which numbers of a text follow from what the formula was given? An input rounded, a part of the formula: they are no claim.

A text that says 20 MW, 175 GWh and 12 million dollars, of 20 MW * 8760 h * 67 USD/MWh, claims the dollars: 175 GWh is a step on the way.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import lru_cache

from taotie.audit.candidate import stated_of
from taotie.audit.formula import Recomputed
from taotie.audit.reading import Quantity, Reading
from taotie.audit.slip import fits
from taotie.quantity.copied import replace
from taotie.quantity.number_text import number_at
from taotie.quantity.unit_text import PLAIN, Unit

Inputs = tuple[tuple[float, Unit], ...]
MAX_PARTS = 6
_MANY = ("count", "number", "thing", "times", "share")


def explained(
    q: Quantity, reading: Reading, inputs: Sequence[tuple[float, Unit]], recomputed: Recomputed
) -> bool:
    """Does a number of the text only say what the inputs give on the way to the result?

    Examples
    --------
    >>> from taotie.audit.formula import evaluated
    >>> from taotie.audit.reading import read
    >>> made = evaluated("20 MW * 8760 h * 67 USD/MWh")
    >>> r = read("The hall of 20 MW takes 175 GWh, which costs 15 million dollars.")
    >>> [explained(q, r, [(n.value, n.unit) for n in made.literals], made) for q in r.quantities]
    [True, True, False]
    """
    if q.kind in ("year", "short"):
        return False
    given = tuple(inputs)
    if len(given) < 2:
        return False
    for value, unit in _steps(given):
        if explains(q, value, unit) and not _is_result(value, unit, recomputed):
            return True
    for other in reading.quantities:  # a thousand of them, at the formula's 0.34 Wh each
        if other is q or other.kind not in _MANY or other.sentence != q.sentence:
            continue
        if other.value <= 0 or other.value == 1:
            continue
        for value, unit in given:
            if unit.is_plain:
                continue
            for own in (other.unit, PLAIN) if other.kind == "count" else (other.unit,):
                made = value * other.value, unit * own
                if explains(q, *made) and not _is_result(*made, recomputed):
                    return True
    return False


def _is_result(value: float, unit: Unit, recomputed: Recomputed) -> bool:
    """Is a part of the formula already all of it?"""
    return (
        unit.same_dimension(recomputed.unit)
        and bool(recomputed.value)
        and abs(value * unit.factor_to(recomputed.unit) / recomputed.value - 1) < 0.02
    )


def explains(q: Quantity, value: float, unit: Unit) -> bool:
    """Does a number agree with a value in its digits, with or without its period and what it is per?"""
    owns = [q.unit, q.bare, *(q.bare / Unit(c) for c in q.counts)]
    if q.kind == "count":
        owns.append(PLAIN)
    if unit.is_plain and q.kind in ("amount", "money", "share") and not q.is_range:
        printed = number_at(q.text)  # from 1.3 g, in 1.3/0.03
        if printed is not None and abs(printed.value - value) <= 1e-6 * abs(value):
            return True
    for own in owns:
        if own.same_dimension(unit) and fits(
            replace(stated_of(q, own), hedge="none"),
            Recomputed(value, value, value, value, value, unit),
        ):
            return True
    return False


@lru_cache(maxsize=64)
def _steps(given: Inputs) -> tuple[tuple[float, Unit], ...]:
    """The inputs, and all products and quotients of some of them."""
    made = list(given)
    use = [(v, u) for v, u in given if v][:MAX_PARTS]
    for n in range(2, len(use)):
        for some in itertools.combinations(use, n):
            made += _products(some)
    return tuple(made)


def _products(some: Sequence[tuple[float, Unit]]) -> Iterable[tuple[float, Unit]]:
    for signs in itertools.product((1, -1), repeat=len(some)):
        if signs[0] < 0 and len(set(signs)) == 1:
            continue
        value, unit = 1.0, PLAIN
        for (v, u), sign in zip(some, signs, strict=True):
            value, unit = (value * v, unit * u) if sign > 0 else (value / v, unit / u)
        yield value, unit
