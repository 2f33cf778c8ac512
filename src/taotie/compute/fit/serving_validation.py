"""How far are predicted rate, power and energy from served loads in a file nobody fitted? [%]

Each row is predicted from its description alone: model, accelerators and how they are divided, engine, precision, lengths
and requests in flight. A set-up outside what was measured gets a wider interval, and the result names what that was.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.energy_per_request import GUESSED_SHAPE
from taotie.compute.energy.measured_table import read_table
from taotie.compute.energy.runtime_profile import (
    QUANTITIES,
    RuntimeProfile,
    engine_runtime,
    runtime_profile,
)
from taotie.compute.energy.served_load import ServedLoad
from taotie.compute.fit.calibration import predict_served
from taotie.compute.fit.error_summary import coverage, error_summary
from taotie.compute.fit.serving_rows import ServingRows, read_serving_rows
from taotie.errors import DataError
from taotie.words.language import _

__all__ = ["engine_profiles", "served_widths", "validate_serving"]

FloatArray = NDArray[np.float64]


def engine_profiles(rows: ServingRows) -> dict[str, RuntimeProfile]:
    """The profile that predicts each engine of the rows."""
    return {e: runtime_profile(engine_runtime(e)) for e in sorted(set(rows.engine))}


def served_widths(
    rows: ServingRows, made: ServedLoad, profiles: Mapping[str, RuntimeProfile]
) -> dict[int, dict[str, FloatArray]]:
    """Half widths of intervals by share and quantity, one value a row."""
    out: dict[int, dict[str, FloatArray]] = {}
    for share in (80, 90):
        out[share] = {}
        for quantity in QUANTITIES:
            out[share][quantity] = np.array(
                [
                    float(
                        profiles[e].half_width(
                            share,
                            max(float(b), 1.0),
                            s.accelerator.architecture,
                            # narrower only where both model and chip were measured
                            family=s.model.name
                            if s.accelerator.name in profiles[e].provenance.get("chips", ())
                            else None,
                            quantity=quantity,
                            maker=s.accelerator.maker,
                            kind=k,
                        )
                    )
                    * (GUESSED_SHAPE if s.model.typical else 1.0)
                    for e, b, s, k in zip(
                        rows.engine, made.batch, rows.decode, rows.kind, strict=True
                    )
                ]
            )
    return out


def _numbers(
    rows: ServingRows,
    made: ServedLoad,
    widths: Mapping[int, Mapping[str, FloatArray]],
    keep: NDArray[np.bool_],
) -> dict[str, Any]:
    energy = np.where(
        rows.token_s > 0, rows.power_w / np.where(rows.token_s > 0, rows.token_s, 1.0), np.nan
    )
    pairs = {
        "rate": (made.token_s, rows.token_s),
        "power": (made.power_w, rows.power_w),
        "energy": (made.energy_j_per_token, energy),
        "latency": (made.tpot_s, rows.tpot_s),
    }
    cells = [c for c, k in zip(rows.cell, keep, strict=True) if k]
    out: dict[str, Any] = {"n": int(keep.sum())}
    for name, (predicted, measured) in pairs.items():
        p, m = predicted[keep], measured[keep]
        out[name] = error_summary(p, m)
        for share in (80, 90):
            out[name][f"coverage_{share}"] = coverage(p, m, widths[share][name][keep])
            out[name][f"coverage_{share}_cells"] = coverage(p, m, widths[share][name][keep], cells)
    # of energy where power was measured, of the rate elsewhere
    measured = np.isfinite(energy) & (energy > 0)
    p = np.where(measured, made.energy_j_per_token, made.token_s)[keep]
    m = np.where(measured, energy, rows.token_s)[keep]
    for share in (80, 90):
        width = np.where(measured, widths[share]["energy"], widths[share]["rate"])[keep]
        out[f"coverage_{share}"] = coverage(p, m, width)
        out[f"coverage_{share}_cells"] = coverage(p, m, width, cells)
    return out


def as_table(
    rows: ServingRows, made: ServedLoad, profiles: Mapping[str, RuntimeProfile]
) -> dict[str, Any]:
    """The validation as plain values, ready for JSON."""
    widths = served_widths(rows, made, profiles)
    whole = _numbers(rows, made, widths, np.ones(len(rows), dtype=bool))
    whole.pop("n")
    cuts = {
        "chip": rows.chip,
        "model": rows.model,
        "engine": rows.engine,
        "setup": rows.kind,
        "precision": rows.precision,
    }
    return {
        "rows": len(rows) + len(rows.unusable),
        "answered": len(rows),
        "unusable": rows.unusable,
        "runtime": ", ".join(sorted({p.name for p in profiles.values()})),
        "batch": "from requests in flight",
        **whole,
        "not_measured": _not_measured(rows, profiles),
        "by": {
            cut: {
                name: _numbers(rows, made, widths, np.array([label == name for label in labels]))
                for name in sorted(set(labels))
            }
            for cut, labels in cuts.items()
        },
    }


def _not_measured(
    rows: ServingRows, profiles: Mapping[str, RuntimeProfile]
) -> dict[str, list[str]]:
    """What of the rows no measurement covers, by kind; only kinds with any."""
    found = {
        "engine": {e for e in rows.engine if profiles[e].provenance.get("engine") != e},
        "chip": {
            s.accelerator.name
            for e, s in zip(rows.engine, rows.decode, strict=True)
            if not profiles[e].knows(s.accelerator.architecture)
        },
        "maker": {
            s.accelerator.maker
            for e, s in zip(rows.engine, rows.decode, strict=True)
            if s.accelerator.maker not in profiles[e].provenance.get("makers", ())
        },
    }
    return {k: sorted(v) for k, v in found.items() if v}


def validate_serving(path: str | Path) -> dict[str, Any]:
    """Predict every served load of a table and say how far off the predictions are.

    Parameters
    ----------
    path : path
        CSV with the columns of InferenceX, see `read_serving_rows`.

    Returns
    -------
    dict
        `rows`, `answered`, `unusable` (row index and reason), `rate`, `power`, `energy`, `latency` (each `n`, `mdape`,
        `p90`, `bias`, `within_2x`, `coverage_80`, `coverage_90`), `coverage_80` and `coverage_80_cells` of energy where
        power was measured and of the rate elsewhere, `not_measured`, `by` chip, model, engine, setup and precision.

    Raises
    ------
    DataError
        If the file cannot be read, lacks needed columns, or no row can be used.
    """
    rows = read_serving_rows(read_table(path))
    if not len(rows):
        raise DataError(
            _("no row of {path} can be used; the first: {why}").format(
                path=path, why=rows.unusable[0]["why"] if rows.unusable else "-"
            )
        )
    profiles = engine_profiles(rows)
    return as_table(rows, predict_served(rows, profiles), profiles)
