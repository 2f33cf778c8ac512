"""What does the EU form for general-purpose models ask? Energy, compute and time of training, compute of inference.

Code of Practice for General-Purpose AI Models, Transparency chapter, Model Documentation Form of 2025-07-10; rows after our
notes (third-draft form read, final form second-hand). Fields of the form, no claim to comply.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from taotie.errors import UnknownNameError, nearest
from taotie.policy.disclosure.facts import Fact, Facts
from taotie.policy.disclosure.form import (
    Disclosure,
    Field,
    magnitude,
    needed_boundary,
    scientific,
    status_of,
)
from taotie.words.language import N_, _

__all__ = ["VERSION", "mdf", "method_text", "training_time_range"]

VERSION = "2025-07-10"
TITLE = N_("Fields of the Model Documentation Form (EU general-purpose AI, form of 2025-07-10)")
RECIPIENTS = ("AIO", "NCA")
MOST_WORDS = 100
LABELS = {
    "model": N_("Model"),
    "training_time": N_("Time used for training"),
    "training_compute": N_("Amount of computation used for training"),
    "training_compute_method": N_("How the computation was measured"),
    "training_energy": N_("Energy used for training"),
    "training_energy_method": N_("How the energy was measured"),
    "inference_compute": N_("Benchmarked computation of inference"),
    "inference_compute_method": N_("How the computation of inference was measured"),
}


def training_time_range(days: float) -> str:
    """The range national authorities are given.

    Examples
    --------
    >>> [training_time_range(d) for d in (20, 34, 100, 200)]
    ['< 1 month', '1-3 months', '3-6 months', '> 6 months']
    """
    months = days / (365.25 / 12)
    if months < 1:
        return "< 1 month"
    return "1-3 months" if months <= 3 else "3-6 months" if months <= 6 else "> 6 months"


def method_text(boundary: Mapping[str, Any], fact: Fact | None, more: str) -> str:
    """The boundary first, then how; at most 100 words."""
    level = str(boundary["level"])
    if more.startswith(f"{level.capitalize()} boundary"):  # a text of ours, read back
        return " ".join(more.split()[:MOST_WORDS])
    words = f"{level.capitalize()} boundary"
    if "pue" in boundary:
        words += f", PUE {boundary['pue']:.2f}"
    includes = boundary.get("includes")
    words += f"; included: {', '.join(includes)}" if includes else "; not stated: failed runs, experiments, data preparation"  # fmt: skip
    words += ". "
    if more:
        words += more.rstrip(".") + "."
    elif fact is not None and fact.kind == "measured":
        words += f"Measured; readings from {fact.origin}."
    elif fact is not None and fact.kind == "given":
        words += "As stated by the reporter."
    elif fact is not None:
        words += f"Estimated with taotie from {fact.origin}."
        if fact.low is not None and fact.high is not None:
            words += f" 90 % of the draws lie between {fact.low:.3g} and {fact.high:.3g} {fact.unit}."  # fmt: skip
    return " ".join(words.split()[:MOST_WORDS])


def mdf(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """The energy, compute and time rows of the form.

    Parameters
    ----------
    facts : Facts
        `training_energy` (or `energy` of a training run), `training_compute` (or `computation`), `wall_hours`,
        `accelerator_hours`, `accelerator`, `inference_compute`, `inference_task`, `inference_hardware`.
    options : mapping
        `boundary`, `recipient` (AIO or NCA).

    Raises
    ------
    BoundaryError
        If no boundary is known.
    """
    recipient = str(options.get("recipient") or "AIO").upper()
    if recipient not in RECIPIENTS:
        raise UnknownNameError(
            _("--for {name} is not a recipient of this form.").format(name=repr(recipient)),
            nearest(recipient, RECIPIENTS),
        )
    energy = facts.number("MWh", "training_energy", "energy")
    compute = facts.number("FLOP", "training_compute", "computation")
    made = None
    if energy is None:
        energy = made = _from_compute(facts, compute)
    boundary = needed_boundary(facts, options, energy)
    rows = [
        _text("model", facts.text("model", "name"), N_("name of the model")),
        _time(facts, recipient),
    ]
    rows.append(_compute(compute, recipient))
    rows.append(_text("training_compute_method", facts.text("training_compute_method"), N_("how the computation was counted")))  # fmt: skip
    if energy is None or not float(energy.value) > 0:
        rows.append(
            Field(
                "training_energy", LABELS["training_energy"], unit="MWh",
                missing=(N_("energy of training, or computation with MFU, draw and PUE"),),
            )
        )  # fmt: skip
        rows.append(Field("training_energy_method", LABELS["training_energy_method"], missing=(N_("how the energy was measured or estimated"),)))  # fmt: skip
    else:
        value = float(energy.value)
        more = facts.text("training_energy_method")
        if made is not None:
            more = more or "Estimated from computational resources: computation / (peak x MFU) x draw x PUE"  # fmt: skip
        rows.append(
            Field(
                "training_energy", LABELS["training_energy"], f"{scientific(value)} MWh", value, "MWh", energy.low, energy.high,
                status_of(energy), str(boundary["level"]), sources=energy.sources,
            )
        )  # fmt: skip
        text = method_text(boundary, energy, more)
        rows.append(Field("training_energy_method", LABELS["training_energy_method"], text, text, status="computed"))  # fmt: skip
    inference = facts.number("FLOP", "inference_compute")
    if inference is None:
        rows.append(Field("inference_compute", LABELS["inference_compute"], unit="FLOP", missing=(N_("computation of one benchmarked task"),)))  # fmt: skip
    else:
        value = float(inference.value)
        rows.append(
            Field("inference_compute", LABELS["inference_compute"], f"{scientific(value)} FLOP", value, "FLOP", inference.low, inference.high, status_of(inference))
        )  # fmt: skip
    task, hardware = facts.text("inference_task"), facts.text("inference_hardware")
    both = f"{task}; {hardware}" if task and hardware else ""
    rows.append(_text("inference_compute_method", both, N_("task and hardware of the inference benchmark")))  # fmt: skip
    return Disclosure(
        "mdf", VERSION, TITLE, boundary, tuple(rows), recipient=recipient, supersedes=str(options.get("supersedes") or ""),
        passthrough=dict(options.get("passthrough") or {}),
    )  # fmt: skip


def _time(facts: Facts, recipient: str) -> Field:
    hours = (
        facts.number("h", "wall_hours", "training_time", "hours")
        if not facts.text("training_time").startswith(("<", ">", "1-", "3-"))
        else None
    )
    cards = facts.number("accelerator*h", "accelerator_hours")
    label = LABELS["training_time"]
    if hours is None or not float(hours.value) > 0:
        return Field("training_time", label, unit="d", missing=(N_("wall-clock time of training"),))
    days = float(hours.value) / 24
    low = None if hours.low is None else hours.low / 24
    high = None if hours.high is None else hours.high / 24
    if recipient == "NCA":
        return Field("training_time", label, training_time_range(days), training_time_range(days), "", status=status_of(hours))  # fmt: skip
    text = f"{plain_days(days)} days"
    missing: tuple[str, ...] = ()
    chip = facts.text("accelerator", "hardware")
    if cards is not None and chip:
        text += f"; {scientific(float(cards.value) / 24)} {chip} days"
    else:
        missing = (N_("accelerator-days and the model of accelerator"),)
    return Field("training_time", label, text, days, "d", low, high, status_of(hours), missing=missing)  # fmt: skip


def plain_days(days: float) -> str:
    """Days with at least one significant figure.

    Examples
    --------
    >>> plain_days(34.2), plain_days(0.43)
    ('34', '0.4')
    """
    return f"{days:.0f}" if days >= 1 else f"{days:.1g}"


def _compute(compute: Fact | None, recipient: str) -> Field:
    label = LABELS["training_compute"]
    if compute is None or not float(compute.value) > 0:
        return Field("training_compute", label, unit="FLOP", missing=(N_("floating-point operations of training"),))  # fmt: skip
    value = float(compute.value)
    if recipient == "NCA":
        return Field("training_compute", label, magnitude(value), magnitude(value), "FLOP", status=status_of(compute), method="the power of ten not above the value")  # fmt: skip
    return Field("training_compute", label, f"{scientific(value)} FLOP", value, "FLOP", compute.low, compute.high, status_of(compute), sources=compute.sources)  # fmt: skip


def _text(key: str, text: str, missing: str) -> Field:
    if text:
        return Field(key, LABELS[key], text, text, status="given")
    return Field(key, LABELS[key], missing=(missing,))


def _from_compute(facts: Facts, compute: Fact | None) -> Fact | None:
    """FLOP / (peak x MFU) x draw x PUE, where all four are known."""
    peak = facts.number("FLOP/s", "peak_flop_per_s")
    mfu = facts.number("1", "mfu")
    power = facts.number("W", "power_per_accelerator")
    pue = facts.number("1", "pue")
    parts = (compute, peak, mfu, power, pue)
    if any(p is None or not float(p.value) > 0 for p in parts):
        return None
    c, f, u, w, b = (float(p.value) for p in parts if p is not None)
    value = c / (f * u) * w * b / 3.6e9
    spread = math.sqrt(sum(math.log(p.high / p.low) ** 2 for p in parts if p is not None and p.low and p.high))  # fmt: skip
    low, high = (value / math.exp(spread / 2), value * math.exp(spread / 2)) if spread else (None, None)  # fmt: skip
    return Fact("training_energy", value, "MWh", low, high, "facility", "estimated", "computational resources")  # fmt: skip
