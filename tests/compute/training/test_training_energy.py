"""Training energy: worked runs, scaling laws, figures through the kernels, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.compute.training.training_energy import (
    break_even_days,
    published_runs,
    training_computation,
    training_emissions_t,
    training_energy_mwh,
    training_hours,
)
from taotie.errors import BoundaryError, RangeError, UnitError
from taotie.quantity.figure import exact, leaf

positive = st.floats(1e-3, 1e9)


def test_worked_one_chip_one_hour() -> None:
    assert training_energy_mwh(1000.0, 1000.0) == pytest.approx(1.0)


def test_published_gpt3_in_three_steps() -> None:
    hours = training_hours(3.14e23, 10_000, 24.6e12)
    energy = training_energy_mwh(10_000 * hours, 330, 1.1)
    assert float(hours) / 24 == pytest.approx(14.8, rel=0.01)
    assert float(energy) == pytest.approx(1287, rel=0.005)
    assert float(training_emissions_t(energy, 429)) == pytest.approx(552.1, rel=0.005)
    assert float(training_computation(175e9, 300e9)) == pytest.approx(3.14e23, rel=0.005)


def test_published_break_even_of_inference_over_training() -> None:
    days = break_even_days(1287.0, np.array([564.0, 580.0]))
    assert days.round(2).tolist() == [2.28, 2.22]
    assert 365 / days[0] == pytest.approx(159.95, abs=0.01)


def test_published_runs_hold_their_boundary() -> None:
    runs = {r.key: r for r in published_runs()}
    assert len(runs) >= 16
    assert runs["gpt-3"].recomputed_energy.boundary == "facility"
    assert runs["llama-3-70b"].recomputed_energy.boundary == "accelerator"
    with pytest.raises(BoundaryError):
        runs["gpt-3"].recomputed_energy + runs["llama-3-70b"].recomputed_energy
    assert runs["deepseek-v3"].energy is None
    assert runs["deepseek-v3"].recomputed_emissions is None


def test_published_a_run_explains_itself() -> None:
    text = published_runs()[0].recomputed_energy.explain()
    assert "patterson2021" in text
    assert "training_runs/gpt-3/mean_power" in text


@given(hours=positive, watts=positive, pue=st.floats(1, 3), k=st.floats(0.1, 10))
def test_property_energy_is_linear(hours: float, watts: float, pue: float, k: float) -> None:
    one = float(training_energy_mwh(hours, watts, pue))
    assert float(training_energy_mwh(hours * k, watts, pue)) == pytest.approx(one * k)
    assert float(training_energy_mwh(hours, watts * k, pue)) == pytest.approx(one * k)
    assert float(training_energy_mwh(hours, watts, 1.0)) == pytest.approx(one / pue)


@given(flop=positive, chips=positive, speed=positive)
def test_property_chip_hours_do_not_depend_on_the_number_of_chips(
    flop: float, chips: float, speed: float
) -> None:
    one = chips * float(training_hours(flop, chips, speed))
    two = 2 * chips * float(training_hours(flop, 2 * chips, speed))
    assert one == pytest.approx(two)


def test_matches_arrays_and_figures() -> None:
    hours = leaf("hours", low=9e5, high=1.1e6, unit="accelerator*h", kind="assumed", note="test")
    made = training_energy_mwh(hours, exact(400, "W/accelerator"), exact(1.1, "1"))
    assert made.unit == "MWh"
    assert np.allclose(made.samples, training_energy_mwh(hours.samples, 400.0, 1.1))


def test_error_pue_below_one() -> None:
    with pytest.raises(RangeError, match=r"0\.91") as caught:
        training_energy_mwh(1.0, 1.0, 0.91)
    assert "DCiE" in caught.value.hint


@each_row(
    "call",
    [
        lambda: training_energy_mwh(-1.0, 1.0),
        lambda: training_energy_mwh(1.0, np.nan),
        lambda: training_hours(1.0, 0.0, 1.0),
        lambda: training_hours(1.0, 1.0, 0.0),
        lambda: training_hours(-1.0, 1.0, 1.0),
        lambda: training_computation(-1.0, 1.0),
        lambda: training_emissions_t(1.0, -1.0),
        lambda: break_even_days(1.0, 0.0),
        lambda: training_energy_mwh(1.0, 1.0, np.nan),
    ],
)
def test_error_impossible_inputs(call: object) -> None:
    with pytest.raises(RangeError):
        call()  # type: ignore[operator]


def test_error_energy_for_power() -> None:
    with pytest.raises(UnitError):
        training_energy_mwh(exact(1, "accelerator*h"), exact(1, "Wh/accelerator"))
