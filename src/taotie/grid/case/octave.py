"""What tables does a case file build? The part of Octave that data files use, carried out without any program.

Values are two-dimensional arrays (logical ones of bool), texts, cells (tuples of rows) and structs (dicts).
Loops, conditions and functions of the same file are carried out; what is not known here is refused
with its line, so that no number is silently wrong.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from taotie.grid.case.matpower_columns import COLUMNS, DEFINE_CONSTANTS
from taotie.grid.case.octave_functions import call
from taotie.grid.case.octave_parse import Node, parse
from taotie.grid.case.octave_tokens import OctaveError, Table
from taotie.grid.case.octave_values import (
    Array,
    Short,
    as_array,
    as_float,
    binary,
    check_size,
    is_true,
    one_number,
    put,
    scalar,
    take,
)
from taotie.words.language import _

__all__ = ["run_case_text"]

MAX_STEPS = 200_000


class _Leave(Exception):
    def __init__(self, word: str) -> None:
        self.word = word


# ---- running ---------------------------------------------------------------------------------


class Machine:
    """Variables of one function, and what it calls."""

    def __init__(self, functions: Mapping[str, Node], steps: list[int], depth: int = 0) -> None:
        self.names: dict[str, Any] = {}
        self.functions, self.steps, self.depth = functions, steps, depth
        self.ends: list[tuple[Any, int, int]] = []
        self.line = 1

    # ---- statements
    def run(self, body: list[Node]) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, node: Node) -> None:
        self.steps[0] += 1
        if self.steps[0] > MAX_STEPS:
            raise OctaveError(
                self.line, _("the file takes more than {n} steps").format(n=MAX_STEPS)
            )
        kind = node[0]
        self.line = line = node[-1]
        if kind == "assign":
            self.assign(node[1], node[2], node[3], line)
        elif kind == "expr":
            self.alone(node[1], line)
        elif kind == "if":
            for condition, body, at in node[1]:
                self.line = at
                if is_true(self.value(condition), at):
                    return self.run(body)
            self.run(node[2])
        elif kind == "for":
            values = as_array(self.value(node[2]), line)
            for column in values.T if values.size else ():
                self.store(node[1], column.reshape(-1, 1), line)
                if not self.round(node[3]):
                    break
        elif kind == "while":
            while is_true(self.value(node[1]), line):
                if not self.round(node[2]):
                    break
        elif kind == "switch":
            self.switch(node)
        elif kind == "function":
            pass
        else:
            raise _Leave(kind)
        return None

    def round(self, body: list[Node]) -> bool:
        self.steps[0] += 1
        if self.steps[0] > MAX_STEPS:
            raise OctaveError(
                self.line, _("the file takes more than {n} steps").format(n=MAX_STEPS)
            )
        try:
            self.run(body)
        except _Leave as leave:
            if leave.word == "return":
                raise
            return leave.word == "continue"
        return True

    def switch(self, node: Node) -> None:
        value = self.value(node[1])
        for label, body, at in node[2]:
            choices = self.value(label)
            cells = [c for row in choices for c in row] if isinstance(choices, tuple) else [choices]
            for choice in cells:
                if isinstance(value, str) or isinstance(choice, str):
                    hit = value == choice if isinstance(value, type(choice)) else False
                else:
                    hit = is_true(binary("==", value, choice, at), at)
                if hit:
                    return self.run(body)
        return self.run(node[3])

    def alone(self, node: Node, line: int) -> None:
        if node[0] == "id" and node[1] == "define_constants":
            for group in DEFINE_CONSTANTS:
                self.names.update({k: scalar(float(v)) for k, v in COLUMNS[group].items()})
            return
        if node[0] == "index" and node[1][0] == "id" and node[1][1] in (
            "fprintf", "printf", "disp", "display", "warning", "more", "fflush", "addpath", "drawnow",
        ):  # fmt: skip
            return
        self.value(node)

    def assign(self, targets: list[Node], op: str, expression: Node, line: int) -> None:
        if len(targets) > 1:
            values = self.several(expression, len(targets), line)
            for target, value in zip(targets, values, strict=True):
                if target[0] != "ignored":
                    self.store(target, value, line)
            return
        value = self.value(expression, keep_short=True)
        if op != "=":
            value = binary(op[0], self.value(targets[0]), value, line)
        self.store(targets[0], value, line)

    def store(self, target: Node, value: Any, line: int) -> None:
        if target[0] == "id":
            self.names[target[1]] = value
            return
        chain: list[Node] = []
        node = target
        while node[0] != "id":
            if node[0] not in ("field", "dynamic", "index", "brace"):
                raise OctaveError(line, _("nothing can be assigned to this"))
            chain.append(node)
            node = node[1]
        name = node[1]
        old = self.names.get(name)
        self.names[name] = self.stored(old, chain[::-1], value, line)

    def stored(self, old: Any, chain: list[Node], value: Any, line: int) -> Any:
        if not chain:
            return value
        node, rest = chain[0], chain[1:]
        if node[0] in ("field", "dynamic"):
            if old is None or (isinstance(old, np.ndarray) and not old.size):
                old = {}
            if not isinstance(old, dict):
                raise OctaveError(line, _("this has no fields"))
            key = node[2] if node[0] == "field" else self.value(node[2])
            return {**old, key: self.stored(old.get(key), rest, value, line)}
        if isinstance(old, dict) or (old is None and rest and rest[0][0] in ("field", "dynamic")):
            indices = self.indices(node[2], None, line)
            if all(i is not None and one_number(i, line) == 1 for i in indices):
                return self.stored(old, rest, value, line)
            raise OctaveError(line, _("arrays of structs are not known here"))
        if node[0] == "brace" or isinstance(old, tuple):
            return self.stored_cell(old, node, rest, value, line)
        array = np.zeros((0, 0)) if old is None else as_array(old, line)
        indices = self.indices(node[2], array, line)
        if rest:
            raise OctaveError(line, _("nothing can be assigned to this"))
        return put(array, indices, value, line)

    def stored_cell(self, old: Any, node: Node, rest: list[Node], value: Any, line: int) -> Any:
        rows = [list(r) for r in old] if isinstance(old, tuple) else []
        width = max((len(r) for r in rows), default=0)
        shape = np.zeros((len(rows), width))
        indices = self.indices(node[2], shape, line)
        if any(i is None for i in indices) or not 1 <= len(indices) <= 2:
            raise OctaveError(line, _("only single cells of a list can be set"))
        where = [int(one_number(i, line)) - 1 for i in indices]
        if len(where) == 1:
            where = [where[0], 0] if width == 1 and len(rows) != 1 else [0, where[0]]
        check_size(where[0] + 1, where[1] + 1, line)
        empty: Any = np.zeros((0, 0))
        while len(rows) <= where[0]:
            rows.append([empty] * width)
        for row in rows:
            row.extend([empty] * (max(width, where[1] + 1) - len(row)))
        cell = value
        if node[0] == "index":
            if not (isinstance(value, tuple) and len(value) == 1 and len(value[0]) == 1):
                raise OctaveError(line, _("only single cells of a list can be set"))
            cell = value[0][0]
        rows[where[0]][where[1]] = self.stored(rows[where[0]][where[1]], rest, cell, line)
        return tuple(tuple(r) for r in rows)

    # ---- values
    def value(self, node: Node, keep_short: bool = False) -> Any:
        kind = node[0]
        if kind == "num":
            return scalar(node[1])
        if kind == "str":
            return node[1]
        if kind == "table":
            table: Table = node[1]
            if table.short:
                if keep_short:
                    return Short(table)
                as_array(Short(table), node[2])
            return table.values
        if kind == "names":
            return node[1]
        if kind == "group":
            return self.value(node[1])
        if kind == "id":
            return self.name(node[1], node[2])
        if kind == "un":
            inner = as_float(self.value(node[2]), self.line)
            return inner == 0 if node[1] in ("!", "~") else (-inner if node[1] == "-" else inner)
        if kind == "bin":
            return self.binary(node)
        if kind == "transpose":
            inner = self.value(node[1])
            if isinstance(inner, tuple):
                return tuple(zip(*inner, strict=True))
            return as_array(inner, self.line).T
        if kind == "range":
            return self.range(node)
        if kind == "matrix":
            return self.matrix(node)
        if kind == "cell":
            return tuple(tuple(self.value(item) for item in row) for row in node[1])
        if kind in ("field", "dynamic"):
            key = node[2] if kind == "field" else self.value(node[2])
            owner = self.value(node[1])
            if not isinstance(owner, dict) or key not in owner:
                raise OctaveError(self.line, _("there is no field {name}").format(name=key))
            return owner[key]
        if kind == "index":
            return self.indexed(node)
        if kind == "brace":
            cell = self.value(node[1])
            if not isinstance(cell, tuple):
                raise OctaveError(self.line, _("braces pick from lists only"))
            picked = self.from_cell(cell, node[2])
            if len(picked) != 1 or len(picked[0]) != 1:
                raise OctaveError(self.line, _("one cell of a list is needed here"))
            return picked[0][0]
        if kind == "colon":
            return ":"
        raise OctaveError(self.line, _("this expression is not known here"))

    def binary(self, node: Node) -> Array:
        op = node[1]
        if op in ("&&", "||"):
            first = is_true(self.value(node[2]), self.line)
            if first == (op == "||"):
                return scalar(first)
            return scalar(is_true(self.value(node[3]), self.line))
        return binary(op, self.value(node[2]), self.value(node[3]), self.line)

    def range(self, node: Node) -> Array:
        start = one_number(self.value(node[1]), self.line)
        step = 1.0 if node[2] is None else one_number(self.value(node[2]), self.line)
        stop = one_number(self.value(node[3]), self.line)
        if not step or not np.isfinite([start, step, stop]).all():
            return np.zeros((1, 0))
        n = np.floor((stop - start) / step * (1 + 1e-15) + 1e-10) + 1
        count = check_size(1, max(n, 0), self.line)[1]
        return (start + step * np.arange(count)).reshape(1, -1)

    def matrix(self, node: Node) -> Any:
        rows = [[self.value(item) for item in row] for row in node[1]]
        cells = [v for row in rows for v in row]
        if any(isinstance(v, tuple) for v in cells):  # [list, list]
            if len(rows) == 1 and all(isinstance(v, tuple) for v in cells):
                return tuple(
                    tuple(c for part in parts for c in part) for parts in zip(*cells, strict=True)
                )
            if all(len(r) == 1 and isinstance(r[0], tuple) for r in rows):
                return tuple(line for r in rows for line in r[0])
        if cells and all(isinstance(v, str) for v in cells) and len(rows) == 1:
            return "".join(cells)
        parts = []
        for i, row in enumerate(rows):
            arrays = [as_array(v, node[2]) for v in row]
            arrays = [a for a in arrays if a.size] or [a for a in arrays if a.shape != (0, 0)][:1]
            if not arrays:
                continue
            if len({a.shape[0] for a in arrays}) > 1:
                raise OctaveError(
                    node[2], _("parts of row {row} differ in height").format(row=i + 1)
                )
            parts.append(np.hstack(arrays) if len(arrays) > 1 else arrays[0])
        if not parts:
            return np.zeros((0, 0))
        widths = [p.shape[1] for p in parts]
        if len(set(widths)) > 1:
            if all(p.shape[0] == 1 for p in parts):
                short = next(i for i, w in enumerate(widths) if w < max(widths)) + 1
                values = np.zeros((len(parts), max(widths)))
                for i, part in enumerate(parts):
                    values[i, : widths[i]] = part[0]
                return Short(Table(values, short, min(widths)))
            raise OctaveError(node[2], _("rows of the table differ in length"))
        return np.vstack(parts) if len(parts) > 1 else parts[0]

    def indices(self, nodes: list[Node], owner: Any, line: int) -> list[Any]:
        found: list[Any] = []
        for i, node in enumerate(nodes):
            if node[0] == "colon":
                found.append(None)
                continue
            self.ends.append((owner, i, len(nodes)))
            value = self.value(node)
            self.ends.pop()
            found.append(None if isinstance(value, str) and value == ":" else value)
        return found

    def name(self, name: str, line: int) -> Any:
        if name in self.names:
            value = self.names[name]
            return as_array(value, line) if isinstance(value, Short) else value
        if name == "end" and self.ends:
            owner, i, n = self.ends[-1]
            if isinstance(owner, tuple):
                owner = np.zeros((len(owner), len(owner[0]) if owner else 0))
            array = as_array(owner, line)
            return scalar(float(array.size if n == 1 else array.shape[i]))
        return self.call(name, [], 1, line)[0]

    def indexed(self, node: Node) -> Any:
        base = node[1]
        if base[0] == "id" and base[1] not in self.names:
            arguments = [":" if a[0] == "colon" else self.value(a) for a in node[2]]
            return self.call(base[1], arguments, 1, base[2])[0]
        owner = self.value(base)
        if isinstance(owner, tuple):
            return self.from_cell(owner, node[2])
        indices = self.indices(node[2], owner, self.line)
        if isinstance(owner, dict):
            if all(i is not None and one_number(i, self.line) == 1 for i in indices):
                return owner
            raise OctaveError(self.line, _("arrays of structs are not known here"))
        if isinstance(owner, str):
            return "".join(
                chr(int(c)) for c in take(as_array(owner, self.line), indices, self.line).flat
            )
        return take(as_array(owner, self.line), indices, self.line)

    def from_cell(self, cell: tuple[Any, ...], nodes: list[Node]) -> tuple[Any, ...]:
        n = len(cell[0]) if cell else 0
        places = np.arange(len(cell) * n).reshape(len(cell), n)
        at = take(places, self.indices(nodes, cell, self.line), self.line)
        flat = [item for row in cell for item in row]
        return tuple(tuple(flat[int(i)] for i in row) for row in at)

    # ---- calls
    def several(self, node: Node, n: int, line: int) -> list[Any]:
        name, arguments = None, []
        if node[0] == "id":
            name = node[1]
        elif node[0] == "index" and node[1][0] == "id":
            name = node[1][1]
            arguments = [":" if a[0] == "colon" else self.value(a) for a in node[2]]
        if name is None or name in self.names:
            raise OctaveError(line, _("{n} values are needed here").format(n=n))
        found = self.call(name, arguments, n, line)
        if len(found) < n:
            raise OctaveError(
                line, _("{name} gives {m} values, not {n}").format(name=name, m=len(found), n=n)
            )
        return found[:n]

    def call(self, name: str, arguments: list[Any], n_out: int, line: int) -> list[Any]:
        if name in COLUMNS:
            if name == "idx_dcline":
                return [{k: scalar(float(v)) for k, v in COLUMNS[name].items()}]
            return [scalar(float(v)) for v in COLUMNS[name].values()]
        if name in self.functions:
            return self.own(self.functions[name], arguments, line)
        return call(name, arguments, n_out, line)

    def own(self, function: Node, arguments: list[Any], line: int) -> list[Any]:
        if self.depth > 20:
            raise OctaveError(line, _("functions call each other too deeply"))
        machine = Machine(self.functions, self.steps, self.depth + 1)
        machine.names = dict(zip(function[3], arguments, strict=False))
        machine.names["nargin"] = scalar(float(len(arguments)))
        with contextlib.suppress(_Leave):
            machine.run(function[4])
        found = []
        for out in function[1]:
            if out not in machine.names:
                break
            found.append(machine.names[out])
        return found or [np.zeros((0, 0))]


def run_case_text(text: str) -> tuple[str, list[str], dict[str, Any]]:
    """Carry out a case file: name of its function, what it returns, and all its variables.

    Raises
    ------
    OctaveError
        Something is not understood or cannot be carried out; with the line.
    """
    statements = parse(text)
    functions = {s[2]: s for s in statements if s[0] == "function"}
    main = next((s for s in statements if s[0] == "function"), None)
    loose = [s for s in statements if s[0] != "function"]
    machine = Machine(functions, [0])
    machine.names["nargin"] = scalar(0.0)
    body = main[4] if main is not None else loose
    try:
        machine.run(body)
    except _Leave:
        pass
    except OctaveError:
        raise
    except (
        ArithmeticError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
        MemoryError,
        np.linalg.LinAlgError,
    ) as error:
        raise OctaveError(
            machine.line, _("cannot be carried out: {reason}").format(reason=error)
        ) from error
    return (main[2] if main else "", list(main[1]) if main else [], machine.names)
