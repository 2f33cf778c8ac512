"""How do the samples of a tree of figures come about? Parents first, each figure once.

Nothing here depends on the order of evaluation: a leaf's draws hang on its name, every operation on its
inputs alone.
"""

from __future__ import annotations

import math
import os
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np

from taotie.errors import RangeError, SamplingError, SourceError
from taotie.quantity.distribution import Distribution
from taotie.quantity.kernels import call_operation, takes_axes
from taotie.quantity.node import N, Node
from taotie.quantity.sampling import Sampling, column, current
from taotie.words.language import _

_N_THREADED = 200_000  # draws from which a second thread pays
N_KEPT = 200_000  # draws up to which every figure of a tree keeps its samples
_N_FIGURES_KEPT = 1_000  # figures of a tree of which `evaluate` tells all values
N_DRAWS_KEPT = 20_000  # draws of a leaf that are kept from question to question
_B_CALLS_KEPT = (
    1 << 28
)  # bytes of what kernels with several results gave on more draws than `N_KEPT`


_EACH = frozenset(("add", "sub", "mul", "div", "scale", "pow"))
"""Operations on each draw by itself: they keep the shape."""


def topological(figure: N | Iterable[N], known: str = "") -> list[N]:
    """Figures behind `figure` in an order in which parents come first, each once.

    With `known`, the name of something a figure keeps once it is found (`samples`), nothing behind
    a figure that has it.
    """
    roots = list(figure) if isinstance(figure, Iterable) else [figure]
    order: list[N] = []
    seen: set[int] = set()
    stack: list[N | None] = list(reversed(roots))
    waiting: list[N] = []
    while stack:
        node = stack.pop()
        if node is None:  # all behind the last that waits are in order
            order.append(waiting.pop())
        elif id(node) not in seen:
            seen.add(id(node))
            if node.parents and known not in node.__dict__:
                waiting.append(node)
                stack.append(None)
                stack += node.parents[::-1]
            else:
                order.append(node)
    return order


def evaluate(
    figure: Node,
    draw: Callable[[Node], np.ndarray] | None = None,
    known: dict[int, np.ndarray] | None = None,
    order: list[Node] | None = None,
) -> np.ndarray:
    """Values of `figure`; with `draw`, from other values of its leaves than their own samples.

    Parameters
    ----------
    draw : callable, optional
        Maps a leaf to its values; default: the leaf's own Latin-hypercube column.
    known : dict, optional
        With `draw`: values by the id of a figure that are taken as they are; what is found is added to it, unless
        the tree is too large to keep.
    order : list, optional
        With `draw`: `topological` of the figure, where it was asked before.

    Returns
    -------
    values : ndarray, shape (n_sample,) or ()
        Read-only. [unit of the figure]

    Raises
    ------
    RangeError
        If any figure on the way is not finite: nothing is computed on from a NaN.
    SamplingError
        If a kernel does not give one number per draw.
    """
    return _evaluated(figure, draw, known, order=order)[id(figure)]


def evaluate_together(figures: Iterable[Node]) -> None:
    """Samples of many figures in one walk: what they share, such as a kernel with several results, is made once.

    Figures of more draws than are kept stay as they are; each then makes its own when it is asked.
    """
    every = [f for f in figures if "samples" not in f.__dict__]
    if every and all(f.sampling is None or f.sampling.n <= N_KEPT for f in every):
        _evaluated(every, None, None)


def visit_together(figures: Iterable[N], visit: Callable[[Any, np.ndarray], None]) -> None:
    """Show the samples of many figures, each as soon as it is made in one walk; of many draws none is held longer
    than those after it need it."""
    wanted = list(figures)
    _evaluated(wanted, None, None, {id(f) for f in wanted}, visit)


def _evaluated(
    figure: Node | Iterable[Node],
    draw: Callable[[Node], np.ndarray] | None,
    known: dict[int, np.ndarray] | None,
    shown: set[int] | None = None,
    visit: Callable[[Any, np.ndarray], None] | None = None,
    order: list[Node] | None = None,
) -> dict[int, np.ndarray]:
    """Values by the id of a figure; with `visit`, those of the figures with ids `shown` are told to it instead."""
    _room()
    if order is None:
        order = topological(figure) if draw else topological(figure, known="samples")
    if (
        draw is None
        and visit is None
        and all(f.sampling is None or f.sampling.n <= N_DRAWS_KEPT for f in order)
    ):
        return _kept_all(order)
    if draw is None:
        _draw_leaves([node for node in order if node.is_leaf and "samples" not in node.__dict__])
    values: dict[int, np.ndarray] = {}
    calls: dict[tuple[Any, ...], Any] = {}
    twins: dict[tuple[Any, ...], np.ndarray] = {}
    if known is not None and len(order) > _N_FIGURES_KEPT:
        known = None
    # of few draws everything is kept; of a million a figure only what is still needed
    waiting = None
    if known is None:
        made = (n for n in order if draw is not None or "samples" not in n.__dict__)
        waiting = Counter(id(p) for node in made for p in node.parents)
    with np.errstate(all="ignore"):
        for node in order:
            if known is not None and id(node) in known:
                found = known[id(node)]
            elif draw is None and "samples" in node.__dict__:
                found = node.__dict__["samples"]
            elif node.distribution is not None:
                found = _checked(node, draw(node) if draw else _leaf_samples(node), [])
            else:
                # a figure and the same under a name are worked out once
                twin = (
                    node.operation,
                    id(node.parameters),
                    id(node.function),
                    *map(id, node.parents),
                )
                if twin in twins:
                    found = twins[twin]
                else:
                    inputs = [values[id(p)] for p in node.parents]
                    found = _checked(node, _operate(node, inputs, calls, draw is None), inputs)
                    if waiting is None:
                        twins[twin] = found
                if waiting is not None:
                    for parent in node.parents:
                        waiting[id(parent)] -= 1
                        if not waiting[id(parent)]:
                            values.pop(id(parent), None)
            if visit is not None and shown is not None and id(node) in shown:
                visit(node, found)
            if visit is None or waiting is None or waiting[id(node)]:
                values[id(node)] = found
            if known is not None:
                known[id(node)] = found
            if draw is None and found.size <= N_KEPT:
                node.__dict__["samples"] = found  # others of this tree will ask for it
    return values


def _kept_all(order: list[Node]) -> dict[int, np.ndarray]:
    """Values of figures of few draws, each kept with its figure."""
    values: dict[int, np.ndarray] = {}
    calls: dict[tuple[Any, ...], Any] = {}
    twins: dict[tuple[Any, ...], np.ndarray] = {}
    with np.errstate(all="ignore"):
        for node in order:
            found = node.__dict__.get("samples")
            if found is None:
                if node.distribution is not None:
                    found = _checked(node, _leaf_samples(node), [])
                else:
                    # a figure and the same under a name are worked out once
                    places = [*map(id, node.parents)]
                    twin = (node.operation, id(node.parameters), id(node.function), *places)
                    found = twins.get(twin)
                    if found is None:
                        inputs = [values[place] for place in places]
                        found = _checked(node, _operate(node, inputs, calls, True), inputs)
                        twins[twin] = found
                node.__dict__["samples"] = found
            values[id(node)] = found
    return values


@lru_cache(maxsize=1)
def _room() -> None:
    """One large array, freed at once: glibc then keeps that much at hand. Else it gives memory back to the kernel after
    every operation on ten thousand draws and takes it again, page by page, in more time than the operation."""
    np.empty(1 << 20)


def rising(node: Node) -> list[int]:
    """Places of the parents that are drawn, where this figure rises with each of them by plain arithmetic; else none.

    Rounding keeps the order: the lowest of all draws of the one parent makes the lowest of this.
    """
    drawn = [i for i, p in enumerate(node.parents) if p.samples.ndim]
    if not drawn or any(node.parents[i].samples.shape != node.samples.shape for i in drawn):
        return []
    operation, factor = node.operation, node.parameters.get("factor", 1.0)
    other = [float(p.samples) for i, p in enumerate(node.parents) if i not in drawn]
    rises = (
        (operation == "scale" and factor > 0.0)
        or (operation == "add" and (drawn == [0] or factor > 0.0))
        or (operation == "sub" and drawn == [0])
        or (operation == "mul" and len(drawn) == 1 and other[0] > 0.0)
        or (operation == "div" and drawn == [0] and other[0] > 0.0)
    )
    return drawn if rises else []


def at_points(node: Node, points: list[np.ndarray]) -> np.ndarray:
    """What a figure is where its parents have these values."""
    return np.asarray(_operate(node, points, {}, False))


def _checked(node: Node, found: Any, inputs: list[np.ndarray]) -> np.ndarray:
    """`found` as a read-only array of one finite number per draw."""
    values = np.asarray(found, dtype=float)
    if (
        node.distribution is None
        and node.operation not in _EACH
        and values.shape != (expected := _common_shape(inputs))
    ):
        if values.size == 1:
            values = values.reshape(())
        spanned = values.ndim == len(expected) > 1 and all(
            n in (1, most) for n, most in zip(values.shape, expected, strict=True)
        )
        if values.shape and not spanned:
            raise SamplingError(
                _("{formula} gives an array of shape {shape}, not one number per sample.").format(
                    formula=node.formula, shape=values.shape
                )
            )
    # one that is not finite makes the sum so; a sum too large for a number is looked at again
    total = np.add.reduce(values, axis=None) if values.ndim else values
    if not math.isfinite(total) and not np.isfinite(values).all():
        finite = np.isfinite(values)
        raise RangeError(
            _("{name} is not a finite number in {n} of {size} samples.").format(
                name=node.name, n=int(values.size - finite.sum()), size=values.size
            ),
            _("look for a range that reaches too far: a root of a negative, a huge power"),
        )
    if values.flags.writeable:
        values = values.view()
        values.flags.writeable = False
    return values


def _operate(
    figure: Node, inputs: list[np.ndarray], calls: dict[tuple[Any, ...], Any], own: bool
) -> Any:
    """One figure from the values of its parents; `own` says that these are the parents' own samples."""
    operation, p = figure.operation, figure.parameters
    if operation == "add":
        return inputs[0] + inputs[1] * p["factor"] if p["factor"] != 1.0 else inputs[0] + inputs[1]
    if operation == "sub":
        return inputs[0] - inputs[1] * p["factor"] if p["factor"] != 1.0 else inputs[0] - inputs[1]
    if operation == "mul":
        return inputs[0] * inputs[1]
    if operation == "div":
        if not np.all(inputs[1]):
            raise RangeError(
                _("{formula}: {name} is zero.").format(
                    formula=figure.formula, name=figure.parents[1].name
                ),
                _("nothing is divided by a range that holds zero"),
            )
        return inputs[0] / inputs[1]
    if operation == "scale":
        return inputs[0] * p["factor"]
    if operation == "pow":
        return inputs[0] ** p["exponent"]
    if operation == "peak":
        return _peak(np.asarray(p["shapes"], dtype=float), inputs)

    field = p.get("field")
    shape = _common_shape(inputs)
    if len(shape) > 1 and not takes_axes(operation):
        inputs = [np.broadcast_to(i, shape).ravel() if i.size > 1 else i.ravel() for i in inputs]
    if field is None:
        return _shaped(call_operation(operation, p, inputs, figure.function), shape)
    # the fields of one call are figures of their own: it is made once for all of them
    call = (operation, p["arguments"].compact, *map(id, figure.parents))
    if call in calls:
        return _shaped(getattr(calls[call], field), shape)
    large = own and math.prod(shape) > N_KEPT
    named = (figure.function, *call)
    found = _large_calls.found(named, figure.parents) if large else None
    if found is None:
        found = call_operation(operation, {"arguments": p["arguments"]}, inputs, figure.function)
        if large:
            _large_calls.keep(named, figure.parents, found)
    calls[call] = found
    return _shaped(getattr(found, field), shape)


class _LargeCalls:
    """What kernels with several results gave on so many draws that figures do not keep their samples.

    Each field is a figure that is asked at another time. A call is kept while the figures it was made of live; beyond
    `_B_CALLS_KEPT` that which was used longest ago goes.
    """

    def __init__(self) -> None:
        self.kept: OrderedDict[tuple[Any, ...], tuple[list[weakref.ref[Any]], Any, int]] = (
            OrderedDict()
        )

    def found(self, call: tuple[Any, ...], parents: tuple[Node, ...]) -> Any:
        """What the call gave on the samples of these figures, if it is kept."""
        kept = self.kept.get(call)
        # an id says nothing once its figure is gone: another may stand there
        if kept is None or any(at() is not p for at, p in zip(kept[0], parents, strict=True)):
            return None
        return kept[1]

    def keep(self, call: tuple[Any, ...], parents: tuple[Node, ...], found: Any) -> None:
        size = sum(np.asarray(one).nbytes for one in found)
        if size > _B_CALLS_KEPT:
            return

        def forget(_gone: Any) -> None:
            self.kept.pop(call, None)

        self.kept[call] = [weakref.ref(p, forget) for p in parents], found, size
        while sum(size for _at, _found, size in list(self.kept.values())) > _B_CALLS_KEPT:
            self.kept.popitem(last=False)


_large_calls = _LargeCalls()


def _common_shape(inputs: list[np.ndarray]) -> tuple[int, ...]:
    """The shape that inputs have together; most have one, or are constants."""
    shapes = {i.shape for i in inputs} - {()}
    return shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)


def _shaped(found: Any, shape: tuple[int, ...]) -> Any:
    """What a kernel gave on one axis, on the axes its inputs have."""
    if len(shape) < 2 or np.ndim(found) != 1 or np.size(found) != math.prod(shape):
        return found
    return np.reshape(found, shape)


def _peak(shapes: np.ndarray, inputs: list[np.ndarray]) -> np.ndarray:
    """Highest hour of the sum of shapes (n_term, n_hour) times inputs, draw by draw."""
    if len(shapes) != len(inputs):
        raise ValueError(f"{len(shapes)} shapes, {len(inputs)} figures")
    hours = np.unique(shapes.T, axis=0)
    if all(np.min(x) >= 0 for x in inputs):
        hours = _undominated(hours)
    best = np.asarray(-np.inf)
    for hour in hours:
        best = np.maximum(best, sum(x * share for x, share in zip(inputs, hour, strict=True)))
    return best


def _undominated(hours: np.ndarray) -> np.ndarray:
    """Rows that no other row reaches in every column; of 8,760 hours a handful."""
    kept: list[np.ndarray] = []
    for hour in hours[np.argsort(-hours.sum(axis=1), kind="stable")]:
        if not any(np.all(hour <= other) for other in kept):
            kept.append(hour)
    return np.asarray(kept)


def _draw_leaves(wanted: list[Node]) -> None:
    """Samples of many leaves; large ones side by side, since each hangs on its name alone."""

    def keep(node: Node) -> None:
        node.__dict__["samples"] = _checked(node, _leaf_samples(node), [])

    large = [n for n in wanted if not n._constant and n.sampling and n.sampling.n >= _N_THREADED]
    if len(large) > 1:
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            list(pool.map(keep, large))
    for node in wanted:
        if "samples" not in node.__dict__:
            keep(node)


def _leaf_samples(node: Node) -> np.ndarray:
    assert node.distribution is not None
    if node._constant:
        return node.distribution.ppf(np.asarray(0.5))
    return leaf_draws(node.key, node.distribution, node.sampling or current())


def leaf_draws(name: str, distribution: Distribution, chosen: Sampling) -> np.ndarray:
    """Draws of a distribution in the Latin-hypercube column of `name`, shape (n,), read-only.

    They hang on these three alone, so that those of usual size are kept: the next question draws the same leaves.
    """
    if chosen.n <= N_DRAWS_KEPT:
        return _kept_draws(name, distribution, chosen)
    return distribution.ppf(column(name, chosen))


@lru_cache(maxsize=128)
def _kept_draws(name: str, distribution: Distribution, chosen: Sampling) -> np.ndarray:
    found = np.asarray(distribution.ppf(column(name, chosen)), dtype=float)
    found.flags.writeable = False
    return found


def leaves(figure: N | Iterable[N], order: list[N] | None = None) -> list[N]:
    """The leaves behind a figure, each key once, in order of first use; `order` where `topological` was asked before.

    Raises
    ------
    SourceError
        If one key stands for two different quantities.
    """
    found: dict[str, N] = {}
    for node in order or topological(figure):
        if node.is_leaf:
            known = found.setdefault(node.key, node)
            if known.content_hash != node.content_hash:
                raise SourceError(
                    _("{key} stands for two different figures in one calculation.").format(
                        key=node.key
                    ),
                    _("give each its own name"),
                )
    return list(found.values())
