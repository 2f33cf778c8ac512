"""How does a person read the headroom of balancing areas? One page, both languages: MW by area, hours of cuts, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.parts.grid import (
    HEADROOM_LIMITS,
    AreaHeadroom,
    accelerators_that_fit,
    over_areas,
    together,
)
from taotie.app.charts.grid_numbers import COLOURS, RULES, listed, named
from taotie.app.charts.picture import Cell, DataTable, Picture, cut
from taotie.app.pages.headline import Tile
from taotie.app.pages.html import page_html
from taotie.app.pages.words import page_words
from taotie.files.atomic import write_bytes
from taotie.quantity.wording import kind_word, number
from taotie.words.language import _
from taotie.words.said import Said

SHADES = (COLOURS[5][0], COLOURS[4][0], COLOURS[3][0], COLOURS[2][0], COLOURS[1][0], COLOURS[0][0])
REFERENCE = 0.005  # the limit people quote, where it is among those asked for
Ranges = Mapping[tuple[str, int], tuple[float, float]]


def write_headroom_page(
    found: Sequence[AreaHeadroom],
    path: Path,
    opened: str | None = None,
    ranges: Ranges | None = None,
    power_w: float = 1050.0,
    pue: float = 1.2,
    command: str = "",
    said: Sequence[Said] = (),
) -> None:
    """Write the headroom of areas as one HTML file that needs nothing else.

    Parameters
    ----------
    found : sequence of AreaHeadroom
        One an area, all at the same limits.
    path : Path
    opened : str, optional
        "en" or "zh": which language the file opens in; both are inside.
    ranges : mapping of (area, index of limit) to (low, high), optional
        Range over years drawn anew. [MW]
    power_w, pue : float
        Of one accelerator with its host, and of the building.
    command : str
        The command that makes this page again.
    said : sequence of Said
        What a reader must know of the answer.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    DataError
        If the place cannot be written.
    """
    text = page_html(
        "grid.html",
        lambda: _half(found, ranges or {}, power_w, pue, said),
        opened,
        command=command,
    )
    write_bytes(path, text.encode("utf-8"))


def _limit_text(limit: float) -> str:
    return f"{100 * limit:g}\u00a0%"


def _gw(mw: float) -> str:
    return f"{number(mw / 1e3, 3)}\u00a0GW" if mw >= 1000 else f"{number(mw, 3)}\u00a0MW"


def _reference(limits: Sequence[float]) -> int:
    """Which limit the page speaks of."""
    return int(np.argmin([abs(limit - REFERENCE) for limit in limits]))


def _half(
    found: Sequence[AreaHeadroom], ranges: Ranges, power_w: float, pue: float, said: Sequence[Said]
) -> dict[str, Any]:
    limits = found[0].limits
    total, peak = together(found)
    at = _reference(limits)
    words = page_words() | {
        "about": _(
            "Can the grid carry it? New load a region can take if that load is curtailed a few hours"
        ),
        "again_command": _("This command makes the page again:"),
    }
    sentence = _(
        "{n} areas take {load} more if {limit} of its energy may be cut: {share} % of their peak of {peak}, or {chips} accelerators of {power} W with PUE {pue}. An upper bound: no line, reserve or outage of a unit is looked at."
    ).format(
        n=len(found), load=_gw(float(total[at])), limit=_limit_text(limits[at]),
        share=number(100 * float(total[at]) / peak, 2), peak=_gw(peak),
        chips=number(float(accelerators_that_fit(total[at], power_w, pue)), 2), power=number(power_w, 4),
        pue=f"{pue:g}",
    )  # fmt: skip
    each = listed(
        named(_limit_text(limit), _gw(float(mw))) for limit, mw in zip(limits, total, strict=True)
    )
    value, unit = _gw(float(total[at])).rsplit("\u00a0", 1)
    main = Tile(
        key="headroom", unit=unit, value=value,
        name=_("New load the areas take if {limit} of its energy may be cut").format(
            limit=_limit_text(limits[at])
        ),
        range=each, boundary="", kind=kind_word("modelled"), dot="◐", raw=float(total[at]),
        low=0.0, middle=0.0, high=0.0, certain=True,
    )  # fmt: skip
    return {
        "w": words,
        "title": _("How much new load do {n} areas take?").format(n=len(found)),
        "main": main,
        "sentence": sentence,
        "pictures": [_area_picture(found, ranges, power_w, pue, at), _hours_picture(found, total)],
        "contents": [("again", words["again"])],
        "treatments": (),
        "warnings": [(one.code, one.text()) for one in said],
    }


def _area_picture(
    found: Sequence[AreaHeadroom], ranges: Ranges, power_w: float, pue: float, at: int
) -> Picture:
    """A bar an area: how far each limit reaches."""
    limits = found[0].limits
    order = sorted(found, key=lambda one: -float(one.load_mw[at]))
    top = max(float(one.load_mw.max()) for one in found) or 1.0
    rows = []
    for one in order:
        parts, reached = [], 0.0
        for i in np.argsort(one.load_mw, kind="stable"):
            wide = 100 * max(float(one.load_mw[i]) - reached, 0) / top
            if wide:
                parts.append(
                    f'<rect x="{100 * reached / top:.3f}" y="0" width="{wide:.3f}" height="10" fill="{SHADES[i % len(SHADES)]}"/>'
                )
                reached = float(one.load_mw[i])
        rows.append(
            f'<span>{escape(one.area)}&ensp;<span class="num">{_gw(float(one.load_mw[at]))}</span></span>'
            f'<svg class="drawn" viewBox="0 0 100 10" preserveAspectRatio="none" focusable="false" data-bar="{escape(one.area)}">'
            f"{''.join(parts)}</svg>"
        )
    legend = "".join(
        f'<li><svg viewBox="0 0 16 16" class="key" aria-hidden="true"><circle cx="8" cy="8" r="6" fill="{SHADES[i % len(SHADES)]}"/></svg>'
        f" {_limit_text(limit)}</li>"
        for i, limit in enumerate(limits)
    )
    columns = {
        "area": _("area"), "limit": _("energy that may be cut, %"), "mw": "MW",
        "p05_mw": "5 %, MW", "p95_mw": "95 %, MW", "hours": _("hours with cuts, h/a"),
        "accelerators": _("accelerators"), "peak_mw": _("highest demand, MW"),
    }  # fmt: skip
    if not ranges:
        columns = {k: v for k, v in columns.items() if not k.startswith("p0") and k != "p95_mw"}
    table: list[dict[str, Cell]] = []
    for one in order:
        for i, limit in enumerate(limits):
            low, high = ranges.get((one.area, i), (None, None))
            table.append(
                {
                    "area": one.area, "limit": 100 * limit, "mw": float(one.load_mw[i]),
                    "p05_mw": low, "p95_mw": high, "hours": one.hours[i].hours_per_year,
                    "accelerators": int(accelerators_that_fit(one.load_mw[i], power_w, pue)),
                    "peak_mw": one.peak_mw,
                }
            )  # fmt: skip
    first, last = order[0], order[-1]
    return Picture(
        name="areas",
        title=_("By area"),
        finding=_(
            "At {limit} most fits in {first}, {most}; least in {last}, {least}. A bar reaches as far as the largest share that may be cut."
        ).format(
            limit=_limit_text(limits[at]), first=first.area, most=_gw(float(first.load_mw[at])),
            last=last.area, least=_gw(float(last.load_mw[at])),
        ),
        alt=cut(listed(named(one.area, _gw(float(one.load_mw[at]))) for one in order), 1500),
        method=_(
            "The constant load whose energy above the highest past summer or winter demand is the share that may be cut; every year weighs the same."
        ),
        table=DataTable(columns, tuple(table)),
        svg=f'{RULES}<div class="classes">{"".join(rows)}</div><ul class="legend">{legend}</ul>',
        limits=tuple(_(text) for text in HEADROOM_LIMITS),
    )  # fmt: skip


def _hours_picture(found: Sequence[AreaHeadroom], total: Any) -> Picture:
    """How often and how deep the load is cut, by limit, as bars of hours."""
    limits = found[0].limits
    each = over_areas(found)
    mean, kept = [one.hours_per_year for one in each], [one.keep_half for one in each]
    top = max(mean) or 1.0
    rows = "".join(
        f'<span>{_limit_text(limit)}&ensp;<span class="num">{number(hours, 3)} h</span></span>'
        f'<svg class="drawn" viewBox="0 0 100 10" preserveAspectRatio="none" focusable="false">'
        f'<rect x="0" y="0" width="{100 * hours / top:.3f}" height="10" fill="{SHADES[i % len(SHADES)]}"/></svg>'
        for i, (limit, hours) in enumerate(zip(limits, mean, strict=True))
    )
    table: list[dict[str, Cell]] = [
        {
            "limit": 100 * limit, "mw": float(total[i]), "hours": mean[i], "kept": 100 * kept[i],
            "event": each[i].mean_event_h,
        }
        for i, limit in enumerate(limits)
    ]  # fmt: skip
    return Picture(
        name="hours",
        title=_("Hours in which the load is curtailed"),
        finding=_(
            "At {limit} the load is cut in {hours} hours of a year, mean over the areas; in {kept} % of these it still runs at half or more."
        ).format(
            limit=_limit_text(limits[_reference(limits)]),
            hours=number(mean[_reference(limits)], 3),
            kept=f"{100 * kept[_reference(limits)]:.0f}",
        ),
        alt=cut(
            listed(
                named(_limit_text(x), f"{number(h, 3)} h") for x, h in zip(limits, mean, strict=True)
            ),
            1500,
        ),
        method=_("Hours with any cut, mean over the areas."),
        table=DataTable(
            {
                "limit": _("energy that may be cut, %"), "mw": _("total, MW"),
                "hours": _("hours with cuts, h/a"), "kept": _("of these at half or more, %"),
                "event": _("mean length of a cut, h"),
            },
            tuple(table),
        ),
        svg=f'{RULES}<div class="classes">{rows}</div>',
    )  # fmt: skip
