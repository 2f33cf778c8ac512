"""What does a job without a clock draw? Nobody waits: replicas run as full as memory allows, then are given back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.energy.steady_batch import DEFAULT_LARGEST_BATCH, largest_rate_per_s
from taotie.compute.energy.whole_replicas import served_day
from taotie.grid.shifting import cleanest_hours
from taotie.quantity.figure import Figure, exact, leaf
from taotie.study.asked import Asked, asked_of_means, requests_per_day
from taotie.study.chat_chain import (
    Readers,
    Served,
    central,
    longest_held,
    reader_of,
    readers_of,
    setup_of,
    work_of,
)
from taotie.study.closed_service import closed_of
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_
from taotie.words.listing import listing
from taotie.words.said import labels

__all__ = ["asked_of_a_job", "cleaner_hours", "full_replicas", "hours_of_a_job"]


@step("asked", kinds=("batch",), name="asked_of_a_job")
def asked_of_a_job(walk: Walk) -> Asked:
    """Requests a day of a job that may take all day."""
    with walk.at("workload"):
        return asked_of_means(walk, requests_per_day(walk), flat=True)


@step("setup", "served", kinds=("batch",))
def full_replicas(walk: Walk, asked: Asked) -> tuple[ServingSetup | None, Served | None]:
    """Whole replicas at their largest batch, that wait for nobody.

    Raises
    ------
    StudyError
        If the study names something unknown or impossible.
    """
    with walk.at("compute"):
        if closed_of(walk) is not None:  # its machines are drawn
            return None, None
        setup = setup_of(walk, longest_held(asked))
        p, o = central(asked.means)
        reader = reader_of(walk, setup, longest_held(asked))
        reads = reader is None
        unusual: dict[str, Any] = setup.unusual() | ({} if reads else {"reads": False})
        full = float(min(DEFAULT_LARGEST_BATCH, setup.largest_batch(p + o / 2.0)))
        made = served_day(
            work_of(setup, asked, full, reads), exact(1.0, "1", "all_of_the_rate"), asked.peak, asked.day.share,
            prompt=p, output=o, model=setup.model.reference or setup.model.name,
            accelerator=setup.accelerator.name, accelerators_per_replica=setup.accelerators_per_replica,
            precision=setup.precision, runtime=setup.runtime, **unusual,
        )  # fmt: skip
        readers = None
        if reader is not None:
            readers = readers_of(walk, reader, asked, exact(1.0, "1", "all_of_the_rate"), 0)
            # those that have read everything are given back too
            whole = exact(1.0, "1", "busy_share")
            readers = Readers(reader, readers.replicas, whole, np.ones(24))
        replicas = walk.figures["replicas"] = (
            made.replicas
        )  # kept with what carries the busiest hour
        fill = leaf(
            "assumed.fill_of_a_job", low=0.7, mode=0.92, high=1.0, unit="1", kind="assumed",
            note=N_("mean over largest batch of a job: the end of a job and uneven lengths leave places empty"),
            label=labels(N_("Mean over largest batch")),
        )  # fmt: skip
        batch = walk.keep(
            "batch",
            fill * exact(full, "1", f"largest_batch_{full:g}"),
            N_("Requests decoded together"),
        )
        walk.note(
            "given_back",
            N_("Replicas that have nothing to do are given back: no waiting is counted."),
        )
        hours = np.full(24, batch.p50)
        busy = exact(1.0, "1", "busy_share")
        return setup, Served(
            replicas, batch, busy, hours, np.ones(24), readers=readers, given_back=True
        )


def hours_of_a_job(setup: ServingSetup, asked: Asked, replicas: float, reads: bool = True) -> int:
    """Whole hours of a day in which its replicas, all full, do the job. [h]"""
    p, o = central(asked.means)
    rate = asked.per_day.to("request/d").p50 / 86_400.0
    one = largest_rate_per_s(setup, p, o, reads=reads)
    return min(max(math.ceil(24.0 * rate / (replicas * one) - 1e-9), 1), 24)


@step("cleaner", kinds=("batch",))
def cleaner_hours(
    walk: Walk, asked: Asked, setup: ServingSetup | None, served: Served | None, annual: Figure
) -> None:
    """What of its carbon a job leaves out that waits for the cleanest hours of the day at its place. [%]"""
    if setup is None or served is None:
        return  # of a closed model's machines nobody knows how long they take
    hours = hours_of_a_job(setup, asked, served.replicas.p50, served.readers is None)
    walk.keep(
        "job_hours",
        exact(float(hours), "h/d", f"hours_of_a_job_{hours}"),
        N_("Hours of a day the job takes"),
    )
    held = walk.place.hourly() if walk.place is not None else None
    if held is None:
        return
    shape, area = held
    chosen = cleanest_hours(shape, hours)
    saved = 100.0 * (1.0 - float(shape[chosen].mean()) / float(shape.mean()))
    walk.keep(
        "carbon_left_out",
        leaf(
            f"cleaner_hours.{area}.{hours}", value=saved, unit="%", kind="modelled",
            note=N_("cleanest {hours} hours of the mean day of {area}, 2022, against all hours alike; table hourly_intensity").format(hours=hours, area=area),
            label=labels(N_("Carbon left out in the cleanest hours")),
        ),
        N_("Carbon left out in the cleanest hours"),
    )  # fmt: skip
    walk.note(
        "cleanest_hours",
        N_("Nobody waits for it: in the cleanest hours of {area} ({hours}, standard time) it would leave out {saved} % of its average carbon."),
        area=area, hours=listing(str(int(h)) for h in chosen), saved=f"{saved:.0f}",
    )  # fmt: skip
