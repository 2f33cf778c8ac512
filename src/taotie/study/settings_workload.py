"""Which settings do the questions about pictures, films, embeddings, buildings and savings take?"""

from __future__ import annotations

from taotie.study.setting import Setting
from taotie.words.language import N_

__all__ = ["WORKLOAD"]

_BATCH = Setting("batch", "number", N_("Items made together."), "1", 1, 4096, default=1.0, reason=N_("one at a time, as an interactive service makes them"), options=("--batch", "-b"))  # fmt: skip

WORKLOAD: dict[str, tuple[Setting, ...]] = {
    "generate": (
        Setting(
            "model", "text", N_("A diffusion model by name, or its size such as 12B."), default="flux.1-dev", first=True, options=("--model", "-m"),
            reason=N_("a picture model of usual size whose weights are published"), known="taotie.compute.energy.generation.diffusion_models",
        ),
        Setting("height", "number", N_("Height in pixels; default: 1024 for a picture, 480 for a film."), "1", 16, 16384),
        Setting("width", "number", N_("Width in pixels; default: 1024 for a picture, 832 for a film."), "1", 16, 16384),
        Setting("steps", "number", N_("Denoising steps; default: 28 for a picture, 50 for a film."), "1", 1, 10000),
        Setting("frames", "number", N_("Frames of a film; 1 is a picture; default: by the model, 81 for a film."), "1", 1, 10000),
        _BATCH,
        Setting("runtime", "text", N_("Serving software: xdit-0.4 (2025) or diffusers-2024."), default="xdit-0.4", choices=("xdit-0.4", "diffusers-2024"), reason=N_("the newest that was measured"), options=("--runtime", "--engine")),
    ),
    "embed": (
        Setting("params", "number", N_("Parameters each token multiplies with, embeddings aside."), "parameter", 1e5, 1e12, default=85e6, reason=N_("a BERT of usual size")),
        Setting("layers", "number", N_("Layers."), "1", 1, 1000, default=12.0, reason=N_("a BERT of usual size")),
        Setting("tokens", "number", N_("Tokens of one input."), "token", 1, 1e7, default=128.0, reason=N_("a paragraph")),
        _BATCH,
    ),
    "facility": (
        Setting("cooling", "text", N_("Cooling: air-economizer, water-economizer, sea-water, direct-to-chip, or direct-to-chip+water-economizer."), default="air-economizer", first=True, reason=N_("outside air cools where it can, as most new sites do")),
        Setting("weather", "file", N_("Hourly weather: an EPW, TMY or CSV file.")),
        Setting("latitude", "number", N_("Latitude, degrees north; the nearest climate is taken."), "1", -90, 90),
        Setting("longitude", "number", N_("Longitude, degrees east."), "1", -180, 180),
        Setting("load", "number", N_("Mean draw of the machines."), "MW", 1e-6, 1e6, default=1.0, reason=N_("one megawatt, to be multiplied in the head")),
        Setting("sea_temperature", "number", N_("Mean of the sea over the year at the inlet, C; sea-water."), "1", -2, 40),
        Setting("sea_swing", "number", N_("Warmest less coldest day of the sea, K; sea-water."), "1", 0, 40),
    ),
    "compare": (
        Setting("changes", "texts", N_("What to change: fp8, int4, batch=64, cached=0.5, draft=3, half-answer, on=b200, model=NAME; default: all that apply."), default=(), options=("--change", "--with"), split=","),
    ),
}  # fmt: skip
"""By ask."""
