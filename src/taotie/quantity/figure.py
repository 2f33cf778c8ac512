"""What is a number here? A `Figure`: samples, unit, boundary, kind, source, and what it came from.

A figure is a node of an immutable graph. Leaves (a published value, an assumption) have a distribution and
draw their samples by name (`sampling.py`); derived figures remember the operation and their parents. So a
figure can explain itself, say which leaf its spread comes from, and be computed again from a file.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from taotie.errors import RangeError, SamplingError, SourceError, UnitError
from taotie.language import _, language
from taotie.quantity import boundary as bounds
from taotie.quantity import unit as units
from taotie.quantity.distribution import Distribution, Exact, distribution_from
from taotie.quantity.sampling import Sampling, column, current
from taotie.quantity.source import KINDS, Source

Number = int | float
_N_THREADED = 200_000  # draws from which a second thread pays


@dataclass(frozen=True)
class Value:
    """What is left of the samples when a figure is printed: 5, 50, 95 % points and the mean."""

    p05: float
    p50: float
    p95: float
    mean: float
    n: int


class Figure:
    """A number with unit, range, boundary, kind and source.

    Make leaves with `leaf`, `figure("source.name")` of the catalogue, or a study file; everything
    else by arithmetic or by calling a lifted kernel.

    Examples
    --------
    The 564 MWh a day of ChatGPT in early 2023 over its requests:

    >>> day = leaf("day", value=564, unit="MWh/d", boundary="server", kind="estimated", note="de Vries 2023")
    >>> requests = leaf("requests", value=195e6, unit="request/d", kind="estimated", note="the same")
    >>> (day / requests).to("Wh/request")
    <Figure 2.892 Wh/request server, modelled>
    """

    __array_priority__ = 1000.0
    __array_ufunc__ = None  # numpy scalars leave arithmetic to us

    def __init__(
        self,
        *,
        unit: str,
        boundary: str | None,
        kind: str,
        key: str = "",
        label: Mapping[str, str] | None = None,
        distribution: Distribution | None = None,
        source: Source | None = None,
        locator: str = "",
        note: str = "",
        bound: str = "",
        operation: str = "",
        parameters: Mapping[str, Any] | None = None,
        parents: tuple[Figure, ...] = (),
        formula: str = "",
        sampling: Sampling | None = None,
    ) -> None:
        self.unit = units.canonical(unit)
        self.boundary = bounds.check(boundary)
        if kind not in KINDS:
            raise SourceError(
                _("{key}: kind={kind} is not one of {known}.").format(
                    key=key, kind=repr(kind), known=", ".join(KINDS)
                )
            )
        self.kind = kind
        self.key = key
        self.label = dict(label or {})
        self.distribution = distribution
        self.source = source
        self.locator = locator
        self.note = note
        self.bound = bound
        self.operation = operation
        self.parameters = dict(parameters or {})
        self.parents = parents
        self._formula = formula
        self.sampling = sampling or _shared_sampling(parents)

    # ---- what it is ----------------------------------------------------------------------------

    @property
    def is_leaf(self) -> bool:
        """Has it a distribution of its own?"""
        return self.distribution is not None

    @property
    def name(self) -> str:
        """Label in the language in force, or the key, or the formula."""
        return self.label.get(language()) or self.label.get("en") or self.key or self.formula

    @property
    def formula(self) -> str:
        """How it follows from its parents, in their keys."""
        return self._formula or self.key

    @cached_property
    def content_hash(self) -> str:
        """Sixteen hexadecimal digits that change when anything behind the value changes."""
        if self.distribution is not None:
            content: list[Any] = ["leaf", self.key, self.distribution.to_dict()]
        else:
            content = [self.operation, self.parameters, [p.content_hash for p in self.parents]]
        content += [self.unit, self.boundary, self.kind, self.source.key if self.source else ""]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def node_id(self) -> str:
        """Key in a result file: its own name, or one made from the content."""
        return self.key or f"#{self.content_hash}"

    # ---- its samples ---------------------------------------------------------------------------

    @cached_property
    def samples(self) -> np.ndarray:
        """Draws, shape (n_sample,), or shape () for an exact constant. [unit]"""
        values = evaluate(self)
        values.flags.writeable = False
        return values

    @property
    def is_exact(self) -> bool:
        """Does it have one value only?"""
        return self.samples.ndim == 0

    @cached_property
    def value(self) -> Value:
        """The 5, 50, 95 % points and the mean. Percentiles are never added: add figures."""
        samples = self.samples
        if samples.ndim == 0:
            number = float(samples)
            return Value(number, number, number, number, 1)
        p05, p50, p95 = np.percentile(samples, [5, 50, 95])
        # fsum: the mean must not depend on how a library splits the sum over threads
        mean = math.fsum(samples) / samples.size
        return Value(float(p05), float(p50), float(p95), mean, samples.size)

    @property
    def p05(self) -> float:
        """5 % of the draws are below. [unit]"""
        return self.value.p05

    @property
    def p50(self) -> float:
        """Median. [unit]"""
        return self.value.p50

    @property
    def p95(self) -> float:
        """95 % of the draws are below. [unit]"""
        return self.value.p95

    @property
    def mean(self) -> float:
        """Expected value. [unit]"""
        return self.value.mean

    # ---- the same figure said otherwise -----------------------------------------------------------

    def to(self, unit: str) -> Figure:
        """The same figure in another unit of the same dimension.

        Raises
        ------
        UnitError
            If the dimensions differ.
        """
        target = units.canonical(unit)
        if target == self.unit:
            return self
        return Figure(
            unit=target,
            boundary=self.boundary,
            kind=self.kind,
            label=self.label,
            operation="scale",
            parameters={"factor": units.factor(self.unit, target)},
            parents=(self,),
            formula=self.key or self.formula,
        )

    def named(self, key: str, *, en: str = "", zh: str = "", note: str = "") -> Figure:
        """The same figure under a key and labels, for results and `explain`."""
        if self.is_leaf:
            raise SourceError(
                _("{key} is a leaf: its draws hang on its name, which cannot change.").format(
                    key=self.key
                )
            )
        label = {k: v for k, v in (("en", en), ("zh", zh)) if v} or self.label
        return self._copy(key=key, label=label, note=note or self.note)

    def of_kind(self, kind: str) -> Figure:
        """The same derived figure with its kind stated, such as `forecast`."""
        return self._copy(kind=kind)

    def with_boundary(self, level: str) -> Figure:
        """State the boundary of a figure that has none.

        Raises
        ------
        BoundaryError
            If it already has another one: a boundary is left by a step, not by a word.
        """
        bounds.of_sum(self.boundary or level, bounds.check(level), self.name)
        if self.boundary == level:
            return self
        return self._derive(
            "scale", {"factor": 1.0}, boundary=level, formula=self.key or self.formula
        )

    def at_boundary(self, level: str, by: Figure) -> Figure:
        """Take the step to another boundary: multiply by `by`, such as PUE or 1/(1 - loss).

        Raises
        ------
        BoundaryError
            If this figure has no boundary, or `level` is not further along the chain.
        UnitError
            If `by` is not a plain number.
        RangeError
            If `by` is below 1 anywhere: no step along the chain loses load.
        """
        from taotie.errors import BoundaryError

        bounds.check(level)
        if self.boundary is None or bounds.LEVELS.index(level) <= bounds.LEVELS.index(
            self.boundary
        ):
            raise BoundaryError(
                _("{name} is at {here}; {level} is not further along the chain.").format(
                    name=self.name, here=self.boundary or _("no boundary"), level=level
                )
            )
        if by.unit != units.DIMENSIONLESS or by.boundary is not None:
            raise UnitError(
                _("the step to {level} is a plain number, not {unit}.").format(
                    level=level, unit=by.unit
                )
            )
        if np.min(by.samples) < 1.0:
            raise RangeError(
                _("{name}={value} is below 1.0: the {level} uses at least what is inside.").format(
                    name=by.name, value=f"{np.min(by.samples):.4g}", level=level
                )
            )
        return _binary("mul", self, by, unit=self.unit, boundary=level)

    def _copy(self, **changes: Any) -> Figure:
        fields: dict[str, Any] = {
            "unit": self.unit,
            "boundary": self.boundary,
            "kind": self.kind,
            "key": self.key,
            "label": self.label,
            "distribution": self.distribution,
            "source": self.source,
            "locator": self.locator,
            "note": self.note,
            "bound": self.bound,
            "operation": self.operation,
            "parameters": self.parameters,
            "parents": self.parents,
            "formula": self._formula,
            "sampling": self.sampling,
        }
        fields.update(changes)
        return Figure(**fields)

    def _derive(
        self, operation: str, parameters: dict[str, Any], *, boundary: str | None, formula: str
    ) -> Figure:
        return Figure(
            unit=self.unit,
            boundary=boundary,
            kind=self.kind,
            operation=operation,
            parameters=parameters,
            parents=(self,),
            formula=formula,
        )

    # ---- arithmetic ------------------------------------------------------------------------------

    def __add__(self, other: Figure | Number) -> Figure:
        return _sum("add", self, as_figure(other))

    def __radd__(self, other: Figure | Number) -> Figure:
        return self if other == 0 else _sum("add", as_figure(other), self)

    def __sub__(self, other: Figure | Number) -> Figure:
        return _sum("sub", self, as_figure(other))

    def __rsub__(self, other: Figure | Number) -> Figure:
        return _sum("sub", as_figure(other), self)

    def __mul__(self, other: Figure | Number) -> Figure:
        return _product(self, as_figure(other))

    def __rmul__(self, other: Figure | Number) -> Figure:
        return _product(as_figure(other), self)

    def __truediv__(self, other: Figure | Number) -> Figure:
        return _quotient(self, as_figure(other))

    def __rtruediv__(self, other: Figure | Number) -> Figure:
        return _quotient(as_figure(other), self)

    def __neg__(self) -> Figure:
        return self._derive(
            "scale", {"factor": -1.0}, boundary=self.boundary, formula=f"-{_operand(self)}"
        )

    def __pow__(self, exponent: Number) -> Figure:
        return Figure(
            unit=units.power(self.unit, exponent),
            boundary=self.boundary,
            kind=self.kind,
            operation="pow",
            parameters={"exponent": float(exponent)},
            parents=(self,),
            formula=f"{_operand(self)}^{exponent:g}",
        )

    # ---- what a person reads -----------------------------------------------------------------------

    def __format__(self, spec: str) -> str:
        from taotie.quantity.wording import text

        return text(self.to(spec) if spec else self)

    def __str__(self) -> str:
        return format(self, "")

    def __repr__(self) -> str:
        return f"<Figure {self}>"

    def explain(self, depth: int = 20) -> str:
        """The tree of figures behind this one, with the source at each leaf."""
        from taotie.quantity.wording import tree

        return tree(self, depth)

    def drivers(self) -> Any:
        """Which leaf the spread comes from; see `sensitivity.drivers`."""
        from taotie.quantity.sensitivity import drivers

        return drivers(self)


# ---- leaves --------------------------------------------------------------------------------------


def leaf(
    key: str,
    *,
    unit: str,
    kind: str,
    distribution: Distribution | None = None,
    boundary: str | None = None,
    source: Source | None = None,
    locator: str = "",
    note: str = "",
    bound: str = "",
    label: Mapping[str, str] | None = None,
    sampling: Sampling | None = None,
    **numbers: Any,
) -> Figure:
    """A figure that is not computed from others.

    Parameters
    ----------
    key : str
        Its name; draws hang on it, so one name stands for one quantity.
    unit, boundary, kind
        As in a sourced figure; `kind="assumed"` needs a `note` that says why.
    **numbers
        `value`, or `low`, `high` (and `mode`), with an optional `spread`.

    Raises
    ------
    SourceError
        If it has neither a source nor a note.
    DistributionError, UnitError, BoundaryError
        If the numbers, the unit or the boundary are not possible.
    """
    if source is None and not note and kind != "defined":
        raise SourceError(
            _("{key} has neither a source nor a reason.").format(key=key),
            _("cite a source, or say in note why the value is assumed"),
        )
    return Figure(
        key=key,
        unit=unit,
        boundary=boundary,
        kind=kind,
        label=label,
        distribution=distribution or distribution_from(numbers),
        source=source,
        locator=locator,
        note=note,
        bound=bound,
        sampling=sampling or current(),
    )


def as_figure(value: Figure | Number) -> Figure:
    """`value` itself, or a plain number as an exact dimensionless figure."""
    if isinstance(value, Figure):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise UnitError(
            _("{value} is not a figure or a number.").format(value=repr(value)),
            _("make a figure with leaf(...)"),
        )
    number = float(value)
    return Figure(
        key=f"{number:.17g}",
        unit=units.DIMENSIONLESS,
        boundary=None,
        kind="defined",
        distribution=Exact(number),
    )


def exact(value: float, unit: str, key: str = "", **more: Any) -> Figure:
    """A definition or a count that has no range, such as `exact(8760, "h/a")`."""
    return leaf(
        key or f"{value:.17g} {unit}", value=float(value), unit=unit, kind="defined", **more
    )


# ---- derived figures -------------------------------------------------------------------------------


def _shared_sampling(parents: Iterable[Figure]) -> Sampling | None:
    """The sampling of the parents; exact constants follow whatever the others have."""
    found: Sampling | None = None
    for parent in parents:
        if parent.sampling is None:
            continue
        if found is None:
            found = parent.sampling
        elif found != parent.sampling and not _constant(parent):
            if all(_constant(p) for p in parents if p.sampling == found):
                found = parent.sampling
                continue
            raise SamplingError(
                _("{name} was drawn with {a}, the other figure with {b}.").format(
                    name=parent.name, a=parent.sampling, b=found
                ),
                _("make both inside one `with sampling(n, seed):` block"),
            )
    return found


def _constant(figure: Figure) -> bool:
    if figure.distribution is not None:
        return figure.distribution.is_exact
    return all(_constant(p) for p in figure.parents)


def derived_kind(parents: Iterable[Figure]) -> str:
    """What a figure computed from others may call itself."""
    kinds = {p.kind for p in parents}
    if kinds <= {"defined"}:
        return "defined"
    if "forecast" in kinds:
        return "forecast"
    return "modelled"


def _operand(figure: Figure) -> str:
    if figure.key:
        return figure.key
    text = figure.formula
    return f"({text})" if any(s in text for s in (" + ", " - ", " / ")) else text


def _binary(
    operation: str, a: Figure, b: Figure, *, unit: str, boundary: str | None, **p: Any
) -> Figure:
    sign = {"add": "+", "sub": "-", "mul": "*", "div": "/"}[operation]
    return Figure(
        unit=unit,
        boundary=boundary,
        kind=derived_kind((a, b)),
        operation=operation,
        parameters=p,
        parents=(a, b),
        formula=f"{_operand(a)} {sign} {_operand(b)}",
    )


def _sum(operation: str, a: Figure, b: Figure) -> Figure:
    verb = _("adding") if operation == "add" else _("subtracting")
    if not units.same_dimension(a.unit, b.unit):
        raise UnitError(
            _("{verb} {b} ({unit_b}) and {a} ({unit_a}): {dim_a} is not {dim_b}.").format(
                verb=verb,
                a=a.name,
                b=b.name,
                unit_a=a.unit,
                unit_b=b.unit,
                dim_a=units.dimension_name(a.unit),
                dim_b=units.dimension_name(b.unit),
            ),
            units._slip_hint(b.unit, a.unit),
        )
    place = bounds.of_sum(a.boundary, b.boundary, f"{verb} {b.name}, {a.name}")
    return _binary(
        operation, a, b, unit=a.unit, boundary=place, factor=units.factor(b.unit, a.unit)
    )


def _product(a: Figure, b: Figure) -> Figure:
    place = bounds.of_product(a.boundary, b.boundary, f"{a.name} * {b.name}")
    return _binary("mul", a, b, unit=units.product(a.unit, b.unit), boundary=place)


def _quotient(a: Figure, b: Figure) -> Figure:
    place = bounds.of_quotient(a.boundary, b.boundary, f"{a.name} / {b.name}")
    return _binary("div", a, b, unit=units.quotient(a.unit, b.unit), boundary=place)


# ---- evaluation ------------------------------------------------------------------------------------


def _operate(figure: Figure, inputs: list[np.ndarray]) -> np.ndarray:
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
                )
            )
        return inputs[0] / inputs[1]
    if operation == "scale":
        return inputs[0] * p["factor"]
    if operation == "pow":
        return inputs[0] ** p["exponent"]
    if operation == "peak":
        best = np.asarray(-np.inf)
        for hour in zip(*p["shapes"], strict=True):
            best = np.maximum(best, sum(x * share for x, share in zip(inputs, hour, strict=True)))
        return best
    from taotie.quantity.lift import call_operation

    return call_operation(operation, p, inputs)


def topological(figure: Figure | Iterable[Figure]) -> list[Figure]:
    """Figures behind `figure` in an order in which parents come first, each once."""
    roots = [figure] if isinstance(figure, Figure) else list(figure)
    order: list[Figure] = []
    seen: set[int] = set()
    stack: list[tuple[Figure, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((p, False) for p in reversed(node.parents))
    return order


def evaluate(figure: Figure, draw: Callable[[Figure], np.ndarray] | None = None) -> np.ndarray:
    """Values of `figure`; with `draw`, from other values of its leaves than their own samples.

    Parameters
    ----------
    draw : callable, optional
        Maps a leaf to its values; default: the leaf's own Latin-hypercube column.
    """
    order = topological(figure)
    if draw is None:
        _draw_leaves([node for node in order if node.is_leaf and "samples" not in node.__dict__])
    values: dict[int, np.ndarray] = {}
    for node in order:
        if draw is None and "samples" in node.__dict__:
            values[id(node)] = node.samples
        elif node.is_leaf:
            values[id(node)] = draw(node) if draw else _leaf_samples(node)
        else:
            inputs = [values[id(p)] for p in node.parents]
            values[id(node)] = np.asarray(_operate(node, inputs), dtype=float)
    return np.array(values[id(figure)], dtype=float)


def _draw_leaves(wanted: list[Figure]) -> None:
    """Samples of many leaves; large ones side by side, since each hangs on its name alone."""

    def keep(node: Figure) -> None:
        samples = _leaf_samples(node)
        samples.flags.writeable = False
        node.__dict__["samples"] = samples

    large = [n for n in wanted if n.sampling and n.sampling.n >= _N_THREADED]
    if len(large) > 1:
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            list(pool.map(keep, large))
    for node in wanted:
        if "samples" not in node.__dict__:
            keep(node)


def _leaf_samples(node: Figure) -> np.ndarray:
    assert node.distribution is not None
    if node.distribution.is_exact:
        return np.asarray(node.distribution.ppf(np.asarray(0.5)))
    return node.distribution.ppf(column(node.key, node.sampling or current()))


def leaves(figure: Figure | Iterable[Figure]) -> list[Figure]:
    """The leaves behind a figure, each key once, in order of first use.

    Raises
    ------
    SourceError
        If one key stands for two different quantities.
    """
    found: dict[str, Figure] = {}
    for node in topological(figure):
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
