"""Power caps: golden clock, decoding untouched, energy has a floor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError
from taotie.hardware.power_curve import capped_run, clock_share
from taotie.quantity.figure import exact


def test_published_golden_clock():
    assert float(clock_share(420.0, 120.0, 700.0, 2.5)) == pytest.approx(0.7682, abs=5e-5)


def test_worked_memory_bound_keeps_its_speed():
    run = capped_run(300.0, 120.0, 500.0, 0.0)
    assert float(run.speed) == 1.0
    assert float(run.energy) == pytest.approx(0.6)


@given(st.floats(130, 700), st.floats(150, 700), st.floats(0, 1), st.floats(1, 4))
def test_property_caps(cap, power, share, alpha):
    run = capped_run(cap, 120.0, power, share, alpha)
    assert 0 < float(run.speed) <= 1
    assert float(run.power_w) <= min(cap, power) * (1 + 1e-12)
    assert float(run.energy) == pytest.approx(float(run.power_w) / power / float(run.speed))
    if cap >= power:
        assert float(run.speed) == 1.0


@given(st.floats(0, 1))
def test_property_tighter_caps_are_never_faster(share):
    speed = capped_run(np.linspace(150, 700, 30), 120.0, 650.0, share).speed
    assert np.all(np.diff(speed) >= -1e-12)


def test_worked_with_figures():
    figure = clock_share(exact(420.0, "W"), exact(120.0, "W"), exact(0.7, "kW"))
    assert float(figure.samples) == pytest.approx(0.7682, abs=5e-5)


def test_error_refusals():
    with pytest.raises(RangeError, match="static draw of 120"):
        clock_share(100.0, 120.0, 700.0)
    with pytest.raises(RangeError, match=r"compute_share=1\.5"):
        capped_run(400.0, 120.0, 700.0, 1.5)
    with pytest.raises(RangeError, match="alpha"):
        clock_share(400.0, 120.0, 700.0, [2.5, 9.0])
