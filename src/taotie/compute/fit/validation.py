"""How far are predictions from measured runs in a file nobody fitted? [%]

Each row is predicted from its description alone: model, accelerators, precision, software, batch and
lengths; never from its measured energy, power or time. Errors are cut by task, batch band, kind of model
and accelerator, for one number hides what matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.energy_per_request import GUESSED_SHAPE
from taotie.compute.energy.measured_table import read_table
from taotie.compute.energy.runtime_profile import (
    BATCH_BANDS,
    QUANTITIES,
    RuntimeProfile,
    runtime_profile,
)
from taotie.compute.fit.calibration import (
    fit_profile,
    left_out_predictions,
    predict_rows,
)
from taotie.compute.fit.error_model import predicted_batch, with_error_model
from taotie.compute.fit.error_summary import FloatArray, coverage, error_summary
from taotie.compute.fit.fit_problem import Prediction
from taotie.compute.fit.measured_rows import MeasuredRows, read_measured_rows
from taotie.errors import DataError, RangeError
from taotie.words.language import _

__all__ = ["Validation", "runtime_of", "validate_mlenergy", "validate_rows"]

BAND_NAMES = ("<24", "24-96", "96-320", ">=320")
LEAST_ROWS_FOR_A_FIT = 20


@dataclass(frozen=True)
class Validation:
    """Predictions beside measurements, row by row."""

    rows: MeasuredRows
    profile: RuntimeProfile
    prediction: Prediction
    batch: FloatArray
    known_batch: bool
    half_width: Mapping[int, Mapping[str, FloatArray]]
    """By share and quantity."""
    ecologits_j_per_token: FloatArray | None = None

    @property
    def cells(self) -> list[str]:
        """Family, accelerator, task and count of each row: rows of a cell miss alike."""
        return [
            f"{f}|{g}|{t}|{s.accelerators_per_replica}"
            for f, g, t, s in zip(
                self.rows.family, self.rows.gpu, self.rows.task, self.rows.setups, strict=True
            )
        ]


def runtime_of(table: Sequence[Mapping[str, str]]) -> str:
    """Which generation of software a table of ML.ENERGY was measured with, from its columns."""
    columns = set(table[0])
    if "weight_precision" in columns or "activated_params_billions" in columns:
        return "vllm-0.11"
    if "pipeline_parallel" in columns or "avg_tpot_s" in columns:
        return "vllm-0.5"
    if "throughput_tokens_per_sec" in columns and "avg_batch_size" not in columns:
        return "transformers-2023"
    return "vllm-0.11"


def _ecologits(rows: MeasuredRows, batch: FloatArray) -> FloatArray | None:
    """J/token of EcoLogits with every input true, if that package is installed."""
    try:
        from ecologits.impacts import llm as peer  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    active = np.array([s.model.active_params for s in rows.setups]) / 1e9
    n = np.array([s.accelerators_per_replica for s in rows.setups], dtype=np.float64)
    one = peer.GPU_ENERGY_ALPHA * np.exp(peer.GPU_ENERGY_BETA * batch) * active
    return np.asarray((one + peer.GPU_ENERGY_GAMMA) * n * 3600.0, dtype=np.float64)


def validate_rows(
    rows: MeasuredRows,
    profile: RuntimeProfile,
    *,
    use_batch: bool = True,
    prediction: Prediction | None = None,
) -> Validation:
    """Predictions and intervals for measured rows.

    Parameters
    ----------
    rows : MeasuredRows
    profile : RuntimeProfile
    use_batch : bool, default True
        False hides the measured batch: the server's limit and its memory decide.
    prediction : Prediction, optional
        Predictions already made (of left-out families).
    """
    known = use_batch & (rows.batch > 0)
    batch = np.where(
        known, np.where(rows.batch > 0, rows.batch, 1.0), predicted_batch(rows, profile)
    )
    made = predict_rows(rows, profile, batch) if prediction is None else prediction
    family: Sequence[str | None] = rows.family if prediction is None else [None] * len(rows)
    # a shape guessed from parameter counts is a further unknown
    guessed = np.array([GUESSED_SHAPE if s.model.typical else 1.0 for s in rows.setups])
    width = {
        share: {
            quantity: guessed
            * np.array(
                [
                    float(
                        profile.half_width(
                            share,
                            float(b),
                            s.accelerator.architecture,
                            family=f,
                            known_batch=bool(k),
                            quantity=quantity,
                            maker=s.accelerator.maker,
                        )
                    )
                    for b, s, f, k in zip(batch, rows.setups, family, known, strict=True)
                ]
            )
            for quantity in QUANTITIES
        }
        for share in (80, 90)
    }
    return Validation(rows, profile, made, batch, use_batch, width, _ecologits(rows, batch))


def _numbers(v: Validation, keep: NDArray[np.bool_]) -> dict[str, Any]:
    p, r = v.prediction, v.rows
    pairs = {
        "energy": (p.energy_j_per_token[keep], r.energy_j_per_token[keep]),
        "power": (p.power_w[keep], r.power_w[keep]),
        "rate": (p.throughput_token_s[keep], r.throughput_token_s[keep]),
    }
    cells = [c for c, k in zip(v.cells, keep, strict=True) if k]
    out: dict[str, Any] = {"n": int(keep.sum())}
    for name, (made, seen) in pairs.items():
        out[name] = error_summary(made, seen)
        for share in (80, 90):
            width = v.half_width[share][name][keep]
            out[name][f"coverage_{share}"] = coverage(made, seen, width)
    out["throughput"] = dict(out["rate"])
    for share in (80, 90):
        out[f"coverage_{share}"] = out["energy"][f"coverage_{share}"]
        made, seen = pairs["energy"]
        out[f"coverage_{share}_cells"] = coverage(
            made, seen, v.half_width[share]["energy"][keep], cells
        )
    if v.ecologits_j_per_token is not None:
        out["ecologits"] = error_summary(v.ecologits_j_per_token[keep], r.energy_j_per_token[keep])
    return out


def _cuts(v: Validation) -> dict[str, list[str]]:
    band = np.searchsorted(BATCH_BANDS, v.batch)
    return {
        "task": v.rows.task,
        "batch_band": [BAND_NAMES[b] for b in band],
        "architecture": v.rows.kind,
        "gpu": v.rows.gpu,
        "family": v.rows.family,
    }


def as_table(v: Validation) -> dict[str, Any]:
    """The validation as plain values, ready for JSON."""
    everything = np.ones(len(v.rows), dtype=bool)
    by: dict[str, dict[str, Any]] = {}
    for cut, labels in _cuts(v).items():
        array = np.array(labels)
        by[cut] = {str(name): _numbers(v, array == name) for name in dict.fromkeys(sorted(labels))}
    whole = _numbers(v, everything)
    whole.pop("n")
    return {
        "rows": len(v.rows),
        "unusable": v.rows.unusable,
        "runtime": v.profile.name,
        "batch": "measured" if v.known_batch else "from the server's limit",
        **whole,
        "by": by,
    }


def validate_mlenergy(
    path: str | Path,
    *,
    use_batch: bool = True,
    fit_on: str | Path | None = None,
    leave_one_family_out: bool = False,
    runtime: str | None = None,
) -> dict[str, Any]:
    """Predict every row of a table of measured runs and say how far off the predictions are.

    Parameters
    ----------
    path : path
        CSV with the columns of the ML.ENERGY tables: LLM serving (versions 1 to 3), images or video; or of
        MLPerf power submissions (whole servers at the plug).
    use_batch : bool, default True
        Whether predictions may use the measured mean batch.
    fit_on : path, optional
        Refit the coefficients on this table first, as for an accelerator the shipped fit has not seen.
    leave_one_family_out : bool, default False
        Refit for each model family without it, and predict that family.
    runtime : str, optional
        Profile to use; default: from the columns of the table.

    Returns
    -------
    dict
        `rows`, `unusable` (row index and reason), `energy`, `power`, `rate` (each `mdape`, `p90`, `within_2x`, `bias`,
        `coverage_80`, `coverage_90`; `throughput` is the old name of `rate`), `coverage_80`, `coverage_90` of energy, the
        same by cell, `by` task, batch band, architecture, gpu and family.

    Raises
    ------
    DataError
        If a file cannot be read, lacks needed columns, or no row can be used.
    """
    table = read_table(path)
    columns = set(table[0])
    if columns & {"energy_per_image_joules", "energy_per_video_joules"}:
        from taotie.compute.fit.generation_fit import validate_generation

        return validate_generation(
            table,
            fit_on=None if fit_on is None else read_table(fit_on),
            leave_one_model_out=leave_one_family_out,
        )
    if "avg_system_power_w" in columns:
        from taotie.compute.fit.wall_power import validate_wall_power

        return validate_wall_power(table)
    name = runtime or runtime_of(table)
    rows = read_measured_rows(table, name)
    if not len(rows):
        raise DataError(
            _("no row of {path} can be used; the first: {why}").format(
                path=path, why=rows.unusable[0]["why"] if rows.unusable else "-"
            )
        )
    if fit_on is not None:
        base = read_measured_rows(read_table(fit_on), name)
        profile = fit_profile(base, name)
        left_out, _profiles = left_out_predictions(_usable(base))
        profile = with_error_model(profile, _usable(base), left_out)
    elif not leave_one_family_out:
        profile = runtime_profile(name)
    if leave_one_family_out:
        rows_with_batch = _usable(rows)
        if len(set(rows_with_batch.family)) < 2 or len(rows_with_batch) < 2 * LEAST_ROWS_FOR_A_FIT:
            raise RangeError(
                _("leaving families out needs at least two families and {n} rows.").format(
                    n=2 * LEAST_ROWS_FOR_A_FIT
                )
            )
        made, _profiles = left_out_predictions(rows_with_batch)
        profile = with_error_model(fit_profile(rows_with_batch, name), rows_with_batch, made)
        rows_with_batch.unusable = rows.unusable
        return as_table(validate_rows(rows_with_batch, profile, prediction=made))
    return as_table(validate_rows(rows, profile, use_batch=use_batch))


def _usable(rows: MeasuredRows) -> MeasuredRows:
    return rows.subset(
        (rows.energy_j_per_token > 0) & (rows.throughput_token_s > 0) & (rows.batch > 0)
    )
