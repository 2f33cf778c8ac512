"""What does a service of a closed model draw? A wide range, assumed: neither its size nor its machines are published."""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.compute.energy.model_architecture import beside, model_architecture
from taotie.compute.metered.closed_model import (
    LOAD,
    ClosedModel,
    Known,
    closed_draws,
    closed_model,
)
from taotie.errors import RangeError, UnknownNameError
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.hardware.server import highest_draw
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.lift import lifted
from taotie.quantity.profile import Profile
from taotie.quantity.wording import counted
from taotie.study.asked import Asked
from taotie.study.service_machines import ChatService, load_by_hour
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import Said, as_given, joined, labels

__all__ = [
    "HOST_MIDDLE",
    "PUE_MIDDLE",
    "basis_said",
    "closed_leaf",
    "closed_service",
    "is_closed_model",
    "kept_busy",
    "serving_power",
]

PUE_MIDDLE = 1.09
HOST_MIDDLE = 1.71 / PUE_MIDDLE
"""Hosts and waiting over accelerators: 0.24 over 0.14 Wh of Google's median prompt, without its PUE of 1.09."""
ACCELERATOR_W = (250.0, 700.0)
N_DRAW = 400
JOB_LOAD = (16.0, 256.0)
"""Requests an accelerator runs at once of a job nobody waits for, assumed; of a chat service 2 to 64 (`LOAD`)."""
UNKNOWN = ("slo", "serving", "redundancy", "utilization", "runtime", "calibrate", "accelerators_per_replica")  # fmt: skip
"""Keys of `[compute]` about machines that nobody outside knows."""


def is_closed_model(name: str) -> bool:
    """Is it a closed model, one whose shape we do not hold but whose range we do?

    Examples
    --------
    >>> is_closed_model("gpt-4o"), is_closed_model("llama-3.1-8b"), is_closed_model("nonsense")
    (True, False, False)
    """
    try:
        model_architecture(name)
    except UnknownNameError:
        try:
            closed_model(name)
        except UnknownNameError:
            return False
        return True
    return False


def closed_of(walk: Walk) -> ClosedModel | None:
    """The closed model of a study; None where it names none."""
    name = walk.study.compute.model
    if name is None or not is_closed_model(beside(name, walk.file.path)):
        return None
    return closed_model(name)


def closed_service(walk: Walk, asked: Asked, model: ClosedModel) -> tuple[ChatService, Profile]:
    """Energy of the mean request at the plug, drawn, and the load by hour.

    Raises
    ------
    RangeError
        If the study says something of machines that are drawn.
    """
    given = walk.study.compute
    idle = next((k for k in UNKNOWN if getattr(given, k) is not None), None)
    if idle is not None:
        raise RangeError(
            _("{key} is given, and {model} is closed: its machines are drawn.").format(
                key=idle, model=model.name
            ),
            _("leave it out; accelerator, precision and a batch_size narrow the range"),
        )
    chip = accelerator_named(given.accelerator).name if given.accelerator else None
    batch = float(given.batch_size) if isinstance(given.batch_size, int | float) else None
    job = walk.study.workload.kind == "batch" and batch is None
    known = Known(
        batch=batch, chip=chip, precision=given.precision, building=1.0,
        load=JOB_LOAD if job else LOAD,
    )  # fmt: skip
    if job:
        walk.note(
            "closed_job",
            N_("Nobody waits for it: {low:g} to {high:g} requests an accelerator are taken to run at once, a chat service's {chat_low:g} to {chat_high:g}."),
            low=JOB_LOAD[0], high=JOB_LOAD[1], chat_low=LOAD[0], chat_high=LOAD[1],
        )  # fmt: skip
    rng = np.random.default_rng(walk.study.seed)
    prompt, output = (
        _some(f.to("token/request").samples, rng) for f in (asked.means.prompt, asked.means.output)
    )
    cached: Any = 0.0
    if asked.cached is not None:
        cached = _some(asked.cached.to("1").samples, rng)
        walk.note(
            "closed_cache",
            N_("The cached part of a prompt is taken to be read from memory, as engines do whose making is known."),
        )  # fmt: skip
    draws = closed_draws(
        model, prompt, output, known, n=N_DRAW, seed=walk.study.seed % 2**31, told=walk.notes, cached=cached,
    )  # fmt: skip
    told = f"{asked.means.prompt.p50:g}.{asked.means.output.p50:g}.{chip}.{batch}.{given.precision}"
    told += f".{walk.study.workload.kind}" if job or asked.cached is not None else ""
    accelerator = closed_leaf(
        model,
        told,
        draws / HOST_MIDDLE,
        "accelerator",
        N_("Energy per request, accelerators alone"),
    )
    # of the same draw, so that both rise and fall together
    host = host_beside(accelerator, exact(HOST_MIDDLE, "1", "closed.server_over_accelerator"))
    parts = {
        "accelerator": walk.keep("energy_per_request_accelerator", accelerator, N_("Energy per request, accelerators alone")),
        "host": walk.keep("energy_host", host, N_("Host: processors, memory, fans, network")),
    }  # fmt: skip
    server = walk.keep(
        "energy_per_request_server",
        parts["accelerator"].joined("server", parts["host"]),
        N_("Energy per request at the server's plug"),
    )
    _machines(walk, asked, accelerator, server, chip or "h100-sxm")
    _tell(walk, model)
    it_load = load_by_hour(walk, asked.per_day, server, asked.day.share * 24.0)
    return ChatService(server, parts, it_load), it_load


def _some(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many draws of a length as of the model."""
    return np.quantile(samples, (rng.permutation(N_DRAW) + 0.5) / N_DRAW)


def closed_leaf(
    model: ClosedModel, told: str, draws_wh: np.ndarray, boundary: str, label: str
) -> Figure:
    """The drawn energy of a request, a figure of its own; one name has one column of draws. [Wh/request]"""
    return leaf(
        f"closed.{model.name}.{told}", unit="Wh/request", kind="assumed", boundary=boundary,
        values=[float(v) for v in np.quantile(draws_wh, np.linspace(0.005, 0.995, 199))], spread="empirical",
        note=N_("neither size nor machines are published; drawn over size, precision, chip, copies, load and building"),
        label=labels(label),
    )  # fmt: skip


def serving_power() -> Figure:
    """Mean draw of an accelerator that serves. [W/accelerator]"""
    return leaf(
        "assumed.accelerator_power", low=ACCELERATOR_W[0], high=ACCELERATOR_W[1], spread="lognormal", unit="W/accelerator",
        kind="assumed", note=N_("mean draw of an accelerator that serves: 250 to 700 W"),
        label=labels(N_("Mean draw of an accelerator that serves")),
    )  # fmt: skip


@lifted(
    energy_wh="Wh/request", server_over_accelerator="1", returns="Wh/request", boundary="server",
    kind="assumed",
)  # fmt: skip
def host_beside(energy_wh: Any, server_over_accelerator: Any) -> Any:
    """What the host takes beside its accelerators. [Wh/request]

    Parameters
    ----------
    energy_wh, server_over_accelerator : array_like
        Energy at the accelerators; energy at the plug over it. [Wh/request, 1]

    Examples
    --------
    >>> round(float(host_beside(0.20, 1.4)), 3)
    0.08
    """
    return np.asarray(energy_wh, dtype=np.float64) * (np.asarray(server_over_accelerator) - 1.0)


@lifted(energy_wh="Wh/request", pue="1", returns="Wh/request", boundary="server", kind="assumed")
def within_building(energy_wh: Any, pue: Any) -> Any:
    """What of the energy at the meter the servers take. [Wh/request]

    Parameters
    ----------
    energy_wh, pue : array_like
        Energy at the meter of the building; facility over IT energy. [Wh/request, 1]

    Examples
    --------
    >>> round(float(within_building(0.24, 1.2)), 3)
    0.2
    """
    return np.asarray(energy_wh, dtype=np.float64) / np.asarray(pue)


@lifted(
    energy_wh="Wh/request", server_over_accelerator="1", returns="Wh/request", boundary="accelerator",
    kind="assumed",
)  # fmt: skip
def within_server(energy_wh: Any, server_over_accelerator: Any) -> Any:
    """What of the energy at the plug the accelerators take. [Wh/request]

    Parameters
    ----------
    energy_wh, server_over_accelerator : array_like
        Energy at the plug; that over the energy at the accelerators. [Wh/request, 1]

    Examples
    --------
    >>> round(float(within_server(0.28, 1.4)), 3)
    0.2
    """
    return np.asarray(energy_wh, dtype=np.float64) / np.asarray(server_over_accelerator)


@lifted(
    requests_per_day="request/d", energy_wh="Wh/request", peak_over_mean="1", power_w="W/accelerator",
    plug_wh="Wh/request", highest_w="W/accelerator", returns="accelerator", boundary=None, kind="assumed",
)  # fmt: skip
def kept_busy(
    requests_per_day: Any,
    energy_wh: Any,
    peak_over_mean: Any,
    power_w: Any,
    plug_wh: Any,
    highest_w: Any,
    *,
    busiest: float,
) -> Any:
    """Accelerators that the requests of the busiest hour keep busy: whole, at least one. [accelerator]

    Parameters
    ----------
    requests_per_day, energy_wh, peak_over_mean, power_w : array_like
        Energy at the accelerators; their mean draw. [request/d, Wh/request, 1, W/accelerator]
    plug_wh, highest_w : array_like
        Energy at the plug; highest draw of a server, per accelerator. [Wh/request, W/accelerator]
    busiest : float
        Busiest over mean hour of the mean day. [1]

    Notes
    -----
    ``n = max(1, ceil(rate E peak / P), ceil(rate E_plug busiest / P_highest))``

    Examples
    --------
    A million requests a day of 0.24 Wh, one and a half times as many at noon, 500 W each:

    >>> float(kept_busy(1e6, 0.24, 1.5, 500.0, 0.38, 1050.0, busiest=1.4))
    30.0
    """
    per_h = np.asarray(requests_per_day, dtype=np.float64) / 24.0
    of_chips = per_h * energy_wh * peak_over_mean / np.asarray(power_w, dtype=np.float64)
    of_plugs = per_h * plug_wh * busiest / np.asarray(highest_w, dtype=np.float64)
    return np.maximum(np.ceil(np.maximum(of_chips, of_plugs) - 1e-9), 1.0)


def _machines(walk: Walk, asked: Asked, energy: Figure, plug: Figure, chip: str) -> None:
    """As many accelerators as the busiest hour keeps busy at a usual draw."""
    most = highest_draw(accelerator_named(chip))
    count = walk.keep(
        "accelerators",
        kept_busy(
            asked.per_day, energy, asked.peak, serving_power(), plug, most,
            busiest=float(asked.day.share.max() * len(asked.day.share)),
        ),
        N_("Accelerators in service"),
    )  # fmt: skip
    walk.keep(
        "servers", count / exact(8.0, "accelerator/server", "accelerators_in_server"), N_("Servers in service")
    )  # fmt: skip
    walk.keep(
        "highest_it_power",
        (count * most).to("MW").with_boundary("server"),
        N_("Highest draw of the machines, all of them busy"),
    )


def _tell(walk: Walk, model: ClosedModel) -> None:
    active = counted(*model.active)
    walk.warn(
        "closed_model",
        N_("{model} is closed: {provider} publishes neither size nor machines. Its energy is assumed, drawn over {active} parameters that work per token, machines and load. Basis: {basis}."),
        model=model.name, provider=model.provider or Said("maker", N_("its maker")), active=active,
        basis=basis_said(model),
    )  # fmt: skip
    if model.proxy:
        walk.warn(
            "closed_proxy",
            N_(
                "{asked} is not in the table: {model}, the nearest version of its family and tier, stands in, its sizes {times} times wider either way."
            ),
            asked=model.proxy,
            model=model.name,
            times=f"{model.widen:.3g}",
        )
    walk.note(
        "closed_machines",
        N_("The number of its accelerators is what its busiest hour keeps busy at 250 to 700 W each; its draw follows the course of its requests."),
    )  # fmt: skip


def basis_said(model: ClosedModel) -> Said:
    """What the sizes of a closed model rest on, in words."""
    words = {
        "price": N_("list price"),
        "third_party_estimate": N_("estimates by others"),
        "speed_ratio": N_("ratio of speeds"),
        "published": N_("published"),
    }
    parts = [
        Said("basis", words[p]) if p in words else as_given("basis", p)
        for p in model.basis.split("+")
    ]
    if model.as_of:
        parts.append(as_given("as_of", model.as_of))
    return joined(parts)
