"""Days and accelerator-hours of a training run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError
from taotie.quantity.figure import exact
from taotie.workload.training_run import TrainingRun, accelerator_hours, training_days

positive = st.floats(1e-3, 1e9)


def test_published_gpt3_took_14_8_days() -> None:
    assert training_days(3.14e23, 10_000, 125e12, 24.6 / 125) == pytest.approx(14.8, abs=0.05)


@given(flop=positive, n=positive, peak=positive, mfu=st.floats(1e-3, 0.5))
def test_property_twice_the_share_of_peak_takes_half_the_time(
    flop: float, n: float, peak: float, mfu: float
) -> None:
    once, twice = training_days(flop, n, peak, [mfu, 2 * mfu])
    assert once == pytest.approx(2 * twice)
    days = training_days(flop, n, peak, mfu)
    assert accelerator_hours(n, days) * 3600 * peak * mfu == pytest.approx(flop)


def test_worked_run_from_operations_and_from_days_agree() -> None:
    chips, peak = exact(10_000, "accelerator"), exact(125e12, "FLOP/s/accelerator")
    run = TrainingRun(chips, flop=exact(3.14e23, "FLOP"), mfu=exact(24.6 / 125, "1"))
    days = run.duration(peak)
    assert days.p50 == pytest.approx(14.77, abs=0.005)
    assert days.unit == "d"
    again = TrainingRun(chips, days=days)
    assert again.accelerator_hours(peak).p50 == pytest.approx(run.accelerator_hours(peak).p50)


def test_error_inputs() -> None:
    with pytest.raises(RangeError, match="needs days"):
        TrainingRun(exact(8, "accelerator"), flop=exact(1e20, "FLOP"))
    with pytest.raises(RangeError, match=r"mfu=1\.2 is above 1"):
        training_days(1e20, 8, 1e15, 1.2)
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(RangeError, match="flop="):
            training_days(bad, 8, 1e15, 0.4)
        with pytest.raises(RangeError, match="days="):
            accelerator_hours(8, bad)
