"""Which coefficients make the roofline agree with measured serving runs, and how far off is it elsewhere? [1, s]

A dozen and a half physical coefficients per runtime are fitted in log space to measured energy and
throughput, within physical bounds, with a robust loss and a weak pull towards where physics puts them. The
error model comes from model families left out of the fit, never from rows the fit has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.roofline import COEFFICIENTS, COLUMNS, decode_cost, prefill_cost
from taotie.compute.energy.runtime_profile import BATCH_BANDS, RuntimeProfile
from taotie.compute.energy.served_load import ServedLoad, served_near, served_rows
from taotie.compute.fit.measured_rows import MeasuredRows
from taotie.compute.fit.robust_fit import robust_fit
from taotie.compute.fit.serving_rows import ServingRows
from taotie.errors import DataError
from taotie.words.language import _

__all__ = [
    "Fit",
    "Prediction",
    "fit_profile",
    "fit_together",
    "left_out_predictions",
    "left_out_served",
    "predict_rows",
    "predict_served",
    "usable_rows",
]

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
    "block_layer_s": Bound(5e-5, 1e-6, 6e-4, 0.7),
    "fp8_share": Bound(0.7, 0.25, 1.0, 0.3),
    "prefill_layer_s": Bound(5e-5, 1e-6, 1e-3, 1.0),
    "parallel_step_s": Bound(1e-3, 1e-5, 5e-2, 1.0),
    "link_share": Bound(0.7, 0.1, 0.95, 0.3),
    "fp4_share": Bound(0.5, 0.1, 1.0, 0.4),
    "expert_layer_s": Bound(5e-6, 1e-7, 2e-4, 0.8),
    "node_layer_s": Bound(2e-5, 1e-6, 3e-4, 0.7),
    "unpacked_share": Bound(0.7, 0.2, 1.0, 0.4),
    "yearly_gain": Bound(0.3, 0.01, 1.5, 0.7),
}
"""Shares of peak and of rated power, seconds per launch: the ranges hardware allows."""

BY_ARCHITECTURE = {
    "dense_bandwidth_share": 0.3,
    "expert_bandwidth_share": 0.3,
    "kv_bandwidth_share": 0.2,
    "prefill_flop_share": 0.3,
    "prefill_expert_flop_share": 0.3,
    "layer_s": 0.3,
    "moe_layer_s": 0.3,
    "block_layer_s": 0.3,
    "parallel_layer_s": 0.3,
    "host_step_s": 0.3,
    "host_sequence_s": 0.3,
    "prefill_layer_s": 0.3,
    "idle_tdp_share": 0.2,
    "busy_tdp_share": 0.2,
    "launch_tdp_share": 0.3,
    "byte_tdp_share": 0.2,
    "flop_tdp_share": 0.2,
}
"""What kernels and silicon of one accelerator architecture reach or draw and others do not, and how far they may depart
(log standard deviation)."""
BY_ENGINE = {
    "expert_bandwidth_share": 0.3,
    "prefill_flop_share": 0.3,
    "prefill_expert_flop_share": 0.3,
    "layer_s": 0.5,
    "moe_layer_s": 0.5,
    "block_layer_s": 0.5,
    "parallel_layer_s": 0.5,
    "parallel_step_s": 0.5,
    "host_step_s": 0.5,
    "host_sequence_s": 0.5,
    "prefill_layer_s": 0.5,
    "data_parallel_waste": 0.3,
    "expert_layer_s": 0.5,
}
"""What serving software decides: kernels of experts and prompts, launches, the work of the host."""
ENGINE = "vllm"
ANY = "any"
"""An engine nobody measured: what those measured have in common."""
ENGINE_PROFILES = {
    ANY: ("any-engine", "An engine not measured: what the measured ones have in common", 2026),
    "sglang": ("sglang-0.5", "SGLang 0.5 (late 2025 to mid 2026)", 2026),
    "tensorrt-llm": ("tensorrt-llm-1", "TensorRT-LLM 1 (late 2025 to mid 2026)", 2026),
}
ACCEPTED = Bound(0.6, 0.2, 0.95, 0.3)
"""Chance that a token drafted by a model's own extra layer is accepted; the benchmark does not publish it."""
KEPT_UP = 0.95
"""Share of the requests in flight over a benchmark's window, its ramps included (median of its rows)."""
LATENCY_WEIGHT = 0.3
SERVED_ROWS = 10.0
"""Rows of one chip, engine and kind of set-up that count in full; more share that weight."""
TOLERANCE = 1e-4
TURNS = 2
"""How often the batches of served loads are solved anew during a fit."""

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
    """A fit laid out as one vector of logarithms: common values, then how architectures and engines depart."""

    def __init__(
        self, rows: MeasuredRows, served: ServingRows | None = None, engine: str = ENGINE
    ) -> None:
        self.rows = rows
        self.served = served if served is not None and len(served) else None
        self.engine = engine
        chips = [s.accelerator for s in rows.setups]
        kinds = {(engine, c.architecture) for c in chips}
        if self.served is not None:
            kinds |= {
                (e, s.accelerator.architecture)
                for e, s in zip(self.served.engine, self.served.decode, strict=True)
            }
        self.kinds = sorted(kinds)
        self.architectures = sorted({a for _e, a in kinds})
        self.engines = sorted({e for e, _a in kinds})
        self.x = rows.matrix if len(rows) else np.zeros((0, len(COLUMNS)))
        self.which = np.array(
            [self.kinds.index((engine, c.architecture)) for c in chips], dtype=np.int64
        )
        self.tasks = sorted(set(rows.task))
        self.task = np.array([self.tasks.index(t) for t in rows.task], dtype=np.int64)
        self.share = _shared_share(rows)
        self.picture = _picture_tokens(rows)
        bounds: dict[str, Bound] = dict(BOUNDS)
        if len(self.architectures) > 1:
            for architecture in self.architectures:
                for name, sigma in BY_ARCHITECTURE.items():
                    bounds[f"{name}@{architecture}"] = Bound(1.0, 1 / 3, 3.0, sigma)
        if len(self.engines) > 1:
            for other in self.engines:
                for name, sigma in BY_ENGINE.items():
                    bounds[f"{name}#{other}"] = Bound(1.0, 0.1, 10.0, sigma)
        for task in self.tasks:
            bounds[f"prompt:{task}"] = PROMPTS.get(task, OTHER_PROMPT)
            if task in MEDIA:
                bounds[f"media:{task}"] = MEDIA[task]
        # where only one architecture was measured, host_step_s says it all
        self.crowded = CROWDED in self.architectures and len(rows) > 0
        if self.crowded:
            bounds["crowded:text"] = CROWDED_TEXT_S
            for task in self.tasks:
                if task in MEDIA:
                    bounds[f"crowded:{task}"] = CROWDED_MEDIA_S
        if self.served is not None:
            bounds["accepted:mtp"] = ACCEPTED
            self._lay_out_served()
        self.names = list(bounds)
        table = np.array(list(bounds.values())).T
        self.start, self.low, self.high = np.log(table[:3])
        self.sigma = table[3]

    def _lay_out_served(self) -> None:
        assert self.served is not None
        self.served_which = np.array(
            [
                self.kinds.index((e, s.accelerator.architecture))
                for e, s in zip(self.served.engine, self.served.decode, strict=True)
            ],
            dtype=np.int64,
        )
        self.load = self.served.load()
        self.drafts = np.array([s.draft_tokens for s in self.served.decode], dtype=np.float64)
        self.served_batch = np.zeros(0)

    def guess(self, near: Mapping[str, float] | None) -> FloatArray:
        """Where to start: at another fit's values, where it has them."""
        guess = self.start.copy()
        for i, name in enumerate(self.names):
            value = (near or {}).get(name, 0.0)
            if value > 0:
                guess[i] = np.log(value)
        return np.clip(guess, self.low, self.high)

    def coefficients(
        self, value: Mapping[str, float], engine: str, architecture: str
    ) -> FloatArray:
        """One row of coefficients; what departs stays within the bounds of the whole."""
        row = []
        for name in COEFFICIENTS:
            v = value[name] * value.get(f"{name}@{architecture}", 1.0)
            v *= value.get(f"{name}#{engine}", 1.0)
            row.append(min(max(v, BOUNDS[name].low), BOUNDS[name].high))
        return np.array(row)

    def values(self, theta: FloatArray) -> dict[str, float]:
        """All values by name."""
        return dict(zip(self.names, np.exp(theta).tolist(), strict=True))

    def _rows_of(self, value: Mapping[str, float]) -> FloatArray:
        return np.array([self.coefficients(value, e, a) for e, a in self.kinds])

    def around(self, value: Mapping[str, float]) -> Circumstances:
        """The circumstances of each measured row."""
        prompt = np.array([value[f"prompt:{t}"] for t in self.tasks] or [1.0])[self.task]
        prompt = np.where(self.picture > 0, self.picture, prompt)
        media = np.array([value.get(f"media:{t}", 0.0) for t in self.tasks] or [0.0])[self.task]
        lost = np.zeros(len(self.rows))
        if self.crowded:
            blackwell = np.array([a == CROWDED for _e, a in self.kinds])
            here = self.share * blackwell[self.which]
            by_task = np.array([value.get(f"crowded:{t}", 0.0) for t in self.tasks])[self.task]
            lost = here * np.where(
                by_task > 0, by_task, value["crowded:text"] * self.rows.output_tokens
            )
        return Circumstances(prompt, media, lost)

    def predict(self, values: Sequence[Mapping[str, float]]) -> Prediction:
        """The measured rows under each of several sets of values, one after the other."""
        k = len(values)
        c = np.concatenate([self._rows_of(v) for v in values])
        around = [self.around(v) for v in values]
        return _predict(
            np.tile(self.x, (k, 1)),
            c,
            self._apart(self.which, k),
            np.tile(self.rows.batch, k),
            np.tile(self.rows.output_tokens, k),
            Circumstances(*(np.concatenate(part) for part in zip(*around, strict=True))),
        )

    def served_near(self, values: Sequence[Mapping[str, float]]) -> ServedLoad:
        """The served loads under each of several sets of values, near the batches solved last."""
        k = len(values)
        c = np.concatenate([self._rows_of(v) for v in values])
        tiled = {
            name: np.tile(part, (k, 1) if part.ndim == 2 else k)
            for name, part in vars(self.load).items()
        }
        load = replace(
            self.load,
            **tiled | {"tokens_per_step": np.concatenate([self._gained(v) for v in values])},
        )
        which = self._apart(self.served_which, k)
        return served_near(load, c, which, np.tile(self.served_batch, k))

    def _apart(self, which: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        return np.asarray((np.arange(k)[:, None] * len(self.kinds) + which).ravel(), dtype=np.int64)

    def _gained(self, value: Mapping[str, float]) -> FloatArray:
        a = value["accepted:mtp"]
        return (1.0 - a ** (self.drafts + 1.0)) / (1.0 - a)

    def solve_batches(self, theta: FloatArray) -> None:
        """The batch of every load under these values; `served_near` then works around it."""
        value = self.values(theta)
        load = replace(self.load, tokens_per_step=self._gained(value))
        self.served_batch = served_rows(load, self._rows_of(value), self.served_which).batch


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


def _residuals(problem: _Problem, served_weight: FloatArray | None) -> Any:
    """Residuals of many rows of parameters at once."""
    energy, rate = (
        np.log(problem.rows.energy_j_per_token),
        np.log(problem.rows.throughput_token_s),
    )
    served = problem.served
    logs = []
    if served is not None:
        for seen in (served.token_s / KEPT_UP, served.tpot_s, served.power_w):
            logs.append(np.log(np.where(seen > 0, seen, np.nan)))

    def many(thetas: FloatArray) -> FloatArray:
        k = len(thetas)
        parts = [PULL * (thetas - problem.start) / problem.sigma]
        values = [problem.values(t) for t in thetas]
        if len(problem.rows):
            p = problem.predict(values)
            parts += [
                np.log(p.energy_j_per_token).reshape(k, -1) - energy,
                THROUGHPUT_WEIGHT * (np.log(p.throughput_token_s).reshape(k, -1) - rate),
                POWER_WEIGHT * (np.log(p.power_w).reshape(k, -1) - energy - rate),
            ]
        if served is not None and served_weight is not None:
            near = problem.served_near(values)
            for weight, made, seen in zip(
                (1.0, LATENCY_WEIGHT, POWER_WEIGHT),
                (near.token_s, near.tpot_s, near.power_w),
                logs,
                strict=True,
            ):
                ratio = np.log(made).reshape(k, -1) - seen
                parts.append(weight * served_weight * np.nan_to_num(ratio))
        return np.concatenate(parts, axis=1)

    return many


def _one_of(many: Any, theta: FloatArray) -> FloatArray:
    return np.asarray(many(theta[None, :])[0], dtype=np.float64)


class Fit(NamedTuple):
    """Fitted values by name, profiles by engine."""

    value: dict[str, float]
    profiles: dict[str, RuntimeProfile]


def usable_rows(rows: MeasuredRows) -> MeasuredRows:
    """Rows with measured energy, throughput, batch and length."""
    return rows.subset(
        (rows.energy_j_per_token > 0)
        & (rows.throughput_token_s > 0)
        & (rows.batch > 0)
        & np.isfinite(rows.output_tokens)
    )


def fit_together(
    rows: MeasuredRows,
    served: ServingRows | None = None,
    name: str = "",
    label: str = "",
    year: int = 0,
    near: Mapping[str, float] | None = None,
    engine: str = ENGINE,
) -> Fit:
    """Profiles of several engines fitted together to measured runs and served loads.

    Parameters
    ----------
    rows : MeasuredRows
        Runs of one engine with measured energy, throughput and batch.
    served : ServingRows, optional
        Loads of any engines with measured rate (power where it is known).
    name, label, year
        What the profile of `engine` is called.
    near : mapping, optional
        Values of another fit to start the search from; the result does not depend on it, the time does.
    engine : str
        Engine of `rows`.

    Raises
    ------
    DataError
        If fewer than 20 rows can be used.

    Notes
    -----
    A coefficient of an engine on an architecture is the common one times how the architecture departs, times how the
    engine departs; departures are pulled towards none, so that what was not measured stays common.
    """
    rows = usable_rows(rows)
    n_served = 0 if served is None else len(served)
    if len(rows) + n_served < 20:
        raise DataError(
            _("only {n} rows can be used; a fit needs at least 20.").format(n=len(rows)),
            _("rows need model, accelerator, batch, output length, throughput and energy."),
        )
    problem = _Problem(rows, served, engine)
    theta = problem.guess(near)
    served_weight = None
    if problem.served is not None:
        served_weight = _served_weight(problem.served)
    for _turn in range(1 if problem.served is None else TURNS):
        if problem.served is not None:
            problem.solve_batches(theta)
        many = _residuals(problem, served_weight)
        theta = robust_fit(
            partial(_one_of, many),
            theta,
            problem.low,
            problem.high,
            ROBUST_SCALE,
            rounds=40,
            tolerance=TOLERANCE,
            many=many,
        )
    return _as_profiles(problem, theta, name, label, year)


def _served_weight(served: ServingRows) -> FloatArray:
    """Rows of one chip, engine and kind of set-up count less the more of them there are."""
    groups = [
        f"{c}|{e}|{k}" for c, e, k in zip(served.chip, served.engine, served.kind, strict=True)
    ]
    count = np.array([groups.count(g) for g in groups], dtype=np.float64)
    weight = np.sqrt(np.minimum(SERVED_ROWS / count, 1.0))
    return np.asarray(np.where(served.power_w > 0, 1.0, weight), dtype=np.float64)


def _as_profiles(problem: _Problem, theta: FloatArray, name: str, label: str, year: int) -> Fit:
    value = problem.values(theta)
    at_bound = [
        n
        for n, t, lo, hi in zip(problem.names, theta, problem.low, problem.high, strict=True)
        if min(t - lo, hi - t) < 1e-3
    ]
    profiles = {}
    for engine in dict.fromkeys(
        (problem.engine, *problem.engines, *([ANY] if len(problem.engines) > 1 else []))
    ):
        own = engine == problem.engine
        common = problem.coefficients(value, engine, "")
        special = {}
        if len(problem.architectures) > 1:
            for a in problem.architectures:
                row = problem.coefficients(value, engine, a)
                special[a] = {
                    k: float(v)
                    for k, v in zip(COEFFICIENTS, row, strict=True)
                    if k in BY_ARCHITECTURE
                }
        families = sorted(set(problem.rows.family)) if own else []
        if problem.served is not None:
            families = sorted(
                {
                    *families,
                    *(
                        m
                        for m, e in zip(problem.served.model, problem.served.engine, strict=True)
                        if e == engine
                    ),
                }
            )
        called = (name or engine) if own else ENGINE_PROFILES.get(engine, (engine, engine, 0))[0]
        words = (label or name) if own else ENGINE_PROFILES.get(engine, (engine, engine, 0))[1]
        profiles[engine] = RuntimeProfile(
            name=called,
            label=words,
            year=year if own else ENGINE_PROFILES.get(engine, (engine, engine, 0))[2],
            values=dict(zip(COEFFICIENTS, common.tolist(), strict=True)),
            by_architecture=special,
            prompt_tokens={t: float(value[f"prompt:{t}"]) for t in problem.tasks},
            media_s={k[6:]: v for k, v in value.items() if k.startswith("media:")},
            crowded_s={k[8:]: v for k, v in value.items() if k.startswith("crowded:")},
            error=dict(NO_ERROR_MODEL),
            provenance={
                "architectures": sorted(
                    {a for e, a in problem.kinds if e == engine or engine == ANY}
                ),
                "chips": sorted(_chips(problem, engine)),
                "makers": sorted(
                    {s.accelerator.maker for s in problem.rows.setups}
                    if own and problem.served is None
                    else _makers(problem, engine)
                ),
                "families": families,
                "rows": len(problem.rows)
                if own
                else problem.served.engine.count(engine)
                if problem.served
                else 0,
                "at_bound": at_bound,
                "engine": engine,
                **(
                    {"accepted": float(value["accepted:mtp"])} if problem.served is not None else {}
                ),
            },
        )
    return Fit(value, profiles)


def _chips(problem: _Problem, engine: str) -> set[str]:
    """Names of the chips measured with an engine."""
    found = (
        {s.accelerator.name for s in problem.rows.setups}
        if engine in (problem.engine, ANY)
        else set()
    )
    if problem.served is not None:
        found |= {
            c
            for e, c in zip(problem.served.engine, problem.served.chip, strict=True)
            if engine in (e, ANY)
        }
    return found


def _makers(problem: _Problem, engine: str) -> set[str]:
    """Makers whose chips were measured with an engine."""
    found = (
        {s.accelerator.maker for s in problem.rows.setups}
        if engine in (problem.engine, ANY)
        else set()
    )
    if problem.served is not None:
        found |= {
            s.accelerator.maker
            for e, s in zip(problem.served.engine, problem.served.decode, strict=True)
            if engine in (e, ANY)
        }
    return found


def fit_profile(
    rows: MeasuredRows,
    name: str,
    label: str = "",
    year: int = 0,
    near: RuntimeProfile | None = None,
) -> RuntimeProfile:
    """A runtime profile fitted to measured rows of one engine, see `fit_together`."""
    start = None
    if near is not None:
        start = dict(near.values)
        for kind, known in (
            ("prompt", near.prompt_tokens),
            ("media", near.media_s),
            ("crowded", near.crowded_s),
        ):
            start |= {f"{kind}:{k}": v for k, v in known.items()}
    return fit_together(rows, None, name, label, year, start).profiles[ENGINE]


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
    rows: MeasuredRows, groups: Sequence[str] | None = None, served: ServingRows | None = None
) -> tuple[Prediction, list[RuntimeProfile]]:
    """Each group of rows predicted by a fit that has not seen it.

    Parameters
    ----------
    rows : MeasuredRows
        All rows.
    groups : sequence of str, shape (n_row,), optional
        Label of each row; default: its model family.
    served : ServingRows, optional
        Served loads that are fitted along with the rows; those of the group's family are left out too.
    """
    labels = np.array(rows.family if groups is None else list(groups))
    out = np.full((3, len(rows)), np.nan)
    profiles = []
    # a search that starts at the fit of all rows may stay near it; alone, each starts afresh
    near = None if served is None else fit_together(rows, served, "all").value
    for label in sorted(set(labels)):
        here = labels == label
        others = None
        if served is not None:
            others = served.subset(np.array([m != label for m in served.model]))
        made = fit_together(rows.subset(~here), others, f"without {label}", near=near)
        profile = made.profiles[ENGINE]
        p = predict_rows(rows.subset(here), profile)
        out[:, here] = p.energy_j_per_token, p.throughput_token_s, p.power_w
        profiles.append(profile)
    return Prediction(*out), profiles


def left_out_served(
    rows: MeasuredRows,
    served: ServingRows,
    groups: Sequence[str],
    near: Mapping[str, float] | None = None,
    only: Sequence[str] | None = None,
) -> ServedLoad:
    """Each group of served loads predicted by a fit that has seen no load of that group.

    Parameters
    ----------
    rows : MeasuredRows
        Runs fitted along.
    served : ServingRows
        All loads.
    groups : sequence of str, shape (n_row,)
        Label of each load: its chip, its engine, its model.
    only : sequence of str, optional
        Labels to leave out; the others stay nan.
    """
    labels = np.array(list(groups))
    parts: dict[str, FloatArray] = {}
    for label in sorted(set(labels if only is None else only)):
        here = labels == label
        fit = fit_together(rows, served.subset(~here), near=near)
        made = predict_served(served.subset(here), fit.profiles)
        for name, value in vars(made).items():
            parts.setdefault(name, np.full(len(served), np.nan))[here] = value
    return ServedLoad(**parts)


def _stand_in(engine: str, profiles: Mapping[str, RuntimeProfile]) -> str:
    return engine if engine in profiles else ANY if ANY in profiles else next(iter(profiles))


def predict_served(served: ServingRows, profiles: Mapping[str, RuntimeProfile]) -> ServedLoad:
    """What profiles (by engine) predict for served loads, as the benchmark counts: ramps included.

    An engine without a profile is predicted by what the measured ones have in common.
    """
    kinds = [
        (_stand_in(e, profiles), s.accelerator.architecture)
        for e, s in zip(served.engine, served.decode, strict=True)
    ]
    known = sorted(set(kinds))
    c = np.array([profiles[e].coefficients(a) for e, a in known])
    which = np.array([known.index(k) for k in kinds], dtype=np.int64)
    accepted = next(
        (p.provenance["accepted"] for p in profiles.values() if "accepted" in p.provenance), None
    )
    made = served_rows(served.load(accepted), c, which)
    token_s = made.token_s * KEPT_UP
    return replace(made, token_s=token_s, energy_j_per_token=made.power_w / token_s)
