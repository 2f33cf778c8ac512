"""What does a service of pictures, films or embeddings draw? From one item to whole machines and their load by hour."""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.compute.energy.item_energy import checked_parallel
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.lift import lifted
from taotie.quantity.profile import Profile
from taotie.study.asked import day_of, requests_per_day
from taotie.study.one_item import ItemParts
from taotie.study.request_parts import idle_draw
from taotie.study.service_machines import ChatService, load_by_hour, machines_kept
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _

__all__ = ["item_service", "items_together", "machines_of_an_item", "whole_groups"]


@lifted(
    requests_per_day="request/d", held_s="accelerator s/request", utilization="1", peak_over_mean="1",
    returns="1", boundary=None, kind="modelled",
)  # fmt: skip
def whole_groups(
    requests_per_day: Any,
    held_s: Any,
    utilization: Any,
    peak_over_mean: Any,
    *,
    accelerators: int,
    redundancy: int = 0,
) -> Any:
    """Groups of accelerators that make items together, whole and at least one.

    Parameters
    ----------
    requests_per_day, held_s : array_like
        [request/d, accelerator s/request]
    utilization : array_like
        Share of the time in which they work in the busiest hour, above 0 and at most 1. [1]
    peak_over_mean : array_like
        Busiest hour over the mean hour. [1]
    accelerators, redundancy : int
        Of a group; groups held ready beyond the load.

    Raises
    ------
    RangeError
        If a utilization is outside 0..1.

    Notes
    -----
    ``groups = max(1, ceil(rate peak held / (n utilization))) + redundancy``

    Examples
    --------
    Ten pictures a second of two seconds each, machines busy at most half of the time:

    >>> float(whole_groups(864_000.0, 2.0, 0.5, 1.0, accelerators=1))
    40.0
    """
    used = np.asarray(utilization, dtype=np.float64)
    if not np.all((used > 0) & (used <= 1)):
        raise RangeError(_("a utilization must lie above 0 and at most at 1."))
    rate = np.asarray(requests_per_day, dtype=np.float64) / 86_400.0 * peak_over_mean
    wanted = np.ceil(rate * np.asarray(held_s, dtype=np.float64) / (accelerators * used) - 1e-9)
    return np.maximum(wanted, 1.0) + float(redundancy)


def machines_of_an_item(walk: Walk, default: str, reason: str) -> tuple[str, int]:
    """Accelerator, and how many of them make an item together.

    Raises
    ------
    RangeError, UnknownNameError
        If nobody makes one on so many, or the name is not known.
    """
    given = walk.study.compute
    chip = walk.choice("compute.accelerator", given.accelerator, default, reason)
    each = walk.choice(
        "compute.accelerators_per_replica",
        given.accelerators_per_replica,
        1,
        N_("one accelerator makes an item"),
    )
    return accelerator_named(chip).name, checked_parallel(int(each))


def items_together(walk: Walk) -> float:
    """Items made together.

    Raises
    ------
    RangeError
        If the study leaves them to the load: no queue of items is modelled.
    """
    given = walk.study.compute.batch_size
    if isinstance(given, str):
        raise RangeError(
            _("batch_size={value} is for language models.").format(value=repr(given)),
            "batch_size = 1",
        )
    return float(
        walk.choice(
            "compute.batch_size",
            given,
            1.0,
            N_("one at a time, as an interactive service makes them"),
        )
    )


def item_service(walk: Walk, parts: ItemParts, accelerators: int) -> tuple[ChatService, Profile]:
    """Energy of an item at the plug, waiting machines included, and the load by hour."""
    for one in parts.said:
        walk.say(one)
    with walk.at("workload"):
        per_day = requests_per_day(walk)
        day, peak = day_of(walk)
    chip = accelerator_named(parts.chip)
    with walk.at("compute"):
        utilization = walk.figure(
            "compute.utilization",
            lambda: leaf(
                "assumed.utilization_of_items", low=0.5, mode=0.7, high=0.9, unit="1", kind="assumed",
                note=N_("share of the busiest hour in which machines that make items work; services do not publish it"),
                label={"en": "Utilization at the busiest hour", "zh": "高峰小时利用率"},
            ),
            N_("machines that make one item after the other work half to nine tenths of the busiest hour"),
        )  # fmt: skip
        redundancy = walk.choice(
            "compute.redundancy",
            walk.study.compute.redundancy,
            0,
            N_("no replica is held ready beyond the load"),
        )
        groups = walk.figures["replicas"] = whole_groups(
            per_day, parts.held, utilization, peak, accelerators=accelerators, redundancy=redundancy,
        )  # fmt: skip
        count = exact(float(accelerators), "accelerator", "accelerators_per_replica")
        there = groups * count * exact(86_400.0, "s/d", "seconds_of_a_day") / per_day
        each = idle_draw(chip, 1) / exact(1.0, "accelerator", "one_accelerator")
        idle = ((there - parts.held) * each).to("Wh/request").with_boundary("server")
        found = {"accelerator": parts.accelerator, "host": parts.host, "idle": idle}
        course = _course(day.share * 24.0, found, parts.held, there)
        plug = parts.accelerator.joined("server", parts.host + idle)
        waiting = machines_kept(
            walk, chip, groups, accelerators, (per_day * plug).to("W"), course, redundancy=redundancy,
        )  # fmt: skip
        if waiting is not None:
            idle = idle + (waiting / per_day).to("Wh/request").with_boundary("server")
        named = {
            "accelerator": walk.keep(
                "energy_per_request_accelerator",
                parts.accelerator,
                N_("Energy per request, accelerators alone"),
            ),
            "host": walk.keep(
                "energy_host", parts.host, N_("Host: processors, memory, fans, network")
            ),
            "idle": walk.keep("energy_idle", idle, N_("Waiting servers")),
        }
        server = walk.keep(
            "energy_per_request_server",
            named["accelerator"].joined("server", named["host"] + named["idle"]),
            N_("Energy per request at the server's plug"),
        )
        it_load = load_by_hour(walk, per_day, server, course)
    return ChatService(server, named, it_load), it_load


def _course(
    course: np.ndarray, parts: dict[str, Figure], held: Figure, there: Figure
) -> np.ndarray:
    """Draw by hour over its mean: who works follows the course of the day, the others wait. Shape (24,)."""
    active = parts["accelerator"].p50 + parts["host"].p50
    busy = held.to("accelerator s/request").p50
    all_of_it = there.to("accelerator s/request").p50
    waiting = np.maximum(all_of_it - busy * course, 0.0)
    level = parts["idle"].p50 / max(all_of_it - busy, 1e-12)
    shape = course * active + waiting * level
    return np.asarray(shape / shape.mean())
