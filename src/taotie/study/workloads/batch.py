"""What does a job without a clock draw? Nobody waits: replicas run as full as memory allows, then are given back."""

from __future__ import annotations

import numpy as np

from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.energy.steady_batch import DEFAULT_LARGEST_BATCH
from taotie.compute.energy.whole_replicas import served_day
from taotie.quantity.figure import exact, leaf
from taotie.study.asked import Asked, asked_of_means, requests_per_day
from taotie.study.chat_chain import Served, central, longest_held, setup_of, work_of
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_
from taotie.words.said import labels

__all__ = ["asked_of_a_job", "full_replicas"]


@step("asked", kinds=("batch",), name="asked_of_a_job")
def asked_of_a_job(walk: Walk) -> Asked:
    """Requests a day of a job that may take all day."""
    with walk.at("workload"):
        return asked_of_means(walk, requests_per_day(walk), flat=True)


@step("setup", "served", kinds=("batch",))
def full_replicas(walk: Walk, asked: Asked) -> tuple[ServingSetup, Served]:
    """Whole replicas at their largest batch, that wait for nobody.

    Raises
    ------
    StudyError
        If the study names something unknown or impossible.
    """
    with walk.at("compute"):
        setup = setup_of(walk, longest_held(asked))
        p, o = central(asked.means)
        full = float(min(DEFAULT_LARGEST_BATCH, setup.largest_batch(p + o / 2.0)))
        made = served_day(
            work_of(setup, asked, full), exact(1.0, "1", "all_of_the_rate"), asked.peak, asked.day.share,
            prompt=p, output=o, model=setup.model.reference or setup.model.name,
            accelerator=setup.accelerator.name, accelerators_per_replica=setup.accelerators_per_replica,
            precision=setup.precision, runtime=setup.runtime,
        )  # fmt: skip
        replicas = walk.keep("replicas", made.replicas, N_("Replicas in service"))
        fill = leaf(
            "assumed.fill_of_a_job", low=0.7, mode=0.92, high=1.0, unit="1", kind="assumed",
            note="mean over largest batch of a job: the end of a job and uneven lengths leave places empty",
            label=labels(N_("Mean over largest batch")),
        )  # fmt: skip
        batch = walk.keep(
            "batch", fill * exact(full, "1", "largest_batch"), N_("Requests decoded together")
        )
        walk.note(
            "given_back",
            N_("Replicas that have nothing to do are given back: no waiting is counted."),
        )
        hours = np.full(24, batch.p50)
        return setup, Served(replicas, batch, exact(1.0, "1", "busy_share"), hours, np.ones(24))
