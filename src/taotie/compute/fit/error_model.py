"""How wide must an interval around a prediction be to hold the truth as often as it says? [1]

Widths come from model families left out of the fit, never from rows the fit has seen. Rows of a family miss alike, so that
a hundred of them are hardly more evidence than one: each family weighs one, and the quantile is that of the next family
after k. Widths grow for an accelerator architecture, a maker or an engine never measured, each by its
own gate, and for a batch that is itself a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.runtime_profile import BATCH_BANDS, QUANTITIES, RuntimeProfile
from taotie.compute.energy.served_load import ServedLoad
from taotie.compute.fit.calibration import left_out_predictions, predict_rows
from taotie.compute.fit.coefficient_bounds import OTHER_PROMPT
from taotie.compute.fit.fit_problem import Prediction
from taotie.compute.fit.measured_rows import MeasuredRows
from taotie.compute.fit.serving_rows import ServingRows

__all__ = [
    "architecture_term",
    "balanced_quantile",
    "misses",
    "predicted_batch",
    "served_misses",
    "with_error_model",
    "with_served_errors",
]

FloatArray = NDArray[np.float64]
UNSEEN_ARCHITECTURE = {80: 0.2, 90: 0.3}
"""Least widening for an accelerator architecture never measured: our judgement, where one alone was measured."""
LEAST_UNKNOWN_BATCH = 0.1


def balanced_quantile(miss: FloatArray, groups: Sequence[str], share: float) -> float:
    """Quantile of misses in which each group weighs one, for the next group to come.

    Parameters
    ----------
    miss : ndarray, shape (n_row,)
        Absolute logarithms of measured over predicted; nan where there is none.
    groups : sequence of str, shape (n_row,)
        Which family (chip, engine) a row belongs to.
    share : float
        Share of cases to hold, within 0..1.

    Notes
    -----
    Where the ``(k + 1) q``-th of k families in order is to be expected [1]_: a mean of all misses, weighed by the beta
    distribution with ``(k + 1) q`` and ``(k + 1) (1 - q)`` between the shares of weight below and up to each. With few
    families no single one decides. Chosen by how often the next family lies inside, `docs/concepts/accuracy.md`.

    References
    ----------
    .. [1] F. E. Harrell, C. E. Davis, A new distribution-free quantile estimator, Biometrika 69(3), 1982.

    Examples
    --------
    A family of a hundred good rows does not hide one of two bad ones:

    >>> miss = np.array([0.1] * 100 + [0.5] * 2)
    >>> round(balanced_quantile(miss, ["a"] * 100 + ["b"] * 2, 0.8), 2)
    0.46
    """
    from scipy.special import betainc

    labels = np.asarray(groups)
    good = np.isfinite(miss)
    if not good.any():
        return float("nan")
    miss, labels = miss[good], labels[good]
    names, inverse, count = np.unique(labels, return_inverse=True, return_counts=True)
    weight = 1.0 / count[inverse]
    order = np.argsort(miss, kind="stable")
    passed = np.concatenate([[0.0], np.minimum(np.cumsum(weight[order]) / weight.sum(), 1.0)])
    next_one = len(names) + 1
    below = betainc(next_one * share, next_one * (1.0 - share), passed)
    return float(np.diff(below) @ miss[order] / below[-1])


def _wider(whole: float, part: float) -> float:
    """What to add, in squares, to `part` to reach `whole`."""
    return float(np.sqrt(max(whole**2 - part**2, 0.0)))


def misses(made: Prediction, rows: MeasuredRows) -> dict[str, FloatArray]:
    """Absolute logarithms of measured over predicted, by quantity; of latency what is missed of the rate."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.abs(np.log(rows.throughput_token_s / made.throughput_token_s))
        return {
            "energy": np.abs(np.log(rows.energy_j_per_token / made.energy_j_per_token)),
            "power": np.abs(np.log(rows.power_w / made.power_w)),
            "rate": rate,
            "latency": rate,
        }


def served_misses(made: ServedLoad, rows: ServingRows) -> dict[str, FloatArray]:
    """Absolute logarithms of measured over predicted for served loads, by quantity."""

    def miss(measured: FloatArray, predicted: FloatArray) -> FloatArray:
        real = np.where(measured > 0, measured, np.nan)
        return np.asarray(np.abs(np.log(real / predicted)), dtype=np.float64)

    return {
        "energy": miss(rows.power_w / rows.token_s, made.energy_j_per_token),
        "power": miss(rows.power_w, made.power_w),
        "rate": miss(rows.token_s, made.token_s),
        "latency": miss(rows.tpot_s, made.tpot_s),
    }


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


def architecture_term(
    rows: MeasuredRows, seen: Mapping[str, FloatArray]
) -> dict[int, dict[str, float]]:
    """How much worse, in squares, fits do on an accelerator architecture they have not seen.

    Parameters
    ----------
    rows : MeasuredRows
        Of at least two architectures, or nothing is known and the least term is given.
    seen : mapping
        Misses of a fit that has seen all, see `misses`.
    """
    kinds = [s.accelerator.architecture for s in rows.setups]
    out: dict[int, dict[str, float]] = {}
    across = dict(seen)
    if len(set(kinds)) > 1:
        across = misses(left_out_predictions(rows, kinds)[0], rows)
    for share in (80, 90):
        q = share / 100.0
        out[share] = {
            name: max(
                _wider(
                    float(np.nanquantile(across[name], q)), float(np.nanquantile(seen[name], q))
                ),
                UNSEEN_ARCHITECTURE[share],
            )
            for name in QUANTITIES
        }
    return out


def with_error_model(
    profile: RuntimeProfile,
    rows: MeasuredRows,
    left_out: Prediction,
    unseen: Mapping[int, Mapping[str, float]] | None = None,
) -> RuntimeProfile:
    """The profile with half widths of intervals from predictions of left-out model families.

    Parameters
    ----------
    profile : RuntimeProfile
    rows : MeasuredRows
        What it was fitted on.
    left_out : Prediction
        Each family of them predicted by a fit that has not seen it.
    unseen : mapping, optional
        Terms for an architecture never measured, see `architecture_term`; default: from `rows`.
    """
    miss = misses(left_out, rows)
    seen = misses(predict_rows(rows, profile), rows)
    unknown = predict_rows(rows, profile, predicted_batch(rows, profile)).energy_j_per_token
    blind = np.abs(np.log(rows.energy_j_per_token / unknown))
    whole = balanced_quantile(miss["energy"], rows.family, 0.8)
    band = np.searchsorted(BATCH_BANDS, rows.batch)
    factor = []
    for b in range(len(BATCH_BANDS) + 1):
        here = band == b
        families = [f for f, k in zip(rows.family, here, strict=True) if k]
        raw = balanced_quantile(miss["energy"][here], families, 0.8) / whole if here.any() else 1.0
        trust = here.sum() / (here.sum() + 40.0)
        factor.append(float(np.clip(raw**trust, 0.7, 1.5)))
    scale = np.array(factor)[band]
    terms = unseen or architecture_term(rows, seen)
    error: dict[str, Any] = {"batch_band_factor": factor}
    for share in (80, 90):
        q = share / 100.0
        error[f"half_width_{share}"] = {
            name: balanced_quantile(miss[name] / scale, rows.family, q) for name in QUANTITIES
        }
        error[f"unseen_architecture_{share}"] = dict(terms[share])
        error[f"unseen_maker_{share}"] = {
            k: float(np.sqrt(2.0) * v) for k, v in terms[share].items()
        }
        error[f"unknown_batch_{share}"] = max(
            _wider(float(np.quantile(blind, q)), float(np.quantile(seen["energy"], q))),
            LEAST_UNKNOWN_BATCH,
        )
    # of each quantity its own: where power is missed by the chip, a family that was seen misses it nearly as much
    error["seen_family_factor"] = {
        name: float(
            min(
                balanced_quantile(seen[name], rows.family, 0.8)
                / balanced_quantile(miss[name], rows.family, 0.8),
                1.0,
            )
        )
        for name in QUANTITIES
    }
    error["setup_factor"] = {}
    return replace(profile, error=error)


def with_served_errors(
    profile: RuntimeProfile,
    served: ServingRows,
    gates: Sequence[tuple[Mapping[str, FloatArray], Sequence[str]]],
    base: Mapping[str, Any],
    maker: Mapping[str, FloatArray],
    seen: Mapping[str, FloatArray],
) -> RuntimeProfile:
    """The profile of an engine whose loads were measured, with half widths of intervals.

    Parameters
    ----------
    profile : RuntimeProfile
    served : ServingRows
        Loads to judge it by: its own, or those of every engine for one never measured.
    gates : sequence of (misses, groups)
        Misses of fits that have not seen a group, such as a chip, a model or an engine, and the group of each load.
    base : mapping
        Error model of the profile fitted on runs with measured energy: widths are never below its own for power, which is
        measured on few loads, and terms it has are taken over.
    maker : mapping
        Misses of fits that have not seen the makers' chips, by quantity.
    seen : mapping
        Misses of the fit that has seen all.
    """
    plain = np.array([k == "aggregated" for k in served.kind])
    error: dict[str, Any] = dict(base)
    kinds = sorted(set(served.kind))
    for share in (80, 90):
        q = share / 100.0
        width: dict[str, float] = {}
        for name in ("rate", "latency", "power"):
            found = [
                balanced_quantile(np.where(plain, m[name], np.nan), groups, q)
                for m, groups in gates
            ]
            finite = [w for w in found if np.isfinite(w)]
            width[name] = max(
                [*finite, base[f"half_width_{share}"][name]] if name == "power" else finite
            )
        energy = float(np.hypot(width["rate"], base[f"half_width_{share}"]["power"]))
        error[f"half_width_{share}"] = {"energy": energy, **width}
        made_by = maker["rate"]
        term = (
            _wider(float(np.nanquantile(made_by, q)), width["rate"])
            if np.isfinite(made_by).any()
            else 0.0
        )
        least = base[f"unseen_maker_{share}"]
        error[f"unseen_maker_{share}"] = {k: max(term, v) for k, v in least.items()}
    error["batch_band_factor"] = [1.0] * (len(BATCH_BANDS) + 1)
    miss, groups = gates[0]
    usual = balanced_quantile(np.where(plain, miss["rate"], np.nan), groups, 0.8)
    known = balanced_quantile(np.where(plain, seen["rate"], np.nan), groups, 0.8)
    factor = float(np.clip(known / error["half_width_80"]["rate"], 0.4, 1.0))
    error["seen_family_factor"] = dict.fromkeys(QUANTITIES, factor)
    error["setup_factor"] = {
        kind: float(
            np.clip(
                balanced_quantile(
                    np.where([k == kind for k in served.kind], miss["rate"], np.nan), groups, 0.8
                )
                / usual,
                0.7,
                3.0,
            )
        )
        for kind in kinds
    }
    return replace(profile, error=error)
