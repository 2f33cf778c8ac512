"""How much energy and time do generated pictures and films take? [J, s]

A diffusion model repeats one pass of a network over all latent tokens, step by step: FLOPs follow from the
shape of the network, the resolution and the number of frames, with attention quadratic in tokens; then a
decoder turns latents into pixels. Energies are at the `accelerator` boundary.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.hardware.accelerator import Accelerator
from taotie.quantity.catalog import table
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = [
    "GENERATION_COEFFICIENTS",
    "DiffusionModel",
    "GenerationCost",
    "diffusion_model",
    "diffusion_models",
    "find_diffusion_model",
    "generation_cost",
    "generation_row",
    "typical_diffusion_model",
]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class DiffusionModel:
    """Shape of a diffusion transformer or U-Net, its decoder and its text encoder."""

    name: str
    layers: int
    hidden: int
    token_params: float = 0.0
    """Parameters that each latent token multiplies with in one pass; not those of the modulation or of a
    separate text stream."""
    pixels_per_token: int = 16
    """Edge of the square of pixels that becomes one token: decoder factor times patch."""
    frames_per_token: int = 1
    text_tokens: int = 0
    """Text tokens that join the image tokens in attention."""
    passes: int = 2
    """Network passes per step: 2 with classifier-free guidance, 1 where guidance was distilled away."""
    linear_attention: bool = False
    flop_per_pass: float = 0.0
    """U-Nets: FLOPs of one pass at `reference_pixels`, where they do not follow from tokens."""
    reference_pixels: float = 0.0
    attention_layers: int = 0
    """Self-attentions of one pass, where not one a layer."""
    text_params: float = 0.0
    total_params: float = 0.0
    typical: bool = False
    recalled: tuple[str, ...] = ()
    """Of what decides its work, what was typed from memory and not looked up since."""
    recalled_aside: tuple[str, ...] = ()
    """The same of what hardly bears on it: text tokens, sizes."""

    def tokens(self, height: Any, width: Any, frames: Any = 1) -> FloatArray:
        """Latent tokens of one picture or film.

        Examples
        --------
        Wan 2.1 cuts 81 frames of 832 x 480 into 21 x 30 x 52 tokens:

        >>> int(diffusion_model("wan2.1-t2v-1.3b").tokens(480, 832, 81))
        32760
        """
        edge = float(self.pixels_per_token)
        h = np.floor(np.asarray(height, dtype=np.float64) / edge)
        w = np.floor(np.asarray(width, dtype=np.float64) / edge)
        f = np.asarray(frames, dtype=np.float64)
        f = np.floor((f - 1.0) / self.frames_per_token) + 1.0
        return np.asarray(np.maximum(h, 1.0) * np.maximum(w, 1.0) * f, dtype=np.float64)

    def flop_per_step(self, height: Any, width: Any, frames: Any = 1) -> FloatArray:
        """FLOPs of one denoising step of one picture or film.

        Notes
        -----
        ``passes (2 P_token N + 4 N (N + N_text) d layers)``; the second term, attention, is left out where
        attention is linear.
        """
        n = self.tokens(height, width, frames)
        if self.flop_per_pass > 0.0:
            pixels = np.asarray(height, dtype=np.float64) * np.asarray(width, dtype=np.float64)
            scale = pixels * np.asarray(frames, dtype=np.float64) / self.reference_pixels
            return np.asarray(self.passes * self.flop_per_pass * scale, dtype=np.float64)
        flop = 2.0 * self.token_params * n
        if not self.linear_attention:
            attentions = self.attention_layers or self.layers
            flop = flop + 4.0 * n * (n + self.text_tokens) * self.hidden * attentions
        return np.asarray(self.passes * flop, dtype=np.float64)

    def attention_flop_per_step(self, height: Any, width: Any, frames: Any = 1) -> FloatArray:
        """Of `flop_per_step` those of attention over all tokens, where they can be told apart."""
        n = self.tokens(height, width, frames)
        if self.flop_per_pass > 0.0 or self.linear_attention:
            return np.zeros_like(n)
        pairs = 4.0 * n * (n + self.text_tokens) * self.hidden
        return np.asarray(self.passes * pairs * (self.attention_layers or self.layers))


_PICTURES = ("flux.1-dev", "stable-diffusion-3.5-large", "sdxl-turbo", "qwen-image", "sana1.5-1.6b")
_FILMS = ("wan2.1-t2v-14b", "hunyuanvideo", "cogvideox-5b", "ltx-video", "mochi-1")
"""Models named to who asks for one that is not held."""
_A_KIND = re.compile(
    r"(an? )?(image|picture|photo|film|movie|video|clip|图片|图像|图|照片|视频|电影|影片)s?",
    re.IGNORECASE,
)
_INTEGERS = (
    "layers",
    "hidden",
    "pixels_per_token",
    "frames_per_token",
    "text_tokens",
    "passes",
    "attention_layers",
)
_ASIDE = ("text_tokens", "text_params", "total_params")
"""What moves the energy of a model by less than one percent, were it twice as much."""
_REALS = ("token_params", "flop_per_pass", "reference_pixels", "text_params", "total_params")


@lru_cache(maxsize=1)
def diffusion_models() -> dict[str, DiffusionModel]:
    """All diffusion models of the table, by name."""
    cells = table("diffusion_models")
    found = {}
    for item in cells.items():
        known = {
            q: float(cells.cells[item, q]["value"])
            for q in (*_INTEGERS, *_REALS, "linear_attention")
            if (item, q) in cells.cells
        }
        typed = cells.from_memory.get(item, ())
        found[item] = DiffusionModel(
            name=item,
            linear_attention=bool(known.get("linear_attention", 0.0)),
            recalled=tuple(q for q in typed if q not in _ASIDE),
            recalled_aside=tuple(q for q in typed if q in _ASIDE),
            **{k: int(known[k]) for k in _INTEGERS if k in known},  # type: ignore[arg-type]
            **{k: known[k] for k in _REALS if k in known},  # type: ignore[arg-type]
        )
    return found


def _plain(name: str) -> str:
    text = name.split("/")[-1].lower().replace("_", "-")
    return re.sub(r"-(diffusers|1024px|1024-ms|fp16|bf16)(?=-|$)", "", text)


def find_diffusion_model(name: str) -> DiffusionModel | None:
    """The model of the table that `name` means, or None."""
    models = diffusion_models()
    text = _plain(name)
    for spelling in (name.split("/")[-1].lower(), text):
        if spelling in models:
            return models[spelling]
    hits = [k for k in models if text.startswith(k) or k.startswith(text)]
    return models[max(hits, key=len)] if hits else None


def diffusion_model(name: str) -> DiffusionModel:
    """The model of that name.

    Raises
    ------
    UnknownNameError
        If there is none; the hint gives the nearest.
    """
    found = find_diffusion_model(name)
    if found is None:
        known = diffusion_models()
        ways = _(
            "pictures: {pictures}; films: {films}; {n} names in all; or a size such as 12B."
        ).format(pictures=listing(_PICTURES), films=listing(_FILMS), n=len(known))
        near = nearest(_plain(name), known)
        # a kind, as in "image", is near to a name by its letters alone
        close = not _A_KIND.fullmatch(name.strip()) and _plain(name)[:3] in near
        raise UnknownNameError(
            _("diffusion model {name!r} is not in the table.").format(name=name),
            f"{near} {ways}" if close else ways,
        )
    return found


def typical_diffusion_model(name: str, total_params: float, video: bool = False) -> DiffusionModel:
    """A diffusion transformer typical of its size, for a model of which only that is known.

    Width 64 x depth, 14 d^2 parameters a layer that tokens use, three quarters of all parameters; decoder
    factor 8 and patch 2; guidance in two passes.
    """
    if not (total_params > 0 and math.isfinite(total_params)):
        raise RangeError(
            _("{name}: total_params={value} must be above 0.").format(name=name, value=total_params)
        )
    used = 0.75 * total_params
    layers = max(round((used / (14.0 * 64.0**2)) ** (1 / 3)), 4)
    return DiffusionModel(
        name,
        layers,
        64 * layers,
        used,
        16,
        4 if video else 1,
        256,
        total_params=total_params,
        typical=True,
    )


GENERATION_COLUMNS = (
    "flop", "activation_b", "layer_passes", "pixels", "items", "ulysses", "ring", "peak_flop_s", "bandwidth_b_s", "tdp_w",
    "video", "hidden", "attention_flop",
)  # fmt: skip
"""What a row of the matrix holds: work of all steps of one item; items; parallelism; accelerator; width
of the network; of the FLOPs those of attention."""

GENERATION_COEFFICIENTS = (
    "flop_share",
    "activation_passes",
    "launch_s",
    "parallel_launch_s",
    "ring_launch_s",
    "ulysses_loss",
    "ring_loss",
    "image_decode_s_per_mpixel",
    "video_decode_s_per_mpixel",
    "start_s",
    "idle_tdp_share",
    "busy_tdp_share",
    "flop_tdp_share",
    "width_power",
    "attention_flop_share",
)
USUAL_WIDTH = 2048.0
"""Width at which `flop_share` holds: wider matrices reach a larger share of the peak."""
LARGEST_FLOP_SHARE = 0.9


class GenerationCost(NamedTuple):
    """One batch of pictures or films."""

    time_s: FloatArray
    """Of the whole batch."""
    energy_j: FloatArray
    """Per item, all accelerators."""
    power_w: FloatArray


def generation_row(
    model: DiffusionModel,
    chip: Accelerator,
    *,
    height: float,
    width: float,
    steps: float,
    batch: float = 1.0,
    frames: float = 1.0,
    ulysses: float = 1.0,
    ring: float = 1.0,
) -> FloatArray:
    """Description of one run as the kernel reads it.

    Raises
    ------
    RangeError
        If a size, count or number of steps is below 1.
    """
    given = {
        "height": height, "width": width, "steps": steps, "batch": batch, "frames": frames, "ulysses": ulysses, "ring": ring,
    }  # fmt: skip
    for name, value in given.items():
        if not (value >= 1 and math.isfinite(value)):
            raise RangeError(_("{name}={value} must be at least 1.").format(name=name, value=value))
    tokens = float(model.tokens(height, width, frames))
    flop = steps * float(model.flop_per_step(height, width, frames))
    return np.array(
        [
            flop + 2.0 * model.text_params * 256.0,
            steps * model.passes * model.layers * tokens * model.hidden * 2.0,
            steps * model.layers,
            height * width * frames,
            batch,
            ulysses,
            ring,
            chip.peak_bf16_flop_s,
            chip.bandwidth_b_s,
            chip.rated_power_w(),
            1.0 if frames > 1 else 0.0,
            float(model.hidden) if model.flop_per_pass <= 0.0 else 0.0,
            steps * float(model.attention_flop_per_step(height, width, frames)),
        ]
    )


def generation_cost(
    rows: FloatArray, coefficients: Mapping[str, FloatArray | float]
) -> GenerationCost:
    """Time, energy and power of batches of pictures or films.

    Parameters
    ----------
    rows : ndarray, shape (n_row, len(GENERATION_COLUMNS))
        See `generation_row`.
    coefficients : mapping
        Fitted numbers by name, see `GENERATION_COEFFICIENTS`; each one value or shape (n_row,).

    Returns
    -------
    GenerationCost
        Each of shape (n_row,).

    Notes
    -----
    ``e = e_0 (width / 2048)^k``, the same for pictures and films, attention at a share of its own;
    ``t = B flop/(n F e) (1+k_u)^log2(u) (1+k_r)^log2(r) + B activations/(n W)``, but not faster than the host can
    launch the layers; then a decoder that runs on one accelerator, item by item.
    """
    x = np.atleast_2d(np.asarray(rows, dtype=np.float64))
    (
        flop,
        activation,
        passes,
        pixels,
        items,
        ulysses,
        ring,
        peak,
        bandwidth,
        tdp,
        video,
        hidden,
        pairs,
    ) = x.T
    c = coefficients
    n = ulysses * ring
    loss = (1.0 + c["ulysses_loss"]) ** np.log2(ulysses) * (1.0 + c["ring_loss"]) ** np.log2(ring)
    wide = np.where(hidden > 0, hidden / USUAL_WIDTH, 1.0) ** c["width_power"]
    share = np.minimum(c["flop_share"] * wide, LARGEST_FLOP_SHARE)
    arithmetic = (flop - pairs) / share + pairs / c["attention_flop_share"]
    arithmetic = items * arithmetic / (n * peak)
    memory = items * activation * c["activation_passes"] / (n * bandwidth)
    work = (arithmetic + memory) * loss
    launch = np.where(n > 1, c["parallel_launch_s"], c["launch_s"]) + c["ring_launch_s"] * np.log2(
        ring
    )
    launch = launch * passes
    network = (work**4 + launch**4) ** 0.25
    per_pixel = np.where(video > 0, c["video_decode_s_per_mpixel"], c["image_decode_s_per_mpixel"])
    decode = items * pixels / 1e6 * per_pixel * (989e12 / peak) ** 0.5
    time = network + decode + c["start_s"]
    energy = n * tdp * (c["idle_tdp_share"] * time + c["busy_tdp_share"] * work)
    energy = energy + tdp * c["busy_tdp_share"] * decode
    energy = energy + tdp * c["flop_tdp_share"] * items * flop / peak
    limit = n * tdp * time
    energy = energy / (1.0 + (energy / limit) ** 6) ** (1.0 / 6.0)
    return GenerationCost(time, energy / items, energy / time)
