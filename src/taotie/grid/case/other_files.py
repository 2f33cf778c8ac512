"""How are grid files of other programs read? By their ending, each through the program that knows the format.

MATPOWER's binary files by `mat_file.py`; PSS/E, CGMES, IIDM and UCTE through pypowsybl; pandapower and PyPSA by
themselves. What does not come over is said in `Case.told`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from taotie.errors import CaseError
from taotie.files.read import open_binary, read_bytes, read_json, regular_file
from taotie.grid.case.adapter_base import needed
from taotie.grid.case.case_notes import table_not_read
from taotie.grid.case.grid_case import Case
from taotie.grid.case.mat_file import Hdf5Error, mat_variables
from taotie.grid.case.matpower_file import MAX_BYTES, CaseTables, tables_of
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = ["ENDINGS", "case_of_tables", "kinds_of_file", "read_other_file"]

# Ending -> program that reads it, and the format in words.
ENDINGS: Mapping[str, tuple[str, str]] = {
    ".m": ("", "MATPOWER"), ".mat": ("", "MATPOWER"),
    ".raw": ("powsybl", "PSS/E"), ".rawx": ("powsybl", "PSS/E"),
    ".xiidm": ("powsybl", "IIDM"), ".iidm": ("powsybl", "IIDM"), ".jiidm": ("powsybl", "IIDM"),
    ".biidm": ("powsybl", "IIDM"), ".xml": ("powsybl", "IIDM"), ".zip": ("powsybl", "CGMES"),
    ".uct": ("powsybl", "UCTE"),
    ".json": ("ac", "pandapower"),
    ".nc": ("pypsa", "PyPSA"), ".h5": ("pypsa", "PyPSA"),
}  # fmt: skip


def kinds_of_file() -> str:
    """Formats read, with their endings."""
    kinds: dict[str, list[str]] = {}
    for ending, (__, name) in ENDINGS.items():
        kinds.setdefault(name, []).append(ending)
    return "; ".join(f"{name} ({', '.join(endings)})" for name, endings in kinds.items())


def read_other_file(path: Path, max_bytes: int = MAX_BYTES) -> Case:
    """A `Case` from a file of another kind than MATPOWER's text.

    Raises
    ------
    CaseError
        File absent, too large, or refused by the program that reads it.
    MissingExtraError
        That program is not installed.
    """
    ending = path.suffix.lower()
    if path.is_dir():
        return _pypsa(path)
    if not regular_file(path, max_bytes, CaseError).stat().st_size:
        raise CaseError(_("{path} is empty.").format(path=path.name))
    if ending == ".mat":
        return _mat(path, max_bytes)
    if ending in (".nc", ".h5"):
        return _pypsa(path)
    if ending == ".json":
        return _json(path)
    return _powsybl(path)


def case_of_tables(tables: CaseTables) -> Case:
    """The case of some MATPOWER tables; tables that are not read are told."""
    told = [table_not_read(name, rows) for name, rows in tables.unread]
    if tables.short:
        told.append(
            Said(
                "short_rows",
                N_("short rows of {names} are filled with zeros, which Octave itself refuses"),
                {"names": ", ".join(tables.short)},
            )
        )
    return Case(
        name=tables.name,
        base_mva=tables.base_mva,
        **tables.numeric,
        bus_name=tables.cells.get("bus_name", ()),
        gen_type=tables.cells.get("gentype", ()),
        gen_fuel=tables.cells.get("genfuel", ()),
        header=tables.header,
        conversions=tables.conversions,
        told=tuple(told),
    )


# ---- MATPOWER's binary files -----------------------------------------------------------------


def _mat(path: Path, max_bytes: int) -> Case:
    try:
        found = mat_variables(read_bytes(path, max_bytes, CaseError), max_bytes)
    except Hdf5Error as error:
        raise CaseError(
            _("{path} is a MATLAB file of version 7.3, which is not read.").format(path=path.name),
            _("save it again with savecase, or in MATLAB with save -v7."),
        ) from error
    except ValueError as error:
        raise CaseError(
            _("{path} cannot be read as a MATLAB file: {reason}.").format(
                path=path.name, reason=reason(error)[:120]
            )
        ) from error
    structs = [v for v in found.values() if isinstance(v, dict) and "bus" in v]
    fields = (
        found["mpc"] if isinstance(found.get("mpc"), dict) else (structs[0] if structs else found)
    )
    return case_of_tables(tables_of(fields, path.stem, "mpc", "", path.name))


# ---- through other programs ------------------------------------------------------------------


def _refused(path: Path, program: str, error: Exception, more: str = "") -> CaseError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = (lines[0] if lines else type(error).__name__).rstrip(".")[:200]
    if more:
        reason = f"{reason}: {more.rstrip('.')[:300]}"
    return CaseError(
        _("{program} does not read {path}: {reason}.").format(
            program=program, path=path.name, reason=reason
        ),
        _(
            "revisions 32, 33 and 35 are read; let the program that wrote the file save it as one of them."
        )
        if path.suffix.lower() == ".raw"
        else "",
    )


def _format_needs(path: Path, package: str) -> Any:
    extra, name = ENDINGS[path.suffix.lower()]
    return needed(
        package.split(".")[0],
        extra,
        package,
        _("{path} is a {name} file").format(path=path.name, name=name),
    )


def _powsybl(path: Path) -> Case:
    from taotie.grid.case.adapters_powsybl import case_from_pypowsybl

    powsybl = _format_needs(path, "pypowsybl.network")
    heard = _Heard()
    log = logging.getLogger("powsybl")
    level, further = log.level, log.propagate
    log.addHandler(heard)
    log.setLevel(logging.WARNING)
    log.propagate = False
    try:
        network = powsybl.load(str(path))
    except Exception as error:  # Java's exceptions come over as they are
        raise _refused(
            path,
            "pypowsybl",
            error,
            "; ".join(filter(None, (heard.reasons(error), _revision(path)))),
        ) from error
    finally:
        log.removeHandler(heard)
        log.setLevel(level)
        log.propagate = further
    case = case_from_pypowsybl(network)
    told = [*case.told, *_psse_left(path)]
    if heard.lines:
        lines = "; ".join(dict.fromkeys(line[:160] for line in heard.lines[:3]))
        told.append(
            Said(
                "reader_warns",
                N_("pypowsybl warned {n} times while reading, first: {lines}"),
                {"n": len(heard.lines), "lines": lines},
            )
        )
    return replace(case, told=tuple(told))


# Sections of a PSS/E file that carry power and that its reader passes over.
_PSSE_LEFT = ("MULTI-TERMINAL DC", "INDUCTION MACHINE", "GNE")


def _psse_left(path: Path) -> list[Said]:
    """Sections with rows that stay behind, by the marks between the sections."""
    if path.suffix.lower() != ".raw":
        return []
    section, rows = "", dict.fromkeys(_PSSE_LEFT, 0)
    for line in read_bytes(path, MAX_BYTES, CaseError).decode("latin-1").splitlines():
        text = line.strip().upper()
        if re.match(r"(0\s*(/|$)|Q$)", text):
            found = re.search(r"BEGIN ([A-Z -]+?) DATA", text)
            section = found[1].strip() if found else ""
        elif text and not text.startswith("@") and section in rows:
            rows[section] += 1
    return [table_not_read(name, n) for name, n in rows.items() if n]


def _revision(path: Path) -> str:
    """What the first line of a PSS/E file says of its revision; the parser only says that it does not know the lines."""
    if path.suffix.lower() != ".raw":
        return ""
    with open_binary(path, kind=CaseError) as file:
        fields = file.readline(500).decode("latin-1").split("/")[0].split(",")
    number = fields[2].strip() if len(fields) > 2 else ""
    if not number:
        return _("its first line names no revision (files of 33 and 35 do)")
    return _("its first line says revision {number}").format(number=number[:12])


class _Heard(logging.Handler):
    """What pypowsybl logs while it reads: "not a valid case" is its exception, why it is none stands in the log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        first = record.getMessage().strip().splitlines()
        if first:
            self.lines.append(first[0].strip())

    def reasons(self, error: Exception) -> str:
        """The first complaints that say more than the exception: errors where there are any, else warnings."""
        errors: list[str] = []
        others: list[str] = []
        within = False
        for line in dict.fromkeys(self.lines):
            if re.search(r"(?i)validation (errors|warnings)", line):
                within = "errors" in line.lower() and " end" not in line
            elif line not in str(error) and not re.match(r"\S+Exception\b", line):
                (errors if within else others).append(line)
        told = errors or others
        return "; ".join(told[:2])


def _pypsa(path: Path) -> Case:
    from taotie.grid.case.adapters_pypsa import case_from_pypsa

    pypsa = needed("pypsa", "pypsa") if path.is_dir() else _format_needs(path, "pypsa")
    try:
        network = pypsa.Network(str(path))
    except Exception as error:
        raise _refused(path, "PyPSA", error) from error
    return case_from_pypsa(network)


def _json(path: Path) -> Case:
    from taotie.grid.case.adapters_pandapower import case_from_pandapower

    content = read_json(path, MAX_BYTES, CaseError)
    if isinstance(content, dict) and "voltageLevels" in json.dumps(list(content))[:2000]:
        return _powsybl(path)
    if not (isinstance(content, dict) and content.get("_class") == "pandapowerNet"):
        raise CaseError(
            _("{path} is JSON, but no pandapower network.").format(path=path.name),
            _("pandapower writes one with to_json(net, path). Files read: {kinds}.").format(
                kinds=kinds_of_file()
            ),
        )
    pandapower = _format_needs(path, "pandapower")
    try:
        net = pandapower.from_json(str(path))
    except Exception as error:
        raise _refused(path, "pandapower", error) from error
    return case_from_pandapower(net, path.stem)
