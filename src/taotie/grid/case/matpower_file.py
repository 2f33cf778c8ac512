"""How is a MATPOWER case file (`.m`) read and written? Tables in, tables out, as MATPOWER itself reads them.

The statements of the file are carried out by `octave`, never by a program; what it does not know is refused with
its line, so that no number is silently wrong. Tables that are not read are named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import CaseError
from taotie.files.read import read_bytes, regular_file
from taotie.grid.case.octave import run_case_text
from taotie.grid.case.octave_tokens import OctaveError, without_remarks
from taotie.grid.case.octave_values import Short
from taotie.words.language import _

__all__ = [
    "MAX_BYTES",
    "MAX_LINES",
    "CaseTables",
    "format_tables",
    "parse_tables",
    "read_text",
    "tables_of",
]

MAX_BYTES = 256_000_000
MAX_LINES = 4_000_000

# Shortest rows MATPOWER itself accepts; missing trailing columns are filled with zeros.
_MIN_COLUMNS = {"bus": 13, "gen": 10, "branch": 11, "gencost": 4, "dcline": 5}
_NUMERIC = tuple(_MIN_COLUMNS)
_CELLS = ("bus_name", "gentype", "genfuel")

# Fields of no weight for power: texts, results of a solved case, areas.
_SPOKEN = (
    "version",
    "baseMVA",
    "areas",
    "order",
    "success",
    "et",
    "f",
    "x",
    "mu",
    "lin",
    "raw",
    "userdata",
)


class CaseTables(NamedTuple):
    """Raw content of a case file: MATPOWER's columns, as the file's own statements leave them."""

    name: str
    header: str
    base_mva: float
    numeric: dict[str, NDArray[np.float64]]
    cells: dict[str, tuple[str, ...]]
    conversions: tuple[str, ...]
    unread: tuple[tuple[str, int], ...] = ()
    """Tables with rows that are not read: name and number of rows."""
    short: tuple[str, ...] = ()
    """Tables whose short rows were filled with zeros."""


def read_text(path: Path, max_bytes: int = MAX_BYTES, max_lines: int = MAX_LINES) -> str:
    """Text of a case file, refused when it is too large, binary or empty.

    Raises
    ------
    CaseError
        File absent, larger than `max_bytes` [B] or `max_lines`, with NUL bytes, or empty.
    """
    there = regular_file(
        path,
        None,
        CaseError,
        _("give the path of a MATPOWER .m file or the name of a case, such as ieee118."),
    )
    raw = read_bytes(
        there,
        max_bytes,
        CaseError,
        _("the largest public case (82,000 buses) has 23 MB; is this a case file?"),
    )
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
        Content of a `.m` file, MATPOWER case format version 1 or 2.
    where : str
        File name for messages.

    Returns
    -------
    tables : CaseTables
        `numeric` holds bus, gen, branch and, where present, gencost and dcline.

    Raises
    ------
    CaseError
        Not a case file, a table that is missing, cut off or not numeric, or a statement that cannot be
        carried out here; the message has the line.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        name, outs, found = run_case_text(text)
    except OctaveError as error:
        raise CaseError(
            _("{where}, line {line}: {what}.").format(
                where=where, line=error.line, what=error.text
            ),
            _(
                "if MATPOWER reads the file, let it save the case (savecase) and read the saved file."
            ),
        ) from error
    if len(outs) > 1:
        struct, fields = "", _version_1(found, outs, where)
    else:
        struct = outs[0] if outs else _struct_of(found)
        value = found.get(struct)
        fields = dict(value) if isinstance(value, dict) else {}
    return tables_of(
        fields, name or Path(where).stem, struct, _header(text), where, _conversions(text)
    )


def _struct_of(found: Mapping[str, Any]) -> str:
    """The variable that holds the case where no function says so."""
    holds = [k for k, v in found.items() if isinstance(v, dict) and "bus" in v]
    return holds[0] if holds else "mpc"


def _version_1(found: Mapping[str, Any], outs: list[str], where: str) -> dict[str, Any]:
    """Tables that the function hands out one by one: base, bus, gen, branch, areas, gencost."""
    missing = [key for key in outs if key not in found]
    if missing or len(outs) < 4:
        raise CaseError(
            _("{where} is in MATPOWER case format version 1 and gives no {what}.").format(
                where=where, what=", ".join(missing) or "branch"
            ),
            _("version 1 gives baseMVA, bus, gen, branch and then areas and gencost."),
        )
    keys = ("baseMVA", "bus", "gen", "branch", "areas", "gencost")
    fields = dict(zip(keys, (found[key] for key in outs), strict=False))
    return {**fields, "version": "1"}


def tables_of(
    fields: Mapping[str, Any],
    name: str,
    struct: str,
    header: str,
    where: str,
    conversions: tuple[str, ...] = (),
) -> CaseTables:
    """The tables of a case from the fields of its struct, as MATPOWER takes them.

    Raises
    ------
    CaseError
        A table that is missing, too narrow or not numeric; an unknown version.
    """
    if "bus" not in fields:
        raise CaseError(
            _("{where} has no table {struct}.bus.").format(where=where, struct=struct or "mpc"),
            _("a MATPOWER case file holds mpc.baseMVA, mpc.bus, mpc.gen and mpc.branch."),
        )
    numeric: dict[str, NDArray[np.float64]] = {}
    short: list[str] = []
    for key in _NUMERIC:
        if key in fields:
            numeric[key] = _matrix(fields[key], key, where, short)
        elif key in ("gen", "branch"):
            raise CaseError(
                _("{where} has no table {struct}.{key}.").format(
                    where=where, struct=struct or "mpc", key=key
                )
            )
    version = fields.get("version", "1" if numeric["gen"].shape[1] < 21 else "2")
    if isinstance(version, np.ndarray) and version.size == 1:
        version = f"{float(version.flat[0]):g}"
    if version not in ("1", "2"):
        raise CaseError(
            _("{where} is in case format version {version}; versions 1 and 2 are read.").format(
                where=where, version=str(version)[:20]
            )
        )
    base = fields.get("baseMVA")
    value = float(base.flat[0]) if isinstance(base, np.ndarray) and base.size == 1 else float("nan")
    if not 0 < value < float("inf"):
        raise CaseError(
            _("{where}: baseMVA={value!r} is not a positive number of MVA.").format(
                where=where, value=value if base is not None else ""
            )
        )
    if version == "1":
        _to_version_2(numeric)
    cells = {key: _names(fields[key]) for key in _CELLS if key in fields}
    return CaseTables(
        name, header, value, numeric, cells, conversions, _unread(fields), tuple(short)
    )


def _to_version_2(numeric: dict[str, NDArray[np.float64]]) -> None:
    """Version 1 has no ramps, no capability points and no angle limits between the columns."""
    gen, branch = numeric["gen"], numeric["branch"]
    numeric["gen"] = np.hstack([gen[:, :10], np.zeros((len(gen), 11)), gen[:, 10:14]])
    angles = np.tile([-360.0, 360.0], (len(branch), 1))
    numeric["branch"] = np.hstack([branch[:, :11], angles, branch[:, 11:]])


def _header(text: str) -> str:
    """The comment lines before the first statement: origin, citation and licence."""
    lines = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("%%"):
            break
        if stripped.startswith(("%", "#")):
            lines.append(stripped[1:].rstrip())
        elif stripped and not stripped.startswith("function"):
            break
        elif lines:
            lines.append("")
    return "\n".join(lines).strip("\n")


def _conversions(text: str) -> tuple[str, ...]:
    """What the file turns into MW and per unit by statements of its own; they are carried out as written."""
    plain = re.sub(r"[ \t]+", "", without_remarks(text))
    done = []
    if re.search(r"\.branch\(.*\)=.*\.branch\(.*[/*]", plain):
        done.append("ohm_to_per_unit")
    if re.search(r"\.bus\(.*PD.*\)=.*\.bus\(.*\)/(1e3|1000)\b", plain):
        done.append("kw_to_mw")
    if re.search(r"\.bus\(:,PD\)=.*\*pf\b", plain):
        done.append("kva_to_kw")
    return tuple(done)


def _matrix(value: Any, key: str, where: str, short: list[str]) -> NDArray[np.float64]:
    least = 0
    if isinstance(value, Short):
        least, row = value.table.least, value.table.short
        short.append(key)
        value = value.table.values
    if not isinstance(value, np.ndarray):
        raise CaseError(_("{where}: {key} is not a table of numbers.").format(where=where, key=key))
    value = value.astype(float)
    if not value.size:
        return np.zeros((0, _MIN_COLUMNS[key]))
    if not least:
        least, row = value.shape[1], 1
    if least < _MIN_COLUMNS[key]:
        raise CaseError(
            _("{where}: row {row} of {key} has {n} columns, at least {need} are needed.").format(
                where=where, row=row, key=key, n=least, need=_MIN_COLUMNS[key]
            ),
            _("the file may be truncated; fetch or copy it again."),
        )
    return value


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, tuple):
        return ()
    return tuple(cell if isinstance(cell, str) else "" for row in value for cell in row)


def _unread(fields: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """Tables with rows that are not read here: name and number of rows."""
    found = []
    for key, value in fields.items():
        table = value.table.values if isinstance(value, Short) else value
        if key in _NUMERIC or key in _CELLS or key in _SPOKEN:
            continue
        if isinstance(table, np.ndarray) and table.shape[0] and table.size > 1:
            found.append((key, int(table.shape[0])))
        elif isinstance(table, dict):
            inner = [
                f"{key}.{name}"
                for name, one in table.items()
                if isinstance(one, np.ndarray) and one.size > 1
            ]
            found += [(name, int(table[name.split(".", 1)[1]].shape[0])) for name in inner]
    return tuple(found)


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
