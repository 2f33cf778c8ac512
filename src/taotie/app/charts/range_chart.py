"""Where does our figure stand among published ones? A log axis with ranges, boundaries and bounds marked.

Filled marks share our boundary; hollow ones were published at another and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from taotie.answer.parts.study import StudyResult
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
    median_amount,
    sentences,
    source_keys,
    span_text,
)
from taotie.app.charts.scales import log_ticks
from taotie.app.charts.vega_lite import Sheet, as_it_says, both, panel, quantity, tips
from taotie.errors import SourceError, UnitError
from taotie.quantity.catalog import figure as published_figure
from taotie.quantity.figure import Figure
from taotie.quantity.sampling import sampling
from taotie.quantity.source import Source
from taotie.quantity.unit_word import unit_word
from taotie.quantity.wording import (
    bound_word,
    boundary_word,
    ends,
    kind_word,
    readable,
    within,
)
from taotie.words.language import _
from taotie.words.listing import listing

N_PUBLISHED_MAX = 60
_GUTTER = 330  # room for names on wide paper [px]


@dataclass(frozen=True)
class Row:
    """One line of the chart: its words, its range, its mark."""

    name: str
    under: str
    low: float
    middle: float
    high: float
    role: str  # ours | spread | same | other
    bound: str
    boundary: str
    kind: str
    source: str
    inner: tuple[float, float] | None = None


def picture(result: StudyResult) -> Picture | Absent:
    """The comparison of a result with published figures, in the language in force."""
    key = result.published_beside or result.headline
    ours = readable(result.figures[key])
    title = _("Beside published figures: {name}").format(name=ours_name(result, key))
    beside, missing = published_of(result, ours.unit)
    if not beside and result.request_energy_wh is None:
        return Absent("range", title, _("This study names no published figure to compare with."))
    rows = _rows(result, key, ours, beside)
    inside = sum(ours.p05 <= f.p50 <= ours.p95 for _key, f in beside)
    same = sum(f.boundary == ours.boundary for _key, f in beside)
    finding = _("Ours is {value}, 90 % range {low} to {high}.").format(
        value=median_amount(ours),
        low=ends(ours.p05, ours.p95)[0],
        high=f"{ends(ours.p05, ours.p95)[1]} {unit_word(ours.unit)}".strip(),
    )
    if beside:
        within = _(
            "Of {n} published values {inside} lie within it; {same} were taken at the same boundary."
        ).format(n=len(beside), inside=inside, same=same)
        finding = sentences(finding, within)
    remarks = [
        _("Not shown, because not in the catalogue or of another dimension: {names}.").format(
            names=listing(missing[:20])
        )
    ] if missing else []  # fmt: skip
    columns = {
        "name": _("figure"),
        "p05": "5 %",
        "p50": _("median"),
        "p95": "95 %",
        "unit": _("unit"),
        "boundary": _("boundary"),
        "bound": _("bound"),
        "kind": _("kind"),
        "source": _("source"),
    }
    table: list[dict[str, Cell]] = [
        {
            "name": r.name,
            "p05": r.low,
            "p50": r.middle,
            "p95": r.high,
            "unit": ours.unit,
            "boundary": r.boundary,
            "bound": bound_word(r.bound),
            "kind": r.kind,
            "source": r.source,
        }
        for r in rows
    ]
    alt = "; ".join(
        f"{r.name}: {span_text(r.low, r.high)} {unit_word(ours.unit)}, {r.boundary}" for r in rows
    )
    return Picture(
        name="range",
        title=title,
        finding=finding,
        alt=cut(alt, 1500),
        method=sentences(
            _(
                "Whiskers run from the 5 to the 95 % point. Hollow marks were published at another boundary and are"
                " not directly comparable; an arrow marks a value given as a bound."
            ),
            _("The band shows how requests differ from one another: 5-95 % thin, 25-75 % thick.")
            if result.request_energy_wh is not None
            else "",
        ),
        table=DataTable(columns, tuple(table)),
        sources=tuple(dict.fromkeys(source_keys([ours]) + source_keys([f for _key, f in beside]))),
        **both(lambda wide: spec(rows, ours.unit, wide=wide)),
        remarks=tuple(remarks),
    )


def ours_name(result: StudyResult, key: str) -> str:
    """Label of a named figure."""
    return result.figures[key].name


def published_of(result: StudyResult, unit: str) -> tuple[list[tuple[str, Figure]], list[str]]:
    """Published figures in `unit`, smallest first, and keys that could not be had."""
    found: list[tuple[str, Figure]] = []
    missing: list[str] = []
    with sampling(result.sampling.n, result.sampling.seed):
        for key in result.published[:N_PUBLISHED_MAX]:
            try:
                found.append((key, _like(published_figure(key), unit)))
            except (SourceError, UnitError):
                missing.append(key)
    found.sort(key=lambda pair: pair[1].p50)
    return found, missing


def _like(published: Figure, unit: str) -> Figure:
    """`published` in `unit`, with the words and the bound it was published with."""
    converted = published.to(unit)
    if converted is published:
        return published
    return converted._copy(
        label=published.label,
        kind=published.kind,
        bound=published.bound,
        source=published.source,
        locator=published.locator,
        key=published.key,
    )


def _rows(
    result: StudyResult, key: str, ours: Figure, beside: Sequence[tuple[str, Figure]]
) -> list[Row]:
    here = boundary_word(ours.boundary)
    rows = [
        Row(
            ours_name(result, key),
            " · ".join(w for w in (_("this study"), here, kind_word(ours.kind)) if w),
            ours.p05, ours.p50, ours.p95, "ours", "", here, kind_word(ours.kind), _("this study"),
        )
    ]  # fmt: skip
    quantiles = result.request_energy_wh
    if quantiles is not None and len(quantiles) >= 2 and ours.unit.endswith("/request"):
        from taotie.quantity import unit as units

        factor = units.factor("Wh/request", ours.unit)
        share = np.linspace(0, 1, len(quantiles))
        p05, p25, p50, p75, p95 = (
            float(v) * factor for v in np.interp([0.05, 0.25, 0.5, 0.75, 0.95], share, quantiles)
        )
        rows.append(
            Row(
                _("One request to the next"),
                " · ".join((_("spread over requests"), boundary_word("accelerator"))),
                p05, p50, p95, "spread", "", boundary_word("accelerator"), kind_word("modelled"),
                _("this study"), (p25, p75),
            )
        )  # fmt: skip
    for name, figure in beside:
        place = boundary_word(figure.boundary) or _("boundary not stated")
        said = figure.source
        who = _who(said) if said else ""
        limit = bound_word(figure.bound) if figure.bound in ("at_most", "at_least") else ""
        rows.append(
            Row(
                figure.name or name,
                " · ".join(w for w in (cut(who, 26), place, limit, kind_word(figure.kind)) if w),
                figure.p05, figure.p50, figure.p95,
                "same" if figure.boundary == ours.boundary else "other",
                figure.bound, place, kind_word(figure.kind), said.key if said else name,
            )
        )  # fmt: skip
    return rows


def _who(source: Source) -> str:
    """Institution, or first author, and year."""
    return f"{source.publisher} {source.date[:4]}".strip()


def _tip(row: Row, unit: str) -> str:
    """Middle and range under the pointer."""
    if row.low == row.high:
        return amount(row.middle, unit, 4)
    middle, low, high = within(row.middle, row.low, row.high)
    return f"{f'{middle} {unit_word(unit)}'.strip()} [{_('{low} to {high}').format(low=low, high=high)}]"


def spec(rows: Sequence[Row], unit: str, *, wide: bool) -> dict[str, Any]:
    """The chart as a Vega-Lite specification."""
    positive = all(r.low > 0 for r in rows)
    low, high = min(r.low for r in rows), max(r.high for r in rows)
    domain = [low / 1.6, high * 1.6] if positive else [min(low, 0.0), high * 1.05]
    ticks = {"values": log_ticks(domain[0], domain[1], 8 if wide else 5)} if positive else {}
    scale = {"type": "log" if positive else "linear", "domain": domain, "nice": False}
    values: list[dict[str, Any]] = [
        {
            "row": i,
            "name": cut(r.name, 80),
            "under": cut(r.under, 80),
            "low": r.low,
            "middle": r.middle,
            "high": r.high,
            "inner_low": r.inner[0] if r.inner else None,
            "inner_high": r.inner[1] if r.inner else None,
            "colour": theme.AMBER if r.role in ("ours", "spread") else theme.QUIET,
            "fill": {"ours": theme.AMBER, "same": theme.QUIET}.get(r.role, theme.PAPER),
            "shape": {"at_most": "triangle-left", "at_least": "triangle-right"}.get(
                r.bound, "circle"
            ),
            "size": 170
            if r.role == "ours"
            else 90
            if r.bound not in ("at_most", "at_least")
            else 150,
            "tip": _tip(r, unit),
            "place": r.boundary,
            "kind": r.kind,
        }
        for i, r in enumerate(rows)
    ]
    ranged = [v for v in values if v["low"] < v["high"]]
    inner = [v for v in values if v["inner_low"] is not None]
    y = {"field": "row", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0.1, "paddingOuter": 0.15}}  # fmt: skip
    title = _("{unit} (log scale)").format(unit=unit_word(unit)) if positive else unit_word(unit)

    def x(field: str) -> dict[str, Any]:
        return quantity(field, title=title, scale=scale, axis={"grid": True, **ticks})

    colour = as_it_says("colour")
    pointer = tips(
        ("name", _("figure")), ("tip", _("value")), ("place", _("boundary")), ("kind", _("kind")),
        words=("name", "tip", "place", "kind"),
    )  # fmt: skip
    shift = 0 if wide else 9  # on narrow paper names stand above their line
    rule, end = {"type": "rule", "yOffset": shift}, {"type": "tick", "size": 11, "thickness": 2, "yOffset": shift}  # fmt: skip
    align, place = ("right", -14) if wide else ("left", 0)
    words = {"type": "text", "align": align, "limit": _GUTTER - 20 if wide else NARROW - 20}
    name = words | {"fontWeight": "bold", "dy": -7 if wide else -19, "fontSize": 12.5}
    under = words | {"dy": 8 if wide else -5, "fontSize": 11, "color": theme.QUIET}
    beside = {"x": {"value": place}, "y": y}
    sheet = Sheet()
    layers = [
        sheet.layer(ranged, rule | {"strokeWidth": 2}, x=x("low"), x2={"field": "high"}, y=y, color=colour, tooltip=pointer),
        sheet.layer(ranged, end, x=x("low"), y=y, color=colour),
        sheet.layer(ranged, end, x=x("high"), y=y, color=colour),
        sheet.layer(inner, rule | {"strokeWidth": 11, "opacity": 0.45}, x=x("inner_low"), x2={"field": "inner_high"}, y=y, color=colour),
        sheet.layer(
            values, {"type": "point", "opacity": 1, "strokeWidth": 2, "yOffset": shift}, x=x("middle"), y=y, shape=as_it_says("shape"),
            stroke=colour, fill=as_it_says("fill"), size=as_it_says("size", "quantitative"), tooltip=pointer,
        ),
        sheet.layer(values, name, **beside, text={"field": "name", "type": "nominal"}),
        sheet.layer(values, under, **beside, text={"field": "under", "type": "nominal"}),
    ]  # fmt: skip
    width = WIDE - _GUTTER - 30 if wide else NARROW - 24
    return sheet.spec(panel(layers, width, {"step": 44 if wide else 58}))
