"""What does a chat service draw? From requests and their lengths to energy at the plug and load by hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from taotie.compute.energy.energy_per_request import request_energy
from taotie.compute.energy.model_architecture import beside, model_architecture, model_used
from taotie.compute.energy.served_precision import served_precision
from taotie.compute.energy.serving_setup import ServingSetup, smallest_replica
from taotie.compute.energy.steady_batch import DEFAULT_LARGEST_BATCH
from taotie.compute.energy.whole_replicas import largest_kept_batch, load_state, served_day
from taotie.compute.metered.calibration import calibration_for
from taotie.compute.serving.service import ServiceLevel
from taotie.errors import RangeError, StudyError, TaotieError
from taotie.files.fetch import local_path, sha256_of
from taotie.files.registry import dataset
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.hardware.server import machine_notes, server_of
from taotie.quantity.catalog import figure, source
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.profile import Profile
from taotie.study.request_parts import (
    Lengths,
    highest_draw,
    idle_power,
    mean_figures,
    request_parts,
)
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
from taotie.workload.chat import TokenLengths, chat_lengths
from taotie.workload.daily_shape import DailyShape, single_chat_day
from taotie.workload.requests import Requests, TokenMoments
from taotie.workload.trace import PUBLISHED_TRACES, published_trace, read_trace

BUILT_IN = "built-in"
PROMISE = "ttft=1s,tpot=50ms"
_TRACE_SOURCES = {"azure-2023-conv": "patel2024_splitwise"}


@dataclass(frozen=True)
class ChatService:
    """What the rooms `workload` and `compute` hand on for a chat service.

    Attributes
    ----------
    server_energy : Figure
        Energy of the mean request at the server. [Wh/request]
    parts : mapping of str to Figure
        What it is made of: prefill, decode and their sum accelerator; host, idle. [Wh/request]
    it_load : Profile
        Draw of the machines by hour. [MW]
    request_quantiles_wh : ndarray, shape (101,)
        Quantiles 0 to 100 % over requests, accelerators alone. [Wh]
    """

    server_energy: Figure
    parts: Mapping[str, Figure]
    it_load: Profile
    request_quantiles_wh: np.ndarray


@dataclass(frozen=True)
class Asked:
    """What is asked of a chat service, and when.

    Attributes
    ----------
    per_day : Figure
        [request/d]
    requests, lengths : Requests, TokenLengths
        Those of a log, or those that are built in; the other is None.
    means : Lengths
        Mean lengths. [token/request]
    day : DailyShape
    peak : Figure
        Busiest hour over the mean hour. [1]
    """

    per_day: Figure
    requests: Requests | None
    lengths: TokenLengths | None
    means: Lengths
    day: DailyShape
    peak: Figure


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


@step("asked", kinds=("chat",), name="asked")
def asked_of(walk: Walk) -> Asked:
    """Requests a day, their lengths and the course of the day.

    Raises
    ------
    StudyError
        If the study names something unknown or impossible.
    """
    with walk.at("workload"):
        per_day = walk.figure(
            "workload.requests_per_day",
            lambda: figure("devries2023.requests_per_day_chatgpt"),
            N_("requests of ChatGPT early in 2023, the last figure with a stated derivation"),
        )
        requests, lengths, moments, origin = _asked(walk)
        means = _lengths(walk, moments, origin)
        day, peak = _day(walk)
    return Asked(per_day, requests, lengths, means, day, peak)


@step("setup", "served", kinds=("chat",))
def serving(walk: Walk, asked: Asked) -> tuple[ServingSetup, Served]:
    """Model and machines, and the service on them: whole replicas, how full they are and how long they wait.

    The service is simulated, a slice of its fleet at each hour's load; `serving = "mean-request"` leaves it at the
    closed form.

    Raises
    ------
    StudyError
        If the study names something unknown or impossible.
    """
    with walk.at("compute"):
        setup = _setup(walk)
        utilization = walk.figure(
            "compute.utilization",
            lambda: leaf(
                "assumed.utilization_within_promise",
                low=0.8, mode=0.93, high=0.99, unit="1", kind="assumed",
                note=(
                    "share of the largest rate that keeps the time per token, in use at the busiest hour: what the "
                    "smallest simulated fleets that keep a promise reach"
                ),
                label={"en": "Utilization at the busiest hour", "zh": "高峰小时利用率"},
            ),
            N_("as few replicas as keep the promise: they run at 0.8 to 0.99 of their largest rate in the busiest hour"),
        )  # fmt: skip
        drawn = sampler(asked.requests, asked.lengths, *_central(asked.means))
        served = _served(
            walk, setup, asked.means, asked.per_day, utilization, asked.day, asked.peak, drawn
        )
    return setup, served


@step("service", "it_load", kinds=("chat",))
def service_energy(
    walk: Walk, asked: Asked, setup: ServingSetup, served: Served
) -> tuple[ChatService, Profile]:
    """Energy of the mean request by part, the machines, and their load by hour."""
    with walk.at("compute"):
        parts = _energies(walk, setup, asked.means, served, asked.per_day)
        server_energy = walk.keep(
            "energy_per_request_server",
            parts["accelerator"].joined("server", parts["host"] + parts["idle"]),
            N_("Energy per request at the server's plug"),
        )
        _machines(walk, setup, served.replicas)
        it_load = _it_load(walk, setup, asked.per_day, server_energy, asked.day, served)
        quantiles = _over_requests(
            setup, asked.requests, asked.lengths, served.batch.p50, walk.study.seed
        )
    return ChatService(server_energy, parts, it_load, quantiles), it_load


# ---- workload ----------------------------------------------------------------------------------------


def _asked(
    walk: Walk,
) -> tuple[Requests | None, TokenLengths | None, TokenMoments, dict[str, Any]]:
    """Requests of the trace, or the built-in lengths, and where their means come from."""
    wanted = walk.study.workload.trace
    if wanted is None:
        walk.choice(
            "workload.trace",
            None,
            BUILT_IN,
            N_("no trace is named; lengths are our fit to one hour of an Azure chat service"),
        )
    else:
        found = _trace(walk, wanted)
        if found is not None:
            return found
    lengths = chat_lengths()
    origin = {
        "kind": "estimated",
        "source": source("taotie_fit2026"),
        "locator": "table workload_defaults",
        "prefix": "workload.chat_lengths",
    }
    return None, lengths, lengths.moments, origin


def _trace(walk: Walk, wanted: str) -> tuple[Requests, None, TokenMoments, dict[str, Any]] | None:
    by_dataset = {p.dataset: name for name, p in PUBLISHED_TRACES.items()}
    published = by_dataset.get(wanted, wanted if wanted in PUBLISHED_TRACES else None)
    walk.tell(_("reading the requests"))
    if published is not None:
        known = PUBLISHED_TRACES[published]
        requests = published_trace(published)
        if requests is None:
            walk.warn(
                "trace_not_fetched",
                N_(
                    "The trace {name} is not on this machine; token lengths are the built-in distribution "
                    "instead. Fetch it with: taotie data fetch {dataset}"
                ),
                name=wanted,
                dataset=known.dataset,
            )
            return None
        path = local_path(known.dataset, known.path)
        entry = dataset(known.dataset)
        key = _TRACE_SOURCES.get(published)
        origin: dict[str, Any] = {
            "kind": "measured",
            "source": source(key) if key else None,
            "locator": f"{known.path}, mean over {len(requests)} requests",
            "note": "" if key else f"mean over {len(requests)} requests of {entry.title}",
            "prefix": f"workload.{published}",
        }
        licence, citation, shown = entry.licence, entry.citation, f"{known.dataset}/{known.path}"
    else:
        path = (walk.file.path.parent / wanted).resolve()
        if not path.is_file():
            names = ", ".join(sorted([*by_dataset, *PUBLISHED_TRACES]))
            raise StudyError(
                [
                    TaotieError(
                        _("trace={name} in {file} [workload]: no such file or data set.").format(
                            name=repr(wanted), file=walk.file.path
                        ),
                        _("give a path beside the study, or one of {names}").format(names=names),
                    )
                ]
            )
        requests = read_trace(path)
        digest = sha256_of(path)
        origin = {
            "kind": "measured",
            "source": None,
            "locator": "",
            "note": f"mean over {len(requests)} requests of the file {path.name}, sha256 {digest[:12]}",
            "prefix": f"workload.{digest[:12]}",
        }
        licence, citation, shown = "", "", wanted
    assert path is not None
    walk.files.append(
        {
            "name": shown,
            "sha256": sha256_of(path),
            "bytes": path.stat().st_size,
            "role": "trace",
            "licence": licence,
            "citation": citation,
        }
    )
    walk.note(
        "trace_read",
        N_("{n} requests were read from {name}."),
        n=len(requests),
        name=shown,
    )
    walk.notes.extend(requests.said)
    return requests, None, requests.moments, origin


def _lengths(walk: Walk, moments: TokenMoments, origin: dict[str, Any]) -> Lengths:
    """Mean prompt and answer, mean context of a decode step, and spread of the prompts."""
    prefix = origin.pop("prefix")

    def mean(name: str, value: float, unit: str, en: str, zh: str) -> Figure:
        return leaf(
            f"{prefix}.{name}", value=value, unit=unit, label={"en": en, "zh": zh}, **origin
        )

    p, o = moments.mean_prompt, moments.mean_output
    prompt = walk.file.given("workload.prompt_tokens") or mean(
        "mean_prompt", p, "token/request", "Mean prompt", "平均提示长度"
    )
    output = walk.file.given("workload.output_tokens") or mean(
        "mean_output", o, "token/request", "Mean answer", "平均回答长度"
    )
    # Context of a step is E[o (p + o/2)] / E[o]: part follows the prompts, part the answers.
    along = mean(
        "prompt_weight", moments.mean_prompt_output / (o * p), "1",
        "Prompt seen by a decode step over mean prompt", "解码步所见提示与平均提示之比",
    )  # fmt: skip
    own = mean(
        "answer_weight", moments.mean_output_squared / (2 * o * o), "1",
        "Answer seen by a decode step over mean answer", "解码步所见回答与平均回答之比",
    )  # fmt: skip
    context = along * prompt + own * output
    spread = mean(
        "prompt_spread", moments.mean_prompt_squared / p**2, "1",
        "Mean square of the prompts over their squared mean", "提示长度均方与均值平方之比",
    )  # fmt: skip
    walk.keep("prompt_tokens", prompt, N_("Mean prompt"))
    walk.keep("output_tokens", output, N_("Mean answer"))
    return Lengths(prompt, output, context, spread)


def _day(walk: Walk) -> tuple[DailyShape, Figure]:
    """Course of the day, and its busiest hour over the mean hour."""
    given = walk.study.workload.daily_shape
    if given is not None:
        day = DailyShape(np.asarray(given))
        return day, leaf(
            "study.workload.daily_shape.peak", value=day.peak_over_mean, unit="1", kind="assumed",
            note="given by the study file", label={"en": "Busiest hour over mean hour", "zh": "高峰小时与平均小时之比"},
        )  # fmt: skip
    # the mean course of many days is flatter than any single day, and machines are bought for single days
    peak = figure("workload_defaults/chat_day/peak_over_mean")
    walk.choice(
        "workload.daily_shape",
        None,
        BUILT_IN,
        N_(
            "our fit to 14 days of three language services (ServeGen), with the peak of a single day"
        ),
    )
    return single_chat_day(), peak


# ---- compute ---------------------------------------------------------------------------------------


def _setup(walk: Walk) -> ServingSetup:
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
    model = model_architecture(beside(model_name, walk.file.path))
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
            smallest_replica(model, chip, precision),
            N_("fewest that hold the weights and a few long requests"),
        )
    return ServingSetup(
        model, chip, accelerators_per_replica=n, precision=precision, runtime=runtime
    )


def _served(
    walk: Walk,
    setup: ServingSetup,
    lengths: Lengths,
    requests_per_day: Figure,
    utilization: Figure,
    day: DailyShape,
    peak: Figure,
    drawn: Any,
) -> Served:
    """Whole replicas, how full and how busy they are, as figures and by hour."""
    given = walk.study.compute
    p, o = _central(lengths)
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
        most = min(most, largest_kept_batch(setup, p, o, ServiceLevel.parsed(given.slo).tpot_s))
    elif fixed is None and given.utilization is None:
        promise = walk.choice(
            "compute.slo", None, PROMISE, N_("what users of a chat service usually get")
        )
        try:
            most = largest_kept_batch(setup, p, o, ServiceLevel.parsed(promise).tpot_s)
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
    }
    made = served_day(requests_per_day, utilization, peak, day.share, **names)
    simulated = None
    if fixed is None and _is_simulated(walk):
        walk.tell(_("simulating the service"))
        simulated = simulated_service(
            walk, setup, drawn, (p, o), requests_per_day.to("request/d").p50, day.share,
            int(made.replicas.p50), promise, given.utilization is None, redundancy,
        )  # fmt: skip
    count = made.replicas
    if simulated is not None and simulated.replicas_ratio.p50 != 1.0:
        count = whole_replicas(made.replicas, simulated.replicas_ratio)
    replicas = walk.keep("replicas", count, N_("Replicas in service"))
    one = float(replicas.p50)
    rate = requests_per_day.to("request/d").p50 / 86_400.0 * day.share * 24.0 / one
    hour = load_state(setup, rate, p, o, most)
    if fixed is not None:
        batch = leaf(
            "study.compute.batch_size", value=float(fixed), unit="1", kind="assumed",
            note="given by the study file", label={"en": "Batch", "zh": "批大小"},
        )  # fmt: skip
        walk.keep("batch", batch, N_("Requests decoded together"))
        # an operator who holds a batch switches replicas off; a lone one stays on and waits
        busy = made.busy_share if replicas.p95 <= 1 else exact(1.0, "1", "busy_share")
        share = hour.busy_share if replicas.p95 <= 1 else np.ones(len(day.share))
        return Served(replicas, batch, busy, np.full(len(day.share), float(fixed)), share)
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
            "true over computed batch: bursts, routing and the number of replicas held ready are not known, hence a "
            "factor of two either way"
        ),
        label={"en": "True over computed batch", "zh": "批大小真实值与计算值之比"},
    )  # fmt: skip
    closed = made.batch
    busy = made.busy_share
    if simulated is not None:
        closed = closed * leaf(
            "simulated_over_mean_request.batch", value=simulated.slice.batch / closed.p50, unit="1", kind="modelled",
            note="batch the requests of the simulated day meet, over that of the closed form",
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
    return Served(replicas, batch, busy, hour.batch, hour.busy_share, simulated)


def _central(lengths: Lengths) -> tuple[float, float]:
    """Median of the mean prompt and of the mean answer. [token]"""
    return (
        lengths.prompt.to("token/request").p50,
        lengths.output.to("token/request").p50,
    )


def _is_simulated(walk: Walk) -> bool:
    given = walk.study.compute.serving
    chosen = walk.choice(
        "compute.serving",
        given,
        "simulated",
        N_(
            "a slice of the fleet is simulated at each hour's load; mean-request is the closed form"
        ),
    )
    return chosen == "simulated"


def _energies(
    walk: Walk,
    setup: ServingSetup,
    lengths: Lengths,
    served: Served,
    requests_per_day: Figure,
) -> dict[str, Figure]:
    kept = walk.study.compute.calibrate
    own = calibration_for(walk.file.path.parent / kept, setup) if kept else None
    always = exact(1.0, "1", "busy")
    made = request_parts(setup, lengths, served.batch, always, own=own)
    mean = mean_figures(setup, lengths, served.batch, always)

    def over(part: str, priced: Figure, closed: Figure) -> Figure:
        """A part as the simulation has it: the closed form moved to it."""
        return priced if served.simulated is None else priced * served.simulated.over(part, closed)

    # replicas that wait draw power, whoever's requests they wait for: shared by all of the day
    waiting = exact(1.0, "1", "whole_time") - served.busy
    idle = (served.replicas * waiting * idle_power(setup) / requests_per_day).to("Wh/request")
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
        ("idle", idle.with_boundary("server"), N_("Waiting servers")),
    )
    parts = {part: walk.keep(f"energy_{part}", figure, label) for part, figure, label in named}
    parts["accelerator"] = walk.keep(
        "energy_per_request_accelerator",
        parts["prefill"] + parts["decode"],
        N_("Energy per request, accelerators alone"),
    )
    return parts


def _machines(walk: Walk, setup: ServingSetup, replicas: Figure) -> None:
    """Accelerators and servers of the whole replicas, and what they draw at most."""
    per = exact(float(setup.accelerators_per_replica), "accelerator", "accelerators_per_replica")
    count = walk.keep("accelerators", replicas * per, N_("Accelerators in service"))
    each = exact(
        float(server_of(setup.accelerator).accelerators),
        "accelerator/server",
        "accelerators_in_server",
    )
    walk.keep("servers", count / each, N_("Servers in service"))
    walk.keep(
        "highest_it_power",
        (count * highest_draw(setup.accelerator)).to("MW").with_boundary("server"),
        N_("Highest draw of the machines, all of them busy"),
    )


def _it_load(
    walk: Walk,
    setup: ServingSetup,
    requests_per_day: Figure,
    server_energy: Figure,
    day: DailyShape,
    served: Served,
) -> Profile:
    """IT load by hour: requests times what one takes at that hour's batch, and the draw of replicas that wait."""
    if served.simulated is not None:
        shape = served.simulated.slice.hourly_power_w
        return _by_hour(walk, requests_per_day, server_energy, shape / shape.mean())
    p, o = (walk.figures[key].to("token/request").p50 for key in ("prompt_tokens", "output_tokens"))
    energy = request_energy(setup, p, o, np.maximum(served.hourly_batch, 1.0)).server_wh
    active_w = requests_per_day.to("request/d").p50 * day.share * energy
    waiting_w = served.replicas.p50 * idle_power(setup).to("W").p50
    shape = active_w + waiting_w * (1.0 - served.hourly_busy)
    return _by_hour(walk, requests_per_day, server_energy, shape / shape.mean())


def _by_hour(
    walk: Walk, requests_per_day: Figure, server_energy: Figure, shape: np.ndarray
) -> Profile:
    """The day's mean draw, spread over the hours. [MW]"""
    daily = walk.keep(
        "daily_energy_server",
        (requests_per_day * server_energy).to("MWh/d"),
        N_("Electricity of the servers in a day"),
    )
    walk.keep(
        "mean_power_per_server",
        (daily / walk.figures["servers"]).to("kW/server"),
        N_("Mean draw of a server in service"),
    )
    power = walk.keep(
        "mean_it_power",
        (requests_per_day * server_energy).to("MW"),
        N_("Mean draw of the machines"),
    )
    return Profile(((shape, power),), label=labels(N_("IT load by hour")))


def _over_requests(
    setup: ServingSetup,
    requests: Requests | None,
    lengths: TokenLengths | None,
    batch: float,
    seed: int,
) -> np.ndarray:
    """Quantiles 0 to 100 % of energy over requests at one batch, accelerators alone. [Wh]"""
    if requests is not None:
        prompt, output = requests.prompt_tokens, requests.output_tokens
    else:
        assert lengths is not None
        prompt, output = lengths.sample(20_000, np.random.default_rng(seed))
    energy = request_energy(setup, prompt, output, max(batch, 1.0)).accelerator_wh
    return np.quantile(energy, np.linspace(0, 1, 101))
