"""What may move in an island, and which outages can matter to each branch? In MW.

The flow on branch l is ``fixed_l + PTDF_g P - PTDF_b x``: what stands still, the units, the new load. After
the loss of k it is ``f_l + LODF_lk f_k``. A unit that may trip is an outage without a branch of its own: its
flow is its output, its factor ``-PTDF_lg / (1 - s_g)``, with s_g its share in what replaces it.

For each branch the outages are kept in falling order of ``|LODF_lk| bound_k``, with ``bound_k`` what the
outage may carry. Short ones are dropped, and the longest that was dropped is kept beside the list, so that a
screen knows when the list alone does not suffice.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import mmap
import sys
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import CaseError, RangeError
from taotie.files.kernels import njit
from taotie.grid.case.case import Case
from taotie.grid.flow.contingency import SINGULAR, bridges
from taotie.grid.flow.dc_power_flow import Island, ptdf_of_nodes, scheduled_injection_mw
from taotie.grid.flow.sparse_solve import LANES, factors_of_transfers
from taotie.words.language import _

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
CUT = 0.005  # of a rating: outages that move less are not listed
FACTORS_ALL = 4 << 30  # bytes: with more, rows of factors are made as they are wanted
UNITS_ALL = 2 << 30  # bytes: with more, factors of units are held once
FACTORS_MAX = 6 << 30  # bytes of such rows
ROUNDING = 1e-8  # MW: no outage that moves less is looked for
LOSSES = 0.05  # of the load: what a dispatch may give beyond it as losses
FAST = {"nsz", "arcp", "contract"}


class Net(NamedTuple):
    """What no dispatch, hour or rating changes.

    Parameters
    ----------
    ht : ndarray, shape (n_node, n_branch)
        MW on a branch per MW put in at a node. In a large grid only the rows that `filled` names are there.
    filled, wanted : ndarray of bool, shape (n_node,)
        Rows of `ht` that are there; rows that a screen could not do without.
    y : ndarray, shape (n_branch,)
        Susceptances: the factors of two branches on each other differ by theirs alone.
    hg, hgt : ndarray, shape (n_out, n_unit), (n_unit, n_out)
        MW on a branch per MW of a unit; rows beyond the branches are the units that may trip.
    f, t : ndarray, shape (n_branch,)
        Nodes at the ends.
    inverse : ndarray, shape (n_branch,)
        ``1 / (1 - own factor)``; 0 where the branch is no outage (a bridge, or not asked for).
    own : ndarray, shape (n_trip,)
        The same of the units that may trip; one a unit, or none at all.
    """

    ht: FloatArray
    filled: BoolArray
    wanted: BoolArray
    y: FloatArray
    hg: FloatArray
    hgt: FloatArray
    f: IntArray
    t: IntArray
    inverse: FloatArray
    own: FloatArray


class Room(NamedTuple):
    """What one hour and one set of ratings allow.

    Parameters
    ----------
    fixed : ndarray, shape (n_out,)
        Flow of all that stands still. [MW]
    low, high : ndarray, shape (n_unit,)
        [MW]
    demand : float
        What the units serve before any new load. [MW]
    rate, post : ndarray, shape (n_branch,)
        Ratings with all in service and after an outage, `inf` where none. [MW]
    """

    fixed: FloatArray
    low: FloatArray
    high: FloatArray
    demand: float
    rate: FloatArray
    post: FloatArray


class Lists(NamedTuple):
    """Outages of each branch, the far-reaching first.

    Parameters
    ----------
    start : ndarray, shape (n_branch + 1,)
    table : ndarray, shape (n_listed, 3)
        Outage, its factor, and how many MW it may move: side by side, since they are read together.
    first, least : ndarray, shape (n_branch,)
        What the first one moves, 0 where none is listed; the most any outage moves that is not listed. [MW]
    bound : ndarray, shape (n_out,)
        Flow of each outage for which `reach` holds. [MW]
    """

    start: IntArray
    table: FloatArray
    first: FloatArray
    least: FloatArray
    bound: FloatArray


@dataclass(frozen=True)
class RedispatchProblem:
    """One island with what may move in it.

    Parameters
    ----------
    island : Island
    net, room, lists
        See `Net`, `Room`, `Lists`.
    units : tuple of ndarray
        Rows of the unit table behind each column: units at one node are one.
    output_mw : ndarray, shape (n_unit,)
        As dispatched in the case. [MW]
    load_mw : ndarray, shape (n_node,)
        Load of the case. [MW]
    widened : int
        Units whose output in the case lies outside their own range; the range was widened to it.
    """

    island: Island
    net: Net
    room: Room
    lists: Lists
    units: tuple[IntArray, ...]
    output_mw: FloatArray
    load_mw: FloatArray
    widened: int

    @property
    def n_branch(self) -> int:
        return self.island.n_branch

    @property
    def n_unit(self) -> int:
        return len(self.room.low)

    def with_ratings(self, rate: FloatArray, post: FloatArray) -> RedispatchProblem:
        """The same under other ratings; the lists stay valid for any."""
        return replace(self, room=self.room._replace(rate=rate, post=post))

    def fill(self, nodes: IntArray | None = None) -> None:
        """Rows of `Net.ht`: of some nodes, by default of those wanted."""
        net = self.net
        asked = net.wanted.nonzero()[0] if nodes is None else np.unique(nodes)
        asked = asked[~net.filled[asked]]
        if (net.filled.sum() + len(asked)) * 8 * self.n_branch > FACTORS_MAX:
            raise CaseError(
                _("{n} nodes and {m} branches need more than {gb} GB of factors at once.").format(
                    n=int(net.filled.sum()) + len(asked), m=self.n_branch, gb=FACTORS_MAX >> 30
                ),
                _("ask for fewer buses at a time with --bus."),
            )
        for first in range(0, len(asked), LANES):
            some = asked[first : first + LANES]
            net.ht[some] = ptdf_of_nodes(self.island, some)
            net.filled[some] = True
        net.wanted[:] = False

    def column(self, node: int) -> FloatArray:
        """MW on each branch per MW put in at a node, shape (n_branch,)."""
        if not self.net.filled[node]:
            self.fill(np.array([node]))
        return np.asarray(self.net.ht[node])

    def flows_of(self, injection_mw: FloatArray) -> FloatArray:
        """MW on each branch for injections made up by the slack shares, shape (n, n_node) to (n, n_branch)."""
        return flows_of(self.island, injection_mw.T).T

    def at_every_node(self, branch_weight: FloatArray) -> FloatArray:
        """The sum of `Net.ht` over branches by their weights, at every node, shape (n_node,)."""
        island = self.island
        drop = island.angles(island.incidence.T @ (island.y * branch_weight))
        return np.asarray(drop - drop @ island.slack)

    def flow_mw(self, power_mw: FloatArray, node: int = -1, load_mw: float = 0.0) -> FloatArray:
        """Flow of every outage (branches, then units that may trip) for a dispatch and a new load. [MW]"""
        flow = self.room.fixed + self.net.hg @ power_mw
        if node >= 0:
            flow[: self.n_branch] -= self.column(node) * load_mw
        return np.asarray(flow)

    def unit_power_mw(self, case: Case, power_mw: FloatArray) -> FloatArray:
        """Output of every row of the unit table; units that share a column stand alike in their ranges. [MW]"""
        rows = np.concatenate([*self.units, np.zeros(0, np.int64)])
        column = np.repeat(np.arange(len(self.units)), [len(some) for some in self.units])
        low, high = unit_range(case, rows)
        n = len(self.units)
        least, total = np.bincount(column, low, n), np.bincount(column, high - low, n)
        share = np.divide(power_mw - least, total, out=np.zeros(n), where=total > 0)
        alone = np.bincount(column, minlength=n)[column] == 1
        out = case.gen[:, 1].copy()
        out[rows] = np.where(alone, power_mw[column], low + share[column] * (high - low))
        return np.asarray(out)


def unit_range(case: Case, rows: IntArray) -> tuple[FloatArray, FloatArray]:
    """Pmin and Pmax of units, widened to the output they have in the case; no Pmax counts as all load twice."""
    out = case.gen[rows, 1]
    top = 2 * abs(case.total_load_mw) + 1000.0
    high = np.where(np.isfinite(case.gen[rows, 8]), case.gen[rows, 8], top)
    low = np.where(np.isfinite(case.gen[rows, 9]), case.gen[rows, 9], -top)
    return np.minimum(low, out), np.maximum(high, out)


def flows_of(island: Island, injection_mw: FloatArray) -> FloatArray:
    """MW on each branch for injections made up by the slack shares, shape (n_node[, n]) to (n_branch[, n])."""
    more = (slice(None),) + (None,) * (injection_mw.ndim - 1)
    theta = island.angles(injection_mw - island.slack[more] * injection_mw.sum(axis=0))
    return np.asarray(island.y[more] * (island.incidence @ theta))


@njit(cache=True, nogil=True)
def _size_up(ht, hgt, f, t, inverse, own, bound, short, size, least):
    """How many outages each branch lists, and the most that an unlisted one moves."""
    m, n_trip = f.size, own.size
    for k in range(m + n_trip):
        z = (inverse[k] if k < m else own[k - m]) * bound[k]
        if z == 0.0:
            continue
        for l in range(m):
            if k < m:
                w = abs((ht[f[k], l] - ht[t[k], l]) * z)
            else:
                w = abs(hgt[k - m, l] * z)
            if l == k:
                w = 0.0
            if w > short[l]:
                size[l] += 1
            else:
                least[l] = max(least[l], w)


@njit(cache=True, nogil=True)
def _write_down(ht, hgt, f, t, inverse, own, bound, short, end, table):
    """The lists themselves, in the order of the outages; `end`: where each goes on."""
    m, n_trip = f.size, own.size
    for k in range(m + n_trip):
        z = inverse[k] if k < m else own[k - m]
        if z == 0.0:
            continue
        for l in range(m):
            if l == k:
                continue
            v = (ht[f[k], l] - ht[t[k], l]) * z if k < m else -hgt[k - m, l] * z
            w = abs(v) * bound[k]
            if w > short[l]:
                q = end[l]
                table[q, 0], table[q, 1], table[q, 2] = k, v, w
                end[l] = q + 1


@njit(cache=True, nogil=True)
def _collect(d, ks, inverse, bound, short, least, out_l, out_k, out_v):
    """Of some outages, those branches that must list them; `d`: factors of the transfer between their ends."""
    n = 0
    for c in range(ks.size):
        k = ks[c]
        for l in range(short.size):
            v = d[c, l] * inverse[c]
            w = abs(v) * bound[k]
            if l == k:
                continue
            if w > short[l]:
                out_l[n], out_k[n], out_v[n] = l, k, v
                n += 1
            else:
                least[l] = max(least[l], w)
    return n


def _listed_by_solves(
    island: Island, lost: BoolArray, bound: FloatArray, short: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
    """Inverses, the most that is not listed, sizes and table of the lists, without a table of all factors."""
    m = island.n_branch
    solver, put, get, __ = island.lanes
    f_at, t_at = get[island.f], get[island.t]
    inverse, least = np.zeros(m), np.zeros(m)
    spare = (np.empty(LANES * m, np.int32), np.empty(LANES * m, np.int32), np.empty(LANES * m))
    found: list[tuple[Any, ...]] = []
    outages = np.flatnonzero(~lost)
    d = np.empty((LANES, m))
    for first in range(0, max(len(outages), 1), LANES):
        ks = outages[first : first + LANES]
        factors_of_transfers(
            solver, island.y, f_at, t_at, put[island.f[ks]], put[island.t[ks]], d[: len(ks)]
        )
        own = 1 - d[np.arange(len(ks)), ks]
        good = np.abs(own) >= SINGULAR
        inverse[ks] = np.where(good, 1 / np.where(good, own, 1.0), 0.0)
        n = _collect(d, ks, inverse[ks], bound, short, least, *spare)
        found.append(tuple(column[:n].copy() for column in spare))
    l, k, v = (np.concatenate(column) for column in zip(*found, strict=True))
    reach = np.abs(v) * bound[k]
    order = np.lexsort((-reach, l))
    table = np.empty((len(l), 3))
    for i, column in enumerate((k, v, reach)):
        table[:, i] = column[order]
    return inverse, least, np.bincount(l, minlength=m), table


def _never_written(n: int, m: int) -> FloatArray:
    """A table of which only the rows that are written take memory."""
    if sys.platform == "win32":
        return np.zeros((n, m))
    promise = (
        0x4000 if sys.platform == "linux" else 0
    )  # MAP_NORESERVE, which Python 3.11 does not name
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | promise
    return np.frombuffer(mmap.mmap(-1, 8 * n * m, flags=flags), float).reshape(n, m)


def redispatch_problem(
    case: Case,
    island: Island,
    units_off: bool = False,
    move: float | None = None,
    unit_outages: bool = False,
    post_rating: str | float = "A",
    outages: BoolArray | None = None,
) -> RedispatchProblem:
    """Set up one island.

    Parameters
    ----------
    units_off : bool
        Units may also go off: their Pmin counts as 0.
    move : float, optional
        Units stay within this share of their Pmax of what they give in the case. [1]
    unit_outages : bool
        Single units may trip too; the others make up for one by their slack shares.
    post_rating : "A", "B", "C" or float
        Rating after an outage: of the file (A where it has no higher one), or so many times rating A.
    outages : ndarray of bool, shape (n_branch of the case,), optional
        Branches that may be lost; by default all. Bridges never count.

    Raises
    ------
    RangeError
        `move` below 0, or a rating that is not known.
    """
    if move is not None and not 0 <= move <= 1:
        raise RangeError(
            _("move={value} is outside 0..1: it is a share of Pmax.").format(value=move)
        )
    m = island.n_branch
    few = 8 * m * island.n_node > FACTORS_ALL and not unit_outages
    ht = _never_written(island.n_node, m) if few else ptdf_of_nodes(island)
    node = np.full(case.n_bus, -1)
    node[island.bus_row] = island.node_of_bus
    on = np.flatnonzero(case.gen_on & (node[case.gen_row] >= 0))
    at, out = node[case.gen_row[on]], case.gen[on, 1]
    low, high = unit_range(case, on)
    widened = int(((out > case.gen[on, 8] + 1e-6) | (out < case.gen[on, 9] - 1e-6)).sum())
    if units_off:
        low = np.minimum(low, 0.0)
    if move is not None:
        step = move * np.maximum(np.abs(high), np.abs(low))
        low, high = np.maximum(low, out - step), np.minimum(high, out + step)
    still = island.injection_mw.copy()
    np.subtract.at(still, at, out)  # what is not dispatched: load, losses
    surplus = float(scheduled_injection_mw(case)[island.bus_row].sum())
    served = float(np.abs(case.load_mw[island.bus_row]).sum())
    if not -1e-6 <= surplus <= LOSSES * served:  # no losses, but a dispatch that misses its load
        still += surplus * island.slack
    rows: list[IntArray] = [np.array([g]) for g in on]
    if not unit_outages:
        where, inv = np.unique(at, return_inverse=True)
        low, high, out = (
            np.asarray(np.bincount(inv, v, minlength=len(where)), float) for v in (low, high, out)
        )
        rows = [on[inv == j] for j in range(len(where))]
        at = where
        moves = high - low > 0
        if moves.any():  # the others stand still
            still += np.bincount(at[~moves], low[~moves], minlength=island.n_node)
            low, high, out, at = low[moves], high[moves], out[moves], at[moves]
            rows = [units for units, can in zip(rows, moves, strict=True) if can]
    fixed = flows_of(island, still) + island.flow_mw() - flows_of(island, island.injection_mw)
    fixed = np.round(fixed, 9)  # as the factors: below are digits of the processor, not of the grid
    rate = island.rating_mw.copy()
    post = post_ratings_mw(case, island, post_rating)
    lost = bridges(island).is_bridge.copy()
    if outages is not None:
        lost |= ~outages[island.branch_row]
    hgt, own = ptdf_of_nodes(island, at) if few else ht[at], np.zeros(0)
    bound = np.where(np.isfinite(rate), rate, 3 * np.abs(island.flow_mw()) + 50)
    if unit_outages:
        pmax = np.maximum(np.where(np.isfinite(case.gen[on, 8]), case.gen[on, 8], high), 0)
        total = np.bincount(at, pmax, minlength=island.n_node)
        share = island.slack[at] * pmax / np.maximum(total[at], 1e-9)
        own = np.where(share < 1 - 1e-9, 1 / np.maximum(1 - share, 1e-9), 0.0)
        hgt = np.hstack([hgt, np.eye(len(at))])
        fixed = np.r_[fixed, np.zeros(len(at))]
        bound = np.r_[bound, np.maximum(np.abs(high), np.abs(low))]
    bound = np.maximum(bound, 1e-3)
    short = np.where(np.isfinite(post), CUT * post, np.inf)
    if few:
        inverse, least, size, table = _listed_by_solves(island, lost, bound, short)
        start = np.r_[0, np.cumsum(size)]
    else:
        own_h = ht[island.f, np.arange(m)] - ht[island.t, np.arange(m)]
        lost |= np.abs(1 - own_h) < SINGULAR
        inverse = np.where(lost, 0.0, 1 / np.where(lost, 1.0, 1 - own_h))
        size, least = np.zeros(m, np.int64), np.zeros(m)
        args = (ht, hgt, island.f, island.t, inverse, own, bound, short)
        _size_up(*args, size, least)
        start = np.r_[0, np.cumsum(size)]
        table = np.zeros((start[-1], 3))
        _write_down(*args, start[:-1].copy(), table)
        table = table[np.lexsort((-table[:, 2], np.repeat(np.arange(m), size)))]
    least[~np.isfinite(post) | (least < ROUNDING)] = 0.0
    first = np.zeros(m)
    first[size > 0] = table[start[:-1][size > 0], 2]
    # once more in memory only where there is room: kernels are compiled anew for the other layout
    hg = hgt.T if hgt.nbytes > UNITS_ALL else np.ascontiguousarray(hgt.T)
    load = np.asarray(
        np.bincount(island.node_of_bus, case.load_mw[island.bus_row], minlength=island.n_node),
        float,
    )
    return RedispatchProblem(
        island=island,
        net=Net(
            ht, np.full(island.n_node, not few), np.zeros(island.n_node, bool), island.y, hg, hgt,
            island.f, island.t, inverse, own,
        ),
        room=Room(fixed, low, high, -float(still.sum()), rate, post),
        lists=Lists(start, table, first, least, bound),
        units=tuple(rows),
        output_mw=out,
        load_mw=load,
        widened=widened,
    )  # fmt: skip


def post_ratings_mw(case: Case, island: Island, post_rating: str | float) -> FloatArray:
    """Rating of each branch of an island after an outage. [MW]

    Raises
    ------
    RangeError
        Neither A, B, C nor a factor of at least 1.
    CaseError
        The case has no rating of that name on any branch.
    """
    rate = island.rating_mw
    if isinstance(post_rating, str) and post_rating in ("A", "B", "C"):
        if post_rating == "A":
            return rate.copy()
        filed = case.branch[island.branch_row, 6 if post_rating == "B" else 7]
        if not (filed > 0).any():
            raise CaseError(
                _("{case} has no rating {name} on any branch.").format(
                    case=case.name, name=post_rating
                ),
                _("leave it at A, or give a factor such as 1.1."),
            )
        return np.asarray(np.where(filed > 0, np.maximum(filed, rate), rate))
    factor = float(post_rating)
    if not 1 <= factor <= 10:
        raise RangeError(
            _("a rating after an outage of {value} times rating A is outside 1..10.").format(
                value=factor
            )
        )
    return np.asarray(rate * factor)
