"""How well does a generation of serving software use an accelerator? Fitted coefficients. [1, s, W/W]

The software matters as much as the chip: the same model on the same H100 took twice the energy under the
2024 vLLM. A profile names a generation and holds its coefficients, where they were fitted, and how far
they were off on models left out of the fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.generation import GENERATION_COEFFICIENTS
from taotie.compute.energy.roofline import COEFFICIENTS
from taotie.errors import CoefficientError, UnknownNameError, nearest
from taotie.files.atomic import write_text
from taotie.files.read import read_toml
from taotie.quantity.catalog import DATA
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["RuntimeProfile", "runtime_profile", "runtime_profiles"]

FloatArray = NDArray[np.float64]
COEFFICIENT_FILE = DATA / "tables" / "energy_coefficients.toml"
BATCH_BANDS = (24.0, 96.0, 320.0)
"""Edges between the batch bands of the error model."""
QUANTITIES = ("energy", "power", "rate", "latency")
"""What has an interval of its own."""
ITEM_QUANTITIES = ("energy", "power", "rate")
"""The same of a picture or a film."""
OTHER_SETUP = 1.5
"""Widening for a kind of set-up never measured with an engine: our judgement."""

_ERROR_KEYS = (
    *(f"{term}_{share}" for term in ("half_width", "unseen_architecture", "unseen_maker", "unknown_batch") for share in (80, 90)),
    "batch_band_factor", "seen_family_factor",
)  # fmt: skip


@dataclass(frozen=True)
class RuntimeProfile:
    """Coefficients of one generation of serving software."""

    name: str
    label: str
    year: int
    values: Mapping[str, float]
    by_architecture: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Coefficients that differ on an accelerator architecture (hopper, blackwell ...)."""
    prompt_tokens: Mapping[str, float] = field(default_factory=dict)
    """Prompt length by benchmark task, as far as the fit can tell."""
    media_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds per request to read pictures or films, by benchmark task."""
    crowded_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds per step that one-accelerator replicas of the benchmark's Blackwell servers lost: with pictures and films,
    by task, per square root of the batch; `text` per token of the answer and `sequence` per running sequence else."""
    error: Mapping[str, Any] = field(default_factory=dict)
    """Error model, see `error_sigma`."""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def coefficients(self, architecture: str) -> FloatArray:
        """Coefficients in the order of `roofline.COEFFICIENTS`, for an accelerator architecture.

        One never measured takes what was measured of its own maker's, else what all have in common.
        """
        rows = self._rows
        if architecture not in rows:
            values = dict(self.values)
            values |= self.by_architecture.get(self._nearest(architecture), {})
            rows[architecture] = np.array([values[k] for k in COEFFICIENTS], dtype=np.float64)
            rows[architecture].flags.writeable = False
        return rows[architecture]

    @cached_property
    def _rows(self) -> dict[str, FloatArray]:
        """Coefficients that were asked for, by architecture."""
        return {}

    def _nearest(self, architecture: str) -> str:
        if architecture in self.by_architecture:
            return architecture
        kin = [a for a in self.by_architecture if a[:4] == architecture[:4] == "cdna"]
        return max(kin, default="")

    def knows(self, architecture: str) -> bool:
        """Whether accelerators of that architecture were measured."""
        return architecture in self.provenance.get("architectures", ())

    def half_width(
        self,
        share: int,
        batch: FloatArray | float,
        architecture: str,
        *,
        family: str | None = None,
        known_batch: bool = True,
        quantity: str = "energy",
        maker: str | None = None,
        kind: str = "aggregated",
    ) -> FloatArray:
        """Half width of the central interval of log(true / predicted).

        Parameters
        ----------
        share : {80, 90}
            Per cent of cases the interval is to hold.
        batch : array_like
            Requests that decode together. [1]
        architecture : str
            Of the accelerator; one never measured widens the interval.
        family : str, optional
            Model family; one that was measured narrows it.
        known_batch : bool
            False if the batch is itself an estimate.
        quantity : {"energy", "power", "rate", "latency"}
        maker : str, optional
            Of the accelerator; one never measured widens the interval further.
        kind : str
            Set-up: aggregated or disaggregated, with +mtp and +dp where tokens are drafted or attention is apart.
        """
        e = self.error
        width = float(e[f"half_width_{share}"][quantity])
        if family is not None and family in self.provenance.get("families", ()):
            width *= float(e["seen_family_factor"][quantity])
        width *= float(
            e.get("setup_factor", {}).get(kind, 1.0 if kind == "aggregated" else OTHER_SETUP)
        )
        bands = np.asarray(e["batch_band_factor"], dtype=np.float64)
        log_width = width * bands[np.searchsorted(BATCH_BANDS, np.asarray(batch))]
        variance = log_width**2
        if not self.knows(architecture):
            strange = maker is not None and maker not in self.provenance.get("makers", (maker,))
            term = "unseen_maker" if strange else "unseen_architecture"
            variance = variance + float(e[f"{term}_{share}"][quantity]) ** 2
        if not known_batch and quantity != "power":
            variance = variance + float(e[f"unknown_batch_{share}"]) ** 2
        return np.sqrt(variance)

    def error_sigma(
        self,
        batch: float = 64.0,
        architecture: str = "hopper",
        known_batch: bool = True,
        family: str | None = None,
        maker: str | None = None,
        kind: str = "aggregated",
    ) -> float:
        """Standard deviation of the lognormal whose central 90 % is `half_width(90, ...)`. [1]"""
        width = self.half_width(
            90, batch, architecture, family=family, known_batch=known_batch, maker=maker, kind=kind
        )
        return float(width) / 1.6448536


def _present(given: Mapping[str, Any], needed: Iterable[str], where: str, path: Path) -> None:
    """Refuse a table of the coefficient file without all of its keys."""
    if missing := [k for k in needed if k not in given]:
        raise CoefficientError(
            _("the coefficients in {path} cannot be read: {error}").format(
                path=path,
                error=_("{where} lacks {keys}").format(where=where, keys=listing(missing)),
            ),
            _("`taotie calibrate` writes them anew."),
        )


@lru_cache(maxsize=4)
def _parsed(path: Path, _written_ns: int, _size: int) -> dict[str, Any]:
    """A coefficient file, parsed once as long as it stays as it is: it takes longer than an estimate."""
    return read_toml(path)


def _tables(path: Path, name: str) -> dict[str, dict[str, Any]]:
    """The tables of that name of a coefficient file."""
    try:
        stands = path.stat()
        raw = _parsed(path, stands.st_mtime_ns, stands.st_size)
    except (OSError, ValueError) as error:
        raise CoefficientError(
            _("the coefficients in {path} cannot be read: {error}").format(path=path, error=error),
            _("`taotie calibrate` writes them anew."),
        ) from error
    _present(raw, [name], _("the file"), path)
    return dict(raw[name])


@lru_cache(maxsize=4)
def _read(path: Path) -> dict[str, RuntimeProfile]:
    found = {}
    for name, r in _tables(path, "runtime").items():
        where = f'runtime."{name}"'
        _present(r, ("label", "year", "values", "error", "provenance"), where, path)
        _present(r["values"], COEFFICIENTS, f"{where}.values", path)
        _present(r["error"], _ERROR_KEYS, f"{where}.error", path)
        for key in ("half_width_80", "half_width_90", "seen_family_factor"):
            _present(r["error"][key], QUANTITIES, f"{where}.error.{key}", path)
        try:
            found[name] = RuntimeProfile(
                name=name,
                label=r["label"],
                year=int(r["year"]),
                values={k: float(r["values"][k]) for k in COEFFICIENTS},
                by_architecture=r.get("by_architecture", {}),
                prompt_tokens=r.get("prompt_tokens", {}),
                media_s=r.get("media_s", {}),
                crowded_s=r.get("crowded_s", {}),
                error=r["error"],
                provenance=r["provenance"],
            )
        except (TypeError, ValueError) as error:
            raise CoefficientError(
                _("the coefficients in {path} cannot be read: {error}").format(
                    path=path, error=f"{where}: {error}"
                ),
                _("`taotie calibrate` writes them anew."),
            ) from error
    return found


def runtime_profiles(path: Path | None = None) -> dict[str, RuntimeProfile]:
    """All profiles of the shipped (or another) coefficient file."""
    return _read(path or COEFFICIENT_FILE)


ENGINES = {
    "vllm": "vllm-0.11",
    "sglang": "sglang-0.5",
    "tensorrt-llm": "tensorrt-llm-1",
    "trt-llm": "tensorrt-llm-1",
    "trtllm": "tensorrt-llm-1",
    "trt": "tensorrt-llm-1",
}
"""The newest profile of each serving engine that was measured."""
OTHER_ENGINES = ("atom", "lmdeploy", "tgi", "llama.cpp", "mlc", "deepspeed-mii", "mindie")
"""Engines in use that were not measured here."""
ANY_ENGINE = "any-engine"


def engine_runtime(engine: str) -> str:
    """Name of the profile an engine's name stands for; a profile's own name stands for itself.

    An engine without measurements gets what the measured ones have in common, which whoever shows the result has
    to say.

    Examples
    --------
    >>> engine_runtime("vllm"), engine_runtime("vllm-0.5"), engine_runtime("atom")
    ('vllm-0.11', 'vllm-0.5', 'any-engine')
    """
    text = engine.strip().lower().replace("_", "-")
    known = runtime_profiles()
    name = ENGINES.get(text, text)
    return name if name in known else ANY_ENGINE if ANY_ENGINE in known else ENGINES["vllm"]


def runtime_profile(name: str) -> RuntimeProfile:
    """The profile of that name, or the newest of the engine of that name.

    Raises
    ------
    UnknownNameError
        If there is none; the hint gives the nearest.

    Examples
    --------
    >>> runtime_profile("vllm-0.11").year
    2025
    """
    known = runtime_profiles()
    plain = name.strip().lower().replace("_", "-")
    name = ANY_ENGINE if plain in OTHER_ENGINES else ENGINES.get(plain, name)
    if name not in known:
        raise UnknownNameError(
            _("runtime {name!r} has no fitted profile.").format(name=name), nearest(name, known)
        )
    return known[name]


def generation_profiles(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """Coefficients of picture and film generation by `runtime/medium`, see `generation.generation_cost`.

    Raises
    ------
    CoefficientError
        If the coefficient file lacks them, or one of them.
    """
    file = path or COEFFICIENT_FILE
    found = _tables(file, "generation")
    for name, r in found.items():
        where = f'generation."{name}"'
        _present(r, ("values", "error", "provenance"), where, file)
        _present(r["values"], GENERATION_COEFFICIENTS, f"{where}.values", file)
        for key in ("half_width_80", "half_width_90", "seen_model_factor"):
            _present(r["error"], [key], f"{where}.error", file)
            _present(r["error"][key], ITEM_QUANTITIES, f"{where}.error.{key}", file)
    return found


def gates(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """Errors of the last refit on rows it had not seen, by what was left out. [%]

    Raises
    ------
    CoefficientError
        If the coefficient file lacks them, or one of them.
    """
    return _tables(path or COEFFICIENT_FILE, "gates")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f'"{k}" = {_toml(v)}' for k, v in value.items()) + " }"
    return (
        str(value)
        if isinstance(value, int)
        else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    )


def write_profiles(
    profiles: Mapping[str, RuntimeProfile],
    path: Path,
    heading: str,
    provenance: Mapping[str, Any],
    generation: Mapping[str, Any] | None = None,
    gates: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write a coefficient file, whole or not at all.

    Parameters
    ----------
    profiles : mapping
        By name.
    path : Path
        File to write; its folder must exist.
    heading : str
        Comment at the top.
    provenance : mapping
        Command, data, date and rows of the whole file.
    generation : mapping, optional
        Coefficients of picture and film generation by `runtime/medium`.
    gates : mapping, optional
        What each gate of the fit found, for the record.
    """
    lines = [f"# {line}".rstrip() for line in heading.strip().splitlines()]
    lines += ["", "[provenance]"] + [f"{k} = {_toml(v)}" for k, v in provenance.items()]
    for name, p in profiles.items():
        head = f'runtime."{name}"'
        lines += ["", f"[{head}]", f"label = {_toml(p.label)}", f"year = {p.year}"]
        for part in ("values", "prompt_tokens", "media_s", "crowded_s", "error", "provenance"):
            lines += ["", f"[{head}.{part}]"]
            lines += [f'"{k}" = {_toml(v)}' for k, v in getattr(p, part).items()]
        for architecture, values in p.by_architecture.items():
            lines += ["", f"[{head}.by_architecture.{architecture}]"]
            lines += [f'"{k}" = {_toml(v)}' for k, v in values.items()]
    for name, found in (gates or {}).items():
        lines += ["", f'[gates."{name}"]'] + [f'"{k}" = {_toml(v)}' for k, v in found.items()]
    for name, made in (generation or {}).items():
        head = f'generation."{name}"'
        for part in ("values", "error", "provenance"):
            lines += ["", f"[{head}.{part}]"]
            lines += [f'"{k}" = {_toml(v)}' for k, v in made[part].items()]
        for architecture, values in made["by_architecture"].items():
            lines += ["", f"[{head}.by_architecture.{architecture}]"]
            lines += [f'"{k}" = {_toml(v)}' for k, v in values.items()]
    write_text(path, "\n".join(lines) + "\n")
    _read.cache_clear()
