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

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from taotie.errors import CaseError, RangeError
from taotie.grid.case.grid_case import ISOLATED, Case
from taotie.grid.dispatch.unit_cost import (
    CostSegments,
    cost_polynomial,
    cost_segments,
    unit_cost_usd_per_h,
)
from taotie.grid.flow.contingency import lodf
from taotie.grid.flow.dc_power_flow import (
    DcModel,
    angle_limits_deg,
    dc_model,
    ptdf,
    scheduled_injection_mw,
)
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = [
    "Dispatch",
    "marginal_response",
    "optimal_dispatch",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SLACK_MW = 1e-5
SLACK_RAD = 1e-9


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
    angle_branch : ndarray
        Rows of branches whose ends are as far apart as their angle limit allows.
    price_below_usd_per_mwh : ndarray, shape (n_bus,), optional
        What the last MWh cost, where the dispatch rests at a kink of the costs and the next one costs
        more; None where both are the same. [$/MWh]
    more_mw : float
        0 where not even a little more load can be served: then the price is that of the last MWh. [MW]
    """

    case: Case
    power_mw: FloatArray
    flow_mw: FloatArray
    price_usd_per_mwh: FloatArray
    cost_usd_per_h: float
    shed_mw: FloatArray
    congested_branch: IntArray
    congested_outage: IntArray
    angle_branch: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    price_below_usd_per_mwh: FloatArray | None = None
    more_mw: float = np.inf

    @property
    def at_kink(self) -> bool:
        """The last MWh was cheaper than the next one: there are two prices, and both are true."""
        below, above = self.price_below_usd_per_mwh, self.price_usd_per_mwh
        if below is None:
            return False
        both = np.isfinite(below) & np.isfinite(above)
        return bool((np.abs(above[both] - below[both]) > 1e-6 * (1 + np.abs(below[both]))).any())

    @property
    def unserved_mw(self) -> float:
        """Load not served. [MW]"""
        return float(self.shed_mw.sum())


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
    angle_row: IntArray  # branches with an angle limit, in the order of the network
    angle_low: FloatArray  # rad
    angle_high: FloatArray


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
    row = np.concatenate(rows)
    low, high = angle_limits_deg(case)
    limited = np.flatnonzero(np.isfinite(low[row]) | np.isfinite(high[row]))
    return _Network(
        node, n, np.array(reference), row, sp.block_diag(flow, format="csr"),
        np.concatenate(shift), sp.block_diag(inc, format="csr"), np.concatenate(rating),
        limited, np.deg2rad(low[row[limited]]), np.deg2rad(high[row[limited]]),
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
    if not len(case.gencost):
        raise CaseError(
            _(
                "{case} has no costs of units (table gencost), so there is no cheapest dispatch."
            ).format(case=case.name),
            _("add a row a unit to gencost: 2 0 0 2 COST 0 is a cost of COST a MWh."),
        )
    model = dc_model(case)
    net = _network(model)
    if value_of_lost_load is None:
        require_reach(case, model.dead_bus)
    running = running_units(case, model.dead_bus)
    segments = cost_segments(case, None, 0.0, pieces, running)
    solution = _solve(case, net, segments, value_of_lost_load, ())
    watched: tuple[tuple[int, int, float], ...] = ()
    if n_1:
        solution, watched = _secure(model, net, segments, value_of_lost_load, solution, watched)
    curved = len(case.gencost) and any(
        case.gencost[i, 0] == 2 and np.any(cost_polynomial(case.gencost[i])[:-2] != 0)
        for i in np.flatnonzero(running)
    )
    width = 1.0 / pieces
    while curved and width > 1e-7:
        segments = cost_segments(case, solution.power_mw, width, pieces, running)
        before = solution.cost_usd_per_h
        solution = _solve(case, net, segments, value_of_lost_load, watched)
        if abs(before - solution.cost_usd_per_h) <= 1e-10 * abs(before):
            break
        width *= 2.0 / pieces
    if n_1 and curved:
        solution, watched = _secure(model, net, segments, value_of_lost_load, solution, watched)
    return _both_prices(model, net, segments, value_of_lost_load, solution, watched, running)


def running_units(case: Case, dead_bus: Any) -> Any:
    """Units in service at buses that take part."""
    return case.gen_on & ~dead_bus[case.gen_row]


def require_reach(case: Case, dead_bus: Any) -> None:
    """Refuse load that no running unit reaches; buses marked isolated take no part.

    Raises
    ------
    CaseError
        With bus and MW.
    """
    rows = unreached_rows(case, dead_bus)
    if rows.size:
        worst = rows[np.argsort(-case.load_mw[rows])][:3]
        raise CaseError(
            _(
                "{case}: no running unit reaches {mw:.1f} MW of load at {n} buses: bus {buses}."
            ).format(
                case=case.name,
                mw=float(case.load_mw[rows].sum()),
                n=rows.size,
                buses=listing(case.bus_label(int(r)) for r in worst),
            ),
            _("allow load to be shed with --value-of-lost-load 10000, or correct the file."),
        )


def unreached_rows(case: Case, dead_bus: Any) -> IntArray:
    """Rows of buses whose load no running unit reaches, those marked isolated left aside."""
    return np.flatnonzero(dead_bus & (case.bus[:, 1] != ISOLATED) & (case.load_mw > 0))


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
    n_angle: int  # rows of angle limits, after those of ratings
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
    on = case.gen_on & live[case.gen_row]
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
    up, down = np.isfinite(net.angle_high), np.isfinite(net.angle_low)
    apart = net.incidence[net.angle_row]
    both = sp.vstack([limited, -limited, apart[up], -apart[down]])
    n_row, n_angle = both.shape[0], int(up.sum() + down.sum())
    pad = (sp.csr_matrix((n_row, n_piece)), both, sp.csr_matrix((n_row, n_shed)))
    most = np.r_[
        net.rating_mw[l] + shift, net.rating_mw[l] - shift, net.angle_high[up], -net.angle_low[down]
    ]
    return _Program(
        np.concatenate(cost),
        sp.hstack(pad).tocsc() if n_row else None,
        most if n_row else None,
        sp.hstack(columns).tocsc(), demand, np.concatenate(low), np.concatenate(high),
        n_piece, n_shed, n_angle, l, k,
    )  # fmt: skip


def _linprog(program: _Program, demand: FloatArray, rows: slice | None = None) -> Any:
    """Solve with all inequalities, or with those of `rows`."""
    from scipy.optimize import linprog  # half a second, and most answers need none

    a_ub, b_ub = program.a_ub, program.b_ub
    if a_ub is not None and b_ub is not None and rows is not None:
        a_ub, b_ub = a_ub.tocsr()[rows].tocsc(), b_ub[rows]
        if not a_ub.shape[0]:
            a_ub = b_ub = None
    return linprog(
        program.cost, A_ub=a_ub, b_ub=b_ub, A_eq=program.a_eq, b_eq=demand,
        bounds=np.column_stack([program.low, program.high]), method="highs",
    )  # fmt: skip


def _answer(case: Case, program: _Program, n_1: bool) -> Any:
    """Solve; a program without a solution is told with its true reason."""
    answer = _linprog(program, program.demand)
    if answer.status == 0:
        return answer
    if answer.status != 2:
        raise CaseError(
            _("the dispatch of {case} was not solved: {reason}.").format(
                case=case.name, reason=str(answer.message).strip().rstrip(".")
            ),
            _(
                "very large or very small numbers in costs, reactances or limits are the usual cause."
            ),
        )
    raise _why_not(case, program, n_1)


def _why_not(case: Case, program: _Program, n_1: bool) -> CaseError:
    """Which limits leave no dispatch: taken off one after the other until there is one."""
    hint = _("allow load to be shed with --value-of-lost-load 10000, or look at the limits.")
    n_row = 0 if program.b_ub is None else len(program.b_ub)
    n_flow = n_row - program.n_angle
    if n_1:
        return CaseError(
            _(
                "{case}: no dispatch keeps every rating with any one branch lost, though one keeps them in the intact grid."
            ).format(case=case.name),
            _("leave --n-1 out, or allow load to be shed with --value-of-lost-load 10000."),
        )
    if program.n_angle and _linprog(program, program.demand, slice(0, n_flow)).status == 0:
        return CaseError(
            _("{case}: no dispatch keeps the angle limits of all branches.").format(case=case.name),
            hint,
        )
    if n_row and _linprog(program, program.demand, slice(0, 0)).status == 0:
        return CaseError(
            _(
                "{case}: no dispatch keeps the ratings of all branches, though the units could serve {load:.0f} MW."
            ).format(case=case.name, load=case.total_load_mw),
            hint,
        )
    on = case.gen_on
    return CaseError(
        _(
            "no dispatch of {case} serves {load:.0f} MW: its running units give {least:.0f} to {most:.0f} MW, which does not fit in every part of the grid."
        ).format(
            case=case.name,
            load=case.total_load_mw,
            least=float(case.gen[on, 9].sum()),
            most=float(case.gen[on, 8].sum()),
        ),
        _(
            "allow load to be shed with --value-of-lost-load 10000 (in Python value_of_lost_load), or look at Pmin and Pmax."
        ),
    )


def _solve(
    case: Case,
    net: _Network,
    segments: CostSegments,
    value_of_lost_load: float | None,
    watched: tuple[tuple[int, int, float], ...],
) -> Dispatch:
    program = _program(case, net, segments, value_of_lost_load, watched)
    answer = _answer(case, program, bool(watched))
    n_piece, live = program.n_piece, net.node_of_bus >= 0
    power = segments.floor_mw.copy()
    np.add.at(power, segments.unit, answer.x[:n_piece])
    flow = np.zeros(case.n_branch)
    angle = answer.x[n_piece : n_piece + net.n_node]
    flow[net.branch_row] = net.flow_of_angle @ angle - net.shift_mw
    price = np.full(case.n_bus, np.nan)
    price[live] = answer.eqlin.marginals[net.node_of_bus[live]]
    shed_mw = answer.x[n_piece + net.n_node :] if program.n_shed else np.zeros(case.n_bus)
    if program.n_shed:  # load no unit reaches is not served either
        lost = unreached_rows(case, ~live)
        shed_mw[lost] = case.load_mw[lost]
    total = float(unit_cost_usd_per_h(case, power, case.gen_on & live[case.gen_row]).sum())
    total += float(shed_mw.sum()) * (value_of_lost_load or 0.0)
    full, apart = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if program.a_ub is not None:
        n_flow = program.a_ub.shape[0] - program.n_angle
        residual = answer.ineqlin.residual
        if n_flow:
            full = np.flatnonzero(residual[:n_flow] < SLACK_MW) % len(program.monitored)
            full = np.unique(full)
        ends = np.r_[
            net.angle_row[np.isfinite(net.angle_high)], net.angle_row[np.isfinite(net.angle_low)]
        ]
        apart = np.unique(net.branch_row[ends[residual[n_flow:] < SLACK_RAD]])
    return Dispatch(
        case, power, flow, price, total, shed_mw,
        net.branch_row[program.monitored[full]], net.branch_row[program.lost[full]], apart,
    )  # fmt: skip


def _both_prices(
    model: DcModel,
    net: _Network,
    segments: CostSegments,
    value_of_lost_load: float | None,
    solution: Dispatch,
    watched: tuple[tuple[int, int, float], ...],
    running: Any,
) -> Dispatch:
    """The price of the next and of the last MWh, where the dispatch rests at a kink of the costs.

    With as many units inside their pieces as limits bind (and one an island), one price holds on both sides. Otherwise
    the program is solved for a little more and a little less load.
    """
    case = model.case
    p = solution.power_mw
    room = 1e-6 * np.maximum(1.0, np.abs(p))
    inside = running & (p > case.gen[:, 9] + room) & (p < case.gen[:, 8] - room)
    free = len(_off_corners(case, p, np.flatnonzero(inside)))
    part = (solution.shed_mw > 1e-6) & (solution.shed_mw < np.maximum(case.load_mw, 0) - 1e-6)
    free += int(part[net.node_of_bus >= 0].sum())
    if free >= len(model.islands) + len(solution.congested_branch) + len(solution.angle_branch):
        return solution
    wide = cost_segments(case, p, 1e-3, 20, running)
    program = _program(case, net, wide, value_of_lost_load, watched)
    live = net.node_of_bus >= 0
    load = np.where(live, np.maximum(case.load_mw, 0), 0.0)
    if not load.sum():
        return solution
    step = max(1e-3, 1e-6 * load.sum()) * load / load.sum()
    nudge = np.bincount(net.node_of_bus[live], step[live], minlength=net.n_node)
    sides = []
    for sign in (1.0, -1.0):
        answer = _linprog(program, program.demand + sign * nudge)
        price = np.full(case.n_bus, np.nan)
        if answer.status == 0:
            price[live] = answer.eqlin.marginals[net.node_of_bus[live]]
        sides.append(price)
    above, below = sides
    if np.isnan(above[live]).all():
        price = solution.price_usd_per_mwh if np.isnan(below[live]).all() else below
        return replace(solution, price_usd_per_mwh=price, more_mw=0.0)
    if np.isnan(below[live]).all():
        below = above
    return replace(solution, price_usd_per_mwh=above, price_below_usd_per_mwh=below)


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
    on, p = running_units(case, model.dead_bus), dispatch.power_mw
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
    # an angle at its limit holds the flow as a rating does
    held = [(int(l), int(l)) for l in dispatch.angle_branch if l not in dispatch.congested_branch]
    pairs = zip(dispatch.congested_branch, dispatch.congested_outage, strict=True)
    for l, k in (*pairs, *held):
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
