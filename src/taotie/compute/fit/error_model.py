"""How wide must an interval around predicted energy be to hold the truth as often as it says? [1]

Widths come from model families left out of the fit, never from rows the fit has seen: those would promise
too much. They grow for an accelerator architecture never measured and for a batch that is itself a guess.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.runtime_profile import BATCH_BANDS, RuntimeProfile
from taotie.compute.fit.calibration import (
    OTHER_PROMPT,
    Prediction,
    left_out_predictions,
    predict_rows,
)
from taotie.compute.fit.measured_rows import MeasuredRows

__all__ = ["predicted_batch", "with_error_model"]

FloatArray = NDArray[np.float64]
UNSEEN_ARCHITECTURE = {80: 0.2, 90: 0.3}
"""Least widening for an accelerator architecture never measured: our judgement, where one alone was measured."""


def _wider(whole: float, part: float) -> float:
    """What to add, in squares, to `part` to reach `whole`."""
    return float(np.sqrt(max(whole**2 - part**2, 0.0)))


def _towards(level: float, miss: FloatArray, share: float) -> float:
    """Quantile of a group's misses, drawn (in logarithms) to that of the whole where rows are few."""
    trust = miss.size / (miss.size + 20.0)
    return float(level * (np.quantile(miss, share) / level) ** trust)


def predicted_batch(rows: MeasuredRows, profile: RuntimeProfile) -> FloatArray:
    """Batch of each row without looking at the measured one.

    The server's limit, unless the cache of so many sequences does not fit into memory.
    """
    usual = float(np.median(list(profile.prompt_tokens.values()) or [OTHER_PROMPT.start]))
    batch = np.empty(len(rows))
    for i, setup in enumerate(rows.setups):
        context = profile.prompt_tokens.get(rows.task[i], usual) + rows.output_tokens[i] / 2.0
        room = max(setup.cache_room_b / max(setup.cache_b(context), 1.0), 1.0)
        batch[i] = max(min(rows.batch_limit[i], room), 1.0)
    return batch


def with_error_model(
    profile: RuntimeProfile, rows: MeasuredRows, left_out: Prediction
) -> RuntimeProfile:
    """The profile with half widths of intervals from predictions of left-out model families.

    Widths are quantiles of what was missed, so an 80 % interval holds 80 % of left-out rows whatever
    their distribution: by accelerator architecture and task (text or media for a task never measured), times a
    factor by batch band, all drawn towards the whole where rows are few.
    """
    miss = np.abs(np.log(rows.energy_j_per_token / left_out.energy_j_per_token))
    seen = np.abs(np.log(rows.energy_j_per_token / predict_rows(rows, profile).energy_j_per_token))
    unknown = predict_rows(rows, profile, predicted_batch(rows, profile)).energy_j_per_token
    blind = np.abs(np.log(rows.energy_j_per_token / unknown))
    whole = float(np.quantile(miss, 0.8))
    band = np.searchsorted(BATCH_BANDS, rows.batch)
    factor = []
    for b in range(len(BATCH_BANDS) + 1):
        here = miss[band == b]
        raw = float(np.quantile(here, 0.8)) / whole if here.size else 1.0
        trust = here.size / (here.size + 40.0)
        factor.append(float(np.clip(raw**trust, 0.6, 1.8)))
    scaled = miss / np.array(factor)[band]
    groups = np.array(
        [
            f"{s.accelerator.architecture}/{'media' if t in profile.media_s else 'text'}"
            for s, t in zip(rows.setups, rows.task, strict=True)
        ]
    )
    # an architecture never measured: how much worse are fits that did not see one of those at hand?
    kinds = np.array([s.accelerator.architecture for s in rows.setups])
    tasks = np.array(rows.task)
    across = miss
    if len(set(kinds)) > 1:
        p, _profiles = left_out_predictions(rows, kinds.tolist())
        across = np.abs(np.log(rows.energy_j_per_token / p.energy_j_per_token))
    error: dict[str, Any] = {"batch_band_factor": factor}
    for share in (80, 90):
        q = share / 100.0
        level = float(np.quantile(scaled, q))
        widths = {"all": level}
        for group in sorted(set(groups.tolist())):
            widths[group] = _towards(level, scaled[groups == group], q)
        for architecture, task in sorted(set(zip(kinds.tolist(), rows.task, strict=True))):
            medium = "media" if task in profile.media_s else "text"
            here = scaled[(kinds == architecture) & (tasks == task)]
            widths[f"{architecture}/{task}"] = _towards(widths[f"{architecture}/{medium}"], here, q)
        error[f"half_width_{share}"] = widths
        error[f"unseen_architecture_{share}"] = max(
            _wider(float(np.quantile(across, q)), float(np.quantile(seen, q))),
            UNSEEN_ARCHITECTURE[share],
        )
        error[f"unknown_batch_{share}"] = max(
            _wider(float(np.quantile(blind, q)), float(np.quantile(seen, q))), 0.1
        )
    error["seen_family_factor"] = float(np.quantile(seen, 0.8)) / whole
    return replace(profile, error=error)
