"""Why did an energy grow? Its change shared out among its factors, by LMDI or Shapley. [unit of the energy]

An energy is a product such as requests x energy per request x PUE. LMDI [1] and Shapley share the change out among
the factors; both add up exactly, and they differ by a factor of two when factors move far in opposite directions, so
the method is always named.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, UnknownNameError
from taotie.quantity.catalog import figure
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = [
    "Decomposition",
    "chained",
    "chat_growth",
    "decomposition",
    "logarithmic_mean",
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
            _("the factors before and after differ: {names}.").format(names=listing(odd) or "-")
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
