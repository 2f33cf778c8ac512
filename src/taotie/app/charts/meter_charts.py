"""What was drawn, and what did it cost the grid? Power over the metered time; carbon, price and water by hour or day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.parts.metered import hours_by_day, mean_known, total_known
from taotie.app.charts.answer_charts import column_picture, line_picture
from taotie.app.charts.picture import Cell, Picture, amount
from taotie.quantity.wording import number
from taotie.words.language import _

__all__ = ["cost_pictures", "course_picture"]

MOST_HOURS = 96
"""Longer spans are drawn by day."""


def course_picture(answer: Answer) -> Picture:
    """Mean power over the metered time; nothing is drawn where a meter was blind."""
    power = answer.series["power"]
    watts = [float(v) for v in power.values["power"]]  # type: ignore[union-attr]
    hours = power.step_h * len(watts)
    scale, unit = next(
        (s, u) for s, u, most in ((3600, "s", 0.05), (60, "min", 3), (1, "h", math.inf)) if hours <= most
    )  # fmt: skip
    rows: list[dict[str, Cell]] = [
        {"t": i * power.step_h * scale, "w": w if math.isfinite(w) else None}
        for i, w in enumerate(watts)
    ]
    known = [w for w in watts if math.isfinite(w)]
    remarks: tuple[str, ...] = ()
    if len(known) < len(watts):
        remarks = (
            _("{n} of {all} steps are not drawn: a meter was blind in them.").format(
                n=len(watts) - len(known), all=len(watts)
            ),
        )
    finding = _("No step was seen whole.")
    if known:
        finding = _("Between {low} and {high}, {mean} in the mean.").format(
            low=amount(min(known), "W", 3),
            high=amount(max(known), "W", 3),
            mean=amount(mean_known(watts), "W", 3),
        )
    return line_picture(
        "course", _("What was drawn"), finding,
        _("Mean power of the meters that are added, in equal steps; no finer than they were read."),
        {"t": _("time since {start}, {unit}").format(start=str(answer.own["course_start"])[:19], unit=unit), "w": _("mean draw, W")},
        rows, x="t", lines=("w",), remarks=remarks,
    )  # fmt: skip


def cost_pictures(answer: Answer) -> Sequence[Picture]:
    """What each hour was on the grid; only what factors are known of."""
    hours = answer.tables["hours"].records()
    by_day = len(hours) > MOST_HOURS
    rows = hours_by_day(hours) if by_day else [{**h, "at": str(h["start"])[5:16]} for h in hours]
    drawn = []
    for name, bars, strokes, title, heads in (
        ("carbon", "carbon_g", "carbon_marginal_g", _("What it set off on the grid"), (_("carbon, average mix, gCO2e"), _("carbon, one more kWh, gCO2e"))),
        ("price", "price", "", _("What it cost"), (_("price"), "")),
        ("water", "water_l", "", _("Water"), (_("water, L"), "")),
    ):  # fmt: skip
        shown = [{"at": r["at"], "a": r[bars], "b": r[strokes] if strokes else None} for r in rows]
        if any(r["a"] is not None or r["b"] is not None for r in shown):
            drawn.append(_columns(name, title, heads, shown, by_day, bool(strokes)))
    return drawn


def _columns(
    name: str,
    title: str,
    heads: tuple[str, str],
    rows: list[dict[str, Any]],
    by_day: bool,
    strokes: bool,
) -> Picture:
    when = _("day, UTC") if by_day else _("hour, UTC")
    known = [r for r in rows if r["a"] is not None]
    finding = _("{n} of {all} hold a factor.").format(n=len(known), all=len(rows))
    if known:
        top = max(known, key=lambda r: r["a"])
        finding = _("Most at {at}: {value} of {sum} ({head}).").format(
            at=top["at"],
            value=number(float(top["a"]), 3),
            sum=number(total_known([r["a"] for r in rows]), 3),
            head=heads[0],
        )
    remarks = []
    if len(known) < len(rows):
        remarks.append(
            _("{n} of {all} have no factor, or only hours without one, and are left empty.").format(
                n=len(rows) - len(known), all=len(rows)
            )
        )
    return column_picture(
        name, title, finding,
        _("Energy metered in the hour times that hour's factor; bars by the average, strokes by what one more kilowatt-hour sets off.")
        if strokes
        else _("Energy metered in the hour times that hour's factor."),
        {"at": when, "a": heads[0], **({"b": heads[1]} if strokes else {})},
        rows, category="at", bars="a", strokes="b" if strokes else "", remarks=tuple(remarks),
    )  # fmt: skip
