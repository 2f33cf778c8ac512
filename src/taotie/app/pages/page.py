"""How does a person read a result? `report.html`: one file, both languages, pictures first.

It opens from a disk without a network: scripts, styles and data are inside, and its content policy forbids every
request. The words of each language are written when the report is made; the switch only shows the other half.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taotie import __version__
from taotie.answer.parts.study import StudyResult
from taotie.app.charts import (
    building_chart,
    daily_chart,
    drivers_chart,
    grid_map,
    range_chart,
    sankey,
)
from taotie.app.charts.picture import Absent, Picture, median_text, range_text
from taotie.app.pages import headline, tables
from taotie.app.pages.html import page_html
from taotie.app.pages.words import page_words
from taotie.files.atomic import write_bytes
from taotie.quantity.evaluation import leaves
from taotie.quantity.figure import Figure
from taotie.quantity.sensitivity import Drivers, drivers
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import boundary_word, kind_word, number, readable

N_NOTE_MAX = 200
STUDY_CHARS_MAX = 20_000


@dataclass(frozen=True)
class Computed:
    """What both languages share: computed once."""

    days: list[daily_chart.Day]
    drivers: Drivers
    figures: list[Figure]


def write_report(
    result: StudyResult, path: Path, language: str | None = None, audit: str = ""
) -> None:
    """Write the report of a study as one HTML file that needs nothing else.

    Parameters
    ----------
    result : StudyResult
        What a run found.
    path : Path
        Where the file shall stand; written aside, then renamed.
    language : str, optional
        "en" or "zh": which one the file opens in; default: the language in force. Both are inside.
    audit : str, optional
        Name of the audit page beside the report, which is then linked.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    ResultError
        If the energy flow does not conserve energy.
    DataError
        If the place cannot be written.
    """
    write_bytes(path, report_html(result, language, audit).encode("utf-8"))


def report_html(result: StudyResult, opened: str | None = None, audit: str = "") -> str:
    """The report as text; see `write_report`."""
    shared = _computed(result)
    return page_html("report.html", lambda: _half(result, shared), opened, audit=audit)


def _computed(result: StudyResult) -> Computed:
    figures = list(result.figures.values())
    figures += [f for p in result.profiles.values() for _shape, f in p.terms]
    figures += [d.figure for d in result.defaults if d.figure is not None]
    unit = result.figures[result.published_beside or result.headline].unit
    published, _missing = range_chart.published_of(result, unit)
    known = {f.key for f in figures if f.is_leaf}
    figures += [f for key, f in published if f.is_leaf and key not in known]
    return Computed(
        daily_chart.days_of(
            {k: p for k, p in result.profiles.items() if k not in building_chart.OF_THE_YEAR}
        ),
        drivers(result.figures[result.headline]),
        figures,
    )


def _of_the_building(result: StudyResult) -> list[Picture | Absent]:
    """The year of the building, where the study cools one: nothing of a room that was not asked for."""
    if "pue_by_hour" not in result.profiles:
        return []
    return [building_chart.picture(result.profiles)]


def _half(result: StudyResult, shared: Computed) -> dict[str, Any]:
    drawn = [
        sankey.picture(result),
        range_chart.picture(result),
        daily_chart.picture(shared.days),
        *_of_the_building(result),
        drivers_chart.picture(result.figures[result.headline], shared.drivers),
        grid_map.picture(result),
    ]
    beside = grid_map.NOTES_HERE if result.grid is not None else ()
    main = headline.tile(result.headline, result.figures[result.headline])
    return {
        "w": page_words(),
        "title": tables.title_of(result),
        "main": main,
        "sentence": headline.sentence(result),
        "tiles": headline.key_tiles(result),
        "equivalents": headline.equivalents(result),
        "as_much_as": headline.equivalents_lead(result),
        "pictures": [p for p in drawn if isinstance(p, Picture)],
        "contents": [
            (key, page_words()[key]) for key in ("figures", "defaults", "sources", "again")
        ],
        "absent": [p for p in drawn if isinstance(p, Absent)],
        "beside": {p.name: _beside_all(p) for p in drawn if isinstance(p, Picture)},
        "accuracy": accuracy_picture(shared.figures),
        "figures": tables.figure_rows(result),
        "n_left_out": max(len(result.figures) - tables.N_FIGURE_MAX, 0),
        "compared": tables.compared_rows(result),
        "defaults": tables.default_rows(result.defaults),
        "warnings": [(s.code, s.text()) for s in result.warnings[:N_NOTE_MAX]],
        "notes": [(s.code, s.text()) for s in result.notes[:N_NOTE_MAX] if s.code not in beside],
        "files": tables.file_rows(result.files),
        "sources": tables.source_rows(shared.figures),
        "study": _study_text(result.study),
        "made": page_words()["again_seed"].format(
            version=__version__, seed=result.sampling.seed, n=number(result.sampling.n, 7)
        ),
    }


def accuracy_picture(figures: list[Figure]) -> str:
    """The energy model against measurements as a data address, where a result rests on that model."""
    behind = leaves([f for f in figures if not f.is_leaf]) if figures else []
    if not any(leaf.key.startswith("energy_model.error") for leaf in behind):
        return ""
    picture = (Path(__file__).parent / "pictures" / "accuracy_scatter.png").read_bytes()
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def _beside_all(picture: Picture) -> list[dict[str, Any]]:
    """The figures beside a drawing; two of one name also show their keys."""
    rows = [_beside(entry) for entry in picture.beside]
    names = [row["name"] for row in rows]
    return [{**row, "twin": names.count(row["name"]) > 1} for row in rows]


def _beside(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A figure in the column beside a drawing."""
    figure: Figure = entry["figure"]
    shown = readable(figure)
    return {
        "key": entry["key"],
        "name": figure.name,
        "value": median_text(shown),
        "unit": unit_word(shown.unit),
        "range": "" if shown.is_exact else range_text(shown),
        "boundary": boundary_word(figure.boundary),
        "kind": kind_word(figure.kind),
        "raw": figure.p50,
    }


def _study_text(study: Mapping[str, Any]) -> str:
    text = json.dumps(study, ensure_ascii=False, indent=2, default=str)
    return text if len(text) <= STUDY_CHARS_MAX else text[:STUDY_CHARS_MAX] + "\n…"
