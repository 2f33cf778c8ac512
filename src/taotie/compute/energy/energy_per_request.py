"""How much electricity and time does one served request take? [Wh/request, s]

At the `accelerator` boundary a request takes the prefill of its prompt and its share of every decode step
it runs in; at the `server` boundary also its share of the host and of replicas that wait. The batch, how
many requests share a step, matters more than anything else: it is an argument, never a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.roofline import DecodeCost, PrefillCost, decode_cost, prefill_cost
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import RangeError
from taotie.hardware.server import Server, server_of
from taotie.quantity.catalog import source
from taotie.quantity.figure import Figure, leaf
from taotie.quantity.lift import lifted
from taotie.words.language import N_, _

__all__ = [
    "RequestEnergy",
    "corrected_energy_per_request_wh",
    "energy_per_request_wh",
    "model_error",
    "prefill_of",
    "request_energy",
    "step_cost",
]

FloatArray = NDArray[np.float64]
IDLE_TDP_SHARE = 0.17
"""Draw of a waiting accelerator over rated power: 119.5 of 700 W (H100), 70 of 400 W (A100), measured."""
GUESSED_SHAPE = 1.6
"""Widening of intervals where a model's shape was guessed: hiding all shapes doubled the median error."""


@dataclass(frozen=True)
class RequestEnergy:
    """Energy and time of requests; each field has the shape of the lengths given."""

    prefill_wh: FloatArray
    """Reading the prompt; accelerators only."""
    decode_wh: FloatArray
    """Writing the answer; accelerators only."""
    host_wh: FloatArray
    """Processors, fans, network of the server while the request runs."""
    idle_wh: FloatArray
    """Its share of servers that stand ready and wait."""
    time_s: FloatArray
    ttft_s: FloatArray
    tpot_s: FloatArray
    batch: FloatArray

    @property
    def accelerator_wh(self) -> FloatArray:
        """Energy at the accelerator boundary. [Wh/request]"""
        return self.prefill_wh + self.decode_wh

    @property
    def server_wh(self) -> FloatArray:
        """Energy at the server boundary. [Wh/request]"""
        return self.prefill_wh + self.decode_wh + self.host_wh + self.idle_wh


def _coefficients(setup: ServingSetup) -> FloatArray:
    return runtime_profile(setup.runtime).coefficients(setup.accelerator.architecture)


def step_cost(setup: ServingSetup, batch: Any, mean_context: Any) -> DecodeCost:
    """Time and energy of one decode step of the replica, see `roofline.decode_cost`.

    Examples
    --------
    A 16 GB model cannot be read in less than 4.8 ms from an H100's memory:

    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100"))
    >>> bool(step_cost(setup, 1, 500).time_s[0] > 0.0048 * 0.93)
    True
    """
    return decode_cost(setup.row, _coefficients(setup), batch, mean_context)


def prefill_of(
    setup: ServingSetup, prompt_tokens: Any, batch: Any = 1.0, starts: Any = 0.0
) -> PrefillCost:
    """Time and energy of one prompt, see `roofline.prefill_cost`."""
    return prefill_cost(setup.row, _coefficients(setup), prompt_tokens, batch=batch, starts=starts)


def _tokens(name: str, value: Any, least: float) -> FloatArray:
    array = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if not (np.all(array >= least) and np.all(np.isfinite(array))):
        bad = array[~((array >= least) & np.isfinite(array))]
        raise RangeError(
            _("{name}={value} must be at least {least}.").format(
                name=name, value=float(bad.ravel()[0]), least=least
            )
        )
    return array


def request_energy(
    setup: ServingSetup,
    prompt_tokens: Any,
    output_tokens: Any,
    batch: Any,
    *,
    server: Server | None = None,
    utilization: Any = 1.0,
) -> RequestEnergy:
    """Energy and time of requests served in a steady batch.

    Parameters
    ----------
    setup : ServingSetup
        Model, accelerators, precision, runtime.
    prompt_tokens, output_tokens : array_like, shape (n_request,)
        Lengths of each request. [token]
    batch : array_like, broadcastable
        Requests that decode together on the replica. [1]
    server : Server, optional
        Default: the table's server with these accelerators.
    utilization : array_like, default 1.0
        Share of the time in which provisioned replicas work, 0..1. [1]

    Returns
    -------
    RequestEnergy

    Raises
    ------
    RangeError
        If a length is negative, an output is below 1, a batch below 1, utilization leaves 0..1, the
        weights do not fit into memory, or the accelerator has no published rated power.

    Notes
    -----
    ``E = E_prefill + O E_step(B, L + O/2) / B`` for a prompt of L and an answer of O tokens. A replica is
    occupied ``O t_step / B + t_prefill`` per request; host and waiting draw are booked on that.

    Examples
    --------
    ML.ENERGY measured 145 J per chat answer for Qwen3-32B on two H100 at batch 256 (source ``chung2025``);
    the model is within its 90 % range:

    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("qwen3-32b"), accelerator("h100"), 2)
    >>> joule = request_energy(setup, 500, 632, 256).accelerator_wh[0] * 3600
    >>> bool(145 / 1.5 < joule < 145 * 1.5)
    True
    """
    prompt = _tokens("prompt_tokens", prompt_tokens, 0.0)
    output = _tokens("output_tokens", output_tokens, 1.0)
    b = _tokens("batch", batch, 1.0)
    share = np.atleast_1d(np.asarray(utilization, dtype=np.float64))
    if not np.all((share > 0.0) & (share <= 1.0)):
        raise RangeError(
            _("utilization={value} must lie above 0 and at most at 1.").format(
                value=float(share[~((share > 0) & (share <= 1))][0])
            )
        )
    prompt, output, b, share = np.broadcast_arrays(prompt, output, b, share)
    setup.largest_batch(float(np.mean(prompt + output)))  # refuses what memory cannot hold
    context = prompt + output / 2.0
    step = step_cost(setup, b, context)
    steps = output / setup.tokens_per_step
    starts = b / float(np.mean(steps))  # prompts that begin per step
    fill = prefill_of(setup, prompt, b, starts)
    decode_j = steps * step.energy_j / b
    replica_s = steps * step.time_s / b + fill.time_s
    # steps of this batch also carry the prefills of the requests that join it
    pace = step.time_s + starts * float(np.mean(fill.time_s))
    ttft = fill.time_s + 0.5 * pace
    tpot = pace / setup.tokens_per_step
    n = setup.accelerators_per_replica
    rated = setup.accelerator.rated_power_w()
    box = server or server_of(setup.accelerator)
    load = (decode_j + fill.energy_j) / (replica_s * n * rated)
    span = box.host_max_w_per_accelerator - box.host_idle_w_per_accelerator
    host_w = n * (box.host_idle_w_per_accelerator + span * load)
    waiting = setup.accelerator.idle_power_w
    idle_w = n * (
        (IDLE_TDP_SHARE * rated if waiting is None else waiting) + box.host_idle_w_per_accelerator
    )
    return RequestEnergy(
        prefill_wh=fill.energy_j / 3600.0,
        decode_wh=decode_j / 3600.0,
        host_wh=host_w * replica_s / 3600.0,
        idle_wh=(1.0 / share - 1.0) * replica_s * idle_w / 3600.0,
        time_s=ttft + tpot * (output - 1.0),
        ttft_s=ttft,
        tpot_s=tpot,
        batch=np.asarray(b, dtype=np.float64),
    )


def energy_per_request_wh(
    setup: ServingSetup,
    prompt_tokens: Any,
    output_tokens: Any,
    batch: Any,
    *,
    boundary: str = "server",
    server: Server | None = None,
    utilization: Any = 1.0,
) -> FloatArray:
    """Energy of requests at one boundary, see `request_energy`. [Wh/request]

    Raises
    ------
    RangeError
        As `request_energy`; or if `boundary` is neither `accelerator` nor `server`.
    """
    if boundary not in ("accelerator", "server"):
        raise RangeError(
            _("boundary {name!r} is not accelerator or server.").format(name=boundary),
            _("the building comes after: multiply server energy by its PUE."),
        )
    energy = request_energy(
        setup, prompt_tokens, output_tokens, batch, server=server, utilization=utilization
    )
    return energy.server_wh if boundary == "server" else energy.accelerator_wh


def model_error(
    setup: ServingSetup, batch: float, *, known_batch: bool = True, kind: str = ""
) -> Figure:
    """True over predicted energy as a figure: a lognormal factor with median 1.

    Its width comes from measured rows of model families the fit had not seen, by batch band; it grows for
    an accelerator generation never measured, when the batch is only a guess, and for set-ups (`kind`: drafts, attention
    apart, disaggregated) that are predicted less well.
    """
    profile = runtime_profile(setup.runtime)
    chip = setup.accelerator
    sigma = profile.error_sigma(
        batch, chip.architecture, known_batch, maker=chip.maker, kind=kind or setup.kind
    )
    if setup.model.typical:
        sigma *= GUESSED_SHAPE
    spread = float(np.exp(1.6448536 * sigma))
    # one name stands for one quantity: another width is another figure
    return leaf(
        f"energy_model.error.{setup.runtime}.{sigma:.4f}",
        unit="1",
        kind="estimated",
        low=1.0 / spread,
        high=spread,
        spread="lognormal",
        source=source("taotie_energy_fit2026"),
        locator=f"error model of {setup.runtime}, batch near {batch:.0f}",
        note=N_("true over predicted energy on model families left out of the fit"),
        label={"en": "Error of the energy model", "zh": "能耗模型误差"},
    )


@lifted(
    central_wh="Wh/request",
    error="1",
    returns="Wh/request",
    boundary="same",
    kind="modelled",
)
def corrected_energy_per_request_wh(central_wh: Any, error: Any) -> FloatArray:
    """Predicted energy times the factor by which predictions miss.

    Parameters
    ----------
    central_wh : array_like
        Predicted energy. [Wh/request]
    error : array_like
        True over predicted, see `model_error`. [1]

    Returns
    -------
    energy_wh : ndarray
        At the boundary of `central_wh`. [Wh/request]

    Notes
    -----
    ``E = E_predicted f``

    Examples
    --------
    >>> float(corrected_energy_per_request_wh(0.3, 1.1).round(2))
    0.33
    """
    return np.asarray(np.asarray(central_wh) * error, dtype=np.float64)
