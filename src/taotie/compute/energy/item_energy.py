"""How much does one picture, film or embedding take, and how long does it hold its accelerators? [Wh/request, s/request]

The border of `generation` and `encoder_tasks`: inputs are figures of the data sheet and of the host, so that an answer can be
traced to each of them. A request makes one item.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from taotie.compute.energy.encoder_tasks import encoder_cost
from taotie.compute.energy.generation import (
    DiffusionModel,
    diffusion_model,
    generation_cost,
    generation_row,
    typical_diffusion_model,
)
from taotie.compute.energy.model_architecture import from_memory
from taotie.compute.energy.runtime_profile import generation_profiles
from taotie.errors import RangeError, TaotieError, UnknownNameError, nearest
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.quantity.figure import Figure, leaf
from taotie.quantity.lift import lifted
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.language import N_, _
from taotie.words.said import Said, labels

__all__ = ["ItemEnergy", "encoded_input", "generated_item", "generation_model", "item_error"]

RUNTIMES = ("xdit-0.4", "diffusers-2024")
FAR_ARCHITECTURE = 0.35
"""Half width (log) added for a chip of another architecture: what Blackwell misses when only Hopper was fitted, and back."""
FAR_MAKER = 0.6
"""The same for a maker no run of whom was measured: our judgement."""
RECALLED_SHAPE = 0.15
"""The same for a shape typed from memory: of 180 cells looked up since, one was wrong, by a factor of two; our guess."""
GUESSED_SHAPE = 0.5
"""The same for a model of which only the size is known."""
ENCODER_NEAR, ENCODER_FAR = (0.65, 1.6), (0.4, 2.6)
"""True over modelled energy of an encoder on an A100 one input at a time, and elsewhere: our judgement."""


class ItemEnergy(NamedTuple):
    """One item: a picture, a film, an embedding."""

    accelerator_wh: Any
    """Accelerators only."""
    host_wh: Any
    """Their share of processors, memory, fans and network while it is made."""
    accelerator_s: Any
    """Accelerators times the time it holds them, shared by its batch."""


_UNITS: dict[str, Any] = {
    "returns": {
        "accelerator_wh": "Wh/request",
        "host_wh": "Wh/request",
        "accelerator_s": "accelerator*s/request",
    },
    "boundary": {"accelerator_wh": "accelerator", "host_wh": "server"},
    "kind": "modelled",
}


def generation_model(name: str, video: bool = False) -> DiffusionModel:
    """A diffusion model by name, or typical of a size such as ``12B``.

    Raises
    ------
    UnknownNameError
        If it is neither.

    Examples
    --------
    >>> generation_model("12B").typical, generation_model("flux.1-dev").typical
    (True, False)
    """
    try:
        return diffusion_model(name)
    except UnknownNameError:
        try:
            size = parse_quantity(name, "parameter")
        except TaotieError:  # no size either: the name is unknown
            size = 0.0
        if not size > 0:
            raise
        return typical_diffusion_model(name, size, video)


@lifted(
    tdp_w="W", bandwidth_b_s="B/s", peak_flop_s="FLOP/s", host_idle_w="W", host_max_w="W", **_UNITS
)
def generated_item(
    tdp_w: Any,
    bandwidth_b_s: Any,
    peak_flop_s: Any,
    host_idle_w: Any,
    host_max_w: Any,
    *,
    model: str,
    accelerator: str,
    height: float,
    width: float,
    steps: float,
    frames: float = 1.0,
    batch: float = 1.0,
    accelerators: int = 1,
    runtime: str = "xdit-0.4",
) -> ItemEnergy:
    """Energy and time of one picture or film.

    Parameters
    ----------
    tdp_w, bandwidth_b_s, peak_flop_s : array_like
        Data sheet of one accelerator, dense peak at 16 bit. [W, B/s, FLOP/s]
    host_idle_w, host_max_w : array_like
        Draw of the host per accelerator, waiting and under full load. [W]
    model, accelerator, runtime : str
        Names in the tables; `model` may be a size.
    height, width : float
        [pixel]
    steps, frames, batch : float
        Denoising steps; frames of a film, 1 for a picture; items made together. [1]
    accelerators : int
        Accelerators that make one batch together (sequence parallel). [1]

    Raises
    ------
    RangeError, UnknownNameError
        If a value is impossible or a name unknown.

    Notes
    -----
    ``E = generation_cost; host = (idle + (most - idle) power / tdp) x time x accelerators / batch``

    References
    ----------
    .. [1] Source ``taotie_energy_fit2026``: coefficients of the runtime.
    """
    film = frames > 1
    chip = accelerator_named(accelerator)
    profile = _generation_profile(runtime, "video" if film else "image")
    row = generation_row(
        generation_model(model, film), chip,
        height=height, width=width, steps=steps, batch=batch, frames=frames, ulysses=float(accelerators),
    )  # fmt: skip
    sheet = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (tdp_w, bandwidth_b_s, peak_flop_s)))  # fmt: skip
    rows = np.repeat(row[None, :], len(sheet[0]), axis=0)
    from taotie.compute.energy.generation import GENERATION_COLUMNS

    for name, values in zip(("tdp_w", "bandwidth_b_s", "peak_flop_s"), sheet, strict=True):
        rows[:, GENERATION_COLUMNS.index(name)] = values
    own = profile.get("by_architecture", {}).get(chip.architecture, {})
    made = generation_cost(rows, {**profile["values"], **own})
    busy = np.minimum(made.power_w / (accelerators * sheet[0]), 1.0)
    return _with_host(made.energy_j / 3600.0, made.time_s, busy, batch, accelerators, host_idle_w, host_max_w)  # fmt: skip


@lifted(tdp_w="W", peak_flop_s="FLOP/s", host_idle_w="W", host_max_w="W", **_UNITS)
def encoded_input(
    tdp_w: Any,
    peak_flop_s: Any,
    host_idle_w: Any,
    host_max_w: Any,
    *,
    accelerator: str,
    params: float,
    layers: float,
    tokens: float,
    batch: float = 1.0,
) -> ItemEnergy:
    """Energy and time of one classification or embedding, see `encoder_cost`.

    Parameters
    ----------
    tdp_w, peak_flop_s, host_idle_w, host_max_w : array_like
        Of one accelerator, host per accelerator. [W, FLOP/s]
    params, layers, tokens, batch : float
        Parameters each token multiplies with, layers, tokens of an input, inputs encoded together. [1]

    Raises
    ------
    RangeError
        If a value is impossible.
    """
    chip = accelerator_named(accelerator)
    tdp, peak = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (tdp_w, peak_flop_s)))  # fmt: skip
    one = [
        encoder_cost(params, layers, tokens, replace(chip, tdp_w=float(t), peak_bf16_flop_s=float(p)), batch)
        for t, p in zip(*np.unique(np.stack([tdp, peak]), axis=1), strict=True)
    ]  # fmt: skip
    where = np.unique(np.stack([tdp, peak]), axis=1, return_inverse=True)[1].reshape(-1)
    energy = np.array([float(c.energy_wh) for c in one])[where]
    time = np.array([float(c.time_s) for c in one])[where]
    busy = np.minimum(energy * batch * 3600.0 / time / tdp, 1.0)
    return _with_host(energy, time, busy, batch, 1, host_idle_w, host_max_w)


def _with_host(
    energy_wh: Any, time_s: Any, busy: Any, batch: float, n: int, idle_w: Any, most_w: Any
) -> ItemEnergy:
    idle, most = np.asarray(idle_w, dtype=np.float64), np.asarray(most_w, dtype=np.float64)
    held = n * time_s / batch
    return ItemEnergy(energy_wh, (idle + (most - idle) * busy) * held / 3600.0, held)


def item_error(
    kind: str, chip_name: str, *, runtime: str = "xdit-0.4", model: DiffusionModel | None = None, batch: float = 1.0
) -> tuple[Figure, list[Said]]:  # fmt: skip
    """True over modelled energy of an item, and what of it was never measured. [1]

    Parameters
    ----------
    kind : str
        image, video or embedding.
    """
    chip = accelerator_named(chip_name)
    said: list[Said] = []
    if kind == "embedding":
        near = chip.architecture == "ampere" and batch == 1
        low, high = ENCODER_NEAR if near else ENCODER_FAR
        if not near:
            said.append(Said("not_measured.encoder", N_("encoders were measured on an A100, one input at a time: elsewhere the range is wider.")))  # fmt: skip
        note = N_(
            "32 encoders, one input at a time, on an A100; other chips and batches by judgement"
        )
    else:
        profile = _generation_profile(runtime, kind)
        half = float(profile["error"]["half_width_90"]["energy"])
        if chip.maker.lower() != "nvidia":
            half = float(np.hypot(half, FAR_MAKER))
            said.append(Said("not_measured.maker", N_("no chip of {maker} was measured with {runtime}: the range is wider."), {"maker": chip.maker, "runtime": runtime}))  # fmt: skip
        elif chip.architecture not in profile["provenance"]["architectures"]:
            half = float(np.hypot(half, FAR_ARCHITECTURE))
            said.append(Said("not_measured.chip", N_("{chip} and its kind were not measured with {runtime}: the range is wider."), {"chip": chip.label, "runtime": runtime}))  # fmt: skip
        if model is not None and model.typical:
            half = float(np.hypot(half, GUESSED_SHAPE))
            said.append(Said("shape_guessed", N_("of {model} only the size is known: its shape is taken to be typical, and the range is wider."), {"model": model.name}))  # fmt: skip
        if model is not None and model.recalled:
            half = float(np.hypot(half, RECALLED_SHAPE))
            said.append(from_memory(model.name, model.recalled, RECALLED_SHAPE))
        if model is not None and model.recalled_aside:
            said.append(Said("detail_from_memory", N_("of {model}, {keys} was typed from memory: it hardly bears on the result, and the range stays."), {"model": model.name, "keys": ", ".join(model.recalled_aside)}))  # fmt: skip
        low, high = float(np.exp(-half)), float(np.exp(half))
        note = N_("rows of models left out of the fit, {runtime}; nine in ten lie within").format(
            runtime=runtime
        )
    error = leaf(
        f"item_energy.error.{kind}.{runtime}.{high:.4g}", low=low, high=high, spread="lognormal", unit="1", kind="assumed" if kind == "embedding" else "modelled",
        note=note, label=labels(N_("Error of the energy model")),
    )  # fmt: skip
    return error, said


def checked_parallel(n: int) -> int:
    """Accelerators that share one item.

    Raises
    ------
    RangeError
        If there are none, or more than anyone runs.
    """
    if not 1 <= n <= 64:
        raise RangeError(
            _("one picture or film is not made on {n} accelerators.").format(n=n), "--on h100-sxm:8"
        )
    return n


def _generation_profile(runtime: str, medium: str) -> dict[str, Any]:
    """What was fitted for a runtime and a medium; an unknown runtime is a sentence."""
    known = generation_profiles()
    if f"{runtime}/{medium}" not in known:
        names = [k.partition("/")[0] for k in known if k.endswith(f"/{medium}")]
        raise UnknownNameError(
            _("runtime {name!r} has no fitted profile.").format(name=runtime),
            nearest(runtime, names),
        )
    return known[f"{runtime}/{medium}"]
