"""How is a swing drawn? The curve before and after its filters, its lines, its bands beside their limits. [MW, Hz]"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taotie.answer.answer import Answer
from taotie.answer.swings import SwingDetail, lines_of
from taotie.app.charts.answer_charts import bar_picture, line_picture
from taotie.app.charts.picture import Cell, Picture
from taotie.quantity.wording import number
from taotie.words.language import _

__all__ = ["swings_pictures"]

N_POINT = 700


def swings_pictures(answer: Answer) -> Sequence[Picture]:
    """Every drawing of a swing, in the language in force."""
    detail = answer.detail
    assert isinstance(detail, SwingDetail)
    drawn = [_curve(detail), _lines(detail), _bands(answer)]
    if detail.dip is not None:
        drawn.append(_dip(detail))
    return drawn


def _curve(detail: SwingDetail) -> Picture:
    n = min(detail.after.power_mw.size, max(N_POINT, 2))
    time = detail.after.time_s
    rows: list[dict[str, Cell]] = [
        {"t": float(time[i]), "job": float(detail.before.power_mw[i]), "grid": float(detail.after.power_mw[i])}
        for i in range(n)
    ]  # fmt: skip
    return line_picture(
        "curve",
        _("The first seconds"),
        _("The job swings by {job} MW; the grid sees {grid} MW.").format(
            job=number(float(np.ptp(detail.before.power_mw)), 3), grid=number(float(np.ptp(detail.after.power_mw)), 3)
        ),
        _("Power held between steps, before and after the filters."),
        {"t": _("time, s"), "job": _("job, MW"), "grid": _("grid, MW")},
        rows, x="t", lines=("job", "grid"), y_title="MW",
    )  # fmt: skip


def _lines(detail: SwingDetail) -> Picture:
    frequency, before = lines_of(detail.before)
    _f, after = lines_of(detail.after)
    top = max(float(before.max()), 1e-12)
    keep = np.flatnonzero((before > 1e-4 * top) | (after > 1e-4 * top))[:2000]
    if keep.size > N_POINT:
        keep = np.sort(keep[np.argsort(-before[keep])[:N_POINT]])
    rows: list[dict[str, Cell]] = [
        {"f": float(frequency[i]), "before": float(before[i]), "after": float(after[i])}
        for i in keep
    ]
    at = int(before.argmax())
    return line_picture(
        "lines",
        _("At which frequencies"),
        _("The largest line of the job stands at {f} Hz with {mw} MW.").format(
            f=number(float(frequency[at]), 3), mw=number(float(before[at]), 3)
        ),
        _("Amplitudes of the held curve, as if it repeated."),
        {"f": _("frequency, Hz"), "before": _("job, MW"), "after": _("grid, MW")},
        rows, x="f", lines=("before", "after"), y_title="MW", log_x=True, points=True,
    )  # fmt: skip


def _bands(answer: Answer) -> Picture:
    rows: list[dict[str, Cell]] = []
    failed = 0
    for band in answer.own["bands"]:
        failed += band["pass"] is False
        rows.append(
            {
                "band": f"{band['low_hz']:g}–{band['high_hz']:g} Hz", "mw": band["mw"], "limit": band["limit_mw"],
                "over": int(band["pass"] is False),
            }
        )  # fmt: skip
    finding = (
        _("No band exceeds a limit that is known.") if not failed
        else _("One band exceeds its limit.") if failed == 1
        else _("{n} bands exceed their limit.").format(n=failed)
    )  # fmt: skip
    return bar_picture(
        "bands", _("Bands and limits"), finding, _("Largest line in each band; the stroke is the limit, where one is known."),
        {"band": _("band"), "mw": _("largest line, MW"), "limit": _("limit, MW"), "over": _("over the limit")},
        rows, category="band", value="mw", mark="over", limit="limit",
    )  # fmt: skip


def _dip(detail: SwingDetail) -> Picture:
    assert detail.dip is not None
    dip = detail.dip
    pick = np.unique(np.linspace(0, dip.time_s.size - 1, 500).round().astype(int))
    rows: list[dict[str, Cell]] = [
        {"t": float(dip.time_s[i]), "mw": float(dip.power_mw[i])} for i in pick
    ]
    finding = (
        _("The load rides through.") if dip.rides_through else _("{mw} MW leave the grid.").format(mw=number(dip.lost_mw, 3))
    )  # fmt: skip
    return line_picture(
        "dip", _("In a dip of the voltage"), finding, _("Constant power until it trips; back after a wait, on a ramp."),
        {"t": _("time, s"), "mw": _("load, MW")}, rows, x="t", lines=("mw",), y_title="MW",
    )  # fmt: skip
