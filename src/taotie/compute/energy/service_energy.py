"""How much does the mean request of a service take, and how long does it hold a replica? [Wh/request, s/request]

The border of the energy model: inputs are figures - lengths, batch, data sheet values - so that an answer can be
traced to each of them. Where `energy_per_request` prices single requests, this prices their mean from the moments
of their lengths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.cached_prompt import beyond_cache
from taotie.compute.energy.energy_per_request import IDLE_TDP_SHARE
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.model_shape import ModelArchitecture
from taotie.compute.energy.roofline import CHUNK, COLUMNS, PrefillCost, decode_cost, prefill_cost
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import RangeError
from taotie.hardware.accelerator import Accelerator
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.quantity.evaluation import N_DRAWS_KEPT
from taotie.quantity.lift import lifted
from taotie.words.language import _

__all__ = ["MeanRequest", "mean_request"]

FloatArray = NDArray[np.float64]


class MeanRequest(NamedTuple):
    """The mean request of a service."""

    prefill_wh: Any
    """Reading the prompt; accelerators only."""
    decode_wh: Any
    """Writing the answer; accelerators only."""
    host_wh: Any
    """Processors, memory, fans and network of the server while it is served."""
    idle_wh: Any
    """Its share of servers that wait."""
    replica_s: Any
    """Time it holds a replica, shared by its batch."""


@lifted(
    mean_prompt="token/request",
    mean_output="token/request",
    mean_context="token/request",
    prompt_spread="1",
    batch="1",
    busy_share="1",
    tdp_w="W",
    bandwidth_b_s="B/s",
    peak_flop_s="FLOP/s",
    host_idle_w="W",
    host_max_w="W",
    prefix_hit="1",
    returns={
        "prefill_wh": "Wh/request",
        "decode_wh": "Wh/request",
        "host_wh": "Wh/request",
        "idle_wh": "Wh/request",
        "replica_s": "s/request",
    },
    boundary={
        "prefill_wh": "accelerator",
        "decode_wh": "accelerator",
        "host_wh": "server",
        "idle_wh": "server",
    },
    kind="modelled",
    broadcasts=True,
)
def mean_request(
    mean_prompt: Any,
    mean_output: Any,
    mean_context: Any,
    prompt_spread: Any,
    batch: Any,
    busy_share: Any,
    tdp_w: Any,
    bandwidth_b_s: Any,
    peak_flop_s: Any,
    host_idle_w: Any,
    host_max_w: Any,
    *,
    model: str,
    accelerator: str,
    accelerators_per_replica: int,
    precision: str,
    runtime: str,
    data_parallel: int = 1,
    expert_parallel: int = 0,
    draft_tokens: int = 0,
    acceptance: float = 0.0,
    draft_model: str = "",
    software_date: str = "",
    prefix_hit: Any = None,
    pool: str = "both",
) -> MeanRequest:
    """Energy and replica time of the mean request of a service.

    Parameters
    ----------
    mean_prompt, mean_output : array_like
        Means over requests. [token/request]
    mean_context : array_like
        Tokens in the cache at a decode step, mean over steps: E[o (p + o/2)] / E[o]. [token/request]
    prompt_spread : array_like
        E[p^2] / E[p]^2; attention makes a long prompt dearer than two of half its length. [1]
    batch : array_like
        Requests that decode together; values outside 1 and what memory holds are brought back. [1]
    busy_share : array_like
        Share of the time in which provisioned replicas work, within 0..1. [1]
    tdp_w, bandwidth_b_s, peak_flop_s : array_like
        Data sheet of one accelerator, dense peak at the precision. [W, B/s, FLOP/s]
    host_idle_w, host_max_w : array_like
        Draw of the host per accelerator, waiting and under full load. [W]
    model, accelerator, precision, runtime : str
        Names in the tables; what else is needed of them is looked up there.
    accelerators_per_replica : int
        Accelerators that hold one copy of the model.
    data_parallel, expert_parallel, draft_tokens, acceptance, draft_model, software_date
        As in `ServingSetup`.
    prefix_hit : array_like, optional
        Share of the prompt whose cache is at hand, so that it is not read again; default none. [1]
    pool : {"both", "read", "write"}
        What the replicas do: both, or (disaggregated) only read prompts or only write answers.

    Returns
    -------
    MeanRequest
        Each of the shape the inputs broadcast to.

    Raises
    ------
    RangeError
        If a length is impossible, or weights and one request do not fit into memory.

    Notes
    -----
    ``E = E_prefill + O E_step(B, context) / (B tokens per step) + host and waiting power x replica time``

    The mean over prompts is taken to second order: f(mean) plus half the curvature times the variance, exact
    while prefill is linear plus attention's square.

    References
    ----------
    .. [1] Source ``taotie_energy_fit2026``: coefficients of the runtime.

    Examples
    --------
    The mean equals the request when all are alike:

    >>> from taotie.compute.energy.energy_per_request import request_energy
    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100-sxm"))
    >>> one = request_energy(setup, 1000, 200, 32)
    >>> mean = mean_request(1000, 200, 1100, 1.0, 32, 1.0, 700, 3.35e12, 989e12, 118.75, 350,
    ...     model="llama-3.1-8b", accelerator="h100-sxm", accelerators_per_replica=1,
    ...     precision="bf16", runtime="vllm-0.11")
    >>> bool(abs(mean.decode_wh[0] / one.decode_wh[0] - 1) < 1e-9)
    True
    """
    chip = accelerator_named(accelerator)
    setup = _setup_of(
        model_architecture(model), chip, int(accelerators_per_replica), precision, runtime, int(data_parallel),
        int(expert_parallel), int(draft_tokens), float(acceptance), draft_model, software_date,
    )  # fmt: skip
    share = np.atleast_1d(np.asarray(busy_share, dtype=np.float64))
    shape, (p, o, c, spread, b, hit, tdp, bandwidth, peak) = _one_axis(
        mean_prompt, mean_output, mean_context, prompt_spread, batch,
        0.0 if prefix_hit is None else prefix_hit, tdp_w, bandwidth_b_s, peak_flop_s,
    )  # fmt: skip
    if hit.size and not (hit.min() >= 0.0 and hit.max() < 1.0):
        raise RangeError(
            _("prefix_hit={value} must be at least 0 and below 1.").format(value=float(hit.max())),
            _("the last token of a prompt is always read anew."),
        )
    if not all((v >= least).all() for v, least in ((p, 0), (o, 1), (spread, 1 - 1e-9))):
        raise RangeError(
            _("mean lengths prompt={prompt}, output={output} cannot be.").format(
                prompt=float(p.min()), output=float(o.min())
            )
        )
    if share.size and not (share.min() > 0 and share.max() <= 1):
        raise RangeError(_("a busy share must lie above 0 and at most at 1."))
    known = (mean_prompt, mean_output, mean_context, prompt_spread, batch, prefix_hit, tdp_w, bandwidth_b_s, peak_flop_s)  # fmt: skip
    decode_j, fill_j, replica_s = _lately(
        setup,
        (*known, float(("both", "read", "write").index(pool))),
        lambda: _served_in_parts(setup, (p, o, c, spread, b, hit, tdp, bandwidth, peak), pool),
    )
    if len(shape) > 1:
        decode_j, fill_j, replica_s = (
            np.broadcast_to(v, (math.prod(shape),)).reshape(shape)
            for v in (decode_j, fill_j, replica_s)
        )
    n = float(accelerators_per_replica)
    tdp_each = np.asarray(tdp_w, dtype=np.float64)
    load = (decode_j + fill_j) / (replica_s * n * tdp_each)
    low, high = np.asarray(host_idle_w, float), np.asarray(host_max_w, float)
    host_w = n * (low + (high - low) * load)
    rest = 1.0 / share - 1.0
    if rest.any():
        waiting = chip.idle_power_w
        each_w = (IDLE_TDP_SHARE * tdp_each if waiting is None else waiting) + low
        idle_wh = rest * replica_s * (n * each_w) / 3600.0
    else:  # replicas that always work
        idle_wh = np.zeros(np.broadcast(rest, replica_s, tdp_each, low).shape)
    return MeanRequest(
        prefill_wh=fill_j / 3600.0,
        decode_wh=decode_j / 3600.0,
        host_wh=host_w * replica_s / 3600.0,
        idle_wh=idle_wh,
        replica_s=replica_s,
    )


class _Served(NamedTuple):
    """The accelerators' part of the mean request."""

    decode_j: FloatArray
    fill_j: FloatArray
    replica_s: FloatArray


def _setup_of(model: ModelArchitecture, *rest: Any) -> ServingSetup:
    """A set-up; the one made before of the same, which knows its row already."""
    try:
        return _known_setup(model, *rest)
    except TypeError:  # a model read from a file holds what it said of it
        return _known_setup.__wrapped__(model, *rest)


@lru_cache(maxsize=64)
def _known_setup(
    model: ModelArchitecture, chip: Accelerator, accelerators: int, precision: str, runtime: str, data_parallel: int,
    expert_parallel: int, draft_tokens: int, acceptance: float, draft_model: str, software_date: str,
) -> ServingSetup:  # fmt: skip
    return ServingSetup(
        model,
        chip,
        accelerators,
        precision,
        runtime,
        data_parallel=data_parallel,
        expert_parallel=expert_parallel,
        draft_tokens=draft_tokens,
        acceptance=acceptance,
        draft_model=draft_model,
        software_date=software_date,
    )


def _served_in_parts(setup: ServingSetup, inputs: Sequence[FloatArray], pool: str) -> _Served:
    """`_served`, so many rows at a time that a set-up's row for each of them stays small."""
    setup.largest_batch(float(np.max(inputs[2])))  # refuses what memory cannot hold at all
    n = max(v.size for v in inputs)
    if n <= CHUNK:
        whole_at_once = _served(setup, inputs, pool)
        return _Served(*(v if v.shape == (n,) else np.full(n, v) for v in whole_at_once))
    made = _Served(*(np.empty(n) for _field in _Served._fields))
    for first in range(0, n, CHUNK):
        rows = slice(first, first + CHUNK)
        part = _served(setup, [v if v.size == 1 else v[rows] for v in inputs], pool)
        for whole, some in zip(made, part, strict=True):
            whole[rows] = some
    return made


def _served(setup: ServingSetup, inputs: Sequence[FloatArray], pool: str) -> _Served:
    p, o, c, spread, b, hit, tdp, bandwidth, peak = inputs
    most = _largest_batch(setup, c)
    if b.size and (
        b.min() < 1.0 or b.max() > most.min()
    ):  # else the draws themselves: their step is known
        b = np.clip(b, 1.0, most)
    x = _rows(setup, tdp, bandwidth, peak)
    k = runtime_profile(setup.runtime).coefficients(setup.accelerator.architecture)
    step = decode_cost(x, k, b, c)
    steps = o / setup.tokens_per_step
    starts = b / steps  # prompts that begin per step

    write_j, write_s = steps * step.energy_j / b, steps * step.time_s / b
    if pool == "write":
        return _Served(write_j, np.zeros_like(write_j), write_s)

    def read(times: float) -> PrefillCost:
        def fresh(tokens: Any) -> PrefillCost:
            if pool == "read":  # nobody decodes beside it
                return prefill_cost(x, k, tokens)
            return prefill_cost(x, k, tokens, batch=b, starts=starts)

        return beyond_cache(fresh, times * p, hit)

    fill_s, fill_j = read(1.0)
    if np.any(spread != 1.0):  # prompts that differ: to second order of their lengths
        below, above = read(0.5), read(1.5)
        fill_j = fill_j + 2.0 * (above.energy_j - 2.0 * fill_j + below.energy_j) * (spread - 1.0)
        fill_s = fill_s + 2.0 * (above.time_s - 2.0 * fill_s + below.time_s) * (spread - 1.0)
    if pool == "read":
        return _Served(np.zeros_like(fill_j), fill_j, fill_s)
    return _Served(write_j, fill_j, write_s + fill_s)


_kept: tuple[tuple[Any, ...], ...] = ()
"""What the accelerators took lately, and of what: in a design of many runs most change only something else."""
N_KEPT = 4


def _lately(setup: ServingSetup, known: tuple[Any, ...], make: Callable[[], _Served]) -> _Served:
    """What `make` gives, or gave a moment ago for the same set-up and inputs.

    Inputs are the same if they are one array that nobody can change, or equal numbers.
    """
    global _kept
    key: list[Any] = [setup]
    for value in known:
        if np.ndim(value) == 0:
            key.append(None if value is None else float(value))
        elif _fixed(value):
            key.append(("at", id(value)))
        else:
            return make()
    for kept_key, _inputs, found in _kept:
        if kept_key == key:
            return found
    made = make()
    for one in made:
        one.flags.writeable = False
    # the inputs stay with what was made of them: nothing else can stand where they stand
    _kept = ((key, known, made), *_kept[: N_KEPT - 1])
    return made


def _fixed(value: Any) -> bool:
    """An array of usual size that does not change and is no window on another."""
    return (
        isinstance(value, np.ndarray)
        and not value.flags.writeable
        and 0 not in value.strides
        and value.size <= N_DRAWS_KEPT
    )


def _one_axis(*values: Any) -> tuple[tuple[int, ...], list[FloatArray]]:
    """The shape that values have together, and each as an array of one axis that goes with the others."""
    arrays = [np.asarray(v, dtype=np.float64) for v in values]
    shapes = {a.shape for a in arrays} - {()}
    shape = np.broadcast_shapes(*shapes) if len(shapes) > 1 else next(iter(shapes), ())
    if len(shape) < 2:
        return shape, [a if a.ndim else a.reshape(1) for a in arrays]
    return shape, [(np.broadcast_to(a, shape) if a.size > 1 else a).ravel() for a in arrays]


def _largest_batch(setup: ServingSetup, context: FloatArray) -> FloatArray:
    """Sequences that memory holds, for each mean context."""
    m = setup.model
    seen = (m.attention_layers - m.window_layers) * context
    if m.window_layers:
        seen = seen + m.window_layers * np.minimum(context, m.window)
    return np.floor(
        setup.cache_room_b
        / np.maximum(setup.cache_copies * m.kv_b_per_layer * seen + m.state_b, 1.0)
    )


def _rows(setup: ServingSetup, tdp_w: Any, bandwidth_b_s: Any, peak_flop_s: Any) -> FloatArray:
    """The set-up with the data sheet values as given; one row, or one a sample."""
    given = [np.atleast_1d(np.asarray(v, float)) for v in (tdp_w, bandwidth_b_s, peak_flop_s)]
    x = np.repeat(setup.row[np.newaxis], max(v.size for v in given), axis=0)
    own = setup.row
    tdp, bandwidth, peak, expert = (
        COLUMNS.index(name)
        for name in ("tdp_w", "bandwidth_b_s", "dense_peak_flop_s", "expert_peak_flop_s")
    )
    x[:, tdp], x[:, bandwidth], x[:, peak] = given
    x[:, expert] = x[:, peak] * own[expert] / own[peak]  # experts may have a faster precision
    return x
