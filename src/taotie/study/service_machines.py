"""Which machines does a service hold, what do they draw at most, and how does its draw run over the day? [1, MW]"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from taotie.hardware.accelerator import Accelerator
from taotie.hardware.server import server_of
from taotie.quantity.figure import Figure, exact
from taotie.quantity.profile import Profile
from taotie.study.request_parts import highest_draw
from taotie.study.steps.walk import Walk
from taotie.words.language import N_
from taotie.words.said import labels

__all__ = ["ChatService", "load_by_hour", "machines_kept"]


@dataclass(frozen=True)
class ChatService:
    """What the rooms `workload` and `compute` hand on for a chat service.

    Attributes
    ----------
    server_energy : Figure
        Energy of the mean request at the server. [Wh/request]
    parts : mapping of str to Figure
        What it is made of: prefill, decode and their sum accelerator; host, idle. [Wh/request]
    it_load : Profile
        Draw of the machines by hour. [MW]
    request_quantiles_wh : ndarray of shape (101,), or None
        Quantiles 0 to 100 % over requests, accelerators alone; None where they are not known. [Wh]
    """

    server_energy: Figure
    parts: Mapping[str, Figure]
    it_load: Profile
    request_quantiles_wh: np.ndarray | None = None


def machines_kept(
    walk: Walk,
    chip: Accelerator,
    replicas: Figure,
    accelerators_per_replica: int,
    readers: tuple[Accelerator, Figure, int] | None = None,
) -> None:
    """Keep accelerators and servers of the whole replicas, and what they draw at most.

    `readers` are chip, replicas and accelerators of one, of a pool that only reads prompts.
    """
    count, boxes, most = _held(chip, replicas, accelerators_per_replica, "")
    if readers is not None:
        beside = _held(*readers, "_of_readers")
        count, boxes, most = count + beside[0], boxes + beside[1], most + beside[2]
    walk.keep("accelerators", count, N_("Accelerators in service"))
    walk.keep("servers", boxes, N_("Servers in service"))
    walk.keep(
        "highest_it_power",
        most.with_boundary("server"),
        N_("Highest draw of the machines, all of them busy"),
    )


def _held(
    chip: Accelerator, replicas: Figure, accelerators_per_replica: int, of: str
) -> tuple[Figure, Figure, Figure]:
    """Accelerators and servers of a pool, and what they draw at most."""
    per = exact(float(accelerators_per_replica), "accelerator", f"accelerators_per_replica{of}")
    each = exact(
        float(server_of(chip).accelerators), "accelerator/server", f"accelerators_in_server{of}"
    )
    count = replicas * per
    return count, count / each, (count * highest_draw(chip)).to("MW")


def load_by_hour(
    walk: Walk, requests_per_day: Figure, server_energy: Figure, shape: np.ndarray
) -> Profile:
    """The day's mean draw, spread over the hours: `shape` of mean 1, shape (24,). [MW]"""
    daily = walk.keep(
        "daily_energy_server",
        (requests_per_day * server_energy).to("MWh/d"),
        N_("Electricity of the servers in a day"),
    )
    walk.keep(
        "mean_power_per_server",
        (daily / walk.figures["servers"]).to("kW/server"),
        N_("Mean draw of a server in service"),
    )
    power = walk.keep(
        "mean_it_power",
        (requests_per_day * server_energy).to("MW"),
        N_("Mean draw of the machines"),
    )
    return Profile(((shape, power),), label=labels(N_("IT load by hour")))
