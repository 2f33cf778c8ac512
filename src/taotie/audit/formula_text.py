"""What does a formula say? A small grammar of our own: numbers, units, names and ``+ - * / ** ( )``, nothing else.

No calls, no attributes, no comparison; nothing is handed to Python's `eval`. A number binds to the unit after it
(`195e6 request/d`); a division with spaces around it is a division. `A to B` is a range.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from taotie.errors import TaotieError, UnitError, UnknownNameError, nearest
from taotie.quantity.number_text import number_at, plain
from taotie.quantity.unit_text import PLAIN, Unit, spelled, unit_at
from taotie.words import patterns as re
from taotie.words.language import _

MAX_LENGTH = 400
MAX_DEPTH = 40
MAX_TOKENS = 300
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TO = re.compile(r"to(?![A-Za-z0-9_])|至|到")
_CATALOGUE_KEY = re.compile(r"[a-z][a-z0-9_-]*\.[a-z][A-Za-z0-9_]*")


class FormulaError(TaotieError, ValueError):
    """A formula that cannot be read or evaluated."""


@dataclass(frozen=True)
class Node:
    """A node of a parsed formula: a number with unit, a name, or an operation."""

    kind: str  # number | name | negative | + - * / ** to
    text: str = ""
    value: float = 0.0
    unit: Unit = PLAIN
    words: tuple[str, ...] = ()
    exponent: bool = False
    parts: tuple[Node, ...] = ()


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
            first = len(self.literals)
            exponent = self.signed(depth + 1)
            self.literals[first:] = [replace(n, exponent=True) for n in self.literals[first:]]
            return Node("**", parts=(base, exponent))
        return base

    def span(self) -> Node:
        """One value, or two with "to" between: 500 mL / 50 to 500 mL / 10."""
        left = self.sum(0)
        self.skip()
        if link := _TO.match(self.text, self.at):
            self.take(link[0])
            return Node("to", parts=(left, self.sum(0)))
        return left

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
            return self.with_unit(inner)
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

    def with_unit(self, inner: Node) -> Node:
        """A bracket with its unit behind it: (1.2 - 0.3) CNY/kWh."""
        self.skip()
        word = _NAME.match(self.text, self.at)
        if not _unit_like(self.text[self.at :]) or _TO.match(self.text, self.at):
            return inner
        if word and word[0] in self.names:
            return inner
        try:
            unit = unit_at(self.text, self.at, self.counted, self.names)
        except UnitError:
            return inner
        if unit is None:
            return inner
        begin, self.at = self.at, unit[2]
        return Node(
            "*", parts=(inner, Node("number", self.text[begin : unit[2]], unit[0], unit[1]))
        )

    def literal(self, value: float, words: tuple[str, ...], end: int) -> Node:
        spaces = len(self.text[end:]) - len(self.text[end:].lstrip(" "))
        name = _NAME.match(self.text, end + spaces)
        if name and name[0] in self.names:
            raise self.fail(
                _("{name} follows a number without a sign between.").format(name=name[0]),
                _("write * between them"),
            )
        unit = (
            None
            if _TO.match(self.text, end + spaces)
            else unit_at(self.text, end + spaces, self.counted, self.names)
        )
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
    return _parsed(text, tuple(names), tuple(counted))


@lru_cache(maxsize=4096)
def _parsed(
    text: str, names: tuple[str, ...], counted: tuple[str, ...]
) -> tuple[Node, tuple[Node, ...]]:
    reader = _Reader(spelled(plain(text)).strip(), counted, names)
    try:
        tree = reader.span()
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
