"""The same calculation with other numbers at some of its leaves: what is it then?

Making a tree anew checks every unit, boundary and name again; here only the numbers differ, and what does not hang on
them is the same figure, with the samples it has already. What several trees have alike is one figure then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from taotie.quantity.distribution import Exact
from taotie.quantity.evaluation import topological
from taotie.quantity.figure import Figure

__all__ = ["Exchange"]


class Exchange:
    """Figures by name whose exact leaves of some keys can hold other numbers.

    Parameters
    ----------
    figures : mapping of str to Figure
    keys : iterable of str
        Keys of the leaves whose numbers will be given.

    Examples
    --------
    >>> from taotie.quantity.figure import exact
    >>> exchange = Exchange({"sum": exact(2.0, "kWh", "a") + exact(3.0, "kWh", "b")}, ("a",))
    >>> exchange.made({"a": 5.0})["sum"].p50, exchange.made({"a": 1.0})["sum"].p50
    (8.0, 4.0)
    """

    def __init__(self, figures: Mapping[str, Figure], keys: Iterable[str]) -> None:
        wanted = set(keys)
        self.figures = _merged(figures)
        self._new: list[Figure] = []
        hangs: set[int] = set()
        for node in topological(self.figures.values()):
            if node.is_leaf:
                hit = node.key in wanted and isinstance(node.distribution, Exact)
            else:
                hit = not hangs.isdisjoint(map(id, node.parents))
            if hit:
                hangs.add(id(node))
                self._new.append(node)
                node.alike  # noqa: B018 - made here, so that those made of it have the same

    def made(self, numbers: Mapping[str, float]) -> dict[str, Figure]:
        """The figures with numbers by the leaf's key, in the leaf's unit.

        Raises
        ------
        DistributionError
            If a number is not finite.
        """
        new: dict[int, Figure] = {}
        for node in self._new:
            if node.is_leaf:
                new[id(node)] = node.renewed(distribution=Exact(float(numbers[node.key])))
            else:
                parents = tuple([new.get(id(parent), parent) for parent in node.parents])
                new[id(node)] = node.renewed(parents=parents)
        return {name: new.get(id(figure), figure) for name, figure in self.figures.items()}


def _merged(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """The same figures, in which what is equal in all it is made of and all its words is one figure."""
    kept: dict[tuple[object, ...], Figure] = {}
    one: dict[int, Figure] = {}
    for node in topological(figures.values()):
        words = (*node.label.items(), node.note, node.locator, node.formula)
        same = (node.key, node.content_hash, node.sampling, *words)
        if same not in kept:
            parents = tuple([one[id(parent)] for parent in node.parents])
            moved = any(a is not b for a, b in zip(parents, node.parents, strict=True))
            kept[same] = node.renewed(parents=parents) if moved else node
        one[id(node)] = kept[same]
    return {name: one[id(figure)] for name, figure in figures.items()}
