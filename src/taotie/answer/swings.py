"""How does a load swing, what tames it, and does a utility take it? [MW, Hz, MW/s]"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer, Column, Series, Table
from taotie.answer.asking import answers_with
from taotie.answer.made import computed
from taotie.errors import RangeError
from taotie.facility.swing_filters import (
    DipResponse,
    Filtered,
    battery,
    capacitor,
    dip_response,
    power_floor,
    ramp_limit,
)
from taotie.facility.swings import (
    Band,
    BandResult,
    Swing,
    band_results,
    buffer_energy_mj,
    largest_ramp_mw_per_s,
    read_bands,
    read_waveform,
    spectrum_mw,
    training_waveform,
)
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["EXAMPLE_BANDS", "SwingDetail", "swings"]

EXAMPLE_BANDS: tuple[Band, ...] = (
    Band(0.1, 1.0, None, None, N_("between areas of the grid")),
    Band(1.0, 2.5, None, None, N_("between coupled machines")),
    Band(7.0, 100.0, None, None, N_("torsion of shafts")),
    Band(0.1, 20.0, None, 0.20, N_("example of a cap: 20 % of the peak")),
)
"""Bands of Choukse et al. 2025 (quoted); only the last bears a limit, an example."""
RAMP_WINDOW_S = 0.1


@dataclass(frozen=True)
class SwingDetail:
    """What pictures are drawn from."""

    before: Swing
    after: Swing
    dip: DipResponse | None


@answers_with("swings")
def swings(
    peak_mw: float = 105.0,
    low_mw: float = 45.0,
    period_s: float = 2.0,
    duty: float = 0.7,
    *,
    duration_s: float = 60.0,
    step_s: float = 0.01,
    file: str | Path | None = None,
    checkpoint_every_s: float = 0.0,
    checkpoint_s: float = 0.0,
    fault_at_s: Sequence[float] = (),
    fault_s: float = 30.0,
    idle_mw: float = 0.0,
    jitter: float = 0.0,
    seed: int = 0,
    floor_mw: float | None = None,
    ramp_mw_per_s: float | None = None,
    battery_s: float | None = None,
    battery_mw: float | None = None,
    capacitor_s: float | None = None,
    capacitor_mw: float | None = None,
    bands: str | Path | None = None,
    most_ramp_mw_per_s: float | None = None,
    most_range_mw: float | None = None,
    dip_voltage: float | None = None,
    dip_s: float = 0.1,
    trip_voltage: float = 0.7,
    trip_s: float = 0.02,
    back_after_s: float = 10.0,
    back_mw_per_s: float | None = None,
    ramp_window_s: float = RAMP_WINDOW_S,
) -> Answer:
    """Swing of a training job or a recorded series, behind its filters, against a utility's limits.

    Parameters
    ----------
    peak_mw, low_mw, period_s, duty
        Of the iterations; see `training_waveform`.
    file : path, optional
        A recorded series instead.
    floor_mw, ramp_mw_per_s, battery_s, battery_mw, capacitor_s, capacitor_mw : float, optional
        Filters, applied in this order: floor, ramp, capacitor, battery.
    bands : path, optional
        A utility's bands; default: those of a paper, with an example of a cap.
    most_ramp_mw_per_s, most_range_mw : float, optional
        A utility's ramp [MW/s] and dynamic range [MW].
    dip_voltage : float, optional
        Remaining voltage of a dip. [1]

    Raises
    ------
    TaotieError
        In one sentence, for what cannot be.
    """
    told: list[Said] = []
    if file is not None:
        before = read_waveform(Path(file))
    else:
        before = training_waveform(
            peak_mw, low_mw, period_s, duty, duration_s, step_s, checkpoint_every_s=checkpoint_every_s, checkpoint_s=checkpoint_s,
            fault_at_s=fault_at_s, fault_s=fault_s, idle_mw=idle_mw, jitter=jitter, seed=seed,
        )  # fmt: skip
    fault_s = fault_s if fault_at_s else 0.0  # no fault, no length of it
    limits: Sequence[Band] = EXAMPLE_BANDS
    if bands is not None:
        limits = read_bands(Path(bands))
    else:
        told.append(Said("example_bands", N_("bands of a paper, the cap of 20 % an example: give --bands FILE for those of your utility")))  # fmt: skip
    after, steps = _filtered(
        before, floor_mw, ramp_mw_per_s, capacitor_s, capacitor_mw, battery_s, battery_mw
    )
    found = band_results(after, limits)
    unfiltered = band_results(before, limits)
    up, down = largest_ramp_mw_per_s(after, ramp_window_s)
    ramp = max(up, down)
    swing_mw = after.peak_mw - float(after.power_mw.min())
    checks = [b.passed for b in found if b.passed is not None]
    if most_ramp_mw_per_s is not None:
        checks.append(ramp <= most_ramp_mw_per_s)
    if most_range_mw is not None:
        checks.append(swing_mw <= most_range_mw)
    passed = all(checks) if checks else None
    dip = None
    if dip_voltage is not None:
        dip = dip_response(
            before.mean_mw, dip_voltage, dip_s, trip_voltage=trip_voltage, trip_s=trip_s, back_after_s=back_after_s,
            back_mw_per_s=back_mw_per_s,
            span_s=max(120.0, dip_s + back_after_s + (before.mean_mw / back_mw_per_s if back_mw_per_s else 0.0) + 10.0),
        )  # fmt: skip
        told.append(Said("dip_model", N_("the load trips below {v:g} of the voltage after {s:g} s: your supplies may differ"), {"v": trip_voltage, "s": trip_s}))  # fmt: skip
    if after.duration_s < 10.0 / min(b.low_hz for b in limits):
        told.append(Said("short_series", N_("{s:g} s are less than ten periods of the slowest band: its lines are coarse"), {"s": after.duration_s}))  # fmt: skip
    if after.step_s > 0.5 / max(b.high_hz for b in limits):
        told.append(Said("coarse_step", N_("steps of {s:g} s show nothing above {f:g} Hz"), {"s": after.step_s, "f": 0.5 / after.step_s}))  # fmt: skip
    note = N_("held curve, discrete Fourier transform")

    def one(key: str, value: float, unit: str, label: str) -> Any:
        return computed(f"swings.{key}", value, unit, label, note, "facility")

    figures = {
        "mean": one("mean", after.mean_mw, "MW", N_("mean power")),
        "peak": one("peak", after.peak_mw, "MW", N_("highest power")),
        "range": one("range", swing_mw, "MW", N_("from lowest to highest")),
        "ramp": one("ramp", ramp, "MW/s", N_("steepest ramp")),
        "largest_line": one("largest_line", max(b.mw for b in found), "MW", N_("largest line in a band")),
        "burnt": one("burnt", sum(f.burnt_mw for _n, f in steps), "MW", N_("burnt by filters, mean")),
        "withheld": one("withheld", sum(f.withheld_mw for _n, f in steps), "MW", N_("work put off by filters, mean")),
        "store_power": one("store_power", max((f.store_mw for _n, f in steps), default=0.0), "MW", N_("power of the store")),
        "store_energy": one("store_energy", max((f.store_mj for _n, f in steps), default=0.0) / 3600, "MWh", N_("energy of the store")),
    }  # fmt: skip
    if file is None and not (checkpoint_s or fault_s or jitter):
        figures["buffer"] = one("buffer", buffer_energy_mj(peak_mw, low_mw, duty, period_s) / 3600, "MWh", N_("least buffer to flatten an iteration"))  # fmt: skip
    if dip is not None:
        figures["dip_lost"] = one("dip_lost", dip.lost_mw, "MW", N_("lost in the dip"))
        if math.isfinite(dip.lost_s):
            figures["dip_recovery"] = one(
                "dip_recovery", dip.lost_s, "s", N_("until 95 % are back")
            )
        else:
            told.append(Said("no_recovery", N_("the load does not come back by itself")))
    return Answer(
        ask="swings",
        settings={
            "peak_mw": peak_mw, "low_mw": low_mw, "period_s": period_s, "duty": duty, "duration_s": before.duration_s, "step_s": before.step_s,
            "file": Path(file).name if file else None, "floor_mw": floor_mw, "ramp_mw_per_s": ramp_mw_per_s, "battery_s": battery_s,
            "battery_mw": battery_mw, "capacitor_s": capacitor_s, "capacitor_mw": capacitor_mw, "jitter": jitter, "seed": seed,
            "ramp_window_s": ramp_window_s,
        },
        figures=figures,
        series={"power": Series("MW", after.step_s / 3600, {"job": before.power_mw[:6000], "grid": after.power_mw[:6000]}, "facility")},
        tables={"bands": _table(found, unfiltered), "filters": _filters(steps)},
        said=tuple(told),
        limits=(
            Said("in_step", N_("All machines of the job are taken to swing in step; several jobs would partly cancel.")),
            Said("own_ramp", N_("A ramp is the change between means over {s:g} s; meters of utilities differ."), {"s": ramp_window_s}),
        ),
        own={
            "mean_mw": after.mean_mw,
            "peak_mw": after.peak_mw,
            "ramp_mw_per_s": ramp,
            "ramp_up_mw_per_s": up,
            "ramp_down_mw_per_s": down,
            "range_mw": swing_mw,
            "pass": passed,
            "bands": [
                {"low_hz": b.low_hz, "high_hz": b.high_hz, "mw": b.mw, "limit_mw": b.limit_mw, "pass": b.passed, "at_hz": b.at_hz,
                 "rms_mw": b.rms_mw, "unfiltered_mw": u.mw}
                for b, u in zip(found, unfiltered, strict=True)
            ],
            "dip": None if dip is None else {
                "lost_mw": dip.lost_mw, "recovery_s": dip.lost_s, "rides_through": dip.rides_through, "load_model": dip.load_model,
            },
        },
        show=("mean", "peak", "range", "ramp", "largest_line", "burnt", "withheld", "store_power", "store_energy", "buffer", "dip_lost", "dip_recovery"),
        more_sources=_sources() if bands is None else {},
        detail=SwingDetail(before, after, dip),
    )  # fmt: skip


def _filtered(
    swing: Swing,
    floor_mw: float | None,
    ramp: float | None,
    capacitor_s: float | None,
    capacitor_mw: float | None,
    battery_s: float | None,
    battery_mw: float | None,
) -> tuple[Swing, list[tuple[str, Filtered]]]:
    steps: list[tuple[str, Filtered]] = []
    if capacitor_mw is not None and capacitor_s is None:
        raise RangeError(_("a capacitor of {mw:g} MW needs the time it carries.").format(mw=capacitor_mw), "--capacitor-s 2")  # fmt: skip
    if battery_mw is not None and battery_s is None:
        raise RangeError(_("a battery of {mw:g} MW needs a time constant.").format(mw=battery_mw), "--battery-s 60")  # fmt: skip
    if floor_mw is not None:
        steps.append(("floor", power_floor(swing, floor_mw)))
        swing = steps[-1][1].swing
    if ramp is not None:
        steps.append(("ramp", ramp_limit(swing, ramp)))
        swing = steps[-1][1].swing
    if capacitor_s is not None:
        steps.append(("capacitor", capacitor(swing, capacitor_s, capacitor_mw)))
        swing = steps[-1][1].swing
    if battery_s is not None:
        steps.append(("battery", battery(swing, battery_s, battery_mw)))
        swing = steps[-1][1].swing
    return swing, steps


def _table(found: Sequence[BandResult], unfiltered: Sequence[BandResult]) -> Table:
    columns = (
        Column("band", "Hz", N_("band")), Column("mw", "MW", N_("largest line")), Column("at_hz", "Hz", N_("at")),
        Column("limit_mw", "MW", N_("limit")), Column("passed", "", N_("within it")), Column("unfiltered_mw", "MW", N_("without filters")),
    )  # fmt: skip
    rows = tuple(
        (f"{b.low_hz:g}–{b.high_hz:g}", b.mw, b.at_hz, b.limit_mw, b.passed, u.mw)
        for b, u in zip(found, unfiltered, strict=True)
    )
    return Table(columns, rows, N_("Bands"))


def _filters(steps: Sequence[tuple[str, Filtered]]) -> Table:
    columns = (
        Column("filter", "", N_("filter")), Column("burnt_mw", "MW", N_("burnt")), Column("withheld_mw", "MW", N_("put off")),
        Column("store_mw", "MW", N_("power of the store")), Column("store_mj", "MJ", N_("energy of the store")),
    )  # fmt: skip
    rows = tuple((n, f.burnt_mw, f.withheld_mw, f.store_mw, f.store_mj) for n, f in steps)
    return Table(columns, rows, N_("Filters"))


def _sources() -> dict[str, Any]:
    from taotie.quantity.catalog import source

    return {"choukse2025": source("choukse2025").to_dict()}


def lines_of(swing: Swing) -> tuple[Any, Any]:
    """Spectrum for a picture."""
    return spectrum_mw(swing)
