"""What does the text of a case file say? Octave's grammar, as far as data files use it: statements as plain tuples.

Nothing is carried out here; `octave` does that.
"""

from __future__ import annotations

from typing import Any

from taotie.grid.case.octave_tokens import ENDS, OctaveError, Token, tokens, without_remarks
from taotie.words.language import _

__all__ = ["Node", "parse"]

Node = tuple[Any, ...]

_RANK = {
    "||": 1, "&&": 2, "|": 3, "&": 4, "<": 5, "<=": 5, "==": 5, "~=": 5, "!=": 5, ">": 5, ">=": 5,
    "+": 7, "-": 7, "*": 8, "/": 8, "\\": 8, ".*": 8, "./": 8, ".\\": 8,
}  # fmt: skip
_DEEPEST = 60


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(tokens(without_remarks(text)))
        self.at = 0
        self.deep = 0

    # ---- small helpers
    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def is_op(self, *values: str) -> bool:
        return self.now.kind == "op" and self.now.value in values

    def is_kw(self, *values: str) -> bool:
        return self.now.kind == "kw" and self.now.value in values

    def need(self, value: str) -> None:
        if not self.is_op(value):
            raise OctaveError(
                self.now.line,
                _("{found!r} stands where {wanted!r} is needed").format(
                    found=str(self.now.value)[:40], wanted=value
                ),
            )
        self.at += 1

    def skip_breaks(self) -> None:
        while self.now.kind == "nl":
            self.at += 1

    # ---- statements
    def block(self, stops: set[str]) -> list[Node]:
        body: list[Node] = []
        while True:
            self.skip_breaks()
            if self.now.kind == "eof":
                if stops & ENDS and "function" not in stops:
                    raise OctaveError(self.now.line, _("a block is not closed by end"))
                return body
            if self.now.kind == "kw" and self.now.value in stops:
                return body
            body.append(self.statement())
            if self.now.kind not in ("nl", "eof") and not (
                self.now.kind == "kw" and self.now.value in stops
            ):
                raise OctaveError(
                    self.now.line,
                    _("{found!r} is not understood here").format(found=str(self.now.value)[:40]),
                )

    def statement(self) -> Node:
        token = self.now
        if token.kind == "kw":
            return self.control()
        start = self.at
        if self.is_op("["):  # [a, b] = f(...)
            targets = self.several_targets()
            if targets is not None:
                return ("assign", targets, "=", self.expression(), token.line)
            self.at = start
        left = self.postfix()
        if self.now.kind == "op" and self.now.value in (
            "=",
            "+=",
            "-=",
            "*=",
            "/=",
            "^=",
            "|=",
            "&=",
        ):
            op = self.take().value
            return ("assign", [left], op, self.expression(), token.line)
        if self.is_op("++", "--"):
            return ("assign", [left], self.take().value[0] + "=", ("num", 1.0), token.line)
        self.at = start
        return ("expr", self.expression(), token.line)

    def several_targets(self) -> list[Node] | None:
        depth, i = 0, self.at
        while self.tokens[i].kind not in ("nl", "eof") or depth:
            token = self.tokens[i]
            if token.kind == "eof":
                return None
            if token.kind == "op" and token.value in "([{":
                depth += 1
            elif token.kind == "op" and token.value in ")]}":
                depth -= 1
                if not depth:
                    break
            i += 1
        after = self.tokens[i + 1] if i + 1 < len(self.tokens) else self.tokens[-1]
        if not (after.kind == "op" and after.value == "="):
            return None
        self.need("[")
        targets: list[Node] = []
        while not self.is_op("]"):
            if self.is_op(","):
                self.at += 1
            elif self.is_op("~", "!"):
                self.at += 1
                targets.append(("ignored",))
            else:
                targets.append(self.postfix())
        self.need("]")
        self.need("=")
        return targets

    def control(self) -> Node:
        token = self.take()
        word, line = token.value, token.line
        if word == "if":
            arms, otherwise = [], []
            condition = self.expression()
            arms.append((condition, self.block({"elseif", "else", "end", "endif"}), line))
            while True:
                stop = self.take()
                if stop.value == "elseif":
                    condition = self.expression()
                    arms.append(
                        (condition, self.block({"elseif", "else", "end", "endif"}), stop.line)
                    )
                elif stop.value == "else":
                    otherwise = self.block({"end", "endif"})
                else:
                    return ("if", arms, otherwise, line)
        if word == "for":
            bracket = self.is_op("(")
            start = self.at
            if bracket:
                self.at += 1
            target = self.postfix()
            if bracket and not self.is_op("="):
                self.at = start
                target = self.postfix()
            self.need("=")
            values = self.expression()
            if bracket and self.is_op(")"):
                self.at += 1
            body = self.block({"end", "endfor"})
            self.at += 1
            return ("for", target, values, body, line)
        if word == "while":
            condition = self.expression()
            body = self.block({"end", "endwhile"})
            self.at += 1
            return ("while", condition, body, line)
        if word == "switch":
            value = self.expression()
            self.skip_breaks()
            arms, otherwise = [], []
            while not self.is_kw("end", "endswitch"):
                if self.is_kw("case"):
                    self.at += 1
                    label = self.expression()
                    arms.append(
                        (label, self.block({"case", "otherwise", "end", "endswitch"}), line)
                    )
                elif self.is_kw("otherwise"):
                    self.at += 1
                    otherwise = self.block({"case", "otherwise", "end", "endswitch"})
                else:
                    raise OctaveError(self.now.line, _("case is needed after switch"))
            self.at += 1
            return ("switch", value, arms, otherwise, line)
        if word in ("return", "break", "continue"):
            return (word, line)
        if word == "function":
            return self.function(line)
        raise OctaveError(line, _("the statement {word} is not carried out here").format(word=word))

    def function(self, line: int) -> Node:
        outs: list[str] = []
        if self.is_op("["):
            self.at += 1
            while not self.is_op("]"):
                if self.is_op(","):
                    self.at += 1
                elif self.now.kind == "id":
                    outs.append(self.take().value)
                else:
                    raise OctaveError(line, _("the head of the function is not understood"))
            self.at += 1
            self.need("=")
            name = self.take().value
        else:
            name = self.take().value
            if self.is_op("="):
                self.at += 1
                outs, name = [name], self.take().value
        arguments: list[str] = []
        if self.is_op("("):
            self.at += 1
            while not self.is_op(")"):
                if self.now.kind == "id":
                    arguments.append(self.now.value)
                elif not self.is_op(",", "~", "!"):
                    raise OctaveError(line, _("the head of the function is not understood"))
                self.at += 1
            self.at += 1
        body = self.block({"function", "end", "endfunction"})
        if self.is_kw("end", "endfunction"):
            self.at += 1
        return ("function", outs, name, arguments, body, line)

    # ---- expressions
    def expression(self) -> Node:
        self.deep += 1
        if self.deep > _DEEPEST:
            raise OctaveError(self.now.line, _("the expression is nested too deeply"))
        node = self.binary(1)
        self.deep -= 1
        return node

    def binary(self, rank: int) -> Node:
        if rank == 6:
            return self.range()
        left = self.unary() if rank == 8 else self.binary(rank + 1)
        while self.now.kind == "op" and _RANK.get(self.now.value) == rank:
            op = self.take().value
            right = self.unary() if rank == 8 else self.binary(rank + 1)
            left = ("bin", op, left, right)
        return left

    def range(self) -> Node:
        first = self.binary(7)
        if not self.is_op(":") or self.ends_after_colon():
            return first
        self.at += 1
        second = self.binary(7)
        if self.is_op(":") and not self.ends_after_colon():
            self.at += 1
            return ("range", first, second, self.binary(7))
        return ("range", first, None, second)

    def ends_after_colon(self) -> bool:
        after = self.tokens[self.at + 1]
        return after.kind == "op" and after.value in (")", ",")

    def unary(self) -> Node:
        if self.is_op("-", "+", "!", "~"):
            op = self.take().value
            self.deep += 1
            if self.deep > _DEEPEST:
                raise OctaveError(self.now.line, _("the expression is nested too deeply"))
            node = ("un", op, self.unary())
            self.deep -= 1
            return node
        return self.power()

    def power(self) -> Node:
        left = self.postfix()
        while self.is_op("^", ".^"):
            op = self.take().value
            signs = []
            while self.is_op("-", "+", "!", "~"):
                signs.append(self.take().value)
            right = self.postfix()
            for sign in reversed(signs):
                right = ("un", sign, right)
            left = ("bin", op, left, right)
        return left

    def postfix(self) -> Node:
        node = self.primary()
        while True:
            if self.is_op("("):
                self.at += 1
                node = ("index", node, self.arguments(")"))
            elif self.is_op("{") and node[0] in ("id", "field", "index", "brace"):
                self.at += 1
                node = ("brace", node, self.arguments("}"))
            elif self.is_op("."):
                self.at += 1
                if self.is_op("("):
                    self.at += 1
                    node = ("dynamic", node, self.expression())
                    self.need(")")
                elif self.now.kind in ("id", "kw"):
                    node = ("field", node, self.take().value)
                else:
                    raise OctaveError(self.now.line, _("a name is needed after the dot"))
            elif self.is_op("'", ".'"):
                self.at += 1
                node = ("transpose", node)
            else:
                return node

    def arguments(self, closing: str) -> list[Node]:
        found: list[Node] = []
        while not self.is_op(closing):
            if self.is_op(","):
                self.at += 1
            elif self.is_op(":") and self.ends_here(closing):
                self.at += 1
                found.append(("colon",))
            else:
                found.append(self.expression())
                if not self.is_op(",", closing):
                    self.need(closing)
        self.at += 1
        return found

    def ends_here(self, closing: str) -> bool:
        after = self.tokens[self.at + 1]
        return after.kind == "op" and after.value in (",", closing)

    def primary(self) -> Node:
        token = self.take()
        if token.kind in ("num", "str", "id", "table", "names"):
            return (token.kind, token.value, token.line)
        if token.kind == "op" and token.value == "(":
            node = self.expression()
            self.need(")")
            return ("group", node)
        if token.kind == "op" and token.value in ("[", "{"):
            closing = {"[": "]", "{": "}"}[token.value]
            rows: list[list[Node]] = [[]]
            while not self.is_op(closing):
                if self.is_op(";"):
                    self.at += 1
                    rows.append([])
                elif self.is_op(","):
                    self.at += 1
                elif self.now.kind == "eof":
                    raise OctaveError(token.line, _("a table is cut off"))
                else:
                    rows[-1].append(self.expression())
            self.at += 1
            return ("matrix" if closing == "]" else "cell", [r for r in rows if r], token.line)
        raise OctaveError(
            token.line,
            _("{found!r} is not understood here").format(
                found=str(token.value)[:40].strip() or _("end of line")
            ),
        )


def parse(text: str) -> list[Node]:
    """Statements of a file, outermost first; functions are statements too.

    Raises
    ------
    OctaveError
        What is not understood, with its line.
    """
    parser = _Parser(text)
    found: list[Node] = []
    while True:
        parser.skip_breaks()
        if parser.now.kind == "eof":
            return found
        found.append(parser.statement())
        if parser.now.kind not in ("nl", "eof") and found[-1][0] != "function":
            raise OctaveError(
                parser.now.line,
                _("{found!r} is not understood here").format(found=str(parser.now.value)[:40]),
            )
