"""Several years or sites in one run: the same plans on this machine or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from taotie.errors import MissingExtraError, RangeError
from taotie.grid.supply.matching import SupplyPlan, SupplyProblem, solve_supply
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = ["solve_many"]


def solve_many(
    problems: Sequence[SupplyProblem],
    score: float | None = None,
    most_cost: float | None = None,
    cluster: str = "",
) -> list[SupplyPlan]:
    """One plan a problem, in their order; each is solved alone, so a cluster changes no digit.

    Parameters
    ----------
    problems : sequence of SupplyProblem
    score, most_cost
        As in `solve_supply`.
    cluster : str
        Address of a Dask scheduler; empty for this machine.

    Raises
    ------
    MissingExtraError
        If a cluster is named and `distributed` is not installed.
    RangeError
        If the cluster does not answer, or as `solve_supply`.
    """
    if not cluster:
        return [solve_supply(p, score, most_cost) for p in problems]
    try:
        dask = import_module("distributed")
    except ImportError:
        raise MissingExtraError("distributed", "cluster") from None
    try:
        client = dask.Client(cluster, timeout="20s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise RangeError(
            _("no Dask scheduler answers at {address}: {why}").format(
                address=cluster, why=reason(error).splitlines()[0]
            ),
            "--cluster tcp://host:8786",
        ) from error
    with client:
        futures = [client.submit(solve_supply, p, score, most_cost, pure=False) for p in problems]
        return list(client.gather(futures))
