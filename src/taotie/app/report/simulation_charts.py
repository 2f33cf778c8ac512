"""What does the simulation page draw over time? Power and requests; batch, replicas and time at each batch.

Energies are simulated at the server boundary: accelerators and their share of the host, no cooling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from taotie.app.report import theme
from taotie.app.report.picture import (
    NARROW,
    WIDE,
    Cell,
    DataTable,
    Picture,
    altair,
    amount,
    chart_spec,
    sentences,
    static_svg,
)
from taotie.compute.simulator_profile import BatchTime, TimeCourse
from taotie.language import _
from taotie.quantity.wording import number

SOURCE = "taotie_energy_fit2026"
EDGE = 46
"""Room for the labels of every y axis, so that panels below each other share one time axis. [px]"""


class Clock(NamedTuple):
    """How time is written below a drawing."""

    unit_s: float
    offset: float
    title: str
    of_day: bool


def clock(span_s: float, start_h: float | None) -> Clock:
    """Hours of the day where the log has them, else time since its begin."""
    if span_s >= 3 * 3600:
        if start_h is not None:
            return Clock(3600.0, start_h, _("hour of the day, by the log's clock"), True)
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


def five(value: float) -> float | None:
    """Five digits are enough to draw; None for what is not a number."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def both(make: Any) -> tuple[dict[str, Any], str]:
    """Specifications for wide and narrow paper, and the wide one drawn."""
    specs = {"wide": make(True), "narrow": make(False)}
    return specs, static_svg(specs["wide"])


def panel_width(wide: bool) -> int:
    """Width of a plot between its axes. [px]"""
    return (WIDE if wide else NARROW) - EDGE - 40


class Sheet:
    """Rows a drawing refers to by name: layers share them, and Altair does not copy them over and over."""

    def __init__(self) -> None:
        self.held: dict[str, list[Mapping[str, Any]]] = {}

    def data(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        """A reference to rows."""
        for name, known in self.held.items():
            if known is rows:
                return altair().NamedData(name=name)
        name = f"rows{len(self.held)}"
        self.held[name] = rows if isinstance(rows, list) else list(rows)
        return altair().NamedData(name=name)

    def spec(self, chart: Any) -> dict[str, Any]:
        """The finished specification with its rows."""
        made = chart_spec(chart)
        made["datasets"] = {**made.get("datasets", {}), **self.held}
        return made


GROUPED = "replace(format(datum.value, ',.12~g'), /,/g, ' ')"
"""Labels of an axis grouped as numbers in sentences are."""


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between two ends of a logarithmic axis: 1-2-5, or decades where those are too many.

    Examples
    --------
    >>> log_ticks(30, 3000, 8), log_ticks(30, 3000, 4)
    ([50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0], [100.0, 1000.0])
    """
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    ticks: list[float] = []
    for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        ticks = [
            float(f"{m * 10.0**e:.3g}")
            for e in range(first, last + 1)
            for m in steps
            if low <= m * 10.0**e <= high
        ]
        if len(ticks) <= most:
            return ticks
    return ticks[:: -(-len(ticks) // most)]


def y_axis(title: str, **more: Any) -> Any:
    """A y axis of fixed room with its title above."""
    return altair().Axis(
        labelExpr=GROUPED,
        title=title, titleAngle=0, titleAlign="left", titleAnchor="start", titleX=-EDGE + 4,
        titleY=-10, titleBaseline="bottom", minExtent=EDGE, maxExtent=EDGE, **({} if "values" in more else {"tickCount": 5}), **more,
    )  # fmt: skip


def stacked(
    alt: Any,
    rows: Any,
    parts: Sequence[tuple[str, str]],
    x: Mapping[str, Any],
    y: Any,
    wide: bool,
    orient: str = "top",
) -> list[Any]:
    """Areas one above the other: part `i` lies between the fields `s{i}` and `s{i+1}`; the top is named first."""
    names, colours = [name for name, _c in parts][::-1], [colour for _n, colour in parts][::-1]
    colour = alt.Scale(domain=names, range=colours)
    legend = alt.Legend(
        orient=orient, title=None, symbolType="square", labelLimit=panel_width(wide) - 20,
        direction="horizontal" if wide else "vertical", columns=4 if wide else 1,
    )  # fmt: skip
    return [
        alt.Chart(rows)
        .mark_area(interpolate="step-after", opacity=1)
        .encode(
            **x,
            y=y(f"s{i}:Q"),
            y2=f"s{i + 1}:Q",
            color=alt.Color(datum=name, type="nominal", scale=colour, legend=legend),
        )
        for i, (name, _colour) in enumerate(parts)
    ]


def rule_with_words(
    alt: Any, sheet: Sheet, at: float, words: str, width: int, row: int, dash: Sequence[int]
) -> list[Any]:
    """A level across the plot, with its words above the plot's right end; row 0 is the lowest."""
    base = alt.Chart(sheet.data([{"y": at, "words": words}]))
    return [
        base.mark_rule(color=theme.INK, strokeDash=list(dash), strokeWidth=1.4).encode(y="y:Q"),
        base.mark_text(align="right", baseline="bottom", color=theme.INK).encode(
            x=alt.value(width), y=alt.value(-4 - 15 * row), text="words:N"
        ),
    ]


def time_scale(alt: Any, course: TimeCourse, when: Clock, wide: bool, title: bool) -> Any:
    """The x axis all panels over time share."""
    first, last = when.offset, when.offset + float(course.end_s[-1]) / when.unit_s
    more: dict[str, Any] = {"tickCount": 10 if wide else 5}
    if when.unit_s == 3600.0 and last - first <= 49:
        step = (3 if last - first <= 25 else 6) * (1 if wide else 2)
        low = int(np.ceil(first / step)) * step
        more = {"values": list(range(low, int(last) + 1, step))}
    if when.of_day:
        more["labelExpr"] = "format(datum.value % 24, '02d') + ':00'"
    return alt.X(
        "t:Q",
        title=when.title if title else None,
        scale=alt.Scale(domain=[first, last], nice=False),
        axis=alt.Axis(grid=False, labels=title, ticks=title, **more),
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
    ]
    if course.reading_j is None or course.writing_j is None:
        parts.append((_("accelerators, reading and writing"), theme.AMBER, course.busy_j))
    else:
        parts += [
            (_("accelerators, writing answers"), theme.AMBER, course.writing_j),
            (_("accelerators, reading prompts"), theme.AMBER_DEEP, course.reading_j),
        ]
    peak_w, mean_w = float(summary["peak_power_w"]), float(summary["mean_power_w"])
    scale, unit = (1e6, "MW") if peak_w >= 1e6 else (1e3, "kW") if peak_w >= 1e3 else (1.0, "W")
    powers = np.array([p / width_s / scale for _n, _c, p in parts])
    levels = np.vstack([np.zeros(len(width_s)), np.cumsum(powers, axis=0)])
    rate = None if course.arrivals is None else course.arrivals / width_s
    values = [
        {"t": five(when.offset + course.begin_s[i] / when.unit_s)}
        | {f"s{k}": five(levels[k, i]) for k in range(len(levels))}
        | ({} if rate is None else {"rate": five(rate[i])})
        for i in range(len(width_s))
    ]
    # a step lasts to its end: the last value stands twice
    values.append({**values[-1], "t": five(when.offset + course.end_s[-1] / when.unit_s)})
    names = [name for name, _c, _p in parts]

    def make(wide: bool) -> dict[str, Any]:
        alt, sheet = altair(), Sheet()
        width = panel_width(wide)
        rows = sheet.data(values)
        x = {"x": time_scale(alt, course, when, wide, rate is None)}
        top = max(float(levels[-1].max()), peak_w / scale) * 1.03 or 1.0

        def y(field: str) -> Any:
            return alt.Y(field, axis=y_axis(unit), scale=alt.Scale(domain=[0, top], nice=False))

        layers = stacked(alt, rows, [(n, c) for n, c, _p in parts], x, y, wide)
        tips = [alt.Tooltip("t:Q", title=when.title, format=".2f")]
        layers.append(
            alt.Chart(rows)
            .mark_rule(opacity=0, strokeWidth=6)
            .encode(x="t:Q", tooltip=[*tips, alt.Tooltip(f"s{len(names)}:Q", title=unit)])
        )
        words = _("– – peak, mean of {bin}: {power}").format(
            bin=duration_text(bin_s), power=amount(peak_w / scale, unit, 3)
        )
        layers += rule_with_words(alt, sheet, peak_w / scale, words, width, 1, (5, 3))
        words = _("····· mean: {power}").format(power=amount(mean_w / scale, unit, 3))
        layers += rule_with_words(alt, sheet, mean_w / scale, words, width, 0, (1, 3))
        power = alt.layer(*layers).properties(width=width, height=300 if wide else 230)
        if rate is None:
            return sheet.spec(power)
        below = (
            alt.Chart(rows)
            .mark_area(
                interpolate="step-after", color=theme.BLUE, opacity=0.35, line={"color": theme.BLUE, "strokeWidth": 1.5, "interpolate": "step-after"},
            )
            .encode(
                x=time_scale(alt, course, when, wide, True),
                y=alt.Y("rate:Q", axis=y_axis(_("requests per second"), grid=True)),
                tooltip=[*tips, alt.Tooltip("rate:Q", title=_("requests per second"))],
            )
            .properties(width=width, height=110 if wide else 90)
        )  # fmt: skip
        return sheet.spec(alt.vconcat(power, below, spacing=34, bounds="flush"))

    specs, svg = both(make)
    energy = summary["energy_j"]
    standing = (energy["idle"] + energy["host"]) / energy["total"]
    columns = {"begin": _("from"), "end": _("to"), "seconds": _("duration [s]")}
    columns |= {f"p{k}": f"{name} [{unit}]" for k, name in enumerate(names)}
    columns |= {"total": _("all [{unit}]").format(unit=unit)}
    columns |= {} if rate is None else {"rate": _("requests per second")}
    rows: list[dict[str, Cell]] = [
        {
            "begin": time_text(course.begin_s[i], when), "end": time_text(course.end_s[i], when),
            "seconds": float(width_s[i]),
            **{f"p{k}": float(powers[k, i]) for k in range(len(names))},
            "total": float(levels[-1, i]),
            **({} if rate is None else {"rate": float(rate[i])}),
        }
        for i in range(len(width_s))
    ]  # fmt: skip
    step = duration_text(float(width_s[0]))
    how = [
        _(
            "Energy of each step of {step} over its duration, at the server boundary; exact sums of the simulated iterations, waiting and hosts."
        ).format(step=step)
    ]
    if course.reading_j is not None and not course.reading_exact:
        how.append(
            _(
                "How much of the work was reading is known exactly for the whole run; over time it is placed where first tokens come."
            )
        )
    if course.reading_j is None:
        how.append(_("Sums only were kept: reading and writing are not told apart over time."))
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
        specs=specs,
        svg=svg,
    )  # fmt: skip


def percent(share: float) -> str:
    """A share as a percentage; what is not all is never shown as 100 %."""
    if share >= 1 or share < 0.995:
        return f"{number(100 * share, 3)} %"
    return f"{number(min(100 * share, 99.99), 4)} %"


# ---- batch and replicas ----------------------------------------------------------------------------------


def batch_picture(
    course: TimeCourse, when: Clock, max_batch: int, spent: BatchTime | None, scaled: bool
) -> Picture:
    """Mean batch over time, replicas switched on, and the time at each batch."""
    batch = course.mean_batch
    on = course.on_s / course.width_s
    waiting = None
    if course.waiting_s is not None:
        waiting = course.waiting_s / course.width_s
    values: list[dict[str, Any]] = [
        {
            "t": five(when.offset + course.begin_s[i] / when.unit_s),
            "batch": five(batch[i]), "on": five(on[i]),
        }
        for i in range(len(on))
    ]  # fmt: skip
    values.append({**values[-1], "t": five(when.offset + course.end_s[-1] / when.unit_s)})
    bars = [] if spent is None else time_bars(spent)

    def line(alt: Any, sheet: Sheet, wide: bool, key: str, title: str, colour: str, last: bool, height: int) -> Any:  # fmt: skip
        return (
            alt.Chart(sheet.data(values))
            .mark_line(interpolate="step-after", color=colour, strokeWidth=2)
            .encode(
                x=time_scale(alt, course, when, wide, last),
                y=alt.Y(f"{key}:Q", axis=y_axis(title), scale=alt.Scale(zero=True)),
                tooltip=[alt.Tooltip("t:Q", title=when.title, format=".2f"), alt.Tooltip(f"{key}:Q", title=title)],
            )
            .properties(width=panel_width(wide), height=height)
        )  # fmt: skip

    def make(wide: bool) -> dict[str, Any]:
        alt, sheet = altair(), Sheet()
        panels = [
            line(alt, sheet, wide, "batch", _("mean batch of a busy replica"), theme.AMBER_DEEP, not scaled, 210 if wide else 170)
        ]  # fmt: skip
        if scaled:
            panels.append(
                line(alt, sheet, wide, "on", _("replicas switched on"), theme.BLUE, True, 110)
            )
        if bars:
            panels.append(
                alt.Chart(sheet.data(bars))
                .mark_rect(color=theme.AMBER, stroke=theme.PAPER, strokeWidth=0.5)
                .encode(
                    x=alt.X(
                        "low:Q", title=_("requests a replica answers at once"),
                        axis=alt.Axis(grid=False, format="d", tickMinStep=1), scale=alt.Scale(nice=False, zero=False),
                    ),
                    x2="high:Q",
                    y=alt.Y("share:Q", axis=y_axis(_("% of the time"))),
                    y2=alt.Y2Datum(0),
                    tooltip=[alt.Tooltip("label:N", title=_("requests at once")), alt.Tooltip("share:Q", title=_("% of the time"))],
                )
                .properties(width=panel_width(wide), height=150 if wide else 130)
            )  # fmt: skip
        return sheet.spec(alt.vconcat(*panels, spacing=62 if not scaled else 60, bounds="flush"))

    specs, svg = both(make)
    busy = float(course.busy_s.sum())
    mean = float(course.batch_s.sum()) / busy if busy else 0.0
    highest = float(np.nanmax(batch)) if np.isfinite(batch).any() else 0.0
    finding = [
        _(
            "A busy replica runs {mean} requests at once on average, {high} in its fullest step; its limit is {limit}."
        ).format(mean=number(mean, 3), high=number(highest, 3), limit=max_batch)
    ]
    if spent is not None and spent.share[0] >= 5e-4:
        finding.append(
            _("For {share} of the time a replica answers nobody.").format(
                share=percent(float(spent.share[0]))
            )
        )
    if scaled:
        finding.append(
            _("Between {low} and {high} replicas are switched on.").format(
                low=number(float(on.min()), 3), high=number(float(on.max()), 3)
            )
        )
    if waiting is not None and float(waiting.max()) >= 1:
        finding.append(
            _("At most {n} requests wait for their turn (mean of a step).").format(
                n=number(float(waiting.max()), 3)
            )
        )
    columns = {"begin": _("from"), "end": _("to"), "batch": _("mean batch"), "on": _("replicas switched on")}  # fmt: skip
    columns |= {} if waiting is None else {"waiting": _("requests waiting")}
    rows: list[dict[str, Cell]] = [
        {
            "begin": time_text(course.begin_s[i], when), "end": time_text(course.end_s[i], when),
            "batch": float(batch[i]), "on": float(on[i]),
            **({} if waiting is None else {"waiting": float(waiting[i])}),
        }
        for i in range(len(on))
    ]  # fmt: skip
    how = [
        _(
            "The batch of a step is the requests in an iteration, each weighted with the iteration's duration: those being read and those being written."
        )
    ]
    if spent is not None:
        how.append(
            _(
                "Time at each batch is from each answer's first to last token on its replica; prompts being read are not in it. {n} replicas were looked at."
            ).format(n=spent.n_replica)
        )
    return Picture(
        name="batch",
        title=_("Batch over time"),
        sources=(SOURCE,),
        finding=sentences(*finding),
        alt=finding[0],
        method=sentences(*how),
        table=DataTable(columns, tuple(rows)),
        specs=specs,
        svg=svg,
        remarks=()
        if spent is not None
        else (_("How long each batch lasted is not kept in a streamed run."),),
    )


def time_bars(spent: BatchTime, most: int = 130) -> list[dict[str, Any]]:
    """Bars of the time at each batch; neighbours are joined where there are very many."""
    width = -(-len(spent.batch) // most)
    bars = []
    for low in range(0, len(spent.batch), width):
        high = min(low + width, len(spent.batch))
        bars.append(
            {
                "low": low - 0.5, "high": high - 0.5,
                "share": five(100 * float(spent.share[low:high].sum())),
                "label": str(low) if high - low == 1 else f"{low}–{high - 1}",
            }
        )  # fmt: skip
    return bars
