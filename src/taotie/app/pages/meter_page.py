"""How does a person read what a service drew? One page, both languages: the day's course, idle share, requests, the grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Table
from taotie.app.cells import cell
from taotie.app.charts import daily_chart
from taotie.app.charts.meter_charts import cost_pictures, course_picture
from taotie.app.charts.picture import Picture
from taotie.app.charts.picture_file import write_picture
from taotie.app.pages.headline import tile
from taotie.app.pages.html import page_html
from taotie.app.pages.words import page_words
from taotie.files.atomic import write_bytes
from taotie.quantity.figure import leaf
from taotie.quantity.profile import Profile
from taotie.quantity.wording import number
from taotie.words.language import N_, _
from taotie.words.said import labels

__all__ = ["meter_html", "write_meter_chart", "write_meter_page"]

ROWS = 60
FEW_HOURS = 3
"""So few hours have no course of a day."""
MAIN = ("energy_per_request_full", "energy_per_request", "energy_total")
TILES = (
    "energy_total", "idle_share", "energy_per_request", "energy_per_token", "idle_power", "carbon_average",
    "carbon_marginal", "water", "predicted", "ratio",
)  # fmt: skip


def write_meter_page(answer: Answer, path: Path, opened: str | None = None) -> None:
    """Write the report as one HTML file that needs nothing else.

    Parameters
    ----------
    answer : Answer
        Of `meter_report`.
    path : Path
    opened : str, optional
        "en" or "zh": which language the file opens in; both are inside.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    """
    write_bytes(path, meter_html(answer, opened).encode("utf-8"))


def write_meter_chart(answer: Answer, path: Path) -> None:
    """Draw the power over the metered time into a .svg or .png file.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    """
    write_picture(course_picture(answer).svg, path)


def meter_html(answer: Answer, opened: str | None = None) -> str:
    """The report as text; see `write_meter_page`."""
    return page_html("meter.html", lambda: _half(answer), opened)


def _half(answer: Answer) -> dict[str, Any]:
    main = next(k for k in MAIN if k in answer.figures)
    pictures = [course_picture(answer)]
    if len(answer.tables["hours"].rows) > FEW_HOURS:
        day = daily_chart.picture(daily_chart.days_of(_profiles(answer)))
        pictures += [day] if isinstance(day, Picture) else []
    pictures += cost_pictures(answer)
    titles = {
        "hours": _("Hour by hour"),
        "by_model": _("By model"),
        "by_user": _("By user"),
        "by_route": _("By route"),
        "engine": _("By the engine's own counters"),
        "slices": _("By MIG instance, modelled"),
        "channels": _("Meters"),
    }
    tables = [
        _table(name, title, answer.tables[name])
        for name, title in titles.items()
        if name in answer.tables
    ]
    return {
        "w": page_words() | _words(),
        "title": _("What was really drawn"),
        "main": tile(main, answer.figures[main]),
        "sentence": _sentence(answer),
        "tiles": [tile(k, answer.figures[k]) for k in TILES if k in answer.figures and k != main],
        "pictures": pictures,
        "warnings": [(s.code, s.text()) for s in answer.said],
        "contents": [(t["name"], t["title"]) for t in tables],
        "tables": tables,
        "limits": [s.text() for s in answer.limits],
    }


def _profiles(answer: Answer) -> dict[str, Profile]:
    """Mean power by hour: all of it, and while nothing was asked."""
    hours = answer.tables["hours"]
    place = answer.figures["energy_total"].boundary
    kind = answer.figures["energy_total"].kind
    found = {}
    for key, column, label in (
        ("power", "energy_j", N_("mean draw by hour")),
        ("waiting", "idle_j", N_("of it while nothing was asked")),
    ):
        watts = np.array([float(v or 0.0) for v in hours.column(column)]) / 3600.0
        if not len(watts) or not watts.any():
            continue
        one = leaf(
            f"meter_{key}", value=1.0, unit="W", kind=kind if key == "power" else "modelled", boundary=place,
            note="meter", label=labels(label),
        )  # fmt: skip
        found[key] = Profile(((watts, one),), label=labels(label))
    return found


def _table(name: str, title: str, table: Table) -> dict[str, Any]:
    numeric = [
        any(isinstance(r[i], int | float) for r in table.rows[:ROWS])
        for i in range(len(table.columns))
    ]
    return {
        "name": name,
        "title": title,
        "heads": list(zip((c.heading for c in table.columns), numeric, strict=True)),
        "rows": [
            [cell(c.shown(v)) for c, v in zip(table.columns, row, strict=True)]
            for row in table.rows[:ROWS]
        ],
        "left": max(len(table.rows) - ROWS, 0),
    }


def _sentence(answer: Answer) -> str:
    own = answer.own
    total_kwh = own["energy_j"]["total"] / 3.6e6
    n = own["requests"]["n"]
    if not n:
        return _("The meters counted {kwh} kWh.").format(kwh=number(total_kwh, 4))
    idle = own["energy_j"]["idle"] / max(own["energy_j"]["total"], 1e-9)
    text = _(
        "The meters counted {kwh} kWh over {n} requests; {share} % of it while nothing was asked."
    ).format(kwh=number(total_kwh, 4), n=n, share=number(100 * idle, 2))
    if own["ratio"] is not None:
        text += " " + _("The model had said {share} % of what the work took.").format(
            share=number(100 / own["ratio"], 3)
        )
    return text


def _words() -> dict[str, str]:
    return {
        "about": _("Metered electricity of a service: by hour, request, model and user"),
        "more_rows_json": _("more rows are in the JSON"),
        "again_line": _("taotie meter report --report page.html draws this page again."),
    }
