"""How much does a whole training run take, with failures, checkpoints and idle machines? [MWh, h, tCO2e]

`training_energy.py` has the closed form; here a run is described by chips and hours, by operations, or by parameters
and tokens, and the time that is lost comes on top. The same work on processors is held beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from taotie.compute.training.training_energy import (
    training_computation,
    training_emissions_t,
    training_energy_mwh,
    training_hours,
)
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator
from taotie.hardware.server import highest_draw, server_of
from taotie.quantity.catalog import figure, table
from taotie.quantity.figure import Figure, exact
from taotie.quantity.lift import lifted
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = [
    "InterruptedRun",
    "TrainingEstimate",
    "best_checkpoint_interval_h",
    "energy_per_operation_pj",
    "hours_between_failures",
    "interrupted_run",
    "processor_over_accelerator",
    "training_estimate",
]


class InterruptedRun(NamedTuple):
    """Where the hours of a run go.

    Attributes
    ----------
    wall_h : ndarray
        From start to end. [h]
    repeated_h, checkpoint_h, restart_h : ndarray
        Work done twice, pauses to save, time until it runs again. [h]
    """

    wall_h: Any
    repeated_h: Any
    checkpoint_h: Any
    restart_h: Any


def _positive(**values: Any) -> None:
    for name, value in values.items():
        lowest = float(np.min(np.asarray(value, dtype=float)))
        if not (lowest > 0 and math.isfinite(lowest)):
            raise RangeError(_("{name}={value} is not above 0.").format(name=name, value=lowest))


@lifted(
    interruptions="1", accelerators="accelerator", hours="h", returns="accelerator*h", boundary=None
)
def hours_between_failures(interruptions: Any, accelerators: Any, hours: Any) -> Any:
    """Accelerator-hours for each interruption of a run. [accelerator*h]

    Raises
    ------
    RangeError
        If an input is not above 0.

    Notes
    -----
    ``M = N t / k``

    References
    ----------
    .. [1] Source ``grattafiori2024``: 419 interruptions of 16,384 H100 in 54 days, one every three hours.

    Examples
    --------
    >>> each = float(hours_between_failures(419, 16_384, 54 * 24))
    >>> round(each), round(each / 16_384, 1)
    (50677, 3.1)
    """
    _positive(interruptions=interruptions, accelerators=accelerators, hours=hours)
    return np.asarray(accelerators, dtype=float) * hours / interruptions


@lifted(checkpoint_h="h", cluster_mtbf_h="h", returns="h", boundary=None)
def best_checkpoint_interval_h(checkpoint_h: Any, cluster_mtbf_h: Any) -> Any:
    """Hours between checkpoints that lose least (Young's rule). [h]

    Notes
    -----
    ``tau = sqrt(2 delta M)``

    Examples
    --------
    A minute a checkpoint, a failure every three hours:

    >>> round(float(best_checkpoint_interval_h(1 / 60, 3.1)) * 60, 1)
    19.3
    """
    _positive(checkpoint_h=checkpoint_h, cluster_mtbf_h=cluster_mtbf_h)
    return np.sqrt(2.0 * np.asarray(checkpoint_h, dtype=float) * cluster_mtbf_h)


@lifted(
    useful_h="h",
    cluster_mtbf_h="h",
    checkpoint_h="h",
    restart_h="h",
    interval_h="h",
    returns={"wall_h": "h", "repeated_h": "h", "checkpoint_h": "h", "restart_h": "h"},
    boundary=None,
)
def interrupted_run(
    useful_h: Any, cluster_mtbf_h: Any, checkpoint_h: Any, restart_h: Any, interval_h: Any
) -> InterruptedRun:
    """Wall time of a run that fails now and then and starts again at its last checkpoint.

    Parameters
    ----------
    useful_h : array_like
        Hours without any failure. [h]
    cluster_mtbf_h : array_like
        Mean time between failures of the whole cluster. [h]
    checkpoint_h, restart_h : array_like
        Pause of one checkpoint; from a failure to the next step. [h]
    interval_h : array_like
        Work between checkpoints. [h]

    Returns
    -------
    run : InterruptedRun

    Raises
    ------
    RangeError
        If the cluster fails faster than it recovers, or a time is not above 0.

    Notes
    -----
    ``T = U c / (1 - (c tau/2 + R) / M), c = 1 + delta/tau``: each failure loses half an interval on average.

    Examples
    --------
    Llama 3.1's cluster, ten seconds a checkpoint and six minutes a restart: over 90 % is work, as its
    authors print.

    >>> run = interrupted_run(1000.0, 3.1, 10 / 3600, 0.1, 0.13)
    >>> round(1000.0 / float(run.wall_h), 2)
    0.93
    """
    _positive(cluster_mtbf_h=cluster_mtbf_h, interval_h=interval_h, useful_h=useful_h)
    u, m = np.asarray(useful_h, dtype=float), np.asarray(cluster_mtbf_h, dtype=float)
    pause = 1.0 + np.asarray(checkpoint_h, dtype=float) / interval_h
    half = 0.5 * np.asarray(interval_h, dtype=float)
    lost = (pause * half + restart_h) / m
    if not (np.asarray(lost) < 1.0).all():
        raise RangeError(
            _(
                "a failure every {mtbf:.3g} h and {lost:.3g} h lost to each: the run never ends."
            ).format(mtbf=float(np.min(m)), lost=float(np.max(lost * m))),
            _("checkpoint more often, restart faster, or use fewer accelerators"),
        )
    wall = u * pause / (1.0 - lost)
    failures = wall / m
    repeated = failures * half
    return InterruptedRun(wall, repeated, (u + repeated) * (pause - 1.0), failures * restart_h)


@lifted(power_w="W", speed="TFLOP/s", utilization="1", returns="J/TFLOP")
def energy_per_operation_pj(power_w: Any, speed: Any, utilization: Any = 1.0) -> Any:
    """Energy of an operation: pJ a FLOP, or J a TFLOP. [J/TFLOP]

    Raises
    ------
    RangeError
        If speed or utilization is not above 0.

    Notes
    -----
    ``e = P / (F u)``

    Examples
    --------
    H100 at its peak, and a processor of 350 W and 5 TFLOP/s:

    >>> [round(float(energy_per_operation_pj(*x)), 2) for x in ((700, 989), (350, 5))]
    [0.71, 70.0]
    """
    _positive(speed=speed, utilization=utilization)
    return np.asarray(power_w, dtype=float) / (np.asarray(speed, dtype=float) * utilization)


def processor_over_accelerator(name: str = "h100-sxm") -> tuple[Figure, Figure]:
    """Power of an accelerator over that of a server processor, and energy per operation the other way round.

    Returns
    -------
    power_ratio : Figure
        Accelerator over processor, both rated: what the article compares. [1]
    energy_ratio : Figure
        Processor over accelerator for the same work, both at their peak. [1]

    Notes
    -----
    The processor's peak is of 32-bit numbers, the accelerator's of 16-bit ones, as each is used for training.

    Examples
    --------
    Twice the power, and yet a fiftieth to a hundred-and-sixtieth of the energy for the work:

    >>> power, energy = processor_over_accelerator()
    >>> power.p50, bool(50 < energy.p05 < energy.p95 < 170)
    (2.0, True)
    """
    chip = accelerator(name)
    own = exact(chip.rated_power_w(), "W")
    other = figure("taotie_audit.cpu_power")
    each: Figure = energy_per_operation_pj(own, exact(chip.peak_bf16_flop_s / 1e12, "TFLOP/s"))
    slow: Figure = energy_per_operation_pj(other, figure("taotie_training2026.cpu_speed"))
    return own / other, slow / each


@lifted(power_w="W/accelerator", highest_w="W/accelerator", returns="W/accelerator")
def drawn_at_most(power_w: Any, highest_w: Any) -> Any:
    """A mean draw assumed of the rated power, no higher than a server was ever measured to draw. [W/accelerator]

    Notes
    -----
    ``P = min(share x rated, highest measured)``

    Examples
    --------
    0.6 and 0.85 of the 1,275 W rated for an H100, which draws 1,050 W at most:

    >>> drawn_at_most([765.0, 1083.75], 1050.0)
    array([ 765., 1050.])
    """
    return np.minimum(np.asarray(power_w, dtype=float), np.asarray(highest_w, dtype=float))


MACHINES = 1024.0
"""Accelerators where nobody says how many: energy does not hang on it, time does."""
SITE = ("ai_datacenter", "pue")


@dataclass(frozen=True)
class TrainingEstimate:
    """A run and what it took.

    Attributes
    ----------
    figures : dict of str to Figure
        accelerators, hours (useful), wall_hours, accelerator_hours, computation (if known), power, energy_server,
        energy_lost, power_idle (of machines reserved beside, with failures), energy (at the facility), emissions.
    given : tuple of str
        What was said by the caller; the rest is assumed or follows.
    """

    figures: dict[str, Figure]
    accelerator: str
    given: tuple[str, ...]
    rated_w: float
    """Rated power of a server per accelerator. [W/accelerator]"""


def _figure(value: Figure | float | None, unit: str, name: str) -> Figure | None:
    if value is None or isinstance(value, Figure):
        return value
    if not (value > 0 and math.isfinite(value)):
        raise RangeError(_("{name}={value} is not above 0.").format(name=name, value=value))
    return exact(value, unit)


def training_estimate(
    chip: str = "h100-sxm",
    accelerators: Figure | float | None = None,
    hours: Figure | float | None = None,
    computation: Figure | float | None = None,
    parameters: Figure | float | None = None,
    tokens: Figure | float | None = None,
    mfu: Figure | float | None = None,
    pue: Figure | float | None = None,
    power_w: Figure | float | None = None,
    carbon_intensity: Figure | None = None,
    failures: bool = True,
) -> TrainingEstimate:
    """Energy of a run from chips and hours, from operations, or from parameters and tokens.

    Parameters
    ----------
    chip : str
        Which accelerator.
    accelerators, hours : Figure or float, optional
        How many, and how long they worked. [accelerator, h] With hours given, lost time is taken to be inside.
    computation : Figure or float, optional
        Operations of the run. [FLOP]
    parameters, tokens : Figure or float, optional
        Active parameters and tokens seen, instead of `computation`. [parameter, token]
    mfu : Figure or float, optional
        Share of the dense 16-bit peak reached. [1]
    pue : Figure or float, optional
        [1]
    power_w : Figure or float, optional
        Mean draw of a server per accelerator. [W/accelerator]
    carbon_intensity : Figure, optional
        [gCO2e/kWh]
    failures : bool
        Add repeated work, checkpoints, restarts and idle machines where hours are computed.

    Returns
    -------
    estimate : TrainingEstimate

    Raises
    ------
    RangeError
        If neither hours nor work is given, both are, or a value is out of range.

    Examples
    --------
    Llama 3.1 405B by its parameters and tokens: its card has 30.84 million hours.

    >>> made = training_estimate(accelerators=16_384, parameters=405e9, tokens=15.6e12, failures=False)
    >>> hours = made.figures["accelerator_hours"].to("accelerator*h")
    >>> bool(hours.p05 < 30.84e6 < hours.p95)
    True
    """
    n = _figure(accelerators, "accelerator", "accelerators")
    time, work = _figure(hours, "h", "hours"), _figure(computation, "FLOP", "computation")
    size, seen = _figure(parameters, "parameter", "parameters"), _figure(tokens, "token", "tokens")
    if (size is None) != (seen is None):
        raise RangeError(
            _("parameters and tokens are given together or not at all."),
            "--tokens 15e12" if seen is None else "--model deepseek-v3, --params active=70e9",
        )
    ways = [
        name
        for name, v in (("hours", time), ("computation", work), ("tokens", seen))
        if v is not None
    ]
    if not ways:
        raise RangeError(
            _("a run is described in one way, and none is given."),
            _(
                "accelerators and hours (in a study: days), or computation, or parameters and tokens"
            ),
        )
    if len(ways) != 1:
        raise RangeError(
            _("a run is described in one way, not in {n}: {ways}.").format(
                n=len(ways), ways=listing(ways)
            ),
            _("accelerators and hours, or computation, or parameters and tokens"),
        )
    if mfu is not None and time is not None:
        raise RangeError(
            _(
                "mfu says how fast the machines worked, but how long is given already; it would change nothing."
            ),
            _("leave mfu out, or give the work in place of the time"),
        )
    machine = accelerator(chip)
    rated = server_of(machine)
    each = exact(rated.rated_power_w / rated.accelerators, "W/accelerator")
    share = figure("taotie_training2026.power_share")
    draw = _figure(power_w, "W/accelerator", "power_w")
    if draw is None:
        draw = drawn_at_most(each * share, highest_draw(machine))
    if draw.boundary is None:
        draw = draw.with_boundary("server")
    building = _figure(pue, "1", "pue") or table("pue").figure(*SITE)
    out: dict[str, Figure] = {}
    if size is not None and seen is not None:
        work = training_computation(size, seen)
    if time is None:
        assert work is not None
        reached = _figure(mfu, "1", "mfu") or figure("taotie_training2026.mfu")
        if float(np.max(reached.samples)) > 1:
            raise RangeError(
                _("mfu={value} is above 1: no chip exceeds its peak.").format(
                    value=float(np.max(reached.samples))
                ),
                _("40 % is 0.4; a sparse peak is twice the dense one"),
            )
        n = n or exact(MACHINES, "accelerator")
        speed = exact(machine.peak_bf16_flop_s, "FLOP/s/accelerator") * reached
        time = training_hours(work, n, speed)
        out["computation"] = work
    elif n is None:
        raise RangeError(_("hours need a number of accelerators."), "--accelerators 10000")
    assert n is not None
    assert time is not None
    lost: Figure | None = None
    wall: Figure = time
    beside: Figure | None = None
    if failures and hours is None:
        wall, lost, beside = _with_failures(n, time, each, draw)
    out |= {
        "accelerators": n,
        "hours": time.named("training.hours", en="Hours of useful work", zh="有效训练小时"),
        "wall_hours": wall.named(
            "training.wall_hours", en="Hours from start to end", zh="训练总小时"
        ),
        "accelerator_hours": (n * time).named(
            "training.accelerator_hours", en="Accelerator-hours of work", zh="加速器小时"
        ),
        "power": draw.named(
            "training.power",
            en="Mean draw of a server per accelerator",
            zh="每加速器服务器平均功率",
        ),
    }
    useful: Figure = training_energy_mwh(n * time, draw, exact(1.0, "1"))
    server = useful if lost is None else useful + lost
    out["energy_server"] = server.named(
        "training.energy_server", en="Energy of the servers", zh="服务器能耗"
    )
    if lost is not None:
        out["energy_lost"] = lost.named(
            "training.energy_lost",
            en="Of it: failures, checkpoints and idle machines",
            zh="其中:故障、检查点与闲置",
        )
    if beside is not None:
        out["power_idle"] = beside.named(
            "training.power_idle", en="Draw of machines that stand idle", zh="闲置机器的功率"
        )
    facility: Figure = server.at_boundary("facility", building)
    out["energy"] = facility.named("training.energy", en="Energy of the run", zh="训练总能耗")
    if carbon_intensity is not None:
        emitted: Figure = training_emissions_t(facility, carbon_intensity)
        out["emissions"] = emitted.named(
            "training.emissions", en="Emissions of the run", zh="训练排放"
        )
    given = tuple(ways) + tuple(
        name
        for name, v in (
            ("accelerators", accelerators),
            ("mfu", mfu),
            ("pue", pue),
            ("power_w", power_w),
        )
        if v is not None
    )
    return TrainingEstimate(out, machine.name, given, rated.rated_power_w / rated.accelerators)


def _with_failures(
    n: Figure, time: Figure, rated: Figure, draw: Figure
) -> tuple[Figure, Figure, Figure]:
    """Hours from start to end, energy of what was not useful work, draw of machines that stand idle. [h, MWh, W]"""
    get = "taotie_training2026.{}".format

    def llama(name: str) -> Figure:
        return figure(f"grattafiori2024.{name}")

    between: Figure = hours_between_failures(
        llama("interruptions_405b"), llama("accelerators_405b"), llama("days_405b")
    )
    mtbf = (between / n).to("h")
    pause, restart = figure(get("checkpoint_time")), figure(get("restart_time"))
    interval: Figure = best_checkpoint_interval_h(pause, mtbf)
    run = interrupted_run(time, mtbf, pause, restart, interval)
    idle_power = rated.with_boundary("server") * figure(get("idle_power_share"))
    idle_share = figure(get("idle_share"))
    idle_hours = run.checkpoint_h + run.restart_h + run.wall_h * idle_share
    one = exact(1.0, "1")
    twice: Figure = training_energy_mwh(n * run.repeated_h, draw, one)
    waiting: Figure = training_energy_mwh(n * idle_hours, idle_power, one)
    return run.wall_h, twice + waiting, (n * idle_share * idle_power).to("W")
