"""What does the text of a case file say? Octave's grammar, as far as data files use it: statements as plain tuples.

Nothing is carried out here; `octave` does that. Large tables of plain numbers and lists of plain names
are read in one go, everything else token by token, with Octave's rules for white space in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.words.language import _

__all__ = ["OctaveError", "Table", "parse"]

Node = tuple[Any, ...]

KEYWORDS = {
    "if", "elseif", "else", "end", "endif", "endfunction", "endfor", "endwhile", "endswitch", "for",
    "while", "switch", "case", "otherwise", "function", "return", "break", "continue", "do", "until",
    "try", "catch", "end_try_catch", "unwind_protect", "global", "persistent", "parfor",
}  # fmt: skip
ENDS = {"end", "endif", "endfunction", "endfor", "endwhile", "endswitch"}
# Words after which Octave reads the rest of the line as plain text, and that change no table.
SPOKEN = {"format", "warning", "more", "pkg", "close", "clc", "hold", "disp", "echo", "graphics_toolkit"}

_PLAIN = re.compile(r"[-+0-9.eEdDInNaf\s,;]*")
_NAMES = re.compile(r"(?:[\s,;]|'(?:[^'\n]|'')*+'|\"[^\"\n\\]*+\")*+\}")
_NAME = re.compile(r"'((?:[^'\n]|'')*+)'|\"([^\"\n\\]*+)\"|([;\n])")
_CELL = re.compile(r"[-+]?(?:\d+\.?\d*(?:[eEdD][-+]?\d+)?|\.\d+(?:[eEdD][-+]?\d+)?|Inf|inf|NaN|nan|NA)$")
_TOKEN = re.compile(
    r"(?P<num>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?)"
    r"|(?P<id>[A-Za-z_]\w*)"
    r"|(?P<op>\.\.\.|\.\^'|\.[*/\\^']|&&|\|\||[-+*/|&^]=|==|~=|!=|<=|>=|\+\+|--|[-+*/\\^<>=&|!~()\[\]{},;:.'\"@])"
)
_SPACE = re.compile(r"[ \t\f\v\xa0]+")
_BLOCK = re.compile(r"^[ \t]*[%#]([{}])[ \t]*$")


class OctaveError(Exception):
    """What cannot be read, and in which line of the file."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line, self.text = line, text


class Table(NamedTuple):
    """A literal of plain numbers; `short` is the first row with fewer columns than others, from 1; 0 if none."""

    values: NDArray[np.float64]
    short: int
    least: int  # columns of the shortest row


class Token(NamedTuple):
    kind: str
    value: Any
    line: int


def without_remarks(text: str) -> str:
    """The text with remarks blanked; line numbers stay."""
    if "%" not in text and "#" not in text:
        return text
    out, depth = [], 0
    for line in text.split("\n"):
        if "%" in line or "#" in line:
            if match := _BLOCK.match(line):
                depth = depth + 1 if match[1] == "{" else max(depth - 1, 0)
                out.append("")
                continue
            if not depth:
                line = _cut_remark(line)
        out.append("" if depth else line)
    return "\n".join(out)


def _cut_remark(line: str) -> str:
    if "'" not in line and '"' not in line:
        ends = [i for i in (line.find("%"), line.find("#")) if i >= 0]
        return line[: min(ends)]
    i, n, before = 0, len(line), ""
    while i < n:
        c = line[i]
        if c in "%#":
            return line[:i]
        if line.startswith("...", i):
            return line[: i + 3]
        if c == '"' or (c == "'" and not _ends_value(before, line[i - 1 : i])):
            end = i + 1
            while end < n and not (line[end] == c and line[end + 1 : end + 2] != c):
                end += 2 if line[end] == c or (c == '"' and line[end] == "\\") else 1
            i, before = end + 1, "'"
            continue
        if not c.isspace():
            before = c
        i += 1
    return line


def _ends_value(before: str, neighbour: str) -> bool:
    """A quote right behind a value transposes; behind a blank it opens a string."""
    return bool(before) and neighbour == before and (before.isalnum() or before in "_)]}'.")


def tokens(text: str) -> Iterator[Token]:  # noqa: C901
    """The tokens of a text without remarks; in brackets the separators Octave reads from white space are spelled out."""
    at, n, line = 0, len(text), 1
    stack: list[list[Any]] = []  # [opening, line, row, name of the table]
    last = ""  # kind of token before: "value" where it ends one
    name_before = ""
    start = True  # of a statement
    while at < n:
        spaced = False
        if match := _SPACE.match(text, at):
            at, spaced = match.end(), True
            if at >= n:
                break
        c = text[at]
        inside = stack[-1][0] if stack else ""
        in_table = inside in ("[", "{")
        if c == "\n":
            if in_table:
                if last not in ("sep", "open", "row"):
                    yield Token("op", ";", line)
                    stack[-1][2] += 1
                    last = "row"
                elif last == "sep":
                    last = "row"
                    stack[-1][2] += 1
                    yield Token("op", ";", line)
            elif not stack:
                yield Token("nl", "\n", line)
                last, start = "", True
            at, line = at + 1, line + 1
            continue
        opens = c == '"' or (c == "'" and (last != "value" or (in_table and spaced)))
        if opens:
            if in_table and spaced and last == "value":
                yield Token("op", ",", line)
            value, at = _string(text, at, line)
            yield Token("str", value, line)
            last, start = "value", False
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise OctaveError(line, _("the character {char!r} has no meaning here").format(char=c))
        word, end = match[0], match.end()
        if word == "...":
            stop = text.find("\n", at)
            at, line = (n, line) if stop < 0 else (stop + 1, line + 1)
            continue
        kind = match.lastgroup
        if in_table and spaced and last == "value" and _begins_value(kind, word, text, end):
            yield Token("op", ",", line)
        if kind == "num":
            if end < n and (text[end].isalpha() or text[end] == "_") or text[end : end + 1] == ".":
                if not re.match(r"\.[*/\\^']", text[end:]):
                    raise OctaveError(line, _not_a_number(text, at, stack))
            plain = word.replace("d", "e").replace("D", "e") if word[:2] not in ("0x", "0X") else word
            yield Token("num", float(int(word, 16)) if plain[:2] in ("0x", "0X") else float(plain), line)
            at, last, start = end, "value", False
            continue
        if kind == "id":
            if word in KEYWORDS and not stack and last != ".":
                yield Token("kw", word, line)
                last = ""
                start = word in ("else", "otherwise", "do", "try")
            elif start and word in SPOKEN and not re.match(r"[ \t]*(=(?!=)|\()", text[end:]):
                stop = text.find("\n", at)
                at = n if stop < 0 else stop
                continue
            else:
                yield Token("id", word, line)
                last, start, name_before = "value", False, word
            at = end
            continue
        start = False
        if word in ("[", "{") :
            if word == "[":
                close = text.find("]", end)
                body = text[end:close] if close >= 0 else ""
                if close >= 0 and not in_table and _PLAIN.fullmatch(body):
                    table = _plain_table(body)
                    if table is not None:
                        yield Token("table", table, line)
                        at, line, last = close + 1, line + body.count("\n"), "value"
                        continue
            elif (match := _NAMES.match(text, end)) is not None:
                yield Token("names", _names(match[0][:-1]), line)
                at, line, last = match.end(), line + match[0].count("\n"), "value"
                continue
            yield Token("op", word, line)
            stack.append([word, line, 1, name_before])
            last, at = "open", end
            continue
        if word == "(":
            yield Token("op", word, line)
            stack.append([word, line, 1, ""])
            last, at = "open", end
            continue
        if word in (")", "]", "}"):
            if not stack or stack[-1][0] != {")": "(", "]": "[", "}": "{"}[word]:
                raise OctaveError(line, _("{char} closes nothing that is open").format(char=word))
            stack.pop()
            yield Token("op", word, line)
            last, at = "value", end
            continue
        if word in (";", ",") and not stack:
            yield Token("nl", word, line)
            last, at, start = "", end, True
            continue
        if word == ";" and in_table:
            stack[-1][2] += 1
        yield Token("op", word, line)
        if word in ("'", ".'"):
            last = "value"
        elif word in (";", ",") and in_table:
            last = "row" if word == ";" else "sep"
        elif word == ".":
            last = "."
        else:
            last = "op"
        at = end
    if stack:
        opening, begun, __, name = stack[0]
        raise OctaveError(
            begun,
            _("the table {name} is cut off: no closing {closing}").format(
                name=name or opening, closing={"[": "]", "{": "}", "(": ")"}[opening]
            ),
        )
    yield Token("nl", "\n", line)
    yield Token("eof", "", line)


def _begins_value(kind: str | None, word: str, text: str, end: int) -> bool:
    if kind in ("num", "id"):
        return True
    if word in ("(", "[", "{", "@"):
        return True
    follows = text[end : end + 1]
    if word in ("+", "-", "++", "--"):
        return not (follows.isspace() or follows == "")
    return word in ("!", "~") and follows != "="


def _not_a_number(text: str, at: int, stack: list[list[Any]]) -> str:
    match = re.compile(r"[^\s,;\]\)]+").match(text, at)
    token = match[0][:40] if match else text[at : at + 1]
    for opening, __, row, name in reversed(stack):
        if opening in ("[", "{"):
            return _("row {row} of {name} holds {token!r}, not a number").format(
                row=row, name=name or opening, token=token
            )
    return _("{token!r} is not a number").format(token=token)


def _string(text: str, at: int, line: int) -> tuple[str, int]:
    quote, out, i = text[at], [], at + 1
    while True:
        c = text[i : i + 1]
        if not c or c == "\n":
            raise OctaveError(line, _("a text in quotes does not end"))
        if c == quote:
            if text[i + 1 : i + 2] != quote:
                return "".join(out), i + 1
            i += 1
        elif c == "\\" and quote == '"':
            c = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}.get(text[i + 1 : i + 2], "\\")
            i += 1
        out.append(c)
        i += 1


def _plain_table(body: str) -> Table | None:
    """A literal without names, signs standing alone or operators; None where it needs a closer look."""
    rows = [r for r in map(str.split, body.replace(",", " ").replace(";", "\n").split("\n")) if r]
    if not rows:
        return None if "," in body else Table(np.zeros((0, 0)), 0, 0)
    if ",," in body.replace(" ", "").replace("\t", ""):
        return None
    lengths = [len(r) for r in rows]
    width, least = max(lengths), min(lengths)
    values = np.zeros((len(rows), width))
    try:
        if least == width:
            flat = [token for row in rows for token in row]
            values[:] = np.fromiter(map(float, flat), float, len(flat)).reshape(values.shape)
        else:
            for i, row in enumerate(rows):
                values[i, : len(row)] = [float(token) for token in row]
    except ValueError:
        return None
    if any(c in body for c in "Ifand"):  # what float() takes and Octave does not: "infinity" and the like
        if not all(_CELL.match(token) for row in rows for token in row):
            return None
    short = 0 if least == width else next(i for i, k in enumerate(lengths) if k < width) + 1
    return Table(values, short, least)


def _names(body: str) -> tuple[tuple[str, ...], ...]:
    rows: list[list[str]] = [[]]
    for single, double, row in _NAME.findall(body):
        if row:
            rows.append([])
        else:
            rows[-1].append(single.replace("''", "'") if single else double)
    return tuple(tuple(r) for r in rows if r)


# ---- grammar ---------------------------------------------------------------------------------

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
        if self.now.kind == "op" and self.now.value in ("=", "+=", "-=", "*=", "/=", "^=", "|=", "&="):
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
                    arms.append((label, self.block({"case", "otherwise", "end", "endswitch"}), line))
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
            _("{found!r} is not understood here").format(found=str(token.value)[:40].strip() or _("end of line")),
        )


def parse(text: str) -> list[Node]:
    """Statements of a file, outermost first; functions are statements too.

    Raises
    ------
    OctaveError
        What is not understood, with its line.
    """
    parser = _Parser(text)
    found = []
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
