"""How does it go over the day? A `Profile`: shapes by hour times figures, with unit, boundary and kind.

A load of a service is a few shapes (what follows the requests, what is always on), each times a figure. So a
year of 8,760 hours at 10,000 draws needs no 700 MB: samples of an hour are made when asked for.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from taotie.errors import RangeError, UnitError
from taotie.quantity import boundary as bounds
from taotie.quantity import unit as units
from taotie.quantity.figure import Figure, derived_kind, exact
from taotie.quantity.points import between, neighbours, quantile
from taotie.words.language import _


@dataclass(frozen=True, eq=False)
class Profile:
    """A series by hour: the sum over terms of `shape` (n_hour,) times a figure.

    Parameters
    ----------
    terms : tuple of (ndarray shape (n_hour,), Figure)
        All figures of one dimension and one boundary.
    step_h : float, default 1
        Length of a step. [h]
    label : mapping
        Name in each language.

    Examples
    --------
    >>> from taotie.quantity.figure import leaf
    >>> base = leaf("base", value=2.0, unit="MW", boundary="facility", kind="assumed", note="example")
    >>> flat = Profile(((np.ones(24), base),))
    >>> flat.energy().to("MWh").p50, flat.peak().p50
    (48.0, 2.0)
    """

    terms: tuple[tuple[np.ndarray, Figure], ...]
    step_h: float = 1.0
    label: Mapping[str, str] = field(default_factory=dict)
    _percentiles: dict[tuple[float, ...], np.ndarray] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if not self.terms:
            raise RangeError(_("a profile needs at least one term."))
        if not 0 < self.step_h < math.inf:
            raise RangeError(
                _("step_h={value} is not a length of time.").format(value=self.step_h),
                _("hours per step, such as 1 or 0.25"),
            )
        terms = tuple((_row(shape), figure) for shape, figure in self.terms)
        object.__setattr__(self, "terms", terms)
        hours = {len(shape) for shape, _figure in terms}
        if len(hours) != 1:
            raise RangeError(
                _("the shapes of a profile must be of one length, not {n}.").format(n=sorted(hours))
            )
        first = self.terms[0][1]
        place = first.boundary
        for _shape, figure in self.terms[1:]:
            if not units.same_dimension(first.unit, figure.unit):
                raise UnitError(
                    _("a profile in {a} cannot take a term in {b}.").format(
                        a=first.unit, b=figure.unit
                    )
                )
            place = bounds.of_sum(place, figure.boundary, _("the terms of a profile"))

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return self.terms[0][1].unit

    @property
    def boundary(self) -> str | None:
        """Boundary of the values."""
        return self.terms[0][1].boundary

    @property
    def kind(self) -> str:
        """Kind of the values."""
        return derived_kind(f for _shape, f in self.terms)

    @property
    def n_hour(self) -> int:
        """Number of steps."""
        return len(self.terms[0][0])

    def at(self, hour: int) -> np.ndarray:
        """Samples of one step, shape (n_sample,) or (). [unit]"""
        total: np.ndarray | float = 0.0
        for shape, figure in self.terms:
            total = total + shape[hour] * figure.samples * units.factor(figure.unit, self.unit)
        return np.asarray(total)

    def percentiles(self, q: tuple[float, ...] = (5, 50, 95)) -> np.ndarray:
        """Percentiles by hour, shape (len(q), n_hour); made once. [unit]"""
        if q not in self._percentiles:
            shares = [p / 100.0 for p in q]
            one = len(self.terms) == 1
            points = self._scaled_points(shares) if one else self._sorted_points(shares)
            self._percentiles[q] = np.array(points, dtype=np.float64)
        return self._percentiles[q].copy()

    def _sorted_points(self, shares: Sequence[float]) -> list[list[float]]:
        points = []
        for hour in range(self.n_hour):
            draws = np.atleast_1d(self.at(hour))
            draws.sort()
            points.append([quantile(draws, q) for q in shares])
        return [list(row) for row in zip(*points, strict=True)]

    def _scaled_points(self, shares: Sequence[float]) -> list[np.ndarray]:
        """Of one term: the draws of every hour are in one order, or where the shape is negative in its reverse."""
        [(shape, figure)] = self.terms
        draws = np.sort(np.atleast_1d(figure.samples))
        factor = units.factor(figure.unit, self.unit)
        points = []
        for q in shares:
            below, above, share = neighbours(draws.size, q)
            low, high = (
                0.0 + shape * np.where(shape < 0, draws[draws.size - 1 - at], draws[at]) * factor
                for at in (below, above)
            )
            points.append(between(low, high, share))
        return points

    def samples(self) -> Iterator[np.ndarray]:
        """Samples hour by hour; together axes (hour, sample)."""
        return (self.at(h) for h in range(self.n_hour))

    def __mul__(self, other: Figure) -> Profile:
        return replace(self, terms=tuple((s, f * other) for s, f in self.terms))

    def __add__(self, other: Profile) -> Profile:
        if (self.n_hour, self.step_h) != (other.n_hour, other.step_h):
            raise RangeError(_("profiles of different length or step are not added."))
        return replace(self, terms=self.terms + other.terms)

    def to(self, unit: str) -> Profile:
        """The same profile in another unit of the same dimension."""
        return replace(self, terms=tuple((s, f.to(unit)) for s, f in self.terms))

    def at_boundary(self, level: str, by: Figure) -> Profile:
        """Take each term along the chain; see `Figure.at_boundary`."""
        return replace(self, terms=tuple((s, f.at_boundary(level, by)) for s, f in self.terms))

    def mean_day(self) -> Profile:
        """The average day of a series of whole days; exact, as a profile is linear in its shapes.

        A series that is not whole days comes back as it is.
        """
        per_day = 24.0 / self.step_h
        if per_day != int(per_day) or self.n_hour <= per_day or self.n_hour % per_day:
            return self
        days = int(self.n_hour / per_day)
        terms = tuple((s.reshape(days, -1).mean(axis=0), f) for s, f in self.terms)
        return replace(self, terms=terms)

    def energy(self) -> Figure:
        """Sum over the steps times their length. [unit * h]"""
        parts = (f * exact(float(np.sum(s)) * self.step_h, "h") for s, f in self.terms)
        return reduce(operator.add, parts)

    def average(self) -> Figure:
        """Mean over the steps. [unit]"""
        return (self.energy() / exact(self.n_hour * self.step_h, "h")).to(self.unit)

    def peak(self) -> Figure:
        """Highest step of each draw. [unit]"""
        shape, figure = self.terms[0]
        if len(self.terms) == 1 and np.min(figure.samples) >= 0:
            return figure * float(np.max(shape))
        return peak_of_terms(self)


def _row(values: np.ndarray) -> np.ndarray:
    """A copy nobody changes."""
    shape = np.array(values, dtype=float)
    if shape.ndim != 1 or not shape.size or not np.isfinite(shape).all():
        raise RangeError(
            _("a shape is a row of finite numbers, one per step; this one is {shape}.").format(
                shape=shape.shape if shape.ndim != 1 or not shape.size else _("not finite")
            )
        )
    shape.flags.writeable = False
    return shape


def peak_of_terms(profile: Profile, formula: str = "") -> Figure:
    """Highest step of a sum of shapes, draw by draw, as a figure that can be computed again."""
    hours = np.unique(np.stack([shape for shape, _figure in profile.terms]), axis=1)
    shapes = hours.tolist()
    figures = tuple(figure.to(profile.unit) for _shape, figure in profile.terms)
    return Figure(
        unit=profile.unit,
        boundary=profile.boundary,
        kind=profile.kind,
        operation="peak",
        parameters={"shapes": shapes},
        parents=figures,
        formula=formula or f"highest hour of {' + '.join(f'{f.node_id} * shape' for f in figures)}",
    )


def highest_of(figures: tuple[Figure, ...]) -> Figure:
    """The highest of some figures of one dimension and boundary, draw by draw.

    Examples
    --------
    >>> from taotie.quantity.figure import leaf
    >>> a, b = (leaf(k, value=v, unit="MW", kind="assumed", note="example") for k, v in (("a", 2.0), ("b", 3.0)))
    >>> highest_of((a, b)).p50
    3.0
    """
    each = np.eye(len(figures))
    formula = f"highest of {', '.join(f.node_id for f in figures)}"
    return peak_of_terms(Profile(tuple(zip(each, figures, strict=True))), formula)
