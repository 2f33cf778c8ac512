"""Runs with lost time; ways to describe one; processors beside accelerators."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.compute.training.training_run_energy import (
    best_checkpoint_interval_h,
    hours_between_failures,
    interrupted_run,
    processor_over_accelerator,
    training_estimate,
)
from taotie.errors import RangeError, UnknownNameError
from taotie.quantity.catalog import figure
from taotie.quantity.figure import exact


def test_published_one_failure_every_three_hours() -> None:
    each = float(hours_between_failures(419, 16_384, 54 * 24))
    assert each / 16_384 == pytest.approx(3.1, abs=0.05)


def test_published_llama_3_1_hours_and_energy() -> None:
    """30.84 million hours and, at 700 W a chip, 21,588 MWh: a server and its building take more."""
    made = training_estimate(accelerators=16_384, parameters=405e9, tokens=15.6e12, failures=False)
    hours = made.figures["accelerator_hours"]
    assert hours.p05 < 30.84e6 < hours.p95
    by_card = training_estimate(
        accelerators=1.0, hours=30.84e6, power_w=exact(700.0, "W/accelerator"), pue=1.0
    )
    assert by_card.figures["energy"].p50 == pytest.approx(21_588, rel=1e-9)


def test_published_gpt_3() -> None:
    """Patterson: 10,000 V100 for 14.8 days at 330 W and PUE 1.10, 1287 MWh and 552 t at 429 g."""
    made = training_estimate(
        "v100", 10_000, 14.8 * 24, power_w=330.0, pue=1.10,
        carbon_intensity=exact(429.0, "gCO2e/kWh"),
    )  # fmt: skip
    assert made.figures["energy"].p50 == pytest.approx(1287, rel=0.005)
    assert made.figures["emissions"].p50 == pytest.approx(552.1, rel=0.005)
    assert made.figures["energy"].boundary == "facility"
    assert "energy_lost" not in made.figures  # hours given: lost time is inside


def test_matches_simulated_failures() -> None:
    """The formula against a run played step by step: the mean of many agrees to a few percent."""
    rng = np.random.default_rng(7)
    useful, mtbf, pause, restart, interval = 400.0, 10.0, 0.05, 0.2, 1.0
    walls = []
    for _run in range(60):
        clock = done = 0.0
        until = rng.exponential(mtbf)
        while done < useful:
            step = interval + pause
            if step < until:
                clock, until, done = clock + step, until - step, done + interval
            else:
                clock += until + restart
                until = rng.exponential(mtbf)
        walls.append(clock)
    formula = float(interrupted_run(useful, mtbf, pause, restart, interval).wall_h)
    assert np.mean(walls) == pytest.approx(formula, rel=0.02)


@given(st.floats(1, 1e4), st.floats(2, 1e3), st.floats(0, 0.1), st.floats(0, 0.5))
def test_property_lost_time_adds_up(
    useful: float, mtbf: float, pause: float, restart: float
) -> None:
    run = interrupted_run(useful, mtbf, pause, restart, 0.5)
    total = useful + run.repeated_h + run.checkpoint_h + run.restart_h
    assert float(run.wall_h) == pytest.approx(float(total), rel=1e-9)
    assert float(run.wall_h) >= useful


def test_property_youngs_interval_loses_least() -> None:
    best = float(best_checkpoint_interval_h(1 / 60, 3.0))
    at_best = float(interrupted_run(1.0, 3.0, 1 / 60, 0.0, best).wall_h)
    for other in (0.3 * best, 3.0 * best):
        assert float(interrupted_run(1.0, 3.0, 1 / 60, 0.0, other).wall_h) > at_best


def test_worked_failures_cost_more_on_more_machines() -> None:
    share = []
    for n in (256, 16_384):
        made = training_estimate(accelerators=n, computation=1e24)
        lost = made.figures["energy_lost"] / made.figures["energy_server"]
        share.append(lost.p50)
        assert made.figures["wall_hours"].p50 > made.figures["hours"].p50
    assert 0 < share[0] < share[1] < 0.3


def test_worked_processors_take_more_for_the_same_work() -> None:
    """The article: a GPU uses 10 to 15 times the energy of a CPU. Power 2 times; energy the other way round."""
    power, energy = processor_over_accelerator("h100-sxm")
    assert power.p50 == pytest.approx(700 / figure("taotie_audit.cpu_power").p50)
    assert energy.p05 > 40


def test_error_inputs() -> None:
    with pytest.raises(RangeError, match="none is given"):
        training_estimate()
    with pytest.raises(RangeError, match="2: hours, computation"):
        training_estimate(accelerators=8, hours=1.0, computation=1e20)
    with pytest.raises(RangeError, match="parameters and tokens"):
        training_estimate(parameters=7e9)
    with pytest.raises(RangeError, match="number of accelerators"):
        training_estimate(hours=10.0)
    with pytest.raises(RangeError, match=r"mfu=1\.4"):
        training_estimate(computation=1e20, mfu=1.4)
    with pytest.raises(RangeError, match=r"below 1\.0"):
        training_estimate(accelerators=8, hours=1.0, pue=0.9).figures["energy"].p50
    with pytest.raises(RangeError, match="hours=-1"):
        training_estimate(accelerators=8, hours=-1.0)
    with pytest.raises(UnknownNameError, match="h100"):
        training_estimate("h1000", 8, 1.0)
    with pytest.raises(RangeError, match="never ends"):
        interrupted_run(10.0, 0.1, 0.05, 0.2, 1.0)
