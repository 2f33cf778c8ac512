"""What does a training run draw? As `taotie train` has it, in its building, on its grid, in the year it runs."""

from __future__ import annotations

import numpy as np

from taotie.compute.energy.model_architecture import beside, model_architecture, model_used
from taotie.compute.training.training_run_energy import training_estimate
from taotie.compute.training.training_size import active_parameters_of
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.hardware.server import highest_draw
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure
from taotie.quantity.lift import lifted
from taotie.quantity.profile import Profile
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import labels

__all__ = ["share_of_a_year", "training"]

GIVEN = ("accelerators", "days", "computation", "parameters", "training_tokens", "mfu")


@lifted(hours="h", returns="1", boundary=None)
def share_of_a_year(hours: object) -> object:
    """Share of the year of a run in which it runs, at most all of it. [1]

    Notes
    -----
    ``share = min(hours / 8760 h, 1)``

    Examples
    --------
    >>> share_of_a_year([876.0, 20_000.0])
    array([0.1, 1. ])
    """
    return np.minimum(np.asarray(hours, dtype=np.float64) / 8760, 1.0)


@step("it_load", kinds=("training",))
def training(walk: Walk) -> Profile:
    """Power of the machines while it runs, and how much of a year that is.

    Raises
    ------
    StudyError
        If neither days nor work is given, both are, or a value is impossible.
    """
    chip = accelerator_named(
        walk.choice(
            "compute.accelerator",
            walk.study.compute.accelerator,
            "h100-sxm",
            N_("the accelerator most delivered in 2023 and 2024"),
        )
    )
    with walk.at("workload"):
        told = {name: walk.file.given(f"workload.{name}") for name in GIVEN}
        days = told["days"]
        size, model = told["parameters"], walk.study.compute.model
        if model is not None:
            if size is not None:
                raise RangeError(
                    _("a model has its own parameters: give compute.model or workload.parameters."),
                    _("leave one of them out"),
                )
            model = beside(model, walk.file.path)
            size = active_parameters_of(model)
            for note in model_used(model_architecture(model)):
                walk.say(note)
        mfu = told["mfu"]
        if days is None and mfu is None:
            mfu = walk.figure(
                "workload.mfu",
                lambda: figure("taotie_training2026.mfu"),
                N_("share of the dense peak that large runs report"),
            )
        failures = walk.choice(
            "workload.failures",
            walk.study.workload.failures,
            True,
            N_("failures, checkpoints and idle machines are counted where hours are computed"),
        )
        made = training_estimate(
            chip.name,
            accelerators=told["accelerators"],
            hours=None if days is None else days.to("h"),
            computation=told["computation"],
            parameters=size,
            tokens=told["training_tokens"],
            mfu=mfu,
            failures=failures,
        )
    of = made.figures
    if told["accelerators"] is None:
        walk.choice(
            "workload.accelerators",
            None,
            "1024",
            N_("energy does not hang on their number, time does"),
        )
    walk.keep("accelerators", of["accelerators"], N_("Accelerators at work together"))
    walk.keep("wall_hours", of["wall_hours"], N_("Hours from start to end"))
    server = walk.keep("training_energy_server", of["energy_server"], N_("Energy of the servers"))
    walk.year_share = share_of_a_year(of["wall_hours"].to("h"))  # type: ignore[assignment]
    walk.note(
        "in_the_year", N_("A year is the year of the run: what it takes if it ends within it.")
    )
    power = walk.keep(
        "mean_it_power",
        (server / of["wall_hours"]).to("MW"),
        N_("Mean draw of the machines"),
    )
    most = (of["accelerators"] * highest_draw(chip)).to("MW").with_boundary("server")
    if "power_idle" in of:  # reserved beside those that work
        most = most + of["power_idle"].to("MW").with_boundary("server")
    walk.keep("highest_it_power", most, N_("Highest draw of the machines, all of them busy"))
    return Profile(((np.ones(24), power),), label=labels(N_("IT load by hour")))


@step("headline", kinds=("training",))
def energy_of_the_run(walk: Walk, pue: Figure) -> str:
    """The whole run at the building's meter, the headline of its study. [MWh]"""
    walk.keep(
        "training_energy",
        walk.figures["training_energy_server"].at_boundary("facility", pue),
        N_("Energy of the run"),
    )
    return "training_energy"
