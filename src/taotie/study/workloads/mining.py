"""What does a mine of bitcoins draw? Hash rate times what a hash takes, at every hour of the year. [MW]"""

from __future__ import annotations

import numpy as np

from taotie.errors import RangeError
from taotie.quantity.catalog import figure
from taotie.quantity.figure import leaf
from taotie.quantity.profile import Profile
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.words.said import labels

__all__ = ["mining"]


@step("it_load", kinds=("mining",))
def mining(walk: Walk) -> Profile:
    """Draw of the machines of a mine.

    Raises
    ------
    StudyError
        If neither a hash rate nor a power is given, or both.
    """
    with walk.at("workload"):
        rate = walk.file.given("workload.hash_rate")
        power = walk.file.given("workload.power")
        if (rate is None) == (power is None):
            raise RangeError(
                _("a mine is told by its hash rate or by its power, by one of them."),
                'hash_rate = 5e6 (TH/s), or power = "100 MW"',
            )
        efficiency = walk.figure(
            "workload.efficiency",
            lambda: figure("ccaf2025_more.bitcoin_efficiency"),
            N_("mean of the machines in use in mid-2024, as miners told Cambridge"),
        )
        if rate is None:
            assert power is not None
            pues = walk.pues_of
            assert pues is not None
            unit = leaf("unit_load", value=1.0, unit="MW", boundary="server", kind="defined")
            drawn = (power / pues(Profile(((np.ones(24), unit),)))[1]).to("MW")
            rate = (drawn / efficiency).to("TH/s")
            walk.note(
                "power_is_connection",
                N_("The power given is the connection: the most the mine draws at its meter."),
            )
        else:
            drawn = (rate * efficiency).to("MW")
        walk.keep("hash_rate", rate, N_("Hash rate"))
        walk.keep("machine_efficiency", efficiency, N_("Energy of a million million hashes"))
        it_power = walk.keep(
            "mean_it_power", drawn.with_boundary("server"), N_("Mean draw of the machines")
        )
        walk.keep(
            "highest_it_power", it_power, N_("Highest draw of the machines, all of them busy")
        )
    return Profile(((np.ones(24), it_power),), label=labels(N_("IT load by hour")))
