# mypy: disable-error-code="no-untyped-def"
"""How much new load fits at several buses at once, and how much if units may be dispatched anew? Upper ends, in MW.

Capacities of buses do not add up: loads share lines. `largest_total_load` finds the largest total over chosen
buses with the slack shares of `hosting_capacity`; `redispatch_bound` lets every running unit move between
0 (or Pmin) and Pmax for one load. Both are linear programs by HiGHS to which violated (branch, outage) rows are
added until none is left, so that N-1 is kept exactly without listing all pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError, RangeError
from taotie.files.kernels import njit
from taotie.grid.capacity import search
from taotie.grid.capacity.core import (
    TREATMENTS,
    Core,
    Treatment,
    allowed_outages,
    capacity_mw,
    contracted,
    outage_mask,
    parameters,
    require_ratings,
    thread_count,
)
from taotie.grid.capacity.hosting_capacity import Binding
from taotie.grid.capacity.island import search_nodes
from taotie.grid.case.case import Case
from taotie.grid.flow.contingency import Bridges, bridges
from taotie.grid.flow.dc_power_flow import DcModel, Island, dc_model, scheduled_injection_mw
from taotie.grid.flow.sparse_solve import LANES, solve_lanes
from taotie.words.language import _

__all__ = ["RedispatchBound", "SeveralSites", "largest_total_load", "redispatch_bound"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
TOLERANCE_MW = 1e-6
ROUNDS = 60


@dataclass(frozen=True)
class SeveralSites:
    """The largest total over chosen buses.

    Parameters
    ----------
    bus_number : ndarray, shape (n_site,)
    load_mw : ndarray, shape (n_site,)
        Best share of each. [MW]
    total_mw : float
        [MW]
    alone_mw : ndarray, shape (n_site,)
        Capacity of each if it were the only one. [MW]
    treatment : Treatment
    binding : tuple of Binding
        Pairs that hold the total.
    n1_supply : ndarray of bool, shape (n_site,)
    """

    bus_number: IntArray
    load_mw: FloatArray
    total_mw: float
    alone_mw: FloatArray
    treatment: Treatment
    binding: tuple[Binding, ...]
    n1_supply: NDArray[np.bool_]


@njit(cache=True, nogil=True, fastmath={"nsz", "arcp", "contract"})
def _violations(
    solver, y, f_at, t_at, put_f, put_t, flow, rating, floor, cut, rated, allowed, a, x, n_node, worst, at
):  # fmt: skip
    """Worst violation of each monitored branch over all outages for loads `x`; `a` (branch, site)."""
    m, n_site = len(y), len(x)
    z = np.zeros((n_node + 1, LANES))
    inverse, flow_k, together_k = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)
    together = np.zeros(m)  # what all sites put on a branch, no term cut off
    dropped = 0.0  # the most that terms below the cutoff can hold of a sum
    for s in range(n_site):
        dropped += cut * abs(x[s])
        for l in range(m):
            together[l] += a[l, s] * x[s]
    for q in range(-(-len(allowed) // LANES)):
        width = min(LANES, len(allowed) - q * LANES)
        z[:, :] = 0.0
        for j in range(width):
            k = allowed[q * LANES + j]
            if put_f[k] >= 0:
                z[put_f[k], j] += 1.0
            if put_t[k] >= 0:
                z[put_t[k], j] -= 1.0
        solve_lanes(solver[0], solver[1], solver[2], solver[3], solver[4], solver[5], solver[6], z)
        inverse[:] = 0.0
        for j in range(width):
            k = allowed[q * LANES + j]
            denominator = 1.0 - y[k] * (z[f_at[k], j] - z[t_at[k], j])
            if abs(denominator) >= search.NOISE:
                inverse[j] = 1.0 / denominator
            flow_k[j], together_k[j] = flow[k], together[k]
        for i in range(len(rated)):
            l = rated[i]
            zf, zt, yl, fl, tl, rl = f_at[l], t_at[l], y[l], flow[l], together[l], rating[l]
            least = floor * rl
            # of all outages at once: no pair is looked at site by site that cannot be worse than the worst, nearly all
            bar, worse = worst[i] - dropped, 0
            for j in range(LANES):
                d = yl * (z[zf, j] - z[zt, j]) * inverse[j]
                put = d * together_k[j]
                room = max(rl - abs(fl + d * flow_k[j]), least)
                worse |= abs(tl + put) + 1e-9 * (abs(tl) + abs(put)) - room >= bar
            if worse == 0:
                continue
            for j in range(width):
                k = allowed[q * LANES + j]
                if l == k or inverse[j] == 0.0:
                    continue
                d = yl * (z[zf, j] - z[zt, j]) * inverse[j]
                post = fl + d * flow[k]
                move = 0.0
                for s in range(n_site):
                    v = a[l, s] + d * a[k, s]
                    move += v * x[s] if abs(v) >= cut else 0.0
                over = max(move - max(rl - post, least), -move - max(rl + post, least))
                if over > worst[i]:
                    worst[i], at[i, 0], at[i, 1] = over, k, d
    return m


def largest_total_load(
    case: Case | DcModel,
    buses: Sequence[int],
    treatment: Treatment = TREATMENTS[1],
    outages: ArrayLike | None = None,
    cap_mw: float = search.CAP_MW,
    alone_mw: ArrayLike | None = None,
) -> SeveralSites:
    """Largest total of new loads at chosen buses, any one branch lost.

    Parameters
    ----------
    case : Case or DcModel
    buses : sequence of int
        Bus numbers, all in one island, each once.
    treatment : Treatment
        As in `hosting_capacity`; a cutoff ignores a bus's factor on a pair, bus by bus.
    outages : array_like of int, optional
        Rows of the branch table that may be lost; by default all but bridges.
    cap_mw : float
        Largest load at one bus. [MW]
    alone_mw : array_like, shape (n_site,), optional
        Capacity of each bus by itself, handed on, where it has been found before; searched if left out. [MW]

    Returns
    -------
    sites : SeveralSites

    Raises
    ------
    RangeError
        No bus, or one twice.
    CaseError
        Buses in different islands or without supply.

    Examples
    --------
    Two buses behind the same pair of 100 MW lines share the 100 MW that N-1 leaves:

    >>> from taotie.grid.case.case import Case
    >>> row = [0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, .9]
    >>> case = Case("three", 100.0, bus=[[i, 3 if i == 1 else 1, *row] for i in (1, 2, 3)],
    ...     gen=[[1, 0, 0, 0, 0, 1, 100, 1, 500, 0]],
    ...     branch=[[1, 2, 0, .1, 0, 100, 0, 0, 0, 0, 1]] * 2 + [[2, 3, 0, .1, 0, 0, 0, 0, 0, 0, 1]] * 2)
    >>> found = largest_total_load(case, [2, 3])
    >>> round(found.total_mw, 6), found.alone_mw.round(6).tolist()
    (100.0, [100.0, 100.0])
    """
    from scipy.optimize import linprog  # half a second, and most answers need none

    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    require_ratings(case)
    if not len(buses) or len(set(buses)) != len(buses):
        raise RangeError(_("name at least one bus, and none twice."))
    rows = case.rows_of_bus(list(buses))
    if model.dead_bus[rows].any():
        bad = int(case.bus_number[rows[model.dead_bus[rows]][0]])
        raise CaseError(_("no running unit reaches bus {bus}.").format(bus=bad))
    island = next(i for i in model.islands if rows[0] in i.bus_row)
    if not np.isin(rows, island.bus_row).all():
        raise CaseError(_("the buses lie in different islands; ask for each island alone."))
    node_of = np.full(case.n_bus, -1)
    node_of[island.bus_row] = island.node_of_bus
    nodes = node_of[rows]
    floor, cutoff = parameters((treatment,))
    low, cut = float(floor[0]), float(cutoff[0])
    b, flow = bridges(island), island.flow_mw()
    core = contracted(island, b, flow)
    rated = np.flatnonzero(np.isfinite(core.rating))
    mask = outage_mask(case, outages)
    allowed = np.flatnonzero(allowed_outages(core, island, mask))
    a = _responses(core, nodes)
    # bridges and the intact grid first: few rows, dense
    bridge_a, bridge_row = _bridge_responses(island, b, nodes)
    first_a = np.vstack([np.where(np.abs(a[rated]) >= cut, a[rated], 0.0), bridge_a])
    first_f = np.r_[core.flow[rated], flow[bridge_row]]
    first_r = np.r_[core.rating[rated], island.rating_mw[bridge_row]]
    first_a[np.abs(first_a) < cut] = 0.0
    pair_row = [(int(r), int(r)) for r in np.r_[core.branch[rated], bridge_row]]
    given = np.where(np.abs(first_f) > first_r * search.OVER, 0.0, low * first_r)
    left = [first_a, -first_a]
    right = [
        np.maximum(first_r - first_f, given),
        np.maximum(first_r + first_f, given),
    ]
    pairs = [*pair_row, *pair_row]
    x = np.zeros(len(nodes))
    put_f, put_t = core.put[core.f], core.put[core.t]
    for __ in range(ROUNDS):
        answer = linprog(
            -np.ones(len(nodes)), A_ub=np.vstack(left), b_ub=np.maximum(np.concatenate(right), 0.0),
            bounds=[(0, cap_mw)] * len(nodes), method="highs",
        )  # fmt: skip
        if answer.status != 0:
            raise CaseError(
                _("the program was not solved: {reason}.").format(reason=answer.message)
            )
        x = answer.x
        worst, at = np.full(len(rated), TOLERANCE_MW), np.full((len(rated), 2), -1.0)
        if len(core.branch):
            _violations(
                core.solver, core.y, core.f_at, core.t_at, put_f, put_t, core.flow, core.rating,
                low, cut, rated, allowed, a, x, core.n, worst, at,
            )  # fmt: skip
        new = np.flatnonzero(at[:, 0] >= 0)
        if not new.size:
            break
        l, k, d = rated[new], at[new, 0].astype(int), at[new, 1]
        v = a[l] + d[:, None] * a[k]
        v[np.abs(v) < cut] = 0.0
        post = core.flow[l] + d * core.flow[k]
        left += [v, -v]
        limit = core.rating[l]
        right += [np.maximum(limit - post, low * limit), np.maximum(limit + post, low * limit)]
        found = [(int(core.branch[i]), int(core.branch[j])) for i, j in zip(l, k, strict=True)]
        pairs += [*found, *found]
    tight = np.flatnonzero(answer.ineqlin.marginals < -1e-9)
    row_of = island.branch_row
    binding = dict.fromkeys(
        Binding(int(row_of[pairs[i][0]]), int(row_of[pairs[i][1]])) for i in tight
    )
    if alone_mw is None:
        alone = capacity_mw(search_nodes(island, nodes, (treatment,), mask, thread_count(None))[1])[
            0
        ]
    else:
        alone = np.asarray(alone_mw, np.float64)
    return SeveralSites(
        case.bus_number[rows], x, float(x.sum()), alone, treatment, tuple(binding), b.main[nodes]
    )


def _responses(core: Core, nodes: IntArray) -> FloatArray:
    """Load response of every core branch, shape (branch, site)."""
    a = np.zeros((len(core.branch), len(nodes)))
    work, lanes = np.zeros((core.n + 1, LANES)), np.empty((len(core.branch), LANES))
    for i in range(0, len(nodes), LANES) if len(core.branch) else ():
        part = core.group[nodes[i : i + LANES]]
        search.responses(
            core.solver, core.y, core.offset, core.f_at, core.t_at, core.put, part, work, lanes
        )
        a[:, i : i + len(part)] = lanes[:, : len(part)]
    return a


def _bridge_responses(island: Island, b: Bridges, nodes: IntArray) -> tuple[FloatArray, IntArray]:
    """Load response of every rated bridge, shape (bridge, site), and their rows."""
    rows = np.flatnonzero(b.is_bridge & np.isfinite(island.rating_mw))
    below = b.below[rows]
    walked = np.concatenate([[0.0], np.cumsum(island.slack[b.order])])
    start, end = b.entered[below], b.entered[below] + b.size[below]
    share = walked[end] - walked[start]
    inward = np.where(island.t[rows] == below, 1.0, -1.0)
    place = b.entered[nodes]
    inside = (place >= start[:, None]) & (place < end[:, None])
    return inward[:, None] * (inside - share[:, None]), rows


@dataclass(frozen=True)
class RedispatchBound:
    """What one bus could take if all units moved to help.

    Parameters
    ----------
    bus : int
    n0_mw, n1_mw : float
        All branches in service; any one lost. [MW]
    n1_binding : Binding
        Heaviest pair at that load; -1 where units, not lines, hold it.
    power_mw : ndarray, shape (n_gen,)
        Output that carries `n1_mw`. [MW]
    """

    bus: int
    n0_mw: float
    n1_mw: float
    n1_binding: Binding
    power_mw: FloatArray


def redispatch_bound(case: Case | DcModel, bus: int, keep_minimum: bool = False) -> RedispatchBound:
    """Largest load of one bus when every running unit may move: the optimistic end. Hard limits.

    Parameters
    ----------
    case : Case or DcModel
    bus : int
    keep_minimum : bool
        Hold units above Pmin; by default they may go down to 0.

    Returns
    -------
    bound : RedispatchBound

    Raises
    ------
    CaseError
        The case cannot be kept within its ratings even without a new load; the message says which N.

    Examples
    --------
    The 24-bus reliability test system has 555 MW to spare:

    >>> from taotie.grid.case.case import read_case
    >>> found = redispatch_bound(read_case("case24_ieee_rts"), 3)
    >>> round(found.n0_mw, 1), found.n1_mw <= found.n0_mw
    (486.4, True)
    """
    from scipy.optimize import linprog  # half a second, and most answers need none

    model = case if isinstance(case, DcModel) else dc_model(case)
    case = model.case
    row = int(case.rows_of_bus([bus])[0])
    if model.dead_bus[row]:
        raise CaseError(_("no running unit reaches bus {bus}.").format(bus=bus))
    island = next(i for i in model.islands if row in i.bus_row)
    node_of = np.full(case.n_bus, -1)
    node_of[island.bus_row] = island.node_of_bus
    units = np.flatnonzero(case.gen_on & (node_of[case.gen_row] >= 0))
    fixed = scheduled_injection_mw(case)[island.bus_row]
    demand = -np.bincount(island.node_of_bus, fixed, minlength=island.n_node)
    scheduled = np.bincount(
        node_of[case.gen_row[units]], case.gen[units, 1], minlength=island.n_node
    )
    demand = demand + scheduled  # what is left without any unit
    flow_of_angle = sp.diags(island.y * case.base_mva) @ island.incidence
    n_unit, n = len(units), island.n_node
    at = node_of[case.gen_row[units]]
    balance = sp.hstack([
        sp.csr_matrix((np.ones(n_unit), (at, np.arange(n_unit))), shape=(n, n_unit)),
        -(island.incidence.T @ flow_of_angle),
        sp.csr_matrix(([-1.0], ([node_of[row]], [0])), shape=(n, 1)),
    ]).tocsc()  # fmt: skip
    low = case.gen[units, 9] if keep_minimum else np.minimum(case.gen[units, 9], 0.0)
    high = np.where(np.isfinite(case.gen[units, 8]), case.gen[units, 8], 1e6)
    bounds = np.full((n_unit + n + 1, 2), [-np.inf, np.inf])
    bounds[:n_unit] = np.column_stack([low, np.maximum(high, low)])
    bounds[n_unit] = 0.0
    bounds[-1] = [0.0, search.CAP_MW]
    rated = np.flatnonzero(np.isfinite(island.rating_mw))
    b = bridges(island)
    core = contracted(island, b, island.flow_mw())
    core_rated = np.flatnonzero(np.isfinite(core.rating))
    put_f, put_t = core.put[core.f], core.put[core.t]
    allowed = np.arange(len(core.branch))
    extra: list[tuple[int, int, float]] = []
    n0: float | None = None
    cost = np.zeros(n_unit + n + 1)
    cost[-1] = -1.0
    for __ in range(ROUNDS):
        l = np.r_[rated, [e[0] for e in extra]].astype(int)
        k = np.r_[rated, [e[1] for e in extra]].astype(int)
        d = np.r_[np.zeros(len(rated)), [e[2] for e in extra]]
        rows = flow_of_angle[l] + sp.diags(d) @ flow_of_angle[k]
        shift = island.shift_mw[l] + d * island.shift_mw[k]
        block = sp.hstack(
            [sp.csr_matrix((len(l), n_unit)), rows, sp.csr_matrix((len(l), 1))]
        ).tocsc()
        answer = linprog(
            cost, A_ub=sp.vstack([block, -block]).tocsc(),
            b_ub=np.r_[island.rating_mw[l] + shift, island.rating_mw[l] - shift],
            A_eq=balance, b_eq=demand - island.incidence.T @ island.shift_mw, bounds=bounds, method="highs",
        )  # fmt: skip
        if answer.status != 0:
            state = _("with any one branch lost") if extra else _("with all branches in service")
            raise CaseError(
                _("{case} cannot keep its ratings {state}, whatever its units do.").format(
                    case=case.name, state=state
                ),
                _(
                    "use hosting_capacity, whose treatments say what pairs already overloaded allow."
                ),
            )
        if n0 is None:
            n0 = float(answer.x[-1])
        flow = flow_of_angle @ answer.x[n_unit : n_unit + n] - island.shift_mw
        worst, found = np.full(len(core_rated), 1e-5), np.full((len(core_rated), 2), -1.0)
        if len(core.branch):
            nothing = np.zeros((len(core.branch), 0))
            _violations(
                core.solver, core.y, core.f_at, core.t_at, put_f, put_t, flow[core.branch],
                core.rating, -1e9, 0.0, core_rated, allowed, nothing, np.zeros(0), core.n, worst, found,
            )  # fmt: skip
        new = np.flatnonzero(found[:, 0] >= 0)
        if not new.size:
            break
        extra += [
            (
                int(core.branch[core_rated[i]]),
                int(core.branch[int(found[i, 0])]),
                float(found[i, 1]),
            )
            for i in new
        ]
    power = case.gen[:, 1] * case.gen_on
    power[units] = answer.x[:n_unit]
    tight = answer.ineqlin.marginals
    binding = Binding(-1, -1)
    if tight.size and tight.min() < -1e-9:
        i = int(tight.argmin()) % len(l)
        binding = Binding(int(island.branch_row[l[i]]), int(island.branch_row[k[i]]))
    return RedispatchBound(bus, float(n0 or 0.0), float(answer.x[-1]), binding, power)
