"""Which fleet do these names and numbers mean? From a model, machines and promises to a simulated service.

A `ServingCase` is plain text and numbers, so that a command line, a study or another process can hand it over;
`run_case` resolves the names, finds the fleet if it is asked to, and simulates.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, NamedTuple, cast

import numpy as np

from taotie.compute.energy.energy_per_request import corrected_energy_per_request_wh, model_error
from taotie.compute.energy.model_architecture import model_architecture, model_used
from taotie.compute.energy.reading_pool import reader_for
from taotie.compute.energy.served_precision import served_precision
from taotie.compute.energy.serving_setup import ServingSetup, checked_cut, smallest_replica
from taotie.compute.energy.setup_notes import not_measured
from taotie.compute.energy.steady_batch import largest_rate_per_s
from taotie.compute.metered.calibration import Calibration, calibration_of
from taotie.compute.serving.service import (
    ReplicaModel,
    ScalingRule,
    ServiceLevel,
    Serving,
    ServingRun,
    Speculation,
    WritingPool,
    replica_model,
    simulate,
    smallest_fleet,
)
from taotie.compute.serving.source import Source
from taotie.errors import MissingExtraError, RangeError
from taotie.hardware.accelerator import accelerator
from taotie.hardware.server import machine_notes
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.words.said import Said, labels
from taotie.workload.requests import Requests

__all__ = [
    "CaseRun",
    "ServingCase",
    "energy_range",
    "mean_energy_per_request",
    "miss_of",
    "run_case",
    "serving_of",
    "setup_of",
    "sweep",
]

PS = 10**12
KV_LINK_B_S = 50e9
"""Between pools, per accelerator: assumed, a 400 Gbit/s network card each."""


@dataclass(frozen=True)
class ServingCase:
    """A service in names and numbers.

    Parameters
    ----------
    model, accelerator : str
        Names of the tables.
    accelerators : int, optional
        Per replica; as few as hold the model if left out.
    precision, runtime : str
    replicas : int, optional
        Left out: as few as keep `level`.
    level : ServiceLevel, optional
    routing : str
    max_batch, token_budget : int
    chunked : bool
        See `ReplicaLimits`.
    prefix_cache_tokens : int, default 0
        Prompt tokens each replica remembers beside its KV cache. [token]
    acceptance_rate, drafted, draft_model : float, int, str
        Speculative decoding, off with `drafted` 0; without a model one layer of the model itself drafts.
    pipeline_stages : int
    prefill_replicas : int, default 0
        Replicas that only read prompts; `replicas` then only write.
    prefill_accelerator, prefill_accelerators : str, int, optional
        Machines of those that read, and how many hold a copy; default: as those that write.
    least_replicas : int, optional
        If given, replicas are started and stopped between this and `replicas`.
    scaling_window_s, startup_s, hold_windows, target_load : float, float, int, float
        How often the number is set, how long a start takes, how long a surplus must last, and the share of
        its largest rate that a replica is meant to carry.
    rate_scale : float, default 1
        Requests come so many times as fast; bursts keep their shape.
    bin_s, seed, threads, load_report_s, prefix_margin
        See `Serving`.
    prefix_in_pages : bool, default False
        Blocks of prompts that were read stay in the KV pages until pages run short, instead of
        `prefix_cache_tokens` beside them.
    calibration : Calibration, optional
        Measured over predicted energy of one's own machine: what the accelerators draw working is so many times the
        model's, and its range stands instead of the model's.
    data_parallel, expert_parallel, software_date
        See `ServingSetup`.
    """

    model: str = "llama-3.1-70b"
    accelerator: str = "h100-sxm"
    accelerators: int | None = None
    precision: str | None = None
    runtime: str = "vllm-0.11"
    replicas: int | None = None
    level: ServiceLevel | None = None
    routing: str = "least_outstanding"
    max_batch: int = 256
    token_budget: int = 2048
    chunked: bool = True
    prefix_cache_tokens: int = 0
    acceptance_rate: float = 0.0
    drafted: int = 0
    draft_model: str = ""
    pipeline_stages: int = 1
    prefill_replicas: int = 0
    prefill_accelerator: str = ""
    prefill_accelerators: int | None = None
    least_replicas: int | None = None
    scaling_window_s: float = 60.0
    startup_s: float = 120.0
    hold_windows: int = 5
    target_load: float = 0.7
    rate_scale: float = 1.0
    bin_s: float = 60.0
    seed: int = 0
    threads: int = 1
    load_report_s: float = 0.0
    prefix_margin: int = 8
    prefix_in_pages: bool = False
    calibration: Calibration | None = None
    data_parallel: int = 1
    expert_parallel: int = 0
    software_date: str = ""


def drafting(case: ServingCase) -> ServingSetup:
    """A replica of the case with its drafts, which the simulator itself counts apart.

    Raises
    ------
    RangeError
        If a draft model is given that drafts nothing, or gains nothing.
    """
    return replace(
        setup_of(case), draft_tokens=case.drafted, acceptance=case.acceptance_rate, draft_model=case.draft_model
    )  # fmt: skip


def speculation_of(case: ServingCase) -> Speculation | None:
    """How the case drafts; None if it does not.

    Examples
    --------
    One of the 80 layers of Llama 3.1 70B drafts:

    >>> speculation_of(ServingCase(drafted=4, acceptance_rate=0.7)).draft_share
    0.0125
    """
    setup = drafting(case)
    if not case.drafted:
        return None
    return Speculation(
        case.acceptance_rate, case.drafted, setup.draft_share / case.drafted, setup.drafter_b
    )


def miss_of(case: ServingCase, batch: float) -> Figure:
    """True over simulated energy: the energy model's own error, or what is left of it on a calibrated machine. [1]"""
    own = case.calibration
    if own is None:
        setup = drafting(case)
        if case.prefill_replicas:
            kind = setup.kind.replace("aggregated", "disaggregated")
            return model_error(setup, max(batch, 1.0), kind=kind)
        return model_error(setup, max(batch, 1.0))
    return leaf(
        "own_calibration.rest", low=own.next_low / own.factor, high=own.next_high / own.factor,
        spread="lognormal", unit="1", kind="measured", note=f"n={own.n}",
        label=labels(N_("true over calibrated energy, this machine")),
    )  # fmt: skip


def energy_range(case: ServingCase, batch: float) -> tuple[float, float]:
    """Between which factors of the simulated energy the true one lies, in nine cases of ten.

    From measured rows of model families the energy model was not fitted on, by batch band; or from one's own.
    """
    factor = miss_of(case, batch)
    return float(factor.p05), float(factor.p95)


class CaseRun(NamedTuple):
    """A case, the requests as they came, and what happened."""

    case: ServingCase
    requests: Requests | Source
    serving: Serving
    run: ServingRun
    wall_s: float
    """Of the last simulation alone. [s]"""

    def summary(self) -> dict[str, Any]:
        """The numbers of `taotie simulate --json`."""
        out = self.run.summary()
        n = len(self.run.number) + self.run.rejected
        rate = n / self.wall_s if self.wall_s > 0 else None
        out["simulated_requests_per_s"] = rate
        out["energy_range"] = energy_range(self.case, out["mean_batch"])
        if self.case.level is not None:
            out["slo_share_kept"] = self.run.attainment(self.case.level)
        out["notes"] = [note.text() for note in self.run.notes]
        return out


def mean_energy_per_request(done: Any) -> Figure:
    """Mean energy of a simulated request with the energy model's own error. [Wh/request, server]

    The load is taken as given: the range is that of the energy model, not of other days or other users.
    """
    summary = done.run.summary()
    mean_j = summary["energy_per_request_j"]["mean"]
    if mean_j is None:
        raise RangeError(_("no request was served: there is no energy per request."))
    case = done.case
    central = leaf(
        f"simulation.energy_per_request.{case.model}.{case.accelerator}.{mean_j:.6g}",
        unit="Wh/request",
        boundary="server",
        kind="modelled",
        value=mean_j / 3600.0,
        note=N_("simulated: {n} requests on {replicas} x {name}").format(
            n=summary["completed"], replicas=summary["replicas"], name=done.serving.replica.name
        ),
        label={"en": "Energy per request, simulated", "zh": "每次请求能耗（模拟）"},
    )
    factor = miss_of(case, summary["mean_batch"])
    figure: Any = corrected_energy_per_request_wh(central, factor)
    return cast(Figure, figure)


def faster(requests: Requests, scale: float) -> Requests:
    """Requests that come `scale` times as fast: the same bursts in less time.

    Raises
    ------
    RangeError
        If the factor is not above 0.
    """
    if not 0 < scale < float("inf"):
        raise RangeError(_("rate_scale={value} is not above 0.").format(value=scale))
    if scale == 1.0:
        return requests
    return replace(requests, t_s=requests.t_s / scale, span_s=requests.span_s / scale)


def setup_of(case: ServingCase) -> ServingSetup:
    """Model and accelerators of one replica.

    Raises
    ------
    UnknownNameError
        If a name is not in the tables.
    RangeError
        If the accelerators cannot be divided so.
    """
    model, chip = model_architecture(case.model), accelerator(case.accelerator)
    precision, _said = served_precision(model, chip, case.precision)
    n = case.accelerators or smallest_replica(model, chip, precision)
    if case.accelerators:
        checked_cut(model, n, case.data_parallel, f"--on {chip.name}:{{n}}")
    return ServingSetup(
        model,
        chip,
        n,
        precision,
        case.runtime,
        data_parallel=case.data_parallel,
        expert_parallel=case.expert_parallel,
        software_date=case.software_date,
    )


def reader_of(case: ServingCase, setup: ServingSetup, prompt_tokens: float) -> ServingSetup | None:
    """A replica of the pool that only reads, where it has machines of its own.

    Raises
    ------
    RangeError
        If it has machines but no number of replicas.
    """
    if not case.prefill_accelerator:
        return None
    if not case.prefill_replicas:
        raise RangeError(
            _("machines that only read prompts are given, but not how many replicas of them."),
            "--prefill-replicas 1",
        )
    return reader_for(setup, case.prefill_accelerator, case.prefill_accelerators, prompt_tokens)


def setup_said(case: ServingCase) -> tuple[Said, ...]:
    """Which model was used, in which format, and what of the machines is assumed."""
    model, chip = model_architecture(case.model), accelerator(case.accelerator)
    setup = drafting(case)
    reader = reader_of(case, setup, 0.0)
    said = [
        *model_used(model),
        *served_precision(model, chip, case.precision)[1],
        *machine_notes(chip),
        *not_measured(setup),
    ]
    if reader is not None and reader.accelerator.name != chip.name:
        said += [
            *served_precision(model, reader.accelerator, setup.precision)[1],
            *machine_notes(reader.accelerator),
        ]
    if reader is not None:
        said += not_measured(reader)
    return tuple({(s.code, str(s.values)): s for s in said}.values())


def serving_of(
    case: ServingCase, mean_prompt: float, mean_output: float, block_tokens: int = 512
) -> Serving:
    """The fleet a case describes, with `replicas` 1 where the number is left open.

    Parameters
    ----------
    case : ServingCase
    mean_prompt, mean_output : float
        Lengths around which the cost tables are most exact. [token]
    block_tokens : int, default 512
        Prompt tokens of one block of the log's prefix hashes. [token]

    Raises
    ------
    TaotieError
        If a name is unknown or the model does not fit.
    """
    context = mean_prompt + mean_output / 2.0
    setup = setup_of(case)
    n = setup.accelerators_per_replica
    blocks = case.prefix_cache_tokens // block_tokens
    draft = speculation_of(case)

    def made(kind: ServingSetup) -> ReplicaModel:
        found = replica_model(
            kind,
            prompt_tokens=mean_prompt,
            output_tokens=mean_output,
            max_batch=case.max_batch,
            token_budget=case.token_budget,
            chunked=case.chunked,
            prefix_blocks=blocks,
            prefix_block_tokens=block_tokens,
            speculation=draft if kind is setup else None,
            pipeline_stages=case.pipeline_stages,
        )
        if case.calibration is not None and kind.accelerator.name == setup.accelerator.name:
            found = found.drawing(calibration_of(case.calibration, setup).factor)
        if case.prefix_in_pages:
            found = replace(found, limits=replace(found.limits, prefix_in_pages=True))
        return found

    replica = made(setup)
    serving = Serving(
        replica,
        case.replicas or 1,
        case.routing,
        bin_s=case.bin_s,
        seed=case.seed,
        threads=case.threads,
        load_report_s=case.load_report_s,
        prefix_margin=case.prefix_margin,
    )
    reader = reader_of(case, setup, mean_prompt)
    if case.prefill_replicas:
        token_b = setup.cache_b(context) / context
        links = n if reader is None else min(n, reader.accelerators_per_replica)
        writing = WritingPool(
            replica, case.replicas or 1, case.routing, token_s=token_b / (links * KV_LINK_B_S)
        )
        serving = replace(serving, replicas=case.prefill_replicas, writing=writing)
        if reader is not None:
            serving = replace(serving, replica=made(reader))
    if case.least_replicas is not None:
        rates = [largest_rate_per_s(setup, mean_prompt, mean_output, case.max_batch)]
        if serving.writing is not None:
            # a request's share of a full replica's time is that of reading and that of writing it
            reads = reader or setup
            reading = largest_rate_per_s(reads, mean_prompt, 1.0, case.max_batch)
            rates = [
                reading,
                largest_rate_per_s(setup, mean_prompt, mean_output, case.max_batch, reads=False),
            ]
        rules = [
            _scaling_rule(case, rate, most)
            for rate, most in zip(rates, (serving.replicas, case.replicas or 1), strict=False)
        ]
        serving = replace(serving, scaling=rules[0])
        if serving.writing is not None:
            serving = replace(serving, writing=replace(serving.writing, scaling=rules[1]))
    return serving


def _scaling_rule(case: ServingCase, rate_per_s: float, most: int) -> ScalingRule:
    least = case.least_replicas or 1
    if least > most:
        raise RangeError(
            _("least_replicas={least} is more than the replicas there are, {most}.").format(
                least=least, most=most
            ),
            f"--replicas {least}",
        )
    return ScalingRule(
        round(case.scaling_window_s * PS),
        case.target_load * rate_per_s * case.scaling_window_s,
        least,
        most,
        round(case.startup_s * PS),
        case.hold_windows,
    )


def typical_lengths(requests: Requests, setup: ServingSetup) -> tuple[float, float]:
    """Mean prompt and answer of the requests whose cache fits at all; the others are rejected anyway. [token]"""
    kept: Any = slice(None)
    most = float(requests.prompt_tokens.max() + requests.output_tokens.max())
    if setup.cache_b(most) > setup.cache_room_b:  # the longest of both, or one that has both
        total = requests.prompt_tokens + requests.output_tokens
        ordered = np.unique(total).tolist()
        fits = bisect_right(ordered, setup.cache_room_b, key=lambda n: setup.cache_b(float(n)))
        if fits:  # with none the means of all say what is missing
            kept = total <= ordered[fits - 1]
    return float(requests.prompt_tokens[kept].mean()), float(requests.output_tokens[kept].mean())


def fitting_lengths(source: Source, setup: ServingSetup) -> tuple[float, float]:
    """`typical_lengths` of requests that come in parts. [token]"""
    most, high = 0, 1
    while high < 1 << 40 and setup.cache_b(float(high)) <= setup.cache_room_b:
        most, high = high, 2 * high
    if high < 1 << 40:
        inside = range(most, high)
        most += bisect_right(inside, setup.cache_room_b, key=lambda n: setup.cache_b(float(n))) - 1
    return source.mean_lengths(float(most))


def run_case(requests: Requests | Source, case: ServingCase) -> CaseRun:
    """Simulate a case; find the smallest fleet first if the number of replicas is left open.

    Raises
    ------
    TaotieError
        If a name is unknown, the model does not fit, or no fleet keeps the service level.
    """
    if case.replicas is None and case.level is None:
        raise RangeError(
            _("neither a number of replicas nor a service level is given."),
            _("--replicas 4, or --slo ttft=1s,tpot=50ms"),
        )
    block_tokens = 512
    if isinstance(requests, Source):
        lengths = fitting_lengths(requests, setup_of(case))
    else:
        requests = faster(requests, case.rate_scale)
        lengths = typical_lengths(requests, setup_of(case))
        if requests.hash_ids is not None:
            block_tokens = requests.hash_ids.block_tokens
    serving = serving_of(case, *lengths, block_tokens=block_tokens)
    if case.replicas is None and case.level is not None and isinstance(requests, Requests):
        n, _run = smallest_fleet(requests, serving, case.level)
        serving = replace(serving, replicas=n)
    begin = time.perf_counter()
    run = simulate(requests, serving)
    return CaseRun(case, requests, serving, run, time.perf_counter() - begin)


def _summary(requests: Requests, case: ServingCase) -> dict[str, Any]:
    out = run_case(requests, case).summary()
    # the same on every machine: the clock of the machine does not belong to the result
    del out["simulated_requests_per_s"]
    return out


def sweep(
    requests: Requests, cases: Iterable[ServingCase], processes: int = 1, cluster: str = ""
) -> list[dict[str, Any]]:
    """Summaries of many cases, in their order, on several processes or machines.

    Parameters
    ----------
    requests : Requests
        The same for all cases (`rate_scale` may differ).
    cases : iterable of ServingCase
    processes : int, default 1
        Processes of this machine. The result does not depend on it.
    cluster : str, optional
        Address of a Dask scheduler whose workers have taotie installed; used instead of processes.

    Raises
    ------
    MissingExtraError
        If a cluster is given and the package `distributed` is not installed.
    RangeError
        If the cluster does not answer.
    """
    jobs = list(cases)
    if cluster:
        return _on_cluster(requests, jobs, cluster)
    if processes <= 1 or len(jobs) <= 1:
        return [_summary(requests, case) for case in jobs]
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=context) as pool:
        return list(pool.map(_summary, [requests] * len(jobs), jobs))


def _on_cluster(requests: Requests, cases: list[ServingCase], address: str) -> list[dict[str, Any]]:
    try:
        dask = import_module("distributed")
    except ImportError:
        raise MissingExtraError("distributed", "cluster") from None
    try:
        client = dask.Client(address, timeout="20s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise RangeError(
            _("no Dask scheduler answers at {address}: {why}").format(
                address=address, why=reason(error).splitlines()[0]
            ),
            "--cluster tcp://host:8786",
        ) from error
    with client:
        # not pure: a worker that is lost makes the case run again elsewhere, with the same result
        there = client.scatter(requests, broadcast=True)
        futures = [client.submit(_summary, there, case, pure=False) for case in cases]
        return [dict(out) for out in client.gather(futures)]
