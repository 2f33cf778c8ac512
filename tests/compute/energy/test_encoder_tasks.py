"""Encoders: launches rule alone, arithmetic in batches; the machine around them explains published energies."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.compute.energy.encoder_tasks import encoder_cost, published_energy_per_1000_wh
from taotie.errors import RangeError, SourceError
from taotie.hardware.accelerator import accelerator

A100 = accelerator("a100")


@pytest.mark.parametrize(
    ("params", "layers", "low", "high"),
    [(42e6, 6, 5.0, 6.9), (85e6, 12, 8.4, 11.2), (302e6, 24, 15.7, 18.3)],
)
def test_published_milliseconds_of_the_raw_runs(params, layers, low, high):
    assert low <= encoder_cost(params, layers, 100, A100).time_s * 1e3 <= high


def test_published_classification_energy_of_the_whole_machine():
    # one A100 at work, seven at 53 W, 42.5 W processors and 430.8 W by the memory rule
    cost = encoder_cost(85e6, 12, 100, A100)
    rest_w = 7 * 53 + 42.5 + 430.8
    wh_per_1000 = 1000 * (float(cost.energy_wh) + rest_w * float(cost.time_s) / 3600)
    assert wh_per_1000 == pytest.approx(
        published_energy_per_1000_wh("text_classification"), rel=0.25
    )
    # of which the accelerator that did the work is a seventh
    assert 1000 * float(cost.energy_wh) < wh_per_1000 / 5


@given(st.integers(1, 4096), st.integers(8, 512), st.sampled_from(["a100", "h100", "l4"]))
def test_property_batches_are_never_dearer(batch, tokens, chip):
    one, many = encoder_cost(85e6, 12, tokens, accelerator(chip), [1, batch]).energy_wh
    assert 0 < many <= one * (1 + 1e-9)
    power = many * 3600 * batch / encoder_cost(85e6, 12, tokens, accelerator(chip), batch).time_s
    assert power <= accelerator(chip).rated_power_w() * (1 + 1e-9)


def test_error_refusals():
    with pytest.raises(RangeError, match="batch"):
        encoder_cost(85e6, 12, 100, A100, 0)
    with pytest.raises(RangeError, match="tokens"):
        encoder_cost(85e6, 12, np.nan, A100)
    with pytest.raises(RangeError, match="rated power"):
        encoder_cost(85e6, 12, 100, replace(A100, tdp_w=None))
    with pytest.raises(SourceError):
        published_energy_per_1000_wh("mind_reading")
