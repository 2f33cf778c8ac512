"""Which nodes lose capacity because a unit may trip? Exact, for every node. In MW inside, 1/MW between passes.

With unit g lost, the units that remain make up its output and serve the new load, in proportion to
their shares: with ``s`` the slack shares, ``a`` the load response (minus PTDF) and ``s_g`` the unit's own share,

    flow_l(x) = f_l + P_g a_l(g) / (1 - s_g) + x (a_l(b) + s_g / (1 - s_g) a_l(g)).

No branch is lost, so bridges count like all others and nothing is contracted. Capacities only fall from pass
to pass: this one starts from those of the branch outages and looks at what could still lower them.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from taotie.errors import RangeError
from taotie.files.kernels import njit
from taotie.grid.capacity import search
from taotie.grid.capacity.core import (
    FloatArray,
    IntArray,
    Treatment,
    contracted,
    in_parallel,
    parameters,
)
from taotie.grid.case.case import Case
from taotie.grid.flow.contingency import bridges
from taotie.grid.flow.dc_power_flow import Island, scheduled_injection_mw
from taotie.grid.flow.sparse_solve import FAST, LANES
from taotie.words.language import _

FACTORS_MAX = 100_000_000  # unit factors held at once: 0.8 GB


class UnitOutages(NamedTuple):
    """Units of one island that may trip.

    Parameters
    ----------
    row : ndarray, shape (n_unit,)
        Rows of the unit table.
    node : ndarray, shape (n_unit,)
    output_mw : ndarray, shape (n_unit,)
        What each gives in the balanced DC state. [MW]
    share : ndarray, shape (n_unit,)
        Of one more MW, what each serves. [1]
    """

    row: IntArray
    node: IntArray
    output_mw: FloatArray
    share: FloatArray


def unit_rows(case: Case, units: ArrayLike) -> IntArray:
    """Rows of running units among those named.

    Raises
    ------
    RangeError
        A row the unit table does not have.
    """
    rows = np.unique(np.asarray(units, np.int64))
    if rows.size and (rows[0] < 0 or rows[-1] >= len(case.gen)):
        raise RangeError(
            _("units name row {row}; {case} has rows 0 to {last}.").format(
                row=int(rows[-1] if rows[-1] >= len(case.gen) else rows[0]),
                case=case.name,
                last=len(case.gen) - 1,
            )
        )
    return np.asarray(rows[case.gen_on[rows]])


def units_of(case: Case, island: Island, rows: IntArray) -> UnitOutages:
    """The units of an island among `rows`; its only source is left out: its loss ends the island."""
    node_at = np.full(case.n_bus, -1, np.int64)
    node_at[island.bus_row] = island.node_of_bus
    on = np.flatnonzero(case.gen_on)
    pmax = np.zeros(len(case.gen))
    pmax[on] = np.maximum(case.gen[on, 8], 0)
    unlimited = np.isinf(pmax)
    pmax = np.where(unlimited, max(pmax[~unlimited].sum(), 1.0), pmax)
    at = node_at[case.gen_row]
    here = np.flatnonzero((at >= 0) & case.gen_on)
    total = np.bincount(at[here], pmax[here], minlength=island.n_node)
    rows = rows[at[rows] >= 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(
            total[at[rows]] > 0, island.slack[at[rows]] * pmax[rows] / total[at[rows]], 0.0
        )
    surplus = scheduled_injection_mw(case)[island.bus_row].sum()
    keep = share < 1 - 1e-9
    rows, share = rows[keep], share[keep]
    return UnitOutages(rows, at[rows], case.gen[rows, 1] - surplus * share, share)


@njit(cache=True, nogil=True, fastmath=FAST)
def _unit_responses(solver, y, offset, f_at, t_at, put, nodes):
    """Load response at the nodes of some units, shape (branch, unit)."""
    r, a = np.zeros((len(put) + 1, LANES)), np.empty((len(y), LANES))
    out = np.empty((len(y), len(nodes)))
    for i in range(0, len(nodes), LANES):
        part = nodes[i : i + LANES]
        search.responses(solver, y, offset, f_at, t_at, put, part, r, a)
        out[:, i : i + len(part)] = a[:, : len(part)]
    return out


@njit(cache=True, nogil=True, fastmath=FAST)
def _reaches(response, gain, tilt):
    """Largest change of flow and of response that any unit causes on each branch."""
    far, wide = np.zeros(len(response)), np.zeros(len(response))
    for l in range(len(response)):
        for g in range(len(gain)):
            far[l] = max(far[l], abs(gain[g] * response[l, g]))
            wide[l] = max(wide[l], abs(tilt[g] * response[l, g]))
    return far, wide


@njit(cache=True, nogil=True, fastmath=FAST)
def _unit_pass(
    first, last, order, solver, y, offset, f_at, t_at, put, flow, rating, floor, cutoff, rated,
    response, gain, tilt, far, wide, r_all, branch, unit,
):  # fmt: skip
    """Lower `r_all`, shape (treatment, node), by every unit outage; `order` names the nodes asked for."""
    n_way = len(floor)
    r, a = np.zeros((len(put) + 1, LANES)), np.empty((len(y), LANES))
    nodes, x = np.empty(LANES, np.int64), np.empty(LANES)
    for q in range(first, last):
        width = min(LANES, len(order) - q * LANES)
        for c in range(LANES):
            nodes[c] = order[q * LANES + min(c, width - 1)]
        search.responses(solver, y, offset, f_at, t_at, put, nodes, r, a)
        x_most = 0.0
        for c in range(LANES):
            x[c] = 0.0
            for w in range(n_way):
                x[c] = max(x[c], 1.0 / r_all[w, nodes[c]])
            x_most = max(x_most, x[c])
        for i in range(len(rated)):
            l = rated[i]
            limit, swing = rating[l], 0.0
            for c in range(LANES):
                swing = max(swing, abs(a[l, c] * x[c]))
            if abs(flow[l]) + far[l] + swing + wide[l] * x_most <= limit:
                continue
            for g in range(len(gain)):
                post, t = flow[l] + gain[g] * response[l, g], tilt[g] * response[l, g]
                if abs(post) + swing + abs(t) * x_most <= limit:
                    continue
                for w in range(n_way):
                    least = max(floor[w] * limit, search.TINY_MW)
                    up, down = 1.0 / max(limit - post, least), -1.0 / max(limit + post, least)
                    for c in range(width):
                        v = a[l, c] + t
                        if abs(v) < cutoff[w]:
                            continue
                        z, b = max(v * up, v * down), nodes[c]
                        if z > r_all[w, b]:
                            r_all[w, b], branch[w, b], unit[w, b] = z, l, g


def lower_by_units(
    island: Island,
    units: UnitOutages,
    ways: Sequence[Treatment],
    nodes: IntArray,
    r: FloatArray,
    n_thread: int,
) -> tuple[FloatArray, IntArray, IntArray]:
    """1/MW with every unit outage looked at, and the pair where one lowered it.

    Parameters
    ----------
    nodes : ndarray, shape (n,)
        Nodes of the island asked for.
    r : ndarray, shape (treatment, n)
        What they take with branch outages alone. [1/MW]

    Returns
    -------
    r, branch, unit : ndarray, shape (treatment, n)
        `branch`: row of the island's branches; `unit`: row of the case's unit table; both -1 where no
        unit outage binds.
    """
    floor, cutoff = parameters(ways)
    flow = island.flow_mw()
    none_lost = bridges(island)._replace(is_bridge=np.zeros(island.n_branch, bool))
    core = contracted(island, none_lost, flow)
    rated = np.flatnonzero(np.isfinite(core.rating))
    r_all = np.full((len(ways), core.n), np.inf)
    place = core.group[nodes]
    r_all[:, place] = r
    branch, unit = np.full(r_all.shape, -1, np.int64), np.full(r_all.shape, -1, np.int64)
    chosen = np.zeros(core.n, bool)
    chosen[place] = True
    order = core.order[chosen[core.order]]
    given = (core.solver, core.y, core.offset, core.f_at, core.t_at, core.put)
    step = max(LANES, FACTORS_MAX // max(len(core.y), 1))
    for begin in range(0, len(units.row) if rated.size else 0, step):
        part = slice(begin, begin + step)
        response = _unit_responses(*given, core.group[units.node[part]])
        gain = units.output_mw[part] / (1 - units.share[part])
        tilt = units.share[part] / (1 - units.share[part])
        far, wide = _reaches(response, gain, tilt)
        at = np.full(r_all.shape, -1, np.int64)

        def trip(
            first: int,
            last: int,
            response=response,
            gain=gain,
            tilt=tilt,
            far=far,
            wide=wide,
            at=at,
        ) -> None:
            _unit_pass(
                first, last, order, *given, core.flow, core.rating, floor, cutoff, rated,
                response, gain, tilt, far, wide, r_all, branch, at,
            )  # fmt: skip

        in_parallel(trip, -(-len(order) // LANES), n_thread)
        unit = np.where(at >= 0, units.row[np.maximum(begin + at, 0)], unit)
    row_of = np.append(core.branch, -1)
    return r_all[:, place], row_of[branch[:, place]], unit[:, place]
