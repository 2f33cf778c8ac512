"""The same calculation with other numbers at some of its leaves: what is it then?

Making a tree anew checks every unit, boundary and name again; here only the numbers differ, and what does not hang on
them is the same figure, with the samples it has already.
"""

from __future__ import annotations

from collections.abc import Mapping

from taotie.quantity.distribution import Exact
from taotie.quantity.evaluation import topological
from taotie.quantity.figure import Figure

__all__ = ["exchanged"]


def exchanged(figures: Mapping[str, Figure], numbers: Mapping[str, float]) -> dict[str, Figure]:
    """Figures by name, the exact leaves of those keys holding other numbers.

    Parameters
    ----------
    numbers : mapping of str to float
        By the leaf's key, in the leaf's unit.

    Raises
    ------
    DistributionError
        If a number is not finite.

    Examples
    --------
    >>> from taotie.quantity.figure import exact
    >>> made = {"sum": exact(2.0, "kWh", "a") + exact(3.0, "kWh", "b")}
    >>> exchanged(made, {"a": 5.0})["sum"].p50, made["sum"].p50
    (8.0, 5.0)
    """
    new: dict[int, Figure] = {}
    for node in topological(figures.values()):
        if node.is_leaf:
            number = numbers.get(node.key)
            if number is not None and isinstance(node.distribution, Exact):
                new[id(node)] = node.renewed(distribution=Exact(float(number)))
        elif any(id(parent) in new for parent in node.parents):
            new[id(node)] = node.renewed(
                parents=tuple(new.get(id(parent), parent) for parent in node.parents)
            )
    return {name: new.get(id(figure), figure) for name, figure in figures.items()}
