"""What does the building add over the year? PUE of each day with its spread over the hours, the worst hour marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from taotie.app.charts import theme
from taotie.app.charts.picture import (
    NARROW,
    WIDE,
    Absent,
    Cell,
    DataTable,
    Picture,
)
from taotie.app.charts.vega_lite import Sheet, both, panel, quantity, y_axis
from taotie.quantity.profile import Profile
from taotie.words.language import _

__all__ = ["OF_THE_YEAR", "picture"]

OF_THE_YEAR = ("pue_by_hour", "wue_by_hour")
"""Profiles drawn here, and not over the day."""


def picture(profiles: Mapping[str, Profile]) -> Picture | Absent:
    """The building over the year, in the language in force."""
    title = _("The building over the year")
    if "pue_by_hour" not in profiles:
        return Absent("building", title, _("This study gives no cooling, so no PUE by hour."))
    pue = np.asarray(profiles["pue_by_hour"].percentiles()[1])
    water = np.asarray(profiles["wue_by_hour"].percentiles()[1])
    average = profiles["pue_by_hour"].average().p50
    worst = int(pue.argmax())
    days = pue.reshape(-1, 24)
    rows: list[dict[str, Cell]] = [
        {"hour": i, "pue": float(f"{pue[i]:.5g}"), "water": float(f"{water[i]:.4g}")}
        for i in range(len(pue))
    ]
    finding = _(
        "The building adds {mean} % on average over {n} hours, {worst} % in its worst hour (hour {hour} of the year)."
    ).format(
        mean=f"{100 * (average - 1):.0f}",
        n=f"{len(pue):,}",
        worst=f"{100 * (pue[worst] - 1):.0f}",
        hour=worst,
    )
    return Picture(
        name="building",
        title=title,
        finding=finding,
        alt=finding,
        method=_(
            "The building in the middle of all ranges of its parts; the band runs from the best to the worst hour of each day."
        ),
        table=DataTable({"hour": _("hour"), "pue": "PUE", "water": _("water, L/kWh")}, tuple(rows)),
        sources=("lei2020",),
        **both(
            lambda wide: _spec(days, worst, float(pue[worst]), WIDE - 70 if wide else NARROW - 50)
        ),
    )


def _spec(days: np.ndarray, worst: int, top: float, width: int) -> dict[str, Any]:
    values = [
        {
            "day": i + 1,
            "low": float(f"{row.min():.5g}"),
            "mean": float(f"{row.mean():.5g}"),
            "high": float(f"{row.max():.5g}"),
        }
        for i, row in enumerate(days)
    ]
    x = quantity("day", title=_("day of the year"), scale={"domain": [1, len(days)], "nice": False})
    low = quantity("low", axis=y_axis("PUE"), scale={"zero": False})
    highest = [{"day": worst / 24 + 1, "high": top, "name": f"{top:.2f}"}]
    there = {"x": x, "y": quantity("high", scale={"zero": False})}
    sheet = Sheet()
    layers = [
        sheet.layer(values, {"type": "area", "opacity": 0.25, "color": theme.BLUE}, x=x, y=low, y2={"field": "high"}),
        sheet.layer(values, {"type": "line", "strokeWidth": 2, "color": theme.BLUE}, x=x, y=quantity("mean", scale={"zero": False})),
        sheet.layer(highest, {"type": "point", "size": 90, "filled": True, "color": theme.AMBER_DEEP}, **there),
        sheet.layer(highest, {"type": "text", "dy": -12, "color": theme.INK}, **there, text={"field": "name", "type": "nominal"}),
    ]  # fmt: skip
    return sheet.spec(panel(layers, width, 240))
