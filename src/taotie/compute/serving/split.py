"""What if prompts are read on one pool of replicas and answers written on another? [ps, nJ]

A request is read by the first pool, which also gives its first token. Its KV cache then travels (a fixed
time and a time per prompt token) and it queues for the second pool, in order of coming there. The pools do not
hold each other up: the first frees its pages when the reading ends. If the second pool must preempt, it
reads the prompt again itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.fleet import EMPTY32, FleetRun, Load, run_independent
from taotie.compute.serving.routing import ROUTED, random_replicas
from taotie.compute.serving.schedule import ScalingRule, Sessions, sessions
from taotie.compute.serving.window import run_routed
from taotie.errors import UnknownNameError, nearest
from taotie.words.language import _

__all__ = ["ROUTINGS", "Pool", "SplitRun", "run_pool", "run_split"]

Array = NDArray[Any]
ROUTINGS = ("round_robin", "random", *ROUTED)


class Pool(NamedTuple):
    """Like replicas behind one router; the last two are for routing on state, see `run_routed`."""

    costs: IterationCosts
    limits: ReplicaLimits
    n_replica: int
    routing: str = "round_robin"
    report_ps: int = 0
    margin: int = 8


def run_pool(
    load: Load,
    pool: Pool,
    seed: int = 0,
    ready: Array | None = None,
    bin_ps: int = 0,
    threads: int = 1,
) -> FleetRun:
    """Run one pool with its routing.

    Parameters
    ----------
    load : Load
        Requests in order of arrival.
    pool : Pool
    seed : int, default 0
        Of random routing.
    ready : ndarray of int32, shape (n_request,), optional
        Replicas 0..ready-1 may serve the request; all if left out.
    bin_ps : int, default 0
        Width of the power bins [ps]; 0: none.
    threads : int, default 1
        Not used if the router sees the replicas at each arrival; does not change the result.

    Raises
    ------
    UnknownNameError
        If the routing is not known.
    """
    costs, limits, n_replica, routing = pool[:4]
    if routing not in ROUTINGS:
        raise UnknownNameError(
            _("routing {name!r} is not known.").format(name=routing), nearest(routing, ROUTINGS)
        )
    if routing in ROUTED:
        seen = (pool.report_ps, pool.margin, threads)
        return run_routed(load, costs, limits, n_replica, routing, seed, ready, bin_ps, *seen)
    n = len(load.arrival)
    to = None
    if routing == "random":
        open_to = EMPTY32 if ready is None else np.ascontiguousarray(ready, np.int32)
        to = random_replicas(n, open_to, n_replica, seed)
    elif ready is not None:
        to = (np.arange(n, dtype=np.int64) % ready).astype(np.int32)
    return run_independent(load, costs, limits, n_replica, to, bin_ps, threads)


@dataclass
class SplitRun:
    """Both pools and what each request got.

    Parameters
    ----------
    ttft, finish : ndarray of int64, shape (n_request,)
        As in `FleetRun`. [ps]
    own, shared : ndarray of int64, shape (n_request,)
        Of both pools together; `own` includes the transfer. [nJ]
    reading, writing : FleetRun
        The pools; `writing` has only the requests `moved`, in order of coming.
    moved : ndarray of int64
        Numbers of the requests that went on to the second pool.
    comes : ndarray of int64
        When each of them came there. [ps]
    transfer : ndarray of int64, shape (n_request,)
        Energy of moving the KV cache. [nJ]
    plans : tuple of (Sessions or None)
        When the replicas of each pool were on; None: throughout.
    """

    ttft: Array
    finish: Array
    own: Array
    shared: Array
    reading: FleetRun
    writing: FleetRun
    moved: Array
    comes: Array
    transfer: Array
    plans: tuple[Sessions | None, Sessions | None] = (None, None)


def run_split(
    load: Load,
    reading: Pool,
    writing: Pool,
    hop_ps: int,
    token_ps: int,
    token_nj: int,
    seed: int = 0,
    bin_ps: int = 0,
    threads: int = 1,
    scaling: tuple[ScalingRule | None, ScalingRule | None] = (None, None),
) -> SplitRun:
    """Read on one pool, write on another.

    Parameters
    ----------
    load : Load
        Requests in order of arrival.
    reading, writing : Pool
    hop_ps, token_ps : int
        Time to move a request's KV cache: fixed, and per prompt token. [ps, ps/token]
    token_nj : int
        Energy to move the KV cache of a prompt token. [nJ/token]
    seed, bin_ps, threads
        As in `run_pool`.
    scaling : tuple of (ScalingRule or None)
        Of each pool, by the requests that come to it; None: all its replicas are on throughout.
    """

    def plan_of(rule: ScalingRule | None, arrival: Array) -> tuple[Sessions | None, Array | None]:
        plan = None if rule is None else sessions(arrival, rule)
        return plan, None if plan is None else plan.ready_at(arrival)

    plan, ready = plan_of(scaling[0], load.arrival)
    first = run_pool(
        load._replace(output=np.ones_like(load.output)), reading, seed, ready, bin_ps, threads
    )
    finish, own, shared = first.finish.copy(), first.own.copy(), first.shared.copy()
    goes_on = np.flatnonzero(load.output > 1)
    prompt = load.prompt[goes_on].astype(np.int64)
    comes = first.finish[goes_on] + hop_ps + token_ps * prompt
    order = np.argsort(comes, kind="stable")
    moved, comes = goes_on[order], comes[order]
    later, ready = plan_of(scaling[1], comes)
    second = run_pool(
        Load(
            comes,
            np.ascontiguousarray(load.prompt[moved]),
            np.ascontiguousarray(load.output[moved]),
            kv_comes=True,
        ),
        writing,
        seed + 1,
        ready,
        bin_ps,
        threads,
    )
    transfer = np.zeros(len(load.arrival), np.int64)
    transfer[moved] = token_nj * load.prompt[moved].astype(np.int64)
    finish[moved] = second.finish
    own[moved] += second.own
    shared[moved] += second.shared
    return SplitRun(
        first.ttft,
        finish,
        own + transfer,
        shared,
        first,
        second,
        moved,
        comes,
        transfer,
        (plan, later),
    )
