"""What does the simulation page draw over time? Power and requests; batch, replicas and time at each batch.

Energies are simulated at the server boundary: accelerators and their share of the host, no cooling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from taotie.answer.parts.simulation import BatchTime, TimeCourse
from taotie.app.charts import theme
from taotie.app.charts.drawn import CLOCK
from taotie.app.charts.picture import (
    Cell,
    DataTable,
    Picture,
    amount,
    sentences,
)
from taotie.app.charts.vega_lite import (
    Sheet,
    below,
    both,
    five,
    panel,
    panel_width,
    quantity,
    stacked,
    tips,
    y_axis,
)
from taotie.quantity.wording import number
from taotie.words.language import _

SOURCE = "taotie_energy_fit2026"


class Clock(NamedTuple):
    """How time is written below a drawing."""

    unit_s: float
    offset: float
    title: str
    of_day: bool


def clock(span_s: float, start_h: float | None, in_utc: bool = False) -> Clock:
    """Hours of the day where the log has them, else time since its begin."""
    if span_s >= 3 * 3600:
        if start_h is not None:
            title = (
                _("hour of the day, UTC") if in_utc else _("hour of the day, by the log's clock")
            )
            return Clock(3600.0, start_h, title, True)
        return Clock(3600.0, 0.0, _("hours since the first request"), False)
    if span_s >= 180:
        return Clock(60.0, 0.0, _("minutes since the first request"), False)
    return Clock(1.0, 0.0, _("seconds since the first request"), False)


def duration_text(seconds: float) -> str:
    """A duration in words, such as 5 min."""
    if seconds >= 3600 and seconds % 3600 == 0:
        return amount(seconds / 3600, "h", 3)
    if seconds >= 60 and seconds % 60 == 0:
        return amount(seconds / 60, "min", 3)
    return amount(seconds, "s", 3)


def level_with_words(
    sheet: Sheet, at: float, words: str, width: int, row: int, dash: Sequence[int]
) -> list[dict[str, Any]]:
    """A level across the plot, with its words above the plot's right end; row 0 is the lowest."""
    rows = [{"y": at, "words": words}]
    rule = {"type": "rule", "color": theme.INK, "strokeDash": list(dash), "strokeWidth": 1.4}
    text = {"type": "text", "align": "right", "baseline": "bottom", "color": theme.INK}
    place = {"x": {"value": width}, "y": {"value": -4 - 15 * row}}
    return [
        sheet.layer(rows, rule, y=quantity("y")),
        sheet.layer(rows, text, **place, text={"field": "words", "type": "nominal"}),
    ]


def time_x(course: TimeCourse, when: Clock, wide: bool, shown: bool) -> dict[str, Any]:
    """The x axis all panels over time share; its labels are shown once."""
    first, last = when.offset, when.offset + float(course.end_s[-1]) / when.unit_s
    more: dict[str, Any] = {"tickCount": 10 if wide else 5}
    if when.unit_s == 3600.0 and last - first <= 49:
        step = (3 if last - first <= 25 else 6) * (1 if wide else 2)
        low = int(np.ceil(first / step)) * step
        more = {"values": list(range(low, int(last) + 1, step))}
    if when.of_day:
        more["labelExpr"] = CLOCK
    return quantity(
        "t",
        title=when.title if shown else None,
        scale={"domain": [first, last], "nice": False},
        axis={"grid": False, "labels": shown, "ticks": shown, **more},
    )


def time_text(seconds: float, when: Clock) -> str:
    """A moment as shown in tables: a clock time, or time since the begin."""
    if when.of_day or when.unit_s == 3600.0:
        minutes = round(seconds / 60 + when.offset * 60)
        hour = minutes // 60 % 24 if when.of_day else minutes // 60
        return f"{hour:02d}:{minutes % 60:02d}"
    if when.unit_s == 60.0:
        return f"{int(seconds // 60)}:{round(seconds % 60):02d} min"
    return amount(seconds, "s", 3)


# ---- power over the day ----------------------------------------------------------------------------------


def power_picture(
    course: TimeCourse, summary: Mapping[str, Any], when: Clock, bin_s: float
) -> Picture:
    """Power of the whole fleet by part, and requests per second below it."""
    width_s = course.width_s
    parts: list[tuple[str, str, Any]] = [
        (_("hosts"), theme.GREY, course.host_j),
        (_("accelerators that wait"), theme.RULE, course.idle_j),
        (_("accelerators, writing answers"), theme.AMBER, course.writing_j),
        (_("accelerators, reading prompts"), theme.AMBER_DEEP, course.reading_j),
    ]
    peak_w, mean_w = float(summary["peak_power_w"]), float(summary["mean_power_w"])
    scale, unit = (1e6, "MW") if peak_w >= 1e6 else (1e3, "kW") if peak_w >= 1e3 else (1.0, "W")
    powers = np.array([p / width_s / scale for _n, _c, p in parts])
    levels = np.vstack([np.zeros(len(width_s)), np.cumsum(powers, axis=0)])
    rate = course.arrivals / width_s
    values = [
        {"t": five(when.offset + course.begin_s[i] / when.unit_s)}
        | {f"s{k}": five(levels[k, i]) for k in range(len(levels))}
        | {"rate": five(rate[i])}
        for i in range(len(width_s))
    ]
    # a step lasts to its end: the last value stands twice
    values.append({**values[-1], "t": five(when.offset + course.end_s[-1] / when.unit_s)})
    names = [name for name, _c, _p in parts]

    def make(wide: bool) -> dict[str, Any]:
        sheet, width = Sheet(), panel_width(wide)
        top = max(float(levels[-1].max()), peak_w / scale) * 1.03 or 1.0
        layers = stacked(
            sheet, values, {"type": "area", "interpolate": "step-after", "opacity": 1}, [(n, c) for n, c, _p in parts],
            x=time_x(course, when, wide, False),
            y={"axis": y_axis(unit), "scale": {"domain": [0, top], "nice": False}},
        )  # fmt: skip
        pointer = tips(("t", when.title), (f"s{len(names)}", unit), t=".2f")
        layers.append(
            sheet.layer(
                values, {"type": "rule", "opacity": 0, "strokeWidth": 6},
                x=quantity("t"), tooltip=pointer,
            )
        )  # fmt: skip
        words = _("– – peak, mean of {bin}: {power}").format(
            bin=duration_text(bin_s), power=amount(peak_w / scale, unit, 3)
        )
        layers += level_with_words(sheet, peak_w / scale, words, width, 1, (5, 3))
        words = _("····· mean: {power}").format(power=amount(mean_w / scale, unit, 3))
        layers += level_with_words(sheet, mean_w / scale, words, width, 0, (1, 3))
        panels = [panel(layers, width, 300 if wide else 230)]
        line = {"color": theme.BLUE, "strokeWidth": 1.5, "interpolate": "step-after"}
        mark = {"type": "area", "interpolate": "step-after", "color": theme.BLUE, "opacity": 0.35, "line": line}  # fmt: skip
        title = _("requests per second")
        layer = sheet.layer(
            values, mark, x=time_x(course, when, wide, True), y=quantity("rate", axis=y_axis(title)),
            tooltip=tips(("t", when.title), ("rate", title), t=".2f"),
        )  # fmt: skip
        panels.append(panel([layer], width, 110 if wide else 90))
        return sheet.spec(below(panels, 34))

    drawn = both(make)
    energy = summary["energy_j"]
    standing = (energy["idle"] + energy["host"]) / energy["total"]
    columns = {"begin": _("from"), "end": _("to"), "seconds": _("duration [s]")}
    columns |= {f"p{k}": f"{name} [{unit}]" for k, name in enumerate(names)}
    columns |= {"total": _("all [{unit}]").format(unit=unit)}
    columns |= {"rate": _("requests per second")}
    rows: list[dict[str, Cell]] = [
        {
            "begin": time_text(course.begin_s[i], when), "end": time_text(course.end_s[i], when),
            "seconds": float(width_s[i]),
            **{f"p{k}": float(powers[k, i]) for k in range(len(names))},
            "total": float(levels[-1, i]),
            "rate": float(rate[i]),
        }
        for i in range(len(width_s))
    ]  # fmt: skip
    step = duration_text(float(width_s[0]))
    how = [
        _(
            "Energy of each step of {step} over its duration, at the server boundary; exact sums of the simulated iterations, waiting and hosts."
        ).format(step=step)
    ]
    if not course.reading_exact:
        how.append(
            _(
                "How much of the work was reading is known exactly for the whole run; over time it is placed where first tokens come."
            )
        )
    return Picture(
        name="power",
        title=_("Power over time"),
        finding=_(
            "The fleet draws {mean} on average and at most {peak} (mean of {bin}); {share} of the energy goes to hosts and to accelerators that wait."
        ).format(
            mean=amount(mean_w / scale, unit, 3), peak=amount(peak_w / scale, unit, 3),
            bin=duration_text(bin_s), share=percent(standing),
        ),
        alt=_("Power of the fleet from {low} to {high} {unit} over {hours}.").format(
            low=number(float(levels[-1].min()), 3), high=number(float(levels[-1].max()), 3),
            unit=unit, hours=amount(float(course.end_s[-1]) / 3600, "h", 3),
        ),
        method=sentences(*how),
        table=DataTable(columns, tuple(rows)),
        sources=(SOURCE,),
        **drawn,
    )  # fmt: skip


def percent(share: float) -> str:
    """A share as a percentage; what is not all is never shown as 100 %."""
    if share >= 1 or share < 0.9945:
        return f"{number(100 * share, 3)} %"
    return f"{number(min(100 * share, 99.99), 4)} %"


# ---- batch and replicas ----------------------------------------------------------------------------------


def batch_picture(
    course: TimeCourse, when: Clock, max_batch: int, spent: BatchTime, scaled: bool
) -> Picture:
    """Mean batch over time, replicas switched on, and the time at each batch."""
    batch = course.mean_batch
    on = course.on_s / course.width_s
    waiting = course.waiting_s / course.width_s
    values: list[dict[str, Any]] = [
        {
            "t": five(when.offset + course.begin_s[i] / when.unit_s),
            "batch": five(batch[i]), "on": five(on[i]),
        }
        for i in range(len(on))
    ]  # fmt: skip
    values.append({**values[-1], "t": five(when.offset + course.end_s[-1] / when.unit_s)})
    bars = time_bars(spent)

    def make(wide: bool) -> dict[str, Any]:
        sheet, width = Sheet(), panel_width(wide)

        def line(key: str, title: str, colour: str, last: bool, height: int) -> dict[str, Any]:
            mark = {"type": "line", "interpolate": "step-after", "color": colour, "strokeWidth": 2}
            layer = sheet.layer(
                values, mark, x=time_x(course, when, wide, last),
                y=quantity(key, axis=y_axis(title), scale={"zero": True}),
                tooltip=tips(("t", when.title), (key, title), t=".2f"),
            )  # fmt: skip
            return panel([layer], width, height)

        title = _("mean batch of a busy replica")
        panels = [line("batch", title, theme.AMBER_DEEP, not scaled, 210 if wide else 170)]
        if scaled:
            panels.append(line("on", _("replicas switched on"), theme.BLUE, True, 110))
        if bars:
            x = quantity(
                "low", title=_("requests a replica answers at once"),
                axis={"grid": False, "format": "d", "tickMinStep": 1}, scale={"nice": False, "zero": False},
            )  # fmt: skip
            layer = sheet.layer(
                bars, {"type": "rect", "color": theme.AMBER, "stroke": theme.PAPER, "strokeWidth": 0.5},
                x=x, x2={"field": "high"}, y=quantity("share", axis=y_axis(_("% of the time"))), y2={"datum": 0},
                tooltip=tips(("label", _("requests at once")), ("share", _("% of the time")), words=["label"]),
            )  # fmt: skip
            panels.append(panel([layer], width, 150 if wide else 130))
        return sheet.spec(below(panels, 62))

    drawn = both(make)
    highest = float(np.nanmax(batch)) if np.isfinite(batch).any() else 0.0
    finding = [
        _(
            "A busy replica runs {mean} requests at once on average, {high} in its fullest step; its limit is {limit}."
        ).format(mean=number(course.busy_batch, 3), high=number(highest, 3), limit=max_batch)
    ]
    if spent.share[0] >= 5e-4:
        finding.append(
            _("For {share} of the time a replica has no request to answer.").format(
                share=percent(float(spent.share[0]))
            )
        )
    if scaled:
        finding.append(
            _("Between {low} and {high} replicas are switched on.").format(
                low=number(float(on.min()), 3), high=number(float(on.max()), 3)
            )
        )
    if float(waiting.max()) >= 1:
        finding.append(
            _("At most {n} requests wait for their turn (mean of a step).").format(
                n=number(float(waiting.max()), 3)
            )
        )
    columns = {"begin": _("from"), "end": _("to"), "batch": _("mean batch"), "on": _("replicas switched on")}  # fmt: skip
    columns |= {"waiting": _("requests waiting")}
    rows: list[dict[str, Cell]] = [
        {
            "begin": time_text(course.begin_s[i], when), "end": time_text(course.end_s[i], when),
            "batch": float(batch[i]), "on": float(on[i]),
            "waiting": float(waiting[i]),
        }
        for i in range(len(on))
    ]  # fmt: skip
    how = [
        _(
            "The batch of a step is the requests in an iteration, each weighted with the iteration's duration: those being read and those being written."
        ),
        _(
            "Time at each batch is from each answer's first to last token on its replica; prompts being read are not in it. {n} replicas were looked at."
        ).format(n=spent.n_replica),
    ]
    return Picture(
        name="batch",
        title=_("Batch over time"),
        sources=(SOURCE,),
        finding=sentences(*finding),
        alt=finding[0],
        method=sentences(*how),
        table=DataTable(columns, tuple(rows)),
        **drawn,
    )


def time_bars(spent: BatchTime, most: int = 130) -> list[dict[str, Any]]:
    """Bars of the time at each batch; neighbours are joined where there are very many."""
    return [
        {
            "low": first - 0.5, "high": last + 0.5, "share": five(100 * share),
            "label": str(first) if first == last else f"{first}–{last}",
        }
        for first, last, share in spent.joined(most)
    ]  # fmt: skip
