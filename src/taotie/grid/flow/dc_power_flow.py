"""How does power flow, in the DC approximation? Flows and sensitivities of a case, island by island.

``B theta = p / base + A' (y phi)``, ``f = base (y A theta - y phi)``, with ``y = 1 / (x tap)``. Flows in
MW. Losses left in the case's dispatch are handed back to the slack shares, which also serve every
new load: running units in proportion to their Pmax. Each synchronous island has its own shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph as csgraph
import scipy.sparse.linalg as sla
from numpy.typing import ArrayLike, NDArray

from taotie.errors import CaseError
from taotie.grid.case.case import ISOLATED, Case
from taotie.grid.flow.sparse_solve import dense_factors, dense_factors_by_node, places, triangles
from taotie.words.language import _

__all__ = ["DcModel", "Island", "branch_flow_mw", "dc_model", "ptdf"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Island:
    """One synchronous part of a grid; buses joined by zero reactance are one node.

    Parameters
    ----------
    bus_row : ndarray, shape (n_bus,)
        Rows of the case's bus table.
    node_of_bus : ndarray, shape (n_bus,)
        Node of each of these buses.
    branch_row : ndarray, shape (n_branch,)
        Rows of the case's branch table.
    f, t : ndarray, shape (n_branch,)
        Nodes at the ends.
    y : ndarray, shape (n_branch,)
        Susceptance ``1 / (x tap)``. [p.u.]
    shift_mw : ndarray, shape (n_branch,)
        Flow a phase shift drives through the branch, ``base y phi``. [MW]
    rating_mw : ndarray, shape (n_branch,)
        Limit in all states, `inf` where none. [MW]
    injection_mw : ndarray, shape (n_node,)
        Balanced: adds up to zero. [MW]
    slack : ndarray, shape (n_node,)
        Who serves one more MW; adds up to one. [1]
    """

    bus_row: IntArray
    node_of_bus: IntArray
    branch_row: IntArray
    f: IntArray
    t: IntArray
    y: FloatArray
    shift_mw: FloatArray
    rating_mw: FloatArray
    injection_mw: FloatArray
    slack: FloatArray

    @property
    def n_node(self) -> int:
        return len(self.slack)

    @property
    def n_branch(self) -> int:
        return len(self.f)

    @cached_property
    def incidence(self) -> sp.csr_matrix:
        """Branch x node, +1 at `f`, -1 at `t`."""
        return incidence(self.f, self.t, self.n_node)

    @cached_property
    def factor(self) -> Any:
        """Factors of B without its first node (the reference of the angles)."""
        return factorize(self.f, self.t, self.y, self.n_node)

    def angles(self, injection: FloatArray) -> FloatArray:
        """Angles times base for injections that add up to zero, shape (n_node[, n])."""
        theta = np.zeros_like(injection)
        if self.n_node > 1:
            theta[1:] = self.factor.solve(np.ascontiguousarray(injection[1:]))
        return theta

    @cached_property
    def lanes(self) -> tuple[Any, ...]:
        """What sixteen solves at once take: triangles, places of nodes going in and out, flow of the slack shares."""
        put, get = places(self.factor, self.n_node)
        potential = self.angles(self.slack)
        return triangles(self.factor), put, get, self.y * (potential[self.f] - potential[self.t])

    def flow_mw(self, injection_mw: FloatArray | None = None) -> FloatArray:
        """Flow on each branch from `f` to `t`, shape (n_branch[, n]); by default of the case itself. [MW]"""
        p = self.injection_mw if injection_mw is None else injection_mw
        several = (slice(None),) + (None,) * (p.ndim - 1)  # one column a state of the grid
        theta = self.angles(p + (self.incidence.T @ self.shift_mw)[several])
        flow: FloatArray = self.y[several] * (self.incidence @ theta) - self.shift_mw[several]
        return flow


@dataclass(frozen=True)
class DcModel:
    """A case ready for DC calculations.

    Parameters
    ----------
    case : Case
    islands : tuple of Island
        Largest first. Parts without a running unit are not among them.
    dead_bus : ndarray of bool, shape (n_bus,)
        Buses no running unit reaches: isolated, or in a part without units.
    handed_back_mw : float
        Surplus of the dispatch (AC losses) taken off the slack shares. [MW]
    """

    case: Case
    islands: tuple[Island, ...]
    dead_bus: NDArray[np.bool_]
    handed_back_mw: float

    @cached_property
    def flow_mw(self) -> FloatArray:
        """Flow on every branch of the case, 0 where out of service. [MW]"""
        flow = np.zeros(self.case.n_branch)
        for island in self.islands:
            flow[island.branch_row] = island.flow_mw()
        return flow


def incidence(f: IntArray, t: IntArray, n_node: int) -> sp.csr_matrix:
    m = len(f)
    data = np.r_[np.ones(m), -np.ones(m)]
    return sp.csr_matrix((data, (np.r_[:m, :m], np.r_[f, t])), shape=(m, n_node))


def factorize(f: IntArray, t: IntArray, y: FloatArray, n_node: int) -> Any:
    """Sparse LU of ``A' diag(y) A`` without node 0."""
    a = incidence(f, t, n_node)
    b = (a.T @ sp.diags(y) @ a).tocsc()[1:, 1:]
    try:
        return sla.splu(
            b, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
    except RuntimeError as error:
        raise CaseError(
            _("the DC equations of this grid are singular ({reason}).").format(reason=error),
            _("series reactances that cancel out (negative x) are the usual cause."),
        ) from error


def slack_shares(case: Case, slack: ArrayLike | None = None) -> FloatArray:
    """Weight of each bus in serving one more MW, not yet scaled to an island, shape (n_bus,).

    Running units by Pmax; a unit without limit counts as much as all others together.
    """
    weight = np.zeros(case.n_bus)
    if slack is not None:
        weight[:] = slack
        if not np.isfinite(weight).all() or (weight < 0).any():
            raise CaseError(_("slack shares must be finite and not negative."))
        return weight
    on = case.gen_on
    pmax = np.maximum(case.gen[on, 8], 0)
    unlimited = np.isinf(pmax)
    pmax = np.where(unlimited, max(pmax[~unlimited].sum(), 1.0), pmax)
    np.add.at(weight, case.gen_row[on], pmax)
    return weight


def scheduled_injection_mw(case: Case) -> FloatArray:
    """Generation less load, shunt losses and DC lines at each bus, shape (n_bus,). [MW]"""
    p = -case.bus[:, 2] - case.bus[:, 4]
    on = case.gen_on
    np.add.at(p, case.gen_row[on], case.gen[on, 1])
    dc = case.dcline[case.dcline[:, 2] > 0]
    if len(dc):
        np.add.at(p, case.rows_of_bus(dc[:, 0]), -dc[:, 3])
        np.add.at(p, case.rows_of_bus(dc[:, 1]), dc_line_output_mw(dc))
    return p


def dc_line_output_mw(dcline: FloatArray) -> FloatArray:
    """What each DC line delivers: its input less its losses, where the table states losses. [MW]

    MATPOWER's rule, ``PT = PF - (LOSS0 + LOSS1 PF)``; without stated losses the output in the table counts.

    Examples
    --------
    40 MW in, 1 MW and 5 % lost:

    >>> line = np.zeros((1, 17))
    >>> line[0, [3, 4, 15, 16]] = 40, 40, 1, 0.05
    >>> dc_line_output_mw(line).tolist()
    [37.0]
    """
    taken, given = dcline[:, 3], dcline[:, 4]
    if dcline.shape[1] < 17:
        return given
    lost = dcline[:, 15] + dcline[:, 16] * taken
    stated = (dcline[:, 15] != 0) | (dcline[:, 16] != 0)
    return np.where(stated, taken - lost, given)


def angle_limits_deg(case: Case) -> tuple[FloatArray, FloatArray]:
    """Least and largest angle between the ends of each branch, infinite where there is none. [deg]

    As MATPOWER reads the columns: 0 and whole turns are no limit.
    """
    low = np.full(case.n_branch, -np.inf)
    high = np.full(case.n_branch, np.inf)
    if case.branch.shape[1] > 12:
        least, most = case.branch[:, 11], case.branch[:, 12]
        chosen = ((least != 0) & (least > -360)) | ((most != 0) & (most < 360))
        low = np.where(chosen & (least != 0), least, low)
        high = np.where(chosen & (most != 0), most, high)
    return low, high


def dc_model(case: Case, slack: ArrayLike | None = None) -> DcModel:
    """Split a case into islands, merge zero reactances, balance the injections.

    Parameters
    ----------
    case : Case
    slack : array_like, shape (n_bus,), optional
        Weights by which buses serve new load and take the losses; by default running units by Pmax.

    Returns
    -------
    model : DcModel

    Raises
    ------
    CaseError
        No running unit anywhere, or equations without a solution.

    Examples
    --------
    SyntheticUSA would show three islands; the 5-bus case shows one:

    >>> from taotie.grid.case.case import read_case
    >>> model = dc_model(read_case("case5"))
    >>> len(model.islands), round(float(model.flow_mw[5]), 1)
    (1, -240.0)
    """
    n, on = case.n_bus, case.branch_on
    zero = on & (case.branch[:, 3] == 0)
    live = on & ~zero
    node = _components(case.from_row[zero], case.to_row[zero], n)
    part = _components(case.from_row[on], case.to_row[on], n)
    weight, p = slack_shares(case, slack), scheduled_injection_mw(case)
    energized = case.bus[:, 1] != ISOLATED
    weight = np.where(energized, weight, 0.0)
    total = np.bincount(part, weight, minlength=part.max() + 1)
    size = np.bincount(part, minlength=part.max() + 1)
    alive = np.flatnonzero(total > 0)
    if not alive.size and case.gen_on.any() and not energized[case.gen_row[case.gen_on]].any():
        raise CaseError(
            _(
                "{case}: every bus with a running unit is marked isolated (type 4), so nothing is energized."
            ).format(case=case.name),
            _("set the type of these buses (column 2 of bus) to 1, 2 or 3."),
        )
    if not alive.size:
        raise CaseError(
            _("{case}: no unit is running, so nothing serves a load.").format(case=case.name),
            _("set the status of a unit (column 8 of gen) to 1 and its Pmax above 0."),
        )
    tap = np.where(case.branch[:, 8] == 0, 1.0, case.branch[:, 8])
    islands, surplus = [], 0.0
    for which in sorted(alive.tolist(), key=lambda i: (-int(size[i]), i)):
        rows = np.flatnonzero(part == which)
        __, local = np.unique(node[rows], return_inverse=True)
        place = np.full(n, -1)
        place[rows] = local
        branch = np.flatnonzero(live & (part[case.from_row] == which))
        f, t = place[case.from_row[branch]], place[case.to_row[branch]]
        keep = f != t  # parallel to a zero reactance: carries nothing
        branch, f, t = branch[keep], f[keep], t[keep]
        y = 1 / (case.branch[branch, 3] * tap[branch])
        n_node = int(local.max()) + 1
        share = np.bincount(local, weight[rows], minlength=n_node) / total[which]
        injection = np.bincount(local, p[rows], minlength=n_node)
        surplus += float(injection.sum())
        islands.append(
            Island(
                rows,
                local.astype(np.int64),
                branch,
                f.astype(np.int64),
                t.astype(np.int64),
                y,
                case.base_mva * y * np.deg2rad(case.branch[branch, 9]),
                case.rate_a_mw[branch],
                injection - injection.sum() * share,
                share,
            )
        )
    dead = ~np.isin(part, alive) | ~energized
    return DcModel(case, tuple(islands), dead, surplus)


def _components(f: IntArray, t: IntArray, n: int) -> IntArray:
    graph = sp.csr_matrix((np.ones(len(f)), (f, t)), shape=(n, n))
    return csgraph.connected_components(graph, directed=False)[1].astype(np.int64)


def branch_flow_mw(case: Case) -> FloatArray:
    """DC flow on every branch, positive from its first to its second bus, shape (n_branch,). [MW]

    Examples
    --------
    The optimal dispatch of the 5-bus case loads line 4-5 to its limit of 240 MW:

    >>> from taotie.grid.case.case import read_case
    >>> branch_flow_mw(read_case("case5")).round(1)
    array([ 249.7,  186.8, -226.5,  -50.3,  -26.8, -240. ])
    """
    return dc_model(case).flow_mw


def ptdf(island: Island) -> FloatArray:
    """MW on each branch per MW injected at each node and taken out by the slack shares.

    Returns
    -------
    ptdf : ndarray, shape (n_branch, n_node)
        Dense: 8 bytes times branches times nodes. The load response is its negative.
    """
    factors = np.zeros((island.n_branch, island.n_node))
    if island.n_node > 1:
        put, get = places(island.factor, island.n_node)
        potential = island.angles(island.slack)
        offset = island.y * (potential[island.f] - potential[island.t])
        dense_factors(
            triangles(island.factor), island.y, offset, get[island.f], get[island.t], put, factors
        )
    return factors


def ptdf_of_nodes(island: Island, nodes: IntArray | None = None) -> FloatArray:
    """The same for some nodes, by default all, one row a node: shape (n_asked, n_branch).

    To twelve digits after the point, so that two lines that share alike share alike on every processor.
    """
    nodes = np.arange(island.n_node) if nodes is None else nodes
    factors = np.zeros((len(nodes), island.n_branch))
    if island.n_node > 1:
        solver, put, get, offset = island.lanes
        dense_factors_by_node(
            solver, island.y, offset, get[island.f], get[island.t], put[nodes], factors
        )
        np.round(factors, 12, out=factors)
    return factors
