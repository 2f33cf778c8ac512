"""May the load be cut, what does that buy, and what does it cost? [MW, h/a, USD/MWh]"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.answer.made import computed
from taotie.errors import RangeError
from taotie.grid.flexibility import (
    CallClass,
    WorkClass,
    cut_depth,
    flexible_connection,
    read_room,
    value_of_computing,
)
from taotie.quantity.catalog import source
from taotie.words.language import N_, _, in_language, language
from taotie.words.said import Said

__all__ = ["CALLS", "flex"]

CALLS = (
    CallClass("emergency", 1.0, 4.0, 5, 0.5),
    CallClass("peak_shaving", 0.25, 4.0, 50, 2.0),
    CallClass("long_event", 0.5, 12.0, 10, 24.0),
    CallClass("short_reserve", 0.25, 0.5, 100, 0.17),
)
"""Depth, hours, calls a year and notice of four kinds of call. Own assumption, in the terms that EPRI's classes use."""
CALL_WORDS = {"emergency": N_("emergency"), "peak_shaving": N_("peak shaving"), "long_event": N_("long event"), "short_reserve": N_("short reserve")}  # fmt: skip


def call_word(key: str) -> str:
    """A kind of call in the language in force."""
    return in_language(CALL_WORDS[key], language()) if key in CALL_WORDS else key


EASY, HARD = (0.5, 0.5), (1.5, 2.0)
"""Range of that assumption: what is asked may be so many times as deep and as long. [1]"""
LENGTHS = (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24)


@answers_with("flex")
def flex(
    load_mw: float = 100.0,
    training: float = 0.5,
    batch: float = 0.2,
    *,
    batch_waits_h: float = 24.0,
    training_cap: float = 0.0,
    idle: float = 0.15,
    battery_mw: float = 0.0,
    battery_mwh: float = 0.0,
    room: str | Path | None = None,
    duration_h: float = 4.0,
    calls: float = 50.0,
    energy_share: float = 0.005,
    depth: float | None = None,
    usd_per_hour: float = 2.0,
    kw_per_accelerator: float = 1.275,
) -> Answer:
    """Depth of a cut by its length, classes of calls, and a connection that may be cut.

    Parameters
    ----------
    load_mw : float
        [MW]
    training, batch : float
        Shares of training and of inference that may wait; the rest answers now. [1]
    batch_waits_h : float
        Deadline of what may wait. [h]
    training_cap : float
        Power cap of training while it is cut, over rated power; 0 pauses it. [1]
    idle : float
        What paused machines still draw. [1]
    battery_mw, battery_mwh : float
        [MW, MWh]
    room : path, optional
        Hourly room of the grid, or demand of a region.
    duration_h, calls, energy_share, depth : float
        Longest cut [h], most cuts [1/a], most energy [1] and, if it is not to follow from the load, deepest cut [1].
    usd_per_hour, kw_per_accelerator : float
        Value of an accelerator's hour [USD] and its draw with all around it [kW].

    Raises
    ------
    TaotieError
        In one sentence, for what cannot be.
    """
    if not (load_mw > 0 and math.isfinite(load_mw)):
        raise RangeError(
            _("a load must be above 0 MW, not {mw:g} MW.").format(mw=load_mw), "--load 100"
        )
    for name, value in (("training", training), ("batch", batch)):
        if not 0 <= value <= 1:
            raise RangeError(_("{name}={value} leaves 0..1.").format(name=name, value=value), _("50 % is 0.5"))  # fmt: skip
    if training + batch > 1 + 1e-9:
        raise RangeError(
            _("training and batch add to {total:g}, more than the load.").format(
                total=training + batch
            ),
            "--training 0.5 --batch 0.2",
        )
    classes = (
        WorkClass("training", training, math.inf, training_cap, idle),
        WorkClass("batch", batch, batch_waits_h, 0.0, idle),
        WorkClass("interactive", max(1 - training - batch, 0.0), 0.0),
    )
    share = battery_mw / load_mw
    lasts = battery_mwh / battery_mw if battery_mw > 0 else 0.0

    def depth_at(hours: float) -> tuple[float, list[Any]]:
        return cut_depth(classes, hours, share, lasts)

    value = value_of_computing(usd_per_hour, kw_per_accelerator)
    by_length = []
    for hours in LENGTHS:
        total, parts = depth_at(hours)
        given = {p.name: p.depth for p in parts}
        by_length.append((hours, total * load_mw, *(given.get(k, 0.0) * load_mw for k in ("training", "batch", "interactive", "battery"))))  # fmt: skip
    answered: list[tuple[Any, ...]] = []
    for call in CALLS:
        total, _parts = depth_at(call.duration_h)
        ends = [
            depth_at(call.duration_h * longer)[0] >= min(call.depth * deeper, 1.0) - 1e-9
            for deeper, longer in (EASY, HARD)
        ]
        span = (100 * call.depth * EASY[0], 100 * min(call.depth * HARD[0], 1.0), call.duration_h * EASY[1], call.duration_h * HARD[1])  # fmt: skip
        answered.append((call.name, 100 * call.depth, *span[:2], call.duration_h, *span[2:], call.calls_per_year, call.notice_h, 100 * total, total >= call.depth - 1e-9, *ends))  # fmt: skip
    own_depth, parts = depth_at(duration_h)
    computing = sum(p.depth for p in parts if p.name != "battery")
    figures = {
        "depth": computed("flex.depth", 100 * own_depth, "%", N_("deepest cut of that length"), f"cut of {duration_h:g} h"),
        "reduction": computed("flex.reduction", own_depth * load_mw, "MW", N_("power that can be given back"), f"cut of {duration_h:g} h", "facility"),
        "value_not_computed": computed("flex.value", value, "USD/MWh", N_("cost of a MWh not computed"), "value of an accelerator's hour over its draw", kind="assumed"),
        "cost_of_a_cut": computed("flex.cost", computing * load_mw * duration_h * value, "USD", N_("cost of one such cut"), "what is not computed is lost; work that only waits costs less", kind="modelled"),
    }  # fmt: skip
    told = [
        Said("call_classes", N_("numbers of the calls are assumptions of ours, in the terms of EPRI's Flex MOSAIC (magnitude, timing, duration, frequency), whose classes were not found in print; each is also tried half as deep and long, and half deeper and twice as long: ask your operator")),
        Said("value_assumed", N_("an accelerator's hour is worth {usd:g} USD and draws {kw:g} kW: give your own"), {"usd": usd_per_hour, "kw": kw_per_accelerator}),
    ]  # fmt: skip
    own: dict[str, Any] = {
        "depth": own_depth, "reduction_mw": own_depth * load_mw, "usd_per_mwh_not_computed": value,
        "calls": [
            {
                "name": a[0], "depth": a[1] / 100, "depth_range": [a[2] / 100, a[3] / 100], "duration_h": a[4], "duration_range_h": [a[5], a[6]],
                "calls_per_year": a[7], "notice_h": a[8], "possible": a[9] / 100, "pass": a[10], "pass_at_ends": [a[11], a[12]],
            }
            for a in answered
        ],
        "connection": None,
    }  # fmt: skip
    if room is not None:
        hours_room, peak = read_room(Path(room))
        fit = flexible_connection(hours_room, own_depth if depth is None else depth, duration_h, calls, energy_share)  # fmt: skip
        own["connection"] = vars(fit)
        label = {
            "firm": (fit.firm_mw, N_("connection that is never cut")), "flexible": (fit.flexible_mw, N_("connection that may be cut")),
            "energy_only": (fit.energy_only_mw, N_("if only the energy of cuts were limited")),
        }  # fmt: skip
        for key, (mw, text) in label.items():
            figures[key] = computed(
                f"flex.{key}", mw, "MW", text, "hourly room of the grid", "facility"
            )
        figures["cut_hours"] = computed("flex.cut_hours", fit.hours, "h/a", N_("hours with a cut"), "hourly room of the grid")  # fmt: skip
        figures["lost_a_year"] = computed("flex.lost_a_year", fit.cut_mwh * value, "USD/a", N_("cost of the cuts of a year"), "energy cut times its value")  # fmt: skip
        words = {"depth": N_("depth"), "duration": N_("length"), "calls": N_("number"), "energy": N_("energy"), "room": N_("room")}  # fmt: skip
        told.append(Said("binding", N_("the {what} of the cuts keeps the connection from being larger"), {"what": Said("what", words[fit.binding])}))  # fmt: skip
        if math.isfinite(peak):
            told.append(Said("copper_plate", N_("room is the region's highest demand less its demand: no line, no reserve; an upper bound")))  # fmt: skip
    columns = (
        Column("hours", "h", N_("length")), Column("mw", "MW", N_("deepest cut")), Column("training", "MW", N_("training")),
        Column("batch", "MW", N_("what may wait")), Column("interactive", "MW", N_("what answers now")), Column("battery", "MW", N_("battery")),
    )  # fmt: skip
    call_columns = (
        Column("call", "", N_("kind of call"), call_word), Column("depth", "%", N_("depth asked")), Column("depth_low", "%", N_("least")), Column("depth_high", "%", N_("most")),
        Column("duration_h", "h", N_("length")), Column("duration_low_h", "h", N_("least")), Column("duration_high_h", "h", N_("most")),
        Column("calls", "1/a", N_("calls a year")), Column("notice_h", "h", N_("notice")), Column("possible", "%", N_("depth possible")),
        Column("passed", "", N_("met")), Column("passed_easy", "", N_("met at the least")), Column("passed_hard", "", N_("met at the most")),
    )  # fmt: skip
    return Answer(
        ask="flex",
        settings={
            "load_mw": load_mw, "training": training, "batch": batch, "batch_waits_h": batch_waits_h, "training_cap": training_cap, "idle": idle,
            "battery_mw": battery_mw, "battery_mwh": battery_mwh, "room": Path(room).name if room else None, "duration_h": duration_h,
            "calls": calls, "energy_share": energy_share, "depth": depth, "usd_per_hour": usd_per_hour, "kw_per_accelerator": kw_per_accelerator,
        },
        figures=figures,
        tables={"by_length": Table(columns, tuple(by_length), N_("Deepest cut by its length")), "calls": Table(call_columns, tuple(answered), N_("Kinds of calls"))},
        said=tuple(told),
        more_sources={"epri2026_flex_mosaic": source("epri2026_flex_mosaic").to_dict()},
        limits=(Said("no_backlog", N_("Work put off is taken to be caught up later; the hours after a cut are not looked at.")),),
        own=own,
        show=tuple(figures),
    )  # fmt: skip
