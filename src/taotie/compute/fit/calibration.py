"""Which coefficients make the roofline agree with measured serving runs, and how far off is it elsewhere? [1, s]

A dozen and a half physical coefficients per runtime are fitted in log space to measured energy and
throughput, within physical bounds, with a robust loss and a weak pull towards where physics puts them. The
error model comes from model families left out of the fit, never from rows the fit has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.roofline import COEFFICIENTS
from taotie.compute.energy.runtime_profile import BATCH_BANDS, QUANTITIES, RuntimeProfile
from taotie.compute.energy.served_load import ServedLoad, served_rows
from taotie.compute.fit.coefficient_bounds import BOUNDS, BY_ARCHITECTURE, OTHER_PROMPT
from taotie.compute.fit.fit_problem import (
    KEPT_UP,
    Circumstances,
    Prediction,
    Problem,
    lost_s,
    picture_tokens,
    steady_state,
)
from taotie.compute.fit.measured_rows import MeasuredRows
from taotie.compute.fit.robust_fit import robust_fit
from taotie.compute.fit.serving_rows import ServingRows
from taotie.errors import DataError
from taotie.words.language import _

__all__ = [
    "Fit",
    "fit_profile",
    "fit_together",
    "left_out_predictions",
    "left_out_served",
    "predict_rows",
    "predict_served",
    "usable_rows",
]

FloatArray = NDArray[np.float64]

ROBUST_SCALE = 0.15
TOLERANCE = 1e-4
NEAR = 1.03
"""A number within so much of a bound counts as lying at it."""
TURNS = 3
"""How often the batches of served loads are solved anew during a fit."""
ENGINE = "vllm"
ANY = "any"
"""An engine nobody measured: what those measured have in common."""
ENGINE_PROFILES = {
    ANY: ("any-engine", "An engine not measured: what the measured ones have in common", 2026),
    "sglang": ("sglang-0.5", "SGLang 0.5 (late 2025 to mid 2026)", 2026),
    "tensorrt-llm": ("tensorrt-llm-1", "TensorRT-LLM 1 (late 2025 to mid 2026)", 2026),
}

NO_ERROR_MODEL: dict[str, Any] = {
    "half_width_80": {"all": 0.3},
    "half_width_90": {"all": 0.45},
    "seen_family_factor": dict.fromkeys(QUANTITIES, 1.0),
    "batch_band_factor": [1.0] * (len(BATCH_BANDS) + 1),
    "unseen_architecture_80": 0.25,
    "unseen_architecture_90": 0.35,
    "unknown_batch_80": 0.2,
    "unknown_batch_90": 0.3,
}


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
    problem = Problem(rows, served, engine)
    theta = problem.guess(near)
    for _turn in range(1 if problem.served is None else TURNS):
        if problem.served is not None:
            problem.solve_batches(theta)
        theta = robust_fit(
            problem.residuals,
            theta,
            scale=ROBUST_SCALE,
            rounds=40,
            tolerance=TOLERANCE,
            linearized=problem.linearized,
        )
    return _as_profiles(problem, theta, name, label, year)


def _as_profiles(problem: Problem, theta: FloatArray, name: str, label: str, year: int) -> Fit:
    value = problem.unpublished(theta)
    common = problem.of_kind(theta, "", "")
    at_bound = [
        n
        for n, v in [*zip(COEFFICIENTS, common.tolist(), strict=True)]
        if not BOUNDS[n].low * NEAR < v < BOUNDS[n].high / NEAR
    ]
    profiles = {}
    for engine in dict.fromkeys(
        (problem.engine, *problem.engines, *([ANY] if len(problem.engines) > 1 else []))
    ):
        own = engine == problem.engine
        common = problem.of_kind(theta, engine, "")
        special = {}
        if len(problem.architectures) > 1:
            for a in problem.architectures:
                row = problem.of_kind(theta, engine, a)
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
            prompt_tokens={k[7:]: v for k, v in value.items() if k.startswith("prompt:")},
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
    return Fit(problem.parameters(theta), profiles)


def _chips(problem: Problem, engine: str) -> set[str]:
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


def _makers(problem: Problem, engine: str) -> set[str]:
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
    picture = picture_tokens(rows)
    prompt = np.where(picture > 0, picture, prompt)
    media = np.array([profile.media_s.get(t, 0.0) for t in rows.task])
    b = rows.batch if batch is None else np.asarray(batch, dtype=np.float64)
    around = Circumstances(prompt, media, lost_s(rows, profile.crowded_s, b))
    return steady_state(rows.matrix, c, which, b, rows.output_tokens, around)


def left_out_predictions(
    rows: MeasuredRows, groups: Sequence[str] | None = None, served: ServingRows | None = None
) -> tuple[Prediction, list[RuntimeProfile]]:
    """Each group of rows predicted by a fit, begun afresh, that has not seen it.

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
    for label in sorted(set(labels)):
        here = labels == label
        others = None
        if served is not None:
            others = served.subset(np.array([m != label for m in served.model]))
        made = fit_together(rows.subset(~here), others, f"without {label}")
        profile = made.profiles[ENGINE]
        p = predict_rows(rows.subset(here), profile)
        out[:, here] = p.energy_j_per_token, p.throughput_token_s, p.power_w
        profiles.append(profile)
    return Prediction(*out), profiles


def left_out_served(
    rows: MeasuredRows,
    served: ServingRows,
    groups: Sequence[str],
    only: Sequence[str] | None = None,
) -> ServedLoad:
    """Each group of served loads predicted by a fit, begun afresh, that has seen no load of that group.

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
        fit = fit_together(rows, served.subset(~here))
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
