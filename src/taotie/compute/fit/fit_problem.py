"""What does a fit of serving coefficients minimize? Parameters, predictions and their derivatives. [1]

Parameters are logarithms: of each number common to all, of how architectures and engines depart from it. The number a
kernel reads is drawn into its bounds smoothly, so that a search neither sticks to a bound nor depends on its start. A row
is moved by the numbers of its own engine and architecture alone, so that the derivatives of all rows by all parameters
take as many predictions as there are numbers, not parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.roofline import COEFFICIENTS, COLUMNS, decode_cost, prefill_cost
from taotie.compute.energy.served_load import ServedLoad, served_near, served_rows
from taotie.compute.fit.coefficient_bounds import (
    ACCEPTED,
    BOUNDS,
    BY_ARCHITECTURE,
    BY_ENGINE,
    CROWDED,
    IMAGE_QUESTION_TOKENS,
    LOST,
    MEDIA,
    OTHER_PROMPT,
    PROMPTS,
    Bound,
)
from taotie.compute.fit.measured_rows import MeasuredRows
from taotie.compute.fit.serving_rows import ServingRows

__all__ = ["Circumstances", "Prediction", "Problem", "lost_s", "picture_tokens", "steady_state"]

FloatArray = NDArray[np.float64]

ENERGY_WEIGHT = 1.0
THROUGHPUT_WEIGHT = 0.7
POWER_WEIGHT = 0.5
LATENCY_WEIGHT = 0.3
PULL = 0.125
SERVED_ROWS = 10.0
"""Rows of one chip, engine and kind of set-up that count in full; more share that weight."""
FAMILY_ROWS = 40.0
"""Rows of one family that count in full; more share the weight of so many times their square root."""
KEPT_UP = 0.95
"""Share of the requests in flight over a benchmark's window, its ramps included (median of its rows)."""
STEP = 1e-6
"""Of a logarithm, for derivatives."""
INSIDE = 0.04
"""How near to a bound, as a share of the way to the other, a number may be thought to start."""


@dataclass(frozen=True)
class Prediction:
    """Predicted runs, one value a row, accelerators only."""

    energy_j_per_token: FloatArray
    throughput_token_s: FloatArray
    power_w: FloatArray


class Circumstances(NamedTuple):
    """What the benchmark does not publish of a row, as far as the fit can tell."""

    prompt_tokens: FloatArray
    media_s: FloatArray
    lost_s: FloatArray


def steady_state(
    x: FloatArray,
    c: FloatArray,
    which: NDArray[np.int64],
    batch: FloatArray,
    output: FloatArray,
    around: Circumstances,
) -> Prediction:
    """Each step decodes `batch` tokens and prefills batch / output prompts."""
    x = x.copy()
    x[:, COLUMNS.index("extra_host_s")] += around.lost_s
    x[:, COLUMNS.index("extra_request_s")] += around.media_s
    starts = batch / output
    step = decode_cost(x, c, batch, around.prompt_tokens + output / 2.0, which)
    fill = prefill_cost(x, c, around.prompt_tokens, which, batch=batch, starts=starts)
    time = step.time_s + starts * fill.time_s
    energy = step.energy_j + starts * fill.energy_j
    return Prediction(energy / batch, batch / time, energy / time)


def lost_s(rows: MeasuredRows, values: Mapping[str, float], batch: FloatArray) -> FloatArray:
    """Seconds a step of each row loses to other servers of its node.

    Parameters
    ----------
    rows : MeasuredRows
    values : mapping
        By name of `LOST`; what is missing counts as none.
    batch : ndarray, shape (n_row,)
        Requests that decode together. [1]
    """
    crowded = np.array([s.accelerator.architecture == CROWDED for s in rows.setups], dtype=bool)
    n = np.array([s.accelerators_per_replica for s in rows.setups], dtype=np.float64)
    # from 0 (alone on the node) to 1 (seven others), and to the square: each has the fewer cores the more there are
    share = (np.maximum(8.0 / n - 1.0, 0.0) / 7.0) ** 2 * crowded
    media = np.array([t in MEDIA for t in rows.task], dtype=bool)
    by_task = np.array([values.get(t, 0.0) if t in MEDIA else 0.0 for t in rows.task])
    text = values.get("text", 0.0) * rows.output_tokens + values.get("sequence", 0.0) * batch
    return share * np.where(media, by_task * np.sqrt(batch), text)


def picture_tokens(rows: MeasuredRows) -> FloatArray:
    """Prompt of tasks with one picture for models that cut it into a fixed number of tokens; else 0."""
    return np.array(
        [
            s.model.image_tokens + IMAGE_QUESTION_TOKENS
            if s.model.image_tokens and t.startswith("image-chat")
            else 0.0
            for s, t in zip(rows.setups, rows.task, strict=True)
        ]
    )


class Problem:
    """A fit laid out as one vector of logarithms: common values, then how architectures and engines depart."""

    def __init__(self, rows: MeasuredRows, served: ServingRows | None, engine: str) -> None:
        self.rows = rows
        self.served = served if served is not None and len(served) else None
        self.engine = engine
        own = [(engine, s.accelerator.architecture) for s in rows.setups]
        others = (
            []
            if self.served is None
            else [
                (e, s.accelerator.architecture)
                for e, s in zip(self.served.engine, self.served.decode, strict=True)
            ]
        )
        self.kinds = sorted({*own, *others})
        self.architectures = sorted({a for _e, a in self.kinds})
        self.engines = sorted({e for e, _a in self.kinds})
        self.which = np.array([self.kinds.index(k) for k in own], dtype=np.int64)
        self.served_which = np.array([self.kinds.index(k) for k in others], dtype=np.int64)
        self.x = rows.matrix if len(rows) else np.zeros((0, len(COLUMNS)))
        self.picture = picture_tokens(rows)
        self._name_parameters()
        self._weigh()
        if self.served is not None:
            self.load = self.served.load()
            self.drafts = np.array([s.draft_tokens for s in self.served.decode], dtype=np.float64)
            self.served_batch = np.zeros(0)

    def _name_parameters(self) -> None:
        bounds: dict[str, Bound] = {name: BOUNDS[name] for name in COEFFICIENTS}
        for task in sorted(set(self.rows.task)):
            bounds[f"prompt:{task}"] = PROMPTS.get(task, OTHER_PROMPT)
            if task in MEDIA:
                bounds[f"media:{task}"] = MEDIA[task]
        # where only one architecture was measured, host_step_s says it all
        if CROWDED in self.architectures and len(self.rows):
            tasks = {*self.rows.task, "text", "sequence"}
            bounds |= {f"crowded:{k}": b for k, b in LOST.items() if k in tasks}
        if self.served is not None:
            bounds["accepted:mtp"] = ACCEPTED
        self.bounded = list(bounds)
        table = np.array([b[:3] for b in bounds.values()]).T
        start, self.low, high = np.log(table)
        self.span = high - self.low
        way = np.clip((start - self.low) / self.span, INSIDE, 1.0 - INSIDE)
        self.middle = np.log(way / (1.0 - way))
        self.slope = self.span * way * (1.0 - way)
        sigma = [b.sigma for b in bounds.values()]
        names = list(self.bounded)
        if len(self.architectures) > 1:
            for architecture in self.architectures:
                names += [f"{n}@{architecture}" for n in BY_ARCHITECTURE]
                sigma += list(BY_ARCHITECTURE.values())
        if len(self.engines) > 1:
            for engine in self.engines:
                names += [f"{n}#{engine}" for n in BY_ENGINE]
                sigma += list(BY_ENGINE.values())
        self.names, self.sigma = names, np.array(sigma)
        self.start = np.concatenate([start, np.zeros(len(names) - len(start))])
        # which parameters add up to each number of each kind
        at = {n: i for i, n in enumerate(names)}
        self.made_of = np.zeros((len(self.kinds), len(COEFFICIENTS), len(names)))
        for q, (engine, architecture) in enumerate(self.kinds):
            for k, name in enumerate(COEFFICIENTS):
                for part in (name, f"{name}@{architecture}", f"{name}#{engine}"):
                    if part in at:
                        self.made_of[q, k, at[part]] = 1.0

    def _weigh(self) -> None:
        count = np.array([self.rows.family.count(f) for f in self.rows.family], dtype=np.float64)
        self.weight = np.minimum(FAMILY_ROWS / np.maximum(count, 1.0), 1.0) ** 0.25
        self.served_weight = np.zeros(0)
        if self.served is not None:
            s = self.served
            groups = [f"{c}|{e}|{k}" for c, e, k in zip(s.chip, s.engine, s.kind, strict=True)]
            many = np.array([groups.count(g) for g in groups], dtype=np.float64)
            weight = np.sqrt(np.minimum(SERVED_ROWS / many, 1.0))
            self.served_weight = np.where(s.power_w > 0, 1.0, weight)

    def guess(self, near: Mapping[str, float] | None) -> FloatArray:
        """Where to start: at another fit's parameters, where it has them."""
        return np.array(
            [
                np.log(near[n]) if near and near.get(n, 0.0) > 0 else s
                for n, s in zip(self.names, self.start, strict=True)
            ]
        )

    def parameters(self, theta: FloatArray) -> dict[str, float]:
        """Parameters by name, not as logarithms."""
        return dict(zip(self.names, np.exp(theta).tolist(), strict=True))

    def _bounded(self, departure: FloatArray, first: int, last: int) -> FloatArray:
        """Logarithms drawn smoothly into the bounds of parameters first..last."""
        part = slice(first, last)
        z = self.middle[part] + departure / self.slope[part]
        return self.low[part] + self.span[part] * 0.5 * (1.0 + np.tanh(0.5 * z))

    def of_kind(self, theta: FloatArray, engine: str, architecture: str) -> FloatArray:
        """Numbers the kernels read, of an engine on an architecture; what was not measured departs from nothing."""
        away = theta - self.start
        at = {n: i for i, n in enumerate(self.names)}
        total = away[: len(COEFFICIENTS)].copy()
        for k, name in enumerate(COEFFICIENTS):
            for part in (f"{name}@{architecture}", f"{name}#{engine}"):
                total[k] += away[at[part]] if part in at else 0.0
        return np.exp(self._bounded(total, 0, len(COEFFICIENTS)))

    def unpublished(self, theta: FloatArray) -> dict[str, float]:
        """Prompt lengths, seconds of media, lost seconds, acceptance by name."""
        n = len(COEFFICIENTS)
        made = self._bounded((theta - self.start)[n : len(self.bounded)], n, len(self.bounded))
        return dict(zip(self.bounded[n:], np.exp(made).tolist(), strict=True))

    def around(self, value: Mapping[str, float]) -> Circumstances:
        """The circumstances of each measured row."""
        prompt = np.array([value[f"prompt:{t}"] for t in self.rows.task])
        media = np.array([value.get(f"media:{t}", 0.0) for t in self.rows.task])
        crowded = {k[8:]: v for k, v in value.items() if k.startswith("crowded:")}
        return Circumstances(
            np.where(self.picture > 0, self.picture, prompt),
            media,
            lost_s(self.rows, crowded, self.rows.batch),
        )

    def solve_batches(self, theta: FloatArray) -> None:
        """The batch of every load under these parameters; residuals then work around it."""
        load = replace(self.load, tokens_per_step=self._gained(self.unpublished(theta)))
        self.served_batch = served_rows(load, self._numbers(theta), self.served_which).batch

    def _gained(self, value: Mapping[str, float]) -> FloatArray:
        a = value["accepted:mtp"]
        return (1.0 - a ** (self.drafts + 1.0)) / (1.0 - a)

    def _numbers(self, theta: FloatArray) -> FloatArray:
        return np.array([self.of_kind(theta, e, a) for e, a in self.kinds])

    def _runs(
        self, c: FloatArray, which: NDArray[np.int64], times: int, around: Circumstances
    ) -> FloatArray:
        """Residuals of the measured runs `times` over, shape (times, 3, n_row)."""
        r = self.rows
        p = steady_state(
            np.tile(self.x, (times, 1)),
            c,
            which,
            np.tile(r.batch, times),
            np.tile(r.output_tokens, times),
            around,
        )
        energy, rate = np.log(r.energy_j_per_token), np.log(r.throughput_token_s)
        made = [
            ENERGY_WEIGHT * (np.log(p.energy_j_per_token).reshape(times, -1) - energy),
            THROUGHPUT_WEIGHT * (np.log(p.throughput_token_s).reshape(times, -1) - rate),
            POWER_WEIGHT * (np.log(p.power_w).reshape(times, -1) - energy - rate),
        ]
        return np.stack(made, axis=1) * self.weight

    def _loads(
        self, c: FloatArray, which: NDArray[np.int64], times: int, gained: FloatArray
    ) -> FloatArray:
        """Residuals of the served loads `times` over, shape (times, 3, n_row)."""
        assert self.served is not None
        tiled = {
            name: np.tile(part, (times, 1) if part.ndim == 2 else times)
            for name, part in vars(self.load).items()
        }
        load = replace(self.load, **tiled | {"tokens_per_step": gained})
        near: ServedLoad = served_near(load, c, which, np.tile(self.served_batch, times))
        made = []
        for weight, found, seen in (
            (1.0, near.token_s, self.served.token_s / KEPT_UP),
            (LATENCY_WEIGHT, near.tpot_s, self.served.tpot_s),
            (POWER_WEIGHT, near.power_w, self.served.power_w),
        ):
            ratio = np.log(found).reshape(times, -1) - np.log(np.where(seen > 0, seen, np.nan))
            made.append(weight * np.nan_to_num(ratio))
        return np.stack(made, axis=1) * self.served_weight

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Pulls towards the start, then misses of runs and of loads, as weighed logarithms."""
        c, value = self._numbers(theta), self.unpublished(theta)
        parts = [PULL * (theta - self.start) / self.sigma]
        if len(self.rows):
            parts.append(self._runs(c, self.which, 1, self.around(value)).ravel())
        if self.served is not None:
            parts.append(self._loads(c, self.served_which, 1, self._gained(value)).ravel())
        return np.concatenate(parts)

    def linearized(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals and their derivatives, shape (n_residual, n_parameter)."""
        n, p = len(COEFFICIENTS), len(theta)
        away = theta - self.start
        # derivative of each number of each kind by each parameter
        z = self.middle[:n] + (self.made_of @ away) / self.slope[:n]
        bend = self.span[:n] / self.slope[:n] * 0.25 / np.cosh(0.5 * z) ** 2
        chain = self.made_of * bend[:, :, None]
        c = self._numbers(theta)
        kinds = len(self.kinds)
        moved = np.tile(c, (n + 1, 1, 1))
        moved[np.arange(1, n + 1), :, np.arange(n)] *= np.exp(STEP)
        moved = moved.reshape(-1, n)
        value = self.unpublished(theta)
        other = range(n, len(self.bounded))
        nudged = []
        for i in other:
            beside = theta.copy()
            beside[i] += STEP
            nudged.append(self.unpublished(beside))
        parts = [PULL * away / self.sigma]
        slopes = [np.diag(PULL / self.sigma)]

        def by_number(made: FloatArray, which: NDArray[np.int64]) -> FloatArray:
            slope = (made[1 : n + 1] - made[0]) / STEP
            full = np.zeros((3, len(which), p))
            for q in range(kinds):
                here = np.flatnonzero(which == q)
                if here.size:
                    full[:, here, :] = np.tensordot(slope[:, :, here], chain[q], (0, 0))
            return full

        def apart(which: NDArray[np.int64], times: int) -> NDArray[np.int64]:
            steps = np.arange(n + 1)[:, None] * kinds + which
            rest = np.tile(which, (times - n - 1, 1))
            return np.concatenate([steps, rest]).ravel().astype(np.int64)

        if len(self.rows):
            times = n + 1 + len(nudged)
            each = [self.around(value)] * (n + 1) + [self.around(v) for v in nudged]
            around = Circumstances(*(np.concatenate(k) for k in zip(*each, strict=True)))
            made = self._runs(moved, apart(self.which, times), times, around)
            full = by_number(made, self.which)
            for i, there in zip(other, made[n + 1 :], strict=True):
                full[:, :, i] = (there - made[0]) / STEP
            parts.append(made[0].ravel())
            slopes.append(full.reshape(-1, p))
        if self.served is not None:
            accepted = self.bounded.index("accepted:mtp")
            gained = [self._gained(value)] * (n + 1) + [self._gained(nudged[accepted - n])]
            which = apart(self.served_which, n + 2)
            made = self._loads(moved, which, n + 2, np.concatenate(gained))
            full = by_number(made, self.served_which)
            full[:, :, accepted] = (made[n + 1] - made[0]) / STEP
            parts.append(made[0].ravel())
            slopes.append(full.reshape(-1, p))
        return np.concatenate(parts), np.concatenate(slopes)
