"""Which machines does a service hold, what do they draw at most, and how does its draw run over the day? [1, MW]"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from taotie.hardware.accelerator import Accelerator
from taotie.hardware.server import highest_draw, server_of
from taotie.quantity.figure import Figure, exact
from taotie.quantity.lift import lifted
from taotie.quantity.profile import Profile
from taotie.study.request_parts import idle_draw
from taotie.study.steps.walk import Walk
from taotie.words.language import N_
from taotie.words.said import labels

__all__ = ["Carrying", "ChatService", "load_by_hour", "machines_kept", "replicas_that_carry"]


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


class Carrying(NamedTuple):
    """Replicas that carry the busiest hour of a service."""

    replicas: Any
    """Whole. [1]"""
    waiting: Any
    """How many of those added wait, mean over the hours. [1]"""


@lifted(
    replicas="1", mean_w="W", highest_w="W", idle_w="W", beside_w="W",
    returns={"replicas": "1", "waiting": "1"}, boundary=None, kind="modelled",
)  # fmt: skip
def replicas_that_carry(
    replicas: Any,
    mean_w: Any,
    highest_w: Any,
    idle_w: Any,
    beside_w: Any,
    *,
    course: Any,
    redundancy: int = 0,
) -> Carrying:
    """Replicas whose highest draw is not below what the requests take in the busiest hour.

    How many a service needs is found of the time that the middle request takes. A request that takes more energy than
    they could draw takes more time, so there are more of them; what is added waits while it is not needed.

    Parameters
    ----------
    replicas : array_like, shape (n_sample,)
        Those found by time. [1]
    mean_w : array_like, broadcastable with it
        Mean draw of all machines over the day. [W]
    highest_w, idle_w : array_like
        Draw of a replica at most and while it waits, its share of the host included. [W]
    beside_w : array_like
        Highest draw of machines beside them, such as a pool that only reads prompts. [W]
    course : array_like, shape (n_hour,)
        Draw by hour over its mean.
    redundancy : int
        Of the replicas, those held ready beyond the load.

    Returns
    -------
    Carrying
        Each of shape (n_sample,).

    Notes
    -----
    ``need(h) = (mean course(h) - beside) / highest; replicas = ceil(max need) + redundancy where max need > replicas``

    Where all of them, those held ready too, can draw what the busiest hour takes, they stay: they share its load, and
    fewer with larger batches would take less.

    Those added wait where the others suffice, but so far only that the busiest hour, one course for all of the draw,
    stays within what all of them can draw.

    Examples
    --------
    Of one machine of at most 1,050 W, where requests take 840 W and where they take 1,680 W:

    >>> made = replicas_that_carry([1.0, 1.0], [840.0, 1680.0], 1050.0, 200.0, 0.0, course=[1.0, 1.0])
    >>> made.replicas, made.waiting.round(2)
    (array([1., 2.]), array([0. , 0.4]))
    """
    had = np.atleast_1d(np.asarray(replicas, dtype=np.float64))
    shape = np.asarray(course, dtype=np.float64)
    mean, one, beside = (np.asarray(v, dtype=np.float64) for v in (mean_w, highest_w, beside_w))
    most = (mean * shape.max() - beside) / one
    held = np.where(most <= had + 1e-9, had, np.ceil(most - 1e-9) + float(redundancy))
    worked = np.zeros(np.broadcast_shapes(had.shape, most.shape))
    for of_mean in shape.tolist():
        worked = worked + np.maximum((mean * of_mean - beside) / one - had, 0.0)
    room = (held - most) * one / (np.asarray(idle_w, dtype=np.float64) * shape.max())
    waiting = np.minimum(held - had - worked / shape.size, room)
    return Carrying(held, np.maximum(waiting, 0.0))


def machines_kept(
    walk: Walk,
    chip: Accelerator,
    replicas: Figure,
    accelerators_per_replica: int,
    mean_power: Figure,
    course: np.ndarray,
    *,
    redundancy: int = 0,
    given_back: bool = False,
    readers: tuple[Accelerator, Figure, int] | None = None,
) -> Figure | None:
    """Keep the whole replicas that carry the busiest hour, their accelerators and servers, and what they draw at most.

    Parameters
    ----------
    replicas : Figure
        Those found of the times that requests take. [1]
    mean_power : Figure
        Draw of all machines over the day with those replicas. [W]
    course : ndarray, shape (24,)
        Draw by hour over its mean.
    redundancy : int
        Of the replicas, those held ready beyond the load.
    given_back : bool
        Whether machines without work are switched off.
    readers : tuple, optional
        Chip, replicas and accelerators of one, of a pool that only reads prompts.

    Returns
    -------
    waiting : Figure or None
        Mean draw of those added that wait; None where none is added or waits. [W]
    """
    beside = None if readers is None else _held(*readers, "_of_readers")
    waiting = None
    one = exact(float(accelerators_per_replica), "accelerator", "accelerators_per_replica")
    idle = idle_draw(chip, accelerators_per_replica)
    made = replicas_that_carry(
        replicas, mean_power, (one * highest_draw(chip)).to("W"), idle,
        exact(0.0, "W", "no_other_pool") if beside is None else beside[2].to("W"),
        course=course.tolist(), redundancy=redundancy,
    )  # fmt: skip
    more = np.asarray(made.replicas.samples > replicas.samples)
    if more.any():
        replicas = made.replicas
        walk.note(
            "replicas_added",
            N_("In {share} % of the samples the requests take more in the busiest hour than the replicas found by time can draw; as many more are counted there as carry them."),
            share=f"{100.0 * float(np.mean(more)):.2g}",
        )  # fmt: skip
        if not given_back:
            waiting = made.waiting * idle
    replicas = walk.keep("replicas", replicas, N_("Replicas in service"))
    count, boxes, most = _held(chip, replicas, accelerators_per_replica, "")
    if beside is not None:
        count, boxes, most = count + beside[0], boxes + beside[1], most + beside[2]
    walk.keep("accelerators", count, N_("Accelerators in service"))
    walk.keep("servers", boxes, N_("Servers in service"))
    walk.keep(
        "highest_it_power",
        most.with_boundary("server"),
        N_("Highest draw of the machines, all of them busy"),
    )
    return waiting


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
