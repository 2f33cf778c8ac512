"""Which branch, at whose outage, limits most buses? Counts of buses by limiting pair.

Reads a finished `load_hosting_capacity`; nothing is searched again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from taotie.grid.capacity.hosting_capacity import Binding, HostingCapacityByTreatment, binding_label
from taotie.grid.ties import falling

__all__ = ["LimitingPair", "best_by_pair", "limiting_pairs", "pair_words"]


class LimitingPair(NamedTuple):
    """A branch, what is lost when it fills, and how many buses they limit first.

    Parameters
    ----------
    branch, outage : int
        As in `hosting_capacity.Binding`.
    buses : int
    """

    branch: int
    outage: int
    buses: int


def limiting_pairs(found: HostingCapacityByTreatment, way: str) -> list[LimitingPair]:
    """Pairs by the number of buses they limit, most first; buses no unit reaches are left out.

    Parameters
    ----------
    found : HostingCapacityByTreatment
    way : str
        Name of a treatment.

    Returns
    -------
    pairs : list of LimitingPair

    Examples
    --------
    The counts of all pairs add up to the buses of the grid:

    >>> from taotie.grid.case.case import read_case
    >>> from taotie.grid.capacity.hosting_capacity import load_hosting_capacity
    >>> found = load_hosting_capacity(read_case("case24_ieee_rts"))
    >>> sum(pair.buses for pair in limiting_pairs(found, "margin"))
    24
    """
    one = found[way]
    live = ~found.dead_bus
    branch, outage = (
        np.asarray(x, np.int64)[live] for x in (one.binding_branch, one.binding_outage)
    )
    if not branch.size:
        return []
    low, span = int(outage.min()), int(outage.max() - outage.min()) + 1
    keys, count = np.unique(branch * span + (outage - low), return_counts=True)  # rows take long
    order = np.argsort(-count, kind="stable")
    at = zip((keys // span)[order].tolist(), (keys % span + low)[order].tolist(), count[order].tolist(), strict=True)  # fmt: skip
    return [LimitingPair(*pair) for pair in at]


def best_by_pair(found: HostingCapacityByTreatment, way: str, n: int) -> list[int]:
    """Bus numbers of the best bus of each of the `n` least tight limiting pairs.

    Buses one outage cuts off are left out, and so are all islands but the one of the best bus.

    Parameters
    ----------
    found : HostingCapacityByTreatment
    way : str
        Name of a treatment.
    n : int
        At most so many.

    Returns
    -------
    buses : list of int
        Best first. Buses of one pair share its room, so that one of them is enough.
    """
    import scipy.sparse as sp
    from scipy.sparse.csgraph import connected_components

    case, one = found.case, found[way]
    on = case.branch_on
    graph = sp.csr_matrix(
        (np.ones(int(on.sum())), (case.from_row[on], case.to_row[on])), (case.n_bus, case.n_bus)
    )
    island = connected_components(graph, directed=False)[1]
    order = falling(one.load_hosting_capacity_mw)
    order = order[found.n1_supply[order] & ~found.dead_bus[order]]
    if not order.size:
        return []
    order = order[island[order] == island[order[0]]]
    pair = np.column_stack([one.binding_branch, one.binding_outage])[order]
    first = np.unique(pair, axis=0, return_index=True)[1]
    return [int(number) for number in case.bus_number[order[np.sort(first)[:n]]]]


def pair_words(found: HostingCapacityByTreatment, pair: LimitingPair) -> str:
    """What limits, in words."""
    return binding_label(found.case, Binding(pair.branch, pair.outage))
