"""Why did an energy grow, and does efficiency save anything? LMDI, Shapley, efficiency trend, rebound. [TWh/a, 1]

An energy is a product such as requests x energy per request x PUE. LMDI [1] and Shapley share the change out among
the factors; both add up exactly, and they differ by a factor of two when factors move far in opposite directions, so
the method is always named.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, UnknownNameError
from taotie.language import _
from taotie.quantity.catalog import figure, table
from taotie.quantity.lift import lifted

__all__ = [
    "Band",
    "Decomposition",
    "Generation",
    "chained",
    "chat_growth",
    "decomposition",
    "efficiency_bands",
    "efficiency_trend",
    "energy_after_efficiency",
    "energy_after_efficiency_and_share",
    "generations",
    "logarithmic_mean",
    "rebound",
    "shapley",
]

Floats = npt.NDArray[np.float64]
METHODS = ("lmdi", "shapley")


def logarithmic_mean(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Mean between the geometric and the arithmetic one.

    Notes
    -----
    ``L(a, b) = (a - b) / ln(a / b), L(a, a) = a``

    Examples
    --------
    >>> logarithmic_mean([1.0, 2.0], [np.e, 2.0]).round(4)
    array([1.7183, 2.    ])
    """
    x, y = np.broadcast_arrays(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
    ratio = np.log(x / y)
    near = np.abs(ratio) < 1e-4
    # the quotient loses its digits where both ends are near: expand it about the geometric mean
    series = np.sqrt(x * y) * (1.0 + ratio**2 / 24.0)
    return np.where(near, series, (x - y) / np.where(near, 1.0, ratio))


@dataclass(frozen=True)
class Decomposition:
    """A change of energy, shared out among its factors.

    Attributes
    ----------
    first, last : float
        Energy before and after, in one unit.
    contributions : dict of str to float
        One a factor; they add up to `last - first`.
    method : str
        "lmdi" or "shapley".
    """

    first: float
    last: float
    contributions: dict[str, float]
    method: str

    @property
    def change(self) -> float:
        """After less before."""
        return self.last - self.first


def _factors(before: Mapping[str, float], after: Mapping[str, float]) -> list[str]:
    if set(before) != set(after) or not before:
        odd = sorted(set(before) ^ set(after))
        raise RangeError(
            _("the factors before and after differ: {names}.").format(names=", ".join(odd) or "-")
        )
    for when in (before, after):
        for name, value in when.items():
            if not (value > 0 and math.isfinite(value)):
                raise RangeError(
                    _("{name}={value} is not above 0.").format(name=name, value=value),
                    _("a product of factors can be shared out only if all are above 0"),
                )
    return list(before)


def decomposition(
    before: Mapping[str, float],
    after: Mapping[str, float],
    method: str = "lmdi",
    scale: float = 1.0,
) -> Decomposition:
    """Share the change of a product out among its factors.

    Parameters
    ----------
    before, after : mapping of str to float
        The same factors at two times or in two scenarios, all above 0.
    method : str
        "lmdi" (default) or "shapley".
    scale : float
        Constant factor that brings the product into its unit, such as 365e-9 from Wh/d to GWh/a.

    Returns
    -------
    decomposition : Decomposition

    Raises
    ------
    RangeError
        If factors differ or one is not above 0.
    UnknownNameError
        If the method is unknown.

    Notes
    -----
    ``dE_i = L(E1, E0) ln(x_i1 / x_i0)`` (LMDI-I); Shapley: mean over all orders of stepping the factors.

    References
    ----------
    .. [1] B. W. Ang, Energy Policy 33, 2005.

    Examples
    --------
    200 million requests a day at 2.9 Wh and PUE 1.2, against 2.5 billion at 0.34 Wh and 1.1:

    >>> then = {"requests": 200e6, "energy per request": 2.9, "pue": 1.2}
    >>> now = {"requests": 2.5e9, "energy per request": 0.34, "pue": 1.1}
    >>> found = decomposition(then, now, scale=365e-9)
    >>> [round(v, 3) for v in found.contributions.values()], round(found.change, 3)
    ([746.39, -633.442, -25.713], 87.235)
    >>> other = decomposition(then, now, "shapley", scale=365e-9)
    >>> [round(v, 3) for v in other.contributions.values()]
    [1581.898, -1432.747, -61.916]
    """
    names = _factors(before, after)
    if method not in METHODS:
        raise UnknownNameError(
            _("{method} is not a way to share out a change.").format(method=repr(method)),
            ", ".join(METHODS),
        )
    first = scale * math.prod(before.values())
    last = scale * math.prod(after.values())
    if method == "lmdi":
        mean = float(logarithmic_mean(last, first))
        parts = {n: mean * math.log(after[n] / before[n]) for n in names}
    else:
        parts = shapley(lambda **x: scale * math.prod(x.values()), before, after)
    return Decomposition(first, last, parts, method)


def shapley(
    function: Callable[..., float], before: Mapping[str, float], after: Mapping[str, float]
) -> dict[str, float]:
    """Shapley shares of a change, for any function of a few factors, product or not.

    Parameters
    ----------
    function : callable
        Takes the factors by name.
    before, after : mapping of str to float
        At most ten factors: the cost doubles with each.

    Returns
    -------
    shares : dict of str to float
        They add up to the change.

    Raises
    ------
    RangeError
        If factors differ, or there are more than ten.

    Examples
    --------
    A sum has no interactions, so each factor is its own change:

    >>> shapley(lambda a, b: a + b, {"a": 1.0, "b": 2.0}, {"a": 4.0, "b": 1.0})
    {'a': 3.0, 'b': -1.0}
    """
    if set(before) != set(after):
        raise RangeError(_("the factors before and after differ."))
    names = list(before)
    if len(names) > 10:
        raise RangeError(_("{n} factors; at most 10.").format(n=len(names)))
    values: dict[frozenset[str], float] = {}
    for size in range(len(names) + 1):
        for changed in itertools.combinations(names, size):
            mixed = {k: after[k] if k in changed else before[k] for k in names}
            values[frozenset(changed)] = float(function(**mixed))
    shares = {}
    n = len(names)
    for name in names:
        total = 0.0
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - 1 - size) / math.factorial(n)
            for others in itertools.combinations([k for k in names if k != name], size):
                with_it = values[frozenset((*others, name))]
                total += weight * (with_it - values[frozenset(others)])
        shares[name] = total
    return shares


def chained(
    steps: Sequence[Mapping[str, float]], method: str = "lmdi", scale: float = 1.0
) -> Decomposition:
    """Share out a change year by year and add the years: better than one far step.

    Parameters
    ----------
    steps : sequence of mapping
        The factors of each year, at least two.

    Raises
    ------
    RangeError
        If fewer than two steps are given.

    Examples
    --------
    >>> years = [{"a": 1.0, "b": 1.0}, {"a": 2.0, "b": 1.0}, {"a": 2.0, "b": 3.0}]
    >>> made = chained(years)
    >>> {k: round(v, 6) for k, v in made.contributions.items()}
    {'a': 1.0, 'b': 4.0}
    """
    if len(steps) < 2:
        raise RangeError(_("{n} steps: a change needs two.").format(n=len(steps)))
    parts: dict[str, float] = dict.fromkeys(steps[0], 0.0)
    made = [decomposition(a, b, method, scale) for a, b in itertools.pairwise(steps)]
    for one in made:
        for name, value in one.contributions.items():
            parts[name] += value
    return Decomposition(made[0].first, made[-1].last, parts, method)


def chat_growth(method: str = "lmdi") -> Decomposition:
    """ChatGPT's electricity from early 2023 to mid-2025: more requests, less each, better buildings. [GWh/a]

    The energies of a request are two published numbers of unlike making (an upper bound by rated power, and a
    statement without a boundary): the sum is no better than they are.

    References
    ----------
    .. [1] Sources ``devries2023``, ``openai2025_axios``, ``altman2025``, ``epoch2025_chatgpt``, ``google_environment``.

    Examples
    --------
    >>> made = chat_growth()
    >>> round(made.first), round(made.last), [k for k, v in made.contributions.items() if v > 0]
    (248, 338, ['requests'])
    """
    then = {
        "requests": figure("devries2023.requests_per_day_chatgpt").p50,
        "energy_per_request": figure("devries2023.energy_per_request_chatgpt").p50,
        "pue": figure("epoch2025_chatgpt.pue").p50,
    }
    now = {
        "requests": figure("openai2025_axios.requests_per_day_chatgpt").p50,
        "energy_per_request": figure("altman2025.energy_per_query_chatgpt").to("Wh/request").p50,
        "pue": figure("pue/google_2024/pue").p50,
    }
    return decomposition(then, now, method, scale=365e-9)


# ---- efficiency --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Generation:
    """One accelerator: when it came and what it computes per watt.

    Attributes
    ----------
    tflop_per_w : float
        Dense FP16 or BF16 peak over rated power. [TFLOP/s/W]
    """

    key: str
    launched: date
    tflop_per_w: float


FLAGSHIPS = ("p100-sxm2", "v100-sxm2-32", "a100-sxm-40", "h100-sxm", "b200-sxm")


def generations(keys: Sequence[str] = FLAGSHIPS) -> list[Generation]:
    """Accelerators by their peak over rated power, oldest first.

    Examples
    --------
    >>> [round(g.tflop_per_w, 3) for g in generations()]
    [0.071, 0.417, 0.78, 1.413, 2.25]
    """
    cells = table("accelerators")
    made = []
    for key in keys:
        peak, power = cells.value(key, "peak_bf16"), cells.value(key, "tdp")
        launched = cells.value(key, "launch")
        if not isinstance(peak, float) or not isinstance(power, float):
            raise UnknownNameError(_("{name}: peak or rated power is not known.").format(name=key))
        made.append(Generation(key, date.fromisoformat(str(launched)), peak / power))
    return sorted(made, key=lambda g: g.launched)


@dataclass(frozen=True)
class Trend:
    """Growth between two ends.

    Attributes
    ----------
    factor : float
        Last over first. [1]
    per_year : float
        [1/a]
    doubling_a : float
        Years to double. [a]
    """

    factor: float
    years: float
    per_year: float
    doubling_a: float


def efficiency_trend(first: float, last: float, years: float) -> Trend:
    """How fast efficiency grew between two generations.

    Raises
    ------
    RangeError
        If an input is not above 0 or nothing grew.

    Examples
    --------
    P100 (2016) to B200 (2024): 32 times in 8 years.

    >>> made = efficiency_trend(0.0707, 2.25, 8.0)
    >>> round(made.factor, 1), round(made.per_year, 2), round(made.doubling_a, 2)
    (31.8, 0.54, 1.6)
    """
    if not (first > 0 and years > 0 and last > first):
        raise RangeError(
            _("from {first} to {last} in {years} years nothing grows.").format(
                first=first, last=last, years=years
            )
        )
    factor = last / first
    return Trend(factor, years, factor ** (1 / years) - 1, years * math.log(2) / math.log(factor))


@dataclass(frozen=True)
class Band:
    """What a yearly rate makes of a number of years.

    Attributes
    ----------
    low, high : float
        Factor after the years. [1]
    rest_low, rest_high : float
        What is left for other causes of the claimed factor. [1]
    """

    name: str
    low: float
    high: float
    rest_low: float
    rest_high: float


def efficiency_bands(
    claimed: float = 1e6,
    years: float = 10.0,
    rates: Mapping[str, tuple[float, float]] | None = None,
) -> list[Band]:
    """A claimed gain beside what chips alone gave: three bands.

    Parameters
    ----------
    claimed : float
        Such as a million times. [1]
    years : float
        In so many years. [a]
    rates : mapping, optional
        Name to low and high growth a year. [1/a] Default: the leading chips' efficiency at 40 to 50 %, all chips'
        at 28 to 29 %, and Koomey's doubling every 1.57 years (56 %).

    Returns
    -------
    bands : list of Band
        What is left is more chips, shorter number formats, sparsity and better algorithms.

    Examples
    --------
    >>> leading = efficiency_bands()[0]
    >>> round(leading.low), round(leading.high), f"{leading.rest_low:.1e}"
    (29, 58, '1.7e+04')
    >>> round(1e6 ** (1 / 10), 2)
    3.98
    """
    given = rates or {
        "leading chips": (0.40, 0.50),
        "all chips": (0.28, 0.29),
        "Koomey's law": (0.5, 2 ** (1 / 1.57) - 1),
    }
    if not (claimed > 0 and years > 0):
        raise RangeError(
            _("claimed={claimed}, years={years}: not above 0.").format(claimed=claimed, years=years)
        )
    return [
        Band(
            name,
            (1 + a) ** years,
            (1 + b) ** years,
            claimed / (1 + b) ** years,
            claimed / (1 + a) ** years,
        )
        for name, (a, b) in given.items()
    ]


# ---- rebound -----------------------------------------------------------------------------------------


def _above(name: str, value: Any, least: float) -> Floats:
    values = np.asarray(value, dtype=np.float64)
    if not (values > least).all():
        raise RangeError(
            _("{name}={value} is not above {least:g}.").format(
                name=name, value=float(values.min()), least=least
            )
        )
    return values


@lifted(efficiency="1", elasticity="1", returns="1", boundary=None)
def energy_after_efficiency(efficiency: Any, elasticity: Any) -> Any:
    """Energy after a gain in efficiency over energy before, where all of the price is energy.

    Parameters
    ----------
    efficiency : array_like
        So many times the output per energy, above 0. [1]
    elasticity : array_like
        Of demand to price, as a positive number. [1]

    Notes
    -----
    ``E1/E0 = k^(eps - 1)``: above 1, saving a part makes the whole grow (backfire).

    Examples
    --------
    Five times as efficient, at elasticities of 0.5, 1 and 1.5:

    >>> energy_after_efficiency(5.0, np.array([0.5, 1.0, 1.5])).round(3)
    array([0.447, 1.   , 2.236])
    """
    k = _above("efficiency", efficiency, 0.0)
    return k ** (np.asarray(elasticity, dtype=np.float64) - 1.0)


@lifted(efficiency="1", elasticity="1", energy_share="1", returns="1", boundary=None)
def energy_after_efficiency_and_share(efficiency: Any, elasticity: Any, energy_share: Any) -> Any:
    """The same where energy is only a share of the price of the service; exact for any gain.

    Parameters
    ----------
    efficiency, elasticity : array_like
        As for `energy_after_efficiency`. [1]
    energy_share : array_like
        Of the service's price before the gain, within 0..1. [1]

    Raises
    ------
    RangeError
        If the share leaves 0..1.

    Notes
    -----
    ``E1/E0 = ((1 - s) + s/k)^(-eps) / k``

    Examples
    --------
    Half the price is energy: no backfire, although the usual approximation k^(s eps - 1) gives 1.495.

    >>> round(float(energy_after_efficiency_and_share(5.0, 2.5, 0.5)), 3)
    0.717
    """
    k = _above("efficiency", efficiency, 0.0)
    s = np.asarray(energy_share, dtype=np.float64)
    if not ((s >= 0) & (s <= 1)).all():
        raise RangeError(_("energy_share={value} is outside 0..1.").format(value=float(s.max())))
    return ((1.0 - s) + s / k) ** (-np.asarray(elasticity, dtype=np.float64)) / k


def rebound(energy_ratio: npt.ArrayLike, efficiency: npt.ArrayLike) -> Floats:
    """Share of the expected saving that demand took back; above 1 is backfire.

    Notes
    -----
    ``R = 1 - (1 - ratio) / (1 - 1/k)``

    Examples
    --------
    >>> rebound([0.2, 0.447, 1.0, 2.236], 5.0).round(3)
    array([0.   , 0.309, 1.   , 2.545])
    """
    k = _above("efficiency", efficiency, 1.0)
    return np.asarray(1.0 - (1.0 - np.asarray(energy_ratio, dtype=float)) / (1.0 - 1.0 / k))
