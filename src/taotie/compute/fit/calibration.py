"""Which coefficients make the roofline agree with measured serving runs, and how far off is it elsewhere? [1, s]

A dozen and a half physical coefficients per runtime are fitted in log space to measured energy and
throughput, within physical bounds, with a robust loss and a weak pull towards where physics puts them. The
error model comes from model families left out of the fit, never from rows the fit has seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.roofline import COEFFICIENTS, COLUMNS, decode_cost, prefill_cost
from taotie.compute.energy.runtime_profile import BATCH_BANDS, RuntimeProfile
from taotie.compute.fit.measured_rows import MeasuredRows
from taotie.compute.fit.robust_fit import robust_fit
from taotie.errors import DataError
from taotie.words.language import _

__all__ = ["Prediction", "fit_profile", "left_out_predictions", "predict_rows"]

FloatArray = NDArray[np.float64]

THROUGHPUT_WEIGHT = 0.7
POWER_WEIGHT = 0.5
PULL = 0.125
ROBUST_SCALE = 0.15


NO_ERROR_MODEL: dict[str, Any] = {
    "half_width_80": {"all": 0.3},
    "half_width_90": {"all": 0.45},
    "seen_family_factor": 1.0,
    "batch_band_factor": [1.0] * (len(BATCH_BANDS) + 1),
    "unseen_architecture_80": 0.25,
    "unseen_architecture_90": 0.35,
    "unknown_batch_80": 0.2,
    "unknown_batch_90": 0.3,
}


class Bound(NamedTuple):
    """Where a coefficient starts, may go, and how firmly physics holds it (log standard deviation)."""

    start: float
    low: float
    high: float
    sigma: float


BOUNDS = {
    "dense_bandwidth_share": Bound(0.8, 0.4, 0.95, 0.3),
    "expert_bandwidth_share": Bound(0.6, 0.1, 0.95, 0.5),
    "kv_bandwidth_share": Bound(0.6, 0.1, 0.95, 0.4),
    "dense_flop_share": Bound(0.6, 0.1, 0.85, 0.3),
    "expert_flop_share": Bound(0.3, 0.03, 0.95, 0.6),
    "prefill_flop_share": Bound(0.5, 0.05, 0.7, 0.3),
    "prefill_expert_flop_share": Bound(0.25, 0.02, 0.95, 0.6),
    "layer_s": Bound(2e-5, 1e-6, 2e-4, 0.5),
    "moe_layer_s": Bound(3e-5, 1e-6, 4e-4, 0.7),
    "parallel_layer_s": Bound(2e-5, 1e-7, 4e-4, 0.7),
    "host_step_s": Bound(1.5e-3, 1e-5, 3e-2, 0.7),
    "host_sequence_s": Bound(2e-5, 1e-7, 1e-3, 0.7),
    "host_request_s": Bound(2e-3, 1e-5, 5e-2, 1.0),
    "idle_tdp_share": Bound(0.22, 0.08, 0.4, 0.3),
    "busy_tdp_share": Bound(0.25, 0.02, 0.75, 0.4),
    "launch_tdp_share": Bound(0.1, 0.005, 0.5, 0.6),
    "byte_tdp_share": Bound(0.2, 0.02, 1.0, 0.4),
    "flop_tdp_share": Bound(0.8, 0.1, 1.6, 0.4),
    "expert_spread": Bound(0.8, 0.3, 1.0, 0.2),
    "expert_imbalance": Bound(0.15, 0.01, 1.0, 0.5),
    "data_parallel_waste": Bound(1.0, 0.5, 2.0, 0.3),
    "block_fill": Bound(0.6, 0.06, 2.0, 0.5),
    "fp8_share": Bound(0.7, 0.25, 1.0, 0.3),
    "prefill_layer_s": Bound(5e-5, 1e-6, 1e-3, 1.0),
    "parallel_step_s": Bound(1e-3, 1e-5, 5e-2, 1.0),
    "link_share": Bound(0.7, 0.1, 0.95, 0.3),
}
"""Shares of peak and of rated power, seconds per launch: the ranges hardware allows."""

BY_ARCHITECTURE = ("dense_bandwidth_share", "expert_bandwidth_share", "prefill_expert_flop_share")
"""Coefficients that kernels written for one accelerator architecture reach and others do not."""

PROMPTS = {
    "lm-arena-chat": Bound(150, 30, 1500, 0.6),
    "gpqa": Bound(250, 80, 800, 0.4),
    "sourcegraph-fim": Bound(1500, 200, 6000, 0.5),
    "image-chat": Bound(1200, 200, 5000, 0.6),
    "video-chat": Bound(5000, 500, 30000, 0.7),
    "code-v2": Bound(150, 30, 1500, 0.6),
    "image-chat-v2": Bound(700, 100, 4000, 0.5),
}
"""Prompt lengths the benchmark does not publish, in tokens the language model reads."""
OTHER_PROMPT = Bound(400, 30, 8000, 0.8)
IMAGE_QUESTION_TOKENS = 50.0
"""Words beside a picture, where the model's tokens per picture are known: our guess of a short question."""
MEDIA = {
    "image-chat": Bound(0.03, 1e-3, 1.0, 0.8),
    "video-chat": Bound(0.08, 1e-3, 3.0, 0.8),
    "image-chat-v2": Bound(0.03, 1e-3, 1.0, 0.8),
}
"""Seconds per request in which pictures and films are read and cut."""
CROWDED = "blackwell"
"""The Blackwell servers of the benchmark ran several one-accelerator replicas short of processor time."""
CROWDED_TEXT_S = Bound(1e-6, 1e-9, 2e-5, 1.5)
CROWDED_MEDIA_S = Bound(1e-2, 1e-5, 0.1, 1.5)


@dataclass(frozen=True)
class Prediction:
    """Predicted runs, one value a row, accelerators only."""

    energy_j_per_token: FloatArray
    throughput_token_s: FloatArray
    power_w: FloatArray


def _shared_share(rows: MeasuredRows) -> FloatArray:
    """How many other servers ran on the node, from 0 (none) to 1 (seven)."""
    n = np.array([s.accelerators_per_replica for s in rows.setups], dtype=np.float64)
    return np.maximum(8.0 / n - 1.0, 0.0) / 7.0


def _picture_tokens(rows: MeasuredRows) -> FloatArray:
    """Prompt of tasks with one picture for models that cut it into a fixed number of tokens; else 0."""
    return np.array(
        [
            s.model.image_tokens + IMAGE_QUESTION_TOKENS
            if s.model.image_tokens and t.startswith("image-chat")
            else 0.0
            for s, t in zip(rows.setups, rows.task, strict=True)
        ]
    )


class _Problem:
    """A fit laid out as one vector of logarithms."""

    def __init__(self, rows: MeasuredRows) -> None:
        self.rows = rows
        self.x = rows.matrix
        self.architectures = sorted({s.accelerator.architecture for s in rows.setups})
        self.which = np.array(
            [self.architectures.index(s.accelerator.architecture) for s in rows.setups]
        )
        self.tasks = sorted(set(rows.task))
        self.task = np.array([self.tasks.index(t) for t in rows.task])
        self.share = _shared_share(rows)
        self.picture = _picture_tokens(rows)
        bounds: dict[str, Bound] = {}
        for name, bound in BOUNDS.items():
            if name in BY_ARCHITECTURE and len(self.architectures) > 1:
                for architecture in self.architectures:
                    bounds[f"{name}@{architecture}"] = bound
            else:
                bounds[name] = bound
        for task in self.tasks:
            bounds[f"prompt:{task}"] = PROMPTS.get(task, OTHER_PROMPT)
            if task in MEDIA:
                bounds[f"media:{task}"] = MEDIA[task]
        # where only one architecture was measured, host_step_s says it all
        self.crowded = CROWDED in self.architectures
        if self.crowded:
            bounds["crowded:text"] = CROWDED_TEXT_S
            for task in self.tasks:
                if task in MEDIA:
                    bounds[f"crowded:{task}"] = CROWDED_MEDIA_S
        self.names = list(bounds)
        table = np.array(list(bounds.values())).T
        self.start, self.low, self.high = np.log(table[:3])
        self.sigma = table[3]

    def guess(self, near: RuntimeProfile | None) -> FloatArray:
        """Where to start: at another profile's values, where it has them."""
        guess = self.start.copy()
        if near is not None:
            for i, name in enumerate(self.names):
                group, colon, rest = name.partition(":")
                key, _at, architecture = name.partition("@")
                special = near.by_architecture.get(architecture, {})
                stores = {
                    "prompt": near.prompt_tokens,
                    "media": near.media_s,
                    "crowded": near.crowded_s,
                }
                value = stores[group].get(rest) if colon else special.get(key, near.values.get(key))
                if value is not None and value > 0:
                    guess[i] = np.log(value)
        return np.clip(guess, self.low, self.high)

    def unpack(self, theta: FloatArray) -> tuple[dict[str, float], FloatArray, Circumstances]:
        """All values by name, coefficient rows, and the circumstances of each measured row."""
        value = dict(zip(self.names, np.exp(theta).tolist(), strict=True))
        c = np.array(
            [
                [value.get(k, value.get(f"{k}@{a}", 0.0)) for k in COEFFICIENTS]
                for a in self.architectures
            ]
        )
        prompt = np.array([value[f"prompt:{t}"] for t in self.tasks])[self.task]
        prompt = np.where(self.picture > 0, self.picture, prompt)
        media = np.array([value.get(f"media:{t}", 0.0) for t in self.tasks])[self.task]
        lost = np.zeros(len(self.rows))
        if self.crowded:
            here = self.share * (self.which == self.architectures.index(CROWDED))
            by_task = np.array([value.get(f"crowded:{t}", 0.0) for t in self.tasks])[self.task]
            lost = here * np.where(
                by_task > 0, by_task, value["crowded:text"] * self.rows.output_tokens
            )
        return value, c, Circumstances(prompt, media, lost)

    def predict(self, theta: FloatArray) -> Prediction:
        _value, c, around = self.unpack(theta)
        return _predict(self.x, c, self.which, self.rows.batch, self.rows.output_tokens, around)


class Circumstances(NamedTuple):
    """What the benchmark does not publish of a row, as far as the fit can tell."""

    prompt_tokens: FloatArray
    media_s: FloatArray
    lost_s: FloatArray


def _predict(
    x: FloatArray,
    c: FloatArray,
    which: NDArray,
    batch: FloatArray,
    output: FloatArray,
    around: Circumstances,
) -> Prediction:
    """Steady state: each step decodes `batch` tokens and prefills batch / output prompts."""
    x = x.copy()
    x[:, COLUMNS.index("extra_host_s")] += around.lost_s
    x[:, COLUMNS.index("extra_request_s")] += around.media_s
    starts = batch / output
    step = decode_cost(x, c, batch, around.prompt_tokens + output / 2.0, which)
    fill = prefill_cost(x, c, around.prompt_tokens, which, batch=batch, starts=starts)
    time = step.time_s + starts * fill.time_s
    energy = step.energy_j + starts * fill.energy_j
    return Prediction(energy / batch, batch / time, energy / time)


def _residuals(problem: _Problem, weight: FloatArray) -> Any:
    energy, rate = (
        np.log(problem.rows.energy_j_per_token),
        np.log(problem.rows.throughput_token_s),
    )

    def residuals(theta: FloatArray) -> FloatArray:
        p = problem.predict(theta)
        return np.concatenate(
            [
                weight * (np.log(p.energy_j_per_token) - energy),
                THROUGHPUT_WEIGHT * weight * (np.log(p.throughput_token_s) - rate),
                POWER_WEIGHT * weight * (np.log(p.power_w) - energy - rate),
                PULL * (theta - problem.start) / problem.sigma,
            ]
        )

    return residuals


def fit_profile(
    rows: MeasuredRows,
    name: str,
    label: str = "",
    year: int = 0,
    near: RuntimeProfile | None = None,
) -> RuntimeProfile:
    """A runtime profile fitted to measured rows.

    Parameters
    ----------
    rows : MeasuredRows
        With measured energy, throughput and batch; rows lacking one are left aside.
    name, label, year
        What the profile is called.
    near : RuntimeProfile, optional
        A profile to start the search from; the result does not depend on it, the time does.

    Raises
    ------
    DataError
        If fewer than 20 rows can be used.
    """
    good = (
        (rows.energy_j_per_token > 0)
        & (rows.throughput_token_s > 0)
        & (rows.batch > 0)
        & np.isfinite(rows.output_tokens)
    )
    rows = rows.subset(good)
    if len(rows) < 20:
        raise DataError(
            _("only {n} rows can be used; a fit needs at least 20.").format(n=len(rows)),
            _("rows need model, accelerator, batch, output length, throughput and energy."),
        )
    problem = _Problem(rows)
    found = robust_fit(
        _residuals(problem, np.ones(len(rows))),
        problem.guess(near),
        problem.low,
        problem.high,
        ROBUST_SCALE,
    )
    value, c, _around = problem.unpack(found)
    typical = np.exp(np.log(c).mean(axis=0))
    return RuntimeProfile(
        name=name,
        label=label or name,
        year=year,
        values=dict(zip(COEFFICIENTS, typical.tolist(), strict=True)),
        by_architecture={
            a: {k: float(value[f"{k}@{a}"]) for k in BY_ARCHITECTURE if f"{k}@{a}" in value}
            for a in problem.architectures
            if len(problem.architectures) > 1
        },
        prompt_tokens={t: float(value[f"prompt:{t}"]) for t in problem.tasks},
        media_s={k[6:]: v for k, v in value.items() if k.startswith("media:")},
        crowded_s={k[8:]: v for k, v in value.items() if k.startswith("crowded:")},
        error=dict(NO_ERROR_MODEL),
        provenance={
            "architectures": problem.architectures,
            "families": sorted(set(rows.family)),
            "rows": len(rows),
            "at_bound": [
                n
                for n, t, lo, hi in zip(
                    problem.names, found, problem.low, problem.high, strict=True
                )
                if min(t - lo, hi - t) < 1e-3
            ],
        },
    )


def predict_rows(
    rows: MeasuredRows, profile: RuntimeProfile, batch: FloatArray | None = None
) -> Prediction:
    """What the profile predicts for each row, from its description alone.

    Parameters
    ----------
    rows : MeasuredRows
        Only descriptions are read.
    batch : ndarray, optional
        Batch to use instead of the measured one.
    """
    architectures = sorted({s.accelerator.architecture for s in rows.setups})
    c = np.array([profile.coefficients(a) for a in architectures])
    which = np.array([architectures.index(s.accelerator.architecture) for s in rows.setups])
    usual = float(np.median(list(profile.prompt_tokens.values()) or [OTHER_PROMPT.start]))
    prompt = np.array([profile.prompt_tokens.get(t, usual) for t in rows.task])
    picture = _picture_tokens(rows)
    prompt = np.where(picture > 0, picture, prompt)
    media = np.array([profile.media_s.get(t, 0.0) for t in rows.task])
    text = profile.crowded_s.get("text", 0.0)
    lost = np.array(
        [
            (profile.crowded_s.get(t, 0.0) or text * o)
            if s.accelerator.architecture == CROWDED
            else 0.0
            for s, t, o in zip(rows.setups, rows.task, rows.output_tokens, strict=True)
        ]
    ) * _shared_share(rows)
    b = rows.batch if batch is None else np.asarray(batch, dtype=np.float64)
    around = Circumstances(prompt, media, lost)
    return _predict(rows.matrix, c, which, b, rows.output_tokens, around)


def left_out_predictions(
    rows: MeasuredRows, groups: Sequence[str] | None = None
) -> tuple[Prediction, list[RuntimeProfile]]:
    """Each group of rows predicted by a fit that has not seen it.

    Parameters
    ----------
    rows : MeasuredRows
        All rows.
    groups : sequence of str, shape (n_row,), optional
        Label of each row; default: its model family.
    """
    labels = np.array(rows.family if groups is None else list(groups))
    out = np.full((3, len(rows)), np.nan)
    profiles = []
    whole = fit_profile(rows, "all")
    for label in sorted(set(labels)):
        here = labels == label
        profile = fit_profile(rows.subset(~here), f"without {label}", near=whole)
        p = predict_rows(rows.subset(here), profile)
        out[:, here] = p.energy_j_per_token, p.throughput_token_s, p.power_w
        profiles.append(profile)
    return Prediction(*out), profiles
