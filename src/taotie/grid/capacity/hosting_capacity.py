"""How many MW of new load can each bus take? Exact, every bus, with any one branch lost (N-1). In MW.

Three treatments are always given together, since grids are rarely clean before anything is added:

- *strict*: a (branch, outage) pair already over its rating allows no worsening; the answer is then 0.
- *margin*: every pair may be used for at least 5 % of its rating, also one that is already worn.
- *cutoff*: pairs whose post-outage factor is below 5 % are not looked at, as in practice [1]_.

DC, thermal, rating A in all states, fixed slack shares, one load at a time. What that leaves out is
in `LIMITS` and belongs beside every number.

References
----------
.. [1] Distribution-factor cutoffs of MISO 20 % (10 % for some areas) and about 3-5 % in PJM are in
   use; 5 % is this project's choice.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import RangeError
from taotie.grid.capacity.core import (
    TREATMENTS,
    FloatArray,
    IntArray,
    Treatment,
    capacity_mw,
    outage_mask,
    require_ratings,
    thread_count,
)
from taotie.grid.capacity.island import search_island, search_nodes
from taotie.grid.capacity.over_buses import share_taking
from taotie.grid.capacity.search import CAP_MW
from taotie.grid.capacity.units import lower_by_units, unit_rows, units_of
from taotie.grid.case.case import Case
from taotie.grid.flow.dc_power_flow import DcModel, Island, dc_model
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = [
    "CAP_MW",
    "TREATMENTS",
    "Binding",
    "BusHostingCapacity",
    "HostingCapacity",
    "HostingCapacityByTreatment",
    "Treatment",
    "hosting_capacity_at_bus",
    "hosting_capacity_limits",
    "load_hosting_capacity",
    "outage_labels",
]


class Binding(NamedTuple):
    """What limits a bus: rows of the branch table; -1 at the cap, equal for the intact grid.

    An outage at or above the number of branches is a unit: its row in the unit table, plus that number.
    """

    branch: int
    outage: int


@dataclass(frozen=True)
class HostingCapacity:
    """Load each bus can take under one treatment.

    Parameters
    ----------
    treatment : Treatment
    n0_mw : ndarray, shape (n_bus,)
        With all branches in service. [MW]
    load_hosting_capacity_mw : ndarray, shape (n_bus,)
        With any one branch lost as well. [MW]
    binding_branch, binding_outage : ndarray, shape (n_bus,)
        As in `Binding`: rows of the branch table; outage equal to branch means the intact grid, -1 the
        cap, the number of branches and above a unit.
    n1_supply : ndarray of bool, shape (n_bus,)
        False where one outage cuts the bus off: the figure is then a credit on the intact bridge.
    """

    treatment: Treatment
    n0_mw: FloatArray
    load_hosting_capacity_mw: FloatArray
    binding_branch: IntArray
    binding_outage: IntArray
    n1_supply: NDArray[np.bool_]

    def share_of_buses(self, load_mw: float) -> float:
        """Share of buses that take a load of this size. [1]"""
        return share_taking(self.load_hosting_capacity_mw, load_mw)


@dataclass(frozen=True)
class HostingCapacityByTreatment:
    """All buses of a case, all treatments.

    Parameters
    ----------
    case : Case
    by_treatment : dict of str to HostingCapacity
    dead_bus : ndarray of bool, shape (n_bus,)
        Buses no running unit reaches; they take 0 MW.
    bridge_branch : ndarray
        Rows of branches whose loss splits the grid: never an outage here.
    singular_outage : ndarray
        Rows of branches that no bridge test names but whose outage has no finite factor.
    pairs_over, worst_loading : int, float
        Pairs above their rating before anything is added, and the worst loading. [1]
    spare_generation_mw : float
        Pmax of running units less load. [MW]
    seconds : dict
        Wall time: `ptdf_lodf` (factors, limits of the intact grid), `capacity` (outages). [s]
    limits : tuple of Said
        What the method leaves out, and what is odd about the case.
    work : dict
        How many pairs the search looked at, per block of 16 nodes.
    """

    case: Case
    by_treatment: Mapping[str, HostingCapacity]
    dead_bus: NDArray[np.bool_]
    bridge_branch: IntArray
    singular_outage: IntArray
    pairs_over: int
    worst_loading: float
    worst_pair: Binding
    spare_generation_mw: float
    seconds: Mapping[str, float]
    limits: tuple[Said, ...]
    work: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> HostingCapacity:
        return self.by_treatment[name]

    @property
    def strict(self) -> HostingCapacity:
        return self.by_treatment["strict"]

    @property
    def margin(self) -> HostingCapacity:
        return self.by_treatment["margin"]

    @property
    def cutoff(self) -> HostingCapacity:
        return self.by_treatment["cutoff"]

    @property
    def n1_supply(self) -> NDArray[np.bool_]:
        return next(iter(self.by_treatment.values())).n1_supply

    @property
    def share_cut_off(self) -> float:
        """Share of buses that one outage cuts off. [1]"""
        return float(1 - self.n1_supply.mean())


@dataclass(frozen=True)
class BusHostingCapacity:
    """One bus, all treatments.

    Parameters
    ----------
    case_name : str
    bus : int
        Bus number as in the file.
    bus_label : str
        Number and name.
    n0_mw, n1_mw : dict of str to float
        By treatment: all branches in service; any one lost. [MW]
    binding : dict of str to Binding
        What limits `n1_mw`.
    binding_label : dict of str to str
        The same in words.
    n1_supply : bool
        False where one outage cuts the bus off.
    spare_generation_mw : float
        Pmax of running units less load. [MW]
    limits : tuple of Said
    """

    case_name: str
    bus: int
    bus_label: str
    n0_mw: Mapping[str, float]
    n1_mw: Mapping[str, float]
    binding: Mapping[str, Binding]
    binding_label: Mapping[str, str]
    n1_supply: bool
    spare_generation_mw: float
    limits: tuple[Said, ...]


def hosting_capacity_limits(
    case: Case,
    n_bridge: int | None = None,
    n_unit: int = 0,
    post_outage_rating: str = "a",
) -> tuple[Said, ...]:
    """What must stand beside every number: the method's limits, then the case's oddities."""
    said = [
        Said(
            "dc_thermal",
            N_(
                "DC and thermal only, rating A in all states: no voltage, stability, short circuit or protection"
            )
            if post_outage_rating == "a"
            else N_(
                "DC and thermal only, rating A intact and rating {which} after an outage: no voltage, stability, short circuit or protection"
            ),
            {} if post_outage_rating == "a" else {"which": post_outage_rating.upper()},
        ),
        Said(
            "fixed_shares",
            N_(
                "fixed slack shares (running units by Pmax): no redispatch, and no unit is held to its Pmax"
            ),
        ),
        Said(
            "spare_generation",
            N_(
                "spare generation is {mw:.0f} MW: more load than that needs new units, whatever the lines carry"
            ),
            {"mw": case.spare_generation_mw},
        ),
        Said(
            "one_at_a_time",
            N_("one load at a time, up to {cap:.0f} MW: figures of several buses do not add up"),
            {"cap": CAP_MW},
        ),
        Said("one_moment", N_("one moment of one grid, as dispatched in the case file")),
    ]
    if n_unit:
        said.append(
            Said(
                "units_trip",
                N_("{n} units may trip; those that remain make up for one by their shares"),
                {"n": n_unit},
            )
        )
    else:
        said.append(Said("no_unit_trips", N_("no unit trips: the outages are those of branches")))
    if n_bridge:
        said.append(
            Said(
                "bridges",
                N_(
                    "{n} branches are bridges: their loss cuts buses off and is not an outage here (n1_supply tells which buses)"
                ),
                {"n": n_bridge},
            )
        )
    return (*said, *case.notes)


def load_hosting_capacity(
    case: Case | DcModel,
    treatments: Sequence[Treatment] = TREATMENTS,
    outages: ArrayLike | None = None,
    n_threads: int | None = None,
    units: ArrayLike | None = None,
    post_outage_rating: str = "a",
) -> HostingCapacityByTreatment:
    """Largest extra load of every bus such that no rating is passed, with any one branch lost.

    Parameters
    ----------
    case : Case or DcModel
    treatments : sequence of Treatment
        How worn pairs are looked at.
    outages : array_like of int, optional
        Rows of the branch table that may be lost; by default all. Bridges never count.
    n_threads : int, optional
        Threads; the result does not depend on it.
    units : array_like of int, optional
        Rows of the unit table that may trip, one at a time; by default none. The units that remain
        make up for it by their shares.
    post_outage_rating : {"a", "b", "c"}
        Which rating of the file holds after an outage; where it gives none, rating A does.

    Returns
    -------
    capacity : HostingCapacityByTreatment

    Raises
    ------
    CaseError
        No branch has a rating, or the DC equations have no solution.

    Notes
    -----
    ``x_b = min over l, k of margin_lk / |a_l(b) + LODF_lk a_k(b)|``; exact, see `capacity_search` for
    the proof of what is skipped.

    Examples
    --------
    The 24-bus reliability test system, as it is and with one branch lost; regression values of this
    project, equal to a loop over every pair:

    >>> from taotie.grid.case.case import read_case
    >>> capacity = load_hosting_capacity(read_case("case24_ieee_rts"))
    >>> half_of_buses = [np.median(x) for x in (capacity.strict.n0_mw, capacity.strict.load_hosting_capacity_mw)]
    >>> [round(float(mw), 1) for mw in half_of_buses]
    [662.7, 112.9]
    """
    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    require_ratings(case)
    n_thread, n_way = thread_count(n_threads), len(treatments)
    allowed = outage_mask(case, outages)
    tripped = None if units is None else unit_rows(case, units)
    tic = time.perf_counter()
    x0, x1 = np.zeros((n_way, case.n_bus)), np.zeros((n_way, case.n_bus))
    branch = np.full((n_way, case.n_bus), -1, np.int64)
    outage = np.full((n_way, case.n_bus), -1, np.int64)
    supply = np.zeros(case.n_bus, bool)
    bridge, singular, over, worst, worst_pair = [], [], 0, 0.0, Binding(-1, -1)
    visits, sensitivity_s = np.zeros(3, np.int64), 0.0
    post = post_outage_rating_mw(case, post_outage_rating)
    for island in model.islands:
        post_mw = None if post is None else post[island.branch_row]
        answer = search_island(island, treatments, allowed, n_thread, post_mw)
        rows, node = island.bus_row, island.node_of_bus
        row_of = np.append(island.branch_row, -1)
        r, r_branch, r_outage = answer.r, row_of[answer.branch], row_of[answer.outage]
        if tripped is not None:
            after = island if post_mw is None else replace(island, rating_mw=post_mw)
            r, r_branch, r_outage = _with_units(
                case, after, tripped, treatments, np.arange(island.n_node), r, r_branch, r_outage,
                n_thread,
            )  # fmt: skip
        x0[:, rows], x1[:, rows] = capacity_mw(answer.r_intact)[:, node], capacity_mw(r)[:, node]
        branch[:, rows], outage[:, rows] = r_branch[:, node], r_outage[:, node]
        supply[rows] = answer.main[node]
        bridge.append(island.branch_row[answer.bridge])
        singular.append(island.branch_row[answer.singular])
        over, visits = over + answer.pairs_over, visits + answer.visits
        sensitivity_s += answer.sensitivity_s
        if answer.worst > worst:
            worst, pair = answer.worst, answer.worst_pair
            worst_pair = Binding(int(row_of[pair[0]]), int(row_of[pair[1]]))
    dead = model.dead_bus
    x0[:, dead] = x1[:, dead] = 0.0
    branch[:, dead] = outage[:, dead] = -1
    bridge_rows = np.sort(np.concatenate(bridge))
    return HostingCapacityByTreatment(
        case=case,
        by_treatment={
            way.name: HostingCapacity(way, x0[w], x1[w], branch[w], outage[w], supply)
            for w, way in enumerate(treatments)
        },
        dead_bus=dead,
        bridge_branch=bridge_rows,
        singular_outage=np.sort(np.concatenate(singular)),
        pairs_over=over,
        worst_loading=worst,
        worst_pair=worst_pair,
        spare_generation_mw=case.spare_generation_mw,
        seconds={
            "ptdf_lodf": sensitivity_s,
            "capacity": time.perf_counter() - tic - sensitivity_s,
        },
        limits=hosting_capacity_limits(
            case, len(bridge_rows), 0 if tripped is None else len(tripped), post_outage_rating
        ),
        work=dict(
            zip(("pairs_evaluated", "pairs_listed", "rows_scanned"), visits.tolist(), strict=True)
        ),
    )


def hosting_capacity_at_bus(
    case: Case | DcModel,
    bus: int,
    treatments: Sequence[Treatment] = TREATMENTS,
    outages: ArrayLike | None = None,
    n_threads: int | None = None,
    units: ArrayLike | None = None,
    post_outage_rating: str = "a",
) -> BusHostingCapacity:
    """Largest extra load of one bus, by the plain loop over every pair; cheap for one bus.

    Parameters
    ----------
    case : Case or DcModel
    bus : int
        Bus number as in the file.
    treatments, outages, n_threads, units, post_outage_rating
        As in `load_hosting_capacity`.

    Returns
    -------
    capacity : BusHostingCapacity

    Raises
    ------
    UnknownNameError
        The case has no such bus.
    CaseError
        No branch has a rating.

    Examples
    --------
    Between two buses joined by two lines of 100 MW, load at the far one: 200 MW with both, 100 MW
    with either lost.

    >>> from taotie.grid.case.case import Case
    >>> two = Case("two", 100.0,
    ...     bus=[[1, 3, 0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, .9], [2, 1, 0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, .9]],
    ...     gen=[[1, 0, 0, 0, 0, 1, 100, 1, 500, 0]],
    ...     branch=[[1, 2, 0, .1, 0, 100, 0, 0, 0, 0, 1], [1, 2, 0, .1, 0, 100, 0, 0, 0, 0, 1]])
    >>> found = hosting_capacity_at_bus(two, 2)
    >>> round(found.n0_mw["strict"], 6), round(found.n1_mw["strict"], 6), found.binding_label["strict"]
    (200.0, 100.0, '1-2 #1 when 1-2 #2 is lost')
    """
    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    require_ratings(case)
    row = int(case.rows_of_bus([bus])[0])
    names = [way.name for way in treatments]
    label = case.bus_label(row)
    if model.dead_bus[row]:
        none = dict.fromkeys(names, 0.0)
        text = dict.fromkeys(names, _("no running unit reaches this bus"))
        cap = dict.fromkeys(names, Binding(-1, -1))
        return BusHostingCapacity(
            case.name, bus, label, none, none, cap, text, False, case.spare_generation_mw,
            hosting_capacity_limits(case),
        )  # fmt: skip
    island = next(i for i in model.islands if row in i.bus_row)
    node = island.node_of_bus[np.flatnonzero(island.bus_row == row)]
    post = post_outage_rating_mw(case, post_outage_rating)
    post_mw = None if post is None else post[island.branch_row]
    r0, r1, branch, outage, main, n_bridge = search_nodes(
        island,
        node,
        treatments,
        outage_mask(case, outages),
        thread_count(n_threads),
        post_mw=post_mw,
    )
    row_of = np.append(island.branch_row, -1)
    branch, outage = row_of[branch], row_of[outage]
    tripped = unit_rows(case, [] if units is None else units)
    if len(tripped):
        after = island if post_mw is None else replace(island, rating_mw=post_mw)
        r1, branch, outage = _with_units(
            case, after, tripped, treatments, node, r1, branch, outage,
            thread_count(n_threads),
        )  # fmt: skip
    binding = {name: Binding(int(branch[w, 0]), int(outage[w, 0])) for w, name in enumerate(names)}
    return BusHostingCapacity(
        case_name=case.name,
        bus=bus,
        bus_label=label,
        n0_mw=dict(zip(names, capacity_mw(r0)[:, 0].tolist(), strict=True)),
        n1_mw=dict(zip(names, capacity_mw(r1)[:, 0].tolist(), strict=True)),
        binding=binding,
        binding_label={name: binding_label(case, pair) for name, pair in binding.items()},
        n1_supply=bool(main[0]),
        spare_generation_mw=case.spare_generation_mw,
        limits=hosting_capacity_limits(case, n_bridge, len(tripped), post_outage_rating),
    )


def post_outage_rating_mw(case: Case, which: str) -> FloatArray | None:
    """Rating of each branch after an outage, None where it is rating A everywhere. [MW]

    Raises
    ------
    RangeError
        None of a, b and c.
    """
    if which not in ("a", "b", "c"):
        raise RangeError(
            _("post_outage_rating={value} is not known.").format(value=repr(which)),
            _("write a, b or c."),
        )
    if which == "a":
        return None
    rate = case.branch[:, {"b": 6, "c": 7}[which]]
    given = np.isfinite(rate) & (rate > 0) & (rate < 1e10)
    return np.where(given, rate, case.rate_a_mw)


def _with_units(
    case: Case,
    island: Island,
    rows: IntArray,
    treatments: Sequence[Treatment],
    nodes: IntArray,
    r: FloatArray,
    branch: IntArray,
    outage: IntArray,
    n_thread: int,
) -> tuple[FloatArray, IntArray, IntArray]:
    """The same with units tripping as well."""
    r_unit, l, g = lower_by_units(
        island, units_of(case, island, rows), treatments, nodes, r, n_thread
    )
    return (
        r_unit,
        np.where(g >= 0, np.append(island.branch_row, -1)[l], branch),
        np.where(g >= 0, case.n_branch + g, outage),
    )


def outage_labels(case: Case) -> tuple[str, ...]:
    """A short name of every outage a `Binding` may hold: branches, then units (`G7@1052`: the 7th, at bus 1052)."""
    units = enumerate(case.gen[:, 0].astype(int).tolist(), 1)
    return (*case.branch_labels, *(f"G{row}@{bus}" for row, bus in units))


def outage_label(case: Case, outage: int) -> str:
    """The branch or unit that is lost, in words."""
    if outage < case.n_branch:
        return case.branch_label(outage)
    row = outage - case.n_branch
    return _("unit {row} at bus {bus}").format(
        row=row + 1, bus=case.bus_label(int(case.gen_row[row]))
    )


def binding_label(case: Case, pair: Binding) -> str:
    """What limits a bus, in words."""
    if pair.branch < 0:
        return _("the cap of {cap:.0f} MW").format(cap=CAP_MW)
    branch = case.branch_label(pair.branch)
    if pair.outage == pair.branch:
        return _("{branch} with all branches in service").format(branch=branch)
    return _("{branch} when {outage} is lost").format(
        branch=branch, outage=outage_label(case, pair.outage)
    )
