"""How is a range read? A distribution given by the numbers people publish: ends, mode, a 90 % range.

Each is a quantile function, so that a leaf turns its own Latin-hypercube column into samples.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from taotie.errors import DistributionError, nearest
from taotie.quantity.normal_quantile import normal_quantile
from taotie.words.language import _

Z90 = 1.6448536269514722  # normal quantile at 95 %: half the width of a 90 % range
EMPIRICAL_MAX = 20_000
_N_NODES, _Z_END = 4097, 9.0  # normal scores at which beta quantiles are computed
LOGNORMAL_MAX = 1e12  # ends further apart know nothing


def _finite(**values: float) -> None:
    for name, value in values.items():
        if not math.isfinite(value):
            raise DistributionError(
                _("{name}={value} is not a finite number.").format(name=name, value=value)
            )


def _ordered(**values: float) -> None:
    _finite(**values)
    names, numbers = list(values), list(values.values())
    for i in range(len(numbers) - 1):
        if numbers[i] > numbers[i + 1]:
            raise DistributionError(
                _("{a}={x} is above {b}={y}.").format(
                    a=names[i], x=numbers[i], b=names[i + 1], y=numbers[i + 1]
                ),
                _("a range goes from low to high, with the mode between"),
            )


class Distribution(ABC):
    """Base of the distributions; `ppf` maps 0..1 to values."""

    spread: ClassVar[str]

    @abstractmethod
    def ppf(self, u: np.ndarray) -> np.ndarray:
        """Quantiles at `u`, any shape."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `distribution_from` reads back."""
        values = {k: getattr(self, k) for k in self.__dataclass_fields__}  # type: ignore[attr-defined]
        return {
            "spread": self.spread,
            **{k: list(v) if isinstance(v, tuple) else v for k, v in values.items()},
        }

    @property
    def is_exact(self) -> bool:
        """Is it one value?"""
        return False


class _Range(Distribution):
    """A distribution between or around two ends."""

    low: float
    high: float

    @property
    def is_exact(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True)
class Exact(Distribution):
    """One value: a definition, a count, or a published figure without a range."""

    value: float
    spread: ClassVar[str] = "exact"

    def __post_init__(self) -> None:
        _finite(value=self.value)

    @property
    def is_exact(self) -> bool:
        return True

    def ppf(self, u: np.ndarray) -> np.ndarray:
        return np.full(np.shape(u), self.value)


@dataclass(frozen=True)
class Lognormal(_Range):
    """Positive, `low` to `high` its 90 % range; the median is their geometric mean.

    Examples
    --------
    The range 0.3 to 4.0 Wh of the notes on uncertainty:

    >>> d = Lognormal(0.3, 4.0)
    >>> round(d.median, 4), round(d.sigma, 4), round(d.mean, 4)
    (1.0954, 0.7874, 1.4935)
    """

    low: float
    high: float
    spread: ClassVar[str] = "lognormal"

    def __post_init__(self) -> None:
        _ordered(low=self.low, high=self.high)
        if self.low <= 0:
            raise DistributionError(
                _("low={low}: a lognormal quantity is above zero.").format(low=self.low),
                _("use spread = 'normal', 'triangular' or 'uniform'"),
            )
        if math.log(self.high) - math.log(self.low) > math.log(LOGNORMAL_MAX):
            raise DistributionError(
                _(
                    "low={low} to high={high} is no range: its ends are over {n:.0e}-fold apart."
                ).format(low=self.low, high=self.high, n=LOGNORMAL_MAX),
                _("a wrong prefix, such as Wh for MWh, looks like this"),
            )

    @classmethod
    def from_sigma(cls, median: float, sigma: float) -> Lognormal:
        """From the median and the standard deviation of the logarithm."""
        if sigma < 0:
            raise DistributionError(_("sigma={sigma} is negative.").format(sigma=sigma))
        return cls(median * math.exp(-Z90 * sigma), median * math.exp(Z90 * sigma))

    @property
    def mu(self) -> float:
        """Mean of the logarithm."""
        return 0.5 * (math.log(self.low) + math.log(self.high))

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return (math.log(self.high) - math.log(self.low)) / (2 * Z90)

    @property
    def median(self) -> float:
        """Half the draws lie below."""
        return math.exp(self.mu)

    @property
    def mean(self) -> float:
        """Expected value."""
        return math.exp(self.mu + 0.5 * self.sigma**2)

    def ppf(self, u: np.ndarray) -> np.ndarray:
        z = normal_quantile(u)
        z *= self.sigma
        z += self.mu
        return np.exp(z, out=z)


@dataclass(frozen=True)
class Normal(_Range):
    """Symmetric, `low` to `high` its 90 % range; may go below zero."""

    low: float
    high: float
    spread: ClassVar[str] = "normal"

    def __post_init__(self) -> None:
        _ordered(low=self.low, high=self.high)

    def ppf(self, u: np.ndarray) -> np.ndarray:
        middle, sigma = 0.5 * (self.low + self.high), (self.high - self.low) / (2 * Z90)
        return middle + sigma * normal_quantile(u)


@dataclass(frozen=True)
class Uniform(_Range):
    """Anything between the ends is as likely as anything else."""

    low: float
    high: float
    spread: ClassVar[str] = "uniform"

    def __post_init__(self) -> None:
        _ordered(low=self.low, high=self.high)

    def ppf(self, u: np.ndarray) -> np.ndarray:
        return np.clip(self.low + (self.high - self.low) * u, self.low, self.high)


@dataclass(frozen=True)
class Triangular(_Range):
    """Ends and most likely value."""

    low: float
    mode: float
    high: float
    spread: ClassVar[str] = "triangular"

    def __post_init__(self) -> None:
        _ordered(low=self.low, mode=self.mode, high=self.high)

    def ppf(self, u: np.ndarray) -> np.ndarray:
        width = self.high - self.low
        if width == 0:
            return np.full(np.shape(u), self.low)
        left = (self.mode - self.low) / width
        rises = u < left
        # widths are not multiplied with each other: 1e-200 squared is zero
        step = width * np.sqrt(np.where(rises, u * left, (1 - u) * (1 - left)))
        rising = np.minimum(self.low + step, self.mode)
        return np.where(rises, rising, np.maximum(self.high - step, self.mode))


@dataclass(frozen=True)
class Pert(_Range):
    """Beta between the ends with the most likely value: smoother than a triangle, thinner tails."""

    low: float
    mode: float
    high: float
    spread: ClassVar[str] = "pert"

    def __post_init__(self) -> None:
        _ordered(low=self.low, mode=self.mode, high=self.high)

    def ppf(self, u: np.ndarray) -> np.ndarray:
        width = self.high - self.low
        if width == 0:
            return np.full(np.shape(u), self.low)
        a = 1 + 4 * (self.mode - self.low) / width
        b = 1 + 4 * (self.high - self.mode) / width
        return np.clip(self.low + width * _beta_quantile(a, b, u), self.low, self.high)


@dataclass(frozen=True)
class Beta(Distribution):
    """A share within 0..1 with shape parameters `a` and `b`."""

    a: float
    b: float
    spread: ClassVar[str] = "beta"

    def __post_init__(self) -> None:
        _finite(a=self.a, b=self.b)
        if min(self.a, self.b) <= 0:
            raise DistributionError(
                _("beta needs a and b above zero, not {a} and {b}.").format(a=self.a, b=self.b)
            )

    def ppf(self, u: np.ndarray) -> np.ndarray:
        return _beta_quantile(self.a, self.b, u)


def _beta_quantile(a: float, b: float, u: np.ndarray) -> np.ndarray:
    """Quantiles of a beta at `u`, any shape.

    The inverse of the incomplete beta function takes over 1 us a draw. For many draws it is computed at 4,097
    normal scores, with its slope, and followed by cubics between them: within 1e-11, twenty times as fast.
    """
    from scipy.special import betaincinv, betaln, ndtr, ndtri

    if np.size(u) <= _N_NODES or not all(0.5 <= shape <= 1e4 for shape in (a, b)):
        return np.asarray(betaincinv(a, b, u))
    z, h = np.linspace(-_Z_END, _Z_END, _N_NODES, retstep=True)
    x = np.where(z < 0, betaincinv(a, b, ndtr(z)), 1 - betaincinv(b, a, ndtr(-z)))
    rest = np.where(z < 0, 1 - x, betaincinv(b, a, ndtr(-z)))  # 1 - x without losing its digits
    with np.errstate(divide="ignore"):
        log_density = (a - 1) * np.log(x) + (b - 1) * np.log(rest) - betaln(a, b)
    slope = h * np.exp(-0.5 * z * z - 0.5 * math.log(2 * math.pi) - log_density)
    rise = np.diff(x)
    place = (np.clip(ndtri(u), -_Z_END, _Z_END) + _Z_END) / h
    cell = np.minimum(place.astype(np.intp), _N_NODES - 2)
    t = place - cell
    second = (3 * rise - 2 * slope[:-1] - slope[1:])[cell]
    third = (slope[:-1] + slope[1:] - 2 * rise)[cell]
    return np.clip(x[cell] + t * (slope[cell] + t * (second + t * third)), 0.0, 1.0)


@dataclass(frozen=True)
class Empirical(Distribution):
    """Observed values; draws are their quantiles, linear between neighbours."""

    values: tuple[float, ...]
    spread: ClassVar[str] = "empirical"

    def __post_init__(self) -> None:
        if not 1 <= len(self.values) <= EMPIRICAL_MAX:
            raise DistributionError(
                _("{n} observed values; between 1 and {high} are needed.").format(
                    n=len(self.values), high=EMPIRICAL_MAX
                ),
                _("hand over quantiles of a longer series"),
            )
        _finite(**{f"values[{i}]": v for i, v in enumerate(self.values)})
        object.__setattr__(self, "values", tuple(sorted(float(v) for v in self.values)))

    @property
    def is_exact(self) -> bool:
        return len(self.values) == 1

    def ppf(self, u: np.ndarray) -> np.ndarray:
        return np.interp(u, np.linspace(0, 1, len(self.values)), self.values)


_KINDS: dict[str, type[Distribution]] = {
    c.spread: c for c in (Exact, Lognormal, Normal, Uniform, Triangular, Pert, Beta, Empirical)
}
SPREADS = tuple(_KINDS)
_FIELDS = ("value", "low", "mode", "high", "spread", "a", "b", "values")


def distribution_from(fields: Mapping[str, Any]) -> Distribution:
    """A distribution from `value`, or `low`, `high` (and `mode`), with an optional `spread`.

    Without `spread`: one `value` is exact; a range with a mode is triangular; a positive range without
    one is lognormal (its ends are then the 5 and 95 % points); another range is uniform. A lognormal
    is fixed by its range: a median that is not `sqrt(low * high)` is refused, not bent.

    Raises
    ------
    DistributionError
        If the numbers contradict each other or something is missing.

    Examples
    --------
    >>> distribution_from({"low": 1.08, "mode": 1.2, "high": 1.4})
    Triangular(low=1.08, mode=1.2, high=1.4)
    """
    spread = fields.get("spread")
    if spread is not None and (not isinstance(spread, str) or spread not in _KINDS):
        raise DistributionError(
            _("spread={spread} is not known.").format(spread=repr(spread)),
            nearest(str(spread), _KINDS),
        )
    unknown = sorted(str(name) for name in fields if name not in _FIELDS)
    if unknown:
        raise DistributionError(
            _("{name} does not belong to a range.").format(name=repr(unknown[0])),
            nearest(unknown[0], _FIELDS),
        )
    if spread == "empirical":
        return Empirical(tuple(_sequence(fields, "values")))
    if spread == "beta":
        return Beta(_number(fields, "a"), _number(fields, "b"))
    if "low" not in fields and "high" not in fields:
        return Exact(_number(fields, "value"))
    low, high = _number(fields, "low"), _number(fields, "high")
    middle = _middle(fields)
    _ordered(
        **(
            {"low": low, "high": high}
            if middle is None
            else {"low": low, "mode": middle, "high": high}
        )
    )
    if spread is None:
        spread = "triangular" if middle is not None else ("lognormal" if low > 0 else "uniform")
    if spread == "exact":
        return Exact(_number(fields, "value"))
    if spread in ("triangular", "pert") and middle is None:
        raise DistributionError(
            _("spread='{spread}' needs mode, the most likely value.").format(spread=spread)
        )
    if low == high:
        return Exact(low)
    if spread in ("triangular", "pert"):
        assert middle is not None
        return (Triangular if spread == "triangular" else Pert)(low, middle, high)
    if "mode" in fields:
        raise DistributionError(
            _("low, mode and high overdetermine spread='{spread}'.").format(spread=spread),
            _("leave out mode, or use spread = 'triangular'"),
        )
    if spread == "lognormal":
        result = Lognormal(low, high)
        if middle is not None and abs(math.log(middle / result.median)) > 0.02:
            raise _bent(middle, result.median, result)
        return result
    if spread == "normal":
        center = 0.5 * (low + high)
        if middle is not None and abs(middle - center) > 0.02 * (high - low):
            raise _bent(middle, center, Normal(low, high))
        return Normal(low, high)
    return Uniform(low, high)


def _middle(fields: Mapping[str, Any]) -> float | None:
    """The mode, or the value given beside a range."""
    given = [_number(fields, name) for name in ("mode", "value") if fields.get(name) is not None]
    if len(set(given)) > 1:
        raise DistributionError(
            _("mode={mode} and value={value} differ.").format(mode=given[0], value=given[1]),
            _("give one of them"),
        )
    return given[0] if given else None


def _bent(value: float, median: float, kind: Normal | Lognormal) -> DistributionError:
    return DistributionError(
        _("value={value} is not the median {median} of a {spread} {low} to {high}.").format(
            value=value, median=f"{median:.4g}", spread=kind.spread, low=kind.low, high=kind.high
        ),
        _("leave out value, or use spread = 'triangular' with value as the mode"),
    )


def _number(fields: Mapping[str, Any], name: str) -> float:
    value = fields.get(name)
    if value is None:
        raise DistributionError(
            _("{name} is missing.").format(name=name),
            _("give value, or low and high (and mode)"),
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DistributionError(
            _("{name}={value} is not a number.").format(name=name, value=repr(value))
        )
    try:
        return float(value)
    except OverflowError:
        raise DistributionError(_("{name} is beyond 1e308.").format(name=name)) from None


def _sequence(fields: Mapping[str, Any], name: str) -> Sequence[float]:
    values = fields.get(name)
    if not isinstance(values, list | tuple):
        raise DistributionError(_("{name} is missing.").format(name=name))
    return [_number({name: v}, name) for v in values]
