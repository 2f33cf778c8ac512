"""What does a serving fleet do with a stream of requests: latency, energy of each request, power over the day?

The border of the serving simulator: a `Serving` describes the fleet, `simulate` runs `Requests` through it,
`smallest_fleet` finds how many replicas a service level needs. Kernels and their rules are in `simulator_replica`
(one replica), `simulator_fleet` and `simulator_routing` (many), `simulator_split` (two pools),
`simulator_schedule` (start and stop). Requests of one pool that is always on may come in parts (`source`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving import state as sr
from taotie.compute.serving.fleet import FleetRun, Load
from taotie.compute.serving.overhead import OverheadShares, exact_sum, overhead_shares
from taotie.compute.serving.result import PoolAccount, ServiceLevel, ServingRun, pool_account
from taotie.compute.serving.schedule import (
    ScalingRule,
    Sessions,
    on_intervals,
    on_time,
    sessions,
)
from taotie.compute.serving.setup import (
    ReplicaModel,
    Speculation,
    check_energy,
    inner_bins,
    replica_model,
)
from taotie.compute.serving.source import Source, source_of
from taotie.compute.serving.split import ROUTINGS, Pool, SplitRun, run_pool, run_split
from taotie.compute.serving.window import FleetWindow, Outcome
from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.files.columns import column, let_go, slices
from taotie.words.language import N_, _
from taotie.words.said import Said
from taotie.workload.requests import Requests

__all__ = [
    "ROUTINGS",
    "ReplicaModel",
    "ScalingRule",
    "ServiceLevel",
    "Serving",
    "ServingRun",
    "Speculation",
    "WritingPool",
    "replica_model",
    "simulate",
    "smallest_fleet",
]

Array = NDArray[Any]
PS = 10**12
LONGEST_DAYS = 21
LONGEST_REQUEST = 1 << 20


@dataclass(frozen=True)
class WritingPool:
    """A second pool that writes what the first has read (disaggregated prefill and decode).

    Parameters
    ----------
    replica : ReplicaModel
    replicas : int
    routing : str, default "least_outstanding"
    hop_s : float, default 1e-3
        Fixed time to hand a request over. [s]
    token_s : float, default 0
        Time to move the KV cache of one prompt token. [s/token]
    token_j : float, default 0
        Energy to move it. [J/token]
    scaling : ScalingRule, optional
        Starting and stopping of this pool's replicas, by the requests that come to it.
    """

    replica: ReplicaModel
    replicas: int
    routing: str = "least_outstanding"
    hop_s: float = 1e-3
    token_s: float = 0.0
    token_j: float = 0.0
    scaling: ScalingRule | None = None


@dataclass(frozen=True)
class Serving:
    """A fleet and how it is run.

    Parameters
    ----------
    replica : ReplicaModel
        What each replica costs and holds.
    replicas : int
        How many there are; with `scaling`, how many there may be.
    routing : {"round_robin", "random", "two_choices", "least_outstanding", "prefix_aware"}
        How the router picks a replica; the last three look at the requests outstanding.
    scaling : ScalingRule, optional
        Starting and stopping of `replicas`; all are on throughout if left out.
    writing : WritingPool, optional
        If given, `replica` only reads prompts.
    bin_s : float, default 60
        Width of the power bins. [s]
    seed : int, default 0
        Of random routing.
    threads : int, default 1
        Does not change the result.
    load_report_s : float, default 0
        The router learns the requests outstanding of each replica once in so long, and counts what it sends
        itself in between; 0: it always knows them. [s]
    prefix_margin : int, default 8
        Prefix-aware routing sends a request where its prefix was sent last unless that replica has more than
        so many requests outstanding beyond the fewest. [request]
    """

    replica: ReplicaModel
    replicas: int = 1
    routing: str = "round_robin"
    scaling: ScalingRule | None = None
    writing: WritingPool | None = None
    bin_s: float = 60.0
    seed: int = 0
    threads: int = 1
    load_report_s: float = 0.0
    prefix_margin: int = 8

    def __post_init__(self) -> None:
        for name in (self.routing, *([self.writing.routing] if self.writing else [])):
            if name not in ROUTINGS:
                raise UnknownNameError(
                    _("routing {name!r} is not known.").format(name=name), nearest(name, ROUTINGS)
                )
        if self.replicas < 1 or (self.writing is not None and self.writing.replicas < 1):
            raise RangeError(
                _("a fleet needs at least one replica, not {n}.").format(n=self.replicas),
                _("at least 1 is needed"),
            )
        if not 1e-6 <= self.bin_s <= 86_400:
            raise RangeError(
                _("power bins of {s} s are not within 1 us to one day.").format(s=self.bin_s)
            )
        if self.load_report_s and not 1e-6 <= self.load_report_s <= 86_400:
            raise RangeError(
                _("load reports every {s} s are not within 1 us to one day.").format(
                    s=self.load_report_s
                ),
                _("0 if the router always knows the load"),
            )
        if self.prefix_margin < 0:
            raise RangeError(
                _("prefix_margin={n} is below 0 requests.").format(n=self.prefix_margin)
            )
        pools = [(self.scaling, self.replicas)]
        if self.writing is not None:
            pools.append((self.writing.scaling, self.writing.replicas))
        for rule, n in pools:
            if rule is not None and rule.maximum > n:
                raise RangeError(
                    _("scaling up to {m} replicas in a fleet of {n} cannot be.").format(
                        m=rule.maximum, n=n
                    )
                )


def _checked_span(span_s: float, serving: Serving) -> None:
    """Refuse times and energies that leave the range of the integer clock.

    Raises
    ------
    RangeError
    """
    if span_s > LONGEST_DAYS * 86_400:
        raise RangeError(
            _("{d:.0f} days of requests are longer than {most} days.").format(
                d=span_s / 86_400, most=LONGEST_DAYS
            ),
            _("simulate a part: the energy per request does not change"),
        )
    for model in (serving.replica, *([serving.writing.replica] if serving.writing else [])):
        check_energy(model, span_s)


def _integers(t_s: Array, prompt: Array, output: Array, serving: Serving) -> tuple[Load, Array]:
    """Requests as integers, and the numbers of those that fit into a replica."""
    room = serving.replica.limits.kv_tokens // serving.replica.limits.page_tokens
    page = serving.replica.limits.page_tokens
    other = None if serving.writing is None else serving.writing.replica.limits

    def fit(prompt: Any, length: Any) -> Any:
        enough = -(-length // page) <= room
        if other is not None:
            enough &= -(-length // other.page_tokens) <= other.kv_pages
            enough &= -(-prompt // page) <= room
        return enough

    most = (prompt.max(), output.max())
    if fit(
        most[0], sum(most)
    ):  # no request can be longer than the longest of both: none is looked at alone
        kept, longest = np.arange(len(prompt)), int(max(most))
    else:
        kept = np.flatnonzero(fit(prompt, prompt + output))
        longest = int(np.maximum(prompt, output)[kept].max(initial=0))
    if longest > LONGEST_REQUEST:
        raise RangeError(
            _("a request of {n} tokens is longer than {most}.").format(
                n=longest, most=LONGEST_REQUEST
            )
        )
    arrival = t_s * 1e12
    load = Load(
        np.rint(arrival, out=arrival).astype(np.int64),
        np.minimum(prompt, LONGEST_REQUEST).astype(np.int32),  # longer ones were rejected above
        np.minimum(output, LONGEST_REQUEST).astype(np.int32),
    )
    return load, kept


def _has_blocks(requests: Requests | Source, serving: Serving) -> bool:
    limits = serving.replica.limits
    blocks = requests.hash_ids if isinstance(requests, Requests) else None
    return blocks is not None and bool(limits.prefix_blocks or limits.prefix_in_pages)


def _load(requests: Requests, serving: Serving) -> tuple[Load, Array]:
    """All requests as integers, with their blocks where they are kept, and the numbers of those that fit."""
    _checked_span(requests.span_s, serving)
    load, kept = _integers(requests.t_s, requests.prompt_tokens, requests.output_tokens, serving)
    blocks = requests.hash_ids
    if blocks is not None and _has_blocks(requests, serving):
        _known, dense = np.unique(blocks.ids, return_inverse=True)
        load = load._replace(
            block_low=blocks.starts[:-1].astype(np.int64),
            block_n=np.diff(blocks.starts).astype(np.int32),
            block_id=dense.astype(np.int32),
        )
    return (load if len(kept) == len(requests) else load.part(kept)), kept


def in_parts(serving: Serving) -> bool:
    """Whether a fleet can be run without holding its requests: one pool, always on (and no blocks of prompts kept)."""
    return serving.writing is None and serving.scaling is None


def _one_pool(source: Source, serving: Serving) -> ServingRun:
    """One pool that is always on, its requests taken in parts; what becomes of them lies in columns, files if they are many."""
    _checked_span(source.span_s, serving)
    model, n = serving.replica, source.n
    bin_ps, together = inner_bins(serving.bin_s, serving.replicas, model)
    ttft, finish, own, shared = (column(n, np.int64) for _j in range(4))
    out = Outcome(ttft, finish, own, shared, column(n, np.int32))
    number, arrival = column(n, np.int64), column(n, np.int64)
    prompt, output = column(n, np.int32), column(n, np.int32)
    overhead = column(n, np.int64)
    columns = (*out, number, arrival, prompt, output, overhead)
    none = np.zeros(0, np.int32)
    nothing = Load(none.astype(np.int64), none, none)
    fleet = FleetWindow(
        model.costs, model.limits, serving.replicas, serving.routing, nothing, out,
        seed=serving.seed, bin_ps=bin_ps, last_ps=round(source.span_s * PS), report_ps=round(serving.load_report_s * PS),
        margin=serving.prefix_margin, threads=serving.threads,
    )  # fmt: skip
    came = served = 0
    for part in source.parts():
        load, kept = _integers(*part, serving)
        if len(kept) < len(part[0]):
            load = load.part(kept)
        rows = slice(served, served + len(kept))
        number[rows] = kept + came
        arrival[rows], prompt[rows], output[rows] = load.arrival, load.prompt, load.output
        came += len(part[0])
        served += len(kept)
        fleet.take_all(load)
        let_go(*columns)
    run = fleet.end()
    end_ps = max(round(source.span_s * PS), int(run.last_finish.max(initial=0)), 1)
    on = _on(None, arrival, run, serving.replicas, end_ps)
    account = _account(model.name, run, model, bin_ps, together, on, serving.replicas, end_ps)
    shares = OverheadShares(account.overhead_nj)
    spent = (run.own, run.shared, run.replica)
    for rows in slices(served, *spent):
        shares.weigh(run.own[rows] + run.shared[rows], run.replica[rows])
    for rows in slices(served, *spent, overhead):
        overhead[rows] = shares.shares(run.own[rows] + run.shared[rows], run.replica[rows])
    mine = slice(0, served)
    return ServingRun(
        number=number[mine],
        arrival_ps=arrival[mine],
        ttft_ps=run.ttft[mine],
        finish_ps=run.finish[mine],
        prompt=prompt[mine],
        output=output[mine],
        own_nj=run.own[mine],
        shared_nj=run.shared[mine],
        overhead_nj=overhead[mine],
        replica=run.replica[mine],
        pools=(account,),
        transfer_nj=0,
        rejected=came - served,
        span_ps=end_ps,
    )


def _account(
    name: str,
    run: FleetRun,
    model: ReplicaModel,
    bin_ps: int,
    together: int,
    on: tuple[Array, Array, Array],
    n_replica: int,
    end_ps: int,
) -> PoolAccount:
    who, begin, end = on
    on_ps = np.zeros(n_replica, np.int64)
    np.add.at(on_ps, who, end - begin)
    n_bin = -(-end_ps // bin_ps)
    return pool_account(
        name,
        busy_nj=run.states[:, sr.ENERGY].copy(),
        prefill_nj=run.states[:, sr.ENERGY_PREFILL].copy(),
        busy_ps=run.states[:, sr.BUSY].copy(),
        on_ps=on_ps,
        bins=run.bins,
        on_bins=on_time(begin, end, bin_ps, n_bin),
        bin_ps=bin_ps,
        together=together,
        idle_mw=model.idle_mw,
        host_idle_mw=model.host_idle_mw,
        host_ppm=model.host_ppm,
        counts=(
            run.total(sr.ITERATIONS),
            run.total(sr.EVENTS),
            run.total(sr.PREEMPTIONS),
            run.total(sr.HIT_TOKENS),
        ),
    )


def _on(
    plan: Sessions | None, arrival: Array, run: FleetRun, n_replica: int, end_ps: int
) -> tuple[Array, Array, Array]:
    """Replica, begin and end of each time a replica is on."""
    if plan is not None:
        return on_intervals(plan, arrival, run.finish, run.replica, end_ps)
    return (
        np.arange(n_replica),
        np.zeros(n_replica, np.int64),
        np.full(n_replica, end_ps, np.int64),
    )


IDLE_REPLICAS = 10_000
"""Replicas that any log may have; each takes some 9 kB of memory, so beyond them they follow the requests. [1]"""


def proportionate(n_replica: int, n_request: int) -> None:
    """Refuse a fleet whose memory has nothing to do with its work: most of it would never see a request.

    Raises
    ------
    RangeError
        If there are more than `IDLE_REPLICAS` replicas, and more than ten a request.
    """
    if n_replica > max(IDLE_REPLICAS, 10 * n_request):
        raise RangeError(
            _("{n} replicas for {k} requests: most would never serve one.").format(
                n=n_replica, k=n_request
            ),
            _(
                "at most {most} are simulated for them; --replicas auto takes as few as keep --slo"
            ).format(most=max(IDLE_REPLICAS, 10 * n_request)),
        )


def _whole(requests: Requests, serving: Serving) -> ServingRun:
    """Two pools, replicas that start and stop, or blocks of prompts: all requests at once."""
    load, kept = _load(requests, serving)
    model = serving.replica
    bin_ps, together = inner_bins(serving.bin_s, serving.replicas, model)
    if serving.writing is not None:
        wanted = inner_bins(serving.bin_s, serving.writing.replicas, serving.writing.replica)
        bin_ps, together = min((bin_ps, together), wanted)
    seen = (round(serving.load_report_s * PS), serving.prefix_margin)
    pool = Pool(model.costs, model.limits, serving.replicas, serving.routing, *seen)
    span_ps = round(requests.span_s * PS)
    run: FleetRun | SplitRun
    accounts: tuple[PoolAccount, ...]
    if serving.writing is None:
        plan = sessions(load.arrival, serving.scaling) if serving.scaling else None
        ready = None if plan is None else plan.ready_at(load.arrival)
        run = run_pool(load, pool, serving.seed, ready, bin_ps, serving.threads)
        end_ps = max(span_ps, int(run.finish.max(initial=0)), 1)
        on = _on(plan, load.arrival, run, serving.replicas, end_ps)
        accounts = (
            _account(model.name, run, model, bin_ps, together, on, serving.replicas, end_ps),
        )
        served_by = run.replica
        overhead = overhead_shares(accounts[0].overhead_nj, run.own + run.shared, run.replica)
        transfer = 0
    else:
        other = serving.writing
        run = run_split(
            load,
            pool,
            Pool(other.replica.costs, other.replica.limits, other.replicas, other.routing, *seen),
            round(other.hop_s * PS),
            round(other.token_s * PS),
            round(other.token_j * 1e9),
            serving.seed,
            bin_ps,
            serving.threads,
            (serving.scaling, other.scaling),
        )
        end_ps = max(span_ps, int(run.finish.max(initial=0)), 1)
        accounts = tuple(
            _account(name, part, m, bin_ps, together, _on(plan, came, part, n, end_ps), n, end_ps)
            for name, part, m, n, plan, came in (
                (_("reading"), run.reading, model, serving.replicas, run.plans[0], load.arrival),
                (_("writing"), run.writing, other.replica, other.replicas, run.plans[1], run.comes),
            )
        )
        # each pool's overhead goes to those it served, by what it spent on them
        overhead = overhead_shares(
            accounts[0].overhead_nj, run.reading.own + run.reading.shared, run.reading.replica
        )
        moved = run.moved
        spent = run.writing.own + run.writing.shared
        if len(moved):
            overhead[moved] += overhead_shares(accounts[1].overhead_nj, spent, run.writing.replica)
        elif len(overhead):
            nobody = np.full(len(overhead), other.replicas, np.int32)
            amounts = np.append(accounts[1].overhead_nj, 0)
            overhead += overhead_shares(amounts, run.own + run.shared, nobody)
        served_by = run.reading.replica.copy()
        served_by[moved] = run.writing.replica
        transfer = exact_sum(run.transfer)
    return ServingRun(
        number=kept,
        arrival_ps=load.arrival,
        ttft_ps=run.ttft,
        finish_ps=run.finish,
        prompt=load.prompt,
        output=load.output,
        own_nj=run.own,
        shared_nj=run.shared,
        overhead_nj=overhead,
        replica=served_by,
        pools=accounts,
        transfer_nj=transfer,
        rejected=len(requests) - len(kept),
        span_ps=end_ps,
    )


def simulate(requests: Requests | Source, serving: Serving) -> ServingRun:
    """Run requests through a fleet.

    Parameters
    ----------
    requests : Requests or Source
        In order of arrival. A source is not held in memory, and goes with one pool that is always on.
    serving : Serving
        The fleet.

    Returns
    -------
    ServingRun
        Latency and energy of each request, power over time; the energies sum exactly.

    Raises
    ------
    RangeError
        If lengths or times leave the range of the integer clock.

    Notes
    -----
    The clock counts picoseconds, energy nanojoules. Requests longer than the KV cache are rejected and
    counted. The account ends with the requests' span or the last finish, whichever is later.

    Examples
    --------
    One request that reads 3 tokens and writes 2, costs made up for the arithmetic:

    >>> from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
    >>> costs = IterationCosts.affine(4, (10**12, 0, 0, 10**11, 0), (5 * 10**9, 0, 0, 10**9, 0))
    >>> replica = ReplicaModel("made up", costs, ReplicaLimits(4, 100))
    >>> one = Requests(np.array([0.0]), np.array([3]), np.array([2]))
    >>> run = simulate(one, Serving(replica))
    >>> run.ttft_s, run.tpot_s, run.energy_nj / 1e9
    (array([1.3]), array([1.]), array([13.]))
    """
    source = source_of(requests) if isinstance(requests, Requests) else requests
    proportionate(serving.replicas, source.n)
    blocks = _has_blocks(requests, serving)
    if in_parts(serving) and not blocks:
        out = _one_pool(source, serving)
    elif isinstance(requests, Requests):
        out = _whole(requests, serving)
    else:
        raise RangeError(
            _("requests come in parts only to one pool that is always on."),
            _("simulate a shorter log in memory"),
        )
    notes = [replace(one, code=f"requests.{one.code}") for one in source.said()]
    if serving.routing == "prefix_aware" and not blocks:
        notes.append(
            Said(
                "routing.no_prefixes",
                N_(
                    "prefix-aware routing needs a prefix cache and requests with hashed blocks: without them it is least outstanding."
                ),
            )
        )
    return out.noted((*notes, *_told(out, serving)))


def _told(run: ServingRun, serving: Serving) -> list[Said]:
    """What a reader of the result must know."""
    notes = []
    if run.rejected:
        notes.append(
            Said(
                "requests.rejected",
                N_(
                    "{n} requests are longer than the KV cache of a replica ({t} tokens): rejected."
                ),
                {"n": run.rejected, "t": serving.replica.limits.kv_tokens},
            )
        )
    growth, late = run.queue
    if growth > 0:
        notes.append(
            Said(
                "queue.grows",
                N_(
                    "requests come faster than {n} replicas serve them: the queue grows by {g:.3g} requests "
                    "per second, to {q} when the last one comes."
                ),
                {"n": serving.replicas, "g": growth, "q": late},
            )
        )
    return notes


def smallest_fleet(
    requests: Requests, serving: Serving, level: ServiceLevel, most: int = 65_536
) -> tuple[int, ServingRun]:
    """Fewest replicas that keep a service level, and the run with them.

    Parameters
    ----------
    requests : Requests
    serving : Serving
        Its `replicas` is set here.
    level : ServiceLevel
    most : int
        Give up above this many.

    Returns
    -------
    replicas : int
        One fewer does not keep the level.
    run : ServingRun

    Raises
    ------
    RangeError
        If no number does: a single request on an idle replica is too slow, or too many are rejected.
    """
    if serving.scaling is not None or serving.writing is not None:
        raise RangeError(
            _("the smallest fleet is searched for one pool that is always on."),
            _("give a number: --replicas 4; or leave --prefill-replicas and --least-replicas out"),
        )
    runs: dict[int, ServingRun] = {}

    def keeps(n: int) -> bool:
        runs.clear()
        runs[n] = simulate(requests, replace(serving, replicas=n))
        return runs[n].attainment(level) >= level.share

    top = min(most, len(requests))
    low, high = 0, 1
    while not keeps(high):
        if high >= top:
            raise RangeError(
                _(
                    "no fleet keeps the service level: with {n} replicas {share:.2%} of requests do, "
                    "{want:.2%} must."
                ).format(n=high, share=runs[high].attainment(level), want=level.share),
                _(
                    "allow more time, or take a faster replica, a smaller batch, or shorter requests"
                ),
            )
        low, high = high, min(2 * high, top)
    best = runs[high]
    while high - low > 1:
        middle = (low + high) // 2
        if keeps(middle):
            high, best = middle, runs[middle]
        else:
            low = middle
    return high, best
