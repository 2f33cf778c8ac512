"""Requests in flight become a batch, a rate and a draw: Little's law and the bounds of physics."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.served_load import served_load
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator

R1 = model_architecture("deepseek-r1")


def setup(chip="b200", n=8, **more):
    return ServingSetup(R1, accelerator(chip), n, "fp8", "sglang-0.5", **more)


@settings(max_examples=25)
@given(
    st.sampled_from(["b200", "h200", "mi300x"]),
    st.integers(1, 120),
    st.integers(200, 8000),
    st.integers(50, 4000),
)
def test_property_littles_law_and_bounds(chip, in_flight, prompt, output):
    s = setup(chip)
    made = served_load(s, prompt, output, in_flight)
    per_second = made.token_s[0] / output
    spent = per_second * (made.ttft_s[0] + output * made.tpot_s[0])
    assert spent == pytest.approx(in_flight, rel=0.03, abs=0.3)
    assert made.batch[0] <= in_flight
    assert (
        0.05 * 8 * s.accelerator.rated_power_w()
        < made.power_w[0]
        <= 8 * s.accelerator.rated_power_w()
    )
    assert made.energy_j_per_token[0] == pytest.approx(made.power_w[0] / made.token_s[0])


def test_property_what_helps_helps():
    plain = served_load(setup(), 8000, 800, 32)
    cached = served_load(setup(), 8000, 800, 32, prefix_hit=0.6)
    drafted = served_load(setup(draft_tokens=3, acceptance=0.7), 8000, 800, 32)
    apart = served_load(setup(), 8000, 800, 32, prefill=setup(), prefill_replicas=1)
    assert cached.token_s[0] > plain.token_s[0]
    assert cached.energy_j_per_token[0] < plain.energy_j_per_token[0]
    assert drafted.tpot_s[0] < plain.tpot_s[0]
    assert apart.tpot_s[0] < plain.tpot_s[0]
    assert apart.power_w[0] > plain.power_w[0]


def test_property_what_memory_does_not_hold_waits():
    full = served_load(setup("h200"), 8000, 800, 20_000)
    assert full.batch[0] <= setup("h200").largest_batch(8400)
    assert full.ttft_s[0] > 10 * served_load(setup("h200"), 8000, 800, 16).ttft_s[0]


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"in_flight": 0}, "in flight=0"),
        ({"prefix_hit": 1.0}, "prefix_hit"),
        ({"prefill_replicas": 2}, "do not go together"),
    ],
)
def test_error_loads_that_cannot_be(given_, words):
    with pytest.raises(RangeError, match=words):
        served_load(setup(), 100, 100, **({"in_flight": 4} | given_))
