"""How were the shipped coefficients found? Refits all of them from measured tables in a folder. [1, s]"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np

from taotie.compute.energy.architecture_transfer import ampere_over_hopper
from taotie.compute.energy.measured_table import read_table
from taotie.compute.energy.runtime_profile import COEFFICIENT_FILE, RuntimeProfile, write_profiles
from taotie.compute.fit.calibration import fit_profile, left_out_predictions
from taotie.compute.fit.error_model import with_error_model
from taotie.compute.fit.generation_fit import (
    fit_by_medium,
    joined,
    read_generation_rows,
    with_generation_errors,
)
from taotie.compute.fit.measured_rows import read_measured_rows
from taotie.errors import DataError
from taotie.words.language import _

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
GENERATION = (
    "mlenergy_v3/text_to_image.csv",
    "mlenergy_v3/text_to_video.csv",
    "mlenergy_v2/diffusion.csv",
)
HEADING = """Coefficients of the serving and generation energy model. Written by `taotie calibrate`; do not edit by hand.
Fitted on the ML.ENERGY Benchmark (source chung2025, Apache-2.0). Shares of dense peak, bandwidth and rated power;
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
    used = []
    for name, label, year, file in SERVING:
        if not (folder / file).is_file():
            continue
        used.append(file)
        rows = read_measured_rows(folder / file, name)
        rows = rows.subset(
            (rows.energy_j_per_token > 0) & (rows.throughput_token_s > 0) & (rows.batch > 0)
        )
        profile = fit_profile(rows, name, label, year)
        left_out, _profiles = left_out_predictions(rows)
        profiles[name] = with_error_model(profile, rows, left_out)
        profiles[name].provenance["left_out_median_error"] = float(  # type: ignore[index]
            np.median(np.abs(left_out.energy_j_per_token / rows.energy_j_per_token - 1.0))
        )
    tables = [folder / f for f in GENERATION if (folder / f).is_file()]
    generation: dict[str, Any] = {}
    if tables:
        used += [f for f in GENERATION if (folder / f).is_file()]
        pictures = read_generation_rows(read_table(tables[0]))
        for other in tables[1:]:
            pictures = joined(pictures, read_generation_rows(read_table(other)))
        generation = with_generation_errors(fit_by_medium(pictures), pictures)
    if not used:
        raise DataError(
            _("no measured table in {folder}.").format(folder=folder),
            _("looked for {names}").format(
                names=", ".join([f for *_rest, f in SERVING] + list(GENERATION))
            ),
        )
    ampere = ampere_over_hopper(folder)
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
        {"ampere": ampere} if ampere else {},
    )
    return {
        **{
            n: {
                "rows": p.provenance["rows"],
                "at_bound": p.provenance["at_bound"],
                "left_out_median_error": p.provenance["left_out_median_error"],
                "half_width_80": p.error["half_width_80"],
            }
            for n, p in profiles.items()
        },
        **{
            n: {"rows": g["provenance"]["rows"], "half_width_80": g["error"]["half_width_80"]}
            for n, g in generation.items()
        },
    }
