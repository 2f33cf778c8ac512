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
    altair,
    channels,
    chart_spec,
    static_svg,
)
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
    specs = {
        "wide": _spec(days, worst, float(pue[worst]), WIDE - 70),
        "narrow": _spec(days, worst, float(pue[worst]), NARROW - 50),
    }
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
        specs=specs,
        svg=static_svg(specs["wide"]),
    )


def _spec(days: np.ndarray, worst: int, top: float, width: int) -> dict[str, Any]:
    alt = altair()
    values = [
        {
            "day": i + 1,
            "low": float(f"{row.min():.5g}"),
            "mean": float(f"{row.mean():.5g}"),
            "high": float(f"{row.max():.5g}"),
        }
        for i, row in enumerate(days)
    ]
    base = alt.Chart(alt.Data(values=tuple(values))).encode(
        **channels(
            x=alt.X(
                "day:Q",
                title=_("day of the year"),
                scale=alt.Scale(domain=[1, len(days)], nice=False),
            )
        )
    )
    y = alt.Y("low:Q", title="PUE", scale=alt.Scale(zero=False))
    mark = alt.Chart(
        alt.Data(values=({"day": worst / 24 + 1, "high": top, "name": f"{top:.2f}"},))
    ).encode(**channels(x="day:Q", y="high:Q"))
    return chart_spec(
        alt.layer(
            base.mark_area(opacity=0.25, color=theme.BLUE).encode(**channels(y=y, y2="high:Q")),
            base.mark_line(strokeWidth=2, color=theme.BLUE).encode(**channels(y="mean:Q")),
            mark.mark_point(size=90, filled=True, color=theme.AMBER_DEEP),
            mark.mark_text(dy=-12, color=theme.INK).encode(**channels(text="name:N")),
        ).properties(width=width, height=240)
    )
