"""Which leaf does the spread of a figure come from?

A product of powers of lognormal leaves has a closed form. Anything else is taken apart by Sobol indices:
first order (this leaf alone) and total (with all its interactions), on two Latin-hypercube designs.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from taotie.quantity.distribution import Lognormal
from taotie.quantity.evaluation import evaluate, leaf_draws, leaves, topological
from taotie.quantity.node import Node
from taotie.quantity.sampling import Sampling


@dataclass(frozen=True)
class Driver:
    """One leaf's share of a figure's spread.

    `first_order` and `total` are shares of the variance; `log_share` of the variance of the logarithm
    (closed form only), which is what a person means by "half of the doubt".
    """

    leaf: Any
    first_order: float
    total: float
    log_share: float | None

    @property
    def share(self) -> float:
        """The number to show: share of the log variance if there is one, else the total index."""
        return self.total if self.log_share is None else self.log_share


@dataclass(frozen=True)
class Drivers:
    """All leaves with a spread, largest first; how the shares were found is in `method`."""

    rows: tuple[Driver, ...]
    method: str

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.rows)


def drivers(figure: Node, n: int = 8192) -> Drivers:
    """Variance shares of the leaves behind `figure`.

    Parameters
    ----------
    n : int, default 8192
        Size of a design; the model is evaluated n (d + 2) times.

    References
    ----------
    .. [1] A. Saltelli et al., Computer Physics Communications 181, 2010.
    """
    uncertain = [
        x for x in leaves(figure) if x.distribution is not None and not x.distribution.is_exact
    ]
    if not uncertain or np.ptp(figure.samples) == 0:
        return Drivers((), "exact")
    exponents = _product_exponents(figure)
    if exponents is not None:
        return _closed_form(uncertain, exponents)
    if len(uncertain) == 1:
        return Drivers((Driver(uncertain[0], 1.0, 1.0, None),), "one uncertain leaf")
    return _sobol(figure, uncertain, n)


def _product_exponents(figure: Node) -> dict[str, float] | None:
    """Exponent of each leaf if `figure` is a product of powers of lognormal leaves, else None."""
    weights: dict[int, float] = defaultdict(float)
    weights[id(figure)] = 1.0
    result: dict[str, float] = defaultdict(float)
    for node in reversed(topological(figure)):
        weight = weights[id(node)]
        if node.distribution is not None:
            if isinstance(node.distribution, Lognormal):
                result[node.key] += weight
            elif not node.distribution.is_exact:
                return None
            continue
        if node.operation == "mul":
            shares = (1.0, 1.0)
        elif node.operation == "div":
            shares = (1.0, -1.0)
        elif node.operation == "pow":
            shares = (node.parameters["exponent"],)  # type: ignore[assignment]
        elif node.operation == "scale" and node.parameters["factor"] > 0:
            shares = (1.0,)  # type: ignore[assignment]
        elif node._constant:
            continue
        else:
            return None
        for parent, share in zip(node.parents, shares, strict=True):
            weights[id(parent)] += weight * share
    return dict(result)


def _closed_form(uncertain: list[Node], exponents: dict[str, float]) -> Drivers:
    variance = {}
    for leaf in uncertain:
        assert isinstance(leaf.distribution, Lognormal)
        variance[leaf.key] = (exponents.get(leaf.key, 0.0) * leaf.distribution.sigma) ** 2
    whole = sum(variance.values())
    if whole == 0:
        return Drivers((), "lognormal product")
    rows = []
    for leaf in uncertain:
        own = variance[leaf.key]
        # (e^own - 1) / (e^whole - 1), and 1 less the same of all other leaves; no power above 1
        first = math.exp(own - whole) * math.expm1(-own) / math.expm1(-whole)
        total = math.expm1(-own) / math.expm1(-whole)
        rows.append(Driver(leaf, first, total, own / whole))
    rows.sort(key=lambda d: (-d.share, d.leaf.key))
    return Drivers(tuple(rows), "lognormal product")


def _sobol(figure: Node, uncertain: list[Node], n: int) -> Drivers:
    # Two independent Latin-hypercube designs and the estimators of [1] and Jansen: twenty lines, where
    # importing scipy.stats for its `sobol_indices` costs more than a second (a test compares with SALib).
    sampling = Sampling(n, figure.sampling.seed if figure.sampling else 0)
    behind = _uncertain_behind(figure)

    def drawn(leaf: Node, design: str) -> np.ndarray:
        assert leaf.distribution is not None
        if not behind[id(leaf)]:
            return np.asarray(leaf.distribution.ppf(np.asarray(0.5)))
        return leaf_draws(leaf.key + design, leaf.distribution, sampling)

    def drawn_but(key: str, leaf: Node) -> np.ndarray:
        return drawn(leaf, "|B" if leaf.key == key else "|A")

    order = topological(figure)

    def values(known: dict[int, np.ndarray], draw: Callable[[Node], np.ndarray]) -> np.ndarray:
        return np.broadcast_to(evaluate(figure, draw, known, order), (n,))

    # what each figure was in the two designs: one leaf taken from the other design changes only what hangs on it
    known_a: dict[int, np.ndarray] = {}
    known_b: dict[int, np.ndarray] = {}
    f_a = values(known_a, lambda leaf: drawn(leaf, "|A"))
    f_b = values(known_b, lambda leaf: drawn(leaf, "|B"))
    middle = 0.5 * (f_a.mean() + f_b.mean())
    off_b = f_b - middle
    variance = 0.5 * (np.mean((f_a - middle) ** 2) + np.mean(off_b**2))
    if variance == 0:
        return Drivers((), "Sobol indices")
    rows = []
    for leaf in uncertain:
        alone = {leaf.key}
        known = {
            node: known_b[node] if keys == alone else known_a[node]
            for node, keys in behind.items()
            if node in known_a and (keys == alone or leaf.key not in keys)
        }
        moved = values(known, partial(drawn_but, leaf.key)) - f_a
        first = float(np.mean(off_b * moved) / variance)
        total = float(np.mean(moved**2) / (2 * variance))
        rows.append(Driver(leaf, first, total, None))
    rows.sort(key=lambda d: (-d.share, d.leaf.key))
    return Drivers(tuple(rows), f"Sobol indices, {n * (len(uncertain) + 2)} evaluations")


def _uncertain_behind(figure: Node) -> dict[int, frozenset[str]]:
    """Keys of the leaves with a spread behind every figure of a tree, by the figure's id."""
    found: dict[int, frozenset[str]] = {}
    for node in topological(figure):
        if node.distribution is not None:
            found[id(node)] = frozenset() if node.distribution.is_exact else frozenset({node.key})
        else:
            found[id(node)] = frozenset().union(*(found[id(p)] for p in node.parents))
    return found
