"""What does a campus of accelerators draw? From their number, its connection or its own hours to power at the plug."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from taotie.errors import RangeError, StudyError, TaotieError
from taotie.files.read import read_bytes
from taotie.grid.demand_series import HourlyDemand, read_hourly_demand
from taotie.grid.time_stamps import clock_text
from taotie.hardware.accelerator import Accelerator
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.hardware.server import highest_draw, host_draw
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.profile import Profile
from taotie.study.clock import course_of_day, local_clock, year_from_january
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import labels
from taotie.workload.daily_shape import single_chat_day

__all__ = ["Campus", "campus"]

Pues = Callable[[Profile], tuple[Figure, Figure]]
"""Mean and worst PUE for a course of the IT load."""


@dataclass(frozen=True, eq=False)
class Campus:
    """What the rooms `workload` and `hardware` hand on for a campus.

    Attributes
    ----------
    it_load : Profile
        Draw of the machines by hour. [MW]
    accelerator_power, host_power : Figure
        Its parts, mean. [MW]
    has_course : bool
        Its hours differ: the busiest is that of its course, not the most its machines can draw.
    """

    it_load: Profile
    accelerator_power: Figure
    host_power: Figure
    has_course: bool = False


class _Part(NamedTuple):
    """A share of the machines with a course of its own: hours with mean 1, mean draw over highest."""

    course: np.ndarray
    load: Figure
    share: Figure | None


@step("it_load", "accelerator_power", "host_power", kinds=("campus",))
def campus(walk: Walk) -> tuple[Profile, Figure, Figure]:
    """Walk the rooms `workload` and `hardware`.

    Raises
    ------
    StudyError
        If the study names neither a number of accelerators, nor a power, nor hours of its own; or an accelerator
        without a published power.
    """
    given = walk.study.workload
    pues = walk.pues_of
    assert pues is not None
    told = [
        name
        for name, value in (("accelerators", given.accelerators), ("power", given.power))
        if value is not None
    ]
    if len(told) == 2:
        raise _wrong(walk, _("accelerators and power are both given."), _("leave one of them out"))
    if not told and given.load is None:
        raise _wrong(walk, _("a campus needs accelerators."), _('accelerators = 100000, or power = "300 MW", or load = "hours.csv"'))  # fmt: skip
    with walk.at("compute"):
        name = walk.choice(
            "compute.accelerator",
            walk.study.compute.accelerator,
            "h100-sxm",
            N_("the accelerator most delivered in 2023 and 2024"),
        )
        chip = accelerator_named(name)
        chip.rated_power_w()  # refuses an accelerator without a published power
    with walk.at("workload"):
        parts = _parts(walk) if given.load is None else []
        made = _of_hours(walk, chip, given.load, pues) if given.load is not None else None
    if made is None:
        with walk.at("compute"):
            made = _of_machines(walk, chip, parts, pues)
    walk.has_course = made.has_course
    return made.it_load, made.accelerator_power, made.host_power


def _wrong(walk: Walk, what: str, hint: str) -> StudyError:
    return StudyError([TaotieError(f"{walk.file.path} [workload]: {what}", hint)])


# ---- machines and their course ------------------------------------------------------------------------


def _parts(walk: Walk) -> list[_Part]:
    given = walk.study.workload
    mix = walk.file.given("workload.training_share")
    shape = None
    if given.daily_shape is not None:
        shape = np.asarray(given.daily_shape, float)
        if (shape <= 0).any():
            raise RangeError(
                _("a campus draws power at every hour: machines that wait draw a quarter of their highest."),
                _("give 24 values above 0, such as the hourly mean in MW"),
            )  # fmt: skip
        shape = shape / shape.mean()
    flat = np.ones(24)
    if mix is None:
        if shape is None:
            return [_Part(flat, _load_factor(walk), None)]
        return [_Part(shape, _of_the_day(walk, shape), None)]
    if given.load_factor is not None:
        raise RangeError(
            _("load_factor and training_share are both given."),
            _("the mix has a load of each part"),
        )
    course = shape if shape is not None else single_chat_day().share * 24.0
    if shape is None:
        walk.choice(
            "workload.daily_shape",
            None,
            "built-in",
            N_("answering follows the course of a chat day; training draws the same all day"),
        )
    training = walk.keep("training_share", mix, N_("Share of the accelerators that train"))
    return [
        _Part(flat, _assumed(walk, "training_load", 0.8, 0.92, 1.0, N_("training runs near the highest draw; failures and checkpoints pull it down")), training),
        _Part(course, _assumed(walk, "answering_top", 0.45, 0.65, 0.9, N_("machines that answer draw 0.45 to 0.9 of their highest in the busiest hour")) * exact(1.0 / float(course.max()), "1", "mean_over_busiest"), exact(1.0, "1", "all") - training),
    ]  # fmt: skip


def _assumed(walk: Walk, name: str, low: float, mode: float, high: float, reason: str) -> Figure:
    made = leaf(
        f"assumed.campus_{name}", low=low, mode=mode, high=high, unit="1", kind="assumed", note=reason,
        label=labels({"training_load": N_("Mean draw over highest of machines that train"), "answering_top": N_("Busiest draw over highest of machines that answer")}[name]),
    )  # fmt: skip
    from taotie.quantity.wording import value_text
    from taotie.study.result import Default
    from taotie.words.said import Said, in_each_language

    text = in_each_language(lambda: value_text(made))["en"]
    walk.defaults.append(
        Default(f"workload.{name}", text, made, Said(f"default.workload.{name}", reason))
    )
    return made


def _load_factor(walk: Walk) -> Figure:
    return walk.figure(
        "workload.load_factor",
        lambda: leaf(
            "assumed.campus_load_factor",
            low=0.6, mode=0.85, high=1.0, unit="1", kind="assumed",
            note=(
                N_("mean draw over the highest measured draw of a server; training runs near the top, serving and "
                "failures pull it down (8.4 kW at most of 10.2 kW rated: latif2025)")
            ),
            label={"en": "Mean draw over highest measured draw", "zh": "平均功耗与实测最高功耗之比"},
        ),
        N_("mean draw over the highest measured draw: 0.6 to 1, most likely 0.85"),
    )  # fmt: skip


def _of_the_day(walk: Walk, shape: np.ndarray) -> Figure:
    """Mean draw over highest of a given course: as given, or its busiest hour is what a campus usually reaches."""
    over = float(shape.max())
    if walk.study.workload.load_factor is not None:
        load = _load_factor(walk)
        if load.to("1").samples.max() * over > 1.0 + 1e-9:
            raise RangeError(
                _("load_factor={value} puts the busiest hour at {top} times the highest draw.").format(
                    value=f"{load.p50:.3g}", top=f"{load.to('1').samples.max() * over:.3g}"
                ),
                _("at most {most} with this course").format(most=f"{1 / over:.3g}"),
            )  # fmt: skip
        return load
    return _load_factor(walk) * exact(1.0 / over, "1", "mean_over_busiest")


def _of_machines(walk: Walk, chip: Accelerator, parts: list[_Part], pues: Pues) -> Campus:
    power = walk.file.given("workload.power")
    around = host_draw(chip)
    per = exact(1.0, "1/accelerator", "per_accelerator")
    tdp = figure(f"accelerators/{chip.name}/tdp") * per
    host = around.most / exact(float(around.accelerators), "accelerator", "in_server")
    most = highest_draw(chip)
    if power is not None:
        courses = sum(
            p.course * p.load.p50 * (1.0 if p.share is None else p.share.p50) for p in parts
        )
        one = leaf("unit_load", value=1.0, unit="MW", boundary="server", kind="defined")
        _mean, worst = pues(Profile(((np.asarray(courses), one),)))
        connection = power if power.boundary is None else _unbound(walk, power)
        count = walk.keep(
            "accelerators",
            (connection / worst / most).to("accelerator"),
            N_("Accelerators installed"),
        )
        walk.note(
            "power_is_connection",
            N_("The power given is the connection: the most the campus draws at its meter."),
        )
    else:
        given = walk.file.given("workload.accelerators")
        assert given is not None
        count = walk.keep("accelerators", given, N_("Accelerators installed"))
    loads: Figure | None = None
    terms = []
    for part in parts:
        load = part.load if part.share is None else part.share * part.load
        loads = load if loads is None else loads + load
        drawn = (count * tdp * load).to("MW").with_boundary("accelerator")
        own = (count * host * load).to("MW").with_boundary("server")
        terms.append((part.course, drawn.joined("server", own)))
    assert loads is not None
    accelerator_power = walk.keep(
        "power_accelerators",
        (count * tdp * loads).to("MW").with_boundary("accelerator"),
        N_("Accelerators"),
    )
    host_power = walk.keep(
        "power_host",
        (count * host * loads).to("MW").with_boundary("server"),
        N_("Host: processors, memory, fans, network"),
    )
    it_power = walk.keep(
        "mean_it_power",
        accelerator_power.joined("server", host_power),
        N_("Mean draw of the machines"),
    )
    walk.keep(
        "highest_it_power",
        (count * most).to("MW").with_boundary("server"),
        N_("Highest draw of the machines, all of them busy"),
    )
    has_course = any(np.ptp(p.course) > 0 for p in parts)
    series = tuple(terms) if len(parts) > 1 else ((parts[0].course, it_power),)
    return Campus(
        Profile(series, label=labels(N_("IT load by hour"))),
        accelerator_power,
        host_power,
        has_course,
    )


def _unbound(walk: Walk, power: Figure) -> Figure:
    raise RangeError(
        _("power is the connection at the meter; it takes no boundary."),
        _("leave boundary out"),
    )


# ---- a load of one's own ------------------------------------------------------------------------------


def _of_hours(walk: Walk, chip: Accelerator, name: str, pues: Pues) -> Campus:
    """A campus whose load at the meter was measured, hour by hour."""
    path = (walk.file.path.parent / name).resolve()
    found = read_hourly_demand(path)
    for said in found.told:
        walk.heed(said)
    if len(found.areas) != 1:
        raise RangeError(
            _("{path} holds {n} columns of load, not one.").format(path=name, n=len(found.areas)),
            _("keep a column of hours and one of MW at the meter"),
        )
    walk.files.append(
        {
            "name": name,
            "sha256": hashlib.sha256(read_bytes(path)).hexdigest(),
            "bytes": path.stat().st_size,
            "role": "load",
        }
    )
    if found.without_unit:
        walk.warn(
            "unit_taken",
            N_("column {name} of {path} names no unit: it is taken to be in MW"),
            name=found.without_unit[0],
            path=name,
        )
    found = _on_local_clock(walk, found, name)
    series = np.asarray(found.demand_mw[:, 0], float)
    if (series <= 0).any():
        raise RangeError(
            _("{path}: a campus draws power at every hour; row {row} holds {value} MW.").format(
                path=name, row=int(np.flatnonzero(series <= 0)[0]) + 1, value=f"{series.min():g}"
            ),
            _("a meter that was not read is missing, not 0"),
        )
    given = {k: walk.file.given(f"workload.{k}") for k in ("accelerators", "power", "load_factor", "training_share")}  # fmt: skip
    idle = next((k for k in ("load_factor", "training_share") if given[k] is not None), None)
    if idle is not None or walk.study.workload.daily_shape is not None:
        raise RangeError(
            _("load and {name} are both given.").format(name=idle or "daily_shape"),
            _("hours of its own have their course"),
        )
    mean, top = float(series.mean()), float(series.max())

    def own(key: str, value: float, label: str) -> Figure:
        return leaf(
            f"study.workload.load.{key}", value=value, unit="MW", kind="measured",
            note=N_("{n} steps of the file {name}").format(n=len(series), name=path.name), label=labels(label),
        )  # fmt: skip

    walk.day_of_hours = course_of_day(found, series)
    shape = year_from_january(found, series) / mean
    one = leaf("unit_load", value=1.0, unit="MW", boundary="server", kind="defined")
    pue, worst = pues(Profile(((shape, one),), found.step_h))
    meter = own("mean", mean, N_("Mean load at the meter"))
    highest = own("highest", top, N_("Highest load at the meter"))
    connection = given["power"] or highest
    if connection.to("MW").p50 < top:
        walk.warn(
            "above_connection",
            N_("The highest hour, {top} MW, is above the connection of {power} MW."),
            top=f"{top:.4g}",
            power=f"{connection.to('MW').p50:.4g}",
        )
    it_power = walk.keep(
        "mean_it_power", (meter / pue).with_boundary("server"), N_("Mean draw of the machines")
    )
    walk.keep(
        "highest_it_power",
        (connection / worst).with_boundary("server"),
        N_("Highest draw of the machines, all of them busy"),
    )
    with walk.at("compute"):
        around = host_draw(chip)
        tdp = figure(f"accelerators/{chip.name}/tdp")
        host = around.most / exact(float(around.accelerators), "1", "accelerators_per_server")
        part = (tdp / (tdp + host)).to("1")
        count = given["accelerators"] or (connection / worst / highest_draw(chip)).to("accelerator")
        walk.keep("accelerators", count, N_("Accelerators installed"))
        accelerators = walk.keep(
            "power_accelerators",
            ((meter / pue) * part).with_boundary("accelerator"),
            N_("Accelerators"),
        )
        rest = walk.keep(
            "power_host",
            ((meter / pue) * (exact(1.0, "1", "whole") - part)).with_boundary("server"),
            N_("Host: processors, memory, fans, network"),
        )
    covered = found.n_year
    if covered < 1:
        walk.warn(
            "hours_stand_for_year",
            N_("The hours given are {share} % of a year and stand for all of it."),
            share=f"{100 * covered:.2g}",
        )
    return Campus(
        Profile(((shape, it_power),), found.step_h, labels(N_("IT load by hour"))),
        accelerators,
        rest,
        True,
    )


def _on_local_clock(walk: Walk, found: HourlyDemand, name: str) -> HourlyDemand:
    """The load by the clock of its place, where its stamps name a zone: weather and intensities by hour are local."""
    if not found.zoned:
        return found
    offset = local_clock(walk)
    if offset is None and found.offset_h is not None:
        walk.note(
            "load_on_own_clock",
            N_(
                "The clock of the place is not known: the hours of {path} are those of its own zone, {clock}, all year."
            ),
            path=name,
            clock=clock_text(found.offset_h),
        )
        return found.on_clock(found.offset_h)
    if offset is None:
        walk.warn(
            "load_in_utc",
            N_("The times of {path} name a zone, and the clock of the place is not known: its hours are those of UTC."),
            path=name,
        )  # fmt: skip
        return found
    walk.note(
        "load_on_local_clock",
        N_("The times of {path} name a zone: its hours are put on the clock of the place, {clock}, standard time all year as weather has it."),
        path=name,
        clock=clock_text(offset),
    )  # fmt: skip
    return found.on_clock(offset)
