"""What does a formula give? Its value with units and ranges, from the values of its inputs.

Ranges are evaluated at every corner of the box of inputs, which is exact for a formula that rises or falls in
each input. The grammar is in `formula_text.py`.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from taotie.audit.formula_text import FormulaError, Node, parsed
from taotie.errors import RangeError, UnitError, UnknownNameError, nearest
from taotie.quantity.unit_text import PLAIN, Unit
from taotie.words.language import _

# values at the corners of the box of inputs, or one for all: a short command need not wait for numpy
Values = list[float]
MAX_EXPONENT, MAX_EXPONENT_PLAIN = 12, 200  # of a value with a unit, of a plain one
MAX_RANGES = 12  # 2**12 corners


@dataclass(frozen=True)
class Input:
    """What stands behind a name of a formula.

    Attributes
    ----------
    value : float
        Central value. [unit]
    low, high : float
        Ends of a real range; equal to `value` where there is none. [unit]
    tol : float
        Precision of print. [unit]
    """

    value: float
    unit: Unit
    low: float
    high: float
    tol: float = 0.0

    @property
    def has_range(self) -> bool:
        """Is it known as a range only?"""
        return self.low != self.high


@dataclass(frozen=True)
class Recomputed:
    """What a formula gives.

    Attributes
    ----------
    value : float
        At the central values of the inputs. [unit]
    low, high : float
        Over the inputs with a real range. [unit]
    widest_low, widest_high : float
        Widened by the precision of print of the inputs. [unit]
    filled : str
        The formula with values and units in place of names.
    literals : tuple of Node
        The numbers written in the formula.
    """

    value: float
    low: float
    high: float
    widest_low: float
    widest_high: float
    unit: Unit
    filled: str = ""
    literals: tuple[Node, ...] = ()

    @property
    def has_range(self) -> bool:
        """Does it come from an input with a real range?"""
        return self.low != self.high

    def to(self, unit: Unit) -> Recomputed:
        """The same in another unit of the same dimension."""
        f = self.unit.factor_to(unit)
        return Recomputed(
            self.value * f, self.low * f, self.high * f, self.widest_low * f, self.widest_high * f,
            unit, self.filled, self.literals,
        )  # fmt: skip

    def per(self, scale: float, unit: Unit) -> Recomputed:
        """Divided by `scale` of `unit`, such as 1000 inferences."""
        return Recomputed(
            self.value / scale, self.low / scale, self.high / scale, self.widest_low / scale,
            self.widest_high / scale, self.unit / unit, self.filled, self.literals,
        )  # fmt: skip


# ---- evaluating ----------------------------------------------------------------------------------


def evaluated(
    text: str,
    inputs: Mapping[str, Input] | None = None,
    counted: Iterable[str] = (),
    catalogue: Callable[[str], Input] | None = None,
) -> Recomputed:
    """What the formula gives, with its unit and its range.

    Parameters
    ----------
    text : str
        The formula.
    inputs : mapping of str to Input, optional
        What the names stand for.
    counted : iterable of str, optional
        Further things that are counted, beside those of `quantity.unit`.
    catalogue : callable, optional
        Finds the figure of a key such as ``devries2023.server_power_dgx_a100``.

    Raises
    ------
    FormulaError, UnknownNameError, UnitError, RangeError
        If it cannot be read, adds different dimensions, divides by zero or leaves the finite numbers.

    Examples
    --------
    One hundred thousand H100 at 61 %:

    >>> r = evaluated("100000 * 700 W * 0.61").to(Unit("MW"))
    >>> round(r.value, 1), r.unit.text
    (42.7, 'MW')

    A range, and a number with a unit below the line:

    >>> power = Input(8.35, Unit("kW/server"), 6.5, 10.2)
    >>> r = evaluated("1.5e6 server * power", {"power": power}).to(Unit("TWh/a"))
    >>> round(r.low, 2), round(r.high, 2)
    (85.41, 134.03)
    """
    given = dict(inputs or {})
    tree, literals = parsed(text, given, counted)
    if tree.kind == "to":
        ends = [_of_tree(part, literals, text, given, catalogue) for part in tree.parts]
        return _between(ends[0], ends[1], text)
    return _of_tree(tree, literals, text, given, catalogue)


def _between(a: Recomputed, b: Recomputed, text: str) -> Recomputed:
    """From one value to another, the lower first."""
    if not a.unit.same_dimension(b.unit):
        raise UnitError(
            _("formula {text}: a range from {a} to {b} has two dimensions.").format(
                text=repr(text), a=a.unit.text, b=b.unit.text
            ),
            _("both ends of a range are of one dimension"),
        )
    b = b.to(a.unit)
    low, high = min(a.low, b.low), max(a.high, b.high)
    return Recomputed(
        0.5 * (low + high), low, high, min(a.widest_low, b.widest_low), max(a.widest_high, b.widest_high),
        a.unit, f"{a.filled} to {b.filled}", a.literals,
    )  # fmt: skip


def _of_tree(
    tree: Node,
    literals: tuple[Node, ...],
    text: str,
    given: dict[str, Input],
    catalogue: Callable[[str], Input] | None,
) -> Recomputed:
    used = list(dict.fromkeys(n.text for n in _walk(tree) if n.kind == "name"))
    for name in used:
        if name not in given:
            if catalogue is None:
                raise UnknownNameError(
                    _("formula {text}: unknown name {name}.").format(
                        text=repr(text), name=repr(name)
                    ),
                    nearest(name, given) if given else "",
                )
            given[name] = catalogue(name)
    points, n_points, n_real = _corners({name: given[name] for name in used}, text)
    values, unit = _value(tree, given, points, text)
    if len(values) == 1:
        values = values * n_points
    if not all(map(math.isfinite, values)):
        raise FormulaError(
            _("formula {text}: the result is not a finite number.").format(text=repr(text))
        )
    real, wide = values[1 : 1 + n_real], values[1:]
    return Recomputed(
        value=values[0],
        low=min(real),
        high=max(real),
        widest_low=min(wide),
        widest_high=max(wide),
        unit=unit,
        filled=_filled(tree, given),
        literals=literals,
    )


def _walk(node: Node) -> Iterable[Node]:
    yield node
    for part in node.parts:
        yield from _walk(part)


def _corners(used: Mapping[str, Input], text: str) -> tuple[dict[str, Values], int, int]:
    """Values of every input: first central, then the corners of the ranges, then those with print precision."""
    ranged = [name for name, i in used.items() if i.has_range]
    widened = [name for name, i in used.items() if i.has_range or i.tol]
    if len(widened) > MAX_RANGES:
        raise FormulaError(
            _("formula {text}: {n} inputs with a range are more than {limit}.").format(
                text=repr(text), n=len(widened), limit=MAX_RANGES
            )
        )
    rows: list[dict[str, float]] = [{name: i.value for name, i in used.items()}]
    for ends in itertools.product((0, 1), repeat=len(ranged)):
        row = dict(rows[0])
        for name, end in zip(ranged, ends, strict=True):
            row[name] = used[name].high if end else used[name].low
        rows.append(row)
    n_real = len(rows) - 1
    for ends in itertools.product((0, 1), repeat=len(widened)):
        row = dict(rows[0])
        for name, end in zip(widened, ends, strict=True):
            i = used[name]
            row[name] = i.high + i.tol if end else i.low - i.tol
        rows.append(row)
    return {name: [row[name] for row in rows] for name in used}, len(rows), n_real


def _value(
    node: Node, inputs: Mapping[str, Input], points: Mapping[str, Values], text: str
) -> tuple[Values, Unit]:
    if node.kind == "number":
        return [float(node.value)], node.unit
    if node.kind == "name":
        return points[node.text], inputs[node.text].unit
    if node.kind == "negative":
        value, unit = _value(node.parts[0], inputs, points, text)
        return [-x for x in value], unit
    a, unit_a = _value(node.parts[0], inputs, points, text)
    b, unit_b = _value(node.parts[1], inputs, points, text)
    if node.kind in ("+", "-"):
        if not unit_a.same_dimension(unit_b):
            raise UnitError(
                _("formula {text}: {a} and {b} cannot be added: {dim_a} is not {dim_b}.").format(
                    text=repr(text), a=unit_a.text, b=unit_b.text,
                    dim_a=unit_a.dimension_word, dim_b=unit_b.dimension_word,
                ),
                _("only equal dimensions are added or subtracted"),
            )  # fmt: skip
        factor = unit_b.factor_to(unit_a) * (1 if node.kind == "+" else -1)
        return _each(lambda x, y: x + factor * y, a, b), unit_a
    if node.kind == "*":
        return _each(operator.mul, a, b), unit_a * unit_b
    if node.kind == "/":
        if not all(b) or (min(b) < 0 < max(b)):
            raise RangeError(
                _("formula {text}: division by zero ({what}).").format(
                    text=repr(text), what=_filled(node.parts[1], inputs)
                ),
                _("the divisor, or its range, must not hold 0"),
            )
        return _each(operator.truediv, a, b), unit_a / unit_b
    return _to_power(a, unit_a, b, unit_b, text)


def _each(do: Callable[[float, float], float], a: Values, b: Values) -> Values:
    """`do` at every corner; one value stands for all of them."""
    if len(a) == 1:
        return [do(a[0], y) for y in b]
    return [do(x, b[0]) for x in a] if len(b) == 1 else list(map(do, a, b))


def _to_power(a: Values, unit_a: Unit, b: Values, unit_b: Unit, text: str) -> tuple[Values, Unit]:
    if not unit_b.same_dimension(PLAIN):
        raise UnitError(
            _("formula {text}: an exponent has no unit, this one is in {unit}.").format(
                text=repr(text), unit=unit_b.text
            )
        )
    factor = unit_b.factor_to(PLAIN)
    b = [y * factor for y in b]
    largest, limit = max(map(abs, b)), MAX_EXPONENT_PLAIN if unit_a.is_plain else MAX_EXPONENT
    if not largest <= limit:
        raise FormulaError(
            _("formula {text}: the exponent {n:g} is beyond {limit}.").format(
                text=repr(text), n=largest, limit=limit
            ),
            _("write powers of ten as 1e15"),
        )
    if max(b) != min(b) and not unit_a.is_plain:
        raise UnitError(
            _("formula {text}: a value with a unit takes a fixed exponent.").format(text=repr(text))
        )
    if min(b) < 0 and not all(a):
        raise RangeError(_("formula {text}: zero to a negative power.").format(text=repr(text)))
    unit = unit_a ** b[0]
    if min(a) < 0 and not all(y == round(y) for y in b):
        raise RangeError(
            _("formula {text}: a negative number to a broken power.").format(text=repr(text))
        )
    return _each(_power, a, b), unit


def _power(x: float, y: float) -> float:
    try:
        return float(x**y)
    except OverflowError:
        return math.inf  # told as no finite number


def _filled(node: Node, inputs: Mapping[str, Input], outer: int = 0) -> str:
    """The formula with numbers in place of names; `outer` is the rank of the sign around."""
    if node.kind == "number":
        return f"({node.text})" if outer > 2 and not node.unit.is_plain else node.text
    if node.kind == "name":
        i = inputs[node.text]
        shown = f"{i.low:.10g}..{i.high:.10g}" if i.has_range else f"{i.value:.10g}"
        if not i.unit.is_plain:
            shown = f"{shown} {i.unit.text}"
        return f"({shown})" if outer > 2 and not i.unit.is_plain else shown
    if node.kind == "negative":
        return "-" + _filled(node.parts[0], inputs, 3)
    rank = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}[node.kind]
    left = _filled(node.parts[0], inputs, rank)
    right = _filled(node.parts[1], inputs, rank + (node.kind in "-/"))
    whole = f"{left} {node.kind} {right}"
    return f"({whole})" if rank < outer else whole
