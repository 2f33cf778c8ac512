"""Is this a result file, and does it compute? The published schema, and recomputation bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from taotie.errors import ResultError
from taotie.quantity.record import recompute
from taotie.quantity.sampling import Sampling
from taotie.study.result import SCHEMA_NAME
from taotie.words.language import _

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


def result_schema() -> dict[str, Any]:
    """The JSON Schema of `result.json`, as published in `data/schema`."""
    return {"$id": SCHEMA_NAME, **ResultFile.model_json_schema(by_alias=True)}


def read_result(path: Path) -> ResultFile:
    """The content of a result file.

    Raises
    ------
    ResultError
        If it is absent, too large, not JSON, or not of the schema.
    """
    try:
        size = path.stat().st_size
        if size > RESULT_BYTES_MAX:
            raise ResultError(
                _("{path} has {size} bytes, more than a result has.").format(path=path, size=size)
            )
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ResultError(
            _("{path} cannot be read: {what}.").format(path=path, what=error.strerror)
        ) from None
    except (ValueError, RecursionError) as error:
        raise ResultError(
            _("{path} is not JSON: {what}.").format(path=path, what=str(error)[:200]),
            _("give the result.json that `taotie run` wrote"),
        ) from None
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


def check_result(path: Path) -> tuple[int, list[str]]:
    """Validate a result file and compute it again.

    Returns
    -------
    n_figure : int
        Figures computed.
    different : list of str
        One line for each figure whose stated value differs in any bit.
    """
    content = read_result(path)
    entries = {k: e.model_dump(exclude_none=True) for k, e in content.figures.items()}
    for key, entry in content.figures.items():
        entries[key]["boundary"] = entry.boundary
    different = recompute(entries, Sampling(content.samples, content.seed), content.sources)
    for name in content.results:
        if name not in entries:
            different.append(_("{key}: named as a result but missing").format(key=name))
    return len(entries), different
