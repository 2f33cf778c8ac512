"""What is a number here? A `Figure`: samples, unit, boundary, kind, source, and what it came from.

A figure is a node of an immutable graph. Leaves (a published value, an assumption) have a distribution and
draw their samples by name (`sampling.py`); derived figures remember the operation and their parents. So a
figure can explain itself, say which leaf its spread comes from, and be computed again from a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from taotie.errors import (
    BoundaryError,
    MissingExtraError,
    RangeError,
    SamplingError,
    SourceError,
    UnitError,
)
from taotie.quantity import boundary as bounds
from taotie.quantity import unit as units
from taotie.quantity.distribution import Distribution, Exact, distribution_from
from taotie.quantity.evaluation import (
    N_KEPT,
    at_points,
    evaluate,
    leaves,
    rising,
    topological,
    visit_together,
)
from taotie.quantity.frozen import CONTENT, Frozen, frozen
from taotie.quantity.points import (
    means,
    ordered_points,
    ordered_rows,
    points_between,
    printed_points,
    row_means,
    rows_of_one_size,
)
from taotie.quantity.sampling import Sampling, current
from taotie.quantity.source import KINDS, Source
from taotie.words.language import _, language
from taotie.words.listing import listing

__all__ = [
    "Figure",
    "Number",
    "Value",
    "as_figure",
    "derived_kind",
    "evaluate",
    "exact",
    "leaf",
    "leaves",
    "topological",
]

Number = int | float
_FORMULA_MAX = 200  # letters of an unnamed operand; a sum of thousands stays readable


@dataclass(frozen=True)
class Value:
    """What is left of the samples when a figure is printed: 5, 50, 95 % points and the mean."""

    p05: float
    p50: float
    p95: float
    mean: float
    n: int

    @property
    def certain(self) -> bool:
        """Is there no range, but for the last bits of arithmetic?"""
        return self.p95 - self.p05 <= 1e-9 * abs(self.p50)


_FOUND = ("content_hash", "entry", "alike")
"""What is found of a figure and changes with its words; samples and their points stay the same."""
_FIELDS = (
    "unit", "boundary", "kind", "key", "label", "distribution", "source", "locator", "note", "bound", "operation",
    "parameters", "parents", "sampling", "function",
)  # fmt: skip


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
        function: Callable[..., Any] | None = None,
    ) -> None:
        if kind not in KINDS:
            raise SourceError(
                _("{key}: kind={kind} is not one of {known}.").format(
                    key=key, kind=repr(kind), known=listing(KINDS)
                )
            )
        if key.startswith("#") or (distribution is not None and not key):
            raise SourceError(
                _("{key} cannot name a figure: records and samples are keyed by name.").format(
                    key=repr(key)
                ),
                _("a name is not empty and does not begin with #"),
            )
        constant = distribution.is_exact if distribution else all(p._constant for p in parents)
        if sampling is None:
            uncertain = distribution is not None and not constant
            sampling = current() if uncertain else _shared_sampling(parents)
        # past `__setattr__`, which refuses: nothing about a figure changes once it is made
        self.__dict__.update(
            unit=units.canonical(unit),
            boundary=bounds.check(boundary),
            kind=kind,
            key=key,
            label=frozen(label or {}),
            distribution=distribution,
            source=source,
            locator=locator,
            note=note,
            bound=bound,
            operation=operation,
            parameters=frozen(parameters or {}),
            parents=tuple(parents),
            sampling=sampling,
            function=function,
            _formula=formula,
            _constant=constant,
        )

    unit: str
    boundary: str | None
    kind: str
    key: str
    label: Mapping[str, str]
    distribution: Distribution | None
    source: Source | None
    locator: str
    note: str
    bound: str
    operation: str
    parameters: Mapping[str, Any]
    parents: tuple[Figure, ...]
    sampling: Sampling | None
    function: Callable[..., Any] | None
    _formula: str
    _constant: bool

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a figure does not change ({name}); make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        self.__setattr__(name, None)

    def __getstate__(self) -> dict[str, Any]:
        # samples are drawn again where the figure arrives: they hang on names, not on the process
        left = ("samples", "ordered", "entry", "alike")
        return {k: v for k, v in self.__dict__.items() if k not in left}

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
        for parent in self.parents:
            if "content_hash" not in parent.__dict__:
                break
        else:
            return _content_hash(self)
        for node in topological(self, known="content_hash"):  # a loop: trees may be deep
            node.__dict__.setdefault("content_hash", _content_hash(node))
        return str(self.__dict__["content_hash"])

    @cached_property
    def alike(self) -> dict[Any, Any]:
        """Texts in which this figure and those `renewed` from it say the same, kept for all of them."""
        return {}

    @property
    def node_id(self) -> str:
        """Key in a result file: its own name, or one made from the content."""
        return self.key or f"#{self.content_hash}"

    # ---- its samples ---------------------------------------------------------------------------

    @cached_property
    def samples(self) -> np.ndarray:
        """Draws, shape (n_sample,), or shape () for an exact constant. [unit]"""
        return evaluate(self)

    @property
    def is_exact(self) -> bool:
        """Does it have one value only?"""
        return self.samples.ndim == 0

    @cached_property
    def value(self) -> Value:
        """The 5, 50, 95 % points and the mean. Percentiles are never added: add figures."""
        values_together([self])
        return self.__dict__["value"]

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
        """The same figure under a key and labels, for results and `explain`.

        A leaf's draws hang on its own name, so naming one gives a derived figure equal to it.
        """
        label = {k: v for k, v in (("en", en), ("zh", zh)) if v} or self.label
        figure = self
        if self.is_leaf:
            figure = self._derive(
                "scale", {"factor": 1.0}, boundary=self.boundary, formula=self.key
            )
        return figure._copy(key=key, label=label, note=note or self.note)

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

    def at_boundary(self, level: str, by: Figure | Number) -> Figure:
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
        bounds.check(level)
        by = as_figure(by)
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
                ),
                _("give it a range that ends at 1 or above: spread = 'triangular' or 'uniform'"),
            )
        return _binary("mul", self, by, unit=self.unit, boundary=level)

    def joined(self, level: str, rest: Figure) -> Figure:
        """Take the step to `level` by adding what is drawn there beside this, such as the host.

        Raises
        ------
        BoundaryError
            If `level` is not further along the chain, or `rest` is measured elsewhere.
        UnitError
            If the dimensions differ.
        """
        from taotie.errors import BoundaryError

        bounds.check(level)
        if (
            self.boundary is None
            or rest.boundary != level
            or bounds.LEVELS.index(level) <= bounds.LEVELS.index(self.boundary)
        ):
            raise BoundaryError(
                _(
                    "{name} is at {here} and {rest} at {there}: together they are not {level}."
                ).format(
                    name=self.name,
                    here=self.boundary or _("no boundary"),
                    rest=rest.name,
                    there=rest.boundary or _("no boundary"),
                    level=level,
                )
            )
        factor = units.factor(rest.unit, self.unit)
        return _binary("add", self, rest, unit=self.unit, boundary=level, factor=factor)

    def beyond(self, inner: Figure) -> Figure:
        """What is drawn at this boundary and not inside `inner`, such as cooling: facility less server.

        Raises
        ------
        BoundaryError
            If `inner` is not at an earlier boundary of the chain.
        UnitError
            If the dimensions differ.
        """
        from taotie.errors import BoundaryError

        if (
            self.boundary is None
            or inner.boundary is None
            or bounds.LEVELS.index(self.boundary) <= bounds.LEVELS.index(inner.boundary)
        ):
            raise BoundaryError(
                _("{inner} at {there} is not inside {name} at {here}.").format(
                    inner=inner.name,
                    there=inner.boundary or _("no boundary"),
                    name=self.name,
                    here=self.boundary or _("no boundary"),
                )
            )
        factor = units.factor(inner.unit, self.unit)
        return _binary("sub", self, inner, unit=self.unit, boundary=self.boundary, factor=factor)

    def _copy(self, **changes: Any) -> Figure:
        """The same figure with other words, or of another kind: what it is made of was checked when it was made."""
        if changes.get("key", "").startswith("#") or changes.get("kind", self.kind) not in KINDS:
            return Figure(**{name: getattr(self, name) for name in _FIELDS} | changes)  # refuses
        made = object.__new__(Figure)
        made.__dict__.update({k: v for k, v in self.__dict__.items() if k not in _FOUND})
        made.__dict__.update(changes, label=frozen(changes.get("label", self.label)))
        return made

    def renewed(self, **changes: Any) -> Figure:
        """The same figure made of other parents, or a leaf of another number; for `exchange`, which keeps both of a kind."""
        made = object.__new__(Figure)
        made.__dict__.update(self.__dict__)
        for found in ("content_hash", "entry", "samples", "value", "ordered"):
            made.__dict__.pop(found, None)
        made.__dict__.update(changes)
        return made

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
        other = as_figure(other)
        # the 0 that sum() starts from
        return self if other.distribution == Exact(0.0) else _sum("add", other, self)

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
        whole = as_figure(exponent)
        if not isinstance(whole.distribution, Exact) or whole.unit != units.DIMENSIONLESS:
            raise UnitError(
                _("{name} to the power of {exponent}: an exponent is a plain number.").format(
                    name=self.name, exponent=whole.name
                )
            )
        exponent = whole.distribution.value
        return Figure(
            unit=units.power(self.unit, exponent),
            boundary=self.boundary,
            kind=self.kind,
            operation="pow",
            parameters={"exponent": exponent},
            parents=(self,),
            formula=f"{_operand(self)}^{exponent:g}",
        )

    # ---- what a person reads -----------------------------------------------------------------------

    def __format__(self, spec: str) -> str:
        from taotie.quantity.figure_views import formatted

        return formatted(self, spec)

    def _repr_html_(self) -> str:
        from taotie.quantity.figure_views import as_html

        return as_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: label, value with range, unit, boundary, kind, formula, source."""
        from taotie.quantity.figure_views import plain_values

        return plain_values(self)

    def to_frame(self) -> Any:
        """One row of a pandas DataFrame (needs pandas)."""
        from taotie.quantity.figure_views import record_row

        try:
            import pandas  # type: ignore[import-untyped,unused-ignore]
        except ImportError:
            raise MissingExtraError("pandas", "all") from None
        return pandas.DataFrame([record_row(self)])

    def chance_below(self, other: Figure) -> float:
        """Share of the draws in which this figure is below another of the same boundary. [1]"""
        from taotie.quantity.figure_views import chance_below

        return chance_below(self, other)

    def __lt__(self, other: Any) -> bool:
        return self._compared(other, "<")

    def __le__(self, other: Any) -> bool:
        return self._compared(other, "<=")

    def __gt__(self, other: Any) -> bool:
        return self._compared(other, ">")

    def __ge__(self, other: Any) -> bool:
        return self._compared(other, ">=")

    def _compared(self, other: Any, sign: str) -> bool:
        from taotie.quantity.figure_views import compared

        if not isinstance(other, Figure | int | float):
            return NotImplemented
        return compared(self, as_figure(other), sign)

    def __str__(self) -> str:
        return format(self, "")

    def __repr__(self) -> str:
        return f"<Figure {self}>"

    def explain(self, depth: int | None = None) -> str:
        """The tree of figures behind this one, with the source at each leaf; all of it without `depth`."""
        from taotie.quantity.wording import tree

        return tree(self, depth)

    def drivers(self) -> Any:
        """Which leaf the spread comes from; see `sensitivity.drivers`."""
        from taotie.quantity.sensitivity import drivers

        return drivers(self)


def values_together(figures: Iterable[Figure]) -> None:
    """Find what is printed of many figures at once; those of the same draws have the same."""
    waiting: dict[int, list[Figure]] = {}
    large: dict[int, Figure] = {}
    for figure in figures:
        kept = figure.__dict__
        if "value" in kept:
            continue
        if "samples" not in kept and figure.sampling and figure.sampling.n > N_KEPT:
            large[id(figure)] = figure
        elif (samples := figure.samples).ndim:
            waiting.setdefault(id(samples), []).append(figure)
        else:
            kept["value"] = _certain(samples)
    _keep_values(list(waiting.values()))
    if large:
        visit_together(large.values(), _keep_value)


def _keep_values(every: list[list[Figure]]) -> None:
    """Keep what is printed with figures; those of one list have the same draws."""
    alone: list[list[Figure]] = []
    following: list[list[Figure]] = []
    known: set[int] = set()
    for alike in every:
        follows = _follows(alike[0], known)
        (following if follows else alone).append(alike)
        known.update(map(id, alike))
    for places, rows in rows_of_one_size([alike[0].samples for alike in alone]):
        averages = row_means(rows).tolist()
        ordered = ordered_rows(rows)
        points = points_between(ordered, rows.shape[1])
        for i, row, mean, (p05, p50, p95) in zip(places, ordered, averages, points, strict=True):
            value = Value(p05, p50, p95, mean, rows.shape[1])
            for figure in alone[i]:
                figure.__dict__["value"] = value
                figure.__dict__["ordered"] = row, alone[i][0].samples
    averages = means([alike[0].samples for alike in following])
    for alike, mean in zip(following, averages, strict=True):
        found = _ordered(alike[0])
        n = alike[0].samples.size
        p05, p50, p95 = points_between(found[0], n)
        value = Value(p05, p50, p95, mean, n)
        for figure in alike:
            figure.__dict__["value"] = value
            figure.__dict__["ordered"] = found


def _follows(figure: Figure, known: set[int]) -> bool:
    """Whether a figure rises with others whose points are known, or will be: those with ids in `known`."""
    if figure.samples.size > N_KEPT:  # its parents may not be at hand, and nothing so long is held
        return False
    led = [figure.parents[i] for i in rising(figure)]
    return bool(led) and all("ordered" in p.__dict__ or id(p) in known for p in led)


def _keep_value(figure: Figure, samples: np.ndarray) -> None:
    if not samples.ndim:
        figure.__dict__["value"] = _certain(samples)
        return
    [(p05, p50, p95, mean)] = printed_points([samples])
    figure.__dict__["value"] = Value(p05, p50, p95, mean, samples.size)


def _certain(samples: np.ndarray) -> Value:
    number = float(samples)
    return Value(number, number, number, number, 1)


def _ordered(figure: Figure) -> tuple[np.ndarray, np.ndarray]:
    """The draws between which the printed points lie, and the array whose sorting gave them.

    What rises with parents that were sorted as one has them where they have theirs: it need not be sorted.
    """
    places = rising(figure)
    found = [figure.parents[i].__dict__.get("ordered") for i in places]
    if found and all(found) and len({id(one[1]) for one in found if one}) == 1:
        inputs = [
            p.__dict__["ordered"][0] if i in places else p.samples
            for i, p in enumerate(figure.parents)
        ]
        return at_points(figure, inputs), found[0][1]  # type: ignore[index]
    return ordered_points(figure.samples), figure.samples


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


_part: ContextVar[str] = ContextVar("part", default="")


@contextmanager
def constants_of(part: str) -> Iterator[None]:
    """Constants made inside belong to one part of a whole: each part may have its own count of the same name.

    Examples
    --------
    >>> with constants_of("chat"):
    ...     exact(8.0, "accelerator", "accelerators_per_replica").key
    'chat.accelerators_per_replica'
    """
    token = _part.set(part)
    try:
        yield
    finally:
        _part.reset(token)


def key_of_part(key: str) -> str:
    """A key inside `constants_of`: that of the part."""
    return f"{_part.get()}.{key}" if _part.get() else key


def exact(value: float, unit: str, key: str = "", **more: Any) -> Figure:
    """A definition or a count that has no range, such as `exact(8760, "h/a")`."""
    if key:
        key = key_of_part(key)
    return leaf(
        key or f"{value:.17g} {unit}", value=float(value), unit=unit, kind="defined", **more
    )


# ---- derived figures -------------------------------------------------------------------------------


def _shared_sampling(parents: Sequence[Figure]) -> Sampling | None:
    """The sampling of the parents; exact constants follow whatever the others have."""
    found: Sampling | None = None
    for parent in parents:
        if parent.sampling is None:
            continue
        if found is None:
            found = parent.sampling
        elif found != parent.sampling and not parent._constant:
            if all(p._constant for p in parents if p.sampling == found):
                found = parent.sampling
                continue
            raise SamplingError(
                _("{name} was sampled with {a}, the other figure with {b}.").format(
                    name=parent.name, a=parent.sampling, b=found
                ),
                _("make both inside one `with sampling(n, seed):` block"),
            )
    return found


def _content_hash(figure: Figure) -> str:
    if figure.distribution is not None:
        leaf = ["leaf", figure.key, figure.distribution.to_dict(), figure.bound]
        text = f"{CONTENT.encode(leaf)[:-1]},{_hashed_words(figure)}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]
    parameters: Frozen = figure.parameters  # type: ignore[assignment]
    begun = parameters.begun.get(figure.operation)
    if begun is None:
        first = CONTENT.encode([figure.operation])[:-1]
        begun = parameters.begun[figure.operation] = hashlib.sha256(
            f"{first},{parameters.compact},".encode()
        )
    hashed = begun.copy()
    parents = ",".join([f'"{p.content_hash}"' for p in figure.parents])
    hashed.update(f"[{parents}],{_hashed_words(figure)}".encode())
    return hashed.hexdigest()[:16]


def _hashed_words(figure: Figure) -> str:
    """The end of what a content hash is made of: unit, boundary, kind and source."""
    found = figure.alike.get("hashed")
    if found is None:
        source = figure.source.key if figure.source else ""
        rest = [figure.unit, figure.boundary, figure.kind, source]
        found = figure.alike["hashed"] = CONTENT.encode(rest)[1:]
    return str(found)


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
    if len(text) > _FORMULA_MAX:
        return "(...)"
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
    if a.unit == b.unit and a.boundary == b.boundary:
        return _binary(operation, a, b, unit=a.unit, boundary=a.boundary, factor=1.0)
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
    if a.boundary is None or b.boundary is None:
        place = a.boundary or b.boundary
    else:
        place = bounds.of_product(a.boundary, b.boundary, f"{a.name} * {b.name}")
    return _binary("mul", a, b, unit=units.product(a.unit, b.unit), boundary=place)


def _quotient(a: Figure, b: Figure) -> Figure:
    if a.boundary is None or b.boundary is None:
        place = a.boundary or b.boundary
    else:
        place = bounds.of_quotient(a.boundary, b.boundary, f"{a.name} / {b.name}")
    return _binary("div", a, b, unit=units.quotient(a.unit, b.unit), boundary=place)
