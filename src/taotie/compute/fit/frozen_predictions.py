"""What did we predict before it was measured? Predictions with intervals, dated and hashed, and their later score. [token/s, W, J]

A model that is only checked on what was known when it was fitted proves little. Here predictions for a list of set-ups are
written to a file with its day and a checksum; when a benchmark prints those set-ups, the file is scored against it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from taotie.compute.energy.generation import GENERATION_COLUMNS
from taotie.compute.energy.measured_table import number, read_table
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.runtime_profile import generation_profiles, runtime_profile
from taotie.compute.energy.serving_setup import smallest_replica
from taotie.compute.fit.calibration import predict_served
from taotie.compute.fit.error_summary import coverage, error_summary
from taotie.compute.fit.generation_fit import (
    generation_widths,
    predict_by_medium,
    read_generation_rows,
)
from taotie.compute.fit.measured_rows import read_measured_rows
from taotie.compute.fit.serving_rows import read_serving_rows
from taotie.compute.fit.serving_validation import engine_profiles, served_widths
from taotie.compute.fit.validation import runtime_of, validate_rows
from taotie.errors import DataError
from taotie.files.read import read_bytes, read_json
from taotie.hardware.accelerator import accelerator
from taotie.quantity.catalog import DATA
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["SHIPPED", "frozen", "read_frozen", "scored_against", "setups_on_record"]

SHIPPED = DATA / "predictions" / "2026-11-30.json"
"""Predictions made on that day for 300 set-ups on twelve chips."""
QUANTITIES = {
    "serving": {"rate": "rate_token_s", "power": "power_w", "energy": "energy_j_per_token", "latency": "tpot_s"},
    "runs": {"rate": "rate_token_s", "power": "power_w", "energy": "energy_j_per_token"},
    "generation": {"rate": "rate_per_s", "power": "power_w", "energy": "energy_j_per_item"},
}  # fmt: skip
"""What is predicted of each kind of table, and what its column is called."""
DESCRIBED = {
    "serving": (
        "model", "chip", "engine", "precision", "kind", "gpus", "decode_replica", "prefill_gpus", "prompt_tokens",
        "output_tokens", "in_flight",
    ),
    "runs": ("model", "chip", "software", "precision", "task", "gpus", "data_parallel", "most_sequences"),
    "generation": (
        "model", "chip", "software", "pixels", "steps", "batch", "ulysses", "ring",
    ),
}  # fmt: skip
"""What tells one set-up from another."""


def _columns(kind: str) -> list[str]:
    """Description, then central values and half widths of the intervals of log(true / predicted)."""
    out = list(DESCRIBED[kind])
    for name, central in QUANTITIES[kind].items():
        out += [central, f"{name}_half_width_80", f"{name}_half_width_90"]
    return out


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


@dataclass(frozen=True)
class _Table:
    """Set-ups of one kind of table: what they are, what was measured of them, and how to predict them."""

    kind: str
    described: list[list[Any]]
    measured: Mapping[str, Any]
    cells: list[str]
    cuts: Mapping[str, list[str]]
    unusable: list[dict[str, object]]
    predicted: Callable[[], Mapping[str, tuple[Any, Any, Any]]]


def _kind(columns: set[str]) -> str:
    if columns & {"inference_steps", "denoising_steps"}:
        return "generation"
    return "runs" if {"model_id", "gpu_model"} <= columns else "serving"


def _laid_out(table: Sequence[dict[str, str]]) -> _Table:
    """The set-ups of a table, whatever its kind."""
    kind = _kind(set(table[0])) if table else "serving"
    return {"serving": _serving, "runs": _runs, "generation": _generation}[kind](table)


def _serving(table: Sequence[dict[str, str]]) -> _Table:
    rows = read_serving_rows(table)
    prefill = rows.prefill_workers * np.array([s.accelerators_per_replica for s in rows.prefill])
    described = [
        [
            rows.model[i], rows.chip[i], rows.engine[i], rows.precision[i], rows.kind[i], int(rows.gpus[i]),
            rows.decode[i].accelerators_per_replica, int(prefill[i]), round(float(rows.prompt[i]), 1),
            round(float(rows.output[i]), 1), float(rows.in_flight[i]),
        ]
        for i in range(len(rows))
    ]  # fmt: skip

    def predicted() -> Mapping[str, tuple[Any, Any, Any]]:
        profiles = engine_profiles(rows)
        made = predict_served(rows, profiles)
        widths = served_widths(rows, made, profiles)
        central = {
            "rate": made.token_s,
            "power": made.power_w,
            "energy": made.energy_j_per_token,
            "latency": made.tpot_s,
        }
        return {q: (v, widths[80][q], widths[90][q]) for q, v in central.items()}

    with np.errstate(divide="ignore", invalid="ignore"):
        energy = rows.power_w / rows.token_s
    measured = {
        "rate": rows.token_s,
        "power": rows.power_w,
        "energy": energy,
        "latency": rows.tpot_s,
    }
    cuts = {"chip": rows.chip, "model": rows.model, "engine": rows.engine, "setup": rows.kind}
    return _Table("serving", described, measured, rows.cell, cuts, rows.unusable, predicted)


def _runs(table: Sequence[dict[str, str]]) -> _Table:
    name = runtime_of(table)
    rows = read_measured_rows(table, name)
    described = [
        [
            rows.model_id[i].split("/")[-1].lower(), rows.gpu[i], name, s.precision, rows.task[i],
            s.accelerators_per_replica, s.data_parallel, float(rows.batch_limit[i]),
        ]
        for i, s in enumerate(rows.setups)
    ]  # fmt: skip

    def predicted() -> Mapping[str, tuple[Any, Any, Any]]:
        # the mean batch is a measurement too: what is on record has not seen it
        found = validate_rows(rows, runtime_profile(name), use_batch=False)
        made, width = found.prediction, found.half_width
        central = {
            "rate": made.throughput_token_s,
            "power": made.power_w,
            "energy": made.energy_j_per_token,
        }
        return {q: (v, width[80][q], width[90][q]) for q, v in central.items()}

    measured = {
        "rate": rows.throughput_token_s,
        "power": rows.power_w,
        "energy": rows.energy_j_per_token,
    }
    cells = ["|".join(str(d[k]) for k in (0, 1, 4, 5)) for d in described]
    cuts = {"task": rows.task, "gpu": rows.gpu, "family": rows.family}
    return _Table("runs", described, measured, cells, cuts, rows.unusable, predicted)


def _generation(table: Sequence[dict[str, str]]) -> _Table:
    rows = read_generation_rows(table)
    at = {n: rows.matrix[:, i] for i, n in enumerate(GENERATION_COLUMNS)}
    steps = [number(table[i], "inference_steps", "denoising_steps") for i in rows.row]
    described = [
        [
            rows.model[i].split("/")[-1].lower(), rows.gpu[i], rows.media[i], float(at["pixels"][i]), steps[i],
            float(rows.batch[i]), float(at["ulysses"][i]), float(at["ring"][i]),
        ]
        for i in range(len(rows))
    ]  # fmt: skip

    def predicted() -> Mapping[str, tuple[Any, Any, Any]]:
        profiles = generation_profiles()
        made = predict_by_medium(rows, profiles)
        widths = generation_widths(rows, profiles)
        central = {
            "rate": rows.batch / made.time_s,
            "power": made.power_w,
            "energy": made.energy_j,
        }
        return {q: (v, widths[80][q], widths[90][q]) for q, v in central.items()}

    measured = {
        "rate": rows.batch / rows.time_s,
        "power": rows.power_w,
        "energy": rows.energy_j,
    }
    cells = ["|".join(str(d[k]) for k in (0, 1, 6, 7)) for d in described]
    cuts = {"gpu": rows.gpu, "model": rows.model, "medium": rows.media}
    return _Table("generation", described, measured, cells, cuts, rows.unusable, predicted)


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
        In the columns of InferenceX or of ML.ENERGY (LLM runs, pictures, films), without measurements (if there are any,
        they are not looked at); default: `setups_on_record`.
    today : str, optional
        Day to write; default: today's.

    Returns
    -------
    dict
        `made_on`, `version`, `coefficients_sha256`, `kind` of table, `columns`, `rows`, `unusable`, `sha256` over all of it.

    Raises
    ------
    DataError
        If no set-up can be predicted.
    """
    from taotie import __version__
    from taotie.compute.energy.runtime_profile import COEFFICIENT_FILE

    given = setups_on_record() if setups is None else setups
    table = read_table(given) if isinstance(given, str | Path) else list(given)
    found = _laid_out([{**r, "in_flight_share": ""} for r in table])
    if not found.described:
        raise DataError(
            _("no set-up can be predicted; the first: {why}").format(
                why=found.unusable[0]["why"] if found.unusable else "-"
            )
        )
    numbers = [column for columns in found.predicted().values() for column in columns]
    content: dict[str, Any] = {
        "made_on": today or datetime.date.today().isoformat(),
        "version": __version__,
        "coefficients_sha256": hashlib.sha256(read_bytes(COEFFICIENT_FILE)).hexdigest(),
        "kind": found.kind,
        "columns": _columns(found.kind),
        "rows": [
            [*described, *(float(f"{column[i]:.5g}") for column in numbers)]
            for i, described in enumerate(found.described)
        ],
        "unusable": found.unusable,
    }
    return {**content, "sha256": _checksum(content)}


def read_frozen(path: str | Path) -> dict[str, Any]:
    """Predictions on record, whole and unchanged.

    Raises
    ------
    DataError
        If the file cannot be read, is no such file, or was changed after it was written.
    """
    file = Path(path)
    hint = _("`taotie predict --freeze FILE` writes one.")
    content = read_json(file, hint=hint)
    try:
        columns, rows = content["columns"], content["rows"]
        kind = content.get("kind", "serving")
        known = columns == _columns(kind) and all(len(r) == len(columns) for r in rows)
        same = content["sha256"] == _checksum(content)
    except (ValueError, KeyError, TypeError) as error:
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
        What was measured, in the columns the record was written from.
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
    kind = content.get("kind", "serving")
    table = read_table(path)
    if _kind(set(table[0])) != kind:
        raise DataError(
            _("{path} holds other set-ups than {file} predicts.").format(path=path, file=against),
            _("a record is scored on a table of the kind it was written from."),
        )
    found = _laid_out(table)
    n = len(DESCRIBED[kind])
    keys = {tuple(r[:n]): r[n:] for r in content["rows"]}
    lines = [keys.get(tuple(d)) for d in found.described]
    keep = np.array([f is not None for f in lines], dtype=bool)
    if not keep.any():
        raise DataError(
            _("none of the {n} rows of {path} is a set-up predicted in {file}.").format(
                n=len(keep), path=path, file=against
            ),
            _("a set-up is told by: {names}.").format(names=listing(DESCRIBED[kind])),
        )
    made = np.array([f for f in lines if f is not None], dtype=np.float64)
    at = dict(zip(_columns(kind)[n:], made.T, strict=True))
    kept = [c for c, k in zip(found.cells, keep, strict=True) if k]
    pairs = [
        (name, central, np.asarray(found.measured[name])[keep])
        for name, central in QUANTITIES[kind].items()
    ]

    def numbers(here: Any) -> dict[str, Any]:
        out: dict[str, Any] = {"n": int(here.sum())}
        cells = [c for c, k in zip(kept, here, strict=True) if k]
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

    whole = numbers(np.ones(len(made), dtype=bool))
    cuts = {
        cut: [x for x, k in zip(labels, keep, strict=True) if k]
        for cut, labels in found.cuts.items()
    }
    return {
        "rows": len(keep) + len(found.unusable),
        "answered": whole.pop("n"),
        "unusable": found.unusable,
        "against": {
            "file": str(against),
            "made_on": content["made_on"],
            "sha256": content["sha256"],
        },
        "matched": int(keep.sum()),
        "not_predicted": int((~keep).sum()),
        "runtime": _("on record since {day}").format(day=content["made_on"]),
        "batch": "from the server's limit" if kind == "runs" else "from requests in flight",
        **whole,
        "by": {
            cut: {
                label: numbers(np.array([x == label for x in labels]))
                for label in sorted(set(labels))
            }
            for cut, labels in cuts.items()
        },
    }
