"""What does a campus of accelerators draw? From their number and load to power at the plug."""

from __future__ import annotations

import numpy as np

from taotie.errors import StudyError, TaotieError
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.hardware.server import host_draw
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.profile import Profile
from taotie.study.request_parts import highest_draw
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import labels


@step("it_load", "accelerator_power", "host_power", kinds=("campus",))
def campus(walk: Walk) -> tuple[Profile, Figure, Figure]:
    """Walk the rooms `workload` and `hardware`.

    Returns
    -------
    it_load : Profile
        Draw of the machines by hour; a campus draws the same all day. [MW]
    accelerator_power, host_power : Figure
        Its parts. [MW]

    Raises
    ------
    StudyError
        If the study names no number of accelerators, or an accelerator without a published power.
    """
    study = walk.study
    count = walk.file.given("workload.accelerators")
    if count is None:
        raise StudyError(
            [
                TaotieError(
                    _("{file} [workload]: a campus needs accelerators.").format(
                        file=walk.file.path
                    ),
                    "accelerators = 100000",
                )
            ]
        )
    with walk.at("compute"):
        name = walk.choice(
            "compute.accelerator",
            study.compute.accelerator,
            "h100-sxm",
            N_("the accelerator most delivered in 2023 and 2024"),
        )
        chip = accelerator_named(name)
        chip.rated_power_w()  # refuses an accelerator without a published power
        around = host_draw(chip)
        load = walk.figure(
            "workload.load_factor",
            lambda: leaf(
                "assumed.campus_load_factor",
                low=0.6, mode=0.85, high=1.0, unit="1", kind="assumed",
                note=(
                    "mean draw over the highest measured draw of a server; training runs near the top, serving and "
                    "failures pull it down (8.4 kW at most of 10.2 kW rated: latif2025)"
                ),
                label={"en": "Mean draw over highest measured draw", "zh": "平均功耗与实测最高功耗之比"},
            ),
            N_("mean draw over the highest measured draw: 0.6 to 1, most likely 0.85"),
        )  # fmt: skip
        walk.keep("accelerators", count, N_("Accelerators installed"))
        per = exact(1.0, "1/accelerator", "per_accelerator")
        tdp = figure(f"accelerators/{chip.name}/tdp") * per
        host = around.most / exact(float(around.accelerators), "accelerator", "in_server")
        accelerator_power = walk.keep(
            "power_accelerators",
            (count * tdp * load).to("MW").with_boundary("accelerator"),
            N_("Accelerators"),
        )
        host_power = walk.keep(
            "power_host",
            (count * host * load).to("MW").with_boundary("server"),
            N_("Host: processors, memory, fans, network"),
        )
        it_power = walk.keep(
            "mean_it_power",
            accelerator_power.joined("server", host_power),
            N_("Mean draw of the machines"),
        )
        walk.keep(
            "highest_it_power",
            (count * highest_draw(chip)).to("MW").with_boundary("server"),
            N_("Highest draw of the machines, all of them busy"),
        )
    return (
        Profile(((np.ones(24), it_power),), label=labels(N_("IT load by hour"))),
        accelerator_power,
        host_power,
    )
