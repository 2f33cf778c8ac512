"""What is a grid here? One frozen `Case`: buses, units, branches in MATPOWER's words, with everything odd about it told.

Powers in MW, reactances in per unit of `base_mva`. Tables keep MATPOWER's columns, so that a case
written and read again is equal bit for bit. Most public cases are synthetic: no actual grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import UnknownNameError, nearest
from taotie.grid.case.case_check import check_case
from taotie.grid.case.case_notes import case_notes
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["ISOLATED", "Case"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
ISOLATED = 4


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
    told : tuple of Said
        What the reader of the file left out or changed.

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
    told: tuple[Said, ...] = ()

    def __post_init__(self) -> None:
        for key in ("bus", "gen", "branch", "gencost", "dcline"):
            object.__setattr__(self, key, _frozen(getattr(self, key)))
        check_case(self)

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
                    "Creative Commons Attribution 4.0": N_("CC BY 4.0 (stated in the case file)"),
                    "DATA USE DISCLAIMER AGREEMENT": N_(
                        "NREL data use agreement (stated in the case file): "
                        "credit DOE/NREL/ALLIANCE, keep the notice"
                    ),
                }[mark]
        if "istributed with permission" in text or "permission of" in text:
            return N_("distributed with permission (stated in the case file)")
        return N_("no licence stated in the case file")

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
    def notes(self) -> tuple[Said, ...]:
        """Everything odd about the case and what was not read of it; nothing here stops a calculation."""
        return (*self.told, *case_notes(self))
