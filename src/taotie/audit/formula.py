"""What does a formula give? A small grammar of our own, evaluated with units and ranges.

Allowed: ``+ - * / ** ( )``, numbers, units, names of inputs and keys of the catalogue (`source.figure`). Nothing
else: no calls, no attributes, no comparison; nothing is handed to Python's `eval`. A number binds to the unit
after it (`195e6 request/d`); a division with spaces around it is a division.

Ranges are evaluated at every corner of the box of inputs, which is exact for a formula that rises or falls in
each input.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from taotie.audit.number_text import number_at, plain
from taotie.audit.units import PLAIN, Unit, spelled, unit_at
from taotie.errors import RangeError, TaotieError, UnitError, UnknownNameError, nearest
from taotie.language import _

MAX_LENGTH = 400
MAX_DEPTH = 40
MAX_TOKENS = 300
MAX_EXPONENT = 12
MAX_RANGES = 12  # 2**12 corners
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CATALOGUE_KEY = re.compile(r"[a-z][a-z0-9_-]*\.[a-z][A-Za-z0-9_]*")
_OPERATORS = ("**", "+", "-", "*", "/", "(", ")", "^")


class FormulaError(TaotieError, ValueError):
    """A formula that cannot be read or evaluated."""


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
class Node:
    """A node of a parsed formula: a number with unit, a name, or an operation."""

    kind: str  # number | name | negative | + - * / **
    text: str = ""
    value: float = 0.0
    unit: Unit = PLAIN
    words: tuple[str, ...] = ()
    parts: tuple[Node, ...] = ()


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


# ---- reading -------------------------------------------------------------------------------------


@dataclass
class _Reader:
    text: str
    counted: tuple[str, ...]
    names: tuple[str, ...]
    at: int = 0
    tokens: int = 0
    literals: list[Node] = field(default_factory=list)

    def fail(self, what: str, hint: str = "") -> FormulaError:
        return FormulaError(
            _("formula {text}: {what}").format(text=repr(self.text), what=what), hint
        )

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def peek(self, *signs: str) -> str:
        self.skip()
        for sign in signs:
            if self.text.startswith(sign, self.at):
                if sign == "*" and self.text.startswith("**", self.at):
                    continue
                return sign
        return ""

    def take(self, sign: str) -> None:
        self.at += len(sign)
        self.tokens += 1
        if self.tokens > MAX_TOKENS:
            raise self.fail(_("more than {n} parts.").format(n=MAX_TOKENS))

    def sum(self, depth: int) -> Node:
        left = self.product(depth)
        while sign := self.peek("+", "-"):
            self.take(sign)
            left = Node(sign, parts=(left, self.product(depth)))
        return left

    def product(self, depth: int) -> Node:
        left = self.signed(depth)
        while sign := self.peek("*", "/"):
            self.take(sign)
            left = Node(sign, parts=(left, self.signed(depth)))
        return left

    def signed(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.fail(_("nested more than {n} deep.").format(n=MAX_DEPTH))
        if self.peek("-"):
            self.take("-")
            return Node("negative", parts=(self.signed(depth + 1),))
        if self.peek("+"):
            self.take("+")
            return self.signed(depth + 1)
        return self.power(depth)

    def power(self, depth: int) -> Node:
        base = self.operand(depth)
        if sign := self.peek("**", "^"):
            self.take(sign)
            return Node("**", parts=(base, self.signed(depth + 1)))
        return base

    def operand(self, depth: int) -> Node:
        self.skip()
        self.take("")
        rest = self.text[self.at :]
        if rest.startswith("("):
            self.take("(")
            inner = self.sum(depth + 1)
            if not self.peek(")"):
                raise self.fail(_("a bracket is not closed."))
            self.take(")")
            return inner
        if not rest:
            raise self.fail(_("it ends where a number or a name is expected."))
        number = None if rest[0] in "+-" else number_at(self.text, self.at)
        if number is not None:
            return self.literal(number.value, number.words, number.end)
        money = unit_at(self.text, self.at, self.counted, self.names) if rest[0] in "$€¥" else None
        if money is not None:
            amount = number_at(self.text, money[2])
            if amount is not None:
                return self.keep(amount.value * money[0], money[1], amount.words, amount.end)
        return self.name(rest)

    def literal(self, value: float, words: tuple[str, ...], end: int) -> Node:
        spaces = len(self.text[end:]) - len(self.text[end:].lstrip(" "))
        name = _NAME.match(self.text, end + spaces)
        if name and name[0] in self.names:
            raise self.fail(
                _("{name} follows a number without a sign between.").format(name=name[0]),
                _("write * between them"),
            )
        unit = unit_at(self.text, end + spaces, self.counted, self.names)
        if unit is None:
            return self.keep(value, PLAIN, words, end)
        return self.keep(value * unit[0], unit[1], words, unit[2])

    def keep(self, value: float, unit: Unit, words: tuple[str, ...], end: int) -> Node:
        node = Node("number", self.text[self.at : end].strip(), value, unit, words)
        self.at = end
        self.literals.append(node)
        return node

    def name(self, rest: str) -> Node:
        key = _CATALOGUE_KEY.match(rest)
        word = _NAME.match(rest)
        if key and (word is None or word[0] not in self.names):
            self.at += key.end()
            self.refuse_call()
            return Node("name", key[0])
        if word and word[0] in self.names:
            self.at += word.end()
            self.refuse_call()
            return Node("name", word[0])
        multiplier = word is not None and word[0] in ("x", "times")
        unit = None
        if _unit_like(rest) and not multiplier:
            try:
                unit = unit_at(self.text, self.at, self.counted, self.names)
            except UnitError as error:
                shown = word[0] if word else rest[:20]
                raise UnknownNameError(
                    _("formula {text}: {name} is neither an input nor a unit.").format(
                        text=repr(self.text), name=repr(shown)
                    ),
                    nearest(shown, self.names) if self.names else error.hint,
                ) from None
        if unit is not None:
            begin = self.at
            self.at = unit[2]
            self.refuse_call()
            return Node("number", self.text[begin : unit[2]], unit[0], unit[1])
        if word:
            raise UnknownNameError(
                _("formula {text}: unknown name {name}.").format(
                    text=repr(self.text), name=repr(word[0])
                ),
                nearest(word[0], self.names) if self.names else _("give it as a number with unit"),
            )
        raise self.fail(
            _("{char} at position {n} is not part of a formula.").format(
                char=repr(rest[0]), n=self.at + 1
            ),
            _("allowed are numbers, units, names and + - * / ** ( )"),
        )

    def refuse_call(self) -> None:
        following = self.text[self.at : self.at + 1]
        if following == "(":
            raise self.fail(
                _("functions cannot be called."), _("write * before a bracket to multiply")
            )
        if following == ".":
            raise self.fail(
                _("attributes are not part of a formula."),
                _("a figure of the catalogue is written source.figure"),
            )


def _unit_like(rest: str) -> bool:
    """May a bare word here be a unit (`/ server`)?"""
    return bool(re.match(r"[A-Za-zµμ°%$€¥\u4e00-\u9fff]", rest))


def parsed(
    text: str, names: Iterable[str] = (), counted: Iterable[str] = ()
) -> tuple[Node, tuple[Node, ...]]:
    """The tree of a formula, and the numbers written in it.

    Raises
    ------
    FormulaError, UnknownNameError, UnitError, RangeError
        If it is too long, or holds anything but numbers, units, names and operators.
    """
    if not isinstance(text, str) or not text.strip():
        raise FormulaError(_("the formula is empty."))
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            _("a formula of {n} characters is too long (limit {limit}).").format(
                n=len(text), limit=MAX_LENGTH
            )
        )
    reader = _Reader(spelled(plain(text)).strip(), tuple(counted), tuple(names))
    try:
        tree = reader.sum(0)
    except UnitError as error:
        raise UnitError(
            _("formula {text}: {what}").format(text=repr(reader.text), what=error.message),
            error.hint,
        ) from None
    reader.skip()
    if reader.at < len(reader.text):
        rest = reader.text[reader.at :]
        raise reader.fail(
            _("cannot read {rest}.").format(rest=repr(rest[:40])),
            _("allowed are numbers, units, names and + - * / ** ( )"),
        )
    return tree, tuple(reader.literals)


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
    points, n_real = _corners({name: given[name] for name in used}, text)
    result, unit = _value(tree, given, points, text)
    values = np.broadcast_to(result, (points["#"].size,))
    if not np.all(np.isfinite(values)):
        raise FormulaError(
            _("formula {text}: the result is not a finite number.").format(text=repr(text))
        )
    real, wide = values[1 : 1 + n_real], values[1:]
    return Recomputed(
        value=float(values[0]),
        low=float(real.min()),
        high=float(real.max()),
        widest_low=float(wide.min()),
        widest_high=float(wide.max()),
        unit=unit,
        filled=_filled(tree, given),
        literals=literals,
    )


def _walk(node: Node) -> Iterable[Node]:
    yield node
    for part in node.parts:
        yield from _walk(part)


def _corners(used: Mapping[str, Input], text: str) -> tuple[dict[str, np.ndarray], int]:
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
    points = {name: np.array([row[name] for row in rows]) for name in used}
    points["#"] = np.arange(len(rows))
    return points, n_real


def _value(
    node: Node, inputs: Mapping[str, Input], points: Mapping[str, np.ndarray], text: str
) -> tuple[np.ndarray, Unit]:
    if node.kind == "number":
        return np.asarray(node.value, dtype=float), node.unit
    if node.kind == "name":
        return points[node.text], inputs[node.text].unit
    if node.kind == "negative":
        value, unit = _value(node.parts[0], inputs, points, text)
        return -value, unit
    a, unit_a = _value(node.parts[0], inputs, points, text)
    b, unit_b = _value(node.parts[1], inputs, points, text)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if node.kind in ("+", "-"):
            if not unit_a.same_dimension(unit_b):
                raise UnitError(
                    _("formula {text}: {a} and {b} cannot be added: {dim_a} is not {dim_b}.").format(
                        text=repr(text), a=unit_a.text, b=unit_b.text,
                        dim_a=unit_a.dimension_word, dim_b=unit_b.dimension_word,
                    ),
                    _("only equal dimensions are added or subtracted"),
                )  # fmt: skip
            b = b * unit_b.factor_to(unit_a)
            return (a + b if node.kind == "+" else a - b), unit_a
        if node.kind == "*":
            return a * b, unit_a * unit_b
        if node.kind == "/":
            if not np.all(b) or (np.min(b) < 0 < np.max(b)):
                raise RangeError(
                    _("formula {text}: division by zero ({what}).").format(
                        text=repr(text), what=_filled(node.parts[1], inputs)
                    ),
                    _("the divisor, or its range, must not hold 0"),
                )
            return a / b, unit_a / unit_b
        return _to_power(a, unit_a, b, unit_b, text)


def _to_power(
    a: np.ndarray, unit_a: Unit, b: np.ndarray, unit_b: Unit, text: str
) -> tuple[np.ndarray, Unit]:
    if not unit_b.same_dimension(PLAIN):
        raise UnitError(
            _("formula {text}: an exponent has no unit, this one is in {unit}.").format(
                text=repr(text), unit=unit_b.text
            )
        )
    b = b * unit_b.factor_to(PLAIN)
    if np.max(np.abs(b)) > MAX_EXPONENT:
        raise FormulaError(
            _("formula {text}: the exponent {n:g} is beyond {limit}.").format(
                text=repr(text), n=float(np.max(np.abs(b))), limit=MAX_EXPONENT
            ),
            _("write powers of ten as 1e15"),
        )
    if np.ptp(np.atleast_1d(b)) and not unit_a.is_plain:
        raise UnitError(
            _("formula {text}: a value with a unit takes a fixed exponent.").format(text=repr(text))
        )
    if np.min(b) < 0 and not np.all(a):
        raise RangeError(_("formula {text}: zero to a negative power.").format(text=repr(text)))
    unit = unit_a ** float(np.atleast_1d(b)[0])
    if np.min(a) < 0 and not np.all(b == np.round(b)):
        raise RangeError(
            _("formula {text}: a negative number to a broken power.").format(text=repr(text))
        )
    return np.power(np.asarray(a, dtype=float), b), unit


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
