"""Of which words does a case file consist? Tokens of Octave's language, with the lines they stand in.

Large tables of plain numbers and lists of plain names are read in one go, everything else token by token, with
Octave's rules for white space in brackets spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.words.language import _

__all__ = ["ENDS", "OctaveError", "Table", "Token", "tokens", "without_remarks"]

KEYWORDS = {
    "if", "elseif", "else", "end", "endif", "endfunction", "endfor", "endwhile", "endswitch", "for",
    "while", "switch", "case", "otherwise", "function", "return", "break", "continue", "do", "until",
    "try", "catch", "end_try_catch", "unwind_protect", "global", "persistent", "parfor",
}  # fmt: skip
ENDS = {"end", "endif", "endfunction", "endfor", "endwhile", "endswitch"}
# Words after which Octave reads the rest of the line as plain text, and that change no table.
SPOKEN = {
    "format",
    "warning",
    "more",
    "pkg",
    "close",
    "clc",
    "hold",
    "disp",
    "echo",
    "graphics_toolkit",
}

_PLAIN = re.compile(r"[-+0-9.eEdDInNaf\s,;]*")
_NAMES = re.compile(r"(?:[\s,;]|'(?:[^'\n]|'')*+'|\"[^\"\n\\]*+\")*+\}")
_NAME = re.compile(r"'((?:[^'\n]|'')*+)'|\"([^\"\n\\]*+)\"|([;\n])")
_CELL = re.compile(
    r"[-+]?(?:\d+\.?\d*(?:[eEdD][-+]?\d+)?|\.\d+(?:[eEdD][-+]?\d+)?|Inf|inf|NaN|nan|NA)$"
)
_TOKEN = re.compile(
    r"(?P<num>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?)"
    r"|(?P<id>[A-Za-z_]\w*)"
    r"|(?P<op>\.\.\.|\.\^'|\.[*/\\^']|&&|\|\||[-+*/|&^]=|==|~=|!=|<=|>=|\+\+|--|[-+*/\\^<>=&|!~()\[\]{},;:.'\"@])"
)
_GLUED = re.compile(r"\w|\.(?![*/\\^'])")  # behind a number: a letter, or one more dot
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


def tokens(text: str) -> Iterator[Token]:
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
            if _GLUED.match(text, end):
                raise OctaveError(line, _not_a_number(text, at, stack))
            if word[:2] in ("0x", "0X"):  # over there a whole number, and with it its whole table
                raise OctaveError(
                    line, _("{word} makes whole numbers of all of its table").format(word=word)
                )
            yield Token("num", float(word.replace("d", "e").replace("D", "e")), line)
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
        if word in ("[", "{"):
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
    quote, i = text[at], at + 1
    out: list[str] = []
    while True:
        c = text[i : i + 1]
        if not c or c == "\n":
            raise OctaveError(line, _("a text in quotes does not end"))
        if c == quote:
            if text[i + 1 : i + 2] != quote:
                return "".join(out), i + 1
            i += 1
        elif c == "\\" and quote == '"':
            c = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}.get(
                text[i + 1 : i + 2], "\\"
            )
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
    # float() takes words that Octave does not, "infinity" among them
    worded = any(c in body for c in "Ifand")
    if worded and not all(_CELL.match(token) for row in rows for token in row):
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
