"""What does the simulation page draw of the promise? What speed costs in joules, and how long users wait."""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.answer.parts.simulation import PromiseCurve, ServiceLevel
from taotie.app.charts import theme
from taotie.app.charts.picture import Cell, DataTable, Picture, amount, sentences
from taotie.app.charts.simulation_charts import SOURCE, percent
from taotie.app.charts.vega_lite import (
    EDGE,
    Sheet,
    below,
    beside,
    both,
    five,
    log_x,
    panel,
    panel_width,
    quantity,
    tips,
    y_axis,
)
from taotie.quantity.wording import number
from taotie.words.language import _


def promised_line(
    sheet: Sheet, line: float, unit: str, low: float, high: float, y: int, baseline: str
) -> list[dict[str, Any]]:
    """The promise as an upright line, with its words on the side that has room."""
    words = _("promise: {value}").format(value=amount(line, unit, 3))
    right = bool(np.log(line / low) > 0.55 * np.log(high / low))
    rows = [{"x": line, "words": words}]
    text = {
        "type": "text", "align": "right" if right else "left", "dx": -5 if right else 5, "baseline": baseline, "color": theme.BLUE,
    }  # fmt: skip
    return [
        sheet.layer(rows, {"type": "rule", "color": theme.BLUE, "strokeWidth": 1.6}, x=quantity("x")),
        sheet.layer(rows, text, x=quantity("x"), y={"value": y}, text={"field": "words", "type": "nominal"}),
    ]  # fmt: skip


def promise_picture(curve: PromiseCurve) -> Picture:
    """Energy per request against latency for fleets around the chosen one."""
    level = curve.level
    quantile = f"{number(100 * curve.share, 4)} %"
    kept_word, broken_word = _("keeps the promise"), _("breaks it")
    rows: list[dict[str, Cell]] = [
        {
            "replicas": p.replicas, "energy": p.energy_per_request_j, "ttft": p.ttft_s, "tpot": 1e3 * p.tpot_s,
            "kept": None if p.kept is None else 100 * p.kept, "power": p.mean_power_w / 1e3,
        }
        for p in curve.points
    ]  # fmt: skip
    labelled = _apart([p.replicas for p in curve.points], curve.chosen)
    values = [
        {
            "n": p.replicas, "energy": five(p.energy_per_request_j), "ttft": five(p.ttft_s), "tpot": five(1e3 * p.tpot_s),
            "kept": "" if p.kept is None else percent(p.kept), "chosen": p.replicas == curve.chosen,
            "label": str(p.replicas) if p.replicas in labelled else "",
            "holds": kept_word if p.kept is None or level is None or p.kept >= level.share else broken_word,
        }
        for p in curve.points
    ]  # fmt: skip
    chosen = [v for v in values if v["chosen"]]
    panels = [
        ("ttft", _("time to first token, {q} of requests within [s]").format(q=quantile), 1.0),
        ("tpot", _("time per later token, {q} of requests within [ms]").format(q=quantile), 1e3),
    ]
    energies = [p.energy_per_request_j for p in curve.points]
    top = 1.12 * max(energies)

    def make(wide: bool) -> dict[str, Any]:
        sheet = Sheet()
        width = (panel_width(True) - EDGE - 40) // 2 if wide else panel_width(False)
        y = quantity("energy", axis=y_axis(_("J per request")), scale={"domain": [0, top], "nice": False})  # fmt: skip
        pointer = tips(
            ("n", _("replicas")), ("energy", _("J per request")), ("ttft", "TTFT [s]"), ("tpot", "TPOT [ms]"), ("kept", _("promise kept")),
            words=["kept"],
        )  # fmt: skip
        kept = {"domain": [kept_word, broken_word], "range": [theme.AMBER_DEEP, theme.GREY]}
        drawn = []
        for i, (key, title, scale) in enumerate(panels):
            line = None
            if level is not None:
                line = {"ttft": level.ttft_s, "tpot": level.tpot_s}[key] * scale
                line = line if np.isfinite(line) else None
            seen = [float(v[key]) for v in values if v[key]] + ([line] if line else [])  # type: ignore[arg-type]
            low, high = (min(seen) / 1.25, max(seen) * 1.3) if seen else (0.1, 10.0)
            place = {"x": log_x(key, title, low, high, wide), "y": y}
            unit = "s" if scale == 1 else "ms"
            layers = promised_line(sheet, line, unit, low, high, 2, "top") if line else []
            legend = {"orient": "top", "title": None} if level is not None and i == 0 else None
            colour = {"field": "holds", "type": "nominal", "legend": legend, "scale": kept}
            ring = {"type": "point", "filled": False, "size": 260, "strokeWidth": 2, "color": theme.INK, "opacity": 1}  # fmt: skip
            text = {"type": "text", "dy": -15, "color": theme.INK, "fontSize": 11}
            layers += [
                sheet.layer(values, {"type": "line", "color": theme.AMBER, "strokeWidth": 1.6}, **place, order=quantity("n")),
                sheet.layer(values, {"type": "point", "filled": True, "size": 70, "opacity": 1}, **place, color=colour, tooltip=pointer),
                sheet.layer(chosen, ring, **place),
                sheet.layer(values, text, **place, text={"field": "label", "type": "nominal"}),
            ]  # fmt: skip
            drawn.append(panel(layers, width, 270 if wide else 210))
        return sheet.spec(beside(drawn, 40 + EDGE) if wide else below(drawn, 70))

    drawn = both(make)
    finding = [_promise_finding(curve, quantile)]
    how = [
        _(
            "The same requests simulated on {n} fleets of {low} to {high} replicas; the number at each point is that of replicas, the ring marks the chosen fleet."
        ).format(n=len(curve.points), low=curve.points[0].replicas, high=curve.points[-1].replicas)
    ]
    if curve.n_request < curve.n_all:
        how.append(
            _(
                "{n} of the {all} requests were used: equal stretches of the time, joined, at their own rate and on whole fleets. Long overloads look shorter than they are."
            ).format(n=number(curve.n_request, 4), all=number(curve.n_all, 4))
        )
    columns = {"replicas": _("replicas"), "energy": _("J per request"), "ttft": f"TTFT {quantile} [s]", "tpot": f"TPOT {quantile} [ms]", "power": _("mean power [kW]")}  # fmt: skip
    columns |= {} if level is None else {"kept": _("promise kept [%]")}
    return Picture(
        name="promise",
        title=promise_title(level),
        finding=sentences(*finding),
        alt=finding[0],
        method=sentences(*how),
        table=DataTable(columns, tuple(rows)),
        sources=(SOURCE,),
        **drawn,
    )


def promise_title(level: ServiceLevel | None) -> str:
    """Heading of the picture, with a promise and without."""
    return _("What the promise costs") if level is not None else _("What shorter waits cost")


def _apart(sizes: list[int], chosen: int) -> set[int]:
    """Sizes whose labels do not hide each other: the chosen one, the ends, and those 12 % apart."""
    kept: list[int] = []
    for n in sorted(sizes, key=lambda n: (n != chosen, n not in (sizes[0], sizes[-1]), n)):
        if all(max(n, m) >= 1.12 * min(n, m) for m in kept):
            kept.append(n)
    return set(kept)


def _promise_finding(curve: PromiseCurve, quantile: str) -> str:
    """What more or fewer replicas than chosen cost and give."""
    here = next(p for p in curve.points if p.replicas == curve.chosen)
    more = [p for p in curve.points if p.replicas > curve.chosen]
    if not more:
        return _("A fleet of {n} takes {j} J per request.").format(
            n=curve.chosen, j=number(here.energy_per_request_j, 3)
        )
    other = more[-1]
    return _(
        "A fleet of {n}: {j} J per request, {q} of the first tokens within {a} s. A fleet of {m}: {k} J ({change}), within {b} s."
    ).format(
        n=curve.chosen, j=number(here.energy_per_request_j, 3), q=quantile, a=number(here.ttft_s, 3), m=other.replicas,
        k=number(other.energy_per_request_j, 3), b=number(other.ttft_s, 3),
        change=f"{100 * (other.energy_per_request_j / here.energy_per_request_j - 1):+.0f} %".replace("-", "−"),
    )  # fmt: skip


# ---- latency ---------------------------------------------------------------------------------------------


def latency_picture(
    ttft: tuple[Any, Any], tpot: tuple[Any, Any], level: ServiceLevel | None, attained: float | None
) -> Picture:
    """Cumulative distribution of both latencies, with the promise."""
    panels = [
        ("TTFT", _("time to first token [s]"), ttft[0], ttft[1], None if level is None else level.ttft_s, 1.0, "s"),
        ("TPOT", _("time per later token [ms]"), 1e3 * tpot[0], tpot[1], None if level is None else level.tpot_s, 1e3, "ms"),
    ]  # fmt: skip
    panels = [p for p in panels if len(p[2]) and p[2][-1] > 0]

    def make(wide: bool) -> dict[str, Any]:
        sheet, height = Sheet(), 240 if wide else 190
        width = (panel_width(True) - EDGE - 40) // 2 if wide else panel_width(False)
        y = quantity("y", axis=y_axis(_("% of the requests")), scale={"domain": [0, 100]})
        drawn = []
        for name, title, value, share, promised, scale, unit in panels:
            floor = max(float(value[value > 0].min()), 1e-3 * float(np.median(value)), 1e-9)
            line = promised * scale if promised is not None and np.isfinite(promised) else None
            low, high = floor / 1.1, max(float(value[-1]), line or 0.0) * 1.15
            rows = [
                {"x": five(max(float(v), floor)), "y": five(100 * float(s))}
                for v, s in zip(value, share, strict=True)
            ]
            place = {"x": log_x("x", title, low, high, wide), "y": y}
            pointer = tips(("x", f"{name} [{unit}]"), ("y", "%"))
            layers = [
                sheet.layer(rows, {"type": "line", "color": theme.AMBER_DEEP, "strokeWidth": 2.2}, **place),
                sheet.layer(rows, {"type": "point", "size": 70, "opacity": 0, "filled": True}, **place, tooltip=pointer),
            ]  # fmt: skip
            if line is not None:
                layers += promised_line(sheet, line, unit, low, high, height - 6, "bottom")
            drawn.append(panel(layers, width, height))
        return sheet.spec(beside(drawn, 40 + EDGE) if wide else below(drawn, 60))

    drawn = both(make)
    rows: list[dict[str, Cell]] = [
        {"kind": name, "share": 100 * float(s), "value": float(v), "unit": unit}
        for name, _title, value, share, _p, _scale, unit in panels
        for v, s in zip(value, share, strict=True)
    ]
    finding = _("Half of the first tokens come within {a} s, 99 % within {b} s.").format(
        a=number(_at(ttft, 0.5), 3), b=number(_at(ttft, 0.99), 3)
    )
    if len(tpot[0]):
        later = _(
            "A later token takes {a} ms at the median; 99 % of answers take at most {b} ms each."
        )
        finding = sentences(
            finding,
            later.format(a=number(1e3 * _at(tpot, 0.5), 3), b=number(1e3 * _at(tpot, 0.99), 3)),
        )
    more = ""
    if level is not None and attained is not None:
        more = _("{kept} of the requests keep the promise ({promise}); {want} must.").format(
            kept=percent(attained), promise=level_text(level), want=percent(level.share)
        )
    return Picture(
        name="latency",
        title=_("How long users wait"),
        sources=(SOURCE,),
        finding=sentences(finding, more),
        alt=finding,
        method=_(
            "Time to first token runs from arrival, waiting included; the time per later token is the mean over an answer of at least two tokens. Network and the client's own time are not in it. Logarithmic time axes."
        ),
        table=DataTable(
            {"kind": _("what"), "share": _("% of the requests"), "value": _("at most"), "unit": _("unit")},
            tuple(rows),
        ),
        **drawn,
    )  # fmt: skip


def _at(course: tuple[Any, Any], share: float) -> float:
    value, shares = course
    return float(np.interp(share, shares, value))


def level_text(level: ServiceLevel) -> str:
    """A promise in words."""
    parts = []
    if np.isfinite(level.ttft_s):
        parts.append(_("first token within {t}").format(t=amount(level.ttft_s, "s", 3)))
    if np.isfinite(level.tpot_s):
        parts.append(_("each later one within {t}").format(t=amount(1e3 * level.tpot_s, "ms", 3)))
    if len(parts) == 2:
        return _("{one}, {other}").format(one=parts[0], other=parts[1])
    return parts[0] if parts else _("nothing")
