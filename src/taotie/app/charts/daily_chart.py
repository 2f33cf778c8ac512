"""How does the load go over the day? Median and 5-95 % fan by hour; long series as their mean day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    amount,
    cut,
    source_keys,
    span_text,
)
from taotie.app.charts.vega_lite import Sheet, below, both, panel, quantity, tips, y_axis
from taotie.quantity import unit as units
from taotie.quantity.profile import Profile
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import boundary_word, number, readable, within
from taotie.words.language import _, language

N_STEP_MAX = 400
N_PROFILE_MAX = 6
_COLOURS = (theme.BLUE, theme.AMBER, theme.QUIET, theme.AMBER_DEEP, theme.GREY, theme.INK)


@dataclass(frozen=True)
class Day:
    """A profile as drawn: percentiles by step and what was done to shorten it."""

    key: str
    profile: Profile
    percentiles: np.ndarray  # shape (3, n_step): 5, 50, 95 % [unit]
    folded: int  # days the mean was taken over; 1: as it is
    shortened: bool


def days_of(profiles: Mapping[str, Profile]) -> list[Day]:
    """The profiles of a result, shortened to a drawable day; language plays no part."""
    return [_day(key, p) for key, p in list(profiles.items())[:N_PROFILE_MAX]]


def _day(key: str, profile: Profile) -> Day:
    # percentiles of the average day, no average of percentiles
    day, shortened = profile.mean_day(), False
    folded, profile = profile.n_hour // day.n_hour, day
    if profile.n_hour > N_STEP_MAX:
        shortened = True
        profile = replace(profile, terms=tuple((s[:N_STEP_MAX], f) for s, f in profile.terms))
    largest = max((f for _shape, f in profile.terms), key=lambda f: abs(f.p50))
    profile = profile.to(readable(largest).unit)
    return Day(key, profile, profile.percentiles(), folded, shortened)


def picture(days: Sequence[Day]) -> Picture | Absent:
    """The load over the day, in the language in force."""
    title = _("Over the day")
    if not days:
        return Absent("day", title, _("This study computes no load by hour."))
    groups = _by_dimension(days)
    main = groups[0][0]
    finding = _finding(main)
    remarks = []
    if any(d.folded > 1 for d in days):
        remarks.append(
            _("The chart shows the average day of {n} days.").format(n=max(d.folded for d in days))
        )
    if any(d.shortened for d in days):
        remarks.append(_("The chart shows the first {n} steps.").format(n=N_STEP_MAX))
    columns = {
        "series": _("series"),
        "hour": _("hour"),
        "p05": "5 %",
        "p50": _("median"),
        "p95": "95 %",
        "unit": _("unit"),
        "boundary": _("boundary"),
    }
    rows: list[dict[str, Cell]] = [
        {
            "series": name_of(day),
            "hour": _clock(i * day.profile.step_h),
            "p05": float(day.percentiles[0, i]),
            "p50": float(day.percentiles[1, i]),
            "p95": float(day.percentiles[2, i]),
            "unit": day.profile.unit,
            "boundary": boundary_word(day.profile.boundary),
        }
        for day in days
        for i in range(day.profile.n_hour)
    ]
    figures = [f for d in days for _shape, f in d.profile.terms]
    return Picture(
        name="day",
        title=title,
        finding=finding,
        alt=cut(
            "; ".join(
                _("{name}: median from {low} to {high} over the day").format(
                    name=name_of(d),
                    low=number(float(d.percentiles[1].min()), 3),
                    high=amount(float(d.percentiles[1].max()), d.profile.unit, 3),
                )
                for d in days
            ),
            1500,
        ),
        method=_(
            "Each series is a few shapes by hour, each times a figure; the fan holds 90 % of the samples of each hour,"
            " the line is their median."
        ),
        table=DataTable(columns, tuple(rows)),
        sources=source_keys(figures),
        **both(lambda wide: spec(groups, wide=wide)),
        remarks=tuple(remarks),
    )


def _finding(day: Day) -> str:
    """When the load is highest and lowest."""
    p50 = day.percentiles[1]
    high, low = int(np.argmax(p50)), int(np.argmin(p50))
    if p50[high] - p50[low] <= 1e-6 * abs(p50[high]):
        return _("{name}: {value} at every hour (median).").format(
            name=name_of(day), value=_at_hour(day, high)
        )
    return _(
        "{name}: highest at {high_hour} with {high}, lowest at {low_hour} with {low} (medians by hour)."
    ).format(
        name=name_of(day),
        high_hour=_clock(high * day.profile.step_h),
        high=_at_hour(day, high),
        low_hour=_clock(low * day.profile.step_h),
        low=_at_hour(day, low),
    )


def _at_hour(day: Day, i: int) -> str:
    """The median of an hour with its unit, with the digits that its range allows."""
    low, middle, high = (float(v) for v in day.percentiles[:, i])
    if low == high:
        return amount(middle, day.profile.unit, 3)
    return f"{within(middle, low, high)[0]} {unit_word(day.profile.unit)}"


def name_of(day: Day) -> str:
    """Label of a series in the language in force, with its boundary if it has no label."""
    label = day.profile.label
    return label.get(language()) or label.get("en") or day.key


def _by_dimension(days: Sequence[Day]) -> list[list[Day]]:
    """Series of one dimension share an axis; the first series' unit rules."""
    groups: list[list[Day]] = []
    for day in days:
        for group in groups:
            if units.same_dimension(group[0].profile.unit, day.profile.unit):
                factor = units.factor(day.profile.unit, group[0].profile.unit)
                scaled = replace(
                    day,
                    profile=day.profile.to(group[0].profile.unit),
                    percentiles=day.percentiles * factor,
                )
                group.append(scaled)
                break
        else:
            groups.append([day])
    return groups


def _clock(hour: float) -> str:
    return f"{int(hour):02d}:{round(hour % 1 * 60):02d}"


def spec(groups: Sequence[Sequence[Day]], *, wide: bool) -> dict[str, Any]:
    """The chart as a Vega-Lite specification: one panel a dimension."""
    width = WIDE - 70 if wide else NARROW - 50
    sheet = Sheet()
    panels = []
    for group in groups:
        names = [name_of(d) for d in group]
        colours = list(_COLOURS[: len(group)])
        for i, day in enumerate(group):  # energy inside the building amber, at the meter blue
            if len(group) <= 2 and day.profile.boundary in ("accelerator", "server"):
                colours[i] = theme.AMBER
            elif len(group) <= 2 and day.profile.boundary in ("facility", "grid"):
                colours[i] = theme.BLUE
        if len(group) == 2 and colours[0] == colours[1]:
            colours[1] = theme.QUIET
        values: list[dict[str, Any]] = [
            {
                "series": name_of(d),
                "hour": round(i * d.profile.step_h, 4),
                "low": _five(d.percentiles[0, i]),
                "middle": _five(d.percentiles[1, i]),
                "high": _five(d.percentiles[2, i]),
                "clock": _clock(i * d.profile.step_h),
                "tip": _at_hour(d, i),
                "range": span_text(float(d.percentiles[0, i]), float(d.percentiles[2, i])),
            }
            for d in group
            for i in range(d.profile.n_hour)
        ]
        last = max(v["hour"] for v in values)
        ticks = list(range(0, int(last) + 2, 3 if wide else 6)) if last <= 24 else []
        x = quantity(
            "hour",
            title=_("hour of the day") if last <= 24 else _("hour"),
            axis={"grid": False} | ({"values": ticks} if ticks else {}),
            scale={"domain": [0, last], "nice": False},
        )
        colour = {
            "field": "series", "type": "nominal", "scale": {"domain": names, "range": colours},
            "legend": {"orient": "top", "title": None, "symbolType": "stroke"},
        }  # fmt: skip
        unit = unit_word(group[0].profile.unit)
        fan = {"y": quantity("low", axis=y_axis(unit)), "y2": {"field": "high"}}
        middle = {"y": quantity("middle")}
        pointer = tips(
            ("series", _("series")), ("clock", _("hour")), ("tip", _("median")), ("range", _("range 5-95 %")),
            words=("series", "clock", "tip", "range"),
        )  # fmt: skip
        layers = [
            sheet.layer(values, {"type": "area", "opacity": 0.22, "interpolate": "monotone"}, x=x, **fan, color=colour),
            sheet.layer(values, {"type": "line", "strokeWidth": 2.5, "interpolate": "monotone"}, x=x, **middle, color=colour),
            sheet.layer(
                values, {"type": "point", "size": 110, "opacity": 0, "filled": True}, x=x, **middle, color=colour, tooltip=pointer
            ),
        ]  # fmt: skip
        panels.append(panel(layers, width, 260 if wide else 220))
    return sheet.spec(below(panels, 70))


def _five(value: float) -> float:
    return float(f"{value:.5g}")
