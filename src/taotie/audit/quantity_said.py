"""A number of a text with all that is said of it: unit, period, count, hedge, role in a change."""

from __future__ import annotations

from dataclasses import dataclass

from taotie.quantity.unit_text import PLAIN, Unit


@dataclass(frozen=True)
class Quantity:
    """A number of a text.

    Attributes
    ----------
    start, end : int
        Its place in the plain form of the text.
    low, high : float
        Ends of the range; equal for one value. [unit]
    half : float
        Half a unit of the last printed digit. [unit]
    unit, bare : Unit
        With and without the period it is said for.
    period : str
        ``d``, ``a``, ``h`` ... or empty.
    firm : bool
        Is the period said of this very number, and not only somewhere before it?
    kind : str
        amount | count | share | times | money | year | thing | number | short
    role : str
        ``from`` or ``to`` where it is an end of a change, ``denied`` where the text says that it is not so.
    change : int
        1 a rise, -1 a fall, 0 neither.
    """

    text: str
    start: int
    end: int
    low: float
    high: float
    half: float = 0.0
    digits: int = 1
    loose: bool = False
    unit: Unit = PLAIN
    bare: Unit = PLAIN
    period: str = ""
    firm: bool = True
    count: str = ""
    noun: str = ""
    substance: str = ""
    hedge: str = "none"
    kind: str = "number"
    role: str = ""
    change: int = 0
    words: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    spread: tuple[float, float] = (1.0, 1.0)
    sentence: tuple[int, int] = (0, 0)
    short: str = ""

    @property
    def value(self) -> float:
        """The value, or the middle of the range. [unit]"""
        return self.low if self.low == self.high else 0.5 * (self.low + self.high)

    @property
    def is_range(self) -> bool:
        """Is a range stated?"""
        return self.low != self.high
