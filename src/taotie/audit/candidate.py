"""One way to take a text: a value, what it is made of, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from taotie.audit.reading import Quantity
from taotie.audit.verdict import Stated
from taotie.quantity.unit_text import PLAIN, Unit

_LOOSE_SHARE = 0.10
_CARDS = ("accelerator", "server", "person", "household")
_H = Unit("h")
_ASKS = ("request", "inference", "image", "video")


@dataclass(frozen=True)
class Candidate:
    """One way to take a text.

    Attributes
    ----------
    stated : Stated
        In a unit of the formula's dimension.
    parts : tuple of Quantity
        What it is made of.
    how : str
        direct | bare | annual | per | product | quotient | ratio | change | number
    rank : int
        The lower the surer.
    """

    stated: Stated
    parts: tuple[Quantity, ...]
    how: str = "direct"
    rank: int = 0

    @property
    def main(self) -> Quantity:
        """The quantity a reader would point at."""
        return self.parts[0]


def stated_of(q: Quantity, unit: Unit | None = None, factor: float = 1.0) -> Stated:
    """A quantity as a stated value with the tolerance of its print."""
    low, high = sorted((q.low * factor, q.high * factor))
    size = max(abs(low), abs(high))
    half = q.half * abs(factor)
    if q.loose:
        half = min(half, _LOOSE_SHARE * size)
    if q.spread != (1.0, 1.0) and q.kind == "amount":
        # a ton is 907 to 1016 kg
        half = max(half, (1 - q.spread[0]) * size)
    return Stated(
        low, high, unit or q.unit, half, q.hedge if q.hedge in KNOWN else "none", q.digits
    )


KNOWN = ("none", "about", "comparable", "at_least", "at_most", "nearly", "exact")


@lru_cache(maxsize=4096)
def as_dimension(own: Unit, unit: Unit) -> tuple[tuple[float, Unit], ...]:
    """The unit to state it in, and a factor, where `own` can be taken as `unit`."""
    if own.same_dimension(unit):
        return ((1.0, own),)
    carbon = Unit("gCO2e") / Unit("g")
    for step in (carbon, PLAIN / carbon):
        if (own * step).same_dimension(unit):
            grams = own.factor_to(Unit("g")) if own.same_dimension(Unit("g")) else 1.0
            return ((grams, _carbon(own, step, unit)),)
    for count in _CARDS:  # 2,048 * 54 d gives GPU hours, where the text says so
        if count not in own.text:
            continue
        if (own / Unit(count)).same_dimension(_H) and unit.same_dimension(_H):
            return ((1.0, own / Unit(count)),)
    for mine in _ASKS:
        for other in _ASKS:
            if mine != other and f"/{mine}" in own.text and f"/{other}" in unit.text:
                moved = own * Unit(mine) / Unit(other)
                if moved.same_dimension(unit) and "inference" in (mine, other):
                    return ((1.0, moved),)
    return ()


def _carbon(own: Unit, step: Unit, unit: Unit) -> Unit:
    del unit
    if own.same_dimension(Unit("g")):
        return Unit("gCO2e")
    return own * step
