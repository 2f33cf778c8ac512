"""What does a service of a language model draw? From requests and their lengths to energy at the plug and load by hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from taotie.compute.energy.energy_per_request import request_energy
from taotie.compute.energy.kept_promise import replicas_kept
from taotie.compute.energy.model_architecture import beside, model_architecture, model_used
from taotie.compute.energy.reading_pool import reader_for, reading_day
from taotie.compute.energy.served_precision import served_precision
from taotie.compute.energy.serving_setup import ServingSetup, checked_cut, smallest_replica
from taotie.compute.energy.setup_notes import not_measured
from taotie.compute.energy.steady_batch import DEFAULT_LARGEST_BATCH, reading_rate_per_s
from taotie.compute.energy.whole_replicas import largest_kept_batch, load_state, served_day
from taotie.compute.metered.calibration import calibration_for
from taotie.compute.serving.service import ServiceLevel
from taotie.compute.serving.slice import kept_share
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.hardware.machines import machines
from taotie.hardware.server import machine_notes
from taotie.quantity.figure import Figure, exact, key_of_part, leaf
from taotie.quantity.profile import Profile
from taotie.study.asked import Asked
from taotie.study.closed_service import closed_of, closed_service, is_closed_model
from taotie.study.kinds import LIVE, TOKENS
from taotie.study.request_parts import (
    HARDWARE_OF_WRITERS,
    Lengths,
    idle_power,
    mean_figures,
    request_parts,
    two_pools,
)
from taotie.study.service_machines import ChatService, load_by_hour, machines_kept
from taotie.study.simulated_service import (
    Simulated,
    sampler,
    simulated_service,
    waiting_share,
    whole_replicas,
)
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import labels

PROMISE = "ttft=1s,tpot=50ms"


@dataclass(frozen=True)
class Readers:
    """Machines that only read prompts, over the day of the service."""

    setup: ServingSetup
    replicas: Figure
    busy: Figure
    hourly_busy: np.ndarray
    """Share of each hour in which a replica reads, shape (24,)."""


@dataclass(frozen=True)
class Served:
    """The machines of the service over its day."""

    replicas: Figure
    batch: Figure
    busy: Figure
    hourly_batch: np.ndarray
    """Batch by hour, shape (24,)."""
    hourly_busy: np.ndarray
    """Share of each hour in which a replica serves anybody, shape (24,)."""
    simulated: Simulated | None = None
    readers: Readers | None = None
    """The pool that reads the prompts, where those above only write."""
    redundancy: int = 0
    given_back: bool = False
    """Whether replicas without work are switched off."""


@step("setup", "served", kinds=LIVE)
def serving(walk: Walk, asked: Asked) -> tuple[ServingSetup | None, Served | None]:
    """Model and machines, and the service on them: whole replicas, how full they are and how long they wait.

    The service is simulated, a slice of its fleet at each hour's load; `serving = "mean-request"` leaves it at the
    closed form. Neither is known of a closed model.

    Raises
    ------
    StudyError
        If the study names something unknown or impossible.
    """
    with walk.at("compute"):
        if closed_of(walk) is not None:
            return None, None
        setup = setup_of(walk, longest_held(asked))
        utilization = walk.figure(
            "compute.utilization",
            lambda: leaf(
                "assumed.utilization_within_promise",
                low=0.8, mode=0.93, high=0.99, unit="1", kind="assumed",
                note=(
                    N_("share of the largest rate that keeps the time per token, in use at the busiest hour: what the "
                    "smallest simulated fleets that keep a promise reach")
                ),
                label={"en": "Utilization at the busiest hour", "zh": "高峰小时利用率"},
            ),
            N_("as few replicas as keep the promise: they run at 0.8 to 0.99 of their largest rate in the busiest hour"),
        )  # fmt: skip
        served = _served(walk, setup, asked, utilization)
    return setup, served


@step("service", "it_load", kinds=TOKENS)
def service_energy(
    walk: Walk, asked: Asked, setup: ServingSetup | None, served: Served | None
) -> tuple[ChatService, Profile]:
    """Energy of the mean request by part, the machines, and their load by hour."""
    with walk.at("compute"):
        if setup is None or served is None:
            model = closed_of(walk)
            assert model is not None
            return closed_service(walk, asked, model)
        parts = _energies(walk, setup, asked, served)
        course = _course(walk, setup, asked, served)
        found = parts["accelerator"].joined("server", parts["host"] + parts["idle"])
        beside = None
        if served.readers is not None:
            pool = served.readers
            beside = (pool.setup.accelerator, pool.replicas, pool.setup.accelerators_per_replica)
        waiting = machines_kept(
            walk, setup.accelerator, served.replicas, setup.accelerators_per_replica,
            (asked.per_day * found).to("W"), course,
            redundancy=served.redundancy, given_back=served.given_back, readers=beside,
        )  # fmt: skip
        if waiting is not None:
            added = (waiting / asked.per_day).to("Wh/request").with_boundary("server")
            parts["idle"] = parts["idle"] + added
        parts["idle"] = walk.keep("energy_idle", parts["idle"], N_("Waiting servers"))
        found = parts["accelerator"].joined("server", parts["host"] + parts["idle"])
        server_energy = walk.keep(
            "energy_per_request_server", found, N_("Energy per request at the server's plug")
        )
        it_load = load_by_hour(walk, asked.per_day, server_energy, course)
        quantiles = None  # of a cached prompt nobody knows how the cached part spreads
        if asked.cached is None:
            quantiles = _over_requests(setup, asked, served.batch.p50, walk.study.seed)
    return ChatService(server_energy, parts, it_load, quantiles), it_load


# ---- compute ---------------------------------------------------------------------------------------


def setup_of(walk: Walk, longest: float = 8192.0) -> ServingSetup:
    """Model and machines, as few as hold it and requests of so many tokens."""
    given = walk.study.compute
    model_name = walk.choice(
        "compute.model",
        given.model,
        "llama-3.1-70b",
        N_("an open model of 70 billion parameters, of the size served widely in 2024"),
    )
    chip_name = walk.choice(
        "compute.accelerator",
        given.accelerator,
        "h100-sxm",
        N_("the accelerator most delivered in 2023 and 2024"),
    )
    model_name = beside(model_name, walk.file.path)
    if is_closed_model(model_name):
        raise RangeError(
            _(
                "{model} is closed: a study of kind {kind} needs a model whose shape is known."
            ).format(model=model_name, kind=repr(walk.study.workload.kind)),
            _('kind = "chat" takes closed models, or model = "deepseek-v3"'),
        )
    model = model_architecture(model_name)
    chip = accelerator_named(chip_name)
    precision = walk.choice(
        "compute.precision",
        given.precision,
        model.precision_native,
        N_("the precision the model was published in"),
    )
    precision, notes = served_precision(model, chip, precision)
    for note in (*model_used(model), *notes, *machine_notes(chip)):
        walk.say(note)
    runtime = walk.choice(
        "compute.runtime",
        given.runtime,
        "vllm-0.11",
        N_("the newest serving software our coefficients are fitted on"),
    )
    n = given.accelerators_per_replica
    if n is None:
        n = walk.choice(
            "compute.accelerators_per_replica",
            None,
            smallest_replica(model, chip, precision, longest),
            N_("fewest that hold the weights and a few long requests"),
        )
    else:
        checked_cut(model, n, given.data_parallel or 1, "accelerators_per_replica = {n}")
    for name in ("acceptance", "draft_model"):
        if getattr(given, name) is not None and not given.draft:
            raise RangeError(
                _("{name} says nothing where no token is drafted.").format(name=name), "draft = 3"
            )
    drafter = beside(given.draft_model, walk.file.path) if given.draft_model else ""
    acceptance = 0.0
    if given.draft:
        acceptance = walk.choice(
            "compute.acceptance", given.acceptance, 0.7, N_("the share usually accepted of a draft")
        )
    setup = ServingSetup(
        model, chip, accelerators_per_replica=n, precision=precision, runtime=runtime,
        data_parallel=given.data_parallel or 1, expert_parallel=given.expert_parallel or 0,
        draft_tokens=given.draft or 0, acceptance=acceptance, draft_model=drafter, software_date=given.software_date or "",
    )  # fmt: skip
    for note in not_measured(setup):
        walk.say(note)
    return setup


def reader_of(walk: Walk, setup: ServingSetup, longest: float) -> ServingSetup | None:
    """A replica of the pool that only reads prompts, where the study has one."""
    given = walk.study.compute
    if given.prefill_on is None and given.prefill_replicas is None:
        return None
    if given.prefill_on is None:  # read on the machines they are written on
        chip, count = setup.accelerator.name, setup.accelerators_per_replica
    else:
        chip, number = machines(given.prefill_on, "prefill_on", in_a_file=True)
        count = number or 0
    reader = reader_for(setup, chip, count or None, longest)
    walk.say(two_pools(reader))
    for note in not_measured(reader):
        walk.say(note)
    if reader.accelerator.name != setup.accelerator.name:
        walk.say(HARDWARE_OF_WRITERS)
    return reader


def readers_of(
    walk: Walk, reader: ServingSetup, asked: Asked, utilization: Figure, redundancy: int
) -> Readers:
    """Replicas that read the prompts of a service: those the study names, or as few as the load asks for."""
    given = walk.study.compute.prefill_replicas
    p, _o = central(asked.means)
    cached = share_cached(asked)
    unusual: dict[str, Any] = reader.unusual() | ({"cached": cached} if cached else {})
    made = reading_day(
        asked.per_day, utilization, asked.peak,
        prompt=p, model=reader.model.reference or reader.model.name, accelerator=reader.accelerator.name,
        accelerators_per_replica=reader.accelerators_per_replica, precision=reader.precision,
        runtime=reader.runtime, redundancy=redundancy, replicas=given or 0, **unusual,
    )  # fmt: skip
    if given is None:
        walk.choice(
            "compute.prefill_replicas",
            None,
            int(made.replicas.p50),
            N_("as few as read the prompts of the busiest hour"),
        )
    replicas = walk.keep(
        "prefill_replicas", made.replicas, N_("Replicas in service that only read prompts")
    )
    rate = asked.per_day.to("request/d").p50 / 86_400.0 * asked.day.share * 24.0
    one = reading_rate_per_s(reader, p, cached)
    hourly = np.minimum(rate / (float(replicas.p50) * one), 1.0)
    return Readers(reader, replicas, made.busy_share, hourly)


def _served(walk: Walk, setup: ServingSetup, asked: Asked, utilization: Figure) -> Served:
    """Whole replicas, how full and how busy they are, as figures and by hour."""
    reader = reader_of(walk, setup, longest_held(asked))
    reads = reader is None
    requests_per_day, day, peak = asked.per_day, asked.day, asked.peak
    cached = share_cached(asked)
    given = walk.study.compute
    p, o = central(asked.means)
    redundancy = walk.choice(
        "compute.redundancy", given.redundancy, 0, N_("no replica is held ready beyond the load")
    )
    fixed = given.batch_size if isinstance(given.batch_size, float | int) else None
    room = float(setup.largest_batch(p + o / 2.0))
    if fixed is not None and fixed > room:
        walk.warn(
            "batch_limited",
            N_(
                "memory holds {limit} requests at once, not {batch:g}: {limit} are decoded together."
            ),
            limit=int(room),
            batch=fixed,
        )
        fixed = room
    most = DEFAULT_LARGEST_BATCH if fixed is None else max(round(fixed), 1)
    promise = given.slo
    if given.slo is not None:
        most = min(
            most,
            largest_kept_batch(setup, p, o, ServiceLevel.parsed(given.slo).tpot_s, cached, reads),
        )
    elif fixed is None and given.utilization is None:
        promise = walk.choice(
            "compute.slo", None, PROMISE, N_("what users of a chat service usually get")
        )
        try:
            most = largest_kept_batch(
                setup, p, o, ServiceLevel.parsed(promise).tpot_s, cached, reads
            )
        except RangeError as error:
            walk.warn(
                "promise_not_kept",
                N_(
                    "The usual promise {promise} cannot be kept: {why} Replicas run as full as they can."
                ),
                promise=promise,
                why=error.message,
            )
    names: dict[str, Any] = {
        "prompt": p,
        "output": o,
        "model": setup.model.reference or setup.model.name,
        "accelerator": setup.accelerator.name,
        "accelerators_per_replica": setup.accelerators_per_replica,
        "precision": setup.precision,
        "runtime": setup.runtime,
        "max_batch": most,
        "redundancy": redundancy,
        **({"cached": cached} if cached else {}),
        **({} if reads else {"reads": False}),
        **setup.unusual(),
    }
    readers = None
    if reader is not None:
        readers = readers_of(walk, reader, asked, utilization, redundancy)
    work = work_of(setup, asked, float(most), reads)
    made = served_day(work, utilization, peak, day.share, **names)
    simulated = None
    is_simulated = fixed is None and _is_simulated(walk, asked, reader is not None)
    # two pools do not hold each other up, and of a cached prompt nobody knows how the cached part spreads
    plain = fixed is None and reader is None and asked.cached is None
    if plain and not is_simulated and promise is not None:
        level, found = ServiceLevel.parsed(promise), int(made.replicas.p50) - redundancy
        needed = _kept_by(walk, setup, asked, level, most, found)
        if needed is not None:
            busiest = requests_per_day.to("request/d").p50 / 86_400.0 * peak.p50
            names["kept_rate_per_s"] = busiest / needed
            made = served_day(work, utilization, peak, day.share, **names)
    if is_simulated:
        walk.tell(_("simulating the service"))
        drawn = sampler(asked.requests, asked.lengths, p, o)
        simulated = simulated_service(
            walk, setup, drawn, (p, o), requests_per_day.to("request/d").p50, day.share,
            int(made.replicas.p50), promise, given.utilization is None, redundancy,
        )  # fmt: skip
    count = made.replicas
    if simulated is not None and simulated.replicas_ratio.p50 != 1.0:
        count = whole_replicas(made.replicas, simulated.replicas_ratio)
    replicas = walk.figures["replicas"] = count  # kept once the busiest hour's draw is known
    one = float(replicas.p50)
    rate = requests_per_day.to("request/d").p50 / 86_400.0 * day.share * 24.0 / one
    hour = load_state(setup, rate, p, o, most, cached, reads)
    if fixed is not None:
        batch = leaf(
            "study.compute.batch_size", value=float(fixed), unit="1", kind="assumed",
            note=N_("given by the study file"), label={"en": "Batch", "zh": "批大小"},
        )  # fmt: skip
        walk.keep("batch", batch, N_("Requests decoded together"))
        # an operator who holds a batch switches replicas off; a lone one stays on and waits
        busy = made.busy_share if replicas.p95 <= 1 else exact(1.0, "1", "busy_share")
        share = hour.busy_share if replicas.p95 <= 1 else np.ones(len(day.share))
        held = np.full(len(day.share), float(fixed))
        return Served(
            replicas, batch, busy, held, share, readers=readers, redundancy=redundancy,
            given_back=bool(replicas.p95 > 1),
        )  # fmt: skip
    if given.batch_size is None:
        walk.choice(
            "compute.batch_size",
            None,
            "load",
            N_(
                "the batch at which replicas settle under the load (Little's law), within a factor of two"
            ),
        )
    around = leaf(
        "batch_from_load", low=0.5, high=2.0, spread="lognormal", unit="1", kind="estimated",
        note=(
            N_("true over computed batch: bursts, routing and the number of replicas held ready are not known, hence a "
            "factor of two either way")
        ),
        label={"en": "True over computed batch", "zh": "批大小真实值与计算值之比"},
    )  # fmt: skip
    closed = made.batch
    busy = made.busy_share
    if simulated is not None:
        closed = closed * leaf(
            key_of_part("simulated_over_mean_request.batch"), value=simulated.slice.batch / closed.p50, unit="1", kind="modelled",
            note=N_("batch the requests of the simulated day meet, over that of the closed form"),
            label=labels(N_("Simulated over mean request: batch")),
        )  # fmt: skip
        whole = exact(1.0, "1", "whole_time")
        busy = whole - waiting_share(whole - busy, 1.0 - simulated.slice.busy_share)
    batch = walk.keep("batch", closed * around, N_("Requests decoded together"))
    if replicas.p50 >= 100:
        walk.note(
            "divisible",
            N_("The fleet is so large ({n} replicas) that whole replicas make no difference."),
            n=f"{replicas.p50:.0f}",
        )
    walk.keep("busy_share", busy, N_("Share of the time in which replicas serve requests"))
    return Served(
        replicas, batch, busy, hour.batch, hour.busy_share, simulated, readers, redundancy
    )


def _kept_by(
    walk: Walk, setup: ServingSetup, asked: Asked, level: ServiceLevel, most: int, found: int
) -> int | None:
    """Replicas that keep a promise to nearly every request, where the mean request would do with fewer."""
    hourly = asked.per_day.to("request/d").p50 / 86_400.0 * asked.day.share * 24.0
    drawn = sampler(asked.requests, asked.lengths, *central(asked.means))
    share = kept_share(level, asked.per_day.to("request/d").p50)
    try:
        needed = replicas_kept(
            setup, drawn, hourly, level.ttft_s, level.tpot_s, share, most, max(found, 1)
        )
    except RangeError as error:
        walk.warn(
            "promise_of_all_not_kept_closed",
            N_("{why} The fleet is that of the mean request."),
            why=error.message,
        )
        return None
    if needed <= found:
        return None
    walk.note(
        "promise_binds",
        N_("The promise binds tightly: the mean request would do with {found} replicas, {share:.0%} of the requests need about {needed}; a closed form finds the fleet within a factor of two, a simulation better."),
        found=found, needed=needed, share=level.share,
    )  # fmt: skip
    return needed


def central(lengths: Lengths) -> tuple[float, float]:
    """Median of the mean prompt and of the mean answer. [token]"""
    return (
        lengths.prompt.to("token/request").p50,
        lengths.output.to("token/request").p50,
    )


def work_of(setup: ServingSetup, asked: Asked, batch: float, reads: bool = True) -> Figure:
    """Requests a day, each counted as so many of the mean length as its own length holds a replica. [request/d]

    The number of replicas is found for the mean lengths; where these have a range, so has the number.
    """
    if asked.means.prompt.is_exact and asked.means.output.is_exact and _whole(asked.cached):
        return asked.per_day
    one = exact(1.0, "1", "busy")
    held = mean_figures(
        setup, asked.means, exact(batch, "1", f"largest_batch_{batch:g}"), one, asked.cached or 0.0,
        "both" if reads else "write",
    ).replica_s  # fmt: skip
    return asked.per_day * (held / exact(held.p50, held.unit, f"held_by_the_middle_{held.p50:.6g}"))


def _whole(figure: Figure | None) -> bool:
    return figure is None or figure.is_exact


def longest_held(asked: Asked) -> float:
    """Tokens a replica must hold of one request: as of chat, or all of a long context. [token]"""
    return max(8192.0, float(asked.means.context.to("token/request").samples.max()))


def share_cached(asked: Asked) -> float:
    """Median share of the prompt whose cache is at hand. [1]"""
    return 0.0 if asked.cached is None else float(asked.cached.to("1").p50)


def _is_simulated(walk: Walk, asked: Asked, two: bool) -> bool:
    given = walk.study.compute.serving
    if two:
        if given == "simulated":
            raise RangeError(
                _("serving = 'simulated' knows one pool, which reads and writes."),
                _("leave it out; taotie simulate LOG --prefill-replicas 2 simulates two pools"),
            )
        walk.choice(
            "compute.serving",
            given,
            "mean-request",
            N_("the closed form: a slice of the fleet is simulated of one pool only"),
        )
        walk.note(
            "closed_form_two_pools",
            N_("Priced in closed form, not simulated: how prompts queue for the machines that read them is not seen."),
        )  # fmt: skip
        return False
    if asked.cached is not None:
        if given == "simulated":
            raise RangeError(
                _("serving = 'simulated' does not know where a cached prompt comes from."),
                _("leave it out; taotie simulate conversations --prefix-cache N simulates a cache"),
            )
        walk.choice(
            "compute.serving",
            given,
            "mean-request",
            N_("the closed form: a slice of the fleet does not know whose cache is at hand"),
        )
        walk.note(
            "closed_form",
            N_("Priced in closed form, not simulated: bursts are not seen, nor where a cached prompt lies."),
        )  # fmt: skip
        return False
    chosen = walk.choice(
        "compute.serving",
        given,
        "simulated",
        N_(
            "a slice of the fleet is simulated at each hour's load; mean-request is the closed form"
        ),
    )
    return chosen == "simulated"


def _energies(walk: Walk, setup: ServingSetup, asked: Asked, served: Served) -> dict[str, Figure]:
    lengths, hit = asked.means, 0.0 if asked.cached is None else asked.cached
    kept = walk.study.compute.calibrate
    own = calibration_for(walk.file.path.parent / kept, setup) if kept else None
    always = exact(1.0, "1", "busy")
    pool = served.readers
    reader = None if pool is None else pool.setup
    made = request_parts(setup, lengths, served.batch, always, hit, own, reader)
    mean = mean_figures(setup, lengths, served.batch, always, hit)

    def over(part: str, priced: Figure, closed: Figure) -> Figure:
        """A part as the simulation has it: the closed form moved to it."""
        return priced if served.simulated is None else priced * served.simulated.over(part, closed)

    # replicas that wait draw power, whoever's requests they wait for: shared by all of the day
    waiting = exact(1.0, "1", "whole_time") - served.busy
    drawn = served.replicas * waiting * idle_power(setup)
    if pool is not None:
        drawn = drawn + pool.replicas * (exact(1.0, "1", "whole_time") - pool.busy) * idle_power(
            pool.setup
        )
    idle = (drawn / asked.per_day).to("Wh/request")
    named = (
        (
            "prefill",
            over("prefill", made.prefill, mean.prefill_wh),
            N_("Reading the prompt (prefill)"),
        ),
        ("decode", over("decode", made.decode, mean.decode_wh), N_("Writing the answer (decode)")),
        (
            "host",
            over("host", made.host, mean.host_wh),
            N_("Host: processors, memory, fans, network"),
        ),
    )
    parts = {part: walk.keep(f"energy_{part}", figure, label) for part, figure, label in named}
    parts["idle"] = walk.figures["energy_idle"] = idle.with_boundary("server")
    parts["accelerator"] = walk.keep(
        "energy_per_request_accelerator",
        parts["prefill"] + parts["decode"],
        N_("Energy per request, accelerators alone"),
    )
    return parts


def _course(walk: Walk, setup: ServingSetup, asked: Asked, served: Served) -> np.ndarray:
    """IT load by hour over its mean: what requests take at that hour's batch, and the draw of replicas that wait."""
    if served.simulated is not None:
        shape = served.simulated.slice.hourly_power_w
        return np.asarray(shape / shape.mean())
    p, o = (walk.figures[key].to("token/request").p50 for key in ("prompt_tokens", "output_tokens"))
    energy = request_energy(setup, p, o, np.maximum(served.hourly_batch, 1.0)).server_wh
    active = asked.per_day.to("request/d").p50 * asked.day.share * energy
    waiting = served.replicas.p50 * idle_power(setup).to("W").p50 * (1.0 - served.hourly_busy)
    pool = served.readers
    if pool is not None:
        waiting = waiting + pool.replicas.p50 * idle_power(pool.setup).to("W").p50 * (
            1.0 - pool.hourly_busy
        )
    if (asked.cached is not None or pool is not None) and waiting.any():
        # the course of both is known, their weights are those of the priced request
        own = {k: walk.figures[f"energy_{k}"].p50 for k in ("prefill", "decode", "host", "idle")}
        active = active / active.mean() * (own["prefill"] + own["decode"] + own["host"])
        waiting = waiting / waiting.mean() * own["idle"]
    shape = active + waiting
    return np.asarray(shape / shape.mean())


def _over_requests(setup: ServingSetup, asked: Asked, batch: float, seed: int) -> np.ndarray:
    """Quantiles 0 to 100 % of energy over requests at one batch, with the study's means, accelerators alone. [Wh]"""
    if asked.requests is not None:
        prompt, output = asked.requests.prompt_tokens, asked.requests.output_tokens
    else:
        drawn = sampler(None, asked.lengths, *central(asked.means))
        prompt, output = drawn(20_000, np.random.default_rng(seed))
    energy = request_energy(setup, prompt, output, max(batch, 1.0)).accelerator_wh
    return np.quantile(energy, np.linspace(0, 1, 101))
