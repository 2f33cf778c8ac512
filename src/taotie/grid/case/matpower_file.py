"""How is a MATPOWER case file (`.m`, format version 2) read and written? Tables in, tables out.

The file is data, never code: numeric tables, cell lists of names, and the two unit conversions that the
distribution cases of MATPOWER apply after their tables (ohm to per unit, kW to MW). Any other
statement that would change a table is refused, so that no number is silently wrong.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import CaseError
from taotie.words.language import _

__all__ = ["MAX_BYTES", "MAX_LINES", "CaseTables", "format_tables", "parse_tables", "read_text"]

MAX_BYTES = 256_000_000
MAX_LINES = 4_000_000

# Shortest rows MATPOWER itself accepts; missing trailing columns are filled with zeros.
_MIN_COLUMNS = {"bus": 13, "gen": 10, "branch": 11, "gencost": 4, "dcline": 5}
_NUMERIC = tuple(_MIN_COLUMNS)
_CELLS = ("bus_name", "gentype", "genfuel")

_COMMENT = re.compile(r"('(?:[^'\n]|'')*')|%[^\n]*")
_BLOCK_COMMENT = re.compile(r"^[ \t]*%\{[ \t]*$.*?^[ \t]*%\}[ \t]*$", re.MULTILINE | re.DOTALL)
_FUNCTION = re.compile(r"^\s*function\s+(\[[^\]]*\]|\w+)\s*=\s*(\w+)", re.MULTILINE)
_CELL_ITEM = re.compile(r"'((?:[^'\n]|'')*)'|\"([^\"\n]*)\"")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[Ii]nf|NaN|nan)$")


class CaseTables(NamedTuple):
    """Raw content of a case file: MATPOWER's columns, untouched but for the stated conversions."""

    name: str
    header: str
    base_mva: float
    numeric: dict[str, NDArray[np.float64]]
    cells: dict[str, tuple[str, ...]]
    conversions: tuple[str, ...]


def read_text(path: Path, max_bytes: int = MAX_BYTES, max_lines: int = MAX_LINES) -> str:
    """Text of a case file, refused when it is too large, binary or empty.

    Raises
    ------
    CaseError
        File absent, larger than `max_bytes` [B] or `max_lines`, with NUL bytes, or empty.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise CaseError(_("{path} is not a file.").format(path=path))
        if size > max_bytes:
            raise CaseError(
                _("{path} has {size:.0f} MB; case files up to {limit:.0f} MB are read.").format(
                    path=path, size=size / 1e6, limit=max_bytes / 1e6
                ),
                _("the largest public case (82,000 buses) has 23 MB; is this a case file?"),
            )
        raw = path.read_bytes()
    except OSError as error:
        raise CaseError(
            _("case file {path} cannot be read: {reason}.").format(
                path=path, reason=error.strerror or error
            ),
            _("give the path of a MATPOWER .m file or the name of a case, such as ieee118."),
        ) from error
    if b"\0" in raw:
        raise CaseError(_("{path} is not a text file.").format(path=path))
    if raw.count(b"\n") > max_lines:
        raise CaseError(
            _("{path} has more than {limit} lines.").format(path=path, limit=max_lines),
            _("the largest public case (82,000 buses) has 322,000 lines; is this a case file?"),
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # author names with accents in older files


def parse_tables(text: str, where: str) -> CaseTables:
    """Tables of a case from its text.

    Parameters
    ----------
    text : str
        Content of a `.m` file, MATPOWER case format version 2.
    where : str
        File name for messages.

    Returns
    -------
    tables : CaseTables
        `numeric` holds bus, gen, branch and, where present, gencost and dcline.

    Raises
    ------
    CaseError
        Not a case file, an older format, a table that is missing, cut off or not numeric, or a
        statement that changes tables in a way not known here.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    match = _FUNCTION.search(text)
    if match and match[1].startswith("["):
        raise CaseError(
            _("{where} is in MATPOWER case format version 1.").format(where=where),
            _("load and save it with MATPOWER (savecase) to get version 2."),
        )
    struct, name = (match[1], match[2]) if match else ("mpc", Path(where).stem)
    header = _header(text)
    if "%{" in text:
        text = _BLOCK_COMMENT.sub("", text)
    text = _COMMENT.sub(lambda m: m[1] or "", text)
    fields, rest = _fields(text, struct, where)
    if "bus" not in fields:
        raise CaseError(
            _("{where} has no table {struct}.bus.").format(where=where, struct=struct),
            _("a MATPOWER case file holds mpc.baseMVA, mpc.bus, mpc.gen and mpc.branch."),
        )
    version = fields.get("version", "'2'").strip("'\" ")
    if version != "2":
        raise CaseError(
            _("{where} is in case format version {version}; version 2 is read.").format(
                where=where, version=version[:20]
            )
        )
    base = fields.get("baseMVA", "").strip()
    if match := re.fullmatch(r"(\d+\.?\d*)\s*/\s*(\d+\.?\d*)", base):  # such as 50/3
        base = repr(float(match[1]) / float(match[2])) if float(match[2]) else ""
    if not _NUMBER.match(base) or not 0 < float(base) < float("inf"):
        raise CaseError(
            _("{where}: baseMVA={value!r} is not a positive number of MVA.").format(
                where=where, value=base[:20]
            )
        )
    numeric: dict[str, NDArray[np.float64]] = {}
    for key in _NUMERIC:
        if key in fields:
            numeric[key] = _matrix(fields[key], key, where)
        elif key in ("gen", "branch"):
            raise CaseError(
                _("{where} has no table {struct}.{key}.").format(
                    where=where, struct=struct, key=key
                )
            )
    cells = {key: _cell(fields[key]) for key in _CELLS if key in fields}
    conversions = _conversions(rest, struct, numeric, float(base), where)
    return CaseTables(name, header, float(base), numeric, cells, conversions)


def _header(text: str) -> str:
    """The comment lines before the first statement: origin, citation and licence."""
    lines = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("%%"):
            break
        if stripped.startswith("%"):
            lines.append(stripped[1:].rstrip())
        elif stripped and not stripped.startswith("function"):
            break
        elif lines:
            lines.append("")
    return "\n".join(lines).strip("\n")


def _fields(text: str, struct: str, where: str) -> tuple[dict[str, str], str]:
    """Source text of every assigned field, and what is left of the file."""
    start = re.compile(rf"^[ \t]*{re.escape(struct)}\.(\w+)[ \t]*=[ \t]*", re.MULTILINE)
    fields: dict[str, str] = {}
    rest, at = [], 0
    while match := start.search(text, at):
        rest.append(text[at : match.start()])
        begin = match.end()
        closing = {"[": "]", "{": "}"}.get(text[begin : begin + 1])
        if closing is None:
            end = begin + len(text[begin:].split("\n", 1)[0].split(";", 1)[0])
            value, after = text[begin:end], end
        else:
            end = _closing(text, begin + 1, closing)
            if end < 0:
                raise CaseError(
                    _("{where}: table {struct}.{key} is cut off: no closing {closing}.").format(
                        where=where, struct=struct, key=match[1], closing=closing
                    ),
                    _("the file may be truncated; fetch or copy it again."),
                )
            value, after = text[begin + 1 : end], end + 1
        if match[1] in fields:
            raise CaseError(
                _("{where}: {struct}.{key} is assigned twice.").format(
                    where=where, struct=struct, key=match[1]
                )
            )
        fields[match[1]] = value.strip()
        at = after
    rest.append(text[at:])
    return fields, "".join(rest)


def _closing(text: str, at: int, closing: str) -> int:
    """Where the table ends; a bracket inside a quoted name does not count."""
    if closing == "]":
        end = text.find("]", at)
        return -1 if "=" in text[at:end] else end  # ran into the next assignment
    for match in re.compile(r"'(?:[^'\n]|'')*'|\"[^\"\n]*\"|\}").finditer(text, at):
        if match[0] == "}":
            return match.start()
    return -1


def _matrix(body: str, key: str, where: str) -> NDArray[np.float64]:
    body = re.sub(r"\.\.\.[^\n]*\n", " ", body) if "..." in body else body
    rows = [r for r in map(str.split, body.replace(",", " ").replace(";", "\n").split("\n")) if r]
    width = max(map(len, rows), default=0)
    if rows and min(map(len, rows)) < _MIN_COLUMNS[key]:
        number = next(i for i, r in enumerate(rows) if len(r) < _MIN_COLUMNS[key])
        raise CaseError(
            _("{where}: row {row} of {key} has {n} columns, at least {need} are needed.").format(
                where=where, row=number + 1, key=key, n=len(rows[number]), need=_MIN_COLUMNS[key]
            ),
            _("the file may be truncated; fetch or copy it again."),
        )
    width = max(width, _MIN_COLUMNS[key])
    table = np.zeros((len(rows), width))
    try:
        if "_" in body:  # float() takes 1_000, a case file does not
            raise ValueError
        if all(len(r) == width for r in rows):
            flat = [token for row in rows for token in row]
            table[:] = np.fromiter(map(float, flat), float, len(flat)).reshape(table.shape)
        else:
            for i, row in enumerate(rows):
                table[i, : len(row)] = [float(token) for token in row]
    except ValueError:
        for i, row in enumerate(rows):
            for token in row:
                if not _NUMBER.match(token):
                    raise CaseError(
                        _("{where}: row {row} of {key} holds {token!r}, not a number.").format(
                            where=where, row=i + 1, key=key, token=token[:40]
                        )
                    ) from None
        raise
    return table


def _cell(body: str) -> tuple[str, ...]:
    return tuple((a or b).replace("''", "'") for a, b in _CELL_ITEM.findall(body))


def _conversions(
    rest: str, struct: str, numeric: dict[str, NDArray[np.float64]], base_mva: float, where: str
) -> tuple[str, ...]:
    """Apply the two known conversions of distribution cases; refuse every other statement."""
    rest = re.sub(r"\.\.\.[^\n]*\n", " ", rest)
    done: list[str] = []
    power_factor = 0.0
    for raw in re.split(r"[;\n]", rest):
        line = re.sub(r"\s+", "", raw)
        if not line or line.startswith("function") or line in ("end", "return", "define_constants"):
            continue
        target = line.split("=", 1)[0]
        if re.fullmatch(r"\[[\w,]*\]=idx_\w+", line) or re.fullmatch(r"[VS]base=.*", line):
            continue
        if "=" not in line:  # a leftover of no effect
            continue
        bus, branch = numeric["bus"], numeric["branch"]
        if line == f"{struct}.branch(:,[BR_RBR_X])={struct}.branch(:,[BR_RBR_X])/(Vbase^2/Sbase)":
            base_kv = bus[0, 9] if len(bus) else 0.0
            if not 0 < base_kv < np.inf:
                raise CaseError(_("{where}: baseKV of bus 1 is not positive.").format(where=where))
            # the operations of the file in their order, so that the last bit agrees
            branch[:, 2:4] = branch[:, 2:4] / ((base_kv * 1e3) ** 2 / (base_mva * 1e6))
            done.append("ohm_to_per_unit")
        elif line == f"{struct}.bus(:,[PD,QD])={struct}.bus(:,[PD,QD])/1e3":
            bus[:, 2:4] = bus[:, 2:4] / 1e3
            done.append("kw_to_mw")
        elif match := re.fullmatch(r"pf=([\d.]+)", line):
            power_factor = float(match[1])
        elif line == f"{struct}.bus(:,QD)={struct}.bus(:,PD)*sin(acos(pf))":
            bus[:, 3] = bus[:, 2] * np.sin(np.arccos(min(power_factor, 1.0)))
        elif line == f"{struct}.bus(:,PD)={struct}.bus(:,PD)*pf":
            bus[:, 2] = bus[:, 2] * power_factor
            done.append("kva_to_kw")
        elif target.startswith(struct):
            raise CaseError(
                _("{where}: the statement {line!r} changes a table and is not known here.").format(
                    where=where, line=raw.strip()[:80]
                ),
                _("load and save the case with MATPOWER (savecase), then read the saved file."),
            )
    return tuple(done)


def format_tables(tables: CaseTables) -> str:
    """The text of a case file; `parse_tables` gives the same tables back, bit for bit."""
    out = [f"function mpc = {tables.name}"]
    out += [f"%{line}" for line in tables.header.splitlines()]
    out += ["", "%% MATPOWER Case Format : Version 2", "mpc.version = '2';"]
    out += [f"mpc.baseMVA = {tables.base_mva!r};", ""]
    for key, table in tables.numeric.items():
        out.append(f"mpc.{key} = [")
        out += ["\t" + "\t".join(map(_number, row)) + ";" for row in table.tolist()]
        out += ["];", ""]
    for key, items in tables.cells.items():
        quoted = (item.replace("'", "''") for item in items)
        out += [f"mpc.{key} = {{", *(f"\t'{item}';" for item in quoted), "};", ""]
    return "\n".join(out)


def _number(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Inf" if value > 0 else "-Inf"
    return (
        str(int(value))
        if value == int(value) and abs(value) < 1e15 and str(value) != "-0.0"
        else repr(value)
    )
