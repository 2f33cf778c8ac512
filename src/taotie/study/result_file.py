"""Is this a result file, and does it compute? The published schema, and recomputation bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from taotie.errors import ResultError, TaotieError
from taotie.files.read import of_others, read_json
from taotie.quantity.figure import Figure
from taotie.quantity.profile import Profile
from taotie.quantity.record import from_record, recompute, to_record
from taotie.quantity.sampling import Sampling
from taotie.study.result import SCHEMA_NAME, content_hash, profile_record
from taotie.words.language import N_, _

RESULT_BYTES_MAX = 200_000_000


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ValueEntry(_Model):
    """What the samples of a figure amount to."""

    p05: float
    p50: float
    p95: float
    mean: float
    n: int


class FigureEntry(_Model):
    """One figure: a leaf with a distribution, or an operation on other figures."""

    label: str
    label_zh: str = ""
    value: ValueEntry
    unit: str
    boundary: Literal["accelerator", "server", "facility", "grid"] | None
    kind: Literal["measured", "modelled", "estimated", "forecast", "assumed", "defined"]
    formula: str
    inputs: list[str]
    source: str | None
    hash: str = ""
    locator: str = ""
    note: str = ""
    bound: str = ""
    distribution: dict[str, Any] | None = None
    operation: str | None = None
    parameters: dict[str, Any] | None = None


class DefaultEntry(_Model):
    """A value the study left out."""

    key: str
    value: str
    figure: str | None = None
    source: str | None
    text: str
    text_zh: str = ""


class SaidEntry(_Model):
    """A warning or a note, in both languages."""

    code: str
    text: str
    text_zh: str = ""


class FileEntry(_Model):
    """A file the run read."""

    name: str
    sha256: str
    bytes: int
    role: str
    licence: str = ""
    citation: str = ""


class ProfileEntry(_Model):
    """A series by step: percentiles, and the shapes and figures they follow from."""

    unit: str
    boundary: str | None
    kind: str
    step_h: float
    p05: list[float]
    p50: list[float]
    p95: list[float]
    terms: list[dict[str, Any]]


class FlowEntry(_Model):
    """One band of the energy picture."""

    start: str
    end: str
    figure: str


class ComparedEntry(_Model):
    """A published figure beside ours."""

    published: str
    ours: str
    ratio: str
    text: str
    text_zh: str = ""


class ResultFile(_Model):
    """The content of `result.json`."""

    schema_name: Literal["taotie-result-1"] = Field(alias="schema")
    version: str
    title: dict[str, str]
    study: dict[str, Any]
    seed: int
    samples: int
    results: list[str]
    figures: dict[str, FigureEntry]
    profiles: dict[str, ProfileEntry] = {}
    flows: list[FlowEntry] = []
    comparisons: list[ComparedEntry] = []
    request_energy_wh: list[float] | None = None
    defaults: list[DefaultEntry]
    warnings: list[SaidEntry]
    notes: list[SaidEntry] = []
    files: list[FileEntry]
    sources: dict[str, dict[str, str]]
    sha256: str = ""


def result_schema() -> dict[str, Any]:
    """The JSON Schema of `result.json`, as published in `data/schema`."""
    return {"$id": SCHEMA_NAME, **ResultFile.model_json_schema(by_alias=True)}


NOT_COMPUTED = N_(
    "not computed again, only compared with the hash in the file: labels, texts, the study, files read, sources and the spread over requests; run the study to be sure of them"
)
DRAWS_MAX = 80_000_000
"""Figures times samples that are computed again; each takes 8 B of memory."""


def _read(path: Path) -> tuple[ResultFile, str, str]:
    """The content, the hash it states and the one it has."""
    hint = _("give the result.json that `taotie run` wrote")
    content = read_json(path, RESULT_BYTES_MAX, ResultError, hint)
    return _validated(content, path), *hashes(content)


def hashes(content: Any) -> tuple[str, str]:
    """The sha256 that a content states, and that of everything else in it, written canonically."""
    rest = {k: v for k, v in content.items() if k != "sha256"}
    return str(content.get("sha256", "")), content_hash(rest)


def read_result(path: Path) -> ResultFile:
    """The content of a result file.

    Raises
    ------
    ResultError
        If it is absent, too large, not JSON, or not of the schema.
    """
    return _read(path)[0]


def _validated(content: Any, path: Path) -> ResultFile:
    try:
        return ResultFile.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(p) for p in first["loc"]) or "result"
        raise ResultError(
            _("{path} is not a result of taotie: {place}: {what} ({n} problems).").format(
                path=path, place=place, what=first["msg"], n=error.error_count()
            ),
            _("give the result.json that `taotie run` wrote"),
        ) from None


@of_others(ResultError)
def check_result(path: Path) -> tuple[int, list[str]]:
    """Validate a result file and compute it again: figures, profiles, and the hash of everything.

    What no computation can give back (labels, texts, the study, sources) is held only by the hash, which somebody
    who changes a text can compute anew: `NOT_COMPUTED` says so to the reader.

    Returns
    -------
    n_figure : int
        Figures computed.
    different : list of str
        One line for each figure or profile that differs in any bit, each name that leads nowhere, and one if the
        content is not the one whose hash the file states.

    Raises
    ------
    ResultError
        If the file is damaged, or asks for more draws than are computed.
    """
    content, stated, found = _read(path)
    if content.samples * max(len(content.figures), 1) > DRAWS_MAX:
        raise ResultError(
            _("{path}: {n} figures of {samples} samples are more than are computed again.").format(
                path=path, n=len(content.figures), samples=content.samples
            ),
            _("run its study with fewer samples"),
        )
    entries = {k: e.model_dump(exclude_none=True) for k, e in content.figures.items()}
    for key, entry in content.figures.items():
        entries[key]["boundary"] = entry.boundary
    drawn = Sampling(content.samples, content.seed)
    made = from_record(entries, drawn, content.sources)
    different = recompute(entries, drawn, content.sources, made)
    named = [*content.results, *(f.figure for f in content.flows)]
    named += [d.figure for d in content.defaults if d.figure is not None]
    named += [key for c in content.comparisons for key in (c.ours, c.ratio)]
    for name in dict.fromkeys(named):
        if name not in entries:
            different.append(_("{key}: named as a result but missing").format(key=name))
    if not different:
        again = to_record(made.values())
        different += [
            _("{key}: the entry is not written as taotie writes it").format(key=key)
            for key, entry in content.figures.items()
            if FigureEntry.model_validate(again[key]) != entry
        ]
        different += [
            _("profile {key}: what it states does not follow from its figures").format(key=key)
            for key, profile in content.profiles.items()
            if not _follows(profile, made)
        ]
    if stated != found:
        different.append(
            _(
                "the content was changed after it was written: its sha256 is {found}, not {stated}"
            ).format(found=found[:12], stated=stated[:12] or "-")
        )
    return len(entries), different


def _follows(stated: ProfileEntry, made: Mapping[str, Figure]) -> bool:
    """Whether a profile is what its shapes and figures give, to the last bit."""
    try:
        terms = tuple((np.array(t["shape"], float), made[t["figure"]]) for t in stated.terms)
        profile = Profile(terms, stated.step_h)
        computed = profile_record(profile)
    except (KeyError, TypeError, ValueError, TaotieError):
        return False
    return bool(computed == stated.model_dump())
