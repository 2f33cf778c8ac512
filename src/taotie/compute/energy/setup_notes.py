"""What of a set-up was never measured, and so must be said? [1]

Coefficients come from measurements on some chips, engines, formats, batches and counts. A set-up outside of them is answered
with a wider interval (`RuntimeProfile.half_width`), and each way in which it lies outside is named.
"""

from __future__ import annotations

from datetime import date, timedelta

from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import SEEN_YEARS, SOFTWARE_OF, ServingSetup
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["largest_measured_batch", "not_measured"]

MEASURED_FORMATS = {
    "vllm": ("bf16", "fp8", "mxfp4"),
    "sglang": ("fp8", "nvfp4"),
    "tensorrt-llm": ("fp8", "nvfp4"),
}
"""Number formats among the runs an engine's profile was fitted on."""
LARGEST_BATCH = 4096.0
"""Largest mean batch of those runs."""
MOST_ACCELERATORS = {"vllm": 8, "sglang": 72, "tensorrt-llm": 72}
"""Accelerators of the largest replica among them."""


def largest_measured_batch() -> float:
    """Requests that decoded together in the fullest measured run. [1]"""
    return LARGEST_BATCH


def not_measured(setup: ServingSetup, batch: float | None = None) -> tuple[Said, ...]:
    """Each way in which a set-up lies outside what its profile was fitted on, and what of its drafts is taken for granted.

    Parameters
    ----------
    setup : ServingSetup
    batch : float, optional
        Requests that decode together. [1]

    Examples
    --------
    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("gaudi3"))
    >>> [s.code for s in not_measured(setup, 32)]
    ['not_measured.maker']
    """
    profile = runtime_profile(setup.runtime)
    chip = setup.accelerator
    engine = str(profile.provenance.get("engine", "vllm"))
    said = []
    if engine == "any":
        said.append(
            Said(
                "not_measured.engine",
                N_(
                    "this serving engine was never measured: it is taken for what the measured ones have in common, with a "
                    "wider range."
                ),
            )
        )
    if chip.maker not in profile.provenance.get("makers", (chip.maker,)):
        said.append(
            Said(
                "not_measured.maker",
                N_("no chip of {maker} was measured with {runtime}: the range is wider."),
                {"maker": chip.maker, "runtime": Said("runtime", profile.label)},
            )
        )
    elif not profile.knows(chip.architecture):
        said.append(
            Said(
                "not_measured.chip",
                N_("{chip} and its kind were not measured with {runtime}: the range is wider."),
                {"chip": chip.label, "runtime": Said("runtime", profile.label)},
            )
        )
    formats = MEASURED_FORMATS.get(engine, ("bf16", "fp8", "nvfp4", "mxfp4"))
    if setup.precision not in formats:
        said.append(
            Said(
                "not_measured.precision",
                N_("{precision} was not measured with {runtime}; measured were {formats}."),
                {
                    "precision": setup.precision,
                    "runtime": Said("runtime", profile.label),
                    "formats": ", ".join(formats),
                },
            )
        )
    if batch is not None and batch > LARGEST_BATCH:
        said.append(
            Said(
                "not_measured.batch",
                N_("a batch of {batch:.0f} is beyond the largest measured, {most:.0f}."),
                {"batch": batch, "most": LARGEST_BATCH},
            )
        )
    most = MOST_ACCELERATORS.get(engine, 8)
    if setup.accelerators_per_replica > most:
        said.append(
            Said(
                "not_measured.count",
                N_("{n} accelerators for one replica are more than were measured, {most}."),
                {"n": setup.accelerators_per_replica, "most": most},
            )
        )
    # of a size alone the heads are a guess, which says nothing of how they are cut
    model, cut = setup.model, setup.accelerators_per_replica // setup.data_parallel
    heads = model.heads if model.attention_layers and not model.typical else 0
    if cut <= heads and heads % cut:
        said.append(
            Said(
                "not_measured.cut",
                N_(
                    "{heads} attention heads of {model} cannot be cut evenly over {n} accelerators: engines then cut by layers, "
                    "which was not measured."
                ),
                {"heads": heads, "model": model.name, "n": cut},
            )
        )
    low, high = (SOFTWARE_OF + timedelta(days=round(365.25 * y)) for y in SEEN_YEARS)
    if setup.software_date and not low <= date.fromisoformat(setup.software_date) <= high:
        said.append(
            Said(
                "not_measured.software",
                N_(
                    "software of {date} lies outside what was measured, {low} to {high}: it counts as that of the nearer end."
                ),
                {"date": setup.software_date, "low": str(low), "high": str(high)},
            )
        )
    if setup.draft_tokens and engine in ("vllm", "any"):
        said.append(
            Said(
                "not_measured.drafts",
                N_("drafted tokens were not measured with {runtime}."),
                {"runtime": Said("runtime", profile.label)},
            )
        )
    if setup.draft_tokens and not setup.draft_model:
        said.append(
            Said(
                "drafts.own_layer",
                N_(
                    "one layer of the model itself drafts (multi-token prediction), since no draft_model is named."
                ),
            )
        )
    return tuple(said)
