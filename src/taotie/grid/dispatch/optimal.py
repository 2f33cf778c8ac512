"""Which units run, what does a megawatt-hour cost at each bus, and who answers one more? DC optimal power flow.

Power in MW, cost in $/h, price in $/MWh of the case's own money. The cheapest dispatch that keeps every
rating in the intact grid (or, on request, after every single outage); the price of a bus is the dual
of its balance. Solved by HiGHS through SciPy.

References
----------
.. [1] F. Li, R. Bo, "Small test systems for power system economic studies", IEEE PES General Meeting
   2010: the 5-bus case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from taotie.errors import CaseError, RangeError
from taotie.grid.case.case import Case
from taotie.grid.dispatch.unit_cost import (
    CostSegments,
    cost_polynomial,
    cost_segments,
    unit_cost_usd_per_h,
)
from taotie.grid.flow.contingency import lodf
from taotie.grid.flow.dc_power_flow import DcModel, dc_model, ptdf, scheduled_injection_mw
from taotie.words.language import _

__all__ = [
    "Dispatch",
    "marginal_response",
    "optimal_dispatch",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SLACK_MW = 1e-5


@dataclass(frozen=True)
class Dispatch:
    """The cheapest dispatch of a case.

    Parameters
    ----------
    case : Case
        With the load it was solved for.
    power_mw : ndarray, shape (n_gen,)
        Output of each unit, 0 where out of service. [MW]
    flow_mw : ndarray, shape (n_branch,)
        [MW]
    price_usd_per_mwh : ndarray, shape (n_bus,)
        Cost of one more MWh at each bus; NaN where no unit reaches. [$/MWh]
    cost_usd_per_h : float
        [$/h]
    shed_mw : ndarray, shape (n_bus,)
        Load not served. [MW]
    congested_branch : ndarray
        Rows of branches at their rating.
    congested_outage : ndarray
        For each the outage that holds it there; the same row for the intact grid.
    """

    case: Case
    power_mw: FloatArray
    flow_mw: FloatArray
    price_usd_per_mwh: FloatArray
    cost_usd_per_h: float
    shed_mw: FloatArray
    congested_branch: IntArray
    congested_outage: IntArray


class _Network(NamedTuple):
    """All islands side by side."""

    node_of_bus: IntArray  # -1 for dead buses
    n_node: int
    reference: IntArray
    branch_row: IntArray
    flow_of_angle: sp.csr_matrix  # MW per angle, branch x node
    shift_mw: FloatArray
    incidence: sp.csr_matrix
    rating_mw: FloatArray


def _network(model: DcModel) -> _Network:
    case = model.case
    node = np.full(case.n_bus, -1, np.int64)
    reference, rows, flow, inc, shift, rating = [], [], [], [], [], []
    n = 0
    for island in model.islands:
        node[island.bus_row] = island.node_of_bus + n
        reference.append(n)
        n += island.n_node
        rows.append(island.branch_row)
        inc.append(island.incidence)
        flow.append(sp.diags(island.y * case.base_mva) @ island.incidence)
        shift.append(island.shift_mw)
        rating.append(island.rating_mw)
    return _Network(
        node, n, np.array(reference), np.concatenate(rows), sp.block_diag(flow, format="csr"),
        np.concatenate(shift), sp.block_diag(inc, format="csr"), np.concatenate(rating),
    )  # fmt: skip


def optimal_dispatch(
    case: Case,
    value_of_lost_load: float | None = None,
    n_1: bool = False,
    pieces: int = 20,
) -> Dispatch:
    """The cheapest dispatch that keeps every rating.

    Parameters
    ----------
    case : Case
        Unit commitment is taken as it is: units in service stay within Pmin and Pmax.
    value_of_lost_load : float, optional
        Allow load to be shed at this cost; without it a case that cannot be served is an error.
        [$/MWh]
    n_1 : bool
        Also keep every rating after any one branch outage (bridges excepted), dispatch unchanged.
    pieces : int
        Linear pieces of a quadratic cost; they are narrowed around the solution until its true
        cost settles.

    Returns
    -------
    dispatch : Dispatch

    Raises
    ------
    CaseError
        No dispatch serves the load; concave or unknown costs; Pmin above Pmax.

    Notes
    -----
    ``min c'P  s.t.  C P - A' f = d,  f = base y (A theta - phi),  |f| <= F,  Pmin <= P <= Pmax``

    Examples
    --------
    The 5-bus case of [1]_ (17479.897 $/h, line 4-5 at its limit):

    >>> from taotie.grid.case.case import read_case
    >>> best = optimal_dispatch(read_case("case5"))
    >>> round(best.cost_usd_per_h, 3), best.power_mw.round(3).tolist()
    (17479.897, [40.0, 170.0, 323.495, 0.0, 466.505])
    >>> best.price_usd_per_mwh.round(4).tolist()
    [16.9774, 26.3845, 30.0, 39.9427, 10.0]
    """
    if pieces < 2:
        raise RangeError(_("pieces={n} is below 2.").format(n=pieces))
    model = dc_model(case)
    net = _network(model)
    segments = cost_segments(case, None, 0.0, pieces)
    solution = _solve(case, net, segments, value_of_lost_load, ())
    watched: tuple[tuple[int, int, float], ...] = ()
    if n_1:
        solution, watched = _secure(model, net, segments, value_of_lost_load, solution, watched)
    curved = len(case.gencost) and any(
        case.gencost[i, 0] == 2 and np.any(cost_polynomial(case.gencost[i])[:-2] != 0)
        for i in np.flatnonzero(case.gen_on)
    )
    width = 1.0 / pieces
    while curved and width > 1e-7:
        segments = cost_segments(case, solution.power_mw, width, pieces)
        before = solution.cost_usd_per_h
        solution = _solve(case, net, segments, value_of_lost_load, watched)
        if abs(before - solution.cost_usd_per_h) <= 1e-10 * abs(before):
            break
        width *= 2.0 / pieces
    if n_1 and curved:
        solution, watched = _secure(model, net, segments, value_of_lost_load, solution, watched)
    return solution


class _Program(NamedTuple):
    """The linear program of a case: pieces of units, angles, shed load."""

    cost: FloatArray
    a_ub: sp.csc_matrix | None
    b_ub: FloatArray | None
    a_eq: sp.csc_matrix
    demand: FloatArray
    low: FloatArray
    high: FloatArray
    n_piece: int
    n_shed: int
    monitored: IntArray  # branch of each limit, in the order of the network
    lost: IntArray  # the outage it stands for


def _program(
    case: Case,
    net: _Network,
    segments: CostSegments,
    value_of_lost_load: float | None,
    watched: tuple[tuple[int, int, float], ...],
) -> _Program:
    """`watched`: (branch, outage, factor) to be kept besides the intact grid."""
    n_piece, n_shed = len(segments.unit), case.n_bus if value_of_lost_load is not None else 0
    live = net.node_of_bus >= 0
    at = net.node_of_bus[case.gen_row[segments.unit]]
    shape = (net.n_node, n_piece)
    columns = [
        sp.csr_matrix((np.ones(n_piece), (at, np.arange(n_piece))), shape=shape),
        -(net.incidence.T @ net.flow_of_angle),
    ]
    fixed = scheduled_injection_mw(case)
    on = case.gen_on
    np.add.at(fixed, case.gen_row[on], segments.floor_mw[on] - case.gen[on, 1])
    taken = np.bincount(net.node_of_bus[live], fixed[live], minlength=net.n_node)
    demand = -taken.astype(np.float64) - net.incidence.T @ net.shift_mw
    cost = [segments.slope, np.zeros(net.n_node)]
    low = [np.zeros(n_piece), np.full(net.n_node, -np.inf)]
    high = [segments.width, np.full(net.n_node, np.inf)]
    low[1][net.reference] = high[1][net.reference] = 0.0
    if value_of_lost_load is not None:
        rows = np.flatnonzero(live)
        entries = (np.ones(rows.size), (net.node_of_bus[rows], rows))
        columns.append(sp.csr_matrix(entries, shape=(net.n_node, n_shed)))
        cost.append(np.full(n_shed, value_of_lost_load))
        low.append(np.zeros(n_shed))
        high.append(np.where(live, np.maximum(case.load_mw, 0), 0.0))
    rated = np.flatnonzero(np.isfinite(net.rating_mw))
    l = np.r_[rated, [w[0] for w in watched]].astype(np.int64)
    k = np.r_[rated, [w[1] for w in watched]].astype(np.int64)
    d = np.r_[np.zeros(rated.size), [w[2] for w in watched]]
    limited = net.flow_of_angle[l] + sp.diags(d) @ net.flow_of_angle[k]
    shift = net.shift_mw[l] + d * net.shift_mw[k]
    both = sp.vstack([limited, -limited])
    n_row = both.shape[0]
    pad = (sp.csr_matrix((n_row, n_piece)), both, sp.csr_matrix((n_row, n_shed)))
    return _Program(
        np.concatenate(cost),
        sp.hstack(pad).tocsc() if n_row else None,
        np.r_[net.rating_mw[l] + shift, net.rating_mw[l] - shift] if n_row else None,
        sp.hstack(columns).tocsc(), demand, np.concatenate(low), np.concatenate(high),
        n_piece, n_shed, l, k,
    )  # fmt: skip


def _answer(case: Case, program: _Program, demand: FloatArray, high: FloatArray) -> Any:
    """Solve; a program without a solution is told with load and units."""
    answer = linprog(
        program.cost, A_ub=program.a_ub, b_ub=program.b_ub, A_eq=program.a_eq, b_eq=demand,
        bounds=np.column_stack([program.low, high]), method="highs",
    )  # fmt: skip
    if answer.status != 0:
        raise CaseError(
            _(
                "no dispatch of {case} serves {load:.0f} MW within its limits ({pmax:.0f} MW of units)."
            ).format(
                case=case.name,
                load=case.total_load_mw,
                pmax=float(case.gen[case.gen_on, 8].sum()),
            ),
            _("allow load to be shed with value_of_lost_load, or look at Pmin, Pmax and ratings."),
        )
    return answer


def _solve(
    case: Case,
    net: _Network,
    segments: CostSegments,
    value_of_lost_load: float | None,
    watched: tuple[tuple[int, int, float], ...],
) -> Dispatch:
    program = _program(case, net, segments, value_of_lost_load, watched)
    answer = _answer(case, program, program.demand, program.high)
    n_piece, live = program.n_piece, net.node_of_bus >= 0
    power = segments.floor_mw.copy()
    np.add.at(power, segments.unit, answer.x[:n_piece])
    flow = np.zeros(case.n_branch)
    angle = answer.x[n_piece : n_piece + net.n_node]
    flow[net.branch_row] = net.flow_of_angle @ angle - net.shift_mw
    price = np.full(case.n_bus, np.nan)
    price[live] = answer.eqlin.marginals[net.node_of_bus[live]]
    shed_mw = answer.x[n_piece + net.n_node :] if program.n_shed else np.zeros(case.n_bus)
    total = float(unit_cost_usd_per_h(case, power).sum())
    total += float(shed_mw.sum()) * (value_of_lost_load or 0.0)
    full = np.zeros(0, np.int64)
    if program.a_ub is not None:
        full = np.flatnonzero(answer.ineqlin.residual < SLACK_MW) % len(program.monitored)
        full = np.unique(full)
    return Dispatch(
        case, power, flow, price, total, shed_mw,
        net.branch_row[program.monitored[full]], net.branch_row[program.lost[full]],
    )  # fmt: skip


def _secure(
    model: DcModel,
    net: _Network,
    segments: CostSegments,
    value_of_lost_load: float | None,
    solution: Dispatch,
    known: tuple[tuple[int, int, float], ...],
) -> tuple[Dispatch, tuple[tuple[int, int, float], ...]]:
    """Add violated (branch, outage) rows until none is left."""
    case = model.case
    watched = {(l, k): d for l, k, d in known}
    factors, start = [], 0
    for island in model.islands:
        d = np.nan_to_num(lodf(island))
        np.fill_diagonal(d, 0.0)
        factors.append((start, d))
        start += island.n_branch
    for __ in range(50):
        flow = solution.flow_mw[net.branch_row]
        new = 0
        for start, d in factors:
            m = len(d)
            local, rating = flow[start : start + m], net.rating_mw[start : start + m]
            over = np.abs(local[:, None] + d * local) - rating[:, None]
            worst = np.argsort(-over, axis=1)[:, :3]
            for l in np.flatnonzero(over.max(axis=1, initial=-np.inf) > 1e-4):
                for k in worst[l]:
                    pair = (start + int(l), start + int(k))
                    if over[l, k] > 1e-4 and pair not in watched:
                        watched[pair] = float(d[l, k])
                        new += 1
        if not new:
            break
        rows = tuple((l, k, v) for (l, k), v in watched.items())
        solution = _solve(case, net, segments, value_of_lost_load, rows)
    return solution, tuple((l, k, v) for (l, k), v in watched.items())


# ---- who answers -----------------------------------------------------------------------------


def marginal_response(dispatch: Dispatch, bus: int) -> FloatArray:
    """Change of each unit per MW more load at a bus, prices and congestion as they are.

    Parameters
    ----------
    dispatch : Dispatch
    bus : int
        Bus number.

    Returns
    -------
    change : ndarray, shape (n_gen,)
        Adds up to 1; NaN where the dispatch is degenerate and no single answer exists. [MW/MW]

    Notes
    -----
    With marginal units m and congested branches: ``[1; PTDF_m] dP = [1; PTDF_b]``, and least extra cost where
    quadratic costs leave a choice.

    Examples
    --------
    In the 5-bus case one MW at bus 4 raises one unit by 1.5 MW and lowers another by 0.5 MW:

    >>> from taotie.grid.case.case import read_case
    >>> marginal_response(optimal_dispatch(read_case("case5")), 4).round(5).tolist()
    [0.0, 0.0, 1.49714, 0.0, -0.49714]
    """
    case = dispatch.case
    row = int(case.rows_of_bus([bus])[0])
    model = dc_model(case)
    change = np.zeros(case.n_gen)
    if model.dead_bus[row]:
        return np.full(case.n_gen, np.nan)
    island = next(i for i in model.islands if row in i.bus_row)
    node = np.full(case.n_bus, -1)
    node[island.bus_row] = island.node_of_bus
    on, p = case.gen_on, dispatch.power_mw
    room = 1e-6 * np.maximum(1.0, np.abs(p))
    marginal = np.flatnonzero(
        on & (p > case.gen[:, 9] + room) & (p < case.gen[:, 8] - room) & (node[case.gen_row] >= 0)
    )
    marginal = _off_corners(case, p, marginal)
    h = ptdf(island)
    place = np.full(case.n_branch, -1)
    place[island.branch_row] = np.arange(island.n_branch)
    factors = (
        lodf(island) if (dispatch.congested_branch != dispatch.congested_outage).any() else None
    )
    rows = []
    for l, k in zip(dispatch.congested_branch, dispatch.congested_outage, strict=True):
        if place[l] >= 0:
            line = h[place[l]]
            if k != l and factors is not None:
                line = line + factors[place[l], place[k]] * h[place[k]]
            rows.append(line)
    active = np.array(rows).reshape(len(rows), island.n_node)
    left = np.vstack([np.ones(marginal.size), active[:, node[case.gen_row[marginal]]]])
    right = np.r_[1.0, active[:, node[row]]]
    # units with a quadratic cost share by its curvature; linear ones only where the rows leave one way
    n_row = len(left)
    curvature = np.array([_curvature(case, int(i), float(p[i])) for i in marginal])
    system = np.block([[np.diag(curvature), left.T], [left, np.zeros((n_row, n_row))]])
    if not marginal.size or np.linalg.matrix_rank(system) < len(system):
        return np.full(case.n_gen, np.nan)
    change[marginal] = np.linalg.solve(system, np.r_[np.zeros(marginal.size), right])[
        : marginal.size
    ]
    return change


def _curvature(case: Case, unit: int, power: float) -> float:
    """Second derivative of a unit's cost, over a typical one so that the system is well scaled."""
    if not len(case.gencost) or case.gencost[unit, 0] != 2:
        return 0.0
    return float(np.polyval(np.polyder(cost_polynomial(case.gencost[unit]), 2), power)) * 100


def _off_corners(case: Case, power: FloatArray, units: IntArray) -> IntArray:
    """Leave out units that rest at a corner of a piecewise linear cost."""
    keep = []
    for i in units:
        row = case.gencost[i] if len(case.gencost) else np.zeros(4)
        corners = row[4 : 4 + 2 * int(row[3]) : 2] if row[0] == 1 else np.zeros(0)
        if not np.any(np.abs(corners - power[i]) < 1e-6 * max(1.0, abs(power[i]))):
            keep.append(int(i))
    return np.array(keep, np.int64)
