"""What does a run hand on? Every figure with its tree, the defaults it used, what it had to say, and files.

`result.json` is the same whatever the language, the number of threads or the day: same study, same seed, same
bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from taotie import __version__
from taotie.errors import MissingExtraError
from taotie.files.atomic import write_bytes, writing
from taotie.files.json_text import json_text
from taotie.files.read import json_value
from taotie.quantity.figure import Figure
from taotie.quantity.frozen import Frozen
from taotie.quantity.profile import Profile
from taotie.quantity.record import sources_of, to_record
from taotie.quantity.sampling import Sampling
from taotie.words.said import Said

SCHEMA_NAME = "taotie-result-1"


@dataclass(frozen=True)
class Default:
    """A value the study did not give: where it would stand, what was used, and why that."""

    key: str
    value: str
    figure: Figure | None
    reason: Said

    def to_dict(self) -> dict[str, Any]:
        """Plain values; they do not change."""
        return self._plain

    @cached_property
    def _plain(self) -> Frozen:
        source = self.figure.source.key if self.figure is not None and self.figure.source else None
        return Frozen(
            {
                "key": self.key,
                "value": self.value,
                "figure": self.figure.node_id if self.figure is not None else None,
                "source": source,
                "text": self.reason.text("en"),
                "text_zh": self.reason.text("zh"),
            }
        )


@dataclass(frozen=True)
class Flow:
    """One band of the energy picture: `figure` flows from one node to the next."""

    start: str
    end: str
    figure: str


@dataclass(frozen=True)
class Compared:
    """A published figure beside ours: the keys of both, and of the published over ours."""

    published: str
    ours: str
    ratio: str
    why: Said

    def to_dict(self) -> dict[str, str]:
        """Plain values."""
        return {
            "published": self.published,
            "ours": self.ours,
            "ratio": self.ratio,
            "text": self.why.text("en"),
            "text_zh": self.why.text("zh"),
        }


@dataclass(frozen=True)
class GridPicture:
    """Where the load stands on a grid: coordinates and loading, for a drawing.

    `x`, `y` have shape (n_bus,); `branch_from`, `branch_to` index buses, shape (n_branch,); `loading` is flow over
    rating of each branch with the load on (nan without a rating). `placed_by` says whether coordinates are real
    or a layout.
    """

    x: np.ndarray
    y: np.ndarray
    branch_from: np.ndarray
    branch_to: np.ndarray
    loading: np.ndarray
    bus: int
    case: str
    placed_by: Said
    binding_branch: int | None = None
    binding_outage: int | None = None


@dataclass(frozen=True)
class StudyResult:
    """Everything a run found.

    Attributes
    ----------
    figures : mapping of str to Figure
        The named results in chain order.
    headline : str
        Key of the figure the report opens with.
    profiles : mapping of str to Profile
        Series by hour.
    flows : tuple of Flow
        Bands of the energy picture; their figures share unit and add up at each node.
    published : tuple of str
        Catalogue keys shown beside `published_beside`, the figure they are comparable with.
    comparisons : tuple of Compared
        Published figures held against ours one by one, with the reason for the difference.
    request_energy_wh : ndarray or None
        Quantiles 0, 1 ... 100 % over the requests of the workload, at the accelerator.
    """

    title: Mapping[str, str]
    study: Mapping[str, Any]
    sampling: Sampling
    figures: Mapping[str, Figure]
    headline: str
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    flows: tuple[Flow, ...] = ()
    published: tuple[str, ...] = ()
    published_beside: str = ""
    comparisons: tuple[Compared, ...] = ()
    request_energy_wh: np.ndarray | None = None
    grid: GridPicture | None = None
    show: tuple[str, ...] = ()
    defaults: tuple[Default, ...] = ()
    warnings: tuple[Said, ...] = ()
    notes: tuple[Said, ...] = ()
    files: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The content of `result.json`."""
        return dict(self._content)

    @cached_property
    def _content(self) -> dict[str, Any]:
        """Made once: the result file, its table and the answer hold the same."""
        every: list[Figure] = list(self.figures.values())
        every += [f for p in self.profiles.values() for _shape, f in p.terms]
        every += [d.figure for d in self.defaults if d.figure is not None]
        content: dict[str, Any] = {
            "schema": SCHEMA_NAME,
            "version": __version__,
            "title": dict(self.title),
            "study": self.study,
            "seed": self.sampling.seed,
            "samples": self.sampling.n,
            "results": list(self.figures),
            "figures": to_record(every),
            "profiles": {k: profile_record(p) for k, p in self.profiles.items()},
            "flows": [{"start": f.start, "end": f.end, "figure": f.figure} for f in self.flows],
            "comparisons": [c.to_dict() for c in self.comparisons],
            "defaults": [d.to_dict() for d in self.defaults],
            "warnings": [w.to_dict() for w in self.warnings],
            "notes": [w.to_dict() for w in self.notes],
            "files": [dict(f) for f in self.files],
            "sources": sources_of(every),
        }
        if self.request_energy_wh is not None:
            content["request_energy_wh"] = [float(v) for v in self.request_energy_wh]
        content["sha256"] = content_hash(content)
        return content

    def to_json(self) -> bytes:
        """`result.json` as bytes; never a NaN, which JSON does not know."""
        return (json_text(self.to_dict()) + "\n").encode()

    def write_json(self, path: Path) -> None:
        """Write `result.json` aside, then rename."""
        write_bytes(path, self.to_json())

    def write_parquet(self, path: Path) -> None:
        """Write one row a figure to a Parquet file (needs the extra `report`)."""
        write_figures_parquet(self.to_dict()["figures"], path)


def content_hash(content: Mapping[str, Any]) -> str:
    """sha256 of a content's canonical JSON: keys in order, no spaces, as a reader of the file finds it."""
    plain = json_value(json.dumps(content, allow_nan=False))
    text = json.dumps(plain, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def profile_record(profile: Profile) -> dict[str, Any]:
    """A profile as plain values; its percentiles follow from its terms."""
    p05, p50, p95 = profile.percentiles()
    return {
        "unit": profile.unit,
        "boundary": profile.boundary,
        "kind": profile.kind,
        "step_h": profile.step_h,
        "p05": p05.tolist(),
        "p50": p50.tolist(),
        "p95": p95.tolist(),
        "terms": [{"figure": f.node_id, "shape": s.tolist()} for s, f in profile.terms],
    }


def write_figures_parquet(entries: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """One row a figure: key, labels, value, unit, boundary, kind, formula, source.

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("duckdb", "report") from None
    rows = [
        (
            key, e["label"], e["label_zh"], e["value"]["p05"], e["value"]["p50"], e["value"]["p95"],
            e["value"]["mean"], e["value"]["n"], e["unit"], e["boundary"], e["kind"], e["formula"], e["source"],
        )
        for key, e in entries.items()
    ]  # fmt: skip
    with writing(path) as aside, duckdb.connect() as base:
        base.execute("set enable_progress_bar = false")
        base.execute(
            "create table figures (key varchar, label varchar, label_zh varchar, p05 double, p50 double,"
            " p95 double, mean double, n bigint, unit varchar, boundary varchar, kind varchar,"
            " formula varchar, source varchar)"
        )
        base.executemany("insert into figures values (?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
        base.execute(
            f"copy figures to '{str(aside).replace(chr(39), chr(39) * 2)}' (format parquet)"
        )
