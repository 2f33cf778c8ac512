"""Is a stated number right? One word, found by rules from the stated and the recomputed value.

The rules come in order and the first that applies wins: a unit error (another dimension, or a factor of
1000^k), then agreement within the printed digits, then rounding, then disagreement. Documented verdicts,
*outdated* and *not checkable* are a person's: no formula gives them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from taotie.audit.formula import Recomputed
from taotie.errors import RangeError, nearest
from taotie.quantity.unit_text import Unit
from taotie.words.language import _
from taotie.words.listing import listing

REPRODUCES = "reproduces"
ROUNDING = "rounding"
UNIT_ERROR = "unit error"
INCONSISTENT = "inconsistent with source"
OUTDATED = "outdated"
NOT_CHECKABLE = "not checkable"
VERDICTS = (REPRODUCES, ROUNDING, UNIT_ERROR, INCONSISTENT, OUTDATED, NOT_CHECKABLE)
COMPUTED = (REPRODUCES, ROUNDING, UNIT_ERROR, INCONSISTENT)
HARMLESS = (REPRODUCES, ROUNDING)

HEDGES = ("none", "about", "comparable", "at_least", "at_most", "greater", "nearly", "exact")

# Thresholds of the rules; the reasons are in docs/concepts/verdicts.md.
NEAR_POWER_OF_1000 = 0.05
ROUNDING_GAP = 0.05
COMPARABLE_BAND = 0.10
COMPARABLE_EDGE = 0.20
BOUND_TIGHT = (0.999, 1.10)
BOUND_LOOSE = (0.95, 1.50)
# Of a sentence as it stands in print (`printed_finding`).
ABOUT_GAP = 0.10
NEARLY = (0.90, 1.02)
NEARLY_LOOSE = (0.85, 1.05)
PRINTED_BOUND_LOOSE = 2.0
PRINTED_BOUND_SLACK = 0.005
PRINTED_BOUND_ROUNDED = 0.01
EMPTY_RANGE = 10.0
WIDE_RANGE = 5.0


@dataclass(frozen=True)
class Stated:
    """What a text says.

    Attributes
    ----------
    low, high : float
        Ends of the stated range; equal for a single value. [unit]
    tol : float
        Half a unit of the last printed digit. [unit]
    hedge : str
        One of `HEDGES`: how the text qualifies the value.
    digits : int
        Significant digits printed.
    """

    low: float
    high: float
    unit: Unit
    tol: float = 0.0
    hedge: str = "none"
    digits: int = 2

    def __post_init__(self) -> None:
        if self.hedge not in HEDGES:
            raise RangeError(
                _("hedge={value} is not one of {known}.").format(
                    value=repr(self.hedge), known=listing(HEDGES)
                ),
                nearest(self.hedge, HEDGES),
            )
        if not all(math.isfinite(x) for x in (self.low, self.high, self.tol)):
            raise RangeError(_("a stated value must be a finite number."))
        if self.low > self.high:
            raise RangeError(
                _("low={low} is above high={high}.").format(low=self.low, high=self.high),
                _("a range goes from low to high"),
            )
        if self.tol < 0:
            raise RangeError(_("tol={tol} is negative.").format(tol=self.tol))

    @property
    def is_range(self) -> bool:
        """Is a range stated?"""
        return self.low != self.high

    @property
    def value(self) -> float:
        """The value, or the middle of the range. [unit]"""
        return 0.5 * (self.low + self.high)

    def to(self, unit: Unit) -> Stated:
        """The same in another unit of the same dimension."""
        f = self.unit.factor_to(unit)
        return Stated(self.low * f, self.high * f, unit, self.tol * f, self.hedge, self.digits)

    def scaled(self, factor: float) -> Stated:
        """The statement with every number times `factor`."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Stated(low, high, self.unit, self.tol * abs(factor), self.hedge, self.digits)


@dataclass(frozen=True)
class Finding:
    """A verdict and the rule it comes from.

    Attributes
    ----------
    verdict : str
        One of `VERDICTS`.
    rule : str
        Which rule fired; `wording.RULES` holds its sentence.
    ratio : float or None
        Stated over recomputed; None where the dimensions differ.
    power : int
        k where the ratio is about 1000^k, else 0.
    """

    verdict: str
    rule: str
    ratio: float | None = None
    power: int = 0

    @property
    def gap(self) -> float | None:
        """How far the stated value is from the recomputed one, as a share. [1]"""
        return None if self.ratio is None else abs(self.ratio - 1)


def finding(stated: Stated, recomputed: Recomputed) -> Finding:
    """The verdict on a stated value, by the rules alone.

    Examples
    --------
    >>> from taotie.audit.formula import evaluated
    >>> power = evaluated("100000 * 700 W * 0.61")
    >>> finding(Stated(42, 42, Unit("MWh"), 0.5), power).rule
    'dimension'
    >>> finding(Stated(42, 42, Unit("MW"), 0.5), power).verdict
    'rounding'
    """
    if not stated.unit.same_dimension(recomputed.unit):
        return Finding(UNIT_ERROR, "dimension")
    c = recomputed.to(stated.unit)
    ratio = stated.value / c.value if c.value else (1.0 if stated.value == 0 else math.inf)
    # "more than" says nothing of the size: a true 1000-fold is no slip there
    power = 0 if stated.hedge == "greater" else power_of_1000(ratio)
    if power:
        return Finding(UNIT_ERROR, "power_of_1000", ratio, power)
    if stated.hedge == "comparable":
        verdict, rule = _comparable(stated, c)
    elif stated.hedge in ("at_least", "at_most"):
        verdict, rule = _bounded(stated, ratio)
    elif stated.hedge == "greater":
        true = c.low > stated.value
        verdict, rule = (REPRODUCES, "greater") if true else (INCONSISTENT, "not_greater")
    elif c.has_range:
        verdict, rule = _against_range(stated, c)
    else:
        verdict, rule = _against_point(stated, c)
    return Finding(verdict, rule, ratio)


def printed_finding(stated: Stated, recomputed: Recomputed) -> Finding:
    """The verdict on a number as it stands in print: right if it is a correct rounding at the digits printed.

    Hedges widen what is right, "exactly" and many digits narrow it; a range ten times as wide as its lower end says
    nothing. A unit error is only found where undoing it makes the number fit (`slip.py`), never here.

    Examples
    --------
    >>> from taotie.audit.formula import evaluated
    >>> share = evaluated("33.6 TWh / 4000 TWh")
    >>> printed_finding(Stated(0.8, 0.8, Unit("%"), 0.05, "none", 1), share).verdict
    'reproduces'
    >>> printed_finding(Stated(0.9, 0.9, Unit("%"), 0.05, "none", 1), share).verdict
    'inconsistent with source'
    """
    if not stated.unit.same_dimension(recomputed.unit):
        return Finding(UNIT_ERROR, "dimension")
    c = recomputed.to(stated.unit)
    ratio = stated.value / c.value if c.value else (1.0 if stated.value == 0 else math.inf)
    if (
        stated.is_range
        and stated.digits
        and not c.has_range
        and (empty := _says_nothing(stated, c))
    ):
        return Finding(empty[0], empty[1], ratio)
    if stated.hedge == "comparable":
        verdict, rule = _comparable(stated, c)
    elif stated.hedge in ("at_least", "at_most"):
        verdict, rule = _printed_bound(stated, c)
    elif stated.hedge == "nearly" and not c.has_range and stated.value > 0:
        verdict, rule = _nearly(stated, c)
    elif c.has_range:
        verdict, rule = _against_range(stated, c)
        if stated.is_range and rule == "meets_part":  # two ranges agree at both ends, or not
            verdict, rule = INCONSISTENT, "ends_differ"
    else:
        verdict, rule = _printed_point(stated, c)
    return Finding(verdict, rule, ratio)


def rounding_gap(stated: Stated) -> float:
    """How far beyond its digits a number may be and still be a rounding, as a share. [1]

    Two units of its last digit, within the bounds of its digits; "about" one unit and 5 % at least.
    """
    if stated.hedge == "exact":
        return 0.0
    unit = 2 * stated.tol / abs(stated.value) if stated.value else 0.0
    if stated.hedge == "about":
        return min(max(unit, ROUNDING_GAP), ABOUT_GAP)
    if stated.digits <= 2:
        return ROUNDING_GAP
    return min(max(2 * unit, 0.002), 0.02 if stated.digits <= 4 else 0.005)


def _printed_point(stated: Stated, c: Recomputed) -> tuple[str, str]:
    low, high = stated.low - stated.tol, stated.high + stated.tol
    dust = 1e-9 * abs(c.value)
    if low <= c.widest_high + dust and c.widest_low - dust <= high:
        return REPRODUCES, "inside_stated_range" if stated.is_range else "within_digits"
    gap = rounding_gap(stated)
    if stated.is_range:
        near = stated.hedge in ("about", "comparable") and _edge_gap(
            low, high, c.widest_low, c.widest_high
        ) <= min(gap, ROUNDING_GAP)
        return (ROUNDING, "edges_close") if near else (INCONSISTENT, "far")
    off = abs(stated.value / c.value - 1) if c.value else math.inf
    return (ROUNDING, "gap_small") if off <= gap + 1e-9 else (INCONSISTENT, "far")


def _nearly(stated: Stated, c: Recomputed) -> tuple[str, str]:
    share = c.value / stated.low
    if NEARLY[0] <= share <= NEARLY[1]:
        return REPRODUCES, "nearly"
    if NEARLY_LOOSE[0] <= share <= NEARLY_LOOSE[1]:
        return ROUNDING, "nearly"
    return INCONSISTENT, "far"


def _printed_bound(stated: Stated, c: Recomputed) -> tuple[str, str]:
    """A bound is right where it holds; it misleads where it is far off."""
    edge = stated.low if stated.hedge == "at_least" else stated.high
    if not edge or edge * c.value < 0:
        return INCONSISTENT, "bound_fails"
    size = c.value / edge if stated.hedge == "at_least" else edge / c.value
    # as much as 2.7 Wh of 2.72: the bound is printed rounded, too
    slack = max(PRINTED_BOUND_SLACK, min(stated.tol / abs(edge), PRINTED_BOUND_ROUNDED))
    if BOUND_TIGHT[0] <= size <= BOUND_TIGHT[1]:
        return REPRODUCES, "bound_holds"
    if c.has_range and c.low <= edge <= c.high:
        # more than the upper end, or at most the lower one, holds for none of it
        beyond = c.high * 0.995 <= edge if stated.hedge == "at_least" else edge <= c.low * 1.005
        return (INCONSISTENT, "bound_fails") if beyond else (ROUNDING, "bound_loose")
    if 1 - slack <= size <= PRINTED_BOUND_LOOSE:
        return ROUNDING, "bound_loose"
    return INCONSISTENT, "bound_fails" if size < 1 else "bound_far"


def _says_nothing(stated: Stated, c: Recomputed) -> tuple[str, str] | None:
    """A range so wide that almost anything lies in it."""
    if stated.high <= 0:
        return None
    width = stated.high / stated.low if stated.low > 0 else math.inf
    if not stated.low <= c.value <= stated.high:
        return None
    if width >= EMPTY_RANGE:
        return INCONSISTENT, "empty_range"
    return (NOT_CHECKABLE, "wide_range") if width > WIDE_RANGE else None


def power_of_1000(ratio: float) -> int:
    """k if `ratio` is within 5 % of 1000^k and k is not 0; else 0.

    Examples
    --------
    >>> power_of_1000(997.6), power_of_1000(1e-3), power_of_1000(100), power_of_1000(1.02)
    (1, -1, 0, 0)
    """
    if not (ratio > 0 and math.isfinite(ratio)):
        return 0
    k = round(math.log10(ratio) / 3)
    return k if k and abs(ratio / 1000.0**k - 1) <= NEAR_POWER_OF_1000 else 0


def _edge_gap(low: float, high: float, x_low: float, x_high: float) -> float:
    """Distance of the nearest edges of two intervals, over the size of the second; 0 if they meet."""
    if low <= x_high and x_low <= high:
        return 0.0
    near, edge = (high, x_low) if high < x_low else (low, x_high)
    return abs(near / edge - 1) if edge else math.inf


def _comparable(stated: Stated, c: Recomputed) -> tuple[str, str]:
    low, high = sorted(
        (stated.low * (1 - COMPARABLE_BAND), stated.low * (1 + COMPARABLE_BAND))
    ) if not stated.is_range else (
        stated.low * (1 - COMPARABLE_BAND), stated.high * (1 + COMPARABLE_BAND)
    )  # fmt: skip
    if low <= c.low and c.high <= high:
        return REPRODUCES, "comparable"
    if _edge_gap(low, high, c.low, c.high) <= COMPARABLE_EDGE:
        return ROUNDING, "comparable_partly"
    return INCONSISTENT, "not_comparable"


def _bounded(stated: Stated, ratio: float) -> tuple[str, str]:
    size = ratio if stated.hedge == "at_most" else (1 / ratio if ratio else math.inf)
    if BOUND_TIGHT[0] <= size <= BOUND_TIGHT[1]:
        return REPRODUCES, "bound_holds"
    if BOUND_LOOSE[0] <= size <= BOUND_LOOSE[1]:
        return ROUNDING, "bound_loose"
    return INCONSISTENT, "bound_fails" if size < 1 else "bound_far"


def _against_point(stated: Stated, c: Recomputed) -> tuple[str, str]:
    low, high = stated.low - stated.tol, stated.high + stated.tol
    if low <= c.widest_high and c.widest_low <= high:
        return REPRODUCES, "inside_stated_range" if stated.is_range else "within_digits"
    if stated.is_range:
        near = _edge_gap(low, high, c.widest_low, c.widest_high) <= ROUNDING_GAP
        return (ROUNDING, "edges_close") if near else (INCONSISTENT, "far")
    gap = abs(stated.value / c.value - 1) if c.value else math.inf
    return (ROUNDING, "gap_small") if gap <= ROUNDING_GAP else (INCONSISTENT, "far")


def _against_range(stated: Stated, c: Recomputed) -> tuple[str, str]:
    low, high = stated.low - stated.tol, stated.high + stated.tol
    if stated.is_range:
        slack_low = stated.tol + (c.low - c.widest_low)
        slack_high = stated.tol + (c.widest_high - c.high)
        if abs(stated.low - c.low) <= slack_low and abs(stated.high - c.high) <= slack_high:
            return REPRODUCES, "ends_agree"
        ends = [(stated.low, c.low), (stated.high, c.high)]
        if all(x and abs(s / x - 1) <= ROUNDING_GAP for s, x in ends):
            return ROUNDING, "ends_close"
    elif low <= c.low and c.high <= high:
        return REPRODUCES, "range_inside"
    gap = _edge_gap(low, high, c.low, c.high)
    if gap == 0:
        return ROUNDING, "meets_part"
    return (ROUNDING, "edges_close") if gap <= ROUNDING_GAP else (INCONSISTENT, "far")
