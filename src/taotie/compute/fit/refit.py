"""How were the shipped coefficients found? Refits all of them from measured tables in a folder. [1, s]"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np

from taotie.compute.energy.measured_table import read_table
from taotie.compute.energy.runtime_profile import COEFFICIENT_FILE, RuntimeProfile, write_profiles
from taotie.compute.fit.calibration import (
    ANY,
    ENGINE,
    Fit,
    fit_together,
    left_out_predictions,
    left_out_served,
    predict_served,
    usable_rows,
)
from taotie.compute.fit.error_model import (
    served_misses,
    with_error_model,
    with_served_errors,
)
from taotie.compute.fit.error_summary import error_summary
from taotie.compute.fit.fit_problem import Prediction
from taotie.compute.fit.generation_fit import (
    fit_by_medium,
    joined,
    read_generation_rows,
    with_generation_errors,
)
from taotie.compute.fit.measured_rows import MeasuredRows, read_measured_rows
from taotie.compute.fit.serving_rows import ServingRows, read_serving_rows
from taotie.compute.fit.validation import as_table, validate_rows
from taotie.errors import DataError
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["refit"]

SERVING = (
    ("vllm-0.11", "vLLM 0.11 (late 2025)", 2025, "mlenergy_v3/llm.csv"),
    ("vllm-0.5", "vLLM 0.5 (mid 2024)", 2024, "mlenergy_v2/llm.csv"),
    (
        "transformers-2023",
        "Hugging Face transformers, one request at a time (2023)",
        2023,
        "mlenergy_v1/llm.csv",
    ),
)
SERVED = ("inferencex/serving_rate.csv", "inferencex/serving_power.csv")
"""Loads of several engines, fitted together with the first of the runs."""
OTHER_MAKER = "AMD"
"""The maker besides NVIDIA of which loads were measured."""
GENERATION = (
    "mlenergy_v3/text_to_image.csv",
    "mlenergy_v3/text_to_video.csv",
    "mlenergy_v2/diffusion.csv",
)
HEADING = """Coefficients of the serving and generation energy model. Written by `taotie calibrate`; do not edit by hand.
Fitted on the ML.ENERGY Benchmark (source chung2025, Apache-2.0) and InferenceX (source inferencex2026). Shares of dense peak, bandwidth and rated power;
times in seconds. See docs/concepts/accuracy.md."""


def refit(
    data_folder: str | Path, write_to: str | Path | None = None, today: str | None = None
) -> dict[str, Any]:
    """Refit every profile from the tables in a folder.

    Parameters
    ----------
    data_folder : path
        Holds `mlenergy_v1`, `mlenergy_v2`, `mlenergy_v3` as their publisher's tables.
    write_to : path, optional
        Coefficient file to write; default: the shipped one.
    today : str, optional
        Date to write; default: the day of the refit.

    Returns
    -------
    dict
        By profile: rows, coefficients at a bound, and half widths of intervals.

    Raises
    ------
    DataError
        If none of the tables is there.
    """
    folder = Path(data_folder)
    profiles: dict[str, RuntimeProfile] = {}
    gates: dict[str, dict[str, Any]] = {}
    used = []
    served_files = [f for f in SERVED if (folder / f).is_file()]
    term = None
    for name, label, year, file in SERVING:
        if not (folder / file).is_file():
            continue
        used.append(file)
        rows = usable_rows(read_measured_rows(folder / file, name))
        served = None
        if served_files and not profiles:
            used += served_files
            served = read_serving_rows([r for f in served_files for r in read_table(folder / f)])
        fit = fit_together(rows, served, name, label, year)
        left_out, _profiles = left_out_predictions(rows, None, served)
        profile = with_error_model(fit.profiles[ENGINE], rows, left_out, term)
        if served is not None:
            term = {share: profile.error[f"unseen_architecture_{share}"] for share in (80, 90)}
            profiles |= _served_profiles(fit, profile, rows, served, gates)
        profiles[name] = profile
        gates[f"{name} family"] = _score(left_out, rows) | _held(left_out, rows, profile)
        profiles[name].provenance["left_out_median_error"] = float(  # type: ignore[index]
            np.median(np.abs(left_out.energy_j_per_token / rows.energy_j_per_token - 1.0))
        )
    generation = refit_generation(folder)
    used += [f for f in GENERATION if (folder / f).is_file()]
    if not used:
        raise DataError(
            _("no measured table in {folder}.").format(folder=folder),
            _("looked for {names}").format(
                names=listing([f for *_rest, f in SERVING] + list(GENERATION))
            ),
        )
    write_profiles(
        profiles,
        Path(write_to) if write_to is not None else COEFFICIENT_FILE,
        HEADING,
        {
            "command": "taotie calibrate",
            "data": used,
            "date": today or datetime.date.today().isoformat(),
            "source": "chung2025",
        },
        generation,
        gates,
    )
    return {
        **{
            n: {
                "rows": p.provenance["rows"],
                "at_bound": p.provenance["at_bound"],
                "left_out_median_error": p.provenance.get("left_out_median_error"),
                "half_width_80": p.error["half_width_80"],
            }
            for n, p in profiles.items()
        },
        **{
            n: {"rows": g["provenance"]["rows"], "half_width_80": g["error"]["half_width_80"]}
            for n, g in generation.items()
        },
    }


def refit_generation(folder: Path) -> dict[str, Any]:
    """Coefficients of pictures and films from the tables in a folder; empty without tables."""
    tables = [folder / f for f in GENERATION if (folder / f).is_file()]
    if not tables:
        return {}
    pictures = read_generation_rows(read_table(tables[0]))
    for other in tables[1:]:
        pictures = joined(pictures, read_generation_rows(read_table(other)))
    return with_generation_errors(fit_by_medium(pictures), pictures)


def _score(made: Any, rows: MeasuredRows) -> dict[str, Any]:
    found = {
        "energy": error_summary(made.energy_j_per_token, rows.energy_j_per_token),
        "rate": error_summary(made.throughput_token_s, rows.throughput_token_s),
        "power": error_summary(made.power_w, rows.power_w),
    }
    return {f"{q}_{k}": v for q, e in found.items() for k, v in e.items() if k != "n"}


def _held(made: Prediction, rows: MeasuredRows, profile: RuntimeProfile) -> dict[str, float]:
    """Which share of rows, and of cells, the interval of an unseen family holds."""
    found = as_table(validate_rows(rows, profile, prediction=made))
    return {
        "coverage_80": found["coverage_80"],
        "coverage_80_cells": found["coverage_80_cells"],
        "power_coverage_80": found["power"]["coverage_80"],
        "rate_coverage_80": found["rate"]["coverage_80"],
    }


def _served_score(made: Any, served: ServingRows, keep: Any) -> dict[str, Any]:
    found = {
        "rate": error_summary(made.token_s[keep], served.token_s[keep]),
        "power": error_summary(made.power_w[keep], served.power_w[keep]),
    }
    return {
        "n": int(np.sum(keep)),
        **{
            f"{q}_{k}": v
            for q, e in found.items()
            for k, v in e.items()
            if k != "n" and v is not None
        },
    }


def _served_profiles(
    fit: Fit,
    profile: RuntimeProfile,
    rows: MeasuredRows,
    served: ServingRows,
    gates: dict[str, dict[str, Any]],
) -> dict[str, RuntimeProfile]:
    """Profiles of the engines whose loads were measured, and of one nobody measured, with intervals from four gates."""
    makers = [s.accelerator.maker for s in served.decode]
    groups = {"chip": served.chip, "engine": served.engine, "model": served.model}
    made = {name: left_out_served(rows, served, g) for name, g in groups.items()}
    made["maker"] = left_out_served(rows, served, makers, [OTHER_MAKER])
    alone = fit_together(rows)
    made["benchmark"] = predict_served(served, alone.profiles)
    kind, chip = np.array(served.kind), np.array(served.chip)
    for name, load in made.items():
        gates[f"served {name}"] = _served_score(load, served, np.isfinite(load.token_s))
        gates[f"served {name}, aggregated"] = _served_score(
            load, served, np.isfinite(load.token_s) & (kind == "aggregated")
        )
    for c in sorted(set(served.chip)):
        gates[f"served chip {c}"] = _served_score(made["chip"], served, chip == c)
        plain = (chip == c) & (kind == "aggregated")
        if plain.any():
            gates[f"served chip {c}, aggregated"] = _served_score(made["chip"], served, plain)
    miss = {name: served_misses(load, served) for name, load in made.items()}
    seen = served_misses(predict_served(served, fit.profiles), served)
    # without its model a maker measured on one model alone is not measured either: that is the maker's gate
    lone = np.array([m == OTHER_MAKER for m in makers])
    miss["model"] = {q: np.where(lone, np.nan, m) for q, m in miss["model"].items()}
    out = {}
    for engine, other in fit.profiles.items():
        if engine == ENGINE:
            continue
        own = np.array([e == engine for e in served.engine])
        by = ["engine", "model"] if engine == ANY else ["chip", "model"]
        judged = served if engine == ANY else served.subset(own)
        rows_of = np.ones(len(served), dtype=bool) if engine == ANY else own
        found = with_served_errors(
            other,
            judged,
            [
                (
                    {q: m[rows_of] for q, m in miss[name].items()},
                    [g for g, k in zip(groups[name], rows_of, strict=True) if k],
                )
                for name in by
            ],
            profile.error,
            {q: m[np.array(makers) == OTHER_MAKER] for q, m in miss["maker"].items()},
            {q: m[rows_of] for q, m in seen.items()},
        )
        out[found.name] = found
    return out
