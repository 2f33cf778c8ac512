"""Which coefficients make generated pictures and films agree with measurement, and how well? [J, s, %]"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.generation import (
    GENERATION_COEFFICIENTS,
    GenerationCost,
    find_diffusion_model,
    generation_cost,
    generation_row,
    typical_diffusion_model,
)
from taotie.compute.energy.measured_table import NOT_OF_A_ROW, number
from taotie.compute.energy.runtime_profile import generation_profiles
from taotie.compute.fit.coefficient_bounds import Bound
from taotie.compute.fit.error_model import UNSEEN_ARCHITECTURE, balanced_quantile
from taotie.compute.fit.robust_fit import robust_fit
from taotie.errors import DataError, TaotieError
from taotie.hardware.accelerator import accelerator
from taotie.words.language import _

__all__ = ["GenerationRows", "fit_generation", "predict_generation", "read_generation_rows"]

FloatArray = NDArray[np.float64]

BOUNDS = {
    "flop_share": Bound(0.4, 0.1, 0.9, 0.4),
    "activation_passes": Bound(20.0, 1.0, 60.0, 0.4),
    "launch_s": Bound(3e-4, 1e-5, 3e-3, 0.7),
    "parallel_launch_s": Bound(1.5e-3, 1e-4, 1e-2, 0.7),
    "ring_launch_s": Bound(3e-4, 1e-5, 5e-3, 0.7),
    "ulysses_loss": Bound(0.08, 0.005, 0.5, 0.5),
    "ring_loss": Bound(0.12, 0.005, 0.6, 0.5),
    "image_decode_s_per_mpixel": Bound(0.1, 0.005, 0.3, 0.3),
    "video_decode_s_per_mpixel": Bound(0.1, 0.005, 1.0, 0.7),
    "start_s": Bound(0.2, 0.01, 2.0, 0.7),
    "idle_tdp_share": Bound(0.22, 0.08, 0.4, 0.3),
    "busy_tdp_share": Bound(0.35, 0.02, 0.7, 0.4),
    "flop_tdp_share": Bound(0.8, 0.1, 2.0, 0.4),
    "width_power": Bound(0.4, 0.02, 1.2, 0.6),
    # FlashAttention-2 reaches about 35 % of the peak of an H100 (its successor's paper says so)
    "attention_flop_share": Bound(0.35, 0.1, 0.42, 0.2),
}
BY_ARCHITECTURE = ("flop_share", "activation_passes", "attention_flop_share")
TIME_WEIGHT = 0.7
PULL = 0.125


@dataclass
class GenerationRows:
    """Usable rows: descriptions, then measurements."""

    row: list[int] = field(default_factory=list)
    model: list[str] = field(default_factory=list)
    gpu: list[str] = field(default_factory=list)
    architecture: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    """`runtime/medium`: image or video, and the software."""
    batch: FloatArray = field(default_factory=lambda: np.zeros(0))
    accelerators: FloatArray = field(default_factory=lambda: np.zeros(0))
    matrix: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    energy_j: FloatArray = field(default_factory=lambda: np.zeros(0))
    time_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    power_w: FloatArray = field(default_factory=lambda: np.zeros(0))
    unusable: list[dict[str, object]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.row)

    def subset(self, keep: NDArray[np.bool_]) -> GenerationRows:
        """The rows where `keep` is true."""
        where = np.flatnonzero(keep)
        lists = [
            [v[i] for i in where]
            for v in (self.row, self.model, self.gpu, self.architecture, self.media)
        ]
        arrays = [
            a[where]
            for a in (
                self.batch,
                self.accelerators,
                self.matrix,
                self.energy_j,
                self.time_s,
                self.power_w,
            )
        ]
        return GenerationRows(*lists, *arrays)  # type: ignore[arg-type]


def read_generation_rows(table: Sequence[Mapping[str, str]]) -> GenerationRows:
    """Measured pictures and films of a table with the columns of ML.ENERGY (version 2 or 3).

    Raises
    ------
    DataError
        If no row can be used.
    """
    found = GenerationRows()
    numbers: list[list[float]] = []
    matrix: list[FloatArray] = []
    for index, row in enumerate(table):
        try:
            old = "denoising_steps" in row
            video = bool((row.get("energy_per_video_joules") or "").strip()) or (
                "video_height" in row or number(row, "num_frames", "frames") > 1
            )
            name = (row.get("model_id") or "").strip()
            total = number(row, "total_params_billions") * 1e9
            model = find_diffusion_model(name)
            if model is None:
                if not total > 0:
                    raise DataError(
                        _(
                            "diffusion model {name!r} is not in the table and total_params_billions is missing."
                        ).format(name=name)
                    )
                model = typical_diffusion_model(name, total, video)
            chip = accelerator(row.get("gpu_model") or "")
            edge = model.reference_pixels**0.5 if model.reference_pixels else 1024.0
            height = number(row, "image_height", "video_height", "height")
            width = number(row, "image_width", "video_width", "width")
            steps = number(row, "inference_steps", "denoising_steps")
            batch = number(row, "batch_size")
            if not (steps >= 1 and batch >= 1):
                raise DataError(_("inference_steps or batch_size is missing or below 1."))
            frames = number(row, "num_frames", "frames") if video else 1.0
            count = number(row, "num_gpus")
            ring = number(row, "ring_degree")
            count = count if count >= 1 else 1.0
            ring = ring if 1 <= ring <= count else 1.0
            line = generation_row(
                model,
                chip,
                height=height if height >= 1 else edge,
                width=width if width >= 1 else edge,
                steps=steps,
                batch=batch,
                frames=frames if frames >= 1 else 1.0,
                ulysses=max(count / ring, 1.0),
                ring=ring,
            )
        except NOT_OF_A_ROW:
            raise
        except TaotieError as error:
            found.unusable.append({"row": index, "why": error.message})
            continue
        found.row.append(index)
        found.model.append(name)
        found.gpu.append(chip.name)
        found.architecture.append(chip.architecture)
        medium = "video" if video else "image"
        found.media.append(f"diffusers-2024/{medium}" if old else f"xdit-0.4/{medium}")
        matrix.append(line)
        energy = number(row, "energy_per_image_joules", "energy_per_video_joules")
        time = number(row, "batch_latency_s")
        power = number(row, "avg_power_watts")
        numbers.append([batch, count, energy, time, power if power > 0 else energy * batch / time])
    if not numbers:
        why = found.unusable[0]["why"] if found.unusable else "-"
        raise DataError(_("no row can be used; the first: {why}").format(why=why))
    found.matrix = np.array(matrix)
    found.batch, found.accelerators, found.energy_j, found.time_s, found.power_w = np.array(
        numbers
    ).T
    return found


def _by_row(
    values: Mapping[str, float], special: Mapping[str, Mapping[str, float]], rows: GenerationRows
) -> dict[str, FloatArray | float]:
    out: dict[str, FloatArray | float] = {}
    for name in GENERATION_COEFFICIENTS:
        if any(name in v for v in special.values()):
            out[name] = np.array(
                [special.get(a, {}).get(name, values[name]) for a in rows.architecture]
            )
        else:
            out[name] = values[name]
    return out


def predict_generation(rows: GenerationRows, profile: Mapping[str, Any]) -> GenerationCost:
    """What the profile predicts for each row, from its description alone."""
    return generation_cost(
        rows.matrix, _by_row(profile["values"], profile.get("by_architecture", {}), rows)
    )


def fit_generation(rows: GenerationRows) -> dict[str, Any]:
    """Coefficients fitted to measured rows, as the coefficient file holds them.

    Raises
    ------
    DataError
        If fewer than 20 rows have energy and time.
    """
    rows = rows.subset((rows.energy_j > 0) & (rows.time_s > 0))
    if len(rows) < 20:
        raise DataError(
            _("only {n} rows can be used; a fit needs at least 20.").format(n=len(rows))
        )
    architectures = sorted(set(rows.architecture))
    bounds: dict[str, Bound] = {}
    for name, bound in BOUNDS.items():
        if name in BY_ARCHITECTURE:
            for a in architectures:
                bounds[f"{name}@{a}"] = bound
        else:
            bounds[name] = bound
    limits = np.array(list(bounds.values())).T
    start, low, high = np.log(limits[:3])
    sigma = limits[3]
    # every model weighs the same, whatever its number of rows
    count = np.array([rows.model.count(m) for m in rows.model], dtype=np.float64)
    weight = np.sqrt(len(rows) / len(set(rows.model)) / count)

    def profile(theta: FloatArray) -> dict[str, Any]:
        value = dict(zip(bounds, np.exp(theta).tolist(), strict=True))
        special = {a: {k: value[f"{k}@{a}"] for k in BY_ARCHITECTURE} for a in architectures}
        mean = {
            k: float(np.exp(np.mean([np.log(special[a][k]) for a in architectures])))
            for k in BY_ARCHITECTURE
        }
        return {"values": {**value, **mean}, "by_architecture": special}

    energy, time = np.log(rows.energy_j), np.log(rows.time_s)

    def residuals(theta: FloatArray) -> FloatArray:
        p = predict_generation(rows, profile(theta))
        return np.concatenate(
            [
                weight * (np.log(p.energy_j) - energy),
                TIME_WEIGHT * weight * (np.log(p.time_s) - time),
                PULL * (theta - start) / sigma,
            ]
        )

    found = robust_fit(residuals, start, low, high)
    made = profile(found)
    made["values"] = {k: v for k, v in made["values"].items() if "@" not in k}
    made["error"] = {
        f"half_width_{share}": dict.fromkeys(("energy", "power", "rate"), width)
        for share, width in ((80, 0.4), (90, 0.6))
    } | {"seen_model_factor": dict.fromkeys(("energy", "power", "rate"), 1.0)}
    made["provenance"] = {
        "rows": len(rows),
        "models": sorted(set(rows.model)),
        "architectures": architectures,
    }
    return made


def fit_by_medium(
    rows: GenerationRows, wanted: set[str] | None = None
) -> dict[str, dict[str, Any]]:
    """A profile for each runtime and medium: pictures and films of one runtime share one law."""
    made: dict[str, dict[str, Any]] = {}
    fitted: dict[str, dict[str, Any]] = {}
    for medium in sorted(set(rows.media) if wanted is None else wanted):
        runtime = medium.split("/")[0]
        if runtime not in fitted:
            here = np.array([m.split("/")[0] == runtime for m in rows.media])
            fitted[runtime] = fit_generation(rows.subset(here))
        made[medium] = dict(fitted[runtime])
    return made


def predict_by_medium(
    rows: GenerationRows, profiles: Mapping[str, Mapping[str, Any]]
) -> GenerationCost:
    """Each row predicted with the profile of its runtime and medium."""
    out = np.full((3, len(rows)), np.nan)
    for medium in sorted(set(rows.media)):
        here = np.array([m == medium for m in rows.media])
        if medium in profiles:
            out[:, here] = predict_generation(rows.subset(here), profiles[medium])
    return GenerationCost(*out)


def left_out_generation(rows: GenerationRows) -> GenerationCost:
    """Each model predicted by fits that have not seen it."""
    out = np.full((3, len(rows)), np.nan)
    for model in sorted(set(rows.model)):
        here = np.array([m == model for m in rows.model])
        runtimes = {m.split("/")[0] for m, k in zip(rows.media, here, strict=True) if k}
        base = rows.subset(~here & np.array([m.split("/")[0] in runtimes for m in rows.media]))
        wanted = {m for m, k in zip(rows.media, here, strict=True) if k}
        out[:, here] = predict_by_medium(rows.subset(here), fit_by_medium(base, wanted))
    return GenerationCost(*out)


def with_generation_errors(
    profiles: dict[str, dict[str, Any]], rows: GenerationRows
) -> dict[str, dict[str, Any]]:
    """The profiles with half widths of intervals from models left out of the fit.

    Rows of one model miss alike: each model of a medium weighs one, and the quantile is that of the next model to come.
    """
    left_out = left_out_generation(rows)
    inside = predict_by_medium(rows, profiles)
    with np.errstate(divide="ignore", invalid="ignore"):
        miss = {
            "energy": np.abs(np.log(left_out.energy_j / rows.energy_j)),
            "power": np.abs(np.log(left_out.power_w / rows.power_w)),
            "rate": np.abs(np.log(left_out.time_s / rows.time_s)),
        }
        seen = {
            "energy": np.abs(np.log(inside.energy_j / rows.energy_j)),
            "power": np.abs(np.log(inside.power_w / rows.power_w)),
            "rate": np.abs(np.log(inside.time_s / rows.time_s)),
        }
    for medium, made in profiles.items():
        here = np.array([m == medium for m in rows.media])
        models = [m for m, k in zip(rows.model, here, strict=True) if k]
        made["error"] = {}
        for share in (80, 90):
            made["error"][f"half_width_{share}"] = {
                name: balanced_quantile(values[here], models, share / 100.0)
                for name, values in miss.items()
            }
        made["error"]["seen_model_factor"] = {
            name: float(
                min(
                    balanced_quantile(values[here], models, 0.8)
                    / made["error"]["half_width_80"][name],
                    1.0,
                )
            )
            for name, values in seen.items()
        }
    return profiles


def joined(one: GenerationRows, two: GenerationRows) -> GenerationRows:
    """Rows of both."""
    out = GenerationRows(
        one.row + two.row,
        one.model + two.model,
        one.gpu + two.gpu,
        one.architecture + two.architecture,
        one.media + two.media,
    )
    for name in ("batch", "accelerators", "matrix", "energy_j", "time_s", "power_w"):
        setattr(out, name, np.concatenate([getattr(one, name), getattr(two, name)]))
    return out


def generation_widths(
    rows: GenerationRows, profiles: Mapping[str, Mapping[str, Any]], seen: bool = True
) -> dict[int, dict[str, FloatArray]]:
    """Half widths of intervals by share and quantity, one value a row; `seen` narrows them for models of the fit."""
    widths: dict[int, dict[str, FloatArray]] = {}
    for share in (80, 90):
        widths[share] = {q: np.full(len(rows), np.nan) for q in ("energy", "power", "rate")}
        for i, (medium, model) in enumerate(zip(rows.media, rows.model, strict=True)):
            if medium in profiles:
                error = profiles[medium]["error"]
                own_model = seen and model in profiles[medium]["provenance"]["models"]
                known = rows.architecture[i] in profiles[medium]["provenance"]["architectures"]
                for quantity, width in widths[share].items():
                    own = error[f"half_width_{share}"][quantity]
                    own *= error["seen_model_factor"][quantity] if own_model else 1.0
                    width[i] = np.hypot(own, 0.0 if known else UNSEEN_ARCHITECTURE[share])
    return widths


def validate_generation(
    table: Sequence[Mapping[str, str]],
    *,
    fit_on: Sequence[Mapping[str, str]] | None = None,
    leave_one_model_out: bool = False,
) -> dict[str, Any]:
    """Predict every picture or film of a table and say how far off, as `validation.validate_mlenergy`."""
    from taotie.compute.fit.error_summary import coverage, error_summary

    rows = read_generation_rows(table)
    if leave_one_model_out:
        profiles = with_generation_errors(fit_by_medium(rows), rows)
        made = left_out_generation(rows)
    else:
        if fit_on is None:
            profiles = generation_profiles()
        else:
            base = read_generation_rows(fit_on)
            profiles = with_generation_errors(fit_by_medium(base), base)
        made = predict_by_medium(rows, profiles)
    widths = generation_widths(rows, profiles, seen=not leave_one_model_out)

    def numbers(keep: NDArray[np.bool_]) -> dict[str, Any]:
        pairs = {
            "energy": (made.energy_j[keep], rows.energy_j[keep]),
            "power": (made.power_w[keep], rows.power_w[keep]),
            "rate": (1.0 / made.time_s[keep], 1.0 / rows.time_s[keep]),
        }
        cells = [
            f"{m}|{g}|{n:.0f}"
            for m, g, n, k in zip(rows.model, rows.gpu, rows.accelerators, keep, strict=True)
            if k
        ]
        out: dict[str, Any] = {"n": int(keep.sum())}
        for name, (p, m) in pairs.items():
            out[name] = error_summary(p, m)
            for share in (80, 90):
                out[name][f"coverage_{share}"] = coverage(p, m, widths[share][name][keep])
        out["throughput"] = dict(out["rate"])
        for share in (80, 90):
            out[f"coverage_{share}"] = out["energy"][f"coverage_{share}"]
            width = widths[share]["energy"][keep]
            out[f"coverage_{share}_cells"] = coverage(*pairs["energy"], width, cells)
        return out

    cuts = {
        "task": [m.split("/")[1] for m in rows.media],
        "batch_band": ["1" if b < 2 else "2-7" if b < 8 else ">=8" for b in rows.batch],
        "architecture": rows.architecture,
        "gpu": rows.gpu,
        "accelerators": [str(int(n)) for n in rows.accelerators],
        "family": rows.model,
    }
    whole = numbers(np.ones(len(rows), dtype=bool))
    whole.pop("n")
    return {
        "rows": len(rows),
        "unusable": rows.unusable,
        "runtime": ", ".join(sorted({m.split("/")[0] for m in rows.media})),
        "batch": "given",
        **whole,
        "by": {
            cut: {
                name: numbers(np.array([label == name for label in labels]))
                for name in dict.fromkeys(sorted(labels))
            }
            for cut, labels in cuts.items()
        },
    }
