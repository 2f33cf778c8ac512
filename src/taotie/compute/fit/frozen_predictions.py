"""What did we predict before it was measured? Predictions with intervals, dated and hashed, and their later score. [token/s, W, J]

A model that is only checked on what was known when it was fitted proves little. Here predictions for a list of set-ups are
written to a file with its day and a checksum; when a benchmark prints those set-ups, the file is scored against it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from taotie.compute.energy.measured_table import read_table
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import smallest_replica
from taotie.compute.fit.calibration import predict_served
from taotie.compute.fit.error_summary import coverage, error_summary
from taotie.compute.fit.serving_rows import ServingRows, read_serving_rows
from taotie.compute.fit.serving_validation import engine_profiles, served_widths
from taotie.errors import DataError
from taotie.files.read import of_others, read_bytes, read_json
from taotie.hardware.accelerator import accelerator
from taotie.quantity.catalog import DATA
from taotie.words.language import _

__all__ = ["SHIPPED", "frozen", "read_frozen", "scored_against", "setups_on_record"]

SHIPPED = DATA / "predictions" / "2026-11-30.json"
"""Predictions made on that day for 300 set-ups on twelve chips."""
COLUMNS = (
    "model", "chip", "engine", "precision", "kind", "gpus", "decode_replica", "prefill_gpus", "prompt_tokens",
    "output_tokens", "in_flight",
)  # fmt: skip
"""What tells one set-up from another."""
PREDICTED = (
    "rate_token_s", "rate_half_width_80", "rate_half_width_90", "power_w", "power_half_width_80", "power_half_width_90",
    "energy_j_per_token", "energy_half_width_80", "energy_half_width_90", "tpot_s", "latency_half_width_80",
    "latency_half_width_90",
)  # fmt: skip
"""Central values, and half widths of the intervals of log(true / predicted)."""
_CHIPS = (
    "h100-sxm", "h200-sxm", "b200-sxm", "b300-sxm", "gb200", "gb300", "a100-sxm-80", "rtx-pro-6000-server", "mi300x",
    "mi325x", "mi355x", "gaudi3",
)  # fmt: skip
_MODELS = (
    ("deepseek-r1", "fp8"),
    ("gpt-oss-120b", "mxfp4"),
    ("llama-3.3-70b", "fp8"),
    ("qwen3-235b-a22b", "fp8"),
    ("kimi-k2", "int4"),
)
_IN_FLIGHT = (4, 16, 64, 128, 256)
MOST = 32


def setups_on_record() -> list[dict[str, str]]:
    """The list of set-ups behind the shipped file: twelve chips, five models, five loads, in the columns of InferenceX."""
    rows = []
    for chip in _CHIPS:
        engine = "vllm" if chip in ("a100-sxm-80", "rtx-pro-6000-server", "gaudi3") else "sglang"
        for model, precision in _MODELS:
            shape = model_architecture(model)
            n = smallest_replica(shape, accelerator(chip), precision, 9216.0, 8)
            for i, load in enumerate(_IN_FLIGHT):
                rows.append(
                    {
                        "model": model, "hardware": chip, "framework": engine, "precision": precision, "gpus": str(n),
                        "decode_tp": str(n), "decode_ep": "1", "isl": "1024" if i % 2 else "8192", "osl": "1024",
                        "concurrency": str(load),
                    }
                )  # fmt: skip
    return rows


def _described(rows: ServingRows) -> list[list[Any]]:
    prefill = rows.prefill_workers * np.array([s.accelerators_per_replica for s in rows.prefill])
    return [
        [
            rows.model[i], rows.chip[i], rows.engine[i], rows.precision[i], rows.kind[i], int(rows.gpus[i]),
            rows.decode[i].accelerators_per_replica, int(prefill[i]), round(float(rows.prompt[i]), 1),
            round(float(rows.output[i]), 1), float(rows.in_flight[i]),
        ]
        for i in range(len(rows))
    ]  # fmt: skip


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps({k: v for k, v in content.items() if k != "sha256"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def frozen(
    setups: str | Path | Iterable[dict[str, str]] | None = None, today: str | None = None
) -> dict[str, Any]:
    """Predictions for a list of set-ups, dated and hashed.

    Parameters
    ----------
    setups : path or rows, optional
        In the columns of InferenceX, without measurements (if there are any, they are not looked at); default:
        `setups_on_record`.
    today : str, optional
        Day to write; default: today's.

    Returns
    -------
    dict
        `made_on`, `version`, `coefficients_sha256`, `columns`, `rows`, `unusable`, `sha256` over all of it.

    Raises
    ------
    DataError
        If no set-up can be predicted.
    """
    from taotie import __version__
    from taotie.compute.energy.runtime_profile import COEFFICIENT_FILE

    given = setups_on_record() if setups is None else setups
    table = read_table(given) if isinstance(given, str | Path) else list(given)
    rows = read_serving_rows([{**r, "in_flight_share": ""} for r in table])
    if not len(rows):
        raise DataError(
            _("no set-up can be predicted; the first: {why}").format(
                why=rows.unusable[0]["why"] if rows.unusable else "-"
            )
        )
    profiles = engine_profiles(rows)
    made = predict_served(rows, profiles)
    widths = served_widths(rows, made, profiles)
    pairs = (
        ("rate", made.token_s), ("power", made.power_w), ("energy", made.energy_j_per_token), ("latency", made.tpot_s),
    )  # fmt: skip
    numbers = [
        column
        for name, central in pairs
        for column in (central, widths[80][name], widths[90][name])
    ]
    content: dict[str, Any] = {
        "made_on": today or datetime.date.today().isoformat(),
        "version": __version__,
        "coefficients_sha256": hashlib.sha256(read_bytes(COEFFICIENT_FILE)).hexdigest(),
        "columns": [*COLUMNS, *PREDICTED],
        "rows": [
            [*described, *(float(f"{column[i]:.5g}") for column in numbers)]
            for i, described in enumerate(_described(rows))
        ],
        "unusable": rows.unusable,
    }
    return {**content, "sha256": _checksum(content)}


@of_others(DataError)
def read_frozen(path: str | Path) -> dict[str, Any]:
    """Predictions on record, whole and unchanged.

    Raises
    ------
    DataError
        If the file cannot be read, is no such file, or was changed after it was written.
    """
    file = Path(path)
    hint = _("`taotie predict --freeze FILE` writes one.")
    try:
        content = read_json(file)
        columns, rows = content["columns"], content["rows"]
        known = columns == [*COLUMNS, *PREDICTED] and all(len(r) == len(columns) for r in rows)
        same = content["sha256"] == _checksum(content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            _("{path} holds no predictions on record: {error}").format(path=file, error=error), hint
        ) from error
    if not known:
        raise DataError(
            _("{path} holds other columns than predictions do.").format(path=file), hint
        )
    if not same:
        raise DataError(
            _("{path} was changed after it was written: its checksum does not fit.").format(
                path=file
            ),
            _("take the file as it was published."),
        )
    return dict(content)


def scored_against(path: str | Path, against: str | Path) -> dict[str, Any]:
    """How far predictions on record were from what was measured later.

    Parameters
    ----------
    path : path
        Measured loads, see `read_serving_rows`.
    against : path
        Predictions on record, see `read_frozen`.

    Returns
    -------
    dict
        As `validate_serving`, of the rows that were predicted; `against` names the file's day and checksum, `matched` and
        `not_predicted` count.

    Raises
    ------
    DataError
        If a file cannot be read, or none of its rows was predicted.
    """
    content = read_frozen(against)
    rows = read_serving_rows(read_table(path))
    keys = {tuple(r[: len(COLUMNS)]): r[len(COLUMNS) :] for r in content["rows"]}
    found = [keys.get(tuple(d)) for d in _described(rows)]
    keep = np.array([f is not None for f in found], dtype=bool)
    if not keep.any():
        raise DataError(
            _("none of the {n} rows of {path} is a set-up predicted in {file}.").format(
                n=len(rows), path=path, file=against
            ),
            _(
                "a set-up is its model, chip, engine, precision, counts, lengths and requests in flight."
            ),
        )
    rows = rows.subset(keep)
    made = np.array([f for f in found if f is not None], dtype=np.float64)
    at = {name: made[:, i] for i, name in enumerate(PREDICTED)}
    with np.errstate(divide="ignore", invalid="ignore"):
        energy = rows.power_w / rows.token_s
    pairs: Sequence[tuple[str, str, Any]] = (
        ("rate", "rate_token_s", rows.token_s), ("power", "power_w", rows.power_w),
        ("energy", "energy_j_per_token", energy), ("latency", "tpot_s", rows.tpot_s),
    )  # fmt: skip

    def numbers(here: Any) -> dict[str, Any]:
        out: dict[str, Any] = {"n": int(here.sum())}
        cells = [c for c, k in zip(rows.cell, here, strict=True) if k]
        for name, central, measured in pairs:
            p, m = at[central][here], measured[here]
            out[name] = error_summary(p, m)
            for share in (80, 90):
                width = at[f"{name}_half_width_{share}"][here]
                out[name][f"coverage_{share}"] = coverage(p, m, width)
                out[name][f"coverage_{share}_cells"] = coverage(p, m, width, cells)
        main = "energy" if out["energy"]["n"] else "rate"
        for key in ("coverage_80", "coverage_80_cells", "coverage_90", "coverage_90_cells"):
            out[key] = out[main][key]
        return out

    whole = numbers(np.ones(len(rows), dtype=bool))
    cuts = {"chip": rows.chip, "model": rows.model, "engine": rows.engine, "setup": rows.kind}
    return {
        "rows": len(keep) + len(rows.unusable),
        "answered": whole.pop("n"),
        "unusable": rows.unusable,
        "against": {
            "file": str(against),
            "made_on": content["made_on"],
            "sha256": content["sha256"],
        },
        "matched": int(keep.sum()),
        "not_predicted": int((~keep).sum()),
        "runtime": _("on record since {day}").format(day=content["made_on"]),
        "batch": "from requests in flight",
        **whole,
        "by": {
            cut: {
                label: numbers(np.array([x == label for x in labels]))
                for label in sorted(set(labels))
            }
            for cut, labels in cuts.items()
        },
    }
